//===- Counters.h - what the execution tells the measurements -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each host thread has its own Counters, so counting needs no locks; their sum
// does not depend on how blocks were spread. A run without measurements has a
// null pointer.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_COUNTERS_H
#define TK_LIB_EMULATOR_COUNTERS_H

#include "Checker.h"
#include "tk/Emulator/Measurements.h"
#include "llvm/ADT/DenseMap.h"
#include <vector>

namespace mlir::tk::emulator {

/// A copy by tensor map: what it was asked to move and what memory gives.
struct TensorCopyCount {
  /// Bytes of the box, and those of it that lie inside the tensor.
  uint64_t boxBytes = 0;
  uint64_t insideBytes = 0;
};

class Counters {
public:
  explicit Counters(size_t numInstructions);

  /// One execution of an instruction that accesses memory, as told to the
  /// Checker. cp.async tells both of its sides. Rows of ldmatrix and stmatrix
  /// are accesses of 16 bytes by the lanes that gave the addresses.
  void access(const Place &place, const Access &access);
  /// A row that a bulk or tensor copy reads or writes, or what a lane of
  /// st.async does.
  void access(const Place &place, const AsyncAccess &access);
  void tensorCopy(const Place &place, const TensorCopyCount &copy);
  /// A warp's part of a wgmma: what it reads of shared memory. The operation
  /// itself counts once, with the first warp of the warpgroup.
  void wgmma(const Place &place, uint64_t sharedBytes, bool isFirstWarp);

  void add(const Counters &other);
  EmulatorMeasurements finish() const;

private:
  /// A bit a sector, 64 of them a word.
  using SectorSet = llvm::DenseMap<uint64_t, uint64_t>;

  void countShared(InstructionMeasurement &counts, const Place &place,
                   const Access &access);
  void countGlobal(InstructionMeasurement &counts, const Place &place,
                   const Access &access);

  std::vector<InstructionMeasurement> perInstruction;
  SectorSet sectorsRead;
  SectorSet sectorsWritten;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_COUNTERS_H
