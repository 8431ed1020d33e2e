//===- MatmulOps.h - lowers tkg.dot to mma.sync ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_CONVERSION_TKGTONVVM_MATMULOPS_H
#define TK_LIB_CONVERSION_TKGTONVVM_MATMULOPS_H

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

namespace mlir::tkg {

void populateMatmulToNVVMPatterns(LoweringContext &context,
                                  RewritePatternSet &patterns);

} // namespace mlir::tkg

#endif // TK_LIB_CONVERSION_TKGTONVVM_MATMULOPS_H
