//===- CorpusFormsTest.cpp - Matrices.cu, Rare.cu and Tensors.cu ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forms of instructions that ordinary kernels leave out. Elements of matrices
// are small integers: every order and width of a sum gives the same bits.
//
//===----------------------------------------------------------------------===//

#include "CorpusDevice.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

static constexpr const char *kMatrices = "Corpus/Matrices.ptx";
static constexpr const char *kRare = "Corpus/Rare.ptx";
static constexpr const char *kTensors = "Corpus/Tensors.ptx";

template <typename T> static T encode(int value) { return T(value); }

static uint16_t encodeHalf(int value) {
  return narrow(float(value), APFloat::IEEEhalf());
}
static uint16_t encodeBfloat(int value) {
  return narrow(float(value), APFloat::BFloat());
}

//===----------------------------------------------------------------------===//
// Matrices.cu
//===----------------------------------------------------------------------===//

namespace {
struct WmmaShape {
  const char *entry;
  size_t m, n, k;
  bool isRowA, isRowB, isRowOut;
  int start;
};

class CorpusWmmaTest : public CorpusTest {
protected:
  /// Runs `shape.entry` and compares out with x y + start.
  template <typename Element, typename Result>
  void multiply(const WmmaShape &shape, Element (*encodeElement)(int),
                Result (*encodeResult)(int), bool isUnsigned = false) {
    auto [entry, m, n, k, isRowA, isRowB, isRowOut, start] = shape;
    auto valueOf = [&](size_t i, unsigned salt) {
      return makeSmallInteger(i, salt) + (isUnsigned ? 4 : 0);
    };
    auto x = input<Element>(
        m * k, [&](size_t i) { return encodeElement(valueOf(i, 1)); });
    auto y = input<Element>(
        k * n, [&](size_t i) { return encodeElement(valueOf(i, 2)); });
    auto out = output<Result>(m * n);
    run(kMatrices, entry, {}, out, x, y);
    expect<Result>(out, [&](size_t at) {
      size_t row = shape.isRowOut ? at / shape.n : at % shape.m;
      size_t column = shape.isRowOut ? at % shape.n : at / shape.m;
      int sum = shape.start;
      for (size_t j = 0; j < shape.k; ++j)
        sum +=
            valueOf(shape.isRowA ? row * shape.k + j : j * shape.m + row, 1) *
            valueOf(shape.isRowB ? j * shape.n + column : column * shape.k + j,
                    2);
      return encodeResult(sum);
    });
  }
};
} // namespace

TEST_F(CorpusWmmaTest, wmmaHalfWide) {
  multiply<uint16_t, float>({"wmmaHalfWide", 8, 32, 16, false, true, false, 2},
                            encodeHalf, encode<float>);
}
TEST_F(CorpusWmmaTest, wmmaHalfTall) {
  multiply<uint16_t, float>({"wmmaHalfTall", 32, 8, 16, true, false, true, 3},
                            encodeHalf, encode<float>);
}
TEST_F(CorpusWmmaTest, wmmaHalfSums) {
  multiply<uint16_t, uint16_t>(
      {"wmmaHalfSums", 16, 16, 16, false, false, false, 4}, encodeHalf,
      encodeHalf);
}
TEST_F(CorpusWmmaTest, wmmaBfloat) {
  multiply<uint16_t, float>({"wmmaBfloat", 16, 16, 16, true, true, true, 5},
                            encodeBfloat, encode<float>);
}
TEST_F(CorpusWmmaTest, wmmaTf32) {
  multiply<float, float>({"wmmaTf32", 16, 16, 8, true, false, true, 6},
                         encode<float>, encode<float>);
}
TEST_F(CorpusWmmaTest, wmmaBytes) {
  multiply<uint8_t, int32_t>({"wmmaBytes", 16, 16, 16, true, false, true, 7},
                             encode<uint8_t>, encode<int32_t>,
                             /*isUnsigned=*/true);
}

/// A field of `width` bits of a row of words.
static int fieldOf(ArrayRef<uint32_t> words, size_t index, unsigned width,
                   bool isSigned) {
  uint32_t bits = words[index * width / 32] >> (index * width % 32);
  return isSigned ? int32_t(bits << (32 - width)) >> (32 - width)
                  : int(bits & ((1u << width) - 1));
}

TEST_F(CorpusWmmaTest, wmmaNibbles) {
  auto some = [](size_t i) { return uint32_t(i * 0x9e3779b9 + 12345); };
  auto x = input<uint32_t>(8 * 4, some);
  auto y = input<uint32_t>(8 * 4, [&](size_t i) { return ~some(i * 3); });
  auto out = output<int32_t>(64);
  run(kMatrices, "wmmaNibbles", {}, out, x, y);
  expect<int32_t>(out, [&](size_t i) {
    int sum = 8;
    for (size_t k = 0; k < 32; ++k)
      sum += fieldOf(x.values, i / 8 * 32 + k, 4, true) *
             fieldOf(y.values, i % 8 * 32 + k, 4, true);
    return sum;
  });
}

