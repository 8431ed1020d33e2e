//===- ShadowMemory.h - who accessed each element last: finding races -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two programs race if they access one element, one of them writes, not both
// accesses are atomic, and neither comes before the other. Order between
// programs comes from atomics alone: what a program did before a release is
// before what another does after an acquire that read the released element.
//
// The algorithm is FastTrack (Flanagan and Freund, PLDI 2009) with a program
// for a thread. Each element has two words: the last write and the last read.
// A word names a program, its epoch (the number of its releases so far) and the
// instruction. An access comes before the present one if the present program's
// clock holds at least the epoch for that program.

#ifndef TK_LIB_INTERPRETER_SHADOWMEMORY_H
#define TK_LIB_INTERPRETER_SHADOWMEMORY_H

#include "TileProgram.h"
#include "tk/Dialect/Tk/IR/Tk.h"
#include <atomic>
#include <mutex>

namespace mlir::tk {

/// What an atomic does to memory.
struct AtomicAccess {
  bool reads;
  bool writes;
  MemoryOrder order;
  MemoryScope scope;
};

/// The other side of a race.
struct RaceWith {
  uint32_t program;
  unsigned instruction;
  bool isWrite;
  bool isAtomic;
};

class ShadowMemory {
public:
  /// One cell for each `cellSizeInBytes` bytes.
  ShadowMemory(uint64_t numCells, int64_t cellSizeInBytes);
  ~ShadowMemory();
  ShadowMemory(const ShadowMemory &) = delete;

  int64_t getCellSizeInBytes() const { return cellSizeInBytes; }

  /// Each notes an access to a cell by an instruction of `instance`.
  std::optional<RaceWith> read(ProgramInstance &instance, unsigned instruction,
                               uint64_t cell);
  std::optional<RaceWith> write(ProgramInstance &instance, unsigned instruction,
                                uint64_t cell);
  std::optional<RaceWith> accessAtomically(ProgramInstance &instance,
                                           unsigned instruction, uint64_t cell,
                                           AtomicAccess access);

  /// Performs an atomic while no other program synchronises through the cell,
  /// and notes the order that it makes. `perform` returns whether it wrote.
  void synchronise(ProgramInstance &instance, uint64_t cell,
                   AtomicAccess access, llvm::function_ref<bool()> perform);

private:
  struct Cell {
    std::atomic<uint64_t> writer;
    std::atomic<uint64_t> reader;
  };

  std::optional<RaceWith> checkReaders(ProgramInstance &instance, uint64_t cell,
                                       uint64_t word);
  void addReader(uint64_t cell, uint64_t word);

  Cell *cells;
  int64_t cellSizeInBytes;

  /// Cells that several unordered programs read: their words. Past a limit no
  /// more are kept, and writes to further cells race with nobody.
  static constexpr size_t kMaxSharedReads = size_t(1) << 22;
  std::mutex readersMutex;
  size_t numSharedReads = 0;
  llvm::DenseMap<uint64_t, SmallVector<uint64_t, 2>> readers;

  static constexpr size_t kNumLocks = 64;
  struct Lock {
    std::mutex mutex;
    /// What an acquire of the cell learns.
    llvm::DenseMap<uint64_t, Clock> released;
  };
  std::array<Lock, kNumLocks> locks;
};

} // namespace mlir::tk

#endif // TK_LIB_INTERPRETER_SHADOWMEMORY_H
