//===- BodyStmt.cpp - types of statements ---------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Bodies and blocks
//===----------------------------------------------------------------------===//

static bool alwaysReturns(ArrayRef<TypedStmt *> stmts) {
  if (stmts.empty())
    return false;
  TypedStmt *last = stmts.back();
  if (isa<TypedReturn>(last))
    return true;
  auto *ifStmt = dyn_cast<TypedIfStmt>(last);
  return ifStmt && ifStmt->elseBlock &&
         alwaysReturns(ifStmt->thenBlock->stmts) &&
         alwaysReturns(ifStmt->elseBlock->stmts);
}

static void reportReturnsNothing(DiagnosticReporter &diags, SourceRange range) {
  diags.report(range, DiagKind::ReturnsNothing)
      .hint("a function says what it returns, as in 'fn f() -> f32'; a kernel "
            "writes its outputs");
}

TypedBlock *BodyChecker::checkBody(const BlockStmt &block,
                                   const ValueType &type) {
  auto *body = context.arena->create<TypedBlock>();
  resultType = type;
  SaveAndRestore saved(stmts, &body->stmts);
  body->stmts = prologue;
  Scope inner(scope);
  SaveAndRestore savedScope(scope, &inner);
  unsigned errorsBefore = context.diags->getNumErrors();
  checkStmts(block);
  if (block.value) {
    // A value without semicolon at the end is returned.
    auto *stmt = context.arena->create<TypedReturn>(block.value->range);
    TypedExpr *value = check(*block.value);
    if (type.isVoid() && !value->type.isError() && !value->type.isVoid())
      reportReturnsNothing(*context.diags, block.value->range);
    else if (!type.isVoid())
      stmt->value = convertTo(value, type, "the result");
    append(stmt);
  }
  bool isQuiet = context.diags->getNumErrors() == errorsBefore;
  if (isQuiet && !type.isVoid() && !alwaysReturns(body->stmts)) {
    SMLoc end = block.range.End;
    report({SMLoc::getFromPointer(end.getPointer() - 1), end},
           DiagKind::MissingReturn, type.str());
  }
  return body;
}

TypedBlock *BodyChecker::checkBlock(const BlockStmt &block) {
  auto *typed = context.arena->create<TypedBlock>();
  SaveAndRestore saved(stmts, &typed->stmts);
  Scope inner(scope);
  SaveAndRestore savedScope(scope, &inner);
  checkStmts(block);
  if (block.value)
    typed->value = check(*block.value);
  return typed;
}

void BodyChecker::checkStmts(const BlockStmt &block) {
  unsigned &depth = context.functions->depth;
  SaveAndRestore deeper(depth, depth + 2);
  const Stmt *previous = nullptr;
  for (const Stmt *stmt : block.stmts) {
    if (!stmts->empty() && isa<TypedReturn>(stmts->back())) {
      // Behind a constant if that returns, the rest is the other arm.
      if (previous && isa<ReturnStmt>(previous))
        report(stmt->range, DiagKind::Unreachable);
      return;
    }
    checkStmt(*stmt);
    previous = stmt;
  }
}

/// True if running `block` changes nothing but variables.
bool BodyChecker::isPure(const TypedBlock &block) const {
  auto isPureExpr = [](const TypedExpr *expr) {
    return !expr || expr->effect != Effect::Writes;
  };
  auto isPureStmt = [&](const TypedStmt *stmt) {
    switch (stmt->kind) {
    case TypedStmt::Kind::Assign:
      return isPureExpr(cast<TypedAssign>(stmt)->value);
    case TypedStmt::Kind::For:
      return isPure(*cast<TypedFor>(stmt)->body);
    case TypedStmt::Kind::While:
      return isPure(*cast<TypedWhile>(stmt)->body) &&
             isPureExpr(cast<TypedWhile>(stmt)->condition);
    case TypedStmt::Kind::If: {
      auto *ifStmt = cast<TypedIfStmt>(stmt);
      return isPureExpr(ifStmt->condition) && isPure(*ifStmt->thenBlock) &&
             (!ifStmt->elseBlock || isPure(*ifStmt->elseBlock));
    }
    case TypedStmt::Kind::Return:
      return isPureExpr(cast<TypedReturn>(stmt)->value);
    default:
      return false;
    }
  };
  return all_of(block.stmts, isPureStmt) && isPureExpr(block.value);
}

