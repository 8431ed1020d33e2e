//===- DiagnosticCoverageTest.cpp - every message is tested ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using llvm::StringRef;

/// All text below a directory of the source tree.
static std::string readTests(StringRef directory) {
  std::string all;
  std::error_code error;
  for (llvm::sys::fs::recursive_directory_iterator
           it(llvm::Twine(TK_SOURCE_DIR) + "/" + directory, error),
       end;
       it != end && !error; it.increment(error)) {
    StringRef extension = llvm::sys::path::extension(it->path());
    if (extension != ".tk" && extension != ".cpp" && extension != ".test")
      continue;
    if (auto buffer = llvm::MemoryBuffer::getFile(it->path()))
      all += (*buffer)->getBuffer();
  }
  EXPECT_FALSE(error) << error.message();
  return all;
}

static const std::string &getTests() {
  static const std::string tests =
      readTests("test") + readTests("unittests/Frontend");
  return tests;
}

/// The longest piece of a message between its placeholders.
static StringRef getLongestFixedPart(StringRef text) {
  StringRef longest;
  while (!text.empty()) {
    auto [part, rest] = text.split('{');
    if (part.size() > longest.size())
      longest = part;
    text = rest.split('}').second;
  }
  return longest;
}

TEST(DiagnosticCoverageTest, EveryErrorAndWarningIsNamedInATest) {
#define ERROR(Name, Text)                                                      \
  EXPECT_TRUE(StringRef(getTests()).contains("[" #Name "]"))                   \
      << "no test expects [" #Name "]";
#define WARNING(Name, Text) ERROR(Name, Text)
#include "tk/Frontend/Diagnostics.def"
}

// Notes are printed without their names; a test has to quote their text. Hints
// have no text of their own.
TEST(DiagnosticCoverageTest, EveryNoteIsQuotedInATest) {
#define NOTE(Name, Text)                                                       \
  EXPECT_TRUE(StringRef(getTests()).contains(getLongestFixedPart(Text)))       \
      << "no test expects the note " #Name ": " Text;
#include "tk/Frontend/Diagnostics.def"
}

TEST(DiagnosticCoverageTest, TextsFollowTheHouseStyle) {
  auto check = [](StringRef name, StringRef text) {
    EXPECT_FALSE(text.empty()) << name.str();
    EXPECT_FALSE(text.ends_with(".")) << name.str();
    EXPECT_FALSE(llvm::isUpper(text.front())) << name.str();
  };
#define ERROR(Name, Text) check(#Name, Text);
#define WARNING(Name, Text) check(#Name, Text);
#define NOTE(Name, Text) check(#Name, Text);
#include "tk/Frontend/Diagnostics.def"
}
