//===- RobustnessTest.cpp - whatever the text, an answer ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ParsedText.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

/// `count` times `text`.
static std::string repeat(StringRef text, size_t count) {
  std::string result;
  result.reserve(text.size() * count);
  for (size_t i = 0; i < count; ++i)
    result += text;
  return result;
}

/// The names of what is reported, in order.
static std::string namesOf(StringRef text) {
  ParsedText parsed(text);
  return llvm::join(llvm::map_range(parsed.reported,
                                    [](const SourceDiagnostic &diagnostic) {
                                      return getName(diagnostic.kind);
                                    }),
                    " ");
}

/// The text of every file in kernels/.
static std::vector<std::string> readKernels() {
  std::vector<std::string> kernels;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator it(TK_SOURCE_DIR "/kernels", error),
       end;
       it != end && !error; it.increment(error)) {
    if (llvm::sys::path::extension(it->path()) != ".tk")
      continue;
    if (auto buffer = llvm::MemoryBuffer::getFile(it->path()))
      kernels.push_back((*buffer)->getBuffer().str());
  }
  return kernels;
}

TEST(RobustnessTest, KernelsHaveNoSyntaxErrors) {
  std::vector<std::string> kernels = readKernels();
  EXPECT_FALSE(kernels.empty());
  for (const std::string &kernel : kernels)
    EXPECT_EQ(errorsOf(kernel), "");
}

TEST(RobustnessTest, DeepNestingIsOneError) {
  constexpr size_t kDepth = 20000;
  auto nested = [](StringRef open, StringRef middle, StringRef close) {
    return repeat(open, kDepth) + middle.str() + repeat(close, kDepth);
  };
  StringRef error = "NestingTooDeep";
  EXPECT_EQ(errorsOf(inKernel("let x = " + repeat("(", 300) + "1" +
                              repeat(")", 300) + ";")),
            "2:264 '(' nested deeper than 256 levels [NestingTooDeep]\n");
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("(", "1", ")") + ";")), error);
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("[", "1", "]") + ";")), error);
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("f(", "1", ")") + ";")),
            error);
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("-", "1", "") + ";")), error);
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("|a| ", "1", "") + ";")),
            error);
  EXPECT_EQ(namesOf(inKernel("let " + nested("(", "a", ")") + " = 1;")), error);
  EXPECT_EQ(namesOf(inKernel("let a: " + nested("(", "i32", ")") + " = 1;")),
            error);
  EXPECT_EQ(namesOf(inKernel("let a: " + nested("ptr<", "i32", ">") + " = 1;")),
            error);
  EXPECT_EQ(namesOf(inKernel(nested("if a {", "f();", "}"))), error);
  EXPECT_EQ(namesOf(inKernel("if a {}" + nested(" else if a {}", "", ""))),
            error);
  // Past the limit of looking ahead, these are comparisons.
  EXPECT_EQ(namesOf(inKernel("let x = " + nested("zeros<", "1", ">(2)") + ";")),
            "ChainedComparison");
}

TEST(RobustnessTest, NestingUpToTheLimitIsFine) {
  EXPECT_EQ(namesOf(inKernel("let x = " + repeat("(", 200) + "1" +
                             repeat(")", 200) + ";")),
            "");
}

TEST(RobustnessTest, LongChainsAreOneError) {
  constexpr size_t kLength = 100000;
  StringRef error = "ExpressionTooLong";
  EXPECT_EQ(namesOf(inKernel("let x = 1" + repeat(" + 1", kLength) + ";")),
            error);
  EXPECT_EQ(namesOf(inKernel("let x = a" + repeat(".b", kLength) + ";")),
            error);
  EXPECT_EQ(namesOf(inKernel("let x = a" + repeat("[0]", kLength) + ";")),
            error);
  EXPECT_EQ(namesOf(inKernel("let x = a" + repeat("()", kLength) + ";")),
            error);
  EXPECT_EQ(errorsOf(inKernel("let x = 1" + repeat("+1", 4097) + ";")),
            "2:8202 '+' expression has more than 4096 operators; split it "
            "with 'let' [ExpressionTooLong]\n");
  EXPECT_EQ(namesOf(inKernel("let x = 1" + repeat("+1", 4096) + ";")), "");
}

TEST(RobustnessTest, LongListsAreFine) {
  EXPECT_EQ(namesOf(inKernel("let x = [1" + repeat(", 1", 100000) + "];")), "");
  EXPECT_EQ(namesOf(inKernel(repeat("f();\n", 100000))), "");
}

