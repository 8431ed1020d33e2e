//===- LoadsAndStores.cpp - ld, ldu, st, cvta, isspacep -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "LaneLoops.h"
#include "Memory.h"
#include "MemoryModifiers.h"
#include "Operands.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Compiler.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
/// Copies a row to or from registers.
using RowCopy = void (*)(Warp &warp, const Slot *slots, std::byte *row);

/// A load or store of up to eight elements.
struct AccessDetails {
  MemoryRequest request;
  Slot base = noSlot;
  int64_t offset = 0;
  bool is32Bit = false;
  bool maySpin = false;
  unsigned numElements = 1;
  unsigned elementBytes = 4;
  /// Of the registers; wider ones are extended on loading.
  std::array<uint8_t, 8> registerBytes = {};
  std::array<Slot, 8> elements = {};
  bool isSigned = false;
  /// Nobody asks for the element: `_`.
  uint8_t sinks = 0;
  /// If the lanes access a row; null: as they do otherwise.
  RowCopy copyRow = nullptr;
};
} // namespace

#define TK_HANDLERS "RowLoops.inc"
#include "ForEachVectorLevel.inc"

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

/// Blocks of a kernel that races meet in these bytes on several host threads:
/// the run is then repeated by one (Emulator.cpp), but must come to its end.
/// Addresses are aligned: Accessor::isAligned.
template <typename T> static void loadElement(T *to, const std::byte *from) {
  if constexpr (sizeof(T) > sizeof(uint64_t)) {
    std::memcpy(to, from, sizeof(T));
  } else {
    typedef T __attribute__((may_alias)) Element;
    __atomic_load(reinterpret_cast<const Element *>(from), to,
                  __ATOMIC_RELAXED);
  }
}

template <typename T> static void storeElement(std::byte *to, const T *from) {
  if constexpr (sizeof(T) > sizeof(uint64_t)) {
    std::memcpy(to, from, sizeof(T));
  } else {
    typedef T __attribute__((may_alias)) Element;
    __atomic_store_n(reinterpret_cast<Element *>(to), *from, __ATOMIC_RELAXED);
  }
}

template <typename T>
static void loadLanes(T *to, LaneMask mask, const HostPointers &pointers,
                      unsigned offset) {
  if (mask == allLanes) {
    for (unsigned lane = 0; lane < numLanes; ++lane)
      loadElement(to + lane, pointers.lane[lane] + offset);
    return;
  }
  for (LaneMask rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    loadElement(to + lane, pointers.lane[lane] + offset);
  }
}

template <typename T>
static void storeLanes(const T *from, LaneMask mask,
                       const HostPointers &pointers, unsigned offset) {
  for (LaneMask rest = mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    storeElement(pointers.lane[lane] + offset, from + lane);
  }
}

/// Calls `body` with a value of a type of so many bytes.
template <typename Body>
static void withElementType(unsigned sizeInBytes, Body body) {
  struct Wide {
    uint64_t halves[2];
  };
  switch (sizeInBytes) {
  case 1:
    return body(uint8_t());
  case 2:
    return body(uint16_t());
  case 4:
    return body(uint32_t());
  case 8:
    return body(uint64_t());
  default:
    return body(Wide());
  }
}

/// A register wider than the element: 9.4.1, sign or zero extended.
static void loadExtended(Warp &warp, const AccessDetails &details, unsigned i,
                         const HostPointers &pointers) {
  unsigned size = details.elementBytes, width = details.registerBytes[i];
  std::byte *to = warp.lanes<std::byte>(details.elements[i]);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t value = 0;
    std::memcpy(&value, pointers.lane[lane] + i * size, size);
    if (details.isSigned && size < 8) {
      unsigned shift = 64 - 8 * size;
      value =
          static_cast<uint64_t>(static_cast<int64_t>(value << shift) >> shift);
    }
    if (width > 8)
      std::memset(to + lane * width, 0, width);
    std::memcpy(to + lane * width, &value, std::min(width, 8u));
  }
}

