//===- CorpusMatrixTest.cpp - TensorCores.cu and Hopper.cu ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands are small integers or powers of two, so every order and every width
// of a sum gives the same bits; how tensor cores round is tested elsewhere.
//
//===----------------------------------------------------------------------===//

#include "CorpusDevice.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

static constexpr const char *kTensorCores = "Corpus/TensorCores.ptx";
static constexpr const char *kHopper = "Corpus/Hopper.ptx";

static uint16_t toHalf(float value) {
  return narrow(value, APFloat::IEEEhalf());
}
static uint16_t toBfloat(float value) {
  return narrow(value, APFloat::BFloat());
}

namespace {
/// Row-major numbers.
struct Matrix {
  size_t columns;
  std::vector<float> values;
  Matrix(size_t rows, size_t columns, unsigned salt) : columns(columns) {
    for (size_t i = 0; i < rows * columns; ++i)
      values.push_back(float(makeSmallInteger(i, salt)));
  }
  float operator()(size_t row, size_t column) const {
    return values[row * columns + column];
  }
};
} // namespace

/// The elements, for a buffer.
static auto encoded(const Matrix &matrix, uint16_t (*encode)(float)) {
  return [&matrix, encode](size_t i) { return encode(matrix.values[i]); };
}

/// Element (i, j) of x y + start, or of x yT.
static float product(const Matrix &x, const Matrix &y, size_t i, size_t j,
                     bool isTransposed = false, float start = 0) {
  for (size_t k = 0; k < x.columns; ++k)
    start += x(i, k) * (isTransposed ? y(j, k) : y(k, j));
  return start;
}

//===----------------------------------------------------------------------===//
// TensorCores.cu
//===----------------------------------------------------------------------===//

TEST_F(CorpusTest, wmmaHalf) {
  constexpr size_t depth = 48;
  Matrix x(16, depth, 1), y(depth, 16, 2);
  auto dx = input<uint16_t>(x.values.size(), encoded(x, toHalf));
  auto dy = input<uint16_t>(y.values.size(), encoded(y, toHalf));
  auto out = input<float>(256, [](size_t i) { return float(i); });
  run(kTensorCores, "wmmaHalf", {}, out, dx, dy, int(depth));
  expect<float>(out, [&](size_t i) {
    return product(x, y, i / 16, i % 16, false, float(i));
  });
}

TEST_F(CorpusTest, wmmaInteger) {
  auto x = input<int8_t>(512, [](size_t i) { return int8_t(i * 37); });
  auto y = input<int8_t>(128, [](size_t i) { return int8_t(i * 53 + 9); });
  auto out = output<int32_t>(256);
  run(kTensorCores, "wmmaInteger", {}, out, x, y);
  expect<int32_t>(out, [&](size_t i) {
    int32_t sum = 5;
    for (size_t k = 0; k < 16; ++k)
      sum += x[i / 8 * 16 + k] * y[i % 8 * 16 + k];
    return sum;
  });
}

TEST_F(CorpusTest, wmmaDouble) {
  auto x =
      input<double>(32, [](size_t i) { return makeSmallInteger(i, 3) / 8.0; });
  auto y =
      input<double>(32, [](size_t i) { return makeSmallInteger(i, 4) * 1e3; });
  auto out = output<double>(64);
  run(kTensorCores, "wmmaDouble", {}, out, x, y);
  expect<double>(out, [&](size_t i) {
    double sum = 0.5;
    for (size_t k = 0; k < 4; ++k)
      sum += x[i / 8 * 4 + k] * y[i % 8 * 4 + k];
    return sum;
  });
}

TEST_F(CorpusTest, mmaBfloat) {
  Matrix x(16, 16, 5), y(16, 8, 6);
  auto dx = input<uint16_t>(x.values.size(), encoded(x, toBfloat));
  auto dy = input<uint16_t>(y.values.size(), encoded(y, toBfloat));
  auto out = output<float>(128);
  run(kTensorCores, "mmaBfloat", {}, out, dx, dy);
  // The accumulator of each lane begins as 1, 2, 3, 4.
  expect<float>(out, [&](size_t i) {
    size_t row = i / 8, column = i % 8;
    return product(x, y, row, column, false,
                   float(1 + column % 2 + row / 8 * 2));
  });
}

