//===- ArithLoops.cpp - loops of the arith ops that are no casts ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Loops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

// a * b + c is two roundings; only math.fma fuses.
#pragma STDC FP_CONTRACT OFF

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

namespace {
struct AddF {
  template <typename W> W operator()(W a, W b) const { return a + b; }
};
struct SubF {
  template <typename W> W operator()(W a, W b) const { return a - b; }
};
struct MulF {
  template <typename W> W operator()(W a, W b) const { return a * b; }
};
struct DivF {
  template <typename W> W operator()(W a, W b) const { return a / b; }
};
struct RemF {
  template <typename W> W operator()(W a, W b) const { return std::fmod(a, b); }
};
/// NaN if either is; +0 is larger than -0.
struct MaximumF {
  template <typename W> W operator()(W a, W b) const {
    W larger = a > b || (a == b && !std::signbit(a)) ? a : b;
    return a != a || b != b ? a + b : larger;
  }
};
struct MinimumF {
  template <typename W> W operator()(W a, W b) const {
    W smaller = a < b || (a == b && std::signbit(a)) ? a : b;
    return a != a || b != b ? a + b : smaller;
  }
};
/// The other one if one is NaN.
struct MaxNumF {
  template <typename W> W operator()(W a, W b) const {
    return a != a ? b : b != b ? a : MaximumF()(a, b);
  }
};
struct MinNumF {
  template <typename W> W operator()(W a, W b) const {
    return a != a ? b : b != b ? a : MinimumF()(a, b);
  }
};

template <typename T, typename Fn> struct FloatBinary {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = roundTo<T>(Fn()(widen(lhs[i]), widen(rhs[i])));
  }
};

template <typename T, typename Fn> struct FloatCompare {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    uint8_t *result = slotAs<uint8_t>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = Fn()(widen(lhs[i]), widen(rhs[i]));
  }
};

/// The sign bit is flipped, of NaN too.
template <typename T> struct NegF {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Bits = std::conditional_t<
        sizeof(T) == 2, uint16_t,
        std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>;
    Bits *result = slotAs<Bits>(slots, 0);
    const Bits *operand = slotAs<Bits>(slots, 1);
    TK_LANES(i, count)
    result[i] = operand[i] ^ Bits(Bits(1) << (8 * sizeof(T) - 1));
  }
};
} // namespace

static LaneLoop selectNegF(ElementKind kind) {
  return withFloat(kind, [](auto value) { return NegF<decltype(value)>::run; });
}

#define TK_PREDICATE(name, expression)                                         \
  struct name {                                                                \
    template <typename W> bool operator()(W a, W b) const {                    \
      return expression;                                                       \
    }                                                                          \
  }
namespace {
TK_PREDICATE(Never, (void(a), void(b), false));
TK_PREDICATE(Always, (void(a), void(b), true));
TK_PREDICATE(OEQ, a == b);
TK_PREDICATE(OGT, a > b);
TK_PREDICATE(OGE, a >= b);
TK_PREDICATE(OLT, a < b);
TK_PREDICATE(OLE, a <= b);
TK_PREDICATE(ONE, a<b || a> b);
TK_PREDICATE(ORD, a == a && b == b);
TK_PREDICATE(UEQ, !(a < b || a > b));
TK_PREDICATE(UGT, !(a <= b));
TK_PREDICATE(UGE, !(a < b));
TK_PREDICATE(ULT, !(a >= b));
TK_PREDICATE(ULE, !(a > b));
TK_PREDICATE(UNE, a != b);
TK_PREDICATE(UNO, a != a || b != b);
} // namespace
#undef TK_PREDICATE