static Step runLoad(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const AccessDetails *>(instruction.details);
  HostPointers pointers;
  LaneAddresses addresses =
      readAddresses(warp, details.base, details.offset, details.is32Bit);
  if (!accessMemory(warp, instruction, details.request, addresses, pointers))
    return Step::Stop;
  if (pointers.isRow && details.copyRow) {
    details.copyRow(warp, details.elements.data(), pointers.lane[0]);
    return details.maySpin ? warp.spin() : Step::Next;
  }
  for (unsigned i = 0; i < details.numElements; ++i) {
    if (details.sinks >> i & 1)
      continue;
    if (details.registerBytes[i] != details.elementBytes) {
      loadExtended(warp, details, i, pointers);
      continue;
    }
    withElementType(details.elementBytes, [&](auto element) {
      using T = decltype(element);
      loadLanes(warp.lanes<T>(details.elements[i]), warp.mask, pointers,
                i * details.elementBytes);
    });
  }
  return details.maySpin ? warp.spin() : Step::Next;
}

/// The bytes that a lane stores.
static void gatherLane(Warp &warp, const AccessDetails &details, unsigned lane,
                       std::byte *bytes) {
  for (unsigned i = 0; i < details.numElements; ++i)
    std::memcpy(bytes + i * details.elementBytes,
                warp.lanes<std::byte>(details.elements[i]) +
                    lane * details.registerBytes[i],
                details.elementBytes);
}

/// The low bits of a wider register.
static void storeNarrowed(Warp &warp, const AccessDetails &details, unsigned i,
                          const HostPointers &pointers) {
  const std::byte *from = warp.lanes<std::byte>(details.elements[i]);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    std::memcpy(pointers.lane[lane] + i * details.elementBytes,
                from + lane * details.registerBytes[i], details.elementBytes);
  }
}

static Step runStore(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const AccessDetails *>(instruction.details);
  HostPointers pointers;
  LaneAddresses addresses =
      readAddresses(warp, details.base, details.offset, details.is32Bit);
  auto haveSameValue = [&](unsigned a, unsigned b) {
    std::byte left[64], right[64];
    gatherLane(warp, details, a, left);
    gatherLane(warp, details, b, right);
    return std::memcmp(left, right, details.request.bytesPerLane) == 0;
  };
  MemoryRequest request = details.request;
  request.haveSameValue = haveSameValue;
  if (!accessMemory(warp, instruction, request, addresses, pointers))
    return Step::Stop;
  if (pointers.isRow && details.copyRow) {
    details.copyRow(warp, details.elements.data(), pointers.lane[0]);
    return Step::Next;
  }
  for (unsigned i = 0; i < details.numElements; ++i) {
    if (details.registerBytes[i] != details.elementBytes) {
      storeNarrowed(warp, details, i, pointers);
      continue;
    }
    withElementType(details.elementBytes, [&](auto element) {
      using T = decltype(element);
      storeLanes(warp.lanes<T>(details.elements[i]), warp.mask, pointers,
                 i * details.elementBytes);
    });
  }
  return Step::Next;
}

/// `cvta`: adds the begin of a window, or takes it away.
static Step runConvertAddress(Warp &warp, const Instruction &instruction) {
  uint64_t *to = warp.lanes<uint64_t>(instruction.operands[0]);
  const uint64_t *from = warp.lanes<uint64_t>(instruction.operands[1]);
  uint64_t added = static_cast<uint64_t>(instruction.immediate);
  forEachLane(warp.mask, [&](unsigned lane) { to[lane] = from[lane] + added; });
  return Step::Next;
}

