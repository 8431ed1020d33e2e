//===- BodyBuiltins.cpp - math, choices, shapes and the grid --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyArgs.h"
#include "BodyChecker.h"
#include "Builtins.h"
#include "tk/Frontend/ASTVisitor.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

/// True for a call that computes with a tile as a whole.
static bool needsWholeTile(const CallExpr &call, StringRef name) {
  constexpr StringRef kNames[] = {
      "all", "any",    "arange", "argmax",  "argmin",   "broadcast", "concat",
      "dot", "expand", "last",   "mean",    "prod",     "reduce",    "repeat",
      "sum", "trans",  "map",    "reshape", "logsumexp"};
  bool isReduction = (name == "max" || name == "min") &&
                     (call.args.size() < 2 || call.args[1].name);
  return isReduction || is_contained(kNames, name);
}

TypedExpr *BodyChecker::checkBuiltin(const CallExpr &call, StringRef name,
                                     SourceRange nameRange) {
  if (!context.liftedShape.empty() && needsWholeTile(call, name))
    return fail(nameRange, DiagKind::NeedsWholeTile, name);
  using Group = TypedExpr *(BodyChecker::*)(const CallExpr &, StringRef);
  for (Group group : {&BodyChecker::checkMath, &BodyChecker::checkCombining,
                      &BodyChecker::checkReduction, &BodyChecker::checkShaping,
                      &BodyChecker::checkMemory, &BodyChecker::checkGrid})
    if (TypedExpr *result = (this->*group)(call, name))
      return result;
  auto message = report(nameRange, DiagKind::BuiltinMisused, name);
  if (name == "num_sms")
    message.hint("it belongs into 'grid', 'require' or a sequence");
  else if (name == "zeros" || name == "fill" || name == "ones")
    message.hint("write '" + name + "<f32>[M, N]'");
  return makeError(call.range);
}

//===----------------------------------------------------------------------===//
// Math
//===----------------------------------------------------------------------===//

namespace {

enum class Domain {
  /// Floats; 16-bit ones are computed in f32 and rounded once.
  Float,
  /// Floats, exactly in their own type.
  FloatExact,
  Number,
  /// Floats, with a truth value as result.
  Classify,
};

struct MathBuiltin {
  StringRef name;
  TypedOp op;
  Domain domain;
};

} // namespace

static const MathBuiltin *findMath(StringRef name) {
  static const MathBuiltin kMath[] = {
      {"abs", TypedOp::Abs, Domain::Number},
      {"ceil", TypedOp::Ceil, Domain::FloatExact},
      {"cos", TypedOp::Cos, Domain::Float},
      {"erf", TypedOp::Erf, Domain::Float},
      {"exp", TypedOp::Exp, Domain::Float},
      {"exp2", TypedOp::Exp2, Domain::Float},
      {"floor", TypedOp::Floor, Domain::FloatExact},
      {"isfinite", TypedOp::IsFinite, Domain::Classify},
      {"isinf", TypedOp::IsInf, Domain::Classify},
      {"isnan", TypedOp::IsNan, Domain::Classify},
      {"log", TypedOp::Log, Domain::Float},
      {"log2", TypedOp::Log2, Domain::Float},
      {"round", TypedOp::Round, Domain::FloatExact},
      {"rsqrt", TypedOp::Rsqrt, Domain::Float},
      {"sin", TypedOp::Sin, Domain::Float},
      {"sqrt", TypedOp::Sqrt, Domain::Float},
      {"tanh", TypedOp::Tanh, Domain::Float},
  };
  const MathBuiltin *found =
      find_if(kMath, [&](const MathBuiltin &m) { return m.name == name; });
  return found == std::end(kMath) ? nullptr : found;
}

static bool isHalf(ElementType element) {
  return element.isFloat() && getBitWidth(element.scalar) == 16;
}

