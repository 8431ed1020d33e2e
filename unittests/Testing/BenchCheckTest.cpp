//===- BenchCheckTest.cpp - tests of the check before a bench -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ProgramTest.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Testing/TestRunner.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
/// The interpreter, which spoils one element of the first output.
class SpoilingDevice : public TestDevice {
public:
  StringRef getName() const override { return "spoiling"; }
  int64_t getNumSms() const override { return 4; }

  LogicalResult run(TestPlan &plan, std::string &output) override {
    if (failed(interpreter->run(plan, output)))
      return failure();
    for (TestBuffer &buffer : plan.buffers)
      if (buffer.access == ParamAccess::Out && spoiled) {
        HostTensor &tensor = buffer.tensor;
        int64_t element = *spoiled % tensor.getNumElements();
        tensor.setDouble(element, tensor.getDouble(element) + 1);
      }
    return success();
  }

  bool hasPlainConfiguration() const override { return true; }
  LogicalResult runPlain(TestPlan &plan, std::string &output) override {
    ++numPlainRuns;
    return interpreter->run(plan, output);
  }

  std::optional<int64_t> spoiled;
  int numPlainRuns = 0;

private:
  std::unique_ptr<TestDevice> interpreter = createInterpreterDevice({});
};

class BenchCheckTest : public ProgramTest {
protected:
  /// Checks the only bench of `text` when a reference may take so many
  /// operations.
  BenchCheck checkBench(StringRef text, double maxOperations) {
    check(text);
    TestOptions options;
    options.maxCheckOperations = maxOperations;
    TestRunner runner(*program, &context, device, options);
    const TestCase &bench = program->getBenches().front();
    FailureOr<TestPlan> plan = runner.makePlan(bench, 0);
    EXPECT_TRUE(succeeded(plan)) << messages;
    BenchCheck result = runner.check(bench, *plan);
    // Ready to be timed.
    EXPECT_EQ(plan->launches.size(), bench.instance.isSequence ? 2u : 1u);
    return result;
  }

  SpoilingDevice device;
};
} // namespace

static constexpr StringLiteral kRows = R"(tk 1;
kernel rows(x: tensor<f32>[M, N], y: out tensor<f32>[M, N]) grid(M) {
    let i = program_id(0);
    let row = x[i, 0 +: 64];
    y[i, 0 +: 64] = row / max(abs(row));
}
reference rows(x) -> (y within S) { y = x / max(abs(x), axis = 1, keep = true); }
bench b : rows(x = randn[100, 64]);
)";

TEST_F(BenchCheckTest, SmallReferencesAreUsedWhole) {
  BenchCheck check = checkBench(kRows, 1e6);
  EXPECT_EQ(check.method, "reference");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
  EXPECT_LE(check.outcome.outputs[0].comparison.maxShareOfBound, 1);
}

TEST_F(BenchCheckTest, RowsAreSampledWhereColumnsCannotBe) {
  // Six to nine operations for each of 64 columns: 25 rows fit, 50 do not.
  BenchCheck check = checkBench(kRows, 15000);
  EXPECT_EQ(check.method, "reference at 25 of 100 M");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
  EXPECT_EQ(check.outcome.outputs[0].comparison.numElements, 25 * 64);
  EXPECT_EQ(device.numPlainRuns, 0);
}

TEST_F(BenchCheckTest, MistakesInSampledRowsAreFound) {
  // The last row is always looked at.
  device.spoiled = 100 * 64 - 1;
  BenchCheck check = checkBench(kRows, 15000);
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Failed);
  EXPECT_EQ(check.outcome.outputs[0].comparison.numFailures, 1);
  EXPECT_EQ(check.outcome.outputs[0].comparison.worstIndex,
            (SmallVector<int64_t, 4>{24, 63}));
}

TEST_F(BenchCheckTest, ProductsAreSampledInBothDimensions) {
  BenchCheck check = checkBench(R"(tk 1;
kernel product(a: tensor<f32>[M, K], b: tensor<f32>[K, N], c: out tensor<f32>[M, N]) grid(1) {
    c[0 +: 64, 0 +: 32] = dot(a[0 +: 64, 0 +: 16], b[0 +: 16, 0 +: 32]);
}
reference product(a, b) -> (c within D(K)) { c = dot(a, b); }
bench b : product(a = randn[64, 16], b = randn[16, 32]);
)",
                                40000);
  // 2 * 64 * 32 * 16 are too many; 32 * 32 fit.
  EXPECT_EQ(check.method, "reference at 32 of 64 M and 32 of 32 N");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
}

TEST_F(BenchCheckTest, RowsThatDependOnTheirPlaceAreNotSampled) {
  BenchCheck check = checkBench(R"(tk 1;
kernel numbered(x: tensor<f32>[M], y: out tensor<f32>[M]) grid(1) {
    y[0 +: 1024] = x[0 +: 1024] + f32(arange(1024));
}
reference numbered(x) -> (y within M) { y = x + f64(arange(M)); }
bench b : numbered(x = randn[1024]);
)",
                                40);
  EXPECT_EQ(check.method, "plain configuration");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
  EXPECT_EQ(device.numPlainRuns, 1);
}

TEST_F(BenchCheckTest, WithoutReferenceThePlainConfigurationServes) {
  device.spoiled = 5;
  BenchCheck check = checkBench(R"(tk 1;
kernel copy(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(1) {
    y[0 +: 64] = x[0 +: 64];
}
bench b : copy(x = randn[64]);
)",
                                1e6);
  EXPECT_EQ(check.method, "plain configuration");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Failed);
  EXPECT_EQ(check.outcome.outputs[0].comparison.worstIndex,
            (SmallVector<int64_t, 4>{5}));
}

