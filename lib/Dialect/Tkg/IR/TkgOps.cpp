//===- TkgOps.cpp - verifiers, folds and effects of the tkg ops -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpImplementation.h"
#include "tk/Dialect/Tk/IR/TkItems.h"
#include "tk/Dialect/Tkg/IR/DotLayouts.h"
#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "tk/Support/LayoutAlgebra.h"
#include "tk/Support/SharedLayout.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::parseGatherTypes;
using tk::parseIndexItems;
using tk::printGatherTypes;
using tk::printIndexItems;

//===----------------------------------------------------------------------===//
// Shared checks
//===----------------------------------------------------------------------===//

/// Checks that a register tile and a shared-memory tile have one shape and
/// element type.
static LogicalResult verifySameTile(Operation *op, Type tileType,
                                    MemDescType memory) {
  auto tile = cast<RankedTensorType>(tileType);
  if (tile.getShape() == memory.getShape() &&
      tile.getElementType() == memory.getElementType())
    return success();
  return op->emitOpError("expects a tile of the shape and element type of ")
         << memory << ", got " << tile;
}

/// Rank 2 and more, as seen by a dot: shape and element type of an operand in
/// registers or shared memory.
static RankedTensorType getOperandTile(Type type) {
  if (auto memory = dyn_cast<MemDescType>(type))
    return RankedTensorType::get(memory.getShape(), memory.getElementType());
  return cast<RankedTensorType>(type);
}

//===----------------------------------------------------------------------===//
// AllocOp
//===----------------------------------------------------------------------===//

void AllocOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  effects.emplace_back(MemoryEffects::Allocate::get(),
                       cast<OpResult>(getResult()), SharedMemory::get());
  if (getInit())
    effects.emplace_back(MemoryEffects::Write::get(),
                         cast<OpResult>(getResult()), SharedMemory::get());
}

LogicalResult AllocOp::verify() {
  if (!getInit())
    return success();
  if (getType().isRing())
    return emitOpError("expects no initial value for a ring");
  return verifySameTile(*this, getInit().getType(), getType());
}

//===----------------------------------------------------------------------===//
// ConvertLayoutOp
//===----------------------------------------------------------------------===//

LogicalResult ConvertLayoutOp::verify() {
  for (Value value : {getSource(), getResult()})
    if (!getLayout(value))
      return emitOpError("expects tiles that carry a layout, got ")
             << value.getType();
  return verifyLayouts(*this);
}

/// convert(x) : T -> T  ->  x; convert(convert(x)) -> convert(x);
/// convert(constant splat) -> constant splat
OpFoldResult ConvertLayoutOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getSource()))
    return splat.resizeSplat(cast<RankedTensorType>(getType()));
  if (auto inner = getSource().getDefiningOp<ConvertLayoutOp>()) {
    getSourceMutable().assign(inner.getSource());
    return getResult();
  }
  return {};
}

//===----------------------------------------------------------------------===//
// CopyAsyncOp
//===----------------------------------------------------------------------===//

LogicalResult CopyAsyncOp::verify() {
  MemDescType slot = getSlot().getType();
  tk::ViewType view = getView().getType();
  Type accessed = RankedTensorType::get(slot.getShape(), slot.getElementType());
  if (std::optional<ArrayRef<bool>> inbounds = getInbounds();
      inbounds && static_cast<int64_t>(inbounds->size()) != view.getRank())
    return emitOpError("expects one 'inbounds' flag for each of the ")
           << view.getRank() << " dimensions of the view, got "
           << inbounds->size();
  return tk::verifyItems(*this, view, getIndices(), getItemExtents(),
                         view.getElementType(), accessed);
}

//===----------------------------------------------------------------------===//
// DotOp, DotAsyncOp
//===----------------------------------------------------------------------===//

