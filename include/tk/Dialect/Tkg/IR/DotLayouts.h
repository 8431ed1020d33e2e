//===- DotLayouts.h - the layouts that a matrix instruction imposes -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_DOTLAYOUTS_H
#define TK_DIALECT_TKG_IR_DOTLAYOUTS_H

#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// The layouts of the register tiles of a dot.
struct DotLayouts {
  tk::Layout lhs, rhs, accumulator;
};

/// The shape of an operand of a dot, a tile in registers or in shared memory.
ArrayRef<int64_t> getOperandShape(Value operand);

/// The layouts that `instruction` imposes on a dot of `lhs` [.., M, K] and
/// `rhs` [.., K, N] elements of `elementBitWidth`. Extents are padded to whole
/// instructions, equally in all three. Layouts of operands that come from
/// shared memory are those in which the lowering reads them. Nothing for an
/// instruction whose layouts are not known yet.
///
/// An `fma` gives each thread m x n elements of the result that lie together,
/// and all of K of the operands.
std::optional<DotLayouts> getDotLayouts(MmaAttr instruction,
                                        ArrayRef<int64_t> lhsShape,
                                        ArrayRef<int64_t> rhsShape,
                                        unsigned elementBitWidth,
                                        unsigned numLanes);

/// The same for an op; nothing before its instruction is chosen.
std::optional<DotLayouts> getDotLayouts(DotOp dot);

} // namespace mlir::tkg

#endif // TK_DIALECT_TKG_IR_DOTLAYOUTS_H
