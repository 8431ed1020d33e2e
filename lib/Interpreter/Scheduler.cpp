//===- Scheduler.cpp - running the programs of a grid fairly --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each worker thread takes a program, runs it for a number of instructions, and
// puts it back if it is not finished. A program that seems to wait for another
// (it has read memory atomically, or ran for long) goes to the end of the
// queue, and programs that have not started go first: so whichever program it
// waits for gets its turn. Otherwise a program is run to its end before another
// one starts, which keeps few frames in memory.
//
// A program is a function of its frame and of memory. If it jumps back, comes
// to the same instruction with the same frame, and no value in memory changed
// meanwhile, it will do so for ever: it is stuck until memory changes. When all
// that started are stuck and none is left to start, that is a deadlock, found
// with certainty and without a clock.

#include "GridRun.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Support/xxhash.h"
#include <chrono>
#include <condition_variable>
#include <deque>
#include <thread>

using namespace mlir;
using namespace mlir::tk;

/// Instructions that a program runs before others get a turn.
constexpr unsigned kQuantum = 1024;
/// Quanta that a program may run on end if it does not seem to wait.
constexpr unsigned kMaxQuanta = 256;

namespace {
using TimePoint = std::chrono::steady_clock::time_point;

class Scheduler {
public:
  Scheduler(GridRun &gridRun, ArrayRef<char> prologue);
  ~Scheduler();
  uint64_t run();

private:
  void work();
  void runTurn(ProgramInstance &instance, uint64_t memoryVersion);
  void runQuantum(ProgramInstance &instance);
  void noteState(ProgramInstance &instance, uint64_t memoryVersion);

  // With the mutex held.
  std::unique_ptr<ProgramInstance> takeNext();
  std::unique_ptr<ProgramInstance> start();
  void finishTurn(std::unique_ptr<ProgramInstance> instance);
  void reportDeadlock();
  void stop();
  bool isPastDeadline() const;

  GridRun &gridRun;
  ArrayRef<char> prologue;
  uint64_t numPrograms;
  TimePoint deadline;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::unique_ptr<ProgramInstance>> ready;
  std::vector<char *> freeFrames;
  uint64_t numFrames = 0;
  uint64_t nextProgram = 0;
  unsigned numRunning = 0;
  uint64_t memoryVersion = 0;
  uint64_t numSteps = 0;
  std::atomic<bool> isStopped{false};
};
} // namespace

Scheduler::Scheduler(GridRun &gridRun, ArrayRef<char> prologue)
    : gridRun(gridRun), prologue(prologue),
      numPrograms(uint64_t(gridRun.grid[0]) * gridRun.grid[1] *
                  gridRun.grid[2]) {
  deadline =
      std::chrono::steady_clock::now() +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(gridRun.options.timeLimitInSeconds));
}

Scheduler::~Scheduler() {
  for (char *frame : freeFrames)
    std::free(frame);
  for (std::unique_ptr<ProgramInstance> &instance : ready)
    std::free(instance->frame);
}

//===----------------------------------------------------------------------===//
// Turns
//===----------------------------------------------------------------------===//

void Scheduler::runQuantum(ProgramInstance &instance) {
  const auto &code = gridRun.program.code;
  unsigned i = 0;
  for (; i < kQuantum && instance.state == ProgramInstance::State::Running; ++i)
    code[instance.nextInstruction++]->execute(instance);
  instance.numSteps += i;
}

void Scheduler::runTurn(ProgramInstance &instance, uint64_t memoryVersion) {
  bool hasChangedMemory = false;
  for (unsigned i = 0; i < kMaxQuanta; ++i) {
    instance.hasReadAtomically = false;
    instance.hasChangedMemory = false;
    runQuantum(instance);
    hasChangedMemory |= instance.hasChangedMemory;
    bool waits = instance.hasReadAtomically && !instance.hasChangedMemory;
    if (waits || instance.state != ProgramInstance::State::Running ||
        isStopped || isPastDeadline())
      break;
  }
  instance.hasChangedMemory = hasChangedMemory;
  noteState(instance, memoryVersion);
}

/// Finds out whether the program is stuck. The version of memory is that of the
/// start of the turn: what others change during it counts as later.
void Scheduler::noteState(ProgramInstance &instance, uint64_t memoryVersion) {
  instance.isStuck = false;
  if (!instance.hasJumpedBack || instance.hasChangedMemory ||
      instance.state != ProgramInstance::State::Running)
    return;
  // Run on to a jump back: loops are compared at one instruction.
  unsigned target = instance.loopHead;
  size_t limit = gridRun.program.code.size();
  for (size_t i = 0; i <= limit && instance.nextInstruction != target; ++i) {
    if (instance.state != ProgramInstance::State::Running)
      return;
    gridRun.program.code[instance.nextInstruction++]->execute(instance);
    ++instance.numSteps;
  }
  if (instance.state != ProgramInstance::State::Running ||
      instance.hasChangedMemory || instance.nextInstruction != target)
    return;
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(llvm::ArrayRef<uint8_t>(
      reinterpret_cast<uint8_t *>(instance.frame) + prologue.size(),
      gridRun.program.frameSizeInBytes - prologue.size()));
  std::pair<uint64_t, uint64_t> state = {hash.low64 + target, hash.high64};
  bool isSameMemory = memoryVersion == instance.savedMemoryVersion;
  instance.isStuck = isSameMemory && state == instance.savedState;
  if (instance.isStuck)
    return;
  // Brent's cycle finding: a turn need not end where the loop repeats, but some
  // later turn ends where an earlier one did.
  if (isSameMemory && ++instance.numTurnsSinceSaved < instance.numTurnsToKeep)
    return;
  instance.numTurnsToKeep = isSameMemory ? 2 * instance.numTurnsToKeep : 1;
  instance.numTurnsSinceSaved = 0;
  instance.savedState = state;
  instance.savedMemoryVersion = memoryVersion;
}

