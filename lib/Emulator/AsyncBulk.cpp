//===- AsyncBulk.cpp - copies of consecutive bytes by the copy engine -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.25.5: cp.async.bulk, cp.reduce.async.bulk, their groups, and
// 9.7.9.13, 9.7.13.8: st.async, red.async. Every lane that executes one starts
// an operation of its own. The bytes move at once; what has not been waited for
// is found by the checks.
//
//===----------------------------------------------------------------------===//

#include "AsyncBulk.h"
#include "Scheduler.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

static std::string hex(uint64_t value) {
  return "0x" + utohexstr(value, /*LowerCase=*/true);
}

//===----------------------------------------------------------------------===//
// One lane
//===----------------------------------------------------------------------===//

bool LaneExecution::fail(Rule rule, const Twine &detail) {
  LaneMask saved = warp.mask;
  warp.mask = LaneMask(1) << lane;
  warp.fail(rule, instruction, detail);
  warp.mask = saved;
  return false;
}

SharedRegion LaneExecution::findShared(uint64_t address, uint64_t size,
                                       uint64_t alignment, StringRef what,
                                       bool isGeneric) {
  SharedRegion region;
  if (isGeneric) {
    if (windowOf(address) != PtxSpace::Shared) {
      fail(Rule::WrongSpace, "the generic address " + hex(address) + " of " +
                                 what + " is not in shared memory");
      return region;
    }
    address -= sharedWindow;
  }
  ThreadBlock *owner =
      warp.block.cluster.blockOfRank(address >> blockWindowBits);
  uint64_t offset = address & (blockWindowSize - 1);
  std::byte *bytes = owner ? owner->sharedBytes(offset, size) : nullptr;
  if (!bytes) {
    fail(Rule::OutOfBounds, Twine(size) + " bytes at the shared address " +
                                hex(address) + " of " + what +
                                " are not in the memory of a block of the "
                                "cluster");
    return region;
  }
  if (offset % alignment) {
    fail(Rule::Misaligned, "the shared address " + hex(address) + " of " +
                               what + " is not a multiple of " +
                               Twine(alignment));
    return region;
  }
  if (owner != &warp.block && owner->isFinished()) {
    fail(Rule::ClusterExit,
         "the block of rank " + Twine(owner->rankInCluster) + " has ended");
    return region;
  }
  region.owner = owner;
  region.offset = offset;
  region.bytes = bytes;
  return region;
}

SharedRegion LaneExecution::inBlock(const SharedRegion &region, uint64_t rank,
                                    uint64_t size) {
  return findShared((rank << blockWindowBits) + region.offset, size, 1,
                    "a destination of the multicast");
}

std::byte *LaneExecution::findGlobal(uint64_t address, uint64_t size,
                                     uint64_t alignment, StringRef what,
                                     bool isWrite) {
  if (address % alignment) {
    fail(Rule::Misaligned, "the address " + hex(address) + " of " + what +
                               " is not a multiple of " + Twine(alignment));
    return nullptr;
  }
  Allocation *allocation = warp.block.launch.memory.lookup(address, size);
  if (!allocation || (isWrite && allocation->space == PtxSpace::Const)) {
    const Allocation *below = warp.block.launch.memory.closestBelow(address);
    std::string where =
        below ? (", " + Twine(address - below->address) +
                 " bytes from the beginning of an allocation of " +
                 Twine(below->size) +
                 (below->name.empty() ? "" : " ('" + below->name + "')"))
                    .str()
              : "";
    fail(windowOf(address) == PtxSpace::Global ? Rule::OutOfBounds
                                               : Rule::WrongSpace,
         Twine(size) + " bytes at " + hex(address) + " of " + what +
             " are not in global memory" + where);
    return nullptr;
  }
  return allocation->bytes.get() + (address - allocation->address);
}

Mbarrier *LaneExecution::findBarrier(const SharedRegion &region) {
  LaneMask saved = warp.mask;
  warp.mask = LaneMask(1) << lane;
  Mbarrier *barrier =
      findMbarrier(warp, instruction, *region.owner, region.offset);
  warp.mask = saved;
  return barrier;
}

