//===- CopyOps.cpp - lowers copies from global to shared memory -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Such a copy has no layout in registers; this file gives it one: threads in
// the order of global memory, each with vectors that both memories take whole.
// The layout covers the whole allocation, so that its padding becomes zero as
// everything outside does.
//
//===----------------------------------------------------------------------===//

#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"
#include "tk/Support/LayoutBuilders.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;
using tk::SharedAccessPlan;

namespace {
/// Who copies what.
struct CopyPlan {
  Layout layout;
  SharedAccessPlan shared;
  AccessTraits traits;
};

struct CopyAsyncPattern : TkgPattern<CopyAsyncOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(CopyAsyncOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto memory = cast<MemDescType>(op.getSlot().getType());
    std::optional<CopyPlan> plan = planCopy(op, memory);
    if (!plan)
      return op.emitOpError("copies to a layout of shared memory that does not "
                            "fit the threads");
    AccessOperands operands;
    operands.viewType = op.getView().getType();
    operands.view = adaptor.getView();
    operands.items = op.getItems();
    operands.itemValues = adaptor.getIndices();
    if (std::optional<ArrayRef<bool>> inbounds = op.getInbounds())
      operands.inbounds = *inbounds;
    ViewAccess source(context, e, operands, plan->layout, plan->traits);
    SharedTile target(context, e, adaptor.getSlot().front(),
                      source.getElementType(), plan->shared);
    int64_t size =
        source.getVectors().getSize() * getSizeInBytes(source.getElementType());
    if (llvm::is_contained(getTarget().getAsyncCopyWidths(), size))
      copyAsync(source, target, *plan, size, e);
    else
      copyThroughRegisters(source, target, *plan, e);
    return SmallVector<Value>();
  }

private:
  std::optional<CopyPlan> planCopy(CopyAsyncOp op, MemDescType memory) const;
  std::optional<CopyPlan> planWithVectors(MemDescType memory, unsigned dim,
                                          AccessTraits traits,
                                          int64_t size) const;

  void copyAsync(ViewAccess &source, SharedTile &target, const CopyPlan &plan,
                 int64_t sizeInBytes, Emitter &e) const {
    e.emitIf(context.getIsFirstReplica(plan.layout, e), {}, [&] {
      for (const SharedAccessPlan::Access &access : plan.shared.accesses) {
        unsigned start = access.registers.front();
        getTarget().copyAsync(e, target.getPointer(access),
                              source.getPointer(start), sizeInBytes,
                              source.getPredicate(start));
      }
      return SmallVector<Value>();
    });
  }

  /// All loads first, so that they overlap.
  void copyThroughRegisters(ViewAccess &source, SharedTile &target,
                            const CopyPlan &plan, Emitter &e) const {
    SmallVector<Value> registers(plan.layout.getNumRegisters());
    for (int64_t start : source.getVectors().getStarts()) {
      SmallVector<int64_t> vector = source.getVectors().getRegisters(start);
      SmallVector<Value> loaded = getTarget().loadGlobal(
          e,
          {source.getPointer(start), source.getElementType(),
           int64_t(vector.size()), source.getPredicate(start),
           plan.traits.isReadOnly},
          ValueRange());
      for (auto [r, value] : llvm::zip_equal(vector, loaded))
        registers[r] = value;
    }
    target.store(registers, plan.layout);
  }
};
} // namespace

/// The dimensions of `rank`, `fastest` first, the last of the others next.
static SmallVector<unsigned> getOrder(unsigned rank, unsigned fastest) {
  SmallVector<unsigned> order = {fastest};
  for (unsigned dim = rank; dim-- > 0;)
    if (dim != fastest)
      order.push_back(dim);
  return order;
}

/// The plan with vectors of `size` elements; nothing if shared memory does not
/// take them whole.
std::optional<CopyPlan> CopyAsyncPattern::planWithVectors(MemDescType memory,
                                                          unsigned dim,
                                                          AccessTraits traits,
                                                          int64_t size) const {
  const Layout &shared = memory.getLayout().getLayout();
  Type element = getMemoryType(memory.getElementType());
  unsigned bits = 8 * getSizeInBytes(element);
  CopyPlan plan;
  plan.layout = tk::buildBlocked(
      shared.getShape(), getOrder(shared.getRank(), dim), size,
      {getTarget().getThreadsPerWarp(), unsigned(context.getNumWarps())});
  tk::SharedAccessOptions options;
  options.maxVectorBits = size * bits;
  std::optional<SharedAccessPlan> access =
      tk::planSharedAccess(plan.layout, shared, bits, options);
  if (!access)
    return std::nullopt;
  traits.facts.alignedVectorSize =
      std::min(traits.facts.alignedVectorSize, size);
  plan.traits = std::move(traits);
  plan.shared = std::move(*access);
  // Both sides must cut the registers alike.
  VectorRegisters vectors(plan.layout, element, plan.traits.facts,
                          memory.getShape());
  for (const SharedAccessPlan::Access &each : plan.shared.accesses) {
    SmallVector<int64_t> registers = vectors.getRegisters(each.registers[0]);
    if (!llvm::equal(registers, each.registers))
      return std::nullopt;
  }
  return plan;
}

/// The widest vectors that global memory, shared memory and the threads allow.
std::optional<CopyPlan> CopyAsyncPattern::planCopy(CopyAsyncOp op,
                                                   MemDescType memory) const {
  const AccessTraits &traits = context.getAccessTraits(op);
  int64_t elementSize = getSizeInBytes(getMemoryType(memory.getElementType()));
  int64_t size = 1;
  if (traits.facts.isContiguous)
    size = std::min(traits.facts.getMaxVectorSize(), 16 / elementSize);
  unsigned dim = traits.facts.fastestDim.value_or(memory.getRank() - 1);
  for (; size >= 1; size /= 2)
    if (std::optional<CopyPlan> plan =
            planWithVectors(memory, dim, traits, size))
      return plan;
  return std::nullopt;
}

void mlir::tkg::populateCopyPatterns(LoweringContext &context,
                                     RewritePatternSet &patterns) {
  patterns.add<CopyAsyncPattern>(context);
}
