//===- WgmmaQueue.h - the wgmmas of a warp that are not waited for --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The result of a wgmma appears in its registers when wait_group says so. Until
// then they hold a *ticket*: 32 NaNs of their own for each register. A ticket
// may be copied, as ptxas allows of registers in flight: whatever holds one at
// the wait gets the value. Whoever computes with it before gets NaN.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_WGMMAQUEUE_H
#define TK_LIB_EMULATOR_WGMMAQUEUE_H

#include "Checker.h"
#include "Instruction.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <array>
#include <deque>
#include <vector>

namespace mlir::tk::emulator {

class Warp;

/// The registers of all wgmmas of a function: those that wgmma.fence is about.
using WgmmaRegisters = std::vector<Slot>;

class WgmmaQueue {
public:
  /// 32 lanes of a register.
  using Lanes = std::array<uint32_t, numLanes>;

  /// The values behind the register if it holds a ticket; else null.
  Lanes *lookup(const uint32_t *lanes);
  /// A value that becomes visible with the group that is open. The register
  /// holds its ticket then.
  void defer(const uint32_t *values, uint32_t *lanes);
  /// The ticket's value went into another wgmma: it need not appear itself.
  void consume(const uint32_t *lanes);

  /// An operation of the open group.
  void add(AsyncAgentPtr agent);
  void commit() { ++openGroup; }
  /// All but the latest `numPending` committed groups are complete. `registers`
  /// is the warp's frame.
  void wait(Warp &warp, const Instruction &instruction, unsigned numPending,
            std::byte *registers, size_t frameBytes);

  /// True if the instruction computes with a register in flight; copies do not.
  bool isTouchedBy(Warp &warp, const Instruction &instruction) const;

  // What wgmma.fence has seen.
  void fence(const std::byte *registers, const WgmmaRegisters &slots);
  /// The register holds what it held at the last fence.
  bool isFenced(const std::byte *registers, Slot slot) const;

private:
  struct Pending {
    Lanes values;
    uint64_t group = 0;
    bool isConsumed = false;
  };
  static uint32_t ticketWord(uint32_t number, unsigned lane);
  std::optional<uint32_t> ticketOf(const uint32_t *lanes) const;

  llvm::DenseMap<uint32_t, Pending> pending;
  uint32_t nextTicket = 0;
  uint64_t openGroup = 0;
  struct Operation {
    uint64_t group;
    AsyncAgentPtr agent;
  };
  std::deque<Operation> operations;
  llvm::DenseMap<Slot, Lanes> snapshot;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WGMMAQUEUE_H
