//===- CompiledTestDevice.cpp - devices that run what the compiler makes --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/CompiledTestDevice.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Support/BinaryFile.h"

using namespace mlir;
using namespace mlir::tk;

CompiledTestDevice::LoadedBinary::~LoadedBinary() = default;

LogicalResult CompiledTestDevice::report(Location loc, llvm::Error error) {
  if (!error)
    return success();
  return emitError(loc) << llvm::toString(std::move(error));
}

LogicalResult CompiledTestDevice::runPlain(TestPlan &plan,
                                           std::string &output) {
  isPlain = true;
  LogicalResult result = run(plan, output);
  isPlain = false;
  return result;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

void CompiledTestDevice::clearKernels() {
  kernels.clear();
  hasOnlyBinaries = false;
}

llvm::Expected<std::shared_ptr<CompiledTestDevice::LoadedBinary>>
CompiledTestDevice::open(StringRef contents) {
  llvm::Expected<Manifest> manifest = readManifest(contents);
  if (!manifest)
    return manifest.takeError();
  llvm::Expected<std::shared_ptr<LoadedBinary>> binary = load(contents);
  if (binary)
    (*binary)->manifest = std::move(*manifest);
  return binary;
}

llvm::Error
CompiledTestDevice::addBinary(StringRef contents,
                              const llvm::StringMap<std::string> &names) {
  llvm::Expected<std::shared_ptr<LoadedBinary>> binary = open(contents);
  if (!binary)
    return binary.takeError();
  const Manifest &manifest = (*binary)->manifest;
  for (const ManifestKernel &kernel : manifest.kernels)
    kernels[kernel.instance] = {&kernel, *binary};
  for (const auto &[name, instance] : names)
    if (const ManifestKernel *kernel = manifest.findInstance(instance))
      kernels[name] = {kernel, *binary};
  hasOnlyBinaries = true;
  return llvm::Error::success();
}

FailureOr<CompiledTestDevice::LoadedKernel>
CompiledTestDevice::compile(TestLaunch &launch) {
  TimingScope noTiming;
  CompilerOptions compilerOptions = compiler;
  if (isPlain)
    compilerOptions.definitions.push_back({"stages", "1"});
  FailureOr<CompilerOutput> output =
      Compiler(context, compilerOptions)
          .compile(OwningOpRef<ModuleOp>(launch.module->clone()), noTiming);
  if (failed(output))
    return failure();
  llvm::Expected<std::shared_ptr<LoadedBinary>> binary =
      open(output->getContents());
  if (!binary)
    return report(launch.module->getLoc(), binary.takeError());
  return LoadedKernel{&(*binary)->manifest.kernels.front(), *binary};
}

FailureOr<CompiledTestDevice::LoadedKernel>
CompiledTestDevice::getKernel(TestLaunch &launch) {
  std::string instance = launch.info.instance.str();
  if (!hasOnlyBinaries && isPlain)
    instance = "plain " + instance;
  auto found = kernels.find(instance);
  if (found != kernels.end())
    return found->second;
  if (hasOnlyBinaries)
    return emitError(launch.module->getLoc())
           << "the binary has no kernel '" << instance << "'";
  FailureOr<LoadedKernel> kernel = compile(launch);
  if (succeeded(kernel))
    kernels[instance] = *kernel;
  return kernel;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

FailureOr<LaunchPlan>
CompiledTestDevice::planLaunch(const TestLaunch &launch,
                               const ManifestKernel &kernel,
                               ArrayRef<LaunchArgument> buffers) const {
  SmallVector<LaunchArgument> arguments;
  for (auto [argument, param] : llvm::zip(launch.arguments, kernel.params)) {
    if (!argument.buffer) {
      arguments.push_back(LaunchArgument::scalar(argument.scalar));
      continue;
    }
    const LaunchArgument &buffer = buffers[*argument.buffer];
    if (!param.isTensor)
      arguments.push_back(LaunchArgument::pointer(buffer.address));
    else if (argument.hasOwnShape())
      arguments.push_back(LaunchArgument::tensor(
          buffer.address, buffer.dtype, argument.shape, argument.strides));
    else
      arguments.push_back(buffer);
  }
  std::optional<StringRef> wanted;
  if (isPlain)
    wanted = "general";
  else if (!variant.empty())
    wanted = variant;
  llvm::Expected<LaunchPlan> plan =
      tk::planLaunch(kernel, arguments, getNumSms(), wanted);
  if (!plan)
    return report(launch.module.get()->getLoc(), plan.takeError());
  return std::move(*plan);
}
