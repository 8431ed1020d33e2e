//===- MemoryWords.cpp - elements as the words that memory moves ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/MemoryWords.h"

using namespace mlir;
using namespace mlir::tkg;

MemoryWords::MemoryWords(Emitter &e, Type elementType, int64_t numElements)
    : elementType(elementType), numElements(numElements) {
  int64_t elementBits = 8 * tkg::getSizeInBytes(elementType);
  int64_t totalBits = elementBits * numElements;
  memoryBitWidth = elementBits == 64 ? 64 : std::min<int64_t>(totalBits, 32);
  count = totalBits / memoryBitWidth;
  type = e.getRewriter().getIntegerType(std::max(memoryBitWidth, 16u));
}

SmallVector<Value> MemoryWords::pack(Emitter &e, ValueRange elements) const {
  SmallVector<Value> words;
  int64_t perWord = getElementsPerWord();
  for (unsigned i = 0; i < count; ++i) {
    ValueRange ofWord = elements.slice(i * perWord, perWord);
    if (isa<LLVM::LLVMPointerType>(elementType))
      words.push_back(e.create<LLVM::PtrToIntOp>(type, ofWord.front()));
    else if (perWord > 1)
      words.push_back(e.bitcast(e.buildVector(llvm::to_vector(ofWord)), type));
    else if (memoryBitWidth < type.getIntOrFloatBitWidth())
      words.push_back(e.zeroExtend(
          e.bitcast(ofWord.front(),
                    e.getRewriter().getIntegerType(memoryBitWidth)),
          type));
    else
      words.push_back(e.bitcast(ofWord.front(), type));
  }
  return words;
}

SmallVector<Value> MemoryWords::packOrZero(Emitter &e,
                                           ValueRange elements) const {
  if (!elements.empty())
    return pack(e, elements);
  return SmallVector<Value>(count, e.getInteger(type, 0));
}

SmallVector<Value> MemoryWords::unpack(Emitter &e, ValueRange words) const {
  SmallVector<Value> elements;
  int64_t perWord = getElementsPerWord();
  for (Value word : words) {
    if (isa<LLVM::LLVMPointerType>(elementType))
      elements.push_back(e.create<LLVM::IntToPtrOp>(elementType, word));
    else if (perWord > 1)
      llvm::append_range(
          elements,
          e.splitVector(e.bitcast(word, e.getVector(perWord, elementType))));
    else if (memoryBitWidth < type.getIntOrFloatBitWidth())
      elements.push_back(e.bitcast(
          e.truncate(word, e.getRewriter().getIntegerType(memoryBitWidth)),
          elementType));
    else
      elements.push_back(e.bitcast(word, elementType));
  }
  return elements;
}

/// Words of a byte are wider in registers; in memory they are what they are.
SmallVector<Value> MemoryWords::load(Emitter &e, Value pointer,
                                     bool isInvariant) const {
  Type memoryType = e.getRewriter().getIntegerType(memoryBitWidth);
  Type loadedType = count == 1 ? memoryType : e.getVector(count, memoryType);
  auto load = e.create<LLVM::LoadOp>(loadedType, pointer, getSizeInBytes());
  load.setInvariant(isInvariant);
  SmallVector<Value> words =
      count == 1 ? SmallVector<Value>{load} : e.splitVector(load);
  if (memoryType != type)
    words.front() = e.zeroExtend(words.front(), type);
  return words;
}

void MemoryWords::store(Emitter &e, Value pointer, ValueRange words) const {
  Value value = words.front();
  if (count > 1)
    value = e.buildVector(llvm::to_vector(words));
  else if (memoryBitWidth < type.getIntOrFloatBitWidth())
    value = e.truncate(value, e.getRewriter().getIntegerType(memoryBitWidth));
  e.create<LLVM::StoreOp>(value, pointer, getSizeInBytes());
}
