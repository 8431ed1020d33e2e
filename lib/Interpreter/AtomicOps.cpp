//===- AtomicOps.cpp - instructions of atomics ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Atomics are atomics of the host, one for each element. RunMemory orders are
// observed by all being sequentially consistent on the host; the order that the
// source asks for decides what counts as a race.

#include "Builder.h"
#include "PointerRuns.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

/// The unsigned type with the size of T, as which memory is accessed.
template <typename T>
using Word = std::conditional_t<
    sizeof(T) == 1, uint8_t,
    std::conditional_t<sizeof(T) == 2, uint16_t,
                       std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>>;

template <typename T> static Word<T> toWord(T value) {
  Word<T> word;
  std::memcpy(&word, &value, sizeof(T));
  return word;
}
template <typename T> static T fromWord(Word<T> word) {
  T value;
  std::memcpy(&value, &word, sizeof(T));
  return value;
}

//===----------------------------------------------------------------------===//
// Combining
//===----------------------------------------------------------------------===//

/// max or min of floats; NaN if either is.
template <typename T> static T pickFloat(T a, T b, bool wantsMax) {
  auto x = widen(a), y = widen(b);
  if (x != x)
    return a;
  if (y != y)
    return b;
  bool isFirst = x == y ? std::signbit(x) != wantsMax : (x > y) == wantsMax;
  return isFirst ? a : b;
}

template <typename T> static T combineFloat(AtomicKind kind, T a, T b) {
  switch (kind) {
  case AtomicKind::FAdd:
    return roundTo<T>(widen(a) + widen(b));
  case AtomicKind::FMax:
    return pickFloat(a, b, true);
  case AtomicKind::FMin:
    return pickFloat(a, b, false);
  case AtomicKind::Exchange:
    return b;
  default:
    llvm_unreachable("the verifier admits no integer kind for floats");
  }
}

template <typename T> static T combineInteger(AtomicKind kind, T a, T b) {
  using S = std::make_signed_t<T>;
  switch (kind) {
  case AtomicKind::Add:
    return a + b;
  case AtomicKind::SMax:
    return S(a) > S(b) ? a : b;
  case AtomicKind::SMin:
    return S(a) < S(b) ? a : b;
  case AtomicKind::UMax:
    return std::max(a, b);
  case AtomicKind::UMin:
    return std::min(a, b);
  case AtomicKind::And:
    return a & b;
  case AtomicKind::Or:
    return a | b;
  case AtomicKind::Xor:
    return a ^ b;
  case AtomicKind::Exchange:
    return b;
  default:
    llvm_unreachable("the verifier admits no float kind for integers");
  }
}

template <typename T> static T combine(AtomicKind kind, T a, T b) {
  if constexpr (isFloatType<T>)
    return combineFloat(kind, a, b);
  else
    return static_cast<T>(combineInteger<Word<T>>(kind, a, b));
}

//===----------------------------------------------------------------------===//
// One element. Each returns what was there before, and sets `changed` if the
// value in memory is another now.
//===----------------------------------------------------------------------===//

