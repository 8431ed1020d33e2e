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
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

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
measure::Words run(const measure::Case &test, const measure::Words &input) {
  measure::Words output(size_t(test.grid) * test.block * test.outputWords);
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module =
      emulator.load(test.ptx, test.name + ".ptx");
  if (!module) {
    ADD_FAILURE() << llvm::toString(module.takeError());
    return output;
  }
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
  if (!result) {
    ADD_FAILURE() << llvm::toString(result.takeError());
    return output;
  }
  for (const EmulatorReport &report : result->reports)
    ADD_FAILURE() << PtxRun::describe(report);
  llvm::MutableArrayRef<uint8_t> bytes(
      reinterpret_cast<uint8_t *>(output.data()), output.size() * 4);
  EXPECT_EQ(takeMessage(emulator.read(out, bytes)), "");
  return output;
}

void expectMeasured(const measure::Case &test, const measure::Words &input,
                    uint64_t hash) {
  EXPECT_EQ(llvm::xxh3_64bits(bytesOf(run(test, input))), hash) << test.name;
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

//===----------------------------------------------------------------------===//
// Approximations
//===----------------------------------------------------------------------===//

namespace {

/// How far the emulator may be from what the GPU gave: places of the result, or
/// else a part of it and an absolute error. The latter are the bounds of
/// PTX ISA 9.7.3, for an H100 keeps them and the emulator is nearly exact.
struct Bound {
  const char *instruction;
  unsigned places;
  double relative, absolute;
};

enum class Format { Single, Double, Half, Brain };

struct Number {
  double value;
  /// Neighbours differ by one; the sign is that of the number.
  int64_t place;
};

} // namespace

static constexpr Bound bounds[] = {
    {"ex2.approx.f16", 1, 0, 0},
    {"tanh.approx.f16", 1, 0, 0},
    {"ex2.approx.ftz.bf16", 1, 0, 0},
    {"tanh.approx.bf16", 1, 0, 0},
    {"rcp.approx.ftz.f64", 0, 0x1p-20, 0},
    {"rsqrt.approx.f64", 0, 0x1p-22, 0},
    {"rsqrt.approx.ftz.f64", 0, 0x1p-20, 0},
    {"ex2.", 2, 0, 0},
    {"rcp.", 1, 0, 0},
    {"rsqrt.", 2, 0, 0},
    {"sqrt.", 1, 0, 0},
    {"div.", 2, 0, 0},
    {"lg2.", 0, 0x1p-22, 0x1p-22},
    {"sin.", 0, 0, 0x1p-20},
    {"cos.", 0, 0, 0x1p-20},
    {"tanh.", 0, 0x1p-11, 0},
};

static Format formatOf(llvm::StringRef instruction) {
  if (instruction.contains(".bf16"))
    return Format::Brain;
  if (instruction.contains(".f16"))
    return Format::Half;
  return instruction.contains(".f64") ? Format::Double : Format::Single;
}

/// Of the first words of `words`.
static Number readNumber(Format format, const uint32_t *words) {
  const llvm::fltSemantics *semantics = nullptr;
  unsigned width = 16;
  uint64_t bits = words[0] & 0xFFFF;
  switch (format) {
  case Format::Single:
    semantics = &llvm::APFloat::IEEEsingle();
    width = 32;
    bits = words[0];
    break;
  case Format::Double:
    semantics = &llvm::APFloat::IEEEdouble();
    width = 64;
    bits = words[0] | uint64_t(words[1]) << 32;
    break;
  case Format::Half:
    semantics = &llvm::APFloat::IEEEhalf();
    break;
  case Format::Brain:
    semantics = &llvm::APFloat::BFloat();
    break;
  }
  uint64_t magnitude = bits & ~(uint64_t(1) << (width - 1));
  Number number;
  number.value =
      llvm::APFloat(*semantics, llvm::APInt(width, bits)).convertToDouble();
  number.place = bits >> (width - 1) ? -int64_t(magnitude) : int64_t(magnitude);
  return number;
}

static bool isWithin(const Bound &bound, const Number &gpu,
                     const Number &emulator) {
  if (std::isnan(gpu.value) || std::isnan(emulator.value))
    return std::isnan(gpu.value) && std::isnan(emulator.value);
  if (bound.places)
    return std::abs(gpu.place - emulator.place) <= bound.places;
  return gpu.value == emulator.value ||
         std::fabs(gpu.value - emulator.value) <=
             std::fabs(gpu.value) * bound.relative + bound.absolute;
}

// Not the bits of the GPU, but near them: special values, subnormals and
// numbers of all magnitudes. measured/approximation.txt has for each
// instruction what an H100 gave to the first 256 threads.
TEST(MeasuredTest, ApproximationsAreNearThoseOfTheGpu) {
  auto file = llvm::MemoryBuffer::getFile(
      TK_SOURCE_DIR "/test/Emulator/Measured/approximation.txt");
  ASSERT_TRUE(bool(file));
  llvm::StringMap<llvm::StringRef> measured;
  llvm::SmallVector<llvm::StringRef, 0> lines;
  (*file)->getBuffer().split(lines, '\n', -1, false);
  for (llvm::StringRef line : lines)
    measured[line.split(' ').first] = line.split(' ').second;
  measure::Pack pack = measure::buildApproximationCases();
  EXPECT_EQ(measured.size(), pack.cases.size());
  for (const measure::Case &test : pack.cases) {
    const Bound *bound = llvm::find_if(bounds, [&](const Bound &bound) {
      return llvm::StringRef(test.name).starts_with(bound.instruction);
    });
    ASSERT_NE(bound, std::end(bounds)) << test.name;
    llvm::SmallVector<llvm::StringRef, 0> words;
    measured[test.name].split(words, ' ');
    ASSERT_EQ(words.size(), 256 * test.outputWords) << test.name;
    const measure::Words &input = pack.inputs[test.input];
    measure::Words output = run(test, input);
    Format format = formatOf(test.name);
    for (size_t i = 0; i < words.size(); i += test.outputWords) {
      uint32_t given[2] = {};
      for (unsigned part = 0; part < test.outputWords; ++part)
        ASSERT_FALSE(words[i + part].getAsInteger(16, given[part]));
      Number gpu = readNumber(format, given),
             emulator = readNumber(format, &output[i]);
      EXPECT_TRUE(isWithin(*bound, gpu, emulator))
          << test.name << ", thread " << i / test.outputWords << ": the GPU "
          << gpu.value << ", the emulator " << emulator.value << " inputs "
          << std::hex << input[8 * i / test.outputWords] << " "
          << input[8 * i / test.outputWords + 1];
    }
  }
}
