//===- InterpreterDevice.cpp - the interpreter as a device ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Testing/TestDevice.h"

using namespace mlir;
using namespace mlir::tk;

TestDevice::~TestDevice() = default;

static KernelArgument
makeTensorArgument(HostTensor &tensor,
                   const TestLaunchArgument &argument = {}) {
  if (argument.hasOwnShape())
    return KernelArgument::tensor(tensor.getDType(), tensor.getData(),
                                  argument.shape, argument.strides,
                                  tensor.getMemory());
  return KernelArgument::tensor(tensor.getDType(), tensor.getData(),
                                tensor.getShape(), tensor.getStrides(),
                                tensor.getMemory());
}

static KernelArgument makeScalarArgument(HostValue value) {
  if (value.isFloat())
    return KernelArgument::number(value.getFloat());
  return KernelArgument::integer(value.getInteger());
}

/// Reports what went wrong at the lines of the kernel.
static LogicalResult emitErrors(const RunResult &result) {
  for (const RuntimeError &error : result.errors) {
    InFlightDiagnostic diagnostic = emitError(error.loc) << error.message;
    if (error.numRepeats > 0)
      diagnostic << " (and " << error.numRepeats << " more)";
    if (error.noteLoc)
      diagnostic.attachNote(error.noteLoc) << error.note;
  }
  return success(result.succeeded());
}

namespace {
class InterpreterDevice : public TestDevice {
public:
  explicit InterpreterDevice(const RunOptions &options) : options(options) {}

  StringRef getName() const override { return "interp"; }
  /// Few, so that persistent kernels give each program several tiles.
  int64_t getNumSms() const override { return 4; }

  LogicalResult run(TestPlan &plan, std::string &output) override {
    // Which elements have been written, for buffers that start unspecified.
    std::vector<std::vector<uint8_t>> written(plan.buffers.size());
    for (auto [buffer, flags] : llvm::zip_equal(plan.buffers, written))
      if (!buffer.isInitialized)
        flags.assign(buffer.tensor.getMemory().size() /
                         getSizeInBytes(buffer.tensor.getDType()),
                     0);
    for (TestLaunch &launch : plan.launches)
      if (failed(run(plan, launch, written, output)))
        return failure();
    return success();
  }

private:
  LogicalResult run(TestPlan &plan, TestLaunch &launch,
                    std::vector<std::vector<uint8_t>> &written,
                    std::string &output) {
    auto kernels = launch.module->getOps<KernelOp>();
    FailureOr<CompiledKernel> kernel =
        CompiledKernel::compile(*kernels.begin());
    if (failed(kernel))
      return failure();
    std::vector<KernelArgument> arguments;
    for (const TestLaunchArgument &argument : launch.arguments) {
      if (!argument.buffer) {
        arguments.push_back(makeScalarArgument(argument.scalar));
        continue;
      }
      arguments.push_back(
          makeTensorArgument(plan.buffers[*argument.buffer].tensor, argument));
      arguments.back().written = written[*argument.buffer];
    }
    RunResult result = kernel->run(arguments, launch.grid, options);
    output += result.output;
    return emitErrors(result);
  }

  RunOptions options;
};
} // namespace

std::unique_ptr<TestDevice>
mlir::tk::createInterpreterDevice(const RunOptions &options) {
  return std::make_unique<InterpreterDevice>(options);
}

LogicalResult mlir::tk::runReference(ModuleOp module,
                                     MutableArrayRef<HostTensor> inputs,
                                     ArrayRef<HostValue> scalars,
                                     MutableArrayRef<HostTensor> results,
                                     const RunOptions &options,
                                     std::string &output) {
  auto function = module.lookupSymbol<func::FuncOp>("reference");
  if (!function)
    return module.emitError("expects a function 'reference'");
  FailureOr<CompiledKernel> kernel = CompiledKernel::compile(function);
  if (failed(kernel))
    return failure();
  // Views come in the order inputs, results; scalars between them.
  std::vector<KernelArgument> arguments;
  size_t numViews = 0, numScalars = 0;
  for (Type type : function.getArgumentTypes()) {
    if (isa<ViewType>(type)) {
      size_t i = numViews++;
      if (i >= inputs.size() + results.size())
        return function.emitError("expects fewer views");
      arguments.push_back(makeTensorArgument(
          i < inputs.size() ? inputs[i] : results[i - inputs.size()]));
      continue;
    }
    if (numScalars >= scalars.size())
      return function.emitError("expects fewer scalars");
    arguments.push_back(makeScalarArgument(scalars[numScalars++]));
  }
  RunOptions referenceOptions = options;
  referenceOptions.detectRaces = false;
  RunResult result = kernel->run(arguments, {1, 1, 1}, referenceOptions);
  output += result.output;
  return emitErrors(result);
}
