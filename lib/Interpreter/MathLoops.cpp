//===- MathLoops.cpp - loops of the math ops ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of f32 and narrower are computed in f64 and rounded once, which is
// within 0.51 units in the last place. Those of f64 come from the host's f64
// library where that is good to about one unit, otherwise from its long double.

#include "Loops.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

#pragma STDC FP_CONTRACT OFF

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Transcendental functions
//===----------------------------------------------------------------------===//

// `narrow` makes results of at most f32, `full` those of f64.
#define TK_FUNCTION(name, narrowExpression, fullExpression)                    \
  struct name {                                                                \
    static double narrow(double x) { return narrowExpression; }                \
    static double full(double x) { return fullExpression; }                    \
  }
#define TK_LIBRARY(name, function)                                             \
  TK_FUNCTION(name, std::function(x), std::function(x))
#define TK_LONG(name, function)                                                \
  TK_FUNCTION(name, std::function(x),                                          \
              static_cast<double>(std::function(static_cast<long double>(x))))
namespace {
TK_LIBRARY(Exp, exp);
TK_LIBRARY(Exp2, exp2);
TK_LIBRARY(Log, log);
TK_LIBRARY(Log2, log2);
TK_LIBRARY(Sin, sin);
TK_LIBRARY(Cos, cos);
TK_LONG(ExpM1, expm1);
TK_LONG(Log10, log10);
TK_LONG(Log1p, log1p);
TK_LONG(Tan, tan);
TK_LONG(Sinh, sinh);
TK_LONG(Cosh, cosh);
TK_LONG(Tanh, tanh);
TK_LONG(Asin, asin);
TK_LONG(Acos, acos);
TK_LONG(Atan, atan);
TK_LONG(Asinh, asinh);
TK_LONG(Acosh, acosh);
TK_LONG(Atanh, atanh);
TK_LONG(Erf, erf);
TK_LONG(Erfc, erfc);
TK_LONG(Cbrt, cbrt);
TK_FUNCTION(Rsqrt, 1.0 / std::sqrt(x),
            static_cast<double>(1.0L / std::sqrt(static_cast<long double>(x))));

template <typename T, typename Fn> struct Function {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *operand = slotAs<T>(slots, 1);
    for (int64_t i = 0; i < count; ++i) {
      double x = widen(operand[i]);
      result[i] =
          roundTo<T>(std::is_same_v<T, double> ? Fn::full(x) : Fn::narrow(x));
    }
  }
};

/// pow and atan2.
struct Pow {
  static double narrow(double x, double y) { return std::pow(x, y); }
  static double full(double x, double y) { return std::pow(x, y); }
};
struct Atan2 {
  static double narrow(double x, double y) { return std::atan2(x, y); }
  static double full(double x, double y) {
    return static_cast<double>(
        std::atan2(static_cast<long double>(x), static_cast<long double>(y)));
  }
};
template <typename T, typename Fn> struct BinaryFunction {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    for (int64_t i = 0; i < count; ++i) {
      double x = widen(lhs[i]), y = widen(rhs[i]);
      result[i] = roundTo<T>(std::is_same_v<T, double> ? Fn::full(x, y)
                                                       : Fn::narrow(x, y));
    }
  }
};

/// A float to the power of an i32.
template <typename T, typename> struct PowInteger {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *base = slotAs<T>(slots, 1);
    const int32_t *exponent = slotAs<int32_t>(slots, 2);
    for (int64_t i = 0; i < count; ++i)
      result[i] = roundTo<T>(
          std::pow(double(widen(base[i])), static_cast<double>(exponent[i])));
  }
};

template <typename T, typename> struct SinCos {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    char *const sine[] = {slots[0], slots[2]}, *cosine[] = {slots[1], slots[2]};
    Function<T, Sin>::run(sine, count, fault);
    Function<T, Cos>::run(cosine, count, fault);
  }
};

//===----------------------------------------------------------------------===//
// Correctly rounded functions
//===----------------------------------------------------------------------===//

