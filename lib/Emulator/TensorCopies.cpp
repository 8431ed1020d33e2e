//===- TensorCopies.cpp - boxes of tensors by the copy engine -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 5.5 (tensors, boxes, swizzles) and 9.7.9.27 (the instructions), in
// tiled mode. Measured on an H100: the first coordinate times the size of an
// element is a multiple of 16 bytes, or the hardware reports an illegal
// instruction; the swizzle takes the bits of the shared address itself.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "tk/Emulator/TensorMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
struct TensorCopy {
  unsigned rank = 1;
  bool isLoad = false;
  DecodeContext::Address map, shared, barrier;
  std::array<Slot, TensorMap::maxRank> coordinates;
  Slot blockMask = noSlot;
  std::optional<BulkReduction> reduction;
};

/// A run of elements of the first dimension: where it is in the box and in the
/// tensor.
struct Row {
  /// From the beginning of the box, without the swizzle.
  uint64_t boxOffset;
  /// The whole row lies outside of the tensor.
  bool isOutside;
  /// Of the first element that lies inside, and how many do.
  uint64_t address;
  uint64_t firstElement;
  uint64_t numElements;
};

class TensorCopyExecution : LaneExecution {
public:
  TensorCopyExecution(Warp &warp, const Instruction &instruction, unsigned lane)
      : LaneExecution(warp, instruction, lane),
        copy(*static_cast<const TensorCopy *>(instruction.details)) {}
  bool run();

private:
  uint64_t addressOf(const DecodeContext::Address &address) {
    return readAddresses(warp, address.base, address.offset, address.is32Bit)
        .lane[lane];
  }
  bool readMap();
  bool load();
  /// `isFirst` of the destinations of a multicast.
  bool loadInto(const SharedRegion &to, const SharedRegion &barrierRegion,
                bool isFirst = true);
  bool store();
  template <typename Function> bool forEachRow(Function function);
  /// The parts of a row that stay together in shared memory: 16 bytes.
  template <typename Function>
  void forEachPart(const SharedRegion &region, const Row &row,
                   Function function);
  void fill(std::byte *to, uint64_t size) const;
  void convertLoaded(std::byte *bytes, uint64_t size) const;
  void accessBox(const AsyncAgentPtr &agent, const SharedRegion &box,
                 AccessKind kind);
  /// A row that begins at a byte of the tensor must lie in global memory.
  std::byte *findRow(const Row &row, bool isWrite) {
    return findGlobal(row.address, row.numElements * elementSize, 1,
                      "a row of the tensor", isWrite);
  }

  const TensorCopy &copy;
  TensorMap map;
  uint64_t mapAddress = 0;
  unsigned elementSize = 1;
  std::array<int64_t, TensorMap::maxRank> start = {};
};
} // namespace

bool TensorCopyExecution::readMap() {
  mapAddress = addressOf(copy.map);
  const std::byte *bytes = findTensorMap(mapAddress);
  if (!bytes)
    return false;
  Expected<TensorMap> decoded = decodeTensorMap(
      {reinterpret_cast<const uint8_t *>(bytes), sizeof(TensorMapBytes)});
  if (!decoded)
    return fail(Rule::TensorMap, toString(decoded.takeError()));
  map = *decoded;
  if (map.rank != copy.rank)
    return fail(Rule::TensorMap, "the tensor has " + Twine(map.rank) +
                                     " dimensions, the instruction is for " +
                                     Twine(copy.rank));
  elementSize = getSizeInBytes(map.type);
  for (unsigned d = 0; d < copy.rank; ++d)
    start[d] = warp.lanes<int32_t>(copy.coordinates[d])[lane];
  if (start[0] * elementSize % 16)
    return fail(
        Rule::TensorMap,
        "the first coordinate " + Twine(start[0]) + " is " +
            Twine(start[0] * elementSize) +
            " bytes from the beginning of a row, which is not a multiple "
            "of 16");
  // Measured on an H100: an illegal instruction. Loads are filled there.
  for (unsigned d = 0; d < copy.rank && !copy.isLoad; ++d)
    if (start[d] < 0)
      return fail(Rule::TensorMap,
                  "coordinate " + Twine(start[d]) + " of dimension " +
                      Twine(d) + ": only loads may begin before the tensor");
  return true;
}

