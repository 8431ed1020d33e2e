//===- PtxVersion.h - the PTX version that a module needs -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_PTXVERSION_H
#define TK_LIB_TARGET_PTXVERSION_H

#include "tk/Support/TargetInfo.h"

namespace llvm {
class Module;
} // namespace llvm

namespace mlir::tk {

/// The lowest PTX version, 78 for 7.8, that knows the target and every
/// instruction that `module` uses through intrinsics and inline assembly.
unsigned computePtxVersion(const llvm::Module &module,
                           const TargetInfo &target);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_PTXVERSION_H
