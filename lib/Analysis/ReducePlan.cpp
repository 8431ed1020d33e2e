//===- ReducePlan.cpp - how the threads of a block reduce a tile ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/ReducePlan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Analysis/SharedMemory.h"
#include "llvm/Support/MathExtras.h"
#include <map>
#include <numeric>

using namespace mlir;
using namespace mlir::tkg;
using tk::DigitShape;
using tk::HardwareDigit;
using tk::HardwareDim;
using tk::Layout;

int64_t ReducePlan::getNumPlaces() const {
  int64_t numPlaces = int64_t(1) << llvm::popcount(uint64_t(keptLaneBits));
  for (const WarpDigit &digit : keptWarpDigits)
    numPlaces *= digit.radix;
  return numPlaces;
}

/// Groups the registers by the coordinates that a reduction keeps.
static SmallVector<ReducePlan::Group> groupRegisters(const Layout &layout,
                                                     unsigned axis) {
  SmallVector<ReducePlan::Group> groups;
  std::map<SmallVector<int64_t>, size_t> groupOf;
  uint64_t free = layout.getFreeDigits(HardwareDim::Register);
  ArrayRef<HardwareDigit> digits = layout.getDigits(HardwareDim::Register);
  for (auto [r, coordinates] :
       llvm::enumerate(layout.getRegisterCoordinates())) {
    coordinates.erase(coordinates.begin() + axis);
    auto [it, isNew] = groupOf.try_emplace(coordinates, groups.size());
    if (isNew)
      groups.push_back({coordinates, {}});
    bool isCopy = false;
    for (uint64_t rest = free; rest; rest &= rest - 1)
      isCopy |= tk::getDigitOf(digits, llvm::countr_zero(rest), r) != 0;
    if (!isCopy)
      groups[it->second].registers.push_back(r);
  }
  return groups;
}

/// What a digit of lanes or warps does to a reduction along `axis`.
enum class DigitRole { Repeats, Reduces, Keeps };

static DigitRole getRole(const Layout &layout, const HardwareDigit &digit,
                         bool isFree, unsigned axis) {
  const DigitShape &shape = layout.getShape();
  if (isFree)
    return DigitRole::Repeats;
  if (digit.odd)
    return shape.getOddDim(*digit.odd) == axis ? DigitRole::Reduces
                                               : DigitRole::Keeps;
  return (digit.bits & ~shape.getBitMask(axis)) == 0 ? DigitRole::Reduces
                                                     : DigitRole::Keeps;
}

/// True if the bits that are kept tell registers, lanes and warps apart: no
/// element of the result is spread over digits that keep.
static bool areKeptBitsIndependent(const Layout &layout, unsigned axis) {
  SmallVector<uint64_t> basis;
  uint64_t mask = layout.getShape().getBitMask(axis);
  for (HardwareDim dim :
       {HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp}) {
    uint64_t free = layout.getFreeDigits(dim);
    for (auto [number, digit] : llvm::enumerate(layout.getDigits(dim))) {
      uint64_t rest = digit.bits & ~mask;
      if (rest == 0 || free >> number & 1)
        continue;
      for (uint64_t vector : basis)
        rest = std::min(rest, rest ^ vector);
      // Registers may repeat: they are grouped one by one.
      if (rest != 0)
        basis.push_back(rest);
      else if (dim != HardwareDim::Register)
        return false;
    }
  }
  return true;
}

std::optional<ReducePlan> mlir::tkg::planReduce(const Layout &layout,
                                                unsigned axis, int64_t extent) {
  if (!areKeptBitsIndependent(layout, axis))
    return std::nullopt;
  ReducePlan plan;
  plan.groups = groupRegisters(layout, axis);
  plan.resultExtents = layout.getExtents();
  plan.isPadded = plan.resultExtents[axis] > extent;
  plan.resultExtents.erase(plan.resultExtents.begin() + axis);

  uint64_t freeLanes = layout.getFreeDigits(HardwareDim::Lane);
  for (auto [number, digit] :
       llvm::enumerate(layout.getDigits(HardwareDim::Lane))) {
    DigitRole role = getRole(layout, digit, freeLanes >> number & 1, axis);
    if (role == DigitRole::Reduces)
      plan.laneMasks.push_back(1u << number);
    (role == DigitRole::Keeps ? plan.keptLaneBits : plan.silentLaneBits) |=
        int64_t(1) << number;
  }
  uint64_t freeWarps = layout.getFreeDigits(HardwareDim::Warp);
  int64_t divisor = 1;
  for (auto [number, digit] :
       llvm::enumerate(layout.getDigits(HardwareDim::Warp))) {
    DigitRole role = getRole(layout, digit, freeWarps >> number & 1, axis);
    if (role == DigitRole::Reduces) {
      plan.warpDigits.push_back({divisor, digit.radix});
      plan.numWarpParts *= digit.radix;
    } else if (role == DigitRole::Repeats) {
      plan.silentWarpDigits.push_back({divisor, digit.radix});
    } else {
      plan.keptWarpDigits.push_back({divisor, digit.radix});
    }
    divisor *= digit.radix;
  }
  return plan;
}

//===----------------------------------------------------------------------===//
// Scratch
//===----------------------------------------------------------------------===//

bool mlir::tkg::hasIdentity(Operation *combiner) {
  return isa_and_nonnull<arith::AddFOp, arith::AddIOp, arith::AndIOp,
                         arith::MaxNumFOp, arith::MaxSIOp, arith::MaxUIOp,
                         arith::MaximumFOp, arith::MinNumFOp, arith::MinSIOp,
                         arith::MinUIOp, arith::MinimumFOp, arith::MulFOp,
                         arith::MulIOp, arith::OrIOp, arith::XOrIOp>(combiner);
}

ReduceScratch mlir::tkg::getReduceScratch(tk::ReduceOp op,
                                          const ReducePlan &plan) {
  ReduceScratch scratch;
  if (plan.numWarpParts == 1)
    return scratch;
  int64_t numElements =
      plan.groups.size() * plan.numWarpParts * plan.getNumPlaces();
  auto addArray = [&](int64_t elementSize) {
    int64_t offset = scratch.sizeInBytes;
    scratch.sizeInBytes +=
        llvm::alignTo(numElements * elementSize, kScratchAlignmentInBytes);
    return offset;
  };
  for (Value source : op.getSources())
    scratch.offsets.push_back(addArray(
        getElementSizeInBytes(getElementTypeOrSelf(source.getType()))));
  if (plan.isPadded && !hasIdentity(op.getSimpleCombiner()))
    scratch.flagOffset = addArray(1);
  return scratch;
}
