//===- TkOps.cpp - verifiers, folds and syntax of the tk ops --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "mlir/Support/DebugStringHelper.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/IR/TkItems.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

Type mlir::tk::getSameShape(Type type, Type element) {
  if (auto tile = dyn_cast<RankedTensorType>(type))
    return tile.clone(element);
  return element;
}

static ArrayRef<int64_t> getShapeOrEmpty(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  return tile ? tile.getShape() : ArrayRef<int64_t>();
}

static bool haveSameShape(Type lhs, Type rhs) {
  return isa<RankedTensorType>(lhs) == isa<RankedTensorType>(rhs) &&
         getShapeOrEmpty(lhs) == getShapeOrEmpty(rhs);
}

/// Checks that `type` has the shape of the pointers and, unless it is a mask,
/// the element type that they point to.
static LogicalResult verifyBesidePointer(Operation *op, Type pointer, Type type,
                                         StringRef what, bool isMask = false) {
  if (!haveSameShape(pointer, type))
    return op->emitOpError("expects ")
           << what << " of the shape of the pointers, " << pointer << ", got "
           << type;
  Type pointee = cast<PtrType>(getElementTypeOrSelf(pointer)).getElementType();
  if (!isMask && getElementTypeOrSelf(type) != pointee)
    return op->emitOpError("expects ")
           << what << " with elements of type " << pointee << ", got " << type;
  return success();
}

static LogicalResult verifyMask(Operation *op, Type pointer, Value mask) {
  if (!mask)
    return success();
  return verifyBesidePointer(op, pointer, mask.getType(), "a mask",
                             /*isMask=*/true);
}

LogicalResult mlir::tk::verifyTileLayouts(Operation *op) {
  auto getInterface = [](Type type) -> const TileLayoutInterface * {
    auto tile = dyn_cast<RankedTensorType>(type);
    if (!tile || !tile.getEncoding())
      return nullptr;
    Dialect &dialect = tile.getEncoding().getDialect();
    return dialect.getRegisteredInterface<TileLayoutInterface>();
  };
  for (TypeRange types :
       {TypeRange(op->getOperandTypes()), TypeRange(op->getResultTypes())})
    for (Type type : types)
      if (const TileLayoutInterface *interface = getInterface(type))
        return interface->verifyLayouts(op);
  return success();
}

//===----------------------------------------------------------------------===//
// AddressesOp
//===----------------------------------------------------------------------===//

LogicalResult AddressesOp::verify() {
  Type element = PtrType::get(getView().getType().getElementType());
  if (failed(verifyItems(*this, getView().getType(), getIndices(),
                         getItemExtents(), element, getType())))
    return failure();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// ArangeOp
//===----------------------------------------------------------------------===//

LogicalResult ArangeOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (type.getRank() != 1)
    return emitOpError("expects a result of rank 1, got ") << type;
  Type element = type.getElementType();
  if (element.isIndex())
    return success();
  unsigned width = element.getIntOrFloatBitWidth();
  if (width < 63 && type.getDimSize(0) > (int64_t(1) << (width - 1)))
    return emitOpError("expects an element type that holds ")
           << type.getDimSize(0) - 1 << ", got " << element;
  return success();
}

//===----------------------------------------------------------------------===//
// Atomics
//===----------------------------------------------------------------------===//

static bool isFloatKind(AtomicKind kind) {
  return kind == AtomicKind::FAdd || kind == AtomicKind::FMax ||
         kind == AtomicKind::FMin;
}

LogicalResult AtomicCASOp::verify() {
  Type pointer = getPointer().getType();
  if (failed(verifyMask(*this, pointer, getMask())))
    return failure();
  if (failed(
          verifyBesidePointer(*this, pointer, getValue().getType(), "a value")))
    return failure();
  return verifyTileLayouts(*this);
}

LogicalResult AtomicLoadOp::verify() {
  if (getOrder() != MemoryOrder::Relaxed && getOrder() != MemoryOrder::Acquire)
    return emitOpError("expects order relaxed or acquire, got ")
           << stringifyMemoryOrder(getOrder());
  Type pointer = getPointer().getType();
  if (failed(verifyMask(*this, pointer, getMask())))
    return failure();
  if (failed(verifyBesidePointer(*this, pointer, getType(), "a result")))
    return failure();
  return verifyTileLayouts(*this);
}

