//===- PtxNamesTest.cpp ---------------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Ptx.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

TEST(PtxNamesTest, EveryTypeIsFoundByItsName) {
  for (unsigned i = 0; i <= static_cast<unsigned>(PtxType::B1); ++i) {
    PtxType type = static_cast<PtxType>(i);
    EXPECT_EQ(parsePtxType(getName(type)), type) << getName(type).str();
  }
  EXPECT_EQ(parsePtxType("f24"), std::nullopt);
}

TEST(PtxNamesTest, WidthsFollowTheNames) {
  EXPECT_EQ(getBitWidth(PtxType::U8), 8u);
  EXPECT_EQ(getBitWidth(PtxType::BF16x2), 32u);
  EXPECT_EQ(getBitWidth(PtxType::F64), 64u);
  EXPECT_EQ(getBitWidth(PtxType::B128), 128u);
}

TEST(PtxNamesTest, SpacesHaveSubspaces) {
  EXPECT_EQ(parsePtxSpace("shared::cta"), PtxSpace::Shared);
  EXPECT_EQ(parsePtxSpace("shared::cluster"), PtxSpace::SharedCluster);
  EXPECT_EQ(parsePtxSpace("generic"), std::nullopt);
}
