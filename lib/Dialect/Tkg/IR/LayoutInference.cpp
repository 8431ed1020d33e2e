//===- LayoutInference.cpp - how the layouts around an op depend ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Dialect/Tkg/IR/LayoutInference.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Support/LayoutAlgebra.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::DigitShape;
using tk::HardwareDigit;
using tk::HardwareDim;
using tk::Layout;

constexpr HardwareDim kThreadDims[] = {HardwareDim::Lane, HardwareDim::Warp,
                                       HardwareDim::Block};
constexpr HardwareDim kAllDims[] = {HardwareDim::Register, HardwareDim::Lane,
                                    HardwareDim::Warp, HardwareDim::Block,
                                    HardwareDim::Offset};

//===----------------------------------------------------------------------===//
// Layouts of shaped tiles
//===----------------------------------------------------------------------===//

/// Digits of every dimension, as the constructor of DigitShape takes them.
static SmallVector<SmallVector<unsigned>>
getDigitLists(const DigitShape &shape) {
  SmallVector<SmallVector<unsigned>> lists;
  for (unsigned dim = 0; dim < shape.getRank(); ++dim)
    lists.emplace_back(shape.getDigits(dim));
  return lists;
}

namespace {
/// Where each radix-2 and odd digit of one tile is found in another.
struct DigitMap {
  SmallVector<unsigned> bits;
  SmallVector<unsigned> odds;

  /// Dimension `dim` of `from` becomes dimension dims[dim] of `to`, with the
  /// same digits.
  DigitMap(const DigitShape &from, const DigitShape &to,
           ArrayRef<unsigned> dims) {
    for (unsigned bit = 0; bit < from.getNumBits(); ++bit) {
      unsigned dim = from.getBitDim(bit);
      bits.push_back(to.getFirstBit(dims[dim]) + bit - from.getFirstBit(dim));
    }
    for (unsigned odd = 0; odd < from.getNumOdd(); ++odd)
      for (unsigned other = 0; other < to.getNumOdd(); ++other)
        if (to.getOddDim(other) == dims[from.getOddDim(odd)] &&
            to.getOddWeight(other) == from.getOddWeight(odd))
          odds.push_back(other);
  }

  void append(Layout &layout, HardwareDim dim,
              const HardwareDigit &digit) const {
    if (digit.odd) {
      layout.addOdd(dim, odds[*digit.odd]);
    } else if (digit.radix != 2) {
      layout.addOddReplica(dim, digit.radix);
    } else {
      uint64_t mapped = 0;
      for (auto [bit, target] : llvm::enumerate(bits))
        if (digit.bits >> bit & 1)
          mapped |= uint64_t(1) << target;
      layout.addBit(dim, mapped);
    }
  }
};
} // namespace

/// `dims[i]` is where dimension i goes when one is inserted before `dim`.
static SmallVector<unsigned> getDimsBeside(unsigned rank, unsigned dim) {
  SmallVector<unsigned> dims;
  for (unsigned i = 0; i < rank; ++i)
    dims.push_back(i < dim ? i : i + 1);
  return dims;
}

/// The shape of `layout` with a dimension of `extent` inserted.
static DigitShape insertExtent(const DigitShape &shape, unsigned dim,
                               int64_t extent) {
  auto lists = getDigitLists(shape);
  lists.insert(lists.begin() + dim,
               SmallVector<unsigned>(DigitShape::get({extent}).getDigits(0)));
  return DigitShape(lists);
}

Layout mlir::tkg::insertRegisterDim(const Layout &layout, unsigned dim,
                                    int64_t extent) {
  unsigned rank = layout.getRank();
  Layout result(insertExtent(layout.getShape(), dim, extent));
  const DigitShape &shape = result.getShape();
  DigitMap map(layout.getShape(), shape, getDimsBeside(rank, dim));
  auto addNewBits = [&] {
    for (unsigned i = 0; i < shape.getNumBits(dim); ++i)
      result.addBit(HardwareDim::Register, uint64_t(1)
                                               << (shape.getFirstBit(dim) + i));
  };
  if (dim == rank)
    addNewBits();
  for (HardwareDim hardware : kAllDims)
    for (const HardwareDigit &digit : layout.getDigits(hardware))
      map.append(result, hardware, digit);
  if (dim != rank)
    addNewBits();
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd)
    if (shape.getOddDim(odd) == dim)
      result.addOdd(HardwareDim::Register, odd);
  return result;
}

