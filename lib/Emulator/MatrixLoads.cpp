//===- MatrixLoads.cpp - ldmatrix, stmatrix, movmatrix, 9.7.14.5 ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MatrixCollective.h"
#include "Memory.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

std::optional<Step> emulator::awaitAllLanes(Warp &warp,
                                            const Instruction &instruction) {
  if (warp.mask == allLanes)
    return std::nullopt;
  if (warp.liveLanes() != allLanes)
    return warp.fail(Rule::DivergentCollective, instruction,
                     "all 32 lanes must take part, but some do not exist or "
                     "have exited");
  if (warp.groupLanes() != warp.mask)
    return warp.fail(Rule::DivergentCollective, instruction,
                     "all 32 lanes must take part, but the guard is false for "
                     "some");
  WaitReason reason;
  reason.kind = WaitReason::Kind::Lanes;
  reason.value = allLanes;
  return warp.wait(reason);
}

llvm::Error emulator::takeSyncAligned(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers) {
  if (!modifiers.accept("sync") || !modifiers.accept("aligned"))
    return context.error(instruction, "expects '.sync.aligned'");
  return llvm::Error::success();
}

namespace {

/// A row of an 8x8 matrix of 16 bits, which one lane gives the address of.
constexpr unsigned rowBytes = 16;

struct MatrixLoadDetails {
  DecodeContext::Address address;
  MemoryRequest request;
  bool isTransposed = false;
  llvm::SmallVector<Slot, 8> registers;
};

} // namespace

/// The rows of all matrices: lane 8 i + j has row j of matrix i. False if the
/// run must stop.
static bool findRows(Warp &warp, const Instruction &instruction,
                     const MatrixLoadDetails &details, HostPointers &rows) {
  size_t numRows = 8 * details.registers.size();
  LaneAddresses addresses =
      readAddresses(warp, details.address.base, details.address.offset,
                    details.address.is32Bit);
  // The addresses of the other lanes are not looked at.
  LaneMask all = warp.mask;
  warp.mask = numRows == numLanes ? allLanes : (LaneMask(1) << numRows) - 1;
  bool isFound =
      accessMemory(warp, instruction, details.request, addresses, rows);
  warp.mask = all;
  return isFound;
}

/// Where a lane finds its two elements in a matrix of 8x8.
static unsigned elementIndex(unsigned lane, unsigned i, bool isTransposed) {
  unsigned row = lane / 4, column = lane % 4 * 2 + i;
  return isTransposed ? column * 8 + row : row * 8 + column;
}

static Step loadMatrices(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &details =
      *static_cast<const MatrixLoadDetails *>(instruction.details);
  HostPointers rows;
  if (!findRows(warp, instruction, details, rows))
    return Step::Stop;
  // All is read before anything is written: a result may hold the addresses.
  uint16_t elements[4][64];
  for (size_t matrix = 0; matrix < details.registers.size(); ++matrix)
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(&elements[matrix][8 * row], rows.lane[8 * matrix + row],
                  rowBytes);
  for (size_t matrix = 0; matrix < details.registers.size(); ++matrix) {
    uint32_t *result = warp.lanes<uint32_t>(details.registers[matrix]);
    for (unsigned lane = 0; lane < numLanes; ++lane) {
      uint32_t low =
          elements[matrix][elementIndex(lane, 0, details.isTransposed)];
      uint32_t high =
          elements[matrix][elementIndex(lane, 1, details.isTransposed)];
      result[lane] = low | high << 16;
    }
  }
  return Step::Next;
}

static Step storeMatrices(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const auto &details =
      *static_cast<const MatrixLoadDetails *>(instruction.details);
  HostPointers rows;
  if (!findRows(warp, instruction, details, rows))
    return Step::Stop;
  for (size_t matrix = 0; matrix < details.registers.size(); ++matrix) {
    const uint32_t *source =
        warp.lanes<const uint32_t>(details.registers[matrix]);
    uint16_t elements[64];
    for (unsigned lane = 0; lane < numLanes; ++lane)
      for (unsigned i = 0; i < 2; ++i)
        elements[elementIndex(lane, i, details.isTransposed)] =
            static_cast<uint16_t>(source[lane] >> (16 * i));
    for (unsigned row = 0; row < 8; ++row)
      std::memcpy(rows.lane[8 * matrix + row], &elements[8 * row], rowBytes);
  }
  return Step::Next;
}

