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

LogicalResult GpuTestDevice::report(Location loc, llvm::Error error) {
  if (!error)
    return success();
  return emitError(loc) << llvm::toString(std::move(error));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

void GpuTestDevice::clearKernels() {
  kernels.clear();
  hasOnlyBinaries = false;
}

llvm::Expected<std::shared_ptr<GpuTestDevice::LoadedBinary>>
GpuTestDevice::load(StringRef contents) {
  auto binary = std::make_shared<LoadedBinary>();
  llvm::Expected<Manifest> manifest = readManifest(contents);
  if (!manifest)
    return manifest.takeError();
  binary->manifest = std::move(*manifest);
  llvm::Expected<DeviceModule> module = gpu->load(contents);
  if (!module)
    return module.takeError();
  binary->module = std::move(*module);
  return binary;
}

llvm::Error
GpuTestDevice::addBinary(StringRef contents,
                         const llvm::StringMap<std::string> &names) {
  llvm::Expected<std::shared_ptr<LoadedBinary>> binary = load(contents);
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

FailureOr<GpuTestDevice::LoadedKernel>
GpuTestDevice::compile(TestLaunch &launch) {
  TimingScope noTiming;
  CompilerOptions compilerOptions = options.compiler;
  if (isPlain)
    compilerOptions.definitions.push_back({"stages", "1"});
  FailureOr<CompilerOutput> output =
      Compiler(context, compilerOptions)
          .compile(OwningOpRef<ModuleOp>(launch.module->clone()), noTiming);
  if (failed(output))
    return failure();
  llvm::Expected<std::shared_ptr<LoadedBinary>> binary =
      load(output->getContents());
  if (!binary)
    return report(launch.module->getLoc(), binary.takeError());
  return LoadedKernel{&(*binary)->manifest.kernels.front(), *binary};
}

FailureOr<GpuTestDevice::LoadedKernel>
GpuTestDevice::getKernel(TestLaunch &launch) {
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

LogicalResult GpuTestDevice::prepareLaunch(TestLaunch &launch,
                                           PreparedPlan &prepared) {
  Location loc = launch.module->getLoc();
  FailureOr<LoadedKernel> kernel = getKernel(launch);
  if (failed(kernel))
    return failure();
  const ManifestKernel &description = *kernel->description;
  SmallVector<LaunchArgument> arguments;
  for (auto [argument, param] :
       llvm::zip(launch.arguments, description.params)) {
    if (!argument.buffer) {
      arguments.push_back(LaunchArgument::scalar(argument.scalar));
      continue;
    }
    const DeviceTensor &buffer = prepared.tensors[*argument.buffer];
    LaunchArgument tensor =
        argument.hasOwnShape()
            ? buffer.getArgument(argument.shape, argument.strides)
            : buffer.getArgument();
    arguments.push_back(
        param.isTensor ? tensor : LaunchArgument::pointer(tensor.address));
  }
  std::optional<StringRef> variant;
  if (isPlain)
    variant = "general";
  else if (!options.variant.empty())
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
    if (buffer.mode == ParamMode::Temp && buffer.isInitialized)
      prepared.zeroed.push_back(number);
  for (TestLaunch &launch : plan.launches)
    if (failed(prepareLaunch(launch, prepared)))
      return failure();
  return success();
}

llvm::Error GpuTestDevice::launch(PreparedPlan &prepared) {
  for (size_t number : prepared.zeroed)
    if (llvm::Error error = prepared.tensors[number].zero(*gpu))
      return error;
  for (PreparedPlan::Launch &launch : prepared.launches) {
    if (launch.zeroesWorkspace)
      if (llvm::Error error = gpu->fill(launch.workspace.getAddress(), 0,
                                        launch.workspace.getSizeInBytes()))
        return error;
    if (llvm::Error error =
            gpu->launch(launch.kernel.binary->module, launch.plan))
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
    if (buffer.mode != ParamMode::In &&
        failed(report(loc, tensor.download(*gpu, buffer.tensor))))
      return failure();
  return success();
}

LogicalResult GpuTestDevice::runPlain(TestPlan &plan, std::string &output) {
  isPlain = true;
  LogicalResult result = run(plan, output);
  isPlain = false;
  return result;
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
    if (buffer.mode != ParamMode::Mut)
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
