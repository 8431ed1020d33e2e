//===- Decoder.h - PTX instructions to handlers ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each family of instructions has a file `<Family>.cpp` with its handlers and
// decoders, and one function that registers the decoders by opcode.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_DECODER_H
#define TK_LIB_EMULATOR_DECODER_H

#include "Instruction.h"
#include "tk/Emulator/Ptx.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <optional>

namespace mlir::tk::emulator {

struct BranchTable;
struct CallDetails;

/// Reads the modifiers of an instruction in order. What nobody took is an error
/// with its text: no modifier is ignored silently.
class Modifiers {
public:
  explicit Modifiers(const PtxInstruction &instruction);

  /// Takes the next modifier if it is `name`.
  bool accept(llvm::StringRef name);
  /// Takes the next modifier if it is one of `names`; its number.
  std::optional<unsigned> acceptOneOf(llvm::ArrayRef<llvm::StringRef> names);
  std::optional<PtxType> acceptType();
  /// Takes `.v2`, `.v4` or `.v8`; the number of elements.
  std::optional<unsigned> acceptVector();
  std::optional<PtxSpace> acceptSpace();
  /// Takes the next modifier, whatever it is; empty at the end.
  llvm::StringRef peek() const;
  llvm::StringRef take();
  bool atEnd() const { return position == modifiers.size(); }

private:
  llvm::ArrayRef<llvm::StringRef> modifiers;
  size_t position = 0;
};

/// What a decoder may ask of the function that is being decoded.
class DecodeContext {
public:
  virtual ~DecodeContext();

  /// The slot of a source operand read as `type`: a register (its width must
  /// fit; 9.4.1 allows wider registers for ld/st/cvt: `mayBeWider`; then the
  /// lanes have the width of the register), an immediate converted to `type`, a
  /// special register, the address of a variable or function. Reports what is
  /// wrong. Special registers that change are read by an instruction put before
  /// this one.
  virtual llvm::Expected<Slot> source(const PtxOperand &operand, PtxType type,
                                      bool mayBeWider = false) = 0;
  /// The slot of a register that is written; a sink `_` gives a scratch slot.
  virtual llvm::Expected<Slot> destination(const PtxOperand &operand,
                                           PtxType type,
                                           bool mayBeWider = false) = 0;
  /// The slot of a predicate that is read: a register, its negation `!p`
  /// (computed before this instruction into a slot of its own) or an immediate.
  virtual llvm::Expected<Slot> predicate(const PtxOperand &operand) = 0;
  /// The slot of a predicate that is written, or a scratch slot for `_`.
  virtual llvm::Expected<Slot>
  predicateDestination(const PtxOperand &operand) = 0;
  /// Width in bits of a register operand; none for other operands.
  virtual std::optional<unsigned>
  registerWidth(const PtxOperand &operand) const = 0;
  /// An integer known now.
  virtual llvm::Expected<int64_t> constant(const PtxOperand &operand) = 0;
  /// `[base+offset]`: slot of the 64-bit (or 32-bit, zero-extended on reading:
  /// see `is32Bit`) base and the constant offset.
  struct Address {
    Slot base = noSlot;
    int64_t offset = 0;
    bool is32Bit = false;
    /// The base is a variable of this function, in local memory.
    bool isLocalVariable = false;
  };
  virtual llvm::Expected<Address> address(const PtxOperand &operand,
                                          PtxSpace space) = 0;
  /// Keeps `details` alive as long as the code.
  virtual void keep(std::shared_ptr<const void> details) = 0;
  /// Makes details of a type, kept alive as long as the code.
  template <typename T> T &makeDetails() {
    std::shared_ptr<T> details = std::make_shared<T>();
    T &result = *details;
    keep(std::move(details));
    return result;
  }
  /// A slot of `sizeInBytes` for what the instruction keeps between runs.
  virtual Slot scratch(unsigned sizeInBytes) = 0;
  /// The predicate of CC.CF, 9.7.2: one for the function.
  Slot carryFlag() {
    if (carry == noSlot)
      carry = scratch(sizeof(LaneMask));
    return carry;
  }
  /// Registers of a wgmma: its accumulators, and those that A is in.
  virtual void noteWgmma(llvm::ArrayRef<Slot> accumulators,
                         llvm::ArrayRef<Slot> fragments) = 0;
  /// Target of the module: 90 of `sm_90a`.
  virtual unsigned architecture() const = 0;
  virtual const PtxModule &module() const = 0;

