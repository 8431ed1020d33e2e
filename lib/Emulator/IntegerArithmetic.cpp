//===- IntegerArithmetic.cpp - integer instructions, 9.7.1 and 9.7.2 ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "IntegerArithmetic.h"
#include "LaneLoops.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// Operations that exist for several types.
enum class IntegerOp : uint8_t {
  Add,
  Subtract,
  MultiplyLow,
  MultiplyHigh,
  MultiplyWide,
  MultiplyAddLow,
  MultiplyAddHigh,
  MultiplyAddWide,
  SumAbsoluteDifference,
  Divide,
  Remainder,
  Absolute,
  Negate,
  Minimum,
  Maximum,
  MinimumRelu,
  MaximumRelu,
  FindBit,
  FindBitShift,
  ExtractBits,
  AddWithCarry,
  SubtractWithBorrow,
  MultiplyAddLowCarry,
  MultiplyAddHighCarry,
};

/// Operations with a handler of their own.
enum class WordOp : uint8_t {
  AddSaturated,
  SubtractSaturated,
  MultiplyAddHighSaturated,
  Multiply24LowS,
  Multiply24LowU,
  Multiply24HighS,
  Multiply24HighU,
  MultiplyAdd24LowS,
  MultiplyAdd24LowU,
  MultiplyAdd24HighS,
  MultiplyAdd24HighU,
  MultiplyAdd24HighSaturated,
  PopulationCount32,
  PopulationCount64,
  CountLeadingZeros32,
  CountLeadingZeros64,
  ReverseBits32,
  ReverseBits64,
  InsertBits32,
  InsertBits64,
  BitMaskClamp,
  BitMaskWrap,
  ExtendClampS,
  ExtendClampU,
  ExtendWrapS,
  ExtendWrapU,
  FindNthSet,
  Permute,
  PermuteF4E,
  PermuteB4E,
  PermuteRC8,
  PermuteECL,
  PermuteECR,
  PermuteRC16,
};

enum class DotProduct : uint8_t { Four, TwoLow, TwoHigh };

bool isSigned(PtxType type) {
  return type == PtxType::S8 || type == PtxType::S16 || type == PtxType::S32 ||
         type == PtxType::S64 || type == PtxType::S16x2;
}

} // namespace

#define TK_HANDLERS "IntegerHandlers.inc"
#include "ForEachVectorLevel.inc"

static constexpr PtxType integerTypes[] = {PtxType::U16, PtxType::S16,
                                           PtxType::U32, PtxType::S32,
                                           PtxType::U64, PtxType::S64};
static constexpr PtxType wordTypes[] = {PtxType::U32, PtxType::S32,
                                        PtxType::U64, PtxType::S64};
static constexpr PtxType types32[] = {PtxType::U32, PtxType::S32};

static PtxType twice(PtxType type) {
  switch (type) {
  case PtxType::U16:
    return PtxType::U32;
  case PtxType::S16:
    return PtxType::S32;
  case PtxType::U32:
    return PtxType::U64;
  default:
    return PtxType::S64;
  }
}

/// `f32`, `bf16x2`.
static bool isFloatType(llvm::StringRef name) {
  name.consume_front("b");
  return name.consume_front("f") && !name.empty() &&
         llvm::isDigit(name.front());
}

/// The last type among the modifiers says whether add, mul, ... are of integers
/// or of floats. Only in a wrong instruction do other modifiers follow it.
bool emulator::isFloatInstruction(const PtxInstruction &instruction) {
  for (llvm::StringRef modifier : llvm::reverse(instruction.modifiers)) {
    if (isFloatType(modifier))
      return true;
    if (parsePtxType(modifier))
      return false;
  }
  return false;
}