static LaneLoop selectCmpF(arith::CmpFPredicate predicate, ElementKind kind) {
  switch (predicate) {
  case arith::CmpFPredicate::AlwaysFalse:
    return forFloat<FloatCompare, Never>(kind);
  case arith::CmpFPredicate::OEQ:
    return forFloat<FloatCompare, OEQ>(kind);
  case arith::CmpFPredicate::OGT:
    return forFloat<FloatCompare, OGT>(kind);
  case arith::CmpFPredicate::OGE:
    return forFloat<FloatCompare, OGE>(kind);
  case arith::CmpFPredicate::OLT:
    return forFloat<FloatCompare, OLT>(kind);
  case arith::CmpFPredicate::OLE:
    return forFloat<FloatCompare, OLE>(kind);
  case arith::CmpFPredicate::ONE:
    return forFloat<FloatCompare, ONE>(kind);
  case arith::CmpFPredicate::ORD:
    return forFloat<FloatCompare, ORD>(kind);
  case arith::CmpFPredicate::UEQ:
    return forFloat<FloatCompare, UEQ>(kind);
  case arith::CmpFPredicate::UGT:
    return forFloat<FloatCompare, UGT>(kind);
  case arith::CmpFPredicate::UGE:
    return forFloat<FloatCompare, UGE>(kind);
  case arith::CmpFPredicate::ULT:
    return forFloat<FloatCompare, ULT>(kind);
  case arith::CmpFPredicate::ULE:
    return forFloat<FloatCompare, ULE>(kind);
  case arith::CmpFPredicate::UNE:
    return forFloat<FloatCompare, UNE>(kind);
  case arith::CmpFPredicate::UNO:
    return forFloat<FloatCompare, UNO>(kind);
  case arith::CmpFPredicate::AlwaysTrue:
    return forFloat<FloatCompare, Always>(kind);
  }
  llvm_unreachable("all predicates are listed");
}

//===----------------------------------------------------------------------===//
// Integers
//
// Arithmetic is done on unsigned values, where C++ wraps. The result of i1 is
// its lowest bit.
//===----------------------------------------------------------------------===//

namespace {
/// i1: one byte that holds 0 or 1; signed, it is 0 or -1.
struct Bit {
  uint8_t byte;
};
} // namespace

template <typename T> struct IntegerTraits {
  using Unsigned = std::make_unsigned_t<T>;
  static constexpr int width = 8 * sizeof(T);
  static Unsigned getUnsigned(T value) { return value; }
  static T getSigned(T value) { return value; }
  static T make(Unsigned value) { return value; }
};
template <> struct IntegerTraits<Bit> {
  using Unsigned = uint8_t;
  static constexpr int width = 1;
  static uint8_t getUnsigned(Bit value) { return value.byte; }
  static int8_t getSigned(Bit value) { return -int8_t(value.byte); }
  static Bit make(uint8_t value) { return {uint8_t(value & 1)}; }
};

namespace {
template <typename T, typename Fn> struct UnsignedBinary {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = Traits::make(
        Fn()(Traits::getUnsigned(lhs[i]), Traits::getUnsigned(rhs[i])));
  }
};
template <typename T, typename Fn> struct SignedBinary {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = Traits::make(
        Fn()(Traits::getSigned(lhs[i]), Traits::getSigned(rhs[i])));
  }
};
template <typename T, typename Fn> struct UnsignedCompare {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    uint8_t *result = slotAs<uint8_t>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = Fn()(Traits::getUnsigned(lhs[i]), Traits::getUnsigned(rhs[i]));
  }
};
template <typename T, typename Fn> struct SignedCompare {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    uint8_t *result = slotAs<uint8_t>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = Fn()(Traits::getSigned(lhs[i]), Traits::getSigned(rhs[i]));
  }
};

struct Rem {
  template <typename I> I operator()(I a, I b) const { return a % b; }
};
/// MIN / -1 overflows, MIN % -1 does not.
template <typename Fn> constexpr bool kIsQuotient = !std::is_same_v<Fn, Rem>;

/// Division: zero divisors and MIN / -1 are faults, with result 0.
template <typename T, typename Fn> struct SignedDivision {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    using Traits = IntegerTraits<T>;
    using Signed = decltype(Traits::getSigned(T()));
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    constexpr int64_t kMin =
        Traits::width == 1 ? -1 : int64_t(std::numeric_limits<Signed>::min());
    for (int64_t i = 0; i < count; ++i) {
      Signed a = Traits::getSigned(lhs[i]), b = Traits::getSigned(rhs[i]);
      bool overflows = kIsQuotient<Fn> && a == kMin && b == -1;
      if (b == 0)
        fault.record(LoopFault::DivisionByZero, i);
      if (overflows)
        fault.record(LoopFault::DivisionOverflow, i);
      // MIN % -1 is 0, but the instruction of the host would trap.
      bool isSafe = b != 0 && b != -1;
      Signed negated = static_cast<Signed>(0 - Traits::getUnsigned(lhs[i]));
      Signed atMinusOne = kIsQuotient<Fn> && !overflows ? negated : Signed(0);
      result[i] = Traits::make(isSafe    ? Fn()(a, b)
                               : b == -1 ? atMinusOne
                                         : Signed(0));
    }
  }
};
template <typename T, typename Fn> struct UnsignedDivision {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    using Traits = IntegerTraits<T>;
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    for (int64_t i = 0; i < count; ++i) {
      auto b = Traits::getUnsigned(rhs[i]);
      if (b == 0)
        fault.record(LoopFault::DivisionByZero, i);
      result[i] =
          Traits::make(b == 0 ? 0 : Fn()(Traits::getUnsigned(lhs[i]), b));
    }
  }
};

