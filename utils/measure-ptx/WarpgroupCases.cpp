//===- WarpgroupCases.cpp - wgmma to measure ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shared memory is an image that the threads bring along, so a case says what
// a descriptor reads, whatever it is meant to mean. The cases of layouts hold
// small integers: their sums are exact, and only the places matter.
//
//===----------------------------------------------------------------------===//

#include "Cases.h"

using namespace measure;

namespace {

struct Operand {
  /// Bytes from the start of the image.
  unsigned start;
  unsigned leading, stride;
  /// 0 none, 1 128 B, 2 64 B, 3 32 B.
  unsigned swizzle;
  unsigned baseOffset = 0;
};

struct WgmmaCase {
  std::string name;
  /// "f32.bf16.bf16".
  std::string types;
  unsigned n, k;
  Operand a, b;
  /// Words of the image for each of the 128 threads.
  unsigned imageWords;
  Format format;
  /// Fewer bits than a word that hold no float: integers.
  bool isInteger = false;
  bool isRegisterA = false;
  bool scaleD = true;
  int scaleA = 1, scaleB = 1;
  /// -1: the type has no such flags.
  int transposeA = -1, transposeB = -1;
  bool isSatfinite = false;
  /// Words of accumulators a thread.
  unsigned accumulators() const {
    return types.substr(0, 3) == "f16" ? n / 4 : n / 2;
  }
};

uint64_t descriptorBits(const Operand &operand) {
  return uint64_t(operand.leading >> 4) << 16 |
         uint64_t(operand.stride >> 4) << 32 |
         uint64_t(operand.baseOffset) << 49 | uint64_t(operand.swizzle) << 62;
}

std::string number(uint64_t value) { return std::to_string(value); }

/// The image goes to shared memory: word i of thread t at 4 * (128 * i + t).
std::string buildImage(unsigned words, unsigned firstWord) {
  std::string body = "  shl.b32 %i0, %thread2, 2;\n  mov.u32 %i1, image;\n"
                     "  add.u32 %i0, %i0, %i1;\n  cvt.u64.u32 %image, %i1;\n";
  for (unsigned i = 0; i < words; ++i)
    body += "  st.shared.b32 [%i0+" + number(512 * i) + "], %w" +
            number(firstWord + i) + ";\n";
  return body + "  fence.proxy.async;\n  bar.sync 0;\n";
}

std::string buildDescriptor(const std::string &name, const Operand &operand) {
  return "  add.u64 %t0, %image, " + number(operand.start) +
         ";\n  shr.u64 %t0, %t0, 4;\n  and.b64 %t0, %t0, 0x3FFF;\n  or.b64 " +
         name + ", %t0, " + number(descriptorBits(operand)) + ";\n";
}

std::string buildWgmma(const WgmmaCase &test) {
  unsigned numA = test.isRegisterA ? 4 : 0, numC = test.accumulators();
  bool isF32 = test.types.substr(0, 3) == "f32";
  std::string declarations =
      "  .shared .align 1024 .b8 image[" + number(test.imageWords * 512) +
      "];\n  .reg .b32 %i<2>;\n  .reg .b64 %image, %t<2>, %descA, %descB;\n"
      "  .reg .pred %scale;\n  .reg " +
      (isF32 ? ".f32" : ".b32") + " %c<" + number(numC + 1) + ">;\n";
  std::string body = buildImage(test.imageWords, numA + numC);
  body += buildDescriptor("%descA", test.a) + buildDescriptor("%descB", test.b);
  for (unsigned i = 0; i < numC; ++i)
    body += "  mov.b32 %c" + number(i) + ", %w" + number(numA + i) + ";\n";
  body += "  setp.ne.b32 %scale, " + number(test.scaleD) + ", 0;\n";
  body += "  wgmma.fence.sync.aligned;\n  wgmma.mma_async.sync.aligned.m64n" +
          number(test.n) + "k" + number(test.k) +
          (test.isSatfinite ? ".satfinite." : ".") + test.types + " {";
  for (unsigned i = 0; i < numC; ++i)
    body += (i ? ", %c" : "%c") + number(i);
  body += test.isRegisterA ? "}, {%w0, %w1, %w2, %w3}, " : "}, %descA, ";
  body += "%descB, %scale";
  if (!test.isInteger)
    body +=
        ", " + std::to_string(test.scaleA) + ", " + std::to_string(test.scaleB);
  if (test.transposeA >= 0)
    body += ", " + number(test.transposeA);
  if (test.transposeB >= 0)
    body += ", " + number(test.transposeB);
  body += ";\n  wgmma.commit_group.sync.aligned;\n"
          "  wgmma.wait_group.sync.aligned 0;\n";
  for (unsigned i = 0; i < numC; ++i)
    body += "  mov.b32 %o" + number(i) + ", %c" + number(i) + ";\n";
  return buildKernel(numA + numC + test.imageWords, numC, declarations, body);
}

uint32_t drawWord(Random &random, const WgmmaCase &test, Style style) {
  if (test.isInteger)
    return random.next();
  unsigned width = test.format.width();
  if (width == 19)
    return drawFloat(random, test.format, style, false) << 13 |
           (random.next() & 0x1FFF);
  uint32_t word = 0;
  for (unsigned bit = 0; bit < 32; bit += width)
    word |= drawFloat(random, test.format, style, false) << bit;
  return word;
}

uint32_t drawAccumulator(Random &random, const WgmmaCase &test, Style style) {
  if (test.isInteger)
    return random.next();
  if (test.types.substr(0, 3) == "f32")
    return drawFloat(random, f32, style, true);
  uint32_t low = drawFloat(random, f16, style, true);
  return low | drawFloat(random, f16, style, true) << 16;
}

void add(Pack &pack, const WgmmaCase &test, unsigned numBlocks,
         const Style *onlyStyle) {
  Case result;
  result.name = test.name;
  result.ptx = buildWgmma(test);
  result.grid = numBlocks;
  result.block = 128;
  result.outputWords = test.accumulators();
  result.input = pack.inputs.size();
  Random random(1000 + result.input);
  Words words;
  for (unsigned thread = 0; thread < numBlocks * 128; ++thread) {
    Style style = onlyStyle ? *onlyStyle : Style((thread / 128) % numStyles);
    for (unsigned i = 0; i < (test.isRegisterA ? 4u : 0u); ++i)
      words.push_back(drawWord(random, test, style));
    for (unsigned i = 0; i < test.accumulators(); ++i)
      words.push_back(drawAccumulator(random, test, style));
    for (unsigned i = 0; i < test.imageWords; ++i)
      words.push_back(drawWord(random, test, style));
  }
  pack.inputs.push_back(std::move(words));
  pack.cases.push_back(std::move(result));
}

/// K-major without swizzle: 8 rows of 16 bytes are 128 contiguous bytes.
constexpr Operand plainA{0, 128, 256, 0}, plainB{2048, 128, 256, 0};

struct NumberCase {
  const char *types;
  unsigned k;
  Format format;
  bool isInteger;
};
const NumberCase numberCases[] = {
    {"f32.f16.f16", 16, f16, false},    {"f16.f16.f16", 16, f16, false},
    {"f32.bf16.bf16", 16, bf16, false}, {"f32.tf32.tf32", 8, tf32, false},
    {"f32.e4m3.e4m3", 32, e4m3, false}, {"f32.e5m2.e4m3", 32, e5m2, false},
    {"f16.e5m2.e5m2", 32, e5m2, false}, {"f16.e4m3.e4m3", 32, e4m3, false},
    {"s32.s8.s8", 32, e4m3, true},      {"s32.u8.s8", 32, e4m3, true},
};

void addNumbers(Pack &pack) {
  for (const NumberCase &number : numberCases) {
    WgmmaCase test;
    test.types = number.types;
    test.name = "numbers-" + test.types;
    test.n = 16;
    test.k = number.k;
    test.a = plainA;
    test.b = plainB;
    test.imageWords = 6;
    test.format = number.format;
    test.isInteger = number.isInteger;
    if (number.k == 16)
      test.transposeA = test.transposeB = 0;
    add(pack, test, number.isInteger ? 6 : 8 * numStyles, nullptr);
    WgmmaCase registers = test;
    registers.name += "-registers";
    registers.isRegisterA = true;
    registers.transposeA = -1;
    if (!number.isInteger) {
      registers.scaleA = -1;
    } else {
      registers.isSatfinite = true;
    }
    add(pack, registers, numStyles, nullptr);
    registers.name += "-negated";
    registers.isRegisterA = false;
    registers.transposeA = test.transposeA;
    registers.scaleB = -1;
    registers.scaleD = false;
    add(pack, registers, numStyles, nullptr);
  }
}

/// bf16 with every swizzle and major-ness; the strides differ from each other
/// and from what is usual, so each shows what it does.
void addLayouts(Pack &pack) {
  const Style integers = Style::SmallIntegers;
  for (unsigned swizzle = 0; swizzle < 4; ++swizzle)
    for (unsigned transpose = 0; transpose < 4; ++transpose)
      for (unsigned n : {8u, 64u, 152u, 256u})
        for (unsigned variant = 0; variant < 3; ++variant) {
          WgmmaCase test;
          test.name = "layout-swizzle" + number(swizzle) + "-transpose" +
                      number(transpose) + "-n" + number(n) + "-variant" +
                      number(variant);
          test.types = "f32.bf16.bf16";
          test.n = n;
          test.k = 16;
          test.transposeA = transpose & 1;
          test.transposeB = transpose >> 1;
          test.imageWords = 80; // 40 KiB
          test.format = bf16;
          test.a = {0, 1024, 2048, swizzle};
          test.b = {8192, 512, 768, swizzle};
          if (variant == 1) {
            test.a = {32, 2048, 1024, swizzle};
            test.b = {4096 + 64, 1024, 256, swizzle};
          }
          if (variant == 2) {
            test.a = {1024 + 128 * 4, 512, 1024, swizzle, 4};
            test.b = {2048 + 128 * 2, 256, 1024, swizzle, 2};
          }
          add(pack, test, 1, &integers);
        }
}

/// Types that are K-major only.
void addTypeLayouts(Pack &pack) {
  const Style integers = Style::SmallIntegers;
  for (unsigned swizzle = 0; swizzle < 4; ++swizzle)
    for (const NumberCase &type : numberCases) {
      if (type.k == 16)
        continue;
      WgmmaCase test;
      test.name =
          "layout-" + std::string(type.types) + "-swizzle" + number(swizzle);
      test.types = type.types;
      test.n = 32;
      test.k = type.k;
      test.imageWords = 48;
      test.format = type.format;
      test.isInteger = type.isInteger;
      test.a = {32, 256, 1024, swizzle};
      test.b = {10240 + 64, 1024, 2048, swizzle};
      add(pack, test, 1, &integers);
    }
}

} // namespace

Pack measure::buildWarpgroupCases() {
  Pack pack;
  addNumbers(pack);
  addLayouts(pack);
  addTypeLayouts(pack);
  return pack;
}
