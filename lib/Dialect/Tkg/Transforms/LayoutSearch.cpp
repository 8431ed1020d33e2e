//===- LayoutSearch.cpp - the cheapest layouts of a kernel ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LayoutSearch.h"
#include "LayoutCost.h"
#include <deque>

using namespace mlir;
using namespace mlir::tkg;

/// More than any sum of real costs.
constexpr double kImpossible = 1e15;

namespace {
using Assignment = SmallVector<LayoutAttr>;

class LayoutSearch {
public:
  LayoutSearch(tk::KernelOp kernel, const LayoutGraph &graph,
               const AlignmentAnalysis &alignment, tk::ThreadCounts threads)
      : kernel(kernel), graph(graph), alignment(alignment), threads(threads),
        candidates(graph.getNumGroups()), accesses(graph.getNumGroups()) {}

  Assignment run();

private:
  void collectTiles();
  void collectAccesses();
  void collectStarts();
  void addStart(Assignment start);
  void addCandidates(const Assignment &assignment);
  /// Makes sure that every group has a candidate and every start is complete.
  void completeStarts();

  /// Spreads known layouts to groups that have none in `assignment`.
  void spread(Assignment &assignment);
  void spreadFrom(Value tile, Assignment &assignment,
                  std::deque<Value> &worklist);
  /// Changes `group` and all groups that the change reaches.
  Assignment getSpread(unsigned group, LayoutAttr choice,
                       const Assignment &rest);

  double improve(Assignment &assignment);
  bool improveGroup(unsigned group, Assignment &assignment);
  bool tryChange(Assignment changed, Assignment &assignment);

  LayoutAttr evaluate(const LayoutExpr &expr, const Assignment &assignment);
  /// The cost of computing a tile and of holding it.
  double getDefinitionCost(unsigned tile, LayoutAttr layout);
  double getTileCost(unsigned tile, const Assignment &assignment);
  double getGroupCost(unsigned group, const Assignment &assignment);
  double getCost(const Assignment &assignment);
  /// What changes if the groups that differ change from `from` to `to`.
  double getCostChange(const Assignment &from, const Assignment &to);
  double getConversion(Type type, LayoutAttr from, LayoutAttr to);

  tk::KernelOp kernel;
  const LayoutGraph &graph;
  const AlignmentAnalysis &alignment;
  tk::ThreadCounts threads;
  SmallVector<SmallVector<LayoutAttr>> candidates;
  struct Access {
    Operation *op;
    AccessFacts facts;
    double frequency;
  };
  SmallVector<SmallVector<Access>> accesses;
  SmallVector<Assignment> starts;
  /// One entry for each tile, in the order of the graph.
  struct Tile {
    Value value;
    const TileNode *node;
    double frequency;
    SmallVector<double, 2> useFrequencies;
  };
  SmallVector<Tile> tiles;
  DenseMap<Value, unsigned> tileNumbers;

  DenseMap<std::pair<unsigned, LayoutAttr>, double> definitionCosts;
  DenseMap<std::pair<const LayoutExpr *, LayoutAttr>, LayoutAttr> evaluated;
  DenseMap<std::tuple<Type, LayoutAttr, LayoutAttr>, double> conversions;
  DenseMap<std::pair<Operation *, LayoutAttr>, double> accessCosts;
};
} // namespace

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

LayoutAttr LayoutSearch::evaluate(const LayoutExpr &expr,
                                  const Assignment &assignment) {
  LayoutAttr choice = expr.group ? assignment[*expr.group] : expr.fixed;
  if (!choice || expr.steps.empty())
    return choice;
  auto [it, isNew] = evaluated.try_emplace({&expr, choice});
  if (isNew) {
    // Evaluation may add to the map only through this call: `it` stays valid.
    it->second = expr.evaluate(choice);
  }
  return it->second;
}

double LayoutSearch::getConversion(Type type, LayoutAttr from, LayoutAttr to) {
  Type element = getElementTypeOrSelf(type);
  auto [it, isNew] = conversions.try_emplace({element, from, to});
  if (isNew)
    it->second = getConversionCost(type, from.getLayout(), to.getLayout());
  return it->second;
}

double LayoutSearch::getDefinitionCost(unsigned number, LayoutAttr layout) {
  auto [it, isNew] = definitionCosts.try_emplace({number, layout});
  if (!isNew)
    return it->second;
  Value tile = tiles[number].value;
  double cost = getPressureCost(tile.getType(), layout.getLayout());
  Operation *op = tile.getDefiningOp();
  if (op && op->getResult(0) == tile && !isa<tk::ReduceOp>(op))
    cost += getComputeCost(op, layout.getLayout());
  // What a reduction costs depends on its operand.
  for (OpOperand &use : tile.getUses())
    if (isa<tk::ReduceOp>(use.getOwner()) && use.getOperandNumber() == 0)
      cost += getComputeCost(use.getOwner(), layout.getLayout());
  return it->second = cost * tiles[number].frequency;
}