/// A distance of the width or more is a fault, with result 0.
template <typename T, typename Fn> struct Shift {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    using Traits = IntegerTraits<T>;
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    bool isBad = false;
    TK_LANES(i, count) {
      auto distance = Traits::getUnsigned(rhs[i]);
      bool isOutside = distance >= Traits::width;
      isBad |= isOutside;
      result[i] = isOutside ? T{} : Traits::make(Fn()(lhs[i], distance));
    }
    for (int64_t i = 0; isBad; ++i)
      if (Traits::getUnsigned(rhs[i]) >= Traits::width) {
        fault.record(LoopFault::ShiftOutOfRange, i);
        return;
      }
  }
};

/// Arithmetic on `index`: leaving 64 bits is a fault; the result wraps.
template <typename Fn> struct CheckedIndex {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    int64_t *result = slotAs<int64_t>(slots, 0);
    const int64_t *lhs = slotAs<int64_t>(slots, 1);
    const int64_t *rhs = slotAs<int64_t>(slots, 2);
    for (int64_t i = 0; i < count; ++i) {
      int64_t value;
      if (Fn::overflows(lhs[i], rhs[i], value))
        fault.record(LoopFault::IndexOverflow, i);
      result[i] = value;
    }
  }
};
struct CheckedAdd {
  static bool overflows(int64_t a, int64_t b, int64_t &value) {
    return __builtin_add_overflow(a, b, &value);
  }
};
struct CheckedSub {
  static bool overflows(int64_t a, int64_t b, int64_t &value) {
    return __builtin_sub_overflow(a, b, &value);
  }
};
struct CheckedMul {
  static bool overflows(int64_t a, int64_t b, int64_t &value) {
    return __builtin_mul_overflow(a, b, &value);
  }
};

/// `index` shifted to the left: a distance of 64 or more is another fault.
static void runCheckedShift(char *const *slots, int64_t count,
                            LoopFault &fault) {
  int64_t *result = slotAs<int64_t>(slots, 0);
  const int64_t *lhs = slotAs<int64_t>(slots, 1);
  const int64_t *rhs = slotAs<int64_t>(slots, 2);
  for (int64_t i = 0; i < count; ++i) {
    if (static_cast<uint64_t>(rhs[i]) >= 64) {
      fault.record(LoopFault::ShiftOutOfRange, i);
      result[i] = 0;
      continue;
    }
    result[i] = static_cast<int64_t>(static_cast<uint64_t>(lhs[i]) << rhs[i]);
    if (result[i] >> rhs[i] != lhs[i])
      fault.record(LoopFault::IndexOverflow, i);
  }
}

#define TK_BINARY(name, expression)                                            \
  struct name {                                                                \
    template <typename I> I operator()(I a, I b) const { return expression; }  \
  }
TK_BINARY(AddI, a + b);
TK_BINARY(SubI, a - b);
// Widened first: uint16_t would be promoted to int and overflow.
TK_BINARY(MulI, I(uint64_t(a) * uint64_t(b)));
TK_BINARY(AndI, a &b);
TK_BINARY(OrI, a | b);
TK_BINARY(XOrI, a ^ b);
TK_BINARY(Max, a > b ? a : b);
TK_BINARY(Min, a < b ? a : b);
TK_BINARY(Div, a / b);
TK_BINARY(FloorDiv, I(a / b - (a % b != 0 && (a < 0) != (b < 0))));
TK_BINARY(CeilDiv, I(a / b + (a % b != 0 && (a < 0) == (b < 0))));
TK_BINARY(EQ, a == b);
TK_BINARY(NE, a != b);
TK_BINARY(LT, a < b);
TK_BINARY(LE, a <= b);
TK_BINARY(GT, a > b);
TK_BINARY(GE, a >= b);
#undef TK_BINARY

