//===- HostExprText.cpp - host expressions as text and as JSON ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "HostExprNode.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

using Kind = HostExpr::Kind;

namespace {

struct Spelling {
  Kind kind;
  const char *text;
  unsigned numOperands;
  /// Of an infix operator, higher binds tighter; 0 for functions and prefixes.
  unsigned precedence;
};

} // namespace

constexpr unsigned kComparisonPrecedence = 3;

constexpr Spelling kSpellings[] = {
    {Kind::Or, "||", 2, 1},           {Kind::And, "&&", 2, 2},
    {Kind::Equal, "==", 2, 3},        {Kind::NotEqual, "!=", 2, 3},
    {Kind::LessEqual, "<=", 2, 3},    {Kind::Less, "<", 2, 3},
    {Kind::GreaterEqual, ">=", 2, 3}, {Kind::Greater, ">", 2, 3},
    {Kind::Add, "+", 2, 4},           {Kind::Subtract, "-", 2, 4},
    {Kind::Multiply, "*", 2, 5},      {Kind::Divide, "/", 2, 5},
    {Kind::Remainder, "%", 2, 5},     {Kind::Negate, "-", 1, 0},
    {Kind::Not, "!", 1, 0},           {Kind::CeilDivide, "cdiv", 2, 0},
    {Kind::Min, "min", 2, 0},         {Kind::Max, "max", 2, 0},
    {Kind::Abs, "abs", 1, 0},
};

static const Spelling *findSpelling(Kind kind) {
  const Spelling *found =
      find_if(kSpellings, [&](const Spelling &s) { return s.kind == kind; });
  return found == std::end(kSpellings) ? nullptr : found;
}

