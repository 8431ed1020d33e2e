//===- Approximations.cpp - instructions with `.approx` -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The PTX ISA bounds the error of these and leaves the bits open. We give
// nearly the correctly rounded value; test/Emulator compares with what a GPU
// gave, within the documented bound.
//
//===----------------------------------------------------------------------===//

#include "Approximations.h"
#include "LaneLoops.h"
#include "SoftFloat.h"
#include "llvm/Support/ErrorHandling.h"
#include <cmath>
#include <utility>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

/// In the order of `opcodes`; then the two divisions.
enum class Function : uint8_t {
  Exp2,
  Log2,
  Reciprocal,
  ReciprocalSquareRoot,
  SquareRoot,
  Sine,
  Cosine,
  Tanh,
  Divide,
  DivideFull,
};

} // namespace

#define TK_HANDLERS "ApproximationHandlers.inc"
#include "ForEachVectorLevel.inc"

static Function functionOf(llvm::StringRef opcode) {
  static constexpr llvm::StringRef opcodes[] = {"ex2",  "lg2", "rcp", "rsqrt",
                                                "sqrt", "sin", "cos", "tanh"};
  for (unsigned i = 0; i < std::size(opcodes); ++i)
    if (opcodes[i] == opcode)
      return static_cast<Function>(i);
  llvm_unreachable("these opcodes are registered");
}

/// Types of a function besides f32, in which `.ftz` may stand.
static llvm::SmallVector<PtxType, 6> typesOf(Function function) {
  switch (function) {
  case Function::Exp2:
  case Function::Tanh:
    return {PtxType::F32, PtxType::F16, PtxType::F16x2, PtxType::BF16,
            PtxType::BF16x2};
  case Function::Reciprocal:
  case Function::ReciprocalSquareRoot:
    return {PtxType::F32, PtxType::F64};
  default:
    return {PtxType::F32};
  }
}

/// ex2 of bf16 always flushes; nothing else narrow does, nor does tanh.
static bool flushFits(Function function, PtxType type, bool flushes) {
  if (type == PtxType::F32)
    return !(flushes && function == Function::Tanh);
  if (type == PtxType::F64)
    return flushes || function == Function::ReciprocalSquareRoot;
  bool isBrain = type == PtxType::BF16 || type == PtxType::BF16x2;
  return flushes == (isBrain && function == Function::Exp2);
}

llvm::Error emulator::decodeApproximation(DecodeContext &context,
                                          const PtxInstruction &instruction,
                                          Modifiers &modifiers,
                                          Instruction &result) {
  Function function = functionOf(instruction.opcode);
  if (!modifiers.accept("approx"))
    return context.error(instruction, "expects '.approx' after '" +
                                          instruction.opcode + "'");
  bool flushes = modifiers.accept("ftz");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, typesOf(function));
  if (!type)
    return type.takeError();
  if (!flushFits(function, *type, flushes))
    return context.error(instruction, "." + getName(*type) +
                                          (flushes ? " takes no '.ftz' here"
                                                   : " needs '.ftz' here"));
  bool isPacked = *type == PtxType::F16x2 || *type == PtxType::BF16x2;
  bool isBrain = *type == PtxType::BF16 || *type == PtxType::BF16x2;
  if (*type == PtxType::F32)
    result.handler = TK_AT_HOST_LEVEL(findApproximation, function, flushes);
  else if (*type == PtxType::F64)
    result.handler = TK_AT_HOST_LEVEL(findDouble, function, flushes);
  else
    result.handler = TK_AT_HOST_LEVEL(findNarrow, function == Function::Tanh,
                                      isBrain, flushes, isPacked);
  return decodeOperands(context, instruction, result, *type, {*type});
}

llvm::Error emulator::decodeApproximateDivide(DecodeContext &context,
                                              const PtxInstruction &instruction,
                                              Modifiers &modifiers,
                                              Instruction &result,
                                              bool isFull) {
  bool flushes = modifiers.accept("ftz");
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::F32});
  if (!type)
    return type.takeError();
  result.handler = TK_AT_HOST_LEVEL(
      findApproximation, isFull ? Function::DivideFull : Function::Divide,
      flushes);
  return decodeOperands(context, instruction, result, *type, {*type, *type});
}
