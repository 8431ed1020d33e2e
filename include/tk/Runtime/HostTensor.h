//===- HostTensor.h - a tensor in the memory of the host ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_HOSTTENSOR_H
#define TK_RUNTIME_HOSTTENSOR_H

#include "tk/Support/DType.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <cassert>
#include <memory>

namespace mlir::tk {

/// A tensor with its own memory. Strides count elements and may be 0 or
/// negative; the memory spans exactly the elements that some index reaches.
class HostTensor {
public:
  /// Makes a row-major tensor filled with zeros. Fails if an extent is negative
  /// or the size does not fit into memory.
  static llvm::Expected<HostTensor> create(DType dtype,
                                           llvm::ArrayRef<int64_t> shape);

  /// The same with one stride per dimension.
  static llvm::Expected<HostTensor> create(DType dtype,
                                           llvm::ArrayRef<int64_t> shape,
                                           llvm::ArrayRef<int64_t> strides);

  HostTensor(HostTensor &&) = default;
  HostTensor &operator=(HostTensor &&) = default;

  /// A copy with memory of its own.
  HostTensor clone() const;

  DType getDType() const { return dtype; }
  int64_t getRank() const { return shape.size(); }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  llvm::ArrayRef<int64_t> getStrides() const { return strides; }
  int64_t getNumElements() const { return numElements; }
  bool isRowMajor() const;

  /// The element at index (0, ..., 0). With negative strides other elements lie
  /// below it. Null if the tensor has no elements.
  void *getData() { return memory.get() + originInBytes; }
  const void *getData() const { return memory.get() + originInBytes; }

  /// The offset of getData() in the memory.
  int64_t getOriginInBytes() const { return originInBytes; }

  /// All memory, gaps between rows included.
  llvm::MutableArrayRef<uint8_t> getMemory() {
    return {memory.get(), static_cast<size_t>(sizeInBytes)};
  }
  llvm::ArrayRef<uint8_t> getMemory() const {
    return {memory.get(), static_cast<size_t>(sizeInBytes)};
  }

  /// The address of the element with number `linearIndex` in row-major order.
  void *getElement(int64_t linearIndex) {
    return memory.get() + getOffsetInBytes(linearIndex);
  }
  const void *getElement(int64_t linearIndex) const {
    return memory.get() + getOffsetInBytes(linearIndex);
  }

  double getDouble(int64_t linearIndex) const {
    return readAsDouble(dtype, getElement(linearIndex));
  }
  int64_t getInteger(int64_t linearIndex) const {
    return readAsInteger(dtype, getElement(linearIndex));
  }
  void setDouble(int64_t linearIndex, double value) {
    writeDouble(dtype, getElement(linearIndex), value);
  }
  void setInteger(int64_t linearIndex, int64_t value) {
    writeInteger(dtype, getElement(linearIndex), value);
  }

  /// Calls `fn(first, count, element, strideInBytes)` for runs of elements with
  /// consecutive numbers, from several threads when the tensor is large.
  void
  forEachRun(llvm::function_ref<void(int64_t first, int64_t count,
                                     uint8_t *element, int64_t strideInBytes)>
                 fn);

  /// The row-major tensor with the same values in another type.
  llvm::Expected<HostTensor> convertTo(DType newType) const;

  /// Sets every byte, gaps included: 0xff makes every float a NaN, so an output
  /// that was not written shows.
  void poison();

private:
  HostTensor(DType dtype, llvm::ArrayRef<int64_t> shape,
             llvm::ArrayRef<int64_t> strides)
      : dtype(dtype), shape(shape), strides(strides) {}

  struct Free {
    void operator()(uint8_t *memory) const { std::free(memory); }
  };

  int64_t getOffsetInBytes(int64_t linearIndex) const;

  DType dtype;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::SmallVector<int64_t, 4> strides;
  int64_t numElements = 0;
  int64_t originInBytes = 0;
  int64_t sizeInBytes = 0;
  /// Zeroed pages come from the system without a pass over them.
  std::unique_ptr<uint8_t, Free> memory;
};

/// The strides of a row-major tensor, in elements. Saturates on overflow.
llvm::SmallVector<int64_t, 4> getRowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// "[3, 100]", as the language writes it.
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace mlir::tk

#endif // TK_RUNTIME_HOSTTENSOR_H
