//===- ProgressBar.h - how far long work has come -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_PROGRESSBAR_H
#define TK_TESTING_PROGRESSBAR_H

#include "llvm/Support/raw_ostream.h"

namespace mlir::tk {

/// One line at the bottom of a terminal: `[####------]  2/5 softmax rows`. Must
/// be cleared before anything else is printed. Does nothing if not enabled:
/// files and pipes are spared.
class ProgressBar {
public:
  ProgressBar(llvm::raw_ostream &os, bool isEnabled)
      : os(os), isEnabled(isEnabled) {}
  ~ProgressBar() { clear(); }

  /// Shows that `numDone` of `total` are done, and what is being done.
  void show(size_t numDone, size_t total, llvm::StringRef what);
  void clear();

private:
  llvm::raw_ostream &os;
  bool isEnabled;
  bool isShown = false;
};

} // namespace mlir::tk

#endif // TK_TESTING_PROGRESSBAR_H
