//===- tk-run.cpp - runs the tests and benches of .tk files ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TkRunOptions.h"
#include "Tools.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Pipelines/Registration.h"
#include "tk/Testing/BenchReport.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static bool fail(const Twine &message) {
  llvm::WithColor::error(llvm::errs(), "tk-run") << message << "\n";
  return false;
}

namespace {
/// Runs what one call of tk-run asks for.
class Runner {
public:
  explicit Runner(const TkRunOptions &options) : options(options) {
    DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }

  bool run();
  /// After a hang the driver must not be asked to clean up.
  bool hasBrokenDevice() const { return gpu && !gpu->getGpu().isUsable(); }

private:
  bool openDevice();
  bool runFile(StringRef path);
  bool runTests(CheckedProgram &program, StringRef path);
  bool runBenches(CheckedProgram &program, StringRef path);
  bool startBenches();
  bool writeResults();

  const TkRunOptions &options;
  MLIRContext context;
  std::unique_ptr<TestDevice> device;
  /// The same, if it is a GPU.
  GpuTestDevice *gpu = nullptr;
  /// "interp (no GPU found)".
  std::string deviceText;
  std::unique_ptr<BenchReport> report;
};
} // namespace

bool Runner::openDevice() {
  using Choice = TkRunOptions::DeviceChoice;
  if (options.device != Choice::Interpreter) {
    llvm::Expected<std::unique_ptr<GpuTestDevice>> opened =
        GpuTestDevice::create(context, options.gpu);
    if (opened) {
      gpu = opened->get();
      deviceText =
          (gpu->getName() + " (" + gpu->getGpu().getFacts().name + ")").str();
      device = std::move(*opened);
      return true;
    }
    std::string reason = llvm::toString(opened.takeError());
    if (options.device != Choice::Automatic)
      return fail("cannot use the device '" +
                  Twine(options.device == Choice::Hip ? "hip" : "cuda") +
                  "': " + reason);
    deviceText = "interp (no GPU found)";
  }
  RunOptions runOptions;
  runOptions.timeLimitInSeconds = options.tests.timeLimitInSeconds;
  device = createInterpreterDevice(runOptions);
  if (deviceText.empty())
    deviceText = "interp";
  return true;
}

bool Runner::runTests(CheckedProgram &program, StringRef path) {
  TestOptions testOptions = options.tests;
  testOptions.directory = llvm::sys::path::parent_path(path).str();
  TestRunner runner(program, &context, *device, testOptions);
  const std::vector<TestCase> &tests = program.getTests();
  llvm::outs() << llvm::sys::path::filename(path) << ": device: " << deviceText
               << "\n";
  // Diagnostics go to another stream.
  llvm::outs().flush();
  TestReport testReport(tests);
  bool passed = true;
  for (const TestCase &test : tests) {
    if (!options.name.empty() && test.name != options.name)
      continue;
    TestOutcome outcome = runner.run(test);
    llvm::outs() << outcome.printed << testReport.format(test, outcome);
    llvm::outs().flush();
    passed &= outcome.status == TestOutcome::Status::Passed;
    if (hasBrokenDevice())
      return fail(
          "the GPU is unusable after this; the other tests did not run");
  }
  return passed;
}

bool Runner::startBenches() {
  if (!gpu)
    return fail("benches need a GPU, but the device is " + deviceText);
  llvm::Expected<double> copySpeed = measureCopySpeed(gpu->getGpu());
  if (!copySpeed)
    return fail(llvm::toString(copySpeed.takeError()));
  report = std::make_unique<BenchReport>(gpu->getGpu().getFacts(),
                                         options.bench.mode, *copySpeed);
  llvm::outs() << report->getHeading() << "\n";
  return true;
}

bool Runner::runBenches(CheckedProgram &program, StringRef path) {
  TestOptions testOptions = options.tests;
  testOptions.directory = llvm::sys::path::parent_path(path).str();
  TestRunner runner(program, &context, *device, testOptions);
  llvm::outs() << llvm::sys::path::filename(path) << "\n";
  bool showsProgress = llvm::sys::Process::StandardErrIsDisplayed();
  const std::vector<TestCase> &benches = program.getBenches();
  bool passed = true;
  for (auto [index, bench] : llvm::enumerate(benches)) {
    if (!options.name.empty() && bench.name != options.name)
      continue;
    if (showsProgress)
      llvm::errs() << "\r[" << index + 1 << "/" << benches.size() << "] "
                   << bench.name << "\x1b[K\r";
    FailureOr<TestPlan> plan = runner.makePlan(bench, options.tests.firstSeed);
    FailureOr<Measurement> measurement = failure();
    if (succeeded(plan))
      measurement = gpu->measure(*plan, options.bench);
    if (failed(measurement)) {
      passed = false;
      llvm::outs() << "  bench " << bench.name << ": failed\n";
      if (hasBrokenDevice())
        return fail(
            "the GPU is unusable after this; the other benches did not run");
      continue;
    }
    llvm::outs() << report->add(llvm::sys::path::filename(path), bench,
                                *measurement);
    llvm::outs().flush();
  }
  if (showsProgress)
    llvm::errs() << "\x1b[K";
  return passed;
}

bool Runner::runFile(StringRef path) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &message);
  if (!buffer)
    return fail(message);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  DiagnosticSession session(sources, /*verifies=*/false, llvm::errs());
  SourceMgrDiagnosticHandler handler(sources, &context);
  std::unique_ptr<CheckedProgram> program =
      CheckedProgram::create(sources, session.getReporter());
  if (!program)
    return session.finish() && false;
  bool passed = options.runsBenches ? runBenches(*program, path)
                                    : runTests(*program, path);
  return session.finish() && passed;
}

/// Writes to `path`, if one is given.
static bool writeFile(StringRef path, function_ref<void(raw_ostream &)> write) {
  if (path.empty())
    return true;
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(path, &message);
  if (!file)
    return fail(message);
  write(file->os());
  file->keep();
  return true;
}

bool Runner::writeResults() {
  return writeFile(options.jsonFile,
                   [&](raw_ostream &os) { report->writeJSON(os); }) &&
         writeFile(options.csvFile,
                   [&](raw_ostream &os) { report->writeCSV(os); });
}

bool Runner::run() {
  if (!openDevice() || (options.runsBenches && !startBenches()))
    return false;
  bool passed = true;
  for (const std::string &file : options.files) {
    passed &= runFile(file);
    if (hasBrokenDevice())
      return false;
  }
  if (report)
    passed &= writeResults();
  return passed;
}

int mlir::tk::runTkRun(int argc, char **argv) {
  llvm::Expected<TkRunOptions> options =
      parseTkRunOptions(ArrayRef(argv, argc).drop_front());
  if (!options) {
    fail(llvm::toString(options.takeError()));
    return 1;
  }
  if (options->printsHelp) {
    printTkRunHelp(llvm::outs());
    return 0;
  }
  Runner runner(*options);
  bool passed = runner.run();
  if (runner.hasBrokenDevice()) {
    // Unloading the driver would wait for the kernel that hangs.
    llvm::outs().flush();
    llvm::errs().flush();
    std::_Exit(1);
  }
  return passed ? 0 : 1;
}
