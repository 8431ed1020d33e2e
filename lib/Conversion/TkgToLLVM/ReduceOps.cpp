//===- ReduceOps.cpp - lowers tk.reduce -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Shuffle.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Analysis/ReducePlan.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Conversion/TkgToLLVM/LoweringContext.h"
#include "llvm/ADT/TypeSwitch.h"
#include <map>

using namespace mlir;
using namespace mlir::tkg;

//===----------------------------------------------------------------------===//
// Combiners
//===----------------------------------------------------------------------===//

/// Emits `TargetOpT` if `op` is an `OpT`.
template <typename OpT, typename TargetOpT>
static bool emitIfIs(Emitter &e, Operation *op, Value lhs, Value rhs,
                     Value &result) {
  if (isa<OpT>(op))
    result = e.create<TargetOpT>(lhs.getType(), lhs, rhs);
  return bool(result);
}

/// Emits the combiner `op`, one of those with an identity.
static Value emitSimple(Emitter &e, Operation *op, Value lhs, Value rhs) {
  Value result;
  bool isKnown =
      emitIfIs<arith::AddFOp, LLVM::FAddOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MulFOp, LLVM::FMulOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MaximumFOp, LLVM::MaximumOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MinimumFOp, LLVM::MinimumOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MaxNumFOp, LLVM::MaxNumOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MinNumFOp, LLVM::MinNumOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::AddIOp, LLVM::AddOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MulIOp, LLVM::MulOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::AndIOp, LLVM::AndOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::OrIOp, LLVM::OrOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::XOrIOp, LLVM::XOrOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MaxSIOp, LLVM::SMaxOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MinSIOp, LLVM::SMinOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MaxUIOp, LLVM::UMaxOp>(e, op, lhs, rhs, result) ||
      emitIfIs<arith::MinUIOp, LLVM::UMinOp>(e, op, lhs, rhs, result);
  assert(isKnown && "every combiner with an identity is listed");
  (void)isKnown;
  return result;
}

static APFloat getFloatIdentity(Operation *op, const llvm::fltSemantics &s) {
  if (isa<arith::MulFOp>(op))
    return APFloat(s, 1);
  if (isa<arith::AddFOp>(op))
    return APFloat::getZero(s, /*Negative=*/true);
  // A maxnum of nothing but NaN is NaN.
  if (isa<arith::MaxNumFOp, arith::MinNumFOp>(op))
    return APFloat::getQNaN(s);
  return APFloat::getInf(s, isa<arith::MaximumFOp>(op));
}

static APInt getIntegerIdentity(Operation *op, unsigned width) {
  if (isa<arith::MulIOp>(op))
    return APInt(width, 1);
  if (isa<arith::AndIOp, arith::MinUIOp>(op))
    return APInt::getAllOnes(width);
  if (isa<arith::MaxSIOp>(op))
    return APInt::getSignedMinValue(width);
  if (isa<arith::MinSIOp>(op))
    return APInt::getSignedMaxValue(width);
  return APInt::getZero(width);
}

static Value getIdentity(Emitter &e, Operation *op, Type type) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return e.getConstant(
        type, e.getRewriter().getFloatAttr(
                  type, getFloatIdentity(op, floatType.getFloatSemantics())));
  return e.getConstant(
      type, e.getRewriter().getIntegerAttr(
                type, getIntegerIdentity(op, type.getIntOrFloatBitWidth())));
}

//===----------------------------------------------------------------------===//
// One reduction
//===----------------------------------------------------------------------===//

namespace {
/// A tuple of partial results. `isValid` is null if it always stands for some
/// element; padding stands for none.
struct Partial {
  SmallVector<Value, 2> values;
  Value isValid;
};

class Reduction {
public:
  Reduction(LoweringContext &context, Emitter &e, tk::ReduceOp op,
            ArrayRef<ValueRange> sources, const ReducePlan &plan)
      : context(context), e(e), op(op), sources(sources), plan(plan),
        simple(op.getSimpleCombiner()) {
    if (!hasIdentity(simple))
      simple = nullptr;
  }

