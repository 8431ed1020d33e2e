//===- WgmmaQueue.h - the wgmmas of a warp that are not waited for --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The result of a wgmma appears in its registers when wait_group says so. Until
// then they hold a *ticket*: 32 NaNs of their own for each register. A ticket
// may be copied, as ptxas allows of registers in flight: whatever holds one at
// the wait gets the value. Whoever computes with it before gets NaN.
//
// What other instructions do with registers of wgmmas is told by `use`: the
// rules of 9.7.15.7 are about that.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_WGMMAQUEUE_H
#define TK_LIB_EMULATOR_WGMMAQUEUE_H

#include "Checker.h"
#include "Instruction.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <deque>

namespace mlir::tk::emulator {

class Warp;
struct WgmmaUse;

class WgmmaQueue {
public:
  /// 32 lanes of a register.
  using Lanes = std::array<uint32_t, numLanes>;

  /// What a register in flight is going to hold.
  struct Pending {
    Lanes values;
    /// The shape and type of the accumulators.
    uint32_t shape = 0;
    uint64_t group = 0;
    /// wgmma.fences before the operation.
    uint64_t fence = 0;
    Place issued;
    /// The value went into another wgmma, or its loss was reported.
    bool isConsumed = false;
  };

  /// Null if the register holds no ticket.
  Pending *lookup(const uint32_t *lanes);
  /// A value that becomes visible with the group that is open. The register
  /// holds its ticket then.
  void defer(const uint32_t *values, uint32_t *lanes, uint32_t shape,
             const Place &place);

  /// The registers of A are read until the wait.
  void readFragment(const uint32_t *lanes, const Place &place) {
    fragments[lanes] = {openGroup, place};
  }
  /// The wgmma in flight that reads A from a register; null if there is none.
  const Place *findReader(const uint32_t *lanes) const;

  /// An operation of the open group, the `number`-th of the warp.
  void add(AsyncAgentPtr agent, uint64_t number);
  void commit() { ++openGroup; }
  /// Operations that a wait that leaves `numPending` groups is for: those with
  /// lower numbers.
  uint64_t numWaitedFor(unsigned numPending) const;
  /// All but the latest `numPending` committed groups are complete.
  void wait(Warp &warp, const Instruction &instruction, unsigned numPending);

  /// An instruction other than wgmma is about to use registers.
  void use(Warp &warp, const Instruction &instruction, const WgmmaUse &use);

  void fence() {
    ++numFences;
    computed.clear();
  }
  uint64_t getNumFences() const { return numFences; }
  /// The register holds what was computed since the last fence. Compilers copy
  /// what was computed before, and constants, to the registers of the wgmma
  /// after the fence; to ptxas a copy is another name.
  bool isComputed(const uint32_t *lanes) const {
    return computed.contains(lanes);
  }

private:
  static uint32_t ticketWord(uint32_t number, unsigned lane);
  std::optional<uint32_t> ticketOf(const uint32_t *lanes) const;
  uint64_t firstPendingGroup(unsigned numPending) const {
    return openGroup > numPending ? openGroup - numPending : 0;
  }
  void checkSource(Warp &warp, const Instruction &instruction,
                   const uint32_t *lanes);
  void checkDestination(Warp &warp, const Instruction &instruction, Slot slot);
  void reportLost(Warp &warp, const Instruction &instruction,
                  const Pending &entry);

  /// By ticket. Entries of the past are used again.
  llvm::DenseMap<uint32_t, std::unique_ptr<Pending>> pending;
  llvm::SmallVector<std::unique_ptr<Pending>, 0> unusedEntries;
  uint32_t nextTicket = 0;
  uint64_t openGroup = 0;
  uint64_t firstPending = 0;
  uint64_t numFences = 0;
  struct Operation {
    uint64_t group;
    uint64_t number;
    AsyncAgentPtr agent;
  };
  std::deque<Operation> operations;
  struct Fragment {
    uint64_t group;
    Place reader;
  };
  /// By where the lanes of the register are.
  llvm::DenseMap<const uint32_t *, Fragment> fragments;
  llvm::DenseSet<const uint32_t *> computed;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WGMMAQUEUE_H
