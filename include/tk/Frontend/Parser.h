//===- Parser.h - tokens to syntax tree -------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_PARSER_H
#define TK_FRONTEND_PARSER_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringSet.h"
#include <vector>

namespace mlir::tk {

struct EmbeddedFile;

/// Deepest nesting of expressions, blocks and types together. Bounds the stack
/// of the parser and of everything that walks the tree.
constexpr unsigned kMaxNesting = 256;

/// Most operators, calls and indices in one expression: `a + b + c` makes the
/// tree deeper without being nested.
constexpr unsigned kMaxOperators = 4096;

/// The builtins that take arguments in angle brackets, such as `zeros`.
llvm::ArrayRef<llvm::StringRef> getGenericBuiltins();

/// Parses the text of buffer `bufferId`. `name<...>` followed by `(` or `[` is
/// a generic use when `name` is a generic builtin, a generic declared in this
/// file, or in `importedGenerics`; otherwise `<` compares. Always returns a
/// tree; if errors were reported, it holds what could be understood.
SourceFile parseSourceFile(const llvm::SourceMgr &sourceMgr, unsigned bufferId,
                           const llvm::StringSet<> &importedGenerics,
                           ASTContext &context, DiagnosticReporter &diags);

/// One `import`, of one of the files of a program by another one.
struct ParsedImport {
  size_t importer = 0;
  size_t imported = 0;
  /// As it is written.
  std::string path;
};

/// The main file first, then everything it imports, each file once. All their
/// declarations share one scope.
struct ParsedProgram {
  std::vector<SourceFile> files;
  std::vector<ParsedImport> imports;
};

/// Parses the main buffer of `sourceMgr` and, recursively, what it imports. A
/// path in an import is looked for beside the importing file, then in the
/// include directories of `sourceMgr`; where files came with the main one, in
/// `embedded` and nowhere else.
ParsedProgram parseProgram(llvm::SourceMgr &sourceMgr, ASTContext &context,
                           DiagnosticReporter &diags,
                           const std::vector<EmbeddedFile> *embedded = nullptr);

} // namespace mlir::tk

#endif // TK_FRONTEND_PARSER_H
