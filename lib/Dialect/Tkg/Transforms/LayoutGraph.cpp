//===- LayoutGraph.cpp - the choices that tkg-assign-layouts has ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayoutGraph.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

static LayoutAttr getAttr(LayoutAttr like,
                          const std::optional<Layout> &layout) {
  return layout ? LayoutAttr::get(like.getContext(), *layout) : LayoutAttr();
}

static LayoutAttr applyStep(const LayoutExpr::Step &step, bool isDerived,
                            LayoutAttr layout) {
  return getAttr(layout, isDerived
                             ? deriveLayout(step.relation, layout.getLayout())
                             : liftLayout(step.relation, layout.getLayout()));
}

LayoutAttr LayoutExpr::evaluate(LayoutAttr choice) const {
  LayoutAttr layout = group ? choice : fixed;
  for (const Step &step : steps) {
    if (!layout)
      return {};
    layout = applyStep(step, step.isDerived, layout);
  }
  return layout;
}

LayoutAttr LayoutExpr::invert(LayoutAttr layout) const {
  if (!group)
    return {};
  LayoutAttr choice = layout;
  for (const Step &step : llvm::reverse(steps)) {
    if (!choice)
      return {};
    choice = applyStep(step, !step.isDerived, choice);
  }
  // A lift picks one of many; it need not lead back.
  return choice && evaluate(choice) == layout ? choice : LayoutAttr();
}

double mlir::tkg::getFrequency(Operation *op) {
  constexpr double kUnknownTripCount = 10, kMaxTripCount = 64;
  double frequency = 1;
  for (Operation *parent = op->getParentOp();
       parent && !isa<tk::KernelOp>(parent); parent = parent->getParentOp()) {
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      std::optional<APInt> count = loop.getStaticTripCount();
      frequency *=
          count ? std::clamp<double>(count->getLimitedValue(), 1, kMaxTripCount)
                : kUnknownTripCount;
    } else if (isa<scf::WhileOp>(parent)) {
      frequency *= kUnknownTripCount;
    }
  }
  return frequency;
}

std::optional<unsigned> LayoutGraph::getGroupOf(Operation *op) const {
  auto it = groupOfOp.find(op);
  if (it == groupOfOp.end())
    return std::nullopt;
  return it->second;
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

static bool hasTiles(Operation *op) {
  return llvm::any_of(op->getOperands(), isTile) ||
         llvm::any_of(op->getResults(), isTile);
}

/// The first tile among operands and results.
static Value getFirstTile(Operation *op) {
  for (Value operand : op->getOperands())
    if (isTile(operand))
      return operand;
  for (Value result : op->getResults())
    if (isTile(result))
      return result;
  return {};
}

/// Ops whose tiles all have one layout and that do not touch memory.
static bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::Elementwise>() ||
         isa<tk::CastOp, tk::PtrAddOp>(op);
}

/// The same for ops that touch memory through pointers.
static bool isPointerAccess(Operation *op) {
  return isa<tk::LoadOp, tk::StoreOp, tk::AtomicRMWOp, tk::AtomicCASOp,
             tk::AtomicLoadOp, tk::AtomicStoreOp>(op);
}

/// Ops whose result follows from the layout that the operand happens to have.
static bool isForwarding(Operation *op) {
  return isa<tk::ReduceOp, tk::ExpandDimsOp, tk::TransOp>(op);
}

namespace mlir::tkg {
class LayoutGraphBuilder {
public:
  explicit LayoutGraphBuilder(tk::KernelOp kernel) : kernel(kernel) {}

  FailureOr<LayoutGraph> build();

private:
  unsigned makeGroup(Value sample) {
    samples.push_back(sample);
    classes.grow(samples.size());
    return samples.size() - 1;
  }
  static LayoutExpr getChoice(unsigned group) {
    LayoutExpr expr;
    expr.group = group;
    return expr;
  }

