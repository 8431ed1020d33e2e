//===- TkToTkg.cpp - from the tile language to a machine ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkToTkg/TkToTkg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CONVERTTKTOTKGPASS
#include "tk/Conversion/TkToTkg/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

/// The largest tile among the results of the ops for which `isCounted` holds;
/// null if there is none.
static RankedTensorType
getLargestTile(tk::KernelOp kernel, function_ref<bool(Operation *)> isCounted) {
  RankedTensorType largest;
  kernel->walk([&](Operation *op) {
    if (!isCounted(op))
      return;
    for (Type type : op->getResultTypes()) {
      auto tile = dyn_cast<RankedTensorType>(type);
      if (tile &&
          (!largest || tile.getNumElements() > largest.getNumElements()))
        largest = tile;
    }
  });
  return largest;
}

/// True if `numWarps` warps can share a tile so that each thread still reads 8
/// bytes at once: threads take radix-2 digits, of which 96 x 176 has only nine.
static bool leavesVectors(RankedTensorType tile, unsigned numLanes,
                          unsigned numWarps) {
  constexpr unsigned kVectorInBits = 64;
  Type element = tile.getElementType();
  unsigned width =
      element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
  unsigned numThreads = numLanes * numWarps;
  tk::DigitShape shape =
      tk::DigitShape::get(tk::padExtents(tile.getShape(), numThreads));
  unsigned vectorSize = std::max(1u, kVectorInBits / std::max(8u, width));
  return shape.getNumBits() >= llvm::Log2_32(numThreads * vectorSize);
}

/// The smallest element in bytes of the tiles of `numElements` that are read
/// from views or written there; 4 if there are none.
static int64_t getSmallestMovedElement(tk::KernelOp kernel,
                                       int64_t numElements) {
  int64_t smallest = 4;
  auto visit = [&](Type type) {
    auto tile = dyn_cast<RankedTensorType>(type);
    if (tile && tile.getNumElements() == numElements &&
        tile.getElementType().isIntOrFloat())
      smallest = std::min<int64_t>(
          smallest, llvm::divideCeil(tile.getElementTypeBitWidth(), 8));
  };
  kernel->walk([&](Operation *op) {
    if (auto load = dyn_cast<tk::LoadViewOp>(op))
      visit(load.getType());
    else if (auto store = dyn_cast<tk::StoreViewOp>(op))
      visit(store.getValue().getType());
  });
  return smallest;
}

static int64_t floorToPowerOfTwo(int64_t value) {
  return llvm::bit_floor(static_cast<uint64_t>(value));
}

/// How many elements of the result of a dot a thread may hold.
static int64_t getMaxResultsPerThread(tk::KernelOp kernel) {
  bool hasWideOperands = false;
  kernel->walk([&](tk::DotOp dot) {
    hasWideOperands |=
        getElementTypeOrSelf(dot.getLhs().getType()).getIntOrFloatBitWidth() >=
        32;
  });
  return hasWideOperands ? 96 : 144;
}

/// Whether a loop makes scalars of tiles of `numElements`, so that all threads
/// meet in every iteration.
static bool reducesInLoop(tk::KernelOp kernel, int64_t numElements) {
  WalkResult result = kernel->walk([&](tk::ReduceOp reduce) {
    auto tile = cast<RankedTensorType>(reduce->getOperand(0).getType());
    bool isFound = reduce->getParentOfType<scf::ForOp>() &&
                   tile.getNumElements() == numElements &&
                   !isa<RankedTensorType>(reduce->getResult(0).getType());
    return isFound ? WalkResult::interrupt() : WalkResult::advance();
  });
  return result.wasInterrupted();
}

/// Chooses the warps of a block: enough that a thread holds no more than about
/// 16 elements of a tile (two 16-byte accesses of bf16), 32 of at most 16 bits
/// where threads meet in every iteration of a loop, as what a thread combines
/// alone is cheapest; or at most 144 elements of the result of a dot, which
/// must stay in registers, 96 where operands of 32 bits take more of them
/// beside it; but not so many that threads would hold less than 4 elements or
/// 16 bytes, or could not read vectors.
static unsigned chooseNumWarps(tk::KernelOp kernel, unsigned numLanes) {
  constexpr int64_t kElementsPerThread = 16, kReducedPerThread = 32;
  constexpr int64_t kMinElementsPerThread = 4, kMinBytesPerThread = 16;
  constexpr int64_t kUsualNumWarps = 4, kMaxNumWarps = 16, kMaxDotWarps = 8;

  RankedTensorType tile =
      getLargestTile(kernel, [](Operation *) { return true; });
  if (!tile)
    return 1;
  auto getFewest = [&](int64_t elementsPerThread) {
    int64_t needed =
        llvm::divideCeil(tile.getNumElements(), numLanes * elementsPerThread);
    return std::min<int64_t>(llvm::bit_ceil(static_cast<uint64_t>(needed)),
                             kUsualNumWarps);
  };
  RankedTensorType result =
      getLargestTile(kernel, [](Operation *op) { return isa<tk::DotOp>(op); });
  if (result) {
    int64_t needed = llvm::divideCeil(
        result.getNumElements(), numLanes * getMaxResultsPerThread(kernel));
    return std::clamp<int64_t>(llvm::bit_ceil(static_cast<uint64_t>(needed)),
                               getFewest(kMinElementsPerThread), kMaxDotWarps);
  }
  int64_t bytesOfElement =
      getSmallestMovedElement(kernel, tile.getNumElements());
  int64_t elements = kElementsPerThread;
  int64_t minElements = kMinBytesPerThread / bytesOfElement;
  if (bytesOfElement <= 2 && reducesInLoop(kernel, tile.getNumElements()))
    elements = minElements = kReducedPerThread;
  int64_t fewest = getFewest(minElements);
  int64_t numWarps = std::clamp(
      floorToPowerOfTwo(tile.getNumElements() / (numLanes * elements)), fewest,
      kMaxNumWarps);
  while (numWarps > fewest && !leavesVectors(tile, numLanes, numWarps))
    numWarps /= 2;
  return numWarps;
}

namespace {
struct ConvertTkToTkgPass
    : public tkg::impl::ConvertTkToTkgPassBase<ConvertTkToTkgPass> {
  using ConvertTkToTkgPassBase::ConvertTkToTkgPassBase;

  void runOnOperation() override {
    const tk::TargetInfo *info = findTarget();
    if (!info || failed(checkIsNotConverted()))
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
  LogicalResult checkIsNotConverted();
  void setModuleAttributes(const tk::TargetInfo &info);
  LogicalResult setKernelAttributes(tk::KernelOp kernel,
                                    const tk::TargetInfo &info);
  void convertDots(tk::KernelOp kernel);
};
} // namespace

const tk::TargetInfo *ConvertTkToTkgPass::findTarget() {
  llvm::Expected<const tk::TargetInfo *> info = tk::TargetInfo::find(target);
  if (info)
    return *info;
  emitError(getOperation().getLoc()) << llvm::toString(info.takeError());
  return nullptr;
}

/// A second conversion would choose warps without the dots, which are those of
/// `tkg` by then.
LogicalResult ConvertTkToTkgPass::checkIsNotConverted() {
  auto done = getOperation()->getAttrOfType<StringAttr>(kTargetAttr);
  if (!done)
    return success();
  return getOperation().emitError("expects a module without a target, got one "
                                  "that is converted for '")
         << done.getValue() << "'";
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