const std::byte *LaneExecution::findTensorMap(uint64_t address) {
  constexpr uint64_t size = 128, alignment = 64;
  if (windowOf(address) != PtxSpace::Param)
    return findGlobal(address, size, alignment, "the tensor map",
                      /*isWrite=*/false);
  const std::vector<std::byte> &parameters = warp.block.launch.parameters;
  uint64_t offset = address - paramWindow - firstParamOffset;
  if (offset > parameters.size() || parameters.size() - offset < size) {
    fail(Rule::OutOfBounds,
         "the tensor map at " + hex(address) + " is not within the parameters");
    return nullptr;
  }
  if (address % alignment) {
    fail(Rule::Misaligned, "the address " + hex(address) +
                               " of the tensor map is not a multiple of " +
                               Twine(alignment));
    return nullptr;
  }
  return parameters.data() + offset;
}

AsyncAgentPtr LaneExecution::issue(AsyncKind kind) const {
  return warp.checker ? warp.checker->issue(place(), kind) : nullptr;
}

Counters *LaneExecution::counters() const {
  return warp.block.cluster.scheduler.counters.get();
}

void LaneExecution::access(const AsyncAgentPtr &agent,
                           const MemoryPlace &memory, AccessKind kind,
                           uint64_t address, uint64_t size, Proxy proxy,
                           bool isCounted) const {
  AsyncAccess access;
  access.memory = memory;
  access.kind = kind;
  access.proxy = proxy;
  access.address = address;
  access.sizeInBytes = size;
  access.lane = static_cast<uint8_t>(lane);
  if (agent)
    warp.checker->access(*agent, access);
  if (counters() && isCounted)
    counters()->access(place(), access);
}