  LogicalResult visit(Operation *op);
  void visitCarried(ValueRange carried, ValueRange otherNames = {});
  void visitRegionOp(Operation *op);
  void visitElementwise(Operation *op, bool joinsProducers);
  LogicalResult visitForwarding(Operation *op);
  LogicalResult visitDot(DotOp dot);
  LogicalResult visitOther(Operation *op);
  void addGatherUses(Operation *op, unsigned group);

  void provide(Value tile, LayoutExpr expr);
  void use(OpOperand &operand, LayoutExpr expr);
  /// The group of a tile whose layout is that group's choice itself, if it may
  /// be joined with its readers.
  std::optional<unsigned> getJoinableGroup(Value tile);
  bool isCheap(Value tile, unsigned depth = 0);
  void finish(LayoutGraph &graph);

  tk::KernelOp kernel;
  LayoutGraph graph;
  llvm::IntEqClasses classes;
  /// One for each group before classes are joined.
  SmallVector<Value> samples;
  /// Groups of memory accesses are not joined with others.
  llvm::DenseSet<Value> joinable;
  SmallVector<std::pair<OpOperand *, LayoutExpr>> uses;
};
} // namespace mlir::tkg

void LayoutGraphBuilder::provide(Value tile, LayoutExpr expr) {
  if (isTile(tile))
    graph.tiles[tile].provided = std::move(expr);
}

void LayoutGraphBuilder::use(OpOperand &operand, LayoutExpr expr) {
  if (isTile(operand.get()))
    uses.push_back({&operand, std::move(expr)});
}

std::optional<unsigned> LayoutGraphBuilder::getJoinableGroup(Value tile) {
  if (!joinable.contains(tile))
    return std::nullopt;
  auto it = graph.tiles.find(tile);
  if (it == graph.tiles.end() || !it->second.provided.group ||
      !it->second.provided.steps.empty())
    return std::nullopt;
  return it->second.provided.group;
}

void LayoutGraphBuilder::visitElementwise(Operation *op, bool joinsProducers) {
  unsigned group = makeGroup(getFirstTile(op));
  graph.groupOfOp[op] = group;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isTile(operand.get()))
      continue;
    if (joinsProducers)
      if (std::optional<unsigned> other = getJoinableGroup(operand.get()))
        classes.join(group, *other);
    use(operand, getChoice(group));
  }
  for (Value result : op->getResults()) {
    provide(result, getChoice(group));
    if (joinsProducers && isTile(result))
      joinable.insert(result);
  }
}

/// Tiles that a region op carries; what flows into them is known only after
/// its regions have been visited.
void LayoutGraphBuilder::visitCarried(ValueRange carried,
                                      ValueRange otherNames) {
  for (auto [i, value] : llvm::enumerate(carried)) {
    if (!isTile(value))
      continue;
    LayoutExpr choice = getChoice(makeGroup(value));
    provide(value, choice);
    joinable.insert(value);
    if (otherNames.empty())
      continue;
    provide(otherNames[i], choice);
    joinable.insert(otherNames[i]);
  }
}

void LayoutGraphBuilder::visitRegionOp(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    visitCarried(loop.getResults(), loop.getRegionIterArgs());
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    visitCarried(branch.getResults());
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    visitCarried(loop.getBeforeArguments());
    visitCarried(loop.getResults(), loop.getAfterArguments());
  }
}

/// The tiles that `op`, a terminator or a loop, hands over: pairs of operands
/// and the tiles that they become.
static SmallVector<std::pair<OpOperand *, Value>> getHandedOver(Operation *op) {
  SmallVector<std::pair<OpOperand *, Value>> pairs;
  auto add = [&](MutableArrayRef<OpOperand> operands, ValueRange values) {
    for (auto [operand, value] : llvm::zip_equal(operands, values))
      pairs.push_back({&operand, value});
  };
  llvm::TypeSwitch<Operation *>(op)
      .Case<scf::ForOp>([&](scf::ForOp loop) {
        add(loop.getInitArgsMutable(), loop.getResults());
      })
      .Case<scf::WhileOp>([&](scf::WhileOp loop) {
        add(loop.getInitsMutable(), loop.getBeforeArguments());
      })
      .Case<scf::ConditionOp>([&](scf::ConditionOp condition) {
        add(condition.getArgsMutable(), condition->getParentOp()->getResults());
      })
      .Case<scf::YieldOp>([&](scf::YieldOp yield) {
        if (auto loop = dyn_cast<scf::WhileOp>(yield->getParentOp()))
          add(yield.getResultsMutable(), loop.getBeforeArguments());
        else
          add(yield.getResultsMutable(), yield->getParentOp()->getResults());
      });
  return pairs;
}

