//===- BodyReduce.cpp - reductions and dot --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyArgs.h"
#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

static bool isHalf(ElementType element) {
  return element.isFloat() && getBitWidth(element.scalar) == 16;
}

/// The type of one axis reduced away.
static ValueType dropAxis(const ValueType &tile, int64_t axis) {
  SmallVector<int64_t> shape(tile.getShape());
  shape.erase(shape.begin() + axis);
  return ValueType::shaped(tile.getElement(), shape);
}

//===----------------------------------------------------------------------===//
// One operator
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::makeReduce(TypedExpr *operand, int64_t axis, TypedOp op,
                                   SourceRange range) {
  ValueType scalar = ValueType::scalar(operand->type.getElement());
  auto *reduce =
      context.arena->create<TypedReduce>(dropAxis(operand->type, axis), range);
  reduce->operand = operand;
  reduce->axis = axis;
  reduce->lhs = context.arena->createVariable("lhs", scalar, range);
  reduce->rhs = context.arena->createVariable("rhs", scalar, range);
  reduce->combiner = context.arena->create<TypedBlock>();
  reduce->combiner->value = makeElementwise(
      op, {makeVariable(reduce->lhs, range), makeVariable(reduce->rhs, range)},
      range);
  reduce->effect = operand->effect;
  return reduce;
}

TypedExpr *BodyChecker::keepAxis(TypedExpr *reduced, int64_t axis,
                                 SourceRange range) {
  SmallVector<int64_t> shape(reduced->type.getShape());
  shape.insert(shape.begin() + axis, 1);
  if (reduced->type.isScalar())
    return makeFill(reduced, shape, range);
  return makeOp(TypedOp::ExpandDims,
                ValueType::shaped(reduced->type.getElement(), shape), {reduced},
                range, {axis});
}

/// `axes` ascending. Sums of 16-bit floats are kept in f32 and rounded once.
TypedExpr *BodyChecker::reduceAxes(TypedExpr *tile, ArrayRef<int64_t> axes,
                                   TypedOp op, bool keepsAxes,
                                   SourceRange range) {
  ElementType element = tile->type.getElement();
  bool accumulates = op == TypedOp::Add || op == TypedOp::Multiply;
  if (accumulates && isHalf(element))
    tile = makeCast(tile, ScalarKind::F32, range);
  // Inner axes first: those before them keep their numbers.
  for (int64_t axis : reverse(axes))
    tile = makeReduce(tile, axis, op, range);
  if (accumulates && isHalf(element))
    tile = makeCast(tile, element, range);
  if (keepsAxes)
    for (int64_t axis : axes)
      tile = keepAxis(tile, axis, range);
  return tile;
}

/// `axis = 1`, `axis = [0, 2]`, or all.
bool BodyChecker::checkAxes(const Args &args, const ValueType &tile,
                            SmallVectorImpl<int64_t> &axes) {
  const Expr *expr = args.get("axis");
  int64_t rank = tile.getRank();
  if (!expr) {
    for (int64_t axis = 0; axis < rank; ++axis)
      axes.push_back(axis);
    return true;
  }
  ArrayRef<const Expr *> elements(expr);
  if (auto *list = dyn_cast<ListExpr>(expr))
    elements = list->elements;
  for (const Expr *element : elements) {
    int64_t axis = 0;
    if (!checkAxis(*element, rank, axis))
      return false;
    if (is_contained(axes, axis)) {
      report(element->range, DiagKind::AxisTwice, axis);
      return false;
    }
    axes.push_back(axis);
  }
  llvm::sort(axes);
  return true;
}

