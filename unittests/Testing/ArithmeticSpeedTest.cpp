//===- ArithmeticSpeedTest.cpp - tests of the kernels that find the roof --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In the emulator, which sees that they do what they are counted for, and that
// they keep the rules of asynchronous multiplications.

#include "tk/Runtime/ArithmeticSpeed.h"
#include "tk/Emulator/Emulator.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

/// Multiplications and additions of one execution of an instruction by a warp;
/// 0 for those that do not count.
static uint64_t countOperations(const PtxInstruction &instruction) {
  if (instruction.opcode == "fma")
    return 2 * 32;
  if (instruction.opcode != "mma" && instruction.opcode != "wgmma")
    return 0;
  for (StringRef shape : instruction.modifiers) {
    unsigned m, n, k;
    if (shape.consume_front("m") && !shape.consumeInteger(10, m) &&
        shape.consume_front("n") && !shape.consumeInteger(10, n) &&
        shape.consume_front("k") && !shape.consumeInteger(10, k))
      // Four warps share a wgmma.
      return 2 * m * n * k / (instruction.opcode == "wgmma" ? 4 : 1);
  }
  return 0;
}

/// Runs a kernel of a target in the emulator.
static void runKernel(ArithmeticUnit unit, StringRef target) {
  std::optional<ArithmeticSpeedKernel> kernel =
      makeArithmeticSpeedKernel(unit, target);
  ASSERT_TRUE(kernel);
  SCOPED_TRACE(kernel->unit + " for " + target.str());
  Emulator emulator;
  Expected<EmulatorModule *> module = emulator.load(kernel->ptx, "speed.ptx");
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  constexpr uint32_t kNumBlocks = 2, kIterations = 3;
  EmulatorLaunch launch;
  launch.entry = "arithmetic_speed";
  launch.grid = {kNumBlocks, 1, 1};
  launch.block = {uint32_t(kernel->threadsPerBlock), 1, 1};
  launch.addArgument(
      emulator.allocate(4 * kNumBlocks * kernel->threadsPerBlock));
  launch.addArgument(kIterations);
  Expected<EmulatorResult> result = emulator.launch(**module, launch);
  ASSERT_TRUE(bool(result)) << toString(result.takeError());
  for (const EmulatorReport &report : result->reports)
    ADD_FAILURE() << report.rule << ": " << report.detail;
  uint64_t operations = 0;
  for (auto [i, instruction] : enumerate(getPtx(**module).instructions))
    operations += result->executions[i] * countOperations(instruction);
  EXPECT_EQ(operations, kNumBlocks * kIterations * kernel->operations);
}

TEST(ArithmeticSpeedTest, KernelsDoWhatTheyAreCountedFor) {
  for (StringRef target : {"sm_80", "sm_89", "sm_90a", "sm_100a", "sm_120a"})
    for (ArithmeticUnit unit : getAllArithmeticUnits())
      runKernel(unit, target);
}

TEST(ArithmeticSpeedTest, HopperHasItsOwnInstruction) {
  EXPECT_EQ(makeArithmeticSpeedKernel(ArithmeticUnit::BF16, "sm_90a")->unit,
            "wgmma bf16");
  EXPECT_EQ(makeArithmeticSpeedKernel(ArithmeticUnit::F64, "sm_90a")->unit,
            "mma f64");
  EXPECT_EQ(makeArithmeticSpeedKernel(ArithmeticUnit::BF16, "sm_120a")->unit,
            "mma bf16");
}

TEST(ArithmeticSpeedTest, OthersRunNoPtx) {
  EXPECT_FALSE(makeArithmeticSpeedKernel(ArithmeticUnit::BF16, "gfx942"));
  EXPECT_FALSE(makeArithmeticSpeedKernel(ArithmeticUnit::BF16, ""));
}
