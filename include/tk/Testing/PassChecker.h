//===- PassChecker.h - finding the pass that changes a result -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_PASSCHECKER_H
#define TK_TESTING_PASSCHECKER_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"
#include <string>
#include <vector>

namespace mlir {
class PassManager;
} // namespace mlir

namespace mlir::tk {

class CheckedProgram;

struct PassCheckOptions {
  /// A .tk file: a kernel that its tests launch gets the inputs of the tests.
  /// Other kernels get inputs generated from their signatures.
  std::string testFile;
  /// Dimensions and integer scalars of generated inputs.
  llvm::StringMap<int64_t> sizes;
  /// Where the program before a wrong pass is written; if empty, nowhere.
  std::string dumpDirectory;
};

/// What a checker did.
struct PassCheckSummary {
  bool foundMistake = false;
  unsigned numKernels = 0;
  /// Launches of all kernels.
  unsigned numLaunches = 0;
  /// Kernels that were run after a pass, once for each launch.
  unsigned numRuns = 0;
};

/// Makes `manager` interpret each kernel before its first pass and after every
/// pass that changed it, and compare. A difference is an error at the kernel
/// that names the pass. So is a kernel that fails in the interpreter: race,
/// access outside, a copy not waited for. Passes run on one thread. `summary`
/// must outlive `manager`.
LogicalResult addPassChecker(PassManager &manager,
                             const PassCheckOptions &options,
                             PassCheckSummary &summary);

/// The kernel instances that the file exports or that its tests launch, as a
/// user writes them.
std::vector<std::string> listCheckedInstances(CheckedProgram &program);

} // namespace mlir::tk

#endif // TK_TESTING_PASSCHECKER_H
