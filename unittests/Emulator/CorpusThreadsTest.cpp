//===- CorpusThreadsTest.cpp - ControlFlow.cu, Warps.cu, Blocks.cu --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "llvm/ADT/bit.h"
#include <numeric>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// ControlFlow.cu
//===----------------------------------------------------------------------===//

static constexpr const char *kControlFlow = "Corpus/ControlFlow.ptx";
static constexpr size_t kSize = 500;

static int32_t someInteger(size_t i) {
  return int32_t(uint32_t(i * 2654435761u) ^ uint32_t(i << 7));
}

TEST_F(CorpusTest, collatz) {
  auto steps = output<uint32_t>(kSize);
  run(kControlFlow, "collatz", {{4, 1, 1}, {128, 1, 1}}, steps, int(kSize));
  expect<uint32_t>(steps, [](size_t i) {
    uint32_t count = 0;
    for (uint64_t v = i + 1; v != 1; v = v % 2 ? 3 * v + 1 : v / 2)
      ++count;
    return count;
  });
}

TEST_F(CorpusTest, greatestCommonDivisor) {
  auto x = input<uint32_t>(
      kSize, [](size_t i) { return uint32_t(someInteger(i)) % 1000 * 36; });
  auto y = input<uint32_t>(
      kSize, [](size_t i) { return uint32_t(someInteger(i + 9)) % 999 * 24; });
  auto out = output<uint32_t>(kSize);
  run(kControlFlow, "greatestCommonDivisor", {{4, 1, 1}, {128, 1, 1}}, out, x,
      y, int(kSize));
  expect<uint32_t>(out, [&](size_t i) { return std::gcd(x[i], y[i]); });
}

TEST_F(CorpusTest, switchTable) {
  auto x = input<int32_t>(kSize, [](size_t i) { return someInteger(i) >> 8; });
  auto out = output<int32_t>(kSize);
  run(kControlFlow, "switchTable", {{4, 1, 1}, {128, 1, 1}}, out, x,
      int(kSize));
  expect<int32_t>(out, [&](size_t i) -> int32_t {
    int32_t v = x[i];
    switch (v & 15) {
    case 0:
      return v * 3;
    case 1:
      return v ^ 0x55;
    case 2:
      return v - 1000;
    case 3:
      return v / 7;
    case 4:
      return ~v;
    case 5:
      return int32_t(uint32_t(v) << 3);
    case 6:
      return v >> 2;
    case 7:
      return v % 11;
    case 8:
      return popcount(uint32_t(v));
    case 9:
      return int32_t(uint32_t(v) * uint32_t(v));
    case 10:
      return -v;
    default:
      return 42;
    }
  });
}

TEST_F(CorpusTest, recursion) {
  auto out = output<uint32_t>(64);
  run(kControlFlow, "recursion", {{1, 1, 1}, {64, 1, 1}}, out);
  // Ackermann's function for m = 0, 1, 2.
  expect<uint32_t>(out, [](size_t i) {
    uint32_t n = i % 5;
    return i % 3 == 0 ? n + 1 : i % 3 == 1 ? n + 2 : 2 * n + 3;
  });
}

namespace {
struct Pair {
  int64_t sum;
  int32_t product[3];
};
} // namespace

