//===- SplitMaskedLoops.cpp - cuts loops where their tests change ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each bounds test or mask is brought to the form `f(iv) <= 0` for all elements
// of a tile, f linear. With a positive coefficient of iv it holds up to some
// iteration, with a negative one from some iteration on. The iterations for
// which all tests hold are one interval, the full segment:
//
//   for k in range(0, K, 64): x[i, k +: 64]        k + 64 - K <= 0
//   holds for k <= K - 64, so full = [0, (floor((K - 64) / 64) + 1) * 64)
//
//===----------------------------------------------------------------------===//

#include "LinearForm.h"
#include "mlir/Analysis/DataFlow/ConstantPropagationAnalysis.h"
#include "mlir/Analysis/DataFlow/DeadCodeAnalysis.h"
#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlowFramework.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::tk {
#define GEN_PASS_DEF_SPLITMASKEDLOOPSPASS
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;
using namespace mlir::tk;

/// A longer body is not doubled: the code would cost more than the tests.
constexpr int64_t kMaxBodyOps = 512;

namespace {
/// A test in the body that holds for a whole tile if `form` <= 0.
struct Test {
  /// A `tk.load_view`, `tk.store_view` or `arith.cmpi`.
  Operation *op;
  /// The dimension that is tested, of a view access.
  unsigned axis;
  LinearForm form;
  /// Whether dropping it saves instructions on a device.
  bool pays;
};

/// The tests of a loop body that depend on the loop variable.
struct LoopTests {
  SmallVector<Test> tests;
  /// Extents that had to be computed for them, in front of the loop.
  SmallVector<DimOp> newExtents;
  bool any(bool isPositive) const {
    return llvm::any_of(tests, [&](const Test &test) {
      return test.form.ivCoefficient != 0 &&
             (test.form.ivCoefficient > 0) == isPositive;
    });
  }
};

class SplitMaskedLoops
    : public tk::impl::SplitMaskedLoopsPassBase<SplitMaskedLoops> {
public:
  using SplitMaskedLoopsPassBase::SplitMaskedLoopsPassBase;
  void runOnOperation() override;

private:
  bool isWorthSplitting(scf::ForOp loop, const LoopTests &tests);
};
} // namespace

//===----------------------------------------------------------------------===//
// Finding tests
//===----------------------------------------------------------------------===//

/// Whether a loaded tile is only ever multiplied, after elementwise work
/// perhaps, so that it can go through shared memory by copies that test for
/// free.
static bool feedsOnlyDots(Value tile) {
  return llvm::all_of(tile.getUsers(), [&](Operation *user) {
    bool passesOn =
        isa<TransOp, CastOp>(user) || user->hasTrait<OpTrait::Elementwise>();
    if (passesOn && user->getNumResults() == 1)
      return feedsOnlyDots(user->getResult(0));
    auto dot = dyn_cast<DotOp>(user);
    return dot && dot.getAccumulator() != tile;
  });
}

static bool isNonNegative(Value value, const DataFlowSolver &solver) {
  const auto *lattice =
      solver.lookupState<dataflow::IntegerValueRangeLattice>(value);
  return lattice && !lattice->getValue().isUninitialized() &&
         lattice->getValue().getValue().smin().isNonNegative();
}

/// The extent of a dimension of a view as a form: known, a value in sight, or
/// a new `tk.dim` in front of the loop.
static LinearForm getExtentForm(Value view, unsigned axis, scf::ForOp loop,
                                LoopTests &tests) {
  LinearForm form;
  int64_t extent = cast<ViewType>(view.getType()).getShape()[axis];
  if (!ShapedType::isDynamic(extent)) {
    form.low = form.high = extent;
    return form;
  }
  for (Operation *user : view.getUsers())
    if (auto dim = dyn_cast<DimOp>(user);
        dim && dim.getAxis() == axis && dim.getResult() == loop.getUpperBound())
      return form.terms.push_back({dim, 1}), form;
  OpBuilder builder(loop);
  DimOp dim = DimOp::create(builder, loop.getLoc(), view, axis);
  tests.newExtents.push_back(dim);
  form.terms.push_back({dim, 1});
  return form;
}

