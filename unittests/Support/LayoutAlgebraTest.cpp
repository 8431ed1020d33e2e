//===- LayoutAlgebraTest.cpp - laws of the layout algebra -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/LayoutAlgebra.h"
#include "LayoutTestUtils.h"
#include "tk/Support/LayoutBuilders.h"
#include <set>

using namespace mlir::tk;
using llvm::SmallVector;
using Coordinates = SmallVector<int64_t>;

/// Expects `a` and `b` to be the same function of (register, lane, warp).
static void expectSameFunction(const Layout &a, const Layout &b) {
  ASSERT_EQ(a.getNumRegisters(), b.getNumRegisters());
  ASSERT_EQ(a.getNumLanes(), b.getNumLanes());
  ASSERT_EQ(a.getNumWarps(), b.getNumWarps());
  forEachPlace(a, [&](int64_t r, int64_t lane, int64_t warp) {
    ASSERT_EQ(a.apply(r, lane, warp), b.apply(r, lane, warp)) << a.str() << "\n"
                                                              << b.str();
  });
}

/// The row-major index of an element.
static int64_t linearize(llvm::ArrayRef<int64_t> coordinates,
                         llvm::ArrayRef<int64_t> extents) {
  int64_t index = 0;
  for (auto [coordinate, extent] : llvm::zip_equal(coordinates, extents))
    index = index * extent + coordinate;
  return index;
}

//===----------------------------------------------------------------------===//
// Composition
//===----------------------------------------------------------------------===//

TEST(LayoutAlgebraTest, InvertAndComposeSolvesTheEquation) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout from = getRandomLayout(random, shape, getRandom(random, 3));
    Layout to = getRandomLayout(random, shape, getRandom(random, 3));
    EXPECT_EQ(compose(from, invertAndCompose(from, to)), to);
  }
}

TEST(LayoutAlgebraTest, InvertAndComposeOfALayoutWithItselfIsTheIdentity) {
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    Layout layout = getRandomLayout(random, getRandomShape(random), 2);
    Layout map = invertAndCompose(layout, layout);
    for (HardwareDim dim :
         {HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp})
      EXPECT_TRUE(isIdentityOn(map, dim)) << layout.str();
  }
}

TEST(LayoutAlgebraTest, CompositionIsAssociative) {
  std::mt19937 random(3);
  for (int i = 0; i < 200; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout a = getRandomLayout(random, shape, 1);
    Layout b = getRandomLayout(random, shape, 1);
    Layout c = getRandomLayout(random, shape, 1);
    Layout ab = invertAndCompose(a, b), bc = invertAndCompose(b, c);
    EXPECT_EQ(compose(compose(a, ab), bc), compose(a, compose(ab, bc)));
  }
}

TEST(LayoutAlgebraTest, ThePseudoInverseIsARightInverse) {
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout layout = getRandomLayout(random, shape, getRandom(random, 3));
    Layout inverse = pseudoInvert(layout);
    EXPECT_EQ(compose(layout, inverse), buildRowMajor(shape));
    // Of several copies it names the one with all free digits zero.
    for (int64_t index = 0; index < shape.getNumElements(); ++index) {
      Coordinates place = inverse.applyOffset(index);
      for (HardwareDim dim :
           {HardwareDim::Register, HardwareDim::Lane, HardwareDim::Warp})
        for (unsigned digit = 0; digit < layout.getDigits(dim).size(); ++digit)
          if (layout.getFreeDigits(dim) >> digit & 1)
            ASSERT_EQ(getDigitOf(layout.getDigits(dim), digit,
                                 place[getPlaceDim(dim)]),
                      0u);
    }
  }
}

// The same of any rank, with the blocks of a cluster as a fourth hardware
// index.
TEST(LayoutAlgebraTest, LawsHoldAcrossBlocks) {
  std::mt19937 random(16);
  int numBlocks = 0;
  for (int i = 0; i < 300; ++i) {
    DigitShape shape = getRandomShape(random, 1 + i % 4);
    auto make = [&] {
      return getRandomLayout(random, shape, getRandom(random, 3),
                             /*hasBlocks=*/true);
    };
    Layout a = make(), b = make(), c = make();
    numBlocks += !a.getDigits(HardwareDim::Block).empty();
    Layout ab = invertAndCompose(a, b), bc = invertAndCompose(b, c);
    EXPECT_EQ(compose(a, ab), b);
    EXPECT_EQ(compose(compose(a, ab), bc), compose(a, compose(ab, bc)));
    EXPECT_EQ(compose(a, pseudoInvert(a)), buildRowMajor(shape));
    Layout same = invertAndCompose(a, a);
    for (HardwareDim dim : {HardwareDim::Register, HardwareDim::Lane,
                            HardwareDim::Warp, HardwareDim::Block})
      EXPECT_TRUE(isIdentityOn(same, dim)) << a.str();
  }
  EXPECT_GT(numBlocks, 100);
}

