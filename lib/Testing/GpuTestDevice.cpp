//===- GpuTestDevice.cpp - compiles launches and runs them on a GPU -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/GpuTestDevice.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Support/BinaryFile.h"

using namespace mlir;
using namespace mlir::tk;

/// What is ready to be queued again and again.
struct GpuTestDevice::PreparedPlan {
  struct Launch {
    LoadedKernel *kernel;
    LaunchPlan plan;
    DeviceBuffer workspace;
    bool zeroesWorkspace;
  };
  std::vector<DeviceTensor> tensors;
  std::vector<Launch> launches;
};

GpuTestDevice::GpuTestDevice(MLIRContext &context,
                             const GpuTestOptions &options,
                             std::unique_ptr<GpuDevice> gpu)
    : context(context), options(options), gpu(std::move(gpu)) {}

GpuTestDevice::~GpuTestDevice() {
  // Modules are unloaded while the device is still there.
  kernels.clear();
}

llvm::Expected<std::unique_ptr<GpuTestDevice>>
GpuTestDevice::create(MLIRContext &context, const GpuTestOptions &options) {
  llvm::Expected<std::unique_ptr<GpuDevice>> gpu =
      GpuDevice::create(options.vendor, options.index, options.driverPath);
  if (!gpu)
    return gpu.takeError();
  (*gpu)->setTimeout(std::chrono::milliseconds(
      static_cast<int64_t>(options.timeoutInSeconds * 1000)));
  GpuTestOptions filled = options;
  if (!filled.compiler.target.target) {
    const DeviceFacts &facts = (*gpu)->getFacts();
    filled.compiler.target.target = TargetInfo::lookup(facts.target);
    if (!filled.compiler.target.target)
      return llvm::createStringError("no known target fits the GPU '" +
                                     facts.name + "'; pass --target");
  }
  filled.compiler.startAt = Stage::Tk;
  // Without an assembler the driver's own serves.
  bool leavesPtx = options.vendor == Vendor::NVIDIA &&
                   !hasPtxAssembler(options.compiler.target);
  filled.compiler.stopAfter = leavesPtx ? Stage::PTX : Stage::Binary;
  return std::unique_ptr<GpuTestDevice>(
      new GpuTestDevice(context, filled, std::move(*gpu)));
}

StringRef GpuTestDevice::getName() const {
  return options.vendor == Vendor::NVIDIA ? "cuda" : "hip";
}

int64_t GpuTestDevice::getNumSms() const {
  return gpu->getFacts().numProcessors;
}

LogicalResult GpuTestDevice::report(Location loc, llvm::Error error) {
  if (!error)
    return success();
  return emitError(loc) << llvm::toString(std::move(error));
}

FailureOr<GpuTestDevice::LoadedKernel *>
GpuTestDevice::getKernel(TestLaunch &launch) {
  std::string instance = launch.info.instance.str();
  std::unique_ptr<LoadedKernel> &slot = kernels[instance];
  if (slot)
    return slot.get();
  TimingScope noTiming;
  Location loc = launch.module->getLoc();
  FailureOr<CompilerOutput> output =
      Compiler(context, options.compiler)
          .compile(OwningOpRef<ModuleOp>(launch.module->clone()), noTiming);
  if (failed(output))
    return failure();
  auto kernel = std::make_unique<LoadedKernel>();
  llvm::Expected<Manifest> manifest = readManifest(output->getContents());
  if (!manifest)
    return report(loc, manifest.takeError());
  kernel->manifest = std::move(*manifest);
  llvm::Expected<DeviceModule> module = gpu->load(output->getContents());
  if (!module)
    return report(loc, module.takeError());
  kernel->module = std::move(*module);
  slot = std::move(kernel);
  return slot.get();
}

LogicalResult GpuTestDevice::prepareLaunch(TestLaunch &launch,
                                           PreparedPlan &prepared) {
  Location loc = launch.module->getLoc();
  FailureOr<LoadedKernel *> kernel = getKernel(launch);
  if (failed(kernel))
    return failure();
  const ManifestKernel &description = (*kernel)->manifest.kernels.front();
  SmallVector<LaunchArgument> arguments;
  for (auto [argument, param] :
       llvm::zip(launch.arguments, description.params)) {
    if (!argument.buffer) {
      arguments.push_back(LaunchArgument::scalar(argument.scalar));
      continue;
    }
    LaunchArgument tensor = prepared.tensors[*argument.buffer].getArgument();
    arguments.push_back(
        param.isTensor ? tensor : LaunchArgument::pointer(tensor.address));
  }
  std::optional<StringRef> variant;
  if (!options.variant.empty())
    variant = options.variant;
  llvm::Expected<LaunchPlan> plan =
      planLaunch(description, arguments, getNumSms(), variant);
  if (!plan)
    return report(loc, plan.takeError());
  PreparedPlan::Launch &result = prepared.launches.emplace_back();
  result.kernel = *kernel;
  result.zeroesWorkspace = description.workspace.isZeroed;
  result.plan = std::move(*plan);
  llvm::Expected<DeviceBuffer> workspace =
      gpu->allocate(result.plan.workspaceBytes);
  if (!workspace)
    return report(loc, workspace.takeError());
  result.workspace = std::move(*workspace);
  result.plan.setWorkspace(result.workspace.getAddress());
  return success();
}

LogicalResult GpuTestDevice::prepare(TestPlan &plan, PreparedPlan &prepared) {
  for (TestBuffer &buffer : plan.buffers) {
    llvm::Expected<DeviceTensor> tensor =
        DeviceTensor::upload(*gpu, buffer.tensor);
    if (!tensor)
      return report(UnknownLoc::get(&context), tensor.takeError());
    prepared.tensors.push_back(std::move(*tensor));
  }
  for (TestLaunch &launch : plan.launches)
    if (failed(prepareLaunch(launch, prepared)))
      return failure();
  return success();
}

llvm::Error GpuTestDevice::launch(PreparedPlan &prepared) {
  for (PreparedPlan::Launch &launch : prepared.launches) {
    if (launch.zeroesWorkspace)
      if (llvm::Error error = gpu->fill(launch.workspace.getAddress(), 0,
                                        launch.workspace.getSizeInBytes()))
        return error;
    if (llvm::Error error = gpu->launch(launch.kernel->module, launch.plan))
      return error;
  }
  return llvm::Error::success();
}

LogicalResult GpuTestDevice::run(TestPlan &plan, std::string &output) {
  PreparedPlan prepared;
  if (failed(prepare(plan, prepared)))
    return failure();
  Location loc = plan.launches.empty() ? UnknownLoc::get(&context)
                                       : plan.launches.front().module->getLoc();
  if (failed(report(loc, launch(prepared))) || failed(report(loc, gpu->wait())))
    return failure();
  for (auto [buffer, tensor] : llvm::zip_equal(plan.buffers, prepared.tensors))
    if (buffer.mode != ParamMode::In &&
        failed(report(loc, tensor.download(*gpu, buffer.tensor))))
      return failure();
  return success();
}

FailureOr<Measurement>
GpuTestDevice::measure(TestPlan &plan, const BenchOptions &benchOptions) {
  PreparedPlan prepared;
  if (failed(prepare(plan, prepared)))
    return failure();
  llvm::Expected<Measurement> result = tk::measure(
      *gpu, benchOptions, [&](int64_t) { return launch(prepared); });
  if (!result)
    return report(plan.launches.front().module->getLoc(), result.takeError());
  return std::move(*result);
}
