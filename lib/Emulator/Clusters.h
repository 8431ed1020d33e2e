//===- Clusters.h - clusters of blocks, and the register pool -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_CLUSTERS_H
#define TK_LIB_EMULATOR_CLUSTERS_H

#include "Decoder.h"

namespace mlir::tk::emulator {

/// Of `barrier.cluster`: what follows `cluster`.
llvm::Error decodeClusterBarrier(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result);

/// Registers of a thread when a block of `numThreads` begins. The assembler
/// chooses; with setmaxnreg in the kernel it takes what the processor has for
/// so many threads, or `.maxnreg`.
uint32_t registersAtLaunch(const PtxFunction &entry, uint32_t numThreads);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_CLUSTERS_H
