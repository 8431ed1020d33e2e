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
    const tk::TargetInfo *info = getNvidiaTarget(module);
    if (!info)
      return signalPassFailure();
    NVVMCodegen target(*info);
    if (failed(lowerKernels(module, target, populateMatmulToNVVMPatterns)))
      signalPassFailure();
  }

private:
  static const tk::TargetInfo *getNvidiaTarget(ModuleOp module) {
    auto name = module->getAttrOfType<StringAttr>(kTargetAttr);
    if (!name) {
      module.emitError() << "expects '" << kTargetAttr
                         << "', the name of the chip";
      return nullptr;
    }
    const tk::TargetInfo *info = tk::TargetInfo::lookup(name.getValue());
    if (info && info->getVendor() == tk::Vendor::NVIDIA)
      return info;
    module.emitError() << "expects the name of an NVIDIA chip in '"
                       << kTargetAttr << "', got '" << name.getValue() << "'";
    return nullptr;
  }
};
} // namespace
