//===- ArithmeticCases.cpp - lane-by-lane instructions to measure ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LaneForms.h"
#include <cstring>

using namespace measure;

static constexpr unsigned numThreads = 4096;

uint32_t measure::drawInteger(Random &random) {
  static const uint32_t corners[] = {
      0,          1,          2,      0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF,
      0x80000000, 0x80000001, 0x8000, 0x7FFF,     0xFFFF,     0x7FFF8000,
      0x80007FFF, 31,         32,     33,         0xFF,       0x80808080};
  switch (random.below(4)) {
  case 0:
    return corners[random.below(sizeof(corners) / 4)];
  case 1:
    return random.next() >> random.below(32);
  case 2:
    return random.below(70);
  }
  return random.next();
}

uint32_t measure::drawSingle(Random &random) {
  static const uint32_t corners[] = {
      0,          0x80000000, 0x3F800000, 0xBF800000, 0x7F800000, 0xFF800000,
      0x7FC00000, 0x7F800001, 0xFFC12345, 0x7FFFFFFF, 1,          0x80000001,
      0x007FFFFF, 0x00800000, 0x00800001, 0x7F7FFFFF, 0xFF7FFFFF, 0x3F000000,
      0x4B000000, 0x4B000001, 0x4F000000, 0xCF000000, 0x4F800000, 0x5F000000,
      0x477FE000, 0x477FF000, 0x387FC000, 0x33000000, 0x33000001, 0x43E00000,
      0x43E80000, 0x3F7FFFFF, 0x3F800001, 0x34000000, 0x40490FDB, 0x42B17218};
  switch (random.below(6)) {
  case 0:
    return corners[random.below(sizeof(corners) / 4)];
  case 1:
    return random.next();
  case 2: // Few bits: ties are common.
    return (random.next() & 0x80000000) | (118 + random.below(20)) << 23 |
           (random.next() & 0x7FF000 & ~(0xFFFFFF >> random.below(24)));
  case 3: // A tie of f16 or bf16, or next to it.
    return ((random.next() & 0xFFFFE000) | 0x1000) + random.below(3) - 1;
  case 4:
    return (random.next() & 0x80FFFFFF) | (random.below(4) << 23);
  }
  return (random.next() & 0x807FFFFF) | (115 + random.below(45)) << 23;
}

uint64_t measure::drawDouble(Random &random) {
  static const uint64_t corners[] = {0,
                                     0x8000000000000000,
                                     0x3FF0000000000000,
                                     0xBFF0000000000000,
                                     0x7FF0000000000000,
                                     0xFFF0000000000000,
                                     0x7FF8000000000000,
                                     0x7FF0000000000001,
                                     0xFFF8123456789ABC,
                                     1,
                                     0x000FFFFFFFFFFFFF,
                                     0x0010000000000000,
                                     0x7FEFFFFFFFFFFFFF,
                                     0x3FE0000000000000,
                                     0x4330000000000000,
                                     0x41DFFFFFFFC00000,
                                     0x43E0000000000000,
                                     0x47EFFFFFE0000000,
                                     0x47EFFFFFF0000000,
                                     0x36A0000000000000,
                                     0x3690000000000000,
                                     0x380FFFFFC0000000,
                                     0x40EFFE0000000000};
  uint64_t low = random.next(), high = random.next();
  switch (random.below(4)) {
  case 0:
    return corners[random.below(sizeof(corners) / 8)];
  case 1:
    return high << 32 | low;
  case 2:
    return (high & 0x800FFFFF) << 32 | uint64_t(860 + random.below(300)) << 52 |
           (low & (uint64_t(0xFFFFFFFF) << random.below(33)));
  }
  return (high & 0x800FFFFF) << 32 | uint64_t(1008 + random.below(90)) << 52 |
         low;
}

uint32_t measure::drawNarrow(Random &random, unsigned exponentBits) {
  unsigned mantissaBits = 15 - exponentBits;
  uint32_t infinity = 0x7FFF >> mantissaBits << mantissaBits;
  static const uint32_t offsets[] = {0, 1, 0x7FFFFFFF};
  switch (random.below(5)) {
  case 0:
    return (infinity + offsets[random.below(3)] * random.below(2)) & 0xFFFF;
  case 1:
    return random.below(4) | (random.next() & 0x8000);
  case 2: {
    uint32_t one = (0x3FFFu >> mantissaBits) << mantissaBits;
    return (one + (random.below(9) << (mantissaBits - 2))) |
           (random.next() & 0x8000);
  }
  }
  return random.next() & 0xFFFF;
}

