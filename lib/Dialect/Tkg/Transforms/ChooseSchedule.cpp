//===- ChooseSchedule.cpp - decides how iterations of loops overlap -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies into shared memory run `stages - 1` iterations ahead of the work on
// them. Enough stages hide the latency of memory behind the work of the
// iterations in between; as many as shared memory holds are possible.
//
//   stage 0       copies, and what their addresses need from memory
//   stage S - 2   loads into registers beside copies: one iteration ahead,
//                 since every further one costs registers
//   stage S - 1   everything else: first the wait for the copies
//
// A loop without dots has no copies. Its loads are stage 0 of two, one
// iteration ahead of the work on them, so that memory is busy while a block
// computes or waits; of more where the program asks for more. A loop along a
// row in which threads never meet does better without.
//
// Operands that threads write to shared memory themselves, for dots without a
// matrix unit, are written one stage before the dot: with two slots to write
// and read by turns, one barrier in an iteration is enough.
//
// In one time step the wait comes first, then the copies, so that one barrier
// between them serves both: copies of other threads have arrived, and the slot
// to be overwritten has been read by all.
//
//===----------------------------------------------------------------------===//

#include "AccessGuard.h"
#include "LoopSchedule.h"
#include "MemoryAccess.h"
#include "MissedRemark.h"
#include "tk/Analysis/ReadOnlyView.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CHOOSESCHEDULEPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// From a copy's issue until its data is in shared memory, with the memory
/// system under load. An estimate: H100 takes about 600 cycles when idle, and
/// lost 1 to 6 % of a matmul where less than this was hidden.
constexpr int64_t kLatencyInCycles = 2400;
/// Registers that accumulators and tiles loaded ahead may take together, of the
/// 255 that a thread has. The rest is for fragments, addresses and masks.
constexpr int64_t kMaxRegistersAhead = 144;
/// More stages than this have not paid off on any chip that we measured.
constexpr int64_t kMaxStages = 5;
/// The most that a program gets by asking: each stage repeats the copies and
/// loads in front of the loop, and no latency takes so many to hide.
constexpr int64_t kMaxAskedStages = 32;

namespace {
/// Orders within one time step.
enum Order : int32_t { kWaitOrder, kCopyOrder, kWorkOrder };

/// What of a loop can run ahead.
struct Candidates {
  /// Copies with their commits, and the ops that their operands need.
  llvm::SetVector<Operation *> copies;
  /// Loads into registers that feed a dot, or any in a loop without dots, and
  /// what they need.
  llvm::SetVector<Operation *> loads;
  /// What writes operands of dots to shared memory, from loads, without copies.
  llvm::SetVector<Operation *> writes;
  /// Bytes of shared memory that a stage of copies takes.
  int64_t bytesPerStage = 0;
  /// Bytes of shared memory that `writes` fill in an iteration.
  int64_t bytesOfWrites = 0;

  bool empty() const { return copies.empty() && loads.empty(); }
};

struct ChooseSchedule
    : public tkg::impl::ChooseSchedulePassBase<ChooseSchedule> {
  using ChooseSchedulePassBase::ChooseSchedulePassBase;
  void runOnOperation() override;

private:
  void schedule(scf::ForOp loop, const tk::TargetInfo &target);
};
} // namespace

static remark::RemarkOpts getRemark(StringRef name) {
  return remark::RemarkOpts::name(name).category(kScheduleRemark);
}

//===----------------------------------------------------------------------===//
// What can run ahead
//===----------------------------------------------------------------------===//

/// Adds to `slice` the ops of the body of `loop` that `op` needs and that must
/// run with it. Fails, naming what is in the way, if something there cannot run
/// ahead.
static LogicalResult addNeeds(Operation *op, scf::ForOp loop,
                              llvm::SetVector<Operation *> &slice,
                              std::string &reason) {
  for (Value input : getAllInputs(op)) {
    auto argument = dyn_cast<BlockArgument>(input);
    if (argument && argument.getOwner() == loop.getBody() &&
        argument != loop.getInductionVar()) {
      // What the last iteration passes on must be ready as early.
      unsigned number = argument.getArgNumber() - loop.getNumInductionVars();
      input = loop.getYieldedValues()[number];
    }
    Operation *maker = input.getDefiningOp();
    if (!maker || maker->getBlock() != loop.getBody() || isa<AllocOp>(maker) ||
        !slice.insert(maker))
      continue;
    if (isa<DotOp, LocalLoadOp, AsyncWaitOp>(maker) ||
        (needsGuard(maker) && !canGuard(maker))) {
      reason = llvm::formatv("it depends on '{0}' of the same loop",
                             maker->getName())
                   .str();
      return failure();
    }
    if (failed(addNeeds(maker, loop, slice, reason)))
      return failure();
  }
  return success();
}

