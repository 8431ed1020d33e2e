//===- PtxLexer.cpp - PTX text to tokens ----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxLexer.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdlib>
#include <cstring>
#include <string>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// 4.4: followsym.
static bool isIdentifierChar(char c) {
  return llvm::isAlnum(c) || c == '_' || c == '$';
}

/// True at an unclosed comment.
bool PtxLexer::skipSpaceAndComments() {
  while (cursor != end) {
    if (*cursor == '\n') {
      ++line;
      lineBegin = ++cursor;
      continue;
    }
    // LLVM's output may end in a zero byte.
    if (llvm::isSpace(*cursor) || *cursor == '\0') {
      ++cursor;
      continue;
    }
    if (*cursor != '/' || cursor + 1 == end)
      return false;
    if (cursor[1] == '/') {
      skipLine();
      continue;
    }
    if (cursor[1] != '*')
      return false;
    llvm::StringRef rest(cursor, end - cursor);
    size_t close = rest.find("*/", 2);
    if (close == llvm::StringRef::npos)
      return true;
    for (const char *stop = cursor + close + 2; cursor != stop; ++cursor) {
      if (*cursor == '\n') {
        ++line;
        lineBegin = cursor + 1;
      }
    }
  }
  return false;
}

void PtxLexer::skipLine() {
  while (cursor != end && *cursor != '\n')
    ++cursor;
}

PtxToken PtxLexer::make(PtxToken::Kind kind, const char *begin) {
  PtxToken token;
  token.kind = kind;
  token.text = llvm::StringRef(begin, cursor - begin);
  token.begin = begin;
  token.end = cursor;
  token.location = {line, static_cast<uint32_t>(begin - lineBegin + 1)};
  return token;
}

PtxToken PtxLexer::makeError(const char *begin, llvm::StringLiteral message) {
  PtxToken token = make(PtxToken::Kind::Error, begin);
  token.text = message;
  return token;
}

PtxToken PtxLexer::lexDotted(const char *begin) {
  ++cursor;
  while (cursor != end) {
    if (isIdentifierChar(*cursor))
      ++cursor;
    else if (end - cursor > 2 && cursor[0] == ':' && cursor[1] == ':' &&
             isIdentifierChar(cursor[2]))
      cursor += 2;
    else
      break;
  }
  PtxToken token = make(PtxToken::Kind::Dotted, begin);
  token.text = token.text.drop_front();
  if (token.text.empty())
    return makeError(begin, "expects a name after '.'");
  return token;
}

PtxToken PtxLexer::lexString(const char *begin) {
  for (++cursor; cursor != end && *cursor != '\n'; ++cursor) {
    if (*cursor == '\\' && cursor + 1 != end && cursor[1] != '\n') {
      ++cursor;
      continue;
    }
    if (*cursor == '"') {
      ++cursor;
      PtxToken token = make(PtxToken::Kind::String, begin);
      token.text = token.text.drop_front().drop_back();
      return token;
    }
  }
  return makeError(begin, "the string has no closing '\"'");
}

/// 4.5: hexadecimal, octal, binary and decimal integers, `0f` and `0d` bit
/// patterns, decimal floats.
PtxToken PtxLexer::lexNumber(const char *begin) {
  while (cursor != end && isIdentifierChar(*cursor))
    ++cursor;
  llvm::StringRef digits(begin, cursor - begin);
  bool isHexadecimal = digits.starts_with_insensitive("0x");
  if (!isHexadecimal && cursor != end && *cursor == '.' && cursor + 1 != end &&
      llvm::isDigit(cursor[1])) {
    ++cursor;
    auto isExponentSign = [&] {
      return (*cursor == '+' || *cursor == '-') &&
             (cursor[-1] == 'e' || cursor[-1] == 'E');
    };
    while (cursor != end && (llvm::isAlnum(*cursor) || isExponentSign()))
      ++cursor;
    PtxToken token = make(PtxToken::Kind::Float64Bits, begin);
    std::string copy = token.text.str();
    char *stop = nullptr;
    double value = std::strtod(copy.c_str(), &stop);
    if (*stop)
      return makeError(begin, "expects a decimal number");
    std::memcpy(&token.bits, &value, sizeof(value));
    return token;
  }

  auto isFloat = [&](char letter, size_t numDigits) {
    return digits.size() == numDigits + 2 && digits[0] == '0' &&
           llvm::toLower(digits[1]) == letter &&
           llvm::all_of(digits.drop_front(2), llvm::isHexDigit);
  };
  PtxToken token = make(PtxToken::Kind::Integer, begin);
  if (isFloat('f', 8)) {
    token.kind = PtxToken::Kind::Float32Bits;
    digits.drop_front(2).getAsInteger(16, token.bits);
    return token;
  }
  if (isFloat('d', 16)) {
    token.kind = PtxToken::Kind::Float64Bits;
    digits.drop_front(2).getAsInteger(16, token.bits);
    return token;
  }
  if (!isHexadecimal || digits.back() == 'U')
    digits.consume_back("U");
  unsigned radix = 10;
  if (isHexadecimal) {
    radix = 16;
    digits = digits.drop_front(2);
  } else if (digits.starts_with_insensitive("0b")) {
    radix = 2;
    digits = digits.drop_front(2);
  } else if (digits.size() > 1 && digits[0] == '0') {
    radix = 8;
  }
  bool isNumber = llvm::all_of(
      digits, [&](char digit) { return llvm::hexDigitValue(digit) < radix; });
  if (digits.empty() || !isNumber)
    return makeError(begin, "expects an integer, or '0f' and 8 or '0d' and 16 "
                            "hexadecimal digits");
  if (digits.getAsInteger(radix, token.bits))
    return makeError(begin, "expects a number of at most 64 bits");
  return token;
}

PtxToken PtxLexer::next() {
  const char *before = cursor;
  if (skipSpaceAndComments()) {
    PtxToken token = makeError(before, "the comment has no closing '*/'");
    token.location = {line, static_cast<uint32_t>(cursor - lineBegin + 1)};
    cursor = end;
    return token;
  }
  const char *begin = cursor;
  if (cursor == end)
    return make(PtxToken::Kind::End, begin);
  char c = *cursor;
  if (llvm::isDigit(c))
    return lexNumber(begin);
  if (c == '.')
    return lexDotted(begin);
  if (c == '"')
    return lexString(begin);
  if (c == '%' || isIdentifierChar(c)) {
    ++cursor;
    if (c == '%' && (cursor == end || !isIdentifierChar(*cursor)))
      return make(PtxToken::Kind::Punctuation, begin);
    while (cursor != end && isIdentifierChar(*cursor))
      ++cursor;
    return make(PtxToken::Kind::Identifier, begin);
  }
  ++cursor;
  static constexpr llvm::StringLiteral pairs[] = {
      "<<", ">>", "<=", ">=", "==", "!=", "&&", "||"};
  if (cursor != end)
    for (llvm::StringLiteral pair : pairs)
      if (c == pair[0] && *cursor == pair[1]) {
        ++cursor;
        return make(PtxToken::Kind::Punctuation, begin);
      }
  if (!llvm::StringRef("{}[]()<>,;:=+-*/%!~&|^?@").contains(c))
    return makeError(begin, "the character does not belong to PTX");
  return make(PtxToken::Kind::Punctuation, begin);
}
