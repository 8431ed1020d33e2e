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

TEST(ExecutionTest, UnknownInstructionsAreErrors) {
  EXPECT_NE(refusal("frobnicate.u32 %r0, 1;")
                .find("7:1: error: unknown instruction 'frobnicate'"),
            std::string::npos);
}
