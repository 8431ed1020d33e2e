//===- TestRunner.cpp - the tests of a .tk file --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/TestRunner.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "tk/Interpreter/Interpreter.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;
using Expectation = OutputCheck::Expectation;

LogicalResult TestRunner::emitError(const Twine &message) const {
  return mlir::emitError(location, message);
}

//===----------------------------------------------------------------------===//
// References
//===----------------------------------------------------------------------===//

static double countOperations(Operation *op) {
  double own = 0;
  if (auto dot = dyn_cast<DotOp>(op)) {
    auto lhs = cast<RankedTensorType>(dot.getLhs().getType());
    own = 2.0 * cast<RankedTensorType>(dot.getType()).getNumElements() *
          lhs.getShape().back();
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    for (Value source : reduce.getSources())
      own += cast<RankedTensorType>(source.getType()).getNumElements();
  } else {
    for (Type type : op->getResultTypes())
      if (auto tile = dyn_cast<RankedTensorType>(type))
        own += tile.getNumElements();
  }
  double inner = 0;
  for (Region &region : op->getRegions())
    for (Operation &nested : region.getOps())
      inner += countOperations(&nested);
  double numTrips = 1;
  if (auto loop = dyn_cast<scf::ForOp>(op))
    if (std::optional<APInt> trips = loop.getStaticTripCount())
      numTrips = trips->roundToDouble();
  return own + numTrips * inner;
}

ReferenceCost mlir::tk::estimateCost(ModuleOp reference) {
  ReferenceCost cost;
  cost.operations = countOperations(reference);
  reference.walk([&](func::FuncOp function) {
    for (Type type : function.getArgumentTypes())
      if (auto view = dyn_cast<ViewType>(type)) {
        double bytes = 8;
        for (int64_t extent : view.getShape())
          bytes *= std::max<int64_t>(extent, 0);
        cost.bytes += bytes;
      }
  });
  // The largest tiles: about two are alive beside what was loaded.
  double largest = 0;
  reference.walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (auto tile = dyn_cast<RankedTensorType>(type))
        largest = std::max(largest, 8.0 * tile.getNumElements());
  });
  cost.bytes += 2 * largest;
  return cost;
}

static DType getReferenceType(DType dtype) {
  return isFloat(dtype) ? DType::F64 : dtype;
}

/// Results as the outputs that are compared need them.
static llvm::Expected<std::vector<HostTensor>>
makeResults(const TestCase &test) {
  std::vector<const TestArgument *> arguments;
  for (const OutputCheck &check : test.outputs) {
    if (check.expectation != Expectation::Result)
      continue;
    if (arguments.size() <= check.referenceResult)
      arguments.resize(check.referenceResult + 1);
    arguments[check.referenceResult] = &test.arguments[check.argument];
  }
  std::vector<HostTensor> results;
  for (const TestArgument *argument : arguments) {
    assert(argument && "results of a reference are outputs");
    llvm::Expected<HostTensor> result =
        HostTensor::create(getReferenceType(argument->dtype), argument->dims);
    if (!result)
      return result.takeError();
    results.push_back(std::move(*result));
  }
  return results;
}

/// Inputs are taken as they were stored, in row-major order.
FailureOr<TestRunner::Evaluation>
TestRunner::evaluate(ModuleOp reference, const TestCase &test,
                     const TestPlan &plan) const {
  Evaluation evaluation;
  unsigned nextBuffer = 0;
  for (const TestArgument &argument : test.arguments) {
    if (!argument.isBuffer()) {
      evaluation.scalars.push_back(argument.value);
      continue;
    }
    const TestBuffer &buffer = plan.buffers[nextBuffer++];
    if (!readsArgument(buffer.access))
      continue;
    llvm::Expected<HostTensor> copy =
        buffer.tensor.convertTo(getReferenceType(argument.dtype));
    if (!copy)
      return emitError(llvm::toString(copy.takeError()));
    evaluation.inputs.push_back(std::move(*copy));
  }
  llvm::Expected<std::vector<HostTensor>> results = makeResults(test);
  if (!results)
    return emitError(llvm::toString(results.takeError()));
  evaluation.results = std::move(*results);
  RunOptions runOptions;
  runOptions.timeLimitInSeconds = options.timeLimitInSeconds;
  std::string output;
  if (failed(runReference(reference, evaluation.inputs, evaluation.scalars,
                          evaluation.results, runOptions, output)))
    return failure();
  return std::move(evaluation);
}

static DotMagnitude getDotMagnitude(ToleranceClass toleranceClass) {
  return toleranceClass == ToleranceClass::F ? DotMagnitude::ColumnMaximum
                                             : DotMagnitude::SumOfProducts;
}

