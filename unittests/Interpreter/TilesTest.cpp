//===- TilesTest.cpp - views, shapes, dot and reduce against closed forms -===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterTestUtils.h"
#include <cmath>
#include <numeric>

using namespace mlir;
using namespace mlir::tk;

namespace {
using TilesTest = InterpreterTest;

std::vector<int32_t> iota(int64_t count) {
  std::vector<int32_t> values(count);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

TEST_F(TilesTest, SliceOverBothEnds) {
  std::vector<int32_t> x = iota(5), y(8);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?xi32>, %y: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %m2 = arith.constant -2 : index
  %pad = arith.constant 77 : i32
  %v = tk.load_view %x[%m2 +: 8] pad %pad : i32 : !tk.view<?xi32> -> tensor<8xi32>
  tk.store_view %v, %y[%c0 +: 8] : tensor<8xi32>, !tk.view<?xi32>
  tk.return
})mlir",
           {tensorOf(x), tensorOf(y)});
  EXPECT_EQ(y, std::vector<int32_t>({77, 77, 0, 1, 2, 3, 4, 77}));
}

TEST_F(TilesTest, StoreDropsWhatIsOutside) {
  std::vector<int32_t> y(4, -1);
  runClean(R"mlir(
tk.kernel @k(%y: !tk.view<?xi32>) {
  %m2 = arith.constant -2 : index
  %v = tk.arange : tensor<16xi32>
  tk.store_view %v, %y[%m2 +: 16] : tensor<16xi32>, !tk.view<?xi32>
  tk.return
})mlir",
           {tensorOf(y)});
  EXPECT_EQ(y, std::vector<int32_t>({2, 3, 4, 5}));
}

TEST_F(TilesTest, NegativeAndZeroStrides) {
  // x is read from its end; each row is the same.
  std::vector<int32_t> x = iota(4), y(12);
  KernelArgument reversed = tensorOf(x);
  reversed.shape = {3, 4};
  reversed.strides = {0, -1};
  reversed.data = x.data() + 3;
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?x?xi32>, %y: !tk.view<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %v = tk.load_view %x[%c0 +: 3, %c0 +: 4] : !tk.view<?x?xi32> -> tensor<3x4xi32>
  tk.store_view %v, %y[%c0 +: 3, %c0 +: 4] : tensor<3x4xi32>, !tk.view<?x?xi32>
  tk.return
})mlir",
           {reversed, tensorOf(y, {3, 4})});
  EXPECT_EQ(y, std::vector<int32_t>({3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0}));
}

TEST_F(TilesTest, GathersPairUpWhereAdjacent) {
  // x[i, j, k] = 100 i + 10 j + k; x[gather r, gather s, 1 +: 2].
  std::vector<int32_t> x(4 * 5 * 6), y(6);
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 5; ++j)
      for (int k = 0; k < 6; ++k)
        x[(i * 5 + j) * 6 + k] = 100 * i + 10 * j + k;
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?x?x?xi32>, %y: !tk.view<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = arith.constant dense<[3, -1, 0]> : tensor<3xi32>
  %s = arith.constant dense<[4, 2, 1]> : tensor<3xi64>
  %pad = arith.constant -5 : i32
  %v = tk.load_view %x[gather %r, gather %s, %c1 +: 2] pad %pad : i32
      : !tk.view<?x?x?xi32> (tensor<3xi32>, tensor<3xi64>) -> tensor<3x2xi32>
  tk.store_view %v, %y[%c0 +: 3, %c0 +: 2] : tensor<3x2xi32>, !tk.view<?x?xi32>
  tk.return
})mlir",
           {tensorOf(x, {4, 5, 6}), tensorOf(y, {3, 2})});
  EXPECT_EQ(y, std::vector<int32_t>({341, 342, -5, -5, 11, 12}));
}

