//===- CastLoops.cpp - loops of the casts of arith and tk -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Loops.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

#pragma STDC FP_CONTRACT OFF

using namespace mlir;
using namespace mlir::tk;

namespace {
/// What a cast does, whichever dialect it comes from.
struct CastRule {
  Rounding rounding = Rounding::NearestEven;
  /// Float to integer: truncation unless a rounding is given.
  bool truncates = true;
  bool saturates = false;
  bool isChecked = false;
  bool sourceUnsigned = false;
  bool resultUnsigned = false;
};
} // namespace

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

template <typename T> constexpr T kMaxFinite = std::numeric_limits<T>::max();
template <> constexpr F16 kMaxFinite<F16> = {0x7bff};
template <> constexpr BF16 kMaxFinite<BF16> = {0x7f7f};

template <typename T> struct BitsOf;
template <> struct BitsOf<F16> {
  using type = uint16_t;
};
template <> struct BitsOf<BF16> {
  using type = uint16_t;
};
template <> struct BitsOf<float> {
  using type = uint32_t;
};
template <> struct BitsOf<double> {
  using type = uint64_t;
};

/// The neighbour of a finite value, away from or towards zero.
template <typename T> static T step(T value, bool awayFromZero) {
  using Bits = typename BitsOf<T>::type;
  Bits bits;
  std::memcpy(&bits, &value, sizeof(T));
  bits += awayFromZero ? 1 : -1;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <typename T> static T negate(T value) {
  using Bits = typename BitsOf<T>::type;
  Bits bits;
  std::memcpy(&bits, &value, sizeof(T));
  bits ^= Bits(Bits(1) << (8 * sizeof(T) - 1));
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// Rounds `exact`, of which `nearest` is the rounding to nearest, another way.
/// long double holds every integer and double exactly.
template <typename T>
static T redirect(long double exact, T nearest, Rounding rounding) {
  long double back = widen(nearest);
  if (exact != exact || back == exact || std::isinf(exact))
    return nearest;
  bool isNegative = exact < 0;
  // The result must lie on this side of the exact value.
  bool towardsZero = rounding == Rounding::TowardZero ||
                     (rounding == Rounding::Up) == isNegative;
  bool liesBeyond = std::fabs(back) > std::fabs(exact);
  if (towardsZero == !liesBeyond)
    return nearest;
  return step(nearest, /*awayFromZero=*/!towardsZero);
}

template <typename T, typename S>
static T toFloat(S source, const CastRule &rule) {
  T nearest;
  long double exact;
  if constexpr (isFloatType<S>) {
    nearest = roundTo<T>(widen(source));
    exact = widen(source);
  } else {
    if constexpr (std::is_same_v<T, double>)
      nearest = static_cast<double>(source);
    else
      nearest = roundTo<T>(toDoubleOdd(source));
    exact = source;
  }
  if (rule.rounding != Rounding::NearestEven)
    nearest = redirect(exact, nearest, rule.rounding);
  if (rule.saturates && std::isinf(widen(nearest)))
    return exact < 0 ? negate(kMaxFinite<T>) : kMaxFinite<T>;
  return nearest;
}

template <typename S> static S roundToInteger(S value, const CastRule &rule) {
  if (rule.truncates)
    return std::trunc(value);
  switch (rule.rounding) {
  case Rounding::NearestEven:
    return std::nearbyint(value);
  case Rounding::TowardZero:
    return std::trunc(value);
  case Rounding::Up:
    return std::ceil(value);
  case Rounding::Down:
    return std::floor(value);
  }
  llvm_unreachable("all roundings are listed");
}

/// `width` is less than that of I for i1 only.
template <typename I, typename S>
static I toInteger(S value, const CastRule &rule, int width) {
  if (value != value)
    return 0;
  S rounded = roundToInteger(value, rule);
  S end = std::ldexp(S(1), width - std::is_signed_v<I>);
  S begin = std::is_signed_v<I> ? -end : S(0);
  if (rounded <= begin)
    return std::is_signed_v<I> ? std::numeric_limits<I>::min() : I(0);
  if (rounded >= end)
    return width == 1 ? I(1) : std::numeric_limits<I>::max();
  return static_cast<I>(rounded);
}

//===----------------------------------------------------------------------===//
// Loops
//
// Rounding to nearest, the common case, has its own loops that vectorise. The
// rest share one loop per pair of types with the rule at hand: a rule is a
// template argument as a number.
//===----------------------------------------------------------------------===//

static constexpr unsigned encode(const CastRule &rule) {
  return static_cast<unsigned>(rule.rounding) | unsigned(rule.truncates) << 2 |
         unsigned(rule.saturates) << 3;
}
static constexpr CastRule decode(unsigned code) {
  CastRule rule;
  rule.rounding = static_cast<Rounding>(code & 3);
  rule.truncates = code >> 2 & 1;
  rule.saturates = code >> 3 & 1;
  return rule;
}

namespace {
template <typename T, typename S> struct NearestFloat {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const S *source = slotAs<S>(slots, 1);
    TK_LANES(i, count) {
      if constexpr (isFloatType<S>)
        result[i] = roundTo<T>(widen(source[i]));
      else if constexpr (std::is_same_v<T, double>)
        result[i] = static_cast<double>(source[i]);
      else
        result[i] = roundTo<T>(toDoubleOdd(source[i]));
    }
  }
};

template <typename T, typename S, unsigned code> struct AnyFloat {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    constexpr CastRule rule = decode(code);
    T *result = slotAs<T>(slots, 0);
    const S *source = slotAs<S>(slots, 1);
    for (int64_t i = 0; i < count; ++i)
      result[i] = toFloat<T>(source[i], rule);
  }
};

template <typename I, typename S, unsigned code, int width>
struct FloatToInteger {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    constexpr CastRule rule = decode(code);
    I *result = slotAs<I>(slots, 0);
    const S *source = slotAs<S>(slots, 1);
    for (int64_t i = 0; i < count; ++i) {
      I value = toInteger<I>(widen(source[i]), rule, width);
      result[i] = width == 1 ? I(value & 1) : value;
    }
  }
};

