//===- ValueType.cpp - types of values in the tile language ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ValueType.h"
#include "mlir/IR/BuiltinTypes.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Frontend/AST.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

static constexpr StringRef kScalarNames[] = {
    "bool", "i8",  "i16", "i32",  "i64", "u8",  "u16",
    "u32",  "u64", "f16", "bf16", "f32", "f64", "index"};

ArrayRef<StringRef> mlir::tk::getScalarKindNames() { return kScalarNames; }

StringRef mlir::tk::stringify(ScalarKind kind) {
  return kScalarNames[static_cast<unsigned>(kind)];
}

std::optional<ScalarKind> mlir::tk::parseScalarKind(StringRef name) {
  const StringRef *found = llvm::find(kScalarNames, name);
  if (found == std::end(kScalarNames))
    return std::nullopt;
  return static_cast<ScalarKind>(found - std::begin(kScalarNames));
}

bool mlir::tk::isFloat(ScalarKind kind) {
  return kind >= ScalarKind::F16 && kind <= ScalarKind::F64;
}

bool mlir::tk::isInteger(ScalarKind kind) {
  return kind == ScalarKind::Index ||
         (kind >= ScalarKind::I8 && kind <= ScalarKind::U64);
}

bool mlir::tk::isUnsigned(ScalarKind kind) {
  return kind == ScalarKind::Bool ||
         (kind >= ScalarKind::U8 && kind <= ScalarKind::U64);
}

unsigned mlir::tk::getBitWidth(ScalarKind kind) {
  switch (kind) {
  case ScalarKind::Bool:
    return 1;
  case ScalarKind::I8:
  case ScalarKind::U8:
    return 8;
  case ScalarKind::I16:
  case ScalarKind::U16:
  case ScalarKind::F16:
  case ScalarKind::BF16:
    return 16;
  case ScalarKind::I32:
  case ScalarKind::U32:
  case ScalarKind::F32:
    return 32;
  case ScalarKind::I64:
  case ScalarKind::U64:
  case ScalarKind::F64:
  case ScalarKind::Index:
    return 64;
  }
  llvm_unreachable("every kind is handled");
}

const llvm::fltSemantics &mlir::tk::getSemantics(ScalarKind floatKind) {
  switch (floatKind) {
  case ScalarKind::F16:
    return llvm::APFloat::IEEEhalf();
  case ScalarKind::BF16:
    return llvm::APFloat::BFloat();
  case ScalarKind::F32:
    return llvm::APFloat::IEEEsingle();
  default:
    assert(floatKind == ScalarKind::F64 && "only floats have semantics");
    return llvm::APFloat::IEEEdouble();
  }
}

DType mlir::tk::getDType(ScalarKind kind) {
  if (kind == ScalarKind::Index)
    return DType::I64;
  return *parseDTypeName(stringify(kind));
}

ScalarKind mlir::tk::getScalarKind(DType dtype) {
  return *parseScalarKind(getDTypeName(dtype));
}

std::string ElementType::str() const {
  std::string text = stringify(scalar).str();
  for (unsigned i = 0; i < pointerDepth; ++i)
    text = "ptr<" + text + ">";
  return text;
}

ElementType mlir::tk::getAccumulatorType(ElementType element) {
  if (element.isPointer() || getBitWidth(element.scalar) >= 32)
    return element;
  return element.isFloat() ? ScalarKind::F32 : ScalarKind::I32;
}

//===----------------------------------------------------------------------===//
// ValueType
//===----------------------------------------------------------------------===//

ValueType ValueType::scalar(ElementType element) {
  ValueType type(Kind::Scalar);
  type.element = element;
  return type;
}

ValueType ValueType::shaped(ElementType element, ArrayRef<int64_t> shape) {
  ValueType type(shape.empty() ? Kind::Scalar : Kind::Tile);
  type.element = element;
  type.shape.assign(shape.begin(), shape.end());
  return type;
}

