//===- MemoryAccess.h - which memory ops touch, and when that conflicts ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_MEMORYACCESS_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_MEMORYACCESS_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// One access of an op to memory that other threads of the block may access.
struct MemoryAccess {
  enum class Space { Shared, Global };

  Operation *op = nullptr;
  Space space = Space::Shared;
  bool isWrite = false;
  /// Part of a `tkg.copy_async`: happens some time before the wait for it.
  bool isAsync = false;

  /// \name In shared memory
  /// @{
  /// The bytes touched, from the start of the block's shared memory.
  int64_t begin = 0, end = 0;
  /// The `tkg.alloc`, or the op whose scratch it is.
  Operation *buffer = nullptr;
  /// The index of the slot, if the buffer is a ring.
  Value slotIndex;
  /// Scratch of several slots, one for each run of the op in turn.
  bool isInTurn = false;
  /// @}

  /// \name In global memory
  /// @{
  /// The kernel argument that leads there; null if that is not known.
  Value root;
  /// @}

  bool operator==(const MemoryAccess &other) const {
    return op == other.op && space == other.space && isWrite == other.isWrite &&
           isAsync == other.isAsync && begin == other.begin &&
           end == other.end && buffer == other.buffer &&
           slotIndex == other.slotIndex && isInTurn == other.isInTurn &&
           root == other.root;
  }
};

/// The accesses of `op` itself, without those in its regions, in the order in
/// which they happen; scratch is in `getScratchAccess`.
SmallVector<MemoryAccess, 2> getMemoryAccesses(Operation *op);

/// The scratch of `op` as an access, after allocation.
std::optional<MemoryAccess> getScratchAccess(Operation *op);

/// Whether an atomic keeps earlier accesses in front of it, or later ones
/// after it.
bool isRelease(Operation *op);
bool isAcquire(Operation *op);

/// Whether different threads of a block may race by `earlier` and then
/// `later`. `sameIteration` says that no back edge of a loop was taken in
/// between.
bool mayRace(const MemoryAccess &earlier, const MemoryAccess &later,
             bool sameIteration);

/// Whether the order of the accesses matters, whichever threads make them: in
/// one iteration of all loops, or in different iterations of one run of `loop`.
bool mayDependWithin(const MemoryAccess &a, const MemoryAccess &b);
bool mayDependAcross(const MemoryAccess &a, const MemoryAccess &b,
                     scf::ForOp loop);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_MEMORYACCESS_H
