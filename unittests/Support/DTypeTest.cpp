//===- DTypeTest.cpp - tests of element types -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/DType.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include "gtest/gtest.h"
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace mlir::tk;
using llvm::APFloat;

static constexpr double kInf = std::numeric_limits<double>::infinity();
static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

static const llvm::fltSemantics &getSemantics(DType dtype) {
  switch (dtype) {
  case DType::F8E4M3:
    return APFloat::Float8E4M3FN();
  case DType::F8E5M2:
    return APFloat::Float8E5M2();
  case DType::F16:
    return APFloat::IEEEhalf();
  default:
    return APFloat::BFloat();
  }
}

static uint32_t writeToBits(DType dtype, double value) {
  uint64_t bits = 0;
  writeDouble(dtype, &bits, value);
  return bits;
}

static uint32_t writeIntegerToBits(DType dtype, int64_t value,
                                   bool isUnsigned = false) {
  uint64_t bits = 0;
  writeInteger(dtype, &bits, value, isUnsigned);
  return bits;
}

static uint32_t roundWithApFloat(DType dtype, APFloat value) {
  bool losesInfo;
  value.convert(getSemantics(dtype), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.bitcastToAPInt().getZExtValue();
}

class SmallFloatTest : public testing::TestWithParam<DType> {};

TEST_P(SmallFloatTest, EveryBitPatternDecodesAsApFloatDoes) {
  unsigned width = 8 * getSizeInBytes(GetParam());
  for (uint32_t bits = 0; bits < (1u << width); ++bits) {
    APFloat expected(getSemantics(GetParam()), llvm::APInt(width, bits));
    double value = readAsDouble(GetParam(), &bits);
    if (expected.isNaN()) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    EXPECT_EQ(value, expected.convertToDouble()) << bits;
    // -0 keeps its sign, and 8-bit floats saturate instead of writing infinity.
    if (!std::isinf(value) || width == 16)
      EXPECT_EQ(writeToBits(GetParam(), value), bits);
  }
}

TEST_P(SmallFloatTest, DoublesRoundAsApFloatDoes) {
  std::mt19937_64 random(1);
  uint32_t oneBits = writeToBits(GetParam(), 1.0);
  for (int i = 0; i < 200000; ++i) {
    // Exponents around the range of the format, subnormals included.
    double value = std::ldexp(double(random()), int(random() % 60) - 64 - 30);
    if (GetParam() == DType::BF16)
      value = std::ldexp(double(random()), int(random() % 300) - 64 - 150);
    uint32_t expected = roundWithApFloat(GetParam(), APFloat(value));
    bool overflows = std::isinf(readAsDouble(GetParam(), &expected)) ||
                     std::isnan(readAsDouble(GetParam(), &expected));
    if (!overflows || getSizeInBytes(GetParam()) == 2)
      EXPECT_EQ(writeToBits(GetParam(), value), expected) << value;
  }
  EXPECT_EQ(readAsDouble(GetParam(), &oneBits), 1.0);
}

TEST_P(SmallFloatTest, TiesGoToEven) {
  // Neighbours of 1 are a power of two away, so that the middle is exact.
  uint32_t one = writeToBits(GetParam(), 1.0);
  for (uint32_t lower : {one, one + 1}) {
    uint32_t upper = lower + 1;
    double middle =
        (readAsDouble(GetParam(), &lower) + readAsDouble(GetParam(), &upper)) /
        2;
    EXPECT_EQ(writeToBits(GetParam(), middle), lower % 2 ? upper : lower);
    EXPECT_EQ(writeToBits(GetParam(), std::nextafter(middle, kInf)), upper);
    EXPECT_EQ(writeToBits(GetParam(), std::nextafter(middle, 0)), lower);
  }
}

INSTANTIATE_TEST_SUITE_P(DType, SmallFloatTest,
                         testing::Values(DType::F8E4M3, DType::F8E5M2,
                                         DType::F16, DType::BF16));

TEST(DTypeTest, EightBitFloatsSaturate) {
  uint32_t max = writeToBits(DType::F8E4M3, 1e9);
  EXPECT_EQ(readAsDouble(DType::F8E4M3, &max), 448.0);
  max = writeToBits(DType::F8E5M2, -kInf);
  EXPECT_EQ(readAsDouble(DType::F8E5M2, &max), -57344.0);
  uint32_t nan = writeToBits(DType::F8E4M3, kNaN);
  EXPECT_TRUE(std::isnan(readAsDouble(DType::F8E4M3, &nan)));
}

TEST(DTypeTest, SixteenBitFloatsOverflowToInfinity) {
  EXPECT_EQ(writeToBits(DType::F16, 65519.0), 0x7bffu);
  EXPECT_EQ(writeToBits(DType::F16, 65520.0), 0x7c00u);
  EXPECT_EQ(writeToBits(DType::BF16, -1e300), 0xff80u);
}

TEST(DTypeTest, IntegersRoundOnceToFloats) {
  // By way of a double, 2^53 + 2^45 + 1 would become a tie and round down.
  int64_t value = (int64_t(1) << 53) + (int64_t(1) << 45) + 1;
  for (int64_t v : {value, -value, INT64_MIN, INT64_MAX, int64_t(0)}) {
    APFloat expected(APFloat::BFloat());
    expected.convertFromAPInt(llvm::APInt(64, v, true), true,
                              APFloat::rmNearestTiesToEven);
    EXPECT_EQ(writeIntegerToBits(DType::BF16, v),
              expected.bitcastToAPInt().getZExtValue())
        << v;
  }
  uint32_t bits = writeIntegerToBits(DType::BF16, -1, /*isUnsigned=*/true);
  EXPECT_EQ(readAsDouble(DType::BF16, &bits), 0x1p64);
}

TEST(DTypeTest, FloatsTruncateAndSaturateToIntegers) {
  auto cast = [](DType dtype, double value) {
    int64_t result = 0;
    writeDouble(dtype, &result, value);
    return readAsInteger(dtype, &result);
  };
  EXPECT_EQ(cast(DType::I32, -1.9), -1);
  EXPECT_EQ(cast(DType::I8, 127.9), 127);
  EXPECT_EQ(cast(DType::I8, 128.0), 127);
  EXPECT_EQ(cast(DType::I8, -1e9), -128);
  EXPECT_EQ(cast(DType::U8, -0.5), 0);
  EXPECT_EQ(cast(DType::U8, -3.0), 0);
  EXPECT_EQ(cast(DType::I64, 0x1p63), INT64_MAX);
  EXPECT_EQ(cast(DType::I64, -0x1p63), INT64_MIN);
  EXPECT_EQ(uint64_t(cast(DType::U64, kInf)), UINT64_MAX);
  EXPECT_EQ(cast(DType::I16, kNaN), 0);
  EXPECT_EQ(cast(DType::Bool, 0.25), 1);
  EXPECT_EQ(cast(DType::Bool, -0.0), 0);
}

TEST(DTypeTest, IntegersKeepTheirLowBits) {
  int32_t from = -129;
  int8_t to;
  convertElement(DType::I32, &from, DType::I8, &to);
  EXPECT_EQ(to, 127);
  uint64_t large = UINT64_MAX;
  double value;
  convertElement(DType::U64, &large, DType::F64, &value);
  EXPECT_EQ(value, 0x1p64);
}

TEST(DTypeTest, NamesParseBack) {
  for (DType dtype : getAllDTypes())
    EXPECT_EQ(parseDTypeName(getDTypeName(dtype)), dtype);
  EXPECT_EQ(parseDTypeName("f17"), std::nullopt);
}