TypedExpr *BodyChecker::makeMath(TypedOp op, TypedExpr *operand,
                                 SourceRange range) {
  ElementType element = operand->type.getElement();
  if (!isHalf(element))
    return makeElementwise(op, {operand}, range);
  TypedExpr *wide = makeCast(operand, ScalarKind::F32, range);
  return makeCast(makeElementwise(op, {wide}, range), element, range);
}

TypedExpr *BodyChecker::checkMath(const CallExpr &call, StringRef name) {
  const MathBuiltin *builtin = findMath(name);
  if (!builtin && name != "sigmoid")
    return nullptr;
  Args args(*this, call, name, {"x"});
  if (!args)
    return makeError(call.range);
  TypedExpr *operand = checkNumber(*args.get("x"));
  if (name == "abs")
    if (auto *constant = dyn_cast<TypedConstant>(operand))
      if (operand->type.isUntyped()) {
        ConstResult result = foldFunction("abs", constant->value);
        if (!reportConstError(result.error, call.range, name))
          return makeUntyped(result.value, call.range);
        return makeError(call.range);
      }
  operand = defaultType(operand);
  if (operand->type.isError())
    return operand;
  ElementType element = operand->type.getElement();
  bool fits = element.isFloat() ||
              (name == "abs" && element.isInteger() && !element.isUnsigned());
  if (!fits)
    return fail(args.get("x")->range, DiagKind::ExpectedFloat, name,
                operand->type.str());
  if (name == "sigmoid") {
    // 1 / (1 + exp(-x)), with one rounding to 16 bits at the end.
    TypedExpr *wide = isHalf(element)
                          ? makeCast(operand, ScalarKind::F32, call.range)
                          : operand;
    ElementType wideElement = wide->type.getElement();
    TypedExpr *one = broadcastTo(makeInteger(1, wideElement, call.range),
                                 wide->type.getShape());
    TypedExpr *negated = makeElementwise(TypedOp::Negate, {wide}, call.range);
    TypedExpr *power = makeElementwise(TypedOp::Exp, {negated}, call.range);
    TypedExpr *sum = makeElementwise(TypedOp::Add, {one, power}, call.range);
    return makeCast(makeElementwise(TypedOp::Divide, {one, sum}, call.range),
                    element, call.range);
  }
  switch (builtin->domain) {
  case Domain::Float:
    return makeMath(builtin->op, operand, call.range);
  case Domain::FloatExact:
  case Domain::Number:
    return makeElementwise(builtin->op, {operand}, call.range);
  case Domain::Classify:
    return makeOp(builtin->op, operand->type.withElement(ScalarKind::Bool),
                  {operand}, call.range);
  }
  llvm_unreachable("every domain is handled");
}

/// `fast.exp(x)`, `fast.div(a, b)`: the target's approximation.
TypedExpr *BodyChecker::checkFast(const CallExpr &call,
                                  const Identifier &name) {
  if (!is_contained(getFastNames(), name.name)) {
    auto message =
        report(name.range, DiagKind::NoSuchMember, "'fast'", name.name);
    if (std::optional<StringRef> closest =
            findClosest(name.name, getFastNames()))
      message.note(name.range, DiagKind::DidYouMean, *closest);
    return makeError(call.range);
  }
  bool isDivision = name.name == "div";
  Args args(*this, call, name.name,
            isDivision ? ArrayRef<StringRef>{"lhs", "rhs"}
                       : ArrayRef<StringRef>{"x"});
  if (!args)
    return makeError(call.range);
  SmallVector<TypedExpr *, 2> operands;
  if (isDivision) {
    operands = {checkNumber(*args.get("lhs")), checkNumber(*args.get("rhs"))};
    if (!unify(operands, call.range))
      return makeError(call.range);
  } else {
    operands = {checkTyped(*args.get("x"))};
  }
  if (operands[0]->type.isError())
    return operands[0];
  if (operands[0]->type.getElement() != ElementType(ScalarKind::F32))
    return fail(call.range, DiagKind::FastNeedsF32, name.name,
                operands[0]->type.str());
  TypedOp op = isDivision ? TypedOp::Divide : findMath(name.name)->op;
  TypedOperation *result = makeOp(op, operands[0]->type, operands, call.range);
  result->isFast = true;
  return result;
}

