//===- RaceChecker.h - the checks of a launch -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts together what agents know (Agents.h) and who accessed what
// (ShadowMemory.h). docs/Emulator.md says which edges of the memory model are
// followed.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_RACECHECKER_H
#define TK_LIB_EMULATOR_RACECHECKER_H

#include "Agents.h"
#include "Reports.h"
#include "ShadowMemory.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::tk::emulator {

/// Who makes an access, and what it knows.
class Accessor {
public:
  uint32_t block = 0;
  /// Id of the warp that executes or issued it.
  uint32_t warp = 0;
  LaneMask lanes = 0;
  /// Of an operation: its time of issue; accesses of its lanes after that are
  /// not before it.
  std::optional<uint32_t> issueTime;
  uint32_t operation = 0;
  const LaneKnowledge *part = nullptr;
  const LaneFences *fences = nullptr;

  bool knows(uint32_t agent, LaneMask agentLanes, uint32_t time) const {
    const LaneClock *clock = find(agent);
    return clock && clock->covers(agentLanes, time);
  }
  bool knowsAny(uint32_t agent, LaneMask agentLanes, uint32_t time) const {
    const LaneClock *clock = find(agent);
    return clock && clock->coversAny(agentLanes, time);
  }
  /// Its only lane; 0 if there are several.
  LaneMask singleLane() const { return lanes & (lanes - 1) ? 0 : lanes; }

private:
  /// Neighbouring words were often written by the same warp.
  const LaneClock *find(uint32_t agent) const {
    if (agent != lastAgent) {
      lastAgent = agent;
      lastClock = part->knowledge->known.find(agent);
    }
    return lastClock;
  }
  mutable uint32_t lastAgent = AccessRecord::noAgent;
  mutable const LaneClock *lastClock = nullptr;
};

inline bool isShared(const MemoryPlace &memory) {
  return memory.space != PtxSpace::Global;
}

/// Consecutive bytes that lanes access by one instruction: every lane all of
/// them; or, if bytesPerLane is set, neighbouring lanes so many each, in order.
struct LaneRange {
  uint64_t address;
  uint64_t sizeInBytes;
  LaneMask lanes;
  uint32_t bytesPerLane = 0;

  /// The lanes that access some of these bytes.
  LaneMask lanesOf(uint64_t begin, uint64_t size) const;
};

/// A location that is accessed by strong operations: what a read of its last
/// value synchronises with.
struct SyncLocation {
  Publications publications;
  uint32_t writerBlock = 0;
  Scope writerScope = Scope::System;
  uint32_t sizeInBytes = 0;
};

class SyncLocations {
public:
  bool isEmpty() const { return locations.empty(); }
  SyncLocation *find(uint64_t address);
  SyncLocation &operator[](uint64_t address) { return locations[address / 4]; }
  void erase(uint64_t address, uint64_t sizeInBytes);

private:
  /// By word.
  llvm::DenseMap<uint64_t, SyncLocation> locations;
};

/// The state of one block.
struct BlockState {
  BlockState(uint32_t block, unsigned numWarps, uint64_t sharedBytes,
             uint64_t reservedSharedBytes, const ScopeRules &scopes);

  uint32_t index;
  std::vector<WarpAgent> warps;
  std::vector<uint8_t> writtenShared;
  std::unique_ptr<ShadowMemory> shared;
  SyncLocations sharedLocations;
  bool hasEnded = false;

  /// Asynchronous operations that warps of this block issued. Other host
  /// threads read them under the mutex; so does the own one to change them.
  std::deque<AsyncOperation> operations;
  std::mutex operationsMutex;
  /// Who waited for the n-th wgmma of a warpgroup. Its four warps issue a part
  /// each, and who has waited for one part has waited for all.
  using Waits = llvm::SmallVector<AsyncOperation::Wait, 1>;
  std::vector<std::deque<Waits>> warpgroupWaits;
  /// By warp.
  std::vector<uint32_t> numWgmmas;
  Waits &waitsOf(AsyncOperation &operation);
  /// Operations that access this block's shared memory: block and index.
  llvm::SmallVector<std::pair<uint32_t, uint32_t>, 0> sharedOperations;
  /// Accesses of this block's shared memory by other blocks, the last of each
  /// lane and instruction.
  llvm::SmallVector<AccessRecord, 0> remoteAccesses;
};

class RaceChecker : public Checker {
public:
  explicit RaceChecker(const CheckerSetup &setup);