template <typename Function>
bool TensorCopyExecution::forEachRow(Function function) {
  uint64_t rowElements = map.boxElements(0), numRows = 1;
  for (unsigned d = 1; d < map.rank; ++d)
    numRows *= map.boxElements(d);
  for (uint64_t r = 0; r < numRows; ++r) {
    Row row;
    row.boxOffset = r * map.rowPitch();
    row.isOutside = false;
    row.address = map.address;
    uint64_t rest = r;
    for (unsigned d = 1; d < map.rank; ++d) {
      uint64_t step = rest % map.boxElements(d);
      rest /= map.boxElements(d);
      int64_t position =
          start[d] + static_cast<int64_t>(step * map.elementStrides[d]);
      row.isOutside |=
          position < 0 || static_cast<uint64_t>(position) >= map.extents[d];
      row.address += static_cast<uint64_t>(position) * map.strides[d - 1];
    }
    int64_t first = std::max<int64_t>(start[0], 0);
    int64_t end =
        std::min<int64_t>(start[0] + static_cast<int64_t>(rowElements),
                          static_cast<int64_t>(map.extents[0]));
    row.isOutside |= first >= end;
    row.firstElement = static_cast<uint64_t>(first - start[0]);
    row.numElements = row.isOutside ? 0 : static_cast<uint64_t>(end - first);
    row.address += static_cast<uint64_t>(first) * elementSize;
    if (!function(row))
      return false;
  }
  return true;
}

template <typename Function>
void TensorCopyExecution::forEachPart(const SharedRegion &region,
                                      const Row &row, Function function) {
  constexpr uint64_t partBytes = 16;
  uint64_t rowBytes = uint64_t(map.boxElements(0)) * elementSize;
  // 5.5.6: the number of a 16-byte part within the span is xored with the
  // number of the 128-byte line.
  uint64_t spanMask = (1u << static_cast<unsigned>(map.swizzle)) - 1;
  for (uint64_t i = 0; i < rowBytes; i += partBytes) {
    uint64_t offset = region.offset + row.boxOffset + i;
    uint64_t swizzled = offset ^ ((offset >> 7 & spanMask) << 4);
    // What is inside of the tensor, of this part.
    uint64_t insideBegin = row.firstElement * elementSize;
    uint64_t insideEnd = insideBegin + row.numElements * elementSize;
    uint64_t begin = std::clamp(insideBegin, i, i + partBytes);
    uint64_t end = std::clamp(insideEnd, begin, i + partBytes);
    function(region.bytes + (swizzled - region.offset), i, begin, end);
  }
}

void TensorCopyExecution::fill(std::byte *to, uint64_t size) const {
  if (!map.fillsNaN) {
    memset(to, 0, size);
    return;
  }
  // Measured, for all types.
  constexpr uint16_t pattern = 0x7ff7;
  for (uint64_t i = 0; i < size; i += sizeof(pattern))
    memcpy(to + i, &pattern, sizeof(pattern));
}

/// Loads of tf32 round to nearest; ties away from zero as cvt.rna.
void TensorCopyExecution::convertLoaded(std::byte *bytes, uint64_t size) const {
  if (map.type != TensorMapType::TF32 && map.type != TensorMapType::TF32Ftz)
    return;
  for (uint64_t i = 0; i < size; i += sizeof(uint32_t)) {
    uint32_t bits;
    memcpy(&bits, bytes + i, sizeof(bits));
    constexpr uint32_t exponent = 0x7f800000, dropped = 0x1fff;
    if ((bits & exponent) != exponent)
      bits = (bits + (dropped + 1) / 2) & ~dropped;
    memcpy(bytes + i, &bits, sizeof(bits));
  }
}

