//===- SuggestTest.cpp - tests of spelling suggestions --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Suggest.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

TEST(FindClosestTest, OneMissingLetterIsASlip) {
  EXPECT_EQ(findClosest("BLOK", {"GROUP", "BLOCK"}), "BLOCK");
}

TEST(FindClosestTest, SwappedLettersAreASlip) {
  EXPECT_EQ(findClosest("lse", {"les", "loss"}), "les");
}

TEST(FindClosestTest, AnotherWordIsNotASlip) {
  EXPECT_EQ(findClosest("softmax", {"matmul", "layernorm"}), std::nullopt);
}

TEST(FindClosestTest, TiesGoToTheEarlierCandidate) {
  EXPECT_EQ(findClosest("row", {"raw", "rot"}), "raw");
}

TEST(FindClosestTest, TheNameItselfIsNoSuggestion) {
  EXPECT_EQ(findClosest("x", {"x"}), std::nullopt);
}

TEST(FindClosestTest, VeryLongNamesGetNone) {
  std::string name(1000000, 'a');
  EXPECT_EQ(findClosest(name, {"a"}), std::nullopt);
}