//===----------------------------------------------------------------------===//
// Two and three operands
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkMinMax(const CallExpr &call, StringRef name) {
  Args args(*this, call, name, {"lhs", "rhs"});
  if (!args)
    return makeError(call.range);
  TypedExpr *both[] = {checkNumber(*args.get("lhs")),
                       checkNumber(*args.get("rhs"))};
  if (both[0]->type.isError() || both[1]->type.isError())
    return makeError(call.range);
  bool isFoldable = name == "min" || name == "max" || name == "cdiv";
  if (isFoldable && both[0]->type.isUntyped() && both[1]->type.isUntyped()) {
    ConstResult result =
        foldFunction(name, {cast<TypedConstant>(both[0])->value,
                            cast<TypedConstant>(both[1])->value});
    if (result.error == ConstError::None)
      return makeUntyped(result.value, call.range);
    if (result.error == ConstError::NotDefined)
      return fail(call.range, DiagKind::ExpectedIndex, "an operand of 'cdiv'",
                  both[0]->type.str());
    reportConstError(result.error, call.range, name);
    return makeError(call.range);
  }
  if (!unify(both, call.range))
    return makeError(call.range);
  ElementType element = both[0]->type.getElement();
  bool fits = name == "cdiv" ? element.isInteger()
              : name == "maxnum" || name == "minnum"
                  ? element.isFloat()
                  : element.isFloat() || element.isInteger();
  if (!fits)
    return fail(call.range, DiagKind::OperatorNotDefined, name,
                both[0]->type.str());
  TypedOp op = llvm::StringSwitch<TypedOp>(name)
                   .Case("cdiv", TypedOp::CeilDivide)
                   .Case("max", TypedOp::Max)
                   .Case("maxnum", TypedOp::MaxNum)
                   .Case("min", TypedOp::Min)
                   .Default(TypedOp::MinNum);
  return makeElementwise(op, both, call.range);
}

TypedExpr *BodyChecker::checkSelect(const CallExpr &call) {
  Args args(*this, call, "where", {"condition", "a", "b"});
  if (!args)
    return makeError(call.range);
  TypedExpr *condition = check(*args.get("condition"));
  TypedExpr *values[] = {check(*args.get("a")), check(*args.get("b"))};
  if (condition->type.isError())
    return condition;
  if (!condition->type.isComputed() || !condition->type.getElement().isBool())
    return fail(args.get("condition")->range, DiagKind::ExpectedCondition,
                condition->type.str());
  if (!unifyElements(values, call.range))
    return makeError(call.range);
  TypedExpr *three[] = {condition, values[0], values[1]};
  if (!unifyShapes(three, call.range))
    return makeError(call.range);
  return makeOp(TypedOp::Select, three[1]->type, three, call.range);
}

TypedExpr *BodyChecker::checkCombining(const CallExpr &call, StringRef name) {
  if (name == "where")
    return checkSelect(call);
  if (name == "map")
    return checkMap(call);
  bool isReduction = (name == "max" || name == "min") &&
                     (call.args.size() < 2 || call.args[1].name);
  if (name == "cdiv" || name == "maxnum" || name == "minnum" ||
      ((name == "max" || name == "min") && !isReduction))
    return checkMinMax(call, name);
  if (name != "clamp" && name != "fma")
    return nullptr;
  bool isFma = name == "fma";
  Args args(*this, call, name,
            isFma ? ArrayRef<StringRef>{"a", "b", "c"}
                  : ArrayRef<StringRef>{"x", "low", "high"});
  if (!args)
    return makeError(call.range);
  TypedExpr *three[] = {checkNumber(*args.get(isFma ? "a" : "x")),
                        checkNumber(*args.get(isFma ? "b" : "low")),
                        checkNumber(*args.get(isFma ? "c" : "high"))};
  if (!unify(three, call.range))
    return makeError(call.range);
  ElementType element = three[0]->type.getElement();
  if (isFma) {
    if (!element.isFloat())
      return fail(call.range, DiagKind::ExpectedFloat, name,
                  three[0]->type.str());
    return makeElementwise(TypedOp::Fma, three, call.range);
  }
  if (!element.isFloat() && !element.isInteger())
    return fail(call.range, DiagKind::OperatorNotDefined, name,
                three[0]->type.str());
  TypedExpr *atLeast =
      makeElementwise(TypedOp::Max, {three[0], three[1]}, call.range);
  return makeElementwise(TypedOp::Min, {atLeast, three[2]}, call.range);
}

