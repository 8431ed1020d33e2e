//===- PlaceSynchronisation.cpp - adds barriers and wait counts -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A forward dataflow analysis decides whether a placement of barriers is safe.
// Its state is the set of accesses that may have happened since the last
// barrier; an op that races with one of them needs a barrier in front, which
// empties the set. Loops are followed until the set at their head stays.
//
// The same analysis makes a placement: it adds a barrier where one is missing.
// In straight code that is the best one, as a barrier as late as possible
// serves most hazards. In loops the order of visits decides, so a search goes
// on from there: barriers that others make needless go, those that only the
// first iteration needs move in front of the loop, and a loop with several is
// tried again from each of its ops. Every step is checked by the analysis.
//
//   wait                      pipelined loop, copies run ahead
//   barrier <---- found at the copy: slot was read in the last iteration
//   copy   -> ring[i+2]
//   load   <- ring[i]         waited for before the barrier: nothing to do
//   dot
//
//===----------------------------------------------------------------------===//

#include "AsyncGroups.h"
#include "MemoryAccess.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_PLACESYNCHRONISATIONPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;
using Space = MemoryAccess::Space;

namespace {
/// An access that may have happened, and whether a back edge of a loop around
/// it was taken since.
struct PastAccess {
  MemoryAccess access;
  bool sameIteration = true;
  /// The threads have met since; only a copy in flight is remembered then.
  bool hasMet = false;

  bool operator==(const PastAccess &other) const {
    return access == other.access && sameIteration == other.sameIteration &&
           hasMet == other.hasMet;
  }
};

/// What an op must be preceded by.
enum class Need { Nothing, Barrier, WaitAndBarrier };

/// What the ops of a kernel are preceded by.
using Placement = llvm::MapVector<Operation *, Need>;

/// What may have happened since the last barrier.
class State {
public:
  void add(const MemoryAccess &access) { insert({access}); }
  void addWait(Operation *wait) { freshWaits.insert(wait); }
  void addAcquire() { hasAcquired = true; }

  /// All threads met. What is in flight stays in flight.
  void meetThreads() {
    llvm::erase_if(past, [](const PastAccess &p) { return !p.access.isAsync; });
    for (PastAccess &p : past)
      p.hasMet = true;
    freshWaits.clear();
    hasAcquired = false;
  }
  /// All copies have arrived; for other threads that is news until they meet.
  void landCopies() {
    for (PastAccess &p : past)
      p.access.isAsync = p.hasMet = false;
  }
  void takeBackEdge() {
    for (PastAccess &p : past)
      p.sameIteration = false;
  }
  /// Adds what may have happened on another path; true if that is more.
  bool join(const State &other) {
    bool hasGrown = false;
    for (const PastAccess &p : other.past)
      hasGrown |= insert(p);
    for (Operation *wait : other.freshWaits)
      hasGrown |= freshWaits.insert(wait);
    hasGrown |= other.hasAcquired && !hasAcquired;
    hasAcquired |= other.hasAcquired;
    return hasGrown;
  }

  ArrayRef<PastAccess> getPast() const { return past; }
  bool isFresh(Operation *wait) const { return freshWaits.contains(wait); }
  bool hasFreshWait() const { return !freshWaits.empty(); }
  bool hasFreshAcquire() const { return hasAcquired; }

private:
  bool insert(const PastAccess &p) {
    if (llvm::is_contained(past, p))
      return false;
    past.push_back(p);
    return true;
  }

  SmallVector<PastAccess> past;
  /// Waits since the last barrier.
  llvm::SetVector<Operation *> freshWaits;
  bool hasAcquired = false;
};

/// What one op does to memory.
struct OpAccesses {
  SmallVector<MemoryAccess, 2> accesses;
  /// An op with scratch writes it, waits for the block or for its warp, and
  /// reads it.
  std::optional<MemoryAccess> scratch;
  bool scratchMeetsBlock = false;
};

/// The ops of a kernel that access memory. They are found once, since the
/// search follows the kernel many times, and the scratch of a conversion is
/// known by planning it.
class AccessTable {
public:
  explicit AccessTable(tk::KernelOp kernel);

  /// Null if `op` accesses nothing.
  const OpAccesses *lookup(Operation *op) const {
    auto it = accesses.find(op);
    return it == accesses.end() ? nullptr : &it->second;
  }

private:
  llvm::DenseMap<Operation *, OpAccesses> accesses;
};

class HazardAnalysis {
public:
  /// Follows `kernel` with the barriers of `placement`. Where they leave a
  /// hazard, adds one if `mayAdd`; otherwise the placement is not safe.
  HazardAnalysis(const AccessTable &table, Placement &placement, bool mayAdd)
      : table(table), placement(placement), mayAdd(mayAdd) {}

