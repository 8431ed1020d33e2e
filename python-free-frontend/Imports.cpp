//===- Imports.cpp - a source file and everything it imports --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file imports is parsed before the file itself, because `name<` means
// something else when `name` is an imported generic.

#include "ParserImpl.h"
#include "tk/Frontend/Parser.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::tk;
using llvm::StringRef;

namespace {

/// `import "path"` as far as the tokens tell.
struct Import {
  std::string path;
  SourceRange range;
};

class Loader {
public:
  Loader(llvm::SourceMgr &sourceMgr, ASTContext &context,
         DiagnosticReporter &diags)
      : sourceMgr(sourceMgr), context(context), diags(diags) {}

  ParsedProgram run() {
    unsigned mainId = sourceMgr.getMainFileID();
    StringRef name = sourceMgr.getMemoryBuffer(mainId)->getBufferIdentifier();
    load(mainId, getRealPath(name));
    return std::move(program);
  }

private:
  enum class State { Loading, Loaded };

  void load(unsigned bufferId, const std::string &realPath) {
    states[realPath] = State::Loading;
    StringRef text = sourceMgr.getMemoryBuffer(bufferId)->getBuffer();
    TokenStream stream = lex(text, diags);
    size_t slot = program.files.size();
    program.files.emplace_back();
    for (const Import &import : findImports(stream.tokens))
      loadImport(import, bufferId);
    collectGenericNames(stream.tokens, genericNames);
    Parser parser(std::move(stream), genericNames, context, diags);
    program.files[slot] = parser.parseFile(bufferId);
    states[realPath] = State::Loaded;
  }

  static std::vector<Import> findImports(llvm::ArrayRef<Token> tokens) {
    std::vector<Import> imports;
    for (size_t i = 0; i + 2 < tokens.size(); ++i)
      if (tokens[i].is(TokenKind::Import) &&
          tokens[i + 1].is(TokenKind::String))
        imports.push_back(
            {tokens[i + 1].text.trim('"').str(), tokens[i + 1].getRange()});
    return imports;
  }

  void loadImport(const Import &import, unsigned importerId) {
    std::string path = findFile(import.path, importerId);
    std::string realPath = getRealPath(path);
    auto known = states.find(realPath);
    if (known != states.end()) {
      if (known->second == State::Loading)
        diags.report(import.range, DiagKind::ImportCycle, import.path);
      return;
    }
    std::unique_ptr<llvm::MemoryBuffer> buffer = read(path, import);
    if (!buffer)
      return;
    unsigned bufferId =
        sourceMgr.AddNewSourceBuffer(std::move(buffer), import.range.Start);
    load(bufferId, realPath);
  }

  std::unique_ptr<llvm::MemoryBuffer> read(StringRef path,
                                           const Import &import) {
    // A device or a pipe may never end.
    if (llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path)) {
      diags.report(import.range, DiagKind::ImportNotFound, import.path,
                   "not a regular file");
      return nullptr;
    }
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer) {
      diags.report(import.range, DiagKind::ImportNotFound, import.path,
                   buffer.getError().message());
      return nullptr;
    }
    return std::move(*buffer);
  }

  /// Beside the importing file, else in an include directory; if it is nowhere,
  /// the first of these.
  std::string findFile(StringRef path, unsigned importerId) const {
    StringRef importer =
        sourceMgr.getMemoryBuffer(importerId)->getBufferIdentifier();
    llvm::SmallString<128> beside(path);
    if (!llvm::sys::path::is_absolute(path)) {
      beside = llvm::sys::path::parent_path(importer);
      llvm::sys::path::append(beside, path);
    }
    if (llvm::sys::fs::exists(beside))
      return beside.str().str();
    for (const std::string &directory : sourceMgr.getIncludeDirs()) {
      llvm::SmallString<128> candidate(directory);
      llvm::sys::path::append(candidate, path);
      if (llvm::sys::fs::exists(candidate))
        return candidate.str().str();
    }
    return beside.str().str();
  }

  static std::string getRealPath(StringRef path) {
    llvm::SmallString<128> real;
    if (llvm::sys::fs::real_path(path, real))
      return path.str();
    return real.str().str();
  }

  llvm::SourceMgr &sourceMgr;
  ASTContext &context;
  DiagnosticReporter &diags;
  ParsedProgram program;
  llvm::StringMap<State> states;
  llvm::StringSet<> genericNames;
};

} // namespace

ParsedProgram mlir::tk::parseProgram(llvm::SourceMgr &sourceMgr,
                                     ASTContext &context,
                                     DiagnosticReporter &diags) {
  return Loader(sourceMgr, context, diags).run();
}
