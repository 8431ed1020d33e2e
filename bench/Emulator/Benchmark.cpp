//===- Benchmark.cpp - how fast the emulator runs -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   tk-emulator-benchmark [--threads=<number>] [<name>...]
//
// Time and warp-instructions per second of each benchmark, with all checks and
// with none. Not a test of speed: the numbers depend on the machine. Exits with
// 1 if a result is wrong or a check reports something.
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"
#include "LaneLoops.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include <chrono>
#include <thread>

using namespace llvm;
using namespace mlir::tk;

Expected<BenchmarkRun> mlir::tk::timeLaunch(Emulator &emulator,
                                            const EmulatorModule &module,
                                            const EmulatorLaunch &launch,
                                            const EmulatorOptions &options) {
  auto begin = std::chrono::steady_clock::now();
  Expected<EmulatorResult> result = emulator.launch(module, launch, options);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - begin;
  if (!result)
    return result.takeError();
  return BenchmarkRun{std::move(*result), seconds.count()};
}

static StringRef describeVectors() {
  switch (emulator::hostVectorLevel()) {
  case emulator::VectorLevel::Baseline:
    return "baseline vectors";
  case emulator::VectorLevel::V3:
    return "AVX2 (x86-64-v3)";
  case emulator::VectorLevel::V4:
    return "AVX-512 (x86-64-v4)";
  }
  llvm_unreachable("all levels have a name");
}

/// False if something was wrong.
static bool measure(const EmulatorBenchmark &benchmark, unsigned numThreads) {
  outs() << benchmark.name << ": " << benchmark.description << '\n';
  double secondsWithChecks = 0;
  for (bool hasChecks : {true, false}) {
    EmulatorOptions options;
    options.checks.isOn = hasChecks;
    // Published code; Triton initialises mbarriers without this fence.
    options.checks.disabledRules.insert("mbarrier-init-fence");
    options.numHostThreads = numThreads;
    Expected<BenchmarkRun> run = benchmark.run(options);
    if (!run) {
      outs() << "  error: " << toString(run.takeError()) << '\n';
      return false;
    }
    outs() << format("  %-10s %9.3f s %9.2f M warp-instructions/s",
                     hasChecks ? "checks" : "no checks", run->seconds,
                     run->result.numSteps / run->seconds / 1e6);
    if (hasChecks && benchmark.goalInSeconds)
      outs() << format("  goal %g s", benchmark.goalInSeconds);
    if (!hasChecks)
      outs() << format("  %.2f times as fast",
                       secondsWithChecks / run->seconds);
    outs() << '\n';
    secondsWithChecks = run->seconds;
    if (run->result.reports.empty())
      continue;
    const EmulatorReport &report = run->result.reports.front();
    outs() << "  error: " << report.rule << ": " << report.detail << '\n';
    return false;
  }
  return true;
}

int main(int argc, char **argv) {
  std::vector<EmulatorBenchmark> benchmarks = getLoopBenchmarks();
  for (EmulatorBenchmark &matmul : getMatmulBenchmarks())
    benchmarks.push_back(std::move(matmul));
  unsigned numThreads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<const EmulatorBenchmark *> chosen;
  for (StringRef argument : ArrayRef<char *>(argv + 1, argc - 1)) {
    if (argument.consume_front("--threads=")) {
      if (!argument.getAsInteger(10, numThreads) && numThreads)
        continue;
      errs() << "error: '--threads' needs a number of at least 1, got '"
             << argument << "'\n";
      return 2;
    }
    auto found = find_if(benchmarks, [&](const EmulatorBenchmark &candidate) {
      return candidate.name == argument;
    });
    if (found == benchmarks.end()) {
      errs() << "error: unknown benchmark '" << argument
             << "', expected one of";
      for (const EmulatorBenchmark &benchmark : benchmarks)
        errs() << " '" << benchmark.name << "'";
      errs() << '\n';
      return 2;
    }
    chosen.push_back(&*found);
  }
  if (chosen.empty())
    for (const EmulatorBenchmark &benchmark : benchmarks)
      chosen.push_back(&benchmark);
  outs() << "host: " << sys::getHostCPUName() << ", " << describeVectors()
         << ", " << numThreads << " threads\n";
  bool isCorrect = true;
  for (const EmulatorBenchmark *benchmark : chosen)
    isCorrect &= measure(*benchmark, numThreads);
  return isCorrect ? 0 : 1;
}
