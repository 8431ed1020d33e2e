//===- DocsTest.cpp - the programs shown in docs/ are programs ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MarkdownPrograms.h"
#include "ParsedText.h"
#include "tk/Frontend/Format.h"
#include "tk/Frontend/Lexer.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

static std::string readFile(StringRef path) {
  auto buffer =
      llvm::MemoryBuffer::getFile(llvm::Twine(TK_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(bool(buffer)) << path.str();
  return buffer ? (*buffer)->getBuffer().str() : "";
}

TEST(DocsTest, ProgramsHaveNoSyntaxErrors) {
  std::error_code error;
  size_t numPrograms = 0;
  for (llvm::sys::fs::directory_iterator it(TK_SOURCE_DIR "/docs", error), end;
       it != end && !error; it.increment(error)) {
    if (llvm::sys::path::extension(it->path()) != ".md")
      continue;
    StringRef name = llvm::sys::path::filename(it->path());
    for (const std::string &program :
         findPrograms(readFile(("docs/" + name).str()))) {
      EXPECT_EQ(errorsOf(program), "") << name.str() << "\n" << program;
      ++numPrograms;
    }
  }
  EXPECT_GT(numPrograms, 0u);
}

TEST(DocsTest, ProgramsOfTheLanguagePageAreFormatted) {
  for (const std::string &program :
       findPrograms(readFile("docs/Language.md"))) {
    ReportedText text(program);
    EXPECT_EQ(formatSource(text.sourceMgr, 1, text.diags), program);
  }
}

// What a reader looks up must be there.
TEST(DocsTest, LanguagePageNamesEveryKeyword) {
  std::string page = readFile("docs/Language.md");
  StringRef list = StringRef(page).split("keywords and no names:").second;
  list = list.split("```").second.split("```").first;
  llvm::SmallVector<StringRef> words;
  list.split(words, '\n');
  std::string spaced = " ";
  for (StringRef line : words)
    spaced += line.str() + " ";
#define KEYWORD(Name, Spelling)                                                \
  EXPECT_TRUE(StringRef(spaced).contains(" " Spelling " ")) << Spelling;
#include "tk/Frontend/Tokens.def"
}

TEST(DocsTest, EditorsKnowEveryKeyword) {
  for (StringRef path : {"utils/vim/syntax/tk.vim", "utils/textmate/tk.json"}) {
    std::string grammar = readFile(path);
    llvm::StringSet<> words;
    llvm::SmallVector<StringRef> split;
    llvm::SplitString(grammar, split, " \n|()");
    words.insert_range(split);
#define KEYWORD(Name, Spelling)                                                \
  EXPECT_TRUE(words.contains(Spelling)) << Spelling << " in " << path.str();
#include "tk/Frontend/Tokens.def"
  }
}

TEST(DocsTest, LanguagePageNamesEveryGenericBuiltin) {
  std::string page = readFile("docs/Language.md");
  for (StringRef name : getGenericBuiltins())
    EXPECT_TRUE(StringRef(page).contains(("`" + name + "`").str()))
        << name.str();
}
