//===- PtxOperands.cpp - variables, operands, constant expressions --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxParser.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

static constexpr unsigned maxDepth = 64;
static constexpr uint64_t maxVariableBytes = uint64_t(1) << 36;

//===----------------------------------------------------------------------===//
// Variables
//===----------------------------------------------------------------------===//

/// `.align 8 .v2 .f32`; also before registers.
bool PtxParser::parseVariableType(PtxVariable &variable) {
  uint64_t alignment = 0;
  while (token.kind == Kind::Dotted) {
    if (acceptDotted("align")) {
      if (parseUnsigned(alignment, 1 << 20))
        return true;
      if (!llvm::isPowerOf2_64(alignment))
        return error("expects a power of two, got " + llvm::Twine(alignment));
    } else if (acceptDotted("v2")) {
      variable.vectorLength = 2;
    } else if (acceptDotted("v4")) {
      variable.vectorLength = 4;
    } else if (acceptDotted("attribute")) {
      // `.attribute(.managed)`: where the host sees the variable.
      if (skipParentheses())
        return true;
    } else {
      break;
    }
  }
  std::optional<PtxType> type;
  if (token.kind == Kind::Dotted)
    type = parsePtxType(token.text);
  if (!type)
    return error("expects a type, got " + quoted());
  variable.type = *type;
  advance();
  unsigned size = std::max(1u, getBitWidth(*type) / 8) * variable.vectorLength;
  variable.alignment = alignment ? static_cast<unsigned>(alignment) : size;
  variable.sizeInBytes = size;
  return hasError;
}

/// `[4][2]`, `[]`. Multiplies the size by the number of elements.
bool PtxParser::parseArrayBounds(PtxVariable &variable, uint64_t &numElements) {
  numElements = 1;
  while (accept("[")) {
    if (accept("]")) {
      variable.isUnsized = true;
      continue;
    }
    Constant bound;
    PtxLocation location = token.location;
    if (parseConstant(bound) || expect("]"))
      return true;
    if (bound.isFloat || bound.bits > maxVariableBytes)
      return error(location, "expects a number of elements");
    numElements = llvm::SaturatingMultiply(numElements, bound.bits);
  }
  uint64_t size = llvm::SaturatingMultiply(variable.sizeInBytes, numElements);
  if (size > maxVariableBytes)
    return error(variable.location,
                 "the variable '" + variable.name + "' is larger than 64 GiB");
  variable.sizeInBytes = variable.isUnsized ? 0 : size;
  return hasError;
}

/// `.shared .align 4 .b8 a[16], b[4];`, with initialisers; 5.4.
bool PtxParser::parseVariables(std::vector<PtxVariable> &variables,
                               PtxLinkage linkage) {
  std::optional<PtxSpace> space;
  if (token.kind == Kind::Dotted)
    space = parsePtxSpace(token.text);
  if (!space || *space == PtxSpace::SharedCluster)
    return error("the directive " + quoted() + " is not supported");
  advance();
  PtxVariable prototype;
  prototype.space = *space;
  prototype.linkage = linkage;
  if (parseVariableType(prototype))
    return true;
  do {
    PtxVariable variable = prototype;
    variable.location = token.location;
    uint64_t elementSize = variable.sizeInBytes;
    uint64_t numElements = 1;
    if (parseName(variable.name, "the name of a variable") ||
        parseArrayBounds(variable, numElements))
      return true;
    if (accept("=")) {
      // `a[] = {...}` takes its size from the values.
      if (variable.isUnsized)
        variable.sizeInBytes = elementSize;
      if (parseInitializer(variable,
                           variable.isUnsized ? ~uint64_t(0) : numElements))
        return true;
    }
    variables.push_back(std::move(variable));
  } while (accept(","));
  return expect(";");
}

bool PtxParser::parseInitializer(PtxVariable &variable, uint64_t numElements) {
  if (variable.space != PtxSpace::Global && variable.space != PtxSpace::Const)
    return error("variables in '." + getName(variable.space) +
                 "' have no initial value");
  if (token.kind == Kind::String)
    return parseStringInitializer(variable);
  uint64_t position = 0;
  if (at("{")) {
    if (parseInitializerList(variable, numElements, position, 0))
      return true;
  } else {
    if (parseInitializerValue(variable, 0))
      return true;
    position = 1;
  }
  if (variable.isUnsized) {
    unsigned size = std::max(1u, getBitWidth(variable.type) / 8);
    variable.sizeInBytes = position * size;
    variable.isUnsized = false;
  }
  return hasError;
}

