//===- OutputFile.h - writes files and notices when that fails ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream of LLVM remembers that a write failed, and ends the process when it
// goes with that unread. A full disk is no reason to crash, and no success.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_OUTPUTFILE_H
#define TK_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_fd_ostream;
class raw_ostream;
} // namespace llvm

namespace mlir::tk {

/// Flushes `os`. If anything written to it was lost, the error says
/// `cannot write '<path>': <reason>`; the stream is as good as new then.
llvm::Error finishWriting(llvm::raw_fd_ostream &os, llvm::StringRef path);

/// The same for standard output.
llvm::Error finishStandardOutput();

/// Writes a file, or standard output for "-". A file that could not be written
/// to its end is removed.
llvm::Error
writeOutputFile(llvm::StringRef path,
                llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace mlir::tk

#endif // TK_SUPPORT_OUTPUTFILE_H