TEST_F(TilesTest, SeparatedGathersMakeAProduct) {
  std::vector<int32_t> x = iota(12), y(4);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?x?x?xi32>, %y: !tk.view<?x?x?xi32>) {
  %c0 = arith.constant 0 : index
  %i = arith.constant dense<[1, 0]> : tensor<2xindex>
  %v = tk.load_view %x[gather %i, %c0 +: 1, gather %i]
      : !tk.view<?x?x?xi32> (tensor<2xindex>, tensor<2xindex>) -> tensor<2x1x2xi32>
  tk.store_view %v, %y[%c0 +: 2, %c0 +: 1, %c0 +: 2] : tensor<2x1x2xi32>, !tk.view<?x?x?xi32>
  tk.return
})mlir",
           {tensorOf(x, {2, 2, 3}), tensorOf(y, {2, 1, 2})});
  EXPECT_EQ(y, std::vector<int32_t>({7, 6, 1, 0}));
}

TEST_F(TilesTest, SubviewsEndWhereTheSourceEnds) {
  // x[1, :, 2..] of [2, 2, 4], read one past its end; and an empty view.
  std::vector<int32_t> x = iota(16), y(6), z(1);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?x?x?xi32>, %y: !tk.view<?x?xi32>, %z: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c9 = arith.constant 9 : index
  %pad = arith.constant -7 : i32
  %s = tk.subview %x kinds [0, 1, 2] offsets [%c1, %c2] lengths [%c9]
      : !tk.view<?x?x?xi32> -> !tk.view<?x?xi32>
  %v = tk.load_view %s[%c0 +: 2, %c0 +: 3] pad %pad : i32 : !tk.view<?x?xi32> -> tensor<2x3xi32>
  tk.store_view %v, %y[%c0 +: 2, %c0 +: 3] : tensor<2x3xi32>, !tk.view<?x?xi32>
  %e = tk.subview %x kinds [0, 1, 1] offsets [%c2] lengths []
      : !tk.view<?x?x?xi32> -> !tk.view<?x?xi32>
  %w = tk.load_view %e[%c0, %c0] pad %pad : i32 : !tk.view<?x?xi32> -> i32
  tk.store_view %w, %z[%c0] : i32, !tk.view<?xi32>
  tk.store_view %w, %e[%c0, %c0] : i32, !tk.view<?x?xi32>
  tk.return
})mlir",
           {tensorOf(x, {2, 2, 4}), tensorOf(y, {2, 3}), tensorOf(z)});
  EXPECT_EQ(y, std::vector<int32_t>({10, 11, -7, 14, 15, -7}));
  EXPECT_EQ(z[0], -7);
  EXPECT_EQ(x, iota(16));
}

TEST_F(TilesTest, AddressesAndInside) {
  std::vector<int32_t> x = iota(6), y(8, -1);
  runClean(R"mlir(
tk.kernel @k(%x: !tk.view<?x?xi32>, %y: !tk.view<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %p = tk.addresses %x[%c0 +: 2, %c1 +: 4] : !tk.view<?x?xi32> -> tensor<2x4x!tk.ptr<i32>>
  %m = tk.inside %x[%c0 +: 2, %c1 +: 4] : !tk.view<?x?xi32> -> tensor<2x4xi1>
  %v = tk.load %p mask %m : tensor<2x4xi1> : tensor<2x4x!tk.ptr<i32>> -> tensor<2x4xi32>
  tk.store_view %v, %y[%c0 +: 2, %c0 +: 4] : tensor<2x4xi32>, !tk.view<?x?xi32>
  tk.return
})mlir",
           {tensorOf(x, {2, 3}), tensorOf(y, {2, 4})});
  EXPECT_EQ(y, std::vector<int32_t>({1, 2, 0, 0, 4, 5, 0, 0}));
}

