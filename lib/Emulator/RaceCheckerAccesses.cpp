//===- RaceCheckerAccesses.cpp - whether an access races with others ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RaceChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

static bool isShared(const MemoryPlace &memory) {
  return memory.space != PtxSpace::Global;
}

/// The page that is looked at; locked if other host threads may.
class RaceChecker::PageCursor {
public:
  PageCursor(ShadowMemory &shadow, bool isLocked)
      : shadow(shadow), isLocked(isLocked) {}

  ShadowPage &at(uint64_t offset) {
    if (offset - begin < ShadowPage::sizeInBytes && page)
      return *page;
    if (lock.owns_lock())
      lock.unlock();
    page = &shadow.page(offset);
    begin = alignDown(offset, ShadowPage::sizeInBytes);
    if (isLocked)
      lock = std::unique_lock<std::mutex>(page->mutex);
    return *page;
  }
  ShadowMemory &shadow;

private:
  bool isLocked;
  ShadowPage *page = nullptr;
  uint64_t begin = 0;
  std::unique_lock<std::mutex> lock;
};

//===----------------------------------------------------------------------===//
// Accesses of instructions
//===----------------------------------------------------------------------===//

static AccessRecord makeRecord(AccessKind kind, Proxy proxy, Order order,
                               Scope scope, uint32_t sizeInBytes,
                               uint32_t instruction) {
  AccessRecord record;
  record.setKind(kind == AccessKind::Read    ? AccessRecord::Read
                 : kind == AccessKind::Write ? AccessRecord::Write
                                             : AccessRecord::Atomic);
  record.setProxy(proxy);
  if (order != Order::Weak)
    record.setStrong(order == Order::Volatile ? Scope::System : scope);
  record.setSize(Log2_32_Ceil(std::min<uint32_t>(sizeInBytes, 16)));
  record.setInstruction(instruction);
  return record;
}

/// Finds the shadow memory; false if there is nothing to check.
bool RaceChecker::startRequest(Request &request, uint64_t address) {
  if (isShared(request.memory) && blockState(request.memory.block).hasEnded) {
    reports.add(Rule::ClusterExit, ReportSite{request.place, "access"}, [&] {
      return formatv("block {0} has ended", request.memory.block).str();
    });
    return false;
  }
  request.shadow = shadowOf(request.memory, address);
  return request.shadow != nullptr;
}

void RaceChecker::access(const Place &place, const Access &access) {
  if (!place.lanes)
    return;
  Request request;
  request.memory = access.memory;
  request.place = place;
  request.access = &access;
  request.readsValue = access.kind != AccessKind::Write;
  WarpAgent &warp = warpAgent(place);
  if (access.order == Order::Weak && access.kind != AccessKind::Read)
    forgetLocations(place, access);
  // What a read acquires lies before it.
  if (access.order != Order::Weak && access.kind != AccessKind::Write)
    synchronize(place, access, Side::Acquire);
  if (startRequest(request, access.addresses[countr_zero(place.lanes)])) {
    request.record = makeRecord(
        access.kind, access.proxy, access.order, access.scope,
        access.elementBytes ? access.elementBytes : access.bytesPerLane,
        place.instruction);
    request.record.agent = warp.getId();
    request.record.time = warp.now();
    for (const LaneKnowledge &part : warp.all()) {
      Accessor by;
      by.block = place.block;
      by.warp = warp.getId();
      by.part = &part;
      by.fences = &warp.laneFences();
      accessLanes(request, by, part.lanes & place.lanes);
    }
  }
  // What an atomic publishes lies before it.
  if (access.order != Order::Weak && access.kind != AccessKind::Read)
    synchronize(place, access, Side::Release);
}

void RaceChecker::accessLanes(const Request &request, Accessor &by,
                              LaneMask lanes) {
  if (!lanes)
    return;
  const Access &access = *request.access;
  uint64_t first = access.addresses[countr_zero(lanes)];
  bool isUniform = access.kind != AccessKind::Write;
  for (LaneMask rest = lanes; rest && isUniform; rest &= rest - 1)
    isUniform = access.addresses[countr_zero(rest)] == first;
  if (isUniform) {
    by.lanes = lanes;
    checkOne(request, by, first, access.bytesPerLane);
    return;
  }
  by.lanes = lanes;
  noteRemoteAccess(request, by);
  LaneMask inOtherAllocations = 0;
  {
    PageCursor cursor(*request.shadow, !isShared(request.memory));
    for (LaneMask rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = countr_zero(rest);
      by.lanes = LaneMask(1) << lane;
      uint64_t address = access.addresses[lane];
      if (LLVM_LIKELY(request.shadow->contains(address)))
        checkRange(request, cursor, by, address, access.bytesPerLane);
      else
        inOtherAllocations |= by.lanes;
    }
  }
  // One page is locked at a time.
  if (!inOtherAllocations)
    return;
  Request other = request;
  if (startRequest(other, access.addresses[countr_zero(inOtherAllocations)]))
    accessLanes(other, by, inOtherAllocations);
}