LogicalResult LayoutGraphBuilder::visitForwarding(Operation *op) {
  OpOperand &first = op->getOpOperand(0);
  LayoutExpr expr = graph.tiles[first.get()].provided;
  for (OpOperand &operand : op->getOpOperands())
    use(operand, expr);
  for (const LayoutRelation &relation : getLayoutRelations(op)) {
    bool isResult = relation.derived.getDefiningOp() == op;
    bool isSource = relation.source.getDefiningOp() == op;
    if (isResult == isSource)
      continue;
    LayoutExpr result = expr;
    result.steps.push_back({relation, /*isDerived=*/isResult});
    provide(isResult ? relation.derived : relation.source, result);
  }
  return success();
}

LogicalResult LayoutGraphBuilder::visitDot(DotOp dot) {
  std::optional<DotLayouts> layouts = getDotLayouts(dot);
  if (!layouts)
    return dot.emitOpError("has no instruction whose layouts are known; run "
                           "tkg-choose-matrix-instruction first");
  auto getFixed = [&](const Layout &layout) {
    LayoutExpr expr;
    expr.fixed = LayoutAttr::get(dot.getContext(), layout);
    return expr;
  };
  use(dot.getLhsMutable(), getFixed(layouts->lhs));
  use(dot.getRhsMutable(), getFixed(layouts->rhs));
  use(dot.getAccumulatorMutable(), getFixed(layouts->accumulator));
  provide(dot.getResult(), getFixed(layouts->accumulator));
  return success();
}

/// The index tiles of a view access follow from the tile that is accessed.
void LayoutGraphBuilder::addGatherUses(Operation *op, unsigned group) {
  SmallVector<LayoutRelation> relations = getLayoutRelations(op);
  for (OpOperand &operand : op->getOpOperands())
    for (const LayoutRelation &relation : relations)
      if (relation.derived == operand.get() &&
          relation.kind != LayoutRelation::Equal) {
        LayoutExpr expr = getChoice(group);
        expr.steps.push_back({relation, /*isDerived=*/true});
        use(operand, expr);
        break;
      }
}

LogicalResult LayoutGraphBuilder::visit(Operation *op) {
  if (isa<scf::ForOp, scf::IfOp, scf::WhileOp>(op)) {
    visitRegionOp(op);
    return success();
  }
  if (isa<scf::YieldOp, scf::ConditionOp>(op) || !hasTiles(op))
    return success();
  if (isElementwise(op)) {
    visitElementwise(op, /*joinsProducers=*/true);
    return success();
  }
  if (isPointerAccess(op)) {
    visitElementwise(op, /*joinsProducers=*/false);
    return success();
  }
  if (isForwarding(op))
    return visitForwarding(op);
  if (auto dot = dyn_cast<DotOp>(op))
    return visitDot(dot);

  return visitOther(op);
}

/// All other ops choose the layout of their result, or of the value that they
/// store. Operands that nothing ties to it may have any layout.
LogicalResult LayoutGraphBuilder::visitOther(Operation *op) {
  if (auto store = dyn_cast<tk::StoreViewOp>(op)) {
    if (!isTile(store.getValue()))
      return success();
    unsigned group = makeGroup(store.getValue());
    graph.groupOfOp[op] = group;
    use(store.getValueMutable(), getChoice(group));
    addGatherUses(op, group);
    return success();
  }
  if (llvm::none_of(op->getResults(), isTile))
    return success();
  auto reshape = dyn_cast<tk::ReshapeOp>(op);
  if (reshape && !reshape->hasAttr(kThroughMemoryAttr)) {
    unsigned group = makeGroup(reshape.getSource());
    graph.groupOfOp[op] = group;
    use(reshape.getSourceMutable(), getChoice(group));
    LayoutExpr expr = getChoice(group);
    expr.steps.push_back({getLayoutRelations(op).front(), /*isDerived=*/true});
    provide(reshape.getResult(), expr);
    return success();
  }
  unsigned group = makeGroup(op->getResult(0));
  graph.groupOfOp[op] = group;
  addGatherUses(op, group);
  for (Value result : op->getResults()) {
    provide(result, getChoice(group));
    if (isa<tk::BroadcastOp>(op))
      joinable.insert(result);
  }
  return success();
}

