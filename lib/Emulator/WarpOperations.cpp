//===- WarpOperations.cpp - shfl, vote, match, redux, elect, activemask ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.6 (shfl.sync), 9.7.13.9 to 9.7.13.14 and bar.warp.sync.
//
//===----------------------------------------------------------------------===//

#include "Collective.h"
#include "Operands.h"
#include "llvm/ADT/bit.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

template <typename Body> static void forEach(LaneMask lanes, Body &&body) {
  for (; lanes; lanes &= lanes - 1)
    body(static_cast<unsigned>(__builtin_ctz(lanes)));
}

//===----------------------------------------------------------------------===//
// shfl
//===----------------------------------------------------------------------===//

namespace {
enum class ShuffleMode : uint8_t { Up, Down, Butterfly, Index };
} // namespace

/// Operands: d, p or none, a, b, c, member mask. The pseudocode of the ISA.
static void performShuffle(const Participants &lanes) {
  std::array<uint32_t, numLanes> values = {};
  std::array<bool, numLanes> inRange = {};
  forEach(lanes.lanes, [&](unsigned lane) {
    auto mode = static_cast<ShuffleMode>(lanes.instruction(lane).flags);
    uint32_t b = lanes.value<uint32_t>(lane, 3);
    uint32_t c = lanes.value<uint32_t>(lane, 4);
    uint32_t segment = c >> 8 & 31, clamp = c & 31;
    int distance = b & 31;
    int self = static_cast<int>(lane);
    int most = (lane & segment) | (clamp & ~segment);
    int least = lane & segment;
    int from = self;
    bool holds = false;
    switch (mode) {
    case ShuffleMode::Up:
      from = self - distance;
      holds = from >= most;
      break;
    case ShuffleMode::Down:
      from = self + distance;
      holds = from <= most;
      break;
    case ShuffleMode::Butterfly:
      from = self ^ distance;
      holds = from <= most;
      break;
    case ShuffleMode::Index:
      from = least | (distance & ~static_cast<int>(segment) & 31);
      holds = from <= most;
      break;
    }
    if (!holds)
      from = self;
    // What a lane outside of the members holds is undefined: we take our own.
    if (!lanes.has(static_cast<unsigned>(from)))
      from = self;
    values[lane] = lanes.value<uint32_t>(static_cast<unsigned>(from), 2);
    inRange[lane] = holds;
  });
  forEach(lanes.lanes, [&](unsigned lane) {
    lanes.value<uint32_t>(lane, 0) = values[lane];
    if (lanes.instruction(lane).operands[1] != noSlot)
      lanes.setPredicate(lane, 1, inRange[lane]);
  });
}

static Step runShuffle(Warp &warp, const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[5],
                       performShuffle);
}

//===----------------------------------------------------------------------===//
// vote, match, redux, elect, activemask, bar.warp.sync
//===----------------------------------------------------------------------===//

namespace {
enum class VoteMode : uint8_t { All, Any, Uni, Ballot };
enum class ReduceMode : uint8_t { Add, Min, Max, And, Or, Xor };
} // namespace

/// Operands: d, predicate, member mask.
static void performVote(const Participants &lanes) {
  LaneMask holds = 0;
  forEach(lanes.lanes, [&](unsigned lane) {
    if (lanes.predicate(lane, 1))
      holds |= LaneMask(1) << lane;
  });
  forEach(lanes.lanes, [&](unsigned lane) {
    switch (static_cast<VoteMode>(lanes.instruction(lane).flags)) {
    case VoteMode::All:
      return lanes.setPredicate(lane, 0, holds == lanes.lanes);
    case VoteMode::Any:
      return lanes.setPredicate(lane, 0, holds != 0);
    case VoteMode::Uni:
      return lanes.setPredicate(lane, 0, !holds || holds == lanes.lanes);
    case VoteMode::Ballot:
      lanes.value<uint32_t>(lane, 0) = holds;
    }
  });
}

static Step runVote(Warp &warp, const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[2], performVote);
}