/// `op{.mode}.type`: decodes the type, the operands, and finds the handler.
static llvm::Error decodeTyped(DecodeContext &context,
                               const PtxInstruction &instruction,
                               Modifiers &modifiers, Instruction &result,
                               IntegerOp op, unsigned numSources,
                               llvm::ArrayRef<PtxType> allowed) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, allowed);
  if (!type)
    return type.takeError();
  llvm::SmallVector<PtxType, 3> sources(numSources, *type);
  bool isWide =
      op == IntegerOp::MultiplyWide || op == IntegerOp::MultiplyAddWide;
  if (op == IntegerOp::MultiplyAddWide)
    sources[2] = twice(*type);
  if (op == IntegerOp::ExtractBits)
    sources[1] = sources[2] = PtxType::U32;
  bool isFind = op == IntegerOp::FindBit || op == IntegerOp::FindBitShift;
  PtxType resultType = isWide ? twice(*type) : isFind ? PtxType::U32 : *type;
  bool isPacked = *type == PtxType::U16x2 || *type == PtxType::S16x2;
  result.handler = isPacked ? TK_AT_HOST_LEVEL(findPacked, op, isSigned(*type))
                            : TK_AT_HOST_LEVEL(findInteger, op, *type);
  if (!result.handler)
    return context.error(instruction,
                         "'." + getName(*type) +
                             "' is not a type of this instruction");
  return decodeOperands(context, instruction, result, resultType, sources);
}

static llvm::Error decodeWord(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Instruction &result, WordOp op,
                              PtxType resultType,
                              llvm::ArrayRef<PtxType> sources) {
  result.handler = TK_AT_HOST_LEVEL(findWord, op);
  return decodeOperands(context, instruction, result, resultType, sources);
}

/// The operands of instructions with `.cc` or `c`: the carry comes from and
/// goes to CC.CF.
static void addCarry(DecodeContext &context, Instruction &result, bool isIn,
                     bool isOut) {
  if (isIn)
    result.operands[4] = context.carryFlag();
  if (isOut)
    result.operands[5] = context.carryFlag();
}

static constexpr PtxType addTypes[] = {
    PtxType::U16, PtxType::S16, PtxType::U32,   PtxType::S32,
    PtxType::U64, PtxType::S64, PtxType::U16x2, PtxType::S16x2};

/// add, sub: `.type`, `.sat.s32`, `.cc.type`.
template <bool isSubtraction>
static llvm::Error decodeAddInteger(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("cc")) {
    addCarry(context, result, false, true);
    return decodeTyped(context, instruction, modifiers, result,
                       isSubtraction ? IntegerOp::SubtractWithBorrow
                                     : IntegerOp::AddWithCarry,
                       2, wordTypes);
  }
  if (modifiers.accept("sat")) {
    llvm::Expected<PtxType> type =
        takeType(context, instruction, modifiers, {PtxType::S32});
    if (!type)
      return type.takeError();
    return decodeWord(context, instruction, result,
                      isSubtraction ? WordOp::SubtractSaturated
                                    : WordOp::AddSaturated,
                      PtxType::S32, {PtxType::S32, PtxType::S32});
  }
  llvm::ArrayRef<PtxType> allowed = addTypes;
  return decodeTyped(context, instruction, modifiers, result,
                     isSubtraction ? IntegerOp::Subtract : IntegerOp::Add, 2,
                     isSubtraction ? allowed.drop_back(2) : allowed);
}

template <bool isSubtraction>
static llvm::Error decodeAddCarry(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  bool isOut = modifiers.accept("cc");
  addCarry(context, result, true, isOut);
  return decodeTyped(context, instruction, modifiers, result,
                     isSubtraction ? IntegerOp::SubtractWithBorrow
                                   : IntegerOp::AddWithCarry,
                     2, wordTypes);
}

static llvm::Error decodeMultiply(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> mode = modifiers.acceptOneOf({"lo", "hi", "wide"});
  if (!mode)
    return context.error(instruction,
                         "expects '.lo', '.hi' or '.wide' before the type");
  const IntegerOp ops[] = {IntegerOp::MultiplyLow, IntegerOp::MultiplyHigh,
                           IntegerOp::MultiplyWide};
  return decodeTyped(context, instruction, modifiers, result, ops[*mode], 2,
                     integerTypes);
}

