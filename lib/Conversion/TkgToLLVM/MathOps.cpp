//===- MathOps.cpp - lowers math ops, register by register ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of 16-bit floats are computed in f32 and rounded once. Those of f32
// that are marked `afn` are the approximations of the hardware.
//
//===----------------------------------------------------------------------===//

#include "ElementwisePattern.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::tkg;

/// Whether the target's approximation will do, which there is for f32 only.
template <typename OpT> static bool isFast(OpT op, Type type) {
  return type.isF32() &&
         bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::afn);
}

/// The approximation of the function `name`; null if there is none.
static Value approximate(const TargetCodegen &target, Emitter &e,
                         StringRef name, ValueRange operands) {
  constexpr float kLog2OfE = 1.44269504f, kLogOf2 = 0.693147181f;
  if (name == "exp")
    return target.exp2Approx(
        e, e.create<LLVM::FMulOp>(
               operands[0], e.getFloat(e.getF32(), llvm::APFloat(kLog2OfE))));
  if (name == "log")
    return e.create<LLVM::FMulOp>(
        target.approximate(e, "log2", operands),
        e.getFloat(e.getF32(), llvm::APFloat(kLogOf2)));
  if (name == "log2" || name == "sin" || name == "cos" || name == "tanh")
    return target.approximate(e, name, operands);
  return Value();
}

namespace {

/// math.f(a, ..) -> what the target calls `f`
template <typename OpT> struct FunctionPattern : ElementwisePattern<OpT> {
  FunctionPattern(LoweringContext &context, StringRef name)
      : ElementwisePattern<OpT>(context), name(name) {}

  Value emit(OpT op, Emitter &e, Type type,
             ValueRange operands) const override {
    if (isFast(op, type))
      if (Value fast = approximate(this->getTarget(), e, name, operands))
        return fast;
    if (type.getIntOrFloatBitWidth() >= 32)
      return this->getTarget().callMath(e, name, type, operands);
    SmallVector<Value> wide;
    for (Value operand : operands)
      wide.push_back(e.create<LLVM::FPExtOp>(e.getF32(), operand));
    Value result = this->getTarget().callMath(e, name, e.getF32(), wide);
    return e.create<LLVM::FPTruncOp>(type, result);
  }

private:
  StringRef name;
};

/// exp2 on f32 is a named approximation: the instruction of the hardware.
struct Exp2Pattern : ElementwisePattern<math::Exp2Op> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(math::Exp2Op, Emitter &e, Type type,
             ValueRange operands) const override {
    if (type.isF64())
      return getTarget().callMath(e, "exp2", type, operands);
    if (type.isF32())
      return getTarget().exp2Approx(e, operands[0]);
    Value wide = e.create<LLVM::FPExtOp>(e.getF32(), operands[0]);
    return e.create<LLVM::FPTruncOp>(type, getTarget().exp2Approx(e, wide));
  }
};

/// math.op(a, ..) -> an LLVM intrinsic that every backend expands exactly
template <typename OpT, typename TargetOpT>
struct IntrinsicPattern : ElementwisePattern<OpT> {
  using ElementwisePattern<OpT>::ElementwisePattern;

  Value emit(OpT, Emitter &e, Type type, ValueRange operands) const override {
    return e.create<TargetOpT>(type, operands);
  }
};

/// Counts of zeros: defined for 0.
template <typename OpT, typename TargetOpT>
struct CountZerosPattern : ElementwisePattern<OpT> {
  using ElementwisePattern<OpT>::ElementwisePattern;

  Value emit(OpT, Emitter &e, Type type, ValueRange operands) const override {
    return e.create<TargetOpT>(type, operands[0], /*is_zero_poison=*/false);
  }
};

struct AbsIntegerPattern : ElementwisePattern<math::AbsIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(math::AbsIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    return e.create<LLVM::AbsOp>(type, operands[0],
                                 /*is_int_min_poison=*/false);
  }
};

/// Tests of the class of a float (LLVM LangRef, "llvm.is.fpclass").
template <typename OpT, uint32_t mask>
struct ClassPattern : ElementwisePattern<OpT> {
  using ElementwisePattern<OpT>::ElementwisePattern;

  Value emit(OpT, Emitter &e, Type type, ValueRange operands) const override {
    return e.create<LLVM::IsFPClass>(type, operands[0], mask);
  }
};
constexpr uint32_t kIsNaN = 0x003;
constexpr uint32_t kIsInfinite = 0x204;
constexpr uint32_t kIsFinite = 0x1f8;

