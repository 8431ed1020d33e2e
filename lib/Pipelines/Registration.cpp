//===- Registration.cpp - every dialect and pass that our tools know ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/Registration.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "tk/Conversion/TkToTkg/TkToTkg.h"
#include "tk/Conversion/TkgToNVVM/TkgToNVVM.h"
#include "tk/Conversion/TkgToROCDL/TkgToROCDL.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Pipelines/Passes.h"
#include "tk/Pipelines/Pipelines.h"

using namespace mlir;

void mlir::tk::registerDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, DLTIDialect,
                  func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                  NVVM::NVVMDialect, ROCDL::ROCDLDialect, scf::SCFDialect,
                  tk::TkDialect, tkg::TkgDialect, ub::UBDialect>();
  func::registerInlinerExtension(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  registerROCDLDialectTranslation(registry);
}

void mlir::tk::registerPasses() {
  registerTkPasses();
  tkg::registerTkToTkgPasses();
  tkg::registerTkgPasses();
  tkg::registerTkgToNVVMPasses();
  tkg::registerTkgToROCDLPasses();
  registerTkPipelinesPasses();
  registerPipelines();

  arith::registerArithIntRangeOptsPass();
  arith::registerArithUnsignedWhenEquivalentPass();
  registerCanonicalizerPass();
  registerCSEPass();
  registerInlinerPass();
  registerLoopInvariantCodeMotionPass();
  registerSCCPPass();
  registerStripDebugInfoPass();
  registerSymbolDCEPass();

  registerArithToLLVMConversionPass();
  registerConvertControlFlowToLLVMPass();
  registerConvertFuncToLLVMPass();
  registerConvertNVVMToLLVMPass();
  registerReconcileUnrealizedCastsPass();
  registerSCFToControlFlowPass();
  registerUBToLLVMConversionPass();
}
