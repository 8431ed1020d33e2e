//===- LayoutConversionTest.cpp - tests of conversions between layouts ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutConversion.h"
#include "SharedMemorySimulator.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/LayoutBuilders.h"
#include "tk/Support/SharedLayout.h"

using namespace mlir::tk;
using llvm::SmallVector;
using Kind = ConversionPlan::Kind;
using Registers = SharedMemorySimulator::Registers;

static const TargetInfo &getTarget(llvm::StringRef name = "sm_90a") {
  return *TargetInfo::lookup(name);
}

//===----------------------------------------------------------------------===//
// Executing plans
//===----------------------------------------------------------------------===//

/// Elements by coordinates, comparable between layouts of different padding.
static Registers getElements(const Layout &layout) {
  Registers registers;
  forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
    int64_t id = 0;
    for (int64_t coordinate : layout.apply(r, lane, warp))
      id = (id << 20) + coordinate;
    registers[{r, lane, warp}] = id;
  });
  return registers;
}

static Registers runShuffle(const ShufflePlan &plan, const Layout &source,
                            const Registers &from) {
  Registers to;
  int64_t numLanes = source.getNumLanes();
  for (int64_t warp = 0; warp < source.getNumWarps(); ++warp) {
    // got[round][element][lane]
    std::vector<std::vector<std::vector<int64_t>>> got;
    for (const ShufflePlan::Round &round : plan.rounds) {
      got.emplace_back();
      for (const LaneSelect &sent : round.sent) {
        got.back().emplace_back();
        for (int64_t lane = 0; lane < numLanes; ++lane) {
          int64_t other = plan.getSourceLane(round, lane);
          got.back().back().push_back(from.at({sent.get(other), other, warp}));
        }
      }
    }
    for (unsigned r = 0; r < plan.received.size(); ++r)
      for (int64_t lane = 0; lane < numLanes; ++lane) {
        unsigned choice = plan.received[r].get(lane);
        to[{r, lane, warp}] =
            got[choice / plan.packSize][choice % plan.packSize][lane];
      }
  }
  return to;
}

/// The registers of one round under the names of the round.
static Registers selectRound(const Registers &whole,
                             llvm::ArrayRef<unsigned> names,
                             const Layout &layout) {
  Registers round;
  for (unsigned i = 0; i < names.size(); ++i)
    for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane)
      for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
        round[{i, lane, warp}] = whole.at({names[i], lane, warp});
  return round;
}

/// Runs the rounds; `maxWavefronts` becomes the most trips seen by a store and
/// by a load.
static Registers runShared(const SharedConversionPlan &plan,
                           const Layout &source, const Layout &destination,
                           unsigned elementBitWidth, const Registers &from,
                           unsigned (&maxWavefronts)[2]) {
  Registers to;
  for (unsigned q = 0; q < plan.sourceRegisters.size(); ++q) {
    SharedMemorySimulator memory;
    memory.store(plan.store, source, elementBitWidth,
                 selectRound(from, plan.sourceRegisters[q], source));
    maxWavefronts[0] = memory.maxWavefronts;
    memory.maxWavefronts = 0;
    int64_t last = memory.memory.rbegin()->first;
    EXPECT_LT(last * elementBitWidth / 8, plan.scratchInBytes);
    Registers round = memory.load(plan.load, destination, elementBitWidth);
    maxWavefronts[1] = memory.maxWavefronts;
    for (const auto &[place, value] : round) {
      auto [i, lane, warp] = place;
      to[{plan.destinationRegisters[q][i], lane, warp}] = value;
    }
  }
  return to;
}