  /// The partial results of each group, complete in every thread.
  FailureOr<SmallVector<Partial>> run();

private:
  Partial combine(const Partial &lhs, const Partial &rhs);
  SmallVector<Value, 2> combineValues(ValueRange lhs, ValueRange rhs);
  Partial combineAll(SmallVector<Partial> partials);
  std::optional<Partial> readElement(int64_t r);
  Partial reduceRegisters(const ReducePlan::Group &group);
  Partial reduceLanes(Partial partial);
  LogicalResult reduceWarps(MutableArrayRef<Partial> partials);
  Value getPlace();
  Value getIsSpeaker();
  Value getWarpPart();
  Value takeScratchSlot(int64_t slotBytes);
  void writeParts(Value scratch, const ReduceScratch &places,
                  ArrayRef<Value> indices, ArrayRef<Partial> partials);
  Partial readParts(Value scratch, const ReduceScratch &places, Value index);
  SmallVector<Value> readArray(Value pointer, Type type);

  LoweringContext &context;
  Emitter &e;
  tk::ReduceOp op;
  ArrayRef<ValueRange> sources;
  const ReducePlan &plan;
  Operation *simple;
};
} // namespace

namespace {
/// Copies the region of a combiner. Its ops are lowered in turn; values whose
/// type changes (index) pass through a cast that the conversion removes.
class CombinerCopy {
public:
  explicit CombinerCopy(Emitter &e) : e(e) {}

  SmallVector<Value, 2> emit(Block &block, ValueRange arguments) {
    for (auto [argument, value] :
         llvm::zip_equal(block.getArguments(), arguments))
      copies.map(argument, castTo(value, argument.getType()));
    return emitBody(block);
  }

private:
  /// Copies the ops of `block` and returns what it yields.
  SmallVector<Value, 2> emitBody(Block &block);
  void emitBranches(scf::IfOp op);
  Value castTo(Value value, Type type) {
    if (value.getType() == type)
      return value;
    return e.create<UnrealizedConversionCastOp>(type, value).getResult(0);
  }

  Emitter &e;
  IRMapping copies;
};
} // namespace

SmallVector<Value, 2> CombinerCopy::emitBody(Block &block) {
  for (Operation &op : block.without_terminator()) {
    if (auto branches = dyn_cast<scf::IfOp>(op))
      emitBranches(branches);
    else
      e.getRewriter().clone(op, copies);
  }
  SmallVector<Value, 2> results;
  for (Value yielded : block.getTerminator()->getOperands())
    results.push_back(castTo(copies.lookupOrDefault(yielded),
                             convertElementType(yielded.getType())));
  return results;
}

/// A branch and no select: only one side may be defined, as of a division.
void CombinerCopy::emitBranches(scf::IfOp op) {
  RewriterBase &rewriter = e.getRewriter();
  Block *before = rewriter.getInsertionBlock();
  Block *after = rewriter.splitBlock(before, rewriter.getInsertionPoint());
  for (Type type : op.getResultTypes())
    after->addArgument(convertElementType(type), op.getLoc());
  auto emitSide = [&](Region &region) {
    Block *side = rewriter.createBlock(after);
    SmallVector<Value, 2> yielded;
    if (!region.empty())
      yielded = emitBody(region.front());
    e.create<LLVM::BrOp>(yielded, after);
    return side;
  };
  Block *whenTrue = emitSide(op.getThenRegion());
  Block *whenFalse = emitSide(op.getElseRegion());
  rewriter.setInsertionPointToEnd(before);
  e.create<LLVM::CondBrOp>(copies.lookupOrDefault(op.getCondition()), whenTrue,
                           ValueRange(), whenFalse, ValueRange());
  rewriter.setInsertionPointToStart(after);
  for (auto [result, argument] :
       llvm::zip_equal(op.getResults(), after->getArguments()))
    copies.map(result, castTo(argument, result.getType()));
}

SmallVector<Value, 2> Reduction::combineValues(ValueRange lhs, ValueRange rhs) {
  if (simple)
    return {emitSimple(e, simple, lhs.front(), rhs.front())};
  SmallVector<Value> arguments(lhs);
  llvm::append_range(arguments, rhs);
  return CombinerCopy(e).emit(op.getCombiner().front(), arguments);
}

Partial Reduction::combine(const Partial &lhs, const Partial &rhs) {
  Partial result;
  result.values = combineValues(lhs.values, rhs.values);
  if (!lhs.isValid && !rhs.isValid)
    return result;
  for (auto [value, l, r] :
       llvm::zip_equal(result.values, lhs.values, rhs.values)) {
    if (rhs.isValid)
      value = e.select(rhs.isValid, value, l);
    if (lhs.isValid)
      value = e.select(lhs.isValid, value, r);
  }
  if (lhs.isValid && rhs.isValid)
    result.isValid = e.bitOr(lhs.isValid, rhs.isValid);
  return result;
}

