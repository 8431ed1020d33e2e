//===- Alignment.h - divisibility, contiguity and constancy of values -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the compiler must know before it may read 16 bytes at once: is the
// address a multiple of 16, are the elements neighbours, and are they all
// inside or all outside of the tensor?
//
//   x[i, k +: 64] of bf16, rows of stride 1, base_alignment = 16 and
//   stride_divisibility = 8; k counts 0, 64, ... to extent K divisible by 8
//
//   Walking tile dimension 0 walks memory; groups of 8 elements start at a
//   multiple of 16 bytes and end before K does: maxVectorSize = 8.
//
// All divisors are powers of two: they survive integers that wrap around.
//
//===----------------------------------------------------------------------===//

#ifndef TK_ANALYSIS_ALIGNMENT_H
#define TK_ANALYSIS_ALIGNMENT_H

#include "mlir/Analysis/DataFlowFramework.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// The divisor of zero: every power of two we care about divides it.
constexpr int64_t kMaxDivisor = int64_t(1) << 40;

/// The largest power of two, at most kMaxDivisor, that divides `value`.
int64_t getPowerOfTwoDivisor(int64_t value);

/// What is known about the integers (or addresses) along one dimension of a
/// tile.
struct DimFacts {
  /// The tile falls into groups of this many consecutive integers (addresses
  /// of neighbouring elements), each group starting at a multiple of the
  /// number along the dimension. A power of two.
  int64_t contiguity = 1;
  /// What divides the first integer (the address, in bytes) of each group.
  int64_t divisibility = 1;
  /// The tile falls into groups of this many equal values. A power of two.
  int64_t constancy = 1;

  /// What divides the first element of each group of `size` elements.
  int64_t getDivisibilityOfGroups(int64_t size, int64_t elementSize = 1) const;
  bool operator==(const DimFacts &other) const {
    return contiguity == other.contiguity &&
           divisibility == other.divisibility && constancy == other.constancy;
  }
};

/// What is known about one dimension of a view.
struct ViewDimFacts {
  /// What divides the stride, in elements.
  int64_t strideDivisibility = 1;
  bool isStrideOne = false;
  int64_t extentDivisibility = 1;

  bool operator==(const ViewDimFacts &other) const {
    return strideDivisibility == other.strideDivisibility &&
           isStrideOne == other.isStrideOne &&
           extentDivisibility == other.extentDivisibility;
  }
};

/// What is known about a scalar (`divisibility` alone), a tile (one entry of
/// `dims` for each dimension) or a view (one of `viewDims`).
struct ValueFacts {
  SmallVector<DimFacts, 2> dims;
  SmallVector<ViewDimFacts, 2> viewDims;
  /// What divides a scalar, every element of a tile, or the address of the
  /// first element of a view, in bytes.
  int64_t divisibility = 1;
  /// The value of a scalar, or of all elements, if it is known.
  std::optional<int64_t> constant;

  bool operator==(const ValueFacts &other) const {
    return dims == other.dims && viewDims == other.viewDims &&
           divisibility == other.divisibility && constant == other.constant;
  }
};

/// What is known about the memory that a load, store, atomic or copy touches.
struct AccessFacts {
  /// The tile dimension that walks the last dimension of the view, or along
  /// which pointers are neighbours: the one to give to neighbouring threads.
  /// Nothing if no dimension does.
  std::optional<unsigned> fastestDim;
  /// Neighbours along `fastestDim` are known to be neighbours in memory.
  bool isContiguous = false;
  /// Aligned groups of so many elements along `fastestDim` (starting at a
  /// multiple of it) are neighbours in memory and start at a multiple of their
  /// size. A power of two; 1 where nothing is known.
  int64_t alignedVectorSize = 1;
  /// Groups of so many elements are all read (or written), or none is.
  int64_t maskedVectorSize = 1;

  /// The most elements that one access may take.
  int64_t getMaxVectorSize() const {
    return std::min(alignedVectorSize, maskedVectorSize);
  }
};

/// The facts about all values of an op, most often a kernel. Valid until the
/// IR changes.
class AlignmentAnalysis {
public:
  explicit AlignmentAnalysis(Operation *root);

  /// The facts of an integer, index or pointer, of a tile of them, or of a
  /// view.
  ValueFacts getFacts(Value value) const;
  /// The facts of an access: a `tk` load, store or atomic on a view or on
  /// pointers, or `tkg.copy_async`. Nothing is known of any other op.
  AccessFacts getAccessFacts(Operation *op) const;

private:
  DataFlowSolver solver;
};

} // namespace mlir::tkg

#endif // TK_ANALYSIS_ALIGNMENT_H
