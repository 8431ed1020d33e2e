//===- CastOps.cpp - lowers tk.cast ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A cast of the language has a result for every value and rounds once.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Rounding;

static bool isFloat16(Type type) { return type.isF16() || type.isBF16(); }

/// `value` as f32 where it is a 16-bit float.
static Value widen(Emitter &e, Value value) {
  if (!isFloat16(value.getType()))
    return value;
  return e.create<LLVM::FPExtOp>(e.getF32(), value);
}

//===----------------------------------------------------------------------===//
// Between integers
//===----------------------------------------------------------------------===//

static Value castInteger(Emitter &e, Value value, Type type, bool isUnsigned) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  if (from < type.getIntOrFloatBitWidth() && (isUnsigned || from == 1))
    return e.zeroExtend(value, type);
  return e.resize(value, type);
}

//===----------------------------------------------------------------------===//
// From integers to floats
//===----------------------------------------------------------------------===//

/// Makes a 64-bit integer exact in f64 without changing what it rounds to in
/// at most 24 bits: where it has more than 53 bits, the lowest 11 become one
/// bit that tells whether any of them was set.
static Value keepStickyBit(Emitter &e, Value value, bool isUnsigned) {
  Type type = value.getType();
  Value low = e.bitAnd(value, e.getInteger(type, 0x7ff));
  Value isInexact =
      e.compare(LLVM::ICmpPredicate::ne, low, e.getInteger(type, 0));
  Value sticky = e.shiftLeft(e.zeroExtend(isInexact, type), 11);
  Value rounded =
      e.bitOr(e.bitAnd(value, e.getInteger(type, ~int64_t(0x7ff))), sticky);
  int64_t limit = int64_t(1) << 53;
  Value isSmall = isUnsigned
                      ? e.compare(LLVM::ICmpPredicate::ult, value,
                                  e.getInteger(type, limit))
                      : e.compare(LLVM::ICmpPredicate::ult,
                                  e.add(value, e.getInteger(type, limit)),
                                  e.getInteger(type, 2 * limit));
  return e.select(isSmall, value, rounded);
}

static Value integerToFloat(Emitter &e, Value value, Type type,
                            bool isUnsigned) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  isUnsigned |= width == 1;
  Type via = type;
  if (isFloat16(type) && width > 16) {
    via = e.getRewriter().getF64Type();
    if (width == 64)
      value = keepStickyBit(e, value, isUnsigned);
  } else if (isFloat16(type)) {
    via = e.getF32();
  }
  Value result = isUnsigned ? Value(e.create<LLVM::UIToFPOp>(via, value))
                            : Value(e.create<LLVM::SIToFPOp>(via, value));
  return via == type ? result : e.create<LLVM::FPTruncOp>(type, result);
}

//===----------------------------------------------------------------------===//
// From floats
//===----------------------------------------------------------------------===//

/// Rounds to an integral value; truncation is left to the conversion.
static Value roundToIntegral(Emitter &e, Value value, Rounding rounding) {
  switch (rounding) {
  case Rounding::NearestEven:
    return e.create<LLVM::RoundEvenOp>(value.getType(), value);
  case Rounding::TowardZero:
    return value;
  case Rounding::Up:
    return e.create<LLVM::FCeilOp>(value.getType(), value);
  case Rounding::Down:
    return e.create<LLVM::FFloorOp>(value.getType(), value);
  }
  llvm_unreachable("all roundings are handled");
}

static Value floatToInteger(Emitter &e, Value value, Type type, tk::CastOp op) {
  value = roundToIntegral(e, widen(e, value),
                          op.getRounding().value_or(Rounding::TowardZero));
  // A bool counts as unsigned. No backend saturates to a single bit.
  if (type.isInteger(1)) {
    Value wide = e.callIntrinsic("llvm.fptoui.sat", e.getI32(), value);
    return e.compare(LLVM::ICmpPredicate::ne, wide, e.getI32Constant(0));
  }
  if (op.getResultUnsigned())
    return e.callIntrinsic("llvm.fptoui.sat", type, value);
  return e.callIntrinsic("llvm.fptosi.sat", type, value);
}

/// Clamps to the finite values of `type`; NaN stays.
static Value clampToFinite(Emitter &e, Value value, Type type) {
  auto largest = APFloat::getLargest(cast<FloatType>(type).getFloatSemantics());
  Value high = e.getFloat(value.getType(), largest);
  Value low = e.getFloat(value.getType(), -largest);
  value = e.create<LLVM::MinimumOp>(value.getType(), value, high);
  return e.create<LLVM::MaximumOp>(value.getType(), value, low);
}