void LaneExecution::complete(const AsyncAgentPtr &agent,
                             const SharedRegion &barrierRegion,
                             Mbarrier &barrier, uint64_t size) const {
  if (agent) {
    warp.checker->mbarrier(*agent, barrierRegion.place(), barrierRegion.offset);
    warp.checker->complete(*agent, *barrier.current);
  }
  if (barrier.expectOrComplete(-static_cast<int64_t>(size), warp.checker))
    warp.notify();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

std::optional<BulkReduction>
mlir::tk::emulator::parseBulkReduction(StringRef name) {
  return StringSwitch<std::optional<BulkReduction>>(name)
      .Case("add", BulkReduction::Add)
      .Case("min", BulkReduction::Min)
      .Case("max", BulkReduction::Max)
      .Case("inc", BulkReduction::Inc)
      .Case("dec", BulkReduction::Dec)
      .Case("and", BulkReduction::And)
      .Case("or", BulkReduction::Or)
      .Case("xor", BulkReduction::Xor)
      .Default(std::nullopt);
}

bool mlir::tk::emulator::isReducible(BulkReduction operation, PtxType type) {
  switch (operation) {
  case BulkReduction::Add:
    return is_contained({PtxType::U32, PtxType::S32, PtxType::U64, PtxType::S64,
                         PtxType::F16, PtxType::BF16, PtxType::F32,
                         PtxType::F64},
                        type);
  case BulkReduction::Min:
  case BulkReduction::Max:
    return is_contained({PtxType::U32, PtxType::S32, PtxType::U64, PtxType::S64,
                         PtxType::F16, PtxType::BF16},
                        type);
  case BulkReduction::Inc:
  case BulkReduction::Dec:
    return type == PtxType::U32;
  case BulkReduction::And:
  case BulkReduction::Or:
  case BulkReduction::Xor:
    return is_contained({PtxType::B32, PtxType::B64, PtxType::U32, PtxType::S32,
                         PtxType::U64, PtxType::S64},
                        type);
  }
  llvm_unreachable("unknown reduction");
}

template <typename T>
static T reduceInteger(BulkReduction operation, T a, T b) {
  using Unsigned = std::make_unsigned_t<T>;
  switch (operation) {
  case BulkReduction::Add:
    return static_cast<T>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
  case BulkReduction::Min:
    return std::min(a, b);
  case BulkReduction::Max:
    return std::max(a, b);
  case BulkReduction::Inc:
    return a >= b ? T(0) : static_cast<T>(a + 1);
  case BulkReduction::Dec:
    return a == 0 || a > b ? b : static_cast<T>(a - 1);
  case BulkReduction::And:
    return a & b;
  case BulkReduction::Or:
    return a | b;
  case BulkReduction::Xor:
    return a ^ b;
  }
  llvm_unreachable("unknown reduction");
}

/// Rounded to nearest even; subnormal numbers are kept.
static uint16_t reduceHalf(BulkReduction operation,
                           const fltSemantics &semantics, uint16_t a,
                           uint16_t b) {
  APFloat x(semantics, APInt(16, a)), y(semantics, APInt(16, b));
  constexpr uint16_t canonicalNaN = 0x7fff;
  if (operation == BulkReduction::Add) {
    x.add(y, APFloat::rmNearestTiesToEven);
    return x.isNaN() ? canonicalNaN : x.bitcastToAPInt().getZExtValue();
  }
  // The other one if one is NaN.
  if (x.isNaN() && y.isNaN())
    return canonicalNaN;
  if (x.isNaN() || y.isNaN())
    return x.isNaN() ? b : a;
  bool isMin = operation == BulkReduction::Min;
  APFloat result = isMin ? minimum(x, y) : maximum(x, y);
  return result.bitcastToAPInt().getZExtValue();
}

template <typename T, typename Function>
static void updateAs(std::byte *to, const std::byte *from, Function function) {
  T a, b;
  memcpy(&a, to, sizeof(T));
  memcpy(&b, from, sizeof(T));
  T result = function(a, b);
  memcpy(to, &result, sizeof(T));
}

void mlir::tk::emulator::reduceElement(BulkReduction operation, PtxType type,
                                       std::byte *to, const std::byte *from) {
  auto integer = [&](auto a, auto b) { return reduceInteger(operation, a, b); };
  switch (type) {
  case PtxType::B32:
  case PtxType::U32:
    return updateAs<uint32_t>(to, from, integer);
  case PtxType::S32:
    return updateAs<int32_t>(to, from, integer);
  case PtxType::B64:
  case PtxType::U64:
    return updateAs<uint64_t>(to, from, integer);
  case PtxType::S64:
    return updateAs<int64_t>(to, from, integer);
  case PtxType::F32:
    return updateAs<float>(to, from, [](float a, float b) { return a + b; });
  case PtxType::F64:
    return updateAs<double>(to, from, [](double a, double b) { return a + b; });
  case PtxType::F16:
  case PtxType::BF16:
    return updateAs<uint16_t>(to, from, [&](uint16_t a, uint16_t b) {
      return reduceHalf(
          operation,
          type == PtxType::F16 ? APFloat::IEEEhalf() : APFloat::BFloat(), a, b);
    });
  default:
    llvm_unreachable("isReducible admits no other types");
  }
}

//===----------------------------------------------------------------------===//
// cp.async.bulk and cp.reduce.async.bulk
//===----------------------------------------------------------------------===//

namespace {
struct BulkCopy {
  bool isToShared = false;
  bool isFromShared = false;
  DecodeContext::Address destination, source, barrier;
  Slot size = noSlot;
  /// Of a multicast.
  Slot blockMask = noSlot;
  std::optional<BulkReduction> reduction;
  PtxType type = PtxType::B32;
};

class BulkCopyExecution : LaneExecution {
public:
  BulkCopyExecution(Warp &warp, const Instruction &instruction, unsigned lane)
      : LaneExecution(warp, instruction, lane),
        copy(*static_cast<const BulkCopy *>(instruction.details)) {}
  bool run();

private:
  uint64_t addressOf(const DecodeContext::Address &address) {
    return readAddresses(warp, address.base, address.offset, address.is32Bit)
        .lane[lane];
  }
  bool runToGlobal(const std::byte *from, const SharedRegion &source);
  bool runToShared(const std::byte *from, const MemoryPlace &place,
                   uint64_t address);
  void move(std::byte *to, const std::byte *from) const;

  const BulkCopy &copy;
  uint64_t size = 0;
};
} // namespace

void BulkCopyExecution::move(std::byte *to, const std::byte *from) const {
  if (!copy.reduction) {
    memmove(to, from, size);
    return;
  }
  unsigned elementSize = getBitWidth(copy.type) / 8;
  for (uint64_t i = 0; i < size; i += elementSize)
    reduceElement(*copy.reduction, copy.type, to + i, from + i);
}

bool BulkCopyExecution::runToGlobal(const std::byte *from,
                                    const SharedRegion &source) {
  uint64_t address = addressOf(copy.destination);
  std::byte *to =
      findGlobal(address, size, 16, "the destination", /*isWrite=*/true);
  if (!to)
    return false;
  AsyncAgentPtr agent = issue(AsyncKind::BulkCopy);
  access(agent, source.place(), AccessKind::Read, source.offset, size);
  access(agent, {PtxSpace::Global, 0},
         copy.reduction ? AccessKind::Reduction : AccessKind::Write, address,
         size);
  move(to, from);
  if (agent)
    warp.bulkGroups.add(std::move(agent), LaneMask(1) << lane);
  return true;
}

bool BulkCopyExecution::runToShared(const std::byte *from,
                                    const MemoryPlace &place,
                                    uint64_t address) {
  SharedRegion destination =
      findShared(addressOf(copy.destination), size, 16, "the destination");
  if (!destination.owner)
    return false;
  SharedRegion barrierRegion =
      findShared(addressOf(copy.barrier), 8, 8, "the mbarrier");
  if (!barrierRegion.owner)
    return false;
  uint32_t ranks = 1u << destination.owner->rankInCluster;
  bool isMulticast = copy.blockMask != noSlot;
  if (isMulticast)
    ranks = warp.lanes<uint16_t>(copy.blockMask)[lane];
  for (bool isFirst = true; ranks; ranks &= ranks - 1, isFirst = false) {
    unsigned rank = __builtin_ctz(ranks);
    // Each destination has its mbarrier at the same offset.
    SharedRegion to =
        isMulticast ? inBlock(destination, rank, size) : destination;
    SharedRegion at =
        isMulticast ? inBlock(barrierRegion, rank, 8) : barrierRegion;
    if (!to.owner || !at.owner)
      return false;
    Mbarrier *barrier = findBarrier(at);
    if (!barrier)
      return false;
    AsyncAgentPtr agent = issue(AsyncKind::BulkCopy);
    access(agent, place, AccessKind::Read, address, size, Proxy::Async,
           isFirst);
    access(agent, to.place(),
           copy.reduction ? AccessKind::Reduction : AccessKind::Write,
           to.offset, size);
    move(to.bytes, from);
    complete(agent, at, *barrier, size);
  }
  return true;
}

bool BulkCopyExecution::run() {
  size = warp.lanes<uint32_t>(copy.size)[lane];
  if (size % 16)
    return fail(Rule::Misaligned,
                "the size " + Twine(size) + " is not a multiple of 16 bytes");
  uint64_t address = addressOf(copy.source);
  if (copy.isFromShared) {
    SharedRegion source = findShared(address, size, 16, "the source");
    if (!source.owner)
      return false;
    return copy.isToShared
               ? runToShared(source.bytes, source.place(), source.offset)
               : runToGlobal(source.bytes, source);
  }
  std::byte *from =
      findGlobal(address, size, 16, "the source", /*isWrite=*/false);
  return from && runToShared(from, {PtxSpace::Global, 0}, address);
}

static Step runBulkCopy(Warp &warp, const Instruction &instruction) {
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1)
    if (!BulkCopyExecution(warp, instruction, __builtin_ctz(rest)).run())
      return Step::Stop;
  return Step::Next;
}