/// The checks learn of a box in shared memory: of all of it, or of its rows
/// where they leave gaps.
void TensorCopyExecution::accessBox(const AsyncAgentPtr &agent,
                                    const SharedRegion &box, AccessKind kind) {
  if (!agent && !counters())
    return;
  if (map.boxBytes() == map.sharedBytes()) {
    access(agent, box.place(), kind, box.offset, map.boxBytes());
    return;
  }
  forEachRow([&](const Row &row) {
    forEachPart(box, row, [&](std::byte *part, uint64_t, uint64_t, uint64_t) {
      access(agent, box.place(), kind,
             box.offset + static_cast<uint64_t>(part - box.bytes), 16);
    });
    return true;
  });
}

bool TensorCopyExecution::loadInto(const SharedRegion &to,
                                   const SharedRegion &barrierRegion,
                                   bool isFirst) {
  Mbarrier *barrier = findBarrier(barrierRegion);
  if (!barrier)
    return false;
  AsyncAgentPtr agent = issue(AsyncKind::TensorCopy);
  access(agent, {PtxSpace::Global, 0}, AccessKind::Read, mapAddress,
         sizeof(TensorMapBytes), Proxy::TensorMap);
  accessBox(agent, to, AccessKind::Write);
  uint64_t insideBytes = 0;
  bool isComplete = forEachRow([&](const Row &row) {
    const std::byte *from = nullptr;
    if (!row.isOutside) {
      from = findRow(row, /*isWrite=*/false);
      if (!from)
        return false;
      access(agent, {PtxSpace::Global, 0}, AccessKind::Read, row.address,
             row.numElements * elementSize, Proxy::Async, isFirst);
      insideBytes += row.numElements * elementSize;
    }
    uint64_t insideBegin = row.firstElement * elementSize;
    forEachPart(to, row,
                [&](std::byte *part, uint64_t i, uint64_t begin, uint64_t end) {
                  if (end - begin < 16)
                    fill(part, 16);
                  if (end == begin)
                    return;
                  memcpy(part + (begin - i), from + (begin - insideBegin),
                         end - begin);
                  convertLoaded(part + (begin - i), end - begin);
                });
    return true;
  });
  if (!isComplete)
    return false;
  if (counters() && isFirst)
    counters()->tensorCopy(place(), {map.boxBytes(), insideBytes});
  complete(agent, barrierRegion, *barrier, map.boxBytes());
  return true;
}

/// 5.5.6: shared memory of a box begins at a multiple of 128 bytes.
static constexpr uint64_t boxAlignment = 128;

bool TensorCopyExecution::load() {
  uint64_t size = map.sharedBytes();
  SharedRegion to =
      findShared(addressOf(copy.shared), size, boxAlignment, "the destination");
  if (!to.owner)
    return false;
  SharedRegion at = findShared(addressOf(copy.barrier), 8, 8, "the mbarrier");
  if (!at.owner)
    return false;
  if (copy.blockMask == noSlot)
    return loadInto(to, at);
  uint32_t ranks = warp.lanes<uint16_t>(copy.blockMask)[lane];
  for (bool isFirst = true; ranks; ranks &= ranks - 1, isFirst = false) {
    unsigned rank = __builtin_ctz(ranks);
    SharedRegion there = inBlock(to, rank, size);
    SharedRegion barrierThere = inBlock(at, rank, 8);
    if (!there.owner || !barrierThere.owner ||
        !loadInto(there, barrierThere, isFirst))
      return false;
  }
  return true;
}

/// The type in which a reduction adds elements of the tensor.
static std::optional<PtxType> reductionType(TensorMapType type) {
  switch (type) {
  case TensorMapType::U32:
    return PtxType::U32;
  case TensorMapType::S32:
    return PtxType::S32;
  case TensorMapType::U64:
    return PtxType::U64;
  case TensorMapType::S64:
    return PtxType::S64;
  case TensorMapType::F16:
    return PtxType::F16;
  case TensorMapType::BF16:
    return PtxType::BF16;
  case TensorMapType::F32:
  case TensorMapType::F32Ftz:
    return PtxType::F32;
  case TensorMapType::F64:
    return PtxType::F64;
  default:
    return std::nullopt;
  }
}