namespace {

/// Two words for each of four operands.
Words buildInput(Values values) {
  Random random(77 + unsigned(values));
  Words words;
  for (unsigned i = 0; i < numThreads * 4; ++i) {
    switch (values) {
    case Values::Integers:
      words.push_back(drawInteger(random));
      words.push_back(drawInteger(random));
      break;
    case Values::Single:
      words.push_back(drawSingle(random));
      words.push_back(drawSingle(random));
      break;
    case Values::Double: {
      uint64_t bits = drawDouble(random);
      words.push_back(uint32_t(bits));
      words.push_back(uint32_t(bits >> 32));
      break;
    }
    case Values::Half:
    case Values::Brain: {
      unsigned exponentBits = values == Values::Half ? 5 : 8;
      for (unsigned j = 0; j < 2; ++j) {
        uint32_t low = drawNarrow(random, exponentBits);
        words.push_back(low | drawNarrow(random, exponentBits) << 16);
      }
      break;
    }
    case Values::Fp8: // Every byte occurs.
      words.push_back(i * 0x01030507u);
      words.push_back(random.next());
      break;
    }
  }
  return words;
}

/// A source that is a predicate is the lowest bit of its word.
std::string buildLaneKernel(const LaneForm &form) {
  const std::string &signature = form.signature;
  std::string declarations = "  .reg .b16 %h<8>;\n  .reg .b32 %r<8>;\n  .reg "
                             ".b64 %l<8>;\n  .reg .pred %p<8>;\n";
  std::string body, operands;
  for (unsigned i = 2; i < signature.size() && signature[i] != ','; ++i) {
    unsigned operand = i - 2;
    std::string digit = std::to_string(operand + 1);
    std::string low = "%w" + std::to_string(2 * operand);
    std::string high = "%w" + std::to_string(2 * operand + 1);
    switch (signature[i]) {
    case 'h':
      body += "  cvt.u16.u32 %h" + digit + ", " + low + ";\n";
      break;
    case 'r':
      body += "  mov.b32 %r" + digit + ", " + low + ";\n";
      break;
    case 'l':
      body += "  mov.b64 %l" + digit + ", {" + low + ", " + high + "};\n";
      break;
    case 'p':
      body += "  and.b32 %r7, " + low + ", 1;\n  setp.ne.b32 %p" + digit +
              ", %r7, 0;\n";
      break;
    }
    operands += std::string(", %") + signature[i] + digit;
  }
  size_t comma = signature.find(',');
  if (comma != std::string::npos)
    operands += ", " + signature.substr(comma + 1);
  body +=
      "  " + form.instruction + " %" + signature[0] + "0" + operands + ";\n";
  switch (signature[0]) {
  case 'h':
    body += "  cvt.u32.u16 %o0, %h0;\n";
    break;
  case 'r':
    body += "  mov.b32 %o0, %r0;\n";
    break;
  case 'l':
    body += "  mov.b64 {%o0, %o1}, %l0;\n";
    break;
  case 'p':
    body += "  selp.u32 %o0, 1, 0, %p0;\n";
    break;
  }
  return buildKernel(8, signature[0] == 'l' ? 2 : 1, declarations, body,
                     form.version);
}

struct Adder {
  std::vector<LaneForm> &forms;

