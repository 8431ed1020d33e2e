//===- EmulatorTestDevice.cpp - compiles launches and emulates their PTX --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/EmulatorTestDevice.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Emulator/Emulator.h"
#include "tk/Runtime/LaunchPlan.h"
#include "tk/Support/BinaryFile.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

class EmulatorTestDevice : public TestDevice {
public:
  EmulatorTestDevice(MLIRContext &context, const EmulatorTestOptions &given)
      : context(context), options(given) {
    if (!options.compiler.target.target)
      options.compiler.target.target = TargetInfo::lookup("sm_90a");
    options.compiler.startAt = Stage::Tk;
    options.compiler.stopAfter = Stage::PTX;
  }

  StringRef getName() const override { return "emu"; }
  /// Few, so that persistent kernels give each program several tiles.
  int64_t getNumSms() const override { return 4; }

  LogicalResult run(TestPlan &plan, std::string &output) override;
  std::string takeSlowness() override { return std::exchange(slowness, ""); }
  bool hasPlainConfiguration() const override { return !hasOnlyBinaries; }
  LogicalResult runPlain(TestPlan &plan, std::string &output) override;

  bool runsBinaries() const override { return true; }
  llvm::Error addBinary(StringRef contents,
                        const llvm::StringMap<std::string> &names) override;
  bool hasKernel(StringRef instance) const override {
    return kernels.contains(instance);
  }
  void clearKernels() override {
    kernels.clear();
    hasOnlyBinaries = false;
  }

private:
  /// PTX, and what it says of itself.
  struct LoadedPtx {
    std::string text;
    Manifest manifest;
  };
  struct LoadedKernel {
    const ManifestKernel *description = nullptr;
    std::shared_ptr<LoadedPtx> ptx;
  };
  static llvm::Expected<std::shared_ptr<LoadedPtx>> load(StringRef text);
  FailureOr<LoadedKernel> getKernel(TestLaunch &launch);
  FailureOr<LoadedKernel> compile(TestLaunch &launch);
  /// The addresses of the buffers.
  llvm::Expected<std::vector<uint64_t>> upload(Emulator &emulator,
                                               TestPlan &plan);
  LogicalResult runLaunch(Emulator &emulator, TestPlan &plan,
                          TestLaunch &launch, ArrayRef<uint64_t> addresses,
                          std::string &output);
  LogicalResult emulate(Emulator &emulator, Location loc,
                        const LoadedKernel &kernel, const LaunchPlan &plan,
                        std::string &output);
  LogicalResult report(Location loc, ArrayRef<EmulatorReport> reports);
  LogicalResult report(Location loc, llvm::Error error) {
    if (!error)
      return success();
    return emitError(loc) << llvm::toString(std::move(error));
  }

  MLIRContext &context;
  EmulatorTestOptions options;
  /// By instance; those of plain runs have a prefix.
  llvm::StringMap<LoadedKernel> kernels;
  bool hasOnlyBinaries = false;
  std::string slowness;
  /// Kernels run as simply as the compiler can make them.
  bool isPlain = false;
};

} // namespace

llvm::Expected<std::shared_ptr<EmulatorTestDevice::LoadedPtx>>
EmulatorTestDevice::load(StringRef text) {
  auto ptx = std::make_shared<LoadedPtx>();
  ptx->text = text.str();
  llvm::Expected<Manifest> manifest = readManifest(text);
  if (!manifest)
    return manifest.takeError();
  ptx->manifest = std::move(*manifest);
  return ptx;
}