void BodyChecker::checkStmt(const Stmt &stmt) {
  switch (stmt.kind) {
  case NodeKind::AssertStmt:
    return checkAssert(cast<AssertStmt>(stmt));
  case NodeKind::AssignStmt:
    return checkAssign(cast<AssignStmt>(stmt));
  case NodeKind::BindingStmt:
    return checkBinding(cast<BindingStmt>(stmt));
  case NodeKind::BlockStmt: {
    Scope inner(scope);
    SaveAndRestore savedScope(scope, &inner);
    return checkStmts(cast<BlockStmt>(stmt));
  }
  case NodeKind::ExprStmt:
    return checkExprStmt(cast<ExprStmt>(stmt));
  case NodeKind::ForStmt:
    return checkFor(cast<ForStmt>(stmt));
  case NodeKind::IfStmt:
    return checkIfStmt(cast<IfStmt>(stmt));
  case NodeKind::PrintStmt:
    return checkPrint(cast<PrintStmt>(stmt));
  case NodeKind::ReturnStmt:
    return checkReturn(cast<ReturnStmt>(stmt));
  case NodeKind::StaticAssertStmt:
    return checkStaticAssert(cast<StaticAssertStmt>(stmt));
  case NodeKind::TempStmt:
    report(stmt.range, DiagKind::TempOutsideSequence);
    return;
  case NodeKind::WhileStmt:
    return checkWhile(cast<WhileStmt>(stmt));
  default:
    llvm_unreachable("not the kind of a statement");
  }
}

//===----------------------------------------------------------------------===//
// Bindings
//===----------------------------------------------------------------------===//

void BodyChecker::declareName(const Identifier &name, Symbol symbol) {
  if (const Symbol *earlier = scope->findHere(name.name)) {
    auto message = report(name.range, DiagKind::Redeclared, name.name);
    if (earlier->range.isValid())
      message.note(earlier->range, DiagKind::DeclaredHere, name.name);
    return;
  }
  symbol.range = name.range;
  scope->declare(name.name, std::move(symbol));
}

void BodyChecker::checkBinding(const BindingStmt &stmt) {
  TypedExpr *value = check(*stmt.init);
  if (stmt.type && !value->type.isError()) {
    ValueType type = resolveType(*stmt.type);
    value = type.isError() ? makeError(stmt.range)
                           : convertTo(value, type, "the declared type");
  }
  declarePattern(stmt.pattern, value, stmt.isVar);
}

