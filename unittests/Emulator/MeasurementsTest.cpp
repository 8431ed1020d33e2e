//===- MeasurementsTest.cpp - counts against hand-computed cases ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Counters.h"
#include "tk/Emulator/Ptx.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <functional>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
/// Lane i accesses `base + i * stride`.
InstructionMeasurement measure(PtxSpace space, uint32_t bytes, uint64_t stride,
                               LaneMask lanes = allLanes,
                               uint64_t base = 0x1000,
                               AccessKind kind = AccessKind::Read) {
  Counters counters(1);
  std::array<uint64_t, numLanes> addresses;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    addresses[lane] = base + lane * stride;
  Access access;
  access.memory.space = space;
  access.kind = kind;
  access.addresses = addresses.data();
  access.bytesPerLane = bytes;
  Place place;
  place.lanes = lanes;
  counters.access(place, access);
  return counters.finish().instructions[0];
}

struct BankCase {
  uint32_t bytes;
  uint64_t stride;
  uint64_t wavefronts, ideal, ways;
  LaneMask lanes = allLanes;
};

struct SectorCase {
  uint32_t bytes;
  uint64_t stride;
  uint64_t base;
  uint64_t sectors, halves;
};
} // namespace

TEST(MeasurementsTest, BankConflicts) {
  const BankCase cases[] = {
      // Words side by side; the same word; every second, fourth, 32nd, 33rd.
      {4, 4, 1, 1, 1},
      {4, 0, 1, 1, 1},
      {4, 8, 2, 1, 2},
      {4, 16, 4, 1, 4},
      {4, 128, 32, 1, 32},
      {4, 132, 1, 1, 1},
      // Halves of a word share it: 32 lanes, 16 words.
      {2, 2, 1, 1, 1},
      // 8 bytes go by halves of the warp, 16 bytes by quarters.
      {8, 8, 2, 2, 1},
      {16, 16, 4, 4, 1},
      // A row of 128 bytes for each lane: all at the first banks.
      {8, 128, 32, 2, 16},
      {16, 128, 32, 4, 8},
      // Rows of 144 bytes, as of a padded tile: 8 lanes fill all banks.
      {16, 144, 4, 4, 1},
      // Four lanes, one in each quarter: four trips, and one would do.
      {16, 16, 4, 1, 1, 0x01010101},
      // The first eight alone.
      {16, 16, 1, 1, 1, 0xff},
  };
  for (const BankCase &test : cases) {
    InstructionMeasurement counts =
        measure(PtxSpace::Shared, test.bytes, test.stride, test.lanes);
    EXPECT_EQ(counts.sharedRequests, 1u);
    EXPECT_EQ(counts.sharedWavefronts, test.wavefronts)
        << test.bytes << " bytes, stride " << test.stride;
    EXPECT_EQ(counts.sharedIdealWavefronts, test.ideal)
        << test.bytes << " bytes, stride " << test.stride;
    EXPECT_EQ(counts.sharedWorstWays, test.ways);
    EXPECT_EQ(counts.globalRequests, 0u);
  }
}

