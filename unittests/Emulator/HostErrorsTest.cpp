//===- HostErrorsTest.cpp - what is refused before a kernel runs ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// The first line of the error. `line` is line 7 of the file.
static std::string loadError(const std::string &line) {
  PtxRun run(makeKernel("", "ret;\n" + line));
  return llvm::StringRef(run.error).split('\n').first.str();
}

TEST(HostErrorsTest, CharactersThatNoTokenHas) {
  EXPECT_EQ(loadError("add . u32 %r1, %r2, %r3;"),
            "test.ptx:7:5: error: expects a name after '.'");
  EXPECT_EQ(loadError("` add.u32 %r1, %r2, %r3;"),
            "test.ptx:7:1: error: the character does not belong to PTX");
  EXPECT_EQ(loadError(".pragma \"nounroll;"),
            "test.ptx:7:9: error: the string has no closing '\"'");
  EXPECT_EQ(loadError("mov.f32 %f1, 1.5e;"),
            "test.ptx:7:14: error: expects a decimal number");
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The error of launching `text` with blocks of 32 threads, or otherwise.
static std::string
launchError(const std::string &text,
            llvm::function_ref<void(EmulatorLaunch &)> change) {
  PtxRun run(text);
  EXPECT_EQ(run.error, "");
  change(run.launch);
  llvm::Expected<EmulatorResult> ran =
      run.emulator.launch(*run.module, run.launch, run.options);
  return ran ? "" : llvm::toString(ran.takeError());
}

/// An entry with `directives` between its parameters and its body.
static std::string makeEntry(const std::string &directives) {
  std::string text = makeKernel("", "ret;");
  return text.insert(text.find("\n{"), " " + directives);
}

TEST(HostErrorsTest, SizesThatNoGpuHas) {
  std::string plain = makeEntry("");
  EXPECT_EQ(launchError(plain, [](auto &launch) { launch.block = {0, 1, 1}; }),
            "a block of (0, 1, 1) threads cannot be launched");
  EXPECT_EQ(
      launchError(plain, [](auto &launch) { launch.block = {32, 32, 2}; }),
      "a block has at most 1024 threads, got 2048");
  EXPECT_EQ(launchError(plain,
                        [](auto &launch) {
                          launch.grid = {32, 1, 1};
                          launch.cluster = PtxDimensions{32, 1, 1};
                        }),
            "a cluster has at most 16 blocks, got (32, 1, 1)");
  EXPECT_EQ(launchError(plain,
                        [](auto &launch) {
                          launch.grid = {3, 1, 1};
                          launch.cluster = PtxDimensions{2, 1, 1};
                        }),
            "a grid of (3, 1, 1) blocks is not a multiple of a cluster of "
            "(2, 1, 1)");
  EXPECT_EQ(launchError(plain,
                        [](auto &launch) {
                          launch.dynamicSharedBytes = 227 * 1024 + 1;
                        }),
            "'kernel' needs 0 bytes of shared memory, and 232449 of the "
            "launch; a block has 232448");
}

TEST(HostErrorsTest, SizesThatTheEntryDoesNotAllow) {
  auto keep = [](EmulatorLaunch &) {};
  EXPECT_EQ(launchError(makeEntry(".reqntid 64, 1, 1"), keep),
            "'kernel' requires blocks of (64, 1, 1) threads, got (32, 1, 1)");
  EXPECT_EQ(launchError(makeEntry(".maxntid 16, 1, 1"), keep),
            "'kernel' allows blocks of (16, 1, 1) threads, got (32, 1, 1)");
  EXPECT_EQ(launchError(makeEntry(".reqnctapercluster 2"),
                        [](auto &launch) {
                          launch.grid = {4, 1, 1};
                          launch.cluster = PtxDimensions{4, 1, 1};
                        }),
            "'kernel' requires clusters of (2, 1, 1) blocks, got (4, 1, 1)");
}

TEST(HostErrorsTest, MemoryThatIsNotThere) {
  Emulator emulator;
  uint64_t address = emulator.allocate(16);
  EXPECT_EQ(takeMessage(emulator.free(address + 8)),
            "no allocation begins at address " + std::to_string(address + 8));
  uint8_t bytes[32] = {};
  EXPECT_EQ(takeMessage(emulator.write(address, bytes)),
            "no allocation holds the 32 bytes at address " +
                std::to_string(address));
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

/// The error of a map of 64 x 64 words in boxes of 32 x 4, or otherwise.
static std::string mapError(llvm::function_ref<void(TensorMap &)> change) {
  TensorMap map;
  map.type = TensorMapType::U32;
  map.rank = 2;
  map.address = 1 << 20;
  map.extents = {64, 64, 1, 1, 1};
  map.strides[0] = 256;
  map.box = {32, 4, 1, 1, 1};
  change(map);
  return takeMessage(verifyTensorMap(map));
}

TEST(HostErrorsTest, TensorMapsThatTheDriverRefuses) {
  EXPECT_EQ(mapError([](TensorMap &) {}), "");
  EXPECT_EQ(mapError([](TensorMap &map) { map.rank = 6; }),
            "a tensor map has 1 to 5 dimensions, not 6");
  EXPECT_EQ(mapError([](TensorMap &map) { map.address += 8; }),
            "the address of a tensor map is a multiple of 16: 0x100008");
  EXPECT_EQ(mapError([](TensorMap &map) { map.extents[1] = 0; }),
            "extent 0 of dimension 1 is not within 1 and 2^32");
  EXPECT_EQ(mapError([](TensorMap &map) { map.box[1] = 257; }),
            "the box has 257 elements in dimension 1; 1 to 256 are possible");
  EXPECT_EQ(mapError([](TensorMap &map) { map.elementStrides[1] = 9; }),
            "element stride 9 of dimension 1 is not within 1 and 8");
  EXPECT_EQ(
      mapError([](TensorMap &map) { map.strides[0] = 260; }),
      "stride 260 of dimension 1 is not a multiple of 16 bytes below 2^40");
  EXPECT_EQ(
      mapError([](TensorMap &map) { map.box[0] = 3; }),
      "the inner extent of the box is 12 bytes, which is not a multiple of "
      "16");
  EXPECT_EQ(
      mapError([](TensorMap &map) { map.swizzle = TensorMapSwizzle::Bytes64; }),
      "the inner extent of the box is 128 bytes; a swizzle of 64 bytes "
      "allows no more than these");
  EXPECT_EQ(mapError([](TensorMap &map) { map.fillsNaN = true; }),
            "only floating-point tensors are filled with NaN");
}