template <typename AccessOp>
static void collectAccessTests(AccessOp op, scf::ForOp loop,
                               const DataFlowSolver &solver, bool pays,
                               LoopTests &tests) {
  if (!loop.isDefinedOutsideOfLoop(op.getView()))
    return;
  std::optional<ArrayRef<bool>> inbounds = op.getInbounds();
  for (auto [axis, item] : llvm::enumerate(op.getItems())) {
    if (item.kind == ItemKind::Gather || (inbounds && (*inbounds)[axis]))
      continue;
    auto start = getLinearForm(item.value, loop);
    if (!start || start->ivCoefficient == 0)
      continue;
    int64_t length = item.kind == ItemKind::Slice ? item.extent : 1;
    LinearForm end = *start;
    end.low += length;
    end.high += length;
    unsigned dim = axis;
    tests.tests.push_back(
        {op, dim, end - getExtentForm(op.getView(), dim, loop, tests), pays});
    if (!isNonNegative(item.value, solver))
      tests.tests.push_back({op, dim, start->scaled(-1), pays});
  }
}

static void collectMaskTests(arith::CmpIOp op, scf::ForOp loop,
                             LoopTests &tests) {
  auto lhs = getLinearForm(op.getLhs(), loop);
  auto rhs = getLinearForm(op.getRhs(), loop);
  if (!lhs || !rhs)
    return;
  // lhs < rhs <=> lhs - rhs + 1 <= 0
  LinearForm form;
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::sle:
    form = *lhs - *rhs;
    break;
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::sge:
    form = *rhs - *lhs;
    break;
  case arith::CmpIPredicate::eq:
  case arith::CmpIPredicate::ne:
  case arith::CmpIPredicate::ult:
  case arith::CmpIPredicate::ule:
  case arith::CmpIPredicate::ugt:
  case arith::CmpIPredicate::uge:
    return;
  }
  if (form.ivCoefficient == 0)
    return;
  if (op.getPredicate() == arith::CmpIPredicate::slt ||
      op.getPredicate() == arith::CmpIPredicate::sgt) {
    ++form.low;
    ++form.high;
  }
  tests.tests.push_back({op, 0, form, isa<RankedTensorType>(op.getType())});
}

static LoopTests collectTests(scf::ForOp loop, const DataFlowSolver &solver) {
  LoopTests tests;
  loop.getBody()->walk([&](Operation *op) {
    if (auto load = dyn_cast<LoadViewOp>(op)) {
      bool pays = isa<RankedTensorType>(load.getType()) &&
                  !feedsOnlyDots(load.getResult());
      collectAccessTests(load, loop, solver, pays, tests);
    } else if (auto store = dyn_cast<StoreViewOp>(op)) {
      bool pays = isa<RankedTensorType>(store.getValue().getType());
      collectAccessTests(store, loop, solver, pays, tests);
    } else if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
      collectMaskTests(compare, loop, tests);
    }
  });
  return tests;
}

bool SplitMaskedLoops::isWorthSplitting(scf::ForOp loop,
                                        const LoopTests &tests) {
  if (tests.tests.empty())
    return false;
  if (policy == SplitPolicy::Always)
    return true;
  auto leftWhole = [&]() -> remark::detail::InFlightRemark {
    return remark::analysis(
        loop.getLoc(),
        remark::RemarkOpts::name("LoopLeftWhole").category(kRemarkCategory));
  };
  if (llvm::none_of(tests.tests, [](const Test &test) { return test.pays; })) {
    leftWhole() << "loop is not split: its bounds tests belong to operands of "
                   "a dot and cost nothing";
    return false;
  }
  int64_t numOps = 0;
  loop.getBody()->walk([&](Operation *) { ++numOps; });
  if (numOps <= kMaxBodyOps)
    return true;
  leftWhole() << llvm::formatv("loop is not split: its body has {0} ops, at "
                               "most {1} are doubled",
                               numOps, kMaxBodyOps)
                     .str();
  return false;
}