bool TensorCopyExecution::store() {
  uint64_t size = map.sharedBytes();
  std::optional<PtxType> type;
  if (copy.reduction) {
    type = reductionType(map.type);
    if (!type || !isReducible(*copy.reduction, *type))
      return fail(Rule::TensorMap,
                  "the reduction is not possible with the type of the tensor");
  }
  SharedRegion from =
      findShared(addressOf(copy.shared), size, boxAlignment, "the source");
  if (!from.owner)
    return false;
  AsyncAgentPtr agent = issue(AsyncKind::TensorCopy);
  access(agent, {PtxSpace::Global, 0}, AccessKind::Read, mapAddress,
         sizeof(TensorMapBytes), Proxy::TensorMap);
  accessBox(agent, from, AccessKind::Read);
  uint64_t insideBytes = 0;
  bool isComplete = forEachRow([&](const Row &row) {
    if (row.isOutside)
      return true;
    std::byte *to = findRow(row, /*isWrite=*/true);
    if (!to)
      return false;
    access(agent, {PtxSpace::Global, 0},
           copy.reduction ? AccessKind::Reduction : AccessKind::Write,
           row.address, row.numElements * elementSize);
    insideBytes += row.numElements * elementSize;
    uint64_t insideBegin = row.firstElement * elementSize;
    forEachPart(from, row,
                [&](std::byte *part, uint64_t i, uint64_t begin, uint64_t end) {
                  std::byte *target = to + (begin - insideBegin);
                  if (!copy.reduction) {
                    memcpy(target, part + (begin - i), end - begin);
                    return;
                  }
                  for (uint64_t k = begin; k < end; k += elementSize)
                    reduceElement(*copy.reduction, *type, target + (k - begin),
                                  part + (k - i));
                });
    return true;
  });
  if (!isComplete)
    return false;
  if (counters())
    counters()->tensorCopy(place(), {map.boxBytes(), insideBytes});
  if (agent)
    warp.bulkGroups.add(std::move(agent), LaneMask(1) << lane);
  return true;
}

bool TensorCopyExecution::run() {
  return readMap() && (copy.isLoad ? load() : store());
}

static Step runTensorCopy(Warp &warp, const Instruction &instruction) {
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1)
    if (!TensorCopyExecution(warp, instruction, __builtin_ctz(rest)).run())
      return Step::Stop;
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// `[map, {x, y}]`.
static Error decodeCoordinates(DecodeContext &context,
                               const PtxInstruction &instruction,
                               const PtxOperand &operand, TensorCopy &copy) {
  if (operand.kind != PtxOperand::Kind::AddressList ||
      operand.elements.size() != 2 ||
      operand.elements[1].kind != PtxOperand::Kind::Vector)
    return context.error(instruction,
                         "a tensor map and coordinates '[map, {...}]' are "
                         "needed");
  Expected<DecodeContext::Address> map =
      context.address(operand.elements[0], PtxSpace::Generic);
  if (!map)
    return map.takeError();
  copy.map = *map;
  ArrayRef<PtxOperand> coordinates = operand.elements[1].elements;
  if (coordinates.size() != copy.rank)
    return context.error(instruction, Twine(copy.rank) +
                                          " coordinates are needed, there "
                                          "are " +
                                          Twine(coordinates.size()));
  for (auto [i, coordinate] : enumerate(coordinates)) {
    Expected<Slot> slot = context.source(coordinate, PtxType::S32);
    if (!slot)
      return slot.takeError();
    copy.coordinates[i] = *slot;
  }
  return Error::success();
}

/// `.tile`, which is the default.
static Error decodeMode(DecodeContext &context,
                        const PtxInstruction &instruction,
                        Modifiers &modifiers) {
  if (modifiers.peek().starts_with("im2col"))
    return context.error(instruction, "im2col mode is not supported");
  if (modifiers.peek().starts_with("tile::"))
    return context.error(instruction, "'." + modifiers.peek() +
                                          "' needs sm_100 and is not "
                                          "supported");
  modifiers.accept("tile");
  return Error::success();
}

static void readCoordinates(DecodeContext &context,
                            const PtxInstruction &instruction,
                            OperandReader &operands, TensorCopy &copy) {
  if (const PtxOperand *operand = operands.next("the tensor map"))
    operands.keep(decodeCoordinates(context, instruction, *operand, copy));
}

