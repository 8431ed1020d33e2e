//===- AlignmentTransfer.cpp - what one op does to facts of its values ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AlignmentTransfer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "tk/Analysis/SharedMemory.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::tkg;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

int64_t mlir::tkg::multiplyDivisors(int64_t lhs, int64_t rhs) {
  if (lhs >= kMaxDivisor / rhs)
    return kMaxDivisor;
  return lhs * rhs;
}

static ArrayRef<int64_t> getTileShape(Value value) {
  auto tile = dyn_cast<RankedTensorType>(value.getType());
  return tile ? tile.getShape() : ArrayRef<int64_t>();
}

/// The size of the elements that a pointer, or a tile of pointers, points to,
/// or that a view shows; 1 for integers.
static int64_t getUnit(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (auto pointer = dyn_cast<tk::PtrType>(element))
    return getElementSizeInBytes(pointer.getElementType());
  if (auto view = dyn_cast<tk::ViewType>(type))
    return getElementSizeInBytes(view.getElementType());
  return 1;
}

/// A group of equal values along a dimension of `extent` may span all of it.
static int64_t getWholeGroup(int64_t extent) {
  return llvm::bit_ceil(static_cast<uint64_t>(extent));
}

/// Facts of a tile all of whose elements are divisible by `divisibility`.
static ValueFacts getUniformFacts(ArrayRef<int64_t> shape,
                                  int64_t divisibility) {
  ValueFacts facts;
  facts.divisibility = divisibility;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    facts.dims.push_back({1, divisibility, 1});
  return facts;
}

static ValueFacts getSplatFacts(ArrayRef<int64_t> shape,
                                const ValueFacts &scalar) {
  ValueFacts facts = getUniformFacts(shape, scalar.divisibility);
  facts.constant = scalar.constant;
  for (auto [dim, extent] : llvm::zip_equal(facts.dims, shape))
    dim.constancy = getWholeGroup(extent);
  return facts;
}

static ValueFacts getConstantFacts(ArrayRef<int64_t> shape, int64_t value) {
  ValueFacts scalar;
  scalar.divisibility = getPowerOfTwoDivisor(value);
  scalar.constant = value;
  return getSplatFacts(shape, scalar);
}

/// The extents that the type of a view knows.
static void addKnownExtents(tk::ViewType type, ValueFacts &facts) {
  for (auto [dim, extent] : llvm::zip_equal(facts.viewDims, type.getShape()))
    if (!ShapedType::isDynamic(extent))
      dim.extentDivisibility = getPowerOfTwoDivisor(extent);
}

ValueFacts mlir::tkg::getUnknownFacts(Value value) {
  // An address is a multiple of the size of what lies there.
  ValueFacts facts = getUniformFacts(
      getTileShape(value), getPowerOfTwoDivisor(getUnit(value.getType())));
  if (auto view = dyn_cast<tk::ViewType>(value.getType())) {
    facts.viewDims.resize(view.getRank());
    addKnownExtents(view, facts);
  }
  return facts;
}

ValueFacts mlir::tkg::getArgumentFacts(tk::KernelOp kernel, unsigned index) {
  Value argument = kernel.getArgument(index);
  ValueFacts facts = getUnknownFacts(argument);
  auto type = dyn_cast<tk::ViewType>(argument.getType());
  if (!type)
    return facts;
  TensorFacts promised = getTensorFacts(kernel, index);
  facts.divisibility = std::max(facts.divisibility,
                                getPowerOfTwoDivisor(promised.baseAlignment));
  for (auto [i, dim] : llvm::enumerate(facts.viewDims)) {
    if (i + 1 == facts.viewDims.size())
      dim.isStrideOne = promised.isInnerStrideOne;
    else
      dim.strideDivisibility =
          getPowerOfTwoDivisor(promised.strideDivisibility);
    dim.extentDivisibility =
        getPowerOfTwoDivisor(promised.extentDivisibility[i]);
  }
  addKnownExtents(type, facts);
  return facts;
}

