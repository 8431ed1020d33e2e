//===- Shuffle.cpp - moves values of any type between lanes ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lanes exchange words of 32 bits: narrower values are extended, wider ones go
// in pieces.
//
//===----------------------------------------------------------------------===//

#include "Shuffle.h"

using namespace mlir;
using namespace mlir::tkg;

/// The bits of a value as an integer.
static Value toBits(Emitter &e, Value value) {
  Type type = value.getType();
  if (isa<IntegerType>(type))
    return value;
  if (isa<LLVM::LLVMPointerType>(type))
    return e.create<LLVM::PtrToIntOp>(e.getI64(), value);
  if (auto vector = dyn_cast<VectorType>(type))
    return e.bitcast(
        value, e.getRewriter().getIntegerType(vector.getNumElements() *
                                              vector.getElementTypeBitWidth()));
  return e.bitcast(
      value, e.getRewriter().getIntegerType(type.getIntOrFloatBitWidth()));
}

static Value fromBits(Emitter &e, Value bits, Type type) {
  if (isa<LLVM::LLVMPointerType>(type))
    return e.create<LLVM::IntToPtrOp>(type, bits);
  return e.bitcast(bits, type);
}

static Value shuffleBits(Emitter &e, Value bits,
                         function_ref<Value(Value)> shuffleWord) {
  Type type = bits.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 32)
    return shuffleWord(bits);
  if (width < 32)
    return e.truncate(shuffleWord(e.zeroExtend(bits, e.getI32())), type);
  Value result;
  for (unsigned shift = 0; shift < width; shift += 32) {
    Value word = e.truncate(e.shiftRight(bits, shift), e.getI32());
    Value moved = e.shiftLeft(e.zeroExtend(shuffleWord(word), type), shift);
    result = result ? e.bitOr(result, moved) : moved;
  }
  return result;
}

Value mlir::tkg::shuffleXor(Emitter &e, const TargetCodegen &target,
                            Value value, unsigned laneMask) {
  Value bits = shuffleBits(e, toBits(e, value), [&](Value word) {
    return target.shuffleXor(e, word, laneMask);
  });
  return fromBits(e, bits, value.getType());
}

Value mlir::tkg::shuffleIndex(Emitter &e, const TargetCodegen &target,
                              Value value, Value lane) {
  Value bits = shuffleBits(e, toBits(e, value), [&](Value word) {
    return target.shuffleIndex(e, word, lane);
  });
  return fromBits(e, bits, value.getType());
}
