//===- tk-run.cpp - runs the tests of .tk files ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Tools.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/FileUtilities.h"
#include "tk/Frontend/Diagnostics.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Pipelines/Registration.h"
#include "tk/Testing/TestRunner.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace mlir::tk;

namespace {
struct RunArguments {
  std::vector<std::string> files;
  std::string test;
  TestOptions tests;
};
} // namespace

static bool parseArguments(int argc, char **argv, RunArguments &arguments) {
  llvm::cl::OptionCategory category("tk-run options");
  llvm::cl::list<std::string> files(llvm::cl::Positional, llvm::cl::OneOrMore,
                                    llvm::cl::desc("<file.tk>..."),
                                    llvm::cl::cat(category));
  llvm::cl::opt<std::string> device(
      "device", llvm::cl::desc("where kernels run: interp"),
      llvm::cl::init("interp"), llvm::cl::cat(category));
  llvm::cl::opt<std::string> test(
      "test", llvm::cl::desc("run only the tests of this name"),
      llvm::cl::cat(category));
  llvm::cl::opt<unsigned> seeds("seeds",
                                llvm::cl::desc("seeds for random inputs"),
                                llvm::cl::init(2), llvm::cl::cat(category));
  llvm::cl::opt<double> timeout(
      "timeout", llvm::cl::desc("seconds that one run may take; 0: no limit"),
      llvm::cl::init(300), llvm::cl::cat(category));
  llvm::cl::HideUnrelatedOptions(category);
  if (!llvm::cl::ParseCommandLineOptions(
          argc, argv, "tk-run: run the tests of .tk files\n"))
    return false;
  if (device != "interp") {
    llvm::WithColor::error(llvm::errs(), "tk-run")
        << "no device is called '" << device << "'; there is interp\n";
    return false;
  }
  arguments.files = files;
  arguments.test = test;
  arguments.tests.numSeeds = seeds;
  arguments.tests.timeLimitInSeconds = timeout;
  return true;
}

/// Runs the tests of one file; false if one did not pass.
static bool runFile(StringRef path, const RunArguments &arguments) {
  std::string message;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &message);
  if (!buffer) {
    llvm::WithColor::error(llvm::errs(), "tk-run") << message << "\n";
    return false;
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  DiagnosticSession session(sources, /*verifies=*/false, llvm::errs());
  std::unique_ptr<CheckedProgram> program =
      CheckedProgram::create(sources, session.getReporter());
  if (!program)
    return session.finish() && false;

  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  SourceMgrDiagnosticHandler handler(sources, &context);

  RunOptions runOptions;
  runOptions.timeLimitInSeconds = arguments.tests.timeLimitInSeconds;
  std::unique_ptr<TestDevice> device = createInterpreterDevice(runOptions);
  TestOptions options = arguments.tests;
  options.directory = llvm::sys::path::parent_path(path).str();
  TestRunner runner(*program, &context, *device, options);

  const std::vector<TestCase> &tests = program->getTests();
  llvm::outs() << llvm::sys::path::filename(path)
               << ": device: " << device->getName() << "\n";
  // Diagnostics go to another stream.
  llvm::outs().flush();
  TestReport report(tests);
  bool passed = session.finish();
  for (const TestCase &test : tests) {
    if (!arguments.test.empty() && test.name != arguments.test)
      continue;
    TestOutcome outcome = runner.run(test);
    llvm::outs() << outcome.printed << report.format(test, outcome);
    llvm::outs().flush();
    passed &= outcome.status == TestOutcome::Status::Passed;
  }
  return session.finish() && passed;
}

int mlir::tk::runTkRun(int argc, char **argv) {
  RunArguments arguments;
  if (!parseArguments(argc, argv, arguments))
    return 1;
  bool passed = true;
  for (const std::string &file : arguments.files)
    passed &= runFile(file, arguments);
  return passed ? 0 : 1;
}