/// Neighbours first: a tree of logarithmic depth.
Partial Reduction::combineAll(SmallVector<Partial> partials) {
  while (partials.size() > 1) {
    SmallVector<Partial> next;
    for (size_t i = 0; i + 1 < partials.size(); i += 2)
      next.push_back(combine(partials[i], partials[i + 1]));
    if (partials.size() % 2)
      next.push_back(partials.back());
    partials = std::move(next);
  }
  return partials.front();
}

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

/// The element of register `r`; nothing if it is padding in every thread.
/// Padding in some threads becomes the identity, or is marked.
std::optional<Partial> Reduction::readElement(int64_t r) {
  auto type = cast<RankedTensorType>(op.getSources().front().getType());
  unsigned axis = op.getAxis();
  int64_t extent = type.getDimSize(axis);
  Partial partial;
  for (ValueRange source : sources)
    partial.values.push_back(source[r]);
  if (!plan.isPadded)
    return partial;
  Value isElement = context.getCoordinates(getTileLayout(type), e)
                        .getIsBelow(e, axis, r, extent);
  if (!isElement)
    return partial;
  if (getConstantInteger(isElement))
    return std::nullopt;
  if (!simple) {
    partial.isValid = isElement;
    return partial;
  }
  Value &value = partial.values.front();
  value = e.select(isElement, value, getIdentity(e, simple, value.getType()));
  return partial;
}

Partial Reduction::reduceRegisters(const ReducePlan::Group &group) {
  SmallVector<Partial> partials;
  for (int64_t r : group.registers)
    if (std::optional<Partial> partial = readElement(r))
      partials.push_back(std::move(*partial));
  assert(!partials.empty() && "coordinate 0 is never padding");
  return combineAll(std::move(partials));
}

//===----------------------------------------------------------------------===//
// Lanes
//===----------------------------------------------------------------------===//

Partial Reduction::reduceLanes(Partial partial) {
  for (unsigned mask : plan.laneMasks) {
    Partial other;
    for (Value value : partial.values)
      other.values.push_back(shuffleXor(e, context.getTarget(), value, mask));
    if (partial.isValid)
      other.isValid = shuffleXor(e, context.getTarget(), partial.isValid, mask);
    partial = combine(partial, other);
  }
  return partial;
}

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

static Value getWarpDigit(Emitter &e, Value warp,
                          const ReducePlan::WarpDigit &digit) {
  return e.remainderUnsigned(e.divideUnsigned(warp, digit.divisor),
                             digit.radix);
}

Value Reduction::getIsSpeaker() {
  return context.emitAtEntry(e, [&](Emitter &entry) {
    ThreadPlace place = context.getThreadPlace(entry);
    Value zero = entry.getI32Constant(0), speaks;
    if (plan.silentLaneBits)
      speaks = entry.compare(
          LLVM::ICmpPredicate::eq,
          entry.bitAnd(place.lane, entry.getI32Constant(plan.silentLaneBits)),
          zero);
    for (const ReducePlan::WarpDigit &digit : plan.silentWarpDigits)
      speaks = entry.both(
          speaks, entry.compare(LLVM::ICmpPredicate::eq,
                                getWarpDigit(entry, place.warp, digit), zero));
    return speaks;
  });
}

/// The number that `digits` of the warp make in mixed radix, times `weight`.
static Value getWarpNumber(Emitter &e, Value warp, int64_t weight,
                           ArrayRef<ReducePlan::WarpDigit> digits) {
  Value number = e.getI32Constant(0);
  for (const ReducePlan::WarpDigit &digit : digits) {
    Value value = getWarpDigit(e, warp, digit);
    number = e.add(number, e.mul(value, e.getI32Constant(weight)));
    weight *= digit.radix;
  }
  return number;
}

/// What a warp adds to the index of its part.
Value Reduction::getWarpPart() {
  return context.emitAtEntry(e, [&](Emitter &entry) {
    return getWarpNumber(entry, context.getThreadPlace(entry).warp,
                         plan.getNumPlaces(), plan.warpDigits);
  });
}

