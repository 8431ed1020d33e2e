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

static Type getMemoryType(Emitter &e, Type type) {
  return type.isInteger(1) ? Type(e.getI8()) : type;
}

/// Gives every copy of a register its value.
static void fillCopies(const Layout &layout, MutableArrayRef<Value> values) {
  SmallVector<int64_t> map =
      mapRegisters(layout, layout, [](SmallVectorImpl<int64_t> &) {});
  for (auto [r, value] : llvm::enumerate(values))
    if (!value)
      value = values[map[r]];
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
    const AccessFacts &facts = context.getAccessFacts(op);
    ViewAccess access(context, e, getAccessOperands(op, adaptor), layout,
                      facts);
    Type type = convertElementType(getElementTypeOrSelf(op.getType()));
    SmallVector<Value> pad;
    if (op.getPad())
      pad.assign(access.getVectorSize(), toMemory(e, adaptor.getPad().front()));
    SmallVector<Value> results(layout.getNumRegisters());
    for (int64_t start : access.getVectorStarts()) {
      SmallVector<int64_t> registers = access.getVectorRegisters(start);
      SmallVector<Value> loaded = getTarget().loadGlobal(
          e,
          {access.getPointer(start), access.getElementType(),
           int64_t(registers.size()), access.getPredicate(start),
           facts.isReadOnly},
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
    const Layout &layout = getTileLayout(op.getValue().getType());
    ViewAccess access(context, e, getAccessOperands(op, adaptor), layout,
                      context.getAccessFacts(op));
    Value isOwner = context.getIsOwner(op.getValue().getType(), e);
    for (int64_t start : access.getVectorStarts()) {
      SmallVector<Value> values;
      for (int64_t r : access.getVectorRegisters(start))
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

struct LoadPattern : TkgPattern<tk::LoadOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::LoadOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    Type type = convertElementType(getElementTypeOrSelf(op.getType()));
    SmallVector<Value> results(layout.getNumRegisters());
    for (auto [r, pointer] : llvm::enumerate(adaptor.getPointer())) {
      if (isCopy(layout, r))
        continue;
      SmallVector<Value, 1> pad;
      if (op.getOther())
        pad.push_back(toMemory(e, getOf(adaptor.getOther(), r)));
      Value mask = op.getMask() ? getOf(adaptor.getMask(), r) : Value();
      SmallVector<Value> loaded = getTarget().loadGlobal(
          e, {pointer, getMemoryType(e, type), 1, mask}, pad);
      fromMemory(e, type, loaded);
      results[r] = loaded.front();
    }
    fillCopies(layout, results);
    return results;
  }

private:
  /// Masks and fillers may be scalars.
  static Value getOf(ValueRange values, size_t r) {
    return values.size() == 1 ? values.front() : values[r];
  }
};

struct StorePattern : TkgPattern<tk::StoreOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::StoreOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = op.getPointer().getType();
    const Layout &layout = getTileLayout(type);
    Value isOwner = context.getIsOwner(type, e);
    for (auto [r, pointer] : llvm::enumerate(adaptor.getPointer())) {
      if (isCopy(layout, r))
        continue;
      Value predicate = isOwner;
      if (op.getMask())
        predicate = e.both(predicate, adaptor.getMask().size() == 1
                                          ? adaptor.getMask().front()
                                          : adaptor.getMask()[r]);
      Value value = toMemory(e, adaptor.getValue().size() == 1
                                    ? adaptor.getValue().front()
                                    : adaptor.getValue()[r]);
      getTarget().storeGlobal(e, {pointer, value.getType(), 1, predicate},
                              value);
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