std::optional<Layout> mlir::tkg::reshapeLayout(const Layout &layout,
                                               ArrayRef<int64_t> sourceShape,
                                               ArrayRef<int64_t> resultShape) {
  const DigitShape &shape = layout.getShape();
  // Only the outermost dimension that is longer than 1 may be padded: else the
  // elements are not where a row-major index says.
  bool isOutermost = true;
  for (auto [dim, extent] : llvm::enumerate(sourceShape)) {
    bool isPadded = shape.getExtent(dim) != extent;
    if (isPadded && !isOutermost)
      return std::nullopt;
    isOutermost &= extent == 1 && !isPadded;
  }
  // That of the result takes the padding.
  SmallVector<int64_t> extents(resultShape);
  auto *outermost =
      llvm::find_if(extents, [](int64_t extent) { return extent != 1; });
  if (outermost != extents.end()) {
    int64_t numInner = 1;
    for (int64_t extent : llvm::make_range(outermost + 1, extents.end()))
      numInner *= extent;
    if (shape.getNumElements() % numInner != 0)
      return std::nullopt;
    *outermost = shape.getNumElements() / numInner;
  }
  return tk::reshape(layout, extents);
}

//===----------------------------------------------------------------------===//
// Relations of ops
//===----------------------------------------------------------------------===//

static bool isTile(Value value) {
  return isa<RankedTensorType>(value.getType());
}

namespace {
/// Collects the relations of one op.
class RelationBuilder {
public:
  explicit RelationBuilder(SmallVectorImpl<LayoutRelation> &relations)
      : relations(relations) {}

  void add(LayoutRelation::Kind kind, Value source, Value derived,
           ArrayRef<unsigned> dims = {}) {
    if (isTile(source) && isTile(derived))
      relations.push_back({kind, source, derived, SmallVector<unsigned>(dims)});
  }
  void addEqual(Value source, Value derived) {
    add(LayoutRelation::Equal, source, derived);
  }
  /// All tiles of `values` equal the first.
  void addAllEqual(ValueRange values) {
    Value first;
    for (Value value : values) {
      if (!isTile(value))
        continue;
      if (first)
        addEqual(first, value);
      else
        first = value;
    }
  }
  void addPairs(ValueRange sources, ValueRange derived) {
    for (auto [source, target] : llvm::zip(sources, derived))
      addEqual(source, target);
  }
  /// Each gather of `items` walks some dimensions of `tile`.
  void addGathers(Value tile, ArrayRef<tk::ViewItem> items);

private:
  SmallVectorImpl<LayoutRelation> &relations;
};
} // namespace

void RelationBuilder::addGathers(Value tile, ArrayRef<tk::ViewItem> items) {
  SmallVector<int64_t> shape;
  SmallVector<tk::ItemTileDims> tileDims = tk::getItemTileDims(items, shape);
  for (auto [item, dims] : llvm::zip_equal(items, tileDims)) {
    if (item.kind != tk::ItemKind::Gather)
      continue;
    SmallVector<unsigned> others;
    for (int64_t dim = 0, e = shape.size(); dim < e; ++dim)
      if (dim < dims.firstTileDim ||
          dim >= dims.firstTileDim + dims.numTileDims)
        others.push_back(dim);
    add(LayoutRelation::Slice, tile, item.value, others);
  }
}

/// Relations of values that a region op passes around.
static bool addRegionRelations(Operation *op, RelationBuilder &builder) {
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<scf::ForOp>([&](scf::ForOp loop) {
        builder.addPairs(loop.getResults(), loop.getInitArgs());
        builder.addPairs(loop.getResults(), loop.getRegionIterArgs());
        builder.addPairs(loop.getResults(), loop.getYieldedValues());
        return true;
      })
      .Case<scf::IfOp>([&](scf::IfOp branch) {
        for (Region *region : branch.getRegions())
          if (!region->empty())
            builder.addPairs(branch.getResults(),
                             region->front().getTerminator()->getOperands());
        return true;
      })
      .Case<scf::WhileOp>([&](scf::WhileOp loop) {
        builder.addPairs(loop.getBeforeArguments(), loop.getInits());
        builder.addPairs(loop.getBeforeArguments(),
                         loop.getYieldOp().getOperands());
        builder.addPairs(loop.getResults(), loop.getAfterArguments());
        builder.addPairs(loop.getResults(), loop.getConditionOp().getArgs());
        return true;
      })
      .Case<scf::YieldOp, scf::ConditionOp>([](auto) { return true; })
      .Default(false);
}