void BodyChecker::declarePattern(const BindingPattern &pattern,
                                 TypedExpr *value, bool isVar) {
  ValueType::Kind kind = value->type.getKind();
  switch (pattern.kind) {
  case BindingPattern::Kind::Ignore:
    if (value->effect == Effect::Writes)
      bind(value);
    return;
  case BindingPattern::Kind::Tuple: {
    bool isError = value->type.isError();
    size_t found = value->type.getElements().size();
    if (!isError &&
        (!value->type.isTuple() || found != pattern.elements.size())) {
      report(pattern.range, DiagKind::PatternSize, pattern.elements.size(),
             value->type.isTuple() ? std::to_string(found) + " values"
                                   : value->type.str());
      isError = true;
    }
    auto *literal = dyn_cast<TypedTuple>(value);
    if (!isError && !literal)
      bindOnce(value);
    // All of a tuple is computed before any name is bound: (a, b) = (b, a).
    SmallVector<TypedExpr *> fields;
    for (unsigned i = 0; i < pattern.elements.size(); ++i) {
      fields.push_back(isError   ? makeError(pattern.range)
                       : literal ? literal->elements[i]
                                 : makeField(value, i, pattern.range));
    }
    for (auto [element, field] : zip_equal(pattern.elements, fields))
      declarePattern(element, field, isVar);
    return;
  }
  case BindingPattern::Kind::Name:
    break;
  }
  bool isConstant = value->type.isUntyped() || kind == ValueType::Kind::Enum ||
                    kind == ValueType::Kind::Function ||
                    kind == ValueType::Kind::TypeName ||
                    kind == ValueType::Kind::String ||
                    (isa<TypedConstant>(value) && value->type.isBool());
  // `let` of a constant names the constant, which stays untyped.
  if (!isVar && isConstant) {
    declareName(pattern.name,
                {nullptr, cast<TypedConstant>(value)->value, false, {}});
    return;
  }
  value = defaultType(value);
  bool isValue = value->type.isComputed() || value->type.isTuple() ||
                 (value->type.isView() && !isVar);
  if (!isValue && !value->type.isError()) {
    report(value->range,
           value->type.isView() ? DiagKind::ViewIsNotMutable
                                : DiagKind::NotStorable,
           value->type.str());
    value = makeError(value->range);
  }
  Variable *variable = context.arena->createVariable(
      pattern.name.name, value->type, pattern.name.range, isVar);
  if (!value->type.isError()) {
    auto *assign = appendStmt<TypedAssign>(value->range);
    assign->variable = variable;
    assign->value = value;
  }
  declareName(pattern.name, {variable, {}, false, {}});
}

//===----------------------------------------------------------------------===//
// Assignments
//===----------------------------------------------------------------------===//

void BodyChecker::checkAssign(const AssignStmt &stmt) {
  if (auto *name = dyn_cast<NameExpr>(stmt.target))
    return checkVariableAssign(stmt, *name);
  if (auto *index = dyn_cast<IndexExpr>(stmt.target))
    return checkIndexAssign(stmt, *index);
  if (!isa<ErrorExpr>(stmt.target))
    report(stmt.target->range, DiagKind::ExpectedPlace);
}

/// The new value; `acc += dot(a, b)` accumulates inside the dot.
TypedExpr *BodyChecker::checkAssignedValue(const AssignStmt &stmt,
                                           TypedExpr *current) {
  if (!stmt.isCompound)
    return check(*stmt.value);
  auto *call = dyn_cast<CallExpr>(stmt.value);
  auto *callee = call ? dyn_cast<NameExpr>(call->callee) : nullptr;
  bool isDot = callee && callee->name == "dot" && !scope->find("dot") &&
               current->type.isTile() && stmt.op == BinaryOp::Add;
  if (isDot)
    return checkDot(*call, current);
  TypedExpr *value = check(*stmt.value);
  return buildBinary(stmt.op, stmt.opRange, current, value, stmt.range);
}

void BodyChecker::checkVariableAssign(const AssignStmt &stmt,
                                      const NameExpr &target) {
  const Symbol *symbol = scope->find(target.name);
  Variable *variable = symbol ? symbol->variable : nullptr;
  // A reference may define an output that this test leaves out.
  if (symbol && symbol->isAbsent && context.isReference && !stmt.isCompound) {
    check(*stmt.value);
    return;
  }
  if (!variable) {
    TypedExpr *value = check(target);
    if (value->type.isError())
      return;
    auto message = report(target.range, DiagKind::NotAssignable, target.name);
    if (symbol && symbol->range.isValid())
      message.note(symbol->range, DiagKind::DeclaredHere, target.name);
    if (symbol && value->type.isUntyped())
      message.hint("'let' and 'const' name constants; declare it with 'var'");
    return;
  }
  if (variable->type.isError()) {
    check(*stmt.value);
    return;
  }
  if (scope->isCaptured(target.name)) {
    report(target.range, DiagKind::AssignToCapture, target.name)
        .note(variable->range, DiagKind::DeclaredHere, target.name);
    return;
  }
  if (variable->type.isView()) {
    report(target.range, DiagKind::AssignToTensor, target.name)
        .hint("name the elements to write: '" + target.name +
              "[i, 0 +: 128] = ...'");
    return;
  }
  if (!variable->isMutable) {
    report(target.range, DiagKind::NotMutable, target.name)
        .note(variable->range, DiagKind::DeclaredHere, target.name)
        .hint("declare it with 'var' to assign to it");
    return;
  }
  TypedExpr *value =
      checkAssignedValue(stmt, makeVariable(variable, target.range));
  value = convertTo(value, variable->type, "'" + target.name.str() + "'");
  if (value->type.isError())
    return;
  auto *assign = appendStmt<TypedAssign>(stmt.range);
  assign->variable = variable;
  assign->value = value;
}

