//===- Counters.cpp - what the execution tells the measurements -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Counters.h"
#include "tk/Support/SharedAccess.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <array>

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// What moves between the caches and memory, and the lines of DRAM.
static constexpr uint64_t kSectorInBytes = 32;
static constexpr uint64_t kHalfInBytes = 64;
/// What the banks of shared memory give at once.
static constexpr uint64_t kBankRowInBytes = 128;
static constexpr uint64_t kBankWidthInBytes = 4;

void InstructionMeasurement::add(const InstructionMeasurement &other) {
  sharedRequests += other.sharedRequests;
  sharedWavefronts += other.sharedWavefronts;
  sharedIdealWavefronts += other.sharedIdealWavefronts;
  sharedWorstWays = std::max(sharedWorstWays, other.sharedWorstWays);
  sharedBytesRead += other.sharedBytesRead;
  sharedBytesWritten += other.sharedBytesWritten;
  remoteBytesRead += other.remoteBytesRead;
  remoteBytesWritten += other.remoteBytesWritten;
  localBytesRead += other.localBytesRead;
  localBytesWritten += other.localBytesWritten;
  globalRequests += other.globalRequests;
  globalSectors += other.globalSectors;
  globalHalves += other.globalHalves;
  globalWorstSectors = std::max(globalWorstSectors, other.globalWorstSectors);
  globalBytesRead += other.globalBytesRead;
  globalBytesWritten += other.globalBytesWritten;
  globalSectorsRead += other.globalSectorsRead;
  globalSectorsWritten += other.globalSectorsWritten;
  tensorCopies += other.tensorCopies;
  tensorBoxBytes += other.tensorBoxBytes;
  tensorInsideBytes += other.tensorInsideBytes;
  wgmmas += other.wgmmas;
}

Counters::Counters(size_t numInstructions) : perInstruction(numInstructions) {}

static uint32_t bytesOf(const Access &access, unsigned lane) {
  return access.laneBytes ? access.laneBytes[lane] : access.bytesPerLane;
}

static uint64_t bytesOfLanes(const Access &access, LaneMask lanes) {
  uint64_t bytes = 0;
  for (; lanes; lanes &= lanes - 1)
    bytes += bytesOf(access, countr_zero(lanes));
  return bytes;
}

/// The different units of `unitInBytes` that the lanes touch, sorted.
static SmallVector<int64_t, 64>
collectUnits(const Access &access, LaneMask lanes, uint64_t unitInBytes) {
  SmallVector<int64_t, 64> units;
  for (; lanes; lanes &= lanes - 1) {
    uint64_t address = access.addresses[countr_zero(lanes)];
    uint64_t bytes = bytesOf(access, countr_zero(lanes));
    if (!bytes)
      continue;
    for (uint64_t unit = address / unitInBytes,
                  last = (address + bytes - 1) / unitInBytes;
         unit <= last; ++unit)
      if (units.empty() || units.back() != int64_t(unit))
        units.push_back(unit);
  }
  if (!is_sorted(units))
    sort(units);
  units.erase(llvm::unique(units), units.end());
  return units;
}

static void countBytes(AccessKind kind, uint64_t bytes, uint64_t &read,
                       uint64_t &written) {
  if (kind != AccessKind::Write)
    read += bytes;
  if (kind != AccessKind::Read)
    written += bytes;
}

static void countSharedBytes(InstructionMeasurement &counts, const Place &place,
                             const MemoryPlace &memory, AccessKind kind,
                             uint64_t bytes) {
  countBytes(kind, bytes, counts.sharedBytesRead, counts.sharedBytesWritten);
  if (memory.block != place.block)
    countBytes(kind, bytes, counts.remoteBytesRead, counts.remoteBytesWritten);
}

/// Atomic operations on one bank take turns, on the same word as on different
/// ones (measured on an H100): the most lanes that want the same bank.
static uint64_t countTurns(ArrayRef<int64_t> addresses, unsigned bytes) {
  std::array<uint64_t, kBankRowInBytes / kBankWidthInBytes> lanesAtBank = {};
  for (uint64_t address : addresses)
    for (uint64_t word = address / kBankWidthInBytes;
         word * kBankWidthInBytes < address + bytes; ++word)
      ++lanesAtBank[word % lanesAtBank.size()];
  return *max_element(lanesAtBank);
}

/// Whether every lane wants the same address as its neighbour at a distance of
/// 1, or every lane as its neighbour at a distance of 2. Lanes that do not take
/// part agree with everyone.
static bool sharesWithNeighbours(const Access &access, LaneMask lanes) {
  auto sharesAt = [&](unsigned distance) {
    for (LaneMask rest = lanes; rest; rest &= rest - 1) {
      unsigned lane = countr_zero(rest), neighbour = lane ^ distance;
      if (lanes >> neighbour & 1 &&
          access.addresses[lane] != access.addresses[neighbour])
        return false;
    }
    return true;
  };
  return sharesAt(1) || sharesAt(2);
}

/// The trips to the banks that the lanes of `group` take together.
static uint64_t countTrips(const Access &access, LaneMask group) {
  SmallVector<int64_t, numLanes> addresses;
  for (; group; group &= group - 1)
    addresses.push_back(access.addresses[countr_zero(group)]);
  if (addresses.empty())
    return 0;
  if (access.kind == AccessKind::Atomic || access.kind == AccessKind::Reduction)
    return countTurns(addresses, access.bytesPerLane);
  sort(addresses);
  addresses.erase(llvm::unique(addresses), addresses.end());
  return countWavefronts(addresses, access.bytesPerLane);
}

