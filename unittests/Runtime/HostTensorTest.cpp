//===- HostTensorTest.cpp - tests of tensors on the host ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/HostTensor.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir::tk;

static std::string getError(llvm::Expected<HostTensor> tensor) {
  return tensor ? "" : llvm::toString(tensor.takeError());
}

static HostTensor make(DType dtype, llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<int64_t> strides) {
  return llvm::cantFail(HostTensor::create(dtype, shape, strides));
}

TEST(HostTensorTest, RowMajorStridesFollowTheShape) {
  HostTensor tensor = llvm::cantFail(HostTensor::create(DType::F16, {2, 3, 5}));
  EXPECT_EQ(tensor.getStrides(), (llvm::ArrayRef<int64_t>{15, 5, 1}));
  EXPECT_EQ(tensor.getNumElements(), 30);
  EXPECT_EQ(tensor.getMemory().size(), 60u);
  EXPECT_TRUE(tensor.isRowMajor());
}

TEST(HostTensorTest, ElementsFollowTheStrides) {
  HostTensor tensor = make(DType::I32, {2, 3}, {1, 10});
  for (int64_t i = 0; i < 6; ++i)
    tensor.setInteger(i, 100 + i);
  auto *data = static_cast<int32_t *>(tensor.getData());
  EXPECT_EQ(data[0], 100);
  EXPECT_EQ(data[10], 101);
  EXPECT_EQ(data[1], 103);
  EXPECT_EQ(data[21], 105);
  EXPECT_EQ(tensor.getMemory().size(), 22 * 4u);
  EXPECT_FALSE(tensor.isRowMajor());
}

TEST(HostTensorTest, NegativeStridesReachBelowTheOrigin) {
  HostTensor tensor = make(DType::I8, {4}, {-2});
  EXPECT_EQ(tensor.getOriginInBytes(), 6);
  EXPECT_EQ(tensor.getMemory().size(), 7u);
  tensor.setInteger(3, 42);
  EXPECT_EQ(tensor.getMemory()[0], 42);
}

TEST(HostTensorTest, StrideZeroRepeatsOneElement) {
  HostTensor tensor = make(DType::F32, {1000, 1000}, {0, 1});
  EXPECT_EQ(tensor.getMemory().size(), 4000u);
  tensor.setDouble(5, 2.5);
  EXPECT_EQ(tensor.getDouble(999005), 2.5);
}

TEST(HostTensorTest, EmptyAndScalarTensorsExist) {
  HostTensor empty = llvm::cantFail(HostTensor::create(DType::F32, {3, 0}));
  EXPECT_EQ(empty.getNumElements(), 0);
  EXPECT_EQ(empty.getMemory().size(), 0u);
  EXPECT_EQ(empty.clone().getNumElements(), 0);
  HostTensor scalar = llvm::cantFail(HostTensor::create(DType::F32, {}));
  EXPECT_EQ(scalar.getNumElements(), 1);
  scalar.setDouble(0, 7);
  EXPECT_EQ(scalar.getDouble(0), 7);
}

TEST(HostTensorTest, ImpossibleTensorsAreErrors) {
  EXPECT_EQ(getError(HostTensor::create(DType::F32, {2, -1})),
            "cannot make a tensor of f32[2, -1]: an extent is negative");
  EXPECT_EQ(getError(HostTensor::create(DType::F32, {2, 3}, {1})),
            "cannot make a tensor of f32[2, 3]: it has 2 dimensions, but 1 "
            "strides");
  int64_t big = int64_t(1) << 62;
  auto expectOverflow = [](llvm::Expected<HostTensor> tensor) {
    EXPECT_TRUE(llvm::StringRef(getError(std::move(tensor)))
                    .ends_with("]: its size overflows"));
  };
  // Its elements, its bytes, the span of its strides.
  expectOverflow(HostTensor::create(DType::F32, {big, 4}));
  expectOverflow(HostTensor::create(DType::F32, {big}));
  expectOverflow(HostTensor::create(DType::I8, {3}, {big}));
  expectOverflow(HostTensor::create(DType::I8, {2, 2}, {big, -big * 2}));
  EXPECT_EQ(getError(HostTensor::create(DType::I8, {big})),
            "cannot make a tensor of i8[4611686018427387904]: no memory for "
            "4611686018427387904 bytes");
}

TEST(HostTensorTest, RunsVisitEveryElementOnce) {
  // Large enough for several threads, with rows longer than one run.
  for (auto [shape, strides] :
       {std::pair<llvm::SmallVector<int64_t>, llvm::SmallVector<int64_t>>{
            {3, 70001}, {70001, 1}},
        {{3, 70001}, {-140002, 2}},
        {{70001, 3}, {1, 70001}},
        {{2, 3, 5}, {100, 1, 7}}}) {
    HostTensor tensor = make(DType::I32, shape, strides);
    tensor.forEachRun(
        [](int64_t first, int64_t count, uint8_t *element, int64_t stride) {
          for (int64_t i = 0; i < count; ++i) {
            int64_t old = readAsInteger(DType::I32, element + i * stride);
            writeInteger(DType::I32, element + i * stride, old + first + i + 1);
          }
        });
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      ASSERT_EQ(tensor.getInteger(i), i + 1) << formatShape(shape);
  }
}

TEST(HostTensorTest, ConversionKeepsTheOrderOfElements) {
  HostTensor tensor = make(DType::F32, {2, 2}, {1, 2});
  for (int64_t i = 0; i < 4; ++i)
    tensor.setDouble(i, i + 0.5);
  HostTensor converted = llvm::cantFail(tensor.convertTo(DType::I64));
  EXPECT_TRUE(converted.isRowMajor());
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(converted.getInteger(i), i);
}

TEST(HostTensorTest, PoisonedFloatsAreNaN) {
  for (DType dtype : {DType::F16, DType::BF16, DType::F32, DType::F64}) {
    HostTensor tensor = llvm::cantFail(HostTensor::create(dtype, {3}));
    tensor.poison();
    EXPECT_TRUE(std::isnan(tensor.getDouble(2)));
  }
}
