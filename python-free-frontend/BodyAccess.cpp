//===- BodyAccess.cpp - indexing of tensors and tiles ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "BodyChecker.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace mlir;
using namespace mlir::tk;

// `IndexItem` is the syntax; the dialect calls its own ViewItem.

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

bool BodyChecker::checkTensorRank(size_t rank, SourceRange range) {
  if (rank == 0) {
    report(range, DiagKind::RankTooSmall, "tensor", formatCount(1, "dimension"),
           rank);
    return false;
  }
  if (rank <= kMaxTensorRank)
    return true;
  report(range, DiagKind::RankTooLarge, "a tensor", kMaxTensorRank, rank);
  return false;
}

bool BodyChecker::checkTileShape(ArrayRef<int64_t> shape, SourceRange range) {
  if (shape.size() > kMaxTileRank) {
    report(range, DiagKind::RankTooLarge, "a tile", kMaxTileRank, shape.size());
    return false;
  }
  int64_t limit =
      context.isReference ? kMaxReferenceElements : kMaxTileElements;
  int64_t count = 1;
  for (int64_t extent : shape) {
    if (extent < 0 || (extent == 0 && !context.isReference)) {
      report(range, DiagKind::ExtentNotPositive, extent);
      return false;
    }
    if (MulOverflow(count, extent, count) || count > limit) {
      report(range, DiagKind::TileTooLarge, formatExtents(shape), limit);
      return false;
    }
  }
  return true;
}

std::optional<SmallVector<int64_t>>
BodyChecker::evaluateShape(ArrayRef<const Expr *> extents, SourceRange range) {
  SmallVector<int64_t> shape;
  for (const Expr *extent : extents) {
    std::optional<int64_t> value = evaluateInteger(*extent, "a tile extent");
    if (!value)
      return std::nullopt;
    if (*value < 0 || (*value == 0 && !context.isReference)) {
      reportExtent(*extent, *value);
      return std::nullopt;
    }
    shape.push_back(*value);
  }
  if (!checkTileShape(shape, range))
    return std::nullopt;
  return shape;
}

//===----------------------------------------------------------------------===//
// Items
//===----------------------------------------------------------------------===//

/// Replaces `..` by as many `:` as it stands for: by one where items and
/// dimensions already match, else by all that are left.
bool BodyChecker::expandItems(ArrayRef<IndexItem> items, int64_t rank,
                              SourceRange range,
                              SmallVectorImpl<IndexItem> &result) {
  SmallVector<const IndexItem *> ellipses;
  int64_t used = 0;
  for (const IndexItem &item : items) {
    if (item.kind == IndexItem::Kind::Ellipsis)
      ellipses.push_back(&item);
    else if (item.kind != IndexItem::Kind::NewAxis)
      ++used;
  }
  int64_t numEllipses = ellipses.size();
  bool isOneEach = used + numEllipses == rank;
  if (numEllipses > 1 && !isOneEach) {
    report(ellipses[1]->range, DiagKind::TwoEllipses)
        .note(ellipses[0]->range, DiagKind::FirstHere);
    return false;
  }
  if (used > rank || (used < rank && ellipses.empty())) {
    auto message = report(range, DiagKind::WrongItemCount,
                          formatCount(rank, "index item"), used);
    if (used < rank)
      message.hint("an item for each dimension: 'i', 's +: E', or ':' for a "
                   "view of all of it");
    return false;
  }
  for (const IndexItem &item : items) {
    if (item.kind != IndexItem::Kind::Ellipsis) {
      result.push_back(item);
      continue;
    }
    IndexItem whole = item;
    whole.kind = IndexItem::Kind::Whole;
    result.append(isOneEach ? 1 : rank - used, whole);
  }
  return true;
}

