//===- ShareOperands.cpp - operands of multiply-adds in shared memory -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/LayoutBuilders.h"
#include "tk/Support/LayoutConversion.h"
#include "tk/Support/SharedAccess.h"
#include "tk/Support/SharedLayout.h"
#include "tk/Support/TargetInfo.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_SHAREOPERANDSPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
struct ShareOperands : tkg::impl::ShareOperandsPassBase<ShareOperands> {
  using ShareOperandsPassBase::ShareOperandsPassBase;
  void runOnOperation() override;

private:
  void shareOperands(DotOp dot, const tk::TargetInfo &target);
  Value getMemory(Value tile, DotOp dot, const tk::Layout &layout);

  /// What is in shared memory already, as some reader wants it.
  llvm::MapVector<std::pair<Value, Attribute>, Value> memories;
};
} // namespace

/// The extents in registers of `tile` if it is loaded for one user, maybe
/// through a transpose: nothing but its load decides on them then.
static SmallVector<int64_t> getLoadedExtents(Value tile, int64_t numThreads) {
  auto trans = tile.getDefiningOp<tk::TransOp>();
  Value loaded = trans ? trans.getSource() : tile;
  if (!tile.hasOneUse() || !loaded.hasOneUse() ||
      !loaded.getDefiningOp<tk::LoadViewOp>())
    return {};
  SmallVector<int64_t> extents = tk::padExtents(
      cast<RankedTensorType>(loaded.getType()).getShape(), numThreads);
  if (!trans)
    return extents;
  SmallVector<int64_t> permuted;
  for (int32_t dim : trans.getPermutation())
    permuted.push_back(extents[dim]);
  return permuted;
}

/// Whether every layout that the registers of `tile` may get divides the tile
/// as the layout of the dot does.
static bool canShare(Value tile, const tk::Layout &reader,
                     tk::ThreadCounts threads) {
  auto type = dyn_cast<RankedTensorType>(tile.getType());
  if (!type || !type.getElementType().isIntOrFloat() ||
      type.getElementTypeBitWidth() < 8)
    return false;
  SmallVector<int64_t> extents = reader.getExtents();
  if (llvm::all_of(type.getShape(), llvm::isPowerOf2_64))
    return ArrayRef(extents) == type.getShape();
  int64_t numThreads = int64_t(threads.numLanes) * threads.numWarps;
  return extents == getLoadedExtents(tile, numThreads);
}

static int64_t getSizeInBytes(Value tile) {
  auto type = cast<RankedTensorType>(tile.getType());
  return type.getNumElements() * getElementSizeInBytes(type.getElementType());
}

/// Rows, or rows with the swizzle that lets the threads of `reader` and those
/// that write rows meet in the fewest banks.
static tk::Layout chooseLayout(RankedTensorType tile, const tk::Layout &reader,
                               tk::ThreadCounts threads,
                               const tk::TargetInfo &target) {
  unsigned bits = 8 * getElementSizeInBytes(tile.getElementType());
  SmallVector<unsigned> order;
  for (unsigned dim = tile.getRank(); dim-- > 0;)
    order.push_back(dim);
  const tk::DigitShape &shape = reader.getShape();
  int64_t vectorSize = std::min<int64_t>(target.getMaxVectorBits() / bits,
                                         tile.getShape().back());
  tk::Layout writer = tk::buildBlocked(shape, order, vectorSize, threads);
  auto forStore = tk::SharedAccessOptions::forStore(target, writer);
  auto forLoad = tk::SharedAccessOptions::forLoad(target);
  auto countTrips = [&](const tk::Layout &shared) {
    auto store = tk::planSharedAccess(writer, shared, bits, forStore);
    auto load = tk::planSharedAccess(reader, shared, bits, forLoad);
    return store && load
               ? store->getTotalWavefronts() + load->getTotalWavefronts()
               : std::numeric_limits<int64_t>::max();
  };
  tk::Layout rows = tk::buildStridedShared(shape, order);
  tk::Layout swizzled =
      tk::computeSwizzle(writer, reader, bits, forStore, forLoad, 0);
  return countTrips(swizzled) < countTrips(rows) ? swizzled : rows;
}

/// The memory with `tile` in it, made where the tile is if a loop lies between
/// it and the dot.
Value ShareOperands::getMemory(Value tile, DotOp dot,
                               const tk::Layout &layout) {
  auto attr = SharedAttr::get(&getContext(), layout);
  Value &memory = memories[{tile, attr}];
  if (memory)
    return memory;
  OpBuilder builder(dot);
  if (tile.getParentBlock() != dot->getBlock())
    builder.setInsertionPointAfterValue(tile);
  auto tileType = cast<RankedTensorType>(tile.getType());
  auto type =
      MemDescType::get(tileType.getShape(), tileType.getElementType(), attr);
  memory = AllocOp::create(builder, dot.getLoc(), type, tile,
                           /*offset=*/IntegerAttr());
  ++numOperands;
  return memory;
}

void ShareOperands::shareOperands(DotOp dot, const tk::TargetInfo &target) {
  MmaAttr mma = dot.getInstructionAttr();
  std::optional<DotLayouts> layouts = getDotLayouts(dot);
  std::optional<tk::ThreadCounts> threads = getThreadCounts(dot);
  if (!mma || mma.getKind() != MmaKind::FMA || !layouts || !threads ||
      !canShare(dot.getLhs(), layouts->lhs, *threads) ||
      !canShare(dot.getRhs(), layouts->rhs, *threads))
    return;
  // Other buffers may be alive, and scratch.
  if (getSizeInBytes(dot.getLhs()) + getSizeInBytes(dot.getRhs()) >
      target.getMaxSharedMemory() / 2)
    return;
  auto share = [&](Value tile, const tk::Layout &reader) {
    return getMemory(tile, dot,
                     chooseLayout(cast<RankedTensorType>(tile.getType()),
                                  reader, *threads, target));
  };
  dot.getLhsMutable().set(share(dot.getLhs(), layouts->lhs));
  dot.getRhsMutable().set(share(dot.getRhs(), layouts->rhs));
  dot.setInstructionAttr(MmaAttr::get(
      &getContext(), MmaKind::FMA, mma.getM(), mma.getN(), mma.getK(),
      mma.getType(), mma.getWarpsM(), mma.getWarpsN(), mma.getSwap(),
      OperandSource::Shared, OperandSource::Shared));
}

void ShareOperands::runOnOperation() {
  tk::KernelOp kernel = getOperation();
  const tk::TargetInfo *target = getTargetInfo(kernel);
  if (!target) {
    kernel.emitError() << "expects a target, which convert-tk-to-tkg sets";
    return signalPassFailure();
  }
  memories.clear();
  kernel.walk([&](DotOp dot) { shareOperands(dot, *target); });
}