static llvm::Error decodeMultiplyAdd(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers,
                                     Instruction &result) {
  std::optional<unsigned> mode = modifiers.acceptOneOf({"lo", "hi", "wide"});
  if (!mode)
    return context.error(instruction,
                         "expects '.lo', '.hi' or '.wide' before the type");
  if (*mode == 1 && modifiers.accept("sat")) {
    llvm::Expected<PtxType> type =
        takeType(context, instruction, modifiers, {PtxType::S32});
    if (!type)
      return type.takeError();
    return decodeWord(context, instruction, result,
                      WordOp::MultiplyAddHighSaturated, PtxType::S32,
                      {PtxType::S32, PtxType::S32, PtxType::S32});
  }
  bool isOut = *mode < 2 && modifiers.accept("cc");
  bool isIn = instruction.opcode == "madc";
  if (isIn || isOut) {
    if (*mode == 2)
      return context.error(instruction, "'.wide' has no carry");
    addCarry(context, result, isIn, isOut);
    return decodeTyped(context, instruction, modifiers, result,
                       *mode ? IntegerOp::MultiplyAddHighCarry
                             : IntegerOp::MultiplyAddLowCarry,
                       3, wordTypes);
  }
  const IntegerOp ops[] = {IntegerOp::MultiplyAddLow,
                           IntegerOp::MultiplyAddHigh,
                           IntegerOp::MultiplyAddWide};
  return decodeTyped(context, instruction, modifiers, result, ops[*mode], 3,
                     integerTypes);
}

/// mul24, mad24: `.lo`, `.hi`, `.hi.sat` (mad24.s32).
static llvm::Error decode24(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers, Instruction &result) {
  bool isAdd = instruction.opcode == "mad24";
  std::optional<unsigned> isHigh = modifiers.acceptOneOf({"lo", "hi"});
  if (!isHigh)
    return context.error(instruction, "expects '.lo' or '.hi' before the type");
  bool isSaturated = isAdd && *isHigh && modifiers.accept("sat");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, types32);
  if (!type)
    return type.takeError();
  bool isSignedType = isSigned(*type);
  if (isSaturated && !isSignedType)
    return context.error(instruction, "'.sat' needs the type .s32");
  static constexpr WordOp ops[2][2][2] = {
      {{WordOp::Multiply24LowU, WordOp::Multiply24LowS},
       {WordOp::Multiply24HighU, WordOp::Multiply24HighS}},
      {{WordOp::MultiplyAdd24LowU, WordOp::MultiplyAdd24LowS},
       {WordOp::MultiplyAdd24HighU, WordOp::MultiplyAdd24HighS}}};
  WordOp op = isSaturated ? WordOp::MultiplyAdd24HighSaturated
                          : ops[isAdd][*isHigh][isSignedType];
  llvm::SmallVector<PtxType, 3> sources(isAdd ? 3 : 2, *type);
  return decodeWord(context, instruction, result, op, *type, sources);
}

template <IntegerOp op, unsigned numSources>
static llvm::Error decodeSimple(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  return decodeTyped(context, instruction, modifiers, result, op, numSources,
                     integerTypes);
}

/// abs, neg.
template <IntegerOp op>
static llvm::Error decodeSigned(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  return decodeTyped(context, instruction, modifiers, result, op, 1,
                     {PtxType::S16, PtxType::S32, PtxType::S64});
}

/// min, max: `.type`, `.relu.{s32,s16x2}`.
template <IntegerOp op, IntegerOp reluOp>
static llvm::Error decodeMinMax(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("relu"))
    return decodeTyped(context, instruction, modifiers, result, reluOp, 2,
                       {PtxType::S32, PtxType::S16x2});
  // `.s32.relu` and `.s16x2.relu` are written so too.
  if (instruction.modifiers.size() > 1 &&
      instruction.modifiers.back() == "relu") {
    llvm::Error error = decodeTyped(context, instruction, modifiers, result,
                                    reluOp, 2, {PtxType::S32, PtxType::S16x2});
    modifiers.accept("relu");
    return error;
  }
  return decodeTyped(context, instruction, modifiers, result, op, 2, addTypes);
}

