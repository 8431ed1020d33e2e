//===- ViewAccess.cpp - addresses and bounds of an access to a view -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::HardwareDim;
using tk::ItemKind;
using tk::Layout;

/// The widest access of one thread.
constexpr int64_t kMaxVectorBytes = 16;

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

SmallVector<int64_t> mlir::tkg::mapRegisters(
    const Layout &result, const Layout &source,
    function_ref<void(SmallVectorImpl<int64_t> &)> project) {
  std::map<SmallVector<int64_t>, int64_t> registerOf;
  SmallVector<SmallVector<int64_t>> sourceCoordinates =
      source.getRegisterCoordinates();
  for (auto [r, coordinates] : llvm::enumerate(sourceCoordinates))
    registerOf.try_emplace(coordinates, r);
  SmallVector<int64_t> map;
  for (SmallVector<int64_t> &coordinates : result.getRegisterCoordinates()) {
    project(coordinates);
    auto it = registerOf.find(coordinates);
    map.push_back(it == registerOf.end() ? -1 : it->second);
  }
  return map;
}

bool mlir::tkg::isCopy(const Layout &layout, int64_t r) {
  uint64_t free = layout.getFreeDigits(HardwareDim::Register);
  ArrayRef<tk::HardwareDigit> digits = layout.getDigits(HardwareDim::Register);
  for (; free; free &= free - 1)
    if (tk::getDigitOf(digits, llvm::countr_zero(free), r) != 0)
      return true;
  return false;
}

void mlir::tkg::fillCopies(const Layout &layout,
                           MutableArrayRef<Value> values) {
  SmallVector<int64_t> map =
      mapRegisters(layout, layout, [](SmallVectorImpl<int64_t> &) {});
  for (auto [r, value] : llvm::enumerate(values))
    if (!value)
      value = values[map[r]];
}

/// How much a register number grows when digit `number` does.
static int64_t getDigitWeight(const Layout &layout, unsigned number) {
  int64_t weight = 1;
  for (const tk::HardwareDigit &digit :
       layout.getDigits(HardwareDim::Register).take_front(number))
    weight *= digit.radix;
  return weight;
}

VectorRegisters::VectorRegisters(const Layout &layout, Type elementType,
                                 const AccessFacts &facts,
                                 ArrayRef<int64_t> tileShape) {
  if (facts.isContiguous && facts.fastestDim) {
    // A tile may end before its layout does.
    int64_t limit =
        std::min({kMaxVectorBytes / getSizeInBytes(elementType),
                  facts.getMaxVectorSize(),
                  getPowerOfTwoDivisor(tileShape[*facts.fastestDim])});
    for (unsigned number : layout.getContiguousDigits(*facts.fastestDim)) {
      if (2 * getSize() > limit)
        break;
      digits.push_back(number);
      weights.push_back(getDigitWeight(layout, number));
    }
  }
  ArrayRef<tk::HardwareDigit> all = layout.getDigits(HardwareDim::Register);
  for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r) {
    bool isStart = llvm::all_of(digits, [&](unsigned number) {
      return tk::getDigitOf(all, number, r) == 0;
    });
    if (isStart && !isCopy(layout, r))
      starts.push_back(r);
  }
}

SmallVector<int64_t> VectorRegisters::getRegisters(int64_t r) const {
  SmallVector<int64_t> registers = {r};
  for (int64_t weight : weights)
    for (size_t i = 0, end = registers.size(); i < end; ++i)
      registers.push_back(registers[i] + weight);
  return registers;
}

//===----------------------------------------------------------------------===//
// What all elements share
//===----------------------------------------------------------------------===//

static SmallVector<int64_t> getTileShape(ArrayRef<tk::ViewItem> items) {
  SmallVector<int64_t> tileShape;
  tk::getItemTileDims(items, tileShape);
  return tileShape;
}