// What the counters of an H100 say of ld: where neighbours share, two groups go
// together. Stores and ldmatrix (an access without elements) do not.
TEST(MeasurementsTest, NeighboursThatShareGoTogether) {
  auto nth = [](unsigned stride) {
    return [stride](unsigned lane) { return lane / stride; };
  };
  struct Case {
    uint32_t bytes;
    /// Which piece of `bytes` a lane wants.
    std::function<unsigned(unsigned)> piece;
    LaneMask lanes;
    uint64_t load, other, ways = 1;
  };
  const Case cases[] = {
      {8, nth(1), allLanes, 2, 2},
      {8, nth(2), allLanes, 1, 2},
      {8, nth(4), allLanes, 1, 2},
      {8, nth(32), allLanes, 1, 2},
      {16, nth(1), allLanes, 4, 4},
      {16, nth(2), allLanes, 2, 4},
      {16, nth(32), allLanes, 2, 4},
      // Lanes 0 and 2 want the same, 1 and 3, 4 and 6, ...
      {8, [](unsigned lane) { return lane / 4 * 2 + lane % 2; }, allLanes, 1,
       2},
      // The halves, or quarters, want the same, but not neighbours.
      {8, [](unsigned lane) { return lane % 16; }, allLanes, 2, 2},
      {16, [](unsigned lane) { return lane % 8; }, allLanes, 4, 4},
      // Half of the lanes are alone; side by side, or as far apart as before:
      // then there is nothing to save.
      {8, nth(2), 0x55555555, 1, 2},
      {8, nth(1), 0x55555555, 2, 2},
      {8, nth(1), 0x33333333, 2, 2},
      // Neighbours share in the lower half of the warp alone.
      {16, [](unsigned lane) { return lane < 16 ? lane / 2 : lane; }, allLanes,
       4, 4},
      // Words of 4 bytes go together whatever they are.
      {4, nth(2), allLanes, 1, 1},
  };
  for (const Case &test : cases)
    for (auto [kind, elementBytes] :
         {std::pair(AccessKind::Read, 4u), std::pair(AccessKind::Read, 0u),
          std::pair(AccessKind::Write, 4u)}) {
      Counters counters(1);
      std::array<uint64_t, numLanes> addresses;
      for (unsigned lane = 0; lane != numLanes; ++lane)
        addresses[lane] = 0x1000 + test.piece(lane) * test.bytes;
      Access access;
      access.memory.space = PtxSpace::Shared;
      access.kind = kind;
      access.addresses = addresses.data();
      access.bytesPerLane = test.bytes;
      access.elementBytes = elementBytes;
      Place place;
      place.lanes = test.lanes;
      counters.access(place, access);
      InstructionMeasurement counts = counters.finish().instructions[0];
      bool isLoad = kind == AccessKind::Read && elementBytes;
      EXPECT_EQ(counts.sharedWavefronts, isLoad ? test.load : test.other)
          << &test - cases;
      EXPECT_EQ(counts.sharedWorstWays, test.ways) << &test - cases;
    }
}

// What the counters of an H100 say of ATOMS: lanes that share a word take
// turns.
TEST(MeasurementsTest, AtomicsTakeTurns) {
  struct Case {
    uint32_t bytes;
    uint64_t stride, repeat, wavefronts, ways;
  };
  const Case cases[] = {
      // `repeat` lanes at one address, the next ones `stride` bytes further.
      {4, 4, 1, 1, 1},   {4, 4, 2, 2, 2},     {4, 4, 4, 4, 4},
      {4, 0, 1, 32, 32}, {4, 128, 1, 32, 32}, {4, 36, 1, 1, 1},
      {8, 8, 1, 2, 1},   {8, 8, 2, 4, 2},     {8, 0, 1, 32, 16},
  };
  for (const Case &test : cases)
    for (AccessKind kind : {AccessKind::Atomic, AccessKind::Reduction}) {
      Counters counters(1);
      std::array<uint64_t, numLanes> addresses;
      for (unsigned lane = 0; lane != numLanes; ++lane)
        addresses[lane] = 0x1000 + lane / test.repeat * test.stride;
      Access access;
      access.memory.space = PtxSpace::Shared;
      access.kind = kind;
      access.addresses = addresses.data();
      access.bytesPerLane = test.bytes;
      Place place;
      place.lanes = allLanes;
      counters.access(place, access);
      InstructionMeasurement counts = counters.finish().instructions[0];
      EXPECT_EQ(counts.sharedWavefronts, test.wavefronts)
          << test.bytes << " bytes, stride " << test.stride;
      EXPECT_EQ(counts.sharedWorstWays, test.ways)
          << test.bytes << " bytes, stride " << test.stride;
    }
}