TypedExpr *BodyChecker::checkSimpleReduction(const CallExpr &call,
                                             StringRef name) {
  Args args(*this, call, name, {"tile", "axis=", "keep="});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  if (!tile->type.isTile())
    return fail(args.get("tile")->range, DiagKind::ExpectedTile, name,
                tile->type.str());
  ElementType element = tile->type.getElement();
  bool isLogical = name == "all" || name == "any";
  bool fits =
      isLogical ? element.isBool() : element.isFloat() || element.isInteger();
  if (name == "mean")
    fits = element.isFloat();
  if (!fits) {
    auto message = report(args.get("tile")->range, DiagKind::OperatorNotDefined,
                          name, tile->type.str());
    if (element.isBool())
      message.hint("write 'i32(x)' to count");
    return makeError(call.range);
  }
  SmallVector<int64_t> axes;
  std::optional<bool> keepsAxes = args.getBool("keep", false);
  if (!keepsAxes || !checkAxes(args, tile->type, axes))
    return makeError(call.range);
  bool hasNoIdentity = name == "max" || name == "min";
  if (hasNoIdentity && any_of(axes, [&](int64_t axis) {
        return tile->type.getShape()[axis] == 0;
      }))
    return fail(args.get("tile")->range, DiagKind::EmptyReduction, name);
  TypedOp op = llvm::StringSwitch<TypedOp>(name)
                   .Case("all", TypedOp::And)
                   .Case("any", TypedOp::Or)
                   .Case("max", TypedOp::Max)
                   .Case("min", TypedOp::Min)
                   .Case("prod", TypedOp::Multiply)
                   .Default(TypedOp::Add);
  if (name != "mean")
    return reduceAxes(tile, axes, op, *keepsAxes, call.range);
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= tile->type.getShape()[axis];
  if (isHalf(element))
    tile = makeCast(tile, ScalarKind::F32, call.range);
  TypedExpr *sum = reduceAxes(tile, axes, TypedOp::Add, *keepsAxes, call.range);
  TypedExpr *divisor =
      castTo(makeUntyped(ConstValue::integer(count), call.range),
             sum->type.getElement(), call.range);
  divisor = broadcastTo(divisor, sum->type.getShape());
  return makeCast(makeElementwise(TypedOp::Divide, {sum, divisor}, call.range),
                  element, call.range);
}

//===----------------------------------------------------------------------===//
// Composed reductions
//===----------------------------------------------------------------------===//

/// The combiner of argmax and argmin. Of two (element, position) pairs it takes
/// a NaN before a number, then the extremum, then the lower position.
TypedExpr *BodyChecker::chooseExtremum(const TypedReduce &reduce, bool isMax) {
  SourceRange range = reduce.range;
  TypedExpr *lhs = makeVariable(reduce.lhs, range);
  TypedExpr *rhs = makeVariable(reduce.rhs, range);
  ArrayRef<ValueType> types = reduce.lhs->type.getElements();
  TypedExpr *left = makeField(lhs, 0, range), *right = makeField(rhs, 0, range);
  TypedExpr *isLower = makeCompare(TypedOp::Less, makeField(rhs, 1, range),
                                   makeField(lhs, 1, range), range);
  auto combine = [&](TypedOp op, TypedExpr *a, TypedExpr *b) {
    return makeElementwise(op, {a, b}, range);
  };
  TypedExpr *isBetter =
      makeCompare(isMax ? TypedOp::Greater : TypedOp::Less, right, left, range);
  TypedExpr *isEqual = makeCompare(TypedOp::Equal, right, left, range);
  TypedExpr *takesRight =
      combine(TypedOp::Or, isBetter, combine(TypedOp::And, isEqual, isLower));
  if (types[0].getElement().isFloat()) {
    ValueType truth = ValueType::scalar(ScalarKind::Bool);
    TypedExpr *leftNan = makeOp(TypedOp::IsNan, truth, {left}, range);
    TypedExpr *rightNan = makeOp(TypedOp::IsNan, truth, {right}, range);
    TypedExpr *leftGood =
        makeElementwise(TypedOp::LogicalNot, {leftNan}, range);
    TypedExpr *firstNan = combine(TypedOp::And, rightNan,
                                  combine(TypedOp::Or, leftGood, isLower));
    // A comparison with NaN is false, so only a NaN on the left must be undone.
    takesRight = combine(TypedOp::Or,
                         combine(TypedOp::And, leftGood, takesRight), firstNan);
  }
  bindOnce(takesRight);
  SmallVector<TypedExpr *, 2> chosen;
  for (unsigned i = 0; i < 2; ++i)
    chosen.push_back(
        makeOp(TypedOp::Select, types[i],
               {takesRight, makeField(rhs, i, range), makeField(lhs, i, range)},
               range));
  return makeTuple(chosen, range);
}

