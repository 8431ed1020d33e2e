//===- Memory.cpp - allocations, windows, and checked accesses ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Memory.h"
#include "Scheduler.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Device memory
//===----------------------------------------------------------------------===//

void Allocation::setWritten(uint64_t offset, uint64_t count) {
  if (!writtenBytes)
    return;
  for (uint64_t i = offset; i < offset + count; ++i)
    writtenBytes.get()[i / 8] |= uint8_t(1) << (i % 8);
}

/// Allocations stand apart, so that an access past the end meets nothing.
static constexpr uint64_t gapBetweenAllocations = 4096;

uint64_t DeviceMemory::allocate(uint64_t size, llvm::StringRef name,
                                PtxSpace space, uint64_t alignment) {
  Allocation allocation;
  allocation.address = llvm::alignTo(next, std::max<uint64_t>(alignment, 256));
  allocation.size = size;
  allocation.name = name.str();
  allocation.space = space;
  // calloc: what nobody touches costs nothing.
  void *bytes = std::calloc(1, std::max<uint64_t>(size, 1));
  void *written = std::calloc(1, size / 8 + 1);
  if (!bytes || !written) {
    std::free(bytes);
    std::free(written);
    return 0;
  }
  allocation.bytes.reset(static_cast<std::byte *>(bytes));
  allocation.writtenBytes.reset(static_cast<uint8_t *>(written));
  uint64_t address = allocation.address;
  next = address + size + gapBetweenAllocations;
  table.emplace(address, std::move(allocation));
  return address;
}

bool DeviceMemory::free(uint64_t address) {
  ++numFreed;
  return table.erase(address);
}

Allocation *DeviceMemory::lookup(uint64_t address, uint64_t size) {
  auto after = table.upper_bound(address);
  if (after == table.begin())
    return nullptr;
  Allocation &allocation = std::prev(after)->second;
  uint64_t offset = address - allocation.address;
  if (offset > allocation.size || allocation.size - offset < size)
    return nullptr;
  return &allocation;
}

DeviceMemory::Snapshot DeviceMemory::save() const {
  Snapshot snapshot;
  for (const auto &[address, allocation] : table) {
    if (allocation.space != PtxSpace::Global)
      continue;
    Snapshot::Contents &contents = snapshot.allocations[address];
    const std::byte *bytes = allocation.bytes.get();
    contents.bytes.assign(bytes, bytes + allocation.size);
    if (const uint8_t *written = allocation.writtenBytes.get())
      contents.writtenBytes.assign(written, written + allocation.size / 8 + 1);
  }
  return snapshot;
}

void DeviceMemory::restore(const Snapshot &snapshot) {
  for (const auto &[address, contents] : snapshot.allocations) {
    Allocation &allocation = table.at(address);
    std::copy(contents.bytes.begin(), contents.bytes.end(),
              allocation.bytes.get());
    std::copy(contents.writtenBytes.begin(), contents.writtenBytes.end(),
              allocation.writtenBytes.get());
  }
}

const Allocation *DeviceMemory::closestBelow(uint64_t address) const {
  auto after = table.upper_bound(address);
  return after == table.begin() ? nullptr : &std::prev(after)->second;
}

//===----------------------------------------------------------------------===//
// Accesses
//===----------------------------------------------------------------------===//

LaneAddresses mlir::tk::emulator::readAddresses(Warp &warp, Slot base,
                                                int64_t offset, bool is32Bit) {
  LaneAddresses result;
  uint64_t added = static_cast<uint64_t>(offset);
  if (is32Bit) {
    const uint32_t *values = warp.lanes<uint32_t>(base);
    for (unsigned lane = 0; lane < numLanes; ++lane)
      result.lane[lane] = static_cast<uint32_t>(values[lane] + added);
  } else {
    const uint64_t *values = warp.lanes<uint64_t>(base);
    for (unsigned lane = 0; lane < numLanes; ++lane)
      result.lane[lane] = values[lane] + added;
  }
  return result;
}