TEST(MeasurementsTest, SwizzledRowsHaveNoConflicts) {
  // ldmatrix.x4 of a tile of 64 columns of f16: rows of 128 bytes, the chunk of
  // 16 bytes xored with the row.
  Counters counters(1);
  std::array<uint64_t, numLanes> addresses;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    addresses[lane] = 128 * (lane % 16) + 16 * ((lane / 16) ^ (lane % 8));
  Access access;
  access.memory.space = PtxSpace::Shared;
  access.addresses = addresses.data();
  access.bytesPerLane = 16;
  Place place;
  place.lanes = allLanes;
  counters.access(place, access);
  InstructionMeasurement counts = counters.finish().instructions[0];
  EXPECT_EQ(counts.sharedWavefronts, 4u);
  EXPECT_EQ(counts.sharedIdealWavefronts, 4u);
  EXPECT_EQ(counts.sharedBytesRead, 512u);
}

TEST(MeasurementsTest, Sectors) {
  const SectorCase cases[] = {
      // 128 bytes, aligned and not.
      {4, 4, 0x1000, 4, 2},    {4, 4, 0x1004, 5, 3},    {4, 0, 0x1000, 1, 1},
      {4, 32, 0x1000, 32, 16}, {4, 64, 0x1000, 32, 32}, {16, 16, 0x1000, 16, 8},
      {8, 16, 0x1000, 16, 8},  {2, 2, 0x1000, 2, 1},    {1, 1, 0x101f, 2, 1},
  };
  for (const SectorCase &test : cases) {
    InstructionMeasurement counts =
        measure(PtxSpace::Global, test.bytes, test.stride, allLanes, test.base);
    EXPECT_EQ(counts.globalSectors, test.sectors) << test.stride;
    EXPECT_EQ(counts.globalHalves, test.halves) << test.stride;
    EXPECT_EQ(counts.globalBytesRead, 32u * test.bytes);
    EXPECT_EQ(counts.globalSectorsRead, test.sectors);
    EXPECT_EQ(counts.globalSectorsWritten, 0u);
  }
}

TEST(MeasurementsTest, WritesAndAtomics) {
  InstructionMeasurement write =
      measure(PtxSpace::Global, 4, 4, allLanes, 0x1000, AccessKind::Write);
  EXPECT_EQ(write.globalBytesRead, 0u);
  EXPECT_EQ(write.globalBytesWritten, 128u);
  EXPECT_EQ(write.globalSectorsWritten, 4u);
  InstructionMeasurement atomic =
      measure(PtxSpace::Global, 4, 4, 0xff, 0x1000, AccessKind::Atomic);
  EXPECT_EQ(atomic.globalBytesRead, 32u);
  EXPECT_EQ(atomic.globalBytesWritten, 32u);
}

TEST(MeasurementsTest, CopiesCountByRows) {
  Counters counters(1);
  AsyncAccess row;
  row.memory.space = PtxSpace::Global;
  row.address = 0x1010;
  row.sizeInBytes = 64;
  counters.access(Place(), row);
  row.memory.space = PtxSpace::Shared;
  row.kind = AccessKind::Write;
  counters.access(Place(), row);
  counters.tensorCopy(Place(), {/*boxBytes=*/128, /*insideBytes=*/96});
  InstructionMeasurement counts = counters.finish().instructions[0];
  EXPECT_EQ(counts.globalRequests, 1u);
  EXPECT_EQ(counts.globalSectors, 3u);
  EXPECT_EQ(counts.globalHalves, 2u);
  EXPECT_EQ(counts.globalBytesRead, 64u);
  EXPECT_EQ(counts.sharedBytesWritten, 64u);
  EXPECT_EQ(counts.sharedRequests, 0u) << "no banks";
  EXPECT_EQ(counts.tensorBoxBytes, 128u);
  EXPECT_EQ(counts.tensorInsideBytes, 96u);
}

