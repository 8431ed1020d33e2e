//===- GenerateExpr.cpp - typed expressions to operations -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyGenerator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Frontend/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::tk;

static Location makeLocation(const llvm::SourceMgr &sourceMgr, unsigned buffer,
                             LineColumn place, MLIRContext *context) {
  return FileLineColLoc::get(
      context, sourceMgr.getMemoryBuffer(buffer)->getBufferIdentifier(),
      place.line, place.column);
}

Location mlir::tk::getLocation(const llvm::SourceMgr &sourceMgr,
                               SourceRange range, MLIRContext *context) {
  unsigned buffer =
      range.isValid() ? sourceMgr.FindBufferContainingLoc(range.Start) : 0;
  if (buffer == 0)
    return UnknownLoc::get(context);
  return makeLocation(sourceMgr, buffer, getLineColumn(sourceMgr, range.Start),
                      context);
}

/// The columns of a line are counted once, and not for each of its operations:
/// a program may be one long line.
Location BodyGenerator::getLoc(SourceRange range) {
  unsigned buffer =
      range.isValid() ? sourceMgr.FindBufferContainingLoc(range.Start) : 0;
  if (buffer == 0)
    return UnknownLoc::get(builder.getContext());
  const char *start = range.Start.getPointer();
  const char *last = lastStart.getPointer();
  StringRef between;
  if (buffer == lastBuffer)
    between = StringRef(std::min(start, last),
                        std::max(start, last) - std::min(start, last));
  constexpr size_t kNear = 4096;
  bool isNear = buffer == lastBuffer && between.size() <= kNear &&
                !between.contains('\n');
  if (!isNear)
    lastPlace = getLineColumn(sourceMgr, range.Start);
  else if (start > last)
    lastPlace.column += countCharacters(between);
  else
    lastPlace.column -= countCharacters(between);
  lastStart = range.Start;
  lastBuffer = buffer;
  return makeLocation(sourceMgr, buffer, lastPlace, builder.getContext());
}

void mlir::tk::flattenType(const ValueType &type, MLIRContext *context,
                           SmallVectorImpl<Type> &types) {
  if (type.isVoid())
    return;
  if (!type.isTuple()) {
    types.push_back(convertType(type, context));
    return;
  }
  for (const ValueType &element : type.getElements())
    flattenType(element, context, types);
}

