//===- PtxFuzzer.cpp - feeds any bytes to the emulator --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses and decodes, and runs every entry of what loads with one block and a
// small buffer for each pointer. Nothing may crash, hang or read outside of its
// memory; reports and errors are fine.
//
//===----------------------------------------------------------------------===//

#include "tk/Emulator/Emulator.h"

using namespace mlir::tk;

/// Programs that allocate more are not interesting, and slow.
static constexpr uint64_t maxVariableBytes = 1 << 20;
static constexpr uint64_t bufferBytes = 4096;

static bool isSmall(const PtxModule &module) {
  uint64_t total = 0;
  auto add = [&](const std::vector<PtxVariable> &variables) {
    for (const PtxVariable &variable : variables)
      total += variable.sizeInBytes;
  };
  add(module.variables);
  for (const PtxFunction &function : module.functions) {
    add(function.parameters);
    for (const PtxScope &scope : function.scopes) {
      add(scope.variables);
      for (const PtxRegisters &registers : scope.registers)
        total += registers.count.value_or(1);
    }
  }
  return total <= maxVariableBytes;
}

static void runEntry(Emulator &emulator, const EmulatorModule &module,
                     const PtxFunction &entry) {
  EmulatorLaunch launch;
  launch.entry = entry.name.str();
  launch.block = entry.reqNtid.value_or(PtxDimensions{64, 1, 1});
  launch.grid = entry.reqNctaPerCluster.value_or(PtxDimensions{2, 1, 1});
  launch.dynamicSharedBytes = 1024;
  for (const PtxVariable &parameter : entry.parameters) {
    std::vector<uint8_t> bytes(parameter.sizeInBytes);
    uint64_t buffer = emulator.allocate(bufferBytes);
    if (bytes.size() >= sizeof(buffer))
      std::memcpy(bytes.data(), &buffer, sizeof(buffer));
    launch.arguments.push_back(std::move(bytes));
  }
  EmulatorOptions options;
  options.stepLimit = 20000;
  options.numHostThreads = 1;
  options.isMeasured = true;
  llvm::Expected<EmulatorResult> result =
      emulator.launch(module, launch, options);
  if (!result)
    llvm::consumeError(result.takeError());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef text(reinterpret_cast<const char *>(data), size);
  llvm::Expected<std::unique_ptr<PtxModule>> ptx = parsePtx(text, "fuzz.ptx");
  if (!ptx) {
    llvm::consumeError(ptx.takeError());
    return 0;
  }
  if (!isSmall(**ptx))
    return 0;
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module = emulator.load(text, "fuzz.ptx");
  if (!module) {
    llvm::consumeError(module.takeError());
    return 0;
  }
  for (const PtxFunction &function : getPtx(**module).functions)
    if (function.isEntry && !function.isDeclaration)
      runEntry(emulator, **module, function);
  return 0;
}