static Step runCommitGroup(Warp &warp, const Instruction &) {
  warp.bulkGroups.commit(warp.mask);
  return Step::Next;
}

static Step runWaitGroup(Warp &warp, const Instruction &instruction) {
  if (warp.checker)
    warp.bulkGroups.wait(*warp.checker, warp.place(instruction),
                         static_cast<uint32_t>(instruction.immediate),
                         /*isReadOnly=*/instruction.flags != 0);
  return Step::Next;
}

Error mlir::tk::emulator::decodeNumPendingGroups(
    DecodeContext &context, const PtxInstruction &instruction,
    Instruction &result) {
  OperandReader operands(context, instruction, 1);
  int64_t count = operands.constant();
  if (Error error = operands.finish())
    return error;
  if (count < 0)
    return context.error(instruction, "a number of groups is not negative");
  result.immediate = std::min<int64_t>(count, UINT32_MAX);
  return Error::success();
}

static Error decodeWaitGroup(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, Instruction &result) {
  result.flags = modifiers.accept("read");
  result.handler = runWaitGroup;
  return decodeNumPendingGroups(context, instruction, result);
}

/// The types that cp.reduce.async.bulk (9.7.9.25.4.2) and red.async (9.7.13.7)
/// have, fewer in shared memory.
static bool hasReduction(BulkReduction operation, PtxType type,
                         bool isToShared) {
  auto isOneOf = [&](std::initializer_list<PtxType> everywhere,
                     std::initializer_list<PtxType> inGlobalMemory = {}) {
    return is_contained(everywhere, type) ||
           (!isToShared && is_contained(inGlobalMemory, type));
  };
  switch (operation) {
  case BulkReduction::Add:
    return isOneOf({PtxType::U32, PtxType::S32, PtxType::U64},
                   {PtxType::F16, PtxType::BF16, PtxType::F32, PtxType::F64});
  case BulkReduction::Min:
  case BulkReduction::Max:
    return isOneOf({PtxType::U32, PtxType::S32},
                   {PtxType::U64, PtxType::S64, PtxType::F16, PtxType::BF16});
  case BulkReduction::Inc:
  case BulkReduction::Dec:
    return isOneOf({PtxType::U32});
  case BulkReduction::And:
  case BulkReduction::Or:
  case BulkReduction::Xor:
    return isOneOf({PtxType::B32}, {PtxType::B64});
  }
  llvm_unreachable("unknown reduction");
}

