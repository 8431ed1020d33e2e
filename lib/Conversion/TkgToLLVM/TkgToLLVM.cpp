//===- TkgToLLVM.cpp - lowers kernels to the LLVM dialect -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/DialectConversion.h"
#include "tk/Conversion/TkgToLLVM/AccessTraits.h"
#include "tk/Conversion/TkgToLLVM/KernelInterface.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

using namespace mlir;
using namespace mlir::tkg;

/// Checks that a tile has a layout for the threads of its kernel: nothing says
/// otherwise who holds it.
static LogicalResult checkLayout(Operation *op, Type type,
                                 tk::ThreadCounts threads) {
  if (!isa<RankedTensorType>(type))
    return success();
  LayoutAttr attr = getLayout(type);
  if (!attr)
    return op->emitOpError("expects tiles that carry a layout, got ")
           << type << "; run tkg-assign-layouts first";
  const tk::Layout &layout = attr.getLayout();
  if (layout.getNumLanes() == threads.numLanes &&
      layout.getNumWarps() == threads.numWarps && layout.getNumBlocks() == 1)
    return success();
  return op->emitOpError("expects tiles in 1 block of ")
         << threads.numWarps << " warps of " << threads.numLanes
         << " lanes, got " << type;
}

static LogicalResult checkLayouts(ModuleOp module) {
  for (auto kernel : module.getOps<tk::KernelOp>()) {
    std::optional<tk::ThreadCounts> threads = getThreadCounts(kernel);
    if (!threads)
      continue; // an error of its own
    WalkResult result = kernel.walk([&](Operation *op) {
      for (ValueRange values :
           {ValueRange(op->getOperands()), ValueRange(op->getResults())})
        for (Type type : values.getTypes())
          if (failed(checkLayout(op, type, *threads)))
            return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
  }
  return success();
}

/// Finds the traits of all accesses while loops are still loops.
static void collectAccessTraits(ModuleOp module, LoweringContext &context) {
  for (auto kernel : module.getOps<tk::KernelOp>()) {
    AlignmentAnalysis alignment(kernel);
    kernel.walk([&](Operation *op) {
      if (isa<tk::LoadViewOp, tk::StoreViewOp, tk::LoadOp, tk::StoreOp,
              CopyAsyncOp>(op))
        context.setAccessTraits(op, getAccessTraits(op, alignment));
    });
  }
}

/// Tells LLVM, and by a pragma ptxas, which loops stay loops.
static void annotateRolledLoops(ModuleOp module) {
  MLIRContext *context = module.getContext();
  BoolAttr yes = BoolAttr::get(context, true);
  auto unroll = LLVM::LoopUnrollAttr::get(context, /*disable=*/yes, {}, {}, {},
                                          {}, {}, {});
  auto annotation = LLVM::LoopAnnotationAttr::get(
      context, {}, {}, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {});
  module.walk([&](scf::ForOp loop) {
    if (loop->removeAttr(kRolledAttr))
      loop->setAttr(kLoopAnnotationAttr, annotation);
  });
}

/// Loops and conditions become branches; they still carry tiles.
static LogicalResult lowerStructuredControlFlow(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateSCFToControlFlowConversionPatterns(patterns);
  ConversionTarget target(*module.getContext());
  // Those in combiners are lowered with each copy of their combiner.
  target.addDynamicallyLegalOp<scf::ForOp, scf::IfOp, scf::IndexSwitchOp,
                               scf::WhileOp, scf::ExecuteRegionOp>(
      [](Operation *op) { return bool(op->getParentOfType<tk::ReduceOp>()); });
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  return applyPartialConversion(module, target, std::move(patterns));
}

static LogicalResult
lowerToLLVM(ModuleOp module, LoweringContext &context,
            function_ref<void(LoweringContext &, RewritePatternSet &)>
                addTargetPatterns) {
  RewritePatternSet patterns(module.getContext());
  populateAtomicPatterns(context, patterns);
  populateCastPatterns(context, patterns);
  populateControlFlowPatterns(context, patterns);
  populateConvertLayoutPatterns(context, patterns);
  populateCopyPatterns(context, patterns);
  populateDotPatterns(context, patterns);
  populateElementwisePatterns(context, patterns);
  populateGatherPatterns(context, patterns);
  populateKernelPatterns(context, patterns);
  populateMathPatterns(context, patterns);
  populateMemoryPatterns(context, patterns);
  populateMessagePatterns(context, patterns);
  populateReducePatterns(context, patterns);
  populateShapePatterns(context, patterns);
  populateSharedMemoryPatterns(context, patterns);
  populateViewPatterns(context, patterns);
  addTargetPatterns(context, patterns);

  ConversionTarget target(*module.getContext());
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  target.markUnknownOpDynamicallyLegal([](Operation *op) {
    return !isa<tk::TkDialect, TkgDialect, arith::ArithDialect,
                cf::ControlFlowDialect, math::MathDialect, scf::SCFDialect>(
        op->getDialect());
  });
  ConversionConfig config;
  // Patterns fail before they change anything, or the kernel is wrong.
  config.allowPatternRollback = false;
  config.foldingMode = DialectConversionFoldingMode::Never;
  config.buildMaterializations = false;
  return applyPartialConversion(module, target, std::move(patterns), config);
}

/// Erases what nobody uses: addresses of registers that were not needed, and
/// what only unused parameters feed.
static void eraseDeadOps(LLVM::LLVMFuncOp function) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (Block &block : llvm::reverse(function.getBody()))
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isOpTriviallyDead(&op)) {
          op.erase();
          changed = true;
        }
  }
}

