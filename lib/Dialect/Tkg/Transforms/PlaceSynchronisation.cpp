//===- PlaceSynchronisation.cpp - adds barriers and wait counts -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A forward dataflow analysis. Its state is the set of accesses that may have
// happened since the last barrier. An op that conflicts with one of them gets a
// barrier in front, which empties the set. Decisions are kept while loops are
// visited again, so that the set at the head of a loop and the decisions grow
// together until nothing changes.
//
// The order of visits makes few barriers: a loop is first visited with what
// happened before it alone, and a barrier found then often serves the back
// edge too.
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

/// What an op must be preceded by.
enum class Need { Nothing, Barrier, WaitAndBarrier };

class HazardAnalysis {
public:
  void visitBlock(Block &block, State &state);

  llvm::MapVector<Operation *, Need> needs;

private:
  void visit(Operation &op, State &state);
  void visitLeaf(Operation &op, State &state);
  void visitFor(scf::ForOp loop, State &state);
  void visitWhile(scf::WhileOp loop, State &state);
  void visitIf(scf::IfOp op, State &state);
  Need findNeed(Operation &op, ArrayRef<MemoryAccess> accesses,
                const State &state);
  Need findNeedOf(const MemoryAccess &access, const PastAccess &past);
};

struct PlaceSynchronisation
    : public tkg::impl::PlaceSynchronisationPassBase<PlaceSynchronisation> {
  using PlaceSynchronisationPassBase::PlaceSynchronisationPassBase;
  void runOnOperation() override;
};
} // namespace

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
  if (!mayConflict(earlier, access, past.sameIteration))
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

void HazardAnalysis::visitLeaf(Operation &op, State &state) {
  if (isa<BarrierOp>(op))
    return state.meetThreads();
  if (auto wait = dyn_cast<AsyncWaitOp>(op)) {
    if (wait.getPending() == 0)
      state.landCopies();
    return state.addWait(wait);
  }

  SmallVector<MemoryAccess, 2> accesses = getMemoryAccesses(&op);
  std::optional<MemoryAccess> scratch = getScratchAccess(&op);
  if (scratch)
    accesses.push_back(*scratch);
  if (accesses.empty())
    return;

  Need &need = needs.insert({&op, Need::Nothing}).first->second;
  need = std::max(need, findNeed(op, accesses, state));
  if (need == Need::WaitAndBarrier)
    state.landCopies();
  if (need != Need::Nothing)
    state.meetThreads();

  // An op with scratch writes it, waits for the block or for its warp, and
  // reads it.
  if (scratch) {
    accesses.pop_back();
    for (const MemoryAccess &access : accesses)
      state.add(access);
    if (scratchMeetsBlock(&op))
      state.meetThreads();
    else
      state.add(*scratch);
    scratch->isWrite = false;
    return state.add(*scratch);
  }
  for (const MemoryAccess &access : accesses)
    state.add(access);
  if (isAcquire(&op))
    state.addAcquire();
}

void HazardAnalysis::visitFor(scf::ForOp loop, State &state) {
  bool hasGrown = true;
  while (hasGrown) {
    State end = state;
    visitBlock(*loop.getBody(), end);
    end.takeBackEdge();
    hasGrown = state.join(end);
  }
}

void HazardAnalysis::visitWhile(scf::WhileOp loop, State &state) {
  State afterCondition;
  bool hasGrown = true;
  while (hasGrown) {
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

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

void PlaceSynchronisation::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  if (!kernel.getBody().hasOneBlock()) {
    kernel.emitError() << "expects structured control flow, but the body has "
                          "several blocks";
    return signalPassFailure();
  }
  countAsyncGroups(kernel);
  HazardAnalysis analysis;
  State state;
  analysis.visitBlock(kernel.getBody().front(), state);

  for (auto [op, need] : analysis.needs) {
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
}
