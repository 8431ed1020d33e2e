//===- ReduceOps.cpp - the instruction of tk.reduce -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile of extent R along the axis is folded: its second half is combined with
// its first, element by element, until one is left; in the order
//   ((x0 x4) (x2 x6)) ((x1 x5) (x3 x7)) for R = 8.
// The order is fixed, rounding errors grow with log2(R), and every step is a
// loop over many lanes, whatever the combiner. An odd element in the middle
// waits for the next step.

#include "Builder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Combiners
//===----------------------------------------------------------------------===//

namespace {
/// A combiner as a lane program. An `scf.if` becomes a select of both arms:
/// combiners are pure.
struct Combiner {
  LaneProgram lanes;
  /// Lane registers of the arguments: first those of one tuple, then those of
  /// the other.
  SmallVector<unsigned> arguments;
  /// Lane registers that the results are copied to.
  SmallVector<unsigned> results;
  /// Scalars from outside, and constants: the register of the program and the
  /// lane register that it is bound to.
  SmallVector<std::pair<Register, unsigned>> captured;
};

class CombinerBuilder {
public:
  CombinerBuilder(ProgramBuilder &builder, Combiner &combiner)
      : builder(builder), combiner(combiner) {}

  LogicalResult build(ReduceOp op) {
    Block &block = op.getCombiner().front();
    for (BlockArgument argument : block.getArguments()) {
      lanes[argument] = addLane(argument.getType());
      combiner.arguments.push_back(lanes[argument]);
    }
    if (failed(buildOps(block)))
      return failure();
    for (Value value : block.getTerminator()->getOperands()) {
      ElementKind kind = *getElementKind(value.getType());
      unsigned result = addLane(value.getType());
      addStep(op, selectCopyLoop(kind), {result, getLane(value)});
      combiner.results.push_back(result);
    }
    return success();
  }

private:
  unsigned addLane(Type type) {
    return combiner.lanes.addRegister(*getElementKind(type));
  }

  void addStep(Operation *op, LaneLoop loop, ArrayRef<unsigned> registers) {
    combiner.lanes.steps.push_back(
        {op, loop, SmallVector<unsigned, 4>(registers), isSpeculative});
  }

  /// The lanes of a value; one from outside is spread over all lanes first.
  unsigned getLane(Value value) {
    if (auto it = lanes.find(value); it != lanes.end())
      return it->second;
    return capture(value, builder.getRegister(value));
  }

  unsigned capture(Value value, Register reg) {
    ElementKind kind = *getElementKind(value.getType());
    unsigned uniform = combiner.lanes.addRegister(kind, /*isUniform=*/true);
    combiner.captured.push_back({reg, uniform});
    unsigned lane = addLane(value.getType());
    addStep(value.getParentRegion()->getParentOp(), selectSplatLoop(kind),
            {lane, uniform});
    lanes[value] = lane;
    return lane;
  }

  LogicalResult buildOps(Block &block) {
    for (Operation &op : block.without_terminator())
      if (failed(buildOp(&op)))
        return failure();
    return success();
  }

  LogicalResult buildOp(Operation *op) {
    for (Type type : op->getResultTypes())
      if (!getElementKind(type) || isa<RankedTensorType>(type))
        return op->emitError("the interpreter does not know the type ")
               << type << " in a combiner";
    Attribute constant;
    if (matchPattern(op, m_Constant(&constant))) {
      Value result = op->getResult(0);
      capture(result,
              builder.addConstant(*getElementKind(result.getType()), constant));
      return success();
    }
    if (auto branch = dyn_cast<scf::IfOp>(op))
      return buildIf(branch);
    LaneLoop loop = op->getNumResults() ? selectElementwiseLoop(op) : nullptr;
    if (!loop)
      return op->emitError("the interpreter does not know '")
             << op->getName() << "' in a combiner";
    SmallVector<unsigned, 4> operands;
    for (Value operand : op->getOperands())
      operands.push_back(getLane(operand));
    SmallVector<unsigned, 4> registers;
    for (Value result : op->getResults()) {
      lanes[result] = addLane(result.getType());
      registers.push_back(lanes[result]);
    }
    llvm::append_range(registers, operands);
    addStep(op, loop, registers);
    return success();
  }

