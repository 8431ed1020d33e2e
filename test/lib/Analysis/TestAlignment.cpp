//===- TestAlignment.cpp - print what the alignment analysis finds --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../TestPasses.h"
#include "mlir/Pass/Pass.h"
#include "tk/Analysis/Alignment.h"

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// Remarks the facts of every access, and of every result of an op that
/// carries the attribute `facts`.
struct TestAlignmentPass
    : public PassWrapper<TestAlignmentPass, OperationPass<tk::KernelOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestAlignmentPass)

  StringRef getArgument() const final { return "test-alignment"; }
  StringRef getDescription() const final {
    return "print what the alignment analysis finds";
  }

  void runOnOperation() override {
    const auto &analysis = getAnalysis<AlignmentAnalysis>();
    getOperation()->walk([&](Operation *op) {
      AccessFacts access = analysis.getAccessFacts(op);
      if (access.fastestDim)
        op->emitRemark() << "dimension " << *access.fastestDim
                         << (access.isContiguous ? " is contiguous"
                                                 : " is not contiguous")
                         << ", aligned " << access.alignedVectorSize
                         << ", masked " << access.maskedVectorSize;
      if (op->hasAttr("facts"))
        for (Value result : op->getResults())
          printFacts(op, analysis.getFacts(result));
    });
  }

  static void printFacts(Operation *op, const ValueFacts &facts) {
    auto getDivisor = [](int64_t divisor) {
      return divisor == kMaxDivisor ? std::string("all")
                                    : std::to_string(divisor);
    };
    InFlightDiagnostic remark =
        op->emitRemark() << "divisibility " << getDivisor(facts.divisibility);
    if (facts.constant)
      remark << ", constant " << *facts.constant;
    for (auto [i, dim] : llvm::enumerate(facts.dims))
      remark << "; dimension " << i << ": contiguity " << dim.contiguity
             << ", divisibility " << getDivisor(dim.divisibility)
             << ", constancy " << dim.constancy;
  }
};
} // namespace

void mlir::tk::registerTestAlignmentPass() {
  PassRegistration<TestAlignmentPass>();
}
