//===- NameCheck.cpp - every name means something -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types are checked when a body is instantiated, and then only in live arms.
// Names are checked here, once, whatever the instance.

#include "Builtins.h"
#include "Declarations.h"
#include "ForeignNames.h"
#include "ValueType.h"
#include "tk/Frontend/ASTVisitor.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace mlir::tk;

namespace {

/// Names that are no declarations, by block, with where they were declared.
class NameScope {
public:
  explicit NameScope(NameScope *parent = nullptr) : parent(parent) {}

  void declare(StringRef name, SourceRange range) {
    names.try_emplace(name, range);
  }
  bool contains(StringRef name) const {
    return names.contains(name) || (parent && parent->contains(name));
  }
  SourceRange getRange(StringRef name) const {
    auto found = names.find(name);
    if (found != names.end())
      return found->second;
    return parent ? parent->getRange(name) : SourceRange();
  }
  void append(SmallVectorImpl<StringRef> &all) const {
    for (const auto &entry : names)
      all.push_back(entry.getKey());
    if (parent)
      parent->append(all);
  }

private:
  NameScope *parent;
  StringMap<SourceRange> names;
};

class NameChecker {
public:
  NameChecker(const Declarations &decls, DiagnosticReporter &diags)
      : decls(decls), diags(diags) {}

  void check(const Decl &decl) {
    NameScope scope;
    reported.clear();
    switch (decl.kind) {
    case NodeKind::FnDecl: {
      auto &function = cast<FnDecl>(decl);
      declareGenerics(function.genericParams, scope);
      declareParams(function.params, scope);
      if (function.returnType)
        visit(*function.returnType, scope);
      visitBlock(*function.body, scope);
      return;
    }
    case NodeKind::KernelDecl:
    case NodeKind::SequenceDecl:
      return checkLaunchable(getLaunchableParts(decl), scope);
    case NodeKind::ReferenceDecl:
      return checkReference(cast<ReferenceDecl>(decl), scope);
    default:
      return;
    }
  }

private:
  void checkLaunchable(const LaunchableParts &parts, NameScope &scope) {
    declareGenerics(parts.genericParams, scope);
    declareParams(parts.params, scope);
    for (const Expr *extent : parts.clauses->grid)
      visit(*extent, scope);
    for (const Expr *requirement : parts.clauses->requirements)
      visit(*requirement, scope);
    visitBlock(*parts.body, scope);
  }

  void checkReference(const ReferenceDecl &reference, NameScope &scope) {
    auto found = decls.named.find(reference.name.name);
    if (found == decls.named.end() ||
        !isa<KernelDecl, SequenceDecl>(found->second))
      return;
    LaunchableParts parts = getLaunchableParts(*found->second);
    for (const Identifier &param : reference.params)
      scope.declare(param.name, param.range);
    for (const Param &param : parts.params)
      if (auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type))
        declareDims(*tensor, scope);
    for (const ReferenceResult &result : reference.results)
      scope.declare(result.name.name, result.name.range);
    visitBlock(*reference.body, scope);
  }

  void declareGenerics(ArrayRef<GenericParam> params, NameScope &scope) {
    for (const GenericParam &param : params) {
      if (param.choices)
        visit(*param.choices, scope);
      if (param.defaultValue)
        visit(*param.defaultValue, scope);
      scope.declare(param.name.name, param.name.range);
    }
  }

  void declareDims(const TensorTypeExpr &tensor, NameScope &scope) {
    for (const Expr *dim : tensor.dims)
      if (auto *name = dyn_cast<NameExpr>(dim))
        scope.declare(name->name, name->range);
  }

  void declareParams(ArrayRef<Param> params, NameScope &scope) {
    for (const Param &param : params) {
      scope.declare(param.name.name, param.name.range);
      if (auto *tensor = dyn_cast_or_null<TensorTypeExpr>(param.type))
        declareDims(*tensor, scope);
    }
    for (const Param &param : params)
      if (param.type)
        visit(*param.type, scope);
  }

  void visitBlock(const BlockStmt &block, NameScope &outer) {
    NameScope scope(&outer);
    for (const Stmt *stmt : block.stmts)
      visit(*stmt, scope);
    if (block.value)
      visit(*block.value, scope);
  }

  void declarePattern(const BindingPattern &pattern, NameScope &scope) {
    if (pattern.kind == BindingPattern::Kind::Name)
      scope.declare(pattern.name.name, pattern.name.range);
    for (const BindingPattern &element : pattern.elements)
      declarePattern(element, scope);
  }

