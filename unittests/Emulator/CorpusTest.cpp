//===- CorpusTest.cpp - every instruction that compilers emit is known ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Decoder.h"
#include "tk/Emulator/Emulator.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <set>

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

TEST(CorpusTest, ModulesOfClangLoad) { loadAll("/test/Emulator/Clang", 1); }

//===----------------------------------------------------------------------===//
// What the corpus covers
//===----------------------------------------------------------------------===//

/// The instructions of the corpus with their modifiers: "add.s32".
static std::set<std::string> collectInstructions() {
  std::set<std::string> found;
  for (const char *folder : {"Clang", "Corpus", "Triton"}) {
    std::error_code code;
    for (llvm::sys::fs::directory_iterator
             file(std::string(TK_SOURCE_DIR "/test/Emulator/") + folder, code),
         end;
         file != end && !code; file.increment(code)) {
      auto buffer = llvm::MemoryBuffer::getFile(file->path());
      if (llvm::sys::path::extension(file->path()) != ".ptx" || !buffer)
        continue;
      auto module = parsePtx((*buffer)->getBuffer(), file->path());
      if (!module) {
        ADD_FAILURE() << llvm::toString(module.takeError());
        continue;
      }
      for (const PtxInstruction &instruction : (*module)->instructions) {
        std::string name = instruction.opcode.str();
        for (llvm::StringRef modifier : instruction.modifiers)
          name += "." + modifier.str();
        found.insert(name);
      }
    }
  }
  return found;
}

TEST(CorpusTest, CoversEveryOpcode) {
  std::set<std::string> opcodes;
  for (const std::string &name : collectInstructions())
    opcodes.insert(name.substr(0, name.find('.')));
  for (const auto &entry : emulator::DecoderTable::get().all())
    EXPECT_TRUE(opcodes.count(entry.getKey().str()))
        << "no kernel of the corpus has " << entry.getKey().str();
}

/// Families within an opcode: some instruction must hold all words of a line,
/// each between dots.
static const char *const families[] = {
    // Conversions.
    "cvt f32 f16", "cvt f32 bf16", "cvt rn f16x2 f32", "cvt rna tf32",
    "cvt e4m3x2", "cvt e5m2x2", "cvt rzi", "cvt rni", "cvt sat",
    // Arithmetic.
    "add cc", "addc", "madc hi", "mul wide", "fma rn f32", "fma rn f64",
    "fma rn f16x2", "fma rn bf16x2", "add rm f32", "div rn f32", "sqrt rp f32",
    "ex2 approx", "lg2 approx", "rcp approx", "rsqrt approx", "sin approx",
    "cos approx", "tanh approx",
    // State spaces and widths.
    "ld global v4", "ld shared v4", "ld local", "ld const", "ld param", "ld nc",
    "st shared v4", "ld volatile", "ld acquire gpu", "ld u8", "ld s16",
    "ld b64", "cvta to", "cvta shared", "isspacep shared",
    // Atomics and fences.
    "atom add", "atom cas", "atom exch", "atom min", "atom inc", "atom shared",
    "atom acq_rel", "red add", "red noftz f16x2", "red v4", "membar gl",
    "membar cta", "fence acq_rel gpu", "fence sc", "st release", "ld relaxed",
    "red relaxed",
    // Warps.
    "shfl up", "shfl down", "shfl bfly", "shfl idx", "vote ballot", "vote all",
    "match any", "match all", "redux add", "redux min", "elect",
    // Barriers.
    "bar sync", "bar arrive", "bar red popc", "bar warp sync",
    "barrier cluster", "mbarrier init", "mbarrier arrive", "mbarrier try_wait",
    "mbarrier test_wait", "mbarrier expect_tx", "mbarrier inval",
    // Copies.
    "cp async ca", "cp async cg", "cp async mbarrier", "cp async wait_all",
    "cp async bulk", "cp reduce async bulk", "cp async bulk tensor 1d",
    "cp async bulk tensor 2d", "cp async bulk tensor 3d",
    "cp async bulk tensor 4d", "cp async bulk tensor 5d",
    "cp async bulk tensor multicast::cluster", "cp reduce async bulk tensor",
    "cp async bulk prefetch tensor", "fence proxy async", "st async",
    // Matrices.
    "ldmatrix x1", "ldmatrix x2", "ldmatrix x4", "ldmatrix x1 trans",
    "ldmatrix x2 trans", "ldmatrix x4 trans", "stmatrix x1", "stmatrix x2",
    "stmatrix x4", "stmatrix x1 trans", "stmatrix x2 trans",
    "stmatrix x4 trans", "movmatrix", "mma f16 f16 f32", "mma bf16", "mma tf32",
    "mma s8", "mma u8", "mma s4", "mma b1", "mma f64", "mma e4m3",
    "wmma load f16", "wmma load bf16", "wmma load tf32", "wmma load u8",
    "wmma load s4", "wmma load b1", "wmma load f64", "wmma load col",
    "wmma store", "wgmma mma_async bf16", "wgmma mma_async f16",
    "wgmma mma_async e4m3", "wgmma mma_async e5m2", "wgmma mma_async tf32",
    "wgmma mma_async s8", "wgmma mma_async u8", "wgmma mma_async b1",
    "wgmma wait_group",
    // Hopper.
    "mapa", "setmaxnreg inc", "setmaxnreg dec", "griddepcontrol",
    // Control.
    "bra", "brx idx", "call", "exit", "trap"};

TEST(CorpusTest, CoversEveryFamily) {
  std::vector<std::vector<std::string>> instructions;
  for (const std::string &name : collectInstructions()) {
    llvm::SmallVector<llvm::StringRef> parts;
    llvm::StringRef(name).split(parts, '.');
    instructions.emplace_back(parts.begin(), parts.end());
  }
  for (const char *family : families) {
    llvm::SmallVector<llvm::StringRef> words;
    llvm::StringRef(family).split(words, ' ');
    EXPECT_TRUE(
        llvm::any_of(instructions,
                     [&](const auto &parts) {
                       return words.front() == parts.front() &&
                              llvm::all_of(words, [&](llvm::StringRef word) {
                                return llvm::is_contained(parts, word.str());
                              });
                     }))
        << "no kernel of the corpus has '" << family << "'";
  }
}
