//===- TestRunner.h - the tests of a .tk file -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A test makes its inputs from a seed, runs the kernel (or sequence) on a
// device, evaluates the reference in f64 in the interpreter, on the same inputs
// as they were stored, and compares every output within its tolerance class.
//
//   std::unique_ptr<TestDevice> device = createInterpreterDevice({});
//   TestRunner runner(*program, context, *device, {});
//   for (const TestCase &test : program->getTests())
//     failed |= !runner.run(test, llvm::outs());

#ifndef TK_TESTING_TESTRUNNER_H
#define TK_TESTING_TESTRUNNER_H

#include "tk/Testing/Comparison.h"
#include "tk/Testing/MagnitudeReference.h"
#include "tk/Testing/TestDevice.h"
#include <functional>
#include <map>

namespace mlir::tk {

struct TestOptions {
  /// Gets the memory after the run with the first seed, to write outputs.
  std::function<LogicalResult(ArrayRef<TestBuffer>)> onOutputs;
  uint64_t firstSeed = 0;
  /// Tests with random contents run with this many seeds.
  unsigned numSeeds = 2;
  /// Folder of the .tk file: .npy paths are relative to it.
  std::string directory;
  /// The test comes from the source embedded in a binary in this folder.
  bool isFromBinary = false;
  /// A reference that costs more is refused with the estimate.
  double maxReferenceOperations = 2e10;
  double maxBytes = 2e9;
  /// The same for the check before a bench, which should take less time than
  /// the bench itself. Fifty times as much is taken where no sample will do.
  double maxCheckOperations = 2e7;
  /// Wall-clock limit of each run in the interpreter; 0: none.
  double timeLimitInSeconds = 0;
};

/// What came of a test.
struct TestOutcome {
  enum class Status {
    Passed,
    Failed,
    /// Over the budget.
    Refused,
    /// The device left it off, for it would take too long there.
    Slow,
    /// A diagnostic was reported.
    Error,
  };
  Status status = Status::Passed;
  /// For each output that is compared, of the worst seed.
  struct Output {
    unsigned argument;
    Comparison comparison;
  };
  std::vector<Output> outputs;
  /// Why it was refused or left off.
  std::string reason;
  /// What the kernel printed, with the first seed.
  std::string printed;
};

/// What came of the check before a bench is timed.
struct BenchCheck {
  /// What the outputs were compared with: "reference", "reference at 64 of 8192
  /// M", "plain configuration".
  std::string method;
  TestOutcome outcome;
};

/// How much a reference costs.
struct ReferenceCost {
  double operations = 0;
  double bytes = 0;
};

class TestRunner {
public:
  TestRunner(CheckedProgram &program, MLIRContext *context, TestDevice &device,
             TestOptions options)
      : program(program), context(context), device(device),
        options(std::move(options)), location(UnknownLoc::get(context)) {}

  TestOutcome run(const TestCase &test);

  /// Builds the launches of a test with generated inputs and poisoned outputs.
  /// Reports mistakes as diagnostics.
  FailureOr<TestPlan> makePlan(const TestCase &test, uint64_t seed);

  /// Runs the launches of a bench once and compares its outputs: with the whole
  /// reference if it is small; else with the reference on a sample of those
  /// dimensions whose elements it treats independently; else with the whole
  /// reference if that takes seconds; else with the same kernel in its plain
  /// configuration. `plan` stays as it is.
  BenchCheck check(const TestCase &bench, TestPlan &plan);

  /// The same on a device that would take long for a whole bench: where the
  /// reference is evaluated on a sample, the kernel runs on that sample only.
  BenchCheck checkInSmall(const TestCase &bench);

private:
  // TestPlan.cpp
  FailureOr<HostTensor> makeTensor(const TestArgument &argument, uint64_t seed);
  LogicalResult addKernelLaunch(const TestCase &test, TestPlan &plan);
  LogicalResult addSequenceLaunches(const TestCase &test, TestPlan &plan);
  LogicalResult addSequenceTemps(const SequencePlan &sequence,
                                 const HostBindings &bindings, TestPlan &plan);
  FailureOr<TestLaunchArgument>
  makeSequenceArgument(const TestCase &test, const SequenceArg &argument,
                       const HostBindings &bindings, const TestPlan &plan);
  LogicalResult addLaunches(const TestCase &test, TestPlan &plan);
  LogicalResult addLaunch(const Instance &instance,
                          std::vector<TestLaunchArgument> arguments,
                          HostBindings bindings, TestPlan &plan);

