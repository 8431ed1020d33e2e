//===- Operands.cpp - the operands of an instruction, one after the other -===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Operands.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

Error mlir::tk::emulator::expectOperands(DecodeContext &context,
                                         const PtxInstruction &instruction,
                                         size_t count) {
  if (instruction.operands.size() == count)
    return Error::success();
  return context.error(instruction,
                       "expects " + Twine(count) +
                           (count == 1 ? " operand, got " : " operands, got ") +
                           Twine(instruction.operands.size()));
}

Expected<ArrayRef<PtxOperand>>
mlir::tk::emulator::elementsOf(DecodeContext &context,
                               const PtxInstruction &instruction,
                               const PtxOperand &operand, size_t count) {
  ArrayRef<PtxOperand> elements = operand;
  if (operand.kind == PtxOperand::Kind::Vector)
    elements = operand.elements;
  if (elements.size() == count)
    return elements;
  if (count == 1)
    return context.error(instruction, "expects one register, got a vector of " +
                                          Twine(elements.size()));
  return context.error(instruction, "expects a vector of " + Twine(count) +
                                        " registers, got " +
                                        Twine(elements.size()));
}

Expected<SmallVector<Slot, 8>> mlir::tk::emulator::decodeVector(
    DecodeContext &context, const PtxInstruction &instruction,
    const PtxOperand &operand, PtxType type, size_t count, bool isDestination) {
  Expected<ArrayRef<PtxOperand>> elements =
      elementsOf(context, instruction, operand, count);
  if (!elements)
    return elements.takeError();
  SmallVector<Slot, 8> slots;
  for (const PtxOperand &element : *elements) {
    Expected<Slot> slot = isDestination ? context.destination(element, type)
                                        : context.source(element, type);
    if (!slot)
      return slot.takeError();
    slots.push_back(*slot);
  }
  return slots;
}

const PtxOperand *OperandReader::next(StringRef what) {
  if (failure)
    return nullptr;
  if (position < instruction.operands.size())
    return &instruction.operands[position++];
  keep(context.error(instruction, "operand " + Twine(position + 1) + ", " +
                                      what + ", is missing"));
  return nullptr;
}

void OperandReader::keep(Error error) {
  if (!error)
    return;
  if (failure)
    consumeError(std::move(error));
  else
    failure.emplace(std::move(error));
}

Slot OperandReader::destination(PtxType type) {
  const PtxOperand *operand = next("a register");
  return operand ? take(context.destination(*operand, type)) : noSlot;
}

Slot OperandReader::source(PtxType type) {
  const PtxOperand *operand = next("a value");
  return operand ? take(context.source(*operand, type)) : noSlot;
}

Slot OperandReader::predicate() {
  const PtxOperand *operand = next("a predicate");
  return operand ? take(context.predicate(*operand)) : noSlot;
}

Slot OperandReader::predicateDestination() {
  const PtxOperand *operand = next("a predicate");
  return operand ? take(context.predicateDestination(*operand)) : noSlot;
}

DecodeContext::Address OperandReader::address(PtxSpace space) {
  const PtxOperand *operand = next("an address");
  return operand ? take(context.address(*operand, space), {})
                 : DecodeContext::Address();
}

int64_t OperandReader::constant() {
  const PtxOperand *operand = next("a constant");
  return operand ? take(context.constant(*operand), int64_t(0)) : 0;
}

SmallVector<Slot, 8> OperandReader::vector(PtxType type, size_t count,
                                           bool isDestination) {
  const PtxOperand *operand = next("a vector");
  return operand ? take(decodeVector(context, instruction, *operand, type,
                                     count, isDestination),
                        {})
                 : SmallVector<Slot, 8>();
}

Error OperandReader::takeError() {
  return failure ? std::move(*failure) : Error::success();
}

Error OperandReader::finish() {
  if (failure)
    return takeError();
  if (numLeft())
    return context.error(instruction, "expects " + Twine(position) +
                                          " operands, got " +
                                          Twine(instruction.operands.size()));
  return Error::success();
}
