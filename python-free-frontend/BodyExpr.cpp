//===- BodyExpr.cpp - types of expressions --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "Builtins.h"
#include "ForeignNames.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ProgramStack.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

SmallVector<StringRef> Scope::getNames() const {
  SmallVector<StringRef> names;
  for (const Scope *scope = this; scope; scope = scope->parent)
    for (const auto &entry : scope->symbols)
      names.push_back(entry.getKey());
  // The order of a hash table must not decide between equal suggestions.
  llvm::sort(names);
  return names;
}

//===----------------------------------------------------------------------===//
// Kinds of values
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::check(const Expr &expr) {
  unsigned &depth = context.functions->depth;
  SaveAndRestore deeper(depth, depth + 1);
  if (depth > kMaxCheckDepth)
    return fail(expr.range, DiagKind::CallsTooDeep, kMaxCheckDepth);
  TypedExpr *value = nullptr;
  unsigned &stackDepth = context.functions->stackDepth;
  if (depth - stackDepth < kLevelsPerStack) {
    value = checkKind(expr);
  } else {
    SaveAndRestore onItsOwn(stackDepth, depth);
    llvm::runOnNewStack(kBytesPerStack, [&] { value = checkKind(expr); });
  }
  if (context.isCombiner && value->type.isTile())
    return fail(expr.range, DiagKind::CombinerNotScalar, value->type.str());
  return value;
}

TypedExpr *BodyChecker::checkKind(const Expr &expr) {
  switch (expr.kind) {
  case NodeKind::BinaryExpr:
    return checkBinary(cast<BinaryExpr>(expr));
  case NodeKind::BoolLiteralExpr:
    return makeUntyped(ConstValue::boolean(cast<BoolLiteralExpr>(expr).value),
                       expr.range);
  case NodeKind::CallExpr:
    return checkCall(cast<CallExpr>(expr));
  case NodeKind::EnumCaseExpr:
    return fail(expr.range, DiagKind::EnumCaseWithoutEnum,
                cast<EnumCaseExpr>(expr).name.name);
  case NodeKind::ErrorExpr:
    return makeError(expr.range);
  case NodeKind::FloatLiteralExpr: {
    auto &literal = cast<FloatLiteralExpr>(expr);
    APFloat value = makeWideFloat(literal);
    if (value.isInfinity() && literal.digits != "inf")
      return fail(expr.range, DiagKind::NotRepresentable, literal.digits,
                  "any type");
    return makeUntyped(ConstValue::floating(std::move(value)), expr.range);
  }
  case NodeKind::GenericExpr:
    return fail(expr.range, DiagKind::NotAValue,
                cast<GenericExpr>(expr).name.name);
  case NodeKind::IfExpr:
    return checkIf(cast<IfExpr>(expr));
  case NodeKind::IndexExpr:
    return checkIndexing(cast<IndexExpr>(expr));
  case NodeKind::InsideExpr:
    return checkInside(cast<InsideExpr>(expr));
  case NodeKind::IntegerLiteralExpr:
    return makeUntyped(
        ConstValue::integer(cast<IntegerLiteralExpr>(expr).value), expr.range);
  case NodeKind::LambdaExpr:
    return fail(expr.range, DiagKind::MisplacedLambda);
  case NodeKind::ListExpr:
    return fail(expr.range, DiagKind::MisplacedList);
  case NodeKind::MemberExpr:
    return checkMember(cast<MemberExpr>(expr));
  case NodeKind::NameExpr:
    return checkName(cast<NameExpr>(expr));
  case NodeKind::NoneExpr:
    return makeUntyped(ConstValue(), expr.range);
  case NodeKind::ShapedExpr:
    return checkShaped(cast<ShapedExpr>(expr), nullptr);
  case NodeKind::StringLiteralExpr:
    return makeUntyped(ConstValue::string(cast<StringLiteralExpr>(expr).value),
                       expr.range);
  case NodeKind::TupleExpr:
    return checkTuple(cast<TupleExpr>(expr));
  case NodeKind::TupleFieldExpr:
    return checkField(cast<TupleFieldExpr>(expr));
  case NodeKind::TypeValueExpr: {
    std::optional<ElementType> element =
        resolveElement(*cast<TypeValueExpr>(expr).type);
    return element ? makeUntyped(ConstValue::type(*element), expr.range)
                   : makeError(expr.range);
  }
  case NodeKind::UnaryExpr:
    return checkUnary(cast<UnaryExpr>(expr));
  default:
    llvm_unreachable("not the kind of an expression");
  }
}

