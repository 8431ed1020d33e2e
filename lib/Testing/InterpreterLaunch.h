//===- InterpreterLaunch.h - one launch in the interpreter ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_INTERPRETERLAUNCH_H
#define TK_LIB_TESTING_INTERPRETERLAUNCH_H

#include "tk/Interpreter/Interpreter.h"
#include "tk/Testing/TestDevice.h"

namespace mlir::tk {

/// Which elements of each buffer have been written; empty for a buffer whose
/// contents mean something from the start.
using WrittenFlags = std::vector<std::vector<uint8_t>>;

/// Nothing is written yet.
WrittenFlags makeWrittenFlags(ArrayRef<TestBuffer> buffers);

/// Runs one launch of `kernel` on `buffers`. A parameter of the kernel that is
/// a pointer gets the start of its buffer.
FailureOr<RunResult>
runLaunch(FunctionOpInterface kernel, MutableArrayRef<TestBuffer> buffers,
          WrittenFlags &written, ArrayRef<TestLaunchArgument> arguments,
          std::array<int64_t, 3> grid, const RunOptions &options);

/// Reports what went wrong at the lines of the kernel.
LogicalResult emitErrors(const RunResult &result);

} // namespace mlir::tk

#endif // TK_LIB_TESTING_INTERPRETERLAUNCH_H
