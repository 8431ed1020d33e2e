//===- ReportsTest.cpp - reports as text and JSON -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckerScript.h"
#include "tk/Emulator/Report.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
EmulatorReport makeExample() {
  Script script({4, 2});
  script.setup.grid = {2, 2, 1};
  script.module.files = {"", "kernel.cu"};
  script.module.instructions[1].text = "st.global.u32 [%rd1], %r1;";
  script.module.instructions[1].file = 1;
  script.module.instructions[1].sourceLine = 12;
  script.module.instructions[2].text = "ld.global.u32 %r2, [%rd2];";
  script.checker = createChecker(script.setup);
  script.checker->addAllocation(globalBase, globalSize, nullptr);
  for (uint32_t block : {1, 2})
    script.checker->beginBlock(block, block, 2, sharedSize);
  script.write({1, 0, 1}, global(0));
  script.read({2, 1, 0x8000010f}, global(0));
  script.finish();
  return script.result.reports.at(0);
}
} // namespace

TEST(ReportsTest, Text) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printReports(os, makeExample(), "a.ptx");
  EXPECT_EQ(text,
            "a.ptx:2: error: two accesses of global memory, one of them a "
            "write, that nothing orders [global-race]\n"
            "  4 bytes at 0x700000000 of global memory\n"
            "  earlier write: block (1,0,0) warp 0 lane 0\n"
            "    a.ptx:1: st.global.u32 [%rd1], %r1;\n"
            "    from kernel.cu:12\n"
            "  read: block (0,1,0) warp 1 lanes 0-3,8,31\n"
            "    a.ptx:2: ld.global.u32 %r2, [%rd2];\n");
}

TEST(ReportsTest, TheSourceLineComesFirst) {
  EmulatorReport report = makeExample();
  std::swap(report.sites[0], report.sites[1]);
  report.count = 3;
  std::string text;
  llvm::raw_string_ostream os(text);
  printReports(os, report, "a.ptx");
  EXPECT_TRUE(llvm::StringRef(text).starts_with("kernel.cu:12: error: "));
  EXPECT_TRUE(llvm::StringRef(text).ends_with("  seen 3 times\n"));
}

TEST(ReportsTest, Json) {
  llvm::json::Value value = reportsToJson(makeExample());
  const llvm::json::Array &reports = *value.getAsArray();
  ASSERT_EQ(reports.size(), 1u);
  const llvm::json::Object &report = *reports[0].getAsObject();
  EXPECT_EQ(report.getString("rule"), "global-race");
  EXPECT_EQ(report.getInteger("count"), 1);
  const llvm::json::Array &sites = *report.getArray("sites");
  ASSERT_EQ(sites.size(), 2u);
  EXPECT_EQ(sites[0].getAsObject()->getString("file"), "kernel.cu");
  EXPECT_EQ(sites[0].getAsObject()->getInteger("line"), 12);
  EXPECT_EQ(sites[1].getAsObject()->getInteger("lanes"), 0x8000010f);
  EXPECT_EQ(sites[1].getAsObject()->get("file"), nullptr);
}

TEST(ReportsTest, JsonIsUtf8WhateverTheFilesAreCalled) {
  EmulatorReport report = makeExample();
  report.sites[0].sourceFile = "caf\xe9.cu";
  report.sites[0].instruction = "st.u32 [%r1], /* \xff */ 1";
  std::string text;
  llvm::raw_string_ostream(text) << reportsToJson(report);
  EXPECT_TRUE(llvm::json::isUTF8(text));
  EXPECT_NE(text.find("caf"), std::string::npos) << text;
}

TEST(ReportsTest, TheLowestPlaceIsShownWhoeverComesFirst) {
  // The same pair of instructions in two blocks, seen in either order.
  for (bool isReversed : {false, true}) {
    Script script({2, 2});
    for (uint32_t i : {0, 1}) {
      uint32_t block = isReversed ? 1 - i : i;
      script.next = 1;
      script.write(lane(0, 0, block), shared(4 * block));
      script.read(lane(0, 1, block), shared(4 * block));
    }
    script.finish();
    ASSERT_EQ(script.result.reports.size(), 1u);
    EXPECT_EQ(script.result.reports[0].count, 2u);
    EXPECT_EQ(script.result.reports[0].sites[1].block[0], 0u);
    EXPECT_EQ(script.result.reports[0].detail,
              "4 bytes at 0x0 of the shared memory of block 0");
  }
}
