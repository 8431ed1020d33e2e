//===- TkgToROCDL.h - from kernels to the ROCDL dialect -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOROCDL_TKGTOROCDL_H
#define TK_CONVERSION_TKGTOROCDL_TKGTOROCDL_H

#include "mlir/Pass/Pass.h"

namespace mlir::tkg {

#define GEN_PASS_DECL
#include "tk/Conversion/TkgToROCDL/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Conversion/TkgToROCDL/Passes.h.inc"

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOROCDL_TKGTOROCDL_H
