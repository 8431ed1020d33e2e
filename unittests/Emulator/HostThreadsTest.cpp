//===- HostThreadsTest.cpp - the number of host threads changes nothing ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"
#include "tk/Emulator/Measurements.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::tk;

namespace {

constexpr uint64_t kOutputBytes = 1 << 16;

/// All that can be told of a run.
struct Observation {
  std::string reports, measurements, output;
  std::vector<uint8_t> memory;
  std::vector<uint64_t> executions;
  uint64_t numSteps = 0;
  std::optional<uint64_t> overBudget;
};

std::string print(llvm::json::Value value) {
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

/// Runs `launch` on a fresh emulator with a buffer of zeros in front of its
/// arguments.
Observation observe(const std::string &ptx, EmulatorLaunch launch,
                    EmulatorOptions options) {
  Emulator emulator;
  EmulatorModule *module = llvm::cantFail(emulator.load(ptx, "test.ptx"));
  uint64_t out = emulator.allocate(kOutputBytes);
  llvm::cantFail(emulator.write(out, std::vector<uint8_t>(kOutputBytes)));
  std::vector<uint8_t> first(sizeof(out));
  std::memcpy(first.data(), &out, sizeof(out));
  launch.arguments.insert(launch.arguments.begin(), first);
  options.isMeasured = true;
  EmulatorResult result =
      llvm::cantFail(emulator.launch(*module, launch, options));
  Observation observed;
  observed.measurements = print(measurementsToJson(getPtx(*module), result));
  observed.reports = print(reportsToJson(result.reports));
  observed.output = result.output;
  observed.memory.resize(kOutputBytes);
  llvm::cantFail(emulator.read(out, observed.memory));
  observed.executions = result.executions;
  observed.numSteps = result.numSteps;
  observed.overBudget = result.overBudget;
  return observed;
}

/// The same with several threads, several times, and with and without a seed.
/// `rule`: what is reported; empty if nothing is.
void expectNoDifference(const std::string &ptx, const EmulatorLaunch &launch,
                        llvm::StringRef rule = "",
                        uint64_t stepLimit = uint64_t(1) << 36) {
  for (uint64_t seed : {0, 7}) {
    EmulatorOptions options;
    options.seed = seed;
    options.stepLimit = stepLimit;
    options.numHostThreads = 1;
    Observation alone = observe(ptx, launch, options);
    EXPECT_EQ(alone.reports == "[]", rule.empty()) << alone.reports;
    EXPECT_NE(alone.reports.find(rule.str()), std::string::npos)
        << alone.reports;
    for (unsigned numThreads : {2, 5, 5}) {
      options.numHostThreads = numThreads;
      Observation together = observe(ptx, launch, options);
      EXPECT_EQ(together.reports, alone.reports);
      EXPECT_EQ(together.output, alone.output);
      EXPECT_EQ(together.numSteps, alone.numSteps);
      EXPECT_EQ(together.executions, alone.executions);
      EXPECT_EQ(together.measurements, alone.measurements);
      EXPECT_TRUE(together.memory == alone.memory) << numThreads << " threads";
    }
  }
}

/// A kernel `kernel(out)`; %i is the number of the thread in the grid, %o the
/// address of the words of `out`, %a that of word %i.
std::string makeGridKernel(const std::string &body) {
  return ".version 8.0\n.target sm_80\n.address_size 64\n"
         ".visible .entry kernel(.param .u64 out)\n{\n"
         ".reg .b32 %r<8>, %b, %i; .reg .b64 %a, %o, %l; .reg .pred %p;\n"
         "ld.param.u64 %o, [out];\n"
         "mov.u32 %b, %ctaid.x;\nmov.u32 %r0, %ntid.x;\nmov.u32 %r1, %tid.x;\n"
         "mad.lo.u32 %i, %b, %r0, %r1;\nmad.wide.u32 %a, %i, 4, %o;\n" +
         body + "ret;\n}\n";
}

EmulatorLaunch gridLaunch(uint32_t numBlocks) {
  EmulatorLaunch launch;
  launch.entry = "kernel";
  launch.grid = {numBlocks, 1, 1};
  launch.block = {64, 1, 1};
  return launch;
}

std::string readSource(llvm::StringRef path) {
  auto text = llvm::MemoryBuffer::getFile(TK_SOURCE_DIR "/" + path);
  EXPECT_TRUE(text) << path.str();
  return (*text)->getBuffer().str();
}

} // namespace

TEST(HostThreadsTest, BlocksOfTheirOwn) {
  expectNoDifference(makeGridKernel("st.global.u32 [%a], %i;\n"),
                     gridLaunch(40));
}

TEST(HostThreadsTest, IntegerReductions) {
  expectNoDifference(makeGridKernel("red.global.add.u32 [%o], %i;\n"
                                    "red.global.max.u32 [%o+4], %i;\n"),
                     gridLaunch(40));
}

// Atomics return what others left there, floats round in order, clocks tell
// who ran before.
TEST(HostThreadsTest, OrdersThatKernelsSee) {
  expectNoDifference(makeGridKernel("atom.global.add.u32 %r2, [%o], 1;\n"
                                    "add.u64 %a, %a, 64;\n"
                                    "st.global.u32 [%a], %r2;\n"),
                     gridLaunch(40));
  expectNoDifference(makeGridKernel("cvt.rn.f32.u32 %r2, %i;\n"
                                    "mul.rn.f32 %r2, %r2, 0f3DCCCCCD;\n"
                                    "red.global.add.f32 [%o], %r2;\n"),
                     gridLaunch(40));
  expectNoDifference(makeGridKernel("mov.u32 %r2, %clock;\n"
                                    "st.global.u32 [%a], %r2;\n"),
                     gridLaunch(40));
}

// The warps of a block come in an order that the seed gives to the block.
TEST(HostThreadsTest, OrdersWithinBlocks) {
  expectNoDifference(makeGridKernel(".shared .align 4 .b32 count;\n"
                                    "mov.u32 %r2, count;\nmov.u32 %r3, 0;\n"
                                    "st.volatile.shared.u32 [%r2], %r3;\n"
                                    "bar.sync 0;\n"
                                    "atom.shared.add.u32 %r3, [%r2], 1;\n"
                                    "st.global.u32 [%a], %r3;\n"),
                     gridLaunch(40));
}

// The last block leaves its number, and every other pair of blocks races.
TEST(HostThreadsTest, RacesBetweenBlocks) {
  expectNoDifference(makeGridKernel("ld.global.u32 %r2, [%o];\n"
                                    "add.u32 %r2, %r2, %b;\n"
                                    "st.global.u32 [%o], %r2;\n"
                                    "st.global.u32 [%a+256], %r2;\n"),
                     gridLaunch(40), "global-race");
}

// Some blocks stop the run; how far the others get is a matter of time.
TEST(HostThreadsTest, MistakesThatEndTheRun) {
  expectNoDifference(makeGridKernel("setp.lt.u32 %p, %b, 23;\n"
                                    "@!%p add.u64 %a, %a, 1048576;\n"
                                    "st.global.u32 [%a], %i;\n"),
                     gridLaunch(40), "out-of-bounds");
}

// Too many instructions for one thread, and not too many for each of five.
TEST(HostThreadsTest, TheLimitOfSteps) {
  expectNoDifference(makeGridKernel("mov.u32 %r2, 0;\nLOOP:\n"
                                    "add.u32 %r2, %r2, 1;\n"
                                    "setp.lt.u32 %p, %r2, 10000;\n"
                                    "@%p bra LOOP;\n"
                                    "st.global.u32 [%a], %r2;\n"),
                     gridLaunch(20), "livelock", /*stepLimit=*/700000);
}

// Blocks of about 30000 instructions: one of them tells what all take. The
// first may also be the shortest; then so does the sum.
TEST(HostThreadsTest, TheBudget) {
  std::string loop = "LOOP:\nsub.u32 %r2, %r2, 1;\n"
                     "setp.ne.u32 %p, %r2, 0;\n@%p bra LOOP;\n"
                     "st.global.u32 [%a], %r2;\n";
  std::string even = makeGridKernel("mov.u32 %r2, 5000;\n" + loop);
  std::string growing =
      makeGridKernel("mad.lo.u32 %r2, %b, 1000, 10;\n" + loop);
  // Two warps, 3 instructions a trip, and 9 around them.
  constexpr uint64_t perBlock = 2 * (3 * 5000 + 9);
  for (unsigned numThreads : {1, 2, 5}) {
    EmulatorOptions options;
    options.numHostThreads = numThreads;
    options.instructionBudget = 20 * perBlock;
    EXPECT_EQ(observe(even, gridLaunch(20), options).overBudget, std::nullopt);
    options.instructionBudget -= 1;
    Observation over = observe(even, gridLaunch(20), options);
    EXPECT_EQ(over.overBudget, 20 * perBlock);
    EXPECT_EQ(over.reports, "[]");
    options.instructionBudget = 300000;
    EXPECT_TRUE(observe(growing, gridLaunch(20), options).overBudget);
    options.instructionBudget = 1500000;
    EXPECT_FALSE(observe(growing, gridLaunch(20), options).overBudget);
  }
}

TEST(HostThreadsTest, Clusters) {
  EmulatorLaunch launch;
  launch.entry = "distributedShared";
  launch.grid = {32, 1, 1};
  launch.block = {32, 1, 1};
  // The sums lie behind 1024 words of results; the input is what is there.
  std::string ptx = readSource("test/Emulator/Corpus/Hopper.ptx");
  Emulator emulator;
  uint64_t out = emulator.allocate(kOutputBytes);
  launch.addArgument(out + kOutputBytes / 2);
  EXPECT_NO_FATAL_FAILURE(expectNoDifference(ptx, launch));
}
