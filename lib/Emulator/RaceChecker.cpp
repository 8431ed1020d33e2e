//===- RaceChecker.cpp - the checks of a launch ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RaceChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

void SyncObjectDeleter::operator()(SyncObject *object) const { delete object; }
void AsyncAgentDeleter::operator()(AsyncAgent *agent) const { delete agent; }

Checker::~Checker() = default;

std::unique_ptr<Checker> emulator::createChecker(const CheckerSetup &setup) {
  return std::make_unique<RaceChecker>(setup);
}

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

SyncLocation *SyncLocations::find(uint64_t address) {
  auto found = locations.find(address / 4);
  return found == locations.end() ? nullptr : &found->second;
}

void SyncLocations::erase(uint64_t address, uint64_t sizeInBytes) {
  for (uint64_t word = address / 4; word <= (address + sizeInBytes - 1) / 4;
       ++word)
    locations.erase(word);
}

BlockState::BlockState(uint32_t block, unsigned numWarps, uint64_t sharedBytes,
                       uint64_t reservedSharedBytes, const ScopeRules &scopes)
    : index(block), writtenShared(sharedBytes / 8 + 1),
      warpgroupWaits(numWarps / 4 + 1), numWgmmas(numWarps) {
  for (unsigned warp = 0; warp != numWarps; ++warp)
    warps.emplace_back(block, block * numWarps + warp, scopes);
  std::fill_n(writtenShared.begin(), reservedSharedBytes / 8, 0xFF);
  shared = std::make_unique<ShadowMemory>(0, sharedBytes, writtenShared.data());
}

BlockState::Waits &BlockState::waitsOf(AsyncOperation &operation) {
  if (operation.kind != AsyncKind::Wgmma)
    return operation.waits;
  std::deque<Waits> &waits = warpgroupWaits[operation.warp / 4];
  if (waits.size() <= operation.wgmmaNumber)
    waits.resize(operation.wgmmaNumber + 1);
  return waits[operation.wgmmaNumber];
}

RaceChecker::RaceChecker(const CheckerSetup &setup)
    : setup(setup), reports(setup),
      scopes(size_t(setup.grid[0]) * setup.grid[1] * setup.grid[2]),
      warpsPerBlock(
          (setup.block[0] * setup.block[1] * setup.block[2] + numLanes - 1) /
          numLanes),
      blocks(size_t(setup.grid[0]) * setup.grid[1] * setup.grid[2]) {
  allocationTables.push_back(std::make_unique<AllocationTable>());
  allocations = allocationTables.back().get();
  auto isAnyOn = [&](std::initializer_list<Rule> rules) {
    return any_of(rules, [&](Rule rule) { return isOn(rule); });
  };
  bool watchesProxies = isAnyOn(
      {Rule::MissingProxyFence, Rule::WriteAfterReadProxy, Rule::WgmmaInFlight,
       Rule::MissingTensorMapFence, Rule::MissingMbarrierInitFence});
  watchesShared =
      watchesProxies ||
      isAnyOn({Rule::SharedRace, Rule::UnwrittenShared, Rule::ClusterExit});
  keepsUnfencedReads = isOn(Rule::WriteAfterReadProxy);
  watchesGlobal =
      watchesProxies || isAnyOn({Rule::GlobalRace, Rule::UnwrittenGlobal});
}

void RaceChecker::beginBlock(uint32_t block, uint32_t cluster,
                             unsigned numWarps, uint64_t sharedBytes) {
  assert(numWarps == warpsPerBlock && "all blocks of a grid are alike");
  scopes.setCluster(block, cluster);
  blocks[block] = std::make_unique<BlockState>(
      block, numWarps, sharedBytes, setup.reservedSharedBytes, scopes);
}

/// The first that begins after `address`.
template <typename Table>
static auto findAfter(Table &table, uint64_t address) {
  return std::upper_bound(table.begin(), table.end(), address,
                          [](uint64_t at, const ShadowMemory *shadow) {
                            return at < shadow->begin();
                          });
}

void RaceChecker::addAllocation(uint64_t address, uint64_t size,
                                uint8_t *writtenBytes) {
  std::lock_guard<std::mutex> lock(allocationsMutex);
  globalShadows.push_back(
      std::make_unique<ShadowMemory>(address, size, writtenBytes));
  auto table = std::make_unique<AllocationTable>(*allocations);
  table->insert(findAfter(*table, address), globalShadows.back().get());
  allocations = table.get();
  allocationTables.push_back(std::move(table));
}

