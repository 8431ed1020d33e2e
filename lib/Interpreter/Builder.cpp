//===- Builder.cpp - compiling a kernel to a program ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

TileInstruction::~TileInstruction() = default;

//===----------------------------------------------------------------------===//
// Instructions of control flow
//===----------------------------------------------------------------------===//

void ElementwiseInstruction::execute(ProgramInstance &instance) const {
  std::array<char *, 6> pointers;
  for (size_t i = 0; i < slots.size(); ++i)
    pointers[i] = instance.frame + slots[i];
  LoopFault fault;
  loop(pointers.data(), count, fault);
  if (fault.kind != LoopFault::None)
    reportFault(instance, op, fault, pointers.data());
}

namespace {
/// Jumps unless the i1 in slot 0 holds.
class JumpUnlessInstruction : public JumpInstruction {
public:
  using JumpInstruction::JumpInstruction;
  void execute(ProgramInstance &instance) const override {
    if (!instance.get<uint8_t>(slots[0]))
      jump(instance);
  }
};

/// Jumps if the index in slot 0 is `value`.
class JumpIfEqualInstruction : public JumpInstruction {
public:
  JumpIfEqualInstruction(Operation *op, ArrayRef<size_t> slots,
                         unsigned numResults, int64_t value)
      : JumpInstruction(op, slots, numResults), value(value) {}
  void execute(ProgramInstance &instance) const override {
    if (instance.get<int64_t>(slots[0]) == value)
      jump(instance);
  }

private:
  int64_t value;
};

/// The test of scf.for. Slots: induction variable, end, step. Jumps when the
/// loop is over.
template <typename T> class ForTestInstruction : public JumpInstruction {
public:
  using JumpInstruction::JumpInstruction;
  void execute(ProgramInstance &instance) const override {
    if (instance.get<T>(slots[2]) <= 0) {
      instance.launch.errors.report(instance, op, ErrorKind::Arithmetic, [&] {
        return describeProgram(instance.launch, instance.number) +
               " loops with step " + std::to_string(instance.get<T>(slots[2])) +
               ", which must be positive";
      });
      return jump(instance);
    }
    if (instance.get<T>(slots[0]) >= instance.get<T>(slots[1]))
      jump(instance);
  }
};

/// The end of the body of scf.for, with the slots of its test, to which it
/// jumps.
template <typename T> class ForNextInstruction : public JumpInstruction {
public:
  using JumpInstruction::JumpInstruction;
  void execute(ProgramInstance &instance) const override {
    T next;
    // What does not fit into T lies past every end.
    if (__builtin_add_overflow(instance.get<T>(slots[0]),
                               instance.get<T>(slots[2]), &next))
      next = std::numeric_limits<T>::max();
    instance.get<T>(slots[0]) = next;
    jump(instance);
  }
};

class ReturnInstruction : public TileInstruction {
public:
  using TileInstruction::TileInstruction;
  void execute(ProgramInstance &instance) const override {
    instance.state = ProgramInstance::State::Finished;
  }
};

/// Copies values, in order. Slots: all targets, then all sources.
class CopyInstruction : public TileInstruction {
public:
  CopyInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                  ArrayRef<size_t> sizes)
      : TileInstruction(op, slots, numResults), sizes(sizes) {}
  void execute(ProgramInstance &instance) const override {
    for (size_t i = 0; i < sizes.size(); ++i)
      std::memcpy(instance.frame + slots[i],
                  instance.frame + slots[numResults + i], sizes[i]);
  }

private:
  SmallVector<size_t> sizes;
};

