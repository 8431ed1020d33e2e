//===- ParseStmt.cpp - blocks and statements ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ForeignNames.h"
#include "ParserImpl.h"
#include "tk/Support/Suggest.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::SmallVector;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

const BlockStmt *Parser::parseBlock(bool mayHaveValue) {
  Token opening = peek();
  if (!expect(TokenKind::LeftBrace))
    return nullptr;
  Nesting level(*this);
  if (!level)
    return nullptr;
  SmallVector<const Stmt *> stmts;
  const Expr *value = nullptr;
  while (!at(TokenKind::RightBrace) && !at(TokenKind::EndOfFile) &&
         !atDeclarationOnNewLine()) {
    size_t start = position;
    BlockItem item = parseBlockItem(mayHaveValue);
    if (item.value) {
      value = item.value;
      break;
    }
    if (item.stmt) {
      stmts.push_back(item.stmt);
      continue;
    }
    skipStatement();
    if (position == start && !at(TokenKind::RightBrace))
      consume();
  }
  if (!expectClosing(TokenKind::RightBrace, opening))
    return nullptr;
  auto *block = make<BlockStmt>(opening.getRange().Start);
  block->stmts = context.copy<const Stmt *>(stmts);
  block->value = value;
  return block;
}

/// An arm of an if statement, or the body of a loop, is executed for what it
/// does: `{ f() }` lacks its semicolon there.
void Parser::requireNoValue(const BlockStmt *block) {
  if (block && block->value)
    report({block->value->range.End, block->value->range.End},
           DiagKind::ExpectedSemicolon, "'}'");
}

Parser::BlockItem Parser::parseBlockItem(bool mayHaveValue) {
  switch (peek().kind) {
  case TokenKind::Assert:
    return {parseAssert<AssertStmt>()};
  case TokenKind::For:
    return {parseFor()};
  case TokenKind::If:
    return parseIfItem(mayHaveValue);
  case TokenKind::Let:
  case TokenKind::Var:
    return {parseBinding()};
  case TokenKind::Print:
    return {parsePrint()};
  case TokenKind::Return:
    return {parseReturn()};
  case TokenKind::StaticAssert:
    return {parseAssert<StaticAssertStmt>()};
  case TokenKind::Temp:
    return {parseTemp()};
  case TokenKind::While:
    return {parseWhile()};
  default:
    return parseExpressionItem(mayHaveValue);
  }
}

/// An if at the end of a block is the value of the block when its arms have
/// values; anywhere else it is a statement.
Parser::BlockItem Parser::parseIfItem(bool mayHaveValue) {
  std::optional<IfParts> parts = parseIfParts();
  if (!parts)
    return {};
  bool isValue = mayHaveValue && at(TokenKind::RightBrace) &&
                 parts->thenBlock->value && parts->elseBlock;
  if (isValue)
    return {nullptr, makeIfExpr(*parts)};
  return {makeIfStmt(*parts)};
}

const Stmt *Parser::makeIfStmt(const IfParts &parts) {
  requireNoValue(parts.thenBlock);
  requireNoValue(parts.elseBlock);
  auto *stmt = context.create<IfStmt>(parts.range);
  stmt->condition = parts.condition;
  stmt->thenBlock = parts.thenBlock;
  stmt->elseBlock = parts.elseBlock;
  return stmt;
}

//===----------------------------------------------------------------------===//
// Statements that start with an expression
//===----------------------------------------------------------------------===//

static std::optional<BinaryOp> getCompoundOp(TokenKind kind) {
  switch (kind) {
  case TokenKind::PlusEqual:
    return BinaryOp::Add;
  case TokenKind::MinusEqual:
    return BinaryOp::Subtract;
  case TokenKind::StarEqual:
    return BinaryOp::Multiply;
  case TokenKind::SlashEqual:
    return BinaryOp::Divide;
  case TokenKind::PercentEqual:
    return BinaryOp::Remainder;
  case TokenKind::AmpersandEqual:
    return BinaryOp::BitAnd;
  case TokenKind::PipeEqual:
    return BinaryOp::BitOr;
  case TokenKind::CaretEqual:
    return BinaryOp::BitXor;
  case TokenKind::LessLessEqual:
    return BinaryOp::ShiftLeft;
  case TokenKind::GreaterGreaterEqual:
    return BinaryOp::ShiftRight;
  default:
    return std::nullopt;
  }
}

