//===- LayoutTestUtils.h - what the tests of layouts share ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_SUPPORT_LAYOUTTESTUTILS_H
#define TK_UNITTESTS_SUPPORT_LAYOUTTESTUTILS_H

#include "tk/Support/Layout.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <random>

namespace mlir::tk {

/// Parses a layout that the test wrote correctly.
inline Layout parseLayout(llvm::StringRef text) {
  std::string error;
  std::optional<Layout> layout = Layout::parse(text, error);
  EXPECT_TRUE(layout) << error;
  return layout.value_or(Layout());
}

/// Calls `visit` for every register, lane and warp.
inline void
forEachPlace(const Layout &layout,
             llvm::function_ref<void(int64_t, int64_t, int64_t)> visit) {
  for (int64_t warp = 0; warp < layout.getNumWarps(); ++warp)
    for (int64_t lane = 0; lane < layout.getNumLanes(); ++lane)
      for (int64_t r = 0; r < layout.getNumRegisters(); ++r)
        visit(r, lane, warp);
}

/// What code generated from `terms` computes.
inline int64_t evaluate(const CoordinateTerms &terms, int64_t r, int64_t lane,
                        int64_t warp) {
  auto getDigit = [&](HardwareDim dim, int64_t divisor, unsigned radix) {
    int64_t index = dim == HardwareDim::Register ? r
                    : dim == HardwareDim::Lane   ? lane
                                                 : warp;
    return index / divisor % radix;
  };
  uint64_t bits = 0;
  for (const CoordinateTerms::Bit &bit : terms.bits)
    if (getDigit(bit.dim, bit.divisor, 2))
      bits ^= bit.mask;
  int64_t coordinate = 0;
  for (const CoordinateTerms::Run &run : terms.runs)
    coordinate += run.weight * ((bits >> run.firstBit) &
                                llvm::maskTrailingOnes<uint64_t>(run.numBits));
  for (const CoordinateTerms::Odd &odd : terms.odds)
    coordinate += odd.weight * getDigit(odd.dim, odd.divisor, odd.radix);
  return coordinate;
}

/// A random element of 0 ... bound - 1.
inline unsigned getRandom(std::mt19937 &random, unsigned bound) {
  return random() % bound;
}

/// A random layout that holds every element of `shape`: an invertible matrix
/// of bases dealt to registers, lanes and warps, odd digits anywhere but in
/// lanes, and up to `numReplicas` bases that repeat sums of others. With
/// `hasBlocks` some of it is dealt to the blocks of a cluster.
inline Layout getRandomLayout(std::mt19937 &random, const DigitShape &shape,
                              unsigned numReplicas, bool hasBlocks = false) {
  unsigned numBits = shape.getNumBits();
  llvm::SmallVector<uint64_t> bases;
  for (unsigned bit = 0; bit < numBits; ++bit)
    bases.push_back(uint64_t(1) << bit);
  // Adding one basis to another keeps them independent.
  for (unsigned i = 0; numBits > 1 && i < 2 * numBits; ++i) {
    unsigned a = getRandom(random, numBits), b = getRandom(random, numBits);
    if (a != b)
      bases[a] ^= bases[b];
  }
  for (unsigned i = 0; i < numReplicas; ++i)
    bases.push_back(numBits && getRandom(random, 2)
                        ? bases[getRandom(random, numBits)]
                        : 0);
  std::shuffle(bases.begin(), bases.end(), random);

  Layout layout(shape);
  llvm::SmallVector<HardwareDim> oddDims = {HardwareDim::Register,
                                            HardwareDim::Warp};
  if (hasBlocks)
    oddDims.push_back(HardwareDim::Block);
  llvm::SmallVector<HardwareDim> bitDims = oddDims;
  bitDims.push_back(HardwareDim::Lane);
  llvm::SmallVector<unsigned> odds;
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd)
    odds.push_back(odd);
  while (!bases.empty() || !odds.empty()) {
    if (bases.empty() || (!odds.empty() && getRandom(random, 4) == 0)) {
      layout.addOdd(oddDims[getRandom(random, oddDims.size())],
                    odds.pop_back_val());
      continue;
    }
    layout.addBit(bitDims[getRandom(random, bitDims.size())],
                  bases.pop_back_val());
  }
  return layout;
}

/// A random shape of at most 2^8 * 15 elements.
inline DigitShape getRandomShape(std::mt19937 &random, unsigned rank = 2) {
  llvm::SmallVector<llvm::SmallVector<unsigned>> digits(rank);
  for (unsigned i = 0, e = getRandom(random, 9); i < e; ++i)
    digits[getRandom(random, rank)].push_back(2);
  for (unsigned odd : {3u, 5u})
    if (getRandom(random, 2)) {
      llvm::SmallVector<unsigned> &dim = digits[getRandom(random, rank)];
      dim.insert(dim.begin() + getRandom(random, dim.size() + 1), odd);
    }
  return DigitShape(digits);
}

/// Every list of digits (2 or odd, at least 3) with product at most `max`.
inline std::vector<llvm::SmallVector<unsigned>> getDigitLists(unsigned max) {
  std::vector<llvm::SmallVector<unsigned>> lists = {{}};
  std::vector<unsigned> products = {1};
  for (size_t i = 0; i < lists.size(); ++i)
    for (unsigned digit = 2; products[i] * digit <= max; ++digit) {
      if (digit > 2 && digit % 2 == 0)
        continue;
      llvm::SmallVector<unsigned> longer = lists[i];
      longer.push_back(digit);
      lists.push_back(longer);
      products.push_back(products[i] * digit);
    }
  return lists;
}

} // namespace mlir::tk

#endif // TK_UNITTESTS_SUPPORT_LAYOUTTESTUTILS_H
