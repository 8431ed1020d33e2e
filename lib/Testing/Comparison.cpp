//===- Comparison.cpp - comparing outputs with a reference ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/Comparison.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

namespace {
/// err <= relative * |ref| + absolute.
struct RelativeBound {
  double relative, absolute;
};

/// One row for each class of the table in docs/Language.md.
struct RelativeRow {
  RelativeBound f64, f32, f16, bf16;
};
} // namespace

static constexpr RelativeRow kRowM = {
    {1e-13, 1e-13}, {1e-5, 1e-6}, {1e-3, 1e-6}, {8e-3, 1e-6}};
static constexpr RelativeRow kRowS = {
    {1e-13, 0}, {2e-5, 1e-7}, {2e-3, 1e-6}, {1e-2, 1e-6}};
static constexpr RelativeRow kRowN = {
    {1e-12, 1e-12}, {1e-5, 1e-5}, {2e-3, 1e-4}, {1.6e-2, 1e-3}};
// Relative to the largest |V| of the column (F) or |gradient| (FB).
static constexpr RelativeRow kRowF = {
    {1e-13, 0}, {2e-5, 0}, {2e-3, 0}, {1.6e-2, 0}};
static constexpr RelativeRow kRowFB = {
    {1e-12, 0}, {5e-5, 0}, {5e-3, 0}, {3e-2, 0}};
/// Class F with operands rounded to tf32.
constexpr double kAttentionTF32 = 4e-3;

static RelativeBound select(const RelativeRow &row, DType dtype) {
  switch (dtype) {
  case DType::F64:
    return row.f64;
  case DType::F16:
    return row.f16;
  case DType::BF16:
    return row.bf16;
  default:
    return row.f32;
  }
}

/// Unit round-off of the arithmetic: f32 for outputs of at most 32 bits.
static double getComputeRoundOff(DType dtype) {
  return dtype == DType::F64 ? 0x1p-53 : 0x1p-24;
}

/// What rounding to a narrower output type adds: relative to the result, or
/// half the smallest number where the results are too small for that.
static double getStorageError(DType dtype, double size) {
  switch (dtype) {
  case DType::F16:
    return std::max(0x1p-11 * size, 0x1p-25);
  case DType::BF16:
    return std::max(0x1p-8 * size, 0x1p-134);
  case DType::F8E4M3:
    return std::max(0x1p-4 * size, 0x1p-10);
  case DType::F8E5M2:
    return std::max(0x1p-3 * size, 0x1p-17);
  default:
    return 0;
  }
}

bool mlir::tk::needsMagnitude(ToleranceClass toleranceClass) {
  switch (toleranceClass) {
  case ToleranceClass::A:
  case ToleranceClass::R:
  case ToleranceClass::D:
  case ToleranceClass::F:
    return true;
  case ToleranceClass::X:
  case ToleranceClass::M:
  case ToleranceClass::S:
  case ToleranceClass::FB:
  case ToleranceClass::N:
  case ToleranceClass::Q:
  case ToleranceClass::P:
  case ToleranceClass::Explicit:
    return false;
  }
  llvm_unreachable("all classes are listed");
}

std::string mlir::tk::describeTolerance(const OutputCheck &check) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (check.toleranceClass == ToleranceClass::Explicit)
    os << llvm::format("rel %g, abs %g", check.relative, check.absolute);
  else
    os << "class " << stringifyToleranceClass(check.toleranceClass);
  if (check.toleranceClass == ToleranceClass::D)
    os << "(" << check.length << ")";
  return text;
}

namespace {
/// The bound of each element of one output.
class BoundRule {
public:
  BoundRule(DType dtype, const HostTensor &reference, const OutputCheck &check,
            const ToleranceContext &context)
      : dtype(dtype), check(check), context(context) {
    if (check.toleranceClass == ToleranceClass::FB)
      for (int64_t i = 0; i < reference.getNumElements(); ++i)
        if (std::isfinite(reference.getDouble(i)))
          largest = std::max(largest, std::fabs(reference.getDouble(i)));
  }

  double get(int64_t element, double reference) const {
    double u = getComputeRoundOff(dtype), size = std::fabs(reference);
    switch (check.toleranceClass) {
    case ToleranceClass::X:
    case ToleranceClass::P:
    case ToleranceClass::Q:
      return 0;
    case ToleranceClass::A:
      return getStored(3 * u, element, size);
    case ToleranceClass::R:
      return getStored(context.sumFactor * u, element, size);
    case ToleranceClass::D:
      return getStored((8 + check.length / 4.0) * u + context.operandError,
                       element, size);
    case ToleranceClass::F:
      return getMagnitude(element) * (context.operandError > 0
                                          ? kAttentionTF32
                                          : select(kRowF, dtype).relative);
    case ToleranceClass::FB:
      return select(kRowFB, dtype).relative * largest;
    case ToleranceClass::M:
      return get(select(kRowM, dtype), size, 1);
    case ToleranceClass::S:
      return get(select(kRowS, dtype), size, 1);
    case ToleranceClass::N:
      return get(select(kRowN, dtype), size, getWeight(element));
    case ToleranceClass::Explicit:
      return check.relative * size + check.absolute;
    }
    llvm_unreachable("all classes are listed");
  }

private:
  static double get(RelativeBound bound, double size, double weight) {
    return weight * (bound.relative * size + bound.absolute);
  }

