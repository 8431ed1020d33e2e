//===- LibraryExampleTest.cpp - the example of docs/Emulator.md -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands between `begin` and `end` is in the page word for word.
//
//===----------------------------------------------------------------------===//

// begin
#include "tk/Emulator/Emulator.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

// y[i] = 2 * x[i], one block; but lanes hand on what they wrote to shared
// memory without bar.sync.
static const char *const text = R"(
.version 8.8
.target sm_90a
.address_size 64
.visible .entry twice(.param .u64 y, .param .u64 x)
{
  .shared .align 4 .b8 tile[256];
  .reg .b32 %i, %v, %from, %to; .reg .b64 %x, %y;
  mov.u32 %i, %tid.x;
  ld.param.u64 %x, [x]; mad.wide.u32 %x, %i, 4, %x;
  ld.param.u64 %y, [y]; mad.wide.u32 %y, %i, 4, %y;
  mov.u32 %to, tile; mad.lo.u32 %to, %i, 4, %to;
  xor.b32 %from, %to, 128;
  ld.global.u32 %v, [%x];
  add.u32 %v, %v, %v;
  st.shared.u32 [%to], %v;
  ld.shared.u32 %v, [%from];
  st.global.u32 [%y], %v;
  ret;
}
)";

TEST(LibraryExampleTest, ARaceIsReported) {
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module = emulator.load(text, "twice.ptx");
  ASSERT_TRUE(static_cast<bool>(module));

  std::vector<uint32_t> values(64, 21);
  uint64_t x = emulator.allocate(256, "x"), y = emulator.allocate(256, "y");
  llvm::cantFail(emulator.write(
      x, {reinterpret_cast<const uint8_t *>(values.data()), 256}));

  EmulatorLaunch launch;
  launch.entry = "twice";
  launch.block = {64, 1, 1};
  launch.addArgument(y);
  launch.addArgument(x);
  EmulatorOptions options;
  options.checks.disabledRules.insert("unwritten-shared");
  EmulatorResult result =
      llvm::cantFail(emulator.launch(**module, launch, options));

  ASSERT_FALSE(result.reports.empty());
  const EmulatorReport &report = result.reports.front();
  EXPECT_EQ(report.rule, "shared-race");
  // Both accesses: the store of one warp and the load of the other.
  ASSERT_EQ(report.sites.size(), 2u);
  EXPECT_NE(report.sites[0].warp, report.sites[1].warp);
  printReports(llvm::outs(), result.reports, "twice.ptx");
}
// end