static unsigned getNumLeaves(const ValueType &type) {
  if (type.isVoid())
    return 0;
  if (!type.isTuple())
    return 1;
  unsigned count = 0;
  for (const ValueType &element : type.getElements())
    count += getNumLeaves(element);
  return count;
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value BodyGenerator::makeConstant(Location loc, Type type,
                                  const ConstValue &value,
                                  ElementType element) {
  Type scalar = getElementTypeOrSelf(type);
  TypedAttr attr;
  if (const bool *truth = value.getBool())
    attr = builder.getBoolAttr(*truth);
  else if (const llvm::APFloat *number = value.getFloat())
    attr = FloatAttr::get(scalar, *number);
  else
    attr = IntegerAttr::get(
        scalar, llvm::APInt(getBitWidth(element.scalar),
                            static_cast<uint64_t>(*value.getInteger()),
                            /*isSigned=*/false, /*implicitTrunc=*/true));
  if (auto tile = dyn_cast<RankedTensorType>(type))
    attr = DenseElementsAttr::get(tile, Attribute(attr));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value BodyGenerator::makeZero(Location loc, Type type) {
  TypedAttr attr = builder.getZeroAttr(type);
  if (attr)
    return arith::ConstantOp::create(builder, loc, attr);
  emitError(loc) << "a value of " << type
                 << " cannot be returned from inside a loop";
  return nullptr;
}

Value BodyGenerator::generateConstant(const TypedConstant &expr) {
  return makeConstant(getLoc(expr.range), convert(expr.type), expr.value,
                      expr.type.getElement());
}

//===----------------------------------------------------------------------===//
// Dispatch
//===----------------------------------------------------------------------===//

SmallVector<Value> BodyGenerator::generate(const TypedExpr &expr) {
  switch (expr.kind) {
  case TypedExpr::Kind::Access:
    return {generateAccess(cast<TypedAccess>(expr))};
  case TypedExpr::Kind::Atomic:
    return generateAtomic(cast<TypedAtomic>(expr));
  case TypedExpr::Kind::Call:
    return generateCall(cast<TypedCall>(expr));
  case TypedExpr::Kind::Cast:
    return {generateCast(cast<TypedCast>(expr))};
  case TypedExpr::Kind::Constant:
    return {generateConstant(cast<TypedConstant>(expr))};
  case TypedExpr::Kind::Dot:
    return {generateDot(cast<TypedDot>(expr))};
  case TypedExpr::Kind::Error:
    llvm_unreachable("nothing is generated after an error");
  case TypedExpr::Kind::Field: {
    auto &field = cast<TypedField>(expr);
    SmallVector<Value> tuple = generate(*field.tuple);
    unsigned begin = 0;
    for (unsigned i = 0; i < field.index; ++i)
      begin += getNumLeaves(field.tuple->type.getElements()[i]);
    return SmallVector<Value>(
        ArrayRef(tuple).slice(begin, getNumLeaves(field.type)));
  }
  case TypedExpr::Kind::If:
    return generateIf(cast<TypedIf>(expr));
  case TypedExpr::Kind::Op:
    return {generateOperation(cast<TypedOperation>(expr))};
  case TypedExpr::Kind::Reduce:
    return generateReduce(cast<TypedReduce>(expr));
  case TypedExpr::Kind::Subview:
    return {generateSubview(cast<TypedSubview>(expr))};
  case TypedExpr::Kind::Tuple: {
    SmallVector<Value> flattened;
    for (TypedExpr *element : cast<TypedTuple>(expr).elements)
      llvm::append_range(flattened, generate(*element));
    return flattened;
  }
  case TypedExpr::Kind::Variable: {
    auto found = values.find(cast<TypedVariable>(expr).variable);
    assert(found != values.end() && "checking binds before use");
    return found->second;
  }
  }
  llvm_unreachable("every kind is handled");
}

//===----------------------------------------------------------------------===//
// Elementwise operations
//===----------------------------------------------------------------------===//

Value BodyGenerator::generateUnary(const TypedOperation &expr, Value operand) {
  Location loc = getLoc(expr.range);
  ElementType element = expr.operands[0]->type.getElement();
  auto fast =
      expr.isFast ? arith::FastMathFlags::afn : arith::FastMathFlags::none;
  switch (expr.op) {
  case TypedOp::Abs:
    if (element.isFloat())
      return math::AbsFOp::create(builder, loc, operand);
    return math::AbsIOp::create(builder, loc, operand);
  case TypedOp::BitNot:
    return arith::XOrIOp::create(
        builder, loc, operand,
        makeConstant(loc, operand.getType(), ConstValue::integer(-1), element));
  case TypedOp::Ceil:
    return math::CeilOp::create(builder, loc, operand);
  case TypedOp::Cos:
    return math::CosOp::create(builder, loc, operand, fast);
  case TypedOp::Erf:
    return math::ErfOp::create(builder, loc, operand);
  case TypedOp::Exp:
    return math::ExpOp::create(builder, loc, operand, fast);
  case TypedOp::Exp2:
    return math::Exp2Op::create(builder, loc, operand, fast);
  case TypedOp::Floor:
    return math::FloorOp::create(builder, loc, operand);
  case TypedOp::IsFinite:
    return math::IsFiniteOp::create(builder, loc, operand);
  case TypedOp::IsInf:
    return math::IsInfOp::create(builder, loc, operand);
  case TypedOp::IsNan:
    return math::IsNaNOp::create(builder, loc, operand);
  case TypedOp::Log:
    return math::LogOp::create(builder, loc, operand, fast);
  case TypedOp::Log2:
    return math::Log2Op::create(builder, loc, operand, fast);
  case TypedOp::LogicalNot:
    return arith::XOrIOp::create(builder, loc, operand,
                                 makeConstant(loc, operand.getType(),
                                              ConstValue::boolean(true),
                                              element));
  case TypedOp::Negate:
    if (element.isFloat())
      return arith::NegFOp::create(builder, loc, operand);
    return arith::SubIOp::create(
        builder, loc,
        makeConstant(loc, operand.getType(), ConstValue::integer(0), element),
        operand);
  case TypedOp::Round:
    return math::RoundEvenOp::create(builder, loc, operand);
  case TypedOp::Rsqrt:
    return math::RsqrtOp::create(builder, loc, operand, fast);
  case TypedOp::Sin:
    return math::SinOp::create(builder, loc, operand, fast);
  case TypedOp::Sqrt:
    return math::SqrtOp::create(builder, loc, operand, fast);
  default:
    assert(expr.op == TypedOp::Tanh && "every unary operation is handled");
    return math::TanhOp::create(builder, loc, operand, fast);
  }
}

Value BodyGenerator::generateFloat(const TypedOperation &expr,
                                   ValueRange operands) {
  Location loc = getLoc(expr.range);
  Value lhs = operands[0], rhs = operands[1];
  switch (expr.op) {
  case TypedOp::Add:
    return arith::AddFOp::create(builder, loc, lhs, rhs);
  case TypedOp::Subtract:
    return arith::SubFOp::create(builder, loc, lhs, rhs);
  case TypedOp::Multiply:
    return arith::MulFOp::create(builder, loc, lhs, rhs);
  case TypedOp::Divide:
    return arith::DivFOp::create(builder, loc, lhs, rhs,
                                 expr.isFast ? arith::FastMathFlags::arcp |
                                                   arith::FastMathFlags::afn
                                             : arith::FastMathFlags::none);
  case TypedOp::Max:
    return arith::MaximumFOp::create(builder, loc, lhs, rhs);
  case TypedOp::MaxNum:
    return arith::MaxNumFOp::create(builder, loc, lhs, rhs);
  case TypedOp::Min:
    return arith::MinimumFOp::create(builder, loc, lhs, rhs);
  default:
    assert(expr.op == TypedOp::MinNum && "every float operation is handled");
    return arith::MinNumFOp::create(builder, loc, lhs, rhs);
  }
}

Value BodyGenerator::generateInteger(const TypedOperation &expr,
                                     ValueRange operands) {
  Location loc = getLoc(expr.range);
  Value lhs = operands[0], rhs = operands[1];
  bool isUnsigned = expr.operands[0]->type.getElement().isUnsigned();
  switch (expr.op) {
  case TypedOp::Add:
    return arith::AddIOp::create(builder, loc, lhs, rhs);
  case TypedOp::And:
    return arith::AndIOp::create(builder, loc, lhs, rhs);
  case TypedOp::CeilDivide:
    if (isUnsigned)
      return arith::CeilDivUIOp::create(builder, loc, lhs, rhs);
    return arith::CeilDivSIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Divide:
    if (isUnsigned)
      return arith::DivUIOp::create(builder, loc, lhs, rhs);
    return arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Max:
    if (isUnsigned)
      return arith::MaxUIOp::create(builder, loc, lhs, rhs);
    return arith::MaxSIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Min:
    if (isUnsigned)
      return arith::MinUIOp::create(builder, loc, lhs, rhs);
    return arith::MinSIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Multiply:
    return arith::MulIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Or:
    return arith::OrIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Remainder: {
    if (isUnsigned)
      return arith::RemUIOp::create(builder, loc, lhs, rhs);
    // The remainder of a flooring division has the sign of the divisor.
    Value quotient = arith::FloorDivSIOp::create(builder, loc, lhs, rhs);
    Value product = arith::MulIOp::create(builder, loc, quotient, rhs);
    return arith::SubIOp::create(builder, loc, lhs, product);
  }
  case TypedOp::ShiftLeft:
    return arith::ShLIOp::create(builder, loc, lhs, rhs);
  case TypedOp::ShiftRight:
    if (isUnsigned)
      return arith::ShRUIOp::create(builder, loc, lhs, rhs);
    return arith::ShRSIOp::create(builder, loc, lhs, rhs);
  case TypedOp::Subtract:
    return arith::SubIOp::create(builder, loc, lhs, rhs);
  default:
    assert(expr.op == TypedOp::Xor && "every integer operation is handled");
    return arith::XOrIOp::create(builder, loc, lhs, rhs);
  }
}

Value BodyGenerator::generateCompare(const TypedOperation &expr,
                                     ValueRange operands) {
  Location loc = getLoc(expr.range);
  ElementType element = expr.operands[0]->type.getElement();
  static const struct {
    TypedOp op;
    arith::CmpFPredicate ofFloats;
    arith::CmpIPredicate ofSigned, ofUnsigned;
  } kPredicates[] = {
      {TypedOp::Equal, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq,
       arith::CmpIPredicate::eq},
      // A NaN differs from everything.
      {TypedOp::NotEqual, arith::CmpFPredicate::UNE, arith::CmpIPredicate::ne,
       arith::CmpIPredicate::ne},
      {TypedOp::Less, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt,
       arith::CmpIPredicate::ult},
      {TypedOp::LessEqual, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle,
       arith::CmpIPredicate::ule},
      {TypedOp::Greater, arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt,
       arith::CmpIPredicate::ugt},
      {TypedOp::GreaterEqual, arith::CmpFPredicate::OGE,
       arith::CmpIPredicate::sge, arith::CmpIPredicate::uge},
  };
  const auto *found = llvm::find_if(
      kPredicates, [&](const auto &p) { return p.op == expr.op; });
  if (element.isFloat())
    return arith::CmpFOp::create(builder, loc, found->ofFloats, operands[0],
                                 operands[1]);
  return arith::CmpIOp::create(
      builder, loc, element.isUnsigned() ? found->ofUnsigned : found->ofSigned,
      operands[0], operands[1]);
}

Value BodyGenerator::generateElementwise(const TypedOperation &expr,
                                         ValueRange operands) {
  if (expr.op == TypedOp::Fma)
    return math::FmaOp::create(builder, getLoc(expr.range), operands[0],
                               operands[1], operands[2]);
  if (expr.op == TypedOp::Select)
    return arith::SelectOp::create(builder, getLoc(expr.range), operands[0],
                                   operands[1], operands[2]);
  if (expr.op <= TypedOp::Tanh)
    return generateUnary(expr, operands[0]);
  switch (expr.op) {
  case TypedOp::Equal:
  case TypedOp::Greater:
  case TypedOp::GreaterEqual:
  case TypedOp::Less:
  case TypedOp::LessEqual:
  case TypedOp::NotEqual:
    return generateCompare(expr, operands);
  default:
    break;
  }
  if (expr.operands[0]->type.getElement().isFloat())
    return generateFloat(expr, operands);
  return generateInteger(expr, operands);
}

//===----------------------------------------------------------------------===//
// Shapes, views and the grid
//===----------------------------------------------------------------------===//

Value BodyGenerator::generateShape(const TypedOperation &expr,
                                   ValueRange operands) {
  Location loc = getLoc(expr.range);
  Type type = convert(expr.type);
  auto axis = [&] { return static_cast<int32_t>(expr.axes[0]); };
  switch (expr.op) {
  case TypedOp::Arange:
    return ArangeOp::create(builder, loc, type);
  case TypedOp::Bitcast:
    return arith::BitcastOp::create(builder, loc, type, operands[0]);
  case TypedOp::Broadcast:
    return BroadcastOp::create(builder, loc, type, operands[0]);
  case TypedOp::Dim:
    return DimOp::create(builder, loc, type, operands[0], axis());
  case TypedOp::ExpandDims:
    return ExpandDimsOp::create(builder, loc, type, operands[0], axis());
  case TypedOp::Gather:
    return GatherOp::create(builder, loc, type, operands[0], operands[1],
                            axis());
  case TypedOp::MakeView: {
    size_t rank = (operands.size() - 1) / 2;
    return MakeViewOp::create(builder, loc, type, operands[0],
                              operands.slice(1, rank),
                              operands.slice(1 + rank, rank));
  }
  case TypedOp::NumPrograms:
    return NumProgramsOp::create(builder, loc, type, axis());
  case TypedOp::PointerAdd:
    return PtrAddOp::create(builder, loc, type, operands[0], operands[1]);
  case TypedOp::PointerLoad:
    return LoadOp::create(builder, loc, type, operands[0],
                          operands.size() > 1 ? operands[1] : Value(),
                          operands.size() > 2 ? operands[2] : Value());
  case TypedOp::ProgramId:
    return ProgramIdOp::create(builder, loc, type, axis());
  case TypedOp::Reshape:
    return ReshapeOp::create(builder, loc, type, operands[0]);
  case TypedOp::Splat:
    return SplatOp::create(builder, loc, type, operands[0]);
  case TypedOp::Stride:
    return StrideOp::create(builder, loc, type, operands[0], axis());
  default: {
    assert(expr.op == TypedOp::Trans && "every operation is handled");
    SmallVector<int32_t> permutation(expr.axes.begin(), expr.axes.end());
    return TransOp::create(builder, loc, type, operands[0], permutation);
  }
  }
}

Value BodyGenerator::generateOperation(const TypedOperation &expr) {
  // A tile of one constant is a constant.
  if (expr.op == TypedOp::Splat)
    if (auto *constant = dyn_cast<TypedConstant>(expr.operands[0]))
      return makeConstant(getLoc(expr.range), convert(expr.type),
                          constant->value, expr.type.getElement());
  SmallVector<Value> operands;
  for (TypedExpr *operand : expr.operands)
    operands.push_back(generateOne(*operand));
  bool isElementwise = expr.op <= TypedOp::Select;
  return isElementwise ? generateElementwise(expr, operands)
                       : generateShape(expr, operands);
}

/// True if some value of `from` is none of `to`.
static bool mayNotFit(ElementType from, ElementType to) {
  unsigned fromBits = getBitWidth(from.scalar) - !from.isUnsigned();
  unsigned toBits = getBitWidth(to.scalar) - !to.isUnsigned();
  return fromBits > toBits || (!from.isUnsigned() && to.isUnsigned());
}

Value BodyGenerator::generateCast(const TypedCast &expr) {
  Location loc = getLoc(expr.range);
  Value operand = generateOne(*expr.operand);
  ElementType from = expr.operand->type.getElement();
  ElementType to = expr.type.getElement();
  if (to.isBool()) {
    Value zero = makeZero(loc, operand.getType());
    if (from.isFloat())
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE,
                                   operand, zero);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                 operand, zero);
  }
  RoundingAttr rounding;
  if (expr.rounding)
    rounding = RoundingAttr::get(builder.getContext(), *expr.rounding);
  bool areIntegers = !from.isFloat() && !to.isFloat();
  auto flag = [&](bool isSet) {
    return isSet ? builder.getUnitAttr() : UnitAttr();
  };
  return CastOp::create(builder, loc, convert(expr.type), operand, rounding,
                        flag(expr.saturates),
                        flag(areIntegers && mayNotFit(from, to)),
                        flag(from.isUnsigned()), flag(to.isUnsigned()));
}