/// [.., M, K] x [.., K, N] -> [.., M, N], with equal leading dimensions.
static LogicalResult verifyDotShapes(Operation *op, RankedTensorType lhs,
                                     RankedTensorType rhs,
                                     RankedTensorType acc) {
  int64_t rank = acc.getRank();
  if (rank < 2 || lhs.getRank() != rank || rhs.getRank() != rank)
    return op->emitOpError("expects operands of one rank of at least 2, got ")
           << lhs << ", " << rhs << " and " << acc;
  SmallVector<int64_t> expectedLhs(acc.getShape()), expectedRhs(acc.getShape());
  expectedLhs[rank - 1] = expectedRhs[rank - 2] = lhs.getDimSize(rank - 1);
  if (lhs.getShape() != ArrayRef(expectedLhs) ||
      rhs.getShape() != ArrayRef(expectedRhs))
    return op->emitOpError("expects operands [.., M, K] and [.., K, N] for a "
                           "result [.., M, N], got ")
           << lhs << ", " << rhs << " and " << acc;
  if (lhs.getElementType() != rhs.getElementType())
    return op->emitOpError("expects operands of one element type, got ")
           << lhs.getElementType() << " and " << rhs.getElementType();
  return success();
}

static LogicalResult verifySource(Operation *op, Value operand,
                                  OperandSource source, StringRef name) {
  if (isa<MemDescType>(operand.getType()) == (source == OperandSource::Shared))
    return success();
  return op->emitOpError("expects operand ")
         << name << " from " << stringifyOperandSource(source)
         << ", as its instruction says, got " << operand.getType();
}

static LogicalResult verifyDotLayout(Operation *op, Value tile,
                                     const tk::Layout &expected) {
  LayoutAttr found = getLayout(tile);
  if (!found || found.getLayout() == expected)
    return success();
  return op->emitOpError("expects a tile of the layout ")
         << LayoutAttr::get(op->getContext(), expected)
         << ", which its instruction imposes, got " << found;
}

RankedTensorType DotOp::getResultTile() {
  return cast<RankedTensorType>(getType());
}

LogicalResult DotOp::verify() {
  RankedTensorType lhs = getOperandTile(getLhs().getType());
  RankedTensorType rhs = getOperandTile(getRhs().getType());
  if (failed(verifyDotShapes(*this, lhs, rhs, getResultTile())))
    return failure();
  MmaAttr instruction = getInstructionAttr();
  if (!instruction) {
    bool isInShared = isa<MemDescType>(getLhs().getType()) ||
                      isa<MemDescType>(getRhs().getType());
    if (isInShared)
      return emitOpError("expects an instruction that reads shared memory");
    return success();
  }
  if (failed(verifySource(*this, getLhs(), instruction.getA(), "a")) ||
      failed(verifySource(*this, getRhs(), instruction.getB(), "b")))
    return failure();
  std::optional<DotLayouts> layouts = getDotLayouts(*this);
  if (!layouts)
    return success();
  if (failed(verifyDotLayout(*this, getLhs(), layouts->lhs)) ||
      failed(verifyDotLayout(*this, getRhs(), layouts->rhs)))
    return failure();
  return verifyDotLayout(*this, getResult(), layouts->accumulator);
}

/// A dot reads its operands in shared memory, and is pure without any.
template <typename OpTy>
static void getDotEffects(
    OpTy op, SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
                 &effects) {
  for (OpOperand *operand : {&op.getLhsMutable(), &op.getRhsMutable()})
    if (isa<MemDescType>(operand->get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), operand,
                           SharedMemory::get());
}

void DotOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDotEffects(*this, effects);
}

RankedTensorType DotAsyncOp::getResultTile() { return getType().getTile(); }

void DotAsyncOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  getDotEffects(*this, effects);
}

