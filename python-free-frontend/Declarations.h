//===- Declarations.h - what a program declares -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_DECLARATIONS_H
#define TK_FRONTEND_DECLARATIONS_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Parser.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"
#include <vector>

namespace mlir::tk {

/// The declarations of all files of a program, by name. All but references,
/// tests and benches share one space of names.
struct Declarations {
  llvm::StringMap<const Decl *> named;
  /// By the name of the kernel or sequence.
  llvm::StringMap<const ReferenceDecl *> references;
  /// Of the main file, in source order.
  std::vector<const TestDecl *> tests;
  std::vector<const ExportDecl *> exports;
  /// Kernels and sequences of the main file, in source order.
  std::vector<const Decl *> launchables;
  /// Every declaration of every file.
  std::vector<const Decl *> all;

  template <typename DeclT> const DeclT *find(llvm::StringRef name) const {
    auto found = named.find(name);
    return found == named.end() ? nullptr
                                : llvm::dyn_cast<DeclT>(found->second);
  }

  /// A hint for the case of an enum that is written without its dot; empty if
  /// no enum has a case of this name.
  std::string getEnumCaseHint(llvm::StringRef name) const;

  /// The kernel or sequence of this name; reports an error and returns null if
  /// there is none.
  const Decl *findLaunchable(const Identifier &name,
                             DiagnosticReporter &diags) const;
};

/// The parts that kernels and sequences have in common.
struct LaunchableParts {
  Identifier name;
  llvm::StringRef doc;
  llvm::ArrayRef<GenericParam> genericParams;
  llvm::ArrayRef<Param> params;
  const LaunchClauses *clauses = nullptr;
  const BlockStmt *body = nullptr;
  bool isSequence = false;
};
LaunchableParts getLaunchableParts(const Decl &decl);

/// The name that a declaration introduces; empty for imports, exports.
Identifier getDeclName(const Decl &decl);

/// Collects the declarations, and reports names declared twice or used up by
/// the language, references of nothing, and tests of what is no kernel.
Declarations collectDeclarations(const ParsedProgram &program,
                                 DiagnosticReporter &diags);

/// Reports every name in a body or clause that means nothing, dead arms of
/// constant ifs included.
void checkNames(const Declarations &decls, DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_DECLARATIONS_H