ValueFacts mlir::tkg::joinFacts(const ValueFacts &lhs, const ValueFacts &rhs) {
  ValueFacts facts;
  facts.divisibility = std::min(lhs.divisibility, rhs.divisibility);
  if (lhs.constant == rhs.constant)
    facts.constant = lhs.constant;
  for (auto [a, b] : llvm::zip(lhs.dims, rhs.dims)) {
    int64_t contiguity = std::min(a.contiguity, b.contiguity);
    facts.dims.push_back({contiguity,
                          std::min(a.getDivisibilityOfGroups(contiguity),
                                   b.getDivisibilityOfGroups(contiguity)),
                          std::min(a.constancy, b.constancy)});
  }
  for (auto [a, b] : llvm::zip(lhs.viewDims, rhs.viewDims))
    facts.viewDims.push_back(
        {std::min(a.strideDivisibility, b.strideDivisibility),
         a.isStrideOne && b.isStrideOne,
         std::min(a.extentDivisibility, b.extentDivisibility)});
  return facts;
}

//===----------------------------------------------------------------------===//
// Integer arithmetic
//===----------------------------------------------------------------------===//

/// lhs + rhs (or lhs - rhs), the right side counted in units of `unit` bytes:
/// a run plus equal values is a run.
static ValueFacts addFacts(const ValueFacts &lhs, const ValueFacts &rhs,
                           int64_t unit, bool isSubtraction) {
  ValueFacts facts;
  facts.divisibility =
      std::min(lhs.divisibility, multiplyDivisors(rhs.divisibility, unit));
  for (auto [a, b] : llvm::zip(lhs.dims, rhs.dims)) {
    int64_t leftRun = std::min(a.contiguity, b.constancy);
    int64_t rightRun = isSubtraction ? 1 : std::min(a.constancy, b.contiguity);
    DimFacts dim;
    dim.contiguity = std::max(leftRun, rightRun);
    dim.divisibility = std::min(
        a.getDivisibilityOfGroups(dim.contiguity, unit),
        multiplyDivisors(b.getDivisibilityOfGroups(dim.contiguity), unit));
    dim.constancy = std::min(a.constancy, b.constancy);
    facts.dims.push_back(dim);
  }
  return facts;
}

static ValueFacts multiplyFacts(const ValueFacts &lhs, const ValueFacts &rhs) {
  if (rhs.constant == 1)
    return lhs;
  if (lhs.constant == 1)
    return rhs;
  ValueFacts facts;
  facts.divisibility = multiplyDivisors(lhs.divisibility, rhs.divisibility);
  for (auto [a, b] : llvm::zip(lhs.dims, rhs.dims))
    facts.dims.push_back(
        {1, facts.divisibility, std::min(a.constancy, b.constancy)});
  return facts;
}

/// Facts of an op whose result keeps no runs: every element has the divisor
/// `divisibility`; equal operands give equal results.
static ValueFacts combineFacts(ArrayRef<ValueFacts> operands,
                               ArrayRef<int64_t> shape, int64_t divisibility) {
  ValueFacts facts = getUniformFacts(shape, divisibility);
  for (auto [i, dim] : llvm::enumerate(facts.dims)) {
    dim.constancy = getWholeGroup(shape[i]);
    for (const ValueFacts &operand : operands)
      if (i < operand.dims.size())
        dim.constancy = std::min(dim.constancy, operand.dims[i].constancy);
  }
  return facts;
}

/// lhs / rhs for a constant power of two. If the division rounds down, runs
/// within one multiple of it become equal values.
static ValueFacts divideFacts(const ValueFacts &lhs, const ValueFacts &rhs,
                              ArrayRef<int64_t> shape, bool roundsDown) {
  int64_t divisor = rhs.constant.value_or(0);
  if (divisor == 1)
    return lhs;
  bool isPowerOfTwo = divisor > 0 && llvm::isPowerOf2_64(divisor);
  int64_t divisibility = isPowerOfTwo && lhs.divisibility > divisor
                             ? lhs.divisibility / divisor
                             : 1;
  ValueFacts facts = combineFacts({lhs, rhs}, shape, divisibility);
  if (!isPowerOfTwo || !roundsDown)
    return facts;
  for (auto [dim, from] : llvm::zip(facts.dims, lhs.dims))
    dim.constancy = std::max(
        dim.constancy, std::min({from.contiguity, from.divisibility, divisor}));
  return facts;
}

