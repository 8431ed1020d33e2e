//===- DocsTest.cpp - the table of instructions is true -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Decoder.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir::tk::emulator;

/// What stands in backquotes in the first column of the table.
static llvm::StringSet<> readTable() {
  llvm::StringSet<> opcodes;
  auto page = llvm::MemoryBuffer::getFile(TK_SOURCE_DIR "/docs/Emulator.md");
  if (!page)
    return opcodes;
  llvm::StringRef rest = (*page)->getBuffer();
  rest = rest.split("\n| opcodes | section |\n").second;
  while (rest.starts_with("|")) {
    auto [line, after] = rest.split('\n');
    rest = after;
    llvm::SmallVector<llvm::StringRef> parts;
    line.split('|').second.split('|').first.split(parts, '`');
    for (size_t i = 1; i < parts.size(); i += 2)
      opcodes.insert(parts[i]);
  }
  return opcodes;
}

static std::string readFile(const char *path) {
  auto file = llvm::MemoryBuffer::getFile(path);
  return file ? (*file)->getBuffer().str() : std::string();
}

TEST(DocsTest, TheExampleIsTheTest) {
  std::string page = readFile(TK_SOURCE_DIR "/docs/Emulator.md");
  std::string test =
      readFile(TK_SOURCE_DIR "/unittests/Emulator/LibraryExampleTest.cpp");
  llvm::StringRef example =
      llvm::StringRef(test).split("// begin\n").second.split("// end\n").first;
  ASSERT_FALSE(example.empty());
  EXPECT_NE(page.find("```c++\n" + example.str() + "```\n"), std::string::npos);
}

TEST(DocsTest, TheTableHoldsAllOpcodes) {
  llvm::StringSet<> documented = readTable();
  for (const auto &entry : DecoderTable::get().all())
    EXPECT_TRUE(documented.contains(entry.getKey()))
        << "missing in docs/Emulator.md: " << entry.getKey().str();
  for (const auto &entry : documented)
    EXPECT_TRUE(DecoderTable::get().lookup(entry.getKey()))
        << "docs/Emulator.md promises " << entry.getKey().str();
}
