//===- GpuTestDevice.h - compiles launches and runs them on a GPU ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_GPUTESTDEVICE_H
#define TK_TESTING_GPUTESTDEVICE_H

#include "tk/Pipelines/Compiler.h"
#include "tk/Runtime/Benchmark.h"
#include "tk/Testing/TestDevice.h"
#include "llvm/ADT/StringMap.h"

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

/// A GPU as a device for tests and benches. Each instance is compiled once, or
/// comes from a binary.
class GpuTestDevice : public TestDevice {
public:
  static llvm::Expected<std::unique_ptr<GpuTestDevice>>
  create(MLIRContext &context, const GpuTestOptions &options);
  ~GpuTestDevice() override;

  StringRef getName() const override;
  int64_t getNumSms() const override;
  llvm::Error checkMemory(double sizeInBytes) override;
  LogicalResult run(TestPlan &plan, std::string &output) override;
  bool hasPlainConfiguration() const override { return true; }
  LogicalResult runPlain(TestPlan &plan, std::string &output) override;

  /// Times the launches of `plan`, all of them together. Between launches,
  /// outside of the time, `mut` buffers are set to what they were. With the
  /// cache flushed, buffers that fit into it rotate among copies.
  FailureOr<Measurement> measure(TestPlan &plan, const BenchOptions &options);

  bool runsBinaries() const override { return true; }
  llvm::Error addBinary(StringRef contents,
                        const llvm::StringMap<std::string> &names) override;
  bool hasKernel(StringRef instance) const override {
    return kernels.contains(instance);
  }
  void clearKernels() override;

  GpuDevice &getGpu() { return *gpu; }

private:
  /// A binary that is loaded.
  struct LoadedBinary {
    Manifest manifest;
    DeviceModule module;
  };
  struct LoadedKernel {
    const ManifestKernel *description = nullptr;
    std::shared_ptr<LoadedBinary> binary;
  };
  /// The launches of a plan, with their memory.
  struct PreparedPlan;

  GpuTestDevice(MLIRContext &context, const GpuTestOptions &options,
                std::unique_ptr<GpuDevice> gpu);
  FailureOr<LoadedKernel> getKernel(TestLaunch &launch);
  FailureOr<LoadedKernel> compile(TestLaunch &launch);
  llvm::Expected<std::shared_ptr<LoadedBinary>> load(StringRef contents);
  LogicalResult prepare(TestPlan &plan, PreparedPlan &prepared);
  FailureOr<std::vector<DeviceTensor>> upload(TestPlan &plan);
  LogicalResult prepareLaunch(TestLaunch &launch, PreparedPlan &prepared);
  llvm::Error launch(PreparedPlan &prepared);
  LogicalResult report(Location loc, llvm::Error error);

  MLIRContext &context;
  GpuTestOptions options;
  std::unique_ptr<GpuDevice> gpu;
  /// By instance; those of plain runs have a prefix.
  llvm::StringMap<LoadedKernel> kernels;
  bool hasOnlyBinaries = false;
  /// Kernels run as simply as the compiler can make them.
  bool isPlain = false;
};

} // namespace mlir::tk

#endif // TK_TESTING_GPUTESTDEVICE_H
