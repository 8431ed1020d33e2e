//===- BodyType.cpp - constants and types that a body names ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

ConstValue BodyChecker::evaluate(const Expr &expr) {
  std::vector<TypedStmt *> unused;
  SaveAndRestore saved(stmts, &unused);
  TypedExpr *value = check(expr);
  if (value->type.isError())
    return {};
  auto *constant = dyn_cast<TypedConstant>(value);
  if (constant && constant->value)
    return constant->value;
  report(expr.range, DiagKind::NotConstant, "this");
  return {};
}

std::optional<int64_t> BodyChecker::evaluateInteger(const Expr &expr,
                                                    StringRef what) {
  std::vector<TypedStmt *> unused;
  SaveAndRestore saved(stmts, &unused);
  TypedExpr *value = check(expr);
  if (value->type.isError())
    return std::nullopt;
  auto *constant = dyn_cast<TypedConstant>(value);
  if (!constant) {
    auto message = report(expr.range, DiagKind::NotConstant, what);
    if (what.contains("extent"))
      message.hint("make it a constant of the kernel, as in '<BLOCK: const = "
                   "128>'");
    return std::nullopt;
  }
  const Int128 *integer = constant->value.getInteger();
  if (!integer) {
    report(expr.range, DiagKind::ExpectedIndex, what, value->type.str());
    return std::nullopt;
  }
  if (!isRepresentable(*integer, ScalarKind::I64)) {
    report(expr.range, DiagKind::NotRepresentable, formatInteger(*integer),
           "i64");
    return std::nullopt;
  }
  return static_cast<int64_t>(*integer);
}

/// Calls `action` for every name that the value of `expr` follows from.
static void forEachName(const Expr &expr,
                        llvm::function_ref<void(StringRef)> action) {
  if (auto *name = dyn_cast<NameExpr>(&expr)) {
    action(name->name);
  } else if (auto *binary = dyn_cast<BinaryExpr>(&expr)) {
    forEachName(*binary->lhs, action);
    forEachName(*binary->rhs, action);
  } else if (auto *unary = dyn_cast<UnaryExpr>(&expr)) {
    forEachName(*unary->operand, action);
  } else if (auto *call = dyn_cast<CallExpr>(&expr)) {
    for (const CallArg &arg : call->args)
      forEachName(*arg.value, action);
  }
}

void BodyChecker::reportExtent(const Expr &expr, int64_t extent) {
  bool isBlamed = false;
  forEachName(expr, [&](StringRef name) {
    isBlamed |= !blamedConstants.insert(name).second;
  });
  if (!isBlamed)
    report(expr.range, DiagKind::ExtentNotPositive, extent);
}

std::optional<ElementType> BodyChecker::resolveElement(const TypeExpr &type) {
  ValueType resolved = resolveType(type);
  if (resolved.isError())
    return std::nullopt;
  if (resolved.isScalar())
    return resolved.getElement();
  report(type.range, DiagKind::ExpectedScalarType, resolved.str());
  return std::nullopt;
}

/// A constant, a name of the language, or acc_of<T>.
ValueType BodyChecker::resolveNamedType(const NamedTypeExpr &type) {
  StringRef name = type.name;
  if (type.args.empty()) {
    if (const Symbol *symbol = scope->find(name))
      if (const ElementType *element = symbol->constant.getType())
        return ValueType::scalar(*element);
    if (std::optional<ScalarKind> kind = parseScalarKind(name))
      return ValueType::scalar(*kind);
    report(type.range, DiagKind::UnknownType, name);
    return ValueType::error();
  }
  if (name != "acc_of" || type.args.size() != 1) {
    report(type.range, DiagKind::UnknownType, name);
    return ValueType::error();
  }
  ConstValue argument = evaluate(*type.args[0].value);
  if (!argument)
    return ValueType::error();
  if (const ElementType *element = argument.getType())
    return ValueType::scalar(getAccumulatorType(*element));
  report(type.args[0].range, DiagKind::ExpectedTypeName,
         argument.getValueType().str());
  return ValueType::error();
}

ValueType BodyChecker::resolveTensorType(const TensorTypeExpr &type,
                                         bool isWritable) {
  std::optional<ElementType> element = resolveElement(*type.element);
  if (!element || !checkTensorRank(type.dims.size(), type.range))
    return ValueType::error();
  SmallVector<int64_t> shape;
  for (const Expr *dim : type.dims) {
    // Names that are not constants are dimensions of their own.
    bool isConstant = true;
    forEachName(*dim, [&](StringRef name) {
      const Symbol *symbol = scope->find(name);
      isConstant &= symbol && symbol->constant.getInteger();
    });
    if (!isConstant) {
      shape.push_back(kDynamicExtent);
      continue;
    }
    std::optional<int64_t> extent = evaluateInteger(*dim, "a dimension");
    if (!extent)
      return ValueType::error();
    if (*extent < 0) {
      reportExtent(*dim, *extent);
      return ValueType::error();
    }
    shape.push_back(*extent);
  }
  return ValueType::view(*element, shape, isWritable);
}

ValueType BodyChecker::resolveType(const TypeExpr &type, bool isWritable) {
  switch (type.kind) {
  case NodeKind::NamedTypeExpr:
    return resolveNamedType(cast<NamedTypeExpr>(type));
  case NodeKind::PtrTypeExpr: {
    std::optional<ElementType> element =
        resolveElement(*cast<PtrTypeExpr>(type).element);
    if (!element)
      return ValueType::error();
    constexpr unsigned kMaxPointerDepth = 8;
    if (element->pointerDepth == kMaxPointerDepth) {
      report(type.range, DiagKind::ExpectedScalarType, element->str());
      return ValueType::error();
    }
    ++element->pointerDepth;
    return ValueType::scalar(*element);
  }
  case NodeKind::TensorTypeExpr:
    return resolveTensorType(cast<TensorTypeExpr>(type), isWritable);
  case NodeKind::TileTypeExpr: {
    auto &tile = cast<TileTypeExpr>(type);
    std::optional<ElementType> element = resolveElement(*tile.element);
    std::optional<SmallVector<int64_t>> shape =
        evaluateShape(tile.shape, type.range);
    if (!element || !shape)
      return ValueType::error();
    return ValueType::shaped(*element, *shape);
  }
  case NodeKind::TupleTypeExpr: {
    std::vector<ValueType> elements;
    for (const TypeExpr *element : cast<TupleTypeExpr>(type).elements) {
      elements.push_back(resolveType(*element));
      if (elements.back().isError())
        return ValueType::error();
    }
    return checkedTuple(elements, type.range);
  }
  default:
    return ValueType::error();
  }
}

void BodyChecker::declareDims(const TensorTypeExpr &type, Variable *view) {
  for (auto [axis, dim] : enumerate(type.dims)) {
    auto *name = dyn_cast<NameExpr>(dim);
    if (!name || scope->find(name->name))
      continue;
    Variable *variable = context.arena->createVariable(
        name->name, ValueType::scalar(ScalarKind::Index), name->range);
    auto *assign = context.arena->create<TypedAssign>(name->range);
    assign->variable = variable;
    assign->value =
        makeOp(TypedOp::Dim, variable->type, {makeVariable(view, name->range)},
               name->range, {static_cast<int64_t>(axis)});
    prologue.push_back(assign);
    scope->declare(name->name, {variable, {}, false, name->range});
  }
}
