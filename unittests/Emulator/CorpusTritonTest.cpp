//===- CorpusTritonTest.cpp - PTX that Triton made ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>
#include <numeric>

using namespace llvm;
using namespace mlir::tk;

namespace {
/// Tests that take a target: "sm_80", "sm_90".
class TritonTest : public CorpusTest,
                   public testing::WithParamInterface<const char *> {
protected:
  /// The first lines of the file say how many warps and how much shared memory.
  static unsigned readFact(StringRef path, StringRef name) {
    const char *folder = std::getenv("TK_CORPUS_SOURCES");
    auto file = MemoryBuffer::getFile(
        std::string(folder ? folder : TK_CORPUS_SOURCES) + "/" + path.str());
    unsigned value = 0;
    if (!file)
      ADD_FAILURE() << path.str() << ": " << file.getError().message();
    else
      (*file)
          ->getBuffer()
          .split(name.str() + " ")
          .second.consumeInteger(10, value);
    return value;
  }

  /// Triton's kernels have two more pointers, to scratch memory that these do
  /// not use.
  template <typename... Arguments>
  void runTriton(StringRef kernel, PtxDimensions grid,
                 const Arguments &...arguments) {
    std::string path = "Triton/" + kernel.str() + "." + GetParam() + ".ptx";
    Shape shape;
    shape.grid = grid;
    shape.block = {32 * readFact(path, "warps"), 1, 1};
    shape.dynamicSharedBytes = readFact(path, "shared");
    run(path, kernel, shape, arguments..., uint64_t(0), uint64_t(0));
  }

  CorpusBuffer<uint16_t> halves(size_t size, std::function<float(size_t)> f,
                                const fltSemantics &semantics) {
    return input<uint16_t>(size,
                           [&](size_t i) { return narrow(f(i), semantics); });
  }
};
} // namespace

/// A number within -4 and 4 without a pattern.
static float someNumber(size_t i) {
  uint32_t bits = uint32_t(i) * 2654435761u;
  bits = (bits ^ bits >> 15) * 2246822519u;
  return float(bits >> 8) * 0x1p-21f - 4;
}
static float smallInteger(size_t i) {
  return float(i * 7 % 9 + i / 11 % 3) - 5;
}

TEST_P(TritonTest, add) {
  int n = 1000;
  auto x = input<float>(n, someNumber);
  auto y = input<float>(n, [](size_t i) { return someNumber(i + 4000); });
  auto out = output<float>(n);
  runTriton("add", {4, 1, 1}, x, y, out, n);
  expect<float>(out, [&](size_t i) { return x[i] + y[i]; });
}

TEST_P(TritonTest, softmax) {
  int rows = 5, columns = 781, stride = 784;
  auto x = halves(rows * stride, someNumber, APFloat::BFloat());
  auto out = filled<uint16_t>(rows * stride, 0xffff);
  runTriton("softmax", {uint32_t(rows), 1, 1}, x, out, columns, stride);
  fetch(out);
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    auto value = [&](int c) {
      return std::exp(double(widen(x[r * stride + c], APFloat::BFloat())));
    };
    for (int c = 0; c < columns; ++c)
      sum += value(c);
    for (int c = 0; c < columns; ++c)
      EXPECT_NEAR(widen(out[r * stride + c], APFloat::BFloat()), value(c) / sum,
                  value(c) / sum * 0x1p-8)
          << r << ", " << c;
    EXPECT_EQ(out[r * stride + columns], 0xffff) << "beyond the row";
  }
}

TEST_P(TritonTest, column_sum) {
  int rows = 100, columns = 150;
  auto x = input<float>(rows * columns, smallInteger);
  auto out = output<float>(columns);
  runTriton("column_sum", {3, 1, 1}, x, out, rows, columns);
  expect<float>(out, [&](size_t c) {
    float sum = 0;
    for (int r = 0; r < rows; ++r)
      sum += x[r * columns + c];
    return sum;
  });
}

TEST_P(TritonTest, matmul) {
  for (auto [m, n, k] :
       {std::array<int, 3>{128, 64, 96}, std::array<int, 3>{65, 70, 33}}) {
    auto a = halves(m * k, smallInteger, APFloat::BFloat());
    auto b = halves(
        k * n, [](size_t i) { return smallInteger(i + 5); }, APFloat::BFloat());
    auto out = output<uint16_t>(m * n);
    runTriton("matmul", {uint32_t(m + 63) / 64, uint32_t(n + 63) / 64, 1}, a, b,
              out, m, n, k);
    expect<uint16_t>(out, [&, n = n, k = k](size_t i) {
      float sum = 0;
      for (int j = 0; j < k; ++j)
        sum += smallInteger(i / n * k + j) * smallInteger(j * n + i % n + 5);
      return narrow(sum, APFloat::BFloat());
    });
  }
}

