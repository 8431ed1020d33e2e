//===- GenerateStmt.cpp - typed statements to operations ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyGenerator.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;

SmallVector<Value> BodyGenerator::generateBlock(const TypedBlock &block) {
  for (TypedStmt *stmt : block.stmts)
    generateStmt(*stmt);
  return block.value ? generate(*block.value) : SmallVector<Value>();
}

void BodyGenerator::generateStmt(const TypedStmt &stmt) {
  Location loc = getLoc(stmt.range);
  switch (stmt.kind) {
  case TypedStmt::Kind::Assert: {
    auto &assertStmt = cast<TypedAssert>(stmt);
    Value condition = generateOne(*assertStmt.condition);
    if (assertStmt.isPromise)
      AssumeOp::create(builder, loc, condition);
    else
      AssertOp::create(builder, loc, condition, assertStmt.message);
    return;
  }
  case TypedStmt::Kind::Assign:
    return generateAssign(cast<TypedAssign>(stmt));
  case TypedStmt::Kind::Expr:
    generate(*cast<TypedExprStmt>(stmt).expr);
    return;
  case TypedStmt::Kind::For:
    return generateFor(cast<TypedFor>(stmt));
  case TypedStmt::Kind::If: {
    auto &ifStmt = cast<TypedIfStmt>(stmt);
    Value condition = generateOne(*ifStmt.condition);
    generateBranches(loc, condition, *ifStmt.thenBlock, ifStmt.elseBlock, {});
    return;
  }
  case TypedStmt::Kind::PointerStore: {
    auto &store = cast<TypedPointerStore>(stmt);
    Value pointer = generateOne(*store.pointer);
    Value value = generateOne(*store.value);
    Value mask = store.mask ? generateOne(*store.mask) : Value();
    StoreOp::create(builder, loc, value, pointer, mask);
    return;
  }
  case TypedStmt::Kind::Print:
    return generatePrint(cast<TypedPrint>(stmt));
  case TypedStmt::Kind::Return:
    llvm_unreachable("structureReturns() leaves no return");
  case TypedStmt::Kind::ViewStore:
    return generateViewStore(cast<TypedViewStore>(stmt));
  case TypedStmt::Kind::While:
    return generateWhile(cast<TypedWhile>(stmt));
  }
  llvm_unreachable("every kind is handled");
}

void BodyGenerator::generateAssign(const TypedAssign &stmt) {
  if (stmt.value) {
    define(stmt.variable, generate(*stmt.value));
    return;
  }
  SmallVector<Type> types;
  flattenType(stmt.variable->type, builder.getContext(), types);
  SmallVector<Value> zeros;
  for (Type type : types)
    zeros.push_back(makeZero(getLoc(stmt.range), type));
  define(stmt.variable, zeros);
}

void BodyGenerator::generateViewStore(const TypedViewStore &stmt) {
  // As written: the place before the value.
  Value view = generateOne(*stmt.target->view);
  SmallVector<Value> indices;
  SmallVector<int64_t> extents;
  SmallVector<bool> inbounds;
  generateItems(stmt.target->items, indices, extents, inbounds);
  Value value = generateOne(*stmt.value);
  DenseBoolArrayAttr flags;
  if (llvm::is_contained(inbounds, true))
    flags = builder.getDenseBoolArrayAttr(inbounds);
  StoreViewOp::create(builder, getLoc(stmt.range), value, view, indices,
                      builder.getDenseI64ArrayAttr(extents), flags);
}

void BodyGenerator::generatePrint(const TypedPrint &stmt) {
  SmallVector<Value> operands;
  SmallVector<bool> areUnsigned;
  for (TypedExpr *value : stmt.values) {
    operands.push_back(generateOne(*value));
    areUnsigned.push_back(value->type.getElement().isUnsigned());
  }
  DenseBoolArrayAttr flags;
  if (llvm::is_contained(areUnsigned, true))
    flags = builder.getDenseBoolArrayAttr(areUnsigned);
  PrintOp::create(builder, getLoc(stmt.range), stmt.message, operands, flags);
}

//===----------------------------------------------------------------------===//
// Variables as values
//===----------------------------------------------------------------------===//

static void collectAssigned(const TypedBlock &block,
                            llvm::SmallSetVector<Variable *, 8> &assigned);

