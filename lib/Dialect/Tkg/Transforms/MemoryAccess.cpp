//===- MemoryAccess.cpp - which memory ops touch, and conflicts -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MemoryAccess.h"
#include "ViewPlaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "tk/Analysis/SharedMemory.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;
using Space = MemoryAccess::Space;

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// The access of `op` to the memory of `descriptor`: the whole buffer if the
/// way there is not known.
static MemoryAccess getSharedAccess(Operation *op, Value descriptor,
                                    bool isWrite) {
  MemoryAccess access;
  access.op = op;
  access.isWrite = isWrite;
  access.end = std::numeric_limits<int64_t>::max();
  std::optional<int64_t> slot;
  while (Operation *definition = descriptor.getDefiningOp()) {
    if (auto trans = dyn_cast<MemDescTransOp>(definition)) {
      descriptor = trans.getSource();
      continue;
    }
    if (auto slices = dyn_cast<MemDescSlicesOp>(definition)) {
      // What the index counts is no slot of the buffer.
      access.slotIndex = Value();
      slot.reset();
      descriptor = slices.getSource();
      continue;
    }
    if (auto slotOp = dyn_cast<SlotOp>(definition)) {
      access.slotIndex = slotOp.getIndex();
      APInt index;
      if (matchPattern(slotOp.getIndex(), m_ConstantInt(&index)))
        slot = index.getSExtValue();
      descriptor = slotOp.getRing();
      continue;
    }
    auto alloc = dyn_cast<AllocOp>(definition);
    if (!alloc)
      break;
    MemDescType type = alloc.getType();
    access.buffer = alloc;
    access.begin = alloc.getOffset().value_or(0);
    access.end = access.begin + type.getSizeInBytes();
    if (slot) {
      access.begin += *slot * type.getTileSizeInBytes();
      access.end = access.begin + type.getTileSizeInBytes();
    }
    break;
  }
  return access;
}

std::optional<MemoryAccess> mlir::tkg::getScratchAccess(Operation *op) {
  auto offset = op->getAttrOfType<IntegerAttr>(kScratchOffsetAttr);
  int64_t bytes = offset ? getScratchBytes(op) : 0;
  if (bytes == 0)
    return std::nullopt;
  int64_t numSlots = getNumScratchSlots(op);
  MemoryAccess access;
  access.op = access.buffer = op;
  access.isWrite = true;
  access.isInTurn = numSlots > 1;
  access.begin = offset.getInt();
  access.end = access.begin + numSlots * bytes;
  return access;
}

namespace {
/// A counter that starts at a constant and steps through 0 ... depth-1 round
/// and round, once an iteration.
struct RingCounter {
  scf::ForOp loop;
  int64_t start;
  int64_t depth;
};
} // namespace

/// Matches select(next == depth, 0, next) with next = counter + 1, carried
/// around a loop.
static std::optional<RingCounter> getRingCounter(Value index) {
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    index = cast.getIn();
  auto argument = dyn_cast<BlockArgument>(index);
  auto loop = argument
                  ? dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp())
                  : scf::ForOp();
  if (!loop || argument == loop.getInductionVar())
    return std::nullopt;
  unsigned number = argument.getArgNumber() - loop.getNumInductionVars();
  APInt start, depth;
  auto select =
      loop.getYieldedValues()[number].getDefiningOp<arith::SelectOp>();
  if (!matchPattern(loop.getInitArgs()[number], m_ConstantInt(&start)) ||
      !select || !matchPattern(select.getTrueValue(), m_Zero()))
    return std::nullopt;
  auto next = select.getFalseValue().getDefiningOp<arith::AddIOp>();
  auto isLast = select.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!next || next.getLhs() != argument ||
      !matchPattern(next.getRhs(), m_One()) || !isLast ||
      isLast.getPredicate() != arith::CmpIPredicate::eq ||
      isLast.getLhs() != next.getResult() ||
      !matchPattern(isLast.getRhs(), m_ConstantInt(&depth)))
    return std::nullopt;
  return RingCounter{loop, start.getSExtValue(), depth.getSExtValue()};
}

/// Whether two slots of one ring are known to differ in one iteration.
static bool areDifferentSlots(Value a, Value b) {
  if (!a || !b)
    return false;
  APInt constantA, constantB;
  if (matchPattern(a, m_ConstantInt(&constantA)) &&
      matchPattern(b, m_ConstantInt(&constantB)))
    return constantA != constantB;
  std::optional<RingCounter> counterA = getRingCounter(a);
  std::optional<RingCounter> counterB = getRingCounter(b);
  return counterA && counterB && counterA->loop == counterB->loop &&
         counterA->depth == counterB->depth &&
         (counterA->start - counterB->start) % counterA->depth != 0;
}