/// Whether `op` may read memory that the loop writes: then it has its time.
static bool readsWhatLoopWrites(Operation *op, scf::ForOp loop) {
  bool depends = false;
  for (const MemoryAccess &access : getMemoryAccesses(op)) {
    if (access.space != MemoryAccess::Space::Global)
      continue;
    loop.getBody()->walk([&](Operation *other) {
      Operation *inBody = loop.getBody()->findAncestorOpInBlock(*other);
      bool isEarlier = inBody->isBeforeInBlock(op);
      for (const MemoryAccess &written : getMemoryAccesses(other))
        depends |= written.isWrite &&
                   (mayDependAcross(written, access, loop) ||
                    (isEarlier && mayDependWithin(written, access)));
    });
  }
  return depends;
}

/// Whether `loop` waits for other programs: what comes after that may not come
/// before.
static bool synchronises(scf::ForOp loop) {
  WalkResult result = loop.getBody()->walk([](Operation *op) {
    return isAcquire(op) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// The ops that must run ahead with `op`; empty, with a remark, if they cannot.
static llvm::SetVector<Operation *> getSlice(Operation *op, scf::ForOp loop) {
  llvm::SetVector<Operation *> slice;
  slice.insert(op);
  std::string reason;
  bool isPossible = succeeded(addNeeds(op, loop, slice, reason));
  if (isPossible && !canGuard(op)) {
    isPossible = false;
    reason = "all its places are gathered";
  }
  if (isPossible && synchronises(loop)) {
    isPossible = false;
    reason = "the loop waits for other programs";
  }
  if (isPossible && llvm::any_of(slice, [&](Operation *needed) {
        return readsWhatLoopWrites(needed, loop);
      })) {
    isPossible = false;
    reason = "the loop may write what it reads";
  }
  if (isPossible)
    return slice;
  remarkMissed(op, "NotAhead", kScheduleRemark)
      << "load does not run ahead of its loop: " + reason;
  return {};
}

/// Whether a loaded tile reaches a dot of the same loop.
static bool feedsDot(Value tile, scf::ForOp loop) {
  return llvm::any_of(tile.getUsers(), [&](Operation *user) {
    if (user->getBlock() != loop.getBody())
      return false;
    if (auto dot = dyn_cast<DotOp>(user))
      return dot.getAccumulator() != tile;
    bool passesOn =
        isa<tk::TransOp, tk::CastOp, ConvertLayoutOp, AllocOp>(user) ||
        user->hasTrait<OpTrait::Elementwise>();
    return passesOn && user->getNumResults() == 1 &&
           feedsDot(user->getResult(0), loop);
  });
}

/// Registers of 32 bits that a thread needs for its part of `type`.
static int64_t getNumRegisters(Type type, int64_t numThreads) {
  auto tile = cast<RankedTensorType>(type);
  int64_t bytes =
      tile.getNumElements() * getElementSizeInBytes(tile.getElementType());
  return llvm::divideCeil(bytes, 4 * numThreads);
}

/// The tiles that live through an iteration of `loop`: the results of its dots,
/// or without dots what it passes on.
static SmallVector<Type> getLivingTiles(scf::ForOp loop) {
  SmallVector<Type> tiles;
  for (auto dot : loop.getBody()->getOps<DotOp>())
    tiles.push_back(dot.getResultTile());
  if (tiles.empty())
    llvm::copy_if(loop.getResultTypes(), std::back_inserter(tiles),
                  llvm::IsaPred<RankedTensorType>);
  return tiles;
}

/// Registers that loads ahead may take in a loop without dots: few enough that
/// a second block fits on a processor, which overlaps more than they would.
static int64_t getMaxRegistersOfLoads(scf::ForOp loop, int64_t numThreads) {
  const tk::TargetInfo *target = getTargetInfo(loop);
  if (!target || !loop.getBody()->getOps<DotOp>().empty())
    return kMaxRegistersAhead;
  int64_t ofTwoBlocks = target->getRegistersPerProcessor() / (2 * numThreads);
  return std::min<int64_t>(kMaxRegistersAhead,
                           kMaxRegistersAhead * ofTwoBlocks /
                               target->getMaxRegistersPerThread());
}

/// Whether the registers of `loads`, twice while one tile is used and the next
/// one arrives, fit beside what lives in the loop.
static bool fitInRegisters(scf::ForOp loop, ArrayRef<tk::LoadViewOp> loads) {
  std::optional<tk::ThreadCounts> threads = getThreadCounts(loop);
  if (!threads)
    return true;
  int64_t numThreads = int64_t(threads->numLanes) * threads->numWarps;
  int64_t living = 0, ahead = 0;
  for (Type tile : getLivingTiles(loop))
    living += getNumRegisters(tile, numThreads);
  for (tk::LoadViewOp load : loads)
    ahead += 2 * getNumRegisters(load->getResult(0).getType(), numThreads);
  return living + ahead <= kMaxRegistersAhead &&
         ahead <= getMaxRegistersOfLoads(loop, numThreads);
}

/// Whether `loop` has about one iteration: the ragged ends of a loop that was
/// split.
static bool isRaggedEnd(scf::ForOp loop) {
  auto segment = loop->getAttrOfType<StringAttr>(tk::kSegmentAttr);
  return segment && segment.getValue() != "full";
}

/// The number of stages that the program asks for; null if it leaves it to us.
static IntegerAttr getAskedStages(scf::ForOp loop) {
  if (auto ofLoop = loop->getAttrOfType<IntegerAttr>(kNumStagesAttr))
    return ofLoop;
  return loop->getParentOfType<tk::KernelOp>().getStagesAttr();
}

/// Whether `load`, of a tile, moves along the rows of its view as `loop` goes
/// on, and takes no elements that may be outside.
static bool walksAlongRow(tk::LoadViewOp load, scf::ForOp loop) {
  if (!isa<RankedTensorType>(load.getType()))
    return false;
  std::optional<ArrayRef<bool>> inbounds = load.getInbounds();
  SmallVector<tk::ViewItem> items = load.getItems();
  return inbounds && !llvm::is_contained(*inbounds, false) &&
         llvm::all_of(ArrayRef(items).drop_back(), [&](const tk::ViewItem &i) {
           return loop.isDefinedOutsideOfLoop(i.value);
         });
}

/// Whether threads do `op` without each other, and loads may be moved over it.
static bool leavesThreadsAlone(Operation &op) {
  if (isa<tk::LoadViewOp, tk::StoreViewOp>(op))
    return true;
  bool exchanges =
      isa<tk::ReduceOp, tk::TransOp, tk::ReshapeOp, tk::GatherOp>(op);
  return isPure(&op) && op.getNumRegions() == 0 && !exchanges;
}

/// Whether running loads ahead would cost `loop` more than it brings. Each row
/// of a tensor has a program, so that many blocks keep memory busy while one
/// waits, if none of them has to wait for its own threads. Then instructions
/// count: those that carry a tile from one iteration to the next, and an
/// iteration that does not exist, of often two or four. Besides, NVIDIA's
/// assembler unrolls small loops whose loads have no predicates, and issues the
/// loads of four iterations at once, unless a store may write what they read.
static bool isBetterInOrder(scf::ForOp loop) {
  const tk::TargetInfo *target = getTargetInfo(loop);
  if (!target || target->getVendor() != tk::Vendor::NVIDIA ||
      !llvm::all_of(loop.getBody()->without_terminator(), leavesThreadsAlone))
    return false;
  bool stores = !loop.getBody()->getOps<tk::StoreViewOp>().empty();
  return llvm::all_of(loop.getBody()->getOps<tk::LoadViewOp>(),
                      [&](tk::LoadViewOp load) {
                        return walksAlongRow(load, loop) &&
                               (!stores || isReadOnlyView(load.getView()));
                      });
}

/// The loads into registers that should run ahead.
static SmallVector<tk::LoadViewOp> findLoads(scf::ForOp loop) {
  bool hasDot = !loop.getBody()->getOps<DotOp>().empty();
  if (!hasDot && !getAskedStages(loop) && isBetterInOrder(loop))
    return {};
  SmallVector<tk::LoadViewOp> loads;
  for (auto load : loop.getBody()->getOps<tk::LoadViewOp>())
    if (isa<RankedTensorType>(load.getType()) &&
        (hasDot ? feedsDot(load.getResult(), loop) : !isRaggedEnd(loop)))
      loads.push_back(load);
  return loads;
}

/// Adds to `writes` the work between loads and what `op` needs. Fails if there
/// is something else than loads behind it.
static LogicalResult addWork(Operation *op, scf::ForOp loop,
                             const Candidates &found,
                             llvm::SetVector<Operation *> &writes) {
  for (Value input : getAllInputs(op)) {
    auto argument = dyn_cast<BlockArgument>(input);
    if (argument && argument.getOwner() == loop.getBody() &&
        argument != loop.getInductionVar())
      return failure();
    Operation *maker = input.getDefiningOp();
    if (!maker || maker->getBlock() != loop.getBody() ||
        found.loads.contains(maker) || !writes.insert(maker))
      continue;
    if (!isPure(maker) || failed(addWork(maker, loop, found, writes)))
      return failure();
  }
  return success();
}

/// The operands that are written to memory for dots alone, with the work before
/// that; nothing unless all can be.
static llvm::SetVector<Operation *> findWrites(scf::ForOp loop,
                                               const Candidates &found) {
  llvm::SetVector<Operation *> writes;
  for (auto alloc : loop.getBody()->getOps<AllocOp>()) {
    if (!alloc.getInit() ||
        !llvm::all_of(alloc->getUsers(), llvm::IsaPred<DotOp>))
      return {};
    writes.insert(alloc);
    if (failed(addWork(alloc, loop, found, writes)))
      return {};
  }
  return writes;
}

static Candidates findCandidates(scf::ForOp loop) {
  Candidates found;
  llvm::SetVector<Operation *> memories;
  for (auto copy : loop.getBody()->getOps<CopyAsyncOp>()) {
    llvm::SetVector<Operation *> slice = getSlice(copy, loop);
    found.copies.insert(slice.begin(), slice.end());
    auto memory = copy.getSlot().getDefiningOp<AllocOp>();
    if (!slice.empty() && memory && memory->getBlock() == loop.getBody())
      memories.insert(memory);
  }
  SmallVector<tk::LoadViewOp> loads = findLoads(loop);
  bool hasRoom = fitInRegisters(loop, loads);
  for (tk::LoadViewOp load : loads) {
    if (!hasRoom) {
      remarkMissed(load, "NotAhead", kScheduleRemark)
          << "load does not run ahead of its loop: its registers do not fit "
             "beside the accumulators";
      continue;
    }
    llvm::SetVector<Operation *> slice = getSlice(load, loop);
    found.loads.insert(slice.begin(), slice.end());
  }
  // A group is committed where its copies are.
  for (auto commit : loop.getBody()->getOps<AsyncCommitOp>())
    if (llvm::any_of(commit.getTokens(), [&](Value token) {
          return found.copies.contains(token.getDefiningOp());
        }))
      found.copies.insert(commit);
  // The few iterations over the parts of a tile do not repay a longer start.
  if (found.copies.empty() && !found.loads.empty() &&
      !loop->hasAttr(kRolledAttr))
    found.writes = findWrites(loop, found);
  auto getBytes = [](Operation *memory) {
    return llvm::alignTo(cast<AllocOp>(memory).getType().getSizeInBytes(),
                         kBufferAlignmentInBytes);
  };
  for (Operation *memory : memories)
    found.bytesPerStage += getBytes(memory);
  for (Operation *op : found.writes)
    if (isa<AllocOp>(op))
      found.bytesOfWrites += getBytes(op);
  return found;
}

//===----------------------------------------------------------------------===//
// How many stages
//===----------------------------------------------------------------------===//

/// Products that a multiprocessor forms in a cycle, roughly.
static int64_t getProductsPerCycle(MmaAttr mma) {
  if (mma.getKind() == MmaKind::FMA)
    return 128;
  switch (mma.getType().getIntOrFloatBitWidth()) {
  case 8:
    return 2048;
  case 16:
    return 1024;
  case 64:
    return 64;
  default: // tf32
    return 512;
  }
}

static int64_t getCyclesOfIteration(scf::ForOp loop) {
  int64_t cycles = 1;
  loop.getBody()->walk([&](DotOp dot) {
    int64_t products = dot.getResultTile().getNumElements() *
                       getOperandShape(dot.getLhs()).back();
    if (MmaAttr mma = dot.getInstructionAttr())
      cycles += products / getProductsPerCycle(mma);
  });
  return cycles;
}

/// Bytes of shared memory that are taken while `loop` runs, besides its copies:
/// what lives around it, and the scratch of one op inside.
static int64_t getOtherBytes(scf::ForOp loop) {
  int64_t bytes = 0, scratch = 0;
  loop->getParentOfType<tk::KernelOp>()->walk([&](AllocOp alloc) {
    bool isBefore = !loop->isAncestor(alloc);
    bool isUsedInside = llvm::any_of(alloc->getUsers(), [&](Operation *user) {
      return loop->isAncestor(user);
    });
    if (isBefore && isUsedInside)
      bytes += llvm::alignTo(alloc.getType().getSizeInBytes(),
                             kBufferAlignmentInBytes);
  });
  // Layouts are not known yet: an op whose tile may move between warps needs
  // at most the tile. Tiles from outside move before the loop.
  loop.getBody()->walk([&](Operation *op) {
    Value tile;
    if (isa<tk::GatherOp, tk::ReduceOp, tk::ReshapeOp>(op))
      tile = op->getOperand(0);
    else if (auto dot = dyn_cast<DotOp>(op))
      for (Value operand : {dot.getLhs(), dot.getRhs()})
        if (isa<RankedTensorType>(operand.getType()) &&
            !loop.isDefinedOutsideOfLoop(operand) &&
            !operand.getDefiningOp<LocalLoadOp>())
          tile = operand;
    if (!tile)
      return;
    auto type = cast<RankedTensorType>(tile.getType());
    int64_t elements = type.getNumElements();
    if (auto reduce = dyn_cast<tk::ReduceOp>(op)) {
      std::optional<tk::ThreadCounts> threads = getThreadCounts(op);
      elements = elements / type.getDimSize(reduce.getAxis()) *
                 (threads ? threads->numWarps : 1) * op->getNumOperands();
    }
    scratch = std::max(scratch,
                       elements * getElementSizeInBytes(type.getElementType()));
  });
  return bytes + llvm::alignTo(scratch, kBufferAlignmentInBytes);
}

/// Stages that hide the latency of memory: one to work on, one to fill, and as
/// many as iterations pass meanwhile.
static int64_t getWantedStages(scf::ForOp loop, const Candidates &candidates) {
  if (candidates.copies.empty())
    return candidates.writes.empty() ? 2 : 3;
  int64_t ahead =
      llvm::divideCeil(kLatencyInCycles, getCyclesOfIteration(loop));
  return std::min<int64_t>(2 + ahead, kMaxStages);
}

/// Whether operands that threads write may take two slots. They must not make
/// shared memory what limits the blocks of a processor: 64 x 32 and 32 x 64 of
/// bf16 on gfx1100 would have left four blocks of six, and LLVM, which takes
/// more registers where few blocks run anyway, spilled.
static bool hasRoomForTwoSlots(const Candidates &candidates, int64_t room,
                               const tk::TargetInfo &target) {
  constexpr int64_t kManyBlocks = 8;
  int64_t ofBlock = target.getSharedMemoryPerProcessor() / kManyBlocks -
                    target.getReservedSharedMemoryPerBlock();
  return 2 * candidates.bytesOfWrites <= std::min(room, ofBlock);
}

/// The stages that are wanted, by the loop or by its latency, as far as shared
/// memory goes. Less than asked for is a remark.
static int64_t chooseNumStages(scf::ForOp loop, const Candidates &candidates,
                               const tk::TargetInfo &target) {
  IntegerAttr hint = getAskedStages(loop);
  int64_t wanted = hint ? hint.getInt() : getWantedStages(loop, candidates);
  int64_t room = target.getMaxSharedMemory() - getOtherBytes(loop);
  if (!hint && !hasRoomForTwoSlots(candidates, room, target))
    return std::min<int64_t>(wanted, 2);
  int64_t possible = kMaxAskedStages;
  if (candidates.bytesPerStage != 0)
    possible = std::clamp<int64_t>(room / candidates.bytesPerStage, 1,
                                   kMaxAskedStages);
  if (wanted <= possible)
    return wanted;
  if (hint && possible == kMaxAskedStages)
    remarkMissed(loop, "FewerStages", kScheduleRemark)
        << llvm::formatv("loop asks for {0} stages, but gets {1} at most",
                         wanted, possible)
               .str();
  else if (hint)
    remarkMissed(loop, "FewerStages", kScheduleRemark)
        << llvm::formatv(
               "loop asks for {0} stages of {1} bytes, but {2} has room for "
               "{3} in {4} bytes of shared memory",
               wanted, candidates.bytesPerStage, target.getName(), possible,
               std::max<int64_t>(room, 0))
               .str();
  return possible;
}

//===----------------------------------------------------------------------===//
// The schedule
//===----------------------------------------------------------------------===//

static void setPlace(Operation *op, int64_t stage, Order order) {
  Builder builder(op->getContext());
  op->setAttr(kStageAttr, builder.getI32IntegerAttr(stage));
  op->setAttr(kOrderAttr, builder.getI32IntegerAttr(order));
}

/// Whether every stage that needs `op` may compute it anew: index arithmetic,
/// but no work on tiles, such as a reduction to a scalar.
static bool isFloating(Operation *op) {
  auto isTile = [](Type type) { return isa<RankedTensorType>(type); };
  return isPure(op) && llvm::none_of(op->getResultTypes(), isTile) &&
         llvm::none_of(op->getOperandTypes(), isTile);
}

static void setPlaces(scf::ForOp loop, const Candidates &candidates,
                      int64_t numStages) {
  for (Operation &op : loop.getBody()->without_terminator()) {
    auto alloc = dyn_cast<AllocOp>(op);
    if (isFloating(&op) || (alloc && !alloc.getInit()))
      continue;
    if (candidates.copies.contains(&op))
      setPlace(&op, 0, kCopyOrder);
    else if (candidates.loads.contains(&op))
      setPlace(&op, candidates.copies.empty() ? 0 : numStages - 2, kCopyOrder);
    else if (candidates.writes.contains(&op) && numStages > 2)
      // Before the loads, which take the same registers.
      setPlace(&op, numStages - 2, kWaitOrder);
    else if (isa<AsyncWaitOp>(op))
      setPlace(&op, numStages - 1, kWaitOrder);
    else
      setPlace(&op, numStages - 1, kWorkOrder);
  }
}

void ChooseSchedule::schedule(scf::ForOp loop, const tk::TargetInfo &target) {
  bool isGiven =
      llvm::any_of(loop.getBody()->without_terminator(),
                   [](Operation &op) { return op.hasAttr(kStageAttr); });
  if (isGiven)
    return;
  Candidates candidates = findCandidates(loop);
  if (candidates.empty()) {
    if (loop->hasAttr(kNumStagesAttr))
      remarkMissed(loop, "NothingAhead", kScheduleRemark)
          << "loop asks for stages, but has no load that could run ahead";
    return;
  }
  int64_t numStages = chooseNumStages(loop, candidates, target);
  Builder builder(&getContext());
  loop->setAttr(kNumStagesAttr, builder.getI32IntegerAttr(numStages));
  if (numStages < 2) {
    remarkMissed(loop, "NotPipelined", kScheduleRemark)
        << "loop is not pipelined: it has one stage";
    return;
  }
  setPlaces(loop, candidates, numStages);
  ++numPipelined;
  remark::passed(loop.getLoc(), getRemark("Pipelined"))
      << llvm::formatv("loop is pipelined: {0} stages of {1} bytes of shared "
                       "memory",
                       numStages, candidates.bytesPerStage)
             .str();
}

void ChooseSchedule::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  const tk::TargetInfo *target = getTargetInfo(kernel);
  if (!target) {
    kernel.emitError() << "expects a target, which convert-tk-to-tkg sets";
    return signalPassFailure();
  }
  kernel.walk([&](scf::ForOp loop) { schedule(loop, *target); });
}