StringRef mlir::tk::getSpelling(Kind kind) {
  const Spelling *spelling = findSpelling(kind);
  return spelling ? spelling->text : "";
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static void printFloat(double value, raw_ostream &os) {
  if (std::isnan(value)) {
    os << "nan";
  } else if (std::isinf(value)) {
    os << (value < 0 ? "-inf" : "inf");
  } else {
    // The shortest digits that read back as this value.
    std::string text;
    double readBack = NAN;
    for (int precision = 1; precision <= 17 && readBack != value; ++precision) {
      text.clear();
      raw_string_ostream(text) << format("%.*g", precision, value);
      if (StringRef(text).getAsDouble(readBack))
        llvm_unreachable("printf writes what getAsDouble reads");
    }
    os << text;
    if (StringRef(text).find_first_of(".e") == StringRef::npos)
      os << ".0";
  }
}

static void print(const HostExpr &expr, unsigned outerPrecedence,
                  raw_ostream &os) {
  ArrayRef<HostExpr> operands = expr.getOperands();
  switch (expr.getKind()) {
  case Kind::Integer:
    os << expr.getValue().getInteger();
    return;
  case Kind::Float:
    return printFloat(expr.getValue().getFloat(), os);
  case Kind::Bool:
    os << (expr.getValue().getBool() ? "true" : "false");
    return;
  case Kind::Name:
    os << expr.getName();
    return;
  case Kind::NumSms:
    os << "num_sms()";
    return;
  case Kind::If:
    os << "if ";
    print(operands[0], 0, os);
    os << " { ";
    print(operands[1], 0, os);
    os << " } else { ";
    print(operands[2], 0, os);
    os << " }";
    return;
  default:
    break;
  }
  const Spelling *spelling = findSpelling(expr.getKind());
  if (expr.getKind() == Kind::Negate || expr.getKind() == Kind::Not) {
    os << spelling->text;
    // Above every infix operator.
    print(operands[0], 6, os);
    return;
  }
  if (spelling->precedence == 0) {
    os << spelling->text << "(";
    interleaveComma(operands, os,
                    [&](const HostExpr &operand) { print(operand, 0, os); });
    os << ")";
    return;
  }
  // Operators are left-associative; comparisons do not chain at all.
  unsigned precedence = spelling->precedence;
  bool needsParens = precedence < outerPrecedence;
  os << (needsParens ? "(" : "");
  print(operands[0], precedence + (precedence == kComparisonPrecedence), os);
  os << " " << spelling->text << " ";
  print(operands[1], precedence + 1, os);
  os << (needsParens ? ")" : "");
}

std::string HostExpr::str() const {
  std::string text;
  raw_string_ostream os(text);
  print(*this, 0, os);
  return text;
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

namespace {

/// Precedence climbing over the text; the first error wins.
class HostExprParser {
public:
  explicit HostExprParser(StringRef text) : text(text), rest(text) {}

  Expected<HostExpr> parseAll() {
    Expected<HostExpr> expr = parseBinary(1);
    skipSpace();
    if (expr && !rest.empty())
      return makeError("an operator");
    return expr;
  }

private:
  /// Deeper text than anybody writes; bounds the stack.
  static constexpr unsigned kMaxDepth = 256;

  void skipSpace() { rest = rest.ltrim(); }

  bool consume(StringRef token) {
    skipSpace();
    return rest.consume_front(token);
  }

  Error makeError(const Twine &expected) {
    return createStringError(inconvertibleErrorCode(),
                             "'" + text + "', character " +
                                 Twine(text.size() - rest.size() + 1) +
                                 ": expects " + expected);
  }

  Error expect(StringRef token) {
    if (consume(token))
      return Error::success();
    return makeError("'" + token + "'");
  }

  const Spelling *consumeInfix(unsigned minPrecedence) {
    skipSpace();
    for (const Spelling &spelling : kSpellings)
      if (spelling.precedence >= minPrecedence && spelling.precedence != 0 &&
          rest.consume_front(spelling.text))
        return &spelling;
    return nullptr;
  }

  Expected<HostExpr> parseBinary(unsigned minPrecedence) {
    if (++depth > kMaxDepth)
      return makeError("less nesting");
    Expected<HostExpr> lhs = parseUnary();
    while (lhs) {
      const Spelling *spelling = consumeInfix(minPrecedence);
      if (!spelling)
        break;
      Expected<HostExpr> rhs = parseBinary(spelling->precedence + 1);
      if (!rhs)
        return rhs;
      lhs = HostExpr::make(spelling->kind, {*lhs, *rhs});
    }
    --depth;
    return lhs;
  }

  Expected<HostExpr> parseUnary() {
    if (++depth > kMaxDepth)
      return makeError("less nesting");
    Expected<HostExpr> result = parseUnaryOrPrimary();
    --depth;
    return result;
  }

  Expected<HostExpr> parseUnaryOrPrimary() {
    skipSpace();
    bool isNot = rest.starts_with("!") && !rest.starts_with("!=");
    if (!isNot && !rest.starts_with("-"))
      return parsePrimary();
    rest = rest.drop_front();
    // The smallest integer has no positive counterpart.
    if (!isNot && rest.consume_front("9223372036854775808"))
      return HostExpr::integer(std::numeric_limits<int64_t>::min());
    Expected<HostExpr> operand = parseUnary();
    if (!operand)
      return operand;
    return HostExpr::make(isNot ? Kind::Not : Kind::Negate, {*operand});
  }

  Expected<HostExpr> parsePrimary() {
    skipSpace();
    if (consume("(")) {
      Expected<HostExpr> inner = parseBinary(1);
      if (!inner)
        return inner;
      if (Error error = expect(")"))
        return std::move(error);
      return inner;
    }
    if (!rest.empty() && isDigit(rest.front()))
      return parseNumber();
    StringRef word =
        rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
    if (word.empty())
      return makeError("a value");
    rest = rest.drop_front(word.size());
    return parseWord(word);
  }

  Expected<HostExpr> parseNumber() {
    StringRef digits = rest.take_while([](char c) { return isDigit(c); });
    StringRef afterDigits = rest.drop_front(digits.size());
    bool isFloat = afterDigits.starts_with(".") || afterDigits.starts_with("e");
    if (isFloat) {
      size_t size = rest.find_first_not_of("0123456789.e");
      // A sign belongs to the number only after the exponent's letter.
      if (size != StringRef::npos && size > 0 && rest[size - 1] == 'e' &&
          (rest[size] == '-' || rest[size] == '+'))
        size = rest.find_first_not_of("0123456789", size + 1);
      StringRef number = rest.take_front(size);
      double value = 0;
      if (number.getAsDouble(value))
        return makeError("a number");
      rest = rest.drop_front(number.size());
      return HostExpr::floating(value);
    }
    int64_t value = 0;
    if (digits.getAsInteger(10, value))
      return makeError("an integer of at most 64 bits");
    rest = afterDigits;
    return HostExpr::integer(value);
  }

  /// Of an argument: bytes, address, span, stride0, stride1, ...
  static bool isProperty(StringRef name) {
    if (name == "bytes" || name == "address" || name == "span")
      return true;
    unsigned dim;
    return name.consume_front("stride") && !name.getAsInteger(10, dim);
  }

  Expected<HostExpr> parseWord(StringRef word) {
    if (word == "true" || word == "false")
      return HostExpr::boolean(word == "true");
    if (word == "inf" || word == "nan")
      return HostExpr::floating(word == "inf" ? INFINITY : NAN);
    if (word == "if")
      return parseIf();
    if (consume("("))
      return parseCall(word);
    if (!rest.consume_front("."))
      return HostExpr::name(word);
    StringRef property = rest.take_while(isAlnum);
    if (!isProperty(property))
      return makeError("a property of an argument, such as 'bytes'");
    rest = rest.drop_front(property.size());
    return HostExpr::name((word + "." + property).str());
  }

  Expected<HostExpr> parseIf() {
    SmallVector<HostExpr, 3> operands;
    for (StringRef opening : {"", "{", "else"}) {
      if (!opening.empty())
        if (Error error = expect(opening))
          return std::move(error);
      if (opening == "else")
        if (Error error = expect("{"))
          return std::move(error);
      Expected<HostExpr> operand = parseBinary(1);
      if (!operand)
        return operand;
      operands.push_back(*operand);
      if (!opening.empty())
        if (Error error = expect("}"))
          return std::move(error);
    }
    return HostExpr::make(Kind::If, operands);
  }

  Expected<HostExpr> parseCall(StringRef function) {
    SmallVector<HostExpr, 3> operands;
    if (!consume(")")) {
      do {
        Expected<HostExpr> operand = parseBinary(1);
        if (!operand)
          return operand;
        operands.push_back(*operand);
      } while (consume(","));
      if (Error error = expect(")"))
        return std::move(error);
    }
    if (function == "num_sms" && operands.empty())
      return HostExpr::numSms();
    if (function == "clamp" && operands.size() == 3)
      return HostExpr::make(
          Kind::Min,
          {HostExpr::make(Kind::Max, {operands[0], operands[1]}), operands[2]});
    for (const Spelling &spelling : kSpellings)
      if (function == spelling.text && operands.size() == spelling.numOperands)
        return HostExpr::make(spelling.kind, operands);
    return makeError("a function of the host and its arguments before this, "
                     "got '" +
                     function + "' with " + Twine(operands.size()));
  }

  StringRef text;
  StringRef rest;
  unsigned depth = 0;
};

} // namespace

Expected<HostExpr> HostExpr::parse(StringRef text) {
  return HostExprParser(text).parseAll();
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

json::Value HostExpr::toJSON() const {
  switch (getKind()) {
  case Kind::Integer:
    return getValue().getInteger();
  case Kind::Float: {
    double value = getValue().getFloat();
    // JSON has no infinities.
    if (!std::isfinite(value))
      return json::Array{"float", str()};
    return json::Array{"float", value};
  }
  case Kind::Bool:
    return getValue().getBool();
  case Kind::Name:
    return getName();
  case Kind::NumSms:
    return json::Array{"num_sms"};
  default: {
    StringRef spelling = getSpelling(getKind());
    json::Array array{spelling.empty() ? "if" : spelling};
    for (const HostExpr &operand : getOperands())
      array.push_back(operand.toJSON());
    return array;
  }
  }
}

static std::optional<Kind> findKind(StringRef text, size_t numOperands) {
  if (text == "if" && numOperands == 3)
    return Kind::If;
  for (const Spelling &spelling : kSpellings)
    if (text == spelling.text && numOperands == spelling.numOperands)
      return spelling.kind;
  return std::nullopt;
}

static Expected<HostExpr> parseFloatJSON(const json::Value &json) {
  if (std::optional<double> number = json.getAsNumber())
    return HostExpr::floating(*number);
  return HostExpr::parse(json.getAsString().value_or(""));
}

Expected<HostExpr> HostExpr::fromJSON(const json::Value &json) {
  if (std::optional<int64_t> value = json.getAsInteger())
    return integer(*value);
  if (std::optional<bool> value = json.getAsBoolean())
    return boolean(*value);
  if (std::optional<StringRef> value = json.getAsString())
    return name(*value);
  const json::Array *array = json.getAsArray();
  std::optional<StringRef> head =
      array && !array->empty() ? array->front().getAsString() : std::nullopt;
  if (head == "num_sms" && array->size() == 1)
    return numSms();
  if (head == "float" && array->size() == 2)
    return parseFloatJSON((*array)[1]);
  std::optional<Kind> kind =
      head ? findKind(*head, array->size() - 1) : std::nullopt;
  if (!kind)
    return createStringError(inconvertibleErrorCode(),
                             "expects a host expression such as "
                             "[\"cdiv\", \"M\", 128]");
  SmallVector<HostExpr, 3> operands;
  for (const json::Value &element : drop_begin(*array)) {
    Expected<HostExpr> operand = fromJSON(element);
    if (!operand)
      return operand;
    operands.push_back(*operand);
  }
  return make(*kind, operands);
}
