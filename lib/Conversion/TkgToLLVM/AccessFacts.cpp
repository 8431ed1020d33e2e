//===- AccessFacts.cpp - how wide an access to a view may be --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Conversion/TkgToLLVM/AccessFacts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"
#include <numeric>

using namespace mlir;
using namespace mlir::tkg;
using tk::ItemKind;

/// Of what all multiples are: 0 and what the program promises.
constexpr int64_t kMaxDivisor = int64_t(1) << 30;
constexpr unsigned kMaxDepth = 16;

static int64_t getPowerOfTwo(int64_t value) {
  if (value == 0)
    return kMaxDivisor;
  return std::min(kMaxDivisor, value & -value);
}

//===----------------------------------------------------------------------===//
// Facts of index values
//===----------------------------------------------------------------------===//

/// The kernel argument that `view` is, and its kernel.
static std::optional<std::pair<tk::KernelOp, unsigned>>
getKernelArgument(Value view) {
  auto argument = dyn_cast<BlockArgument>(view);
  if (!argument)
    return std::nullopt;
  auto kernel = dyn_cast<tk::KernelOp>(argument.getOwner()->getParentOp());
  if (!kernel || !argument.getOwner()->isEntryBlock())
    return std::nullopt;
  return std::pair(kernel, argument.getArgNumber());
}

static int64_t getExtentDivisor(Value view, unsigned dim);

/// The largest power of two that is known to divide `value`.
static int64_t getDivisor(Value value, unsigned depth = 0) {
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return getPowerOfTwo(*constant);
  if (depth > kMaxDepth)
    return 1;
  auto get = [&](Value v) { return getDivisor(v, depth + 1); };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    if (loop && argument == loop.getInductionVar())
      return std::min(get(loop.getLowerBound()), get(loop.getStep()));
    return 1;
  }
  return llvm::TypeSwitch<Operation *, int64_t>(value.getDefiningOp())
      .Case<arith::MulIOp>([&](auto op) {
        return std::min(kMaxDivisor, get(op.getLhs()) * get(op.getRhs()));
      })
      .Case<arith::AddIOp, arith::SubIOp, arith::MinSIOp, arith::MaxSIOp>(
          [&](auto op) { return std::min(get(op.getLhs()), get(op.getRhs())); })
      .Case<arith::SelectOp>([&](auto op) {
        return std::min(get(op.getTrueValue()), get(op.getFalseValue()));
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>(
          [&](auto op) { return get(op.getIn()); })
      .Case<tk::DimOp>(
          [&](auto op) { return getExtentDivisor(op.getView(), op.getAxis()); })
      .Default([](Operation *) { return 1; });
}

static bool isNonNegative(Value value, unsigned depth = 0) {
  if (std::optional<int64_t> constant = getConstantInteger(value))
    return *constant >= 0;
  if (depth > kMaxDepth)
    return false;
  auto get = [&](Value v) { return isNonNegative(v, depth + 1); };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp());
    return loop && argument == loop.getInductionVar() &&
           get(loop.getLowerBound());
  }
  return llvm::TypeSwitch<Operation *, bool>(value.getDefiningOp())
      .Case<tk::ProgramIdOp, tk::NumProgramsOp, tk::DimOp, arith::ExtUIOp>(
          [](auto) { return true; })
      .Case<arith::AddIOp, arith::MulIOp, arith::MinSIOp, arith::DivSIOp,
            arith::FloorDivSIOp, arith::CeilDivSIOp>(
          [&](auto op) { return get(op.getLhs()) && get(op.getRhs()); })
      .Case<arith::RemSIOp>([&](auto op) { return get(op.getLhs()); })
      .Case<arith::MaxSIOp>(
          [&](auto op) { return get(op.getLhs()) || get(op.getRhs()); })
      .Case<arith::SelectOp>([&](auto op) {
        return get(op.getTrueValue()) && get(op.getFalseValue());
      })
      .Case<arith::IndexCastOp, arith::ExtSIOp>(
          [&](auto op) { return get(op.getIn()); })
      .Default([](Operation *) { return false; });
}

//===----------------------------------------------------------------------===//
// Facts of views
//===----------------------------------------------------------------------===//

namespace {
/// What is known of a view, in elements.
struct ViewFacts {
  int64_t baseDivisor = 1;
  SmallVector<int64_t> strideDivisors;
  SmallVector<int64_t> extentDivisors;
  /// The dimension of stride 1.
  std::optional<unsigned> contiguousDim;
  bool isReadOnly = false;
};
} // namespace

