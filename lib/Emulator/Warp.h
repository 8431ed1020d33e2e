//===- Warp.h - the state of 32 threads -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lanes with the same program counter and the same chain of calls are a group;
// one group of a warp runs at a time. Handlers see the lanes of `mask` and the
// registers of the group's frame, and nothing of groups.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_WARP_H
#define TK_LIB_EMULATOR_WARP_H

#include "AsyncGroups.h"
#include "Checker.h"
#include "Instruction.h"
#include "LocalStack.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace mlir::tk::emulator {

struct Allocation;
struct DecodedFunction;
class Scheduler;
class ThreadBlock;
class WgmmaQueue;

struct BarrierGeneration;

/// What a group of lanes waits for: for the report of a deadlock.
struct WaitReason {
  enum class Kind : uint8_t {
    None,
    /// Other lanes of the warp at a collective instruction: `value` is their
    /// mask.
    Lanes,
    /// Barrier number `value` of the block.
    Barrier,
    /// barrier.cluster.
    ClusterBarrier,
    /// The mbarrier at shared address `value`.
    Mbarrier,
    /// Other warps of the warpgroup.
    Warpgroup,
    /// Registers of the pool (setmaxnreg): `value` are asked for.
    RegisterPool,
  };
  Kind kind = Kind::None;
  uint64_t value = 0;
  /// The wait ends by itself when nothing else in the run can go on
  /// (mbarrier.try_wait); the handler runs again and sees
  /// Warp::takeTimeout.
  bool hasTimeout = false;
};

/// The registers and local variables of one call, for all lanes that made it
/// from the same place. Lanes do not share columns, so groups that are apart
/// may share a frame.
struct Frame {
  const DecodedFunction *function = nullptr;
  Frame *caller = nullptr;
  /// Of the call in the caller.
  uint32_t callSite = 0;
  unsigned depth = 0;
  /// Offset of the frame's variables in the local memory of each lane.
  uint64_t localBase = 0;
  /// The size of the function's variables and of what the caller passes for a
  /// last parameter `a[]`.
  uint64_t localSize = 0;
  /// What the lanes had on the LocalStack when they called.
  std::array<uint32_t, numLanes> stackSizes = {};
  /// 64-byte aligned.
  std::byte *registers = nullptr;
  std::unique_ptr<std::byte[]> storage;
  /// Calls made from here, kept for the next call from the same place.
  std::vector<std::unique_ptr<Frame>> callees;
};

/// Lanes that run together.
struct LaneGroup {
  LaneMask lanes = 0;
  uint32_t pc = 0;
  Frame *frame = nullptr;
  WaitReason wait;
  /// Scheduler::numEvents when the wait began: nothing changed while equal.
  uint64_t waitBegan = 0;
  bool isTimedOut = false;
  /// When it ran last, for fairness among groups.
  uint64_t lastTurn = 0;
};

class Warp {
public:
  Warp(ThreadBlock &block, unsigned indexInBlock, LaneMask lanes);
  Warp(Warp &&) = default;

  /// The lanes that the current instruction runs for.
  LaneMask mask = 0;

  /// The 32 values of an operand. T has the width of the register.
  template <typename T> T *lanes(Slot slot) {
    return reinterpret_cast<T *>(frame + slot);
  }
  LaneMask &predicate(Slot slot) {
    return *reinterpret_cast<LaneMask *>(frame + slot);
  }

  /// A slot that no register has: for the time of one instruction.
  template <typename T> T *temporaryLanes() {
    return reinterpret_cast<T *>(temporary);
  }

  ThreadBlock &block;
  unsigned indexInBlock;
  Checker *checker;

  /// This instruction, the lanes of `mask` (or those given).
  Place place(const Instruction &instruction) const;
  Place place(const Instruction &instruction, LaneMask lanes) const;

  /// The lanes of `mask` wait at this instruction. Returns Step::Wait.
  Step wait(WaitReason reason);
  /// Whether the wait of these lanes ended because nothing else can go on;
  /// asking forgets it.
  bool takeTimeout() {
    bool result = running.isTimedOut;
    running.isTimedOut = false;
    return result;
  }
  /// Tells those that wait that something changed.
  void notify();
  /// Called by what a spinning thread does over and over (an atomic, a volatile
  /// load, a test of a barrier): returns Step::Next, or from time to time
  /// Step::Yield, so that a spinning thread cannot starve the one that it waits
  /// for.
  Step spin() { return ++numSpins % 16 ? Step::Next : Step::Yield; }
  /// A mistake that ends the run. Returns Step::Stop. Reported with and without
  /// checks.
  Step fail(Rule rule, const Instruction &instruction,
            const llvm::Twine &detail, llvm::ArrayRef<ReportSite> earlier = {});
  /// The same for one lane alone.
  Step failLane(unsigned lane, Rule rule, const Instruction &instruction,
                const llvm::Twine &detail);

