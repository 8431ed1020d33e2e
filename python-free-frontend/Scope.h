//===- Scope.h - what names mean in a body ----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_SCOPE_H
#define TK_FRONTEND_SCOPE_H

#include "ConstEval.h"
#include "TypedTree.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::tk {

/// What a name means while a body is checked: a variable or a constant.
struct Symbol {
  Variable *variable = nullptr;
  ConstValue constant;
  /// An optional parameter that this instance lacks.
  bool isAbsent = false;
  SourceRange range;
};

/// Nested blocks of names.
class Scope {
public:
  explicit Scope(Scope *parent = nullptr, bool isLambda = false)
      : parent(parent), isLambda(isLambda) {}

  const Symbol *find(llvm::StringRef name) const {
    for (const Scope *scope = this; scope; scope = scope->parent) {
      auto found = scope->symbols.find(name);
      if (found != scope->symbols.end())
        return &found->second;
    }
    return nullptr;
  }
  const Symbol *findHere(llvm::StringRef name) const {
    auto found = symbols.find(name);
    return found == symbols.end() ? nullptr : &found->second;
  }
  void declare(llvm::StringRef name, Symbol symbol) {
    symbols[name] = std::move(symbol);
  }
  /// True if `name` is declared outside of a lambda that is around here.
  bool isCaptured(llvm::StringRef name) const {
    bool isOutside = false;
    for (const Scope *scope = this; scope; scope = scope->parent) {
      if (scope->symbols.contains(name))
        return isOutside;
      isOutside |= scope->isLambda;
    }
    return false;
  }
  bool isInLambda() const {
    return isLambda || (parent && parent->isInLambda());
  }

  llvm::SmallVector<llvm::StringRef> getNames() const;

private:
  Scope *parent;
  /// These are the parameters of a lambda.
  bool isLambda;
  llvm::StringMap<Symbol> symbols;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_SCOPE_H
