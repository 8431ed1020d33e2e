//===- RunMemory.cpp - the memory of a run and who touched it -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RunMemory.h"
#include "GridRun.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Allocations
//===----------------------------------------------------------------------===//

void RunMemory::add(const KernelArgument &argument, StringRef name,
                    bool isReadOnly) {
  RunAllocation allocation;
  allocation.begin = reinterpret_cast<uint64_t>(argument.memory.data());
  allocation.end = allocation.begin + argument.memory.size();
  allocation.isReadOnly = isReadOnly;
  int64_t size = getSizeInBytes(argument.dtype);
  allocation.tensors.push_back({name.str(),
                                reinterpret_cast<uint64_t>(argument.data), size,
                                argument.shape, argument.strides});
  if (!argument.written.empty())
    allocation.writtenMaps.push_back(
        {allocation.begin, allocation.end, size, argument.written.data()});
  allocations.push_back(std::move(allocation));
}

void RunMemory::finish(bool detectRaces) {
  llvm::sort(allocations, [](const RunAllocation &a, const RunAllocation &b) {
    return std::make_pair(a.begin, StringRef(a.tensors[0].name)) <
           std::make_pair(b.begin, StringRef(b.tensors[0].name));
  });
  std::vector<RunAllocation> merged;
  for (RunAllocation &next : allocations) {
    if (merged.empty() || next.begin >= merged.back().end) {
      merged.push_back(std::move(next));
      continue;
    }
    RunAllocation &last = merged.back();
    last.end = std::max(last.end, next.end);
    last.isReadOnly &= next.isReadOnly;
    llvm::append_range(last.tensors, next.tensors);
    llvm::append_range(last.writtenMaps, next.writtenMaps);
  }
  allocations = std::move(merged);
  for (RunAllocation &allocation : allocations) {
    if (allocation.isReadOnly || !detectRaces)
      continue;
    int64_t cellSize = 8;
    for (const NamedTensor &tensor : allocation.tensors)
      cellSize = std::min(cellSize, tensor.sizeInBytes);
    uint64_t size = allocation.end - allocation.begin;
    allocation.shadow = std::make_unique<ShadowMemory>(
        llvm::divideCeil(size, cellSize), cellSize);
  }
}

FatPointer RunMemory::makePointer(uint64_t address) const {
  auto it =
      llvm::upper_bound(allocations, address,
                        [](uint64_t value, const RunAllocation &allocation) {
                          return value < allocation.begin;
                        });
  if (it == allocations.begin() || address >= std::prev(it)->end)
    return {address, kNoAllocation};
  return {address, std::prev(it) - allocations.begin()};
}

/// Finds the index of the element with the given offset, if the strides give it
/// one: digits of the offset from the largest stride down.
static std::optional<SmallVector<int64_t>> findIndex(const NamedTensor &tensor,
                                                     int64_t offset) {
  SmallVector<unsigned> order(
      llvm::to_vector(llvm::seq<unsigned>(0, tensor.shape.size())));
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return std::make_pair(std::abs(tensor.strides[b]), a) <
           std::make_pair(std::abs(tensor.strides[a]), b);
  });
  // Count from the lowest address up: negative strides start at their end.
  for (unsigned dim : order)
    if (tensor.strides[dim] < 0)
      offset += -tensor.strides[dim] * (tensor.shape[dim] - 1);
  SmallVector<int64_t> index(tensor.shape.size(), 0);
  for (unsigned dim : order) {
    int64_t stride = std::abs(tensor.strides[dim]);
    int64_t digit = stride == 0 ? 0 : offset / stride;
    if (digit < 0 || digit >= tensor.shape[dim])
      return std::nullopt;
    offset -= digit * stride;
    index[dim] =
        tensor.strides[dim] < 0 ? tensor.shape[dim] - 1 - digit : digit;
  }
  if (offset != 0)
    return std::nullopt;
  return index;
}

