//===- Decoder.cpp - modifiers, and all decoders by opcode ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Decoder.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

Modifiers::Modifiers(const PtxInstruction &instruction)
    : modifiers(instruction.modifiers) {}

llvm::StringRef Modifiers::peek() const {
  return atEnd() ? llvm::StringRef() : modifiers[position];
}

llvm::StringRef Modifiers::take() {
  return atEnd() ? llvm::StringRef() : modifiers[position++];
}

bool Modifiers::accept(llvm::StringRef name) {
  if (atEnd() || modifiers[position] != name)
    return false;
  ++position;
  return true;
}

std::optional<unsigned>
Modifiers::acceptOneOf(llvm::ArrayRef<llvm::StringRef> names) {
  for (size_t i = 0; i < names.size(); ++i)
    if (accept(names[i]))
      return static_cast<unsigned>(i);
  return std::nullopt;
}

std::optional<PtxType> Modifiers::acceptType() {
  std::optional<PtxType> type = parsePtxType(peek());
  if (type)
    ++position;
  return type;
}

std::optional<PtxSpace> Modifiers::acceptSpace() {
  std::optional<PtxSpace> space = parsePtxSpace(peek());
  if (space)
    ++position;
  return space;
}

DecodeContext::~DecodeContext() = default;

static DecoderTable makeTable() {
  DecoderTable table;
  registerIntegerArithmetic(table);
  registerFloatArithmetic(table);
  registerConversions(table);
  registerLogicAndMoves(table);
  registerComparisons(table);
  registerControlFlow(table);
  registerMemory(table);
  registerMbarriers(table);
  registerAsyncCopies(table);
  registerClusters(table);
  registerTensorMapChanges(table);
  registerMatrixLoads(table);
  registerMatrixMultiply(table);
  registerWarpgroupMultiply(table);
  registerAtomics(table);
  registerWarpOperations(table);
  registerBarriers(table);
  return table;
}

const DecoderTable &DecoderTable::get() {
  static const DecoderTable table = makeTable();
  return table;
}
