//===- RegisterPressure.cpp - where tiles take most registers -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Liveness tells which values of a block are needed at an op. Around an op in
// a loop, values of the enclosing blocks are live as well: those that are used
// after the loop, and those that its next iteration reads again.
//
//===----------------------------------------------------------------------===//

#include "tk/Analysis/RegisterPressure.h"
#include "mlir/Analysis/Liveness.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tkg;

int64_t mlir::tkg::getNumRegisters(Type type) {
  constexpr int64_t kRegisterInBits = 32, kAddressInBits = 64;
  auto tile = dyn_cast<RankedTensorType>(type);
  LayoutAttr layout = tile ? getLayout(type) : LayoutAttr();
  if (!layout || tile.getElementType().isInteger(1))
    return 0;
  Type element = tile.getElementType();
  int64_t width =
      element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : kAddressInBits;
  return llvm::divideCeil(layout.getLayout().getNumRegisters() * width,
                          kRegisterInBits);
}

/// Whether every thread can make the value anew from next to nothing.
static bool isFree(Value value) {
  Operation *op = value.getDefiningOp();
  return op && (op->hasTrait<OpTrait::ConstantLike>() || isa<tk::SplatOp>(op));
}

/// Whether an op inside `ancestor` uses `value`.
static bool isUsedInside(Value value, Operation *ancestor) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return ancestor->isProperAncestor(user);
  });
}

/// Tiles that threads hold right before `op` and right after it. Results take
/// the registers of operands that die, element by element, so an op needs the
/// larger of the two.
struct LiveAround {
  DenseSet<Value> before, after;
};

static LiveAround getLiveTiles(Operation *op, const Liveness &liveness,
                               function_ref<int64_t(Type)> countRegisters) {
  LiveAround live;
  auto visit = [&](Operation *at, function_ref<void(Value)> insert) {
    for (Value value :
         liveness.getLiveness(at->getBlock())->currentlyLiveValues(at))
      if (countRegisters(value.getType()) != 0 && !isFree(value))
        insert(value);
  };
  visit(op, [&](Value value) {
    if (value.getDefiningOp() != op)
      live.before.insert(value);
    if (!liveness.isDeadAfter(value, op))
      live.after.insert(value);
  });
  for (Operation *around = op->getParentOp(); !isa<tk::KernelOp>(around);
       around = around->getParentOp())
    visit(around, [&](Value value) {
      // What enters a loop lives on as an argument of its body, and results of
      // the loop do not exist yet.
      if (value.getDefiningOp() == around ||
          (liveness.isDeadAfter(value, around) && !isUsedInside(value, around)))
        return;
      live.before.insert(value);
      live.after.insert(value);
    });
  return live;
}

PressurePoint
mlir::tkg::findMaxRegisterPressure(tk::KernelOp kernel,
                                   function_ref<int64_t(Type)> countRegisters) {
  Liveness liveness(kernel);
  PressurePoint highest;
  DenseSet<Value> tiles;
  kernel.getBody().walk([&](Operation *op) {
    auto [before, after] = getLiveTiles(op, liveness, countRegisters);
    for (const DenseSet<Value> &live : {before, after}) {
      int64_t numRegisters = 0;
      for (Value value : live)
        numRegisters += countRegisters(value.getType());
      if (numRegisters <= highest.numRegisters)
        continue;
      highest.op = op;
      highest.numRegisters = numRegisters;
      tiles = live;
    }
  });
  // The set has no order of its own, the kernel has.
  auto add = [&](Value value) {
    if (!tiles.contains(value))
      return;
    LiveTile tile{value, countRegisters(value.getType())};
    auto isLarger = [](const LiveTile &a, const LiveTile &b) {
      return a.numRegisters > b.numRegisters;
    };
    highest.tiles.insert(llvm::upper_bound(highest.tiles, tile, isLarger),
                         tile);
  };
  kernel->walk<WalkOrder::PreOrder>([&](Operation *op) {
    llvm::for_each(op->getResults(), add);
    for (Region &region : op->getRegions())
      llvm::for_each(region.getArguments(), add);
  });
  return highest;
}

std::string mlir::tkg::describePressure(const PressurePoint &point) {
  constexpr size_t kMaxNamed = 3;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << point.numRegisters << " registers";
  if (auto place = point.op->getLoc()->findInstanceOf<FileLineColLoc>())
    os << " at " << place.getFilename().getValue() << ":" << place.getLine()
       << ":" << place.getColumn();
  llvm::ListSeparator separator;
  os << ": ";
  for (const LiveTile &tile : ArrayRef(point.tiles).take_front(kMaxNamed)) {
    auto type = cast<RankedTensorType>(tile.value.getType());
    os << separator;
    llvm::interleave(type.getShape(), os, "x");
    os << "x" << type.getElementType()
       << (&tile == point.tiles.data() ? " takes " : " ") << tile.numRegisters;
  }
  return text;
}
