//===- LayoutText.cpp - the textual form of layouts -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/Layout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

Layout::DigitsText Layout::getDigitsText(HardwareDim dim) const {
  DigitsText result;
  for (const HardwareDigit &digit : getDigits(dim)) {
    HardwareDigitText text;
    text.radix = digit.radix;
    text.coordinates = shape.getCoordinates(digit.bits);
    if (digit.odd)
      text.coordinates[shape.getOddDim(*digit.odd)] =
          shape.getOddWeight(*digit.odd);
    result.push_back(std::move(text));
  }
  return result;
}

void Layout::print(raw_ostream &os) const {
  os << "shape = ";
  shape.print(os);
  for (HardwareDim dim : kHardwareDims) {
    if (getDigits(dim).empty())
      continue;
    os << ", " << getName(dim) << " = [";
    interleaveComma(getDigitsText(dim), os, [&](const HardwareDigitText &text) {
      if (text.radix != 2)
        os << text.radix << " * ";
      os << '[';
      interleaveComma(text.coordinates, os);
      os << ']';
    });
    os << ']';
  }
}

std::string Layout::str() const {
  std::string result;
  raw_string_ostream os(result);
  print(os);
  return result;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {
/// Recursive descent over the text; each function returns false with `error`
/// set on the first mistake.
class LayoutParser {
public:
  LayoutParser(StringRef text, std::string &error) : rest(text), error(error) {}

  std::optional<Layout> parse();

private:
  bool fail(const Twine &message) {
    error = message.str();
    return false;
  }
  bool tryConsume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool consume(StringRef token) {
    return tryConsume(token) || fail("expected '" + token + "' before '" +
                                     rest.take_front(12) + "'");
  }
  bool parseInteger(int64_t &value) {
    rest = rest.ltrim();
    return !rest.consumeInteger(10, value) ||
           fail("expected an integer before '" + rest.take_front(12) + "'");
  }
  /// `[` (element (`,` element)*)? `]`
  bool parseList(function_ref<bool()> parseElement);
  bool parseIntegers(SmallVectorImpl<int64_t> &values);
  bool parseShape();
  bool parseHardwareDim(HardwareDim dim);
  bool parseField();

  StringRef rest;
  std::string &error;
  std::optional<DigitShape> shape;
  std::array<Layout::DigitsText, kNumHardwareDims> digits;
  std::array<bool, kNumHardwareDims> seen = {};
};
} // namespace

bool LayoutParser::parseList(function_ref<bool()> parseElement) {
  if (!consume("["))
    return false;
  if (tryConsume("]"))
    return true;
  do {
    if (!parseElement())
      return false;
  } while (tryConsume(","));
  return consume("]");
}

bool LayoutParser::parseIntegers(SmallVectorImpl<int64_t> &values) {
  return parseList([&] { return parseInteger(values.emplace_back()); });
}

bool LayoutParser::parseShape() {
  SmallVector<SmallVector<unsigned>> dims;
  auto parseDim = [&] {
    SmallVector<int64_t> values;
    if (!parseIntegers(values))
      return false;
    dims.emplace_back();
    for (int64_t value : values) {
      if (value < 1 || value > UINT32_MAX)
        return fail("expects digits from 1 to 2^32 - 1, got " + Twine(value));
      dims.back().push_back(value);
    }
    return true;
  };
  if (shape)
    return fail("'shape' is given twice");
  if (!parseList(parseDim))
    return false;
  shape = DigitShape::getChecked(dims, error);
  return shape.has_value();
}

bool LayoutParser::parseHardwareDim(HardwareDim dim) {
  unsigned number = static_cast<unsigned>(dim);
  if (std::exchange(seen[number], true))
    return fail("'" + getName(dim) + "' is given twice");
  return parseList([&] {
    HardwareDigitText &text = digits[number].emplace_back();
    rest = rest.ltrim();
    if (!rest.starts_with("[")) {
      int64_t radix;
      if (!parseInteger(radix) || !consume("*"))
        return false;
      if (radix < 2 || radix > UINT32_MAX)
        return fail("expects a radix that is 2 or odd, got " + Twine(radix));
      text.radix = radix;
    }
    return parseIntegers(text.coordinates);
  });
}

bool LayoutParser::parseField() {
  rest = rest.ltrim();
  StringRef name = rest.take_while(isAlpha);
  rest = rest.drop_front(name.size());
  if (!consume("="))
    return false;
  if (name == "shape")
    return parseShape();
  for (HardwareDim dim : kHardwareDims)
    if (name == getName(dim))
      return parseHardwareDim(dim);
  return fail("unknown field '" + name +
              "', expects shape, register, lane, warp, block or offset");
}

std::optional<Layout> LayoutParser::parse() {
  do {
    if (!parseField())
      return std::nullopt;
  } while (tryConsume(","));
  if (!rest.trim().empty()) {
    fail("expected ',' before '" + rest.ltrim().take_front(12) + "'");
    return std::nullopt;
  }
  if (!shape) {
    fail("expects a field 'shape'");
    return std::nullopt;
  }
  return Layout::getChecked(*shape, digits, error);
}

std::optional<Layout> Layout::parse(StringRef text, std::string &error) {
  return LayoutParser(text, error).parse();
}
