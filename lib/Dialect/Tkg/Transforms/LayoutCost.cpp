//===- LayoutCost.cpp - what a choice of layouts costs --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayoutCost.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tk/Analysis/ReducePlan.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Support/LayoutConversion.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/MathExtras.h"
#include <set>

using namespace mlir;
using namespace mlir::tkg;
using llvm::countr_zero;
using tk::DigitShape;
using tk::HardwareDigit;
using tk::HardwareDim;
using tk::Layout;

/// Widest access of a thread to global memory.
constexpr int64_t kMaxVectorInBytes = 16;
constexpr int64_t kSectorInBytes = 32;

//===----------------------------------------------------------------------===//
// Coalesced layouts
//===----------------------------------------------------------------------===//

/// Like buildBlocked, but warps take digits of the slowest dimension first.
static Layout buildWithOuterWarps(const DigitShape &shape,
                                  ArrayRef<unsigned> order, int64_t vectorSize,
                                  tk::ThreadCounts threads) {
  unsigned numLanes = threads.numLanes;
  tk::ThreadCounts oneWarp{numLanes, 1};
  Layout inner = tk::buildBlocked(shape, order, vectorSize, oneWarp);
  // Hand the highest register digits of the slowest dimensions to warps.
  ArrayRef<HardwareDigit> registers = inner.getDigits(HardwareDim::Register);
  SmallVector<bool> isTaken(registers.size(), false);
  Layout result(shape);
  unsigned numBits = countr_zero(threads.numWarps);
  SmallVector<HardwareDigit> warpDigits;
  for (unsigned dim : llvm::reverse(order))
    for (unsigned i = registers.size(); i-- > 0 && warpDigits.size() < numBits;)
      if (!isTaken[i] && registers[i].radix == 2 && registers[i].bits &&
          (registers[i].bits & ~shape.getBitMask(dim)) == 0) {
        isTaken[i] = true;
        warpDigits.push_back(registers[i]);
      }
  for (auto [i, digit] : llvm::enumerate(registers)) {
    if (isTaken[i])
      continue;
    if (digit.odd)
      result.addOdd(HardwareDim::Register, *digit.odd);
    else
      result.addBit(HardwareDim::Register, digit.bits);
  }
  for (const HardwareDigit &digit : inner.getDigits(HardwareDim::Lane))
    result.addBit(HardwareDim::Lane, digit.bits);
  for (const HardwareDigit &digit : llvm::reverse(warpDigits))
    result.addBit(HardwareDim::Warp, digit.bits);
  while (result.getDigits(HardwareDim::Warp).size() < numBits)
    result.addBit(HardwareDim::Warp, 0);
  if (unsigned radix = threads.numWarps >> numBits; radix > 1)
    result.addOddReplica(HardwareDim::Warp, radix);
  return result;
}

/// Dimensions from fastest to slowest: `fastest`, then from the last on.
static SmallVector<unsigned> getOrder(unsigned rank,
                                      std::optional<unsigned> fastest) {
  SmallVector<unsigned> order;
  if (fastest)
    order.push_back(*fastest);
  for (unsigned dim = rank; dim-- > 0;)
    if (dim != fastest)
      order.push_back(dim);
  return order;
}

SmallVector<LayoutAttr>
mlir::tkg::getCoalescedLayouts(Operation *op, Value tile,
                               const AccessFacts &facts,
                               tk::ThreadCounts threads) {
  auto type = cast<RankedTensorType>(tile.getType());
  Type element = type.getElementType();
  if (auto pointer = dyn_cast<tk::PtrType>(element))
    element = pointer.getElementType();
  int64_t vectorSize =
      std::min(facts.getMaxVectorSize(),
               kMaxVectorInBytes / getElementSizeInBytes(element));
  DigitShape shape = DigitShape::get(tk::padExtents(
      type.getShape(), int64_t(threads.numLanes) * threads.numWarps));
  SmallVector<unsigned> order = getOrder(type.getRank(), facts.fastestDim);
  SmallVector<LayoutAttr> layouts;
  auto add = [&](const Layout &layout) {
    auto attr = LayoutAttr::get(op->getContext(), layout);
    if (!llvm::is_contained(layouts, attr))
      layouts.push_back(attr);
  };
  add(tk::buildBlocked(shape, order, vectorSize, threads));
  add(buildWithOuterWarps(shape, order, vectorSize, threads));
  return layouts;
}

