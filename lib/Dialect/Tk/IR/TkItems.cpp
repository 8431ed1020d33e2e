//===- TkItems.cpp - index items: how accesses pick elements of a view ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Dialect/Tk/IR/TkItems.h"

using namespace mlir;
using namespace mlir::tk;

SmallVector<ViewItem> mlir::tk::getViewItems(OperandRange indices,
                                             ArrayRef<int64_t> itemExtents) {
  SmallVector<ViewItem> items;
  for (auto [value, extent] : llvm::zip_equal(indices, itemExtents)) {
    if (extent == kScalarItem)
      items.push_back({ItemKind::Scalar, value});
    else if (extent == kGatherItem)
      items.push_back({ItemKind::Gather, value});
    else
      items.push_back({ItemKind::Slice, value, extent});
  }
  return items;
}

SmallVector<ItemTileDims>
mlir::tk::getItemTileDims(ArrayRef<ViewItem> items,
                          SmallVectorImpl<int64_t> &tileShape) {
  SmallVector<ItemTileDims> dims;
  tileShape.clear();
  std::optional<ArrayRef<int64_t>> previousGather;
  for (const ViewItem &item : items) {
    std::optional<ArrayRef<int64_t>> gather;
    int64_t first = tileShape.size();
    switch (item.kind) {
    case ItemKind::Scalar:
      dims.push_back({first, 0});
      break;
    case ItemKind::Slice:
      dims.push_back({first, 1});
      tileShape.push_back(item.extent);
      break;
    case ItemKind::Gather:
      gather = cast<RankedTensorType>(item.value.getType()).getShape();
      if (previousGather == gather) {
        dims.push_back(dims.back());
        break;
      }
      dims.push_back({first, static_cast<int64_t>(gather->size())});
      llvm::append_range(tileShape, *gather);
      break;
    }
    previousGather = gather;
  }
  return dims;
}

LogicalResult mlir::tk::verifyItems(Operation *op, ViewType view,
                                    OperandRange indices,
                                    ArrayRef<int64_t> itemExtents,
                                    Type elementType, Type accessed) {
  if (static_cast<int64_t>(indices.size()) != view.getRank() ||
      indices.size() != itemExtents.size())
    return op->emitOpError("expects one index item for each of the ")
           << view.getRank() << " dimensions of the view, got "
           << indices.size();
  for (auto [value, extent] : llvm::zip_equal(indices, itemExtents)) {
    bool isTile = isa<RankedTensorType>(value.getType());
    if (isTile != (extent == kGatherItem))
      return op->emitOpError("expects a gather to take an integer tile, and "
                             "other items an index, got ")
             << value.getType();
    if (extent < kGatherItem || extent == 0)
      return op->emitOpError("expects a slice of at least one element, got ")
             << extent;
  }
  SmallVector<int64_t> shape;
  getItemTileDims(getViewItems(indices, itemExtents), shape);
  auto tile = dyn_cast<RankedTensorType>(accessed);
  ArrayRef<int64_t> found = tile ? tile.getShape() : ArrayRef<int64_t>();
  if ((!tile && !shape.empty()) || (tile && shape.empty()) ||
      found != ArrayRef<int64_t>(shape) ||
      getElementTypeOrSelf(accessed) != elementType) {
    Type expected = shape.empty()
                        ? elementType
                        : Type(RankedTensorType::get(shape, elementType));
    return op->emitOpError("expects ")
           << expected << " from these items, got " << accessed;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Assembly: [%i, %k +: 64, gather %t]
//===----------------------------------------------------------------------===//

ParseResult mlir::tk::parseIndexItems(
    OpAsmParser &parser,
    SmallVectorImpl<OpAsmParser::UnresolvedOperand> &indices,
    DenseI64ArrayAttr &itemExtents) {
  SmallVector<int64_t> extents;
  auto parseItem = [&]() -> ParseResult {
    bool isGather = succeeded(parser.parseOptionalKeyword("gather"));
    if (parser.parseOperand(indices.emplace_back()))
      return failure();
    if (isGather) {
      extents.push_back(kGatherItem);
      return success();
    }
    if (failed(parser.parseOptionalPlus())) {
      extents.push_back(kScalarItem);
      return success();
    }
    return failure(parser.parseColon() ||
                   parser.parseInteger(extents.emplace_back()));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, parseItem))
    return failure();
  itemExtents = parser.getBuilder().getDenseI64ArrayAttr(extents);
  return success();
}

void mlir::tk::printIndexItems(OpAsmPrinter &printer, Operation *,
                               OperandRange indices,
                               DenseI64ArrayAttr itemExtents) {
  printer << "[";
  llvm::interleaveComma(llvm::zip(indices, itemExtents.asArrayRef()), printer,
                        [&](auto item) {
                          auto [value, extent] = item;
                          if (extent == kGatherItem)
                            printer << "gather ";
                          printer << value;
                          if (extent != kGatherItem && extent != kScalarItem)
                            printer << " +: " << extent;
                        });
  printer << "]";
}

ParseResult mlir::tk::parseGatherTypes(OpAsmParser &parser,
                                       SmallVectorImpl<Type> &types,
                                       DenseI64ArrayAttr itemExtents) {
  SmallVector<Type> gatherTypes;
  SMLoc loc = parser.getCurrentLocation();
  if (succeeded(parser.parseOptionalLParen()) &&
      (parser.parseTypeList(gatherTypes) || parser.parseRParen()))
    return failure();
  int64_t numGathers = llvm::count(itemExtents.asArrayRef(), kGatherItem);
  if (numGathers != static_cast<int64_t>(gatherTypes.size()))
    return parser.emitError(loc, "expects the types of ")
           << numGathers << " gathers, got " << gatherTypes.size();
  auto *next = gatherTypes.begin();
  for (int64_t extent : itemExtents.asArrayRef())
    types.push_back(extent == kGatherItem
                        ? *next++
                        : Type(parser.getBuilder().getIndexType()));
  return success();
}

void mlir::tk::printGatherTypes(OpAsmPrinter &printer, Operation *,
                                TypeRange types, DenseI64ArrayAttr) {
  SmallVector<Type> gatherTypes = llvm::filter_to_vector(
      types, [](Type type) { return isa<RankedTensorType>(type); });
  if (!gatherTypes.empty())
    printer << " (" << gatherTypes << ")";
}
