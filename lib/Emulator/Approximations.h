//===- Approximations.h - instructions with `.approx` ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_APPROXIMATIONS_H
#define TK_LIB_EMULATOR_APPROXIMATIONS_H

#include "Decoder.h"

namespace mlir::tk::emulator {

/// ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh with `.approx`.
llvm::Error decodeApproximation(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result);

/// div.approx and div.full, after that modifier.
llvm::Error decodeApproximateDivide(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result,
                                    bool isFull);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_APPROXIMATIONS_H
