//===- FloatArithmetic.cpp - float instructions, 9.7.3 to 9.7.5 -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are bit-exact. NaN results of f32, f16 and bf16 are the canonical
// 0x7FFFFFFF and 0x7FFF (9.7.3); f64 keeps the payload of an operand.
//
//===----------------------------------------------------------------------===//

#include "Approximations.h"
#include "IntegerArithmetic.h"
#include "LaneLoops.h"
#include "Operands.h"
#include "SoftFloat.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

enum class FloatOp : uint8_t {
  Add,
  Subtract,
  Multiply,
  FusedMultiplyAdd,
  Divide,
  Reciprocal,
  SquareRoot,
};
enum class Clamp : uint8_t { None, Saturate, Relu };
enum class ExtremeOp : uint8_t { Minimum, Maximum };
enum class SignOp : uint8_t { Absolute, Negate };
enum class FloatKind : uint8_t { F32, F64, F16, BF16 };

} // namespace

#define TK_HANDLERS "FloatHandlers.inc"
#include "ForEachVectorLevel.inc"

//===----------------------------------------------------------------------===//
// f64 with directed rounding, lane by lane
//===----------------------------------------------------------------------===//

template <FloatOp op>
static Unpacked compute(Unpacked a, Unpacked b, Unpacked c, Rounding rounding) {
  switch (op) {
  case FloatOp::Add:
    return add(a, b, rounding);
  case FloatOp::Subtract:
    return add(a, negate(b), rounding);
  case FloatOp::Multiply:
    return multiply(a, b);
  case FloatOp::FusedMultiplyAdd:
    return add(multiply(a, b), c, rounding);
  case FloatOp::Divide:
    return divide(a, b);
  case FloatOp::Reciprocal:
    return divide(fromUnsigned(1), a);
  case FloatOp::SquareRoot:
    return squareRoot(a);
  }
  llvm_unreachable("every operation has its case");
}

/// The quiet NaN that an f64 operation passes on, as measured: that of b, else
/// of c, else of a; division prefers a.
static bool propagateNaN(FloatOp op, const uint64_t *operands, unsigned count,
                         uint64_t &result) {
  static constexpr unsigned order[] = {1, 2, 0}, divisionOrder[] = {0, 1, 2};
  for (unsigned i : op == FloatOp::Divide ? divisionOrder : order) {
    if (i >= count ||
        (operands[i] & ~formatF64.signBit()) <= formatF64.infinity())
      continue;
    result = operands[i] | uint64_t(1) << 51;
    return true;
  }
  return false;
}

template <FloatOp op, unsigned numSources>
static Step computeDouble(Warp &warp, const Instruction &instruction) {
  RoundOptions options;
  options.rounding = static_cast<Rounding>(instruction.flags);
  uint64_t *result = warp.lanes<uint64_t>(instruction.operands[0]);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = static_cast<unsigned>(__builtin_ctz(rest));
    uint64_t operands[3] = {};
    Unpacked values[3];
    for (unsigned i = 0; i < numSources; ++i) {
      operands[i] =
          warp.lanes<const uint64_t>(instruction.operands[i + 1])[lane];
      values[i] = unpack(formatF64, operands[i], false);
    }
    if (propagateNaN(op, operands, numSources, result[lane]))
      continue;
    result[lane] =
        round(formatF64,
              compute<op>(values[0], values[1], values[2], options.rounding),
              options);
  }
  return Step::Next;
}