TEST_F(CorpusTest, mmaHalfAccumulator) {
  Matrix x(16, 8, 7), y(8, 8, 8), z(16, 8, 9);
  auto pair = [](float low, float high) {
    return uint32_t(toHalf(low)) | uint32_t(toHalf(high)) << 16;
  };
  // Fragments of m16n8k8, 9.7.14.5.7: two words of rows l/4 and l/4 + 8.
  auto a = input<uint32_t>(64, [&](size_t i) {
    size_t row = i / 2 / 4 + i % 2 * 8, column = i / 2 % 4 * 2;
    return pair(x(row, column), x(row, column + 1));
  });
  auto b = input<uint32_t>(32, [&](size_t l) {
    return pair(y(l % 4 * 2, l / 4), y(l % 4 * 2 + 1, l / 4));
  });
  auto c = input<uint32_t>(64, [&](size_t i) {
    size_t row = i / 2 / 4 + i % 2 * 8, column = i / 2 % 4 * 2;
    return pair(z(row, column), z(row, column + 1));
  });
  auto out = output<uint32_t>(64);
  run(kTensorCores, "mmaHalfAccumulator", {}, out, a, b, c);
  expect<uint32_t>(out, [&](size_t i) {
    size_t row = i / 2 / 4 + i % 2 * 8, column = i / 2 % 4 * 2;
    return pair(product(x, y, row, column, false, z(row, column)),
                product(x, y, row, column + 1, false, z(row, column + 1)));
  });
}

TEST_F(CorpusTest, mmaTf32) {
  Matrix x(16, 8, 10), y(8, 8, 11);
  // A part below the 10 bits of tf32 is rounded away.
  auto dx =
      input<float>(128, [&](size_t i) { return x.values[i] * (1 + 0x1p-13f); });
  auto dy = input<float>(64, [&](size_t i) { return y.values[i]; });
  auto out = output<float>(128);
  run(kTensorCores, "mmaTf32", {}, out, dx, dy);
  expect<float>(out, [&](size_t i) { return product(x, y, i / 8, i % 8); });
}

TEST_F(CorpusTest, mmaBytes) {
  // Bytes that are small numbers of e4m3 and e5m2 alike: 2^-1 .. 2^1 in both
  // signs.
  static const uint8_t kE4M3[4] = {0x30, 0x38, 0xb8, 0x40};
  static const uint8_t kE5M2[4] = {0x38, 0x3c, 0xbc, 0x40};
  auto x =
      input<uint8_t>(512, [](size_t i) { return kE4M3[(i * 5 + i / 32) % 4]; });
  auto y =
      input<uint8_t>(256, [](size_t i) { return kE5M2[(i * 3 + i / 16) % 4]; });
  auto out = output<int32_t>(128);
  auto fp8 = output<float>(128);
  run(kTensorCores, "mmaBytes", {}, out, fp8, x, y);
  expect<int32_t>(out, [&](size_t i) {
    int32_t sum = 0;
    for (size_t k = 0; k < 32; ++k)
      sum += int8_t(x[i / 8 * 32 + k]) * int32_t(y[i % 8 * 32 + k]);
    return sum;
  });
  expect<float>(fp8, [&](size_t i) {
    float sum = 0;
    for (size_t k = 0; k < 32; ++k)
      sum += widen(x[i / 8 * 32 + k], APFloat::Float8E4M3FN()) *
             widen(y[i % 8 * 32 + k], APFloat::Float8E5M2());
    return sum;
  });
}