/// Operands: d, predicate or none, a, member mask. `count`: bits of a; flags:
/// 1 of match.all.
template <typename T> static void performMatch(const Participants &lanes) {
  std::array<LaneMask, numLanes> same = {};
  forEach(lanes.lanes, [&](unsigned lane) {
    forEach(lanes.lanes, [&](unsigned other) {
      if (lanes.value<T>(lane, 2) == lanes.value<T>(other, 2))
        same[lane] |= LaneMask(1) << other;
    });
  });
  forEach(lanes.lanes, [&](unsigned lane) {
    bool isAll = lanes.instruction(lane).flags;
    bool holds = same[lane] == lanes.lanes;
    lanes.value<uint32_t>(lane, 0) = isAll && !holds ? 0 : same[lane];
    if (lanes.instruction(lane).operands[1] != noSlot)
      lanes.setPredicate(lane, 1, holds);
  });
}

static Step runMatch(Warp &warp, const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[3],
                       instruction.count == 64 ? performMatch<uint64_t>
                                               : performMatch<uint32_t>);
}

/// Operands: d, a, member mask. `count`: 1 if signed.
static void performReduction(const Participants &lanes) {
  uint32_t result = 0;
  bool isFirst = true;
  forEach(lanes.lanes, [&](unsigned lane) {
    const Instruction &instruction = lanes.instruction(lane);
    uint32_t a = lanes.value<uint32_t>(lane, 1);
    if (isFirst) {
      result = a;
      isFirst = false;
      return;
    }
    bool isLess = instruction.count
                      ? static_cast<int32_t>(a) < static_cast<int32_t>(result)
                      : a < result;
    switch (static_cast<ReduceMode>(instruction.flags)) {
    case ReduceMode::Add:
      result += a;
      break;
    case ReduceMode::Min:
      result = isLess ? a : result;
      break;
    case ReduceMode::Max:
      result = isLess ? result : a;
      break;
    case ReduceMode::And:
      result &= a;
      break;
    case ReduceMode::Or:
      result |= a;
      break;
    case ReduceMode::Xor:
      result ^= a;
      break;
    }
  });
  forEach(lanes.lanes,
          [&](unsigned lane) { lanes.value<uint32_t>(lane, 0) = result; });
}

static Step runReduction(Warp &warp, const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[2],
                       performReduction);
}

/// Operands: d, predicate, member mask. The leader is the lowest lane.
static void performElect(const Participants &lanes) {
  unsigned leader = __builtin_ctz(lanes.lanes);
  forEach(lanes.lanes, [&](unsigned lane) {
    lanes.value<uint32_t>(lane, 0) = leader;
    lanes.setPredicate(lane, 1, lane == leader);
  });
}

static Step runElect(Warp &warp, const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[2],
                       performElect);
}

static Step runActiveMask(Warp &warp, const Instruction &instruction) {
  uint32_t *to = warp.lanes<uint32_t>(instruction.operands[0]);
  LaneMask mask = warp.mask;
  forEach(mask, [&](unsigned lane) { to[lane] = mask; });
  return Step::Next;
}

static void performWarpBarrier(const Participants &lanes) {
  if (lanes.warp.checker)
    lanes.warp.checker->synchronizeLanes(lanes.warp.place(
        lanes.instruction(__builtin_ctz(lanes.lanes)), lanes.lanes));
}

Step mlir::tk::emulator::runWarpBarrier(Warp &warp,
                                        const Instruction &instruction) {
  return runCollective(warp, instruction, instruction.operands[0],
                       performWarpBarrier);
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// Reads `d` or `d|p` into operands 0 and 1.
static void readPair(DecodeContext &context, OperandReader &operands,
                     Instruction &result) {
  const PtxOperand *operand = operands.next("a register");
  if (!operand)
    return;
  const PtxOperand *value = operand;
  if (operand->kind == PtxOperand::Kind::Pair) {
    value = &operand->elements[0];
    result.operands[1] =
        operands.take(context.predicateDestination(operand->elements[1]));
  }
  result.operands[0] = operands.take(context.destination(*value, PtxType::B32));
}

static llvm::Error decodeShfl(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("sync"))
    return context.error(instruction, "expects 'shfl.sync': without member "
                                      "mask it is gone since sm_70");
  std::optional<unsigned> mode =
      modifiers.acceptOneOf({"up", "down", "bfly", "idx"});
  if (!mode || !modifiers.accept("b32"))
    return context.error(instruction,
                         "expects '.up', '.down', '.bfly' or '.idx', and "
                         "'.b32'");
  OperandReader operands(context, instruction, 5);
  readPair(context, operands, result);
  for (unsigned i = 2; i < 6; ++i)
    result.operands[i] = operands.source(PtxType::B32);
  result.flags = static_cast<uint8_t>(*mode);
  result.handler = runShuffle;
  return operands.finish();
}

