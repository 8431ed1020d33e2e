//===- HostTensor.cpp - a tensor in the memory of the host ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/HostTensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"
#include <cstdlib>
#include <cstring>

using namespace llvm;
using namespace mlir::tk;

SmallVector<int64_t, 4> mlir::tk::getRowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> strides(shape.size(), 1);
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim) {
    int64_t stride;
    bool overflow = MulOverflow(strides[dim + 1],
                                std::max<int64_t>(shape[dim + 1], 1), stride);
    strides[dim] = overflow ? INT64_MAX : stride;
  }
  return strides;
}

std::string mlir::tk::formatShape(ArrayRef<int64_t> shape) {
  return "[" +
         join(map_range(shape, [](int64_t n) { return std::to_string(n); }),
              ", ") +
         "]";
}

Expected<HostTensor> HostTensor::create(DType dtype, ArrayRef<int64_t> shape) {
  return create(dtype, shape, getRowMajorStrides(shape));
}

namespace {
/// Offsets of the lowest and highest element from the first, in elements.
struct Span {
  int64_t lowest = 0;
  int64_t highest = 0;
};
} // namespace

/// Returns nothing if an offset overflows.
static std::optional<Span> computeSpan(ArrayRef<int64_t> shape,
                                       ArrayRef<int64_t> strides) {
  Span span;
  for (auto [extent, stride] : zip_equal(shape, strides)) {
    int64_t distance;
    if (MulOverflow(extent - 1, stride, distance))
      return std::nullopt;
    int64_t &end = distance < 0 ? span.lowest : span.highest;
    if (AddOverflow(end, distance, end))
      return std::nullopt;
  }
  return span;
}

static std::optional<int64_t> countElements(ArrayRef<int64_t> shape) {
  if (is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t extent : shape)
    if (MulOverflow(count, extent, count))
      return std::nullopt;
  return count;
}

Expected<HostTensor> HostTensor::create(DType dtype, ArrayRef<int64_t> shape,
                                        ArrayRef<int64_t> strides) {
  auto fail = [&](const Twine &reason) {
    return createStringError("cannot make a tensor of " + getDTypeName(dtype) +
                             formatShape(shape) + ": " + reason);
  };
  if (shape.size() != strides.size())
    return fail("it has " + Twine(shape.size()) + " dimensions, but " +
                Twine(strides.size()) + " strides");
  if (any_of(shape, [](int64_t extent) { return extent < 0; }))
    return fail("an extent is negative");
  HostTensor tensor(dtype, shape, strides);
  std::optional<int64_t> numElements = countElements(shape);
  if (!numElements)
    return fail("its size overflows");
  tensor.numElements = *numElements;
  if (*numElements == 0)
    return tensor;

  std::optional<Span> span = computeSpan(shape, strides);
  int64_t elementSize = tk::getSizeInBytes(dtype);
  int64_t numSpanned;
  if (!span || SubOverflow(span->highest, span->lowest, numSpanned) ||
      AddOverflow<int64_t>(numSpanned, 1, numSpanned) ||
      MulOverflow(numSpanned, elementSize, tensor.sizeInBytes))
    return fail("its size overflows");
  tensor.originInBytes = -span->lowest * elementSize;
  tensor.memory.reset(static_cast<uint8_t *>(
      std::calloc(static_cast<size_t>(tensor.sizeInBytes), 1)));
  if (!tensor.memory)
    return fail("no memory for " + Twine(tensor.sizeInBytes) + " bytes");
  return tensor;
}

HostTensor HostTensor::clone() const {
  Expected<HostTensor> copy = create(dtype, shape, strides);
  // The same size was available once; running out here is out of our hands.
  if (!copy)
    report_bad_alloc_error("no memory for the copy of a tensor");
  if (sizeInBytes != 0)
    std::memcpy(copy->memory.get(), memory.get(), sizeInBytes);
  return std::move(*copy);
}

bool HostTensor::isRowMajor() const {
  SmallVector<int64_t, 4> expected = getRowMajorStrides(shape);
  return numElements == 0 ||
         all_of(zip_equal(shape, strides, expected), [](auto dim) {
           auto [extent, stride, rowMajorStride] = dim;
           return extent == 1 || stride == rowMajorStride;
         });
}

int64_t HostTensor::getOffsetInBytes(int64_t linearIndex) const {
  assert(linearIndex >= 0 && linearIndex < numElements &&
         "callers stay inside the tensor");
  int64_t offset = 0;
  for (int64_t dim = getRank() - 1; dim >= 0; --dim) {
    offset += linearIndex % shape[dim] * strides[dim];
    linearIndex /= shape[dim];
  }
  return originInBytes + offset * tk::getSizeInBytes(dtype);
}

/// True if no two indices can reach the same element: each dimension, taken
/// from the smallest stride up, steps over all that the smaller ones span.
static bool hasDistinctElements(ArrayRef<int64_t> shape,
                                ArrayRef<int64_t> strides) {
  SmallVector<std::pair<int64_t, int64_t>> dims;
  for (auto [extent, stride] : zip_equal(shape, strides))
    if (extent > 1)
      dims.push_back({std::abs(stride), extent});
  llvm::sort(dims);
  int64_t spanned = 0;
  for (auto [stride, extent] : dims) {
    if (stride <= spanned)
      return false;
    spanned += stride * (extent - 1);
  }
  return true;
}

void HostTensor::forEachRun(
    function_ref<void(int64_t, int64_t, uint8_t *, int64_t)> fn) {
  if (numElements == 0)
    return;
  int64_t elementSize = tk::getSizeInBytes(dtype);
  bool isOneRun = isRowMajor();
  int64_t rowLength =
      isOneRun ? numElements : (shape.empty() ? 1 : shape.back());
  int64_t stride = isOneRun || strides.empty() ? 1 : strides.back();
  // Long rows are cut, so that one row still occupies every thread.
  constexpr int64_t kRunLength = int64_t(1) << 16;
  int64_t runsPerRow = divideCeil(rowLength, kRunLength);
  int64_t numRuns = numElements / rowLength * runsPerRow;
  auto doRun = [&](size_t run) {
    int64_t start = static_cast<int64_t>(run) % runsPerRow * kRunLength;
    int64_t first = static_cast<int64_t>(run) / runsPerRow * rowLength + start;
    int64_t count = std::min(kRunLength, rowLength - start);
    fn(first, count, static_cast<uint8_t *>(getElement(first)),
       stride * elementSize);
  };
  if (numElements <= kRunLength || !hasDistinctElements(shape, strides)) {
    for (int64_t run = 0; run < numRuns; ++run)
      doRun(run);
    return;
  }
  parallelFor(0, numRuns, doRun);
}

Expected<HostTensor> HostTensor::convertTo(DType newType) const {
  Expected<HostTensor> result = create(newType, shape);
  if (!result)
    return result.takeError();
  result->forEachRun([&](int64_t first, int64_t count, uint8_t *element,
                         int64_t strideInBytes) {
    for (int64_t i = 0; i < count; ++i)
      convertElement(dtype, getElement(first + i), newType,
                     element + i * strideInBytes);
  });
  return result;
}

void HostTensor::poison() {
  if (sizeInBytes != 0)
    std::memset(memory.get(), 0xff, sizeInBytes);
}