llvm::Error
EmulatorTestDevice::addBinary(StringRef contents,
                              const llvm::StringMap<std::string> &names) {
  if (identifyBinary(contents) != BinaryKind::PTX)
    return llvm::createStringError("the emulator runs PTX, not machine code");
  llvm::Expected<std::shared_ptr<LoadedPtx>> ptx = load(contents);
  if (!ptx)
    return ptx.takeError();
  const Manifest &manifest = (*ptx)->manifest;
  for (const ManifestKernel &kernel : manifest.kernels)
    kernels[kernel.instance] = {&kernel, *ptx};
  for (const auto &[name, instance] : names)
    if (const ManifestKernel *kernel = manifest.findInstance(instance))
      kernels[name] = {kernel, *ptx};
  hasOnlyBinaries = true;
  return llvm::Error::success();
}

FailureOr<EmulatorTestDevice::LoadedKernel>
EmulatorTestDevice::compile(TestLaunch &launch) {
  TimingScope noTiming;
  CompilerOptions compilerOptions = options.compiler;
  if (isPlain)
    compilerOptions.definitions.push_back({"stages", "1"});
  FailureOr<CompilerOutput> output =
      Compiler(context, compilerOptions)
          .compile(OwningOpRef<ModuleOp>(launch.module->clone()), noTiming);
  if (failed(output))
    return failure();
  llvm::Expected<std::shared_ptr<LoadedPtx>> ptx = load(output->getContents());
  if (!ptx)
    return report(launch.module->getLoc(), ptx.takeError());
  return LoadedKernel{&(*ptx)->manifest.kernels.front(), *ptx};
}

