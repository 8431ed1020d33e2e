//===- PtxExecutionFuzzer.cpp - runs kernels with changed instructions ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changes operands, addresses, immediates and the order of instructions, so
// that most modules still load: the kernels then compute wild addresses, wait
// for what nobody does, leave their warps at barriers. Reports are fine; a
// crash, a hang or memory without bound is not.
//
//===----------------------------------------------------------------------===//

#include "PtxFuzzing.h"
#include "llvm/ADT/StringExtras.h"
#include <random>

using namespace llvm;

namespace {

/// A line of the text and what a mutation may look at: `[begin, end)`.
struct Span {
  size_t begin, end;
};

class Mutator {
public:
  Mutator(std::string text, unsigned seed)
      : text(std::move(text)), random(seed) {}

  std::string run() {
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      findInstructions();
      if (instructions.empty())
        break;
      mutate();
    }
    return std::move(text);
  }

private:
  /// Lines that are instructions: they end in `;` and begin no directive.
  void findInstructions() {
    instructions.clear();
    size_t begin = 0;
    while (begin < text.size()) {
      size_t end = std::min(text.find('\n', begin), text.size());
      StringRef line = StringRef(text).slice(begin, end).trim();
      if (line.ends_with(";") && !line.starts_with(".") &&
          !line.starts_with("//"))
        instructions.push_back({begin, end});
      begin = end + 1;
    }
  }
  Span pick() { return instructions[random() % instructions.size()]; }
  std::string take(Span span) {
    return text.substr(span.begin, span.end - span.begin);
  }

  void mutate() {
    Span at = pick();
    switch (random() % 8) {
    case 0: { // Another instruction twice.
      text.insert(at.begin, take(pick()) + "\n");
      return;
    }
    case 1:
      text.erase(at.begin, at.end - at.begin);
      return;
    case 2: { // Two change places.
      Span other = pick();
      if (at.begin > other.begin)
        std::swap(at, other);
      std::string first = take(at), second = take(other);
      text.replace(other.begin, second.size(), first);
      text.replace(at.begin, first.size(), second);
      return;
    }
    case 3:
    case 4:
      return replaceNumber(at);
    default:
      return replaceRegister(at);
    }
  }

  void replaceNumber(Span at) {
    static const char *const numbers[] = {"0",
                                          "1",
                                          "2",
                                          "3",
                                          "4",
                                          "7",
                                          "8",
                                          "15",
                                          "16",
                                          "31",
                                          "32",
                                          "33",
                                          "63",
                                          "64",
                                          "127",
                                          "128",
                                          "255",
                                          "256",
                                          "1023",
                                          "1024",
                                          "4095",
                                          "65535",
                                          "65536",
                                          "16777216",
                                          "2147483647",
                                          "-1",
                                          "4294967295",
                                          "-32",
                                          "-4",
                                          "-2147483648",
                                          "1152921504606846976",
                                          "18446744073709551615"};
    std::vector<Span> found = findTokens(at, [](StringRef token) {
      return token.size() < 20 && all_of(token, isDigit);
    });
    if (!found.empty())
      replace(found[random() % found.size()],
              numbers[random() % std::size(numbers)]);
  }

  void replaceRegister(Span at) {
    auto isRegister = [](StringRef token) {
      return token.starts_with("%") && token.size() > 2 &&
             isDigit(token.back());
    };
    std::vector<Span> found = findTokens(at, isRegister);
    if (found.empty())
      return;
    Span chosen = found[random() % found.size()];
    StringRef kind =
        StringRef(text).slice(chosen.begin, chosen.end).rtrim("0123456789");
    // One of the same kind that stands somewhere else.
    for (unsigned attempt = 0; attempt < 30; ++attempt)
      for (Span other : findTokens(pick(), isRegister)) {
        StringRef name = StringRef(text).slice(other.begin, other.end);
        if (name.rtrim("0123456789") == kind && random() % 2)
          return replace(chosen, name.str());
      }
  }

  template <typename Predicate>
  std::vector<Span> findTokens(Span line, Predicate isWanted) {
    std::vector<Span> found;
    auto isPart = [](char c) {
      return isAlnum(c) || StringRef("%_.$").contains(c);
    };
    for (size_t i = line.begin; i < line.end;) {
      size_t end = i;
      while (end < line.end && isPart(text[end]))
        ++end;
      if (end > i && isWanted(StringRef(text).slice(i, end)))
        found.push_back({i, end});
      i = std::max(end, i + 1);
    }
    return found;
  }

  void replace(Span span, const std::string &with) {
    text.replace(span.begin, span.end - span.begin, with);
  }

  std::string text;
  std::mt19937 random;
  std::vector<Span> instructions;
};

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t maxSize, unsigned seed) {
  std::string text =
      Mutator({reinterpret_cast<const char *>(data), size}, seed).run();
  // Half a module loads never.
  if (text.size() > maxSize)
    return size;
  std::copy(text.begin(), text.end(), data);
  return text.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::tk::fuzzPtx({reinterpret_cast<const char *>(data), size},
                    /*bufferBytes=*/65536, /*stepLimit=*/50000);
  return 0;
}
