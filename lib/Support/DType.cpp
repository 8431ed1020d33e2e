//===- DType.cpp - the element types of tensors in memory -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/DType.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace llvm;
using namespace mlir::tk;

namespace {
/// One row per DType, in the order of the enumeration.
struct DTypeInfo {
  DType dtype;
  StringLiteral name;
  uint8_t sizeInBytes;
};

/// A binary floating-point format of at most 16 bits.
struct SmallFloatFormat {
  unsigned mantissaBits;
  int bias;
  /// The bit patterns without sign: infinity does not exist in E4M3.
  uint32_t maxFinite;
  uint32_t infinity;
  uint32_t nan;
  bool saturates;
};
} // namespace

static constexpr DTypeInfo kDTypes[] = {
    {DType::Bool, "bool", 1},     {DType::I8, "i8", 1},
    {DType::I16, "i16", 2},       {DType::I32, "i32", 4},
    {DType::I64, "i64", 8},       {DType::U8, "u8", 1},
    {DType::U16, "u16", 2},       {DType::U32, "u32", 4},
    {DType::U64, "u64", 8},       {DType::F8E4M3, "f8e4m3", 1},
    {DType::F8E5M2, "f8e5m2", 1}, {DType::F16, "f16", 2},
    {DType::BF16, "bf16", 2},     {DType::F32, "f32", 4},
    {DType::F64, "f64", 8},
};

static constexpr SmallFloatFormat kF8E4M3 = {3, 7, 0x7e, 0x7e, 0x7f, true};
static constexpr SmallFloatFormat kF8E5M2 = {2, 15, 0x7b, 0x7c, 0x7e, true};
static constexpr SmallFloatFormat kF16 = {10,     15,     0x7bff,
                                          0x7c00, 0x7e00, false};
static constexpr SmallFloatFormat kBF16 = {7,      127,    0x7f7f,
                                           0x7f80, 0x7fc0, false};

static const DTypeInfo &getInfo(DType dtype) {
  return kDTypes[static_cast<size_t>(dtype)];
}

ArrayRef<DType> mlir::tk::getAllDTypes() {
  static const SmallVector<DType> all =
      map_to_vector(kDTypes, [](const DTypeInfo &info) { return info.dtype; });
  return all;
}

StringRef mlir::tk::getDTypeName(DType dtype) { return getInfo(dtype).name; }

std::optional<DType> mlir::tk::parseDTypeName(StringRef name) {
  for (const DTypeInfo &info : kDTypes)
    if (info.name == name)
      return info.dtype;
  return std::nullopt;
}

int64_t mlir::tk::getSizeInBytes(DType dtype) {
  return getInfo(dtype).sizeInBytes;
}

bool mlir::tk::isFloat(DType dtype) { return dtype >= DType::F8E4M3; }

bool mlir::tk::isSignedInteger(DType dtype) {
  return dtype >= DType::I8 && dtype <= DType::I64;
}

//===----------------------------------------------------------------------===//
// Floating-point formats of at most 16 bits
//===----------------------------------------------------------------------===//

/// Rounds significand * 2^exponent to the nearest, ties to even. Integers and
/// doubles are both of this form exactly, so that nothing is rounded twice.
static uint32_t roundToFormat(const SmallFloatFormat &format,
                              uint64_t significand, int exponent) {
  if (significand == 0)
    return 0;
  int leadingZeros = countl_zero(significand);
  significand <<= leadingZeros;
  int leadingExponent = exponent - leadingZeros + 63;
  int minExponent = 1 - format.bias;
  bool isSubnormal = leadingExponent < minExponent;
  int numDropped = 63 - static_cast<int>(format.mantissaBits) +
                   (isSubnormal ? minExponent - leadingExponent : 0);
  if (numDropped > 64)
    return 0;
  uint64_t kept = numDropped == 64 ? 0 : significand >> numDropped;
  uint64_t dropped = numDropped == 64
                         ? significand
                         : significand & maskTrailingOnes<uint64_t>(numDropped);
  uint64_t half = uint64_t(1) << (numDropped - 1);
  if (dropped > half || (dropped == half && (kept & 1)))
    ++kept;
  // The leading one adds to the exponent field; a carry out of the mantissa
  // then gives the next exponent by itself.
  int64_t biased = isSubnormal ? 0 : leadingExponent + format.bias - 1;
  uint64_t bits = (static_cast<uint64_t>(biased) << format.mantissaBits) + kept;
  if (bits > format.maxFinite)
    return format.saturates ? format.maxFinite : format.infinity;
  return bits;
}

