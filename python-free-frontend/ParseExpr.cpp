//===- ParseExpr.cpp - expressions ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParserImpl.h"
#include "tk/Frontend/Parser.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// How tightly a binary operator binds; 0 for tokens that are none. As in Rust:
/// the bit operators bind tighter than comparisons.
static unsigned getPrecedence(TokenKind kind) {
  switch (kind) {
  case TokenKind::PipePipe:
    return 1;
  case TokenKind::AmpersandAmpersand:
    return 2;
  case TokenKind::EqualEqual:
  case TokenKind::BangEqual:
  case TokenKind::Less:
  case TokenKind::LessEqual:
  case TokenKind::Greater:
  case TokenKind::GreaterEqual:
    return 3;
  case TokenKind::Pipe:
    return 4;
  case TokenKind::Caret:
    return 5;
  case TokenKind::Ampersand:
    return 6;
  case TokenKind::LessLess:
  case TokenKind::GreaterGreater:
    return 7;
  case TokenKind::Plus:
  case TokenKind::Minus:
    return 8;
  case TokenKind::Star:
  case TokenKind::Slash:
  case TokenKind::Percent:
    return 9;
  default:
    return 0;
  }
}

constexpr unsigned kComparisonPrecedence = 3;

static BinaryOp getBinaryOp(TokenKind kind) {
  StringRef spelling = getSpelling(kind);
  for (auto op = BinaryOp::LogicalOr;; op = BinaryOp(unsigned(op) + 1)) {
    if (stringifyBinaryOp(op) == spelling)
      return op;
    assert(op != BinaryOp::Remainder && "token is not a binary operator");
  }
}

const Expr *Parser::parseExpr() {
  if (expressionDepth == 0)
    numOperators = 0;
  llvm::SaveAndRestore depth(expressionDepth, expressionDepth + 1);
  Nesting level(*this);
  if (!level)
    return nullptr;
  return parseBinary(/*minPrecedence=*/1);
}

const Expr *Parser::parseBinary(unsigned minPrecedence) {
  llvm::SMLoc start = here();
  const Expr *lhs = parseUnary();
  bool isComparison = false;
  while (lhs) {
    unsigned precedence = getPrecedence(peek().kind);
    bool closes = isGreaterClosing &&
                  peek().isOneOf(TokenKind::Greater, TokenKind::GreaterEqual,
                                 TokenKind::GreaterGreater);
    if (precedence < minPrecedence || precedence == 0 || closes)
      return lhs;
    if (!countOperator())
      return nullptr;
    if (isComparison && precedence == kComparisonPrecedence) {
      reportChainedComparison(llvm::cast<BinaryExpr>(*lhs));
      return nullptr;
    }
    isComparison = precedence == kComparisonPrecedence;

    Token op = consume();
    const Expr *rhs = parseBinary(precedence + 1);
    if (!rhs)
      return nullptr;
    auto *expr = make<BinaryExpr>(start);
    expr->op = getBinaryOp(op.kind);
    expr->opRange = op.getRange();
    expr->lhs = lhs;
    expr->rhs = rhs;
    lhs = expr;
  }
  return lhs;
}

/// At the second comparison. `f<a>(b)` where `f` is not generic gets here too.
void Parser::reportChainedComparison(const BinaryExpr &first) {
  const auto *name = llvm::dyn_cast<NameExpr>(first.lhs);
  bool looksGeneric =
      name && first.op == BinaryOp::Less && at(TokenKind::Greater) &&
      peek(1).isOneOf(TokenKind::LeftParen, TokenKind::LeftBracket);
  if (!looksGeneric) {
    if (auto message = report(peek().getRange(), DiagKind::ChainedComparison))
      message->hint("write 'a < b && b < c'");
    return;
  }
  auto message = report(name->range, DiagKind::NotGeneric, name->name);
  SmallVector<StringRef> candidates(genericNames.keys());
  llvm::sort(candidates);
  if (auto closest = findClosest(name->name, candidates); message && closest)
    message->note(name->range, DiagKind::DidYouMean, *closest);
}

