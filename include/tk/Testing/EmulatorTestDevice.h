//===- EmulatorTestDevice.h - compiles launches and emulates their PTX ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_TESTING_EMULATORTESTDEVICE_H
#define TK_TESTING_EMULATORTESTDEVICE_H

#include "tk/Pipelines/Compiler.h"
#include "tk/Testing/PtxLaunch.h"
#include "tk/Testing/TestDevice.h"

namespace mlir::tk {

struct EmulatorTestOptions {
  /// The chip is sm_90a if none is given.
  CompilerOptions compiler;
  /// Only this variant of every kernel; if empty, the first that fits.
  std::string variant;
  EmulatorOptions emulator;
  /// Called after every launch, if set.
  EmulatorResultHandler onResult;
};

/// The emulator as a device for tests: what runs is the PTX that would go to
/// the assembler. Mistakes that it finds are errors at the source line of the
/// kernel.
std::unique_ptr<TestDevice>
createEmulatorDevice(MLIRContext &context, const EmulatorTestOptions &options);

} // namespace mlir::tk

#endif // TK_TESTING_EMULATORTESTDEVICE_H
