//===- ParsedText.h - a .tk text, parsed for a test -------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UNITTESTS_FRONTEND_PARSEDTEXT_H
#define TK_UNITTESTS_FRONTEND_PARSEDTEXT_H

#include "tk/Frontend/AST.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Parser.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace mlir::tk {

/// Source text with everything that was reported about it.
class ReportedText {
public:
  explicit ReportedText(llvm::StringRef text, llvm::StringRef name = "k.tk")
      : diags([this](const SourceDiagnostic &diagnostic) {
          reported.push_back(diagnostic);
        }) {
    sourceMgr.AddNewSourceBuffer(
        llvm::MemoryBuffer::getMemBufferCopy(text, name), llvm::SMLoc());
  }
  ReportedText(const ReportedText &) = delete;

  llvm::StringRef getText() const {
    return sourceMgr.getMemoryBuffer(1)->getBuffer();
  }

  /// One line per message: "2:5 '<underlined>' text [Name]", notes indented.
  std::string getErrors() const {
    std::string result;
    llvm::raw_string_ostream os(result);
    for (const SourceDiagnostic &diagnostic : reported) {
      printLine(os, diagnostic.range, diagnostic.text);
      os << " [" << getName(diagnostic.kind) << "]\n";
      for (const SourceDiagnostic::Note &note : diagnostic.notes) {
        os << "  ";
        printLine(os, note.range, note.text);
        os << '\n';
      }
    }
    return result;
  }

  llvm::SourceMgr sourceMgr;
  std::vector<SourceDiagnostic> reported;
  DiagnosticReporter diags;

private:
  void printLine(llvm::raw_ostream &os, SourceRange range,
                 llvm::StringRef text) const {
    LineColumn place = getLineColumn(sourceMgr, range.Start);
    os << place.line << ':' << place.column << " '"
       << llvm::StringRef(range.Start.getPointer(),
                          range.End.getPointer() - range.Start.getPointer())
       << "' " << text;
  }
};

/// The same, parsed as a file.
class ParsedText : public ReportedText {
public:
  explicit ParsedText(llvm::StringRef text) : ReportedText(text) {
    file =
        parseSourceFile(sourceMgr, 1, /*importedGenerics=*/{}, context, diags);
  }

  std::string dump() const {
    std::string result;
    llvm::raw_string_ostream os(result);
    dumpAST(file, os);
    return result;
  }

  ASTContext context;
  SourceFile file;
};

/// What is reported about a whole file.
inline std::string errorsOf(llvm::StringRef text) {
  return ParsedText(text).getErrors();
}

/// The tree of a whole file that has no errors.
inline std::string treeOf(llvm::StringRef text) {
  ParsedText parsed(text);
  return parsed.reported.empty() ? parsed.dump() : parsed.getErrors();
}

/// `text` as the second line of a kernel.
inline std::string inKernel(llvm::StringRef text) {
  return "tk 1; kernel k() grid(1) {\n" + text.str() + "\n}\n";
}

} // namespace mlir::tk

#endif // TK_UNITTESTS_FRONTEND_PARSEDTEXT_H
