//===- Atomics.cpp - atom and red -----------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.13.5 (atom), 9.7.13.7 (red). Lanes that meet at one address take
// turns in the order of their numbers.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "Memory.h"
#include "MemoryModifiers.h"
#include "Operands.h"
#include "SoftFloat.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

enum class AtomicOperation : uint8_t {
  Add,
  Min,
  Max,
  Inc,
  Dec,
  And,
  Or,
  Xor,
  Exchange,
  CompareAndSwap
};

/// An element of at most 128 bits.
struct Bits {
  uint64_t low = 0, high = 0;
  bool operator==(const Bits &other) const {
    return low == other.low && high == other.high;
  }
};

struct AtomicDetails {
  MemoryRequest request;
  AtomicOperation operation = AtomicOperation::Add;
  PtxType type = PtxType::U32;
  DecodeContext::Address address;
  unsigned numElements = 1;
  unsigned elementBytes = 4;
  /// `red` has no destinations.
  bool hasResult = true;
  llvm::SmallVector<Slot, 8> destinations;
  llvm::SmallVector<Slot, 8> sources;
  /// New value of cas.
  Slot replacement = noSlot;
};

} // namespace

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

static uint64_t operateInteger(AtomicOperation operation, unsigned width,
                               bool isSigned, uint64_t old, uint64_t b) {
  unsigned shift = 64 - width;
  auto asSigned = [&](uint64_t value) {
    return static_cast<int64_t>(value << shift) >> shift;
  };
  bool isLess = isSigned ? asSigned(b) < asSigned(old) : b < old;
  switch (operation) {
  case AtomicOperation::Add:
    return old + b;
  case AtomicOperation::Min:
    return isLess ? b : old;
  case AtomicOperation::Max:
    return isLess ? old : b;
  case AtomicOperation::Inc:
    return old >= b ? 0 : old + 1;
  case AtomicOperation::Dec:
    return old == 0 || old > b ? b : old - 1;
  case AtomicOperation::And:
    return old & b;
  case AtomicOperation::Or:
    return old | b;
  case AtomicOperation::Xor:
    return old ^ b;
  case AtomicOperation::Exchange:
  case AtomicOperation::CompareAndSwap:
    return b;
  }
  llvm_unreachable("all operations are above");
}

static uint64_t operateFloat(AtomicOperation operation, FloatFormat format,
                             uint64_t old, uint64_t b, bool flushes) {
  Unpacked left = unpack(format, old, flushes);
  Unpacked right = unpack(format, b, flushes);
  if (operation == AtomicOperation::Add) {
    RoundOptions options;
    options.flushesSubnormals = flushes;
    return round(format, add(left, right, Rounding::NearestEven), options);
  }
  // .min and .max: a number wins over NaN; -0 is less than +0.
  if (left.isNaN() || right.isNaN())
    return left.isNaN() && right.isNaN() ? format.nan()
           : left.isNaN()                ? b
                                         : old;
  auto key = [&](uint64_t bits) {
    bool isNegative = bits & format.signBit();
    int64_t magnitude = static_cast<int64_t>(bits & (format.signBit() - 1));
    return isNegative ? -magnitude - 1 : magnitude;
  };
  bool takesNew =
      operation == AtomicOperation::Min ? key(b) < key(old) : key(b) > key(old);
  return takesNew ? b : old;
}

static uint64_t operatePacked(AtomicOperation operation, FloatFormat format,
                              uint64_t old, uint64_t b) {
  uint64_t low =
      operateFloat(operation, format, old & 0xFFFF, b & 0xFFFF, false);
  uint64_t high = operateFloat(operation, format, old >> 16 & 0xFFFF,
                               b >> 16 & 0xFFFF, false);
  return high << 16 | low;
}

static Bits operate(const AtomicDetails &details, Bits old, Bits b,
                    bool isShared) {
  switch (details.type) {
  case PtxType::F16:
    return {operateFloat(details.operation, formatF16, old.low, b.low, false)};
  case PtxType::BF16:
    return {operateFloat(details.operation, formatBF16, old.low, b.low, false)};
  case PtxType::F16x2:
    return {operatePacked(details.operation, formatF16, old.low, b.low)};
  case PtxType::BF16x2:
    return {operatePacked(details.operation, formatBF16, old.low, b.low)};
  case PtxType::F32:
    // On global memory subnormal numbers are flushed, on shared they are not.
    return {
        operateFloat(details.operation, formatF32, old.low, b.low, !isShared)};
  case PtxType::F64:
    return {operateFloat(details.operation, formatF64, old.low, b.low, false)};
  case PtxType::B128:
    return b;
  default: {
    bool isSigned =
        details.type == PtxType::S32 || details.type == PtxType::S64;
    return {operateInteger(details.operation, getBitWidth(details.type),
                           isSigned, old.low, b.low)};
  }
  }
}

