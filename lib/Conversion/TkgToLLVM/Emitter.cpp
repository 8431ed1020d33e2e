//===- Emitter.cpp - builds LLVM dialect ops, folding what is constant ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/Emitter.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tkg;

std::optional<int64_t> mlir::tkg::getConstantInteger(Value value) {
  IntegerAttr attr;
  if (value && matchPattern(value, m_Constant(&attr)) &&
      attr.getValue().getBitWidth() <= 64)
    return attr.getValue().getSExtValue();
  return std::nullopt;
}

int64_t mlir::tkg::getSizeInBytes(Type element) {
  if (isa<LLVM::LLVMPointerType>(element))
    return 8;
  return llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

Type Emitter::getTuple(ArrayRef<Type> types) {
  if (types.empty())
    return LLVM::LLVMVoidType::get(getContext());
  if (types.size() == 1)
    return types.front();
  return LLVM::LLVMStructType::getLiteral(getContext(), types);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value Emitter::getInteger(Type type, int64_t value) {
  unsigned width = type.getIntOrFloatBitWidth();
  return getConstant(type, rewriter.getIntegerAttr(
                               type, llvm::APInt(width, value, true, true)));
}

Value Emitter::getConstant(Type type, TypedAttr value) {
  return create<LLVM::ConstantOp>(type, value);
}

Value Emitter::getFloat(Type type, const llvm::APFloat &value) {
  llvm::APFloat converted = value;
  bool losesInfo;
  converted.convert(cast<FloatType>(type).getFloatSemantics(),
                    llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return getConstant(type, rewriter.getFloatAttr(type, converted));
}

Value Emitter::getZero(Type type) {
  if (isa<IntegerType>(type))
    return getInteger(type, 0);
  return create<LLVM::ZeroOp>(type);
}

Value Emitter::getPoison(Type type) { return create<LLVM::PoisonOp>(type); }

//===----------------------------------------------------------------------===//
// Integer arithmetic that folds
//===----------------------------------------------------------------------===//

static bool isConstant(Value value, int64_t constant) {
  return getConstantInteger(value) == constant;
}

Value Emitter::add(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), int64_t(uint64_t(*l) + uint64_t(*r)));
  if (l == 0)
    return rhs;
  if (r == 0)
    return lhs;
  return create<LLVM::AddOp>(lhs, rhs);
}

Value Emitter::sub(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), int64_t(uint64_t(*l) - uint64_t(*r)));
  if (r == 0)
    return lhs;
  return create<LLVM::SubOp>(lhs, rhs);
}

Value Emitter::mul(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), int64_t(uint64_t(*l) * uint64_t(*r)));
  if (l == 0 || r == 1)
    return lhs;
  if (r == 0 || l == 1)
    return rhs;
  return create<LLVM::MulOp>(lhs, rhs);
}

Value Emitter::bitAnd(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), *l & *r);
  if (l == 0 || r == -1)
    return lhs;
  if (r == 0 || l == -1)
    return rhs;
  return create<LLVM::AndOp>(lhs, rhs);
}

Value Emitter::bitOr(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), *l | *r);
  if (l == 0 || r == -1)
    return rhs;
  if (r == 0 || l == -1)
    return lhs;
  return create<LLVM::OrOp>(lhs, rhs);
}

Value Emitter::bitXor(Value lhs, Value rhs) {
  std::optional<int64_t> l = getConstantInteger(lhs);
  std::optional<int64_t> r = getConstantInteger(rhs);
  if (l && r)
    return getInteger(lhs.getType(), *l ^ *r);
  if (l == 0)
    return rhs;
  if (r == 0)
    return lhs;
  return create<LLVM::XOrOp>(lhs, rhs);
}

Value Emitter::shiftLeft(Value value, unsigned amount) {
  if (amount == 0 || isConstant(value, 0))
    return value;
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return getInteger(value.getType(), int64_t(uint64_t(*constant) << amount));
  return create<LLVM::ShlOp>(value, getInteger(value.getType(), amount));
}

Value Emitter::shiftRight(Value value, unsigned amount) {
  if (amount == 0 || isConstant(value, 0))
    return value;
  return create<LLVM::LShrOp>(value, getInteger(value.getType(), amount));
}

Value Emitter::divideUnsigned(Value value, int64_t divisor) {
  if (llvm::isPowerOf2_64(divisor))
    return shiftRight(value, llvm::Log2_64(divisor));
  return create<LLVM::UDivOp>(value, getInteger(value.getType(), divisor));
}

Value Emitter::remainderUnsigned(Value value, int64_t divisor) {
  if (llvm::isPowerOf2_64(divisor))
    return bitAnd(value, getInteger(value.getType(), divisor - 1));
  return create<LLVM::URemOp>(value, getInteger(value.getType(), divisor));
}

Value Emitter::compare(LLVM::ICmpPredicate predicate, Value lhs, Value rhs) {
  return create<LLVM::ICmpOp>(predicate, lhs, rhs);
}

Value Emitter::select(Value condition, Value whenTrue, Value whenFalse) {
  if (whenTrue == whenFalse)
    return whenTrue;
  if (std::optional<int64_t> constant = getConstantInteger(condition))
    return *constant ? whenTrue : whenFalse;
  return create<LLVM::SelectOp>(condition, whenTrue, whenFalse);
}

