//===- Clocks.h - how far agents are known to each other ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each warp counts a time of its own, which moves on when it publishes
// something. An access is known as (warp, lane, time); it lies before whatever
// has a clock that holds at least this time for this lane. Completions of
// asynchronous operations count on *timelines* of their own, which look like
// warps whose lane 0 alone is used.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_CLOCKS_H
#define TK_LIB_EMULATOR_CLOCKS_H

#include "Instruction.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>

namespace mlir::tk::emulator {

/// A time for each lane. Nearly always the lanes have one or two different
/// times (all, and those that published since); only more take 32 words.
class LaneClock {
public:
  uint32_t get(unsigned lane) const {
    if (LLVM_UNLIKELY(perLane != nullptr))
      return (*perLane)[lane];
    return (furtherLanes >> lane) & 1 ? further : base;
  }
  /// Whether every lane of `lanes` has at least `time`.
  bool covers(LaneMask lanes, uint32_t time) const;
  /// Whether some lane of `lanes` has at least `time`.
  bool coversAny(LaneMask lanes, uint32_t time) const;
  bool covers(const LaneClock &other) const;
  /// The lanes have at least `time`.
  void raise(LaneMask lanes, uint32_t time);
  void join(const LaneClock &other);
  /// The other lanes have 0.
  LaneClock restrictedTo(LaneMask lanes) const;
  bool isZero() const {
    return !perLane && !base && (!furtherLanes || !further);
  }

private:
  using Times = std::array<uint32_t, numLanes>;
  void set(const Times &times);
  void joinLanes(const LaneClock &other);

  uint32_t base = 0;
  uint32_t further = 0;
  LaneMask furtherLanes = 0;
  /// If set, decides alone.
  std::shared_ptr<const Times> perLane;
};

/// What is known of each warp and timeline; 0 of those that are not named.
class Clock {
public:
  struct Entry {
    uint32_t agent;
    LaneClock lanes;
  };

  /// Null if nothing is known.
  const LaneClock *find(uint32_t agent) const;
  bool covers(uint32_t agent, LaneMask lanes, uint32_t time) const {
    const LaneClock *clock = find(agent);
    return clock && clock->covers(lanes, time);
  }
  LaneClock &operator[](uint32_t agent);
  bool covers(const Clock &other) const;
  void join(const Clock &other);
  bool isEmpty() const { return entries.empty(); }
  llvm::ArrayRef<Entry> all() const { return entries; }

private:
  /// By agent.
  llvm::SmallVector<Entry, 0> entries;
};

/// Memory that a proxy fence is about.
enum FencedSpace : uint8_t { FencedShared, FencedGlobal, numFencedSpaces };

/// All that an agent may know.
struct Knowledge {
  /// Accesses.
  Clock known;
  /// Accesses that their lane followed by fence.proxy.async.
  Clock fenced[numFencedSpaces];
  /// Those that it followed by fence.proxy.tensormap::generic.release.
  Clock tensorMapReleased;
  /// Inits of mbarriers that it followed by fence.mbarrier_init. These become
  /// known by a relaxed arrival too.
  Clock initFenced;

  bool covers(const Knowledge &other) const;
  void join(const Knowledge &other);
};

/// Shared until one of its owners changes it.
class KnowledgePtr {
public:
  const Knowledge &operator*() const {
    static const Knowledge nothing;
    return pointer ? *pointer : nothing;
  }
  const Knowledge *operator->() const { return &**this; }
  bool operator==(const KnowledgePtr &other) const {
    return pointer == other.pointer;
  }
  /// A copy if others have it too.
  Knowledge &change();
  /// Becomes `other` itself where that holds all there is, so that those that
  /// meet at a barrier share what they know.
  void join(const KnowledgePtr &other);

private:
  /// Null: nothing is known.
  std::shared_ptr<Knowledge> pointer;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_CLOCKS_H
