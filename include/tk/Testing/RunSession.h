//===- RunSession.h - what one call of tk-run does ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_RUNSESSION_H
#define TK_TESTING_RUNSESSION_H

#include "tk/Testing/GpuTestDevice.h"
#include "tk/Testing/PtxLaunch.h"
#include "tk/Testing/TestRunner.h"

namespace mlir::tk {

/// An output of a kernel and the .npy file that it is written to.
struct OutputFile {
  std::string output;
  std::string path;
};

struct SessionOptions {
  enum class DeviceChoice { Automatic, Interpreter, Emulator, Cuda, Hip };

  /// .tk files, cubins, hsacos, PTX.
  std::vector<std::string> files;
  DeviceChoice device = DeviceChoice::Automatic;
  GpuTestOptions gpu;
  /// Of the tests or benches to run; all if empty.
  std::string name;
  TestSelection selection;
  /// To run instead of the tests or benches of the file.
  std::vector<std::string> launches;
  std::vector<OutputFile> outputs;
  TestOptions tests;
  /// One launch of an entry of PTX, instead of tests; see PtxLaunch.h.
  PtxLaunchText ptx;
  EmulatorOptions emulator;
  /// Print what the emulator measured.
  bool printsMeasurements = false;
  bool runsBenches = false;
  /// Benches are checked and not timed.
  bool onlyChecksBenches = false;
  BenchOptions bench;
  /// Of benches, or of what the emulator found and measured.
  std::string jsonFile;
  std::string csvFile;
  std::string plotFile;

  /// Run what may crash or hang in this process as well.
  bool staysInProcess = false;
  /// This process is the one that may crash or hang: where events go, and the
  /// number of the first item. See RunEvents.h.
  bool isWorker = false;
  int64_t firstItem = 0;
  /// A worker that reports no event for this long is ended; by default, the
  /// longest that an item may take.
  std::optional<int64_t> silenceInSeconds;
};

/// Runs the tests or benches, here or in a process that is replaced when a
/// kernel takes it down. `program` is the path of this program and `arguments`
/// what it was called with. Prints to the standard streams; returns the exit
/// code.
int runSession(const SessionOptions &options, StringRef program,
               ArrayRef<std::string> arguments);

} // namespace mlir::tk

#endif // TK_TESTING_RUNSESSION_H