bool BodyChecker::checkItem(const IndexItem &item, bool isInbounds,
                            TypedItem &result) {
  result.isInbounds = isInbounds || item.isInbounds;
  switch (item.kind) {
  case IndexItem::Kind::Whole:
    result.kind = TypedItem::Kind::Whole;
    return true;
  case IndexItem::Kind::Slice: {
    // A scalar of a lifted function is a tile in the IR; what is a tile in the
    // source would meet it element by element.
    if (!context.liftedShape.empty()) {
      report(item.range, DiagKind::NeedsWholeTile, "+:");
      return false;
    }
    result.kind = TypedItem::Kind::Slice;
    result.value = checkIndex(*item.value, "the start of a slice");
    std::optional<int64_t> extent =
        evaluateInteger(*item.extent, "the extent of a slice");
    if (!extent || result.value->type.isError())
      return false;
    result.extent = *extent;
    if (*extent < 0 || (*extent == 0 && !context.isReference)) {
      reportExtent(*item.extent, *extent);
      return false;
    }
    return checkTileShape({*extent}, item.extent->range);
  }
  case IndexItem::Kind::Value: {
    TypedExpr *value = checkNumber(*item.value);
    if (value->type.isError())
      return false;
    bool isInteger = value->type.isUntyped()
                         ? value->type.getKind() == ValueType::Kind::IntConstant
                         : value->type.getElement().isInteger();
    if (!isInteger) {
      report(item.value->range, DiagKind::ExpectedIndex, "an index",
             value->type.str());
      return false;
    }
    result.value = convertElement(value, ScalarKind::Index);
    result.kind = result.value->type.isTile() ? TypedItem::Kind::Gather
                                              : TypedItem::Kind::Scalar;
    return !result.value->type.isError();
  }
  case IndexItem::Kind::Ellipsis:
  case IndexItem::Kind::NewAxis:
    break;
  }
  llvm_unreachable("expandItems() leaves no ellipsis, callers no new axis");
}

bool BodyChecker::checkItems(ArrayRef<IndexItem> items, const ValueType &view,
                             bool isInbounds, SourceRange range,
                             std::vector<TypedItem> &result) {
  SmallVector<IndexItem> expanded;
  if (!expandItems(items, view.getRank(), range, expanded))
    return false;
  bool isGood = true;
  for (const IndexItem &item : expanded) {
    if (item.kind == IndexItem::Kind::NewAxis)
      continue;
    TypedItem typed;
    isGood &= checkItem(item, isInbounds, typed);
    result.push_back(typed);
  }
  return isGood;
}

/// The number of tile dimensions of each item: a scalar has none, and a gather
/// after one of the same shape shares the dimensions of that one.
static SmallVector<int64_t> getTileDims(ArrayRef<TypedItem> items,
                                        SmallVectorImpl<int64_t> &shape) {
  SmallVector<int64_t> dims;
  ArrayRef<int64_t> previousGather;
  for (const TypedItem &item : items) {
    ArrayRef<int64_t> gather;
    switch (item.kind) {
    case TypedItem::Kind::Scalar:
      dims.push_back(0);
      break;
    case TypedItem::Kind::Slice:
    case TypedItem::Kind::Whole:
      dims.push_back(1);
      shape.push_back(item.extent);
      break;
    case TypedItem::Kind::Gather:
      gather = item.value->type.getShape();
      if (gather == previousGather) {
        dims.push_back(0);
        break;
      }
      dims.push_back(gather.size());
      shape.append(gather.begin(), gather.end());
      break;
    }
    previousGather = gather;
  }
  return dims;
}