TEST_F(BenchCheckTest, SequencesAreSampledLikeKernels) {
  BenchCheck check = checkBench(R"(tk 1;
kernel twice(x: tensor<f32>[M, N], y: out tensor<f32>[M, N]) grid(M) {
    let i = program_id(0);
    y[i, 0 +: 16] = x[i, 0 +: 16] + x[i, 0 +: 16];
}
sequence fourfold(x: tensor<f32>[M, N], y: out tensor<f32>[M, N]) {
    temp t: tensor<f32>[M, N];
    twice(x, t);
    twice(t, y);
}
reference fourfold(x) -> (y within X) { y = 4 * x; }
bench b : fourfold(x = randn[1000, 16]);
)",
                                5000);
  EXPECT_TRUE(StringRef(check.method).starts_with("reference at "))
      << check.method;
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
}

// The second half of the columns is computed from the first: no sample of
// columns keeps N == 2 * H, so the reference has slices of negative extents.
static constexpr StringLiteral kHalves = R"(tk 1;
kernel halves(x: tensor<f32>[M, H], y: out tensor<f32>[M, N]) grid(M) require(N == 2 * H) {
    let i = program_id(0);
    y[i, 0 +: 32] = x[i, 0 +: 32];
    y[i, 32 +: 32] = x[i, 0 +: 32];
}
reference halves(x) -> (y within X) {
    let rest = x[:, 0 +: N - H];
    y = concat(x, rest, axis = 1);
}
bench b : halves(x = randn[128, 32], y = poison[128, 64]);
)";

TEST_F(BenchCheckTest, ExtentsThatTheReferenceCannotTakeAreLeftAlone) {
  BenchCheck check = checkBench(kHalves, 5000);
  EXPECT_TRUE(StringRef(check.method).ends_with(" of 128 M")) << check.method;
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed);
  EXPECT_EQ(messages, "");
}

TEST_F(BenchCheckTest, ReferencesPastTheLimitOfTilesAreSampled) {
  // Whole, the reference would be a tile of 2^29 elements, twice the limit.
  check(R"(tk 1;
kernel first(x: tensor<f32>[M, N], y: out tensor<f32>[M]) grid(M) {
    let i = program_id(0);
    y[i] = x[i, 0];
}
reference first(x) -> (y within X) { y = sum(where(arange(N) == 0, x, 0), axis = 1); }
bench b : first(x = randn[65536, 8192]);
)");
  TestRunner runner(*program, &context, device, {});
  BenchCheck check = runner.checkInSmall(program->getBenches().front());
  EXPECT_TRUE(StringRef(check.method).ends_with(" of 65536 M")) << check.method;
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed);
  EXPECT_EQ(messages, "");
}

TEST_F(BenchCheckTest, InSmallTheKernelRunsOnTheSample) {
  check(kRows);
  TestOptions options;
  options.maxCheckOperations = 15000;
  TestRunner runner(*program, &context, device, options);
  const TestCase &bench = program->getBenches().front();
  // 25 rows of 64 columns are made; the last one is row 99 of the whole.
  device.spoiled = 25 * 64 - 1;
  BenchCheck check = runner.checkInSmall(bench);
  EXPECT_EQ(check.method, "reference at 25 of 100 M");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Failed);
  EXPECT_EQ(check.outcome.outputs[0].comparison.numElements, 25 * 64);
  EXPECT_EQ(check.outcome.outputs[0].comparison.worstIndex,
            (SmallVector<int64_t, 4>{24, 63}));
  // The same inputs as in the whole bench, so the same expected value.
  device.spoiled = 100 * 64 - 1;
  FailureOr<TestPlan> plan = runner.makePlan(bench, 0);
  ASSERT_TRUE(succeeded(plan));
  EXPECT_EQ(runner.check(bench, *plan).outcome.outputs[0].comparison.expected,
            check.outcome.outputs[0].comparison.expected);
}

TEST_F(BenchCheckTest, WithoutSampleTheWholeReferenceMayTakeLonger) {
  BenchCheck check = checkBench(R"(tk 1;
kernel numbered(x: tensor<f32>[M], y: out tensor<f32>[M]) grid(1) {
    y[0 +: 1024] = x[0 +: 1024] + f32(arange(1024));
}
reference numbered(x) -> (y within M) { y = x + f64(arange(M)); }
bench b : numbered(x = randn[1024]);
)",
                                500);
  EXPECT_EQ(check.method, "reference");
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Passed) << messages;
}

TEST_F(BenchCheckTest, WhatCannotBeComparedIsRefused) {
  check(R"(tk 1;
kernel copy(x: tensor<f32>[N], y: out tensor<f32>[N]) grid(1) {
    y[0 +: 64] = x[0 +: 64];
}
bench b : copy(x = randn[64]);
)");
  std::unique_ptr<TestDevice> interpreter = createInterpreterDevice({});
  TestRunner runner(*program, &context, *interpreter, {});
  BenchCheck check = runner.checkInSmall(program->getBenches().front());
  EXPECT_EQ(check.outcome.status, TestOutcome::Status::Refused);
  EXPECT_EQ(check.outcome.reason, "it has no reference, and there is nothing "
                                  "else to compare with on interp");
}