  /// Whether no hazard is left.
  bool run(tk::KernelOp kernel);

private:
  void visitBlock(Block &block, State &state);
  void visit(Operation &op, State &state);
  void visitLeaf(Operation &op, State &state);
  void visitFor(scf::ForOp loop, State &state);
  void visitWhile(scf::WhileOp loop, State &state);
  void visitIf(scf::IfOp op, State &state);
  /// What is still needed in front of `op`, to be added to the placement.
  void require(Operation &op, Need need, State &state);
  Need findNeed(Operation &op, ArrayRef<MemoryAccess> accesses,
                const State &state);
  Need findNeedOf(const MemoryAccess &access, const PastAccess &past);

  const AccessTable &table;
  Placement &placement;
  bool mayAdd;
  bool isSafe = true;
};

struct PlaceSynchronisation
    : public tkg::impl::PlaceSynchronisationPassBase<PlaceSynchronisation> {
  using PlaceSynchronisationPassBase::PlaceSynchronisationPassBase;
  void runOnOperation() override;
};
} // namespace

AccessTable::AccessTable(tk::KernelOp kernel) {
  kernel.getBody().walk([&](Operation *op) {
    OpAccesses found;
    found.accesses = getMemoryAccesses(op);
    found.scratch = getScratchAccess(op);
    if (found.accesses.empty() && !found.scratch)
      return;
    found.scratchMeetsBlock = found.scratch && scratchMeetsBlock(op);
    accesses.insert({op, std::move(found)});
  });
}

//===----------------------------------------------------------------------===//
// What one op needs
//===----------------------------------------------------------------------===//

/// Whether `op` reads what a copy brought, after the wait for it.
static bool readsAfterToken(Operation *op) {
  auto load = dyn_cast<LocalLoadOp>(op);
  return load && load.getToken();
}

Need HazardAnalysis::findNeedOf(const MemoryAccess &access,
                                const PastAccess &past) {
  const MemoryAccess &earlier = past.access;
  if (!mayRace(earlier, access, past.sameIteration))
    return Need::Nothing;
  if (!earlier.isAsync)
    return Need::Barrier;
  if (earlier.space == Space::Shared && earlier.buffer == access.buffer) {
    // Copies into one slot are waited for before it is read and used again.
    // The read itself names the copies that it needs by its token.
    if (access.isAsync)
      return past.hasMet ? Need::Nothing : Need::Barrier;
    if (readsAfterToken(access.op))
      return Need::Nothing;
  }
  return Need::WaitAndBarrier;
}

/// Whether one of the waits that `token` may come from is not behind a barrier
/// yet. A token that was passed around counts as that of any wait.
static bool isTokenFresh(Value token, const State &state) {
  if (auto wait = token.getDefiningOp<AsyncWaitOp>())
    return state.isFresh(wait);
  return state.hasFreshWait();
}

Need HazardAnalysis::findNeed(Operation &op, ArrayRef<MemoryAccess> accesses,
                              const State &state) {
  Need need = Need::Nothing;
  auto raise = [&](Need other) { need = std::max(need, other); };
  for (const MemoryAccess &access : accesses) {
    for (const PastAccess &past : state.getPast())
      raise(findNeedOf(access, past));
    if (access.space == Space::Global && state.hasFreshAcquire())
      raise(Need::Barrier);
  }
  if (auto load = dyn_cast<LocalLoadOp>(op))
    if (load.getToken() && isTokenFresh(load.getToken(), state))
      raise(Need::Barrier);
  // What all threads wrote must be visible to whoever sees the release.
  if (isRelease(&op) &&
      llvm::any_of(state.getPast(), [](const PastAccess &past) {
        return past.access.space == Space::Global;
      }))
    raise(Need::Barrier);
  return need;
}

//===----------------------------------------------------------------------===//
// Flow
//===----------------------------------------------------------------------===//

/// Lets `state` go through what precedes an op.
static void apply(Need need, State &state) {
  if (need == Need::WaitAndBarrier)
    state.landCopies();
  if (need != Need::Nothing)
    state.meetThreads();
}

void HazardAnalysis::require(Operation &op, Need need, State &state) {
  if (need == Need::Nothing)
    return;
  if (!mayAdd) {
    isSafe = false;
    return;
  }
  Need &placed = placement.insert({&op, Need::Nothing}).first->second;
  placed = std::max(placed, need);
  apply(need, state);
}

