//===- TestRegisterPressure.cpp - print where registers are fewest --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "../TestPasses.h"
#include "mlir/Pass/Pass.h"
#include "tk/Analysis/RegisterPressure.h"

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// Remarks the highest register pressure at the op where it is.
struct TestRegisterPressurePass
    : public PassWrapper<TestRegisterPressurePass,
                         OperationPass<tk::KernelOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestRegisterPressurePass)

  StringRef getArgument() const final { return "test-register-pressure"; }
  StringRef getDescription() const final {
    return "print where tiles take most registers";
  }

  void runOnOperation() override {
    PressurePoint point = findMaxRegisterPressure(getOperation());
    if (!point.op) {
      getOperation().emitRemark("no tiles");
      return;
    }
    point.op->emitRemark() << describePressure(point);
  }
};
} // namespace

void mlir::tk::registerTestRegisterPressurePass() {
  PassRegistration<TestRegisterPressurePass>();
}