template <typename T>
static T readModifyWrite(AtomicKind kind, void *address, T value,
                         bool &changed) {
  auto *word = static_cast<Word<T> *>(address);
  Word<T> old = __atomic_load_n(word, __ATOMIC_SEQ_CST), desired;
  do
    desired = toWord(combine(kind, fromWord<T>(old), value));
  while (!__atomic_compare_exchange_n(word, &old, desired, /*weak=*/true,
                                      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  changed = desired != old;
  return fromWord<T>(old);
}

template <typename T>
static T compareAndSwap(void *address, T compare, T value, bool &changed) {
  Word<T> expected = toWord(compare);
  bool swapped = __atomic_compare_exchange_n(
      static_cast<Word<T> *>(address), &expected, toWord(value),
      /*weak=*/false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  changed = swapped && toWord(value) != toWord(compare);
  return fromWord<T>(expected);
}

template <typename T> static T loadAtomically(void *address) {
  return fromWord<T>(
      __atomic_load_n(static_cast<Word<T> *>(address), __ATOMIC_SEQ_CST));
}

template <typename T>
static void storeAtomically(void *address, T value, bool &changed) {
  Word<T> old = __atomic_exchange_n(static_cast<Word<T> *>(address),
                                    toWord(value), __ATOMIC_SEQ_CST);
  changed = old != toWord(value);
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

namespace {
/// What an atomic op is, whatever its class.
struct AtomicRule {
  AtomicAccess access;
  int64_t count;
  ElementKind kind;
  /// Positions in the slots; -1 where there is none.
  int pointer = -1, mask = -1, value = -1, compare = -1;
};

class AtomicInstruction : public TileInstruction {
public:
  AtomicInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                    AtomicRule rule)
      : TileInstruction(op, slots, numResults), rule(rule) {}

  void execute(ProgramInstance &instance) const override {
    instance.hasReadAtomically |= rule.access.reads;
    dispatchNumber(rule.kind,
                   [&](auto zero) { executeAs<decltype(zero)>(instance); });
  }

private:
  template <typename T> T *getLanes(ProgramInstance &instance, int slot) const {
    return slot < 0 ? nullptr : &instance.get<T>(slots[slot]);
  }

  template <typename T> void executeAs(ProgramInstance &instance) const {
    const auto *pointers = getLanes<FatPointer>(instance, rule.pointer);
    const auto *mask = getLanes<uint8_t>(instance, rule.mask);
    const T *value = getLanes<T>(instance, rule.value);
    const T *compare = getLanes<T>(instance, rule.compare);
    T *result = getLanes<T>(instance, numResults ? 0 : -1);
    for (int64_t i = 0; i < rule.count; ++i) {
      T old = {};
      if ((!mask || mask[i]) && check(instance, pointers[i]))
        old = perform<T>(instance, pointers[i], value ? value[i] : T{},
                         compare ? compare[i] : T{});
      if (result)
        result[i] = old;
    }
  }

  bool check(ProgramInstance &instance, const FatPointer &pointer) const {
    const RunMemory &memory = instance.run.memory;
    int64_t size = getMemorySize(rule.kind);
    AccessRun run = {pointer.allocation, pointer.address, size, 1, size};
    return memory.checkBounds(instance, op, run, rule.access.writes) &&
           memory.noteAtomic(instance, op, run, rule.access);
  }

  /// Performs the access, with its effect on the order of programs.
  template <typename T>
  T perform(ProgramInstance &instance, const FatPointer &pointer, T value,
            T compare) const {
    T old = {};
    bool changed = false;
    auto access = [&] {
      void *address = reinterpret_cast<void *>(pointer.address);
      bool wrote = true;
      if (auto rmw = dyn_cast<AtomicRMWOp>(op)) {
        old = readModifyWrite(rmw.getKind(), address, value, changed);
      } else if (isa<AtomicCASOp>(op)) {
        old = compareAndSwap(address, compare, value, changed);
        wrote = toWord(old) == toWord(compare);
      } else if (isa<AtomicLoadOp>(op)) {
        old = loadAtomically<T>(address);
        wrote = false;
      } else {
        storeAtomically(address, value, changed);
      }
      return wrote;
    };
    ShadowMemory *shadow = instance.run.memory.getShadow(pointer.allocation);
    bool synchronises =
        rule.access.order != MemoryOrder::Relaxed || !rule.access.reads;
    if (shadow && synchronises)
      shadow->synchronise(instance, getCell(instance, pointer), rule.access,
                          access);
    else
      access();
    instance.hasChangedMemory |= changed;
    return old;
  }

  uint64_t getCell(ProgramInstance &instance, const FatPointer &pointer) const {
    const RunAllocation &allocation =
        instance.run.memory.getAllocation(pointer.allocation);
    return (pointer.address - allocation.begin) /
           allocation.shadow->getCellSizeInBytes();
  }

  AtomicRule rule;
};
} // namespace

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

/// What every atomic op has.
template <typename OpT> static AtomicRule makeRule(OpT op) {
  Type pointer = op.getPointer().getType();
  AtomicRule rule;
  rule.access = {true, true, op.getOrder(), op.getScope()};
  rule.count = getNumElements(pointer);
  rule.kind = *getElementKind(
      cast<PtrType>(getElementTypeOrSelf(pointer)).getElementType());
  return rule;
}

LogicalResult mlir::tk::buildAtomicOp(ProgramBuilder &builder,
                                      Operation *operation) {
  AtomicRule rule = TypeSwitch<Operation *, AtomicRule>(operation)
                        .Case<AtomicRMWOp>([](AtomicRMWOp op) {
                          AtomicRule rule = makeRule(op);
                          rule.pointer = 1;
                          rule.value = 2;
                          rule.mask = op.getMask() ? 3 : -1;
                          return rule;
                        })
                        .Case<AtomicCASOp>([](AtomicCASOp op) {
                          AtomicRule rule = makeRule(op);
                          rule.pointer = 1;
                          rule.compare = 2;
                          rule.value = 3;
                          rule.mask = op.getMask() ? 4 : -1;
                          return rule;
                        })
                        .Case<AtomicLoadOp>([](AtomicLoadOp op) {
                          AtomicRule rule = makeRule(op);
                          rule.access.writes = false;
                          rule.pointer = 1;
                          rule.mask = op.getMask() ? 2 : -1;
                          return rule;
                        })
                        .Case<AtomicStoreOp>([](AtomicStoreOp op) {
                          AtomicRule rule = makeRule(op);
                          rule.access.reads = false;
                          rule.value = 0;
                          rule.pointer = 1;
                          rule.mask = op.getMask() ? 2 : -1;
                          return rule;
                        });
  if (rule.kind == ElementKind::Pointer)
    return operation->emitError(
        "the interpreter does not know atomics on pointers");
  builder.emit<AtomicInstruction>(operation, builder.getSlots(operation),
                                  operation->getNumResults(), rule);
  return success();
}
