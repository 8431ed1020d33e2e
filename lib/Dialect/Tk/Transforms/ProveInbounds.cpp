//===- ProveInbounds.cpp - drops bounds tests that cannot fail ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Analysis/DataFlow/ConstantPropagationAnalysis.h"
#include "mlir/Analysis/DataFlow/DeadCodeAnalysis.h"
#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"

namespace mlir::tk {
#define GEN_PASS_DEF_PROVEINBOUNDSPASS
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;
using namespace mlir::tk;

namespace {
class ProveInbounds : public tk::impl::ProveInboundsPassBase<ProveInbounds> {
public:
  using ProveInboundsPassBase::ProveInboundsPassBase;
  void runOnOperation() override;

private:
  template <typename AccessOp>
  void proveAccess(AccessOp op, const DataFlowSolver &solver);
};
} // namespace

/// The host expression of an extent of an argument, or "".
static StringRef getDimExpression(Value view, unsigned axis) {
  auto argument = dyn_cast<BlockArgument>(view);
  if (!argument)
    return "";
  auto kernel = dyn_cast<KernelOp>(argument.getOwner()->getParentOp());
  if (!kernel)
    return "";
  auto dims =
      kernel.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDimsAttr);
  return dims ? cast<StringAttr>(dims[axis]).getValue() : "";
}

/// Whether `item` is a program id whose grid has the extent of the dimension.
static bool isProgramOfDim(const ViewItem &item, Value view, unsigned axis) {
  if (item.kind != ItemKind::Scalar && item.extent != 1)
    return false;
  auto program = item.value.getDefiningOp<ProgramIdOp>();
  if (!program)
    return false;
  ArrayAttr grid = program->getParentOfType<KernelOp>().getGridAttr();
  StringRef expression = getDimExpression(view, axis);
  return grid && program.getAxis() < grid.size() && !expression.empty() &&
         cast<StringAttr>(grid[program.getAxis()]).getValue() == expression;
}

/// Whether the range of the coordinates of `item` lies in [0, extent).
static bool isInRange(const ViewItem &item, int64_t extent,
                      const DataFlowSolver &solver) {
  if (item.kind == ItemKind::Gather || ShapedType::isDynamic(extent))
    return false;
  const auto *lattice =
      solver.lookupState<dataflow::IntegerValueRangeLattice>(item.value);
  if (!lattice || lattice->getValue().isUninitialized())
    return false;
  ConstantIntRanges range = lattice->getValue().getValue();
  int64_t length = item.kind == ItemKind::Slice ? item.extent : 1;
  return range.smin().isNonNegative() && extent >= length &&
         range.smax().sle(extent - length);
}

template <typename AccessOp>
void ProveInbounds::proveAccess(AccessOp op, const DataFlowSolver &solver) {
  ViewType view = op.getView().getType();
  SmallVector<bool> flags(view.getRank(), false);
  if (std::optional<ArrayRef<bool>> old = op.getInbounds())
    flags.assign(old->begin(), old->end());
  bool hasChanged = false;
  for (auto [axis, item] : llvm::enumerate(op.getItems())) {
    if (flags[axis] || !(isProgramOfDim(item, op.getView(), axis) ||
                         isInRange(item, view.getShape()[axis], solver)))
      continue;
    flags[axis] = hasChanged = true;
    ++numProved;
  }
  if (hasChanged)
    op.setInbounds(flags);
}

void ProveInbounds::runOnOperation() {
  DataFlowSolver solver;
  solver.load<dataflow::DeadCodeAnalysis>();
  solver.load<dataflow::SparseConstantPropagation>();
  solver.load<dataflow::IntegerRangeAnalysis>();
  if (failed(solver.initializeAndRun(getOperation())))
    return signalPassFailure();
  getOperation().walk([&](Operation *op) {
    if (auto load = dyn_cast<LoadViewOp>(op))
      proveAccess(load, solver);
    else if (auto store = dyn_cast<StoreViewOp>(op))
      proveAccess(store, solver);
  });
}
