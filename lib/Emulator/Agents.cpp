//===- Agents.cpp - what lanes and asynchronous operations know -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Agents.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Publications
//===----------------------------------------------------------------------===//

void Publications::add(const Publication &publication) {
  isJoined = false;
  for (Publication &mine : list) {
    if (mine.scope != publication.scope || mine.block != publication.block)
      continue;
    mine.knowledge.join(publication.knowledge);
    return;
  }
  if (list.size() < maxOrigins) {
    list.push_back(publication);
    return;
  }
  // Too many to keep apart: rather miss a scope that is too narrow than report
  // one that is not.
  list.back().scope = Scope::System;
  list.back().block = anyBlock;
  list.back().knowledge.join(publication.knowledge);
}

void Publications::add(const Publications &others) {
  for (const Publication &publication : others.list)
    add(publication);
}

const KnowledgePtr &Publications::joined() const {
  if (list.size() == 1)
    return list.front().knowledge;
  if (!isJoined) {
    together = KnowledgePtr();
    for (const Publication &publication : list)
      together.join(publication.knowledge);
    isJoined = true;
  }
  return together;
}

//===----------------------------------------------------------------------===//
// WarpAgent
//===----------------------------------------------------------------------===//

FenceState &LaneKnowledge::changeFences() {
  auto copy = fences ? std::make_shared<FenceState>(*fences)
                     : std::make_shared<FenceState>();
  fences = copy;
  return *copy;
}

void WarpAgent::changeParts(LaneMask lanes,
                            function_ref<void(LaneKnowledge &)> change) {
  for (size_t i = 0, n = parts.size(); i != n; ++i) {
    LaneMask rest = parts[i].lanes & ~lanes;
    if (rest == parts[i].lanes)
      continue;
    if (rest) {
      LaneKnowledge other = parts[i];
      other.lanes = rest;
      parts[i].lanes &= lanes;
      parts.push_back(std::move(other));
    }
    change(parts[i]);
  }
  // Parts that came to know the same are one again.
  for (size_t i = 0; i < parts.size(); ++i)
    for (size_t j = parts.size() - 1; j > i; --j) {
      if (!(parts[i].knowledge == parts[j].knowledge) ||
          parts[i].fences != parts[j].fences)
        continue;
      parts[i].lanes |= parts[j].lanes;
      parts.erase(parts.begin() + j);
    }
}

KnowledgePtr WarpAgent::publish(const KnowledgePtr &knowledge, LaneMask lanes,
                                uint32_t time, const LaneFences &fences) const {
  KnowledgePtr result = knowledge;
  Knowledge &all = result.change();
  all.known[id].raise(lanes, time);
  auto add = [&](Clock &clock, const LaneClock &own) {
    if (!own.isZero())
      clock[id].join(own.restrictedTo(lanes));
  };
  for (unsigned space = 0; space != numFencedSpaces; ++space)
    add(all.fenced[space], fences.async[space]);
  add(all.tensorMapReleased, fences.tensorMapReleased);
  add(all.initFenced, fences.initFenced);
  return result;
}

/// Release patterns 1 and 3 of 8.8.
void WarpAgent::release(LaneMask lanes, Publications &into, Order order,
                        Scope scope) {
  for (const LaneKnowledge &part : parts) {
    LaneMask mine = part.lanes & lanes;
    if (!mine)
      continue;
    bool isRelease = order >= Order::Release;
    if (isRelease)
      into.add({scope, block, publish(part.knowledge, mine, time, fences)});
    if (part.fences)
      for (auto [fenceScope, snapshot] : enumerate(part.fences->snapshots))
        if (snapshot.isValid && !(isRelease && Scope(fenceScope) <= scope))
          into.add({Scope(fenceScope), block,
                    publish(snapshot.knowledge, mine, snapshot.time,
                            snapshot.fences)});
    if (isRelease)
      continue;
    // fence.mbarrier_init makes the inits, and no more, known by a relaxed
    // arrival in the cluster.
    Clock inits = part.knowledge->initFenced;
    if (!fences.initFenced.isZero())
      inits[id].join(fences.initFenced.restrictedTo(mine));
    if (inits.isEmpty())
      continue;
    KnowledgePtr knowledge;
    knowledge.change().initFenced = std::move(inits);
    into.add({Scope::Cluster, block, knowledge});
  }
  tick();
}

