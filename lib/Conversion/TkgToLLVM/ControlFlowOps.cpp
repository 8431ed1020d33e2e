//===- ControlFlowOps.cpp - lowers branches that carry tiles --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

using namespace mlir;
using namespace mlir::tkg;

static SmallVector<Value> flatten(ArrayRef<ValueRange> ranges) {
  SmallVector<Value> values;
  for (ValueRange range : ranges)
    llvm::append_range(values, range);
  return values;
}

namespace {
struct BranchPattern : TkgPattern<cf::BranchOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(cf::BranchOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto branch =
        e.create<LLVM::BrOp>(flatten(adaptor.getDestOperands()), op.getDest());
    if (auto annotation =
            op->getAttrOfType<LLVM::LoopAnnotationAttr>(kLoopAnnotationAttr))
      branch.setLoopAnnotationAttr(annotation);
    return SmallVector<Value>();
  }
};

struct CondBranchPattern : TkgPattern<cf::CondBranchOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(cf::CondBranchOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    e.create<LLVM::CondBrOp>(adaptor.getCondition().front(), op.getTrueDest(),
                             flatten(adaptor.getTrueDestOperands()),
                             op.getFalseDest(),
                             flatten(adaptor.getFalseDestOperands()));
    return SmallVector<Value>();
  }
};

struct SwitchPattern : TkgPattern<cf::SwitchOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(cf::SwitchOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    SmallVector<SmallVector<Value>> operands;
    for (ArrayRef<ValueRange> ofCase : adaptor.getCaseOperands())
      operands.push_back(flatten(ofCase));
    SmallVector<ValueRange> caseOperands(operands.begin(), operands.end());
    e.create<LLVM::SwitchOp>(
        adaptor.getFlag().front(), op.getDefaultDestination(),
        flatten(adaptor.getDefaultOperands()),
        op.getCaseValues().value_or(DenseIntElementsAttr()),
        op.getCaseDestinations(), caseOperands);
    return SmallVector<Value>();
  }
};
} // namespace

void mlir::tkg::populateControlFlowPatterns(LoweringContext &context,
                                            RewritePatternSet &patterns) {
  patterns.add<BranchPattern, CondBranchPattern, SwitchPattern>(context);
}