Value Emitter::signExtend(Value value, Type type) {
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return getInteger(type, *constant);
  return create<LLVM::SExtOp>(type, value);
}

Value Emitter::zeroExtend(Value value, Type type) {
  unsigned width = value.getType().getIntOrFloatBitWidth();
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return getInteger(
        type,
        llvm::APInt(64, *constant, true).zextOrTrunc(width).getZExtValue());
  return create<LLVM::ZExtOp>(type, value);
}

Value Emitter::truncate(Value value, Type type) {
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return getInteger(type, *constant);
  return create<LLVM::TruncOp>(type, value);
}

Value Emitter::resize(Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from == to)
    return value;
  return from < to ? signExtend(value, type) : truncate(value, type);
}

Value Emitter::both(Value lhs, Value rhs) {
  if (!lhs)
    return rhs;
  if (!rhs)
    return lhs;
  return bitAnd(lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Emitter::bitcast(Value value, Type type) {
  if (value.getType() == type)
    return value;
  if (auto inner = value.getDefiningOp<LLVM::BitcastOp>();
      inner && inner.getArg().getType() == type)
    return inner.getArg();
  return create<LLVM::BitcastOp>(type, value);
}

Value Emitter::extractValue(Value aggregate, int64_t position) {
  return create<LLVM::ExtractValueOp>(aggregate, position);
}

Value Emitter::extractElement(Value vector, int64_t position) {
  return create<LLVM::ExtractElementOp>(vector, getI32Constant(position));
}

/// The vector whose elements, in order, are exactly `elements`; or null.
static Value findSplitVector(ArrayRef<Value> elements) {
  Value vector;
  for (auto [position, element] : llvm::enumerate(elements)) {
    auto extract = element.getDefiningOp<LLVM::ExtractElementOp>();
    if (!extract || (vector && extract.getVector() != vector) ||
        !isConstant(extract.getPosition(), position))
      return Value();
    vector = extract.getVector();
  }
  auto type = cast<VectorType>(vector.getType());
  return type.getNumElements() == int64_t(elements.size()) ? vector : Value();
}

Value Emitter::buildVector(ArrayRef<Value> elements) {
  if (Value vector = findSplitVector(elements))
    return vector;
  Type type = getVector(elements.size(), elements.front().getType());
  Value vector = getPoison(type);
  for (auto [position, element] : llvm::enumerate(elements))
    vector = create<LLVM::InsertElementOp>(vector, element,
                                           getI32Constant(position));
  return vector;
}

SmallVector<Value> Emitter::splitVector(Value vector) {
  SmallVector<Value> elements;
  for (int64_t i = 0, e = cast<VectorType>(vector.getType()).getNumElements();
       i < e; ++i)
    elements.push_back(extractElement(vector, i));
  return elements;
}

Value Emitter::getElementPointer(Value pointer, Type element, Value offset) {
  if (std::optional<int64_t> constant = getConstantInteger(offset))
    return getElementPointer(pointer, element, *constant);
  return create<LLVM::GEPOp>(pointer.getType(), element, pointer,
                             ArrayRef<LLVM::GEPArg>{offset});
}

Value Emitter::getElementPointer(Value pointer, Type element, int64_t offset) {
  if (offset == 0)
    return pointer;
  if (!llvm::isInt<32>(offset))
    return create<LLVM::GEPOp>(pointer.getType(), element, pointer,
                               ArrayRef<LLVM::GEPArg>{getI64Constant(offset)});
  return create<LLVM::GEPOp>(
      pointer.getType(), element, pointer,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
}

SmallVector<Value> Emitter::emitIf(Value predicate, ValueRange otherwise,
                                   function_ref<SmallVector<Value>()> emit) {
  if (!predicate)
    return emit();
  Block *before = rewriter.getInsertionBlock();
  Block *after = rewriter.splitBlock(before, rewriter.getInsertionPoint());
  SmallVector<Location> locs(otherwise.size(), loc);
  after->addArguments(otherwise.getTypes(), locs);
  Block *then = rewriter.createBlock(after);
  SmallVector<Value> values = emit();
  create<LLVM::BrOp>(values, after);
  rewriter.setInsertionPointToEnd(before);
  create<LLVM::CondBrOp>(predicate, then, ValueRange(), after, otherwise);
  rewriter.setInsertionPointToStart(after);
  return llvm::to_vector_of<Value>(after->getArguments());
}

Value Emitter::call(StringRef callee, Type result, ValueRange operands) {
  auto module = rewriter.getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (!SymbolTable::lookupSymbolIn(module, callee)) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(module.getBody());
    create<LLVM::LLVMFuncOp>(callee,
                             LLVM::LLVMFunctionType::get(
                                 result, llvm::to_vector(operands.getTypes())));
  }
  return create<LLVM::CallOp>(TypeRange(result),
                              FlatSymbolRefAttr::get(getContext(), callee),
                              operands)
      .getResult();
}

Value Emitter::callIntrinsic(StringRef name, Type result, ValueRange operands) {
  return create<LLVM::CallIntrinsicOp>(result, rewriter.getStringAttr(name),
                                       operands)
      .getResult(0);
}
