//===- SoftFloat.cpp - exact arithmetic in any format ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SoftFloat.h"
#include <algorithm>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

using Wide = unsigned __int128;

/// Position of the highest set bit; -1 of zero.
static int highestBit(Wide value) {
  uint64_t high = static_cast<uint64_t>(value >> 64);
  if (high)
    return 127 - __builtin_clzll(high);
  uint64_t low = static_cast<uint64_t>(value);
  return low ? 63 - __builtin_clzll(low) : -1;
}

/// Moves the highest bit to `position`, to the left only.
static void widen(Unpacked &value, int position) {
  int shift = position - highestBit(value.significand);
  if (!value.significand || shift <= 0)
    return;
  value.significand <<= shift;
  value.exponent -= shift;
}

/// value >> shift; `sticky` is set if bits are lost.
static Wide shiftRight(Wide value, int shift, bool &sticky) {
  if (shift <= 0)
    return value;
  if (shift > 127) {
    sticky |= value != 0;
    return 0;
  }
  sticky |= (value & ((Wide(1) << shift) - 1)) != 0;
  return value >> shift;
}

Unpacked emulator::unpack(FloatFormat format, uint64_t bits,
                          bool flushesSubnormals) {
  Unpacked result;
  result.isNegative = bits & format.signBit();
  uint64_t magnitude = bits & (format.signBit() - 1);
  uint64_t mantissa = magnitude & format.mantissaMask();
  int exponent = static_cast<int>(magnitude >> format.mantissaBits);
  bool isTop = exponent == (1 << format.exponentBits) - 1;
  if (format.isFiniteOnly ? magnitude > format.largest() : isTop) {
    result.kind = format.isFiniteOnly || mantissa ? Unpacked::Kind::NaN
                                                  : Unpacked::Kind::Infinity;
    return result;
  }
  if (!exponent && flushesSubnormals)
    mantissa = 0;
  result.significand =
      exponent ? mantissa | (format.mantissaMask() + 1) : mantissa;
  result.exponent = std::max(exponent, 1) - format.bias() - format.mantissaBits;
  return result;
}

Unpacked emulator::fromUnsigned(uint64_t value) {
  Unpacked result;
  result.significand = value;
  return result;
}

Unpacked emulator::fromSigned(int64_t value) {
  Unpacked result = fromUnsigned(value < 0 ? 0 - static_cast<uint64_t>(value)
                                           : uint64_t(value));
  result.isNegative = value < 0;
  return result;
}

/// A NaN, and the case of infinities; true if that settles the sum.
static bool addSpecial(const Unpacked &lhs, const Unpacked &rhs,
                       Unpacked &result) {
  bool cancels =
      lhs.isInfinity() && rhs.isInfinity() && lhs.isNegative != rhs.isNegative;
  if (lhs.isNaN() || rhs.isNaN() || cancels) {
    result.kind = Unpacked::Kind::NaN;
    return true;
  }
  if (!lhs.isInfinity() && !rhs.isInfinity())
    return false;
  result = lhs.isInfinity() ? lhs : rhs;
  return true;
}

Unpacked emulator::add(Unpacked lhs, Unpacked rhs, Rounding rounding) {
  Unpacked result;
  if (addSpecial(lhs, rhs, result))
    return result;
  if (!lhs.significand || !rhs.significand) {
    if (lhs.significand || rhs.significand)
      return lhs.significand ? lhs : rhs;
    result.isNegative = lhs.isNegative == rhs.isNegative
                            ? lhs.isNegative
                            : rounding == Rounding::Down;
    return result;
  }
  // One bit is kept for the carry; the smaller is shifted right.
  widen(lhs, 126);
  widen(rhs, 126);
  if (lhs.exponent < rhs.exponent ||
      (lhs.exponent == rhs.exponent && lhs.significand < rhs.significand))
    std::swap(lhs, rhs);
  bool sticky = false;
  Wide smaller =
      shiftRight(rhs.significand, lhs.exponent - rhs.exponent, sticky);
  result.exponent = lhs.exponent;
  result.isNegative = lhs.isNegative;
  result.isSticky = sticky;
  if (lhs.isNegative == rhs.isNegative) {
    result.significand = lhs.significand + smaller;
    return result;
  }
  // What was lost is subtracted too: one unit less, and a little more.
  result.significand = lhs.significand - smaller - (sticky ? 1 : 0);
  if (result.isZero())
    result.isNegative = rounding == Rounding::Down;
  return result;
}

Unpacked emulator::multiply(Unpacked lhs, Unpacked rhs) {
  Unpacked result;
  result.isNegative = lhs.isNegative != rhs.isNegative;
  bool isInvalid =
      (lhs.isInfinity() && rhs.isZero()) || (lhs.isZero() && rhs.isInfinity());
  if (lhs.isNaN() || rhs.isNaN() || isInvalid) {
    result.kind = Unpacked::Kind::NaN;
    return result;
  }
  if (lhs.isInfinity() || rhs.isInfinity()) {
    result.kind = Unpacked::Kind::Infinity;
    return result;
  }
  result.significand = lhs.significand * rhs.significand;
  result.exponent = lhs.exponent + rhs.exponent;
  return result;
}

