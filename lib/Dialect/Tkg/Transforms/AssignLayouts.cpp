//===- AssignLayouts.cpp - give every tile a register layout --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayoutGraph.h"
#include "LayoutSearch.h"
#include "MissedRemark.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tk/Analysis/Alignment.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"
#include "tk/Support/LayoutConversion.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_ASSIGNLAYOUTSPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// Writes the chosen layouts into the types of a kernel.
class LayoutWriter {
public:
  LayoutWriter(tk::KernelOp kernel, const LayoutGraph &graph,
               ArrayRef<LayoutAttr> choices)
      : kernel(kernel), graph(graph), choices(choices) {}

  void run();
  ArrayRef<ConvertLayoutOp> getConversions() const { return conversions; }
  unsigned getNumRematerialised() const { return numRematerialised; }

private:
  LayoutAttr evaluate(const LayoutExpr &expr) const {
    return expr.evaluate(expr.group ? choices[*expr.group] : LayoutAttr());
  }
  void setLayouts();
  void redirectUses();
  void eraseDeadOps();
  Value getConverted(Value tile, const LayoutUse &use, LayoutAttr layout,
                     bool isOnlyUse);
  Value rematerialise(Value tile, LayoutAttr layout);

  tk::KernelOp kernel;
  const LayoutGraph &graph;
  ArrayRef<LayoutAttr> choices;
  DenseMap<std::pair<Value, LayoutAttr>, Value> converted;
  SmallVector<ConvertLayoutOp> conversions;
  unsigned numRematerialised = 0;
};
} // namespace

/// Gives the result of `op` another layout; a constant holds its type twice.
static void setLayout(Value tile, LayoutAttr layout) {
  auto type = withLayout(cast<RankedTensorType>(tile.getType()), layout);
  tile.setType(type);
  auto constant = tile.getDefiningOp<arith::ConstantOp>();
  if (!constant)
    return;
  auto elements = cast<DenseElementsAttr>(constant.getValue());
  constant.setValueAttr(elements.isSplat() ? elements.resizeSplat(type)
                                           : elements.reshape(type));
}

void LayoutWriter::run() {
  setLayouts();
  redirectUses();
  eraseDeadOps();
}

void LayoutWriter::setLayouts() {
  for (const auto &[tile, node] : graph.getTiles())
    setLayout(tile, evaluate(node.provided));
}

void LayoutWriter::redirectUses() {
  for (const auto &[tile, node] : graph.getTiles()) {
    LayoutAttr provided = getLayout(tile);
    DenseMap<LayoutAttr, unsigned> numUses;
    for (const LayoutUse &use : node.uses)
      ++numUses[evaluate(use.required)];
    for (const LayoutUse &use : node.uses) {
      LayoutAttr required = evaluate(use.required);
      if (required == provided)
        continue;
      Value value = node.isCheap ? rematerialise(tile, required)
                                 : getConverted(tile, use, required,
                                                numUses[required] == 1);
      use.operand->set(value);
    }
  }
}

/// Converts `tile` once for all uses that want `layout`: right after the tile
/// is made, unless its only use runs less often.
Value LayoutWriter::getConverted(Value tile, const LayoutUse &use,
                                 LayoutAttr layout, bool isOnlyUse) {
  Value &result = converted[{tile, layout}];
  if (result)
    return result;
  OpBuilder builder(kernel.getContext());
  builder.setInsertionPointAfterValue(tile);
  Operation *user = use.operand->getOwner();
  if (isOnlyUse &&
      (user->getBlock() == tile.getParentBlock() ||
       getFrequency(user) < getFrequency(&*builder.getInsertionPoint())))
    builder.setInsertionPoint(user);
  auto conversion = ConvertLayoutOp::create(
      builder, tile.getLoc(),
      withLayout(cast<RankedTensorType>(tile.getType()), layout), tile);
  conversions.push_back(conversion);
  return result = conversion;
}

/// Makes a cheap tile again, beside itself, in another layout.
Value LayoutWriter::rematerialise(Value tile, LayoutAttr layout) {
  if (getLayout(tile) == layout)
    return tile;
  auto known = converted.find({tile, layout});
  if (known != converted.end())
    return known->second;
  Operation *op = tile.getDefiningOp();
  SmallVector<LayoutRelation> relations = getLayoutRelations(op);
  IRMapping mapping;
  for (Value operand : op->getOperands())
    for (const LayoutRelation &relation : relations)
      if (relation.source == tile && relation.derived == operand) {
        std::optional<tk::Layout> derived =
            deriveLayout(relation, layout.getLayout());
        assert(derived && "cheap ops have no reshapes");
        mapping.map(operand,
                    rematerialise(operand,
                                  LayoutAttr::get(op->getContext(), *derived)));
      }
  OpBuilder builder(op);
  builder.setInsertionPointAfter(op);
  Value copy = builder.clone(*op, mapping)->getResult(0);
  setLayout(copy, layout);
  ++numRematerialised;
  converted[{tile, layout}] = copy;
  return copy;
}

/// Drops cheap tiles whose uses all wanted another layout.
void LayoutWriter::eraseDeadOps() {
  for (const auto &entry : llvm::reverse(graph.getTiles())) {
    Operation *op = entry.first.getDefiningOp();
    if (op && entry.second.isCheap && op->use_empty())
      op->erase();
  }
}

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

