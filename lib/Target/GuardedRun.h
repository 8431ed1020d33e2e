//===- GuardedRun.h - turns fatal errors of LLVM into diagnostics ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TARGET_GUARDEDRUN_H
#define TK_LIB_TARGET_GUARDEDRUN_H

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"

namespace llvm {
class LLVMContext;
} // namespace llvm

namespace mlir::tk {

/// Runs `action`. LLVM's back ends report what they cannot do ("Cannot
/// select") by ending the process; here that, a crash, and errors reported to
/// `context` become one error at `loc` that begins with `what`.
///
/// After a fatal error the memory of `action` is lost, not freed.
LogicalResult runGuarded(Location loc, StringRef what,
                         llvm::LLVMContext &context,
                         function_ref<LogicalResult()> action);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_GUARDEDRUN_H