/// The number of a thread among those that hold other elements: the bits of its
/// lane that tell them apart, moved together, and then those of its warp.
Value Reduction::getPlace() {
  return context.emitAtEntry(e, [&](Emitter &entry) {
    ThreadPlace thread = context.getThreadPlace(entry);
    SmallVector<IndexBit> bits;
    int64_t weight = 1;
    for (uint64_t rest = plan.keptLaneBits; rest; rest &= rest - 1) {
      bits.push_back({int64_t(rest & -rest), uint64_t(weight)});
      weight *= 2;
    }
    return entry.add(
        applyBits(entry, thread.lane, bits),
        getWarpNumber(entry, thread.warp, weight, plan.keptWarpDigits));
  });
}

/// Where element `index` of the array at `offset` bytes is.
static Value getScratchPointer(Emitter &e, Value scratch, int64_t offset,
                               Type type, Value index) {
  Value array = e.getElementPointer(scratch, e.getI8(), offset);
  return e.getElementPointer(array, type, index);
}

void Reduction::writeParts(Value scratch, const ReduceScratch &places,
                           ArrayRef<Value> indices,
                           ArrayRef<Partial> partials) {
  const TargetCodegen &target = context.getTarget();
  Value isSpeaker = getIsSpeaker();
  Value part = getWarpPart();
  auto write = [&](Value value, int64_t offset, Value index) {
    if (value.getType().isInteger(1))
      value = e.zeroExtend(value, e.getI8());
    Value pointer =
        getScratchPointer(e, scratch, offset, value.getType(), index);
    target.storeShared(e, pointer, value, isSpeaker);
  };
  for (auto [first, partial] : llvm::zip_equal(indices, partials)) {
    Value index = e.add(first, part);
    for (auto [value, offset] : llvm::zip_equal(partial.values, places.offsets))
      write(value, offset, index);
    if (places.flagOffset)
      write(partial.isValid ? partial.isValid : e.getI1Constant(true),
            *places.flagOffset, index);
  }
}

/// Reads the parts of one element, by vectors where they lie in a row and their
/// number is a power of two.
SmallVector<Value> Reduction::readArray(Value pointer, Type type) {
  bool isBool = type.isInteger(1);
  Type stored = isBool ? Type(e.getI8()) : type;
  int64_t size = getSizeInBytes(stored);
  int64_t stride = plan.getNumPlaces();
  int64_t perVector = stride == 1 && llvm::isPowerOf2_64(plan.numWarpParts)
                          ? std::min(plan.numWarpParts, 16 / size)
                          : 1;
  SmallVector<Value> values;
  for (int64_t i = 0; i < plan.numWarpParts; i += perVector) {
    Value place = e.getElementPointer(pointer, stored, i * stride);
    if (perVector == 1) {
      values.push_back(e.create<LLVM::LoadOp>(stored, place, size));
      continue;
    }
    Value vector = e.create<LLVM::LoadOp>(e.getVector(perVector, stored), place,
                                          perVector * size);
    llvm::append_range(values, e.splitVector(vector));
  }
  if (isBool)
    for (Value &value : values)
      value =
          e.compare(LLVM::ICmpPredicate::ne, value, e.getInteger(stored, 0));
  return values;
}

Partial Reduction::readParts(Value scratch, const ReduceScratch &places,
                             Value index) {
  SmallVector<Partial> parts(plan.numWarpParts);
  auto read = [&](int64_t offset, Type type) {
    Type stored = type.isInteger(1) ? Type(e.getI8()) : type;
    return readArray(getScratchPointer(e, scratch, offset, stored, index),
                     type);
  };
  for (auto [source, offset] : llvm::zip_equal(sources, places.offsets))
    for (auto [part, value] :
         llvm::zip_equal(parts, read(offset, source.front().getType())))
      part.values.push_back(value);
  if (places.flagOffset)
    for (auto [part, flag] :
         llvm::zip_equal(parts, read(*places.flagOffset, e.getI1())))
      part.isValid = flag;
  return combineAll(std::move(parts));
}

/// The byte offset of the slot of scratch whose turn it is, as a count in a
/// variable on the stack that becomes a register.
Value Reduction::takeScratchSlot(int64_t slotBytes) {
  Type i32 = e.getI32();
  Value zero = e.getI32Constant(0);
  Value variable = context.emitAtEntry(e, [&](Emitter &entry) {
    Type pointer = LLVM::LLVMPointerType::get(
        op.getContext(), context.getTarget().getStackAddressSpace());
    Value place =
        entry.create<LLVM::AllocaOp>(pointer, i32, entry.getI32Constant(1));
    entry.create<LLVM::StoreOp>(entry.getI32Constant(0), place);
    return place;
  });
  Value slot = e.create<LLVM::LoadOp>(i32, variable);
  Value next = e.add(slot, e.getI32Constant(slotBytes));
  Value isLast =
      e.compare(LLVM::ICmpPredicate::eq, next,
                e.getI32Constant(getNumScratchSlots(op) * slotBytes));
  e.create<LLVM::StoreOp>(e.select(isLast, zero, next), variable);
  return slot;
}

