//===- KernelMeasurementsTest.cpp - counts of whole kernels ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What kernels of bench/Emulator and of the corpus do to memory follows from
// their sources; here it is worked out by hand.
//
//===----------------------------------------------------------------------===//

#include "tk/Emulator/Emulator.h"
#include "tk/Emulator/Measurements.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace mlir::tk;

namespace {

/// A launch that is measured.
class KernelMeasurementsTest : public testing::Test {
protected:
  void load(llvm::StringRef path) {
    sourcePath = (llvm::Twine(TK_SOURCE_DIR "/") + path).str();
    auto text = llvm::MemoryBuffer::getFile(sourcePath + ".ptx");
    ASSERT_TRUE(text) << sourcePath;
    module = llvm::cantFail(emulator.load((*text)->getBuffer(), path));
  }
  /// Zeros, which count as written.
  uint64_t allocate(uint64_t sizeInBytes) {
    uint64_t address = emulator.allocate(sizeInBytes);
    llvm::cantFail(emulator.write(address, std::vector<uint8_t>(sizeInBytes)));
    return address;
  }
  /// Columns of bf16 with boxes of 64.
  static TensorMapBytes mapOfBF16(uint64_t address, uint64_t rows,
                                  uint64_t columns, uint64_t pitchInBytes,
                                  uint32_t boxRows) {
    TensorMap map;
    map.type = TensorMapType::BF16;
    map.rank = 2;
    map.address = address;
    map.extents = {columns, rows, 1, 1, 1};
    map.strides = {pitchInBytes, 0, 0, 0};
    map.box = {64, boxRows, 1, 1, 1};
    map.swizzle = TensorMapSwizzle::Bytes128;
    return llvm::cantFail(encodeTensorMap(map));
  }
  void run() {
    EmulatorOptions options;
    options.isMeasured = true;
    EmulatorResult result =
        llvm::cantFail(emulator.launch(*module, launch, options));
    ASSERT_TRUE(result.reports.empty()) << result.reports.front().detail;
    measured = measurementsToJson(getPtx(*module), result);
  }

  int64_t total(llvm::StringRef group, llvm::StringRef name) const {
    const llvm::json::Object *object =
        measured.getAsObject()->getObject("totals");
    return group.empty() ? *object->getInteger(name)
                         : *object->getObject(group)->getInteger(name);
  }
  int64_t mix(llvm::StringRef name) const {
    return *measured.getAsObject()->getObject("mix")->getInteger(name);
  }
  /// What all instructions did whose PTX contains `text`.
  int64_t count(llvm::StringRef text, llvm::StringRef group,
                llvm::StringRef name) const {
    int64_t sum = 0;
    for (const llvm::json::Value &value :
         *measured.getAsObject()->getArray("instructions")) {
      const llvm::json::Object &object = *value.getAsObject();
      if (object.getString("text")->contains(text))
        sum += *object.getObject(group)->getInteger(name);
    }
    return sum;
  }
  /// What the first source line that contains `text` did.
  int64_t line(llvm::StringRef text, llvm::StringRef group,
               llvm::StringRef name) const {
    auto source = llvm::MemoryBuffer::getFile(sourcePath + ".cu");
    int64_t number = (*source)->getBuffer().split(text).first.count('\n') + 1;
    for (const llvm::json::Value &value :
         *measured.getAsObject()->getArray("lines")) {
      const llvm::json::Object &object = *value.getAsObject();
      if (object.getInteger("line") == number &&
          object.getString("file")->ends_with(".cu"))
        return *object.getObject(group)->getInteger(name);
    }
    ADD_FAILURE() << "line " << number << " did nothing";
    return -1;
  }

  Emulator emulator;
  EmulatorModule *module = nullptr;
  EmulatorLaunch launch;
  std::string sourcePath;
  llvm::json::Value measured = nullptr;
};

} // namespace