TypedAccess *BodyChecker::makeAccess(TypedAccess::Access access,
                                     TypedExpr *view,
                                     std::vector<TypedItem> items,
                                     SourceRange range) {
  SmallVector<int64_t> shape;
  getTileDims(items, shape);
  ElementType element = view->type.getElement();
  if (access == TypedAccess::Access::Inside)
    element = ScalarKind::Bool;
  else if (access == TypedAccess::Access::Addresses)
    ++element.pointerDepth;
  auto *expr = context.arena->create<TypedAccess>(
      ValueType::shaped(element, shape), range);
  expr->access = access;
  expr->view = view;
  expr->items = std::move(items);
  expr->effect = view->effect;
  for (const TypedItem &item : expr->items)
    expr->effect = std::max(expr->effect, item.value->effect);
  if (access == TypedAccess::Access::Load)
    expr->effect = std::max(expr->effect, Effect::Reads);
  return expr;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

TypedExpr *BodyChecker::checkIndexing(const IndexExpr &expr) {
  TypedExpr *base = check(*expr.base);
  if (base->type.isError())
    return base;
  if (base->type.isView())
    return checkViewAccess(expr, base);
  if (base->type.isTile() && context.liftedShape.empty())
    return checkTileIndexing(expr, base);
  auto message = report(expr.base->range, DiagKind::CannotIndex,
                        base->type.isTile() ? base->type.getElement().str()
                                            : base->type.str());
  if (base->type.isScalar() && base->type.getElement().isPointer())
    message.hint("write 'load(p + i)', or 'tensor(p, [n], [1])' for a view");
  return makeError(expr.base->range);
}

static bool hasKind(ArrayRef<IndexItem> items, IndexItem::Kind kind) {
  return any_of(items,
                [&](const IndexItem &item) { return item.kind == kind; });
}

TypedExpr *BodyChecker::checkViewAccess(const IndexExpr &expr,
                                        TypedExpr *view) {
  SmallVector<IndexItem> items;
  if (!expandItems(expr.items, view->type.getRank(), expr.range, items))
    return makeError(expr.range);
  if (hasKind(items, IndexItem::Kind::Whole) ||
      hasKind(expr.items, IndexItem::Kind::Ellipsis))
    return makeSubview(expr, view, items);
  if (context.isCombiner)
    return fail(expr.range, DiagKind::CombinerNotPure);
  std::vector<TypedItem> typedItems;
  bool isGood = checkItems(expr.items, view->type, expr.isInbounds, expr.range,
                           typedItems);
  TypedExpr *pad = nullptr;
  for (const CallArg &arg : expr.namedArgs) {
    if (arg.name.name != "pad") {
      report(arg.name.range, DiagKind::UnknownArgument, "an access",
             arg.name.name);
      return makeError(expr.range);
    }
    if (pad)
      return fail(arg.range, DiagKind::ArgumentTwice, arg.name.name);
    pad = check(*arg.value);
    if (!pad->type.isError() && !pad->type.isScalar() && !pad->type.isUntyped())
      pad = fail(arg.value->range, DiagKind::ExpectedType, "'pad'",
                 view->type.getElement().str(), pad->type.str());
    if (pad->type.isBool() && view->type.getElement().isBool())
      pad = isa<TypedConstant>(pad)
                ? pad
                : convertElement(pad, pad->type.getElement());
    else
      pad = convertElement(pad, view->type.getElement());
    isGood &= !pad->type.isError();
  }
  if (!isGood)
    return makeError(expr.range);
  SmallVector<int64_t> shape;
  SmallVector<int64_t> dims = getTileDims(typedItems, shape);
  if (!checkTileShape(shape, expr.range))
    return makeError(expr.range);
  TypedAccess *access = makeAccess(TypedAccess::Access::Load, view,
                                   std::move(typedItems), expr.range);
  access->pad = pad;
  return insertAxes(access, items, dims, expr.range);
}

/// Adds the dimensions of extent 1 that `none` stands for. `dimsOfItems` has
/// one entry for each item that is not `none`.
TypedExpr *BodyChecker::insertAxes(TypedExpr *tile, ArrayRef<IndexItem> items,
                                   ArrayRef<int64_t> dimsOfItems,
                                   SourceRange range) {
  int64_t axis = 0;
  const int64_t *dims = dimsOfItems.begin();
  for (const IndexItem &item : items) {
    if (item.kind != IndexItem::Kind::NewAxis) {
      axis += *dims++;
      continue;
    }
    SmallVector<int64_t> shape(tile->type.getShape());
    shape.insert(shape.begin() + axis, 1);
    ValueType type = ValueType::shaped(tile->type.getElement(), shape);
    tile = tile->type.isScalar()
               ? makeFill(tile, shape, range)
               : makeOp(TypedOp::ExpandDims, type, {tile}, range, {axis});
    ++axis;
  }
  return tile;
}

TypedExpr *BodyChecker::makeSubview(const IndexExpr &expr, TypedExpr *view,
                                    ArrayRef<IndexItem> items) {
  if (!expr.namedArgs.empty())
    return fail(expr.namedArgs[0].range, DiagKind::PadOnView);
  std::vector<TypedSubview::Item> kept;
  SmallVector<int64_t> shape;
  for (auto [dim, item] : enumerate(items)) {
    if (item.kind == IndexItem::Kind::NewAxis)
      return fail(item.range, DiagKind::NewAxisOnView);
    TypedItem typed;
    if (!checkItem(item, expr.isInbounds, typed))
      return makeError(expr.range);
    switch (typed.kind) {
    case TypedItem::Kind::Whole:
      kept.push_back({SubviewOp::Whole});
      shape.push_back(view->type.getShape()[dim]);
      break;
    case TypedItem::Kind::Scalar:
      kept.push_back({SubviewOp::Drop, typed.value});
      break;
    case TypedItem::Kind::Slice:
      // The range ends where the tensor ends.
      kept.push_back(
          {SubviewOp::Range, typed.value,
           makeInteger(typed.extent, ScalarKind::Index, item.range)});
      shape.push_back(kDynamicExtent);
      break;
    case TypedItem::Kind::Gather:
      return fail(item.range, DiagKind::GatherOnView);
    }
  }
  auto *subview = context.arena->create<TypedSubview>(
      ValueType::view(view->type.getElement(), shape, view->type.isWritable()),
      expr.range);
  subview->view = view;
  subview->items = std::move(kept);
  subview->effect = view->effect;
  return subview;
}

TypedExpr *BodyChecker::checkInside(const InsideExpr &expr) {
  TypedExpr *view = check(*expr.base);
  if (view->type.isError())
    return view;
  if (!view->type.isView())
    return fail(expr.base->range, DiagKind::ExpectedTensor, "'inside'",
                view->type.str());
  std::vector<TypedItem> items;
  if (!checkItems(expr.items, view->type, false, expr.range, items))
    return makeError(expr.range);
  for (auto [dim, item] : enumerate(items))
    if (item.kind == TypedItem::Kind::Whole)
      return fail(expr.items[std::min(dim, expr.items.size() - 1)].range,
                  DiagKind::WholeInside);
  SmallVector<int64_t> shape;
  SmallVector<int64_t> dims = getTileDims(items, shape);
  if (!checkTileShape(shape, expr.range))
    return makeError(expr.range);
  TypedAccess *access = makeAccess(TypedAccess::Access::Inside, view,
                                   std::move(items), expr.range);
  return insertAxes(access, expr.items, dims, expr.range);
}

TypedAccess *BodyChecker::checkPlace(const IndexExpr &expr) {
  TypedExpr *view = check(*expr.base);
  if (view->type.isError())
    return nullptr;
  if (!view->type.isView()) {
    auto message = report(expr.base->range, DiagKind::ExpectedTensor, "a place",
                          view->type.str());
    if (view->type.isScalar() && view->type.getElement().isPointer())
      message.hint("write 'store(p + i, value)'");
    return nullptr;
  }
  if (!view->type.isWritable()) {
    auto message = report(expr.base->range, DiagKind::NotWritable);
    if (auto *variable = dyn_cast<TypedVariable>(view))
      message
          .note(variable->variable->range, DiagKind::DeclaredHere,
                variable->variable->name)
          .hint("declare it 'mut' or 'out'");
    return nullptr;
  }
  if (!expr.namedArgs.empty()) {
    report(expr.namedArgs[0].range, DiagKind::UnknownArgument, "a place",
           expr.namedArgs[0].name.name);
    return nullptr;
  }
  for (const IndexItem &item : expr.items)
    if (item.kind == IndexItem::Kind::NewAxis ||
        item.kind == IndexItem::Kind::Whole ||
        item.kind == IndexItem::Kind::Ellipsis) {
      report(item.range, DiagKind::PlaceNeedsExtents);
      return nullptr;
    }
  std::vector<TypedItem> items;
  if (!checkItems(expr.items, view->type, expr.isInbounds, expr.range, items))
    return nullptr;
  SmallVector<int64_t> shape;
  getTileDims(items, shape);
  if (!checkTileShape(shape, expr.range))
    return nullptr;
  return makeAccess(TypedAccess::Access::Load, view, std::move(items),
                    expr.range);
}

/// x.sub(axis, start, length)
TypedExpr *BodyChecker::checkSub(const CallExpr &call, TypedExpr *view) {
  if (call.args.size() != 3 || any_of(call.args, [](const CallArg &arg) {
        return static_cast<bool>(arg.name);
      }))
    return fail(call.range, DiagKind::WrongArgumentCount, "sub",
                "3 arguments (axis, start, length)", call.args.size());
  int64_t axis = 0;
  if (!checkAxis(*call.args[0].value, view->type.getRank(), axis))
    return makeError(call.range);
  TypedExpr *start = checkIndex(*call.args[1].value, "the start");
  TypedExpr *length = checkIndex(*call.args[2].value, "the length");
  if (start->type.isError() || length->type.isError())
    return makeError(call.range);
  SmallVector<int64_t> shape(view->type.getShape());
  shape[axis] = kDynamicExtent;
  auto *subview = context.arena->create<TypedSubview>(
      ValueType::view(view->type.getElement(), shape, view->type.isWritable()),
      call.range);
  subview->view = view;
  subview->items.assign(shape.size(), {SubviewOp::Whole});
  subview->items[axis] = {SubviewOp::Range, start, length};
  subview->effect = std::max({view->effect, start->effect, length->effect});
  return subview;
}

/// tensor(pointer, [dims], [strides]); `mut [dims]` makes it writable.
TypedExpr *BodyChecker::checkMakeView(const CallExpr &call) {
  if (call.args.size() != 3)
    return fail(call.range, DiagKind::WrongArgumentCount, "tensor",
                "3 arguments (pointer, dims, strides)", call.args.size());
  TypedExpr *pointer = check(*call.args[0].value);
  if (pointer->type.isError())
    return pointer;
  if (!pointer->type.isScalar() || !pointer->type.getElement().isPointer())
    return fail(call.args[0].range, DiagKind::ExpectedPointer,
                pointer->type.str());
  SmallVector<TypedExpr *> operands{pointer};
  SmallVector<int64_t> shape;
  for (const CallArg &arg : call.args.drop_front()) {
    auto *list = dyn_cast<ListExpr>(arg.value);
    if (!list)
      return fail(arg.range, DiagKind::ExpectedList);
    bool areDims = &arg == &call.args[1];
    for (const Expr *element : list->elements) {
      TypedExpr *value =
          checkIndex(*element, areDims ? "a dimension" : "a stride");
      if (value->type.isError())
        return value;
      operands.push_back(value);
      if (!areDims)
        continue;
      auto *constant = dyn_cast<TypedConstant>(value);
      if (constant && *constant->value.getInteger() < 0)
        return fail(element->range, DiagKind::ExtentNotPositive,
                    formatInteger(*constant->value.getInteger()));
      shape.push_back(constant
                          ? static_cast<int64_t>(*constant->value.getInteger())
                          : kDynamicExtent);
    }
  }
  if (!checkTensorRank(shape.size(), call.args[1].range))
    return makeError(call.range);
  if (operands.size() != 1 + 2 * shape.size())
    return fail(call.args[2].range, DiagKind::StrideCount,
                formatCount(shape.size(), "stride"),
                operands.size() - 1 - shape.size());
  return makeOp(TypedOp::MakeView,
                ValueType::view(pointer->type.getElement().getPointee(), shape,
                                call.args[1].isMut),
                operands, call.range);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Elements of a tile are not padded: those that constants pick are there.
bool BodyChecker::checkInsideTile(const TypedItem &item, int64_t extent,
                                  SourceRange range) {
  auto *start = dyn_cast<TypedConstant>(item.value);
  const Int128 *first = start ? start->value.getInteger() : nullptr;
  if (!first)
    return true;
  Int128 last = *first;
  if (item.kind == TypedItem::Kind::Slice)
    last += item.extent - 1;
  if (*first >= 0 && last < extent)
    return true;
  report(range, DiagKind::TileIndexOutside,
         formatInteger(*first < 0 ? *first : last), extent);
  return false;
}

/// `t[:, none]`, and elements picked by scalars, slices and integer tiles.
TypedExpr *BodyChecker::checkTileIndexing(const IndexExpr &expr,
                                          TypedExpr *tile) {
  if (!expr.namedArgs.empty())
    return fail(expr.namedArgs[0].range, DiagKind::PadOnTile);
  SmallVector<IndexItem> items;
  if (!expandItems(expr.items, tile->type.getRank(), expr.range, items))
    return makeError(expr.range);
  int64_t axis = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const IndexItem &item = items[i];
    if (item.kind == IndexItem::Kind::Whole) {
      ++axis;
      continue;
    }
    if (item.kind == IndexItem::Kind::NewAxis) {
      SmallVector<int64_t> shape(tile->type.getShape());
      shape.insert(shape.begin() + axis, 1);
      if (!checkTileShape(shape, item.range))
        return makeError(expr.range);
      ValueType type = ValueType::shaped(tile->type.getElement(), shape);
      tile = tile->type.isScalar() ? makeFill(tile, shape, expr.range)
                                   : makeOp(TypedOp::ExpandDims, type, {tile},
                                            expr.range, {axis});
      ++axis;
      continue;
    }
    TypedItem typed;
    if (!checkItem(item, false, typed) ||
        !checkInsideTile(typed, tile->type.getShape()[axis], item.range))
      return makeError(expr.range);
    if (typed.kind == TypedItem::Kind::Slice) {
      auto *offsets = makeOp(
          TypedOp::Arange, ValueType::shaped(ScalarKind::Index, {typed.extent}),
          {}, item.range);
      TypedExpr *start = makeFill(typed.value, {typed.extent}, item.range);
      typed.value = makeElementwise(TypedOp::Add, {start, offsets}, item.range);
    }
    // Adjacent tiles of one shape pick element by element.
    SmallVector<TypedExpr *> indices{typed.value};
    while (typed.kind == TypedItem::Kind::Gather && i + 1 < items.size() &&
           items[i + 1].kind == IndexItem::Kind::Value) {
      TypedItem next;
      if (!checkItem(items[i + 1], false, next))
        return makeError(expr.range);
      if (next.kind != TypedItem::Kind::Gather ||
          next.value->type != typed.value->type)
        break;
      indices.push_back(next.value);
      ++i;
    }
    tile = gatherPaired(tile, axis, indices, expr.range);
    if (tile->type.isError())
      return tile;
    axis += typed.value->type.getRank();
  }
  return tile;
}

/// -1 where `coordinate` is outside, which `index` may hide: row 0, column 9 of
/// 8 columns is also row 1, column 1.
TypedExpr *BodyChecker::makeOutsideIfOutside(TypedExpr *index,
                                             TypedExpr *coordinate,
                                             int64_t extent,
                                             SourceRange range) {
  ArrayRef<int64_t> shape = index->type.getShape();
  auto fill = [&](int64_t value) {
    return makeFill(makeInteger(value, ScalarKind::Index, range), shape, range);
  };
  TypedExpr *isAbove =
      makeCompare(TypedOp::GreaterEqual, coordinate, fill(0), range);
  TypedExpr *isBelow =
      makeCompare(TypedOp::Less, coordinate, fill(extent), range);
  TypedExpr *isInside =
      makeElementwise(TypedOp::And, {isAbove, isBelow}, range);
  return makeOp(TypedOp::Select, index->type, {isInside, index, fill(-1)},
                range);
}

TypedExpr *BodyChecker::gatherPaired(TypedExpr *tile, int64_t axis,
                                     ArrayRef<TypedExpr *> indices,
                                     SourceRange range) {
  ElementType element = tile->type.getElement();
  TypedExpr *index = indices[0];
  if (indices.size() > 1) {
    // Dimensions that are walked together become one.
    SmallVector<int64_t> merged(tile->type.getShape());
    for (size_t i = 1; i < indices.size(); ++i) {
      int64_t extent = merged[axis + 1];
      TypedExpr *factor =
          makeFill(makeInteger(extent, ScalarKind::Index, range),
                   index->type.getShape(), range);
      index = makeElementwise(TypedOp::Multiply, {index, factor}, range);
      TypedExpr *coordinate = indices[i];
      bindOnce(coordinate);
      index = makeElementwise(TypedOp::Add, {index, coordinate}, range);
      index = makeOutsideIfOutside(index, coordinate, extent, range);
      merged[axis] *= extent;
      merged.erase(merged.begin() + axis + 1);
    }
    tile = makeOp(TypedOp::Reshape, ValueType::shaped(element, merged), {tile},
                  range);
  }
  SmallVector<int64_t> shape(tile->type.getShape());
  shape.erase(shape.begin() + axis);
  ArrayRef<int64_t> picked = index->type.getShape();
  shape.insert(shape.begin() + axis, picked.begin(), picked.end());
  if (!checkTileShape(shape, range))
    return makeError(range);
  return makeOp(TypedOp::Gather, ValueType::shaped(element, shape),
                {tile, index}, range, {axis});
}
