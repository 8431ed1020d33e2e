//===- ReadOnlyView.cpp - what no program of a launch writes --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Analysis/ReadOnlyView.h"
#include "tk/Dialect/Tk/IR/Tk.h"

using namespace mlir;

bool mlir::tkg::isReadOnlyView(Value view) {
  while (auto subview = view.getDefiningOp<tk::SubviewOp>())
    view = subview.getSource();
  auto argument = dyn_cast<BlockArgument>(view);
  if (!argument || !argument.getOwner()->isEntryBlock())
    return false;
  auto kernel = dyn_cast<tk::KernelOp>(argument.getOwner()->getParentOp());
  // Without a declaration anything may happen to it.
  if (!kernel || !kernel.getArgAttr(argument.getArgNumber(), tk::kAccessAttr) ||
      kernel.getArgAccess(argument.getArgNumber()) != tk::ParamAccess::Read)
    return false;
  return llvm::none_of(llvm::seq(kernel.getNumArguments()), [&](unsigned i) {
    return bool(kernel.getArgAttr(i, tk::kAliasAttr));
  });
}
