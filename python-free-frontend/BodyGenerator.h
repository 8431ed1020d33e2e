//===- BodyGenerator.h - typed trees to operations --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_BODYGENERATOR_H
#define TK_FRONTEND_BODYGENERATOR_H

#include "TypedTree.h"
#include "mlir/IR/Builders.h"
#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::tk {

/// The place of `range` as a location of IR.
Location getLocation(const llvm::SourceMgr &sourceMgr, SourceRange range,
                     MLIRContext *context);

/// Types of a value in IR: one for each leaf of a tuple.
void flattenType(const ValueType &type, MLIRContext *context,
                 SmallVectorImpl<Type> &types);

/// Writes a body at the insertion point of a builder. Variables become values:
/// what an if or a loop assigns becomes a result of it.
class BodyGenerator {
public:
  BodyGenerator(OpBuilder &builder, const llvm::SourceMgr &sourceMgr)
      : builder(builder), sourceMgr(sourceMgr) {}

  void define(Variable *variable, ValueRange flattened) {
    values[variable].assign(flattened.begin(), flattened.end());
  }
  /// Statements, then the value (empty if there is none).
  SmallVector<Value> generateBlock(const TypedBlock &block);
  SmallVector<Value> generate(const TypedExpr &expr);
  Value generateOne(const TypedExpr &expr) { return generate(expr).front(); }

private:
  //===--------------------------------------------------------------------===//
  // Expressions
  //===--------------------------------------------------------------------===//

  Value generateConstant(const TypedConstant &expr);
  Value generateOperation(const TypedOperation &expr);
  Value generateElementwise(const TypedOperation &expr, ValueRange operands);
  Value generateUnary(const TypedOperation &expr, Value operand);
  Value generateFloat(const TypedOperation &expr, ValueRange operands);
  Value generateInteger(const TypedOperation &expr, ValueRange operands);
  Value generateCompare(const TypedOperation &expr, ValueRange operands);
  Value generateShape(const TypedOperation &expr, ValueRange operands);
  Value generateCast(const TypedCast &expr);
  Value generateAccess(const TypedAccess &expr);
  Value generateSubview(const TypedSubview &expr);
  Value generateDot(const TypedDot &expr);
  SmallVector<Value> generateAtomic(const TypedAtomic &expr);
  SmallVector<Value> generateReduce(const TypedReduce &expr);
  SmallVector<Value> generateCall(const TypedCall &expr);
  SmallVector<Value> generateIf(const TypedIf &expr);
  void generateItems(const std::vector<TypedItem> &items,
                     SmallVectorImpl<Value> &indices,
                     SmallVectorImpl<int64_t> &extents,
                     SmallVectorImpl<bool> &inbounds);

  //===--------------------------------------------------------------------===//
  // Statements
  //===--------------------------------------------------------------------===//

  void generateStmt(const TypedStmt &stmt);
  void generateAssign(const TypedAssign &stmt);
  void generateViewStore(const TypedViewStore &stmt);
  void generateFor(const TypedFor &stmt);
  void generateWhile(const TypedWhile &stmt);
  void generatePrint(const TypedPrint &stmt);

  using VariableList = llvm::SmallVector<Variable *>;
  /// An scf.if whose results are the values of the arms, then the variables
  /// that they assign.
  SmallVector<Value> generateBranches(Location loc, Value condition,
                                      const TypedBlock &thenBlock,
                                      const TypedBlock *elseBlock,
                                      ArrayRef<Type> resultTypes);
  /// Variables known here that the block gives a new value.
  VariableList getAssigned(llvm::ArrayRef<const TypedBlock *> blocks) const;
  void appendValues(ArrayRef<Variable *> variables,
                    SmallVectorImpl<Value> &result) const;
  void appendTypes(ArrayRef<Variable *> variables,
                   SmallVectorImpl<Type> &result) const;
  /// Gives the variables their values from `source`, in order.
  void redefine(ArrayRef<Variable *> variables, ValueRange source);

  Location getLoc(SourceRange range);
  Type convert(const ValueType &type) const {
    return convertType(type, builder.getContext());
  }
  Value makeConstant(Location loc, Type type, const ConstValue &value,
                     ElementType element);
  Value makeZero(Location loc, Type type);

  OpBuilder &builder;
  const llvm::SourceMgr &sourceMgr;
  /// The last place asked for, from which the next is not far.
  llvm::SMLoc lastStart;
  unsigned lastBuffer = 0;
  LineColumn lastPlace;
  llvm::DenseMap<Variable *, SmallVector<Value>> values;
  /// In a combiner, where calls are not allowed.
  bool inlinesCalls = false;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_BODYGENERATOR_H
