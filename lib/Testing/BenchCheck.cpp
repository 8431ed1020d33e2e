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
//
// A reference may need some relation between extents that a sample breaks, or
// may not fit into memory. That is no mistake of anybody's: such a sample is
// dropped without a word, and the next way is tried.

#include "BenchSample.h"
#include "TestData.h"
#include "mlir/IR/Diagnostics.h"
#include "tk/Runtime/Generators.h"
#include "tk/Testing/TestRunner.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace mlir::tk;
using Expectation = OutputCheck::Expectation;

/// Elements that are sampled of all dimensions together, at first.
constexpr double kMaxSampleSize = 4096;

/// How much longer than a sample the whole reference may take, where there is
/// no sample.
constexpr double kWholeReferenceFactor = 50;

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

/// The test on a sample, and how it came about.
struct TestRunner::SampledBench {
  TestCase test;
  References references;
  std::vector<DimSample> samples;
};

namespace {
/// While it lives, nobody hears of what goes wrong.
class SilentTrial {
public:
  explicit SilentTrial(MLIRContext *context)
      : handler(context, [](Diagnostic &) { return success(); }) {}

private:
  ScopedDiagnosticHandler handler;
};
} // namespace

bool TestRunner::tryReferences(const TestCase &test, References &references) {
  SilentTrial trial(context);
  references = References();
  references.values = program.tryGenerateReference(test, context);
  return references.values && succeeded(addMagnitudes(test, references));
}

bool TestRunner::isAffordable(const References &references,
                              double factor) const {
  ReferenceCost cost = estimateCost(*references.values);
  return cost.operations <= factor * options.maxCheckOperations &&
         cost.bytes <= options.maxBytes;
}

bool TestRunner::chooseSample(const TestCase &bench, ArrayRef<StringRef> dims,
                              SampledBench &sampled) {
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (!info)
    return false;
  SmallVector<int64_t> extents, counts;
  for (StringRef dim : dims) {
    extents.push_back(bench.bindings.values.find(dim)->second.getInteger());
    counts.push_back(std::min<int64_t>(
        extents.back(),
        static_cast<int64_t>(std::pow(kMaxSampleSize, 1.0 / dims.size()))));
  }
  while (true) {
    sampled.samples.clear();
    for (auto [dim, extent, count] : llvm::zip_equal(dims, extents, counts))
      sampled.samples.push_back(
          {dim.str(), extent, chooseElements(extent, count)});
    sampled.test = cutTest(bench, DimNames(*info), sampled.samples);
    if (tryReferences(sampled.test, sampled.references) &&
        isAffordable(sampled.references))
      return true;
    int64_t &largest = *llvm::max_element(counts);
    if (largest / 2 < kMinElements)
      return false;
    largest /= 2;
  }
}

static bool areSameBits(const HostTensor &lhs, const HostTensor &rhs) {
  return lhs.getShape() == rhs.getShape() && lhs.getMemory() == rhs.getMemory();
}

/// Every other element of a sample, by its place in the sample.
static std::vector<DimSample> getHalves(ArrayRef<DimSample> samples) {
  std::vector<DimSample> halves;
  for (const DimSample &sample : samples) {
    int64_t count = sample.elements.size();
    DimSample &half = halves.emplace_back(DimSample{sample.dim, count, {}});
    for (int64_t i = 0; i < count; i += 2)
      half.elements.push_back(i);
  }
  return halves;
}

bool TestRunner::isSeparable(const SampledBench &sampled,
                             const TestPlan &inputs) {
  std::optional<InstanceInfo> info = program.getInfo(sampled.test.instance);
  DimNames names(*info);
  std::vector<DimSample> halves = getHalves(sampled.samples);
  TestCase half = cutTest(sampled.test, names, halves);
  References halfReferences;
  if (!tryReferences(half, halfReferences))
    return false;
  llvm::Expected<std::vector<TestBuffer>> buffers =
      cutBuffers(sampled.test, names, inputs.buffers, halves);
  if (!buffers) {
    llvm::consumeError(buffers.takeError());
    return false;
  }
  TestPlan halfInputs;
  halfInputs.buffers = std::move(*buffers);
  SilentTrial trial(context);
  FailureOr<Evaluation> whole =
      evaluate(*sampled.references.values, sampled.test, inputs);
  FailureOr<Evaluation> part =
      evaluate(*halfReferences.values, half, halfInputs);
  if (failed(whole) || failed(part))
    return false;
  for (const OutputCheck &check : sampled.test.outputs) {
    if (check.expectation != Expectation::Result)
      continue;
    const TestArgument &argument = sampled.test.arguments[check.argument];
    llvm::Expected<HostTensor> expected =
        gather(whole->results[check.referenceResult],
               getAxisElements(argument, names, halves));
    if (!expected) {
      llvm::consumeError(expected.takeError());
      return false;
    }
    if (!areSameBits(*expected, part->results[check.referenceResult]))
      return false;
  }
  return true;
}

