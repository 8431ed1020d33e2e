//===- InlineFunctions.cpp - inlines every call of a function -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Callees come first: a function is inlined into others only once it contains
// no call itself, so that each body is cloned in its final form. A function
// that is met again while its own calls are being inlined is recursive.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/Inliner.h"
#include "mlir/Transforms/InliningUtils.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Dialect/Tk/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::tk {
#define GEN_PASS_DEF_INLINEFUNCTIONSPASS
#include "tk/Dialect/Tk/Transforms/Passes.h.inc"
} // namespace mlir::tk

using namespace mlir;
using namespace mlir::tk;

/// Most operations that inlining may add to a module. Functions that call each
/// other twice, thirty deep, would else fill the memory.
constexpr int64_t kMaxInlinedOps = int64_t(1) << 18;

namespace {
/// Inlines the calls of one module.
class FunctionInliner {
public:
  explicit FunctionInliner(MLIRContext *context) : interface(context) {}

  /// Inlines all that `root`, a kernel or function, calls.
  LogicalResult inlineCallsOf(Operation *root);
  int64_t getNumInlined() const { return numInlined; }

private:
  LogicalResult inlineCallsIn(Operation *caller);
  LogicalResult inlineCall(func::CallOp call);
  void emitRecursionError(func::CallOp call, func::FuncOp callee);

  InlinerInterface interface;
  InlinerConfig config;
  SymbolTableCollection symbolTables;
  /// What is being inlined, each with the call that led there.
  llvm::MapVector<Operation *, func::CallOp> active;
  llvm::DenseSet<Operation *> done;
  /// Operations of each function in `done`, which have no calls left.
  llvm::DenseMap<Operation *, int64_t> sizes;
  int64_t numInlinedOps = 0;
  int64_t numInlined = 0;
};

struct InlineFunctions
    : public tk::impl::InlineFunctionsPassBase<InlineFunctions> {
  using InlineFunctionsPassBase::InlineFunctionsPassBase;
  void runOnOperation() override;
};
} // namespace

void FunctionInliner::emitRecursionError(func::CallOp call,
                                         func::FuncOp callee) {
  InFlightDiagnostic diag = call.emitError()
                            << "function '" << callee.getSymName()
                            << "' calls itself; recursion is not supported";
  bool isOnCycle = false;
  for (auto [function, through] : active) {
    if (isOnCycle)
      diag.attachNote(through.getLoc()) << "through this call";
    isOnCycle |= function == callee;
  }
}

LogicalResult FunctionInliner::inlineCall(func::CallOp call) {
  auto callee = symbolTables.lookupNearestSymbolFrom<func::FuncOp>(
      call, call.getCalleeAttr());
  if (!callee || callee.isExternal())
    return call.emitError() << "function '" << call.getCallee()
                            << "' has no body in this module";
  if (active.contains(callee)) {
    emitRecursionError(call, callee);
    return failure();
  }
  active.insert({callee, call});
  LogicalResult inlined = inlineCallsIn(callee);
  active.pop_back();
  if (failed(inlined))
    return failure();
  if (!callee.getBody().hasOneBlock())
    return call.emitError() << "function '" << callee.getSymName()
                            << "' has several blocks, expects one";

  auto [size, isNew] = sizes.try_emplace(callee, 0);
  if (isNew)
    callee->walk([&, &count = size->second](Operation *) { ++count; });
  numInlinedOps += size->second;
  if (numInlinedOps > kMaxInlinedOps)
    return call.emitError() << "inlining '" << callee.getSymName()
                            << "' here makes the program larger than "
                            << kMaxInlinedOps << " operations";

  if (failed(mlir::inlineCall(interface, config.getCloneCallback(), call,
                              callee, &callee.getBody())))
    return call.emitError()
           << "function '" << callee.getSymName() << "' could not be inlined";
  call.erase();
  ++numInlined;
  return success();
}

LogicalResult FunctionInliner::inlineCallsIn(Operation *caller) {
  if (!done.insert(caller).second)
    return success();
  SmallVector<func::CallOp> calls;
  caller->walk([&](func::CallOp call) { calls.push_back(call); });
  for (func::CallOp call : calls)
    if (failed(inlineCall(call)))
      return failure();
  return success();
}

LogicalResult FunctionInliner::inlineCallsOf(Operation *root) {
  active.insert({root, func::CallOp()});
  LogicalResult inlined = inlineCallsIn(root);
  active.clear();
  return inlined;
}

void InlineFunctions::runOnOperation() {
  ModuleOp module = getOperation();
  FunctionInliner inliner(&getContext());
  for (Operation &op : *module.getBody())
    if (failed(inliner.inlineCallsOf(&op)))
      return signalPassFailure();
  numInlined += inliner.getNumInlined();

  for (auto function :
       llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
    if (function.isPrivate())
      function.erase();
}