  // Control flow; return what the handler returns.
  Step jump(uint32_t pc);
  /// The target of each lane of `mask`.
  Step jumpEach(const uint32_t *targets);
  /// The frame that the lanes of `mask` get for a call, with local memory for
  /// both sides; null if that is too deep.
  Frame *prepareCall(const DecodedFunction &callee, uint64_t unsizedBytes);
  Step call(Frame &callee);
  Step returnToCaller();
  Step exit();

  /// These lanes leave the group and will run this instruction by themselves.
  void splitHere(LaneMask lanes);

  /// Lanes that have not exited.
  LaneMask liveLanes() const { return live; }
  /// Lanes at the instruction that runs, whether its guard holds or not.
  LaneMask groupLanes() const { return running.lanes; }
  Frame &currentFrame() const { return *running.frame; }
  uint32_t currentPc() const { return running.pc; }

  /// Gives each lane at least `size` bytes of local memory; false if over the
  /// limit.
  bool growLocalMemory(uint64_t size);
  std::byte *localMemory(unsigned lane) {
    return local.get() + lane * localStride;
  }
  /// From the memory of one lane to that of the next.
  uint64_t localMemoryStride() const { return localStride; }

  /// Null before the first alloca.
  std::unique_ptr<LocalStack> stack;

  /// Where the last access of global memory was.
  Allocation *lastAllocation = nullptr;
  uint64_t memoryGeneration = 0;

  /// Lanes that have come to a collective instruction and wait for others; see
  /// Collective.h.
  struct Arrival {
    const Instruction *instruction = nullptr;
    std::byte *registers = nullptr;
    LaneMask members = 0;
    /// The collective was done for this lane too: it goes on.
    bool isDone = false;
  };
  std::array<Arrival, numLanes> arrivals;
  /// What lanes wait for at a barrier; each lane once at most.
  struct BarrierWait {
    LaneMask lanes = 0;
    std::shared_ptr<BarrierGeneration> generation;
  };
  llvm::SmallVector<BarrierWait, 2> barrierWaits;
  /// Copies that the lanes have not waited for: cp.async, bulk copies.
  AsyncGroups copyGroups, bulkGroups;
  /// Lanes that arrived at barrier.cluster and have not waited, and in which
  /// generation.
  LaneMask clusterArrived = 0;
  std::array<uint64_t, numLanes> clusterGeneration = {};
  /// Of the pool that setmaxnreg shares out.
  uint32_t registersPerThread = 0;

  std::byte *currentRegisters() const { return frame; }
  /// Lanes of a slot of another frame.
  template <typename T> static T *lanesIn(std::byte *registers, Slot slot) {
    return reinterpret_cast<T *>(registers + slot);
  }

  /// The wgmmas that are not waited for; null before the first.
  std::shared_ptr<WgmmaQueue> wgmmaQueue;

private:
  friend class Scheduler;

  Frame &calleeFrame(const DecodedFunction &callee, uint32_t callSite,
                     uint64_t unsizedBytes);
  void initializeFrame(Frame &newFrame);
  /// The lanes of `mask` leave the group that runs, which goes on without them.
  void split(LaneGroup group);

  alignas(64) std::byte temporary[numLanes * sizeof(uint64_t)];
  /// Registers of the running function; 64-byte aligned.
  std::byte *frame = nullptr;
  LaneMask live = 0;
  uint32_t numSpins = 0;
  /// The group that ran last gave way: the next is the one that waited longest.
  bool isTurnOfOthers = false;
  /// Turns that ended while groups were apart.
  uint32_t numTurnsApart = 0;
  LaneGroup running;
  /// Those that do not run now.
  llvm::SmallVector<LaneGroup, 4> others;
  std::unique_ptr<Frame> entryFrame;
  /// `localStride` bytes a lane.
  std::unique_ptr<std::byte[]> local;
  uint64_t localStride = 0;
};

/// Runs `body` for each lane of the mask. The lanes of an operand may be those
/// of the result, never overlap them otherwise: so the loop over all lanes may
/// become vector instructions.
template <typename Body> inline void forEachLane(LaneMask mask, Body &&body) {
  if (mask == allLanes) {
#pragma clang loop vectorize(assume_safety)
    for (unsigned lane = 0; lane != numLanes; ++lane)
      body(lane);
    return;
  }
  for (LaneMask rest = mask; rest; rest &= rest - 1)
    body(static_cast<unsigned>(__builtin_ctz(rest)));
}

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WARP_H