  /// The rounding of the result to its type comes on top.
  double getStored(double relative, int64_t element, double size) const {
    return relative * getMagnitude(element) + getStorageError(dtype, size);
  }

  double getMagnitude(int64_t element) const {
    assert(context.magnitude && "the class needs the sums of absolute values");
    return context.magnitude->getDouble(element);
  }

  double getWeight(int64_t element) const {
    if (!context.weights)
      return 1;
    int64_t column = element % context.weights->getNumElements();
    return std::max(1.0, std::fabs(context.weights->getDouble(column)));
  }

  DType dtype;
  const OutputCheck &check;
  const ToleranceContext &context;
  double largest = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

static SmallVector<int64_t, 4> delinearize(ArrayRef<int64_t> shape,
                                           int64_t element) {
  SmallVector<int64_t, 4> index(shape.size());
  for (size_t dim = shape.size(); dim-- > 0;) {
    index[dim] = element % shape[dim];
    element /= shape[dim];
  }
  return index;
}

static std::string formatElement(const HostTensor &tensor, int64_t element) {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (isFloat(tensor.getDType()))
    os << llvm::format("%.9g", tensor.getDouble(element));
  else if (tensor.getDType() == DType::U64)
    os << static_cast<uint64_t>(tensor.getInteger(element));
  else
    os << tensor.getInteger(element);
  return text;
}

/// The bits of `value` rounded once to `dtype`. All NaNs count as one.
static uint64_t roundToBits(DType dtype, double value) {
  uint64_t bits = 0;
  if (value != value)
    return ~bits;
  writeDouble(dtype, &bits, value);
  return bits;
}

static double roundToType(DType dtype, double value) {
  uint64_t bits = 0;
  writeDouble(dtype, &bits, value);
  return readAsDouble(dtype, &bits);
}

/// The error of a float as a share of its bound: 0 if it agrees, more than 1 if
/// it fails.
static double getShareOfBound(DType dtype, double found, double expected,
                              double bound, bool isExact) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (isExact)
    return roundToBits(dtype, found) == roundToBits(dtype, expected)
               ? 0
               : kInfinity;
  if (std::isnan(found) || std::isnan(expected))
    return std::isnan(found) && std::isnan(expected) ? 0 : kInfinity;
  if (std::isinf(found) || std::isinf(expected))
    return found == roundToType(dtype, expected) ? 0 : kInfinity;
  double error = std::fabs(found - expected);
  if (error == 0)
    return 0;
  return bound > 0 ? error / bound : kInfinity;
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

static Comparison compareIntegers(const HostTensor &found,
                                  const HostTensor &reference) {
  Comparison result;
  result.isExact = true;
  result.numElements = found.getNumElements();
  for (int64_t i = 0; i < result.numElements; ++i) {
    int64_t a = found.getInteger(i), b = reference.getInteger(i);
    if (a == b)
      continue;
    double error = std::fabs(found.getDouble(i) - reference.getDouble(i));
    if (error > result.maxAbsoluteError || result.numFailures == 0) {
      result.worstIndex = delinearize(found.getShape(), i);
      result.found = formatElement(found, i);
      result.expected = formatElement(reference, i);
    }
    result.maxAbsoluteError = std::max(result.maxAbsoluteError, error);
    ++result.numFailures;
  }
  result.passed = result.numFailures == 0;
  if (!result.passed)
    result.maxShareOfBound = std::numeric_limits<double>::infinity();
  return result;
}

Comparison mlir::tk::compareOutput(const HostTensor &found,
                                   const HostTensor &reference,
                                   const OutputCheck &check,
                                   const ToleranceContext &context) {
  assert(found.getShape() == reference.getShape() && "shapes are equal");
  DType dtype = found.getDType();
  if (!isFloat(dtype))
    return compareIntegers(found, reference);

  Comparison result;
  result.numElements = found.getNumElements();
  result.isExact = check.toleranceClass == ToleranceClass::X ||
                   check.toleranceClass == ToleranceClass::P ||
                   check.toleranceClass == ToleranceClass::Q;
  BoundRule rule(dtype, reference, check, context);
  double worst = -1;
  for (int64_t i = 0; i < result.numElements; ++i) {
    double value = found.getDouble(i), expected = reference.getDouble(i);
    double share = getShareOfBound(dtype, value, expected,
                                   rule.get(i, expected), result.isExact);
    result.numFailures += share > 1;
    double error = std::fabs(value - expected);
    if (std::isfinite(error))
      result.maxAbsoluteError = std::max(result.maxAbsoluteError, error);
    if (share <= worst)
      continue;
    worst = result.maxShareOfBound = share;
    result.worstIndex = delinearize(found.getShape(), i);
    result.found = formatElement(found, i);
    result.expected = formatElement(reference, i);
  }
  result.passed = result.numFailures == 0;
  return result;
}
