//===- BinaryFileTest.cpp - tests of reading binaries ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/BinaryFile.h"
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