ValueType ValueType::view(ElementType element, ArrayRef<int64_t> shape,
                          bool isWritable) {
  ValueType type(Kind::View);
  type.element = element;
  type.shape.assign(shape.begin(), shape.end());
  type.writable = isWritable;
  return type;
}

ValueType ValueType::tuple(ArrayRef<ValueType> elements) {
  ValueType type(Kind::Tuple);
  type.elements = elements.vec();
  return type;
}

ValueType ValueType::enumeration(const EnumDecl *decl) {
  ValueType type(Kind::Enum);
  type.enumDecl = decl;
  return type;
}

int64_t ValueType::getNumElements() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

size_t ValueType::getNumParts() const {
  size_t count = elements.size();
  for (const ValueType &element : elements)
    count += element.getNumParts();
  return count;
}

ValueType ValueType::withElement(ElementType newElement) const {
  assert(isComputed() && "only scalars and tiles have other element types");
  return shaped(newElement, shape);
}

bool ValueType::operator==(const ValueType &other) const {
  if (kind != other.kind)
    return false;
  switch (kind) {
  case Kind::Scalar:
    return element == other.element;
  case Kind::Tile:
    return element == other.element && shape == other.shape;
  case Kind::View:
    return element == other.element && shape == other.shape &&
           writable == other.writable;
  case Kind::Tuple:
    return elements == other.elements;
  case Kind::Enum:
    return enumDecl == other.enumDecl;
  default:
    return true;
  }
}

std::string mlir::tk::formatExtents(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(shape, os, [&](int64_t extent) {
    if (extent == kDynamicExtent)
      os << "?";
    else
      os << extent;
  });
  os << "]";
  return text;
}

std::string ValueType::str() const {
  switch (kind) {
  case Kind::Error:
    return "error";
  case Kind::Void:
    return "nothing";
  case Kind::Scalar:
    return element.str();
  case Kind::Tile:
    return "tile<" + element.str() + ">" + formatExtents(shape);
  case Kind::View:
    return "tensor<" + element.str() + ">" + formatExtents(shape);
  case Kind::Tuple: {
    std::string text = "(";
    for (const ValueType &type : elements)
      text += (text.size() > 1 ? ", " : "") + type.str();
    return text + (elements.size() == 1 ? ",)" : ")");
  }
  case Kind::IntConstant:
    return "untyped integer";
  case Kind::FloatConstant:
    return "untyped float";
  case Kind::Enum:
    return enumDecl->name.name.str();
  case Kind::Function:
    return "fn";
  case Kind::TypeName:
    return "type";
  case Kind::String:
    return "string";
  case Kind::None:
    return "none";
  }
  llvm_unreachable("every kind is handled");
}

//===----------------------------------------------------------------------===//
// Types of IR
//===----------------------------------------------------------------------===//

Type mlir::tk::convertElement(ElementType element, MLIRContext *context) {
  Type type;
  switch (element.scalar) {
  case ScalarKind::F16:
    type = Float16Type::get(context);
    break;
  case ScalarKind::BF16:
    type = BFloat16Type::get(context);
    break;
  case ScalarKind::F32:
    type = Float32Type::get(context);
    break;
  case ScalarKind::F64:
    type = Float64Type::get(context);
    break;
  case ScalarKind::Index:
    type = IndexType::get(context);
    break;
  default:
    type = IntegerType::get(context, getBitWidth(element.scalar));
    break;
  }
  for (unsigned i = 0; i < element.pointerDepth; ++i)
    type = PtrType::get(type);
  return type;
}

Type mlir::tk::convertType(const ValueType &type, MLIRContext *context) {
  Type element = convertElement(type.getElement(), context);
  if (type.isTile())
    return RankedTensorType::get(type.getShape(), element);
  if (!type.isView())
    return element;
  SmallVector<int64_t> shape(type.getShape());
  llvm::replace(shape, kDynamicExtent, ShapedType::kDynamic);
  return ViewType::get(shape, element);
}
