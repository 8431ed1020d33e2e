//===- AssemblerLogTest.cpp - tests of reading the assembler's messages ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Target/ResourceUsage.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

TEST(AssemblerLogTest, EveryKernelHasItsResources) {
  AssemblerLog log = parseAssemblerLog(R"(
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'k2' for 'sm_90a'
ptxas info    : Function properties for k2
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 8 registers, used 0 barriers
ptxas info    : Compile time = 15.317 ms
ptxas info    : Compiling entry function 'k1' for 'sm_90a'
ptxas info    : Function properties for k1
    736 bytes stack frame, 468 bytes spill stores, 772 bytes spill loads
ptxas info    : Used 32 registers, used 1 barriers, 736 bytes cumulative stack size, 400 bytes smem
ptxas info    : Compile time = 30.322 ms
ptxas info    : Function properties for _Z1hf
    16 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
)");
  ASSERT_EQ(log.resources.size(), 2u);
  EXPECT_EQ(log.resources[0].kernel, "k2");
  EXPECT_EQ(log.resources[0].numRegisters, 8);
  EXPECT_EQ(log.resources[0].numBarriers, 0);
  EXPECT_EQ(log.resources[0].staticSharedBytes, 0);
  EXPECT_EQ(log.resources[1].kernel, "k1");
  EXPECT_EQ(log.resources[1].numRegisters, 32);
  EXPECT_EQ(log.resources[1].numBarriers, 1);
  EXPECT_EQ(log.resources[1].stackBytes, 736);
  EXPECT_EQ(log.resources[1].spillStoreBytes, 468);
  EXPECT_EQ(log.resources[1].spillLoadBytes, 772);
  EXPECT_EQ(log.resources[1].staticSharedBytes, 400);
  EXPECT_TRUE(log.messages.empty());
  EXPECT_TRUE(log.performanceWarnings.empty());
}

TEST(AssemblerLogTest, NvJitLinkWritesTheSameWithAPrefix) {
  AssemblerLog log = parseAssemblerLog(
      "info    : 0 bytes gmem\n"
      "info    : Compiling entry function 'k' for 'sm_80'\n"
      "info    : Function properties for k\n"
      "info    :     8 bytes stack frame, 0 bytes spill stores, 0 bytes spill "
      "loads\n"
      "info    : Used 24 registers, used 0 barriers, 8 bytes cumulative stack "
      "size\n");
  ASSERT_EQ(log.resources.size(), 1u);
  EXPECT_EQ(log.resources[0].numRegisters, 24);
  EXPECT_EQ(log.resources[0].stackBytes, 8);
}

TEST(AssemblerLogTest, SerialisedWgmmaIsAPerformanceWarning) {
  AssemblerLog log = parseAssemblerLog(
      "ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async "
      "instructions are serialized due to ill formed pipeline stage in the "
      "function 'k'\n");
  ASSERT_EQ(log.performanceWarnings.size(), 1u);
  EXPECT_EQ(log.performanceWarnings[0].find("(C7510)"), 0u);
}

TEST(AssemblerLogTest, ErrorsAreKept) {
  AssemblerLog log = parseAssemblerLog(
      "ptxas k.ptx, line 819; error   : Unknown modifier '.globall'\n"
      "ptxas fatal   : Ptx assembly aborted due to errors\n");
  ASSERT_EQ(log.messages.size(), 2u);
  EXPECT_TRUE(log.resources.empty());
}