static Registers runGeneral(const GeneralConversionPlan &plan,
                            const Layout &source, const Layout &destination,
                            const Registers &from) {
  std::map<int64_t, int64_t> memory;
  auto getOffset = [&](const Layout &layout, auto place) {
    auto [r, lane, warp] = place;
    int64_t offset = 0;
    for (auto [coordinate, stride] :
         llvm::zip_equal(layout.apply(r, lane, warp), plan.strides))
      offset += coordinate * stride;
    return offset;
  };
  for (const auto &[place, value] : from)
    memory[getOffset(source, place)] = value;
  Registers to;
  for (const auto &[place, ignored] : getElements(destination)) {
    auto it = memory.find(getOffset(destination, place));
    to[place] = it == memory.end() ? -1 : it->second;
  }
  return to;
}

/// Plans and proves that every element arrives, with the wavefronts counted.
static ConversionPlan planAndCheck(const Layout &source,
                                   const Layout &destination,
                                   unsigned elementBitWidth,
                                   const TargetInfo &target = getTarget(),
                                   int64_t maxScratchInBytes = 32768) {
  std::optional<ConversionPlan> plan = planConversion(
      source, destination, elementBitWidth, target, maxScratchInBytes);
  EXPECT_TRUE(plan);
  if (!plan)
    return {};
  Registers from = getElements(source), expected = getElements(destination);
  Registers to;
  switch (plan->kind) {
  case Kind::Nothing:
    to = from;
    break;
  case Kind::RegisterPermute:
    for (const auto &[place, ignored] : expected) {
      auto [r, lane, warp] = place;
      to[place] = from.at({plan->registers[r], lane, warp});
    }
    break;
  case Kind::Shuffle:
    to = runShuffle(plan->shuffle, source, from);
    break;
  case Kind::Shared: {
    unsigned maxWavefronts[2];
    to = runShared(plan->shared, source, destination, elementBitWidth, from,
                   maxWavefronts);
    EXPECT_EQ(maxWavefronts[0], plan->shared.store.wavefronts);
    EXPECT_EQ(maxWavefronts[1], plan->shared.load.wavefronts);
    break;
  }
  case Kind::General:
    to = runGeneral(plan->general, source, destination, from);
    break;
  }
  EXPECT_EQ(to, expected) << source.str() << "\nto " << destination.str();
  return *plan;
}

//===----------------------------------------------------------------------===//
// The ladder
//===----------------------------------------------------------------------===//

TEST(LayoutConversionTest, EqualLayoutsNeedNothing) {
  Layout layout = buildBlocked(DigitShape::get({64, 96}), {1, 0}, 4, {32, 4});
  EXPECT_EQ(planAndCheck(layout, layout, 32).kind, Kind::Nothing);
}

TEST(LayoutConversionTest, RenamingRegistersIsFree) {
  Layout layout = buildBlocked(DigitShape::get({64, 96}), {1, 0}, 4, {32, 4});
  SmallVector<unsigned> order;
  for (unsigned i = layout.getDigits(HardwareDim::Register).size(); i-- > 0;)
    order.push_back(i);
  ConversionPlan plan = planAndCheck(
      layout, layout.permuteDigits(HardwareDim::Register, order), 32);
  EXPECT_EQ(plan.kind, Kind::RegisterPermute);
  EXPECT_EQ(plan.cost, 0);
}

TEST(LayoutConversionTest, AccumulatorsBecomeOperandsWithoutMoving) {
  // Two dots in a row: the accumulator of 16-bit halves is the A operand.
  DigitShape shape = DigitShape::get({128, 64});
  ConversionPlan plan = planAndCheck(buildMmaAccumulator(shape, {4, 1}),
                                     buildMmaOperandA(shape, {4, 1}, 16), 16);
  EXPECT_EQ(plan.kind, Kind::Nothing);
}

TEST(LayoutConversionTest, BroadcastingASliceStaysInTheThread) {
  Layout parent = buildMmaAccumulator(DigitShape::get({128, 64}), {4, 1});
  Layout rows = expandDims(buildSliced(parent, 1), 1);
  Layout everywhere = parseLayout(
      "shape = [[128], []], register = [[1, 0], [2, 0], [4, 0], [8, 0], "
      "[16, 0], [32, 0], [64, 0]], lane = [[0, 0], [0, 0], [0, 0], [0, 0], "
      "[0, 0]], warp = [[0, 0], [0, 0]]");
  // Every thread has all rows: each picks its own by selects, or by shuffles
  // that move nothing.
  ConversionPlan plan = planAndCheck(everywhere, rows, 32);
  EXPECT_NE(plan.kind, Kind::General);
}