// One block: 128x128 of C, two tiles of 32 along K.
TEST_F(KernelMeasurementsTest, MatmulByMma) {
  load("bench/Emulator/MatmulMma");
  launch.entry = "matmulMma";
  launch.block = {128, 1, 1};
  launch.addArgument(allocate(128 * 64 * 2));
  launch.addArgument(allocate(64 * 128 * 2));
  launch.addArgument(allocate(128 * 128 * 2));
  launch.addArgument(uint32_t(128));
  launch.addArgument(uint32_t(64));
  run();
  // A tile of A and one of B are 512 pieces of 16 bytes each, 16 requests of
  // 32 lanes. Rows of A are 64 bytes, those of B 256: 512 bytes a request in
  // whole sectors and halves of lines.
  constexpr int64_t copies = 2 * (16 + 16);
  EXPECT_EQ(mix("async-copy"), copies);
  EXPECT_EQ(line("cp.async.cg", "global", "requests"), copies);
  EXPECT_EQ(line("cp.async.cg", "global", "sectors"), copies * 16);
  EXPECT_EQ(line("cp.async.cg", "global", "halves"), copies * 8);
  EXPECT_EQ(line("cp.async.cg", "global", "bytes_read"), copies * 512);
  EXPECT_EQ(line("cp.async.cg", "shared", "bytes_written"), copies * 512);
  // The swizzle spreads every eight lanes over all banks.
  EXPECT_EQ(line("cp.async.cg", "shared", "wavefronts"), copies * 4);
  EXPECT_EQ(total("shared", "worst_ways"), 1);
  // Four warps, four steps of 16 along K; each loads 4 fragments of A and 8 of
  // B, two at a time, and multiplies all pairs.
  EXPECT_EQ(mix("matrix"), 4 * 4 * 4 * 8);
  EXPECT_EQ(count("ldmatrix.sync.aligned.m8n8.x4.shared", "shared", "requests"),
            4 * 4 * 4);
  EXPECT_EQ(count("ldmatrix.sync.aligned.m8n8.x4.trans", "shared", "requests"),
            4 * 4 * 4);
  for (const char *load : {"ldmatrix.sync.aligned.m8n8.x4.shared",
                           "ldmatrix.sync.aligned.m8n8.x4.trans"}) {
    EXPECT_EQ(count(load, "shared", "bytes_read"), 64 * 512);
    EXPECT_EQ(count(load, "shared", "wavefronts"), 64 * 4);
    EXPECT_EQ(count(load, "shared", "ideal_wavefronts"), 64 * 4);
  }
  // Results: a warp stores 4 bytes a lane to 8 rows of 16 bytes, which is half
  // of a sector each.
  constexpr int64_t stores = 4 * (4 * 8 * 2);
  EXPECT_EQ(total("global", "requests"), copies + stores);
  EXPECT_EQ(total("global", "sectors"), copies * 16 + stores * 8);
  EXPECT_EQ(total("global", "worst_sectors"), 16);
  EXPECT_EQ(total("global", "bytes_written"), 128 * 128 * 2);
  EXPECT_EQ(total("global", "sector_bytes_written"), stores * 8 * 32);
  EXPECT_EQ(total("", "distinct_bytes_read"), 2 * 128 * 64 * 2);
  EXPECT_EQ(total("", "distinct_bytes_written"), 128 * 128 * 2);
}

// One block: 128x256 of C, two tiles of 64 along K, of which the tensors have
// 96 rows and columns.
TEST_F(KernelMeasurementsTest, MatmulByWgmma) {
  load("bench/Emulator/MatmulWgmma");
  launch.entry = "matmulWgmma";
  launch.block = {384, 1, 1};
  launch.dynamicSharedBytes = 4 * (128 + 256) * 64 * 2 + 1024;
  launch.addArgument(
      mapOfBF16(allocate(128 * 96 * 2), 128, 96, 96 * 2, /*boxRows=*/128));
  launch.addArgument(
      mapOfBF16(allocate(96 * 256 * 2), 96, 256, 256 * 2, /*boxRows=*/64));
  launch.addArgument(allocate(128 * 256 * 2));
  launch.addArgument(uint32_t(256));
  launch.addArgument(uint32_t(128));
  run();
  // A tile: one box of A, 128x64, and four of B, 64x64.
  EXPECT_EQ(total("tensor", "copies"), 2 * 5);
  EXPECT_EQ(total("tensor", "box_bytes"), 2 * (128 + 256) * 64 * 2);
  EXPECT_EQ(total("tensor", "inside_bytes"), (128 + 256) * 96 * 2);
  EXPECT_EQ(count("cp.async.bulk.tensor", "shared", "bytes_written"),
            2 * (128 + 256) * 64 * 2)
      << "zeros are written too";
  EXPECT_EQ(count("cp.async.bulk.tensor", "global", "bytes_read"),
            (128 + 256) * 96 * 2);
  // Rows: 128 of A in each tile; 64 and 32 of B in four boxes. The rows of A in
  // the second tile are half of a box.
  EXPECT_EQ(count("cp.async.bulk.tensor", "global", "requests"),
            2 * 128 + 4 * (64 + 32));
  EXPECT_EQ(count("cp.async.bulk.tensor", "global", "sectors"),
            (128 + 256) * 96 * 2 / 32);
  // Two warpgroups, two tiles, four steps of 16; 64x16 of A and 16x256 of B.
  const llvm::json::Object &wgmmas =
      *measured.getAsObject()->getObject("wgmma");
  EXPECT_EQ(wgmmas.size(), 1u);
  EXPECT_EQ(wgmmas.getInteger("m64n256k16.f32.bf16.bf16"), 2 * 2 * 4);
  EXPECT_EQ(total("shared", "bytes_read"), 16 * (64 + 256) * 16 * 2);
  EXPECT_EQ(total("", "distinct_bytes_read"), (128 + 256) * 96 * 2);
  EXPECT_EQ(total("", "distinct_bytes_written"), 128 * 256 * 2);
}

