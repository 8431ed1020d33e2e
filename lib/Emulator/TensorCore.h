//===- TensorCore.h - the arithmetic of matrix units ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The PTX ISA leaves the rounding of mma and wgmma open (9.7.14, 9.7.15). What
// NVIDIA's matrix units do was found by experiment: Fasi, Higham, Mikaitis,
// Pranesh, "Numerical behavior of NVIDIA tensor cores" (2021); Khattak and
// Mikaitis, "Accurate models of NVIDIA tensor cores" (2025). The model:
//
//   d = c + a[0] b[0] + ... + a[K-1] b[K-1] for a block of K products:
//   1. products are exact; their exponent is the sum of those of the factors
//      (the significand of a product lies in [1, 4));
//   2. all terms are aligned to the largest exponent and cut off (towards zero)
//      after `fractionBits` bits below it;
//   3. the sum of these is exact, and is cut off to the result, or rounded to
//      nearest even if that is f16.
//
// An instruction with more products than a block chains blocks through c.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_TENSORCORE_H
#define TK_LIB_EMULATOR_TENSORCORE_H

#include "SoftFloat.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace mlir::tk::emulator {

/// The form of a result.
enum class SumRounding : uint8_t {
  /// f32, cut off.
  Single,
  /// f32 of which only 13 bits of the fraction are kept, cut off.
  Single13,
  /// f16, to nearest even.
  Half,
};

/// The parameters of the model.
struct SumRule {
  unsigned blockLength;
  unsigned fractionBits;
  SumRounding rounding;
  /// The unit has no such instruction; it is made of others: 8-bit floats
  /// become f16, the first two of every four along K are multiplied before the
  /// last two, and c is added at the end, in the format of the result and to
  /// nearest even.
  bool isEmulatedEight = false;
};

/// Which unit runs an instruction.
enum class MatrixUnit : uint8_t { Mma, Wgmma };

/// As measured on an H100 (utils/measure-ptx.sh); see docs/Emulator.md.
SumRule getSumRule(MatrixUnit unit, FloatFormat a, FloatFormat b,
                   bool isHalfResult);

/// Numbers of a matrix taken apart, row by row: significand * 2^(exponent -
/// mantissaBits).
struct SplitMatrix {
  /// `bits` holds the elements row by row, in the lowest bits after a shift to
  /// the right; tf32 as its 19.
  void assign(unsigned rows, unsigned columns, FloatFormat format,
              llvm::ArrayRef<uint32_t> bits, unsigned shift = 0,
              bool isNegated = false);

  unsigned rows = 0, columns = 0;
  /// Elements from one row to the next: whole vectors.
  unsigned stride = 0;
  /// Without allocation for what mma.sync multiplies.
  llvm::SmallVector<int32_t, 512> significands;
  llvm::SmallVector<int32_t, 512> exponents;
  /// The numbers themselves. Mean something if `isModerate`.
  llvm::SmallVector<float, 512> values;
  /// All exponents but those of zeros lie in [-50, 50]: products are exact in
  /// f32, and so are products by the power of two that aligns them.
  bool isModerate = false;
  unsigned mantissaBits = 0;
  enum Special : uint8_t { None, PositiveInfinity, NegativeInfinity, NaN };
  /// Infinities and NaNs; empty if there are none.
  llvm::SmallVector<uint8_t, 0> specials;

  Special specialAt(unsigned row, unsigned column) const {
    return specials.empty() ? None : Special(specials[row * stride + column]);
  }
  bool isZero(unsigned row, unsigned column) const {
    return !significands[row * stride + column];
  }
};

/// The bits of c and d are f32, or f16 if the rule says so. `a` is [M, K], `b`
/// is [K, N]; c and d are [M, N], row-major, and may be one.
void multiplyAdd(const SumRule &rule, const SplitMatrix &a,
                 const SplitMatrix &b, const uint32_t *c, uint32_t *d);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_TENSORCORE_H