/// Nested braces follow the bounds; what they leave out is zero. As in C, only
/// the order of the values counts here: compilers write all of them.
bool PtxParser::parseInitializerList(PtxVariable &variable,
                                     uint64_t numElements, uint64_t &position,
                                     unsigned depth) {
  if (depth > maxDepth)
    return error("the braces are nested too deeply");
  if (expect("{"))
    return true;
  if (accept("}"))
    return hasError;
  uint64_t limit =
      llvm::SaturatingMultiply<uint64_t>(numElements, variable.vectorLength);
  do {
    if (at("{")) {
      if (parseInitializerList(variable, numElements, position, depth + 1))
        return true;
      continue;
    }
    if (position >= limit)
      return error("the variable '" + variable.name + "' has " +
                   llvm::Twine(limit) + " elements, and here is one more");
    if (parseInitializerValue(variable, position++))
      return true;
  } while (accept(","));
  return expect("}");
}

/// `name` or `generic(name)`.
bool PtxParser::parseInitialAddress(PtxInitializer &value) {
  if (token.kind != Kind::Identifier || token.text != "generic")
    return parseName(value.symbol, "a variable");
  advance();
  value.isGenericAddress = true;
  return expect("(") || parseName(value.symbol, "a variable") || expect(")");
}

/// A number, `generic(name) + 8`, `name`, `0xFF00(name)`.
bool PtxParser::parseInitializerValue(PtxVariable &variable,
                                      uint64_t position) {
  PtxInitializer value;
  value.location = token.location;
  value.size = std::max(1u, getBitWidth(variable.type) / 8);
  value.byteOffset = position * value.size;
  if (token.kind == Kind::Identifier && token.text != "WARP_SZ") {
    if (parseInitialAddress(value) || parseOffset(value.bits))
      return true;
    variable.initializers.push_back(value);
    return hasError;
  }
  Constant constant;
  if (parseConstant(constant))
    return true;
  if (accept("(")) {
    // A mask: which byte of the address.
    if (!constant.bits || constant.bits % 255 ||
        !llvm::isPowerOf2_64(constant.bits / 255) ||
        llvm::countr_zero(constant.bits) % 8)
      return error(value.location, "expects a mask of one byte");
    value.byteOfAddress = llvm::countr_zero(constant.bits) / 8;
    if (parseInitialAddress(value))
      return true;
    if (parseOffset(value.bits) || expect(")"))
      return true;
    variable.initializers.push_back(value);
    return hasError;
  }
  if (variable.type == PtxType::F64 || variable.type == PtxType::F32) {
    double number = constant.isFloat ? constant.asDouble()
                                     : static_cast<double>(constant.bits);
    float narrow = static_cast<float>(number);
    if (constant.isFloat32 && variable.type == PtxType::F32)
      value.bits = constant.bits;
    else if (variable.type == PtxType::F32)
      std::memcpy(&value.bits, &narrow, sizeof(narrow));
    else
      std::memcpy(&value.bits, &number, sizeof(number));
  } else {
    if (constant.isFloat)
      return error(value.location, "expects an integer");
    value.bits = constant.bits;
  }
  variable.initializers.push_back(value);
  return hasError;
}

