//===- CorpusArithmeticTest.cpp - Integers.cu and Floats.cu ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::tk;

/// Numbers without a pattern: splitmix64 (Steele, Lea, Flood 2014).
static uint64_t scramble(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

static float toFloat(uint32_t bits) { return llvm::bit_cast<float>(bits); }
static uint32_t toBits(float value) { return llvm::bit_cast<uint32_t>(value); }

/// Floats of all kinds: every fourth is an interesting one, a third of the
/// others has an exponent near 0.
static float someFloat(size_t i, uint64_t salt) {
  static const float kCorners[] = {0.0f,
                                   -0.0f,
                                   1.0f,
                                   -1.0f,
                                   1e-45f,
                                   -1e-45f,
                                   1.1754942e-38f,
                                   1.17549435e-38f,
                                   3.4028235e38f,
                                   -3.4028235e38f,
                                   INFINITY,
                                   -INFINITY,
                                   NAN,
                                   0.5f,
                                   16777216.0f,
                                   2147483648.0f,
                                   -2147483648.0f,
                                   9.223372e18f,
                                   1.5f,
                                   2.5f,
                                   65504.0f,
                                   65520.0f,
                                   448.0f,
                                   464.0f,
                                   57344.0f,
                                   61440.0f,
                                   6.1e-5f,
                                   2.98e-8f};
  uint64_t r = scramble(i * 2 + salt * 1000003);
  if (i % 4 == 0)
    return kCorners[r % std::size(kCorners)];
  uint32_t bits = static_cast<uint32_t>(r >> 16);
  if (i % 3 == 0)
    bits = (bits & 0x807fffff) | (112 + (r & 31)) << 23;
  return toFloat(bits);
}

//===----------------------------------------------------------------------===//
// Integers.cu
//===----------------------------------------------------------------------===//

static constexpr const char *kIntegers = "Corpus/Integers.ptx";
static constexpr size_t kSize = 1000;

TEST_F(CorpusTest, wideProducts) {
  auto x = input<int64_t>(kSize, [](size_t i) { return int64_t(scramble(i)); });
  auto y = input<int64_t>(
      kSize, [](size_t i) { return int64_t(scramble(i + 5000)) >> (i % 60); });
  auto low = output<int64_t>(kSize), high = output<int64_t>(kSize);
  run(kIntegers, "wideProducts", {{8, 1, 1}, {128, 1, 1}}, low, high, x, y,
      int(kSize));
  expect<int64_t>(
      low, [&](size_t i) { return int64_t(uint64_t(x[i]) * uint64_t(y[i])); });
  expect<int64_t>(high, [&](size_t i) {
    return int64_t((static_cast<__int128>(x[i]) * y[i]) >> 64);
  });
}

TEST_F(CorpusTest, divisions) {
  auto x = input<int32_t>(kSize, [](size_t i) { return int32_t(scramble(i)); });
  auto y = input<int32_t>(kSize, [](size_t i) {
    int32_t v = int32_t(scramble(i + 777)) >> (i % 31);
    return v == 0 ? 3 : v;
  });
  auto quotient = output<int32_t>(kSize), remainder = output<int32_t>(kSize);
  auto wide = output<uint64_t>(kSize);
  run(kIntegers, "divisions", {{8, 1, 1}, {128, 1, 1}}, quotient, remainder,
      wide, x, y, int(kSize));
  expect<int32_t>(quotient, [&](size_t i) { return x[i] / y[i]; });
  expect<int32_t>(remainder, [&](size_t i) { return x[i] % y[i]; });
  expect<uint64_t>(wide, [&](size_t i) {
    return (uint64_t(uint32_t(x[i])) << 20) / (uint32_t(y[i]) | 1u);
  });
}

TEST_F(CorpusTest, bitTricks) {
  auto x = input<uint32_t>(kSize, [](size_t i) {
    return i < 33 ? uint32_t((uint64_t(1) << i) - (i & 1))
                  : uint32_t(scramble(i));
  });
  auto out = output<uint32_t>(12 * kSize);
  run(kIntegers, "bitTricks", {{8, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  expect<uint32_t>(out, [&](size_t k) -> uint32_t {
    uint32_t v = x[k / 12];
    uint64_t pair = uint64_t(~v) << 32 | v;
    switch (k % 12) {
    case 0:
      return popcount(v);
    case 1:
      return countl_zero(v);
    case 2:
      return APInt(32, v).reverseBits().getZExtValue();
    case 3:
      return v ? countr_zero(v) + 1 : 0;
    case 4: // The upper word after a shift left by v mod 32.
      return uint32_t((pair << (v & 31)) >> 32);
    case 5: // The lower word after a shift right, at most by 32.
      return uint32_t(pair >> std::min(v & 63, 32u));
    case 6: {
      // Selector 0x5140, the lowest digit for the lowest byte.
      uint32_t result = 0;
      for (unsigned b = 0; b < 4; ++b)
        result |= uint32_t(pair >> (8 * (0x5140 >> (4 * b) & 7)) & 0xff)
                  << (8 * b);
      return result;
    }
    case 7:
      return v >> 5 & 0x1ff;
    case 8:
      return uint32_t(int32_t(v) >> 20);
    case 9:
      return (0xdeadbeef & ~(0x1fffu << 7)) | (v & 0x1fff) << 7;
    case 10:
      return v ^ (v >> 3) ^ 0x0f0f0f0f;
    default:
      return v ? 31 - countl_zero(v) : ~0u;
    }
  });
}

TEST_F(CorpusTest, dotProducts) {
  auto x = input<int32_t>(kSize, [](size_t i) { return int32_t(scramble(i)); });
  auto y =
      input<int32_t>(kSize, [](size_t i) { return int32_t(scramble(~i)); });
  auto four = output<int32_t>(kSize);
  auto two = output<uint32_t>(kSize);
  run(kIntegers, "dotProducts", {{8, 1, 1}, {128, 1, 1}}, four, two, x, y,
      int(kSize));
  expect<int32_t>(four, [&](size_t i) {
    int32_t sum = 1000;
    for (unsigned b = 0; b < 4; ++b)
      sum += int8_t(x[i] >> (8 * b)) * int8_t(y[i] >> (8 * b));
    return sum;
  });
  expect<uint32_t>(two, [&](size_t i) {
    return 7 + uint16_t(x[i]) * uint32_t(uint8_t(y[i])) +
           (uint32_t(x[i]) >> 16) * uint32_t(uint8_t(y[i] >> 8));
  });
}

TEST_F(CorpusTest, differences) {
  auto x = input<uint32_t>(kSize, [](size_t i) { return scramble(i); });
  auto y = input<uint32_t>(kSize, [](size_t i) { return scramble(~i); });
  auto out = output<uint32_t>(5 * kSize);
  run(kIntegers, "differences", {{8, 1, 1}, {128, 1, 1}}, out, x, y,
      int(kSize));
  expect<uint32_t>(out, [&](size_t i) {
    uint32_t a = x[i / 5], b = y[i / 5];
    uint32_t bytes = 0, sumOfBytes = 0, sumOfHalves = 0, sumOfSigned = 100;
    uint32_t halves = 0;
    for (unsigned at = 0; at < 32; at += 8) {
      uint32_t difference =
          std::abs(int(uint8_t(a >> at)) - int(uint8_t(b >> at)));
      bytes |= difference << at;
      sumOfBytes += difference;
      sumOfSigned += std::abs(int(int8_t(a >> at)) - int(int8_t(b >> at)));
    }
    for (unsigned at = 0; at < 32; at += 16) {
      sumOfHalves += std::abs(int(uint16_t(a >> at)) - int(uint16_t(b >> at)));
      uint32_t difference =
          std::abs(int(int16_t(a >> at)) - int(int16_t(b >> at)));
      halves |= difference << at;
    }
    uint32_t results[] = {bytes, sumOfBytes, sumOfHalves, sumOfSigned, halves};
    return results[i % 5];
  });
}

TEST_F(CorpusTest, addWithCarry) {
  auto a = input<uint64_t>(
      kSize, [](size_t i) { return i % 3 ? scramble(i) : ~uint64_t(0); });
  auto b = input<uint64_t>(
      kSize, [](size_t i) { return i % 5 ? scramble(i + 99) : uint64_t(1); });
  auto low = output<uint64_t>(kSize), high = output<uint64_t>(kSize);
  run(kIntegers, "addWithCarry", {{8, 1, 1}, {128, 1, 1}}, low, high, a, b,
      int(kSize));
  expect<uint64_t>(low, [&](size_t i) { return a[i] + b[i]; });
  expect<uint64_t>(high, [&](size_t i) {
    return b[i] + (a[i] >> 1) + (a[i] + b[i] < a[i]);
  });
}

TEST_F(CorpusTest, clamps) {
  auto x = input<int32_t>(kSize, [](size_t i) { return int32_t(scramble(i)); });
  auto y =
      input<int32_t>(kSize, [](size_t i) { return int32_t(scramble(3 * i)); });
  auto out = output<int32_t>(5 * kSize);
  run(kIntegers, "clamps", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  auto saturate = [](int64_t v) {
    return int32_t(std::clamp<int64_t>(v, INT32_MIN, INT32_MAX));
  };
  expect<int32_t>(out, [&](size_t k) {
    int64_t a = x[k / 5], b = y[k / 5];
    switch (k % 5) {
    case 0:
      return saturate(a + b);
    case 1:
      return saturate(a - b);
    case 2:
      return int32_t(std::clamp<int64_t>(a, -100, 100));
    case 3:
      return int32_t(uint32_t(std::abs(a - b)) + 5u);
    default:
      return int32_t(std::max({a, b, int64_t(0)}));
    }
  });
}

TEST_F(CorpusTest, product128) {
  auto x = input<uint64_t>(kSize, [](size_t i) { return scramble(i); });
  auto y = input<uint64_t>(kSize, [](size_t i) { return scramble(i + kSize); });
  auto low = output<uint64_t>(kSize), high = output<uint64_t>(kSize);
  run(kIntegers, "product128", {{8, 1, 1}, {128, 1, 1}}, low, high, x, y,
      int(kSize));
  auto product = [&](size_t i) {
    return static_cast<unsigned __int128>(x[i]) * y[i];
  };
  expect<uint64_t>(low, [&](size_t i) { return uint64_t(product(i)); });
  expect<uint64_t>(high, [&](size_t i) { return uint64_t(product(i) >> 64); });
}

//===----------------------------------------------------------------------===//
// Floats.cu
//===----------------------------------------------------------------------===//

static constexpr const char *kFloats = "Corpus/Floats.ptx";
static constexpr APFloat::roundingMode kModes[4] = {
    APFloat::rmNearestTiesToEven, APFloat::rmTowardZero,
    APFloat::rmTowardPositive, APFloat::rmTowardNegative};

/// Square root of a number that is not negative, by bisection on exact squares.
static float rootOf(float x, APFloat::roundingMode mode) {
  if (!(x > 0) || std::isinf(x))
    return x;
  // The square of a float is exact in a double, but for its smallest ones:
  // scaled by 2^40 they are normal.
  double scaled = std::ldexp(double(x), x < 1e-30f ? 40 : 0);
  int shift = x < 1e-30f ? -20 : 0;
  float low = float(std::sqrt(scaled));
  while (double(low) * low > scaled)
    low = std::nextafter(low, 0.0f);
  while (double(std::nextafter(low, INFINITY)) *
             std::nextafter(low, INFINITY) <=
         scaled)
    low = std::nextafter(low, INFINITY);
  float high =
      double(low) * low == scaled ? low : std::nextafter(low, INFINITY);
  float result = low;
  if (mode == APFloat::rmTowardPositive)
    result = high;
  if (mode == APFloat::rmNearestTiesToEven) {
    // The point halfway has 25 bits, its square fits in a double.
    double half = (double(low) + double(high)) / 2;
    result = half * half < scaled ? high : low;
  }
  return std::ldexp(result, shift);
}

static float floatOf(const APFloat &value) { return value.convertToFloat(); }

TEST_F(CorpusTest, roundings) {
  auto x = input<float>(kSize, [](size_t i) { return someFloat(i, 1); });
  auto y = input<float>(kSize, [](size_t i) { return someFloat(i / 2, 2); });
  auto out = output<float>(24 * kSize);
  run(kFloats, "roundings", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  expect<float>(out, [&](size_t k) {
    size_t i = k / 24;
    APFloat::roundingMode mode = kModes[k % 4];
    APFloat a(x[i]), b(y[i]);
    switch (k % 24 / 4) {
    case 0:
      a.add(b, mode);
      return floatOf(a);
    case 1:
      a.multiply(b, mode);
      return floatOf(a);
    case 2: {
      APFloat c = a;
      a.fusedMultiplyAdd(b, c, mode);
      return floatOf(a);
    }
    case 3:
      a.divide(b, mode);
      return floatOf(a);
    case 4:
      return rootOf(std::fabs(x[i]), mode);
    default: {
      APFloat one(1.0f);
      one.divide(b, mode);
      return floatOf(one);
    }
    }
  });
}

TEST_F(CorpusTest, doubleRoundings) {
  auto some = [](size_t i, uint64_t salt) {
    uint64_t r = scramble(i + salt * 12345);
    if (i % 3 == 0)
      r = (r & 0x800fffffffffffff) | (1000 + (r >> 52) % 46) << 52;
    return llvm::bit_cast<double>(i % 7 ? r : r & 0x800fffffffffffff);
  };
  auto x = input<double>(kSize, [&](size_t i) { return some(i, 1); });
  auto y = input<double>(kSize, [&](size_t i) { return some(i, 2); });
  auto out = output<double>(16 * kSize);
  run(kFloats, "doubleRoundings", {{8, 1, 1}, {128, 1, 1}}, out, x, y,
      int(kSize));
  expect<double>(out, [&](size_t k) {
    size_t i = k / 16;
    APFloat::roundingMode mode = kModes[k % 4];
    APFloat a(x[i]), b(y[i]), c(x[i]);
    switch (k % 16 / 4) {
    case 0:
      a.add(b, mode);
      break;
    case 1:
      a.multiply(b, mode);
      break;
    case 2:
      a.fusedMultiplyAdd(b, c, mode);
      break;
    default:
      a.divide(b, mode);
    }
    return a.convertToDouble();
  });
}

static APFloat halfOf(uint16_t bits, const fltSemantics &semantics) {
  return APFloat(semantics, APInt(16, bits));
}
static uint16_t bitsOf(const APFloat &value) {
  return value.bitcastToAPInt().getZExtValue();
}

/// `result`, or the operand that is a number if only one is, quiet or not.
static APFloat otherIfNaN(const APFloat &a, const APFloat &b, APFloat result) {
  return a.isNaN() ? b : b.isNaN() ? a : result;
}

/// What the kernel of pairs computes on one half of a word; `isCanonical`: the
/// bits of NaN are 0x7fff.
static uint16_t pairResult(unsigned which, APFloat a, APFloat b) {
  APFloat c = a;
  const auto near = APFloat::rmNearestTiesToEven;
  switch (which) {
  case 0:
    a.add(b, near);
    break;
  case 1:
    a.multiply(b, near);
    break;
  case 2:
    a.fusedMultiplyAdd(b, c, near);
    break;
  case 3:
    a.fusedMultiplyAdd(b, b, near);
    if (!a.isNaN() && a.isNegative())
      a = APFloat::getZero(a.getSemantics());
    break;
  case 4:
    a = otherIfNaN(a, b, minimum(a, b));
    break;
  case 5:
    a = maximum(a, b);
    break;
  default:
    a = otherIfNaN(a, b, maximum(a, b));
  }
  return a.isNaN() ? 0x7fff : bitsOf(a);
}

TEST_F(CorpusTest, halfPairs) {
  auto x =
      input<uint32_t>(kSize, [](size_t i) { return uint32_t(scramble(i)); });
  auto y = input<uint32_t>(
      kSize, [](size_t i) { return uint32_t(scramble(i) >> (i % 9)); });
  auto out = output<uint32_t>(6 * kSize);
  run(kFloats, "halfPairs", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  expect<uint32_t>(out, [&](size_t k) {
    const fltSemantics &half = APFloat::IEEEhalf();
    uint32_t a = x[k / 6], b = y[k / 6];
    return pairResult(k % 6, halfOf(a, half), halfOf(b, half)) |
           uint32_t(
               pairResult(k % 6, halfOf(a >> 16, half), halfOf(b >> 16, half)))
               << 16;
  });
}

TEST_F(CorpusTest, bfloatPairs) {
  auto x =
      input<uint32_t>(kSize, [](size_t i) { return uint32_t(scramble(i)); });
  auto y = input<uint32_t>(
      kSize, [](size_t i) { return uint32_t(scramble(i) >> (i % 9)); });
  auto out = output<uint32_t>(4 * kSize);
  run(kFloats, "bfloatPairs", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  expect<uint32_t>(out, [&](size_t k) {
    const fltSemantics &bfloat = APFloat::BFloat();
    static const unsigned kWhich[4] = {0, 1, 2, 6};
    uint32_t a = x[k / 4], b = y[k / 4];
    unsigned which = kWhich[k % 4];
    return pairResult(which, halfOf(a, bfloat), halfOf(b, bfloat)) |
           uint32_t(pairResult(which, halfOf(a >> 16, bfloat),
                               halfOf(b >> 16, bfloat)))
               << 16;
  });
}

/// cvt to an integer: rounded, then clamped. NaN becomes 0 in 32 bits and the
/// lowest number in 64 bits.
static int64_t toInteger(float value, unsigned width, bool isSigned,
                         APFloat::roundingMode mode) {
  if (std::isnan(value))
    return width == 64 ? (int64_t(1) << 63) : 0;
  APSInt result(width, !isSigned);
  bool isExact;
  APFloat(value).convertToInteger(result, mode, &isExact);
  return isSigned ? result.getSExtValue() : int64_t(result.getZExtValue());
}

TEST_F(CorpusTest, floatToInteger) {
  auto x = input<float>(kSize, [](size_t i) { return someFloat(i, 9); });
  auto out = output<int64_t>(8 * kSize);
  run(kFloats, "floatToInteger", {{8, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  expect<int64_t>(out, [&](size_t k) {
    float v = x[k / 8];
    switch (k % 8) {
    case 4:
      return toInteger(v, 32, false, APFloat::rmTowardZero);
    case 5:
      return toInteger(v, 64, true, APFloat::rmNearestTiesToEven);
    case 6:
      return toInteger(v, 64, false, APFloat::rmTowardZero);
    case 7:
      return int64_t(int8_t(toInteger(v, 32, true, APFloat::rmTowardZero)));
    default:
      return toInteger(v, 32, true, kModes[k % 8]);
    }
  });
}

TEST_F(CorpusTest, integerToFloat) {
  auto x = input<int64_t>(
      kSize, [](size_t i) { return int64_t(scramble(i)) >> (i % 63); });
  auto out = output<float>(6 * kSize);
  run(kFloats, "integerToFloat", {{8, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  expect<float>(out, [&](size_t k) {
    int64_t v = x[k / 6];
    APFloat result(APFloat::IEEEsingle());
    switch (k % 6) {
    case 4:
      result.convertFromAPInt(APInt(32, uint32_t(v)), true, kModes[0]);
      break;
    case 5:
      result.convertFromAPInt(APInt(32, uint32_t(v)), false, kModes[1]);
      break;
    default:
      result.convertFromAPInt(APInt(64, uint64_t(v)), true, kModes[k % 6]);
    }
    return floatOf(result);
  });
}

/// To 8 bits: what is too large becomes the largest number.
static uint8_t toFp8(float value, const fltSemantics &semantics) {
  if (std::isnan(value))
    return 0x7f;
  APFloat largest = APFloat::getLargest(semantics);
  APFloat wide = largest;
  bool losesInfo;
  wide.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
  if (std::fabs(value) > wide.convertToFloat())
    value = std::copysign(wide.convertToFloat(), value);
  return narrow(value, semantics);
}

TEST_F(CorpusTest, narrowConversions) {
  auto x = input<float>(kSize, [](size_t i) { return someFloat(i, 4); });
  auto halves = output<uint16_t>(kSize), bfloats = output<uint16_t>(kSize);
  auto tf32 = output<uint32_t>(kSize);
  auto e4m3 = output<uint8_t>(kSize), e5m2 = output<uint8_t>(kSize);
  run(kFloats, "narrowConversions", {{8, 1, 1}, {128, 1, 1}}, halves, bfloats,
      tf32, e4m3, e5m2, x, int(kSize));
  expect<uint16_t>(halves, [&](size_t i) -> uint16_t {
    return std::isnan(x[i]) ? 0x7fff : narrow(x[i], APFloat::IEEEhalf());
  });
  expect<uint16_t>(bfloats, [&](size_t i) -> uint16_t {
    return std::isnan(x[i]) ? 0x7fff : narrow(x[i], APFloat::BFloat());
  });
  // 10 bits of mantissa, ties away from zero; the low bits are zero. What
  // becomes of NaN is not said.
  expect<uint32_t>(tf32, [&](size_t i) -> uint32_t {
    if (std::isnan(x[i]) && std::isnan(toFloat(tf32[i])))
      return tf32[i];
    return std::isinf(x[i]) ? toBits(x[i])
                            : (toBits(x[i]) + 0x1000) & 0xffffe000;
  });
  expect<uint8_t>(
      e4m3, [&](size_t i) { return toFp8(x[i], APFloat::Float8E4M3FN()); });
  expect<uint8_t>(e5m2,
                  [&](size_t i) { return toFp8(x[i], APFloat::Float8E5M2()); });
}

TEST_F(CorpusTest, wideConversions) {
  constexpr size_t size = 65536;
  auto x = input<uint16_t>(size, [](size_t i) { return uint16_t(i); });
  auto half = output<float>(size), bfloat = output<float>(size);
  auto e4m3 = output<float>(size), e5m2 = output<float>(size);
  run(kFloats, "wideConversions", {{512, 1, 1}, {128, 1, 1}}, half, bfloat,
      e4m3, e5m2, x, int(size));
  auto widen = [](const fltSemantics &semantics, unsigned width) {
    return [&semantics, width](size_t i) {
      APFloat value(semantics, APInt(width, i & ((1u << width) - 1)));
      bool losesInfo;
      value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
      return floatOf(value);
    };
  };
  expect<float>(half, widen(APFloat::IEEEhalf(), 16));
  expect<float>(bfloat, widen(APFloat::BFloat(), 16));
  expect<float>(e4m3, widen(APFloat::Float8E4M3FN(), 8));
  expect<float>(e5m2, widen(APFloat::Float8E5M2(), 8));
}

TEST_F(CorpusTest, flushToZero) {
  auto x = input<float>(kSize, [](size_t i) { return someFloat(i, 6); });
  auto y = input<float>(kSize, [](size_t i) {
    return i % 2 ? someFloat(i, 7) : std::ldexp(1.0f, -int(i % 149));
  });
  auto out = output<float>(2 * kSize);
  run(kFloats, "flushToZero", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  auto flush = [](float v) {
    return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v;
  };
  expect<float>(out, [&](size_t k) {
    float a = flush(x[k / 2]), b = flush(y[k / 2]);
    if (k % 2 == 0)
      return flush(a * b);
    float sum = flush(a + b);
    return std::isnan(sum) || !(sum > 0) ? 0.0f : std::min(sum, 1.0f);
  });
}

TEST_F(CorpusTest, approximations) {
  auto x = input<float>(kSize, [](size_t i) {
    return (float(i) - 500) / 160 + float(scramble(i) % 1000) * 1e-6f;
  });
  auto out = output<float>(8 * kSize);
  run(kFloats, "approximations", {{8, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  // Bounds of the PTX ISA, 9.7.3: relative ones but for lg2 (2^-22 where the
  // result is near 0), sin and cos (2^-20.5 absolute within +-pi).
  expectNear<float>(
      out,
      [&](size_t k) -> double {
        double v = x[k / 8], a = std::fabs(v);
        switch (k % 8) {
        case 0:
          return std::exp2(v);
        case 1:
          return std::log2(a);
        case 2:
          return 1 / v;
        case 3:
          return 1 / std::sqrt(a);
        case 4:
          return std::sin(v);
        case 5:
          return std::cos(v);
        case 6:
          return std::tanh(v);
        default:
          return std::sqrt(a);
        }
      },
      [&](size_t k) -> double {
        double v = x[k / 8], a = std::fabs(v);
        switch (k % 8) {
        case 0:
          return std::ldexp(std::exp2(v), -22);
        case 1:
          return std::max(std::ldexp(1, -22),
                          std::ldexp(std::fabs(std::log2(a)), -22));
        case 2:
          return std::ldexp(1 / a, -23);
        case 3:
          return std::ldexp(1 / std::sqrt(a), -22);
        case 4:
        case 5:
          return std::ldexp(1, -20);
        case 6:
          return std::ldexp(std::fabs(std::tanh(v)), -10);
        default:
          return std::ldexp(std::sqrt(a), -22);
        }
      });
}

TEST_F(CorpusTest, mathLibrary) {
  auto x = input<float>(kSize, [](size_t i) {
    return (float(i) - 500) / 60 + float(scramble(i) % 1000) * 1e-6f;
  });
  auto out = output<float>(8 * kSize);
  run(kFloats, "mathLibrary", {{8, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  auto exact = [&](size_t k) -> double {
    double v = x[k / 8], a = std::fabs(v);
    switch (k % 8) {
    case 0:
      return std::exp(v);
    case 1:
      return std::log(a);
    case 2:
      return std::sin(v);
    case 3: // The product is rounded to float.
      return std::cos(double(x[k / 8] * 1e6f));
    case 4:
      return std::tanh(v);
    case 5:
      return std::erf(v);
    case 6:
      return std::pow(a, double(1.7f));
    default:
      return std::cbrt(v);
    }
  };
  // 4 units in the last place: more than CUDA promises for any of them, powf.
  expectNear<float>(out, exact, [&](size_t k) {
    return 4 * std::ldexp(std::max(std::fabs(exact(k)), 1e-30), -23);
  });
}

TEST_F(CorpusTest, doubleMathLibrary) {
  auto x = input<double>(kSize, [](size_t i) {
    return (double(i) - 500) / 60 + double(scramble(i) % 1000) * 1e-9;
  });
  auto out = output<double>(4 * kSize);
  run(kFloats, "doubleMathLibrary", {{8, 1, 1}, {128, 1, 1}}, out, x,
      int(kSize));
  auto exact = [&](size_t k) -> double {
    double v = x[k / 4];
    switch (k % 4) {
    case 0:
      return std::exp(v);
    case 1:
      return std::log(std::fabs(v));
    case 2:
      return std::sin(v);
    default:
      return std::sqrt(std::fabs(v));
    }
  };
  expectNear<double>(out, exact, [&](size_t k) {
    return 3 * std::ldexp(std::max(std::fabs(exact(k)), 1e-300), -52);
  });
}

TEST_F(CorpusTest, comparisons) {
  auto x = input<float>(kSize, [](size_t i) { return someFloat(i, 11); });
  auto y = input<float>(
      kSize, [](size_t i) { return i % 5 ? someFloat(i + i % 2, 11) : NAN; });
  auto out = output<uint32_t>(kSize);
  run(kFloats, "comparisons", {{8, 1, 1}, {128, 1, 1}}, out, x, y, int(kSize));
  expect<uint32_t>(out, [&](size_t i) {
    float a = x[i], b = y[i];
    // As CUDA: the other one if one is NaN.
    float low = std::isnan(a) ? b : std::isnan(b) ? a : std::min(a, b);
    float high = std::isnan(a) ? b : std::isnan(b) ? a : std::max(a, b);
    return uint32_t((a < b) | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 |
                    (a > b) << 4 | (a >= b) << 5 | !(a < b) << 6 |
                    std::isnan(a) << 7 | std::isinf(b) << 8 |
                    std::isfinite(a) << 9 | std::signbit(b) << 10 |
                    (low == a) << 11 | (high == a) << 12);
  });
}
