//===- ToolOptions.h - what the command lines share -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_TOOLOPTIONS_H
#define TK_TOOLS_TK_TOOLOPTIONS_H

#include "mlir/Support/LLVM.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/OptTable.h"
#include "llvm/Support/Error.h"

namespace mlir::tk {

/// Refuses options that the table does not have, with a suggestion, and a last
/// option without its value. `unknown` is OPT_UNKNOWN of the table.
llvm::Error checkArguments(const llvm::opt::OptTable &table,
                           const llvm::opt::InputArgList &arguments,
                           llvm::opt::OptSpecifier unknown,
                           unsigned missingIndex, unsigned missingCount);

/// Cuts "name=value" in two; the error shows `option` and what it expects.
llvm::Expected<std::pair<std::string, std::string>>
readPair(StringRef text, StringRef option, StringRef wanted);

} // namespace mlir::tk

#endif // TK_TOOLS_TK_TOOLOPTIONS_H