static Step runIsSpace(Warp &warp, const Instruction &instruction) {
  auto space = static_cast<PtxSpace>(instruction.flags);
  const uint64_t *addresses = warp.lanes<uint64_t>(instruction.operands[1]);
  LaneMask result = 0;
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = addresses[lane];
    PtxSpace window = windowOf(address);
    bool holds = false;
    if (space == PtxSpace::Shared)
      holds = window == PtxSpace::Shared &&
              (address - sharedWindow) >> blockWindowBits ==
                  warp.block.rankInCluster;
    else if (space == PtxSpace::SharedCluster)
      holds = window == PtxSpace::Shared;
    else if (space == PtxSpace::Global || space == PtxSpace::Const) {
      const Allocation *allocation =
          warp.block.launch.memory.lookup(address, 1);
      holds =
          window == PtxSpace::Global &&
          (allocation ? allocation->space == space : space == PtxSpace::Global);
    } else
      holds = window == space;
    if (holds)
      result |= LaneMask(1) << lane;
  }
  LaneMask &to = warp.predicate(instruction.operands[0]);
  to = (to & ~warp.mask) | result;
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

static llvm::Error decodeElements(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  const PtxOperand &operand, PtxType type,
                                  bool isLoad, AccessDetails &details) {
  llvm::Expected<llvm::ArrayRef<PtxOperand>> elements =
      elementsOf(context, instruction, operand, details.numElements);
  if (!elements)
    return elements.takeError();
  for (auto [i, element] : llvm::enumerate(*elements)) {
    if (element.kind == PtxOperand::Kind::Sink)
      details.sinks |= 1 << i;
    llvm::Expected<Slot> slot =
        isLoad ? context.destination(element, type, /*mayBeWider=*/true)
               : context.source(element, type, /*mayBeWider=*/true);
    if (!slot)
      return slot.takeError();
    details.elements[i] = *slot;
    details.registerBytes[i] =
        context.registerWidth(element).value_or(getBitWidth(type)) / 8;
  }
  return llvm::Error::success();
}

/// The type of ld or st, 9.7.9.8: `.b8` to `.b128`, `.u8` to `.u64`, `.s8` to
/// `.s64`, `.f32`, `.f64`.
static std::optional<PtxType> acceptAccessType(Modifiers &modifiers) {
  static_assert(PtxType::Pred < PtxType::B8 && PtxType::S64 < PtxType::F16,
                "bits and integers are next to each other");
  std::optional<PtxType> type = modifiers.acceptType();
  bool isTaken = type && ((*type >= PtxType::B8 && *type <= PtxType::S64) ||
                          *type == PtxType::F32 || *type == PtxType::F64);
  return isTaken ? type : std::nullopt;
}

static llvm::Error decodeAccess(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result,
                                bool isLoad) {
  AccessDetails &details = context.makeDetails<AccessDetails>();
  MemoryModifiers memory;
  if (llvm::Error error = memory.parse(context, instruction, modifiers, isLoad))
    return error;
  details.numElements = modifiers.acceptVector().value_or(1);
  std::optional<PtxType> type = acceptAccessType(modifiers);
  if (!type)
    return context.error(instruction,
                         "expects a type: '.b8' to '.b128', '.u8' to '.u64', "
                         "'.s8' to '.s64', '.f32' or '.f64'");
  details.elementBytes = getBitWidth(*type) / 8;
  details.isSigned =
      *type == PtxType::S8 || *type == PtxType::S16 || *type == PtxType::S32;
  unsigned bytes = details.elementBytes * details.numElements;
  unsigned most = context.architecture() < 100 ? 16 : 32;
  if (bytes > most)
    return context.error(instruction, "an access has at most " +
                                          llvm::Twine(most) + " bytes, got " +
                                          llvm::Twine(bytes));
  if (!isLoad && memory.space == PtxSpace::Const)
    return context.error(instruction, "'.const' cannot be written");
  OperandReader operands(context, instruction, memory.hasCacheHint ? 3 : 2);
  DecodeContext::Address place;
  if (!isLoad)
    place = operands.address(memory.space);
  if (const PtxOperand *value = operands.next("a value"))
    operands.keep(
        decodeElements(context, instruction, *value, *type, isLoad, details));
  if (isLoad)
    place = operands.address(memory.space);
  if (memory.hasCacheHint)
    operands.source(PtxType::B64);
  if (llvm::Error error = operands.finish())
    return error;
  if (!isLoad && memory.space == PtxSpace::Param && !place.isLocalVariable)
    return context.error(instruction, "parameters of an entry are not written");
  details.base = place.base;
  details.offset = place.offset;
  details.is32Bit = place.is32Bit;
  details.request.space = memory.space;
  // A variable for a call of this entry, not a parameter of the entry.
  if (memory.space == PtxSpace::Param && place.isLocalVariable)
    details.request.space = PtxSpace::Local;
  details.request.kind = isLoad ? AccessKind::Read : AccessKind::Write;
  details.request.order = memory.order;
  details.request.scope = memory.scope;
  details.request.bytesPerLane = bytes;
  details.request.elementBytes = details.elementBytes;
  details.maySpin = isLoad && memory.order != Order::Weak;
  if (details.maySpin)
    context.noteOrderedAccess(memory.space);
  bool isPlain =
      !details.sinks &&
      llvm::all_of(
          llvm::ArrayRef(details.registerBytes).take_front(details.numElements),
          [&](uint8_t size) { return size == details.elementBytes; });
  if (isPlain)
    details.copyRow = TK_AT_HOST_LEVEL(chooseRow, details.elementBytes,
                                       details.numElements, isLoad);
  result.details = &details;
  result.handler = isLoad ? runLoad : runStore;
  return llvm::Error::success();
}

