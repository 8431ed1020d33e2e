//===- ParserImpl.h - the recursive descent parser --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One method per rule of the grammar in docs/Language.md. A method that returns
// a pointer or bool returns null or false after it has reported an error; its
// callers pass that up, without a word, to the nearest statement, declaration
// or block, which skips to where parsing can go on.

#ifndef TK_FRONTEND_PARSERIMPL_H
#define TK_FRONTEND_PARSERIMPL_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include <algorithm>
#include <optional>

namespace mlir::tk {

/// The names declared with `<...>` in `tokens`.
void collectGenericNames(llvm::ArrayRef<Token> tokens,
                         llvm::StringSet<> &names);

class Parser {
public:
  Parser(TokenStream stream, const llvm::StringSet<> &importedGenerics,
         ASTContext &context, DiagnosticReporter &diags);

  SourceFile parseFile(unsigned bufferId);

private:
  //===--------------------------------------------------------------------===//
  // Tokens
  //===--------------------------------------------------------------------===//

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool at(TokenKind kind) const { return peek().is(kind); }
  /// At the name `word`, which is a keyword only here.
  bool atWord(llvm::StringRef word) const {
    return at(TokenKind::Identifier) && peek().text == word;
  }
  Token consume();
  bool consumeIf(TokenKind kind);
  /// Consumes a token of `kind` or reports what was found instead.
  bool expect(TokenKind kind);
  /// The same for a closing bracket; a note shows the opening one.
  bool expectClosing(TokenKind kind, const Token &opening);
  /// The same for `;`: the message points after the last token.
  bool expectSemicolon();
  /// Consumes `>`, also as the first half of `>>`, `>=` or `>>=`.
  bool expectClosingAngle(const Token &opening);
  std::optional<Identifier> expectName(llvm::StringRef what);
  /// A name where any word will do, keywords too: after a dot.
  std::optional<Identifier> expectWord(llvm::StringRef what);

  bool isFirstOnLine(size_t index) const;
  bool atDeclaration() const;
  bool isDeclarationOnNewLine(size_t index) const;
  bool atDeclarationOnNewLine() const {
    return isDeclarationOnNewLine(position);
  }

  llvm::SMLoc here() const { return peek().getRange().Start; }
  /// From `start` to the end of the last token consumed.
  SourceRange rangeFrom(llvm::SMLoc start) const;
  /// The empty range after the last token consumed.
  SourceRange endOfPrevious() const;

  //===--------------------------------------------------------------------===//
  // Errors
  //===--------------------------------------------------------------------===//

  /// Reports unless there has been a message about this very token, or one in a
  /// declaration that lacks a brace: what follows seems to stand in the wrong
  /// block, and would be blamed for it.
  template <typename... ArgTs>
  std::optional<DiagnosticReporter::Builder>
  report(SourceRange range, DiagKind kind, const ArgTs &...args) {
    if (isSilent())
      return std::nullopt;
    lastErrorPosition = position;
    isLost = lacksBrace;
    return diags.report(range, kind, args...);
  }
  bool isSilent() const {
    return at(TokenKind::Error) || lastErrorPosition == position || isLost;
  }
  /// "expected {expected}, got {the token at hand}".
  std::optional<DiagnosticReporter::Builder>
  reportUnexpected(const std::string &expected);
  /// "'{keyword}' is a keyword, expected {what}".
  void reportReserved(llvm::StringRef what);
  /// Says what to write instead, where the token at hand is what other
  /// languages would have here.
  void hintAtForeignSyntax(std::optional<DiagnosticReporter::Builder> &message);
  llvm::StringRef getForeignSyntaxHint() const;
  /// How messages call the token at hand.
  std::string describeCurrent() const;

  /// Counts the braces of the declaration that starts here.
  void enterDeclaration();
  void skipStatement();
  void skipToDeclaration();

  //===--------------------------------------------------------------------===//
  // Lists
  //===--------------------------------------------------------------------===//

  /// Parses `element, element, ...` up to and with `closing`; a comma may stand
  /// at the end. `opening` has been consumed.
  bool parseList(const Token &opening, TokenKind closing,
                 llvm::function_ref<bool()> parseElement);
  bool parseNames(llvm::SmallVectorImpl<Identifier> &names,
                  llvm::StringRef what);

  //===--------------------------------------------------------------------===//
  // Declarations
  //===--------------------------------------------------------------------===//

  void parseVersion(SourceFile &file);
  const Decl *parseDecl();
  const Decl *parseEnum();
  const Decl *parseExport();
  const Decl *parseFn();
  const Decl *parseImport();
  const Decl *parseReference();
  const Decl *parseTest();
  template <typename DeclT> const Decl *parseLaunchable();

  bool parseGenericParams(llvm::ArrayRef<GenericParam> &params);
  std::optional<GenericParam> parseGenericParam();
  bool parseGenericParamKind(GenericParam &param);
  bool parseParams(llvm::ArrayRef<Param> &params);
  std::optional<Param> parseParam();

  bool parseLaunchClauses(LaunchClauses &clauses);
  bool parseLaunchClause(LaunchClauses &clauses);
  std::optional<TuneEntry> parseTuneEntry();
  std::optional<Annotation> parseAnnotation();
  bool parseAnnotations(llvm::ArrayRef<Annotation> &annotations);

  std::optional<InstanceRef> parseInstance();
  std::optional<TestArg> parseTestArg();
  bool parseTestClause(TestDecl &test, llvm::SmallVectorImpl<Sweep> &sweeps);
  std::optional<Sweep> parseSweep();
  std::optional<Tolerance> parseTolerance();
  std::optional<ReferenceResult> parseReferenceResult();

