//===- PtxLexer.h - PTX text to tokens ------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_PTXLEXER_H
#define TK_LIB_EMULATOR_PTXLEXER_H

#include "tk/Emulator/Ptx.h"
#include "llvm/ADT/StringRef.h"

namespace mlir::tk::emulator {

struct PtxToken {
  enum class Kind : uint8_t {
    /// `add`, `%r1`, `$L__BB0_1`, `_`.
    Identifier,
    /// `.global`, `.shared::cta`; `text` is without the first dot.
    Dotted,
    Integer,
    /// `0f3F800000`.
    Float32Bits,
    /// `0d...`, and decimal floats.
    Float64Bits,
    /// `text` is without the quotes.
    String,
    /// One character, or two of an operator of constant expressions.
    Punctuation,
    End,
    /// `text` is the message.
    Error,
  };
  Kind kind = Kind::End;
  llvm::StringRef text;
  uint64_t bits = 0;
  PtxLocation location;
  const char *begin = nullptr;
  const char *end = nullptr;
};

class PtxLexer {
public:
  explicit PtxLexer(llvm::StringRef text)
      : cursor(text.begin()), lineBegin(text.begin()), end(text.end()) {}

  PtxToken next();
  /// Skips the rest of the line (after a token that was the last of interest).
  void skipLine();

private:
  bool skipSpaceAndComments();
  PtxToken make(PtxToken::Kind kind, const char *begin);
  PtxToken makeError(const char *begin, llvm::StringLiteral message);
  PtxToken lexNumber(const char *begin);
  PtxToken lexString(const char *begin);
  PtxToken lexDotted(const char *begin);

  const char *cursor;
  const char *lineBegin;
  const char *end;
  uint32_t line = 1;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_PTXLEXER_H
