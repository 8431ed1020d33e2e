//===- ViewPlaces.cpp - which elements of a view an access touches --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ViewPlaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

IndexSum IndexSum::plus(const IndexSum &other, int64_t factor) const {
  IndexSum sum = *this;
  sum.constant += factor * other.constant;
  for (auto [value, added] : other.terms) {
    auto *same = llvm::find_if(sum.terms, [value = value](const auto &term) {
      return term.first == value;
    });
    if (same == sum.terms.end())
      sum.terms.push_back({value, factor * added});
    else
      same->second += factor * added;
  }
  llvm::erase_if(sum.terms, [](const auto &term) { return term.second == 0; });
  return sum;
}

static std::optional<int64_t> getConstant(Value value) {
  APInt constant;
  if (!matchPattern(value, m_ConstantInt(&constant)))
    return std::nullopt;
  return constant.getSExtValue();
}

/// Index arithmetic does not wrap around, so sums of it are sums of numbers.
static IndexSum getSum(Value value) {
  IndexSum sum;
  if (std::optional<int64_t> constant = getConstant(value)) {
    sum.constant = *constant;
    return sum;
  }
  if (value.getType().isIndex()) {
    if (auto add = value.getDefiningOp<arith::AddIOp>())
      return getSum(add.getLhs()).plus(getSum(add.getRhs()));
    if (auto sub = value.getDefiningOp<arith::SubIOp>())
      return getSum(sub.getLhs()).plus(getSum(sub.getRhs()), -1);
    if (auto mul = value.getDefiningOp<arith::MulIOp>())
      for (auto [factor, other] : {std::pair(mul.getRhs(), mul.getLhs()),
                                   std::pair(mul.getLhs(), mul.getRhs())})
        if (std::optional<int64_t> constant = getConstant(factor))
          return sum.plus(getSum(other), *constant);
  }
  sum.terms.push_back({value, 1});
  return sum;
}

/// The loop that `value` counts the iterations of, if it does.
static scf::ForOp getLoopOfVariable(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto loop = argument
                  ? dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp())
                  : scf::ForOp();
  return loop && argument == loop.getInductionVar() ? loop : scf::ForOp();
}

/// Whether `value` may be another one after some loop went round.
static bool mayVary(Value value) {
  Operation *op = value.getParentBlock()->getParentOp();
  for (; op && !isa<tk::KernelOp>(op); op = op->getParentOp())
    if (isa<LoopLikeOpInterface>(op))
      return true;
  return false;
}

static bool mayVary(const IndexSum &sum) {
  return llvm::any_of(sum.terms,
                      [](const auto &term) { return mayVary(term.first); });
}

