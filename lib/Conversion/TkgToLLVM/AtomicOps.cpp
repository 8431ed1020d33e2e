//===- AtomicOps.cpp - lowers atomics -------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An element is accessed by one thread, however many hold it. Where the result
// is used, the others get it through shared memory.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::AtomicKind;
using tk::Layout;

static LLVM::AtomicOrdering getOrdering(tk::MemoryOrder order) {
  switch (order) {
  case tk::MemoryOrder::Relaxed:
    return LLVM::AtomicOrdering::monotonic;
  case tk::MemoryOrder::Acquire:
    return LLVM::AtomicOrdering::acquire;
  case tk::MemoryOrder::Release:
    return LLVM::AtomicOrdering::release;
  case tk::MemoryOrder::AcqRel:
    return LLVM::AtomicOrdering::acq_rel;
  }
  llvm_unreachable("all orders are handled");
}

static LLVM::AtomicBinOp getBinOp(AtomicKind kind) {
  switch (kind) {
  case AtomicKind::Add:
    return LLVM::AtomicBinOp::add;
  case AtomicKind::FAdd:
    return LLVM::AtomicBinOp::fadd;
  case AtomicKind::SMax:
    return LLVM::AtomicBinOp::max;
  case AtomicKind::SMin:
    return LLVM::AtomicBinOp::min;
  case AtomicKind::UMax:
    return LLVM::AtomicBinOp::umax;
  case AtomicKind::UMin:
    return LLVM::AtomicBinOp::umin;
  case AtomicKind::And:
    return LLVM::AtomicBinOp::_and;
  case AtomicKind::Or:
    return LLVM::AtomicBinOp::_or;
  case AtomicKind::Xor:
    return LLVM::AtomicBinOp::_xor;
  case AtomicKind::Exchange:
    return LLVM::AtomicBinOp::xchg;
  case AtomicKind::FMax:
  case AtomicKind::FMin:
    break;
  }
  llvm_unreachable("a loop finds the extremum of floats");
}

Value TargetCodegen::compareAndSwap(Emitter &e, Value pointer, Value compare,
                                    Value value, tk::MemoryOrder order,
                                    tk::MemoryScope scope) const {
  // A failed swap only reads.
  bool acquires =
      order == tk::MemoryOrder::Acquire || order == tk::MemoryOrder::AcqRel;
  Value pair = e.create<LLVM::AtomicCmpXchgOp>(
      pointer, compare, value, getOrdering(order),
      acquires ? LLVM::AtomicOrdering::acquire
               : LLVM::AtomicOrdering::monotonic,
      getSyncScope(scope));
  return e.extractValue(pair, 0);
}

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

namespace {
/// The element of one register, and the operands that stand beside it.
struct AtomicElement {
  Value pointer;
  Value value;   // of a read-modify-write, a swap or a store
  Value compare; // of a compare-and-swap
};
} // namespace

static Value emitLoad(Emitter &e, StringRef scope, Type integer, Value pointer,
                      LLVM::AtomicOrdering ordering) {
  return e.create<LLVM::LoadOp>(
      integer, pointer, integer.getIntOrFloatBitWidth() / 8,
      /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/false,
      /*isInvariantGroup=*/false, ordering, scope);
}

/// Whether the chip has no such instruction on floats of `type`.
static bool needsLoop(AtomicKind kind, Type type,
                      const tk::TargetInfo &target) {
  switch (kind) {
  case AtomicKind::FMax:
  case AtomicKind::FMin:
    // There are some, but NaN loses.
    return true;
  case AtomicKind::FAdd:
    return (type.isF16() && !target.has(tk::Capability::AtomicAddF16)) ||
           (type.isBF16() && !target.has(tk::Capability::AtomicAddBf16)) ||
           (type.isF64() && !target.has(tk::Capability::AtomicAddF64));
  case AtomicKind::Exchange:
    return getSizeInBytes(type) < 4;
  default:
    return false;
  }
}

static Value combine(AtomicKind kind, Emitter &e, Value lhs, Value rhs) {
  if (kind == AtomicKind::FMax)
    return e.create<LLVM::MaximumOp>(lhs, rhs);
  if (kind == AtomicKind::FMin)
    return e.create<LLVM::MinimumOp>(lhs, rhs);
  if (kind == AtomicKind::Exchange)
    return rhs;
  return e.create<LLVM::FAddOp>(lhs, rhs);
}