LayoutAttr mlir::tkg::getDefaultLayout(Value tile, tk::ThreadCounts threads) {
  auto type = cast<RankedTensorType>(tile.getType());
  DigitShape shape = DigitShape::get(tk::padExtents(
      type.getShape(), int64_t(threads.numLanes) * threads.numWarps));
  int64_t vectorSize =
      kMaxVectorInBytes /
      std::min<int64_t>(kMaxVectorInBytes,
                        getElementSizeInBytes(type.getElementType()));
  return LayoutAttr::get(
      type.getContext(),
      tk::buildBlocked(shape, getOrder(type.getRank(), std::nullopt),
                       vectorSize, threads));
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// The number of sectors that the lanes of warp 0 touch when each accesses
/// `numElements` neighbours of `elementSize` bytes along `fastestDim`, other
/// dimensions being far apart.
static int64_t countSectors(const Layout &layout,
                            std::optional<unsigned> fastestDim,
                            int64_t numElements, int64_t elementSize) {
  std::set<SmallVector<int64_t>> sectors;
  for (int64_t lane = 0, e = layout.getNumLanes(); lane < e; ++lane) {
    SmallVector<int64_t> place = layout.apply(/*registerIndex=*/0, lane);
    if (!fastestDim) {
      sectors.insert(place);
      continue;
    }
    int64_t begin = place[*fastestDim] * elementSize;
    int64_t end = begin + numElements * elementSize;
    for (int64_t sector = begin / kSectorInBytes; sector * kSectorInBytes < end;
         ++sector) {
      place[*fastestDim] = sector;
      sectors.insert(place);
    }
  }
  return sectors.size();
}

static Type getAccessedType(Operation *op) {
  if (auto store = dyn_cast<tk::StoreViewOp>(op))
    return store.getValue().getType();
  if (auto store = dyn_cast<tk::StoreOp>(op))
    return store.getValue().getType();
  if (auto store = dyn_cast<tk::AtomicStoreOp>(op))
    return store.getValue().getType();
  return op->getResult(0).getType();
}

double mlir::tkg::getAccessCost(Operation *op, const AccessFacts &facts,
                                const Layout &layout) {
  bool isLoad = isa<tk::LoadViewOp, tk::LoadOp>(op);
  bool isStore = isa<tk::StoreViewOp, tk::StoreOp>(op);
  bool isAtomic = isa<tk::AtomicRMWOp, tk::AtomicCASOp, tk::AtomicLoadOp,
                      tk::AtomicStoreOp>(op);
  if (!isLoad && !isStore && !isAtomic)
    return 0;
  int64_t elementSize =
      getElementSizeInBytes(getElementTypeOrSelf(getAccessedType(op)));
  int64_t vectorSize = 1;
  if (facts.fastestDim && !isAtomic)
    vectorSize = std::min(
        {int64_t(1) << layout.getContiguousDigits(*facts.fastestDim).size(),
         facts.getMaxVectorSize(),
         std::max<int64_t>(1, kMaxVectorInBytes / elementSize)});
  int64_t numInstructions =
      llvm::divideCeil(layout.getNumRegisters(), vectorSize);
  int64_t numSectors =
      countSectors(layout, facts.fastestDim, vectorSize, elementSize);
  // A store of part of a sector is a read and a write farther out. An access
  // also computes and tests its address.
  constexpr double kAddressCost = 6, kStoreFactor = 2, kAtomicFactor = 4;
  double factor = isStore ? kStoreFactor : isAtomic ? kAtomicFactor : 1;
  return numInstructions * (kAddressCost + factor * numSectors);
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// Instructions for one element.
static double getElementCost(Operation *op) {
  if (isa<math::MathDialect>(op->getDialect()))
    return 8;
  if (isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp,
          arith::RemSIOp, arith::RemUIOp>(op))
    return 8;
  return 1;
}

/// Whether the partial results of the warps fit in shared memory.
static bool fitsInSharedMemory(tk::ReduceOp op, const Layout &layout) {
  const tk::TargetInfo *target = getTargetInfo(op);
  auto tile = cast<RankedTensorType>(op.getSources().front().getType());
  std::optional<ReducePlan> plan =
      planReduce(layout, op.getAxis(), tile.getDimSize(op.getAxis()));
  return !target || !plan ||
         getReduceScratch(op, *plan).sizeInBytes <=
             target->getMaxSharedMemory();
}

static double getReduceCost(tk::ReduceOp op, const Layout &layout) {
  constexpr double kShuffleCost = 3, kBlockRoundCost = 60;
  // More than any sum of what runs.
  constexpr double kUnfit = 1e12;
  unsigned axis = op.getAxis();
  const DigitShape &shape = layout.getShape();
  auto isAlongAxis = [&](const HardwareDigit &digit) {
    return digit.odd ? shape.getOddDim(*digit.odd) == axis
                     : (digit.bits & shape.getBitMask(axis)) != 0;
  };
  int64_t numResults = tk::buildSliced(layout, axis).getNumRegisters();
  double cost = layout.getNumRegisters();
  cost += kShuffleCost * numResults *
          llvm::count_if(layout.getDigits(HardwareDim::Lane), isAlongAxis);
  if (llvm::any_of(layout.getDigits(HardwareDim::Warp), isAlongAxis)) {
    cost += kBlockRoundCost + 2 * kShuffleCost * numResults;
    if (!fitsInSharedMemory(op, layout))
      cost += kUnfit;
  }
  return cost * op.getSources().size();
}

double mlir::tkg::getComputeCost(Operation *op, const Layout &layout) {
  if (auto reduce = dyn_cast<tk::ReduceOp>(op))
    return getReduceCost(reduce, layout);
  bool isComputed =
      op->hasTrait<OpTrait::Elementwise>() ||
      isa<tk::CastOp, tk::PtrAddOp, tk::InsideOp, tk::AddressesOp>(op);
  return isComputed ? getElementCost(op) * layout.getNumRegisters() : 0;
}

double mlir::tkg::getPressureCost(Type tile, const Layout &layout) {
  // Of 255 registers; what is above goes to memory and back.
  constexpr int64_t kUsableRegisters = 160;
  constexpr double kSpillCost = 8;
  int64_t size = getElementSizeInBytes(getElementTypeOrSelf(tile));
  int64_t numWords = llvm::divideCeil(layout.getNumRegisters() * size, 4);
  return kSpillCost * std::max<int64_t>(0, numWords - kUsableRegisters);
}

double mlir::tkg::getConversionCost(Type tile, const Layout &from,
                                    const Layout &to) {
  // The plan counts a word moved through shared memory by a warp as one cycle,
  // but four schedulers share its 128 bytes a cycle; other blocks hide half.
  constexpr double kSharedFactor = 2, kFixedCost = 16;
  unsigned width = 8 * getElementSizeInBytes(getElementTypeOrSelf(tile));
  return kFixedCost +
         kSharedFactor * tk::estimateConversionCost(from, to, width);
}

double mlir::tkg::getRematerialisationCost(const Layout &layout) {
  return 0.5 * layout.getNumRegisters();
}
