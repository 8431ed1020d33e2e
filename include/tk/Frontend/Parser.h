//===- Parser.h - tokens to syntax tree -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_PARSER_H
#define TK_FRONTEND_PARSER_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::tk {

/// Deepest nesting of expressions, blocks and types together. Bounds the stack
/// of the parser and of everything that walks the tree.
constexpr unsigned kMaxNesting = 256;

/// Parses the text of buffer `bufferId`. `name<...>` followed by `(` or `[` is
/// a generic use when `name` is a generic builtin, a generic declared in this
/// file, or in `importedGenerics`; otherwise `<` compares. Always returns a
/// tree; if errors were reported, it holds what could be understood.
SourceFile parseSourceFile(const llvm::SourceMgr &sourceMgr, unsigned bufferId,
                           const llvm::StringSet<> &importedGenerics,
                           ASTContext &context, DiagnosticReporter &diags);

/// The main file first, then everything it imports, each file once, in the
/// order of first import.
struct Program {
  std::vector<SourceFile> files;
};

/// Parses the main buffer of `sourceMgr` and, through the include directories
/// of `sourceMgr` and the directory of the importing file, what it imports.
Program parseProgram(llvm::SourceMgr &sourceMgr, ASTContext &context,
                     DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_PARSER_H