//===----------------------------------------------------------------------===//
// Splitting
//===----------------------------------------------------------------------===//

namespace {
/// Emits index arithmetic in front of a loop.
struct IndexMath {
  OpBuilder &builder;
  Location loc;

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value add(Value a, Value b) {
    return arith::AddIOp::create(builder, loc, a, b);
  }
  Value sub(Value a, Value b) {
    return arith::SubIOp::create(builder, loc, a, b);
  }
  Value mul(Value a, Value b) {
    return arith::MulIOp::create(builder, loc, a, b);
  }
  Value min(Value a, Value b) {
    return arith::MinSIOp::create(builder, loc, a, b);
  }
  Value max(Value a, Value b) {
    return arith::MaxSIOp::create(builder, loc, a, b);
  }
  Value floorDiv(Value a, Value b) {
    return arith::FloorDivSIOp::create(builder, loc, a, b);
  }
  Value ceilDiv(Value a, Value b) {
    return arith::CeilDivSIOp::create(builder, loc, a, b);
  }

  /// `offset` and the terms of `form`.
  Value invariantPart(const LinearForm &form, int64_t offset) {
    Value sum = constant(offset);
    for (auto [value, coefficient] : form.terms)
      sum = add(sum, mul(value, constant(coefficient)));
    return sum;
  }
};
} // namespace

/// c*iv + rest <= 0, c > 0: the last iv for which it holds, at most `limit`.
static Value getLastPassing(IndexMath math, const LoopTests &tests,
                            Value limit) {
  Value last = limit;
  for (const Test &test : tests.tests) {
    if (test.form.ivCoefficient <= 0)
      continue;
    LinearForm rest = test.form.scaled(-1);
    last =
        math.min(last, math.floorDiv(math.invariantPart(rest, rest.low),
                                     math.constant(test.form.ivCoefficient)));
  }
  return last;
}

/// -c*iv + rest <= 0, c > 0: the first iv for which it holds, at least `limit`.
static Value getFirstPassing(IndexMath math, const LoopTests &tests,
                             Value limit) {
  Value first = limit;
  for (const Test &test : tests.tests) {
    if (test.form.ivCoefficient >= 0)
      continue;
    first = math.max(first,
                     math.ceilDiv(math.invariantPart(test.form, test.form.high),
                                  math.constant(-test.form.ivCoefficient)));
  }
  return first;
}

/// Clones `loop` as the iterations from `start` to `end`, after the segment
/// `previous` if there is one.
static scf::ForOp cloneSegment(OpBuilder &builder, scf::ForOp loop,
                               scf::ForOp previous, StringRef name, Value start,
                               Value end, IRMapping &mapping) {
  auto segment = cast<scf::ForOp>(builder.clone(*loop, mapping));
  segment.setLowerBound(start);
  segment.setUpperBound(end);
  if (previous)
    segment.getInitArgsMutable().assign(previous.getResults());
  segment->setAttr(kSegmentAttr, builder.getStringAttr(name));
  return segment;
}