/// lhs % rhs for a constant: runs stay runs up to its power of two, unless the
/// remainder of a negative number is negative.
static ValueFacts remainderFacts(const ValueFacts &lhs, const ValueFacts &rhs,
                                 ArrayRef<int64_t> shape, bool isUnsigned) {
  int64_t divisor = rhs.constant.value_or(0);
  ValueFacts facts = combineFacts({lhs, rhs}, shape,
                                  std::min(lhs.divisibility, rhs.divisibility));
  if (divisor <= 0 || !isUnsigned)
    return facts;
  int64_t limit = getPowerOfTwoDivisor(divisor);
  for (auto [dim, from] : llvm::zip(facts.dims, lhs.dims)) {
    dim.contiguity = std::min({from.contiguity, from.divisibility, limit});
    dim.divisibility =
        std::min(from.getDivisibilityOfGroups(dim.contiguity), limit);
  }
  return facts;
}

static ValueFacts transferCompare(arith::CmpIOp op,
                                  ArrayRef<ValueFacts> operands) {
  const ValueFacts *lhs = &operands[0], *rhs = &operands[1];
  ValueFacts facts =
      combineFacts(operands, getTileShape(op.getResult()), /*divisibility=*/1);
  // `run < limit` is the same for all elements between two multiples of what
  // divides the limit and the start of the run; `limit > run` likewise.
  bool isRunLeft, isRunRight;
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::slt:
  case arith::CmpIPredicate::sge:
  case arith::CmpIPredicate::ult:
  case arith::CmpIPredicate::uge:
    isRunLeft = true;
    isRunRight = false;
    break;
  case arith::CmpIPredicate::sgt:
  case arith::CmpIPredicate::sle:
  case arith::CmpIPredicate::ugt:
  case arith::CmpIPredicate::ule:
    isRunLeft = false;
    isRunRight = true;
    break;
  case arith::CmpIPredicate::eq:
  case arith::CmpIPredicate::ne:
    isRunLeft = isRunRight = false;
    break;
  }
  if (isRunRight)
    std::swap(lhs, rhs);
  if (isRunLeft || isRunRight)
    for (auto [dim, run, limit] : llvm::zip(facts.dims, lhs->dims, rhs->dims)) {
      int64_t group = std::min(run.contiguity, limit.constancy);
      group = std::min(
          {group, run.getDivisibilityOfGroups(group), limit.divisibility});
      dim.constancy = std::max(dim.constancy, group);
    }
  return facts;
}

static std::optional<int64_t> getShift(const ValueFacts &amount) {
  if (!amount.constant || *amount.constant < 0 || *amount.constant > 40)
    return std::nullopt;
  return int64_t(1) << *amount.constant;
}