TEST(LayoutAlgebraTest, RowMajorCountsElements) {
  DigitShape shape({{32, 3, 2}, {5}});
  Layout layout = buildRowMajor(shape);
  for (int64_t index = 0; index < shape.getNumElements(); ++index)
    EXPECT_EQ(layout.applyOffset(index), (Coordinates{index / 5, index % 5}));
}

TEST(LayoutAlgebraTest, TheExampleOfTheHeader) {
  Layout from =
      parseLayout("shape = [[8]], register = [[1]], lane = [[2], [4]]");
  Layout to = parseLayout("shape = [[8]], register = [[4]], lane = [[1], [2]]");
  EXPECT_EQ(invertAndCompose(from, to),
            parseLayout("shape = [[2], [4], [], []], "
                        "register = [[0, 2, 0, 0]], "
                        "lane = [[1, 0, 0, 0], [0, 1, 0, 0]]"));
}

TEST(LayoutAlgebraTest, AQuotientDropsWhatStays) {
  // Warps keep their elements; lanes and registers exchange a bit.
  Layout from = parseLayout("shape = [[2], [4, 3]], register = [[0, 1]], "
                            "lane = [[0, 2]], warp = [3 * [0, 4], [1, 0]]");
  Layout to = parseLayout("shape = [[2], [4, 3]], register = [[0, 2]], "
                          "lane = [[0, 1]], warp = [3 * [0, 4], [1, 0]]");
  Layout map = invertAndCompose(from, to);
  EXPECT_FALSE(quotient(map, HardwareDim::Lane));
  std::optional<Layout> withoutWarps = quotient(map, HardwareDim::Warp);
  ASSERT_TRUE(withoutWarps);
  EXPECT_EQ(*withoutWarps,
            parseLayout("shape = [[2], [2], [], []], "
                        "register = [[0, 1, 0, 0]], lane = [[1, 0, 0, 0]]"));
  EXPECT_FALSE(quotient(*withoutWarps, HardwareDim::Register));
  EXPECT_TRUE(quotient(*withoutWarps, HardwareDim::Block));
}

TEST(LayoutAlgebraTest, ACopyInTheSameLaneIsPreferred) {
  // Both repeat along lane bit 1: nothing needs to move.
  Layout layout =
      parseLayout("shape = [[4]], register = [[2]], lane = [[1], [0]]");
  Layout map = invertAndCompose(layout, layout);
  EXPECT_TRUE(isIdentityOn(map, HardwareDim::Lane));
  // A register holds what another lane also has: stay in the thread.
  Layout from =
      parseLayout("shape = [[4]], register = [[1], [2]], lane = [[1]]");
  Layout to = parseLayout("shape = [[4]], register = [[2], [1]], lane = [[0]]");
  Layout stay = invertAndCompose(from, to);
  for (const HardwareDigit &digit : stay.getDigits(HardwareDim::Register))
    EXPECT_EQ(digit.bits &
                  stay.getShape().getBitMask(getPlaceDim(HardwareDim::Lane)),
              0u);
}

//===----------------------------------------------------------------------===//
// Regrouping and division
//===----------------------------------------------------------------------===//

TEST(RegroupTest, AnIdentityRunTakesAnyDigits) {
  Layout layout = parseLayout(
      "shape = [[128, 3]], lane = [[1], [2]], register = [[4], [8], [16], "
      "[32], [64], 3 * [128]]");
  std::optional<Layout> regrouped = regroup(layout, DigitShape({{64, 3, 2}}));
  ASSERT_TRUE(regrouped);
  expectSameFunction(layout, *regrouped);
  EXPECT_EQ(*regrouped, parseLayout("shape = [[64, 3, 2]], "
                                    "register = [[4], [8], [16], [32], "
                                    "3 * [64], [192]], lane = [[1], [2]]"));
}

