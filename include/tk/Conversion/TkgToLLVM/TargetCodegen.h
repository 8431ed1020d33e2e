//===- TargetCodegen.h - what the lowering asks of a target ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The patterns of the lowering are written once. Whatever an NVIDIA and an AMD
// GPU do differently stands behind this class.
//
//===----------------------------------------------------------------------===//

#ifndef TK_CONVERSION_TKGTOLLVM_TARGETCODEGEN_H
#define TK_CONVERSION_TKGTOLLVM_TARGETCODEGEN_H

#include "tk/Conversion/TkgToLLVM/Emitter.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include "tk/Support/TargetInfo.h"

namespace mlir::tkg {

/// One access of one thread to consecutive elements in global memory.
struct GlobalAccess {
  Value pointer;
  Type elementType;
  /// A power of two; `numElements * size` is at most 16 bytes and divides the
  /// address.
  int64_t numElements = 1;
  /// Null if the access always takes place.
  Value predicate;
  /// The memory is not written while the kernel runs.
  bool isReadOnly = false;
};

class TargetCodegen {
public:
  virtual ~TargetCodegen();

  /// \name Threads
  /// @{
  virtual const tk::TargetInfo &getInfo() const = 0;
  unsigned getThreadsPerWarp() const { return getInfo().getNumLanes(); }
  /// The number of the thread in its block, i32.
  virtual Value getThreadId(Emitter &e) const = 0;
  /// The number of the block in a grid that is linear, i32.
  virtual Value getBlockId(Emitter &e) const = 0;
  virtual Value getNumBlocks(Emitter &e) const = 0;
  /// Marks a function as the kernel of a block of `numThreads`.
  virtual void setKernelAttributes(LLVM::LLVMFuncOp function,
                                   int64_t numThreads) const = 0;
  /// Where variables of a thread live.
  virtual unsigned getStackAddressSpace() const = 0;
  /// @}

  /// \name Warps and blocks
  /// @{
  /// The i32 `value` of the lane whose number differs in the bits `laneMask`.
  virtual Value shuffleXor(Emitter &e, Value value,
                           unsigned laneMask) const = 0;
  /// The i32 `value` of lane `lane`.
  virtual Value shuffleIndex(Emitter &e, Value value, Value lane) const = 0;
  /// Waits for all lanes of the warp; orders their memory accesses.
  virtual void syncWarp(Emitter &e) const = 0;
  /// Waits for all threads of the block; orders their memory accesses.
  virtual void barrier(Emitter &e) const = 0;
  /// @}

  /// \name Global memory
  /// @{
  /// Reads; where the predicate is false the result is `pad` (one value for
  /// each element; empty for zeros).
  virtual SmallVector<Value> loadGlobal(Emitter &e, const GlobalAccess &access,
                                        ValueRange pad) const = 0;
  virtual void storeGlobal(Emitter &e, const GlobalAccess &access,
                           ValueRange values) const = 0;
  /// LLVM's name for the threads that see an atomic in order.
  virtual StringRef getSyncScope(tk::MemoryScope scope) const = 0;
  /// Writes `value` where memory holds `compare`, two integers, and returns
  /// what it held.
  virtual Value compareAndSwap(Emitter &e, Value pointer, Value compare,
                               Value value, tk::MemoryOrder order,
                               tk::MemoryScope scope) const;
  /// @}

  /// \name Shared memory
  /// @{
  /// Writes a scalar or a vector; a null predicate is true.
  virtual void storeShared(Emitter &e, Value pointer, Value value,
                           Value predicate) const = 0;
  /// ldmatrix and stmatrix of 1, 2 or 4 matrices; a word holds two elements.
  /// Only where the target has them.
  virtual SmallVector<Value> loadMatrices(Emitter &e, Value pointer,
                                          unsigned numMatrices,
                                          bool isTransposed) const;
  virtual void storeMatrices(Emitter &e, Value pointer, ValueRange words,
                             bool isTransposed) const;
  /// @}

  /// \name Copies from global to shared memory
  /// @{
  /// The widths in bytes that `copyAsync` takes, widest first. Empty if there
  /// are no such copies.
  virtual ArrayRef<int64_t> getAsyncCopyWidths() const = 0;
  /// Copies `sizeInBytes`; where the predicate is false writes zeros.
  virtual void copyAsync(Emitter &e, Value shared, Value global,
                         int64_t sizeInBytes, Value predicate) const = 0;
  /// Makes a group of the copies since the last one.
  virtual void commitCopies(Emitter &e) const = 0;
  /// Waits until at most `numPending` groups of this thread are in flight.
  virtual void waitForCopies(Emitter &e, int64_t numPending) const = 0;
  /// @}

  /// \name Arithmetic
  /// @{
  /// Lowers the function `name` ("exp", "tanh", ...) on f32 or f64.
  virtual Value callMath(Emitter &e, StringRef name, Type type,
                         ValueRange operands) const = 0;
  /// 2^x on f32 as the hardware does it.
  virtual Value exp2Approx(Emitter &e, Value value) const = 0;
  /// What the hardware gives for `name` on f32: "div", "log2", "sqrt", "rsqrt",
  /// "sin", "cos" or "tanh".
  virtual Value approximate(Emitter &e, StringRef name,
                            ValueRange operands) const = 0;
  /// Rounds two f32 to a vector of two bf16 or f16.
  virtual Value truncatePair(Emitter &e, Value low, Value high,
                             Type element) const = 0;
  /// @}

  /// \name Messages
  /// @{
  virtual bool canPrint() const { return true; }
  /// Prints as C's printf does; values are i32, i64, f64 and pointers.
  virtual void printFormatted(Emitter &e, StringRef format,
                              ValueRange values) const = 0;
  /// Ends the kernel with an error that the host sees.
  virtual void trap(Emitter &e) const = 0;
  /// @}
};

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_TARGETCODEGEN_H
