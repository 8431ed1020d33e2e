//===- Mbarriers.cpp - mbarrier objects and instructions ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.13.15. Phases are counted from 0; the parity of the current one
// is that of the number of phases that have completed.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "MemoryModifiers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// The object
//===----------------------------------------------------------------------===//

/// Both counts are of 20 bits.
static constexpr int64_t mostCount = (1 << 20) - 1;

bool Mbarrier::completeIfDone(Checker *checker) {
  if (pendingCount != 0 || transactionBytes != 0)
    return false;
  ++numPhases;
  pendingCount = expectedCount;
  if (checker) {
    std::swap(current, last);
    checker->clear(*current);
  }
  return true;
}

bool Mbarrier::expectOrComplete(int64_t delta, Checker *checker) {
  transactionBytes += delta;
  return completeIfDone(checker);
}

bool Mbarrier::arrive(uint32_t count, Checker *checker) {
  pendingCount -= count;
  return completeIfDone(checker);
}

Mbarrier *mlir::tk::emulator::findMbarrier(Warp &warp,
                                           const Instruction &instruction,
                                           ThreadBlock &owner,
                                           uint64_t offset) {
  auto found = owner.mbarriers.find(static_cast<uint32_t>(offset));
  if (found != owner.mbarriers.end())
    return &found->second;
  warp.fail(Rule::MbarrierInvalid, instruction,
            "there is no mbarrier at the shared address 0x" +
                utohexstr(owner.sharedAddress(offset), /*LowerCase=*/true));
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Decoded instructions
//===----------------------------------------------------------------------===//

namespace {

enum class MbarrierAction : uint8_t {
  Initialize,
  Invalidate,
  ExpectBytes,
  CompleteBytes,
  Arrive,
  TestWait,
  TryWait,
};

struct MbarrierDetails {
  MbarrierAction action = MbarrierAction::Arrive;
  Order order = Order::Release;
  Scope scope = Scope::Block;
  bool isGeneric = false;
  bool isDrop = false;
  bool isNoComplete = false;
  bool hasParity = false;
  DecodeContext::Address address;
  /// The state that an arrival returns, the predicate of a wait; may be absent.
  Slot result = noSlot;
  /// Arrivals; 1 if absent.
  Slot count = noSlot;
  /// Bytes of expect_tx and complete_tx.
  Slot bytes = noSlot;
  /// The state or parity that a wait is for.
  Slot phase = noSlot;
};

/// What an arrival returns: the phase, and what was pending before.
uint64_t encodeState(const Mbarrier &barrier) {
  return barrier.numPhases << 32 | barrier.pendingCount;
}

/// The instruction for one lane.
class MbarrierExecution : LaneExecution {
public:
  MbarrierExecution(Warp &warp, const Instruction &instruction, unsigned lane)
      : LaneExecution(warp, instruction, lane),
        details(*static_cast<const MbarrierDetails *>(instruction.details)) {}

  bool initialize();
  bool invalidate();
  /// expect_tx, complete_tx and arrivals.
  bool update();
  /// False: the run stops.
  bool test(bool &isComplete, Mbarrier *&barrier);

private:
  bool find(MbarrierUse use, Mbarrier *&barrier);
  SharedRegion findRegion();
  template <typename T> T valueOf(Slot slot, T absent) {
    return slot == noSlot ? absent : warp.lanes<T>(slot)[lane];
  }
  bool expect(Mbarrier &barrier, int64_t bytes);
  bool arrive(Mbarrier &barrier, uint32_t count);

  const MbarrierDetails &details;
  SharedRegion region;
};

} // namespace

SharedRegion MbarrierExecution::findRegion() {
  uint64_t address =
      readAddresses(warp, details.address.base, details.address.offset,
                    details.address.is32Bit)
          .lane[lane];
  return findShared(address, 8, 8, "the mbarrier", details.isGeneric);
}

bool MbarrierExecution::find(MbarrierUse use, Mbarrier *&barrier) {
  region = findRegion();
  if (!region.owner)
    return false;
  barrier = findBarrier(region);
  if (!barrier)
    return false;
  if (warp.checker)
    warp.checker->mbarrier(place(), region.place(), region.offset, use);
  return true;
}

bool MbarrierExecution::initialize() {
  region = findRegion();
  if (!region.owner)
    return false;
  auto count = valueOf<uint32_t>(details.count, 1);
  if (count < 1 || count > mostCount)
    return fail(Rule::MbarrierCount, "a phase of " + Twine(count) +
                                         " arrivals; 1 to " + Twine(mostCount) +
                                         " are possible");
  auto offset = static_cast<uint32_t>(region.offset);
  if (region.owner->mbarriers.count(offset))
    return fail(Rule::MbarrierInvalid,
                "an mbarrier is initialised again without mbarrier.inval");
  if (warp.checker)
    warp.checker->mbarrier(place(), region.place(), region.offset,
                           MbarrierUse::Initialize);
  Mbarrier &barrier = region.owner->mbarriers[offset];
  barrier.expectedCount = barrier.pendingCount = count;
  barrier.initialized = place();
  if (warp.checker) {
    barrier.current = warp.checker->createSyncObject();
    barrier.last = warp.checker->createSyncObject();
  }
  return true;
}

bool MbarrierExecution::invalidate() {
  Mbarrier *barrier = nullptr;
  if (!find(MbarrierUse::Invalidate, barrier))
    return false;
  region.owner->mbarriers.erase(static_cast<uint32_t>(region.offset));
  return true;
}

bool MbarrierExecution::expect(Mbarrier &barrier, int64_t bytes) {
  int64_t sum = barrier.transactionBytes + bytes;
  if (sum > mostCount || sum < -mostCount)
    return fail(Rule::MbarrierCount, "the count of bytes becomes " +
                                         Twine(sum) + "; within -" +
                                         Twine(mostCount) + " and " +
                                         Twine(mostCount) + " are possible");
  if (barrier.expectOrComplete(bytes, warp.checker))
    warp.notify();
  return true;
}

bool MbarrierExecution::arrive(Mbarrier &barrier, uint32_t count) {
  if (count < 1 || count > barrier.pendingCount)
    return fail(Rule::MbarrierCount,
                Twine(count) + " arrivals, the phase waits for " +
                    Twine(barrier.pendingCount) + " more of " +
                    Twine(barrier.expectedCount));
  if (details.isNoComplete && count == barrier.pendingCount &&
      barrier.transactionBytes == 0)
    return fail(Rule::MbarrierCount,
                "an arrival with .noComplete completes the phase");
  if (details.isDrop)
    barrier.expectedCount -= count;
  if (barrier.arrive(count, warp.checker)) {
    warp.notify();
    return true;
  }
  if (barrier.pendingCount == 0 && barrier.transactionBytes < 0)
    return fail(Rule::MbarrierCount,
                "all have arrived, and " + Twine(-barrier.transactionBytes) +
                    " bytes more came than the phase expects: it never "
                    "completes");
  return true;
}

bool MbarrierExecution::update() {
  Mbarrier *barrier = nullptr;
  if (!find(MbarrierUse::Use, barrier))
    return false;
  if (details.result != noSlot)
    warp.lanes<uint64_t>(details.result)[lane] = encodeState(*barrier);
  int64_t bytes = valueOf<uint32_t>(details.bytes, 0);
  if (details.action == MbarrierAction::CompleteBytes)
    return expect(*barrier, -bytes);
  if (details.action == MbarrierAction::ExpectBytes)
    return expect(*barrier, bytes);
  // Before the arrival: it may complete the phase.
  if (warp.checker)
    warp.checker->release(place(), *barrier->current, details.order,
                          details.scope);
  if (details.bytes != noSlot && !expect(*barrier, bytes))
    return false;
  return arrive(*barrier, valueOf<uint32_t>(details.count, 1));
}

bool MbarrierExecution::test(bool &isComplete, Mbarrier *&barrier) {
  if (!find(MbarrierUse::Use, barrier))
    return false;
  if (region.owner != &warp.block)
    return fail(Rule::MbarrierInvalid,
                "a wait is for an mbarrier of the own block");
  if (details.hasParity) {
    auto parity = valueOf<uint32_t>(details.phase, 0);
    if (parity > 1)
      return fail(Rule::MbarrierParity,
                  "the parity " + Twine(parity) + " is neither 0 nor 1");
    isComplete = (barrier->numPhases & 1) != parity;
    return true;
  }
  uint64_t phase = valueOf<uint64_t>(details.phase, 0) >> 32;
  if (phase != barrier->numPhases && phase + 1 != barrier->numPhases)
    return fail(Rule::MbarrierParity, "the wait is for phase " + Twine(phase) +
                                          ", the current one is " +
                                          Twine(barrier->numPhases));
  isComplete = phase != barrier->numPhases;
  return true;
}

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

template <bool (MbarrierExecution::*Method)()>
static Step runEach(Warp &warp, const Instruction &instruction) {
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    MbarrierExecution execution(warp, instruction, __builtin_ctz(rest));
    if (!(execution.*Method)())
      return Step::Stop;
  }
  return Step::Next;
}

