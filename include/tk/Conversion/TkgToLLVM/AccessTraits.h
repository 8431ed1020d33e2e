//===- AccessTraits.h - what decides how a memory access is lowered -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_ACCESSTRAITS_H
#define TK_CONVERSION_TKGTOLLVM_ACCESSTRAITS_H

#include "tk/Analysis/Alignment.h"

namespace mlir::tkg {

/// Found before anything is converted.
struct AccessTraits {
  AccessFacts facts;
  /// For each item of an access to a view: its start is never negative.
  SmallVector<bool> isStartNonNegative;
  /// Nothing writes the memory while the kernel runs.
  bool isReadOnly = false;
};

/// The traits of an access to a view or through pointers.
AccessTraits getAccessTraits(Operation *op, const AlignmentAnalysis &alignment);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_ACCESSTRAITS_H
