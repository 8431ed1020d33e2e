//===- Warpgroup.h - what the four warps of a warpgroup do together -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `.aligned` of wgmma (9.7.15) and setmaxnreg (9.7.19.5): all threads of the
// warpgroup execute the same instruction, and matrix descriptors are the same
// in all of them. Warps need not be there at the same time; but an operation is
// done when all four have issued it, so who waits for it waits for them.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_WARPGROUP_H
#define TK_LIB_EMULATOR_WARPGROUP_H

#include "Checker.h"
#include "Instruction.h"
#include <array>
#include <deque>

namespace mlir::tk::emulator {

class Warp;

inline constexpr unsigned warpsPerWarpgroup = 4;

class Warpgroup {
public:
  /// Descriptors of A and B (0 of A in registers), and scale-d.
  using Operands = std::array<uint64_t, 3>;

  /// The warp executes its next instruction of the warpgroup: the same as the
  /// others did or will. Step::Next, or Step::Stop after a mistake.
  Step execute(Warp &warp, const Instruction &instruction,
               const Operands &operands = {});
  /// The warp issues a wgmma.mma_async; the number of the operation.
  uint64_t issue(Warp &warp);
  /// Whether all warps have issued so many operations.
  bool haveIssued(uint64_t count);
  /// All lanes of the warp have exited. Step::Stop if others executed wgmmas
  /// that it did not.
  Step leave(Warp &warp);

private:
  struct Execution {
    const Instruction *instruction;
    Place first;
    Operands operands;
  };
  /// Those that some warp has executed and some has not.
  std::deque<Execution> executions;
  /// Of the first of them.
  uint64_t firstNumber = 0;
  std::array<uint64_t, warpsPerWarpgroup> numExecuted = {};
  std::array<uint64_t, warpsPerWarpgroup> numIssued = {};
  /// Some warp has waited for others to issue.
  bool isAwaited = false;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WARPGROUP_H