  void add(Values values, const std::string &instruction,
           const std::string &signature, const std::string &version = "8.4") {
    forms.push_back({values, instruction, signature, version});
  }
};

const char *const roundings[] = {".rn", ".rz", ".rm", ".rp"};
const char *const integerRoundings[] = {".rni", ".rzi", ".rmi", ".rpi"};

/// The letter of a type in a signature.
char letter(const std::string &type) {
  if (type.find("x2") != std::string::npos)
    return 'r';
  if (type.find("64") != std::string::npos)
    return 'l';
  return type.find("16") != std::string::npos ? 'h' : 'r';
}

std::string signature(const std::string &type, unsigned numSources) {
  return std::string(1, letter(type)) + "=" +
         std::string(numSources, letter(type));
}

void addIntegers(Adder adder) {
  const Values values = Values::Integers;
  for (const char *type : {".u16", ".s16", ".u32", ".s32", ".u64", ".s64"}) {
    for (const char *op :
         {"add", "sub", "mul.lo", "mul.hi", "min", "max", "div", "rem"})
      adder.add(values, std::string(op) + type, signature(type, 2));
    adder.add(values, std::string("mad.lo") + type, signature(type, 3));
    adder.add(values, std::string("mad.hi") + type, signature(type, 3));
    adder.add(values, std::string("sad") + type, signature(type, 3));
    std::string shift = std::string(1, letter(type)) + "=" + letter(type) + "r";
    adder.add(values, std::string("shr") + type, shift);
    if (type[1] == 's') {
      adder.add(values, std::string("abs") + type, signature(type, 1));
      adder.add(values, std::string("neg") + type, signature(type, 1));
    } else {
      adder.add(values, std::string("shl.b") + (type + 2), shift);
    }
    if (letter(type) == 'h')
      continue;
    for (const char *shift : {"", ".shiftamt"})
      adder.add(values, std::string("bfind") + shift + type,
                std::string("r=") + letter(type));
    adder.add(values, std::string("bfe") + type,
              std::string(1, letter(type)) + "=" + letter(type) + "rr");
  }
  for (const char *type : {".u32", ".s32"}) {
    for (const char *op : {"mul24.lo", "mul24.hi"})
      adder.add(values, std::string(op) + type, "r=rr");
    for (const char *op : {"mad24.lo", "mad24.hi"})
      adder.add(values, std::string(op) + type, "r=rrr");
    adder.add(values, std::string("mul.wide") + type, "l=rr");
    adder.add(values, std::string("mad.wide") + type, "l=rrl");
    adder.add(values, std::string("mul.wide.") + type[1] + "16", "r=hh");
    for (const char *other : {".u32", ".s32"}) {
      adder.add(values, std::string("dp4a") + type + other, "r=rrr");
      adder.add(values, std::string("dp2a.lo") + type + other, "r=rrr");
      adder.add(values, std::string("dp2a.hi") + type + other, "r=rrr");
    }
    for (const char *mode : {".clamp", ".wrap"})
      adder.add(values, std::string("szext") + mode + type, "r=rr");
  }
  for (const char *op : {"min.s16x2", "max.u16x2", "min.u16x2", "max.s16x2",
                         "add.u16x2", "min.relu.s16x2", "max.relu.s32"})
    adder.add(values, op, "r=rr");
  adder.add(values, "add.sat.s32", "r=rr");
  adder.add(values, "sub.sat.s32", "r=rr");
  adder.add(values, "mad.hi.sat.s32", "r=rrr");
  for (const char *width : {"32", "64"}) {
    char l = width[0] == '3' ? 'r' : 'l';
    for (const char *op : {"popc", "clz"})
      adder.add(values, std::string(op) + ".b" + width, std::string("r=") + l);
    adder.add(values, std::string("brev.b") + width,
              std::string(1, l) + "=" + l);
    adder.add(values, std::string("bfi.b") + width,
              std::string(1, l) + "=" + l + l + "rr");
  }
  for (const char *mode : {".clamp", ".wrap"}) {
    adder.add(values, std::string("bmsk") + mode + ".b32", "r=rr");
    adder.add(values, std::string("shf.l") + mode + ".b32", "r=rrr");
    adder.add(values, std::string("shf.r") + mode + ".b32", "r=rrr");
  }
  adder.add(values, "fns.b32", "r=rrr");
  for (const char *mode : {"", ".f4e", ".b4e", ".rc8", ".ecl", ".ecr", ".rc16"})
    adder.add(values, std::string("prmt.b32") + mode, "r=rrr");
  adder.add(values, "lop3.b32", "r=rrr,0x96");
  adder.add(values, "lop3.b32", "r=rrr,0xE4");
  adder.add(values, "slct.u32.s32", "r=rrr");
  adder.add(values, "slct.b64.f32", "l=llr");
  adder.add(values, "cnot.b32", "r=r");
  adder.add(values, "not.b16", "h=h");
}

void addFloats(Adder adder) {
  struct FloatType {
    Values values;
    const char *type;
    bool hasFtz;
  };
  const FloatType types[] = {
      {Values::Single, ".f32", true},  {Values::Double, ".f64", false},
      {Values::Half, ".f16", true},    {Values::Half, ".f16x2", true},
      {Values::Brain, ".bf16", false}, {Values::Brain, ".bf16x2", false},
  };
  for (const FloatType &type : types) {
    bool isWide = letter(type.type) == 'l' || !strcmp(type.type, ".f32");
    for (const char *ftz : {"", ".ftz"}) {
      if (*ftz && !type.hasFtz)
        continue;
      for (const char *rounding : roundings) {
        if (!isWide && strcmp(rounding, ".rn"))
          continue;
        std::string tail = std::string(rounding) + ftz;
        for (const char *op : {"add", "sub", "mul"})
          adder.add(type.values, op + tail + type.type, signature(type.type, 2),
                    "8.6");
        adder.add(type.values, "fma" + tail + type.type,
                  signature(type.type, 3));
        if (!isWide)
          continue;
        adder.add(type.values, "div" + tail + type.type,
                  signature(type.type, 2));
        adder.add(type.values, "rcp" + tail + type.type,
                  signature(type.type, 1));
        adder.add(type.values, "sqrt" + tail + type.type,
                  signature(type.type, 1));
      }
      for (const char *op : {"min", "max"}) {
        adder.add(type.values, std::string(op) + ftz + type.type,
                  signature(type.type, 2));
        if (letter(type.type) == 'l')
          continue;
        adder.add(type.values, std::string(op) + ftz + ".NaN" + type.type,
                  signature(type.type, 2));
        adder.add(type.values,
                  std::string(op) + ftz + ".xorsign.abs" + type.type,
                  signature(type.type, 2));
      }
      for (const char *op : {"neg", "abs"})
        adder.add(type.values, std::string(op) + ftz + type.type,
                  signature(type.type, 1));
    }
  }
  adder.add(Values::Single, "add.rn.sat.f32", "r=rr");
  adder.add(Values::Single, "mul.rz.ftz.sat.f32", "r=rr");
  adder.add(Values::Single, "fma.rm.ftz.sat.f32", "r=rrr");
  adder.add(Values::Half, "fma.rn.sat.f16x2", "r=rrr");
  adder.add(Values::Half, "fma.rn.relu.f16x2", "r=rrr");
  adder.add(Values::Half, "fma.rn.ftz.relu.f16", "h=hhh");
  adder.add(Values::Brain, "fma.rn.relu.bf16x2", "r=rrr");
  adder.add(Values::Half, "mul.rn.sat.f16", "h=hh");
  adder.add(Values::Single, "copysign.f32", "r=rr");
  adder.add(Values::Double, "copysign.f64", "l=ll");
  for (const char *test :
       {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}) {
    adder.add(Values::Single, std::string("testp.") + test + ".f32", "p=r");
    adder.add(Values::Double, std::string("testp.") + test + ".f64", "p=l");
  }
}

void addComparisons(Adder adder) {
  for (const char *op : {"eq", "ne", "lt", "le", "gt", "ge"})
    for (const char *type : {".u16", ".s16", ".u32", ".s32", ".u64", ".s64"})
      adder.add(Values::Integers, std::string("setp.") + op + type,
                std::string("p=") + letter(type) + letter(type));
  for (const char *op : {"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu",
                         "ltu", "leu", "gtu", "geu", "num", "nan"}) {
    std::string name = std::string("setp.") + op;
    adder.add(Values::Single, name + ".f32", "p=rr");
    adder.add(Values::Single, name + ".ftz.f32", "p=rr");
    adder.add(Values::Double, name + ".f64", "p=ll");
    adder.add(Values::Half, name + ".f16", "p=hh");
    adder.add(Values::Brain, name + ".bf16", "p=hh");
    adder.add(Values::Single, std::string("set.") + op + ".u32.f32", "r=rr");
    adder.add(Values::Half, std::string("set.") + op + ".f16x2.f16x2", "r=rr");
  }
  adder.add(Values::Single, "setp.lt.and.f32", "p=rrp");
  adder.add(Values::Single, "setp.lt.or.f32", "p=rrp");
  adder.add(Values::Single, "setp.lt.xor.f32", "p=rrp");
  adder.add(Values::Single, "set.gt.f32.f32", "r=rr");
  adder.add(Values::Integers, "set.lt.s32.u32", "r=rr");
}

void addConversions(Adder adder) {
  const char *integers[] = {".u8",  ".s8",  ".u16", ".s16",
                            ".u32", ".s32", ".u64", ".s64"};
  auto integerLetter = [](const std::string &type) {
    return type.size() == 3 ? 'r' : letter(type);
  };
  auto pair = [](char to, char from) {
    return std::string(1, to) + "=" + from;
  };
  for (const char *to : integers)
    for (const char *from : integers) {
      if (!strcmp(to, from))
        continue;
      std::string name = std::string(to) + from;
      std::string kinds = pair(integerLetter(to), integerLetter(from));
      adder.add(Values::Integers, "cvt" + name, kinds);
      // Saturation must be able to happen: not from a type that fits whole.
      unsigned toWidth = std::stoi(to + 2), fromWidth = std::stoi(from + 2);
      if (toWidth > fromWidth && (to[1] == 's' || from[1] == 'u'))
        continue;
      adder.add(Values::Integers, "cvt.sat" + name, kinds);
    }
  struct FloatType {
    Values values;
    const char *type;
  };
  const FloatType floats[] = {{Values::Single, ".f32"},
                              {Values::Double, ".f64"},
                              {Values::Half, ".f16"},
                              {Values::Brain, ".bf16"}};
  for (const FloatType &type : floats)
    for (const char *integer : integers) {
      std::string number = integer;
      // bf16 goes to and from bytes in 16-bit registers only.
      if (number.size() == 3 && type.values == Values::Brain)
        number = ".u16";
      for (unsigned i = 0; i < 4; ++i) {
        adder.add(type.values,
                  std::string("cvt") + integerRoundings[i] + integer +
                      type.type,
                  pair(integerLetter(number), letter(type.type)));
        adder.add(Values::Integers,
                  std::string("cvt") + roundings[i] + type.type + integer,
                  pair(letter(type.type), integerLetter(number)));
      }
    }
  for (const char *rounding : integerRoundings) {
    adder.add(Values::Single, std::string("cvt") + rounding + ".f32.f32",
              "r=r");
    adder.add(Values::Single, std::string("cvt") + rounding + ".ftz.f32.f32",
              "r=r");
    adder.add(Values::Double, std::string("cvt") + rounding + ".f64.f64",
              "l=l");
    adder.add(Values::Half, std::string("cvt") + rounding + ".f16.f16", "h=h");
  }
  adder.add(Values::Single, "cvt.rzi.ftz.s32.f32", "r=r");
  adder.add(Values::Single, "cvt.rni.sat.u8.f32", "r=r");
  adder.add(Values::Single, "cvt.sat.f32.f32", "r=r");
  for (const char *rounding : roundings) {
    std::string tail = std::string("cvt") + rounding;
    adder.add(Values::Double, tail + ".f32.f64", "r=l");
    adder.add(Values::Double, tail + ".ftz.f32.f64", "r=l");
    adder.add(Values::Double, tail + ".sat.f32.f64", "r=l");
    adder.add(Values::Double, tail + ".f16.f64", "h=l");
    adder.add(Values::Double, tail + ".bf16.f64", "h=l");
    adder.add(Values::Single, tail + ".f16.f32", "h=r");
    adder.add(Values::Single, tail + ".ftz.f16.f32", "h=r");
    adder.add(Values::Single, tail + ".sat.f16.f32", "h=r");
    adder.add(Values::Single, tail + ".bf16.f32", "h=r");
  }
  adder.add(Values::Single, "cvt.f64.f32", "l=r");
  adder.add(Values::Single, "cvt.ftz.f64.f32", "l=r");
  adder.add(Values::Half, "cvt.f32.f16", "r=h");
  adder.add(Values::Half, "cvt.ftz.f32.f16", "r=h");
  adder.add(Values::Brain, "cvt.f32.bf16", "r=h");
  adder.add(Values::Half, "cvt.f64.f16", "l=h");
  adder.add(Values::Half, "cvt.rn.bf16.f16", "h=h");
  adder.add(Values::Brain, "cvt.rn.f16.bf16", "h=h");
  for (const char *type : {".f16x2", ".bf16x2"})
    for (const char *rounding : {".rn", ".rz"})
      for (const char *relu : {"", ".relu"})
        adder.add(Values::Single,
                  std::string("cvt") + rounding + relu + type + ".f32", "r=rr");
  for (const char *tail :
       {".rna", ".rn", ".rz", ".rn.relu", ".rz.relu", ".rna.satfinite"})
    adder.add(Values::Single, std::string("cvt") + tail + ".tf32.f32", "r=r",
              "8.6");
  for (const char *type : {".e4m3x2", ".e5m2x2"})
    for (const char *relu : {"", ".relu"}) {
      std::string name = std::string("cvt.rn.satfinite") + relu + type;
      adder.add(Values::Single, name + ".f32", "h=rr");
      adder.add(Values::Half, name + ".f16x2", "h=r");
    }
  for (const char *type : {".e4m3x2", ".e5m2x2"})
    for (const char *relu : {"", ".relu"})
      adder.add(Values::Fp8, std::string("cvt.rn") + relu + ".f16x2" + type,
                "r=h");
  for (const char *type : {".u16", ".s16"})
    adder.add(Values::Integers, std::string("cvt.pack.sat") + type + ".s32",
              "r=rr");
  for (const char *type : {".u8", ".s8", ".u4", ".s4", ".u2", ".s2"})
    adder.add(Values::Integers, std::string("cvt.pack.sat") + type + ".s32.b32",
              "r=rrr");
}

} // namespace