TEST_F(CorpusWmmaTest, wmmaBits) {
  auto some = [](size_t i) { return uint32_t(i * 0x9e3779b9 + 54321); };
  auto x = input<uint32_t>(8 * 4, some);
  auto y = input<uint32_t>(8 * 4, [&](size_t i) { return some(i * 5); });
  auto out = output<int32_t>(64);
  run(kMatrices, "wmmaBits", {}, out, x, y);
  expect<int32_t>(out, [&](size_t i) {
    int sum = 9;
    for (size_t k = 0; k < 4; ++k)
      sum += popcount(x[i / 8 * 4 + k] ^ y[i % 8 * 4 + k]);
    return sum;
  });
}

/// The word of a fragment that a lane holds of a matrix: row lane / 4, columns
/// 2 (lane % 4) and the next, or rows and columns exchanged.
template <typename Element>
static uint32_t fragmentWord(size_t lane, bool isTransposed, Element element) {
  size_t row = lane / 4, column = lane % 4 * 2;
  auto at = [&](size_t c) {
    return uint32_t(isTransposed ? element(c, row) : element(row, c));
  };
  return at(column) | at(column + 1) << 16;
}

TEST_F(CorpusTest, matrixLoads) {
  auto x = input<uint16_t>(256, [](size_t i) { return uint16_t(7 * i + 3); });
  auto out = output<uint32_t>(14 * 32);
  run(kMatrices, "matrixLoads", {}, out, x);
  // x1, x1.trans, x2, x2.trans, x4, x4.trans: matrix and whether transposed.
  static constexpr std::pair<unsigned, bool> forms[14] = {
      {0, false}, {0, true},  {0, false}, {1, false}, {0, true},
      {1, true},  {0, false}, {1, false}, {2, false}, {3, false},
      {0, true},  {1, true},  {2, true},  {3, true}};
  expect<uint32_t>(out, [&](size_t i) {
    auto [matrix, isTransposed] = forms[i / 32];
    return fragmentWord(i % 32, isTransposed,
                        [&, matrix = matrix](size_t row, size_t column) {
                          return x[matrix * 64 + row * 8 + column];
                        });
  });
}

TEST_F(CorpusTest, matrixStores) {
  // Four fragments: matrix f holds 100 f + 8 row + column.
  auto x = input<uint32_t>(128, [](size_t i) {
    return fragmentWord(i % 32, false, [&](size_t row, size_t column) {
      return 100 * (i / 32) + 8 * row + column;
    });
  });
  auto out = output<uint16_t>(14 * 64);
  run(kMatrices, "matrixStores", {}, out, x);
  // The last was transposed twice, by movmatrix first.
  static constexpr std::pair<unsigned, bool> forms[14] = {
      {0, false}, {1, true},  {0, false}, {1, false}, {2, true},
      {3, true},  {0, false}, {1, false}, {2, false}, {3, false},
      {0, true},  {1, true},  {2, true},  {3, false}};
  expect<uint16_t>(out, [&](size_t i) {
    auto [matrix, isTransposed] = forms[i / 64];
    size_t row = i % 64 / 8, column = i % 8;
    return uint16_t(100 * matrix +
                    (isTransposed ? 8 * column + row : 8 * row + column));
  });
}

namespace {
/// wgmma of 64 and 8 rows of 32 bytes.
class CorpusWgmmaTest : public CorpusTest {
protected:
  /// `encodeElement` gives the bits of an element of `width` bits.
  template <typename Result>
  void multiply(const char *entry, unsigned width, std::function<int(size_t)> x,
                std::function<int(size_t)> y,
                std::function<uint32_t(int)> encodeX,
                std::function<uint32_t(int)> encodeY) {
    size_t k = 256 / width;
    auto pack = [&](size_t rows, std::function<int(size_t)> element,
                    std::function<uint32_t(int)> encodeElement) {
      return input<uint8_t>(rows * 32, [&](size_t byte) -> uint8_t {
        size_t bit = 8 * byte, bits = 0;
        if (width >= 8)
          return uint8_t(encodeElement(element(bit / width)) >> (bit % width));
        for (size_t i = 0; i < 8; i += width)
          bits |= encodeElement(element((bit + i) / width)) << i;
        return uint8_t(bits);
      });
    };
    auto dx = pack(64, x, encodeX), dy = pack(8, y, encodeY);
    auto out = output<Result>(64 * 8);
    run(kMatrices, entry, {{1, 1, 1}, {128, 1, 1}}, out, dx, dy);
    expect<Result>(out, [&](size_t i) {
      // Four numbers a thread: two columns of two rows.
      size_t thread = i / 4, element = i % 4;
      size_t row = thread / 32 * 16 + thread % 32 / 4 + element / 2 * 8;
      size_t column = thread % 4 * 2 + element % 2;
      int sum = 0;
      for (size_t j = 0; j < k; ++j)
        sum += x(row * k + j) * y(column * k + j);
      return Result(sum);
    });
  }
};

int small1(size_t i) { return makeSmallInteger(i, 1); }
int small2(size_t i) { return makeSmallInteger(i, 2); }
int byte1(size_t i) { return int(i * 37 % 256); }
int byte2(size_t i) { return int(i * 91 % 256); }
uint32_t asBits(int value) { return uint32_t(value); }
uint32_t asFloat(int value) { return llvm::bit_cast<uint32_t>(float(value)); }
} // namespace

