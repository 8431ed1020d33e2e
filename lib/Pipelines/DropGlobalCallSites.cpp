//===- DropGlobalCallSites.cpp - globals have no caller -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "tk/Pipelines/Passes.h"

namespace mlir::tk {
#define GEN_PASS_DEF_DROPGLOBALCALLSITESPASS
#include "tk/Pipelines/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;

namespace {
struct DropGlobalCallSites
    : tk::impl::DropGlobalCallSitesPassBase<DropGlobalCallSites> {
  void runOnOperation() override {
    getOperation().walk<WalkOrder::PreOrder>([](Operation *op) {
      if (isa<LLVM::LLVMFuncOp>(op))
        return WalkResult::skip();
      Location loc = op->getLoc();
      while (auto site = dyn_cast<CallSiteLoc>(loc))
        loc = site.getCallee();
      op->setLoc(loc);
      return WalkResult::advance();
    });
  }
};
} // namespace
