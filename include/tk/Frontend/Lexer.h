//===- Lexer.h - text to tokens ---------------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_FRONTEND_LEXER_H
#define TK_FRONTEND_LEXER_H

#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringRef.h"
#include <vector>

namespace mlir::tk {

enum class TokenKind : uint8_t {
#define TOKEN(Name, Description) Name,
#define PUNCTUATION(Name, Spelling) Name,
#define KEYWORD(Name, Spelling) Name,
#include "tk/Frontend/Tokens.def"
};

/// For messages: "'+:'", "keyword 'let'", "a name", "end of file".
std::string describe(TokenKind kind);

/// "+:" or "let"; empty for tokens whose text varies.
llvm::StringRef getSpelling(TokenKind kind);

bool isKeyword(TokenKind kind);

struct Token {
  TokenKind kind = TokenKind::EndOfFile;
  /// The piece of the source buffer that the token was made from.
  llvm::StringRef text;

  bool is(TokenKind other) const { return kind == other; }
  template <typename... KindTs> bool isOneOf(KindTs... kinds) const {
    return (is(kinds) || ...);
  }
  SourceRange getRange() const {
    return {llvm::SMLoc::getFromPointer(text.begin()),
            llvm::SMLoc::getFromPointer(text.end())};
  }
};

/// The tokens of one file, ending in EndOfFile.
struct TokenStream {
  /// Without comments.
  std::vector<Token> tokens;
  /// `//`, `///` and `/* */` in source order.
  std::vector<Token> comments;
};

/// Longest source text in bytes: positions and memory stay bounded.
constexpr size_t kMaxSourceSize = size_t(64) << 20;

/// Longest name in bytes: it ends up in symbols of objects and in messages.
constexpr size_t kMaxNameSize = 255;

/// Longest number in characters: f64 needs 17 digits.
constexpr size_t kMaxNumberSize = 255;

/// Splits `text` into tokens. Mistakes are reported and leave an Error token or
/// nothing; the result is always usable.
TokenStream lex(llvm::StringRef text, DiagnosticReporter &diags);

} // namespace mlir::tk

#endif // TK_FRONTEND_LEXER_H
