//===- SharedTiles.h - tiles in shared memory, in the frame of a program --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program is a block of threads, so its shared memory is a part of its frame.
// Elements lie where the layout of the `memdesc` says; so a transposed view, a
// swizzle or a buffer on top of another mean what they mean on a device.
//
// A copy moves its elements at once, but counts as *in flight* until a wait
// says otherwise: who touches the tile before is reported. Copies are numbered
// in the order of the program. The token of a copy is its number, that of a
// group the number of its last copy, and a wait makes all copies complete up to
// a number.

#ifndef TK_LIB_INTERPRETER_SHAREDTILES_H
#define TK_LIB_INTERPRETER_SHAREDTILES_H

#include "Values.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include <memory>
#include <vector>

namespace mlir::tk {

/// A value of type !tkg.memdesc.
struct SharedTileValue {
  /// The offset in the frame, in bytes, of the first element; of a ring, that
  /// of its first slot.
  int64_t data;
  /// The same of a SharedTileState; of a ring, that of its first slot.
  int64_t state;
  /// From the state of one slot to that of the next: 0 where the slots are
  /// slices of one tile.
  int64_t stateStride;
};

struct SharedTileState {
  /// Not 0 if somebody wrote the tile, or started a copy into it.
  int64_t isWritten;
  /// The number of the latest copy into the tile; 0 if there was none.
  int64_t copy;
};

/// How far the copies of a program are.
struct AsyncCopyState {
  int64_t numStarted;
  /// Those up to this one belong to groups.
  int64_t numCommitted;
  /// Those up to this one are complete.
  int64_t numCompleted;
  /// The last copies of the latest groups: group g in entry g % kNumGroups.
  int64_t numGroups;
  static constexpr int64_t kNumGroups = 64;
  int64_t lastCopies[kNumGroups];
};

/// Where each element of a tile lies, from its start, in elements.
using SharedOffsets = std::vector<int32_t>;

/// Computes the offsets of the row-major elements of a tile of `type`.
SharedOffsets computeSharedOffsets(tkg::MemDescType type);

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_SHAREDTILES_H
