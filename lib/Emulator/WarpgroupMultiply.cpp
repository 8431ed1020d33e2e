//===- WarpgroupMultiply.cpp - wgmma, 9.7.15 ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands are read when the instruction is issued; the results appear at
// wait_group (WgmmaQueue.h). Each warp computes its 16 rows by itself.
//
//===----------------------------------------------------------------------===//

#include "Conversions.h"
#include "Counters.h"
#include "MatrixCollective.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "WarpgroupUnit.h"
#include "WgmmaQueue.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

struct WgmmaDetails {
  WarpgroupOperation operation;
  llvm::SmallVector<Slot, 8> accumulators;
  /// Four registers, or none: then `descriptorA` is a register of 64 bits.
  llvm::SmallVector<Slot, 8> registersA;
  Slot descriptorA = noSlot;
  Slot descriptorB = noSlot;
  /// Whether the accumulator is added.
  Slot scaleD = noSlot;

  /// Accumulators of equal numbers are alike.
  uint32_t shape() const {
    return operation.n << 16 | operation.k << 8 |
           static_cast<uint32_t>(operation.typeD);
  }
};

/// The runs of bytes that an operation reads, for the checks. Descriptors name
/// multiples of 16 bytes.
class ReadRanges {
public:
  void add(uint32_t address) { chunks.set(address / chunkBytes); }
  /// Calls `visit(address, size)` for maximal runs.
  void visit(llvm::function_ref<void(uint32_t, uint32_t)> visit) const {
    for (int begin = chunks.find_first(); begin != -1;) {
      int end = chunks.find_next_unset(begin);
      if (end == -1)
        end = chunks.size();
      visit(begin * chunkBytes, (end - begin) * chunkBytes);
      begin = chunks.find_next(end - 1);
    }
  }

private:
  static constexpr uint32_t chunkBytes = 16;
  /// Of all that a descriptor can name.
  llvm::BitVector chunks{MatrixDescriptor::addressableBytes / chunkBytes};
};

} // namespace

static WgmmaQueue &queueOf(Warp &warp) {
  if (!warp.wgmmaQueue)
    warp.wgmmaQueue = std::make_shared<WgmmaQueue>();
  return *warp.wgmmaQueue;
}

//===----------------------------------------------------------------------===//
// wgmma.mma_async
//===----------------------------------------------------------------------===//

/// Registers that were written since the last wgmma.fence. Wgmmas of one shape
/// are ordered on their accumulators without one (9.7.15.7).
static const char *findMissingFence(Warp &warp, const WgmmaDetails &details,
                                    WgmmaQueue &queue) {
  if (!queue.getNumFences())
    return "there is no wgmma.fence before the first wgmma of this warp";
  for (Slot slot : details.accumulators) {
    const uint32_t *lanes = warp.lanes<const uint32_t>(slot);
    const WgmmaQueue::Pending *entry = queue.lookup(lanes);
    if (entry && entry->shape != details.shape() &&
        entry->fence == queue.getNumFences())
      return "a wgmma of another shape has the accumulators in flight, and "
             "there is no wgmma.fence in between";
    if (!entry && queue.isComputed(lanes))
      return "the accumulators were written since the last wgmma.fence of this "
             "warp";
  }
  for (Slot slot : details.registersA)
    if (queue.isComputed(warp.lanes<const uint32_t>(slot)))
      return "the registers of A were written since the last wgmma.fence of "
             "this warp";
  return nullptr;
}

/// A and D that are in the registers of wgmmas in flight; the rest of 9.7.15.7.
static void checkRegisters(Warp &warp, const Instruction &instruction,
                           const WgmmaDetails &details, WgmmaQueue &queue) {
  Checker *checker = warp.checker;
  if (!checker)
    return;
  if (checker->isOn(Rule::WgmmaFence))
    if (const char *mistake = findMissingFence(warp, details, queue))
      checker->report(Rule::WgmmaFence, warp.place(instruction), mistake);
  if (!checker->isOn(Rule::WgmmaInFlight))
    return;
  for (Slot slot : details.registersA)
    if (const WgmmaQueue::Pending *entry =
            queue.lookup(warp.lanes<const uint32_t>(slot)))
      return checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                             "the result of a wgmma is A of another one before "
                             "wait_group",
                             ReportSite{entry->issued, "wgmma in flight"});
  for (Slot slot : details.accumulators)
    if (const Place *reader =
            queue.findReader(warp.lanes<const uint32_t>(slot)))
      return checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                             "a register of A is overwritten before wait_group",
                             ReportSite{*reader, "wgmma in flight"});
}

