//===- HostExpr.cpp - arithmetic that the host does before a launch -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/HostExpr.h"
#include "HostExprNode.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace llvm;
using namespace mlir::tk;

using Kind = HostExpr::Kind;

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

HostExpr HostExpr::integer(int64_t value) {
  return HostExpr(std::make_shared<Node>(
      Node{Kind::Integer, HostValue::integer(value), {}, {}}));
}

HostExpr HostExpr::floating(double value) {
  return HostExpr(std::make_shared<Node>(
      Node{Kind::Float, HostValue::floating(value), {}, {}}));
}

HostExpr HostExpr::boolean(bool value) {
  return HostExpr(std::make_shared<Node>(
      Node{Kind::Bool, HostValue::boolean(value), {}, {}}));
}

HostExpr HostExpr::name(StringRef name) {
  return HostExpr(std::make_shared<Node>(
      Node{Kind::Name, HostValue::integer(0), name.str(), {}}));
}

HostExpr HostExpr::numSms() {
  return HostExpr(std::make_shared<Node>(
      Node{Kind::NumSms, HostValue::integer(0), {}, {}}));
}

static bool isConstant(const HostExpr &expr) {
  switch (expr.getKind()) {
  case Kind::Integer:
  case Kind::Float:
  case Kind::Bool:
    return true;
  default:
    return false;
  }
}

HostExpr HostExpr::make(Kind kind, ArrayRef<HostExpr> operands) {
  HostExpr result(std::make_shared<Node>(
      Node{kind, HostValue::integer(0), {}, operands.vec()}));
  if (kind == Kind::If && operands[0].getKind() == Kind::Bool)
    return operands[operands[0].getValue().getBool() ? 1 : 2];
  if (!all_of(operands, isConstant))
    return result;
  Expected<HostValue> value = result.evaluate({});
  if (!value) {
    consumeError(value.takeError());
    return result;
  }
  switch (value->getKind()) {
  case HostValue::Kind::Integer:
    return integer(value->getInteger());
  case HostValue::Kind::Float:
    return floating(value->getFloat());
  case HostValue::Kind::Bool:
    return boolean(value->getBool());
  }
  llvm_unreachable("every kind of value is handled");
}

Kind HostExpr::getKind() const { return node->kind; }
ArrayRef<HostExpr> HostExpr::getOperands() const { return node->operands; }
HostValue HostExpr::getValue() const { return node->value; }
StringRef HostExpr::getName() const { return node->name; }

std::optional<int64_t> HostExpr::getConstantInteger() const {
  if (getKind() != Kind::Integer)
    return std::nullopt;
  return getValue().getInteger();
}

HostExpr HostExpr::substitute(
    function_ref<std::optional<HostExpr>(StringRef)> replacement) const {
  if (getKind() == Kind::Name)
    return replacement(getName()).value_or(*this);
  if (getOperands().empty())
    return *this;
  SmallVector<HostExpr> operands;
  for (const HostExpr &operand : getOperands())
    operands.push_back(operand.substitute(replacement));
  return make(getKind(), operands);
}

void HostExpr::forEachName(function_ref<void(StringRef)> action) const {
  if (getKind() == Kind::Name)
    action(getName());
  for (const HostExpr &operand : getOperands())
    operand.forEachName(action);
}

