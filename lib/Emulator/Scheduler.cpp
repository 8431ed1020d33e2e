//===- Scheduler.cpp - the order in which warps run -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Warps take turns. Within a warp the group in the deepest call, there with the
// lowest program counter, runs until it meets another group, so groups that
// were split by a branch meet again where its two sides do. A group that waits
// or spins gives way to the group that has not run for longest; without that, a
// thread that spins on a lock would starve the thread of its warp that holds
// it.
//
// Waiting costs nothing: an instruction that has to wait runs again only after
// something changed (numEvents). When no group of any warp can run, either some
// wait has a timeout, which ends, or the run is deadlocked.
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "Reports.h"
#include "WgmmaQueue.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Instructions of a turn without a seed; with one, between an eighth and all.
static constexpr unsigned longestTurn = 4096;
/// Between looks at the clock, which costs as much as a few instructions.
static constexpr unsigned stepsPerClockCheck = 4096;
/// Turns after which groups that are apart run by turns, whatever they do.
static constexpr unsigned patienceInTurns = 16;
/// Times that every wait of the run timed out while nothing else happened.
static constexpr unsigned maxIdleTimeouts = 256;
/// What an H100 SXM holds at a time (Programming Guide, "Compute
/// Capabilities"): so a kernel whose blocks wait for blocks that are not there
/// yet is deadlocked here too.
static constexpr uint32_t numMultiprocessors = 132;
static constexpr uint32_t maxBlocksPerMultiprocessor = 32;
static constexpr uint32_t maxThreadsPerMultiprocessor = 2048;
static constexpr uint32_t sharedBytesPerMultiprocessor = 228 * 1024;

Scheduler::Scheduler(Launch &launch, uint64_t stepLimit)
    : launch(launch), stepLimit(stepLimit), random(launch.options.seed) {
  // One more for instructions of ours.
  size_t count = launch.program.ptx->instructions.size() + 1;
  executions.resize(count);
  idleLanes.resize(count);
  if (launch.options.isMeasured)
    counters = std::make_unique<Counters>(count);
}

