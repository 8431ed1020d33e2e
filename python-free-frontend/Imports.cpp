//===- Imports.cpp - a source file and everything it imports --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file imports is parsed before the file itself, because `name<` means
// something else when `name` is an imported generic.

#include "ParserImpl.h"
#include "tk/Frontend/Parser.h"
#include "tk/Support/Manifest.h"
#include "llvm/ADT/STLExtras.h"
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
         DiagnosticReporter &diags, const std::vector<EmbeddedFile> *embedded)
      : sourceMgr(sourceMgr), context(context), diags(diags),
        embedded(embedded) {}

  ParsedProgram run() {
    unsigned mainId = sourceMgr.getMainFileID();
    Target main;
    main.path = sourceMgr.getMemoryBuffer(mainId)->getBufferIdentifier().str();
    main.key = embedded ? "" : getRealPath(main.path);
    load(mainId, main);
    return std::move(program);
  }

private:
  /// A file to be read.
  struct Target {
    /// Equal for equal files.
    std::string key;
    std::string path;
    /// Null for a file on disk.
    const EmbeddedFile *embedded = nullptr;
    /// Among embedded files: what EmbeddedFile::Importer calls it.
    size_t number = 0;
  };
  /// A file that was read, or is being read.
  struct Loaded {
    size_t slot;
    bool isParsed = false;
  };

  void load(unsigned bufferId, const Target &target) {
    size_t slot = program.files.size();
    loaded[target.key] = {slot};
    StringRef text = sourceMgr.getMemoryBuffer(bufferId)->getBuffer();
    TokenStream stream = lex(text, diags);
    program.files.emplace_back();
    for (const Import &import : findImports(stream.tokens))
      loadImport(import, slot,
                 embedded ? findEmbedded(import, target.number)
                          : findOnDisk(import, bufferId));
    collectGenericNames(stream.tokens, genericNames);
    Parser parser(std::move(stream), genericNames, context, diags);
    program.files[slot] = parser.parseFile(bufferId);
    loaded[target.key].isParsed = true;
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

  void loadImport(const Import &import, size_t importer,
                  std::optional<Target> target) {
    if (!target)
      return;
    auto known = loaded.find(target->key);
    if (known != loaded.end()) {
      if (!known->second.isParsed) {
        diags.report(import.range, DiagKind::ImportCycle, import.path);
        return;
      }
      program.imports.push_back({importer, known->second.slot, import.path});
      return;
    }
    std::unique_ptr<llvm::MemoryBuffer> buffer =
        target->embedded ? llvm::MemoryBuffer::getMemBufferCopy(
                               target->embedded->text, target->path)
                         : read(target->path, import);
    if (!buffer)
      return;
    program.imports.push_back({importer, program.files.size(), import.path});
    unsigned bufferId =
        sourceMgr.AddNewSourceBuffer(std::move(buffer), import.range.Start);
    load(bufferId, *target);
  }

  std::optional<Target> findOnDisk(const Import &import, unsigned importerId) {
    std::string path = findFile(import.path, importerId);
    return Target{getRealPath(path), path};
  }

  std::optional<Target> findEmbedded(const Import &import, size_t importer) {
    EmbeddedFile::Importer wanted = {importer, import.path};
    for (auto [i, file] : llvm::enumerate(*embedded))
      if (llvm::is_contained(file.importers, wanted))
        return Target{std::to_string(i), file.name, &file, i + 1};
    diags.report(import.range, DiagKind::ImportNotFound, import.path,
                 "it was not embedded with the source");
    return std::nullopt;
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
  const std::vector<EmbeddedFile> *embedded;
  ParsedProgram program;
  llvm::StringMap<Loaded> loaded;
  llvm::StringSet<> genericNames;
};

} // namespace

ParsedProgram
mlir::tk::parseProgram(llvm::SourceMgr &sourceMgr, ASTContext &context,
                       DiagnosticReporter &diags,
                       const std::vector<EmbeddedFile> *embedded) {
  return Loader(sourceMgr, context, diags, embedded).run();
}
