//===- MatrixCases.cpp - matrix instructions to measure -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Cases.h"

using namespace measure;

uint32_t measure::drawFloat(Random &random, Format format, Style style,
                            bool isResult) {
  const int bias = (1 << (format.exponentBits - 1)) - 1;
  const int maxExponent =
      (1 << format.exponentBits) - (format.isFiniteOnly ? 1 : 2);
  auto pack = [&](uint32_t sign, int exponent, uint32_t mantissa) {
    if (exponent < 0)
      exponent = 0;
    if (exponent > maxExponent)
      exponent = maxExponent;
    mantissa &= (1u << format.mantissaBits) - 1;
    if (format.isFiniteOnly && exponent == maxExponent &&
        mantissa == (1u << format.mantissaBits) - 1)
      mantissa = 0;
    return sign << (format.width() - 1) |
           uint32_t(exponent) << format.mantissaBits | mantissa;
  };
  auto around = [&](int radius) {
    return bias + int(random.below(2 * radius + 1)) - radius;
  };
  uint32_t sign = random.next() & 1, mantissa = random.next();
  switch (style) {
  case Style::NearOne:
    return pack(sign, around(isResult ? 12 : 3), mantissa);
  case Style::Wide:
    return pack(sign, 1 + random.below(maxExponent), mantissa);
  case Style::Medium:
    return pack(sign, around(isResult ? 30 : 12), mantissa);
  case Style::Sparse:
    if (random.next() & 1)
      return pack(sign, 0, 0);
    return pack(sign, around(isResult ? 30 : 5), mantissa);
  case Style::Subnormal:
    return pack(sign, random.below(isResult ? 40 : 5), mantissa);
  case Style::Special: {
    if (random.below(20))
      return pack(sign, around(4), mantissa);
    uint32_t infinity = ((1u << format.exponentBits) - 1)
                        << format.mantissaBits;
    uint32_t nan = infinity | ((1u << format.mantissaBits) - 1);
    bool isNan = format.isFiniteOnly || !random.below(4);
    return sign << (format.width() - 1) | (isNan ? nan : infinity);
  }
  case Style::Cancelling:
    return pack(sign, bias + random.below(2),
                (random.next() & 1) ? mantissa & 3 : 0);
  case Style::SmallIntegers: {
    static const int exponents[] = {0, 0, 1, 1, 2};
    uint32_t half = 1u << (format.mantissaBits - 1);
    unsigned magnitude = random.below(5);
    if (!magnitude)
      return pack(sign, 0, 0);
    return pack(sign, bias + exponents[magnitude], magnitude == 3 ? half : 0);
  }
  case Style::OneDominates:
    return pack(sign, random.below(12) ? around(5) : bias + 9, mantissa);
  }
  return 0;
}

