//===- ComparisonTest.cpp - the bounds of the tolerance classes -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/Comparison.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;

namespace {
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

HostTensor makeTensor(DType dtype, ArrayRef<double> values) {
  HostTensor tensor = llvm::cantFail(
      HostTensor::create(dtype, {static_cast<int64_t>(values.size())}));
  for (auto [i, value] : llvm::enumerate(values))
    tensor.setDouble(i, value);
  return tensor;
}

class ComparisonTest : public testing::Test {
protected:
  /// Compares one element.
  bool passes(ToleranceClass toleranceClass, DType dtype, double found,
              double expected, std::optional<double> magnitude = std::nullopt) {
    OutputCheck check = base;
    check.toleranceClass = toleranceClass;
    ToleranceContext context = baseContext;
    HostTensor scale = makeTensor(DType::F64, {magnitude.value_or(0)});
    if (magnitude)
      context.magnitude = &scale;
    return compareOutput(makeTensor(dtype, {found}),
                         makeTensor(DType::F64, {expected}), check, context)
        .passed;
  }

  /// The largest power-of-two fraction steps: an error just within and one just
  /// beyond `bound` around `expected`, which f64 outputs hold exactly.
  void expectBound(ToleranceClass toleranceClass, double expected, double bound,
                   std::optional<double> magnitude = std::nullopt) {
    EXPECT_TRUE(passes(toleranceClass, DType::F64, expected + 0.99 * bound,
                       expected, magnitude));
    EXPECT_FALSE(passes(toleranceClass, DType::F64, expected + 1.01 * bound,
                        expected, magnitude));
    EXPECT_TRUE(passes(toleranceClass, DType::F64, expected - 0.99 * bound,
                       expected, magnitude));
    EXPECT_FALSE(passes(toleranceClass, DType::F64, expected - 1.01 * bound,
                        expected, magnitude));
  }