ShadowMemory *RaceChecker::shadowOf(const MemoryPlace &memory,
                                    uint64_t address) {
  switch (memory.space) {
  case PtxSpace::Shared:
  case PtxSpace::SharedCluster: {
    ShadowMemory *shadow = blockState(memory.block).shared.get();
    return watchesShared && shadow && shadow->contains(address) ? shadow
                                                                : nullptr;
  }
  case PtxSpace::Global: {
    if (!watchesGlobal)
      return nullptr;
    const AllocationTable &table = *allocations;
    auto after = findAfter(table, address);
    if (after == table.begin() || !(*--after)->contains(address))
      return nullptr;
    return *after;
  }
  case PtxSpace::Generic:
  case PtxSpace::Register:
  case PtxSpace::Param:
  case PtxSpace::Local:
  case PtxSpace::Const:
    return nullptr;
  }
  llvm_unreachable("all spaces are handled");
}

//===----------------------------------------------------------------------===//
// Happens-before
//===----------------------------------------------------------------------===//

SyncObjectPtr RaceChecker::createSyncObject() {
  return SyncObjectPtr(new SyncObject);
}

void RaceChecker::release(const Place &place, SyncObject &object, Order order,
                          Scope scope) {
  warpAgent(place).release(place.lanes, object.publications, order, scope);
}

void RaceChecker::acquire(const Place &place, const SyncObject &object,
                          Order order, Scope scope) {
  warpAgent(place).acquire(place.lanes, object.publications, order, scope);
}

void RaceChecker::join(SyncObject &into, const SyncObject &from) {
  into.publications.add(from.publications);
}

void RaceChecker::clear(SyncObject &object) { object.publications.clear(); }

void RaceChecker::synchronizeLanes(const Place &place) {
  warpAgent(place).synchronizeLanes(place.lanes);
}

void RaceChecker::fence(const Place &place, Order order, Scope scope) {
  warpAgent(place).fence(place.lanes, order, scope);
}

void RaceChecker::proxyFence(const Place &place, PtxSpace space) {
  bool isGlobal = space == PtxSpace::Global;
  bool isAll = space == PtxSpace::Generic;
  warpAgent(place).proxyFence(place.lanes, isAll || !isGlobal,
                              isAll || isGlobal);
}

void RaceChecker::mbarrierInitFence(const Place &place) {
  warpAgent(place).mbarrierInitFence(place.lanes);
}

void RaceChecker::tensorMapRelease(const Place &place, Scope scope) {
  warpAgent(place).tensorMapRelease(place.lanes);
  warpAgent(place).fence(place.lanes, Order::Release, scope);
}

void RaceChecker::tensorMapAcquire(const Place &place, Scope scope,
                                   const uint64_t *addresses, uint64_t size) {
  warpAgent(place).fence(place.lanes, Order::Acquire, scope);
  for (LaneMask rest = place.lanes; rest; rest &= rest - 1) {
    unsigned lane = countr_zero(rest);
    warpAgent(place).tensorMapAcquire(lane, addresses[lane], size);
  }
}

//===----------------------------------------------------------------------===//
// Asynchronous operations
//===----------------------------------------------------------------------===//

AsyncAgentPtr RaceChecker::issue(const Place &place, AsyncKind kind) {
  BlockState &block = blockState(place.block);
  WarpAgent &warp = warpAgent(place);
  AsyncAgentPtr agent(new AsyncAgent);
  agent->block = place.block;
  agent->warp = warp.getId();
  agent->issueTime = warp.now();
  agent->fences = warp.laneFences();
  for (const LaneKnowledge &part : warp.all())
    if (part.lanes & place.lanes)
      agent->parts.push_back(part);
  warp.tick();
  std::lock_guard<std::mutex> lock(block.operationsMutex);
  agent->index = block.operations.size();
  AsyncOperation &operation = block.operations.emplace_back();
  operation.kind = kind;
  operation.warp = place.warp;
  operation.lanes = place.lanes;
  operation.instruction = place.instruction;
  if (kind == AsyncKind::Wgmma)
    operation.wgmmaNumber = block.numWgmmas[place.warp]++;
  return agent;
}

void RaceChecker::complete(const AsyncAgent &agent, SyncObject &object,
                           LaneMask lanes) {
  if (!object.timeline)
    object.timeline = nextTimeline++;
  uint32_t number = ++object.numCompletions;
  KnowledgePtr knowledge;
  knowledge.change().known[object.timeline].raise(1, number);
  // An mbarrier of one block may be completed by a multicast of another and
  // waited for with block scope.
  object.publications.add({Scope::System, anyBlock, knowledge});
  BlockState &block = blockState(agent.block);
  std::lock_guard<std::mutex> lock(block.operationsMutex);
  AsyncOperation &operation = block.operations[agent.index];
  operation.completions.push_back(
      {object.timeline, number, lanes & operation.lanes});
}