static void addReduceRelations(tk::ReduceOp reduce, RelationBuilder &builder) {
  builder.addAllEqual(reduce.getSources());
  for (auto [source, result] :
       llvm::zip_equal(reduce.getSources(), reduce.getResults()))
    builder.add(LayoutRelation::Slice, source, result, {reduce.getAxis()});
  builder.addAllEqual(reduce.getResults());
}

static void addBroadcastRelation(tk::BroadcastOp op, RelationBuilder &builder) {
  ArrayRef<int64_t> source =
      cast<RankedTensorType>(op.getSource().getType()).getShape();
  SmallVector<unsigned> dims;
  for (auto [dim, extent] : llvm::enumerate(source))
    if (extent == 1)
      dims.push_back(dim);
  builder.add(LayoutRelation::Repeat, op.getResult(), op.getSource(), dims);
}

/// The indices of a gather walk some dimensions of the result. The source may
/// have any layout: its elements come from anywhere.
static void addGatherRelation(tk::GatherOp op, RelationBuilder &builder) {
  auto indices = dyn_cast<RankedTensorType>(op.getIndices().getType());
  auto result = dyn_cast<RankedTensorType>(op.getType());
  if (!indices || !result)
    return;
  SmallVector<unsigned> others;
  for (unsigned dim = 0; dim < result.getRank(); ++dim)
    if (dim < op.getAxis() || dim >= op.getAxis() + indices.getRank())
      others.push_back(dim);
  builder.add(LayoutRelation::Slice, op.getResult(), op.getIndices(), others);
}

/// An op all of whose tiles are computed element by element.
static bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::Elementwise>() ||
         isa<tk::CastOp, tk::PtrAddOp, tk::LoadOp, tk::StoreOp, tk::AtomicRMWOp,
             tk::AtomicCASOp, tk::AtomicLoadOp, tk::AtomicStoreOp>(op);
}

SmallVector<LayoutRelation> mlir::tkg::getLayoutRelations(Operation *op) {
  SmallVector<LayoutRelation> relations;
  RelationBuilder builder(relations);
  if (addRegionRelations(op, builder))
    return relations;
  if (isElementwise(op)) {
    SmallVector<Value> values(op->getResults());
    llvm::append_range(values, op->getOperands());
    builder.addAllEqual(values);
    return relations;
  }
  llvm::TypeSwitch<Operation *>(op)
      .Case<tk::ReduceOp>(
          [&](tk::ReduceOp reduce) { addReduceRelations(reduce, builder); })
      .Case<tk::BroadcastOp>(
          [&](tk::BroadcastOp op) { addBroadcastRelation(op, builder); })
      .Case<tk::ExpandDimsOp>([&](tk::ExpandDimsOp op) {
        builder.add(LayoutRelation::Slice, op.getResult(), op.getSource(),
                    {op.getAxis()});
      })
      .Case<tk::TransOp>([&](tk::TransOp op) {
        SmallVector<unsigned> dims(op.getPermutation().begin(),
                                   op.getPermutation().end());
        builder.add(LayoutRelation::Permute, op.getSource(), op.getResult(),
                    dims);
      })
      .Case<tk::ReshapeOp>([&](tk::ReshapeOp op) {
        if (!op->hasAttr(kThroughMemoryAttr))
          builder.add(LayoutRelation::Reshape, op.getSource(), op.getResult());
      })
      .Case<tk::GatherOp>(
          [&](tk::GatherOp op) { addGatherRelation(op, builder); })
      .Case<tk::LoadViewOp, tk::AddressesOp, tk::InsideOp>(
          [&](auto op) { builder.addGathers(op.getResult(), op.getItems()); })
      .Case<tk::StoreViewOp>([&](tk::StoreViewOp op) {
        builder.addGathers(op.getValue(), op.getItems());
      });
  return relations;
}

//===----------------------------------------------------------------------===//
// Deriving and lifting
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

std::optional<Layout> mlir::tkg::deriveLayout(const LayoutRelation &relation,
                                              const Layout &layout) {
  Layout result = layout;
  switch (relation.kind) {
  case LayoutRelation::Equal:
    return layout;
  case LayoutRelation::Slice:
    for (unsigned dim : llvm::reverse(relation.dims))
      result = tk::buildSliced(result, dim);
    return result;
  case LayoutRelation::Repeat:
    for (unsigned dim : relation.dims)
      result = tk::expandDims(tk::buildSliced(result, dim), dim);
    return result;
  case LayoutRelation::Permute:
    return tk::transpose(layout, relation.dims);
  case LayoutRelation::Reshape:
    return reshapeLayout(layout, getShape(relation.source),
                         getShape(relation.derived));
  }
  llvm_unreachable("all kinds are listed");
}