/// Tells the checks what the operation reads, and keeps it until the wait.
static void trackReads(Warp &warp, const Instruction &instruction,
                       WgmmaQueue &queue,
                       const std::optional<ReadRanges> &ranges,
                       uint64_t number) {
  if (!ranges)
    return queue.add(nullptr, number);
  AsyncAgentPtr agent =
      warp.checker->issue(warp.place(instruction), AsyncKind::Wgmma);
  ranges->visit([&](uint32_t address, uint32_t size) {
    AsyncAccess access;
    access.memory.space = PtxSpace::Shared;
    access.memory.block = warp.block.index;
    access.kind = AccessKind::Read;
    access.proxy = Proxy::Async;
    access.address = address;
    access.sizeInBytes = size;
    warp.checker->access(*agent, access);
  });
  queue.add(std::move(agent), number);
}

static Step failOutside(Warp &warp, const Instruction &instruction,
                        const char *operand, uint32_t address) {
  return warp.fail(Rule::OutOfBounds, instruction,
                   llvm::Twine("the descriptor of ") + operand +
                       " leads to shared address 0x" +
                       llvm::utohexstr(address) +
                       ", outside of the block's shared memory");
}

/// The operands, in `a` and `b`; `ranges`, if there are checks, gets what was
/// read. None if all is well.
static std::optional<Step> readOperands(Warp &warp,
                                        const Instruction &instruction,
                                        const WgmmaDetails &details,
                                        RawMatrix &a, RawMatrix &b,
                                        ReadRanges *ranges) {
  uint32_t outside = 0;
  auto find = [&](uint32_t address) -> const std::byte * {
    const std::byte *found = warp.block.sharedBytes(address, 16);
    if (!found)
      outside = address;
    else if (ranges)
      ranges->add(address);
    return found;
  };
  MatrixDescriptor descriptorB(
      warp.lanes<const uint64_t>(details.descriptorB)[0]);
  if (!descriptorB.isValid)
    return warp.fail(Rule::WrongSpace, instruction,
                     "the descriptor of B has reserved bits set");
  if (!readOperandB(details.operation, descriptorB, find, b))
    return failOutside(warp, instruction, "B", outside);
  if (!details.registersA.empty()) {
    const uint32_t *registers[4];
    for (unsigned i = 0; i != 4; ++i)
      registers[i] = warp.lanes<const uint32_t>(details.registersA[i]);
    readOperandA(details.operation, registers, a);
    return std::nullopt;
  }
  MatrixDescriptor descriptorA(
      warp.lanes<const uint64_t>(details.descriptorA)[0]);
  if (!descriptorA.isValid)
    return warp.fail(Rule::WrongSpace, instruction,
                     "the descriptor of A has reserved bits set");
  unsigned firstRow = warp.indexInBlock % 4 * 16;
  if (!readOperandA(details.operation, descriptorA, firstRow, find, a))
    return failOutside(warp, instruction, "A", outside);
  return std::nullopt;
}

/// Bytes of shared memory that this warp asks for: its rows of A, if they are
/// not in registers; B is for the whole warpgroup, and counted with its first
/// warp.
static uint64_t countOperandBytes(const Warp &warp,
                                  const WgmmaDetails &details) {
  const WarpgroupOperation &operation = details.operation;
  uint64_t bits = 0;
  if (details.registersA.empty())
    bits += uint64_t(16) * operation.k * operation.elementBits(operation.typeA);
  if (warp.indexInBlock % warpsPerWarpgroup == 0)
    bits += uint64_t(operation.n) * operation.k *
            operation.elementBits(operation.typeB);
  return bits / 8;
}

