//===- LoopSchedule.cpp - which op of a loop runs when --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LoopSchedule.h"
#include "MemoryAccess.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::tkg;

SmallVector<Value> mlir::tkg::getAllInputs(Operation *op) {
  llvm::SetVector<Value> inputs(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), inputs);
  return inputs.takeVector();
}

void mlir::tkg::removeSchedule(Operation *op) {
  op->removeAttr(kStageAttr);
  op->removeAttr(kOrderAttr);
}

static std::optional<unsigned> getInteger(Operation *op, StringRef name) {
  if (auto attr = op->getAttrOfType<IntegerAttr>(name))
    return attr.getInt();
  return std::nullopt;
}

void LoopSchedule::readStages() {
  Block &body = *loop.getBody();
  for (Operation &op : body.without_terminator())
    lastStage = std::max(lastStage, getInteger(&op, kStageAttr).value_or(0));
  for (Operation &op : body.without_terminator()) {
    std::optional<unsigned> stage = getInteger(&op, kStageAttr);
    auto alloc = dyn_cast<AllocOp>(op);
    bool isMemory = alloc && !alloc.getInit();
    if (isMemory || (!stage && !alloc && isPure(&op)))
      continue;
    stages[&op] = stage.value_or(lastStage);
    ops.push_back(&op);
  }
  llvm::sort(ops, [](Operation *a, Operation *b) {
    unsigned orderA = getInteger(a, kOrderAttr).value_or(0);
    unsigned orderB = getInteger(b, kOrderAttr).value_or(0);
    return orderA != orderB ? orderA < orderB : a->isBeforeInBlock(b);
  });
  for (auto [position, op] : llvm::enumerate(ops))
    positions[op] = position;
}

void LoopSchedule::forEachStagedUser(
    Value value, function_ref<void(Operation *)> visit) const {
  llvm::SetVector<Value> values;
  values.insert(value);
  for (size_t i = 0; i < values.size(); ++i) {
    Value current = values[i];
    for (Operation *user : current.getUsers()) {
      Operation *op = loop.getBody()->findAncestorOpInBlock(*user);
      if (!op || op == loop.getBody()->getTerminator())
        continue;
      if (hasStage(op))
        visit(op);
      else
        values.insert(op->result_begin(), op->result_end());
    }
  }
}

/// What an iteration passes on is ready at the stage of its op. If no op of a
/// stage makes it, it is made as early as the next iteration needs it.
void LoopSchedule::findYieldStages() {
  for (auto [argument, yielded] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues())) {
    Operation *op = yielded.getDefiningOp();
    if (op && stages.contains(op)) {
      yieldStages.push_back(getStage(op));
      continue;
    }
    unsigned first = lastStage;
    forEachStagedUser(argument, [&](Operation *user) {
      first = std::min(first, getStage(user));
    });
    yieldStages.push_back(first);
  }
}

SmallVector<unsigned> LoopSchedule::getStagesOf(AllocOp alloc) const {
  SmallVector<unsigned> found;
  if (hasStage(alloc))
    found.push_back(getStage(alloc));
  forEachStagedUser(alloc.getResult(),
                    [&](Operation *user) { found.push_back(getStage(user)); });
  llvm::sort(found);
  found.erase(llvm::unique(found), found.end());
  return found;
}

//===----------------------------------------------------------------------===//
// Dependences
//===----------------------------------------------------------------------===//

