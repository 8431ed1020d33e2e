//===- ProgressBar.cpp - how far long work has come -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/ProgressBar.h"
#include <string>

using namespace mlir::tk;

void ProgressBar::show(size_t numDone, size_t total, llvm::StringRef what) {
  if (!isEnabled || total == 0)
    return;
  constexpr size_t kWidth = 24;
  size_t filled = kWidth * numDone / total;
  // Back to the first column, and the rest of the line cleared.
  os << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, '-')
     << "] " << numDone << "/" << total << " " << what << "\x1b[K";
  os.flush();
  isShown = true;
}

void ProgressBar::clear() {
  if (!isShown)
    return;
  os << "\r\x1b[K";
  os.flush();
  isShown = false;
}
