//===- SoftFloat.h - exact arithmetic in any format -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the host's own arithmetic does not offer: directed roundings, narrow
// formats, saturation. A number is unpacked, operated on exactly (what does not
// fit is kept as a sticky bit), and rounded once into the format of the result.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_SOFTFLOAT_H
#define TK_LIB_EMULATOR_SOFTFLOAT_H

#include <cstdint>

namespace mlir::tk::emulator {

/// Rounding modifiers, 9.7.3: `.rn`, `.rz`, `.rm`, `.rp`, and `.rna` (nearest,
/// ties away from zero).
enum class Rounding : uint8_t {
  NearestEven,
  TowardZero,
  Down,
  Up,
  NearestAway,
};

/// A binary floating-point format of up to 64 bits.
struct FloatFormat {
  uint8_t exponentBits;
  uint8_t mantissaBits;
  /// e4m3: no infinities; all ones is NaN.
  bool isFiniteOnly = false;

  constexpr unsigned width() const { return 1 + exponentBits + mantissaBits; }
  constexpr int bias() const { return (1 << (exponentBits - 1)) - 1; }
  constexpr uint64_t mantissaMask() const {
    return (uint64_t(1) << mantissaBits) - 1;
  }
  constexpr uint64_t signBit() const { return uint64_t(1) << (width() - 1); }
  constexpr uint64_t infinity() const {
    return ((uint64_t(1) << exponentBits) - 1) << mantissaBits;
  }
  /// Largest finite magnitude.
  constexpr uint64_t largest() const {
    return isFiniteOnly ? infinity() | (mantissaMask() - 1) : infinity() - 1;
  }
  /// What the hardware makes of an invalid operation: all bits but the sign; in
  /// f64 only the quiet bit and the sign.
  constexpr uint64_t nan() const {
    return width() == 64 ? 0xFFF8000000000000 : signBit() - 1;
  }
};

inline constexpr FloatFormat formatF16{5, 10};
inline constexpr FloatFormat formatBF16{8, 7};
/// In the upper 19 bits of a 32-bit register: see roundToTF32.
inline constexpr FloatFormat formatTF32{8, 10};
inline constexpr FloatFormat formatF32{8, 23};
inline constexpr FloatFormat formatF64{11, 52};
inline constexpr FloatFormat formatE4M3{4, 3, true};
inline constexpr FloatFormat formatE5M2{5, 2};

/// significand * 2^exponent, and a little more in magnitude if `isSticky`.
struct Unpacked {
  enum class Kind : uint8_t { Finite, Infinity, NaN };
  Kind kind = Kind::Finite;
  bool isNegative = false;
  bool isSticky = false;
  int exponent = 0;
  unsigned __int128 significand = 0;

  bool isZero() const {
    return kind == Kind::Finite && !significand && !isSticky;
  }
  bool isNaN() const { return kind == Kind::NaN; }
  bool isInfinity() const { return kind == Kind::Infinity; }
};

/// `.ftz`: a subnormal becomes a zero of its sign.
Unpacked unpack(FloatFormat format, uint64_t bits, bool flushesSubnormals);
Unpacked fromUnsigned(uint64_t value);
Unpacked fromSigned(int64_t value);

/// Exact but for the sticky bit. `rounding` decides the sign of an exact zero
/// that comes from operands of opposite signs.
Unpacked add(Unpacked lhs, Unpacked rhs, Rounding rounding);
Unpacked multiply(Unpacked lhs, Unpacked rhs);
Unpacked divide(Unpacked lhs, Unpacked rhs);
Unpacked squareRoot(Unpacked value);
inline Unpacked negate(Unpacked value) {
  value.isNegative = !value.isNegative;
  return value;
}

struct RoundOptions {
  Rounding rounding = Rounding::NearestEven;
  /// `.ftz`: a subnormal result becomes a zero of its sign. It is one if it
  /// would be below the normal numbers as rounded with an unbounded exponent.
  bool flushesSubnormals = false;
  /// `.satfinite`: what is too large becomes the largest finite number.
  bool isSatfinite = false;
};
/// The bits in `format`.
uint64_t round(FloatFormat format, const Unpacked &value,
               const RoundOptions &options);

/// To an integer of `width` bits; out of range gives the nearest.
uint64_t roundToInteger(const Unpacked &value, Rounding rounding,
                        unsigned width, bool isSigned);

/// To an integral number of the same kind.
Unpacked roundToIntegral(const Unpacked &value, Rounding rounding);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_SOFTFLOAT_H