TEST_P(TritonTest, attention) {
  constexpr int n = 100, heads = 2, depth = 64;
  const fltSemantics &half = APFloat::IEEEhalf();
  auto make = [&](size_t salt) {
    return halves(
        heads * n * depth, [=](size_t i) { return someNumber(i + salt) / 4; },
        half);
  };
  auto q = make(0), k = make(100000), v = make(200000);
  auto out = output<uint16_t>(heads * n * depth);
  float scale = 0.125f;
  // For sm_90, Triton has no fence between cp.async and wgmma.
  device->disable("missing-proxy-fence");
  runTriton("attention", {2, heads, 1}, q, k, v, out, n, scale);
  fetch(out);
  for (int h = 0; h < heads; ++h)
    for (int i = 0; i < n; ++i) {
      double sum = 0;
      std::vector<double> result(depth);
      for (int j = 0; j < n; ++j) {
        double s = 0;
        for (int d = 0; d < depth; ++d)
          s += double(widen(q[(h * n + i) * depth + d], half)) *
               widen(k[(h * n + j) * depth + d], half);
        double p = std::exp(s * scale);
        sum += p;
        for (int d = 0; d < depth; ++d)
          result[d] += p * widen(v[(h * n + j) * depth + d], half);
      }
      // The weights are rounded to f16, and the results.
      for (int d = 0; d < depth; ++d)
        ASSERT_NEAR(widen(out[(h * n + i) * depth + d], half), result[d] / sum,
                    2e-3)
            << h << ", " << i << ", " << d;
    }
}

