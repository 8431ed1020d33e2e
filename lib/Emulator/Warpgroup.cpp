//===- Warpgroup.cpp - what the four warps of a warpgroup do together -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Warpgroup.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

Step Warpgroup::execute(Warp &warp, const Instruction &instruction,
                        const Operands &operands) {
  unsigned rank = warp.indexInBlock % warpsPerWarpgroup;
  unsigned firstWarp = warp.indexInBlock - rank;
  size_t numWarps = warp.block.warps.size();
  if (numWarps < firstWarp + warpsPerWarpgroup)
    return warp.fail(Rule::DivergentCollective, instruction,
                     "the warpgroup has " + llvm::Twine(numWarps - firstWarp) +
                         " of 4 warps");
  uint64_t number = numExecuted[rank]++;
  if (number - firstNumber == executions.size()) {
    for (unsigned other = 0; other != warpsPerWarpgroup; ++other)
      if (!warp.block.warps[firstWarp + other].liveLanes())
        return warp.fail(Rule::DivergentCollective, instruction,
                         "warp " + llvm::Twine(firstWarp + other) +
                             " of the warpgroup has exited without it");
    executions.push_back({&instruction, warp.place(instruction), operands});
    return Step::Next;
  }
  const Execution &expected = executions[number - firstNumber];
  if (expected.instruction->index != instruction.index)
    return warp.fail(Rule::DivergentCollective, instruction,
                     "another warp of the warpgroup executes another "
                     "instruction of the warpgroup here",
                     ReportSite{expected.first, "the other warp"});
  if (expected.operands != operands)
    return warp.fail(Rule::DivergentCollective, instruction,
                     "the descriptors or scale-d of another warp of the "
                     "warpgroup differ",
                     ReportSite{expected.first, "the other warp"});
  if (*llvm::min_element(numExecuted) > firstNumber) {
    executions.pop_front();
    ++firstNumber;
  }
  return Step::Next;
}

uint64_t Warpgroup::issue(Warp &warp) {
  if (isAwaited)
    warp.notify();
  isAwaited = false;
  return numIssued[warp.indexInBlock % warpsPerWarpgroup]++;
}

bool Warpgroup::haveIssued(uint64_t count) {
  bool result = *llvm::min_element(numIssued) >= count;
  isAwaited |= !result;
  return result;
}

Step Warpgroup::leave(Warp &warp) {
  uint64_t number = numExecuted[warp.indexInBlock % warpsPerWarpgroup];
  if (number - firstNumber == executions.size())
    return Step::Jump;
  const Execution &missed = executions[number - firstNumber];
  Warp &other = warp.block.warps[missed.first.warp];
  return other.fail(Rule::DivergentCollective, *missed.instruction,
                    "warp " + llvm::Twine(warp.indexInBlock) +
                        " of the warpgroup exits without it");
}