/// `.b8 text[] = "abc\n"`: the characters and a zero.
bool PtxParser::parseStringInitializer(PtxVariable &variable) {
  if (getBitWidth(variable.type) != 8)
    return error("a string needs elements of 8 bits");
  uint64_t position = 0;
  auto add = [&](char c) {
    PtxInitializer value;
    value.size = 1;
    value.byteOffset = position++;
    value.bits = static_cast<unsigned char>(c);
    value.location = token.location;
    variable.initializers.push_back(value);
  };
  for (size_t i = 0; i < token.text.size(); ++i) {
    char c = token.text[i];
    if (c != '\\' || i + 1 == token.text.size()) {
      add(c);
      continue;
    }
    c = token.text[++i];
    add(c == 'n' ? '\n' : c == 't' ? '\t' : c == '0' ? '\0' : c);
  }
  add('\0');
  if (variable.isUnsized)
    variable.sizeInBytes = position;
  else if (position > variable.sizeInBytes)
    return error("the string has " + llvm::Twine(position) +
                 " characters, the variable '" + variable.name + "' has " +
                 llvm::Twine(variable.sizeInBytes));
  variable.isUnsized = false;
  advance();
  return hasError;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool PtxParser::parseOperandList(std::vector<PtxOperand> &operands,
                                 llvm::StringRef close, unsigned depth) {
  if (accept(close))
    return hasError;
  do {
    PtxOperand element;
    if (parseOperand(element, depth + 1))
      return true;
    operands.push_back(std::move(element));
  } while (accept(","));
  return expect(close);
}

bool PtxParser::parseOperand(PtxOperand &operand, unsigned depth) {
  if (depth > maxDepth)
    return error("the operands are nested too deeply");
  operand.location = token.location;
  if (accept("{")) {
    operand.kind = PtxOperand::Kind::Vector;
    return parseOperandList(operand.elements, "}", depth);
  }
  if (accept("["))
    return parseAddress(operand, depth);
  if (token.kind == Kind::Identifier && token.text != "WARP_SZ")
    return parseNamedOperand(operand);
  if (at("!")) {
    // `!p`, unless a constant follows.
    advance();
    if (token.kind != Kind::Identifier)
      return error("expects a predicate after '!', got " + quoted());
    operand.isNegated = true;
    return parseNamedOperand(operand);
  }
  // `(a, b)`; elsewhere a parenthesis begins a constant.
  if (currentOpcode == "call" && depth == 0 && accept("(")) {
    operand.kind = PtxOperand::Kind::List;
    return parseOperandList(operand.elements, ")", depth);
  }
  Constant constant;
  if (parseConstant(constant, depth))
    return true;
  operand.kind = !constant.isFloat    ? PtxOperand::Kind::Integer
                 : constant.isFloat32 ? PtxOperand::Kind::Float32Bits
                                      : PtxOperand::Kind::Float64Bits;
  operand.bits = constant.bits;
  return hasError;
}

/// `%r1`, `%tid.x`, `_`, `p|q`, `name+8`, `name[2]`.
bool PtxParser::parseNamedOperand(PtxOperand &operand) {
  const char *begin = token.begin;
  operand.name = token.text;
  advance();
  if (operand.name == "_") {
    operand.kind = PtxOperand::Kind::Sink;
  } else if (token.kind == Kind::Dotted && token.begin == previousEnd) {
    operand.name = llvm::StringRef(begin, token.end - begin);
    advance();
  }
  if (at("+") || at("-"))
    return parseOffset(operand.bits);
  if (accept("["))
    return parseArrayElement(operand);
  if (!at("|"))
    return hasError;
  PtxOperand first = operand;
  operand = PtxOperand();
  operand.kind = PtxOperand::Kind::Pair;
  operand.location = first.location;
  operand.elements.push_back(std::move(first));
  advance();
  PtxOperand second;
  second.location = token.location;
  if (token.kind != Kind::Identifier)
    return error("expects a predicate after '|', got " + quoted());
  second.name = token.text;
  if (second.name == "_")
    second.kind = PtxOperand::Kind::Sink;
  advance();
  operand.elements.push_back(std::move(second));
  return hasError;
}

/// After `name[`: an element of an array, 6.4.2. Loads and stores access the
/// element; mov and cvta take its address.
bool PtxParser::parseArrayElement(PtxOperand &operand) {
  const PtxVariable *variable = lookupVariable(operand.name);
  if (!variable)
    return error(operand.location, "'" + operand.name + "' is not a variable");
  Constant index;
  if (parseConstant(index))
    return true;
  if (index.isFloat)
    return error("expects an integer as the number of an element");
  operand.bits =
      index.bits * variable->vectorLength * getBitWidth(variable->type) / 8;
  if (currentOpcode != "mov" && currentOpcode != "cvta")
    operand.kind = PtxOperand::Kind::Address;
  return expect("]");
}

/// Null if there is none.
static const PtxVariable *findByName(llvm::ArrayRef<PtxVariable> variables,
                                     llvm::StringRef name) {
  for (const PtxVariable &variable : variables)
    if (variable.name == name)
      return &variable;
  return nullptr;
}

const PtxVariable *PtxParser::lookupVariable(llvm::StringRef name) const {
  for (uint32_t scope = currentScope;;) {
    const PtxScope &here = currentFunction->scopes[scope];
    if (const PtxVariable *found = findByName(here.variables, name))
      return found;
    if (scope == 0)
      break;
    scope = here.parent;
  }
  if (const PtxVariable *found = findByName(currentFunction->parameters, name))
    return found;
  if (const PtxVariable *found = findByName(currentFunction->returns, name))
    return found;
  return findByName(module.variables, name);
}

/// `+8`, `+-8`, `-8`, or nothing.
bool PtxParser::parseOffset(uint64_t &offset) {
  offset = 0;
  while (at("+") || at("-")) {
    bool isNegative = at("-");
    advance();
    Constant constant;
    // Not a whole expression: `+4+8` is two offsets.
    if (parseUnary(constant, 0))
      return true;
    if (constant.isFloat)
      return error("expects an integer offset");
    offset = isNegative ? offset - constant.bits : offset + constant.bits;
  }
  return hasError;
}

/// After `[`: `%rd1+8]`, `name]`, `16]`, `map, {x, y}]`.
bool PtxParser::parseAddress(PtxOperand &operand, unsigned depth) {
  PtxOperand base;
  base.kind = PtxOperand::Kind::Address;
  base.location = token.location;
  if (token.kind == Kind::Identifier && token.text != "WARP_SZ") {
    const char *begin = token.begin;
    base.name = token.text;
    advance();
    if (token.kind == Kind::Dotted && token.begin == previousEnd) {
      base.name = llvm::StringRef(begin, token.end - begin);
      advance();
    }
    if (parseOffset(base.bits))
      return true;
  } else {
    Constant constant;
    if (parseConstant(constant, depth))
      return true;
    if (constant.isFloat)
      return error(base.location, "expects an address");
    base.bits = constant.bits;
  }
  if (!accept(",")) {
    base.location = operand.location;
    operand = std::move(base);
    return expect("]");
  }
  operand.kind = PtxOperand::Kind::AddressList;
  operand.elements.push_back(std::move(base));
  return parseOperandList(operand.elements, "]", depth);
}

//===----------------------------------------------------------------------===//
// Constant expressions, 4.5.4
//===----------------------------------------------------------------------===//

double PtxParser::Constant::asDouble() const {
  if (isFloat32) {
    float value;
    uint32_t low = static_cast<uint32_t>(bits);
    std::memcpy(&value, &low, sizeof(value));
    return value;
  }
  double value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

static unsigned precedenceOf(llvm::StringRef op) {
  static constexpr struct {
    llvm::StringLiteral op;
    unsigned precedence;
  } table[] = {{"||", 1}, {"&&", 2}, {"|", 3}, {"^", 4},  {"&", 5},  {"==", 6},
               {"!=", 6}, {"<", 7},  {">", 7}, {"<=", 7}, {">=", 7}, {"<<", 8},
               {">>", 8}, {"+", 9},  {"-", 9}, {"*", 10}, {"/", 10}, {"%", 10}};
  for (const auto &entry : table)
    if (entry.op == op)
      return entry.precedence;
  return 0;
}

bool PtxParser::parseConstant(Constant &value, unsigned depth) {
  if (depth > maxDepth)
    return error("the expression is nested too deeply");
  if (parseBinary(value, 1, depth))
    return true;
  if (!accept("?"))
    return hasError;
  Constant ifTrue, ifFalse;
  if (parseConstant(ifTrue, depth + 1) || expect(":") ||
      parseConstant(ifFalse, depth + 1))
    return true;
  value = value.bits ? ifTrue : ifFalse;
  return hasError;
}

bool PtxParser::parseBinary(Constant &value, unsigned precedence,
                            unsigned depth) {
  if (parseUnary(value, depth))
    return true;
  while (token.kind == Kind::Punctuation) {
    llvm::StringRef op = token.text;
    PtxLocation location = token.location;
    unsigned next = precedenceOf(op);
    if (!next || next < precedence)
      break;
    advance();
    Constant right;
    if (depth > maxDepth || parseBinary(right, next + 1, depth + 1))
      return error("the expression is nested too deeply");
    if (applyBinary(value, op, right, location))
      return true;
  }
  return hasError;
}

bool PtxParser::applyBinary(Constant &left, llvm::StringRef op,
                            const Constant &right, PtxLocation location) {
  if (left.isFloat || right.isFloat)
    return error(location, "expects integers on both sides of '" + op + "'");
  bool isUnsigned = left.isUnsigned || right.isUnsigned;
  uint64_t a = left.bits, b = right.bits;
  int64_t sa = static_cast<int64_t>(a), sb = static_cast<int64_t>(b);
  if ((op == "/" || op == "%") && b == 0)
    return error(location, "division by zero");
  bool overflows = !isUnsigned && sb == -1;
  uint64_t result = 0;
  if (op == "+")
    result = a + b;
  else if (op == "-")
    result = a - b;
  else if (op == "*")
    result = a * b;
  else if (op == "/")
    result = overflows ? 0 - a : isUnsigned ? a / b : uint64_t(sa / sb);
  else if (op == "%")
    result = overflows ? 0 : isUnsigned ? a % b : uint64_t(sa % sb);
  else if (op == "<<")
    result = b < 64 ? a << b : 0;
  else if (op == ">>")
    result = left.isUnsigned ? (b < 64 ? a >> b : 0)
                             : uint64_t(sa >> std::min<uint64_t>(b, 63));
  else if (op == "<")
    result = isUnsigned ? a < b : sa < sb;
  else if (op == ">")
    result = isUnsigned ? a > b : sa > sb;
  else if (op == "<=")
    result = isUnsigned ? a <= b : sa <= sb;
  else if (op == ">=")
    result = isUnsigned ? a >= b : sa >= sb;
  else if (op == "==")
    result = a == b;
  else if (op == "!=")
    result = a != b;
  else if (op == "&")
    result = a & b;
  else if (op == "^")
    result = a ^ b;
  else if (op == "|")
    result = a | b;
  else if (op == "&&")
    result = a && b;
  else if (op == "||")
    result = a || b;
  left.bits = result;
  left.isUnsigned = isUnsigned;
  return hasError;
}

bool PtxParser::parseUnary(Constant &value, unsigned depth) {
  if (depth > maxDepth)
    return error("the expression is nested too deeply");
  if (accept("+"))
    return parseUnary(value, depth + 1);
  bool isMinus = at("-");
  if (isMinus || at("~") || at("!")) {
    llvm::StringRef op = token.text;
    advance();
    if (parseUnary(value, depth + 1))
      return true;
    if (value.isFloat) {
      if (!isMinus)
        return error("expects an integer after '" + op + "'");
      value.bits ^= uint64_t(1) << (value.isFloat32 ? 31 : 63);
      return hasError;
    }
    value.bits = isMinus     ? 0 - value.bits
                 : op == "~" ? ~value.bits
                             : !value.bits;
    return hasError;
  }
  return parsePrimary(value, depth);
}

bool PtxParser::parsePrimary(Constant &value, unsigned depth) {
  if (accept("(")) {
    // `(.s64)` and `(.u64)` change how the bits are read.
    if (atDotted("s64") || atDotted("u64")) {
      bool isUnsigned = token.text == "u64";
      advance();
      if (expect(")") || parseUnary(value, depth + 1))
        return true;
      value.isUnsigned = isUnsigned;
      return hasError;
    }
    return parseConstant(value, depth + 1) || expect(")");
  }
  value = Constant();
  value.bits = token.bits;
  switch (token.kind) {
  case Kind::Integer:
    value.isUnsigned = token.text.ends_with("U") || (token.bits >> 63) != 0;
    break;
  case Kind::Float32Bits:
    value.isFloat = value.isFloat32 = true;
    break;
  case Kind::Float64Bits:
    value.isFloat = true;
    break;
  case Kind::Identifier:
    if (token.text == "WARP_SZ") {
      value.bits = 32;
      break;
    }
    [[fallthrough]];
  case Kind::Dotted:
  case Kind::String:
  case Kind::Punctuation:
  case Kind::End:
  case Kind::Error:
    return error("expects an operand, got " + quoted());
  }
  advance();
  return hasError;
}
