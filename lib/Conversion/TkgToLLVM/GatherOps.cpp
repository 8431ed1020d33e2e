//===- GatherOps.cpp - lowers tk.gather -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The source goes to shared memory in row-major order; every thread reads the
// elements that its indices name.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;

namespace {
struct GatherPattern : TkgPattern<tk::GatherOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::GatherOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Value scratch = getScratch(context, e, op);
    if (!scratch)
      return failure();
    SmallVector<Value> source = toSharedElements(e, adaptor.getSource());
    storeSource(op, source, scratch, e);
    getTarget().barrier(e);
    Type memoryType = source.front().getType();
    MemoryWords word(e, memoryType, 1);
    SmallVector<Value> results;
    for (Value index : getPlaces(op, adaptor.getIndices(), e)) {
      Value pointer = e.getElementPointer(scratch, memoryType, index);
      llvm::append_range(results, word.unpack(e, word.load(e, pointer)));
    }
    return fromSharedElements(
        e, convertElementType(getElementTypeOrSelf(op.getType())), results);
  }

private:
  void storeSource(tk::GatherOp op, ArrayRef<Value> source, Value scratch,
                   Emitter &e) const {
    const Layout &layout = getTileLayout(op.getSource().getType());
    const TileCoordinates &coordinates = context.getCoordinates(layout, e);
    Value isOwner = context.getIsFirstReplica(layout, e);
    for (auto [r, value] : llvm::enumerate(source)) {
      if (isCopy(layout, r))
        continue;
      Value index = e.getI32Constant(0);
      for (auto [dim, extent] : llvm::enumerate(layout.getExtents()))
        index = e.add(e.mul(index, e.getI32Constant(extent)),
                      coordinates.getCoordinate(e, dim, r));
      Value pointer = e.getElementPointer(scratch, value.getType(), index);
      getTarget().storeShared(e, pointer, value, isOwner);
    }
  }

  /// The row-major index of the source element of each register of the result:
  /// its coordinates, with those of the index tile replaced by the index. What
  /// padding or a wrong index would read from behind the source is its last
  /// element.
  SmallVector<Value> getPlaces(tk::GatherOp op, ValueRange indices,
                               Emitter &e) const {
    const Layout &layout = getTileLayout(op.getType());
    const TileCoordinates &coordinates = context.getCoordinates(layout, e);
    SmallVector<int64_t> extents =
        getTileLayout(op.getSource().getType()).getExtents();
    Type indexType = op.getIndices().getType();
    auto indexTile = dyn_cast<RankedTensorType>(indexType);
    int64_t axis = op.getAxis(),
            indexRank = indexTile ? indexTile.getRank() : 0;
    SmallVector<int64_t> indexOf = mapRegisters(
        layout, getTileLayout(indexType), [&](SmallVectorImpl<int64_t> &c) {
          c.erase(c.begin(), c.begin() + axis);
          c.truncate(indexRank);
        });
    int64_t last =
        getTileLayout(op.getSource().getType()).getShape().getNumElements() - 1;
    SmallVector<Value> places;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r) {
      Value place = e.getI32Constant(0);
      for (auto [dim, extent] : llvm::enumerate(extents)) {
        int64_t d = dim;
        Value coordinate =
            d == axis ? e.resize(indices[std::max<int64_t>(indexOf[r], 0)],
                                 e.getI32())
                      : coordinates.getCoordinate(
                            e, d < axis ? d : d - 1 + indexRank, r);
        place = e.add(e.mul(place, e.getI32Constant(extent)), coordinate);
      }
      places.push_back(
          e.create<LLVM::UMinOp>(e.getI32(), place, e.getI32Constant(last)));
    }
    return places;
  }
};
} // namespace

void mlir::tkg::populateGatherPatterns(LoweringContext &context,
                                       RewritePatternSet &patterns) {
  patterns.add<GatherPattern>(context);
}
