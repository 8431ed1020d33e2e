//===- AST.cpp - syntax tree of the tile language -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/AST.h"
#include "tk/Frontend/ASTVisitor.h"
#include "llvm/Support/Error.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

StringRef mlir::tk::stringifyNodeKind(NodeKind kind) {
  switch (kind) {
#define NODE(Name)                                                             \
  case NodeKind::Name:                                                         \
    return #Name;
#include "tk/Frontend/ASTNodes.def"
  }
  llvm_unreachable("all kinds handled");
}

StringRef mlir::tk::stringifyBinaryOp(BinaryOp op) {
  switch (op) {
  case BinaryOp::LogicalOr:
    return "||";
  case BinaryOp::LogicalAnd:
    return "&&";
  case BinaryOp::Equal:
    return "==";
  case BinaryOp::NotEqual:
    return "!=";
  case BinaryOp::Less:
    return "<";
  case BinaryOp::LessEqual:
    return "<=";
  case BinaryOp::Greater:
    return ">";
  case BinaryOp::GreaterEqual:
    return ">=";
  case BinaryOp::BitOr:
    return "|";
  case BinaryOp::BitXor:
    return "^";
  case BinaryOp::BitAnd:
    return "&";
  case BinaryOp::ShiftLeft:
    return "<<";
  case BinaryOp::ShiftRight:
    return ">>";
  case BinaryOp::Add:
    return "+";
  case BinaryOp::Subtract:
    return "-";
  case BinaryOp::Multiply:
    return "*";
  case BinaryOp::Divide:
    return "/";
  case BinaryOp::Remainder:
    return "%";
  }
  llvm_unreachable("all operators handled");
}

StringRef mlir::tk::stringifyUnaryOp(UnaryOp op) {
  switch (op) {
  case UnaryOp::Negate:
    return "-";
  case UnaryOp::LogicalNot:
    return "!";
  case UnaryOp::BitNot:
    return "~";
  }
  llvm_unreachable("all operators handled");
}

llvm::APFloat
FloatLiteralExpr::getValue(const llvm::fltSemantics &semantics) const {
  llvm::APFloat value(semantics);
  // The lexer lets only well-formed numbers through; overflow becomes inf.
  llvm::cantFail(
      value.convertFromString(digits, llvm::APFloat::rmNearestTiesToEven)
          .takeError());
  return value;
}

namespace {

/// Hands the children of a node to an action, in source order.
class ChildVisitor : public ASTVisitor<ChildVisitor> {
public:
  explicit ChildVisitor(llvm::function_ref<void(const Node &)> action)
      : action(action) {}

  // Expressions.
  void visitBinaryExpr(const BinaryExpr &expr) {
    one(expr.lhs);
    one(expr.rhs);
  }
  void visitBoolLiteralExpr(const BoolLiteralExpr &) {}
  void visitCallExpr(const CallExpr &expr) {
    one(expr.callee);
    values(expr.args);
  }
  void visitEnumCaseExpr(const EnumCaseExpr &) {}
  void visitErrorExpr(const ErrorExpr &) {}
  void visitFloatLiteralExpr(const FloatLiteralExpr &) {}
  void visitGenericExpr(const GenericExpr &expr) { values(expr.args); }
  void visitIfExpr(const IfExpr &expr) { branches(expr); }
  void visitIndexExpr(const IndexExpr &expr) {
    one(expr.base);
    indexItems(expr.items);
    values(expr.namedArgs);
  }
  void visitInsideExpr(const InsideExpr &expr) {
    one(expr.base);
    indexItems(expr.items);
  }
  void visitIntegerLiteralExpr(const IntegerLiteralExpr &) {}
  void visitLambdaExpr(const LambdaExpr &expr) { one(expr.body); }
  void visitListExpr(const ListExpr &expr) { all(expr.elements); }
  void visitMemberExpr(const MemberExpr &expr) { one(expr.base); }
  void visitNameExpr(const NameExpr &) {}
  void visitNoneExpr(const NoneExpr &) {}
  void visitShapedExpr(const ShapedExpr &expr) {
    one(expr.base);
    all(expr.shape);
  }
  void visitStringLiteralExpr(const StringLiteralExpr &) {}
  void visitTupleExpr(const TupleExpr &expr) { all(expr.elements); }
  void visitTupleFieldExpr(const TupleFieldExpr &expr) { one(expr.base); }
  void visitTypeValueExpr(const TypeValueExpr &expr) { one(expr.type); }
  void visitUnaryExpr(const UnaryExpr &expr) { one(expr.operand); }

  // Types.
  void visitErrorTypeExpr(const ErrorTypeExpr &) {}
  void visitNamedTypeExpr(const NamedTypeExpr &type) { values(type.args); }
  void visitPtrTypeExpr(const PtrTypeExpr &type) { one(type.element); }
  void visitTensorTypeExpr(const TensorTypeExpr &type) {
    one(type.element);
    all(type.dims);
  }
  void visitTileTypeExpr(const TileTypeExpr &type) {
    one(type.element);
    all(type.shape);
  }
  void visitTupleTypeExpr(const TupleTypeExpr &type) { all(type.elements); }

