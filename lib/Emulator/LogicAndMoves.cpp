//===- LogicAndMoves.cpp - 9.7.6, 9.7.8 and mov ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LaneLoops.h"
#include "Operands.h"
#include "llvm/Support/ErrorHandling.h"
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

enum class LogicOp : uint8_t {
  And,
  Or,
  Xor,
  Not,
  CNot,
  Copy,
  ShiftLeft,
  ShiftRight,
  ShiftRightSigned,
};

enum class SelectOp : uint8_t { ByPredicate, BySign, ByFloat, ByFloatFlushed };

} // namespace

#define TK_HANDLERS "LogicHandlers.inc"
#include "ForEachVectorLevel.inc"

static constexpr PtxType bitTypes[] = {PtxType::B16, PtxType::B32,
                                       PtxType::B64};
static constexpr PtxType selectTypes[] = {
    PtxType::B16, PtxType::B32, PtxType::B64, PtxType::U16,
    PtxType::U32, PtxType::U64, PtxType::S16, PtxType::S32,
    PtxType::S64, PtxType::F32, PtxType::F64};

//===----------------------------------------------------------------------===//
// Predicates as operands
//===----------------------------------------------------------------------===//

/// 0 and, 1 or, 2 xor, 3 not, 4 copy; of LaneMasks.
template <unsigned op>
static Step onPredicates(Warp &warp, const Instruction &instruction) {
  LaneMask a = warp.predicate(instruction.operands[1]);
  LaneMask b = op < 3 ? warp.predicate(instruction.operands[2]) : 0;
  LaneMask value = op == 0   ? a & b
                   : op == 1 ? a | b
                   : op == 2 ? a ^ b
                   : op == 3 ? ~a
                             : a;
  LaneMask &result = warp.predicate(instruction.operands[0]);
  result = (result & ~warp.mask) | (value & warp.mask);
  return Step::Next;
}

static llvm::Error decodePredicates(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Instruction &result, Handler handler,
                                    unsigned numSources) {
  result.handler = handler;
  OperandReader operands(context, instruction, numSources + 1);
  result.operands[0] = operands.predicateDestination();
  for (unsigned i = 1; i <= numSources; ++i)
    result.operands[i] = operands.predicate();
  return operands.finish();
}

//===----------------------------------------------------------------------===//
// Logic and shifts
//===----------------------------------------------------------------------===//

/// and, or, xor, not, cnot: `.pred`, `.b16`, `.b32`, `.b64`.
template <LogicOp op, unsigned numSources>
static llvm::Error decodeLogic(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  if (op != LogicOp::CNot && modifiers.accept("pred"))
    return decodePredicates(context, instruction, result,
                            &onPredicates<static_cast<unsigned>(op)>,
                            numSources);
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, bitTypes);
  if (!type)
    return type.takeError();
  result.handler = TK_AT_HOST_LEVEL(findLogic, op, getBitWidth(*type));
  llvm::SmallVector<PtxType, 2> sources(numSources, *type);
  return decodeOperands(context, instruction, result, *type, sources);
}

static llvm::Error decodeShift(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result) {
  static constexpr PtxType rightTypes[] = {
      PtxType::B16, PtxType::B32, PtxType::B64, PtxType::U16, PtxType::U32,
      PtxType::U64, PtxType::S16, PtxType::S32, PtxType::S64};
  bool isLeft = instruction.opcode == "shl";
  llvm::Expected<PtxType> type =
      isLeft ? takeType(context, instruction, modifiers, bitTypes)
             : takeType(context, instruction, modifiers, rightTypes);
  if (!type)
    return type.takeError();
  bool isSigned = getName(*type).starts_with("s");
  LogicOp op = isLeft     ? LogicOp::ShiftLeft
               : isSigned ? LogicOp::ShiftRightSigned
                          : LogicOp::ShiftRight;
  result.handler = TK_AT_HOST_LEVEL(findLogic, op, getBitWidth(*type));
  return decodeOperands(context, instruction, result, *type,
                        {*type, PtxType::U32});
}

