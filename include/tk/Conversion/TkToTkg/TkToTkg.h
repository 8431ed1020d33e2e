//===- TkToTkg.h - from the tile language to a machine --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKTOTKG_TKTOTKG_H
#define TK_CONVERSION_TKTOTKG_TKTOTKG_H

#include "mlir/Pass/Pass.h"

namespace mlir::tkg {

#define GEN_PASS_DECL
#include "tk/Conversion/TkToTkg/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Conversion/TkToTkg/Passes.h.inc"

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKTOTKG_TKTOTKG_H
