//===- SharedAccessTest.cpp - tests of layouts in shared memory -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/SharedAccess.h"
#include "SharedMemorySimulator.h"
#include "tk/Support/LayoutBuilders.h"
#include "tk/Support/SharedLayout.h"

using namespace mlir::tk;
using llvm::SmallVector;
using Coordinates = SmallVector<int64_t>;

static const SharedAccessOptions kAll = {/*hasMatrix=*/true, 128, 32};
static const SharedAccessOptions kVectorsOnly = {/*hasMatrix=*/false, 128, 32};

/// Plans, then proves by simulation that loads and stores move every element
/// and that the count of wavefronts is right.
static SharedAccessPlan planAndCheck(const Layout &registers,
                                     const Layout &shared,
                                     unsigned elementBitWidth,
                                     const SharedAccessOptions &options) {
  std::optional<SharedAccessPlan> plan =
      planSharedAccess(registers, shared, elementBitWidth, options);
  EXPECT_TRUE(plan);
  if (!plan)
    return {};
  SharedMemorySimulator load;
  load.fill(shared);
  SharedMemorySimulator::Registers expected =
      SharedMemorySimulator::getElements(registers);
  EXPECT_EQ(load.load(*plan, registers, elementBitWidth), expected);
  EXPECT_EQ(load.maxWavefronts, plan->wavefronts);

  SharedMemorySimulator store;
  store.store(*plan, registers, elementBitWidth, expected);
  SharedMemorySimulator filled;
  filled.fill(shared);
  EXPECT_EQ(store.memory, filled.memory);
  return *plan;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

TEST(SharedLayoutTest, Swizzle128BytesByHand) {
  Layout layout =
      buildSwizzledShared(DigitShape::get({64, 64}), {1, 0}, 16, 128);
  EXPECT_EQ(layout,
            parseLayout("shape = [[64], [64]], offset = [[0, 1], [0, 2], "
                        "[0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], "
                        "[4, 32], [8, 0], [16, 0], [32, 0]]"));
}

/// The address bits of the PTX ISA ("Shared memory matrix layout"): chunk bits
/// from 4 up are exclusive-ored with the address bits from 7 up.
static int64_t swizzleAddress(int64_t address, unsigned swizzleInBytes) {
  int64_t mask = swizzleInBytes / 16 - 1;
  return address ^ ((address >> 7 & mask) << 4);
}

TEST(SharedLayoutTest, SwizzlesAgreeWithTheAddressBits) {
  for (unsigned swizzleInBytes : {32u, 64u, 128u})
    for (unsigned elementSize : {1u, 2u, 4u}) {
      int64_t panel = swizzleInBytes / elementSize, rows = 24;
      Layout layout =
          buildSwizzledShared(DigitShape::get({rows, 3 * panel}), {1, 0},
                              8 * elementSize, swizzleInBytes);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t column = 0; column < 3 * panel; ++column) {
          int64_t plain = column / panel * rows * swizzleInBytes +
                          row * swizzleInBytes + column % panel * elementSize;
          ASSERT_EQ(layout.applyOffset(swizzleAddress(plain, swizzleInBytes) /
                                       elementSize),
                    (Coordinates{row, column}));
        }
    }
}

TEST(SharedLayoutTest, MnMajor176ColumnsTakeThreePanels) {
  // A [64, 176] bf16 operand with contiguous N: 2.75 panels of 128 bytes.
  EXPECT_EQ(getAllocationExtents({64, 176}, {1, 0}, 16, 128),
            (Coordinates{64, 192}));
  EXPECT_EQ(getAllocationExtents({64, 176}, {1, 0}, 16, 32),
            (Coordinates{64, 176}));
  EXPECT_EQ(getWidestSwizzle(176, 16), 32u);
  EXPECT_EQ(getWidestSwizzle(192, 16), 128u);
  EXPECT_EQ(getWidestSwizzle(88, 16), 0u);
  Layout layout =
      buildSwizzledShared(DigitShape::get({64, 192}), {1, 0}, 16, 128);
  EXPECT_EQ(layout.applyOffset(2 * 64 * 64), (Coordinates{0, 128}));
  EXPECT_EQ(layout.applyOffset(64), (Coordinates{1, 8}));
  EXPECT_TRUE(layout.isSurjective() && layout.isInjective());
}

TEST(SharedLayoutTest, HardwareNeedsEightRowsInARow) {
  EXPECT_TRUE(isHardwareSwizzle(DigitShape::get({176, 64}), {1, 0}));
  EXPECT_FALSE(isHardwareSwizzle(DigitShape::get({20, 64}), {1, 0}));
}