struct Sqrt {
  template <typename W> W operator()(W x) const { return std::sqrt(x); }
};
struct Abs {
  template <typename W> W operator()(W x) const { return std::fabs(x); }
};
struct Ceil {
  template <typename W> W operator()(W x) const { return std::ceil(x); }
};
struct Floor {
  template <typename W> W operator()(W x) const { return std::floor(x); }
};
struct Trunc {
  template <typename W> W operator()(W x) const { return std::trunc(x); }
};
/// Half away from zero.
struct Round {
  template <typename W> W operator()(W x) const { return std::round(x); }
};
/// Half to even: the host's rounding mode is never changed.
struct RoundEven {
  template <typename W> W operator()(W x) const { return std::nearbyint(x); }
};
template <typename T, typename Fn> struct Rounded {
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    unaryLoop<T, Fn>(slots, count, fault);
  }
};

template <typename T, typename> struct CopySign {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *lhs = slotAs<T>(slots, 1), *rhs = slotAs<T>(slots, 2);
    TK_LANES(i, count)
    result[i] = roundTo<T>(std::copysign(widen(lhs[i]), widen(rhs[i])));
  }
};

/// min(max(x, low), high) with the NaN rules of maximumf and minimumf.
template <typename T, typename> struct Clamp {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *value = slotAs<T>(slots, 1), *low = slotAs<T>(slots, 2),
            *high = slotAs<T>(slots, 3);
    TK_LANES(i, count) {
      Wide<T> x = widen(value[i]), a = widen(low[i]), b = widen(high[i]);
      Wide<T> clamped = x < a ? a : x > b ? b : x;
      result[i] = roundTo<T>(x != x || a != a || b != b ? x + a + b : clamped);
    }
  }
};

/// a + b rounded to odd, so that a rounding to fewer bits is correct.
double addToOdd(double a, double b) {
  double sum = a + b;
  double partOfB = sum - a;
  double error = (a - (sum - partOfB)) + (b - partOfB);
  uint64_t bits = llvm::bit_cast<uint64_t>(sum);
  if (std::isfinite(sum) && error != 0 && (bits & 1) == 0)
    bits += (error > 0) == (sum > 0) ? 1 : -1;
  return llvm::bit_cast<double>(bits);
}

/// One rounding. The product of 16-bit floats is exact in f64.
template <typename T> T fuse(T a, T b, T c) {
  if constexpr (sizeof(T) == 2)
    return roundTo<T>(
        addToOdd(double(widen(a)) * double(widen(b)), double(widen(c))));
  else
    return std::fma(a, b, c);
}

template <typename T, typename> struct Fma {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    T *result = slotAs<T>(slots, 0);
    const T *a = slotAs<T>(slots, 1), *b = slotAs<T>(slots, 2),
            *c = slotAs<T>(slots, 3);
    for (int64_t i = 0; i < count; ++i)
      result[i] = fuse(a[i], b[i], c[i]);
  }
};

//===----------------------------------------------------------------------===//
// Classes of floats
//===----------------------------------------------------------------------===//

struct IsNaN {
  template <typename W> bool operator()(W x) const { return x != x; }
};
struct IsInf {
  template <typename W> bool operator()(W x) const { return std::isinf(x); }
};
struct IsFinite {
  template <typename W> bool operator()(W x) const { return std::isfinite(x); }
};
template <typename T, typename Fn> struct Classify {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    uint8_t *result = slotAs<uint8_t>(slots, 0);
    const T *operand = slotAs<T>(slots, 1);
    TK_LANES(i, count)
    result[i] = Fn()(widen(operand[i]));
  }
};

/// Normal in its own format: an f16 subnormal is a normal f32.
template <typename T, typename> struct IsNormal {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    uint8_t *result = slotAs<uint8_t>(slots, 0);
    const T *operand = slotAs<T>(slots, 1);
    const Wide<T> kSmallest = std::is_same_v<T, F16>
                                  ? Wide<T>(0x1p-14)
                                  : std::numeric_limits<Wide<T>>::min();
    TK_LANES(i, count) {
      Wide<T> x = widen(operand[i]);
      result[i] = std::isfinite(x) && std::fabs(x) >= kSmallest;
    }
  }
};

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