LogicalResult Reduction::reduceWarps(MutableArrayRef<Partial> partials) {
  ReduceScratch places = getReduceScratch(op, plan);
  auto offset = op->getAttrOfType<IntegerAttr>(kScratchOffsetAttr);
  if (!offset)
    return op.emitOpError() << "needs " << places.sizeInBytes
                            << " bytes of shared memory, but has no '"
                            << kScratchOffsetAttr << "'";
  Value scratch = e.getElementPointer(context.getSharedMemory(e), e.getI8(),
                                      offset.getInt());
  if (getNumScratchSlots(op) > 1)
    scratch = e.getElementPointer(scratch, e.getI8(),
                                  takeScratchSlot(places.sizeInBytes));
  SmallVector<Value> indices;
  Value place = getPlace();
  int64_t groupSize = plan.numWarpParts * plan.getNumPlaces();
  for (int64_t i = 0, end = plan.groups.size(); i < end; ++i)
    indices.push_back(e.add(place, e.getI32Constant(i * groupSize)));
  writeParts(scratch, places, indices, partials);
  context.getTarget().barrier(e);
  for (auto [partial, index] : llvm::zip_equal(partials, indices))
    partial = readParts(scratch, places, index);
  return success();
}

FailureOr<SmallVector<Partial>> Reduction::run() {
  SmallVector<Partial> partials;
  for (const ReducePlan::Group &group : plan.groups)
    partials.push_back(reduceLanes(reduceRegisters(group)));
  if (plan.numWarpParts > 1 && failed(reduceWarps(partials)))
    return failure();
  return partials;
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

namespace {
struct ReducePattern : OpConversionPattern<tk::ReduceOp> {
  ReducePattern(LoweringContext &context)
      : OpConversionPattern(context.getTypeConverter(),
                            context.getMLIRContext()),
        context(context) {}

  LogicalResult
  matchAndRewrite(tk::ReduceOp op, OneToNOpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getSources().front().getType());
    std::optional<ReducePlan> plan = planReduce(
        getTileLayout(type), op.getAxis(), type.getDimSize(op.getAxis()));
    if (!plan)
      return op.emitOpError("has a layout that mixes the reduced dimension "
                            "with others, which is not supported");
    if (failed(checkCombiner(op)))
      return failure();
    Emitter e(rewriter, op.getLoc());
    FailureOr<SmallVector<Partial>> partials =
        Reduction(context, e, op, adaptor.getSources(), *plan).run();
    if (failed(partials))
      return failure();
    replace(op, *plan, *partials, e, rewriter);
    return success();
  }

private:
  /// Conditions are lowered; loops and switches are not.
  static LogicalResult checkCombiner(tk::ReduceOp op) {
    WalkResult result = op.getCombiner().walk([](Operation *inner) {
      if (inner->getNumRegions() == 0 || isa<scf::IfOp>(inner))
        return WalkResult::advance();
      inner->emitOpError("is not supported in a combiner on a GPU");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Gives each register of the results the partial of its group.
  static void replace(tk::ReduceOp op, const ReducePlan &plan,
                      ArrayRef<Partial> partials, Emitter &e,
                      ConversionPatternRewriter &rewriter) {
    std::map<SmallVector<int64_t>, size_t> groupOf;
    for (auto [number, group] : llvm::enumerate(plan.groups))
      groupOf[group.coordinates] = number;
    SmallVector<SmallVector<Value>> results;
    for (auto [position, result] : llvm::enumerate(op.getResults())) {
      SmallVector<Value> &values = results.emplace_back();
      for (const SmallVector<int64_t> &coordinates :
           getTileLayout(result.getType()).getRegisterCoordinates())
        values.push_back(partials[groupOf.at(coordinates)].values[position]);
    }
    rewriter.replaceOpWithMultiple(op, std::move(results));
  }

  LoweringContext &context;
};
} // namespace

void mlir::tkg::populateReducePatterns(LoweringContext &context,
                                       RewritePatternSet &patterns) {
  patterns.add<ReducePattern>(context);
}