void BodyGenerator::generateItems(const std::vector<TypedItem> &items,
                                  SmallVectorImpl<Value> &indices,
                                  SmallVectorImpl<int64_t> &extents,
                                  SmallVectorImpl<bool> &inbounds) {
  for (const TypedItem &item : items) {
    indices.push_back(generateOne(*item.value));
    inbounds.push_back(item.isInbounds);
    switch (item.kind) {
    case TypedItem::Kind::Scalar:
      extents.push_back(kScalarItem);
      break;
    case TypedItem::Kind::Slice:
      extents.push_back(item.extent);
      break;
    case TypedItem::Kind::Gather:
      extents.push_back(kGatherItem);
      break;
    case TypedItem::Kind::Whole:
      llvm_unreachable("whole dimensions make views");
    }
  }
}

Value BodyGenerator::generateAccess(const TypedAccess &expr) {
  Location loc = getLoc(expr.range);
  Value view = generateOne(*expr.view);
  SmallVector<Value> indices;
  SmallVector<int64_t> extents;
  SmallVector<bool> inbounds;
  generateItems(expr.items, indices, extents, inbounds);
  Type type = convert(expr.type);
  switch (expr.access) {
  case TypedAccess::Access::Addresses:
    return AddressesOp::create(builder, loc, type, view, indices, extents);
  case TypedAccess::Access::Inside:
    return InsideOp::create(builder, loc, type, view, indices, extents);
  case TypedAccess::Access::Load:
    break;
  }
  Value pad = expr.pad ? generateOne(*expr.pad) : Value();
  DenseBoolArrayAttr flags;
  if (llvm::is_contained(inbounds, true))
    flags = builder.getDenseBoolArrayAttr(inbounds);
  return LoadViewOp::create(builder, loc, type, view, indices, pad,
                            builder.getDenseI64ArrayAttr(extents), flags);
}

