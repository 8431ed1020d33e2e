//===- TestPlan.cpp - the memory and launches of a test ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TestData.h"
#include "tk/Runtime/NpyFile.h"
#include "tk/Testing/TestRunner.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Generator mlir::tk::getGenerator(const DataSource &data) {
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
  SmallString<128> path;
  if (llvm::sys::path::is_relative(argument.data.path))
    path = options.directory;
  llvm::sys::path::append(path, argument.data.path);
  llvm::Expected<HostTensor> file = readNpyFile(path, argument.dtype);
  if (!file) {
    InFlightDiagnostic error =
        mlir::emitError(location, llvm::toString(file.takeError()));
    if (options.isFromBinary)
      error.attachNote() << "--embed-source takes no .npy files along; they "
                            "are looked for beside the binary";
    return failure();
  }
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
    if (argument.isBuffer())
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

LogicalResult TestRunner::addSequenceTemps(const SequencePlan &sequence,
                                           const HostBindings &bindings,
                                           TestPlan &plan) {
  for (const SequenceTemp &temp : sequence.temps) {
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
        {temp.name, ParamAccess::Temp, std::move(*tensor), temp.isZeroed});
  }
  return success();
}

FailureOr<TestLaunchArgument> TestRunner::makeSequenceArgument(
    const TestCase &test, const SequenceArg &argument,
    const HostBindings &bindings, const TestPlan &plan) {
  if (argument.scalar) {
    llvm::Expected<HostValue> value = argument.scalar->evaluate(bindings);
    if (!value)
      return emitError(argument.param + ": " +
                       llvm::toString(value.takeError()));
    return TestLaunchArgument{std::nullopt, *value};
  }
  for (auto [i, buffer] : llvm::enumerate(plan.buffers)) {
    if (buffer.name != argument.buffer)
      continue;
    TestLaunchArgument made = {unsigned(i), HostValue::integer(0)};
    if (llvm::Error error = setOwnShape(argument, bindings, made))
      return emitError(argument.param + ": " +
                       llvm::toString(std::move(error)));
    return made;
  }
  for (const TestArgument &given : test.arguments)
    if (!given.isBuffer() && given.name == argument.buffer)
      return TestLaunchArgument{std::nullopt, given.value};
  llvm_unreachable("sequences pass their parameters and buffers");
}

LogicalResult TestRunner::addSequenceLaunches(const TestCase &test,
                                              TestPlan &plan) {
  std::optional<SequencePlan> sequence = program.getSequencePlan(test.instance);
  if (!sequence)
    return failure();
  HostBindings bindings = test.bindings;
  bindings.numSms = device.getNumSms();
  if (failed(addSequenceTemps(*sequence, bindings, plan)))
    return failure();
  for (const SequenceStep &step : sequence->steps) {
    std::vector<TestLaunchArgument> arguments;
    for (const SequenceArg &argument : step.args) {
      FailureOr<TestLaunchArgument> made =
          makeSequenceArgument(test, argument, bindings, plan);
      if (failed(made))
        return failure();
      arguments.push_back(*made);
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

LogicalResult TestRunner::addLaunches(const TestCase &test, TestPlan &plan) {
  return test.instance.isSequence ? addSequenceLaunches(test, plan)
                                  : addKernelLaunch(test, plan);
}

/// What the tensors of a test hold; more than 64 bits count for some.
static double getTensorBytes(const TestCase &test) {
  double sum = 0;
  for (const TestArgument &argument : test.arguments) {
    double bytes = argument.isBuffer() ? getSizeInBytes(argument.dtype) : 0;
    for (int64_t extent : argument.dims)
      bytes *= extent;
    sum += bytes;
  }
  return sum;
}

FailureOr<TestPlan> TestRunner::makePlan(const TestCase &test, uint64_t seed) {
  location = program.getTestLocation(test, context);
  if (llvm::Error error = device.checkMemory(getTensorBytes(test)))
    return emitError(llvm::toString(std::move(error)));
  TestPlan plan;
  for (const TestArgument &argument : test.arguments) {
    if (!argument.isBuffer())
      continue;
    FailureOr<HostTensor> tensor = makeTensor(argument, seed);
    if (failed(tensor))
      return failure();
    plan.buffers.push_back(
        {argument.name, argument.access, std::move(*tensor),
         argument.data.kind != DataSource::Kind::Unspecified});
  }
  if (failed(addLaunches(test, plan)))
    return failure();
  return plan;
}
