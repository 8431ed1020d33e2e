//===- Clusters.cpp - clusters of blocks, and the register pool -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.23 (mapa), 9.7.9.24 (getctarank), 9.7.13.4 (barrier.cluster),
// 9.7.13.14 (griddepcontrol), 9.7.19.5 (setmaxnreg).
//
//===----------------------------------------------------------------------===//

#include "Clusters.h"
#include "LaneLoops.h"
#include "MatrixCollective.h"
#include "Memory.h"
#include "Operands.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/bit.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// barrier.cluster
//===----------------------------------------------------------------------===//

void Cluster::completeBarrierIfDone() {
  unsigned numLive = 0;
  for (const ThreadBlock &block : blocks)
    numLive += block.numLiveThreads;
  // Threads that exited count as arrived.
  if (barrier.numArrived < numLive || barrier.numArrived == 0)
    return;
  barrier.numArrived = 0;
  ++barrier.generation;
  std::swap(barrier.current, barrier.last);
  if (launch.checker)
    launch.checker->clear(*barrier.current);
  ++scheduler.numEvents;
}

namespace {
enum ClusterBarrierFlags : uint8_t { IsAligned = 1, IsRelaxed = 2 };
} // namespace

/// `.aligned`: the whole warp executes it together. Returns what the handler
/// returns if that is not so yet.
static std::optional<Step> gatherWarp(Warp &warp,
                                      const Instruction &instruction) {
  if (!(instruction.flags & IsAligned))
    return std::nullopt;
  if (warp.groupLanes() != warp.liveLanes())
    return warp.wait({WaitReason::Kind::Lanes, warp.liveLanes()});
  if (warp.mask != warp.groupLanes())
    return warp.fail(Rule::DivergentCollective, instruction,
                     "the guard holds for some lanes of the warp only");
  return std::nullopt;
}

static Step runArrive(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = gatherWarp(warp, instruction))
    return *step;
  Cluster &cluster = warp.block.cluster;
  ClusterBarrier &barrier = cluster.barrier;
  if (warp.clusterArrived & warp.mask)
    return warp.fail(Rule::BarrierCount, instruction,
                     "a thread arrives again before it has waited");
  if (Checker *checker = warp.checker) {
    if (!barrier.current) {
      barrier.current = checker->createSyncObject();
      barrier.last = checker->createSyncObject();
    }
    // A relaxed arrival publishes what lies before the fences of its threads.
    checker->release(warp.place(instruction), *barrier.current,
                     instruction.flags & IsRelaxed ? Order::Relaxed
                                                   : Order::Release);
  }
  warp.clusterArrived |= warp.mask;
  forEachLane(warp.mask, [&](unsigned lane) {
    warp.clusterGeneration[lane] = barrier.generation;
  });
  barrier.numArrived += popcount(warp.mask);
  cluster.completeBarrierIfDone();
  return Step::Next;
}

static Step runWait(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = gatherWarp(warp, instruction))
    return *step;
  ClusterBarrier &barrier = warp.block.cluster.barrier;
  if (warp.mask & ~warp.clusterArrived)
    return warp.fail(Rule::BarrierCount, instruction,
                     "a thread waits that has not arrived");
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1)
    if (warp.clusterGeneration[__builtin_ctz(rest)] == barrier.generation)
      return warp.wait({WaitReason::Kind::ClusterBarrier, 0});
  warp.clusterArrived &= ~warp.mask;
  // The next phase cannot complete before these lanes arrive again.
  if (warp.checker)
    warp.checker->acquire(warp.place(instruction), *barrier.last);
  return Step::Next;
}

