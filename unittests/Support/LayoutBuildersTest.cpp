//===- LayoutBuildersTest.cpp - layouts checked against the manuals -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutBuilders.h"
#include "LayoutTestUtils.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/SharedLayout.h"
#include <map>

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

//===----------------------------------------------------------------------===//
// wgmma: PTX ISA, "Register fragments for wgmma.mma_async.m64nNk16"
//===----------------------------------------------------------------------===//

TEST(WgmmaLayoutTest, AccumulatorFollowsThePtxTable) {
  // row = 16 * (warp % 4) + laneid / 4 + 8 * (i / 2 % 2),
  // column = 8 * (i / 4) + laneid % 4 * 2 + i % 2.
  for (int64_t n : {8, 16, 64, 128, 256}) {
    Layout d = buildWgmmaAccumulator(DigitShape::get({64, n}), {});
    ASSERT_EQ(d.getNumRegisters(), n / 2);
    forEachPlace(d, [&](int64_t i, int64_t lane, int64_t warp) {
      ASSERT_EQ(d.apply(i, lane, warp),
                (Coordinates{16 * warp + lane / 4 + 8 * (i / 2 % 2),
                             8 * (i / 4) + lane % 4 * 2 + i % 2}));
    });
  }
}

TEST(WgmmaLayoutTest, OddColumnsKeepTheOrderOfTheTable) {
  // One instruction: the odd digit is outermost in registers, as in the table.
  for (int64_t n : {24, 80, 88, 176, 192}) {
    Layout d = buildWgmmaAccumulator(DigitShape::get({64, n}), {});
    forEachPlace(d, [&](int64_t i, int64_t lane, int64_t warp) {
      ASSERT_EQ(d.apply(i, lane, warp),
                (Coordinates{16 * warp + lane / 4 + 8 * (i / 2 % 2),
                             8 * (i / 4) + lane % 4 * 2 + i % 2}));
    });
  }
}

TEST(WgmmaLayoutTest, B1ThreeWarpgroupsTake192Rows) {
  Layout d = buildWgmmaAccumulator(DigitShape::get({192, 128}), {3, 1});
  EXPECT_EQ(d.getNumWarps(), 12);
  EXPECT_TRUE(d.isSurjective() && d.isInjective());
  for (int64_t warp = 0; warp < 12; ++warp)
    EXPECT_EQ(d.apply(0, 0, warp)[0], 16 * warp);
}

TEST(WgmmaLayoutTest, B2TwoWarpgroupsTake96ColumnsEach) {
  Layout d = buildWgmmaAccumulator(DigitShape({{64}, {32, 3, 2}}), {1, 2});
  EXPECT_EQ(d.getNumWarps(), 8);
  EXPECT_TRUE(d.isSurjective() && d.isInjective());
  // Each warpgroup sees one instruction of 96 contiguous columns.
  Layout instruction = buildWgmmaAccumulator(DigitShape::get({64, 96}), {});
  forEachPlace(d, [&](int64_t i, int64_t lane, int64_t warp) {
    Coordinates expected = instruction.apply(i, lane, warp % 4);
    expected[1] += warp / 4 * 96;
    ASSERT_EQ(d.apply(i, lane, warp), expected);
  });
}

TEST(WgmmaLayoutTest, B3TwoInstructionsOf192ColumnsByDivision) {
  Layout instruction = buildWgmmaAccumulator(DigitShape::get({64, 192}), {});
  Layout tile = buildWgmmaAccumulator(DigitShape::get({64, 384}), {});
  std::optional<Quotient> quotient = divideLeft(tile, instruction);
  ASSERT_TRUE(quotient);
  int64_t size = instruction.getNumRegisters();
  ASSERT_EQ(quotient->registers.size(), size_t(2 * size));
  // The registers coincide: instruction q has registers 96 q and up.
  for (unsigned i = 0; i < quotient->registers.size(); ++i)
    EXPECT_EQ(quotient->registers[i], i);
}

TEST(WgmmaLayoutTest, OperandAInRegistersIsTheAccumulatorOfHalves) {
  EXPECT_EQ(buildWgmmaOperandA(DigitShape::get({64, 176}), {}, 16),
            buildWgmmaAccumulator(DigitShape::get({64, 176}), {}));
  // 8-bit: four elements of a row follow in a register.
  Layout a = buildWgmmaOperandA(DigitShape::get({64, 32}), {}, 8);
  for (int64_t lane = 0; lane < 32; ++lane)
    for (int64_t i = 0; i < 16; ++i)
      EXPECT_EQ(a.apply(i, lane),
                (Coordinates{lane / 4 + 8 * (i / 4 % 2),
                             lane % 4 * 4 + i % 4 + 16 * (i / 8)}));
}

//===----------------------------------------------------------------------===//
// AMD: the formulas of the matrix instruction calculator
//===----------------------------------------------------------------------===//

TEST(MfmaLayoutTest, Accumulator32x32) {
  Layout d = buildMfmaAccumulator(DigitShape::get({32, 32}), {}, {32, 8});
  ASSERT_EQ(d.getNumRegisters(), 16);
  ASSERT_EQ(d.getNumLanes(), 64);
  forEachPlace(d, [&](int64_t i, int64_t lane, int64_t) {
    ASSERT_EQ(d.apply(i, lane),
              (Coordinates{8 * (i / 4) + lane / 32 * 4 + i % 4, lane % 32}));
  });
}

