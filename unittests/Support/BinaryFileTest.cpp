//===- BinaryFileTest.cpp - tests of reading binaries ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/BinaryFile.h"
#include "llvm/BinaryFormat/ELF.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

/// The header of an ELF file for `machine`, with a table of sections that would
/// lie at `sectionsOffset`.
static std::string makeElfHeader(uint16_t machine, uint64_t sectionsOffset) {
  std::string header("\x7f"
                     "ELF\x02\x01\x01",
                     7);
  header.resize(64, '\0');
  header[18] = static_cast<char>(machine & 0xff);
  header[19] = static_cast<char>(machine >> 8);
  for (int i = 0; i < 8; ++i)
    header[40 + i] = static_cast<char>(sectionsOffset >> (8 * i));
  header[58] = 64;
  header[60] = 3;
  return header;
}

TEST(BinaryFileTest, KindsAreTold) {
  EXPECT_EQ(identifyBinary(makeElfHeader(190, 0)), BinaryKind::Cubin);
  EXPECT_EQ(identifyBinary(makeElfHeader(224, 0)), BinaryKind::Hsaco);
  EXPECT_EQ(identifyBinary(makeElfHeader(62, 0)), std::nullopt);
  EXPECT_EQ(identifyBinary("// x\n\n .version 8.0\n"), BinaryKind::PTX);
  EXPECT_EQ(identifyBinary("//"), std::nullopt);
  EXPECT_EQ(identifyBinary("\x7f"
                           "ELF"),
            std::nullopt);
  EXPECT_EQ(identifyBinary(""), std::nullopt);
}

TEST(BinaryFileTest, DamagedFilesAreErrors) {
  for (uint16_t machine : {190, 224})
    for (uint64_t offset :
         {uint64_t(0), uint64_t(64), uint64_t(1) << 40, ~uint64_t(0)}) {
      std::string file = makeElfHeader(machine, offset);
      for (size_t size : {size_t(20), file.size()}) {
        Expected<Manifest> manifest = readManifest(file.substr(0, size));
        ASSERT_FALSE(bool(manifest));
        EXPECT_NE(toString(manifest.takeError()).find(" has no manifest: "),
                  std::string::npos);
        EXPECT_TRUE(readDeviceFunctions(file.substr(0, size)).empty());
      }
    }
}

/// A cubin of which `contents` are a section, and the manifest is the part of
/// it that the symbol says.
static std::string makeElf(StringRef contents, uint64_t value, uint64_t size) {
  const std::string names("\0__tk_manifest\0", 15);
  ELF::Elf64_Sym symbols[2] = {};
  symbols[1] = {/*st_name=*/1, 0, 0, /*st_shndx=*/3, value, size};
  ELF::Elf64_Shdr sections[4] = {};
  std::string file = makeElfHeader(/*machine=*/190, sizeof(ELF::Elf64_Ehdr));
  uint64_t offset = file.size() + sizeof(sections);
  auto describe = [&](int section, uint32_t type, uint64_t bytes) {
    sections[section].sh_type = type;
    sections[section].sh_offset = offset;
    sections[section].sh_size = bytes;
    offset += bytes;
  };
  describe(1, ELF::SHT_SYMTAB, sizeof(symbols));
  sections[1].sh_link = 2;
  sections[1].sh_entsize = sizeof(ELF::Elf64_Sym);
  describe(2, ELF::SHT_STRTAB, names.size());
  describe(3, ELF::SHT_PROGBITS, contents.size());
  file[60] = 4;
  file.append(reinterpret_cast<const char *>(sections), sizeof(sections));
  file.append(reinterpret_cast<const char *>(symbols), sizeof(symbols));
  return file + names + contents.str();
}

TEST(BinaryFileTest, SymbolsLieInTheirSections) {
  auto getError = [](StringRef contents, uint64_t value, uint64_t size) {
    Expected<Manifest> manifest = readManifest(makeElf(contents, value, size));
    return manifest ? "" : toString(manifest.takeError());
  };
  // This one is found, and is no manifest.
  EXPECT_EQ(getError("xxx[]", 3, 2), "bad manifest: expects an object");
  StringRef outside =
      "the cubin has no manifest: a symbol lies outside its section";
  EXPECT_EQ(getError("xxx[]", 3, 3), outside);
  EXPECT_EQ(getError("xxx[]", 6, 0), outside);
  EXPECT_EQ(getError("xxx[]", 3, ~uint64_t(2)), outside);
}

TEST(OccupancyTest, EveryLimitCounts) {
  const TargetInfo &sm90 = *TargetInfo::lookup("sm_90a");
  // 2048 threads.
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 1024, 32, 0), 2);
  // 32 blocks.
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 32, 16, 0), 32);
  // 65536 registers: 168 * 32 = 5376 for each of 12 warps.
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 384, 168, 0), 1);
  // 228 KiB, of which each block's kilobyte goes to the driver.
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 128, 32, 75 * 1024), 3);
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 128, 32, 228 * 1024), 0);
  // Part of a warp takes a whole one.
  EXPECT_EQ(computeBlocksPerProcessor(sm90, 65, 128, 0), 5);
}