TEST_F(CorpusWgmmaTest, wgmmaTf32) {
  multiply<float>("wgmmaTf32", 32, small1, small2, asFloat, asFloat);
}
TEST_F(CorpusWgmmaTest, wgmmaSignedBytes) {
  auto lowered = [](size_t i) { return byte1(i) - 128; };
  multiply<uint32_t>("wgmmaSignedBytes", 8, lowered, byte2, asBits, asBits);
}
TEST_F(CorpusWgmmaTest, wgmmaUnsignedBytes) {
  multiply<uint32_t>("wgmmaUnsignedBytes", 8, byte1, byte2, asBits, asBits);
}
TEST_F(CorpusWgmmaTest, wgmmaBits) {
  auto bit = [](size_t i) { return int(i * i / 5 % 2); };
  auto other = [](size_t i) { return int(i * 3 / 2 % 2); };
  multiply<uint32_t>("wgmmaBits", 1, bit, other, asBits, asBits);
}
TEST_F(CorpusWgmmaTest, wgmmaFp8) {
  auto encode8 = [](const fltSemantics &semantics) {
    return [&semantics](int value) { return narrow(float(value), semantics); };
  };
  multiply<float>("wgmmaFp8", 8, small1, small2, encode8(APFloat::Float8E5M2()),
                  encode8(APFloat::Float8E4M3FN()));
}
TEST_F(CorpusWgmmaTest, wgmmaHalfSums) {
  auto x =
      input<uint16_t>(64 * 16, [](size_t i) { return encodeHalf(small1(i)); });
  auto y =
      input<uint16_t>(8 * 16, [](size_t i) { return encodeHalf(small2(i)); });
  auto out = output<uint16_t>(64 * 8);
  run(kMatrices, "wgmmaHalfSums", {{1, 1, 1}, {128, 1, 1}}, out, x, y);
  expect<uint16_t>(out, [](size_t i) {
    size_t thread = i / 4, element = i % 4;
    size_t row = thread / 32 * 16 + thread % 32 / 4 + element / 2 * 8;
    size_t column = thread % 4 * 2 + element % 2;
    int sum = 0;
    for (size_t k = 0; k < 16; ++k)
      sum += small1(row * 16 + k) * small2(column * 16 + k);
    return encodeHalf(sum);
  });
}

//===----------------------------------------------------------------------===//
// Rare.cu
//===----------------------------------------------------------------------===//

static uint32_t rareInteger(uint32_t a, size_t i, unsigned which) {
  uint32_t b = i % 40, c = i % 23 + 1;
  // The lowest 24 bits, with their sign.
  auto low24 = [](uint32_t v) { return int64_t(int32_t(v << 8) >> 8); };
  switch (which) {
  case 0: // c bits from b on.
    return b < 32 ? uint32_t(((uint64_t(1) << c) - 1) << b) : 0;
  case 1:
    return uint32_t(int32_t(a << (32 - c)) >> (32 - c));
  case 2: { // The place of the n-th bit that is set.
    unsigned n = c % 5 + 1;
    for (unsigned place = 0; place < 32; ++place)
      if (a >> place & 1 && --n == 0)
        return place;
    return ~0u;
  }
  case 3:
    return uint32_t(low24(a) * low24(b));
  case 4: {
    uint64_t square = uint64_t(a & 0xffffff) * (a & 0xffffff);
    return uint32_t(square >> 16) + b;
  }
  case 5:
    return int32_t(a) >= 0 ? a : b;
  case 6:
    return (a & 3) == 0;
  case 7:
    return int32_t(a) < int32_t(b << 24) ? ~0u : 0;
  case 8:
    return (a & 0x7f800000) == 0 && (a & 0x7fffff) != 0;
  case 9: // 1.5 with the sign of a.
    return (a & 0x80000000) | 0x3fc00000;
  case 10:
    return uint32_t((uint64_t(a) * a + 5) >> 32);
  default: // The second predicate is that of the negated comparison.
    return a <= b << 20;
  }
}

