//===- AccessGuard.cpp - runs ops for iterations that may not exist -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AccessGuard.h"
#include "LoopSchedule.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

using namespace mlir;
using namespace mlir::tkg;

static bool isViewAccess(Operation *op) {
  return isa<tk::LoadViewOp, CopyAsyncOp>(op);
}

bool mlir::tkg::needsGuard(Operation *op) {
  if (isa<LocalLoadOp, LocalStoreOp, AsyncCommitOp, AsyncWaitOp, AllocOp,
          DotOp>(op))
    return false;
  return !isPure(op);
}

/// An item of a view access that can be moved outside: any but a gather.
static std::optional<unsigned> findMovableAxis(ArrayRef<tk::ViewItem> items) {
  const auto *it = llvm::find_if(items, [](const tk::ViewItem &item) {
    return item.kind != tk::ItemKind::Gather;
  });
  if (it == items.end())
    return std::nullopt;
  return it - items.begin();
}

static SmallVector<tk::ViewItem> getItems(Operation *op) {
  if (auto load = dyn_cast<tk::LoadViewOp>(op))
    return load.getItems();
  return cast<CopyAsyncOp>(op).getItems();
}

static Value getView(Operation *op) {
  if (auto load = dyn_cast<tk::LoadViewOp>(op))
    return load.getView();
  return cast<CopyAsyncOp>(op).getView();
}

bool mlir::tkg::canGuard(Operation *op) {
  if (isViewAccess(op))
    return findMovableAxis(getItems(op)).has_value();
  return isa<tk::LoadOp>(op) || op->getNumResults() == 0;
}

/// The host expression of an extent, or "".
static StringRef getExtentName(Value view, unsigned axis) {
  auto argument = dyn_cast<BlockArgument>(view);
  auto kernel = argument
                    ? dyn_cast<tk::KernelOp>(argument.getOwner()->getParentOp())
                    : tk::KernelOp();
  if (!kernel)
    return "";
  auto dims = kernel.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                                 tk::kDimsAttr);
  return dims ? cast<StringAttr>(dims[axis]).getValue() : "";
}

/// Whether `bound` is the extent of dimension `axis` of `view`.
static bool isExtent(Value bound, Value view, unsigned axis) {
  auto dim = bound.getDefiningOp<tk::DimOp>();
  if (!dim)
    return false;
  if (dim.getView() == view && dim.getAxis() == axis)
    return true;
  StringRef name = getExtentName(view, axis);
  return !name.empty() && name == getExtentName(dim.getView(), dim.getAxis());
}

/// The dimension along which an access leaves its view as `loop` ends.
static std::optional<unsigned> findRunningOut(Operation *op, scf::ForOp loop) {
  for (auto [axis, item] : llvm::enumerate(getItems(op)))
    if (item.kind != tk::ItemKind::Gather &&
        item.value == loop.getInductionVar() &&
        isExtent(loop.getUpperBound(), getView(op), axis))
      return axis;
  return std::nullopt;
}

/// The bounds test of `axis` must happen.
static void clearInbounds(Operation *op, unsigned axis) {
  auto clear = [axis](auto access) {
    std::optional<ArrayRef<bool>> old = access.getInbounds();
    if (!old)
      return;
    SmallVector<bool> flags(*old);
    flags[axis] = false;
    access.setInbounds(flags);
  };
  if (auto load = dyn_cast<tk::LoadViewOp>(op))
    clear(load);
  else
    clear(cast<CopyAsyncOp>(op));
}

/// Where `predicate` does not hold, starts after the last element.
static void moveOutside(Operation *clone, unsigned axis, Value predicate,
                        OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(clone);
  Location loc = clone->getLoc();
  Value extent = builder.createOrFold<tk::DimOp>(loc, getView(clone), axis);
  Value start = getItems(clone)[axis].value;
  Value moved = arith::SelectOp::create(builder, loc, predicate, start, extent);
  OperandRange indices = isa<tk::LoadViewOp>(clone)
                             ? cast<tk::LoadViewOp>(clone).getIndices()
                             : cast<CopyAsyncOp>(clone).getIndices();
  clone->setOperand(indices.getBeginOperandIndex() + axis, moved);
}

static SmallVector<Value> emitViewAccess(Operation *op, IRMapping &mapping,
                                         Value predicate, scf::ForOp loop,
                                         OpBuilder &builder) {
  Operation *clone = builder.clone(*op, mapping);
  removeSchedule(clone);
  std::optional<unsigned> axis = findRunningOut(op, loop);
  if (!axis) {
    axis = findMovableAxis(getItems(op));
    moveOutside(clone, *axis, predicate, builder);
  }
  clearInbounds(clone, *axis);
  return clone->getResults();
}

/// Adds `predicate` to the mask.
static SmallVector<Value> emitPointerLoad(tk::LoadOp op, IRMapping &mapping,
                                          Value predicate, OpBuilder &builder) {
  auto clone = cast<tk::LoadOp>(builder.clone(*op.getOperation(), mapping));
  removeSchedule(clone);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPoint(clone);
  Value mask = predicate;
  if (auto tile = dyn_cast<RankedTensorType>(clone.getPointer().getType()))
    mask = tk::SplatOp::create(builder, op.getLoc(),
                               tile.clone(builder.getI1Type()), predicate);
  if (clone.getMask())
    mask = arith::AndIOp::create(builder, op.getLoc(), clone.getMask(), mask);
  clone.getMaskMutable().assign(mask);
  return clone->getResults();
}

SmallVector<Value> mlir::tkg::emitGuarded(Operation *op, IRMapping &mapping,
                                          Value predicate, scf::ForOp loop,
                                          OpBuilder &builder) {
  if (isViewAccess(op))
    return emitViewAccess(op, mapping, predicate, loop, builder);
  if (auto load = dyn_cast<tk::LoadOp>(op))
    return emitPointerLoad(load, mapping, predicate, builder);
  auto branch = scf::IfOp::create(builder, op->getLoc(), predicate,
                                  /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  removeSchedule(builder.clone(*op, mapping));
  return {};
}
