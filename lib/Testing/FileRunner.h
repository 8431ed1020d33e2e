//===- FileRunner.h - runs the tests and benches of files -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_TESTING_FILERUNNER_H
#define TK_LIB_TESTING_FILERUNNER_H

#include "ComputeRoof.h"
#include "RunEvents.h"
#include "mlir/IR/MLIRContext.h"
#include "tk/Testing/ProgressBar.h"
#include "tk/Testing/RunSession.h"
#include <set>

namespace mlir::tk {

/// Does the items of a session from the first on, in this process.
class FileRunner {
public:
  FileRunner(const SessionOptions &options, RunEvents &events);

  bool run();
  /// After a hang or a fault: the driver must not be asked to clean up.
  bool hasBrokenDevice() const { return gpu && !gpu->getGpu().isUsable(); }

private:
  /// A file, opened.
  struct Input;

  bool openDevice();
  void openEmulator();
  bool startBenches();
  /// Prints and keeps what a launch in the emulator counted.
  void recordEmulation(StringRef entry, const PtxModule &module,
                       const EmulatorResult &result);
  bool writeEmulations();

  bool runFile(StringRef path);
  bool runPtxFile(StringRef path);
  bool openFile(StringRef path, Input &input);
  bool openBinary(StringRef contents, Input &input);
  bool listCases(Input &input);
  /// Leaves out what has another name than was asked for.
  void keepNamed(std::vector<TestCase> &cases);
  /// Whether a file had what was asked for.
  bool checkName() const;
  /// Leaves out the tests of instances that a binary does not have.
  void keepRunnable(Input &input);
  bool runCases(Input &input);
  bool runTest(Input &input, const TestCase &test);
  bool runBench(Input &input, const TestCase &bench);
  bool checkBench(Input &input, const TestCase &bench);
  void printBenchFailure(Input &input, const TestCase &bench,
                         const BenchCheck &check);
  /// Fills in the roof of computation, if the bench says what it computes.
  void addComputeRoof(const TestPlan &plan, BenchRow &row);
  TestOptions makeTestOptions(const Input &input);
  LogicalResult writeOutputs(ArrayRef<TestBuffer> buffers);

  /// Whether an item was done by a worker before this one.
  bool isDone(int64_t item) const { return item < options.firstItem; }

  const SessionOptions &options;
  RunEvents &events;
  MLIRContext context;
  std::unique_ptr<TestDevice> device;
  /// The same, if it is a GPU.
  GpuTestDevice *gpu = nullptr;
  /// "interp (no GPU found)".
  std::string deviceText;
  /// What runs now, for emulations: "softmax.tk: test small".
  std::string currentName;
  std::vector<std::string> emulations;
  /// Tests that were left off, and why.
  std::vector<std::string> slowTests;
  BenchDevice benchDevice;
  ComputeRoofs computeRoofs;
  ProgressBar progress;
  int64_t nextItem = 0;
  /// The tests or benches of all files, if one is asked for by its name.
  std::set<std::string> knownNames;
};

} // namespace mlir::tk

#endif // TK_LIB_TESTING_FILERUNNER_H