TEST(MfmaLayoutTest, Accumulator16x16) {
  Layout d = buildMfmaAccumulator(DigitShape::get({16, 16}), {}, {16, 16});
  ASSERT_EQ(d.getNumRegisters(), 4);
  forEachPlace(d, [&](int64_t i, int64_t lane, int64_t) {
    ASSERT_EQ(d.apply(i, lane), (Coordinates{lane / 16 * 4 + i, lane % 16}));
  });
  Layout f64 = buildMfmaAccumulator(DigitShape::get({16, 16}), {}, {16, 4}, 64);
  forEachPlace(f64, [&](int64_t i, int64_t lane, int64_t) {
    ASSERT_EQ(f64.apply(i, lane), (Coordinates{lane / 16 + 4 * i, lane % 16}));
  });
}

TEST(MfmaLayoutTest, Operands) {
  // 32x32x8 f16: four elements of K per lane, lanes 32 and up start at 4.
  Layout a = buildMfmaOperandA(DigitShape::get({32, 8}), {}, {32, 8});
  Layout b = buildMfmaOperandB(DigitShape::get({8, 32}), {}, {32, 8});
  ASSERT_EQ(a.getNumRegisters(), 4);
  forEachPlace(a, [&](int64_t i, int64_t lane, int64_t) {
    ASSERT_EQ(a.apply(i, lane), (Coordinates{lane % 32, lane / 32 * 4 + i}));
    ASSERT_EQ(b.apply(i, lane), (Coordinates{lane / 32 * 4 + i, lane % 32}));
  });
  // 32x32x2 f32: one element each.
  Layout f32 = buildMfmaOperandA(DigitShape::get({32, 2}), {}, {32, 2});
  ASSERT_EQ(f32.getNumRegisters(), 1);
  EXPECT_EQ(f32.apply(0, 33), (Coordinates{1, 1}));
}

TEST(WmmaLayoutTest, Fragments) {
  Layout d = buildWmmaAccumulator(DigitShape::get({16, 16}), {});
  Layout a = buildWmmaOperandA(DigitShape::get({16, 16}), {});
  Layout b = buildWmmaOperandB(DigitShape::get({16, 16}), {});
  ASSERT_EQ(d.getNumRegisters(), 8);
  ASSERT_EQ(a.getNumRegisters(), 16);
  for (int64_t lane = 0; lane < 32; ++lane) {
    for (int64_t i = 0; i < 8; ++i)
      EXPECT_EQ(d.apply(i, lane), (Coordinates{2 * i + lane / 16, lane % 16}));
    for (int64_t i = 0; i < 16; ++i) {
      EXPECT_EQ(a.apply(i, lane), (Coordinates{lane % 16, i}));
      EXPECT_EQ(b.apply(i, lane), (Coordinates{i, lane % 16}));
    }
  }
}

//===----------------------------------------------------------------------===//
// Any tile size
//===----------------------------------------------------------------------===//

TEST(BlockedLayoutTest, TilesOfEverySizeAreHeldOnce) {
  // Of the copies of an element, one has all free digits zero; pad elements
  // are those beyond the extent.
  for (int64_t n : {1, 3, 12, 80, 200, 781, 1000, 5000, 5120})
    for (unsigned numWarps : {1u, 4u, 8u, 12u}) {
      SmallVector<int64_t> padded = padExtents({n}, 32 * numWarps);
      EXPECT_GE(padded[0], n);
      Layout layout =
          buildBlocked(DigitShape::get(padded), {0}, 8, {32, numWarps});
      EXPECT_EQ(layout.getNumWarps(), numWarps);
      std::map<int64_t, int> holders;
      auto isFirst = [&](HardwareDim dim, int64_t index) {
        llvm::ArrayRef<HardwareDigit> digits = layout.getDigits(dim);
        for (unsigned i = 0; i < digits.size(); ++i)
          if (layout.getFreeDigits(dim) >> i & 1 &&
              getDigitOf(digits, i, index) != 0)
            return false;
        return true;
      };
      forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
        if (isFirst(HardwareDim::Register, r) &&
            isFirst(HardwareDim::Lane, lane) &&
            isFirst(HardwareDim::Warp, warp))
          ++holders[layout.apply(r, lane, warp)[0]];
      });
      ASSERT_EQ(holders.size(), size_t(padded[0]));
      for (auto [element, count] : holders)
        ASSERT_EQ(count, 1) << element;
    }
}

TEST(BlockedLayoutTest, Rows5120OnOneHundredTwentyEightThreads) {
  EXPECT_EQ(
      buildBlocked(DigitShape::get({5120}), {0}, 8, {32, 4}).getNumRegisters(),
      40);
  EXPECT_EQ(
      buildBlocked(DigitShape::get({5120}), {0}, 8, {32, 8}).getContiguity(0),
      4);
}
TEST(StackedSlicesTest, LieOneBehindTheOther) {
  Layout slice =
      buildSwizzledShared(DigitShape::get({16, 192}), {1, 0}, 16, 128);
  std::optional<Layout> stacked = stackSlices(slice, 4);
  ASSERT_TRUE(stacked);
  EXPECT_EQ(stacked->getExtents(), (llvm::SmallVector<int64_t>{64, 192}));
  for (int64_t number = 0; number < 4; ++number)
    for (int64_t offset = 0; offset < 16 * 192; ++offset) {
      llvm::SmallVector<int64_t> place = slice.applyOffset(offset);
      place[0] += 16 * number;
      EXPECT_EQ(stacked->applyOffset(16 * 192 * number + offset), place);
    }
}

TEST(StackedSlicesTest, CountInBits) {
  DigitShape rows = DigitShape::get({4, 8}), odd = DigitShape::get({6, 8});
  EXPECT_FALSE(stackSlices(buildStridedShared(rows, {1, 0}), 3));
  EXPECT_FALSE(stackSlices(buildStridedShared(odd, {1, 0}), 2));
  EXPECT_FALSE(stackSlices(Layout(), 2));
}