/// A chain of elementwise instructions.
class FusedInstruction : public TileInstruction {
public:
  FusedInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                   LaneProgram lanes, SmallVector<unsigned> boundLanes,
                   int64_t count)
      : TileInstruction(op, slots, numResults), lanes(std::move(lanes)),
        boundLanes(std::move(boundLanes)), count(count) {}
  void execute(ProgramInstance &instance) const override {
    SmallVector<char *, 16> bound(lanes.registers.size(), nullptr);
    for (auto [slot, lane] : llvm::zip_equal(slots, boundLanes))
      bound[lane] = instance.frame + slot;
    lanes.run(bound, count,
              [&](const LaneProgram::Step &step, LoopFault fault,
                  char *const *pointers) {
                reportFault(instance, step.op, fault, pointers);
              });
  }

private:
  LaneProgram lanes;
  /// The lane register of each slot.
  SmallVector<unsigned> boundLanes;
  int64_t count;
};
} // namespace

//===----------------------------------------------------------------------===//
// Registers
//===----------------------------------------------------------------------===//

Register ProgramBuilder::addRegister(Type type) {
  size_t size = sizeof(ViewValue);
  if (!isa<ViewType>(type))
    size = getNumElements(type) * getFrameSize(*getElementKind(type));
  registerSizes.push_back(size);
  return registerSizes.size() - 1;
}

SmallVector<Register> ProgramBuilder::addRegisters(TypeRange types) {
  return llvm::map_to_vector(types,
                             [&](Type type) { return addRegister(type); });
}

Register ProgramBuilder::addConstant(ArrayRef<char> bytes) {
  auto [it, isNew] =
      constants.try_emplace(std::string(bytes.begin(), bytes.end()), 0);
  if (isNew) {
    registerSizes.push_back(bytes.size());
    it->second = registerSizes.size() - 1;
    prologue.push_back(it->second);
  }
  return it->second;
}

Register ProgramBuilder::addConstant(ElementKind kind, Attribute value) {
  std::array<char, sizeof(FatPointer)> bytes = {};
  writeConstant(kind, bytes.data(), value);
  return addConstant(ArrayRef<char>(bytes.data(), getFrameSize(kind)));
}

SmallVector<size_t, 4> ProgramBuilder::getSlots(Operation *op) {
  SmallVector<size_t, 4> slots;
  for (Value result : op->getResults()) {
    registers[result] = addRegister(result.getType());
    slots.push_back(registers[result]);
  }
  for (Value operand : op->getOperands())
    slots.push_back(getRegister(operand));
  return slots;
}

void ProgramBuilder::append(std::unique_ptr<TileInstruction> instruction) {
  program->code.push_back(std::move(instruction));
}

void ProgramBuilder::setTarget(JumpInstruction &jump, unsigned target) {
  jump.target = target;
  targets.insert(target);
}

void ProgramBuilder::emitJumpBack(Operation *op, unsigned head) {
  loops.push_back({head, getNextNumber()});
  setTarget(emit<JumpInstruction>(op, {}, 0), head);
}

void ProgramBuilder::emitCopies(Operation *op, ArrayRef<Register> to,
                                ValueRange from) {
  SmallVector<Register> targets, sources;
  for (auto [target, value] : llvm::zip_equal(to, from)) {
    Register source = getRegister(value);
    if (source == target)
      continue;
    targets.push_back(target);
    sources.push_back(source);
  }
  if (targets.empty())
    return;
  // A source that an earlier copy overwrites is saved first.
  SmallVector<Register> savedTargets, savedSources;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (!llvm::is_contained(ArrayRef(targets).take_front(i), sources[i]))
      continue;
    registerSizes.push_back(registerSizes[sources[i]]);
    savedTargets.push_back(registerSizes.size() - 1);
    savedSources.push_back(sources[i]);
    sources[i] = savedTargets.back();
  }
  auto emitList = [&](ArrayRef<Register> to, ArrayRef<Register> from) {
    SmallVector<size_t> slots(to), sizes;
    llvm::append_range(slots, from);
    for (Register reg : to)
      sizes.push_back(registerSizes[reg]);
    if (!to.empty())
      emit<CopyInstruction>(op, slots, to.size(), sizes);
  };
  emitList(savedTargets, savedSources);
  emitList(targets, sources);
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::buildRegion(Region &region,
                                          ArrayRef<Register> results) {
  RegionExit exit;
  llvm::append_range(exit.results, results);
  if (failed(buildBlocks(region, exit)))
    return failure();
  for (JumpInstruction *jump : exit.jumps)
    setTarget(*jump, getNextNumber());
  return success();
}

