//===- CorpusMemoryTest.cpp - Memory.cu -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CorpusDevice.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <set>

using namespace llvm;
using namespace mlir::tk;

static constexpr const char *kMemory = "Corpus/Memory.ptx";

TEST_F(CorpusTest, vectorCopy) {
  constexpr size_t size = 777;
  auto x = input<int32_t>(4 * size, [](size_t i) { return int32_t(i * i); });
  auto out = output<int32_t>(4 * size);
  run(kMemory, "vectorCopy", {{2, 1, 1}, {64, 1, 1}}, out, x, int(size));
  expect<int32_t>(out, [&](size_t i) { return x[i / 4 * 4 + 3 - i % 4]; });
}

TEST_F(CorpusTest, cacheHints) {
  constexpr size_t size = 100;
  auto x = input<float>(size, [](size_t i) { return float(i) / 4; });
  auto out = output<float>(4 * size);
  run(kMemory, "cacheHints", {{1, 1, 1}, {128, 1, 1}}, out, x, int(size));
  expect<float>(out, [&](size_t k) {
    const float factors[4] = {5, 1, -1, 2};
    return factors[k % 4] * x[k / 4];
  });
}

TEST_F(CorpusTest, narrowAccesses) {
  constexpr size_t size = 200;
  auto x = input<uint8_t>(size, [](size_t i) { return uint8_t(i * 41 + 100); });
  auto out = output<int64_t>(4 * size);
  run(kMemory, "narrowAccesses", {{2, 1, 1}, {128, 1, 1}}, out, x, int(size));
  expect<int64_t>(out, [&](size_t k) -> int64_t {
    size_t i = k / 4;
    uint16_t word = uint16_t(x[i / 2 * 2] | x[i / 2 * 2 + 1] << 8);
    switch (k % 4) {
    case 0:
      return int8_t(x[i]);
    case 1:
      return x[i];
    case 2:
      return int16_t(word);
    default:
      return word;
    }
  });
}

TEST_F(CorpusTest, histogram) {
  constexpr size_t size = 5000;
  auto x = input<uint8_t>(size, [](size_t i) { return uint8_t(i * i % 251); });
  auto bins = filled<uint32_t>(256, 3);
  run(kMemory, "histogram", {{4, 1, 1}, {96, 1, 1}}, bins, x, int(size));
  std::vector<uint32_t> want(256, 3);
  for (uint8_t v : x.values)
    ++want[v];
  expect<uint32_t>(bins, [&](size_t b) { return want[b]; });
}

TEST_F(CorpusTest, atomicKinds) {
  constexpr uint32_t size = 700;
  auto words = input<uint32_t>(10, [](size_t i) {
    return i == 4 ? ~0u : i == 2 ? 0x7fffffff : 0u;
  });
  auto wide = filled<uint64_t>(3, 0);
  run(kMemory, "atomicKinds", {{6, 1, 1}, {128, 1, 1}}, words, wide, int(size));
  uint64_t sum = uint64_t(size) * (size - 1) / 2;
  uint32_t parity = 0;
  for (uint32_t i = 0; i < size; ++i)
    parity ^= i;
  // 7: counts 0 .. 99 in a circle; 8: 49 .. 0 in a circle, from 0.
  const uint32_t want[10] = {uint32_t(sum),
                             uint32_t(-sum),
                             uint32_t(-int32_t(size - 1)),
                             size - 1,
                             0,
                             ~0u,
                             parity,
                             size % 100,
                             (50 - size % 50) % 50,
                             0};
  fetch(words);
  for (size_t i = 0; i < 9; ++i)
    EXPECT_EQ(words[i], want[i]) << "word " << i;
  EXPECT_EQ(llvm::bit_cast<float>(words[9]), 0.5f * size);
  fetch(wide);
  EXPECT_EQ(wide[0], sum << 30);
  EXPECT_EQ(wide[1], size - 1);
  EXPECT_EQ(llvm::bit_cast<double>(wide[2]), 0.25 * size);
}

TEST_F(CorpusTest, compareAndSwap) {
  constexpr size_t size = 600;
  auto x = input<float>(
      size, [](size_t i) { return std::fabs(float(i * 97 % 601)); });
  auto best = filled<uint32_t>(1, 0);
  run(kMemory, "compareAndSwap", {{5, 1, 1}, {128, 1, 1}}, best, x, int(size));
  fetch(best);
  EXPECT_EQ(llvm::bit_cast<float>(best[0]),
            *std::max_element(x.values.begin(), x.values.end()));
}

