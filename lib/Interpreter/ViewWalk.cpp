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

int64_t ViewWalk::getCoordinate(unsigned dim, int64_t position,
                                bool isGather) const {
  ElementKind kind = access.itemKinds[dim];
  if (isGather)
    return readInteger(kind, items[dim] + position * getFrameSize(kind));
  return readInteger(kind, items[dim]) + position;
}

std::optional<std::pair<unsigned, int64_t>>
ViewWalk::findOutside(ArrayRef<bool> promised) const {
  auto isOutside = [&](unsigned dim, int64_t coordinate) {
    return coordinate < 0 || coordinate >= view.extents[dim];
  };
  auto passesTests = [&](const ViewAccess::Axis &axis, int64_t position) {
    return llvm::none_of(axis.dims, [&](unsigned dim) {
      return !promised[dim] &&
             isOutside(dim, getCoordinate(dim, position, axis.isGather));
    });
  };
  // Is there an element at all that the other dimensions let through?
  if (view.isEmpty)
    return std::nullopt;
  for (unsigned dim : access.scalarDims)
    if (!promised[dim] && isOutside(dim, getCoordinate(dim, 0, false)))
      return std::nullopt;
  for (const ViewAccess::Axis &axis : access.axes)
    if (llvm::none_of(llvm::seq(axis.size),
                      [&](int64_t i) { return passesTests(axis, i); }))
      return std::nullopt;

  for (unsigned dim : access.scalarDims)
    if (int64_t coordinate = getCoordinate(dim, 0, false);
        promised[dim] && isOutside(dim, coordinate))
      return std::make_pair(dim, coordinate);
  for (const ViewAccess::Axis &axis : access.axes)
    for (int64_t i = 0; i < axis.size; ++i)
      for (unsigned dim : axis.dims)
        if (int64_t coordinate = getCoordinate(dim, i, axis.isGather);
            promised[dim] && isOutside(dim, coordinate) && passesTests(axis, i))
          return std::make_pair(dim, coordinate);
  return std::nullopt;
}
