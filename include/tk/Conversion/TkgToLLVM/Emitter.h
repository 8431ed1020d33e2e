//===- Emitter.h - builds LLVM dialect ops, folding what is constant ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lowering writes one op for each register of a tile, so that what it does
// not write is time saved in LLVM. Address arithmetic on constants folds here.
//
//===----------------------------------------------------------------------===//

#ifndef TK_CONVERSION_TKGTOLLVM_EMITTER_H
#define TK_CONVERSION_TKGTOLLVM_EMITTER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

namespace mlir::tkg {

/// The value of an integer constant, or nothing.
std::optional<int64_t> getConstantInteger(Value value);

/// A rewriter at its insertion point, with the location of the op at hand.
class Emitter {
public:
  Emitter(RewriterBase &rewriter, Location loc)
      : rewriter(rewriter), loc(loc) {}

  RewriterBase &getRewriter() { return rewriter; }
  Location getLoc() const { return loc; }
  MLIRContext *getContext() const { return rewriter.getContext(); }

  template <typename OpT, typename... Args> OpT create(Args &&...args) {
    return OpT::create(rewriter, loc, std::forward<Args>(args)...);
  }

  /// \name Types
  /// @{
  IntegerType getI1() { return rewriter.getI1Type(); }
  IntegerType getI8() { return rewriter.getI8Type(); }
  IntegerType getI16() { return rewriter.getI16Type(); }
  IntegerType getI32() { return rewriter.getI32Type(); }
  IntegerType getI64() { return rewriter.getI64Type(); }
  FloatType getF32() { return rewriter.getF32Type(); }
  LLVM::LLVMPointerType getPointer(unsigned addressSpace) {
    return LLVM::LLVMPointerType::get(getContext(), addressSpace);
  }
  VectorType getVector(int64_t size, Type element) {
    return VectorType::get(size, element);
  }
  /// The one type, or a struct of several; for results of inline assembly.
  Type getTuple(ArrayRef<Type> types);
  /// @}

  /// \name Constants
  /// @{
  Value getInteger(Type type, int64_t value);
  Value getI1Constant(bool value) { return getInteger(getI1(), value); }
  Value getI32Constant(int64_t value) { return getInteger(getI32(), value); }
  Value getI64Constant(int64_t value) { return getInteger(getI64(), value); }
  Value getConstant(Type type, TypedAttr value);
  Value getFloat(Type type, const llvm::APFloat &value);
  /// All bits zero; a null pointer.
  Value getZero(Type type);
  Value getPoison(Type type);
  /// @}

  /// \name Integer arithmetic that folds
  /// @{
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value bitAnd(Value lhs, Value rhs);
  Value bitOr(Value lhs, Value rhs);
  Value bitXor(Value lhs, Value rhs);
  Value shiftLeft(Value value, unsigned amount);
  Value shiftRight(Value value, unsigned amount); // logical
  Value divideUnsigned(Value value, int64_t divisor);
  Value remainderUnsigned(Value value, int64_t divisor);
  Value compare(LLVM::ICmpPredicate predicate, Value lhs, Value rhs);
  Value select(Value condition, Value whenTrue, Value whenFalse);
  Value signExtend(Value value, Type type);
  Value zeroExtend(Value value, Type type);
  Value truncate(Value value, Type type);
  /// Keeps the value if it fits; sign extends or truncates.
  Value resize(Value value, Type type);
  /// The conjunction of two predicates, of which either may be null (true).
  Value both(Value lhs, Value rhs);
  /// @}

  /// \name Values
  /// @{
  Value bitcast(Value value, Type type);
  Value extractValue(Value aggregate, int64_t position);
  Value extractElement(Value vector, int64_t position);
  /// A vector of the elements; the vector itself if they are its elements.
  Value buildVector(ArrayRef<Value> elements);
  /// The elements of a vector.
  SmallVector<Value> splitVector(Value vector);
  /// `pointer + offset` elements of type `element`.
  Value getElementPointer(Value pointer, Type element, Value offset);
  Value getElementPointer(Value pointer, Type element, int64_t offset);
  /// @}

  /// Emits a branch around what `emit` emits; where `predicate` is false, the
  /// values are those of `otherwise`. A null predicate is true.
  SmallVector<Value> emitIf(Value predicate, ValueRange otherwise,
                            function_ref<SmallVector<Value>()> emit);

  /// Calls `callee`, declared on first use, with one result.
  Value call(StringRef callee, Type result, ValueRange operands);
  /// Calls an LLVM intrinsic that has no op, with one result.
  Value callIntrinsic(StringRef name, Type result, ValueRange operands);

private:
  RewriterBase &rewriter;
  Location loc;
};

/// The size of an element in memory; i1 takes a byte.
int64_t getSizeInBytes(Type element);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_EMITTER_H
