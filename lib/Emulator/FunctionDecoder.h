//===- FunctionDecoder.h - registers, constants and code of a function ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_FUNCTIONDECODER_H
#define TK_LIB_EMULATOR_FUNCTIONDECODER_H

#include "Decoder.h"
#include "Function.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <map>

namespace mlir::tk::emulator {

/// A register that has a slot.
struct Register {
  Slot slot = noSlot;
  PtxType type = PtxType::B32;
};

/// What a name stands for.
struct Symbol {
  enum class Kind {
    None,
    Register,
    Special,
    GlobalVariable,
    SharedVariable,
    LocalVariable,
    EntryParameter,
    Function
  };
  Kind kind = Kind::None;
  PtxSpace space = PtxSpace::Generic;
  Register reg;
  SpecialRegisterInfo special = {SpecialRegister::Zero, 32};
  /// Address, offset in the frame or number.
  uint64_t value = 0;
  /// Of a local variable.
  uint64_t sizeInBytes = 0;
};

/// Gives the names of a function slots (FunctionDeclarations.cpp), and decodes
/// its instructions (FunctionDecoder.cpp).
class FunctionDecoder : public DecodeContext {
public:
  FunctionDecoder(Program &program, DeviceMemory &memory, uint32_t number);
  llvm::Error decode();

  llvm::Expected<Slot> source(const PtxOperand &operand, PtxType type,
                              bool mayBeWider) override;
  llvm::Expected<Slot> destination(const PtxOperand &operand, PtxType type,
                                   bool mayBeWider) override;
  llvm::Expected<Slot> predicate(const PtxOperand &operand) override;
  llvm::Expected<Slot> predicateDestination(const PtxOperand &operand) override;
  std::optional<unsigned>
  registerWidth(const PtxOperand &operand) const override;
  llvm::Expected<int64_t> constant(const PtxOperand &operand) override;
  llvm::Expected<Address> address(const PtxOperand &operand,
                                  PtxSpace space) override;
  void keep(std::shared_ptr<const void> details) override {
    result.details.push_back(std::move(details));
  }
  Slot scratch(unsigned sizeInBytes) override { return allocate(sizeInBytes); }
  unsigned architecture() const override { return ptx.architecture; }
  const PtxModule &module() const override { return ptx; }
  llvm::Error branchTo(const PtxOperand &operand) override;
  llvm::Expected<const BranchTable *>
  branchTable(const PtxOperand &operand) override;
  llvm::Expected<const CallDetails *>
  callDetails(const PtxInstruction &instruction, Instruction &decoded) override;
  void noteWgmma(llvm::ArrayRef<Slot> accumulators,
                 llvm::ArrayRef<Slot> fragments) override;
  void setOrderVisible() override { result.isOrderVisible = true; }
  bool isEntry() const override { return syntax.isEntry; }
  llvm::Error error(const PtxInstruction &instruction,
                    const llvm::Twine &message) override {
    return ptx.error(instruction.location, message);
  }

private:
  /// What a call must fit.
  struct Signature {
    llvm::ArrayRef<PtxVariable> results, parameters;
  };

  // Declarations.
  llvm::Error declareScopes();
  llvm::Error declareVariable(const PtxVariable &variable, uint32_t scope);
  llvm::Error declareParameters();
  ParameterPlace placeParameter(const PtxVariable &variable, bool isVisible);
  /// Places it after all variables, whose total size is final then.
  void placeUnsizedParameter();

  // Names.
  Symbol lookup(llvm::StringRef name);
  Symbol lookupRegister(uint32_t scope, llvm::StringRef name);
  std::optional<uint32_t> lookupLabel(llvm::StringRef name) const;
  std::optional<Signature> lookupSignature(llvm::StringRef name) const;
  bool isVectorRegister(llvm::StringRef name, unsigned &length) const;

  // Slots.
  Slot allocate(unsigned sizeInBytes);
  Slot constantSlot(uint64_t bits, unsigned bitWidth);
  Slot relocatedSlot(const Relocation &relocation);
  Slot addressSlot(const Symbol &symbol, uint64_t addend, unsigned bitWidth,
                   bool isGeneric);
  llvm::Expected<Slot> specialSlot(const PtxOperand &operand,
                                   SpecialRegisterInfo info, unsigned bitWidth);
  llvm::Expected<uint64_t> immediateBits(const PtxOperand &operand,
                                         PtxType type) const;
  Slot scratchFor(unsigned bitWidth);

  llvm::Error decodeInstruction(const PtxInstruction &instruction,
                                uint32_t index);
  /// A register that the instruction reads or writes.
  Slot note(const Register &reg, bool isDestination);
  void findWgmmaUses();
  void addHelper(Instruction helper);
  llvm::Error finishBranches();
  void expandVectorRegisters(PtxInstruction &instruction) const;
  llvm::Error addArguments(const PtxInstruction &instruction,
                           llvm::ArrayRef<PtxOperand> operands,
                           llvm::ArrayRef<PtxVariable> formals, bool areResults,
                           std::vector<ParameterPlace> &places);
  /// An error if a register of the type `declared` cannot be used as `type`;
  /// `access` is "reads" or "writes".
  llvm::Error checkType(const PtxOperand &operand, PtxType declared,
                        PtxType type, bool mayBeWider, llvm::StringRef access);
  llvm::Error errorAt(const PtxOperand &operand, const llvm::Twine &message) {
    return ptx.error(operand.location, message);
  }

  Program &program;
  const PtxModule &ptx;
  DeviceMemory &memory;
  const PtxFunction &syntax;
  DecodedFunction &result;
  const PtxInstruction *current = nullptr;

  using ScopedName = std::pair<uint32_t, llvm::StringRef>;
  llvm::DenseMap<ScopedName, Register> registers;
  llvm::DenseMap<ScopedName, Symbol> variables;
  /// Declared, by scope and name (of a range: its prefix).
  llvm::DenseMap<ScopedName, const PtxRegisters *> single, ranges;
  bool hasVectorRegisters = false;

  llvm::DenseMap<std::pair<uint64_t, unsigned>, Slot> constants;
  std::map<std::tuple<unsigned, unsigned, bool, uint64_t, uint64_t>, Slot>
      relocated;
  std::map<unsigned, Slot> scratchSlots;
  /// Where the code of each PTX instruction begins.
  std::vector<uint32_t> codeBegin;
  /// Code positions of branches, whose immediate is an index still.
  std::vector<uint32_t> branches;
  std::vector<std::shared_ptr<BranchTable>> tables;
  /// Registers of 32 bits that the instruction uses, and those of instructions
  /// before it; only if the function has a wgmma.
  WgmmaUse uses;
  llvm::DenseMap<uint32_t, WgmmaUse> allUses;
  bool hasWgmma = false;
  llvm::DenseSet<Slot> accumulators, fragments;
  bool isBranch = false;
  uint32_t branchTarget = 0;
};

/// Bytes of 32 lanes. A predicate is a LaneMask.
inline unsigned slotSize(unsigned bitWidth) {
  if (bitWidth == 1)
    return sizeof(LaneMask);
  return numLanes * ((bitWidth + 7) / 8);
}

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_FUNCTIONDECODER_H
