//===- TileProgram.h - a kernel as a linear list of tile instructions -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A kernel is compiled once. Structured control flow becomes jumps, so that a
// running program is a frame and an instruction number, and can be suspended
// between any two instructions.

#ifndef TK_LIB_INTERPRETER_TILEPROGRAM_H
#define TK_LIB_INTERPRETER_TILEPROGRAM_H

#include "Values.h"
#include "llvm/ADT/DenseMap.h"
#include <array>
#include <memory>
#include <vector>

namespace mlir::tk {

class ElementwiseInstruction;
class ProgramInstance;
class JumpInstruction;
struct GridRun;

/// One step of a program. `slots` are the places of the results, then of the
/// operands: registers while the program is built, afterwards offsets in the
/// frame, in bytes.
class TileInstruction {
public:
  TileInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults)
      : op(op), slots(slots), numResults(numResults) {}
  virtual ~TileInstruction();

  virtual void execute(ProgramInstance &instance) const = 0;

  // What the program builder changes after the fact.
  virtual const ElementwiseInstruction *getAsElementwise() const {
    return nullptr;
  }
  virtual JumpInstruction *getAsJump() { return nullptr; }

  Operation *op;
  SmallVector<size_t, 4> slots;
  unsigned numResults;
  /// Position in the program.
  unsigned number = 0;
};

/// A compiled kernel.
struct TileProgram {
  /// A parameter and where its argument lies in the frame.
  struct Parameter {
    Type type;
    size_t offset;
    std::string name;
    ParamAccess access;
    bool isOptional;
  };

  std::vector<std::unique_ptr<TileInstruction>> code;
  size_t frameSizeInBytes = 0;
  /// The start of every frame: constants, and room for the arguments. No
  /// instruction writes there.
  std::vector<char> prologue;
  std::vector<Parameter> parameters;
};

/// What a program knows of the progress of others: it has seen everything that
/// program `key` did up to its `value`-th release.
using Clock = llvm::DenseMap<uint32_t, uint32_t>;

/// A program that has started.
class ProgramInstance {
public:
  ProgramInstance(GridRun &run, char *frame) : run(run), frame(frame) {}

  template <typename T> T &get(size_t offset) {
    return *reinterpret_cast<T *>(frame + offset);
  }

  enum class State { Running, Finished };

  GridRun &run;
  char *frame;
  size_t nextInstruction = 0;
  State state = State::Running;
  std::array<int64_t, 3> coordinates = {};
  /// Number of the program in the grid, x fastest.
  uint32_t number = 0;

  /// See ShadowMemory.h.
  Clock clock;
  uint32_t epoch = 1;

  // Since the start of the present turn (Scheduler.cpp):
  /// A value in memory changed.
  bool hasChangedMemory = false;
  /// RunMemory was read by an atomic: the program may be waiting.
  bool hasReadAtomically = false;

  /// Target of the last jump back.
  bool hasJumpedBack = false;
  unsigned loopHead = 0;

  // A state that the program was in, to see whether it comes back to it.
  std::pair<uint64_t, uint64_t> savedState = {0, 0};
  uint64_t savedMemoryVersion = ~uint64_t(0);
  uint64_t numTurnsSinceSaved = 0, numTurnsToKeep = 1;
  /// It is in the saved state again, and will be until memory changes.
  bool isStuck = false;

  uint64_t numSteps = 0;
};

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_TILEPROGRAM_H