static LogicalResult removeCasts(ModuleOp module) {
  SmallVector<UnrealizedConversionCastOp> casts;
  module.walk([&](UnrealizedConversionCastOp op) { casts.push_back(op); });
  reconcileUnrealizedCasts(casts);
  WalkResult result = module.walk([](UnrealizedConversionCastOp op) {
    if (op->use_empty())
      return WalkResult::advance();
    op.emitError("a value of this type cannot be lowered");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

const tk::TargetInfo *mlir::tkg::findTarget(ModuleOp module,
                                            tk::Vendor vendor) {
  auto name = module->getAttrOfType<StringAttr>(kTargetAttr);
  if (!name) {
    module.emitError() << "expects '" << kTargetAttr
                       << "', the name of the chip";
    return nullptr;
  }
  const tk::TargetInfo *info = tk::TargetInfo::lookup(name.getValue());
  if (info && info->getVendor() == vendor)
    return info;
  module.emitError() << "expects the name of an "
                     << (vendor == tk::Vendor::NVIDIA ? "NVIDIA" : "AMD")
                     << " chip in '" << kTargetAttr << "', got " << name;
  return nullptr;
}

/// Keeps the driver quiet about an op whose pattern has said what is wrong.
static LogicalResult filterDiagnostic(Diagnostic &diagnostic, bool &hasError) {
  if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
    return failure();
  bool isEcho =
      hasError &&
      StringRef(diagnostic.str()).starts_with("failed to legalize operation");
  hasError = true;
  return success(isEcho);
}

LogicalResult mlir::tkg::lowerKernels(
    ModuleOp module, const TargetCodegen &target,
    function_ref<void(LoweringContext &, RewritePatternSet &)>
        addTargetPatterns) {
  LoweringContext context(module.getContext(), target);
  bool hasError = false;
  ScopedDiagnosticHandler handler(
      module.getContext(), [&](Diagnostic &diagnostic) {
        return filterDiagnostic(diagnostic, hasError);
      });
  if (failed(checkLayouts(module)))
    return failure();
  collectAccessTraits(module, context);
  annotateRolledLoops(module);
  if (failed(lowerStructuredControlFlow(module)) ||
      failed(lowerToLLVM(module, context, addTargetPatterns)) ||
      failed(removeCasts(module)))
    return failure();
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function->hasAttr(kAbiAttr))
      continue;
    eraseDeadOps(function);
    dropUnusedParameters(function);
  }
  return success();
}
