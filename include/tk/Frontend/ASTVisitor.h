//===- ASTVisitor.h - dispatch on and walks over the tree -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_ASTVISITOR_H
#define TK_FRONTEND_ASTVISITOR_H

#include "tk/Frontend/AST.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <utility>

namespace mlir::tk {

/// Calls `visitBinaryExpr(const BinaryExpr &, args...)` and so on of `Derived`
/// by the kind of the node. A category that is visited needs a method for each
/// of its kinds; of the others nothing is instantiated.
///
///   struct TypeOf : ASTVisitor<TypeOf, Type> {
///     Type visitBoolLiteralExpr(const BoolLiteralExpr &expr) { ... }
///     ...
///   };
///   Type type = TypeOf().visit(*expr);
template <typename Derived, typename ResultT = void> class ASTVisitor {
public:
  template <typename... ArgTs>
  ResultT visit(const Expr &node, ArgTs &&...args) {
    switch (node.kind) {
#define EXPR(Name)                                                             \
  case NodeKind::Name:                                                         \
    return static_cast<Derived *>(this)->visit##Name(                          \
        llvm::cast<Name>(node), std::forward<ArgTs>(args)...);
#include "tk/Frontend/ASTNodes.def"
    default:
      llvm_unreachable("not the kind of an expression");
    }
  }

  template <typename... ArgTs>
  ResultT visit(const TypeExpr &node, ArgTs &&...args) {
    switch (node.kind) {
#define TYPE_EXPR(Name)                                                        \
  case NodeKind::Name:                                                         \
    return static_cast<Derived *>(this)->visit##Name(                          \
        llvm::cast<Name>(node), std::forward<ArgTs>(args)...);
#include "tk/Frontend/ASTNodes.def"
    default:
      llvm_unreachable("not the kind of a type");
    }
  }

  template <typename... ArgTs>
  ResultT visit(const Stmt &node, ArgTs &&...args) {
    switch (node.kind) {
#define STMT(Name)                                                             \
  case NodeKind::Name:                                                         \
    return static_cast<Derived *>(this)->visit##Name(                          \
        llvm::cast<Name>(node), std::forward<ArgTs>(args)...);
#include "tk/Frontend/ASTNodes.def"
    default:
      llvm_unreachable("not the kind of a statement");
    }
  }

  template <typename... ArgTs>
  ResultT visit(const Decl &node, ArgTs &&...args) {
    switch (node.kind) {
#define DECL(Name)                                                             \
  case NodeKind::Name:                                                         \
    return static_cast<Derived *>(this)->visit##Name(                          \
        llvm::cast<Name>(node), std::forward<ArgTs>(args)...);
#include "tk/Frontend/ASTNodes.def"
    default:
      llvm_unreachable("not the kind of a declaration");
    }
  }
};

/// Calls `action` on each node directly below `node`, in source order.
void forEachChild(const Node &node,
                  llvm::function_ref<void(const Node &)> action);

/// Calls `action` on `node` and on everything below it, parents first. Where
/// `action` returns false, what is below that node is left out.
void walk(const Node &node, llvm::function_ref<bool(const Node &)> action);

} // namespace mlir::tk

#endif // TK_FRONTEND_ASTVISITOR_H