/// Blocks inside expressions assign too: `let y = if c { n = 1; a } else { b
/// }`.
static void collectAssigned(const TypedExpr *expr,
                            llvm::SmallSetVector<Variable *, 8> &assigned) {
  if (!expr)
    return;
  switch (expr->kind) {
  case TypedExpr::Kind::If: {
    auto *ifExpr = cast<TypedIf>(expr);
    collectAssigned(ifExpr->condition, assigned);
    collectAssigned(*ifExpr->thenBlock, assigned);
    collectAssigned(*ifExpr->elseBlock, assigned);
    return;
  }
  case TypedExpr::Kind::Op:
    for (TypedExpr *operand : cast<TypedOperation>(expr)->operands)
      collectAssigned(operand, assigned);
    return;
  case TypedExpr::Kind::Tuple:
    for (TypedExpr *element : cast<TypedTuple>(expr)->elements)
      collectAssigned(element, assigned);
    return;
  case TypedExpr::Kind::Call:
    for (TypedExpr *arg : cast<TypedCall>(expr)->args)
      collectAssigned(arg, assigned);
    return;
  case TypedExpr::Kind::Field:
    return collectAssigned(cast<TypedField>(expr)->tuple, assigned);
  case TypedExpr::Kind::Cast:
    return collectAssigned(cast<TypedCast>(expr)->operand, assigned);
  case TypedExpr::Kind::Reduce:
    return collectAssigned(cast<TypedReduce>(expr)->operand, assigned);
  case TypedExpr::Kind::Dot:
    collectAssigned(cast<TypedDot>(expr)->lhs, assigned);
    collectAssigned(cast<TypedDot>(expr)->rhs, assigned);
    return collectAssigned(cast<TypedDot>(expr)->accumulator, assigned);
  case TypedExpr::Kind::Access:
    for (const TypedItem &item : cast<TypedAccess>(expr)->items)
      collectAssigned(item.value, assigned);
    return collectAssigned(cast<TypedAccess>(expr)->pad, assigned);
  case TypedExpr::Kind::Atomic:
    return collectAssigned(cast<TypedAtomic>(expr)->value, assigned);
  default:
    return;
  }
}

static void collectAssigned(const TypedStmt &stmt,
                            llvm::SmallSetVector<Variable *, 8> &assigned) {
  switch (stmt.kind) {
  case TypedStmt::Kind::Assign:
    collectAssigned(cast<TypedAssign>(stmt).value, assigned);
    assigned.insert(cast<TypedAssign>(stmt).variable);
    return;
  case TypedStmt::Kind::Expr:
    return collectAssigned(cast<TypedExprStmt>(stmt).expr, assigned);
  case TypedStmt::Kind::For:
    return collectAssigned(*cast<TypedFor>(stmt).body, assigned);
  case TypedStmt::Kind::If: {
    auto &ifStmt = cast<TypedIfStmt>(stmt);
    collectAssigned(ifStmt.condition, assigned);
    collectAssigned(*ifStmt.thenBlock, assigned);
    if (ifStmt.elseBlock)
      collectAssigned(*ifStmt.elseBlock, assigned);
    return;
  }
  case TypedStmt::Kind::PointerStore:
    return collectAssigned(cast<TypedPointerStore>(stmt).value, assigned);
  case TypedStmt::Kind::ViewStore:
    collectAssigned(cast<TypedViewStore>(stmt).target, assigned);
    return collectAssigned(cast<TypedViewStore>(stmt).value, assigned);
  case TypedStmt::Kind::While:
    return collectAssigned(*cast<TypedWhile>(stmt).body, assigned);
  case TypedStmt::Kind::Assert:
    return collectAssigned(cast<TypedAssert>(stmt).condition, assigned);
  case TypedStmt::Kind::Print:
  case TypedStmt::Kind::Return:
    return;
  }
}

static void collectAssigned(const TypedBlock &block,
                            llvm::SmallSetVector<Variable *, 8> &assigned) {
  for (TypedStmt *stmt : block.stmts)
    collectAssigned(*stmt, assigned);
  collectAssigned(block.value, assigned);
}

BodyGenerator::VariableList
BodyGenerator::getAssigned(ArrayRef<const TypedBlock *> blocks) const {
  llvm::MapVector<Variable *, unsigned> counts;
  for (const TypedBlock *block : blocks) {
    llvm::SmallSetVector<Variable *, 8> assigned;
    collectAssigned(*block, assigned);
    for (Variable *variable : assigned)
      ++counts[variable];
  }
  // A variable without a value yet lives inside one block, unless it is the
  // result of a function, which every arm gives its first value.
  VariableList result;
  for (auto [variable, count] : counts)
    if (values.contains(variable) || (blocks.size() == 2 && count == 2))
      result.push_back(variable);
  return result;
}