TEST(MeasurementsTest, LocalMemoryAndOtherBlocks) {
  Counters counters(1);
  std::array<uint64_t, numLanes> addresses = {};
  Access access;
  access.addresses = addresses.data();
  access.bytesPerLane = 4;
  access.memory = {PtxSpace::Shared, /*block=*/3};
  Place place;
  place.block = 3;
  place.lanes = 0xff;
  counters.access(place, access);
  // Another block writes there: by an instruction, and by st.async.
  place.block = 2;
  access.kind = AccessKind::Write;
  counters.access(place, access);
  AsyncAccess async;
  async.memory = access.memory;
  async.kind = AccessKind::Write;
  async.proxy = Proxy::Generic;
  async.sizeInBytes = 16;
  counters.access(place, async);
  access.memory = {PtxSpace::Local, 2};
  counters.access(place, access);
  InstructionMeasurement counts = counters.finish().instructions[0];
  EXPECT_EQ(counts.sharedBytesRead, 32u);
  EXPECT_EQ(counts.sharedBytesWritten, 32u + 16);
  EXPECT_EQ(counts.remoteBytesRead, 0u);
  EXPECT_EQ(counts.remoteBytesWritten, 32u + 16);
  EXPECT_EQ(counts.localBytesRead, 0u);
  EXPECT_EQ(counts.localBytesWritten, 32u);
  EXPECT_EQ(counts.sharedRequests, 2u);
  EXPECT_EQ(counts.globalRequests, 0u);
}

TEST(MeasurementsTest, HostThreadsAddUp) {
  // Two threads read the same 128 bytes, and one writes 64 of its own.
  Counters first(2), second(2);
  std::array<uint64_t, numLanes> addresses;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    addresses[lane] = 0x1000 + 4 * lane;
  Access access;
  access.memory.space = PtxSpace::Global;
  access.addresses = addresses.data();
  access.bytesPerLane = 4;
  Place place;
  place.lanes = allLanes;
  place.instruction = 1;
  first.access(place, access);
  second.access(place, access);
  access.kind = AccessKind::Write;
  place.lanes = 0xffff;
  second.access(place, access);
  // The four warps of a warpgroup.
  for (unsigned warp = 0; warp != 4; ++warp)
    second.wgmma(place, warp ? 512 : 768, warp == 0);
  first.add(second);
  EmulatorMeasurements result = first.finish();
  EXPECT_EQ(result.instructions[0].globalRequests, 0u);
  EXPECT_EQ(result.instructions[1].globalRequests, 3u);
  EXPECT_EQ(result.instructions[1].globalSectors, 4u + 4 + 2);
  EXPECT_EQ(result.instructions[1].wgmmas, 1u);
  EXPECT_EQ(result.instructions[1].sharedBytesRead, 768u + 3 * 512);
  EXPECT_EQ(result.numDistinctSectorsRead, 4u);
  EXPECT_EQ(result.numDistinctSectorsWritten, 2u);
}

TEST(MeasurementsTest, Classes) {
  auto classOf = [](llvm::StringRef text) {
    PtxInstruction instruction;
    llvm::SmallVector<llvm::StringRef> parts;
    text.split(parts, '.');
    instruction.opcode = parts.front();
    instruction.modifiers.append(parts.begin() + 1, parts.end());
    return getName(classify(instruction)).str();
  };
  EXPECT_EQ(classOf("add.s32"), "integer");
  EXPECT_EQ(classOf("fma.rn.f32"), "float");
  EXPECT_EQ(classOf("add.rn.bf16x2"), "float");
  EXPECT_EQ(classOf("cvt.rn.f16x2.f32"), "conversion");
  EXPECT_EQ(classOf("mov.b32"), "move");
  EXPECT_EQ(classOf("bra.uni"), "control");
  EXPECT_EQ(classOf("ld.global.v4.f32"), "global");
  EXPECT_EQ(classOf("st.f32"), "global");
  EXPECT_EQ(classOf("st.shared::cluster.f32"), "shared");
  EXPECT_EQ(classOf("ld.local.f32"), "local");
  EXPECT_EQ(classOf("ld.param.u64"), "other-memory");
  EXPECT_EQ(classOf("atom.global.add.f32"), "atomic");
  EXPECT_EQ(classOf("red.global.add.f32"), "atomic");
  EXPECT_EQ(classOf("cp.async.cg.shared.global"), "async-copy");
  EXPECT_EQ(classOf("cp.async.wait_group"), "synchronisation");
  EXPECT_EQ(classOf("cp.async.mbarrier.arrive.noinc.b64"), "synchronisation");
  EXPECT_EQ(classOf("cp.async.bulk.shared::cluster.global."
                    "mbarrier::complete_tx::bytes"),
            "async-copy");
  EXPECT_EQ(classOf("st.async.shared::cluster.mbarrier::complete_tx::bytes."
                    "u32"),
            "async-copy");
  EXPECT_EQ(classOf("red.async.relaxed.cluster.add.u32"), "async-copy");
  EXPECT_EQ(classOf("discard.global.L2"), "global");
  EXPECT_EQ(classOf("getctarank.shared::cluster.u32"), "move");
  EXPECT_EQ(classOf("createpolicy.fractional.L2::evict_last.b64"), "other");
  EXPECT_EQ(classOf("ldmatrix.sync.aligned.m8n8.x4.shared.b16"), "shared");
  EXPECT_EQ(classOf("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"),
            "matrix");
  EXPECT_EQ(classOf("wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16"),
            "matrix");
  EXPECT_EQ(classOf("wgmma.fence.sync.aligned"), "synchronisation");
  EXPECT_EQ(classOf("shfl.sync.bfly.b32"), "warp-exchange");
  EXPECT_EQ(classOf("mbarrier.try_wait.parity.b64"), "synchronisation");
  EXPECT_EQ(classOf("setmaxnreg.inc.sync.aligned.u32"), "other");
}

