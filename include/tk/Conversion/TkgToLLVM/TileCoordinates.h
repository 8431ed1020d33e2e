//===- TileCoordinates.h - where the elements of a thread lie in a tile ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_TILECOORDINATES_H
#define TK_CONVERSION_TKGTOLLVM_TILECOORDINATES_H

#include "tk/Conversion/TkgToLLVM/Emitter.h"
#include "tk/Support/Layout.h"

namespace mlir::tkg {

/// The place of a thread in its block, i32 each.
struct ThreadPlace {
  Value lane;
  Value warp;
};

/// The coordinates, along each tile dimension, of the elements that a thread
/// holds: the part that depends on the thread is computed once, what a
/// register adds to it is a constant.
class TileCoordinates {
public:
  TileCoordinates(const tk::Layout &layout, Emitter &e, ThreadPlace place);

  /// The part of coordinate `dim` that the thread decides, i32.
  Value getThreadPart(unsigned dim) const { return dims[dim].threadPart; }
  /// What register `r` adds to it, where `isAdditive(dim)`.
  int64_t getRegisterPart(unsigned dim, int64_t r) const {
    return registerParts[r][dim];
  }
  /// The largest value of `getThreadPart(dim)`.
  int64_t getMaxThreadPart(unsigned dim) const {
    return dims[dim].maxThreadPart;
  }
  /// True if the two parts add up. Otherwise they share tile bits, and
  /// `getCoordinate` combines them by exclusive or.
  bool isAdditive(unsigned dim) const { return dims[dim].isAdditive; }
  /// Coordinate `dim` of register `r`, i32.
  Value getCoordinate(Emitter &e, unsigned dim, int64_t r) const;
  /// Whether coordinate `dim` of register `r` is less than `extent`, i1. Null
  /// where it is in every thread, the constant false where it is in none.
  Value getIsBelow(Emitter &e, unsigned dim, int64_t r, int64_t extent) const;

private:
  struct Dim {
    bool isAdditive;
    Value threadPart;
    int64_t maxThreadPart;
    /// Where the parts do not add: the tile bits of the thread, counted from
    /// the lowest of the dimension, and the part of its odd digits.
    Value threadBits;
    Value threadOddPart;
    SmallVector<tk::CoordinateTerms::Run, 1> runs;
  };

  void addDim(const tk::Layout &layout, unsigned dim, Emitter &e,
              ThreadPlace place);

  SmallVector<Dim, 2> dims;
  SmallVector<SmallVector<int64_t>> registerParts;
  /// The tile bits of each register, of all dimensions.
  SmallVector<uint64_t> registerBits;
  tk::DigitShape shape;
};

/// Exclusive or of `mask` over the set bits of `index` that `bits` name:
/// what a linear map over F2 does to a run-time index.
struct IndexBit {
  /// The bit is (index / divisor) % 2.
  int64_t divisor;
  uint64_t mask;
};
Value applyBits(Emitter &e, Value index, ArrayRef<IndexBit> bits);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_TILECOORDINATES_H
