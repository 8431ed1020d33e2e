//===- Lexer.cpp - text to tokens -----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

std::string mlir::tk::describe(TokenKind kind) {
  switch (kind) {
#define TOKEN(Name, Description)                                               \
  case TokenKind::Name:                                                        \
    return Description;
#define PUNCTUATION(Name, Spelling)                                            \
  case TokenKind::Name:                                                        \
    return "'" Spelling "'";
#define KEYWORD(Name, Spelling)                                                \
  case TokenKind::Name:                                                        \
    return "keyword '" Spelling "'";
#include "tk/Frontend/Tokens.def"
  }
  llvm_unreachable("all kinds handled");
}

StringRef mlir::tk::getSpelling(TokenKind kind) {
  switch (kind) {
#define TOKEN(Name, Description)                                               \
  case TokenKind::Name:                                                        \
    return "";
#define PUNCTUATION(Name, Spelling)                                            \
  case TokenKind::Name:                                                        \
    return Spelling;
#define KEYWORD(Name, Spelling) PUNCTUATION(Name, Spelling)
#include "tk/Frontend/Tokens.def"
  }
  llvm_unreachable("all kinds handled");
}

bool mlir::tk::isKeyword(TokenKind kind) {
  switch (kind) {
#define KEYWORD(Name, Spelling) case TokenKind::Name:
#include "tk/Frontend/Tokens.def"
    return true;
  default:
    return false;
  }
}

static TokenKind classifyWord(StringRef word) {
  return llvm::StringSwitch<TokenKind>(word)
#define KEYWORD(Name, Spelling) .Case(Spelling, TokenKind::Name)
#include "tk/Frontend/Tokens.def"
      .Default(TokenKind::Identifier);
}

static bool isWordStart(char c) { return llvm::isAlpha(c) || c == '_'; }
static bool isWordPart(char c) { return llvm::isAlnum(c) || c == '_'; }
static bool isASCII(char c) { return static_cast<unsigned char>(c) < 0x80; }

/// Number of bytes of the valid UTF-8 sequence at `text`, or 0.
static size_t getSequenceSize(StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  const auto *end = reinterpret_cast<const llvm::UTF8 *>(text.end());
  if (!llvm::isLegalUTF8Sequence(begin, end))
    return 0;
  return llvm::getNumBytesForUTF8(*begin);
}

namespace {

class Lexer {
public:
  Lexer(StringRef text, DiagnosticReporter &diags)
      : text(text), rest(text), diags(diags) {}

  TokenStream run() {
    if (checkEncoding()) {
      rest.consume_front("\xEF\xBB\xBF");
      while (!rest.empty())
        lexOne();
    }
    result.tokens.push_back({TokenKind::EndOfFile, text.take_back(0)});
    return std::move(result);
  }

private:
  /// False if the text cannot be split into tokens at all.
  bool checkEncoding();
  void lexOne();
  void lexWord();
  void lexNumber();
  void lexString();
  void lexLineComment();
  void lexBlockComment();
  void lexForeignComment();
  void lexForeignString();
  void lexPunctuation();
  void lexStrayBytes();

  StringRef take(size_t size) {
    StringRef piece = rest.take_front(size);
    rest = rest.drop_front(piece.size());
    return piece;
  }
  void add(TokenKind kind, StringRef piece) {
    result.tokens.push_back({kind, piece});
  }
  DiagnosticReporter::Builder report(StringRef piece, DiagKind kind,
                                     StringRef arg = "") {
    return diags.report(Token{TokenKind::Error, piece}.getRange(), kind, arg);
  }

  StringRef text;
  StringRef rest;
  DiagnosticReporter &diags;
  TokenStream result;
  bool hasForeignComment = false;
};

} // namespace

