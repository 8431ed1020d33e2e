//===- LayoutBuildersTest.cpp - layouts checked against the manuals -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutBuilders.h"
#include "LayoutTestUtils.h"

using namespace mlir::tk;
using llvm::SmallVector;
using Coordinates = SmallVector<int64_t>;

TEST(BlockedLayoutTest, VectorsThenLanesThenWarpsAlongTheFastestDimension) {
  Layout layout = buildBlocked(DigitShape::get({128, 64}), {1, 0}, 8, {32, 4});
  EXPECT_EQ(layout, parseLayout("shape = [[128], [64]], "
                                "register = [[0, 1], [0, 2], [0, 4], [16, 0], "
                                "[32, 0], [64, 0]], "
                                "lane = [[0, 8], [0, 16], [0, 32], [1, 0], "
                                "[2, 0]], warp = [[4, 0], [8, 0]]"));
}

TEST(BlockedLayoutTest, TheVectorShrinksBeforeThreadsIdle) {
  Layout layout = buildBlocked(DigitShape::get({256}), {0}, 8, {32, 4});
  EXPECT_EQ(layout.getNumRegisters(), 2);
  EXPECT_TRUE(layout.isInjective());
}

TEST(BlockedLayoutTest, SmallTilesAreReplicated) {
  Layout layout = buildBlocked(DigitShape::get({4}), {0}, 1, {32, 4});
  EXPECT_EQ(layout.getNumRegisters(), 1);
  EXPECT_EQ(layout.getFreeDigits(HardwareDim::Lane), 0b11100u);
  EXPECT_EQ(layout.getFreeDigits(HardwareDim::Warp), 0b11u);
  EXPECT_TRUE(layout.isSurjective());
}

TEST(BlockedLayoutTest, OddExtentsRepeatInRegisters) {
  Layout layout = buildBlocked(DigitShape::get({5120}), {0}, 8, {32, 4});
  EXPECT_EQ(layout.getNumRegisters(), 40);
  EXPECT_EQ(layout.getContiguity(0), 8);
  EXPECT_TRUE(layout.isInjective() && layout.isSurjective());
  EXPECT_EQ(layout.apply(8, 0), Coordinates{1024});
}

TEST(BlockedLayoutTest, ThreeWarpgroupsTake192Rows) {
  Layout layout = buildBlocked(DigitShape::get({192, 64}), {1, 0}, 4, {32, 12});
  EXPECT_EQ(layout.getNumWarps(), 12);
  EXPECT_TRUE(layout.isInjective() && layout.isSurjective());
  EXPECT_EQ(layout.apply(0, 0, 4)[0], 64);
  EXPECT_EQ(layout.apply(0, 0, 8)[0], 128);
}

TEST(SlicedLayoutTest, DropsRegistersAndKeepsThreadsAsReplicas) {
  Layout parent = parseLayout("shape = [[4], [4, 3]], "
                              "register = [[0, 1], [2, 0], 3 * [0, 4]], "
                              "lane = [[1, 0], [0, 2]], warp = []");
  EXPECT_EQ(buildSliced(parent, 1),
            parseLayout("shape = [[4]], register = [[2]], lane = [[1], [0]]"));
  EXPECT_EQ(buildSliced(parent, 0),
            parseLayout("shape = [[4, 3]], register = [[1], 3 * [4]], "
                        "lane = [[0], [2]]"));
}

//===----------------------------------------------------------------------===//
// mma.sync: the formulas of the PTX ISA, "Matrix Fragments for mma.*"
//===----------------------------------------------------------------------===//

TEST(MmaLayoutTest, AccumulatorFollowsThePtxTable) {
  // m16n8k16: row = groupID + 8 * (i / 2), column = 2 * threadID + i % 2.
  Layout layout = buildMmaAccumulator(DigitShape::get({16, 8}), {});
  ASSERT_EQ(layout.getNumRegisters(), 4);
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_EQ(layout.apply(i, lane),
                (Coordinates{lane / 4 + 8 * (i / 2), lane % 4 * 2 + i % 2}));
}

