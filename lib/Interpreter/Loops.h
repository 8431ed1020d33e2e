//===- Loops.h - native loops over the elements of tiles ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_LOOPS_H
#define TK_LIB_INTERPRETER_LOOPS_H

#include "Values.h"

namespace mlir::tk {

/// The first lane for which a checked loop has no defined result.
struct LoopFault {
  enum Kind {
    None,
    DivisionByZero,
    DivisionOverflow,
    ShiftOutOfRange,
    IndexOverflow,
    CastOutOfRange,
  };
  Kind kind = None;
  int64_t lane = 0;

  void record(Kind newKind, int64_t newLane) {
    if (kind != None)
      return;
    kind = newKind;
    lane = newLane;
  }
};

/// Computes `count` lanes. `slots` are the results, then the operands; arrays
/// are either the same or disjoint.
using LaneLoop = void (*)(char *const *slots, int64_t count, LoopFault &fault);

/// Each returns the loop of an elementwise op of its dialect, or null if it
/// knows none. `isLaneScalar` of tk.splat: see LaneProgram.
LaneLoop selectArithLoop(Operation *op);
LaneLoop selectMathLoop(Operation *op);
LaneLoop selectCastLoop(Operation *op);
LaneLoop selectElementwiseLoop(Operation *op);

/// Every lane becomes the first lane of the operand.
LaneLoop selectSplatLoop(ElementKind kind);
/// Every lane becomes that of the operand.
LaneLoop selectCopyLoop(ElementKind kind);
/// condition ? second : third; each operand has a lane of its own.
LaneLoop selectSelectLoop(ElementKind kind);

/// Vectorise: lanes are independent even where arrays coincide.
#define TK_LANES(i, count)                                                     \
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0;           \
                                                      i < (count); ++i)

template <typename T> T *slotAs(char *const *slots, unsigned i) {
  return reinterpret_cast<T *>(slots[i]);
}

/// Calls `fn` with a value of the C++ type of `kind` and returns the loop that
/// it selects; null if `kind` is not a float.
template <typename Fn> LaneLoop withFloat(ElementKind kind, Fn fn) {
  switch (kind) {
  case ElementKind::F16:
    return fn(F16());
  case ElementKind::BF16:
    return fn(BF16());
  case ElementKind::F32:
    return fn(float());
  case ElementKind::F64:
    return fn(double());
  default:
    return nullptr;
  }
}

/// The loop of `Body` for floats of `kind`; null if `kind` is not a float.
template <template <typename, typename> class Body, typename Fn>
LaneLoop forFloat(ElementKind kind) {
  return withFloat(kind,
                   [](auto value) { return Body<decltype(value), Fn>::run; });
}

/// result[i] = Fn()(operand[i]), computed in the wide type and rounded.
template <typename T, typename Fn>
void unaryLoop(char *const *slots, int64_t count, LoopFault &) {
  T *result = slotAs<T>(slots, 0);
  const T *operand = slotAs<const T>(slots, 1);
  TK_LANES(i, count)
  result[i] = roundTo<T>(Fn()(widen(operand[i])));
}

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_LOOPS_H
