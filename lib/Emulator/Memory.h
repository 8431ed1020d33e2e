//===- Memory.h - state spaces and their addresses ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generic addresses (5.1): windows for shared, local and parameter memory;
// everything else is global or constant memory, whose addresses are generic as
// they stand. In the shared window, block r of a cluster has the 16 MiB from
// r << 24, so the address of a block's own variables is a shared::cluster
// address too. No window begins with usable memory: null is never valid.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_MEMORY_H
#define TK_LIB_EMULATOR_MEMORY_H

#include "Checker.h"
#include "Instruction.h"
#include "tk/Emulator/Ptx.h"
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

namespace mlir::tk::emulator {

class Warp;

inline constexpr uint64_t sharedWindow = 0x00007F0000000000;
inline constexpr uint64_t localWindow = 0x00007E0000000000;
inline constexpr uint64_t paramWindow = 0x00007D0000000000;
inline constexpr uint64_t windowSize = uint64_t(1) << 32;
/// Of one block within the shared window.
inline constexpr unsigned blockWindowBits = 24;
inline constexpr uint64_t blockWindowSize = uint64_t(1) << blockWindowBits;
/// The device keeps the first KiB of shared memory for itself.
inline constexpr uint64_t firstSharedOffset = 1024;
/// Of sm_90: what a block may have with opting in; Programming Guide, "Compute
/// Capabilities". A device of 100 KiB runs nothing that this refuses.
inline constexpr uint32_t maxSharedBytes = 227 * 1024;
inline constexpr uint64_t firstLocalOffset = 16;
inline constexpr uint64_t firstParamOffset = 64;
inline constexpr uint64_t maxLocalBytes = 512 * 1024;

/// Space of a generic address, not asking whether anything is there.
inline PtxSpace windowOf(uint64_t address) {
  if (address - sharedWindow < windowSize)
    return PtxSpace::Shared;
  if (address - localWindow < windowSize)
    return PtxSpace::Local;
  if (address - paramWindow < windowSize)
    return PtxSpace::Param;
  return PtxSpace::Global;
}

struct Allocation {
  uint64_t address = 0;
  uint64_t size = 0;
  std::string name;
  /// Global or Const.
  PtxSpace space = PtxSpace::Global;
  std::unique_ptr<std::byte, void (*)(void *)> bytes{nullptr, std::free};
  /// A bit for each byte that the host, an initialiser or a kernel wrote; null
  /// if all count as written.
  std::unique_ptr<uint8_t, void (*)(void *)> writtenBytes{nullptr, std::free};

  void setWritten(uint64_t offset, uint64_t count);
};

/// Global and constant memory. Changes only between launches.
class DeviceMemory {
public:
  uint64_t allocate(uint64_t size, llvm::StringRef name, PtxSpace space,
                    uint64_t alignment = 256);
  /// False if no allocation begins there.
  bool free(uint64_t address);
  /// The allocation that holds all of [address, address + size); or null.
  Allocation *lookup(uint64_t address, uint64_t size);
  /// The closest allocation at or below an address: for messages.
  const Allocation *closestBelow(uint64_t address) const;
  std::map<uint64_t, Allocation> &allocations() { return table; }

  /// What global memory holds, to begin a run again. Allocations must not come
  /// or go in between.
  struct Snapshot {
    struct Contents {
      std::vector<std::byte> bytes;
      std::vector<uint8_t> writtenBytes;
    };
    std::map<uint64_t, Contents> allocations;
  };
  Snapshot save() const;
  void restore(const Snapshot &snapshot);

  /// Changes when an allocation goes: pointers from before are stale.
  uint64_t generation() const { return numFreed; }

private:
  std::map<uint64_t, Allocation> table;
  uint64_t numFreed = 0;
  uint64_t next = 0x0000000700000000;
};

/// What an instruction asks of memory.
struct MemoryRequest {
  PtxSpace space = PtxSpace::Generic;
  AccessKind kind = AccessKind::Read;
  Order order = Order::Weak;
  Scope scope = Scope::System;
  Proxy proxy = Proxy::Generic;
  uint32_t bytesPerLane = 0;
  /// Of the address; 0: bytesPerLane.
  uint32_t alignment = 0;
  /// As in Access.
  uint32_t elementBytes = 0;
  llvm::function_ref<bool(unsigned, unsigned)> haveSameValue = nullptr;
  /// As in Access.
  bool isDiscard = false;
};

/// Where the lanes of an access find their bytes on the host.
struct HostPointers {
  alignas(64) std::byte *lane[numLanes];
  /// All lanes are active, and the bytes of each follow those of the one
  /// before.
  bool isRow = false;
};

/// The addresses of the lanes: base and offset of a decoded `[base+offset]`.
struct LaneAddresses {
  alignas(64) uint64_t lane[numLanes];
};
LaneAddresses readAddresses(Warp &warp, Slot base, int64_t offset,
                            bool is32Bit);

/// Checks an access of the lanes of the warp's mask, tells the checker, and
/// finds the bytes. False: the run must stop (return Step::Stop), and the
/// mistake is reported.
bool accessMemory(Warp &warp, const Instruction &instruction,
                  const MemoryRequest &request, const LaneAddresses &addresses,
                  HostPointers &pointers);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MEMORY_H