struct AbsI {
  template <typename U> U operator()(U x) const {
    return x >> (8 * sizeof(U) - 1) ? U(0 - x) : x;
  }
};
/// On `index`: the smallest has no magnitude in 64 bits.
static void runCheckedAbs(char *const *slots, int64_t count, LoopFault &fault) {
  int64_t *result = slotAs<int64_t>(slots, 0);
  const int64_t *operand = slotAs<int64_t>(slots, 1);
  for (int64_t i = 0; i < count; ++i) {
    if (operand[i] == std::numeric_limits<int64_t>::min())
      fault.record(LoopFault::IndexOverflow, i);
    result[i] = static_cast<int64_t>(AbsI()(static_cast<uint64_t>(operand[i])));
  }
}
struct CountLeadingZeros {
  template <typename U> U operator()(U x) const { return llvm::countl_zero(x); }
};
struct CountTrailingZeros {
  template <typename U> U operator()(U x) const { return llvm::countr_zero(x); }
};
struct PopCount {
  template <typename U> U operator()(U x) const { return llvm::popcount(x); }
};
template <typename U, typename Fn> struct IntegerUnary {
  static void run(char *const *slots, int64_t count, LoopFault &) {
    U *result = slotAs<U>(slots, 0);
    const U *operand = slotAs<U>(slots, 1);
    TK_LANES(i, count)
    result[i] = Fn()(operand[i]);
  }
};

/// By squaring, wrapping. A negative exponent gives 1 / base, truncated.
template <typename U, typename> struct IPow {
  static U power(U base, U exponent) {
    using S = std::make_signed_t<U>;
    if (S(exponent) < 0) {
      if (base == 1)
        return 1;
      if (base == U(-1))
        return exponent & 1 ? U(-1) : U(1);
      return 0;
    }
    U result = 1;
    for (; exponent; exponent >>= 1) {
      if (exponent & 1)
        result = U(uint64_t(result) * base);
      base = U(uint64_t(base) * base);
    }
    return result;
  }
  static void run(char *const *slots, int64_t count, LoopFault &fault) {
    using S = std::make_signed_t<U>;
    U *result = slotAs<U>(slots, 0);
    const U *base = slotAs<U>(slots, 1), *exponent = slotAs<U>(slots, 2);
    for (int64_t i = 0; i < count; ++i) {
      if (base[i] == 0 && S(exponent[i]) < 0)
        fault.record(LoopFault::DivisionByZero, i);
      result[i] = power(base[i], exponent[i]);
    }
  }
};
} // namespace
#undef TK_FUNCTION
#undef TK_LIBRARY
#undef TK_LONG

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

template <template <typename, typename> class Body, typename Fn>
static LaneLoop forInteger(ElementKind kind) {
  switch (kind) {
  case ElementKind::I8:
    return Body<uint8_t, Fn>::run;
  case ElementKind::I16:
    return Body<uint16_t, Fn>::run;
  case ElementKind::I32:
    return Body<uint32_t, Fn>::run;
  case ElementKind::I64:
    return Body<uint64_t, Fn>::run;
  default:
    return nullptr;
  }
}

/// Ops that compute one function of one float.
static LaneLoop selectFunction(Operation *op, ElementKind kind) {
#define TK_CASE(opName, fn)                                                    \
  .Case<math::opName>([&](auto) { return forFloat<Function, fn>(kind); })
  return TypeSwitch<Operation *, LaneLoop>(op) TK_CASE(ExpOp, Exp)
      TK_CASE(Exp2Op, Exp2) TK_CASE(ExpM1Op, ExpM1) TK_CASE(LogOp, Log)
          TK_CASE(Log2Op, Log2) TK_CASE(Log10Op, Log10) TK_CASE(Log1pOp, Log1p)
              TK_CASE(SinOp, Sin) TK_CASE(CosOp, Cos) TK_CASE(TanOp, Tan)
                  TK_CASE(SinhOp, Sinh) TK_CASE(CoshOp, Cosh)
                      TK_CASE(TanhOp, Tanh) TK_CASE(AsinOp, Asin)
                          TK_CASE(AcosOp, Acos) TK_CASE(AtanOp, Atan)
                              TK_CASE(AsinhOp, Asinh) TK_CASE(AcoshOp, Acosh)
                                  TK_CASE(AtanhOp, Atanh) TK_CASE(ErfOp, Erf)
                                      TK_CASE(ErfcOp, Erfc)
                                          TK_CASE(CbrtOp, Cbrt)
                                              TK_CASE(RsqrtOp, Rsqrt)
                                                  .Default([](Operation *) {
                                                    return LaneLoop();
                                                  });
#undef TK_CASE
}

