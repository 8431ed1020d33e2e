//===- FileRunner.cpp - runs the tests and benches of files ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "FileRunner.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Support/FileUtilities.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Pipelines/CommandDiagnostics.h"
#include "tk/Pipelines/Registration.h"
#include "tk/Runtime/NpyFile.h"
#include "tk/Support/BinaryFile.h"
#include "tk/Support/OutputFile.h"
#include "tk/Support/Suggest.h"
#include "tk/Testing/BinaryDeclarations.h"
#include "tk/Testing/EmulatorTestDevice.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

static bool fail(const Twine &message) {
  llvm::outs().flush();
  llvm::WithColor::error(llvm::errs(), "tk-run") << message << "\n";
  return false;
}

namespace {
/// Clears the progress bar before the front end prints.
class SessionStream : public llvm::raw_ostream {
public:
  explicit SessionStream(ProgressBar &progress) : progress(progress) {
    SetUnbuffered();
  }
  bool has_colors() const override { return llvm::errs().has_colors(); }
  raw_ostream &changeColor(enum Colors colors, bool bold, bool bg) override {
    llvm::errs().changeColor(colors, bold, bg);
    return *this;
  }
  raw_ostream &resetColor() override {
    llvm::errs().resetColor();
    return *this;
  }

private:
  void write_impl(const char *bytes, size_t size) override {
    progress.clear();
    llvm::outs().flush();
    llvm::errs().write(bytes, size);
  }
  uint64_t current_pos() const override { return 0; }

  ProgressBar &progress;
};
} // namespace

/// Members in the order in which they depend on each other.
struct FileRunner::Input {
  explicit Input(StringRef path)
      : name(llvm::sys::path::filename(path)),
        directory(llvm::sys::path::parent_path(path)) {}

  std::string name;
  std::string directory;
  llvm::SourceMgr sources;
  std::unique_ptr<DiagnosticSession> session;
  std::unique_ptr<CheckedProgram> program;
  /// Launches from the command line, in the language of the program.
  std::vector<std::string> launches;
  bool isBinary = false;
  /// Of a binary: what its source imports.
  std::vector<EmbeddedFile> imports;
  std::vector<TestCase> cases;
  std::optional<TestReport> report;
};

FileRunner::FileRunner(const SessionOptions &options, RunEvents &events)
    : options(options), events(events),
      progress(llvm::errs(), llvm::sys::Process::StandardErrIsDisplayed()) {
  DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

void FileRunner::openEmulator() {
  EmulatorTestOptions emulatorOptions;
  emulatorOptions.compiler = options.gpu.compiler;
  emulatorOptions.variant = options.gpu.variant;
  emulatorOptions.emulator = options.emulator;
  emulatorOptions.onResult = [this](StringRef entry, const PtxModule &module,
                                    const EmulatorResult &result) {
    recordEmulation(entry, module, result);
  };
  device = createEmulatorDevice(context, emulatorOptions);
  deviceText = "emu";
}

bool FileRunner::openDevice() {
  using Choice = SessionOptions::DeviceChoice;
  if (options.device == Choice::Emulator) {
    openEmulator();
    return true;
  }
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
    if (!options.ptx.entry.empty()) {
      openEmulator();
      deviceText = "emu (no GPU found)";
      return true;
    }
    deviceText = "interp (no GPU found)";
  }
  RunOptions runOptions;
  runOptions.timeLimitInSeconds = options.tests.timeLimitInSeconds;
  device = createInterpreterDevice(runOptions);
  if (deviceText.empty())
    deviceText = "interp";
  return true;
}

//===----------------------------------------------------------------------===//
// What the emulator counts
//===----------------------------------------------------------------------===//

void FileRunner::recordEmulation(StringRef entry, const PtxModule &module,
                                 const EmulatorResult &result) {
  if (options.printsMeasurements) {
    progress.clear();
    llvm::outs() << "  measured " << entry << "\n";
    printMeasurements(llvm::outs(), module, result);
    llvm::outs() << "\n";
    llvm::outs().flush();
  }
  if (options.jsonFile.empty())
    return;
  // As text: the values refer to the module, which ends before the report.
  llvm::json::Value launch = llvm::json::Object{
      {"name", currentName},
      {"entry", entry},
      {"warp_instructions", static_cast<int64_t>(result.numSteps)},
      {"reports", reportsToJson(result.reports)},
      {"measurements", measurementsToJson(module, result)}};
  emulations.push_back(llvm::formatv("{0}", launch).str());
}

