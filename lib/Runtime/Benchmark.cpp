//===- Benchmark.cpp - times kernels --------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/Benchmark.h"
#include "PowerMonitor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <thread>

using namespace llvm;
using namespace mlir::tk;

static constexpr std::pair<BenchMode, StringLiteral> kModes[] = {
    {BenchMode::Burst, "burst"},
    {BenchMode::Bench, "bench"},
    {BenchMode::Steady, "steady"},
};

std::optional<BenchMode> mlir::tk::parseBenchMode(StringRef name) {
  for (auto [mode, spelling] : kModes)
    if (spelling == name)
      return mode;
  return std::nullopt;
}

StringRef mlir::tk::stringifyBenchMode(BenchMode mode) {
  return kModes[static_cast<size_t>(mode)].second;
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

/// Linear between the two nearest, as NumPy's and Torch's quantiles.
static double getQuantile(ArrayRef<double> sorted, double quantile) {
  double position = quantile * static_cast<double>(sorted.size() - 1);
  auto below = static_cast<size_t>(position);
  size_t above = std::min(below + 1, sorted.size() - 1);
  double fraction = position - static_cast<double>(below);
  return sorted[below] + fraction * (sorted[above] - sorted[below]);
}

Measurement mlir::tk::summarize(std::vector<double> times) {
  Measurement result;
  llvm::sort(times);
  if (!times.empty()) {
    result.minimum = times.front();
    result.median = getQuantile(times, 0.5);
    result.lowQuantile = getQuantile(times, 0.2);
    result.highQuantile = getQuantile(times, 0.8);
  }
  result.times = std::move(times);
  return result;
}

//===----------------------------------------------------------------------===//
// Measuring
//===----------------------------------------------------------------------===//

namespace {
/// Launches with or without an event before and after each.
class Launcher {
public:
  Launcher(GpuDevice &device, LaunchFunction launch, LaunchFunction prepare)
      : device(device), launch(launch), prepare(prepare) {}

  /// Allocates what overwrites the cache.
  Error prepareFlush() {
    // Twice the cache, for it may keep what it holds when new lines stream in.
    int64_t size = std::max<int64_t>(2 * device.getFacts().l2Bytes, 1 << 20);
    Expected<DeviceBuffer> buffer = device.allocate(size);
    if (!buffer)
      return buffer.takeError();
    flushBuffer = std::move(*buffer);
    return Error::success();
  }

  /// Queues `count` launches and waits for all.
  Error warmUp(int64_t count) {
    for (int64_t i = 0; i < count; ++i)
      if (Error error = launchOnce())
        return error;
    return device.wait();
  }

  /// Appends the time of each of `count` launches.
  Error time(int64_t count, std::vector<double> &times) {
    std::vector<DeviceEvent> events;
    for (int64_t i = 0; i < 2 * count; ++i) {
      Expected<DeviceEvent> event = device.createEvent();
      if (!event)
        return event.takeError();
      events.push_back(std::move(*event));
    }
    for (int64_t i = 0; i < count; ++i) {
      if (Error error = prepareLaunch())
        return error;
      if (Error error = device.record(events[2 * i]))
        return error;
      if (Error error = launch(iteration++))
        return error;
      if (Error error = device.record(events[2 * i + 1]))
        return error;
    }
    if (Error error = device.wait())
      return error;
    for (int64_t i = 0; i < count; ++i) {
      Expected<double> time =
          device.getMilliseconds(events[2 * i], events[2 * i + 1]);
      if (!time)
        return time.takeError();
      times.push_back(*time);
    }
    return Error::success();
  }

private:
  Error prepareLaunch() {
    if (prepare)
      if (Error error = prepare(iteration))
        return error;
    return device.fill(flushBuffer.getAddress(), 0,
                       flushBuffer.getSizeInBytes());
  }

  Error launchOnce() {
    if (Error error = prepareLaunch())
      return error;
    return launch(iteration++);
  }

  GpuDevice &device;
  LaunchFunction launch, prepare;
  DeviceBuffer flushBuffer;
  int64_t iteration = 0;
};

/// How a mode spreads its launches. Times in milliseconds.
struct ModePlan {
  double warmUpTime;
  double measuredTime;
  int64_t minLaunches;
  int64_t maxLaunches;
  /// Rounds, each after a pause.
  int64_t numRounds;
  int64_t pause;
};
} // namespace

static ModePlan getPlan(BenchMode mode) {
  switch (mode) {
  case BenchMode::Burst:
    return {0, 0, 5, 5, 5, 40};
  case BenchMode::Bench:
    return {25, 100, 10, 10000, 1, 0};
  case BenchMode::Steady:
    return {1000, 500, 10, 100000, 1, 0};
  }
  llvm_unreachable("all modes are listed");
}

/// So many launches that they take `time`, going by one that took `perLaunch`.
static int64_t countLaunches(double time, double perLaunch, int64_t minimum,
                             int64_t maximum) {
  double count = time / std::max(perLaunch, 1e-3);
  return std::clamp(static_cast<int64_t>(count), minimum, maximum);
}

Expected<Measurement> mlir::tk::measure(GpuDevice &device,
                                        const BenchOptions &options,
                                        LaunchFunction launch,
                                        LaunchFunction prepare) {
  Launcher launcher(device, launch, prepare);
  if (options.flushL2)
    if (Error error = launcher.prepareFlush())
      return std::move(error);
  // The first launch loads code; the next tell how long one takes.
  if (Error error = launcher.warmUp(1))
    return std::move(error);
  std::vector<double> estimates;
  if (Error error = launcher.time(3, estimates))
    return std::move(error);
  double estimate = summarize(estimates).median;

  ModePlan plan = getPlan(options.mode);
  if (Error error = launcher.warmUp(
          countLaunches(plan.warmUpTime, estimate, 1, plan.maxLaunches)))
    return std::move(error);
  int64_t count = options.numLaunches;
  if (count == 0)
    count = countLaunches(plan.measuredTime, estimate, plan.minLaunches,
                          plan.maxLaunches);
  PowerMonitor monitor(device.getFacts().busId);
  std::vector<double> times;
  for (int64_t round = 0; round < plan.numRounds; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(plan.pause));
    if (Error error = launcher.time(count, times))
      return std::move(error);
  }
  Measurement result = summarize(std::move(times));
  result.clockMHz = monitor.getClockMHz();
  result.powerWatts = monitor.getPowerWatts();
  return result;
}

Expected<double> mlir::tk::measureCopySpeed(GpuDevice &device) {
  // Large against every cache, and small against every memory.
  int64_t size =
      std::max<int64_t>(8 * device.getFacts().l2Bytes, int64_t(256) << 20);
  Expected<DeviceBuffer> from = device.allocate(size);
  if (!from)
    return from.takeError();
  Expected<DeviceBuffer> to = device.allocate(size);
  if (!to)
    return to.takeError();
  BenchOptions options;
  options.flushL2 = false;
  Expected<Measurement> measurement = measure(device, options, [&](int64_t) {
    return device.copyOnDevice(to->getAddress(), from->getAddress(), size);
  });
  if (!measurement)
    return measurement.takeError();
  return 2.0 * static_cast<double>(size) / (measurement->median * 1e-3);
}