static llvm::Error decodeVote(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("sync"))
    return context.error(instruction, "expects 'vote.sync': without member "
                                      "mask it is gone since sm_70");
  std::optional<unsigned> mode =
      modifiers.acceptOneOf({"all", "any", "uni", "ballot"});
  bool isBallot = mode == static_cast<unsigned>(VoteMode::Ballot);
  if (!mode || !modifiers.accept(isBallot ? "b32" : "pred"))
    return context.error(instruction, "expects '.all.pred', '.any.pred', "
                                      "'.uni.pred' or '.ballot.b32'");
  OperandReader operands(context, instruction, 3);
  result.operands[0] = isBallot ? operands.destination(PtxType::B32)
                                : operands.predicateDestination();
  result.operands[1] = operands.predicate();
  result.operands[2] = operands.source(PtxType::B32);
  result.flags = static_cast<uint8_t>(*mode);
  result.handler = runVote;
  return operands.finish();
}

static llvm::Error decodeMatch(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> mode = modifiers.acceptOneOf({"any", "all"});
  if (!mode || !modifiers.accept("sync"))
    return context.error(instruction,
                         "expects 'match.any.sync' or 'match.all.sync'");
  std::optional<PtxType> type = modifiers.acceptType();
  if (type != PtxType::B32 && type != PtxType::B64)
    return context.error(instruction, "expects '.b32' or '.b64'");
  OperandReader operands(context, instruction, 3);
  readPair(context, operands, result);
  if (*mode == 0 && result.operands[1] != noSlot)
    operands.keep(context.error(instruction, "'match.any' has no predicate"));
  result.operands[2] = operands.source(*type);
  result.operands[3] = operands.source(PtxType::B32);
  result.flags = static_cast<uint8_t>(*mode);
  result.count = getBitWidth(*type);
  result.handler = runMatch;
  return operands.finish();
}

static llvm::Error decodeRedux(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("sync"))
    return context.error(instruction, "expects 'redux.sync'");
  std::optional<unsigned> mode =
      modifiers.acceptOneOf({"add", "min", "max", "and", "or", "xor"});
  std::optional<PtxType> type = modifiers.acceptType();
  bool isBitwise = mode && *mode >= static_cast<unsigned>(ReduceMode::And);
  bool isKnown = isBitwise ? type == PtxType::B32
                           : type == PtxType::U32 || type == PtxType::S32;
  if (!mode || !isKnown)
    return context.error(instruction, "expects '.add', '.min' or '.max' of "
                                      "'.u32' or '.s32', or '.and', '.or' or "
                                      "'.xor' of '.b32'");
  OperandReader operands(context, instruction, 3);
  result.operands[0] = operands.destination(PtxType::B32);
  result.operands[1] = operands.source(PtxType::B32);
  result.operands[2] = operands.source(PtxType::B32);
  result.flags = static_cast<uint8_t>(*mode);
  result.count = type == PtxType::S32;
  result.handler = runReduction;
  return operands.finish();
}

static llvm::Error decodeElect(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("sync"))
    return context.error(instruction, "expects 'elect.sync'");
  OperandReader operands(context, instruction, 2);
  readPair(context, operands, result);
  if (result.operands[1] == noSlot)
    operands.keep(context.error(instruction, "expects 'd|p'"));
  result.operands[2] = operands.source(PtxType::B32);
  result.handler = runElect;
  return operands.finish();
}

static llvm::Error decodeActivemask(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("b32"))
    return context.error(instruction, "expects 'activemask.b32'");
  OperandReader operands(context, instruction, 1);
  result.operands[0] = operands.destination(PtxType::B32);
  result.handler = runActiveMask;
  return operands.finish();
}

void mlir::tk::emulator::registerWarpOperations(DecoderTable &table) {
  table.add("shfl", decodeShfl);
  table.add("vote", decodeVote);
  table.add("match", decodeMatch);
  table.add("redux", decodeRedux, 80);
  table.add("elect", decodeElect, 90);
  table.add("activemask", decodeActivemask);
}
