//===- ResourceUsage.h - what the assembler gave each kernel --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TARGET_RESOURCEUSAGE_H
#define TK_TARGET_RESOURCEUSAGE_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mlir::tk {

/// The resources of one kernel. Sizes are bytes per thread, except for shared
/// memory, which is per block and excludes what the launch adds.
struct ResourceUsage {
  std::string kernel;
  int64_t numRegisters = 0;
  int64_t stackBytes = 0;
  int64_t spillStoreBytes = 0;
  int64_t spillLoadBytes = 0;
  int64_t staticSharedBytes = 0;
  int64_t numBarriers = 0;
};

/// What `ptxas -v` and nvJitLink's information log say.
struct AssemblerLog {
  llvm::SmallVector<ResourceUsage> resources;
  /// Messages about lost performance, such as C7510 (serialised wgmma).
  llvm::SmallVector<std::string> performanceWarnings;
  /// The remaining lines that are warnings or errors.
  llvm::SmallVector<std::string> messages;
};

AssemblerLog parseAssemblerLog(llvm::StringRef log);

} // namespace mlir::tk

#endif // TK_TARGET_RESOURCEUSAGE_H
