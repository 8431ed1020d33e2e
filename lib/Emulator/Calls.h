//===- Calls.h - arguments and results of calls ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_CALLS_H
#define TK_LIB_EMULATOR_CALLS_H

#include "Function.h"
#include "Warp.h"

namespace mlir::tk::emulator {

/// For the lanes of the mask: from the variables and registers of the frame
/// that calls to those of the callee.
void copyArguments(Warp &warp, const CallDetails &details, const Frame &callee);
/// And back, from the frame that returns.
void copyResults(Warp &warp, const CallDetails &details, const Frame &callee);

/// Bytes of an argument of a library function, in the frame that calls.
uint64_t readArgument(Warp &warp, const ParameterPlace &place, unsigned lane);
void writeResult(Warp &warp, const ParameterPlace &place, unsigned lane,
                 uint64_t value);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_CALLS_H