// Arrays of a thread, as many bytes as it says; and words sent to another
// block.
TEST_F(KernelMeasurementsTest, LocalMemoryAndStAsync) {
  module = llvm::cantFail(emulator.load(R"(
.version 8.8
.target sm_90a
.address_size 64
.entry k() .reqnctapercluster 2, 1, 1
{
  .local .align 8 .b8 array[64];
  .shared .align 8 .b8 tile[136];
  .reg .b32 %i, %to, %bar, %v; .reg .b64 %l; .reg .pred %p;
  mov.u32 %i, %tid.x;
  st.local.v2.u32 [array+8], {%i, %i};
  mov.u64 %l, array; cvta.local.u64 %l, %l;
  ld.u32 %v, [%l+12];
  setp.eq.u32 %p, %i, 0;
  mov.u32 %bar, tile;
  @%p mbarrier.init.shared.b64 [%bar+128], 1;
  @%p mbarrier.arrive.expect_tx.shared.b64 _, [%bar+128], 128;
  fence.mbarrier_init.release.cluster;
  barrier.cluster.arrive.aligned;
  barrier.cluster.wait.aligned;
  mov.u32 %to, %cluster_ctarank; xor.b32 %to, %to, 1;
  mapa.shared::cluster.u32 %to, %bar, %to;
  add.u32 %bar, %to, 128;
  mad.lo.u32 %to, %i, 4, %to;
  st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%to], %v, [%bar];
  mov.u32 %bar, tile;
wait:
  mbarrier.try_wait.parity.shared.b64 %p, [%bar+128], 0;
  @!%p bra wait;
  ret;
})",
                                        "k.ptx"));
  launch.entry = "k";
  launch.grid = {2, 1, 1};
  launch.block = {32, 1, 1};
  run();
  EXPECT_EQ(total("local", "bytes_written"), 2 * 32 * 8);
  EXPECT_EQ(total("local", "bytes_read"), 2 * 32 * 4);
  EXPECT_EQ(total("shared", "bytes_written"), 2 * 32 * 4);
  EXPECT_EQ(total("shared", "remote_bytes_written"), 2 * 32 * 4);
  EXPECT_EQ(total("shared", "remote_bytes_read"), 0);
  EXPECT_EQ(mix("async-copy"), 2);
}

// Four blocks read 8 rows of 64 bytes each, and all of them get them.
TEST_F(KernelMeasurementsTest, MulticastReadsOnce) {
  load("test/Emulator/Corpus/Hopper");
  TensorMap map;
  map.type = TensorMapType::U32;
  map.rank = 2;
  map.address = allocate(32 * 64);
  map.extents = {16, 32, 1, 1, 1};
  map.strides = {64, 0, 0, 0};
  map.box = {16, 8, 1, 1, 1};
  uint64_t mapAddress = allocate(sizeof(TensorMapBytes));
  llvm::cantFail(
      emulator.write(mapAddress, llvm::cantFail(encodeTensorMap(map))));
  launch.entry = "multicast";
  launch.grid = {4, 1, 1};
  launch.block = {64, 1, 1};
  launch.addArgument(allocate(4 * 2048));
  launch.addArgument(mapAddress);
  run();
  EXPECT_EQ(total("tensor", "copies"), 4);
  EXPECT_EQ(total("tensor", "box_bytes"), 4 * 512);
  EXPECT_EQ(count("multicast::cluster", "global", "requests"), 4 * 8);
  EXPECT_EQ(count("multicast::cluster", "global", "bytes_read"), 4 * 512);
  EXPECT_EQ(count("multicast::cluster", "shared", "bytes_written"),
            4 * 4 * 512);
}