ViewAccess::ViewAccess(LoweringContext &context, Emitter &e,
                       const AccessOperands &access, const Layout &layout,
                       const AccessTraits &traits)
    : e(e), layout(layout), coordinates(context.getCoordinates(layout, e)),
      elementType(getMemoryType(access.viewType.getElementType())),
      vectors(layout, elementType, traits.facts, getTileShape(access.items)) {
  ViewValues view = getViewValues(access.view);
  pointer = view.base;
  SmallVector<int64_t> tileShape;
  SmallVector<tk::ItemTileDims> tileDims =
      tk::getItemTileDims(access.items, tileShape);
  for (auto [i, item] : llvm::enumerate(access.items)) {
    bool inbounds = !access.inbounds.empty() && access.inbounds[i];
    bool isNonNegative =
        i < traits.isStartNonNegative.size() && traits.isStartNonNegative[i];
    ValueRange values = access.itemValues[i];
    switch (item.kind) {
    case ItemKind::Scalar:
      addScalar(values.front(), view.strides[i], view.extents[i], inbounds);
      break;
    case ItemKind::Slice:
      addSlice(values.front(), view.strides[i], view.extents[i],
               tileDims[i].firstTileDim, item.extent, inbounds, isNonNegative);
      break;
    case ItemKind::Gather:
      addGather(item, values, view.strides[i], view.extents[i], tileDims[i],
                inbounds);
      break;
    }
  }
  // Threads: after what is uniform, so that the sums up to here are.
  for (const Item &item : items)
    if (item.kind == ItemKind::Slice && coordinates.isAdditive(item.tileDim)) {
      Value part =
          e.signExtend(coordinates.getThreadPart(item.tileDim), e.getI64());
      pointer =
          e.getElementPointer(pointer, elementType, e.mul(part, item.stride));
    }
}

void ViewAccess::addScalar(Value coordinate, Value stride, Value extent,
                           bool inbounds) {
  pointer =
      e.getElementPointer(pointer, elementType, e.mul(coordinate, stride));
  // Extents are not negative: one unsigned comparison tests both ends.
  if (!inbounds)
    sharedPredicate =
        e.both(sharedPredicate,
               e.compare(LLVM::ICmpPredicate::ult, coordinate, extent));
}

/// max(0, min(value, limit)) in 32 bits.
static Value clampToTile(Emitter &e, Value value, int64_t limit) {
  Type i64 = e.getI64();
  value = e.create<LLVM::SMinOp>(i64, value, e.getI64Constant(limit));
  value = e.create<LLVM::SMaxOp>(i64, value, e.getI64Constant(0));
  return e.truncate(value, e.getI32());
}

void ViewAccess::addSlice(Value start, Value stride, Value extent,
                          unsigned tileDim, int64_t tileExtent, bool inbounds,
                          bool isNonNegative) {
  pointer = e.getElementPointer(pointer, elementType, e.mul(start, stride));
  Item item;
  item.kind = ItemKind::Slice;
  item.tileDim = tileDim;
  item.stride = stride;
  item.tileExtent = tileExtent;
  if (!inbounds) {
    item.high = clampToTile(e, e.sub(extent, start), tileExtent);
    std::optional<int64_t> constant = getConstantInteger(start);
    if (!isNonNegative && !(constant && *constant >= 0))
      item.low = clampToTile(e, e.sub(e.getI64Constant(0), start), tileExtent);
  }
  items.push_back(std::move(item));
}

void ViewAccess::addGather(const tk::ViewItem &source, ValueRange registers,
                           Value stride, Value extent, tk::ItemTileDims dims,
                           bool inbounds) {
  Item item;
  item.kind = ItemKind::Gather;
  item.tileDim = dims.firstTileDim;
  if (auto tile = dyn_cast<RankedTensorType>(source.value.getType()))
    llvm::append_range(item.gatherExtents, tile.getShape());
  item.stride = stride;
  if (!inbounds)
    item.extent = extent;
  SmallVector<int64_t> map =
      mapRegisters(layout, getTileLayout(source.value.getType()),
                   [&](SmallVectorImpl<int64_t> &coordinates) {
                     coordinates.erase(coordinates.begin(),
                                       coordinates.begin() + dims.firstTileDim);
                     coordinates.truncate(dims.numTileDims);
                   });
  for (int64_t r : map)
    item.coordinates.push_back(
        e.resize(registers[std::max<int64_t>(r, 0)], e.getI64()));
  item.coordinateRegisters = std::move(map);
  items.push_back(std::move(item));
}

//===----------------------------------------------------------------------===//
// What registers add
//===----------------------------------------------------------------------===//

