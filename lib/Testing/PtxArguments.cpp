//===- PtxArguments.cpp - the arguments of a launch as text ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   argument := 'null' | '@' name ['+' bytes] | [name ':'] dtype '=' value
//   value    := number | '{' number {',' number} '}' | contents
//   contents := generator '[' extents ']' ['(' number {',' number} ')']
//             | 'npy' '(' '"' path '"' ')'
//
// Generators have the names and arguments that they have in tests of .tk files.

#include "PtxArguments.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

namespace {
/// A generator of the language and the arguments that it takes.
struct GeneratorName {
  StringLiteral name;
  DataSource::Kind kind;
  unsigned minArguments, maxArguments;
  double first, second;
};
} // namespace

static constexpr GeneratorName kGenerators[] = {
    {"arange", DataSource::Kind::Arange, 0, 2, 0, 1},
    {"full", DataSource::Kind::Full, 1, 1, 0, 0},
    {"normal", DataSource::Kind::Randn, 2, 2, 0, 1},
    {"ones", DataSource::Kind::Full, 0, 0, 1, 0},
    {"poison", DataSource::Kind::Unspecified, 0, 0, 0, 0},
    {"randn", DataSource::Kind::Randn, 0, 0, 0, 1},
    {"uniform", DataSource::Kind::Uniform, 2, 2, 0, 1},
    {"zeros", DataSource::Kind::Full, 0, 0, 0, 0},
};

namespace {
/// Reads one text from left to right.
class TextReader {
public:
  explicit TextReader(StringRef text) : text(text), rest(text) {}

  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }
  bool isAtEnd() {
    rest = rest.ltrim();
    return rest.empty();
  }
  StringRef takeName() {
    rest = rest.ltrim();
    StringRef name =
        rest.take_while([](char c) { return isAlnum(c) || c == '_'; });
    rest = rest.drop_front(name.size());
    return name;
  }
  /// "1", "-0x10", "1e-3", "inf".
  StringRef takeNumber() {
    rest = rest.ltrim();
    StringRef number = rest.take_while(
        [](char c) { return isAlnum(c) || c == '.' || c == '+' || c == '-'; });
    rest = rest.drop_front(number.size());
    return number;
  }
  StringRef getRest() const { return rest; }
  void setRest(StringRef newRest) { rest = newRest; }

  Error error(const Twine &message) const {
    return createStringError("'" + text + "': " + message);
  }
  Error expects(const Twine &what) {
    rest = rest.ltrim();
    return error("expects " + what +
                 (rest.empty() ? Twine(" at the end")
                               : ", got '" + rest.take_front(20) + "'"));
  }

private:
  StringRef text, rest;
};
} // namespace

//===----------------------------------------------------------------------===//
// Pieces
//===----------------------------------------------------------------------===//

static Expected<DType> readDType(TextReader &reader) {
  StringRef name = reader.takeName();
  if (std::optional<DType> dtype = parseDTypeName(name))
    return *dtype;
  SmallVector<StringRef> known;
  for (DType dtype : getAllDTypes())
    known.push_back(getDTypeName(dtype));
  return reader.error("no type is called '" + name + "', expects one of " +
                      llvm::join(known, ", "));
}

static Error readNumbers(TextReader &reader, StringRef close,
                         SmallVectorImpl<StringRef> &numbers) {
  if (reader.consume(close))
    return Error::success();
  do {
    numbers.push_back(reader.takeNumber());
    if (numbers.back().empty())
      return reader.expects("a number");
  } while (reader.consume(","));
  if (!reader.consume(close))
    return reader.expects("'" + close + "'");
  return Error::success();
}

