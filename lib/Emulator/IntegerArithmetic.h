//===- IntegerArithmetic.h - opcodes that integers and floats share -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_INTEGERARITHMETIC_H
#define TK_LIB_EMULATOR_INTEGERARITHMETIC_H

#include "Decoder.h"

namespace mlir::tk::emulator {

/// True if the last modifier is a floating-point type.
bool isFloatInstruction(const PtxInstruction &instruction);

/// add, sub, mul, mad, div, abs, neg, min, max of floats.
llvm::Error decodeFloatArithmetic(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_INTEGERARITHMETIC_H
