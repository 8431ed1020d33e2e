//===- RobustnessTest.cpp - broken PTX gives errors -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What tk-ptx-fuzzer does for as long as it is let, a moment of it in each run
// of the tests: files of the corpus with some bytes or words changed.
//
//===----------------------------------------------------------------------===//

#include "tk/Emulator/Emulator.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir::tk;

static std::string mutate(std::string text, std::mt19937 &random) {
  static const char *const words[] = {
      "{",       "}",    "[",    "]",          "(",          ")",
      ";",       ",",    ":",    "@",          "!",          "%r1",
      "%p1",     "0x",   "-1",   "4294967296", ".reg",       ".param",
      ".shared", ".v4",  ".u32", ".b128",      "ld",         "call",
      "bra",     "<99>", "\"",   "/*",         "0f3F800000", "\\"};
  unsigned numChanges = 1 + random() % 4;
  for (unsigned i = 0; i < numChanges; ++i) {
    size_t at = random() % text.size();
    size_t length = std::min<size_t>(random() % 40, text.size() - at);
    switch (random() % 4) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, words[random() % std::size(words)]);
      break;
    case 2:
      text.insert(at, text.substr(random() % text.size(), length));
      break;
    default:
      text[at] = static_cast<char>(random());
    }
    if (text.empty())
      text = " ";
  }
  return text;
}

/// Every entry of a module that loads, with a small buffer for each parameter.
static void runAll(Emulator &emulator, const EmulatorModule &module) {
  for (const PtxFunction &function : getPtx(module).functions) {
    if (!function.isEntry || function.isDeclaration)
      continue;
    EmulatorLaunch launch;
    launch.entry = function.name.str();
    launch.block = function.reqNtid.value_or(PtxDimensions{64, 1, 1});
    for (const PtxVariable &parameter : function.parameters) {
      if (parameter.sizeInBytes > 4096)
        return;
      std::vector<uint8_t> bytes(parameter.sizeInBytes);
      uint64_t buffer = emulator.allocate(1024);
      if (bytes.size() >= sizeof(buffer))
        std::memcpy(bytes.data(), &buffer, sizeof(buffer));
      launch.arguments.push_back(std::move(bytes));
    }
    EmulatorOptions options;
    options.stepLimit = 2000;
    options.numHostThreads = 1;
    llvm::consumeError(emulator.launch(module, launch, options).takeError());
  }
}

TEST(RobustnessTest, ChangedModulesLoadRunOrAreRefused) {
  std::mt19937 random(7);
  unsigned numLoaded = 0, numRefused = 0;
  for (const char *file :
       {"Corpus/ControlFlow.ptx", "Corpus/Warps.ptx", "Corpus/Memory.ptx",
        "Triton/add.sm_90.ptx", "Triton/softmax.sm_80.ptx"}) {
    auto buffer = llvm::MemoryBuffer::getFile(
        std::string(TK_SOURCE_DIR "/test/Emulator/") + file);
    ASSERT_TRUE(buffer);
    for (unsigned i = 0; i < 60; ++i) {
      std::string text = mutate((*buffer)->getBuffer().str(), random);
      Emulator emulator;
      llvm::Expected<EmulatorModule *> module =
          emulator.load(text, "changed.ptx");
      if (!module) {
        // Located, in this file.
        std::string message = llvm::toString(module.takeError());
        EXPECT_EQ(message.find("changed.ptx:"), 0u) << message;
        ++numRefused;
        continue;
      }
      ++numLoaded;
      if (i % 4 == 0)
        runAll(emulator, **module);
    }
  }
  // Both happen: a comment may change without harm.
  EXPECT_GT(numLoaded, 10u);
  EXPECT_GT(numRefused, 10u);
}

/// Found by tk-ptx-fuzzer: the frame of such a function is empty.
TEST(RobustnessTest, AFunctionWithoutRegistersRuns) {
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module =
      emulator.load(".version 8.0\n.target sm_90\n.address_size 64\n"
                    ".entry kernel()\n{\n  ret;\n}\n",
                    "empty.ptx");
  ASSERT_TRUE(bool(module)) << llvm::toString(module.takeError());
  EmulatorLaunch launch;
  launch.entry = "kernel";
  llvm::Expected<EmulatorResult> result = emulator.launch(**module, launch);
  ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
  EXPECT_TRUE(result->reports.empty());
  EXPECT_EQ(result->numSteps, 1u);
}
