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

/// Kernels that ask where the device's part of shared memory is may use it, as
/// cooperative groups do: they clear bits of what nobody wrote.
TEST(ExecutionTest, TheReservedPartOfSharedMemoryIsForWhoAsks) {
  auto brokenRules = [](const std::string &address) {
    PtxRun run(
        makeKernel(".param .u64 out", ".reg .b32 %r, %v; .reg .b64 %l;\n"
                                      "mov.u32 %r, " +
                                          address +
                                          ";\nred.shared.and.b32 [%r+280], 0;\n"
                                          "red.shared.add.u32 [%r+280], 5;\n"
                                          "ld.shared.u32 %v, [%r+280];\n"
                                          "ld.param.u64 %l, [out];\n"
                                          "st.global.u32 [%l], %v;\nret;"));
    run.launch.block = {1, 1, 1};
    uint64_t out = run.buffer(std::vector<uint32_t>(1));
    run.launch.addArgument(out);
    std::vector<std::string> rules = run.brokenRules();
    EXPECT_EQ(run.read<uint32_t>(out, 1)[0], rules.empty() ? 5u : 0u);
    return rules;
  };
  std::vector<std::string> none, outside = {"out-of-bounds:8"};
  EXPECT_EQ(brokenRules("%reserved_smem_offset_0"), none);
  EXPECT_EQ(brokenRules("%reserved_smem_offset_1"), none);
  EXPECT_EQ(brokenRules("0"), outside);
  EXPECT_EQ(brokenRules("%reserved_smem_offset_begin"), outside);
}

// As an H100 has them, for 100 static bytes and 20 dynamic ones.
TEST(ExecutionTest, SizesOfSharedMemoryAreRegisters) {
  const std::vector<std::pair<std::string, uint32_t>> values = {
      {"reserved_smem_offset_begin", 0},  {"reserved_smem_offset_end", 288},
      {"reserved_smem_offset_cap", 1024}, {"reserved_smem_offset_0", 0},
      {"reserved_smem_offset_1", 0},      {"total_smem_size", 128},
      {"dynamic_smem_size", 20}};
  std::string body = ".shared .b8 tile[100]; .reg .b32 %r; .reg .b64 %l;\n"
                     "ld.param.u64 %l, [out];\n"
                     "mov.u32 %r, tile; st.shared.u8 [%r], 0;\n";
  std::vector<uint32_t> expected;
  for (const auto &[name, value] : values) {
    body += "mov.u32 %r, %" + name + "; st.global.u32 [%l+" +
            std::to_string(4 * expected.size()) + "], %r;\n";
    expected.push_back(value);
  }
  PtxRun run(makeKernel(".param .u64 out", body + "ret;"));
  run.launch.block = {1, 1, 1};
  run.launch.dynamicSharedBytes = 20;
  uint64_t out = run.buffer(std::vector<uint32_t>(values.size(), 99));
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, values.size()), expected);
}

TEST(ExecutionTest, UnknownInstructionsAreErrors) {
  EXPECT_NE(refusal("frobnicate.u32 %r0, 1;")
                .find("7:1: error: unknown instruction 'frobnicate'"),
            std::string::npos);
}