static Step moveMatrix(Warp &warp, const Instruction &instruction) {
  if (std::optional<Step> step = awaitAllLanes(warp, instruction))
    return *step;
  const uint32_t *source = warp.lanes<const uint32_t>(instruction.operands[1]);
  uint16_t elements[64];
  for (unsigned lane = 0; lane < numLanes; ++lane)
    for (unsigned i = 0; i < 2; ++i)
      elements[elementIndex(lane, i, false)] =
          static_cast<uint16_t>(source[lane] >> (16 * i));
  uint32_t *result = warp.lanes<uint32_t>(instruction.operands[0]);
  for (unsigned lane = 0; lane < numLanes; ++lane)
    result[lane] = elements[elementIndex(lane, 0, true)] |
                   uint32_t(elements[elementIndex(lane, 1, true)]) << 16;
  return Step::Next;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

/// .sync.aligned.m8n8.num{.trans}{.ss}.b16
static llvm::Error decodeMatrixAccess(DecodeContext &context,
                                      const PtxInstruction &instruction,
                                      Modifiers &modifiers, Instruction &result,
                                      bool isStore) {
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  if (!modifiers.accept("m8n8"))
    return context.error(
        instruction, "expects the shape '.m8n8', got '." + modifiers.peek() +
                         "'; others need sm_100 and are not supported");
  std::optional<unsigned> number = modifiers.acceptOneOf({"x1", "x2", "x4"});
  if (!number)
    return context.error(instruction, "expects '.x1', '.x2' or '.x4'");
  MatrixLoadDetails &details = context.makeDetails<MatrixLoadDetails>();
  details.isTransposed = modifiers.accept("trans");
  PtxSpace space = modifiers.acceptSpace().value_or(PtxSpace::Generic);
  if (space != PtxSpace::Generic && space != PtxSpace::Shared)
    return context.error(instruction, "expects shared memory, got '." +
                                          getName(space) + "'");
  if (!modifiers.accept("b16"))
    return context.error(instruction, "expects the type '.b16'");
  details.request.space = space;
  details.request.kind = isStore ? AccessKind::Write : AccessKind::Read;
  details.request.bytesPerLane = rowBytes;
  OperandReader operands(context, instruction, 2);
  if (isStore)
    details.address = operands.address(space);
  details.registers =
      operands.vector(PtxType::B32, size_t(1) << *number, !isStore);
  if (!isStore)
    details.address = operands.address(space);
  result.details = &details;
  result.handler = isStore ? &storeMatrices : &loadMatrices;
  return operands.finish();
}

static llvm::Error decodeMatrixLoad(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  return decodeMatrixAccess(context, instruction, modifiers, result, false);
}

static llvm::Error decodeMatrixStore(DecodeContext &context,
                                     const PtxInstruction &instruction,
                                     Modifiers &modifiers,
                                     Instruction &result) {
  return decodeMatrixAccess(context, instruction, modifiers, result, true);
}

static llvm::Error decodeMatrixMove(DecodeContext &context,
                                    const PtxInstruction &instruction,
                                    Modifiers &modifiers, Instruction &result) {
  if (llvm::Error error = takeSyncAligned(context, instruction, modifiers))
    return error;
  if (!modifiers.accept("m8n8") || !modifiers.accept("trans") ||
      !modifiers.accept("b16"))
    return context.error(instruction, "expects '.m8n8.trans.b16'");
  OperandReader operands(context, instruction, 2);
  result.operands[0] = operands.destination(PtxType::B32);
  result.operands[1] = operands.source(PtxType::B32);
  result.handler = &moveMatrix;
  return operands.finish();
}

void emulator::registerMatrixLoads(DecoderTable &table) {
  table.add("ldmatrix", decodeMatrixLoad);
  table.add("stmatrix", decodeMatrixStore, 90);
  table.add("movmatrix", decodeMatrixMove);
}