Unpacked emulator::divide(Unpacked lhs, Unpacked rhs) {
  Unpacked result;
  result.isNegative = lhs.isNegative != rhs.isNegative;
  bool isInvalid =
      (lhs.isInfinity() && rhs.isInfinity()) || (lhs.isZero() && rhs.isZero());
  if (lhs.isNaN() || rhs.isNaN() || isInvalid) {
    result.kind = Unpacked::Kind::NaN;
    return result;
  }
  if (lhs.isInfinity() || rhs.isZero()) {
    result.kind = Unpacked::Kind::Infinity;
    return result;
  }
  if (lhs.isZero() || rhs.isInfinity())
    return result;
  // 127 bits by at most 64: the quotient has 63 or more.
  widen(lhs, 126);
  result.significand = lhs.significand / rhs.significand;
  result.isSticky = lhs.significand % rhs.significand != 0;
  result.exponent = lhs.exponent - rhs.exponent;
  return result;
}

Unpacked emulator::squareRoot(Unpacked value) {
  if (value.isNaN() || value.isZero())
    return value;
  Unpacked result;
  if (value.isNegative) {
    result.kind = Unpacked::Kind::NaN;
    return result;
  }
  if (value.isInfinity())
    return value;
  widen(value, 126);
  if (value.exponent & 1) {
    value.significand >>= 1; // Its lowest bits are zero.
    ++value.exponent;
  }
  // Digit by digit: root is the largest with root^2 <= significand.
  Wide rest = value.significand, root = 0;
  for (Wide bit = Wide(1) << 126; bit; bit >>= 2) {
    if (rest >= root + bit) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  result.significand = root;
  result.isSticky = rest != 0;
  result.exponent = value.exponent / 2;
  return result;
}

/// Whether the magnitude is rounded up, given its lowest kept bit, the first
/// lost bit, and whether anything lies below that.
static bool roundsUp(Rounding rounding, bool isNegative, bool lowest, bool half,
                     bool rest) {
  switch (rounding) {
  case Rounding::NearestEven:
    return half && (rest || lowest);
  case Rounding::NearestAway:
    return half;
  case Rounding::TowardZero:
    return false;
  case Rounding::Down:
    return isNegative && (half || rest);
  case Rounding::Up:
    return !isNegative && (half || rest);
  }
  __builtin_unreachable();
}

/// significand * 2^exponent to a multiple of 2^unit: the multiple.
static Wide roundAt(const Unpacked &value, int unit, Rounding rounding) {
  int shift = unit - value.exponent;
  if (shift <= 0)
    return value.significand << -shift;
  bool rest = value.isSticky;
  Wide shifted = shiftRight(value.significand, shift - 1, rest);
  bool half = shifted & 1;
  Wide kept = shifted >> 1;
  return kept + roundsUp(rounding, value.isNegative, kept & 1, half, rest);
}

static uint64_t overflow(FloatFormat format, bool isNegative,
                         const RoundOptions &options) {
  bool staysFinite = options.isSatfinite ||
                     options.rounding == Rounding::TowardZero ||
                     (options.rounding == Rounding::Down && !isNegative) ||
                     (options.rounding == Rounding::Up && isNegative);
  if (staysFinite)
    return format.largest();
  return format.isFiniteOnly ? format.nan() : format.infinity();
}

uint64_t emulator::round(FloatFormat format, const Unpacked &value,
                         const RoundOptions &options) {
  if (value.isNaN())
    return format.nan();
  uint64_t sign = value.isNegative ? format.signBit() : 0;
  if (value.isInfinity()) {
    if (options.isSatfinite)
      return sign | format.largest();
    return format.isFiniteOnly ? format.nan() : sign | format.infinity();
  }
  if (!value.significand && !value.isSticky)
    return sign;
  Unpacked wide = value;
  widen(wide, 100);
  int top = wide.significand ? highestBit(wide.significand) + wide.exponent
                             : -(1 << 20);
  int smallest = 1 - format.bias();
  if (options.flushesSubnormals && top < smallest) {
    // A carry into the smallest normal number is the only way out.
    bool isNormal =
        top + 1 == smallest &&
        roundAt(wide, top - int(format.mantissaBits), options.rounding) >>
            (format.mantissaBits + 1);
    return isNormal ? sign | (uint64_t(1) << format.mantissaBits) : sign;
  }
  int exponent = std::max(top, smallest);
  int unit = exponent - format.mantissaBits;
  uint64_t kept = static_cast<uint64_t>(roundAt(wide, unit, options.rounding));
  // A carry into the next binade carries into the exponent field, as does the
  // step from the largest subnormal to the smallest normal number.
  uint64_t field = static_cast<uint64_t>(exponent + format.bias() - 1);
  uint64_t magnitude = (field << format.mantissaBits) + kept;
  if (magnitude > format.largest())
    return sign | overflow(format, value.isNegative, options);
  return sign | magnitude;
}

uint64_t emulator::roundToInteger(const Unpacked &value, Rounding rounding,
                                  unsigned width, bool isSigned) {
  uint64_t all = width == 64 ? ~uint64_t(0) : (uint64_t(1) << width) - 1;
  uint64_t largest = isSigned ? all >> 1 : all;
  uint64_t smallest = isSigned ? largest + 1 : 0; // Magnitude.
  uint64_t limit = value.isNegative ? smallest : largest;
  Wide magnitude;
  if (value.isInfinity() || highestBit(value.significand) + value.exponent > 64)
    magnitude = Wide(1) << 65;
  else
    magnitude = roundAt(value, 0, rounding);
  uint64_t kept = magnitude > limit ? limit : static_cast<uint64_t>(magnitude);
  return (value.isNegative ? 0 - kept : kept) & all;
}

Unpacked emulator::roundToIntegral(const Unpacked &value, Rounding rounding) {
  if (value.kind != Unpacked::Kind::Finite || value.exponent >= 0)
    return value;
  Unpacked result = value;
  result.significand = roundAt(value, 0, rounding);
  result.exponent = 0;
  result.isSticky = false;
  return result;
}
