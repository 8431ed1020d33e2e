//===- Parser.cpp - tokens, errors and recovery of the parser -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Parser.h"
#include "ForeignNames.h"
#include "ParserImpl.h"
#include "ValueType.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::ArrayRef;
using llvm::StringRef;

llvm::ArrayRef<StringRef> mlir::tk::getGenericBuiltins() {
  static constexpr StringRef names[] = {"acc_of", "arange", "bitcast", "cast",
                                        "fill",   "full",   "ones",    "zeros"};
  return names;
}

void mlir::tk::collectGenericNames(ArrayRef<Token> tokens,
                                   llvm::StringSet<> &names) {
  // A stray brace is reported where it stands, and not where the name is used.
  auto skipBraces = [&](size_t i) {
    while (i + 1 < tokens.size() &&
           tokens[i].isOneOf(TokenKind::LeftBrace, TokenKind::RightBrace))
      ++i;
    return i;
  };
  for (size_t i = 0; i + 2 < tokens.size(); ++i) {
    if (!tokens[i].isOneOf(TokenKind::Fn, TokenKind::Kernel,
                           TokenKind::Sequence))
      continue;
    size_t name = skipBraces(i + 1);
    // A name is never the last token, which is the end of the file.
    if (tokens[name].is(TokenKind::Identifier) &&
        tokens[skipBraces(name + 1)].is(TokenKind::Less))
      names.insert(tokens[name].text);
  }
}

