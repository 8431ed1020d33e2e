//===- Passes.h - passes on the tkg dialect -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_TRANSFORMS_PASSES_H
#define TK_DIALECT_TKG_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::tkg {

/// \name Categories of remarks
/// What `--remarks` filters by: the subject, not the pass.
/// @{
constexpr llvm::StringLiteral kMatrixRemark = "matrix";
constexpr llvm::StringLiteral kCopyRemark = "copy";
constexpr llvm::StringLiteral kLayoutRemark = "layout";
constexpr llvm::StringLiteral kScheduleRemark = "schedule";
/// @}

#define GEN_PASS_DECL
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"

} // namespace mlir::tkg

#endif // TK_DIALECT_TKG_TRANSFORMS_PASSES_H