namespace {

/// How a fragment is filled: a float format (elements packed into words), or
/// random words.
struct Filler {
  bool isFloat = false;
  Format format{};
};

void fill(Random &random, Filler filler, Style style, bool isResult,
          unsigned count, Words &words) {
  for (unsigned i = 0; i < count; ++i) {
    if (!filler.isFloat) {
      words.push_back(random.next());
      continue;
    }
    unsigned width = filler.format.width();
    if (width == 19) { // tf32 lies in the upper bits of a word.
      uint32_t low = random.next() & 0x1FFF;
      words.push_back(drawFloat(random, filler.format, style, isResult) << 13 |
                      low);
      continue;
    }
    uint32_t word = 0;
    for (unsigned bit = 0; bit < 32; bit += width)
      word |= drawFloat(random, filler.format, style, isResult) << bit;
    words.push_back(word);
  }
}

/// A double near one, drawn by words.
void fillDouble(Random &random, Style style, unsigned count, Words &words) {
  for (unsigned i = 0; i < count; i += 2) {
    uint32_t radius = style == Style::Wide ? 400 : 12;
    uint32_t exponent = 1023 - radius + random.below(2 * radius + 1);
    if (style == Style::Special && !random.below(20))
      exponent = 2047;
    words.push_back(random.next());
    words.push_back((random.next() & 0x800FFFFF) | exponent << 20);
  }
}

struct MmaCase {
  const char *instruction;
  unsigned a, b, c, d;
  Filler operandA{}, operandB{}, result{};
  bool isDouble = false;
  const char *version = "8.4";
};

std::string braces(const std::string &prefix, unsigned first, unsigned count) {
  std::string text = "{";
  for (unsigned i = 0; i < count; ++i)
    text += (i ? ", " : "") + prefix + std::to_string(first + i);
  return text + "}";
}

/// Types of registers: .f32 accumulators must be declared so.
std::string buildMma(const MmaCase &test) {
  bool isF32 = test.result.isFloat && test.result.format.width() == 32;
  const char *type = test.isDouble ? ".f64" : isF32 ? ".f32" : ".b32";
  const char *move = test.isDouble ? "mov.b64" : "mov.b32";
  unsigned words = test.isDouble ? 2 : 1;
  unsigned a = test.a / words, b = test.b / words, c = test.c / words,
           d = test.d / words;
  std::string operandType = test.isDouble ? ".f64" : ".b32";
  std::string declarations = "  .reg " + operandType + " %a<" +
                             std::to_string(a + b + 1) + ">;\n  .reg " + type +
                             " %c<" + std::to_string(c + d + 1) + ">;\n";
  std::string body;
  auto load = [&](const std::string &to, unsigned word) {
    body += std::string("  ") + move + " " + to + ", " +
            (words == 2 ? braces("%w", word, 2) : "%w" + std::to_string(word)) +
            ";\n";
  };
  for (unsigned i = 0; i < a + b; ++i)
    load("%a" + std::to_string(i), i * words);
  for (unsigned i = 0; i < c; ++i)
    load("%c" + std::to_string(i), (a + b + i) * words);
  body += std::string("  ") + test.instruction + " " + braces("%c", c, d) +
          ", " + braces("%a", 0, a) + ", " + braces("%a", a, b) + ", " +
          braces("%c", 0, c) + ";\n";
  for (unsigned i = 0; i < d; ++i) {
    std::string from = "%c" + std::to_string(c + i);
    body += words == 2
                ? "  mov.b64 " + braces("%o", 2 * i, 2) + ", " + from + ";\n"
                : "  mov.b32 %o" + std::to_string(i) + ", " + from + ";\n";
  }
  return buildKernel(test.a + test.b + test.c, test.d, declarations, body,
                     test.version);
}

constexpr Filler bits{};
constexpr Filler half{true, f16}, brain{true, bf16}, tensorFloat{true, tf32},
    single{true, f32}, fp8a{true, e4m3}, fp8b{true, e5m2};

const MmaCase mmaCases[] = {
    {"mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32", 2, 2, 8, 8, half, half,
     single},
    {"mma.sync.aligned.m8n8k4.col.row.f32.f16.f16.f32", 2, 2, 8, 8, half, half,
     single},
    {"mma.sync.aligned.m8n8k4.row.row.f16.f16.f16.f16", 2, 2, 4, 4, half, half,
     half},
    {"mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16", 2, 1, 2, 2, half, half,
     half},
    {"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", 2, 1, 4, 4, half, half,
     single},
    {"mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 4, 2, 2, 2, half,
     half, half},
    {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4, 2, 4, 4, half,
     half, single},
    {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 2, 1, 4, 4, brain,
     brain, single},
    {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2, 4, 4, brain,
     brain, single},
    {"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 2, 1, 4, 4,
     tensorFloat, tensorFloat, single},
    {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 4, 2, 4, 4,
     tensorFloat, tensorFloat, single},
    {"mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32", 4, 2, 4, 4, fp8a,
     fp8a, single},
    {"mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e4m3.f32", 4, 2, 4, 4, fp8b,
     fp8a, single},
    {"mma.sync.aligned.m16n8k32.row.col.f32.e5m2.e5m2.f32", 4, 2, 4, 4, fp8b,
     fp8b, single},
    {"mma.sync.aligned.m16n8k32.row.col.f16.e4m3.e5m2.f16", 4, 2, 2, 2, fp8a,
     fp8b, half, false, "8.7"},
    {"mma.sync.aligned.m16n8k16.row.col.f32.e4m3.e4m3.f32", 2, 1, 4, 4, fp8a,
     fp8a, single, false, "8.7"},
    {"mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", 2, 2, 4, 4, bits, bits,
     bits, true},
    {"mma.sync.aligned.m16n8k4.row.col.f64.f64.f64.f64", 4, 2, 8, 8, bits, bits,
     bits, true},
    {"mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64", 8, 4, 8, 8, bits, bits,
     bits, true},
    {"mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64", 16, 8, 8, 8, bits,
     bits, bits, true},
    {"mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32", 1, 1, 2, 2},
    {"mma.sync.aligned.m16n8k16.row.col.s32.s8.u8.s32", 2, 1, 4, 4},
    {"mma.sync.aligned.m16n8k32.row.col.satfinite.s32.u8.s8.s32", 4, 2, 4, 4},
    {"mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32", 4, 2, 4, 4},
    {"mma.sync.aligned.m8n8k32.row.col.s32.s4.s4.s32", 1, 1, 2, 2},
    {"mma.sync.aligned.m16n8k32.row.col.s32.s4.u4.s32", 2, 1, 4, 4},
    {"mma.sync.aligned.m16n8k64.row.col.satfinite.s32.u4.s4.s32", 4, 2, 4, 4},
    {"mma.sync.aligned.m8n8k128.row.col.s32.b1.b1.s32.xor.popc", 1, 1, 2, 2},
    {"mma.sync.aligned.m16n8k128.row.col.s32.b1.b1.s32.and.popc", 2, 1, 4, 4},
    {"mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.xor.popc", 4, 2, 4, 4},
};

} // namespace

Pack measure::buildMatrixCases() {
  Pack pack;
  for (const MmaCase &mma : mmaCases) {
    Case test;
    test.name = mma.instruction;
    test.ptx = buildMma(mma);
    test.grid = mma.operandA.isFloat ? 16 * numStyles : 24;
    test.outputWords = mma.d;
    test.input = pack.inputs.size();
    Random random(test.input + 1);
    Words words;
    for (unsigned thread = 0; thread < test.grid * 32; ++thread) {
      Style style = Style((thread / 32) % numStyles);
      if (mma.isDouble) {
        fillDouble(random, style, mma.a + mma.b + mma.c, words);
        continue;
      }
      fill(random, mma.operandA, style, false, mma.a, words);
      fill(random, mma.operandB, style, false, mma.b, words);
      fill(random, mma.result, style, true, mma.c, words);
    }
    pack.inputs.push_back(std::move(words));
    pack.cases.push_back(std::move(test));
  }
  return pack;
}
