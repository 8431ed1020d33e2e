//===- TkRunOptions.h - the command line of tk-run ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_TKRUNOPTIONS_H
#define TK_TOOLS_TK_TKRUNOPTIONS_H

#include "tk/Testing/RunSession.h"

namespace mlir::tk {

/// What one call of tk-run is to do.
struct TkRunOptions {
  enum class Action { Run, Describe, PrintHelp, PrintVersion };
  Action action = Action::Run;
  SessionOptions session;
};

/// Fails with a message that says what is wrong with the command line.
llvm::Expected<TkRunOptions>
parseTkRunOptions(llvm::ArrayRef<const char *> argv);

void printTkRunHelp(llvm::raw_ostream &os);

} // namespace mlir::tk

#endif // TK_TOOLS_TK_TKRUNOPTIONS_H
