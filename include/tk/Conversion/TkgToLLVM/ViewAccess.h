//===- ViewAccess.h - addresses and bounds of an access to a view ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `x[%i, %k +: 64, gather %t]` for one thread: the address of each of its
// elements, and whether it lies inside the view.
//
// What all threads share (base, scalar coordinates, starts of slices) is one
// sum; what the thread adds is another; what a register adds is a constant
// times a stride. So a loop that only moves the start of a slice moves one
// pointer, and rows of a tile differ by uniform values.
//
// Bounds are compared in 32 bits: of a slice of E elements at most E matter, so
// that the end of the view, counted from the start of the slice, is clamped to
// [0, E] once for all threads.
//
//===----------------------------------------------------------------------===//

#ifndef TK_CONVERSION_TKGTOLLVM_VIEWACCESS_H
#define TK_CONVERSION_TKGTOLLVM_VIEWACCESS_H

#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include <map>

namespace mlir::tkg {

/// The operands of an access, before and after conversion.
struct AccessOperands {
  tk::ViewType viewType;
  ValueRange view;
  SmallVector<tk::ViewItem> items;
  /// The converted values of each item: one coordinate, or the registers of a
  /// tile of coordinates.
  ArrayRef<ValueRange> itemValues;
  /// The dimensions that the program promises to stay inside; empty for none.
  ArrayRef<bool> inbounds;
};

/// The registers of a tile in groups that are accessed as vectors.
class VectorRegisters {
public:
  VectorRegisters(const tk::Layout &layout, Type elementType,
                  const AccessFacts &facts, ArrayRef<int64_t> tileShape);

  /// Elements per access: a power of two.
  int64_t getSize() const { return int64_t(1) << digits.size(); }
  /// The registers in which vectors start; copies of others left out.
  ArrayRef<int64_t> getStarts() const { return starts; }
  /// The registers of the vector whose first element is in register `r`.
  SmallVector<int64_t> getRegisters(int64_t r) const;

private:
  /// The weights of the register digits that count the elements of a vector,
  /// lowest first.
  SmallVector<int64_t> weights;
  SmallVector<unsigned> digits;
  SmallVector<int64_t> starts;
};

class ViewAccess {
public:
  /// `layout` is that of the tile, scalar if all items are.
  ViewAccess(LoweringContext &context, Emitter &e, const AccessOperands &access,
             const tk::Layout &layout, const AccessTraits &traits);

  /// The address of the element of register `r`.
  Value getPointer(int64_t r);
  /// Whether it lies inside the view and the tile; null if it always does.
  Value getPredicate(int64_t r);
  const VectorRegisters &getVectors() const { return vectors; }
  Type getElementType() const { return elementType; }

private:
  struct Item {
    tk::ItemKind kind;
    unsigned tileDim = 0; // the first, of a gather
    Value stride;         // i64
    /// Slices: coordinates in [low, high) of the tile are inside; either may be
    /// null.
    Value low, high;
    /// The tile ends here, before the layout does.
    int64_t tileExtent = 0;
    /// Gathers: the coordinate of each register of the access, the register of
    /// the tile of coordinates that it comes from, and the extent.
    SmallVector<Value> coordinates;
    SmallVector<int64_t> coordinateRegisters;
    Value extent;
    /// Gathers: the shape of the tile of coordinates.
    SmallVector<int64_t> gatherExtents;
  };

  void addScalar(Value coordinate, Value stride, Value extent, bool inbounds);
  void addSlice(Value start, Value stride, Value extent, unsigned tileDim,
                int64_t tileExtent, bool inbounds, bool isNonNegative);
  void addGather(const tk::ViewItem &item, ValueRange registers, Value stride,
                 Value extent, tk::ItemTileDims dims, bool inbounds);
  /// Equal for registers that `item` gives the same coordinate.
  int64_t getKey(const Item &item, int64_t r) const;
  Value getSlicePredicate(const Item &item, int64_t r);
  Value getGatherPredicate(const Item &item, int64_t r);
  Value getOffset(const Item &item, int64_t r);

  Emitter &e;
  const tk::Layout &layout;
  const TileCoordinates &coordinates;
  Type elementType;

  SmallVector<Item> items;
  /// The sum of what all elements of the thread share.
  Value pointer;
  /// The conjunction of the predicates that all elements share.
  Value sharedPredicate;
  VectorRegisters vectors;
  /// Comparisons and addresses already made, by what they depend on.
  std::map<std::pair<unsigned, int64_t>, Value> knownPredicates;
  std::map<SmallVector<int64_t>, Value> knownPointers;
};

/// For each register of `result` the register of `source` that holds the
/// element at `project` of its coordinates, in every thread; -1 where there is
/// none (padding).
SmallVector<int64_t>
mapRegisters(const tk::Layout &result, const tk::Layout &source,
             function_ref<void(SmallVectorImpl<int64_t> &)> project);

/// The registers of `layout` that are copies of others.
bool isCopy(const tk::Layout &layout, int64_t r);

/// Gives the registers of `layout` that are copies, null in `values`, the
/// values of what they are copies of.
void fillCopies(const tk::Layout &layout, MutableArrayRef<Value> values);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_VIEWACCESS_H
