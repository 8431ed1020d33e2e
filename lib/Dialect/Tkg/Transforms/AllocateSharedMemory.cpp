//===- AllocateSharedMemory.cpp - gives buffers their places --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops are numbered in the order of the text, a region between its op's own
// number and that of its end. A buffer occupies an interval of these numbers
// and some bytes: a rectangle. Rectangles must not overlap, and the stack of
// them should be low:
//
//   bytes
//     ^  +-------+
//     |  |   b   |  +-----+        b and c never live together with each
//     |  +-------+--+  c  |        other; both live together with a
//     |  |       a        |
//     +--+----------------+--> op numbers
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_ALLOCATESHAREDMEMORYPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// Scratch up to this size gets a place of its own, as long as all of it stays
/// below the second size: two reductions in one place need a barrier between
/// them, in two places they do not.
constexpr int64_t kSmallScratchInBytes = 1024;
constexpr int64_t kMaxUnsharedScratchInBytes = 4096;
/// Scratch in loops may take this much, since there the barriers count: several
/// blocks still fit on a multiprocessor.
constexpr int64_t kMaxUnsharedLoopScratchInBytes = 32768;

namespace {
/// One rectangle.
struct Buffer {
  /// A `tkg.alloc`, or an op with scratch.
  Operation *op;
  int64_t sizeInBytes;
  int64_t alignmentInBytes;
  /// First and last op number at which it is alive.
  int64_t start, end;
  int64_t offset = 0;
  /// Shares its place with no other such buffer.
  bool isUnshared = false;
  /// Slots that runs of an op take in turn; part of the size.
  int64_t numSlots = 1;

  bool livesTogetherWith(const Buffer &other) const {
    return (start <= other.end && other.start <= end) ||
           (isUnshared && other.isUnshared);
  }
};

struct AllocateSharedMemory
    : public tkg::impl::AllocateSharedMemoryPassBase<AllocateSharedMemory> {
  using AllocateSharedMemoryPassBase::AllocateSharedMemoryPassBase;
  void runOnOperation() override;
};

/// The numbers of ops in the order of the text.
class OpNumbers {
public:
  explicit OpNumbers(Operation *root) { visit(root); }
  int64_t getStart(Operation *op) const { return starts.lookup(op); }
  /// The number after everything inside `op`.
  int64_t getEnd(Operation *op) const { return ends.lookup(op); }

private:
  void visit(Operation *op) {
    starts[op] = next++;
    for (Region &region : op->getRegions())
      for (Operation &nested : region.getOps())
        visit(&nested);
    ends[op] = next++;
  }

  llvm::DenseMap<Operation *, int64_t> starts, ends;
  int64_t next = 0;
};
} // namespace

/// Adds the values that stand for the memory of `use` after it went through
/// the op: views of it, and where control flow passes it on.
static void followUse(OpOperand &use, llvm::SetVector<Value> &aliases) {
  Operation *user = use.getOwner();
  for (Value result : user->getResults())
    if (isa<MemDescType>(result.getType()))
      aliases.insert(result);
  auto insertRegionArguments = [&](Operation *op) {
    for (Region &region : op->getRegions())
      for (Value argument : region.getArguments())
        if (isa<MemDescType>(argument.getType()))
          aliases.insert(argument);
  };
  if (isa<RegionBranchOpInterface>(user))
    insertRegionArguments(user);
  if (!user->hasTrait<OpTrait::ReturnLike>() &&
      !isa<RegionBranchTerminatorOpInterface>(user))
    return;
  Operation *parent = user->getParentOp();
  insertRegionArguments(parent);
  for (Value result : parent->getResults())
    if (isa<MemDescType>(result.getType()))
      aliases.insert(result);
}

/// The op numbers at which the memory of `alloc` is alive.
static std::pair<int64_t, int64_t> getLifetime(AllocOp alloc,
                                               const OpNumbers &numbers) {
  int64_t start = numbers.getStart(alloc), end = start;
  Operation *home = alloc->getParentOp();
  llvm::SetVector<Value> aliases;
  aliases.insert(alloc.getResult());
  for (size_t i = 0; i < aliases.size(); ++i) {
    Value alias = aliases[i];
    for (OpOperand &use : alias.getUses()) {
      followUse(use, aliases);
      Operation *user = use.getOwner();
      end = std::max(end, numbers.getEnd(user));
      // A use in a loop around which the buffer lives keeps it for all
      // iterations, and so does passing it on to the next one.
      if (isa<scf::YieldOp>(user) &&
          isa<LoopLikeOpInterface>(user->getParentOp()))
        start = std::min(start, numbers.getStart(user->getParentOp()));
      for (Operation *parent = user->getParentOp();
           parent && !parent->isAncestor(home); parent = parent->getParentOp())
        if (isa<LoopLikeOpInterface>(parent))
          end = std::max(end, numbers.getEnd(parent));
    }
  }
  return {start, end};
}

/// Whether all threads of a block meet in `op`, or probably in front of it.
static bool meetsBlock(Operation &op) {
  return isa<BarrierOp, AsyncWaitOp>(op) ||
         (getScratchBytes(&op) != 0 && scratchMeetsBlock(&op));
}

/// A small reduction that is the only place in its loop where the block meets
/// writes its scratch while slow threads still read that of the iteration
/// before. With two slots in turn it needs no second barrier.
static int64_t chooseNumSlots(Operation *op, int64_t bytes) {
  if (!isa<tk::ReduceOp>(op) || bytes > kSmallScratchInBytes ||
      !op->getParentOfType<LoopLikeOpInterface>())
    return 1;
  bool isAlone = llvm::none_of(*op->getBlock(), [&](Operation &other) {
    return &other != op && meetsBlock(other);
  });
  return isAlone ? 2 : 1;
}