static llvm::Error decodeFunnelShift(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers,
                                     Instruction &result) {
  std::optional<unsigned> isRight = modifiers.acceptOneOf({"l", "r"});
  std::optional<unsigned> isWrap;
  if (isRight)
    isWrap = modifiers.acceptOneOf({"clamp", "wrap"});
  if (!isWrap)
    return context.error(instruction,
                         "expects '.l' or '.r', then '.clamp' or '.wrap'");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32});
  if (!type)
    return type.takeError();
  result.handler = TK_AT_HOST_LEVEL(findFunnelShift, !*isRight, !*isWrap);
  return decodeOperands(context, instruction, result, *type,
                        {*type, *type, PtxType::U32});
}

/// lop3.b32 d, a, b, c, table; and lop3.{and,or}.b32 d|p, a, b, c, table, q.
static Step lookup3WithPredicate(Warp &warp, const Instruction &instruction) {
  // The word result is in operand 0; whether it is not zero, combined with q
  // (operand 5), goes to operand 4. flags: 1 for `.or`.
  Instruction words = instruction;
  TK_AT_HOST_LEVEL(findLookup3, )(warp, words);
  const uint32_t *values = warp.lanes<const uint32_t>(instruction.operands[0]);
  LaneMask isSet = 0;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    isSet |= LaneMask(values[lane] != 0) << lane;
  LaneMask q = warp.predicate(instruction.operands[5]);
  LaneMask value = instruction.flags ? isSet | q : isSet & q;
  LaneMask &result = warp.predicate(instruction.operands[4]);
  result = (result & ~warp.mask) | (value & warp.mask);
  return Step::Next;
}

static llvm::Error decodeLookup3(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> combine = modifiers.acceptOneOf({"and", "or"});
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32});
  if (!type)
    return type.takeError();
  if (llvm::Error error = expectOperands(context, instruction, combine ? 6 : 5))
    return error;
  llvm::Expected<int64_t> table = context.constant(instruction.operands[4]);
  if (!table)
    return table.takeError();
  if (*table < 0 || *table > 255)
    return context.error(instruction, "expects a table from 0 to 255, got " +
                                          llvm::Twine(*table));
  result.immediate = *table;
  PtxInstruction plain = instruction;
  plain.operands.resize(4);
  if (!combine) {
    result.handler = TK_AT_HOST_LEVEL(findLookup3, );
    return decodeOperands(context, plain, result, *type, {*type, *type, *type});
  }
  const PtxOperand &pair = instruction.operands[0];
  if (pair.kind != PtxOperand::Kind::Pair)
    return context.error(instruction, "expects a result 'd|p'");
  llvm::Expected<Slot> q = context.predicate(instruction.operands[5]);
  if (!q)
    return q.takeError();
  llvm::Expected<Slot> p = context.predicateDestination(pair.elements[1]);
  if (!p)
    return p.takeError();
  result.operands[4] = *p;
  result.operands[5] = *q;
  result.flags = *combine == 1;
  result.handler = &lookup3WithPredicate;
  plain.operands[0] = pair.elements[0];
  return decodeOperands(context, plain, result, *type, {*type, *type, *type});
}

//===----------------------------------------------------------------------===//
// Selection
//===----------------------------------------------------------------------===//

static llvm::Error decodeSelect(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, selectTypes);
  if (!type)
    return type.takeError();
  result.handler =
      TK_AT_HOST_LEVEL(findSelect, SelectOp::ByPredicate, getBitWidth(*type));
  OperandReader operands(context, instruction, 4);
  result.operands[0] = operands.destination(*type);
  result.operands[1] = operands.source(*type);
  result.operands[2] = operands.source(*type);
  result.operands[3] = operands.predicate();
  return operands.finish();
}

/// slct{.ftz}.type.{s32,f32}.
static llvm::Error decodeSelectBySign(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers,
                                      Instruction &result) {
  bool flushes = modifiers.accept("ftz");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, selectTypes);
  if (!type)
    return type.takeError();
  llvm::Expected<PtxType> sign =
      takeType(context, instruction, modifiers, {PtxType::S32, PtxType::F32});
  if (!sign)
    return sign.takeError();
  if (flushes && *sign != PtxType::F32)
    return context.error(instruction, "'.ftz' needs a third operand of .f32");
  SelectOp op = *sign == PtxType::S32 ? SelectOp::BySign
                : flushes             ? SelectOp::ByFloatFlushed
                                      : SelectOp::ByFloat;
  result.handler = TK_AT_HOST_LEVEL(findSelect, op, getBitWidth(*type));
  return decodeOperands(context, instruction, result, *type,
                        {*type, *type, *sign});
}