int64_t ViewAccess::getKey(const Item &item, int64_t r) const {
  if (item.kind == ItemKind::Gather)
    return item.coordinateRegisters[r];
  return coordinates.isAdditive(item.tileDim)
             ? coordinates.getRegisterPart(item.tileDim, r)
             : r;
}

/// The part of the address that register `r` decides, in elements, where it is
/// no constant.
Value ViewAccess::getOffset(const Item &item, int64_t r) {
  if (item.kind == ItemKind::Gather)
    return e.mul(item.coordinates[r], item.stride);
  Value coordinate =
      coordinates.isAdditive(item.tileDim)
          ? e.getI64Constant(coordinates.getRegisterPart(item.tileDim, r))
          : e.signExtend(coordinates.getCoordinate(e, item.tileDim, r),
                         e.getI64());
  return e.mul(coordinate, item.stride);
}

Value ViewAccess::getPointer(int64_t r) {
  int64_t constant = 0;
  SmallVector<int64_t> key;
  SmallVector<std::pair<unsigned, int64_t>> variable;
  for (auto [i, item] : llvm::enumerate(items)) {
    bool isConstant = item.kind == ItemKind::Slice &&
                      coordinates.isAdditive(item.tileDim) &&
                      getConstantInteger(item.stride) == 1;
    if (isConstant) {
      constant += coordinates.getRegisterPart(item.tileDim, r);
      continue;
    }
    key.push_back(getKey(item, r));
    variable.push_back({i, r});
  }
  Value &known = knownPointers[key];
  if (!known) {
    known = pointer;
    for (auto [i, reg] : variable)
      known = e.getElementPointer(known, elementType, getOffset(items[i], reg));
  }
  return e.getElementPointer(known, elementType, constant);
}

Value ViewAccess::getSlicePredicate(const Item &item, int64_t r) {
  unsigned dim = item.tileDim;
  bool isAdditive = coordinates.isAdditive(dim);
  int64_t registerPart = coordinates.getRegisterPart(dim, r);
  int64_t largest = isAdditive
                        ? registerPart + coordinates.getMaxThreadPart(dim)
                        : layout.getExtents()[dim] - 1;
  Value coordinate;
  auto getCoordinate = [&]() -> Value {
    if (!coordinate)
      coordinate = coordinates.getCoordinate(e, dim, r);
    return coordinate;
  };
  Value predicate;
  if (item.high && isAdditive) {
    // The thread's part against a uniform value: no addition per thread.
    predicate =
        e.compare(LLVM::ICmpPredicate::slt, coordinates.getThreadPart(dim),
                  e.sub(item.high, e.getI32Constant(registerPart)));
  } else if (item.high) {
    predicate = e.compare(LLVM::ICmpPredicate::slt, getCoordinate(), item.high);
  } else if (largest >= item.tileExtent) {
    predicate = e.compare(LLVM::ICmpPredicate::slt, getCoordinate(),
                          e.getI32Constant(item.tileExtent));
  }
  if (item.low)
    predicate = e.both(predicate, e.compare(LLVM::ICmpPredicate::sge,
                                            getCoordinate(), item.low));
  return predicate;
}

Value ViewAccess::getGatherPredicate(const Item &item, int64_t r) {
  Value predicate;
  if (item.extent)
    predicate =
        e.compare(LLVM::ICmpPredicate::ult, item.coordinates[r], item.extent);
  // A coordinate where the layout is larger than the tile may be a good one.
  for (auto [i, extent] : llvm::enumerate(item.gatherExtents))
    predicate = e.both(predicate,
                       coordinates.getIsBelow(e, item.tileDim + i, r, extent));
  return predicate;
}

Value ViewAccess::getPredicate(int64_t r) {
  Value predicate = sharedPredicate;
  for (auto [i, item] : llvm::enumerate(items)) {
    auto [it, isNew] =
        knownPredicates.try_emplace({unsigned(i), getKey(item, r)}, Value());
    if (isNew)
      it->second = item.kind == ItemKind::Slice ? getSlicePredicate(item, r)
                                                : getGatherPredicate(item, r);
    predicate = e.both(predicate, it->second);
  }
  return predicate;
}