bool Lexer::checkEncoding() {
  if (text.size() > kMaxSourceSize) {
    diags.report(Token{TokenKind::Error, text.take_front(0)}.getRange(),
                 DiagKind::FileTooLarge, text.size(), kMaxSourceSize);
    return false;
  }
  // The first two characters of a program are ASCII: a zero byte among them,
  // or a UTF-16 byte order mark, tells that the file is not UTF-8.
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
      text.take_front(2).contains('\0')) {
    report(text.take_front(0), DiagKind::NotUTF8);
    return false;
  }
  for (size_t at = 0; at < text.size();) {
    if (isASCII(text[at])) {
      ++at;
      continue;
    }
    size_t size = getSequenceSize(text.drop_front(at));
    if (size == 0) {
      // One message: the rest of the file has the same encoding.
      report(text.substr(at, 1), DiagKind::InvalidUTF8,
             llvm::utohexstr(static_cast<unsigned char>(text[at])));
      return true;
    }
    at += size;
  }
  return true;
}

void Lexer::lexOne() {
  char c = rest.front();
  if (llvm::isSpace(c)) {
    rest = rest.drop_front();
    return;
  }
  if (isWordStart(c))
    return lexWord();
  if (llvm::isDigit(c))
    return lexNumber();
  if (c == '"')
    return lexString();
  if (rest.starts_with("//"))
    return lexLineComment();
  if (rest.starts_with("/*"))
    return lexBlockComment();
  lexPunctuation();
}

void Lexer::lexWord() {
  StringRef word = take(rest.take_while(isWordPart).size());
  if (word.size() > kMaxNameSize) {
    diags.report(Token{TokenKind::Error, word}.getRange(),
                 DiagKind::NameTooLong, word.size(), kMaxNameSize);
    return add(TokenKind::Identifier, word.take_front(kMaxNameSize));
  }
  add(classifyWord(word), word);
}

/// Digits of one base with underscores among them; not empty.
static size_t countDigits(StringRef text, bool (*isDigitOfBase)(char)) {
  if (text.empty() || !isDigitOfBase(text.front()))
    return 0;
  return text.take_while([&](char c) { return isDigitOfBase(c) || c == '_'; })
      .size();
}

/// Size of the decimal or hexadecimal exponent `e+10` at `text`, or 0.
static size_t countExponent(StringRef text, char letter) {
  if (text.empty() || llvm::toLower(text.front()) != letter)
    return 0;
  size_t prefix = text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 2 : 1;
  size_t digits = countDigits(text.drop_front(prefix), llvm::isDigit);
  return digits ? prefix + digits : 0;
}

/// Splits a number off: an integer, or a float if there is a fraction or an
/// exponent. A letter that follows makes the whole word wrong.
void Lexer::lexNumber() {
  // `t.0.1` holds two fields, not a float.
  bool isField = !result.tokens.empty() &&
                 result.tokens.back().is(TokenKind::Dot) &&
                 result.tokens.back().text.end() == rest.begin();
  bool isHex = rest.starts_with_insensitive("0x");
  bool isBinary = rest.starts_with_insensitive("0b");
  auto isBaseDigit = isHex ? llvm::isHexDigit : llvm::isDigit;
  if (isBinary)
    isBaseDigit = [](char c) { return c == '0' || c == '1'; };

  size_t size = isHex || isBinary ? 2 : 0;
  size_t digits = countDigits(rest.drop_front(size), isBaseDigit);
  size += digits;
  bool isFloat = false;
  if (!isField && !isBinary) {
    StringRef tail = rest.drop_front(size);
    size_t fraction =
        tail.consume_front(".") ? countDigits(tail, isBaseDigit) : 0;
    if (fraction)
      size += 1 + fraction;
    size_t exponent = countExponent(rest.drop_front(size), isHex ? 'p' : 'e');
    size += exponent;
    isFloat = fraction || exponent;
    // 0x1.8 without exponent would be read as a field of 0x1.
    if (isHex && fraction && !exponent)
      digits = 0;
  }

  size_t trailing = rest.drop_front(size).take_while(isWordPart).size();
  StringRef piece = take(size + trailing);
  if (piece.size() > kMaxNumberSize) {
    diags.report(Token{TokenKind::Error, piece}.getRange(),
                 DiagKind::NumberTooLong, piece.size(), kMaxNumberSize);
    return add(TokenKind::Error, piece);
  }
  bool isOctalLooking = !isFloat && !isHex && !isBinary && piece.size() > 1 &&
                        piece.front() == '0' && !isField;
  if (!digits || trailing || isOctalLooking) {
    auto message = report(piece, DiagKind::InvalidNumber, piece);
    if (isOctalLooking && !trailing)
      message.hint("there are no octal literals: write '" +
                   piece.drop_back().ltrim("0_") + piece.take_back() + "'");
    else if (trailing)
      message.hint("literals have no suffix and take the type of the other "
                   "operand; to force one, write 'f32(1)'");
    return add(TokenKind::Error, piece);
  }
  add(isFloat ? TokenKind::Float : TokenKind::Integer, piece);
}

