//===- ConvertLayoutOps.cpp - lowers tkg.convert_layout -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `planConversion` decides; this file carries out its plans.
//
//===----------------------------------------------------------------------===//

#include "Shuffle.h"
#include "mlir/IR/TypeUtilities.h"
#include "tk/Conversion/TkgToLLVM/MemoryWords.h"
#include "tk/Conversion/TkgToLLVM/SharedTile.h"
#include "tk/Conversion/TkgToLLVM/ViewAccess.h"
#include "tk/Support/LayoutConversion.h"

using namespace mlir;
using namespace mlir::tkg;
using tk::ConversionPlan;
using tk::LaneSelect;
using tk::Layout;
using tk::ShufflePlan;

namespace {
/// One conversion of a tile.
class Conversion {
public:
  Conversion(LoweringContext &context, Emitter &e, ConvertLayoutOp op,
             const ConversionPlan &plan)
      : context(context), e(e), op(op), plan(plan) {}

  FailureOr<SmallVector<Value>> run(ValueRange source);

private:
  SmallVector<Value> permute(ValueRange source);
  SmallVector<Value> shuffle(ValueRange source);
  Value getRound(const ShufflePlan::Round &round, ValueRange source);
  Value select(const LaneSelect &choice, ArrayRef<Value> values);
  Value getLaneParity(uint64_t mask);
  SmallVector<Value> throughShared(ValueRange source, Value scratch);
  SmallVector<Value> throughGeneral(ValueRange source, Value scratch);
  Value getGeneralOffset(const Layout &layout, int64_t r);
  Value loadGeneral(int64_t r, Value scratch, const MemoryWords &word);
  void wait();

  LoweringContext &context;
  Emitter &e;
  ConvertLayoutOp op;
  const ConversionPlan &plan;
};
} // namespace

//===----------------------------------------------------------------------===//
// Inside a thread
//===----------------------------------------------------------------------===//

SmallVector<Value> Conversion::permute(ValueRange source) {
  SmallVector<Value> result;
  for (unsigned r : plan.registers)
    result.push_back(source[r]);
  return result;
}

//===----------------------------------------------------------------------===//
// Inside a warp
//===----------------------------------------------------------------------===//

/// Whether `lane` and `mask` share an odd number of bits.
Value Conversion::getLaneParity(uint64_t mask) {
  ThreadPlace place = context.getThreadPlace(e);
  return context.emitAtEntry(e, [&](Emitter &entry) {
    Value bits = entry.bitAnd(place.lane, entry.getI32Constant(mask));
    if (llvm::popcount(mask) > 1)
      bits = entry.bitAnd(entry.create<LLVM::CtPopOp>(entry.getI32(), bits),
                          entry.getI32Constant(1));
    return entry.compare(LLVM::ICmpPredicate::ne, bits,
                         entry.getI32Constant(0));
  });
}

/// values[choices[i]], where bit j of i is the parity of lane and mask j: a
/// tree of selects, the last mask at its root.
Value Conversion::select(const LaneSelect &choice, ArrayRef<Value> values) {
  SmallVector<Value> level;
  for (unsigned c : choice.choices)
    level.push_back(values[c]);
  for (uint64_t mask : choice.laneMasks) {
    Value parity;
    SmallVector<Value> next;
    for (size_t i = 0; i + 1 < level.size(); i += 2) {
      if (level[i] != level[i + 1] && !parity)
        parity = getLaneParity(mask);
      next.push_back(level[i] == level[i + 1]
                         ? level[i]
                         : e.select(parity, level[i + 1], level[i]));
    }
    level = std::move(next);
  }
  return level.front();
}

/// What this lane gets in one round: a value, or a packed word of several.
Value Conversion::getRound(const ShufflePlan::Round &round, ValueRange source) {
  const ShufflePlan &shuffles = plan.shuffle;
  SmallVector<Value> registers = llvm::to_vector(source);
  SmallVector<Value> sent;
  for (const LaneSelect &choice : round.sent)
    sent.push_back(select(choice, registers));
  Value word = sent.size() == 1 ? sent.front() : e.buildVector(sent);
  if (shuffles.isButterfly())
    return round.laneXor == 0
               ? word
               : shuffleXor(e, context.getTarget(), word, round.laneXor);
  ThreadPlace place = context.getThreadPlace(e);
  Value lane = context.emitAtEntry(e, [&](Emitter &entry) {
    SmallVector<IndexBit> bits;
    for (auto [i, target] : llvm::enumerate(shuffles.laneMap))
      bits.push_back({int64_t(1) << i, target});
    return entry.bitXor(applyBits(entry, place.lane, bits),
                        entry.getI32Constant(round.laneXor));
  });
  return shuffleIndex(e, context.getTarget(), word, lane);
}

SmallVector<Value> Conversion::shuffle(ValueRange source) {
  SmallVector<Value> got;
  for (const ShufflePlan::Round &round : plan.shuffle.rounds) {
    Value word = getRound(round, source);
    if (plan.shuffle.packSize == 1)
      got.push_back(word);
    else
      llvm::append_range(got, e.splitVector(word));
  }
  SmallVector<Value> result;
  for (const LaneSelect &choice : plan.shuffle.received)
    result.push_back(select(choice, got));
  return result;
}

