//===- ConstEval.cpp - arithmetic at compile time -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ConstEval.h"
#include "llvm/ADT/APInt.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
using namespace mlir::tk;

constexpr Int128 kSmallest = -(Int128(1) << 63);
constexpr Int128 kLargest = (Int128(1) << 64) - 1;

static const fltSemantics &getWideSemantics() { return APFloat::IEEEquad(); }

static APInt toAPInt(Int128 value) {
  uint64_t words[2] = {static_cast<uint64_t>(value),
                       static_cast<uint64_t>(value >> 64)};
  return APInt(128, words);
}

std::string mlir::tk::formatInteger(Int128 value) {
  return llvm::toString(toAPInt(value), /*Radix=*/10, /*Signed=*/true);
}

//===----------------------------------------------------------------------===//
// ConstValue
//===----------------------------------------------------------------------===//

ValueType ConstValue::getValueType() const {
  if (getInteger())
    return ValueType::simple(ValueType::Kind::IntConstant);
  if (getFloat())
    return ValueType::simple(ValueType::Kind::FloatConstant);
  if (getBool())
    return ValueType::scalar(ScalarKind::Bool);
  if (getString())
    return ValueType::simple(ValueType::Kind::String);
  if (getType())
    return ValueType::simple(ValueType::Kind::TypeName);
  if (getFunction())
    return ValueType::simple(ValueType::Kind::Function);
  if (getEnumDecl())
    return ValueType::enumeration(getEnumDecl());
  return ValueType::none();
}

bool ConstValue::operator==(const ConstValue &other) const {
  if (getFloat() && other.getFloat())
    return getFloat()->bitwiseIsEqual(*other.getFloat());
  return value.index() == other.value.index() && value == other.value;
}

std::string ConstValue::str() const {
  if (const Int128 *integer = getInteger())
    return formatInteger(*integer);
  if (const APFloat *number = getFloat()) {
    SmallString<32> text;
    number->toString(text);
    return text.str().str();
  }
  if (const bool *truth = getBool())
    return *truth ? "true" : "false";
  if (const StringRef *string = getString())
    return string->str();
  if (const ElementType *type = getType())
    return type->str();
  if (const FnDecl *function = getFunction())
    return function->name.name.str();
  if (const EnumDecl *decl = getEnumDecl())
    return "." + decl->cases[getEnumIndex()].name.str();
  return "none";
}

//===----------------------------------------------------------------------===//
// Folding
//===----------------------------------------------------------------------===//

static ConstResult makeInteger(Int128 value) {
  if (value < kSmallest || value > kLargest)
    return {{}, ConstError::Overflow};
  return {ConstValue::integer(value)};
}

static Int128 floorDivide(Int128 lhs, Int128 rhs) {
  Int128 quotient = lhs / rhs;
  return quotient - ((lhs % rhs != 0) && ((lhs < 0) != (rhs < 0)));
}

static ConstResult foldShift(BinaryOp op, Int128 lhs, Int128 rhs) {
  if (rhs < 0 || rhs >= 64)
    return {{}, ConstError::ShiftTooFar};
  // 65 bits shifted by 63 fit into 128.
  if (op == BinaryOp::ShiftLeft)
    return makeInteger(lhs * (Int128(1) << static_cast<int>(rhs)));
  return makeInteger(lhs >> static_cast<int>(rhs));
}

static ConstResult foldIntegers(BinaryOp op, Int128 lhs, Int128 rhs) {
  switch (op) {
  case BinaryOp::Add:
    return makeInteger(lhs + rhs);
  case BinaryOp::Subtract:
    return makeInteger(lhs - rhs);
  case BinaryOp::Multiply: {
    Int128 product = 0;
    if (__builtin_mul_overflow(lhs, rhs, &product))
      return {{}, ConstError::Overflow};
    return makeInteger(product);
  }
  case BinaryOp::Divide:
  case BinaryOp::Remainder:
    if (rhs == 0)
      return {{}, ConstError::DivisionByZero};
    if (op == BinaryOp::Divide)
      return makeInteger(floorDivide(lhs, rhs));
    return makeInteger(lhs - floorDivide(lhs, rhs) * rhs);
  case BinaryOp::BitAnd:
    return makeInteger(lhs & rhs);
  case BinaryOp::BitOr:
    return makeInteger(lhs | rhs);
  case BinaryOp::BitXor:
    return makeInteger(lhs ^ rhs);
  case BinaryOp::ShiftLeft:
  case BinaryOp::ShiftRight:
    return foldShift(op, lhs, rhs);
  case BinaryOp::Equal:
    return {ConstValue::boolean(lhs == rhs)};
  case BinaryOp::NotEqual:
    return {ConstValue::boolean(lhs != rhs)};
  case BinaryOp::Less:
    return {ConstValue::boolean(lhs < rhs)};
  case BinaryOp::LessEqual:
    return {ConstValue::boolean(lhs <= rhs)};
  case BinaryOp::Greater:
    return {ConstValue::boolean(lhs > rhs)};
  case BinaryOp::GreaterEqual:
    return {ConstValue::boolean(lhs >= rhs)};
  case BinaryOp::LogicalAnd:
  case BinaryOp::LogicalOr:
    return {{}, ConstError::NotDefined};
  }
  llvm_unreachable("every operator is handled");
}

