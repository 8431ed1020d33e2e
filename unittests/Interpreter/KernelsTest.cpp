//===- KernelsTest.cpp - whole kernels against closed forms ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterTestUtils.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;

namespace {
using KernelsTest = InterpreterTest;

TEST_F(KernelsTest, VectorAddMasksTheLastProgram) {
  std::vector<float> x(300), y(300), z(300, -1.0f);
  for (int i = 0; i < 300; ++i) {
    x[i] = i;
    y[i] = 1000 - 3 * i;
  }
  runClean(R"mlir(
    tk.kernel @add(%x: !tk.view<?xf32> {tk.access = #tk.access<read>},
                   %y: !tk.view<?xf32> {tk.access = #tk.access<read>},
                   %z: !tk.view<?xf32> {tk.access = #tk.access<out>}) {
      %c128 = arith.constant 128 : index
      %p = tk.program_id 0
      %s = arith.muli %p, %c128 : index
      %a = tk.load_view %x[%s +: 128] : !tk.view<?xf32> -> tensor<128xf32>
      %b = tk.load_view %y[%s +: 128] : !tk.view<?xf32> -> tensor<128xf32>
      %c = arith.addf %a, %b : tensor<128xf32>
      tk.store_view %c, %z[%s +: 128] : tensor<128xf32>, !tk.view<?xf32>
      tk.return
    })mlir",
           {tensorOf(x), tensorOf(y), tensorOf(z)}, {3, 1, 1});
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(z[i], 1000 - 2 * i);
}

TEST_F(KernelsTest, SoftmaxOfEqualElementsIsUniform) {
  // exp(0) / 100 each; what lies outside reads as -inf and adds nothing.
  std::vector<float> x(4 * 100, 2.5f), y(4 * 100);
  runClean(R"mlir(
    tk.kernel @softmax(%x: !tk.view<?x?xf32> {tk.access = #tk.access<read>},
                       %y: !tk.view<?x?xf32> {tk.access = #tk.access<out>}) {
      %c0 = arith.constant 0 : index
      %one = arith.constant 1.0 : f32
      %ninf = arith.constant 0xFF800000 : f32
      %i = tk.program_id 0
      %row = tk.load_view %x[%i, %c0 +: 4096] pad %ninf : f32
          : !tk.view<?x?xf32> -> tensor<4096xf32>
      %m = tk.reduce(%row) axis 0 : (tensor<4096xf32>) -> f32 {
      ^bb0(%a: f32, %b: f32):
        %c = arith.maximumf %a, %b : f32
        tk.yield %c : f32
      }
      %mt = tk.splat %m : f32 -> tensor<4096xf32>
      %d = arith.subf %row, %mt : tensor<4096xf32>
      %e = math.exp %d : tensor<4096xf32>
      %s = tk.reduce(%e) axis 0 : (tensor<4096xf32>) -> f32 {
      ^bb0(%a: f32, %b: f32):
        %c = arith.addf %a, %b : f32
        tk.yield %c : f32
      }
      %r = arith.divf %one, %s : f32
      %rt = tk.splat %r : f32 -> tensor<4096xf32>
      %o = arith.mulf %e, %rt : tensor<4096xf32>
      tk.store_view %o, %y[%i, %c0 +: 4096] : tensor<4096xf32>, !tk.view<?x?xf32>
      tk.return
    })mlir",
           {tensorOf(x, {4, 100}), tensorOf(y, {4, 100})}, {4, 1, 1});
  for (float value : y)
    EXPECT_EQ(value, 1.0f / 100.0f);
}

static const char *const kMatmul = R"mlir(
  tk.kernel @matmul(%a: !tk.view<?x?xbf16> {tk.access = #tk.access<read>},
                    %b: !tk.view<?x?xbf16> {tk.access = #tk.access<read>},
                    %c: !tk.view<?x?xf32> {tk.access = #tk.access<out>}) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %c128 = arith.constant 128 : index
    %zero = arith.constant dense<0.0> : tensor<128x128xf32>
    %i = tk.program_id 0
    %j = tk.program_id 1
    %m = arith.muli %i, %c128 : index
    %n = arith.muli %j, %c128 : index
    %K = tk.dim %a, 1 : !tk.view<?x?xbf16>
    %acc = scf.for %k = %c0 to %K step %c32 iter_args(%sum = %zero)
        -> (tensor<128x128xf32>) {
      %at = tk.load_view %a[%m +: 128, %k +: 32]
          : !tk.view<?x?xbf16> -> tensor<128x32xbf16>
      %bt = tk.load_view %b[%k +: 32, %n +: 128]
          : !tk.view<?x?xbf16> -> tensor<32x128xbf16>
      %d = tk.dot %at, %bt, %sum
          : tensor<128x32xbf16>, tensor<32x128xbf16> -> tensor<128x128xf32>
      scf.yield %d : tensor<128x128xf32>
    }
    tk.store_view %acc, %c[%m +: 128, %n +: 128]
        : tensor<128x128xf32>, !tk.view<?x?xf32>
    tk.return
  })mlir";

/// The bf16 with the value of a small integer.
static uint16_t toBF16(int value) {
  float f = value;
  uint32_t bits;
  std::memcpy(&bits, &f, 4);
  return bits >> 16;
}

TEST_F(KernelsTest, MatmulOfSmallIntegersIsExact) {
  // Odd sizes; a[i, k] = i % 3 - k % 2, b[k, j] = 1 + k % 2 + j % 5: integers
  // whose sums are exact, so that the order does not matter.
  const int64_t M = 130, N = 257, K = 77;
  std::vector<uint16_t> a(M * K), b(K * N);
  std::vector<float> c(M * N, NAN);
  for (int64_t i = 0; i < M; ++i)
    for (int64_t k = 0; k < K; ++k)
      a[i * K + k] = toBF16(i % 3 - k % 2);
  for (int64_t k = 0; k < K; ++k)
    for (int64_t j = 0; j < N; ++j)
      b[k * N + j] = toBF16(1 + k % 2 + j % 5);
  runClean(kMatmul,
           {tensorOf(DType::BF16, a, {M, K}), tensorOf(DType::BF16, b, {K, N}),
            tensorOf(c, {M, N})},
           {2, 3, 1});
  // 39 even and 38 odd values of k.
  for (int64_t i = 0; i < M; ++i)
    for (int64_t j = 0; j < N; ++j) {
      int64_t expected =
          39 * (i % 3) * (1 + j % 5) + 38 * (i % 3 - 1) * (2 + j % 5);
      ASSERT_EQ(c[i * N + j], expected) << i << ", " << j;
    }
}

/// The speed that DESIGN asks for, at a size at which a slow path would be
/// noticed. Run with --gtest_also_run_disabled_tests to see the time.
TEST_F(KernelsTest, DISABLED_BenchmarkMatmul1024) {
  const int64_t N = 1024;
  std::vector<uint16_t> a(N * N, toBF16(1)), b(N * N, toBF16(2));
  std::vector<float> c(N * N);
  RunResult result =
      run(kMatmul,
          {tensorOf(DType::BF16, a, {N, N}), tensorOf(DType::BF16, b, {N, N}),
           tensorOf(c, {N, N})},
          {8, 8, 1});
  EXPECT_EQ(c[N * N - 1], 2048.0f);
  printf("1024^3 bf16 matmul: %.3f s, %llu instructions\n", result.seconds,
         static_cast<unsigned long long>(result.numInstructions));
}
} // namespace