  void beginBlock(uint32_t block, uint32_t cluster, unsigned numWarps,
                  uint64_t sharedBytes) override;
  void endBlock(uint32_t block) override;
  void addAllocation(uint64_t address, uint64_t size,
                     uint8_t *writtenBytes) override;

  void access(const Place &place, const Access &access) override;
  void access(const AsyncAgent &agent, const AsyncAccess &access) override;
  void mbarrier(const Place &place, const MemoryPlace &memory, uint64_t address,
                MbarrierUse use) override;
  void mbarrier(const AsyncAgent &agent, const MemoryPlace &memory,
                uint64_t address) override;

  SyncObjectPtr createSyncObject() override;
  void release(const Place &place, SyncObject &object, Order order,
               Scope scope) override;
  void acquire(const Place &place, const SyncObject &object, Order order,
               Scope scope) override;
  void join(SyncObject &into, const SyncObject &from) override;
  void clear(SyncObject &object) override;
  void synchronizeLanes(const Place &place) override;
  void fence(const Place &place, Order order, Scope scope) override;
  void proxyFence(const Place &place, PtxSpace space) override;
  void mbarrierInitFence(const Place &place) override;
  void tensorMapRelease(const Place &place, Scope scope) override;
  void tensorMapAcquire(const Place &place, Scope scope,
                        const uint64_t *addresses, uint64_t size) override;

  AsyncAgentPtr issue(const Place &place, AsyncKind kind) override;
  void complete(const AsyncAgent &agent, SyncObject &object,
                LaneMask lanes) override;
  void wait(const Place &place, const AsyncAgent &agent,
            bool isReadOnly) override;

  void report(Rule rule, const Place &place, const llvm::Twine &detail,
              llvm::ArrayRef<ReportSite> earlier) override;
  bool isOn(Rule rule) const override { return reports.isOn(rule); }
  void finish(EmulatorResult &result) override { reports.finish(result); }

private:
  /// What an instruction or a row of a copy does to memory.
  struct Request {
    /// Without bytes and lanes.
    AccessRecord record;
    /// Its bytes must have been written.
    bool readsValue = false;
    MemoryPlace memory;
    Place place;
    ShadowMemory *shadow = nullptr;
    /// Null for copies.
    const Access *access = nullptr;
    /// It is an operation on an mbarrier.
    bool isMbarrier = false;
    bool isInvalidation = false;
    /// The async proxy completes bytes of an mbarrier; st.async does not belong
    /// to it.
    bool isAsyncCompletion = false;
  };

  BlockState &blockState(uint32_t block) { return *blocks[block]; }
  WarpAgent &warpAgent(const Place &place) {
    return blocks[place.block]->warps[place.warp];
  }
  /// Null if it is no memory that is watched.
  ShadowMemory *shadowOf(const MemoryPlace &memory, uint64_t address);

  // Accesses: RaceCheckerAccesses.cpp.
  bool startRequest(Request &request, uint64_t address);
  void discard(const Place &place, const Access &access);
  void accessLanes(const Request &request, Accessor &by, LaneMask lanes);
  void checkAsync(const AsyncAgent &agent, unsigned lane, Request &request,
                  uint64_t address, uint64_t sizeInBytes);
  void checkOne(const Request &request, Accessor &by, uint64_t address,
                uint64_t sizeInBytes);
  void noteRemoteAccess(const Request &request, const Accessor &by);

  // Lines, chunks and words: RaceCheckerWords.cpp.
  static bool mayShareCells(const Request &request);
  void checkRange(const Request &request, PageCursor &cursor, Accessor &by,
                  const LaneRange &range);
  void checkWritten(const Request &request, ShadowMemory &shadow,
                    const AccessRecord &fresh, uint64_t address,
                    uint64_t sizeInBytes);
  void checkLine(const Request &request, Accessor &by, ShadowLine &line,
                 const AccessRecord &fresh, uint64_t address);
  void checkChunk(const Request &request, Accessor &by, ShadowLine &line,
                  unsigned chunk, const AccessRecord &fresh, uint64_t address);
  bool checkAlike(const Request &request, const Accessor &by, ShadowCell &cell,
                  unsigned numWords, const AccessRecord &fresh);
  static void place(ShadowCell &cell, AccessRecord *free,
                    const AccessRecord &fresh);
  /// What becomes of a record when another access follows: `Joined` has the
  /// lanes of both.
  enum class Fate : uint8_t { Kept, Joined, Superseded };
  std::optional<Fate> findFate(const Request &request, const Accessor &by,
                               unsigned numWords, const AccessRecord &record,
                               const AccessRecord &fresh);
  std::optional<Fate> findFateOfRead(const Accessor &by, unsigned numWords,
                                     const AccessRecord &record,
                                     const AccessRecord &fresh);
  bool isOrderedEverywhere(const AccessRecord &record,
                           const AccessRecord &fresh, const Accessor &by);
  void checkWord(const Request &request, const Accessor &by,
                 ShadowMemory &shadow, ShadowLine &line,
                 const AccessRecord &fresh, uint64_t address);
  void checkCell(const Request &request, const Accessor &by, ShadowCell &cell,
                 const AccessRecord &fresh, uint64_t address);
  bool isSuperseded(const AccessRecord &record, const AccessRecord &fresh,
                    const Accessor &by);

