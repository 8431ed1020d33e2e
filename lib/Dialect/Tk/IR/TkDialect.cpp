//===- TkDialect.cpp - registration and types of the tk dialect -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tk;

#include "tk/Dialect/Tk/IR/TkDialect.cpp.inc"
#include "tk/Dialect/Tk/IR/TkEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tk/Dialect/Tk/IR/TkAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "tk/Dialect/Tk/IR/TkTypes.cpp.inc"

//===----------------------------------------------------------------------===//
// AccessAttr
//===----------------------------------------------------------------------===//

Attribute AccessAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return {};
  std::optional<ParamAccess> access = parseParamAccess(name);
  if (!access) {
    parser.emitError(loc) << "expects read, mut, out or temp, got '" << name
                          << "'";
    return {};
  }
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), *access);
}

void AccessAttr::print(AsmPrinter &printer) const {
  printer << '<' << getValue() << '>';
}

//===----------------------------------------------------------------------===//
// TkDialect
//===----------------------------------------------------------------------===//

namespace {
/// Every tk op may be inlined: functions of the language have no other bodies.
struct TkInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Operation *, bool) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void TkDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tk/Dialect/Tk/IR/TkAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "tk/Dialect/Tk/IR/TkTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tk/Dialect/Tk/IR/TkOps.cpp.inc"
      >();
  addInterfaces<TkInlinerInterface>();
}

Operation *TkDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                          Type type, Location loc) {
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

//===----------------------------------------------------------------------===//
// ViewType
//===----------------------------------------------------------------------===//

/// The language has at most five dimensions, which is what TMA can address.
constexpr size_t kMaxRank = 5;

Type ViewType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type elementType;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseDimensionList(shape) ||
      parser.parseType(elementType) || parser.parseGreater())
    return {};
  return ViewType::getChecked([&] { return parser.emitError(loc); },
                              parser.getContext(), shape, elementType);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << "<";
  printer.printDimensionList(getShape());
  if (!getShape().empty())
    printer << 'x';
  printer << getElementType() << ">";
}

LogicalResult ViewType::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<int64_t> shape, Type elementType) {
  if (shape.size() > kMaxRank)
    return emitError() << "expects a view of rank 1 to " << kMaxRank
                       << ", got rank " << shape.size();
  if (!isa<IntegerType, IndexType, FloatType, PtrType>(elementType))
    return emitError() << "expects elements that are integers, floats or "
                          "pointers, got "
                       << elementType;
  return success();
}
