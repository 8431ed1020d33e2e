//===- LanguagePageTest.cpp - docs/Language.md names every builtin --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../../python-free-frontend/Builtins.h"
#include "CheckedText.h"
#include "MarkdownPrograms.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

namespace {

/// The words of the section on types and of those behind it.
llvm::StringSet<> readWords() {
  auto buffer = llvm::MemoryBuffer::getFile(TK_SOURCE_DIR "/docs/Language.md");
  EXPECT_TRUE(static_cast<bool>(buffer));
  llvm::StringSet<> words;
  if (!buffer)
    return words;
  llvm::StringRef text = (*buffer)->getBuffer().split("## Types\n\n").second;
  while (!text.empty()) {
    llvm::StringRef word =
        text.take_while([](char c) { return llvm::isAlnum(c) || c == '_'; });
    words.insert(word);
    text = text.drop_front(std::max<size_t>(word.size(), 1));
  }
  return words;
}

TEST(LanguagePageTest, EveryBuiltinIsDescribed) {
  llvm::StringSet<> words = readWords();
  for (llvm::StringRef name : getBuiltinNames()) {
    llvm::StringRef shortName = name;
    // Atomics are listed by what follows the first of them.
    bool isListed =
        words.contains(name) ||
        (shortName.consume_front("atomic") && words.contains(shortName));
    EXPECT_TRUE(isListed) << name.str();
  }
  for (llvm::StringRef name : getTypeClassNames())
    EXPECT_TRUE(words.contains(name)) << name.str();
}

// Types, references and tests too, unlike DocsTest. The tutorial shows a
// mistake on purpose; what it says is run by tutorial.test.
TEST(DocumentedProgramsTest, AreGood) {
  size_t numPrograms = 0;
  for (const char *page : {"/README.md", "/docs/Language.md"}) {
    auto buffer =
        llvm::MemoryBuffer::getFile(llvm::Twine(TK_SOURCE_DIR) + page);
    ASSERT_TRUE(static_cast<bool>(buffer)) << page;
    for (const std::string &program : findPrograms((*buffer)->getBuffer())) {
      CheckedText text(program);
      ASSERT_TRUE(text.program) << text.getErrors();
      EXPECT_TRUE(text.program->checkAll(&text.context)) << page << "\n"
                                                         << text.getErrors();
      ++numPrograms;
    }
  }
  EXPECT_EQ(numPrograms, 2u);
}

} // namespace