std::optional<HostValue::Kind> HostExpr::inferKind(
    function_ref<std::optional<HostValue::Kind>(StringRef)> kindOfName) const {
  switch (getKind()) {
  case Kind::Integer:
  case Kind::Float:
  case Kind::Bool:
    return getValue().getKind();
  case Kind::Name:
    return kindOfName(getName());
  case Kind::NumSms:
    return HostValue::Kind::Integer;
  case Kind::Not:
  case Kind::Equal:
  case Kind::NotEqual:
  case Kind::Less:
  case Kind::LessEqual:
  case Kind::Greater:
  case Kind::GreaterEqual:
  case Kind::And:
  case Kind::Or:
    return HostValue::Kind::Bool;
  case Kind::Negate:
  case Kind::Add:
  case Kind::Subtract:
  case Kind::Multiply:
  case Kind::Divide:
  case Kind::Remainder:
  case Kind::CeilDivide:
  case Kind::Min:
  case Kind::Max:
  case Kind::Abs:
  case Kind::If:
    break;
  }
  ArrayRef<HostExpr> values = getOperands();
  if (getKind() == Kind::If)
    values = values.drop_front();
  std::optional<HostValue::Kind> result;
  for (const HostExpr &value : values) {
    std::optional<HostValue::Kind> kind = value.inferKind(kindOfName);
    // An integer takes part in arithmetic on floats.
    if (!kind || *kind == HostValue::Kind::Float || !result)
      result = kind;
    if (!kind)
      break;
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static Error makeOverflow(Kind kind, int64_t lhs, int64_t rhs) {
  return makeError(formatv("'{0}' of {1} and {2} overflows 64 bits",
                           getSpelling(kind), lhs, rhs)
                       .str());
}

/// Integer division and remainder floor, as in the language.
static Expected<HostValue> evaluateDivision(Kind kind, int64_t lhs,
                                            int64_t rhs) {
  if (rhs == 0)
    return makeError(
        formatv("'{0}' of {1} by zero", getSpelling(kind), lhs).str());
  if (divideSignedWouldOverflow(lhs, rhs))
    return makeOverflow(kind, lhs, rhs);
  int64_t quotient = divideFloorSigned(lhs, rhs);
  if (kind == Kind::Divide)
    return HostValue::integer(quotient);
  // The remainder has the sign of the divisor and cannot overflow.
  int64_t remainder = lhs - quotient * rhs;
  if (kind == Kind::Remainder)
    return HostValue::integer(remainder);
  return HostValue::integer(quotient + (remainder != 0));
}

static Expected<HostValue> evaluateIntegers(Kind kind, int64_t lhs,
                                            int64_t rhs) {
  int64_t result = 0;
  bool overflows = false;
  switch (kind) {
  case Kind::Add:
    overflows = AddOverflow(lhs, rhs, result);
    break;
  case Kind::Subtract:
    overflows = SubOverflow(lhs, rhs, result);
    break;
  case Kind::Multiply:
    overflows = MulOverflow(lhs, rhs, result);
    break;
  case Kind::Divide:
  case Kind::Remainder:
  case Kind::CeilDivide:
    return evaluateDivision(kind, lhs, rhs);
  case Kind::Min:
    return HostValue::integer(std::min(lhs, rhs));
  case Kind::Max:
    return HostValue::integer(std::max(lhs, rhs));
  case Kind::Equal:
    return HostValue::boolean(lhs == rhs);
  case Kind::NotEqual:
    return HostValue::boolean(lhs != rhs);
  case Kind::Less:
    return HostValue::boolean(lhs < rhs);
  case Kind::LessEqual:
    return HostValue::boolean(lhs <= rhs);
  case Kind::Greater:
    return HostValue::boolean(lhs > rhs);
  case Kind::GreaterEqual:
    return HostValue::boolean(lhs >= rhs);
  default:
    llvm_unreachable("not a binary operator on numbers");
  }
  if (overflows)
    return makeOverflow(kind, lhs, rhs);
  return HostValue::integer(result);
}

static Expected<HostValue> evaluateFloats(Kind kind, double lhs, double rhs) {
  switch (kind) {
  case Kind::Add:
    return HostValue::floating(lhs + rhs);
  case Kind::Subtract:
    return HostValue::floating(lhs - rhs);
  case Kind::Multiply:
    return HostValue::floating(lhs * rhs);
  case Kind::Divide:
    return HostValue::floating(lhs / rhs);
  case Kind::Min:
    return HostValue::floating(std::min(lhs, rhs));
  case Kind::Max:
    return HostValue::floating(std::max(lhs, rhs));
  case Kind::Equal:
    return HostValue::boolean(lhs == rhs);
  case Kind::NotEqual:
    return HostValue::boolean(lhs != rhs);
  case Kind::Less:
    return HostValue::boolean(lhs < rhs);
  case Kind::LessEqual:
    return HostValue::boolean(lhs <= rhs);
  case Kind::Greater:
    return HostValue::boolean(lhs > rhs);
  case Kind::GreaterEqual:
    return HostValue::boolean(lhs >= rhs);
  default:
    return makeError(formatv("'{0}' needs integers", getSpelling(kind)).str());
  }
}

static Expected<HostValue> evaluateBinary(Kind kind, HostValue lhs,
                                          HostValue rhs) {
  if (lhs.isBool() || rhs.isBool()) {
    bool isComparison = kind == Kind::Equal || kind == Kind::NotEqual;
    if (!isComparison || lhs.getKind() != rhs.getKind())
      return makeError(formatv("'{0}' needs numbers", getSpelling(kind)).str());
    return HostValue::boolean((lhs.getBool() == rhs.getBool()) ==
                              (kind == Kind::Equal));
  }
  if (lhs.isInteger() && rhs.isInteger())
    return evaluateIntegers(kind, lhs.getInteger(), rhs.getInteger());
  return evaluateFloats(kind, lhs.getFloat(), rhs.getFloat());
}

static Expected<HostValue> evaluateUnary(Kind kind, HostValue operand) {
  if (operand.isBool())
    return makeError("a truth value where a number is needed");
  bool negates =
      kind == Kind::Negate || (operand.isInteger() && operand.getInteger() < 0);
  if (operand.isFloat())
    return HostValue::floating(kind == Kind::Negate
                                   ? -operand.getFloat()
                                   : std::fabs(operand.getFloat()));
  if (!negates)
    return operand;
  if (operand.getInteger() == std::numeric_limits<int64_t>::min())
    return makeError("negation overflows 64 bits");
  return HostValue::integer(-operand.getInteger());
}

Expected<HostValue> HostExpr::evaluate(const HostBindings &bindings) const {
  ArrayRef<HostExpr> operands = getOperands();
  switch (getKind()) {
  case Kind::Integer:
  case Kind::Float:
  case Kind::Bool:
    return getValue();
  case Kind::Name: {
    auto found = bindings.values.find(getName());
    if (found == bindings.values.end())
      return makeError("'" + getName() + "' has no value here");
    return found->second;
  }
  case Kind::NumSms:
    if (!bindings.numSms)
      return makeError("'num_sms()' has no value without a device");
    return HostValue::integer(*bindings.numSms);
  case Kind::Negate:
  case Kind::Abs: {
    Expected<HostValue> operand = operands[0].evaluate(bindings);
    return operand ? evaluateUnary(getKind(), *operand) : std::move(operand);
  }
  case Kind::Not: {
    Expected<bool> operand = operands[0].evaluateBool(bindings);
    if (!operand)
      return operand.takeError();
    return HostValue::boolean(!*operand);
  }
  case Kind::And:
  case Kind::Or: {
    Expected<bool> lhs = operands[0].evaluateBool(bindings);
    if (!lhs)
      return lhs.takeError();
    if (*lhs == (getKind() == Kind::Or))
      return HostValue::boolean(*lhs);
    Expected<bool> rhs = operands[1].evaluateBool(bindings);
    if (!rhs)
      return rhs.takeError();
    return HostValue::boolean(*rhs);
  }
  case Kind::If: {
    Expected<bool> condition = operands[0].evaluateBool(bindings);
    if (!condition)
      return condition.takeError();
    return operands[*condition ? 1 : 2].evaluate(bindings);
  }
  default: {
    Expected<HostValue> lhs = operands[0].evaluate(bindings);
    if (!lhs)
      return lhs;
    Expected<HostValue> rhs = operands[1].evaluate(bindings);
    if (!rhs)
      return rhs;
    return evaluateBinary(getKind(), *lhs, *rhs);
  }
  }
}

Expected<int64_t>
HostExpr::evaluateInteger(const HostBindings &bindings) const {
  Expected<HostValue> value = evaluate(bindings);
  if (!value)
    return value.takeError();
  if (!value->isInteger())
    return makeError("'" + str() + "' is not an integer");
  return value->getInteger();
}

Expected<bool> HostExpr::evaluateBool(const HostBindings &bindings) const {
  Expected<HostValue> value = evaluate(bindings);
  if (!value)
    return value.takeError();
  if (!value->isBool())
    return makeError("'" + str() + "' is not a truth value");
  return value->getBool();
}