TEST(MmaLayoutTest, OperandAOf16BitsFollowsThePtxTable) {
  // m16n8k16: row = groupID for i in {0, 1, 4, 5} else + 8,
  // column = 2 * threadID + i % 2, + 8 for i >= 4.
  Layout layout = buildMmaOperandA(DigitShape::get({16, 16}), {}, 16);
  ASSERT_EQ(layout.getNumRegisters(), 8);
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t i = 0; i < 8; ++i) {
      bool isUpper = i == 0 || i == 1 || i == 4 || i == 5;
      EXPECT_EQ(layout.apply(i, lane),
                (Coordinates{lane / 4 + (isUpper ? 0 : 8),
                             lane % 4 * 2 + i % 2 + (i >= 4 ? 8 : 0)}));
    }
}

TEST(MmaLayoutTest, OperandBOf16BitsFollowsThePtxTable) {
  // m16n8k16: row = 2 * threadID + i % 2, + 8 for i >= 2; column = groupID.
  Layout layout = buildMmaOperandB(DigitShape::get({16, 8}), {}, 16);
  ASSERT_EQ(layout.getNumRegisters(), 4);
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_EQ(
          layout.apply(i, lane),
          (Coordinates{lane % 4 * 2 + i % 2 + (i >= 2 ? 8 : 0), lane / 4}));
}

TEST(MmaLayoutTest, OperandsOf8BitsFollowThePtxTable) {
  // m16n8k32, A: row = groupID for 0 <= i < 4 and 8 <= i < 12 else + 8;
  // column = 4 * threadID + i % 4, + 16 for i >= 8.
  MmaShape instruction = {16, 8, 32};
  Layout a = buildMmaOperandA(DigitShape::get({16, 32}), {}, 8, instruction);
  Layout b = buildMmaOperandB(DigitShape::get({32, 8}), {}, 8, instruction);
  ASSERT_EQ(a.getNumRegisters(), 16);
  ASSERT_EQ(b.getNumRegisters(), 8);
  for (int64_t lane = 0; lane < 32; ++lane) {
    for (int64_t i = 0; i < 16; ++i) {
      bool isUpper = i < 4 || (i >= 8 && i < 12);
      EXPECT_EQ(a.apply(i, lane),
                (Coordinates{lane / 4 + (isUpper ? 0 : 8),
                             lane % 4 * 4 + i % 4 + (i >= 8 ? 16 : 0)}));
    }
    for (int64_t i = 0; i < 8; ++i)
      EXPECT_EQ(
          b.apply(i, lane),
          (Coordinates{lane % 4 * 4 + i % 4 + (i >= 4 ? 16 : 0), lane / 4}));
  }
}

TEST(MmaLayoutTest, OperandsOfTf32FollowThePtxTable) {
  // m16n8k8, A: row = groupID for a0, a2 else + 8; column = threadID, + 4 for
  // a2, a3. B: row = threadID, + 4 for b1; column = groupID.
  MmaShape instruction = {16, 8, 8};
  Layout a = buildMmaOperandA(DigitShape::get({16, 8}), {}, 32, instruction);
  Layout b = buildMmaOperandB(DigitShape::get({8, 8}), {}, 32, instruction);
  for (int64_t lane = 0; lane < 32; ++lane) {
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_EQ(a.apply(i, lane), (Coordinates{lane / 4 + (i % 2 ? 8 : 0),
                                               lane % 4 + (i >= 2 ? 4 : 0)}));
    for (int64_t i = 0; i < 2; ++i)
      EXPECT_EQ(b.apply(i, lane), (Coordinates{lane % 4 + 4 * i, lane / 4}));
  }
}

