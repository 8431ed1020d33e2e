//===- LoopSchedule.h - which op of a loop runs when ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In a pipelined loop, stage s of iteration i runs at time i + s. Within one
// time step, ops run by their `order`, then by their place in the text.
//
//   time           0      1      2      3
//   iteration 0    s0     s1     s2
//   iteration 1           s0     s1     s2
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_LOOPSCHEDULE_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_LOOPSCHEDULE_H

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// The schedule that the attributes of a loop body state.
///
/// Ops without `tkg.stage` that only compute are *floating*: every stage that
/// needs their results computes them. A `tkg.alloc` is memory, not an event.
/// Other ops without a stage belong to the last one.
class LoopSchedule {
public:
  /// Reads the attributes of `loop`; an error names a dependence that they
  /// break.
  static FailureOr<LoopSchedule> get(scf::ForOp loop);

  unsigned getLastStage() const { return lastStage; }
  /// The stage of an op that has one.
  unsigned getStage(Operation *op) const { return stages.lookup(op); }
  bool hasStage(Operation *op) const { return stages.contains(op); }
  /// All ops with a stage, in the order of one time step.
  ArrayRef<Operation *> getOps() const { return ops; }

  /// The stage at which the value that iteration i passes on as iter_arg
  /// `number` is ready.
  unsigned getYieldStage(unsigned number) const { return yieldStages[number]; }

  /// The stages at which the memory of an alloc in the body is used, in order.
  SmallVector<unsigned> getStagesOf(AllocOp alloc) const;

private:
  explicit LoopSchedule(scf::ForOp loop) : loop(loop) {}

  void readStages();
  void findYieldStages();
  /// Calls `visit` for every op with a stage that needs `value`, also through
  /// floating ops.
  void forEachStagedUser(Value value,
                         function_ref<void(Operation *)> visit) const;
  LogicalResult verifyValues() const;
  LogicalResult verifyUse(Operation *user, Value value) const;
  LogicalResult verifyMemory() const;
  LogicalResult verifyPrints() const;
  /// Whether `second` runs before `first` of the same iteration.
  bool swapsWithin(Operation *first, Operation *second) const;
  /// Whether `second` runs before `first` of the iteration before.
  bool swapsAcross(Operation *first, Operation *second) const;
  bool isBefore(Operation *a, Operation *b) const {
    return positions.lookup(a) < positions.lookup(b);
  }

  /// Ops are handles; asking them anything is not const.
  mutable scf::ForOp loop;
  unsigned lastStage = 0;
  llvm::DenseMap<Operation *, unsigned> stages;
  llvm::DenseMap<Operation *, unsigned> positions;
  SmallVector<Operation *> ops;
  SmallVector<unsigned> yieldStages;
};

/// Every value that `op` takes from outside, operands and what its regions use.
SmallVector<Value> getAllInputs(Operation *op);

/// Removes the attributes of a schedule from `op`.
void removeSchedule(Operation *op);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_LOOPSCHEDULE_H