const Expr *Parser::parseUnary() {
  llvm::SMLoc start = here();
  UnaryOp op;
  if (at(TokenKind::Minus))
    op = UnaryOp::Negate;
  else if (at(TokenKind::Bang))
    op = UnaryOp::LogicalNot;
  else if (at(TokenKind::Tilde))
    op = UnaryOp::BitNot;
  else
    return parsePostfix();

  consume();
  Nesting level(*this);
  if (!level)
    return nullptr;
  const Expr *operand = parseUnary();
  if (!operand)
    return nullptr;
  auto *expr = make<UnaryExpr>(start);
  expr->op = op;
  expr->operand = operand;
  return expr;
}

//===----------------------------------------------------------------------===//
// Calls, indices, members
//===----------------------------------------------------------------------===//

const Expr *Parser::parsePostfix() {
  // Not the start of the inner expression, which may stand in parentheses.
  llvm::SMLoc start = here();
  const Expr *expr = parsePrimary();
  while (expr) {
    if (!peek().isOneOf(TokenKind::LeftParen, TokenKind::LeftBracket,
                        TokenKind::Dot))
      return expr;
    if (!countOperator())
      return nullptr;
    // `8 . 0` has no meaning, and is a float once formatted.
    if (at(TokenKind::Dot) && llvm::isa<IntegerLiteralExpr>(expr)) {
      reportUnexpected("an operator");
      return nullptr;
    }
    if (at(TokenKind::LeftParen))
      expr = parseCall(expr, start);
    else if (at(TokenKind::LeftBracket))
      expr = parseIndex(expr, start);
    else
      expr = parseMember(expr, start);
  }
  return expr;
}

const Expr *Parser::parseCall(const Expr *callee, llvm::SMLoc start) {
  ArrayRef<CallArg> args;
  if (!parseCallArgs(args))
    return nullptr;
  auto *expr = make<CallExpr>(start);
  expr->callee = callee;
  expr->args = args;
  return expr;
}

bool Parser::parseCallArgs(ArrayRef<CallArg> &args) {
  Token opening = peek();
  if (!expect(TokenKind::LeftParen))
    return false;
  llvm::SaveAndRestore greater(isGreaterClosing, false);
  SmallVector<CallArg> parsed;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    std::optional<CallArg> arg = parseCallArg();
    if (arg)
      parsed.push_back(*arg);
    return arg.has_value();
  });
  args = context.copy<CallArg>(parsed);
  return isGood;
}

std::optional<CallArg> Parser::parseCallArg() {
  llvm::SMLoc start = here();
  CallArg arg;
  if (atIdentifierThenEqual()) {
    arg.name = *expectName("an argument name");
    consume();
  }
  arg.isMut = consumeIf(TokenKind::Mut);
  arg.value = parseExpr();
  if (!arg.value)
    return std::nullopt;
  arg.range = rangeFrom(start);
  return arg;
}

bool Parser::parseExprs(const Token &opening, TokenKind closing,
                        ArrayRef<const Expr *> &exprs) {
  llvm::SaveAndRestore greater(isGreaterClosing, false);
  SmallVector<const Expr *> parsed;
  bool isGood = parseList(opening, closing, [&] {
    parsed.push_back(parseExpr());
    return parsed.back() != nullptr;
  });
  if (isGood)
    exprs = context.copy<const Expr *>(parsed);
  return isGood;
}

const Expr *Parser::parseIndex(const Expr *base, llvm::SMLoc start) {
  Token opening = consume();
  if (const auto *generic = llvm::dyn_cast<GenericExpr>(base)) {
    ArrayRef<const Expr *> shape;
    if (!parseExprs(opening, TokenKind::RightBracket, shape))
      return nullptr;
    auto *expr = make<ShapedExpr>(start);
    expr->base = generic;
    expr->shape = shape;
    return expr;
  }
  SmallVector<IndexItem> items;
  SmallVector<CallArg> namedArgs;
  bool isInbounds = false;
  if (!parseIndexItems(opening, TokenKind::RightBracket, items, &namedArgs,
                       &isInbounds))
    return nullptr;
  auto *expr = make<IndexExpr>(start);
  expr->base = base;
  expr->items = context.copy<IndexItem>(items);
  expr->namedArgs = context.copy<CallArg>(namedArgs);
  expr->isInbounds = isInbounds;
  return expr;
}