static ConstResult foldFloats(BinaryOp op, APFloat lhs, const APFloat &rhs) {
  APFloat::cmpResult order = lhs.compare(rhs);
  bool isLess = order == APFloat::cmpLessThan;
  bool isEqual = order == APFloat::cmpEqual;
  bool isGreater = order == APFloat::cmpGreaterThan;
  switch (op) {
  case BinaryOp::Add:
    lhs.add(rhs, APFloat::rmNearestTiesToEven);
    return {ConstValue::floating(lhs)};
  case BinaryOp::Subtract:
    lhs.subtract(rhs, APFloat::rmNearestTiesToEven);
    return {ConstValue::floating(lhs)};
  case BinaryOp::Multiply:
    lhs.multiply(rhs, APFloat::rmNearestTiesToEven);
    return {ConstValue::floating(lhs)};
  case BinaryOp::Divide:
    lhs.divide(rhs, APFloat::rmNearestTiesToEven);
    return {ConstValue::floating(lhs)};
  case BinaryOp::Equal:
    return {ConstValue::boolean(isEqual)};
  case BinaryOp::NotEqual:
    return {ConstValue::boolean(!isEqual)};
  case BinaryOp::Less:
    return {ConstValue::boolean(isLess)};
  case BinaryOp::LessEqual:
    return {ConstValue::boolean(isLess || isEqual)};
  case BinaryOp::Greater:
    return {ConstValue::boolean(isGreater)};
  case BinaryOp::GreaterEqual:
    return {ConstValue::boolean(isGreater || isEqual)};
  default:
    return {{}, ConstError::NotDefined};
  }
}

static ConstResult foldBools(BinaryOp op, bool lhs, bool rhs) {
  switch (op) {
  case BinaryOp::LogicalAnd:
  case BinaryOp::BitAnd:
    return {ConstValue::boolean(lhs && rhs)};
  case BinaryOp::LogicalOr:
  case BinaryOp::BitOr:
    return {ConstValue::boolean(lhs || rhs)};
  case BinaryOp::BitXor:
  case BinaryOp::NotEqual:
    return {ConstValue::boolean(lhs != rhs)};
  case BinaryOp::Equal:
    return {ConstValue::boolean(lhs == rhs)};
  default:
    return {{}, ConstError::NotDefined};
  }
}

static APFloat toFloat(const ConstValue &value) {
  if (const APFloat *number = value.getFloat())
    return *number;
  return makeWideFloat(*value.getInteger());
}

static bool isNumber(const ConstValue &value) {
  return value.getInteger() || value.getFloat();
}

ConstResult mlir::tk::foldBinary(BinaryOp op, const ConstValue &lhs,
                                 const ConstValue &rhs) {
  if (lhs.getInteger() && rhs.getInteger())
    return foldIntegers(op, *lhs.getInteger(), *rhs.getInteger());
  if (isNumber(lhs) && isNumber(rhs))
    return foldFloats(op, toFloat(lhs), toFloat(rhs));
  if (lhs.getBool() && rhs.getBool())
    return foldBools(op, *lhs.getBool(), *rhs.getBool());
  bool isComparison = op == BinaryOp::Equal || op == BinaryOp::NotEqual;
  bool areComparable = (lhs.getEnumDecl() && rhs.getEnumDecl() &&
                        lhs.getEnumDecl() == rhs.getEnumDecl()) ||
                       (lhs.getType() && rhs.getType());
  if (!isComparison || !areComparable)
    return {{}, ConstError::NotDefined};
  return {ConstValue::boolean((lhs == rhs) == (op == BinaryOp::Equal))};
}

