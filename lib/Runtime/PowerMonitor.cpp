//===- PowerMonitor.cpp - clock and power of a GPU ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PowerMonitor.h"
#include "llvm/Support/DynamicLibrary.h"
#include <string>

using namespace llvm;
using namespace mlir::tk;

template <typename Fn>
static bool bind(sys::DynamicLibrary &library, Fn *&function,
                 const char *name) {
  function = reinterpret_cast<Fn *>(library.getAddressOfSymbol(name));
  return function != nullptr;
}

PowerMonitor::PowerMonitor(StringRef busId) {
  if (busId.empty())
    return;
  sys::DynamicLibrary library =
      sys::DynamicLibrary::getPermanentLibrary("libnvidia-ml.so.1");
  if (!library.isValid())
    return;
  int (*init)() = nullptr;
  int (*getHandle)(const char *, void **) = nullptr;
  if (!bind(library, init, "nvmlInit_v2") ||
      !bind(library, getHandle, "nvmlDeviceGetHandleByPciBusId_v2") ||
      !bind(library, getClockInfo, "nvmlDeviceGetClockInfo") ||
      !bind(library, getPowerUsage, "nvmlDeviceGetPowerUsage"))
    return;
  void *handle = nullptr;
  if (init() == 0 && getHandle(busId.str().c_str(), &handle) == 0)
    device = handle;
}

int64_t PowerMonitor::getClockMHz() const {
  constexpr int kMultiprocessorClock = 1;
  unsigned clock = 0;
  if (device && getClockInfo(device, kMultiprocessorClock, &clock) == 0)
    return clock;
  return 0;
}

double PowerMonitor::getPowerWatts() const {
  unsigned milliwatts = 0;
  if (device && getPowerUsage(device, &milliwatts) == 0)
    return milliwatts / 1000.0;
  return 0;
}
