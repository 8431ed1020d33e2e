//===- ReadOnlyView.h - what no program of a launch writes ------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_ANALYSIS_READONLYVIEW_H
#define TK_ANALYSIS_READONLYVIEW_H

#include "mlir/IR/Value.h"

namespace mlir::tkg {

/// True if `view` is a part of an argument that the kernel only reads, and no
/// argument may share its memory.
bool isReadOnlyView(Value view);

} // namespace mlir::tkg

#endif // TK_ANALYSIS_READONLYVIEW_H
