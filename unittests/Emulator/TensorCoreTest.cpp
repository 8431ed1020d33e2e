//===- TensorCoreTest.cpp - the model of the matrix units -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TensorCore.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <random>

using namespace mlir::tk::emulator;

namespace {

uint32_t bitsOf(float value) { return llvm::bit_cast<uint32_t>(value); }

/// bf16 of a float that is one.
uint32_t brain(float value) { return bitsOf(value) >> 16; }

/// c + sum of a[k] * b[k] by mma, all of bf16.
float dot(const std::vector<float> &a, const std::vector<float> &b, float c) {
  std::vector<uint32_t> bitsA, bitsB;
  for (unsigned k = 0; k < a.size(); ++k) {
    bitsA.push_back(brain(a[k]));
    bitsB.push_back(brain(b[k]));
  }
  SplitMatrix left, right;
  left.assign(1, a.size(), formatBF16, bitsA);
  right.assign(b.size(), 1, formatBF16, bitsB);
  SumRule rule = getSumRule(MatrixUnit::Mma, formatBF16, formatBF16, false);
  uint32_t sum = bitsOf(c);
  multiplyAdd(rule, left, right, &sum, &sum);
  return llvm::bit_cast<float>(sum);
}

/// The same by doubles, term by term.
float expectedDot(const std::vector<float> &a, const std::vector<float> &b,
                  float c) {
  int largest = c ? std::ilogb(c) : -10000;
  for (size_t k = 0; k < a.size(); ++k)
    if (a[k] && b[k])
      largest = std::max(largest, std::ilogb(a[k]) + std::ilogb(b[k]));
  auto cut = [&](double term) {
    return std::trunc(std::ldexp(term, 25 - largest));
  };
  double sum = cut(c);
  for (size_t k = 0; k < a.size(); ++k)
    sum += cut(double(a[k]) * b[k]);
  double exact = std::ldexp(sum, largest - 25);
  float rounded = static_cast<float>(exact);
  return std::fabs(rounded) > std::fabs(exact) ? std::nextafter(rounded, 0.0f)
                                               : rounded;
}

} // namespace

/// A bf16 of exponent -radius to radius, or zero.
static float draw(std::mt19937 &random, int radius) {
  int exponent = int(random() % (2 * radius + 1)) - radius;
  float mantissa = 1 + float(random() % 128) / 128;
  float value = std::ldexp(mantissa, exponent);
  return random() % 8 == 0 ? 0 : random() % 2 ? value : -value;
}

/// 2000 random sums of 16 products. The exponents of the factors are at most
/// leastRadius + i % numRadii, that of the accumulator at most sumRadius.
static void expectRandomSums(unsigned seed, int leastRadius, unsigned numRadii,
                             int sumRadius) {
  std::mt19937 random(seed);
  for (unsigned i = 0; i < 2000; ++i) {
    int radius = leastRadius + int(i % numRadii);
    std::vector<float> a, b;
    for (unsigned k = 0; k < 16; ++k) {
      a.push_back(draw(random, radius));
      b.push_back(draw(random, radius));
    }
    float c = draw(random, sumRadius);
    ASSERT_EQ(dot(a, b, c), expectedDot(a, b, c)) << i;
  }
}

TEST(TensorCoreTest, RandomSumsFollowTheModel) {
  expectRandomSums(/*seed=*/1, 1, 12, 20);
}

// Numbers between 2^-50 and 2^50 take another way than the others.
TEST(TensorCoreTest, ExtremeNumbersFollowTheModel) {
  expectRandomSums(/*seed=*/2, 44, 16, 100);
}

// Products far below c are cut off to nothing, and c alone may be extreme.
TEST(TensorCoreTest, AnExtremeAccumulatorIsKept) {
  for (float c : {0x1.8p127f, -0x1p-126f, 0x1p-149f}) {
    EXPECT_EQ(dot({0.0f}, {1.0f}, c), c);
    EXPECT_EQ(dot({0x1p-50f}, {0x1p-50f}, 0x1.8p127f), 0x1.8p127f);
  }
  EXPECT_EQ(dot({0x1p50f, 0x1p50f}, {0x1p50f, -0x1p50f}, 1.0f), 0.0f);
}

// Two bits below the last place of the result are kept, no more.
TEST(TensorCoreTest, TermsAreCutOffBeforeTheyAreAdded) {
  std::vector<float> ones(16, 1.0f);
  std::vector<float> kept(16, 0x1p-25f), lost(16, 0x1p-26f);
  EXPECT_EQ(dot(kept, ones, 1.0f), 1.0f + 0x1p-21f);
  EXPECT_EQ(dot(lost, ones, 1.0f), 1.0f);
}

TEST(TensorCoreTest, ResultsAreCutOffTowardsZero) {
  EXPECT_EQ(dot({1.5f}, {0x1p-23f}, 1.0f), 1.0f + 0x1p-23f);
  EXPECT_EQ(dot({-1.5f}, {0x1p-23f}, -1.0f), -1.0f - 0x1p-23f);
}

TEST(TensorCoreTest, SumsTooLargeAreInfinite) {
  EXPECT_EQ(dot({0x1p100f}, {0x1p100f}, 0.0f), INFINITY);
  EXPECT_EQ(dot({0x1p100f}, {-0x1p100f}, 0.0f), -INFINITY);
}

TEST(TensorCoreTest, OppositeInfinitiesAndZeroTimesInfinityAreNaN) {
  EXPECT_EQ(bitsOf(dot({INFINITY}, {1.0f}, -INFINITY)), 0x7FFFFFFFu);
  EXPECT_EQ(bitsOf(dot({INFINITY}, {0.0f}, 1.0f)), 0x7FFFFFFFu);
  EXPECT_EQ(dot({INFINITY}, {-2.0f}, 1.0f), -INFINITY);
}

// Zeros, and what vanishes, are +0.
TEST(TensorCoreTest, ZeroIsPositive) {
  EXPECT_EQ(bitsOf(dot({-0.0f}, {1.0f}, -0.0f)), 0u);
  EXPECT_EQ(bitsOf(dot({-0x1p-80f}, {0x1p-80f}, 0.0f)), 0u);
}

// wgmma keeps 13 bits of sums of 8-bit floats.
TEST(TensorCoreTest, EightBitSumsOfWgmmaKeep13Bits) {
  SumRule rule = getSumRule(MatrixUnit::Wgmma, formatE4M3, formatE4M3, false);
  SplitMatrix one;
  one.assign(1, 1, formatE4M3, {0x38});
  uint32_t sum = bitsOf(0x1p-13f);
  multiplyAdd(rule, one, one, &sum, &sum);
  EXPECT_EQ(sum, bitsOf(1.0f + 0x1p-13f));
  sum = bitsOf(0x1p-14f);
  multiplyAdd(rule, one, one, &sum, &sum);
  EXPECT_EQ(sum, bitsOf(1.0f));
}
