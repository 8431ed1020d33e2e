//===- Diagnostics.h - reports mistakes in .tk sources ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   diags.report(range, DiagKind::UnknownName, name)
//       .note(range, DiagKind::DidYouMean, candidate)
//       .hint("write 'f32(x)'");
//
// The message goes out when the temporary dies. Rendered:
//
//   softmax.tk:7:29: error: unknown name 'BLOK' [UnknownName]
//       let row = f32(x[i, 0 +: BLOK, pad = -inf]);
//                               ^~~~
//   softmax.tk:7:29: note: did you mean 'BLOCK'?

#ifndef TK_FRONTEND_DIAGNOSTICS_H
#define TK_FRONTEND_DIAGNOSTICS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SMLoc.h"
#include <functional>
#include <initializer_list>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace llvm {
class raw_ostream;
class SourceMgr;
} // namespace llvm

namespace mlir {
class Diagnostic;
} // namespace mlir

namespace mlir::tk {

using SourceRange = llvm::SMRange;

/// Every message of the front end: see Diagnostics.def.
enum class DiagKind {
#define ERROR(Name, Text) Name,
#define WARNING(Name, Text) Name,
#define NOTE(Name, Text) Name,
#include "tk/Frontend/Diagnostics.def"
};

enum class DiagSeverity { Error, Warning, Note };

DiagSeverity getSeverity(DiagKind kind);
/// "UnknownName"
llvm::StringRef getName(DiagKind kind);
/// Text with its placeholders: "unknown name '{0}'"
llvm::StringRef getText(DiagKind kind);
/// "error"
llvm::StringRef stringifySeverity(DiagSeverity severity);

/// One message with the notes that belong to it.
struct SourceDiagnostic {
  struct Note {
    /// Invalid when the note has no place of its own.
    SourceRange range;
    DiagKind kind;
    std::string text;
  };

  SourceRange range;
  DiagKind kind;
  /// With the arguments in place, without name or location.
  std::string text;
  llvm::SmallVector<Note, 1> notes;

  DiagSeverity getSeverity() const { return tk::getSeverity(kind); }
};

/// Collects what goes wrong in a set of source files.
class DiagnosticReporter {
public:
  using Handler = std::function<void(const SourceDiagnostic &)>;

  /// Errors past this number are counted, not shown: one lost bracket should
  /// not fill a screen.
  static constexpr unsigned kDefaultErrorLimit = 20;

private:
  struct State {
    Handler handler;
    unsigned numErrors = 0;
    unsigned numShownErrors = 0;
    /// Place, name and text of what was said.
    std::set<std::tuple<const char *, DiagKind, std::string>> said = {};
  };

public:
  /// A message being made; reported at the end of the full expression.
  class Builder {
  public:
    Builder(Builder &&other)
        : reporter(std::exchange(other.reporter, nullptr)),
          diagnostic(std::move(other.diagnostic)) {}
    Builder(const Builder &) = delete;
    ~Builder() {
      if (reporter)
        reporter->emit(std::move(diagnostic));
    }

    template <typename... ArgTs>
    Builder &note(SourceRange range, DiagKind kind, const ArgTs &...args) {
      diagnostic.notes.push_back(
          {range, kind, format(kind, {toString(args)...})});
      return *this;
    }
    /// A note at the place of the message: what to do about it.
    Builder &hint(const llvm::Twine &text) {
      return note(diagnostic.range, DiagKind::Hint, text.str());
    }

  private:
    friend class DiagnosticReporter;
    Builder(DiagnosticReporter *reporter, SourceDiagnostic diagnostic)
        : reporter(reporter), diagnostic(std::move(diagnostic)) {}

    DiagnosticReporter *reporter;
    SourceDiagnostic diagnostic;
  };

  /// Messages go to `handler` as they come; to print them, use
  /// `printDiagnostic`.
  explicit DiagnosticReporter(Handler handler) : state{std::move(handler)} {}

  /// Reports message `kind` about `range`: the smallest wrong piece of text.
  template <typename... ArgTs>
  Builder report(SourceRange range, DiagKind kind, const ArgTs &...args) {
    return Builder(this, {range, kind, format(kind, {toString(args)...}), {}});
  }

  /// Reports a message again that a Capture kept.
  void report(SourceDiagnostic diagnostic) { emit(std::move(diagnostic)); }

