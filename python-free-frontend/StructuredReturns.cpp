//===- StructuredReturns.cpp - early returns become ifs and flags ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IR has no jumps, so what follows a statement that may return must run only
// if it did not. Three cases, cheapest first:
//
//   if c { a; return; } rest      ->  if c { a } else { rest }
//   if c { if d { return; } } rest
//                                 ->  var returned = false;
//                                     if c { if d { returned = true; } }
//                                     if !returned { rest }
//   for i in ... { a; if c { return; } b }
//                                 ->  for i in ... { if !returned {
//                                       a; if c { returned = true; } else { b }
//                                     } }
//
// The value goes to a variable, which is the value of the body.

#include "TypedTree.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::tk;
using llvm::cast;
using llvm::dyn_cast;
using llvm::isa;

using StmtList = std::vector<TypedStmt *>;

static bool mayReturn(const TypedStmt *stmt);

static bool mayReturn(const TypedBlock *block) {
  return block && llvm::any_of(block->stmts, [](const TypedStmt *stmt) {
           return mayReturn(stmt);
         });
}

static bool mayReturn(const TypedStmt *stmt) {
  switch (stmt->kind) {
  case TypedStmt::Kind::Return:
    return true;
  case TypedStmt::Kind::For:
    return mayReturn(cast<TypedFor>(stmt)->body);
  case TypedStmt::Kind::While:
    return mayReturn(cast<TypedWhile>(stmt)->body);
  case TypedStmt::Kind::If: {
    auto *ifStmt = cast<TypedIfStmt>(stmt);
    return mayReturn(ifStmt->thenBlock) || mayReturn(ifStmt->elseBlock);
  }
  default:
    return false;
  }
}

/// True if control never reaches the end of `block`.
static bool alwaysReturns(const TypedBlock *block) {
  if (!block || block->stmts.empty())
    return false;
  const TypedStmt *last = block->stmts.back();
  if (isa<TypedReturn>(last))
    return true;
  auto *ifStmt = dyn_cast<TypedIfStmt>(last);
  return ifStmt && alwaysReturns(ifStmt->thenBlock) &&
         alwaysReturns(ifStmt->elseBlock);
}

namespace {

class ReturnStructurer {
public:
  ReturnStructurer(const ValueType &result, TypedArena &arena)
      : result(result), arena(arena) {}

  void run(TypedBlock &body) {
    if (!mayReturn(&body))
      return;
    // The common case needs no variable: one return, at the end.
    auto *last = dyn_cast<TypedReturn>(body.stmts.back());
    if (last && llvm::count_if(body.stmts, [](const TypedStmt *stmt) {
                  return mayReturn(stmt);
                }) == 1) {
      body.stmts.pop_back();
      body.value = last->value;
      return;
    }
    if (!result.isVoid())
      value = arena.createVariable("result", result, body.stmts[0]->range,
                                   /*isMutable=*/true);
    body.stmts = structure(body.stmts);
    StmtList prologue;
    if (returned) {
      prologue.push_back(makeFlag(false));
      // A flag may hide from IR that every path sets the value.
      if (value)
        prologue.push_back(makeAssign(value, nullptr, value->range));
    }
    body.stmts.insert(body.stmts.begin(), prologue.begin(), prologue.end());
    if (value)
      body.value = makeVariable(value);
  }

  SourceRange getFlagRange() const {
    return returned ? returned->range : SourceRange();
  }

private:
  TypedExpr *makeVariable(Variable *variable) {
    auto *expr = arena.create<TypedVariable>(variable->type, variable->range);
    expr->variable = variable;
    return expr;
  }

  TypedStmt *makeAssign(Variable *variable, TypedExpr *expr,
                        SourceRange range) {
    auto *assign = arena.create<TypedAssign>(range);
    assign->variable = variable;
    assign->value = expr;
    return assign;
  }

  Variable *getFlag(SourceRange range) {
    if (!returned)
      returned =
          arena.createVariable("returned", ValueType::scalar(ScalarKind::Bool),
                               range, /*isMutable=*/true);
    return returned;
  }

  TypedStmt *makeFlag(bool isSet) {
    auto *constant =
        arena.create<TypedConstant>(returned->type, returned->range);
    constant->value = ConstValue::boolean(isSet);
    return makeAssign(returned, constant, returned->range);
  }

  TypedExpr *makeNotReturned() {
    auto *negation =
        arena.create<TypedOperation>(returned->type, returned->range);
    negation->op = TypedOp::LogicalNot;
    negation->operands = {makeVariable(returned)};
    return negation;
  }

