//===- TkgToNVVM.h - from kernels to the NVVM dialect ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTONVVM_TKGTONVVM_H
#define TK_CONVERSION_TKGTONVVM_TKGTONVVM_H

#include "mlir/Pass/Pass.h"

namespace mlir::tkg {

#define GEN_PASS_DECL
#include "tk/Conversion/TkgToNVVM/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tk/Conversion/TkgToNVVM/Passes.h.inc"

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTONVVM_TKGTONVVM_H