TEST(LayoutConversionTest, OneTranspositionIsHalfARound) {
  // Register bit 0 and lane bit 0 change places: half of the registers travel.
  Layout source = parseLayout("shape = [[16], [16]], register = [[0, 1], "
                              "[0, 2], [0, 4]], lane = [[0, 8], [1, 0], "
                              "[2, 0], [4, 0], [8, 0]]");
  Layout destination = parseLayout("shape = [[16], [16]], register = [[0, 8], "
                                   "[0, 2], [0, 4]], lane = [[0, 1], [1, 0], "
                                   "[2, 0], [4, 0], [8, 0]]");
  ConversionPlan plan = planAndCheck(source, destination, 32);
  ASSERT_EQ(plan.kind, Kind::Shuffle);
  EXPECT_TRUE(plan.shuffle.isButterfly());
  EXPECT_EQ(plan.shuffle.getNumShuffles(), 4u);
  // 16-bit registers travel in pairs.
  plan = planAndCheck(source, destination, 16);
  ASSERT_EQ(plan.kind, Kind::Shuffle);
  EXPECT_EQ(plan.shuffle.packSize, 2u);
  EXPECT_EQ(plan.shuffle.getNumShuffles(), 2u);
}

TEST(LayoutConversionTest, ARotationOfBitsTakesOneShufflePerRegister) {
  // The worked example of 64 elements: a cycle through one register bit.
  Layout source = parseLayout("shape = [[64]], register = [[1]], "
                              "lane = [[2], [4], [8], [16], [32]]");
  Layout destination = parseLayout("shape = [[64]], register = [[32]], "
                                   "lane = [[1], [2], [4], [8], [16]]");
  ConversionPlan plan = planAndCheck(source, destination, 32);
  ASSERT_EQ(plan.kind, Kind::Shuffle);
  EXPECT_EQ(plan.shuffle.getNumShuffles(), 2u);
}

TEST(LayoutConversionTest, LanePermutationsNeedNoSelects) {
  Layout source = parseLayout("shape = [[64]], register = [[1]], "
                              "lane = [[2], [4], [8], [16], [32]]");
  Layout destination = parseLayout("shape = [[64]], register = [[1]], "
                                   "lane = [[4], [2], [40], [16], [32]]");
  ConversionPlan plan = planAndCheck(source, destination, 32);
  ASSERT_EQ(plan.kind, Kind::Shuffle);
  for (const LaneSelect &received : plan.shuffle.received)
    EXPECT_TRUE(received.laneMasks.empty());
}

TEST(LayoutConversionTest, TransposeHasNoBankConflicts) {
  for (unsigned elementBitWidth : {8u, 16u, 32u, 64u}) {
    DigitShape shape = DigitShape::get({64, 64});
    unsigned vector = 128 / elementBitWidth;
    ConversionPlan plan = planAndCheck(
        buildBlocked(shape, {1, 0}, vector, {32, 4}),
        buildBlocked(shape, {0, 1}, vector, {32, 4}), elementBitWidth);
    ASSERT_EQ(plan.kind, Kind::Shared);
    EXPECT_FALSE(plan.shared.store.hasConflicts()) << elementBitWidth;
    EXPECT_FALSE(plan.shared.load.hasConflicts()) << elementBitWidth;
  }
}