/// Appends the bytes of one scalar.
static Error appendScalar(const TextReader &reader, StringRef number,
                          DType dtype, std::vector<uint8_t> &bytes) {
  uint8_t element[8] = {};
  if (isFloat(dtype)) {
    double value;
    if (number.getAsDouble(value))
      return reader.error("'" + number + "' is not a number");
    writeDouble(dtype, element, value);
  } else {
    bool isNegative = number.starts_with("-");
    uint64_t magnitude;
    if (number.drop_front(isNegative).getAsInteger(0, magnitude))
      return reader.error("'" + number + "' is not an integer");
    // Bit patterns may be given for signed types too.
    unsigned width = 8 * getSizeInBytes(dtype);
    uint64_t largest = width < 64 ? (uint64_t(1) << width) - 1 : UINT64_MAX;
    if (isNegative)
      largest = isSignedInteger(dtype) ? uint64_t(1) << (width - 1) : 0;
    if (magnitude > largest)
      return reader.error("'" + number + "' does not fit into " +
                          getDTypeName(dtype));
    writeInteger(dtype, element,
                 static_cast<int64_t>(isNegative ? 0 - magnitude : magnitude),
                 /*isUnsigned=*/!isNegative);
  }
  bytes.insert(bytes.end(), element, element + getSizeInBytes(dtype));
  return Error::success();
}

static Error readGenerator(TextReader &reader, StringRef name,
                           PtxBufferText &buffer) {
  const auto *generator = find_if(
      kGenerators, [&](const GeneratorName &g) { return g.name == name; });
  if (generator == std::end(kGenerators)) {
    SmallVector<StringRef> known;
    for (const GeneratorName &g : kGenerators)
      known.push_back(g.name);
    return reader.error("nothing is generated by '" + name +
                        "', expects a number, npy or one of " +
                        llvm::join(known, ", "));
  }
  if (!reader.consume("["))
    return reader.expects("'[' and the extents");
  SmallVector<StringRef> extents, numbers;
  if (Error error = readNumbers(reader, "]", extents))
    return error;
  for (StringRef text : extents) {
    int64_t &extent = buffer.dims.emplace_back();
    if (text.getAsInteger(10, extent) || extent < 0)
      return reader.error("'" + text + "' is not an extent");
  }
  if (reader.consume("("))
    if (Error error = readNumbers(reader, ")", numbers))
      return error;
  if (numbers.size() < generator->minArguments ||
      numbers.size() > generator->maxArguments)
    return reader.error("'" + name + "' takes " +
                        Twine(generator->minArguments) +
                        (generator->maxArguments > generator->minArguments
                             ? " to " + Twine(generator->maxArguments)
                             : Twine()) +
                        " numbers, got " + Twine(numbers.size()));
  buffer.data = {generator->kind, generator->first, generator->second, ""};
  double *targets[] = {&buffer.data.first, &buffer.data.second};
  for (auto [number, target] : zip(numbers, targets))
    if (number.getAsDouble(*target))
      return reader.error("'" + number + "' is not a number");
  return Error::success();
}

