//===- DotLayouts.cpp - the layouts that a matrix instruction imposes -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tkg;
using llvm::countr_zero;
using llvm::Log2_32;
using tk::DigitShape;
using tk::HardwareDim;
using tk::Layout;

/// The smallest multiple of `unit`, a power of two, that is at least `extent`
/// and o * 2^k with o <= 15.
static int64_t padToMultiple(int64_t extent, int64_t unit) {
  int64_t numUnits = llvm::divideCeil(extent, unit);
  return unit * tk::padExtents(numUnits, /*numThreads=*/1).front();
}

namespace {
/// The extents of a dot, padded to whole instructions.
struct DotExtents {
  SmallVector<int64_t> batch;
  int64_t m, n, k;

  DigitShape get(int64_t rows, int64_t columns) const {
    SmallVector<int64_t> extents(batch);
    extents.push_back(rows);
    extents.push_back(columns);
    return DigitShape::get(extents);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// fma
//===----------------------------------------------------------------------===//

/// Builds the layouts of a dot by multiply-adds.
///
/// The lanes of a warp cut the result 4 : 8 (or 8 : 8), so that eight lanes
/// with four f32 columns each write whole 128-byte lines. An operand has the
/// lanes and warps of the result along its own dimension, copies along the
/// other, and all of K in registers.
static DotLayouts getFmaLayouts(MmaAttr mma, const DotExtents &extents,
                                unsigned numLanes) {
  DigitShape accShape = extents.get(extents.m, extents.n);
  unsigned rank = accShape.getRank(), m = rank - 2, n = rank - 1;
  Layout acc(accShape);
  SmallVector<unsigned> next, end;
  for (unsigned dim = 0; dim < rank; ++dim) {
    next.push_back(accShape.getFirstBit(dim));
    end.push_back(next.back() + accShape.getNumBits(dim));
  }
  auto take = [&](HardwareDim hardware, unsigned dim, unsigned count) {
    unsigned taken = 0;
    for (; taken < count && next[dim] < end[dim]; ++taken)
      acc.addBit(hardware, uint64_t(1) << next[dim]++);
    return taken;
  };
  auto replicate = [&](HardwareDim hardware, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      acc.addBit(hardware, 0);
  };
  take(HardwareDim::Register, n, Log2_32(mma.getN()));
  take(HardwareDim::Register, m, Log2_32(mma.getM()));
  unsigned numLaneBits = Log2_32(numLanes);
  unsigned numTaken = take(HardwareDim::Lane, n, 3);
  numTaken += take(HardwareDim::Lane, m, numLaneBits - numTaken);
  numTaken += take(HardwareDim::Lane, n, numLaneBits - numTaken);
  replicate(HardwareDim::Lane, numLaneBits - numTaken);
  for (auto [dim, numWarps] :
       {std::pair(m, mma.getWarpsM()), std::pair(n, mma.getWarpsN())}) {
    unsigned numBits = countr_zero(numWarps);
    replicate(HardwareDim::Warp,
              numBits - take(HardwareDim::Warp, dim, numBits));
  }
  for (unsigned numWarps : {mma.getWarpsM(), mma.getWarpsN()})
    if (unsigned radix = numWarps >> countr_zero(numWarps); radix != 1)
      acc.addOddReplica(HardwareDim::Warp, radix);
  for (unsigned dim = rank; dim-- > 0;)
    take(HardwareDim::Register, dim, accShape.getNumBits(dim));
  for (unsigned odd = 0; odd < accShape.getNumOdd(); ++odd)
    acc.addOdd(HardwareDim::Register, odd);

  // An operand is the slice of the result with K as a new register dimension.
  auto getOperand = [&](unsigned sliced) {
    return insertRegisterDim(tk::buildSliced(acc, sliced), sliced, extents.k);
  };
  return {getOperand(n), getOperand(m), acc};
}

//===----------------------------------------------------------------------===//
// mma.sync
//===----------------------------------------------------------------------===//

static DotLayouts getMmaSyncLayouts(MmaAttr mma, const DotExtents &extents,
                                    unsigned elementBitWidth) {
  auto getUnswapped = [&](const DotExtents &extents, tk::WarpGrid warps,
                          tk::MmaShape shape) -> DotLayouts {
    return {tk::buildMmaOperandA(extents.get(extents.m, extents.k), warps,
                                 elementBitWidth, shape),
            tk::buildMmaOperandB(extents.get(extents.k, extents.n), warps,
                                 elementBitWidth, shape),
            tk::buildMmaAccumulator(extents.get(extents.m, extents.n), warps,
                                    shape)};
  };
  if (!mma.getSwap())
    return getUnswapped(extents, {mma.getWarpsM(), mma.getWarpsN()},
                        {mma.getM(), mma.getN(), mma.getK()});
  // The instruction computes the transpose from transposed operands.
  DotExtents swapped = extents;
  std::swap(swapped.m, swapped.n);
  DotLayouts layouts = getUnswapped(swapped, {mma.getWarpsN(), mma.getWarpsM()},
                                    {mma.getN(), mma.getM(), mma.getK()});
  SmallVector<unsigned> order =
      llvm::to_vector(llvm::seq<unsigned>(0, layouts.lhs.getRank()));
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return {tk::transpose(layouts.rhs, order), tk::transpose(layouts.lhs, order),
          tk::transpose(layouts.accumulator, order)};
}

std::optional<DotLayouts> mlir::tkg::getDotLayouts(MmaAttr instruction,
                                                   ArrayRef<int64_t> lhsShape,
                                                   ArrayRef<int64_t> rhsShape,
                                                   unsigned elementBitWidth,
                                                   unsigned numLanes) {
  DotExtents extents;
  extents.batch = tk::padExtents(lhsShape.drop_back(2), 1);
  extents.m = padToMultiple(lhsShape[lhsShape.size() - 2], instruction.getM());
  extents.n = padToMultiple(rhsShape.back(), instruction.getN());
  extents.k = padToMultiple(lhsShape.back(), instruction.getK());
  switch (instruction.getKind()) {
  case MmaKind::FMA:
    return getFmaLayouts(instruction, extents, numLanes);
  case MmaKind::MmaSync:
    return getMmaSyncLayouts(instruction, extents, elementBitWidth);
  case MmaKind::Wgmma:
  case MmaKind::Mfma:
  case MmaKind::Wmma:
    return std::nullopt;
  }
  llvm_unreachable("all kinds are listed");
}

ArrayRef<int64_t> mlir::tkg::getOperandShape(Value operand) {
  Type type = operand.getType();
  auto memory = dyn_cast<MemDescType>(type);
  return memory ? memory.getShape() : cast<RankedTensorType>(type).getShape();
}

std::optional<DotLayouts> mlir::tkg::getDotLayouts(DotOp dot) {
  MmaAttr instruction = dot.getInstructionAttr();
  std::optional<tk::ThreadCounts> threads = getThreadCounts(dot);
  if (!instruction || !threads)
    return std::nullopt;
  Type lhs = dot.getLhs().getType();
  auto memory = dyn_cast<MemDescType>(lhs);
  Type element = memory ? memory.getElementType() : getElementTypeOrSelf(lhs);
  return getDotLayouts(instruction, getOperandShape(dot.getLhs()),
                       getOperandShape(dot.getRhs()),
                       element.getIntOrFloatBitWidth(), threads->numLanes);
}
