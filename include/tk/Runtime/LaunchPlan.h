//===- LaunchPlan.h - what to launch for given arguments ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_LAUNCHPLAN_H
#define TK_RUNTIME_LAUNCHPLAN_H

#include "tk/Support/Manifest.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::tk {

/// An argument of a launch: a tensor in device memory, a pointer, or a scalar.
struct LaunchArgument {
  static LaunchArgument tensor(uint64_t address, DType dtype,
                               llvm::ArrayRef<int64_t> shape,
                               llvm::ArrayRef<int64_t> strides) {
    LaunchArgument argument;
    argument.isTensor = true;
    argument.address = address;
    argument.dtype = dtype;
    argument.shape.assign(shape.begin(), shape.end());
    argument.strides.assign(strides.begin(), strides.end());
    return argument;
  }
  static LaunchArgument pointer(uint64_t address) {
    LaunchArgument argument;
    argument.address = address;
    return argument;
  }
  static LaunchArgument scalar(HostValue value) {
    LaunchArgument argument;
    argument.value = value;
    return argument;
  }

  bool isTensor = false;
  /// Of the element at index 0.
  uint64_t address = 0;
  DType dtype = DType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  /// In elements.
  llvm::SmallVector<int64_t, 4> strides;
  HostValue value = HostValue::integer(0);
};

/// What the driver is to be told.
struct LaunchPlan {
  const ManifestVariant *variant = nullptr;
  std::array<int64_t, 3> grid = {1, 1, 1};
  /// Nothing is to be launched, and that is fine.
  bool isEmpty = false;
  int64_t workspaceBytes = 0;
  /// One for each parameter of the device function; small values are at the
  /// low bytes, where the driver reads them (little endian).
  llvm::SmallVector<uint64_t> cells;

  /// Fills in the address of the workspace.
  void setWorkspace(uint64_t address);
};

/// Checks the arguments against the kernel and chooses the first variant whose
/// preconditions hold. `numSms` answers `num_sms()`. Errors name the argument,
/// what was found and what is needed. The kernel must outlive the plan.
llvm::Expected<LaunchPlan>
planLaunch(const ManifestKernel &kernel,
           llvm::ArrayRef<LaunchArgument> arguments, int64_t numSms,
           std::optional<llvm::StringRef> variantName = std::nullopt);

/// The names that expressions of `kernel` may use, for these arguments. Fails
/// if ranks, types or extents do not match.
llvm::Expected<HostBindings>
bindArguments(const ManifestKernel &kernel,
              llvm::ArrayRef<LaunchArgument> arguments, int64_t numSms);

} // namespace mlir::tk

#endif // TK_RUNTIME_LAUNCHPLAN_H
