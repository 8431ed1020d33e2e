//===- PipelineExpander.cpp - carries out the schedule of a loop ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// With stages 0 ... L, the prologue is times 0 ... L-1 and every iteration of
// the new loop one time t = L, L+1, ...; stage s works on iteration t - s.
//
// A value that is made at stage p and used at stage s was made s - p times ago.
// The new loop carries it: one iter_arg for each time in between. What the old
// loop passed to its next iteration is one time older. Memory allocated in the
// body becomes a ring with as many slots as it is used stages; each stage
// counts through the slots by itself.
//
//===----------------------------------------------------------------------===//

#include "PipelineExpander.h"
#include "AccessGuard.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;
using namespace mlir::tkg;

namespace {
/// A value that the new loop carries: what was `value` `age` times ago. `value`
/// is the result of an op of the old body, or one of its iter_args, which
/// stands for what the iteration before passed on.
struct CarriedKey {
  Value value;
  unsigned age;
  bool operator==(const CarriedKey &other) const {
    return value == other.value && age == other.age;
  }
};

/// All that was made at one time.
struct Moment {
  /// Results of ops with a stage.
  llvm::DenseMap<Value, Value> results;
  /// What floating values are for each stage.
  llvm::DenseMap<std::pair<Value, unsigned>, Value> floating;
  llvm::DenseMap<unsigned, Value> predicates;
};

struct Ring {
  Value memory;
  int64_t depth;
};

class PipelineExpander {
public:
  PipelineExpander(scf::ForOp loop, const LoopSchedule &schedule)
      : loop(loop), schedule(schedule), last(schedule.getLastStage()),
        builder(loop) {}
  void run();

private:
  void makeRings();
  void collectCarried();
  void needValue(Value value, unsigned stage);
  void addCarried(Value value, unsigned age);
  void emitPrologue();
  scf::ForOp createLoop();
  void emitKernel(scf::ForOp kernel);
  SmallVector<Value> getYieldedValues();

  /// \name At the time that is being emitted
  /// @{
  void emitTime();
  void emitOp(Operation *op);
  Value lookup(Value value, unsigned stage);
  Value lookupPassedOn(BlockArgument argument, unsigned stage);
  Value lookupAged(Value value, unsigned age);
  Value getVariable(unsigned stage);
  Value getSlot(AllocOp alloc, unsigned stage);
  Value getPredicate(unsigned stage);
  /// The value that the iteration at its yield stage passes on.
  Value getPassedOn(unsigned number);
  bool isRunning(unsigned stage) const { return inKernel || time >= stage; }
  /// @}

  unsigned getNumber(BlockArgument argument) {
    return argument.getArgNumber() - loop.getNumInductionVars();
  }
  Location getLoc() { return loop.getLoc(); }
  Value getConstant(Type type, int64_t value) {
    return arith::ConstantOp::create(builder, getLoc(),
                                     builder.getIntegerAttr(type, value));
  }

  scf::ForOp loop;
  const LoopSchedule &schedule;
  unsigned last;
  OpBuilder builder;

  llvm::MapVector<Operation *, Ring> rings;
  /// Counters of slots in the new loop, by depth and stage.
  llvm::MapVector<std::pair<int64_t, unsigned>, Value> counters;
  SmallVector<CarriedKey> carried;
  /// What the new loop passes around: `carried`, then `counters`.
  scf::ForOp kernel;

  bool inKernel = false;
  unsigned time = 0;
  Moment now;
  SmallVector<Moment> prologue;
  /// What each iter_arg of the old loop was passed, at each prologue time.
  SmallVector<llvm::DenseMap<Value, Value>> passedOn;
};
} // namespace

//===----------------------------------------------------------------------===//
// Rings and carried values
//===----------------------------------------------------------------------===//