Parser::Parser(TokenStream stream, const llvm::StringSet<> &importedGenerics,
               ASTContext &context, DiagnosticReporter &diags)
    : tokens(std::move(stream.tokens)), comments(std::move(stream.comments)),
      genericNames(importedGenerics), context(context), diags(diags) {
  collectGenericNames(tokens, genericNames);
  genericNames.insert_range(getGenericBuiltins());
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

Token Parser::consume() {
  Token token = peek();
  if (position + 1 < tokens.size())
    ++position;
  return token;
}

bool Parser::consumeIf(TokenKind kind) {
  if (!at(kind))
    return false;
  consume();
  return true;
}

bool Parser::expect(TokenKind kind) {
  if (consumeIf(kind))
    return true;
  auto message = reportUnexpected(describe(kind));
  if (message && kind == TokenKind::LeftBrace && at(TokenKind::Equal))
    message->hint("to compare, write '=='");
  return false;
}

bool Parser::expectClosing(TokenKind kind, const Token &opening) {
  if (consumeIf(kind))
    return true;
  if (auto message = reportUnexpected(describe(kind)))
    message->note(opening.getRange(), DiagKind::OpenedHere, opening.text);
  return false;
}

bool Parser::expectSemicolon() {
  if (consumeIf(TokenKind::Semicolon))
    return true;
  auto message =
      report(endOfPrevious(), DiagKind::ExpectedSemicolon, describeCurrent());
  hintAtForeignSyntax(message);
  // At the end of a line nothing else can be missing: go on as if it were here.
  return isFirstOnLine(position) || at(TokenKind::RightBrace);
}

bool Parser::expectClosingAngle(const Token &opening) {
  Token &token = tokens[position];
  TokenKind rest;
  switch (token.kind) {
  case TokenKind::GreaterGreater:
    rest = TokenKind::Greater;
    break;
  case TokenKind::GreaterEqual:
    rest = TokenKind::Equal;
    break;
  case TokenKind::GreaterGreaterEqual:
    rest = TokenKind::GreaterEqual;
    break;
  default:
    return expectClosing(TokenKind::Greater, opening);
  }
  token = {rest, token.text.drop_front()};
  return true;
}

void Parser::reportReserved(StringRef what) {
  auto message =
      report(peek().getRange(), DiagKind::ReservedWord, peek().text, what);
  hintAtForeignSyntax(message);
}

std::optional<Identifier> Parser::expectName(StringRef what) {
  if (at(TokenKind::Identifier)) {
    Token token = consume();
    return Identifier{token.text, token.getRange()};
  }
  if (isKeyword(peek().kind))
    reportReserved(what);
  else
    reportUnexpected(what.str());
  return std::nullopt;
}

std::optional<Identifier> Parser::expectWord(StringRef what) {
  if (!isKeyword(peek().kind))
    return expectName(what);
  Token token = consume();
  return Identifier{token.text, token.getRange()};
}

bool Parser::isFirstOnLine(size_t index) const {
  if (index == 0)
    return true;
  const char *previousEnd = tokens[index - 1].text.end();
  return StringRef(previousEnd, tokens[index].text.begin() - previousEnd)
      .contains('\n');
}

static bool startsDeclaration(const Token &token) {
  return token.isOneOf(TokenKind::Bench, TokenKind::Enum, TokenKind::Export,
                       TokenKind::Fn, TokenKind::Import, TokenKind::Kernel,
                       TokenKind::Reference, TokenKind::Sequence,
                       TokenKind::Test);
}

bool Parser::atDeclaration() const { return startsDeclaration(peek()); }

bool Parser::isDeclarationOnNewLine(size_t index) const {
  return startsDeclaration(tokens[index]) && isFirstOnLine(index);
}

SourceRange Parser::rangeFrom(llvm::SMLoc start) const {
  const char *end = endOfPrevious().End.getPointer();
  return {start,
          llvm::SMLoc::getFromPointer(std::max(start.getPointer(), end))};
}

SourceRange Parser::endOfPrevious() const {
  llvm::SMLoc end = position == 0 ? tokens.front().getRange().Start
                                  : tokens[position - 1].getRange().End;
  return {end, end};
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

std::string Parser::describeCurrent() const {
  const Token &token = peek();
  if (token.isOneOf(TokenKind::Identifier, TokenKind::Integer,
                    TokenKind::Float))
    return "'" + token.text.str() + "'";
  return describe(token.kind);
}

std::optional<DiagnosticReporter::Builder>
Parser::reportUnexpected(const std::string &expected) {
  SourceRange range =
      at(TokenKind::EndOfFile) ? endOfPrevious() : peek().getRange();
  auto message =
      report(range, DiagKind::ExpectedToken, expected, describeCurrent());
  hintAtForeignSyntax(message);
  return message;
}

void Parser::hintAtForeignSyntax(
    std::optional<DiagnosticReporter::Builder> &message) {
  StringRef hint = getForeignSyntaxHint();
  if (message && !hint.empty())
    message->hint(hint);
}

StringRef Parser::getForeignSyntaxHint() const {
  if (position == 0)
    return "";
  const Token &previous = tokens[position - 1];
  // `N // 128)`: what follows is a comment to us.
  StringRef gap(previous.text.end(), peek().text.begin() - previous.text.end());
  if (gap.ltrim(" \t").starts_with("//") &&
      previous.isOneOf(TokenKind::Identifier, TokenKind::Integer,
                       TokenKind::RightParen))
    return "'//' starts a comment; '/' on integers rounds down";
  bool isDoubled = previous.is(peek().kind);
  auto isType = [](const Token &token) {
    return parseScalarKind(token.text) || isForeignType(token.text);
  };
  // `(f32)x`
  if (position >= 3 && previous.is(TokenKind::RightParen) &&
      isType(tokens[position - 2]) &&
      tokens[position - 3].is(TokenKind::LeftParen) &&
      peek().isOneOf(TokenKind::Identifier, TokenKind::Integer,
                     TokenKind::Float))
    return "write 'f32(x)' to convert";
  constexpr StringRef kChoice =
      "write 'if c { a } else { b }', or 'where(c, a, b)' for tiles";
  switch (peek().kind) {
  case TokenKind::Identifier:
    return getForeignOperatorHint(peek().text);
  case TokenKind::Question:
    return kChoice;
  case TokenKind::If:
    return isFirstOnLine(position) ? StringRef() : kChoice;
  case TokenKind::At:
    return "write 'dot(a, b)' for the product of matrices";
  case TokenKind::LeftBracket:
    return isType(previous) && position >= 2 &&
                   tokens[position - 2].is(TokenKind::Colon)
               ? "write 'tensor<f32>[N]' for the type of a tensor"
               : "";
  case TokenKind::Plus:
    return isDoubled ? "write 'i += 1'" : "";
  case TokenKind::Minus:
    return isDoubled ? "write 'i -= 1'" : "";
  case TokenKind::Star:
    if (previous.is(TokenKind::Identifier))
      return "write 'ptr<f32>' for the type of a pointer";
    return isDoubled ? "write 'x * x', or 'exp2(y * log2(x))'"
                     : "write 'load(p)' and 'store(p, v)' for what is at a "
                       "pointer";
  case TokenKind::Ampersand:
    return "write 'addresses(x[i])' for the pointer to an element";
  case TokenKind::Dot:
    if (previous.is(TokenKind::Integer))
      return "a float literal has digits on both sides of its point";
    return previous.text == "tl"
               ? StringRef("constants stand in angle brackets: 'kernel k"
                           "<BLOCK: const = 128>(...)'")
               : "";
  case TokenKind::Mut:
    return "write 'var' for what is assigned again";
  default:
    return "";
  }
}

/// Skips the rest of a statement that could not be understood: through its `;`
/// or its block, or up to what certainly starts something new.
void Parser::skipStatement() {
  size_t start = position;
  unsigned openBraces = 0;
  for (; !at(TokenKind::EndOfFile); consume()) {
    if (atDeclarationOnNewLine())
      return;
    bool startsStatement = peek().isOneOf(
        TokenKind::Assert, TokenKind::For, TokenKind::Let, TokenKind::Print,
        TokenKind::Return, TokenKind::StaticAssert, TokenKind::Temp,
        TokenKind::Var, TokenKind::While);
    if (openBraces == 0 && startsStatement && position != start &&
        isFirstOnLine(position))
      return;
    if (at(TokenKind::LeftBrace)) {
      ++openBraces;
    } else if (at(TokenKind::RightBrace)) {
      if (openBraces == 0)
        return;
      bool isLast =
          --openBraces == 0 && !peek(1).is(TokenKind::Else) &&
          (isFirstOnLine(position + 1) || peek(1).is(TokenKind::RightBrace));
      if (isLast) {
        consume();
        return;
      }
    } else if (at(TokenKind::Semicolon) && openBraces == 0) {
      consume();
      return;
    }
  }
}

void Parser::enterDeclaration() {
  int64_t numOpen = 0;
  for (size_t i = position; i < tokens.size(); ++i) {
    if (i != position && isDeclarationOnNewLine(i))
      break;
    numOpen += tokens[i].is(TokenKind::LeftBrace);
    numOpen -= tokens[i].is(TokenKind::RightBrace);
  }
  lacksBrace = numOpen != 0;
  isLost = false;
}

void Parser::skipToDeclaration() {
  while (!at(TokenKind::EndOfFile) && !atDeclarationOnNewLine())
    consume();
}

Parser::Nesting::Nesting(Parser &parser) : parser(parser) {
  isAllowed = ++parser.nesting <= kMaxNesting;
  if (!isAllowed)
    parser.report(parser.peek().getRange(), DiagKind::NestingTooDeep,
                  kMaxNesting);
}

bool Parser::countOperator() {
  if (++numOperators <= kMaxOperators)
    return true;
  report(peek().getRange(), DiagKind::ExpressionTooLong, kMaxOperators);
  return false;
}

//===----------------------------------------------------------------------===//
// Lists
//===----------------------------------------------------------------------===//

bool Parser::parseList(const Token &opening, TokenKind closing,
                       llvm::function_ref<bool()> parseElement) {
  // Neighbours do not make each other deeper: only the deepest one counts.
  unsigned before = numOperators;
  unsigned deepest = before;
  while (!at(closing)) {
    numOperators = before;
    if (!parseElement())
      return false;
    deepest = std::max(deepest, numOperators);
    if (!consumeIf(TokenKind::Comma))
      break;
  }
  numOperators = deepest;
  return expectClosing(closing, opening);
}

bool Parser::parseNames(llvm::SmallVectorImpl<Identifier> &names,
                        StringRef what) {
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return false;
  return parseList(opening, TokenKind::RightParen, [&] {
    std::optional<Identifier> name = expectName(what);
    if (name)
      names.push_back(*name);
    return name.has_value();
  });
}

//===----------------------------------------------------------------------===//
// Entry
//===----------------------------------------------------------------------===//

SourceFile mlir::tk::parseSourceFile(const llvm::SourceMgr &sourceMgr,
                                     unsigned bufferId,
                                     const llvm::StringSet<> &importedGenerics,
                                     ASTContext &context,
                                     DiagnosticReporter &diags) {
  StringRef text = sourceMgr.getMemoryBuffer(bufferId)->getBuffer();
  return Parser(lex(text, diags), importedGenerics, context, diags)
      .parseFile(bufferId);
}