TEST_F(TilesTest, ViewsMadeFromPointersInMemory) {
  std::vector<int32_t> first = iota(4), second = {9, 8, 7, 6}, y(2);
  std::vector<uint64_t> table = {reinterpret_cast<uint64_t>(second.data()),
                                 reinterpret_cast<uint64_t>(first.data())};
  FailureOr<CompiledKernel> kernel = compile(R"mlir(
tk.kernel @k(%t: !tk.view<?x!tk.ptr<i32>>, %y: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %i = tk.program_id 0
  %p = tk.load_view %t[%i] : !tk.view<?x!tk.ptr<i32>> -> !tk.ptr<i32>
  %v = tk.make_view %p [%c3] strides [%c1] : !tk.ptr<i32> -> !tk.view<?xi32>
  %n = tk.dim %v, 0 : !tk.view<?xi32>
  %last = arith.subi %n, %c1 : index
  %e = tk.load_view %v[%last] : !tk.view<?xi32> -> i32
  tk.store_view %e, %y[%i] : i32, !tk.view<?xi32>
  tk.return
})mlir");
  ASSERT_TRUE(succeeded(kernel));
  RunResult result =
      kernel->run({tensorOf(DType::U64, table), tensorOf(y)}, {2, 1, 1}, {},
                  {tensorOf(first), tensorOf(second)});
  EXPECT_TRUE(result.succeeded());
  EXPECT_EQ(y, std::vector<int32_t>({7, 2}));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

TEST_F(TilesTest, ShapesMoveElements) {
  std::vector<int32_t> t(24), b(6), g(4);
  runClean(R"mlir(
tk.kernel @k(%t: !tk.view<?x?x?xi32>, %b: !tk.view<?x?xi32>, %g: !tk.view<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %a = tk.arange : tensor<24xi32>
  %r = tk.reshape %a : tensor<24xi32> -> tensor<2x3x4xi32>
  %u = tk.trans %r [2, 0, 1] : tensor<2x3x4xi32> -> tensor<4x2x3xi32>
  tk.store_view %u, %t[%c0 +: 4, %c0 +: 2, %c0 +: 3] : tensor<4x2x3xi32>, !tk.view<?x?x?xi32>
  %v = tk.arange : tensor<2xi32>
  %e = tk.expand_dims %v axis 1 : tensor<2xi32> -> tensor<2x1xi32>
  %w = tk.broadcast %e : tensor<2x1xi32> -> tensor<2x3xi32>
  tk.store_view %w, %b[%c0 +: 2, %c0 +: 3] : tensor<2x3xi32>, !tk.view<?x?xi32>
  %i = arith.constant dense<[3, 0]> : tensor<2xi16>
  %f = tk.reshape %a : tensor<24xi32> -> tensor<6x4xi32>
  %h = tk.gather %f[%i] axis 1 : tensor<6x4xi32>, tensor<2xi16> -> tensor<6x2xi32>
  tk.store_view %h, %g[%c0 +: 6, %c0 +: 2] : tensor<6x2xi32>, !tk.view<?x?xi32>
  tk.return
})mlir",
           {tensorOf(t, {4, 2, 3}), tensorOf(b, {2, 3}), tensorOf(g, {2, 2})});
  for (int k = 0; k < 4; ++k)
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j)
        EXPECT_EQ(t[(k * 2 + i) * 3 + j], i * 12 + j * 4 + k);
  EXPECT_EQ(b, std::vector<int32_t>({0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(g, std::vector<int32_t>({3, 0, 7, 4}));
}

//===----------------------------------------------------------------------===//
// Dot
//===----------------------------------------------------------------------===//

class DotTest : public InterpreterTest {
protected:
  /// One dot of [M, K] and [K, N] with zeros as accumulator.
  template <typename T, typename R>
  void dot(StringRef types, DType dtype, DType resultDType, std::vector<T> &a,
           std::vector<T> &b, std::vector<R> &c, int64_t M, int64_t N,
           int64_t K, StringRef attributes = "") {
    auto [element, result] = types.split(' ');
    auto tile = [](int64_t rows, int64_t columns, StringRef type) {
      return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
             "x" + type.str() + ">";
    };
    auto view = [](StringRef type) {
      return "!tk.view<?x?x" + type.str() + ">";
    };
    auto slice = [](int64_t rows, int64_t columns) {
      return "[%c0 +: " + std::to_string(rows) +
             ", %c0 +: " + std::to_string(columns) + "]";
    };
    std::string zero = result.starts_with("i") ? "0" : "0.0";
    std::string text =
        "tk.kernel @k(%a: " + view(element) + ", %b: " + view(element) +
        ", %c: " + view(result) + ") {\n  %c0 = arith.constant 0 : index\n" +
        "  %x = tk.load_view %a" + slice(M, K) + " : " + view(element) +
        " -> " + tile(M, K, element) + "\n  %y = tk.load_view %b" +
        slice(K, N) + " : " + view(element) + " -> " + tile(K, N, element) +
        "\n  %z = arith.constant dense<" + zero + "> : " + tile(M, N, result) +
        "\n  %d = tk.dot %x, %y, %z " + attributes.str() + " : " +
        tile(M, K, element) + ", " + tile(K, N, element) + " -> " +
        tile(M, N, result) + "\n  tk.store_view %d, %c" + slice(M, N) + " : " +
        tile(M, N, result) + ", " + view(result) + "\n  tk.return\n}";
    c.assign(M * N, R());
    runClean(text, {tensorOf(dtype, a, {M, K}), tensorOf(dtype, b, {K, N}),
                    tensorOf(resultDType, c, {M, N})});
  }
};

TEST_F(DotTest, SumsInOrderOfK) {
  // In f32, 2^24 + 1 - 2^24 in this order is 0, in another 1.
  std::vector<float> a = {0x1p24f, 1, -0x1p24f}, b = {1, 1, 1}, c;
  dot("f32 f32", DType::F32, DType::F32, a, b, c, 1, 1, 3);
  EXPECT_EQ(c[0], 0.0f);
  a = {0x1p24f, -0x1p24f, 1};
  dot("f32 f32", DType::F32, DType::F32, a, b, c, 1, 1, 3);
  EXPECT_EQ(c[0], 1.0f);
}

TEST_F(DotTest, ProductsOfF32AreRounded) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24; the last term is lost before -1 - 2^-11
  // is added, which a fused operation would show.
  float x = 1 + 0x1p-12f;
  std::vector<float> a = {x, 1}, b = {x, -1 - 0x1p-11f}, c;
  dot("f32 f32", DType::F32, DType::F32, a, b, c, 1, 1, 2);
  EXPECT_EQ(c[0], 0.0f);
}

TEST_F(DotTest, OddShapesAgainstAClosedForm) {
  // a[m, k] = m + 1, b[k, n] = n - 2: K (m + 1) (n - 2), exact in all types.
  for (auto [M, N, K] : {std::array<int64_t, 3>{1, 1, 1},
                         {5, 33, 7},
                         {4, 64, 3},
                         {9, 100, 11},
                         {3, 31, 1}}) {
    std::vector<float> a(M * K), b(K * N), c;
    std::vector<double> a64(M * K), b64(K * N), c64;
    std::vector<int8_t> a8(M * K), b8(K * N);
    std::vector<int32_t> c32;
    for (int64_t m = 0; m < M; ++m)
      for (int64_t k = 0; k < K; ++k)
        a[m * K + k] = a64[m * K + k] = a8[m * K + k] = m + 1;
    for (int64_t k = 0; k < K; ++k)
      for (int64_t n = 0; n < N; ++n)
        b[k * N + n] = b64[k * N + n] = b8[k * N + n] = n - 2;
    dot("f32 f32", DType::F32, DType::F32, a, b, c, M, N, K);
    dot("f64 f64", DType::F64, DType::F64, a64, b64, c64, M, N, K);
    dot("i8 i32", DType::I8, DType::I32, a8, b8, c32, M, N, K);
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        int64_t expected = K * (m + 1) * (n - 2);
        ASSERT_EQ(c[m * N + n], expected);
        ASSERT_EQ(c64[m * N + n], expected);
        ASSERT_EQ(c32[m * N + n], expected);
      }
  }
}

