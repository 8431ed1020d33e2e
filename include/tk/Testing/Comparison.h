//===- Comparison.h - comparing outputs with a reference ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_COMPARISON_H
#define TK_TESTING_COMPARISON_H

#include "tk/Frontend/Program.h"
#include "tk/Runtime/HostTensor.h"
#include <string>

namespace mlir::tk {

/// What the bound of a tolerance class depends on besides the reference.
struct ToleranceContext {
  /// Of class R: 8 + 2 log2(tile) + number of loop steps.
  double sumFactor = 8;
  /// Of class D: what is added to c * u for operands that are rounded to tf32
  /// (2^-9) or split in two (2^-19); 0 for IEEE products.
  double operandError = 0;
  /// For each element: the sum of the absolute values of its terms (classes A,
  /// R, D), or the largest absolute value in its column of V (class F). Null
  /// for the other classes.
  const HostTensor *magnitude = nullptr;
  /// Class N: absolute values of the weights of the last dimension, or null.
  const HostTensor *weights = nullptr;
};

/// How an output compares with its reference.
struct Comparison {
  bool passed = true;
  /// Over the elements that are finite on both sides.
  double maxAbsoluteError = 0;
  /// The largest error as a share of what the tolerance allows for its element:
  /// more than 1 fails. Infinite where nothing but equality is allowed.
  double maxShareOfBound = 0;
  /// The element with that error, and both values as text.
  SmallVector<int64_t, 4> worstIndex;
  std::string found, expected;
  /// No rounding is allowed.
  bool isExact = false;
  int64_t numFailures = 0;
  int64_t numElements = 0;
};

/// What the class allows, for people: "class S", "rel 1e-3, abs 1e-6".
std::string describeTolerance(const OutputCheck &check);

/// Whether the class needs ToleranceContext::magnitude.
bool needsMagnitude(ToleranceClass toleranceClass);

/// Compares `found` with `reference`: f64 for floats, the same type for
/// integers, which must be equal. NaN must meet NaN and infinities must agree
/// in sign; a reference that rounds to an infinity may be met by one.
Comparison compareOutput(const HostTensor &found, const HostTensor &reference,
                         const OutputCheck &check,
                         const ToleranceContext &context);

} // namespace mlir::tk

#endif // TK_TESTING_COMPARISON_H
