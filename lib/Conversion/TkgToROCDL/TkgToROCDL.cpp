//===- TkgToROCDL.cpp - lowers kernels to the ROCDL dialect ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToROCDL/TkgToROCDL.h"
#include "ROCDLCodegen.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CONVERTTKGTOROCDLPASS
#include "tk/Conversion/TkgToROCDL/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
struct ConvertTkgToROCDLPass
    : mlir::tkg::impl::ConvertTkgToROCDLPassBase<ConvertTkgToROCDLPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    const tk::TargetInfo *info = findTarget(module, tk::Vendor::AMD);
    if (!info)
      return signalPassFailure();
    ROCDLCodegen target(*info);
    if (failed(lowerKernels(module, target,
                            [](LoweringContext &, RewritePatternSet &) {})))
      signalPassFailure();
  }
};
} // namespace