static Bits readBits(const std::byte *from, unsigned size) {
  Bits bits;
  std::memcpy(&bits, from, size);
  return bits;
}

static void runLane(Warp &warp, const AtomicDetails &details, unsigned lane,
                    std::byte *place) {
  unsigned size = details.elementBytes;
  bool isShared = details.request.space == PtxSpace::Shared ||
                  details.request.space == PtxSpace::SharedCluster;
  if (details.request.space == PtxSpace::Generic) {
    uint64_t base = warp.lanes<uint64_t>(details.address.base)[lane];
    isShared = windowOf(base + static_cast<uint64_t>(details.address.offset)) ==
               PtxSpace::Shared;
  }
  for (unsigned i = 0; i < details.numElements; ++i) {
    std::byte *element = place + i * size;
    Bits old = readBits(element, size);
    Bits b =
        readBits(warp.lanes<std::byte>(details.sources[i]) + lane * size, size);
    Bits result = old;
    if (details.operation == AtomicOperation::CompareAndSwap) {
      if (old == b)
        result = readBits(
            warp.lanes<std::byte>(details.replacement) + lane * size, size);
    } else {
      result = operate(details, old, b, isShared);
    }
    std::memcpy(element, &result, size);
    if (details.hasResult)
      std::memcpy(warp.lanes<std::byte>(details.destinations[i]) + lane * size,
                  &old, size);
  }
}

static Step runAtomic(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const AtomicDetails *>(instruction.details);
  HostPointers pointers;
  LaneAddresses addresses =
      readAddresses(warp, details.address.base, details.address.offset,
                    details.address.is32Bit);
  if (!accessMemory(warp, instruction, details.request, addresses, pointers))
    return Step::Stop;
  {
    // Blocks on other host threads may be at the same address.
    std::unique_lock<std::mutex> lock(warp.block.launch.atomicsMutex,
                                      std::defer_lock);
    if (warp.block.launch.isParallel)
      lock.lock();
    for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
      unsigned lane = __builtin_ctz(rest);
      runLane(warp, details, lane, pointers.lane[lane]);
    }
  }
  return details.hasResult ? warp.spin() : Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

/// Tables of 9.7.13.5 and 9.7.13.7.
static bool isSupported(AtomicOperation operation, PtxType type,
                        bool isVector) {
  auto isOneOf = [&](std::initializer_list<PtxType> types) {
    for (PtxType allowed : types)
      if (type == allowed)
        return true;
    return false;
  };
  switch (operation) {
  case AtomicOperation::Add:
    return isFloat(type) || isOneOf({PtxType::U32, PtxType::S32, PtxType::U64});
  case AtomicOperation::Min:
  case AtomicOperation::Max:
    if (isVector)
      return isFloat(type) && !isOneOf({PtxType::F32, PtxType::F64});
    return isOneOf({PtxType::U32, PtxType::S32, PtxType::U64, PtxType::S64});
  case AtomicOperation::Inc:
  case AtomicOperation::Dec:
    return type == PtxType::U32;
  case AtomicOperation::And:
  case AtomicOperation::Or:
  case AtomicOperation::Xor:
    return isOneOf({PtxType::B32, PtxType::B64});
  case AtomicOperation::Exchange:
    return isOneOf({PtxType::B32, PtxType::B64, PtxType::B128});
  case AtomicOperation::CompareAndSwap:
    return isOneOf({PtxType::B16, PtxType::B32, PtxType::B64, PtxType::B128});
  }
  return false;
}

static constexpr llvm::StringRef operationNames[] = {
    "add", "min", "max", "inc", "dec", "and", "or", "xor", "exch", "cas"};

