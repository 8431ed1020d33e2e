//===- Passes.h - passes on the tk dialect --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_TRANSFORMS_PASSES_H
#define TK_DIALECT_TK_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::tk {

/// The category of the remarks of the tk passes.
constexpr llvm::StringLiteral kRemarkCategory = "tk";

/// Which loops `tk-split-masked-loops` splits.
enum class SplitPolicy { Auto, Always, Never };

#define GEN_PASS_DECL
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"

} // namespace mlir::tk

#endif // TK_DIALECT_TK_TRANSFORMS_PASSES_H
