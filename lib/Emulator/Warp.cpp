//===- Warp.cpp - groups of lanes, calls and frames -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Warp.h"
#include "Reports.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Calls within calls: more than any stack of a GPU bears.
static constexpr unsigned maxCallDepth = 512;

Warp::Warp(ThreadBlock &block, unsigned indexInBlock, LaneMask lanes)
    : block(block), indexInBlock(indexInBlock), checker(block.launch.checker),
      live(lanes) {
  entryFrame = std::make_unique<Frame>();
  entryFrame->function = &block.launch.entry;
  entryFrame->localSize = entryFrame->function->localSize;
  initializeFrame(*entryFrame);
  running.lanes = lanes;
  running.frame = entryFrame.get();
  frame = entryFrame->registers;
}

Place Warp::place(const Instruction &instruction, LaneMask lanes) const {
  Place place;
  place.block = block.index;
  place.warp = static_cast<uint16_t>(indexInBlock);
  place.lanes = lanes;
  place.instruction = instruction.index;
  return place;
}

Place Warp::place(const Instruction &instruction) const {
  return place(instruction, mask);
}

//===----------------------------------------------------------------------===//
// Frames
//===----------------------------------------------------------------------===//

static uint64_t relocatedValue(Warp &warp, const Relocation &relocation,
                               const Frame &frame, unsigned lane) {
  switch (relocation.kind) {
  case Relocation::Kind::SharedVariable:
    return (relocation.isGeneric ? sharedWindow : 0) +
           warp.block.sharedAddress(
               warp.block.launch.sharedOffsets[relocation.variable]) +
           relocation.addend;
  case Relocation::Kind::Local:
    return (relocation.isGeneric ? localWindow : 0) + firstLocalOffset +
           frame.localBase + relocation.addend;
  case Relocation::Kind::Special:
    return readSpecialRegister(warp, relocation.special, lane);
  }
  llvm_unreachable("all kinds are above");
}

void Warp::initializeFrame(Frame &newFrame) {
  const DecodedFunction &function = *newFrame.function;
  constexpr size_t alignment = 64;
  newFrame.storage.reset(new std::byte[function.image.size() + alignment]);
  newFrame.registers = reinterpret_cast<std::byte *>(llvm::alignTo(
      reinterpret_cast<uintptr_t>(newFrame.storage.get()), alignment));
  // A function without registers has no image: memcpy wants an address.
  llvm::copy(function.image, newFrame.registers);
  for (const Relocation &relocation : function.relocations) {
    std::byte *slot = newFrame.registers + relocation.slot;
    if (relocation.bitWidth == 1) {
      LaneMask value =
          relocatedValue(*this, relocation, newFrame, 0) ? allLanes : 0;
      std::memcpy(slot, &value, sizeof(value));
      continue;
    }
    unsigned size = relocation.bitWidth / 8;
    for (unsigned lane = 0; lane < numLanes; ++lane) {
      uint64_t value = relocatedValue(*this, relocation, newFrame, lane);
      std::memcpy(slot + lane * size, &value, size);
    }
  }
}

/// Lanes that call from the same place of the same frame get the same frame,
/// at once or one after the other: their columns are apart. So they can meet
/// within the callee too.
Frame &Warp::calleeFrame(const DecodedFunction &callee, uint32_t callSite,
                         uint64_t unsizedBytes) {
  Frame &caller = *running.frame;
  for (const std::unique_ptr<Frame> &known : caller.callees)
    if (known->callSite == callSite && known->function == &callee)
      return *known;
  std::unique_ptr<Frame> made = std::make_unique<Frame>();
  made->function = &callee;
  made->caller = &caller;
  made->callSite = callSite;
  made->depth = caller.depth + 1;
  made->localBase = caller.localBase + caller.localSize;
  made->localSize = callee.localSize + unsizedBytes;
  initializeFrame(*made);
  caller.callees.push_back(std::move(made));
  return *caller.callees.back();
}