/// popc, clz: `.b32`, `.b64`; the result has 32 bits.
template <WordOp op32, WordOp op64, bool isSameType>
static llvm::Error decodeBits(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32, PtxType::B64});
  if (!type)
    return type.takeError();
  return decodeWord(context, instruction, result,
                    *type == PtxType::B32 ? op32 : op64,
                    isSameType ? *type : PtxType::U32, {*type});
}

static llvm::Error decodeFindBit(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  bool isShift = modifiers.accept("shiftamt");
  return decodeTyped(context, instruction, modifiers, result,
                     isShift ? IntegerOp::FindBitShift : IntegerOp::FindBit, 1,
                     wordTypes);
}

static llvm::Error decodeExtractBits(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers,
                                     Instruction &result) {
  return decodeTyped(context, instruction, modifiers, result,
                     IntegerOp::ExtractBits, 3, wordTypes);
}

static llvm::Error decodeInsertBits(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32, PtxType::B64});
  if (!type)
    return type.takeError();
  return decodeWord(context, instruction, result,
                    *type == PtxType::B32 ? WordOp::InsertBits32
                                          : WordOp::InsertBits64,
                    *type, {*type, *type, PtxType::U32, PtxType::U32});
}

/// bmsk, szext: `.clamp` or `.wrap`.
static llvm::Error decodeMaskOrExtend(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers,
                                      Instruction &result) {
  std::optional<unsigned> isWrap = modifiers.acceptOneOf({"clamp", "wrap"});
  if (!isWrap)
    return context.error(instruction,
                         "expects '.clamp' or '.wrap' before the type");
  bool isMask = instruction.opcode == "bmsk";
  llvm::Expected<PtxType> type =
      isMask ? takeType(context, instruction, modifiers, {PtxType::B32})
             : takeType(context, instruction, modifiers, types32);
  if (!type)
    return type.takeError();
  static constexpr WordOp extendOps[2][2] = {
      {WordOp::ExtendClampU, WordOp::ExtendClampS},
      {WordOp::ExtendWrapU, WordOp::ExtendWrapS}};
  WordOp op = isMask ? (*isWrap ? WordOp::BitMaskWrap : WordOp::BitMaskClamp)
                     : extendOps[*isWrap][isSigned(*type)];
  return decodeWord(context, instruction, result, op, *type,
                    {*type, PtxType::U32});
}

static llvm::Error decodeFindNthSet(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32});
  if (!type)
    return type.takeError();
  return decodeWord(context, instruction, result, WordOp::FindNthSet,
                    PtxType::B32, {PtxType::B32, PtxType::B32, PtxType::S32});
}

/// dp4a.atype.btype, dp2a.mode.atype.btype; the sum is signed if one is.
static llvm::Error decodeDotProduct(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  DotProduct kind = DotProduct::Four;
  if (instruction.opcode == "dp2a") {
    std::optional<unsigned> isHigh = modifiers.acceptOneOf({"lo", "hi"});
    if (!isHigh)
      return context.error(instruction,
                           "expects '.lo' or '.hi' before the types");
    kind = *isHigh ? DotProduct::TwoHigh : DotProduct::TwoLow;
  }
  llvm::Expected<PtxType> a =
      takeType(context, instruction, modifiers, types32);
  if (!a)
    return a.takeError();
  llvm::Expected<PtxType> b =
      takeType(context, instruction, modifiers, types32);
  if (!b)
    return b.takeError();
  result.handler =
      TK_AT_HOST_LEVEL(findDotProduct, kind, isSigned(*a), isSigned(*b));
  PtxType sum = isSigned(*a) || isSigned(*b) ? PtxType::S32 : PtxType::U32;
  return decodeOperands(context, instruction, result, sum,
                        {PtxType::B32, PtxType::B32, sum});
}

