//===- Hsaco.cpp - LLVM IR to hsaco ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TargetMachine.h"
#include "TemporaryFile.h"
#include "lld/Common/Driver.h"
#include "tk/Support/BinaryFile.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace mlir;
using namespace mlir::tk;

/// Links one object into a shared object, which is what the HSA runtime loads.
static LogicalResult linkObject(Location loc, StringRef object,
                                StringRef output) {
  // lld keeps its state in globals.
  static std::mutex mutex;
  std::lock_guard<std::mutex> lock(mutex);
  std::string objectPath = object.str(), outputPath = output.str();
  // One thread: starting more costs more than linking one small object.
  const char *arguments[] = {"ld.lld",           "-shared", "--threads=1",
                             "--build-id=none",  "-z",      "noexecstack",
                             objectPath.c_str(), "-o",      outputPath.c_str()};
  std::string messages;
  llvm::raw_string_ostream os(messages);
  lld::Result result =
      lld::lldMain(arguments, os, os, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return emitError(loc) << "lld cannot link the object: "
                          << StringRef(messages).trim();
  return success();
}

FailureOr<Binary> mlir::tk::emitHsaco(Location loc, llvm::Module &module,
                                      const TargetOptions &options,
                                      TimingScope &timing) {
  TimingScope generation = timing.nest("generate object");
  if (!options.emitLineInfo)
    llvm::StripDebugInfo(module);
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(loc, *options.target, options.target->getFeatures());
  if (!machine)
    return failure();
  SmallString<0> object;
  if (failed(
          runCodeGenerator(loc, module, *machine, /*emitText=*/false, object)))
    return failure();
  generation.stop();

  TimingScope linking = timing.nest("link with lld");
  FailureOr<TemporaryFile> input = TemporaryFile::create(loc, "o");
  if (failed(input) || failed(input->write(loc, object)))
    return failure();
  FailureOr<TemporaryFile> output = TemporaryFile::create(loc, "hsaco");
  if (failed(output) ||
      failed(linkObject(loc, input->getPath(), output->getPath())))
    return failure();
  auto contents = output->read(loc);
  if (failed(contents))
    return failure();
  Binary binary;
  StringRef bytes = (*contents)->getBuffer();
  binary.bytes.assign(bytes.begin(), bytes.end());
  // A spilled register is stored and loaded at least once, 4 bytes each.
  for (const DeviceFunction &function : readDeviceFunctions(bytes)) {
    ResourceUsage &usage = binary.resources.emplace_back();
    usage.kernel = function.symbol;
    usage.numRegisters = function.numRegisters;
    usage.stackBytes = function.stackBytes;
    usage.staticSharedBytes = function.staticSharedBytes;
    usage.spillStoreBytes = usage.spillLoadBytes =
        4 * function.numSpilledRegisters;
  }
  return binary;
}
