//===- Barriers.cpp - bar, barrier and fences ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.13.1 (barrier), 9.7.13.2 (barrier.warp.sync), 9.7.13.4 (fence,
// membar).
//
//===----------------------------------------------------------------------===//

#include "Clusters.h"
#include "Collective.h"
#include "Decoder.h"
#include "Memory.h"
#include "MemoryModifiers.h"
#include "Operands.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "llvm/ADT/bit.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
enum class BarrierMode : uint8_t { Sync, Arrive, RedPopc, RedAnd, RedOr };

struct BarrierDetails {
  BarrierMode mode = BarrierMode::Sync;
  bool isAligned = false;
  Slot number = noSlot;
  /// noSlot: all threads of the block.
  Slot count = noSlot;
  /// Of barrier.red: the result (a predicate, or 32 bits of popc) and the
  /// predicate.
  Slot result = noSlot;
  Slot predicate = noSlot;
};
} // namespace

/// The lanes of `warp.mask`, all with the same barrier and count, arrive.
/// Returns false after a mistake.
static bool arrive(Warp &warp, const Instruction &instruction,
                   const BarrierDetails &details, NamedBarrier &barrier,
                   uint32_t expected) {
  ThreadBlock &block = warp.block;
  if (!barrier) {
    barrier = std::make_shared<BarrierGeneration>();
    barrier->expected = expected;
    barrier->isReduction = details.predicate != noSlot;
    barrier->first = warp.place(instruction);
    if (warp.checker)
      barrier->knowledge = warp.checker->createSyncObject();
  }
  if (expected % numLanes) {
    warp.fail(Rule::BarrierCount, instruction,
              "the count of threads, " + llvm::Twine(expected) +
                  ", is not a multiple of " + llvm::Twine(numLanes));
    return false;
  }
  if (barrier->expected != expected) {
    warp.fail(Rule::BarrierCount, instruction,
              "the count of threads is " + llvm::Twine(expected) +
                  ", but the first to arrive gave " +
                  llvm::Twine(barrier->expected) + " (0: all of the block)");
    return false;
  }
  if (barrier->isReduction != (details.predicate != noSlot)) {
    warp.fail(Rule::DivergentCollective, instruction,
              "threads meet at one barrier with '.red' and without");
    return false;
  }
  uint32_t numArrived = llvm::popcount(warp.mask);
  // A warp counts whole, also if some of its lanes have exited or never were.
  bool isWhole = details.isAligned || warp.mask == warp.liveLanes();
  barrier->arrived +=
      isWhole ? numArrived + numLanes - llvm::popcount(warp.liveLanes())
              : numArrived;
  barrier->arrivedThreads += numArrived;
  if (barrier->expected && barrier->arrived > barrier->expected) {
    warp.fail(Rule::BarrierCount, instruction,
              llvm::Twine(barrier->arrived) +
                  " threads arrive at a barrier "
                  "of " +
                  llvm::Twine(barrier->expected));
    return false;
  }
  if (details.predicate != noSlot) {
    LaneMask holds = warp.predicate(details.predicate) & warp.mask;
    barrier->andValue &= holds == warp.mask;
    barrier->orValue |= holds != 0;
    barrier->popCount += llvm::popcount(holds);
  }
  if (warp.checker)
    warp.checker->release(warp.place(instruction), *barrier->knowledge,
                          Order::Release, Scope::Block);
  std::shared_ptr<BarrierGeneration> generation = barrier;
  block.completeIfDone(barrier);
  if (details.mode != BarrierMode::Arrive)
    warp.barrierWaits.push_back({warp.mask, std::move(generation)});
  return true;
}

/// The barrier is complete for these lanes.
static void leave(Warp &warp, const Instruction &instruction,
                  const BarrierDetails &details, LaneMask lanes,
                  const BarrierGeneration &generation) {
  if (details.mode == BarrierMode::RedPopc)
    for (LaneMask rest = lanes; rest; rest &= rest - 1)
      warp.lanes<uint32_t>(details.result)[__builtin_ctz(rest)] =
          generation.popCount;
  if (details.mode == BarrierMode::RedAnd ||
      details.mode == BarrierMode::RedOr) {
    bool value = details.mode == BarrierMode::RedAnd ? generation.andValue
                                                     : generation.orValue;
    LaneMask &to = warp.predicate(details.result);
    to = value ? to | lanes : to & ~lanes;
  }
  if (warp.checker)
    warp.checker->acquire(warp.place(instruction, lanes), *generation.knowledge,
                          Order::Acquire, Scope::Block);
}

