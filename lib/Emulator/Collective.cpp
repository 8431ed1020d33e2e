//===- Collective.cpp - instructions that lanes execute together ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Collective.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

static bool isSameOperation(const Instruction &a, const Instruction &b) {
  return a.handler == b.handler && a.flags == b.flags && a.count == b.count &&
         a.immediate == b.immediate;
}

/// Lanes of `members` that came to the same operation with the same mask.
static LaneMask findArrived(const Warp &warp, const Instruction &instruction,
                            LaneMask members, LaneMask live) {
  LaneMask arrived = 0;
  for (LaneMask rest = live; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    const Warp::Arrival &arrival = warp.arrivals[lane];
    if (arrival.instruction && !arrival.isDone && arrival.members == members &&
        isSameOperation(*arrival.instruction, instruction))
      arrived |= LaneMask(1) << lane;
  }
  return arrived;
}

/// Lanes for which somebody else did the work.
static LaneMask takeDone(Warp &warp) {
  LaneMask done = 0;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (!warp.arrivals[lane].isDone)
      continue;
    warp.arrivals[lane] = {};
    done |= LaneMask(1) << lane;
  }
  return done;
}

Step mlir::tk::emulator::runCollective(Warp &warp,
                                       const Instruction &instruction,
                                       Slot members,
                                       void (*perform)(const Participants &)) {
  const uint32_t *masks = warp.lanes<uint32_t>(members);
  LaneMask waiting = 0, waitedFor = 0;
  for (LaneMask rest = warp.mask & ~takeDone(warp); rest;) {
    LaneMask mask = masks[__builtin_ctz(rest)];
    LaneMask here = 0;
    for (LaneMask others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (masks[lane] == mask)
        here |= LaneMask(1) << lane;
    }
    rest &= ~here;
    if (here & ~mask) {
      warp.mask = here & ~mask;
      return warp.fail(Rule::CollectiveMask, instruction,
                       "the member mask 0x" + llvm::utohexstr(mask, true) +
                           " does not name the lanes that give it");
    }
    LaneMask live = mask & warp.liveLanes();
    for (LaneMask lanes = here; lanes; lanes &= lanes - 1)
      warp.arrivals[__builtin_ctz(lanes)] = {
          &instruction, warp.currentRegisters(), mask, false};
    LaneMask arrived =
        here == live ? here : findArrived(warp, instruction, mask, live);
    if (arrived != live) {
      waiting |= here;
      waitedFor |= live & ~arrived;
      continue;
    }
    Participants participants(warp);
    participants.lanes = live;
    participants.from = warp.arrivals;
    perform(participants);
    for (LaneMask lanes = live; lanes; lanes &= lanes - 1) {
      unsigned lane = __builtin_ctz(lanes);
      if (here >> lane & 1)
        warp.arrivals[lane] = {};
      else
        warp.arrivals[lane].isDone = true;
    }
    if (here != live)
      warp.notify();
  }
  if (!waiting)
    return Step::Next;
  warp.mask = waiting;
  return warp.wait({WaitReason::Kind::Lanes, waitedFor});
}

std::optional<Step>
mlir::tk::emulator::waitForWarp(Warp &warp, const Instruction &instruction) {
  if (LLVM_LIKELY(warp.mask == warp.liveLanes()))
    return std::nullopt;
  // Lanes that stand here with a false guard will never execute it.
  if (warp.groupLanes() & ~warp.mask) {
    if (warp.checker && warp.checker->isOn(Rule::DivergentCollective))
      return warp.fail(
          Rule::DivergentCollective, instruction,
          "the guard is false for the lanes 0x" +
              llvm::utohexstr(warp.groupLanes() & ~warp.mask, true));
    return std::nullopt;
  }
  return warp.wait({WaitReason::Kind::Lanes, warp.liveLanes() & ~warp.mask});
}