static LaneLoop selectRounded(Operation *op, ElementKind kind) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<math::SqrtOp>([&](auto) { return forFloat<Rounded, Sqrt>(kind); })
      .Case<math::AbsFOp>([&](auto) { return forFloat<Rounded, Abs>(kind); })
      .Case<math::CeilOp>([&](auto) { return forFloat<Rounded, Ceil>(kind); })
      .Case<math::FloorOp>([&](auto) { return forFloat<Rounded, Floor>(kind); })
      .Case<math::TruncOp>([&](auto) { return forFloat<Rounded, Trunc>(kind); })
      .Case<math::RoundOp>([&](auto) { return forFloat<Rounded, Round>(kind); })
      .Case<math::RoundEvenOp>(
          [&](auto) { return forFloat<Rounded, RoundEven>(kind); })
      .Case<math::FmaOp>([&](auto) { return forFloat<Fma, void>(kind); })
      .Case<math::ClampFOp>([&](auto) { return forFloat<Clamp, void>(kind); })
      .Case<math::CopySignOp>(
          [&](auto) { return forFloat<CopySign, void>(kind); })
      .Case<math::IsNaNOp>(
          [&](auto) { return forFloat<Classify, IsNaN>(kind); })
      .Case<math::IsInfOp>(
          [&](auto) { return forFloat<Classify, IsInf>(kind); })
      .Case<math::IsFiniteOp>(
          [&](auto) { return forFloat<Classify, IsFinite>(kind); })
      .Case<math::IsNormalOp>(
          [&](auto) { return forFloat<IsNormal, void>(kind); })
      .Default([](Operation *) { return LaneLoop(); });
}

static LaneLoop selectIntegerMath(Operation *op, ElementKind kind) {
  return TypeSwitch<Operation *, LaneLoop>(op)
      .Case<math::AbsIOp>([&](math::AbsIOp abs) {
        return getElementTypeOrSelf(abs.getType()).isIndex()
                   ? runCheckedAbs
                   : forInteger<IntegerUnary, AbsI>(kind);
      })
      .Case<math::CountLeadingZerosOp>([&](auto) {
        return forInteger<IntegerUnary, CountLeadingZeros>(kind);
      })
      .Case<math::CountTrailingZerosOp>([&](auto) {
        return forInteger<IntegerUnary, CountTrailingZeros>(kind);
      })
      .Case<math::CtPopOp>(
          [&](auto) { return forInteger<IntegerUnary, PopCount>(kind); })
      .Case<math::IPowIOp>([&](auto) { return forInteger<IPow, void>(kind); })
      .Default([](Operation *) { return LaneLoop(); });
}

LaneLoop mlir::tk::selectMathLoop(Operation *op) {
  if (op->getNumOperands() == 0)
    return nullptr;
  std::optional<ElementKind> kind = getElementKind(op->getOperand(0).getType());
  if (!kind)
    return nullptr;
  if (isa<math::PowFOp>(op))
    return forFloat<BinaryFunction, Pow>(*kind);
  if (isa<math::Atan2Op>(op))
    return forFloat<BinaryFunction, Atan2>(*kind);
  if (isa<math::SincosOp>(op))
    return forFloat<SinCos, void>(*kind);
  if (auto power = dyn_cast<math::FPowIOp>(op))
    return getElementTypeOrSelf(power.getRhs().getType()).isInteger(32)
               ? forFloat<PowInteger, void>(*kind)
               : nullptr;
  if (LaneLoop loop = selectFunction(op, *kind))
    return loop;
  if (LaneLoop loop = selectRounded(op, *kind))
    return loop;
  return selectIntegerMath(op, *kind);
}