/// `namedArgs` and `isInbounds` are null where neither may appear.
bool Parser::parseIndexItems(const Token &opening, TokenKind closing,
                             llvm::SmallVectorImpl<IndexItem> &items,
                             llvm::SmallVectorImpl<CallArg> *namedArgs,
                             bool *isInbounds) {
  llvm::SaveAndRestore greater(isGreaterClosing, false);
  return parseList(opening, closing, [&] {
    if (namedArgs && atIdentifierThenEqual()) {
      std::optional<CallArg> arg = parseCallArg();
      if (arg)
        namedArgs->push_back(*arg);
      return arg.has_value();
    }
    if (isInbounds && at(TokenKind::Inbounds) &&
        peek(1).isOneOf(TokenKind::Comma, closing)) {
      consume();
      *isInbounds = true;
      return true;
    }
    std::optional<IndexItem> item = parseIndexItem();
    if (item)
      items.push_back(*item);
    return item.has_value();
  });
}

std::optional<IndexItem> Parser::parseIndexItem() {
  llvm::SMLoc start = here();
  IndexItem item;
  if (consumeIf(TokenKind::Colon)) {
    item.kind = IndexItem::Kind::Whole;
  } else if (consumeIf(TokenKind::DotDot)) {
    item.kind = IndexItem::Kind::Ellipsis;
  } else if (consumeIf(TokenKind::None)) {
    item.kind = IndexItem::Kind::NewAxis;
  } else {
    item.isInbounds = consumeIf(TokenKind::Inbounds);
    item.value = parseExpr();
    if (!item.value)
      return std::nullopt;
    if (at(TokenKind::Colon)) {
      if (auto message = report(peek().getRange(), DiagKind::ColonSlice))
        message->hint("write 's +: E' for the E elements from s on");
      return std::nullopt;
    }
    if (consumeIf(TokenKind::PlusColon)) {
      item.kind = IndexItem::Kind::Slice;
      item.extent = parseExpr();
      if (!item.extent)
        return std::nullopt;
    }
  }
  item.range = rangeFrom(start);
  return item;
}

const Expr *Parser::parseMember(const Expr *base, llvm::SMLoc start) {
  consume();
  if (at(TokenKind::Integer)) {
    Token token = consume();
    unsigned index;
    if (token.text.getAsInteger(10, index)) {
      report(token.getRange(), DiagKind::IntegerTooLarge, token.text, 32);
      return nullptr;
    }
    auto *expr = make<TupleFieldExpr>(start);
    expr->base = base;
    expr->index = index;
    expr->indexRange = token.getRange();
    return expr;
  }
  std::optional<Identifier> member = expectWord("a member name");
  if (!member)
    return nullptr;
  if (member->name == "inside" && at(TokenKind::LeftParen)) {
    Token opening = consume();
    SmallVector<IndexItem> items;
    if (!parseIndexItems(opening, TokenKind::RightParen, items, nullptr,
                         nullptr))
      return nullptr;
    auto *expr = make<InsideExpr>(start);
    expr->base = base;
    expr->items = context.copy<IndexItem>(items);
    return expr;
  }
  auto *expr = make<MemberExpr>(start);
  expr->base = base;
  expr->member = *member;
  return expr;
}

//===----------------------------------------------------------------------===//
// Names and generics
//===----------------------------------------------------------------------===//

static bool isTypeConstructor(StringRef name) {
  return name == "ptr" || name == "tensor" || name == "tile";
}

/// Longest list of generic arguments that is looked at to tell `f<a>(b)` from
/// two comparisons. Bounds the time spent on text that is neither.
constexpr size_t kMaxGenericLookahead = 1024;

