//===- FrameLayout.cpp - fusing instructions, placing values in frames ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Builder.h"
#include <cstring>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Fusing elementwise instructions
//===----------------------------------------------------------------------===//

namespace {
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
  for (Register reg : wholeRegisters)
    intervals[reg] = {0, static_cast<unsigned>(program->code.size())};
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
  // Empty tiles take a place too: two registers at one would be one of `live`.
  auto sizeOf = [&](Register reg) {
    return llvm::alignTo(std::max<size_t>(registerSizes[reg], 1), kAlignment);
  };
  // Registers that are live, by place.
  std::map<size_t, Register> live;
  for (Register reg : order) {
    for (auto it = live.begin(); it != live.end();)
      it = intervals[it->second].end < intervals[reg].begin ? live.erase(it)
                                                            : std::next(it);
    size_t size = sizeOf(reg), place = base;
    for (auto [offset, other] : live) {
      if (offset >= place + size)
        break;
      place = offset + sizeOf(other);
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
