//===- RegisterPressure.h - where tiles take most registers ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_ANALYSIS_REGISTERPRESSURE_H
#define TK_ANALYSIS_REGISTERPRESSURE_H

#include "tk/Dialect/Tkg/IR/Tkg.h"

namespace mlir::tkg {

/// The registers of 32 bits that a thread needs for its part of a tile with a
/// layout: elements narrower than that share one, predicates take none. 0 for
/// other types.
int64_t getNumRegisters(Type type);

/// A tile that is live somewhere.
struct LiveTile {
  Value value;
  int64_t numRegisters;
};

/// The op at which most registers hold tiles.
struct PressurePoint {
  /// Null if the kernel has no tiles.
  Operation *op = nullptr;
  /// Of a thread.
  int64_t numRegisters = 0;
  /// What is live there, largest first.
  SmallVector<LiveTile> tiles;
};

/// Finds the point of highest pressure of a kernel whose layouts are assigned.
/// An estimate that needs no register allocation: it counts tiles alone, not
/// addresses, and takes splats and constants as free. `countRegisters` gives
/// the registers of a thread that a value of some type takes.
PressurePoint findMaxRegisterPressure(
    tk::KernelOp kernel,
    function_ref<int64_t(Type)> countRegisters = getNumRegisters);

/// "320 registers at matmul.tk:24:16: 512x256xf32 takes 256, 512x64xf16 64".
/// Names the three largest tiles.
std::string describePressure(const PressurePoint &point);

} // namespace mlir::tkg

#endif // TK_ANALYSIS_REGISTERPRESSURE_H