void Lexer::lexString() {
  size_t size = 1;
  while (size < rest.size() && rest[size] != '"' && rest[size] != '\n')
    size +=
        rest[size] == '\\' && size + 1 < rest.size() && rest[size + 1] != '\n'
            ? 2
            : 1;
  if (size >= rest.size() || rest[size] != '"') {
    StringRef piece = take(size);
    report(piece.rtrim(), DiagKind::UnterminatedString);
    return add(TokenKind::Error, piece);
  }
  add(TokenKind::String, take(size + 1));
}

void Lexer::lexLineComment() {
  size_t size = std::min(rest.find('\n'), rest.size());
  StringRef piece = take(size);
  result.comments.push_back({TokenKind::Comment, piece.rtrim()});
}

void Lexer::lexBlockComment() {
  size_t end = rest.find("*/", 2);
  if (end == StringRef::npos)
    report(rest.take_front(2), DiagKind::UnterminatedComment);
  StringRef piece = take(end == StringRef::npos ? rest.size() : end + 2);
  result.comments.push_back({TokenKind::Comment, piece.rtrim()});
}

void Lexer::lexPunctuation() {
  static constexpr std::pair<StringRef, TokenKind> kSpellings[] = {
#define PUNCTUATION(Name, Spelling) {Spelling, TokenKind::Name},
#include "tk/Frontend/Tokens.def"
  };
  // The longest spelling wins: `>>=` before `>>` before `>`.
  const std::pair<StringRef, TokenKind> *best = nullptr;
  for (const auto &candidate : kSpellings)
    if (rest.starts_with(candidate.first) &&
        (!best || candidate.first.size() > best->first.size()))
      best = &candidate;
  if (!best)
    return lexStrayBytes();
  StringRef piece = take(best->first.size());
  add(best->second, piece);
}

/// `# text`, which is reported once; others like it are read as what they mean.
void Lexer::lexForeignComment() {
  if (!std::exchange(hasForeignComment, true))
    report(rest.take_front(1), DiagKind::UnexpectedCharacter, "#")
        .hint("a comment starts with '//'");
  take(std::min(rest.find('\n'), rest.size()));
}

/// `'text'`, or the quote alone if no other follows on its line.
void Lexer::lexForeignString() {
  report(rest.take_front(1), DiagKind::UnexpectedCharacter, "'")
      .hint("a string stands in double quotes");
  StringRef line = rest.take_until([](char c) { return c == '\n'; });
  size_t end = line.find('\'', 1);
  add(TokenKind::Error, take(end == StringRef::npos ? 1 : end + 1));
}

/// Reports a run of bytes that start no token once. What is not UTF-8 has been
/// reported already.
void Lexer::lexStrayBytes() {
  auto isStray = [](char c) {
    return !isASCII(c) || (!llvm::isPrint(c) && !llvm::isSpace(c));
  };
  if (!isStray(rest.front())) {
    if (rest.front() == '#')
      return lexForeignComment();
    if (rest.front() == '\'')
      return lexForeignString();
    StringRef piece = take(1);
    report(piece, DiagKind::UnexpectedCharacter, piece);
    return add(TokenKind::Error, piece);
  }
  size_t sequence = getSequenceSize(rest);
  StringRef run = take(rest.take_while(isStray).size());
  if (run.front() == '\0')
    report(run, DiagKind::UnexpectedNul);
  else if (sequence)
    report(run, DiagKind::UnexpectedCharacter, run.take_front(sequence));
  add(TokenKind::Error, run);
}

TokenStream mlir::tk::lex(StringRef text, DiagnosticReporter &diags) {
  return Lexer(text, diags).run();
}
