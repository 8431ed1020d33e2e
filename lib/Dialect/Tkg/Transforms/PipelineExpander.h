//===- PipelineExpander.h - carries out the schedule of a loop ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_PIPELINEEXPANDER_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_PIPELINEEXPANDER_H

#include "LoopSchedule.h"

namespace mlir::tkg {

/// Replaces `loop` by a prologue and a loop in which the stages of several
/// iterations run together, as `schedule` says.
///
/// The loop runs as often as before; its variable is that of the last stage.
/// Earlier stages work ahead, for iterations that may not exist: there, loads
/// and copies find all elements outside, and other effects are guarded. So any
/// number of iterations is correct, and there is no epilogue.
void expandPipeline(scf::ForOp loop, const LoopSchedule &schedule);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_PIPELINEEXPANDER_H
