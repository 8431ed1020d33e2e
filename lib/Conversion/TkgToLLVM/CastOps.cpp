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

/// `value`, in its type or a wider one, clamped to the finite values of `type`.
static Value saturate(Emitter &e, Value value, Type type) {
  bool isWider =
      value.getType().getIntOrFloatBitWidth() < type.getIntOrFloatBitWidth();
  return clampToFinite(e,
                       isWider ? Value(e.create<LLVM::FPExtOp>(type, value))
                               : widen(e, value),
                       type);
}

/// Whether casts of two floats can share an instruction.
static bool isPairable(Type from, Type to, Rounding rounding) {
  return from.isF32() && isFloat16(to) && rounding == Rounding::NearestEven;
}

/// Of a number that rounds to `nearest`, the float that it rounds to in a
/// direction: the neighbour where the nearest one went the wrong way.
/// Neighbours of one sign have neighbouring bits, and infinity follows the
/// largest finite value.
static Value takeNeighbour(Emitter &e, Value nearest, Rounding rounding,
                           Value isTooSmall, Value isTooLarge) {
  Type type = nearest.getType();
  Type integer = e.getRewriter().getIntegerType(type.getIntOrFloatBitWidth());
  Value bits = e.bitcast(nearest, integer);
  Value one = e.getInteger(integer, 1);
  Value towardZero = e.sub(bits, one), away = e.add(bits, one);
  Value isNegative =
      e.compare(LLVM::ICmpPredicate::slt, bits, e.getInteger(integer, 0));
  Value wrong, neighbour;
  if (rounding == Rounding::TowardZero) {
    wrong = e.select(isNegative, isTooSmall, isTooLarge);
    neighbour = towardZero;
  } else if (rounding == Rounding::Up) {
    wrong = isTooSmall;
    neighbour = e.select(isNegative, towardZero, away);
  } else {
    wrong = isTooLarge;
    neighbour = e.select(isNegative, away, towardZero);
  }
  return e.bitcast(e.select(wrong, neighbour, bits), type);
}

static Value roundInDirection(Emitter &e, Value value, Type type,
                              Rounding rounding) {
  Value nearest = e.create<LLVM::FPTruncOp>(type, value);
  Value back = e.create<LLVM::FPExtOp>(value.getType(), nearest);
  Value isTooSmall =
      e.create<LLVM::FCmpOp>(LLVM::FCmpPredicate::olt, back, value);
  Value isTooLarge =
      e.create<LLVM::FCmpOp>(LLVM::FCmpPredicate::ogt, back, value);
  return takeNeighbour(e, nearest, rounding, isTooSmall, isTooLarge);
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
// From integers to floats
//===----------------------------------------------------------------------===//

/// Makes an integer exact in a float of `precision` bits without changing what
/// it rounds to in far fewer: where it has more bits than that, the lowest ones
/// become one bit that tells whether any of them was set.
static Value keepStickyBit(Emitter &e, Value value, bool isUnsigned,
                           unsigned precision) {
  Type type = value.getType();
  unsigned numLow = type.getIntOrFloatBitWidth() - precision;
  int64_t lowBits = (int64_t(1) << numLow) - 1;
  Value low = e.bitAnd(value, e.getInteger(type, lowBits));
  Value isInexact =
      e.compare(LLVM::ICmpPredicate::ne, low, e.getInteger(type, 0));
  Value sticky = e.shiftLeft(e.zeroExtend(isInexact, type), numLow);
  Value rounded =
      e.bitOr(e.bitAnd(value, e.getInteger(type, ~lowBits)), sticky);
  int64_t limit = int64_t(1) << precision;
  Value isSmall = isUnsigned
                      ? e.compare(LLVM::ICmpPredicate::ult, value,
                                  e.getInteger(type, limit))
                      : e.compare(LLVM::ICmpPredicate::ult,
                                  e.add(value, e.getInteger(type, limit)),
                                  e.getInteger(type, 2 * limit));
  return e.select(isSmall, value, rounded);
}

static Value toNearestFloat(Emitter &e, Value value, Type type,
                            bool isUnsigned) {
  return isUnsigned ? Value(e.create<LLVM::UIToFPOp>(type, value))
                    : Value(e.create<LLVM::SIToFPOp>(type, value));
}

/// A 64-bit integer as f64, rounded in a direction. Its upper 53 bits and its
/// lower 11 are exact in f64, and so is what their sum is wrong by (Dekker's
/// fast two-sum).
static Value roundWideInteger(Emitter &e, Value value, Rounding rounding,
                              bool isUnsigned) {
  Type type = value.getType(), f64 = e.getRewriter().getF64Type();
  Value low = e.bitAnd(value, e.getInteger(type, 0x7ff));
  Value high = toNearestFloat(e, e.sub(value, low), f64, isUnsigned);
  low = toNearestFloat(e, low, f64, isUnsigned);
  Value nearest = e.create<LLVM::FAddOp>(f64, high, low);
  Value taken = e.create<LLVM::FSubOp>(f64, nearest, high);
  Value isTooSmall =
      e.create<LLVM::FCmpOp>(LLVM::FCmpPredicate::olt, taken, low);
  Value isTooLarge =
      e.create<LLVM::FCmpOp>(LLVM::FCmpPredicate::ogt, taken, low);
  return takeNeighbour(e, nearest, rounding, isTooSmall, isTooLarge);
}

/// The float type that holds integers of `width` bits exactly, or all that
/// rounding to `type` needs to know of them; `type` where the target converts
/// to it at once.
static Type getTypeOnTheWay(Emitter &e, Type type, unsigned width,
                            Rounding rounding) {
  Type f64 = e.getRewriter().getF64Type();
  if (isFloat16(type))
    return width == 64 ? f64 : e.getF32();
  return type.isF32() && rounding != Rounding::NearestEven ? f64 : type;
}

static Value integerToFloat(Emitter &e, Value value, Type type, tk::CastOp op) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  bool isUnsigned = op.getSourceUnsigned() || width == 1;
  Rounding rounding = op.getRounding().value_or(Rounding::NearestEven);
  if (type.isF64() && width == 64 && rounding != Rounding::NearestEven)
    return roundWideInteger(e, value, rounding, isUnsigned);
  Type via = getTypeOnTheWay(e, type, width, rounding);
  unsigned precision = via.isF64() ? 53 : 24;
  // LLVM may leave out what is on the way if the integer is exact there. Some
  // chips then go through f32 after all, and round twice.
  if (via != type && width > precision)
    value = keepStickyBit(e, value, isUnsigned, precision);
  Value result = toNearestFloat(e, value, via, isUnsigned);
  if (op.getSaturate() && via != type)
    result = clampToFinite(e, result, type);
  return castFloat(e, result, type, rounding);
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
      return integerToFloat(e, value, type, op);
    return castInteger(e, value, type, op.getSourceUnsigned());
  }

  FailureOr<SmallVector<Value>> castFloats(tk::CastOp op, ValueRange source,
                                           Type type, Emitter &e) const {
    Rounding rounding = op.getRounding().value_or(Rounding::NearestEven);
    Type from = source.front().getType();
    SmallVector<Value> values = llvm::to_vector(source);
    if (op.getSaturate() && from != type)
      for (Value &value : values)
        value = saturate(e, value, type);
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