TEST_F(DotTest, UnsignedBytes) {
  std::vector<uint8_t> a = {255, 255}, b = {255, 1};
  std::vector<int32_t> c;
  dot("i8 i32", DType::U8, DType::I32, a, b, c, 1, 1, 2,
      "{lhs_unsigned, rhs_unsigned}");
  EXPECT_EQ(c[0], 255 * 255 + 255);
  dot("i8 i32", DType::U8, DType::I32, a, b, c, 1, 1, 2, "{lhs_unsigned}");
  EXPECT_EQ(c[0], -255 + 255);
}

TEST_F(DotTest, TF32RoundsOperands) {
  // 1 + 2^-11 is a tie of tf32 and goes up to 1 + 2^-10; 1 + 2^-12 goes to 1.
  std::vector<float> a = {1 + 0x1p-11f, 1 + 0x1p-12f}, b = {1, 1}, c;
  dot("f32 f32", DType::F32, DType::F32, a, b, c, 1, 1, 2, "precision tf32");
  EXPECT_EQ(c[0], 2 + 0x1p-10f);
  // In two parts nothing is lost.
  dot("f32 f32", DType::F32, DType::F32, a, b, c, 1, 1, 2, "precision tf32x3");
  EXPECT_EQ(c[0], 2 + 0x1p-11f + 0x1p-12f);
}

