//===- ShadowMemory.cpp - who accessed each element last: finding races ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ShadowMemory.h"
#include "llvm/Support/ErrorHandling.h"
#include <cstdlib>

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Words: program 24 bits, epoch 20, instruction 18, atomic 1, used 1
//===----------------------------------------------------------------------===//

constexpr unsigned kProgramBits = 24, kEpochBits = 20, kInstructionBits = 18;
constexpr uint64_t kUsed = 1, kAtomic = 2;
/// Reader word: several programs, see `readers`. No program has this word, for
/// epochs count from 1.
constexpr uint64_t kManyReaders = 4 | kUsed;

static uint64_t clampTo(uint64_t value, unsigned bits) {
  return std::min(value, (uint64_t(1) << bits) - 1);
}

static uint64_t makeWord(const ProgramInstance &instance, unsigned instruction,
                         bool isAtomic) {
  uint64_t word = clampTo(instance.number, kProgramBits);
  word = word << kEpochBits | clampTo(instance.epoch, kEpochBits);
  word = word << kInstructionBits | clampTo(instruction, kInstructionBits);
  return word << 2 | (isAtomic ? kAtomic : 0) | kUsed;
}

static uint32_t getProgram(uint64_t word) {
  return word >> (2 + kInstructionBits + kEpochBits);
}
static uint32_t getEpoch(uint64_t word) {
  return word >> (2 + kInstructionBits) & ((1u << kEpochBits) - 1);
}
static unsigned getInstruction(uint64_t word) {
  return word >> 2 & ((1u << kInstructionBits) - 1);
}

/// Whether the access of `word` comes before what `instance` does now. Words
/// that ran out of bits count as ordered: no false alarms.
static bool isOrdered(const ProgramInstance &instance, uint64_t word) {
  uint32_t program = getProgram(word);
  if (program == instance.number ||
      program == (uint64_t(1) << kProgramBits) - 1 ||
      getEpoch(word) == (uint64_t(1) << kEpochBits) - 1)
    return true;
  if (instance.clock.empty())
    return false;
  auto it = instance.clock.find(program);
  return it != instance.clock.end() && it->second >= getEpoch(word);
}