static Handler findDirectedDouble(FloatOp op) {
  switch (op) {
  case FloatOp::Add:
    return &computeDouble<FloatOp::Add, 2>;
  case FloatOp::Subtract:
    return &computeDouble<FloatOp::Subtract, 2>;
  case FloatOp::Multiply:
    return &computeDouble<FloatOp::Multiply, 2>;
  case FloatOp::FusedMultiplyAdd:
    return &computeDouble<FloatOp::FusedMultiplyAdd, 3>;
  case FloatOp::Divide:
    return &computeDouble<FloatOp::Divide, 2>;
  case FloatOp::Reciprocal:
    return &computeDouble<FloatOp::Reciprocal, 1>;
  case FloatOp::SquareRoot:
    return &computeDouble<FloatOp::SquareRoot, 1>;
  }
  llvm_unreachable("every operation has its case");
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

static bool isPackedType(PtxType type) {
  return type == PtxType::F16x2 || type == PtxType::BF16x2;
}
static bool isBrainType(PtxType type) {
  return type == PtxType::BF16 || type == PtxType::BF16x2;
}
static FloatKind kindOf(PtxType type) {
  if (type == PtxType::F32)
    return FloatKind::F32;
  if (type == PtxType::F64)
    return FloatKind::F64;
  return isBrainType(type) ? FloatKind::BF16 : FloatKind::F16;
}

static std::optional<Rounding> takeRounding(Modifiers &modifiers) {
  static constexpr Rounding roundings[] = {Rounding::NearestEven,
                                           Rounding::TowardZero, Rounding::Down,
                                           Rounding::Up};
  if (std::optional<unsigned> number =
          modifiers.acceptOneOf({"rn", "rz", "rm", "rp"}))
    return roundings[*number];
  return std::nullopt;
}

static constexpr PtxType floatTypes[] = {PtxType::F32,  PtxType::F64,
                                         PtxType::F16,  PtxType::F16x2,
                                         PtxType::BF16, PtxType::BF16x2};
static constexpr PtxType wideTypes[] = {PtxType::F32, PtxType::F64};

namespace {
struct FloatModifiers {
  std::optional<Rounding> rounding;
  bool flushes = false;
  bool saturates = false;
  bool isRelu = false;
  PtxType type = PtxType::F32;
};
} // namespace

/// Whether the modifiers fit the type; the rules of all arithmetic.
static llvm::Error checkModifiers(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  const FloatModifiers &modifiers) {
  PtxType type = modifiers.type;
  bool isNarrow = getBitWidth(type) == 16 || isPackedType(type);
  if (isNarrow && modifiers.rounding.value_or(Rounding::NearestEven) !=
                      Rounding::NearestEven)
    return context.error(instruction,
                         "." + getName(type) + " rounds with '.rn' alone");
  if (modifiers.flushes && (type == PtxType::F64 || isBrainType(type)))
    return context.error(instruction, "'.ftz' does not fit ." + getName(type));
  if (modifiers.saturates && (type == PtxType::F64 || isBrainType(type)))
    return context.error(instruction, "'.sat' does not fit ." + getName(type));
  if (modifiers.isRelu && !isNarrow)
    return context.error(instruction, "'.relu' does not fit ." + getName(type));
  return llvm::Error::success();
}

static Handler findArithmetic(FloatOp op, const FloatModifiers &modifiers) {
  Rounding rounding = modifiers.rounding.value_or(Rounding::NearestEven);
  if (modifiers.type == PtxType::F32)
    return TK_AT_HOST_LEVEL(findSingle, op, rounding, modifiers.flushes,
                            modifiers.saturates);
  if (modifiers.type == PtxType::F64)
    return rounding == Rounding::NearestEven ? TK_AT_HOST_LEVEL(findDouble, op)
                                             : findDirectedDouble(op);
  Clamp clamp = modifiers.isRelu      ? Clamp::Relu
                : modifiers.saturates ? Clamp::Saturate
                                      : Clamp::None;
  return TK_AT_HOST_LEVEL(findHalf, op, isBrainType(modifiers.type),
                          modifiers.flushes, clamp,
                          isPackedType(modifiers.type));
}

/// op{.rnd}{.ftz}{.sat|.relu}.type
static llvm::Error decodeRounded(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result,
                                 FloatOp op, unsigned numSources,
                                 bool needsRounding,
                                 llvm::ArrayRef<PtxType> allowed) {
  FloatModifiers parts;
  parts.rounding = takeRounding(modifiers);
  if (needsRounding && !parts.rounding)
    return context.error(instruction,
                         "expects '.rn', '.rz', '.rm' or '.rp', got '." +
                             modifiers.peek() + "'");
  parts.flushes = modifiers.accept("ftz");
  parts.saturates = op != FloatOp::Divide && modifiers.accept("sat");
  parts.isRelu = op == FloatOp::FusedMultiplyAdd && !parts.saturates &&
                 modifiers.accept("relu");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, allowed);
  if (!type)
    return type.takeError();
  parts.type = *type;
  if (llvm::Error error = checkModifiers(context, instruction, parts))
    return error;
  result.handler = findArithmetic(op, parts);
  result.flags =
      static_cast<uint8_t>(parts.rounding.value_or(Rounding::NearestEven));
  llvm::SmallVector<PtxType, 3> sources(numSources, *type);
  return decodeOperands(context, instruction, result, *type, sources);
}