TypedExpr *BodyChecker::checkNumber(const Expr &expr) {
  TypedExpr *value = check(expr);
  const ValueType &type = value->type;
  if (type.isError() || type.isComputed() || type.isUntyped())
    return value;
  auto message = report(expr.range, DiagKind::ExpectedNumber, type.str());
  if (type.isView())
    message.hint("a tensor is read by indexing it: 'x[i, 0 +: 128]'");
  return makeError(expr.range);
}

TypedExpr *BodyChecker::checkTyped(const Expr &expr) {
  return defaultType(checkNumber(expr));
}

TypedExpr *BodyChecker::checkIndex(const Expr &expr, StringRef what) {
  TypedExpr *value = checkNumber(expr);
  if (value->type.isError())
    return value;
  if (value->type.isTile() ||
      (value->type.isScalar() && !value->type.getElement().isInteger()) ||
      value->type.getKind() == ValueType::Kind::FloatConstant)
    return fail(expr.range, DiagKind::ExpectedIndex, what, value->type.str());
  return convertElement(value, ScalarKind::Index);
}

bool BodyChecker::isPresenceTest(const Expr &expr) const {
  auto *name = dyn_cast<NameExpr>(&expr);
  const Symbol *symbol = name ? scope->find(name->name) : nullptr;
  return symbol && (symbol->isAbsent ||
                    (symbol->variable && symbol->variable->isOptional));
}

TypedExpr *BodyChecker::checkTruth(const Expr &expr) {
  if (!isPresenceTest(expr))
    return check(expr);
  bool isAbsent = scope->find(cast<NameExpr>(expr).name)->isAbsent;
  return makeUntyped(ConstValue::boolean(!isAbsent), expr.range);
}

