//===- TensorCore.cpp - the arithmetic of matrix units --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TensorCore.h"
#include "LaneLoops.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// Of wgmma.
constexpr unsigned maxColumns = 256;

/// The exponent of zero: below every other sum of two.
constexpr int32_t exponentOfZero = -100000;

/// SplitMatrix::isModerate.
constexpr int32_t maxModerateExponent = 50;

/// Columns are handled by so many, or by twice as many.
constexpr unsigned vectorWidth = 8;

struct SplitArguments {
  FloatFormat format;
  const uint32_t *bits;
  unsigned shift;
  bool isNegated;
  unsigned count;
  int32_t *significands;
  int32_t *exponents;
  /// Null if nobody asks.
  float *values = nullptr;
};

/// What is among the numbers.
struct SplitFacts {
  /// An infinity or a NaN.
  bool hasSpecial = false;
  /// One that is not moderate, see SplitMatrix.
  bool hasExtreme = false;
};

struct BlockArguments {
  unsigned numColumns;
  unsigned length;
  const int32_t *significandA;
  const int32_t *exponentA;
  const int32_t *significandB;
  const int32_t *exponentB;
  /// Null if A or B has extreme numbers.
  const float *valueA;
  const float *valueB;
  /// From one row of B to the next.
  unsigned stride;
  int32_t fractionBits;
  /// From the fraction bits of a product to those of the sum.
  unsigned productShift;
  /// Of c to those of the sum; to the right if it is negative.
  int shiftC;
  const int32_t *significandC;
  const int32_t *exponentC;
  /// The result is sums * 2^(largest - fractionBits).
  int64_t *sums;
  int32_t *largest;
};

} // namespace

#define TK_HANDLERS "TensorCoreLoops.inc"
#include "ForEachVectorLevel.inc"

SumRule emulator::getSumRule(MatrixUnit unit, FloatFormat a, FloatFormat b,
                             bool isHalfResult) {
  bool isEight = a.width() == 8;
  SumRounding wide = SumRounding::Single;
  if (unit == MatrixUnit::Wgmma && isEight)
    return {32, 13, isHalfResult ? SumRounding::Half : SumRounding::Single13};
  unsigned blockLength = a.width() == 19 ? 8 : 16;
  return {blockLength, 25, isHalfResult ? SumRounding::Half : wide, isEight};
}

void SplitMatrix::assign(unsigned newRows, unsigned newColumns,
                         FloatFormat format, llvm::ArrayRef<uint32_t> bits,
                         unsigned shift, bool isNegated) {
  rows = newRows;
  columns = newColumns;
  stride = llvm::alignTo(columns, vectorWidth);
  mantissaBits = format.mantissaBits;
  significands.resize_for_overwrite(rows * stride);
  exponents.resize_for_overwrite(rows * stride);
  values.resize_for_overwrite(rows * stride);
  bool isPadded = stride != columns;
  if (isPadded) {
    std::fill(significands.begin(), significands.end(), 0);
    std::fill(exponents.begin(), exponents.end(), exponentOfZero);
    std::fill(values.begin(), values.end(), 0.0f);
  }
  SplitFacts all;
  // All at once if rows follow on each other.
  unsigned count = isPadded ? columns : rows * columns;
  for (unsigned at = 0, row = 0; at != rows * columns; at += count, ++row) {
    SplitArguments part = {format,
                           bits.data() + at,
                           shift,
                           isNegated,
                           count,
                           significands.data() + row * stride,
                           exponents.data() + row * stride,
                           values.data() + row * stride};
    SplitFacts facts = TK_AT_HOST_LEVEL(split, part);
    all.hasSpecial |= facts.hasSpecial;
    all.hasExtreme |= facts.hasExtreme;
  }
  isModerate = !all.hasExtreme;
  specials.clear();
  if (!all.hasSpecial)
    return;
  specials.assign(rows * stride, None);
  for (unsigned i = 0; i != rows * columns; ++i) {
    uint64_t magnitude = bits[i] >> shift & (format.signBit() - 1);
    bool isNegative = bool(bits[i] >> shift & format.signBit()) != isNegated;
    if (magnitude <= format.largest())
      continue;
    bool isNaN = format.isFiniteOnly || (magnitude & format.mantissaMask());
    specials[i / columns * stride + i % columns] = isNaN ? NaN
                                                   : isNegative
                                                       ? NegativeInfinity
                                                       : PositiveInfinity;
  }
}