/// min and max: {.ftz}{.NaN}{.xorsign.abs}.type
static llvm::Error decodeExtreme(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  bool flushes = modifiers.accept("ftz");
  bool keepsNaN = modifiers.accept("NaN");
  bool isXorSign = modifiers.accept("xorsign");
  if (isXorSign && !modifiers.accept("abs"))
    return context.error(instruction, "expects '.abs' after '.xorsign'");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, floatTypes);
  if (!type)
    return type.takeError();
  if (*type == PtxType::F64 && (flushes || keepsNaN || isXorSign))
    return context.error(instruction, ".f64 takes no modifiers here");
  if (flushes && isBrainType(*type))
    return context.error(instruction, "'.ftz' does not fit ." + getName(*type));
  ExtremeOp op =
      instruction.opcode == "min" ? ExtremeOp::Minimum : ExtremeOp::Maximum;
  result.handler = TK_AT_HOST_LEVEL(findExtreme, op, kindOf(*type), flushes,
                                    keepsNaN, isXorSign, isPackedType(*type));
  return decodeOperands(context, instruction, result, *type, {*type, *type});
}

static llvm::Error decodeSign(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  bool flushes = modifiers.accept("ftz");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, floatTypes);
  if (!type)
    return type.takeError();
  if (flushes && (*type == PtxType::F64 || isBrainType(*type)))
    return context.error(instruction, "'.ftz' does not fit ." + getName(*type));
  SignOp op = instruction.opcode == "abs" ? SignOp::Absolute : SignOp::Negate;
  result.handler = TK_AT_HOST_LEVEL(findSign, op, kindOf(*type), flushes,
                                    isPackedType(*type));
  return decodeOperands(context, instruction, result, *type, {*type});
}

static llvm::Error decodeDivide(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (std::optional<unsigned> isFull =
          modifiers.acceptOneOf({"approx", "full"}))
    return decodeApproximateDivide(context, instruction, modifiers, result,
                                   *isFull);
  return decodeRounded(context, instruction, modifiers, result, FloatOp::Divide,
                       2, true, wideTypes);
}

llvm::Error emulator::decodeFloatArithmetic(DecodeContext &context,
                                            const PtxInstruction &instruction,
                                            Modifiers &modifiers,
                                            Instruction &result) {
  llvm::StringRef opcode = instruction.opcode;
  if (opcode == "add" || opcode == "sub" || opcode == "mul") {
    FloatOp op = opcode == "add"   ? FloatOp::Add
                 : opcode == "sub" ? FloatOp::Subtract
                                   : FloatOp::Multiply;
    return decodeRounded(context, instruction, modifiers, result, op, 2, false,
                         floatTypes);
  }
  if (opcode == "mad" || opcode == "fma")
    return decodeRounded(context, instruction, modifiers, result,
                         FloatOp::FusedMultiplyAdd, 3, true,
                         opcode == "mad" ? llvm::ArrayRef<PtxType>(wideTypes)
                                         : floatTypes);
  if (opcode == "div")
    return decodeDivide(context, instruction, modifiers, result);
  if (opcode == "min" || opcode == "max")
    return decodeExtreme(context, instruction, modifiers, result);
  return decodeSign(context, instruction, modifiers, result);
}

