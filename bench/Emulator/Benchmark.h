//===- Benchmark.h - programs whose emulation is timed --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_BENCH_EMULATOR_BENCHMARK_H
#define TK_BENCH_EMULATOR_BENCHMARK_H

#include "tk/Emulator/Emulator.h"
#include <functional>

namespace mlir::tk {

/// One run of a program.
struct BenchmarkRun {
  EmulatorResult result;
  double seconds = 0;
  /// Of all threads: other work on the machine adds little to it.
  double processorSeconds = 0;
};

struct EmulatorBenchmark {
  llvm::StringRef name;
  /// What is run, in a few words.
  llvm::StringRef description;
  /// Seconds that a run with all checks may take; 0: no goal.
  double goalInSeconds = 0;
  /// The one rule that the compiler's PTX does not keep; empty if it keeps all.
  llvm::StringRef brokenRule;
  /// Loads, launches and compares the result with a reference.
  std::function<llvm::Expected<BenchmarkRun>(const EmulatorOptions &)> run;
};

/// Launches, and takes the times of that alone.
llvm::Expected<BenchmarkRun> timeLaunch(Emulator &emulator,
                                        const EmulatorModule &module,
                                        const EmulatorLaunch &launch,
                                        const EmulatorOptions &options);

/// Loops of instructions: one host thread's worth of work.
std::vector<EmulatorBenchmark> getLoopBenchmarks();
/// A 512x512x512 product of bf16 by PTX of several compilers.
std::vector<EmulatorBenchmark> getMatmulBenchmarks();

} // namespace mlir::tk

#endif // TK_BENCH_EMULATOR_BENCHMARK_H
