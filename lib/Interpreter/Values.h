//===- Values.h - how values lie in the frame of a program ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_VALUES_H
#define TK_LIB_INTERPRETER_VALUES_H

#include "Numbers.h"
#include "mlir/IR/BuiltinTypes.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include <optional>

namespace mlir::tk {

/// How one element lies in a frame. A tile is a row-major array of elements, a
/// scalar is one element.
enum class ElementKind : uint8_t {
  I1, // one byte, 0 or 1
  I8,
  I16,
  I32,
  I64, // also index
  F16,
  BF16,
  F32,
  F64,
  Pointer,
};

/// A pointer knows the memory that it may reach.
struct FatPointer {
  uint64_t address;
  /// Number of the allocation, or one of the negative values below.
  int64_t allocation;
};
constexpr int64_t kNoAllocation = -1;
/// Of an optional argument that was not given. One without elements was.
constexpr int64_t kAbsentArgument = -2;

constexpr unsigned kMaxViewRank = 5;

/// A value of type !tk.view.
struct ViewValue {
  FatPointer base;
  /// Made by a subview at a coordinate outside its source.
  bool isEmpty;
  int64_t extents[kMaxViewRank];
  int64_t strides[kMaxViewRank];
};

/// The kind of a scalar or of the elements of a tile; nullopt if the
/// interpreter has no such elements.
std::optional<ElementKind> getElementKind(Type type);

/// Bytes of an element in a frame.
int64_t getFrameSize(ElementKind kind);

/// Bytes of an element in memory: the same, but 8 for a pointer.
int64_t getMemorySize(ElementKind kind);

/// Number of elements of a tile, 1 for a scalar.
int64_t getNumElements(Type type);

/// Shape of a tile, empty for a scalar.
ArrayRef<int64_t> getTileShape(Type type);

/// Calls `fn` with a value of the C++ type of `kind`, which must be a number.
template <typename Fn> auto dispatchNumber(ElementKind kind, Fn fn) {
  switch (kind) {
  case ElementKind::I1:
  case ElementKind::Pointer:
    return fn(uint8_t());
  case ElementKind::I8:
    return fn(int8_t());
  case ElementKind::I16:
    return fn(int16_t());
  case ElementKind::I32:
    return fn(int32_t());
  case ElementKind::I64:
    return fn(int64_t());
  case ElementKind::F16:
    return fn(F16());
  case ElementKind::BF16:
    return fn(BF16());
  case ElementKind::F32:
    return fn(float());
  case ElementKind::F64:
    return fn(double());
  }
  llvm_unreachable("all kinds are listed");
}

inline bool isFloatKind(ElementKind kind) {
  return kind >= ElementKind::F16 && kind <= ElementKind::F64;
}
inline bool isIntegerKind(ElementKind kind) { return kind <= ElementKind::I64; }

/// Reads an integer element of the frame, signed (i1 as 0 or 1).
int64_t readInteger(ElementKind kind, const char *element);

/// Reads a float element of the frame.
double readFloat(ElementKind kind, const char *element);

/// Writes an attribute as an element.
void writeConstant(ElementKind kind, char *element, Attribute value);

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_VALUES_H
