//===- ViewWalk.cpp - walking over the elements that index items pick -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ViewWalk.h"

using namespace mlir;
using namespace mlir::tk;

ViewAccess::ViewAccess(ViewType view, ArrayRef<ViewItem> items,
                       ArrayRef<ItemTileDims> tileDims, Type accessed)
    : rank(view.getRank()), elementKind(*getElementKind(view.getElementType())),
      numElements(getNumElements(accessed)) {
  int64_t previousGather = -1;
  for (auto [dim, item] : llvm::enumerate(items)) {
    itemKinds.push_back(*getElementKind(item.value.getType()));
    int64_t firstTileDim = tileDims[dim].firstTileDim;
    switch (item.kind) {
    case ItemKind::Scalar:
      scalarDims.push_back(dim);
      break;
    case ItemKind::Slice:
      axes.push_back({item.extent, false, {unsigned(dim)}});
      break;
    case ItemKind::Gather:
      if (previousGather == firstTileDim)
        axes.back().dims.push_back(dim);
      else
        axes.push_back(
            {getNumElements(item.value.getType()), true, {unsigned(dim)}});
      break;
    }
    previousGather = item.kind == ItemKind::Gather ? firstTileDim : -1;
  }
}

static int64_t clamp(__int128 value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : static_cast<int64_t>(value);
}

/// Strides come from anywhere: what leaves 64 bits wraps, and the bounds of the
/// allocation catch it.
static int64_t multiply(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

ViewWalk::ViewWalk(const ViewAccess &access, const ViewValue &view,
                   ArrayRef<const char *> items)
    : access(access), view(view), items(items), isInside(!view.isEmpty) {
  for (unsigned dim : access.scalarDims) {
    int64_t coordinate = readInteger(access.itemKinds[dim], items[dim]);
    isInside &= coordinate >= 0 && coordinate < view.extents[dim];
    scalarOffset += multiply(coordinate, view.strides[dim]);
  }
  if (!isInside)
    scalarOffset = 0;
  for (const ViewAccess::Axis &axis : access.axes) {
    if (axis.isGather)
      addGather(axis);
    else
      addSlice(axis);
  }
}

void ViewWalk::addSlice(const ViewAccess::Axis &axis) {
  unsigned dim = axis.dims.front();
  int64_t start = readInteger(access.itemKinds[dim], items[dim]);
  int64_t stride = view.strides[dim];
  int64_t begin = clamp(-static_cast<__int128>(start), 0, axis.size);
  int64_t end =
      clamp(static_cast<__int128>(view.extents[dim]) - start, begin, axis.size);
  axes.push_back({axis.size, begin, end, multiply(start, stride), stride, {}});
}

void ViewWalk::addGather(const ViewAccess::Axis &axis) {
  axes.push_back({axis.size, 0, 0, 0, 0, {}});
  std::vector<int64_t> &offsets = axes.back().offsets;
  offsets.assign(axis.size, 0);
  for (unsigned dim : axis.dims) {
    ElementKind kind = access.itemKinds[dim];
    int64_t size = getFrameSize(kind);
    for (int64_t i = 0; i < axis.size; ++i) {
      int64_t coordinate = readInteger(kind, items[dim] + i * size);
      bool isOutside = coordinate < 0 || coordinate >= view.extents[dim] ||
                       offsets[i] == kOutside;
      offsets[i] = isOutside
                       ? kOutside
                       : offsets[i] + multiply(coordinate, view.strides[dim]);
    }
  }
}

std::optional<std::pair<unsigned, int64_t>>
ViewWalk::findOutside(ArrayRef<bool> dims) const {
  for (unsigned dim = 0; dim < dims.size(); ++dim) {
    if (!dims[dim])
      continue;
    const auto *axis = llvm::find_if(access.axes, [&](const auto &axis) {
      return llvm::is_contained(axis.dims, dim);
    });
    bool isScalar = axis == access.axes.end();
    int64_t count = isScalar ? 1 : axis->size;
    ElementKind kind = access.itemKinds[dim];
    bool isGather = !isScalar && axis->isGather;
    for (int64_t i = 0; i < count; ++i) {
      const char *item = items[dim] + (isGather ? i * getFrameSize(kind) : 0);
      int64_t coordinate = readInteger(kind, item) + (isGather ? 0 : i);
      if (coordinate < 0 || coordinate >= view.extents[dim])
        return std::make_pair(dim, coordinate);
    }
  }
  return std::nullopt;
}