/// Integer ops of arith; nothing for other ops.
static std::optional<ValueFacts> transferArith(Operation *op, Value result,
                                               ArrayRef<ValueFacts> operands) {
  ArrayRef<int64_t> shape = getTileShape(result);
  auto getWeakest = [&] {
    int64_t divisibility = kMaxDivisor;
    for (const ValueFacts &operand : operands)
      divisibility = std::min(divisibility, operand.divisibility);
    return divisibility;
  };
  using Result = std::optional<ValueFacts>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<arith::AddIOp, arith::SubIOp>([&](Operation *op) {
        return addFacts(operands[0], operands[1], /*unit=*/1,
                        isa<arith::SubIOp>(op));
      })
      .Case<arith::MulIOp>(
          [&](auto) { return multiplyFacts(operands[0], operands[1]); })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::FloorDivSIOp>(
          [&](Operation *op) {
            return divideFacts(operands[0], operands[1], shape,
                               /*roundsDown=*/!isa<arith::DivSIOp>(op));
          })
      .Case<arith::RemSIOp, arith::RemUIOp>([&](Operation *op) {
        return remainderFacts(operands[0], operands[1], shape,
                              isa<arith::RemUIOp>(op));
      })
      .Case<arith::ShLIOp>([&](auto) -> Result {
        std::optional<int64_t> factor = getShift(operands[1]);
        if (!factor)
          return combineFacts(operands, shape, operands[0].divisibility);
        return multiplyFacts(operands[0], getConstantFacts(shape, *factor));
      })
      .Case<arith::ShRSIOp, arith::ShRUIOp>([&](auto) -> Result {
        std::optional<int64_t> divisor = getShift(operands[1]);
        if (!divisor)
          return combineFacts(operands, shape, 1);
        return divideFacts(operands[0], getConstantFacts(shape, *divisor),
                           shape, /*roundsDown=*/true);
      })
      .Case<arith::AndIOp>([&](auto) {
        // A zero low bit of either operand stays zero.
        return combineFacts(
            operands, shape,
            std::max(operands[0].divisibility, operands[1].divisibility));
      })
      .Case<arith::OrIOp, arith::XOrIOp, arith::MinSIOp, arith::MinUIOp,
            arith::MaxSIOp, arith::MaxUIOp>(
          [&](auto) { return combineFacts(operands, shape, getWeakest()); })
      .Case<arith::SelectOp>([&](auto) {
        return combineFacts(
            operands, shape,
            std::min(operands[1].divisibility, operands[2].divisibility));
      })
      .Case<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp,
            arith::ExtUIOp, arith::TruncIOp>([&](auto) { return operands[0]; })
      .Case<arith::CmpIOp>(
          [&](arith::CmpIOp op) { return transferCompare(op, operands); })
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

static ValueFacts transferArange(ArrayRef<int64_t> shape) {
  ValueFacts facts;
  facts.dims.push_back({getPowerOfTwoDivisor(shape[0]), kMaxDivisor, 1});
  facts.divisibility = shape[0] == 1 ? kMaxDivisor : 1;
  return facts;
}

static ValueFacts transferBroadcast(tk::BroadcastOp op,
                                    const ValueFacts &source) {
  ValueFacts facts = source;
  ArrayRef<int64_t> from = getTileShape(op.getSource());
  ArrayRef<int64_t> to = getTileShape(op.getResult());
  for (size_t dim = 0; dim < to.size(); ++dim)
    if (from[dim] == 1 && to[dim] != 1)
      facts.dims[dim] = {1, source.divisibility, getWholeGroup(to[dim])};
  return facts;
}

/// Making and shaping tiles; nothing for other ops.
static std::optional<ValueFacts> transferTile(Operation *op, Value result,
                                              ArrayRef<ValueFacts> operands) {
  ArrayRef<int64_t> shape = getTileShape(result);
  using Result = std::optional<ValueFacts>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<tk::ArangeOp>([&](auto) { return transferArange(shape); })
      .Case<tk::SplatOp>(
          [&](auto) { return getSplatFacts(shape, operands[0]); })
      .Case<tk::BroadcastOp>([&](tk::BroadcastOp op) {
        return transferBroadcast(op, operands[0]);
      })
      .Case<tk::ExpandDimsOp>([&](tk::ExpandDimsOp op) {
        ValueFacts facts = operands[0];
        facts.dims.insert(facts.dims.begin() + op.getAxis(),
                          {1, facts.divisibility, 1});
        return facts;
      })
      .Case<tk::TransOp>([&](tk::TransOp op) {
        ValueFacts facts = operands[0];
        for (auto [i, dim] : llvm::enumerate(op.getPermutation()))
          facts.dims[i] = operands[0].dims[dim];
        return facts;
      })
      .Case<tk::CastOp>([&](tk::CastOp op) -> Result {
        // A cast to integers from floats is unknown.
        bool keepsLowBits =
            getElementTypeOrSelf(op.getSource()).isIntOrIndex() &&
            getElementTypeOrSelf(op.getResult()).isIntOrIndex();
        if (!keepsLowBits)
          return std::nullopt;
        return operands[0];
      })
      .Case<ConvertLayoutOp>([&](auto) { return operands[0]; })
      .Case<tk::PtrAddOp>([&](tk::PtrAddOp op) {
        return addFacts(operands[0], operands[1], getUnit(op.getType()),
                        /*isSubtraction=*/false);
      })
      .Default(std::nullopt);
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

AccessFacts
mlir::tkg::getViewAccessFacts(const ValueFacts &view, Type elementType,
                              ArrayRef<tk::ViewItem> items,
                              std::optional<ArrayRef<bool>> inbounds,
                              function_ref<ValueFacts(Value)> getFacts) {
  AccessFacts access;
  SmallVector<int64_t> shape;
  SmallVector<tk::ItemTileDims> tileDims = tk::getItemTileDims(items, shape);
  if (items.empty() || tileDims.back().numTileDims == 0)
    return access;

  // Runs of consecutive coordinates along the last dimension of the view, and
  // what divides their start.
  const tk::ViewItem &last = items.back();
  unsigned fastest =
      tileDims.back().firstTileDim + tileDims.back().numTileDims - 1;
  ValueFacts lastFacts = getFacts(last.value);
  int64_t run = getPowerOfTwoDivisor(shape[fastest]);
  int64_t start = lastFacts.divisibility;
  if (last.kind == tk::ItemKind::Gather) {
    run = lastFacts.dims.back().contiguity;
    start = lastFacts.dims.back().divisibility;
    // Coordinates from anywhere: no dimension of the tile walks memory.
    if (run == 1)
      return access;
  }
  access.fastestDim = fastest;
  const ViewDimFacts &lastDim = view.viewDims.back();
  bool isInside = inbounds && inbounds->back();
  access.maskedVectorSize =
      isInside ? run : std::min({run, start, lastDim.extentDivisibility});
  access.isContiguous = lastDim.isStrideOne && run > 1;
  if (!access.isContiguous)
    return access;

  // The addresses of the runs: the base, the start of the run, and whole
  // strides of the other dimensions.
  int64_t elementSize = getElementSizeInBytes(elementType);
  int64_t unit = getPowerOfTwoDivisor(elementSize);
  int64_t alignment =
      std::min(view.divisibility, multiplyDivisors(start, unit));
  for (auto [item, dim] : llvm::zip_equal(
           items.drop_back(), ArrayRef(view.viewDims).drop_back())) {
    int64_t coordinate = item.kind == tk::ItemKind::Slice
                             ? 1
                             : getFacts(item.value).divisibility;
    int64_t stride = dim.isStrideOne ? 1 : dim.strideDivisibility;
    alignment =
        std::min(alignment,
                 multiplyDivisors(multiplyDivisors(coordinate, stride), unit));
  }
  access.alignedVectorSize =
      std::max<int64_t>(1, std::min(run, alignment / elementSize));
  return access;
}

static ValueFacts transferSubview(tk::SubviewOp op,
                                  ArrayRef<ValueFacts> operands) {
  const ValueFacts &source = operands[0];
  ArrayRef<ValueFacts> offsets =
      operands.drop_front(1).take_front(op.getOffsets().size());
  ArrayRef<ValueFacts> lengths = operands.take_back(op.getLengths().size());
  int64_t unit = getPowerOfTwoDivisor(getUnit(op.getType()));
  ValueFacts facts;
  facts.divisibility = source.divisibility;
  for (auto [kind, dim] : llvm::zip_equal(op.getKinds(), source.viewDims)) {
    if (kind == tk::SubviewOp::Whole) {
      facts.viewDims.push_back(dim);
      continue;
    }
    int64_t offset = offsets.front().divisibility;
    offsets = offsets.drop_front();
    int64_t stride = dim.isStrideOne ? 1 : dim.strideDivisibility;
    facts.divisibility =
        std::min(facts.divisibility,
                 multiplyDivisors(multiplyDivisors(offset, stride), unit));
    if (kind == tk::SubviewOp::Drop)
      continue;
    // The part ends where it is told to, or where the source does.
    ViewDimFacts part = dim;
    part.extentDivisibility = std::min(
        {dim.extentDivisibility, offset, lengths.front().divisibility});
    lengths = lengths.drop_front();
    facts.viewDims.push_back(part);
  }
  addKnownExtents(op.getType(), facts);
  return facts;
}

static ValueFacts transferMakeView(tk::MakeViewOp op,
                                   ArrayRef<ValueFacts> operands) {
  size_t rank = op.getExtents().size();
  ValueFacts facts;
  facts.divisibility = operands[0].divisibility;
  for (size_t i = 0; i < rank; ++i) {
    const ValueFacts &extent = operands[1 + i],
                     &stride = operands[1 + rank + i];
    facts.viewDims.push_back(
        {stride.divisibility, stride.constant == 1, extent.divisibility});
  }
  addKnownExtents(op.getType(), facts);
  return facts;
}

/// Whether an element is inside changes where a coordinate passes an extent.
static ValueFacts transferInside(tk::InsideOp op, const ValueFacts &view,
                                 ArrayRef<ValueFacts> indices) {
  ValueFacts facts = getUniformFacts(getTileShape(op.getResult()), 1);
  SmallVector<tk::ViewItem> items = op.getItems();
  SmallVector<int64_t> shape;
  SmallVector<tk::ItemTileDims> tileDims = tk::getItemTileDims(items, shape);
  for (auto [dim, extent] : llvm::zip_equal(facts.dims, shape))
    dim.constancy = getWholeGroup(extent);
  for (auto [item, dims, viewDim, index] :
       llvm::zip_equal(items, tileDims, view.viewDims, indices)) {
    for (int64_t i = 0; i < dims.numTileDims; ++i) {
      DimFacts &dim = facts.dims[dims.firstTileDim + i];
      int64_t group = std::min(index.divisibility, viewDim.extentDivisibility);
      if (item.kind == tk::ItemKind::Gather) {
        const DimFacts &run = index.dims[i];
        group =
            std::max(run.constancy, std::min({run.contiguity, run.divisibility,
                                              viewDim.extentDivisibility}));
      }
      dim.constancy = std::min(dim.constancy, group);
    }
  }
  return facts;
}

/// The addresses of a view access: runs where the access has them.
static ValueFacts transferAddresses(tk::AddressesOp op,
                                    ArrayRef<ValueFacts> operands) {
  ValueFacts facts = getUnknownFacts(op.getResult());
  auto getFacts = [&](Value value) {
    return operands[llvm::find(op->getOperands(), value) -
                    op->getOperands().begin()];
  };
  AccessFacts access =
      getViewAccessFacts(operands[0], op.getView().getType().getElementType(),
                         op.getItems(), std::nullopt, getFacts);
  if (!access.isContiguous)
    return facts;
  DimFacts &dim = facts.dims[*access.fastestDim];
  dim.contiguity = access.alignedVectorSize;
  dim.divisibility =
      access.alignedVectorSize * getPowerOfTwoDivisor(getUnit(op.getType()));
  return facts;
}

static ValueFacts getScalarFacts(int64_t divisibility,
                                 std::optional<int64_t> constant = {}) {
  ValueFacts facts;
  facts.divisibility = divisibility;
  facts.constant = constant;
  return facts;
}

/// Ops on views; nothing for other ops.
static std::optional<ValueFacts> transferView(Operation *op,
                                              ArrayRef<ValueFacts> operands) {
  using Result = std::optional<ValueFacts>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<tk::DimOp>([&](tk::DimOp op) {
        return getScalarFacts(
            operands[0].viewDims[op.getAxis()].extentDivisibility);
      })
      .Case<tk::StrideOp>([&](tk::StrideOp op) {
        const ViewDimFacts &dim = operands[0].viewDims[op.getAxis()];
        if (dim.isStrideOne)
          return getScalarFacts(1, 1);
        return getScalarFacts(dim.strideDivisibility);
      })
      .Case<tk::SubviewOp>(
          [&](tk::SubviewOp op) { return transferSubview(op, operands); })
      .Case<tk::MakeViewOp>(
          [&](tk::MakeViewOp op) { return transferMakeView(op, operands); })
      .Case<tk::InsideOp>([&](tk::InsideOp op) {
        return transferInside(op, operands[0], operands.drop_front());
      })
      .Case<tk::AddressesOp>(
          [&](tk::AddressesOp op) { return transferAddresses(op, operands); })
      .Default(std::nullopt);
}

ValueFacts mlir::tkg::transferFacts(Operation *op, Value result,
                                    ArrayRef<ValueFacts> operands) {
  APInt constant;
  if (matchPattern(result, m_ConstantInt(&constant)) &&
      constant.getSignificantBits() <= 64)
    return getConstantFacts(getTileShape(result), constant.getSExtValue());
  if (std::optional<ValueFacts> facts = transferArith(op, result, operands))
    return *facts;
  if (std::optional<ValueFacts> facts = transferTile(op, result, operands))
    return *facts;
  if (std::optional<ValueFacts> facts = transferView(op, operands))
    return *facts;
  return getUnknownFacts(result);
}