static ViewFacts getArgumentFacts(tk::KernelOp kernel, unsigned index,
                                  tk::ViewType type) {
  TensorFacts facts = getTensorFacts(kernel, index);
  int64_t rank = type.getRank();
  Type element = convertElementType(type.getElementType());
  ViewFacts result;
  result.baseDivisor =
      std::max<int64_t>(1, facts.baseAlignment / getSizeInBytes(element));
  result.strideDivisors.assign(rank, facts.strideDivisibility);
  result.extentDivisors.assign(rank, 1);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (!ShapedType::isDynamic(type.getShape()[dim]))
      result.extentDivisors[dim] = getPowerOfTwo(type.getShape()[dim]);
    else if (dim < int64_t(facts.extentDivisibility.size()))
      result.extentDivisors[dim] = getPowerOfTwo(facts.extentDivisibility[dim]);
  }
  if (facts.isInnerStrideOne && rank > 0) {
    result.contiguousDim = rank - 1;
    result.strideDivisors.back() = 1;
  }
  bool mayAlias = false;
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
    mayAlias |= bool(kernel.getArgAttr(i, tk::kAliasAttr));
  result.isReadOnly =
      !mayAlias && kernel.getArgAccess(index) == tk::Access::Read;
  return result;
}

static ViewFacts getFacts(Value view);

static ViewFacts getSubviewFacts(tk::SubviewOp op) {
  ViewFacts source = getFacts(op.getSource());
  ViewFacts result;
  result.baseDivisor = source.baseDivisor;
  result.isReadOnly = source.isReadOnly;
  auto offset = op.getOffsets().begin();
  auto length = op.getLengths().begin();
  for (auto [dim, kind] : llvm::enumerate(op.getKinds())) {
    int64_t extentDivisor = source.extentDivisors[dim];
    if (kind != tk::SubviewOp::Whole) {
      int64_t start = getDivisor(*offset++);
      result.baseDivisor =
          std::min(result.baseDivisor,
                   std::min(kMaxDivisor, start * source.strideDivisors[dim]));
      // The range ends at its length, or where the source does.
      if (kind == tk::SubviewOp::Range)
        extentDivisor = std::min({extentDivisor, start, getDivisor(*length++)});
    }
    if (kind == tk::SubviewOp::Drop)
      continue;
    if (source.contiguousDim == dim)
      result.contiguousDim = result.strideDivisors.size();
    result.strideDivisors.push_back(source.strideDivisors[dim]);
    result.extentDivisors.push_back(extentDivisor);
  }
  return result;
}

static ViewFacts getMadeFacts(tk::MakeViewOp op) {
  ViewFacts result;
  for (auto [dim, extent] : llvm::enumerate(op.getExtents()))
    result.extentDivisors.push_back(getDivisor(extent));
  for (auto [dim, stride] : llvm::enumerate(op.getStrides())) {
    result.strideDivisors.push_back(getDivisor(stride));
    if (getConstantInteger(stride) == 1)
      result.contiguousDim = dim;
  }
  return result;
}

static ViewFacts getFacts(Value view) {
  auto type = cast<tk::ViewType>(view.getType());
  if (auto argument = getKernelArgument(view))
    return getArgumentFacts(argument->first, argument->second, type);
  if (auto subview = view.getDefiningOp<tk::SubviewOp>())
    return getSubviewFacts(subview);
  if (auto made = view.getDefiningOp<tk::MakeViewOp>())
    return getMadeFacts(made);
  ViewFacts unknown;
  unknown.strideDivisors.assign(type.getRank(), 1);
  unknown.extentDivisors.assign(type.getRank(), 1);
  return unknown;
}

static int64_t getExtentDivisor(Value view, unsigned dim) {
  return getFacts(view).extentDivisors[dim];
}

//===----------------------------------------------------------------------===//
// Facts of an access
//===----------------------------------------------------------------------===//

AccessFacts mlir::tkg::computeAccessFacts(Value view,
                                          ArrayRef<tk::ViewItem> items,
                                          ArrayRef<bool> inbounds) {
  ViewFacts viewFacts = getFacts(view);
  SmallVector<int64_t> tileShape;
  SmallVector<tk::ItemTileDims> tileDims =
      tk::getItemTileDims(items, tileShape);
  AccessFacts facts;
  facts.isReadOnly = viewFacts.isReadOnly;
  facts.numAlignedElements = viewFacts.baseDivisor;
  for (auto [dim, item] : llvm::enumerate(items)) {
    bool isSlice = item.kind == ItemKind::Slice;
    facts.isStartNonNegative.push_back(isSlice && isNonNegative(item.value));
    int64_t start = item.kind == ItemKind::Gather ? 1 : getDivisor(item.value);
    if (!isSlice || viewFacts.contiguousDim != dim) {
      // Slices walk single steps.
      int64_t step = isSlice ? 1 : start;
      facts.numAlignedElements =
          std::min(facts.numAlignedElements,
                   std::min(kMaxDivisor, step * viewFacts.strideDivisors[dim]));
      continue;
    }
    facts.contiguousDim = tileDims[dim].firstTileDim;
    facts.numAlignedElements = std::min(facts.numAlignedElements, start);
    bool isInside = !inbounds.empty() && inbounds[dim];
    // What ends a run of elements: the view, and the tile in its layout.
    facts.numUniformElements = std::min(
        isInside ? kMaxDivisor : std::min(start, viewFacts.extentDivisors[dim]),
        getPowerOfTwo(item.extent));
  }
  return facts;
}