TEST_F(CorpusTest, mmaNarrowIntegers) {
  auto x =
      input<uint8_t>(512, [](size_t i) { return uint8_t(i * 89 + i / 7); });
  auto y =
      input<uint8_t>(256, [](size_t i) { return uint8_t(i * 57 + i / 5); });
  auto out = output<int32_t>(128), bits = output<int32_t>(128);
  run(kTensorCores, "mmaNarrowIntegers", {}, out, bits, x, y);
  auto nibble = [](uint8_t byte, size_t which) {
    return int32_t(int8_t(byte << (which ? 0 : 4))) >> 4;
  };
  expect<int32_t>(out, [&](size_t i) {
    int32_t sum = 0;
    for (size_t k = 0; k < 64; ++k)
      sum += nibble(x[i / 8 * 32 + k / 2], k % 2) *
             nibble(y[i % 8 * 32 + k / 2], k % 2);
    return sum;
  });
  expect<int32_t>(bits, [&](size_t i) {
    int32_t sum = 0;
    for (size_t k = 0; k < 32; ++k)
      sum += popcount(uint8_t(x[i / 8 * 32 + k] & y[i % 8 * 32 + k]));
    return sum;
  });
}

TEST_F(CorpusTest, mmaDouble) {
  Matrix x(16, 16, 12), y(16, 8, 13);
  auto dx = input<double>(256, [&](size_t i) { return x.values[i]; });
  auto dy = input<double>(128, [&](size_t i) { return y.values[i] / 3.0; });
  auto out = output<double>(128);
  run(kTensorCores, "mmaDouble", {}, out, dx, dy);
  // Each step is a fused multiply-add; the order of the 16 is the hardware's.
  expectNear<double>(
      out,
      [&](size_t i) { return 1 + double(product(x, y, i / 8, i % 8)) / 3; },
      [](size_t) { return 16 * std::ldexp(128.0, -53); });
}

TEST_F(CorpusTest, matrixMoves) {
  auto x = input<uint16_t>(64, [](size_t i) { return uint16_t(100 + i); });
  auto out = output<uint16_t>(192);
  run(kTensorCores, "matrixMoves", {}, out, x);
  expect<uint16_t>(out, [](size_t i) {
    size_t row = i % 64 / 8, column = i % 8;
    return uint16_t(100 + (i < 64 ? row * 8 + column : column * 8 + row));
  });
}

TEST_F(CorpusTest, tiledProduct) {
  for (auto [m, n, k] :
       {std::array<int, 3>{64, 32, 64}, std::array<int, 3>{45, 70, 33},
        std::array<int, 3>{1, 1, 1}}) {
    Matrix x(m, k, 14), y(k, n, 15);
    auto dx = input<uint16_t>(x.values.size(), encoded(x, toBfloat));
    auto dy = input<uint16_t>(y.values.size(), encoded(y, toBfloat));
    auto out = output<float>(m * n);
    Shape shape = {{uint32_t(n + 31) / 32, uint32_t(m + 31) / 32, 1},
                   {128, 1, 1}};
    run(kTensorCores, "tiledProduct", shape, out, dx, dy, m, n, k);
    expect<float>(out,
                  [&, n = n](size_t i) { return product(x, y, i / n, i % n); });
  }
}

//===----------------------------------------------------------------------===//
// Hopper.cu
//===----------------------------------------------------------------------===//

TEST_F(CorpusTest, wgmmaPlain) {
  Matrix x(64, 16, 21), y(8, 16, 22);
  auto dx = input<uint16_t>(x.values.size(), encoded(x, toBfloat));
  auto dy = input<uint16_t>(y.values.size(), encoded(y, toBfloat));
  auto out = output<float>(512);
  run(kHopper, "wgmmaPlain", {{1, 1, 1}, {128, 1, 1}}, out, dx, dy);
  // x y - x y + x y.
  expect<float>(out,
                [&](size_t i) { return product(x, y, i / 8, i % 8, true); });
}

static TensorMap mapOf(uint64_t address, TensorMapType type, uint64_t columns,
                       uint64_t rows, uint32_t boxColumns, uint32_t boxRows,
                       TensorMapSwizzle swizzle) {
  TensorMap map;
  map.type = type;
  map.rank = 2;
  map.address = address;
  map.extents = {columns, rows, 1, 1, 1};
  map.strides = {columns * getSizeInBytes(type), 0, 0, 0};
  map.box = {boxColumns, boxRows, 1, 1, 1};
  map.swizzle = swizzle;
  return map;
}