Error mlir::tk::emulator::decodeClusterBarrier(
    DecodeContext &context, const PtxInstruction &instruction,
    Modifiers &modifiers, Instruction &result) {
  if (Error error = expectTarget(context, instruction, 90))
    return error;
  bool isArrive = modifiers.accept("arrive");
  if (!isArrive && !modifiers.accept("wait"))
    return context.error(instruction, "'.arrive' or '.wait' is needed");
  if (isArrive) {
    if (modifiers.accept("relaxed"))
      result.flags |= IsRelaxed;
    else
      modifiers.accept("release");
  } else {
    modifiers.accept("acquire");
  }
  if (modifiers.accept("aligned"))
    result.flags |= IsAligned;
  result.handler = isArrive ? runArrive : runWait;
  return expectOperands(context, instruction, 0);
}

//===----------------------------------------------------------------------===//
// Addresses of other blocks
//===----------------------------------------------------------------------===//

namespace {
enum MapFlags : uint8_t { IsGeneric = 1 };
} // namespace

/// `.u32` or `.u64`: mapa and getctarank.
static Expected<PtxType> takeAddressType(DecodeContext &context,
                                         const PtxInstruction &instruction,
                                         Modifiers &modifiers,
                                         Instruction &result) {
  if (!modifiers.accept("shared::cluster"))
    result.flags |= IsGeneric;
  return takeType(context, instruction, modifiers,
                  {PtxType::U32, PtxType::U64});
}

template <typename T>
static Step runMapAddress(Warp &warp, const Instruction &instruction) {
  T *result = warp.lanes<T>(instruction.operands[0]);
  const T *address = warp.lanes<T>(instruction.operands[1]);
  const uint32_t *rank = warp.lanes<uint32_t>(instruction.operands[2]);
  uint64_t window = instruction.flags & IsGeneric ? sharedWindow : 0;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (!warp.block.cluster.blockOfRank(rank[lane]))
      return warp.fail(
          Rule::OutOfBounds, instruction,
          "the cluster has " + Twine(warp.block.cluster.blocks.size()) +
              " blocks, there is none of rank " + Twine(rank[lane]));
    uint64_t offset = (address[lane] - window) & (blockWindowSize - 1);
    if (window && windowOf(address[lane]) != PtxSpace::Shared)
      return warp.fail(Rule::WrongSpace, instruction,
                       "the generic address is not in shared memory");
    result[lane] = static_cast<T>(
        window + (uint64_t(rank[lane]) << blockWindowBits) + offset);
  }
  return Step::Next;
}

static Error decodeMapAddress(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  Expected<PtxType> type =
      takeAddressType(context, instruction, modifiers, result);
  if (!type)
    return type.takeError();
  OperandReader operands(context, instruction, 3);
  result.operands[0] = operands.destination(*type);
  result.operands[1] = operands.source(*type);
  result.operands[2] = operands.source(PtxType::U32);
  result.handler =
      *type == PtxType::U64 ? runMapAddress<uint64_t> : runMapAddress<uint32_t>;
  return operands.finish();
}

template <typename T>
static Step runRankOfAddress(Warp &warp, const Instruction &instruction) {
  uint32_t *result = warp.lanes<uint32_t>(instruction.operands[0]);
  const T *address = warp.lanes<T>(instruction.operands[1]);
  uint64_t window = instruction.flags & IsGeneric ? sharedWindow : 0;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t rank = (address[lane] - window) >> blockWindowBits;
    if (!warp.block.cluster.blockOfRank(rank))
      return warp.fail(Rule::WrongSpace, instruction,
                       "the address is in the shared memory of no block of the "
                       "cluster");
    result[lane] = static_cast<uint32_t>(rank);
  }
  return Step::Next;
}

static Error decodeRankOfAddress(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  Expected<PtxType> type =
      takeAddressType(context, instruction, modifiers, result);
  if (!type)
    return type.takeError();
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.destination(PtxType::U32);
  result.operands[1] = operands.source(*type);
  result.handler = *type == PtxType::U64 ? runRankOfAddress<uint64_t>
                                         : runRankOfAddress<uint32_t>;
  return operands.finish();
}

//===----------------------------------------------------------------------===//
// setmaxnreg
//===----------------------------------------------------------------------===//

/// The least that a thread can have, 9.7.19.5.
static constexpr uint32_t leastRegisters = 24;