/// Those of the lanes that need not wait any more leave; they may have arrived
/// at different times. Returns which.
static LaneMask leaveComplete(Warp &warp, const Instruction &instruction,
                              const BarrierDetails &details, LaneMask lanes) {
  LaneMask done = 0;
  for (Warp::BarrierWait &wait : warp.barrierWaits) {
    LaneMask leaving = wait.lanes & lanes;
    if (!leaving || !wait.generation->isComplete)
      continue;
    leave(warp, instruction, details, leaving, *wait.generation);
    wait.lanes &= ~leaving;
    done |= leaving;
  }
  llvm::erase_if(warp.barrierWaits,
                 [](const Warp::BarrierWait &wait) { return !wait.lanes; });
  return done;
}

static Step runBarrier(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const BarrierDetails *>(instruction.details);
  if (details.isAligned)
    if (std::optional<Step> step = waitForWarp(warp, instruction))
      return *step;
  LaneMask lanes = warp.mask, arriving = lanes;
  for (const Warp::BarrierWait &wait : warp.barrierWaits)
    arriving &= ~wait.lanes;
  const uint32_t *numbers = warp.lanes<uint32_t>(details.number);
  const uint32_t *counts =
      details.count == noSlot ? nullptr : warp.lanes<uint32_t>(details.count);
  for (LaneMask rest = arriving; rest;) {
    unsigned first = __builtin_ctz(rest);
    uint32_t number = numbers[first], count = counts ? counts[first] : 0;
    LaneMask same = 0;
    for (LaneMask others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (numbers[lane] == number && (!counts || counts[lane] == count))
        same |= LaneMask(1) << lane;
    }
    rest &= ~same;
    warp.mask = same;
    if (number >= warp.block.barriers.size())
      return warp.fail(Rule::BarrierCount, instruction,
                       "a block has 16 barriers, this is number " +
                           llvm::Twine(number));
    if (!arrive(warp, instruction, details, warp.block.barriers[number], count))
      return Step::Stop;
  }
  warp.mask = lanes;
  if (details.mode == BarrierMode::Arrive)
    return Step::Next;
  LaneMask done = leaveComplete(warp, instruction, details, lanes);
  if (done == lanes)
    return Step::Next;
  warp.mask = lanes & ~done;
  return warp.wait(
      {WaitReason::Kind::Barrier, numbers[__builtin_ctz(warp.mask)]});
}

//===----------------------------------------------------------------------===//
// Fences
//===----------------------------------------------------------------------===//

static Step runFence(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.checker->fence(warp.place(instruction),
                        static_cast<Order>(instruction.flags),
                        static_cast<Scope>(instruction.count));
  return Step::Next;
}

static Step runProxyFence(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.checker->proxyFence(warp.place(instruction),
                             static_cast<PtxSpace>(instruction.flags));
  return Step::Next;
}

static Step runMbarrierInitFence(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.checker->mbarrierInitFence(warp.place(instruction));
  return Step::Next;
}

static Step runTensorMapRelease(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.checker->tensorMapRelease(warp.place(instruction),
                                   static_cast<Scope>(instruction.count));
  return Step::Next;
}

