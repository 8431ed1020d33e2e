//===- Pipelines.cpp - the order of the passes, written once --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Pipelines/Pipelines.h"
#include "mlir/Conversion/NVVMToLLVM/NVVMToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "tk/Conversion/TkToTkg/TkToTkg.h"
#include "tk/Conversion/TkgToNVVM/TkgToNVVM.h"
#include "tk/Conversion/TkgToROCDL/TkgToROCDL.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Pipelines/Passes.h"
#include "tk/Support/TargetInfo.h"

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

void mlir::tk::buildTkgPipeline(OpPassManager &manager,
                                const TargetInfo &target) {
  tkg::ConvertTkToTkgPassOptions conversion;
  conversion.target = target.getName().str();
  manager.addPass(tkg::createConvertTkToTkgPass(conversion));
  manager.nest<KernelOp>().addPass(tkg::createChooseMatrixInstructionPass());
  manager.addPass(tkg::createChooseCopiesPass());
  OpPassManager &kernels = manager.nest<KernelOp>();
  kernels.addPass(tkg::createSplitTilesPass());
  kernels.addPass(tkg::createShareOperandsPass());
  kernels.addPass(tkg::createChooseSchedulePass());
  kernels.addPass(tkg::createAssignLayoutsPass());
  kernels.addPass(tkg::createExpandPipelinesPass());
  kernels.addPass(createCanonicalizerPass());
  kernels.addPass(createCSEPass());
  manager.addPass(tkg::createCheckTileSizesPass());
  OpPassManager &checkedKernels = manager.nest<KernelOp>();
  checkedKernels.addPass(tkg::createAllocateSharedMemoryPass());
  checkedKernels.addPass(tkg::createPlaceSynchronisationPass());
  manager.addPass(createCollectManifestPass());
}

void mlir::tk::buildTkgToLLVMPipeline(OpPassManager &manager,
                                      const TargetInfo &target) {
  if (target.getVendor() == Vendor::NVIDIA)
    manager.addPass(tkg::createConvertTkgToNVVMPass());
  else
    manager.addPass(tkg::createConvertTkgToROCDLPass());
  // LLVM simplifies what the patterns leave in less time than MLIR would.
  manager.addPass(createCompleteManifestPass());
}

void mlir::tk::buildFinalizeLLVMPipeline(OpPassManager &manager,
                                         const TargetInfo &target) {
  manager.addPass(createConvertNVVMToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createDropGlobalCallSitesPass());
  // PTX with debug sections says `.target ..., debug`, and ptxas then keeps
  // variables in place: softmax took 74 registers instead of 48. Directives
  // alone are what `ptxas -lineinfo` wants. On AMD the debugger finds the lines
  // by the sections.
  LLVM::DIScopeForLLVMFuncOpPassOptions scopes;
  scopes.emissionKind = target.getVendor() == Vendor::NVIDIA
                            ? LLVM::DIEmissionKind::DebugDirectivesOnly
                            : LLVM::DIEmissionKind::LineTablesOnly;
  manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass(scopes));
}

namespace {
/// For pipelines that depend on the chip.
struct TargetPipelineOptions
    : public PassPipelineOptions<TargetPipelineOptions> {
  Option<std::string> target{*this, "target",
                             llvm::cl::desc("Exact name of the chip"),
                             llvm::cl::init("sm_90a")};
};
} // namespace

/// A target that nobody knows is an error of the command.
static void registerTargetPipeline(StringRef name, StringRef description,
                                   void (*build)(OpPassManager &,
                                                 const TargetInfo &)) {
  registerPassPipeline(
      name, description,
      [build](OpPassManager &manager, StringRef text,
              function_ref<LogicalResult(const Twine &)> fail) {
        TargetPipelineOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        llvm::Expected<const TargetInfo *> target =
            TargetInfo::find(options.target);
        if (!target)
          return fail(llvm::toString(target.takeError()));
        build(manager, **target);
        return success();
      },
      [](function_ref<void(const mlir::detail::PassOptions &)> handler) {
        handler(TargetPipelineOptions());
      });
}

void mlir::tk::registerPipelines() {
  PassPipelineRegistration<>("tk-simplify",
                             "fold, and drop what value ranges prove needless",
                             buildSimplifyPipeline);
  PassPipelineRegistration<>("tk-pipeline", "all passes on the tk dialect",
                             buildTkPipeline);
  registerTargetPipeline("tkg-pipeline", "tk to tkg with every decision made",
                         buildTkgPipeline);
  registerTargetPipeline("tkg-to-llvm",
                         "tkg to the LLVM dialect with NVVM or ROCDL",
                         buildTkgToLLVMPipeline);
  registerTargetPipeline("tk-finalize-llvm",
                         "LLVM dialect to what translates to LLVM IR",
                         buildFinalizeLLVMPipeline);
}
