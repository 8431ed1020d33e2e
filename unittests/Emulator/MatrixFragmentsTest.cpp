//===- MatrixFragmentsTest.cpp - fragments against the layout builders ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lib/Support and the emulator write down the same figures of the PTX ISA in
// two ways.
//
//===----------------------------------------------------------------------===//

#include "MatrixFragments.h"
#include "WarpgroupUnit.h"
#include "tk/Support/LayoutBuilders.h"
#include "gtest/gtest.h"
#include <set>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

void expectPlace(const Layout &layout, unsigned index, unsigned lane,
                 ElementPlace place) {
  llvm::SmallVector<int64_t> expected = layout.apply(index, lane, 0);
  EXPECT_EQ(int64_t(place.row), expected[0]) << index << " of " << lane;
  EXPECT_EQ(int64_t(place.column), expected[1]) << index << " of " << lane;
}

} // namespace

TEST(MatrixFragmentsTest, OperandsLieWhereTheBuildersSay) {
  for (unsigned width : {8u, 16u, 32u}) {
    unsigned k = 256 / width, per = 32 / width;
    MmaShape shape{16, 8, k};
    Layout a =
        buildMmaOperandA(DigitShape::get({16, int64_t(k)}), {}, width, shape);
    Layout b =
        buildMmaOperandB(DigitShape::get({int64_t(k), 8}), {}, width, shape);
    for (unsigned lane = 0; lane < 32; ++lane) {
      for (unsigned i = 0; i < 4 * per; ++i)
        expectPlace(a, i, lane, placeOfA(lane, i / per, i % per, per, 16));
      for (unsigned i = 0; i < 2 * per; ++i)
        expectPlace(b, i, lane, placeOfB(lane, i / per, i % per, per));
    }
  }
}

TEST(MatrixFragmentsTest, AccumulatorsLieWhereTheBuildersSay) {
  Layout mma = buildMmaAccumulator(DigitShape::get({16, 8}), {});
  Layout wgmma = buildWgmmaAccumulator(DigitShape::get({64, 128}), {});
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < 4; ++i)
      expectPlace(mma, i, lane, placeOfC(lane, i));
    for (unsigned i = 0; i < 64; ++i)
      expectPlace(wgmma, i, lane, placeOfC(lane, i));
  }
}

TEST(MatrixFragmentsTest, AccumulatorsAreVisitedWhereTheyLie) {
  std::set<std::pair<unsigned, unsigned>> seen;
  visitC(24, [&](unsigned row, unsigned column, unsigned lane, unsigned index) {
    ElementPlace place = placeOfC(lane, index);
    EXPECT_EQ(place.row, row) << index << " of " << lane;
    EXPECT_EQ(place.column, column) << index << " of " << lane;
    seen.insert({lane, index});
  });
  EXPECT_EQ(seen.size(), 32u * 12);
}

TEST(MatrixFragmentsTest, QuadPairsHoldEveryElementOnce) {
  for (bool isRowMajor : {false, true})
    for (unsigned pair = 0; pair < 4; ++pair) {
      std::set<std::pair<unsigned, unsigned>> a, b, c;
      for (unsigned lane = 0; lane < 32; ++lane) {
        if (quadPairOf(lane) != pair)
          continue;
        for (unsigned i = 0; i < 8; ++i) {
          ElementPlace place = placeOfQuadC(lane, i, isRowMajor);
          EXPECT_TRUE(c.insert({place.row, place.column}).second);
          if (i >= 4)
            continue;
          place = placeOfQuadA(lane, i, isRowMajor);
          EXPECT_TRUE(a.insert({place.row, place.column}).second);
          place = placeOfQuadB(lane, i, isRowMajor);
          EXPECT_TRUE(b.insert({place.row, place.column}).second);
        }
      }
      EXPECT_EQ(a.size(), 32u);
      EXPECT_EQ(b.size(), 32u);
      EXPECT_EQ(c.size(), 64u);
    }
}

// The descriptor of an operand of 64 x 64 bf16 elements, K-major, with rows of
// 128 swizzled bytes: row 8 i + j begins at 1024 i + 128 j, and its 16-byte
// columns are exchanged by the bits of j.
TEST(MatrixFragmentsTest, DescriptorsSwizzleSixteenByteColumns) {
  uint64_t bits = uint64_t(1) << 62 | uint64_t(1024 >> 4) << 32 |
                  uint64_t(1) << 16 | (0x2000 >> 4);
  MatrixDescriptor descriptor(bits);
  EXPECT_TRUE(descriptor.isValid);
  EXPECT_EQ(descriptor.swizzle, 128u);
  for (unsigned row = 0; row < 64; ++row)
    for (unsigned chunk = 0; chunk < 8; ++chunk)
      EXPECT_EQ(descriptor.addressKMajor(row, chunk),
                0x2000 + row * 128 + ((chunk ^ (row % 8)) * 16));
  EXPECT_FALSE(MatrixDescriptor(bits | uint64_t(1) << 55).isValid);
}