TEST(LayoutConversionTest, ClassicTransposeOf32x32) {
  Layout columns = parseLayout("shape = [[32], [32]], register = [[1, 0], "
                               "[2, 0], [4, 0], [8, 0], [16, 0]], "
                               "lane = [[0, 1], [0, 2], [0, 4], [0, 8], "
                               "[0, 16]]");
  Layout rows = transpose(columns, {1, 0});
  ConversionPlan plan = planAndCheck(columns, rows, 32);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_TRUE(plan.staysInWarp);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, CopiesOfOneWarpStayInNoWarp) {
  // The same in four warps: the first stores, and the others have to wait.
  Layout columns = parseLayout("shape = [[32], [32]], register = [[1, 0], "
                               "[2, 0], [4, 0], [8, 0], [16, 0]], "
                               "lane = [[0, 1], [0, 2], [0, 4], [0, 8], "
                               "[0, 16]], warp = [[0, 0], [0, 0]]");
  Layout rows = transpose(columns, {1, 0});
  ConversionPlan plan = planAndCheck(columns, rows, 32);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_FALSE(plan.staysInWarp);
}

TEST(LayoutConversionTest, CommonRegistersMakeWideVectors) {
  // Both keep column bit 0 and row bits 3 and 6 in registers: these become the
  // 16 bytes of a vector, and no matrix instruction is needed.
  DigitShape shape = DigitShape::get({128, 128});
  ConversionPlan plan =
      planAndCheck(buildMmaAccumulator(shape, {4, 1}),
                   buildBlocked(shape, {1, 0}, 8, {32, 4}), 16);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.store.vectorSize, 8u);
  EXPECT_EQ(plan.shared.load.vectorSize, 8u);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, EpilogueStoresMatricesAndLoadsVectors) {
  DigitShape shape = DigitShape::get({64, 64});
  Layout accumulator = buildMmaAccumulator(shape, {4, 1});
  Layout rows = buildBlocked(shape, {1, 0}, 8, {32, 4});
  ConversionPlan plan = planAndCheck(accumulator, rows, 16);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.store.instruction, SharedInstruction::Matrix);
  EXPECT_EQ(plan.shared.store.numMatrices, 4u);
  EXPECT_EQ(plan.shared.load.vectorSize, 8u);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
  // Without stmatrix: still no conflicts.
  plan = planAndCheck(accumulator, rows, 16, getTarget("sm_80"));
  EXPECT_EQ(plan.shared.store.instruction, SharedInstruction::Vector);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, BlockedTilesBecomeOperandsByLdmatrix) {
  DigitShape shape = DigitShape::get({64, 64});
  ConversionPlan plan = planAndCheck(buildBlocked(shape, {1, 0}, 8, {32, 4}),
                                     buildMmaOperandA(shape, {4, 1}, 16), 16);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.store.vectorSize, 8u);
  EXPECT_EQ(plan.shared.load.instruction, SharedInstruction::Matrix);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
  DigitShape shapeB = DigitShape::get({16, 128});
  plan = planAndCheck(buildBlocked(shapeB, {1, 0}, 8, {32, 4}),
                      buildMmaOperandB(shapeB, {1, 4}, 16), 16,
                      getTarget("sm_80"));
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.load.instruction, SharedInstruction::TransposedMatrix);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, OddTilesNeedFewRounds) {
  DigitShape shape = DigitShape::get({192, 176});
  Layout rows = buildBlocked(shape, {1, 0}, 4, {32, 4});
  Layout columns = buildBlocked(shape, {0, 1}, 4, {32, 4});
  // 135168 bytes: 11 rounds of 12288 keep the limit, 3 of 45056 do not, and 33
  // would wait three times as often.
  ConversionPlan plan = planAndCheck(rows, columns, 32);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.scratchInBytes, 12288);
  EXPECT_EQ(plan.shared.sourceRegisters.size(), 11u);
  // All at once where there is room.
  plan = planAndCheck(rows, columns, 32, getTarget(), 192 * 176 * 4);
  EXPECT_EQ(plan.shared.scratchInBytes, 192 * 176 * 4);
  EXPECT_EQ(plan.shared.sourceRegisters.size(), 1u);
}