TEST(MmaLayoutTest, OperandsOfF64FollowThePtxTable) {
  // m8n8k4: one element each, A at (groupID, threadID), B transposed;
  // accumulator c_i at (groupID, 2 * threadID + i).
  MmaShape small = {8, 8, 4};
  Layout a = buildMmaOperandA(DigitShape::get({8, 4}), {}, 64, small);
  Layout b = buildMmaOperandB(DigitShape::get({4, 8}), {}, 64, small);
  Layout c = buildMmaAccumulator(DigitShape::get({8, 8}), {}, small);
  // m16n8k16, A: row = groupID for even i else + 8; column = 4 * (i / 2) +
  // threadID. B: row = threadID + 4 * i.
  MmaShape large = {16, 8, 16};
  Layout largeA = buildMmaOperandA(DigitShape::get({16, 16}), {}, 64, large);
  Layout largeB = buildMmaOperandB(DigitShape::get({16, 8}), {}, 64, large);
  for (int64_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(a.apply(0, lane), (Coordinates{lane / 4, lane % 4}));
    EXPECT_EQ(b.apply(0, lane), (Coordinates{lane % 4, lane / 4}));
    for (int64_t i = 0; i < 2; ++i)
      EXPECT_EQ(c.apply(i, lane), (Coordinates{lane / 4, lane % 4 * 2 + i}));
    for (int64_t i = 0; i < 8; ++i)
      EXPECT_EQ(largeA.apply(i, lane),
                (Coordinates{lane / 4 + i % 2 * 8, i / 2 * 4 + lane % 4}));
    for (int64_t i = 0; i < 4; ++i)
      EXPECT_EQ(largeB.apply(i, lane),
                (Coordinates{lane % 4 + 4 * i, lane / 4}));
  }
}

TEST(MmaLayoutTest, WarpsDivideRowsLowAndColumnsHigh) {
  Layout c = buildMmaAccumulator(DigitShape::get({64, 64}), {2, 2});
  EXPECT_EQ(c, parseLayout("shape = [[64], [64]], "
                           "register = [[0, 1], [8, 0], [0, 8], [0, 16], "
                           "[32, 0]], "
                           "lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], "
                           "warp = [[16, 0], [0, 32]]"));
  Layout a = buildMmaOperandA(DigitShape::get({64, 32}), {2, 2}, 16);
  EXPECT_EQ(a, parseLayout("shape = [[64], [32]], "
                           "register = [[0, 1], [8, 0], [0, 8], [0, 16], "
                           "[32, 0]], "
                           "lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], "
                           "warp = [[16, 0], [0, 0]]"));
  Layout b = buildMmaOperandB(DigitShape::get({32, 64}), {2, 2}, 16);
  EXPECT_EQ(b, parseLayout("shape = [[32], [64]], "
                           "register = [[1, 0], [8, 0], [16, 0], [0, 8], "
                           "[0, 16]], "
                           "lane = [[2, 0], [4, 0], [0, 1], [0, 2], [0, 4]], "
                           "warp = [[0, 0], [0, 32]]"));
}

TEST(MmaLayoutTest, OddExtentsRepeatTheInstruction) {
  Layout c = buildMmaAccumulator(DigitShape::get({192, 176}), {12, 1});
  EXPECT_TRUE(c.isSurjective() && c.isInjective());
  EXPECT_EQ(c.getNumRegisters(), 16 * 176 / 32);
  EXPECT_EQ(c.apply(0, 0, 4)[0], 64);
  Layout batched = buildMmaAccumulator(DigitShape::get({3, 2, 16, 24}), {1, 1});
  EXPECT_TRUE(batched.isSurjective() && batched.isInjective());
}

TEST(MmaLayoutTest, AskingBeforeBuilding) {
  EXPECT_TRUE(isDivisibleBy(DigitShape::get({48, 24}), 16, 8));
  EXPECT_FALSE(isDivisibleBy(DigitShape::get({24, 24}), 16, 8));
  EXPECT_FALSE(isDivisibleBy(DigitShape({{4, 3, 4}, {8}}), 16, 8));
  EXPECT_FALSE(isDivisibleBy(DigitShape::get({16}), 16, 8));
}
