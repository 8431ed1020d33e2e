//===- InterpreterDevice.cpp - the interpreter as a device ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "InterpreterLaunch.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Dialect/Tk/IR/Tk.h"

using namespace mlir;
using namespace mlir::tk;

TestDevice::~TestDevice() = default;

llvm::Error TestDevice::addBinary(StringRef,
                                  const llvm::StringMap<std::string> &) {
  return llvm::createStringError("the device '" + getName() +
                                 "' runs no binaries");
}

llvm::Error TestDevice::checkMemory(double) { return llvm::Error::success(); }

LogicalResult TestDevice::runPlain(TestPlan &, std::string &) {
  return failure();
}

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

LogicalResult mlir::tk::emitErrors(const RunResult &result) {
  for (const RuntimeError &error : result.errors) {
    InFlightDiagnostic diagnostic = emitError(error.loc) << error.message;
    if (error.numRepeats > 0)
      diagnostic << " (and " << error.numRepeats << " more)";
    if (error.noteLoc)
      diagnostic.attachNote(error.noteLoc) << error.note;
  }
  return success(result.succeeded());
}

WrittenFlags mlir::tk::makeWrittenFlags(ArrayRef<TestBuffer> buffers) {
  WrittenFlags written(buffers.size());
  for (auto [buffer, flags] : llvm::zip_equal(buffers, written))
    if (!buffer.isInitialized)
      flags.assign(buffer.tensor.getMemory().size() /
                       getSizeInBytes(buffer.tensor.getDType()),
                   0);
  return written;
}

FailureOr<RunResult>
mlir::tk::runLaunch(FunctionOpInterface function,
                    MutableArrayRef<TestBuffer> buffers, WrittenFlags &written,
                    ArrayRef<TestLaunchArgument> launchArguments,
                    std::array<int64_t, 3> grid, const RunOptions &options) {
  FailureOr<CompiledKernel> kernel = CompiledKernel::compile(function);
  if (failed(kernel))
    return failure();
  std::vector<KernelArgument> arguments;
  for (auto [i, argument] : llvm::enumerate(launchArguments)) {
    if (!argument.buffer) {
      arguments.push_back(makeScalarArgument(argument.scalar));
      continue;
    }
    HostTensor &tensor = buffers[*argument.buffer].tensor;
    bool isPointer = i < function.getNumArguments() &&
                     isa<PtrType>(function.getArgumentTypes()[i]);
    arguments.push_back(isPointer ? KernelArgument::pointer(tensor.getDType(),
                                                            tensor.getData(),
                                                            tensor.getMemory())
                                  : makeTensorArgument(tensor, argument));
    arguments.back().written = written[*argument.buffer];
  }
  return kernel->run(arguments, grid, options);
}

namespace {
class InterpreterDevice : public TestDevice {
public:
  explicit InterpreterDevice(const RunOptions &options) : options(options) {}

  StringRef getName() const override { return "interp"; }
  /// Few, so that persistent kernels give each program several tiles.
  int64_t getNumSms() const override { return 4; }

  LogicalResult run(TestPlan &plan, std::string &output) override {
    WrittenFlags written = makeWrittenFlags(plan.buffers);
    for (TestLaunch &launch : plan.launches) {
      KernelOp kernel = *launch.module->getOps<KernelOp>().begin();
      FailureOr<RunResult> result =
          runLaunch(kernel, plan.buffers, written, launch.arguments,
                    launch.grid, options);
      if (failed(result))
        return failure();
      output += result->output;
      if (failed(emitErrors(*result)))
        return failure();
    }
    return success();
  }

private:
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
  assert(function && "this is what a reference is called");
  FailureOr<CompiledKernel> kernel = CompiledKernel::compile(function);
  if (failed(kernel))
    return failure();
  // Views come in the order inputs, results; scalars between them.
  std::vector<KernelArgument> arguments;
  size_t numViews = 0, numScalars = 0;
  for (Type type : function.getArgumentTypes()) {
    if (isa<ViewType>(type)) {
      size_t i = numViews++;
      assert(i < inputs.size() + results.size() && "one each");
      arguments.push_back(makeTensorArgument(
          i < inputs.size() ? inputs[i] : results[i - inputs.size()]));
      continue;
    }
    assert(numScalars < scalars.size() && "one each");
    arguments.push_back(makeScalarArgument(scalars[numScalars++]));
  }
  RunOptions referenceOptions = options;
  referenceOptions.detectRaces = false;
  RunResult result = kernel->run(arguments, {1, 1, 1}, referenceOptions);
  output += result.output;
  return emitErrors(result);
}
