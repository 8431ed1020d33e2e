//===- TargetMachine.h - LLVM's code generator for one of our targets -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_TARGETMACHINE_H
#define TK_LIB_TARGET_TARGETMACHINE_H

#include "tk/Target/Target.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir::tk {

/// `features` as LLVM spells them ("+ptx80").
std::unique_ptr<llvm::TargetMachine>
createTargetMachine(const TargetInfo &target, StringRef features);

/// Appends the output of the code generator, text or object, to `output`.
LogicalResult runCodeGenerator(Location loc, llvm::Module &module,
                               llvm::TargetMachine &machine, bool emitText,
                               SmallVectorImpl<char> &output);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_TARGETMACHINE_H
