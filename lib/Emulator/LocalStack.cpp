//===- LocalStack.cpp - alloca, stacksave, stackrestore -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.17. What a call allocates is freed when it returns (Warp.cpp), or
// by stackrestore.
//
//===----------------------------------------------------------------------===//

#include "LocalStack.h"
#include "LaneLoops.h"
#include "Operands.h"
#include "Warp.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

std::optional<uint64_t> LocalStack::allocate(unsigned lane, uint64_t size,
                                             uint64_t alignment) {
  uint64_t first = llvm::alignTo(sizes[lane], alignment);
  if (first > maxLocalBytes || size > maxLocalBytes - first)
    return std::nullopt;
  sizes[lane] = static_cast<uint32_t>(first + size);
  if (bytes[lane].size() < sizes[lane])
    bytes[lane].resize(sizes[lane]);
  return begin + first;
}

std::byte *LocalStack::find(unsigned lane, uint64_t address, uint64_t size) {
  uint64_t offset = address - begin;
  if (offset > sizes[lane] || sizes[lane] - offset < size)
    return nullptr;
  return bytes[lane].data() + offset;
}

//===----------------------------------------------------------------------===//
// Handlers
//===----------------------------------------------------------------------===//

/// A register of 64 or 32 bits.
static uint64_t readLane(Warp &warp, const Instruction &instruction,
                         unsigned operand, unsigned lane) {
  Slot slot = instruction.operands[operand];
  return instruction.flags ? warp.lanes<const uint64_t>(slot)[lane]
                           : warp.lanes<const uint32_t>(slot)[lane];
}

static void writeLane(Warp &warp, const Instruction &instruction, unsigned lane,
                      uint64_t value) {
  Slot slot = instruction.operands[0];
  if (instruction.flags)
    warp.lanes<uint64_t>(slot)[lane] = value;
  else
    warp.lanes<uint32_t>(slot)[lane] = static_cast<uint32_t>(value);
}

static LocalStack &stackOf(Warp &warp) {
  if (!warp.stack)
    warp.stack = std::make_unique<LocalStack>();
  return *warp.stack;
}

static Step runAllocate(Warp &warp, const Instruction &instruction) {
  LocalStack &stack = stackOf(warp);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t size = readLane(warp, instruction, 1, lane);
    std::optional<uint64_t> address = stack.allocate(
        lane, size, static_cast<uint64_t>(instruction.immediate));
    if (!address)
      return warp.failLane(lane, Rule::CallDepth, instruction,
                           "alloca of " + llvm::Twine(size) + " bytes after " +
                               llvm::Twine(stack.size(lane)) +
                               ": a thread has " + llvm::Twine(maxLocalBytes));
    writeLane(warp, instruction, lane, *address);
  }
  return Step::Next;
}

static Step runSave(Warp &warp, const Instruction &instruction) {
  LocalStack &stack = stackOf(warp);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    writeLane(warp, instruction, lane, LocalStack::begin + stack.size(lane));
  }
  return Step::Next;
}

static Step runRestore(Warp &warp, const Instruction &instruction) {
  LocalStack &stack = stackOf(warp);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    uint64_t saved = readLane(warp, instruction, 0, lane);
    uint64_t first = LocalStack::begin + warp.currentFrame().stackSizes[lane];
    uint64_t end = LocalStack::begin + stack.size(lane);
    if (saved < first || saved > end)
      return warp.failLane(lane, Rule::OutOfBounds, instruction,
                           "stackrestore to 0x" +
                               llvm::utohexstr(saved, /*LowerCase=*/true) +
                               ", but the stack of this call is from 0x" +
                               llvm::utohexstr(first, true) + " to 0x" +
                               llvm::utohexstr(end, true));
    stack.shrink(lane, static_cast<uint32_t>(saved - LocalStack::begin));
  }
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoders
//===----------------------------------------------------------------------===//

static llvm::Expected<PtxType> takeWidth(DecodeContext &context,
                                         const PtxInstruction &instruction,
                                         Modifiers &modifiers,
                                         Instruction &result) {
  llvm::Expected<PtxType> type =
      takeType(context, instruction, modifiers, {PtxType::U32, PtxType::U64});
  if (type)
    result.flags = *type == PtxType::U64;
  return type;
}

/// alloca.type ptr, size{, immAlign};
static llvm::Error decodeAllocate(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  constexpr int64_t largestAlignment = int64_t(1) << 23;
  llvm::Expected<PtxType> type =
      takeWidth(context, instruction, modifiers, result);
  if (!type)
    return type.takeError();
  OperandReader operands(context, instruction);
  result.operands[0] = operands.destination(*type);
  result.operands[1] = operands.source(*type);
  result.immediate = operands.numLeft() ? operands.constant() : 8;
  if (llvm::Error error = operands.finish())
    return error;
  if (result.immediate <= 0 || result.immediate > largestAlignment ||
      !llvm::isPowerOf2_64(result.immediate))
    return context.error(instruction,
                         "expects an alignment of a power of two up to " +
                             llvm::Twine(largestAlignment) + ", got " +
                             llvm::Twine(result.immediate));
  result.handler = runAllocate;
  return llvm::Error::success();
}

/// stacksave.type d; stackrestore.type a;
template <bool isSave>
static llvm::Error decodeStackEnd(DecodeContext &context,
                                  const PtxInstruction &instruction,
                                  Modifiers &modifiers, Instruction &result) {
  llvm::Expected<PtxType> type =
      takeWidth(context, instruction, modifiers, result);
  if (!type)
    return type.takeError();
  OperandReader operands(context, instruction, 1);
  result.operands[0] =
      isSave ? operands.destination(*type) : operands.source(*type);
  result.handler = isSave ? runSave : runRestore;
  return operands.finish();
}

void emulator::registerLocalStack(DecoderTable &table) {
  table.add("alloca", decodeAllocate);
  table.add("stacksave", decodeStackEnd</*isSave=*/true>);
  table.add("stackrestore", decodeStackEnd</*isSave=*/false>);
}