Parser::BlockItem Parser::parseExpressionItem(bool mayHaveValue) {
  // `lat x = 1;`: a misspelt keyword, not an expression.
  bool looksMisspelt = at(TokenKind::Identifier) &&
                       peek(1).is(TokenKind::Identifier) &&
                       !isFirstOnLine(position + 1);
  if (looksMisspelt) {
    StringRef word = peek().text;
    SourceRange range = peek().getRange();
    auto message = report(range, DiagKind::UnknownStatement, word);
    if (message && isForeignType(word))
      message->hint("write 'var " + peek(1).text +
                    " = ...', or 'let' for what is not assigned again");
    else if (message)
      if (auto closest =
              findClosest(word, {"let", "var", "for", "while", "if", "return",
                                 "print", "assert", "static_assert", "temp"}))
        message->note(range, DiagKind::DidYouMean, *closest);
    return {};
  }

  llvm::SMLoc start = here();
  const Expr *expr = parseExpr();
  if (!expr)
    return {};
  if (at(TokenKind::Equal) || getCompoundOp(peek().kind))
    return {parseAssignment(expr, start)};
  if (at(TokenKind::PlusColon)) {
    report(peek().getRange(), DiagKind::MisplacedSlice);
    return {};
  }
  if (mayHaveValue && at(TokenKind::RightBrace))
    return {nullptr, expr};
  if (!llvm::isa<CallExpr, ErrorExpr>(expr) && at(TokenKind::Semicolon))
    reportUnused(*expr, mayHaveValue);
  if (!expectSemicolon())
    return {};
  auto *stmt = make<ExprStmt>(start);
  stmt->expr = expr;
  return {stmt};
}

void Parser::reportUnused(const Expr &expr, bool mayHaveValue) {
  auto message = report(expr.range, DiagKind::UnusedExpression);
  if (!message)
    return;
  auto *name = llvm::dyn_cast<NameExpr>(&expr);
  if (name && (name->name == "break" || name->name == "continue"))
    message->hint("loops have no 'break' and no 'continue': 'while' has a "
                  "condition, and 'if' leaves out the rest of a turn");
  else if (mayHaveValue && peek(1).is(TokenKind::RightBrace))
    message->hint("without the ';' it is the value of the block");
}

const Stmt *Parser::parseAssignment(const Expr *target, llvm::SMLoc start) {
  if (!llvm::isa<NameExpr, IndexExpr, ErrorExpr>(target)) {
    report(target->range, DiagKind::InvalidAssignmentTarget);
    target = context.create<ErrorExpr>(target->range);
  }
  Token op = consume();
  const Expr *value = parseExpr();
  if (!value || !expectSemicolon())
    return nullptr;
  auto *stmt = make<AssignStmt>(start);
  stmt->target = target;
  if (std::optional<BinaryOp> compound = getCompoundOp(op.kind)) {
    stmt->isCompound = true;
    stmt->op = *compound;
  }
  stmt->opRange = op.getRange();
  stmt->value = value;
  return stmt;
}

//===----------------------------------------------------------------------===//
// Statements that start with a keyword
//===----------------------------------------------------------------------===//

std::optional<BindingPattern> Parser::parsePattern() {
  Nesting level(*this);
  if (!level)
    return std::nullopt;
  llvm::SMLoc start = here();
  BindingPattern pattern;
  if (at(TokenKind::LeftParen)) {
    Token opening = consume();
    pattern.kind = BindingPattern::Kind::Tuple;
    SmallVector<BindingPattern> elements;
    bool isGood = parseList(opening, TokenKind::RightParen, [&] {
      std::optional<BindingPattern> element = parsePattern();
      if (element)
        elements.push_back(*element);
      return element.has_value();
    });
    if (!isGood)
      return std::nullopt;
    pattern.elements = context.copy<BindingPattern>(elements);
  } else {
    std::optional<Identifier> name = expectName("a name");
    if (!name)
      return std::nullopt;
    pattern.name = *name;
    if (name->name == "_")
      pattern.kind = BindingPattern::Kind::Ignore;
  }
  pattern.range = rangeFrom(start);
  return pattern;
}

const Stmt *Parser::parseBinding() {
  Token keyword = consume();
  std::optional<BindingPattern> pattern = parsePattern();
  if (!pattern)
    return nullptr;
  const TypeExpr *type = nullptr;
  if (consumeIf(TokenKind::Colon)) {
    type = parseType();
    if (!type)
      return nullptr;
  }
  if (!expect(TokenKind::Equal))
    return nullptr;
  const Expr *init = parseExpr();
  if (!init || !expectSemicolon())
    return nullptr;
  auto *stmt = make<BindingStmt>(keyword.getRange().Start);
  stmt->isVar = keyword.is(TokenKind::Var);
  stmt->pattern = *pattern;
  stmt->type = type;
  stmt->init = init;
  return stmt;
}

