//===- DType.h - the element types of tensors in memory -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_SUPPORT_DTYPE_H
#define TK_SUPPORT_DTYPE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace mlir::tk {

/// The element type of a tensor. A Bool takes one byte and holds 0 or 1.
enum class DType : uint8_t {
  Bool,
  I8,
  I16,
  I32,
  I64,
  U8,
  U16,
  U32,
  U64,
  F8E4M3,
  F8E5M2,
  F16,
  BF16,
  F32,
  F64,
};

llvm::ArrayRef<DType> getAllDTypes();

/// The name in the language: "bool", "i8", "f8e4m3", "bf16", ...
llvm::StringRef getDTypeName(DType dtype);
std::optional<DType> parseDTypeName(llvm::StringRef name);

int64_t getSizeInBytes(DType dtype);
bool isFloat(DType dtype);
/// I8 to I64; Bool is neither signed nor unsigned.
bool isSignedInteger(DType dtype);

/// Reads one element. Exact, except that I64 and U64 round to the nearest.
double readAsDouble(DType dtype, const void *element);

/// Reads one element of integer type or Bool. A U64 keeps its bit pattern.
int64_t readAsInteger(DType dtype, const void *element);

/// Writes `value` by the rules of the language's casts: to a float rounds to
/// the nearest, ties to even (one rounding), and 8-bit floats saturate; to an
/// integer truncates, saturates and turns NaN into 0; to Bool compares with 0.
void writeDouble(DType dtype, void *element, double value);

/// Writes `value`: integers keep the low bits, floats round once, Bool compares
/// with 0. A U64 passes its bit pattern with `isUnsigned`.
void writeInteger(DType dtype, void *element, int64_t value,
                  bool isUnsigned = false);

/// Converts one element as a cast of the language does; never rounds twice.
void convertElement(DType fromType, const void *from, DType toType, void *to);

} // namespace mlir::tk

#endif // TK_SUPPORT_DTYPE_H