TypedExpr *BodyChecker::checkCondition(const Expr &expr) {
  TypedExpr *value = checkTruth(expr);
  if (value->type.isError() || value->type.isBool())
    return value;
  bool isTileOfBools =
      value->type.isTile() && value->type.getElement().isBool();
  if (isTileOfBools && !context.liftedShape.empty())
    return value;
  auto message =
      report(expr.range, DiagKind::ExpectedCondition, value->type.str());
  if (isTileOfBools)
    message.hint("'where(condition, a, b)' chooses for each element; "
                 "'any(...)' and 'all(...)' give one answer");
  return makeError(expr.range);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkName(const NameExpr &expr) {
  if (const Symbol *symbol = scope->find(expr.name)) {
    if (symbol->isAbsent) {
      report(expr.range, DiagKind::AbsentArgument, expr.name)
          .hint("use it inside 'if " + expr.name + " { ... }'");
      return makeError(expr.range);
    }
    if (!symbol->variable)
      return makeUntyped(symbol->constant, expr.range);
    const ValueType &type = symbol->variable->type;
    if (type.isError())
      return makeError(expr.range);
    if ((type.isTile() || type.isTuple()) && scope->isCaptured(expr.name)) {
      report(expr.range, DiagKind::CaptureNotScalar, type.str())
          .note(symbol->variable->range, DiagKind::DeclaredHere, expr.name);
      return makeError(expr.range);
    }
    return makeVariable(symbol->variable, expr.range);
  }
  if (std::optional<ScalarKind> kind = parseScalarKind(expr.name))
    return makeUntyped(ConstValue::type(ElementType(*kind)), expr.range);
  if (auto *function = context.decls->find<FnDecl>(expr.name))
    return makeUntyped(ConstValue::function(function), expr.range);
  if (isBuiltinName(expr.name) || context.decls->named.contains(expr.name)) {
    auto message = report(expr.range, DiagKind::NotAValue, expr.name);
    if (is_contained({"zeros", "ones", "fill", "full"}, expr.name))
      message.hint("write '" + expr.name + "<f32>[M, N]'");
    return makeError(expr.range);
  }
  SmallVector<StringRef> names = scope->getNames();
  auto message = report(expr.range, DiagKind::UnknownName, expr.name);
  if (std::string hint = context.decls->getEnumCaseHint(expr.name);
      !hint.empty())
    message.hint(hint);
  else if (std::optional<StringRef> closest = findClosest(expr.name, names))
    message.note(expr.range, DiagKind::DidYouMean, *closest);
  return makeError(expr.range);
}

/// The index of case `name`; reports if there is none.
std::optional<unsigned> BodyChecker::findEnumCase(const EnumDecl &decl,
                                                  const Identifier &name) {
  SmallVector<StringRef> names;
  for (const Identifier &enumCase : decl.cases)
    names.push_back(enumCase.name);
  auto *found = find(names, name.name);
  if (found != names.end())
    return found - names.begin();
  auto message =
      report(name.range, DiagKind::UnknownEnumCase, decl.name.name, name.name);
  if (std::optional<StringRef> closest = findClosest(name.name, names))
    message.note(name.range, DiagKind::DidYouMean, *closest);
  return std::nullopt;
}

/// `Enum.case`; other members are called.
TypedExpr *BodyChecker::checkMember(const MemberExpr &expr) {
  auto *base = dyn_cast<NameExpr>(expr.base);
  const EnumDecl *decl = base && !scope->find(base->name)
                             ? context.decls->find<EnumDecl>(base->name)
                             : nullptr;
  if (!decl) {
    TypedExpr *value = check(*expr.base);
    if (value->type.isError())
      return value;
    auto message = report(expr.member.range, DiagKind::NoSuchMember,
                          value->type.str(), expr.member.name);
    if (StringRef hint = getForeignMemberHint(expr.member.name); !hint.empty())
      message.hint(hint);
    return makeError(expr.range);
  }
  std::optional<unsigned> index = findEnumCase(*decl, expr.member);
  return index ? makeUntyped(ConstValue::enumCase(decl, *index), expr.range)
               : makeError(expr.range);
}

//===----------------------------------------------------------------------===//
// Tuples
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkTuple(const TupleExpr &expr) {
  SmallVector<TypedExpr *> elements;
  for (const Expr *element : expr.elements)
    elements.push_back(check(*element));
  return makeTuple(elements, expr.range);
}

TypedExpr *BodyChecker::checkField(const TupleFieldExpr &expr) {
  TypedExpr *tuple = check(*expr.base);
  if (tuple->type.isError())
    return tuple;
  if (!tuple->type.isTuple())
    return fail(expr.indexRange, DiagKind::NotATuple, tuple->type.str());
  size_t size = tuple->type.getElements().size();
  if (expr.index >= size)
    return fail(expr.indexRange, DiagKind::NoSuchField, expr.index, size);
  return makeField(tuple, expr.index, expr.range);
}

//===----------------------------------------------------------------------===//
// Unary operators
//===----------------------------------------------------------------------===//

bool BodyChecker::reportConstError(ConstError error, SourceRange range,
                                   StringRef what) {
  switch (error) {
  case ConstError::None:
    return false;
  case ConstError::NotDefined:
    return true;
  case ConstError::Overflow:
    report(range, DiagKind::ConstantOverflow, what);
    return true;
  case ConstError::DivisionByZero:
    report(range, DiagKind::ConstantDivisionByZero, what);
    return true;
  case ConstError::ShiftTooFar:
    report(range, DiagKind::ConstantShiftTooFar, what);
    return true;
  }
  llvm_unreachable("every error is handled");
}

TypedExpr *BodyChecker::checkUnary(const UnaryExpr &expr) {
  if (expr.op == UnaryOp::LogicalNot) {
    TypedExpr *operand = checkTruth(*expr.operand);
    if (operand->type.isError())
      return operand;
    if (auto *constant = dyn_cast<TypedConstant>(operand))
      if (constant->value.getBool())
        return makeUntyped(foldUnary(expr.op, constant->value).value,
                           expr.range);
    if (!operand->type.isComputed() || !operand->type.getElement().isBool())
      return fail(expr.operand->range, DiagKind::ExpectedCondition,
                  operand->type.str());
    return makeElementwise(TypedOp::LogicalNot, {operand}, expr.range);
  }
  TypedExpr *operand = checkNumber(*expr.operand);
  if (operand->type.isError())
    return operand;
  StringRef spelling = stringifyUnaryOp(expr.op);
  if (operand->type.isUntyped()) {
    ConstResult result =
        foldUnary(expr.op, cast<TypedConstant>(operand)->value);
    if (result.error == ConstError::None)
      return makeUntyped(result.value, expr.range);
    if (result.error != ConstError::NotDefined) {
      reportConstError(result.error, expr.range, spelling);
      return makeError(expr.range);
    }
  }
  ElementType element =
      operand->type.isComputed() ? operand->type.getElement() : ElementType();
  bool isDefined = expr.op == UnaryOp::Negate
                       ? element.isFloat() || element.isInteger()
                       : element.isInteger();
  if (!isDefined)
    return fail(expr.range, DiagKind::OperatorNotDefined, spelling,
                operand->type.str());
  return makeElementwise(expr.op == UnaryOp::Negate ? TypedOp::Negate
                                                    : TypedOp::BitNot,
                         {operand}, expr.range);
}

//===----------------------------------------------------------------------===//
// Binary operators
//===----------------------------------------------------------------------===//

static bool isComparison(BinaryOp op) {
  return op >= BinaryOp::Equal && op <= BinaryOp::GreaterEqual;
}

static bool isBitwise(BinaryOp op) {
  return op >= BinaryOp::BitOr && op <= BinaryOp::ShiftRight;
}

static TypedOp getTypedOp(BinaryOp op) {
  switch (op) {
  case BinaryOp::LogicalOr:
  case BinaryOp::BitOr:
    return TypedOp::Or;
  case BinaryOp::LogicalAnd:
  case BinaryOp::BitAnd:
    return TypedOp::And;
  case BinaryOp::Equal:
    return TypedOp::Equal;
  case BinaryOp::NotEqual:
    return TypedOp::NotEqual;
  case BinaryOp::Less:
    return TypedOp::Less;
  case BinaryOp::LessEqual:
    return TypedOp::LessEqual;
  case BinaryOp::Greater:
    return TypedOp::Greater;
  case BinaryOp::GreaterEqual:
    return TypedOp::GreaterEqual;
  case BinaryOp::BitXor:
    return TypedOp::Xor;
  case BinaryOp::ShiftLeft:
    return TypedOp::ShiftLeft;
  case BinaryOp::ShiftRight:
    return TypedOp::ShiftRight;
  case BinaryOp::Add:
    return TypedOp::Add;
  case BinaryOp::Subtract:
    return TypedOp::Subtract;
  case BinaryOp::Multiply:
    return TypedOp::Multiply;
  case BinaryOp::Divide:
    return TypedOp::Divide;
  case BinaryOp::Remainder:
    return TypedOp::Remainder;
  }
  llvm_unreachable("every operator is handled");
}

TypedExpr *BodyChecker::checkBinary(const BinaryExpr &expr) {
  if (expr.op == BinaryOp::LogicalAnd || expr.op == BinaryOp::LogicalOr)
    return checkLogical(expr);
  if (isComparison(expr.op))
    if (TypedExpr *comparison = checkEnumComparison(expr))
      return comparison;
  TypedExpr *lhs = check(*expr.lhs);
  TypedExpr *rhs = check(*expr.rhs);
  return buildBinary(expr.op, expr.opRange, lhs, rhs, expr.range);
}

/// Null if neither side is a case of an enum.
TypedExpr *BodyChecker::checkEnumComparison(const BinaryExpr &expr) {
  auto *leftCase = dyn_cast<EnumCaseExpr>(expr.lhs);
  auto *rightCase = dyn_cast<EnumCaseExpr>(expr.rhs);
  const EnumCaseExpr *enumCase = rightCase ? rightCase : leftCase;
  if (!enumCase)
    return nullptr;
  if (leftCase && rightCase)
    return fail(leftCase->range, DiagKind::EnumCaseWithoutEnum,
                leftCase->name.name);
  const Expr &otherExpr = rightCase ? *expr.lhs : *expr.rhs;
  TypedExpr *other = check(otherExpr);
  if (other->type.isError())
    return other;
  if (!other->type.isEnum())
    return fail(otherExpr.range, DiagKind::ExpectedEnum, other->type.str());
  const EnumDecl *decl = other->type.getEnum();
  std::optional<unsigned> found = findEnumCase(*decl, enumCase->name);
  if (!found)
    return makeError(expr.range);
  ConstResult result = foldBinary(expr.op, cast<TypedConstant>(other)->value,
                                  ConstValue::enumCase(decl, *found));
  if (result.error != ConstError::None)
    return fail(expr.opRange, DiagKind::OperatorNotDefined,
                stringifyBinaryOp(expr.op), other->type.str());
  return makeUntyped(result.value, expr.range);
}

TypedExpr *BodyChecker::checkLogical(const BinaryExpr &expr) {
  TypedExpr *lhs = checkTruth(*expr.lhs);
  // The right side of a decided condition is dead and may not fit.
  bool isAnd = expr.op == BinaryOp::LogicalAnd;
  auto *leftConstant = dyn_cast<TypedConstant>(lhs);
  const bool *leftValue =
      leftConstant ? leftConstant->value.getBool() : nullptr;
  if (leftValue && *leftValue != isAnd)
    return makeUntyped(ConstValue::boolean(!isAnd), expr.range);
  // Tiles of bools combine element by element.
  auto checkSide = [&](const Expr &side, TypedExpr *value) -> TypedExpr * {
    if (value->type.isError() ||
        (value->type.isComputed() && value->type.getElement().isBool()))
      return value;
    return fail(side.range, DiagKind::ExpectedCondition, value->type.str());
  };
  lhs = checkSide(*expr.lhs, lhs);
  TypedExpr *rhs = checkSide(*expr.rhs, checkIsolated(*expr.rhs));
  if (lhs->type.isError() || rhs->type.isError())
    return makeError(expr.range);
  if (leftValue)
    return rhs;
  // The right side may have effects, or be undefined where the left one
  // decides; else both may be computed.
  bool isLazy = rhs->effect != Effect::None || isPartial(*rhs);
  if (lhs->type.isBool() && rhs->type.isBool() && isLazy) {
    auto *shortCut = makeUntyped(ConstValue::boolean(!isAnd), expr.rhs->range);
    auto *taken = context.arena->create<TypedBlock>();
    taken->value = rhs;
    auto *skipped = context.arena->create<TypedBlock>();
    skipped->value = shortCut;
    return makeIfResult(lhs, isAnd ? taken : skipped, isAnd ? skipped : taken,
                        expr.range);
  }
  TypedExpr *both[] = {lhs, rhs};
  if (!unifyShapes(both, expr.opRange))
    return makeError(expr.range);
  return makeElementwise(isAnd ? TypedOp::And : TypedOp::Or, both, expr.range);
}

TypedExpr *BodyChecker::foldConstants(BinaryOp op, SourceRange opRange,
                                      TypedConstant *lhs, TypedConstant *rhs,
                                      SourceRange range) {
  ConstResult result = foldBinary(op, lhs->value, rhs->value);
  if (result.error == ConstError::NotDefined)
    return fail(opRange, DiagKind::OperatorNotDefined, stringifyBinaryOp(op),
                lhs->type.str());
  if (reportConstError(result.error, range, stringifyBinaryOp(op)))
    return makeError(range);
  return makeUntyped(result.value, range);
}

/// Reports an operator that the (unified) operands do not have.
bool BodyChecker::checkOperands(BinaryOp op, SourceRange opRange,
                                TypedExpr *lhs, TypedExpr *rhs) {
  ElementType element = lhs->type.getElement();
  bool isDefined;
  if (op == BinaryOp::Equal || op == BinaryOp::NotEqual)
    isDefined = !element.isPointer();
  else if (element.isBool())
    isDefined = op == BinaryOp::BitAnd || op == BinaryOp::BitOr ||
                op == BinaryOp::BitXor;
  else if (isBitwise(op) || op == BinaryOp::Remainder)
    isDefined = element.isInteger();
  else
    isDefined = !element.isPointer();
  if (isDefined)
    return true;
  auto message = report(opRange, DiagKind::OperatorNotDefined,
                        stringifyBinaryOp(op), lhs->type.str());
  if (element.isBool() && !isComparison(op))
    message.hint("write 'f32(x)' or 'i32(x)' to count with truth values");
  return false;
}

TypedExpr *BodyChecker::buildBinary(BinaryOp op, SourceRange opRange,
                                    TypedExpr *lhs, TypedExpr *rhs,
                                    SourceRange range) {
  if (lhs->type.isError() || rhs->type.isError())
    return makeError(range);
  auto *leftConstant = dyn_cast<TypedConstant>(lhs);
  auto *rightConstant = dyn_cast<TypedConstant>(rhs);
  auto isFoldable = [](TypedConstant *constant) {
    return constant && (constant->type.isUntyped() ||
                        constant->value.getBool() || constant->value.getType());
  };
  bool areEnums = lhs->type.isEnum() && rhs->type.isEnum();
  // A type compares with types only.
  bool isMixed =
      leftConstant && rightConstant &&
      !leftConstant->value.getType() != !rightConstant->value.getType();
  if (areEnums ||
      (isFoldable(leftConstant) && isFoldable(rightConstant) && !isMixed))
    return foldConstants(op, opRange, leftConstant, rightConstant, range);
  for (TypedExpr *side : {lhs, rhs})
    if (!side->type.isComputed() && !side->type.isUntyped()) {
      auto message =
          report(side->range, DiagKind::ExpectedNumber, side->type.str());
      if (side->type.isView())
        message.hint("a tensor is read by indexing it: 'x[i, 0 +: 128]'");
      return makeError(range);
    }
  // pointer + offset
  bool movesPointer = lhs->type.isComputed() &&
                      lhs->type.getElement().isPointer() &&
                      (op == BinaryOp::Add || op == BinaryOp::Subtract);
  if (movesPointer) {
    rhs = defaultType(rhs);
    if (rhs->type.isError())
      return makeError(range);
    if (!rhs->type.getElement().isInteger())
      return fail(rhs->range, DiagKind::ExpectedOffset, rhs->type.str());
    if (op == BinaryOp::Subtract)
      rhs = makeElementwise(TypedOp::Negate, {rhs}, rhs->range);
    if (rhs->type.getElement().isUnsigned())
      rhs = makeCast(rhs, ScalarKind::Index, rhs->range);
    TypedExpr *both[] = {lhs, rhs};
    if (!unifyShapes(both, opRange))
      return makeError(range);
    return makeElementwise(TypedOp::PointerAdd, both, range);
  }
  TypedExpr *both[] = {lhs, rhs};
  if (!unify(both, opRange) || !checkOperands(op, opRange, both[0], both[1]))
    return makeError(range);
  if (isComparison(op))
    return makeCompare(getTypedOp(op), both[0], both[1], range);
  return makeElementwise(getTypedOp(op), both, range);
}

//===----------------------------------------------------------------------===//
// If expressions
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkIsolated(const Expr &expr) {
  auto *block = context.arena->create<TypedBlock>();
  TypedExpr *value;
  {
    SaveAndRestore saved(stmts, &block->stmts);
    value = checkTruth(expr);
  }
  if (block->stmts.empty() || value->type.isError())
    return value;
  block->value = value;
  auto *always = makeUntyped(ConstValue::boolean(true), expr.range);
  auto *wrapped = context.arena->create<TypedIf>(value->type, expr.range);
  wrapped->condition = always;
  wrapped->thenBlock = block;
  wrapped->elseBlock = block;
  wrapped->effect = std::max(value->effect, Effect::Reads);
  if (!isPure(*block))
    wrapped->effect = Effect::Writes;
  return wrapped;
}

TypedExpr *BodyChecker::checkIf(const IfExpr &expr) {
  TypedExpr *condition = checkCondition(*expr.condition);
  if (condition->type.isError())
    return condition;
  if (auto *constant = dyn_cast<TypedConstant>(condition)) {
    // The dead arm may not even type-check.
    const BlockStmt &live =
        *constant->value.getBool() ? *expr.thenBlock : *expr.elseBlock;
    Scope inner(scope);
    SaveAndRestore savedScope(scope, &inner);
    checkStmts(live);
    return live.value ? check(*live.value) : makeError(expr.range);
  }
  TypedBlock *thenBlock = checkBlock(*expr.thenBlock);
  TypedBlock *elseBlock = checkBlock(*expr.elseBlock);
  if (!thenBlock->value || !elseBlock->value)
    return makeError(expr.range);
  return makeIfResult(condition, thenBlock, elseBlock, expr.range);
}

/// True if `block` may run although its value is not taken: it binds names
/// to values, those of inner ifs among them, and does nothing else.
bool BodyChecker::onlyNamesValues(const TypedBlock &block) const {
  return isPure(block) && all_of(block.stmts, [](const TypedStmt *stmt) {
           auto *assign = dyn_cast<TypedAssign>(stmt);
           return assign && !assign->variable->isMutable;
         });
}

TypedExpr *BodyChecker::makeIfResult(TypedExpr *condition,
                                     TypedBlock *thenBlock,
                                     TypedBlock *elseBlock, SourceRange range) {
  auto *unused = context.arena->create<TypedBlock>();
  ValueType type;
  {
    SaveAndRestore saved(stmts, &unused->stmts);
    type = getCommonType(thenBlock->value, elseBlock->value, range);
  }
  if (type.isError())
    return makeError(range);
  for (TypedBlock *block : {thenBlock, elseBlock}) {
    SaveAndRestore saved(stmts, &block->stmts);
    block->value = defaultType(convertTo(block->value, type, "the if"));
    if (block->value->type.isError())
      return makeError(range);
  }
  type = thenBlock->value->type;
  if (condition->type.isTile()) {
    // Only in a lifted function: each element takes its own arm, so that both
    // are computed.
    if (!onlyNamesValues(*thenBlock) || !onlyNamesValues(*elseBlock)) {
      report(range, DiagKind::LiftedArmHasEffects)
          .hint("compute what the arms need in front of the if");
      return makeError(range);
    }
    bindOnce(condition);
    for (TypedBlock *block : {thenBlock, elseBlock})
      for (TypedStmt *stmt : block->stmts)
        append(stmt);
    std::function<TypedExpr *(TypedExpr *, TypedExpr *)> select =
        [&](TypedExpr *yes, TypedExpr *no) -> TypedExpr * {
      if (yes->type.isTuple()) {
        SmallVector<TypedExpr *> elements;
        bindOnce(yes);
        bindOnce(no);
        for (unsigned i = 0; i < yes->type.getElements().size(); ++i)
          elements.push_back(
              select(makeField(yes, i, range), makeField(no, i, range)));
        return makeTuple(elements, range);
      }
      TypedExpr *three[] = {condition, yes, no};
      if (!unifyShapes(three, range))
        return makeError(range);
      return makeOp(TypedOp::Select, three[1]->type, three, range);
    };
    return select(thenBlock->value, elseBlock->value);
  }
  auto *result = context.arena->create<TypedIf>(type, range);
  result->condition = condition;
  result->thenBlock = thenBlock;
  result->elseBlock = elseBlock;
  result->effect = std::max(
      {condition->effect, thenBlock->value->effect, elseBlock->value->effect});
  if (!isPure(*thenBlock) || !isPure(*elseBlock))
    result->effect = Effect::Writes;
  return result;
}
