//===- AccessGuard.h - runs ops for iterations that may not exist ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_ACCESSGUARD_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_ACCESSGUARD_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::tkg {

/// Whether `op` must not simply run for an iteration that does not exist. What
/// computes, or writes shared memory that nobody will read, may.
bool needsGuard(Operation *op);

/// Whether `emitGuarded` can handle `op`: an op with results that is neither a
/// load nor a copy has no value to give.
bool canGuard(Operation *op);

/// Clones `op`, an op of the body of `loop`, so that it has no effect unless
/// `predicate` holds. Loads and copies of views find every element outside;
/// where the bounds test sees that by itself, because `%iv +: E` runs out of
/// the view as the loop ends, nothing is added. Returns the results.
SmallVector<Value> emitGuarded(Operation *op, IRMapping &mapping,
                               Value predicate, scf::ForOp loop,
                               OpBuilder &builder);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_ACCESSGUARD_H