/// Tiles that can be made again in any layout: a few ops on constants, scalars
/// and ranges.
bool LayoutGraphBuilder::isCheap(Value tile, unsigned depth) {
  constexpr unsigned kMaxDepth = 6;
  Operation *op = tile.getDefiningOp();
  if (!isTile(tile))
    return true;
  if (!op || depth > kMaxDepth)
    return false;
  if (isa<tk::SplatOp, tk::ArangeOp>(op) ||
      op->hasTrait<OpTrait::ConstantLike>())
    return true;
  bool isCheapOp =
      isa<tk::ExpandDimsOp, tk::BroadcastOp, tk::CastOp, arith::AddIOp,
          arith::SubIOp, arith::MulIOp, arith::CmpIOp, arith::AndIOp,
          arith::OrIOp, arith::XOrIOp, arith::IndexCastOp, arith::ExtSIOp,
          arith::ExtUIOp, arith::TruncIOp, arith::SelectOp, tk::InsideOp>(op);
  return isCheapOp && llvm::all_of(op->getOperands(), [&](Value operand) {
           return isCheap(operand, depth + 1);
         });
}

FailureOr<LayoutGraph> LayoutGraphBuilder::build() {
  WalkResult result =
      kernel->walk<WalkOrder::PreOrder>([&](Operation *op) -> WalkResult {
        if (isa<tk::KernelOp>(op))
          return WalkResult::advance();
        if (failed(visit(op)))
          return WalkResult::interrupt();
        return isa<tk::ReduceOp>(op) ? WalkResult::skip()
                                     : WalkResult::advance();
      });
  if (result.wasInterrupted())
    return failure();
  // What is carried by loops and branches joins what flows into it.
  kernel->walk([&](Operation *op) {
    for (auto [operand, value] : getHandedOver(op)) {
      if (!isTile(value))
        continue;
      LayoutExpr expr = graph.tiles[value].provided;
      std::optional<unsigned> from = getJoinableGroup(operand->get());
      if (from && expr.group)
        classes.join(*from, *expr.group);
      use(*operand, expr);
    }
  });
  finish(graph);
  return std::move(graph);
}

void LayoutGraphBuilder::finish(LayoutGraph &graph) {
  classes.compress();
  graph.samples.resize(classes.getNumClasses());
  graph.affected.resize(classes.getNumClasses());
  auto rename = [&](LayoutExpr &expr) {
    if (expr.group)
      expr.group = classes[*expr.group];
  };
  for (auto [group, sample] : llvm::enumerate(samples))
    if (!graph.samples[classes[group]])
      graph.samples[classes[group]] = sample;
  for (auto &entry : graph.groupOfOp)
    entry.second = classes[entry.second];
  for (auto &[tile, node] : graph.tiles) {
    rename(node.provided);
    node.isCheap = isCheap(tile);
  }
  for (auto &[operand, expr] : uses) {
    rename(expr);
    graph.tiles[operand->get()].uses.push_back({operand, expr});
  }
  for (auto &[tile, node] : graph.tiles) {
    auto add = [&, tile = tile](const LayoutExpr &expr) {
      if (expr.group && !llvm::is_contained(graph.affected[*expr.group], tile))
        graph.affected[*expr.group].push_back(tile);
    };
    add(node.provided);
    for (const LayoutUse &use : node.uses)
      add(use.required);
  }
}

FailureOr<LayoutGraph> LayoutGraph::build(tk::KernelOp kernel) {
  return LayoutGraphBuilder(kernel).build();
}
