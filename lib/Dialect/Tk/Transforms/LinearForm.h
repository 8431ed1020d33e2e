//===- LinearForm.h - values as linear functions of a loop variable -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `pm*64 + arange + 2*iv`, seen from the loop of iv, is the form
//
//   2*iv + 1*(pm*64) + [0, 63]
//
// It stands for all elements of a tile at once: the interval says how far the
// elements lie from the scalar part. Whether a comparison holds for the whole
// tile then becomes a bound on iv.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DIALECT_TK_TRANSFORMS_LINEARFORM_H
#define TK_LIB_DIALECT_TK_TRANSFORMS_LINEARFORM_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include <optional>

namespace mlir::tk {

/// ivCoefficient * iv + sum of coefficient * term + something in [low, high].
struct LinearForm {
  int64_t ivCoefficient = 0;
  /// Scalars of type index that are defined outside the loop.
  SmallVector<std::pair<Value, int64_t>> terms;
  int64_t low = 0, high = 0;

  LinearForm operator+(const LinearForm &other) const;
  LinearForm operator-(const LinearForm &other) const {
    return *this + other.scaled(-1);
  }
  LinearForm scaled(int64_t factor) const;

  /// Whether it is one known number.
  bool isConstant() const {
    return ivCoefficient == 0 && terms.empty() && low == high;
  }
};

/// Writes a scalar or tile of integers as a linear form of the variable of
/// `loop`, or fails where it is none or 64-bit arithmetic might not be what
/// the program does.
std::optional<LinearForm> getLinearForm(Value value, scf::ForOp loop);

} // namespace mlir::tk

#endif // TK_LIB_DIALECT_TK_TRANSFORMS_LINEARFORM_H
