//===- TypedTree.cpp - facts about typed expressions ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TypedTree.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Casting.h"

using namespace mlir::tk;
using llvm::cast;

/// True if every value of integer type `from` is one of type `to`.
static bool holdsAll(ScalarKind to, ScalarKind from) {
  unsigned spare = isUnsigned(from) && !isUnsigned(to) ? 1 : 0;
  return getBitWidth(from) + spare <= getBitWidth(to) &&
         (isUnsigned(from) || !isUnsigned(to));
}

static bool isPartialCast(const TypedCast &cast) {
  if (!cast.operand->type.isComputed())
    return false;
  ElementType from = cast.operand->type.getElement();
  ElementType to = cast.type.getElement();
  return from.isInteger() && to.isInteger() &&
         !holdsAll(to.scalar, from.scalar);
}

/// True if `expr` is known to be an integer in [low, high].
static bool isConstantWithin(const TypedExpr &expr, Int128 low, Int128 high) {
  auto *constant = llvm::dyn_cast<TypedConstant>(&expr);
  const Int128 *value = constant ? constant->value.getInteger() : nullptr;
  return value && *value >= low && *value <= high;
}

static bool isPartialOperation(const TypedOperation &operation) {
  TypedOp op = operation.op;
  if (op == TypedOp::Gather)
    return true;
  bool divides = op == TypedOp::CeilDivide || op == TypedOp::Divide ||
                 op == TypedOp::Remainder;
  bool shifts = op == TypedOp::ShiftLeft || op == TypedOp::ShiftRight;
  if (!divides && !shifts)
    return false;
  ElementType element = operation.type.getElement();
  if (!element.isInteger())
    return false;
  // No quotient by 0, and none of the smallest number by -1.
  Int128 low = divides ? 1 : 0;
  Int128 high =
      divides ? Int128(1) << 64 : Int128(getBitWidth(element.scalar) - 1);
  return !isConstantWithin(*operation.operands[1], low, high);
}

bool mlir::tk::isPartial(const TypedExpr &expr) {
  auto isPartialOrNull = [](const TypedExpr *part) {
    return part && isPartial(*part);
  };
  switch (expr.kind) {
  case TypedExpr::Kind::Constant:
  case TypedExpr::Kind::Error:
  case TypedExpr::Kind::Variable:
    return false;
  case TypedExpr::Kind::Cast: {
    auto &typedCast = cast<TypedCast>(expr);
    return isPartialCast(typedCast) || isPartial(*typedCast.operand);
  }
  case TypedExpr::Kind::Field:
    return isPartial(*cast<TypedField>(expr).tuple);
  case TypedExpr::Kind::Op: {
    auto &operation = cast<TypedOperation>(expr);
    return isPartialOperation(operation) ||
           llvm::any_of(operation.operands, isPartialOrNull);
  }
  case TypedExpr::Kind::Tuple:
    return llvm::any_of(cast<TypedTuple>(expr).elements, isPartialOrNull);
  case TypedExpr::Kind::If: {
    auto &choice = cast<TypedIf>(expr);
    return isPartial(*choice.condition) ||
           llvm::any_of(llvm::ArrayRef{choice.thenBlock, choice.elseBlock},
                        [&](const TypedBlock *arm) {
                          return !arm->stmts.empty() ||
                                 isPartialOrNull(arm->value);
                        });
  }
  case TypedExpr::Kind::Access:
    return llvm::any_of(
        cast<TypedAccess>(expr).items,
        [&](const TypedItem &item) { return isPartialOrNull(item.value); });
  case TypedExpr::Kind::Reduce:
    return isPartial(*cast<TypedReduce>(expr).operand);
  case TypedExpr::Kind::Dot:
  case TypedExpr::Kind::Subview:
    return false;
  case TypedExpr::Kind::Atomic:
  case TypedExpr::Kind::Call:
    return true;
  }
  llvm_unreachable("all kinds are handled");
}