bool Parser::atGenericUse() const {
  if (!at(TokenKind::Identifier) || !peek(1).is(TokenKind::Less) ||
      !genericNames.contains(peek().text))
    return false;
  unsigned openAngles = 0;
  unsigned openBrackets = 0;
  for (size_t ahead = 1; ahead < kMaxGenericLookahead; ++ahead) {
    const Token &token = peek(ahead);
    switch (token.kind) {
    case TokenKind::Less:
      openAngles += openBrackets == 0;
      break;
    case TokenKind::Greater:
    case TokenKind::GreaterGreater: {
      if (openBrackets != 0)
        break;
      unsigned closed = token.text.size();
      if (closed >= openAngles)
        return closed == openAngles &&
               peek(ahead + 1).isOneOf(TokenKind::LeftParen,
                                       TokenKind::LeftBracket);
      openAngles -= closed;
      break;
    }
    case TokenKind::LeftParen:
    case TokenKind::LeftBracket:
      ++openBrackets;
      break;
    case TokenKind::RightParen:
    case TokenKind::RightBracket:
      if (openBrackets-- == 0)
        return false;
      break;
    case TokenKind::EndOfFile:
    case TokenKind::LeftBrace:
    case TokenKind::RightBrace:
    case TokenKind::Semicolon:
      return false;
    default:
      break;
    }
  }
  return false;
}

const Expr *Parser::parseName() {
  llvm::SMLoc start = here();
  if (atGenericUse())
    return parseGenericUse();
  // A type as the argument of a generic: `ptr<f32>`, `acc_of<T>`.
  bool isType =
      isGreaterClosing && peek(1).is(TokenKind::Less) &&
      (isTypeConstructor(peek().text) || genericNames.contains(peek().text));
  if (isType) {
    const TypeExpr *type = parseType();
    if (!type)
      return nullptr;
    auto *expr = make<TypeValueExpr>(start);
    expr->type = type;
    return expr;
  }
  Token token = consume();
  auto *expr = make<NameExpr>(start);
  expr->name = token.text;
  return expr;
}

const Expr *Parser::parseGenericUse() {
  Token name = consume();
  ArrayRef<GenericArg> args;
  if (!parseGenericArgs(args))
    return nullptr;
  if (!peek().isOneOf(TokenKind::LeftParen, TokenKind::LeftBracket)) {
    reportUnexpected("'(' or '['");
    return nullptr;
  }
  auto *expr = make<GenericExpr>(name.getRange().Start);
  expr->name = {name.text, name.getRange()};
  expr->args = args;
  return expr;
}

bool Parser::parseGenericArgs(ArrayRef<GenericArg> &args) {
  Token opening = peek();
  if (!expect(TokenKind::Less))
    return false;
  llvm::SaveAndRestore greater(isGreaterClosing, true);
  SmallVector<GenericArg> parsed;
  while (!peek().isOneOf(TokenKind::Greater, TokenKind::GreaterGreater)) {
    std::optional<GenericArg> arg = parseGenericArg();
    if (!arg)
      return false;
    parsed.push_back(*arg);
    if (!consumeIf(TokenKind::Comma))
      break;
  }
  args = context.copy<GenericArg>(parsed);
  return expectClosingAngle(opening);
}

std::optional<GenericArg> Parser::parseGenericArg() {
  llvm::SMLoc start = here();
  GenericArg arg;
  if (atIdentifierThenEqual()) {
    arg.name = *expectName("a parameter name");
    consume();
  }
  arg.value = parseExpr();
  if (!arg.value)
    return std::nullopt;
  arg.range = rangeFrom(start);
  return arg;
}

//===----------------------------------------------------------------------===//
// Primary expressions
//===----------------------------------------------------------------------===//

const Expr *Parser::parsePrimary() {
  llvm::SMLoc start = here();
  switch (peek().kind) {
  case TokenKind::Identifier:
    return parseName();
  case TokenKind::Integer:
    return parseInteger();
  case TokenKind::Float:
  case TokenKind::Inf:
  case TokenKind::Nan:
    return parseFloat();
  case TokenKind::String:
    return parseString();
  case TokenKind::True:
  case TokenKind::False: {
    bool value = consume().is(TokenKind::True);
    auto *expr = make<BoolLiteralExpr>(start);
    expr->value = value;
    return expr;
  }
  case TokenKind::None:
    consume();
    return make<NoneExpr>(start);
  case TokenKind::LeftParen:
    return parseParenthesized();
  case TokenKind::LeftBracket:
    return parseListExpr();
  case TokenKind::Pipe:
    return parseLambda();
  case TokenKind::If:
    return parseIfExpr();
  case TokenKind::Dot:
    return parseDotCase();
  case TokenKind::Error:
    // The lexer has reported it.
    return nullptr;
  default:
    reportUnexpected("an expression");
    return nullptr;
  }
}

