//===- BinaryFile.h - reads what a binary says about itself ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_SUPPORT_BINARYFILE_H
#define TK_SUPPORT_BINARYFILE_H

#include "tk/Support/Manifest.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::tk {

enum class BinaryKind { Cubin, Hsaco, PTX };

/// Tells the kinds apart by their contents.
std::optional<BinaryKind> identifyBinary(llvm::StringRef contents);
llvm::StringRef stringifyBinaryKind(BinaryKind kind);

/// Reads the manifest of a cubin, hsaco or PTX text.
llvm::Expected<Manifest> readManifest(llvm::StringRef contents);

/// The resources of one device function, as the assembler wrote them into the
/// binary. PTX has none yet.
struct DeviceFunction {
  std::string symbol;
  int64_t numRegisters = 0;
  int64_t stackBytes = 0;
  /// Known of an hsaco only.
  int64_t numSpilledRegisters = 0;
  int64_t staticSharedBytes = 0;
};

/// Empty if the binary does not tell.
llvm::SmallVector<DeviceFunction> readDeviceFunctions(llvm::StringRef contents);

/// Prints the manifest and the resources for people.
llvm::Error describeBinary(llvm::StringRef contents, llvm::raw_ostream &os);

/// How many blocks of a kernel a multiprocessor can hold at a time, by its
/// registers, shared memory, threads and blocks; 0 if not even one fits.
int64_t computeBlocksPerProcessor(const TargetInfo &target, int64_t numThreads,
                                  int64_t numRegisters, int64_t sharedBytes);

} // namespace mlir::tk

#endif // TK_SUPPORT_BINARYFILE_H
