//===- ElementwiseOps.cpp - lowers arith ops, register by register --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scalar is a tile of one register, so that one pattern serves both.
//
//===----------------------------------------------------------------------===//

#include "ElementwisePattern.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::tkg;

namespace {

/// op(a, b, ..) -> OpT(a, b, ..) for each register
template <typename OpT, typename TargetOpT>
struct DirectPattern : ElementwisePattern<OpT> {
  using ElementwisePattern<OpT>::ElementwisePattern;

  Value emit(OpT, Emitter &e, Type type, ValueRange operands) const override {
    return e.create<TargetOpT>(type, operands);
  }
};

/// An op that the emitter folds, for index arithmetic.
template <typename OpT, Value (Emitter::*fold)(Value, Value)>
struct FoldingPattern : ElementwisePattern<OpT> {
  using ElementwisePattern<OpT>::ElementwisePattern;

  Value emit(OpT, Emitter &e, Type, ValueRange operands) const override {
    return (e.*fold)(operands[0], operands[1]);
  }
};

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

struct ConstantPattern : TkgPattern<arith::ConstantOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(arith::ConstantOp op, OneToNOpAdaptor,
                                      Emitter &e) const override {
    Type type = convertElementType(getElementTypeOrSelf(op.getType()));
    TypedAttr attr = op.getValue();
    if (auto dense = dyn_cast<DenseElementsAttr>(op.getValue())) {
      if (!dense.isSplat())
        return readTable(op, dense, type, e);
      attr = cast<TypedAttr>(dense.getSplatValue<Attribute>());
    }
    if (isa<IndexType>(attr.getType()))
      attr = IntegerAttr::get(
          type, cast<IntegerAttr>(attr).getValue().sextOrTrunc(64));
    int64_t numRegisters = getTileLayout(op.getType()).getNumRegisters();
    return SmallVector<Value>(numRegisters, e.getConstant(type, attr));
  }

private:
  /// A tile of different elements is a table in memory.
  SmallVector<Value> readTable(arith::ConstantOp op, DenseElementsAttr elements,
                               Type type, Emitter &e) const {
    auto tile = cast<RankedTensorType>(op.getType());
    const tk::Layout &layout = getTileLayout(tile);
    const TileCoordinates &coordinates = context.getCoordinates(layout, e);
    Type stored = getMemoryType(type);
    LLVM::GlobalOp table = createTable(op, elements, stored, e);
    Value base = e.create<LLVM::AddressOfOp>(table);
    SmallVector<Value> values;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r) {
      Value index = e.getI32Constant(0);
      for (auto [dim, extent] : llvm::enumerate(tile.getShape())) {
        Value coordinate = coordinates.getCoordinate(e, dim, r);
        // Padding reads the last element rather than what lies past it.
        if (layout.getExtents()[dim] != extent)
          coordinate = e.create<LLVM::UMinOp>(e.getI32(), coordinate,
                                              e.getI32Constant(extent - 1));
        index = e.add(e.mul(index, e.getI32Constant(extent)), coordinate);
      }
      Value value = e.create<LLVM::LoadOp>(
          stored, e.getElementPointer(base, stored, index),
          getSizeInBytes(stored));
      values.push_back(type == stored ? value : e.truncate(value, type));
    }
    return values;
  }

  static LLVM::GlobalOp createTable(arith::ConstantOp op,
                                    DenseElementsAttr elements, Type stored,
                                    Emitter &e) {
    auto module = op->getParentOfType<ModuleOp>();
    OpBuilder::InsertionGuard guard(e.getRewriter());
    e.getRewriter().setInsertionPointToStart(module.getBody());
    std::string name;
    for (unsigned number = 0; name.empty() || module.lookupSymbol(name);
         ++number)
      name = ("__tk_table" + Twine(number)).str();
    int64_t numElements = elements.getNumElements();
    auto flat = RankedTensorType::get({numElements}, stored);
    SmallVector<Attribute> values;
    for (Attribute value : elements.getValues<Attribute>()) {
      if (auto integer = dyn_cast<IntegerAttr>(value))
        value = IntegerAttr::get(stored, elements.getElementType().isInteger(1)
                                             ? integer.getValue().zext(8)
                                             : integer.getValue());
      values.push_back(value);
    }
    return e.create<LLVM::GlobalOp>(
        LLVM::LLVMArrayType::get(stored, numElements), /*isConstant=*/true,
        LLVM::Linkage::Internal, name, DenseElementsAttr::get(flat, values),
        /*alignment=*/16, kGlobalSpace);
  }
};

//===----------------------------------------------------------------------===//
// Integer division that rounds down or up
//===----------------------------------------------------------------------===//

