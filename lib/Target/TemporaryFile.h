//===- TemporaryFile.h - a file that is removed when it goes out of use ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_TEMPORARYFILE_H
#define TK_LIB_TARGET_TEMPORARYFILE_H

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include <utility>

namespace mlir::tk {

/// The file is removed, too, when a signal ends the process.
class TemporaryFile {
public:
  TemporaryFile(TemporaryFile &&other) : path(std::exchange(other.path, "")) {}
  ~TemporaryFile();

  /// Makes an empty file. Reports an error at `loc` if that is impossible.
  static FailureOr<TemporaryFile> create(Location loc, StringRef suffix);

  StringRef getPath() const { return path; }
  LogicalResult write(Location loc, StringRef contents) const;
  FailureOr<std::unique_ptr<llvm::MemoryBuffer>> read(Location loc) const;

private:
  explicit TemporaryFile(StringRef path);

  /// Empty once another object owns the file.
  std::string path;
};

} // namespace mlir::tk

#endif // TK_LIB_TARGET_TEMPORARYFILE_H
