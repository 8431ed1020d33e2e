//===- SpillReliefTest.cpp - tests of asking for more registers -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "SpillRelief.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

static std::string getPtx(llvm::StringRef directives) {
  return (".visible .entry first(\n\t.param .u64 first_0\n)\n"
          ".reqntid 32\n{\n\tret;\n}\n"
          ".visible .entry k(\n\t.param .u64 k_0,\n\t.param .u32 k_1\n)\n" +
          directives + "{\n\tret;\n}\n")
      .str();
}

static ResourceUsage getUsage(int64_t numRegisters, int64_t spillBytes) {
  ResourceUsage usage;
  usage.kernel = "k";
  usage.numRegisters = numRegisters;
  usage.spillStoreBytes = spillBytes;
  return usage;
}

static const TargetInfo &getTarget() { return *TargetInfo::lookup("sm_90a"); }

/// The directives after one relief; empty if there is none.
static std::string relieve(llvm::StringRef directives, ResourceUsage usage) {
  std::string ptx = getPtx(directives);
  if (!relieveSpills(ptx, usage, getTarget())) {
    EXPECT_EQ(ptx, getPtx(directives));
    return "";
  }
  size_t begin = ptx.rfind("\n)\n") + 3;
  std::string changed = ptx.substr(begin, ptx.rfind('{') - begin);
  EXPECT_EQ(ptx, getPtx(changed));
  return changed;
}

// 65536 registers for blocks of 256 threads with 80 registers each: 3 blocks.
TEST(SpillReliefTest, AsksForOneBlockFewer) {
  EXPECT_EQ(relieve(".reqntid 256, 1, 1\n", getUsage(80, 4)),
            ".reqntid 256, 1, 1\n.minnctapersm 2\n");
  EXPECT_EQ(relieve(".reqntid 64, 2, 2\n", getUsage(80, 4)),
            ".reqntid 64, 2, 2\n.minnctapersm 2\n");
}

TEST(SpillReliefTest, RegistersComeInStepsOfEight) {
  // 127 * 256 would fit twice as 128 * 256 does; 129 * 256 is 136 * 256.
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(127, 4)),
            ".reqntid 256\n.minnctapersm 1\n");
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(129, 4)), "");
}

TEST(SpillReliefTest, GoesOnUntilOneBlockIsLeft) {
  // An assembler that does not follow still comes to an end.
  std::string directives = ".reqntid 128\n";
  for (int numBlocks = 5; numBlocks >= 1; --numBlocks) {
    directives = relieve(directives, getUsage(80, 4));
    EXPECT_EQ(directives, ".reqntid 128\n.minnctapersm " +
                              std::to_string(numBlocks) + "\n");
  }
  EXPECT_EQ(relieve(directives, getUsage(80, 4)), "");
}

// 24 registers would let 21 blocks of 128 threads run, but 2048 threads are 16.
TEST(SpillReliefTest, ThreadsLimitBlocksToo) {
  EXPECT_EQ(relieve(".reqntid 128\n", getUsage(24, 4)),
            ".reqntid 128\n.minnctapersm 15\n");
}

// One block of 512 threads has 128 registers for each: 40 and 88 more would
// fit, 40 and 89 would not.
TEST(SpillReliefTest, WhatNoNumberOfBlocksHelpsGetsAllAtOnce) {
  ResourceUsage usage = getUsage(40, 500);
  usage.stackBytes = 4 * 88;
  EXPECT_EQ(relieve(".reqntid 512\n", usage),
            ".reqntid 512\n.minnctapersm 2\n");
  usage.stackBytes = 4 * 89;
  EXPECT_EQ(relieve(".reqntid 512\n", usage),
            ".reqntid 512\n.minnctapersm 1\n");
}

// A thread of a smaller block has 255 at most.
TEST(SpillReliefTest, ThreadsHaveALimitOfTheirOwn) {
  ResourceUsage usage = getUsage(120, 700);
  usage.stackBytes = 4 * 135;
  EXPECT_EQ(relieve(".reqntid 128\n", usage),
            ".reqntid 128\n.minnctapersm 3\n");
  usage.stackBytes = 4 * 136;
  EXPECT_EQ(relieve(".reqntid 128\n", usage),
            ".reqntid 128\n.minnctapersm 1\n");
}

TEST(SpillReliefTest, LeavesOthersAlone) {
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(80, 0)), "");
  EXPECT_EQ(relieve(".reqntid 256\n", getUsage(255, 64)), "");
  EXPECT_EQ(relieve(".reqntid 256\n.maxnreg 80\n", getUsage(80, 4)), "");
  EXPECT_EQ(relieve("", getUsage(80, 4)), "");
  ResourceUsage function = getUsage(80, 4);
  function.kernel = "no_entry";
  EXPECT_EQ(relieve(".reqntid 256\n", function), "");
}

TEST(SpillReliefTest, EntryWithoutParameters) {
  std::string ptx = ".visible .entry k()\n.reqntid 256\n{\n\tret;\n}\n" +
                    getPtx("").substr(0, 40);
  ASSERT_TRUE(relieveSpills(ptx, getUsage(80, 4), getTarget()));
  EXPECT_EQ(ptx.find(".visible .entry k()\n.reqntid 256\n.minnctapersm 2\n{"),
            0u);
}
