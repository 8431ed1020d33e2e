//===- SoftFloatTest.cpp - exact arithmetic against APFloat ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SoftFloat.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir::tk;
using namespace mlir::tk::emulator;
using llvm::APFloat;

namespace {

struct FormatCase {
  FloatFormat format;
  const llvm::fltSemantics &semantics;
};

const FormatCase &formatCase(unsigned index) {
  static const FormatCase cases[] = {
      {formatF16, APFloat::IEEEhalf()},
      {formatBF16, APFloat::BFloat()},
      {formatF32, APFloat::IEEEsingle()},
      {formatF64, APFloat::IEEEdouble()},
      {formatE4M3, APFloat::Float8E4M3FN()},
      {formatE5M2, APFloat::Float8E5M2()},
  };
  return cases[index];
}

constexpr Rounding roundings[] = {Rounding::NearestEven, Rounding::TowardZero,
                                  Rounding::Down, Rounding::Up,
                                  Rounding::NearestAway};
constexpr llvm::RoundingMode modes[] = {
    llvm::RoundingMode::NearestTiesToEven, llvm::RoundingMode::TowardZero,
    llvm::RoundingMode::TowardNegative, llvm::RoundingMode::TowardPositive,
    llvm::RoundingMode::NearestTiesToAway};

APFloat toAPFloat(const FormatCase &format, uint64_t bits) {
  return APFloat(format.semantics, llvm::APInt(format.format.width(), bits));
}

/// Any NaN of APFloat is our NaN.
uint64_t bitsOf(const FormatCase &format, const APFloat &value) {
  if (value.isNaN())
    return format.format.nan();
  return value.bitcastToAPInt().getZExtValue();
}

/// Numbers whose exponents are often close, and special ones.
uint64_t draw(std::mt19937_64 &random, FloatFormat format) {
  uint64_t mask =
      format.width() == 64 ? ~uint64_t(0) : (uint64_t(1) << format.width()) - 1;
  uint64_t bits = random() & mask;
  switch (random() % 6) {
  case 0:
    return (random() % 3 + format.infinity() - 1) & mask;
  case 1: // Subnormal, or nearly.
    return (bits & (format.signBit() | (format.mantissaMask() << 1 | 1)));
  case 2: { // Near one.
    uint64_t exponent = format.bias() + random() % 5 - 2;
    return (bits & (format.signBit() | format.mantissaMask())) |
           exponent << format.mantissaBits;
  }
  }
  return bits;
}

template <typename Ours, typename Theirs>
void compareBinary(Ours ours, Theirs theirs) {
  std::mt19937_64 random(1);
  for (unsigned f = 0; f < 4; ++f) {
    const FormatCase &format = formatCase(f);
    for (unsigned i = 0; i < 20000; ++i) {
      uint64_t a = draw(random, format.format), b = draw(random, format.format);
      unsigned mode = i % 5;
      RoundOptions options;
      options.rounding = roundings[mode];
      uint64_t result =
          round(format.format,
                ours(unpack(format.format, a, false),
                     unpack(format.format, b, false), roundings[mode]),
                options);
      APFloat expected = toAPFloat(format, a);
      theirs(expected, toAPFloat(format, b), modes[mode]);
      ASSERT_EQ(result, bitsOf(format, expected))
          << std::hex << a << " " << b << ", mode " << mode << ", width "
          << std::dec << format.format.width();
    }
  }
}

} // namespace

TEST(SoftFloatTest, EveryNarrowNumberSurvivesARoundTrip) {
  for (unsigned f : {0u, 1u, 4u, 5u}) {
    const FormatCase &format = formatCase(f);
    for (uint64_t bits = 0; bits < uint64_t(1) << format.format.width();
         ++bits) {
      APFloat value = toAPFloat(format, bits);
      Unpacked unpacked = unpack(format.format, bits, false);
      EXPECT_EQ(unpacked.isNaN(), value.isNaN());
      if (!value.isNaN())
        EXPECT_EQ(round(format.format, unpacked, {}), bits);
    }
  }
}

TEST(SoftFloatTest, SumsAreThoseOfAPFloat) {
  compareBinary([](Unpacked a, Unpacked b,
                   Rounding rounding) { return add(a, b, rounding); },
                [](APFloat &a, const APFloat &b, llvm::RoundingMode mode) {
                  a.add(b, mode);
                });
}

TEST(SoftFloatTest, ProductsAreThoseOfAPFloat) {
  compareBinary([](Unpacked a, Unpacked b, Rounding) { return multiply(a, b); },
                [](APFloat &a, const APFloat &b, llvm::RoundingMode mode) {
                  a.multiply(b, mode);
                });
}

TEST(SoftFloatTest, QuotientsAreThoseOfAPFloat) {
  compareBinary([](Unpacked a, Unpacked b, Rounding) { return divide(a, b); },
                [](APFloat &a, const APFloat &b, llvm::RoundingMode mode) {
                  a.divide(b, mode);
                });
}

TEST(SoftFloatTest, FusedSumsAreThoseOfAPFloat) {
  std::mt19937_64 random(2);
  for (unsigned f = 0; f < 4; ++f) {
    const FormatCase &format = formatCase(f);
    for (unsigned i = 0; i < 20000; ++i) {
      uint64_t a = draw(random, format.format), b = draw(random, format.format);
      uint64_t c = draw(random, format.format);
      RoundOptions options;
      options.rounding = roundings[i % 5];
      Unpacked product = multiply(unpack(format.format, a, false),
                                  unpack(format.format, b, false));
      uint64_t result =
          round(format.format,
                add(product, unpack(format.format, c, false), options.rounding),
                options);
      APFloat expected = toAPFloat(format, a);
      expected.fusedMultiplyAdd(toAPFloat(format, b), toAPFloat(format, c),
                                modes[i % 5]);
      ASSERT_EQ(result, bitsOf(format, expected))
          << std::hex << a << " " << b << " " << c << ", mode " << i % 5;
    }
  }
}

