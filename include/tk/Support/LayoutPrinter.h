//===- LayoutPrinter.h - pictures of layouts ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shows which thread and register holds each element of a tile, as text or as
// an SVG drawing, and how an access to shared memory uses the banks.
//
//   buildMmaAccumulator({16, 8}), rows 0 and 1:
//
//            0          1          2     ...
//     0  w0 t0 r0   w0 t0 r1   w0 t1 r0
//     1  w0 t4 r0   w0 t4 r1   w0 t5 r0
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_LAYOUTPRINTER_H
#define TK_SUPPORT_LAYOUTPRINTER_H

#include "tk/Support/SharedAccess.h"

namespace mlir::tk {

struct LayoutPrintOptions {
  /// The extents of the tile where smaller than the layout's: elements beyond
  /// are padding and shown as such. Empty means no padding.
  llvm::SmallVector<int64_t> extents;
  /// Elements of more rows or columns are left out, and a line says how many.
  int64_t maxRows = 256;
  int64_t maxColumns = 256;
};

/// Prints a grid with one cell per element: "w1 t5 r0" (warp, lane, register;
/// "b1" before it in clusters), or "@12" for an offset in shared memory.
/// Elements that live in several places end in "+" and the number of other
/// places. A tile of rank 1 is one row; leading dimensions of higher ranks are
/// printed as one grid each.
void printLayout(llvm::raw_ostream &os, const Layout &layout,
                 const LayoutPrintOptions &options = {});

/// Draws the same grids as an SVG document, coloured by warp (hue) and lane
/// (shade), or by bank for shared memory; padding is grey.
void drawLayout(llvm::raw_ostream &os, const Layout &layout,
                const LayoutPrintOptions &options = {});

/// Prints how warps load and store the tile `registers` that lies in shared
/// memory as `shared`: the instruction, how many there are, the trips to the
/// banks that each takes and the fewest possible; then, for the lanes of warp 0
/// that are served first, who touches which byte in each bank.
///
///   load: 4 x vector of 4 (16 bytes)
///     wavefronts: 4 each, 4 at best: no bank conflicts
///   bank  0: t0@0
void printSharedAccess(llvm::raw_ostream &os, const Layout &registers,
                       const Layout &shared, unsigned elementBitWidth,
                       const TargetInfo &target);

} // namespace mlir::tk

#endif // TK_SUPPORT_LAYOUTPRINTER_H