void HazardAnalysis::visitLeaf(Operation &op, State &state) {
  if (isa<BarrierOp>(op))
    return state.meetThreads();
  if (auto wait = dyn_cast<AsyncWaitOp>(op)) {
    if (wait.getPending() == 0)
      state.landCopies();
    return state.addWait(wait);
  }

  const OpAccesses *found = table.lookup(&op);
  if (!found)
    return;
  SmallVector<MemoryAccess, 2> accesses = found->accesses;
  if (found->scratch)
    accesses.push_back(*found->scratch);
  require(op, findNeed(op, accesses, state), state);

  for (const MemoryAccess &access : found->accesses)
    state.add(access);
  if (std::optional<MemoryAccess> scratch = found->scratch) {
    if (found->scratchMeetsBlock)
      state.meetThreads();
    else
      state.add(*scratch);
    scratch->isWrite = false;
    return state.add(*scratch);
  }
  if (isAcquire(&op))
    state.addAcquire();
}

void HazardAnalysis::visitFor(scf::ForOp loop, State &state) {
  bool hasGrown = true;
  while (hasGrown && isSafe) {
    State end = state;
    visitBlock(*loop.getBody(), end);
    end.takeBackEdge();
    hasGrown = state.join(end);
  }
}

void HazardAnalysis::visitWhile(scf::WhileOp loop, State &state) {
  State afterCondition;
  bool hasGrown = true;
  while (hasGrown && isSafe) {
    afterCondition = state;
    visitBlock(*loop.getBeforeBody(), afterCondition);
    State end = afterCondition;
    visitBlock(*loop.getAfterBody(), end);
    end.takeBackEdge();
    hasGrown = state.join(end);
  }
  state = afterCondition;
}

void HazardAnalysis::visitIf(scf::IfOp op, State &state) {
  State elseState = state;
  visitBlock(*op.thenBlock(), state);
  if (op.elseBlock())
    visitBlock(*op.elseBlock(), elseState);
  state.join(elseState);
}

void HazardAnalysis::visit(Operation &op, State &state) {
  apply(placement.lookup(&op), state);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitFor(loop, state);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return visitWhile(loop, state);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitIf(branch, state);
  visitLeaf(op, state);
}

void HazardAnalysis::visitBlock(Block &block, State &state) {
  for (Operation &op : block)
    visit(op, state);
}

bool HazardAnalysis::run(tk::KernelOp kernel) {
  State state;
  visitBlock(kernel.getBody().front(), state);
  return isSafe;
}

//===----------------------------------------------------------------------===//
// Fewest barriers
//===----------------------------------------------------------------------===//

namespace {
/// Looks for the safe placement that costs least.
class BarrierSearch {
public:
  BarrierSearch(tk::KernelOp kernel, const AccessTable &table)
      : kernel(kernel), table(table) {}
  Placement run();

private:
  bool isSafe(Placement placement) {
    return HazardAnalysis(table, placement, /*mayAdd=*/false).run(kernel);
  }
  /// Adds what `placement` lacks, then improves it.
  Placement complete(Placement placement);
  bool moveOutOfLoops(Placement &placement, Operation *op);
  bool drop(Placement &placement, Operation *op);
  void tryStartingAt(scf::ForOp loop, Placement &best);

  tk::KernelOp kernel;
  const AccessTable &table;
};
} // namespace

/// How often an op runs, if every loop does kLoopWeight times.
constexpr int64_t kLoopWeight = 16;

static int64_t getWeight(Operation *op) {
  int64_t weight = 1;
  for (op = op->getParentOp(); op && !isa<tk::KernelOp>(op);
       op = op->getParentOp())
    if (isa<LoopLikeOpInterface>(op))
      weight *= kLoopWeight;
  return weight;
}

static int64_t getCost(const Placement &placement) {
  int64_t cost = 0;
  for (auto [op, need] : placement)
    if (need != Need::Nothing)
      cost += getWeight(op);
  return cost;
}

/// A barrier in front of a loop around `op` may serve as well: the first
/// iteration alone met what came before.
bool BarrierSearch::moveOutOfLoops(Placement &placement, Operation *op) {
  if (placement.lookup(op) != Need::Barrier)
    return false;
  SmallVector<Operation *> loops;
  for (Operation *parent = op->getParentOp(); parent != kernel;
       parent = parent->getParentOp())
    if (isa<LoopLikeOpInterface>(parent))
      loops.push_back(parent);
  for (Operation *loop : llvm::reverse(loops)) {
    Placement moved = placement;
    moved[op] = Need::Nothing;
    Need &before = moved.insert({loop, Need::Nothing}).first->second;
    before = std::max(before, Need::Barrier);
    if (isSafe(moved)) {
      placement = std::move(moved);
      return true;
    }
  }
  return false;
}

