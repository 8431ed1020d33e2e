//===- LayoutTest.cpp - tests of layouts ----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Layout.h"
#include "LayoutTestUtils.h"

using namespace mlir::tk;
using llvm::SmallVector;
using Coordinates = SmallVector<int64_t>;

/// The example at the top of Layout.h.
static const char *kExample =
    "shape = [[64, 3], [4]], register = [[0, 1], [0, 2], 3 * [64, 0]], "
    "lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]";

TEST(LayoutTest, TextRoundTrips) {
  EXPECT_EQ(parseLayout(kExample).str(), kExample);
}

TEST(LayoutTest, AppliesTheExample) {
  Layout layout = parseLayout(kExample);
  EXPECT_EQ(layout.getNumRegisters(), 12);
  EXPECT_EQ(layout.apply(/*registerIndex=*/5, /*lane=*/3, /*warp=*/1),
            (Coordinates{64 + 3 + 32, 1}));
  EXPECT_EQ(layout.getExtents(), (Coordinates{192, 4}));
  EXPECT_EQ(layout.getContiguity(/*tileDim=*/1), 4);
  EXPECT_EQ(layout.getContiguity(/*tileDim=*/0), 1);
}

TEST(LayoutTest, CoordinatesAboveAnOddDigitAreNoPowersOfTwo) {
  // 192 columns as two halves of 96: 2^5 * 3 * 2.
  Layout layout = parseLayout("shape = [[32, 3, 2]], register = [3 * [32]], "
                              "lane = [[1], [2], [4], [8], [16]], "
                              "warp = [[96]]");
  EXPECT_EQ(layout.apply(2, 7, 1), (Coordinates{96 + 64 + 7}));
  CoordinateTerms terms = getCoordinateTerms(layout, 0);
  ASSERT_EQ(terms.runs.size(), 2u);
  EXPECT_EQ(terms.runs[1].weight, 96);
  ASSERT_EQ(terms.odds.size(), 1u);
  EXPECT_EQ(terms.odds[0].weight, 32);
}

TEST(LayoutTest, TermsRebuildEveryCoordinate) {
  Layout layout = parseLayout("shape = [[4, 3, 8], [2, 5]], "
                              "register = [[12, 1], 3 * [4, 0], [48, 1]], "
                              "lane = [[1, 0], [36, 0], [0, 1]], "
                              "warp = [5 * [0, 2], [24, 0], [2, 0]]");
  ASSERT_TRUE(layout.isSurjective());
  forEachPlace(layout, [&](int64_t r, int64_t lane, int64_t warp) {
    for (unsigned dim = 0; dim < 2; ++dim)
      ASSERT_EQ(evaluate(getCoordinateTerms(layout, dim), r, lane, warp),
                layout.apply(r, lane, warp)[dim]);
  });
}

TEST(LayoutTest, ZeroBasesAreReplicas) {
  Layout layout = parseLayout("shape = [[4]], register = [[1]], "
                              "lane = [[0], [2]], warp = [[2], 3 * [0]]");
  EXPECT_TRUE(layout.isSurjective());
  EXPECT_FALSE(layout.isInjective());
  EXPECT_EQ(layout.getFreeDigits(HardwareDim::Register), 0u);
  EXPECT_EQ(layout.getFreeDigits(HardwareDim::Lane), 0b01u);
  EXPECT_EQ(layout.getFreeDigits(HardwareDim::Warp), 0b11u);
}

TEST(LayoutTest, ContiguityNeedsTheLowBitsToItself) {
  // Lane bit 0 flips the lowest digit: register 0 and 1 swap in odd lanes.
  Layout layout = parseLayout("shape = [[8]], register = [[1], [2]], "
                              "lane = [[5]]");
  EXPECT_EQ(layout.getContiguity(0), 1);
  EXPECT_FALSE(layout.isRegisterAdditive());
}

TEST(LayoutTest, ContiguityMayNeedRegistersRenamed) {
  Layout layout =
      parseLayout("shape = [[8], [4]], register = [[0, 2], [2, 0], [0, 1]], "
                  "lane = [[1, 0], [4, 0]]");
  EXPECT_EQ(layout.getContiguity(1), 1);
  EXPECT_EQ(layout.getContiguousDigits(1), (SmallVector<unsigned>{2, 0}));
  EXPECT_EQ(
      layout.permuteDigits(HardwareDim::Register, {2, 0, 1}).getContiguity(1),
      4);
}

/// The error of parsing `text`.
static std::string getError(llvm::StringRef text) {
  std::string error;
  EXPECT_FALSE(Layout::parse(text, error)) << text.str();
  return error;
}

