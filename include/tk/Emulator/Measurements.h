//===- Measurements.h - what a run of the emulator counted ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_EMULATOR_MEASUREMENTS_H
#define TK_EMULATOR_MEASUREMENTS_H

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::tk {

/// What all executions of one PTX instruction did to memory. A *request* is one
/// instruction executed by one warp.
struct InstructionMeasurement {
  /// Shared memory: trips to the banks, and the fewest with which as many
  /// bytes could be moved; more are bank conflicts.
  uint64_t sharedRequests = 0;
  uint64_t sharedWavefronts = 0;
  uint64_t sharedIdealWavefronts = 0;
  /// Most trips of one request.
  uint32_t sharedWorstWavefronts = 0;
  uint64_t sharedBytesRead = 0;
  uint64_t sharedBytesWritten = 0;

  /// Global memory: 32-byte sectors and 64-byte halves of cache lines that the
  /// requests touch.
  uint64_t globalRequests = 0;
  uint64_t globalSectors = 0;
  uint64_t globalHalves = 0;
  uint32_t globalWorstSectors = 0;
  /// Bytes that lanes asked for.
  uint64_t globalBytesRead = 0;
  uint64_t globalBytesWritten = 0;

  /// Copies by tensor maps.
  uint64_t tensorCopies = 0;
  uint64_t tensorBoxBytes = 0;
  uint64_t tensorInsideBytes = 0;

  uint64_t wgmmas = 0;
};

} // namespace mlir::tk

#endif // TK_EMULATOR_MEASUREMENTS_H