uint32_t mlir::tk::emulator::registersAtLaunch(const PtxFunction &entry,
                                               uint32_t numThreads) {
  constexpr uint32_t registersOfProcessor = 65536, mostRegisters = 256;
  uint32_t perThread = registersOfProcessor / std::max(numThreads, 1u) /
                       std::max(entry.minNctaPerSm.value_or(1), 1u);
  if (entry.maxNreg)
    perThread = std::min(perThread, *entry.maxNreg);
  return std::clamp(perThread / 8 * 8, leastRegisters, mostRegisters);
}

/// The warps of a warpgroup execute it together, each in its own time.
static Step runSetRegisters(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  ThreadBlock &block = warp.block;
  auto wanted = static_cast<uint32_t>(instruction.immediate);
  bool isIncrease = instruction.flags != 0;
  uint32_t have = warp.registersPerThread;
  // What the assembler chose at launch is not known: it may have been less.
  if (isIncrease && wanted <= have)
    return block.warpgroupOf(warp).execute(warp, instruction);
  if (!isIncrease && wanted > have)
    return warp.fail(Rule::RegisterPool, instruction,
                     "the threads have " + Twine(have) + " registers, " +
                         Twine(wanted) + " are asked for by .dec");
  if (!isIncrease) {
    block.freeRegisters += (have - wanted) * numLanes;
    warp.registersPerThread = wanted;
    warp.notify();
    return block.warpgroupOf(warp).execute(warp, instruction);
  }
  uint32_t missing = (wanted - have) * numLanes;
  // What there could be if all others gave away all they can.
  uint64_t possible = block.freeRegisters;
  for (const Warp &other : block.warps)
    if (&other != &warp)
      possible += (other.registersPerThread - leastRegisters) * numLanes;
  if (missing > possible)
    return warp.fail(Rule::RegisterPool, instruction,
                     Twine(missing) +
                         " more registers are needed for the warp, "
                         "the pool of the block can have " +
                         Twine(possible) + " at most");
  if (missing > block.freeRegisters)
    return warp.wait({WaitReason::Kind::RegisterPool, missing});
  block.freeRegisters -= missing;
  warp.registersPerThread = wanted;
  return block.warpgroupOf(warp).execute(warp, instruction);
}

static Error decodeSetRegisters(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (Error error = expectTarget(context, instruction, 90, /*isSpecific=*/true))
    return error;
  std::optional<unsigned> action = modifiers.acceptOneOf({"dec", "inc"});
  if (!action || !modifiers.accept("sync") || !modifiers.accept("aligned") ||
      modifiers.acceptType() != PtxType::U32)
    return context.error(instruction,
                         "'.inc.sync.aligned.u32' or '.dec.sync.aligned.u32' "
                         "is needed");
  OperandReader operands(context, instruction, 1);
  int64_t count = operands.constant();
  if (Error error = operands.finish())
    return error;
  if (count < leastRegisters || count > 256 || count % 8)
    return context.error(instruction,
                         "a multiple of 8 within 24 and 256 is needed, not " +
                             Twine(count));
  result.flags = *action;
  result.immediate = count;
  result.handler = runSetRegisters;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// griddepcontrol
//===----------------------------------------------------------------------===//

/// Launches follow one another, so what a grid depends on has ended.
static Step runGridDependency(Warp &, const Instruction &) {
  return Step::Next;
}

static Error decodeGridDependency(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  if (!modifiers.acceptOneOf({"launch_dependents", "wait"}))
    return context.error(instruction,
                         "'.launch_dependents' or '.wait' is needed");
  result.handler = runGridDependency;
  return expectOperands(context, instruction, 0);
}

void mlir::tk::emulator::registerClusters(DecoderTable &table) {
  table.add("mapa", decodeMapAddress, 90);
  table.add("getctarank", decodeRankOfAddress, 90);
  table.add("setmaxnreg", decodeSetRegisters, 90);
  table.add("griddepcontrol", decodeGridDependency, 90);
}
