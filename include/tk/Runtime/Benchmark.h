//===- Benchmark.h - times kernels ----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_BENCHMARK_H
#define TK_RUNTIME_BENCHMARK_H

#include "tk/Runtime/GpuDevice.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::tk {

/// How launches follow each other. On a chip that lowers its clock under load
/// the three differ; docs/ and the output name the one used.
enum class BenchMode {
  /// Idle for 40 ms, then a few launches: the clock is still high, and results
  /// repeat within a few tenths of a percent. To compare schedules.
  Burst,
  /// As triton.testing.do_bench: 25 ms of warm-up, then launches for 100 ms.
  /// To compare with published numbers.
  Bench,
  /// A second of launches before those that count: what lasts.
  Steady,
};

std::optional<BenchMode> parseBenchMode(llvm::StringRef name);
llvm::StringRef stringifyBenchMode(BenchMode mode);

struct BenchOptions {
  BenchMode mode = BenchMode::Bench;
  /// Write over the L2 cache before every launch.
  bool flushL2 = true;
  /// Launches that count; chosen by the mode if 0.
  int64_t numLaunches = 0;
};

/// Times of single launches, by events around each. Milliseconds.
struct Measurement {
  std::vector<double> times;
  double median = 0;
  double minimum = 0;
  /// A fifth of the launches took less, a fifth more.
  double lowQuantile = 0;
  double highQuantile = 0;
  /// Right after the launches; 0 if the driver's monitor is missing.
  int64_t clockMHz = 0;
  double powerWatts = 0;
};

/// Sorts and summarises.
Measurement summarize(std::vector<double> times);

/// Queues something for one launch. Gets the number of the launch, to rotate
/// between copies of its buffers.
using LaunchFunction = llvm::function_ref<llvm::Error(int64_t iteration)>;

/// Times `launch`. What `prepare` queues before each is not counted.
llvm::Expected<Measurement> measure(GpuDevice &device,
                                    const BenchOptions &options,
                                    LaunchFunction launch,
                                    LaunchFunction prepare = nullptr);

/// The speed of copying memory that exceeds the caches, in bytes per second,
/// read and written bytes counted: the roof of kernels that move data.
llvm::Expected<double> measureCopySpeed(GpuDevice &device);

} // namespace mlir::tk

#endif // TK_RUNTIME_BENCHMARK_H