LogicalResult AtomicRMWOp::verify() {
  Type pointer = getPointer().getType();
  Type value = getValue().getType();
  if (failed(verifyMask(*this, pointer, getMask())) ||
      failed(verifyBesidePointer(*this, pointer, value, "a value")))
    return failure();
  bool isFloat = isa<FloatType>(getElementTypeOrSelf(value));
  if (getKind() != AtomicKind::Exchange && isFloat != isFloatKind(getKind()))
    return emitOpError("expects ")
           << (isFloatKind(getKind()) ? "floats" : "integers") << " for '"
           << stringifyAtomicKind(getKind()) << "', got " << value;
  return verifyTileLayouts(*this);
}

LogicalResult AtomicStoreOp::verify() {
  if (getOrder() != MemoryOrder::Relaxed && getOrder() != MemoryOrder::Release)
    return emitOpError("expects order relaxed or release, got ")
           << stringifyMemoryOrder(getOrder());
  Type pointer = getPointer().getType();
  if (failed(verifyMask(*this, pointer, getMask())))
    return failure();
  if (failed(
          verifyBesidePointer(*this, pointer, getValue().getType(), "a value")))
    return failure();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// BroadcastOp
//===----------------------------------------------------------------------===//

LogicalResult BroadcastOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getType());
  if (source.getElementType() != result.getElementType())
    return emitOpError("expects equal element types, got ")
           << source << " and " << result;
  if (source.getRank() != result.getRank())
    return emitOpError("expects equal ranks, got ")
           << source << " and " << result;
  for (int64_t i = 0; i < source.getRank(); ++i)
    if (source.getDimSize(i) != 1 &&
        source.getDimSize(i) != result.getDimSize(i))
      return emitOpError("expects dimension ")
             << i << " of the source to have extent 1 or "
             << result.getDimSize(i) << ", got " << source.getDimSize(i);
  return verifyTileLayouts(*this);
}

/// broadcast(x) : T -> T  ->  x; broadcast(constant splat) -> constant splat
OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  return {};
}

//===----------------------------------------------------------------------===//
// CastOp
//===----------------------------------------------------------------------===//

LogicalResult CastOp::verify() {
  if (!haveSameShape(getSource().getType(), getType()))
    return emitOpError("expects equal shapes, got ")
           << getSource().getType() << " and " << getType();
  return verifyTileLayouts(*this);
}

/// cast(x) : T -> T  ->  x
OpFoldResult CastOp::fold(FoldAdaptor) {
  bool changesSign = getSourceUnsigned() != getResultUnsigned();
  if (getSource().getType() == getType() && !(getChecked() && changesSign))
    return getSource();
  return {};
}

//===----------------------------------------------------------------------===//
// DimOp, StrideOp
//===----------------------------------------------------------------------===//

static LogicalResult verifyViewQuery(Operation *op, ViewType view,
                                     uint32_t axis) {
  if (axis < static_cast<uint32_t>(view.getRank()))
    return success();
  return op->emitOpError("expects an axis below the rank, ")
         << view.getRank() << ", got " << axis;
}

LogicalResult DimOp::verify() {
  return verifyViewQuery(*this, getView().getType(), getAxis());
}

/// dim(x, i) -> the extent that the type knows
OpFoldResult DimOp::fold(FoldAdaptor) {
  int64_t extent = getView().getType().getShape()[getAxis()];
  if (ShapedType::isDynamic(extent))
    return {};
  return IntegerAttr::get(getType(), extent);
}

/// No address space holds more elements; the host refuses larger extents. The
/// bound keeps sums and products of a few extents clear of overflow.
constexpr int64_t kMaxExtent = int64_t(1) << 48;

static ConstantIntRanges getIndexRange(int64_t low, int64_t high) {
  return ConstantIntRanges::fromSigned(APInt(64, low, /*isSigned=*/true),
                                       APInt(64, high, /*isSigned=*/true));
}

void DimOp::inferResultRanges(ArrayRef<ConstantIntRanges>,
                              SetIntRangeFn setResultRange) {
  int64_t extent = getView().getType().getShape()[getAxis()];
  bool isKnown = !ShapedType::isDynamic(extent);
  setResultRange(getResult(), getIndexRange(isKnown ? extent : 0,
                                            isKnown ? extent : kMaxExtent));
}

LogicalResult StrideOp::verify() {
  return verifyViewQuery(*this, getView().getType(), getAxis());
}

//===----------------------------------------------------------------------===//
// DotOp
//===----------------------------------------------------------------------===//