static bool mayRaceInShared(const MemoryAccess &earlier,
                            const MemoryAccess &later, bool sameIteration) {
  if (earlier.end <= later.begin || later.end <= earlier.begin)
    return false;
  // The op itself meets the block between its slots.
  if (earlier.isInTurn && earlier.op == later.op)
    return false;
  return !(sameIteration && earlier.buffer == later.buffer &&
           areDifferentSlots(earlier.slotIndex, later.slotIndex));
}

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

/// The kernel argument that `value`, a view or pointers, leads to.
static Value getRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<tk::SubviewOp, tk::MakeViewOp, tk::AddressesOp, tk::PtrAddOp,
             tk::SplatOp, tk::BroadcastOp, tk::ExpandDimsOp, tk::ReshapeOp,
             tk::TransOp, ConvertLayoutOp>(op))
      return {};
    value = op->getOperand(0);
  }
  auto argument = cast<BlockArgument>(value);
  return isa<tk::KernelOp>(argument.getOwner()->getParentOp()) ? value
                                                               : Value();
}

static MemoryAccess getGlobalAccess(Operation *op, Value place, bool isWrite) {
  MemoryAccess access;
  access.op = op;
  access.space = Space::Global;
  access.isWrite = isWrite;
  access.root = getRoot(place);
  return access;
}

static bool namesAlias(tk::KernelOp kernel, BlockArgument a, BlockArgument b) {
  auto aliases =
      kernel.getArgAttrOfType<ArrayAttr>(a.getArgNumber(), tk::kAliasAttr);
  if (!aliases)
    return false;
  StringRef name = kernel.getArgName(b.getArgNumber());
  return llvm::any_of(aliases, [&](Attribute alias) {
    return cast<StringAttr>(alias).getValue() == name;
  });
}

/// Arguments overlap only if declared so; pointers may lead anywhere.
static bool mayOverlap(Value a, Value b) {
  if (!a || !b || a == b)
    return true;
  if (!isa<tk::ViewType>(a.getType()) || !isa<tk::ViewType>(b.getType()))
    return true;
  auto argumentA = cast<BlockArgument>(a), argumentB = cast<BlockArgument>(b);
  auto kernel = cast<tk::KernelOp>(argumentA.getOwner()->getParentOp());
  return namesAlias(kernel, argumentA, argumentB) ||
         namesAlias(kernel, argumentB, argumentA);
}

/// Whether the thread that makes an access to an element is always the same,
/// for accesses by one layout: a store is made by the first of the threads that
/// hold the element, a load by each of them.
static bool hasOneThread(const MemoryAccess &access, Type type) {
  if (access.isWrite)
    return true;
  LayoutAttr layout = getLayout(type);
  return layout &&
         layout.getLayout().getFreeDigits(tk::HardwareDim::Lane) == 0 &&
         layout.getLayout().getFreeDigits(tk::HardwareDim::Warp) == 0;
}

/// The tile or scalar that a load or store of a view moves by registers.
static Type getMovedType(Operation *op) {
  if (auto load = dyn_cast<tk::LoadViewOp>(op))
    return load.getType();
  if (auto store = dyn_cast<tk::StoreViewOp>(op))
    return store.getValue().getType();
  return {};
}

/// Whether an element that both may touch is touched by one thread.
static bool areOrderedByThreads(const MemoryAccess &earlier,
                                const MemoryAccess &later,
                                const ViewPlaces &earlierPlaces,
                                const ViewPlaces &laterPlaces,
                                bool sameIteration) {
  Type type = getMovedType(earlier.op);
  return type && type == getMovedType(later.op) &&
         hasOneThread(earlier, type) && hasOneThread(later, type) &&
         haveSameGrid(earlierPlaces, laterPlaces, sameIteration);
}

/// Whether two atomics give the same memory in either order, and nobody looks
/// at what they return.
static bool commute(Operation *a, Operation *b) {
  auto first = dyn_cast<tk::AtomicRMWOp>(a);
  auto second = dyn_cast<tk::AtomicRMWOp>(b);
  return first && second && first.getKind() == second.getKind() &&
         first.getKind() != tk::AtomicKind::Exchange &&
         first.getResult().use_empty() && second.getResult().use_empty();
}

static bool mayRaceInGlobal(const MemoryAccess &earlier,
                            const MemoryAccess &later, bool sameIteration) {
  if (!mayOverlap(earlier.root, later.root))
    return false;
  std::optional<ViewPlaces> earlierPlaces = getViewPlaces(earlier.op);
  std::optional<ViewPlaces> laterPlaces = getViewPlaces(later.op);
  if (!earlierPlaces || !laterPlaces)
    return !commute(earlier.op, later.op);
  return !areApart(*earlierPlaces, *laterPlaces, sameIteration) &&
         !areOrderedByThreads(earlier, later, *earlierPlaces, *laterPlaces,
                              sameIteration);
}

//===----------------------------------------------------------------------===//
// Both
//===----------------------------------------------------------------------===//