/// map(f, tiles...): a function on scalars, element by element.
TypedExpr *BodyChecker::checkMap(const CallExpr &call) {
  if (call.args.size() < 2)
    return fail(call.range, DiagKind::WrongArgumentCount, "map",
                "2 or more arguments", call.args.size());
  auto *lambda = dyn_cast<LambdaExpr>(call.args[0].value);
  const FnDecl *function = lambda ? nullptr : findFunction(*call.args[0].value);
  if (!function && !lambda)
    return fail(call.args[0].range, DiagKind::ExpectedFunction);
  SmallVector<TypedExpr *> args;
  for (const CallArg &arg : call.args.drop_front())
    args.push_back(defaultType(check(*arg.value)));
  if (lambda && args.size() != lambda->params.size())
    return fail(lambda->range, DiagKind::LambdaParams,
                formatCount(args.size(), "parameter"), lambda->params.size());
  if (function && args.size() != function->params.size()) {
    report(call.range, DiagKind::WrongArgumentCount, function->name.name,
           formatCount(function->params.size(), "argument"), args.size())
        .note(function->name.range, DiagKind::DeclaredHere,
              function->name.name);
    return makeError(call.range);
  }
  // Every tile, also inside tuples, has the one shape.
  SmallVector<int64_t> shape;
  bool isGood = true;
  std::function<void(const ValueType &, SourceRange)> findShape =
      [&](const ValueType &type, SourceRange range) {
        for (const ValueType &element : type.getElements())
          findShape(element, range);
        if (!isGood || !type.isTile())
          return;
        if (!shape.empty() && type.getShape() != ArrayRef<int64_t>(shape)) {
          report(range, DiagKind::ShapeMismatch, formatExtents(shape),
                 formatExtents(type.getShape()));
          isGood = false;
        }
        shape.assign(type.getShape().begin(), type.getShape().end());
      };
  for (TypedExpr *arg : args) {
    if (arg->type.isError())
      return arg;
    findShape(arg->type, arg->range);
  }
  if (!isGood)
    return makeError(call.range);
  return lambda ? applyLambda(*lambda, args, shape)
                : callFunction(*function, {}, args, call.range, shape);
}

/// Where a 'return' stands instead of a value, that was reported.
TypedExpr *BodyChecker::makeLambdaWithoutValue(const LambdaExpr &lambda) {
  bool hasReturn = false;
  walk(*lambda.body, [&](const Node &node) {
    hasReturn |= isa<ReturnStmt>(node);
    return !hasReturn;
  });
  return hasReturn ? makeError(lambda.range)
                   : fail(lambda.range, DiagKind::LambdaWithoutValue);
}

