//===- LayoutBuilders.cpp - the layouts of instructions and copies --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutBuilders.h"
#include "F2Span.h"
#include "LayoutFiller.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cassert>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Blocked and sliced
//===----------------------------------------------------------------------===//

Layout mlir::tk::buildBlocked(const DigitShape &shape, ArrayRef<unsigned> order,
                              unsigned vectorSize, ThreadCounts threads) {
  assert(order.size() == shape.getRank() && "order names every dimension");
  unsigned numThreadBits = countr_zero(threads.numLanes * threads.numWarps);
  unsigned numBits = shape.getNumBits();
  unsigned numSpareBits = numBits > numThreadBits ? numBits - numThreadBits : 0;

  LayoutFiller filler(shape);
  if (!order.empty())
    filler.takeLow(HardwareDim::Register, order.front(),
                   std::min(Log2_32(vectorSize), numSpareBits));
  auto spread = [&](HardwareDim dim, unsigned size) {
    unsigned numLeft = countr_zero(size);
    for (unsigned tileDim : order)
      numLeft -= filler.takeLow(dim, tileDim, numLeft);
    filler.replicate(dim, numLeft);
  };
  spread(HardwareDim::Lane, threads.numLanes);
  spread(HardwareDim::Warp, threads.numWarps);
  // The outermost dimension gives its odd digit to the warps most readily:
  // contiguous access along the inner ones stays.
  filler.placeOddWarps(threads.numWarps, to_vector(reverse(order)));
  for (unsigned tileDim : order)
    filler.takeLow(HardwareDim::Register, tileDim, shape.getNumBits(tileDim));
  return filler.finish();
}

Layout mlir::tk::buildSliced(const Layout &parent, unsigned dim) {
  const DigitShape &old = parent.getShape();
  SmallVector<SmallVector<unsigned>> digits;
  for (unsigned d = 0; d < old.getRank(); ++d)
    if (d != dim)
      digits.emplace_back(old.getDigits(d));
  Layout result{DigitShape(digits)};

  unsigned firstBit = old.getFirstBit(dim), numBits = old.getNumBits(dim);
  auto project = [&](uint64_t bits) {
    uint64_t low = bits & maskTrailingOnes<uint64_t>(firstBit);
    return low | (bits >> (firstBit + numBits) << firstBit);
  };
  // Odd digits are numbered from the last dimension, too.
  auto projectOdd = [&](unsigned odd) {
    unsigned number = 0;
    for (unsigned i = 0; i < odd; ++i)
      number += old.getOddDim(i) != dim;
    return number;
  };

  F2Span span;
  for (HardwareDim hardwareDim : {HardwareDim::Register, HardwareDim::Lane,
                                  HardwareDim::Warp, HardwareDim::Block})
    for (const HardwareDigit &digit : parent.getDigits(hardwareDim)) {
      bool isRegister = hardwareDim == HardwareDim::Register;
      if (digit.radix == 2) {
        uint64_t bits = project(digit.bits);
        if (!isRegister || span.add(bits))
          result.addBit(hardwareDim, bits);
      } else if (digit.odd && old.getOddDim(*digit.odd) != dim) {
        result.addOdd(hardwareDim, projectOdd(*digit.odd));
      } else if (!isRegister) {
        result.addOddReplica(hardwareDim, digit.radix);
      }
    }
  return result;
}

//===----------------------------------------------------------------------===//
// mma.sync
//===----------------------------------------------------------------------===//

/// True if the lowest digits of `dim` count 0 ... size - 1.
static bool startsWith(const DigitShape &shape, unsigned dim, unsigned size) {
  ArrayRef<unsigned> digits = shape.getDigits(dim);
  unsigned numBits = Log2_32(size);
  return isPowerOf2_32(size) && digits.size() >= numBits &&
         all_of(digits.take_front(numBits),
                [](unsigned radix) { return radix == 2; });
}

bool mlir::tk::isDivisibleBy(const DigitShape &shape, unsigned numRows,
                             unsigned numColumns) {
  unsigned rank = shape.getRank();
  return rank >= 2 && startsWith(shape, rank - 2, numRows) &&
         startsWith(shape, rank - 1, numColumns);
}

