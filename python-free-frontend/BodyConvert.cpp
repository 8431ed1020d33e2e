//===- BodyConvert.cpp - nodes, conversions and broadcasts ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

static Effect getEffect(ArrayRef<TypedExpr *> operands) {
  Effect effect = Effect::None;
  for (TypedExpr *operand : operands)
    if (operand)
      effect = std::max(effect, operand->effect);
  return effect;
}

TypedExpr *BodyChecker::makeError(SourceRange range) {
  return context.arena->create<TypedError>(ValueType::error(), range);
}

TypedConstant *BodyChecker::makeUntyped(ConstValue value, SourceRange range) {
  auto *constant =
      context.arena->create<TypedConstant>(value.getValueType(), range);
  constant->value = std::move(value);
  return constant;
}

TypedExpr *BodyChecker::makeInteger(int64_t value, ElementType element,
                                    SourceRange range) {
  return makeConstant(makeUntyped(ConstValue::integer(value), range), element);
}

TypedOperation *BodyChecker::makeOp(TypedOp op, ValueType type,
                                    ArrayRef<TypedExpr *> operands,
                                    SourceRange range, ArrayRef<int64_t> axes) {
  auto *expr = context.arena->create<TypedOperation>(std::move(type), range);
  expr->op = op;
  expr->operands = operands.vec();
  expr->axes.assign(axes.begin(), axes.end());
  expr->effect = getEffect(operands);
  return expr;
}

TypedExpr *BodyChecker::makeElementwise(TypedOp op,
                                        ArrayRef<TypedExpr *> operands,
                                        SourceRange range) {
  return makeOp(op, operands.front()->type, operands, range);
}

TypedExpr *BodyChecker::makeCompare(TypedOp op, TypedExpr *lhs, TypedExpr *rhs,
                                    SourceRange range) {
  return makeOp(op, lhs->type.withElement(ScalarKind::Bool), {lhs, rhs}, range);
}

TypedExpr *BodyChecker::makeVariable(Variable *variable, SourceRange range) {
  auto *expr = context.arena->create<TypedVariable>(variable->type, range);
  expr->variable = variable;
  return expr;
}

TypedExpr *BodyChecker::makeField(TypedExpr *tuple, unsigned index,
                                  SourceRange range) {
  if (auto *literal = dyn_cast<TypedTuple>(tuple))
    if (getEffect(literal->elements) == Effect::None)
      return literal->elements[index];
  auto *field = context.arena->create<TypedField>(
      tuple->type.getElements()[index], range);
  field->tuple = tuple;
  field->index = index;
  field->effect = tuple->effect;
  return field;
}

ValueType BodyChecker::checkedTuple(ArrayRef<ValueType> elements,
                                    SourceRange range) {
  size_t numParts = elements.size();
  for (const ValueType &element : elements)
    numParts += element.getNumParts();
  if (numParts <= kMaxTupleParts)
    return ValueType::tuple(elements);
  report(range, DiagKind::TupleTooLarge, kMaxTupleParts);
  return ValueType::error();
}

TypedExpr *BodyChecker::makeTuple(ArrayRef<TypedExpr *> elements,
                                  SourceRange range) {
  std::vector<ValueType> types;
  for (TypedExpr *element : elements) {
    if (element->type.isError())
      return makeError(range);
    types.push_back(element->type);
  }
  ValueType type = checkedTuple(types, range);
  if (type.isError())
    return makeError(range);
  auto *tuple = context.arena->create<TypedTuple>(std::move(type), range);
  tuple->elements = elements.vec();
  tuple->effect = getEffect(elements);
  return tuple;
}

TypedExpr *BodyChecker::makeFill(TypedExpr *scalar, ArrayRef<int64_t> shape,
                                 SourceRange range) {
  if (shape.empty())
    return scalar;
  return makeOp(TypedOp::Splat,
                ValueType::shaped(scalar->type.getElement(), shape), {scalar},
                range);
}

Variable *BodyChecker::bind(TypedExpr *expr, StringRef name) {
  Variable *variable =
      context.arena->createVariable(name, expr->type, expr->range);
  auto *assign = appendStmt<TypedAssign>(expr->range);
  assign->variable = variable;
  assign->value = expr;
  return variable;
}

