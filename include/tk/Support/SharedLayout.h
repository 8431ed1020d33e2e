//===- SharedLayout.h - how tiles lie in shared memory --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile in shared memory has a layout of the one hardware dimension Offset,
// counted in elements. The functions here build the usual ones.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_SHAREDLAYOUT_H
#define TK_SUPPORT_SHAREDLAYOUT_H

#include "tk/Support/Layout.h"

namespace mlir::tk {

/// The extents to allocate so that the contiguous dimension order[0] is a
/// whole number of panels of `swizzleInBytes` (of 16 bytes without swizzle).
///
///   {128, 176} of bf16, order {1, 0}: 192 columns for 128 bytes, 176 for 32
llvm::SmallVector<int64_t> getAllocationExtents(llvm::ArrayRef<int64_t> extents,
                                                llvm::ArrayRef<unsigned> order,
                                                unsigned elementBitWidth,
                                                unsigned swizzleInBytes);

/// The widest of 128, 64 and 32 bytes whose panel divides `extent` contiguous
/// elements; 0 if none does.
unsigned getWidestSwizzle(int64_t extent, unsigned elementBitWidth);

/// Rows of order[0], without swizzle; order[0] varies fastest.
Layout buildStridedShared(const DigitShape &shape,
                          llvm::ArrayRef<unsigned> order);

/// The form that TMA writes and wgmma reads: panels of `swizzleInBytes` (32,
/// 64 or 128) contiguous bytes, each a column of all rows (dimension
/// order[1]); further dimensions outermost. The 16-byte chunks of a row are
/// permuted by exclusive or with its number (128 bytes: row % 8; 64: row / 2 %
/// 4; 32: row / 4 % 2), so that eight rows of one chunk lie in eight different
/// groups of four banks.
///
/// The contiguous dimension must be a whole number of panels
/// (`getAllocationExtents`). Rows whose digits do not start with three twos
/// are swizzled as far as they do; hardware agrees with this layout only where
/// they do (`isHardwareSwizzle`).
///
///   {64, 64} of f16, order {1, 0}, 128 bytes: offset = [[0,1], [0,2], [0,4],
///     [0,8], [0,16], [0,32], [1,8], [2,16], [4,32], [8,0], [16,0], [32,0]]
Layout buildSwizzledShared(const DigitShape &shape,
                           llvm::ArrayRef<unsigned> order,
                           unsigned elementBitWidth, unsigned swizzleInBytes);

/// True if TMA and wgmma see the layout of `buildSwizzledShared` as it is.
bool isHardwareSwizzle(const DigitShape &shape, llvm::ArrayRef<unsigned> order);

/// The layout of `count` tiles of the layout `slice`, one behind the other, as
/// one tile that is `count` times as long in dimension 0. Nothing unless
/// `count` and the extent of that dimension are powers of two.
///
///   {2, 4} rows of 4, twice: offset = [[0,1], [0,2], [1,0], [2,0]]
std::optional<Layout> stackSlices(const Layout &slice, int64_t count);

} // namespace mlir::tk

#endif // TK_SUPPORT_SHAREDLAYOUT_H
