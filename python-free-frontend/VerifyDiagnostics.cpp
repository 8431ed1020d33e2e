//===- VerifyDiagnostics.cpp - checks expected-error comments -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An expectation is written as for mlir-opt:
//
//   // expected-error @below {{unknown name 'BLOK'}}
//   // expected-note @below {{did you mean 'BLOCK'?}}
//   let row = x[i, 0 +: BLOK];
//
// `@below` is the next line that holds no expectation, `@above` the line before
// this one, `@+2` and `@-1` count lines; none of them means this line.

#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <vector>

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

namespace {

struct Expectation {
  DiagSeverity severity;
  unsigned line;
  StringRef text;
  llvm::SMLoc loc;
  bool isMet = false;
};

/// A message or a note, as far as expectations see it.
struct Reported {
  DiagSeverity severity;
  SourceRange range;
  std::string text;
};

class Verifier {
public:
  Verifier(const llvm::SourceMgr &sourceMgr, llvm::raw_ostream &os)
      : sourceMgr(sourceMgr), os(os) {}

  bool verify(llvm::ArrayRef<SourceDiagnostic> diagnostics) {
    readExpectations();
    for (const SourceDiagnostic &diagnostic : diagnostics) {
      match({diagnostic.getSeverity(), diagnostic.range,
             diagnostic.text + " [" + getName(diagnostic.kind).str() + "]"},
            /*mustBeExpected=*/true);
      for (const SourceDiagnostic::Note &note : diagnostic.notes)
        match({DiagSeverity::Note, note.range, note.text},
              /*mustBeExpected=*/false);
    }
    for (const Expectation &expectation : expectations)
      if (!expectation.isMet)
        complain(expectation.loc,
                 "expected " + stringifySeverity(expectation.severity).str() +
                     " '" + expectation.text.str() + "' was not reported");
    return isGood;
  }

private:
  void complain(llvm::SMLoc loc, const std::string &text) {
    isGood = false;
    if (unsigned id =
            loc.isValid() ? sourceMgr.FindBufferContainingLoc(loc) : 0)
      os << sourceMgr.getMemoryBuffer(id)->getBufferIdentifier() << ':'
         << sourceMgr.getLineAndColumn(loc, id).first << ": ";
    os << text << '\n';
  }

  void readExpectations() {
    StringRef rest =
        sourceMgr.getMemoryBuffer(sourceMgr.getMainFileID())->getBuffer();
    // Expectations that wait for the line below them.
    std::vector<size_t> pending;
    for (unsigned line = 1; !rest.empty(); ++line) {
      auto [text, tail] = rest.split('\n');
      rest = tail;
      size_t numBefore = expectations.size();
      readLine(text, line, pending);
      if (expectations.size() != numBefore)
        continue;
      for (size_t index : pending)
        expectations[index].line = line;
      pending.clear();
    }
  }

  void readLine(StringRef text, unsigned line, std::vector<size_t> &pending) {
    constexpr StringRef kPrefix = "expected-";
    for (size_t at = text.find(kPrefix); at != StringRef::npos;
         at = text.find(kPrefix)) {
      llvm::SMLoc loc = llvm::SMLoc::getFromPointer(text.data() + at);
      text = text.drop_front(at + kPrefix.size());
      std::optional<DiagSeverity> severity = takeSeverity(text);
      if (!severity)
        continue;
      text = text.ltrim(' ');
      bool isBelow = text.consume_front("@below");
      std::optional<int> offset = isBelow ? 0 : takeOffset(text);
      text = text.ltrim(' ');
      size_t end = text.find("}}");
      if (!offset || !text.starts_with("{{") || end == StringRef::npos) {
        complain(loc, "expectation cannot be read, write 'expected-error "
                      "@below {{text}}'");
        return;
      }
      if (isBelow)
        pending.push_back(expectations.size());
      expectations.push_back(
          {*severity, line + *offset, text.slice(2, end), loc});
      text = text.drop_front(end + 2);
    }
  }

  static std::optional<DiagSeverity> takeSeverity(StringRef &text) {
    for (DiagSeverity severity :
         {DiagSeverity::Error, DiagSeverity::Warning, DiagSeverity::Note})
      if (text.consume_front(stringifySeverity(severity)))
        return severity;
    return std::nullopt;
  }

  /// Reads `@above`, `@+n`, `@-n` or nothing; no value if it is none of these.
  static std::optional<int> takeOffset(StringRef &text) {
    if (text.consume_front("@above"))
      return -1;
    if (!text.consume_front("@"))
      return 0;
    int sign = text.starts_with("-") ? -1 : 1;
    if (!text.consume_front("-") && !text.consume_front("+"))
      return std::nullopt;
    unsigned lines;
    if (text.consumeInteger(10, lines))
      return std::nullopt;
    return sign * static_cast<int>(lines);
  }

  void match(const Reported &reported, bool mustBeExpected) {
    unsigned line = 0;
    if (reported.range.isValid() &&
        sourceMgr.FindBufferContainingLoc(reported.range.Start) ==
            sourceMgr.getMainFileID())
      line = getLineColumn(sourceMgr, reported.range.Start).line;
    for (Expectation &expectation : expectations) {
      if (expectation.isMet || expectation.severity != reported.severity ||
          expectation.line != line ||
          !StringRef(reported.text).contains(expectation.text))
        continue;
      expectation.isMet = true;
      return;
    }
    if (mustBeExpected)
      complain(reported.range.Start,
               "unexpected " + stringifySeverity(reported.severity).str() +
                   ": " + reported.text);
  }

  const llvm::SourceMgr &sourceMgr;
  llvm::raw_ostream &os;
  std::vector<Expectation> expectations;
  bool isGood = true;
};

} // namespace

bool mlir::tk::verifyDiagnostics(const llvm::SourceMgr &sourceMgr,
                                 llvm::ArrayRef<SourceDiagnostic> diagnostics,
                                 llvm::raw_ostream &os) {
  return Verifier(sourceMgr, os).verify(diagnostics);
}

DiagnosticSession::DiagnosticSession(const llvm::SourceMgr &sourceMgr,
                                     bool verifies, llvm::raw_ostream &os)
    : sourceMgr(sourceMgr), verifies(verifies), os(os),
      reporter(sourceMgr, [this](const SourceDiagnostic &diagnostic) {
        if (this->verifies)
          diagnostics.push_back(diagnostic);
        else
          printDiagnostic(this->sourceMgr, diagnostic, this->os);
      }) {}

bool DiagnosticSession::finish() {
  if (verifies)
    return verifyDiagnostics(sourceMgr, diagnostics, os);
  return !reporter.hasErrors();
}
