//===- LaneLoops.cpp - what the lane-by-lane families share ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LaneLoops.h"
#include "Operands.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

llvm::Error emulator::decodeOperands(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Instruction &result, PtxType resultType,
                                     llvm::ArrayRef<PtxType> sourceTypes) {
  OperandReader operands(context, instruction, sourceTypes.size() + 1);
  result.operands[0] = operands.destination(resultType);
  for (auto [i, type] : llvm::enumerate(sourceTypes))
    result.operands[i + 1] = operands.source(type);
  return operands.finish();
}

llvm::Expected<PtxType> emulator::takeType(DecodeContext &context,
                                           const PtxInstruction &instruction,
                                           Modifiers &modifiers,
                                           llvm::ArrayRef<PtxType> allowed) {
  std::string list;
  for (PtxType type : allowed) {
    if (modifiers.accept(getName(type)))
      return type;
    list += (list.empty() ? "." : ", .") + getName(type).str();
  }
  llvm::StringRef found = modifiers.peek();
  return context.error(instruction,
                       "expects one of the types " + list +
                           (found.empty() ? llvm::Twine(" at the end")
                                          : ", got '." + found + "'"));
}