void BodyChecker::checkIndexAssign(const AssignStmt &stmt,
                                   const IndexExpr &target) {
  if (context.isCombiner) {
    report(stmt.range, DiagKind::CombinerNotPure);
    return;
  }
  if (auto *name = dyn_cast<NameExpr>(target.base))
    if (const Symbol *symbol = scope->find(name->name))
      if (symbol->variable && symbol->variable->type.isTile())
        return checkTileAssign(stmt, target, symbol->variable);
  TypedAccess *place = checkPlace(target);
  if (!place) {
    check(*stmt.value);
    return;
  }
  TypedExpr *current = nullptr;
  if (stmt.isCompound) {
    // The place is read and written, but computed once.
    bindOnce(place->view);
    for (TypedItem &item : place->items)
      bindOnce(item.value);
    current = makeAccess(TypedAccess::Access::Load, place->view, place->items,
                         target.range);
  }
  TypedExpr *value = checkAssignedValue(stmt, current);
  value = convertTo(value, place->type, "the place");
  if (value->type.isError())
    return;
  auto *store = appendStmt<TypedViewStore>(stmt.range);
  store->target = place;
  store->value = value;
}

/// `t[i, :] = value` of a tile variable: elements are chosen by position, since
/// tiles have no addresses.
void BodyChecker::checkTileAssign(const AssignStmt &stmt,
                                  const IndexExpr &target, Variable *variable) {
  if (!variable->isMutable) {
    report(target.base->range, DiagKind::NotMutable, variable->name)
        .note(variable->range, DiagKind::DeclaredHere, variable->name)
        .hint("declare it with 'var' to assign to it");
    return;
  }
  SmallVector<IndexItem> items;
  ArrayRef<int64_t> shape = variable->type.getShape();
  if (!expandItems(target.items, variable->type.getRank(), target.range, items))
    return;
  // The mask of what is written, and the shape of the value: one dimension for
  // each that is kept, put back at its place by extents of 1.
  TypedExpr *mask = nullptr;
  SmallVector<int64_t> valueShape, spreadShape;
  SourceRange range = target.range;
  for (auto [axis, item] : enumerate(items)) {
    if (item.kind == IndexItem::Kind::Whole) {
      valueShape.push_back(shape[axis]);
      spreadShape.push_back(shape[axis]);
      continue;
    }
    TypedItem typed;
    bool isValue = item.kind == IndexItem::Kind::Value;
    if (isValue && !checkItem(item, false, typed))
      return;
    if (!isValue || typed.kind != TypedItem::Kind::Scalar) {
      report(item.range, DiagKind::TilePlace);
      return;
    }
    if (!checkInsideTile(typed, shape[axis], item.range))
      return;
    spreadShape.push_back(1);
    SmallVector<int64_t> positionShape{shape[axis]};
    TypedExpr *position =
        makeOp(TypedOp::Arange,
               ValueType::shaped(ScalarKind::Index, positionShape), {}, range);
    TypedExpr *isHere =
        makeCompare(TypedOp::Equal, position,
                    makeFill(typed.value, positionShape, range), range);
    for (size_t i = axis + 1; i < shape.size(); ++i) {
      positionShape.push_back(1);
      isHere =
          makeOp(TypedOp::ExpandDims,
                 ValueType::shaped(ScalarKind::Bool, positionShape), {isHere},
                 range, {static_cast<int64_t>(positionShape.size()) - 1});
    }
    isHere = broadcastTo(isHere, shape);
    mask = mask ? makeElementwise(TypedOp::And, {mask, isHere}, range) : isHere;
  }
  ElementType element = variable->type.getElement();
  TypedExpr *current =
      stmt.isCompound ? checkTileIndexing(target, makeVariable(variable, range))
                      : nullptr;
  TypedExpr *value = checkAssignedValue(stmt, current);
  value = convertTo(value, ValueType::shaped(element, valueShape), "the place");
  if (value->type.isError())
    return;
  if (value->type.isTile() && valueShape.size() != spreadShape.size())
    value = makeOp(TypedOp::Reshape, ValueType::shaped(element, spreadShape),
                   {value}, range);
  value = broadcastTo(value, shape);
  if (mask)
    value = makeOp(TypedOp::Select, variable->type,
                   {mask, value, makeVariable(variable, range)}, range);
  auto *assign = appendStmt<TypedAssign>(stmt.range);
  assign->variable = variable;
  assign->value = value;
}