LogicalResult ProgramBuilder::buildBlocks(Region &region, RegionExit &exit) {
  unsigned begin = getNextNumber();
  bool isGraph = !region.hasOneBlock();
  size_t firstPending = pendingBranches.size();
  if (isGraph)
    for (Block &block : llvm::drop_begin(region))
      for (BlockArgument argument : block.getArguments()) {
        if (failed(checkTypes(block.getParentOp())))
          return failure();
        registers[argument] = addRegister(argument.getType());
      }
  for (Block &block : region) {
    blockStarts[&block] = getNextNumber();
    if (failed(buildOps(block)) ||
        failed(buildTerminator(block.getTerminator(), exit,
                               &block == &region.back())))
      return failure();
  }
  for (auto [jump, block] : llvm::drop_begin(pendingBranches, firstPending))
    setTarget(*jump, blockStarts.at(block));
  pendingBranches.truncate(firstPending);
  if (isGraph)
    graphs.push_back({begin, getNextNumber()});
  return success();
}

LogicalResult ProgramBuilder::buildOps(Block &block) {
  for (Operation &op : block.without_terminator())
    if (failed(buildOp(&op)))
      return failure();
  return success();
}

LogicalResult ProgramBuilder::buildTerminator(Operation *op, RegionExit &exit,
                                              bool isLast) {
  if (isa<ReturnOp>(op)) {
    emit<ReturnInstruction>(op, {}, 0);
    return success();
  }
  if (isa<cf::BranchOp, cf::CondBranchOp>(op))
    return buildBranch(op);
  if (!isa<scf::YieldOp, func::ReturnOp>(op))
    return op->emitError("the interpreter does not know '")
           << op->getName() << "'";
  // A kernel that is a func.func ends where it returns.
  if (callStack.size() == 1 && isa<func::ReturnOp>(op)) {
    emit<ReturnInstruction>(op, {}, 0);
    return success();
  }
  emitCopies(op, exit.results, op->getOperands());
  if (!isLast)
    exit.jumps.push_back(&emit<JumpInstruction>(op, {}, 0));
  return success();
}

LogicalResult ProgramBuilder::buildBranch(Operation *op) {
  auto emitBranchTo = [&](Block *block, ValueRange operands) {
    SmallVector<Register> to = llvm::map_to_vector(
        block->getArguments(), [&](Value value) { return getRegister(value); });
    emitCopies(op, to, operands);
    pendingBranches.push_back({&emit<JumpInstruction>(op, {}, 0), block});
  };
  if (auto branch = dyn_cast<cf::BranchOp>(op)) {
    emitBranchTo(branch.getDest(), branch.getDestOperands());
    return success();
  }
  auto branch = cast<cf::CondBranchOp>(op);
  JumpInstruction &toFalse =
      emit<JumpUnlessInstruction>(op, getRegister(branch.getCondition()), 0);
  emitBranchTo(branch.getTrueDest(), branch.getTrueDestOperands());
  setTarget(toFalse, getNextNumber());
  emitBranchTo(branch.getFalseDest(), branch.getFalseDestOperands());
  return success();
}

