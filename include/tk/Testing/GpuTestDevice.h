//===- GpuTestDevice.h - compiles launches and runs them on a GPU ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_GPUTESTDEVICE_H
#define TK_TESTING_GPUTESTDEVICE_H

#include "tk/Runtime/Benchmark.h"
#include "tk/Testing/CompiledTestDevice.h"

namespace mlir::tk {

struct GpuTestOptions {
  Vendor vendor = Vendor::NVIDIA;
  int index = 0;
  /// A launch that takes longer is an error.
  double timeoutInSeconds = 60;
  /// Where tools are; the chip is that of the GPU if not given.
  CompilerOptions compiler;
  /// Only this variant of every kernel; if empty, the first that fits.
  std::string variant;
  /// Replaces the usual driver.
  std::string driverPath;
};

/// A GPU as a device for tests and benches.
class GpuTestDevice : public CompiledTestDevice {
public:
  static llvm::Expected<std::unique_ptr<GpuTestDevice>>
  create(MLIRContext &context, const GpuTestOptions &options);
  ~GpuTestDevice() override;

  StringRef getName() const override;
  int64_t getNumSms() const override;
  llvm::Error checkMemory(double sizeInBytes) override;
  LogicalResult run(TestPlan &plan, std::string &output) override;

  /// Times the launches of `plan`, all of them together. Between launches,
  /// outside of the time, `mut` buffers are set to what they were. With the
  /// cache flushed, buffers that fit into it rotate among copies.
  FailureOr<Measurement> measure(TestPlan &plan, const BenchOptions &options);

  GpuDevice &getGpu() { return *gpu; }

private:
  struct LoadedModule;
  /// The launches of a plan, with their memory.
  struct PreparedPlan;

  GpuTestDevice(MLIRContext &context, const GpuTestOptions &options,
                std::unique_ptr<GpuDevice> gpu);
  llvm::Expected<std::shared_ptr<LoadedBinary>>
  load(StringRef contents) override;
  LogicalResult prepare(TestPlan &plan, PreparedPlan &prepared);
  FailureOr<std::vector<DeviceTensor>> upload(TestPlan &plan);
  LogicalResult prepareLaunch(TestLaunch &launch,
                              ArrayRef<LaunchArgument> buffers,
                              PreparedPlan &prepared);
  llvm::Error launch(PreparedPlan &prepared);

  GpuTestOptions options;
  std::unique_ptr<GpuDevice> gpu;
};

} // namespace mlir::tk

#endif // TK_TESTING_GPUTESTDEVICE_H
