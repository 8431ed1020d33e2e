//===- Hsaco.cpp - LLVM IR to hsaco ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "TargetMachine.h"
#include "TemporaryFile.h"
#include "lld/Common/Driver.h"
#include "tk/Support/BinaryFile.h"
#include "llvm/IR/DebugInfo.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"
#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace mlir;
using namespace mlir::tk;

/// Removes what lld left beside its output when it crashed.
static void removeUnfinished(StringRef output) {
  std::error_code error;
  StringRef folder = llvm::sys::path::parent_path(output);
  std::string prefix = (output + ".tmp").str();
  for (llvm::sys::fs::directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error))
    if (StringRef(it->path()).starts_with(prefix))
      llvm::sys::fs::remove(it->path());
}

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
  if (result.retCode == 0)
    return success();
  // lld maps its output into memory, so a full disk is a crash.
  if (messages.empty()) {
    removeUnfinished(output);
    return emitError(loc)
           << "lld crashed; is there room for its output in the folder of "
              "temporary files?";
  }
  // Names of temporary files would make the same error look different.
  for (size_t at; (at = messages.find(objectPath)) != std::string::npos;)
    messages.replace(at, objectPath.size(), "kernel.o");
  return emitError(loc) << "lld cannot link the object: "
                        << StringRef(messages).trim();
}

FailureOr<Binary> mlir::tk::emitHsaco(Location loc, llvm::Module &module,
                                      const TargetOptions &options,
                                      TimingScope &timing) {
  TimingScope generation = timing.nest("generate object");
  if (!options.emitLineInfo)
    llvm::StripDebugInfo(module);
  std::unique_ptr<llvm::TargetMachine> machine =
      createTargetMachine(*options.target, options.target->getFeatures());
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
