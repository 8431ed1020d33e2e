//===- Function.h - a function decoded for execution ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_FUNCTION_H
#define TK_LIB_EMULATOR_FUNCTION_H

#include "Instruction.h"
#include "Memory.h"
#include "SpecialRegisters.h"
#include "tk/Emulator/Ptx.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <vector>

namespace mlir::tk::emulator {

/// A slot whose value is known when a block starts.
struct Relocation {
  enum class Kind : uint8_t {
    /// The address of a shared variable, by its number in the module.
    SharedVariable,
    /// An offset in the local memory of the frame.
    Local,
    Special,
  };
  Kind kind = Kind::Special;
  /// 16, 32 or 64; 1 of a predicate.
  uint8_t bitWidth = 32;
  bool isGeneric = false;
  Slot slot = noSlot;
  uint32_t variable = 0;
  SpecialRegister special = SpecialRegister::LaneId;
  uint64_t addend = 0;
};

/// A parameter or result of a function: bytes in the local memory of the frame,
/// or a register.
struct ParameterPlace {
  Slot slot = noSlot;
  uint64_t localOffset = 0;
  uint32_t sizeInBytes = 0;

  /// The size of a last parameter `a[]`. What the caller passes for it lies
  /// after the variables of the frame.
  static constexpr uint32_t unsizedBytes = ~uint32_t(0);
};

/// What an instruction other than wgmma does with registers that a wgmma may
/// have in flight.
struct WgmmaUse {
  llvm::SmallVector<Slot, 4> sources, destinations;
  /// mov of 32 bits.
  bool isCopy = false;
};

/// What a function is to the warps that run it.
struct DecodedFunction {
  const PtxFunction *syntax = nullptr;
  std::vector<Instruction> code;
  /// What a frame holds when it is made: zero registers, and constants.
  std::vector<std::byte> image;
  std::vector<Relocation> relocations;
  /// Of the variables of the frame in the local memory of each lane.
  uint64_t localSize = 0;
  std::vector<ParameterPlace> parameters;
  std::vector<ParameterPlace> returns;
  /// Numbers of the module's shared variables that it names, and of the
  /// functions that it calls.
  std::vector<uint32_t> sharedVariables;
  std::vector<uint32_t> callees;
  /// Reads %reserved_smem_offset_0 or _1: it may use the part of shared memory
  /// that the device reserves.
  bool usesReservedShared = false;
  /// Calls through pointers: any function whose address is taken.
  bool hasIndirectCalls = false;
  /// Blocks could see in which order they run.
  bool isOrderVisible = false;
  std::vector<std::shared_ptr<const void>> details;
  /// By position in `code`.
  llvm::DenseMap<uint32_t, WgmmaUse> wgmmaUses;
  /// Accumulators of wgmmas, and whatever they may be copied to.
  std::vector<Slot> wgmmaResults;
};

/// `brx.idx`.
struct BranchTable {
  std::vector<uint32_t> targets;
};

struct CallDetails {
  /// Null of a call through a pointer, and of what the device's library offers.
  const DecodedFunction *callee = nullptr;
  std::vector<ParameterPlace> arguments;
  std::vector<ParameterPlace> results;
};

struct SharedVariable {
  const PtxVariable *syntax = nullptr;
};

/// A module loaded on a device.
struct Program {
  std::unique_ptr<PtxModule> ptx;
  /// As PtxModule::functions; null of declarations.
  std::vector<std::unique_ptr<DecodedFunction>> functions;
  std::vector<bool> isAddressTaken;
  std::vector<SharedVariable> sharedVariables;
  /// Device addresses of global and constant variables at module scope.
  llvm::StringMap<uint64_t> addresses;
  llvm::StringMap<uint32_t> sharedByName;
  /// To the number of the definition, or of a declaration.
  llvm::StringMap<uint32_t> functionsByName;

  /// Values of variables, by the address of the variable; written when all
  /// addresses are known.
  std::vector<std::pair<uint64_t, const PtxInitializer *>> initializers;

  static uint64_t functionAddress(uint32_t function) {
    return firstFunctionAddress + 16 * uint64_t(function);
  }
  const DecodedFunction *functionAt(uint64_t address) const;

private:
  static constexpr uint64_t firstFunctionAddress = 0x0000000100000000;
};

/// Decodes all functions of a module, and gives its variables memory.
llvm::Expected<std::unique_ptr<Program>>
loadProgram(std::unique_ptr<PtxModule> ptx, DeviceMemory &memory);

/// Decodes one function of `program`.
llvm::Error decodeFunction(Program &program, DeviceMemory &memory,
                           uint32_t number);

/// Makes a variable at module scope, or a static one of a function.
llvm::Expected<uint64_t> allocateVariable(Program &program,
                                          DeviceMemory &memory,
                                          const PtxVariable &variable);

/// Byte offsets of parameters that follow each other, each aligned; then the
/// end.
std::vector<uint64_t> layOutParameters(llvm::ArrayRef<PtxVariable> parameters);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_FUNCTION_H
