//===- MeasuredTest.cpp - the emulator gives what an H100 gave ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// utils/measure-ptx.sh ran one kernel for each instruction on an H100.
// test/Emulator/Measured holds the hashes of the results: the emulator must
// give the same bits. To see which differ, use compare-measured.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "measure-ptx/Cases.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"

using namespace mlir::tk;

namespace {

/// Lines of a hash and a name.
llvm::StringMap<uint64_t> readHashes(const std::string &group) {
  llvm::StringMap<uint64_t> hashes;
  auto file = llvm::MemoryBuffer::getFile(
      TK_SOURCE_DIR "/test/Emulator/Measured/" + group + ".txt");
  if (!file) {
    ADD_FAILURE() << file.getError().message();
    return hashes;
  }
  llvm::SmallVector<llvm::StringRef, 0> lines;
  (*file)->getBuffer().split(lines, '\n', -1, false);
  for (llvm::StringRef line : lines) {
    auto [hash, name] = line.split(' ');
    uint64_t value = 0;
    EXPECT_FALSE(hash.getAsInteger(16, value)) << line.str();
    hashes[name] = value;
  }
  return hashes;
}

llvm::ArrayRef<uint8_t> bytesOf(const measure::Words &words) {
  return {reinterpret_cast<const uint8_t *>(words.data()), words.size() * 4};
}

/// Runs a case, without checks: the values are in question here.
void expectMeasured(const measure::Case &test, const measure::Words &input,
                    uint64_t hash) {
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module =
      emulator.load(test.ptx, test.name + ".ptx");
  ASSERT_TRUE(bool(module)) << llvm::toString(module.takeError());
  measure::Words output(size_t(test.grid) * test.block * test.outputWords);
  uint64_t in = emulator.allocate(input.size() * 4, "input");
  uint64_t out = emulator.allocate(output.size() * 4, "output");
  EXPECT_EQ(takeMessage(emulator.write(in, bytesOf(input))), "");
  EmulatorLaunch launch;
  launch.entry = "case";
  launch.grid = {test.grid, 1, 1};
  launch.block = {test.block, 1, 1};
  launch.addArgument(in);
  launch.addArgument(out);
  EmulatorOptions options;
  options.checks.isOn = false;
  llvm::Expected<EmulatorResult> result =
      emulator.launch(**module, launch, options);
  ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
  for (const EmulatorReport &report : result->reports)
    ADD_FAILURE() << PtxRun::describe(report);
  llvm::MutableArrayRef<uint8_t> bytes(
      reinterpret_cast<uint8_t *>(output.data()), output.size() * 4);
  EXPECT_EQ(takeMessage(emulator.read(out, bytes)), "");
  EXPECT_EQ(llvm::xxh3_64bits(bytesOf(output)), hash) << test.name;
}

void expectGroup(const std::string &group, const measure::Pack &pack) {
  llvm::StringMap<uint64_t> hashes = readHashes(group);
  size_t numFound = 0;
  for (const measure::Case &test : pack.cases) {
    auto hash = hashes.find(test.name);
    if (hash == hashes.end())
      continue;
    ++numFound;
    expectMeasured(test, pack.inputs[test.input], hash->second);
  }
  EXPECT_EQ(numFound, hashes.size());
  EXPECT_GT(numFound, 0u);
}

} // namespace

TEST(MeasuredTest, ArithmeticIsThatOfTheGpu) {
  expectGroup("arithmetic", measure::buildArithmeticCases());
}

TEST(MeasuredTest, MatrixMultiplicationIsThatOfTheGpu) {
  expectGroup("matrix", measure::buildMatrixCases());
}

TEST(MeasuredTest, WarpgroupMultiplicationIsThatOfTheGpu) {
  expectGroup("warpgroup", measure::buildWarpgroupCases());
}

TEST(MeasuredTest, BoundaryOfSubnormalNumbersIsThatOfTheGpu) {
  expectGroup("boundary", measure::buildBoundaryCases());
}

/// Of 2000 programs that were measured, those of the first group and of the
/// last, which shows the payloads of NaN.
TEST(MeasuredTest, RandomProgramsComputeWhatTheGpuDoes) {
  measure::Pack pack = measure::buildRandomCases(0);
  measure::Pack last = measure::buildRandomCases(measure::numRandomGroups - 1);
  for (measure::Case &test : last.cases) {
    test.input += pack.inputs.size();
    pack.cases.push_back(std::move(test));
  }
  llvm::append_range(pack.inputs, last.inputs);
  expectGroup("random", pack);
}
