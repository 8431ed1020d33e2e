//===- Passes.h - passes that describe a module to its users --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_PIPELINES_PASSES_H
#define TK_PIPELINES_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mlir::tk {

#define GEN_PASS_DECL
#include "tk/Pipelines/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Pipelines/Passes.h.inc"

} // namespace mlir::tk

#endif // TK_PIPELINES_PASSES_H