TEST(CountWavefrontsTest, KnownPatterns) {
  SmallVector<int64_t> addresses;
  auto count = [&](int64_t stride, unsigned size) {
    addresses.clear();
    for (int64_t lane = 0; lane < 32; ++lane)
      addresses.push_back(lane * stride);
    return countWavefronts(addresses, size);
  };
  EXPECT_EQ(count(4, 4), 1u);
  EXPECT_EQ(count(0, 4), 1u);    // broadcast
  EXPECT_EQ(count(2, 2), 1u);    // two lanes share a word
  EXPECT_EQ(count(128, 4), 32u); // a column of 32 floats
  EXPECT_EQ(count(132, 4), 1u);  // padded by a word
  EXPECT_EQ(count(16, 16), 4u);
  EXPECT_EQ(count(128, 16), 32u);
  EXPECT_EQ(count(8, 8), 2u);
}

//===----------------------------------------------------------------------===//
// Operands of mma.sync
//===----------------------------------------------------------------------===//

TEST(SharedAccessTest, OperandALoadsFourMatricesWithoutConflicts) {
  Layout a = buildMmaOperandA(DigitShape::get({128, 64}), {2, 2}, 16);
  Layout shared =
      buildSwizzledShared(DigitShape::get({128, 64}), {1, 0}, 16, 128);
  SharedAccessPlan plan = planAndCheck(a, shared, 16, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(plan.numMatrices, 4u);
  EXPECT_EQ(plan.accesses.size(), 16u);
  EXPECT_FALSE(plan.hasConflicts());
  // The four matrices are those of one mma: registers in order.
  EXPECT_EQ(plan.accesses[0].registers,
            (SmallVector<unsigned>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(SharedAccessTest, OperandBFromColumnsAndFromRows) {
  // B as [K, N]. K contiguous: ldmatrix; N contiguous: ldmatrix.trans.
  DigitShape shape = DigitShape::get({64, 128});
  Layout b = buildMmaOperandB(shape, {2, 2}, 16);
  SharedAccessPlan columns =
      planAndCheck(b, buildSwizzledShared(shape, {0, 1}, 16, 128), 16, kAll);
  EXPECT_EQ(columns.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(columns.numMatrices, 4u);
  EXPECT_FALSE(columns.hasConflicts());
  SharedAccessPlan rows =
      planAndCheck(b, buildSwizzledShared(shape, {1, 0}, 16, 128), 16, kAll);
  EXPECT_EQ(rows.instruction, SharedInstruction::TransposedMatrix);
  EXPECT_EQ(rows.numMatrices, 4u);
  EXPECT_FALSE(rows.hasConflicts());
  EXPECT_EQ(rows.accesses[0].registers[1], 1u);
}

TEST(SharedAccessTest, EverySwizzleServesOperands) {
  for (unsigned swizzleInBytes : {32u, 64u, 128u}) {
    DigitShape shape = DigitShape::get({64, 3 * swizzleInBytes / 2});
    Layout a = buildMmaOperandA(shape, {4, 1}, 16);
    SharedAccessPlan plan = planAndCheck(
        a, buildSwizzledShared(shape, {1, 0}, 16, swizzleInBytes), 16, kAll);
    EXPECT_EQ(plan.numMatrices, 4u);
    EXPECT_FALSE(plan.hasConflicts()) << swizzleInBytes;
  }
}

TEST(SharedAccessTest, EightBitAndTf32Operands) {
  DigitShape bytes = DigitShape::get({64, 128});
  SharedAccessPlan plan =
      planAndCheck(buildMmaOperandA(bytes, {4, 1}, 8, {16, 8, 32}),
                   buildSwizzledShared(bytes, {1, 0}, 8, 128), 8, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(plan.numMatrices, 4u);
  EXPECT_EQ(plan.vectorSize, 16u);
  EXPECT_FALSE(plan.hasConflicts());
  DigitShape words = DigitShape::get({64, 32});
  plan = planAndCheck(buildMmaOperandA(words, {4, 1}, 32, {16, 8, 8}),
                      buildSwizzledShared(words, {1, 0}, 32, 128), 32, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(plan.vectorSize, 4u);
  EXPECT_FALSE(plan.hasConflicts());
  // f64 has no matrix load.
  DigitShape doubles = DigitShape::get({64, 16});
  plan = planAndCheck(buildMmaOperandA(doubles, {4, 1}, 64, {8, 8, 4}),
                      buildSwizzledShared(doubles, {1, 0}, 64, 128), 64, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Vector);
}

TEST(SharedAccessTest, WithoutLdmatrixOperandsLoadWords) {
  DigitShape shape = DigitShape::get({128, 64});
  SharedAccessPlan plan = planAndCheck(
      buildMmaOperandA(shape, {2, 2}, 16),
      buildSwizzledShared(shape, {1, 0}, 16, 128), 16, kVectorsOnly);
  EXPECT_EQ(plan.instruction, SharedInstruction::Vector);
  EXPECT_EQ(plan.vectorSize, 2u);
  EXPECT_FALSE(plan.hasConflicts());
}

TEST(SharedAccessTest, OddOperandsKeepWideInstructions) {
  // 176 rows, 192 columns: digits of 11 and 3 in registers.
  DigitShape shape = DigitShape::get({176, 192});
  Layout shared = buildSwizzledShared(shape, {1, 0}, 16, 128);
  SharedAccessPlan plan =
      planAndCheck(buildMmaOperandA(shape, {1, 4}, 16), shared, 16, kAll);
  EXPECT_EQ(plan.numMatrices, 4u);
  EXPECT_FALSE(plan.hasConflicts());
  EXPECT_EQ(plan.accesses.size(), size_t(11 * 12));
  // Three warpgroups own 64 rows each.
  DigitShape rows = DigitShape::get({192, 64});
  plan = planAndCheck(buildMmaOperandA(rows, {12, 1}, 16),
                      buildSwizzledShared(rows, {1, 0}, 16, 128), 16, kAll);
  EXPECT_EQ(plan.numMatrices, 4u);
  EXPECT_FALSE(plan.hasConflicts());
}

TEST(SharedAccessTest, PlainRowsConflictAndAreCounted) {
  DigitShape shape = DigitShape::get({64, 64});
  SharedAccessPlan plan =
      planAndCheck(buildMmaOperandA(shape, {4, 1}, 16),
                   buildStridedShared(shape, {1, 0}), 16, kAll);
  EXPECT_TRUE(plan.hasConflicts());
  EXPECT_EQ(plan.wavefronts, 8 * plan.idealWavefronts);
}

TEST(SharedAccessTest, MnMajorOperandOf176ColumnsInThreePanels) {
  // B [64, 176] of bf16 with contiguous N lies in a [64, 192] allocation with
  // the swizzle of 128 bytes; columns 176 and up are never read.
  DigitShape tile = DigitShape::get({64, 176});
  Layout shared =
      buildSwizzledShared(DigitShape::get({64, 192}), {1, 0}, 16, 128);
  for (unsigned warpsAlongN : {1u, 2u}) {
    Layout b = buildMmaOperandB(tile, {4 / warpsAlongN, warpsAlongN}, 16);
    SharedAccessPlan plan = *planSharedAccess(b, shared, 16, kAll);
    EXPECT_EQ(plan.instruction, SharedInstruction::TransposedMatrix);
    EXPECT_EQ(plan.numMatrices, 4u);
    EXPECT_FALSE(plan.hasConflicts());
    SharedMemorySimulator simulator;
    simulator.fill(shared);
    SharedMemorySimulator::Registers loaded = simulator.load(plan, b, 16);
    forEachPlace(b, [&](int64_t r, int64_t lane, int64_t warp) {
      Coordinates at = b.apply(r, lane, warp);
      ASSERT_EQ(loaded.at({r, lane, warp}), at[0] * 192 + at[1]);
    });
  }
}

TEST(SharedAccessTest, ATileLargerThanItsMemoryHasNoPlan) {
  EXPECT_FALSE(planSharedAccess(
      buildBlocked(DigitShape::get({256}), {0}, 1, {32, 4}),
      buildStridedShared(DigitShape::get({208}), {0}), 32, kAll));
}

TEST(SharedAccessTest, ALaneAboveTheFirstDifferenceHasNoPlan) {
  // 12 in 16 elements: the odd digit is a warp, its values no block.
  EXPECT_FALSE(planSharedAccess(
      parseLayout("shape = [[4, 3]], lane = [[1], [2]], warp = [3 * [4]]"),
      buildStridedShared(DigitShape::get({16}), {0}), 32, kAll));
  EXPECT_TRUE(planSharedAccess(
      parseLayout("shape = [[4, 3]], lane = [[1], [2]], register = [3 * [4]]"),
      buildStridedShared(DigitShape::get({16}), {0}), 32, kAll));
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

TEST(SharedAccessTest, BlockedTilesMoveSixteenBytes) {
  DigitShape shape = DigitShape::get({128, 64});
  SharedAccessPlan plan =
      planAndCheck(buildBlocked(shape, {1, 0}, 8, {32, 4}),
                   buildSwizzledShared(shape, {1, 0}, 16, 128), 16, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Vector);
  EXPECT_EQ(plan.vectorSize, 8u);
  EXPECT_FALSE(plan.hasConflicts());
}

TEST(SharedAccessTest, AccumulatorsStoreByStmatrix) {
  DigitShape shape = DigitShape::get({128, 128});
  Layout c = buildMmaAccumulator(shape, {4, 1});
  SharedAccessPlan plan =
      planAndCheck(c, buildSwizzledShared(shape, {1, 0}, 16, 128), 16, kAll);
  EXPECT_EQ(plan.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(plan.numMatrices, 4u);
  EXPECT_FALSE(plan.hasConflicts());
}

TEST(SharedAccessTest, AddressesFoldIntoConstantsWithoutSwizzle) {
  DigitShape shape = DigitShape::get({64, 96});
  SharedAccessPlan plan =
      planAndCheck(buildBlocked(shape, {1, 0}, 4, {32, 4}),
                   buildStridedShared(shape, {1, 0}), 32, kAll);
  for (const SharedAccessPlan::Access &access : plan.accesses)
    EXPECT_EQ(access.xorOffset, 0);
}

TEST(SharedAccessTest, RepeatedRegistersAreCopied) {
  Layout registers = parseLayout("shape = [[64]], register = [[1], [0], [1]], "
                                 "lane = [[2], [4], [8], [16], [32]]");
  SharedAccessPlan plan = planAndCheck(
      registers, buildStridedShared(DigitShape::get({64}), {0}), 32, kAll);
  EXPECT_EQ(plan.accesses.size(), 2u);
  EXPECT_EQ(plan.copies.size(), 6u);
}

TEST(SharedAccessTest, OneElementIsBroadcast) {
  Layout registers = buildBlocked(DigitShape::get({1, 1}), {1, 0}, 1, {32, 4});
  SharedAccessPlan plan = planAndCheck(
      registers, buildStridedShared(DigitShape::get({1, 1}), {1, 0}), 32, kAll);
  EXPECT_EQ(plan.accesses.size(), 1u);
}

TEST(SharedAccessTest, RandomCorners) {
  // Tiles inside larger allocations, with and without a plan.
  std::mt19937 random(14);
  int numPlans = 0;
  for (int i = 0; i < 1000; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout registers = getRandomLayout(random, shape, 1);
    Coordinates extents = shape.getExtents();
    for (int64_t &extent : extents)
      extent += getRandom(random, 5);
    unsigned fastest = getRandom(random, 2);
    Layout shared =
        buildStridedShared(DigitShape::get(extents), {fastest, 1 - fastest});
    std::optional<SharedAccessPlan> plan =
        planSharedAccess(registers, shared, 16, kAll);
    if (!plan)
      continue;
    ++numPlans;
    SharedMemorySimulator simulator;
    simulator.fill(shared);
    SharedMemorySimulator::Registers loaded =
        simulator.load(*plan, registers, 16);
    forEachPlace(registers, [&](int64_t r, int64_t lane, int64_t warp) {
      Coordinates at = registers.apply(r, lane, warp);
      ASSERT_EQ(loaded.at({r, lane, warp}), at[0] * extents[1] + at[1]);
    });
  }
  EXPECT_GT(numPlans, 50);
}

TEST(SharedAccessTest, RandomPairs) {
  std::mt19937 random(10);
  for (int i = 0; i < 200; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout registers = getRandomLayout(random, shape, 2);
    unsigned elementBitWidth = 8u << getRandom(random, 4);
    unsigned fastest = getRandom(random, 2);
    Layout shared = buildStridedShared(shape, {fastest, 1 - fastest});
    std::optional<SharedAccessPlan> plan =
        planSharedAccess(registers, shared, elementBitWidth, kAll);
    // Bits that a lane flips together with a register above an odd digit have
    // no address by exclusive or: only such layouts may be refused.
    if (!plan) {
      EXPECT_GT(shape.getNumOdd(), 0u);
      EXPECT_FALSE(registers.isRegisterAdditive());
      continue;
    }
    SharedMemorySimulator simulator;
    simulator.fill(shared);
    EXPECT_EQ(simulator.load(*plan, registers, elementBitWidth),
              SharedMemorySimulator::getElements(registers));
  }
}