TEST_F(DotTest, HalfAccumulatorRoundsOnce) {
  // 2048 + 1 + 1 in f16 is 2048 if every sum is rounded, 2050 if once.
  std::vector<uint16_t> a = {0x6800, 0x3c00, 0x3c00},
                        b = {0x3c00, 0x3c00, 0x3c00}, c;
  dot("f16 f16", DType::F16, DType::F16, a, b, c, 1, 1, 3);
  EXPECT_EQ(c[0], 0x6801);
}

//===----------------------------------------------------------------------===//
// Reduce
//===----------------------------------------------------------------------===//

TEST_F(TilesTest, ReduceEachAxis) {
  // x[i, j, k] = i + 10 j + 100 k over [2, 3, 5].
  std::vector<int32_t> x(30), a(15), b(10), c(6);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 5; ++k)
        x[(i * 3 + j) * 5 + k] = i + 10 * j + 100 * k;
  std::string text = R"mlir(
tk.kernel @k(%x: !tk.view<?x?x?xi32>, %a: !tk.view<?x?xi32>, %b: !tk.view<?x?xi32>, %c: !tk.view<?x?xi32>) {
  %c0 = arith.constant 0 : index
  %v = tk.load_view %x[%c0 +: 2, %c0 +: 3, %c0 +: 5] : !tk.view<?x?x?xi32> -> tensor<2x3x5xi32>
)mlir";
  for (auto [axis, result, name] :
       {std::tuple("0", "3x5", "a"), {"1", "2x5", "b"}, {"2", "2x3", "c"}}) {
    auto [rows, columns] = StringRef(result).split('x');
    std::string n = name;
    text += "  %r" + n + " = tk.reduce(%v) axis " + axis +
            " : (tensor<2x3x5xi32>) -> tensor<" + result +
            "xi32> {\n"
            "  ^bb0(%p: i32, %q: i32):\n    %s = arith.addi %p, %q : i32\n"
            "    tk.yield %s : i32\n  }\n  tk.store_view %r" +
            n + ", %" + n + "[%c0 +: " + rows.str() +
            ", %c0 +: " + columns.str() + "] : tensor<" + result +
            "xi32>, !tk.view<?x?xi32>\n";
  }
  runClean(text + "  tk.return\n}",
           {tensorOf(x, {2, 3, 5}), tensorOf(a, {3, 5}), tensorOf(b, {2, 5}),
            tensorOf(c, {2, 3})});
  for (int j = 0; j < 3; ++j)
    for (int k = 0; k < 5; ++k)
      EXPECT_EQ(a[j * 5 + k], 1 + 20 * j + 200 * k);
  for (int i = 0; i < 2; ++i)
    for (int k = 0; k < 5; ++k)
      EXPECT_EQ(b[i * 5 + k], 3 * i + 30 + 300 * k);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      EXPECT_EQ(c[i * 3 + j], 5 * i + 50 * j + 1000);
}