namespace {
/// Two instructions of one source line, one without a line, one never executed.
struct Example {
  PtxModule module;
  EmulatorResult result;

  Example() {
    module.fileName = "dir/a.ptx";
    module.files = {"", "src/kernel.tk"};
    auto add = [&](llvm::StringRef opcode,
                   std::initializer_list<llvm::StringRef> modifiers,
                   uint32_t line, uint32_t sourceLine, llvm::StringRef text) {
      PtxInstruction instruction;
      instruction.opcode = opcode;
      instruction.modifiers.append(modifiers);
      instruction.location.line = line;
      instruction.file = 1;
      instruction.sourceLine = sourceLine;
      instruction.text = text;
      module.instructions.push_back(instruction);
    };
    add("ld", {"shared", "f32"}, 10, 7, "ld.shared.f32 %f1, [%r1];");
    add("wgmma", {"mma_async", "sync", "aligned", "m64n8k16", "f32", "f16"}, 11,
        7, "wgmma...");
    add("ret", {}, 12, 0, "ret;");
    add("trap", {}, 13, 9, "trap;");
    result.executions = {4, 2, 1, 0};
    result.laneExecutions = {128, 64, 32, 0};
    result.measurements.instructions.resize(4);
    InstructionMeasurement &load = result.measurements.instructions[0];
    load.sharedRequests = 4;
    load.sharedWavefronts = 10;
    load.sharedIdealWavefronts = 4;
    load.sharedWorstWays = 7;
    load.sharedBytesRead = 512;
    result.measurements.instructions[1].wgmmas = 2;
    result.measurements.instructions[1].tensorCopies = 2;
    result.measurements.instructions[1].tensorBoxBytes = 400;
    result.measurements.instructions[1].tensorInsideBytes = 100;
    load.localBytesRead = 1024;
    load.remoteBytesWritten = 2048;
    result.measurements.numDistinctSectorsRead = 3;
  }
};
} // namespace