//===----------------------------------------------------------------------===//
// Structured control flow
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::buildFor(Operation *operation) {
  auto op = cast<scf::ForOp>(operation);
  Value iv = op.getInductionVar();
  registers[iv] = addRegister(iv.getType());
  SmallVector<Register> carried = addRegisters(op.getResultTypes());
  for (auto [argument, result, reg] :
       llvm::zip_equal(op.getRegionIterArgs(), op.getResults(), carried)) {
    registers[argument] = reg;
    registers[result] = reg;
  }
  emitCopies(op, registers[iv], op.getLowerBound());
  emitCopies(op, carried, op.getInitArgs());

  SmallVector<size_t, 3> slots = {registers[iv],
                                  getRegister(op.getUpperBound()),
                                  getRegister(op.getStep())};
  unsigned head = getNextNumber();
  return dispatchNumber(*getElementKind(iv.getType()), [&](auto zero) {
    using T = decltype(zero);
    if constexpr (isFloatType<T> || std::is_same_v<T, uint8_t>) {
      return LogicalResult(op.emitError("expects a loop over integers"));
    } else {
      JumpInstruction &test = emit<ForTestInstruction<T>>(op, slots, 0);
      if (failed(buildRegion(op.getRegion(), carried)))
        return failure();
      loops.push_back({head, getNextNumber()});
      setTarget(emit<ForNextInstruction<T>>(op, slots, 1), head);
      setTarget(test, getNextNumber());
      return success();
    }
  });
}

