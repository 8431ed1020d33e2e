//===- TemporaryFile.cpp - a file that is removed when out of use ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TemporaryFile.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Support/OutputFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"

using namespace mlir;
using namespace mlir::tk;

TemporaryFile::TemporaryFile(StringRef path) : path(path) {
  llvm::sys::RemoveFileOnSignal(path);
}

TemporaryFile::~TemporaryFile() {
  if (path.empty())
    return;
  llvm::sys::fs::remove(path);
  llvm::sys::DontRemoveFileOnSignal(path);
}

FailureOr<TemporaryFile> TemporaryFile::create(Location loc, StringRef suffix) {
  SmallString<128> path;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("tk", suffix, path))
    return emitError(loc) << "cannot make a temporary file: "
                          << error.message();
  return TemporaryFile(path);
}

LogicalResult TemporaryFile::write(Location loc, StringRef contents) const {
  if (llvm::Error error =
          writeOutputFile(path, [&](raw_ostream &os) { os << contents; }))
    return emitError(loc) << llvm::toString(std::move(error));
  // What is written is kept, as far as the writer knows.
  llvm::sys::RemoveFileOnSignal(path);
  return success();
}

FailureOr<std::unique_ptr<llvm::MemoryBuffer>>
TemporaryFile::read(Location loc) const {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc) << "cannot read '" << path
                          << "': " << buffer.getError().message();
  return std::move(*buffer);
}