/// Inserts a dimension of `extent` before `dim`: its lowest bits go to the
/// lanes and warps that hold copies, the rest to registers.
static Layout insertSpreadDim(const Layout &layout, unsigned dim,
                              int64_t extent) {
  Layout result(insertExtent(layout.getShape(), dim, extent));
  const DigitShape &shape = result.getShape();
  DigitMap map(layout.getShape(), shape, getDimsBeside(layout.getRank(), dim));
  unsigned next = shape.getFirstBit(dim), end = next + shape.getNumBits(dim);
  SmallVector<std::pair<HardwareDim, HardwareDigit>> threadDigits;
  for (HardwareDim hardware : kThreadDims)
    for (const HardwareDigit &digit : layout.getDigits(hardware))
      threadDigits.push_back({hardware, digit});
  for (auto [hardware, digit] : threadDigits) {
    bool isCopy = digit.radix == 2 && digit.bits == 0;
    if (isCopy && next < end)
      result.addBit(hardware, uint64_t(1) << next++);
    else
      map.append(result, hardware, digit);
  }
  auto addRest = [&] {
    while (next < end)
      result.addBit(HardwareDim::Register, uint64_t(1) << next++);
  };
  if (dim == layout.getRank())
    addRest();
  for (const HardwareDigit &digit : layout.getDigits(HardwareDim::Register))
    map.append(result, HardwareDim::Register, digit);
  addRest();
  for (unsigned odd = 0; odd < shape.getNumOdd(); ++odd)
    if (shape.getOddDim(odd) == dim)
      result.addOdd(HardwareDim::Register, odd);
  return result;
}

std::optional<Layout> mlir::tkg::liftLayout(const LayoutRelation &relation,
                                            const Layout &layout) {
  Layout result = layout;
  auto getPadded = [&](unsigned dim) {
    return tk::padExtents({getShape(relation.source)[dim]}, 1).front();
  };
  switch (relation.kind) {
  case LayoutRelation::Equal:
    return layout;
  case LayoutRelation::Slice:
    for (unsigned dim : relation.dims)
      result = insertSpreadDim(result, dim, getPadded(dim));
    return result;
  case LayoutRelation::Repeat:
    for (unsigned dim : relation.dims)
      result =
          insertSpreadDim(tk::buildSliced(result, dim), dim, getPadded(dim));
    return result;
  case LayoutRelation::Permute: {
    SmallVector<unsigned> inverse(relation.dims.size());
    for (auto [i, dim] : llvm::enumerate(relation.dims))
      inverse[dim] = i;
    return tk::transpose(layout, inverse);
  }
  case LayoutRelation::Reshape:
    return reshapeLayout(layout, getShape(relation.derived),
                         getShape(relation.source));
  }
  llvm_unreachable("all kinds are listed");
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Checks that the layouts around `op` are for the threads of its kernel.
static LogicalResult verifyThreads(Operation *op) {
  std::optional<tk::ThreadCounts> threads = getThreadCounts(op);
  if (!threads)
    return success();
  auto verify = [&](Value value) -> LogicalResult {
    LayoutAttr layout = getLayout(value);
    if (!layout || (layout.getLayout().getNumLanes() == threads->numLanes &&
                    layout.getLayout().getNumWarps() == threads->numWarps))
      return success();
    return op->emitOpError("expects layouts of ")
           << threads->numWarps << " warps of " << threads->numLanes
           << " lanes, got " << layout.getLayout().getNumWarps() << " of "
           << layout.getLayout().getNumLanes();
  };
  for (Value value : op->getOperands())
    if (failed(verify(value)))
      return failure();
  for (Value value : op->getResults())
    if (failed(verify(value)))
      return failure();
  return success();
}

LogicalResult mlir::tkg::verifyLayouts(Operation *op) {
  if (failed(verifyThreads(op)))
    return failure();
  for (const LayoutRelation &relation : getLayoutRelations(op)) {
    LayoutAttr source = getLayout(relation.source);
    LayoutAttr derived = getLayout(relation.derived);
    if (!source || !derived)
      continue;
    std::optional<Layout> expected = deriveLayout(relation, source.getLayout());
    if (!expected)
      return op->emitOpError("cannot reshape a tile of the layout ") << source;
    if (*expected != derived.getLayout())
      return op->emitOpError("expects a tile of the layout ")
             << LayoutAttr::get(op->getContext(), *expected)
             << ", which follows from " << source << ", got " << derived;
  }
  return success();
}
