//===- LayoutBuilders.h - the layouts that instructions and copies want ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that build a Layout. All take the tile as a DigitShape; extents
// that must be padded are padded before (`padExtents`), once per tile, so that
// all layouts of a tile have equal digit lists and convert by linear algebra.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_LAYOUTBUILDERS_H
#define TK_SUPPORT_LAYOUTBUILDERS_H

#include "tk/Support/Layout.h"

namespace mlir::tk {

/// What the threads of a block look like.
struct ThreadCounts {
  unsigned numLanes = 32;
  /// odd * 2^k.
  unsigned numWarps = 4;
};

/// The layout for coalesced access: along `order` (fastest dimension first) go
/// `vectorSize` elements of one thread, then lanes, then warps; what is left
/// goes to registers. The vector shrinks where threads would go idle; a tile
/// smaller than the threads is replicated. An odd factor of the warps takes an
/// odd digit of equal radix if the tile has one, else it is replicated.
///
///   {128, 64}, order {1, 0}, vector 8, 4 warps of 32 lanes:
///     register = [[0,1], [0,2], [0,4], [16,0]..., lane = [[0,8], [0,16],
///     [0,32], [1,0], [2,0]], warp = [[4,0], [8,0]]
Layout buildBlocked(const DigitShape &shape, llvm::ArrayRef<unsigned> order,
                    unsigned vectorSize, ThreadCounts threads);

/// `parent` without tile dimension `dim`: what a reduction along `dim` leaves
/// in every thread. Registers that held other elements along `dim` are gone;
/// lanes and warps become replicas.
Layout buildSliced(const Layout &parent, unsigned dim);

/// How the warps of a block divide the result of a dot.
struct WarpGrid {
  unsigned alongM = 1;
  unsigned alongN = 1;
};

/// The tile of one `mma.sync` instruction.
struct MmaShape {
  unsigned m = 16;
  unsigned n = 8;
  unsigned k = 16;
};

/// True if the tile of a dot result (last two dimensions [M, N]) or operand is
/// a whole number of instructions: `numRows` and `numColumns` divide the
/// lowest radix-2 digits of its last two dimensions.
bool isDivisibleBy(const DigitShape &shape, unsigned numRows,
                   unsigned numColumns);

/// The accumulator of `mma.sync` m16n8k* and m8n8k* (PTX ISA, "Matrix
/// Fragments for mma.m16n8k16"; the same for every k and result type). Warps
/// along M take the rows just above those of the instruction, warps along N
/// the highest columns, so that each owns contiguous ones. Register digits
/// from low to high: those of the instruction, then repetitions along N, then
/// along M, then leading (batch) dimensions, then odd digits. Warps beyond
/// what the tile has are replicas.
///
///   {64, 64}, 2 x 2 warps:
///     register = [[0,1], [8,0], [0,8], [0,16], [32,0]],
///     lane = [[0,2], [0,4], [1,0], [2,0], [4,0]], warp = [[16,0], [0,32]]
Layout buildMmaAccumulator(const DigitShape &shape, WarpGrid warps,
                           MmaShape instruction = {});

/// The operands of `mma.sync`, A as a [M, K] and B as a [K, N] tile, for
/// elements of 8, 16, 32 (tf32) or 64 bits. A 32-bit register holds 32 / width
/// elements that follow along K. Register digits as in the accumulator, with
/// repetitions along K first. Warps along the dimension that the operand does
/// not have hold copies.
///
///   A {64, 32} of f16, 2 x 2 warps:
///     register = [[0,1], [8,0], [0,8], [0,16], [32,0]],
///     lane = [[0,2], [0,4], [1,0], [2,0], [4,0]], warp = [[16,0], [0,0]]
Layout buildMmaOperandA(const DigitShape &shape, WarpGrid warps,
                        unsigned elementBitWidth, MmaShape instruction = {});
Layout buildMmaOperandB(const DigitShape &shape, WarpGrid warps,
                        unsigned elementBitWidth, MmaShape instruction = {});

/// How the warpgroups (four warps) of a block divide the result of a dot.
struct WarpgroupGrid {
  unsigned alongM = 1;
  unsigned alongN = 1;
};

/// The accumulator of `wgmma.m64nNk*` (PTX ISA, "Register fragments for
/// wgmma.mma_async.m64nNk16"): a warp owns 16 rows, as in mma.sync, and any
/// multiple of 8 columns. Warpgroups along N take the highest columns. One
/// instruction needs contiguous columns: 192 columns of two warpgroups want the
/// digits [32, 3, 2], which give each 96 of them.
Layout buildWgmmaAccumulator(const DigitShape &shape, WarpgroupGrid grid);

/// The A operand [M, K] of wgmma in registers; one instruction takes 256 bits
/// of K. (Operands in shared memory are `buildSwizzledShared`.)
Layout buildWgmmaOperandA(const DigitShape &shape, WarpgroupGrid grid,
                          unsigned elementBitWidth);

/// The tile of one MFMA instruction: m = n = 16 or 32.
struct MfmaShape {
  unsigned m = 32;
  unsigned k = 8;
};

/// The accumulator of V_MFMA on waves of 64 (AMD matrix instruction
/// calculator): lanes count columns, then groups of rows; a lane holds four
/// rows in a row, every 8th (m = 32). For f64 it holds every fourth row.
///
///   32 x 32: register = [[1,0], [2,0], [8,0], [16,0]],
///            lane = [[0,1], [0,2], [0,4], [0,8], [0,16], [4,0]]
Layout buildMfmaAccumulator(const DigitShape &shape, WarpGrid warps,
                            MfmaShape instruction,
                            unsigned accumulatorBitWidth = 32);

/// The operands of V_MFMA, A as [M, K] and B as [K, N]: lanes count rows of A
/// (columns of B), then groups of what a lane holds of K.
Layout buildMfmaOperandA(const DigitShape &shape, WarpGrid warps,
                         MfmaShape instruction);
Layout buildMfmaOperandB(const DigitShape &shape, WarpGrid warps,
                         MfmaShape instruction);

/// V_WMMA 16x16x16 of RDNA 3 on waves of 32: in the accumulator a lane holds
/// every other row; both halves of the wave hold the operands.
///
///   accumulator: register = [[2,0], [4,0], [8,0]],
///                lane = [[0,1], [0,2], [0,4], [0,8], [1,0]]
Layout buildWmmaAccumulator(const DigitShape &shape, WarpGrid warps);
Layout buildWmmaOperandA(const DigitShape &shape, WarpGrid warps);
Layout buildWmmaOperandB(const DigitShape &shape, WarpGrid warps);

} // namespace mlir::tk

#endif // TK_SUPPORT_LAYOUTBUILDERS_H
