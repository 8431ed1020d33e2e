//===- TensorMapChanges.cpp - replacing and copying tensor maps -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.9.28 and 9.7.13.16. The 128 bytes are the emulator's own
// (TensorMap.h); a map made from zeros by tensormap.replace is one of them too.
//
//===----------------------------------------------------------------------===//

#include "MatrixCollective.h"
#include "Memory.h"
#include "MemoryModifiers.h"
#include "Operands.h"
#include "tk/Emulator/TensorMap.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {

struct ReplaceDetails {
  DecodeContext::Address map;
  PtxSpace space = PtxSpace::Generic;
  TensorMapField field = TensorMapField::GlobalAddress;
  unsigned ordinal = 0;
  Slot value = noSlot;
  bool isWide = false;
};

struct CopyDetails {
  DecodeContext::Address destination, source;
  Scope scope = Scope::Device;
};

constexpr uint32_t mapBytes = sizeof(TensorMapBytes);

/// A weak access of all 128 bytes, aligned as the driver asks of a map (an H100
/// does not look).
MemoryRequest wholeMap(PtxSpace space, AccessKind kind) {
  MemoryRequest request;
  request.space = space;
  request.kind = kind;
  request.bytesPerLane = mapBytes;
  request.alignment = 64;
  return request;
}

} // namespace

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

static Step runReplace(Warp &warp, const Instruction &instruction) {
  const auto &details =
      *static_cast<const ReplaceDetails *>(instruction.details);
  LaneAddresses addresses = readAddresses(
      warp, details.map.base, details.map.offset, details.map.is32Bit);
  auto valueOf = [&](unsigned lane) {
    return details.isWide ? warp.lanes<uint64_t>(details.value)[lane]
                          : warp.lanes<uint32_t>(details.value)[lane];
  };
  auto haveSameValue = [&](unsigned a, unsigned b) {
    return valueOf(a) == valueOf(b);
  };
  HostPointers pointers;
  for (AccessKind kind : {AccessKind::Read, AccessKind::Write}) {
    MemoryRequest request = wholeMap(details.space, kind);
    request.haveSameValue = haveSameValue;
    if (!accessMemory(warp, instruction, request, addresses, pointers))
      return Step::Stop;
  }
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    MutableArrayRef<uint8_t> bytes(
        reinterpret_cast<uint8_t *>(pointers.lane[lane]), mapBytes);
    if (Error error = replaceTensorMapField(bytes, details.field,
                                            details.ordinal, valueOf(lane))) {
      return warp.failLane(lane, Rule::TensorMap, instruction,
                           toString(std::move(error)));
    }
  }
  return Step::Next;
}