/// Descriptors and scale-d, which are the same in all lanes. None if all is
/// well.
static std::optional<Step> readUniform(Warp &warp,
                                       const Instruction &instruction,
                                       const WgmmaDetails &details,
                                       Warpgroup::Operands &operands) {
  auto readLane0 = [&](Slot slot, uint64_t &value) {
    if (slot == noSlot)
      return true;
    const uint64_t *lanes = warp.lanes<const uint64_t>(slot);
    value = lanes[0];
    return llvm::all_of(llvm::ArrayRef(lanes, numLanes),
                        [&](uint64_t lane) { return lane == lanes[0]; });
  };
  LaneMask scale = warp.predicate(details.scaleD);
  operands = {0, 0, scale & 1};
  if (readLane0(details.descriptorA, operands[0]) &&
      readLane0(details.descriptorB, operands[1]) &&
      (!scale || scale == allLanes))
    return std::nullopt;
  return warp.fail(Rule::DivergentCollective, instruction,
                   "the descriptors or scale-d differ among the lanes");
}

/// accumulators = a b + accumulators; visible at the wait.
static void multiplyDeferred(Warp &warp, const Instruction &instruction,
                             const WgmmaDetails &details, const RawMatrix &a,
                             const RawMatrix &b, bool addsAccumulator,
                             WgmmaQueue &queue) {
  size_t count = details.accumulators.size();
  llvm::SmallVector<WgmmaQueue::Lanes, 0> values(count);
  llvm::SmallVector<uint32_t *, 128> pointers;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t *lanes = warp.lanes<const uint32_t>(details.accumulators[i]);
    WgmmaQueue::Pending *inFlight = queue.lookup(lanes);
    std::memcpy(values[i].data(), inFlight ? inFlight->values.data() : lanes,
                sizeof(WgmmaQueue::Lanes));
    if (inFlight)
      inFlight->isConsumed = true;
    pointers.push_back(values[i].data());
  }
  multiply(details.operation, a, b, addsAccumulator, pointers.data());
  Place place = warp.place(instruction);
  for (size_t i = 0; i < count; ++i)
    queue.defer(values[i].data(), warp.lanes<uint32_t>(details.accumulators[i]),
                details.shape(), place);
  for (Slot slot : details.registersA)
    queue.readFragment(warp.lanes<const uint32_t>(slot), place);
}

/// The same, visible at once: without checks nobody asks what is in flight.
static void multiplyAtOnce(Warp &warp, const WgmmaDetails &details,
                           const RawMatrix &a, const RawMatrix &b,
                           bool addsAccumulator) {
  llvm::SmallVector<uint32_t *, 128> pointers;
  for (Slot slot : details.accumulators)
    pointers.push_back(warp.lanes<uint32_t>(slot));
  multiply(details.operation, a, b, addsAccumulator, pointers.data());
}