TEST_F(CorpusTest, wgmmaKMajor) {
  Matrix x(64, 64, 23), y(64, 64, 24);
  auto dx = input<uint16_t>(x.values.size(), encoded(x, toBfloat));
  auto dy = input<uint16_t>(y.values.size(), encoded(y, toBfloat));
  auto mapFor = [&](uint64_t address) {
    return map(mapOf(address, TensorMapType::BF16, 64, 64, 64, 64,
                     TensorMapSwizzle::Bytes128));
  };
  auto out = output<float>(4096);
  run(kHopper, "wgmmaKMajor", {{1, 1, 1}, {128, 1, 1}}, out, mapFor(dx.address),
      mapFor(dy.address));
  expect<float>(out,
                [&](size_t i) { return product(x, y, i / 64, i % 64, true); });
}

TEST_F(CorpusTest, wgmmaMnMajor) {
  Matrix x(64, 64, 25), y(64, 64, 26);
  auto dx = input<uint16_t>(x.values.size(), encoded(x, toBfloat));
  auto dy = input<uint16_t>(y.values.size(), encoded(y, toBfloat));
  auto mapFor = [&](uint64_t address) {
    return map(mapOf(address, TensorMapType::BF16, 64, 64, 64, 64,
                     TensorMapSwizzle::Bytes128));
  };
  auto out = output<float>(4096);
  run(kHopper, "wgmmaMnMajor", {{1, 1, 1}, {128, 1, 1}}, out,
      mapFor(dx.address), mapFor(dy.address));
  expect<float>(out, [&](size_t i) { return product(x, y, i / 64, i % 64); });
}

TEST_F(CorpusTest, wgmmaFromRegisters) {
  static const uint8_t kBytes[5] = {0x30, 0x38, 0xb8, 0x40, 0x00};
  auto x = input<uint8_t>(
      2048, [](size_t i) { return kBytes[(i * 7 + i / 32) % 5]; });
  auto y = input<uint8_t>(
      512, [](size_t i) { return kBytes[(i * 3 + i / 32) % 5]; });
  auto out = output<float>(1024);
  run(kHopper, "wgmmaFromRegisters", {{1, 1, 1}, {128, 1, 1}}, out, x, y);
  expect<float>(out, [&](size_t i) {
    float sum = 0;
    for (size_t k = 0; k < 32; ++k)
      sum += widen(x[i / 16 * 32 + k], APFloat::Float8E4M3FN()) *
             widen(y[i % 16 * 32 + k], APFloat::Float8E4M3FN());
    return sum;
  });
}

TEST_F(CorpusTest, bulkCopy) {
  auto x = input<uint32_t>(768, [](size_t i) { return uint32_t(i * 3); });
  auto out = output<uint32_t>(768);
  run(kHopper, "bulkCopy", {{3, 1, 1}, {96, 1, 1}}, out, x);
  expect<uint32_t>(out, [](size_t i) {
    return uint32_t((i / 256 * 256 + 255 - i % 256) * 3);
  });
}

TEST_F(CorpusTest, bulkReduction) {
  auto out = filled<uint32_t>(64, 1000);
  run(kHopper, "bulkReduction", {{7, 1, 1}, {64, 1, 1}}, out);
  expect<uint32_t>(out, [](size_t i) { return uint32_t(1000 + 28 * i); });
}

TEST_F(CorpusTest, tensorCopy) {
  constexpr size_t columns = 76, rows = 37;
  auto x = input<float>(columns * rows, [](size_t i) { return float(i); });
  auto out = filled<float>(columns * rows, -1);
  auto mapFor = [&](uint64_t address) {
    return map(mapOf(address, TensorMapType::F32, columns, rows, 32, 16,
                     TensorMapSwizzle::None));
  };
  run(kHopper, "tensorCopy", {{3, 3, 1}, {64, 1, 1}}, mapFor(out.address),
      mapFor(x.address));
  expect<float>(out, [](size_t i) { return float(i + 1); });
}

namespace {
struct SwizzledBox {
  TensorMapSwizzle swizzle;
  unsigned columns;
};
class SwizzledTileTest : public CorpusTest,
                         public testing::WithParamInterface<SwizzledBox> {};
} // namespace

