//===- ReducePlan.h - how the threads of a block reduce a tile ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A reduction goes outwards: registers of a thread, then lanes of a warp by
// shuffles, then warps through shared memory. The layout says which digits of
// each walk along the reduced dimension.
//
//===----------------------------------------------------------------------===//

#ifndef TK_ANALYSIS_REDUCEPLAN_H
#define TK_ANALYSIS_REDUCEPLAN_H

#include "tk/Dialect/Tkg/IR/Tkg.h"
#include <optional>

namespace mlir::tkg {

struct ReducePlan {
  /// Registers that hold parts of one element of the result; copies are left
  /// out.
  struct Group {
    /// The coordinates of that element in thread 0.
    SmallVector<int64_t> coordinates;
    SmallVector<int64_t> registers;
  };
  SmallVector<Group> groups;
  /// Lanes whose numbers differ by these masks hold parts of one element.
  SmallVector<unsigned> laneMasks;
  /// Lane bits that are zero in the lanes that speak for their warp.
  int64_t silentLaneBits = 0;
  /// The other lane bits: they tell elements of the result apart.
  int64_t keptLaneBits = 0;

  /// A digit of the warp number: (warp / divisor) % radix.
  struct WarpDigit {
    int64_t divisor;
    unsigned radix;
  };
  /// Digits that walk along the reduced dimension; their values, in mixed
  /// radix, number the parts.
  SmallVector<WarpDigit> warpDigits;
  /// Digits that only repeat: warps where they are zero speak.
  SmallVector<WarpDigit> silentWarpDigits;
  int64_t numWarpParts = 1;
  /// Digits that tell elements of the result apart.
  SmallVector<WarpDigit> keptWarpDigits;

  /// The layout is larger than the tile along the reduced dimension.
  bool isPadded = false;
  /// Physical extents of what is left of the tile.
  SmallVector<int64_t> resultExtents;

  /// How many threads hold different elements of a group.
  int64_t getNumPlaces() const;
};

/// Plans the reduction of a tile of `layout` with `extent` elements along
/// `axis`. Nothing if lanes or warps exchange elements of different results,
/// which no layout that we build does.
std::optional<ReducePlan> planReduce(const tk::Layout &layout, unsigned axis,
                                     int64_t extent);

/// Shared memory that a reduction uses while it runs: one array for each tile,
/// and one of flags where padding cannot be told by a value. An array is
/// [group, part, place], so that the lanes of a warp lie next to each other.
struct ReduceScratch {
  /// The byte offset of the array of each tile.
  SmallVector<int64_t> offsets;
  /// The byte offset of the flags, if there are any.
  std::optional<int64_t> flagOffset;
  int64_t sizeInBytes = 0;
};
ReduceScratch getReduceScratch(tk::ReduceOp op, const ReducePlan &plan);

/// True if `combiner` has an identity element, so that padding can take part.
bool hasIdentity(Operation *combiner);

} // namespace mlir::tkg

#endif // TK_ANALYSIS_REDUCEPLAN_H
