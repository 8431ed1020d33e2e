//===- ToolOptions.cpp - what the command lines share ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ToolOptions.h"

using namespace mlir;
using namespace mlir::tk;
using namespace llvm::opt;
using llvm::createStringError;

llvm::Error mlir::tk::checkArguments(const OptTable &table,
                                     const InputArgList &arguments,
                                     OptSpecifier unknown,
                                     unsigned missingIndex,
                                     unsigned missingCount) {
  if (missingCount != 0)
    return createStringError("'" +
                             StringRef(arguments.getArgString(missingIndex)) +
                             "' needs a value");
  for (const Arg *argument : arguments.filtered(unknown)) {
    std::string spelling = argument->getAsString(arguments), nearest, hint;
    if (table.findNearest(spelling, nearest) < 3)
      hint = "; did you mean '" + nearest + "'?";
    return createStringError("unknown option '" + spelling + "'" + hint);
  }
  return llvm::Error::success();
}

llvm::Expected<std::pair<std::string, std::string>>
mlir::tk::readPair(StringRef text, StringRef option, StringRef wanted) {
  auto [name, value] = text.split('=');
  if (name.empty() || value.empty())
    return createStringError("expects " + option + wanted + ", got '" + option +
                             text + "'");
  return std::make_pair(name.trim().str(), value.trim().str());
}