static Step runTest(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const MbarrierDetails *>(instruction.details);
  LaneMask complete = 0;
  Mbarrier *barriers[numLanes] = {};
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    bool isComplete = false;
    MbarrierExecution execution(warp, instruction, lane);
    if (!execution.test(isComplete, barriers[lane]))
      return Step::Stop;
    complete |= LaneMask(isComplete) << lane;
  }
  // try_wait suspends the thread: until the phase completes, or for a time that
  // the implementation chooses, which ends when nothing else can go on.
  bool canWait = details.action == MbarrierAction::TryWait;
  if (!complete && canWait && !warp.takeTimeout()) {
    WaitReason reason;
    reason.kind = WaitReason::Kind::Mbarrier;
    reason.value =
        readAddresses(warp, details.address.base, details.address.offset,
                      details.address.is32Bit)
            .lane[__builtin_ctz(warp.mask)];
    reason.hasTimeout = true;
    return warp.wait(reason);
  }
  LaneMask &result = warp.predicate(details.result);
  result = (result & ~warp.mask) | complete;
  // Lanes that wait for one mbarrier learn the same.
  if (Checker *checker = warp.checker)
    for (LaneMask rest = complete; rest;) {
      Mbarrier *barrier = barriers[__builtin_ctz(rest)];
      LaneMask same = 0;
      for (LaneMask others = rest; others; others &= others - 1)
        if (barriers[__builtin_ctz(others)] == barrier)
          same |= others & -others;
      checker->acquire(warp.place(instruction, same), *barrier->last,
                       details.order, details.scope);
      rest &= ~same;
    }
  return complete == warp.mask ? Step::Next : warp.spin();
}