/// `.add.noftz.f16`: the operation and the type of a reduction.
static Error decodeReduction(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, BulkCopy &copy) {
  std::optional<BulkReduction> reduction = parseBulkReduction(modifiers.peek());
  if (!reduction)
    return context.error(instruction,
                         "'" + modifiers.peek() +
                             "' is not an operation of a reduction");
  modifiers.take();
  bool isNoFtz = modifiers.accept("noftz");
  std::optional<PtxType> type = modifiers.acceptType();
  if (!type || !hasReduction(*reduction, *type, copy.isToShared))
    return context.error(instruction,
                         "the reduction is not possible with this type");
  bool needsNoFtz = *reduction == BulkReduction::Add &&
                    (*type == PtxType::F16 || *type == PtxType::BF16);
  if (isNoFtz != needsNoFtz)
    return context.error(instruction,
                         needsNoFtz ? "'.noftz' is missing"
                                    : "'.noftz' goes with add of f16 and bf16");
  copy.reduction = reduction;
  copy.type = *type;
  // Sums of floats depend on the order of blocks, and host threads must not
  // meet in one element.
  context.setOrderVisible();
  return Error::success();
}

/// A hint, but one with rules: both operands are multiples of 16.
static Step runBulkPrefetch(Warp &warp, const Instruction &instruction) {
  const auto &copy = *static_cast<const BulkCopy *>(instruction.details);
  LaneAddresses addresses = readAddresses(
      warp, copy.source.base, copy.source.offset, copy.source.is32Bit);
  const uint32_t *sizes = warp.lanes<uint32_t>(copy.size);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t address = addresses.lane[lane];
    if ((address | sizes[lane]) % 16 == 0)
      continue;
    return warp.failLane(lane, Rule::Misaligned, instruction,
                         "the address " + hex(address) + " and the size " +
                             Twine(sizes[lane]) +
                             " are not both multiples of 16");
  }
  return Step::Next;
}

