//===- TestMiscompile.cpp - passes that are wrong on purpose --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../TestPasses.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Pass/Pass.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
enum class Mistake {
  Subtraction,
  Inbounds,
  Wait,
  Slot,
  Store,
  Sum,
  Order,
  Print,
  Unknown
};

/// Makes the mistake that it is asked for, wherever it can.
struct TestMiscompilePass
    : public PassWrapper<TestMiscompilePass, OperationPass<KernelOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestMiscompilePass)

  TestMiscompilePass() = default;
  TestMiscompilePass(const TestMiscompilePass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "test-miscompile"; }
  StringRef getDescription() const final {
    return "change what a kernel computes";
  }

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) { spoil(op); });
  }

  void spoil(Operation *op) {
    OpBuilder builder(op);
    switch (mistake) {
    case Mistake::Subtraction:
      if (isa<arith::SubFOp, arith::SubIOp>(op))
        op->setOperands({op->getOperand(1), op->getOperand(0)});
      return;
    case Mistake::Inbounds:
      if (auto load = dyn_cast<LoadViewOp>(op))
        load.setInboundsAttr(builder.getDenseBoolArrayAttr(
            SmallVector<bool>(load.getView().getType().getRank(), true)));
      return;
    case Mistake::Wait:
      if (auto wait = dyn_cast<tkg::AsyncWaitOp>(op);
          wait && !wait.getTokens().empty()) {
        wait.getToken().replaceAllUsesWith(wait.getTokens().front());
        wait->erase();
      }
      return;
    case Mistake::Slot:
      if (auto slot = dyn_cast<tkg::SlotOp>(op))
        slot.getIndexMutable().assign(
            arith::ConstantIndexOp::create(builder, op->getLoc(), 0));
      return;
    case Mistake::Store:
      if (isa<StoreViewOp>(op))
        op->erase();
      return;
    case Mistake::Sum:
      if (auto reduce = dyn_cast<ReduceOp>(op))
        if (auto add =
                dyn_cast_or_null<arith::AddFOp>(reduce.getSimpleCombiner()))
          add.getRhsMutable().assign(add.getLhs());
      return;
    case Mistake::Order:
      if (auto dot = dyn_cast<DotOp>(op))
        addAccumulatorLast(dot, builder);
      return;
    case Mistake::Print:
      if (isa<PrintOp>(op))
        op->erase();
      return;
    case Mistake::Unknown:
      // Nothing but views and pointers can be absent.
      if (isa<ReturnOp>(op))
        IsPresentOp::create(
            builder, op->getLoc(),
            arith::ConstantIndexOp::create(builder, op->getLoc(), 0));
      return;
    }
  }

  /// dot(a, b, c) -> dot(a, b, 0) + c
  static void addAccumulatorLast(DotOp dot, OpBuilder &builder) {
    Value accumulator = dot.getAccumulator();
    Value zeros = arith::ConstantOp::create(
        builder, dot.getLoc(), builder.getZeroAttr(accumulator.getType()));
    dot.getAccumulatorMutable().assign(zeros);
    builder.setInsertionPointAfter(dot);
    auto sum = arith::AddFOp::create(builder, dot.getLoc(), dot, accumulator);
    dot.getResult().replaceAllUsesExcept(sum, sum);
  }

  Option<Mistake> mistake{
      *this, "mistake", llvm::cl::desc("What to do wrong"),
      llvm::cl::init(Mistake::Subtraction),
      llvm::cl::values(
          clEnumValN(Mistake::Subtraction, "subtraction",
                     "swap the operands of subtractions"),
          clEnumValN(Mistake::Inbounds, "inbounds",
                     "promise that loads stay inside"),
          clEnumValN(Mistake::Wait, "wait", "do not wait for copies"),
          clEnumValN(Mistake::Slot, "slot", "always take slot 0 of a ring"),
          clEnumValN(Mistake::Store, "store", "drop stores"),
          clEnumValN(Mistake::Sum, "sum", "add elements to themselves"),
          clEnumValN(Mistake::Order, "order",
                     "add the accumulators of dots last, which is none"),
          clEnumValN(Mistake::Print, "print", "print nothing"),
          clEnumValN(Mistake::Unknown, "unknown",
                     "ask whether a number was given"))};
};
} // namespace

void mlir::tk::registerTestMiscompilePass() {
  PassRegistration<TestMiscompilePass>();
}