//===----------------------------------------------------------------------===//
// Through shared memory
//===----------------------------------------------------------------------===//

void Conversion::wait() {
  if (plan.staysInWarp)
    context.getTarget().syncWarp(e);
  else
    context.getTarget().barrier(e);
}

SmallVector<Value> Conversion::throughShared(ValueRange source, Value scratch) {
  const tk::SharedConversionPlan &shared = plan.shared;
  Type elementType = source.front().getType();
  SmallVector<Value> result(getTileLayout(op.getType()).getNumRegisters());
  for (auto [round, from, to] :
       llvm::enumerate(shared.sourceRegisters, shared.destinationRegisters)) {
    if (round > 0)
      wait();
    SmallVector<Value> registers;
    for (unsigned r : from)
      registers.push_back(source[r]);
    SharedTile(context, e, scratch, elementType, shared.store)
        .store(registers, getTileLayout(op.getSource().getType()));
    wait();
    SmallVector<Value> loaded =
        SharedTile(context, e, scratch, elementType, shared.load).load();
    for (auto [r, value] : llvm::zip_equal(to, loaded))
      result[r] = value;
  }
  return result;
}

Value Conversion::getGeneralOffset(const Layout &layout, int64_t r) {
  const TileCoordinates &coordinates = context.getCoordinates(layout, e);
  Value offset = e.getI32Constant(0);
  for (auto [dim, stride] : llvm::enumerate(plan.general.strides))
    offset = e.add(offset, e.mul(coordinates.getCoordinate(e, dim, r),
                                 e.getI32Constant(stride)));
  return offset;
}

/// The element of register `r` of the destination. Its padding is zero: the
/// source need not have a place for it, so that nobody may have written there.
Value Conversion::loadGeneral(int64_t r, Value scratch,
                              const MemoryWords &word) {
  Value isElement = context.getIsElement(op.getType(), r, e);
  Value zero = e.getZero(word.elementType);
  if (isElement && getConstantInteger(isElement))
    return zero;
  Value offset = getGeneralOffset(getTileLayout(op.getType()), r);
  if (isElement)
    offset = e.select(isElement, offset, e.getI32Constant(0));
  Value pointer = e.getElementPointer(scratch, word.elementType, offset);
  Value element = word.unpack(e, word.load(e, pointer)).front();
  return isElement ? e.select(isElement, element, zero) : element;
}

SmallVector<Value> Conversion::throughGeneral(ValueRange source,
                                              Value scratch) {
  Type elementType = source.front().getType();
  const Layout &from = getTileLayout(op.getSource().getType());
  MemoryWords word(e, elementType, 1);
  e.emitIf(context.getIsFirstReplica(from, e), {}, [&] {
    for (auto [r, value] : llvm::enumerate(source))
      if (!isCopy(from, r))
        word.store(e,
                   e.getElementPointer(scratch, elementType,
                                       getGeneralOffset(from, r)),
                   word.pack(e, value));
    return SmallVector<Value>();
  });
  wait();
  SmallVector<Value> result;
  int64_t numRegisters = getTileLayout(op.getType()).getNumRegisters();
  for (int64_t r = 0; r < numRegisters; ++r)
    result.push_back(loadGeneral(r, scratch, word));
  return result;
}

FailureOr<SmallVector<Value>> Conversion::run(ValueRange source) {
  Value scratch;
  bool needsScratch = plan.kind == ConversionPlan::Kind::Shared ||
                      plan.kind == ConversionPlan::Kind::General;
  if (needsScratch && !(scratch = getScratch(context, e, op)))
    return failure();
  switch (plan.kind) {
  case ConversionPlan::Kind::Nothing:
    return llvm::to_vector(source);
  case ConversionPlan::Kind::RegisterPermute:
    return permute(source);
  case ConversionPlan::Kind::Shuffle:
    return shuffle(source);
  case ConversionPlan::Kind::Shared:
    return throughShared(source, scratch);
  case ConversionPlan::Kind::General:
    return throughGeneral(source, scratch);
  }
  llvm_unreachable("all kinds are handled");
}

//===----------------------------------------------------------------------===//
// The op
//===----------------------------------------------------------------------===//

namespace {
struct ConvertLayoutPattern : TkgPattern<ConvertLayoutOp> {
  using TkgPattern::TkgPattern;

  FailureOr<SmallVector<Value>> lower(ConvertLayoutOp op,
                                      OneToNOpAdaptor adaptor,
                                      Emitter &e) const override {
    Type type = getElementTypeOrSelf(op.getType());
    std::optional<ConversionPlan> plan = tk::planConversion(
        getTileLayout(op.getSource().getType()), getTileLayout(op.getType()),
        8 * getSizeInBytes(getMemoryType(type)), getTarget().getInfo());
    assert(plan && "all elements lie in one block");
    FailureOr<SmallVector<Value>> result =
        Conversion(context, e, op, *plan)
            .run(toSharedElements(e, adaptor.getSource()));
    if (failed(result))
      return failure();
    return fromSharedElements(e, convertElementType(type), *result);
  }
};
} // namespace

void mlir::tkg::populateConvertLayoutPatterns(LoweringContext &context,
                                              RewritePatternSet &patterns) {
  patterns.add<ConvertLayoutPattern>(context);
}