void RaceChecker::wait(const Place &place, const AsyncAgent &agent,
                       bool isReadOnly) {
  WarpAgent &warp = warpAgent(place);
  BlockState &block = blockState(agent.block);
  std::lock_guard<std::mutex> lock(block.operationsMutex);
  AsyncOperation &operation = block.operations[agent.index];
  LaneMask lanes = operation.kind == AsyncKind::Wgmma
                       ? place.lanes
                       : place.lanes & operation.lanes;
  BlockState::Waits &waits = block.waitsOf(operation);
  // The first wait of the same lanes says most.
  bool isNew = none_of(waits, [&](const AsyncOperation::Wait &wait) {
    return wait.warp == warp.getId() && !(lanes & ~wait.lanes) &&
           wait.isReadOnly <= isReadOnly;
  });
  if (lanes && isNew)
    waits.push_back({warp.getId(), warp.now(), lanes, isReadOnly});
}

//===----------------------------------------------------------------------===//
// Blocks that end
//===----------------------------------------------------------------------===//

/// Whether each lane's part of an operation on the block's memory was waited
/// for by the lane itself, or is known to somebody in the block.
bool RaceChecker::isKnownAtExit(const BlockState &block, uint32_t issuer,
                                AsyncOperation &operation) {
  auto isKnown = [&](uint32_t agent, LaneMask lanes, uint32_t time) {
    return any_of(block.warps, [&](const WarpAgent &warp) {
      return any_of(warp.all(), [&](const LaneKnowledge &part) {
        return part.knowledge->known.covers(agent, lanes, time);
      });
    });
  };
  uint32_t firstWarp = block.warps.front().getId();
  auto isOwn = [&](uint32_t warp) {
    return warp - firstWarp < block.warps.size();
  };
  bool isCollective = operation.kind == AsyncKind::Wgmma;
  LaneMask done = 0;
  for (const AsyncOperation::Wait &wait : blockState(issuer).waitsOf(operation))
    if (!(wait.isReadOnly && operation.writesShared) &&
        (isOwn(wait.warp) || isKnown(wait.warp, wait.lanes, wait.time)))
      done |= isCollective ? operation.lanes : wait.lanes;
  for (const AsyncOperation::Completion &completion : operation.completions)
    if ((completion.lanes & ~done) &&
        isKnown(completion.timeline, 1, completion.number))
      done |= completion.lanes;
  return !(operation.lanes & ~done);
}

void RaceChecker::checkRemoteAccesses(BlockState &block) {
  for (const AccessRecord &record : block.remoteAccesses) {
    bool isKnown = any_of(block.warps, [&](const WarpAgent &warp) {
      return any_of(warp.all(), [&](const LaneKnowledge &part) {
        Accessor by;
        by.block = block.index;
        by.warp = warp.getId();
        by.lanes = part.lanes;
        by.part = &part;
        by.fences = &warp.laneFences();
        return isOrdered(record, by);
      });
    });
    if (!isKnown)
      reports.add(Rule::ClusterExit, describe(record), [&] {
        return formatv("nothing keeps block {0} from ending before this "
                       "access of its shared memory",
                       block.index)
            .str();
      });
  }
}

void RaceChecker::endBlock(uint32_t index) {
  BlockState &block = blockState(index);
  for (auto [issuer, number] : block.sharedOperations) {
    AsyncOperation &operation = blockState(issuer).operations[number];
    if (isKnownAtExit(block, issuer, operation))
      continue;
    AccessRecord record;
    record.agent = AccessRecord::operationBit | issuer;
    record.time = number;
    record.lanes = operation.lanes;
    record.setKind(operation.writesShared ? AccessRecord::Write
                                          : AccessRecord::Read);
    reports.add(Rule::AsyncAtExit, describe(record), [&] {
      return formatv("the shared memory of block {0} is freed", index).str();
    });
  }
  checkRemoteAccesses(block);
  block.hasEnded = true;
  block.shared.reset();
  block.sharedOperations.clear();
  block.remoteAccesses.clear();
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

static StringRef nameOf(AsyncKind kind) {
  switch (kind) {
  case AsyncKind::Copy:
    return "cp.async";
  case AsyncKind::Store:
    return "an asynchronous store";
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

void RaceChecker::report(Rule rule, const Place &place, const Twine &detail,
                         ArrayRef<ReportSite> earlier) {
  SmallVector<ReportSite, 2> sites(earlier);
  sites.push_back({place, "here"});
  reports.add(rule, sites, [&] { return detail.str(); });
}