/// `sum` modulo `divisor`: what is a multiple of it goes, and a loop variable
/// that steps by multiples of it counts as where the loop begins.
static IndexSum reduceModulo(const IndexSum &sum, int64_t divisor) {
  IndexSum rest;
  rest.constant = sum.constant;
  for (auto [value, factor] : sum.terms) {
    if (factor % divisor == 0)
      continue;
    IndexSum term;
    term.terms.push_back({value, factor});
    if (scf::ForOp loop = getLoopOfVariable(value)) {
      std::optional<int64_t> step = getConstant(loop.getStep());
      if (step && factor * *step % divisor == 0)
        term = reduceModulo(
            IndexSum().plus(getSum(loop.getLowerBound()), factor), divisor);
    }
    rest = rest.plus(term);
  }
  return rest;
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// Where an item begins. An access of a pipelined loop begins after the last
/// element where there is no iteration for it, and touches nothing then.
static IndexSum getBegin(const tk::ViewItem &item, Value view, unsigned axis) {
  auto select = item.value.getDefiningOp<arith::SelectOp>();
  auto extent =
      select ? select.getFalseValue().getDefiningOp<tk::DimOp>() : tk::DimOp();
  bool isGuard = extent && extent.getView() == view && extent.getAxis() == axis;
  return getSum(isGuard ? select.getTrueValue() : item.value);
}

static ViewPlaces getPlaces(Value view, ArrayRef<tk::ViewItem> items) {
  ViewPlaces places;
  places.root = view;
  SmallVector<int64_t> tileShape;
  SmallVector<tk::ItemTileDims> tileDims =
      tk::getItemTileDims(items, tileShape);
  for (auto [axis, item] : llvm::enumerate(items)) {
    ViewPlaces::Dim &dim = places.dims.emplace_back();
    if (item.kind == tk::ItemKind::Gather) {
      dim.isGathered = true;
      continue;
    }
    bool isSlice = item.kind == tk::ItemKind::Slice;
    IndexSum begin = getBegin(item, view, axis), extent;
    extent.constant = isSlice ? item.extent : 1;
    dim.intervals.push_back({begin, begin.plus(extent)});
    if (isSlice)
      dim.tileDim = tileDims[axis].firstTileDim;
  }
  return places;
}

/// `places` in the view that `op` is a part of.
static ViewPlaces getPlacesInSource(const ViewPlaces &places,
                                    tk::SubviewOp op) {
  ViewPlaces source;
  source.root = op.getSource();
  auto offset = op.getOffsets().begin();
  auto length = op.getLengths().begin();
  const auto *dim = places.dims.begin();
  IndexSum one;
  one.constant = 1;
  for (int64_t kind : op.getKinds()) {
    if (kind == tk::SubviewOp::Drop) {
      IndexSum begin = getSum(*offset++);
      source.dims.emplace_back().intervals.push_back({begin, begin.plus(one)});
      continue;
    }
    ViewPlaces::Dim &moved = source.dims.emplace_back(*dim++);
    if (kind != tk::SubviewOp::Range)
      continue;
    IndexSum begin = getSum(*offset++);
    for (ViewPlaces::Interval &interval : moved.intervals)
      interval = {begin.plus(interval.begin), begin.plus(interval.end)};
    // What lies outside the part is not touched.
    moved.intervals.push_back({begin, begin.plus(getSum(*length++))});
  }
  return source;
}

std::optional<ViewPlaces> mlir::tkg::getViewPlaces(Operation *op) {
  using Result = std::optional<ViewPlaces>;
  Result places = llvm::TypeSwitch<Operation *, Result>(op)
                      .Case<tk::LoadViewOp, tk::StoreViewOp, CopyAsyncOp>(
                          [](auto op) -> Result {
                            return getPlaces(op.getView(), op.getItems());
                          })
                      .Default(Result());
  while (places) {
    auto subview = places->root.getDefiningOp<tk::SubviewOp>();
    if (!subview)
      break;
    places = getPlacesInSource(*places, subview);
  }
  return places;
}

//===----------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------===//

/// `a - b` if it is a number.
static std::optional<int64_t> getDistance(const IndexSum &a,
                                          const IndexSum &b) {
  IndexSum difference = a.plus(b, -1);
  if (!difference.terms.empty())
    return std::nullopt;
  return difference.constant;
}

static bool isNotBefore(const IndexSum &a, const IndexSum &b) {
  std::optional<int64_t> distance = getDistance(a, b);
  return distance && *distance >= 0;
}

/// Whether some interval of `a` and some of `b` satisfy `areApart` in some
/// dimension.
static bool anyIntervals(const ViewPlaces &a, const ViewPlaces &b,
                         function_ref<bool(const ViewPlaces::Interval &,
                                           const ViewPlaces::Interval &)>
                             areApart) {
  if (a.root != b.root)
    return false;
  for (const auto &[dimA, dimB] : llvm::zip_equal(a.dims, b.dims))
    for (const ViewPlaces::Interval &first : dimA.intervals)
      for (const ViewPlaces::Interval &second : dimB.intervals)
        if (areApart(first, second))
          return true;
  return false;
}

bool mlir::tkg::areApart(const ViewPlaces &a, const ViewPlaces &b,
                         bool sameIteration) {
  return anyIntervals(a, b, [&](const auto &first, const auto &second) {
    if (!sameIteration && (mayVary(first.begin) || mayVary(first.end) ||
                           mayVary(second.begin) || mayVary(second.end)))
      return false;
    return isNotBefore(second.begin, first.end) ||
           isNotBefore(first.begin, second.end);
  });
}

/// How far `sum` moves from one iteration of `loop` to the next, if by a known
/// number and by nothing else.
static std::optional<int64_t> getStride(const IndexSum &sum, scf::ForOp loop) {
  std::optional<int64_t> step = getConstant(loop.getStep());
  int64_t stride = 0;
  for (auto [value, factor] : sum.terms) {
    if (value == loop.getInductionVar() && step)
      stride = factor * *step;
    else if (!loop.isDefinedOutsideOfLoop(value))
      return std::nullopt;
  }
  return stride;
}

bool mlir::tkg::areApartAcross(const ViewPlaces &a, const ViewPlaces &b,
                               scf::ForOp loop) {
  return anyIntervals(a, b, [&](const auto &first, const auto &second) {
    std::optional<int64_t> stride = getStride(first.begin, loop);
    if (!stride || stride != getStride(second.begin, loop) ||
        stride != getStride(first.end, loop) ||
        stride != getStride(second.end, loop))
      return false;
    // In the same iteration, how far each reaches beyond where the other
    // begins.
    std::optional<int64_t> reach = getDistance(first.end, second.begin);
    std::optional<int64_t> otherReach = getDistance(second.end, first.begin);
    return reach && otherReach && std::abs(*stride) >= *reach &&
           std::abs(*stride) >= *otherReach;
  });
}

bool mlir::tkg::haveSameGrid(const ViewPlaces &a, const ViewPlaces &b,
                             bool sameIteration) {
  if (a.root != b.root)
    return false;
  for (const auto &[dimA, dimB] : llvm::zip_equal(a.dims, b.dims)) {
    if (dimA.isGathered || dimB.isGathered || dimA.tileDim != dimB.tileDim)
      return false;
    if (!dimA.tileDim)
      continue;
    const ViewPlaces::Interval &first = dimA.intervals.front();
    const ViewPlaces::Interval &second = dimB.intervals.front();
    std::optional<int64_t> extent = getDistance(first.end, first.begin);
    if (!extent || extent != getDistance(second.end, second.begin))
      return false;
    IndexSum restA = reduceModulo(first.begin, *extent);
    IndexSum restB = reduceModulo(second.begin, *extent);
    if (!sameIteration && (mayVary(restA) || mayVary(restB)))
      return false;
    std::optional<int64_t> distance = getDistance(restA, restB);
    if (!distance || *distance % *extent != 0)
      return false;
  }
  return true;
}
