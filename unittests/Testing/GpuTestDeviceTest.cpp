//===- GpuTestDeviceTest.cpp - plans on a driver without a GPU ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The driver is test/lib/FakeDriver: kernels whose names begin with
// `fake_twice` double their input.

#include "tk/Testing/GpuTestDevice.h"
#include "ProgramTest.h"
#include "tk/Testing/TestRunner.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
class GpuTestDeviceTest : public ProgramTest {
protected:
  void open(GpuTestOptions options = {}) {
    options.driverPath = TK_FAKE_DRIVER;
    llvm::Expected<std::unique_ptr<GpuTestDevice>> opened =
        GpuTestDevice::create(context, options);
    ASSERT_TRUE(bool(opened)) << llvm::toString(opened.takeError());
    device = std::move(*opened);
  }

  /// Runs all tests of `text`, the last of which gives the outcome.
  TestOutcome run(StringRef text) {
    check(text);
    TestRunner runner(*program, &context, *device, {});
    TestOutcome outcome;
    for (const TestCase &test : program->getTests())
      outcome = runner.run(test);
    return outcome;
  }

  std::unique_ptr<GpuTestDevice> device;
};
} // namespace

#define TWICE(name)                                                            \
  "kernel " name "(x: tensor<f32>[N], y: out tensor<f32>[N]) "                 \
  "grid(cdiv(N, 128)) {\n"                                                     \
  "    let s = program_id(0) * 128;\n"                                         \
  "    y[s +: 128] = x[s +: 128] + x[s +: 128];\n"                             \
  "}\n"                                                                        \
  "reference " name "(x) -> (y within X) { y = x + x; }\n"

TEST_F(GpuTestDeviceTest, KernelsAreCompiledAndLaunched) {
  open();
  TestOutcome outcome = run("tk 1;\n" TWICE("fake_twice") R"(
test vector  : fake_twice(x = randn[64]);
test general : fake_twice(x = randn[65]);
test strided : fake_twice(x = randn[64] stride [3]);
)");
  EXPECT_EQ(outcome.status, TestOutcome::Status::Passed) << messages;
  EXPECT_EQ(outcome.outputs.size(), 1u);
}

TEST_F(GpuTestDeviceTest, WrongKernelsFail) {
  open();
  TestOutcome outcome = run("tk 1;\n" TWICE("fake_wrong") R"(
test t : fake_wrong(x = ones[10]);
)");
  EXPECT_EQ(outcome.status, TestOutcome::Status::Failed) << messages;
  EXPECT_EQ(outcome.outputs[0].comparison.numFailures, 10);
  EXPECT_EQ(outcome.outputs[0].comparison.found, "3");
}

TEST_F(GpuTestDeviceTest, SequencesMayReshapeTheirArguments) {
  open();
  // The kernel would refuse the matrices as they are.
  TestOutcome outcome = run("tk 1;\n" TWICE("fake_twice") R"(
sequence fourfold(x: tensor<f32>[M, K], y: out tensor<f32>[M, K]) {
    temp t: tensor<f32>[M * K];
    fake_twice(tensor(x, [M * K], [1]), t);
    fake_twice(t, tensor(y, [M * K], [1]));
}
reference fourfold(x) -> (y within X) { y = 4 * x; }
test t : fourfold(x = randn[7, 9]);
)");
  EXPECT_EQ(outcome.status, TestOutcome::Status::Passed) << messages;
}

TEST_F(GpuTestDeviceTest, HangsAndFaultsAreReportedAndBreakTheDevice) {
  GpuTestOptions options;
  options.timeoutInSeconds = 0.1;
  open(options);
  TestOutcome outcome = run("tk 1;\n" TWICE("fake_hang") R"(
test t : fake_hang(x = ones[10]);
)");
  EXPECT_EQ(outcome.status, TestOutcome::Status::Error);
  EXPECT_EQ(messages, "the kernel did not end within 0.1 s\n");
  EXPECT_FALSE(device->getGpu().isUsable());
}

TEST_F(GpuTestDeviceTest, IllegalAddressesAreNamed) {
  open();
  TestOutcome outcome = run("tk 1;\n" TWICE("fake_fault") R"(
test t : fake_fault(x = ones[10]);
)");
  EXPECT_EQ(outcome.status, TestOutcome::Status::Error);
  EXPECT_EQ(messages,
            "the kernel failed: the kernel accessed an illegal address\n");
}