TEST_F(TilesTest, ReduceFoldsHalvesInAFixedOrder) {
  // x0 - x4 etc.: of (a, b) -> a - b, which shows the order, 8 elements give
  // ((x0 x4) (x2 x6)) ((x1 x5) (x3 x7)); 5 give ((x0 x3) x2) (x1 x4).
  for (auto [count, expected] :
       {std::pair<int, float>(8,
                              ((1 - 16) - (4 - 64)) - ((2 - 32) - (8 - 128))),
        {5, ((1 - 8) - 4) - (2 - 16)},
        {1, 1}}) {
    std::vector<float> x(count), y(1);
    for (int i = 0; i < count; ++i)
      x[i] = 1 << i;
    std::string type = "tensor<" + std::to_string(count) + "xf32>";
    runClean("tk.kernel @k(%x: !tk.view<?xf32>, %y: !tk.view<?xf32>) {\n"
             "  %c0 = arith.constant 0 : index\n"
             "  %v = tk.load_view %x[%c0 +: " +
                 std::to_string(count) + "] : !tk.view<?xf32> -> " + type +
                 "\n  %r = tk.reduce(%v) axis 0 : (" + type +
                 ") -> f32 {\n"
                 "  ^bb0(%a: f32, %b: f32):\n    %c = arith.subf %a, %b : f32\n"
                 "    tk.yield %c : f32\n  }\n"
                 "  tk.store_view %r, %y[%c0] : f32, !tk.view<?xf32>\n"
                 "  tk.return\n}",
             {tensorOf(x), tensorOf(y)});
    EXPECT_EQ(y[0], expected) << count;
  }
}

TEST_F(TilesTest, ArgmaxTakesTheFirstNaNElseTheLowestIndex) {
  StringRef text = R"mlir(
tk.kernel @k(%x: !tk.view<?xf32>, %y: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %i = tk.arange : tensor<700xi32>
  %v = tk.load_view %x[%c0 +: 700] : !tk.view<?xf32> -> tensor<700xf32>
  %m, %r = tk.reduce(%v, %i) axis 0 : (tensor<700xf32>, tensor<700xi32>) -> (f32, i32) {
  ^bb0(%av: f32, %ai: i32, %bv: f32, %bi: i32):
    %an = arith.cmpf uno, %av, %av : f32
    %bn = arith.cmpf uno, %bv, %bv : f32
    %ne = arith.xori %an, %bn : i1
    %rv, %ri = scf.if %ne -> (f32, i32) {
      %v0 = arith.select %an, %av, %bv : f32
      %i0 = arith.select %an, %ai, %bi : i32
      scf.yield %v0, %i0 : f32, i32
    } else {
      %greater = arith.cmpf ogt, %bv, %av : f32
      %less = arith.cmpf ogt, %av, %bv : f32
      %lower = arith.cmpi slt, %bi, %ai : i32
      %true = arith.constant true
      %tie = arith.xori %less, %true : i1
      %second = arith.andi %tie, %lower : i1
      %take = arith.ori %greater, %second : i1
      %v1 = arith.select %take, %bv, %av : f32
      %i1 = arith.select %take, %bi, %ai : i32
      scf.yield %v1, %i1 : f32, i32
    }
    tk.yield %rv, %ri : f32, i32
  }
  tk.store_view %r, %y[%c0] : i32, !tk.view<?xi32>
  tk.return
})mlir";
  std::vector<float> x(700, 1.0f);
  std::vector<int32_t> y(1);
  auto argmax = [&] {
    runClean(text, {tensorOf(x), tensorOf(y)});
    return y[0];
  };
  EXPECT_EQ(argmax(), 0);
  x[333] = x[699] = 2.0f;
  EXPECT_EQ(argmax(), 333);
  x[600] = x[601] = NAN;
  EXPECT_EQ(argmax(), 600);
}

