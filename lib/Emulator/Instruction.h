//===- Instruction.h - a decoded instruction ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_INSTRUCTION_H
#define TK_LIB_EMULATOR_INSTRUCTION_H

#include <array>
#include <cstdint>
#include <limits>

namespace mlir::tk::emulator {

class Warp;
struct Instruction;

/// One bit a lane.
using LaneMask = uint32_t;
inline constexpr unsigned numLanes = 32;
inline constexpr LaneMask allLanes = ~LaneMask(0);

/// Where the registers of a function lie in the frame of a warp: the offset in
/// bytes of 32 lanes side by side, a multiple of 64. Constants have slots too,
/// filled once, so a handler reads every operand alike. A predicate is a
/// LaneMask.
using Slot = uint32_t;
inline constexpr Slot noSlot = std::numeric_limits<Slot>::max();

/// What the warp does after an instruction.
enum class Step : uint8_t {
  /// The next instruction.
  Next,
  /// The handler set the program counters of the active lanes.
  Jump,
  /// The active lanes wait at this instruction; it runs again when something
  /// that they wait for changed (Warp::waitFor says what).
  Wait,
  /// The active lanes have waited, and go on with the next instruction. The
  /// warp gives way to others first.
  Yield,
  /// The run is over: a mistake that leaves nothing sensible to do.
  Stop,
};

using Handler = Step (*)(Warp &warp, const Instruction &instruction);

/// `handler` runs for the lanes that are active and for which the guard holds:
/// Warp::mask, never 0.
struct Instruction {
  Handler handler = nullptr;
  Slot guard = noSlot;
  bool isGuardNegated = false;
  /// Small facts that the handler was not specialised for.
  uint8_t flags = 0;
  uint16_t count = 0;
  /// Destination first.
  std::array<Slot, 6> operands = {noSlot, noSlot, noSlot,
                                  noSlot, noSlot, noSlot};
  /// An offset of an address, an immediate lookup table, a branch target.
  int64_t immediate = 0;
  /// Of a family with more to say (mma, wgmma, tensor copies): owned by the
  /// decoded function, const after decoding.
  const void *details = nullptr;
  /// Index into the function's table of PtxInstructions: for messages and
  /// counters.
  uint32_t index = 0;
  /// DecodedFunction::wgmmaUses says which.
  bool usesWgmmaRegisters = false;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_INSTRUCTION_H
