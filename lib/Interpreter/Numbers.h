//===- Numbers.h - 16-bit floats and exact roundings between formats ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything here is branch-free, so that loops over tiles vectorise, and
// depends on no instruction set: every host computes the same bits.

#ifndef TK_LIB_INTERPRETER_NUMBERS_H
#define TK_LIB_INTERPRETER_NUMBERS_H

#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace mlir::tk {

/// IEEE binary16.
struct F16 {
  uint16_t bits;
};
/// The upper half of an IEEE binary32.
struct BF16 {
  uint16_t bits;
};

/// The type in which arithmetic on T is done. One operation of + - * / sqrt in
/// f32 and one rounding give the correctly rounded 16-bit result, because 24
/// bits are at least 2 * 11 + 2 (Figueroa, "When is double rounding
/// innocuous?", 1995).
template <typename T>
using Wide =
    std::conditional_t<std::is_same_v<T, F16> || std::is_same_v<T, BF16>, float,
                       T>;

template <typename T>
constexpr bool isFloatType =
    std::is_same_v<T, F16> || std::is_same_v<T, BF16> ||
    std::is_same_v<T, float> || std::is_same_v<T, double>;

template <typename T> T widen(T value) { return value; }

inline float widen(BF16 value) {
  return llvm::bit_cast<float>(uint32_t(value.bits) << 16);
}

inline float widen(F16 value) {
  uint32_t magnitude = (value.bits & 0x7fffu) << 13;
  // Scaling by 2^112 corrects the exponent, of subnormals too, exactly.
  float scaled = llvm::bit_cast<float>(magnitude) * 0x1p112f;
  uint32_t bits = llvm::bit_cast<uint32_t>(scaled);
  bits |= magnitude >= 0x0f800000u ? 0x7f800000u : 0u;
  return llvm::bit_cast<float>(bits | (value.bits & 0x8000u) << 16);
}

/// Rounds to the nearest, ties to even.
inline BF16 roundToBF16(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
  uint32_t nan = ((bits >> 16) & 0x8000u) | 0x7fc0u;
  return {uint16_t((bits & 0x7fffffffu) > 0x7f800000u ? nan : rounded)};
}

/// Rounds to the nearest, ties to even.
inline F16 roundToF16(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  uint32_t rebased = magnitude - (112u << 23);
  uint32_t normal = (rebased + 0xfffu + ((rebased >> 13) & 1)) >> 13;
  // One unit in the last place of 0.5 is the smallest subnormal, 2^-24, so the
  // addition itself rounds.
  uint32_t subnormal =
      llvm::bit_cast<uint32_t>(llvm::bit_cast<float>(magnitude) + 0.5f) -
      0x3f000000u;
  uint32_t result = magnitude < 0x38800000u ? subnormal : normal;
  result = magnitude >= 0x47800000u ? 0x7c00u : result;
  result = magnitude > 0x7f800000u ? 0x7e00u : result;
  return {uint16_t(sign | result)};
}

/// Rounds to f32 such that a second rounding, to a format with at most 22 bits,
/// is correct: an inexact result gets an odd last bit (Boldo and Melquiond,
/// "Emulation of FMA and correctly rounded sums", 2008).
inline float roundToOdd(double value) {
  float nearest = static_cast<float>(value);
  double back = nearest;
  uint32_t bits = llvm::bit_cast<uint32_t>(nearest);
  bool isInexact = back != value && value == value;
  bool isAway = std::fabs(back) > std::fabs(value);
  bool isEven = (bits & 1) == 0;
  bits += isInexact && isEven ? (isAway ? ~0u : 1u) : 0u;
  return llvm::bit_cast<float>(bits);
}

/// Rounds to the nearest, ties to even, once.
template <typename T> T roundTo(float value) {
  if constexpr (std::is_same_v<T, F16>)
    return roundToF16(value);
  else if constexpr (std::is_same_v<T, BF16>)
    return roundToBF16(value);
  else
    return static_cast<T>(value);
}
template <typename T> T roundTo(double value) {
  if constexpr (std::is_same_v<T, F16> || std::is_same_v<T, BF16>)
    return roundTo<T>(roundToOdd(value));
  else
    return static_cast<T>(value);
}

/// The double that `roundTo` can round again correctly: exact, or (from 2^53
/// on) with an odd last bit.
template <typename Int> double toDoubleOdd(Int value) {
  if constexpr (sizeof(Int) < 8)
    return static_cast<double>(value);
  bool isNegative = std::is_signed_v<Int> && value < 0;
  uint64_t magnitude =
      isNegative ? 0 - static_cast<uint64_t>(value) : uint64_t(value);
  uint64_t sticky = (magnitude & 0x7ffu) ? 0x800u : 0u;
  uint64_t kept =
      (magnitude >> 53) ? (magnitude & ~uint64_t(0x7ff)) | sticky : magnitude;
  double result = static_cast<double>(kept);
  return isNegative ? -result : result;
}

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_NUMBERS_H