  OutputCheck base;
  ToleranceContext baseContext;
};

TEST_F(ComparisonTest, ExactMeansTheReferenceRoundedOnce) {
  // 1/3 rounded to f16 is 0x3555 = 0.333251953125.
  EXPECT_TRUE(passes(ToleranceClass::X, DType::F16, 0.333251953125, 1.0 / 3));
  EXPECT_FALSE(passes(ToleranceClass::X, DType::F16, 0.33349609375, 1.0 / 3));
  EXPECT_TRUE(passes(ToleranceClass::X, DType::F32, 0.0, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::X, DType::F32, -0.0, 0.0));
  EXPECT_TRUE(passes(ToleranceClass::X, DType::F16, kInfinity, 70000.0));
}

TEST_F(ComparisonTest, BoundsOfF64) {
  // The columns of the table for f64, around 4096, where errors of these sizes
  // are many units in the last place.
  base.relative = 1e-6;
  base.absolute = 1e-3;
  expectBound(ToleranceClass::Explicit, 4096, 4096 * 1e-6 + 1e-3);
  expectBound(ToleranceClass::S, 4096, 4096 * 1e-13 * 1, std::nullopt);
  expectBound(ToleranceClass::N, 0, 1e-12);
  expectBound(ToleranceClass::M, 0, 1e-13);
  // Measured by magnitudes much larger than the value.
  baseContext.sumFactor = 30;
  expectBound(ToleranceClass::A, 1, 3 * 0x1p-53 * 1e6, 1e6);
  expectBound(ToleranceClass::R, 1, 30 * 0x1p-53 * 1e6, 1e6);
  base.length = 100;
  expectBound(ToleranceClass::D, 1, 33 * 0x1p-53 * 1e6, 1e6);
  expectBound(ToleranceClass::F, 1, 1e-13 * 1e6, 1e6);
}

TEST_F(ComparisonTest, StorageRoundingIsAllowedOnce) {
  // bf16 has 8 bits: the neighbour of 1 is 1 + 2^-7; half way is within 2^-8.
  EXPECT_TRUE(passes(ToleranceClass::A, DType::BF16, 1.0, 1 + 0x1p-8, 0.0));
  EXPECT_FALSE(
      passes(ToleranceClass::A, DType::BF16, 1 + 0x1p-7, 1 + 0x1p-9, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::A, DType::F32, 1.0, 1 + 0x1p-8, 0.0));
}

TEST_F(ComparisonTest, WhatIsTooSmallForTheTypeMayVanish) {
  // Half the smallest number of f16 is 2^-25; what is smaller rounds to 0, and
  // what is between 2^-25 and 2^-24 to the latter.
  EXPECT_TRUE(passes(ToleranceClass::D, DType::F16, -0.0, -0x1p-26, 0.0));
  EXPECT_TRUE(passes(ToleranceClass::R, DType::F16, 0x1p-24, 0x1.9p-25, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::A, DType::F16, 0x1p-24, 0x1p-26, 0.0));
  EXPECT_TRUE(passes(ToleranceClass::A, DType::BF16, 0.0, 0x1p-135, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::A, DType::BF16, 0x1p-133, 0x1p-135, 0.0));
  EXPECT_TRUE(passes(ToleranceClass::A, DType::F8E4M3, 0.0, 0x1p-11, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::A, DType::F8E4M3, 0x1p-9, 0x1p-11, 0.0));
  EXPECT_TRUE(passes(ToleranceClass::A, DType::F8E5M2, 0.0, 0x1p-18, 0.0));
  EXPECT_FALSE(passes(ToleranceClass::A, DType::F8E5M2, 0x1p-16, 0x1p-18, 0.0));
}

TEST_F(ComparisonTest, TF32OperandsWidenTheBoundOfDot) {
  base.length = 4;
  EXPECT_FALSE(passes(ToleranceClass::D, DType::F32, 1.001, 1.0, 1.0));
  baseContext.operandError = 0x1p-9;
  EXPECT_TRUE(passes(ToleranceClass::D, DType::F32, 1.001, 1.0, 1.0));
  EXPECT_FALSE(passes(ToleranceClass::D, DType::F32, 1.01, 1.0, 1.0));
}

TEST_F(ComparisonTest, GradientsAreMeasuredByTheLargest) {
  OutputCheck check;
  check.toleranceClass = ToleranceClass::FB;
  HostTensor reference = makeTensor(DType::F64, {0.0, 100.0});
  // 5e-5 of 100.
  EXPECT_TRUE(compareOutput(makeTensor(DType::F32, {0.0049, 100.0}), reference,
                            check, {})
                  .passed);
  EXPECT_FALSE(compareOutput(makeTensor(DType::F32, {0.0051, 100.0}), reference,
                             check, {})
                   .passed);
}

TEST_F(ComparisonTest, WeightsWidenTheBoundOfNorms) {
  HostTensor weights = makeTensor(DType::F32, {-10.0});
  EXPECT_FALSE(passes(ToleranceClass::N, DType::F32, 5e-5, 0.0));
  baseContext.weights = &weights;
  EXPECT_TRUE(passes(ToleranceClass::N, DType::F32, 5e-5, 0.0));
}

TEST_F(ComparisonTest, NaNsAndInfinitiesMustAgree) {
  base.relative = 1;
  base.absolute = 1e30;
  auto agrees = [&](double found, double expected) {
    return passes(ToleranceClass::Explicit, DType::F32, found, expected);
  };
  EXPECT_TRUE(agrees(kNaN, kNaN));
  EXPECT_FALSE(agrees(kNaN, 1.0));
  EXPECT_FALSE(agrees(1.0, kNaN));
  EXPECT_TRUE(agrees(kInfinity, kInfinity));
  EXPECT_FALSE(agrees(kInfinity, -kInfinity));
  EXPECT_FALSE(agrees(kInfinity, 1.0));
  EXPECT_FALSE(agrees(1.0, kInfinity));
  // Too large for the type, so that an infinity is right.
  EXPECT_TRUE(agrees(kInfinity, 1e39));
}

TEST_F(ComparisonTest, IntegersMustBeEqual) {
  OutputCheck check;
  check.toleranceClass = ToleranceClass::M;
  Comparison comparison =
      compareOutput(makeTensor(DType::I32, {1, 2, 9, 4}),
                    makeTensor(DType::I32, {1, 2, 3, 5}), check, {});
  EXPECT_FALSE(comparison.passed);
  EXPECT_TRUE(comparison.isExact);
  EXPECT_EQ(comparison.numFailures, 2);
  EXPECT_EQ(comparison.maxAbsoluteError, 6);
  EXPECT_EQ(comparison.worstIndex, (SmallVector<int64_t, 4>{2}));
  EXPECT_EQ(comparison.found, "9");
  EXPECT_EQ(comparison.expected, "3");
}

TEST_F(ComparisonTest, TheWorstElementIsNamed) {
  OutputCheck check;
  check.toleranceClass = ToleranceClass::Explicit;
  check.relative = 0.5;
  HostTensor found = llvm::cantFail(HostTensor::create(DType::F64, {2, 3}));
  HostTensor reference = llvm::cantFail(HostTensor::create(DType::F64, {2, 3}));
  for (int i = 0; i < 6; ++i) {
    reference.setDouble(i, 8);
    found.setDouble(i, i == 4 ? 16 : 9);
  }
  Comparison comparison = compareOutput(found, reference, check, {});
  EXPECT_EQ(comparison.numFailures, 1);
  EXPECT_EQ(comparison.numElements, 6);
  EXPECT_EQ(comparison.worstIndex, (SmallVector<int64_t, 4>{1, 1}));
  EXPECT_EQ(comparison.found, "16");
  EXPECT_EQ(comparison.expected, "8");
  EXPECT_EQ(comparison.maxAbsoluteError, 8);
  // 8 of the 4 that are allowed.
  EXPECT_EQ(comparison.maxShareOfBound, 2);
}

TEST_F(ComparisonTest, TheShareOfTheBoundCountsNotTheRelativeError) {
  // At 0 any error is infinitely large relative to the reference, but well
  // within the absolute part of the bound.
  OutputCheck check;
  check.toleranceClass = ToleranceClass::Explicit;
  check.relative = 1e-3;
  check.absolute = 1e-2;
  Comparison comparison =
      compareOutput(makeTensor(DType::F64, {0.005, 10.005}),
                    makeTensor(DType::F64, {0, 10}), check, {});
  EXPECT_TRUE(comparison.passed);
  EXPECT_EQ(comparison.maxShareOfBound, 0.5);
  EXPECT_EQ(comparison.worstIndex, (SmallVector<int64_t, 4>{0}));

  check.toleranceClass = ToleranceClass::X;
  EXPECT_EQ(compareOutput(makeTensor(DType::F64, {1}),
                          makeTensor(DType::F64, {1}), check, {})
                .maxShareOfBound,
            0);
  EXPECT_EQ(compareOutput(makeTensor(DType::F64, {1}),
                          makeTensor(DType::F64, {2}), check, {})
                .maxShareOfBound,
            kInfinity);
}

TEST_F(ComparisonTest, TolerancesAreDescribed) {
  OutputCheck check;
  check.toleranceClass = ToleranceClass::S;
  EXPECT_EQ(describeTolerance(check), "class S");
  check.toleranceClass = ToleranceClass::D;
  check.length = 4096;
  EXPECT_EQ(describeTolerance(check), "class D(4096)");
  check.toleranceClass = ToleranceClass::Explicit;
  check.relative = 1e-3;
  EXPECT_EQ(describeTolerance(check), "rel 0.001, abs 0");
}

TEST_F(ComparisonTest, NothingToCompareIsFine) {
  EXPECT_TRUE(compareOutput(makeTensor(DType::F32, {}),
                            makeTensor(DType::F64, {}), {}, {})
                  .passed);
}
} // namespace