/// The sum if infinities and NaNs are among its terms; none if only finite
/// numbers are.
static std::optional<uint32_t> addSpecials(const SumRule &rule,
                                           const SplitMatrix &a,
                                           const SplitMatrix &b, unsigned row,
                                           unsigned column, unsigned firstK,
                                           unsigned length, uint32_t c) {
  bool isHalf = rule.rounding == SumRounding::Half;
  FloatFormat format = isHalf ? formatF16 : formatF32;
  Unpacked value = unpack(format, c, false);
  bool hasPositive = value.isInfinity() && !value.isNegative;
  bool hasNegative = value.isInfinity() && value.isNegative;
  bool hasNaN = value.isNaN();
  for (unsigned k = firstK; k != firstK + length; ++k) {
    SplitMatrix::Special specialA = a.specialAt(row, k);
    SplitMatrix::Special specialB = b.specialAt(k, column);
    if (!specialA && !specialB)
      continue;
    bool isZero =
        (!specialA && a.isZero(row, k)) || (!specialB && b.isZero(k, column));
    if (specialA == SplitMatrix::NaN || specialB == SplitMatrix::NaN ||
        isZero) {
      hasNaN = true;
      continue;
    }
    bool isNegative = (a.significands[row * a.stride + k] < 0) !=
                      (b.significands[k * b.stride + column] < 0);
    (isNegative ? hasNegative : hasPositive) = true;
  }
  if (hasNaN || (hasPositive && hasNegative))
    return static_cast<uint32_t>(format.nan());
  if (!hasPositive && !hasNegative)
    return std::nullopt;
  return static_cast<uint32_t>(format.infinity() |
                               (hasNegative ? format.signBit() : 0));
}

void emulator::multiplyAdd(const SumRule &rule, const SplitMatrix &a,
                           const SplitMatrix &b, const uint32_t *c,
                           uint32_t *d) {
  assert(a.columns == b.rows && b.columns <= maxColumns);
  const unsigned numColumns = b.columns, stride = b.stride;
  bool isHalf = rule.rounding == SumRounding::Half;
  FloatFormat formatC = isHalf ? formatF16 : formatF32;
  alignas(64) int32_t significandsC[maxColumns], exponentsC[maxColumns];
  std::fill_n(significandsC, stride, 0);
  std::fill_n(exponentsC, stride, exponentOfZero);
  alignas(64) int64_t sums[maxColumns];
  alignas(64) int32_t largest[maxColumns];
  BlockArguments block;
  block.numColumns = stride;
  block.stride = stride;
  block.fractionBits = static_cast<int32_t>(rule.fractionBits);
  block.productShift = rule.fractionBits - a.mantissaBits - b.mantissaBits;
  block.shiftC = int(rule.fractionBits) - formatC.mantissaBits;
  bool isModerate = a.isModerate && b.isModerate;
  bool hasSpecialFactor = !a.specials.empty() || !b.specials.empty();
  // Short rows are taken together.
  unsigned rowsAtOnce = stride == numColumns ? maxColumns / stride : 1;
  for (unsigned first = 0; first < a.rows; first += rowsAtOnce) {
    unsigned numRows = std::min(rowsAtOnce, a.rows - first);
    unsigned count = numRows * numColumns;
    const uint32_t *current = c + first * numColumns;
    uint32_t *result = d + first * numColumns;
    for (unsigned k = 0; k < a.columns; k += rule.blockLength) {
      SplitArguments partC = {formatC, current,       0,         false,
                              count,   significandsC, exponentsC};
      bool hasSpecial =
          TK_AT_HOST_LEVEL(split, partC).hasSpecial | hasSpecialFactor;
      block.length = std::min(rule.blockLength, a.columns - k);
      block.significandB = b.significands.data() + k * stride;
      block.exponentB = b.exponents.data() + k * stride;
      block.valueB = isModerate ? b.values.data() + k * stride : nullptr;
      for (unsigned row = 0; row != numRows; ++row) {
        unsigned at = (first + row) * a.stride + k;
        block.significandA = a.significands.data() + at;
        block.exponentA = a.exponents.data() + at;
        block.valueA = a.values.data() + at;
        block.significandC = significandsC + row * stride;
        block.exponentC = exponentsC + row * stride;
        block.sums = sums + row * stride;
        block.largest = largest + row * stride;
        TK_AT_HOST_LEVEL(addBlock, block);
      }
      alignas(64) uint32_t finished[maxColumns];
      TK_AT_HOST_LEVEL(finishSums, rule.rounding, sums, largest,
                       static_cast<int32_t>(rule.fractionBits), count,
                       finished);
      for (unsigned i = 0; hasSpecial && i != count; ++i)
        finished[i] = addSpecials(rule, a, b, first + i / numColumns,
                                  i % numColumns, k, block.length, current[i])
                          .value_or(finished[i]);
      std::copy_n(finished, count, result);
      current = result;
    }
  }
}
