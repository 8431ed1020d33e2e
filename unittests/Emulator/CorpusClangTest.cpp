//===- CorpusClangTest.cpp - PTX as clang 22 writes it --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

static constexpr const char *kKernels = "Clang/Kernels.ptx";

TEST_F(CorpusTest, clangVectorScale) {
  constexpr size_t count = 4 * 300;
  auto x = input<float>(count, [](size_t i) { return float(i % 97) - 40; });
  auto y = input<float>(count, [](size_t i) { return float(i % 31); });
  run(kKernels, "vectorScale", {{2, 1, 1}, {64, 1, 1}}, y, x, 0.5f,
      int(count / 4));
  expect<float>(
      y, [&](size_t i) { return 0.5f * (float(i % 97) - 40) + float(i % 31); });
}

TEST_F(CorpusTest, clangRowSoftmax) {
  constexpr size_t rows = 3, columns = 333;
  auto x = input<float>(
      rows * columns, [](size_t i) { return float((i * 37) % 101) / 16 - 3; });
  auto y = output<float>(rows * columns);
  run(kKernels, "rowSoftmax", {{rows, 1, 1}, {128, 1, 1}}, y, x, int(columns));
  auto want = [&](size_t i) {
    const float *row = &x.values[i / columns * columns];
    double largest = *std::max_element(row, row + columns), sum = 0;
    for (size_t k = 0; k < columns; ++k)
      sum += std::exp2(row[k] - largest);
    return std::exp2(x[i] - largest) / sum;
  };
  // ex2.approx is exact to 2 places, the sum of 333 terms to some more.
  expectNear<float>(y, want, [&](size_t i) { return 2e-6 * want(i); });
}

TEST_F(CorpusTest, clangTiledProduct) {
  constexpr size_t n = 48;
  auto a = input<float>(n * n, [](size_t i) { return float(i * 7 % 11) - 5; });
  auto b = input<float>(n * n, [](size_t i) { return float(i * 5 % 13) - 6; });
  auto c = output<float>(n * n);
  run(kKernels, "tiledProduct", {{3, 3, 1}, {16, 16, 1}}, c, a, b, int(n));
  expect<float>(c, [&](size_t i) {
    float sum = 0;
    for (size_t k = 0; k < n; ++k)
      sum += a[i / n * n + k] * b[k * n + i % n];
    return sum;
  });
}

TEST_F(CorpusTest, clangHistogram) {
  constexpr size_t count = 5000;
  auto x = input<uint8_t>(count, [](size_t i) { return uint8_t(i * i / 7); });
  auto bins = filled<uint32_t>(64, 10);
  run(kKernels, "histogram", {{4, 1, 1}, {96, 1, 1}}, bins, x, int(count));
  expect<uint32_t>(bins, [&](size_t bin) {
    return 10 + uint32_t(llvm::count_if(
                    x.values, [&](uint8_t v) { return v % 64 == bin; }));
  });
}

TEST_F(CorpusTest, clangWarpExchange) {
  auto x = input<uint32_t>(64, [](size_t i) { return uint32_t(i * 29 % 53); });
  auto out = output<uint32_t>(256);
  run(kKernels, "warpExchange", {{1, 1, 1}, {64, 1, 1}}, out, x);
  expect<uint32_t>(out, [&](size_t k) {
    size_t i = k / 4, first = i / 32 * 32;
    uint32_t result = 0;
    for (size_t lane = 0; lane < 32; ++lane) {
      uint32_t other = x[first + lane];
      if (k % 4 == 0 && first + lane <= i)
        result += other;
      if (k % 4 == 1)
        result |= (other % 2) << lane;
      if (k % 4 == 2)
        result |= uint32_t(other % 4 == x[i] % 4) << lane;
      if (k % 4 == 3)
        result = std::max(result, other);
    }
    return result;
  });
}

static int collatz(int x, int depth) {
  return x == 1 || depth == 0 ? depth
                              : collatz(x % 2 ? 3 * x + 1 : x / 2, depth - 1);
}

