//===- BenchSample.h - a bench at some elements of its dimensions ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_BENCHSAMPLE_H
#define TK_LIB_TESTING_BENCHSAMPLE_H

#include "tk/Testing/TestDevice.h"

namespace mlir::tk {

/// With fewer nothing could be told from every other one.
constexpr int64_t kMinElements = 4;

/// A dimension by name, and the elements of it that are looked at.
struct DimSample {
  std::string dim;
  int64_t extent = 0;
  std::vector<int64_t> elements;
};

/// Where the dimensions of arguments get their names from.
class DimNames {
public:
  explicit DimNames(const InstanceInfo &info) : info(info) {}

  /// The name of a dimension; empty if it is computed from others, or if the
  /// memory is behind a pointer and its extents have no names.
  StringRef get(StringRef param, unsigned axis) const;
  /// Whether some dimension is computed from `name`: it cannot be cut.
  bool isUsedInExpressions(StringRef name) const;

private:
  const InstanceInfo &info;
};

/// For each dimension of a tensor, the elements that are looked at, or null for
/// all.
using AxisElements = SmallVector<const std::vector<int64_t> *, 4>;
AxisElements getAxisElements(const TestArgument &argument,
                             const DimNames &names,
                             ArrayRef<DimSample> samples);

/// `count` of `extent` elements: the first, the last, and one at no regular
/// place in each stretch between.
std::vector<int64_t> chooseElements(int64_t extent, int64_t count);

/// The dimensions that every compared output has: only these can be sampled.
SmallVector<StringRef> findSampledDims(const TestCase &bench,
                                       const DimNames &names);

/// The test with the sampled extents.
TestCase cutTest(const TestCase &bench, const DimNames &names,
                 ArrayRef<DimSample> samples);

/// The elements of `tensor` at the given places, in row-major order.
llvm::Expected<HostTensor> gather(const HostTensor &tensor,
                                  const AxisElements &axes);

/// The buffers of the arguments of a test, cut to samples.
llvm::Expected<std::vector<TestBuffer>> cutBuffers(const TestCase &bench,
                                                   const DimNames &names,
                                                   ArrayRef<TestBuffer> buffers,
                                                   ArrayRef<DimSample> samples);

} // namespace mlir::tk

#endif // TK_LIB_TESTING_BENCHSAMPLE_H
