//===- Clocks.cpp - how far agents are known to each other ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Clocks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// LaneClock
//===----------------------------------------------------------------------===//

bool LaneClock::covers(LaneMask lanes, uint32_t time) const {
  if (LLVM_LIKELY(!perLane))
    return (base >= time || !(lanes & ~furtherLanes)) &&
           (further >= time || !(lanes & furtherLanes));
  for (; lanes; lanes &= lanes - 1)
    if ((*perLane)[countr_zero(lanes)] < time)
      return false;
  return true;
}

bool LaneClock::coversAny(LaneMask lanes, uint32_t time) const {
  if (LLVM_LIKELY(!perLane))
    return (base >= time && (lanes & ~furtherLanes)) ||
           (further >= time && (lanes & furtherLanes));
  for (; lanes; lanes &= lanes - 1)
    if ((*perLane)[countr_zero(lanes)] >= time)
      return true;
  return false;
}

bool LaneClock::covers(const LaneClock &other) const {
  if (LLVM_LIKELY(!other.perLane))
    return covers(~other.furtherLanes, other.base) &&
           covers(other.furtherLanes, other.further);
  for (unsigned lane = 0; lane != numLanes; ++lane)
    if (get(lane) < (*other.perLane)[lane])
      return false;
  return true;
}

void LaneClock::raise(LaneMask lanes, uint32_t time) {
  LaneClock other;
  other.further = time;
  other.furtherLanes = lanes;
  join(other);
}

void LaneClock::join(const LaneClock &other) {
  if (perLane || other.perLane)
    return joinLanes(other);
  // Up to four parts of the warp have a time each.
  const std::pair<LaneMask, uint32_t> parts[] = {
      {~furtherLanes & ~other.furtherLanes, std::max(base, other.base)},
      {furtherLanes & ~other.furtherLanes, std::max(further, other.base)},
      {~furtherLanes & other.furtherLanes, std::max(base, other.further)},
      {furtherLanes & other.furtherLanes, std::max(further, other.further)}};
  LaneClock result;
  bool hasBase = false, hasFurther = false;
  for (auto [lanes, time] : parts) {
    if (!lanes)
      continue;
    if (!hasBase || result.base == time) {
      result.base = time;
      hasBase = true;
    } else if (!hasFurther || result.further == time) {
      result.further = time;
      result.furtherLanes |= lanes;
      hasFurther = true;
    } else {
      return joinLanes(other);
    }
  }
  *this = result;
}

void LaneClock::joinLanes(const LaneClock &other) {
  Times times;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    times[lane] = std::max(get(lane), other.get(lane));
  set(times);
}

void LaneClock::set(const Times &times) {
  *this = LaneClock();
  base = times[0];
  for (unsigned lane = 1; lane != numLanes; ++lane) {
    if (times[lane] == base)
      continue;
    if (furtherLanes && times[lane] != further) {
      perLane = std::make_shared<const Times>(times);
      return;
    }
    further = times[lane];
    furtherLanes |= LaneMask(1) << lane;
  }
}

LaneClock LaneClock::restrictedTo(LaneMask lanes) const {
  Times times;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    times[lane] = (lanes >> lane) & 1 ? get(lane) : 0;
  LaneClock result;
  result.set(times);
  return result;
}

//===----------------------------------------------------------------------===//
// Clock
//===----------------------------------------------------------------------===//

static bool isBefore(const Clock::Entry &entry, uint32_t agent) {
  return entry.agent < agent;
}

const LaneClock *Clock::find(uint32_t agent) const {
  // The warps of one block, and nothing else, are in most clocks.
  if (!entries.empty()) {
    size_t guess = agent - entries.front().agent;
    if (guess < entries.size() && entries[guess].agent == agent)
      return &entries[guess].lanes;
  }
  const auto *entry =
      std::lower_bound(entries.begin(), entries.end(), agent, isBefore);
  return entry != entries.end() && entry->agent == agent ? &entry->lanes
                                                         : nullptr;
}

LaneClock &Clock::operator[](uint32_t agent) {
  auto *entry =
      std::lower_bound(entries.begin(), entries.end(), agent, isBefore);
  if (entry == entries.end() || entry->agent != agent)
    entry = entries.insert(entry, Entry{agent, LaneClock()});
  return entry->lanes;
}

bool Clock::covers(const Clock &other) const {
  const Entry *mine = entries.begin();
  for (const Entry &theirs : other.entries) {
    while (mine != entries.end() && mine->agent < theirs.agent)
      ++mine;
    if (mine == entries.end() || mine->agent != theirs.agent) {
      if (!theirs.lanes.isZero())
        return false;
    } else if (!mine->lanes.covers(theirs.lanes)) {
      return false;
    }
  }
  return true;
}

void Clock::join(const Clock &other) {
  if (other.entries.empty())
    return;
  if (entries.empty()) {
    entries = other.entries;
    return;
  }
  SmallVector<Entry, 0> result;
  result.reserve(std::max(entries.size(), other.entries.size()));
  Entry *mine = entries.begin();
  for (const Entry &theirs : other.entries) {
    for (; mine != entries.end() && mine->agent < theirs.agent; ++mine)
      result.push_back(std::move(*mine));
    if (mine != entries.end() && mine->agent == theirs.agent) {
      result.push_back(std::move(*mine++));
      result.back().lanes.join(theirs.lanes);
    } else {
      result.push_back(theirs);
    }
  }
  result.append(std::make_move_iterator(mine),
                std::make_move_iterator(entries.end()));
  entries = std::move(result);
}

//===----------------------------------------------------------------------===//
// Knowledge
//===----------------------------------------------------------------------===//

bool Knowledge::covers(const Knowledge &other) const {
  return known.covers(other.known) && fenced[0].covers(other.fenced[0]) &&
         fenced[1].covers(other.fenced[1]) &&
         tensorMapReleased.covers(other.tensorMapReleased) &&
         initFenced.covers(other.initFenced);
}

void Knowledge::join(const Knowledge &other) {
  known.join(other.known);
  for (unsigned space = 0; space != numFencedSpaces; ++space)
    fenced[space].join(other.fenced[space]);
  tensorMapReleased.join(other.tensorMapReleased);
  initFenced.join(other.initFenced);
}

Knowledge &KnowledgePtr::change() {
  if (pointer.use_count() != 1)
    pointer = std::make_shared<Knowledge>(**this);
  return *pointer;
}

void KnowledgePtr::join(const KnowledgePtr &other) {
  if (pointer == other.pointer || !other.pointer || (*this)->covers(*other))
    return;
  if (other->covers(**this))
    pointer = other.pointer;
  else
    change().join(*other);
}
