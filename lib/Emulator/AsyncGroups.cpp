//===- AsyncGroups.cpp - commit_group and wait_group of copies ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AsyncGroups.h"
#include "Warp.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

void AsyncGroups::add(AsyncAgentPtr agent, LaneMask lanes) {
  Copy copy;
  copy.agent = std::move(agent);
  copy.lanes = lanes;
  copy.group = numCommitted;
  copies.push_back(std::move(copy));
}

void AsyncGroups::commit(LaneMask lanes) {
  forEachLane(lanes, [&](unsigned lane) { ++numCommitted[lane]; });
}

LaneMask AsyncGroups::findDone(const Copy &copy, LaneMask among,
                               uint32_t numPending) const {
  LaneMask done = 0;
  for (LaneMask rest = copy.lanes & among; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    // Group n is the youngest but `numCommitted - 1 - n`.
    if (copy.group[lane] + uint64_t(numPending) < numCommitted[lane])
      done |= LaneMask(1) << lane;
  }
  return done;
}

void AsyncGroups::wait(Checker &checker, const Place &place,
                       uint32_t numPending, bool isReadOnly) {
  for (Copy &copy : copies) {
    LaneMask done = findDone(copy, place.lanes, numPending);
    if (isReadOnly)
      done &= ~copy.readLanes;
    if (!done)
      continue;
    Place waiting = place;
    waiting.lanes = done;
    checker.wait(waiting, *copy.agent, isReadOnly);
    if (isReadOnly)
      copy.readLanes |= done;
    else
      copy.lanes &= ~done;
  }
  llvm::erase_if(copies, [](const Copy &copy) { return !copy.lanes; });
}

void AsyncGroups::waitAll(Checker &checker, const Place &place) {
  for (Copy &copy : copies) {
    Place waiting = place;
    waiting.lanes = copy.lanes & place.lanes;
    if (!waiting.lanes)
      continue;
    checker.wait(waiting, *copy.agent);
    copy.lanes &= ~waiting.lanes;
  }
  llvm::erase_if(copies, [](const Copy &copy) { return !copy.lanes; });
}