/// What it costs to compute a tile, to hold it, and to convert it for its uses.
double LayoutSearch::getTileCost(unsigned number,
                                 const Assignment &assignment) {
  const Tile &tile = tiles[number];
  const TileNode &node = *tile.node;
  LayoutAttr provided = evaluate(node.provided, assignment);
  if (!provided)
    return kImpossible;
  double cost = getDefinitionCost(number, provided);

  // One conversion serves all uses that want the same layout.
  SmallVector<std::pair<LayoutAttr, double>> wanted;
  for (auto [use, frequency] :
       llvm::zip_equal(node.uses, tile.useFrequencies)) {
    LayoutAttr required = evaluate(use.required, assignment);
    if (!required)
      return kImpossible;
    if (required == provided)
      continue;
    auto *known = llvm::find_if(
        wanted, [&](const auto &entry) { return entry.first == required; });
    if (known == wanted.end())
      wanted.push_back({required, frequency});
    else
      known->second = std::max(known->second, frequency);
  }
  for (auto [required, frequency] : wanted)
    cost += frequency *
            (node.isCheap
                 ? getRematerialisationCost(required.getLayout())
                 : getConversion(tile.value.getType(), provided, required));
  return cost;
}

double LayoutSearch::getGroupCost(unsigned group,
                                  const Assignment &assignment) {
  double cost = 0;
  for (const Access &access : accesses[group]) {
    LayoutAttr layout = assignment[group];
    auto [it, isNew] = accessCosts.try_emplace({access.op, layout});
    if (isNew)
      it->second = access.frequency *
                   getAccessCost(access.op, access.facts, layout.getLayout());
    cost += it->second;
  }
  return cost;
}

double LayoutSearch::getCost(const Assignment &assignment) {
  double cost = 0;
  for (unsigned tile = 0; tile < tiles.size(); ++tile)
    cost += getTileCost(tile, assignment);
  for (unsigned group = 0; group < graph.getNumGroups(); ++group)
    cost += getGroupCost(group, assignment);
  return cost;
}

double LayoutSearch::getCostChange(const Assignment &from,
                                   const Assignment &to) {
  double change = 0;
  SmallVector<bool> isVisited(tiles.size(), false);
  for (unsigned group = 0; group < graph.getNumGroups(); ++group) {
    if (from[group] == to[group])
      continue;
    change += getGroupCost(group, to) - getGroupCost(group, from);
    for (Value tile : graph.getAffectedTiles(group)) {
      unsigned number = tileNumbers.lookup(tile);
      if (std::exchange(isVisited[number], true))
        continue;
      change += getTileCost(number, to) - getTileCost(number, from);
    }
  }
  return change;
}

//===----------------------------------------------------------------------===//
// Candidates
//===----------------------------------------------------------------------===//

void LayoutSearch::spreadFrom(Value tile, Assignment &assignment,
                              std::deque<Value> &worklist) {
  const TileNode &node = graph.getTile(tile);
  SmallVector<const LayoutExpr *> exprs = {&node.provided};
  for (const LayoutUse &use : node.uses)
    exprs.push_back(&use.required);
  // The first layout that is known here decides for the others.
  LayoutAttr layout;
  for (const LayoutExpr *expr : exprs)
    if ((layout = evaluate(*expr, assignment)))
      break;
  if (!layout)
    return;
  for (const LayoutExpr *expr : exprs) {
    if (!expr->group || assignment[*expr->group])
      continue;
    LayoutAttr choice = expr->invert(layout);
    if (!choice)
      continue;
    assignment[*expr->group] = choice;
    for (Value affected : graph.getAffectedTiles(*expr->group)) {
      // Near tiles first: what equals goes before what must be guessed.
      bool isEqual = graph.getTile(affected).provided.steps.empty();
      if (isEqual)
        worklist.push_front(affected);
      else
        worklist.push_back(affected);
    }
  }
}

void LayoutSearch::spread(Assignment &assignment) {
  std::deque<Value> worklist;
  for (const auto &[tile, node] : graph.getTiles())
    worklist.push_back(tile);
  while (!worklist.empty()) {
    Value tile = worklist.front();
    worklist.pop_front();
    spreadFrom(tile, assignment, worklist);
  }
}

Assignment LayoutSearch::getSpread(unsigned group, LayoutAttr choice,
                                   const Assignment &rest) {
  Assignment assignment(graph.getNumGroups());
  assignment[group] = choice;
  std::deque<Value> worklist(graph.getAffectedTiles(group).begin(),
                             graph.getAffectedTiles(group).end());
  while (!worklist.empty()) {
    Value tile = worklist.front();
    worklist.pop_front();
    spreadFrom(tile, assignment, worklist);
  }
  for (auto [own, other] : llvm::zip_equal(assignment, rest))
    if (!own)
      own = other;
  return assignment;
}