/// Each reduction with the slots that it should have, or all with one.
static SmallVector<Buffer> findBuffers(tk::KernelOp kernel, bool hasRoom) {
  OpNumbers numbers(kernel);
  SmallVector<Buffer> buffers;
  kernel.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (auto alloc = dyn_cast<AllocOp>(op)) {
      auto [start, end] = getLifetime(alloc, numbers);
      buffers.push_back({op, alloc.getType().getSizeInBytes(),
                         kBufferAlignmentInBytes, start, end});
    } else if (int64_t bytes = getScratchBytes(op)) {
      int64_t numSlots = hasRoom ? chooseNumSlots(op, bytes) : 1;
      buffers.push_back({op, numSlots * bytes, kScratchAlignmentInBytes,
                         numbers.getStart(op), numbers.getEnd(op)});
      buffers.back().numSlots = numSlots;
    }
  });
  return buffers;
}

/// Marks the buffers that `mayStandApart` admits, unless they are too much
/// together with those that are marked.
static void separateScratch(MutableArrayRef<Buffer> buffers, int64_t maxTotal,
                            function_ref<bool(const Buffer &)> mayStandApart) {
  SmallVector<Buffer *> chosen;
  int64_t total = 0;
  for (Buffer &buffer : buffers) {
    if (isa<AllocOp>(buffer.op))
      continue;
    if (!buffer.isUnshared && !mayStandApart(buffer))
      continue;
    chosen.push_back(&buffer);
    total += llvm::alignTo(buffer.sizeInBytes, buffer.alignmentInBytes);
  }
  if (total <= maxTotal)
    for (Buffer *buffer : chosen)
      buffer->isUnshared = true;
}

/// Keeps scratch apart where barriers between its users would cost more.
static void separateScratch(MutableArrayRef<Buffer> buffers) {
  separateScratch(buffers, kMaxUnsharedScratchInBytes,
                  [](const Buffer &buffer) {
                    return buffer.sizeInBytes <= kSmallScratchInBytes;
                  });
  separateScratch(buffers, kMaxUnsharedLoopScratchInBytes,
                  [](const Buffer &buffer) {
                    return buffer.op->getParentOfType<LoopLikeOpInterface>() &&
                           scratchMeetsBlock(buffer.op);
                  });
}

/// Sets the offsets of `buffers` and returns the bytes taken together.
static int64_t placeBuffers(MutableArrayRef<Buffer> buffers) {
  SmallVector<Buffer *> order;
  for (Buffer &buffer : buffers)
    order.push_back(&buffer);
  // Ties go by the order of the text, which is that of the array.
  llvm::sort(order, [](const Buffer *a, const Buffer *b) {
    return std::pair(-a->sizeInBytes, a) < std::pair(-b->sizeInBytes, b);
  });

  int64_t total = 0;
  SmallVector<Buffer *> placed;
  for (Buffer *buffer : order) {
    // `placed` is sorted by offset: the first gap that is wide enough.
    int64_t offset = 0;
    for (const Buffer *other : placed) {
      if (!buffer->livesTogetherWith(*other))
        continue;
      if (offset + buffer->sizeInBytes <= other->offset)
        break;
      offset = std::max<int64_t>(
          offset, llvm::alignTo(other->offset + other->sizeInBytes,
                                buffer->alignmentInBytes));
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->sizeInBytes);
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const Buffer *a, const Buffer *b) {
                                      return a->offset < b->offset;
                                    }),
                  buffer);
  }
  return total;
}

static LogicalResult checkCapacity(tk::KernelOp kernel,
                                   ArrayRef<Buffer> buffers, int64_t total) {
  const tk::TargetInfo *target = getTargetInfo(kernel);
  if (!target || total <= target->getMaxSharedMemory())
    return success();
  InFlightDiagnostic diag = kernel.emitError()
                            << "kernel '" << kernel.getSymName() << "' takes "
                            << total << " bytes of shared memory, "
                            << target->getName() << " has "
                            << target->getMaxSharedMemory() << " for a block";
  for (const Buffer &buffer : buffers) {
    Diagnostic &note = diag.attachNote(buffer.op->getLoc());
    note << buffer.sizeInBytes << " bytes for ";
    if (auto alloc = dyn_cast<AllocOp>(buffer.op))
      note << "a buffer of type " << alloc.getType();
    else
      note << "the scratch of '" << buffer.op->getName() << "'";
  }
  return failure();
}

void AllocateSharedMemory::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  SmallVector<Buffer> buffers = findBuffers(kernel, /*hasRoom=*/true);
  separateScratch(buffers);
  int64_t total = placeBuffers(buffers);
  const tk::TargetInfo *target = getTargetInfo(kernel);
  if (target && total > target->getMaxSharedMemory()) {
    // What saves barriers goes first.
    buffers = findBuffers(kernel, /*hasRoom=*/false);
    total = placeBuffers(buffers);
  }
  if (failed(checkCapacity(kernel, buffers, total)))
    return signalPassFailure();

  Builder builder(&getContext());
  for (const Buffer &buffer : buffers) {
    if (auto alloc = dyn_cast<AllocOp>(buffer.op))
      alloc.setOffset(buffer.offset);
    else
      buffer.op->setAttr(kScratchOffsetAttr,
                         builder.getI64IntegerAttr(buffer.offset));
    if (buffer.numSlots > 1)
      buffer.op->setAttr(kScratchSlotsAttr,
                         builder.getI32IntegerAttr(buffer.numSlots));
  }
  kernel->setAttr(kSharedBytesAttr, builder.getI64IntegerAttr(total));
  numBuffers += buffers.size();
  numBytes += total;
}