TEST(LayoutConversionTest, LargeTilesGoInRounds) {
  DigitShape shape = DigitShape::get({128, 128});
  Layout accumulator = buildMmaAccumulator(shape, {4, 1});
  Layout rows = buildBlocked(shape, {1, 0}, 4, {32, 4});
  ConversionPlan plan = planAndCheck(accumulator, rows, 32, getTarget(), 16384);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_EQ(plan.shared.scratchInBytes, 16384);
  EXPECT_EQ(plan.shared.sourceRegisters.size(), 4u);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, OddWarpsKeepTheirRows) {
  DigitShape shape = DigitShape::get({192, 64});
  ConversionPlan plan =
      planAndCheck(buildMmaAccumulator(shape, {12, 1}),
                   buildBlocked(shape, {1, 0}, 8, {32, 12}), 16);
  ASSERT_EQ(plan.kind, Kind::Shared);
  EXPECT_FALSE(plan.shared.store.hasConflicts());
  EXPECT_FALSE(plan.shared.load.hasConflicts());
}

TEST(LayoutConversionTest, OtherDigitListsTakeTheGeneralRoute) {
  // 192 columns as two halves of 96 against default digits: a lane bit lies
  // above the odd digit.
  Layout halves = parseLayout("shape = [[32, 3, 2]], register = [3 * [32]], "
                              "lane = [[1], [2], [4], [8], [96]], "
                              "warp = [[16]]");
  Layout plain = parseLayout("shape = [[64, 3]], register = [3 * [64]], "
                             "lane = [[1], [2], [4], [8], [16]], "
                             "warp = [[32]]");
  EXPECT_EQ(planAndCheck(halves, plain, 32).kind, Kind::General);
  EXPECT_EQ(planAndCheck(plain, halves, 32).kind, Kind::General);
}

TEST(LayoutConversionTest, AnotherPaddingTakesTheGeneralRoute) {
  Layout wide = buildBlocked(DigitShape::get({256}), {0}, 1, {32, 4});
  Layout narrow = buildBlocked(DigitShape::get({208}), {0}, 1, {32, 4});
  EXPECT_EQ(planAndCheck(wide, narrow, 32).kind, Kind::General);
}

TEST(LayoutConversionTest, WavesOf64Lanes) {
  const TargetInfo &target = getTarget("gfx942");
  DigitShape shape = DigitShape::get({64, 64});
  for (unsigned elementBitWidth : {16u, 32u}) {
    ConversionPlan plan = planAndCheck(buildBlocked(shape, {1, 0}, 4, {64, 4}),
                                       buildBlocked(shape, {0, 1}, 4, {64, 4}),
                                       elementBitWidth, target);
    ASSERT_EQ(plan.kind, Kind::Shared);
    EXPECT_FALSE(plan.shared.store.hasConflicts());
    EXPECT_FALSE(plan.shared.load.hasConflicts());
  }
}

TEST(LayoutConversionTest, EstimatesRankAsPlansDo) {
  DigitShape shape = DigitShape::get({64, 64});
  Layout rows = buildBlocked(shape, {1, 0}, 4, {32, 4});
  Layout columns = buildBlocked(shape, {0, 1}, 4, {32, 4});
  Layout pairs = buildBlocked(shape, {1, 0}, 2, {32, 4});
  Layout renamed = rows.permuteDigits(HardwareDim::Register, {1, 0, 2, 3, 4});
  EXPECT_EQ(estimateConversionCost(rows, rows, 32), 0);
  EXPECT_EQ(estimateConversionCost(rows, renamed, 32), 0);
  EXPECT_GT(estimateConversionCost(rows, pairs, 32), 0);
  EXPECT_GT(estimateConversionCost(rows, columns, 32),
            estimateConversionCost(rows, columns, 16));
}

//===----------------------------------------------------------------------===//
// Random layouts
//===----------------------------------------------------------------------===//