TEST_F(CorpusTest, clangControlFlow) {
  constexpr int count = 90;
  auto out = output<int>(count);
  run(kKernels, "controlFlow", {{2, 1, 1}, {64, 1, 1}}, out, count);
  expect<int>(out, [](size_t index) {
    int i = int(index), at = i + (i * 5) % 8;
    int value = i % 3 ? 2 * at : -at;
    switch (i % 7) {
    case 0:
      value += 100;
      break;
    case 1:
      value -= 3;
      break;
    case 2:
      value *= 7;
      break;
    case 3:
      value ^= 0x55;
      break;
    case 5:
      value /= 3;
      break;
    case 6:
      value %= 5;
      break;
    default:
      break;
    }
    return value + collatz(i + 1, 30);
  });
}

/// A number rounded to `semantics`.
static float rounded(float value, const fltSemantics &semantics) {
  return widen(narrow(value, semantics), semantics);
}

TEST_F(CorpusTest, clangNumbers) {
  constexpr size_t count = 200;
  auto x = input<uint64_t>(count, [](size_t i) {
    return i == 0 ? 0 : i * 0x9e3779b97f4a7c15 >> (i % 50);
  });
  auto out = output<uint64_t>(6 * count);
  run(kKernels, "numbers", {{7, 1, 1}, {32, 1, 1}}, out, x, int(count));
  expect<uint64_t>(out, [&](size_t k) -> uint64_t {
    uint64_t v = x[k / 6];
    switch (k % 6) {
    case 0: {
      // {h, 1/2}^2 + {1/2, h}; halves go as far as 65504, exact to 2048.
      float h = float(v & 0xff);
      float low = rounded(h * h + 0.5f, APFloat::IEEEhalf());
      float high = rounded(0.25f + h, APFloat::IEEEhalf());
      high = rounded(high * 4, APFloat::IEEEhalf());
      return uint64_t(low) << 32 | uint64_t(high);
    }
    case 1: {
      float b = float(v >> 8 & 0x7f);
      return uint64_t(rounded(b * b, APFloat::BFloat()));
    }
    case 2:
      return uint64_t(
          (static_cast<unsigned __int128>(v) * (v ^ 0x123456789abcdef)) >> 64);
    case 3:
      return uint64_t(popcount(v)) << 16 |
             uint64_t(v ? countl_zero(v) : 64) << 8 |
             countr_zero(v | uint64_t(1) << 63);
    case 4:
      return APInt(64, v).reverseBits().getZExtValue() ^ (v << 13 | v >> 51);
    default:
      return uint64_t(int64_t(v) / 1000003) + v % 977 +
             uint64_t(double(v >> 11) * 0.25);
    }
  });
}

TEST_F(CorpusTest, clangWmmaBuiltins) {
  auto toHalf = [](float value) {
    return uint16_t(narrow(value, APFloat::IEEEhalf()));
  };
  auto valueOf = [](size_t i, size_t salt) { return float(i * salt % 17) - 8; };
  auto a =
      input<uint16_t>(256, [&](size_t i) { return toHalf(valueOf(i, 5)); });
  auto b =
      input<uint16_t>(256, [&](size_t i) { return toHalf(valueOf(i, 7)); });
  auto out = input<float>(256, [](size_t i) { return float(i); });
  run(kKernels, "wmmaBuiltins", {}, out, a, b);
  // a is row-major, b column-major.
  expect<float>(out, [&](size_t i) {
    float sum = float(i);
    for (size_t k = 0; k < 16; ++k)
      sum += valueOf(i / 16 * 16 + k, 5) * valueOf(i % 16 * 16 + k, 7);
    return sum;
  });
}

TEST_F(CorpusTest, clangAsyncRing) {
  for (int numTiles : {0, 1, 2, 3, 7}) {
    auto x = input<float>(128 * std::max(numTiles, 1),
                          [](size_t i) { return float(i * 3 % 251); });
    auto out = output<float>(32);
    run(kKernels, "asyncRing", {}, out, x, numTiles);
    expect<float>(out, [&](size_t lane) {
      float sum = 0;
      for (int tile = 0; tile < numTiles; ++tile)
        for (int k = 0; k < 4; ++k)
          sum += x[128 * tile + (lane + 32 * k + tile) % 128];
      return sum;
    });
  }
}

TEST_F(CorpusTest, clangClusterBarrier) {
  auto out = output<uint32_t>(4 * 64);
  run(kKernels, "clusterBarrier", {{4, 1, 1}, {64, 1, 1}}, out);
  // Rank 0 of 1.
  expect<uint32_t>(out, [](size_t) { return 1000u + 0 + 1; });
}