static Error decodePrefetch(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers, TensorCopy &copy,
                            Instruction &result) {
  if (!modifiers.accept("L2") || !modifiers.accept("global"))
    return context.error(instruction, "'.L2.global' is needed");
  if (Error error = decodeMode(context, instruction, modifiers))
    return error;
  bool hasPolicy = modifiers.accept("L2::cache_hint");
  OperandReader operands(context, instruction);
  readCoordinates(context, instruction, operands, copy);
  if (hasPolicy)
    operands.source(PtxType::B64);
  result.handler = runNothing;
  return operands.finish();
}

static Error decodeLoad(DecodeContext &context,
                        const PtxInstruction &instruction, Modifiers &modifiers,
                        TensorCopy &copy, PtxSpace to) {
  if (Error error = decodeMode(context, instruction, modifiers))
    return error;
  if (!modifiers.accept("mbarrier::complete_tx::bytes"))
    return context.error(instruction,
                         "'.mbarrier::complete_tx::bytes' is needed");
  bool isMulticast =
      to == PtxSpace::SharedCluster && modifiers.accept("multicast::cluster");
  if (modifiers.peek().starts_with("cta_group::"))
    return context.error(instruction, "'.cta_group' needs sm_100 and is not "
                                      "supported");
  bool hasPolicy = modifiers.accept("L2::cache_hint");
  copy.isLoad = true;
  OperandReader operands(context, instruction);
  copy.shared = operands.address(to);
  readCoordinates(context, instruction, operands, copy);
  copy.barrier = operands.address(PtxSpace::SharedCluster);
  if (isMulticast)
    copy.blockMask = operands.source(PtxType::B16);
  if (hasPolicy)
    operands.source(PtxType::B64);
  return operands.finish();
}

static Error decodeStore(DecodeContext &context,
                         const PtxInstruction &instruction,
                         Modifiers &modifiers, TensorCopy &copy,
                         bool isReduction) {
  if (isReduction) {
    copy.reduction = parseBulkReduction(modifiers.peek());
    if (!copy.reduction)
      return context.error(instruction,
                           "'" + modifiers.peek() +
                               "' is not an operation of a reduction");
    modifiers.take();
    context.setOrderVisible();
  }
  if (Error error = decodeMode(context, instruction, modifiers))
    return error;
  if (!modifiers.accept("bulk_group"))
    return context.error(instruction, "'.bulk_group' is needed");
  bool hasPolicy = modifiers.accept("L2::cache_hint");
  OperandReader operands(context, instruction);
  readCoordinates(context, instruction, operands, copy);
  copy.shared = operands.address(PtxSpace::Shared);
  if (hasPolicy)
    operands.source(PtxType::B64);
  return operands.finish();
}

Error mlir::tk::emulator::decodeTensorCopy(DecodeContext &context,
                                           const PtxInstruction &instruction,
                                           Modifiers &modifiers,
                                           bool isReduction, bool isPrefetch,
                                           Instruction &result) {
  std::optional<unsigned> rank =
      modifiers.acceptOneOf({"1d", "2d", "3d", "4d", "5d"});
  if (!rank)
    return context.error(instruction, "'.1d' to '.5d' is needed");
  TensorCopy &copy = context.makeDetails<TensorCopy>();
  copy.rank = *rank + 1;
  copy.coordinates.fill(noSlot);
  result.details = &copy;
  result.handler = runTensorCopy;
  if (isPrefetch)
    return decodePrefetch(context, instruction, modifiers, copy, result);
  std::optional<PtxSpace> to = modifiers.acceptSpace();
  std::optional<PtxSpace> from = modifiers.acceptSpace();
  bool isToShared = to == PtxSpace::Shared || to == PtxSpace::SharedCluster;
  if (isToShared && from == PtxSpace::Global && !isReduction)
    return decodeLoad(context, instruction, modifiers, copy, *to);
  if (to == PtxSpace::Global && from == PtxSpace::Shared)
    return decodeStore(context, instruction, modifiers, copy, isReduction);
  return context.error(instruction,
                       "there is no copy between these state spaces");
}
