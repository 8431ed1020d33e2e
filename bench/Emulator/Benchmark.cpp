//===- Benchmark.cpp - how fast the emulator runs -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   tk-emulator-benchmark [--threads=<number>] [--repeat=<number>] [<name>...]
//
// Time, processor time and warp-instructions per second of each benchmark, with
// all checks and with none, by turns; of the fastest of several runs. How many
// times as fast compares processor times. Not a test of speed: the numbers
// depend on the machine. Exits with 1 if a result is wrong or a check reports
// something.
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"
#include "LaneLoops.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Host.h"
#include <chrono>
#include <ctime>
#include <thread>

using namespace llvm;
using namespace mlir::tk;

Expected<BenchmarkRun> mlir::tk::timeLaunch(Emulator &emulator,
                                            const EmulatorModule &module,
                                            const EmulatorLaunch &launch,
                                            const EmulatorOptions &options) {
  auto begin = std::chrono::steady_clock::now();
  std::clock_t beginOnProcessor = std::clock();
  Expected<EmulatorResult> result = emulator.launch(module, launch, options);
  std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - begin;
  double processorSeconds =
      double(std::clock() - beginOnProcessor) / CLOCKS_PER_SEC;
  if (!result)
    return result.takeError();
  return BenchmarkRun{std::move(*result), seconds.count(), processorSeconds};
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

/// Runs once more, and keeps the faster run. An error if a check reports
/// something.
static Error runAgain(const EmulatorBenchmark &benchmark,
                      const EmulatorOptions &options,
                      std::optional<BenchmarkRun> &fastest) {
  Expected<BenchmarkRun> run = benchmark.run(options);
  if (!run)
    return run.takeError();
  for (const EmulatorReport &report : run->result.reports)
    return createStringError(report.rule + ": " + report.detail);
  if (!fastest || run->processorSeconds < fastest->processorSeconds)
    fastest = std::move(*run);
  return Error::success();
}

/// False if something was wrong.
static bool measure(const EmulatorBenchmark &benchmark, unsigned numThreads,
                    unsigned numRuns) {
  outs() << benchmark.name << ": " << benchmark.description << '\n';
  EmulatorOptions options;
  options.numHostThreads = numThreads;
  if (!benchmark.brokenRule.empty())
    options.checks.disabledRules.insert(benchmark.brokenRule);
  // By turns: what else the machine does is then the same for both.
  std::optional<BenchmarkRun> checked, unchecked;
  for (unsigned i = 0; i < numRuns; ++i)
    for (bool hasChecks : {true, false}) {
      options.checks.isOn = hasChecks;
      if (Error error =
              runAgain(benchmark, options, hasChecks ? checked : unchecked)) {
        outs() << "  error: " << toString(std::move(error)) << '\n';
        return false;
      }
    }
  auto print = [](StringRef name, const BenchmarkRun &run) {
    outs() << format("  %-10s", name.data())
           << format(" %9.3f s %9.3f s of processor %9.2f M "
                     "warp-instructions/s",
                     run.seconds, run.processorSeconds,
                     run.result.numSteps / run.seconds / 1e6);
  };
  print("checks", *checked);
  if (benchmark.goalInSeconds)
    outs() << format("  goal %g s", benchmark.goalInSeconds);
  outs() << '\n';
  print("no checks", *unchecked);
  outs() << format("  %.2f times as fast\n",
                   checked->processorSeconds / unchecked->processorSeconds);
  return true;
}

/// Reads `--name=<number>`; false if the argument is another one. Exits if
/// there is no number of at least 1.
static bool readNumber(StringRef argument, StringRef name, unsigned &number) {
  if (!argument.consume_front(name) || !argument.consume_front("="))
    return false;
  if (!argument.getAsInteger(10, number) && number)
    return true;
  errs() << "error: '" << name << "' needs a number of at least 1, got '"
         << argument << "'\n";
  exit(2);
}

int main(int argc, char **argv) {
  std::vector<EmulatorBenchmark> benchmarks = getLoopBenchmarks();
  for (EmulatorBenchmark &matmul : getMatmulBenchmarks())
    benchmarks.push_back(std::move(matmul));
  unsigned numThreads = std::max(1u, std::thread::hardware_concurrency());
  unsigned numRuns = 3;
  std::vector<const EmulatorBenchmark *> chosen;
  for (StringRef argument : ArrayRef<char *>(argv + 1, argc - 1)) {
    if (readNumber(argument, "--threads", numThreads) ||
        readNumber(argument, "--repeat", numRuns))
      continue;
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
    isCorrect &= measure(*benchmark, numThreads, numRuns);
  return isCorrect ? 0 : 1;
}
