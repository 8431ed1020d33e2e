//===- Cases.h - instructions to run on a GPU, with their inputs ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case is a PTX module of one kernel, `case(input, output)`. Every thread
// reads `inputWords` 32-bit words and writes `outputWords`. What a GPU wrote
// is what the emulator must write.
//
//===----------------------------------------------------------------------===//

#ifndef TK_UTILS_MEASUREPTX_CASES_H
#define TK_UTILS_MEASUREPTX_CASES_H

#include <cstdint>
#include <string>
#include <vector>

namespace measure {

using Words = std::vector<uint32_t>;

struct Case {
  std::string name;
  std::string ptx;
  unsigned grid = 1;
  unsigned block = 32;
  /// Index into Pack::inputs: many cases share one.
  unsigned input = 0;
  uint32_t outputWords = 0;
  /// Empty if the driver refused the module.
  Words output;
};

/// One file. Little endian: the magic "tkptx001"; number of inputs, each its
/// number of words (u32) and the words; number of cases, each name and PTX
/// (u32 length, bytes), grid, block, input, outputWords, number of words of
/// the output, and the words.
struct Pack {
  /// Of ptxas in the driver; not in the file. At higher levels it changes what
  /// some sequences compute.
  unsigned optimizationLevel = 4;
  std::vector<Words> inputs;
  std::vector<Case> cases;
};

// Both end the process with a message if they cannot.
Pack readPack(const std::string &path);
void writePack(const std::string &path, const Pack &pack);

/// A generator of our own: the same numbers everywhere.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 0x9E3779B97F4A7C15ull + 1) {}
  uint32_t next() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    uint32_t x = static_cast<uint32_t>(((state >> 18) ^ state) >> 27);
    unsigned rotation = state >> 59;
    return (x >> rotation) | (x << ((32 - rotation) & 31));
  }
  uint32_t below(uint32_t bound) {
    return static_cast<uint32_t>((uint64_t(next()) * bound) >> 32);
  }

private:
  uint64_t state;
};

/// The kernel around `body`, which reads the .b32 registers %w0... and writes
/// %o0... `declarations` stand before it. `isStored`: the body itself stores
/// its results, from [%at1] on.
std::string buildKernel(unsigned inputWords, unsigned outputWords,
                        const std::string &declarations,
                        const std::string &body,
                        const std::string &version = "8.4",
                        bool isStored = false);

/// `mma.sync`.
Pack buildMatrixCases();
/// `wgmma`: numbers, then layouts of shared memory.
Pack buildWarpgroupCases();
/// Everything that works lane by lane and is exact.
Pack buildArithmeticCases();
/// Results next to the smallest normal number.
Pack buildBoundaryCases();
/// 200 straight-line programs of such instructions. Those of the last group
/// show which NaN of f64 comes out, which ptxas does not always leave alone.
Pack buildRandomCases(unsigned group);
inline constexpr unsigned numRandomGroups = 10;
/// ex2, lg2, rcp, rsqrt, sqrt, sin, cos, tanh, div.
Pack buildApproximationCases();

/// How the elements of a matrix are drawn.
enum class Style : unsigned {
  NearOne,
  Wide,
  Medium,
  Sparse,
  Subnormal,
  Special,
  Cancelling,
  SmallIntegers,
  OneDominates,
};
inline constexpr unsigned numStyles = 9;

/// A floating-point format of up to 32 bits.
struct Format {
  unsigned exponentBits;
  unsigned mantissaBits;
  /// e4m3: no infinity, one NaN.
  bool isFiniteOnly = false;
  unsigned width() const { return 1 + exponentBits + mantissaBits; }
};
inline constexpr Format f16{5, 10}, bf16{8, 7}, tf32{8, 10}, f32{8, 23},
    e4m3{4, 3, true}, e5m2{5, 2};

/// One element; `isResult`: of the matrix that is added.
uint32_t drawFloat(Random &random, Format format, Style style, bool isResult);

} // namespace measure

#endif // TK_UTILS_MEASUREPTX_CASES_H