ConstResult mlir::tk::foldUnary(UnaryOp op, const ConstValue &operand) {
  switch (op) {
  case UnaryOp::Negate:
    if (const Int128 *value = operand.getInteger())
      return makeInteger(-*value);
    if (const APFloat *value = operand.getFloat())
      return {ConstValue::floating(neg(*value))};
    break;
  case UnaryOp::BitNot:
    if (const Int128 *value = operand.getInteger())
      return makeInteger(~*value);
    break;
  case UnaryOp::LogicalNot:
    if (const bool *value = operand.getBool())
      return {ConstValue::boolean(!*value)};
    break;
  }
  return {{}, ConstError::NotDefined};
}

bool mlir::tk::isZero(const ConstValue &value) {
  if (const Int128 *integer = value.getInteger())
    return *integer == 0;
  const APFloat *number = value.getFloat();
  return number && number->isZero();
}

ConstResult mlir::tk::foldFunction(StringRef name,
                                   ArrayRef<ConstValue> operands) {
  if (!all_of(operands, isNumber))
    return {{}, ConstError::NotDefined};
  if (name == "abs") {
    ConstResult isNegative =
        foldBinary(BinaryOp::Less, operands[0], ConstValue::integer(0));
    if (*isNegative.value.getBool())
      return foldUnary(UnaryOp::Negate, operands[0]);
    return {operands[0]};
  }
  if (name == "min" || name == "max") {
    // A mixed pair becomes a pair of floats.
    ConstValue lhs = operands[0], rhs = operands[1];
    if (lhs.getFloat() || rhs.getFloat()) {
      lhs = ConstValue::floating(toFloat(lhs));
      rhs = ConstValue::floating(toFloat(rhs));
    }
    BinaryOp takesLhs =
        name == "min" ? BinaryOp::LessEqual : BinaryOp::GreaterEqual;
    bool lhsIsNan = lhs.getFloat() && lhs.getFloat()->isNaN();
    return {lhsIsNan || *foldBinary(takesLhs, lhs, rhs).value.getBool() ? lhs
                                                                        : rhs};
  }
  assert(name == "cdiv" && "no other function folds");
  const Int128 *lhs = operands[0].getInteger();
  const Int128 *rhs = operands[1].getInteger();
  if (!lhs || !rhs)
    return {{}, ConstError::NotDefined};
  if (*rhs == 0)
    return {{}, ConstError::DivisionByZero};
  return makeInteger(-floorDivide(-*lhs, *rhs));
}

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

APFloat mlir::tk::makeWideFloat(const FloatLiteralExpr &literal) {
  return literal.getValue(getWideSemantics());
}

APFloat mlir::tk::makeWideFloat(Int128 value) {
  APFloat result(getWideSemantics());
  result.convertFromAPInt(toAPInt(value), /*IsSigned=*/true,
                          APFloat::rmNearestTiesToEven);
  return result;
}

APFloat mlir::tk::roundTo(ScalarKind kind, APFloat value) {
  bool losesInfo = false;
  value.convert(getSemantics(kind), APFloat::rmNearestTiesToEven, &losesInfo);
  return value;
}

bool mlir::tk::isRepresentable(Int128 value, ScalarKind kind) {
  unsigned width = getBitWidth(kind);
  if (isUnsigned(kind))
    return value >= 0 && value < (Int128(1) << width);
  Int128 bound = Int128(1) << (width - 1);
  return value >= -bound && value < bound;
}

bool mlir::tk::isValueOf(const ConstValue &value, ScalarKind kind) {
  if (value.getBool())
    return kind == ScalarKind::Bool;
  bool isFloat = ElementType(kind).isFloat();
  if (const Int128 *integer = value.getInteger())
    return isFloat ||
           (kind != ScalarKind::Bool && isRepresentable(*integer, kind));
  const APFloat *number = value.getFloat();
  return isFloat && number &&
         (number->isInfinity() || !roundTo(kind, *number).isInfinity());
}

bool mlir::tk::isExactIn(Int128 value, ScalarKind floatKind) {
  APFloat number = makeWideFloat(value);
  bool losesInfo = false;
  number.convert(getSemantics(floatKind), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return !losesInfo;
}
