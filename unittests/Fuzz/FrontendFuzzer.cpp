//===- FrontendFuzzer.cpp - feeds any bytes to the front end --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks that no input crashes, hangs or eats memory, that every message can
// be shown, that formatting keeps the tree and is idempotent, and that what the
// checker finds good has IR. See
// CMakeLists.txt beside this file for how to build and run it.

#include "mlir/IR/MLIRContext.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Format.h"
#include "tk/Frontend/Parser.h"
#include "tk/Frontend/Program.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::tk;
using llvm::StringRef;

namespace {

struct Parsed {
  /// The tree; empty if there were errors.
  std::string tree;
  /// Empty if there were errors.
  std::string formatted;
};

} // namespace

/// The tree without the doc comments, which depend on white space.
static std::string dropDocs(StringRef tree) {
  std::string result;
  while (!tree.empty()) {
    auto [line, rest] = tree.split('\n');
    if (!line.ltrim().starts_with("Doc "))
      result += (line + "\n").str();
    tree = rest;
  }
  return result;
}

static Parsed parse(StringRef text) {
  llvm::SourceMgr sourceMgr;
  sourceMgr.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.tk"), llvm::SMLoc());
  std::string messages;
  llvm::raw_string_ostream os(messages);
  DiagnosticSession session(sourceMgr, /*verifies=*/false, os);
  ASTContext context;
  SourceFile file = parseSourceFile(sourceMgr, sourceMgr.getMainFileID(), {},
                                    context, session.getReporter());
  Parsed parsed;
  if (session.getReporter().hasErrors())
    return parsed;
  llvm::raw_string_ostream treeOs(parsed.tree);
  dumpAST(file, treeOs);
  parsed.tree = dropDocs(parsed.tree);
  std::optional<std::string> formatted =
      formatSource(sourceMgr, sourceMgr.getMainFileID(), session.getReporter());
  if (!formatted)
    llvm::report_fatal_error("what parses can be formatted");
  parsed.formatted = std::move(*formatted);
  return parsed;
}

/// Checks all instances, tests and references of a program.
static void checkProgram(StringRef text) {
  llvm::SourceMgr sourceMgr;
  sourceMgr.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, "fuzz.tk"), llvm::SMLoc());
  std::string messages;
  llvm::raw_string_ostream os(messages);
  DiagnosticSession session(sourceMgr, /*verifies=*/false, os);
  std::unique_ptr<CheckedProgram> program =
      CheckedProgram::create(sourceMgr, session.getReporter());
  if (!program)
    return;
  mlir::MLIRContext context;
  if (!program->checkAll(&context))
    return;
  for (const Instance &instance : program->listInstances())
    if (!instance.isSequence && !program->instantiate(instance, &context))
      llvm::report_fatal_error("a good instance has no IR");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef text(reinterpret_cast<const char *>(data), size);
  Parsed once = parse(text);
  if (once.tree.empty())
    return 0;
  Parsed twice = parse(once.formatted);
  // With an import, any name may be generic to the formatter only.
  if (text.contains("import"))
    return 0;
  if (twice.tree != once.tree)
    llvm::report_fatal_error("formatting changed the tree");
  if (twice.formatted != once.formatted)
    llvm::report_fatal_error("formatting twice is not formatting once");
  checkProgram(text);
  return 0;
}
