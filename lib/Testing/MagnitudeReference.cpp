//===- MagnitudeReference.cpp - sums of absolute values of a reference ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/MagnitudeReference.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tk;

static bool isFloatValue(Type type) {
  return isa<FloatType>(getElementTypeOrSelf(type)) && !isa<ViewType>(type);
}

namespace {
class MagnitudeBuilder {
public:
  MagnitudeBuilder(MLIRContext *context, DotMagnitude dots)
      : builder(context), dots(dots) {}

  void convert(Block &block) {
    // Ops that are made on the way are not visited.
    SmallVector<Operation *> ops = llvm::map_to_vector(
        block.getOperations(), [](Operation &op) { return &op; });
    for (Operation *op : ops)
      convert(op);
  }

private:
  void convert(Operation *op);
  void convertFor(scf::ForOp op);
  void convertIf(scf::IfOp op);
  void convertStore(StoreViewOp op);
  Value getDot(DotOp op);
  Value getReduce(ReduceOp op);
  Value compute(Operation *op);

  /// The magnitude of a value; |v| where nothing better is known.
  Value get(Value value) {
    if (Value known = magnitudes.lookup(value))
      return known;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(value);
    return magnitudes[value] =
               math::AbsFOp::create(builder, value.getLoc(), value);
  }
  SmallVector<Value> getFloats(ValueRange values) {
    SmallVector<Value> result;
    for (Value value : values)
      if (isFloatValue(value.getType()))
        result.push_back(get(value));
    return result;
  }

  template <typename OpT> Value make(Operation *op, Value lhs, Value rhs) {
    return OpT::create(builder, op->getLoc(), lhs, rhs);
  }

  /// `op` on the magnitudes of its float operands.
  Value cloneOnMagnitudes(Operation *op) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (isFloatValue(operand.getType()))
        mapping.map(operand, get(operand));
    return builder.clone(*op, mapping)->getResult(0);
  }

  OpBuilder builder;
  DotMagnitude dots;
  DenseMap<Value, Value> magnitudes;
};
} // namespace

/// The magnitude of the only result of `op`, null for |result|.
Value MagnitudeBuilder::compute(Operation *op) {
  auto operand = [&](unsigned i) { return get(op->getOperand(i)); };
  return TypeSwitch<Operation *, Value>(op)
      .Case<arith::AddFOp, arith::SubFOp>(
          [&](auto) { return make<arith::AddFOp>(op, operand(0), operand(1)); })
      .Case<arith::MulFOp>(
          [&](auto) { return make<arith::MulFOp>(op, operand(0), operand(1)); })
      .Case<arith::DivFOp>([&](arith::DivFOp divide) {
        Value divisor =
            math::AbsFOp::create(builder, op->getLoc(), divide.getRhs());
        return make<arith::DivFOp>(op, operand(0), divisor);
      })
      .Case<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
            arith::MinNumFOp>([&](auto) {
        return make<arith::MaximumFOp>(op, operand(0), operand(1));
      })
      .Case<arith::NegFOp, math::AbsFOp>([&](auto) { return operand(0); })
      .Case<math::FmaOp>([&](auto) {
        Value product = make<arith::MulFOp>(op, operand(0), operand(1));
        return make<arith::AddFOp>(op, product, operand(2));
      })
      .Case<arith::SelectOp, SplatOp, BroadcastOp, ExpandDimsOp, ReshapeOp,
            TransOp, GatherOp>([&](auto) { return cloneOnMagnitudes(op); })
      .Case<CastOp>([&](CastOp cast) {
        return isFloatValue(cast.getSource().getType()) ? cloneOnMagnitudes(op)
                                                        : Value();
      })
      .Case<DotOp>([&](DotOp dot) { return getDot(dot); })
      .Case<ReduceOp>([&](ReduceOp reduce) { return getReduce(reduce); })
      .Default([](Operation *) { return Value(); });
}