/// Keeps the low bits; i1 is one byte of 0 or 1 on both sides.
template <typename R, typename S, bool sourceIsBit, bool resultIsBit>
struct IntegerToInteger {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    R *result = slotAs<R>(slots, 0);
    const S *source = slotAs<S>(slots, 1);
    TK_LANES(i, count)
    result[i] = resultIsBit ? R(source[i] & 1) : R(source[i]);
  }
};

/// A value that R cannot hold is a fault.
template <typename R, typename S, bool resultIsBit> struct CheckedInteger {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    R *result = slotAs<R>(slots, 0);
    const S *source = slotAs<S>(slots, 1);
    for (int64_t i = 0; i < count; ++i) {
      S value = source[i];
      bool fits = resultIsBit ? value == 0 || value == 1
                              : S(R(value)) == value &&
                                    (R(value) < R(0)) == (value < S(0));
      if (!fits)
        fault.record(LoopFault::CastOutOfRange, i);
      result[i] = resultIsBit ? R(value & 1) : R(value);
    }
  }
};

/// -1 for a true bit: arith.extsi and sitofp see i1 as signed.
template <typename R> struct SignedBit {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    R *result = slotAs<R>(slots, 0);
    const uint8_t *source = slotAs<uint8_t>(slots, 1);
    TK_LANES(i, count)
    if constexpr (isFloatType<R>)
      result[i] = roundTo<R>(source[i] ? -1.0f : 0.0f);
    else
      result[i] = R(source[i] ? -1 : 0);
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

/// i1 is unsigned.
template <typename Fn>
static LaneLoop withInteger(ElementKind kind, bool isUnsigned, Fn fn) {
  switch (kind) {
  case ElementKind::I1:
    return fn(uint8_t());
  case ElementKind::I8:
    return isUnsigned ? fn(uint8_t()) : fn(int8_t());
  case ElementKind::I16:
    return isUnsigned ? fn(uint16_t()) : fn(int16_t());
  case ElementKind::I32:
    return isUnsigned ? fn(uint32_t()) : fn(int32_t());
  case ElementKind::I64:
    return isUnsigned ? fn(uint64_t()) : fn(int64_t());
  default:
    return nullptr;
  }
}

template <typename T, typename S>
static LaneLoop selectAnyFloat(const CastRule &rule) {
#define TK_RULE(code)                                                          \
  case code:                                                                   \
    return AnyFloat<T, S, code>::run;
  // Truncation means nothing here: its bit, 4, is set in every rule.
  switch (encode(rule) | 4) {
    TK_RULE(5)
    TK_RULE(6)
    TK_RULE(7)
    TK_RULE(12)
    TK_RULE(13)
    TK_RULE(14)
    TK_RULE(15)
  default:
    return NearestFloat<T, S>::run;
  }
#undef TK_RULE
}

template <typename I, typename S, int width>
static LaneLoop selectFloatToInteger(const CastRule &rule) {
  if (rule.truncates)
    return FloatToInteger<I, S, 4, width>::run;
  switch (rule.rounding) {
  case Rounding::NearestEven:
    return FloatToInteger<I, S, 0, width>::run;
  case Rounding::TowardZero:
    return FloatToInteger<I, S, 1, width>::run;
  case Rounding::Up:
    return FloatToInteger<I, S, 2, width>::run;
  case Rounding::Down:
    return FloatToInteger<I, S, 3, width>::run;
  }
  llvm_unreachable("all roundings are listed");
}

template <typename R, typename S>
static LaneLoop selectIntegerToInteger(bool sourceIsBit, bool resultIsBit,
                                       bool isChecked) {
  if (isChecked)
    return resultIsBit ? CheckedInteger<R, S, true>::run
                       : CheckedInteger<R, S, false>::run;
  return resultIsBit ? IntegerToInteger<R, S, false, true>::run
                     : IntegerToInteger<R, S, false, false>::run;
}

static LaneLoop selectCast(ElementKind source, ElementKind result,
                           const CastRule &rule) {
  bool resultIsBit = result == ElementKind::I1;
  if (isFloatKind(source) && isFloatKind(result))
    return withFloat(source, [&](auto s) {
      return withFloat(result, [&](auto r) {
        return selectAnyFloat<decltype(r), decltype(s)>(rule);
      });
    });
  if (isFloatKind(source))
    return withFloat(source, [&](auto s) {
      return withInteger(result, rule.resultUnsigned, [&](auto r) {
        using R = decltype(r);
        using S = decltype(s);
        if constexpr (std::is_same_v<R, uint8_t>)
          if (resultIsBit)
            return selectFloatToInteger<R, S, 1>(rule);
        return selectFloatToInteger<R, S, 8 * sizeof(R)>(rule);
      });
    });
  if (isFloatKind(result))
    return withInteger(source, rule.sourceUnsigned, [&](auto s) {
      return withFloat(result, [&](auto r) {
        return selectAnyFloat<decltype(r), decltype(s)>(rule);
      });
    });
  return withInteger(source, rule.sourceUnsigned, [&](auto s) {
    return withInteger(result, rule.resultUnsigned, [&](auto r) {
      return selectIntegerToInteger<decltype(r), decltype(s)>(
          source == ElementKind::I1, resultIsBit, rule.isChecked);
    });
  });
}

static CastRule getRule(CastOp op) {
  CastRule rule;
  rule.truncates = !op.getRounding();
  rule.rounding = op.getRounding().value_or(Rounding::NearestEven);
  rule.saturates = op.getSaturate();
  rule.isChecked = op.getChecked();
  rule.sourceUnsigned = op.getSourceUnsigned();
  rule.resultUnsigned = op.getResultUnsigned();
  return rule;
}

static LaneLoop selectSignedBit(ElementKind result) {
  if (isFloatKind(result))
    return withFloat(
        result, [](auto r) -> LaneLoop { return SignedBit<decltype(r)>::run; });
  return withInteger(result, false, [](auto r) -> LaneLoop {
    return SignedBit<decltype(r)>::run;
  });
}

LaneLoop mlir::tk::selectCastLoop(Operation *op) {
  if (op->getNumOperands() != 1 || op->getNumResults() != 1)
    return nullptr;
  std::optional<ElementKind> source =
      getElementKind(op->getOperand(0).getType());
  std::optional<ElementKind> result =
      getElementKind(op->getResult(0).getType());
  if (!source || !result || *source == ElementKind::Pointer ||
      *result == ElementKind::Pointer)
    return nullptr;
  CastRule asUnsigned;
  asUnsigned.sourceUnsigned = asUnsigned.resultUnsigned = true;
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<CastOp>([&](CastOp cast) {
        return selectCast(*source, *result, getRule(cast));
      })
      .Case<arith::ExtSIOp, arith::SIToFPOp, arith::IndexCastOp>([&](auto) {
        return *source == ElementKind::I1 ? selectSignedBit(*result)
                                          : selectCast(*source, *result, {});
      })
      .Case<arith::ExtUIOp, arith::UIToFPOp, arith::IndexCastUIOp,
            arith::FPToUIOp>(
          [&](auto) { return selectCast(*source, *result, asUnsigned); })
      .Case<arith::TruncIOp, arith::ExtFOp, arith::TruncFOp, arith::FPToSIOp>(
          [&](auto) { return selectCast(*source, *result, {}); })
      .Case<arith::BitcastOp>([&](auto) {
        return getFrameSize(*source) == getFrameSize(*result)
                   ? selectCopyLoop(*result)
                   : nullptr;
      })
      .Default([](Operation *) { return LaneLoop(); });
}
