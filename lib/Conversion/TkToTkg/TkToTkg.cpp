//===- TkToTkg.cpp - from the tile language to a machine ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkToTkg/TkToTkg.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Support/Suggest.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/bit.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CONVERTTKTOTKGPASS
#include "tk/Conversion/TkToTkg/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// The number of elements of the largest tile among the results of the ops for
/// which `isCounted` holds.
static int64_t getLargestTile(tk::KernelOp kernel,
                              function_ref<bool(Operation *)> isCounted) {
  int64_t largest = 1;
  kernel->walk([&](Operation *op) {
    if (!isCounted(op))
      return;
    for (Type type : op->getResultTypes())
      if (auto tile = dyn_cast<RankedTensorType>(type))
        largest = std::max(largest, tile.getNumElements());
  });
  return largest;
}

/// Chooses the warps of a block: enough that a thread holds no more than about
/// 16 elements of a tile (two 16-byte accesses of bf16), or 128 elements of the
/// result of a dot, which must stay in registers; but not so many that threads
/// would hold less than 4 elements.
static unsigned chooseNumWarps(tk::KernelOp kernel, unsigned numLanes) {
  constexpr int64_t kElementsPerThread = 16, kResultsPerThread = 128;
  constexpr int64_t kMinElementsPerThread = 4;
  constexpr unsigned kUsualNumWarps = 4, kMaxNumWarps = 16, kMaxDotWarps = 8;

  int64_t tile = getLargestTile(kernel, [](Operation *) { return true; });
  int64_t fewest = llvm::bit_ceil(static_cast<uint64_t>(
      llvm::divideCeil(tile, numLanes * kMinElementsPerThread)));
  fewest = std::min<int64_t>(fewest, kUsualNumWarps);
  int64_t result =
      getLargestTile(kernel, [](Operation *op) { return isa<tk::DotOp>(op); });
  if (result > 1)
    return std::clamp<int64_t>(llvm::bit_floor(static_cast<uint64_t>(
                                   result / (numLanes * kResultsPerThread))),
                               fewest, kMaxDotWarps);
  return std::clamp<int64_t>(llvm::bit_floor(static_cast<uint64_t>(
                                 tile / (numLanes * kElementsPerThread))),
                             fewest, kMaxNumWarps);
}

namespace {
struct ConvertTkToTkgPass
    : public tkg::impl::ConvertTkToTkgPassBase<ConvertTkToTkgPass> {
  using ConvertTkToTkgPassBase::ConvertTkToTkgPassBase;

  void runOnOperation() override {
    const tk::TargetInfo *info = findTarget();
    if (!info)
      return signalPassFailure();
    setModuleAttributes(*info);
    for (auto kernel : getOperation().getOps<tk::KernelOp>()) {
      if (failed(setKernelAttributes(kernel, *info)))
        return signalPassFailure();
      convertDots(kernel);
    }
  }

private:
  const tk::TargetInfo *findTarget();
  void setModuleAttributes(const tk::TargetInfo &info);
  LogicalResult setKernelAttributes(tk::KernelOp kernel,
                                    const tk::TargetInfo &info);
  void convertDots(tk::KernelOp kernel);
};
} // namespace

const tk::TargetInfo *ConvertTkToTkgPass::findTarget() {
  const tk::TargetInfo *info = tk::TargetInfo::lookup(target);
  if (info)
    return info;
  ArrayRef<StringRef> known = tk::TargetInfo::getKnownTargets();
  InFlightDiagnostic diagnostic = emitError(getOperation().getLoc())
                                  << "unknown target '" << target
                                  << "', expects one of "
                                  << llvm::join(known, ", ");
  if (std::optional<StringRef> closest = tk::findClosest(target, known))
    diagnostic.attachNote() << "did you mean '" << *closest << "'?";
  return nullptr;
}

void ConvertTkToTkgPass::setModuleAttributes(const tk::TargetInfo &info) {
  Builder builder(&getContext());
  getOperation()->setAttr(kTargetAttr, builder.getStringAttr(info.getName()));
  getOperation()->setAttr(kThreadsPerWarpAttr,
                          builder.getI32IntegerAttr(info.getNumLanes()));
}

LogicalResult
ConvertTkToTkgPass::setKernelAttributes(tk::KernelOp kernel,
                                        const tk::TargetInfo &info) {
  int64_t numWarps = kernel.getWarps().value_or(warps);
  if (numWarps == 0)
    numWarps = chooseNumWarps(kernel, info.getNumLanes());
  int64_t maxNumWarps = info.getMaxThreadsPerBlock() / info.getNumLanes();
  if (numWarps < 1 || numWarps > maxNumWarps)
    return kernel.emitError("expects 1 to ")
           << maxNumWarps << " warps for " << info.getName() << ", got "
           << numWarps;
  kernel.removeWarpsAttr();
  kernel->setAttr(kWarpsAttr,
                  Builder(&getContext()).getI32IntegerAttr(numWarps));
  return success();
}

void ConvertTkToTkgPass::convertDots(tk::KernelOp kernel) {
  kernel->walk([&](tk::DotOp dot) {
    OpBuilder builder(dot);
    auto converted = DotOp::create(
        builder, dot.getLoc(), dot.getType(), dot.getLhs(), dot.getRhs(),
        dot.getAccumulator(), /*instruction=*/MmaAttr(), dot.getPrecision(),
        dot.getLhsUnsigned(), dot.getRhsUnsigned());
    converted->setDiscardableAttrs(dot->getDiscardableAttrDictionary());
    dot.replaceAllUsesWith(converted.getResult());
    dot.erase();
    ++numDots;
  });
}