/// After this, `expr` may be used any number of times.
TypedExpr *BodyChecker::bindOnce(TypedExpr *&expr) {
  if (!isa<TypedVariable, TypedConstant, TypedError>(expr))
    expr = makeVariable(bind(expr), expr->range);
  return expr;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::makeConstant(TypedConstant *constant,
                                     ElementType element) {
  SourceRange range = constant->range;
  const Int128 *integer = constant->value.getInteger();
  const APFloat *number = constant->value.getFloat();
  assert((integer || number) && "only numbers are untyped");
  if (element.isBool() || element.isPointer()) {
    report(range, DiagKind::MixedTypes, constant->type.str(), element.str());
    return makeError(range);
  }
  ConstValue value;
  if (element.isInteger()) {
    if (number)
      return fail(range, DiagKind::FloatForInteger, element.str());
    if (!isRepresentable(*integer, element.scalar))
      return fail(range, DiagKind::NotRepresentable, formatInteger(*integer),
                  element.str());
    value = constant->value;
  } else {
    if (integer && !isExactIn(*integer, element.scalar))
      return fail(range, DiagKind::NotRepresentable, formatInteger(*integer),
                  element.str());
    APFloat exact = integer ? makeWideFloat(*integer) : *number;
    APFloat rounded = roundTo(element.scalar, exact);
    if (rounded.isInfinity() && !exact.isInfinity()) {
      report(range, DiagKind::NotRepresentable, constant->value.str(),
             element.str())
          .hint(exact.isNegative()
                    ? "write '-inf' for what is below all values"
                    : "write 'inf' for what is above all values");
      return makeError(range);
    }
    value = ConstValue::floating(rounded);
  }
  auto *typed =
      context.arena->create<TypedConstant>(ValueType::scalar(element), range);
  typed->value = std::move(value);
  return typed;
}

TypedExpr *BodyChecker::defaultType(TypedExpr *expr) {
  if (auto *tuple = dyn_cast<TypedTuple>(expr)) {
    SmallVector<TypedExpr *> elements;
    for (TypedExpr *element : tuple->elements)
      elements.push_back(defaultType(element));
    return makeTuple(elements, expr->range);
  }
  if (expr->type.getKind() == ValueType::Kind::IntConstant)
    return makeConstant(cast<TypedConstant>(expr), ScalarKind::I32);
  if (expr->type.getKind() == ValueType::Kind::FloatConstant)
    return makeConstant(cast<TypedConstant>(expr), context.isReference
                                                       ? ScalarKind::F64
                                                       : ScalarKind::F32);
  return expr;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::makeCast(TypedExpr *operand, ElementType element,
                                 SourceRange range) {
  if (operand->type.getElement() == element)
    return operand;
  auto *cast = context.arena->create<TypedCast>(
      operand->type.withElement(element), range);
  cast->operand = operand;
  cast->effect = operand->effect;
  return cast;
}

TypedExpr *BodyChecker::castTo(TypedExpr *operand, ElementType element,
                               SourceRange range) {
  if (operand->type.isError())
    return operand;
  if (auto *constant = dyn_cast<TypedConstant>(operand)) {
    // A literal takes the type at once: T(-inf), u8(255), index(0).
    bool isNumberOfKind = element.isFloat() || constant->value.getInteger();
    if (operand->type.isUntyped() && isNumberOfKind && !element.isBool()) {
      const Int128 *integer = constant->value.getInteger();
      // A cast rounds where a bare literal would have to be exact.
      if (integer && element.isFloat())
        constant = makeUntyped(ConstValue::floating(makeWideFloat(*integer)),
                               constant->range);
      return makeConstant(constant, element);
    }
    operand = defaultType(operand);
  }
  if (!operand->type.isComputed())
    return fail(operand->range, DiagKind::ExpectedNumber, operand->type.str());
  if (operand->type.getElement().isPointer() || element.isPointer())
    return fail(range, DiagKind::CannotCast, operand->type.str(),
                element.str());
  return makeCast(operand, element, range);
}

void BodyChecker::reportMixed(TypedExpr *lhs, TypedExpr *rhs,
                              SourceRange range) {
  auto message =
      report(range, DiagKind::MixedTypes, lhs->type.str(), rhs->type.str());
  ElementType left = lhs->type.getElement(), right = rhs->type.getElement();
  if (left.isPointer() || right.isPointer())
    return;
  // Towards the type that holds more.
  bool takesLeft = std::make_pair(left.isFloat(), getBitWidth(left.scalar)) >
                   std::make_pair(right.isFloat(), getBitWidth(right.scalar));
  TypedExpr *narrow = takesLeft ? rhs : lhs;
  StringRef text(narrow->range.Start.getPointer(),
                 narrow->range.End.getPointer() -
                     narrow->range.Start.getPointer());
  constexpr size_t kLongestQuote = 40;
  if (text.size() > kLongestQuote || text.contains('\n'))
    text = "...";
  message.note(
      narrow->range, DiagKind::Hint,
      ("write '" + (takesLeft ? left : right).str() + "(" + text + ")'").str());
}

TypedExpr *BodyChecker::convertElement(TypedExpr *expr, ElementType element) {
  if (expr->type.isError())
    return expr;
  if (expr->type.isUntyped())
    return makeConstant(cast<TypedConstant>(expr), element);
  if (!expr->type.isComputed())
    return fail(expr->range, DiagKind::ExpectedNumber, expr->type.str());
  ElementType found = expr->type.getElement();
  if (found == element)
    return expr;
  bool widens = element.isIndex() && found == ElementType(ScalarKind::I32);
  if (widens)
    return makeCast(expr, element, expr->range);
  report(expr->range, DiagKind::ExpectedElement, element.str(), found.str())
      .hint("write '" + element.str() + "(...)' to convert");
  return makeError(expr->range);
}

bool BodyChecker::unifyElements(MutableArrayRef<TypedExpr *> exprs,
                                SourceRange range) {
  TypedExpr *typed = nullptr;
  bool hasFloat = false;
  for (TypedExpr *&expr : exprs) {
    if (expr->type.isError())
      return false;
    hasFloat |= expr->type.getKind() == ValueType::Kind::FloatConstant;
    if (expr->type.isUntyped())
      continue;
    if (!expr->type.isComputed()) {
      report(expr->range, DiagKind::ExpectedNumber, expr->type.str());
      return false;
    }
    // An index takes i32 with it, so it decides.
    if (!typed || expr->type.getElement().isIndex())
      typed = expr;
  }
  ElementType element =
      hasFloat ? (context.isReference ? ScalarKind::F64 : ScalarKind::F32)
               : ScalarKind::I32;
  if (typed)
    element = typed->type.getElement();
  for (TypedExpr *&expr : exprs) {
    if (expr->type.isComputed() && expr->type.getElement() != element &&
        !(element.isIndex() &&
          expr->type.getElement() == ElementType(ScalarKind::I32))) {
      reportMixed(typed, expr, range);
      return false;
    }
    expr = convertElement(expr, element);
    if (expr->type.isError())
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::broadcastTo(TypedExpr *expr, ArrayRef<int64_t> shape) {
  if (expr->type.isError() || expr->type.getShape() == shape)
    return expr;
  if (expr->type.isScalar())
    return makeFill(expr, shape, expr->range);
  // Missing leading dimensions count as extents of 1.
  SmallVector<int64_t> extended(expr->type.getShape());
  ElementType element = expr->type.getElement();
  while (extended.size() < shape.size()) {
    extended.insert(extended.begin(), 1);
    expr = makeOp(TypedOp::ExpandDims, ValueType::shaped(element, extended),
                  {expr}, expr->range, {0});
  }
  if (ArrayRef<int64_t>(extended) == shape)
    return expr;
  return makeOp(TypedOp::Broadcast, ValueType::shaped(element, shape), {expr},
                expr->range);
}

/// The shape that both broadcast to, dimensions aligned at the end.
static std::optional<SmallVector<int64_t>>
getCommonShape(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  SmallVector<int64_t> shape(std::max(lhs.size(), rhs.size()));
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t left = i < lhs.size() ? lhs[lhs.size() - 1 - i] : 1;
    int64_t right = i < rhs.size() ? rhs[rhs.size() - 1 - i] : 1;
    if (left != right && left != 1 && right != 1)
      return std::nullopt;
    shape[shape.size() - 1 - i] = left == 1 ? right : left;
  }
  return shape;
}

bool BodyChecker::unifyShapes(MutableArrayRef<TypedExpr *> exprs,
                              SourceRange range) {
  SmallVector<int64_t> shape;
  for (TypedExpr *expr : exprs) {
    std::optional<SmallVector<int64_t>> common =
        getCommonShape(shape, expr->type.getShape());
    if (!common) {
      report(range, DiagKind::ShapeMismatch, formatExtents(shape),
             formatExtents(expr->type.getShape()))
          .hint("extents must be equal or 1; write ':' and 'none' in brackets "
                "to place new dimensions");
      return false;
    }
    shape = *common;
  }
  if (!shape.empty() && !checkTileShape(shape, range))
    return false;
  for (TypedExpr *&expr : exprs)
    expr = broadcastTo(expr, shape);
  return true;
}

bool BodyChecker::unify(MutableArrayRef<TypedExpr *> exprs, SourceRange range) {
  return unifyElements(exprs, range) && unifyShapes(exprs, range);
}

//===----------------------------------------------------------------------===//
// Whole values
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::convertTo(TypedExpr *expr, const ValueType &type,
                                  StringRef what) {
  if (expr->type.isError() || type.isError())
    return makeError(expr->range);
  if (type.isTuple() && expr->type.isTuple() &&
      type.getElements().size() == expr->type.getElements().size()) {
    if (expr->type == type)
      return expr;
    if (!isa<TypedTuple>(expr))
      bindOnce(expr);
    SmallVector<TypedExpr *> elements;
    for (auto [i, element] : enumerate(type.getElements())) {
      TypedExpr *field = isa<TypedTuple>(expr)
                             ? cast<TypedTuple>(expr)->elements[i]
                             : makeField(expr, i, expr->range);
      elements.push_back(convertTo(field, element, what));
    }
    return makeTuple(elements, expr->range);
  }
  bool isNumber = expr->type.isComputed() || expr->type.isUntyped();
  if (type.isComputed() && isNumber) {
    TypedExpr *converted = convertElement(expr, type.getElement());
    if (converted->type.isError() || converted->type == type)
      return converted;
    std::optional<SmallVector<int64_t>> common =
        getCommonShape(converted->type.getShape(), type.getShape());
    if (common && ArrayRef<int64_t>(*common) == type.getShape())
      return broadcastTo(converted, type.getShape());
    return fail(expr->range, DiagKind::ExpectedType, what, type.str(),
                expr->type.str());
  }
  if (expr->type == type)
    return expr;
  // Only what is written needs to be writable.
  if (type.isView() && expr->type.isView() && !type.isWritable() &&
      ValueType::view(expr->type.getElement(), expr->type.getShape(), false) ==
          type)
    return expr;
  return fail(expr->range, DiagKind::ExpectedType, what, type.str(),
              expr->type.str());
}

ValueType BodyChecker::getCommonType(TypedExpr *lhs, TypedExpr *rhs,
                                     SourceRange range) {
  if (lhs->type.isError() || rhs->type.isError())
    return ValueType::error();
  if (lhs->type == rhs->type && !lhs->type.isUntyped() && !lhs->type.isTuple())
    return lhs->type;
  auto *leftTuple = dyn_cast<TypedTuple>(lhs);
  auto *rightTuple = dyn_cast<TypedTuple>(rhs);
  if (lhs->type.isTuple() && rhs->type.isTuple() &&
      lhs->type.getElements().size() == rhs->type.getElements().size()) {
    std::vector<ValueType> elements;
    for (unsigned i = 0; i < lhs->type.getElements().size(); ++i) {
      TypedExpr *left =
          leftTuple ? leftTuple->elements[i] : makeField(lhs, i, lhs->range);
      TypedExpr *right =
          rightTuple ? rightTuple->elements[i] : makeField(rhs, i, rhs->range);
      elements.push_back(getCommonType(left, right, range));
      if (elements.back().isError())
        return ValueType::error();
    }
    return ValueType::tuple(elements);
  }
  bool areNumbers = (lhs->type.isComputed() || lhs->type.isUntyped()) &&
                    (rhs->type.isComputed() || rhs->type.isUntyped());
  if (areNumbers) {
    // Statements made by the conversion belong to the arms; only types matter.
    TypedExpr *both[] = {lhs, rhs};
    return unify(both, range) ? both[0]->type : ValueType::error();
  }
  report(range, DiagKind::ArmsDiffer, lhs->type.str(), rhs->type.str());
  return ValueType::error();
}
