//===- AlignmentTransfer.h - what one op does to the facts of its values --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_ANALYSIS_ALIGNMENTTRANSFER_H
#define TK_LIB_ANALYSIS_ALIGNMENTTRANSFER_H

#include "tk/Analysis/Alignment.h"

namespace mlir::tkg {

/// The product of two powers of two, at most kMaxDivisor.
int64_t multiplyDivisors(int64_t lhs, int64_t rhs);

/// What holds of a value about which nothing is known.
ValueFacts getUnknownFacts(Value value);

/// What the attributes of a kernel promise about an argument.
ValueFacts getArgumentFacts(tk::KernelOp kernel, unsigned index);

/// What holds on both paths.
ValueFacts joinFacts(const ValueFacts &lhs, const ValueFacts &rhs);

/// The facts of `result` of `op`, given those of its operands.
ValueFacts transferFacts(Operation *op, Value result,
                         ArrayRef<ValueFacts> operands);

/// The facts of an access to a view at `items`. `getFacts` gives those of the
/// items' values.
AccessFacts getViewAccessFacts(const ValueFacts &view, Type elementType,
                               ArrayRef<tk::ViewItem> items,
                               std::optional<ArrayRef<bool>> inbounds,
                               function_ref<ValueFacts(Value)> getFacts);

} // namespace mlir::tkg

#endif // TK_LIB_ANALYSIS_ALIGNMENTTRANSFER_H
