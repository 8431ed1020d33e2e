//===- BoundaryCases.cpp - results next to the smallest normal number -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With .ftz it matters whether a result counts as subnormal before or after it
// is rounded; random operands do not come close enough to show it.
//
//===----------------------------------------------------------------------===//

#include "LaneForms.h"
#include <cmath>
#include <cstring>

using namespace measure;

namespace {

constexpr unsigned numThreads = 4096;

enum Operands : unsigned { Products, Quotients, Reciprocals, Doubles, Halves };

uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}
uint64_t bitsOf(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

int offset(Random &random) { return int(random.below(15)) - 7; }

/// Within some last places of 2^exponent, either sign.
double nearPower(Random &random, int exponent, int lastPlace) {
  double value = std::ldexp(1.0, exponent) +
                 offset(random) * std::ldexp(0.5, exponent - lastPlace);
  return random.below(2) ? value : -value;
}

float someFactor(Random &random) {
  float fraction = float(1 + random.next() / 4294967296.0);
  return std::ldexp(fraction, int(random.below(100)) - 50);
}

/// The words of one thread: two for each of four operands.
Words drawOperands(Random &random, Operands kind) {
  Words words(8);
  switch (kind) {
  case Products: {
    // a * b + c: c takes back part of the product, or is tiny, or 0.
    double target = nearPower(random, -126, 23);
    float a = someFactor(random), b = float(target / a), c = 0;
    uint32_t bBits = bitsOf(b) + random.below(3) - 1;
    if (random.below(3) == 0) {
      c = float(target / 2);
      bBits = bitsOf(float(target / 2 / a)) + random.below(3) - 1;
    } else if (random.below(2) == 0) {
      c = float(std::ldexp(1.0 + random.below(8), -130));
    }
    words = {bitsOf(a), 0, bBits, 0, bitsOf(c), 0, 0, 0};
    break;
  }
  case Quotients: {
    float a = someFactor(random);
    float b = float(a / nearPower(random, -126, 23));
    words[0] = bitsOf(a);
    words[2] = bitsOf(b) + random.below(3) - 1;
    break;
  }
  case Reciprocals:
    words[0] = bitsOf(float(nearPower(random, 126, 23)));
    words[0] += random.below(9) - 4;
    break;
  case Doubles: {
    uint64_t bits = bitsOf(nearPower(random, random.below(2) ? -126 : -14, 23));
    bits += random.below(3) - 1;
    words[0] = uint32_t(bits);
    words[1] = uint32_t(bits >> 32);
    break;
  }
  case Halves:
    // Pairs of f16 whose product lies near 2^-14: exponents add up to -14 or
    // -15, and to as much for the sum with c.
    for (unsigned i = 0; i < 6; i += 2)
      for (unsigned half = 0; half < 2; ++half) {
        uint32_t exponent = i == 4 ? random.below(3) : 7 + random.below(2);
        uint32_t fraction = random.below(3) ? random.next() & 0x3FF : 0x3FF;
        words[i] |= ((random.next() & 0x8000) | exponent << 10 | fraction)
                    << (16 * half);
      }
    break;
  }
  return words;
}

} // namespace

Pack measure::buildBoundaryCases() {
  Pack pack;
  for (unsigned kind = Products; kind <= Halves; ++kind) {
    Random random(31 + kind);
    Words input;
    for (unsigned i = 0; i < numThreads; ++i)
      for (uint32_t word : drawOperands(random, Operands(kind)))
        input.push_back(word);
    pack.inputs.push_back(std::move(input));
  }
  auto add = [&](Operands kind, const std::string &instruction,
                 const char *signature) {
    pack.cases.push_back(
        buildCase({Values(unsigned(kind)), instruction, signature, "8.6"}));
  };
  for (const char *rounding : {".rn", ".rz", ".rm", ".rp"})
    for (const char *flush : {"", ".ftz"}) {
      std::string tail = std::string(rounding) + flush + ".f32";
      add(Products, "mul" + tail, "r=rr");
      add(Products, "fma" + tail, "r=rrr");
      add(Quotients, "div" + tail, "r=rr");
      add(Reciprocals, "rcp" + tail, "r=r");
      add(Doubles, "cvt" + tail + ".f64", "r=l");
    }
  for (const char *flush : {"", ".ftz"})
    for (const char *op : {"mul.rn", "add.rn"}) {
      add(Halves, std::string(op) + flush + ".f16", "h=hh");
      add(Halves, std::string(op) + flush + ".f16x2", "r=rr");
    }
  add(Halves, "fma.rn.ftz.f16", "h=hhh");
  add(Halves, "fma.rn.ftz.f16x2", "r=rrr");
  return pack;
}
