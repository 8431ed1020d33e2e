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

#include "mlir/IR/Diagnostics.h"
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
  StringRef severity;
  unsigned line;
  StringRef text;
  llvm::SMLoc loc;
  bool isMet = false;
};

class Verifier {
public:
  Verifier(const llvm::SourceMgr &sourceMgr, llvm::raw_ostream &os)
      : sourceMgr(sourceMgr), os(os) {}

  bool verify(llvm::ArrayRef<ReportedMessage> messages) {
    readExpectations();
    for (const ReportedMessage &message : messages)
      match(message);
    for (const Expectation &expectation : expectations)
      if (!expectation.isMet)
        complain(expectation.loc, "expected " + expectation.severity.str() +
                                      " '" + expectation.text.str() +
                                      "' was not reported");
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
      StringRef severity = takeSeverity(text);
      if (severity.empty())
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
          {severity, line + *offset, text.slice(2, end), loc});
      text = text.drop_front(end + 2);
    }
  }

  static StringRef takeSeverity(StringRef &text) {
    for (StringRef severity : {"error", "warning", "remark", "note"})
      if (text.consume_front(severity))
        return severity;
    return "";
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

  void match(const ReportedMessage &message) {
    for (Expectation &expectation : expectations) {
      if (expectation.isMet || expectation.severity != message.severity ||
          expectation.line != message.line ||
          !StringRef(message.text).contains(expectation.text))
        continue;
      expectation.isMet = true;
      return;
    }
    // Notes go with a message that was.
    if (message.severity == "note")
      return;
    isGood = false;
    if (message.line)
      os << sourceMgr.getMemoryBuffer(sourceMgr.getMainFileID())
                ->getBufferIdentifier()
         << ':' << message.line << ": ";
    os << "unexpected " << message.severity << ": " << message.text << '\n';
  }

  const llvm::SourceMgr &sourceMgr;
  llvm::raw_ostream &os;
  std::vector<Expectation> expectations;
  bool isGood = true;
};

} // namespace

//===----------------------------------------------------------------------===//
// Messages of the front end
//===----------------------------------------------------------------------===//

static unsigned getMainLine(const llvm::SourceMgr &sourceMgr,
                            SourceRange range) {
  bool isInMain =
      range.isValid() && sourceMgr.FindBufferContainingLoc(range.Start) ==
                             sourceMgr.getMainFileID();
  return isInMain ? getLineColumn(sourceMgr, range.Start).line : 0;
}

static void append(const llvm::SourceMgr &sourceMgr,
                   const SourceDiagnostic &diagnostic,
                   std::vector<ReportedMessage> &messages) {
  messages.push_back(
      {stringifySeverity(diagnostic.getSeverity()),
       getMainLine(sourceMgr, diagnostic.range),
       diagnostic.text + " [" + getName(diagnostic.kind).str() + "]"});
  for (const SourceDiagnostic::Note &note : diagnostic.notes)
    messages.push_back({"note", getMainLine(sourceMgr, note.range), note.text});
}

bool mlir::tk::verifyDiagnostics(const llvm::SourceMgr &sourceMgr,
                                 llvm::ArrayRef<ReportedMessage> messages,
                                 llvm::raw_ostream &os) {
  return Verifier(sourceMgr, os).verify(messages);
}

bool mlir::tk::verifyDiagnostics(const llvm::SourceMgr &sourceMgr,
                                 llvm::ArrayRef<SourceDiagnostic> diagnostics,
                                 llvm::raw_ostream &os) {
  std::vector<ReportedMessage> messages;
  for (const SourceDiagnostic &diagnostic : diagnostics)
    append(sourceMgr, diagnostic, messages);
  return verifyDiagnostics(sourceMgr, messages, os);
}

//===----------------------------------------------------------------------===//
// Messages of passes
//===----------------------------------------------------------------------===//

static unsigned getMainLine(const llvm::SourceMgr &sourceMgr, Location loc) {
  // Of inlined and fused ops, the first place counts, as in mlir-opt.
  auto place = loc->findInstanceOf<FileLineColLoc>();
  StringRef main = sourceMgr.getMemoryBuffer(sourceMgr.getMainFileID())
                       ->getBufferIdentifier();
  return place && place.getFilename().getValue() == main ? place.getLine() : 0;
}

static StringRef getSeverityText(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Remark:
    return "remark";
  case DiagnosticSeverity::Note:
    return "note";
  }
  llvm_unreachable("all severities are listed");
}

void DiagnosticSession::add(const Diagnostic &diagnostic) {
  messages.push_back({getSeverityText(diagnostic.getSeverity()),
                      getMainLine(sourceMgr, diagnostic.getLocation()),
                      diagnostic.str()});
  for (const Diagnostic &note : diagnostic.getNotes())
    messages.push_back(
        {"note", getMainLine(sourceMgr, note.getLocation()), note.str()});
}

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

DiagnosticSession::DiagnosticSession(const llvm::SourceMgr &sourceMgr,
                                     bool verifies, llvm::raw_ostream &os)
    : sourceMgr(sourceMgr), verifies(verifies), os(os),
      reporter([this](const SourceDiagnostic &diagnostic) {
        if (this->verifies)
          append(this->sourceMgr, diagnostic, messages);
        else
          printDiagnostic(this->sourceMgr, diagnostic, this->os);
      }) {}

bool DiagnosticSession::finish() {
  if (verifies)
    return verifyDiagnostics(sourceMgr, messages, os);
  return !reporter.hasErrors();
}
