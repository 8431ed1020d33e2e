//===- Emulator.h - runs PTX on the CPU -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   Emulator emulator;
//   llvm::Expected<EmulatorModule *> module = emulator.load(text, "a.ptx");
//   uint64_t buffer = emulator.allocate(4096, "x");
//   emulator.write(buffer, bytes);
//   EmulatorLaunch launch;
//   launch.entry = "kernel";
//   launch.grid = {16, 1, 1};
//   launch.block = {128, 1, 1};
//   launch.addArgument(buffer);
//   llvm::Expected<EmulatorResult> result = emulator.launch(**module, launch);
//
// An emulator is a device with its memory. There is no other state: two
// emulators know nothing of each other, and different threads may use them. One
// emulator is for one thread at a time; `launch` makes threads of its own.
//
// Section numbers are those of the PTX ISA 9.0. Sizes are in bytes, grids in
// blocks, blocks in threads, clusters in blocks; x comes first.
//
//===----------------------------------------------------------------------===//

#ifndef TK_EMULATOR_EMULATOR_H
#define TK_EMULATOR_EMULATOR_H

#include "tk/Emulator/Ptx.h"
#include "tk/Emulator/Report.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace mlir::tk {

/// A module that was loaded: every instruction is known and decoded, its
/// variables have addresses.
class EmulatorModule;

/// What to run, as cuLaunchKernelEx has it.
struct EmulatorLaunch {
  /// Name of an `.entry` of the module.
  std::string entry;
  /// In blocks; in clusters if the entry is `.blocksareclusters` (11.7).
  PtxDimensions grid = {1, 1, 1};
  /// At most 1024 threads in all; must fit `.reqntid` and `.maxntid` (11.4).
  PtxDimensions block = {1, 1, 1};
  /// At most 16 blocks in all; by default what the entry requires (11.7), or
  /// one.
  std::optional<PtxDimensions> cluster;
  /// Of `.extern .shared` arrays; with the static ones at most 227 KiB.
  uint32_t dynamicSharedBytes = 0;
  /// The bytes of each parameter of the entry, in order: 8 of a pointer, 128 of
  /// a tensor map.
  std::vector<std::vector<uint8_t>> arguments;

  /// Appends the bytes of a number, an address or a TensorMapBytes.
  template <typename T> void addArgument(const T &value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::vector<uint8_t> bytes(sizeof(T));
    std::memcpy(bytes.data(), &value, sizeof(T));
    arguments.push_back(std::move(bytes));
  }
};

struct EmulatorOptions {
  EmulatorChecks checks;
  /// Fill EmulatorResult::measurements.
  bool isMeasured = false;
  /// Decides the order of warps and blocks; 0 is the plain order. The same seed
  /// gives the same run.
  uint64_t seed = 0;
  /// Warp-instructions after which a run counts as livelocked.
  uint64_t stepLimit = uint64_t(1) << 36;
  /// Warp-instructions that a launch may take; 0: any number. The estimate is
  /// what the first cluster takes, for all of them. Does not depend on the
  /// number of host threads.
  uint64_t instructionBudget = 0;
  /// A launch that takes longer is stopped, with a report; 0: no limit.
  double timeLimitInSeconds = 0;
  /// 0: as many as the host has cores.
  unsigned numHostThreads = 0;
};

class Emulator {
public:
  Emulator();
  ~Emulator();
  Emulator(const Emulator &) = delete;
  Emulator &operator=(const Emulator &) = delete;

  /// Parses and decodes a module, and gives its variables memory. It lives as
  /// long as the emulator. Errors, all with file, line and the text: text that
  /// is not PTX, an instruction or modifier that is unknown, not supported or
  /// missing from the module's `.target`, operands that do not fit, functions
  /// and variables that are not defined, more parameters or constants than a
  /// GPU has room for. `fileName` is for messages.
  llvm::Expected<EmulatorModule *> load(llvm::StringRef text,
                                        llvm::StringRef fileName);

  /// Global memory, aligned to 256 bytes, unwritten as far as the checks are
  /// concerned, and zero. The addresses depend on the order of calls alone.
  /// `name` is for reports. 0 if the host has no memory left.
  uint64_t allocate(uint64_t sizeInBytes, llvm::StringRef name = "");
  /// Error: no allocation of `allocate` begins there. Variables of modules live
  /// as long as their modules.
  llvm::Error free(uint64_t address);
  /// Copies into an allocation, or the memory of a variable. Error: the bytes
  /// are not all in one. `isContents`: false for values that a kernel must not
  /// rely on; the bytes stay unwritten as far as the checks are concerned.
  llvm::Error write(uint64_t address, llvm::ArrayRef<uint8_t> bytes,
                    bool isContents = true);
  /// Copies out of an allocation or variable. Error as of `write`.
  llvm::Error read(uint64_t address, llvm::MutableArrayRef<uint8_t> bytes);
  /// Address of a `.global` or `.const` variable of a module; none if it has no
  /// such variable or belongs to another emulator.
  std::optional<uint64_t> lookupVariable(const EmulatorModule &module,
                                         llvm::StringRef name) const;

  /// Runs a kernel to its end, or until a mistake leaves nothing sensible to
  /// do. Mistakes of the kernel are reports; an error is a launch that cannot
  /// start: a module of another emulator, an unknown entry or rule, arguments
  /// that do not fit, a block that is too large.
  llvm::Expected<EmulatorResult> launch(const EmulatorModule &module,
                                        const EmulatorLaunch &launch,
                                        const EmulatorOptions &options = {});

private:
  struct State;
  std::unique_ptr<State> state;
};

/// The syntax that `load` parsed.
const PtxModule &getPtx(const EmulatorModule &module);

} // namespace mlir::tk

#endif // TK_EMULATOR_EMULATOR_H