static std::string getKind(Type type) {
  std::string text;
  llvm::raw_string_ostream os(text);
  auto tile = cast<RankedTensorType>(type);
  os << RankedTensorType::get(tile.getShape(), tile.getElementType());
  return text;
}

/// The digits of a tile as layouts write them: [[80], [4, 3]].
static std::string getDigits(Value tile) {
  std::string text;
  llvm::raw_string_ostream os(text);
  getLayout(tile).getLayout().getShape().print(os);
  return text;
}

static void remarkGeneralRoute(ConvertLayoutOp op) {
  std::optional<tk::ConversionPlan> plan = getConversionPlan(op);
  if (plan && plan->kind == tk::ConversionPlan::Kind::General)
    remarkMissed(op, "GeneralConversion", kLayoutRemark)
        << getKind(op.getType()) +
               " moves through shared memory element by element: the digits " +
               getDigits(op.getSource()) + " of its layout and " +
               getDigits(op.getResult()) +
               " of the one that is needed cannot be made equal";
}

static void remarkConversions(ArrayRef<ConvertLayoutOp> conversions) {
  for (ConvertLayoutOp op : conversions) {
    remarkGeneralRoute(op);
    if (getFrequency(op) > 1)
      remarkMissed(op, "ConversionInLoop", kLayoutRemark)
          << "each iteration moves a tile of " + getKind(op.getType()) +
                 " between threads";
  }
}

/// Says where padding and copies make threads hold a quarter more than the
/// tile has.
static void remarkWaste(tk::KernelOp kernel) {
  // The kernel is walked, not the graph: tiles of the graph may be gone.
  kernel->walk([](Operation *op) {
    if (!isa<tk::LoadViewOp, tk::LoadOp, DotOp>(op))
      return;
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type)
      return;
    const tk::Layout &layout = getLayout(op->getResult(0)).getLayout();
    int64_t held = layout.getNumRegisters() * layout.getNumThreads();
    int64_t needed = type.getNumElements();
    if (held * 4 <= needed * 5)
      return;
    int64_t padded = layout.getShape().getNumElements();
    std::string text = "threads hold " + std::to_string(held) +
                       " elements of a tile of " + std::to_string(needed);
    if (padded > needed)
      text += ", padded to " + std::to_string(padded);
    remarkMissed(op, "WastedRegisters", kLayoutRemark) << text;
  });
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Marks the reshapes that no layout in `choices` goes through: their elements
/// go through shared memory. Returns whether there are any.
static bool freeReshapes(tk::KernelOp kernel, const LayoutGraph &graph,
                         ArrayRef<LayoutAttr> choices) {
  bool hasChanged = false;
  kernel->walk([&](tk::ReshapeOp op) {
    if (op->hasAttr(kThroughMemoryAttr))
      return;
    const LayoutExpr &result = graph.getTile(op.getResult()).provided;
    if (result.evaluate(choices[*result.group]))
      return;
    op->setAttr(kThroughMemoryAttr, UnitAttr::get(op.getContext()));
    remarkMissed(op, "ReshapeThroughMemory", kLayoutRemark)
        << "reshape moves its tile through shared memory: " +
               getKind(op.getSource().getType()) + " and " +
               getKind(op.getType()) + " have no list of digits in common";
    hasChanged = true;
  });
  return hasChanged;
}

namespace {
struct AssignLayoutsPass
    : public tkg::impl::AssignLayoutsPassBase<AssignLayoutsPass> {
  void runOnOperation() override {
    tk::KernelOp kernel = getOperation();
    std::optional<tk::ThreadCounts> threads = getThreadCounts(kernel);
    if (!threads) {
      kernel.emitError("expects '")
          << kWarpsAttr << "' and '" << kThreadsPerWarpAttr
          << "'; run convert-tk-to-tkg first";
      return signalPassFailure();
    }
    if (failed(checkBare(kernel)))
      return signalPassFailure();
    auto &alignment = getAnalysis<AlignmentAnalysis>();
    FailureOr<LayoutGraph> graph = LayoutGraph::build(kernel);
    if (failed(graph))
      return signalPassFailure();
    auto choices = searchLayouts(kernel, *graph, alignment, *threads);
    // Every round frees a reshape from what its operand chooses.
    while (freeReshapes(kernel, *graph, choices)) {
      graph = LayoutGraph::build(kernel);
      assert(succeeded(graph) && "it could be built before");
      choices = searchLayouts(kernel, *graph, alignment, *threads);
    }
    remarkAfterWriting(kernel, *graph, choices);
  }

private:
  static LogicalResult checkBare(tk::KernelOp kernel);
  void remarkAfterWriting(tk::KernelOp kernel, const LayoutGraph &graph,
                          ArrayRef<LayoutAttr> choices);
};
} // namespace

/// A kernel has no layouts yet: half of them could not be kept.
LogicalResult AssignLayoutsPass::checkBare(tk::KernelOp kernel) {
  WalkResult result = kernel->walk([](Operation *op) -> WalkResult {
    for (Value value : op->getResults())
      if (getLayout(value)) {
        op->emitOpError("expects tiles without a layout, got ")
            << value.getType();
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

void AssignLayoutsPass::remarkAfterWriting(tk::KernelOp kernel,
                                           const LayoutGraph &graph,
                                           ArrayRef<LayoutAttr> choices) {
  LayoutWriter writer(kernel, graph, choices);
  writer.run();
  numConversions += writer.getConversions().size();
  numRematerialised += writer.getNumRematerialised();
  remarkConversions(writer.getConversions());
  remarkWaste(kernel);
}