/// Makes the tests in the clone of a loop pass.
static void dropTests(const LoopTests &tests, IRMapping &mapping) {
  auto setInbounds = [](auto access, unsigned axis) {
    SmallVector<bool> flags(access.getView().getType().getRank(), false);
    if (std::optional<ArrayRef<bool>> old = access.getInbounds())
      flags.assign(old->begin(), old->end());
    flags[axis] = true;
    access.setInbounds(flags);
  };
  llvm::DenseSet<std::pair<Operation *, unsigned>> done;
  for (const Test &test : tests.tests) {
    if (!done.insert({test.op, test.axis}).second)
      continue;
    Operation *op = mapping.lookup(test.op);
    if (auto load = dyn_cast<LoadViewOp>(op)) {
      setInbounds(load, test.axis);
    } else if (auto store = dyn_cast<StoreViewOp>(op)) {
      setInbounds(store, test.axis);
    } else {
      OpBuilder builder(op);
      Type type = op->getResult(0).getType();
      TypedAttr isTrue = builder.getBoolAttr(true);
      if (auto tile = dyn_cast<RankedTensorType>(type))
        isTrue = DenseElementsAttr::get(tile, true);
      op->getResult(0).replaceAllUsesWith(
          arith::ConstantOp::create(builder, op->getLoc(), isTrue));
      op->erase();
    }
  }
}

static void splitLoop(scf::ForOp loop, const LoopTests &tests) {
  OpBuilder builder(loop);
  IndexMath math{builder, loop.getLoc()};
  Value lower = loop.getLowerBound(), upper = loop.getUpperBound();
  Value step = loop.getStep();
  bool hasHead = tests.any(/*isPositive=*/false);
  bool hasTail = tests.any(/*isPositive=*/true);

  // Segments start where an iteration of the loop starts.
  Value fullStart = lower;
  if (hasHead) {
    Value first = getFirstPassing(math, tests, lower);
    Value skipped = math.ceilDiv(math.sub(first, lower), step);
    fullStart = math.add(lower, math.mul(skipped, step));
  }
  Value fullEnd = upper;
  if (hasTail) {
    Value last = getLastPassing(math, tests, math.sub(upper, math.constant(1)));
    Value count = math.add(math.floorDiv(math.sub(last, fullStart), step),
                           math.constant(1));
    count = math.max(count, math.constant(0));
    fullEnd = math.add(fullStart, math.mul(count, step));
  }

  scf::ForOp previous;
  IRMapping ofHead, ofFull, ofTail;
  if (hasHead)
    previous = cloneSegment(builder, loop, previous, "head", lower,
                            math.min(fullStart, upper), ofHead);
  previous =
      cloneSegment(builder, loop, previous, "full", fullStart, fullEnd, ofFull);
  if (hasTail)
    previous =
        cloneSegment(builder, loop, previous, "tail", fullEnd, upper, ofTail);
  dropTests(tests, ofFull);
  loop.replaceAllUsesWith(previous.getResults());
  loop.erase();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

static bool isInnermost(scf::ForOp loop) {
  WalkResult result = loop.getBody()->walk(
      [](LoopLikeOpInterface) { return WalkResult::interrupt(); });
  return !result.wasInterrupted();
}

void SplitMaskedLoops::runOnOperation() {
  if (policy == SplitPolicy::Never)
    return;
  DataFlowSolver solver;
  solver.load<dataflow::DeadCodeAnalysis>();
  solver.load<dataflow::SparseConstantPropagation>();
  solver.load<dataflow::IntegerRangeAnalysis>();
  if (failed(solver.initializeAndRun(getOperation())))
    return signalPassFailure();

  SmallVector<scf::ForOp> loops;
  getOperation().walk([&](scf::ForOp loop) {
    if (loop.getInductionVar().getType().isIndex() && isInnermost(loop) &&
        !loop->hasAttr(kSegmentAttr))
      loops.push_back(loop);
  });
  for (scf::ForOp loop : loops) {
    LoopTests tests = collectTests(loop, solver);
    if (!isWorthSplitting(loop, tests)) {
      for (DimOp dim : tests.newExtents)
        dim.erase();
      continue;
    }
    remark::passed(
        loop.getLoc(),
        remark::RemarkOpts::name("LoopSplit").category(kRemarkCategory))
        << "loop is split: most iterations test no bounds";
    splitLoop(loop, tests);
    ++numSplit;
  }
}
