//===- RaceCheckerConflicts.cpp - which rule two accesses break -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RaceChecker.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

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
  // libcu++ destroys a barrier after one lane of each warp, elected by match,
  // has signalled with an atomic that the warp is done with it.
  if (request.isInvalidation && record.kind() == AccessRecord::Atomic &&
      (record.agent == by.warp ||
       by.knowsAny(record.agent, allLanes, record.time)))
    return std::nullopt;
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
  if (request.isAsyncCompletion && !isFenced(init, by, FencedShared))
    return Rule::MissingMbarrierInitFence;
  return std::nullopt;
}
