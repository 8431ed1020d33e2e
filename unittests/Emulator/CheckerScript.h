//===- CheckerScript.h - drives the checks by hand ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A script tells a Checker what warps do, one instruction a call; the n-th call
// is instruction n and line n of the "PTX".
//
//===----------------------------------------------------------------------===//

#ifndef TK_UNITTESTS_EMULATOR_CHECKERSCRIPT_H
#define TK_UNITTESTS_EMULATOR_CHECKERSCRIPT_H

#include "Checker.h"
#include "llvm/ADT/StringExtras.h"
#include <deque>

namespace mlir::tk::emulator {

inline constexpr uint64_t globalBase = 0x700000000;
inline constexpr uint64_t globalSize = 8192;
inline constexpr uint64_t sharedSize = 4096;

/// An address of shared memory (of the block that accesses it) or global.
struct ScriptAddress {
  PtxSpace space = PtxSpace::Shared;
  uint64_t at = 0;
  std::optional<uint32_t> block;
};
inline ScriptAddress shared(uint64_t at) {
  return {PtxSpace::Shared, at, std::nullopt};
}
inline ScriptAddress sharedOf(uint32_t block, uint64_t at) {
  return {PtxSpace::Shared, at, block};
}
inline ScriptAddress global(uint64_t at) {
  return {PtxSpace::Global, globalBase + at, std::nullopt};
}

struct ScriptOptions {
  uint32_t numBlocks = 1;
  uint32_t warpsPerBlock = 2;
  unsigned blocksPerCluster = 1;
  /// Off unless a test is about them.
  bool checksUnwritten = false;
  bool checksReadsBeforeCopies = false;
};

/// Lanes of a warp of a block.
struct ScriptThread {
  uint32_t block = 0;
  uint16_t warp = 0;
  LaneMask lanes = allLanes;
};

class Script {
public:
  using Options = ScriptOptions;
  using Thread = ScriptThread;

  explicit Script(Options options = {})
      : options(options), setup{module,
                                checks,
                                {options.numBlocks, 1, 1},
                                {options.warpsPerBlock * numLanes, 1, 1},
                                options.blocksPerCluster} {
    module.instructions.resize(4096);
    for (size_t i = 0; i != module.instructions.size(); ++i)
      module.instructions[i].location.line = i;
    if (!options.checksUnwritten) {
      checks.disabledRules.insert("unwritten-shared");
      checks.disabledRules.insert("unwritten-global");
    }
    if (!options.checksReadsBeforeCopies)
      checks.disabledRules.insert("war-proxy");
    checker = createChecker(setup);
    checker->addAllocation(globalBase, globalSize / 2, nullptr);
    writtenBytes.resize(globalSize / 16);
    checker->addAllocation(globalBase + globalSize / 2, globalSize / 2,
                           writtenBytes.data());
    for (uint32_t block = 0; block != options.numBlocks; ++block)
      checker->beginBlock(block, block / options.blocksPerCluster,
                          options.warpsPerBlock, sharedSize);
  }

  Place place(Thread thread) {
    return {thread.block, thread.warp, thread.lanes, next++};
  }

  // Lane i accesses `address + i * stride`.
  uint32_t access(Thread thread, AccessKind kind, ScriptAddress address,
                  uint32_t bytes = 4, uint64_t stride = 0,
                  Order order = Order::Weak, Scope scope = Scope::System,
                  llvm::function_ref<bool(unsigned, unsigned)> same = nullptr) {
    std::array<uint64_t, numLanes> addresses;
    for (unsigned lane = 0; lane != numLanes; ++lane)
      addresses[lane] = address.at + lane * stride;
    Access access;
    access.memory = {address.space, address.block.value_or(thread.block)};
    access.kind = kind;
    access.order = order;
    access.scope = scope;
    access.addresses = addresses.data();
    access.bytesPerLane = bytes;
    access.haveSameValue = same;
    Place where = place(thread);
    checker->access(where, access);
    return where.instruction;
  }
  uint32_t read(Thread thread, ScriptAddress address, uint32_t bytes = 4,
                uint64_t stride = 0) {
    return access(thread, AccessKind::Read, address, bytes, stride);
  }
  uint32_t write(Thread thread, ScriptAddress address, uint32_t bytes = 4,
                 uint64_t stride = 0) {
    return access(thread, AccessKind::Write, address, bytes, stride);
  }
  uint32_t strong(Thread thread, AccessKind kind, ScriptAddress address,
                  Order order, Scope scope = Scope::Device) {
    return access(thread, kind, address, 4, 0, order, scope);
  }

