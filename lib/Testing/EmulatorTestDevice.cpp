//===- EmulatorTestDevice.cpp - compiles launches and emulates their PTX --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/EmulatorTestDevice.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Emulator/Emulator.h"
#include "tk/Support/BinaryFile.h"
#include "tk/Testing/CompiledTestDevice.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::tk;

namespace {

class EmulatorTestDevice : public CompiledTestDevice {
public:
  EmulatorTestDevice(MLIRContext &context, const EmulatorTestOptions &options)
      : CompiledTestDevice(context, makeCompilerOptions(options),
                           options.variant),
        options(options) {}

  StringRef getName() const override { return "emu"; }
  /// Few, so that persistent kernels give each program several tiles.
  int64_t getNumSms() const override { return 4; }

  LogicalResult run(TestPlan &plan, std::string &output) override;
  std::string takeSlowness() override { return std::exchange(slowness, ""); }

private:
  struct LoadedPtx : LoadedBinary {
    std::string text;
  };
  static CompilerOptions
  makeCompilerOptions(const EmulatorTestOptions &options);
  llvm::Expected<std::shared_ptr<LoadedBinary>>
  load(StringRef contents) override;
  /// The addresses of the buffers.
  llvm::Expected<std::vector<uint64_t>> upload(Emulator &emulator,
                                               TestPlan &plan);
  LogicalResult runLaunch(Emulator &emulator, TestLaunch &launch,
                          ArrayRef<LaunchArgument> buffers,
                          std::string &output);
  LogicalResult emulate(Emulator &emulator, Location loc, StringRef ptx,
                        const LaunchPlan &plan, std::string &output);
  LogicalResult reportAll(Location loc, ArrayRef<EmulatorReport> reports);

  EmulatorTestOptions options;
  std::string slowness;
};

} // namespace

CompilerOptions
EmulatorTestDevice::makeCompilerOptions(const EmulatorTestOptions &options) {
  CompilerOptions compiler = options.compiler;
  if (!compiler.target.target)
    compiler.target.target = TargetInfo::lookup("sm_90a");
  compiler.startAt = Stage::Tk;
  compiler.stopAfter = Stage::PTX;
  return compiler;
}

llvm::Expected<std::shared_ptr<EmulatorTestDevice::LoadedBinary>>
EmulatorTestDevice::load(StringRef contents) {
  if (identifyBinary(contents) != BinaryKind::PTX)
    return llvm::createStringError("the emulator runs PTX, not machine code");
  auto ptx = std::make_shared<LoadedPtx>();
  ptx->text = contents.str();
  return ptx;
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
LogicalResult EmulatorTestDevice::reportAll(Location loc,
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
                                          StringRef ptx, const LaunchPlan &plan,
                                          std::string &output) {
  llvm::Expected<EmulatorModule *> module =
      emulator.load(ptx, plan.variant->symbol + ".ptx");
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
  return reportAll(loc, result->reports);
}

LogicalResult EmulatorTestDevice::runLaunch(Emulator &emulator,
                                            TestLaunch &launch,
                                            ArrayRef<LaunchArgument> buffers,
                                            std::string &output) {
  Location loc = launch.module->getLoc();
  FailureOr<LoadedKernel> kernel = getKernel(launch);
  if (failed(kernel))
    return failure();
  FailureOr<LaunchPlan> plan =
      planLaunch(launch, *kernel->description, buffers);
  if (failed(plan))
    return failure();
  if (plan->isEmpty)
    return success();
  uint64_t workspace = emulator.allocate(plan->workspaceBytes, "workspace");
  if (kernel->description->workspace.isZeroed)
    if (llvm::Error error = emulator.write(
            workspace, std::vector<uint8_t>(plan->workspaceBytes)))
      return report(loc, std::move(error));
  plan->setWorkspace(workspace);
  return emulate(emulator, loc, static_cast<LoadedPtx &>(*kernel->binary).text,
                 *plan, output);
}

LogicalResult EmulatorTestDevice::run(TestPlan &plan, std::string &output) {
  Emulator emulator;
  llvm::Expected<std::vector<uint64_t>> addresses = upload(emulator, plan);
  if (!addresses)
    return report(plan.getLoc(context), addresses.takeError());
  std::vector<LaunchArgument> buffers;
  for (auto [buffer, address] : llvm::zip_equal(plan.buffers, *addresses)) {
    const HostTensor &tensor = buffer.tensor;
    buffers.push_back(LaunchArgument::tensor(
        address + tensor.getOriginInBytes(), tensor.getDType(),
        tensor.getShape(), tensor.getStrides()));
  }
  for (TestLaunch &launch : plan.launches)
    if (failed(runLaunch(emulator, launch, buffers, output)))
      return failure();
  for (auto [buffer, address] : llvm::zip_equal(plan.buffers, *addresses))
    if (buffer.access != ParamAccess::Read)
      if (llvm::Error error = emulator.read(address, buffer.tensor.getMemory()))
        return report(plan.getLoc(context), std::move(error));
  return success();
}

std::unique_ptr<TestDevice>
mlir::tk::createEmulatorDevice(MLIRContext &context,
                               const EmulatorTestOptions &options) {
  return std::make_unique<EmulatorTestDevice>(context, options);
}
