//===- RaceCheckerAccesses.cpp - whether an access races with others ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RaceChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

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
  if (access.isDiscard)
    discard(place, access);
  // What an atomic publishes lies before it.
  if (access.order != Order::Weak && access.kind != AccessKind::Read)
    synchronize(place, access, Side::Release);
}

void RaceChecker::discard(const Place &place, const Access &access) {
  for (LaneMask rest = place.lanes; rest; rest &= rest - 1) {
    uint64_t address = access.addresses[countr_zero(rest)];
    ShadowMemory *shadow = shadowOf(access.memory, address);
    if (!shadow)
      continue;
    PageCursor cursor(*shadow, !isShared(access.memory));
    uint64_t offset = address - shadow->begin();
    cursor.at(offset);
    shadow->setAllUnwritten(offset, access.bytesPerLane);
  }
}

/// The first of `rest` and the lanes after it whose bytes follow on each other;
/// takes them from `rest`.
static LaneRange takeRange(const Access &access, LaneMask &rest) {
  unsigned first = countr_zero(rest), count = 1;
  uint32_t bytes = access.bytesPerLane;
  LaneRange range = {access.addresses[first], bytes, LaneMask(1) << first};
  // Parts of words would not be alike.
  if (bytes == 4 || bytes == 8 || bytes == 16) {
    while (first + count < numLanes && (rest >> (first + count) & 1) &&
           access.addresses[first + count] == range.address + bytes * count)
      ++count;
    range.sizeInBytes = bytes * count;
    range.lanes = (allLanes >> (numLanes - count)) << first;
    range.bytesPerLane = bytes;
  }
  rest &= ~range.lanes;
  return range;
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
    for (LaneMask rest = lanes; rest;) {
      LaneRange range = takeRange(access, rest);
      if (LLVM_LIKELY(request.shadow->contains(range.address)))
        checkRange(request, cursor, by, range);
      else
        inOtherAllocations |= range.lanes;
    }
  }
  // One page is locked at a time.
  if (!inOtherAllocations)
    return;
  Request other = request;
  if (startRequest(other, access.addresses[countr_zero(inOtherAllocations)]))
    accessLanes(other, by, inOtherAllocations);
}

void RaceChecker::checkOne(const Request &request, Accessor &by,
                           uint64_t address, uint64_t sizeInBytes) {
  noteRemoteAccess(request, by);
  PageCursor cursor(*request.shadow, !isShared(request.memory));
  checkRange(request, cursor, by, {address, sizeInBytes, by.lanes});
}

void RaceChecker::mbarrier(const Place &place, const MemoryPlace &memory,
                           uint64_t address, MbarrierUse use) {
  Request request;
  request.memory = memory;
  request.place = place;
  if (!startRequest(request, address))
    return;
  request.isMbarrier = true;
  request.isInvalidation = use == MbarrierUse::Invalidate;
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
  const AsyncOperation &operation =
      blockState(agent.block).operations[agent.index];
  request.isAsyncCompletion =
      operation.kind != AsyncKind::Copy && operation.kind != AsyncKind::Store;
  checkAsync(agent, countr_zero(operation.lanes), request, address, 4);
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
    // The last of them lies after the others of the same lanes.
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
