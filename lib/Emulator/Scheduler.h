//===- Scheduler.h - the order in which warps run -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_SCHEDULER_H
#define TK_LIB_EMULATOR_SCHEDULER_H

#include "Counters.h"
#include "ThreadBlock.h"
#include <deque>
#include <random>

namespace mlir::tk::emulator {

/// Runs clusters on one host thread. Warps take turns of some hundred
/// instructions; the seed decides how many and in which order.
class Scheduler {
public:
  Scheduler(Launch &launch, uint64_t stepLimit);

  /// Runs one cluster to its end.
  void runCluster(uint64_t index);
  /// Runs all clusters of the launch, interleaved.
  void runInterleaved();

  /// Counts what may end a wait.
  uint64_t numEvents = 0;
  uint64_t numSteps = 0;
  std::vector<uint64_t> executions;
  /// Of the 32 at each execution, those that did not take part.
  std::vector<uint64_t> idleLanes;
  /// Null if the launch is not measured.
  std::unique_ptr<Counters> counters;

private:
  enum class Outcome { Ran, Blocked, Finished, Stopped };
  /// Turns for all warps of the resident clusters; false if none could run.
  bool runRound();
  Outcome runTurn(Warp &warp);
  Step runGroup(Warp &warp, uint64_t &left);
  void parkWaiting(Warp &warp);
  /// Picks the group that runs next; false if none can.
  bool selectGroup(Warp &warp);
  bool isReady(const LaneGroup &group) const {
    return group.wait.kind == WaitReason::Kind::None || group.isTimedOut ||
           group.waitBegan != numEvents;
  }
  void mergeGroups(Warp &warp);
  /// Lowest program counter of the other groups of the same frame.
  uint32_t meetingPoint(const Warp &warp) const;
  /// Ends waits that have a timeout; false if there are none.
  bool timeOut();
  void reportDeadlock();
  /// Stops the launch because of a warp that runs on.
  void reportEndless(Warp &warp, Rule rule, const llvm::Twine &detail);
  void reportOutOfTime(Warp &warp);
  unsigned turnLength();

  Launch &launch;
  uint64_t stepLimit;
  /// The number of steps at which to look at the clock.
  uint64_t nextClockCheck = 0;
  std::deque<std::unique_ptr<Cluster>> resident;
  std::mt19937_64 random;
  uint64_t turn = 0;
  /// Timeouts since something changed.
  unsigned numIdleTimeouts = 0;
  uint64_t eventsAtTimeout = 0;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_SCHEDULER_H
