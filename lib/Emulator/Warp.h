//===- Warp.h - the state of 32 threads -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_WARP_H
#define TK_LIB_EMULATOR_WARP_H

#include "Checker.h"
#include "Instruction.h"
#include "llvm/ADT/SmallVector.h"
#include <cstring>

namespace mlir::tk::emulator {

class ThreadBlock;

class Warp {
public:
  /// The lanes that the current instruction runs for.
  LaneMask mask = 0;

  /// The 32 values of an operand. T has the width of the register.
  template <typename T> T *lanes(Slot slot) {
    return reinterpret_cast<T *>(frame + slot);
  }
  LaneMask &predicate(Slot slot) {
    return *reinterpret_cast<LaneMask *>(frame + slot);
  }

  ThreadBlock &block;
  unsigned indexInBlock;
  Place place(const Instruction &instruction) const;
  Checker *checker;

private:
  /// Registers of the running function; 64-byte aligned.
  std::byte *frame;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WARP_H
