//===- MemoryOps.cpp - lowers loads and stores of global memory -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;

//===----------------------------------------------------------------------===//
// Bools take a byte in memory
//===----------------------------------------------------------------------===//

static void fromMemory(Emitter &e, Type type, MutableArrayRef<Value> values) {
  if (!type.isInteger(1))
    return;
  for (Value &value : values)
    value = e.compare(LLVM::ICmpPredicate::ne, value,
                      e.getInteger(value.getType(), 0));
}

static Value toMemory(Emitter &e, Value value) {
  return value.getType().isInteger(1) ? e.zeroExtend(value, e.getI8()) : value;
}

/// The value of register `r`; a scalar goes with a whole tile.
static Value getOf(ValueRange values, size_t r) {
  return values.size() == 1 ? values.front() : values[r];
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

template <typename OpT, typename AdaptorT>
static AccessOperands getAccessOperands(OpT op, AdaptorT &adaptor) {
  AccessOperands access;
  access.viewType = op.getView().getType();
  access.view = adaptor.getView();
  access.items = op.getItems();
  access.itemValues = adaptor.getIndices();
  if (std::optional<ArrayRef<bool>> inbounds = op.getInbounds())
    access.inbounds = *inbounds;
  return access;
}

namespace {
struct LoadViewPattern : TkgPattern<tk::LoadViewOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>>
  lower(tk::LoadViewOp op, OneToNOpAdaptor adaptor, Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    const AccessTraits &traits = context.getAccessTraits(op);
    ViewAccess access(context, e, getAccessOperands(op, adaptor), layout,
                      traits);
    Type type = convertElementType(getElementTypeOrSelf(op.getType()));
    SmallVector<Value> pad;
    if (op.getPad())
      pad.assign(access.getVectors().getSize(),
                 toMemory(e, adaptor.getPad().front()));
    SmallVector<Value> results(layout.getNumRegisters());
    for (int64_t start : access.getVectors().getStarts()) {
      SmallVector<int64_t> registers = access.getVectors().getRegisters(start);
      SmallVector<Value> loaded = getTarget().loadGlobal(
          e,
          {access.getPointer(start), access.getElementType(),
           int64_t(registers.size()), access.getPredicate(start),
           traits.isReadOnly},
          pad);
      fromMemory(e, type, loaded);
      for (auto [r, value] : llvm::zip_equal(registers, loaded))
        results[r] = value;
    }
    fillCopies(layout, results);
    return results;
  }
};

struct StoreViewPattern : TkgPattern<tk::StoreViewOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::StoreViewOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = op.getValue().getType();
    ViewAccess access(context, e, getAccessOperands(op, adaptor),
                      getTileLayout(type), context.getAccessTraits(op));
    Value isOwner = context.getIsOwner(type, e);
    for (int64_t start : access.getVectors().getStarts()) {
      SmallVector<Value> values;
      for (int64_t r : access.getVectors().getRegisters(start))
        values.push_back(toMemory(e, adaptor.getValue()[r]));
      GlobalAccess target = {access.getPointer(start), access.getElementType(),
                             int64_t(values.size()),
                             e.both(isOwner, access.getPredicate(start))};
      getTarget().storeGlobal(e, target, values);
    }
    return SmallVector<Value>();
  }
};

//===----------------------------------------------------------------------===//
// Pointers
//===----------------------------------------------------------------------===//

/// The vectors of an access through pointers of type `type`.
VectorRegisters getPointerVectors(LoweringContext &context, Operation *op,
                                  Type type, Type elementType) {
  ArrayRef<int64_t> shape;
  if (auto tile = dyn_cast<RankedTensorType>(type))
    shape = tile.getShape();
  return VectorRegisters(getTileLayout(type), elementType,
                         context.getAccessTraits(op).facts, shape);
}

/// Where an access through pointers of type `type` happens, for register `r`:
/// where its mask is true, but not where the layout is larger than the tile,
/// as a pointer and a mask there may be good ones. Null if everywhere.
Value getPointerPredicate(LoweringContext &context, Emitter &e, Type type,
                          ValueRange mask, int64_t r) {
  return e.both(mask.empty() ? Value() : getOf(mask, r),
                context.getIsElement(type, r, e));
}

struct LoadPattern : TkgPattern<tk::LoadOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::LoadOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    Type elementType = getElementTypeOrSelf(op.getType());
    Type memoryType = getMemoryType(elementType);
    VectorRegisters vectors =
        getPointerVectors(context, op, op.getPointer().getType(), memoryType);
    SmallVector<Value> results(layout.getNumRegisters());
    for (int64_t start : vectors.getStarts()) {
      SmallVector<int64_t> registers = vectors.getRegisters(start);
      SmallVector<Value> pad;
      for (int64_t r : registers)
        if (op.getOther())
          pad.push_back(toMemory(e, getOf(adaptor.getOther(), r)));
      Value predicate = getPointerPredicate(
          context, e, op.getPointer().getType(), adaptor.getMask(), start);
      SmallVector<Value> loaded =
          getTarget().loadGlobal(e,
                                 {adaptor.getPointer()[start], memoryType,
                                  vectors.getSize(), predicate},
                                 pad);
      fromMemory(e, elementType, loaded);
      for (auto [r, value] : llvm::zip_equal(registers, loaded))
        results[r] = value;
    }
    fillCopies(layout, results);
    return results;
  }
};

struct StorePattern : TkgPattern<tk::StoreOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::StoreOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = op.getPointer().getType();
    Type memoryType =
        getMemoryType(getElementTypeOrSelf(op.getValue().getType()));
    Value isOwner = context.getIsOwner(type, e);
    VectorRegisters vectors = getPointerVectors(context, op, type, memoryType);
    for (int64_t start : vectors.getStarts()) {
      Value predicate =
          getPointerPredicate(context, e, type, adaptor.getMask(), start);
      SmallVector<Value> values;
      for (int64_t r : vectors.getRegisters(start))
        values.push_back(toMemory(e, getOf(adaptor.getValue(), r)));
      getTarget().storeGlobal(e,
                              {adaptor.getPointer()[start], memoryType,
                               vectors.getSize(), e.both(isOwner, predicate)},
                              values);
    }
    return SmallVector<Value>();
  }
};
} // namespace

void mlir::tkg::populateMemoryPatterns(LoweringContext &context,
                                       RewritePatternSet &patterns) {
  patterns.add<LoadPattern, LoadViewPattern, StorePattern, StoreViewPattern>(
      context);
}
