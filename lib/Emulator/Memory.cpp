//===- Memory.cpp - allocations, windows, and checked accesses ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Memory.h"
#include "LaneLoops.h"
#include "LocalStack.h"
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

namespace {
/// The addresses of the lanes of an access.
struct Extent {
  /// The lowest, the highest, and all bits.
  uint64_t lowest = 0, highest = 0, bits = 0;
  /// As HostPointers::isRow.
  bool isRow = false;
};
} // namespace

#define TK_HANDLERS "AddressLoops.inc"
#include "ForEachVectorLevel.inc"

LaneAddresses mlir::tk::emulator::readAddresses(Warp &warp, Slot base,
                                                int64_t offset, bool is32Bit) {
  LaneAddresses result;
  if (is32Bit)
    TK_AT_HOST_LEVEL(addToLanes<uint32_t>, warp.lanes<const uint32_t>(base),
                     static_cast<uint32_t>(offset), result.lane);
  else
    TK_AT_HOST_LEVEL(addToLanes<uint64_t>, warp.lanes<const uint64_t>(base),
                     static_cast<uint64_t>(offset), result.lane);
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
        addresses(addresses.lane), pointers(pointers),
        size(request.bytesPerLane) {}

  bool run();

private:
  Extent findExtent(LaneMask lanes) const {
    return TK_AT_HOST_LEVEL(findExtent, addresses, lanes, size);
  }
  bool isAligned(uint64_t bits);
  bool accessSpace(PtxSpace space, LaneMask lanes, Extent extent,
                   uint64_t windowBegin);
  bool accessGeneric();
  bool accessGlobal(LaneMask lanes, const Extent &extent, PtxSpace space);
  bool accessShared(LaneMask lanes, const Extent &extent, PtxSpace space);
  bool accessSharedOf(LaneMask lanes, const Extent &extent, ThreadBlock &owner);
  bool accessLocal(LaneMask lanes, const Extent &extent);
  bool accessFrame(LaneMask lanes, const Extent &extent);
  bool accessStack(LaneMask lanes);
  bool accessParameters(LaneMask lanes, const Extent &extent);
  /// Whether all bytes of the lanes are in [begin, end).
  bool isWithin(const Extent &extent, uint64_t begin, uint64_t end) const {
    return extent.lowest >= begin && extent.highest < end &&
           end - extent.highest >= size;
  }
  /// The first lane whose bytes are not.
  unsigned findOutside(LaneMask lanes, uint64_t begin, uint64_t end) const;
  /// `bytes` is where the host has `address`; in each lane `laneStride`
  /// further.
  void point(LaneMask lanes, std::byte *bytes, uint64_t address,
             uint64_t laneStride = 0);
  /// Whether anybody wants to know of accesses.
  bool isWatched() const {
    return warp.checker || warp.block.cluster.scheduler.counters;
  }
  bool fail(Rule rule, unsigned lane, const llvm::Twine &detail);
  bool failGlobal(unsigned lane, PtxSpace space);
  void tellChecks(LaneMask lanes, PtxSpace space, uint32_t block,
                  const uint64_t *laneAddresses);
  /// Tells the measurements alone: no other thread can reach local memory, so
  /// there is nothing to check.
  void countLocal(LaneMask lanes);

  Warp &warp;
  const Instruction &instruction;
  const MemoryRequest &request;
  /// As the instruction gives them, or from the beginning of a window.
  const uint64_t *addresses;
  LaneAddresses inWindow;
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

unsigned Accessor::findOutside(LaneMask lanes, uint64_t begin,
                               uint64_t end) const {
  for (LaneMask rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (!isWithin({addresses[lane], addresses[lane], 0, false}, begin, end))
      return lane;
  }
  llvm_unreachable("the addresses of the lanes are not within the bounds");
}

void Accessor::point(LaneMask lanes, std::byte *bytes, uint64_t address,
                     uint64_t laneStride) {
  HostPointers some;
  bool isAll = lanes == warp.mask;
  TK_AT_HOST_LEVEL(pointLanes, addresses,
                   reinterpret_cast<uintptr_t>(bytes) - address, laneStride,
                   isAll ? pointers.lane : some.lane);
  for (LaneMask rest = isAll ? 0 : lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    pointers.lane[lane] = some.lane[lane];
  }
}

bool Accessor::isAligned(uint64_t bits) {
  uint64_t alignment = request.alignment ? request.alignment : size;
  if (LLVM_LIKELY(!(bits & (alignment - 1))))
    return true;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (addresses[lane] & (alignment - 1))
      return fail(Rule::Misaligned, lane,
                  "the address " + hex(addresses[lane]) +
                      " is not a multiple of " + llvm::Twine(alignment));
  }
  return true;
}