/// rcp, sqrt: .approx goes to Approximations.cpp.
template <FloatOp op>
static llvm::Error decodeRoot(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  if (modifiers.peek() == "approx")
    return decodeApproximation(context, instruction, modifiers, result);
  return decodeRounded(context, instruction, modifiers, result, op, 1, true,
                       wideTypes);
}

static llvm::Error decodeCopySign(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, wideTypes);
  if (!type)
    return type.takeError();
  result.handler = TK_AT_HOST_LEVEL(findCopySign, *type == PtxType::F64);
  return decodeOperands(context, instruction, result, *type, {*type, *type});
}

//===----------------------------------------------------------------------===//
// testp
//===----------------------------------------------------------------------===//

namespace {
enum class FloatTest : uint8_t {
  Finite,
  Infinite,
  Number,
  NotANumber,
  Normal,
  Subnormal,
};
} // namespace

template <typename T> static bool holds(FloatTest test, T bits) {
  constexpr T infinity = sizeof(T) == 4 ? T(0x7F800000) : T(0x7FF0000000000000);
  constexpr T smallestNormal = infinity & ~(infinity - 1);
  T magnitude = bits & ~(T(1) << (8 * sizeof(T) - 1));
  switch (test) {
  case FloatTest::Finite:
    return magnitude < infinity;
  case FloatTest::Infinite:
    return magnitude == infinity;
  case FloatTest::Number:
    return magnitude <= infinity;
  case FloatTest::NotANumber:
    return magnitude > infinity;
  case FloatTest::Normal:
    // As measured, zero is normal.
    return (magnitude >= smallestNormal || !magnitude) && magnitude < infinity;
  case FloatTest::Subnormal:
    return magnitude && magnitude < smallestNormal;
  }
  llvm_unreachable("every test has its case");
}

template <typename T>
static Step testProperty(Warp &warp, const Instruction &instruction) {
  const T *source = warp.lanes<const T>(instruction.operands[1]);
  LaneMask value = 0;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    value |=
        LaneMask(holds(static_cast<FloatTest>(instruction.flags), source[lane]))
        << lane;
  LaneMask &result = warp.predicate(instruction.operands[0]);
  result = (result & ~warp.mask) | (value & warp.mask);
  return Step::Next;
}

static llvm::Error decodeTest(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> test = modifiers.acceptOneOf(
      {"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  if (!test)
    return context.error(instruction, "'." + modifiers.peek() +
                                          "' is not a property to test");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, wideTypes);
  if (!type)
    return type.takeError();
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.predicateDestination();
  result.operands[1] = operands.source(*type);
  result.flags = static_cast<uint8_t>(*test);
  result.handler =
      *type == PtxType::F64 ? &testProperty<uint64_t> : &testProperty<uint32_t>;
  return llvm::Error::success();
}

void emulator::registerFloatArithmetic(DecoderTable &table) {
  table.add("fma", decodeFloatArithmetic);
  table.add("rcp", decodeRoot<FloatOp::Reciprocal>);
  table.add("sqrt", decodeRoot<FloatOp::SquareRoot>);
  table.add("copysign", decodeCopySign);
  table.add("testp", decodeTest);
  table.add("rsqrt", decodeApproximation);
  table.add("ex2", decodeApproximation);
  table.add("lg2", decodeApproximation);
  table.add("sin", decodeApproximation);
  table.add("cos", decodeApproximation);
  table.add("tanh", decodeApproximation);
}