TEST(RegroupTest, OtherRunsDoNot) {
  DigitShape shape({{2, 3, 2}});
  // The bit of weight 2 is in a lane.
  EXPECT_FALSE(regroup(parseLayout("shape = [[4, 3]], lane = [[2]], "
                                   "register = [[1], 3 * [4]]"),
                       shape));
  // The run is counted in another order.
  EXPECT_FALSE(regroup(
      parseLayout("shape = [[4, 3]], register = [3 * [4], [2], [1]]"), shape));
  // A lane flips the bit, too.
  EXPECT_FALSE(regroup(parseLayout("shape = [[4, 3]], lane = [[2]], "
                                   "register = [[1], [2], 3 * [4]]"),
                       shape));
}

TEST(RegroupTest, OddDigitsSplitWhereverTheyAre) {
  Layout layout = parseLayout("shape = [[2, 15, 2]], warp = [15 * [2], [1]], "
                              "lane = [[31]]");
  std::optional<Layout> regrouped = regroup(layout, DigitShape({{2, 5, 3, 2}}));
  ASSERT_TRUE(regrouped);
  expectSameFunction(layout, *regrouped);
}

TEST(RegroupTest, EveryPairOfDigitListsUpTo64) {
  // A row in the registers of one thread is one run: any list becomes any
  // other of equal product.
  std::vector<SmallVector<unsigned>> lists = getDigitLists(64);
  auto build = [](llvm::ArrayRef<unsigned> digits) {
    DigitShape shape{
        SmallVector<SmallVector<unsigned>>{SmallVector<unsigned>(digits)}};
    Layout layout(shape);
    unsigned bit = 0, odd = 0;
    for (unsigned radix : digits)
      if (radix == 2)
        layout.addBit(HardwareDim::Register, uint64_t(1) << bit++);
      else
        layout.addOdd(HardwareDim::Register, odd++);
    return layout;
  };
  int numPairs = 0;
  for (const SmallVector<unsigned> &a : lists)
    for (const SmallVector<unsigned> &b : lists) {
      Layout layoutA = build(a), layoutB = build(b);
      std::optional<Layout> regrouped = regroup(layoutA, layoutB.getShape());
      bool isEqualExtent = layoutA.getExtents() == layoutB.getExtents();
      ASSERT_EQ(regrouped.has_value(), isEqualExtent);
      if (isEqualExtent)
        ASSERT_EQ(*regrouped, layoutB);
      numPairs += isEqualExtent;
    }
  EXPECT_GT(numPairs, 500);
}

TEST(CommensurableTest, EachSideMayGiveWayInADifferentDimension) {
  // Rows: only `a` can be regrouped; columns: only `b`.
  Layout a = parseLayout("shape = [[4, 3], [2, 3]], register = [[1, 0], "
                         "[2, 0], 3 * [4, 0], 3 * [0, 2]], lane = [[0, 1]]");
  Layout b = parseLayout("shape = [[2, 3, 2], [3, 2]], register = [3 * [2, 0], "
                         "3 * [0, 1], [0, 3]], lane = [[1, 0], [6, 0]]");
  // The columns of `a` have their bit in a lane, those of `b` are one run.
  Layout newA = a, newB = b;
  ASSERT_TRUE(makeCommensurable(newA, newB));
  EXPECT_EQ(newA.getShape(), newB.getShape());
  expectSameFunction(a, newA);
  expectSameFunction(b, newB);
}

TEST(CommensurableTest, ALaneAboveAnOddDigitIsNot) {
  Layout a = parseLayout("shape = [[4, 3]], register = [3 * [4]], "
                         "lane = [[1], [2]]");
  Layout b = parseLayout("shape = [[2, 3, 2]], register = [3 * [2]], "
                         "lane = [[1], [6]]");
  EXPECT_FALSE(makeCommensurable(a, b));
}

TEST(DivideTest, MultiplyThenDivideIsTheIdentity) {
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    Layout tile = getRandomLayout(random, getRandomShape(random), 0);
    Layout repetitions = getRandomLayout(random, getRandomShape(random), 0);
    Layout product = multiply(tile, repetitions);
    std::optional<Quotient> quotient = divideLeft(product, tile);
    ASSERT_TRUE(quotient) << product.str();
    EXPECT_EQ(quotient->layout, repetitions);
    for (unsigned r = 0; r < quotient->registers.size(); ++r)
      EXPECT_EQ(quotient->registers[r], r);
  }
}