void Accessor::tellChecks(LaneMask lanes, PtxSpace space, uint32_t block,
                          const uint64_t *laneAddresses) {
  if (!isWatched())
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
  access.isDiscard = request.isDiscard;
  Place place = warp.place(instruction, lanes);
  if (warp.checker)
    warp.checker->access(place, access);
  Counters *counters = warp.block.cluster.scheduler.counters.get();
  if (counters && !access.isDiscard)
    counters->access(place, access);
}

void Accessor::countLocal(LaneMask lanes) {
  Counters *counters = warp.block.cluster.scheduler.counters.get();
  if (LLVM_LIKELY(!counters))
    return;
  Access access;
  access.memory = {PtxSpace::Local, warp.block.index};
  access.kind = request.kind;
  access.bytesPerLane = request.bytesPerLane;
  counters->access(warp.place(instruction, lanes), access);
}

//===----------------------------------------------------------------------===//
// Global and constant memory
//===----------------------------------------------------------------------===//

bool Accessor::failGlobal(unsigned lane, PtxSpace space) {
  uint64_t address = addresses[lane];
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

bool Accessor::accessGlobal(LaneMask lanes, const Extent &extent,
                            PtxSpace space) {
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
    point(lanes, last->bytes.get(), last->address);
    pointers.isRow = extent.isRow;
  } else {
    for (LaneMask rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      Allocation *found = memory.lookup(addresses[lane], size);
      if (!found || !isAllowed(*found))
        return failGlobal(lane, space);
      pointers.lane[lane] =
          found->bytes.get() + (addresses[lane] - found->address);
    }
  }
  if (space == PtxSpace::Const || (isOne && last->space == PtxSpace::Const)) {
    if (request.kind != AccessKind::Read)
      return fail(Rule::WrongSpace, __builtin_ctz(lanes),
                  "constant memory is written");
    return true;
  }
  tellChecks(lanes, PtxSpace::Global, 0, addresses);
  return true;
}

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

/// The addresses of the lanes are all in the window of one block.
bool Accessor::accessSharedOf(LaneMask lanes, const Extent &extent,
                              ThreadBlock &owner) {
  constexpr uint64_t offsetMask = blockWindowSize - 1;
  uint64_t windowBegin = extent.lowest & ~offsetMask;
  uint64_t begin = owner.launch.sharedBegin, end = owner.launch.sharedEnd;
  bool isInside = extent.lowest - windowBegin >= begin &&
                  extent.highest - windowBegin + size <= end;
  for (LaneMask rest = lanes; !isInside && rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t offset = addresses[lane] & offsetMask;
    // The device would have it, the launch does not declare it.
    bool isUndeclared = offset >= firstSharedOffset &&
                        offset + size <= firstSharedOffset + maxSharedBytes;
    if (offset < begin || offset + size > end)
      return fail(isUndeclared ? Rule::SharedSize : Rule::OutOfBounds, lane,
                  "the shared address " + hex(addresses[lane]) +
                      " is outside of the block's memory from " + hex(begin) +
                      " to " + hex(end));
  }
  point(lanes, owner.sharedMemory(), windowBegin);
  pointers.isRow = extent.isRow;
  if (&owner != &warp.block && owner.isFinished() && warp.checker &&
      warp.checker->isOn(Rule::ClusterExit))
    warp.checker->report(Rule::ClusterExit, warp.place(instruction, lanes),
                         "the block of rank " +
                             llvm::Twine(owner.rankInCluster) + " has ended");
  if (!isWatched())
    return true;
  LaneAddresses offsets;
  TK_AT_HOST_LEVEL(maskLanes, addresses, offsetMask, offsets.lane);
  tellChecks(lanes, PtxSpace::Shared, owner.index, offsets.lane);
  return true;
}

