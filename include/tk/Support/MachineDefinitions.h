//===- MachineDefinitions.h - "warps" and "stages" --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names that a user defines (`-D warps=8`) or tunes (`tune(warps in [4, 8])`)
// like a generic parameter but that belong to the compiler, for every kernel:
// "warps" of a block, "stages" of its loops.

#ifndef TK_SUPPORT_MACHINEDEFINITIONS_H
#define TK_SUPPORT_MACHINEDEFINITIONS_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>

namespace mlir::tk {

bool isMachineDefinition(llvm::StringRef name);

/// Whether some target can give a kernel `value` of what `name` counts.
bool isMachineValue(llvm::StringRef name, int64_t value);

/// Which values these are, for messages: "a number of warps from 1 to 32".
std::string describeMachineValues(llvm::StringRef name);

} // namespace mlir::tk

#endif // TK_SUPPORT_MACHINEDEFINITIONS_H