/// A random layout with `numLanes` lanes and `numWarps` warps, all powers of
/// two: the lowest bases go to lanes and warps, the rest to registers.
static Layout getRandomThreadLayout(std::mt19937 &random,
                                    const DigitShape &shape,
                                    unsigned numLaneBits, unsigned numWarpBits,
                                    bool isSimple) {
  Layout mixed = getRandomLayout(random, shape, 0);
  SmallVector<uint64_t> bases;
  for (HardwareDim dim : kHardwareDims)
    for (const HardwareDigit &digit : mixed.getDigits(dim))
      if (digit.radix == 2)
        bases.push_back(digit.bits);
  if (isSimple)
    for (unsigned bit = 0; bit < bases.size(); ++bit)
      bases[bit] = uint64_t(1) << bit;
  std::shuffle(bases.begin(), bases.end(), random);
  Layout layout(shape);
  auto take = [&](HardwareDim dim, unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      layout.addBit(dim, bases.empty() ? 0 : bases.pop_back_val());
  };
  take(HardwareDim::Lane, numLaneBits);
  take(HardwareDim::Warp, numWarpBits);
  take(HardwareDim::Register, bases.size());
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd)
    layout.addOdd(HardwareDim::Register, odd);
  return layout;
}

TEST(LayoutConversionTest, RandomLayoutsConvert) {
  std::mt19937 random(11);
  std::map<Kind, int> kinds;
  for (int i = 0; i < 400; ++i) {
    DigitShape shape = getRandomShape(random);
    unsigned numLaneBits = getRandom(random, 6);
    unsigned numWarpBits = getRandom(random, 3);
    bool isSimple = getRandom(random, 2);
    Layout source = getRandomThreadLayout(random, shape, numLaneBits,
                                          numWarpBits, isSimple);
    Layout destination = getRandomThreadLayout(random, shape, numLaneBits,
                                               numWarpBits, isSimple);
    ConversionPlan plan =
        planAndCheck(source, destination, 8u << getRandom(random, 4));
    ++kinds[plan.kind];
  }
  EXPECT_GT(kinds[Kind::Shuffle], 20);
  EXPECT_GT(kinds[Kind::Shared], 20);
}

/// Adds a factor of 3 to the warps at a random position: the tile's digit of
/// radix 3, if it is still free, or copies.
static Layout withThreefoldWarps(std::mt19937 &random, const Layout &layout) {
  const DigitShape &shape = layout.getShape();
  std::optional<unsigned> odd;
  for (unsigned i = 0; i < shape.getNumOdd(); ++i)
    if (shape.getOddRadix(i) == 3 && getRandom(random, 2))
      odd = i;
  Layout result(shape);
  for (HardwareDim dim : kHardwareDims) {
    llvm::ArrayRef<HardwareDigit> digits = layout.getDigits(dim);
    unsigned position = getRandom(random, digits.size() + 1);
    for (unsigned i = 0; i <= digits.size(); ++i) {
      if (dim == HardwareDim::Warp && i == position)
        result.add(dim, HardwareDigit::getOdd(3, odd));
      if (i < digits.size() && !(odd && digits[i].odd == odd))
        result.add(dim, digits[i]);
    }
  }
  return result;
}

TEST(LayoutConversionTest, RandomLayoutsOfThreefoldWarpsConvert) {
  std::mt19937 random(15);
  std::map<Kind, int> kinds;
  for (int i = 0; i < 300; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout source = withThreefoldWarps(
        random, getRandomThreadLayout(random, shape, 3, 1, i % 2));
    Layout destination = withThreefoldWarps(
        random, getRandomThreadLayout(random, shape, 3, 1, i % 2));
    ASSERT_EQ(source.getNumWarps(), 6);
    ASSERT_TRUE(source.isSurjective() && destination.isSurjective());
    ++kinds[planAndCheck(source, destination, 16).kind];
  }
  EXPECT_GT(kinds[Kind::Shared], 50);
}

