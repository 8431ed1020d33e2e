//===- DotOps.cpp - lowers tkg.dot by multiply-adds -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/DotTile.h"

using namespace mlir;
using namespace mlir::tkg;

/// `value` as an element of the accumulator. Exact: the accumulator is wider.
static Value widen(Emitter &e, Value value, Type type, bool isUnsigned) {
  Type from = value.getType();
  if (from == type)
    return value;
  if (isa<FloatType>(type))
    return e.create<LLVM::FPExtOp>(type, value);
  return isUnsigned ? e.zeroExtend(value, type) : e.signExtend(value, type);
}

static Value multiplyAdd(Emitter &e, Value lhs, Value rhs, Value accumulator) {
  if (isa<FloatType>(accumulator.getType()))
    return e.create<LLVM::FMAOp>(accumulator.getType(), lhs, rhs, accumulator);
  return e.add(e.mul(lhs, rhs), accumulator);
}

namespace {
struct FmaDotPattern : TkgPattern<DotOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(DotOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    MmaAttr instruction = op.getInstructionAttr();
    if (!instruction)
      return op.emitOpError("has no instruction yet");
    if (instruction.getKind() != MmaKind::FMA)
      return failure();
    DotOperand lhs(context, e, op, DotOperand::Lhs, adaptor.getLhs());
    DotOperand rhs(context, e, op, DotOperand::Rhs, adaptor.getRhs());
    DotTile tile(getTileLayout(op.getResult().getType()));
    if (failed(lhs.initialise()) || failed(rhs.initialise()))
      return failure();
    SmallVector<Value> results = llvm::to_vector(adaptor.getAccumulator());
    emitProducts(op, lhs, rhs, tile, results, e);
    return results;
  }

private:
  /// K outermost: neighbouring instructions are independent of each other.
  static void emitProducts(DotOp op, DotOperand &lhs, DotOperand &rhs,
                           const DotTile &tile, MutableArrayRef<Value> results,
                           Emitter &e) {
    Type type = results.front().getType();
    SmallVector<DotPlace> places = tile.getPlaces();
    for (int64_t k = 0; k < lhs.getK(); ++k)
      for (DotPlace place : places) {
        Value a = widen(e, lhs.get({place.batch, place.row, k}), type,
                        op.getLhsUnsigned());
        Value b = widen(e, rhs.get({place.batch, k, place.column}), type,
                        op.getRhsUnsigned());
        Value &result = results[tile.getRegister(place)];
        result = multiplyAdd(e, a, b, result);
      }
  }
};
} // namespace

void mlir::tkg::populateDotPatterns(LoweringContext &context,
                                    RewritePatternSet &patterns) {
  patterns.add<FmaDotPattern>(context);
}