/// LLVM would make such a loop too, but begin it with an ordinary read, which
/// may not meet the writes of other threads.
///
///   old = load
///   repeat
///     new = max(old, value)
///     leave if new is old and the order asks for no write
///     old = cas(old, new)
///   until it was old
static Value emitFloatLoop(tk::AtomicRMWOp op, Emitter &e,
                           const TargetCodegen &target, Type type,
                           const AtomicElement &element) {
  RewriterBase &rewriter = e.getRewriter();
  Type integer = rewriter.getIntegerType(8 * getSizeInBytes(type));
  Block *before = rewriter.getInsertionBlock();
  Block *after = rewriter.splitBlock(before, rewriter.getInsertionPoint());
  Value result = after->addArgument(integer, op.getLoc());
  rewriter.setInsertionPointToEnd(before);
  Value first = emitLoad(e, target.getSyncScope(op.getScope()), integer,
                         element.pointer, LLVM::AtomicOrdering::monotonic);
  Block *loop = rewriter.createBlock(after, {integer}, {op.getLoc()});
  Block *swap = rewriter.createBlock(after);
  rewriter.setInsertionPointToEnd(before);
  e.create<LLVM::BrOp>(ValueRange{first}, loop);

  rewriter.setInsertionPointToEnd(loop);
  Value old = loop->getArgument(0);
  Value bits = e.bitcast(
      combine(op.getKind(), e, e.bitcast(old, type), element.value), integer);
  bool isExtremum =
      op.getKind() == AtomicKind::FMax || op.getKind() == AtomicKind::FMin;
  if (isExtremum && op.getOrder() == tk::MemoryOrder::Relaxed)
    e.create<LLVM::CondBrOp>(e.compare(LLVM::ICmpPredicate::eq, bits, old),
                             after, ValueRange{old}, swap, ValueRange());
  else
    e.create<LLVM::BrOp>(ValueRange(), swap);

  rewriter.setInsertionPointToEnd(swap);
  Value found = target.compareAndSwap(e, element.pointer, old, bits,
                                      op.getOrder(), op.getScope());
  e.create<LLVM::CondBrOp>(e.compare(LLVM::ICmpPredicate::eq, found, old),
                           after, ValueRange{found}, loop, ValueRange{found});
  rewriter.setInsertionPointToStart(after);
  return e.bitcast(result, type);
}

static Value emitElement(tk::AtomicRMWOp op, Emitter &e,
                         const TargetCodegen &target, Type type,
                         const AtomicElement &element) {
  if (needsLoop(op.getKind(), type, target.getInfo()))
    return emitFloatLoop(op, e, target, type, element);
  return e.create<LLVM::AtomicRMWOp>(getBinOp(op.getKind()), element.pointer,
                                     element.value, getOrdering(op.getOrder()),
                                     target.getSyncScope(op.getScope()));
}

/// Compares bits: floats go as integers.
static Value emitElement(tk::AtomicCASOp op, Emitter &e,
                         const TargetCodegen &target, Type type,
                         const AtomicElement &element) {
  Type integer = e.getRewriter().getIntegerType(8 * getSizeInBytes(type));
  Value found = target.compareAndSwap(
      e, element.pointer, e.bitcast(element.compare, integer),
      e.bitcast(element.value, integer), op.getOrder(), op.getScope());
  return e.bitcast(found, type);
}

static Value emitElement(tk::AtomicLoadOp op, Emitter &e,
                         const TargetCodegen &target, Type type,
                         const AtomicElement &element) {
  Type integer = e.getRewriter().getIntegerType(8 * getSizeInBytes(type));
  return e.bitcast(emitLoad(e, target.getSyncScope(op.getScope()), integer,
                            element.pointer, getOrdering(op.getOrder())),
                   type);
}