/// vabsdiff4.dtype.atype.btype{.add} d, a, b, c: nvcc compiles __vsadu4 and the
/// like to it. Without `.sat`, `.dtype` changes nothing.
static llvm::Error decodeDifferences(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers,
                                     Instruction &result) {
  bool isSignedSource[3] = {};
  for (bool &isSource : isSignedSource) {
    llvm::Expected<PtxType> type =
        takeType(context, instruction, modifiers, {PtxType::U32, PtxType::S32});
    if (!type)
      return type.takeError();
    isSource = isSigned(*type);
  }
  bool isSum = modifiers.accept("add");
  result.handler =
      TK_AT_HOST_LEVEL(findDifferences, instruction.opcode == "vabsdiff4",
                       isSignedSource[1], isSignedSource[2], isSum);
  return decodeOperands(context, instruction, result, PtxType::U32,
                        {PtxType::U32, PtxType::U32, PtxType::U32});
}

static llvm::Error decodePermute(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::B32});
  if (!type)
    return type.takeError();
  static constexpr WordOp ops[] = {WordOp::PermuteF4E, WordOp::PermuteB4E,
                                   WordOp::PermuteRC8, WordOp::PermuteECL,
                                   WordOp::PermuteECR, WordOp::PermuteRC16};
  std::optional<unsigned> mode =
      modifiers.acceptOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  return decodeWord(context, instruction, result,
                    mode ? ops[*mode] : WordOp::Permute, PtxType::B32,
                    {PtxType::B32, PtxType::B32, PtxType::B32});
}

/// Opcodes that integers share with floats go to the float decoder by type.
template <Decoder integer>
static llvm::Error decodeByType(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (isFloatInstruction(instruction))
    return decodeFloatArithmetic(context, instruction, modifiers, result);
  return integer(context, instruction, modifiers, result);
}

void emulator::registerIntegerArithmetic(DecoderTable &table) {
  table.add("add", decodeByType<decodeAddInteger<false>>);
  table.add("sub", decodeByType<decodeAddInteger<true>>);
  table.add("mul", decodeByType<decodeMultiply>);
  table.add("mad", decodeByType<decodeMultiplyAdd>);
  table.add("div", decodeByType<decodeSimple<IntegerOp::Divide, 2>>);
  table.add("abs", decodeByType<decodeSigned<IntegerOp::Absolute>>);
  table.add("neg", decodeByType<decodeSigned<IntegerOp::Negate>>);
  table.add(
      "min",
      decodeByType<decodeMinMax<IntegerOp::Minimum, IntegerOp::MinimumRelu>>);
  table.add(
      "max",
      decodeByType<decodeMinMax<IntegerOp::Maximum, IntegerOp::MaximumRelu>>);
  table.add("addc", decodeAddCarry<false>);
  table.add("subc", decodeAddCarry<true>);
  table.add("madc", decodeMultiplyAdd);
  table.add("mul24", decode24);
  table.add("mad24", decode24);
  table.add("sad", decodeSimple<IntegerOp::SumAbsoluteDifference, 3>);
  table.add("rem", decodeSimple<IntegerOp::Remainder, 2>);
  table.add(
      "popc",
      decodeBits<WordOp::PopulationCount32, WordOp::PopulationCount64, false>);
  table.add("clz", decodeBits<WordOp::CountLeadingZeros32,
                              WordOp::CountLeadingZeros64, false>);
  table.add("brev",
            decodeBits<WordOp::ReverseBits32, WordOp::ReverseBits64, true>);
  table.add("bfind", decodeFindBit);
  table.add("bfe", decodeExtractBits);
  table.add("bfi", decodeInsertBits);
  table.add("bmsk", decodeMaskOrExtend);
  table.add("szext", decodeMaskOrExtend);
  table.add("fns", decodeFindNthSet);
  table.add("dp4a", decodeDotProduct);
  table.add("dp2a", decodeDotProduct);
  table.add("vabsdiff2", decodeDifferences);
  table.add("vabsdiff4", decodeDifferences);
  table.add("prmt", decodePermute);
}
