//===- MemoryModifiers.h - order, scope, space and cache hints ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_MEMORYMODIFIERS_H
#define TK_LIB_EMULATOR_MEMORYMODIFIERS_H

#include "Checker.h"
#include "Decoder.h"

namespace mlir::tk::emulator {

std::optional<Scope> acceptScope(Modifiers &modifiers);
/// `.relaxed`, `.acquire`, `.release`, `.acq_rel`.
std::optional<Order> acceptOrder(Modifiers &modifiers);

/// Those of ld and st before the type, 9.7.9.8 to 9.7.9.12. Which cache keeps a
/// line changes nothing here.
struct MemoryModifiers {
  Order order = Order::Weak;
  Scope scope = Scope::System;
  PtxSpace space = PtxSpace::Generic;
  /// An operand more: a policy.
  bool hasCacheHint = false;

  llvm::Error parse(DecodeContext &context, const PtxInstruction &instruction,
                    Modifiers &modifiers, bool isLoad);

private:
  llvm::Error parseOrder(DecodeContext &context,
                         const PtxInstruction &instruction,
                         Modifiers &modifiers, bool isLoad);
  llvm::Error parseCaching(DecodeContext &context,
                           const PtxInstruction &instruction,
                           Modifiers &modifiers, bool isLoad);
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MEMORYMODIFIERS_H
