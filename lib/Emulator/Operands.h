//===- Operands.h - the operands of an instruction, one after the other ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_OPERANDS_H
#define TK_LIB_EMULATOR_OPERANDS_H

#include "Decoder.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::tk::emulator {

/// An error unless the instruction has `count` operands.
llvm::Error expectOperands(DecodeContext &context,
                           const PtxInstruction &instruction, size_t count);

/// The `count` elements of `{a, b, ...}`, or the operand alone.
llvm::Expected<llvm::ArrayRef<PtxOperand>>
elementsOf(DecodeContext &context, const PtxInstruction &instruction,
           const PtxOperand &operand, size_t count);

/// The registers of `{a, b, ...}`, or one register.
llvm::Expected<llvm::SmallVector<Slot, 8>>
decodeVector(DecodeContext &context, const PtxInstruction &instruction,
             const PtxOperand &operand, PtxType type, size_t count,
             bool isDestination);

/// Reads operands in order, and keeps the first mistake for `finish`: what
/// follows a mistake gives empty slots.
class OperandReader {
public:
  OperandReader(DecodeContext &context, const PtxInstruction &instruction)
      : context(context), instruction(instruction) {}
  /// There are to be `count` operands.
  OperandReader(DecodeContext &context, const PtxInstruction &instruction,
                size_t count)
      : OperandReader(context, instruction) {
    keep(expectOperands(context, instruction, count));
  }

  Slot destination(PtxType type);
  Slot source(PtxType type);
  Slot predicate();
  Slot predicateDestination();
  DecodeContext::Address address(PtxSpace space);
  int64_t constant();
  llvm::SmallVector<Slot, 8> vector(PtxType type, size_t count,
                                    bool isDestination);

  /// An operand of another form; null after a mistake. `what` is for messages.
  const PtxOperand *next(llvm::StringRef what);
  void keep(llvm::Error error);
  /// A slot found otherwise.
  Slot take(llvm::Expected<Slot> slot) { return take(std::move(slot), noSlot); }
  size_t numLeft() const { return instruction.operands.size() - position; }
  /// The first mistake so far.
  llvm::Error takeError();
  /// The first mistake, or that operands are left.
  llvm::Error finish();

private:
  template <typename T> T take(llvm::Expected<T> value, T absent) {
    if (value)
      return std::move(*value);
    keep(value.takeError());
    return absent;
  }

  DecodeContext &context;
  const PtxInstruction &instruction;
  size_t position = 0;
  std::optional<llvm::Error> failure;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_OPERANDS_H