void PipelineExpander::makeRings() {
  for (auto alloc : llvm::to_vector(loop.getBody()->getOps<AllocOp>())) {
    SmallVector<unsigned> stages = schedule.getStagesOf(alloc);
    int64_t depth = stages.empty() ? 1 : stages.back() - stages.front() + 1;
    MemDescType type = alloc.getType();
    if (depth > 1)
      type = MemDescType::get(type.getShape(), type.getElementType(),
                              type.getLayout(), depth);
    Value memory = AllocOp::create(builder, alloc.getLoc(), type,
                                   /*init=*/Value(), /*offset=*/IntegerAttr());
    rings.insert({alloc, {memory, depth}});
    if (depth > 1)
      for (unsigned stage : stages)
        counters.insert({{depth, stage}, Value()});
  }
}

void PipelineExpander::addCarried(Value value, unsigned age) {
  for (unsigned i = 1; i <= age; ++i)
    if (!llvm::is_contained(carried, CarriedKey{value, i}))
      carried.push_back({value, i});
}

/// Notes what must be carried so that `lookup(value, stage)` works.
void PipelineExpander::needValue(Value value, unsigned stage) {
  if (loop.isDefinedOutsideOfLoop(value) || value == loop.getInductionVar())
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    unsigned number = getNumber(argument);
    unsigned yieldStage = schedule.getYieldStage(number);
    return addCarried(argument, 1 + stage - yieldStage);
  }
  Operation *op = value.getDefiningOp();
  if (isa<AllocOp>(op))
    return;
  if (schedule.hasStage(op))
    return addCarried(value, stage - schedule.getStage(op));
  for (Value input : getAllInputs(op))
    needValue(input, stage);
}

void PipelineExpander::collectCarried() {
  for (Operation *op : schedule.getOps())
    for (Value input : getAllInputs(op))
      needValue(input, schedule.getStage(op));
  for (auto [argument, result] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults()))
    if (!result.use_empty())
      needValue(argument, last);
  // What is passed on without an op of its own may need more in turn.
  for (size_t i = 0; i < carried.size(); ++i) {
    auto argument = dyn_cast<BlockArgument>(carried[i].value);
    if (argument)
      needValue(loop.getYieldedValues()[getNumber(argument)],
                schedule.getYieldStage(getNumber(argument)));
  }
}

//===----------------------------------------------------------------------===//
// Values at one time
//===----------------------------------------------------------------------===//

/// The variable of the old loop in the iteration that `stage` works on.
Value PipelineExpander::getVariable(unsigned stage) {
  auto [it, isNew] =
      now.floating.insert({{loop.getInductionVar(), stage}, Value()});
  if (!isNew)
    return it->second;
  Value base = inKernel ? kernel.getInductionVar() : loop.getLowerBound();
  unsigned steps = inKernel ? last - stage : time - stage;
  Value variable = base;
  if (steps != 0) {
    Value ahead = loop.getStep();
    if (steps != 1)
      ahead = builder.createOrFold<arith::MulIOp>(
          getLoc(), ahead, getConstant(ahead.getType(), steps));
    variable = builder.createOrFold<arith::AddIOp>(getLoc(), base, ahead);
  }
  return now.floating[{loop.getInductionVar(), stage}] = variable;
}

/// Whether the iteration that `stage` works on exists; null in the last stage
/// of the new loop, where it always does.
Value PipelineExpander::getPredicate(unsigned stage) {
  if (inKernel && stage == last)
    return {};
  Value variable = getVariable(stage);
  Value &predicate = now.predicates[stage];
  if (!predicate)
    predicate =
        arith::CmpIOp::create(builder, getLoc(), arith::CmpIPredicate::slt,
                              variable, loop.getUpperBound());
  return predicate;
}

