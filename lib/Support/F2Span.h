//===- F2Span.h - a growing subspace of bit vectors -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_SUPPORT_F2SPAN_H
#define TK_LIB_SUPPORT_F2SPAN_H

#include "llvm/ADT/SmallVector.h"
#include <array>
#include <cstdint>

namespace mlir::tk {

/// The span over F2 of the vectors added so far, kept in echelon form: row i,
/// if not zero, has its highest bit at i. With each row goes the set of added
/// vectors that sum to it (bit n for the n-th independent vector), so that a
/// vector in the span can be written in terms of those added.
class F2Span {
public:
  /// Adds a vector; returns false if it lies in the span already.
  bool add(uint64_t vector) {
    uint64_t combination = 0;
    reduce(vector, combination);
    if (!vector)
      return false;
    unsigned top = 63 - __builtin_clzll(vector);
    rows[top] = vector;
    combinations[top] = combination ^ (uint64_t(1) << rank);
    ++rank;
    return true;
  }

  bool contains(uint64_t vector) const {
    uint64_t combination = 0;
    reduce(vector, combination);
    return vector == 0;
  }

  /// Which independent vectors, in the order added, sum to `vector`; it must
  /// lie in the span.
  uint64_t express(uint64_t vector) const {
    uint64_t combination = 0;
    reduce(vector, combination);
    return combination;
  }

  /// Subtracts what the span holds of `vector`: zero if it lies in the span.
  uint64_t getRemainder(uint64_t vector) const {
    uint64_t combination = 0;
    reduce(vector, combination);
    return vector;
  }

  unsigned getRank() const { return rank; }

private:
  void reduce(uint64_t &vector, uint64_t &combination) const {
    for (uint64_t todo = vector; todo;) {
      unsigned top = 63 - __builtin_clzll(todo);
      todo &= ~(uint64_t(1) << top);
      if (!rows[top])
        continue;
      vector ^= rows[top];
      combination ^= combinations[top];
      // Bits below the pivot changed: look at them again.
      todo = vector & ((uint64_t(1) << top) - 1);
    }
  }

  std::array<uint64_t, 64> rows = {};
  std::array<uint64_t, 64> combinations = {};
  unsigned rank = 0;
};

} // namespace mlir::tk

#endif // TK_LIB_SUPPORT_F2SPAN_H