Value BodyGenerator::generateSubview(const TypedSubview &expr) {
  Value view = generateOne(*expr.view);
  SmallVector<int64_t> kinds;
  SmallVector<Value> offsets, lengths;
  for (const TypedSubview::Item &item : expr.items) {
    kinds.push_back(item.kind);
    if (item.offset)
      offsets.push_back(generateOne(*item.offset));
    if (item.length)
      lengths.push_back(generateOne(*item.length));
  }
  return SubviewOp::create(builder, getLoc(expr.range), convert(expr.type),
                           view, kinds, offsets, lengths);
}

//===----------------------------------------------------------------------===//
// Dot, atomics, reductions and calls
//===----------------------------------------------------------------------===//

Value BodyGenerator::generateDot(const TypedDot &expr) {
  Value lhs = generateOne(*expr.lhs);
  Value rhs = generateOne(*expr.rhs);
  Value accumulator = generateOne(*expr.accumulator);
  auto isUnsigned = [](const TypedExpr *operand) {
    return operand->type.getElement().isUnsigned();
  };
  return DotOp::create(builder, getLoc(expr.range), convert(expr.type), lhs,
                       rhs, accumulator, expr.precision, isUnsigned(expr.lhs),
                       isUnsigned(expr.rhs));
}

SmallVector<Value> BodyGenerator::generateAtomic(const TypedAtomic &expr) {
  Location loc = getLoc(expr.range);
  Value pointer = generateOne(*expr.pointer);
  auto generateOptional = [&](const TypedExpr *operand) {
    return operand ? generateOne(*operand) : Value();
  };
  Value compare = generateOptional(expr.compare);
  Value value = generateOptional(expr.value);
  Value mask = generateOptional(expr.mask);
  MLIRContext *context = builder.getContext();
  auto order = MemoryOrderAttr::get(context, expr.order);
  auto scope = MemoryScopeAttr::get(context, expr.scope);
  switch (expr.operation) {
  case TypedAtomic::Operation::ReadModifyWrite:
    return {AtomicRMWOp::create(builder, loc, value.getType(),
                                AtomicKindAttr::get(context, expr.rmwKind),
                                order, scope, pointer, value, mask)};
  case TypedAtomic::Operation::CompareAndSwap:
    return {AtomicCASOp::create(builder, loc, value.getType(), order, scope,
                                pointer, compare, value, mask)};
  case TypedAtomic::Operation::Load:
    return {AtomicLoadOp::create(builder, loc, convert(expr.type), order, scope,
                                 pointer, mask)};
  case TypedAtomic::Operation::Store:
    AtomicStoreOp::create(builder, loc, order, scope, value, pointer, mask);
    return {};
  }
  llvm_unreachable("every operation is handled");
}