TEST(SoftFloatTest, NarrowingIsThatOfAPFloat) {
  std::mt19937_64 random(3);
  for (unsigned f : {0u, 1u, 2u, 5u}) {
    const FormatCase &to = formatCase(f), &from = formatCase(3);
    for (unsigned i = 0; i < 20000; ++i) {
      // Doubles in the range of the result, many of them ties.
      uint64_t exponent = 1023 + random() % 60 - 30;
      uint64_t bits = (random() & (uint64_t(1) << 63)) | exponent << 52 |
                      (random() & (~uint64_t(0) << random() % 52 &
                                   formatF64.mantissaMask()));
      RoundOptions options;
      options.rounding = roundings[i % 5];
      APFloat expected = toAPFloat(from, bits);
      bool losesInfo;
      expected.convert(to.semantics, modes[i % 5], &losesInfo);
      ASSERT_EQ(round(to.format, unpack(formatF64, bits, false), options),
                bitsOf(to, expected))
          << std::hex << bits << ", mode " << i % 5;
    }
  }
}

// A root is the largest number whose square is not above the value.
TEST(SoftFloatTest, RootsAreTheLargestWhoseSquareFits) {
  std::mt19937_64 random(4);
  for (unsigned i = 0; i < 20000; ++i) {
    uint64_t bits = random() & (formatF64.signBit() - 1);
    if (bits >= formatF64.infinity())
      continue;
    RoundOptions options;
    options.rounding = Rounding::TowardZero;
    uint64_t root =
        round(formatF64, squareRoot(unpack(formatF64, bits, false)), options);
    auto isAbove = [&](uint64_t candidate) {
      Unpacked value = unpack(formatF64, candidate, false);
      Unpacked rest =
          add(multiply(value, value), negate(unpack(formatF64, bits, false)),
              Rounding::NearestEven);
      return !rest.isNegative && !rest.isZero();
    };
    EXPECT_FALSE(isAbove(root)) << std::hex << bits;
    EXPECT_TRUE(isAbove(root + 1)) << std::hex << bits;
  }
}

TEST(SoftFloatTest, E4M3SaturatesAndHasOneNaN) {
  RoundOptions saturating;
  saturating.isSatfinite = true;
  // 448 is the largest number; 464 is the tie to what would be 480.
  EXPECT_EQ(round(formatE4M3, fromUnsigned(448), {}), 0x7Eu);
  EXPECT_EQ(round(formatE4M3, fromUnsigned(464), {}), 0x7Eu);
  EXPECT_EQ(round(formatE4M3, fromUnsigned(465), {}), 0x7Fu);
  EXPECT_EQ(round(formatE4M3, fromUnsigned(1000), saturating), 0x7Eu);
  EXPECT_EQ(round(formatE4M3, fromSigned(-1000), saturating), 0xFEu);
}

TEST(SoftFloatTest, IntegersRoundAndSaturate) {
  Unpacked half = fromSigned(-5); // -2.5
  half.exponent = -1;
  EXPECT_EQ(roundToInteger(half, Rounding::NearestEven, 8, true), 0xFEu);
  EXPECT_EQ(roundToInteger(half, Rounding::Down, 8, true), 0xFDu);
  EXPECT_EQ(roundToInteger(half, Rounding::Up, 8, true), 0xFEu);
  EXPECT_EQ(roundToInteger(half, Rounding::Up, 8, false), 0u);
  EXPECT_EQ(roundToInteger(fromUnsigned(300), Rounding::Up, 8, true), 0x7Fu);
  EXPECT_EQ(roundToInteger(fromUnsigned(300), Rounding::Up, 8, false), 0xFFu);
  EXPECT_EQ(roundToInteger(fromSigned(-300), Rounding::Up, 8, true), 0x80u);
}

/// `.ftz` keeps what becomes the smallest normal number when it is rounded to
/// the 24 bits of f32 whatever its exponent, as measured on an H100.
TEST(SoftFloatTest, FlushingLooksAtTheNumberWithAnUnboundedExponent) {
  constexpr uint64_t smallest = 0x00800000;
  for (int n = 1; n <= 8; ++n) {
    // Below 2^-126 numbers of 24 bits are 2^-150 apart: four steps.
    double value = std::ldexp(1.0, -126) - n * std::ldexp(1.0, -152);
    Unpacked exact = unpack(formatF64, llvm::bit_cast<uint64_t>(value), false);
    auto flushed = [&](Rounding rounding) {
      RoundOptions options;
      options.rounding = rounding;
      options.flushesSubnormals = true;
      return round(formatF32, exact, options);
    };
    EXPECT_EQ(flushed(Rounding::NearestEven), n <= 2 ? smallest : 0) << n;
    EXPECT_EQ(flushed(Rounding::Up), n < 4 ? smallest : 0) << n;
    EXPECT_EQ(flushed(Rounding::Down), 0u) << n;
    EXPECT_EQ(flushed(Rounding::TowardZero), 0u) << n;
  }
}