TEST_F(CorpusTest, structures) {
  constexpr size_t words = sizeof(Pair) / 4;
  Pair x = {int64_t(1) << 40, {2, 3, 5}};
  // The last word of each is padding, and not written.
  auto out = filled<uint32_t>(kSize * words, 0xcdcdcdcd);
  run(kControlFlow, "structures", {{4, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  expect<uint32_t>(out, [&](size_t k) -> uint32_t {
    size_t i = k / words;
    int64_t sum = x.sum + int64_t(i);
    switch (k % words) {
    case 0:
      return uint32_t(sum);
    case 1:
      return uint32_t(sum >> 32);
    case 2:
      return 2 * (i + 2);
    case 3:
      return 3 * (i + 1);
    case 4:
      return 5 * i;
    default: // Whether padding is copied is the compiler's choice.
      return out[k];
    }
  });
}

TEST_F(CorpusTest, functionPointers) {
  auto x = input<int32_t>(kSize, [](size_t i) { return int32_t(i) - 250; });
  auto out = output<int32_t>(kSize);
  run(kControlFlow, "functionPointers", {{4, 1, 1}, {128, 1, 1}}, out, x,
      int(kSize));
  expect<int32_t>(out, [&](size_t i) {
    return i % 3 == 0 ? 2 * x[i] : i % 3 == 1 ? x[i] * x[i] : -x[i];
  });
}

TEST_F(CorpusTest, localArray) {
  auto x =
      input<int32_t>(kSize, [](size_t i) { return int32_t(i * 37 % 101); });
  auto out = output<int32_t>(kSize);
  run(kControlFlow, "localArray", {{4, 1, 1}, {128, 1, 1}}, out, x, int(kSize));
  expect<int32_t>(out, [&](size_t i) {
    int32_t sum = 0;
    for (int32_t k = 0; k < 16; ++k) {
      int32_t at = (x[i] + 5 * k) & 31;
      sum += x[i] + at * at;
    }
    return sum;
  });
}

TEST_F(CorpusTest, constantTable) {
  static const int32_t kTable[16] = {3, 1, 4, 1, 5, 9, 2, 6,
                                     5, 3, 5, 8, 9, 7, 9, 3};
  auto x = input<int32_t>(kSize, [](size_t i) { return int32_t(i * 7); });
  auto out = output<int32_t>(kSize);
  run(kControlFlow, "constantTable", {{4, 1, 1}, {128, 1, 1}}, out, x,
      int(kSize));
  expect<int32_t>(out,
                  [&](size_t i) { return kTable[x[i] & 15] + kTable[i & 15]; });
}

TEST_F(CorpusTest, threeAxes) {
  auto out = output<uint32_t>(2 * 3 * 4 * 5 * 4 * 3);
  run(kControlFlow, "threeAxes", {{2, 3, 4}, {5, 4, 3}}, out);
  expect<uint32_t>(out, [](size_t i) {
    size_t block = i / 60, thread = i % 60;
    return uint32_t(block % 2 | block / 2 % 3 << 4 | block / 6 << 8 |
                    thread % 5 << 12 | thread / 5 % 4 << 20 |
                    thread / 20 << 28);
  });
}

TEST_F(CorpusTest, earlyExit) {
  auto out = output<uint32_t>(128);
  run(kControlFlow, "earlyExit", {{1, 1, 1}, {128, 1, 1}}, out);
  expect<uint32_t>(
      out, [](size_t i) { return i % 4 == 3 ? 7u : uint32_t(i + 1) % 128; });
}

//===----------------------------------------------------------------------===//
// Warps.cu
//===----------------------------------------------------------------------===//

static constexpr const char *kWarps = "Corpus/Warps.ptx";

TEST_F(CorpusTest, shuffles) {
  auto x = input<int32_t>(64, [](size_t i) { return int32_t(100 + i); });
  auto out = output<int32_t>(256);
  run(kWarps, "shuffles", {{1, 1, 1}, {64, 1, 1}}, out, x);
  expect<int32_t>(out, [&](size_t k) {
    size_t i = k / 4, lane = i % 32, warp = i - lane;
    switch (k % 4) {
    case 0:
      return x[warp + i * 7 % 32];
    case 1: // Segments of 16.
      return x[lane % 16 < 3 ? i : i - 3];
    case 2: // Segments of 8.
      return x[lane % 8 + 5 > 7 ? i : i + 5];
    default:
      return x[warp + (lane ^ 21)];
    }
  });
}

TEST_F(CorpusTest, warpReduction) {
  auto x = input<float>(320, [](size_t i) { return float(i % 77) - 20; });
  auto out = output<float>(10);
  run(kWarps, "warpReduction", {{10, 1, 1}, {32, 1, 1}}, out, x);
  // Small integers: every order gives the same sum.
  expect<float>(out, [&](size_t b) {
    float sum = 0;
    for (size_t i = 0; i < 32; ++i)
      sum += x[32 * b + i];
    return sum;
  });
}

TEST_F(CorpusTest, prefixSum) {
  auto x = input<int32_t>(96, [](size_t i) { return someInteger(i) >> 12; });
  auto out = output<int32_t>(96);
  run(kWarps, "prefixSum", {{3, 1, 1}, {32, 1, 1}}, out, x);
  expect<int32_t>(out, [&](size_t i) {
    int32_t sum = 0;
    for (size_t j = i / 32 * 32; j <= i; ++j)
      sum += x[j];
    return sum;
  });
}

TEST_F(CorpusTest, votes) {
  auto x = input<int32_t>(64, [](size_t i) {
    return i == 40 ? 77 : int32_t(i * 13 % 29) - 9 + (i == 50 ? 5000 : 0);
  });
  auto out = output<uint32_t>(5 * 64);
  run(kWarps, "votes", {{1, 1, 1}, {64, 1, 1}}, out, x);
  expect<uint32_t>(out, [&](size_t k) -> uint32_t {
    size_t i = k / 5, warp = i / 32 * 32;
    uint32_t positive = 0, seven = 0, small = 1, odd = 0, even = 0;
    for (size_t l = 0; l < 32; ++l) {
      int32_t v = x[warp + l];
      positive |= uint32_t(v > 0) << l;
      seven |= v == 77;
      small &= v < 1000;
      odd |= uint32_t(l % 2 && (v & 2)) << l;
      even |= uint32_t(l % 2 == 0 && (v & 4)) << l;
    }
    const uint32_t results[5] = {positive, seven, small, i % 2 ? odd : even, 1};
    return results[k % 5];
  });
}

TEST_F(CorpusTest, matches) {
  auto x = input<int32_t>(
      64, [](size_t i) { return i < 32 ? int32_t(i * i % 7) : 99; });
  auto out = output<uint32_t>(3 * 64);
  run(kWarps, "matches", {{1, 1, 1}, {64, 1, 1}}, out, x);
  expect<uint32_t>(out, [&](size_t k) -> uint32_t {
    size_t i = k / 3, warp = i / 32 * 32;
    uint32_t same = 0;
    for (size_t l = 0; l < 32; ++l)
      same |= uint32_t(x[warp + l] == x[i]) << l;
    return k % 3 == 0 ? same : k % 3 == 1 ? (i < 32 ? 0 : ~0u) : i >= 32;
  });
}

TEST_F(CorpusTest, warpRedux) {
  auto x = input<int32_t>(64, [](size_t i) { return someInteger(i + 3); });
  auto out = output<uint32_t>(6 * 64);
  run(kWarps, "warpRedux", {{1, 1, 1}, {64, 1, 1}}, out, x);
  expect<uint32_t>(out, [&](size_t k) {
    size_t warp = k / 6 / 32 * 32;
    uint32_t sum = 0, largest = 0, all = ~0u, any = 0, parity = 0;
    int32_t smallest = INT32_MAX;
    for (size_t l = 0; l < 32; ++l) {
      uint32_t v = uint32_t(x[warp + l]);
      sum += v;
      smallest = std::min(smallest, int32_t(v));
      largest = std::max(largest, v);
      all &= v;
      any |= v;
      parity ^= v;
    }
    const uint32_t results[6] = {sum,   uint32_t(smallest), largest, all, any,
                                 parity};
    return results[k % 6];
  });
}

TEST_F(CorpusTest, election) {
  auto out = output<uint32_t>(64);
  run(kWarps, "election", {{1, 1, 1}, {32, 1, 1}}, out);
  fetch(out);
  // Which lane is elected is not said: one of each half, and all are told.
  for (size_t half = 0; half < 2; ++half) {
    unsigned numElected = 0;
    for (size_t i = 16 * half; i < 16 * half + 16; ++i) {
      numElected += out[2 * i];
      EXPECT_EQ(out[2 * i + 1], out[32 * half + 1]) << "lane " << i;
      if (out[2 * i])
        EXPECT_EQ(out[2 * i + 1], i);
    }
    EXPECT_EQ(numElected, 1u) << "half " << half;
  }
}

TEST_F(CorpusTest, spinWithinWarp) {
  auto out = output<int32_t>(32);
  run(kWarps, "spinWithinWarp", {{1, 1, 1}, {32, 1, 1}}, out);
  expect<int32_t>(out, [](size_t i) { return int32_t(100 + i); });
}

//===----------------------------------------------------------------------===//
// Blocks.cu
//===----------------------------------------------------------------------===//

static constexpr const char *kBlocks = "Corpus/Blocks.ptx";

TEST_F(CorpusTest, blockReduction) {
  constexpr size_t size = 1777;
  auto x = input<float>(size, [](size_t i) { return float(i % 64); });
  auto out = output<float>(3);
  run(kBlocks, "blockReduction", {{3, 1, 1}, {128, 1, 1}, 512}, out, x,
      int(size));
  expect<float>(out, [&](size_t b) {
    float sum = 0;
    for (size_t i = 0; i < size; ++i)
      if (i / 128 % 3 == b)
        sum += x[i];
    return sum;
  });
}

TEST_F(CorpusTest, transpose) {
  int rows = 70, columns = 45;
  auto x = input<float>(rows * columns, [](size_t i) { return float(i); });
  auto out = output<float>(rows * columns);
  run(kBlocks, "transpose", {{2, 3, 1}, {32, 8, 1}}, out, x, rows, columns);
  expect<float>(out,
                [&](size_t i) { return float(i % rows * columns + i / rows); });
}

TEST_F(CorpusTest, barrierReductions) {
  auto x = input<int32_t>(
      160, [](size_t i) { return i == 150 ? 12345 : int32_t(i % 9) - 4; });
  auto out = output<int32_t>(480);
  run(kBlocks, "barrierReductions", {{1, 1, 1}, {160, 1, 1}}, out, x);
  expect<int32_t>(out, [&](size_t k) {
    int32_t count = 0;
    for (int32_t v : x.values)
      count += v > 0;
    return k % 3 == 0 ? count : 1;
  });
}

TEST_F(CorpusTest, namedBarriers) {
  for (int rounds : {1, 2, 7}) {
    auto out = output<int32_t>(64 * rounds);
    run(kBlocks, "namedBarriers", {{1, 1, 1}, {128, 1, 1}}, out, rounds);
    expect<int32_t>(
        out, [](size_t i) { return int32_t(i / 64 * 1000 + 63 - i % 64); });
  }
}

TEST_F(CorpusTest, asyncCopies) {
  for (int numTiles : {1, 2, 3, 9}) {
    auto x = input<float>(256 * numTiles, [](size_t i) { return float(i); });
    auto out = output<float>(64);
    run(kBlocks, "asyncCopies", {{1, 1, 1}, {64, 1, 1}}, out, x, numTiles);
    expect<float>(out, [&](size_t i) {
      float sum = 0;
      for (int t = 0; t < numTiles; ++t)
        sum += x[256 * t + (4 * i + 5) % 256];
      return sum;
    });
  }
}

TEST_F(CorpusTest, asyncCopyFill) {
  auto x = input<uint8_t>(512, [](size_t i) { return uint8_t(i * 7 + 1); });
  auto sizes = input<int32_t>(32, [](size_t i) { return int32_t(i % 17); });
  auto out = output<uint8_t>(512);
  run(kBlocks, "asyncCopyFill", {{1, 1, 1}, {32, 1, 1}}, out, x, sizes);
  expect<uint8_t>(out, [&](size_t i) -> uint8_t {
    return int32_t(i % 16) < sizes[i / 16] ? x[i] : 0;
  });
}

TEST_F(CorpusTest, mbarrierPhases) {
  for (int rounds : {1, 2, 5}) {
    auto out = output<int32_t>(128);
    run(kBlocks, "mbarrierPhases", {{1, 1, 1}, {128, 1, 1}}, out, rounds);
    // In round r = 0, 2, ...: r + 127 - i.
    expect<int32_t>(out, [&](size_t i) {
      return rounds * (rounds - 1) + rounds * (127 - int32_t(i));
    });
  }
}

TEST_F(CorpusTest, mbarrierOfCopies) {
  auto x = input<float>(128, [](size_t i) { return float(i) * 3; });
  auto out = output<float>(128);
  run(kBlocks, "mbarrierOfCopies", {{1, 1, 1}, {32, 1, 1}}, out, x);
  expect<float>(out, [](size_t i) { return float(127 - i) * 3; });
}

TEST_F(CorpusTest, genericPointers) {
  auto x = input<int32_t>(32, [](size_t i) { return int32_t(5000 + i); });
  auto out = output<int32_t>(64);
  run(kBlocks, "genericPointers", {{1, 1, 1}, {32, 1, 1}}, out, x);
  expect<int32_t>(out, [&](size_t k) -> int32_t {
    int32_t i = k / 2;
    if (k % 2)
      return 1 << i % 3;
    const int32_t local[4] = {i, 20, 30, 40};
    return i % 3 == 0 ? x[i] : i % 3 == 1 ? 1000 + (i ^ 1) : local[i & 3];
  });
}
