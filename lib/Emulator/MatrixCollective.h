//===- MatrixCollective.h - what matrix instructions share ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_MATRIXCOLLECTIVE_H
#define TK_LIB_EMULATOR_MATRIXCOLLECTIVE_H

#include "Operands.h"
#include "Warp.h"

namespace mlir::tk::emulator {

/// `.sync.aligned`: all 32 lanes execute the instruction together. None if they
/// do; else what the handler returns: it waits for lanes that are elsewhere,
/// and lanes that have left or whose guard is false are a mistake.
std::optional<Step> awaitAllLanes(Warp &warp, const Instruction &instruction);

/// Takes `.sync.aligned`.
llvm::Error takeSyncAligned(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers);

/// wmma.*, in WarpMatrices.cpp.
llvm::Error decodeWarpMatrix(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MATRIXCOLLECTIVE_H
