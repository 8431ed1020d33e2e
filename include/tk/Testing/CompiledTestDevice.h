//===- CompiledTestDevice.h - devices that run what the compiler makes ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_COMPILEDTESTDEVICE_H
#define TK_TESTING_COMPILEDTESTDEVICE_H

#include "tk/Pipelines/Compiler.h"
#include "tk/Runtime/LaunchPlan.h"
#include "tk/Testing/TestDevice.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::tk {

/// Compiles each instance once, or takes it from a binary. What a binary is
/// loaded into, and how a kernel is launched, is left to the device.
class CompiledTestDevice : public TestDevice {
public:
  bool hasPlainConfiguration() const override { return true; }
  LogicalResult runPlain(TestPlan &plan, std::string &output) override;

  bool runsBinaries() const override { return true; }
  llvm::Error addBinary(StringRef contents,
                        const llvm::StringMap<std::string> &names) override;
  bool hasKernel(StringRef instance) const override {
    return kernels.contains(instance);
  }
  void clearKernels() override;

protected:
  /// What a binary says of itself; a device adds what it launches.
  struct LoadedBinary {
    virtual ~LoadedBinary();
    Manifest manifest;
  };
  struct LoadedKernel {
    const ManifestKernel *description = nullptr;
    std::shared_ptr<LoadedBinary> binary;
  };

  /// `variant`: only this one of every kernel; if empty, the first that fits.
  CompiledTestDevice(MLIRContext &context, const CompilerOptions &compiler,
                     StringRef variant)
      : context(context), compiler(compiler), variant(variant) {}

  /// Everything but the manifest.
  virtual llvm::Expected<std::shared_ptr<LoadedBinary>>
  load(StringRef contents) = 0;

  FailureOr<LoadedKernel> getKernel(TestLaunch &launch);
  /// `buffers` are those of the plan, in their own shapes.
  FailureOr<LaunchPlan> planLaunch(const TestLaunch &launch,
                                   const ManifestKernel &kernel,
                                   ArrayRef<LaunchArgument> buffers) const;
  static LogicalResult report(Location loc, llvm::Error error);

  MLIRContext &context;

private:
  llvm::Expected<std::shared_ptr<LoadedBinary>> open(StringRef contents);
  FailureOr<LoadedKernel> compile(TestLaunch &launch);

  CompilerOptions compiler;
  std::string variant;
  /// By instance; those of plain runs have a prefix.
  llvm::StringMap<LoadedKernel> kernels;
  bool hasOnlyBinaries = false;
  /// Kernels run as simply as the compiler can make them.
  bool isPlain = false;
};

} // namespace mlir::tk

#endif // TK_TESTING_COMPILEDTESTDEVICE_H