LogicalResult DotOp::verify() {
  auto lhs = cast<RankedTensorType>(getLhs().getType());
  auto rhs = cast<RankedTensorType>(getRhs().getType());
  auto acc = cast<RankedTensorType>(getType());
  int64_t rank = lhs.getRank();
  if (rank < 2 || rhs.getRank() != rank || acc.getRank() != rank)
    return emitOpError("expects operands of one rank of at least 2, got ")
           << lhs << ", " << rhs << " and " << acc;
  for (int64_t i = 0; i < rank - 2; ++i)
    if (lhs.getDimSize(i) != rhs.getDimSize(i) ||
        lhs.getDimSize(i) != acc.getDimSize(i))
      return emitOpError("expects equal batch dimensions, got ")
             << lhs << ", " << rhs << " and " << acc;
  if (lhs.getDimSize(rank - 1) != rhs.getDimSize(rank - 2))
    return emitOpError("expects K of the operands to be equal, got ")
           << lhs.getDimSize(rank - 1) << " and " << rhs.getDimSize(rank - 2);
  if (acc.getDimSize(rank - 2) != lhs.getDimSize(rank - 2) ||
      acc.getDimSize(rank - 1) != rhs.getDimSize(rank - 1))
    return emitOpError("expects an accumulator of ")
           << lhs.getDimSize(rank - 2) << "x" << rhs.getDimSize(rank - 1)
           << ", got " << acc;
  if (lhs.getElementType() != rhs.getElementType())
    return emitOpError("expects operands of one element type, got ")
           << lhs.getElementType() << " and " << rhs.getElementType();
  bool isFloat = isa<FloatType>(lhs.getElementType());
  if (isFloat != isa<FloatType>(acc.getElementType()))
    return emitOpError("expects ")
           << (isFloat ? "a float" : "an integer") << " accumulator, got "
           << acc.getElementType();
  if (acc.getElementTypeBitWidth() < lhs.getElementTypeBitWidth())
    return emitOpError("expects an accumulator no narrower than ")
           << lhs.getElementType() << ", got " << acc.getElementType();
  if (getPrecision() != Precision::IEEE && !lhs.getElementType().isF32())
    return emitOpError("expects f32 operands for precision ")
           << stringifyPrecision(getPrecision()) << ", got "
           << lhs.getElementType();
  return success();
}

//===----------------------------------------------------------------------===//
// ExpandDimsOp
//===----------------------------------------------------------------------===//

LogicalResult ExpandDimsOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getType());
  if (getAxis() > source.getRank())
    return emitOpError("expects an axis of at most ")
           << source.getRank() << ", got " << getAxis();
  SmallVector<int64_t> shape(source.getShape());
  shape.insert(shape.begin() + getAxis(), 1);
  if (result.getShape() != ArrayRef<int64_t>(shape) ||
      result.getElementType() != source.getElementType())
    return emitOpError("expects a result of ")
           << RankedTensorType::get(shape, source.getElementType()) << ", got "
           << result;
  return verifyTileLayouts(*this);
}

/// expand_dims(constant splat) -> constant splat
OpFoldResult ExpandDimsOp::fold(FoldAdaptor adaptor) {
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  return {};
}

//===----------------------------------------------------------------------===//
// GatherOp
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (getAxis() >= source.getRank())
    return emitOpError("expects an axis below the rank, ")
           << source.getRank() << ", got " << getAxis();
  ArrayRef<int64_t> indices = getShapeOrEmpty(getIndices().getType());
  SmallVector<int64_t> shape(source.getShape().take_front(getAxis()));
  llvm::append_range(shape, indices);
  llvm::append_range(shape, source.getShape().drop_front(getAxis() + 1));
  Type expected = source.getElementType();
  if (!shape.empty())
    expected = RankedTensorType::get(shape, source.getElementType());
  if (!haveSameShape(expected, getType()) ||
      getElementTypeOrSelf(getType()) != source.getElementType())
    return emitOpError("expects a result of ")
           << expected << ", got " << getType();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// InsideOp
//===----------------------------------------------------------------------===//