static Error decodeBulkPrefetch(DecodeContext &context,
                                const PtxInstruction &instruction,
                                Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("L2") || !modifiers.accept("global"))
    return context.error(instruction, "'.L2.global' is needed");
  bool hasPolicy = modifiers.accept("L2::cache_hint");
  BulkCopy &copy = context.makeDetails<BulkCopy>();
  OperandReader operands(context, instruction);
  copy.source = operands.address(PtxSpace::Global);
  copy.size = operands.source(PtxType::U32);
  if (hasPolicy)
    operands.source(PtxType::B64);
  result.details = &copy;
  result.handler = runBulkPrefetch;
  return operands.finish();
}

Error mlir::tk::emulator::decodeBulk(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers, bool isReduction,
                                     Instruction &result) {
  if (Error error = expectTarget(context, instruction, 90))
    return error;
  if (modifiers.accept("tensor"))
    return decodeTensorCopy(context, instruction, modifiers, isReduction,
                            /*isPrefetch=*/false, result);
  if (!isReduction && modifiers.accept("prefetch")) {
    if (modifiers.accept("tensor"))
      return decodeTensorCopy(context, instruction, modifiers, isReduction,
                              /*isPrefetch=*/true, result);
    return decodeBulkPrefetch(context, instruction, modifiers, result);
  }
  if (!isReduction && modifiers.accept("commit_group")) {
    result.handler = runCommitGroup;
    return expectOperands(context, instruction, 0);
  }
  if (!isReduction && modifiers.accept("wait_group"))
    return decodeWaitGroup(context, instruction, modifiers, result);

  BulkCopy &copy = context.makeDetails<BulkCopy>();
  std::optional<PtxSpace> to = modifiers.acceptSpace();
  std::optional<PtxSpace> from = modifiers.acceptSpace();
  auto isShared = [](std::optional<PtxSpace> space) {
    return space == PtxSpace::Shared || space == PtxSpace::SharedCluster;
  };
  copy.isToShared = isShared(to);
  copy.isFromShared = isShared(from);
  bool isToGlobal = to == PtxSpace::Global && from == PtxSpace::Shared;
  bool isFromGlobal = copy.isToShared && from == PtxSpace::Global;
  bool isBetweenBlocks =
      to == PtxSpace::SharedCluster && from == PtxSpace::Shared;
  if (!isToGlobal && !isBetweenBlocks && (!isFromGlobal || isReduction))
    return context.error(instruction,
                         "there is no copy between these state spaces");
  bool hasBarrier = modifiers.accept("mbarrier::complete_tx::bytes");
  bool hasGroup = !hasBarrier && modifiers.accept("bulk_group");
  if (isToGlobal ? !hasGroup : !hasBarrier)
    return context.error(instruction,
                         isToGlobal ? "'.bulk_group' is needed"
                                    : "'.mbarrier::complete_tx::bytes' is "
                                      "needed");
  bool isMulticast = isFromGlobal && to == PtxSpace::SharedCluster &&
                     modifiers.accept("multicast::cluster");
  bool hasPolicy = !isBetweenBlocks && modifiers.accept("L2::cache_hint");
  if (modifiers.accept("cp_mask"))
    return context.error(instruction, "'.cp_mask' needs sm_100 and is not "
                                      "supported");
  if (isReduction)
    if (Error error = decodeReduction(context, instruction, modifiers, copy))
      return error;
  OperandReader operands(context, instruction);
  copy.destination = operands.address(*to);
  copy.source = operands.address(*from);
  copy.size = operands.source(PtxType::U32);
  if (hasBarrier)
    copy.barrier = operands.address(PtxSpace::SharedCluster);
  if (isMulticast)
    copy.blockMask = operands.source(PtxType::B16);
  if (hasPolicy)
    operands.source(PtxType::B64);
  result.details = &copy;
  result.handler = runBulkCopy;
  return operands.finish();
}

//===----------------------------------------------------------------------===//
// st.async and red.async
//===----------------------------------------------------------------------===//

