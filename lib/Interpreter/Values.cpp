//===- Values.cpp - how values lie in the frame of a program --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Values.h"
#include "mlir/IR/BuiltinAttributes.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

std::optional<ElementKind> mlir::tk::getElementKind(Type type) {
  type = getElementTypeOrSelf(type);
  if (type.isIndex())
    return ElementKind::I64;
  if (isa<PtrType>(type))
    return ElementKind::Pointer;
  if (type.isF16())
    return ElementKind::F16;
  if (type.isBF16())
    return ElementKind::BF16;
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || !integer.isSignless())
    return std::nullopt;
  switch (integer.getWidth()) {
  case 1:
    return ElementKind::I1;
  case 8:
    return ElementKind::I8;
  case 16:
    return ElementKind::I16;
  case 32:
    return ElementKind::I32;
  case 64:
    return ElementKind::I64;
  default:
    return std::nullopt;
  }
}

int64_t mlir::tk::getMemorySize(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
  case ElementKind::I8:
    return 1;
  case ElementKind::I16:
  case ElementKind::F16:
  case ElementKind::BF16:
    return 2;
  case ElementKind::I32:
  case ElementKind::F32:
    return 4;
  case ElementKind::I64:
  case ElementKind::F64:
  case ElementKind::Pointer:
    return 8;
  }
  llvm_unreachable("all kinds are listed");
}

int64_t mlir::tk::getFrameSize(ElementKind kind) {
  return kind == ElementKind::Pointer ? sizeof(FatPointer)
                                      : getMemorySize(kind);
}

int64_t mlir::tk::getNumElements(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile ? tile.getNumElements() : 1;
}

ArrayRef<int64_t> mlir::tk::getTileShape(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile ? tile.getShape() : ArrayRef<int64_t>();
}

template <typename T> static T readAs(const char *element) {
  T value;
  std::memcpy(&value, element, sizeof(T));
  return value;
}

int64_t mlir::tk::readInteger(ElementKind kind, const char *element) {
  assert(isIntegerKind(kind) && "only integers are read so");
  return dispatchNumber(kind, [&](auto zero) -> int64_t {
    using T = decltype(zero);
    if constexpr (isFloatType<T>)
      return 0;
    else
      return readAs<T>(element);
  });
}

double mlir::tk::readFloat(ElementKind kind, const char *element) {
  assert(isFloatKind(kind) && "only floats are read so");
  return dispatchNumber(kind, [&](auto zero) -> double {
    return static_cast<double>(widen(readAs<decltype(zero)>(element)));
  });
}

void mlir::tk::writeConstant(ElementKind kind, char *element, Attribute value) {
  APInt bits = isFloatKind(kind)
                   ? cast<FloatAttr>(value).getValue().bitcastToAPInt()
                   : cast<IntegerAttr>(value).getValue();
  uint64_t word = bits.getZExtValue();
  std::memcpy(element, &word, getMemorySize(kind));
}