const Expr *Parser::parseInteger() {
  Token token = consume();
  std::string digits = token.text.str();
  llvm::erase(digits, '_');
  uint64_t value = 0;
  // Radix 0 reads the prefixes 0x and 0b; the lexer lets no octal through.
  if (StringRef(digits).getAsInteger(0, value)) {
    diags.report(token.getRange(), DiagKind::IntegerTooLarge, token.text, 64);
    return make<ErrorExpr>(token.getRange().Start);
  }
  auto *expr = make<IntegerLiteralExpr>(token.getRange().Start);
  expr->value = value;
  return expr;
}

const Expr *Parser::parseFloat() {
  Token token = consume();
  std::string digits = token.text.str();
  llvm::erase(digits, '_');
  auto *expr = make<FloatLiteralExpr>(token.getRange().Start);
  expr->digits = context.copy(StringRef(digits));
  return expr;
}

const StringLiteralExpr *Parser::parseString() {
  Token token = consume();
  StringRef body = token.text.drop_front();
  body.consume_back("\"");
  std::string value;
  while (!body.empty()) {
    if (body.front() != '\\') {
      value += body.front();
      body = body.drop_front();
      continue;
    }
    StringRef escape = body.take_front(2);
    body = body.drop_front(escape.size());
    constexpr StringRef kLetters = "nt\\\"";
    constexpr StringRef kMeanings = "\n\t\\\"";
    size_t which =
        escape.size() == 2 ? kLetters.find(escape[1]) : StringRef::npos;
    if (which != StringRef::npos)
      value += kMeanings[which];
    else
      diags
          .report({llvm::SMLoc::getFromPointer(escape.begin()),
                   llvm::SMLoc::getFromPointer(escape.end())},
                  DiagKind::UnknownEscape, escape)
          .hint("the escapes are \\n, \\t, \\\\ and \\\"");
  }
  auto *expr = make<StringLiteralExpr>(token.getRange().Start);
  expr->value = context.copy(StringRef(value));
  return expr;
}

/// `(a)` is `a` itself; `(a, b)` and `(a,)` are tuples.
const Expr *Parser::parseParenthesized() {
  Token opening = consume();
  llvm::SaveAndRestore greater(isGreaterClosing, false);
  SmallVector<const Expr *> elements;
  bool isTuple = false;
  do {
    if (isTuple && at(TokenKind::RightParen))
      break;
    elements.push_back(parseExpr());
    if (!elements.back())
      return nullptr;
    isTuple |= at(TokenKind::Comma);
  } while (consumeIf(TokenKind::Comma));
  if (at(TokenKind::PlusColon)) {
    report(peek().getRange(), DiagKind::MisplacedSlice);
    return nullptr;
  }
  if (!expectClosing(TokenKind::RightParen, opening))
    return nullptr;
  if (!isTuple)
    return elements.front();
  auto *expr = make<TupleExpr>(opening.getRange().Start);
  expr->elements = context.copy<const Expr *>(elements);
  return expr;
}

const ListExpr *Parser::parseListExpr() {
  Token opening = peek();
  ArrayRef<const Expr *> elements;
  if (!expect(TokenKind::LeftBracket) ||
      !parseExprs(opening, TokenKind::RightBracket, elements))
    return nullptr;
  auto *expr = make<ListExpr>(opening.getRange().Start);
  expr->elements = elements;
  return expr;
}

/// What `in` chooses from: at least one value.
const ListExpr *Parser::parseChoices() {
  const ListExpr *choices = parseListExpr();
  if (choices && choices->elements.empty())
    diags.report(choices->range, DiagKind::NoChoices);
  return choices;
}