namespace {

/// One access on its way to the bytes.
class Accessor {
public:
  Accessor(Warp &warp, const Instruction &instruction,
           const MemoryRequest &request, const LaneAddresses &addresses,
           HostPointers &pointers)
      : warp(warp), instruction(instruction), request(request),
        addresses(addresses), pointers(pointers), size(request.bytesPerLane) {}

  bool run();

private:
  /// Of the addresses of the lanes: the lowest, the highest, and all bits.
  struct Extent {
    uint64_t lowest = ~uint64_t(0), highest = 0, bits = 0;
  };
  Extent findExtent(LaneMask lanes) const;
  bool isAligned(uint64_t bits);
  bool accessSpace(PtxSpace space, LaneMask lanes, uint64_t windowBegin);
  bool accessGeneric();
  bool accessGlobal(LaneMask lanes, PtxSpace space);
  bool accessShared(LaneMask lanes, PtxSpace space);
  bool accessSharedOf(LaneMask lanes, ThreadBlock &owner);
  bool accessLocal(LaneMask lanes);
  bool accessParameters(LaneMask lanes);
  bool fail(Rule rule, unsigned lane, const llvm::Twine &detail);
  bool failGlobal(unsigned lane, PtxSpace space);
  void tellChecks(LaneMask lanes, PtxSpace space, uint32_t block,
                  const uint64_t *laneAddresses);

  Warp &warp;
  const Instruction &instruction;
  const MemoryRequest &request;
  /// As the instruction gives them.
  LaneAddresses addresses;
  HostPointers &pointers;
  uint64_t size;
};

} // namespace

static std::string hex(uint64_t value) {
  return "0x" + llvm::utohexstr(value, /*LowerCase=*/true);
}

bool Accessor::fail(Rule rule, unsigned lane, const llvm::Twine &detail) {
  LaneMask saved = warp.mask;
  warp.mask = LaneMask(1) << lane;
  warp.fail(rule, instruction, detail);
  warp.mask = saved;
  return false;
}

/// `body(lane)` for each lane of the mask; a plain loop if all are.
template <typename Body> static void forLanes(LaneMask lanes, Body &&body) {
  if (lanes == allLanes) {
    for (unsigned lane = 0; lane < numLanes; ++lane)
      body(lane);
    return;
  }
  for (LaneMask rest = lanes; rest; rest &= rest - 1)
    body(static_cast<unsigned>(__builtin_ctz(rest)));
}

Accessor::Extent Accessor::findExtent(LaneMask lanes) const {
  Extent extent;
  forLanes(lanes, [&](unsigned lane) {
    uint64_t address = addresses.lane[lane];
    extent.lowest = std::min(extent.lowest, address);
    extent.highest = std::max(extent.highest, address);
    extent.bits |= address;
  });
  return extent;
}

bool Accessor::isAligned(uint64_t bits) {
  uint64_t alignment = request.alignment ? request.alignment : size;
  if (LLVM_LIKELY(!(bits & (alignment - 1))))
    return true;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (addresses.lane[lane] & (alignment - 1))
      return fail(Rule::Misaligned, lane,
                  "the address " + hex(addresses.lane[lane]) +
                      " is no multiple of " + llvm::Twine(alignment));
  }
  return true;
}

void Accessor::tellChecks(LaneMask lanes, PtxSpace space, uint32_t block,
                          const uint64_t *laneAddresses) {
  Counters *counters = warp.block.cluster.scheduler.counters.get();
  if (!warp.checker && !counters)
    return;
  Access access;
  access.memory = {space, block};
  access.kind = request.kind;
  access.order = request.order;
  access.scope = request.scope;
  access.proxy = request.proxy;
  access.addresses = laneAddresses;
  access.bytesPerLane = request.bytesPerLane;
  access.elementBytes = request.elementBytes;
  access.haveSameValue = request.haveSameValue;
  Place place = warp.place(instruction, lanes);
  if (warp.checker)
    warp.checker->access(place, access);
  if (counters)
    counters->access(place, access);
}