void RaceChecker::checkOne(const Request &request, const Accessor &by,
                           uint64_t address, uint64_t sizeInBytes) {
  noteRemoteAccess(request, by);
  PageCursor cursor(*request.shadow, !isShared(request.memory));
  checkRange(request, cursor, by, address, sizeInBytes);
}

void RaceChecker::mbarrier(const Place &place, const MemoryPlace &memory,
                           uint64_t address, MbarrierUse use) {
  Request request;
  request.memory = memory;
  request.place = place;
  if (!startRequest(request, address))
    return;
  request.isMbarrier = true;
  bool isUse = use == MbarrierUse::Use;
  request.record =
      makeRecord(isUse ? AccessKind::Atomic : AccessKind::Write, Proxy::Generic,
                 isUse ? Order::Relaxed : Order::Weak, Scope::Cluster, 8,
                 place.instruction);
  if (use == MbarrierUse::Initialize)
    request.record.setKind(AccessRecord::MbarrierInit);
  WarpAgent &warp = warpAgent(place);
  request.record.agent = warp.getId();
  request.record.time = warp.now();
  for (const LaneKnowledge &part : warp.all()) {
    Accessor by;
    by.block = place.block;
    by.warp = warp.getId();
    by.part = &part;
    by.fences = &warp.laneFences();
    by.lanes = part.lanes & place.lanes;
    // Uses are atomic: one word of them is enough to tell them from the rest.
    if (by.lanes)
      checkOne(request, by, address, isUse ? 4 : 8);
  }
}

//===----------------------------------------------------------------------===//
// Accesses of asynchronous operations
//===----------------------------------------------------------------------===//

void RaceChecker::checkAsync(const AsyncAgent &agent, unsigned lane,
                             Request &request, uint64_t address,
                             uint64_t sizeInBytes) {
  AsyncOperation &operation = blockState(agent.block).operations[agent.index];
  request.place.block = agent.block;
  request.place.warp = operation.warp;
  request.place.lanes = LaneMask(1) << lane;
  request.place.instruction = operation.instruction;
  request.record.agent = AccessRecord::operationBit | agent.block;
  request.record.time = agent.index;
  request.record.setInstruction(operation.instruction);
  if (!startRequest(request, address))
    return;
  Accessor by;
  by.block = agent.block;
  by.warp = agent.warp;
  by.lanes = LaneMask(1) << lane;
  by.issueTime = agent.issueTime;
  by.operation = agent.index;
  by.fences = &agent.fences;
  for (const LaneKnowledge &part : agent.parts)
    if (part.lanes & by.lanes)
      by.part = &part;
  assert(by.part && "the lane did not issue the operation");
  checkOne(request, by, address, sizeInBytes);
}

void RaceChecker::access(const AsyncAgent &agent, const AsyncAccess &access) {
  if (!access.sizeInBytes)
    return;
  BlockState &issuer = blockState(agent.block);
  AsyncOperation &operation = issuer.operations[agent.index];
  bool isWrite = access.kind != AccessKind::Read;
  if (isShared(access.memory) && !blockState(access.memory.block).hasEnded) {
    if (operation.sharedBlock == anyBlock) {
      operation.sharedBlock = access.memory.block;
      blockState(access.memory.block)
          .sharedOperations.push_back({agent.block, agent.index});
    }
    (isWrite ? operation.writesShared : operation.readsShared) = true;
  }
  Request request;
  request.memory = access.memory;
  request.readsValue = access.kind != AccessKind::Write;
  // Bulk reductions are relaxed atomics of device scope, 9.7.9.25.5.2.
  bool isReduction =
      access.kind == AccessKind::Reduction || access.kind == AccessKind::Atomic;
  request.record = makeRecord(access.kind, access.proxy,
                              isReduction ? Order::Relaxed : Order::Weak,
                              Scope::Device, 16, 0);
  checkAsync(agent, access.lane, request, access.address, access.sizeInBytes);
}

