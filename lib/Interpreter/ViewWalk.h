//===- ViewWalk.h - walking over the elements that index items pick -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `x[i, k +: 64, gather t]` picks a tile. Its dimensions are grouped into axes:
// a slice is one axis, adjacent gathers of one shape are one (flattened) axis.
// For each axis it is known, before the walk, which of its positions lie inside
// the view and how far each lies from the start, so that the walk itself only
// adds offsets.

#ifndef TK_LIB_INTERPRETER_VIEWWALK_H
#define TK_LIB_INTERPRETER_VIEWWALK_H

#include "TileProgram.h"

namespace mlir::tk {

/// What is known of an access when the kernel is compiled.
struct ViewAccess {
  struct Axis {
    int64_t size;
    bool isGather;
    /// Dimensions of the view that this axis walks: one for a slice.
    SmallVector<unsigned, 2> dims;
  };

  ViewAccess(ViewType view, ArrayRef<ViewItem> items,
             ArrayRef<ItemTileDims> tileDims, Type accessed);

  int64_t rank;
  SmallVector<Axis, 4> axes;
  SmallVector<unsigned, 4> scalarDims;
  /// Kind of the item of each dimension; index for all but gathers.
  SmallVector<ElementKind, 4> itemKinds;
  ElementKind elementKind;
  int64_t numElements;
};

/// An access at run time.
class ViewWalk {
public:
  /// `items[d]` is where the item of dimension d lies in the frame.
  ViewWalk(const ViewAccess &access, const ViewValue &view,
           ArrayRef<const char *> items);

  /// A run of `count` elements of the tile from number `first` on. Those from
  /// `begin` to `end` lie inside; element i of the run is `offset + i * stride`
  /// elements from the base of the view.
  struct Run {
    int64_t first, count;
    int64_t begin, end;
    int64_t offset, stride;
  };

  /// Calls `fn` for runs that cover the tile in order.
  template <typename Fn> void forEachRun(Fn fn) const {
    if (axes.empty()) {
      fn(Run{0, 1, 0, isInside ? 1 : 0, scalarOffset, 0});
      return;
    }
    walk(0, 0, scalarOffset, isInside, fn);
  }

  /// A dimension in which the program promised to stay inside, and a coordinate
  /// outside; none if it kept the promise. Elements that lie outside in another
  /// dimension, which is tested, are not accessed and prove nothing.
  std::optional<std::pair<unsigned, int64_t>>
  findOutside(ArrayRef<bool> promised) const;

private:
  struct Axis {
    int64_t size;
    /// A slice: positions from begin to end lie inside; position i is
    /// `start + i * stride` elements from the start.
    int64_t begin, end, start, stride;
    /// A gather: one offset for each position, kOutside if it is outside.
    std::vector<int64_t> offsets;
  };
  static constexpr int64_t kOutside = std::numeric_limits<int64_t>::min();

  int64_t getCoordinate(unsigned dim, int64_t position, bool isGather) const;
  void addSlice(const ViewAccess::Axis &axis);
  void addGather(const ViewAccess::Axis &axis);

  template <typename Fn>
  void walk(size_t depth, int64_t first, int64_t offset, bool inside,
            Fn &fn) const {
    const Axis &axis = axes[depth];
    bool isLast = depth + 1 == axes.size();
    if (isLast && axis.offsets.empty()) {
      fn(Run{first, axis.size, inside ? axis.begin : 0, inside ? axis.end : 0,
             offset + axis.start, axis.stride});
      return;
    }
    for (int64_t i = 0; i < axis.size; ++i) {
      bool isHere = inside;
      int64_t there = offset;
      if (axis.offsets.empty()) {
        isHere &= i >= axis.begin && i < axis.end;
        there += isHere ? axis.start + i * axis.stride : 0;
      } else {
        isHere &= axis.offsets[i] != kOutside;
        there += isHere ? axis.offsets[i] : 0;
      }
      if (isLast)
        fn(Run{first + i, 1, 0, isHere ? 1 : 0, there, 0});
      else
        walk(depth + 1, (first + i) * axes[depth + 1].size, there, isHere, fn);
    }
  }

  const ViewAccess &access;
  const ViewValue &view;
  ArrayRef<const char *> items;
  SmallVector<Axis, 4> axes;
  bool isInside;
  int64_t scalarOffset = 0;
};

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_VIEWWALK_H
