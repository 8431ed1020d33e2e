//===- HostExpr.h - arithmetic that the host does before a launch ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grids, preconditions, sizes of buffers and the counts of benches are written
// over dimensions, scalar arguments and facts of the device. They travel as
// text (attributes of a kernel, manifest) and are evaluated by the runner and
// by the generated launcher.

#ifndef TK_SUPPORT_HOSTEXPR_H
#define TK_SUPPORT_HOSTEXPR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm::json {
class Value;
} // namespace llvm::json

namespace mlir::tk {

/// An integer, a float or a truth value.
class HostValue {
public:
  enum class Kind { Integer, Float, Bool };

  static HostValue integer(int64_t value) {
    return {Kind::Integer, value, static_cast<double>(value)};
  }
  static HostValue floating(double value) { return {Kind::Float, 0, value}; }
  static HostValue boolean(bool value) {
    return {Kind::Bool, value, static_cast<double>(value)};
  }

  Kind getKind() const { return kind; }
  bool isInteger() const { return kind == Kind::Integer; }
  bool isFloat() const { return kind == Kind::Float; }
  bool isBool() const { return kind == Kind::Bool; }
  int64_t getInteger() const { return integerValue; }
  bool getBool() const { return integerValue != 0; }
  /// Integers are converted.
  double getFloat() const { return floatValue; }

  bool operator==(const HostValue &other) const {
    return kind == other.kind &&
           (isFloat() ? floatValue == other.floatValue
                      : integerValue == other.integerValue);
  }

private:
  HostValue(Kind kind, int64_t integerValue, double floatValue)
      : kind(kind), integerValue(integerValue), floatValue(floatValue) {}

  Kind kind;
  int64_t integerValue;
  double floatValue;
};

/// What names mean where an expression is evaluated.
struct HostBindings {
  /// "M", "scale", and facts of an argument: "x.bytes", its size; "x.address";
  /// "x.stride0", in elements; "x.span", the largest distance in elements
  /// between two of its elements. The language has only the first.
  llvm::StringMap<HostValue> values;
  /// Number of multiprocessors; absent where no device was chosen.
  std::optional<int64_t> numSms;
};

/// An immutable expression; copies share their nodes.
///
/// The text is that of the language: `+ - * / %` (integer division and
/// remainder floor), comparisons, `&& || !`, `if c { a } else { b }`,
/// `cdiv min max clamp abs num_sms()`, and `x.bytes`.
class HostExpr {
public:
  enum class Kind {
    Integer,
    Float,
    Bool,
    Name,   ///< "M", "x.bytes"
    NumSms, ///< num_sms()
    Negate,
    Not,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    And,
    Or,
    CeilDivide, ///< cdiv(a, b)
    Min,
    Max,
    Abs,
    If, ///< condition, then, else
  };

  static HostExpr integer(int64_t value);
  static HostExpr floating(double value);
  static HostExpr boolean(bool value);
  static HostExpr name(llvm::StringRef name);
  static HostExpr numSms();
  /// Folds when all operands are constants and the result is defined.
  static HostExpr make(Kind kind, llvm::ArrayRef<HostExpr> operands);

  /// Parses text; the error says what was expected and where.
  static llvm::Expected<HostExpr> parse(llvm::StringRef text);
  /// The form `["cdiv", "M", 128]`.
  static llvm::Expected<HostExpr> fromJSON(const llvm::json::Value &json);

  Kind getKind() const;
  llvm::ArrayRef<HostExpr> getOperands() const;
  /// Of Integer, Float and Bool.
  HostValue getValue() const;
  /// Of Name.
  llvm::StringRef getName() const;
  /// The value, if this is an integer constant.
  std::optional<int64_t> getConstantInteger() const;

  /// Canonical text, which parse() reads back to an equal expression.
  std::string str() const;
  llvm::json::Value toJSON() const;

  /// The kind of the value, where the kinds of the names tell it.
  std::optional<HostValue::Kind>
  inferKind(llvm::function_ref<std::optional<HostValue::Kind>(llvm::StringRef)>
                kindOfName) const;

  /// Fails on unknown names, overflow, division by zero and mixed kinds.
  llvm::Expected<HostValue> evaluate(const HostBindings &bindings) const;
  /// The same, and fails unless the result is an integer.
  llvm::Expected<int64_t> evaluateInteger(const HostBindings &bindings) const;
  /// The same, and fails unless the result is a truth value.
  llvm::Expected<bool> evaluateBool(const HostBindings &bindings) const;

  /// Replaces names for which `replacement` has an answer.
  HostExpr
  substitute(llvm::function_ref<std::optional<HostExpr>(llvm::StringRef name)>
                 replacement) const;

  /// Calls `action` on each name, as often as it occurs.
  void forEachName(llvm::function_ref<void(llvm::StringRef)> action) const;

private:
  struct Node;
  explicit HostExpr(std::shared_ptr<const Node> node) : node(std::move(node)) {}

  std::shared_ptr<const Node> node;
};

/// Spelling of an operator or function: "+", "cdiv"; empty for leaves and `if`.
llvm::StringRef getSpelling(HostExpr::Kind kind);

} // namespace mlir::tk

#endif // TK_SUPPORT_HOSTEXPR_H
