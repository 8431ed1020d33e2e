//===- ViewOps.cpp - lowers ops on views and pointers ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;

namespace {

struct DimPattern : TkgPattern<tk::DimOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::DimOp op, OneToNOpAdaptor adaptor,
                                      Emitter &) const override {
    ViewValues view = getViewValues(adaptor.getView());
    return SmallVector<Value>{view.extents[op.getAxis()]};
  }
};

struct StridePattern : TkgPattern<tk::StrideOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::StrideOp op, OneToNOpAdaptor adaptor,
                                      Emitter &) const override {
    ViewValues view = getViewValues(adaptor.getView());
    return SmallVector<Value>{view.strides[op.getAxis()]};
  }
};

struct MakeViewPattern : TkgPattern<tk::MakeViewOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::MakeViewOp, OneToNOpAdaptor adaptor,
                                      Emitter &) const override {
    SmallVector<Value> values = {adaptor.getPointer().front()};
    for (ValueRange extent : adaptor.getExtents())
      values.push_back(extent.front());
    for (ValueRange stride : adaptor.getStrides())
      values.push_back(stride.front());
    return values;
  }
};

/// One dimension after another moves the base. A coordinate outside makes the
/// first dimension that is left empty.
struct SubviewPattern : TkgPattern<tk::SubviewOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::SubviewOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    ViewValues source = getViewValues(adaptor.getSource());
    Type element = getMemoryType(op.getSource().getType().getElementType());
    Value base = source.base, isInside;
    SmallVector<Value> extents, strides;
    const ValueRange *offset = adaptor.getOffsets().begin();
    const ValueRange *length = adaptor.getLengths().begin();
    for (auto [dim, kind] : llvm::enumerate(op.getKinds())) {
      Value extent = source.extents[dim], stride = source.strides[dim];
      if (kind == tk::SubviewOp::Whole) {
        extents.push_back(extent);
        strides.push_back(stride);
        continue;
      }
      Value start = (offset++)->front();
      base = e.getElementPointer(base, element, e.mul(start, stride));
      if (kind == tk::SubviewOp::Drop) {
        isInside = e.both(isInside,
                          e.compare(LLVM::ICmpPredicate::ult, start, extent));
        continue;
      }
      extents.push_back(clampRange(e, start, (length++)->front(), extent));
      strides.push_back(stride);
    }
    if (isInside && !extents.empty())
      extents.front() =
          e.select(isInside, extents.front(), e.getI64Constant(0));
    SmallVector<Value> values = {base};
    llvm::append_range(values, extents);
    llvm::append_range(values, strides);
    return values;
  }

private:
  /// The extent of `length` elements from `start` on: 0 if it starts outside.
  static Value clampRange(Emitter &e, Value start, Value length, Value extent) {
    Type i64 = e.getI64();
    Value zero = e.getI64Constant(0);
    Value rest = e.sub(extent, start);
    Value clamped = e.create<LLVM::SMaxOp>(
        i64, e.create<LLVM::SMinOp>(i64, length, rest), zero);
    if (std::optional<int64_t> constant = getConstantInteger(start);
        constant && *constant >= 0)
      return clamped;
    Value isNegative = e.compare(LLVM::ICmpPredicate::slt, start, zero);
    return e.select(isNegative, zero, clamped);
  }
};

/// The items of an access that touches no memory.
template <typename OpT, typename AdaptorT>
AccessOperands getOperands(OpT op, AdaptorT &adaptor) {
  AccessOperands access;
  access.viewType = op.getView().getType();
  access.view = adaptor.getView();
  access.items = op.getItems();
  access.itemValues = adaptor.getIndices();
  return access;
}

struct AddressesPattern : TkgPattern<tk::AddressesOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::AddressesOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    ViewAccess access(context, e, getOperands(op, adaptor), layout, {});
    SmallVector<Value> pointers;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r)
      pointers.push_back(access.getPointer(r));
    return pointers;
  }
};

struct InsidePattern : TkgPattern<tk::InsideOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::InsideOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    ViewAccess access(context, e, getOperands(op, adaptor), layout, {});
    SmallVector<Value> predicates;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r) {
      Value predicate = access.getPredicate(r);
      predicates.push_back(predicate ? predicate : e.getI1Constant(true));
    }
    return predicates;
  }
};

struct PtrAddPattern : TkgPattern<tk::PtrAddOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::PtrAddOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto pointerType =
        cast<tk::PtrType>(getElementTypeOrSelf(op.getPointer().getType()));
    Type element = getMemoryType(pointerType.getElementType());
    SmallVector<Value> pointers;
    for (auto [pointer, offset] :
         llvm::zip_equal(adaptor.getPointer(), adaptor.getOffset()))
      pointers.push_back(
          e.getElementPointer(pointer, element, e.resize(offset, e.getI64())));
    return pointers;
  }
};
} // namespace

void mlir::tkg::populateViewPatterns(LoweringContext &context,
                                     RewritePatternSet &patterns) {
  patterns.add<AddressesPattern, DimPattern, InsidePattern, MakeViewPattern,
               PtrAddPattern, StridePattern, SubviewPattern>(context);
}
