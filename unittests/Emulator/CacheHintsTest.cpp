//===- CacheHintsTest.cpp - discard and other hints to caches -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"

using namespace mlir::tk;

using Rules = std::vector<std::string>;

/// What `code` breaks. %l points to 256 bytes that are written, %t is the
/// thread; `code` begins at line 8.
static Rules brokenRules(const std::string &code, unsigned numThreads = 1) {
  PtxRun run(makeKernel(".param .u64 p",
                        ".reg .b64 %l; .reg .b32 %t, %r; .reg .pred %w;\n"
                        "ld.param.u64 %l, [p]; mov.u32 %t, %tid.x; "
                        "setp.lt.u32 %w, %t, 32;\n" +
                            code + "\nret;"));
  EXPECT_EQ(run.error, "");
  run.launch.block = {numThreads, 1, 1};
  run.launch.addArgument(run.buffer(std::vector<uint32_t>(64)));
  return run.brokenRules();
}

// 9.7.9.17: a weak write of values that nobody can rely on.
TEST(CacheHintsTest, WhatWasDiscardedIsUnwritten) {
  const std::string discard = "discard.global.L2 [%l+128], 128;\n";
  EXPECT_EQ(brokenRules(discard + "ld.global.u32 %r, [%l+252];"),
            Rules{"unwritten-global:9"});
  EXPECT_EQ(brokenRules(discard + "ld.global.u32 %r, [%l+124];"), Rules());
  EXPECT_EQ(brokenRules(discard + "st.global.u32 [%l+252], 1;\n"
                                  "ld.global.u32 %r, [%l+252];"),
            Rules());
  EXPECT_EQ(brokenRules(discard + discard, 32), Rules{"global-race:9"});
  EXPECT_EQ(brokenRules(discard, 32), Rules());
}

TEST(CacheHintsTest, ADiscardIsAWrite) {
  EXPECT_EQ(brokenRules("@%w discard.L2 [%l], 128;\n"
                        "@!%w ld.global.u32 %r, [%l+4];",
                        64),
            (Rules{"global-race:9", "unwritten-global:9"}));
  EXPECT_EQ(brokenRules("discard.global.L2 [%l+256], 128;"),
            Rules{"out-of-bounds:8"});
}

TEST(CacheHintsTest, LinesAreAligned) {
  EXPECT_EQ(brokenRules("discard.global.L2 [%l+64], 128;"),
            Rules{"misaligned:8"});
  EXPECT_EQ(brokenRules("applypriority.global.L2::evict_normal [%l+64], 128;"),
            Rules{"misaligned:8"});
  EXPECT_EQ(brokenRules("applypriority.L2::evict_normal [%l+128], 128;"),
            Rules());
  EXPECT_EQ(brokenRules("cp.async.bulk.prefetch.L2.global [%l+8], 32;"),
            Rules{"misaligned:8"});
  EXPECT_EQ(brokenRules("cp.async.bulk.prefetch.L2.global [%l+16], 24;"),
            Rules{"misaligned:8"});
  EXPECT_EQ(brokenRules("cp.async.bulk.prefetch.L2.global [%l+16], 32;"),
            Rules());
}

TEST(CacheHintsTest, WrongFormsAreRefused) {
  auto isRefused = [](const std::string &code, const char *part) {
    return refusal(code).find(part) != std::string::npos;
  };
  EXPECT_TRUE(isRefused("discard.global.L2 [%l0], 64;", "128 bytes, got 64"));
  EXPECT_TRUE(isRefused("discard.global.L2::evict_normal [%l0], 128;",
                        "expects '.L2'"));
  EXPECT_TRUE(isRefused("applypriority.global.L2 [%l0], 128;",
                        "expects '.L2::evict_normal'"));
  for (const char *code :
       {"prefetch.global [%l0];", "prefetch.shared.L1 [%r0];",
        "prefetch.const.L2 [%l0];", "prefetch.global.tensormap [%l0];",
        "prefetch.local.L2::evict_last [%l0];"})
    EXPECT_TRUE(isRefused(code, "expects '.L1' or '.L2'")) << code;
  for (const char *code :
       {"prefetch.L2 [%l0];", "prefetch.local.L1 [%l0];",
        "prefetch.tensormap [%l0];", "prefetch.param.tensormap [%l0];",
        "prefetch.global.L2::evict_normal [%l0];"})
    EXPECT_EQ(refusal(code), "");
}