  /// The code position of a label is known when all is decoded: then it becomes
  /// the `immediate` of the instruction that is being decoded.
  virtual llvm::Error branchTo(const PtxOperand &operand) = 0;
  virtual llvm::Expected<const BranchTable *>
  branchTable(const PtxOperand &operand) = 0;
  /// The operands of `call`, and what it calls. `handler` is set if that is a
  /// function of the device's library.
  virtual llvm::Expected<const CallDetails *>
  callDetails(const PtxInstruction &instruction, Instruction &result) = 0;
  /// Blocks could see in which order they run.
  virtual void setOrderVisible() = 0;
  /// The result of an access of this space depends on when it comes: blocks see
  /// their order, unless nobody else reaches the memory.
  void noteOrderedAccess(PtxSpace space) {
    if (space != PtxSpace::Shared && space != PtxSpace::Local)
      setOrderVisible();
  }
  virtual bool isEntry() const = 0;

  /// An error at this instruction: the line, the text, and `message`.
  virtual llvm::Error error(const PtxInstruction &instruction,
                            const llvm::Twine &message) = 0;

private:
  Slot carry = noSlot;
};

using Decoder = llvm::Error (*)(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result);

/// Opcode ("add", "cp", "wgmma") to decoder. Filled by the functions below;
/// built once, const afterwards. A decoder fills `operands`, `handler` and what
/// else it wants of `result`; the guard and the index are filled for it.
class DecoderTable {
public:
  /// All of them.
  static const DecoderTable &get();

  struct Entry {
    Decoder decoder;
    /// The first target that has the instruction, in every form.
    unsigned architecture;
  };

  void add(llvm::StringRef opcode, Decoder decoder, unsigned architecture = 0) {
    entries[opcode] = {decoder, architecture};
  }
  /// Null if there is none.
  const Entry *lookup(llvm::StringRef opcode) const;
  const llvm::StringMap<Entry> &all() const { return entries; }

private:
  llvm::StringMap<Entry> entries;
};

/// An error unless the target of the module is `architecture` or later;
/// `isSpecific`: unless it is sm_90a or the like of another.
llvm::Error expectTarget(DecodeContext &context,
                         const PtxInstruction &instruction,
                         unsigned architecture, bool isSpecific = false);

/// Why an opcode that PTX has is not one of ours; empty of one that PTX does
/// not have either.
llvm::StringRef findReasonAgainst(llvm::StringRef opcode);

/// The handler of instructions that have no effect here.
Step runNothing(Warp &warp, const Instruction &instruction);

void registerIntegerArithmetic(DecoderTable &table);
void registerFloatArithmetic(DecoderTable &table);
void registerConversions(DecoderTable &table);
void registerLogicAndMoves(DecoderTable &table);
void registerComparisons(DecoderTable &table);
void registerControlFlow(DecoderTable &table);
void registerMemory(DecoderTable &table);
void registerCacheHints(DecoderTable &table);
void registerLocalStack(DecoderTable &table);
void registerAtomics(DecoderTable &table);
void registerWarpOperations(DecoderTable &table);
void registerBarriers(DecoderTable &table);
void registerMbarriers(DecoderTable &table);
void registerAsyncCopies(DecoderTable &table);
void registerAsyncBulk(DecoderTable &table);
void registerTensorCopies(DecoderTable &table);
void registerTensorMapChanges(DecoderTable &table);
void registerMatrixLoads(DecoderTable &table);
void registerMatrixMultiply(DecoderTable &table);
void registerWarpgroupMultiply(DecoderTable &table);
void registerClusters(DecoderTable &table);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_DECODER_H
