//===- TestDevice.h - where the launches of a test run --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_TESTDEVICE_H
#define TK_TESTING_TESTDEVICE_H

#include "tk/Frontend/Program.h"
#include "tk/Runtime/HostTensor.h"
#include "llvm/ADT/StringMap.h"
#include <array>

namespace mlir::tk {

/// A tensor that launches share.
struct TestBuffer {
  std::string name;
  ParamAccess access;
  HostTensor tensor;
  /// Before the first launch its contents mean something.
  bool isInitialized;

  TestBuffer clone() const {
    return {name, access, tensor.clone(), isInitialized};
  }
};

/// An argument of a launch: a buffer, or a scalar.
struct TestLaunchArgument {
  std::optional<unsigned> buffer;
  HostValue scalar = HostValue::integer(0);
  /// Of a buffer that is taken in another shape; empty for its own.
  llvm::SmallVector<int64_t, 4> shape = {};
  llvm::SmallVector<int64_t, 4> strides = {};

  bool hasOwnShape() const { return !strides.empty(); }
};

/// One launch of a kernel.
struct TestLaunch {
  InstanceInfo info;
  /// tk IR: one `tk.kernel` and the functions that it calls.
  OwningOpRef<ModuleOp> module;
  /// One for each parameter.
  std::vector<TestLaunchArgument> arguments;
  std::array<int64_t, 3> grid = {1, 1, 1};
  /// Dimensions and scalars of this launch.
  HostBindings bindings;
};

/// The launches of a test, in order, and their memory.
struct TestPlan {
  std::vector<TestBuffer> buffers;
  std::vector<TestLaunch> launches;

  /// Where to report what is wrong with it: at its first kernel.
  Location getLoc(MLIRContext &context) const {
    return launches.empty() ? Location(UnknownLoc::get(&context))
                            : launches.front().module.get()->getLoc();
  }
};

/// Runs launches: the interpreter, a GPU.
class TestDevice {
public:
  virtual ~TestDevice();

  /// "interp", "cuda".
  virtual StringRef getName() const = 0;
  /// What `num_sms()` is.
  virtual int64_t getNumSms() const = 0;

  /// Whether it can take the kernels of binaries.
  virtual bool runsBinaries() const { return false; }
  /// Takes the kernels of a cubin, hsaco or PTX; from now on launches of other
  /// kernels are errors. `names` maps names of instances to those that the
  /// binary has, where they differ.
  virtual llvm::Error addBinary(StringRef contents,
                                const llvm::StringMap<std::string> &names);
  /// Of those that were taken from a binary.
  virtual bool hasKernel(StringRef instance) const { return false; }
  /// Forgets all kernels: those of another file may have the same names.
  virtual void clearKernels() {}

  /// An error if launches with so many bytes of tensors cannot fit. Asked
  /// before their contents are made.
  virtual llvm::Error checkMemory(double sizeInBytes);

  /// Runs all launches; outputs are then in the buffers. Mistakes of the
  /// kernel and of the device are reported as diagnostics of the context.
  /// `output` gets what the kernels printed.
  virtual LogicalResult run(TestPlan &plan, std::string &output) = 0;
  /// Why the run that failed last was left off without a diagnostic: it would
  /// take too long. Empty if that is not what happened.
  virtual std::string takeSlowness() { return ""; }

  /// Whether there is something simpler than `run`.
  virtual bool hasPlainConfiguration() const { return false; }
  /// The same with kernels compiled without vector accesses and pipelines, to
  /// compare with where there is no reference.
  virtual LogicalResult runPlain(TestPlan &plan, std::string &output);
};

/// The interpreter as a device.
struct RunOptions;
std::unique_ptr<TestDevice> createInterpreterDevice(const RunOptions &options);

/// Runs a `func.func` of a reference in the interpreter: `buffers` are its
/// views, in order of the arguments; `scalars` its scalars.
LogicalResult runReference(ModuleOp module, MutableArrayRef<HostTensor> inputs,
                           ArrayRef<HostValue> scalars,
                           MutableArrayRef<HostTensor> results,
                           const RunOptions &options, std::string &output);

} // namespace mlir::tk

#endif // TK_TESTING_TESTDEVICE_H