/// Operand 0: the address; `immediate`: its offset; operand 1: the size.
static Step runTensorMapAcquire(Warp &warp, const Instruction &instruction) {
  LaneAddresses addresses = readAddresses(
      warp, instruction.operands[0], instruction.immediate, instruction.flags);
  if (warp.checker)
    warp.checker->tensorMapAcquire(
        warp.place(instruction), static_cast<Scope>(instruction.count),
        addresses.lane,
        warp.lanes<uint32_t>(
            instruction.operands[1])[__builtin_ctz(warp.mask)]);
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

static llvm::Error decodeWarpBarrier(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Instruction &result) {
  OperandReader operands(context, instruction, 1);
  result.operands[0] = operands.source(PtxType::B32);
  result.handler = runWarpBarrier;
  return operands.finish();
}

static llvm::Error decodeBlockBarrier(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers, Instruction &result,
                                      bool isAligned) {
  BarrierDetails &details = context.makeDetails<BarrierDetails>();
  modifiers.accept("cta");
  std::optional<unsigned> form =
      modifiers.acceptOneOf({"sync", "arrive", "red"});
  if (!form)
    return context.error(instruction, "expects '.sync', '.arrive' or '.red'");
  bool isRed = *form == 2;
  bool isPopc = false;
  if (isRed) {
    std::optional<unsigned> operation =
        modifiers.acceptOneOf({"popc", "and", "or"});
    if (!operation)
      return context.error(instruction, "expects '.popc', '.and' or '.or'");
    isPopc = *operation == 0;
    details.mode = static_cast<BarrierMode>(
        static_cast<unsigned>(BarrierMode::RedPopc) + *operation);
  } else {
    details.mode = static_cast<BarrierMode>(*form);
  }
  details.isAligned = isAligned || modifiers.accept("aligned");
  if (isRed && !modifiers.accept(isPopc ? "u32" : "pred"))
    return context.error(instruction, "expects '.popc.u32', '.and.pred' or "
                                      "'.or.pred'");

  size_t fixed = isRed ? 3 : 1;
  bool hasCount = instruction.operands.size() == fixed + 1;
  if (details.mode == BarrierMode::Arrive && !hasCount)
    return context.error(instruction, "'.arrive' needs a count of threads");
  OperandReader operands(context, instruction, fixed + hasCount);
  if (isRed)
    details.result = isPopc ? operands.destination(PtxType::U32)
                            : operands.predicateDestination();
  details.number = operands.source(PtxType::U32);
  if (hasCount)
    details.count = operands.source(PtxType::U32);
  if (isRed)
    details.predicate = operands.predicate();
  result.details = &details;
  result.handler = runBarrier;
  return operands.finish();
}

/// `bar` is `barrier` with `.aligned`.
static llvm::Error decodeBar(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("warp")) {
    if (!modifiers.accept("sync"))
      return context.error(instruction, "expects 'bar.warp.sync'");
    return decodeWarpBarrier(context, instruction, result);
  }
  return decodeBlockBarrier(context, instruction, modifiers, result, true);
}

static llvm::Error decodeBarrier(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("cluster"))
    return decodeClusterBarrier(context, instruction, modifiers, result);
  return decodeBlockBarrier(context, instruction, modifiers, result, false);
}

/// `.release.sync_restrict::shared::cta`, `.acquire.sync_restrict::shared::
/// cluster`. The restriction only weakens the fence, which is treated as an
/// unrestricted one.
static llvm::Error decodeRestriction(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers, Order order,
                                     bool &isRestricted) {
  std::optional<unsigned> space = modifiers.acceptOneOf(
      {"sync_restrict::shared::cta", "sync_restrict::shared::cluster"});
  isRestricted = space.has_value();
  if (isRestricted && order != (*space ? Order::Acquire : Order::Release))
    return context.error(instruction,
                         "expects '.release.sync_restrict::shared::cta' or "
                         "'.acquire.sync_restrict::shared::cluster'");
  return llvm::Error::success();
}

static llvm::Error decodeAsyncProxyFence(DecodeContext &context,
                                         const PtxInstruction &instruction,
                                         Modifiers &modifiers,
                                         Instruction &result) {
  bool isUnqualified = modifiers.peek() == "shared";
  PtxSpace space = modifiers.acceptSpace().value_or(PtxSpace::Generic);
  if (space == PtxSpace::Local || space == PtxSpace::Param ||
      space == PtxSpace::Const)
    return context.error(instruction, "the async proxy does not access '." +
                                          getName(space) + "' memory");
  if (isUnqualified)
    return context.error(instruction,
                         "expects '.shared::cta' or '.shared::cluster'");
  result.flags = static_cast<uint8_t>(space);
  result.handler = runProxyFence;
  return expectOperands(context, instruction, 0);
}

/// `fence.proxy.async::generic`: one direction of `fence.proxy.async`, on
/// shared memory alone.
static llvm::Error decodeOneWayProxyFence(DecodeContext &context,
                                          const PtxInstruction &instruction,
                                          Modifiers &modifiers,
                                          Instruction &result) {
  bool isRestricted = false;
  std::optional<Order> order = acceptOrder(modifiers);
  if (llvm::Error error =
          decodeRestriction(context, instruction, modifiers,
                            order.value_or(Order::Relaxed), isRestricted))
    return error;
  if (!isRestricted || !modifiers.accept("cluster"))
    return context.error(
        instruction, "expects '.release.sync_restrict::shared::cta.cluster' "
                     "or '.acquire.sync_restrict::shared::cluster.cluster'");
  result.flags = static_cast<uint8_t>(
      order == Order::Release ? PtxSpace::Shared : PtxSpace::SharedCluster);
  result.handler = runProxyFence;
  return expectOperands(context, instruction, 0);
}