/// Gives the warps of `grid` to the dimensions `m` and `n`; nothing for a
/// dimension that the tile lacks.
static void placeWarps(LayoutFiller &filler, WarpGrid grid,
                       std::optional<unsigned> m, std::optional<unsigned> n) {
  unsigned numBitsM = countr_zero(grid.alongM);
  unsigned numBitsN = countr_zero(grid.alongN);
  unsigned numTaken = m ? filler.takeLow(HardwareDim::Warp, *m, numBitsM) : 0;
  filler.replicate(HardwareDim::Warp, numBitsM - numTaken);
  numTaken = n ? filler.takeHigh(HardwareDim::Warp, *n, numBitsN) : 0;
  filler.replicate(HardwareDim::Warp, numBitsN - numTaken);
  filler.placeOddWarps(grid.alongM, m ? ArrayRef(*m) : ArrayRef<unsigned>());
  filler.placeOddWarps(grid.alongN, n ? ArrayRef(*n) : ArrayRef<unsigned>());
}

Layout mlir::tk::buildMmaAccumulator(const DigitShape &shape, WarpGrid warps,
                                     MmaShape instruction) {
  assert(isDivisibleBy(shape, instruction.m, instruction.n) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, n = shape.getRank() - 1;
  LayoutFiller filler(shape);
  filler.takeLow(HardwareDim::Register, n, 1);
  filler.takeLow(HardwareDim::Lane, n, 2);
  filler.takeLow(HardwareDim::Lane, m, 3);
  filler.takeLow(HardwareDim::Register, m, Log2_32(instruction.m) - 3);
  placeWarps(filler, warps, m, n);
  return filler.finish();
}

/// The digits that one instruction gives to an operand whose rows (of A, or
/// columns of B) are dimension `outer`: `k` is split over registers, groups of
/// four lanes and registers again.
static void placeOperand(LayoutFiller &filler, unsigned outer, unsigned k,
                         unsigned numOuter, unsigned numK,
                         unsigned elementBitWidth) {
  unsigned packedBits =
      elementBitWidth < 32 ? Log2_32(32 / elementBitWidth) : 0;
  filler.takeLow(HardwareDim::Register, k, packedBits);
  filler.takeLow(HardwareDim::Lane, k, 2);
  filler.takeLow(HardwareDim::Lane, outer, 3);
  filler.takeLow(HardwareDim::Register, outer, Log2_32(numOuter) - 3);
  filler.takeLow(HardwareDim::Register, k, Log2_32(numK) - 2 - packedBits);
}

Layout mlir::tk::buildMmaOperandA(const DigitShape &shape, WarpGrid warps,
                                  unsigned elementBitWidth,
                                  MmaShape instruction) {
  assert(isDivisibleBy(shape, instruction.m, instruction.k) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, k = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeOperand(filler, m, k, instruction.m, instruction.k, elementBitWidth);
  placeWarps(filler, warps, m, std::nullopt);
  return filler.finish();
}

Layout mlir::tk::buildMmaOperandB(const DigitShape &shape, WarpGrid warps,
                                  unsigned elementBitWidth,
                                  MmaShape instruction) {
  assert(isDivisibleBy(shape, instruction.k, instruction.n) &&
         "the tile is not a whole number of instructions");
  unsigned k = shape.getRank() - 2, n = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeOperand(filler, n, k, instruction.n, instruction.k, elementBitWidth);
  placeWarps(filler, warps, std::nullopt, n);
  filler.takeLow(HardwareDim::Register, k, shape.getNumBits(k));
  return filler.finish();
}

//===----------------------------------------------------------------------===//
// wgmma
//===----------------------------------------------------------------------===//

static constexpr unsigned kWarpsPerWarpgroup = 4;

Layout mlir::tk::buildWgmmaAccumulator(const DigitShape &shape,
                                       WarpgroupGrid grid) {
  assert(isDivisibleBy(shape, 64, 8) && "the tile has no 64 rows");
  return buildMmaAccumulator(shape,
                             {kWarpsPerWarpgroup * grid.alongM, grid.alongN});
}

Layout mlir::tk::buildWgmmaOperandA(const DigitShape &shape, WarpgroupGrid grid,
                                    unsigned elementBitWidth) {
  assert(isDivisibleBy(shape, 64, 256 / elementBitWidth) &&
         "the tile is not a whole number of instructions");
  return buildMmaOperandA(shape,
                          {kWarpsPerWarpgroup * grid.alongM, grid.alongN},
                          elementBitWidth, {16, 8, 256 / elementBitWidth});
}

//===----------------------------------------------------------------------===//
// Matrix units of AMD
//===----------------------------------------------------------------------===//

Layout mlir::tk::buildMfmaAccumulator(const DigitShape &shape, WarpGrid warps,
                                      MfmaShape instruction,
                                      unsigned accumulatorBitWidth) {
  assert(isDivisibleBy(shape, instruction.m, instruction.m) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, n = shape.getRank() - 1;
  unsigned numColumnBits = Log2_32(instruction.m);
  unsigned numRowGroupBits = Log2_32(64 / instruction.m);
  LayoutFiller filler(shape);
  filler.takeLow(HardwareDim::Lane, n, numColumnBits);
  if (accumulatorBitWidth == 64) {
    filler.takeLow(HardwareDim::Lane, m, numRowGroupBits);
    filler.takeLow(HardwareDim::Register, m, 2);
  } else {
    filler.takeLow(HardwareDim::Register, m, 2);
    filler.takeLow(HardwareDim::Lane, m, numRowGroupBits);
    filler.takeLow(HardwareDim::Register, m,
                   numColumnBits - 2 - numRowGroupBits);
  }
  placeWarps(filler, warps, m, n);
  return filler.finish();
}

/// A lane holds neighbours along `k`; lanes count `outer`, then the rest of
/// `k`.
static void placeMfmaOperand(LayoutFiller &filler, unsigned outer, unsigned k,
                             MfmaShape instruction) {
  unsigned numLaneGroupBits = Log2_32(64 / instruction.m);
  filler.takeLow(HardwareDim::Register, k,
                 Log2_32(instruction.k) - numLaneGroupBits);
  filler.takeLow(HardwareDim::Lane, outer, Log2_32(instruction.m));
  filler.takeLow(HardwareDim::Lane, k, numLaneGroupBits);
}

Layout mlir::tk::buildMfmaOperandA(const DigitShape &shape, WarpGrid warps,
                                   MfmaShape instruction) {
  assert(isDivisibleBy(shape, instruction.m, instruction.k) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, k = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeMfmaOperand(filler, m, k, instruction);
  placeWarps(filler, warps, m, std::nullopt);
  return filler.finish();
}

Layout mlir::tk::buildMfmaOperandB(const DigitShape &shape, WarpGrid warps,
                                   MfmaShape instruction) {
  assert(isDivisibleBy(shape, instruction.k, instruction.m) &&
         "the tile is not a whole number of instructions");
  unsigned k = shape.getRank() - 2, n = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeMfmaOperand(filler, n, k, instruction);
  placeWarps(filler, warps, std::nullopt, n);
  filler.takeLow(HardwareDim::Register, k, shape.getNumBits(k));
  return filler.finish();
}

/// WMMA multiplies 16 x 16 by 16 x 16.
static constexpr unsigned kWmmaBits = 4;

Layout mlir::tk::buildWmmaAccumulator(const DigitShape &shape, WarpGrid warps) {
  assert(isDivisibleBy(shape, 16, 16) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, n = shape.getRank() - 1;
  LayoutFiller filler(shape);
  filler.takeLow(HardwareDim::Lane, n, kWmmaBits);
  filler.takeLow(HardwareDim::Lane, m, 1);
  filler.takeLow(HardwareDim::Register, m, kWmmaBits - 1);
  placeWarps(filler, warps, m, n);
  return filler.finish();
}

static void placeWmmaOperand(LayoutFiller &filler, unsigned outer, unsigned k) {
  filler.takeLow(HardwareDim::Register, k, kWmmaBits);
  filler.takeLow(HardwareDim::Lane, outer, kWmmaBits);
  filler.replicate(HardwareDim::Lane, 1);
}

Layout mlir::tk::buildWmmaOperandA(const DigitShape &shape, WarpGrid warps) {
  assert(isDivisibleBy(shape, 16, 16) &&
         "the tile is not a whole number of instructions");
  unsigned m = shape.getRank() - 2, k = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeWmmaOperand(filler, m, k);
  placeWarps(filler, warps, m, std::nullopt);
  return filler.finish();
}

Layout mlir::tk::buildWmmaOperandB(const DigitShape &shape, WarpGrid warps) {
  assert(isDivisibleBy(shape, 16, 16) &&
         "the tile is not a whole number of instructions");
  unsigned k = shape.getRank() - 2, n = shape.getRank() - 1;
  LayoutFiller filler(shape);
  placeWmmaOperand(filler, n, k);
  placeWarps(filler, warps, std::nullopt, n);
  filler.takeLow(HardwareDim::Register, k, shape.getNumBits(k));
  return filler.finish();
}