/// `.sem`, `.scope`, space, operation, vector, hints, `.noftz`, in any order,
/// as the assembler takes them, then the type: Triton writes
/// `.global.gpu.acq_rel`, cooperative groups `.add.acquire.cta`.
static llvm::Error decodeModifiers(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Modifiers &modifiers, AtomicDetails &details,
                                   bool &hasCacheHint) {
  MemoryRequest &request = details.request;
  std::optional<Order> order;
  std::optional<Scope> scope;
  std::optional<PtxSpace> space;
  std::optional<unsigned> operation, vector;
  bool hasNoFtz = false;
  // Each where it is still missing; false if the next is none of them.
  auto take = [&](auto &value, auto accept) {
    return !value && (value = accept());
  };
  auto takeNext = [&] {
    return take(order, [&] { return acceptOrder(modifiers); }) ||
           take(scope, [&] { return acceptScope(modifiers); }) ||
           take(space, [&] { return modifiers.acceptSpace(); }) ||
           take(operation,
                [&] { return modifiers.acceptOneOf(operationNames); }) ||
           take(vector, [&] { return modifiers.acceptVector(); }) ||
           take(hasNoFtz, [&] { return modifiers.accept("noftz"); }) ||
           take(hasCacheHint,
                [&] { return modifiers.accept("L2::cache_hint"); });
  };
  while (takeNext())
    ;
  if (!operation)
    return context.error(instruction, "expects an operation such as '.add'");
  details.operation = static_cast<AtomicOperation>(*operation);
  request.order = order.value_or(Order::Relaxed);
  request.scope = scope.value_or(Scope::Device);
  request.space = space.value_or(PtxSpace::Generic);
  bool isShared = request.space == PtxSpace::Shared ||
                  request.space == PtxSpace::SharedCluster;
  if (!isShared && request.space != PtxSpace::Global &&
      request.space != PtxSpace::Generic)
    return context.error(instruction, "'." + getName(request.space) +
                                          "' memory has no atomics");
  if (vector)
    details.numElements = *vector;
  if (isShared && (vector || hasCacheHint))
    return context.error(instruction,
                         "vectors and '.L2::cache_hint' need '.global' memory");
  std::optional<PtxType> type = modifiers.acceptType();
  if (!type)
    return context.error(instruction, "expects a type");
  hasNoFtz |= modifiers.accept("noftz");
  details.type = *type;
  details.elementBytes = getBitWidth(*type) / 8;
  bool isVector = details.numElements > 1;
  bool isHalf =
      isFloat(*type) && *type != PtxType::F32 && *type != PtxType::F64;
  if (!isSupported(details.operation, *type, isVector) ||
      (isVector && (!isFloat(*type) || *type == PtxType::F64)) ||
      details.numElements * details.elementBytes > 16)
    return context.error(instruction, "'." + getName(*type) +
                                          "' does not fit the operation");
  if (isHalf && !hasNoFtz)
    return context.error(instruction,
                         "'." + getName(*type) + "' needs '.noftz'");
  if (!isHalf && hasNoFtz)
    return context.error(instruction,
                         "'.noftz' belongs to 16-bit floating-point types");
  request.bytesPerLane = details.numElements * details.elementBytes;
  // Each half of a packed type is an access of its own, 8.2.3.
  bool isPacked = *type == PtxType::F16x2 || *type == PtxType::BF16x2;
  request.elementBytes = isPacked ? 2 : details.elementBytes;
  return llvm::Error::success();
}

static llvm::Error decodeAtomic(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result,
                                bool isReduction) {
  AtomicDetails &details = context.makeDetails<AtomicDetails>();
  bool hasCacheHint = false;
  if (llvm::Error error = decodeModifiers(context, instruction, modifiers,
                                          details, hasCacheHint))
    return error;
  bool isSwap = details.operation == AtomicOperation::CompareAndSwap;
  if (isReduction && (isSwap || details.operation == AtomicOperation::Exchange))
    return context.error(instruction, "'red' has no '.exch' and no '.cas'");
  if (isReduction && details.request.order != Order::Relaxed &&
      details.request.order != Order::Release)
    return context.error(instruction, "'red' is '.relaxed' or '.release'");
  details.request.kind =
      isReduction ? AccessKind::Reduction : AccessKind::Atomic;

  size_t count =
      2 + (isReduction ? 0 : 1) + (isSwap ? 1 : 0) + (hasCacheHint ? 1 : 0);
  OperandReader operands(context, instruction, count);
  if (!isReduction)
    details.destinations =
        operands.vector(details.type, details.numElements, true);
  details.address = operands.address(details.request.space);
  details.sources = operands.vector(details.type, details.numElements, false);
  if (isSwap)
    details.replacement = operands.source(details.type);
  if (hasCacheHint)
    operands.source(PtxType::B64);
  if (llvm::Error error = operands.finish())
    return error;
  // `atom` without a result still is one: it acquires.
  details.hasResult =
      !isReduction && instruction.operands[0].kind != PtxOperand::Kind::Sink;
  // Integer reductions give the same sum in any order.
  if (details.hasResult || isFloat(details.type))
    context.noteOrderedAccess(details.request.space);
  result.details = &details;
  result.handler = runAtomic;
  return llvm::Error::success();
}

static llvm::Error decodeAtom(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, Instruction &result) {
  return decodeAtomic(context, instruction, modifiers, result, false);
}

static llvm::Error decodeRed(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  if (modifiers.accept("async"))
    return decodeStoreAsync(context, instruction, modifiers,
                            /*isReduction=*/true, result);
  return decodeAtomic(context, instruction, modifiers, result, true);
}

void mlir::tk::emulator::registerAtomics(DecoderTable &table) {
  table.add("atom", decodeAtom);
  table.add("red", decodeRed);
}