  // TestRunner.cpp
  /// A reference and what its magnitudes are computed by.
  struct References {
    OwningOpRef<ModuleOp> values;
    std::map<DotMagnitude, OwningOpRef<ModuleOp>> magnitudes;
  };
  /// Its inputs, and its results.
  struct Evaluation {
    std::vector<HostTensor> inputs;
    std::vector<HostValue> scalars;
    std::vector<HostTensor> results;
  };
  LogicalResult makeReferences(const TestCase &test, References &references);
  LogicalResult addMagnitudes(const TestCase &test, References &references);
  bool isTooExpensive(const TestCase &test, const References &references,
                      TestOutcome &outcome) const;
  FailureOr<Evaluation> evaluate(ModuleOp reference, const TestCase &test,
                                 const TestPlan &plan) const;
  LogicalResult runSeed(const TestCase &test, const References &references,
                        uint64_t seed, TestOutcome &outcome);
  FailureOr<Comparison> compareUnchanged(const HostTensor &after,
                                         const HostTensor &before,
                                         const OutputCheck &check) const;
  /// `launches` made `after` of `before`; only its kernels are looked at.
  LogicalResult compare(const TestCase &test, const References &references,
                        const TestPlan &before, ArrayRef<TestBuffer> after,
                        const TestPlan &launches, TestOutcome &outcome);

  // BenchCheck.cpp
  struct SampledBench;
  /// False, without a message, where the reference cannot be made for these
  /// sizes.
  bool tryReferences(const TestCase &test, References &references);
  bool isAffordable(const References &references, double factor = 1) const;
  static SmallVector<SmallVector<StringRef>>
  listSampledDims(const TestCase &bench, const InstanceInfo &info);
  bool chooseSample(const TestCase &bench, ArrayRef<StringRef> dims,
                    SampledBench &sampled);
  bool isSeparable(const SampledBench &sampled, const TestPlan &inputs);
  FailureOr<bool> compareSample(const TestCase &bench, const TestPlan &plan,
                                ArrayRef<TestBuffer> after,
                                ArrayRef<StringRef> dims, BenchCheck &check);
  FailureOr<bool> compareWithReference(const TestCase &bench,
                                       const TestPlan &plan,
                                       ArrayRef<TestBuffer> after,
                                       BenchCheck &check);
  FailureOr<std::vector<TestBuffer>> runOnCopy(TestPlan &plan,
                                               std::string &printed);
  FailureOr<HostTensor>
  makeSampledTensor(const TestArgument &argument,
                    const SmallVector<const std::vector<int64_t> *, 4> &axes,
                    uint64_t seed);
  FailureOr<TestPlan> makeSampledPlan(const TestCase &bench,
                                      const SampledBench &sampled,
                                      uint64_t seed);
  std::optional<BenchCheck> checkSample(const TestCase &bench,
                                        ArrayRef<StringRef> dims);
  LogicalResult compareBench(const TestCase &bench, TestPlan &plan,
                             ArrayRef<TestBuffer> after, BenchCheck &check);
  LogicalResult compareWithPlain(const TestCase &bench, TestPlan &plan,
                                 ArrayRef<TestBuffer> after, BenchCheck &check);
  LogicalResult emitError(const Twine &message) const;

  CheckedProgram &program;
  MLIRContext *context;
  TestDevice &device;
  TestOptions options;
  /// The test that is being run.
  Location location;
};

/// Estimates what evaluating a reference takes.
ReferenceCost estimateCost(ModuleOp reference);

/// One line for each test, aligned over all of them:
///   test  small   f32   x[4, 100]    BLOCK=4096   ok   max err 0.012 of the
///   bound   (class S)
class TestReport {
public:
  explicit TestReport(ArrayRef<TestCase> tests);
  std::string format(const TestCase &test, const TestOutcome &outcome) const;

private:
  struct Columns {
    std::string name, dtypes, shapes, constants;
  };
  static Columns getColumns(const TestCase &test);
  size_t nameWidth = 0, dtypesWidth = 0, shapesWidth = 0, constantsWidth = 0;
};

} // namespace mlir::tk

#endif // TK_TESTING_TESTRUNNER_H
