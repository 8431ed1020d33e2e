//===- Diagnostics.cpp - reports mistakes in .tk sources ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/Unicode.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

namespace {

/// Longest argument of a message in bytes; names may be as long as a file.
constexpr size_t kMaxArgumentSize = 120;

/// Widest source line that is shown in full, in columns.
constexpr unsigned kMaxSnippetWidth = 160;

/// What is left before the underlined text when a line is cut.
constexpr unsigned kContextWidth = 40;

constexpr unsigned kTabWidth = 8;

struct MessageInfo {
  DiagSeverity severity;
  StringRef name;
  StringRef text;
};

constexpr MessageInfo kMessages[] = {
#define ERROR(Name, Text) {DiagSeverity::Error, #Name, Text},
#define WARNING(Name, Text) {DiagSeverity::Warning, #Name, Text},
#define NOTE(Name, Text) {DiagSeverity::Note, #Name, Text},
#include "tk/Frontend/Diagnostics.def"
};

const MessageInfo &getInfo(DiagKind kind) {
  return kMessages[static_cast<size_t>(kind)];
}

bool isContinuationByte(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// The first character of `text`, or its first byte if that starts none.
StringRef takeCharacter(StringRef text) {
  size_t size = 1;
  while (size < text.size() && size < 4 && isContinuationByte(text[size]))
    ++size;
  return text.take_front(size);
}

/// One source line as it is shown: tabs expanded, unprintable bytes replaced.
class Snippet {
public:
  /// `begin` and `end` are offsets into `line` of what gets underlined.
  Snippet(StringRef line, size_t begin, size_t end) {
    while (!line.empty()) {
      size_t offset = lineSize;
      if (offset <= begin)
        beginColumn = columns;
      StringRef character = takeCharacter(line);
      line = line.drop_front(character.size());
      lineSize += character.size();
      append(character);
      if (lineSize <= end)
        endColumn = columns;
    }
    if (begin >= lineSize)
      beginColumn = columns;
    endColumn = std::max(endColumn, beginColumn + 1);
  }

  void print(llvm::raw_ostream &os) {
    cut();
    os << StringRef(text).rtrim() << '\n';
    if (os.has_colors())
      os.changeColor(llvm::raw_ostream::GREEN, /*Bold=*/true);
    os.indent(beginColumn) << '^'
                           << std::string(endColumn - beginColumn - 1, '~');
    if (os.has_colors())
      os.resetColor();
    os << '\n';
  }

private:
  void append(StringRef character) {
    columnStarts.resize(columns + 1, text.size());
    if (character == "\t") {
      unsigned width = kTabWidth - columns % kTabWidth;
      text.append(width, ' ');
      columns += width;
    } else if (int width = llvm::sys::unicode::columnWidthUTF8(character);
               width >= 0) {
      text += character;
      columns += width;
    } else {
      text += '?';
      ++columns;
    }
    // Every column of a wide character starts where the character does.
    columnStarts.resize(columns, columnStarts.back());
    columnStarts.push_back(text.size());
  }

  /// Of a very long line, keeps the neighbourhood of the underlined part.
  void cut() {
    if (columns <= kMaxSnippetWidth)
      return;
    constexpr StringRef kEllipsis = "...";
    unsigned first =
        beginColumn > kContextWidth ? beginColumn - kContextWidth : 0;
    unsigned last = std::min(first + kMaxSnippetWidth, columns);
    std::string kept = text.substr(columnStarts[first],
                                   columnStarts[last] - columnStarts[first]);
    endColumn = std::min(endColumn, last) - first;
    beginColumn -= first;
    endColumn = std::max(endColumn, beginColumn + 1);
    if (last < columns)
      kept += kEllipsis;
    if (first > 0) {
      kept.insert(0, kEllipsis);
      beginColumn += kEllipsis.size();
      endColumn += kEllipsis.size();
    }
    text = std::move(kept);
  }

  std::string text;
  /// Offset in `text` of each column.
  std::vector<size_t> columnStarts;
  size_t lineSize = 0;
  unsigned columns = 0;
  unsigned beginColumn = 0;
  unsigned endColumn = 0;
};

llvm::raw_ostream::Colors getColor(DiagSeverity severity) {
  switch (severity) {
  case DiagSeverity::Error:
    return llvm::raw_ostream::RED;
  case DiagSeverity::Warning:
    return llvm::raw_ostream::MAGENTA;
  case DiagSeverity::Note:
    return llvm::raw_ostream::CYAN;
  }
  llvm_unreachable("all severities handled");
}

StringRef getBufferText(const llvm::SourceMgr &sourceMgr, unsigned bufferId) {
  return sourceMgr.getMemoryBuffer(bufferId)->getBuffer();
}

/// The line around `loc`, without its end.
StringRef getLine(StringRef buffer, llvm::SMLoc loc) {
  size_t offset = loc.getPointer() - buffer.begin();
  size_t begin = buffer.take_front(offset).rfind('\n') + 1;
  return buffer.slice(begin, buffer.find('\n', offset)).rtrim('\r');
}

class Printer {
public:
  Printer(const llvm::SourceMgr &sourceMgr, llvm::raw_ostream &os)
      : sourceMgr(sourceMgr), os(os) {}

  void print(const SourceDiagnostic &diagnostic) {
    printHeader(diagnostic.range, diagnostic.getSeverity(), diagnostic.text);
    os << " [" << getName(diagnostic.kind) << "]\n";
    printSnippet(diagnostic.range);
    SourceRange shown = diagnostic.range;
    for (const SourceDiagnostic::Note &note : diagnostic.notes) {
      printHeader(note.range, DiagSeverity::Note, note.text);
      os << '\n';
      if (note.range.Start != shown.Start || note.range.End != shown.End)
        printSnippet(note.range);
      shown = note.range;
    }
  }

private:
  void printHeader(SourceRange range, DiagSeverity severity, StringRef text) {
    if (unsigned id = findBuffer(range)) {
      LineColumn place = getLineColumn(sourceMgr, range.Start);
      os << sourceMgr.getMemoryBuffer(id)->getBufferIdentifier() << ':'
         << place.line << ':' << place.column << ": ";
    }
    if (os.has_colors())
      os.changeColor(getColor(severity), /*Bold=*/true);
    os << stringifySeverity(severity) << ": ";
    if (os.has_colors())
      os.resetColor();
    os << text;
  }

  void printSnippet(SourceRange range) {
    unsigned id = findBuffer(range);
    if (!id)
      return;
    StringRef line = getLine(getBufferText(sourceMgr, id), range.Start);
    size_t begin =
        std::min<size_t>(range.Start.getPointer() - line.begin(), line.size());
    size_t end =
        std::min<size_t>(range.End.getPointer() - line.begin(), line.size());
    Snippet(line, begin, end).print(os);
  }

  unsigned findBuffer(SourceRange range) const {
    return range.isValid() ? sourceMgr.FindBufferContainingLoc(range.Start) : 0;
  }

  const llvm::SourceMgr &sourceMgr;
  llvm::raw_ostream &os;
};

} // namespace

DiagSeverity mlir::tk::getSeverity(DiagKind kind) {
  return getInfo(kind).severity;
}

StringRef mlir::tk::getName(DiagKind kind) { return getInfo(kind).name; }

StringRef mlir::tk::getText(DiagKind kind) { return getInfo(kind).text; }

StringRef mlir::tk::stringifySeverity(DiagSeverity severity) {
  switch (severity) {
  case DiagSeverity::Error:
    return "error";
  case DiagSeverity::Warning:
    return "warning";
  case DiagSeverity::Note:
    return "note";
  }
  llvm_unreachable("all severities handled");
}

/// Appends `arg`, cut at a character boundary if it is very long.
static void appendArgument(std::string &text, StringRef arg) {
  size_t size = arg.size();
  if (size > kMaxArgumentSize) {
    size = kMaxArgumentSize;
    while (size && isContinuationByte(arg[size]))
      --size;
  }
  text += arg.take_front(size);
  if (size != arg.size())
    text += "...";
}

std::string
DiagnosticReporter::format(DiagKind kind,
                           std::initializer_list<std::string> args) {
  std::string text;
  StringRef rest = getText(kind);
  while (!rest.empty()) {
    // A placeholder is `{digit}`; other braces stand for themselves.
    if (rest.size() >= 3 && rest[0] == '{' && rest[2] == '}' &&
        llvm::isDigit(rest[1])) {
      size_t index = rest[1] - '0';
      assert(index < args.size() && "each placeholder has an argument");
      appendArgument(text, args.begin()[index]);
      rest = rest.drop_front(3);
      continue;
    }
    text += rest.front();
    rest = rest.drop_front();
  }
  return text;
}

void DiagnosticReporter::emit(SourceDiagnostic diagnostic) {
  bool isError = diagnostic.getSeverity() == DiagSeverity::Error;
  if (isError)
    ++state.numErrors;
  if (!state.said
           .insert({diagnostic.range.Start.getPointer(), diagnostic.kind,
                    diagnostic.text})
           .second)
    return;
  if (isError) {
    ++state.numShownErrors;
    if (isOverLimit() && state.numShownErrors == errorLimit + 1)
      state.handler(
          {diagnostic.range,
           DiagKind::TooManyErrors,
           format(DiagKind::TooManyErrors, {std::to_string(errorLimit)}),
           {}});
  }
  if (!isOverLimit())
    state.handler(diagnostic);
}

LineColumn mlir::tk::getLineColumn(const llvm::SourceMgr &sourceMgr,
                                   llvm::SMLoc loc) {
  unsigned id = sourceMgr.FindBufferContainingLoc(loc);
  if (!id)
    return {};
  StringRef line = getLine(getBufferText(sourceMgr, id), loc);
  StringRef before(line.begin(), loc.getPointer() - line.begin());
  return {sourceMgr.FindLineNumber(loc, id), countCharacters(before) + 1};
}

unsigned mlir::tk::countCharacters(StringRef text) {
  return llvm::count_if(text,
                        [](char byte) { return !isContinuationByte(byte); });
}

std::string mlir::tk::formatCount(size_t count, StringRef noun) {
  return (llvm::Twine(count) + " " + noun + (count == 1 ? "" : "s")).str();
}

void mlir::tk::printDiagnostic(const llvm::SourceMgr &sourceMgr,
                               const SourceDiagnostic &diagnostic,
                               llvm::raw_ostream &os) {
  Printer(sourceMgr, os).print(diagnostic);
}