bool FileRunner::writeEmulations() {
  if (options.runsBenches || options.jsonFile.empty())
    return true;
  auto write = [&](raw_ostream &os) {
    llvm::json::OStream json(os, /*IndentSize=*/1);
    json.object([&] {
      json.attributeArray("launches", [&] {
        for (const std::string &launch : emulations)
          json.rawValue(launch);
      });
    });
    os << "\n";
  };
  if (llvm::Error error = writeOutputFile(options.jsonFile, write))
    return fail(llvm::toString(std::move(error)));
  return true;
}

bool FileRunner::startBenches() {
  if (!gpu)
    return fail("benches need a GPU, but the device is " + deviceText +
                "; --check-only checks what they compute");
  llvm::Expected<double> copySpeed = measureCopySpeed(gpu->getGpu());
  if (!copySpeed)
    return fail(llvm::toString(copySpeed.takeError()));
  const DeviceFacts &facts = gpu->getGpu().getFacts();
  benchDevice = {facts.name, facts.numProcessors, facts.driverVersion,
                 options.bench.mode, *copySpeed};
  events.onDevice(benchDevice);
  if (options.firstItem == 0)
    llvm::outs() << benchDevice.getHeading() << "\n";
  return true;
}

//===----------------------------------------------------------------------===//
// Opening files
//===----------------------------------------------------------------------===//

/// Takes the source inside, or declarations of what the manifest says.
bool FileRunner::openBinary(StringRef contents, Input &input) {
  if (!device->runsBinaries())
    return fail("'" + input.name +
                "' runs on a GPU or in the emulator only, but the device is " +
                deviceText);
  if (!options.selection.definitions.empty())
    return fail("'" + input.name +
                "' is compiled already, so nothing in it can be defined");
  llvm::Expected<Manifest> manifest = readManifest(contents);
  if (!manifest)
    return fail("'" + input.name +
                "': " + llvm::toString(manifest.takeError()) +
                (identifyBinary(contents) == BinaryKind::PTX
                     ? "; --entry runs PTX that does not describe itself"
                     : ""));
  BinaryDeclarations declarations(*manifest);
  bool hasSource = !manifest->source.empty();
  if (!hasSource && options.launches.empty())
    return fail("'" + input.name +
                "' has no source inside, so it has no tests and no reference "
                "to check with; pass --run '<kernel>(<inputs>)', or compile "
                "it with --embed-source");
  StringRef text =
      hasSource ? StringRef(manifest->source) : declarations.getText();
  input.sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(text, input.name), llvm::SMLoc());
  for (const std::string &launch : options.launches) {
    llvm::Expected<std::string> translated =
        hasSource ? llvm::Expected<std::string>(launch)
                  : declarations.translateLaunch(launch);
    if (!translated)
      return fail("'" + input.name +
                  "': " + llvm::toString(translated.takeError()));
    input.launches.push_back(std::move(*translated));
  }
  input.isBinary = true;
  input.imports = std::move(manifest->imports);
  if (llvm::Error error =
          device->addBinary(contents, hasSource ? llvm::StringMap<std::string>()
                                                : declarations.getInstances()))
    return fail("'" + input.name + "': " + llvm::toString(std::move(error)));
  return true;
}

bool FileRunner::openFile(StringRef path, Input &input) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &message);
  if (!buffer)
    return fail(message);
  device->clearKernels();
  if (identifyBinary(buffer->getBuffer())) {
    if (!openBinary(buffer->getBuffer(), input))
      return false;
  } else {
    input.sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
    input.launches = options.launches;
  }
  return true;
}

