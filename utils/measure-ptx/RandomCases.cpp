//===- RandomCases.cpp - random straight-line programs --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every instruction takes inputs and earlier results of the kind that it works
// on, now and then any bits of the right width, and stores its result: the
// first word that differs names the instruction. All forms of buildArithmetic-
// Cases occur, and what one instruction alone cannot show: carries, guards,
// results in place of an operand, immediates, predicates, packed registers,
// exchanges between lanes.
//
// What a seed gives must stay as it is: test/Emulator/Measured/random.txt holds
// hashes of results by name. Programs that ptxas compiles wrongly are not in it
// (docs/Emulator.md, "Arithmetic").
//
//===----------------------------------------------------------------------===//

#include "LaneForms.h"
#include <algorithm>
#include <cstdio>

using namespace measure;

namespace {

constexpr unsigned numThreads = 128;
constexpr unsigned numProgramsOfGroup = 200;
constexpr const char *letters = "hrlp";

unsigned indexOf(char letter) { return std::string(letters).find(letter); }

std::string hex(uint64_t value, unsigned digits) {
  char text[24];
  snprintf(text, sizeof(text), "%0*llX", int(digits),
           static_cast<unsigned long long>(value));
  return text;
}

bool startsWith(const std::string &text, const char *start) {
  return text.rfind(start, 0) == 0;
}
bool endsWith(const std::string &text, const std::string &end) {
  return text.size() >= end.size() &&
         text.compare(text.size() - end.size(), end.size(), end) == 0;
}
bool contains(const std::string &text, const char *part) {
  return text.find(part) != std::string::npos;
}

/// An input that each thread has: a register and the kind of its values.
struct Input {
  char letter;
  Values values;
  unsigned count;
};
constexpr Input inputs[] = {
    {'r', Values::Integers, 6}, {'r', Values::Single, 5},
    {'r', Values::Half, 3},     {'r', Values::Brain, 3},
    {'l', Values::Integers, 3}, {'l', Values::Double, 4},
    {'h', Values::Integers, 2}, {'h', Values::Half, 2},
    {'h', Values::Brain, 2},    {'h', Values::Fp8, 2},
};

uint64_t drawInput(Random &random, const Input &input) {
  switch (input.values) {
  case Values::Integers: {
    uint64_t low = drawInteger(random);
    return low | uint64_t(drawInteger(random)) << 32;
  }
  case Values::Single:
    return drawSingle(random);
  case Values::Double:
    return drawDouble(random);
  case Values::Half:
  case Values::Brain: {
    unsigned exponentBits = input.values == Values::Half ? 5 : 8;
    uint32_t low = drawNarrow(random, exponentBits);
    return low | drawNarrow(random, exponentBits) << 16;
  }
  case Values::Fp8:
    break;
  }
  return random.next();
}

/// The kind of a type `.f32`.
Values kindOf(const std::string &type) {
  if (contains(type, "bf16"))
    return Values::Brain;
  if (contains(type, "e4m3") || contains(type, "e5m2"))
    return Values::Fp8;
  if (contains(type, "f64"))
    return Values::Double;
  if (contains(type, "f32"))
    return Values::Single;
  return contains(type, "f16") ? Values::Half : Values::Integers;
}

/// The kind of the result of `cvt.rn.f16.f32`, `add.f32`, ...
Values resultKind(const LaneForm &form) {
  const std::string &name = form.instruction;
  if (!startsWith(name, "cvt.") && !startsWith(name, "set."))
    return form.values;
  // The last type is that of the source: what stands before it has the other.
  std::string head = name.substr(0, name.rfind('.'));
  return kindOf(head.substr(head.rfind('.')));
}

class ProgramWriter {
public:
  ProgramWriter(uint64_t seed, bool keepsPayloads,
                const std::vector<LaneForm> &forms)
      : random(seed), keepsPayloads(keepsPayloads), forms(forms) {}