  LogicalResult buildIf(scf::IfOp op) {
    unsigned condition = getLane(op.getCondition());
    bool wasSpeculative = std::exchange(isSpeculative, true);
    if (failed(buildOps(op.getThenRegion().front())) ||
        (!op.getElseRegion().empty() &&
         failed(buildOps(op.getElseRegion().front()))))
      return failure();
    isSpeculative = wasSpeculative;
    for (auto [i, result] : llvm::enumerate(op.getResults())) {
      unsigned ifTrue = getLane(op.thenYield().getOperand(i));
      unsigned ifFalse = getLane(op.elseYield().getOperand(i));
      lanes[result] = addLane(result.getType());
      addStep(op, selectSelectLoop(*getElementKind(result.getType())),
              {lanes[result], condition, ifTrue, ifFalse});
    }
    return success();
  }

  ProgramBuilder &builder;
  Combiner &combiner;
  llvm::DenseMap<Value, unsigned> lanes;
  bool isSpeculative = false;
};

} // namespace

/// x such that op(x, y) = y; null if none is known.
static TypedAttr findNeutralElement(Operation *op) {
  OpBuilder builder(op->getContext());
  Type type = op->getResult(0).getType();
  std::optional<arith::AtomicRMWKind> kind =
      TypeSwitch<Operation *, std::optional<arith::AtomicRMWKind>>(op)
          .Case<arith::AddFOp>([](auto) { return arith::AtomicRMWKind::addf; })
          .Case<arith::MulFOp>([](auto) { return arith::AtomicRMWKind::mulf; })
          .Case<arith::MaximumFOp, arith::MaxNumFOp>(
              [](auto) { return arith::AtomicRMWKind::maximumf; })
          .Case<arith::MinimumFOp, arith::MinNumFOp>(
              [](auto) { return arith::AtomicRMWKind::minimumf; })
          .Case<arith::AddIOp>([](auto) { return arith::AtomicRMWKind::addi; })
          .Case<arith::MulIOp>([](auto) { return arith::AtomicRMWKind::muli; })
          .Case<arith::MaxSIOp>([](auto) { return arith::AtomicRMWKind::maxs; })
          .Case<arith::MinSIOp>([](auto) { return arith::AtomicRMWKind::mins; })
          .Case<arith::MaxUIOp>([](auto) { return arith::AtomicRMWKind::maxu; })
          .Case<arith::MinUIOp>([](auto) { return arith::AtomicRMWKind::minu; })
          .Case<arith::AndIOp>([](auto) { return arith::AtomicRMWKind::andi; })
          .Case<arith::OrIOp>([](auto) { return arith::AtomicRMWKind::ori; })
          .Default([](Operation *) { return std::nullopt; });
  if (!kind)
    return {};
  return arith::getIdentityValueAttr(*kind, type, builder, op->getLoc());
}

namespace {
//===----------------------------------------------------------------------===//
// The instruction
//===----------------------------------------------------------------------===//

/// Views each source as [outer, extent, inner]. Slots: results, sources, then
/// what the combiner captures.
class ReduceInstruction : public TileInstruction {
public:
  ReduceInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                    ReduceOp reduce, Combiner combiner, LaneLoop simpleLoop)
      : TileInstruction(op, slots, numResults), combiner(std::move(combiner)),
        simpleLoop(simpleLoop) {
    ArrayRef<int64_t> shape = getTileShape(reduce.getSources()[0].getType());
    for (int64_t extent : shape.take_front(reduce.getAxis()))
      outer *= extent;
    extent = shape[reduce.getAxis()];
    for (int64_t extent : shape.drop_front(reduce.getAxis() + 1))
      inner *= extent;
    for (Value source : reduce.getSources())
      elementSizes.push_back(getFrameSize(*getElementKind(source.getType())));
  }