TEST_P(SwizzledTileTest, swizzledTile) {
  constexpr size_t columns = 48, rows = 24, boxRows = 16;
  auto x =
      input<uint16_t>(columns * rows, [](size_t i) { return uint16_t(i + 1); });
  unsigned boxColumns = GetParam().columns, rowBytes = 2 * boxColumns;
  auto mode = static_cast<unsigned>(GetParam().swizzle);
  auto out = output<uint8_t>(2048);
  run(kHopper, "swizzledTile", {{1, 1, 1}, {64, 1, 1}}, out,
      map(mapOf(x.address, TensorMapType::U16, columns, rows, boxColumns,
                boxRows, GetParam().swizzle)),
      uint32_t(rowBytes * boxRows));
  // Of a span of 16 << mode bytes, the bits of the address from 4 on are xored
  // with those from 7 on. Rows shorter than the span have the span for
  // themselves.
  unsigned pitch = mode ? 16u << mode : rowBytes, mask = (1u << mode) - 1;
  expect<uint8_t>(out, [&](size_t to) -> uint8_t {
    size_t from = to ^ (to >> 7 & mask) << 4;
    size_t row = from / pitch, column = from % pitch / 2;
    if (row >= boxRows || column >= boxColumns)
      return 0xee;
    // The box begins at column -8: those below 0 do not exist.
    if (column < 8 || column - 8 >= columns)
      return 0;
    uint16_t value = x[(row + 2) * columns + column - 8];
    return uint8_t(from % 2 ? value >> 8 : value);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Corpus, SwizzledTileTest,
    testing::Values(SwizzledBox{TensorMapSwizzle::None, 16},
                    SwizzledBox{TensorMapSwizzle::None, 24},
                    SwizzledBox{TensorMapSwizzle::None, 64},
                    SwizzledBox{TensorMapSwizzle::Bytes32, 16},
                    SwizzledBox{TensorMapSwizzle::Bytes32, 8},
                    SwizzledBox{TensorMapSwizzle::Bytes64, 32},
                    SwizzledBox{TensorMapSwizzle::Bytes64, 16},
                    SwizzledBox{TensorMapSwizzle::Bytes128, 64},
                    SwizzledBox{TensorMapSwizzle::Bytes128, 32}),
    [](const auto &info) {
      return "mode" + std::to_string(unsigned(info.param.swizzle)) + "columns" +
             std::to_string(info.param.columns);
    });

namespace {
class TensorTypeTest : public CorpusTest,
                       public testing::WithParamInterface<TensorMapType> {};
} // namespace

/// What is outside is 0x7ff7 in each 16 bits; what is inside comes as
/// it is, but for the types that flush subnormal numbers or round to tf32.
TEST_P(TensorTypeTest, nanFill) {
  TensorMapType type = GetParam();
  unsigned size = getSizeInBytes(type), columns = 64 / size, boxRows = 16;
  // Subnormal numbers, numbers with all bits of the mantissa, infinity.
  auto x = input<uint8_t>(64 * 24, [&](size_t i) {
    return uint8_t(i % size == size - 1 ? (i / 64 % 3 == 0 ? i & 0x80 : i)
                                        : i * 37 + i / 64);
  });
  TensorMap description = mapOf(x.address, type, columns, 24, columns, boxRows,
                                TensorMapSwizzle::None);
  description.fillsNaN = true;
  auto out = output<uint8_t>(2048);
  run(kHopper, "swizzledTile", {{1, 1, 1}, {64, 1, 1}}, out, map(description),
      uint32_t(64 * boxRows));
  expect<uint8_t>(out, [&](size_t to) -> uint8_t {
    int64_t row = int64_t(to / 64) + 2;
    int64_t byte = int64_t(to % 64) - 8 * int64_t(size);
    if (to >= 64 * boxRows)
      return 0xee;
    if (byte < 0)
      return to % 2 ? 0x7f : 0xf7;
    if (type != TensorMapType::TF32 && type != TensorMapType::TF32Ftz)
      return x[row * 64 + byte];
    // Rounded to nearest, ties away from zero.
    uint32_t bits = 0;
    memcpy(&bits, &x.values[row * 64 + byte / 4 * 4], 4);
    if ((bits & 0x7f800000) != 0x7f800000)
      bits = (bits + 0x1000) & ~0x1fffu;
    return uint8_t(bits >> byte % 4 * 8);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Corpus, TensorTypeTest,
    testing::Values(TensorMapType::F16, TensorMapType::BF16, TensorMapType::F32,
                    TensorMapType::F64, TensorMapType::F32Ftz,
                    TensorMapType::TF32, TensorMapType::TF32Ftz));

TEST_F(CorpusTest, multicast) {
  auto x = input<uint32_t>(512, [](size_t i) { return uint32_t(i * 5); });
  auto out = output<uint32_t>(2048);
  run(kHopper, "multicast", {{4, 1, 1}, {64, 1, 1}}, out,
      map(mapOf(x.address, TensorMapType::U32, 16, 32, 16, 8,
                TensorMapSwizzle::None)));
  expect<uint32_t>(out, [](size_t i) { return uint32_t(i % 512 * 5); });
}

TEST_F(CorpusTest, distributedShared) {
  auto x = input<int32_t>(256, [](size_t i) { return int32_t(i * i % 101); });
  auto out = output<int32_t>(258);
  run(kHopper, "distributedShared", {{8, 1, 1}, {32, 1, 1}}, out, x);
  expect<int32_t>(out, [&](size_t i) {
    if (i < 256) {
      size_t block = i / 32, next = block / 4 * 4 + (block + 1) % 4;
      return x[next * 32 + 31 - i % 32];
    }
    int32_t sum = 0;
    for (size_t k = 0; k < 128; ++k)
      sum += x[(i - 256) * 128 + k];
    return sum;
  });
}

TEST_F(CorpusTest, remoteArrivals) {
  auto out = output<int32_t>(32);
  run(kHopper, "remoteArrivals", {{2, 1, 1}, {32, 1, 1}}, out);
  expect<int32_t>(out, [](size_t i) { return int32_t(i + 1000 + (31 - i)); });
}

TEST_F(CorpusTest, registerPool) {
  auto out = output<int32_t>(128);
  run(kHopper, "registerPool", {{1, 1, 1}, {256, 1, 1}}, out);
  expect<int32_t>(out, [](size_t i) { return int32_t(3 * (127 - i)); });
}

TEST_F(CorpusTest, clocks) {
  auto out = output<uint32_t>(32);
  run(kHopper, "clocks", {}, out);
  expect<uint32_t>(out, [](size_t) { return 3u; });
}

// A map made by the kernel: columns 12 to 19 of 16 and rows 2 to 5, zeros
// outside.
TEST_F(CorpusTest, tensorMapFromZeros) {
  auto in = input<uint32_t>(128, [](size_t i) { return uint32_t(1000 + i); });
  auto map = output<uint32_t>(32);
  auto out = output<uint32_t>(32);
  run(kHopper, "tensorMapFromZeros", {}, out, map, in);
  expect<uint32_t>(out, [](size_t i) {
    size_t column = 12 + i % 8, row = 2 + i / 8;
    return column < 16 ? uint32_t(1000 + 16 * row + column) : 0;
  });
}

// The host's map is of other words; there are but 3 rows.
TEST_F(CorpusTest, tensorMapOfOtherTensor) {
  auto other = filled<uint32_t>(128, 7);
  auto in = input<uint32_t>(128, [](size_t i) { return uint32_t(1000 + i); });
  auto host = map(mapOf(other.address, TensorMapType::U32, 16, 8, 8, 4,
                        TensorMapSwizzle::None));
  auto changed = output<uint32_t>(32);
  auto out = output<uint32_t>(32);
  run(kHopper, "tensorMapOfOtherTensor", {}, out, changed, host, in);
  expect<uint32_t>(out, [](size_t i) {
    size_t column = 4 + i % 8, row = 1 + i / 8;
    return row < 3 ? uint32_t(1000 + 16 * row + column) : 0;
  });
}
