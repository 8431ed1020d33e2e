//===- Compare.cpp - the emulator beside what a GPU computed --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   compare-measured PACK [--show=N] [--places=N] [--hash] [--keep=OUT] [NAME]
//
// Runs the cases of a pack (unpacked by gunzip) whose names contain NAME and
// prints how many words differ, with the first N. --places lets results of f32
// differ by as many last places. --hash prints the hashes of
// the GPU's results, which unittests/Emulator/MeasuredTest.cpp knows. --keep
// writes a pack of the cases that differ.
//
//===----------------------------------------------------------------------===//

#include "Cases.h"
#include "tk/Emulator/Emulator.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace measure;

namespace {

llvm::ArrayRef<uint8_t> bytesOf(const Words &words) {
  return {reinterpret_cast<const uint8_t *>(words.data()), words.size() * 4};
}

/// What the emulator writes; empty with a message if it refuses.
Words emulate(const Case &test, const Words &input) {
  using namespace mlir::tk;
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module =
      emulator.load(test.ptx, test.name + ".ptx");
  if (!module) {
    llvm::errs() << llvm::toString(module.takeError()) << "\n";
    return {};
  }
  Words output(size_t(test.grid) * test.block * test.outputWords);
  uint64_t in = emulator.allocate(input.size() * 4, "input");
  uint64_t out = emulator.allocate(output.size() * 4, "output");
  llvm::cantFail(emulator.write(in, bytesOf(input)));
  EmulatorLaunch launch;
  launch.entry = "case";
  launch.grid = {test.grid, 1, 1};
  launch.block = {test.block, 1, 1};
  launch.addArgument(in);
  launch.addArgument(out);
  llvm::Expected<EmulatorResult> result = emulator.launch(**module, launch);
  if (!result) {
    llvm::errs() << llvm::toString(result.takeError()) << "\n";
    return {};
  }
  for (const EmulatorReport &report : result->reports)
    llvm::errs() << test.name << ": " << report.rule << ": " << report.detail
                 << "\n";
  llvm::cantFail(emulator.read(
      out, {reinterpret_cast<uint8_t *>(output.data()), output.size() * 4}));
  return output;
}

/// Places between two numbers of f32; none if one is not finite or the signs
/// differ and they are not tiny.
std::optional<uint32_t> placesBetween(uint32_t a, uint32_t b) {
  constexpr uint32_t infinity = 0x7F800000;
  if ((a & 0x7FFFFFFF) >= infinity || (b & 0x7FFFFFFF) >= infinity)
    return std::nullopt;
  auto order = [](uint32_t bits) {
    return bits & 0x80000000 ? -int64_t(bits & 0x7FFFFFFF) : int64_t(bits);
  };
  int64_t distance = order(a) - order(b);
  return static_cast<uint32_t>(distance < 0 ? -distance : distance);
}

/// The PTX that computes and stores a word: the lines since the store before.
void printSource(const Case &test, size_t word) {
  std::string address =
      word ? "[%at1+" + std::to_string(4 * word) + "]" : "[%at1";
  size_t at = test.ptx.find("st.global.b32 " + address);
  if (at == std::string::npos)
    return;
  size_t end = test.ptx.find('\n', at);
  size_t start = test.ptx.rfind("st.global", at - 1);
  start = start == std::string::npos ? at : test.ptx.find('\n', start) + 1;
  printf("%s\n", test.ptx.substr(start, end - start).c_str());
}

/// The words that differ; the first `show` with their inputs.
size_t compare(const Case &test, const Words &input, const Words &output,
               unsigned show, uint32_t tolerance) {
  uint32_t largest = 0;
  size_t numDifferent = 0, firstWord = test.outputWords;
  size_t perThread = input.size() / (size_t(test.grid) * test.block);
  for (size_t i = 0; i < output.size(); ++i) {
    if (output[i] == test.output[i])
      continue;
    std::optional<uint32_t> places = placesBetween(output[i], test.output[i]);
    if (places && *places <= tolerance) {
      largest = std::max(largest, *places);
      continue;
    }
    firstWord = std::min<size_t>(firstWord, i % test.outputWords);
    if (numDifferent++ >= show)
      continue;
    size_t thread = i / test.outputWords;
    printf("    thread %zu word %zu: %08x, the GPU gave %08x; inputs", thread,
           i % test.outputWords, output[i], test.output[i]);
    for (size_t w = 0; w < perThread && w < 8; ++w)
      printf(" %08x", input[thread * perThread + w]);
    printf("\n");
  }
  if (numDifferent && show) {
    printf("  the first word that differs is %zu:\n", firstWord);
    printSource(test, firstWord);
  }
  if (largest)
    printf("%s: up to %u places\n", test.name.c_str(), largest);
  return numDifferent;
}

} // namespace

int main(int argc, char **argv) {
  unsigned show = 0;
  uint32_t tolerance = 0;
  bool isHash = false;
  const char *path = nullptr, *part = "";
  std::string keptPath;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--show="))
      show = strtoul(argument.data(), nullptr, 10);
    else if (argument.consume_front("--places="))
      tolerance = strtoul(argument.data(), nullptr, 10);
    else if (argument.consume_front("--keep="))
      keptPath = argument.str();
    else if (argument == "--hash")
      isHash = true;
    else
      (path ? part : path) = argv[i];
  }
  if (!path) {
    fprintf(stderr,
            "usage: compare-measured PACK [--show=N] [--places=N] [--hash] "
            "[--keep=OUT] [NAME]\n");
    return 2;
  }
  Pack pack = readPack(path);
  Pack kept;
  kept.inputs = pack.inputs;
  size_t numCases = 0, numBad = 0;
  for (const Case &test : pack.cases) {
    if (test.output.empty() || test.name.find(part) == std::string::npos)
      continue;
    if (isHash) {
      printf("%016llx %s\n",
             static_cast<unsigned long long>(
                 llvm::xxh3_64bits(bytesOf(test.output))),
             test.name.c_str());
      continue;
    }
    ++numCases;
    const Words &input = pack.inputs[test.input];
    Words output = emulate(test, input);
    if (output.empty()) {
      ++numBad;
      continue;
    }
    size_t numDifferent = compare(test, input, output, show, tolerance);
    if (!numDifferent)
      continue;
    ++numBad;
    kept.cases.push_back(test);
    printf("%s: %zu of %zu words differ\n", test.name.c_str(), numDifferent,
           output.size());
  }
  if (!keptPath.empty())
    writePack(keptPath, kept);
  if (!isHash)
    printf("%zu of %zu cases differ\n", numBad, numCases);
  return numBad != 0;
}
