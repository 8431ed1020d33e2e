//===- DeviceLibrary.h - functions that the device provides ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_DEVICELIBRARY_H
#define TK_LIB_EMULATOR_DEVICELIBRARY_H

#include "Instruction.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::tk::emulator {

/// The handler of a call of `vprintf`, `__assertfail`, `malloc` or `free`,
/// whose details are CallDetails; null of other functions.
Handler lookupLibraryFunction(llvm::StringRef name);

/// `ret`: also what the end of a function does.
Step runReturn(Warp &warp, const Instruction &instruction);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_DEVICELIBRARY_H