TEST(LayoutTest, MistakesAreNamed) {
  EXPECT_EQ(getError("register = [[1]]"), "expects a field 'shape'");
  EXPECT_EQ(getError("shape = [[6]]"),
            "expects digits that are odd or powers of two, got 6");
  EXPECT_EQ(getError("shape = [[4]], register = [[4]]"),
            "register basis [4] lies outside the shape");
  EXPECT_EQ(getError("shape = [[4]], lane = [[1, 2]]"),
            "lane basis [1, 2]: expects 1 coordinates");
  EXPECT_EQ(getError("shape = [[4, 3]], lane = [[4]]"),
            "lane basis [4] moves an odd digit of the shape");
  EXPECT_EQ(getError("shape = [[4, 3]], warp = [3 * [2]]"),
            "warp basis 3 * [2] is not an odd digit of the shape");
  EXPECT_EQ(getError("shape = [[4, 3]], register = [3 * [4]], "
                     "warp = [3 * [4]]"),
            "warp basis 3 * [4] places an odd digit twice");
  EXPECT_EQ(getError("shape = [[4]], lane = [4 * [1]]"),
            "lane basis 4 * [1]: expects a radix that is 2 or odd");
  EXPECT_EQ(getError("shape = [[4]], thread = [[1]]"),
            "unknown field 'thread', expects shape, register, lane, warp, "
            "block or offset");
  EXPECT_EQ(getError("shape = [[4]], offset = [[1]], lane = [[2]]"),
            "expects 'offset' alone, got other hardware indices besides");
  EXPECT_EQ(getError("shape = [[4]], shape = [[4]]"), "'shape' is given twice");
  EXPECT_EQ(getError("shape = [[4]], lane = [], lane = []"),
            "'lane' is given twice");
  EXPECT_EQ(getError("shape = [[x]]"), "expected an integer before 'x]]'");
  EXPECT_EQ(getError("shape = [[4]], lane = [1 * [1]]"),
            "expects a radix that is 2 or odd, got 1");
  EXPECT_EQ(getError("shape = [[4]] lane = []"),
            "expected ',' before 'lane = []'");
  EXPECT_EQ(getError("shape = [[281474976710656], [2]]"),
            "expects digits from 1 to 2^32 - 1, got 281474976710656");
  EXPECT_EQ(getError("shape = [[1073741824], [1073741824]]"),
            "expects a tile of at most 2^48 elements");
  // 2^47 * 131073 lanes are 2^47 in 64 bits.
  std::string lanes;
  for (int i = 0; i < 47; ++i)
    lanes += "[0], ";
  EXPECT_EQ(getError("shape = [[2]], lane = [" + lanes + "131073 * [0]]"),
            "expects at most 2^48 values of 'lane'");
}

TEST(DigitShapeTest, PointsRoundTripForEveryDigitListUpTo64) {
  for (const SmallVector<unsigned> &digits : getDigitLists(64)) {
    DigitShape shape({digits, {2, 3}});
    for (int64_t i = 0, e = shape.getExtent(0); i < e; ++i)
      for (int64_t j = 0; j < 6; ++j)
        ASSERT_EQ(shape.getCoordinates(shape.getPoint({i, j})),
                  (Coordinates{i, j}));
  }
}

TEST(DigitShapeTest, PadsToFewOddRepetitions) {
  EXPECT_EQ(padExtents({200}, 128), Coordinates{256});
  EXPECT_EQ(padExtents({781}, 128), Coordinates{896});
  EXPECT_EQ(padExtents({3}, 128), Coordinates{4});
  EXPECT_EQ(padExtents({12}, 128), Coordinates{16});
  EXPECT_EQ(padExtents({80}, 128), Coordinates{128});
  EXPECT_EQ(padExtents({5000}, 128), Coordinates{5120});
  EXPECT_EQ(padExtents({5120}, 256), Coordinates{5120});
  EXPECT_EQ(padExtents({128, 176}, 128), (Coordinates{128, 176}));
  EXPECT_EQ(padExtents({12, 80}, 128), (Coordinates{12, 96}));
  EXPECT_EQ(padExtents({1, 1}, 128), (Coordinates{1, 1}));
  EXPECT_EQ(padExtents({}, 128), Coordinates{});
  // Three warpgroups: 384 threads have seven radix-2 digits.
  EXPECT_EQ(padExtents({192}, 384), Coordinates{256});
  EXPECT_EQ(padExtents({192, 64}, 384), (Coordinates{192, 64}));
}

TEST(DigitShapeTest, PaddingIsMinimal) {
  // Brute force over every o * 2^k.
  for (int64_t n = 1; n <= 2048; ++n) {
    int64_t best = INT64_MAX;
    int64_t neededBits = std::min<int64_t>(7, llvm::Log2_64_Ceil(n));
    for (int64_t o = 1; o <= 15; o += 2)
      for (int64_t k = neededBits; k <= 12; ++k)
        if (o << k >= n)
          best = std::min(best, o << k);
    ASSERT_EQ(padExtents({n}, 128), Coordinates{best}) << n;
  }
}