LogicalResult TestRunner::makeReferences(const TestCase &test,
                                         References &references) {
  references.values = program.generateReference(test, context);
  if (!references.values)
    return failure();
  return addMagnitudes(test, references);
}

LogicalResult TestRunner::addMagnitudes(const TestCase &test,
                                        References &references) {
  for (const OutputCheck &check : test.outputs) {
    if (check.expectation != Expectation::Result ||
        !needsMagnitude(check.toleranceClass))
      continue;
    DotMagnitude dots = getDotMagnitude(check.toleranceClass);
    OwningOpRef<ModuleOp> &module = references.magnitudes[dots];
    if (module)
      continue;
    module = references.values->clone();
    PassManager inliner(context);
    inliner.addPass(createInlineFunctionsPass());
    if (failed(inliner.run(*module)) ||
        failed(convertToMagnitudes(*module, dots)))
      return failure();
  }
  return success();
}

/// The fewest elements that one of the float sums of the kernels adds up at
/// once; nothing if they add up nothing.
static std::optional<int64_t> findSmallestSum(const TestPlan &plan) {
  std::optional<int64_t> smallest;
  for (const TestLaunch &launch : plan.launches)
    launch.module.get()->walk([&](ReduceOp reduce) {
      auto tile = cast<RankedTensorType>(reduce.getSources().front().getType());
      if (isa<FloatType>(tile.getElementType()))
        smallest = std::min(smallest.value_or(INT64_MAX),
                            tile.getDimSize(reduce.getAxis()));
    });
  return smallest;
}

/// 8 + 2 log2(tile) + number of steps, for a sum of as many terms as an output
/// has inputs. Without a tile that is summed, every term is a step.
static double getSumFactor(const TestCase &test, const TestPlan &plan,
                           const HostTensor &output) {
  int64_t largest = 1;
  for (const TestArgument &argument : test.arguments) {
    int64_t size = 1;
    for (int64_t extent : argument.dims)
      size *= std::max<int64_t>(extent, 1);
    largest = std::max(largest, size);
  }
  double numTerms = std::max(
      1.0, double(largest) / std::max<int64_t>(output.getNumElements(), 1));
  double tile = std::max<int64_t>(findSmallestSum(plan).value_or(1), 1);
  return 8 + 2 * std::log2(tile) + std::ceil(numTerms / tile);
}

/// What the operands of f32 dots lose by their precision.
static double getOperandError(const TestPlan &plan) {
  double error = 0;
  for (const TestLaunch &launch : plan.launches)
    launch.module.get()->walk([&](DotOp dot) {
      switch (dot.getPrecision()) {
      case Precision::IEEE:
        return;
      case Precision::TF32:
        error = std::max(error, 0x1p-9);
        return;
      case Precision::TF32x3:
        error = std::max(error, 0x1p-19);
        return;
      }
    });
  return error;
}

