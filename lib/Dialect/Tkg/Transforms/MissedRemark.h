//===- MissedRemark.h - tells what was not optimised, and why -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_MISSEDREMARK_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_MISSEDREMARK_H

#include "mlir/IR/Remarks.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// A remark at `op` that an optimisation called `name` was missed; nothing in
/// a kernel that is only there for the arguments that nobody promised.
inline remark::detail::InFlightRemark
remarkMissed(Operation *op, StringRef name, StringRef category) {
  auto kernel = isa<tk::KernelOp>(op) ? cast<tk::KernelOp>(op)
                                      : op->getParentOfType<tk::KernelOp>();
  if (kernel && kernel->hasAttr(kFallbackAttr))
    return {};
  return remark::missed(op->getLoc(),
                        remark::RemarkOpts::name(name).category(category));
}

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_MISSEDREMARK_H