  // Statements.
  void visitAssertStmt(const AssertStmt &stmt) {
    one(stmt.condition);
    one(stmt.message);
  }
  void visitAssignStmt(const AssignStmt &stmt) {
    one(stmt.target);
    one(stmt.value);
  }
  void visitBindingStmt(const BindingStmt &stmt) {
    one(stmt.type);
    one(stmt.init);
  }
  void visitBlockStmt(const BlockStmt &stmt) {
    all(stmt.stmts);
    one(stmt.value);
  }
  void visitExprStmt(const ExprStmt &stmt) { one(stmt.expr); }
  void visitForStmt(const ForStmt &stmt) {
    one(stmt.begin);
    one(stmt.end);
    one(stmt.step);
    annotations(stmt.annotations);
    one(stmt.body);
  }
  void visitIfStmt(const IfStmt &stmt) { branches(stmt); }
  void visitPrintStmt(const PrintStmt &stmt) { values(stmt.args); }
  void visitReturnStmt(const ReturnStmt &stmt) { one(stmt.value); }
  void visitStaticAssertStmt(const StaticAssertStmt &stmt) {
    one(stmt.condition);
    one(stmt.message);
  }
  void visitTempStmt(const TempStmt &stmt) {
    one(stmt.type);
    one(stmt.init);
  }
  void visitWhileStmt(const WhileStmt &stmt) {
    one(stmt.condition);
    one(stmt.body);
  }

  // Declarations.
  void visitEnumDecl(const EnumDecl &) {}
  void visitExportDecl(const ExportDecl &decl) {
    for (const InstanceRef &instance : decl.instances)
      values(instance.args);
  }
  void visitFnDecl(const FnDecl &decl) {
    genericParams(decl.genericParams);
    params(decl.params);
    one(decl.returnType);
    one(decl.body);
  }
  void visitImportDecl(const ImportDecl &) {}
  void visitKernelDecl(const KernelDecl &decl) { launchable(decl); }
  void visitReferenceDecl(const ReferenceDecl &decl) {
    for (const ReferenceResult &result : decl.results)
      values(result.tolerance.args);
    one(decl.body);
  }
  void visitSequenceDecl(const SequenceDecl &decl) { launchable(decl); }
  void visitTestDecl(const TestDecl &decl) {
    values(decl.target.args);
    for (const TestArg &arg : decl.args) {
      one(arg.value);
      one(arg.strides);
    }
    for (const Sweep &sweep : decl.sweeps)
      one(sweep.values);
    one(decl.flops);
    one(decl.bytes);
    values(decl.tolerance.args);
  }

private:
  void one(const Node *node) {
    if (node)
      action(*node);
  }
  template <typename NodeT> void all(llvm::ArrayRef<const NodeT *> nodes) {
    for (const NodeT *node : nodes)
      one(node);
  }
  template <typename ArgT> void values(llvm::ArrayRef<ArgT> args) {
    for (const ArgT &arg : args)
      one(arg.value);
  }
  void indexItems(llvm::ArrayRef<IndexItem> items) {
    for (const IndexItem &item : items) {
      one(item.value);
      one(item.extent);
    }
  }
  void annotations(llvm::ArrayRef<Annotation> annotations) {
    for (const Annotation &annotation : annotations)
      values(annotation.args);
  }
  void genericParams(llvm::ArrayRef<GenericParam> params) {
    for (const GenericParam &param : params) {
      one(param.choices);
      one(param.defaultValue);
    }
  }
  void params(llvm::ArrayRef<Param> params) {
    for (const Param &param : params) {
      one(param.type);
      one(param.init);
    }
  }
  template <typename IfT> void branches(const IfT &node) {
    one(node.condition);
    one(node.thenBlock);
    one(node.elseBlock);
  }
  template <typename DeclT> void launchable(const DeclT &decl) {
    genericParams(decl.genericParams);
    params(decl.params);
    all(decl.clauses.grid);
    all(decl.clauses.requirements);
    for (const TuneEntry &entry : decl.clauses.tune)
      one(entry.choices);
    values(decl.clauses.inits);
    annotations(decl.clauses.annotations);
    one(decl.body);
  }

  llvm::function_ref<void(const Node &)> action;
};

} // namespace

void mlir::tk::forEachChild(const Node &node,
                            llvm::function_ref<void(const Node &)> action) {
  ChildVisitor visitor(action);
  if (const auto *expr = llvm::dyn_cast<Expr>(&node))
    return visitor.visit(*expr);
  if (const auto *type = llvm::dyn_cast<TypeExpr>(&node))
    return visitor.visit(*type);
  if (const auto *stmt = llvm::dyn_cast<Stmt>(&node))
    return visitor.visit(*stmt);
  visitor.visit(llvm::cast<Decl>(node));
}

void mlir::tk::walk(const Node &node,
                    llvm::function_ref<bool(const Node &)> action) {
  if (action(node))
    forEachChild(node, [&](const Node &child) { walk(child, action); });
}