std::string RunAllocation::describe(uint64_t address) const {
  for (const NamedTensor &tensor : tensors) {
    int64_t bytes = address - tensor.address;
    if (tensor.shape.empty() || bytes % tensor.sizeInBytes != 0)
      continue;
    if (std::optional<SmallVector<int64_t>> index =
            findIndex(tensor, bytes / tensor.sizeInBytes)) {
      std::string list = llvm::join(
          llvm::map_range(*index, [](int64_t i) { return llvm::itostr(i); }),
          ", ");
      return tensor.name + "[" + list + "]";
    }
  }
  const NamedTensor &first = tensors.front();
  int64_t bytes = address - first.address;
  return "element " + llvm::itostr(bytes / first.sizeInBytes) + " behind '" +
         first.name + "'";
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static std::string getSubject(const ProgramInstance &instance) {
  return describeProgram(instance.run, instance.number);
}

bool RunMemory::checkBounds(ProgramInstance &instance, Operation *op,
                            const AccessRun &run, bool isWrite) const {
  const char *verb = isWrite ? " writes" : " reads";
  if (run.allocation < 0) {
    instance.run.errors.report(instance, op, ErrorKind::OutsideMemory, [&] {
      return getSubject(instance) + verb + " through a pointer to no tensor";
    });
    return false;
  }
  const RunAllocation &allocation = allocations[run.allocation];
  uint64_t size = allocation.end - allocation.begin;
  auto isInside = [&](uint64_t address) {
    uint64_t offset = address - allocation.begin;
    return offset < size && size - offset >= uint64_t(run.sizeInBytes);
  };
  uint64_t last = run.address + (run.count - 1) * run.strideInBytes;
  if (isInside(run.address) && isInside(last))
    return true;
  uint64_t bad = run.address;
  for (int64_t i = 0; i < run.count && isInside(bad); ++i)
    bad += run.strideInBytes;
  const NamedTensor &tensor = allocation.tensors.front();
  int64_t begin = static_cast<int64_t>(bad - allocation.begin);
  instance.run.errors.report(instance, op, ErrorKind::OutsideMemory, [&] {
    return getSubject(instance) + verb + " outside '" + tensor.name +
           "': element " +
           llvm::itostr(llvm::divideFloorSigned(begin, tensor.sizeInBytes)) +
           " of memory that holds " + llvm::itostr(size / tensor.sizeInBytes);
  });
  return false;
}

bool RunMemory::checkWritable(ProgramInstance &instance, Operation *op,
                              const AccessRun &run) const {
  const RunAllocation &allocation = allocations[run.allocation];
  if (!allocation.isReadOnly)
    return true;
  instance.run.errors.report(instance, op, ErrorKind::ReadOnly, [&] {
    return getSubject(instance) + " writes " +
           allocation.describe(run.address) + ", but '" +
           allocation.tensors.front().name + "' is not an out or mut parameter";
  });
  return false;
}

void RunMemory::checkWritten(ProgramInstance &instance, Operation *op,
                             const AccessRun &run) const {
  const RunAllocation &allocation = allocations[run.allocation];
  for (const RunAllocation::WrittenMap &map : allocation.writtenMaps)
    for (int64_t i = 0; i < run.count; ++i) {
      uint64_t address = run.address + i * run.strideInBytes;
      if (address < map.begin || address >= map.end ||
          map.flags[(address - map.begin) / map.sizeInBytes])
        continue;
      instance.run.errors.report(instance, op, ErrorKind::NeverWritten, [&] {
        return getSubject(instance) + " reads " + allocation.describe(address) +
               ", which was never written";
      });
      return;
    }
}

void RunMemory::markWritten(const AccessRun &run) const {
  for (const RunAllocation::WrittenMap &map :
       allocations[run.allocation].writtenMaps)
    for (int64_t i = 0; i < run.count; ++i) {
      uint64_t address = run.address + i * run.strideInBytes;
      if (address >= map.begin && address < map.end)
        map.flags[(address - map.begin) / map.sizeInBytes] = 1;
    }
}

/// The program of the higher number is named first, so that the message does
/// not depend on which of the two came second.
static void reportRace(ProgramInstance &instance, bool isWrite, bool isAtomic,
                       const RaceWith &other, const RunAllocation &allocation,
                       uint64_t address) {
  GridRun &run = instance.run;
  RaceWith mine = {instance.number, unsigned(instance.nextInstruction - 1),
                   isWrite, isAtomic};
  bool isFirst = mine.program > other.program;
  const RaceWith &first = isFirst ? mine : other;
  const RaceWith &second = isFirst ? other : mine;
  auto describe = [&](const RaceWith &side, const std::string &what) {
    return describeProgram(run, side.program) +
           (side.isWrite ? " writes " : " reads ") + what +
           (side.isAtomic ? " atomically" : "");
  };
  auto getOp = [&](const RaceWith &side) -> Operation * {
    const auto &code = run.program.code;
    return side.instruction < code.size() ? code[side.instruction]->op
                                          : code.back()->op;
  };
  ErrorOrigin origin(instance);
  origin.program = first.program;
  origin.instruction = first.instruction;
  origin.coordinates = getCoordinates(run, first.program);
  run.errors.report(
      origin, getOp(first), ErrorKind::Race,
      [&] {
        return describe(first, allocation.describe(address)) + " and " +
               describe(second, "it") + ", in no order";
      },
      getOp(second), describe(second, "it") + " here");
}

/// Calls `fn(cell, address)` for every cell of the run.
template <typename Fn>
static void forEachCell(const RunAllocation &allocation, const AccessRun &run,
                        Fn fn) {
  int64_t cellSize = allocation.shadow->getCellSizeInBytes();
  int64_t cellsPerElement = std::max<int64_t>(run.sizeInBytes / cellSize, 1);
  for (int64_t i = 0; i < run.count; ++i) {
    uint64_t address = run.address + i * run.strideInBytes;
    uint64_t cell = (address - allocation.begin) / cellSize;
    for (int64_t j = 0; j < cellsPerElement; ++j)
      fn(cell + j, address);
  }
}

void RunMemory::noteRead(ProgramInstance &instance, Operation *op,
                         const AccessRun &run) const {
  const RunAllocation &allocation = allocations[run.allocation];
  if (!allocation.writtenMaps.empty())
    checkWritten(instance, op, run);
  if (!allocation.shadow)
    return;
  unsigned instruction = instance.nextInstruction - 1;
  forEachCell(allocation, run, [&](uint64_t cell, uint64_t address) {
    if (auto race = allocation.shadow->read(instance, instruction, cell))
      reportRace(instance, /*isWrite=*/false, /*isAtomic=*/false, *race,
                 allocation, address);
  });
}

bool RunMemory::noteWrite(ProgramInstance &instance, Operation *op,
                          const AccessRun &run) const {
  if (!checkWritable(instance, op, run))
    return false;
  instance.hasChangedMemory = true;
  const RunAllocation &allocation = allocations[run.allocation];
  if (!allocation.writtenMaps.empty())
    markWritten(run);
  if (!allocation.shadow)
    return true;
  unsigned instruction = instance.nextInstruction - 1;
  forEachCell(allocation, run, [&](uint64_t cell, uint64_t address) {
    if (auto race = allocation.shadow->write(instance, instruction, cell))
      reportRace(instance, /*isWrite=*/true, /*isAtomic=*/false, *race,
                 allocation, address);
  });
  return true;
}

bool RunMemory::noteAtomic(ProgramInstance &instance, Operation *op,
                           const AccessRun &run, AtomicAccess access) const {
  if (access.writes && !checkWritable(instance, op, run))
    return false;
  const RunAllocation &allocation = allocations[run.allocation];
  if (!allocation.writtenMaps.empty()) {
    if (access.reads)
      checkWritten(instance, op, run);
    if (access.writes)
      markWritten(run);
  }
  if (!allocation.shadow)
    return true;
  unsigned instruction = instance.nextInstruction - 1;
  forEachCell(allocation, run, [&](uint64_t cell, uint64_t address) {
    if (auto race = allocation.shadow->accessAtomically(instance, instruction,
                                                        cell, access))
      reportRace(instance, access.writes, access.scope != MemoryScope::Block,
                 *race, allocation, address);
  });
  return true;
}
