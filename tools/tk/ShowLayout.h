//===- ShowLayout.h - the options of tk-opt that draw layouts -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_SHOWLAYOUT_H
#define TK_TOOLS_TK_SHOWLAYOUT_H

#include "llvm/Support/Error.h"
#include <memory>

namespace mlir::tk {

/// The command line options `--show-layout` and those that go with it. Lives
/// from before the command line is parsed to after `run`.
class ShowLayoutOptions {
public:
  ShowLayoutOptions();
  ~ShowLayoutOptions();

  /// True if the user asked for a picture instead of passes.
  bool isRequested() const;
  /// Fails where an option was given that says how to draw what nobody asked
  /// for.
  llvm::Error checkAlone() const;
  /// Prints the picture to `outputFile`; returns the exit code.
  int run(const char *outputFile) const;

private:
  struct Options;
  std::unique_ptr<Options> options;
};

} // namespace mlir::tk

#endif // TK_TOOLS_TK_SHOWLAYOUT_H
