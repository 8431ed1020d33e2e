//===- LayoutAlgebra.h - composing, inverting and reshaping layouts -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layout is a function from places to elements. The functions here compose,
// invert and divide such functions, and rewrite them for another tile shape.
//
// A map from places to places is a Layout too: its "tile" is the hardware
// index of the other side, with the dimensions register, lane, warp and block
// (in that order), or with the one dimension offset.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_LAYOUTALGEBRA_H
#define TK_SUPPORT_LAYOUTALGEBRA_H

#include "tk/Support/Layout.h"

namespace mlir::tk {

//===----------------------------------------------------------------------===//
// Composition
//===----------------------------------------------------------------------===//

/// The digits of the places of `layout` as a shape: dimensions register, lane,
/// warp and block, or the one dimension offset for a layout of shared memory.
DigitShape getPlaceShape(const Layout &layout);

/// The dimension of `getPlaceShape` that stands for `dim`.
unsigned getPlaceDim(HardwareDim dim);

/// The map "apply `inner`, then `outer`". The tile of `inner` must be the
/// places of `outer`.
Layout compose(const Layout &outer, const Layout &inner);

/// Where the element at a place of `to` lives in `from`: the map C with
/// compose(from, C) == to. Both need the same digit lists, and `from` must hold
/// every element. Of several copies the nearest is taken: the same lane and
/// warp if possible, else the one with all free digits zero.
///
///   from: register = [[1]], lane = [[2], [4]]
///   to:   register = [[4]], lane = [[1], [2]]
///   C:    register bit 0 -> lane bit 1, lane bit 0 -> register bit 0,
///         lane bit 1 -> lane bit 0
Layout invertAndCompose(const Layout &from, const Layout &to);

/// The right inverse: a map from the row-major index of the tile (as Offset)
/// to the place with all free digits zero. compose(layout, result) is
/// `buildRowMajor(layout.getShape())`.
Layout pseudoInvert(const Layout &layout);

/// The tile in row-major order, as a layout of Offset.
Layout buildRowMajor(const DigitShape &shape);

/// True if the place map `map` takes every digit of `dim` to itself and no
/// other digit touches it: the quotient by `dim` exists.
bool isIdentityOn(const Layout &map, HardwareDim dim);

/// The place map `map` without `dim`, on both sides: what is left to move once
/// every element has the right `dim`. Nullopt unless `isIdentityOn`.
std::optional<Layout> quotient(const Layout &map, HardwareDim dim);

//===----------------------------------------------------------------------===//
// Digit lists
//===----------------------------------------------------------------------===//

/// The same function over other digits of the same extents, where possible:
/// a run of digits that one hardware dimension counts in order (2 * 3) may be
/// written as another run of the same product (3 * 2). Odd digits may always
/// be split. Nullopt if a digit that changes is not part of such a run.
///
///   shape = [[128, 3]], register = [[1] ... [64], 3 * [128]]  as [[64, 3, 2]]:
///   shape = [[64, 3, 2]], register = [[1] ... [32], 3 * [64], [192]]
std::optional<Layout> regroup(const Layout &layout, const DigitShape &shape);

/// Rewrites one or both layouts so that they have equal digit lists; false if
/// that is impossible (they convert by the general route then). Register
/// numbers do not change.
bool makeCommensurable(Layout &a, Layout &b);

//===----------------------------------------------------------------------===//
// Division
//===----------------------------------------------------------------------===//

/// What remains of a layout after an instruction has taken its part.
struct Quotient {
  /// The repetitions: a layout of the digits above the instruction's.
  Layout layout;
  /// Register i of repetition q of the instruction is register
  /// registers[i + q * numRegistersOfTheInstruction] of the divided layout.
  llvm::SmallVector<unsigned> registers;
};

/// Divides `layout` by the layout `tile` of one instruction: nullopt unless
/// the digits of `tile` are the lowest of every tile dimension, are the lowest
/// digits of lane, warp, block and offset, are found among the register
/// digits, and are touched by no other digit. Tries to regroup first.
std::optional<Quotient> divideLeft(const Layout &layout, const Layout &tile);

/// The inverse: `tile` repeated by `repetitions`.
Layout multiply(const Layout &tile, const Layout &repetitions);

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//
//
// Each works in both directions: the layout of a result gives that of the
// operand by the inverse operation.

/// Dimension i of the result is dimension order[i] of `layout`.
Layout transpose(const Layout &layout, llvm::ArrayRef<unsigned> order);

/// The same places for the row-major reshape of the tile to `extents` (no
/// padding; equal number of elements). Nullopt if an extent falls into a run
/// that cannot be regrouped; then start from the other side of the reshape.
///
///   [[128], [16, 11]] -> {22528}: [[16, 11, 128]]
///   [[128, 9]] -> {12, 96}: [[4, 3], [32, 3]] if registers count them in order
std::optional<Layout> reshape(const Layout &layout,
                              llvm::ArrayRef<int64_t> extents);

/// Inserts a dimension of extent 1 before dimension `dim`.
Layout expandDims(const Layout &layout, unsigned dim);

} // namespace mlir::tk

#endif // TK_SUPPORT_LAYOUTALGEBRA_H
