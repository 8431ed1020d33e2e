//===- GpuTestDevice.cpp - compiles launches and runs them on a GPU -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/GpuTestDevice.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace mlir::tk;

/// A binary, on the GPU.
struct GpuTestDevice::LoadedModule : LoadedBinary {
  explicit LoadedModule(DeviceModule module) : module(std::move(module)) {}
  DeviceModule module;
};

/// What is ready to be queued again and again.
struct GpuTestDevice::PreparedPlan {
  struct Launch {
    LoadedKernel kernel;
    LaunchPlan plan;
    DeviceBuffer workspace;
    bool zeroesWorkspace;
  };
  std::vector<DeviceTensor> tensors;
  /// Numbers of those that the launches expect to be zero.
  std::vector<size_t> zeroed;
  std::vector<Launch> launches;
};

GpuTestDevice::GpuTestDevice(MLIRContext &context,
                             const GpuTestOptions &options,
                             std::unique_ptr<GpuDevice> gpu)
    : CompiledTestDevice(context, options.compiler, options.variant),
      options(options), gpu(std::move(gpu)) {}

GpuTestDevice::~GpuTestDevice() {
  // Modules are unloaded while the device is still there.
  clearKernels();
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
      return llvm::createStringError(
          "no known target fits the GPU '" + facts.name + "'" +
          (facts.chip.empty() ? "" : " (" + facts.chip + ")") +
          "; pass --target");
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

llvm::Error GpuTestDevice::checkMemory(double sizeInBytes) {
  return gpu->checkMemory(sizeInBytes);
}

llvm::Expected<std::shared_ptr<GpuTestDevice::LoadedBinary>>
GpuTestDevice::load(StringRef contents) {
  llvm::Expected<DeviceModule> module = gpu->load(contents);
  if (!module)
    return module.takeError();
  return std::make_shared<LoadedModule>(std::move(*module));
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

LogicalResult GpuTestDevice::prepareLaunch(TestLaunch &launch,
                                           ArrayRef<LaunchArgument> buffers,
                                           PreparedPlan &prepared) {
  Location loc = launch.module->getLoc();
  FailureOr<LoadedKernel> kernel = getKernel(launch);
  if (failed(kernel))
    return failure();
  FailureOr<LaunchPlan> plan =
      planLaunch(launch, *kernel->description, buffers);
  if (failed(plan))
    return failure();
  PreparedPlan::Launch &result = prepared.launches.emplace_back();
  result.kernel = *kernel;
  result.zeroesWorkspace = kernel->description->workspace.isZeroed;
  result.plan = std::move(*plan);
  llvm::Expected<DeviceBuffer> workspace =
      gpu->allocate(result.plan.workspaceBytes);
  if (!workspace)
    return report(loc, workspace.takeError());
  result.workspace = std::move(*workspace);
  result.plan.setWorkspace(result.workspace.getAddress());
  return success();
}

FailureOr<std::vector<DeviceTensor>> GpuTestDevice::upload(TestPlan &plan) {
  std::vector<DeviceTensor> tensors;
  for (TestBuffer &buffer : plan.buffers) {
    llvm::Expected<DeviceTensor> tensor =
        DeviceTensor::upload(*gpu, buffer.tensor);
    if (!tensor)
      return report(plan.getLoc(context), tensor.takeError());
    tensors.push_back(std::move(*tensor));
  }
  return std::move(tensors);
}

LogicalResult GpuTestDevice::prepare(TestPlan &plan, PreparedPlan &prepared) {
  FailureOr<std::vector<DeviceTensor>> tensors = upload(plan);
  if (failed(tensors))
    return failure();
  prepared.tensors = std::move(*tensors);
  for (auto [number, buffer] : llvm::enumerate(plan.buffers))
    if (buffer.access == ParamAccess::Temp && buffer.isInitialized)
      prepared.zeroed.push_back(number);
  std::vector<LaunchArgument> buffers;
  for (const DeviceTensor &tensor : prepared.tensors)
    buffers.push_back(tensor.getArgument());
  for (TestLaunch &launch : plan.launches)
    if (failed(prepareLaunch(launch, buffers, prepared)))
      return failure();
  return success();
}

llvm::Error GpuTestDevice::launch(PreparedPlan &prepared) {
  for (size_t number : prepared.zeroed)
    if (llvm::Error error = prepared.tensors[number].zero(*gpu))
      return error;
  for (PreparedPlan::Launch &launch : prepared.launches) {
    auto &binary = static_cast<LoadedModule &>(*launch.kernel.binary);
    if (launch.zeroesWorkspace)
      if (llvm::Error error = gpu->fill(launch.workspace.getAddress(), 0,
                                        launch.workspace.getSizeInBytes()))
        return error;
    if (llvm::Error error = gpu->launch(binary.module, launch.plan))
      return error;
  }
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Running and measuring
//===----------------------------------------------------------------------===//

LogicalResult GpuTestDevice::run(TestPlan &plan, std::string &output) {
  PreparedPlan prepared;
  if (failed(prepare(plan, prepared)))
    return failure();
  Location loc = plan.getLoc(context);
  if (failed(report(loc, launch(prepared))) || failed(report(loc, gpu->wait())))
    return failure();
  for (auto [buffer, tensor] : llvm::zip_equal(plan.buffers, prepared.tensors))
    if (buffer.access != ParamAccess::Read &&
        failed(report(loc, tensor.download(*gpu, buffer.tensor))))
      return failure();
  return success();
}

/// How many copies of the buffers go around: so many that a launch does not
/// find in the cache what the launch before it left there.
static int64_t countCopies(const TestPlan &plan, int64_t cacheBytes) {
  constexpr int64_t kMaxCopies = 16;
  int64_t bytes = 0;
  for (const TestBuffer &buffer : plan.buffers)
    bytes += buffer.tensor.getMemory().size();
  if (bytes == 0 || bytes > cacheBytes)
    return 1;
  return std::min<int64_t>(kMaxCopies, llvm::divideCeil(2 * cacheBytes, bytes));
}

FailureOr<Measurement>
GpuTestDevice::measure(TestPlan &plan, const BenchOptions &benchOptions) {
  int64_t numCopies =
      benchOptions.flushL2 ? countCopies(plan, gpu->getFacts().l2Bytes) : 1;
  std::vector<PreparedPlan> copies(numCopies);
  for (PreparedPlan &copy : copies)
    if (failed(prepare(plan, copy)))
      return failure();
  // Kernels that update their input would run away in thousands of launches.
  std::vector<std::pair<size_t, DeviceTensor>> originals;
  for (auto [number, buffer] : llvm::enumerate(plan.buffers)) {
    if (buffer.access != ParamAccess::Mut)
      continue;
    llvm::Expected<DeviceTensor> original =
        DeviceTensor::upload(*gpu, buffer.tensor);
    if (!original)
      return report(plan.getLoc(context), original.takeError());
    originals.emplace_back(number, std::move(*original));
  }
  auto restore = [&](int64_t iteration) -> llvm::Error {
    PreparedPlan &copy = copies[iteration % numCopies];
    for (auto &[number, original] : originals)
      if (llvm::Error error = copy.tensors[number].copyFrom(*gpu, original))
        return error;
    return llvm::Error::success();
  };
  auto launchCopy = [&](int64_t iteration) {
    return launch(copies[iteration % numCopies]);
  };
  llvm::Expected<Measurement> result =
      tk::measure(*gpu, benchOptions, launchCopy, restore);
  if (!result)
    return report(plan.getLoc(context), result.takeError());
  return std::move(*result);
}