/// `randn[4, 100]`, `npy("x.npy")`.
static Error readContents(TextReader &reader, PtxBufferText &buffer) {
  StringRef name = reader.takeName();
  if (name != "npy")
    return readGenerator(reader, name, buffer);
  if (!reader.consume("(") || !reader.consume("\""))
    return reader.expects("(\"file.npy\")");
  auto [path, rest] = reader.getRest().split('"');
  buffer.data = {DataSource::Kind::File, 0, 0, path.str()};
  reader.setRest(rest);
  if (!reader.consume(")"))
    return reader.expects("')'");
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

static Error readReference(TextReader &reader, PtxArgumentText &argument) {
  argument.kind = PtxArgumentText::Kind::Reference;
  argument.reference = reader.takeName().str();
  if (argument.reference.empty())
    return reader.expects("the name of a tensor or a map");
  if (reader.consume("+"))
    if (StringRef number = reader.takeNumber();
        number.getAsInteger(0, argument.offsetInBytes))
      return reader.error("'" + number + "' is not a number of bytes");
  return Error::success();
}

/// Reads `[name ':'] dtype '='`.
static Error readDeclaration(TextReader &reader, PtxBufferText &buffer) {
  TextReader ahead = reader;
  StringRef name = ahead.takeName();
  if (ahead.consume(":")) {
    if (name.empty())
      return reader.expects("a name");
    buffer.name = name.str();
    reader = ahead;
  }
  Expected<DType> dtype = readDType(reader);
  if (!dtype)
    return dtype.takeError();
  buffer.dtype = *dtype;
  if (!reader.consume("="))
    return reader.expects("'=' and a value");
  return Error::success();
}

static Error readArgument(TextReader &reader, PtxArgumentText &argument) {
  if (reader.consume("@"))
    return readReference(reader, argument);
  if (reader.consume("null")) {
    argument.bytes.assign(8, 0);
    return Error::success();
  }
  if (Error error = readDeclaration(reader, argument.buffer))
    return error;
  DType dtype = argument.buffer.dtype;
  SmallVector<StringRef> numbers;
  if (reader.consume("{")) {
    if (Error error = readNumbers(reader, "}", numbers))
      return error;
  } else {
    StringRef start = reader.getRest().ltrim();
    bool isNumber =
        !start.empty() && (isDigit(start.front()) || start.front() == '-' ||
                           start.front() == '.');
    isNumber |= start == "inf" || start == "nan";
    if (!isNumber) {
      argument.kind = PtxArgumentText::Kind::Buffer;
      return readContents(reader, argument.buffer);
    }
    numbers.push_back(reader.takeNumber());
  }
  for (StringRef number : numbers)
    if (Error error = appendScalar(reader, number, dtype, argument.bytes))
      return error;
  return Error::success();
}

Expected<PtxArgumentText> mlir::tk::parsePtxArgument(StringRef text) {
  TextReader reader(text);
  PtxArgumentText argument;
  if (Error error = readArgument(reader, argument))
    return std::move(error);
  if (!reader.isAtEnd())
    return reader.expects("the end");
  return argument;
}

Expected<PtxBufferText> mlir::tk::parsePtxBuffer(StringRef text) {
  TextReader reader(text);
  PtxBufferText buffer;
  if (Error error = readDeclaration(reader, buffer))
    return std::move(error);
  if (buffer.name.empty())
    return reader.error("expects <name>:<type>=<contents>");
  if (Error error = readContents(reader, buffer))
    return std::move(error);
  if (!reader.isAtEnd())
    return reader.expects("the end");
  return buffer;
}

//===----------------------------------------------------------------------===//
// Expectations
//===----------------------------------------------------------------------===//

Expected<PtxExpectationText> mlir::tk::parsePtxExpectation(StringRef text) {
  TextReader reader(text);
  auto [pair, tolerance] = text.split(" within ");
  auto [name, path] = pair.split('=');
  PtxExpectationText result;
  result.name = name.trim().str();
  result.path = path.trim().str();
  if (result.name.empty() || result.path.empty())
    return reader.error("expects <name>=<file>.npy");
  if (pair == text)
    return result;
  OutputCheck &check = result.check;
  check.toleranceClass = ToleranceClass::Explicit;
  reader.setRest(tolerance);
  if (!reader.consume("("))
    return reader.expects("'('");
  do {
    StringRef bound = reader.takeName();
    double *target = bound == "rel"   ? &check.relative
                     : bound == "abs" ? &check.absolute
                                      : nullptr;
    if (!target)
      return reader.error("'" + bound + "' is not a bound, expects rel or abs");
    if (!reader.consume("="))
      return reader.expects("'='");
    if (StringRef number = reader.takeNumber();
        number.getAsDouble(*target) || !(*target >= 0))
      return reader.error("'" + number + "' is not a bound");
  } while (reader.consume(","));
  if (!reader.consume(")"))
    return reader.expects("')'");
  if (!reader.isAtEnd())
    return reader.expects("the end");
  return result;
}
