//===- Comparisons.cpp - set and setp, 9.7.6 and 9.7.7 --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LaneLoops.h"
#include "Operands.h"
#include "SoftFloat.h"
#include "llvm/Support/ErrorHandling.h"
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// In the order of `operatorNames`. Those of integers come first; the unordered
/// ones are true of NaN.
enum class Comparison : uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  EqualUnordered,
  NotEqualUnordered,
  LessUnordered,
  LessEqualUnordered,
  GreaterUnordered,
  GreaterEqualUnordered,
  Numbers,
  NaN,
};

/// How the operands are read.
enum class CompareType : uint8_t {
  U16,
  S16,
  U32,
  S32,
  U64,
  S64,
  F32,
  F32Flushed,
  F64,
  F16,
  F16Flushed,
  BF16,
  F16x2,
  F16x2Flushed,
  BF16x2,
};

/// What is done with the outcome.
enum class BooleanOp : uint8_t { None, And, Or, Xor };

/// Of `set`: what true is.
enum class TrueValue : uint8_t { AllOnes, OneF32, OneF16, OneBF16 };

/// The masks of lanes for which a comparison holds; two if packed.
using CompareFunction = void (*)(Warp &warp, const Instruction &instruction,
                                 LaneMask &low, LaneMask &high);

/// flags of the instruction: BooleanOp in the lowest two bits, then
/// TrueValue.
struct CompareDetails {
  CompareFunction compare = nullptr;
  BooleanOp combine = BooleanOp::None;
  TrueValue trueValue = TrueValue::AllOnes;
  bool isPacked = false;
  /// Of the result of `set`.
  unsigned resultWidth = 32;
  Slot condition = noSlot;
  /// The result q of `p|q`.
  Slot second = noSlot;
};

} // namespace

#define TK_HANDLERS "ComparisonHandlers.inc"
#include "ForEachVectorLevel.inc"

static LaneMask combine(BooleanOp op, LaneMask value, LaneMask condition) {
  switch (op) {
  case BooleanOp::None:
    return value;
  case BooleanOp::And:
    return value & condition;
  case BooleanOp::Or:
    return value | condition;
  case BooleanOp::Xor:
    return value ^ condition;
  }
  llvm_unreachable("every operation has its case");
}

static void assign(Warp &warp, Slot slot, LaneMask value) {
  LaneMask &result = warp.predicate(slot);
  result = (result & ~warp.mask) | (value & warp.mask);
}

/// Operand 0 is p; details->second is q, which gets the negated comparison, or
/// for packed operands the comparison of the upper halves.
static Step setPredicate(Warp &warp, const Instruction &instruction) {
  const CompareDetails &details =
      *static_cast<const CompareDetails *>(instruction.details);
  LaneMask low = 0, high = 0;
  details.compare(warp, instruction, low, high);
  LaneMask condition =
      details.condition == noSlot ? 0 : warp.predicate(details.condition);
  assign(warp, instruction.operands[0],
         combine(details.combine, low, condition));
  if (details.second != noSlot)
    assign(warp, details.second,
           combine(details.combine, details.isPacked ? high : ~low, condition));
  return Step::Next;
}

/// The commonest form has no more than p, a and b: details->compare alone.
static Step setPlainPredicate(Warp &warp, const Instruction &instruction) {
  const CompareDetails &details =
      *static_cast<const CompareDetails *>(instruction.details);
  LaneMask low = 0, high = 0;
  details.compare(warp, instruction, low, high);
  assign(warp, instruction.operands[0], low);
  return Step::Next;
}

static uint32_t bitsOfTrue(TrueValue value) {
  switch (value) {
  case TrueValue::AllOnes:
    return ~0u;
  case TrueValue::OneF32:
    return 0x3F800000;
  case TrueValue::OneF16:
    return 0x3C00;
  case TrueValue::OneBF16:
    return 0x3F80;
  }
  llvm_unreachable("every value has its case");
}

