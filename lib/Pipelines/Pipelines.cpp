//===- Pipelines.cpp - the order of the passes, written once --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/Pipelines.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::tk;

void mlir::tk::buildSimplifyPipeline(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  OpPassManager &kernels = manager.nest<KernelOp>();
  kernels.addPass(createLoopInvariantCodeMotionPass());
  kernels.addPass(arith::createIntRangeOptimizationsPass());
  kernels.addPass(arith::createArithUnsignedWhenEquivalentPass());
  kernels.addPass(createProveInboundsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void mlir::tk::buildTkPipeline(OpPassManager &manager) {
  manager.addPass(createInlineFunctionsPass());
  manager.nest<KernelOp>().addPass(createBindParametersPass());
  buildSimplifyPipeline(manager);
  manager.nest<KernelOp>().addPass(createSplitMaskedLoopsPass());
  buildSimplifyPipeline(manager);
}

void mlir::tk::buildFinalizeLLVMPipeline(OpPassManager &manager) {
  manager.addPass(createConvertNVVMToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void mlir::tk::registerPipelines() {
  PassPipelineRegistration<>("tk-simplify",
                             "fold, and drop what value ranges prove needless",
                             buildSimplifyPipeline);
  PassPipelineRegistration<>("tk-pipeline", "all passes on the tk dialect",
                             buildTkPipeline);
  PassPipelineRegistration<>("tk-finalize-llvm",
                             "LLVM dialect to what translates to LLVM IR",
                             buildFinalizeLLVMPipeline);
}