/// Weights of a normalisation: an input of rank 1 as long as the last dimension
/// of the output.
static const HostTensor *findWeights(const TestPlan &plan,
                                     const HostTensor &output) {
  if (output.getRank() == 0)
    return nullptr;
  for (const TestBuffer &buffer : plan.buffers)
    if (buffer.access == ParamAccess::Read && buffer.tensor.getRank() == 1 &&
        isFloat(buffer.tensor.getDType()) &&
        buffer.tensor.getShape().back() == output.getShape().back() &&
        output.getNumElements() > 0)
      return &buffer.tensor;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static void keepWorse(TestOutcome &outcome, unsigned argument,
                      Comparison comparison) {
  for (TestOutcome::Output &output : outcome.outputs) {
    if (output.argument != argument)
      continue;
    bool isWorse =
        comparison.passed != output.comparison.passed
            ? !comparison.passed
            : comparison.maxShareOfBound > output.comparison.maxShareOfBound;
    if (isWorse)
      output.comparison = std::move(comparison);
    return;
  }
  outcome.outputs.push_back({argument, std::move(comparison)});
}

/// Position in the plan of the buffer of a tensor argument.
static unsigned getBufferNumber(const TestCase &test, unsigned argument) {
  return llvm::count_if(
      ArrayRef(test.arguments).take_front(argument),
      [](const TestArgument &argument) { return argument.isBuffer(); });
}

/// Whether the kernel left memory as it was.
FailureOr<Comparison>
TestRunner::compareUnchanged(const HostTensor &after, const HostTensor &before,
                             const OutputCheck &check) const {
  llvm::Expected<HostTensor> expected =
      before.convertTo(getReferenceType(before.getDType()));
  if (!expected)
    return emitError(llvm::toString(expected.takeError()));
  return compareOutput(after, *expected, check, {});
}

LogicalResult
TestRunner::compare(const TestCase &test, const References &references,
                    const TestPlan &before, ArrayRef<TestBuffer> after,
                    const TestPlan &launches, TestOutcome &outcome) {
  FailureOr<Evaluation> values = evaluate(*references.values, test, before);
  if (failed(values))
    return failure();
  std::map<DotMagnitude, Evaluation> magnitudes;
  for (const auto &[dots, module] : references.magnitudes) {
    FailureOr<Evaluation> evaluation = evaluate(*module, test, before);
    if (failed(evaluation))
      return failure();
    magnitudes.emplace(dots, std::move(*evaluation));
  }
  for (const OutputCheck &check : test.outputs) {
    unsigned number = getBufferNumber(test, check.argument);
    const HostTensor &found = after[number].tensor;
    if (check.expectation == Expectation::Unchanged) {
      FailureOr<Comparison> comparison =
          compareUnchanged(found, before.buffers[number].tensor, check);
      if (failed(comparison))
        return failure();
      keepWorse(outcome, check.argument, std::move(*comparison));
    }
    if (check.expectation != Expectation::Result)
      continue;
    ToleranceContext toleranceContext;
    toleranceContext.sumFactor = getSumFactor(test, launches, found);
    toleranceContext.operandError = getOperandError(launches);
    toleranceContext.weights = findWeights(before, found);
    if (needsMagnitude(check.toleranceClass))
      toleranceContext.magnitude =
          &magnitudes.at(getDotMagnitude(check.toleranceClass))
               .results[check.referenceResult];
    keepWorse(outcome, check.argument,
              compareOutput(found, values->results[check.referenceResult],
                            check, toleranceContext));
  }
  return success();
}

LogicalResult TestRunner::runSeed(const TestCase &test,
                                  const References &references, uint64_t seed,
                                  TestOutcome &outcome) {
  FailureOr<TestPlan> before = makePlan(test, seed);
  if (failed(before))
    return failure();
  // The device works on copies: the reference sees what was there before.
  TestPlan after;
  for (const TestBuffer &buffer : before->buffers)
    after.buffers.push_back(buffer.clone());
  after.launches = std::move(before->launches);
  std::string printed;
  LogicalResult ran = device.run(after, printed);
  if (outcome.printed.empty())
    outcome.printed = std::move(printed);
  if (failed(ran))
    return failure();
  if (seed == options.firstSeed && options.onOutputs &&
      failed(options.onOutputs(after.buffers)))
    return failure();
  if (!references.values)
    return success();
  return compare(test, references, *before, after.buffers, after, outcome);
}

/// Fills in the reason. Asked before anything is allocated.
bool TestRunner::isTooExpensive(const TestCase &test,
                                const References &references,
                                TestOutcome &outcome) const {
  ReferenceCost cost;
  if (references.values)
    cost = estimateCost(*references.values);
  for (const TestArgument &argument : test.arguments) {
    double bytes = argument.isBuffer() ? getSizeInBytes(argument.dtype) : 0;
    for (int64_t extent : argument.dims)
      bytes *= extent;
    cost.bytes += bytes;
  }
  if (cost.operations <= options.maxReferenceOperations &&
      cost.bytes <= options.maxBytes)
    return false;
  outcome.status = TestOutcome::Status::Refused;
  llvm::raw_string_ostream(outcome.reason)
      << llvm::format("takes about %.1e operations and %.1e bytes, more than "
                      "%.1e and %.1e",
                      cost.operations, cost.bytes,
                      options.maxReferenceOperations, options.maxBytes);
  return true;
}

static bool isRandom(const TestArgument &argument) {
  return argument.data.kind == DataSource::Kind::Uniform ||
         argument.data.kind == DataSource::Kind::Randn;
}

TestOutcome TestRunner::run(const TestCase &test) {
  location = program.getTestLocation(test, context);
  TestOutcome outcome;
  References references;
  if (test.hasReference && failed(makeReferences(test, references))) {
    outcome.status = TestOutcome::Status::Error;
    return outcome;
  }
  if (isTooExpensive(test, references, outcome))
    return outcome;
  unsigned numSeeds =
      llvm::any_of(test.arguments, isRandom) ? options.numSeeds : 1;
  for (unsigned i = 0; i < numSeeds; ++i)
    if (failed(runSeed(test, references, options.firstSeed + i, outcome))) {
      outcome.reason = device.takeSlowness();
      outcome.status = outcome.reason.empty() ? TestOutcome::Status::Error
                                              : TestOutcome::Status::Slow;
      return outcome;
    }
  if (llvm::any_of(outcome.outputs, [](const TestOutcome::Output &output) {
        return !output.comparison.passed;
      }))
    outcome.status = TestOutcome::Status::Failed;
  return outcome;
}
