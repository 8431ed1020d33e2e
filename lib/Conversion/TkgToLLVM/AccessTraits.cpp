//===- AccessTraits.cpp - what decides how a memory access is lowered -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/AccessTraits.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Analysis/ReadOnlyView.h"
#include "tk/Conversion/TkgToLLVM/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;

/// Starts are short sums of products; deeper ones are not worth the time.
constexpr unsigned kMaxDepth = 16;

/// True if the integer `value` is at least 0, found from how it is computed.
static bool isNonNegative(Value value, unsigned depth = 0) {
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return *constant >= 0;
  if (depth > kMaxDepth)
    return false;
  auto get = [&](Value v) { return isNonNegative(v, depth + 1); };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() &&
           get(loop.getLowerBound());
  }
  return llvm::TypeSwitch<Operation *, bool>(value.getDefiningOp())
      .Case<tk::ProgramIdOp, tk::NumProgramsOp, tk::DimOp, arith::ExtUIOp>(
          [](auto) { return true; })
      .Case<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::DivSIOp,
            arith::FloorDivSIOp, arith::CeilDivSIOp>(
          [&](auto op) { return get(op.getLhs()) && get(op.getRhs()); })
      .Case<arith::RemSIOp>([&](auto op) { return get(op.getLhs()); })
      .Case<arith::MaxSIOp>(
          [&](auto op) { return get(op.getLhs()) || get(op.getRhs()); })
      .Case<arith::SelectOp>([&](auto op) {
        return get(op.getTrueValue()) && get(op.getFalseValue());
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>(
          [&](auto op) { return get(op.getIn()); })
      .Default([](Operation *) { return false; });
}

AccessTraits mlir::tkg::getAccessTraits(Operation *op,
                                        const AlignmentAnalysis &alignment) {
  AccessTraits traits;
  traits.facts = alignment.getAccessFacts(op);
  llvm::TypeSwitch<Operation *>(op)
      .Case<tk::LoadViewOp, tk::StoreViewOp, CopyAsyncOp>([&](auto op) {
        traits.isReadOnly = isReadOnlyView(op.getView());
        for (const tk::ViewItem &item : op.getItems())
          traits.isStartNonNegative.push_back(
              item.kind == tk::ItemKind::Slice && isNonNegative(item.value));
      });
  return traits;
}