  void execute(ProgramInstance &instance) const override {
    if (extent == 0)
      return reduceNothing(instance);
    Buffers &buffers = getBuffers();
    for (int64_t o = 0; o < outer; ++o) {
      SmallVector<char *, 4> current;
      for (unsigned i = 0; i < numResults; ++i)
        current.push_back(instance.frame + slots[numResults + i] +
                          o * extent * inner * elementSizes[i]);
      unsigned turn = 0;
      for (int64_t length = extent; length > 1; length = (length + 1) / 2) {
        SmallVector<char *, 4> next;
        for (unsigned i = 0; i < numResults; ++i)
          next.push_back(buffers[2 * i + turn].data());
        fold(instance, current, next, length);
        current = next;
        turn ^= 1;
      }
      for (unsigned i = 0; i < numResults; ++i)
        std::memcpy(instance.frame + slots[i] + o * inner * elementSizes[i],
                    current[i], inner * elementSizes[i]);
    }
  }

private:
  /// The neutral element of the combiner, if it is one op that has one.
  void reduceNothing(ProgramInstance &instance) const {
    Attribute neutral;
    if (Operation *simple = cast<ReduceOp>(op).getSimpleCombiner())
      neutral = findNeutralElement(simple);
    if (!neutral) {
      instance.run.errors.report(instance, op, ErrorKind::Arithmetic, [&] {
        return describeProgram(instance.run, instance.number) +
               " combines no elements, and the combiner has no known neutral "
               "element";
      });
      return;
    }
    Type type = cast<TypedAttr>(neutral).getType();
    for (int64_t i = 0; i < outer * inner; ++i)
      writeConstant(*getElementKind(type),
                    instance.frame + slots[0] + i * elementSizes[0], neutral);
  }

  /// Two for each source, of half a row each, used in turn.
  using Buffers = std::vector<std::vector<char>>;
  Buffers &getBuffers() const {
    thread_local Buffers buffers;
    if (buffers.size() < 2 * numResults)
      buffers.resize(2 * numResults);
    for (unsigned i = 0; i < 2 * numResults; ++i) {
      size_t size = (extent + 1) / 2 * inner * elementSizes[i / 2];
      if (buffers[i].size() < size)
        buffers[i].resize(size);
    }
    return buffers;
  }

  /// Combines elements [half, length) with the first ones.
  void fold(ProgramInstance &instance, ArrayRef<char *> from,
            ArrayRef<char *> to, int64_t length) const {
    int64_t half = (length + 1) / 2;
    int64_t numLanes = (length - half) * inner;
    if (simpleLoop) {
      LoopFault fault;
      char *const pointers[] = {to[0], from[0],
                                from[0] + half * inner * elementSizes[0]};
      simpleLoop(pointers, numLanes, fault);
      if (fault.kind != LoopFault::None)
        reportFault(instance, cast<ReduceOp>(op).getSimpleCombiner(), fault,
                    pointers);
    } else {
      combine(instance, from, to, half, numLanes);
    }
    if (length % 2 == 0)
      return;
    for (unsigned i = 0; i < numResults; ++i) {
      int64_t rowSize = inner * elementSizes[i];
      std::memcpy(to[i] + (half - 1) * rowSize, from[i] + (half - 1) * rowSize,
                  rowSize);
    }
  }

  void combine(ProgramInstance &instance, ArrayRef<char *> from,
               ArrayRef<char *> to, int64_t half, int64_t numLanes) const {
    SmallVector<char *, 16> bound(combiner.lanes.registers.size(), nullptr);
    for (unsigned i = 0; i < numResults; ++i) {
      bound[combiner.arguments[i]] = from[i];
      bound[combiner.arguments[numResults + i]] =
          from[i] + half * inner * elementSizes[i];
      bound[combiner.results[i]] = to[i];
    }
    for (auto [i, capture] : llvm::enumerate(combiner.captured))
      bound[capture.second] = instance.frame + slots[2 * numResults + i];
    combiner.lanes.run(bound, numLanes,
                       [&](const LaneProgram::Step &step, LoopFault fault,
                           char *const *pointers) {
                         reportFault(instance, step.op, fault, pointers);
                       });
  }

  Combiner combiner;
  LaneLoop simpleLoop;
  int64_t outer = 1, extent, inner = 1;
  SmallVector<int64_t> elementSizes;
};
} // namespace

LogicalResult mlir::tk::buildReduce(ProgramBuilder &builder, ReduceOp op) {
  Combiner combiner;
  Operation *simple = op.getSimpleCombiner();
  LaneLoop simpleLoop = simple ? selectElementwiseLoop(simple) : nullptr;
  if (!simpleLoop && failed(CombinerBuilder(builder, combiner).build(op)))
    return failure();
  SmallVector<size_t> slots(builder.getSlots(op));
  for (auto [reg, lane] : combiner.captured)
    slots.push_back(reg);
  builder.emit<ReduceInstruction>(op, slots, op.getNumResults(), op,
                                  std::move(combiner), simpleLoop);
  return success();
}
