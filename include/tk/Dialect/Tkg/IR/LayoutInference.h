//===- LayoutInference.h - how the layouts around an op depend ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An op ties the layouts of its tiles together. Every tie is written as one
// *relation*: the layout of `derived` is a function of the layout of `source`.
//
//   %c = arith.addf %a, %b        c = a, c = b
//   %e = tk.expand_dims %v        v is e without the new dimension
//   %b = tk.broadcast %e          e is b with the repeated dimensions removed
//   %r = tk.reduce(%t)            r is t without the reduced dimension
//   %u = tk.trans %t              u is t with its dimensions permuted
//
// Note the direction: a broadcast leaves the larger tile free and fixes the
// smaller one. `lift` goes the other way and picks one of many layouts.
//
//===----------------------------------------------------------------------===//

#ifndef TK_DIALECT_TKG_IR_LAYOUTINFERENCE_H
#define TK_DIALECT_TKG_IR_LAYOUTINFERENCE_H

#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// One tie between the layouts of two tiles.
struct LayoutRelation {
  enum Kind {
    Equal,
    /// `derived` lacks the dimensions `dims` of `source`.
    Slice,
    /// `derived` has extent 1 in the dimensions `dims`.
    Repeat,
    /// Dimension i of `derived` is dimension dims[i] of `source`.
    Permute,
    /// Both have the same elements in row-major order.
    Reshape
  };

  Kind kind;
  Value source;
  Value derived;
  SmallVector<unsigned> dims;
};

/// On a `tk.reshape` whose tiles have no common list of digits, 6 x 4 and 4 x
/// 6: their layouts have nothing to do with each other, and the elements go
/// through shared memory.
constexpr StringLiteral kThroughMemoryAttr = "tkg.through_memory";

/// The relations between the tiles that `op` takes, gives, and, if it has
/// regions, passes around in them. Ops that a layout does not pass through
/// (`tk.splat`, `tkg.convert_layout`, `tkg.local_load`, ...) have none. A dot
/// has none either: its instruction fixes all.
SmallVector<LayoutRelation> getLayoutRelations(Operation *op);

/// The layout of `derived` where `source` has the layout `layout`. Nothing if
/// there is none: a reshape whose digits do not fit.
std::optional<tk::Layout> deriveLayout(const LayoutRelation &relation,
                                       const tk::Layout &layout);

/// A layout of `source` from which `layout` derives. New dimensions go to the
/// threads that hold copies, what is left to registers. Nothing if there is
/// none.
std::optional<tk::Layout> liftLayout(const LayoutRelation &relation,
                                     const tk::Layout &layout);

/// Checks that the layouts around `op` satisfy its relations and fit the
/// threads of the kernel; tiles without a layout are not checked.
LogicalResult verifyLayouts(Operation *op);

/// \name Layouts of shaped tiles
/// @{
/// Inserts a dimension of `extent` before dimension `dim`, all of it in
/// registers: the fastest ones if it is the last dimension, else the slowest.
tk::Layout insertRegisterDim(const tk::Layout &layout, unsigned dim,
                             int64_t extent);
/// The layout of the elements of `layout`, a tile of `sourceShape`, as a tile
/// of `resultShape` in row-major order. Nothing where padding or odd digits
/// straddle the new dimensions.
std::optional<tk::Layout> reshapeLayout(const tk::Layout &layout,
                                        ArrayRef<int64_t> sourceShape,
                                        ArrayRef<int64_t> resultShape);
/// @}

} // namespace mlir::tkg

#endif // TK_DIALECT_TKG_IR_LAYOUTINFERENCE_H
