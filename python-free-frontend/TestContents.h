//===- TestContents.h - what the tensors of tests hold ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_TESTCONTENTS_H
#define TK_FRONTEND_TESTCONTENTS_H

#include "BodyChecker.h"
#include "tk/Frontend/Program.h"

namespace mlir::tk {

/// What `decl` gives a parameter or dimension; null if nothing.
const TestArg *findTestArg(const TestDecl &decl, llvm::StringRef name);

/// Reads `x = randn[37, 100] stride [128, 1]`.
class ContentsReader {
public:
  ContentsReader(const TestDecl &decl, BodyChecker &checker,
                 DiagnosticReporter &diags)
      : decl(decl), checker(checker), diags(diags) {}

  std::optional<llvm::SmallVector<int64_t, 4>> readShape(const TestArg &arg);
  /// Of an argument whose shape was read.
  std::optional<DataSource> readData(const TestArg &arg);
  /// Row-major, or as written. `arg` may be null.
  bool setStrides(const TestArg *arg, TestArgument &argument);
  std::optional<double> readNumber(const Expr &expr);

private:
  /// `randn[37, 100]`, `uniform[7](0, 9)`, `like(x)`: the generator's name, its
  /// shape and its numbers.
  struct Source {
    llvm::StringRef name;
    SourceRange range;
    llvm::ArrayRef<IndexItem> shape;
    llvm::ArrayRef<CallArg> numbers;
    bool hasShape = false;
  };
  struct Generator;

  std::optional<Source> parseSource(const Expr &expr);
  const Generator *findGenerator(const Source &source);

  const TestDecl &decl;
  BodyChecker &checker;
  DiagnosticReporter &diags;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_TESTCONTENTS_H