Value PipelineExpander::getSlot(AllocOp alloc, unsigned stage) {
  const Ring &ring = rings[alloc];
  if (ring.depth == 1)
    return ring.memory;
  auto [it, isNew] = now.floating.insert({{alloc.getResult(), stage}, Value()});
  if (!isNew)
    return it->second;
  Value index;
  if (inKernel)
    index =
        arith::IndexCastOp::create(builder, getLoc(), builder.getIndexType(),
                                   counters[{ring.depth, stage}]);
  else
    index = getConstant(builder.getIndexType(), (time - stage) % ring.depth);
  Value slot = SlotOp::create(builder, alloc.getLoc(), ring.memory, index);
  return now.floating[{alloc.getResult(), stage}] = slot;
}

/// What `value` was `age` times ago.
Value PipelineExpander::lookupAged(Value value, unsigned age) {
  if (age == 0)
    return now.results.lookup(value);
  if (!inKernel)
    return prologue[time - age].results.lookup(value);
  const auto *it = llvm::find(carried, CarriedKey{value, age});
  assert(it != carried.end() && "found by collectCarried");
  return kernel.getRegionIterArg(it - carried.begin());
}

Value PipelineExpander::lookupPassedOn(BlockArgument argument, unsigned stage) {
  unsigned number = getNumber(argument);
  unsigned yieldStage = schedule.getYieldStage(number);
  unsigned age = 1 + stage - yieldStage;
  bool isFirstIteration = !inKernel && time == stage;
  if (isFirstIteration)
    return loop.getInitArgs()[number];
  if (age == 0)
    return now.results.lookup(loop.getYieldedValues()[number]);
  if (!inKernel)
    return passedOn[time - age].lookup(argument);
  return lookupAged(argument, age);
}

Value PipelineExpander::lookup(Value value, unsigned stage) {
  if (value == loop.getInductionVar())
    return getVariable(stage);
  if (loop.isDefinedOutsideOfLoop(value))
    return value;
  if (auto argument = dyn_cast<BlockArgument>(value))
    return lookupPassedOn(argument, stage);
  Operation *op = value.getDefiningOp();
  if (auto alloc = dyn_cast<AllocOp>(op))
    return getSlot(alloc, stage);
  if (schedule.hasStage(op))
    return lookupAged(value, stage - schedule.getStage(op));

  if (Value made = now.floating.lookup({value, stage}))
    return made;
  IRMapping mapping;
  for (Value input : getAllInputs(op))
    mapping.map(input, lookup(input, stage));
  Operation *clone = builder.clone(*op, mapping);
  for (auto [result, made] :
       llvm::zip_equal(op->getResults(), clone->getResults()))
    now.floating[{result, stage}] = made;
  return now.floating.lookup({value, stage});
}

