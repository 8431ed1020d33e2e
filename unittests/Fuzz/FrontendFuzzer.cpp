//===- FrontendFuzzer.cpp - feeds any bytes to the front end --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks that no input crashes, hangs or eats memory, that every message can
// be shown, that formatting keeps the tree and is idempotent, and that what the
// checker finds good has IR. Half of the inputs are made by exchanging tokens
// and not bytes: most of those parse and reach the checker. See CMakeLists.txt
// beside this file for how to build and run it.

#include "mlir/IR/MLIRContext.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Frontend/Format.h"
#include "tk/Frontend/Lexer.h"
#include "tk/Frontend/Parser.h"
#include "tk/Frontend/Program.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <random>

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

//===----------------------------------------------------------------------===//
// Mutation
//===----------------------------------------------------------------------===//

/// Words that fit many places, and values at the edges of types.
constexpr StringRef kWords[] = {"0",        "1",
                                "-1",       "255",
                                "1 << 20",  "9223372036854775807",
                                "1.5",      "1e38",
                                "inf",      "nan",
                                "none",     "true",
                                "f16",      "f32",
                                "i8",       "u64",
                                "bool",     "index",
                                "ptr",      "tile",
                                "T",        "N",
                                "x",        "..",
                                ":",        "+:",
                                "(",        ")",
                                "[",        "]",
                                "{ }",      "return;",
                                "|a, b| a", "if x[0] > 0 { 1 } else { 2 }",
                                "reduce",   "map",
                                "dot",      "atomic_add"};

/// Names, numbers, and each kind of punctuation: a token of the same class
/// often makes a program that parses.
static char getTokenClass(StringRef token) {
  char first = token.empty() ? ' ' : token.front();
  return llvm::isAlpha(first) ? 'a' : llvm::isDigit(first) ? '0' : first;
}

static void mutateTokens(std::vector<std::string> &tokens,
                         std::mt19937 &random) {
  auto pick = [&] { return random() % tokens.size(); };
  size_t at = pick();
  switch (random() % 8) {
  case 0:
    tokens.erase(tokens.begin() + at);
    return;
  case 1:
    tokens.insert(tokens.begin() + at, tokens[pick()]);
    return;
  case 2:
    tokens[at] = kWords[random() % std::size(kWords)].str();
    return;
  case 3: {
    // A piece from elsewhere: an expression, a statement, an argument.
    size_t begin = pick();
    size_t size = std::min<size_t>(1 + random() % 12, tokens.size() - begin);
    std::vector<std::string> piece(tokens.begin() + begin,
                                   tokens.begin() + begin + size);
    tokens.insert(tokens.begin() + at, piece.begin(), piece.end());
    return;
  }
  default:
    for (int attempt = 0; attempt < 20; ++attempt) {
      size_t other = pick();
      if (getTokenClass(tokens[other]) != getTokenClass(tokens[at]) ||
          tokens[other] == tokens[at])
        continue;
      tokens[at] = tokens[other];
      return;
    }
  }
}

static std::vector<std::string> splitTokens(StringRef text) {
  llvm::SourceMgr sourceMgr;
  DiagnosticReporter diags([](const SourceDiagnostic &) {});
  std::vector<std::string> tokens;
  for (const Token &token : lex(text, diags).tokens)
    tokens.push_back(token.text.str());
  return tokens;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 2 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::vector<std::string> tokens =
      splitTokens(StringRef(reinterpret_cast<const char *>(data), size));
  for (unsigned n = 1 + random() % 3; n > 0 && !tokens.empty(); --n)
    mutateTokens(tokens, random);
  std::string text;
  for (const std::string &token : tokens)
    text += token + (token == ";" || token == "}" ? "\n" : " ");
  size_t newSize = std::min(text.size(), maxSize);
  std::copy_n(text.begin(), newSize, data);
  return newSize;
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
