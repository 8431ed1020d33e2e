//===- AsyncGroups.h - commit_group and wait_group of copies --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// 9.7.9.25.3.3 and 9.7.9.25.4: each thread has its own groups of cp.async, and
// apart from them its own groups of bulk copies. The data is copied at once;
// what the groups keep is only for the checks, and empty without them.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_ASYNCGROUPS_H
#define TK_LIB_EMULATOR_ASYNCGROUPS_H

#include "Checker.h"
#include "Instruction.h"
#include <array>
#include <vector>

namespace mlir::tk::emulator {

/// The copies of the lanes of one warp that nobody has waited for yet.
class AsyncGroups {
public:
  /// A copy joins the group that each of `lanes` has not committed yet.
  void add(AsyncAgentPtr agent, LaneMask lanes);
  void commit(LaneMask lanes);
  /// The lanes of the place wait until at most `numPending` of their groups,
  /// the youngest, are pending.
  void wait(Checker &checker, const Place &place, uint32_t numPending,
            bool isReadOnly = false);
  /// The lanes wait for everything, committed or not.
  void waitAll(Checker &checker, const Place &place);
  /// Those that the lanes have not committed: cp.async.mbarrier.arrive speaks
  /// of all copies before it.
  template <typename Function> void forEach(LaneMask lanes, Function function) {
    for (const Copy &copy : copies)
      if (copy.lanes & lanes)
        function(*copy.agent, copy.lanes & lanes);
  }

private:
  struct Copy {
    AsyncAgentPtr agent;
    /// That issued it and have not waited for it.
    LaneMask lanes = 0;
    /// Of those, that have waited for its reads.
    LaneMask readLanes = 0;
    /// Number of the group for each lane.
    std::array<uint32_t, numLanes> group;
  };
  /// Lanes of `among` for which a copy is in no group younger than allowed.
  LaneMask findDone(const Copy &copy, LaneMask among,
                    uint32_t numPending) const;

  std::vector<Copy> copies;
  /// Groups that each lane has committed.
  std::array<uint32_t, numLanes> numCommitted = {};
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_ASYNCGROUPS_H
