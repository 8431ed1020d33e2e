//===- LayoutCost.h - what a choice of layouts costs ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All costs have one unit, so that they can be added: the cycles in which one
// warp of a full block keeps a quarter of the multiprocessor busy. One
// instruction of a warp costs 1; so does a 32-byte sector that travels between
// L1 and the warp (128 bytes a cycle, shared by four schedulers).
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTCOST_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTCOST_H

#include "tk/Analysis/Alignment.h"

namespace mlir::tkg {

/// The layouts in which an access to memory is coalesced, best first: vectors
/// along the fastest dimension, then lanes, then warps, either along the same
/// dimension or, so that reductions stay inside a warp, along the slowest.
SmallVector<LayoutAttr> getCoalescedLayouts(Operation *op, Value tile,
                                            const AccessFacts &facts,
                                            tk::ThreadCounts threads);

/// A layout for a tile that nothing else decides.
LayoutAttr getDefaultLayout(Value tile, tk::ThreadCounts threads);

/// The cost of an access to global memory by a tile of `layout`; 0 for ops that
/// are none.
double getAccessCost(Operation *op, const AccessFacts &facts,
                     const tk::Layout &layout);

/// The cost of computing the results of `op`, an op on register tiles, whose
/// first result (or, for a reduction, whose operand) has `layout`.
double getComputeCost(Operation *op, const tk::Layout &layout);

/// The cost of holding a tile in registers: zero until it takes most of them.
double getPressureCost(Type tile, const tk::Layout &layout);

/// The cost of converting a tile.
double getConversionCost(Type tile, const tk::Layout &from,
                         const tk::Layout &to);

/// The cost of making a cheap tile once more.
double getRematerialisationCost(const tk::Layout &layout);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_LAYOUTCOST_H