SmallVector<SmallVector<StringRef>>
TestRunner::listSampledDims(const TestCase &bench, const InstanceInfo &info) {
  SmallVector<StringRef> dims = findSampledDims(bench, DimNames(info));
  // All of them at once, as for products; else one of them, as for rows.
  SmallVector<SmallVector<StringRef>> choices;
  if (dims.size() > 1)
    choices.push_back(dims);
  for (StringRef dim : dims)
    choices.push_back({dim});
  return choices;
}

/// "reference at 64 of 8192 M and 64 of 4096 N".
static std::string describeSamples(ArrayRef<DimSample> samples) {
  std::string text;
  for (const DimSample &sample : samples)
    text += ((text.empty() ? "reference at " : " and ") +
             Twine(sample.elements.size()) + " of " + Twine(sample.extent) +
             " " + sample.dim)
                .str();
  return text;
}

//===----------------------------------------------------------------------===//
// The reference
//===----------------------------------------------------------------------===//

/// Compares at a sample of `dims`; false if that cannot be done.
FailureOr<bool> TestRunner::compareSample(const TestCase &bench,
                                          const TestPlan &plan,
                                          ArrayRef<TestBuffer> after,
                                          ArrayRef<StringRef> dims,
                                          BenchCheck &check) {
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  SampledBench sampled;
  if (!info || !chooseSample(bench, dims, sampled))
    return false;
  DimNames names(*info);
  llvm::Expected<std::vector<TestBuffer>> before =
      cutBuffers(bench, names, plan.buffers, sampled.samples);
  if (!before)
    return emitError(llvm::toString(before.takeError()));
  TestPlan inputs;
  inputs.buffers = std::move(*before);
  if (!isSeparable(sampled, inputs))
    return false;
  llvm::Expected<std::vector<TestBuffer>> found =
      cutBuffers(bench, names, after, sampled.samples);
  if (!found)
    return emitError(llvm::toString(found.takeError()));
  check.method = describeSamples(sampled.samples);
  if (failed(compare(sampled.test, sampled.references, inputs, *found, plan,
                     check.outcome)))
    return failure();
  return true;
}

FailureOr<bool> TestRunner::compareWithReference(const TestCase &bench,
                                                 const TestPlan &plan,
                                                 ArrayRef<TestBuffer> after,
                                                 BenchCheck &check) {
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (!info)
    return failure();
  References references;
  bool canBeWhole = tryReferences(bench, references);
  if (!canBeWhole || !isAffordable(references))
    for (ArrayRef<StringRef> dims : listSampledDims(bench, *info)) {
      FailureOr<bool> compared = compareSample(bench, plan, after, dims, check);
      if (failed(compared) || *compared)
        return compared;
    }
  if (!canBeWhole || !isAffordable(references, kWholeReferenceFactor))
    return false;
  check.method = "reference";
  if (failed(compare(bench, references, plan, after, plan, check.outcome)))
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
    buffers.push_back(buffer.clone());
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
    if (output.expectation == Expectation::Anything && bench.hasReference)
      continue;
    unsigned number = llvm::count_if(
        ArrayRef(bench.arguments).take_front(output.argument),
        [](const TestArgument &argument) { return argument.isBuffer(); });
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
      return failed(compared) ? failure() : success();
  }
  if (device.hasPlainConfiguration())
    return compareWithPlain(bench, plan, after, check);
  check.outcome.status = TestOutcome::Status::Refused;
  check.outcome.reason =
      (bench.hasReference ? "its reference is too large"
                          : "it has no reference") +
      (", and there is nothing else to compare with on " + device.getName())
          .str();
  return success();
}

/// Runs `plan` on a copy of its memory.
FailureOr<std::vector<TestBuffer>> TestRunner::runOnCopy(TestPlan &plan,
                                                         std::string &printed) {
  TestPlan after;
  for (const TestBuffer &buffer : plan.buffers)
    after.buffers.push_back(buffer.clone());
  after.launches = std::move(plan.launches);
  LogicalResult ran = device.run(after, printed);
  plan.launches = std::move(after.launches);
  if (failed(ran) ||
      (options.onOutputs && failed(options.onOutputs(after.buffers))))
    return failure();
  return std::move(after.buffers);
}