// The quotient truncates; it is one too large (small) where there is a
// remainder and the exact quotient is negative (positive).
struct FloorDivPattern : ElementwisePattern<arith::FloorDivSIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::FloorDivSIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    Value lhs = operands[0], rhs = operands[1];
    std::optional<int64_t> divisor = getConstantInteger(rhs);
    if (divisor && *divisor > 0 && llvm::isPowerOf2_64(*divisor))
      return e.create<LLVM::AShrOp>(
          lhs, e.getInteger(type, llvm::Log2_64(*divisor)));
    Value zero = e.getInteger(type, 0);
    Value quotient = e.create<LLVM::SDivOp>(lhs, rhs);
    Value remainder = e.create<LLVM::SRemOp>(lhs, rhs);
    Value isInexact = e.compare(LLVM::ICmpPredicate::ne, remainder, zero);
    Value isNegative =
        e.compare(LLVM::ICmpPredicate::slt, e.bitXor(remainder, rhs), zero);
    Value correction =
        e.create<LLVM::SExtOp>(type, e.bitAnd(isInexact, isNegative));
    return type.isInteger(1) ? quotient : e.add(quotient, correction);
  }
};

struct CeilDivPattern : ElementwisePattern<arith::CeilDivSIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::CeilDivSIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    Value lhs = operands[0], rhs = operands[1];
    Value zero = e.getInteger(type, 0);
    Value quotient = e.create<LLVM::SDivOp>(lhs, rhs);
    Value remainder = e.create<LLVM::SRemOp>(lhs, rhs);
    Value isInexact = e.compare(LLVM::ICmpPredicate::ne, remainder, zero);
    Value isPositive =
        e.compare(LLVM::ICmpPredicate::sge, e.bitXor(remainder, rhs), zero);
    Value correction =
        e.create<LLVM::ZExtOp>(type, e.bitAnd(isInexact, isPositive));
    return type.isInteger(1) ? quotient : e.add(quotient, correction);
  }
};

struct CeilDivUnsignedPattern : ElementwisePattern<arith::CeilDivUIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::CeilDivUIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    Value quotient = e.create<LLVM::UDivOp>(operands[0], operands[1]);
    Value remainder = e.create<LLVM::URemOp>(operands[0], operands[1]);
    Value isInexact =
        e.compare(LLVM::ICmpPredicate::ne, remainder, e.getInteger(type, 0));
    return e.add(quotient, e.create<LLVM::ZExtOp>(type, isInexact));
  }
};

//===----------------------------------------------------------------------===//
// Comparison and selection
//===----------------------------------------------------------------------===//

// The enumerations of arith and LLVM have the same cases in the same order.
struct CompareIntegersPattern : ElementwisePattern<arith::CmpIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::CmpIOp op, Emitter &e, Type,
             ValueRange operands) const override {
    return e.compare(static_cast<LLVM::ICmpPredicate>(op.getPredicate()),
                     operands[0], operands[1]);
  }
};

struct CompareFloatsPattern : ElementwisePattern<arith::CmpFOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::CmpFOp op, Emitter &e, Type,
             ValueRange operands) const override {
    return e.create<LLVM::FCmpOp>(
        static_cast<LLVM::FCmpPredicate>(op.getPredicate()), operands[0],
        operands[1]);
  }
};

/// A scalar condition chooses between whole tiles.
struct SelectPattern : TkgPattern<arith::SelectOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(arith::SelectOp, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    ValueRange conditions = adaptor.getCondition();
    SmallVector<Value> results;
    for (auto [r, pair] : llvm::enumerate(
             llvm::zip_equal(adaptor.getTrueValue(), adaptor.getFalseValue())))
      results.push_back(
          e.select(conditions.size() == 1 ? conditions[0] : conditions[r],
                   std::get<0>(pair), std::get<1>(pair)));
    return results;
  }
};

//===----------------------------------------------------------------------===//
// Casts of arith
//===----------------------------------------------------------------------===//

struct IndexCastPattern : ElementwisePattern<arith::IndexCastOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::IndexCastOp, Emitter &e, Type type,
             ValueRange operands) const override {
    return e.resize(operands[0], type);
  }
};

struct IndexCastUnsignedPattern : ElementwisePattern<arith::IndexCastUIOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::IndexCastUIOp, Emitter &e, Type type,
             ValueRange operands) const override {
    unsigned from = operands[0].getType().getIntOrFloatBitWidth();
    return from < type.getIntOrFloatBitWidth() ? e.zeroExtend(operands[0], type)
                                               : e.resize(operands[0], type);
  }
};

struct BitcastPattern : ElementwisePattern<arith::BitcastOp> {
  using ElementwisePattern::ElementwisePattern;

  Value emit(arith::BitcastOp, Emitter &e, Type type,
             ValueRange operands) const override {
    return e.bitcast(operands[0], type);
  }
};

//===----------------------------------------------------------------------===//
// Ops with two results
//===----------------------------------------------------------------------===//