/// Reads the tests or benches that are to run.
bool FileRunner::listCases(Input &input) {
  DiagnosticReporter &reporter = input.session->getReporter();
  input.program = CheckedProgram::create(
      input.sources, reporter, input.isBinary ? &input.imports : nullptr);
  TestSelection selection = options.selection;
  selection.isOfBenches = options.runsBenches;
  // A launch is called after its kernel, and nothing else is there to run.
  if (options.launches.empty())
    selection.name = options.name;
  if (!input.program || !input.program->select(selection))
    return false;
  if (options.launches.empty())
    input.cases = options.runsBenches ? input.program->getBenches()
                                      : input.program->getTests();
  for (const std::string &launch : input.launches)
    llvm::append_range(input.cases,
                       input.program->parseTests(launch, options.runsBenches));
  if (reporter.hasErrors())
    return false;
  if (!options.name.empty())
    keepNamed(input.cases);
  if (input.isBinary)
    keepRunnable(input);
  for (const InstanceBinding &definition : options.selection.definitions)
    if (!input.cases.empty() &&
        !input.program->hasUsedDefinition(definition.name))
      return fail("'" + input.name + "': nothing that is to run has a " +
                  "parameter '" + definition.name + "'");
  if (!options.outputs.empty() && input.cases.size() != 1)
    return fail("--output takes the outputs of one " +
                Twine(options.runsBenches ? "bench" : "test") + ", but " +
                Twine(input.cases.size()) +
                " are to run; choose one by its name, or with --run");
  input.report.emplace(input.cases);
  return true;
}

void FileRunner::keepNamed(std::vector<TestCase> &cases) {
  for (const TestCase &test : cases)
    knownNames.insert(test.name);
  llvm::erase_if(
      cases, [&](const TestCase &test) { return test.name != options.name; });
}

bool FileRunner::checkName() const {
  if (options.name.empty() || knownNames.count(options.name) != 0)
    return true;
  SmallVector<StringRef> names(knownNames.begin(), knownNames.end());
  std::optional<StringRef> closest = findClosest(options.name, names);
  return fail(Twine("no ") + (options.runsBenches ? "bench" : "test") +
              " is called '" + options.name + "'" +
              (closest ? "; did you mean '" + *closest + "'?" : Twine()));
}