void RaceChecker::mbarrier(const AsyncAgent &agent, const MemoryPlace &memory,
                           uint64_t address) {
  Request request;
  request.memory = memory;
  request.isMbarrier = true;
  // The object's operations are atomic whatever the proxy.
  request.record = makeRecord(AccessKind::Atomic, Proxy::Generic,
                              Order::Relaxed, Scope::Cluster, 8, 0);
  LaneMask lanes = blockState(agent.block).operations[agent.index].lanes;
  checkAsync(agent, countr_zero(lanes), request, address, 4);
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

void RaceChecker::checkRange(const Request &request, PageCursor &cursor,
                             const Accessor &by, uint64_t address,
                             uint64_t sizeInBytes) {
  ShadowMemory &shadow = cursor.shadow;
  uint64_t end = std::min(address + sizeInBytes, shadow.end());
  AccessRecord fresh = request.record;
  fresh.lanes = by.lanes;
  while (address < end) {
    uint64_t word = alignDown(address, 4);
    uint64_t next = std::min(word + 4, end);
    uint64_t offset = word - shadow.begin();
    fresh.setBytes(((1u << (next - word)) - 1) &
                   ~((1u << (address - word)) - 1));
    ShadowPage &page = cursor.at(offset);
    if (request.readsValue &&
        LLVM_UNLIKELY(fresh.bytes() & ~shadow.written(offset)))
      reportUnwritten(request, fresh, address, next - address);
    if (fresh.isWrite())
      shadow.setWritten(offset, fresh.bytes());
    checkCell(request, by, page,
              page.cells[offset % ShadowPage::sizeInBytes / 4], fresh, address);
    address = next;
  }
}

/// Whether the same lanes did the same before, and nothing came between: an
/// ordinary write would have taken the bytes of the record.
static bool isRepeated(const ShadowCell &cell, const AccessRecord &fresh) {
  if (cell.more)
    return false;
  auto [first, second] = cell.records;
  auto isSame = [&](const AccessRecord &record, const AccessRecord &other) {
    return record.isSameEvent(fresh) && !(fresh.lanes & ~record.lanes) &&
           (other.isNone() || (!fresh.isWrite() && !other.isStrong()));
  };
  return isSame(first, second) || isSame(second, first);
}

/// Checks an access against the records of a word, and records it.
void RaceChecker::checkCell(const Request &request, const Accessor &by,
                            ShadowPage &page, ShadowCell &cell,
                            const AccessRecord &fresh, uint64_t address) {
  if (isRepeated(cell, fresh))
    return;
  AccessRecord *free = nullptr;
  bool isPlaced = false;
  auto visit = [&](AccessRecord &record) {
    if (record.isNone()) {
      free = &record;
      return;
    }
    if (!(record.bytes() & fresh.bytes()))
      return;
    if (record.isWrite() || fresh.isWrite())
      if (auto rule = findConflict(request, record, fresh, by, address))
        reportConflict(*rule, request, record, fresh, address);
    if (record.isSameEvent(fresh)) {
      record.lanes |= fresh.lanes;
      isPlaced = true;
      return;
    }
    if (!isSuperseded(record, fresh, by))
      return;
    record.setBytes(record.bytes() & ~fresh.bytes());
    if (!record.bytes()) {
      record = AccessRecord();
      free = &record;
    }
  };
  for (AccessRecord &record : cell.records)
    visit(record);
  if (LLVM_UNLIKELY(cell.more != nullptr))
    for (AccessRecord &record : *cell.more)
      visit(record);
  if (isPlaced)
    return;
  if (free)
    *free = fresh;
  else
    page.add(cell, fresh);
}

/// Whether all that could race with the bytes of `record` that `fresh` covers
/// races with `fresh` from now on.
bool RaceChecker::isSuperseded(const AccessRecord &record,
                               const AccessRecord &fresh, const Accessor &by) {
  if (fresh.isWrite() && !fresh.isStrong())
    return true;
  if (!record.isLike(fresh) || record.isWrite() != fresh.isWrite())
    return false;
  // A record of reads of fewer bytes than it says would cost another record.
  if (!fresh.isWrite() && (record.bytes() & ~fresh.bytes()))
    return false;
  // What one lane did before is fenced whenever this is.
  if (record.agent == fresh.agent && !record.isOperation() &&
      !(record.lanes & ~fresh.lanes))
    return true;
  if (!fresh.isWrite() && keepsUnfencedReads && record.isGeneric())
    return false;
  // Not worth the search among the accesses of a whole grid.
  return blockOf(record) == by.block && isOrdered(record, by);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

uint32_t RaceChecker::blockOf(const AccessRecord &record) const {
  return record.isOperation() ? record.operationBlock()
                              : record.agent / warpsPerBlock;
}

/// Base causality order, 8.9.3.
bool RaceChecker::isOrdered(const AccessRecord &record, const Accessor &by) {
  if (record.isOperation())
    return isOperationKnown(record, by);
  LaneMask others = record.lanes;
  if (record.agent == by.warp && by.singleLane()) {
    // Program order; but an operation is not ordered with what its lane does
    // after issue.
    if (by.issueTime && record.time > *by.issueTime)
      return false;
    others &= ~by.singleLane();
    if (!others)
      return true;
  }
  return by.knows(record.agent, others, record.time);
}

/// Whether a wait, or the completion of an mbarrier's phase, lies between the
/// operation and the access.
bool RaceChecker::isOperationKnown(const AccessRecord &record,
                                   const Accessor &by) {
  BlockState &block = blockState(record.operationBlock());
  std::unique_lock<std::mutex> lock(block.operationsMutex, std::defer_lock);
  if (block.index != by.block)
    lock.lock();
  AsyncOperation &operation = block.operations[record.time];
  bool isCollective = operation.kind == AsyncKind::Wgmma;
  LaneMask done = 0;
  // A part of an operation is one thing.
  if (by.issueTime && by.block == block.index && by.operation == record.time)
    done |= by.lanes;
  for (const AsyncOperation::Completion &completion : operation.completions)
    if (by.knows(completion.timeline, 1, completion.number))
      done |= completion.lanes;
  for (const AsyncOperation::Wait &wait : block.waitsOf(operation)) {
    if (wait.isReadOnly && record.isWrite())
      continue;
    bool isOwn = wait.warp == by.warp && !(by.lanes & ~wait.lanes) &&
                 (!by.issueTime || *by.issueTime >= wait.time);
    if (isCollective) {
      // Who waited for a wgmma waited for all of it.
      if (isOwn || by.knowsAny(wait.warp, wait.lanes, wait.time))
        return true;
      continue;
    }
    if (isOwn)
      done |= by.singleLane();
    for (LaneMask rest = wait.lanes & record.lanes & ~done; rest;
         rest &= rest - 1)
      if (by.knows(wait.warp, rest & -rest, wait.time))
        done |= rest & -rest;
  }
  return !(record.lanes & ~done);
}

/// Whether fence.proxy.async of the lanes of the record lies between it and an
/// access of the async proxy, to which it is ordered.
bool RaceChecker::isFenced(const AccessRecord &record, const Accessor &by,
                           FencedSpace space) {
  const Clock &fenced = by.part->knowledge->fenced[space];
  auto isLaneFenced = [&](uint32_t warp, LaneMask lanes, uint32_t time) {
    if (warp == by.warp && lanes == by.singleLane() &&
        by.fences->async[space].covers(lanes, time))
      return true;
    return fenced.covers(warp, lanes, time);
  };
  auto isEachFenced = [&](uint32_t warp, LaneMask lanes, uint32_t time) {
    for (LaneMask rest = lanes; rest; rest &= rest - 1)
      if (!isLaneFenced(warp, rest & -rest, time))
        return false;
    return true;
  };
  if (!record.isOperation())
    return fenced.covers(record.agent, record.lanes, record.time) ||
           isEachFenced(record.agent, record.lanes, record.time);
  // cp.async: the fence comes after the wait.
  BlockState &block = blockState(record.operationBlock());
  std::unique_lock<std::mutex> lock(block.operationsMutex, std::defer_lock);
  if (block.index != by.block)
    lock.lock();
  AsyncOperation &operation = block.operations[record.time];
  LaneMask done = 0;
  for (const AsyncOperation::Completion &completion : operation.completions)
    if (fenced.covers(completion.timeline, 1, completion.number))
      done |= completion.lanes;
  for (const AsyncOperation::Wait &wait : block.waitsOf(operation))
    for (LaneMask rest = wait.lanes; rest; rest &= rest - 1)
      if (isLaneFenced(wait.warp, rest & -rest, wait.time))
        done |= rest & -rest;
  return !(record.lanes & ~done);
}

/// Whether the writer released, and the lane that issued the copy acquired, the
/// tensor map with fence.proxy.tensormap.
bool RaceChecker::isTensorMapAcquired(const AccessRecord &record,
                                      const Accessor &by, uint64_t address) {
  if (!by.part->fences)
    return false;
  return any_of(
      by.part->fences->acquiredMaps, [&](const FenceState::AcquiredMap &map) {
        if (address - map.address >= map.size)
          return false;
        if (record.agent == by.warp && record.lanes == by.singleLane() &&
            map.ownReleases.covers(record.lanes, record.time))
          return true;
        return map.knowledge->tensorMapReleased.covers(
            record.agent, record.lanes, record.time);
      });
}

/// 8.7: two strong operations of one proxy that overlap completely and whose
/// scopes hold each other. (They are aligned: those of one size overlap
/// completely or not at all.)
bool RaceChecker::isMorallyStrong(const AccessRecord &record,
                                  const AccessRecord &fresh,
                                  const Accessor &by) const {
  if (!record.isStrong() || !fresh.isStrong() ||
      record.proxy() != fresh.proxy() || !record.isSameSize(fresh))
    return false;
  uint32_t block = blockOf(record);
  return scopes.includes(record.scope(), block, by.block) &&
         scopes.includes(fresh.scope(), by.block, block);
}

/// Lanes of one instruction that write one value to one place: any of them may
/// come last, all the same (CUDA C++ Programming Guide, "SIMT Architecture").
bool RaceChecker::isSameValueWrite(const Request &request,
                                   const AccessRecord &record,
                                   const AccessRecord &fresh) const {
  if (!request.access || !request.access->haveSameValue ||
      !record.isSameEvent(fresh) || record.kind() != AccessRecord::Write)
    return false;
  unsigned lane = countr_zero(fresh.lanes);
  const uint64_t *addresses = request.access->addresses;
  for (LaneMask rest = record.lanes & ~fresh.lanes; rest; rest &= rest - 1) {
    unsigned other = countr_zero(rest);
    if (!(request.place.lanes & rest & -rest) ||
        addresses[lane] != addresses[other] ||
        !request.access->haveSameValue(lane, other))
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Conflicts
//===----------------------------------------------------------------------===//

std::optional<Rule> RaceChecker::findConflict(const Request &request,
                                              const AccessRecord &record,
                                              const AccessRecord &fresh,
                                              const Accessor &by,
                                              uint64_t address) {
  if (record.kind() == AccessRecord::MbarrierInit) {
    if (!request.isMbarrier)
      return Rule::MbarrierInvalid;
    if (fresh.kind() == AccessRecord::Atomic)
      return findMbarrierConflict(request, record, by);
  }
  FencedSpace space = isShared(request.memory) ? FencedShared : FencedGlobal;
  if (isOrdered(record, by)) {
    if (!record.isGeneric() || fresh.isGeneric())
      return std::nullopt;
    if (fresh.proxy() == Proxy::TensorMap) {
      if (isTensorMapAcquired(record, by, address))
        return std::nullopt;
      return Rule::MissingTensorMapFence;
    }
    if (isFenced(record, by, space))
      return std::nullopt;
    return record.isWrite() ? Rule::MissingProxyFence
                            : Rule::WriteAfterReadProxy;
  }
  if (isMorallyStrong(record, fresh, by) ||
      isSameValueWrite(request, record, fresh))
    return std::nullopt;
  auto isWgmma = [&](const AccessRecord &access) {
    if (!access.isOperation())
      return false;
    // Of this cluster, or it would not be shared memory.
    return blockState(access.operationBlock()).operations[access.time].kind ==
           AsyncKind::Wgmma;
  };
  if (!isShared(request.memory))
    return Rule::GlobalRace;
  return isWgmma(record) ? Rule::WgmmaInFlight : Rule::SharedRace;
}

std::optional<Rule> RaceChecker::findMbarrierConflict(const Request &request,
                                                      const AccessRecord &init,
                                                      const Accessor &by) {
  bool isInitFenced = by.part->knowledge->initFenced.covers(
                          init.agent, init.lanes, init.time) ||
                      (init.agent == by.warp && init.lanes == by.singleLane() &&
                       by.fences->initFenced.covers(init.lanes, init.time));
  if (isInitFenced)
    return std::nullopt;
  if (!isOrdered(init, by))
    return request.memory.block == by.block ? Rule::SharedRace
                                            : Rule::MissingMbarrierInitFence;
  if (by.issueTime && !isFenced(init, by, FencedShared))
    return Rule::MissingMbarrierInitFence;
  return std::nullopt;
}

void RaceChecker::noteRemoteAccess(const Request &request, const Accessor &by) {
  if (!isShared(request.memory) || request.memory.block == by.block ||
      !isOn(Rule::ClusterExit))
    return;
  AccessRecord record = request.record;
  record.lanes = by.lanes;
  auto &accesses = blockState(request.memory.block).remoteAccesses;
  for (AccessRecord &other : accesses) {
    if (other.agent != record.agent || other.isOperation() ||
        other.instruction() != record.instruction())
      continue;
    // The last of them lies behind the others of the same lanes.
    if (other.time == record.time)
      other.lanes |= record.lanes;
    else if (other.lanes & ~record.lanes)
      continue;
    else
      other = record;
    return;
  }
  if (record.isOperation() && !accesses.empty() &&
      accesses.back().isSameEvent(record))
    return;
  accesses.push_back(record);
}

//===----------------------------------------------------------------------===//
// Strong accesses
//===----------------------------------------------------------------------===//

void RaceChecker::synchronize(const Place &place, const Access &access,
                              Side side) {
  // Lanes at one address together.
  for (LaneMask rest = place.lanes; rest;) {
    uint64_t address = access.addresses[countr_zero(rest)];
    LaneMask same = 0;
    for (LaneMask others = rest; others; others &= others - 1)
      if (access.addresses[countr_zero(others)] == address)
        same |= others & -others;
    synchronizeAt(place, access, side, same, address);
    rest &= ~same;
  }
}

void RaceChecker::synchronizeAt(const Place &place, const Access &access,
                                Side side, LaneMask lanes, uint64_t address) {
  WarpAgent &warp = warpAgent(place);
  auto atLocation = [&](SyncLocations &locations) {
    if (side == Side::Acquire)
      acquireFrom(locations, warp, lanes, access, address);
    else
      releaseTo(locations, warp, lanes, access, address);
  };
  if (isShared(access.memory)) {
    atLocation(blockState(access.memory.block).sharedLocations);
    return;
  }
  if (side == Side::Acquire && !hasGlobalLocations)
    return;
  Shard &shard = globalLocations[address / 4 % globalLocations.size()];
  std::lock_guard<std::mutex> lock(shard.mutex);
  atLocation(shard.locations);
  if (!shard.locations.isEmpty())
    hasGlobalLocations = true;
}

static uint32_t elementSize(const Access &access) {
  return access.elementBytes ? access.elementBytes : access.bytesPerLane;
}

static Scope scopeOf(const Access &access) {
  return access.order == Order::Volatile ? Scope::System : access.scope;
}

/// Whether an access and the last write of the location are morally strong: the
/// one comes before the other in observation order (8.9.1).
bool RaceChecker::sees(const SyncLocation &location, const WarpAgent &warp,
                       const Access &access) const {
  return location.sizeInBytes == elementSize(access) &&
         scopes.includes(location.writerScope, location.writerBlock,
                         warp.getBlock()) &&
         scopes.includes(scopeOf(access), warp.getBlock(),
                         location.writerBlock);
}

/// Acquire patterns, 8.8. A read sees the value that was written last, through
/// any chain of atomics.
void RaceChecker::acquireFrom(SyncLocations &locations, WarpAgent &warp,
                              LaneMask lanes, const Access &access,
                              uint64_t address) {
  SyncLocation *location = locations.find(address);
  if (location && sees(*location, warp, access))
    warp.acquire(lanes, location->publications, access.order, scopeOf(access));
}

/// Release patterns, 8.8. What the location held before stays if an atomic
/// read it.
void RaceChecker::releaseTo(SyncLocations &locations, WarpAgent &warp,
                            LaneMask lanes, const Access &access,
                            uint64_t address) {
  SyncLocation *location = locations.find(address);
  bool releases = access.order >= Order::Release || warp.hasFenced(lanes);
  if (!location && !releases)
    return;
  if (!location)
    location = &locations[address];
  if (access.kind == AccessKind::Write || !sees(*location, warp, access))
    location->publications.clear();
  location->writerBlock = warp.getBlock();
  location->writerScope = scopeOf(access);
  location->sizeInBytes = elementSize(access);
  if (releases)
    warp.release(lanes, location->publications, access.order, scopeOf(access));
  if (location->publications.isEmpty())
    locations.erase(address, 1);
}

/// An ordinary write ends what its location synchronised.
void RaceChecker::forgetLocations(const Place &place, const Access &access) {
  bool isLocal = isShared(access.memory);
  if (isLocal ? blockState(access.memory.block).sharedLocations.isEmpty()
              : !hasGlobalLocations)
    return;
  for (LaneMask rest = place.lanes; rest; rest &= rest - 1) {
    uint64_t address = access.addresses[countr_zero(rest)];
    if (isLocal) {
      blockState(access.memory.block)
          .sharedLocations.erase(address, access.bytesPerLane);
      continue;
    }
    for (uint64_t byte = 0; byte < access.bytesPerLane; byte += 4) {
      Shard &shard =
          globalLocations[(address + byte) / 4 % globalLocations.size()];
      std::lock_guard<std::mutex> lock(shard.mutex);
      shard.locations.erase(address + byte, 1);
    }
  }
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

static StringRef nameOf(AsyncKind kind) {
  switch (kind) {
  case AsyncKind::Copy:
    return "cp.async";
  case AsyncKind::BulkCopy:
    return "a bulk copy";
  case AsyncKind::TensorCopy:
    return "a tensor copy";
  case AsyncKind::Wgmma:
    return "wgmma";
  }
  llvm_unreachable("all kinds have a name");
}

std::string RaceChecker::roleOf(const AccessRecord &record) {
  static constexpr const char *names[] = {"read", "write", "atomic",
                                          "mbarrier init"};
  std::string role = names[record.kind()];
  if (!record.isOperation())
    return role;
  BlockState &block = blockState(record.operationBlock());
  std::lock_guard<std::mutex> lock(block.operationsMutex);
  return role + " by " + nameOf(block.operations[record.time].kind).str();
}

ReportSite RaceChecker::describe(const AccessRecord &record) {
  ReportSite site;
  site.role = roleOf(record);
  site.place.lanes = record.lanes;
  site.place.instruction = record.instruction();
  site.place.block = blockOf(record);
  if (!record.isOperation()) {
    site.place.warp = record.agent % warpsPerBlock;
    return site;
  }
  BlockState &block = blockState(record.operationBlock());
  std::lock_guard<std::mutex> lock(block.operationsMutex);
  AsyncOperation &operation = block.operations[record.time];
  site.place.warp = operation.warp;
  site.place.instruction = operation.instruction;
  return site;
}

std::string RaceChecker::describe(const MemoryPlace &memory, uint64_t address,
                                  uint64_t sizeInBytes) {
  if (isShared(memory))
    return formatv("{0} bytes at {1:x} of the shared memory of block {2}",
                   sizeInBytes, address, memory.block);
  return formatv("{0} bytes at {1:x} of global memory", sizeInBytes, address);
}

void RaceChecker::reportUnwritten(const Request &request,
                                  const AccessRecord &fresh, uint64_t address,
                                  uint64_t sizeInBytes) {
  Place place = request.place;
  place.lanes = fresh.lanes;
  reports.add(isShared(request.memory) ? Rule::UnwrittenShared
                                       : Rule::UnwrittenGlobal,
              ReportSite{place, roleOf(fresh)},
              [&] { return describe(request.memory, address, sizeInBytes); });
}

void RaceChecker::reportConflict(Rule rule, const Request &request,
                                 const AccessRecord &record,
                                 const AccessRecord &fresh, uint64_t address) {
  if (!isOn(rule))
    return;
  ReportSite first = describe(record);
  first.role = "earlier " + first.role;
  ReportSite second = {request.place, roleOf(fresh)};
  second.place.lanes = fresh.lanes;
  reports.add(rule, {first, second}, [&] {
    return describe(request.memory, address,
                    llvm::popcount(record.bytes() & fresh.bytes()));
  });
}

void RaceChecker::report(Rule rule, const Place &place, const Twine &detail) {
  reports.add(rule, ReportSite{place, "here"}, [&] { return detail.str(); });
}