/// The low and the high half of a product, by one of twice the width.
template <typename OpT, typename ExtendOpT>
struct ExtendedMulPattern : OpConversionPattern<OpT> {
  ExtendedMulPattern(LoweringContext &context)
      : OpConversionPattern<OpT>(context.getTypeConverter(),
                                 context.getMLIRContext()) {}
  using OneToNOpAdaptor = typename OpConversionPattern<OpT>::OneToNOpAdaptor;

  LogicalResult
  matchAndRewrite(OpT op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Emitter e(rewriter, op.getLoc());
    Type type = convertElementType(getElementTypeOrSelf(op.getLow().getType()));
    unsigned width = type.getIntOrFloatBitWidth();
    Type wide = rewriter.getIntegerType(2 * width);
    SmallVector<SmallVector<Value>> results(2);
    for (auto [lhs, rhs] :
         llvm::zip_equal(adaptor.getLhs(), adaptor.getRhs())) {
      Value product = e.create<LLVM::MulOp>(e.create<ExtendOpT>(wide, lhs),
                                            e.create<ExtendOpT>(wide, rhs));
      results[0].push_back(e.truncate(product, type));
      results[1].push_back(e.truncate(e.shiftRight(product, width), type));
    }
    rewriter.replaceOpWithMultiple(op, std::move(results));
    return success();
  }
};
} // namespace

void mlir::tkg::populateElementwisePatterns(LoweringContext &context,
                                            RewritePatternSet &patterns) {
  patterns.add<BitcastPattern, CeilDivPattern, CeilDivUnsignedPattern,
               CompareFloatsPattern, CompareIntegersPattern, ConstantPattern,
               FloorDivPattern, IndexCastPattern, IndexCastUnsignedPattern,
               SelectPattern>(context);
  patterns.add<FoldingPattern<arith::AddIOp, &Emitter::add>,
               FoldingPattern<arith::AndIOp, &Emitter::bitAnd>,
               FoldingPattern<arith::MulIOp, &Emitter::mul>,
               FoldingPattern<arith::OrIOp, &Emitter::bitOr>,
               FoldingPattern<arith::SubIOp, &Emitter::sub>,
               FoldingPattern<arith::XOrIOp, &Emitter::bitXor>>(context);
  patterns.add<DirectPattern<arith::AddFOp, LLVM::FAddOp>,
               DirectPattern<arith::DivSIOp, LLVM::SDivOp>,
               DirectPattern<arith::DivUIOp, LLVM::UDivOp>,
               DirectPattern<arith::MaximumFOp, LLVM::MaximumOp>,
               DirectPattern<arith::MaxNumFOp, LLVM::MaxNumOp>,
               DirectPattern<arith::MaxSIOp, LLVM::SMaxOp>,
               DirectPattern<arith::MaxUIOp, LLVM::UMaxOp>,
               DirectPattern<arith::MinimumFOp, LLVM::MinimumOp>,
               DirectPattern<arith::MinNumFOp, LLVM::MinNumOp>,
               DirectPattern<arith::MinSIOp, LLVM::SMinOp>,
               DirectPattern<arith::MinUIOp, LLVM::UMinOp>,
               DirectPattern<arith::MulFOp, LLVM::FMulOp>,
               DirectPattern<arith::NegFOp, LLVM::FNegOp>,
               DirectPattern<arith::RemFOp, LLVM::FRemOp>,
               DirectPattern<arith::RemSIOp, LLVM::SRemOp>,
               DirectPattern<arith::RemUIOp, LLVM::URemOp>,
               DirectPattern<arith::ShLIOp, LLVM::ShlOp>,
               DirectPattern<arith::ShRSIOp, LLVM::AShrOp>,
               DirectPattern<arith::ShRUIOp, LLVM::LShrOp>,
               DirectPattern<arith::SubFOp, LLVM::FSubOp>>(context);
  patterns.add<DirectPattern<arith::ExtFOp, LLVM::FPExtOp>,
               DirectPattern<arith::ExtSIOp, LLVM::SExtOp>,
               DirectPattern<arith::ExtUIOp, LLVM::ZExtOp>,
               DirectPattern<arith::FPToSIOp, LLVM::FPToSIOp>,
               DirectPattern<arith::FPToUIOp, LLVM::FPToUIOp>,
               DirectPattern<arith::SIToFPOp, LLVM::SIToFPOp>,
               DirectPattern<arith::TruncFOp, LLVM::FPTruncOp>,
               DirectPattern<arith::TruncIOp, LLVM::TruncOp>,
               DirectPattern<arith::UIToFPOp, LLVM::UIToFPOp>>(context);
  patterns.add<ExtendedMulPattern<arith::MulSIExtendedOp, LLVM::SExtOp>,
               ExtendedMulPattern<arith::MulUIExtendedOp, LLVM::ZExtOp>>(
      context);
}
