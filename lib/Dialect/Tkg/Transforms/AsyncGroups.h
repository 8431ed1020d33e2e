//===- AsyncGroups.h - counts groups of asynchronous copies ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_ASYNCGROUPS_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_ASYNCGROUPS_H

#include "tk/Dialect/Tk/IR/Tk.h"

namespace mlir::tkg {

/// Sets `pending` of every `tkg.async_wait` in `kernel`: the smallest number of
/// `tkg.async_commit` that any path executes between the commit of a token that
/// is waited for and the wait. A wait without tokens is for all groups.
///
///   commit g0, commit g1, [wait g0 {pending = 1}], commit g2, [wait g1 {1}]
void countAsyncGroups(tk::KernelOp kernel);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_ASYNCGROUPS_H