bool Scheduler::isPastDeadline() const {
  return gridRun.options.timeLimitInSeconds > 0 &&
         std::chrono::steady_clock::now() >= deadline;
}

//===----------------------------------------------------------------------===//
// The queue
//===----------------------------------------------------------------------===//

std::unique_ptr<ProgramInstance> Scheduler::start() {
  size_t size = std::max<size_t>(gridRun.program.frameSizeInBytes, 64);
  char *frame = nullptr;
  if (!freeFrames.empty()) {
    frame = freeFrames.back();
    freeFrames.pop_back();
  } else {
    ++numFrames;
    frame = static_cast<char *>(
        numFrames * size > gridRun.options.maxFrameBytes
            ? nullptr
            : std::aligned_alloc(64, llvm::alignTo(size, 64)));
    if (frame)
      llvm::copy(prologue, frame);
  }
  auto instance = std::make_unique<ProgramInstance>(gridRun, frame);
  instance->number = nextProgram;
  instance->coordinates = getCoordinates(gridRun, nextProgram);
  ++nextProgram;
  if (frame)
    return instance;
  gridRun.errors.report(
      *instance, gridRun.program.code.front()->op, ErrorKind::Limit, [&] {
        return describeProgram(gridRun, instance->number) +
               " would be number " + std::to_string(numFrames) +
               " to run at once, with " + std::to_string(size) +
               " bytes of tiles each: too much";
      });
  stop();
  return nullptr;
}

std::unique_ptr<ProgramInstance> Scheduler::takeNext() {
  if (nextProgram < numPrograms)
    return start();
  // Those that are stuck wait for memory to change.
  for (size_t i = ready.size(); i > 0; --i) {
    std::unique_ptr<ProgramInstance> instance = std::move(ready.front());
    ready.pop_front();
    if (!instance->isStuck || instance->savedMemoryVersion != memoryVersion)
      return instance;
    ready.push_back(std::move(instance));
  }
  if (numRunning == 0 && !ready.empty())
    reportDeadlock();
  return nullptr;
}

void Scheduler::finishTurn(std::unique_ptr<ProgramInstance> instance) {
  memoryVersion += instance->hasChangedMemory;
  numSteps += std::exchange(instance->numSteps, 0);
  if (instance->state == ProgramInstance::State::Running)
    return ready.push_back(std::move(instance));
  freeFrames.push_back(instance->frame);
}

void Scheduler::stop() {
  isStopped = true;
  nextProgram = numPrograms;
  changed.notify_all();
}

void Scheduler::reportDeadlock() {
  constexpr size_t kMaxReports = 3;
  llvm::sort(ready, [](const auto &a, const auto &b) {
    return a->number < b->number;
  });
  size_t numWaiting = ready.size();
  llvm::SmallPtrSet<Operation *, kMaxReports> reported;
  for (const std::unique_ptr<ProgramInstance> &instance : ready) {
    Operation *op = gridRun.program.code[instance->loopHead]->op;
    if (!reported.insert(op).second)
      continue;
    gridRun.errors.report(*instance, op, ErrorKind::Deadlock, [&] {
      return describeProgram(gridRun, instance->number) +
             (numWaiting == 1
                  ? " loops for ever: nothing that it reads will change"
                  : " waits for ever: all of the " +
                        std::to_string(numWaiting) +
                        " programs that have not ended do");
    });
    if (reported.size() == kMaxReports)
      break;
  }
  stop();
}

//===----------------------------------------------------------------------===//
// Workers
//===----------------------------------------------------------------------===//

void Scheduler::work() {
  std::unique_lock<std::mutex> lock(mutex);
  while (!isStopped) {
    std::unique_ptr<ProgramInstance> instance = takeNext();
    if (isStopped)
      break;
    if (!instance) {
      if (numRunning == 0)
        break;
      changed.wait(lock);
      continue;
    }
    ++numRunning;
    uint64_t version = memoryVersion;
    lock.unlock();
    runTurn(*instance, version);
    lock.lock();
    --numRunning;
    if (isPastDeadline() && !isStopped) {
      gridRun.errors.report(
          *instance, gridRun.program.code[instance->loopHead]->op,
          ErrorKind::Limit, [&] {
            return describeProgram(gridRun, instance->number) +
                   " still runs after " +
                   std::to_string(gridRun.options.timeLimitInSeconds) +
                   " seconds";
          });
      stop();
    }
    finishTurn(std::move(instance));
    changed.notify_all();
  }
  changed.notify_all();
}

uint64_t Scheduler::run() {
  unsigned numThreads = gridRun.options.numThreads;
  if (numThreads == 0)
    numThreads = std::max(1u, std::thread::hardware_concurrency());
  numThreads = std::min<uint64_t>(numThreads, numPrograms);
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < numThreads; ++i)
    threads.emplace_back([this] { work(); });
  work();
  for (std::thread &thread : threads)
    thread.join();
  return numSteps;
}

uint64_t mlir::tk::runPrograms(GridRun &gridRun, ArrayRef<char> prologue) {
  return Scheduler(gridRun, prologue).run();
}
