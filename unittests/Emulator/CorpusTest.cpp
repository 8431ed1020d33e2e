//===- CorpusTest.cpp - every instruction that compilers emit is known ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/Emulator.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

static void loadAll(const std::string &folder, unsigned least) {
  unsigned numFiles = 0;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator file(TK_SOURCE_DIR + folder, code),
       end;
       file != end && !code; file.increment(code)) {
    if (llvm::sys::path::extension(file->path()) != ".ptx")
      continue;
    auto buffer = llvm::MemoryBuffer::getFile(file->path());
    ASSERT_TRUE(buffer);
    Emulator emulator;
    llvm::Expected<EmulatorModule *> module =
        emulator.load((*buffer)->getBuffer(), file->path());
    if (!module)
      ADD_FAILURE() << llvm::toString(module.takeError());
    ++numFiles;
  }
  EXPECT_GE(numFiles, least);
}

TEST(CorpusTest, ModulesOfNvccLoad) { loadAll("/test/Emulator/Corpus", 8); }

TEST(CorpusTest, ModulesOfTritonLoad) { loadAll("/test/Emulator/Triton", 12); }