//===----------------------------------------------------------------------===//
// Global and constant memory
//===----------------------------------------------------------------------===//

bool Accessor::failGlobal(unsigned lane, PtxSpace space) {
  uint64_t address = addresses.lane[lane];
  DeviceMemory &memory = warp.block.launch.memory;
  Allocation *allocation = memory.lookup(address, size);
  if (allocation)
    return fail(Rule::WrongSpace, lane,
                "the address " + hex(address) + " is in '." +
                    getName(allocation->space) +
                    "', the instruction accesses '." + getName(space) + "'");
  if (windowOf(address) != PtxSpace::Global)
    return fail(Rule::WrongSpace, lane,
                "the address " + hex(address) + " is a generic one of '." +
                    getName(windowOf(address)) +
                    "', the instruction accesses '." + getName(space) + "'");
  if (address < blockWindowSize * 16)
    return fail(Rule::OutOfBounds, lane,
                "the address " + hex(address) +
                    (address < 4096 ? " is near null"
                                    : " is in no allocation (it could be an "
                                      "address of shared memory)"));
  const Allocation *below = memory.closestBelow(address);
  if (!below)
    return fail(Rule::OutOfBounds, lane,
                "the address " + hex(address) + " is in no allocation");
  std::string name = below->name.empty() ? "" : " '" + below->name + "'";
  return fail(Rule::OutOfBounds, lane,
              "the address " + hex(address) + " is " +
                  llvm::Twine(address - below->address) +
                  " bytes from the beginning of the allocation" + name +
                  " of " + llvm::Twine(below->size) + " bytes");
}