struct ShiftLeft {
  template <typename T, typename U> U operator()(T a, U distance) const {
    return U(uint64_t(IntegerTraits<T>::getUnsigned(a)) << distance);
  }
};
struct ShiftRightSigned {
  template <typename T, typename U> U operator()(T a, U distance) const {
    return U(IntegerTraits<T>::getSigned(a) >> distance);
  }
};
struct ShiftRightUnsigned {
  template <typename T, typename U> U operator()(T a, U distance) const {
    return U(IntegerTraits<T>::getUnsigned(a) >> distance);
  }
};

/// (low, high) of the full product.
template <typename T, bool isSigned> struct MulExtended {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    using Wide = std::conditional_t<isSigned, __int128, unsigned __int128>;
    T *low = slotAs<T>(slots, 0), *high = slotAs<T>(slots, 1);
    const T *lhs = slotAs<T>(slots, 2), *rhs = slotAs<T>(slots, 3);
    for (int64_t i = 0; i < count; ++i) {
      Wide a, b;
      if constexpr (isSigned) {
        a = Traits::getSigned(lhs[i]);
        b = Traits::getSigned(rhs[i]);
      } else {
        a = Traits::getUnsigned(lhs[i]);
        b = Traits::getUnsigned(rhs[i]);
      }
      Wide product = a * b;
      low[i] = Traits::make(product);
      high[i] = Traits::make(product >> Traits::width);
    }
  }
};
template <typename T, typename> using MulSExtended = MulExtended<T, true>;
template <typename T, typename> using MulUExtended = MulExtended<T, false>;

/// (sum, whether it wrapped).
template <typename T, typename> struct AddUExtended {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    using Traits = IntegerTraits<T>;
    T *sum = slotAs<T>(slots, 0);
    uint8_t *carry = slotAs<uint8_t>(slots, 1);
    const T *lhs = slotAs<T>(slots, 2), *rhs = slotAs<T>(slots, 3);
    for (int64_t i = 0; i < count; ++i) {
      auto a = Traits::getUnsigned(lhs[i]);
      T result = Traits::make(a + Traits::getUnsigned(rhs[i]));
      sum[i] = result;
      carry[i] = Traits::getUnsigned(result) < a;
    }
  }
};
} // namespace

template <template <typename, typename> class Body, typename Fn>
static LaneLoop forInteger(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
    return Body<Bit, Fn>::run;
  case ElementKind::I8:
    return Body<int8_t, Fn>::run;
  case ElementKind::I16:
    return Body<int16_t, Fn>::run;
  case ElementKind::I32:
    return Body<int32_t, Fn>::run;
  case ElementKind::I64:
    return Body<int64_t, Fn>::run;
  default:
    return nullptr;
  }
}

static LaneLoop selectCmpI(arith::CmpIPredicate predicate, ElementKind kind) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return forInteger<UnsignedCompare, EQ>(kind);
  case arith::CmpIPredicate::ne:
    return forInteger<UnsignedCompare, NE>(kind);
  case arith::CmpIPredicate::slt:
    return forInteger<SignedCompare, LT>(kind);
  case arith::CmpIPredicate::sle:
    return forInteger<SignedCompare, LE>(kind);
  case arith::CmpIPredicate::sgt:
    return forInteger<SignedCompare, GT>(kind);
  case arith::CmpIPredicate::sge:
    return forInteger<SignedCompare, GE>(kind);
  case arith::CmpIPredicate::ult:
    return forInteger<UnsignedCompare, LT>(kind);
  case arith::CmpIPredicate::ule:
    return forInteger<UnsignedCompare, LE>(kind);
  case arith::CmpIPredicate::ugt:
    return forInteger<UnsignedCompare, GT>(kind);
  case arith::CmpIPredicate::uge:
    return forInteger<UnsignedCompare, GE>(kind);
  }
  llvm_unreachable("all predicates are listed");
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