  // Order and conflicts: RaceCheckerConflicts.cpp.
  bool isOrdered(const AccessRecord &record, const Accessor &by);
  bool isOperationKnown(const AccessRecord &record, const Accessor &by);
  bool isFenced(const AccessRecord &record, const Accessor &by,
                FencedSpace space);
  bool isTensorMapAcquired(const AccessRecord &record, const Accessor &by,
                           uint64_t address);
  bool isMorallyStrong(const AccessRecord &record, const AccessRecord &fresh,
                       const Accessor &by) const;
  bool isSameValueWrite(const Request &request, const AccessRecord &record,
                        const AccessRecord &fresh) const;
  /// The rule that `fresh` breaks after `record`.
  std::optional<Rule> findConflict(const Request &request,
                                   const AccessRecord &record,
                                   const AccessRecord &fresh,
                                   const Accessor &by, uint64_t address);
  std::optional<Rule> findMbarrierConflict(const Request &request,
                                           const AccessRecord &init,
                                           const Accessor &by);

  // Strong accesses.
  enum class Side : uint8_t { Acquire, Release };
  void synchronize(const Place &place, const Access &access, Side side);
  void synchronizeAt(const Place &place, const Access &access, Side side,
                     LaneMask lanes, uint64_t address);
  bool sees(const SyncLocation &location, const WarpAgent &warp,
            const Access &access) const;
  void acquireFrom(SyncLocations &locations, WarpAgent &warp, LaneMask lanes,
                   const Access &access, uint64_t address);
  void releaseTo(SyncLocations &locations, WarpAgent &warp, LaneMask lanes,
                 const Access &access, uint64_t address);
  void forgetLocations(const Place &place, const Access &access);

  // Blocks that end.
  bool isKnownAtExit(const BlockState &block, uint32_t issuer,
                     AsyncOperation &operation);
  void checkRemoteAccesses(BlockState &block);

  // Reports.
  uint32_t blockOf(const AccessRecord &record) const;
  ReportSite describe(const AccessRecord &record);
  std::string roleOf(const AccessRecord &record);
  std::string describe(const MemoryPlace &memory, uint64_t address,
                       uint64_t sizeInBytes);
  void reportUnwritten(const Request &request, const AccessRecord &fresh,
                       uint64_t address, uint64_t sizeInBytes);
  void reportConflict(Rule rule, const Request &request,
                      const AccessRecord &record, const AccessRecord &fresh,
                      uint64_t address);

  const CheckerSetup setup;
  Reports reports;
  ScopeRules scopes;
  unsigned warpsPerBlock;
  bool watchesShared, watchesGlobal;
  /// Rule (c) asks about reads that others have followed.
  bool keepsUnfencedReads;
  std::vector<std::unique_ptr<BlockState>> blocks;
  std::atomic<uint32_t> nextTimeline{firstTimeline};

  /// By address. A kernel may allocate while others read the table, so each
  /// change makes a new one.
  using AllocationTable = std::vector<ShadowMemory *>;
  std::atomic<const AllocationTable *> allocations;
  std::mutex allocationsMutex;
  std::vector<std::unique_ptr<const AllocationTable>> allocationTables;
  std::vector<std::unique_ptr<ShadowMemory>> globalShadows;
  /// Strong accesses of global memory, by address.
  struct Shard {
    std::mutex mutex;
    SyncLocations locations;
  };
  std::array<Shard, 64> globalLocations;
  /// Whether any of them holds something.
  std::atomic<bool> hasGlobalLocations{false};
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_RACECHECKER_H