Case measure::buildCase(const LaneForm &form) {
  Case test;
  test.name = form.instruction;
  size_t comma = form.signature.find(',');
  if (comma != std::string::npos)
    test.name += "-" + form.signature.substr(comma + 1);
  test.ptx = buildLaneKernel(form);
  test.grid = numThreads / 128;
  test.block = 128;
  test.input = unsigned(form.values);
  test.outputWords = form.signature[0] == 'l' ? 2 : 1;
  return test;
}

std::vector<LaneForm> measure::listLaneForms() {
  std::vector<LaneForm> forms;
  Adder adder{forms};
  addIntegers(adder);
  addFloats(adder);
  addComparisons(adder);
  addConversions(adder);
  return forms;
}

Pack measure::buildArithmeticCases() {
  Pack pack;
  for (unsigned values = 0; values < numValues; ++values)
    pack.inputs.push_back(buildInput(Values(values)));
  for (const LaneForm &form : listLaneForms())
    pack.cases.push_back(buildCase(form));
  return pack;
}

Pack measure::buildApproximationCases() {
  Pack pack;
  pack.inputs.push_back(buildInput(Values::Single));
  pack.inputs.push_back(buildInput(Values::Double));
  pack.inputs.push_back(buildInput(Values::Half));
  pack.inputs.push_back(buildInput(Values::Brain));
  // Dense inputs in the range where the functions do their work.
  Random random(5);
  Words dense;
  for (unsigned i = 0; i < numThreads * 4; ++i) {
    dense.push_back((random.next() & 0x807FFFFF) | (127 - 10 + random.below(16))
                                                       << 23);
    dense.push_back(random.next());
  }
  pack.inputs.push_back(std::move(dense));
  auto add = [&](unsigned input, const char *name, const char *signature) {
    pack.cases.push_back(buildCase({Values(input), name, signature, "8.4"}));
  };
  struct Function {
    const char *name;
    const char *signature;
  };
  const Function functions[] = {
      {"ex2.approx.f32", "r=r"},      {"ex2.approx.ftz.f32", "r=r"},
      {"lg2.approx.f32", "r=r"},      {"lg2.approx.ftz.f32", "r=r"},
      {"rcp.approx.f32", "r=r"},      {"rcp.approx.ftz.f32", "r=r"},
      {"rsqrt.approx.f32", "r=r"},    {"rsqrt.approx.ftz.f32", "r=r"},
      {"sqrt.approx.f32", "r=r"},     {"sqrt.approx.ftz.f32", "r=r"},
      {"sin.approx.f32", "r=r"},      {"sin.approx.ftz.f32", "r=r"},
      {"cos.approx.f32", "r=r"},      {"cos.approx.ftz.f32", "r=r"},
      {"tanh.approx.f32", "r=r"},     {"div.approx.f32", "r=rr"},
      {"div.approx.ftz.f32", "r=rr"}, {"div.full.f32", "r=rr"},
      {"div.full.ftz.f32", "r=rr"},
  };
  for (const Function &function : functions)
    for (unsigned input : {0u, 4u}) {
      add(input, function.name, function.signature);
      pack.cases.back().name += input ? "-dense" : "";
    }
  for (const char *name :
       {"rcp.approx.ftz.f64", "rsqrt.approx.f64", "rsqrt.approx.ftz.f64"})
    add(1, name, "l=l");
  for (const char *name : {"ex2.approx.f16", "tanh.approx.f16"})
    add(2, name, "h=h");
  for (const char *name : {"ex2.approx.ftz.bf16", "tanh.approx.bf16"})
    add(3, name, "h=h");
  return pack;
}