TEST(DivideTest, RegistersMayBeRenamed) {
  Layout layout = parseLayout("shape = [[4], [4]], register = [[0, 2], [2, 0], "
                              "[0, 1]], lane = [[1, 0]]");
  Layout tile = parseLayout("shape = [[], [2]], register = [[0, 1]]");
  std::optional<Quotient> quotient = divideLeft(layout, tile);
  ASSERT_TRUE(quotient);
  EXPECT_EQ(quotient->registers,
            (SmallVector<unsigned>{0, 4, 1, 5, 2, 6, 3, 7}));
  EXPECT_EQ(quotient->layout,
            parseLayout("shape = [[4], [2]], register = [[0, 1], [2, 0]], "
                        "lane = [[1, 0]]"));
}

TEST(DivideTest, WhatTheInstructionOwnsNobodyElseTouches) {
  Layout tile = parseLayout("shape = [[4]], register = [[1], [2]]");
  EXPECT_FALSE(divideLeft(
      parseLayout("shape = [[8]], register = [[1], [2]], lane = [[5]]"), tile));
  EXPECT_FALSE(divideLeft(
      parseLayout("shape = [[8]], register = [[1], [4]], lane = [[2]]"), tile));
  EXPECT_FALSE(divideLeft(
      parseLayout("shape = [[2, 3]], register = [[1], 3 * [2]]"), tile));
}

TEST(DivideTest, B3TwoInstructionsOf192ColumnsCover384) {
  // The unit index counts 3i + q' in the instruction and 2q + b in the
  // default digits [2^7, 3]: equal registers, different digits.
  Layout instruction = buildMmaAccumulator(DigitShape::get({16, 192}), {});
  Layout tile = buildMmaAccumulator(DigitShape::get({16, 384}), {});
  std::optional<Quotient> quotient = divideLeft(tile, instruction);
  ASSERT_TRUE(quotient);
  EXPECT_EQ(quotient->layout.getNumRegisters(), 2);
  EXPECT_EQ(quotient->layout.getExtents(), (Coordinates{1, 2}));
  // Register i of repetition q holds column 192 q + that of the instruction.
  int64_t size = instruction.getNumRegisters();
  for (int64_t q = 0; q < 2; ++q)
    for (int64_t i = 0; i < size; ++i)
      for (int64_t lane = 0; lane < 32; ++lane) {
        Coordinates expected = instruction.apply(i, lane);
        expected[1] += 192 * q;
        ASSERT_EQ(tile.apply(quotient->registers[i + size * q], lane),
                  expected);
      }
}

TEST(DivideTest, B3WithSeveralRowsPerThread) {
  // Rows of the next instruction lie between the column digits of a register.
  Layout instruction = buildMmaAccumulator(DigitShape::get({16, 192}), {});
  Layout tile = buildMmaAccumulator(DigitShape::get({32, 384}), {});
  std::optional<Quotient> quotient = divideLeft(tile, instruction);
  ASSERT_TRUE(quotient);
  EXPECT_EQ(quotient->layout.getExtents(), (Coordinates{2, 2}));
  int64_t size = instruction.getNumRegisters();
  for (int64_t q = 0; q < 4; ++q) {
    Coordinates repetition = quotient->layout.apply(q, 0);
    for (int64_t i = 0; i < size; ++i) {
      Coordinates expected = instruction.apply(i, 5);
      expected[0] += 16 * repetition[0];
      expected[1] += 192 * repetition[1];
      ASSERT_EQ(tile.apply(quotient->registers[i + size * q], 5), expected);
    }
  }
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

TEST(ReshapeTest, KeepsTheRowMajorIndexOfEveryElement) {
  std::mt19937 random(6);
  int numReshaped = 0;
  for (int i = 0; i < 500; ++i) {
    DigitShape shape = getRandomShape(random);
    Layout layout = getRandomLayout(random, shape, 1);
    int64_t size = shape.getNumElements();
    for (int64_t inner = 1; inner <= size; ++inner) {
      if (size % inner != 0)
        continue;
      Coordinates extents = {size / inner, inner};
      std::optional<Layout> reshaped = reshape(layout, extents);
      if (!reshaped)
        continue;
      ++numReshaped;
      ASSERT_EQ(reshaped->getExtents(), extents);
      forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
        ASSERT_EQ(linearize(layout.apply(r, lane, warp), layout.getExtents()),
                  linearize(reshaped->apply(r, lane, warp), extents));
      });
      // The other direction gives the operand's layout again.
      std::optional<Layout> back = reshape(*reshaped, layout.getExtents());
      ASSERT_TRUE(back);
      expectSameFunction(*back, layout);
    }
  }
  EXPECT_GT(numReshaped, 1000);
}