INSTANTIATE_TEST_SUITE_P(Corpus, TritonTest, testing::Values("sm_80", "sm_90"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

namespace {
class TritonHopperTest : public TritonTest {};
} // namespace

TEST_P(TritonHopperTest, layernorm) {
  int rows = 4, columns = 900;
  float eps = 1e-5f;
  const fltSemantics &half = APFloat::IEEEhalf();
  auto x = halves(rows * columns, someNumber, half);
  auto weight =
      halves(columns, [](size_t i) { return someNumber(i + 7) / 2; }, half);
  auto bias =
      halves(columns, [](size_t i) { return someNumber(i + 77); }, half);
  auto out = output<uint16_t>(rows * columns);
  runTriton("layernorm", {uint32_t(rows), 1, 1}, x, weight, bias, out, columns,
            eps);
  fetch(out);
  for (int r = 0; r < rows; ++r) {
    double mean = 0, variance = 0;
    auto value = [&](int c) { return double(widen(x[r * columns + c], half)); };
    for (int c = 0; c < columns; ++c)
      mean += value(c) / columns;
    for (int c = 0; c < columns; ++c)
      variance += (value(c) - mean) * (value(c) - mean) / columns;
    for (int c = 0; c < columns; ++c) {
      double want = (value(c) - mean) / std::sqrt(variance + eps) *
                        widen(weight[c], half) +
                    widen(bias[c], half);
      ASSERT_NEAR(widen(out[r * columns + c], half), want,
                  std::fabs(want) * 0x1p-10 + 1e-4)
          << r << ", " << c;
    }
  }
}

TEST_P(TritonHopperTest, transpose) {
  int rows = 70, columns = 100;
  auto x =
      input<uint16_t>(rows * columns, [](size_t i) { return uint16_t(i); });
  auto out = output<uint16_t>(rows * columns);
  runTriton("transpose", {2, 2, 1}, x, out, rows, columns);
  expect<uint16_t>(
      out, [&](size_t i) { return uint16_t(i % rows * columns + i / rows); });
}

/// Philox4x32-10, first word, of counter (i, 0, 0, 0): Salmon, Moraes, Dror,
/// Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
static uint32_t philox(uint32_t i, uint32_t seed) {
  uint32_t c[4] = {i, 0, 0, 0}, key[2] = {seed, 0};
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * c[0], b = uint64_t(0xCD9E8D57) * c[2];
    uint32_t next[4] = {uint32_t(b >> 32) ^ c[1] ^ key[0], uint32_t(b),
                        uint32_t(a >> 32) ^ c[3] ^ key[1], uint32_t(a)};
    std::copy(next, next + 4, c);
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c[0];
}

TEST_P(TritonHopperTest, dropout) {
  int n = 700, seed = 1234;
  float p = 0.3f;
  auto x = input<float>(n, someNumber);
  auto out = output<float>(n);
  runTriton("dropout", {3, 1, 1}, x, out, n, p, seed);
  auto isKept = [&](size_t i) {
    auto word = int32_t(philox(uint32_t(i), uint32_t(seed)));
    return float(word < 0 ? -word - 1 : word) * 4.6566127342e-10f > p;
  };
  // The division is the approximate one: 2 units in the last place.
  expectNear<float>(
      out, [&](size_t i) { return isKept(i) ? x[i] / (1 - double(p)) : 0.0; },
      [&](size_t i) { return isKept(i) ? std::fabs(x[i]) * 0x1p-21 : 0.0; });
  EXPECT_GT(std::count(out.values.begin(), out.values.end(), 0.0f), 150);
}

TEST_P(TritonHopperTest, histogram) {
  int n = 3000;
  auto x = input<int32_t>(n, [](size_t i) { return int32_t(i * i % 97); });
  auto bins = filled<int32_t>(97, 0);
  runTriton("histogram", {12, 1, 1}, x, bins, n);
  std::vector<int32_t> want(97);
  for (int32_t v : x.values)
    ++want[v];
  expect<int32_t>(bins, [&](size_t b) { return want[b]; });
}

TEST_P(TritonHopperTest, prefix_sum) {
  int n = 500;
  auto x = input<int32_t>(n, [](size_t i) { return int32_t(i * 31 % 17) - 5; });
  auto out = output<int32_t>(n);
  runTriton("prefix_sum", {1, 1, 1}, x, out, n);
  expect<int32_t>(out, [&](size_t i) {
    return std::accumulate(x.values.begin(), x.values.begin() + i + 1, 0);
  });
}

TEST_P(TritonHopperTest, matmul_descriptors) {
  // Triton initialises mbarriers without a fence for the async proxy.
  device->disable("mbarrier-init-fence");
  // One iteration, as many as there are stages, and one more.
  for (int k : {64, 192, 256}) {
    int m = 128, n = 256;
    auto a = halves(m * k, smallInteger, APFloat::BFloat());
    auto b = halves(
        k * n, [](size_t i) { return smallInteger(i + 5); }, APFloat::BFloat());
    auto out = output<uint16_t>(m * n);
    // A descriptor is the map, the extents and the strides. A box is no wider
    // than the swizzle of 128 bytes; Triton copies wider tiles in parts.
    auto mapFor = [&](uint64_t address, int rows, int columns,
                      unsigned boxRows) {
      TensorMap map;
      map.type = TensorMapType::BF16;
      map.rank = 2;
      map.address = address;
      map.extents = {uint64_t(columns), uint64_t(rows), 1, 1, 1};
      map.strides = {uint64_t(columns) * 2, 0, 0, 0};
      map.box = {64, boxRows, 1, 1, 1};
      map.swizzle = TensorMapSwizzle::Bytes128;
      return mapValue(map);
    };
    auto wide = [](int v) { return int64_t(v); };
    runTriton("matmul_descriptors", {2, 2, 1}, mapFor(a.address, m, k, 64), m,
              k, wide(k), wide(1), mapFor(b.address, k, n, 64), k, n, wide(n),
              wide(1), mapFor(out.address, m, n, 64), m, n, wide(n), wide(1),
              k);
    expect<uint16_t>(out, [&](size_t i) {
      float sum = 0;
      for (int j = 0; j < k; ++j)
        sum += smallInteger(i / n * k + j) * smallInteger(j * n + i % n + 5);
      return narrow(sum, APFloat::BFloat());
    });
  }
}

TEST_P(TritonHopperTest, matmul_fp8) {
  static const uint8_t kBytes[5] = {0x30, 0x38, 0xb8, 0x40, 0x00};
  int m = 64, n = 128, k = 192;
  auto a = input<uint8_t>(
      m * k, [](size_t i) { return kBytes[(i * 7 + i / 31) % 5]; });
  auto b = input<uint8_t>(
      n * k, [](size_t i) { return kBytes[(i * 3 + i / 29) % 5]; });
  auto out = output<float>(m * n);
  runTriton("matmul_fp8", {1, 2, 1}, a, b, out, m, n, k);
  expect<float>(out, [&](size_t i) {
    float sum = 0;
    for (int j = 0; j < k; ++j)
      sum += widen(a[i / n * k + j], APFloat::Float8E4M3FN()) *
             widen(b[i % n * k + j], APFloat::Float8E4M3FN());
    return sum;
  });
}

INSTANTIATE_TEST_SUITE_P(Corpus, TritonHopperTest, testing::Values("sm_90"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });
