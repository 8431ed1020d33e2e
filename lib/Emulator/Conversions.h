//===- Conversions.h - one conversion of one number -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_CONVERSIONS_H
#define TK_LIB_EMULATOR_CONVERSIONS_H

#include "SoftFloat.h"
#include "tk/Emulator/Ptx.h"

namespace mlir::tk::emulator {

/// What a cvt does with one number.
struct Conversion {
  PtxType to = PtxType::F32;
  PtxType from = PtxType::F32;
  Rounding rounding = Rounding::NearestEven;
  /// `.rni` and its kind: to an integral number.
  bool isIntegerRounding = false;
  bool flushesSubnormals = false;
  bool saturates = false;
  bool isSatfinite = false;
  bool isRelu = false;
};

bool isFloatFormat(PtxType type);
bool isSignedInteger(PtxType type);
/// Of a type of one float (tf32 as its 19 bits).
FloatFormat formatOf(PtxType type);

/// 9.7.9.21, for a number in the lowest bits of `bits`. An integer result is
/// extended to 64 bits as its type says.
uint64_t convert(const Conversion &conversion, uint64_t bits);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_CONVERSIONS_H