TEST(LayoutConversionTest, RandomShufflesMoveEveryElement) {
  std::mt19937 random(12);
  int numPlans = 0;
  for (int i = 0; i < 400; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout source = getRandomThreadLayout(random, shape, 5, 0, i % 2);
    Layout destination = getRandomThreadLayout(random, shape, 5, 0, i % 2);
    for (unsigned elementBitWidth : {8u, 16u, 32u}) {
      std::optional<ShufflePlan> plan =
          planShuffle(source, destination, elementBitWidth);
      if (!plan)
        continue;
      ++numPlans;
      ASSERT_EQ(runShuffle(*plan, source, getElements(source)),
                getElements(destination))
          << source.str() << "\nto " << destination.str();
      EXPECT_LE(plan->rounds.size() * plan->packSize,
                size_t(destination.getNumRegisters()));
    }
  }
  EXPECT_GT(numPlans, 1000);
}

TEST(LayoutConversionTest, ComputedSwizzlesHaveNoConflicts) {
  // Pure permutations of bits with at least a word per lane: the theorem says
  // that a conflict-free scratch tile exists.
  std::mt19937 random(13);
  for (int i = 0; i < 300; ++i) {
    DigitShape shape = DigitShape::get({64, 64});
    Layout source = getRandomThreadLayout(random, shape, 5, 2, true);
    Layout destination = getRandomThreadLayout(random, shape, 5, 2, true);
    auto storeOptions = SharedAccessOptions::forStore(getTarget(), source);
    auto loadOptions = SharedAccessOptions::forLoad(getTarget());
    Layout scratch =
        computeSwizzle(source, destination, 32, storeOptions, loadOptions);
    std::optional<SharedAccessPlan> store =
        planSharedAccess(source, scratch, 32, storeOptions);
    std::optional<SharedAccessPlan> load =
        planSharedAccess(destination, scratch, 32, loadOptions);
    ASSERT_TRUE(store && load);
    EXPECT_FALSE(store->hasConflicts());
    EXPECT_FALSE(load->hasConflicts());
  }
}

TEST(LayoutConversionTest, OperandsThatSwizzledPanelsServeBadly) {
  // tf32 and f64 operands read across rows: chunks of 16 bytes meet in the
  // banks. A computed layout still takes copies of 16 bytes.
  struct Case {
    unsigned elementBitWidth;
    MmaShape instruction;
  };
  for (const Case &c : {Case{32, {16, 8, 8}}, Case{64, {8, 8, 4}}}) {
    DigitShape shape = DigitShape::get({32, 128});
    Layout b =
        buildMmaOperandB(shape, {1, 4}, c.elementBitWidth, c.instruction);
    Layout copy = buildBlocked(shape, {1, 0}, 128 / c.elementBitWidth, {32, 4});
    auto copyOptions = SharedAccessOptions::forAsyncCopy(getTarget());
    auto loadOptions = SharedAccessOptions::forLoad(getTarget());
    Layout panels = buildSwizzledShared(shape, {1, 0}, c.elementBitWidth, 128);
    EXPECT_TRUE(planSharedAccess(b, panels, c.elementBitWidth, loadOptions)
                    ->hasConflicts());
    unsigned numPinned = llvm::Log2_32(128 / c.elementBitWidth);
    Layout computed = computeSwizzle(copy, b, c.elementBitWidth, copyOptions,
                                     loadOptions, numPinned);
    std::optional<SharedAccessPlan> store =
        planSharedAccess(copy, computed, c.elementBitWidth, copyOptions);
    std::optional<SharedAccessPlan> load =
        planSharedAccess(b, computed, c.elementBitWidth, loadOptions);
    ASSERT_TRUE(store && load);
    EXPECT_EQ(store->vectorSize * c.elementBitWidth, 128u);
    // A copy moves neighbours in global memory.
    for (unsigned i = 0; i < store->vectorSize; ++i)
      EXPECT_EQ(store->accesses[0].registers[i], i);
    EXPECT_FALSE(store->hasConflicts());
    EXPECT_FALSE(load->hasConflicts());
  }
}
