//===- ExpandPipelines.cpp - carries out the schedules of loops -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AccessGuard.h"
#include "PipelineExpander.h"
#include "tk/Dialect/Tkg/Transforms/Passes.h"

namespace mlir::tkg {
#define GEN_PASS_DEF_EXPANDPIPELINESPASS
#include "tk/Dialect/Tkg/Transforms/Passes.h.inc"
} // namespace mlir::tkg

using namespace mlir;
using namespace mlir::tkg;

namespace {
struct ExpandPipelines
    : public tkg::impl::ExpandPipelinesPassBase<ExpandPipelines> {
  using ExpandPipelinesPassBase::ExpandPipelinesPassBase;
  void runOnOperation() override;
};
} // namespace

static bool hasSchedule(scf::ForOp loop) {
  return llvm::any_of(loop.getBody()->without_terminator(),
                      [](Operation &op) { return op.hasAttr(kStageAttr); });
}

/// What runs ahead may run for an iteration that does not exist.
static LogicalResult verifyGuards(const LoopSchedule &schedule) {
  for (Operation *op : schedule.getOps())
    if (schedule.getStage(op) != schedule.getLastStage() && needsGuard(op) &&
        !canGuard(op))
      return op->emitError()
             << "op has effects and results, so it cannot run ahead; expects "
                "stage "
             << schedule.getLastStage() << ", the last, got "
             << schedule.getStage(op);
  return success();
}

void ExpandPipelines::runOnOperation() {
  // Innermost loops first: an outer schedule moves inner loops as a whole.
  SmallVector<scf::ForOp> loops;
  getOperation().walk([&](scf::ForOp loop) {
    if (hasSchedule(loop))
      loops.push_back(loop);
    else
      loop->removeAttr(kNumStagesAttr);
  });
  for (scf::ForOp loop : loops) {
    FailureOr<LoopSchedule> schedule = LoopSchedule::get(loop);
    if (failed(schedule) || failed(verifyGuards(*schedule)))
      return signalPassFailure();
    if (schedule->getLastStage() == 0) {
      for (Operation &op : *loop.getBody())
        removeSchedule(&op);
      loop->removeAttr(kNumStagesAttr);
      continue;
    }
    expandPipeline(loop, *schedule);
    ++numExpanded;
  }
}