Value PipelineExpander::getPassedOn(unsigned number) {
  return lookup(loop.getYieldedValues()[number],
                schedule.getYieldStage(number));
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

void PipelineExpander::emitOp(Operation *op) {
  unsigned stage = schedule.getStage(op);
  if (auto alloc = dyn_cast<AllocOp>(op)) {
    // The place is a slot of a ring; what is left is to write it.
    LocalStoreOp::create(builder, op->getLoc(), lookup(alloc.getInit(), stage),
                         getSlot(alloc, stage));
    return;
  }
  IRMapping mapping;
  for (Value input : getAllInputs(op))
    mapping.map(input, lookup(input, stage));
  bool mayNotExist = !inKernel || stage != last;
  if (mayNotExist && needsGuard(op)) {
    SmallVector<Value> results =
        emitGuarded(op, mapping, getPredicate(stage), loop, builder);
    for (auto [result, made] : llvm::zip_equal(op->getResults(), results))
      now.results[result] = made;
    return;
  }
  Operation *clone = builder.clone(*op, mapping);
  removeSchedule(clone);
  for (auto [result, made] :
       llvm::zip_equal(op->getResults(), clone->getResults()))
    now.results[result] = made;
}

void PipelineExpander::emitTime() {
  for (Operation *op : schedule.getOps())
    if (isRunning(schedule.getStage(op)))
      emitOp(op);
}

void PipelineExpander::emitPrologue() {
  for (time = 0; time < last; ++time) {
    now = Moment();
    emitTime();
    passedOn.emplace_back();
    for (BlockArgument argument : loop.getRegionIterArgs()) {
      unsigned number = getNumber(argument);
      bool isCarried = llvm::any_of(carried, [&](const CarriedKey &key) {
        return key.value == argument;
      });
      if (isCarried && isRunning(schedule.getYieldStage(number)))
        passedOn.back()[argument] = getPassedOn(number);
    }
    prologue.push_back(now);
  }
}

scf::ForOp PipelineExpander::createLoop() {
  SmallVector<Value> inits;
  for (const CarriedKey &key : carried) {
    unsigned made = last - key.age;
    auto argument = dyn_cast<BlockArgument>(key.value);
    if (!argument) {
      inits.push_back(prologue[made].results.lookup(key.value));
      continue;
    }
    // One time before its first iteration, the old loop had its initial value.
    bool isInitial =
        key.age > last || made < schedule.getYieldStage(getNumber(argument));
    inits.push_back(isInitial ? loop.getInitArgs()[getNumber(argument)]
                              : passedOn[made].lookup(argument));
  }
  for (auto &entry : counters) {
    auto [depth, stage] = entry.first;
    inits.push_back(getConstant(builder.getI32Type(), (last - stage) % depth));
  }
  auto created =
      scf::ForOp::create(builder, getLoc(), loop.getLowerBound(),
                         loop.getUpperBound(), loop.getStep(), inits);
  created->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  created->removeAttr(kNumStagesAttr);
  return created;
}

SmallVector<Value> PipelineExpander::getYieldedValues() {
  SmallVector<Value> yielded;
  for (const CarriedKey &key : carried) {
    if (key.age > 1) {
      const auto *younger =
          llvm::find(carried, CarriedKey{key.value, key.age - 1});
      yielded.push_back(kernel.getRegionIterArg(younger - carried.begin()));
    } else if (auto argument = dyn_cast<BlockArgument>(key.value)) {
      yielded.push_back(getPassedOn(getNumber(argument)));
    } else {
      yielded.push_back(now.results.lookup(key.value));
    }
  }
  for (auto &[key, counter] : counters) {
    Type type = counter.getType();
    Value next =
        arith::AddIOp::create(builder, getLoc(), counter, getConstant(type, 1));
    Value wraps =
        arith::CmpIOp::create(builder, getLoc(), arith::CmpIPredicate::eq, next,
                              getConstant(type, key.first));
    yielded.push_back(arith::SelectOp::create(builder, getLoc(), wraps,
                                              getConstant(type, 0), next));
  }
  return yielded;
}

void PipelineExpander::emitKernel(scf::ForOp created) {
  kernel = created;
  inKernel = true;
  now = Moment();
  unsigned number = carried.size();
  for (auto &entry : counters)
    entry.second = kernel.getRegionIterArg(number++);

  OpBuilder::InsertionGuard guard(builder);
  Block *body = kernel.getBody();
  if (!body->empty() && body->mightHaveTerminator())
    body->getTerminator()->erase();
  builder.setInsertionPointToEnd(body);
  emitTime();
  SmallVector<Value> yielded = getYieldedValues();
  scf::YieldOp::create(builder, getLoc(), yielded);
}

void PipelineExpander::run() {
  makeRings();
  collectCarried();
  emitPrologue();
  emitKernel(createLoop());
  for (auto [argument, result] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults())) {
    if (result.use_empty())
      continue;
    unsigned age = 1 + last - schedule.getYieldStage(getNumber(argument));
    const auto *it = llvm::find(carried, CarriedKey{argument, age});
    result.replaceAllUsesWith(kernel.getResult(it - carried.begin()));
  }
  loop.erase();
}

void mlir::tkg::expandPipeline(scf::ForOp loop, const LoopSchedule &schedule) {
  PipelineExpander(loop, schedule).run();
}