void BodyChecker::checkExprStmt(const ExprStmt &stmt) {
  TypedExpr *value = check(*stmt.expr);
  if (value->type.isError() || isa<TypedTuple>(value))
    return;
  if (value->effect != Effect::Writes) {
    auto message = report(stmt.range, DiagKind::UnusedValue);
    if (!resultType.isVoid())
      message.hint("to return it, leave the semicolon out or write 'return'");
    return;
  }
  appendStmt<TypedExprStmt>(stmt.range)->expr = value;
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void BodyChecker::checkFor(const ForStmt &stmt) {
  if (context.isCombiner) {
    report(stmt.range, DiagKind::CombinerLoops);
    return;
  }
  auto checkBound = [&](const Expr *expr, int64_t absent, StringRef what) {
    return expr ? checkIndex(*expr, what)
                : makeInteger(absent, ScalarKind::Index, stmt.rangeRange);
  };
  TypedExpr *begin = checkBound(stmt.begin, 0, "the begin of a range");
  TypedExpr *end = checkBound(stmt.end, 0, "the end of a range");
  TypedExpr *step = checkBound(stmt.step, 1, "the step of a range");
  if (auto *constant = dyn_cast<TypedConstant>(step))
    if (*constant->value.getInteger() <= 0) {
      report(step->range, DiagKind::StepNotPositive,
             formatInteger(*constant->value.getInteger()));
      step = makeError(step->range);
    }
  auto *loop = context.arena->create<TypedFor>(stmt.range);
  loop->begin = begin;
  loop->end = end;
  loop->step = step;
  loop->variable = context.arena->createVariable(
      stmt.variable.name, ValueType::scalar(ScalarKind::Index),
      stmt.variable.range);
  for (const Annotation &annotation : stmt.annotations)
    report(annotation.range, DiagKind::NotSupportedYet, "a schedule hint");
  loop->body = context.arena->create<TypedBlock>();
  {
    SaveAndRestore saved(stmts, &loop->body->stmts);
    Scope inner(scope);
    SaveAndRestore savedScope(scope, &inner);
    if (stmt.variable.name != "_")
      inner.declare(stmt.variable.name,
                    {loop->variable, {}, false, stmt.variable.range});
    checkStmts(*stmt.body);
  }
  append(loop);
}

void BodyChecker::checkWhile(const WhileStmt &stmt) {
  if (context.isCombiner) {
    report(stmt.range, DiagKind::CombinerLoops);
    return;
  }
  TypedExpr *condition = checkIsolated(*stmt.condition);
  if (!condition->type.isError() && !condition->type.isBool()) {
    auto message = report(stmt.condition->range, DiagKind::ExpectedCondition,
                          condition->type.str());
    if (!context.liftedShape.empty())
      message.hint("in a function applied by 'map' all elements would have to "
                   "loop alike; loop outside of it");
    condition = makeError(stmt.condition->range);
  }
  auto *loop = context.arena->create<TypedWhile>(stmt.range);
  loop->condition = condition;
  loop->body = checkBlock(*stmt.body);
  append(loop);
}

void BodyChecker::checkIfStmt(const IfStmt &stmt) {
  TypedExpr *condition = checkCondition(*stmt.condition);
  if (auto *constant = dyn_cast<TypedConstant>(condition)) {
    const BlockStmt *live =
        *constant->value.getBool() ? stmt.thenBlock : stmt.elseBlock;
    if (!live)
      return;
    Scope inner(scope);
    SaveAndRestore savedScope(scope, &inner);
    return checkStmts(*live);
  }
  if (condition->type.isTile()) {
    report(stmt.condition->range, DiagKind::LiftedArmHasEffects)
        .hint("write 'let r = if c { a } else { b };'");
    return;
  }
  auto *typed = context.arena->create<TypedIfStmt>(stmt.range);
  typed->condition = condition;
  typed->thenBlock = checkBlock(*stmt.thenBlock);
  if (stmt.elseBlock)
    typed->elseBlock = checkBlock(*stmt.elseBlock);
  append(typed);
}

void BodyChecker::checkReturn(const ReturnStmt &stmt) {
  auto *typed = context.arena->create<TypedReturn>(stmt.range);
  if (scope->isInLambda()) {
    report(stmt.range, DiagKind::ReturnInLambda)
        .hint("end the lambda in its value, without semicolon");
    return;
  }
  if (++numReturns > kMaxReturns) {
    if (numReturns == kMaxReturns + 1)
      report(stmt.range, DiagKind::TooManyReturns, kMaxReturns);
    return;
  }
  if (resultType.isError()) {
    append(typed);
    return;
  }
  if (!stmt.value) {
    if (!resultType.isVoid())
      report(stmt.range, DiagKind::MissingReturn, resultType.str());
    append(typed);
    return;
  }
  TypedExpr *value = check(*stmt.value);
  if (resultType.isVoid()) {
    if (!value->type.isError())
      reportReturnsNothing(*context.diags, stmt.value->range);
  } else {
    typed->value = convertTo(value, resultType, "the result");
  }
  append(typed);
}

//===----------------------------------------------------------------------===//
// Checks and output
//===----------------------------------------------------------------------===//

void BodyChecker::checkAssert(const AssertStmt &stmt) {
  TypedExpr *condition = check(*stmt.condition);
  if (condition->type.isError())
    return;
  if (!condition->type.isComputed() || !condition->type.getElement().isBool()) {
    report(stmt.condition->range, DiagKind::ExpectedCondition,
           condition->type.str());
    return;
  }
  auto *typed = appendStmt<TypedAssert>(stmt.range);
  typed->condition = condition;
  typed->message = stmt.message ? stmt.message->value.str()
                                : std::string("assertion failed");
}

void BodyChecker::checkStaticAssert(const StaticAssertStmt &stmt) {
  TypedExpr *condition = checkCondition(*stmt.condition);
  if (condition->type.isError())
    return;
  auto *constant = dyn_cast<TypedConstant>(condition);
  if (!constant) {
    report(stmt.condition->range, DiagKind::NotConstant, "static_assert");
    return;
  }
  if (!*constant->value.getBool())
    report(stmt.condition->range, DiagKind::StaticAssertFailed,
           stmt.message ? stmt.message->value : "no message");
}

void BodyChecker::checkPrint(const PrintStmt &stmt) {
  auto *typed = context.arena->create<TypedPrint>(stmt.range);
  for (const CallArg &arg : stmt.args) {
    TypedExpr *value = check(*arg.value);
    if (value->type.getKind() == ValueType::Kind::String) {
      if (!typed->message.empty())
        typed->message += " ";
      typed->message += cast<TypedConstant>(value)->value.str();
      continue;
    }
    value = defaultType(value);
    if (value->type.isError())
      return;
    if (!value->type.isComputed()) {
      report(arg.range, DiagKind::ExpectedNumber, value->type.str());
      return;
    }
    typed->values.push_back(value);
  }
  append(typed);
}