TEST_F(CorpusTest, lastBlock) {
  constexpr size_t size = 3000;
  auto x = input<int32_t>(size, [](size_t i) { return int32_t(i) - 700; });
  auto partial = output<int64_t>(9);
  auto ticket = filled<uint32_t>(1, 0);
  auto out = output<int64_t>(1);
  run(kMemory, "lastBlock", {{9, 1, 1}, {64, 1, 1}}, out, partial, ticket, x,
      int(size));
  int64_t sum = 0;
  for (int32_t v : x.values)
    sum += v;
  expect<int64_t>(out, [&](size_t) { return sum; });
}

TEST_F(CorpusTest, chainOfBlocks) {
  auto log = output<uint32_t>(12);
  auto turn = filled<uint32_t>(1, 0);
  run(kMemory, "chainOfBlocks", {{12, 1, 1}, {32, 1, 1}}, log, turn);
  uint32_t value = 1;
  fetch(log);
  for (uint32_t b = 0; b < 12; value = 3 * value + ++b)
    EXPECT_EQ(log[b], value) << "block " << b;
}

TEST_F(CorpusTest, lockedCounter) {
  auto lock = filled<uint32_t>(1, 0), counter = filled<uint32_t>(1, 0);
  run(kMemory, "lockedCounter", {{20, 1, 1}, {32, 1, 1}}, lock, counter);
  expect<uint32_t>(counter, [](size_t) { return 20u * 21 / 2; });
}

TEST_F(CorpusTest, packedReductions) {
  auto halves = filled<uint32_t>(2, 0);
  auto floats = filled<float>(4, 0);
  run(kMemory, "packedReductions", {{2, 1, 1}, {32, 1, 1}}, halves, floats);
  // 64 threads: the halves are 2 and 1, so 128 and 64; the bfloats are 1.
  expect<uint32_t>(halves,
                   [](size_t i) { return i == 0 ? 0x54005800u : 0x42804280u; });
  expect<float>(floats, [](size_t i) {
    const float each[4] = {1, 2, 3, 0.5f};
    return 64 * each[i];
  });
}

TEST_F(CorpusTest, greet) {
  if (device->isGpu())
    testing::internal::CaptureStdout();
  run(kMemory, "greet", {{1, 1, 1}, {64, 1, 1}}, 35);
  // Lines of different lanes may come in any order.
  std::string text = device->takeOutput();
  SmallVector<StringRef> lines;
  StringRef(text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  std::set<std::string> found;
  for (StringRef line : lines)
    found.insert(line.str());
  EXPECT_EQ(found.size(), 35u) << text;
  for (int i = 0; i < 35; ++i)
    EXPECT_TRUE(found.count(
        formatv("lane {0} of 64 says {1:f2} and hello", i, i * 0.25).str()))
        << i << "\n"
        << text;
}

//===----------------------------------------------------------------------===//
// Stack.cu
//===----------------------------------------------------------------------===//

static uint32_t sumBackwards(uint32_t count, uint32_t seed) {
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; ++i)
    sum += (seed * (count - 1 - i)) ^ i;
  return sum;
}

TEST_F(CorpusTest, stackInLoop) {
  auto out = output<uint32_t>(96);
  run("Corpus/Stack.ptx", "stackInLoop", {{1, 1, 1}, {96, 1, 1}}, out, 4);
  expect<uint32_t>(out, [](size_t thread) {
    uint32_t sum = 0;
    for (uint32_t round = 1; round <= 4; ++round)
      sum += sumBackwards(thread % 5 * round, thread + round);
    return sum;
  });
}

TEST_F(CorpusTest, stackInCalls) {
  auto out = output<uint32_t>(96);
  run("Corpus/Stack.ptx", "stackInCalls", {{1, 1, 1}, {96, 1, 1}}, out, 4);
  expect<uint32_t>(out, [](size_t thread) {
    uint32_t sum = 0;
    for (uint32_t round = 1; round <= 4; ++round) {
      uint32_t count = thread % 7 * round, seed = thread + round;
      sum += sumBackwards(count, seed);
      sum += count > 1 ? sumBackwards(count / 2, seed) : 0;
    }
    return sum;
  });
}