/// In a combiner, which is copied many times into one reduction:
///   scf.if %c -> (f32) { a } else { b }  ->  a; b; arith.select %c
/// What may not be computed ahead, such as an integer division, stays.
static void flattenIfs(Block &combiner) {
  SmallVector<scf::IfOp> ifOps;
  combiner.walk([&](scf::IfOp ifOp) { ifOps.push_back(ifOp); });
  // Divisions by zero are undefined, though some are declared pure; so are
  // wide shifts, and the interpreter reports casts that lose the value.
  auto isPartialOp = [](Operation &op) {
    if (auto cast = dyn_cast<CastOp>(op))
      return cast.getChecked();
    return isa<arith::CeilDivSIOp, arith::CeilDivUIOp, arith::DivSIOp,
               arith::DivUIOp, arith::FloorDivSIOp, arith::RemSIOp,
               arith::RemUIOp, arith::ShLIOp, arith::ShRSIOp, arith::ShRUIOp>(
        op);
  };
  auto canBeAhead = [&](Block *arm) {
    return !arm || llvm::all_of(arm->without_terminator(), [&](Operation &op) {
      return isPure(&op) && op.getNumRegions() == 0 && !isPartialOp(op);
    });
  };
  // Inner ifs come first.
  for (scf::IfOp ifOp : ifOps) {
    if (!canBeAhead(ifOp.thenBlock()) || !canBeAhead(ifOp.elseBlock()))
      continue;
    OpBuilder builder(ifOp);
    for (Block *arm : {ifOp.thenBlock(), ifOp.elseBlock()})
      if (arm)
        for (Operation &op :
             llvm::make_early_inc_range(arm->without_terminator()))
          op.moveBefore(ifOp);
    for (OpResult result : ifOp.getResults()) {
      unsigned number = result.getResultNumber();
      result.replaceAllUsesWith(
          arith::SelectOp::create(builder, ifOp.getLoc(), ifOp.getCondition(),
                                  ifOp.thenYield().getOperand(number),
                                  ifOp.elseYield().getOperand(number)));
    }
    ifOp.erase();
  }
}