bool Accessor::accessShared(LaneMask lanes, const Extent &extent,
                            PtxSpace space) {
  uint64_t ownRank = warp.block.rankInCluster;
  if (LLVM_LIKELY(extent.lowest >> blockWindowBits == ownRank &&
                  extent.highest >> blockWindowBits == ownRank))
    return accessSharedOf(lanes, extent, warp.block);
  for (LaneMask rest = lanes; rest;) {
    unsigned first = __builtin_ctz(rest);
    uint64_t rank = addresses[first] >> blockWindowBits;
    LaneMask same = 0;
    for (LaneMask others = rest; others; others &= others - 1) {
      unsigned lane = __builtin_ctz(others);
      if (addresses[lane] >> blockWindowBits == rank)
        same |= LaneMask(1) << lane;
    }
    rest &= ~same;
    ThreadBlock *owner = warp.block.cluster.blockOfRank(rank);
    if (!owner && windowOf(addresses[first]) == PtxSpace::Shared)
      return fail(Rule::WrongSpace, first,
                  "the address " + hex(addresses[first]) +
                      " is a generic one, the instruction accesses '." +
                      getName(space) + "'");
    if (!owner)
      return fail(warp.block.launch.memory.lookup(addresses[first], 1)
                      ? Rule::WrongSpace
                      : Rule::OutOfBounds,
                  first,
                  "the address " + hex(addresses[first]) +
                      " is in the shared memory of no block of the cluster");
    if (space == PtxSpace::Shared && rank != ownRank)
      return fail(Rule::WrongSpace, first,
                  "the address " + hex(addresses[first]) +
                      " belongs to the block of rank " + llvm::Twine(rank) +
                      ", which only shared::cluster reaches");
    if (!accessSharedOf(same, findExtent(same), *owner))
      return false;
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Local memory and parameters
//===----------------------------------------------------------------------===//

/// What alloca gave.
bool Accessor::accessStack(LaneMask lanes) {
  for (LaneMask rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    pointers.lane[lane] = warp.stack->find(lane, addresses[lane], size);
    if (!pointers.lane[lane])
      return fail(Rule::OutOfBounds, lane,
                  "the local address " + hex(addresses[lane]) +
                      " is outside of what alloca gave the thread, from " +
                      hex(LocalStack::begin) + " to " +
                      hex(LocalStack::begin + warp.stack->size(lane)));
  }
  return true;
}

bool Accessor::accessLocal(LaneMask lanes, const Extent &extent) {
  if (request.kind == AccessKind::Atomic ||
      request.kind == AccessKind::Reduction)
    return fail(Rule::WrongSpace, __builtin_ctz(lanes),
                "an atomic needs global or shared memory, the address is a "
                "generic one of '.local'");
  if (LLVM_LIKELY(!warp.stack || extent.highest < LocalStack::begin))
    return accessFrame(lanes, extent);
  LaneMask onStack = 0;
  for (LaneMask rest = lanes; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    onStack |= LaneMask(addresses[lane] >= LocalStack::begin) << lane;
  }
  LaneMask inFrame = lanes & ~onStack;
  return (!inFrame || accessFrame(inFrame, findExtent(inFrame))) &&
         accessStack(onStack);
}

/// What functions declare.
bool Accessor::accessFrame(LaneMask lanes, const Extent &extent) {
  const Frame &frame = warp.currentFrame();
  uint64_t end = firstLocalOffset + frame.localBase + frame.localSize;
  if (!warp.growLocalMemory(end - firstLocalOffset))
    return fail(Rule::CallDepth, __builtin_ctz(lanes),
                "a thread has " + llvm::Twine(maxLocalBytes) +
                    " bytes of local memory");
  if (!isWithin(extent, firstLocalOffset, end)) {
    unsigned lane = findOutside(lanes, firstLocalOffset, end);
    return fail(Rule::OutOfBounds, lane,
                "the local address " + hex(addresses[lane]) +
                    " is outside of the thread's memory from " +
                    hex(firstLocalOffset) + " to " + hex(end));
  }
  point(lanes, warp.localMemory(0), firstLocalOffset, warp.localMemoryStride());
  return true;
}

bool Accessor::accessParameters(LaneMask lanes, const Extent &extent) {
  const std::vector<std::byte> &parameters = warp.block.launch.parameters;
  uint64_t end = firstParamOffset + parameters.size();
  if (!isWithin(extent, firstParamOffset, end)) {
    unsigned lane = findOutside(lanes, firstParamOffset, end);
    return fail(Rule::OutOfBounds, lane,
                "the address " + hex(addresses[lane]) +
                    " is outside of the parameters from " +
                    hex(firstParamOffset) + " to " + hex(end));
  }
  if (request.kind != AccessKind::Read)
    return fail(Rule::WrongSpace, __builtin_ctz(lanes),
                "the parameters of an entry are written");
  // Read only: see above.
  point(lanes, const_cast<std::byte *>(parameters.data()), firstParamOffset);
  pointers.isRow = extent.isRow;
  return true;
}

//===----------------------------------------------------------------------===//
// All spaces
//===----------------------------------------------------------------------===//

/// The extent is that of the lanes, before `windowBegin` is taken away.
bool Accessor::accessSpace(PtxSpace space, LaneMask lanes, Extent extent,
                           uint64_t windowBegin) {
  if (windowBegin) {
    TK_AT_HOST_LEVEL(offsetLanes, addresses, -windowBegin, inWindow.lane);
    addresses = inWindow.lane;
    extent.lowest -= windowBegin;
    extent.highest -= windowBegin;
  }
  switch (space) {
  case PtxSpace::Global:
  case PtxSpace::Const:
  case PtxSpace::Generic:
    return accessGlobal(lanes, extent, space);
  case PtxSpace::Shared:
  case PtxSpace::SharedCluster:
    return accessShared(lanes, extent, space);
  case PtxSpace::Local:
    countLocal(lanes);
    return accessLocal(lanes, extent);
  case PtxSpace::Param:
    // Those of functions that are called are local variables.
    if (windowBegin || warp.currentFrame().function->syntax->isEntry)
      return accessParameters(lanes, extent);
    return accessLocal(lanes, extent);
  case PtxSpace::Register:
    break;
  }
  llvm_unreachable("no instruction accesses registers by address");
}

bool Accessor::accessGeneric() {
  LaneMask inSpace[4] = {};
  constexpr PtxSpace windows[4] = {PtxSpace::Global, PtxSpace::Shared,
                                   PtxSpace::Local, PtxSpace::Param};
  constexpr uint64_t begins[4] = {0, sharedWindow, localWindow, paramWindow};
  const uint64_t *generic = addresses;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    PtxSpace space = windowOf(generic[lane]);
    inSpace[llvm::find(windows, space) - windows] |= LaneMask(1) << lane;
  }
  for (unsigned i = 0; i < 4; ++i) {
    PtxSpace space = windows[i];
    // A generic address reaches global and constant memory, and the shared
    // memory of all blocks of the cluster.
    if (space == PtxSpace::Global)
      space = PtxSpace::Generic;
    if (space == PtxSpace::Shared)
      space = PtxSpace::SharedCluster;
    addresses = generic;
    if (inSpace[i] &&
        !accessSpace(space, inSpace[i], findExtent(inSpace[i]), begins[i]))
      return false;
  }
  return true;
}

bool Accessor::run() {
  Extent extent = findExtent(warp.mask);
  if (!isAligned(extent.bits))
    return false;
  pointers.isRow = false;
  if (request.space != PtxSpace::Generic)
    return accessSpace(request.space, warp.mask, extent, 0);
  // All windows lie above what is allocated.
  if (LLVM_LIKELY(extent.highest < paramWindow))
    return accessGlobal(warp.mask, extent, PtxSpace::Generic);
  return accessGeneric();
}

bool mlir::tk::emulator::accessMemory(Warp &warp,
                                      const Instruction &instruction,
                                      const MemoryRequest &request,
                                      const LaneAddresses &addresses,
                                      HostPointers &pointers) {
  return Accessor(warp, instruction, request, addresses, pointers).run();
}