LogicalResult ProgramBuilder::buildWhile(Operation *operation) {
  auto op = cast<scf::WhileOp>(operation);
  SmallVector<Register> before = addRegisters(op.getInits().getTypes());
  SmallVector<Register> after = addRegisters(op.getResultTypes());
  for (auto [argument, reg] : llvm::zip_equal(op.getBeforeArguments(), before))
    registers[argument] = reg;
  emitCopies(op, before, op.getInits());
  unsigned head = getNextNumber();
  if (failed(buildOps(*op.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = op.getConditionOp();
  emitCopies(condition, after, condition.getArgs());
  JumpInstruction &test =
      emit<JumpUnlessInstruction>(op, getRegister(condition.getCondition()), 0);
  for (auto [argument, result, reg] :
       llvm::zip_equal(op.getAfterArguments(), op.getResults(), after)) {
    registers[argument] = reg;
    registers[result] = reg;
  }
  if (failed(buildRegion(op.getAfter(), before)))
    return failure();
  emitJumpBack(op, head);
  setTarget(test, getNextNumber());
  return success();
}

LogicalResult ProgramBuilder::buildIf(Operation *operation) {
  auto op = cast<scf::IfOp>(operation);
  SmallVector<Register> results = addRegisters(op.getResultTypes());
  JumpInstruction &toElse =
      emit<JumpUnlessInstruction>(op, getRegister(op.getCondition()), 0);
  if (failed(buildRegion(op.getThenRegion(), results)))
    return failure();
  if (op.getElseRegion().empty()) {
    setTarget(toElse, getNextNumber());
    return success();
  }
  JumpInstruction &toEnd = emit<JumpInstruction>(op, {}, 0);
  setTarget(toElse, getNextNumber());
  if (failed(buildRegion(op.getElseRegion(), results)))
    return failure();
  setTarget(toEnd, getNextNumber());
  for (auto [result, reg] : llvm::zip_equal(op.getResults(), results))
    registers[result] = reg;
  return success();
}

LogicalResult ProgramBuilder::buildIndexSwitch(Operation *operation) {
  auto op = cast<scf::IndexSwitchOp>(operation);
  SmallVector<Register> results = addRegisters(op.getResultTypes());
  SmallVector<JumpInstruction *> toCases, toEnd;
  for (int64_t value : op.getCases())
    toCases.push_back(
        &emit<JumpIfEqualInstruction>(op, getRegister(op.getArg()), 0, value));
  if (failed(buildRegion(op.getDefaultRegion(), results)))
    return failure();
  for (auto [toCase, region] : llvm::zip_equal(toCases, op.getCaseRegions())) {
    toEnd.push_back(&emit<JumpInstruction>(op, {}, 0));
    setTarget(*toCase, getNextNumber());
    if (failed(buildRegion(region, results)))
      return failure();
  }
  for (JumpInstruction *jump : toEnd)
    setTarget(*jump, getNextNumber());
  for (auto [result, reg] : llvm::zip_equal(op.getResults(), results))
    registers[result] = reg;
  return success();
}

/// Functions are inlined: a frame has no calls.
LogicalResult ProgramBuilder::buildCall(Operation *operation) {
  auto op = cast<func::CallOp>(operation);
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(
      op, op.getCalleeAttr());
  if (!callee || callee.isExternal())
    return op.emitError("the interpreter finds no body of '")
           << op.getCallee() << "'";
  if (llvm::is_contained(callStack, callee))
    return op.emitError("the interpreter does not run the recursive function '")
           << op.getCallee() << "'";
  callStack.push_back(callee);
  for (auto [argument, operand] :
       llvm::zip_equal(callee.getArguments(), op.getOperands()))
    registers[argument] = getRegister(operand);
  SmallVector<Register> results = addRegisters(op.getResultTypes());
  if (failed(buildRegion(callee.getBody(), results)))
    return failure();
  callStack.pop_back();
  for (auto [result, reg] : llvm::zip_equal(op.getResults(), results))
    registers[result] = reg;
  return success();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::checkTypes(Operation *op) const {
  auto check = [&](Type type) -> LogicalResult {
    auto view = dyn_cast<ViewType>(type);
    auto tile = dyn_cast<RankedTensorType>(type);
    bool isKnown = getElementKind(view ? view.getElementType() : type) &&
                   (!tile || tile.hasStaticShape());
    if (isKnown)
      return success();
    return op->emitError("the interpreter does not know the type ") << type;
  };
  for (Type type : op->getResultTypes())
    if (failed(check(type)))
      return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (failed(check(type)))
          return failure();
  return success();
}

LogicalResult ProgramBuilder::buildConstant(Operation *op, Attribute value) {
  Value result = op->getResult(0);
  ElementKind kind = *getElementKind(result.getType());
  auto elements = dyn_cast<DenseElementsAttr>(value);
  if (!isa<RankedTensorType>(result.getType())) {
    registers[result] = addConstant(kind, value);
    return success();
  }
  if (!elements)
    return op->emitError("the interpreter does not know this constant");
  if (elements.isSplat()) {
    Register element = addConstant(kind, elements.getSplatValue<Attribute>());
    registers[result] = addRegister(result.getType());
    LaneProgram::Register lane = {getFrameSize(kind), false};
    LaneProgram::Register uniform = {getFrameSize(kind), true};
    emit<ElementwiseInstruction>(op, {registers[result], element}, 1,
                                 selectSplatLoop(kind), elements.size(),
                                 ArrayRef({lane, uniform}));
    return success();
  }
  std::vector<char> bytes(elements.size() * getFrameSize(kind));
  for (auto [i, element] : llvm::enumerate(elements.getValues<Attribute>()))
    writeConstant(kind, bytes.data() + i * getFrameSize(kind), element);
  registers[result] = addConstant(bytes);
  return success();
}

LogicalResult ProgramBuilder::buildElementwise(Operation *op, LaneLoop loop) {
  Type resultType = op->getResult(0).getType();
  int64_t count = getNumElements(resultType);
  SmallVector<LaneProgram::Register, 4> lanes;
  auto addLane = [&](Type type) {
    bool isUniform =
        isa<RankedTensorType>(resultType) && !isa<RankedTensorType>(type);
    lanes.push_back({getFrameSize(*getElementKind(type)), isUniform});
  };
  for (Type type : op->getResultTypes())
    addLane(type);
  for (Type type : op->getOperandTypes())
    addLane(type);
  SmallVector<size_t, 4> slots = getSlots(op);
  emit<ElementwiseInstruction>(op, slots, op->getNumResults(), loop, count,
                               lanes);
  return success();
}

static LaneLoop selectLoop(Operation *op) {
  if (auto splat = dyn_cast<SplatOp>(op))
    return selectSplatLoop(*getElementKind(splat.getType()));
  return op->getNumResults() > 0 ? selectElementwiseLoop(op) : nullptr;
}

LogicalResult ProgramBuilder::buildOp(Operation *op) {
  if (failed(checkTypes(op)))
    return failure();
  Attribute constant;
  if (matchPattern(op, m_Constant(&constant)))
    return buildConstant(op, constant);
  if (LaneLoop loop = selectLoop(op))
    return buildElementwise(op, loop);
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<scf::ForOp>([&](auto) { return buildFor(op); })
      .Case<scf::WhileOp>([&](auto) { return buildWhile(op); })
      .Case<scf::IfOp>([&](auto) { return buildIf(op); })
      .Case<scf::IndexSwitchOp>([&](auto) { return buildIndexSwitch(op); })
      .Case<func::CallOp>([&](auto) { return buildCall(op); })
      .Case<scf::ExecuteRegionOp>([&](scf::ExecuteRegionOp execute) {
        SmallVector<Register> results = addRegisters(op->getResultTypes());
        LogicalResult built = buildRegion(execute.getRegion(), results);
        for (auto [result, reg] : llvm::zip_equal(op->getResults(), results))
          registers[result] = reg;
        return built;
      })
      .Case<ub::PoisonOp>([&](auto) {
        // Whoever uses it gets zeros, not what lies in the frame.
        Type type = op->getResult(0).getType();
        if (isa<ViewType>(type))
          return LogicalResult(
              op->emitError("the interpreter has no such view"));
        size_t size =
            getNumElements(type) * getFrameSize(*getElementKind(type));
        registers[op->getResult(0)] = addConstant(std::vector<char>(size, 0));
        return success();
      })
      .Default([&](Operation *) { return buildTkOp(op); });
}

LogicalResult ProgramBuilder::buildTkOp(Operation *op) {
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case<LoadViewOp, StoreViewOp, AddressesOp, InsideOp, MakeViewOp,
            SubviewOp, DimOp, StrideOp, PtrAddOp, LoadOp, StoreOp>(
          [&](auto) { return buildMemoryOp(*this, op); })
      .Case<AtomicRMWOp, AtomicCASOp, AtomicLoadOp, AtomicStoreOp>(
          [&](auto) { return buildAtomicOp(*this, op); })
      .Case<ArangeOp, BroadcastOp, ExpandDimsOp, ReshapeOp, TransOp, GatherOp>(
          [&](auto) { return buildShapeOp(*this, op); })
      .Case<ProgramIdOp, NumProgramsOp, IsPresentOp, AssumeOp, AssertOp,
            cf::AssertOp, PrintOp>(
          [&](auto) { return buildMessageOp(*this, op); })
      .Case<DotOp>([&](DotOp dot) { return buildDot(*this, dot); })
      .Case<ReduceOp>(
          [&](ReduceOp reduce) { return buildReduce(*this, reduce); })
      .Default([&](Operation *) {
        return op->emitError("the interpreter does not know '")
               << op->getName() << "'";
      });
}

//===----------------------------------------------------------------------===//
// Fusing elementwise instructions
//===----------------------------------------------------------------------===//

/// Tiles of fewer elements are cheap to keep whole.
constexpr int64_t kMinFusedCount = 256;

/// Builds one instruction from `chain`. `isPrivate(reg)`: nothing else mentions
/// the register.
static std::unique_ptr<TileInstruction>
fuse(ArrayRef<const ElementwiseInstruction *> chain,
     llvm::function_ref<bool(Register)> isPrivate) {
  LaneProgram lanes;
  llvm::MapVector<Register, unsigned> laneOf;
  llvm::DenseSet<Register> written;
  for (const ElementwiseInstruction *instruction : chain) {
    LaneProgram::Step step{instruction->op, instruction->loop, {}, false};
    for (auto [i, reg] : llvm::enumerate(instruction->slots)) {
      auto [it, isNew] = laneOf.insert({reg, lanes.registers.size()});
      if (isNew)
        lanes.registers.push_back(instruction->lanes[i]);
      step.registers.push_back(it->second);
      if (i < instruction->numResults)
        written.insert(reg);
    }
    lanes.steps.push_back(std::move(step));
  }
  SmallVector<size_t> slots;
  SmallVector<unsigned> boundLanes;
  unsigned numResults = 0;
  for (bool isResult : {true, false})
    for (auto [reg, lane] : laneOf)
      if (written.contains(reg) == isResult && !(isResult && isPrivate(reg))) {
        slots.push_back(reg);
        boundLanes.push_back(lane);
        numResults += isResult;
      }
  return std::make_unique<FusedInstruction>(chain.front()->op, slots,
                                            numResults, std::move(lanes),
                                            boundLanes, chain.front()->count);
}

void ProgramBuilder::fuseElementwise() {
  // Number of mentions of each register in the whole program.
  std::vector<unsigned> numMentions(registerSizes.size(), 0);
  for (auto &instruction : program->code)
    for (Register reg : instruction->slots)
      ++numMentions[reg];

  std::vector<std::unique_ptr<TileInstruction>> fused;
  SmallVector<unsigned> newNumbers;
  size_t size = program->code.size();
  for (size_t i = 0; i < size;) {
    SmallVector<const ElementwiseInstruction *> chain;
    llvm::DenseMap<Register, unsigned> numMentionsInChain;
    for (size_t j = i; j < size; ++j) {
      const auto *next = program->code[j]->getAsElementwise();
      if (!next || next->count < kMinFusedCount ||
          (!chain.empty() &&
           (next->count != chain.front()->count || targets.contains(j))))
        break;
      chain.push_back(next);
      for (Register reg : next->slots)
        ++numMentionsInChain[reg];
    }
    size_t length = std::max<size_t>(chain.size(), 1);
    newNumbers.append(length, fused.size());
    if (chain.size() < 2)
      fused.push_back(std::move(program->code[i]));
    else
      fused.push_back(fuse(chain, [&](Register reg) {
        return numMentionsInChain.lookup(reg) == numMentions[reg];
      }));
    i += length;
  }
  newNumbers.push_back(fused.size());
  program->code = std::move(fused);
  renumber(newNumbers);
}

void ProgramBuilder::renumber(ArrayRef<unsigned> newNumbers) {
  for (auto &instruction : program->code)
    if (JumpInstruction *jump = instruction->getAsJump())
      jump->target = newNumbers[jump->target];
  for (auto *ranges : {&loops, &graphs})
    for (auto &[begin, end] : *ranges) {
      begin = newNumbers[begin];
      end = newNumbers[end];
    }
}

//===----------------------------------------------------------------------===//
// Places in the frame
//===----------------------------------------------------------------------===//

std::vector<ProgramBuilder::Interval> ProgramBuilder::computeIntervals() const {
  std::vector<Interval> intervals(registerSizes.size());
  for (auto [number, instruction] : llvm::enumerate(program->code))
    for (Register reg : instruction->slots) {
      Interval &interval = intervals[reg];
      interval.begin = std::min<unsigned>(interval.begin, number);
      interval.end = std::max<unsigned>(interval.end, number);
    }
  // Ranges nest, and inner ones were recorded first, so that one pass suffices.
  for (auto [begin, end] : graphs)
    for (Interval &interval : intervals)
      if (interval.begin < end && interval.end >= begin) {
        interval.begin = std::min(interval.begin, begin);
        interval.end = std::max(interval.end, end);
      }
  for (auto [begin, end] : loops)
    for (Interval &interval : intervals)
      if (interval.begin < begin && interval.end >= begin)
        interval.end = std::max(interval.end, end);
  return intervals;
}

/// Values that are never live together share memory: each gets the lowest place
/// that is free for as long as it lives.
void ProgramBuilder::assignSlots() {
  constexpr size_t kAlignment = 64;
  std::vector<size_t> offsets(registerSizes.size(), 0);
  size_t prologueEnd = 0;
  llvm::DenseSet<Register> isPlaced;
  for (Register reg : prologue) {
    offsets[reg] = prologueEnd;
    prologueEnd = llvm::alignTo(prologueEnd + registerSizes[reg], 16);
    isPlaced.insert(reg);
  }
  program->prologue.assign(prologueEnd, 0);
  for (auto &[bytes, reg] : constants)
    std::memcpy(program->prologue.data() + offsets[reg], bytes.data(),
                bytes.size());

  std::vector<Interval> intervals = computeIntervals();
  std::vector<Register> order;
  for (Register reg = 0; reg < registerSizes.size(); ++reg)
    if (!isPlaced.contains(reg) && intervals[reg].begin != ~0u)
      order.push_back(reg);
  llvm::sort(order, [&](Register a, Register b) {
    return std::make_pair(intervals[a].begin, a) <
           std::make_pair(intervals[b].begin, b);
  });
  size_t base = llvm::alignTo(prologueEnd, kAlignment), frameEnd = base;
  // Registers that are live, by place.
  std::map<size_t, Register> live;
  for (Register reg : order) {
    for (auto it = live.begin(); it != live.end();)
      it = intervals[it->second].end < intervals[reg].begin ? live.erase(it)
                                                            : std::next(it);
    size_t size = llvm::alignTo(registerSizes[reg], kAlignment), place = base;
    for (auto [offset, other] : live) {
      if (offset >= place + size)
        break;
      place = offset + llvm::alignTo(registerSizes[other], kAlignment);
    }
    live[place] = reg;
    offsets[reg] = place;
    frameEnd = std::max(frameEnd, place + size);
  }
  program->frameSizeInBytes = frameEnd;
  for (auto [number, instruction] : llvm::enumerate(program->code)) {
    instruction->number = number;
    for (size_t &slot : instruction->slots)
      slot = offsets[slot];
  }
  for (TileProgram::Parameter &parameter : program->parameters)
    parameter.offset = offsets[parameter.offset];
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult ProgramBuilder::buildArguments(FunctionOpInterface kernel) {
  for (BlockArgument argument : kernel.getArguments()) {
    unsigned i = argument.getArgNumber();
    if (isa<RankedTensorType>(argument.getType()))
      return kernel.emitError("expects views, pointers and scalars as "
                              "arguments, got ")
             << argument.getType();
    Register reg = addRegister(argument.getType());
    registers[argument] = reg;
    prologue.push_back(reg);
    auto name = kernel.getArgAttrOfType<StringAttr>(i, kNameAttr);
    auto access = kernel.getArgAttrOfType<AccessAttr>(i, kAccessAttr);
    program->parameters.push_back(
        {argument.getType(), reg,
         name ? name.str() : "argument " + std::to_string(i),
         // Nothing is promised without the attribute.
         access ? access.getValue() : Access::Mut,
         kernel.getArgAttr(i, kOptionalAttr) != nullptr});
  }
  return success();
}

FailureOr<std::unique_ptr<TileProgram>>
ProgramBuilder::build(FunctionOpInterface kernel) {
  if (kernel.isExternal())
    return kernel.emitError("the interpreter needs a kernel with a body");
  ProgramBuilder builder;
  builder.callStack.push_back(kernel);
  if (failed(builder.checkTypes(kernel)) ||
      failed(builder.buildArguments(kernel)) ||
      failed(builder.buildRegion(kernel.getFunctionBody(), {})))
    return failure();
  builder.fuseElementwise();
  builder.assignSlots();
  return std::move(builder.program);
}
