//===- PowerMonitor.h - clock and power of a GPU --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_RUNTIME_POWERMONITOR_H
#define TK_LIB_RUNTIME_POWERMONITOR_H

#include "llvm/ADT/StringRef.h"

namespace mlir::tk {

/// Reads from NVIDIA's management library, which need not exist.
class PowerMonitor {
public:
  /// Of the GPU on this bus; all readings are 0 if anything is missing.
  explicit PowerMonitor(llvm::StringRef busId);

  int64_t getClockMHz() const;
  double getPowerWatts() const;

private:
  void *device = nullptr;
  int (*getClockInfo)(void *device, int type, unsigned *clockMHz) = nullptr;
  int (*getPowerUsage)(void *device, unsigned *milliwatts) = nullptr;
};

} // namespace mlir::tk

#endif // TK_LIB_RUNTIME_POWERMONITOR_H
