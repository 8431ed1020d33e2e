//===- TkgToNVVM.cpp - lowers kernels to the NVVM dialect -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToNVVM/TkgToNVVM.h"
#include "MatmulOps.h"
#include "NVVMCodegen.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CONVERTTKGTONVVMPASS
#include "tk/Conversion/TkgToNVVM/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
struct ConvertTkgToNVVMPass
    : mlir::tkg::impl::ConvertTkgToNVVMPassBase<ConvertTkgToNVVMPass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    const tk::TargetInfo *info = findTarget(module, tk::Vendor::NVIDIA);
    if (!info)
      return signalPassFailure();
    NVVMCodegen target(*info);
    if (failed(lowerKernels(module, target, populateMatmulToNVVMPatterns)))
      signalPassFailure();
  }
};
} // namespace