void LayoutSearch::collectTiles() {
  for (const auto &[value, node] : graph.getTiles()) {
    tileNumbers[value] = tiles.size();
    Operation *op = value.getDefiningOp();
    Tile tile{
        value,
        &node,
        getFrequency(op ? op : &cast<BlockArgument>(value).getOwner()->front()),
        {}};
    for (const LayoutUse &use : node.uses)
      tile.useFrequencies.push_back(
          std::min(tile.frequency, getFrequency(use.operand->getOwner())));
    tiles.push_back(std::move(tile));
  }
}

void LayoutSearch::collectAccesses() {
  kernel->walk<WalkOrder::PreOrder>([&](Operation *op) {
    std::optional<unsigned> group = graph.getGroupOf(op);
    AccessFacts facts = alignment.getAccessFacts(op);
    bool isMemory = isa<tk::LoadViewOp, tk::StoreViewOp, tk::LoadOp,
                        tk::StoreOp, tk::AtomicRMWOp, tk::AtomicCASOp,
                        tk::AtomicLoadOp, tk::AtomicStoreOp>(op);
    if (group && isMemory)
      accesses[*group].push_back({op, facts, getFrequency(op)});
  });
}

void LayoutSearch::addCandidates(const Assignment &assignment) {
  constexpr size_t kMaxCandidates = 24;
  for (auto [known, choice] : llvm::zip_equal(candidates, assignment))
    if (choice && known.size() < kMaxCandidates &&
        !llvm::is_contained(known, choice))
      known.push_back(choice);
}

void LayoutSearch::addStart(Assignment start) {
  addCandidates(start);
  if (!llvm::is_contained(starts, start))
    starts.push_back(std::move(start));
}

void LayoutSearch::collectStarts() {
  // What dots impose.
  Assignment ofDots(graph.getNumGroups());
  spread(ofDots);
  addStart(ofDots);
  for (unsigned group = 0; group < graph.getNumGroups(); ++group)
    for (const Access &access : accesses[group])
      for (LayoutAttr layout : getCoalescedLayouts(
               access.op, graph.getSample(group), access.facts, threads)) {
        Assignment start(graph.getNumGroups());
        addStart(getSpread(group, layout, start));
        candidates[group].push_back(layout);
      }
}

void LayoutSearch::completeStarts() {
  for (unsigned group = 0; group < graph.getNumGroups(); ++group) {
    if (!candidates[group].empty())
      continue;
    LayoutAttr layout = getDefaultLayout(graph.getSample(group), threads);
    addCandidates(getSpread(group, layout, Assignment(graph.getNumGroups())));
  }
  for (Assignment &start : starts) {
    // Dots decide what the start does not reach, then own preferences.
    spread(start);
    for (auto [choice, own] : llvm::zip_equal(start, candidates))
      if (!choice)
        choice = own.front();
  }
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

bool LayoutSearch::tryChange(Assignment changed, Assignment &assignment) {
  if (changed == assignment)
    return false;
  // Rounding must not make two equal choices alternate.
  constexpr double kSmallestGain = 1e-3;
  if (getCostChange(assignment, changed) > -kSmallestGain)
    return false;
  assignment = std::move(changed);
  return true;
}

bool LayoutSearch::improveGroup(unsigned group, Assignment &assignment) {
  bool isBetter = false;
  for (LayoutAttr candidate : candidates[group]) {
    if (candidate == assignment[group])
      continue;
    Assignment alone = assignment;
    alone[group] = candidate;
    isBetter |= tryChange(std::move(alone), assignment);
    isBetter |= tryChange(getSpread(group, candidate, assignment), assignment);
  }
  return isBetter;
}

double LayoutSearch::improve(Assignment &assignment) {
  constexpr unsigned kMaxRounds = 8;
  for (unsigned round = 0; round < kMaxRounds; ++round) {
    bool isBetter = false;
    for (unsigned group = 0; group < graph.getNumGroups(); ++group)
      isBetter |= improveGroup(group, assignment);
    if (!isBetter)
      break;
  }
  return getCost(assignment);
}

Assignment LayoutSearch::run() {
  collectTiles();
  collectAccesses();
  collectStarts();
  completeStarts();
  // Only the most promising starts are worth the walk downhill.
  constexpr size_t kMaxStarts = 4;
  SmallVector<std::pair<double, unsigned>> order;
  for (auto [number, start] : llvm::enumerate(starts))
    order.push_back({getCost(start), number});
  llvm::sort(order);
  Assignment best;
  double bestCost = 0;
  for (auto [cost, number] : ArrayRef(order).take_front(kMaxStarts)) {
    double improved = improve(starts[number]);
    if (best.empty() || improved < bestCost) {
      best = starts[number];
      bestCost = improved;
    }
  }
  return best;
}

SmallVector<LayoutAttr>
mlir::tkg::searchLayouts(tk::KernelOp kernel, const LayoutGraph &graph,
                         const AlignmentAnalysis &alignment,
                         tk::ThreadCounts threads) {
  return LayoutSearch(kernel, graph, alignment, threads).run();
}