  /// Nodes that declare names or have words in them; all others only pass on
  /// to what is below them.
  void visit(const Node &node, NameScope &scope) {
    switch (node.kind) {
    case NodeKind::NameExpr: {
      auto &name = cast<NameExpr>(node);
      return checkName(name.name, name.range, scope);
    }
    case NodeKind::NamedTypeExpr: {
      auto &type = cast<NamedTypeExpr>(node);
      if (!type.args.empty() && type.name == "acc_of") {
        for (const GenericArg &arg : type.args)
          visit(*arg.value, scope);
        return;
      }
      bool isKnown = parseScalarKind(type.name) || scope.contains(type.name);
      if (!isKnown)
        reportUnknown(type.name, type.range, DiagKind::UnknownType, scope);
      return;
    }
    case NodeKind::GenericExpr: {
      auto &generic = cast<GenericExpr>(node);
      checkName(generic.name.name, generic.name.range, scope);
      for (const GenericArg &arg : generic.args)
        visit(*arg.value, scope);
      return;
    }
    case NodeKind::CallExpr:
      return visitCall(cast<CallExpr>(node), scope);
    case NodeKind::MemberExpr: {
      auto &member = cast<MemberExpr>(node);
      auto *base = dyn_cast<NameExpr>(member.base);
      if (!base || base->name != "fast")
        visit(*member.base, scope);
      return;
    }
    case NodeKind::BlockStmt:
      return visitBlock(cast<BlockStmt>(node), scope);
    case NodeKind::BindingStmt: {
      auto &binding = cast<BindingStmt>(node);
      if (binding.type)
        visit(*binding.type, scope);
      visit(*binding.init, scope);
      return declarePattern(binding.pattern, scope);
    }
    case NodeKind::TempStmt: {
      auto &temp = cast<TempStmt>(node);
      visit(*temp.type, scope);
      if (temp.init)
        visit(*temp.init, scope);
      return scope.declare(temp.name.name, temp.name.range);
    }
    case NodeKind::ForStmt: {
      auto &loop = cast<ForStmt>(node);
      for (const Expr *bound : {loop.begin, loop.end, loop.step})
        if (bound)
          visit(*bound, scope);
      NameScope inner(&scope);
      inner.declare(loop.variable.name, loop.variable.range);
      return visitBlock(*loop.body, inner);
    }
    case NodeKind::LambdaExpr: {
      auto &lambda = cast<LambdaExpr>(node);
      NameScope inner(&scope);
      for (const Identifier &param : lambda.params)
        inner.declare(param.name, param.range);
      return visitBlock(*lambda.body, inner);
    }
    default:
      forEachChild(node, [&](const Node &child) { visit(child, scope); });
    }
  }

  void visitCall(const CallExpr &call, NameScope &scope) {
    visit(*call.callee, scope);
    for (const CallArg &arg : call.args)
      if (!isWordArgument(arg.name.name))
        visit(*arg.value, scope);
  }

  void checkName(StringRef name, SourceRange range, NameScope &scope) {
    if (scope.contains(name) || decls.named.contains(name) ||
        isBuiltinName(name) || parseScalarKind(name))
      return;
    reportUnknown(name, range, DiagKind::UnknownName, scope);
  }

  void reportUnknown(StringRef name, SourceRange range, DiagKind kind,
                     NameScope &scope) {
    // Whoever misspells a name does it in every place.
    if (!reported.insert(name).second)
      return;
    SmallVector<StringRef> candidates;
    scope.append(candidates);
    for (const auto &entry : decls.named)
      candidates.push_back(entry.getKey());
    llvm::append_range(candidates, kind == DiagKind::UnknownType
                                       ? getScalarKindNames()
                                       : getBuiltinNames());
    // The order of a hash table must not decide between equal suggestions.
    llvm::sort(candidates);
    auto message = diags.report(range, kind, name);
    std::string hint = decls.getEnumCaseHint(name);
    if (hint.empty())
      hint = getForeignNameHint(name);
    if (!hint.empty()) {
      message.hint(hint);
      return;
    }
    std::optional<StringRef> closest = findClosest(name, candidates);
    if (!closest)
      return;
    message.note(range, DiagKind::DidYouMean, *closest);
    if (SourceRange declared = scope.getRange(*closest); declared.isValid())
      message.note(declared, DiagKind::DeclaredHere, *closest);
  }

  const Declarations &decls;
  DiagnosticReporter &diags;
  /// Unknown names of the declaration at hand.
  StringSet<> reported;
};

} // namespace

void mlir::tk::checkNames(const Declarations &decls,
                          DiagnosticReporter &diags) {
  NameChecker checker(decls, diags);
  for (const Decl *decl : decls.all)
    checker.check(*decl);
}
