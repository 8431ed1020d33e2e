//===- RunSession.cpp - what one call of tk-run does ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/RunSession.h"
#include "FileRunner.h"
#include "RunEvents.h"
#include "tk/Runtime/ChildProcess.h"
#include "tk/Support/OutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static bool fail(const Twine &message) {
  llvm::outs().flush();
  llvm::WithColor::error(llvm::errs(), "tk-run") << message << "\n";
  return false;
}

//===----------------------------------------------------------------------===//
// Files with results
//===----------------------------------------------------------------------===//

/// Writes to `path`, if one is given.
static bool writeFile(StringRef path, function_ref<void(raw_ostream &)> write) {
  if (path.empty())
    return true;
  if (llvm::Error error = writeOutputFile(path, write))
    return fail(llvm::toString(std::move(error)));
  return true;
}

static bool writeResults(const SessionOptions &options,
                         const BenchReport &report) {
  if (!options.runsBenches)
    return true;
  return writeFile(options.jsonFile,
                   [&](raw_ostream &os) { report.writeJSON(os); }) &&
         writeFile(options.csvFile,
                   [&](raw_ostream &os) { report.writeCSV(os); }) &&
         writeFile(options.plotFile,
                   [&](raw_ostream &os) { report.drawSVG(os); });
}

//===----------------------------------------------------------------------===//
// This process
//===----------------------------------------------------------------------===//

/// Does all items from the first on.
static bool runHere(const SessionOptions &options, RunEvents &events) {
  FileRunner runner(options, events);
  bool passed = runner.run();
  if (llvm::Error error = finishStandardOutput())
    passed = fail(llvm::toString(std::move(error)));
  if (!runner.hasBrokenDevice()) {
    events.onDone(passed);
    return passed;
  }
  // Unloading the driver would wait for the kernel that hangs.
  llvm::outs().flush();
  llvm::errs().flush();
  std::_Exit(1);
}

//===----------------------------------------------------------------------===//
// Another process
//===----------------------------------------------------------------------===//

namespace {
/// Keeps a worker going until all items are through.
class Supervisor : public EventCollector {
public:
  Supervisor(const SessionOptions &options, StringRef program,
             ArrayRef<std::string> arguments)
      : options(options), program(program), arguments(arguments) {}

  bool run() {
    while (!isDone) {
      int64_t first = nextItem;
      if (!runWorker())
        return false;
      // Another one would do no better.
      if (!isDone && nextItem == first)
        return false;
    }
    return passed;
  }

private:
  /// Runs one worker to its end; false if there is no point in another.
  bool runWorker() {
    std::vector<std::string> workerArguments = arguments;
    workerArguments.push_back("--worker=" + std::to_string(nextItem));
    llvm::Expected<ChildProcess> worker =
        ChildProcess::start(program, workerArguments);
    if (!worker)
      return fail(llvm::toString(worker.takeError()));
    bool wasSilent = !readEvents(*worker);
    if (wasSilent)
      worker->kill();
    int exitCode = 0;
    std::string reason = worker->wait(exitCode);
    if (wasSilent)
      reason = "it did nothing for " +
               std::to_string(getSilenceLimit().count()) + " s";
    if (isDone)
      return true;
    passed = false;
    if (!currentItem)
      return reason.empty() || fail("a worker process ended: " + reason);
    fail(currentName + ": the process that ran it ended" +
         (reason.empty() ? " with exit code " + std::to_string(exitCode)
                         : ": " + reason));
    currentItem.reset();
    return true;
  }

  /// False if the worker fell silent before its end.
  bool readEvents(ChildProcess &worker) {
    while (true) {
      ChildProcess::Line line = worker.readLine(getSilenceLimit());
      switch (line.kind) {
      case ChildProcess::Line::Kind::End:
        return true;
      case ChildProcess::Line::Kind::Timeout:
        return false;
      case ChildProcess::Line::Kind::Text:
        readEvent(line.text, *this);
      }
    }
  }

  /// An item waits for the device a few times, each with its own limit, and
  /// compiles and evaluates its reference besides.
  std::chrono::seconds getSilenceLimit() const {
    return std::chrono::seconds(options.silenceInSeconds.value_or(
        60 + static_cast<int64_t>(4 * options.tests.timeLimitInSeconds)));
  }

  const SessionOptions &options;
  std::string program;
  std::vector<std::string> arguments;
};
} // namespace

int mlir::tk::runSession(const SessionOptions &options, StringRef program,
                         ArrayRef<std::string> arguments) {
  if (options.isWorker) {
    ChildProcess::endWithParent();
    EventWriter writer(ChildProcess::kChannel);
    return runHere(options, writer) ? 0 : 1;
  }
  using Choice = SessionOptions::DeviceChoice;
  bool usesGpu = options.device != Choice::Interpreter &&
                 options.device != Choice::Emulator;
  bool passed;
  if (usesGpu && !options.staysInProcess) {
    Supervisor supervisor(options, program, arguments);
    passed = supervisor.run();
    passed &= writeResults(options, supervisor.getReport());
  } else {
    EventCollector collector;
    passed = runHere(options, collector);
    passed &= writeResults(options, collector.getReport());
  }
  return passed ? 0 : 1;
}
