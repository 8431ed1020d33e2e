//===- AsyncCopies.cpp - cp.async and its groups --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.25.3 (cp.async, groups) and 9.7.13.15.17
// (cp.async.mbarrier.arrive). The bytes move at once; what has not been waited
// for is found by the checks.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "Scheduler.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

struct AsyncCopy {
  DecodeContext::Address destination, source;
  uint32_t size = 4;
  /// Bytes that are read; the others are zero. All if absent.
  Slot sourceSize = noSlot;
  /// Lanes that read nothing.
  Slot ignoresSource = noSlot;
};

struct CopyArrival {
  DecodeContext::Address address;
  bool isGeneric = false;
  /// `.noinc`: the count of the phase knows of this arrival already.
  bool isCounted = false;
};

} // namespace

/// The bytes that a lane reads; the rest is zeros.
static uint32_t sourceSize(Warp &warp, const AsyncCopy &copy, unsigned lane) {
  uint32_t size = copy.size;
  if (copy.sourceSize != noSlot)
    size = warp.lanes<uint32_t>(copy.sourceSize)[lane];
  if (copy.ignoresSource != noSlot &&
      warp.predicate(copy.ignoresSource) >> lane & 1)
    size = 0;
  return size;
}

/// One lane of a cp.async.
static bool copyLane(Warp &warp, const Instruction &instruction, unsigned lane,
                     const AsyncCopy &copy, uint64_t to, uint64_t from,
                     const AsyncAgentPtr &agent) {
  LaneExecution execution(warp, instruction, lane);
  uint32_t size = sourceSize(warp, copy, lane);
  if (size > copy.size)
    return execution.fail(Rule::OutOfBounds,
                          "the size of the source, " + Twine(size) +
                              ", is more than that of the copy, " +
                              Twine(copy.size));
  SharedRegion destination =
      execution.findShared(to, copy.size, copy.size, "the destination");
  if (!destination.owner)
    return false;
  if (destination.owner != &warp.block)
    return execution.fail(Rule::WrongSpace,
                          "cp.async writes to the own block only");
  const std::byte *source = nullptr;
  if (size != 0) {
    source = execution.findGlobal(from, size, copy.size, "the source",
                                  /*isWrite=*/false);
    if (!source)
      return false;
    execution.access(agent, {PtxSpace::Global, 0}, AccessKind::Read, from, size,
                     Proxy::Generic, /*isCounted=*/false);
  }
  execution.access(agent, destination.place(), AccessKind::Write,
                   destination.offset, copy.size, Proxy::Generic,
                   /*isCounted=*/false);
  if (size != 0)
    memcpy(destination.bytes, source, size);
  memset(destination.bytes + size, 0, copy.size - size);
  return true;
}

static Step runCopy(Warp &warp, const Instruction &instruction) {
  const auto &copy = *static_cast<const AsyncCopy *>(instruction.details);
  LaneAddresses to =
      readAddresses(warp, copy.destination.base, copy.destination.offset,
                    copy.destination.is32Bit);
  LaneAddresses from = readAddresses(warp, copy.source.base, copy.source.offset,
                                     copy.source.is32Bit);
  AsyncAgentPtr agent =
      warp.checker
          ? warp.checker->issue(warp.place(instruction), AsyncKind::Copy)
          : nullptr;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (!copyLane(warp, instruction, lane, copy, to.lane[lane], from.lane[lane],
                  agent))
      return Step::Stop;
  }
  if (Counters *counters = warp.block.cluster.scheduler.counters.get()) {
    Access access;
    access.bytesPerLane = copy.size;
    access.memory.space = PtxSpace::Global;
    access.addresses = from.lane;
    // Lanes that fill with zeros alone ask for nothing.
    std::array<uint32_t, numLanes> sizes = {};
    LaneMask reading = 0;
    for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      sizes[lane] = sourceSize(warp, copy, lane);
      reading |= LaneMask(sizes[lane] != 0) << lane;
    }
    access.laneBytes = sizes.data();
    counters->access(warp.place(instruction, reading), access);
    access.laneBytes = nullptr;
    access.memory = {PtxSpace::Shared, warp.block.index};
    access.kind = AccessKind::Write;
    access.addresses = to.lane;
    counters->access(warp.place(instruction), access);
  }
  if (agent)
    warp.copyGroups.add(std::move(agent), warp.mask);
  return Step::Next;
}

static Step runCommitGroup(Warp &warp, const Instruction &) {
  warp.copyGroups.commit(warp.mask);
  return Step::Next;
}

static Step runWaitGroup(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.copyGroups.wait(*warp.checker, warp.place(instruction),
                         static_cast<uint32_t>(instruction.immediate));
  return Step::Next;
}

static Step runWaitAll(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.copyGroups.waitAll(*warp.checker, warp.place(instruction));
  return Step::Next;
}

