//===- MemoryAccess.cpp - which memory ops touch, and conflicts -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MemoryAccess.h"
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
  MemoryAccess access;
  access.op = access.buffer = op;
  access.isWrite = true;
  access.begin = offset.getInt();
  access.end = access.begin + bytes;
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

static bool mayConflictInShared(const MemoryAccess &earlier,
                                const MemoryAccess &later, bool sameIteration) {
  if (earlier.end <= later.begin || later.end <= earlier.begin)
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

namespace {
/// A load or store of a view, either one.
struct ViewAccess {
  Value view;
  SmallVector<tk::ViewItem> items;
  /// The tile or scalar that is moved.
  Type type;
};
} // namespace

static std::optional<ViewAccess> getViewAccess(Operation *op) {
  using Result = std::optional<ViewAccess>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([](tk::LoadViewOp op) -> Result {
        return ViewAccess{op.getView(), op.getItems(), op.getType()};
      })
      .Case([](tk::StoreViewOp op) -> Result {
        return ViewAccess{op.getView(), op.getItems(), op.getValue().getType()};
      })
      .Default(Result());
}

/// Whether every element is held by one thread only, so that whoever loads it
/// is who stores it.
static bool hasOneOwner(Type type) {
  LayoutAttr layout = getLayout(type);
  return layout &&
         layout.getLayout().getFreeDigits(tk::HardwareDim::Lane) == 0 &&
         layout.getLayout().getFreeDigits(tk::HardwareDim::Warp) == 0;
}

static bool haveSameItem(const tk::ViewItem &a, const tk::ViewItem &b) {
  return a.kind == b.kind && a.value == b.value && a.extent == b.extent;
}

/// Whether `item` walks over other coordinates in every iteration of the loop
/// of its variable: `%iv +: E` in steps of at least E.
static bool movesOnEveryIteration(const tk::ViewItem &item) {
  auto argument = dyn_cast<BlockArgument>(item.value);
  if (item.kind == tk::ItemKind::Gather || !argument)
    return false;
  auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
  APInt step;
  if (!loop || argument != loop.getInductionVar() ||
      !matchPattern(loop.getStep(), m_ConstantInt(&step)))
    return false;
  return step.sge(item.kind == tk::ItemKind::Slice ? item.extent : 1);
}

/// Whether both accesses touch the same coordinates by the same threads, or,
/// in different iterations, different coordinates.
static bool areOrderedByThreads(Operation *earlier, Operation *later,
                                bool sameIteration) {
  std::optional<ViewAccess> a = getViewAccess(earlier);
  std::optional<ViewAccess> b = getViewAccess(later);
  if (!a || !b || a->view != b->view || a->type != b->type ||
      !hasOneOwner(a->type))
    return false;
  if (!llvm::all_of(llvm::zip_equal(a->items, b->items), [](auto pair) {
        return haveSameItem(std::get<0>(pair), std::get<1>(pair));
      }))
    return false;
  // A store to gathered places may write one place from several threads.
  if (llvm::any_of(a->items, [](const tk::ViewItem &item) {
        return item.kind == tk::ItemKind::Gather;
      }))
    return false;
  return sameIteration || llvm::any_of(a->items, movesOnEveryIteration);
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

static bool mayConflictInGlobal(const MemoryAccess &earlier,
                                const MemoryAccess &later, bool sameIteration) {
  if (!mayOverlap(earlier.root, later.root))
    return false;
  return !areOrderedByThreads(earlier.op, later.op, sameIteration) &&
         !commute(earlier.op, later.op);
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

bool mlir::tkg::mayConflict(const MemoryAccess &earlier,
                            const MemoryAccess &later, bool sameIteration) {
  if (earlier.space != later.space || !(earlier.isWrite || later.isWrite))
    return false;
  return earlier.space == Space::Shared
             ? mayConflictInShared(earlier, later, sameIteration)
             : mayConflictInGlobal(earlier, later, sameIteration);
}
