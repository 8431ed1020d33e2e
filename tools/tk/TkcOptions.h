//===- TkcOptions.h - the command line of tkc -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_TKCOPTIONS_H
#define TK_TOOLS_TK_TKCOPTIONS_H

#include "tk/Pipelines/Compiler.h"
#include "tk/Pipelines/Remarks.h"
#include "llvm/Support/Error.h"

namespace mlir::tk {

/// What one call of tkc is to do.
struct TkcOptions {
  enum class Action {
    Compile,
    Describe,
    Format,
    PrintAST,
    PrintHelp,
    PrintVersion
  };

  Action action = Action::Compile;
  std::string input;
  /// Empty: see getOutput().
  std::string output;
  CompilerOptions compiler;
  RemarkSettings remarks;
  bool printTimes = false;
  bool verifyDiagnostics = false;
  bool splitInputFile = false;

  /// By default text goes to standard output, and a binary to a file named
  /// after the input.
  std::string getOutput(Vendor vendor) const;
};

/// Fails with a message that says what is wrong with the command line.
llvm::Expected<TkcOptions> parseTkcOptions(llvm::ArrayRef<const char *> argv);

void printTkcHelp(llvm::raw_ostream &os);

} // namespace mlir::tk

#endif // TK_TOOLS_TK_TKCOPTIONS_H
