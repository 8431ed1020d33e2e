//===- LaneForms.h - instructions that work lane by lane, and inputs ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_UTILS_MEASUREPTX_LANEFORMS_H
#define TK_UTILS_MEASUREPTX_LANEFORMS_H

#include "Cases.h"

namespace measure {

/// What the operands of an instruction look like.
enum class Values : unsigned { Integers, Single, Double, Half, Brain, Fp8 };
inline constexpr unsigned numValues = 6;

struct LaneForm {
  Values values;
  /// `add.rn.f32`.
  std::string instruction;
  /// Result and sources: h, r, l of 16, 32, 64 bits; p a predicate. Further
  /// text stands for itself, so `r=rr` is "op d, a, b" and `r=rr,7` is
  /// "op d, a, b, 7".
  std::string signature;
  /// Of PTX, that knows it.
  std::string version;
};

/// Every form whose result is exact: those of buildArithmeticCases.
std::vector<LaneForm> listLaneForms();

/// One instruction in 4096 threads; its input is that of the number of
/// `form.values`.
Case buildCase(const LaneForm &form);

// Random numbers whose exponents lie close, halfway cases of narrower formats,
// and every kind of special value.
uint32_t drawInteger(Random &random);
uint32_t drawSingle(Random &random);
uint64_t drawDouble(Random &random);
/// A number of 16 bits.
uint32_t drawNarrow(Random &random, unsigned exponentBits);

} // namespace measure

#endif // TK_UTILS_MEASUREPTX_LANEFORMS_H