static llvm::Error decodeProxyFence(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("alias")) {
    // Different virtual addresses of one memory do not exist here.
    result.handler = runNothing;
    return expectOperands(context, instruction, 0);
  }
  if (llvm::Error error = expectTarget(context, instruction, 90))
    return error;
  if (modifiers.accept("async"))
    return decodeAsyncProxyFence(context, instruction, modifiers, result);
  if (modifiers.accept("async::generic"))
    return decodeOneWayProxyFence(context, instruction, modifiers, result);
  if (!modifiers.accept("tensormap::generic"))
    return context.error(instruction, "expects '.alias', '.async' or "
                                      "'.tensormap::generic'");
  std::optional<Order> order = acceptOrder(modifiers);
  if (order != Order::Acquire && order != Order::Release)
    return context.error(instruction, "expects '.acquire' or '.release'");
  std::optional<Scope> scope = acceptScope(modifiers);
  if (!scope)
    return context.error(instruction, "expects a scope");
  result.count = static_cast<uint16_t>(*scope);
  if (order == Order::Release) {
    result.handler = runTensorMapRelease;
    return expectOperands(context, instruction, 0);
  }
  OperandReader operands(context, instruction, 2);
  DecodeContext::Address address = operands.address(PtxSpace::Generic);
  result.operands[0] = address.base;
  const PtxOperand *size = operands.next("a size");
  if (size && (size->kind != PtxOperand::Kind::Integer || size->bits != 128))
    return context.error(instruction, "the size is 128 bytes");
  if (size)
    result.operands[1] =
        operands.take(context.source(*size, PtxType::U32, false));
  result.immediate = address.offset;
  result.flags = address.is32Bit;
  result.handler = runTensorMapAcquire;
  return operands.finish();
}

static llvm::Error decodeFence(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("proxy"))
    return decodeProxyFence(context, instruction, modifiers, result);
  if (modifiers.accept("mbarrier_init")) {
    if (!modifiers.accept("release") || !modifiers.accept("cluster"))
      return context.error(instruction,
                           "expects 'fence.mbarrier_init.release.cluster'");
    result.handler = runMbarrierInitFence;
    if (llvm::Error error = expectOperands(context, instruction, 0))
      return error;
    return expectTarget(context, instruction, 90);
  }
  Order order = Order::AcquireRelease;
  if (modifiers.accept("sc"))
    order = Order::SequentiallyConsistent;
  else if (std::optional<Order> given = acceptOrder(modifiers))
    order = *given;
  if (order == Order::Relaxed)
    return context.error(instruction, "a fence is not '.relaxed'");
  bool isRestricted = false;
  if (llvm::Error error = decodeRestriction(context, instruction, modifiers,
                                            order, isRestricted))
    return error;
  std::optional<Scope> scope = acceptScope(modifiers);
  if (isRestricted && scope != Scope::Cluster)
    return context.error(instruction, "the scope of '.sync_restrict' is "
                                      "'.cluster'");
  if (!scope)
    return context.error(instruction, "expects a scope: '.cta', '.cluster', "
                                      "'.gpu' or '.sys'");
  result.flags = static_cast<uint8_t>(order);
  result.count = static_cast<uint16_t>(*scope);
  result.handler = runFence;
  return expectOperands(context, instruction, 0);
}

/// `membar.gl` is `fence.sc.gpu`.
static llvm::Error decodeMembar(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("proxy"))
    return decodeProxyFence(context, instruction, modifiers, result);
  static constexpr Scope scopes[] = {Scope::Block, Scope::Device,
                                     Scope::System};
  std::optional<unsigned> scope = modifiers.acceptOneOf({"cta", "gl", "sys"});
  if (!scope)
    return context.error(instruction, "expects '.cta', '.gl' or '.sys'");
  result.flags = static_cast<uint8_t>(Order::SequentiallyConsistent);
  result.count = static_cast<uint16_t>(scopes[*scope]);
  result.handler = runFence;
  return expectOperands(context, instruction, 0);
}

void mlir::tk::emulator::registerBarriers(DecoderTable &table) {
  table.add("bar", decodeBar);
  table.add("barrier", decodeBarrier);
  table.add("fence", decodeFence);
  table.add("membar", decodeMembar);
}
