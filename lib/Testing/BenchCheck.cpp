//===- BenchCheck.cpp - whether what is timed is right --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference of a large bench takes minutes. Often it treats the elements of
// some dimension independently: the rows of a softmax; the rows and the columns
// of a product. Then it may be evaluated on a few of them,
//
//   x[8192, 4096] -> x[rows, 4096], 64 rows  ->  y[rows, 4096]
//
// and compared with these rows of what the kernel made. That the elements are
// independent is not proved but tried: the same reference on every other
// sampled row must give the same bits. A row that depends on its position, or
// on other rows, gives itself away.

#include "mlir/IR/Diagnostics.h"
#include "tk/Testing/TestRunner.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

/// Elements that are sampled of all dimensions together, at first.
constexpr double kMaxSampleSize = 4096;

/// With fewer nothing could be told from every other one.
constexpr int64_t kMinElements = 4;

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

/// `count` of `extent` elements: the first, the last, and one at no regular
/// place in each stretch between.
static std::vector<int64_t> chooseElements(int64_t extent, int64_t count) {
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

/// For each dimension of a tensor, the elements that are looked at, or null for
/// all.
using AxisElements = SmallVector<const std::vector<int64_t> *, 4>;

/// The elements of `tensor` at the given places, in row-major order.
static llvm::Expected<HostTensor> gather(const HostTensor &tensor,
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

namespace {
/// Where the dimensions of arguments get their names from.
class DimNames {
public:
  explicit DimNames(const InstanceInfo &info) : info(info) {}

  /// The name of a dimension; empty if it is computed from others.
  StringRef get(StringRef param, unsigned axis) const {
    for (const ParamInfo &candidate : info.params)
      if (candidate.name == param &&
          candidate.dims[axis].getKind() == HostExpr::Kind::Name)
        return candidate.dims[axis].getName();
    return "";
  }

  /// Whether some dimension is computed from `name`: it cannot be cut.
  bool isUsedInExpressions(StringRef name) const {
    bool isUsed = false;
    for (const ParamInfo &param : info.params)
      for (const HostExpr &dim : param.dims)
        if (dim.getKind() != HostExpr::Kind::Name)
          dim.forEachName([&](StringRef used) { isUsed |= used == name; });
    return isUsed;
  }

private:
  const InstanceInfo &info;
};
} // namespace

/// The dimensions that every compared output has: only these can be sampled.
static SmallVector<StringRef> findCandidates(const TestCase &bench,
                                             const DimNames &names) {
  SmallVector<StringRef> candidates;
  bool isFirst = true;
  for (const OutputCheck &check : bench.outputs) {
    if (check.isIgnored)
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
// The test on a sample
//===----------------------------------------------------------------------===//

/// The test with the sampled extents.
static TestCase cutTest(const TestCase &bench, const DimNames &names,
                        ArrayRef<std::pair<StringRef, int64_t>> extents) {
  TestCase cut = bench;
  for (auto [dim, extent] : extents) {
    cut.bindings.values.insert_or_assign(dim, HostValue::integer(extent));
    for (TestArgument &argument : cut.arguments)
      for (unsigned axis = 0; axis < argument.dims.size(); ++axis)
        if (names.get(argument.name, axis) == dim)
          argument.dims[axis] = extent;
  }
  for (TestArgument &argument : cut.arguments)
    argument.strides = getRowMajorStrides(argument.dims);
  return cut;
}

/// The buffers of the arguments of a test, cut to samples.
template <typename SampleT>
static llvm::Expected<std::vector<TestBuffer>>
cutBuffers(const TestCase &bench, const DimNames &names,
           ArrayRef<TestBuffer> buffers, ArrayRef<SampleT> samples) {
  std::vector<TestBuffer> result;
  for (const TestArgument &argument : bench.arguments) {
    if (!argument.isTensor)
      continue;
    const TestBuffer &buffer = buffers[result.size()];
    AxisElements axes(argument.dims.size(), nullptr);
    for (unsigned axis = 0; axis < axes.size(); ++axis)
      for (const SampleT &sample : samples)
        if (names.get(argument.name, axis) == sample.dim)
          axes[axis] = &sample.elements;
    llvm::Expected<HostTensor> tensor = gather(buffer.tensor, axes);
    if (!tensor)
      return tensor.takeError();
    result.push_back(
        {buffer.name, buffer.mode, std::move(*tensor), buffer.isInitialized});
  }
  return std::move(result);
}

static std::vector<int64_t> getEvenNumbers(size_t count) {
  std::vector<int64_t> numbers;
  for (size_t i = 0; i < count; i += 2)
    numbers.push_back(i);
  return numbers;
}

static bool areSameBits(const HostTensor &lhs, const HostTensor &rhs) {
  return lhs.getShape() == rhs.getShape() && lhs.getMemory() == rhs.getMemory();
}

FailureOr<bool> TestRunner::isSeparable(const TestCase &sampled,
                                        const References &references,
                                        const TestPlan &sampledPlan,
                                        ArrayRef<Sample> samples) {
  std::optional<InstanceInfo> info = program.getInfo(sampled.instance);
  DimNames names(*info);
  std::vector<Sample> halves;
  SmallVector<std::pair<StringRef, int64_t>> extents;
  for (const Sample &sample : samples) {
    halves.push_back({sample.dim, int64_t(sample.elements.size()),
                      getEvenNumbers(sample.elements.size())});
    extents.push_back({sample.dim, int64_t(halves.back().elements.size())});
  }
  TestCase half = cutTest(sampled, names, extents);
  llvm::Expected<std::vector<TestBuffer>> buffers =
      cutBuffers<Sample>(sampled, names, sampledPlan.buffers, halves);
  if (!buffers)
    return emitError(llvm::toString(buffers.takeError()));
  TestPlan halfPlan;
  halfPlan.buffers = std::move(*buffers);
  References halfReferences;
  if (failed(makeReferences(half, halfReferences)))
    return failure();
  FailureOr<Evaluation> whole =
      evaluate(*references.values, sampled, sampledPlan);
  FailureOr<Evaluation> part = evaluate(*halfReferences.values, half, halfPlan);
  if (failed(whole) || failed(part))
    return failure();
  for (const OutputCheck &check : sampled.outputs) {
    if (check.isIgnored)
      continue;
    const TestArgument &argument = sampled.arguments[check.argument];
    AxisElements axes(argument.dims.size(), nullptr);
    for (unsigned axis = 0; axis < axes.size(); ++axis)
      for (const Sample &sample : halves)
        if (names.get(argument.name, axis) == sample.dim)
          axes[axis] = &sample.elements;
    llvm::Expected<HostTensor> expected =
        gather(whole->results[check.referenceResult], axes);
    if (!expected)
      return emitError(llvm::toString(expected.takeError()));
    if (!areSameBits(*expected, part->results[check.referenceResult]))
      return false;
  }
  return true;
}

/// Compares at a sample of `dims`; false if that cannot be done.
FailureOr<bool> TestRunner::compareSample(const TestCase &bench,
                                          const TestPlan &plan,
                                          ArrayRef<TestBuffer> after,
                                          ArrayRef<StringRef> dims,
                                          BenchCheck &check) {
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (!info)
    return failure();
  DimNames names(*info);
  SmallVector<std::pair<StringRef, int64_t>> extents, counts;
  for (StringRef dim : dims) {
    int64_t extent = bench.bindings.values.find(dim)->second.getInteger();
    extents.push_back({dim, extent});
    counts.push_back(
        {dim,
         std::min<int64_t>(extent, static_cast<int64_t>(std::pow(
                                       kMaxSampleSize, 1.0 / dims.size())))});
  }
  References references;
  TestCase cut;
  while (true) {
    cut = cutTest(bench, names, counts);
    references = References();
    if (failed(makeReferences(cut, references)))
      return failure();
    ReferenceCost cost = estimateCost(*references.values);
    if (cost.operations <= options.maxCheckOperations &&
        cost.bytes <= options.maxBytes)
      break;
    auto *largest = llvm::max_element(
        counts, [](auto &a, auto &b) { return a.second < b.second; });
    if (largest->second / 2 < kMinElements)
      return false;
    largest->second /= 2;
  }
  std::vector<Sample> samples;
  for (auto [dim, count] : llvm::zip_equal(extents, counts)) {
    auto [name, extent] = dim;
    samples.push_back(
        {name.str(), extent, chooseElements(extent, count.second)});
    check.method +=
        (check.method.empty() ? "reference at " : " and ") +
        (Twine(count.second) + " of " + Twine(extent) + " " + name).str();
  }
  TestPlan cutPlan;
  llvm::Expected<std::vector<TestBuffer>> before =
      cutBuffers<Sample>(bench, names, plan.buffers, samples);
  if (!before)
    return emitError(llvm::toString(before.takeError()));
  cutPlan.buffers = std::move(*before);
  FailureOr<bool> separable = isSeparable(cut, references, cutPlan, samples);
  if (failed(separable) || !*separable)
    return separable;
  llvm::Expected<std::vector<TestBuffer>> found =
      cutBuffers<Sample>(bench, names, after, samples);
  if (!found)
    return emitError(llvm::toString(found.takeError()));
  if (failed(compare(cut, references, cutPlan, *found, plan, check.outcome)))
    return failure();
  return true;
}

//===----------------------------------------------------------------------===//
// The plain configuration
//===----------------------------------------------------------------------===//

/// What two correct results may differ by, relative to the largest element: the
/// classes do not apply to a reference that is rounded itself.
static double getPlainTolerance(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return 1e-10;
  case DType::F16:
    return 2e-3;
  case DType::BF16:
    return 1.6e-2;
  case DType::F8E4M3:
    return 0.125;
  case DType::F8E5M2:
    return 0.25;
  default:
    return 1e-3;
  }
}

LogicalResult TestRunner::compareWithPlain(const TestCase &bench,
                                           TestPlan &plan,
                                           ArrayRef<TestBuffer> after,
                                           BenchCheck &check) {
  std::vector<TestBuffer> buffers;
  for (const TestBuffer &buffer : plan.buffers)
    buffers.push_back({buffer.name, buffer.mode, buffer.tensor.clone(),
                       buffer.isInitialized});
  TestPlan plain;
  plain.buffers = std::move(buffers);
  plain.launches = std::move(plan.launches);
  std::string printed;
  LogicalResult ran = device.runPlain(plain, printed);
  plan.launches = std::move(plain.launches);
  if (failed(ran))
    return failure();
  check.method = "plain configuration";
  for (const OutputCheck &output : bench.outputs) {
    // Without a reference nobody said what may be ignored.
    if (output.isIgnored && bench.hasReference)
      continue;
    unsigned number = llvm::count_if(
        ArrayRef(bench.arguments).take_front(output.argument),
        [](const TestArgument &argument) { return argument.isTensor; });
    const HostTensor &found = after[number].tensor;
    DType dtype = found.getDType();
    llvm::Expected<HostTensor> expected =
        plain.buffers[number].tensor.convertTo(isFloat(dtype) ? DType::F64
                                                              : dtype);
    if (!expected)
      return emitError(llvm::toString(expected.takeError()));
    double largest = 0;
    if (isFloat(dtype))
      for (int64_t i = 0; i < expected->getNumElements(); ++i)
        if (double value = std::fabs(expected->getDouble(i));
            std::isfinite(value))
          largest = std::max(largest, value);
    OutputCheck bound = output;
    bound.toleranceClass = ToleranceClass::Explicit;
    bound.relative = 0;
    bound.absolute = getPlainTolerance(dtype) * largest;
    check.outcome.outputs.push_back(
        {output.argument, compareOutput(found, *expected, bound, {})});
  }
  return success();
}

//===----------------------------------------------------------------------===//
// All together
//===----------------------------------------------------------------------===//

static void setStatus(TestOutcome &outcome) {
  bool passed = llvm::all_of(outcome.outputs, [](const auto &output) {
    return output.comparison.passed;
  });
  outcome.status =
      passed ? TestOutcome::Status::Passed : TestOutcome::Status::Failed;
}

/// Compares with the reference, whole or at a sample; false if it is too large
/// for both.
FailureOr<bool> TestRunner::compareWithReference(const TestCase &bench,
                                                 const TestPlan &plan,
                                                 ArrayRef<TestBuffer> after,
                                                 BenchCheck &check) {
  References references;
  if (failed(makeReferences(bench, references)))
    return failure();
  ReferenceCost cost = estimateCost(*references.values);
  if (cost.operations <= options.maxCheckOperations &&
      cost.bytes <= options.maxBytes) {
    check.method = "reference";
    if (failed(compare(bench, references, plan, after, plan, check.outcome)))
      return failure();
    return true;
  }
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (!info)
    return failure();
  SmallVector<StringRef> candidates = findCandidates(bench, DimNames(*info));
  // All of them at once, as for products; else one of them, as for rows.
  SmallVector<SmallVector<StringRef>> choices;
  if (candidates.size() > 1)
    choices.push_back(candidates);
  for (StringRef candidate : candidates)
    choices.push_back({candidate});
  for (ArrayRef<StringRef> dims : choices) {
    check.method.clear();
    FailureOr<bool> compared = compareSample(bench, plan, after, dims, check);
    if (failed(compared) || *compared)
      return compared;
  }
  return false;
}

LogicalResult TestRunner::compareBench(const TestCase &bench, TestPlan &plan,
                                       ArrayRef<TestBuffer> after,
                                       BenchCheck &check) {
  if (bench.outputs.empty()) {
    check.method = "nothing to compare";
    return success();
  }
  if (bench.hasReference) {
    FailureOr<bool> compared = compareWithReference(bench, plan, after, check);
    if (failed(compared) || *compared)
      return compared;
  }
  return compareWithPlain(bench, plan, after, check);
}

BenchCheck TestRunner::check(const TestCase &bench, TestPlan &plan) {
  BenchCheck check;
  check.outcome.status = TestOutcome::Status::Error;
  TestPlan after;
  for (const TestBuffer &buffer : plan.buffers)
    after.buffers.push_back({buffer.name, buffer.mode, buffer.tensor.clone(),
                             buffer.isInitialized});
  after.launches = std::move(plan.launches);
  LogicalResult ran = device.run(after, check.outcome.printed);
  plan.launches = std::move(after.launches);
  if (failed(ran) ||
      (options.onOutputs && failed(options.onOutputs(after.buffers))) ||
      failed(compareBench(bench, plan, after.buffers, check)))
    return check;
  setStatus(check.outcome);
  return check;
}