LogicalResult DotAsyncOp::verify() {
  RankedTensorType lhs = getOperandTile(getLhs().getType());
  RankedTensorType rhs = getOperandTile(getRhs().getType());
  if (failed(verifyDotShapes(*this, lhs, rhs, getResultTile())) ||
      failed(verifySource(*this, getLhs(), getInstruction().getA(), "a")) ||
      failed(verifySource(*this, getRhs(), getInstruction().getB(), "b")))
    return failure();
  Type accumulator = getAccumulator().getType();
  if (accumulator != getType() && accumulator != getResultTile())
    return emitOpError("expects an accumulator of type ")
           << getResultTile() << " or " << getType() << ", got " << accumulator;
  if (auto producer = getAccumulator().getDefiningOp<DotAsyncOp>();
      producer && producer.getInstruction() != getInstruction())
    return emitOpError(
               "expects a pending accumulator of the same instruction, ")
           << getInstruction() << ", got " << producer.getInstruction();
  return success();
}

//===----------------------------------------------------------------------===//
// DotWaitOp
//===----------------------------------------------------------------------===//

LogicalResult DotWaitOp::verify() {
  if (getSource().getType().getTile() == getResult().getType())
    return success();
  return emitOpError("expects the tile that is pending, ")
         << getSource().getType().getTile() << ", got "
         << getResult().getType();
}

//===----------------------------------------------------------------------===//
// LocalLoadOp, LocalStoreOp
//===----------------------------------------------------------------------===//

LogicalResult LocalLoadOp::verify() {
  return verifySameTile(*this, getType(), getSource().getType());
}

LogicalResult LocalStoreOp::verify() {
  return verifySameTile(*this, getValue().getType(), getTarget().getType());
}

//===----------------------------------------------------------------------===//
// MemDescSlicesOp
//===----------------------------------------------------------------------===//

LogicalResult MemDescSlicesOp::verify() {
  MemDescType source = getSource().getType(), ring = getResult().getType();
  SmallVector<int64_t> stacked(ring.getShape());
  if (!stacked.empty())
    stacked.front() *= ring.getDepth();
  if (ArrayRef(stacked) != source.getShape() ||
      ring.getElementType() != source.getElementType())
    return emitOpError("expects slices of the first dimension of ")
           << source << ", got " << ring;
  std::optional<tk::Layout> layout =
      tk::stackSlices(ring.getLayout().getLayout(), ring.getDepth());
  if (!layout || *layout != source.getLayout().getLayout())
    return emitOpError("expects slices that lie one after the other");
  return success();
}

//===----------------------------------------------------------------------===//
// MemDescTransOp
//===----------------------------------------------------------------------===//

/// The type of `source` with its dimensions permuted; null with an error where
/// `permutation` is none.
static MemDescType getTransposed(std::optional<Location> loc,
                                 MemDescType source,
                                 ArrayRef<int32_t> permutation) {
  SmallVector<int32_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int32_t>(0, source.getRank()))) {
    if (loc)
      emitError(*loc, "expects a permutation of the ")
          << source.getRank() << " dimensions";
    return {};
  }
  SmallVector<unsigned> dims(permutation.begin(), permutation.end());
  SmallVector<int64_t> shape;
  for (unsigned dim : dims)
    shape.push_back(source.getShape()[dim]);
  tk::Layout layout = tk::transpose(source.getLayout().getLayout(), dims);
  return MemDescType::get(shape, source.getElementType(),
                          SharedAttr::get(source.getContext(), layout));
}

LogicalResult MemDescTransOp::inferReturnTypes(
    MLIRContext *, std::optional<Location> loc, ValueRange operands,
    DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
    SmallVectorImpl<Type> &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  MemDescType type =
      getTransposed(loc, cast<MemDescType>(adaptor.getSource().getType()),
                    adaptor.getPermutation());
  if (!type)
    return failure();
  types.push_back(type);
  return success();
}

//===----------------------------------------------------------------------===//
// SlotOp
//===----------------------------------------------------------------------===//

LogicalResult SlotOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                       ValueRange operands,
                                       DictionaryAttr attributes,
                                       OpaqueProperties properties,
                                       RegionRange regions,
                                       SmallVectorImpl<Type> &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  types.push_back(cast<MemDescType>(adaptor.getRing().getType()).getSlotType());
  return success();
}

#define GET_OP_CLASSES
#include "tk/Dialect/Tkg/IR/TkgOps.cpp.inc"