TEST(ReshapeTest, B4Flatten128x176) {
  Layout layout = buildBlocked(DigitShape::get({128, 176}), {1, 0}, 8, {32, 4});
  std::optional<Layout> flat = reshape(layout, {22528});
  ASSERT_TRUE(flat);
  EXPECT_EQ(flat->getShape(), DigitShape({{16, 11, 128}}));
  forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
    Coordinates at = layout.apply(r, lane, warp);
    ASSERT_EQ(flat->apply(r, lane, warp), Coordinates{at[0] * 176 + at[1]});
  });
}

TEST(ReshapeTest, B4Split1152Into12x96) {
  // Backwards: from the layout of the result to that of the operand.
  Layout result = buildBlocked(DigitShape::get({12, 96}), {1, 0}, 1, {32, 1});
  std::optional<Layout> operand = reshape(result, {1152});
  ASSERT_TRUE(operand);
  EXPECT_EQ(operand->getShape(), DigitShape({{32, 3, 4, 3}}));
  // Forwards, where registers count the upper digits in order.
  Layout row = buildBlocked(DigitShape::get({1152}), {0}, 1, {32, 1});
  std::optional<Layout> split = reshape(row, {12, 96});
  ASSERT_TRUE(split);
  EXPECT_EQ(split->getShape(), DigitShape({{4, 3}, {32, 3}}));
  // With four warps the bits above 32 are not in registers.
  Layout block = buildBlocked(DigitShape::get({1152}), {0}, 1, {32, 4});
  EXPECT_FALSE(reshape(block, {12, 96}));
  EXPECT_TRUE(reshape(block, {9, 128}));
}

TEST(ReshapeTest, ExtentsMustHoldTheSameElements) {
  Layout layout = buildBlocked(DigitShape::get({64}), {0}, 1, {32, 1});
  EXPECT_FALSE(reshape(layout, {32}));
  EXPECT_FALSE(reshape(layout, {2, 64}));
}

TEST(TransposeTest, PermutesCoordinates) {
  std::mt19937 random(7);
  for (int i = 0; i < 100; ++i) {
    Layout layout = getRandomLayout(random, getRandomShape(random), 1);
    Layout transposed = transpose(layout, {1, 0});
    forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
      Coordinates at = layout.apply(r, lane, warp);
      ASSERT_EQ(transposed.apply(r, lane, warp), (Coordinates{at[1], at[0]}));
    });
    EXPECT_EQ(transpose(transposed, {1, 0}), layout);
  }
}

TEST(SliceTest, HoldsWhatIsLeftOfEveryElement) {
  std::mt19937 random(8);
  for (int i = 0; i < 100; ++i) {
    Layout layout = getRandomLayout(random, getRandomShape(random), 1);
    for (unsigned dim : {0u, 1u}) {
      Layout sliced = buildSliced(layout, dim);
      EXPECT_TRUE(sliced.isSurjective());
      // Every thread keeps exactly the coordinates that it had.
      for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
        for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane) {
          std::set<int64_t> expected, actual;
          for (int64_t r = 0; r < layout.getNumRegisters(); ++r)
            expected.insert(layout.apply(r, lane, warp)[1 - dim]);
          for (int64_t r = 0; r < sliced.getNumRegisters(); ++r)
            actual.insert(sliced.apply(r, lane, warp)[0]);
          ASSERT_EQ(expected, actual);
          ASSERT_EQ(actual.size(), size_t(sliced.getNumRegisters()));
        }
      // Expanding and flattening change nothing.
      Layout expanded = expandDims(sliced, dim);
      EXPECT_EQ(expanded.getExtents()[dim], 1);
      EXPECT_EQ(buildSliced(expanded, dim), sliced);
    }
  }
}
