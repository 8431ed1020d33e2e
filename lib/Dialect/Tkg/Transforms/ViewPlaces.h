//===- ViewPlaces.h - which elements of a view an access touches ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Accesses go through views of views. Seen from the first one, an access is a
// box with one interval for each dimension, whose ends are sums of values:
//
//   q.sub(2, half, half)[s, h +: 4, 0 +: 64]
//     dimension 0   [s, s + 1)
//     dimension 1   [h, h + 4)
//     dimension 2   [half, half + 64), within [half, half + half)
//
// Two boxes are apart if two of their intervals are.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_VIEWPLACES_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_VIEWPLACES_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include <optional>

namespace mlir::tkg {

/// constant + sum of factor * value, over scalars of type index.
struct IndexSum {
  SmallVector<std::pair<Value, int64_t>, 2> terms;
  int64_t constant = 0;

  IndexSum plus(const IndexSum &other, int64_t factor = 1) const;
};

/// The box of an access to a view.
struct ViewPlaces {
  struct Interval {
    IndexSum begin, end;
  };
  struct Dim {
    /// All of them hold; none is known of gathered coordinates.
    SmallVector<Interval, 2> intervals;
    /// The dimension of the tile that walks along it, if one does; the first
    /// interval is then what it walks over.
    std::optional<int64_t> tileDim;
    bool isGathered = false;
  };

  /// The view that is no part of another one.
  Value root;
  SmallVector<Dim, 0> dims;
};

/// The places of a load, store or copy; nothing for other ops.
std::optional<ViewPlaces> getViewPlaces(Operation *op);

/// Whether the places are apart, however often the program has gone round the
/// loops between the accesses; `sameIteration` says that it has not.
bool areApart(const ViewPlaces &a, const ViewPlaces &b, bool sameIteration);

/// Whether the places of any two different iterations of one run of `loop` are
/// apart.
bool areApartAcross(const ViewPlaces &a, const ViewPlaces &b, scf::ForOp loop);

/// Whether an element that both touch is always the same element of the tile,
/// for tiles of one shape: `x[64*i +: 64]` and `x[64*j +: 64]`.
bool haveSameGrid(const ViewPlaces &a, const ViewPlaces &b, bool sameIteration);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_VIEWPLACES_H