TEST(RobustnessTest, GenericLookaheadIsBounded) {
  // Each `zeros<` looks for its `>`; without a bound this is quadratic.
  EXPECT_EQ(
      namesOf(inKernel("let x = [" + repeat("zeros < 1, ", 50000) + "];")), "");
}

TEST(RobustnessTest, HugeNameIsOneError) {
  EXPECT_EQ(namesOf(inKernel("let " + std::string(1 << 20, 'a') + " = 1;")),
            "NameTooLong");
}

TEST(RobustnessTest, HugeNumbersAreOneError) {
  EXPECT_EQ(namesOf(inKernel("let a = 0." + std::string(1 << 20, '1') + ";")),
            "NumberTooLong");
  std::string digits(256, '1');
  EXPECT_EQ(errorsOf(inKernel("let a = " + digits + ";")),
            "2:9 '" + digits +
                "' number has 256 characters, at most 255 are supported "
                "[NumberTooLong]\n");
  EXPECT_EQ(namesOf(inKernel("let a = 0." + std::string(253, '1') + ";")), "");
}

TEST(RobustnessTest, MessagesAreBounded) {
  ParsedText parsed(repeat("}\n", 100000));
  EXPECT_LE(parsed.reported.size(), 21u);
}

// Each beginning of each kernel: what a file looks like while it is written or
// when the disk is full.
TEST(RobustnessTest, TruncatedFilesGiveFewErrors) {
  for (const std::string &kernel : readKernels())
    for (size_t size = 0; size < kernel.size(); size += 7) {
      ParsedText parsed(StringRef(kernel).take_front(size));
      EXPECT_LE(parsed.reported.size(), 2u)
          << kernel.substr(0, size) << "\n---\n"
          << parsed.getErrors();
    }
}

// Each kernel with one token left out: a slip of the finger.
TEST(RobustnessTest, OneMissingTokenGivesFewErrors) {
  size_t numMutants = 0;
  size_t numErrors = 0;
  for (const std::string &kernel : readKernels()) {
    ReportedText text(kernel);
    for (const Token &token : lex(text.getText(), text.diags).tokens) {
      std::string mutant = kernel;
      mutant.erase(token.text.begin() - text.getText().begin(),
                   token.text.size());
      ParsedText parsed(mutant);
      ++numMutants;
      numErrors += parsed.reported.size();
      EXPECT_LE(parsed.reported.size(), 4u) << mutant << "\n---\n"
                                            << parsed.getErrors();
    }
  }
  EXPECT_LE(numErrors, numMutants) << "more than one error for one mistake";
}

// Each kernel with one brace too few, or one too many somewhere after the
// version of the language.
TEST(RobustnessTest, OneBraceTooFewOrTooManyIsOneError) {
  auto expectOneError = [](const std::string &mutant) {
    ParsedText parsed(mutant);
    EXPECT_EQ(parsed.reported.size(), 1u) << mutant << "\n---\n"
                                          << parsed.getErrors();
  };
  for (const std::string &kernel : readKernels()) {
    ReportedText text(kernel);
    std::vector<Token> tokens = lex(text.getText(), text.diags).tokens;
    constexpr size_t kFirst = 3, kStep = 5;
    for (size_t i = kFirst; i < tokens.size(); ++i) {
      size_t at = tokens[i].text.begin() - text.getText().begin();
      if (tokens[i].isOneOf(TokenKind::LeftBrace, TokenKind::RightBrace))
        expectOneError(std::string(kernel).erase(at, 1));
      // With a brace between them, `.0` of `x.0` is a float that lacks a digit.
      if (i % kStep != 0 || tokens[i].is(TokenKind::Dot))
        continue;
      expectOneError(std::string(kernel).insert(at, 1, '{'));
      expectOneError(std::string(kernel).insert(at, 1, '}'));
    }
  }
}

// Each kernel with one byte replaced by another.
TEST(RobustnessTest, OneWrongByteGivesFewErrors) {
  for (const std::string &kernel : readKernels())
    for (size_t at = 0; at < kernel.size(); at += 23)
      for (char byte : {'(', '}', '"', '\0', '\xC3', '<'}) {
        std::string mutant = kernel;
        mutant[at] = byte;
        EXPECT_LE(ParsedText(mutant).reported.size(), 8u) << mutant;
      }
}
