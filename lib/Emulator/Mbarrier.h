//===- Mbarrier.h - the mbarrier object -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_MBARRIER_H
#define TK_LIB_EMULATOR_MBARRIER_H

#include "Checker.h"
#include <cstdint>

namespace mlir::tk::emulator {

class Warp;
class ThreadBlock;

/// 9.7.13.15: the state behind the eight opaque bytes. A phase completes when
/// both counts are zero; then the next begins at once.
struct Mbarrier {
  /// Arrivals of a phase.
  uint32_t expectedCount = 0;
  /// Of this phase, not arrived yet.
  uint32_t pendingCount = 0;
  /// Bytes of asynchronous copies that are expected less those that came.
  /// Copies may complete before they are expected.
  int64_t transactionBytes = 0;
  /// Phases completed.
  uint64_t numPhases = 0;
  /// What arrivals and copies of this phase know, and those of the last.
  SyncObjectPtr current, last;
  /// The instruction and agent that made it.
  Place initialized;
  /// An init was followed by a fence that shows it to the async proxy and to
  /// other blocks of the cluster.
  bool isInitFenced = false;

  /// `delta` bytes come to be expected (positive) or arrived (negative).
  /// Returns whether the phase completed; then those that wait are to be
  /// notified.
  bool expectOrComplete(int64_t delta, Checker *checker);
  /// `count` arrivals. The caller has checked that so many are pending.
  bool arrive(uint32_t count, Checker *checker);

private:
  bool completeIfDone(Checker *checker);
};

/// The mbarrier at an offset of a block's window; null if there is none, which
/// is reported.
Mbarrier *findMbarrier(Warp &warp, const struct Instruction &instruction,
                       ThreadBlock &owner, uint64_t offset);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MBARRIER_H
