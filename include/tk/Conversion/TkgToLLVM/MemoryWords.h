//===- MemoryWords.h - elements as the words that memory moves ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_MEMORYWORDS_H
#define TK_CONVERSION_TKGTOLLVM_MEMORYWORDS_H

#include "tk/Conversion/TkgToLLVM/Emitter.h"

namespace mlir::tkg {

/// How `numElements` consecutive elements travel: as one word, or as a vector
/// of words of 32 or 64 bits.
///
///   8 x bf16 -> 4 words of i32        2 x f64 -> 2 words of i64
///   2 x i8   -> 1 word of i16         1 x i8  -> 1 word of i16, 8 bits of it
struct MemoryWords {
  MemoryWords(Emitter &e, Type elementType, int64_t numElements);

  /// The type of a word in a register.
  Type type;
  /// The bits of a word in memory; less than those of `type` for one byte.
  unsigned memoryBitWidth;
  unsigned count;
  Type elementType;
  int64_t numElements;

  SmallVector<Value> pack(Emitter &e, ValueRange elements) const;
  /// Words of zeros where there are no elements.
  SmallVector<Value> packOrZero(Emitter &e, ValueRange elements) const;
  SmallVector<Value> unpack(Emitter &e, ValueRange words) const;

  /// A load or store of all words at `pointer`, which is aligned to their size.
  SmallVector<Value> load(Emitter &e, Value pointer,
                          bool isInvariant = false) const;
  void store(Emitter &e, Value pointer, ValueRange words) const;

private:
  int64_t getElementsPerWord() const { return numElements / count; }
  int64_t getSizeInBytes() const { return count * memoryBitWidth / 8; }
};

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_MEMORYWORDS_H