static Value emitElement(tk::AtomicStoreOp op, Emitter &e,
                         const TargetCodegen &target, Type type,
                         const AtomicElement &element) {
  Type integer = e.getRewriter().getIntegerType(8 * getSizeInBytes(type));
  e.create<LLVM::StoreOp>(e.bitcast(element.value, integer), element.pointer,
                          getSizeInBytes(type), /*isVolatile=*/false,
                          /*isNonTemporal=*/false, /*isInvariantGroup=*/false,
                          getOrdering(op.getOrder()),
                          target.getSyncScope(op.getScope()));
  return Value();
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

/// The value of register `r`; a scalar goes with a whole tile.
static Value getOf(ValueRange values, size_t r) {
  return values.size() == 1 ? values.front() : values[r];
}

template <typename AdaptorT>
static AtomicElement getElement(tk::AtomicRMWOp, AdaptorT &adaptor, size_t r) {
  return {adaptor.getPointer()[r], getOf(adaptor.getValue(), r), Value()};
}
template <typename AdaptorT>
static AtomicElement getElement(tk::AtomicCASOp, AdaptorT &adaptor, size_t r) {
  return {adaptor.getPointer()[r], getOf(adaptor.getValue(), r),
          getOf(adaptor.getCompare(), r)};
}
template <typename AdaptorT>
static AtomicElement getElement(tk::AtomicLoadOp, AdaptorT &adaptor, size_t r) {
  return {adaptor.getPointer()[r], Value(), Value()};
}
template <typename AdaptorT>
static AtomicElement getElement(tk::AtomicStoreOp, AdaptorT &adaptor,
                                size_t r) {
  return {adaptor.getPointer()[r], getOf(adaptor.getValue(), r), Value()};
}

/// The row-major index of the element of register `r`, i32.
static Value getElementIndex(LoweringContext &context, Emitter &e,
                             const Layout &layout, int64_t r) {
  const TileCoordinates &coordinates = context.getCoordinates(layout, e);
  Value index = e.getI32Constant(0);
  for (auto [dim, extent] : llvm::enumerate(layout.getExtents()))
    index = e.add(e.mul(index, e.getI32Constant(extent)),
                  coordinates.getCoordinate(e, dim, r));
  return index;
}

namespace {
template <typename OpT> struct AtomicPattern : TkgPattern<OpT> {
  using TkgPattern<OpT>::TkgPattern;
  using typename TkgPattern<OpT>::OneToNOpAdaptor;
  using TkgPattern<OpT>::context;

  FailureOr<SmallVector<Value>> lower(OpT op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type pointerType = op.getPointer().getType();
    const Layout &layout = getTileLayout(pointerType);
    Type type = getValueType(op);
    bool isUsed = op->getNumResults() != 0 && !op->use_empty();
    Value isOwner = context.getIsOwner(pointerType, e);
    SmallVector<Value> results(layout.getNumRegisters());
    for (int64_t r = 0, end = results.size(); r < end; ++r)
      if (!isCopy(layout, r))
        results[r] = emitRegister(op, adaptor, r, isOwner, type, e);
    if (op->getNumResults() == 0)
      return SmallVector<Value>();
    if (isUsed && isOwner)
      return broadcast(op, results, layout, isOwner, e);
    SmallVector<int64_t> map =
        mapRegisters(layout, layout, [](SmallVectorImpl<int64_t> &) {});
    for (int64_t r = 0, end = results.size(); r < end; ++r)
      results[r] = results[map[r]];
    return results;
  }

private:
  static Type getValueType(OpT op) {
    if constexpr (std::is_same_v<OpT, tk::AtomicStoreOp>)
      return convertElementType(getElementTypeOrSelf(op.getValue().getType()));
    else
      return convertElementType(getElementTypeOrSelf(op.getType()));
  }

  Value emitRegister(OpT op, OneToNOpAdaptor &adaptor, int64_t r, Value isOwner,
                     Type type, Emitter &e) const {
    Value predicate = isOwner;
    if (op.getMask())
      predicate = e.both(predicate, getOf(adaptor.getMask(), r));
    // Where the layout is larger than the tile there is nothing to access.
    predicate = e.both(predicate,
                       context.getIsElement(op.getPointer().getType(), r, e));
    SmallVector<Value, 1> otherwise;
    if (op->getNumResults() != 0)
      otherwise.push_back(e.getZero(type));
    SmallVector<Value> values =
        e.emitIf(predicate, otherwise, [&]() -> SmallVector<Value> {
          Value value = emitElement(op, e, this->getTarget(), type,
                                    getElement(op, adaptor, r));
          return value ? SmallVector<Value>{value} : SmallVector<Value>();
        });
    return values.empty() ? Value() : values.front();
  }

  /// Every thread reads what the owner of its element got.
  FailureOr<SmallVector<Value>> broadcast(OpT op, ArrayRef<Value> owned,
                                          const Layout &layout, Value isOwner,
                                          Emitter &e) const {
    Value scratch = getScratch(context, e, op);
    if (!scratch)
      return failure();
    Type type = owned.front().getType();
    SmallVector<Value> pointers;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r)
      pointers.push_back(e.getElementPointer(
          scratch, type, getElementIndex(context, e, layout, r)));
    for (auto [pointer, value] : llvm::zip_equal(pointers, owned))
      if (value)
        this->getTarget().storeShared(e, pointer, value, isOwner);
    this->getTarget().barrier(e);
    SmallVector<Value> results;
    MemoryWords word(e, type, 1);
    for (Value pointer : pointers)
      llvm::append_range(results, word.unpack(e, word.load(e, pointer)));
    return results;
  }
};
} // namespace

void mlir::tkg::populateAtomicPatterns(LoweringContext &context,
                                       RewritePatternSet &patterns) {
  patterns
      .add<AtomicPattern<tk::AtomicCASOp>, AtomicPattern<tk::AtomicLoadOp>,
           AtomicPattern<tk::AtomicRMWOp>, AtomicPattern<tk::AtomicStoreOp>>(
          context);
}