const Expr *Parser::parseLambda() {
  Token opening = consume();
  SmallVector<Identifier> params;
  // Two bars without a name between them would be an operator once formatted.
  if (at(TokenKind::Pipe)) {
    reportUnexpected("a parameter name");
    return nullptr;
  }
  bool isGood = parseList(opening, TokenKind::Pipe, [&] {
    std::optional<Identifier> param = expectName("a parameter name");
    if (param)
      params.push_back(*param);
    return param.has_value();
  });
  if (!isGood)
    return nullptr;
  const BlockStmt *body;
  if (at(TokenKind::LeftBrace)) {
    llvm::SaveAndRestore greater(isGreaterClosing, false);
    body = parseBlock(/*mayHaveValue=*/true);
    if (!body)
      return nullptr;
  } else {
    const Expr *value = parseExpr();
    if (!value)
      return nullptr;
    auto *block = make<BlockStmt>(value->range.Start);
    block->value = value;
    body = block;
  }
  auto *expr = make<LambdaExpr>(opening.getRange().Start);
  expr->params = context.copy<Identifier>(params);
  expr->body = body;
  return expr;
}

const Expr *Parser::parseDotCase() {
  Token dot = consume();
  if (at(TokenKind::Integer)) {
    Token digits = consume();
    diags.report(rangeFrom(dot.getRange().Start), DiagKind::MissingLeadingDigit)
        .hint("write '0." + digits.text + "'");
    return make<ErrorExpr>(dot.getRange().Start);
  }
  std::optional<Identifier> name = expectWord("the name of an enum case");
  if (!name)
    return nullptr;
  auto *expr = make<EnumCaseExpr>(dot.getRange().Start);
  expr->name = *name;
  return expr;
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

std::optional<Parser::IfParts> Parser::parseIfParts() {
  Nesting level(*this);
  Token keyword = consume();
  if (!level)
    return std::nullopt;
  llvm::SaveAndRestore greater(isGreaterClosing, false);
  IfParts parts;
  unsigned numErrors = diags.getNumErrors();
  parts.keyword = keyword.getRange();
  parts.condition = parseExpr();
  if (!parts.condition)
    return std::nullopt;
  parts.thenBlock = parseBlock(/*mayHaveValue=*/true);
  if (!parts.thenBlock)
    return std::nullopt;
  if (consumeIf(TokenKind::Else)) {
    if (at(TokenKind::If)) {
      llvm::SMLoc start = here();
      std::optional<IfParts> inner = parseIfParts();
      if (!inner)
        return std::nullopt;
      auto *block = make<BlockStmt>(start);
      if (inner->thenBlock->value)
        block->value = makeIfExpr(*inner);
      else
        block->stmts = context.copy<const Stmt *>({makeIfStmt(*inner)});
      parts.elseBlock = block;
    } else {
      parts.elseBlock = parseBlock(/*mayHaveValue=*/true);
      if (!parts.elseBlock)
        return std::nullopt;
    }
  }
  parts.range = rangeFrom(keyword.getRange().Start);
  parts.hasMistake = diags.getNumErrors() != numErrors;
  return parts;
}

const Expr *Parser::parseIfExpr() {
  std::optional<IfParts> parts = parseIfParts();
  return parts ? makeIfExpr(*parts) : nullptr;
}

const Expr *Parser::makeIfExpr(const IfParts &parts) {
  auto requireValue = [&](const BlockStmt *block) {
    // A value may be in what could not be parsed.
    if (block->value || parts.hasMistake)
      return;
    llvm::SMLoc end = block->range.End;
    report({llvm::SMLoc::getFromPointer(end.getPointer() - 1), end},
           DiagKind::ExpectedBlockValue);
  };
  requireValue(parts.thenBlock);
  if (parts.elseBlock)
    requireValue(parts.elseBlock);
  else if (!parts.hasMistake)
    report(parts.keyword, DiagKind::IfNeedsElse);
  auto *expr = context.create<IfExpr>(parts.range);
  expr->condition = parts.condition;
  expr->thenBlock = parts.thenBlock;
  expr->elseBlock = parts.elseBlock ? parts.elseBlock : parts.thenBlock;
  return expr;
}