/// rsqrt(x) -> 1 / sqrt(x) for f64; f32 asks the target
struct RsqrtPattern : ElementwisePattern<math::RsqrtOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(math::RsqrtOp op, Emitter &e, Type type,
             ValueRange operands) const override {
    if (isFast(op, type))
      return getTarget().approximate(e, "rsqrt", operands);
    if (type.getIntOrFloatBitWidth() >= 32)
      return getTarget().callMath(e, "rsqrt", type, operands);
    Value wide = e.create<LLVM::FPExtOp>(e.getF32(), operands[0]);
    Value result = getTarget().callMath(e, "rsqrt", e.getF32(), wide);
    return e.create<LLVM::FPTruncOp>(type, result);
  }
};

struct SqrtPattern : ElementwisePattern<math::SqrtOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(math::SqrtOp op, Emitter &e, Type type,
             ValueRange operands) const override {
    if (isFast(op, type))
      return getTarget().approximate(e, "sqrt", operands);
    return e.create<LLVM::SqrtOp>(type, operands[0]);
  }
};

struct DividePattern : ElementwisePattern<arith::DivFOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::DivFOp op, Emitter &e, Type type,
             ValueRange operands) const override {
    if (isFast(op, type))
      return getTarget().approximate(e, "div", operands);
    return e.create<LLVM::FDivOp>(type, operands[0], operands[1]);
  }
};

/// x ^ n for an integer n.
struct IntegerPowerPattern : ElementwisePattern<math::FPowIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(math::FPowIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    Type wide = type.isF64() ? type : Type(e.getF32());
    Value base = operands[0];
    if (wide != type)
      base = e.create<LLVM::FPExtOp>(wide, base);
    Value power = e.create<LLVM::SIToFPOp>(wide, operands[1]);
    Value result = getTarget().callMath(e, "pow", wide, {base, power});
    return wide == type ? result : e.create<LLVM::FPTruncOp>(type, result);
  }
};
} // namespace

/// Registers a FunctionPattern for each op.
template <typename... OpTs, typename... Names>
static void addFunctions(LoweringContext &context, RewritePatternSet &patterns,
                         Names... names) {
  (patterns.add(std::make_unique<FunctionPattern<OpTs>>(context, names)), ...);
}

void mlir::tkg::populateMathPatterns(LoweringContext &context,
                                     RewritePatternSet &patterns) {
  addFunctions<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp,
               math::AtanOp, math::Atan2Op, math::AtanhOp, math::CbrtOp,
               math::CosOp, math::CoshOp, math::ErfOp, math::ErfcOp,
               math::ExpOp, math::ExpM1Op, math::LogOp, math::Log10Op,
               math::Log1pOp, math::Log2Op, math::PowFOp, math::SinOp,
               math::SinhOp, math::TanOp, math::TanhOp>(
      context, patterns, "acos", "acosh", "asin", "asinh", "atan", "atan2",
      "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "expm1", "log",
      "log10", "log1p", "log2", "pow", "sin", "sinh", "tan", "tanh");
  patterns.add<AbsIntegerPattern, DividePattern, Exp2Pattern,
               IntegerPowerPattern, RsqrtPattern, SqrtPattern>(context);
  patterns.add<IntrinsicPattern<math::AbsFOp, LLVM::FAbsOp>,
               IntrinsicPattern<math::CeilOp, LLVM::FCeilOp>,
               IntrinsicPattern<math::CopySignOp, LLVM::CopySignOp>,
               IntrinsicPattern<math::CtPopOp, LLVM::CtPopOp>,
               IntrinsicPattern<math::FloorOp, LLVM::FFloorOp>,
               IntrinsicPattern<math::FmaOp, LLVM::FMAOp>,
               IntrinsicPattern<math::RoundOp, LLVM::RoundOp>,
               IntrinsicPattern<math::RoundEvenOp, LLVM::RoundEvenOp>,
               IntrinsicPattern<math::TruncOp, LLVM::FTruncOp>>(context);
  patterns.add<
      CountZerosPattern<math::CountLeadingZerosOp, LLVM::CountLeadingZerosOp>,
      CountZerosPattern<math::CountTrailingZerosOp,
                        LLVM::CountTrailingZerosOp>>(context);
  patterns.add<ClassPattern<math::IsFiniteOp, kIsFinite>,
               ClassPattern<math::IsInfOp, kIsInfinite>,
               ClassPattern<math::IsNaNOp, kIsNaN>>(context);
}
