//===- ThreadBlock.h - launches, clusters and blocks ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A cluster is what is scheduled together: its blocks live from its beginning
// to its end, so that their shared memory can be reached. A launch without
// clusters has clusters of one block.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_THREADBLOCK_H
#define TK_LIB_EMULATOR_THREADBLOCK_H

#include "Checker.h"
#include "Function.h"
#include "Mbarrier.h"
#include "Memory.h"
#include "Warp.h"
#include "Warpgroup.h"
#include "tk/Emulator/Emulator.h"
#include <atomic>
#include <chrono>
#include <deque>
#include <map>
#include <mutex>
#include <string>

namespace mlir::tk::emulator {

class Cluster;
class Scheduler;

/// What a launch is, however it runs.
struct LaunchFacts {
  PtxDimensions grid, block, cluster;
  bool isExplicitCluster = false;
  uint64_t gridId = 0;
  /// Of each shared variable of the module, in the window of a block; 0 of
  /// those that this entry cannot reach.
  std::vector<uint32_t> sharedOffsets;
  /// From the beginning of the window.
  uint32_t sharedEnd = 0;
  /// firstSharedOffset, or 0 if the kernel uses what the device reserves.
  uint32_t sharedBegin = firstSharedOffset;
  uint32_t dynamicSharedBytes = 0;
  uint32_t staticSharedBytes = 0;
  /// From firstParamOffset.
  std::vector<std::byte> parameters;

  uint32_t numThreads() const { return block[0] * block[1] * block[2]; }
  uint32_t numWarps() const { return (numThreads() + numLanes - 1) / numLanes; }
  uint32_t blocksPerCluster() const {
    return cluster[0] * cluster[1] * cluster[2];
  }
  uint64_t numBlocks() const { return uint64_t(grid[0]) * grid[1] * grid[2]; }
  uint64_t numClusters() const { return numBlocks() / blocksPerCluster(); }
};

/// What all blocks of a run share. Const while they run but for what says
/// otherwise.
struct Launch : LaunchFacts {
  Launch(const LaunchFacts &facts, const Program &program, DeviceMemory &memory,
         const EmulatorOptions &options, const DecodedFunction &entry,
         Checker *checker, const CheckerSetup &setup)
      : LaunchFacts(facts), program(program), memory(memory), options(options),
        entry(entry), checker(checker), setup(setup) {}

  const Program &program;
  DeviceMemory &memory;
  const EmulatorOptions &options;
  const DecodedFunction &entry;
  Checker *checker;
  const CheckerSetup &setup;

  bool isOverBudget(uint64_t numSteps) const {
    return options.instructionBudget && numSteps > options.instructionBudget;
  }

  bool isPastDeadline() const {
    return options.timeLimitInSeconds > 0 &&
           std::chrono::steady_clock::now() >= deadline;
  }

  /// Of the launch, however often it runs. Counts if there is a limit of time.
  std::chrono::steady_clock::time_point deadline;

  // Changes while blocks run.
  std::atomic<bool> isStopped{false};
  std::atomic<bool> isOutOfTime{false};
  /// Warp-instructions that all clusters take, by that of the first; 0: not
  /// known yet.
  std::atomic<uint64_t> numEstimatedSteps{0};
  std::mutex mutex;
  /// More than one host thread runs blocks.
  bool isParallel = false;
  /// Held by an atomic instruction then.
  std::mutex atomicsMutex;
  /// Mistakes that end the run, by whom they were seen. Guarded by `mutex`.
  std::vector<EmulatorReport> failures;
  /// What the kernel printed. Guarded by `mutex`; kernels that print run on one
  /// host thread.
  std::string output;
};

/// From the first arrival at a barrier until it completes.
struct BarrierGeneration {
  bool isComplete = false;
  /// Threads that have arrived: warps count whole, 9.7.13.1.
  uint32_t arrived = 0;
  /// Threads that arrived and have not exited; a barrier of the whole block
  /// waits for these.
  uint32_t arrivedThreads = 0;
  /// Threads that it waits for; 0: all of the block.
  uint32_t expected = 0;
  /// The reduction of barrier.red.
  bool isReduction = false;
  bool andValue = true;
  bool orValue = false;
  uint32_t popCount = 0;
  /// What those who arrived know.
  SyncObjectPtr knowledge;
  /// The first arrival: the others must fit it.
  Place first;
};

/// One of the 16 barriers of a block. Empty: nobody has arrived.
using NamedBarrier = std::shared_ptr<BarrierGeneration>;

class ThreadBlock {
public:
  ThreadBlock(Cluster &cluster, uint32_t rankInCluster);

  Launch &launch;
  Cluster &cluster;
  /// Linear, in the grid.
  uint32_t index = 0;
  PtxDimensions ctaid;
  uint32_t rankInCluster = 0;

  std::deque<Warp> warps;
  unsigned numLiveThreads = 0;
  bool isFinished() const { return numLiveThreads == 0; }

  /// The window's bytes from 0 to Launch::sharedEnd.
  std::byte *sharedMemory() { return shared.get(); }
  /// An address in the shared::cluster window, of this block's memory.
  uint64_t sharedAddress(uint64_t offset) const {
    return (uint64_t(rankInCluster) << blockWindowBits) + offset;
  }
  /// Bytes at an offset of the window; null if outside.
  std::byte *sharedBytes(uint64_t offset, uint64_t size);

  /// Four warps each.
  std::vector<Warpgroup> warpgroups;
  Warpgroup &warpgroupOf(const Warp &warp) {
    return warpgroups[warp.indexInBlock / warpsPerWarpgroup];
  }

  /// Registers that no thread has, see setmaxnreg.
  uint32_t freeRegisters = 0;
  std::array<NamedBarrier, 16> barriers;
  /// By offset in the window.
  std::map<uint32_t, Mbarrier> mbarriers;

  /// Threads exit: barriers of the whole block wait for them no longer.
  void exitLanes(LaneMask lanes);
  /// Completes a barrier if all have arrived.
  void completeIfDone(NamedBarrier &barrier);

private:
  std::unique_ptr<std::byte[]> shared;
};

/// barrier.cluster, 9.7.13.4.
struct ClusterBarrier {
  /// Threads of the cluster that have arrived in this generation.
  uint32_t numArrived = 0;
  uint64_t generation = 0;
  /// What those who arrived know, of this generation and the one before.
  SyncObjectPtr current, last;
};

class Cluster {
public:
  Cluster(Launch &launch, Scheduler &scheduler, uint64_t index);
  ~Cluster();

  Launch &launch;
  Scheduler &scheduler;
  uint64_t index;
  /// Position of the cluster among the clusters of the grid.
  PtxDimensions clusterid;
  std::deque<ThreadBlock> blocks;

  ClusterBarrier barrier;
  /// Begins the next generation if all threads that live have arrived.
  void completeBarrierIfDone();

  bool isFinished() const;
  /// Null if the rank is too large.
  ThreadBlock *blockOfRank(uint64_t rank) {
    return rank < blocks.size() ? &blocks[rank] : nullptr;
  }
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_THREADBLOCK_H