BenchCheck TestRunner::check(const TestCase &bench, TestPlan &plan) {
  BenchCheck check;
  FailureOr<std::vector<TestBuffer>> after =
      runOnCopy(plan, check.outcome.printed);
  if (failed(after) || failed(compareBench(bench, plan, *after, check)))
    check.outcome.status = TestOutcome::Status::Error;
  else if (check.outcome.status != TestOutcome::Status::Refused)
    setStatus(check.outcome);
  return check;
}

//===----------------------------------------------------------------------===//
// A bench at a sample of its size
//===----------------------------------------------------------------------===//

FailureOr<HostTensor>
TestRunner::makeSampledTensor(const TestArgument &argument,
                              const AxisElements &axes, uint64_t seed) {
  bool isCut = llvm::any_of(axes, [](const auto *axis) { return axis; });
  bool isGenerated = argument.data.kind != DataSource::Kind::File &&
                     argument.data.kind != DataSource::Kind::Unspecified;
  if (!isCut || !isGenerated) {
    FailureOr<HostTensor> whole = makeTensor(argument, seed);
    if (failed(whole) || !isCut)
      return whole;
    llvm::Expected<HostTensor> cut = gather(*whole, axes);
    if (!cut)
      return emitError(llvm::toString(cut.takeError()));
    return std::move(*cut);
  }
  // What the whole tensor would have there, without making it.
  SmallVector<int64_t, 4> shape(argument.dims);
  for (auto [extent, elements] : llvm::zip_equal(shape, axes))
    if (elements)
      extent = elements->size();
  llvm::Expected<HostTensor> tensor = HostTensor::create(argument.dtype, shape);
  if (!tensor)
    return emitError(llvm::toString(tensor.takeError()));
  generate(*tensor, getGenerator(argument.data), seed, argument.stream,
           [&](int64_t number) {
             int64_t whole = 0, scale = 1;
             for (size_t axis = shape.size(); axis-- > 0;) {
               int64_t position = number % shape[axis];
               number /= shape[axis];
               whole +=
                   scale * (axes[axis] ? (*axes[axis])[position] : position);
               scale *= argument.dims[axis];
             }
             return whole;
           });
  return std::move(*tensor);
}

FailureOr<TestPlan> TestRunner::makeSampledPlan(const TestCase &bench,
                                                const SampledBench &sampled,
                                                uint64_t seed) {
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (!info)
    return failure();
  TestPlan plan;
  for (const TestArgument &argument : bench.arguments) {
    if (!argument.isBuffer())
      continue;
    FailureOr<HostTensor> tensor = makeSampledTensor(
        argument, getAxisElements(argument, DimNames(*info), sampled.samples),
        seed);
    if (failed(tensor))
      return failure();
    plan.buffers.push_back(
        {argument.name, argument.access, std::move(*tensor),
         argument.data.kind != DataSource::Kind::Unspecified});
  }
  if (failed(addLaunches(sampled.test, plan)))
    return failure();
  return std::move(plan);
}

std::optional<BenchCheck> TestRunner::checkSample(const TestCase &bench,
                                                  ArrayRef<StringRef> dims) {
  SampledBench sampled;
  if (!chooseSample(bench, dims, sampled))
    return std::nullopt;
  FailureOr<TestPlan> plan = failure();
  {
    // A kernel, too, may need some relation between extents.
    SilentTrial trial(context);
    plan = makeSampledPlan(bench, sampled, options.firstSeed);
    if (failed(plan))
      return std::nullopt;
  }
  if (!isSeparable(sampled, *plan))
    return std::nullopt;
  BenchCheck check;
  check.method = describeSamples(sampled.samples);
  FailureOr<std::vector<TestBuffer>> after =
      runOnCopy(*plan, check.outcome.printed);
  if (failed(after) || failed(compare(sampled.test, sampled.references, *plan,
                                      *after, *plan, check.outcome)))
    check.outcome.status = TestOutcome::Status::Error;
  else
    setStatus(check.outcome);
  return check;
}

BenchCheck TestRunner::checkInSmall(const TestCase &bench) {
  location = program.getTestLocation(bench, context);
  BenchCheck check;
  References references;
  std::optional<InstanceInfo> info = program.getInfo(bench.instance);
  if (info && bench.hasReference &&
      !(tryReferences(bench, references) && isAffordable(references)))
    for (ArrayRef<StringRef> dims : listSampledDims(bench, *info))
      if (std::optional<BenchCheck> sampled = checkSample(bench, dims))
        return std::move(*sampled);
  FailureOr<TestPlan> plan = makePlan(bench, options.firstSeed);
  if (succeeded(plan))
    return this->check(bench, *plan);
  check.outcome.status = TestOutcome::Status::Error;
  return check;
}
