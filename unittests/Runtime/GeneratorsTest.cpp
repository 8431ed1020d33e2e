//===- GeneratorsTest.cpp - tests of generated inputs ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/Generators.h"
#include "gtest/gtest.h"
#include <cmath>
#include <set>

using namespace mlir::tk;

static HostTensor makeTensor(DType dtype, llvm::ArrayRef<int64_t> shape,
                             const Generator &generator, uint64_t seed = 0,
                             uint64_t stream = 0) {
  HostTensor tensor = llvm::cantFail(HostTensor::create(dtype, shape));
  generate(tensor, generator, seed, stream);
  return tensor;
}

// Known answers of the authors' Random123 distribution (kat_vectors).
TEST(PhiloxTest, KnownAnswers) {
  using Words = std::array<uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(NormalTest, InverseInvertsTheDistributionFunction) {
  EXPECT_EQ(invertNormalCdf(0.5), 0.0);
  for (double p :
       {1e-15, 1e-10, 1e-4, 0.02, 0.0749, 0.0751, 0.3, 0.9, 0.9999}) {
    double back = 0.5 * std::erfc(-invertNormalCdf(p) / std::sqrt(2.0));
    EXPECT_NEAR(back / p, 1.0, 1e-13) << p;
  }
}

TEST(GeneratorsTest, RandnHasTheMomentsOfTheNormalDistribution) {
  HostTensor tensor =
      makeTensor(DType::F64, {1000, 1000}, Generator::randn(3, 2), 7);
  double mean = 0, square = 0, cube = 0;
  int64_t n = tensor.getNumElements();
  for (int64_t i = 0; i < n; ++i) {
    double z = (tensor.getDouble(i) - 3) / 2;
    mean += z / n;
    square += z * z / n;
    cube += z * z * z / n;
  }
  // Five standard deviations of each estimate.
  EXPECT_NEAR(mean, 0, 5e-3);
  EXPECT_NEAR(square, 1, 5 * std::sqrt(2.0) * 1e-3);
  EXPECT_NEAR(cube, 0, 5 * std::sqrt(15.0) * 1e-3);
}

TEST(GeneratorsTest, UniformIntegersCoverTheRangeEvenly) {
  HostTensor tensor =
      makeTensor(DType::I32, {70000}, Generator::uniform(-3, 4), 1);
  int counts[7] = {};
  for (int64_t i = 0; i < 70000; ++i) {
    int64_t value = tensor.getInteger(i);
    ASSERT_GE(value, -3);
    ASSERT_LT(value, 4);
    ++counts[value + 3];
  }
  for (int count : counts)
    EXPECT_NEAR(count, 10000, 500);
}

TEST(GeneratorsTest, ArangeAndFullAreExact) {
  HostTensor tensor =
      makeTensor(DType::F32, {2, 3}, Generator::arange(-1, 0.5));
  EXPECT_EQ(tensor.getDouble(0), -1);
  EXPECT_EQ(tensor.getDouble(5), 1.5);
  HostTensor full = makeTensor(DType::U8, {4}, Generator::full(9));
  EXPECT_EQ(full.getInteger(3), 9);
}

TEST(GeneratorsTest, ElementsDoNotDependOnStridesOrShape) {
  HostTensor dense = makeTensor(DType::F32, {300, 700}, Generator::randn(), 5);
  HostTensor flat = makeTensor(DType::F32, {210000}, Generator::randn(), 5);
  HostTensor strided =
      llvm::cantFail(HostTensor::create(DType::F32, {300, 700}, {-1, 300}));
  generate(strided, Generator::randn(), 5, 0);
  for (int64_t i = 0; i < 210000; ++i) {
    ASSERT_EQ(dense.getDouble(i), flat.getDouble(i));
    ASSERT_EQ(dense.getDouble(i), strided.getDouble(i));
  }
}

TEST(GeneratorsTest, SeedsAndStreamsGiveOtherNumbers) {
  std::set<double> seen;
  for (uint64_t seed : {0, 1})
    for (uint64_t stream : {0, 1})
      seen.insert(makeTensor(DType::F64, {1}, Generator::randn(), seed, stream)
                      .getDouble(0));
  EXPECT_EQ(seen.size(), 4u);
}

TEST(GeneratorsTest, RepeatedElementsAreDeterministic) {
  // Every row is the same memory, so the last row wins, on any thread count.
  HostTensor tensor =
      llvm::cantFail(HostTensor::create(DType::I32, {200000, 2}, {0, 1}));
  generate(tensor, Generator::arange(), 0, 0);
  EXPECT_EQ(tensor.getInteger(0), 399998);
  EXPECT_EQ(tensor.getInteger(1), 399999);
}