/// The index of the first NaN, else of the extremum; the lowest of equals.
TypedExpr *BodyChecker::checkArgExtremum(const CallExpr &call, bool isMax) {
  StringRef name = isMax ? "argmax" : "argmin";
  Args args(*this, call, name, {"tile", "axis=", "keep="});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  if (!tile->type.isTile() || tile->type.getElement().isPointer() ||
      tile->type.getElement().isBool())
    return fail(args.get("tile")->range, DiagKind::ExpectedTile, name,
                tile->type.str());
  SmallVector<int64_t> axes;
  std::optional<bool> keepsAxis = args.getBool("keep", false);
  if (!keepsAxis || !checkAxes(args, tile->type, axes))
    return makeError(call.range);
  if (axes.size() != 1)
    return fail(call.range, DiagKind::AxisCount, "1 axis", axes.size());
  int64_t axis = axes[0];
  int64_t extent = tile->type.getShape()[axis];
  if (extent == 0)
    return fail(args.get("tile")->range, DiagKind::EmptyReduction, name);
  SourceRange range = call.range;

  SmallVector<int64_t> shape{extent};
  TypedExpr *positions = makeOp(
      TypedOp::Arange, ValueType::shaped(ScalarKind::I64, shape), {}, range);
  for (int64_t i = axis + 1; i < tile->type.getRank(); ++i) {
    shape.push_back(1);
    positions =
        makeOp(TypedOp::ExpandDims, ValueType::shaped(ScalarKind::I64, shape),
               {positions}, range, {static_cast<int64_t>(shape.size()) - 1});
  }
  positions = broadcastTo(positions, tile->type.getShape());
  TypedExpr *operand = makeTuple({tile, positions}, range);

  ValueType pair = ValueType::tuple({ValueType::scalar(tile->type.getElement()),
                                     ValueType::scalar(ScalarKind::I64)});
  auto *reduce = context.arena->create<TypedReduce>(
      ValueType::tuple(
          {dropAxis(tile->type, axis), dropAxis(positions->type, axis)}),
      range);
  reduce->operand = operand;
  reduce->axis = axis;
  reduce->lhs = context.arena->createVariable("lhs", pair, range);
  reduce->rhs = context.arena->createVariable("rhs", pair, range);
  reduce->combiner = context.arena->create<TypedBlock>();
  reduce->effect = operand->effect;
  {
    SaveAndRestore saved(stmts, &reduce->combiner->stmts);
    reduce->combiner->value = chooseExtremum(*reduce, isMax);
  }
  TypedExpr *result = makeField(reduce, 1, range);
  return *keepsAxis ? keepAxis(result, axis, range) : result;
}

/// log(sum(exp(x))) without overflow: the maximum, where it is finite, is taken
/// out of the exponents.
TypedExpr *BodyChecker::checkLogSumExp(const CallExpr &call) {
  Args args(*this, call, "logsumexp", {"tile", "axis=", "keep="});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  if (!tile->type.isTile() || !tile->type.getElement().isFloat())
    return fail(args.get("tile")->range, DiagKind::ExpectedFloat, "logsumexp",
                tile->type.str());
  SmallVector<int64_t> axes;
  std::optional<bool> keepsAxes = args.getBool("keep", false);
  if (!keepsAxes || !checkAxes(args, tile->type, axes))
    return makeError(call.range);
  SourceRange range = call.range;
  ElementType element = tile->type.getElement();
  if (isHalf(element))
    tile = makeCast(tile, ScalarKind::F32, range);
  bindOnce(tile);
  TypedExpr *largest = reduceAxes(tile, axes, TypedOp::Max, true, range);
  bindOnce(largest);
  TypedExpr *isFinite =
      makeOp(TypedOp::IsFinite, largest->type.withElement(ScalarKind::Bool),
             {largest}, range);
  TypedExpr *zero = broadcastTo(makeInteger(0, tile->type.getElement(), range),
                                largest->type.getShape());
  TypedExpr *shift =
      makeOp(TypedOp::Select, largest->type, {isFinite, largest, zero}, range);
  bindOnce(shift);
  TypedExpr *shifted =
      makeElementwise(TypedOp::Subtract,
                      {tile, broadcastTo(shift, tile->type.getShape())}, range);
  TypedExpr *power = makeElementwise(TypedOp::Exp, {shifted}, range);
  TypedExpr *sum = reduceAxes(power, axes, TypedOp::Add, true, range);
  TypedExpr *result = makeElementwise(
      TypedOp::Add, {shift, makeElementwise(TypedOp::Log, {sum}, range)},
      range);
  if (!*keepsAxes)
    for (int64_t axis : reverse(axes))
      result = gatherPaired(result, axis,
                            {makeInteger(0, ScalarKind::Index, range)}, range);
  return makeCast(result, element, range);
}

//===----------------------------------------------------------------------===//
// Any combiner
//===----------------------------------------------------------------------===//

