//===- MagnitudeReference.h - sums of absolute values of a reference ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_MAGNITUDEREFERENCE_H
#define TK_TESTING_MAGNITUDEREFERENCE_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::tk {

/// How the magnitude of a dot is formed.
enum class DotMagnitude {
  /// sum_k |a[m, k]| |b[k, n]|.
  SumOfProducts,
  /// (sum_k |a[m, k]|) * max_k |b[k, n]|: for attention, whose weights add up
  /// to 1, the largest |V| of the column.
  ColumnMaximum,
};

/// Changes a reference so that each float result is not its value but its
/// *magnitude*: the sum of the absolute values of the terms that were added up
/// to make it, which is what a rounding error is measured by.
///
/// Beside every float value v its magnitude m(v) >= |v| is computed:
///   x                  |x|   for what is loaded, constant, or a function
///                            (exp, ...) of values
///   a + b, a - b       m(a) + m(b)
///   a * b              m(a) * m(b)
///   a / b              m(a) / |b|
///   max(a, b), min     max(m(a), m(b))
///   where(c, a, b)     where(c, m(a), m(b))
///   sum over an axis   the sum of the m
///   dot(a, b, c)       dot(m(a), m(b), m(c)); see DotMagnitude
/// and movement, casts and loops carry magnitudes along. Results of functions
/// that were not inlined, of `while` loops and of other combiners count as
/// single terms.
LogicalResult convertToMagnitudes(ModuleOp reference, DotMagnitude dots);

} // namespace mlir::tk

#endif // TK_TESTING_MAGNITUDEREFERENCE_H