static RaceWith describe(uint64_t word, bool isWrite) {
  return {getProgram(word), getInstruction(word), isWrite,
          (word & kAtomic) != 0};
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

ShadowMemory::ShadowMemory(uint64_t numCells, int64_t cellSizeInBytes)
    : cellSizeInBytes(cellSizeInBytes) {
  // Zeroed by the system, and only the pages that are touched.
  cells = static_cast<Cell *>(
      std::calloc(std::max<uint64_t>(numCells, 1), sizeof(Cell)));
  if (!cells)
    llvm::report_bad_alloc_error("no memory to look for races");
}

ShadowMemory::~ShadowMemory() { std::free(cells); }

void ShadowMemory::addReader(uint64_t cell, uint64_t word) {
  std::lock_guard<std::mutex> lock(readersMutex);
  if (numSharedReads >= kMaxSharedReads)
    return;
  SmallVector<uint64_t, 2> &words = readers[cell];
  for (uint64_t &known : words)
    if (getProgram(known) == getProgram(word)) {
      known = word;
      return;
    }
  words.push_back(word);
  ++numSharedReads;
}

std::optional<RaceWith> ShadowMemory::checkReaders(ProgramInstance &instance,
                                                   uint64_t cell,
                                                   uint64_t word) {
  if (!word)
    return std::nullopt;
  if (word != kManyReaders) {
    if (isOrdered(instance, word))
      return std::nullopt;
    return describe(word, /*isWrite=*/false);
  }
  std::lock_guard<std::mutex> lock(readersMutex);
  for (uint64_t known : readers.lookup(cell))
    if (!isOrdered(instance, known))
      return describe(known, /*isWrite=*/false);
  return std::nullopt;
}

std::optional<RaceWith> ShadowMemory::read(ProgramInstance &instance,
                                           unsigned instruction,
                                           uint64_t number) {
  Cell &cell = cells[number];
  uint64_t mine = makeWord(instance, instruction, /*isAtomic=*/false);
  // The write side stores its word and then looks at the readers; the order
  // here is the reverse, so that one of two simultaneous sides sees the other.
  uint64_t reader = cell.reader.load();
  while (reader != mine) {
    if (reader == kManyReaders) {
      addReader(number, mine);
      break;
    }
    bool mayReplace = !reader || isOrdered(instance, reader);
    if (cell.reader.compare_exchange_weak(reader,
                                          mayReplace ? mine : kManyReaders)) {
      if (!mayReplace) {
        addReader(number, reader);
        addReader(number, mine);
      }
      break;
    }
  }
  uint64_t writer = cell.writer.load();
  if (writer && !isOrdered(instance, writer))
    return describe(writer, /*isWrite=*/true);
  return std::nullopt;
}

std::optional<RaceWith> ShadowMemory::write(ProgramInstance &instance,
                                            unsigned instruction,
                                            uint64_t number) {
  Cell &cell = cells[number];
  uint64_t mine = makeWord(instance, instruction, /*isAtomic=*/false);
  uint64_t writer = cell.writer.exchange(mine);
  uint64_t reader = cell.reader.load();
  if (writer && !isOrdered(instance, writer))
    return describe(writer, /*isWrite=*/true);
  if (!reader)
    return std::nullopt;
  if (std::optional<RaceWith> race = checkReaders(instance, number, reader))
    return race;
  // All reads come before this write, which stands for them from now on.
  if (reader == kManyReaders) {
    std::lock_guard<std::mutex> lock(readersMutex);
    readers.erase(number);
  }
  cell.reader.store(0);
  return std::nullopt;
}

std::optional<RaceWith>
ShadowMemory::accessAtomically(ProgramInstance &instance, unsigned instruction,
                               uint64_t number, AtomicAccess access) {
  // Atomics of one block mean nothing to another program.
  bool isAtomic = access.scope != MemoryScope::Block;
  if (!isAtomic && access.writes)
    return write(instance, instruction, number);
  if (!isAtomic)
    return read(instance, instruction, number);

  Cell &cell = cells[number];
  uint64_t mine = makeWord(instance, instruction, /*isAtomic=*/true);
  uint64_t writer =
      access.writes ? cell.writer.exchange(mine) : cell.writer.load();
  if (writer && !(writer & kAtomic) && !isOrdered(instance, writer))
    return describe(writer, /*isWrite=*/true);
  uint64_t reader = cell.reader.load();
  if (access.writes && !(reader & kAtomic)) {
    if (std::optional<RaceWith> race = checkReaders(instance, number, reader))
      return race;
  }
  // A plain read by another program says more than this one.
  if (access.reads && (!reader || (reader & kAtomic)))
    cell.reader.compare_exchange_strong(reader, mine);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Synchronisation
//===----------------------------------------------------------------------===//

static void join(Clock &clock, uint32_t program, uint32_t epoch) {
  uint32_t &known = clock[program];
  known = std::max(known, epoch);
}

void ShadowMemory::synchronise(ProgramInstance &instance, uint64_t cell,
                               AtomicAccess access,
                               llvm::function_ref<bool()> perform) {
  Lock &lock = locks[cell % kNumLocks];
  std::lock_guard<std::mutex> guard(lock.mutex);
  bool wrote = perform();
  if (access.scope == MemoryScope::Block)
    return;
  bool acquires = access.order == MemoryOrder::Acquire ||
                  access.order == MemoryOrder::AcqRel;
  bool releases = access.order == MemoryOrder::Release ||
                  access.order == MemoryOrder::AcqRel;
  auto it = lock.released.find(cell);
  if (acquires && access.reads && it != lock.released.end())
    for (auto [program, epoch] : it->second)
      join(instance.clock, program, epoch);
  if (!wrote)
    return;
  // A store starts anew; a read-modify-write continues what it read.
  if (!access.reads && it != lock.released.end())
    lock.released.erase(it);
  if (!releases)
    return;
  Clock &released = lock.released[cell];
  for (auto [program, epoch] : instance.clock)
    join(released, program, epoch);
  join(released, instance.number, instance.epoch);
  ++instance.epoch;
}
