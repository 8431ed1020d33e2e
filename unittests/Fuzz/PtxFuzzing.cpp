//===- PtxFuzzing.cpp - runs the entries of any module --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "PtxFuzzing.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::tk;

static constexpr uint64_t maxVariableBytes = 1 << 20;

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

/// A tensor map, the address of a buffer, or a small number.
static std::vector<uint8_t> makeArgument(Emulator &emulator,
                                         const PtxVariable &parameter,
                                         uint64_t bufferBytes) {
  std::vector<uint8_t> bytes(parameter.sizeInBytes);
  uint64_t value = 32;
  if (bytes.size() >= sizeof(value)) {
    value = emulator.allocate(bufferBytes);
    std::vector<uint8_t> contents(bufferBytes / 2, 1);
    llvm::cantFail(emulator.write(value, contents));
  }
  if (bytes.size() == sizeof(TensorMapBytes)) {
    TensorMap map;
    map.type = TensorMapType::F16;
    map.rank = 2;
    map.address = value;
    map.extents = {32, 16, 1, 1, 1};
    map.strides = {64};
    map.box = {32, 8, 1, 1, 1};
    TensorMapBytes encoded = llvm::cantFail(encodeTensorMap(map));
    std::memcpy(bytes.data(), encoded.data(), bytes.size());
    return bytes;
  }
  std::memcpy(bytes.data(), &value, std::min(bytes.size(), sizeof(value)));
  return bytes;
}

static void runEntry(Emulator &emulator, const EmulatorModule &module,
                     const PtxFunction &entry, uint64_t bufferBytes,
                     uint64_t stepLimit) {
  EmulatorLaunch launch;
  launch.entry = entry.name.str();
  launch.block = entry.reqNtid.value_or(PtxDimensions{64, 1, 1});
  launch.grid = entry.reqNctaPerCluster.value_or(PtxDimensions{2, 1, 1});
  launch.dynamicSharedBytes = 1024;
  for (const PtxVariable &parameter : entry.parameters) {
    launch.arguments.push_back(makeArgument(emulator, parameter, bufferBytes));
  }
  EmulatorOptions options;
  options.stepLimit = stepLimit;
  options.numHostThreads = 1;
  options.isMeasured = true;
  llvm::Expected<EmulatorResult> result =
      emulator.launch(module, launch, options);
  if (!result)
    return llvm::consumeError(result.takeError());
  // What is said of a run holds names and text of the module.
  llvm::raw_ostream &os = llvm::nulls();
  printReports(os, result->reports, "fuzz.ptx");
  printMeasurements(os, getPtx(module), *result);
  os << reportsToJson(result->reports)
     << measurementsToJson(getPtx(module), *result);
}

void mlir::tk::fuzzPtx(llvm::StringRef text, uint64_t bufferBytes,
                       uint64_t stepLimit) {
  llvm::Expected<std::unique_ptr<PtxModule>> ptx = parsePtx(text, "fuzz.ptx");
  if (!ptx) {
    llvm::consumeError(ptx.takeError());
    return;
  }
  if (!isSmall(**ptx))
    return;
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module = emulator.load(text, "fuzz.ptx");
  if (!module) {
    llvm::consumeError(module.takeError());
    return;
  }
  for (const PtxFunction &function : getPtx(**module).functions)
    if (function.isEntry && !function.isDeclaration)
      runEntry(emulator, **module, function, bufferBytes, stepLimit);
}