/// Checks that `value`, which `user` needs directly or through floating ops, is
/// there when `user` runs.
LogicalResult LoopSchedule::verifyUse(Operation *user, Value value) const {
  unsigned stage = getStage(user);
  auto fail = [&](Location from, const Twine &when) {
    InFlightDiagnostic diag = user->emitError()
                              << "schedule breaks a dependence: stage " << stage
                              << " needs a value that is made " << when;
    diag.attachNote(from) << "the value is made here";
    return failure();
  };
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() != loop.getBody() ||
        argument == loop.getInductionVar())
      return success();
    unsigned number = argument.getArgNumber() - loop.getNumInductionVars();
    Value yielded = loop.getYieldedValues()[number];
    Operation *maker = yielded.getDefiningOp();
    unsigned readyAt = yieldStages[number];
    bool isSameTime = readyAt == stage + 1 && maker && hasStage(maker);
    if (readyAt <= stage || (isSameTime && isBefore(maker, user)))
      return success();
    return fail(yielded.getLoc(),
                "by the iteration before in stage " + Twine(readyAt));
  }
  Operation *maker = value.getDefiningOp();
  if (maker->getBlock() != loop.getBody())
    return success();
  if (!hasStage(maker)) {
    if (isa<AllocOp>(maker))
      return success();
    for (Value input : getAllInputs(maker))
      if (failed(verifyUse(user, input)))
        return failure();
    return success();
  }
  unsigned readyAt = getStage(maker);
  if (readyAt < stage || (readyAt == stage && isBefore(maker, user)))
    return success();
  if (readyAt == stage)
    return fail(maker->getLoc(), "later in the same stage");
  return fail(maker->getLoc(), "in stage " + Twine(readyAt));
}

LogicalResult LoopSchedule::verifyValues() const {
  for (Operation *op : ops)
    for (Value input : getAllInputs(op))
      if (failed(verifyUse(op, input)))
        return failure();
  return success();
}

bool LoopSchedule::swapsWithin(Operation *first, Operation *second) const {
  unsigned timeOfFirst = getStage(first), timeOfSecond = getStage(second);
  return timeOfFirst == timeOfSecond ? isBefore(second, first)
                                     : timeOfSecond < timeOfFirst;
}

bool LoopSchedule::swapsAcross(Operation *first, Operation *second) const {
  unsigned timeOfFirst = getStage(first), timeOfSecond = getStage(second) + 1;
  return timeOfFirst == timeOfSecond ? isBefore(second, first)
                                     : timeOfSecond < timeOfFirst;
}

/// Accesses that may conflict keep their order. Memory that the body allocates
/// is multiplied and does not count.
LogicalResult LoopSchedule::verifyMemory() const {
  SmallVector<std::pair<Operation *, MemoryAccess>> accesses;
  for (Operation *op : ops)
    op->walk([&](Operation *nested) {
      for (const MemoryAccess &access : getMemoryAccesses(nested)) {
        bool isOwn =
            access.buffer && access.buffer->getBlock() == loop.getBody();
        if (!isOwn)
          accesses.push_back({op, access});
      }
    });
  for (auto &[first, firstAccess] : accesses)
    for (auto &[second, secondAccess] : accesses) {
      bool breaksWithin = first->isBeforeInBlock(second) &&
                          swapsWithin(first, second) &&
                          mayDependWithin(firstAccess, secondAccess);
      if (!breaksWithin && !(swapsAcross(first, second) &&
                             mayDependAcross(firstAccess, secondAccess, loop)))
        continue;
      InFlightDiagnostic diag =
          second->emitError()
          << "schedule breaks a dependence: stage " << getStage(second)
          << " may access memory before "
          << (breaksWithin ? "an op above it" : "an earlier iteration")
          << " has done so in stage " << getStage(first);
      diag.attachNote(first->getLoc()) << "the other access is here";
      return failure();
    }
  return success();
}

/// What a program prints keeps its order.
LogicalResult LoopSchedule::verifyPrints() const {
  SmallVector<Operation *> prints;
  for (Operation *op : ops)
    if (op->walk([](tk::PrintOp) {
            return WalkResult::interrupt();
          }).wasInterrupted())
      prints.push_back(op);
  for (Operation *first : prints)
    for (Operation *second : prints) {
      if (!(first->isBeforeInBlock(second) && swapsWithin(first, second)) &&
          !swapsAcross(first, second))
        continue;
      InFlightDiagnostic diag =
          second->emitError()
          << "schedule changes the order of what is printed: stage "
          << getStage(second) << " prints before stage " << getStage(first)
          << " has done so";
      diag.attachNote(first->getLoc()) << "the other print is here";
      return failure();
    }
  return success();
}

FailureOr<LoopSchedule> LoopSchedule::get(scf::ForOp loop) {
  LoopSchedule schedule(loop);
  schedule.readStages();
  schedule.findYieldStages();
  if (failed(schedule.verifyValues()) || failed(schedule.verifyMemory()) ||
      failed(schedule.verifyPrints()))
    return failure();
  return schedule;
}