  /// While it lives, messages are kept here; afterwards there have been none.
  class Capture {
  public:
    explicit Capture(DiagnosticReporter &reporter)
        : reporter(reporter),
          state(std::exchange(reporter.state,
                              {[this](const SourceDiagnostic &message) {
                                messages.push_back(message);
                              }})) {}
    Capture(const Capture &) = delete;
    ~Capture() { reporter.state = std::move(state); }

    bool hasErrors() const { return reporter.hasErrors(); }
    std::vector<SourceDiagnostic> takeMessages() { return std::move(messages); }

  private:
    DiagnosticReporter &reporter;
    std::vector<SourceDiagnostic> messages;
    State state;
  };

  /// Every error counts, those too that are not shown because they were said
  /// before: what depends on a comparison of two numbers is wrong again.
  unsigned getNumErrors() const { return state.numErrors; }
  bool hasErrors() const { return state.numErrors != 0; }
  /// True once the limit has been passed: whoever can should stop.
  bool isOverLimit() const {
    return errorLimit && state.numShownErrors > errorLimit;
  }
  /// Zero means no limit.
  void setErrorLimit(unsigned limit) { errorLimit = limit; }

private:
  static std::string toString(llvm::StringRef text) { return text.str(); }
  static std::string toString(const char *text) { return text; }
  static std::string toString(const std::string &text) { return text; }
  static std::string toString(char character) {
    return std::string(1, character);
  }
  template <typename T>
  static std::enable_if_t<std::is_integral_v<T>, std::string>
  toString(T number) {
    return std::to_string(number);
  }
  static std::string format(DiagKind kind,
                            std::initializer_list<std::string> args);

  /// A message that says the same at the same place as one before is dropped:
  /// it comes from another instance of the same text.
  void emit(SourceDiagnostic diagnostic);

  State state;
  unsigned errorLimit = kDefaultErrorLimit;
};

/// Line and column, both from 1; a column counts characters, not bytes.
struct LineColumn {
  unsigned line = 0;
  unsigned column = 0;
};
LineColumn getLineColumn(const llvm::SourceMgr &sourceMgr, llvm::SMLoc loc);

/// Characters, not bytes, of UTF-8 text.
unsigned countCharacters(llvm::StringRef text);

/// "1 argument", "3 arguments".
std::string formatCount(size_t count, llvm::StringRef noun);

/// Prints message, source line, underline and notes, in colour if `os` has it.
void printDiagnostic(const llvm::SourceMgr &sourceMgr,
                     const SourceDiagnostic &diagnostic, llvm::raw_ostream &os);

/// A message, wherever it comes from, as far as expectations see it.
struct ReportedMessage {
  /// "error", "warning", "remark" or "note".
  llvm::StringRef severity;
  /// Of the main buffer; 0 if it is about no line of it.
  unsigned line = 0;
  /// With the `[Name]` of a message of the front end.
  std::string text;
};

/// Compares what was reported with the `expected-error {{...}}` comments of
/// the main buffer of `sourceMgr` and prints every difference to `os`. An
/// expectation stands on its line, or says `@below`, `@above`, `@+2`, `@-1`;
/// it is met by a message that contains its text. Returns true when all were
/// met and nothing was reported besides, but for notes.
bool verifyDiagnostics(const llvm::SourceMgr &sourceMgr,
                       llvm::ArrayRef<ReportedMessage> messages,
                       llvm::raw_ostream &os);
/// The same for messages of the front end.
bool verifyDiagnostics(const llvm::SourceMgr &sourceMgr,
                       llvm::ArrayRef<SourceDiagnostic> diagnostics,
                       llvm::raw_ostream &os);

/// Where the messages of one run of a tool go: to a stream as they come or, to
/// be verified, into comparison with the comments of the source.
class DiagnosticSession {
public:
  DiagnosticSession(const llvm::SourceMgr &sourceMgr, bool verifies,
                    llvm::raw_ostream &os);

  DiagnosticReporter &getReporter() { return reporter; }

  /// Keeps a message of a pass, to be verified with those of the front end.
  void add(const Diagnostic &diagnostic);

  /// True if there was no error or, when verifying, if all messages were
  /// expected.
  bool finish();

private:
  const llvm::SourceMgr &sourceMgr;
  bool verifies;
  llvm::raw_ostream &os;
  std::vector<ReportedMessage> messages;
  DiagnosticReporter reporter;
};

} // namespace mlir::tk

#endif // TK_FRONTEND_DIAGNOSTICS_H