  /// bar.sync of all warps of a block.
  void barrier(uint32_t block = 0) {
    std::vector<Thread> threads;
    for (uint16_t warp = 0; warp != options.warpsPerBlock; ++warp)
      threads.push_back({block, warp, allLanes});
    barrier(threads, Scope::Block, Order::Release);
  }
  /// barrier.cluster of all warps of all blocks.
  void clusterBarrier(Order order = Order::Release) {
    std::vector<Thread> threads;
    for (uint32_t block = 0; block != options.numBlocks; ++block)
      for (uint16_t warp = 0; warp != options.warpsPerBlock; ++warp)
        threads.push_back({block, warp, allLanes});
    barrier(threads, Scope::Cluster, order);
  }
  void barrier(llvm::ArrayRef<Thread> threads, Scope scope, Order order) {
    SyncObjectPtr object = checker->createSyncObject();
    for (const Thread &thread : threads)
      checker->release(place(thread), *object, order, scope);
    for (const Thread &thread : threads)
      checker->acquire(place(thread), *object, Order::Acquire, scope);
  }
  void syncWarp(Thread thread) { checker->synchronizeLanes(place(thread)); }
  void fence(Thread thread, Scope scope = Scope::Device,
             Order order = Order::AcquireRelease) {
    checker->fence(place(thread), order, scope);
  }
  void proxyFence(Thread thread, PtxSpace space = PtxSpace::Generic) {
    checker->proxyFence(place(thread), space);
  }

  /// An instruction on the mbarrier of block 0 that lies at 128.
  void mbarrier(Thread thread, MbarrierUse use) {
    checker->mbarrier(place(thread), {PtxSpace::Shared, 0}, 128, use);
  }

  AsyncAgentPtr issue(Thread thread, AsyncKind kind = AsyncKind::BulkCopy) {
    return checker->issue(place(thread), kind);
  }
  void copy(const AsyncAgent &agent, AccessKind kind, ScriptAddress address,
            uint64_t size = 16, Proxy proxy = Proxy::Async, uint8_t lane = 0,
            uint32_t block = 0) {
    AsyncAccess access;
    access.memory = {address.space, address.block.value_or(block)};
    access.kind = kind;
    access.proxy = proxy;
    access.address = address.at;
    access.sizeInBytes = size;
    access.lane = lane;
    checker->access(agent, access);
  }
  void wait(Thread thread, const AsyncAgent &agent, bool isReadOnly = false) {
    checker->wait(place(thread), agent, isReadOnly);
  }
  /// An mbarrier's phase completes and the thread waits for it.
  void release(Thread thread, SyncObject &object) {
    checker->release(place(thread), object, Order::Release, Scope::Block);
  }
  void acquire(Thread thread, SyncObject &object) {
    checker->acquire(place(thread), object, Order::Acquire, Scope::Block);
  }

  const EmulatorResult &finish() {
    checker->finish(result);
    return result;
  }
  /// The rules that were broken, in order, separated by blanks.
  std::string rules() {
    finish();
    std::vector<std::string> names;
    for (const EmulatorReport &report : result.reports)
      names.push_back(report.rule);
    return llvm::join(names, " ");
  }

  Options options;
  PtxModule module;
  EmulatorChecks checks;
  CheckerSetup setup;
  std::unique_ptr<Checker> checker;
  std::vector<uint8_t> writtenBytes;
  uint32_t next = 1;
  EmulatorResult result;
};

inline ScriptThread lane(unsigned index, uint16_t warp = 0,
                         uint32_t block = 0) {
  return {block, warp, LaneMask(1) << index};
}
inline ScriptThread warp(uint16_t index, uint32_t block = 0) {
  return {block, index, allLanes};
}

} // namespace mlir::tk::emulator

#endif // TK_UNITTESTS_EMULATOR_CHECKERSCRIPT_H