unsigned Scheduler::turnLength() {
  if (!launch.options.seed)
    return longestTurn;
  return longestTurn >> (random() % 10);
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

uint32_t Scheduler::meetingPoint(const Warp &warp) const {
  uint32_t lowest = ~uint32_t(0);
  for (const LaneGroup &group : warp.others)
    if (group.frame == warp.running.frame)
      lowest = std::min(lowest, group.pc);
  return lowest;
}

/// Takes in the groups that stand where the running group stands.
void Scheduler::mergeGroups(Warp &warp) {
  LaneGroup &running = warp.running;
  llvm::erase_if(warp.others, [&](const LaneGroup &group) {
    if (group.frame != running.frame || group.pc != running.pc)
      return false;
    running.lanes |= group.lanes;
    return true;
  });
  if (warp.others.empty())
    warp.numTurnsApart = 0;
}

bool Scheduler::selectGroup(Warp &warp) {
  if (warp.running.lanes)
    warp.others.push_back(warp.running);
  warp.running.lanes = 0;
  LaneGroup *best = nullptr;
  auto isBefore = [&](const LaneGroup &a, const LaneGroup &b) {
    if (warp.isTurnOfOthers)
      return a.lastTurn < b.lastTurn;
    if (a.frame != b.frame)
      return a.frame->depth > b.frame->depth;
    return a.pc < b.pc;
  };
  for (LaneGroup &group : warp.others)
    if (isReady(group) && (!best || isBefore(group, *best)))
      best = &group;
  warp.isTurnOfOthers = false;
  if (!best)
    return false;
  LaneGroup chosen = *best;
  warp.others.erase(best);
  chosen.wait = {};
  chosen.lastTurn = ++turn;
  warp.running = chosen;
  warp.frame = chosen.frame->registers;
  mergeGroups(warp);
  return true;
}

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

/// Registers of a wgmma are not to be touched before its wait (9.7.15.1).
static void checkWgmmaRegisters(Warp &warp, const Instruction &instruction) {
  if (!warp.checker || !warp.wgmmaQueue)
    return;
  const DecodedFunction &function = *warp.currentFrame().function;
  warp.wgmmaQueue->use(warp, instruction,
                       function.wgmmaUses.find(warp.currentPc())->second);
}

/// Those of the handler's choice wait; for the others it is done.
void Scheduler::parkWaiting(Warp &warp) {
  LaneGroup &running = warp.running;
  LaneGroup waiting = running;
  waiting.lanes = warp.mask;
  waiting.waitBegan = numEvents;
  waiting.isTimedOut = false;
  running.lanes &= ~warp.mask;
  running.wait = {};
  ++running.pc;
  warp.others.push_back(waiting);
}

/// Runs the group that is chosen until something other than the next
/// instruction follows, for `left` instructions at most.
Step Scheduler::runGroup(Warp &warp, uint64_t &left) {
  LaneGroup &running = warp.running;
  const Instruction *code = running.frame->function->code.data();
  uint64_t *numExecutions = executions.data();
  uint32_t meeting = meetingPoint(warp);
  // Handlers see the counter in `running`, but do not change it unless they say
  // so.
  uint32_t pc = running.pc;
  Step step = Step::Next;
  uint64_t rest = left;
  while (rest) {
    --rest;
    const Instruction &instruction = code[pc];
    running.pc = pc;
    ++numExecutions[instruction.index];
    ++numSteps;
    LaneMask mask = running.lanes;
    if (instruction.guard != noSlot) {
      LaneMask guard = warp.predicate(instruction.guard);
      mask &= instruction.isGuardNegated ? ~guard : guard;
    }
    if (LLVM_UNLIKELY(mask != allLanes))
      idleLanes[instruction.index] += numLanes - llvm::popcount(mask);
    if (LLVM_LIKELY(mask)) {
      warp.mask = mask;
      if (LLVM_UNLIKELY(instruction.usesWgmmaRegisters))
        checkWgmmaRegisters(warp, instruction);
      step = instruction.handler(warp, instruction);
      if (LLVM_UNLIKELY(step != Step::Next))
        break;
    }
    if (LLVM_UNLIKELY(++pc == meeting)) {
      running.pc = pc;
      mergeGroups(warp);
      meeting = meetingPoint(warp);
    }
  }
  left = rest;
  if (step == Step::Next)
    running.pc = pc;
  return step;
}

Scheduler::Outcome Scheduler::runTurn(Warp &warp) {
  if (!warp.live)
    return Outcome::Finished;
  if (!selectGroup(warp))
    return Outcome::Blocked;
  LaneGroup &running = warp.running;
  uint64_t left = turnLength();
  while (left) {
    switch (runGroup(warp, left)) {
    case Step::Next:
      continue;
    case Step::Wait:
      parkWaiting(warp);
      break;
    case Step::Yield:
      ++running.pc;
      warp.isTurnOfOthers = true;
      return Outcome::Ran;
    case Step::Stop:
      return Outcome::Stopped;
    case Step::Jump:
      break;
    }
    running.isTimedOut = false;
    // With one group, a jump is the next instruction.
    if ((!warp.others.empty() || !running.lanes) && !selectGroup(warp))
      return Outcome::Ran;
  }
  if (!warp.others.empty() && ++warp.numTurnsApart > patienceInTurns)
    warp.isTurnOfOthers = true;
  return Outcome::Ran;
}

bool Scheduler::runRound() {
  std::vector<Warp *> order;
  for (std::unique_ptr<Cluster> &cluster : resident)
    for (ThreadBlock &block : cluster->blocks)
      for (Warp &warp : block.warps)
        if (warp.live)
          order.push_back(&warp);
  if (launch.options.seed)
    std::shuffle(order.begin(), order.end(), random);
  bool hasRun = false;
  for (Warp *warp : order) {
    if (launch.isStopped)
      return true;
    if (launch.isOverBudget(numSteps)) {
      launch.isStopped = true;
      return true;
    }
    if (numSteps > stepLimit) {
      reportEndless(*warp, Rule::Livelock,
                    llvm::Twine(numSteps) + " warp-instructions were executed");
      return true;
    }
    if (numSteps >= nextClockCheck) {
      nextClockCheck = numSteps + stepsPerClockCheck;
      if (launch.isPastDeadline()) {
        reportOutOfTime(*warp);
        return true;
      }
    }
    if (runTurn(*warp) != Outcome::Blocked)
      hasRun = true;
  }
  return hasRun;
}

void Scheduler::runCluster(uint64_t index) {
  // Whichever thread runs the cluster, and whatever ran before.
  if (launch.options.seed)
    random.seed(launch.options.seed + index);
  numIdleTimeouts = 0;
  uint64_t firstStep = numSteps;
  resident.push_back(std::make_unique<Cluster>(launch, *this, index));
  while (!launch.isStopped && !resident.front()->isFinished())
    if (!runRound() && !timeOut())
      reportDeadlock();
  resident.pop_front();
  if (index != 0 || launch.isStopped)
    return;
  launch.numEstimatedSteps = (numSteps - firstStep) * launch.numClusters();
  if (launch.isOverBudget(launch.numEstimatedSteps))
    launch.isStopped = true;
}

/// Clusters that are on the device at a time.
static size_t findMaxResidentClusters(const Launch &launch) {
  uint32_t blocks = std::min({maxBlocksPerMultiprocessor,
                              maxThreadsPerMultiprocessor / launch.numThreads(),
                              sharedBytesPerMultiprocessor / launch.sharedEnd});
  return std::max(1u, numMultiprocessors * std::max(1u, blocks) /
                          launch.blocksPerCluster());
}

void Scheduler::runInterleaved() {
  size_t maxResidentClusters = findMaxResidentClusters(launch);
  uint64_t numClusters = launch.numClusters();
  uint64_t next = 0;
  while (!launch.isStopped) {
    llvm::erase_if(resident, [](const std::unique_ptr<Cluster> &cluster) {
      return cluster->isFinished();
    });
    while (next < numClusters && resident.size() < maxResidentClusters)
      resident.push_back(std::make_unique<Cluster>(launch, *this, next++));
    if (resident.empty())
      return;
    if (!runRound() && !timeOut())
      reportDeadlock();
  }
  resident.clear();
}

//===----------------------------------------------------------------------===//
// Waits that do not end
//===----------------------------------------------------------------------===//

bool Scheduler::timeOut() {
  bool hasTimedOut = false;
  if (numEvents != eventsAtTimeout)
    numIdleTimeouts = 0;
  eventsAtTimeout = numEvents;
  if (++numIdleTimeouts > maxIdleTimeouts)
    return false;
  for (std::unique_ptr<Cluster> &cluster : resident)
    for (ThreadBlock &block : cluster->blocks)
      for (Warp &warp : block.warps)
        for (LaneGroup &group : warp.others)
          if (group.wait.hasTimeout) {
            group.isTimedOut = true;
            hasTimedOut = true;
          }
  return hasTimedOut;
}

/// `barrier 1: 64 of 128 threads have arrived`; no numbers if nobody uses it.
static void describeBarrier(llvm::raw_ostream &out, const ThreadBlock &block,
                            uint64_t number) {
  out << "barrier " << number;
  const NamedBarrier &barrier = block.barriers[number];
  if (barrier && barrier->expected)
    out << ": " << barrier->arrived << " of " << barrier->expected
        << " threads have arrived";
  else if (barrier)
    out << ": " << barrier->arrivedThreads << " of " << block.numLiveThreads
        << " threads have arrived";
}

static void describeMbarrier(llvm::raw_ostream &out, const ThreadBlock &block,
                             uint64_t address) {
  out << "the mbarrier at 0x" << llvm::utohexstr(address, true);
  auto found = block.mbarriers.find(
      static_cast<uint32_t>(address & (blockWindowSize - 1)));
  if (found == block.mbarriers.end())
    return;
  const Mbarrier &barrier = found->second;
  out << ": phase " << barrier.numPhases;
  if (barrier.pendingCount)
    out << " lacks " << barrier.pendingCount << " of " << barrier.expectedCount
        << " arrivals";
  else
    out << " has all arrivals";
  if (barrier.transactionBytes > 0)
    out << (barrier.pendingCount ? " and " : ", but lacks ")
        << barrier.transactionBytes << " bytes";
  else if (barrier.transactionBytes < 0)
    out << ", and " << -barrier.transactionBytes
        << " bytes arrived that nobody expects";
}

static std::string describe(const WaitReason &wait, const ThreadBlock &block) {
  std::string text;
  llvm::raw_string_ostream out(text);
  switch (wait.kind) {
  case WaitReason::Kind::None:
    out << "nothing";
    break;
  case WaitReason::Kind::Lanes:
    out << "the lanes 0x" << llvm::utohexstr(wait.value, true)
        << " of the warp";
    break;
  case WaitReason::Kind::Barrier:
    describeBarrier(out, block, wait.value);
    break;
  case WaitReason::Kind::ClusterBarrier:
    out << "the barrier of the cluster";
    break;
  case WaitReason::Kind::Mbarrier:
    describeMbarrier(out, block, wait.value);
    break;
  case WaitReason::Kind::Warpgroup:
    out << "the other warps of the warpgroup";
    break;
  case WaitReason::Kind::RegisterPool:
    out << wait.value / numLanes << " registers a thread, "
        << block.freeRegisters << " are free for all";
    break;
  }
  return text;
}

/// One report, with a site for each place where somebody waits.
void Scheduler::reportDeadlock() {
  EmulatorReport report;
  bool isCollective = false, isOfRegisters = true;
  std::map<std::pair<uint32_t, std::string>, unsigned> sites;
  for (std::unique_ptr<Cluster> &cluster : resident)
    for (ThreadBlock &block : cluster->blocks)
      for (Warp &warp : block.warps)
        for (const LaneGroup &group : warp.others) {
          const Instruction &instruction =
              group.frame->function->code[group.pc];
          Place place = warp.place(instruction, group.lanes);
          isCollective |= group.wait.kind == WaitReason::Kind::Lanes;
          isOfRegisters &= group.wait.kind == WaitReason::Kind::RegisterPool;
          std::string role = "waits for " + describe(group.wait, block);
          if (sites[{instruction.index, role}]++)
            continue;
          if (report.sites.empty())
            report = makeReport(launch.setup, Rule::Deadlock, place, "");
          else
            report.sites.push_back(makeSite(launch.setup, {place, role}));
          report.sites.back().role = role;
        }
  unsigned numWaiting = 0;
  for (const auto &site : sites)
    numWaiting += site.second;
  report.detail = std::to_string(numWaiting) + " groups of threads wait at " +
                  std::to_string(sites.size()) + " places";
  // Lanes that wait for their warp: the other lanes went elsewhere.
  if (isCollective || (isOfRegisters && !sites.empty())) {
    Rule rule = isCollective ? Rule::DivergentCollective : Rule::RegisterPool;
    report.rule = getName(rule).str();
    report.explanation = getExplanation(rule).str();
  }
  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.failures.push_back(std::move(report));
  launch.isStopped = true;
}

void Scheduler::reportOutOfTime(Warp &warp) {
  // One of the host threads says so.
  if (launch.isOutOfTime.exchange(true))
    return;
  std::string limit =
      llvm::formatv("{0:F1}", launch.options.timeLimitInSeconds).str();
  reportEndless(warp, Rule::TimeLimit,
                "the kernel did not end within " + llvm::Twine(limit) +
                    " s; this warp still runs");
}

void Scheduler::reportEndless(Warp &warp, Rule rule,
                              const llvm::Twine &detail) {
  LaneGroup group = warp.running;
  if (!group.lanes && !warp.others.empty())
    group = warp.others.front();
  Place place;
  place.block = warp.block.index;
  place.warp = static_cast<uint16_t>(warp.indexInBlock);
  if (group.frame) {
    const Instruction &instruction = group.frame->function->code[group.pc];
    place = warp.place(instruction, group.lanes);
  }
  EmulatorReport report = makeReport(launch.setup, rule, place, detail);
  std::lock_guard<std::mutex> lock(launch.mutex);
  launch.failures.push_back(std::move(report));
  launch.isStopped = true;
}
