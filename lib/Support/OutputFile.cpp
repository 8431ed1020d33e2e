//===- OutputFile.cpp - writes files and notices when that fails ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;

static constexpr StringLiteral kStandardOutput = "-";

static Error makeError(StringRef path, std::error_code error) {
  if (path == kStandardOutput)
    return createStringError("cannot write standard output: " +
                             error.message());
  return createStringError("cannot write '" + path + "': " + error.message());
}

Error mlir::tk::finishWriting(raw_fd_ostream &os, StringRef path) {
  os.flush();
  if (!os.has_error())
    return Error::success();
  std::error_code error = os.error();
  os.clear_error();
  return makeError(path, error);
}

Error mlir::tk::finishStandardOutput() {
  return finishWriting(outs(), kStandardOutput);
}

Error mlir::tk::writeOutputFile(StringRef path,
                                function_ref<void(raw_ostream &)> write) {
  std::error_code openError;
  ToolOutputFile file(path, openError, sys::fs::OF_None);
  if (openError)
    return makeError(path, openError);
  write(file.os());
  if (Error error = finishWriting(file.os(), path))
    return error;
  file.keep();
  return Error::success();
}
