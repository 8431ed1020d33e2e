//===- SharedMemory.h - how much shared memory ops take -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One place knows these sizes: the schedule spends them, the allocation places
// them, and the lowering uses what was placed.
//
//===----------------------------------------------------------------------===//

#ifndef TK_ANALYSIS_SHAREDMEMORY_H
#define TK_ANALYSIS_SHAREDMEMORY_H

#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tk {
struct ConversionPlan;
class TargetInfo;
} // namespace mlir::tk

namespace mlir::tkg {

/// Buffers start at multiples of this, so that every swizzle repeats from the
/// start of a buffer and 16-byte accesses are aligned.
constexpr int64_t kBufferAlignmentInBytes = 128;
/// Scratch is read and written by vectors of at most 16 bytes.
constexpr int64_t kScratchAlignmentInBytes = 16;

/// The bytes that an element takes in shared memory: i1 takes one, index and
/// pointers eight.
int64_t getElementSizeInBytes(Type elementType);

/// The bytes of scratch that the lowering of `op` needs; 0 for most ops, and
/// before layouts are assigned.
///
/// An op with scratch writes it, waits, and reads it. What the op must wait for
/// before it writes is for `tkg-place-synchronisation` to see.
///
/// | op | why |
/// |---|---|
/// | `tkg.convert_layout` | elements change warps, or lanes in no simple way |
/// | `tk.reduce` | partial results of several warps meet |
/// | `tk.gather` | the source is read at run-time places |
/// | `tk.reshape` | no layout goes through, see `kThroughMemoryAttr` |
/// | atomics whose result is used | one thread works for its replicas |
int64_t getScratchBytes(Operation *op);

/// How the lowering of `op` moves elements; nullopt before layouts are
/// assigned, without a target, and where elements would change their block.
std::optional<tk::ConversionPlan> getConversionPlan(ConvertLayoutOp op);

/// How often the scratch of `op` is there, as its `tkg.scratch_slots` says.
/// Runs of the op take the slots in turn, so that one run may write its slot
/// while slow threads still read that of the run before. Between the two all
/// threads met, in the op.
int64_t getNumScratchSlots(Operation *op);

/// Whether an op with scratch waits for all threads of the block between
/// writing and reading it, and not for those of a warp alone.
bool scratchMeetsBlock(Operation *op);

/// The chip of the module around `op`; null where none is set.
const tk::TargetInfo *getTargetInfo(Operation *op);

} // namespace mlir::tkg

#endif // TK_ANALYSIS_SHAREDMEMORY_H