/// Applies `combine`, a lambda or the name of a function, to the two sides of
/// `reduce`.
TypedExpr *BodyChecker::checkCombiner(const Expr &combine,
                                      TypedReduce &reduce) {
  if (auto *lambda = dyn_cast<LambdaExpr>(&combine)) {
    if (lambda->params.size() != 2)
      return fail(combine.range, DiagKind::LambdaParams,
                  formatCount(2, "parameter"), lambda->params.size());
    Scope inner(scope, /*isLambda=*/true);
    Variable *variables[] = {reduce.lhs, reduce.rhs};
    for (auto [param, variable] : zip_equal(lambda->params, variables)) {
      variable->range = param.range;
      inner.declare(param.name, {variable, {}, false, param.range});
    }
    SaveAndRestore savedScope(scope, &inner);
    checkStmts(*lambda->body);
    return lambda->body->value ? check(*lambda->body->value)
                               : makeLambdaWithoutValue(*lambda);
  }
  if (const FnDecl *function = findFunction(combine)) {
    if (function->params.size() != 2)
      return fail(combine.range, DiagKind::LambdaParams,
                  formatCount(2, "parameter"), function->params.size());
    TypedExpr *both[] = {makeVariable(reduce.lhs, combine.range),
                         makeVariable(reduce.rhs, combine.range)};
    return callFunction(*function, {}, both, combine.range, {});
  }
  TypedExpr *value = check(combine);
  if (value->type.isError())
    return value;
  return fail(combine.range, DiagKind::ExpectedFunction);
}

/// reduce(tile, axis = 0, f) or reduce((a, b), axis = 0, |p, q| ...)
TypedExpr *BodyChecker::checkReduce(const CallExpr &call) {
  Args args(*this, call, "reduce", {"tile", "combine", "axis="});
  if (!args)
    return makeError(call.range);
  TypedExpr *operand = defaultType(check(*args.get("tile")));
  if (operand->type.isError())
    return operand;
  ArrayRef<ValueType> types(operand->type);
  if (operand->type.isTuple())
    types = operand->type.getElements();
  for (const ValueType &type : types) {
    if (!type.isTile())
      return fail(args.get("tile")->range, DiagKind::ExpectedTile, "reduce",
                  type.str());
    if (type.getShape() != types.front().getShape())
      return fail(args.get("tile")->range, DiagKind::ShapeMismatch,
                  formatExtents(types.front().getShape()),
                  formatExtents(type.getShape()));
  }
  int64_t axis = 0;
  if (const Expr *expr = args.get("axis")) {
    if (!checkAxis(*expr, types.front().getRank(), axis))
      return makeError(call.range);
  } else if (types.front().getRank() != 1) {
    return fail(call.range, DiagKind::MissingArgument, "reduce", "axis");
  }
  if (types.front().getShape()[axis] == 0)
    return fail(args.get("tile")->range, DiagKind::EmptyReduction, "reduce");

  std::vector<ValueType> scalars, results;
  for (const ValueType &type : types) {
    scalars.push_back(ValueType::scalar(type.getElement()));
    results.push_back(dropAxis(type, axis));
  }
  bool isTuple = operand->type.isTuple();
  ValueType scalar = isTuple ? ValueType::tuple(scalars) : scalars[0];
  auto *reduce = context.arena->create<TypedReduce>(
      isTuple ? ValueType::tuple(results) : results[0], call.range);
  reduce->operand = operand;
  reduce->axis = axis;
  reduce->effect = operand->effect;
  reduce->lhs = context.arena->createVariable("lhs", scalar, call.range);
  reduce->rhs = context.arena->createVariable("rhs", scalar, call.range);
  reduce->combiner = context.arena->create<TypedBlock>();

  const Expr &combine = *args.get("combine");
  SaveAndRestore saved(stmts, &reduce->combiner->stmts);
  SaveAndRestore savedCombiner(context.isCombiner, true);
  TypedExpr *value =
      convertTo(checkCombiner(combine, *reduce), scalar, "the combiner");
  if (value->type.isError())
    return value;
  reduce->combiner->value = value;
  bool touchesMemory =
      value->effect == Effect::Writes || !isPure(*reduce->combiner);
  if (touchesMemory)
    return fail(combine.range, DiagKind::CombinerNotPure);
  return reduce;
}

TypedExpr *BodyChecker::checkReduction(const CallExpr &call, StringRef name) {
  if (name == "dot")
    return checkDot(call, nullptr);
  if (name == "reduce")
    return checkReduce(call);
  if (name == "argmax" || name == "argmin")
    return checkArgExtremum(call, name == "argmax");
  if (name == "logsumexp")
    return checkLogSumExp(call);
  constexpr StringRef kSimple[] = {"all", "any",  "max", "mean",
                                   "min", "prod", "sum"};
  return is_contained(kSimple, name) ? checkSimpleReduction(call, name)
                                     : nullptr;
}

