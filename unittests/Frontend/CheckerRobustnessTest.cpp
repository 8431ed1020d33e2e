//===- CheckerRobustnessTest.cpp - bad programs get errors, not crashes ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckedText.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir::tk;

namespace {

std::vector<std::string> readSources() {
  std::vector<std::string> sources;
  for (const char *folder : {"/kernels", "/test/Frontend/Checker"}) {
    std::error_code error;
    std::vector<std::string> paths;
    for (llvm::sys::fs::directory_iterator
             it(llvm::Twine(TK_SOURCE_DIR) + folder, error),
         end;
         !error && it != end; it.increment(error))
      if (llvm::sys::path::extension(it->path()) == ".tk")
        paths.push_back(it->path());
    llvm::sort(paths);
    for (const std::string &path : paths)
      if (auto buffer = llvm::MemoryBuffer::getFile(path))
        sources.push_back((*buffer)->getBuffer().str());
  }
  return sources;
}

std::vector<std::string> splitTokens(const std::string &source) {
  ReportedText text(source);
  std::vector<std::string> tokens;
  for (const Token &token : lex(text.getText(), text.diags).tokens)
    tokens.push_back(token.text.str());
  return tokens;
}

std::string join(const std::vector<std::string> &tokens) {
  std::string source;
  for (const std::string &token : tokens)
    source += token + (token == ";" || token == "}" ? "\n" : " ");
  return source;
}

void mutate(std::vector<std::string> &tokens, std::mt19937 &random) {
  auto pick = [&] { return random() % tokens.size(); };
  // The first three say the version of the language.
  size_t at = 3 + random() % (tokens.size() - 3);
  // Most often a token of the same class, so that the program still parses.
  auto getClass = [](const std::string &token) {
    char first = token.empty() ? ' ' : token[0];
    return llvm::isAlpha(first) ? 'a' : llvm::isDigit(first) ? '0' : first;
  };
  switch (random() % 9) {
  case 0:
    tokens.erase(tokens.begin() + at);
    return;
  case 1:
    tokens[at] = tokens[pick()];
    return;
  case 2:
    tokens.insert(tokens.begin() + at, tokens[pick()]);
    return;
  case 3:
  case 4:
  case 5:
  case 6:
  case 7:
    for (int attempt = 0; attempt < 50; ++attempt) {
      size_t other = pick();
      if (getClass(tokens[other]) != getClass(tokens[at]) ||
          tokens[other] == tokens[at])
        continue;
      tokens[at] = tokens[other];
      return;
    }
    return;
  default: {
    static const char *const kWords[] = {
        "0",   "-1",   "1.5", "none", "x",   "f16",  "bool",
        "..",  "true", "nan", "ptr",  "i64", ":",    "9223372036854775807",
        "inf", "(",    "[",   "T",    "M",   "index"};
    tokens[at] = kWords[random() % std::size(kWords)];
  }
  }
}

// One to three tokens of a good program are lost, doubled or replaced. Whatever
// comes of it, an answer without IR must have an error.
TEST(CheckerRobustnessTest, DamagedProgramsAreAnswered) {
  std::mt19937 random(20);
  int mutationsPerFile = 150;
  if (const char *count = getenv("TK_NUM_MUTATIONS"))
    mutationsPerFile = atoi(count);
  for (const std::string &source : readSources()) {
    std::vector<std::string> tokens = splitTokens(source);
    for (int i = 0; i < mutationsPerFile; ++i) {
      std::vector<std::string> damaged = tokens;
      for (unsigned n = 1 + random() % 3; n > 0; --n)
        mutate(damaged, random);
      std::string damagedSource = join(damaged);
      if (const char *path = getenv("TK_DAMAGED_SOURCE")) {
        // What was being checked when it crashed.
        std::error_code error;
        llvm::raw_fd_ostream(path, error) << damagedSource;
      }
      CheckedText text(damagedSource);
      if (!text.program) {
        EXPECT_FALSE(text.reported.empty());
        continue;
      }
      bool isGood = text.program->checkAll(&text.context);
      EXPECT_EQ(isGood, !text.diags.hasErrors());
      for (const SourceDiagnostic &diagnostic : text.reported)
        EXPECT_TRUE(diagnostic.range.isValid()) << diagnostic.text;
      if (isGood)
        for (const Instance &instance : text.program->listInstances())
          EXPECT_TRUE(instance.isSequence ||
                      static_cast<bool>(
                          text.program->instantiate(instance, &text.context)))
              << instance.str() << "\n"
              << damagedSource;
    }
  }
}

TEST(CheckerRobustnessTest, HugeProgramsAreAnswered) {
  auto check = [](const std::string &source) {
    CheckedText text("tk 1;\n" + source);
    if (text.program)
      text.program->checkAll(&text.context);
    return text.getErrors();
  };
  // A long sum, a long row of statements, and many instances.
  std::string sum = "x[0]";
  for (int i = 0; i < 3000; ++i)
    sum += " + 1.0";
  EXPECT_EQ(
      check("kernel k(x: mut tensor<f32>[N]) grid(1) { x[0] = " + sum + "; }"),
      "");
  std::string rows;
  for (int i = 0; i < 5000; ++i)
    rows += "x[" + std::to_string(i) + "] = " + std::to_string(i) + ".0;\n";
  EXPECT_EQ(check("kernel k(x: mut tensor<f32>[N]) grid(1) {\n" + rows + "}"),
            "");
  // The tile of 2^40 elements, by way of a constant.
  std::string errors =
      check("kernel k<B: const = 1 << 20>(x: out tensor<f32>[N, M]) grid(1) {\n"
            "  x[0 +: B, 0 +: B] = 0.0; }");
  EXPECT_NE(errors.find("[TileTooLarge]"), std::string::npos) << errors;
}

} // namespace
