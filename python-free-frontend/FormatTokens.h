//===- FormatTokens.h - what the formatter knows of each token --*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_FORMATTOKENS_H
#define TK_FRONTEND_FORMATTOKENS_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::tk {

/// What the tree tells about tokens that look alike. Tokens are known by the
/// place where they start.
class TokenRoles {
public:
  explicit TokenRoles(const SourceFile &file);

  /// `-` in `a - b`, `<` in `a < b`, `|` in `a | b`.
  bool isBinaryOp(const Token &token) const { return has(binaryOps, token); }
  /// `-` in `-a`.
  bool isUnaryOp(const Token &token) const { return has(unaryOps, token); }
  /// `<` or `>` that is a bracket.
  bool isAngle(const Token &token) const {
    return token.isOneOf(TokenKind::Less, TokenKind::Greater,
                         TokenKind::GreaterGreater) &&
           !isBinaryOp(token);
  }
  /// `[` of `[a, b]`, not of `x[a, b]`.
  bool isListBracket(const Token &token) const { return has(lists, token); }
  /// `.` of `.relu`, not of `x.bytes`.
  bool isCaseDot(const Token &token) const { return has(cases, token); }
  /// The first bar of a lambda.
  bool isLambdaBar(const Token &token) const { return has(lambdas, token); }
  /// `within`, `for`, `flops`, `bytes` of a test.
  bool isTestClause(const Token &token) const { return has(clauses, token); }
  /// `within`.
  bool isTolerance(const Token &token) const { return has(tolerances, token); }

  /// The block that `{` opens; null for the brace of an enum.
  const BlockStmt *getBlock(const Token &token) const {
    return blocks.lookup(token.text.begin());
  }
  /// The block belongs to a lambda or to an if that is a value.
  bool isInExpression(const BlockStmt &block) const {
    return expressionBlocks.contains(&block);
  }

private:
  using Places = llvm::DenseSet<const char *>;
  static bool has(const Places &places, const Token &token) {
    return places.contains(token.text.begin());
  }
  static void add(Places &places, SourceRange range) {
    if (range.isValid())
      places.insert(range.Start.getPointer());
  }
  void visit(const Node &node);
  void visitTest(const TestDecl &test);

  Places binaryOps, unaryOps, lists, cases, lambdas, clauses, tolerances;
  llvm::DenseMap<const char *, const BlockStmt *> blocks;
  llvm::DenseSet<const BlockStmt *> expressionBlocks;
};

/// True if one blank stands between two tokens on one line. `isTight` is true
/// directly inside the brackets of an index or a shape, where `*` and `/` hug
/// their operands: `x[i*BM +: BM]`.
bool needsSpace(const Token &before, const Token &after, bool isTight,
                const TokenRoles &roles);

/// True if a line break that the author made between two tokens stays.
bool mayBreak(const Token &before, const Token &after, const TokenRoles &roles);

} // namespace mlir::tk

#endif // TK_FRONTEND_FORMATTOKENS_H
