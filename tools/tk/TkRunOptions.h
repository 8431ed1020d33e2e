//===- TkRunOptions.h - the command line of tk-run ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TOOLS_TK_TKRUNOPTIONS_H
#define TK_TOOLS_TK_TKRUNOPTIONS_H

#include "tk/Testing/GpuTestDevice.h"
#include "tk/Testing/TestRunner.h"

namespace mlir::tk {

/// What one call of tk-run is to do.
struct TkRunOptions {
  enum class DeviceChoice { Automatic, Interpreter, Cuda, Hip };

  bool printsHelp = false;
  std::vector<std::string> files;
  DeviceChoice device = DeviceChoice::Automatic;
  GpuTestOptions gpu;
  /// Of the tests or benches to run; all if empty.
  std::string name;
  TestOptions tests;
  bool runsBenches = false;
  BenchOptions bench;
  std::string jsonFile;
  std::string csvFile;
};

/// Fails with a message that says what is wrong with the command line.
llvm::Expected<TkRunOptions>
parseTkRunOptions(llvm::ArrayRef<const char *> argv);

void printTkRunHelp(llvm::raw_ostream &os);

} // namespace mlir::tk

#endif // TK_TOOLS_TK_TKRUNOPTIONS_H