static Step setValue(Warp &warp, const Instruction &instruction) {
  const CompareDetails &details =
      *static_cast<const CompareDetails *>(instruction.details);
  LaneMask low = 0, high = 0;
  details.compare(warp, instruction, low, high);
  LaneMask condition =
      details.condition == noSlot ? 0 : warp.predicate(details.condition);
  low = combine(details.combine, low, condition);
  high = combine(details.combine, high, condition);
  uint32_t whenTrue = bitsOfTrue(details.trueValue);
  Slot slot = instruction.operands[0];
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint32_t value = low >> lane & 1 ? whenTrue : 0;
    if (details.isPacked)
      value = (value & 0xFFFF) | (high >> lane & 1 ? whenTrue << 16 : 0);
    if (details.resultWidth == 16)
      warp.lanes<uint16_t>(slot)[lane] = static_cast<uint16_t>(value);
    else
      warp.lanes<uint32_t>(slot)[lane] = value;
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static constexpr llvm::StringRef operatorNames[] = {
    "eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
    "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

static constexpr PtxType sourceTypes[] = {
    PtxType::B16, PtxType::B32, PtxType::B64,  PtxType::U16,   PtxType::U32,
    PtxType::U64, PtxType::S16, PtxType::S32,  PtxType::S64,   PtxType::F32,
    PtxType::F64, PtxType::F16, PtxType::BF16, PtxType::F16x2, PtxType::BF16x2};

/// The comparison of a type; lo, ls, hi and hs are other names for unsigned
/// types.
static std::optional<Comparison> takeComparison(Modifiers &modifiers) {
  if (std::optional<unsigned> alias =
          modifiers.acceptOneOf({"lo", "ls", "hi", "hs"}))
    return static_cast<Comparison>(static_cast<unsigned>(Comparison::Less) +
                                   *alias);
  if (std::optional<unsigned> number = modifiers.acceptOneOf(operatorNames))
    return static_cast<Comparison>(*number);
  return std::nullopt;
}

static CompareType compareType(PtxType type, bool flushes) {
  switch (type) {
  case PtxType::B16:
  case PtxType::U16:
    return CompareType::U16;
  case PtxType::S16:
    return CompareType::S16;
  case PtxType::B32:
  case PtxType::U32:
    return CompareType::U32;
  case PtxType::S32:
    return CompareType::S32;
  case PtxType::B64:
  case PtxType::U64:
    return CompareType::U64;
  case PtxType::S64:
    return CompareType::S64;
  case PtxType::F32:
    return flushes ? CompareType::F32Flushed : CompareType::F32;
  case PtxType::F64:
    return CompareType::F64;
  case PtxType::F16:
    return flushes ? CompareType::F16Flushed : CompareType::F16;
  case PtxType::BF16:
    return CompareType::BF16;
  case PtxType::F16x2:
    return flushes ? CompareType::F16x2Flushed : CompareType::F16x2;
  default:
    return CompareType::BF16x2;
  }
}

namespace {
/// What set and setp have in common: the operator, the boolean operator and
/// `.ftz`.
struct CompareHead {
  Comparison comparison;
  /// `lo`, `ls`, `hi` or `hs`.
  bool isUnsignedName;
  BooleanOp combine;
  bool flushes;
};
} // namespace

static llvm::Expected<CompareHead> takeHead(DecodeContext &context,
                                            const PtxInstruction &instruction,
                                            Modifiers &modifiers) {
  bool isUnsignedName =
      llvm::is_contained({"lo", "ls", "hi", "hs"}, modifiers.peek());
  std::optional<Comparison> comparison = takeComparison(modifiers);
  if (!comparison)
    return context.error(instruction, "'." + modifiers.peek() +
                                          "' is not a comparison operator");
  CompareHead head{*comparison, isUnsignedName, BooleanOp::None, false};
  if (std::optional<unsigned> op = modifiers.acceptOneOf({"and", "or", "xor"}))
    head.combine = static_cast<BooleanOp>(*op + 1);
  head.flushes = modifiers.accept("ftz");
  return head;
}

/// The sources a, b and, with a boolean operator, the condition c.
static llvm::Error decodeSources(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Instruction &result, CompareDetails &details,
                                 const CompareHead &head, PtxType type) {
  size_t expected = head.combine == BooleanOp::None ? 3 : 4;
  if (llvm::Error error = expectOperands(context, instruction, expected))
    return error;
  if (head.flushes && type != PtxType::F32 && type != PtxType::F16 &&
      type != PtxType::F16x2)
    return context.error(instruction, "'.ftz' does not fit ." + getName(type));
  if (!isFloat(type) && head.comparison > Comparison::GreaterEqual)
    return context.error(instruction, "this operator compares floats, got ." +
                                          getName(type));
  llvm::StringRef typeName = getName(type);
  if (head.isUnsignedName && !typeName.starts_with("u"))
    return context.error(instruction,
                         "this operator compares unsigned numbers, got ." +
                             typeName);
  if (typeName.starts_with("b") && !isFloat(type) &&
      head.comparison > Comparison::NotEqual)
    return context.error(instruction,
                         "'." + typeName + "' has '.eq' and '.ne' alone");
  for (unsigned i = 1; i <= 2; ++i) {
    llvm::Expected<Slot> source = context.source(instruction.operands[i], type);
    if (!source)
      return source.takeError();
    result.operands[i] = *source;
  }
  if (expected == 4) {
    llvm::Expected<Slot> condition = context.predicate(instruction.operands[3]);
    if (!condition)
      return condition.takeError();
    details.condition = *condition;
  }
  details.combine = head.combine;
  details.isPacked = type == PtxType::F16x2 || type == PtxType::BF16x2;
  details.compare = TK_AT_HOST_LEVEL(findComparison, head.comparison,
                                     compareType(type, head.flushes));
  result.details = &details;
  return llvm::Error::success();
}

static llvm::Error decodeSetPredicate(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers,
                                      Instruction &result) {
  llvm::Expected<CompareHead> head = takeHead(context, instruction, modifiers);
  if (!head)
    return head.takeError();
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, sourceTypes);
  if (!type)
    return type.takeError();
  CompareDetails &details = context.makeDetails<CompareDetails>();
  if (llvm::Error error =
          decodeSources(context, instruction, result, details, *head, *type))
    return error;
  const PtxOperand &destination = instruction.operands[0];
  bool isPair = destination.kind == PtxOperand::Kind::Pair;
  if (isPair && (*type == PtxType::F16 || *type == PtxType::BF16))
    return context.error(instruction,
                         "'." + getName(*type) + "' sets one predicate");
  llvm::Expected<Slot> first = context.predicateDestination(
      isPair ? destination.elements[0] : destination);
  if (!first)
    return first.takeError();
  result.operands[0] = *first;
  if (isPair) {
    llvm::Expected<Slot> second =
        context.predicateDestination(destination.elements[1]);
    if (!second)
      return second.takeError();
    details.second = *second;
  }
  bool isPlain = !isPair && head->combine == BooleanOp::None;
  result.handler = isPlain ? &setPlainPredicate : &setPredicate;
  return llvm::Error::success();
}

/// 9.7.6.1 and 9.7.7.1: which results `set` has of which operands.
static bool fitsSet(PtxType result, PtxType type) {
  switch (type) {
  case PtxType::F16:
    return result != PtxType::F32 && result != PtxType::F16x2 &&
           result != PtxType::BF16x2;
  case PtxType::BF16:
    return result == PtxType::BF16 || isInteger(result);
  case PtxType::F16x2:
  case PtxType::BF16x2:
    return result == type || result == PtxType::U32 || result == PtxType::S32;
  default:
    return getBitWidth(result) == 32
               ? result != PtxType::F16x2 && result != PtxType::BF16x2
               : isFloat(result);
  }
}

/// set.op{.bool}{.ftz}.dtype.stype.
static llvm::Error decodeSetValue(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  static constexpr PtxType resultTypes[] = {
      PtxType::U32,    PtxType::S32,  PtxType::F32,
      PtxType::F16,    PtxType::BF16, PtxType::F16x2,
      PtxType::BF16x2, PtxType::U16,  PtxType::S16};
  llvm::Expected<CompareHead> head = takeHead(context, instruction, modifiers);
  if (!head)
    return head.takeError();
  llvm::Expected<PtxType> resultType =
      takeType(context, instruction, modifiers, resultTypes);
  if (!resultType)
    return resultType.takeError();
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, sourceTypes);
  if (!type)
    return type.takeError();
  if (!fitsSet(*resultType, *type))
    return context.error(instruction, "there is no result ." +
                                          getName(*resultType) +
                                          " of comparing ." + getName(*type));
  CompareDetails &details = context.makeDetails<CompareDetails>();
  if (llvm::Error error =
          decodeSources(context, instruction, result, details, *head, *type))
    return error;
  switch (*resultType) {
  case PtxType::F32:
    details.trueValue = TrueValue::OneF32;
    break;
  case PtxType::F16:
  case PtxType::F16x2:
    details.trueValue = TrueValue::OneF16;
    break;
  case PtxType::BF16:
  case PtxType::BF16x2:
    details.trueValue = TrueValue::OneBF16;
    break;
  default:
    break;
  }
  details.resultWidth = getBitWidth(*resultType);
  llvm::Expected<Slot> destination =
      context.destination(instruction.operands[0], *resultType);
  if (!destination)
    return destination.takeError();
  result.operands[0] = *destination;
  result.handler = &setValue;
  return llvm::Error::success();
}

void emulator::registerComparisons(DecoderTable &table) {
  table.add("setp", decodeSetPredicate);
  table.add("set", decodeSetValue);
}