bool BarrierSearch::drop(Placement &placement, Operation *op) {
  if (placement.lookup(op) == Need::Nothing)
    return false;
  Placement smaller = placement;
  smaller[op] = Need::Nothing;
  if (!isSafe(smaller))
    return false;
  placement = std::move(smaller);
  return true;
}

Placement BarrierSearch::complete(Placement placement) {
  HazardAnalysis(table, placement, /*mayAdd=*/true).run(kernel);
  auto getOps = [&] {
    return llvm::to_vector(llvm::make_first_range(placement));
  };
  for (Operation *op : getOps())
    drop(placement, op);
  bool hasMoved = false;
  for (Operation *op : getOps())
    hasMoved |= moveOutOfLoops(placement, op);
  if (hasMoved)
    for (Operation *op : getOps())
      drop(placement, op);
  return placement;
}

/// The barriers of a loop go round: which are needed depends on the one that is
/// placed first.
void BarrierSearch::tryStartingAt(scf::ForOp loop, Placement &best) {
  auto isInLoop = [&](Operation *op) { return op->getParentOp() == loop; };
  int64_t numInLoop = llvm::count_if(best, [&](const auto &entry) {
    return entry.second != Need::Nothing && isInLoop(entry.first);
  });
  if (numInLoop < 2)
    return;
  Placement others;
  for (auto [op, need] : best)
    if (!isInLoop(op) || need == Need::WaitAndBarrier)
      others.insert({op, need});
  for (Operation &start : *loop.getBody()) {
    if (!table.lookup(&start))
      continue;
    Placement placement = others;
    placement.insert({&start, Need::Barrier});
    placement = complete(std::move(placement));
    if (getCost(placement) < getCost(best))
      best = std::move(placement);
  }
}

Placement BarrierSearch::run() {
  Placement best = complete({});
  SmallVector<scf::ForOp> loops;
  kernel.walk([&](scf::ForOp loop) { loops.push_back(loop); });
  for (scf::ForOp loop : loops)
    tryStartingAt(loop, best);
  return best;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static bool startsCopies(Operation &op) {
  return op.walk([](AsyncCommitOp) { return WalkResult::interrupt(); })
      .wasInterrupted();
}

/// Copies may be on their way when the kernel ends: those of iterations that do
/// not exist, which write zeros. A block must not end before them.
static bool waitAtTheEnd(tk::KernelOp kernel) {
  Block &body = kernel.getBody().front();
  for (Operation &op : llvm::reverse(body)) {
    auto wait = dyn_cast<AsyncWaitOp>(op);
    if (wait && wait.getPending() == 0)
      return false;
    if (!startsCopies(op))
      continue;
    OpBuilder builder(body.getTerminator());
    AsyncWaitOp::create(builder, op.getLoc(), ValueRange())
        .setPending(int32_t(0));
    return true;
  }
  return false;
}

/// The analyses follow the blocks of these alone: an access anywhere else would
/// get no barrier.
static LogicalResult checkControlFlow(tk::KernelOp kernel,
                                      const AccessTable &table) {
  if (!kernel.getBody().hasOneBlock())
    return kernel.emitError() << "expects structured control flow, but the "
                                 "body has several blocks";
  WalkResult result = kernel.getBody().walk([&](Operation *op) {
    Operation *parent = op->getParentOp();
    bool isFollowed =
        isa<tk::KernelOp, scf::ForOp, scf::WhileOp, scf::IfOp>(parent);
    bool counts =
        table.lookup(op) || isa<AsyncCommitOp, AsyncWaitOp, BarrierOp>(op);
    if (isFollowed || !counts)
      return WalkResult::advance();
    InFlightDiagnostic diag = parent->emitError()
                              << "expects 'scf.for', 'scf.while' or 'scf.if' "
                                 "around accesses to memory, got '"
                              << parent->getName() << "'";
    diag.attachNote(op->getLoc()) << "the access is here";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

void PlaceSynchronisation::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  AccessTable table(kernel);
  if (failed(checkControlFlow(kernel, table)))
    return signalPassFailure();
  countAsyncGroups(kernel);
  for (auto [op, need] : BarrierSearch(kernel, table).run()) {
    if (need == Need::Nothing)
      continue;
    OpBuilder builder(op);
    if (need == Need::WaitAndBarrier) {
      AsyncWaitOp::create(builder, op->getLoc(), ValueRange())
          .setPending(int32_t(0));
      ++numWaits;
    }
    BarrierOp::create(builder, op->getLoc());
    ++numBarriers;
  }
  if (waitAtTheEnd(kernel))
    ++numWaits;
}