static Step runPendingCount(Warp &warp, const Instruction &instruction) {
  uint32_t *result = warp.lanes<uint32_t>(instruction.operands[0]);
  const uint64_t *state = warp.lanes<uint64_t>(instruction.operands[1]);
  forEachLane(warp.mask, [&](unsigned lane) {
    result[lane] = static_cast<uint32_t>(state[lane]);
  });
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

namespace {

class MbarrierDecoder {
public:
  MbarrierDecoder(DecodeContext &context, const PtxInstruction &instruction,
                  Modifiers &modifiers, Instruction &result)
      : context(context), instruction(instruction), modifiers(modifiers),
        result(result), details(context.makeDetails<MbarrierDetails>()) {}

  Error decode();

private:
  Error decodePendingCount();
  Error decodeModifiers();
  Error decodeAction();
  Error decodeOrder();
  Error decodeSpace();
  Error decodeOperands();
  Error decodeAddress(const PtxOperand &operand);
  Error decodeValue(const PtxOperand &operand, PtxType type, Slot &slot);
  bool isWait() const {
    return details.action == MbarrierAction::TestWait ||
           details.action == MbarrierAction::TryWait;
  }
  /// expect_tx and complete_tx as instructions of their own.
  bool isOfBytes() const {
    return details.action == MbarrierAction::ExpectBytes ||
           details.action == MbarrierAction::CompleteBytes;
  }

  DecodeContext &context;
  const PtxInstruction &instruction;
  Modifiers &modifiers;
  Instruction &result;
  MbarrierDetails &details;
  PtxSpace space = PtxSpace::Generic;
  bool isExpecting = false;
};

} // namespace

Error MbarrierDecoder::decodePendingCount() {
  if (!modifiers.accept("b64"))
    return context.error(instruction,
                         "'mbarrier.pending_count.b64 count, state' is needed");
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.destination(PtxType::U32);
  result.operands[1] = operands.source(PtxType::B64);
  result.handler = runPendingCount;
  return operands.finish();
}

Error MbarrierDecoder::decodeAction() {
  static constexpr StringRef names[] = {"init",        "inval",   "expect_tx",
                                        "complete_tx", "arrive",  "arrive_drop",
                                        "test_wait",   "try_wait"};
  static constexpr MbarrierAction actions[] = {
      MbarrierAction::Initialize,  MbarrierAction::Invalidate,
      MbarrierAction::ExpectBytes, MbarrierAction::CompleteBytes,
      MbarrierAction::Arrive,      MbarrierAction::Arrive,
      MbarrierAction::TestWait,    MbarrierAction::TryWait};
  std::optional<unsigned> name = modifiers.acceptOneOf(names);
  if (!name)
    return context.error(instruction,
                         "'" + modifiers.peek() +
                             "' is not an operation of an mbarrier");
  details.action = actions[*name];
  details.isDrop = names[*name] == "arrive_drop";
  if (details.action == MbarrierAction::Arrive) {
    isExpecting = modifiers.accept("expect_tx");
    details.isNoComplete = !isExpecting && modifiers.accept("noComplete");
  }
  if (isExpecting || isOfBytes() || details.action == MbarrierAction::TryWait)
    return expectTarget(context, instruction, 90);
  return Error::success();
}

Error MbarrierDecoder::decodeOrder() {
  details.order = isWait() ? Order::Acquire : Order::Release;
  std::optional<Order> order = acceptOrder(modifiers);
  if (order) {
    if (isOfBytes() && *order != Order::Relaxed)
      return context.error(instruction, "the order is '.relaxed'");
    bool isSensible = *order == Order::Relaxed || *order == details.order;
    if (!isSensible)
      return context.error(instruction,
                           isWait() ? "a wait is '.acquire' or '.relaxed'"
                                    : "an arrival is '.release' or '.relaxed'");
    details.order = *order;
  }
  std::optional<Scope> scope = acceptScope(modifiers);
  if (order.has_value() != scope.has_value())
    return context.error(instruction, "an order and a scope stand together");
  if (scope) {
    if (*scope != Scope::Block && *scope != Scope::Cluster)
      return context.error(instruction, "the scope is '.cta' or '.cluster'");
    if (details.isNoComplete && *scope != Scope::Block)
      return context.error(instruction, "the scope of '.noComplete' is '.cta'");
    details.scope = *scope;
  }
  return Error::success();
}

Error MbarrierDecoder::decodeSpace() {
  if (std::optional<PtxSpace> given = modifiers.acceptSpace()) {
    if (*given != PtxSpace::Shared && *given != PtxSpace::SharedCluster)
      return context.error(instruction, "an mbarrier is in shared memory");
    bool isOfBlock = isWait() || details.isNoComplete ||
                     details.action == MbarrierAction::Initialize ||
                     details.action == MbarrierAction::Invalidate;
    if (isOfBlock && *given == PtxSpace::SharedCluster)
      return context.error(instruction,
                           "expects an mbarrier of the block: '.shared::cta'");
    space = *given;
  }
  details.isGeneric = space == PtxSpace::Generic;
  return Error::success();
}

Error MbarrierDecoder::decodeModifiers() {
  if (Error error = decodeAction())
    return error;
  details.hasParity = isWait() && modifiers.accept("parity");
  if (Error error = decodeOrder())
    return error;
  if (Error error = decodeSpace())
    return error;
  if (!modifiers.accept("b64"))
    return context.error(instruction, "'.b64' is needed");
  return Error::success();
}

Error MbarrierDecoder::decodeAddress(const PtxOperand &operand) {
  Expected<DecodeContext::Address> address = context.address(operand, space);
  if (!address)
    return address.takeError();
  details.address = *address;
  return Error::success();
}

Error MbarrierDecoder::decodeValue(const PtxOperand &operand, PtxType type,
                                   Slot &slot) {
  Expected<Slot> value = context.source(operand, type);
  if (!value)
    return value.takeError();
  slot = *value;
  return Error::success();
}

Error MbarrierDecoder::decodeOperands() {
  ArrayRef<PtxOperand> operands = instruction.operands;
  bool hasResult = details.action == MbarrierAction::Arrive || isWait();
  if (hasResult && operands.size() >= 2 &&
      operands[0].kind != PtxOperand::Kind::Sink) {
    if (!isWait() && space == PtxSpace::SharedCluster)
      return context.error(instruction, "an arrival in shared::cluster returns "
                                        "no state: '_' is needed");
    Expected<Slot> slot = isWait()
                              ? context.predicateDestination(operands[0])
                              : context.destination(operands[0], PtxType::B64);
    if (!slot)
      return slot.takeError();
    details.result = *slot;
  }
  if (hasResult && !operands.empty())
    operands = operands.drop_front();
  if (isWait() && details.result == noSlot)
    return context.error(instruction, "a predicate is needed");
  bool needsValue = details.action == MbarrierAction::Initialize ||
                    details.action == MbarrierAction::ExpectBytes ||
                    details.action == MbarrierAction::CompleteBytes ||
                    isExpecting || details.isNoComplete || isWait();
  bool mayHaveValue = needsValue || details.action == MbarrierAction::Arrive;
  bool mayHaveHint = details.action == MbarrierAction::TryWait;
  size_t least = needsValue ? 2 : 1;
  size_t most = mayHaveHint ? 3 : mayHaveValue ? 2 : 1;
  if (operands.size() < least || operands.size() > most)
    return context.error(instruction, "the number of operands is wrong");
  if (Error error = decodeAddress(operands[0]))
    return error;
  if (operands.size() == 1)
    return Error::success();
  if (isWait())
    return decodeValue(operands[1],
                       details.hasParity ? PtxType::U32 : PtxType::B64,
                       details.phase);
  bool isBytes = isExpecting || details.action == MbarrierAction::ExpectBytes ||
                 details.action == MbarrierAction::CompleteBytes;
  return decodeValue(operands[1], PtxType::U32,
                     isBytes ? details.bytes : details.count);
}

Error MbarrierDecoder::decode() {
  if (modifiers.accept("pending_count"))
    return decodePendingCount();
  if (Error error = decodeModifiers())
    return error;
  if (Error error = decodeOperands())
    return error;
  result.details = &details;
  switch (details.action) {
  case MbarrierAction::Initialize:
    result.handler = runEach<&MbarrierExecution::initialize>;
    break;
  case MbarrierAction::Invalidate:
    result.handler = runEach<&MbarrierExecution::invalidate>;
    break;
  case MbarrierAction::ExpectBytes:
  case MbarrierAction::CompleteBytes:
  case MbarrierAction::Arrive:
    result.handler = runEach<&MbarrierExecution::update>;
    break;
  case MbarrierAction::TestWait:
  case MbarrierAction::TryWait:
    result.handler = runTest;
    break;
  }
  return Error::success();
}

static Error decodeMbarrier(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers, Instruction &result) {
  return MbarrierDecoder(context, instruction, modifiers, result).decode();
}

void mlir::tk::emulator::registerMbarriers(DecoderTable &table) {
  table.add("mbarrier", decodeMbarrier, 80);
}