TEST_F(GpuTestDeviceTest, WhatCannotFitIsNotMade) {
  open();
  check("tk 1;\n" TWICE("fake_twice") R"(
bench t : fake_twice(x = zeros[150000000]);
)");
  TestRunner runner(*program, &context, *device, {});
  EXPECT_TRUE(failed(runner.makePlan(program->getBenches().front(), 0)));
  EXPECT_EQ(messages, "too little device memory: needs 1.20 GB, but 1.07 GB of "
                      "1.07 GB are free\n");
}

TEST_F(GpuTestDeviceTest, TooLittleMemoryIsSaidWithNumbers) {
  open();
  llvm::Expected<DeviceBuffer> others = device->getGpu().allocate(200000000);
  ASSERT_TRUE(static_cast<bool>(others));
  check("tk 1;\n" TWICE("fake_twice") R"(
bench t : fake_twice(x = zeros[130000000]);
)");
  TestRunner runner(*program, &context, *device, {});
  FailureOr<TestPlan> plan = runner.makePlan(program->getBenches().front(), 0);
  ASSERT_TRUE(succeeded(plan));
  std::string output;
  EXPECT_TRUE(failed(device->run(*plan, output)));
  EXPECT_EQ(messages, "too little device memory: needs 520.00 MB, but 353.74 "
                      "MB of 1.07 GB are free\n");
}

TEST_F(GpuTestDeviceTest, OnlyAVariantMayBeAskedFor) {
  GpuTestOptions options;
  options.variant = "vector";
  open(options);
  run("tk 1;\n" TWICE("fake_twice") R"(
test t : fake_twice(x = ones[10]);
)");
  EXPECT_EQ(messages, "variant 'vector' of 'fake_twice' needs N % 4 == 0\n");
}

TEST_F(GpuTestDeviceTest, BinariesRunWithoutTheirSource) {
  open();
  check("tk 1;\n" TWICE("fake_twice") R"(
test t : fake_twice(x = randn[64]);
)");
  const TestCase &test = program->getTests().front();
  CompilerOptions options;
  options.target.target = TargetInfo::lookup("sm_90a");
  options.startAt = Stage::Tk;
  options.stopAfter = Stage::PTX;
  TimingScope noTiming;
  FailureOr<CompilerOutput> ptx =
      Compiler(context, options)
          .compile(program->instantiate(test.instance, &context), noTiming);
  ASSERT_TRUE(succeeded(ptx)) << messages;
  llvm::StringMap<std::string> names;
  names["other"] = "fake_twice";
  ASSERT_FALSE(bool(device->addBinary(ptx->getContents(), names)));
  EXPECT_TRUE(device->hasKernel("fake_twice"));
  EXPECT_TRUE(device->hasKernel("other"));
  TestRunner runner(*program, &context, *device, {});
  EXPECT_EQ(runner.run(test).status, TestOutcome::Status::Passed) << messages;

  // Other files do not see it.
  device->clearKernels();
  EXPECT_FALSE(device->hasKernel("fake_twice"));
}

TEST_F(GpuTestDeviceTest, UpdatedBuffersAreRestoredBetweenLaunches) {
  open();
  check(R"(tk 1;
kernel fake_twice(x: tensor<f32>[N], y: mut tensor<f32>[N]) grid(1) {
    y[0 +: 128] = y[0 +: 128] + x[0 +: 128];
}
bench t : fake_twice(x = ones[64], y = ones[64]) bytes(1);
)");
  TestRunner runner(*program, &context, *device, {});
  FailureOr<TestPlan> plan = runner.makePlan(program->getBenches().front(), 0);
  ASSERT_TRUE(succeeded(plan));
  // Copies of the fake take as long as launches, and are not counted.
  FailureOr<Measurement> measurement = device->measure(*plan, {});
  ASSERT_TRUE(succeeded(measurement)) << messages;
  EXPECT_EQ(measurement->median, 1.0);
  EXPECT_EQ(plan->buffers[1].tensor.getDouble(0), 1.0);
}