/// The warp copies one map: to the checks, its first lane does.
static Step runCopy(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &details = *static_cast<const CopyDetails *>(instruction.details);
  LaneAddresses from = readAddresses(
      warp, details.source.base, details.source.offset, details.source.is32Bit);
  LaneAddresses to =
      readAddresses(warp, details.destination.base, details.destination.offset,
                    details.destination.is32Bit);
  for (unsigned lane = 1; lane != numLanes; ++lane)
    if (from.lane[lane] != from.lane[0] || to.lane[lane] != to.lane[0])
      return warp.fail(Rule::DivergentCollective, instruction,
                       "the addresses differ among the lanes");
  LaneMask all = warp.mask;
  warp.mask = 1;
  HostPointers source, destination;
  bool isFound = accessMemory(warp, instruction,
                              wholeMap(PtxSpace::Shared, AccessKind::Read),
                              from, source) &&
                 accessMemory(warp, instruction,
                              wholeMap(PtxSpace::Global, AccessKind::Write), to,
                              destination);
  if (isFound) {
    memcpy(destination.lane[0], source.lane[0], mapBytes);
    if (warp.checker)
      warp.checker->tensorMapRelease(warp.place(instruction), details.scope);
  }
  warp.mask = all;
  return isFound ? Step::Next : Step::Stop;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// In the order of the enum.
static constexpr StringRef fieldNames[] = {
    "global_address", "rank",
    "box_dim",        "global_dim",
    "global_stride",  "element_stride",
    "elemtype",       "interleave_layout",
    "swizzle_mode",   "swizzle_atomicity",
    "fill_mode"};

static bool takesConstant(TensorMapField field) {
  return field == TensorMapField::ElemType ||
         field == TensorMapField::InterleaveLayout ||
         field == TensorMapField::SwizzleMode ||
         field == TensorMapField::FillMode;
}

/// tensormap.replace.tile.field{.space}.b1024.type [map], {ordinal,} value;
static Error decodeReplace(DecodeContext &context,
                           const PtxInstruction &instruction,
                           Modifiers &modifiers, Instruction &result) {
  if (!modifiers.accept("tile"))
    return context.error(instruction, "expects '.tile'");
  std::optional<unsigned> field = modifiers.acceptOneOf(fieldNames);
  if (!field)
    return context.error(instruction, "'." + modifiers.peek() +
                                          "' is not a field of a tensor map");
  ReplaceDetails &details = context.makeDetails<ReplaceDetails>();
  details.field = static_cast<TensorMapField>(*field);
  if (details.field == TensorMapField::SwizzleAtomicity)
    return context.error(instruction, "'.swizzle_atomicity' needs sm_100 and "
                                      "is not supported");
  bool isUnqualified = modifiers.peek() == "shared";
  PtxSpace space = modifiers.acceptSpace().value_or(PtxSpace::Generic);
  if (space != PtxSpace::Generic && space != PtxSpace::Global &&
      (space != PtxSpace::Shared || isUnqualified))
    return context.error(instruction, "a tensor map is changed in '.global' or "
                                      "'.shared::cta'");
  details.space = space;
  details.isWide = details.field == TensorMapField::GlobalAddress ||
                   details.field == TensorMapField::GlobalStride;
  PtxType type = details.isWide ? PtxType::B64 : PtxType::B32;
  if (!modifiers.accept("b1024") || modifiers.acceptType() != type)
    return context.error(instruction, "expects '.b1024." + getName(type) + "'");
  unsigned numOrdinals = getNumOrdinals(details.field);
  OperandReader operands(context, instruction, numOrdinals ? 3 : 2);
  details.map = operands.address(space);
  int64_t ordinal = numOrdinals ? operands.constant() : 0;
  if (takesConstant(details.field) &&
      instruction.operands.back().kind != PtxOperand::Kind::Integer)
    return context.error(instruction,
                         "'." + fieldNames[*field] + "' is a constant");
  details.value = operands.source(type);
  if (Error error = operands.finish())
    return error;
  if (ordinal < 0 || ordinal >= std::max(numOrdinals, 1u))
    return context.error(instruction, "the ordinal is 0 to " +
                                          Twine(numOrdinals - 1) + ", got " +
                                          Twine(ordinal));
  details.ordinal = static_cast<unsigned>(ordinal);
  result.details = &details;
  result.handler = runReplace;
  return Error::success();
}

/// tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.scope
/// .sync.aligned [to], [from], 128;
static Error decodeCopy(DecodeContext &context,
                        const PtxInstruction &instruction, Modifiers &modifiers,
                        Instruction &result) {
  if (modifiers.acceptSpace() != PtxSpace::Global ||
      modifiers.acceptSpace() != PtxSpace::Shared)
    return context.error(instruction, "expects '.global.shared::cta'");
  if (!modifiers.accept("tensormap::generic") || !modifiers.accept("release"))
    return context.error(instruction, "expects '.tensormap::generic.release'");
  std::optional<Scope> scope = acceptScope(modifiers);
  if (!scope)
    return context.error(instruction, "expects a scope: '.cta', '.cluster', "
                                      "'.gpu' or '.sys'");
  if (Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  CopyDetails &details = context.makeDetails<CopyDetails>();
  details.scope = *scope;
  OperandReader operands(context, instruction, 3);
  details.destination = operands.address(PtxSpace::Global);
  details.source = operands.address(PtxSpace::Shared);
  int64_t size = operands.constant();
  if (Error error = operands.finish())
    return error;
  if (size != mapBytes)
    return context.error(instruction,
                         "a tensor map has 128 bytes, got " + Twine(size));
  result.details = &details;
  result.handler = runCopy;
  return Error::success();
}

static Error decodeTensorMapChange(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Modifiers &modifiers, Instruction &result) {
  std::optional<unsigned> action =
      modifiers.acceptOneOf({"replace", "cp_fenceproxy"});
  if (!action)
    return context.error(instruction, "expects 'tensormap.replace' or "
                                      "'tensormap.cp_fenceproxy'");
  if (*action == 0)
    if (Error error = expectTarget(context, instruction, 90,
                                   /*isSpecific=*/true))
      return error;
  return *action == 0 ? decodeReplace(context, instruction, modifiers, result)
                      : decodeCopy(context, instruction, modifiers, result);
}

void mlir::tk::emulator::registerTensorMapChanges(DecoderTable &table) {
  table.add("tensormap", decodeTensorMapChange, 90);
}