const Stmt *Parser::parseTemp() {
  llvm::SMLoc start = consume().getRange().Start;
  std::optional<Identifier> name = expectName("a name");
  if (!name || !expect(TokenKind::Colon))
    return nullptr;
  const TypeExpr *type = parseType();
  if (!type)
    return nullptr;
  const Expr *init = nullptr;
  if (consumeIf(TokenKind::Equal)) {
    init = parseExpr();
    if (!init)
      return nullptr;
  }
  if (!expectSemicolon())
    return nullptr;
  auto *stmt = make<TempStmt>(start);
  stmt->name = *name;
  stmt->type = type;
  stmt->init = init;
  return stmt;
}

const Stmt *Parser::parseFor() {
  llvm::SMLoc start = consume().getRange().Start;
  if (at(TokenKind::LeftParen)) {
    if (auto message = reportUnexpected("a loop variable"))
      message->hint("write 'for i in range(begin, end, step) { ... }'");
    // The semicolons of `for (i = 0; i < n; ++i)` end no statements.
    while (!peek().isOneOf(TokenKind::LeftBrace, TokenKind::RightBrace,
                           TokenKind::EndOfFile))
      consume();
    return nullptr;
  }
  std::optional<Identifier> variable = expectName("a loop variable");
  if (!variable || !expect(TokenKind::In))
    return nullptr;
  auto *loop = make<ForStmt>(start);
  loop->variable = *variable;
  if (!parseRange(*loop) || !parseAnnotations(loop->annotations))
    return nullptr;
  loop->body = parseBlock(/*mayHaveValue=*/false);
  if (!loop->body)
    return nullptr;
  loop->range = rangeFrom(start);
  return loop;
}

/// `range(end)`, `range(begin, end)` or `range(begin, end, step)`
bool Parser::parseRange(ForStmt &loop) {
  llvm::SMLoc start = here();
  if (!atWord("range")) {
    if (auto message = reportUnexpected("'range(...)'"))
      message->hint("write 'for i in range(begin, end, step) { ... }'");
    return false;
  }
  consume();
  Token opening = peek();
  llvm::ArrayRef<const Expr *> args;
  if (!expect(TokenKind::LeftParen) ||
      !parseExprs(opening, TokenKind::RightParen, args))
    return false;
  loop.rangeRange = rangeFrom(start);
  if (args.empty() || args.size() > 3) {
    report(loop.rangeRange, DiagKind::RangeArgumentCount, args.size());
    return false;
  }
  loop.begin = args.size() == 1 ? nullptr : args[0];
  loop.end = args.size() == 1 ? args[0] : args[1];
  loop.step = args.size() == 3 ? args[2] : nullptr;
  return true;
}

const Stmt *Parser::parseWhile() {
  llvm::SMLoc start = consume().getRange().Start;
  const Expr *condition = parseExpr();
  if (!condition)
    return nullptr;
  const BlockStmt *body = parseBlock(/*mayHaveValue=*/false);
  if (!body)
    return nullptr;
  auto *stmt = make<WhileStmt>(start);
  stmt->condition = condition;
  stmt->body = body;
  return stmt;
}

const Stmt *Parser::parseReturn() {
  llvm::SMLoc start = consume().getRange().Start;
  const Expr *value = nullptr;
  if (!at(TokenKind::Semicolon) && !at(TokenKind::RightBrace)) {
    value = parseExpr();
    if (!value)
      return nullptr;
  }
  if (!expectSemicolon())
    return nullptr;
  auto *stmt = make<ReturnStmt>(start);
  stmt->value = value;
  return stmt;
}

/// `assert(condition, "message");` and the same with static_assert.
template <typename AssertT> const Stmt *Parser::parseAssert() {
  llvm::SMLoc start = consume().getRange().Start;
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return nullptr;
  const Expr *condition = parseExpr();
  if (!condition)
    return nullptr;
  const StringLiteralExpr *message = nullptr;
  if (consumeIf(TokenKind::Comma) && !at(TokenKind::RightParen)) {
    if (!at(TokenKind::String)) {
      reportUnexpected("a message in double quotes");
      return nullptr;
    }
    message = parseString();
    consumeIf(TokenKind::Comma);
  }
  if (!expectClosing(TokenKind::RightParen, opening) || !expectSemicolon())
    return nullptr;
  auto *stmt = make<AssertT>(start);
  stmt->condition = condition;
  stmt->message = message;
  return stmt;
}

const Stmt *Parser::parsePrint() {
  llvm::SMLoc start = consume().getRange().Start;
  llvm::ArrayRef<CallArg> args;
  if (!parseCallArgs(args) || !expectSemicolon())
    return nullptr;
  auto *stmt = make<PrintStmt>(start);
  stmt->args = args;
  return stmt;
}