TEST_F(TilesTest, WelfordInThreeTiles) {
  // Mean and squared deviations of 0, 1, ..., 99: 49.5 and (100^3 - 100) / 12.
  std::vector<double> y(3);
  runClean(R"mlir(
tk.kernel @k(%y: !tk.view<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %i = tk.arange : tensor<100xi32>
  %x = tk.cast %i : tensor<100xi32> -> tensor<100xf64>
  %one = arith.constant dense<1.0> : tensor<100xf64>
  %zero = arith.constant dense<0.0> : tensor<100xf64>
  %n, %m, %s = tk.reduce(%one, %x, %zero) axis 0
      : (tensor<100xf64>, tensor<100xf64>, tensor<100xf64>) -> (f64, f64, f64) {
  ^bb0(%a0: f64, %a1: f64, %a2: f64, %b0: f64, %b1: f64, %b2: f64):
    %count = arith.addf %a0, %b0 : f64
    %d = arith.subf %b1, %a1 : f64
    %r = arith.divf %b0, %count : f64
    %dr = arith.mulf %d, %r : f64
    %mean = arith.addf %a1, %dr : f64
    %dd = arith.mulf %d, %d : f64
    %ddn = arith.mulf %dd, %a0 : f64
    %ddnr = arith.mulf %ddn, %r : f64
    %t = arith.addf %a2, %b2 : f64
    %sum = arith.addf %t, %ddnr : f64
    tk.yield %count, %mean, %sum : f64, f64, f64
  }
  tk.store_view %n, %y[%c0] : f64, !tk.view<?xf64>
  tk.store_view %m, %y[%c1] : f64, !tk.view<?xf64>
  tk.store_view %s, %y[%c2] : f64, !tk.view<?xf64>
  tk.return
})mlir",
           {tensorOf(y)});
  EXPECT_EQ(y[0], 100);
  EXPECT_DOUBLE_EQ(y[1], 49.5);
  EXPECT_DOUBLE_EQ(y[2], (100.0 * 100 * 100 - 100) / 12);
}

TEST_F(TilesTest, ReduceOfNothingIsTheNeutralElement) {
  std::vector<float> y(6, -1.0f);
  StringRef text = R"mlir(
tk.kernel @k(%y: !tk.view<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %x = arith.constant dense<1.0> : tensor<2x0x3xf32>
  %r = tk.reduce(%x) axis 1 : (tensor<2x0x3xf32>) -> tensor<2x3xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = OP %a, %b : f32
    tk.yield %s : f32
  }
  tk.store_view %r, %y[%c0 +: 2, %c0 +: 3] : tensor<2x3xf32>, !tk.view<?x?xf32>
  tk.return
})mlir";
  auto reduce = [&](StringRef op) {
    std::string withOp = text.str();
    withOp.replace(withOp.find("OP"), 2, op.str());
    return run(withOp, {tensorOf(y, {2, 3})});
  };
  EXPECT_TRUE(reduce("arith.addf").succeeded());
  EXPECT_EQ(y, std::vector<float>(6, 0.0f));
  EXPECT_TRUE(reduce("arith.maximumf").succeeded());
  EXPECT_EQ(y, std::vector<float>(6, -INFINITY));
  EXPECT_EQ(messages(reduce("arith.subf")),
            Strings({"5: program 0 combines no elements, and the combiner has "
                     "no known neutral element"}));
}

TEST_F(TilesTest, CombinersCaptureScalars) {
  // max(a, b) modulo a scalar from outside: (a + b) mod 1000.
  std::vector<int32_t> y(1);
  runClean(R"mlir(
tk.kernel @k(%m: i32, %y: !tk.view<?xi32>) {
  %c0 = arith.constant 0 : index
  %x = tk.arange : tensor<5000xi32>
  %r = tk.reduce(%x) axis 0 : (tensor<5000xi32>) -> i32 {
  ^bb0(%a: i32, %b: i32):
    %s = arith.addi %a, %b : i32
    %t = arith.remsi %s, %m : i32
    tk.yield %t : i32
  }
  tk.store_view %r, %y[%c0] : i32, !tk.view<?xi32>
  tk.return
})mlir",
           {KernelArgument::integer(997), tensorOf(y)});
  EXPECT_EQ(y[0], (5000 * 4999 / 2) % 997);
}
} // namespace
