//===- CheckedLaunch.h - launches on which a kernel is compared -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_CHECKEDLAUNCH_H
#define TK_LIB_TESTING_CHECKEDLAUNCH_H

#include "InterpreterLaunch.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Support/HostExpr.h"

namespace mlir::tk {

/// What is in memory, and what of it has been written.
struct MemoryImage {
  MemoryImage() = default;
  MemoryImage(MemoryImage &&) = default;
  MemoryImage &operator=(MemoryImage &&) = default;

  MemoryImage clone() const;

  std::vector<TestBuffer> buffers;
  WrittenFlags written;
};

/// A launch of a kernel and what came of it before the first pass.
struct CheckedLaunch {
  /// "inputs of test 'small'", or "generated inputs M = 211, N = 204".
  std::string inputs;
  std::vector<TestLaunchArgument> arguments;
  std::array<int64_t, 3> grid = {1, 1, 1};
  /// Dimensions and scalars by name.
  HostBindings bindings;
  MemoryImage before, after;
  std::string output;
};

/// Makes launches of `kernel` from its signature: one with odd extents and one
/// with extents that are multiples of 16, so that no variant is left out.
/// `sizes` gives dimensions and integer scalars by name; others are chosen such
/// that `require` holds. Reports why there are none. Nothing has run yet.
FailureOr<std::vector<CheckedLaunch>>
generateLaunches(KernelOp kernel, const llvm::StringMap<int64_t> &sizes);

/// Whether what `tkg.preconditions` of a variant asks for holds for a launch on
/// `buffers`.
bool holdPreconditions(KernelOp variant, const CheckedLaunch &launch,
                       ArrayRef<TestBuffer> buffers);

} // namespace mlir::tk

#endif // TK_LIB_TESTING_CHECKEDLAUNCH_H
