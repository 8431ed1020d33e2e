//===- ParseType.cpp - types ----------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParserImpl.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::ArrayRef;
using llvm::SmallVector;

const TypeExpr *Parser::parseType() {
  Nesting level(*this);
  if (!level)
    return nullptr;
  llvm::SMLoc start = here();
  if (at(TokenKind::LeftParen))
    return parseTupleType();
  if (!at(TokenKind::Identifier)) {
    reportUnexpected("a type");
    return nullptr;
  }
  if (atWord("ptr"))
    return parsePtrType();
  if (atWord("tile"))
    return parseShapedType(&TileTypeExpr::shape);
  if (atWord("tensor"))
    return parseShapedType(&TensorTypeExpr::dims);
  Token name = consume();
  ArrayRef<GenericArg> args;
  if (at(TokenKind::Less) && !parseGenericArgs(args))
    return nullptr;
  auto *type = make<NamedTypeExpr>(start);
  type->name = name.text;
  type->args = args;
  return type;
}

const TypeExpr *Parser::parsePtrType() {
  llvm::SMLoc start = consume().getRange().Start;
  Token opening = peek();
  if (!expect(TokenKind::Less))
    return nullptr;
  const TypeExpr *element = parseType();
  if (!element || !expectClosingAngle(opening))
    return nullptr;
  auto *type = make<PtrTypeExpr>(start);
  type->element = element;
  return type;
}

/// `tensor<T>[...]` or `tile<T>[...]`
template <typename TypeT>
TypeT *Parser::parseShapedType(ArrayRef<const Expr *> TypeT::*shape) {
  llvm::SMLoc start = consume().getRange().Start;
  Token angle = peek();
  if (!expect(TokenKind::Less))
    return nullptr;
  const TypeExpr *element = parseType();
  if (!element || !expectClosingAngle(angle))
    return nullptr;
  Token bracket = peek();
  ArrayRef<const Expr *> extents;
  if (!expect(TokenKind::LeftBracket) ||
      !parseExprs(bracket, TokenKind::RightBracket, extents))
    return nullptr;
  auto *type = make<TypeT>(start);
  type->element = element;
  type->*shape = extents;
  return type;
}

const TypeExpr *Parser::parseTupleType() {
  Token opening = consume();
  SmallVector<const TypeExpr *> elements;
  bool isGood = parseList(opening, TokenKind::RightParen, [&] {
    elements.push_back(parseType());
    return elements.back() != nullptr;
  });
  if (!isGood)
    return nullptr;
  auto *type = make<TupleTypeExpr>(opening.getRange().Start);
  type->elements = context.copy<const TypeExpr *>(elements);
  return type;
}