/// The warp goes to the banks in groups of lanes that could fill them: all
/// lanes for up to 4 bytes, halves for 8, quarters for 16. If neighbours share
/// their addresses throughout a load, two groups go together where that saves
/// trips. An H100 does so for ld; not for ldmatrix, whose accesses have no
/// elements, nor for stores and atomic operations.
void Counters::countShared(InstructionMeasurement &counts, const Place &place,
                           const Access &access) {
  unsigned bytes = access.bytesPerLane;
  unsigned size =
      std::clamp<unsigned>(kBankRowInBytes / std::max(bytes, 4u), 1, numLanes);
  auto groupAt = [&](unsigned first, unsigned count) {
    return place.lanes & (allLanes >> (numLanes - count)) << first;
  };
  bool mayMerge = access.kind == AccessKind::Read && access.elementBytes != 0 &&
                  sharesWithNeighbours(access, place.lanes);
  auto add = [&](uint64_t trips) {
    counts.sharedWavefronts += trips;
    counts.sharedWorstWays = std::max(counts.sharedWorstWays, trips);
  };
  for (unsigned first = 0; first != numLanes;) {
    uint64_t trips = countTrips(access, groupAt(first, size));
    if (size == numLanes) {
      add(trips);
      break;
    }
    uint64_t next = countTrips(access, groupAt(first + size, size));
    LaneMask both = groupAt(first, 2 * size);
    uint64_t together = mayMerge ? countTrips(access, both) : trips + next;
    if (together < trips + next) {
      add(together);
    } else {
      add(trips);
      add(next);
    }
    first += 2 * size;
  }
  size_t words = collectUnits(access, place.lanes, kBankWidthInBytes).size();
  ++counts.sharedRequests;
  counts.sharedIdealWavefronts +=
      divideCeil(words * kBankWidthInBytes, kBankRowInBytes);
  countSharedBytes(counts, place, access.memory, access.kind,
                   uint64_t(bytes) * popcount(place.lanes));
}

void Counters::countGlobal(InstructionMeasurement &counts, const Place &place,
                           const Access &access) {
  auto sectors = collectUnits(access, place.lanes, kSectorInBytes);
  ++counts.globalRequests;
  counts.globalSectors += sectors.size();
  counts.globalWorstSectors =
      std::max<uint64_t>(counts.globalWorstSectors, sectors.size());
  counts.globalHalves += collectUnits(access, place.lanes, kHalfInBytes).size();
  countBytes(access.kind, bytesOfLanes(access, place.lanes),
             counts.globalBytesRead, counts.globalBytesWritten);
  countBytes(access.kind, sectors.size(), counts.globalSectorsRead,
             counts.globalSectorsWritten);
  for (uint64_t sector : sectors) {
    if (access.kind != AccessKind::Write)
      sectorsRead[sector / 64] |= uint64_t(1) << sector % 64;
    if (access.kind != AccessKind::Read)
      sectorsWritten[sector / 64] |= uint64_t(1) << sector % 64;
  }
}

void Counters::access(const Place &place, const Access &access) {
  if (!place.lanes || !access.bytesPerLane)
    return;
  InstructionMeasurement &counts = perInstruction[place.instruction];
  if (access.memory.space == PtxSpace::Global)
    countGlobal(counts, place, access);
  else if (access.memory.space == PtxSpace::Shared ||
           access.memory.space == PtxSpace::SharedCluster)
    countShared(counts, place, access);
  else if (access.memory.space == PtxSpace::Local)
    countBytes(access.kind, bytesOfLanes(access, place.lanes),
               counts.localBytesRead, counts.localBytesWritten);
}

void Counters::access(const Place &place, const AsyncAccess &access) {
  if (!access.sizeInBytes || access.proxy == Proxy::TensorMap)
    return;
  InstructionMeasurement &counts = perInstruction[place.instruction];
  if (access.memory.space != PtxSpace::Global) {
    countSharedBytes(counts, place, access.memory, access.kind,
                     access.sizeInBytes);
    return;
  }
  // A row is what one lane would ask for.
  Access row;
  row.memory = access.memory;
  row.kind = access.kind;
  row.addresses = &access.address;
  row.bytesPerLane = access.sizeInBytes;
  Place where = place;
  where.lanes = 1;
  countGlobal(counts, where, row);
}

void Counters::tensorCopy(const Place &place, const TensorCopyCount &copy) {
  InstructionMeasurement &counts = perInstruction[place.instruction];
  ++counts.tensorCopies;
  counts.tensorBoxBytes += copy.boxBytes;
  counts.tensorInsideBytes += copy.insideBytes;
}

void Counters::wgmma(const Place &place, uint64_t sharedBytes,
                     bool isFirstWarp) {
  InstructionMeasurement &counts = perInstruction[place.instruction];
  counts.sharedBytesRead += sharedBytes;
  counts.wgmmas += isFirstWarp;
}

void Counters::add(const Counters &other) {
  for (auto [mine, theirs] : zip_equal(perInstruction, other.perInstruction))
    mine.add(theirs);
  for (auto [word, bits] : other.sectorsRead)
    sectorsRead[word] |= bits;
  for (auto [word, bits] : other.sectorsWritten)
    sectorsWritten[word] |= bits;
}

EmulatorMeasurements Counters::finish() const {
  EmulatorMeasurements result;
  result.instructions = perInstruction;
  for (auto [word, bits] : sectorsRead)
    result.numDistinctSectorsRead += popcount(bits);
  for (auto [word, bits] : sectorsWritten)
    result.numDistinctSectorsWritten += popcount(bits);
  return result;
}
