//===- LayoutTestUtils.h - what the tests of layouts share ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_SUPPORT_LAYOUTTESTUTILS_H
#define TK_UNITTESTS_SUPPORT_LAYOUTTESTUTILS_H

#include "tk/Support/Layout.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"

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