static Step runCopyArrival(Warp &warp, const Instruction &instruction) {
  const auto &arrival = *static_cast<const CopyArrival *>(instruction.details);
  LaneAddresses addresses =
      readAddresses(warp, arrival.address.base, arrival.address.offset,
                    arrival.address.is32Bit);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    LaneExecution execution(warp, instruction, lane);
    SharedRegion region = execution.findShared(
        addresses.lane[lane], 8, 8, "the mbarrier", arrival.isGeneric);
    if (!region.owner)
      return Step::Stop;
    Mbarrier *barrier = execution.findBarrier(region);
    if (!barrier)
      return Step::Stop;
    if (Checker *checker = warp.checker) {
      checker->mbarrier(execution.place(), region.place(), region.offset,
                        MbarrierUse::Use);
      warp.copyGroups.forEach(
          LaneMask(1) << lane, [&](const AsyncAgent &agent, LaneMask lanes) {
            checker->complete(agent, *barrier->current, lanes);
          });
    }
    // The copies are complete, so the arrival happens now. Without .noinc the
    // count of the phase grows first: then nothing changes.
    if (!arrival.isCounted)
      continue;
    if (barrier->pendingCount == 0) {
      execution.fail(Rule::MbarrierCount,
                     "the phase waits for no more arrivals of " +
                         Twine(barrier->expectedCount));
      return Step::Stop;
    }
    if (barrier->arrive(1, warp.checker))
      warp.notify();
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static Error decodeArrival(DecodeContext &context,
                           const PtxInstruction &instruction,
                           Modifiers &modifiers, Instruction &result) {
  CopyArrival &arrival = context.makeDetails<CopyArrival>();
  if (!modifiers.accept("arrive"))
    return context.error(instruction, "'.arrive' is needed");
  arrival.isCounted = modifiers.accept("noinc");
  std::optional<PtxSpace> space = modifiers.acceptSpace();
  if (space && *space != PtxSpace::Shared)
    return context.error(instruction, "the mbarrier is in '.shared'");
  arrival.isGeneric = !space;
  if (!modifiers.accept("b64"))
    return context.error(instruction, "'.b64' is needed");
  OperandReader operands(context, instruction, 1);
  arrival.address = operands.address(space.value_or(PtxSpace::Generic));
  result.details = &arrival;
  result.handler = runCopyArrival;
  return operands.finish();
}

static Error decodeWait(DecodeContext &context,
                        const PtxInstruction &instruction,
                        Instruction &result) {
  result.handler = runWaitGroup;
  return decodeNumPendingGroups(context, instruction, result);
}

/// The operands: two addresses, the size; then the size of the source or the
/// predicate that leaves it out; then the policy.
static Error decodeCopyOperands(DecodeContext &context,
                                const PtxInstruction &instruction,
                                bool isBypassing, bool hasPolicy,
                                AsyncCopy &copy) {
  OperandReader operands(context, instruction);
  copy.destination = operands.address(PtxSpace::Shared);
  copy.source = operands.address(PtxSpace::Global);
  int64_t size = operands.constant();
  if (operands.numLeft() > hasPolicy) {
    const PtxOperand *extra = operands.next("the size of the source");
    bool isPredicate = extra && extra->kind == PtxOperand::Kind::Name &&
                       context.registerWidth(*extra) == 1u;
    if (extra)
      (isPredicate ? copy.ignoresSource : copy.sourceSize) =
          operands.take(isPredicate ? context.predicate(*extra)
                                    : context.source(*extra, PtxType::U32));
  }
  if (hasPolicy)
    operands.source(PtxType::B64);
  if (Error error = operands.finish())
    return error;
  if (size != 16 && (isBypassing || (size != 4 && size != 8)))
    return context.error(instruction, Twine(size) +
                                          " bytes cannot be copied; " +
                                          (isBypassing ? "'.cg' copies 16"
                                                       : "'.ca' copies 4, 8 or "
                                                         "16"));
  copy.size = static_cast<uint32_t>(size);
  return Error::success();
}

static Error decodeCopy(DecodeContext &context,
                        const PtxInstruction &instruction, Modifiers &modifiers,
                        Instruction &result) {
  std::optional<unsigned> level = modifiers.acceptOneOf({"ca", "cg"});
  if (!level)
    return context.error(instruction, "'" + modifiers.peek() +
                                          "' is not a form of cp.async");
  if (modifiers.acceptSpace() != PtxSpace::Shared ||
      modifiers.acceptSpace() != PtxSpace::Global)
    return context.error(instruction, "'.shared.global' is needed");
  bool hasPolicy = modifiers.accept("L2::cache_hint");
  modifiers.acceptOneOf({"L2::64B", "L2::128B", "L2::256B"});
  // ptxas takes either order.
  hasPolicy |= modifiers.accept("L2::cache_hint");
  AsyncCopy &copy = context.makeDetails<AsyncCopy>();
  result.details = &copy;
  result.handler = runCopy;
  return decodeCopyOperands(context, instruction, *level == 1, hasPolicy, copy);
}

/// `cp` and all that begins with it.
static Error decodeCp(DecodeContext &context, const PtxInstruction &instruction,
                      Modifiers &modifiers, Instruction &result) {
  bool isReduction = modifiers.accept("reduce");
  if (!modifiers.accept("async"))
    return context.error(instruction, "'cp.async' or 'cp.reduce.async' is "
                                      "needed");
  if (modifiers.accept("bulk"))
    return decodeBulk(context, instruction, modifiers, isReduction, result);
  if (isReduction)
    return context.error(instruction, "'cp.reduce.async.bulk' is needed");
  if (modifiers.accept("mbarrier"))
    return decodeArrival(context, instruction, modifiers, result);
  if (modifiers.accept("commit_group")) {
    result.handler = runCommitGroup;
    return expectOperands(context, instruction, 0);
  }
  if (modifiers.accept("wait_all")) {
    result.handler = runWaitAll;
    return expectOperands(context, instruction, 0);
  }
  if (modifiers.accept("wait_group"))
    return decodeWait(context, instruction, result);
  return decodeCopy(context, instruction, modifiers, result);
}

void mlir::tk::emulator::registerAsyncCopies(DecoderTable &table) {
  table.add("cp", decodeCp, 80);
}
