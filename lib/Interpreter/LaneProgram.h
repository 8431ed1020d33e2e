//===- LaneProgram.h - a chain of elementwise loops over short blocks -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chain such as exp(x - max) * scale is run block by block, all its steps on
// a few hundred lanes before the next block, so that what lies between the
// steps stays in the first-level cache and needs no memory of its own.

#ifndef TK_LIB_INTERPRETER_LANEPROGRAM_H
#define TK_LIB_INTERPRETER_LANEPROGRAM_H

#include "Loops.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <array>

namespace mlir::tk {

class LaneProgram {
public:
  static constexpr int64_t kBlock = 512;

  /// A value for each lane, or one for all.
  struct Register {
    int64_t elementSize;
    bool isUniform;
  };

  struct Step {
    Operation *op;
    LaneLoop loop;
    /// Registers of the results, then of the operands.
    SmallVector<unsigned, 4> registers;
    /// Lanes that the source would not execute run too, under an `if` that was
    /// turned into a select: faults do not count.
    bool isSpeculative = false;
  };

  unsigned addRegister(ElementKind kind, bool isUniform = false) {
    registers.push_back({getFrameSize(kind), isUniform});
    return registers.size() - 1;
  }

  /// Called with a faulty step, the fault (its lane counted within the block)
  /// and where the operands of the block lie.
  using OnFault =
      llvm::function_ref<void(const Step &, LoopFault, char *const *slots)>;

  /// Runs all steps on `count` lanes. `bound[r]` is where register r lies, or
  /// null for one that the program keeps to itself.
  void run(ArrayRef<char *> bound, int64_t count, OnFault onFault) const;

  SmallVector<Step> steps;
  SmallVector<Register> registers;
};

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_LANEPROGRAM_H