bool Accessor::accessGlobal(LaneMask lanes, PtxSpace space) {
  Extent extent = findExtent(lanes);
  uint64_t lowest = extent.lowest, highest = extent.highest;
  // Most accesses stay in one allocation, and in that of the access before.
  Allocation *&last = warp.lastAllocation;
  auto isIn = [&](const Allocation &allocation, uint64_t first, uint64_t end) {
    return first >= allocation.address && end > first &&
           end - allocation.address <= allocation.size;
  };
  auto isAllowed = [&](const Allocation &allocation) {
    return space == PtxSpace::Generic || allocation.space == space;
  };
  DeviceMemory &memory = warp.block.launch.memory;
  if (warp.memoryGeneration != memory.generation()) {
    warp.memoryGeneration = memory.generation();
    last = nullptr;
  }
  bool isOne = last && isIn(*last, lowest, highest + size);
  if (!isOne) {
    last = memory.lookup(lowest, size);
    isOne = last && isIn(*last, lowest, highest + size);
  }
  if (isOne) {
    if (!isAllowed(*last))
      return failGlobal(__builtin_ctz(lanes), space);
    std::byte *bytes = last->bytes.get();
    uint64_t begin = last->address;
    forLanes(lanes, [&](unsigned lane) {
      pointers.lane[lane] = bytes + (addresses.lane[lane] - begin);
    });
  } else {
    for (LaneMask rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      Allocation *found = memory.lookup(addresses.lane[lane], size);
      if (!found || !isAllowed(*found))
        return failGlobal(lane, space);
      pointers.lane[lane] =
          found->bytes.get() + (addresses.lane[lane] - found->address);
    }
  }
  if (space == PtxSpace::Const || (isOne && last->space == PtxSpace::Const)) {
    if (request.kind != AccessKind::Read)
      return fail(Rule::WrongSpace, __builtin_ctz(lanes),
                  "constant memory is written");
    return true;
  }
  tellChecks(lanes, PtxSpace::Global, 0, addresses.lane);
  return true;
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

bool Accessor::accessSharedOf(LaneMask lanes, ThreadBlock &owner) {
  LaneAddresses offsets;
  uint64_t end = owner.launch.sharedEnd;
  bool isInside = true;
  std::byte *bytes = owner.sharedMemory();
  forLanes(lanes, [&](unsigned lane) {
    uint64_t offset = addresses.lane[lane] & (blockWindowSize - 1);
    offsets.lane[lane] = offset;
    isInside &= (offset >= firstSharedOffset) & (offset + size <= end);
    pointers.lane[lane] =
        bytes + static_cast<int64_t>(offset - firstSharedOffset);
  });
  for (LaneMask rest = lanes; !isInside && rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t offset = offsets.lane[lane];
    // The device would have it, the launch does not declare it.
    bool isUndeclared = offset >= firstSharedOffset &&
                        offset + size <= firstSharedOffset + maxSharedBytes;
    if (offset < firstSharedOffset || offset + size > end)
      return fail(isUndeclared ? Rule::SharedSize : Rule::OutOfBounds, lane,
                  "the shared address " + hex(addresses.lane[lane]) +
                      " is outside of the block's memory from " +
                      hex(firstSharedOffset) + " to " + hex(end));
  }
  if (&owner != &warp.block && owner.isFinished() && warp.checker &&
      warp.checker->isOn(Rule::ClusterExit))
    warp.checker->report(Rule::ClusterExit, warp.place(instruction, lanes),
                         "the block of rank " +
                             llvm::Twine(owner.rankInCluster) + " has ended");
  tellChecks(lanes, PtxSpace::Shared, owner.index, offsets.lane);
  return true;
}

bool Accessor::accessShared(LaneMask lanes, PtxSpace space) {
  uint64_t ownRank = warp.block.rankInCluster;
  Extent extent = findExtent(lanes);
  if (LLVM_LIKELY(extent.lowest >> blockWindowBits == ownRank &&
                  extent.highest >> blockWindowBits == ownRank))
    return accessSharedOf(lanes, warp.block);
  for (LaneMask rest = lanes; rest;) {
    unsigned first = __builtin_ctz(rest);
    uint64_t rank = addresses.lane[first] >> blockWindowBits;
    LaneMask same = 0;
    for (LaneMask others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (addresses.lane[lane] >> blockWindowBits == rank)
        same |= LaneMask(1) << lane;
    }
    rest &= ~same;
    ThreadBlock *owner = warp.block.cluster.blockOfRank(rank);
    if (!owner && windowOf(addresses.lane[first]) == PtxSpace::Shared)
      return fail(Rule::WrongSpace, first,
                  "the address " + hex(addresses.lane[first]) +
                      " is a generic one, the instruction accesses '." +
                      getName(space) + "'");
    if (!owner)
      return fail(warp.block.launch.memory.lookup(addresses.lane[first], 1)
                      ? Rule::WrongSpace
                      : Rule::OutOfBounds,
                  first,
                  "the address " + hex(addresses.lane[first]) +
                      " is in the shared memory of no block of the cluster");
    if (space == PtxSpace::Shared && rank != ownRank)
      return fail(Rule::WrongSpace, first,
                  "the address " + hex(addresses.lane[first]) +
                      " belongs to the block of rank " + llvm::Twine(rank) +
                      ", which only shared::cluster reaches");
    if (!accessSharedOf(same, *owner))
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Local memory and parameters
//===----------------------------------------------------------------------===//

bool Accessor::accessLocal(LaneMask lanes) {
  const Frame &frame = warp.currentFrame();
  uint64_t end = firstLocalOffset + frame.localBase + frame.function->localSize;
  if (!warp.growLocalMemory(end - firstLocalOffset))
    return fail(Rule::CallDepth, __builtin_ctz(lanes),
                "a thread has " + llvm::Twine(maxLocalBytes) +
                    " bytes of local memory");
  for (LaneMask rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = addresses.lane[lane];
    if (address < firstLocalOffset || address + size > end ||
        address + size < address)
      return fail(Rule::OutOfBounds, lane,
                  "the local address " + hex(address) +
                      " is outside of the thread's memory from " +
                      hex(firstLocalOffset) + " to " + hex(end));
    pointers.lane[lane] = warp.localMemory(lane) + (address - firstLocalOffset);
  }
  return true;
}

bool Accessor::accessParameters(LaneMask lanes) {
  const std::vector<std::byte> &parameters = warp.block.launch.parameters;
  uint64_t end = firstParamOffset + parameters.size();
  for (LaneMask rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = addresses.lane[lane];
    if (address < firstParamOffset || address + size > end ||
        address + size < address)
      return fail(Rule::OutOfBounds, lane,
                  "the address " + hex(address) +
                      " is outside of the parameters from " +
                      hex(firstParamOffset) + " to " + hex(end));
    if (request.kind != AccessKind::Read)
      return fail(Rule::WrongSpace, lane,
                  "the parameters of an entry are written");
    // Read only: see above.
    pointers.lane[lane] = const_cast<std::byte *>(parameters.data()) +
                          (address - firstParamOffset);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// All spaces
//===----------------------------------------------------------------------===//

bool Accessor::accessSpace(PtxSpace space, LaneMask lanes,
                           uint64_t windowBegin) {
  if (windowBegin)
    forLanes(lanes,
             [&](unsigned lane) { addresses.lane[lane] -= windowBegin; });
  switch (space) {
  case PtxSpace::Global:
  case PtxSpace::Const:
  case PtxSpace::Generic:
    return accessGlobal(lanes, space);
  case PtxSpace::Shared:
  case PtxSpace::SharedCluster:
    return accessShared(lanes, space);
  case PtxSpace::Local:
    return accessLocal(lanes);
  case PtxSpace::Param:
    // Those of functions that are called are local variables.
    if (windowBegin || warp.currentFrame().function->syntax->isEntry)
      return accessParameters(lanes);
    return accessLocal(lanes);
  case PtxSpace::Register:
    break;
  }
  llvm_unreachable("no instruction accesses registers by address");
}

bool Accessor::accessGeneric() {
  LaneMask inWindow[4] = {};
  constexpr PtxSpace windows[4] = {PtxSpace::Global, PtxSpace::Shared,
                                   PtxSpace::Local, PtxSpace::Param};
  constexpr uint64_t begins[4] = {0, sharedWindow, localWindow, paramWindow};
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    PtxSpace space = windowOf(addresses.lane[lane]);
    unsigned which = space == PtxSpace::Global   ? 0
                     : space == PtxSpace::Shared ? 1
                     : space == PtxSpace::Local  ? 2
                                                 : 3;
    inWindow[which] |= LaneMask(1) << lane;
  }
  for (unsigned i = 0; i < 4; ++i) {
    PtxSpace space = windows[i];
    // A generic address reaches global and constant memory, and the shared
    // memory of all blocks of the cluster.
    if (space == PtxSpace::Global)
      space = PtxSpace::Generic;
    if (space == PtxSpace::Shared)
      space = PtxSpace::SharedCluster;
    if (inWindow[i] && !accessSpace(space, inWindow[i], begins[i]))
      return false;
  }
  return true;
}

bool Accessor::run() {
  Extent extent = findExtent(warp.mask);
  if (!isAligned(extent.bits))
    return false;
  if (request.space == PtxSpace::Generic) {
    // All windows lie above what is allocated.
    if (LLVM_LIKELY(extent.highest < paramWindow))
      return accessGlobal(warp.mask, PtxSpace::Generic);
    return accessGeneric();
  }
  return accessSpace(request.space, warp.mask, 0);
}

bool mlir::tk::emulator::accessMemory(Warp &warp,
                                      const Instruction &instruction,
                                      const MemoryRequest &request,
                                      const LaneAddresses &addresses,
                                      HostPointers &pointers) {
  return Accessor(warp, instruction, request, addresses, pointers).run();
}
