//===- BenchSample.cpp - a bench at some elements of its dimensions -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BenchSample.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

std::vector<int64_t> mlir::tk::chooseElements(int64_t extent, int64_t count) {
  std::vector<int64_t> elements;
  uint64_t random = 1;
  for (int64_t i = 0; i < count; ++i) {
    int64_t begin = i * extent / count, end = (i + 1) * extent / count;
    // Knuth's MMIX generator; its high bits are good.
    random = random * 6364136223846793005u + 1442695040888963407u;
    int64_t element =
        begin + static_cast<int64_t>((random >> 33) %
                                     std::max<int64_t>(end - begin, 1));
    elements.push_back(i == 0 ? 0 : i == count - 1 ? extent - 1 : element);
  }
  return elements;
}

llvm::Expected<HostTensor> mlir::tk::gather(const HostTensor &tensor,
                                            const AxisElements &axes) {
  SmallVector<int64_t, 4> shape(tensor.getShape());
  for (auto [extent, elements] : llvm::zip_equal(shape, axes))
    if (elements)
      extent = elements->size();
  llvm::Expected<HostTensor> result =
      HostTensor::create(tensor.getDType(), shape);
  if (!result)
    return result.takeError();
  int64_t size = getSizeInBytes(tensor.getDType());
  SmallVector<int64_t, 4> index(shape.size());
  const auto *origin = static_cast<const uint8_t *>(tensor.getData());
  for (int64_t i = 0; i < result->getNumElements(); ++i) {
    int64_t offset = 0;
    for (auto [position, elements, stride] :
         llvm::zip_equal(index, axes, tensor.getStrides()))
      offset += (elements ? (*elements)[position] : position) * stride;
    std::memcpy(result->getElement(i), origin + offset * size, size);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis])
        break;
      index[axis] = 0;
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Dimensions
//===----------------------------------------------------------------------===//

StringRef DimNames::get(StringRef param, unsigned axis) const {
  for (const ParamInfo &candidate : info.params)
    if (candidate.name == param && axis < candidate.dims.size() &&
        candidate.dims[axis].getKind() == HostExpr::Kind::Name)
      return candidate.dims[axis].getName();
  return "";
}

bool DimNames::isUsedInExpressions(StringRef name) const {
  bool isUsed = false;
  for (const ParamInfo &param : info.params)
    for (const HostExpr &dim : param.dims)
      if (dim.getKind() != HostExpr::Kind::Name)
        dim.forEachName([&](StringRef used) { isUsed |= used == name; });
  return isUsed;
}

AxisElements mlir::tk::getAxisElements(const TestArgument &argument,
                                       const DimNames &names,
                                       ArrayRef<DimSample> samples) {
  AxisElements axes(argument.dims.size(), nullptr);
  for (unsigned axis = 0; axis < axes.size(); ++axis)
    for (const DimSample &sample : samples)
      if (names.get(argument.name, axis) == sample.dim)
        axes[axis] = &sample.elements;
  return axes;
}

SmallVector<StringRef> mlir::tk::findSampledDims(const TestCase &bench,
                                                 const DimNames &names) {
  SmallVector<StringRef> candidates;
  bool isFirst = true;
  for (const OutputCheck &check : bench.outputs) {
    if (check.expectation != OutputCheck::Expectation::Result)
      continue;
    const TestArgument &output = bench.arguments[check.argument];
    SmallVector<StringRef> own;
    for (unsigned axis = 0; axis < output.dims.size(); ++axis) {
      StringRef name = names.get(output.name, axis);
      if (!name.empty() && !names.isUsedInExpressions(name) &&
          !llvm::is_contained(own, name) &&
          output.dims[axis] > 2 * kMinElements)
        own.push_back(name);
    }
    if (isFirst)
      candidates = own;
    llvm::erase_if(candidates,
                   [&](StringRef c) { return !llvm::is_contained(own, c); });
    isFirst = false;
  }
  return candidates;
}

//===----------------------------------------------------------------------===//
// Cutting
//===----------------------------------------------------------------------===//

TestCase mlir::tk::cutTest(const TestCase &bench, const DimNames &names,
                           ArrayRef<DimSample> samples) {
  TestCase cut = bench;
  for (const DimSample &sample : samples) {
    int64_t extent = sample.elements.size();
    cut.bindings.values.insert_or_assign(sample.dim,
                                         HostValue::integer(extent));
    for (TestArgument &argument : cut.arguments)
      for (unsigned axis = 0; axis < argument.dims.size(); ++axis)
        if (names.get(argument.name, axis) == sample.dim)
          argument.dims[axis] = extent;
  }
  for (TestArgument &argument : cut.arguments)
    argument.strides = getRowMajorStrides(argument.dims);
  return cut;
}

llvm::Expected<std::vector<TestBuffer>>
mlir::tk::cutBuffers(const TestCase &bench, const DimNames &names,
                     ArrayRef<TestBuffer> buffers,
                     ArrayRef<DimSample> samples) {
  std::vector<TestBuffer> result;
  for (const TestArgument &argument : bench.arguments) {
    if (!argument.isBuffer())
      continue;
    const TestBuffer &buffer = buffers[result.size()];
    llvm::Expected<HostTensor> tensor =
        gather(buffer.tensor, getAxisElements(argument, names, samples));
    if (!tensor)
      return tensor.takeError();
    result.push_back(
        {buffer.name, buffer.access, std::move(*tensor), buffer.isInitialized});
  }
  return std::move(result);
}