  /// if !returned { stmts }
  TypedStmt *makeGuard(StmtList stmts, SourceRange range) {
    auto *guard = arena.create<TypedIfStmt>(range);
    guard->condition = makeNotReturned();
    guard->thenBlock = arena.create<TypedBlock>();
    guard->thenBlock->stmts = std::move(stmts);
    return guard;
  }

  /// `needsFlag`: whoever runs after these statements must know.
  StmtList structure(const StmtList &stmts, bool needsFlag = false) {
    StmtList structured;
    for (auto [i, stmt] : llvm::enumerate(stmts)) {
      if (!mayReturn(stmt)) {
        structured.push_back(stmt);
        continue;
      }
      StmtList rest(stmts.begin() + i + 1, stmts.end());
      if (auto *returnStmt = dyn_cast<TypedReturn>(stmt))
        appendReturn(returnStmt, needsFlag, structured);
      else if (auto *ifStmt = dyn_cast<TypedIfStmt>(stmt))
        appendIf(ifStmt, std::move(rest), needsFlag, structured);
      else
        appendLoop(stmt, std::move(rest), needsFlag, structured);
      break;
    }
    return structured;
  }

  void appendReturn(TypedReturn *stmt, bool needsFlag, StmtList &structured) {
    if (value && stmt->value)
      structured.push_back(makeAssign(value, stmt->value, stmt->range));
    if (!needsFlag)
      return;
    getFlag(stmt->range);
    structured.push_back(makeFlag(true));
  }

  void appendIf(TypedIfStmt *stmt, StmtList rest, bool needsFlag,
                StmtList &structured) {
    bool thenReturns = alwaysReturns(stmt->thenBlock);
    bool elseReturns = alwaysReturns(stmt->elseBlock);
    if (!stmt->elseBlock)
      stmt->elseBlock = arena.create<TypedBlock>();
    structured.push_back(stmt);
    StmtList &thenStmts = stmt->thenBlock->stmts;
    StmtList &elseStmts = stmt->elseBlock->stmts;
    if (thenReturns || elseReturns || rest.empty()) {
      // What follows can move into the arm that does not return.
      if (!thenReturns)
        thenStmts.insert(thenStmts.end(), rest.begin(), rest.end());
      else if (!elseReturns)
        elseStmts.insert(elseStmts.end(), rest.begin(), rest.end());
      thenStmts = structure(thenStmts, needsFlag);
      elseStmts = structure(elseStmts, needsFlag);
      return;
    }
    getFlag(stmt->range);
    thenStmts = structure(thenStmts, /*needsFlag=*/true);
    elseStmts = structure(elseStmts, /*needsFlag=*/true);
    structured.push_back(makeGuard(structure(rest, needsFlag), stmt->range));
  }

  void appendLoop(TypedStmt *stmt, StmtList rest, bool needsFlag,
                  StmtList &structured) {
    getFlag(stmt->range);
    TypedBlock *body = isa<TypedFor>(stmt) ? cast<TypedFor>(stmt)->body
                                           : cast<TypedWhile>(stmt)->body;
    StmtList stmts = structure(body->stmts, /*needsFlag=*/true);
    if (auto *whileStmt = dyn_cast<TypedWhile>(stmt)) {
      whileStmt->condition = makeGuardedCondition(whileStmt->condition);
      body->stmts = std::move(stmts);
    } else {
      body->stmts = {makeGuard(std::move(stmts), stmt->range)};
    }
    structured.push_back(stmt);
    if (!rest.empty())
      structured.push_back(makeGuard(structure(rest, needsFlag), stmt->range));
  }

  /// if !returned { condition } else { false }
  TypedExpr *makeGuardedCondition(TypedExpr *condition) {
    auto *guarded = arena.create<TypedIf>(returned->type, condition->range);
    guarded->condition = makeNotReturned();
    guarded->thenBlock = arena.create<TypedBlock>();
    guarded->thenBlock->value = condition;
    guarded->elseBlock = arena.create<TypedBlock>();
    auto *no = arena.create<TypedConstant>(returned->type, condition->range);
    no->value = ConstValue::boolean(false);
    guarded->elseBlock->value = no;
    guarded->effect = condition->effect;
    return guarded;
  }

  const ValueType &result;
  TypedArena &arena;
  /// Null until needed.
  Variable *value = nullptr;
  Variable *returned = nullptr;
};

} // namespace

SourceRange mlir::tk::structureReturns(TypedBlock &body,
                                       const ValueType &result,
                                       TypedArena &arena) {
  ReturnStructurer structurer(result, arena);
  structurer.run(body);
  return structurer.getFlagRange();
}