static unsigned getSignShift(const SmallFloatFormat &format) {
  return format.nan > 0xff ? 15 : 7;
}

static uint32_t encode(const SmallFloatFormat &format, double value) {
  uint32_t sign = uint32_t(std::signbit(value)) << getSignShift(format);
  if (std::isnan(value))
    return sign | format.nan;
  if (std::isinf(value))
    return sign | (format.saturates ? format.maxFinite : format.infinity);
  int exponent;
  double fraction = std::frexp(std::fabs(value), &exponent);
  auto significand = static_cast<uint64_t>(std::ldexp(fraction, 53));
  return sign | roundToFormat(format, significand, exponent - 53);
}

static uint32_t encodeInteger(const SmallFloatFormat &format, int64_t value,
                              bool isUnsigned) {
  bool isNegative = !isUnsigned && value < 0;
  uint64_t magnitude = isNegative ? -static_cast<uint64_t>(value) : value;
  return (uint32_t(isNegative) << getSignShift(format)) |
         roundToFormat(format, magnitude, 0);
}

static double decode(const SmallFloatFormat &format, uint32_t bits) {
  uint32_t signBit = uint32_t(1) << getSignShift(format);
  uint32_t magnitude = bits & (signBit - 1);
  double sign = (bits & signBit) ? -1.0 : 1.0;
  if (magnitude > format.maxFinite) {
    if (magnitude == format.infinity)
      return sign * std::numeric_limits<double>::infinity();
    return std::copysign(std::numeric_limits<double>::quiet_NaN(), sign);
  }
  uint32_t mantissa = magnitude & ((1u << format.mantissaBits) - 1);
  int exponent = magnitude >> format.mantissaBits;
  if (exponent == 0)
    exponent = 1;
  else
    mantissa |= 1u << format.mantissaBits;
  int scale = exponent - format.bias - static_cast<int>(format.mantissaBits);
  return sign * std::ldexp(static_cast<double>(mantissa), scale);
}

