//===- ShapeOps.cpp - lowers ops that make tiles and rename their elements ===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layouts around a shape op are such that every thread already holds what
// it needs: registers are renamed, nothing moves. The exception is a reshape
// between shapes that no layout fits both of.
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"
#include "tk/Dialect/Tkg/IR/LayoutInference.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::Layout;
using Coordinates = SmallVectorImpl<int64_t>;

/// The registers of `result`, each taken from the register of `source` that
/// holds the element at `project` of its coordinates.
static FailureOr<SmallVector<Value>>
renameRegisters(Operation *op, Emitter &e, Type result, Type source,
                ValueRange values, function_ref<void(Coordinates &)> project) {
  SmallVector<Value> renamed;
  for (int64_t r :
       mapRegisters(getTileLayout(result), getTileLayout(source), project))
    renamed.push_back(r < 0 ? e.getPoison(values.front().getType())
                            : values[r]);
  return renamed;
}

namespace {

struct SplatPattern : TkgPattern<tk::SplatOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::SplatOp op, OneToNOpAdaptor adaptor,
                                      Emitter &) const override {
    return SmallVector<Value>(getTileLayout(op.getType()).getNumRegisters(),
                              adaptor.getValue().front());
  }
};

struct ArangePattern : TkgPattern<tk::ArangeOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::ArangeOp op, OneToNOpAdaptor,
                                      Emitter &e) const override {
    const Layout &layout = getTileLayout(op.getType());
    const TileCoordinates &coordinates = context.getCoordinates(layout, e);
    Type type = convertElementType(getElementTypeOrSelf(op.getType()));
    SmallVector<Value> values;
    for (int64_t r = 0, end = layout.getNumRegisters(); r < end; ++r)
      values.push_back(e.resize(coordinates.getCoordinate(e, 0, r), type));
    return values;
  }
};

struct BroadcastPattern : TkgPattern<tk::BroadcastOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::BroadcastOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    auto source = cast<RankedTensorType>(op.getSource().getType());
    return renameRegisters(op, e, op.getType(), source, adaptor.getSource(),
                           [&](Coordinates &coordinates) {
                             for (int64_t dim = 0; dim < source.getRank();
                                  ++dim)
                               if (source.getDimSize(dim) == 1)
                                 coordinates[dim] = 0;
                           });
  }
};

struct ExpandDimsPattern : TkgPattern<tk::ExpandDimsOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::ExpandDimsOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    return renameRegisters(op, e, op.getType(), op.getSource().getType(),
                           adaptor.getSource(), [&](Coordinates &coordinates) {
                             coordinates.erase(coordinates.begin() +
                                               op.getAxis());
                           });
  }
};

struct TransPattern : TkgPattern<tk::TransOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::TransOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    return renameRegisters(
        op, e, op.getType(), op.getSource().getType(), adaptor.getSource(),
        [&](Coordinates &coordinates) {
          SmallVector<int64_t> permuted = llvm::to_vector(coordinates);
          for (auto [to, from] : llvm::enumerate(op.getPermutation()))
            permuted[from] = coordinates[to];
          coordinates.assign(permuted.begin(), permuted.end());
        });
  }
};

struct ReshapePattern : TkgPattern<tk::ReshapeOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(tk::ReshapeOp op, OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    if (op->hasAttr(kThroughMemoryAttr))
      return moveThroughMemory(op, adaptor.getSource(), e);
    auto result = cast<RankedTensorType>(op.getType());
    auto source = cast<RankedTensorType>(op.getSource().getType());
    return renameRegisters(
        op, e, result, source, adaptor.getSource(),
        [&](Coordinates &coordinates) {
          int64_t index = 0;
          for (auto [coordinate, extent] :
               llvm::zip_equal(coordinates, result.getShape()))
            index = index * extent + coordinate;
          coordinates.resize(source.getRank());
          for (int64_t dim = source.getRank() - 1; dim >= 0; --dim) {
            coordinates[dim] = index % source.getDimSize(dim);
            index /= source.getDimSize(dim);
          }
        });
  }

private:
  /// Where register `r` of a tile belongs in shared memory.
  struct Place {
    /// The row-major index of the element, i32.
    Value index;
    /// Whether it is an element and not padding; null if that is certain.
    Value isElement;
  };
  Place getPlace(RankedTensorType type, int64_t r, Emitter &e) const;
  FailureOr<SmallVector<Value>>
  moveThroughMemory(tk::ReshapeOp op, ValueRange source, Emitter &e) const;
};
} // namespace

ReshapePattern::Place ReshapePattern::getPlace(RankedTensorType type, int64_t r,
                                               Emitter &e) const {
  const Layout &layout = getTileLayout(type);
  const TileCoordinates &coordinates = context.getCoordinates(layout, e);
  Place place{e.getI32Constant(0), context.getIsElement(type, r, e)};
  for (auto [dim, extent] : llvm::enumerate(type.getShape()))
    place.index = e.add(e.mul(place.index, e.getI32Constant(extent)),
                        coordinates.getCoordinate(e, dim, r));
  return place;
}

/// Every element is written where its row-major index says, which is the same
/// in both shapes, and read from there.
FailureOr<SmallVector<Value>>
ReshapePattern::moveThroughMemory(tk::ReshapeOp op, ValueRange source,
                                  Emitter &e) const {
  Value scratch = getScratch(context, e, op);
  if (!scratch)
    return failure();
  auto sourceType = cast<RankedTensorType>(op.getSource().getType());
  const Layout &sourceLayout = getTileLayout(sourceType);
  SmallVector<Value> elements = toSharedElements(e, source);
  Type memoryType = elements.front().getType();
  Value isOwner = context.getIsOwner(sourceType, e);
  for (auto [r, value] : llvm::enumerate(elements)) {
    if (isCopy(sourceLayout, r))
      continue;
    Place place = getPlace(sourceType, r, e);
    Value pointer = e.getElementPointer(scratch, memoryType, place.index);
    getTarget().storeShared(e, pointer, value,
                            e.both(isOwner, place.isElement));
  }
  getTarget().barrier(e);

  auto resultType = cast<RankedTensorType>(op.getType());
  const Layout &resultLayout = getTileLayout(resultType);
  MemoryWords word(e, memoryType, 1);
  SmallVector<Value> results(resultLayout.getNumRegisters());
  for (int64_t r = 0, end = results.size(); r < end; ++r) {
    if (isCopy(resultLayout, r))
      continue;
    Place place = getPlace(resultType, r, e);
    // Padding may be anything, but must not be read from outside.
    if (place.isElement)
      place.index = e.select(place.isElement, place.index, e.getI32Constant(0));
    Value pointer = e.getElementPointer(scratch, memoryType, place.index);
    results[r] = word.unpack(e, word.load(e, pointer)).front();
  }
  fillCopies(resultLayout, results);
  return fromSharedElements(
      e, convertElementType(getElementTypeOrSelf(resultType)), results);
}

void mlir::tkg::populateShapePatterns(LoweringContext &context,
                                      RewritePatternSet &patterns) {
  patterns.add<ArangePattern, BroadcastPattern, ExpandDimsPattern,
               ReshapePattern, SplatPattern, TransPattern>(context);
}
