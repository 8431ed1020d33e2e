//===- CacheHints.cpp - prefetch, applypriority, discard, createpolicy ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.15 to 9.7.9.18. The emulator has no caches, so it only enforces
// the rules of these instructions.
//
//===----------------------------------------------------------------------===//

#include "LaneLoops.h"
#include "Memory.h"
#include "Operands.h"
#include "Warp.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

static constexpr int64_t lineBytes = 128;

/// A hint: the address is not accessed, and may be wrong.
static llvm::Error decodePrefetch(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  PtxSpace space = modifiers.acceptSpace().value_or(PtxSpace::Generic);
  bool isMap = space == PtxSpace::Const || space == PtxSpace::Param;
  bool fits = isMap ? modifiers.accept("tensormap")
                    : modifiers.acceptOneOf({"L1", "L2"}).has_value();
  if (!fits && space == PtxSpace::Generic)
    fits = modifiers.accept("tensormap");
  if (!fits && (space == PtxSpace::Global || space == PtxSpace::Generic))
    fits = modifiers.acceptOneOf({"L2::evict_last", "L2::evict_normal"})
               .has_value();
  if (!fits || space == PtxSpace::Shared || space == PtxSpace::SharedCluster)
    return context.error(instruction,
                         "expects '.L1' or '.L2' of '.global' or '.local', an "
                         "eviction priority of '.global', or '.tensormap' of "
                         "'.const' or '.param'");
  OperandReader operands(context, instruction, 1);
  operands.address(space);
  result.handler = runNothing;
  return operands.finish();
}

static llvm::Error decodePrefetchu(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("L1"))
    return context.error(instruction, "expects 'prefetchu.L1'");
  OperandReader operands(context, instruction, 1);
  operands.address(PtxSpace::Generic);
  result.handler = runNothing;
  return operands.finish();
}

/// applypriority, discard: [address], 128;
static llvm::Error decodeLine(DecodeContext &context,
                              const PtxInstruction &instruction,
                              Modifiers &modifiers, llvm::StringRef level,
                              Instruction &result) {
  modifiers.accept("global");
  if (!modifiers.accept(level))
    return context.error(instruction, "expects '." + level + "'");
  OperandReader operands(context, instruction, 2);
  // A generic address must point to global memory, too.
  DecodeContext::Address address = operands.address(PtxSpace::Global);
  int64_t size = operands.constant();
  if (llvm::Error error = operands.finish())
    return error;
  if (size != lineBytes)
    return context.error(instruction, "the size is " + llvm::Twine(lineBytes) +
                                          " bytes, got " + llvm::Twine(size));
  auto &details = context.makeDetails<DecodeContext::Address>();
  details = address;
  result.details = &details;
  return llvm::Error::success();
}

static LaneAddresses lineAddresses(Warp &warp, const Instruction &instruction) {
  const auto &address =
      *static_cast<const DecodeContext::Address *>(instruction.details);
  return readAddresses(warp, address.base, address.offset, address.is32Bit);
}

/// A hint to the cache: only the alignment matters.
static Step runApplyPriority(Warp &warp, const Instruction &instruction) {
  LaneAddresses addresses = lineAddresses(warp, instruction);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    if (addresses.lane[lane] % lineBytes == 0)
      continue;
    return warp.failLane(lane, Rule::Misaligned, instruction,
                         "the address 0x" +
                             llvm::utohexstr(addresses.lane[lane], true) +
                             " is not a multiple of " + llvm::Twine(lineBytes));
  }
  return Step::Next;
}

static llvm::Error decodeApplyPriority(DecodeContext &context,
                                       const PtxInstruction &instruction,
                                       Modifiers &modifiers,
                                       Instruction &result) {
  result.handler = runApplyPriority;
  return decodeLine(context, instruction, modifiers, "L2::evict_normal",
                    result);
}

/// A weak write of values that nobody can rely on: the bytes stay as they are,
/// but count as unwritten.
static Step runDiscard(Warp &warp, const Instruction &instruction) {
  MemoryRequest request;
  request.space = PtxSpace::Global;
  request.kind = AccessKind::Write;
  request.bytesPerLane = lineBytes;
  request.isDiscard = true;
  // Two lanes may discard the same line.
  auto haveSameValue = [](unsigned, unsigned) { return true; };
  request.haveSameValue = haveSameValue;
  HostPointers unused;
  return accessMemory(warp, instruction, request,
                      lineAddresses(warp, instruction), unused)
             ? Step::Next
             : Step::Stop;
}

static llvm::Error decodeDiscard(DecodeContext &context,
                                 const PtxInstruction &instruction,
                                 Modifiers &modifiers, Instruction &result) {
  result.handler = runDiscard;
  return decodeLine(context, instruction, modifiers, "L2", result);
}

/// The result is a hint to the cache, which has no meaning here.
static Step runCreatePolicy(Warp &warp, const Instruction &instruction) {
  uint64_t *to = warp.lanes<uint64_t>(instruction.operands[0]);
  forEachLane(warp.mask, [&](unsigned lane) { to[lane] = 0; });
  return Step::Next;
}

/// createpolicy.fractional d {, fraction}; .range d, [a], size, size;
/// .cvt d, property.
static llvm::Error decodeCreatePolicy(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers,
                                      Instruction &result) {
  std::optional<unsigned> form =
      modifiers.acceptOneOf({"fractional", "range", "cvt"});
  if (!form)
    return context.error(instruction,
                         "expects '.fractional', '.range' or '.cvt'");
  PtxSpace space =
      modifiers.accept("global") ? PtxSpace::Global : PtxSpace::Generic;
  if (*form == 2) {
    modifiers.accept("L2");
  } else {
    modifiers.acceptOneOf({"L2::evict_last", "L2::evict_normal",
                           "L2::evict_first", "L2::evict_unchanged"});
    modifiers.acceptOneOf({"L2::evict_first", "L2::evict_unchanged"});
  }
  if (!modifiers.accept("b64"))
    return context.error(instruction, "expects '.b64'");
  OperandReader operands(context, instruction);
  result.operands[0] = operands.destination(PtxType::B64);
  if (*form == 0 && operands.numLeft()) {
    operands.source(PtxType::F32);
  } else if (*form == 1) {
    operands.address(space);
    operands.source(PtxType::U32);
    operands.source(PtxType::U32);
  } else if (*form == 2) {
    operands.source(PtxType::B64);
  }
  result.handler = runCreatePolicy;
  return operands.finish();
}

void mlir::tk::emulator::registerCacheHints(DecoderTable &table) {
  table.add("prefetch", decodePrefetch);
  table.add("prefetchu", decodePrefetchu);
  table.add("applypriority", decodeApplyPriority, 80);
  table.add("discard", decodeDiscard, 80);
  table.add("createpolicy", decodeCreatePolicy, 80);
}