/// Whether casts of two floats can share an instruction.
static bool isPairable(Type from, Type to, Rounding rounding) {
  return from.isF32() && isFloat16(to) && rounding == Rounding::NearestEven;
}

/// Rounds in a direction: rounds to the nearest, and takes the neighbour where
/// that went the wrong way. Neighbours of one sign have neighbouring bits, and
/// infinity follows the largest finite value.
static Value roundInDirection(Emitter &e, Value value, Type type,
                              Rounding rounding) {
  Type integer = e.getRewriter().getIntegerType(type.getIntOrFloatBitWidth());
  Value nearest = e.create<LLVM::FPTruncOp>(type, value);
  Value back = e.create<LLVM::FPExtOp>(value.getType(), nearest);
  Value bits = e.bitcast(nearest, integer);
  Value one = e.getInteger(integer, 1);
  Value towardZero = e.sub(bits, one);
  auto isWrong = [&](LLVM::FCmpPredicate predicate) -> Value {
    return e.create<LLVM::FCmpOp>(predicate, back, value);
  };
  Value wrong, neighbour;
  if (rounding == Rounding::TowardZero) {
    Value isLarger = e.create<LLVM::FCmpOp>(
        LLVM::FCmpPredicate::ogt, e.create<LLVM::FAbsOp>(value.getType(), back),
        e.create<LLVM::FAbsOp>(value.getType(), value));
    wrong = isLarger;
    neighbour = towardZero;
  } else {
    Value isNegative =
        e.compare(LLVM::ICmpPredicate::slt, bits, e.getInteger(integer, 0));
    Value away = e.add(bits, one);
    bool isUp = rounding == Rounding::Up;
    wrong = isWrong(isUp ? LLVM::FCmpPredicate::olt : LLVM::FCmpPredicate::ogt);
    neighbour = isUp ? e.select(isNegative, towardZero, away)
                     : e.select(isNegative, away, towardZero);
  }
  return e.bitcast(e.select(wrong, neighbour, bits), type);
}

static Value castFloat(Emitter &e, Value value, Type type, Rounding rounding) {
  Type from = value.getType();
  if (from == type)
    return value;
  if (from.getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth())
    return e.create<LLVM::FPExtOp>(type, value);
  value = widen(e, value);
  if (rounding == Rounding::NearestEven)
    return e.create<LLVM::FPTruncOp>(type, value);
  return roundInDirection(e, value, type, rounding);
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

namespace {
struct CastPattern : TkgPattern<tk::CastOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::CastOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = convertElementType(getElementTypeOrSelf(op.getResult()));
    ValueRange source = adaptor.getSource();
    Type from = source.front().getType();
    if (isa<FloatType>(from) && isa<FloatType>(type))
      return castFloats(op, source, type, e);
    SmallVector<Value> results;
    DenseMap<Value, Value> known;
    for (Value value : source) {
      Value &result = known[value];
      if (!result)
        result = castOne(op, value, type, e);
      results.push_back(result);
    }
    return results;
  }

private:
  static Value castOne(tk::CastOp op, Value value, Type type, Emitter &e) {
    if (isa<FloatType>(value.getType()))
      return floatToInteger(e, value, type, op);
    if (isa<FloatType>(type))
      return integerToFloat(e, value, type, op.getSourceUnsigned());
    return castInteger(e, value, type, op.getSourceUnsigned());
  }

  FailureOr<SmallVector<Value>> castFloats(tk::CastOp op, ValueRange source,
                                           Type type, Emitter &e) const {
    Rounding rounding = op.getRounding().value_or(Rounding::NearestEven);
    Type from = source.front().getType();
    SmallVector<Value> values = llvm::to_vector(source);
    if (op.getSaturate() && from != type)
      for (Value &value : values)
        value = clampToFinite(e, widen(e, value), type);
    SmallVector<Value> results;
    size_t r = 0;
    // Two at a time where they differ (a broadcast value needs one cast).
    if (isPairable(from, type, rounding))
      for (; r + 1 < values.size() && values[r] != values[r + 1]; r += 2)
        llvm::append_range(results, e.splitVector(getTarget().truncatePair(
                                        e, values[r], values[r + 1], type)));
    DenseMap<Value, Value> known;
    for (; r < values.size(); ++r) {
      Value &result = known[values[r]];
      if (!result)
        result = castFloat(e, values[r], type, rounding);
      results.push_back(result);
    }
    return results;
  }
};
} // namespace

void mlir::tkg::populateCastPatterns(LoweringContext &context,
                                     RewritePatternSet &patterns) {
  patterns.add<CastPattern>(context);
}