  Case write();
  /// Of all threads.
  Words drawInputs();

private:
  // Registers.
  std::string fresh(char letter) {
    return std::string("%") + letter + std::to_string(next[indexOf(letter)]++);
  }
  std::string pick(char letter, Values values);
  std::string pickAny(char letter) {
    return pick(letter, Values(random.below(numValues)));
  }
  std::string pickPredicate() {
    return results[indexOf('p')][0].empty() ? "" : pick('p', Values::Integers);
  }
  std::string immediate(char letter, Values values, const std::string &name);

  // Text.
  void line(const std::string &text) { body += "  " + text + ";\n"; }
  /// Makes a result known and stores it.
  void finish(const std::string &name, Values values);
  void storeWord(const std::string &name) {
    line("st.global.b32 [%at1+" + std::to_string(4 * numOutputs++) + "], " +
         name);
  }
  void readInputs();

  // Steps.
  void writeForm();
  void writeCarries();
  void writeComparison();
  void writePredicates();
  void writeSelection();
  void writePacking();
  void writeLogic();
  void writeExchange();

  template <size_t N> std::string one(const char *const (&names)[N]) {
    return names[random.below(N)];
  }
  bool chance(unsigned one, unsigned of) { return random.below(of) < one; }

  Random random;
  bool keepsPayloads;
  const std::vector<LaneForm> &forms;
  std::string body;
  unsigned next[4] = {0, 0, 0, 0};
  /// By letter and kind.
  std::vector<std::string> inputNames[4][numValues];
  std::vector<std::string> results[4][numValues];
  unsigned numOutputs = 0;
  unsigned numInputWords = 0;
};

Words ProgramWriter::drawInputs() {
  Words words;
  for (unsigned thread = 0; thread < numThreads; ++thread)
    for (const Input &input : inputs)
      for (unsigned i = 0; i < input.count; ++i) {
        uint64_t value = drawInput(random, input);
        words.push_back(uint32_t(value));
        if (input.letter == 'l')
          words.push_back(uint32_t(value >> 32));
      }
  return words;
}

void ProgramWriter::readInputs() {
  for (const Input &input : inputs)
    for (unsigned i = 0; i < input.count; ++i) {
      std::string name = fresh(input.letter);
      std::string low = "%w" + std::to_string(numInputWords++);
      if (input.letter == 'l')
        line("mov.b64 " + name + ", {" + low + ", %w" +
             std::to_string(numInputWords++) + "}");
      else
        line((input.letter == 'r' ? "mov.b32 " : "cvt.u16.u32 ") + name + ", " +
             low);
      inputNames[indexOf(input.letter)][unsigned(input.values)].push_back(name);
    }
}

std::string ProgramWriter::pick(char letter, Values values) {
  unsigned kind = letter == 'p' ? 0 : unsigned(values);
  if (letter != 'p' && chance(1, 14))
    kind = random.below(numValues);
  const auto &known = inputNames[indexOf(letter)][kind];
  const auto &made = results[indexOf(letter)][kind];
  if (known.empty() && made.empty())
    return pick(letter, Values(random.below(numValues)));
  if (made.empty() || (!known.empty() && chance(9, 20)))
    return known[random.below(known.size())];
  // Mostly of the last ones: long chains.
  size_t window = chance(3, 4) ? std::min<size_t>(made.size(), 6) : made.size();
  return made[made.size() - 1 - random.below(window)];
}

/// Empty where PTX takes none. Not 0, by which an instruction may divide.
std::string ProgramWriter::immediate(char letter, Values values,
                                     const std::string &name) {
  if (letter == 'r' && endsWith(name, ".f32") && !startsWith(name, "cvt"))
    return "0f" + hex(drawSingle(random), 8);
  if (letter == 'l' && endsWith(name, ".f64") && !startsWith(name, "cvt"))
    return "0d" + hex(drawDouble(random), 16);
  if (values != Values::Integers || contains(name, "x2") ||
      contains(name, ".f") || startsWith(name, "cvt"))
    return "";
  uint32_t value = drawInteger(random);
  // ptxas takes no positions beyond a byte.
  if (startsWith(name, "bf"))
    value &= 0xFF;
  if (letter == 'h')
    return std::to_string((value & 0x7FFF) | 1);
  return std::to_string(letter == 'r' ? (value & 0x7FFFFFFF) | 1 : value | 1);
}

void ProgramWriter::finish(const std::string &name, Values values) {
  char letter = name[1];
  switch (letter) {
  case 'p': {
    std::string word = fresh('r');
    line("selp.u32 " + word + ", 1, 0, " + name);
    storeWord(word);
    break;
  }
  case 'h': {
    std::string word = fresh('r');
    line("cvt.u32.u16 " + word + ", " + name);
    storeWord(word);
    break;
  }
  case 'r':
    storeWord(name);
    break;
  default: {
    if (values == Values::Double && !keepsPayloads) {
      // Which NaN it is may depend on what ptxas does to the order of sources.
      line("testp.notanumber.f64 %isnan, " + name);
      line("selp.b64 " + name + ", 0x7FF8000000000000, " + name + ", %isnan");
    }
    std::string low = fresh('r'), high = fresh('r');
    line("mov.b64 {" + low + ", " + high + "}, " + name);
    storeWord(low);
    storeWord(high);
  }
  }
  auto &made = results[indexOf(letter)][letter == 'p' ? 0 : unsigned(values)];
  if (std::find(made.begin(), made.end(), name) == made.end())
    made.push_back(name);
}

/// A form with a modifier more, where it has one.
std::string addModifier(Random &random, const std::string &name) {
  size_t last = name.rfind('.');
  std::string type = name.substr(last), head = name.substr(0, last);
  bool isFma = startsWith(name, "fma");
  bool isSum = isFma || startsWith(name, "add.r") ||
               startsWith(name, "sub.r") || startsWith(name, "mul.r");
  if (contains(name, "sat") || contains(name, "relu") || !random.below(2))
    return name;
  if (isSum && (type == ".f32" || type == ".f16" || type == ".f16x2"))
    return head + ".sat" + type;
  if (isFma && contains(type, "bf16"))
    return head + ".relu" + type;
  if (endsWith(head, ".NaN"))
    return head + ".xorsign.abs" + type;
  return name;
}

void ProgramWriter::writeForm() {
  const LaneForm &form = forms[random.below(forms.size())];
  std::string name = addModifier(random, form.instruction);
  const std::string &signature = form.signature;
  size_t comma = std::min(signature.find(','), signature.size());
  std::vector<std::string> sources;
  for (size_t i = 2; i < comma; ++i) {
    sources.push_back(signature[i] == 'p' ? pickPredicate()
                                          : pick(signature[i], form.values));
    if (sources.back().empty())
      return;
  }
  // What may be written down instead of the last source.
  if (comma == signature.size() && sources.size() > 1 && chance(1, 8)) {
    std::string number = immediate(signature.back(), form.values, name);
    if (!number.empty())
      sources.back() = number;
  }
  char letter = signature[0];
  std::string result = fresh(letter), guard, predicate = pickPredicate();
  if (letter != 'p') {
    std::string move = std::string("mov.b") +
                       (letter == 'h'   ? "16 "
                        : letter == 'r' ? "32 "
                                        : "64 ") +
                       result + ", ";
    if (signature[2] == letter && chance(1, 6)) {
      line(move + sources[0]);
      sources[0] = result;
    } else if (!predicate.empty() && chance(1, 8)) {
      line(move + pick(letter, resultKind(form)));
      guard = std::string(chance(1, 2) ? "@" : "@!") + predicate + " ";
    }
  }
  std::string text = guard + name + " " + result;
  for (const std::string &source : sources)
    text += ", " + source;
  line(text + signature.substr(comma));
  finish(result, resultKind(form));
}

void ProgramWriter::writeCarries() {
  bool isWide = chance(1, 3);
  char letter = isWide ? 'l' : 'r';
  std::string type =
      std::string(chance(1, 2) ? ".u" : ".s") + (isWide ? "64" : "32");
  unsigned kind = random.below(3), length = 2 + random.below(3);
  std::vector<std::string> made;
  for (unsigned i = 0; i < length; ++i) {
    std::string carry = i ? "c" : "", out = i + 1 < length ? ".cc" : "";
    std::string half = kind == 2 ? (i % 2 ? ".hi" : ".lo") : "";
    made.push_back(fresh(letter));
    std::string operation = kind == 0 ? "add" : kind == 1 ? "sub" : "mad";
    std::string a = pick(letter, Values::Integers);
    std::string b = pick(letter, Values::Integers);
    std::string text = operation + carry + half + out + type + " " +
                       made.back() + ", " + a + ", " + b;
    line(kind == 2 ? text + ", " + pick(letter, Values::Integers) : text);
  }
  for (const std::string &name : made)
    finish(name, Values::Integers);
}

void ProgramWriter::writeComparison() {
  static const char *const types[] = {
      ".s16", ".u16", ".s32",   ".u32",    ".s64", ".u64", ".f16", ".bf16",
      ".f32", ".f64", ".f16x2", ".bf16x2", ".b16", ".b32", ".b64"};
  static const char *const equal[] = {"eq", "ne"};
  static const char *const ordered[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  static const char *const unsignedOnes[] = {"lo", "ls", "hi", "hs"};
  static const char *const floats[] = {"eq",  "ne",  "lt",  "le",  "gt",
                                       "ge",  "equ", "neu", "ltu", "leu",
                                       "gtu", "geu", "num", "nan"};
  static const char *const logic[] = {".and", ".or", ".xor"};
  std::string type = one(types);
  std::string test = type[1] == 'b' && type[2] != 'f' ? one(equal)
                     : contains(type, "f")            ? one(floats)
                     : type[1] == 'u' && chance(1, 3) ? one(unsignedOnes)
                                                      : one(ordered);
  char letter = contains(type, "x2")   ? 'r'
                : contains(type, "16") ? 'h'
                : contains(type, "64") ? 'l'
                                       : 'r';
  bool hasSecond = letter != 'h' || kindOf(type) == Values::Integers;
  std::string first = fresh('p'), second = hasSecond ? fresh('p') : "";
  std::string extra = pickPredicate();
  bool isCombined = !extra.empty() && chance(1, 2);
  std::string text = "setp." + test + (isCombined ? one(logic) : "");
  if ((type == ".f32" || startsWith(type, ".f16")) && chance(1, 3))
    text += ".ftz";
  std::string a = pick(letter, kindOf(type)), b = pick(letter, kindOf(type));
  text += type + " " + first + (hasSecond ? "|" : "") + second + ", " + a +
          ", " + b;
  if (isCombined)
    text += std::string(", ") + (chance(1, 2) ? "!" : "") + extra;
  line(text);
  finish(first, Values::Integers);
  if (hasSecond)
    finish(second, Values::Integers);
}

void ProgramWriter::writePredicates() {
  static const char *const pairs[] = {"and.pred ", "or.pred ", "xor.pred "};
  std::string a = pickPredicate(), b = pickPredicate();
  if (a.empty())
    return;
  std::string result = fresh('p');
  line(chance(1, 4) ? "not.pred " + result + ", " + a
                    : one(pairs) + result + ", " + a + ", " + b);
  finish(result, Values::Integers);
}

void ProgramWriter::writeSelection() {
  static const char *const types[] = {".b16", ".b32", ".b64", ".u32",
                                      ".s64", ".f32", ".f64"};
  std::string type = one(types), predicate = pickPredicate();
  if (predicate.empty())
    return;
  char letter = contains(type, "16") ? 'h' : contains(type, "64") ? 'l' : 'r';
  std::string result = fresh(letter);
  std::string a = pick(letter, kindOf(type)), b = pick(letter, kindOf(type));
  line("selp" + type + " " + result + ", " + a + ", " + b + ", " + predicate);
  finish(result, kindOf(type));
}

void ProgramWriter::writePacking() {
  auto list = [&](char letter, unsigned count, bool isNew,
                  std::vector<std::string> &names) {
    std::string text = "{";
    for (unsigned i = 0; i < count; ++i) {
      names.push_back(isNew ? fresh(letter) : pickAny(letter));
      text += (i ? ", " : "") + names.back();
    }
    return text + "}";
  };
  struct Shape {
    const char *type;
    char wide, narrow;
    unsigned count;
  };
  static const Shape shapes[] = {{"mov.b32 ", 'r', 'h', 2},
                                 {"mov.b64 ", 'l', 'r', 2},
                                 {"mov.b64 ", 'l', 'h', 4}};
  const Shape &shape = shapes[random.below(3)];
  std::vector<std::string> names;
  if (chance(1, 2)) {
    std::string result = fresh(shape.wide);
    line(shape.type + result + ", " +
         list(shape.narrow, shape.count, /*isNew=*/false, names));
    finish(result, Values::Integers);
    return;
  }
  std::string source = pickAny(shape.wide);
  line(shape.type + list(shape.narrow, shape.count, /*isNew=*/true, names) +
       ", " + source);
  for (const std::string &name : names)
    finish(name, Values::Integers);
}

void ProgramWriter::writeLogic() {
  static const char *const pairs[] = {"and", "or", "xor"};
  static const char *const widths[] = {".b16 ", ".b32 ", ".b64 "};
  // Draws one after the other: the order within an expression is the
  // compiler's.
  std::string text, result;
  auto append = [&](const std::string &operand) { text += ", " + operand; };
  auto appendWord = [&] { append(pick('r', Values::Integers)); };
  auto appendNumber = [&](unsigned bound) {
    append(std::to_string(random.below(bound)));
  };
  auto begin = [&](const std::string &name, char letter) {
    result = fresh(letter);
    text = name + result;
  };
  switch (random.below(7)) {
  case 0:
  case 1: {
    unsigned width = random.below(3);
    char letter = letters[width];
    bool isNot = chance(1, 4);
    begin((isNot ? "not" : one(pairs)) + widths[width], letter);
    append(pickAny(letter));
    if (!isNot)
      append(pickAny(letter));
    break;
  }
  case 2:
    begin("lop3.b32 ", 'r');
    appendWord();
    appendWord();
    appendWord();
    appendNumber(256);
    break;
  case 3:
    begin(chance(1, 2) ? "bfe.u32 " : "bfe.s32 ", 'r');
    appendWord();
    appendNumber(40);
    appendNumber(40);
    break;
  case 4:
    begin("bfi.b32 ", 'r');
    appendWord();
    appendWord();
    appendNumber(40);
    appendNumber(40);
    break;
  case 5:
    begin("prmt.b32 ", 'r');
    append(pickAny('r'));
    append(pickAny('r'));
    appendNumber(65536);
    break;
  default: {
    static const char *const shifts[] = {"shl.b32 ", "shr.u32 ", "shr.s32 ",
                                         "shl.b64 ", "shr.u64 ", "shr.s64 "};
    std::string shift = one(shifts);
    char letter = contains(shift, "64") ? 'l' : 'r';
    begin(shift, letter);
    append(pickAny(letter));
    appendNumber(70);
  }
  }
  line(text);
  finish(result, Values::Integers);
}

/// All lanes of a warp take part: a program has no branches.
void ProgramWriter::writeExchange() {
  static const char *const shuffles[] = {"idx", "up", "down", "bfly"};
  static const char *const sums[] = {"add.u32", "add.s32", "min.u32",
                                     "max.s32", "min.s32", "and.b32",
                                     "or.b32",  "xor.b32"};
  std::string result = fresh('r');
  std::string source = pick('r', Values::Integers);
  switch (random.below(4)) {
  case 0: {
    std::string mode = one(shuffles), inside = fresh('p');
    // Segments of 32, 16, 8 lanes; the bound of `up` is at the low end.
    unsigned segment = 0x1F00 & (0x2000 - (0x100 << (3 + random.below(3))));
    std::string value = pickAny('r');
    if (!chance(1, 2))
      source = std::to_string(random.below(32));
    line("shfl.sync." + mode + ".b32 " + result + "|" + inside + ", " + value +
         ", " + source + ", " +
         std::to_string(segment | (mode == "up" ? 0 : 31)) + ", -1");
    finish(inside, Values::Integers);
    break;
  }
  case 1:
    line("redux.sync." + one(sums) + " " + result + ", " + source + ", -1");
    break;
  case 2:
    line((chance(1, 2) ? "match.any.sync.b32 " + result + ", " + source
                       : "match.any.sync.b64 " + result + ", " +
                             pick('l', Values::Integers)) +
         ", -1");
    break;
  default: {
    std::string predicate = pickPredicate();
    if (predicate.empty())
      return;
    line("vote.sync.ballot.b32 " + result + ", " + predicate + ", -1");
  }
  }
  finish(result, Values::Integers);
}

Case ProgramWriter::write() {
  readInputs();
  unsigned numSteps = 50 + random.below(120);
  for (unsigned i = 0; i < numSteps; ++i) {
    using Step = void (ProgramWriter::*)();
    static const Step steps[] = {
        &ProgramWriter::writeCarries,    &ProgramWriter::writeComparison,
        &ProgramWriter::writePredicates, &ProgramWriter::writeSelection,
        &ProgramWriter::writePacking,    &ProgramWriter::writeLogic,
        &ProgramWriter::writeLogic,      &ProgramWriter::writeExchange};
    if (chance(3, 4))
      writeForm();
    else
      (this->*steps[random.below(sizeof(steps) / sizeof(*steps))])();
  }
  std::string declarations = "  .reg .pred %isnan;\n";
  for (unsigned i = 0; i < 4; ++i)
    declarations += std::string("  .reg ") +
                    (i == 3   ? ".pred"
                     : i == 0 ? ".b16"
                     : i == 1 ? ".b32"
                              : ".b64") +
                    " %" + letters[i] + "<" + std::to_string(next[i] + 1) +
                    ">;\n";
  Case test;
  test.ptx = buildKernel(numInputWords, numOutputs, declarations, body, "8.6",
                         /*isStored=*/true);
  test.grid = 1;
  test.block = numThreads;
  test.outputWords = numOutputs;
  return test;
}

bool isOfBytesAndBrain(const LaneForm &form) {
  return contains(form.instruction, ".bf16") &&
         (contains(form.instruction, ".u8") ||
          contains(form.instruction, ".s8"));
}

} // namespace

Pack measure::buildRandomCases(unsigned group) {
  std::vector<LaneForm> forms = listLaneForms();
  // ptxas refuses them.
  forms.erase(std::remove_if(forms.begin(), forms.end(), isOfBytesAndBrain),
              forms.end());
  Pack pack;
  pack.optimizationLevel = 0;
  for (unsigned i = 0; i < numProgramsOfGroup; ++i) {
    unsigned seed = group * numProgramsOfGroup + i;
    ProgramWriter writer(seed, /*keepsPayloads=*/group + 1 == numRandomGroups,
                         forms);
    Case test = writer.write();
    test.name = "program-" + std::to_string(seed);
    test.input = i;
    pack.cases.push_back(std::move(test));
    pack.inputs.push_back(writer.drawInputs());
  }
  return pack;
}