void MagnitudeBuilder::convert(Operation *op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return convertFor(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return convertIf(branch);
  if (auto store = dyn_cast<StoreViewOp>(op))
    return convertStore(store);
  if (isa<scf::WhileOp>(op))
    for (Region &region : op->getRegions())
      convert(region.front());
  if (op->getNumResults() != 1 || !isFloatValue(op->getResult(0).getType()))
    return;
  builder.setInsertionPointAfter(op);
  if (Value magnitude = compute(op))
    magnitudes[op->getResult(0)] = magnitude;
}

void MagnitudeBuilder::convertStore(StoreViewOp op) {
  if (isFloatValue(op.getValue().getType()))
    op.getValueMutable().assign(get(op.getValue()));
}

/// Sums add up magnitudes; extrema take the largest.
Value MagnitudeBuilder::getReduce(ReduceOp op) {
  Operation *simple = op.getSimpleCombiner();
  if (!simple)
    return {};
  bool isExtremum = isa<arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
                        arith::MinNumFOp>(simple);
  if (!isExtremum && !isa<arith::AddFOp, arith::MulFOp>(simple))
    return {};
  Value result = cloneOnMagnitudes(op);
  if (isExtremum) {
    Operation *copy = result.getDefiningOp<ReduceOp>().getSimpleCombiner();
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(copy);
    Value larger =
        make<arith::MaximumFOp>(copy, copy->getOperand(0), copy->getOperand(1));
    copy->getResult(0).replaceAllUsesWith(larger);
    copy->erase();
  }
  return result;
}

/// Reduces `tile` along `axis` with CombinerT, and repeats the result along a
/// new dimension `axis` up to `type`.
template <typename CombinerT>
static Value reduceAndRepeat(OpBuilder &builder, Location loc, Value tile,
                             unsigned axis, unsigned newAxis,
                             RankedTensorType type) {
  auto source = cast<RankedTensorType>(tile.getType());
  Type element = source.getElementType();
  SmallVector<int64_t> shape(source.getShape());
  shape.erase(shape.begin() + axis);
  auto reduced = RankedTensorType::get(shape, element);
  auto reduce = ReduceOp::create(builder, loc, TypeRange{reduced}, tile, axis);
  {
    OpBuilder::InsertionGuard guard(builder);
    Block *block = builder.createBlock(&reduce.getCombiner(), {},
                                       {element, element}, {loc, loc});
    Value combined = CombinerT::create(builder, loc, block->getArgument(0),
                                       block->getArgument(1));
    YieldOp::create(builder, loc, combined);
  }
  shape.insert(shape.begin() + newAxis, 1);
  Value expanded =
      ExpandDimsOp::create(builder, loc, RankedTensorType::get(shape, element),
                           reduce.getResult(0), newAxis);
  return BroadcastOp::create(
      builder, loc, RankedTensorType::get(type.getShape(), element), expanded);
}

Value MagnitudeBuilder::getDot(DotOp op) {
  if (!isFloatValue(op.getLhs().getType()) ||
      dots == DotMagnitude::SumOfProducts)
    return cloneOnMagnitudes(op);
  auto type = cast<RankedTensorType>(op.getType());
  unsigned rank = type.getRank();
  Location loc = op.getLoc();
  Value rows = reduceAndRepeat<arith::AddFOp>(builder, loc, get(op.getLhs()),
                                              rank - 1, rank - 1, type);
  Value columns = reduceAndRepeat<arith::MaximumFOp>(
      builder, loc, get(op.getRhs()), rank - 2, rank - 2, type);
  Value product = arith::MulFOp::create(builder, loc, rows, columns);
  if (product.getType() != type)
    product = CastOp::create(builder, loc, type, product);
  return arith::AddFOp::create(builder, loc, product, get(op.getAccumulator()));
}

/// Float results of a loop get a twin that carries the magnitude.
void MagnitudeBuilder::convertFor(scf::ForOp op) {
  SmallVector<Value> inits = getFloats(op.getInitArgs());
  builder.setInsertionPoint(op);
  auto addYields = [](OpBuilder &, Location,
                      ArrayRef<BlockArgument> arguments) {
    return SmallVector<Value>(arguments.begin(), arguments.end());
  };
  IRRewriter rewriter(builder);
  rewriter.setInsertionPoint(op);
  FailureOr<LoopLikeOpInterface> replaced = op.replaceWithAdditionalYields(
      rewriter, inits, /*replaceInitOperandUsesInLoop=*/false, addYields);
  if (failed(replaced))
    return;
  auto loop = cast<scf::ForOp>(replaced->getOperation());
  unsigned numOld = loop.getNumRegionIterArgs() - inits.size();
  auto pairUp = [&](ValueRange values) {
    unsigned next = numOld;
    for (Value value : values.take_front(numOld))
      if (isFloatValue(value.getType()))
        magnitudes[value] = values[next++];
  };
  pairUp(ValueRange(loop.getRegionIterArgs()));
  pairUp(loop.getResults());
  convert(*loop.getBody());
  Operation *yield = loop.getBody()->getTerminator();
  SmallVector<Value> yielded =
      getFloats(yield->getOperands().take_front(numOld));
  for (auto [i, value] : llvm::enumerate(yielded))
    yield->setOperand(numOld + i, value);
}

void MagnitudeBuilder::convertIf(scf::IfOp op) {
  convert(op.getThenRegion().front());
  if (op.getElseRegion().empty())
    return;
  convert(op.getElseRegion().front());
  SmallVector<Type> types(op.getResultTypes());
  for (Type type : op.getResultTypes())
    if (isFloatValue(type))
      types.push_back(type);
  if (types.size() == op.getNumResults())
    return;
  for (scf::YieldOp yield : {op.thenYield(), op.elseYield()})
    yield->insertOperands(yield->getNumOperands(),
                          getFloats(yield.getOperands()));
  builder.setInsertionPoint(op);
  auto branch = scf::IfOp::create(builder, op.getLoc(), types,
                                  op.getCondition(), /*addThenBlock=*/false,
                                  /*addElseBlock=*/false);
  branch.getThenRegion().takeBody(op.getThenRegion());
  branch.getElseRegion().takeBody(op.getElseRegion());
  unsigned next = op.getNumResults();
  for (auto [i, result] : llvm::enumerate(op.getResults())) {
    if (isFloatValue(result.getType()))
      magnitudes[branch.getResult(i)] = branch.getResult(next++);
    result.replaceAllUsesWith(branch.getResult(i));
  }
  op.erase();
}

LogicalResult mlir::tk::convertToMagnitudes(ModuleOp reference,
                                            DotMagnitude dots) {
  for (auto function : reference.getOps<func::FuncOp>()) {
    if (function.isExternal() || !function.getBody().hasOneBlock())
      return function.emitError("expects a reference of one block");
    MagnitudeBuilder(reference.getContext(), dots)
        .convert(function.getBody().front());
  }
  return success();
}