//===----------------------------------------------------------------------===//
// Dot
//===----------------------------------------------------------------------===//

static bool areBytes(const TypedExpr *lhs, const TypedExpr *rhs) {
  return lhs->type.getElement().isInteger() &&
         rhs->type.getElement().isInteger();
}

/// Reports operands that a dot cannot multiply. False after a mistake.
bool BodyChecker::checkDotOperands(TypedExpr *lhs, TypedExpr *rhs,
                                   SourceRange range) {
  for (TypedExpr *operand : {lhs, rhs}) {
    if (operand->type.getRank() < 2) {
      report(operand->range, DiagKind::RankTooSmall, "dot",
             formatCount(2, "dimension"), operand->type.str());
      return false;
    }
    ElementType element = operand->type.getElement();
    if (!element.isFloat() && element != ElementType(ScalarKind::I8) &&
        element != ElementType(ScalarKind::U8)) {
      report(operand->range, DiagKind::DotElement, operand->type.str());
      return false;
    }
  }
  if (lhs->type.getElement() != rhs->type.getElement() && !areBytes(lhs, rhs)) {
    reportMixed(lhs, rhs, range);
    return false;
  }
  ArrayRef<int64_t> left = lhs->type.getShape(), right = rhs->type.getShape();
  if (left.drop_back(2) != right.drop_back(2)) {
    report(range, DiagKind::ShapeMismatch, formatExtents(left),
           formatExtents(right));
    return false;
  }
  if (left.back() != right[right.size() - 2]) {
    report(range, DiagKind::DotK, lhs->type.str(), rhs->type.str(), left.back(),
           right[right.size() - 2])
        .hint("the last dimension of the left side meets the last but one of "
              "the right side");
    return false;
  }
  return true;
}

/// `accumulator` stands on the left of `acc += dot(a, b)`.
TypedExpr *BodyChecker::checkDot(const CallExpr &call, TypedExpr *accumulator) {
  Args args(*this, call, "dot", {"lhs", "rhs", "?acc", "precision="});
  if (!args)
    return makeError(call.range);
  TypedExpr *lhs = checkTyped(*args.get("lhs"));
  TypedExpr *rhs = checkTyped(*args.get("rhs"));
  constexpr StringRef kPrecisions[] = {"ieee", "tf32", "tf32x3"};
  std::optional<unsigned> precision = args.getWord("precision", kPrecisions, 0);
  if (lhs->type.isError() || rhs->type.isError() || !precision ||
      !checkDotOperands(lhs, rhs, call.range))
    return makeError(call.range);
  ElementType element = lhs->type.getElement();
  if (*precision != 0 && element != ElementType(ScalarKind::F32))
    return fail(args.get("precision")->range, DiagKind::PrecisionNeedsF32,
                kPrecisions[*precision], element.str());
  SmallVector<int64_t> shape(lhs->type.getShape().drop_back());
  shape.push_back(rhs->type.getShape().back());
  ElementType accElement = isHalf(element)      ? ElementType(ScalarKind::F32)
                           : areBytes(lhs, rhs) ? ElementType(ScalarKind::I32)
                                                : element;
  ValueType type = ValueType::shaped(accElement, shape);
  if (!checkTileShape(shape, call.range))
    return makeError(call.range);
  if (const Expr *acc = args.get("acc")) {
    if (accumulator)
      return fail(acc->range, DiagKind::TwoAccumulators);
    accumulator = check(*acc);
  }
  if (!accumulator)
    accumulator =
        makeFill(makeInteger(0, accElement, call.range), shape, call.range);
  // Any float no narrower than the operands' own accumulator will do.
  bool isWider = accumulator->type.isTile() && accElement.isFloat() &&
                 accumulator->type.getElement() == ElementType(ScalarKind::F64);
  if (isWider)
    type = ValueType::shaped(ScalarKind::F64, shape);
  accumulator = convertTo(accumulator, type, "the accumulator of this 'dot'");
  if (accumulator->type.isError())
    return makeError(call.range);
  auto *dot = context.arena->create<TypedDot>(type, call.range);
  dot->lhs = lhs;
  dot->rhs = rhs;
  dot->accumulator = accumulator;
  dot->precision = static_cast<Precision>(*precision);
  dot->effect = std::max({lhs->effect, rhs->effect, accumulator->effect});
  return dot;
}
