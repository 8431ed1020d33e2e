//===- ConstEval.h - arithmetic at compile time -----------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Untyped integers are exact from -2^63 to 2^64 - 1, and leaving that range is
// an error. Untyped floats are computed with 113 bits and rounded once, to the
// type that they turn out to have.

#ifndef TK_FRONTEND_CONSTEVAL_H
#define TK_FRONTEND_CONSTEVAL_H

#include "ValueType.h"
#include "tk/Frontend/AST.h"
#include "llvm/Support/Error.h"
#include <variant>

namespace mlir::tk {

__extension__ using Int128 = __int128;

std::string formatInteger(Int128 value);

/// A value known at compile time.
class ConstValue {
public:
  ConstValue() = default;
  static ConstValue integer(Int128 value) { return {value}; }
  static ConstValue floating(llvm::APFloat value) { return {value}; }
  static ConstValue boolean(bool value) { return {value}; }
  static ConstValue string(llvm::StringRef value) { return {value}; }
  static ConstValue type(ElementType value) { return {value}; }
  static ConstValue function(const FnDecl *decl) { return {decl}; }
  static ConstValue enumCase(const EnumDecl *decl, unsigned index) {
    return {EnumCase{decl, index}};
  }

  explicit operator bool() const {
    return !std::holds_alternative<std::monostate>(value);
  }
  const Int128 *getInteger() const { return std::get_if<Int128>(&value); }
  const llvm::APFloat *getFloat() const {
    return std::get_if<llvm::APFloat>(&value);
  }
  const bool *getBool() const { return std::get_if<bool>(&value); }
  const llvm::StringRef *getString() const {
    return std::get_if<llvm::StringRef>(&value);
  }
  const ElementType *getType() const {
    return std::get_if<ElementType>(&value);
  }
  const FnDecl *getFunction() const {
    auto *decl = std::get_if<const FnDecl *>(&value);
    return decl ? *decl : nullptr;
  }
  const EnumDecl *getEnumDecl() const {
    auto *enumCase = std::get_if<EnumCase>(&value);
    return enumCase ? enumCase->decl : nullptr;
  }
  unsigned getEnumIndex() const { return std::get<EnumCase>(value).index; }

  /// The type of an expression with this value, before it meets others.
  ValueType getValueType() const;

  bool operator==(const ConstValue &other) const;

  /// As the text of a generic argument: "128", "true", ".relu", "f32", "relu".
  std::string str() const;

private:
  struct EnumCase {
    const EnumDecl *decl;
    unsigned index;
    bool operator==(const EnumCase &other) const {
      return decl == other.decl && index == other.index;
    }
  };
  using Storage =
      std::variant<std::monostate, Int128, llvm::APFloat, bool, llvm::StringRef,
                   ElementType, const FnDecl *, EnumCase>;
  template <typename T> ConstValue(T value) : value(std::move(value)) {}

  Storage value;
};

/// Why an operation on constants has no result.
enum class ConstError {
  None,
  /// These operands do not go with this operator: a type error.
  NotDefined,
  Overflow,
  DivisionByZero,
  ShiftTooFar,
};

struct ConstResult {
  ConstValue value;
  ConstError error = ConstError::None;
};

/// `lhs op rhs` of untyped numbers, bools or enum cases.
ConstResult foldBinary(BinaryOp op, const ConstValue &lhs,
                       const ConstValue &rhs);
ConstResult foldUnary(UnaryOp op, const ConstValue &operand);
/// cdiv, min, max of two; abs of one number.
ConstResult foldFunction(llvm::StringRef name,
                         llvm::ArrayRef<ConstValue> operands);

/// 113-bit floats.
llvm::APFloat makeWideFloat(const FloatLiteralExpr &literal);
llvm::APFloat makeWideFloat(Int128 value);
/// Rounds once, to nearest even.
llvm::APFloat roundTo(ScalarKind kind, llvm::APFloat value);

/// True if `value` is a number of integer type `kind`.
bool isRepresentable(Int128 value, ScalarKind kind);

/// True for the values that something of type `kind` can be given: integers
/// that it holds exactly, floats that rounding does not make infinite.
bool isValueOf(const ConstValue &value, ScalarKind kind);
bool isZero(const ConstValue &value);
/// True if `value` is exactly a number of float type `kind`.
bool isExactIn(Int128 value, ScalarKind floatKind);

} // namespace mlir::tk

#endif // TK_FRONTEND_CONSTEVAL_H