  /// The `///` lines right above `loc`.
  llvm::StringRef findDoc(llvm::SMLoc loc);

  //===--------------------------------------------------------------------===//
  // Types
  //===--------------------------------------------------------------------===//

  const TypeExpr *parseType();
  const TypeExpr *parsePtrType();
  const TypeExpr *parseTupleType();
  template <typename TypeT>
  TypeT *parseShapedType(llvm::ArrayRef<const Expr *> TypeT::*shape);

  //===--------------------------------------------------------------------===//
  // Statements
  //===--------------------------------------------------------------------===//

  /// A statement, or the value at the end of a block; neither after an error.
  struct BlockItem {
    const Stmt *stmt = nullptr;
    const Expr *value = nullptr;

    explicit operator bool() const { return stmt || value; }
  };

  /// `{ ... }`. Where `mayHaveValue` is false, a value lacks its semicolon.
  const BlockStmt *parseBlock(bool mayHaveValue);
  BlockItem parseBlockItem(bool mayHaveValue);
  BlockItem parseIfItem(bool mayHaveValue);
  BlockItem parseExpressionItem(bool mayHaveValue);
  void reportUnused(const Expr &expr, bool mayHaveValue);
  const Stmt *parseAssignment(const Expr *target, llvm::SMLoc start);
  const Stmt *parseBinding();
  const Stmt *parseFor();
  const Stmt *parsePrint();
  const Stmt *parseReturn();
  const Stmt *parseTemp();
  const Stmt *parseWhile();
  template <typename AssertT> const Stmt *parseAssert();
  std::optional<BindingPattern> parsePattern();
  bool parseRange(ForStmt &loop);
  void requireNoValue(const BlockStmt *block);

  //===--------------------------------------------------------------------===//
  // Expressions
  //===--------------------------------------------------------------------===//

  const Expr *parseExpr();
  const Expr *parseBinary(unsigned minPrecedence);
  void reportChainedComparison(const BinaryExpr &first);
  const Expr *parseUnary();
  const Expr *parsePostfix();
  const Expr *parsePrimary();
  const Expr *parseName();
  const Expr *parseGenericUse();
  const Expr *parseParenthesized();
  const ListExpr *parseListExpr();
  const ListExpr *parseChoices();
  const Expr *parseLambda();
  const Expr *parseDotCase();
  const Expr *parseIfExpr();
  const Expr *parseCall(const Expr *callee, llvm::SMLoc start);
  const Expr *parseIndex(const Expr *base, llvm::SMLoc start);
  const Expr *parseMember(const Expr *base, llvm::SMLoc start);
  const Expr *parseInteger();
  const Expr *parseFloat();
  const StringLiteralExpr *parseString();

  /// The pieces of an if before it is known whether it has a value.
  struct IfParts {
    SourceRange range;
    SourceRange keyword;
    const Expr *condition = nullptr;
    const BlockStmt *thenBlock = nullptr;
    const BlockStmt *elseBlock = nullptr;
    /// Something in it was reported.
    bool hasMistake = false;
  };
  std::optional<IfParts> parseIfParts();
  const Expr *makeIfExpr(const IfParts &parts);
  const Stmt *makeIfStmt(const IfParts &parts);

  bool parseCallArgs(llvm::ArrayRef<CallArg> &args);
  std::optional<CallArg> parseCallArg();
  bool parseGenericArgs(llvm::ArrayRef<GenericArg> &args);
  std::optional<GenericArg> parseGenericArg();
  bool parseIndexItems(const Token &opening, TokenKind closing,
                       llvm::SmallVectorImpl<IndexItem> &items,
                       llvm::SmallVectorImpl<CallArg> *namedArgs,
                       bool *isInbounds);
  std::optional<IndexItem> parseIndexItem();
  bool parseExprs(const Token &opening, TokenKind closing,
                  llvm::ArrayRef<const Expr *> &exprs);

  /// At a name followed by `<...>` and then `(` or `[`, the name being generic.
  bool atGenericUse() const;
  bool atIdentifierThenEqual() const {
    return at(TokenKind::Identifier) && peek(1).is(TokenKind::Equal);
  }

  /// Counts one operator of a chain like `a + b + c`, which makes the tree
  /// deeper without any nesting; false if there are too many.
  bool countOperator();

  template <typename NodeT> NodeT *make(llvm::SMLoc start) {
    return context.create<NodeT>(rangeFrom(start));
  }

  /// One level of nesting while it lives. Tests false, after a report, when
  /// that is one too many.
  class Nesting {
  public:
    explicit Nesting(Parser &parser);
    ~Nesting() { --parser.nesting; }
    explicit operator bool() const { return isAllowed; }

  private:
    Parser &parser;
    bool isAllowed;
  };

  std::vector<Token> tokens;
  std::vector<Token> comments;
  llvm::StringSet<> genericNames;
  ASTContext &context;
  DiagnosticReporter &diags;

  size_t position = 0;
  size_t lastErrorPosition = ~size_t(0);
  /// The braces of this declaration do not pair up.
  bool lacksBrace = false;
  /// There has been a message in such a declaration.
  bool isLost = false;
  unsigned nesting = 0;
  unsigned numOperators = 0;
  /// Between the angle brackets of a generic, `>` closes and never compares.
  bool isGreaterClosing = false;
  /// Inside an expression: what is nested shares its count of operators.
  unsigned expressionDepth = 0;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_PARSERIMPL_H