void FileRunner::keepRunnable(Input &input) {
  size_t numCases = input.cases.size();
  llvm::erase_if(input.cases, [&](const TestCase &test) {
    if (!test.instance.isSequence)
      return !device->hasKernel(test.instance.str());
    std::optional<SequencePlan> plan =
        input.program->getSequencePlan(test.instance);
    return !plan || llvm::any_of(plan->steps, [&](const SequenceStep &step) {
      return !device->hasKernel(step.instance.str());
    });
  });
  if (size_t numLeftOut = numCases - input.cases.size())
    llvm::outs() << input.name << ": left out " << numLeftOut << " "
                 << (options.runsBenches ? "benches" : "tests")
                 << " of instances that it does not have\n";
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

LogicalResult FileRunner::writeOutputs(ArrayRef<TestBuffer> buffers) {
  for (const OutputFile &file : options.outputs) {
    SmallVector<StringRef> known;
    const TestBuffer *found = nullptr;
    for (const TestBuffer &buffer : buffers) {
      if (!writesArgument(buffer.access))
        continue;
      known.push_back(buffer.name);
      if (buffer.name == file.output)
        found = &buffer;
    }
    if (!found)
      return success(fail("--output: there is no output '" + file.output +
                          "', only " + llvm::join(known, ", ")));
    if (llvm::Error error = writeNpyFile(file.path, found->tensor))
      return success(fail(llvm::toString(std::move(error))));
  }
  return success();
}

TestOptions FileRunner::makeTestOptions(const Input &input) {
  TestOptions testOptions = options.tests;
  // Launches from the command line name files from there.
  if (options.launches.empty()) {
    testOptions.directory = input.directory;
    testOptions.isFromBinary = input.isBinary;
  }
  if (!options.outputs.empty())
    testOptions.onOutputs = [&](ArrayRef<TestBuffer> buffers) {
      return writeOutputs(buffers);
    };
  return testOptions;
}

bool FileRunner::runTest(Input &input, const TestCase &test) {
  TestRunner runner(*input.program, &context, *device, makeTestOptions(input));
  TestOutcome outcome = runner.run(test);
  progress.clear();
  llvm::outs() << outcome.printed << input.report->format(test, outcome);
  llvm::outs().flush();
  bool isSlow = outcome.status == TestOutcome::Status::Slow;
  if (isSlow)
    slowTests.push_back(currentName + ": " + outcome.reason);
  return isSlow || outcome.status == TestOutcome::Status::Passed;
}

/// "rows (N = 4096)".
static std::string getTitle(const TestCase &test) {
  std::string sweep = BenchRow("", test, {}).getSweepText();
  return test.name + (sweep.empty() ? "" : " (" + sweep + ")");
}

void FileRunner::printBenchFailure(Input &input, const TestCase &bench,
                                   const BenchCheck &check) {
  progress.clear();
  llvm::outs() << "  bench " << getTitle(bench) << ": ";
  switch (check.outcome.status) {
  case TestOutcome::Status::Failed:
    llvm::outs() << "failed the comparison with the " << check.method << "\n"
                 << input.report->format(bench, check.outcome);
    break;
  case TestOutcome::Status::Refused:
    llvm::outs() << "cannot be checked: " << check.outcome.reason << "\n";
    break;
  case TestOutcome::Status::Passed:
  case TestOutcome::Status::Slow:
  case TestOutcome::Status::Error:
    llvm::outs() << "failed\n";
    break;
  }
  llvm::outs().flush();
}

/// Of all outputs that were compared.
static double getLargestShareOfBound(const BenchCheck &check) {
  double largest = 0;
  for (const TestOutcome::Output &output : check.outcome.outputs)
    largest = std::max(largest, output.comparison.maxShareOfBound);
  return largest;
}

bool FileRunner::checkBench(Input &input, const TestCase &bench) {
  TestRunner runner(*input.program, &context, *device, makeTestOptions(input));
  BenchCheck check;
  if (gpu) {
    check.outcome.status = TestOutcome::Status::Error;
    FailureOr<TestPlan> plan = runner.makePlan(bench, options.tests.firstSeed);
    if (succeeded(plan))
      check = runner.check(bench, *plan);
  } else {
    check = runner.checkInSmall(bench);
  }
  if (check.outcome.status != TestOutcome::Status::Passed) {
    printBenchFailure(input, bench, check);
    return false;
  }
  progress.clear();
  llvm::outs() << "  bench " << getTitle(bench);
  if (check.outcome.outputs.empty())
    llvm::outs() << "  runs: nothing to compare\n";
  else
    llvm::outs() << llvm::formatv("  ok: {0}, max err {1:F2} of the bound\n",
                                  check.method, getLargestShareOfBound(check));
  llvm::outs().flush();
  return true;
}

void FileRunner::addComputeRoof(const TestPlan &plan, BenchRow &row) {
  std::optional<ComputeNeed> need = findComputeNeed(plan);
  if (!row.flops || !need)
    return;
  llvm::Expected<ArithmeticSpeed> speed =
      computeRoofs.get(gpu->getGpu(), *need, options.bench.mode);
  if (!speed) {
    progress.clear();
    llvm::outs().flush();
    llvm::WithColor::warning(llvm::errs(), "tk-run")
        << "no roof of computation: " << llvm::toString(speed.takeError())
        << "\n";
    return;
  }
  row.computeUnit = speed->unit;
  row.computeSpeed = speed->operationsPerSecond;
}

bool FileRunner::runBench(Input &input, const TestCase &bench) {
  if (options.onlyChecksBenches)
    return checkBench(input, bench);
  TestOptions testOptions = makeTestOptions(input);
  TestRunner runner(*input.program, &context, *device, testOptions);
  FailureOr<TestPlan> plan = runner.makePlan(bench, testOptions.firstSeed);
  FailureOr<Measurement> measurement = failure();
  BenchCheck check;
  if (succeeded(plan)) {
    // A wrong kernel has no speed.
    check = runner.check(bench, *plan);
    if (check.outcome.status == TestOutcome::Status::Passed)
      measurement = gpu->measure(*plan, options.bench);
  }
  if (failed(measurement)) {
    printBenchFailure(input, bench, check);
    return false;
  }
  progress.clear();
  BenchRow row(input.name, bench, *measurement);
  row.check = check.method;
  row.maxShareOfBound = getLargestShareOfBound(check);
  addComputeRoof(*plan, row);
  llvm::outs() << row.format(benchDevice);
  llvm::outs().flush();
  events.onRow(row, benchDevice);
  return true;
}

bool FileRunner::runCases(Input &input) {
  bool passed = true;
  for (auto [number, test] : llvm::enumerate(input.cases)) {
    int64_t item = nextItem++;
    if (isDone(item))
      continue;
    std::string name = input.name + ": " + (test.isBench ? "bench " : "test ") +
                       getTitle(test);
    currentName = name;
    events.onBegin(item, name);
    progress.show(number, input.cases.size(), name);
    bool isGood = test.isBench ? runBench(input, test) : runTest(input, test);
    progress.clear();
    events.onEnd(item, isGood);
    passed &= isGood;
    if (hasBrokenDevice())
      return false;
  }
  return passed;
}

bool FileRunner::runFile(StringRef path) {
  Input input(path);
  SessionStream errors(progress);
  int64_t item = nextItem++;
  bool wasOpened = isDone(item);
  // What is wrong with it was said by the worker that opened it.
  input.session = std::make_unique<DiagnosticSession>(
      input.sources, /*verifies=*/false,
      wasOpened ? static_cast<raw_ostream &>(llvm::nulls()) : errors);
  std::optional<SourceMgrDiagnosticHandler> handler;
  std::optional<CommandDiagnosticHandler> commandHandler;
  if (!wasOpened)
    events.onBegin(item, input.name);
  bool isGood = openFile(path, input);
  if (isGood) {
    handler.emplace(input.sources, &context, errors);
    commandHandler.emplace(&context, "tk-run", errors);
    isGood = listCases(input);
  }
  if (!wasOpened) {
    events.onEnd(item, isGood);
    if (isGood) {
      llvm::outs() << input.name;
      if (!options.runsBenches || options.onlyChecksBenches)
        llvm::outs() << ": device: " << deviceText;
      llvm::outs() << "\n";
      // One of another file may have the name that is asked for.
      if (input.cases.empty() && options.name.empty())
        llvm::outs() << (options.runsBenches ? "  no benches\n"
                                             : "  no tests\n");
    }
  }
  // Diagnostics go to another stream.
  llvm::outs().flush();
  isGood = isGood && runCases(input);
  return input.session->finish() && isGood;
}

/// Launches one entry of PTX that says nothing of itself.
bool FileRunner::runPtxFile(StringRef path) {
  int64_t item = nextItem++;
  if (isDone(item))
    return true;
  StringRef name = llvm::sys::path::filename(path);
  currentName = name.str();
  events.onBegin(item, name.str() + ": entry " + options.ptx.entry);
  bool passed = false;
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &message);
  if (!buffer) {
    fail(message);
  } else {
    llvm::outs() << name << ": device: " << deviceText << "\n";
    llvm::outs().flush();
    std::unique_ptr<PtxDevice> ptxDevice =
        gpu ? createGpuPtxDevice(gpu->getGpu())
            : createEmulatorPtxDevice(options.emulator,
                                      [this](StringRef entry,
                                             const PtxModule &module,
                                             const EmulatorResult &result) {
                                        recordEmulation(entry, module, result);
                                      });
    llvm::Expected<PtxLaunchOutcome> outcome =
        runPtxLaunch(*ptxDevice, options.ptx, buffer->getBuffer(), path);
    if (outcome) {
      llvm::outs() << outcome->text;
      llvm::outs().flush();
      passed = outcome->passed;
    } else {
      fail(llvm::toString(outcome.takeError()));
    }
  }
  events.onEnd(item, passed);
  return passed;
}

bool FileRunner::run() {
  bool isPtx = !options.ptx.entry.empty();
  if (isPtx && options.device == SessionOptions::DeviceChoice::Interpreter)
    return fail("--entry runs PTX on a GPU or in the emulator, but the device "
                "is interp");
  bool measures = options.runsBenches && !options.onlyChecksBenches;
  if (!openDevice() || (measures && !startBenches()))
    return false;
  bool passed = true;
  for (const std::string &file : options.files) {
    passed &= isPtx ? runPtxFile(file) : runFile(file);
    if (hasBrokenDevice())
      return false;
  }
  // The names of a file with an error are not known.
  if (passed)
    passed = checkName();
  for (StringRef test : slowTests)
    llvm::outs() << "skipped as slow: " << test << "\n";
  return writeEmulations() && passed;
}
