//===- Agents.h - what lanes and asynchronous operations know -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The synchronisation half of the checks: release and acquire patterns with
// their scopes (8.7 to 8.10), fences, and asynchronous operations from issue to
// completion. What is done with memory is ShadowMemory.h.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_AGENTS_H
#define TK_LIB_EMULATOR_AGENTS_H

#include "Checker.h"
#include "Clocks.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <deque>
#include <mutex>
#include <vector>

namespace mlir::tk::emulator {

/// Ids in clocks: warps count from 0, block by block; timelines from here.
inline constexpr uint32_t firstTimeline = uint32_t(1) << 30;
/// A publication of several blocks.
inline constexpr uint32_t anyBlock = ~uint32_t(0);

/// Whether a scope of something that `block` does has `other` in it.
class ScopeRules {
public:
  explicit ScopeRules(size_t numBlocks) : clusters(numBlocks) {}
  /// When the block begins.
  void setCluster(uint32_t block, uint32_t cluster) {
    clusters[block] = cluster;
  }
  bool includes(Scope scope, uint32_t block, uint32_t other) const {
    if (scope >= Scope::Device || block == other || block == anyBlock ||
        other == anyBlock)
      return true;
    return scope == Scope::Cluster && clusters[block] == clusters[other];
  }

private:
  std::vector<uint32_t> clusters;
};

/// What the first operation of a release pattern (8.8) makes known, and to
/// whom.
struct Publication {
  Scope scope;
  /// Of the thread that released.
  uint32_t block;
  KnowledgePtr knowledge;
};

/// The publications that something holds.
class Publications {
public:
  void add(const Publication &publication);
  void add(const Publications &others);
  void clear() {
    list.clear();
    isJoined = false;
  }
  llvm::ArrayRef<Publication> all() const { return list; }
  bool isEmpty() const { return list.empty(); }
  /// All of them together; for those whose scopes include each other.
  const KnowledgePtr &joined() const;

private:
  /// More origins than this become one that everybody sees.
  static constexpr unsigned maxOrigins = 8;
  llvm::SmallVector<Publication, 1> list;
  mutable KnowledgePtr together;
  mutable bool isJoined = false;
};

class SyncObject {
public:
  Publications publications;
  /// Of the completions of asynchronous operations through this object; 0 if
  /// there was none. Phases of one mbarrier follow each other in observation
  /// order (its operations are atomic), so who knows the n-th completion knows
  /// those before it.
  uint32_t timeline = 0;
  uint32_t numCompletions = 0;
};

/// The last time at which lanes of a warp did a fence for a proxy: accesses up
/// to it are fenced.
struct LaneFences {
  LaneClock async[numFencedSpaces];
  LaneClock tensorMapReleased;
  LaneClock initFenced;
};

/// What lanes remember for release and acquire patterns of several
/// instructions (8.8).
struct FenceState {
  /// The last fence of each scope: what lies before it. A relaxed write after
  /// it publishes that.
  struct Snapshot {
    bool isValid = false;
    uint32_t time = 0;
    KnowledgePtr knowledge;
    LaneFences fences;
  };
  std::array<Snapshot, 4> snapshots;
  /// What relaxed reads saw: a fence acquires it.
  Publications pending;
  /// Tensor maps acquired by fence.proxy.tensormap, and what was known then.
  struct AcquiredMap {
    uint64_t address;
    uint64_t size;
    KnowledgePtr knowledge;
    LaneClock ownReleases;
  };
  llvm::SmallVector<AcquiredMap, 0> acquiredMaps;
};

/// Lanes of a warp that know the same (besides each its own accesses).
struct LaneKnowledge {
  LaneMask lanes = allLanes;
  KnowledgePtr knowledge;
  /// Null if there is nothing to remember; shared and never changed.
  std::shared_ptr<const FenceState> fences;

  FenceState &changeFences();
};

/// What the lanes of a warp know.
class WarpAgent {
public:
  WarpAgent(uint32_t block, uint32_t id, const ScopeRules &scopes)
      : block(block), id(id), scopes(&scopes) {}

  void release(LaneMask lanes, Publications &into, Order order, Scope scope);
  void acquire(LaneMask lanes, const Publications &from, Order order,
               Scope scope);
  void synchronizeLanes(LaneMask lanes);
  void fence(LaneMask lanes, Order order, Scope scope);
  void proxyFence(LaneMask lanes, bool isShared, bool isGlobal);
  void mbarrierInitFence(LaneMask lanes);
  void tensorMapRelease(LaneMask lanes);
  void tensorMapAcquire(unsigned lane, uint64_t address, uint64_t size);
  /// Whether a relaxed write of the lanes would publish anything.
  bool hasFenced(LaneMask lanes) const;

  uint32_t getBlock() const { return block; }
  uint32_t getId() const { return id; }
  uint32_t now() const { return time; }
  /// What was done so far is told apart from what comes.
  void tick() { ++time; }
  llvm::ArrayRef<LaneKnowledge> all() const { return parts; }
  const LaneFences &laneFences() const { return fences; }

private:
  /// Calls `change` with the knowledge of exactly these lanes, in parts.
  void changeParts(LaneMask lanes,
                   llvm::function_ref<void(LaneKnowledge &)> change);
  /// What `lanes` know at a time, with what they did themselves.
  KnowledgePtr publish(const KnowledgePtr &knowledge, LaneMask lanes,
                       uint32_t time, const LaneFences &fences) const;
  void acquirePending(LaneKnowledge &part, Scope scope);

  uint32_t block;
  uint32_t id;
  const ScopeRules *scopes;
  uint32_t time = 1;
  LaneFences fences;
  llvm::SmallVector<LaneKnowledge, 1> parts = {LaneKnowledge()};
};

/// What is remembered of an asynchronous operation as long as accesses refer
/// to it.
struct AsyncOperation {
  AsyncKind kind;
  uint16_t warp;
  LaneMask lanes;
  uint32_t instruction;
  /// Of a wgmma: it is the n-th of its warp.
  uint32_t wgmmaNumber = 0;
  /// Shared memory that it reads or writes; anyBlock if none.
  uint32_t sharedBlock = anyBlock;
  bool readsShared = false;
  bool writesShared = false;
  /// The parts of `lanes` are complete for whoever knows `number` on the
  /// timeline.
  struct Completion {
    uint32_t timeline;
    uint32_t number;
    LaneMask lanes;
  };
  llvm::SmallVector<Completion, 1> completions;
  /// The lanes of `warp` (its id) have waited at `time` for their parts.
  struct Wait {
    uint32_t warp;
    uint32_t time;
    LaneMask lanes;
    bool isReadOnly;
  };
  llvm::SmallVector<Wait, 1> waits;
};

/// The operation as it runs: with what its lanes knew when they issued it.
class AsyncAgent {
public:
  /// Index into the operations of the block.
  uint32_t block;
  uint32_t index;
  uint32_t warp;
  uint32_t issueTime;
  LaneFences fences;
  llvm::SmallVector<LaneKnowledge, 1> parts;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_AGENTS_H