TEST_F(CorpusTest, rareIntegers) {
  constexpr size_t count = 100;
  auto x = input<uint32_t>(count, [](size_t i) {
    uint32_t v = uint32_t(i) * 0x9e3779b9;
    return i % 4 == 0 ? v & 0x807fffff : v;
  });
  auto out = output<uint32_t>(12 * count);
  run(kRare, "rareIntegers", {{4, 1, 1}, {32, 1, 1}}, out, x, int(count));
  expect<uint32_t>(
      out, [&](size_t k) { return rareInteger(x[k / 12], k / 12, k % 12); });
}

TEST_F(CorpusTest, rareHints) {
  auto x = input<uint32_t>(64, [](size_t i) { return uint32_t(i * i + 5); });
  auto unused = filled<uint32_t>(64, 1);
  auto out = output<uint32_t>(64);
  run(kRare, "rareHints", {{1, 1, 1}, {64, 1, 1}}, out, x, unused);
  expect<uint32_t>(out, [](size_t i) { return uint32_t(i * i + 5 + 5); });
}

TEST_F(CorpusTest, rareControl) {
  auto out = output<uint32_t>(32);
  run(kRare, "rareControl", {{1, 1, 1}, {64, 1, 1}}, out);
  expect<uint32_t>(out, [](size_t) { return 0x55555555u; });
}

TEST_F(CorpusTest, rareClusters) {
  auto out = output<uint32_t>(2 * 64);
  run(kRare, "rareClusters", {{2, 1, 1}, {32, 1, 1}}, out);
  expect<uint32_t>(out, [](size_t i) {
    size_t other = 1 - i / 64;
    return uint32_t(i % 2 ? other : 100 * other + i % 64 / 2);
  });
}

TEST_F(CorpusTest, rareFences) {
  constexpr uint32_t blocks = 9;
  auto sums = output<uint32_t>(blocks);
  auto flags = filled<uint32_t>(blocks, 0);
  run(kRare, "rareFences", {{blocks, 1, 1}, {32, 1, 1}}, sums, flags);
  expect<uint32_t>(
      sums, [](size_t i) { return uint32_t(10 * i * (i + 1) / 2 + i + 1); });
}

//===----------------------------------------------------------------------===//
// Tensors.cu
//===----------------------------------------------------------------------===//

class CorpusTensorTest : public CorpusTest,
                         public testing::WithParamInterface<unsigned> {};

TEST_P(CorpusTensorTest, CopyOfRank) {
  unsigned rank = GetParam();
  static constexpr size_t extents[5] = {10, 7, 4, 3, 2};
  static constexpr size_t boxes[5] = {8, 3, 2, 2, 1};
  static constexpr size_t starts[5] = {0, 2, 1, 1, 1};
  // Rows are 12 words apart, for strides are multiples of 16 bytes.
  TensorMap shape;
  shape.type = TensorMapType::U32;
  shape.rank = rank;
  size_t words = 12, boxWords = 1;
  for (unsigned d = 0; d < rank; ++d) {
    shape.extents[d] = extents[d];
    shape.box[d] = uint32_t(boxes[d]);
    boxWords *= boxes[d];
    if (d > 0) {
      shape.strides[d - 1] = words * 4;
      words *= extents[d];
    }
  }
  auto x = input<uint32_t>(words, [](size_t i) { return uint32_t(i + 1); });
  auto out = filled<uint32_t>(words, 1000);
  auto mapFor = [&](uint64_t address) {
    TensorMap result = shape;
    result.address = address;
    return map(result);
  };
  run(kTensors, "tensorCopy" + std::to_string(rank), {{2, 1, 1}, {64, 1, 1}},
      mapFor(out.address), mapFor(x.address), uint32_t(boxWords));
  expect<uint32_t>(out, [&](size_t i) {
    size_t rest = i / 12, column = i % 12;
    bool isInside = column < extents[0];
    for (unsigned d = 1; d < rank; ++d) {
      size_t at = rest % extents[d];
      rest /= extents[d];
      isInside &= at >= starts[d] && at < starts[d] + boxes[d];
    }
    // The boxes of the two blocks begin at columns 0 and 4.
    unsigned times = column < 8;
    times += column >= 4 && column < 12;
    return 1000 + (isInside ? times * 3 * uint32_t(i + 1) : 0);
  });
}

INSTANTIATE_TEST_SUITE_P(Corpus, CorpusTensorTest, testing::Range(1u, 6u),
                         [](const testing::TestParamInfo<unsigned> &info) {
                           return std::to_string(info.param) + "D";
                         });
