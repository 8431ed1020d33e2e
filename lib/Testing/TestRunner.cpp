//===- TestRunner.cpp - the tests of a .tk file ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/TestRunner.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Pass/PassManager.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Runtime/Generators.h"
#include "tk/Runtime/NpyFile.h"
#include "tk/Testing/MagnitudeReference.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;

LogicalResult TestRunner::emitError(const Twine &message) const {
  return mlir::emitError(UnknownLoc::get(context), message);
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

static bool isRandom(const TestArgument &argument) {
  return argument.data.kind == DataSource::Kind::Uniform ||
         argument.data.kind == DataSource::Kind::Randn;
}

static Generator getGenerator(const DataSource &data) {
  switch (data.kind) {
  case DataSource::Kind::Full:
    return Generator::full(data.first);
  case DataSource::Kind::Arange:
    return Generator::arange(data.first, data.second);
  case DataSource::Kind::Uniform:
    return Generator::uniform(data.first, data.second);
  case DataSource::Kind::Randn:
    return Generator::randn(data.first, data.second);
  case DataSource::Kind::Unspecified:
  case DataSource::Kind::File:
    break;
  }
  llvm_unreachable("these are not generated");
}

/// Copies the values of a row-major tensor.
static void copyElements(HostTensor &to, const HostTensor &from) {
  for (int64_t i = 0; i < to.getNumElements(); ++i)
    convertElement(from.getDType(), from.getElement(i), to.getDType(),
                   to.getElement(i));
}

FailureOr<HostTensor> TestRunner::makeTensor(const TestArgument &argument,
                                             uint64_t seed) {
  llvm::Expected<HostTensor> tensor =
      HostTensor::create(argument.dtype, argument.dims, argument.strides);
  if (!tensor)
    return emitError("'" + argument.name +
                     "': " + llvm::toString(tensor.takeError()));
  // Gaps between rows are poison: whoever reads them is found out.
  tensor->poison();
  if (argument.data.kind == DataSource::Kind::Unspecified)
    return std::move(*tensor);
  if (argument.data.kind != DataSource::Kind::File) {
    generate(*tensor, getGenerator(argument.data), seed, argument.stream);
    return std::move(*tensor);
  }
  SmallString<128> path(options.directory);
  llvm::sys::path::append(path, argument.data.path);
  llvm::Expected<HostTensor> file = readNpyFile(path, argument.dtype);
  if (!file)
    return emitError(llvm::toString(file.takeError()));
  if (file->getShape() != tensor->getShape())
    return emitError("'" + Twine(path) + "': expects the shape " +
                     formatShape(tensor->getShape()) + " of '" + argument.name +
                     "', got " + formatShape(file->getShape()));
  copyElements(*tensor, *file);
  return std::move(*tensor);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

LogicalResult TestRunner::addLaunch(const Instance &instance,
                                    std::vector<TestLaunchArgument> arguments,
                                    HostBindings bindings, TestPlan &plan) {
  std::optional<InstanceInfo> info = program.getInfo(instance);
  if (!info)
    return failure();
  TestLaunch launch;
  launch.info = std::move(*info);
  launch.module = program.instantiate(instance, context);
  if (!launch.module)
    return failure();
  launch.arguments = std::move(arguments);
  launch.bindings = std::move(bindings);
  launch.bindings.numSms = device.getNumSms();
  for (const HostExpr &requirement : launch.info.requirements) {
    llvm::Expected<bool> holds = requirement.evaluateBool(launch.bindings);
    if (!holds)
      return emitError(instance.str() + ": require(" + requirement.str() +
                       "): " + llvm::toString(holds.takeError()));
    if (!*holds)
      return emitError(instance.str() + ": require(" + requirement.str() +
                       ") does not hold");
  }
  for (auto [axis, extent] : llvm::enumerate(launch.info.grid)) {
    llvm::Expected<int64_t> value = extent.evaluateInteger(launch.bindings);
    if (!value)
      return emitError(instance.str() + ": grid(" + extent.str() +
                       "): " + llvm::toString(value.takeError()));
    launch.grid[axis] = *value;
  }
  for (auto [param, argument] :
       llvm::zip_equal(launch.info.params, launch.arguments)) {
    if (!param.initialValue || !argument.buffer)
      continue;
    // Several launches of a sequence could ask for this; one memory cannot be
    // set between launches on every device.
    TestBuffer &buffer = plan.buffers[*argument.buffer];
    generate(buffer.tensor, Generator::full(*param.initialValue), 0, 0);
    buffer.isInitialized = true;
  }
  plan.launches.push_back(std::move(launch));
  return success();
}

LogicalResult TestRunner::addKernelLaunch(const TestCase &test,
                                          TestPlan &plan) {
  std::vector<TestLaunchArgument> arguments;
  unsigned nextBuffer = 0;
  for (const TestArgument &argument : test.arguments) {
    if (argument.isTensor)
      arguments.push_back({nextBuffer++, HostValue::integer(0)});
    else
      arguments.push_back({std::nullopt, argument.value});
  }
  return addLaunch(test.instance, std::move(arguments), test.bindings, plan);
}

/// Names the dimensions of a launch from the shapes of its tensors: one that is
/// just a name gives the name its value.
static void bindDimensions(const InstanceInfo &info,
                           ArrayRef<TestLaunchArgument> arguments,
                           const TestPlan &plan, HostBindings &bindings) {
  for (auto [param, argument] : llvm::zip_equal(info.params, arguments)) {
    if (!argument.buffer) {
      bindings.values.insert({param.name, argument.scalar});
      continue;
    }
    ArrayRef<int64_t> shape =
        argument.hasOwnShape()
            ? ArrayRef<int64_t>(argument.shape)
            : plan.buffers[*argument.buffer].tensor.getShape();
    for (auto [expr, extent] : llvm::zip(param.dims, shape))
      if (expr.getKind() == HostExpr::Kind::Name)
        bindings.values.insert({expr.getName(), HostValue::integer(extent)});
  }
}

/// The shape and strides of `tensor(buffer, shape, strides)`.
static llvm::Error setOwnShape(const SequenceArg &argument,
                               const HostBindings &bindings,
                               TestLaunchArgument &launchArgument) {
  for (auto [exprs, values] :
       {std::make_pair(&argument.dims, &launchArgument.shape),
        std::make_pair(&argument.strides, &launchArgument.strides)})
    for (const HostExpr &expr : *exprs) {
      llvm::Expected<int64_t> value = expr.evaluateInteger(bindings);
      if (!value)
        return value.takeError();
      values->push_back(*value);
    }
  return llvm::Error::success();
}

LogicalResult TestRunner::addSequenceLaunches(const TestCase &test,
                                              TestPlan &plan) {
  std::optional<SequencePlan> sequence = program.getSequencePlan(test.instance);
  if (!sequence)
    return failure();
  HostBindings bindings = test.bindings;
  bindings.numSms = device.getNumSms();
  for (const SequenceTemp &temp : sequence->temps) {
    TestArgument argument;
    argument.name = temp.name;
    argument.dtype = temp.dtype;
    for (const HostExpr &dim : temp.dims) {
      llvm::Expected<int64_t> extent = dim.evaluateInteger(bindings);
      if (!extent)
        return emitError(temp.name + ": " + llvm::toString(extent.takeError()));
      argument.dims.push_back(*extent);
    }
    argument.strides = getRowMajorStrides(argument.dims);
    if (temp.isZeroed)
      argument.data = {DataSource::Kind::Full, 0, 0, ""};
    FailureOr<HostTensor> tensor = makeTensor(argument, 0);
    if (failed(tensor))
      return failure();
    plan.buffers.push_back(
        {temp.name, ParamMode::Temp, std::move(*tensor), temp.isZeroed});
  }
  llvm::StringMap<HostValue> scalars;
  for (const TestArgument &argument : test.arguments)
    if (!argument.isTensor)
      scalars.insert({argument.name, argument.value});
  for (const SequenceStep &step : sequence->steps) {
    std::vector<TestLaunchArgument> arguments;
    for (const SequenceArg &argument : step.args) {
      auto buffer =
          llvm::find_if(plan.buffers, [&](const TestBuffer &candidate) {
            return candidate.name == argument.buffer;
          });
      if (argument.scalar) {
        llvm::Expected<HostValue> value = argument.scalar->evaluate(bindings);
        if (!value)
          return emitError(argument.param + ": " +
                           llvm::toString(value.takeError()));
        arguments.push_back({std::nullopt, *value});
      } else if (buffer != plan.buffers.end()) {
        arguments.push_back(
            {unsigned(buffer - plan.buffers.begin()), HostValue::integer(0)});
        if (llvm::Error error =
                setOwnShape(argument, bindings, arguments.back()))
          return emitError(argument.param + ": " +
                           llvm::toString(std::move(error)));
      } else if (auto it = scalars.find(argument.buffer); it != scalars.end()) {
        arguments.push_back({std::nullopt, it->second});
      } else {
        return emitError("'" + argument.buffer + "' is no buffer of " +
                         test.instance.str());
      }
    }
    std::optional<InstanceInfo> info = program.getInfo(step.instance);
    if (!info)
      return failure();
    HostBindings stepBindings;
    bindDimensions(*info, arguments, plan, stepBindings);
    if (failed(addLaunch(step.instance, std::move(arguments),
                         std::move(stepBindings), plan)))
      return failure();
  }
  return success();
}

FailureOr<TestPlan> TestRunner::makePlan(const TestCase &test, uint64_t seed) {
  TestPlan plan;
  for (const TestArgument &argument : test.arguments) {
    if (!argument.isTensor)
      continue;
    FailureOr<HostTensor> tensor = makeTensor(argument, seed);
    if (failed(tensor))
      return failure();
    plan.buffers.push_back(
        {argument.name, argument.mode, std::move(*tensor),
         argument.data.kind != DataSource::Kind::Unspecified});
  }
  LogicalResult added = test.instance.isSequence
                            ? addSequenceLaunches(test, plan)
                            : addKernelLaunch(test, plan);
  if (failed(added))
    return failure();
  return plan;
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

namespace {
/// The inputs of a reference and its results.
struct ReferenceRun {
  std::vector<HostTensor> inputs;
  std::vector<HostValue> scalars;
  std::vector<HostTensor> results;
};
} // namespace

static DType getReferenceType(DType dtype) {
  return isFloat(dtype) ? DType::F64 : dtype;
}

/// Takes inputs as they were stored, in row-major order.
static llvm::Expected<ReferenceRun> prepareReference(const TestCase &test,
                                                     const TestPlan &plan) {
  ReferenceRun run;
  unsigned nextBuffer = 0;
  for (const TestArgument &argument : test.arguments) {
    if (!argument.isTensor) {
      run.scalars.push_back(argument.value);
      continue;
    }
    const TestBuffer &buffer = plan.buffers[nextBuffer++];
    if (buffer.mode != ParamMode::In && buffer.mode != ParamMode::Mut)
      continue;
    llvm::Expected<HostTensor> copy =
        buffer.tensor.convertTo(getReferenceType(argument.dtype));
    if (!copy)
      return copy.takeError();
    run.inputs.push_back(std::move(*copy));
  }
  std::vector<const TestArgument *> results;
  for (const OutputCheck &check : test.outputs) {
    if (check.isIgnored)
      continue;
    if (results.size() <= check.referenceResult)
      results.resize(check.referenceResult + 1);
    results[check.referenceResult] = &test.arguments[check.argument];
  }
  for (const TestArgument *argument : results) {
    if (!argument)
      return llvm::createStringError("a result of the reference is not used");
    llvm::Expected<HostTensor> result =
        HostTensor::create(getReferenceType(argument->dtype), argument->dims);
    if (!result)
      return result.takeError();
    run.results.push_back(std::move(*result));
  }
  return run;
}

/// The constants of an instance that are integers, as sizes of tiles are.
static std::optional<int64_t> findSmallestTile(const Instance &instance) {
  std::optional<int64_t> smallest;
  for (const InstanceBinding &binding : instance.bindings) {
    int64_t value;
    if (!StringRef(binding.value).getAsInteger(10, value) && value > 1)
      smallest = std::min(smallest.value_or(value), value);
  }
  return smallest;
}

/// 8 + 2 log2(tile) + number of steps, for a sum of as many terms as an output
/// has inputs, in tiles of the smallest constant of the instance.
static double getSumFactor(const TestCase &test, const HostTensor &output) {
  int64_t largest = 1;
  for (const TestArgument &argument : test.arguments) {
    int64_t size = 1;
    for (int64_t extent : argument.dims)
      size *= std::max<int64_t>(extent, 1);
    largest = std::max(largest, size);
  }
  double numTerms = std::max(
      1.0, double(largest) / std::max<int64_t>(output.getNumElements(), 1));
  double tile = findSmallestTile(test.instance).value_or(128);
  return 8 + 2 * std::log2(std::max(tile, numTerms)) +
         std::ceil(numTerms / tile);
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
    if (buffer.mode == ParamMode::In && buffer.tensor.getRank() == 1 &&
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
            : comparison.maxAbsoluteError > output.comparison.maxAbsoluteError;
    if (isWorse)
      output.comparison = std::move(comparison);
    return;
  }
  outcome.outputs.push_back({argument, std::move(comparison)});
}

LogicalResult TestRunner::compare(const TestCase &test, const TestPlan &before,
                                  const TestPlan &after, TestOutcome &outcome) {
  OwningOpRef<ModuleOp> reference = program.generateReference(test, context);
  if (!reference)
    return failure();
  ReferenceCost cost = estimateCost(*reference);
  if (cost.operations > options.maxReferenceOperations ||
      cost.bytes > options.maxBytes) {
    outcome.status = TestOutcome::Status::Refused;
    outcome.reason =
        llvm::formatv("the reference takes about {0:e1} operations and {1:e1} "
                      "bytes, more than {2:e1} and {3:e1}",
                      cost.operations, cost.bytes,
                      options.maxReferenceOperations, options.maxBytes);
    return success();
  }
  RunOptions runOptions;
  runOptions.timeLimitInSeconds = options.timeLimitInSeconds;
  auto evaluate = [&](ModuleOp module) -> FailureOr<ReferenceRun> {
    llvm::Expected<ReferenceRun> run = prepareReference(test, before);
    if (!run)
      return emitError(llvm::toString(run.takeError()));
    std::string output;
    if (failed(runReference(module, run->inputs, run->scalars, run->results,
                            runOptions, output)))
      return failure();
    return std::move(*run);
  };
  FailureOr<ReferenceRun> values = evaluate(*reference);
  if (failed(values))
    return failure();

  // Magnitudes, once for each way of forming them that is needed.
  std::map<DotMagnitude, ReferenceRun> magnitudes;
  for (const OutputCheck &check : test.outputs) {
    if (check.isIgnored || !needsMagnitude(check.toleranceClass))
      continue;
    DotMagnitude dots = check.toleranceClass == ToleranceClass::F
                            ? DotMagnitude::ColumnMaximum
                            : DotMagnitude::SumOfProducts;
    if (magnitudes.count(dots))
      continue;
    OwningOpRef<ModuleOp> module = reference->clone();
    PassManager inliner(context);
    inliner.addPass(createInlineFunctionsPass());
    if (failed(inliner.run(*module)) ||
        failed(convertToMagnitudes(*module, dots)))
      return failure();
    FailureOr<ReferenceRun> run = evaluate(*module);
    if (failed(run))
      return failure();
    magnitudes.emplace(dots, std::move(*run));
  }

  for (const OutputCheck &check : test.outputs) {
    if (check.isIgnored)
      continue;
    unsigned buffer = 0;
    for (unsigned i = 0; i < check.argument; ++i)
      buffer += test.arguments[i].isTensor;
    const HostTensor &found = after.buffers[buffer].tensor;
    ToleranceContext toleranceContext;
    toleranceContext.sumFactor = getSumFactor(test, found);
    toleranceContext.operandError = getOperandError(after);
    toleranceContext.weights = findWeights(before, found);
    if (needsMagnitude(check.toleranceClass))
      toleranceContext.magnitude =
          &magnitudes
               .at(check.toleranceClass == ToleranceClass::F
                       ? DotMagnitude::ColumnMaximum
                       : DotMagnitude::SumOfProducts)
               .results[check.referenceResult];
    keepWorse(outcome, check.argument,
              compareOutput(found, values->results[check.referenceResult],
                            check, toleranceContext));
  }
  return success();
}

LogicalResult TestRunner::runSeed(const TestCase &test, uint64_t seed,
                                  TestOutcome &outcome) {
  FailureOr<TestPlan> before = makePlan(test, seed);
  if (failed(before))
    return failure();
  // The device works on copies: the reference sees what was there before.
  TestPlan after;
  for (const TestBuffer &buffer : before->buffers)
    after.buffers.push_back({buffer.name, buffer.mode, buffer.tensor.clone(),
                             buffer.isInitialized});
  after.launches = std::move(before->launches);
  std::string printed;
  LogicalResult ran = device.run(after, printed);
  if (outcome.printed.empty())
    outcome.printed = std::move(printed);
  if (failed(ran))
    return failure();
  if (!test.hasReference)
    return success();
  return compare(test, *before, after, outcome);
}

TestOutcome TestRunner::run(const TestCase &test) {
  TestOutcome outcome;
  unsigned numSeeds =
      llvm::any_of(test.arguments, isRandom) ? options.numSeeds : 1;
  for (unsigned i = 0; i < numSeeds; ++i) {
    if (failed(runSeed(test, options.firstSeed + i, outcome))) {
      outcome.status = TestOutcome::Status::Error;
      return outcome;
    }
    if (outcome.status == TestOutcome::Status::Refused)
      return outcome;
  }
  if (llvm::any_of(outcome.outputs, [](const TestOutcome::Output &output) {
        return !output.comparison.passed;
      }))
    outcome.status = TestOutcome::Status::Failed;
  return outcome;
}
