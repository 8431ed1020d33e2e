//===- SharedMemoryOps.cpp - lowers tiles in shared memory ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;
using tk::SharedAccessPlan;

/// Plans the access of a register tile to shared memory; nothing, after an
/// error, if the layouts do not fit.
static std::optional<SharedAccessPlan>
planAccess(Operation *op, Type tile, MemDescType memory,
           const tk::SharedAccessOptions &options) {
  Type element = getMemoryType(memory.getElementType());
  std::optional<SharedAccessPlan> plan =
      tk::planSharedAccess(getTileLayout(tile), memory.getLayout().getLayout(),
                           8 * getSizeInBytes(element), options);
  if (!plan)
    op->emitOpError("has layouts of a register tile and of shared memory that "
                    "divide the tile differently");
  return plan;
}

namespace {

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

struct AllocPattern : TkgPattern<AllocOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(AllocOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    if (!op.getOffset())
      return op.emitOpError("has no 'offset' in shared memory yet");
    MemDescType type = op.getType();
    std::optional<SharedAccessPlan> plan;
    if (op.getInit()) {
      Type tile = op.getInit().getType();
      plan = planAccess(op, tile, type,
                        tk::SharedAccessOptions::forStore(getTarget().getInfo(),
                                                          getTileLayout(tile)));
      if (!plan)
        return failure();
    }
    Value place = e.getElementPointer(context.getSharedMemory(e), e.getI8(),
                                      *op.getOffset());
    if (plan)
      SharedTile(context, e, place, getMemoryType(type.getElementType()), *plan)
          .store(toSharedElements(e, adaptor.getInit()),
                 getTileLayout(op.getInit().getType()));
    return SmallVector<Value>{place};
  }
};

struct SlotPattern : TkgPattern<SlotOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(SlotOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    // A ring fits in shared memory: 32 bits are enough.
    Value index = e.resize(adaptor.getIndex().front(), e.getI32());
    Value offset = e.mul(
        index, e.getI32Constant(op.getRing().getType().getTileSizeInBytes()));
    return SmallVector<Value>{
        e.getElementPointer(adaptor.getRing().front(), e.getI8(), offset)};
  }
};

/// Another view of the same place.
template <typename OpT> struct MemDescViewPattern : TkgPattern<OpT> {
  using TkgPattern<OpT>::TkgPattern;
  using typename TkgPattern<OpT>::OneToNOpAdaptor;

  FailureOr<SmallVector<Value>> lower(OpT, OneToNOpAdaptor adaptor,
                                      Emitter &) const override {
    return llvm::to_vector(adaptor.getSource());
  }
};

//===----------------------------------------------------------------------===//
// Loads and stores
//===----------------------------------------------------------------------===//

struct LocalLoadPattern : TkgPattern<LocalLoadOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(LocalLoadOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto memory = cast<MemDescType>(op.getSource().getType());
    std::optional<SharedAccessPlan> plan =
        planAccess(op, op.getType(), memory,
                   tk::SharedAccessOptions::forLoad(getTarget().getInfo()));
    if (!plan)
      return failure();
    SmallVector<Value> elements =
        SharedTile(context, e, adaptor.getSource().front(),
                   getMemoryType(memory.getElementType()), *plan)
            .load();
    return fromSharedElements(e, convertElementType(memory.getElementType()),
                              elements);
  }
};

struct LocalStorePattern : TkgPattern<LocalStoreOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(LocalStoreOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto memory = cast<MemDescType>(op.getTarget().getType());
    Type tile = op.getValue().getType();
    std::optional<SharedAccessPlan> plan =
        planAccess(op, tile, memory,
                   tk::SharedAccessOptions::forStore(getTarget().getInfo(),
                                                     getTileLayout(tile)));
    if (!plan)
      return failure();
    SharedTile(context, e, adaptor.getTarget().front(),
               getMemoryType(memory.getElementType()), *plan)
        .store(toSharedElements(e, adaptor.getValue()), getTileLayout(tile));
    return SmallVector<Value>();
  }
};

//===----------------------------------------------------------------------===//
// Waiting
//===----------------------------------------------------------------------===//

struct BarrierPattern : TkgPattern<BarrierOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(BarrierOp, OneToNOpAdaptor,
                                      Emitter &e) const override {
    getTarget().barrier(e);
    return SmallVector<Value>();
  }
};

struct AsyncCommitPattern : TkgPattern<AsyncCommitOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(AsyncCommitOp, OneToNOpAdaptor,
                                      Emitter &e) const override {
    getTarget().commitCopies(e);
    return SmallVector<Value>();
  }
};

struct AsyncWaitPattern : TkgPattern<AsyncWaitOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(AsyncWaitOp op, OneToNOpAdaptor,
                                      Emitter &e) const override {
    getTarget().waitForCopies(e, op.getPending().value_or(0));
    return SmallVector<Value>();
  }
};
} // namespace

void mlir::tkg::populateSharedMemoryPatterns(LoweringContext &context,
                                             RewritePatternSet &patterns) {
  patterns.add<AllocPattern, AsyncCommitPattern, AsyncWaitPattern,
               BarrierPattern, LocalLoadPattern, LocalStorePattern,
               MemDescViewPattern<MemDescSlicesOp>,
               MemDescViewPattern<MemDescTransOp>, SlotPattern>(context);
}