bool Warp::growLocalMemory(uint64_t size) {
  if (size <= localStride)
    return true;
  if (size > maxLocalBytes)
    return false;
  uint64_t stride = llvm::alignTo(std::max(size, 2 * localStride), 64);
  stride = std::min(stride, maxLocalBytes);
  std::unique_ptr<std::byte[]> grown(new std::byte[stride * numLanes]());
  for (unsigned lane = 0; lane < numLanes && localStride; ++lane)
    std::memcpy(grown.get() + lane * stride, local.get() + lane * localStride,
                localStride);
  local = std::move(grown);
  localStride = stride;
  return true;
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void Warp::split(LaneGroup group) {
  running.lanes &= ~group.lanes;
  others.push_back(group);
}

Step Warp::jump(uint32_t pc) {
  if (mask == running.lanes) {
    running.pc = pc;
    return Step::Jump;
  }
  LaneGroup taken = running;
  taken.lanes = mask;
  taken.pc = pc;
  split(taken);
  ++running.pc;
  return Step::Jump;
}

Step Warp::jumpEach(const uint32_t *targets) {
  LaneMask guardOff = running.lanes & ~mask;
  for (LaneMask rest = mask; rest;) {
    uint32_t target = targets[__builtin_ctz(rest)];
    LaneGroup taken = running;
    taken.lanes = 0;
    taken.pc = target;
    for (LaneMask others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (targets[lane] == target)
        taken.lanes |= LaneMask(1) << lane;
    }
    rest &= ~taken.lanes;
    if (!rest && !guardOff) {
      running.lanes = taken.lanes;
      running.pc = target;
      return Step::Jump;
    }
    split(taken);
  }
  ++running.pc;
  return Step::Jump;
}

Frame *Warp::prepareCall(const DecodedFunction &callee, uint64_t unsizedBytes) {
  if (running.frame->depth >= maxCallDepth)
    return nullptr;
  Frame &made = calleeFrame(callee, running.pc, unsizedBytes);
  if (!growLocalMemory(made.localBase + made.localSize))
    return nullptr;
  return &made;
}

void Warp::splitHere(LaneMask lanes) {
  LaneGroup others = running;
  others.lanes = lanes;
  split(others);
}

Step Warp::call(Frame &callee) {
  LaneGroup called = running;
  called.lanes = mask;
  called.frame = &callee;
  called.pc = 0;
  LaneMask rest = running.lanes & ~mask;
  if (rest) {
    LaneGroup skipping = running;
    skipping.lanes = rest;
    ++skipping.pc;
    others.push_back(skipping);
  }
  running = called;
  frame = callee.registers;
  for (LaneMask lanes = stack ? mask : 0; lanes; lanes &= lanes - 1) {
    unsigned lane = llvm::countr_zero(lanes);
    callee.stackSizes[lane] = stack->size(lane);
  }
  return Step::Jump;
}

Step Warp::returnToCaller() {
  Frame *caller = running.frame->caller;
  if (!caller)
    return exit();
  for (LaneMask lanes = stack ? mask : 0; lanes; lanes &= lanes - 1) {
    unsigned lane = llvm::countr_zero(lanes);
    stack->shrink(lane, running.frame->stackSizes[lane]);
  }
  LaneGroup returned = running;
  returned.lanes = mask;
  returned.frame = caller;
  returned.pc = running.frame->callSite + 1;
  LaneMask rest = running.lanes & ~mask;
  if (rest) {
    LaneGroup staying = running;
    staying.lanes = rest;
    ++staying.pc;
    others.push_back(staying);
  }
  running = returned;
  frame = caller->registers;
  return Step::Jump;
}

Step Warp::exit() {
  // Lanes at a collective instruction wait for lanes that will never come.
  for (const LaneGroup &group : others)
    if (group.wait.kind == WaitReason::Kind::Lanes && group.wait.value & mask &&
        !arrivals[llvm::countr_zero(group.lanes)].isDone && checker &&
        checker->isOn(Rule::DivergentCollective))
      checker->report(Rule::DivergentCollective,
                      place(group.frame->function->code[group.pc], group.lanes),
                      "other lanes of the warp exit instead");
  live &= ~mask;
  running.lanes &= ~mask;
  block.exitLanes(mask);
  notify();
  ++running.pc;
  return live ? Step::Jump : block.warpgroupOf(*this).leave(*this);
}

Step Warp::wait(WaitReason reason) {
  running.wait = reason;
  return Step::Wait;
}

void Warp::notify() { ++block.cluster.scheduler.numEvents; }

Step Warp::fail(Rule rule, const Instruction &instruction,
                const llvm::Twine &detail, llvm::ArrayRef<ReportSite> earlier) {
  Launch &launch = block.launch;
  EmulatorReport report =
      makeReport(launch.setup, rule, place(instruction), detail);
  for (const auto &[i, site] : llvm::enumerate(earlier))
    report.sites.insert(report.sites.begin() + i, makeSite(launch.setup, site));
  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.failures.push_back(std::move(report));
  launch.isStopped = true;
  return Step::Stop;
}

Step Warp::failLane(unsigned lane, Rule rule, const Instruction &instruction,
                    const llvm::Twine &detail) {
  mask = LaneMask(1) << lane;
  return fail(rule, instruction, detail);
}