TEST(MeasurementsTest, Json) {
  Example example;
  llvm::json::Value value = measurementsToJson(example.module, example.result);
  const llvm::json::Object &object = *value.getAsObject();
  const llvm::json::Object &totals = *object.getObject("totals");
  EXPECT_EQ(totals.getInteger("executions"), 7);
  EXPECT_EQ(totals.getInteger("distinct_bytes_read"), 96);
  EXPECT_EQ(object.getObject("wgmma")->getInteger("m64n8k16.f32.f16"), 2);
  EXPECT_EQ(object.getObject("mix")->getInteger("shared"), 4);
  EXPECT_EQ(object.getObject("mix")->getInteger("matrix"), 2);
  const llvm::json::Array &lines = *object.getArray("lines");
  ASSERT_EQ(lines.size(), 2u) << "what was not executed has no line";
  EXPECT_EQ(lines[0].getAsObject()->getString("file"), "dir/a.ptx");
  EXPECT_EQ(lines[0].getAsObject()->getInteger("line"), 12);
  const llvm::json::Object &line = *lines[1].getAsObject();
  EXPECT_EQ(line.getString("file"), "src/kernel.tk");
  EXPECT_EQ(line.getInteger("line"), 7);
  EXPECT_EQ(line.getInteger("executions"), 6);
  EXPECT_EQ(line.getObject("shared")->getInteger("worst_ways"), 7);
  EXPECT_EQ(line.getObject("shared")->getInteger("remote_bytes_written"), 2048);
  EXPECT_EQ(line.getObject("local")->getInteger("bytes_read"), 1024);
  EXPECT_EQ(line.getObject("mix")->getInteger("shared"), 4);
  EXPECT_EQ(line.getObject("mix")->getInteger("control"), std::nullopt);
  EXPECT_EQ(line.getObject("wgmma")->getInteger("m64n8k16.f32.f16"), 2);
  EXPECT_EQ(lines[0].getAsObject()->getObject("mix")->getInteger("control"), 1);
  EXPECT_EQ(lines[0].getAsObject()->getObject("wgmma"), nullptr);
  const llvm::json::Array &instructions = *object.getArray("instructions");
  ASSERT_EQ(instructions.size(), 3u);
  EXPECT_EQ(instructions[0].getAsObject()->getInteger("ptx_line"), 10);
  EXPECT_EQ(instructions[0].getAsObject()->getString("text"),
            "ld.shared.f32 %f1, [%r1];");
}

TEST(MeasurementsTest, JsonIsUtf8WhateverTheFilesAreCalled) {
  Example example;
  example.module.files[1] = "caf\xe9.cu";
  example.module.instructions[0].text = "ld.shared.f32 /* \xff */ %f1, [%r1];";
  std::string text;
  llvm::raw_string_ostream(text)
      << measurementsToJson(example.module, example.result);
  EXPECT_TRUE(llvm::json::isUTF8(text));
}

TEST(MeasurementsTest, Table) {
  Example example;
  std::string text;
  llvm::raw_string_ostream os(text);
  printMeasurements(os, example.module, example.result);
  // 10 wavefronts where 4 would do; one was a 7-way conflict.
  EXPECT_NE(text.find("kernel.tk:7                            6   32.0    2.50"
                      "      7"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("a.ptx:12"), std::string::npos) << text;
  EXPECT_NE(text.find("wgmma m64n8k16.f32.f16: 2\n"
                      "kernel.tk:7                            2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("tensor copies: 2, 25.0% of their boxes inside the "
                      "tensor\n"
                      "kernel.tk:7                            2  25.0%\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("kernel.tk:7                 shared 4, matrix 2\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("local memory                          1.00           "
                      "0.00\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  of it in other blocks               0.00           "
                      "2.00\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("kernel.tk:9"), std::string::npos) << text;
}

TEST(MeasurementsTest, LongNamesWidenTheTable) {
  Example example;
  example.module.fileName = "matmul_bf16_BM128_BN256_BK64__vector.ptx";
  std::string text;
  llvm::raw_string_ostream os(text);
  printMeasurements(os, example.module, example.result);
  // Columns end below each other, and no number touches a name.
  size_t end = llvm::StringRef(text).find("executions") + 10;
  for (llvm::StringRef name : {"\nmatmul_bf16_BM128_BN256_BK64__vector.ptx:12 ",
                               "\nkernel.tk:7 ", "\nall "}) {
    size_t row = text.find(name.str());
    ASSERT_NE(row, std::string::npos) << text;
    EXPECT_EQ(text[row + end], name.contains(":12")  ? '1'
                               : name.contains(":7") ? '6'
                                                     : '7')
        << text;
  }
}
