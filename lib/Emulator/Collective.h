//===- Collective.h - instructions that lanes execute together ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `.sync` instructions wait until all lanes of their member mask have come to
// such an instruction with the same mask. Mostly one group holds them all. If
// the two sides of a branch each have the instruction, lanes meet at different
// places: those who come first leave a note of where their operands are, the
// last to come does the work for all.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_COLLECTIVE_H
#define TK_LIB_EMULATOR_COLLECTIVE_H

#include "Warp.h"

namespace mlir::tk::emulator {

/// The lanes that execute a collective instruction, and where their operands
/// are.
class Participants {
public:
  explicit Participants(Warp &warp) : warp(warp) {}
  LaneMask lanes = 0;

  const Instruction &instruction(unsigned lane) const {
    return *from[lane].instruction;
  }
  bool has(unsigned lane) const { return lanes >> lane & 1; }
  template <typename T> T &value(unsigned lane, unsigned operand) const {
    return Warp::lanesIn<T>(from[lane].registers,
                            instruction(lane).operands[operand])[lane];
  }
  bool predicate(unsigned lane, unsigned operand) const {
    return *Warp::lanesIn<LaneMask>(from[lane].registers,
                                    instruction(lane).operands[operand]) >>
               lane &
           1;
  }
  void setPredicate(unsigned lane, unsigned operand, bool value) const {
    LaneMask &mask = *Warp::lanesIn<LaneMask>(
        from[lane].registers, instruction(lane).operands[operand]);
    LaneMask bit = LaneMask(1) << lane;
    mask = value ? mask | bit : mask & ~bit;
  }

  Warp &warp;

private:
  friend Step runCollective(Warp &, const Instruction &, Slot,
                            void (*)(const Participants &));
  std::array<Warp::Arrival, numLanes> from;
};

/// The slot `members` holds the member mask of each lane; `perform` reads and
/// writes operands of all participants.
Step runCollective(Warp &warp, const Instruction &instruction, Slot members,
                   void (*perform)(const Participants &));

/// `.aligned` instructions: all lanes of the warp that have not exited execute
/// them together. Returns nothing if they are here; else what the handler is to
/// return.
/// `bar.warp.sync`; operand 0 is the member mask.
Step runWarpBarrier(Warp &warp, const Instruction &instruction);

std::optional<Step> waitForWarp(Warp &warp, const Instruction &instruction);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_COLLECTIVE_H