void BodyGenerator::appendValues(ArrayRef<Variable *> variables,
                                 SmallVectorImpl<Value> &result) const {
  for (Variable *variable : variables)
    llvm::append_range(result, values.lookup(variable));
}

void BodyGenerator::appendTypes(ArrayRef<Variable *> variables,
                                SmallVectorImpl<Type> &result) const {
  for (Variable *variable : variables)
    flattenType(variable->type, builder.getContext(), result);
}

void BodyGenerator::redefine(ArrayRef<Variable *> variables,
                             ValueRange source) {
  for (Variable *variable : variables) {
    SmallVector<Type> types;
    flattenType(variable->type, builder.getContext(), types);
    define(variable, source.take_front(types.size()));
    source = source.drop_front(types.size());
  }
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

SmallVector<Value> BodyGenerator::generateBranches(Location loc,
                                                   Value condition,
                                                   const TypedBlock &thenBlock,
                                                   const TypedBlock *elseBlock,
                                                   ArrayRef<Type> resultTypes) {
  TypedBlock empty;
  const TypedBlock &otherwise = elseBlock ? *elseBlock : empty;
  VariableList assigned = getAssigned({&thenBlock, &otherwise});
  SmallVector<Type> types(resultTypes);
  appendTypes(assigned, types);
  bool needsElse = !types.empty() || !otherwise.stmts.empty();
  auto ifOp = scf::IfOp::create(builder, loc, types, condition,
                                /*addThenBlock=*/true,
                                /*addElseBlock=*/needsElse);
  auto generateArm = [&](Region &region, const TypedBlock &arm) {
    OpBuilder::InsertionGuard guard(builder);
    auto saved = values;
    Block &block = region.front();
    block.clear();
    builder.setInsertionPointToEnd(&block);
    SmallVector<Value> yielded = generateBlock(arm);
    appendValues(assigned, yielded);
    scf::YieldOp::create(builder, loc, yielded);
    values = std::move(saved);
  };
  generateArm(ifOp.getThenRegion(), thenBlock);
  if (needsElse)
    generateArm(ifOp.getElseRegion(), otherwise);
  ValueRange results = ifOp.getResults();
  redefine(assigned, results.drop_front(resultTypes.size()));
  return SmallVector<Value>(results.take_front(resultTypes.size()));
}

void BodyGenerator::generateFor(const TypedFor &stmt) {
  Location loc = getLoc(stmt.range);
  Value begin = generateOne(*stmt.begin);
  Value end = generateOne(*stmt.end);
  Value step = generateOne(*stmt.step);
  VariableList assigned = getAssigned({stmt.body});
  SmallVector<Value> inits;
  appendValues(assigned, inits);
  auto saved = values;
  auto forOp = scf::ForOp::create(
      builder, loc, begin, end, step, inits,
      [&](OpBuilder &, Location, Value iteration, ValueRange carried) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPointToEnd(iteration.getParentBlock());
        define(stmt.variable, iteration);
        redefine(assigned, carried);
        generateBlock(*stmt.body);
        SmallVector<Value> yielded;
        appendValues(assigned, yielded);
        scf::YieldOp::create(builder, loc, yielded);
      });
  values = std::move(saved);
  redefine(assigned, forOp.getResults());
}

void BodyGenerator::generateWhile(const TypedWhile &stmt) {
  Location loc = getLoc(stmt.range);
  TypedBlock conditionBlock;
  conditionBlock.value = stmt.condition;
  VariableList assigned = getAssigned({stmt.body});
  for (Variable *variable : getAssigned({&conditionBlock}))
    if (!llvm::is_contained(assigned, variable))
      assigned.push_back(variable);
  SmallVector<Value> inits;
  SmallVector<Type> types;
  appendValues(assigned, inits);
  appendTypes(assigned, types);
  auto saved = values;
  auto whileOp = scf::WhileOp::create(
      builder, loc, types, inits,
      [&](OpBuilder &, Location, ValueRange carried) {
        redefine(assigned, carried);
        Value condition = generateOne(*stmt.condition);
        SmallVector<Value> forwarded;
        appendValues(assigned, forwarded);
        scf::ConditionOp::create(builder, loc, condition, forwarded);
      },
      [&](OpBuilder &, Location, ValueRange carried) {
        redefine(assigned, carried);
        generateBlock(*stmt.body);
        SmallVector<Value> yielded;
        appendValues(assigned, yielded);
        scf::YieldOp::create(builder, loc, yielded);
      });
  values = std::move(saved);
  redefine(assigned, whileOp.getResults());
}
