//===- ControlFlow.cpp - compiling control flow to jumps ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Instructions of control flow
//===----------------------------------------------------------------------===//

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
      instance.run.errors.report(instance, op, ErrorKind::Arithmetic, [&] {
        return describeProgram(instance.run, instance.number) +
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

/// arith.select of values that are no elements, such as views. Slots: result,
/// condition, the value if it holds, the other.
class SelectValueInstruction : public TileInstruction {
public:
  SelectValueInstruction(Operation *op, ArrayRef<size_t> slots,
                         unsigned numResults, size_t sizeInBytes)
      : TileInstruction(op, slots, numResults), sizeInBytes(sizeInBytes) {}
  void execute(ProgramInstance &instance) const override {
    size_t source = slots[instance.get<uint8_t>(slots[1]) ? 2 : 3];
    std::memcpy(instance.frame + slots[0], instance.frame + source,
                sizeInBytes);
  }

private:
  size_t sizeInBytes;
};
} // namespace

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

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

LogicalResult ProgramBuilder::buildSelect(arith::SelectOp op) {
  SmallVector<size_t, 4> slots = getSlots(op);
  emit<SelectValueInstruction>(op, slots, 1, registerSizes[slots[0]]);
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

/// Calls that one program may have after inlining: functions that call each
/// other twice, thirty deep, would else fill the memory.
constexpr unsigned kMaxInlinedCalls = 1u << 18;

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
  if (++numInlinedCalls > kMaxInlinedCalls)
    return op.emitError("the interpreter runs programs of at most ")
           << kMaxInlinedCalls << " calls; this one calls '" << op.getCallee()
           << "' once more";
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