FailureOr<EmulatorTestDevice::LoadedKernel>
EmulatorTestDevice::getKernel(TestLaunch &launch) {
  std::string instance = (isPlain ? "plain " : "") + launch.info.instance.str();
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

llvm::Expected<std::vector<uint64_t>>
EmulatorTestDevice::upload(Emulator &emulator, TestPlan &plan) {
  std::vector<uint64_t> addresses;
  for (const TestBuffer &buffer : plan.buffers) {
    ArrayRef<uint8_t> memory = buffer.tensor.getMemory();
    addresses.push_back(emulator.allocate(memory.size(), buffer.name));
    // What the kernel is to write first is known as unwritten, but has the
    // values of the poisoned tensor.
    if (llvm::Error error =
            emulator.write(addresses.back(), memory, buffer.isInitialized))
      return std::move(error);
  }
  return addresses;
}

/// The mistakes at their source lines, with the accesses as notes.
LogicalResult EmulatorTestDevice::report(Location loc,
                                         ArrayRef<EmulatorReport> reports) {
  auto locate = [&](const EmulatorSite &site) -> Location {
    if (site.sourceFile.empty())
      return loc;
    return FileLineColLoc::get(&context, site.sourceFile, site.sourceLine, 1);
  };
  for (const EmulatorReport &report : reports) {
    Location at = report.sites.empty() ? loc : locate(report.sites.front());
    InFlightDiagnostic diagnostic = emitError(at)
                                    << report.rule << ": " << report.detail
                                    << " (" << report.explanation << ")";
    for (const EmulatorSite &site : report.sites)
      diagnostic.attachNote(locate(site))
          << llvm::formatv("{0}: block ({1}, {2}, {3}), warp {4}, lanes "
                           "{5:x}, PTX line {6}: {7}",
                           site.role, site.block[0], site.block[1],
                           site.block[2], site.warp, site.lanes, site.ptxLine,
                           site.instruction)
                 .str();
    if (report.count > 1)
      diagnostic.attachNote(at) << report.count << " times";
  }
  return success(reports.empty());
}

LogicalResult EmulatorTestDevice::emulate(Emulator &emulator, Location loc,
                                          const LoadedKernel &kernel,
                                          const LaunchPlan &plan,
                                          std::string &output) {
  llvm::Expected<EmulatorModule *> module =
      emulator.load(kernel.ptx->text, plan.variant->symbol + ".ptx");
  if (!module)
    return report(loc, module.takeError());
  const PtxFunction *entry =
      getPtx(**module).lookupFunction(plan.variant->symbol);
  if (!entry)
    return emitError(loc) << "the PTX has no entry '" << plan.variant->symbol
                          << "'";
  EmulatorLaunch launch;
  launch.entry = plan.variant->symbol;
  for (unsigned axis = 0; axis < 3; ++axis) {
    launch.grid[axis] = plan.grid[axis];
    launch.block[axis] = plan.variant->blockSize[axis];
  }
  launch.dynamicSharedBytes = plan.variant->dynamicSharedBytes;
  for (auto [cell, parameter] : llvm::zip(plan.cells, entry->parameters)) {
    const auto *bytes = reinterpret_cast<const uint8_t *>(&cell);
    launch.arguments.emplace_back(bytes, bytes + parameter.sizeInBytes);
  }
  llvm::Expected<EmulatorResult> result =
      emulator.launch(**module, launch, options.emulator);
  if (!result)
    return report(loc, result.takeError());
  if (result->overBudget) {
    slowness =
        llvm::formatv("about {0:N} warp-instructions, the budget is {1:N}",
                      *result->overBudget, options.emulator.instructionBudget);
    return failure();
  }
  output += result->output;
  if (options.onResult)
    options.onResult(launch.entry, getPtx(**module), *result);
  return report(loc, result->reports);
}

LogicalResult EmulatorTestDevice::runLaunch(Emulator &emulator, TestPlan &plan,
                                            TestLaunch &launch,
                                            ArrayRef<uint64_t> addresses,
                                            std::string &output) {
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
    const HostTensor &tensor = plan.buffers[*argument.buffer].tensor;
    uint64_t address = addresses[*argument.buffer] + tensor.getOriginInBytes();
    if (!param.isTensor)
      arguments.push_back(LaunchArgument::pointer(address));
    else if (argument.hasOwnShape())
      arguments.push_back(LaunchArgument::tensor(
          address, tensor.getDType(), argument.shape, argument.strides));
    else
      arguments.push_back(LaunchArgument::tensor(
          address, tensor.getDType(), tensor.getShape(), tensor.getStrides()));
  }
  std::optional<StringRef> variant;
  if (isPlain)
    variant = "general";
  else if (!options.variant.empty())
    variant = options.variant;
  llvm::Expected<LaunchPlan> launchPlan =
      planLaunch(description, arguments, getNumSms(), variant);
  if (!launchPlan)
    return report(loc, launchPlan.takeError());
  if (launchPlan->isEmpty)
    return success();
  uint64_t workspace =
      emulator.allocate(launchPlan->workspaceBytes, "workspace");
  if (description.workspace.isZeroed)
    if (llvm::Error error = emulator.write(
            workspace, std::vector<uint8_t>(launchPlan->workspaceBytes)))
      return report(loc, std::move(error));
  launchPlan->setWorkspace(workspace);
  return emulate(emulator, loc, *kernel, *launchPlan, output);
}

LogicalResult EmulatorTestDevice::run(TestPlan &plan, std::string &output) {
  Emulator emulator;
  llvm::Expected<std::vector<uint64_t>> addresses = upload(emulator, plan);
  if (!addresses)
    return report(plan.getLoc(context), addresses.takeError());
  for (TestLaunch &launch : plan.launches)
    if (failed(runLaunch(emulator, plan, launch, *addresses, output)))
      return failure();
  for (auto [buffer, address] : llvm::zip_equal(plan.buffers, *addresses))
    if (buffer.mode != ParamMode::In)
      if (llvm::Error error = emulator.read(address, buffer.tensor.getMemory()))
        return report(plan.getLoc(context), std::move(error));
  return success();
}

LogicalResult EmulatorTestDevice::runPlain(TestPlan &plan,
                                           std::string &output) {
  isPlain = true;
  LogicalResult result = run(plan, output);
  isPlain = false;
  return result;
}

std::unique_ptr<TestDevice>
mlir::tk::createEmulatorDevice(MLIRContext &context,
                               const EmulatorTestOptions &options) {
  return std::make_unique<EmulatorTestDevice>(context, options);
}
