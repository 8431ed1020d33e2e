//===- FormatTokens.cpp - blanks and breaks between two tokens ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FormatTokens.h"
#include "tk/Frontend/ASTVisitor.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// TokenRoles
//===----------------------------------------------------------------------===//

TokenRoles::TokenRoles(const SourceFile &file) {
  for (const Decl *decl : file.decls)
    walk(*decl, [&](const Node &node) {
      visit(node);
      return true;
    });
}

void TokenRoles::visit(const Node &node) {
  if (const auto *binary = llvm::dyn_cast<BinaryExpr>(&node)) {
    add(binaryOps, binary->opRange);
  } else if (llvm::isa<UnaryExpr>(node)) {
    add(unaryOps, node.range);
  } else if (llvm::isa<ListExpr>(node)) {
    add(lists, node.range);
  } else if (llvm::isa<EnumCaseExpr>(node)) {
    add(cases, node.range);
  } else if (llvm::isa<BlockStmt>(node)) {
    blocks.insert(
        {node.range.Start.getPointer(), llvm::cast<BlockStmt>(&node)});
  } else if (const auto *lambda = llvm::dyn_cast<LambdaExpr>(&node)) {
    add(lambdas, node.range);
    expressionBlocks.insert(lambda->body);
  } else if (const auto *value = llvm::dyn_cast<IfExpr>(&node)) {
    expressionBlocks.insert(value->thenBlock);
    expressionBlocks.insert(value->elseBlock);
  } else if (const auto *reference = llvm::dyn_cast<ReferenceDecl>(&node)) {
    for (const ReferenceResult &result : reference->results)
      add(tolerances, result.tolerance.range);
  } else if (const auto *test = llvm::dyn_cast<TestDecl>(&node)) {
    visitTest(*test);
  }
}

void TokenRoles::visitTest(const TestDecl &test) {
  add(tolerances, test.tolerance.range);
  add(clauses, test.tolerance.range);
  add(clauses, test.flopsRange);
  add(clauses, test.bytesRange);
  for (const Sweep &sweep : test.sweeps)
    add(clauses, sweep.range);
}

//===----------------------------------------------------------------------===//
// Blanks
//===----------------------------------------------------------------------===//

/// A token after which an expression has been written: what follows is an
/// infix or postfix operator.
static bool endsOperand(const Token &token, const TokenRoles &roles) {
  return token.isOneOf(TokenKind::Identifier, TokenKind::Integer,
                       TokenKind::RightParen, TokenKind::RightBracket,
                       TokenKind::Assert, TokenKind::Print,
                       TokenKind::StaticAssert) ||
         (roles.isAngle(token) && !token.is(TokenKind::Less));
}

/// Nothing follows an opening bracket or a prefix.
static bool hugsNext(const Token &token, const TokenRoles &roles) {
  return token.isOneOf(TokenKind::LeftParen, TokenKind::LeftBracket,
                       TokenKind::Dot, TokenKind::At) ||
         roles.isUnaryOp(token) || roles.isLambdaBar(token) ||
         (roles.isAngle(token) && token.is(TokenKind::Less));
}

/// Nothing precedes a closing bracket, a separator or a postfix.
static bool hugsPrevious(const Token &before, const Token &token,
                         const TokenRoles &roles) {
  switch (token.kind) {
  case TokenKind::Comma:
  case TokenKind::Question:
  case TokenKind::RightBracket:
  case TokenKind::RightParen:
  case TokenKind::Semicolon:
    return true;
  case TokenKind::Colon:
    // `x[a, :]` has a blank because of its comma.
    return !before.is(TokenKind::Comma);
  case TokenKind::Dot:
    return !roles.isCaseDot(token);
  case TokenKind::LeftBracket:
    return !roles.isListBracket(token) && endsOperand(before, roles);
  case TokenKind::LeftParen:
    return !roles.isTolerance(before) && endsOperand(before, roles);
  case TokenKind::Pipe:
    // The second bar of a lambda.
    return !roles.isBinaryOp(token) && !roles.isLambdaBar(token);
  default:
    return roles.isAngle(token);
  }
}

bool mlir::tk::needsSpace(const Token &before, const Token &after, bool isTight,
                          const TokenRoles &roles) {
  if (hugsNext(before, roles) || hugsPrevious(before, after, roles))
    return false;
  auto isProduct = [](const Token &token) {
    return token.isOneOf(TokenKind::Star, TokenKind::Slash);
  };
  return !(isTight && (isProduct(before) || isProduct(after)));
}

//===----------------------------------------------------------------------===//
// Breaks
//===----------------------------------------------------------------------===//

static bool isAssignment(const Token &token) {
  return token.isOneOf(
      TokenKind::Equal, TokenKind::PlusEqual, TokenKind::MinusEqual,
      TokenKind::StarEqual, TokenKind::SlashEqual, TokenKind::PercentEqual,
      TokenKind::AmpersandEqual, TokenKind::PipeEqual, TokenKind::CaretEqual,
      TokenKind::LessLessEqual, TokenKind::GreaterGreaterEqual);
}

bool mlir::tk::mayBreak(const Token &before, const Token &after,
                        const TokenRoles &roles) {
  bool isBehind =
      before.isOneOf(TokenKind::Comma, TokenKind::LeftParen,
                     TokenKind::LeftBracket, TokenKind::LeftBrace) ||
      (before.is(TokenKind::Less) && roles.isAngle(before)) ||
      roles.isBinaryOp(before) || isAssignment(before);
  bool isAhead = after.isOneOf(TokenKind::RightParen, TokenKind::RightBracket,
                               TokenKind::RightBrace) ||
                 (after.is(TokenKind::Greater) && roles.isAngle(after)) ||
                 roles.isBinaryOp(after) || roles.isTestClause(after);
  return isBehind || isAhead;
}