namespace {
struct StoreAsync {
  DecodeContext::Address destination, barrier;
  SmallVector<Slot, 8> values;
  PtxType type = PtxType::B32;
  std::optional<BulkReduction> reduction;
};

class StoreAsyncExecution : LaneExecution {
public:
  StoreAsyncExecution(Warp &warp, const Instruction &instruction, unsigned lane)
      : LaneExecution(warp, instruction, lane),
        store(*static_cast<const StoreAsync *>(instruction.details)) {}
  bool run();

private:
  uint64_t addressOf(const DecodeContext::Address &address) {
    return readAddresses(warp, address.base, address.offset, address.is32Bit)
        .lane[lane];
  }
  const StoreAsync &store;
};
} // namespace

bool StoreAsyncExecution::run() {
  unsigned elementSize = getBitWidth(store.type) / 8;
  uint64_t size = elementSize * store.values.size();
  SharedRegion to =
      findShared(addressOf(store.destination), size, size, "the destination");
  if (!to.owner)
    return false;
  SharedRegion at = findShared(addressOf(store.barrier), 8, 8, "the mbarrier");
  if (!at.owner)
    return false;
  if (at.owner != to.owner)
    return fail(Rule::MbarrierInvalid,
                "the mbarrier is not in the block that is written to");
  Mbarrier *barrier = findBarrier(at);
  if (!barrier)
    return false;
  AsyncAgentPtr agent = issue(AsyncKind::Store);
  access(agent, to.place(),
         store.reduction ? AccessKind::Reduction : AccessKind::Write, to.offset,
         size, Proxy::Generic);
  for (auto [i, slot] : enumerate(store.values)) {
    const std::byte *from = warp.lanes<std::byte>(slot) + lane * elementSize;
    if (store.reduction)
      reduceElement(*store.reduction, store.type, to.bytes + i * elementSize,
                    from);
    else
      memcpy(to.bytes + i * elementSize, from, elementSize);
  }
  complete(agent, at, *barrier, size);
  return true;
}

static Step runStoreAsync(Warp &warp, const Instruction &instruction) {
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1)
    if (!StoreAsyncExecution(warp, instruction, __builtin_ctz(rest)).run())
      return Step::Stop;
  return Step::Next;
}

Error mlir::tk::emulator::decodeStoreAsync(DecodeContext &context,
                                           const PtxInstruction &instruction,
                                           Modifiers &modifiers,
                                           bool isReduction,
                                           Instruction &result) {
  if (Error error = expectTarget(context, instruction, 90))
    return error;
  // Without them the same is meant.
  if (isReduction) {
    modifiers.accept("relaxed");
    modifiers.accept("cluster");
  } else {
    modifiers.accept("weak");
  }
  if (!modifiers.accept("shared::cluster") ||
      !modifiers.accept("mbarrier::complete_tx::bytes"))
    return context.error(
        instruction,
        "'.shared::cluster.mbarrier::complete_tx::bytes' is needed");
  StoreAsync &store = context.makeDetails<StoreAsync>();
  if (isReduction) {
    store.reduction = parseBulkReduction(modifiers.peek());
    if (!store.reduction)
      return context.error(instruction,
                           "'" + modifiers.peek() +
                               "' is not an operation of a reduction");
    modifiers.take();
  }
  unsigned count = 1;
  if (!isReduction)
    if (std::optional<unsigned> vector = modifiers.acceptOneOf({"v2", "v4"}))
      count = 2u << *vector;
  std::optional<PtxType> type = modifiers.acceptType();
  if (!type || getBitWidth(*type) < 32 || getBitWidth(*type) > 64 ||
      (isReduction &&
       !hasReduction(*store.reduction, *type, /*isToShared=*/true)))
    return context.error(instruction, "a type of 32 or 64 bits is needed");
  store.type = *type;
  OperandReader operands(context, instruction, 3);
  store.destination = operands.address(PtxSpace::SharedCluster);
  store.values = operands.vector(*type, count, /*isDestination=*/false);
  store.barrier = operands.address(PtxSpace::SharedCluster);
  result.details = &store;
  result.handler = runStoreAsync;
  return operands.finish();
}
