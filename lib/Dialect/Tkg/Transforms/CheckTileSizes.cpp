//===- CheckTileSizes.cpp - refuses tiles that are far too large ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile of several times the registers of a block compiles, and lives in local
// memory. But the assembler's time grows with the number of instructions and
// with the number of values that are live between them: softmax of 131072,
// 262144 and 524288 elements on 512 threads took ptxas 1.7, 9.5 and 59 s. An
// error is better than a compiler that seems to hang. This pass estimates both
// numbers from the tiles. For softmax of 262144:
//
//   live registers of a thread: 512 elements of the row                 512
//   its instructions:           512 x (load 3, sub 1, exp 8, ...)     10240
//
// For such a kernel ptxas takes one to two seconds per million of the product.
// docs/Passes.md has the measurements behind the limit.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Math/IR/Math.h"
#include "tk/Analysis/RegisterPressure.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/TargetInfo.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_CHECKTILESIZESPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
struct CheckTileSizes : tkg::impl::CheckTileSizesPassBase<CheckTileSizes> {
  using CheckTileSizesPassBase::CheckTileSizesPassBase;
  void runOnOperation() override;

private:
  LogicalResult check(tk::KernelOp kernel);
  /// Where an error was reported. The variants of a kernel have the same tiles;
  /// one error serves them all.
  DenseSet<Location> reported;
};
} // namespace

/// The elements of a tile that a thread holds; 0 for other types.
static int64_t getNumElementsPerThread(Type type) {
  LayoutAttr layout = getLayout(type);
  return layout ? layout.getLayout().getNumRegisters() : 0;
}

/// Assemblers keep each element in a register of its own, however narrow it is.
static int64_t getNumUnpackedRegisters(Type type) {
  if (getNumRegisters(type) == 0)
    return 0;
  return std::max(getNumRegisters(type), getNumElementsPerThread(type));
}

/// The most elements that a thread holds of a tile that `op` reads or makes.
static int64_t getNumElementsPerThread(Operation *op) {
  int64_t numElements = 0;
  auto visit = [&](Type type) {
    numElements = std::max(numElements, getNumElementsPerThread(type));
  };
  llvm::for_each(op->getOperandTypes(), visit);
  llvm::for_each(op->getResultTypes(), visit);
  return numElements;
}

/// About how many instructions `op` takes for each element that a thread holds.
static int64_t getInstructionsPerElement(Operation *op) {
  constexpr int64_t kFunction = 8;
  constexpr int64_t kAccess = 3; // with its address and its bounds test
  if (op->hasTrait<OpTrait::ConstantLike>() ||
      isa<tk::SplatOp, tk::ArangeOp, tk::BroadcastOp, tk::ExpandDimsOp,
          tk::TransOp, tk::ReshapeOp>(op) ||
      op->hasTrait<OpTrait::IsTerminator>())
    return 0;
  if (auto dot = dyn_cast<DotOp>(op)) {
    MmaAttr instruction = dot.getInstructionAttr();
    return instruction && instruction.getKind() == MmaKind::FMA
               ? getOperandShape(dot.getLhs()).back()
               : 1;
  }
  if (isa_and_present<math::MathDialect>(op->getDialect()))
    return kFunction;
  if (isa<ConvertLayoutOp, tk::GatherOp>(op) || !isMemoryEffectFree(op))
    return kAccess;
  return 1;
}

/// About how many instructions the tiles take in the code of a thread. The body
/// of a loop counts once; the combiner of a reduction, once for each element.
static int64_t estimateInstructions(tk::KernelOp kernel) {
  int64_t numInstructions = 0;
  kernel.getBody().walk([&](Operation *op) {
    if (auto reduce = dyn_cast<tk::ReduceOp>(op))
      numInstructions += getNumElementsPerThread(op) *
                         reduce.getCombiner().front().getOperations().size();
    else if (op->getNumRegions() == 0)
      numInstructions +=
          getNumElementsPerThread(op) * getInstructionsPerElement(op);
  });
  return numInstructions;
}

static void report(const PressurePoint &point, int64_t numInstructions,
                   const tk::TargetInfo &target, int64_t numThreads) {
  const LiveTile &largest = point.tiles.front();
  auto type = cast<RankedTensorType>(largest.value.getType());
  int64_t inBlock = target.getRegistersPerProcessor();
  int64_t available = std::min<int64_t>(target.getMaxRegistersPerThread(),
                                        inBlock / numThreads);
  InFlightDiagnostic error = emitError(largest.value.getLoc()) << "tile of ";
  llvm::interleave(type.getShape(), error, "x");
  error << " " << type.getElementType() << " takes " << largest.numRegisters
        << " registers of each of " << numThreads
        << " threads, but a thread has at most " << available << " on "
        << target.getName();
  error.attachNote(point.op->getLoc())
      << "here tiles take " << point.numRegisters
      << " registers, and a thread has about " << numInstructions
      << " instructions: to assemble them would take minutes";
  error.attachNote(largest.value.getLoc())
      << "loop over parts of the tile, or choose a smaller one: all registers "
         "of a block are "
      << inBlock * 4 << " bytes";
}

LogicalResult CheckTileSizes::check(tk::KernelOp kernel) {
  const tk::TargetInfo *target = getTargetInfo(kernel);
  std::optional<tk::ThreadCounts> threads = getThreadCounts(kernel);
  if (!target || !threads)
    return kernel.emitError() << "expects a target and warps, which "
                                 "convert-tk-to-tkg sets";
  PressurePoint point =
      findMaxRegisterPressure(kernel, getNumUnpackedRegisters);
  int64_t numInstructions = estimateInstructions(kernel);
  if (point.numRegisters <= target->getMaxRegistersPerThread() ||
      point.numRegisters * numInstructions <= maxWork)
    return success();
  if (reported.insert(point.tiles.front().value.getLoc()).second)
    report(point, numInstructions, *target,
           int64_t(threads->numLanes) * threads->numWarps);
  return failure();
}

void CheckTileSizes::runOnOperation() {
  reported.clear();
  for (auto kernel : getOperation().getOps<tk::KernelOp>())
    if (failed(check(kernel)))
      signalPassFailure();
}
