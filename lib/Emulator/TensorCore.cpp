//===- TensorCore.cpp - the arithmetic of matrix units --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TensorCore.h"
#include "LaneLoops.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include <algorithm>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// Of wgmma.
constexpr unsigned maxColumns = 256;

/// The exponent of zero: below every other sum of two.
constexpr int32_t exponentOfZero = -100000;

struct BlockArguments {
  unsigned numColumns;
  unsigned length;
  const int32_t *significandA;
  const int32_t *exponentA;
  const int32_t *significandB;
  const int32_t *exponentB;
  /// From one row of B to the next.
  unsigned stride;
  /// From the fraction bits of a product to those of the sum.
  unsigned productShift;
  const int32_t *significandC;
  const int32_t *exponentC;
  /// The result is sums * 2^(largest - fractionBits); sums start at 0.
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

void SplitMatrix::resize(unsigned newRows, unsigned newColumns) {
  rows = newRows;
  columns = newColumns;
  significands.resize_for_overwrite(rows * columns);
  exponents.resize_for_overwrite(rows * columns);
  specials.assign(rows * columns, None);
  hasSpecial = false;
}

void SplitMatrix::set(unsigned row, unsigned column, FloatFormat format,
                      uint32_t bits, bool isNegated) {
  unsigned index = row * columns + column;
  mantissaBits = format.mantissaBits;
  uint32_t mantissa = bits & static_cast<uint32_t>(format.mantissaMask());
  uint32_t magnitude = bits & static_cast<uint32_t>(format.signBit() - 1);
  bool isNegative = bool(bits & format.signBit()) != isNegated;
  int32_t exponent = static_cast<int32_t>(magnitude >> format.mantissaBits);
  if (magnitude > format.largest()) {
    hasSpecial = true;
    bool isNaN = format.isFiniteOnly || mantissa;
    specials[index] = isNaN        ? NaN
                      : isNegative ? NegativeInfinity
                                   : PositiveInfinity;
  }
  if (exponent)
    mantissa |= static_cast<uint32_t>(format.mantissaMask()) + 1;
  significands[index] =
      isNegative ? -static_cast<int32_t>(mantissa) : int32_t(mantissa);
  exponents[index] =
      mantissa ? std::max(exponent, 1) - format.bias() : exponentOfZero;
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
    unsigned indexA = row * a.columns + k, indexB = k * b.columns + column;
    unsigned specialA = a.specials[indexA], specialB = b.specials[indexB];
    if (!specialA && !specialB)
      continue;
    bool isZero = (!specialA && !a.significands[indexA]) ||
                  (!specialB && !b.significands[indexB]);
    if (specialA == SplitMatrix::NaN || specialB == SplitMatrix::NaN ||
        isZero) {
      hasNaN = true;
      continue;
    }
    bool isNegative =
        (a.significands[indexA] < 0) != (b.significands[indexB] < 0);
    (isNegative ? hasNegative : hasPositive) = true;
  }
  if (hasNaN || (hasPositive && hasNegative))
    return static_cast<uint32_t>(format.nan());
  if (!hasPositive && !hasNegative)
    return std::nullopt;
  return static_cast<uint32_t>(format.infinity() |
                               (hasNegative ? format.signBit() : 0));
}

namespace {
/// A row of c, taken apart and aligned at `fractionBits`.
struct SplitRow {
  alignas(64) int32_t significands[maxColumns];
  alignas(64) int32_t exponents[maxColumns];
  bool hasSpecial = false;

  void read(const SumRule &rule, const uint32_t *c, unsigned numColumns) {
    hasSpecial = false;
    bool isHalf = rule.rounding == SumRounding::Half;
    FloatFormat format = isHalf ? formatF16 : formatF32;
    int shift = int(rule.fractionBits) - format.mantissaBits;
    uint32_t hidden = static_cast<uint32_t>(format.mantissaMask()) + 1;
    for (unsigned n = 0; n != numColumns; ++n) {
      uint32_t mantissa = c[n] & (hidden - 1);
      uint32_t magnitude = c[n] & (static_cast<uint32_t>(format.signBit()) - 1);
      int32_t exponent = int32_t(magnitude >> format.mantissaBits);
      hasSpecial |= magnitude >= format.infinity();
      mantissa |= exponent ? hidden : 0;
      int32_t aligned =
          int32_t(shift >= 0 ? mantissa << shift : mantissa >> -shift);
      significands[n] = c[n] & format.signBit() ? -aligned : aligned;
      exponents[n] =
          mantissa ? std::max(exponent, 1) - format.bias() : exponentOfZero;
    }
  }
};
} // namespace

void emulator::multiplyAdd(const SumRule &rule, const SplitMatrix &a,
                           const SplitMatrix &b, const uint32_t *c,
                           uint32_t *d) {
  assert(a.columns == b.rows && b.columns <= maxColumns);
  const unsigned numColumns = b.columns;
  SplitRow row;
  alignas(64) int64_t sums[maxColumns];
  alignas(64) int32_t largest[maxColumns];
  for (unsigned m = 0; m != a.rows; ++m) {
    const uint32_t *current = c + m * numColumns;
    uint32_t *result = d + m * numColumns;
    for (unsigned k = 0; k < a.columns; k += rule.blockLength) {
      unsigned length = std::min(rule.blockLength, a.columns - k);
      row.read(rule, current, numColumns);
      bool hasSpecial = a.hasSpecial || b.hasSpecial || row.hasSpecial;
      std::fill_n(sums, numColumns, 0);
      BlockArguments block;
      block.numColumns = numColumns;
      block.length = length;
      block.significandA = a.significands.data() + m * a.columns + k;
      block.exponentA = a.exponents.data() + m * a.columns + k;
      block.significandB = b.significands.data() + k * numColumns;
      block.exponentB = b.exponents.data() + k * numColumns;
      block.stride = numColumns;
      block.productShift = rule.fractionBits - a.mantissaBits - b.mantissaBits;
      block.significandC = row.significands;
      block.exponentC = row.exponents;
      block.sums = sums;
      block.largest = largest;
      TK_AT_HOST_LEVEL(addBlock, block);
      alignas(64) uint32_t finished[maxColumns];
      TK_AT_HOST_LEVEL(finishSums, rule.rounding, sums, largest,
                       static_cast<int32_t>(rule.fractionBits), numColumns,
                       finished);
      for (unsigned n = 0; hasSpecial && n != numColumns; ++n)
        finished[n] = addSpecials(rule, a, b, m, n, k, length, current[n])
                          .value_or(finished[n]);
      std::copy_n(finished, numColumns, result);
      current = result;
    }
  }
}
