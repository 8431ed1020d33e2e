//===- LaneLoops.h - one handler for every vector unit of the host --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Handlers are loops over 32 lanes that the host compiler vectorises. The files
// `*Handlers.inc` are compiled once for each level of the x86-64 ABI, each in a
// namespace of its own:
//
//   #define TK_HANDLERS "FloatHandlers.inc"
//   #include "ForEachVectorLevel.inc"
//
// and the decoder asks for a handler through `selectLevel`.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_LANELOOPS_H
#define TK_LIB_EMULATOR_LANELOOPS_H

#include "Decoder.h"
#include "Instruction.h"
#include "Warp.h"
#include "llvm/ADT/bit.h"
#include <cstring>
#include <type_traits>

namespace mlir::tk::emulator {

/// x86-64 (or whatever the host is), -v3 (AVX2, FMA, F16C), -v4 (AVX-512).
enum class VectorLevel : uint8_t { Baseline, V3, V4 };

/// The best level of this host. Reads what the runtime library found out when
/// the program started.
inline VectorLevel hostVectorLevel() {
#if defined(__x86_64__) && defined(__clang__)
  if (__builtin_cpu_supports("x86-64-v4"))
    return VectorLevel::V4;
  if (__builtin_cpu_supports("x86-64-v3"))
    return VectorLevel::V3;
#endif
  return VectorLevel::Baseline;
}

/// mov of one register of 32 bits.
bool isCopy(const Instruction &instruction);

/// Reads the operands of an instruction that has a result and plain sources:
/// fills `operands` in order.
llvm::Error decodeOperands(DecodeContext &context,
                           const PtxInstruction &instruction,
                           Instruction &result, PtxType resultType,
                           llvm::ArrayRef<PtxType> sourceTypes);

/// The next modifier as a type, or an error that lists what is allowed.
llvm::Expected<PtxType> takeType(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers,
                                 llvm::ArrayRef<PtxType> allowed);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_LANELOOPS_H