/// Acquire patterns 1 to 3 of 8.8.
void WarpAgent::acquire(LaneMask lanes, const Publications &from, Order order,
                        Scope scope) {
  if (from.isEmpty())
    return;
  bool isAcquire = order == Order::Acquire || order == Order::AcquireRelease;
  auto isVisible = [&](const Publication &publication) {
    return scopes->includes(publication.scope, publication.block, block);
  };
  auto isAcquired = [&](const Publication &publication) {
    return isAcquire && isVisible(publication) &&
           scopes->includes(scope, block, publication.block);
  };
  if (all_of(from.all(), isAcquired)) {
    const KnowledgePtr &joined = from.joined();
    changeParts(lanes,
                [&](LaneKnowledge &part) { part.knowledge.join(joined); });
    return;
  }
  changeParts(lanes, [&](LaneKnowledge &part) {
    FenceState *pending = nullptr;
    for (const Publication &publication : from.all()) {
      if (isAcquired(publication)) {
        part.knowledge.join(publication.knowledge);
        continue;
      }
      if (!isVisible(publication))
        continue;
      // Inits need no fence on this side.
      if (!publication.knowledge->initFenced.isEmpty()) {
        Knowledge inits;
        inits.initFenced = publication.knowledge->initFenced;
        part.knowledge.change().join(inits);
      }
      if (!pending)
        pending = &part.changeFences();
      pending->pending.add(publication);
    }
  });
}

void WarpAgent::synchronizeLanes(LaneMask lanes) {
  KnowledgePtr joined;
  for (const LaneKnowledge &part : parts)
    if (LaneMask mine = part.lanes & lanes)
      joined.join(publish(part.knowledge, mine, time, fences));
  changeParts(lanes, [&](LaneKnowledge &part) { part.knowledge = joined; });
  tick();
}

void WarpAgent::acquirePending(LaneKnowledge &part, Scope scope) {
  if (!part.fences || part.fences->pending.isEmpty())
    return;
  FenceState &state = part.changeFences();
  Publications rest;
  for (const Publication &publication : state.pending.all()) {
    if (scopes->includes(scope, block, publication.block))
      part.knowledge.join(publication.knowledge);
    else
      rest.add(publication);
  }
  state.pending = rest;
}

void WarpAgent::fence(LaneMask lanes, Order order, Scope scope) {
  changeParts(lanes, [&](LaneKnowledge &part) {
    if (order != Order::Release)
      acquirePending(part, scope);
    if (order == Order::Acquire)
      return;
    FenceState &state = part.changeFences();
    // A later fence of a wider scope says more than the narrower ones.
    for (unsigned narrower = 0; narrower != unsigned(scope); ++narrower)
      state.snapshots[narrower] = FenceState::Snapshot();
    state.snapshots[unsigned(scope)] = {true, time, part.knowledge, fences};
  });
  tick();
}

void WarpAgent::proxyFence(LaneMask lanes, bool isShared, bool isGlobal) {
  const bool isFenced[numFencedSpaces] = {isShared, isGlobal};
  for (unsigned space = 0; space != numFencedSpaces; ++space) {
    if (!isFenced[space])
      continue;
    fences.async[space].raise(lanes, time);
    // Who waited for a copy of the generic proxy (cp.async) through an mbarrier
    // is its writer, as far as the fence is concerned.
    changeParts(lanes, [&](LaneKnowledge &part) {
      Clock timelines;
      for (const Clock::Entry &entry : part.knowledge->known.all())
        if (entry.agent >= firstTimeline)
          timelines[entry.agent] = entry.lanes;
      if (!timelines.isEmpty() &&
          !part.knowledge->fenced[space].covers(timelines))
        part.knowledge.change().fenced[space].join(timelines);
    });
  }
  tick();
}

void WarpAgent::mbarrierInitFence(LaneMask lanes) {
  fences.initFenced.raise(lanes, time);
  tick();
}

void WarpAgent::tensorMapRelease(LaneMask lanes) {
  fences.tensorMapReleased.raise(lanes, time);
  tick();
}

void WarpAgent::tensorMapAcquire(unsigned lane, uint64_t address,
                                 uint64_t size) {
  changeParts(LaneMask(1) << lane, [&](LaneKnowledge &part) {
    FenceState &state = part.changeFences();
    erase_if(state.acquiredMaps, [&](const FenceState::AcquiredMap &map) {
      return map.address == address && map.size == size;
    });
    state.acquiredMaps.push_back(
        {address, size, part.knowledge, fences.tensorMapReleased});
  });
}

bool WarpAgent::hasFenced(LaneMask lanes) const {
  return any_of(parts, [&](const LaneKnowledge &part) {
    return (part.lanes & lanes) && part.fences &&
           any_of(part.fences->snapshots,
                  [](const FenceState::Snapshot &snapshot) {
                    return snapshot.isValid;
                  });
  });
}
