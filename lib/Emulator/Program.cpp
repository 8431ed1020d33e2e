//===- Program.cpp - loads a module on a device ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Function.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

const DecodedFunction *Program::functionAt(uint64_t address) const {
  uint64_t offset = address - firstFunctionAddress;
  if (offset % 16 || offset / 16 >= functions.size())
    return nullptr;
  return functions[offset / 16].get();
}

llvm::Expected<uint64_t>
mlir::tk::emulator::allocateVariable(Program &program, DeviceMemory &memory,
                                     const PtxVariable &variable) {
  const PtxModule &ptx = *program.ptx;
  uint64_t address = memory.allocate(variable.sizeInBytes, variable.name,
                                     variable.space, variable.alignment);
  if (!address)
    return ptx.error(variable.location,
                     "no memory for the " + llvm::Twine(variable.sizeInBytes) +
                         " bytes of '" + variable.name + "'");
  // Variables without a value are zero, 5.4.4.
  Allocation &allocation = *memory.lookup(address, 0);
  allocation.writtenBytes.reset();
  for (const PtxInitializer &value : variable.initializers) {
    if (value.byteOffset + value.size > variable.sizeInBytes)
      return ptx.error(value.location,
                       "'" + variable.name + "' has no room for this value");
    program.initializers.push_back({address, &value});
  }
  return address;
}

/// 5.1.3: the constants of all functions are in one memory of 64 KiB.
static llvm::Error checkConstantMemory(const PtxModule &ptx) {
  constexpr uint64_t maxBytes = 64 * 1024;
  uint64_t end = 0;
  auto add = [&](llvm::ArrayRef<PtxVariable> variables) -> llvm::Error {
    for (const PtxVariable &variable : variables) {
      if (variable.space != PtxSpace::Const ||
          variable.linkage == PtxLinkage::Extern)
        continue;
      end = llvm::alignTo(end, variable.alignment) + variable.sizeInBytes;
      if (end > maxBytes)
        return ptx.error(variable.location, "the module needs more than " +
                                                llvm::Twine(maxBytes) +
                                                " bytes of constant memory");
    }
    return llvm::Error::success();
  };
  if (llvm::Error error = add(ptx.variables))
    return error;
  for (const PtxFunction &function : ptx.functions)
    for (const PtxScope &scope : function.scopes)
      if (llvm::Error error = add(scope.variables))
        return error;
  return llvm::Error::success();
}

/// Module-scope variables; a declaration does not hide a definition.
static llvm::Error declareVariables(Program &program, DeviceMemory &memory) {
  const PtxModule &ptx = *program.ptx;
  for (const PtxVariable &variable : ptx.variables) {
    bool isKnown = program.sharedByName.count(variable.name) ||
                   program.addresses.count(variable.name);
    if (variable.space == PtxSpace::Shared) {
      if (isKnown && variable.linkage == PtxLinkage::Extern)
        continue;
      program.sharedByName[variable.name] = program.sharedVariables.size();
      program.sharedVariables.push_back({&variable});
      continue;
    }
    if (variable.linkage == PtxLinkage::Extern)
      continue;
    if (isKnown)
      return ptx.error(variable.location,
                       "'" + variable.name + "' is declared twice");
    if (variable.space != PtxSpace::Global && variable.space != PtxSpace::Const)
      return ptx.error(variable.location, "'." + getName(variable.space) +
                                              "' variables belong into "
                                              "functions");
    llvm::Expected<uint64_t> address =
        allocateVariable(program, memory, variable);
    if (!address)
      return address.takeError();
    program.addresses[variable.name] = *address;
  }
  for (const PtxVariable &variable : ptx.variables)
    if (variable.linkage == PtxLinkage::Extern &&
        variable.space != PtxSpace::Shared &&
        !program.addresses.count(variable.name))
      return ptx.error(variable.location, "'" + variable.name +
                                              "' is not defined in this "
                                              "module");
  return llvm::Error::success();
}

static llvm::Error writeInitializers(Program &program, DeviceMemory &memory) {
  for (const auto &[address, value] : program.initializers) {
    uint64_t bits = value->bits;
    if (!value->symbol.empty()) {
      auto variable = program.addresses.find(value->symbol);
      auto function = program.functionsByName.find(value->symbol);
      if (variable != program.addresses.end()) {
        bits += variable->second;
      } else if (function != program.functionsByName.end()) {
        program.isAddressTaken[function->second] = true;
        bits += Program::functionAddress(function->second);
      } else {
        return program.ptx->error(value->location,
                                  "unknown name '" + value->symbol + "'");
      }
    }
    if (value->byteOfAddress >= 0)
      bits = (bits >> (8 * value->byteOfAddress)) & 0xFF;
    Allocation &allocation = *memory.lookup(address, 0);
    std::memcpy(allocation.bytes.get() + value->byteOffset, &bits,
                std::min(value->size, 8u));
  }
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Program>>
mlir::tk::emulator::loadProgram(std::unique_ptr<PtxModule> ptx,
                                DeviceMemory &memory) {
  std::unique_ptr<Program> program = std::make_unique<Program>();
  program->ptx = std::move(ptx);
  const std::vector<PtxFunction> &functions = program->ptx->functions;
  if (llvm::Error error = checkConstantMemory(*program->ptx))
    return std::move(error);
  if (llvm::Error error = declareVariables(*program, memory))
    return std::move(error);
  program->functions.resize(functions.size());
  program->isAddressTaken.resize(functions.size());
  for (uint32_t i = 0; i < functions.size(); ++i) {
    if (!functions[i].isDeclaration)
      program->functions[i] = std::make_unique<DecodedFunction>();
    auto [entry, isNew] =
        program->functionsByName.try_emplace(functions[i].name, i);
    if (!isNew && !functions[i].isDeclaration)
      entry->second = i;
  }
  for (uint32_t i = 0; i < functions.size(); ++i)
    if (program->functions[i])
      if (llvm::Error error = decodeFunction(*program, memory, i))
        return std::move(error);
  if (llvm::Error error = writeInitializers(*program, memory))
    return std::move(error);
  return std::move(program);
}
