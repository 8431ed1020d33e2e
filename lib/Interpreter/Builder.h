//===- Builder.h - compiling a kernel to a program ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_INTERPRETER_BUILDER_H
#define TK_LIB_INTERPRETER_BUILDER_H

#include "GridRun.h"
#include "LaneProgram.h"
#include "SharedTiles.h"
#include "TileProgram.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::tk {

/// A value of the program before it has a place in the frame.
using Register = size_t;

/// A loop over the elements of tiles (or over one element).
class ElementwiseInstruction : public TileInstruction {
public:
  ElementwiseInstruction(Operation *op, ArrayRef<size_t> slots,
                         unsigned numResults, LaneLoop loop, int64_t count,
                         ArrayRef<LaneProgram::Register> lanes)
      : TileInstruction(op, slots, numResults), loop(loop), count(count),
        lanes(lanes) {}
  void execute(ProgramInstance &instance) const override;
  const ElementwiseInstruction *getAsElementwise() const override {
    return this;
  }

  LaneLoop loop;
  int64_t count;
  /// One for each slot.
  SmallVector<LaneProgram::Register, 4> lanes;
};

/// Base of the instructions that may continue elsewhere.
class JumpInstruction : public TileInstruction {
public:
  JumpInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults)
      : TileInstruction(op, slots, numResults) {}
  void execute(ProgramInstance &instance) const override { jump(instance); }
  JumpInstruction *getAsJump() override { return this; }

  unsigned target = 0;

protected:
  void jump(ProgramInstance &instance) const {
    if (target <= number) {
      instance.hasJumpedBack = true;
      instance.loopHead = target;
    }
    instance.nextInstruction = target;
  }
};

/// What a product of tiles computes.
struct DotTraits {
  Precision precision = Precision::IEEE;
  bool lhsUnsigned = false, rhsUnsigned = false;
  RankedTensorType lhs = {}, rhs = {}, result = {};
};

class ProgramBuilder {
public:
  /// Compiles `kernel`, or emits an error at what the interpreter does not
  /// know.
  static FailureOr<std::unique_ptr<TileProgram>>
  build(FunctionOpInterface kernel);

  Register addRegister(Type type);
  Register getRegister(Value value) const { return registers.at(value); }
  /// Makes `value` another name of a register.
  void setRegister(Value value, Register reg) { registers[value] = reg; }
  /// A register that holds a constant element.
  Register addConstant(ElementKind kind, Attribute value);
  Register addConstant(ArrayRef<char> bytes);

  /// \name Registers that live as long as the program
  /// @{
  Register addWholeRegister(size_t sizeInBytes);
  /// The AsyncCopyState.
  Register getCopies() const { return *copies; }
  /// The shared memory of buffers that have a place there, of at least
  /// `sizeInBytes`.
  Register getSharedMemory(size_t sizeInBytes);
  /// @}

  std::shared_ptr<const SharedOffsets> getSharedOffsets(tkg::MemDescType type);

  /// Slots: result, lhs, rhs, accumulator.
  void emitDot(Operation *op, ArrayRef<size_t> slots, const DotTraits &traits);

  /// Gives each result of `op` a register; returns those of the results, then
  /// of the operands.
  SmallVector<size_t, 4> getSlots(Operation *op);

  template <typename T, typename... Args>
  T &emit(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
          Args &&...args) {
    auto instruction =
        std::make_unique<T>(op, slots, numResults, std::forward<Args>(args)...);
    T &result = *instruction;
    append(std::move(instruction));
    return result;
  }

private:
  ProgramBuilder() = default;

  /// Where the values go that a region yields, and the jumps to its end.
  struct RegionExit {
    SmallVector<Register> results;
    SmallVector<JumpInstruction *> jumps;
  };

  void append(std::unique_ptr<TileInstruction> instruction);
  unsigned getNextNumber() const { return program->code.size(); }
  void setTarget(JumpInstruction &jump, unsigned target);
  /// Ends a loop that starts at `head`.
  void emitJumpBack(Operation *op, unsigned head);

  LogicalResult buildArguments(FunctionOpInterface kernel);
  LogicalResult buildRegion(Region &region, ArrayRef<Register> results);
  LogicalResult buildBlocks(Region &region, RegionExit &exit);
  LogicalResult buildOps(Block &block);
  LogicalResult buildOp(Operation *op);
  LogicalResult buildTkOp(Operation *op);
  LogicalResult buildConstant(Operation *op, Attribute value);
  LogicalResult buildElementwise(Operation *op, LaneLoop loop);
  LogicalResult buildFor(Operation *op);
  LogicalResult buildWhile(Operation *op);
  LogicalResult buildIf(Operation *op);
  LogicalResult buildIndexSwitch(Operation *op);
  LogicalResult buildCall(Operation *op);
  LogicalResult buildSelect(arith::SelectOp op);
  LogicalResult buildTerminator(Operation *op, RegionExit &exit, bool isLast);
  LogicalResult buildBranch(Operation *op);
  LogicalResult checkTypes(Operation *op) const;

  SmallVector<Register> addRegisters(TypeRange types);
  /// Copies in parallel: no copy sees what another wrote.
  void emitCopies(Operation *op, ArrayRef<Register> to, ValueRange from);

  // Finishing.
  void fuseElementwise();
  void renumber(ArrayRef<unsigned> newNumbers);
  struct Interval {
    unsigned begin = ~0u, end = 0;
  };
  std::vector<Interval> computeIntervals() const;
  void assignSlots();

  std::unique_ptr<TileProgram> program = std::make_unique<TileProgram>();
  llvm::DenseMap<Value, Register> registers;
  std::vector<size_t> registerSizes;

  /// Constants, then arguments: they lie at the start of the frame.
  std::vector<Register> prologue;
  std::map<std::string, Register> constants;

  /// First and last instruction of loops: what is live at the first stays live
  /// to the last.
  std::vector<std::pair<unsigned, unsigned>> loops;
  /// First and last instruction of regions of several blocks: what is mentioned
  /// there is live throughout.
  std::vector<std::pair<unsigned, unsigned>> graphs;
  llvm::DenseSet<unsigned> targets;

  std::vector<Register> wholeRegisters;
  std::optional<Register> copies, sharedMemory;
  llvm::DenseMap<Type, std::shared_ptr<const SharedOffsets>> sharedOffsets;

  llvm::DenseMap<Block *, unsigned> blockStarts;
  SmallVector<std::pair<JumpInstruction *, Block *>> pendingBranches;
  SmallVector<Operation *> callStack;
  unsigned numInlinedCalls = 0;
};

// Each builds the instructions of one family of tk ops; see the .cpp of the
// family.
LogicalResult buildMemoryOp(ProgramBuilder &builder, Operation *op);
LogicalResult buildAtomicOp(ProgramBuilder &builder, Operation *op);
LogicalResult buildShapeOp(ProgramBuilder &builder, Operation *op);
LogicalResult buildMessageOp(ProgramBuilder &builder, Operation *op);
LogicalResult buildDot(ProgramBuilder &builder, DotOp op);
LogicalResult buildReduce(ProgramBuilder &builder, ReduceOp op);
LogicalResult buildTkgOp(ProgramBuilder &builder, Operation *op);
/// What a program with tkg ops does first.
void startTkgProgram(ProgramBuilder &builder, Operation *kernel);

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_BUILDER_H