static llvm::Error decodeLd(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers, Instruction &result) {
  return decodeAccess(context, instruction, modifiers, result, true);
}

static llvm::Error decodeLdu(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  std::optional<PtxSpace> space = parsePtxSpace(modifiers.peek());
  if (space && *space != PtxSpace::Global)
    return context.error(instruction, "'ldu' reads '.global' memory");
  return decodeAccess(context, instruction, modifiers, result, true);
}

static llvm::Error decodeSt(DecodeContext &context,
                            const PtxInstruction &instruction,
                            Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("async"))
    return decodeStoreAsync(context, instruction, modifiers,
                            /*isReduction=*/false, result);
  return decodeAccess(context, instruction, modifiers, result, false);
}

static uint64_t windowBegin(PtxSpace space) {
  switch (space) {
  case PtxSpace::Shared:
  case PtxSpace::SharedCluster:
    return sharedWindow;
  case PtxSpace::Local:
    return localWindow;
  case PtxSpace::Param:
    return paramWindow;
  case PtxSpace::Generic:
  case PtxSpace::Register:
  case PtxSpace::Global:
  case PtxSpace::Const:
    return 0;
  }
  return 0;
}

/// Parameters of functions have no window of the generic space.
static std::optional<PtxSpace> acceptWindow(Modifiers &modifiers) {
  if (modifiers.peek() == "param::func")
    return std::nullopt;
  return modifiers.acceptSpace();
}

static llvm::Error decodeCvta(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  bool isFromGeneric = modifiers.accept("to");
  std::optional<PtxSpace> space = acceptWindow(modifiers);
  if (!space)
    return context.error(instruction, "expects a state space");
  // In a function that is called, parameters are local variables.
  if (*space == PtxSpace::Param && !context.isEntry())
    space = PtxSpace::Local;
  if (!modifiers.accept("u64"))
    return context.error(instruction, "expects '.u64': addresses of 32 bits "
                                      "are not supported");
  uint64_t begin = windowBegin(*space);
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.destination(PtxType::U64);
  result.operands[1] = operands.source(PtxType::U64);
  result.immediate = static_cast<int64_t>(isFromGeneric ? 0 - begin : begin);
  result.handler = runConvertAddress;
  return operands.finish();
}

static llvm::Error decodeIsspacep(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  std::optional<PtxSpace> space = acceptWindow(modifiers);
  if (!space)
    return context.error(instruction, "expects a state space");
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.predicateDestination();
  result.operands[1] = operands.source(PtxType::U64);
  result.flags = static_cast<uint8_t>(*space);
  result.handler = runIsSpace;
  return operands.finish();
}

void mlir::tk::emulator::registerMemory(DecoderTable &table) {
  table.add("ld", decodeLd);
  table.add("ldu", decodeLdu);
  table.add("st", decodeSt);
  table.add("cvta", decodeCvta);
  table.add("isspacep", decodeIsspacep);
}