SmallVector<Value> BodyGenerator::generateReduce(const TypedReduce &expr) {
  Location loc = getLoc(expr.range);
  SmallVector<Value> sources = generate(*expr.operand);
  SmallVector<Type> types, scalars;
  flattenType(expr.type, builder.getContext(), types);
  for (Value source : sources)
    scalars.push_back(getElementTypeOrSelf(source.getType()));
  auto reduce = ReduceOp::create(builder, loc, types, sources,
                                 static_cast<int32_t>(expr.axis));
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&reduce.getCombiner());
  SmallVector<Location> locs(sources.size(), loc);
  block->addArguments(scalars, locs);
  block->addArguments(scalars, locs);
  define(expr.lhs, block->getArguments().take_front(sources.size()));
  define(expr.rhs, block->getArguments().drop_front(sources.size()));
  llvm::SaveAndRestore saved(inlinesCalls, true);
  YieldOp::create(builder, loc, generateBlock(*expr.combiner));
  flattenIfs(*block);
  return SmallVector<Value>(reduce.getResults());
}

SmallVector<Value> BodyGenerator::generateCall(const TypedCall &expr) {
  SmallVector<Value> args;
  SmallVector<SmallVector<Value>> argsOfParams;
  for (TypedExpr *arg : expr.args) {
    argsOfParams.push_back(generate(*arg));
    llvm::append_range(args, argsOfParams.back());
  }
  if (inlinesCalls) {
    // The variables of this copy must not meet those of another.
    auto saved = values;
    for (auto [param, value] :
         llvm::zip_equal(expr.callee->params, argsOfParams))
      define(param, value);
    SmallVector<Value> result = generateBlock(*expr.callee->body);
    values = std::move(saved);
    return result;
  }
  SmallVector<Type> types;
  flattenType(expr.type, builder.getContext(), types);
  auto call = func::CallOp::create(builder, getLoc(expr.range),
                                   expr.callee->symbolName, types, args);
  return SmallVector<Value>(call.getResults());
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

/// True if computing `expr` needlessly is cheap, and harmless if it is not
/// partial.
static bool mayCompute(const TypedExpr &expr) {
  if (!expr.type.isScalar() && !expr.type.isTuple())
    return false;
  switch (expr.kind) {
  case TypedExpr::Kind::Constant:
  case TypedExpr::Kind::Variable:
    return true;
  case TypedExpr::Kind::Cast:
    return mayCompute(*cast<TypedCast>(expr).operand);
  case TypedExpr::Kind::Field:
    return mayCompute(*cast<TypedField>(expr).tuple);
  case TypedExpr::Kind::Tuple:
    return llvm::all_of(
        cast<TypedTuple>(expr).elements,
        [](TypedExpr *element) { return mayCompute(*element); });
  case TypedExpr::Kind::Op: {
    auto &operation = cast<TypedOperation>(expr);
    return operation.op <= TypedOp::Select &&
           llvm::all_of(operation.operands, [](TypedExpr *operand) {
             return mayCompute(*operand);
           });
  }
  case TypedExpr::Kind::If: {
    auto &inner = cast<TypedIf>(expr);
    return mayCompute(*inner.condition) && inner.thenBlock->stmts.empty() &&
           inner.elseBlock->stmts.empty() &&
           mayCompute(*inner.thenBlock->value) &&
           mayCompute(*inner.elseBlock->value);
  }
  default:
    return false;
  }
}

SmallVector<Value> BodyGenerator::generateIf(const TypedIf &expr) {
  if (auto *constant = dyn_cast<TypedConstant>(expr.condition))
    return generateBlock(*constant->value.getBool() ? *expr.thenBlock
                                                    : *expr.elseBlock);
  Location loc = getLoc(expr.range);
  Value condition = generateOne(*expr.condition);
  auto isSimpleArm = [](const TypedBlock &arm) {
    return arm.stmts.empty() && mayCompute(*arm.value) &&
           !isPartial(*arm.value);
  };
  bool isSimple = isSimpleArm(*expr.thenBlock) && isSimpleArm(*expr.elseBlock);
  SmallVector<Type> types;
  flattenType(expr.type, builder.getContext(), types);
  if (!isSimple)
    return generateBranches(loc, condition, *expr.thenBlock, expr.elseBlock,
                            types);
  SmallVector<Value> results;
  for (auto [yes, no] : llvm::zip_equal(generate(*expr.thenBlock->value),
                                        generate(*expr.elseBlock->value)))
    results.push_back(
        arith::SelectOp::create(builder, loc, condition, yes, no));
  return results;
}
