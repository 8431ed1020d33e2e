//===- ValueType.h - types of values in the tile language -------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// These are the types that the checker reasons about. They know signedness,
// enums and untyped constants, which MLIR types do not.

#ifndef TK_FRONTEND_VALUETYPE_H
#define TK_FRONTEND_VALUETYPE_H

#include "mlir/IR/Types.h"
#include "tk/Support/DType.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>
#include <vector>

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mlir::tk {

struct EnumDecl;

enum class ScalarKind : uint8_t {
  Bool,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  F16,
  BF16,
  F32,
  F64,
  Index,
};

/// "bool", "i8", "index", ...
llvm::StringRef stringify(ScalarKind kind);
std::optional<ScalarKind> parseScalarKind(llvm::StringRef name);
/// Bool and index included.
llvm::ArrayRef<llvm::StringRef> getScalarKindNames();

bool isFloat(ScalarKind kind);
/// Index included, Bool not.
bool isInteger(ScalarKind kind);
/// Bool counts as unsigned.
bool isUnsigned(ScalarKind kind);
/// Index has 64 bits.
unsigned getBitWidth(ScalarKind kind);
const llvm::fltSemantics &getSemantics(ScalarKind floatKind);
/// How an element is kept in memory; index has none and counts as I64.
DType getDType(ScalarKind kind);
ScalarKind getScalarKind(DType dtype);

/// A scalar, or a pointer to one (to a pointer to one ...).
struct ElementType {
  ScalarKind scalar = ScalarKind::F32;
  uint8_t pointerDepth = 0;

  ElementType() = default;
  ElementType(ScalarKind scalar, uint8_t pointerDepth = 0)
      : scalar(scalar), pointerDepth(pointerDepth) {}

  bool isPointer() const { return pointerDepth != 0; }
  bool isFloat() const { return !isPointer() && tk::isFloat(scalar); }
  bool isInteger() const { return !isPointer() && tk::isInteger(scalar); }
  bool isBool() const { return !isPointer() && scalar == ScalarKind::Bool; }
  bool isIndex() const { return !isPointer() && scalar == ScalarKind::Index; }
  bool isUnsigned() const { return !isPointer() && tk::isUnsigned(scalar); }
  ElementType getPointee() const {
    return {scalar, static_cast<uint8_t>(pointerDepth - 1)};
  }

  bool operator==(ElementType other) const {
    return scalar == other.scalar && pointerDepth == other.pointerDepth;
  }
  bool operator!=(ElementType other) const { return !(*this == other); }

  std::string str() const;
};

/// What sums and dots of `element` accumulate in: f32 for 16-bit floats, i32
/// for integers narrower than that.
ElementType getAccumulatorType(ElementType element);

/// The extent of a view's dimension that is known at run time only.
constexpr int64_t kDynamicExtent = INT64_MIN;

class ValueType {
public:
  enum class Kind {
    /// A mistake was reported; whoever meets it stays quiet.
    Error,
    /// No value.
    Void,
    Scalar,
    Tile,
    View,
    Tuple,
    /// Untyped constants: they take the type of the other operand.
    IntConstant,
    FloatConstant,
    /// Compile-time values.
    Enum,
    Function,
    TypeName,
    String,
    /// `none`, and an optional argument that is absent.
    None,
  };

  ValueType() = default;
  static ValueType error() { return ValueType(Kind::Error); }
  static ValueType none() { return ValueType(Kind::None); }
  static ValueType makeVoid() { return ValueType(Kind::Void); }
  static ValueType simple(Kind kind) { return ValueType(kind); }
  static ValueType scalar(ElementType element);
  /// A tile, or a scalar if `shape` is empty.
  static ValueType shaped(ElementType element, llvm::ArrayRef<int64_t> shape);
  static ValueType view(ElementType element, llvm::ArrayRef<int64_t> shape,
                        bool isWritable);
  static ValueType tuple(llvm::ArrayRef<ValueType> elements);
  static ValueType enumeration(const EnumDecl *decl);

  Kind getKind() const { return kind; }
  bool isError() const { return kind == Kind::Error; }
  bool isVoid() const { return kind == Kind::Void; }
  bool isScalar() const { return kind == Kind::Scalar; }
  bool isTile() const { return kind == Kind::Tile; }
  bool isView() const { return kind == Kind::View; }
  bool isTuple() const { return kind == Kind::Tuple; }
  bool isEnum() const { return kind == Kind::Enum; }
  bool isNone() const { return kind == Kind::None; }
  bool isUntyped() const {
    return kind == Kind::IntConstant || kind == Kind::FloatConstant;
  }
  /// A scalar or a tile.
  bool isComputed() const { return isScalar() || isTile(); }
  bool isBool() const { return isScalar() && element.isBool(); }

  /// Of Scalar, Tile and View.
  ElementType getElement() const { return element; }
  /// Of Tile and View; empty for a scalar.
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const;
  bool isWritable() const { return writable; }
  llvm::ArrayRef<ValueType> getElements() const { return elements; }
  /// Values in a tuple, with the tuples among them: what it costs to copy.
  size_t getNumParts() const;
  const EnumDecl *getEnum() const { return enumDecl; }

  /// The same with another element type. Scalar and Tile only.
  ValueType withElement(ElementType newElement) const;

  bool operator==(const ValueType &other) const;
  bool operator!=(const ValueType &other) const { return !(*this == other); }

  /// As the source writes it: "tile<f32>[64, 32]".
  std::string str() const;

private:
  explicit ValueType(Kind kind) : kind(kind) {}

  Kind kind = Kind::Error;
  ElementType element;
  bool writable = false;
  llvm::SmallVector<int64_t, 3> shape;
  std::vector<ValueType> elements;
  const EnumDecl *enumDecl = nullptr;
};

/// "[64, 32]"; a dynamic extent is written "?".
std::string formatExtents(llvm::ArrayRef<int64_t> shape);

/// The type in IR. Tuples have none: they are flattened.
Type convertElement(ElementType element, MLIRContext *context);
Type convertType(const ValueType &type, MLIRContext *context);

} // namespace mlir::tk

#endif // TK_FRONTEND_VALUETYPE_H