/// The format of an 8 or 16 bit float, null for the other types.
static const SmallFloatFormat *getSmallFloatFormat(DType dtype) {
  if (dtype == DType::F8E4M3)
    return &kF8E4M3;
  if (dtype == DType::F8E5M2)
    return &kF8E5M2;
  if (dtype == DType::F16)
    return &kF16;
  if (dtype == DType::BF16)
    return &kBF16;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Elements in memory, which may be unaligned
//===----------------------------------------------------------------------===//

template <typename T> static T load(const void *element) {
  T value;
  std::memcpy(&value, element, sizeof(T));
  return value;
}

template <typename T> static void store(void *element, T value) {
  std::memcpy(element, &value, sizeof(T));
}

static void storeBits(DType dtype, void *element, uint32_t bits) {
  if (getSizeInBytes(dtype) == 1)
    store<uint8_t>(element, bits);
  else
    store<uint16_t>(element, bits);
}

/// Truncates, saturates, and turns NaN into 0.
template <typename T> static T saturatingCast(double value) {
  if (std::isnan(value))
    return 0;
  // Exact as doubles: a power of two, and one past the largest value of T.
  constexpr double kMin = static_cast<double>(std::numeric_limits<T>::min());
  const double end = std::ldexp(1.0, std::numeric_limits<T>::digits);
  if (value <= kMin)
    return std::numeric_limits<T>::min();
  if (value >= end)
    return std::numeric_limits<T>::max();
  return static_cast<T>(value);
}

double mlir::tk::readAsDouble(DType dtype, const void *element) {
  switch (dtype) {
  case DType::F8E4M3:
    return decode(kF8E4M3, load<uint8_t>(element));
  case DType::F8E5M2:
    return decode(kF8E5M2, load<uint8_t>(element));
  case DType::F16:
    return decode(kF16, load<uint16_t>(element));
  case DType::BF16:
    return bit_cast<float>(uint32_t(load<uint16_t>(element)) << 16);
  case DType::F32:
    return load<float>(element);
  case DType::F64:
    return load<double>(element);
  case DType::U64:
    return static_cast<double>(load<uint64_t>(element));
  case DType::Bool:
  case DType::I8:
  case DType::I16:
  case DType::I32:
  case DType::I64:
  case DType::U8:
  case DType::U16:
  case DType::U32:
    return static_cast<double>(readAsInteger(dtype, element));
  }
  llvm_unreachable("all element types are listed");
}

int64_t mlir::tk::readAsInteger(DType dtype, const void *element) {
  switch (dtype) {
  case DType::Bool:
    return load<uint8_t>(element) != 0;
  case DType::I8:
    return load<int8_t>(element);
  case DType::I16:
    return load<int16_t>(element);
  case DType::I32:
    return load<int32_t>(element);
  case DType::I64:
  case DType::U64:
    return load<int64_t>(element);
  case DType::U8:
    return load<uint8_t>(element);
  case DType::U16:
    return load<uint16_t>(element);
  case DType::U32:
    return load<uint32_t>(element);
  case DType::F8E4M3:
  case DType::F8E5M2:
  case DType::F16:
  case DType::BF16:
  case DType::F32:
  case DType::F64:
    llvm_unreachable("a float is not read as an integer");
  }
  llvm_unreachable("all element types are listed");
}

void mlir::tk::writeDouble(DType dtype, void *element, double value) {
  switch (dtype) {
  case DType::Bool:
    return store<uint8_t>(element, value != 0);
  case DType::I8:
    return store(element, saturatingCast<int8_t>(value));
  case DType::I16:
    return store(element, saturatingCast<int16_t>(value));
  case DType::I32:
    return store(element, saturatingCast<int32_t>(value));
  case DType::I64:
    return store(element, saturatingCast<int64_t>(value));
  case DType::U8:
    return store(element, saturatingCast<uint8_t>(value));
  case DType::U16:
    return store(element, saturatingCast<uint16_t>(value));
  case DType::U32:
    return store(element, saturatingCast<uint32_t>(value));
  case DType::U64:
    return store(element, saturatingCast<uint64_t>(value));
  case DType::F8E4M3:
  case DType::F8E5M2:
  case DType::F16:
  case DType::BF16:
    return storeBits(dtype, element,
                     encode(*getSmallFloatFormat(dtype), value));
  case DType::F32:
    return store(element, static_cast<float>(value));
  case DType::F64:
    return store(element, value);
  }
  llvm_unreachable("all element types are listed");
}

void mlir::tk::writeInteger(DType dtype, void *element, int64_t value,
                            bool isUnsigned) {
  switch (dtype) {
  case DType::Bool:
    return store<uint8_t>(element, value != 0);
  case DType::I8:
  case DType::U8:
    return store(element, static_cast<uint8_t>(value));
  case DType::I16:
  case DType::U16:
    return store(element, static_cast<uint16_t>(value));
  case DType::I32:
  case DType::U32:
    return store(element, static_cast<uint32_t>(value));
  case DType::I64:
  case DType::U64:
    return store(element, value);
  case DType::F8E4M3:
  case DType::F8E5M2:
  case DType::F16:
  case DType::BF16:
    return storeBits(
        dtype, element,
        encodeInteger(*getSmallFloatFormat(dtype), value, isUnsigned));
  case DType::F32:
    return store(element, isUnsigned
                              ? static_cast<float>(static_cast<uint64_t>(value))
                              : static_cast<float>(value));
  case DType::F64:
    return store(element,
                 isUnsigned ? static_cast<double>(static_cast<uint64_t>(value))
                            : static_cast<double>(value));
  }
  llvm_unreachable("all element types are listed");
}

void mlir::tk::convertElement(DType fromType, const void *from, DType toType,
                              void *to) {
  if (isFloat(fromType))
    return writeDouble(toType, to, readAsDouble(fromType, from));
  writeInteger(toType, to, readAsInteger(fromType, from),
               fromType == DType::U64);
}