static Step multiplyAsync(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &details = *static_cast<const WgmmaDetails *>(instruction.details);
  Warpgroup::Operands operands;
  if (std::optional<Step> step =
          readUniform(warp, instruction, details, operands))
    return *step;
  Warpgroup &group = warp.block.warpgroupOf(warp);
  if (Step step = group.execute(warp, instruction, operands);
      step != Step::Next)
    return step;
  WgmmaQueue &queue = queueOf(warp);
  checkRegisters(warp, instruction, details, queue);
  RawMatrix a, b;
  std::optional<ReadRanges> ranges;
  if (warp.checker)
    ranges.emplace();
  if (std::optional<Step> step = readOperands(warp, instruction, details, a, b,
                                              ranges ? &*ranges : nullptr))
    return *step;
  Counters *counters = warp.block.cluster.scheduler.counters.get();
  if (counters)
    counters->wgmma(warp.place(instruction), countOperandBytes(warp, details),
                    warp.indexInBlock % warpsPerWarpgroup == 0);
  if (warp.checker)
    multiplyDeferred(warp, instruction, details, a, b, operands[2], queue);
  else
    multiplyAtOnce(warp, details, a, b, operands[2]);
  trackReads(warp, instruction, queue, ranges, group.issue(warp));
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// fence, commit_group, wait_group
//===----------------------------------------------------------------------===//

static Step fenceRegisters(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  queueOf(warp).fence();
  return warp.block.warpgroupOf(warp).execute(warp, instruction);
}

static Step commitGroup(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  queueOf(warp).commit();
  return warp.block.warpgroupOf(warp).execute(warp, instruction);
}

static Step waitGroup(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  WgmmaQueue &queue = queueOf(warp);
  Warpgroup &group = warp.block.warpgroupOf(warp);
  auto numPending = static_cast<unsigned>(instruction.immediate);
  if (!group.haveIssued(queue.numWaitedFor(numPending)))
    return warp.wait({WaitReason::Kind::Warpgroup, 0});
  queue.wait(warp, instruction, numPending);
  return group.execute(warp, instruction);
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// `m64n128k16`.
static bool parseShape(llvm::StringRef text, WarpgroupOperation &operation) {
  return text.consume_front("m64n") && !text.consumeInteger(10, operation.n) &&
         text.consume_front("k") && !text.consumeInteger(10, operation.k) &&
         text.empty() && operation.n >= 8 && operation.n <= 256 &&
         operation.n % 8 == 0;
}

/// Table of 9.7.15.2: integers have fewer values of N.
static bool hasIntegerWidth(unsigned n) {
  return n % 16 == 0 || n == 8 || n == 24;
}

/// Whether the types go together with each other and with K.
static bool doTypesFit(const WarpgroupOperation &operation) {
  PtxType a = operation.typeA, b = operation.typeB, d = operation.typeD;
  auto isOneOf = [](PtxType type, PtxType first, PtxType second) {
    return type == first || type == second;
  };
  switch (a) {
  case PtxType::F16:
    return b == a && operation.k == 16 &&
           isOneOf(d, PtxType::F16, PtxType::F32);
  case PtxType::BF16:
    return b == a && operation.k == 16 && d == PtxType::F32;
  case PtxType::TF32:
    return b == a && operation.k == 8 && d == PtxType::F32;
  case PtxType::E4M3:
  case PtxType::E5M2:
    return isOneOf(b, PtxType::E4M3, PtxType::E5M2) && operation.k == 32 &&
           isOneOf(d, PtxType::F16, PtxType::F32);
  case PtxType::S8:
  case PtxType::U8:
    return isOneOf(b, PtxType::S8, PtxType::U8) && operation.k == 32 &&
           d == PtxType::S32 && hasIntegerWidth(operation.n);
  case PtxType::B1:
    return b == a && operation.k == 256 && d == PtxType::S32 &&
           hasIntegerWidth(operation.n) && !operation.isSatfinite;
  default:
    return false;
  }
}

static llvm::Error takeOperation(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers,
                                 WarpgroupOperation &operation) {
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  if (!parseShape(modifiers.take(), operation))
    return context.error(instruction,
                         "expects a shape like '.m64n128k16', N a multiple of "
                         "8 up to 256");
  operation.isSatfinite = modifiers.accept("satfinite");
  std::optional<PtxType> d = modifiers.acceptType();
  std::optional<PtxType> a = modifiers.acceptType();
  std::optional<PtxType> b = modifiers.acceptType();
  if (!d || !a || !b)
    return context.error(instruction, "expects the types of D, A and B");
  operation.typeD = *d;
  operation.typeA = *a;
  operation.typeB = *b;
  if (!doTypesFit(operation))
    return context.error(instruction,
                         "these types do not go together in this shape");
  if (*a == PtxType::B1) {
    if (!modifiers.accept("and") || !modifiers.accept("popc"))
      return context.error(instruction, "expects '.and.popc' after '.b1'");
    // Bits take part as words of 32.
    operation.k /= 32;
  }
  if (operation.isSatfinite && !operation.isInteger())
    return context.error(instruction, "'.satfinite' needs integers");
  if (!operation.isInteger())
    operation.rule = getSumRule(MatrixUnit::Wgmma, formatOf(*a), formatOf(*b),
                                *d == PtxType::F16);
  return llvm::Error::success();
}

/// scale-a and scale-b are 1 or -1; trans-a (of A in memory) and trans-b, of
/// 16-bit types, are 0 or 1.
static llvm::Error takeFlags(DecodeContext &context,
                             const PtxInstruction &instruction,
                             WarpgroupOperation &operation, bool isRegisterA) {
  bool isSixteen = operation.elementBits(operation.typeA) == 16;
  struct Flag {
    bool &value;
    int64_t whenFalse, whenTrue;
    const char *name;
  };
  llvm::SmallVector<Flag, 4> flags;
  if (!operation.isInteger()) {
    flags.push_back({operation.isNegatedA, 1, -1, "scale-a"});
    flags.push_back({operation.isNegatedB, 1, -1, "scale-b"});
  }
  if (isSixteen && !isRegisterA)
    flags.push_back({operation.isTransposedA, 0, 1, "trans-a"});
  if (isSixteen)
    flags.push_back({operation.isTransposedB, 0, 1, "trans-b"});
  if (llvm::Error error =
          expectOperands(context, instruction, 4 + flags.size()))
    return error;
  for (size_t i = 0; i < flags.size(); ++i) {
    llvm::Expected<int64_t> value =
        context.constant(instruction.operands[4 + i]);
    if (!value)
      return value.takeError();
    if (*value != flags[i].whenFalse && *value != flags[i].whenTrue)
      return context.error(instruction, llvm::Twine(flags[i].name) + " is " +
                                            llvm::Twine(flags[i].whenFalse) +
                                            " or " +
                                            llvm::Twine(flags[i].whenTrue) +
                                            ", got " + llvm::Twine(*value));
    flags[i].value = *value == flags[i].whenTrue;
  }
  return llvm::Error::success();
}

static llvm::Error decodeMultiply(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  WgmmaDetails &details = context.makeDetails<WgmmaDetails>();
  WarpgroupOperation &operation = details.operation;
  if (llvm::Error error =
          takeOperation(context, instruction, modifiers, operation))
    return error;
  if (instruction.operands.size() < 4)
    return context.error(instruction,
                         "expects at least 4 operands, got " +
                             llvm::Twine(instruction.operands.size()));
  bool isRegisterA = instruction.operands[1].kind == PtxOperand::Kind::Vector;
  if (llvm::Error error =
          takeFlags(context, instruction, operation, isRegisterA))
    return error;
  PtxType typeD =
      operation.typeD == PtxType::F16 ? PtxType::B32 : operation.typeD;
  OperandReader operands(context, instruction);
  details.accumulators =
      operands.vector(typeD, operation.numRegistersD(), /*isDestination=*/true);
  if (isRegisterA)
    details.registersA =
        operands.vector(PtxType::B32, 4, /*isDestination=*/false);
  else
    details.descriptorA = operands.source(PtxType::B64);
  details.descriptorB = operands.source(PtxType::B64);
  details.scaleD = operands.predicate();
  if (llvm::Error error = operands.takeError())
    return error;
  context.noteWgmma(details.accumulators, details.registersA);
  result.details = &details;
  result.handler = &multiplyAsync;
  return llvm::Error::success();
}

static llvm::Error decodeWait(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Instruction &result) {
  OperandReader operands(context, instruction, 1);
  int64_t count = operands.constant();
  if (llvm::Error error = operands.finish())
    return error;
  if (count < 0 || count > 7)
    return context.error(instruction,
                         "expects 0 to 7 groups, got " + llvm::Twine(count));
  result.immediate = count;
  result.handler = &waitGroup;
  return llvm::Error::success();
}

static llvm::Error decodeWgmma(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> action = modifiers.acceptOneOf(
      {"mma_async", "fence", "commit_group", "wait_group"});
  if (!action)
    return context.error(instruction,
                         "wgmma has no form '." + modifiers.peek() + "'");
  if (llvm::Error error =
          expectTarget(context, instruction, 90, /*isSpecific=*/true))
    return error;
  if (context.architecture() != 90)
    return context.error(instruction,
                         "wgmma is an instruction of sm_90a alone");
  if (*action == 0 && modifiers.peek() == "sp")
    return context.error(instruction, "sparse wgmma is not supported");
  if (*action == 0)
    return decodeMultiply(context, instruction, modifiers, result);
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  if (*action == 3)
    return decodeWait(context, instruction, result);
  if (!instruction.operands.empty())
    return context.error(instruction, "expects no operands");
  result.handler = *action == 1 ? &fenceRegisters : &commitGroup;
  return llvm::Error::success();
}

void emulator::registerWarpgroupMultiply(DecoderTable &table) {
  table.add("wgmma", decodeWgmma, 90);
}