/// The value of `lambda`, each scalar of which stands for a tile of `shape`.
TypedExpr *BodyChecker::applyLambda(const LambdaExpr &lambda,
                                    ArrayRef<TypedExpr *> args,
                                    ArrayRef<int64_t> shape) {
  Scope inner(scope, /*isLambda=*/true);
  for (auto [param, arg] : zip_equal(lambda.params, args))
    inner.declare(param.name, {bind(arg, param.name), {}, false, param.range});
  SaveAndRestore savedScope(scope, &inner);
  SaveAndRestore savedShape(context.liftedShape, SmallVector<int64_t>(shape));
  checkStmts(*lambda.body);
  if (!lambda.body->value)
    return makeLambdaWithoutValue(lambda);
  std::function<TypedExpr *(TypedExpr *)> lift = [&](TypedExpr *value) {
    if (!value->type.isTuple())
      return broadcastTo(value, shape);
    SmallVector<TypedExpr *> elements;
    bindOnce(value);
    for (size_t i = 0; i < value->type.getElements().size(); ++i)
      elements.push_back(lift(makeField(value, i, value->range)));
    return makeTuple(elements, value->range);
  };
  TypedExpr *value = defaultType(check(*lambda.body->value));
  if (value->type.isError())
    return value;
  if (!value->type.isComputed() && !value->type.isTuple())
    return fail(value->range, DiagKind::ExpectedNumber, value->type.str());
  return lift(value);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

bool BodyChecker::checkAxis(const Expr &expr, int64_t rank, int64_t &axis) {
  std::optional<int64_t> value = evaluateInteger(expr, "an axis");
  if (!value)
    return false;
  if (*value < 0 || *value >= rank) {
    report(expr.range, DiagKind::AxisOutOfRange, rank, *value);
    return false;
  }
  axis = *value;
  return true;
}

TypedExpr *BodyChecker::checkArange(SourceRange range, ElementType element,
                                    const Args &args) {
  std::optional<int64_t> end =
      evaluateInteger(*args.get("end"), "the length of 'arange'");
  if (!end || !checkTileShape({*end}, args.get("end")->range))
    return makeError(range);
  if (!element.isInteger())
    return fail(range, DiagKind::OperatorNotDefined, "arange", element.str());
  if (*end > 0 && !isRepresentable(*end - 1, element.scalar))
    return fail(range, DiagKind::NotRepresentable, *end - 1, element.str());
  return makeOp(TypedOp::Arange, ValueType::shaped(element, {*end}), {}, range);
}

TypedExpr *BodyChecker::checkTrans(const CallExpr &call) {
  Args args(*this, call, "trans", {"tile", "?order"});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  int64_t rank = tile->type.getRank();
  SmallVector<int64_t> order;
  if (const Expr *expr = args.get("order")) {
    auto *list = dyn_cast<ListExpr>(expr);
    if (!list)
      return fail(expr->range, DiagKind::ExpectedList);
    SmallVector<bool> seen(rank);
    for (const Expr *element : list->elements) {
      int64_t axis = 0;
      if (!checkAxis(*element, rank, axis))
        return makeError(call.range);
      if (std::exchange(seen[axis], true))
        return fail(element->range, DiagKind::AxisTwice, axis);
      order.push_back(axis);
    }
    if (static_cast<int64_t>(order.size()) != rank)
      return fail(expr->range, DiagKind::AxisCount,
                  rank == 1 ? "1 axis" : std::to_string(rank) + " axes",
                  order.size());
  } else {
    if (rank < 2)
      return fail(args.get("tile")->range, DiagKind::RankTooSmall, "trans",
                  formatCount(2, "dimension"), tile->type.str());
    for (int64_t axis = 0; axis < rank; ++axis)
      order.push_back(axis);
    std::swap(order[rank - 1], order[rank - 2]);
  }
  SmallVector<int64_t> shape;
  for (int64_t axis : order)
    shape.push_back(tile->type.getShape()[axis]);
  return makeOp(TypedOp::Trans,
                ValueType::shaped(tile->type.getElement(), shape), {tile},
                call.range, order);
}

/// The shape of the concatenation of `tiles`; reports those that do not fit.
std::optional<SmallVector<int64_t>>
BodyChecker::getConcatShape(ArrayRef<TypedExpr *> tiles, int64_t axis,
                            SourceRange range) {
  SmallVector<int64_t> shape(tiles[0]->type.getShape());
  for (TypedExpr *tile : drop_begin(tiles)) {
    ArrayRef<int64_t> other = tile->type.getShape();
    bool fits = other.size() == shape.size();
    for (size_t i = 0; fits && i < shape.size(); ++i)
      fits = static_cast<int64_t>(i) == axis || other[i] == shape[i];
    if (!fits) {
      report(tile->range, DiagKind::ShapeMismatch, formatExtents(shape),
             formatExtents(other));
      return std::nullopt;
    }
    shape[axis] += other[axis];
  }
  if (!checkTileShape(shape, range))
    return std::nullopt;
  return shape;
}

/// There is no op for concatenation: each element is gathered from its own
/// piece. For pieces of 3 and 2 elements, where `min` and `max` keep the
/// positions inside the piece:
///
///   position            0 1 2 3 4
///   gather from piece 0 a b c c c
///   gather from piece 1 d d d d e
///   position >= 3       0 0 0 1 1
///   select              a b c d e
TypedExpr *BodyChecker::concatenate(ArrayRef<TypedExpr *> tiles, int64_t axis,
                                    ArrayRef<int64_t> shape,
                                    SourceRange range) {
  ElementType element = tiles[0]->type.getElement();
  int64_t total = shape[axis];
  auto fill = [&](int64_t value) {
    return makeFill(makeInteger(value, ScalarKind::Index, range), {total},
                    range);
  };
  TypedExpr *position =
      makeOp(TypedOp::Arange, ValueType::shaped(ScalarKind::Index, {total}), {},
             range);
  TypedExpr *result = nullptr;
  int64_t begin = 0;
  for (TypedExpr *tile : tiles) {
    int64_t extent = tile->type.getShape()[axis];
    if (extent == 0)
      continue;
    TypedExpr *local =
        makeElementwise(TypedOp::Subtract, {position, fill(begin)}, range);
    local = makeElementwise(TypedOp::Max, {local, fill(0)}, range);
    local = makeElementwise(TypedOp::Min, {local, fill(extent - 1)}, range);
    TypedExpr *piece =
        makeOp(TypedOp::Gather, ValueType::shaped(element, shape),
               {tile, local}, range, {axis});
    if (result) {
      TypedExpr *isPiece =
          makeCompare(TypedOp::GreaterEqual, position, fill(begin), range);
      SmallVector<int64_t> maskShape{total};
      for (size_t i = axis + 1; i < shape.size(); ++i) {
        maskShape.push_back(1);
        isPiece = makeOp(
            TypedOp::ExpandDims, ValueType::shaped(ScalarKind::Bool, maskShape),
            {isPiece}, range, {static_cast<int64_t>(maskShape.size()) - 1});
      }
      isPiece = broadcastTo(isPiece, shape);
      piece =
          makeOp(TypedOp::Select, piece->type, {isPiece, piece, result}, range);
    }
    result = piece;
    begin += extent;
  }
  return result ? result : tiles[0];
}

TypedExpr *BodyChecker::checkConcat(const CallExpr &call) {
  SmallVector<TypedExpr *> tiles;
  const Expr *axisExpr = nullptr;
  for (const CallArg &arg : call.args) {
    if (!arg.name)
      tiles.push_back(checkTyped(*arg.value));
    else if (arg.name.name == "axis")
      axisExpr = arg.value;
    else
      return fail(arg.name.range, DiagKind::UnknownArgument, "'concat'",
                  arg.name.name);
  }
  if (tiles.empty() || !axisExpr)
    return fail(call.range, DiagKind::MissingArgument, "concat",
                tiles.empty() ? "tile" : "axis");
  if (!unifyElements(tiles, call.range))
    return makeError(call.range);
  int64_t axis = 0;
  if (!checkAxis(*axisExpr, tiles[0]->type.getRank(), axis))
    return makeError(call.range);
  std::optional<SmallVector<int64_t>> shape =
      getConcatShape(tiles, axis, call.range);
  return shape ? concatenate(tiles, axis, *shape, call.range)
               : makeError(call.range);
}

/// repeat(x, axis = 1, times = n): each slice n times in a row.
TypedExpr *BodyChecker::checkRepeat(const CallExpr &call) {
  Args args(*this, call, "repeat", {"tile", "axis", "times"});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  std::optional<int64_t> times =
      evaluateInteger(*args.get("times"), "the number of times");
  int64_t axis = 0;
  if (tile->type.isError() || !times ||
      !checkAxis(*args.get("axis"), tile->type.getRank(), axis))
    return makeError(call.range);
  if (*times < 1)
    return fail(args.get("times")->range, DiagKind::ExtentNotPositive, *times);
  SmallVector<int64_t> shape(tile->type.getShape());
  if (MulOverflow(shape[axis], *times, shape[axis]))
    shape[axis] = INT64_MAX;
  if (!checkTileShape(shape, call.range))
    return makeError(call.range);
  ValueType indexType = ValueType::shaped(ScalarKind::Index, {shape[axis]});
  TypedExpr *position = makeOp(TypedOp::Arange, indexType, {}, call.range);
  TypedExpr *divisor =
      makeFill(makeInteger(*times, ScalarKind::Index, call.range),
               {shape[axis]}, call.range);
  TypedExpr *source =
      makeElementwise(TypedOp::Divide, {position, divisor}, call.range);
  return makeOp(TypedOp::Gather,
                ValueType::shaped(tile->type.getElement(), shape),
                {tile, source}, call.range, {axis});
}

/// expand(x, axis = 1) and last(x, axis = 1).
TypedExpr *BodyChecker::checkAxisShaping(const CallExpr &call, StringRef name) {
  Args args(*this, call, name, {"tile", "axis"});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  int64_t rank = tile->type.getRank() + (name == "expand");
  int64_t axis = 0;
  if (!checkAxis(*args.get("axis"), rank, axis))
    return makeError(call.range);
  SmallVector<int64_t> shape(tile->type.getShape());
  if (name == "last")
    return gatherPaired(tile, axis,
                        {makeInteger(std::max<int64_t>(shape[axis] - 1, 0),
                                     ScalarKind::Index, call.range)},
                        call.range);
  shape.insert(shape.begin() + axis, 1);
  if (!checkTileShape(shape, call.range))
    return makeError(call.range);
  if (tile->type.isScalar())
    return makeFill(tile, shape, call.range);
  return makeOp(TypedOp::ExpandDims,
                ValueType::shaped(tile->type.getElement(), shape), {tile},
                call.range, {axis});
}

/// reshape(x, [M, N]) and broadcast(x, [M, N]).
TypedExpr *BodyChecker::checkNewShape(const CallExpr &call, StringRef name) {
  Args args(*this, call, name, {"tile", "shape"});
  if (!args)
    return makeError(call.range);
  TypedExpr *tile = checkTyped(*args.get("tile"));
  if (tile->type.isError())
    return tile;
  auto *list = dyn_cast<ListExpr>(args.get("shape"));
  if (!list)
    return fail(args.get("shape")->range, DiagKind::ExpectedList);
  std::optional<SmallVector<int64_t>> shape =
      evaluateShape(list->elements, list->range);
  if (!shape)
    return makeError(call.range);
  ValueType type = ValueType::shaped(tile->type.getElement(), *shape);
  if (name == "broadcast")
    return convertTo(tile, type, "'broadcast'");
  if (type.getNumElements() != tile->type.getNumElements())
    return fail(call.range, DiagKind::ReshapeSize, tile->type.str(),
                tile->type.getNumElements(), type.getNumElements());
  if (tile->type.isScalar())
    return makeFill(tile, *shape, call.range);
  if (!shape->empty())
    return makeOp(TypedOp::Reshape, type, {tile}, call.range);
  // One element, as a scalar.
  while (tile->type.getRank() > 0)
    tile = gatherPaired(
        tile, 0, {makeInteger(0, ScalarKind::Index, call.range)}, call.range);
  return tile;
}

TypedExpr *BodyChecker::checkShaping(const CallExpr &call, StringRef name) {
  if (name == "trans")
    return checkTrans(call);
  if (name == "concat")
    return checkConcat(call);
  if (name == "repeat")
    return checkRepeat(call);
  if (name == "arange") {
    Args args(*this, call, name, {"end"});
    return args ? checkArange(call.range, ScalarKind::Index, args)
                : makeError(call.range);
  }
  if (name == "expand" || name == "last")
    return checkAxisShaping(call, name);
  if (name == "reshape" || name == "broadcast")
    return checkNewShape(call, name);
  return nullptr;
}

//===----------------------------------------------------------------------===//
// The grid
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkGrid(const CallExpr &call, StringRef name) {
  if (name == "grouped")
    return checkGrouped(call);
  if (name != "program_id" && name != "num_programs")
    return nullptr;
  Args args(*this, call, name, {"axis"});
  int64_t axis = 0;
  constexpr int64_t kGridRank = 3;
  if (!args || !checkAxis(*args.get("axis"), kGridRank, axis))
    return makeError(call.range);
  if (context.isReference)
    return fail(call.range, DiagKind::NoGridInReference, name);
  return makeOp(name == "program_id" ? TypedOp::ProgramId
                                     : TypedOp::NumPrograms,
                ValueType::scalar(ScalarKind::Index), {}, call.range, {axis});
}

/// grouped(id, rows, columns, group) -> (row, column): tiles are visited down
/// `group` rows before the next column, so that operands stay in the cache.
///
///   width = max(group * columns, 1)  first = id / width * group
///   height = min(max(rows - first, 1), group)
///   row = first + id % width % height     column = id % width / height
///
/// All of these count something, and where there is a tile, `max` changes
/// nothing. Where types and divisors say so, LLVM knows the remainders to be no
/// longer than `id`, and the divisions to be safe to move. Signed ones of 64
/// bits have a slow path, on which the assembler spent a tenth of its time for
/// a matmul.
TypedExpr *BodyChecker::checkGrouped(const CallExpr &call) {
  Args args(*this, call, "grouped", {"id", "rows", "columns", "group"});
  if (!args)
    return makeError(call.range);
  SmallVector<TypedExpr *, 4> values;
  for (StringRef param : {"id", "rows", "columns", "group"}) {
    TypedExpr *value = checkIndex(*args.get(param), param);
    if (value->type.isError())
      return value;
    TypedExpr *count = makeCast(value, ScalarKind::U64, call.range);
    values.push_back(bindOnce(count));
  }
  auto [id, rows, columns, group] =
      std::make_tuple(values[0], values[1], values[2], values[3]);
  SourceRange range = call.range;
  auto make = [&](TypedOp op, TypedExpr *lhs, TypedExpr *rhs) {
    TypedExpr *value = makeElementwise(op, {lhs, rhs}, range);
    return bindOnce(value);
  };
  TypedExpr *one = makeInteger(1, ScalarKind::U64, range);
  TypedExpr *width =
      make(TypedOp::Max, make(TypedOp::Multiply, group, columns), one);
  TypedExpr *first =
      make(TypedOp::Multiply, make(TypedOp::Divide, id, width), group);
  TypedExpr *left =
      make(TypedOp::Max, make(TypedOp::Subtract, rows, first), one);
  TypedExpr *height = make(TypedOp::Min, left, group);
  TypedExpr *rest = make(TypedOp::Remainder, id, width);
  TypedExpr *row =
      make(TypedOp::Add, first, make(TypedOp::Remainder, rest, height));
  TypedExpr *column = make(TypedOp::Divide, rest, height);
  return makeTuple({makeCast(row, ScalarKind::Index, range),
                    makeCast(column, ScalarKind::Index, range)},
                   range);
}
