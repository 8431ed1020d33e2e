//===- Measurements.h - what a run of the emulator counted ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts that hold on hardware too, for they follow from addresses alone:
// bank conflicts, sectors, bytes, instructions. No caches and no time.
//
//===----------------------------------------------------------------------===//

#ifndef TK_EMULATOR_MEASUREMENTS_H
#define TK_EMULATOR_MEASUREMENTS_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
namespace json {
class Value;
} // namespace json
} // namespace llvm

namespace mlir::tk {

struct EmulatorResult;
struct PtxInstruction;
struct PtxModule;

/// What all executions of one PTX instruction did to memory. A *request* is one
/// instruction executed by one warp, or one row of a bulk or tensor copy.
struct InstructionMeasurement {
  /// Shared memory: trips to the banks, and the fewest that could move the same
  /// words; more are bank conflicts. Not of bulk copies and wgmma, which have
  /// ways of their own.
  uint64_t sharedRequests = 0;
  uint64_t sharedWavefronts = 0;
  uint64_t sharedIdealWavefronts = 0;
  /// Most trips that the lanes of one group took together: n is an n-way
  /// conflict, 1 is none.
  uint64_t sharedWorstWays = 0;
  /// Bytes of shared memory as lanes ask for them. Of wgmma: the operands, B
  /// once for a warpgroup.
  uint64_t sharedBytesRead = 0;
  uint64_t sharedBytesWritten = 0;
  /// The part of these that lies in other blocks of the cluster.
  uint64_t remoteBytesRead = 0;
  uint64_t remoteBytesWritten = 0;

  /// Bytes of local memory as lanes ask for them: arrays, and what a compiler
  /// spilled.
  uint64_t localBytesRead = 0;
  uint64_t localBytesWritten = 0;

  /// Global memory: 32-byte sectors and 64-byte halves of cache lines that the
  /// requests touch.
  uint64_t globalRequests = 0;
  uint64_t globalSectors = 0;
  uint64_t globalHalves = 0;
  uint64_t globalWorstSectors = 0;
  /// Bytes that lanes asked for.
  uint64_t globalBytesRead = 0;
  uint64_t globalBytesWritten = 0;
  /// What these are if every sector comes from memory, and goes there.
  uint64_t globalSectorsRead = 0;
  uint64_t globalSectorsWritten = 0;

  /// Copies by tensor maps: bytes of the boxes, and those inside the tensor.
  uint64_t tensorCopies = 0;
  uint64_t tensorBoxBytes = 0;
  uint64_t tensorInsideBytes = 0;

  uint64_t wgmmas = 0;

  void add(const InstructionMeasurement &other);
};

struct EmulatorMeasurements {
  /// By index into PtxModule::instructions; empty if the run was not measured.
  std::vector<InstructionMeasurement> instructions;
  /// Different sectors of global memory: what a cache of any size must still
  /// move.
  uint64_t numDistinctSectorsRead = 0;
  uint64_t numDistinctSectorsWritten = 0;
};

/// What an instruction is for.
enum class InstructionClass : uint8_t {
  Integer,
  Float,
  Conversion,
  Move,
  Control,
  Global,
  Shared,
  Local,
  OtherMemory,
  Atomic,
  AsyncCopy,
  Matrix,
  WarpExchange,
  Synchronisation,
  Other,
};
inline constexpr unsigned numInstructionClasses =
    unsigned(InstructionClass::Other) + 1;
InstructionClass classify(const PtxInstruction &instruction);
llvm::StringRef getName(InstructionClass instructionClass);

/// A table by source line (PTX line where there is no `.loc`), then totals,
/// then tensor copies, wgmmas and the instruction mix, each in total and by
/// source line.
void printMeasurements(llvm::raw_ostream &os, const PtxModule &module,
                       const EmulatorResult &result);
/// `{"totals": .., "mix": .., "wgmma": .., "lines": [..], "instructions":
/// [..]}`. A line has a mix and wgmmas of its own.
llvm::json::Value measurementsToJson(const PtxModule &module,
                                     const EmulatorResult &result);

} // namespace mlir::tk

#endif // TK_EMULATOR_MEASUREMENTS_H