//===----------------------------------------------------------------------===//
// mov
//===----------------------------------------------------------------------===//

/// `mov.b32 d, {a, b}` and `mov.b32 {a, b}, d`: the first part is lowest.
static llvm::Error decodeVectorMove(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Instruction &result, PtxType type) {
  static constexpr PtxType partTypes[] = {PtxType::B8, PtxType::B16,
                                          PtxType::B32, PtxType::B64};
  bool isUnpack = instruction.operands[0].kind == PtxOperand::Kind::Vector;
  const PtxOperand &vector = instruction.operands[isUnpack ? 0 : 1];
  const PtxOperand &whole = instruction.operands[isUnpack ? 1 : 0];
  size_t count = vector.elements.size();
  unsigned width = getBitWidth(type);
  std::optional<PtxType> partType;
  for (PtxType candidate : partTypes)
    if (getBitWidth(candidate) * count == width)
      partType = candidate;
  Handler handler = partType ? TK_AT_HOST_LEVEL(findPack, isUnpack, width,
                                                getBitWidth(*partType))
                             : nullptr;
  if (!handler)
    return context.error(instruction, "a vector of " + llvm::Twine(count) +
                                          " does not divide ." + getName(type));
  result.handler = handler;
  llvm::Expected<Slot> wholeSlot =
      isUnpack ? context.source(whole, type) : context.destination(whole, type);
  if (!wholeSlot)
    return wholeSlot.takeError();
  result.operands[isUnpack ? count : 0] = *wholeSlot;
  for (size_t i = 0; i < count; ++i) {
    const PtxOperand &part = vector.elements[i];
    if (isUnpack && part.kind == PtxOperand::Kind::Sink)
      continue;
    llvm::Expected<Slot> slot = isUnpack ? context.destination(part, *partType)
                                         : context.source(part, *partType);
    if (!slot)
      return slot.takeError();
    result.operands[isUnpack ? i : i + 1] = *slot;
  }
  return llvm::Error::success();
}

static llvm::Error decodeMove(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("pred"))
    return decodePredicates(context, instruction, result, &onPredicates<4>, 1);
  static constexpr PtxType types[] = {
      PtxType::B16, PtxType::B32, PtxType::B64, PtxType::B128,
      PtxType::U16, PtxType::U32, PtxType::U64, PtxType::S16,
      PtxType::S32, PtxType::S64, PtxType::F32, PtxType::F64};
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, types);
  if (!type)
    return type.takeError();
  for (const PtxOperand &operand : instruction.operands)
    if (operand.kind == PtxOperand::Kind::Vector &&
        instruction.operands.size() == 2)
      return decodeVectorMove(context, instruction, result, *type);
  result.handler =
      *type == PtxType::B128
          ? TK_AT_HOST_LEVEL(findMove128, )
          : TK_AT_HOST_LEVEL(findLogic, LogicOp::Copy, getBitWidth(*type));
  return decodeOperands(context, instruction, result, *type, {*type});
}

bool emulator::isCopy(const Instruction &instruction) {
  static const Handler copy = TK_AT_HOST_LEVEL(findLogic, LogicOp::Copy, 32);
  return instruction.handler == copy;
}

void emulator::registerLogicAndMoves(DecoderTable &table) {
  table.add("and", decodeLogic<LogicOp::And, 2>);
  table.add("or", decodeLogic<LogicOp::Or, 2>);
  table.add("xor", decodeLogic<LogicOp::Xor, 2>);
  table.add("not", decodeLogic<LogicOp::Not, 1>);
  table.add("cnot", decodeLogic<LogicOp::CNot, 1>);
  table.add("shl", decodeShift);
  table.add("shr", decodeShift);
  table.add("shf", decodeFunnelShift);
  table.add("lop3", decodeLookup3);
  table.add("selp", decodeSelect);
  table.add("slct", decodeSelectBySign);
  table.add("mov", decodeMove);
}