static std::optional<tk::MemoryOrder> getOrder(Operation *op) {
  using Result = std::optional<tk::MemoryOrder>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<tk::AtomicRMWOp, tk::AtomicCASOp, tk::AtomicLoadOp,
            tk::AtomicStoreOp>([](auto op) -> Result { return op.getOrder(); })
      .Default(Result());
}

bool mlir::tkg::isRelease(Operation *op) {
  std::optional<tk::MemoryOrder> order = getOrder(op);
  return order == tk::MemoryOrder::Release || order == tk::MemoryOrder::AcqRel;
}

bool mlir::tkg::isAcquire(Operation *op) {
  std::optional<tk::MemoryOrder> order = getOrder(op);
  return order == tk::MemoryOrder::Acquire || order == tk::MemoryOrder::AcqRel;
}

SmallVector<MemoryAccess, 2> mlir::tkg::getMemoryAccesses(Operation *op) {
  using Accesses = SmallVector<MemoryAccess, 2>;
  return llvm::TypeSwitch<Operation *, Accesses>(op)
      .Case([](tk::LoadViewOp op) -> Accesses {
        return {getGlobalAccess(op, op.getView(), /*isWrite=*/false)};
      })
      .Case([](tk::LoadOp op) -> Accesses {
        return {getGlobalAccess(op, op.getPointer(), /*isWrite=*/false)};
      })
      .Case([](tk::StoreViewOp op) -> Accesses {
        return {getGlobalAccess(op, op.getView(), /*isWrite=*/true)};
      })
      .Case<tk::StoreOp, tk::AtomicRMWOp, tk::AtomicCASOp, tk::AtomicLoadOp,
            tk::AtomicStoreOp>([](auto op) -> Accesses {
        bool isWrite = !isa<tk::AtomicLoadOp>(op.getOperation());
        return {getGlobalAccess(op, op.getPointer(), isWrite)};
      })
      .Case([](CopyAsyncOp op) -> Accesses {
        Accesses accesses = {
            getGlobalAccess(op, op.getView(), /*isWrite=*/false),
            getSharedAccess(op, op.getSlot(), /*isWrite=*/true)};
        for (MemoryAccess &access : accesses)
          access.isAsync = true;
        return accesses;
      })
      .Case([](LocalLoadOp op) -> Accesses {
        return {getSharedAccess(op, op.getSource(), /*isWrite=*/false)};
      })
      .Case([](LocalStoreOp op) -> Accesses {
        return {getSharedAccess(op, op.getTarget(), /*isWrite=*/true)};
      })
      .Case([](AllocOp op) -> Accesses {
        if (!op.getInit())
          return {};
        return {getSharedAccess(op, op.getResult(), /*isWrite=*/true)};
      })
      .Case<DotOp, DotAsyncOp>([](auto op) -> Accesses {
        Accesses accesses;
        for (Value operand : {op.getLhs(), op.getRhs()})
          if (isa<MemDescType>(operand.getType()))
            accesses.push_back(getSharedAccess(op, operand, /*isWrite=*/false));
        return accesses;
      })
      .Default(Accesses());
}

/// Whether one of two accesses to one memory may undo what the other does.
static bool mayDisturb(const MemoryAccess &a, const MemoryAccess &b) {
  return a.space == b.space && (a.isWrite || b.isWrite);
}

bool mlir::tkg::mayRace(const MemoryAccess &earlier, const MemoryAccess &later,
                        bool sameIteration) {
  if (!mayDisturb(earlier, later))
    return false;
  return earlier.space == Space::Shared
             ? mayRaceInShared(earlier, later, sameIteration)
             : mayRaceInGlobal(earlier, later, sameIteration);
}

/// `areApart` decides about two boxes of one view.
static bool
mayDepend(const MemoryAccess &a, const MemoryAccess &b,
          function_ref<bool(const ViewPlaces &, const ViewPlaces &)> areApart) {
  if (!mayDisturb(a, b))
    return false;
  if (a.space == Space::Shared)
    return a.begin < b.end && b.begin < a.end;
  if (!mayOverlap(a.root, b.root))
    return false;
  std::optional<ViewPlaces> placesA = getViewPlaces(a.op);
  std::optional<ViewPlaces> placesB = getViewPlaces(b.op);
  return !placesA || !placesB || !areApart(*placesA, *placesB);
}

bool mlir::tkg::mayDependWithin(const MemoryAccess &a, const MemoryAccess &b) {
  return mayDepend(a, b, [](const ViewPlaces &a, const ViewPlaces &b) {
    return areApart(a, b, /*sameIteration=*/true);
  });
}

bool mlir::tkg::mayDependAcross(const MemoryAccess &a, const MemoryAccess &b,
                                scf::ForOp loop) {
  return mayDepend(a, b, [&](const ViewPlaces &a, const ViewPlaces &b) {
    return areApartAcross(a, b, loop);
  });
}