LogicalResult InsideOp::verify() {
  if (failed(verifyItems(*this, getView().getType(), getIndices(),
                         getItemExtents(), IntegerType::get(getContext(), 1),
                         getType())))
    return failure();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// KernelOp
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     FunctionType type, ArrayRef<NamedAttribute> attrs) {
  state.addAttribute(SymbolTable::getSymbolAttrName(),
                     builder.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  state.attributes.append(attrs.begin(), attrs.end());
  state.addRegion();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildFuncType =
      [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
         function_interface_impl::VariadicFlag,
         std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false,
      getFunctionTypeAttrName(result.name), buildFuncType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(
      printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
      getArgAttrsAttrName(), getResAttrsAttrName());
}

StringRef KernelOp::getArgName(unsigned index) {
  auto name = getArgAttrOfType<StringAttr>(index, kNameAttr);
  return name ? name.getValue() : StringRef();
}

ParamAccess KernelOp::getArgAccess(unsigned index) {
  auto access = getArgAttrOfType<AccessAttr>(index, kAccessAttr);
  return access ? access.getValue() : ParamAccess::Read;
}

llvm::Expected<std::vector<HostExpr>>
mlir::tk::parseHostExprs(ArrayAttr texts) {
  std::vector<HostExpr> exprs;
  for (Attribute attr : texts ? texts.getValue() : ArrayRef<Attribute>()) {
    auto text = dyn_cast<StringAttr>(attr);
    if (!text)
      return llvm::createStringError(debugString(attr) + ": expects a string");
    llvm::Expected<HostExpr> expr = HostExpr::parse(text.getValue());
    if (!expr)
      return expr.takeError();
    exprs.push_back(std::move(*expr));
  }
  return exprs;
}

static LogicalResult verifyHostExprs(KernelOp kernel, ArrayAttr texts) {
  if (auto exprs = parseHostExprs(texts); !exprs)
    return kernel.emitOpError("has the host expression ")
           << llvm::toString(exprs.takeError());
  return success();
}

LogicalResult KernelOp::verify() {
  if (!getResultTypes().empty())
    return emitOpError("expects no results, got ") << getResultTypes().size();
  if (std::optional<ArrayAttr> grid = getGrid())
    if (grid->empty() || grid->size() > 3)
      return emitOpError("expects one to three grid extents, got ")
             << grid->size();
  if (failed(verifyHostExprs(*this, getGridAttr())) ||
      failed(verifyHostExprs(*this, getRequireAttr())))
    return failure();
  for (auto [i, type] : llvm::enumerate(getArgumentTypes())) {
    auto dims = getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
    auto view = dyn_cast<ViewType>(type);
    if (dims && !view)
      return emitOpError("expects '")
             << kDimsAttr << "' on a view, but argument " << i << " has type "
             << type;
    if (dims && static_cast<int64_t>(dims.size()) != view.getRank())
      return emitOpError("expects ")
             << view.getRank() << " entries in '" << kDimsAttr
             << "' of argument " << i << ", got " << dims.size();
    if (failed(verifyHostExprs(*this, dims)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// LoadOp
//===----------------------------------------------------------------------===//

LogicalResult LoadOp::verify() {
  Type pointer = getPointer().getType();
  if (failed(verifyMask(*this, pointer, getMask())) ||
      failed(verifyBesidePointer(*this, pointer, getType(), "a result")))
    return failure();
  if (getOther() && getOther().getType() != getType())
    return emitOpError("expects 'other' of the type of the result, ")
           << getType() << ", got " << getOther().getType();
  if (getOther() && !getMask())
    return emitOpError("expects a mask where there is an 'other'");
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// LoadViewOp
//===----------------------------------------------------------------------===//

static LogicalResult verifyInbounds(Operation *op, ViewType view,
                                    std::optional<ArrayRef<bool>> inbounds) {
  if (!inbounds || static_cast<int64_t>(inbounds->size()) == view.getRank())
    return success();
  return op->emitOpError("expects one 'inbounds' flag for each of the ")
         << view.getRank() << " dimensions of the view, got "
         << inbounds->size();
}

LogicalResult LoadViewOp::verify() {
  ViewType view = getView().getType();
  if (failed(verifyItems(*this, view, getIndices(), getItemExtents(),
                         view.getElementType(), getType())) ||
      failed(verifyInbounds(*this, view, getInbounds())))
    return failure();
  if (getPad() && getPad().getType() != view.getElementType())
    return emitOpError("expects padding of type ")
           << view.getElementType() << ", got " << getPad().getType();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// MakeViewOp
//===----------------------------------------------------------------------===//

LogicalResult MakeViewOp::verify() {
  ViewType view = getType();
  int64_t numExtents = getExtents().size(), numStrides = getStrides().size();
  if (numExtents != view.getRank() || numStrides != view.getRank())
    return emitOpError("expects ")
           << view.getRank() << " extents and strides, got " << numExtents
           << " and " << numStrides;
  if (getPointer().getType().getElementType() != view.getElementType())
    return emitOpError("expects a pointer to ")
           << view.getElementType() << ", got " << getPointer().getType();
  return success();
}

//===----------------------------------------------------------------------===//
// ProgramIdOp, NumProgramsOp
//===----------------------------------------------------------------------===//

/// A grid has at most 2^31 - 1 programs (CUDA C++ Programming Guide, "Compute
/// Capabilities"; HIP has the same limit).
constexpr int64_t kMaxPrograms = (int64_t(1) << 31) - 1;

void ProgramIdOp::inferResultRanges(ArrayRef<ConstantIntRanges>,
                                    SetIntRangeFn setResultRange) {
  setResultRange(getResult(), getIndexRange(0, kMaxPrograms - 1));
}

void NumProgramsOp::inferResultRanges(ArrayRef<ConstantIntRanges>,
                                      SetIntRangeFn setResultRange) {
  setResultRange(getResult(), getIndexRange(1, kMaxPrograms));
}

//===----------------------------------------------------------------------===//
// PtrAddOp
//===----------------------------------------------------------------------===//

LogicalResult PtrAddOp::verify() {
  if (!haveSameShape(getPointer().getType(), getOffset().getType()))
    return emitOpError("expects an offset of the shape of ")
           << getPointer().getType() << ", got " << getOffset().getType();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// ReduceOp
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::verifyRegions() {
  if (getSources().empty())
    return emitOpError("expects at least one tile");
  auto first = cast<RankedTensorType>(getSources()[0].getType());
  if (getAxis() >= first.getRank())
    return emitOpError("expects an axis below the rank, ")
           << first.getRank() << ", got " << getAxis();
  SmallVector<int64_t> shape(first.getShape());
  shape.erase(shape.begin() + getAxis());
  SmallVector<Type> elements;
  if (getNumResults() != getSources().size())
    return emitOpError("expects ")
           << getSources().size() << " results, got " << getNumResults();
  for (auto [source, result] : llvm::zip_equal(getSources(), getResults())) {
    auto type = cast<RankedTensorType>(source.getType());
    if (type.getShape() != first.getShape())
      return emitOpError("expects tiles of one shape, got ")
             << first << " and " << type;
    Type element = type.getElementType();
    elements.push_back(element);
    Type expected =
        shape.empty() ? element : Type(RankedTensorType::get(shape, element));
    if (!haveSameShape(expected, result.getType()) ||
        getElementTypeOrSelf(result.getType()) != element)
      return emitOpError("expects a result of ")
             << expected << ", got " << result.getType();
  }
  Block &block = getCombiner().front();
  SmallVector<Type> arguments(elements);
  llvm::append_range(arguments, elements);
  if (block.getArgumentTypes() != TypeRange(arguments))
    return emitOpError("expects a combiner of ")
           << arguments.size() << " arguments of the element types, twice";
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield)
    return block.back().emitOpError(
        "expects 'tk.yield' at the end of a combiner");
  if (yield.getValues().getTypes() != TypeRange(elements))
    return yield.emitOpError("expects ")
           << elements.size() << " values of the element types, got "
           << yield.getValues().size();
  for (Operation &op : block)
    if (!isMemoryEffectFree(&op))
      return op.emitOpError("is not allowed in a combiner: it must be pure");
  return verifyTileLayouts(*this);
}

Operation *ReduceOp::getSimpleCombiner() {
  Block &block = getCombiner().front();
  if (getSources().size() != 1 || !llvm::hasNItems(block, 2))
    return nullptr;
  Operation &op = block.front();
  bool combinesBoth = op.getNumOperands() == 2 && op.getNumResults() == 1 &&
                      op.getOperand(0) == block.getArgument(0) &&
                      op.getOperand(1) == block.getArgument(1) &&
                      block.getTerminator()->getOperand(0) == op.getResult(0);
  return combinesBoth ? &op : nullptr;
}

//===----------------------------------------------------------------------===//
// ReshapeOp
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getType());
  if (source.getElementType() != result.getElementType())
    return emitOpError("expects equal element types, got ")
           << source << " and " << result;
  if (source.getNumElements() != result.getNumElements())
    return emitOpError("expects equal numbers of elements, got ")
           << source.getNumElements() << " and " << result.getNumElements();
  return verifyTileLayouts(*this);
}

/// reshape(x) : T -> T  ->  x; reshape(reshape(x)) -> reshape(x);
/// reshape(constant splat) -> constant splat
OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  if (auto inner = getSource().getDefiningOp<ReshapeOp>()) {
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// SplatOp
//===----------------------------------------------------------------------===//

LogicalResult SplatOp::verify() {
  if (getElementTypeOrSelf(getType()) == getValue().getType())
    return success();
  return emitOpError("expects a tile of ")
         << getValue().getType() << ", got " << getType();
}

/// splat(constant) -> constant splat
OpFoldResult SplatOp::fold(FoldAdaptor adaptor) {
  if (!isa_and_nonnull<IntegerAttr, FloatAttr>(adaptor.getValue()))
    return {};
  return SplatElementsAttr::get(cast<RankedTensorType>(getType()),
                                adaptor.getValue());
}

//===----------------------------------------------------------------------===//
// StoreOp
//===----------------------------------------------------------------------===//

LogicalResult StoreOp::verify() {
  Type pointer = getPointer().getType();
  if (failed(verifyMask(*this, pointer, getMask())))
    return failure();
  if (failed(
          verifyBesidePointer(*this, pointer, getValue().getType(), "a value")))
    return failure();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// StoreViewOp
//===----------------------------------------------------------------------===//

LogicalResult StoreViewOp::verify() {
  ViewType view = getView().getType();
  if (failed(verifyInbounds(*this, view, getInbounds())))
    return failure();
  if (failed(verifyItems(*this, view, getIndices(), getItemExtents(),
                         view.getElementType(), getValue().getType())))
    return failure();
  return verifyTileLayouts(*this);
}

//===----------------------------------------------------------------------===//
// SubviewOp
//===----------------------------------------------------------------------===//

LogicalResult SubviewOp::verify() {
  ViewType source = getSource().getType();
  ViewType result = getType();
  if (static_cast<int64_t>(getKinds().size()) != source.getRank())
    return emitOpError("expects one kind for each of the ")
           << source.getRank() << " dimensions, got " << getKinds().size();
  size_t numOffsets = 0, numLengths = 0;
  int64_t rank = 0;
  for (int64_t kind : getKinds()) {
    if (kind < Drop || kind > Range)
      return emitOpError("expects kinds 0, 1 or 2, got ") << kind;
    numOffsets += kind != Whole;
    numLengths += kind == Range;
    rank += kind != Drop;
  }
  if (getOffsets().size() != numOffsets || getLengths().size() != numLengths)
    return emitOpError("expects ")
           << numOffsets << " offsets and " << numLengths << " lengths, got "
           << getOffsets().size() << " and " << getLengths().size();
  if (rank != result.getRank() ||
      source.getElementType() != result.getElementType())
    return emitOpError("expects a view of rank ")
           << rank << " of " << source.getElementType() << ", got " << result;
  return success();
}

//===----------------------------------------------------------------------===//
// TransOp
//===----------------------------------------------------------------------===//

LogicalResult TransOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  auto result = cast<RankedTensorType>(getType());
  ArrayRef<int32_t> permutation = getPermutation();
  SmallVector<int32_t> sorted(permutation);
  llvm::sort(sorted);
  bool isPermutation =
      static_cast<int64_t>(sorted.size()) == source.getRank() &&
      llvm::all_of(llvm::enumerate(sorted), [](auto it) {
        return static_cast<size_t>(it.value()) == it.index();
      });
  if (!isPermutation)
    return emitOpError("expects a permutation of the ")
           << source.getRank() << " dimensions";
  SmallVector<int64_t> shape;
  for (int32_t dim : permutation)
    shape.push_back(source.getDimSize(dim));
  if (result.getShape() != ArrayRef<int64_t>(shape) ||
      result.getElementType() != source.getElementType())
    return emitOpError("expects a result of ")
           << RankedTensorType::get(shape, source.getElementType()) << ", got "
           << result;
  return verifyTileLayouts(*this);
}

/// trans(x) by the identity -> x; trans(trans(x)) -> trans(x);
/// trans(constant splat) -> constant splat
OpFoldResult TransOp::fold(FoldAdaptor adaptor) {
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  bool isIdentity =
      llvm::all_of(llvm::enumerate(getPermutation()), [](auto it) {
        return static_cast<size_t>(it.value()) == it.index();
      });
  if (isIdentity && getSource().getType() == getType())
    return getSource();
  if (auto inner = getSource().getDefiningOp<TransOp>()) {
    SmallVector<int32_t> permutation;
    for (int32_t dim : getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    setPermutation(permutation);
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  return {};
}

#define GET_OP_CLASSES
#include "tk/Dialect/Tk/IR/TkOps.cpp.inc"
