//===- ThreadBlock.cpp - clusters and blocks ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ThreadBlock.h"
#include "Clusters.h"
#include "Scheduler.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

ThreadBlock::ThreadBlock(Cluster &cluster, uint32_t rankInCluster)
    : launch(cluster.launch), cluster(cluster), rankInCluster(rankInCluster) {
  const PtxDimensions &shape = launch.cluster;
  PtxDimensions inCluster = {rankInCluster % shape[0],
                             rankInCluster / shape[0] % shape[1],
                             rankInCluster / shape[0] / shape[1]};
  for (unsigned i = 0; i < 3; ++i)
    ctaid[i] = cluster.clusterid[i] * shape[i] + inCluster[i];
  index = ctaid[0] + launch.grid[0] * (ctaid[1] + launch.grid[1] * ctaid[2]);
  // Unwritten shared memory has a value that differs from zero, so that a
  // kernel that relies on zeros does not pass by luck.
  uint64_t size = launch.sharedEnd;
  shared.reset(new std::byte[size]);
  std::memset(shared.get(), 0xCD, size);
  numLiveThreads = launch.numThreads();
  warpgroups.resize(launch.numWarps() / warpsPerWarpgroup + 1);
  if (launch.checker)
    launch.checker->beginBlock(index, static_cast<uint32_t>(cluster.index),
                               launch.numWarps(), launch.sharedEnd);
  for (uint32_t i = 0; i < launch.numWarps(); ++i) {
    uint32_t threads = std::min(numLanes, launch.numThreads() - i * numLanes);
    LaneMask lanes =
        threads == numLanes ? allLanes : (LaneMask(1) << threads) - 1;
    warps.emplace_back(*this, i, lanes);
    warps.back().registersPerThread =
        registersAtLaunch(*launch.entry.syntax, launch.numThreads());
  }
}

std::byte *ThreadBlock::sharedBytes(uint64_t offset, uint64_t size) {
  if (offset < launch.sharedBegin || offset > launch.sharedEnd ||
      launch.sharedEnd - offset < size)
    return nullptr;
  return shared.get() + offset;
}

void ThreadBlock::exitLanes(LaneMask lanes) {
  numLiveThreads -= llvm::popcount(lanes);
  for (NamedBarrier &barrier : barriers)
    if (barrier)
      completeIfDone(barrier);
  cluster.completeBarrierIfDone();
}

void ThreadBlock::completeIfDone(NamedBarrier &barrier) {
  bool isDone = barrier->expected ? barrier->arrived >= barrier->expected
                                  : barrier->arrivedThreads >= numLiveThreads;
  if (!isDone)
    return;
  barrier->isComplete = true;
  barrier.reset();
  ++cluster.scheduler.numEvents;
}

Cluster::Cluster(Launch &launch, Scheduler &scheduler, uint64_t index)
    : launch(launch), scheduler(scheduler), index(index) {
  uint64_t countX = launch.grid[0] / launch.cluster[0];
  uint64_t countY = launch.grid[1] / launch.cluster[1];
  clusterid = {static_cast<uint32_t>(index % countX),
               static_cast<uint32_t>(index / countX % countY),
               static_cast<uint32_t>(index / countX / countY)};
  for (uint32_t rank = 0; rank < launch.blocksPerCluster(); ++rank)
    blocks.emplace_back(*this, rank);
}

Cluster::~Cluster() {
  if (launch.checker && !launch.isStopped)
    for (ThreadBlock &block : blocks)
      launch.checker->endBlock(block.index);
}

bool Cluster::isFinished() const {
  return llvm::all_of(
      blocks, [](const ThreadBlock &block) { return block.isFinished(); });
}