template <typename T>
static void splatLoop(char *const *slots, int64_t count, LoopFault &) {
  T *result = slotAs<T>(slots, 0);
  T value = *slotAs<T>(slots, 1);
  for (int64_t i = 0; i < count; ++i)
    result[i] = value;
}

template <typename T>
static void copyLoop(char *const *slots, int64_t count, LoopFault &) {
  std::memmove(slots[0], slots[1], count * sizeof(T));
}

template <typename T>
static void selectLoop(char *const *slots, int64_t count, LoopFault &) {
  T *result = slotAs<T>(slots, 0);
  const uint8_t *condition = slotAs<uint8_t>(slots, 1);
  const T *ifTrue = slotAs<T>(slots, 2), *ifFalse = slotAs<T>(slots, 3);
  TK_LANES(i, count)
  result[i] = condition[i] ? ifTrue[i] : ifFalse[i];
}

/// One condition for all lanes.
template <typename T>
static void selectScalarLoop(char *const *slots, int64_t count, LoopFault &) {
  const char *source = *slotAs<uint8_t>(slots, 1) ? slots[2] : slots[3];
  std::memmove(slots[0], source, count * sizeof(T));
}

#define TK_FOR_SIZE(name)                                                      \
  static LaneLoop name##ForSize(int64_t sizeInBytes) {                         \
    switch (sizeInBytes) {                                                     \
    case 1:                                                                    \
      return name<uint8_t>;                                                    \
    case 2:                                                                    \
      return name<uint16_t>;                                                   \
    case 4:                                                                    \
      return name<uint32_t>;                                                   \
    case 8:                                                                    \
      return name<uint64_t>;                                                   \
    default:                                                                   \
      return name<FatPointer>;                                                 \
    }                                                                          \
  }
TK_FOR_SIZE(splatLoop)
TK_FOR_SIZE(copyLoop)
TK_FOR_SIZE(selectLoop)
TK_FOR_SIZE(selectScalarLoop)
#undef TK_FOR_SIZE

LaneLoop mlir::tk::selectSplatLoop(ElementKind kind) {
  return splatLoopForSize(getFrameSize(kind));
}
LaneLoop mlir::tk::selectCopyLoop(ElementKind kind) {
  return copyLoopForSize(getFrameSize(kind));
}
LaneLoop mlir::tk::selectSelectLoop(ElementKind kind) {
  return selectLoopForSize(getFrameSize(kind));
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static LaneLoop selectFloatLoop(Operation *op, ElementKind kind) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<arith::AddFOp>(
          [&](auto) { return forFloat<FloatBinary, AddF>(kind); })
      .Case<arith::SubFOp>(
          [&](auto) { return forFloat<FloatBinary, SubF>(kind); })
      .Case<arith::MulFOp>(
          [&](auto) { return forFloat<FloatBinary, MulF>(kind); })
      .Case<arith::DivFOp>(
          [&](auto) { return forFloat<FloatBinary, DivF>(kind); })
      .Case<arith::RemFOp>(
          [&](auto) { return forFloat<FloatBinary, RemF>(kind); })
      .Case<arith::MaximumFOp>(
          [&](auto) { return forFloat<FloatBinary, MaximumF>(kind); })
      .Case<arith::MinimumFOp>(
          [&](auto) { return forFloat<FloatBinary, MinimumF>(kind); })
      .Case<arith::MaxNumFOp>(
          [&](auto) { return forFloat<FloatBinary, MaxNumF>(kind); })
      .Case<arith::MinNumFOp>(
          [&](auto) { return forFloat<FloatBinary, MinNumF>(kind); })
      .Case<arith::NegFOp>([&](auto) { return selectNegF(kind); })
      .Default([](Operation *) { return LaneLoop(); });
}

static LaneLoop selectCheckedIndexLoop(Operation *op) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<arith::AddIOp>([](auto) { return CheckedIndex<CheckedAdd>::run; })
      .Case<arith::SubIOp>([](auto) { return CheckedIndex<CheckedSub>::run; })
      .Case<arith::MulIOp>([](auto) { return CheckedIndex<CheckedMul>::run; })
      .Case<arith::ShLIOp>([](auto) { return runCheckedShift; })
      .Default([](Operation *) { return LaneLoop(); });
}

