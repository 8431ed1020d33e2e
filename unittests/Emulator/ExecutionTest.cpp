//===- ExecutionTest.cpp - memory, addresses and control flow -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"

using namespace mlir::tk;

TEST(ExecutionTest, LoadsParametersAndStores) {
  PtxRun run(makeKernel(".param .u64 out, .param .u32 value",
                        ".reg .b64 %a; .reg .b32 %v;\n"
                        "ld.param.u64 %a, [out];\n"
                        "ld.param.u32 %v, [value];\n"
                        "st.global.u32 [%a+4], %v;\n"
                        "ret;"));
  run.launch.block = {1, 1, 1};
  uint64_t out = run.buffer(std::vector<uint32_t>{1, 2, 3});
  run.launch.addArgument(out);
  run.launch.addArgument(uint32_t(77));
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 3), (std::vector<uint32_t>{1, 77, 3}));
}

TEST(ExecutionTest, AccessesOutsideOfMemoryEndTheRun) {
  PtxRun run(makeKernel(".param .u64 out", ".reg .b64 %a;\n"
                                           "ld.param.u64 %a, [out];\n"
                                           "st.global.u32 [%a+4096], 1;\n"
                                           "ret;"));
  run.launch.addArgument(run.buffer(std::vector<uint32_t>(1024), "out"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"out-of-bounds:8"});
}

TEST(ExecutionTest, MisalignedAccessesEndTheRun) {
  PtxRun run(makeKernel(".param .u64 out", ".reg .b64 %a;\n"
                                           "ld.param.u64 %a, [out];\n"
                                           "st.global.u32 [%a+2], 1;\n"
                                           "ret;"));
  run.launch.addArgument(run.buffer(std::vector<uint32_t>(1024), "out"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"misaligned:8"});
}

// `.blocksareclusters`: a grid of 3 is 3 clusters of 2 blocks.
TEST(ExecutionTest, GridsMayCountClusters) {
  PtxRun run(".version 9.0\n.target sm_90\n.address_size 64\n"
             ".visible .entry kernel(.param .u64 out) .reqntid 1\n"
             ".reqnctapercluster 2 .blocksareclusters\n{\n"
             ".reg .b64 %a; .reg .b32 %b, %v, %w;\n"
             "ld.param.u64 %a, [out];\nmov.u32 %b, %ctaid.x;\n"
             "mad.wide.u32 %a, %b, 4, %a;\n"
             "mov.u32 %v, %nctaid.x;\nmov.u32 %w, %clusterid.x;\n"
             "mad.lo.u32 %v, %v, 10, %w;\nst.global.u32 [%a], %v;\nret;\n}\n");
  run.launch.block = {1, 1, 1};
  run.launch.grid = {3, 1, 1};
  uint64_t out = run.buffer(std::vector<uint32_t>(6));
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 6),
            (std::vector<uint32_t>{60, 60, 61, 61, 62, 62}));
  run.launch.grid = {0x7FFFFFFF, 1, 1};
  llvm::Expected<EmulatorResult> tooLarge =
      run.emulator.launch(*run.module, run.launch, run.options);
  EXPECT_EQ(takeMessage(tooLarge.takeError()),
            "a grid of (4294967294, 1, 1) blocks cannot be launched");
}

TEST(ExecutionTest, UnknownInstructionsAreErrors) {
  EXPECT_NE(refusal("frobnicate.u32 %r0, 1;")
                .find("7:1: error: unknown instruction 'frobnicate'"),
            std::string::npos);
}