static LaneLoop selectDivisionLoop(Operation *op, ElementKind kind) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<arith::DivSIOp>(
          [&](auto) { return forInteger<SignedDivision, Div>(kind); })
      .Case<arith::FloorDivSIOp>(
          [&](auto) { return forInteger<SignedDivision, FloorDiv>(kind); })
      .Case<arith::CeilDivSIOp>(
          [&](auto) { return forInteger<SignedDivision, CeilDiv>(kind); })
      .Case<arith::RemSIOp>(
          [&](auto) { return forInteger<SignedDivision, Rem>(kind); })
      .Case<arith::DivUIOp>(
          [&](auto) { return forInteger<UnsignedDivision, Div>(kind); })
      .Case<arith::CeilDivUIOp>(
          [&](auto) { return forInteger<UnsignedDivision, CeilDiv>(kind); })
      .Case<arith::RemUIOp>(
          [&](auto) { return forInteger<UnsignedDivision, Rem>(kind); })
      .Default([](Operation *) { return LaneLoop(); });
}

static LaneLoop selectIntegerLoop(Operation *op, ElementKind kind) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<arith::AddIOp>(
          [&](auto) { return forInteger<UnsignedBinary, AddI>(kind); })
      .Case<arith::SubIOp>(
          [&](auto) { return forInteger<UnsignedBinary, SubI>(kind); })
      .Case<arith::MulIOp>(
          [&](auto) { return forInteger<UnsignedBinary, MulI>(kind); })
      .Case<arith::AndIOp>(
          [&](auto) { return forInteger<UnsignedBinary, AndI>(kind); })
      .Case<arith::OrIOp>(
          [&](auto) { return forInteger<UnsignedBinary, OrI>(kind); })
      .Case<arith::XOrIOp>(
          [&](auto) { return forInteger<UnsignedBinary, XOrI>(kind); })
      .Case<arith::MaxSIOp>(
          [&](auto) { return forInteger<SignedBinary, Max>(kind); })
      .Case<arith::MinSIOp>(
          [&](auto) { return forInteger<SignedBinary, Min>(kind); })
      .Case<arith::MaxUIOp>(
          [&](auto) { return forInteger<UnsignedBinary, Max>(kind); })
      .Case<arith::MinUIOp>(
          [&](auto) { return forInteger<UnsignedBinary, Min>(kind); })
      .Case<arith::ShLIOp>(
          [&](auto) { return forInteger<Shift, ShiftLeft>(kind); })
      .Case<arith::ShRSIOp>(
          [&](auto) { return forInteger<Shift, ShiftRightSigned>(kind); })
      .Case<arith::ShRUIOp>(
          [&](auto) { return forInteger<Shift, ShiftRightUnsigned>(kind); })
      .Case<arith::MulSIExtendedOp>(
          [&](auto) { return forInteger<MulSExtended, void>(kind); })
      .Case<arith::MulUIExtendedOp>(
          [&](auto) { return forInteger<MulUExtended, void>(kind); })
      .Case<arith::AddUIExtendedOp>(
          [&](auto) { return forInteger<AddUExtended, void>(kind); })
      .Default([&](Operation *) { return selectDivisionLoop(op, kind); });
}

LaneLoop mlir::tk::selectArithLoop(Operation *op) {
  if (op->getNumOperands() == 0)
    return nullptr;
  std::optional<ElementKind> kind =
      getElementKind(op->getOperands().back().getType());
  if (!kind)
    return nullptr;
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return selectCmpF(compare.getPredicate(), *kind);
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return selectCmpI(compare.getPredicate(), *kind);
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    bool isPerLane = isa<RankedTensorType>(select.getCondition().getType()) ||
                     !isa<RankedTensorType>(select.getType());
    return isPerLane ? selectLoopForSize(getFrameSize(*kind))
                     : selectScalarLoopForSize(getFrameSize(*kind));
  }
  if (getElementTypeOrSelf(op->getOperands().back().getType()).isIndex())
    if (LaneLoop loop = selectCheckedIndexLoop(op))
      return loop;
  if (LaneLoop loop = selectFloatLoop(op, *kind))
    return loop;
  return selectIntegerLoop(op, *kind);
}

LaneLoop mlir::tk::selectElementwiseLoop(Operation *op) {
  if (LaneLoop loop = selectArithLoop(op))
    return loop;
  if (LaneLoop loop = selectMathLoop(op))
    return loop;
  return selectCastLoop(op);
}
