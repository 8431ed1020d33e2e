//===- Calls.cpp - arguments and results of calls -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Calls.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Where a parameter is for a lane.
static std::byte *find(Warp &warp, const Frame &frame,
                       const ParameterPlace &place, unsigned lane) {
  if (place.slot != noSlot)
    return frame.registers + place.slot + lane * place.sizeInBytes;
  return warp.localMemory(lane) + frame.localBase + place.localOffset;
}

static void copy(Warp &warp, const Frame &fromFrame, const ParameterPlace &from,
                 const Frame &toFrame, const ParameterPlace &to) {
  uint32_t size = std::min(from.sizeInBytes, to.sizeInBytes);
  for (LaneMask rest = warp.mask; rest; rest &= rest - 1) {
    unsigned lane = __builtin_ctz(rest);
    std::memcpy(find(warp, toFrame, to, lane),
                find(warp, fromFrame, from, lane), size);
  }
}

void mlir::tk::emulator::copyArguments(Warp &warp, const CallDetails &details,
                                       const Frame &callee) {
  for (size_t i = 0; i < details.arguments.size(); ++i)
    copy(warp, *callee.caller, details.arguments[i], callee,
         callee.function->parameters[i]);
}

void mlir::tk::emulator::copyResults(Warp &warp, const CallDetails &details,
                                     const Frame &callee) {
  for (size_t i = 0; i < details.results.size(); ++i)
    copy(warp, callee, callee.function->returns[i], *callee.caller,
         details.results[i]);
}

uint64_t mlir::tk::emulator::readArgument(Warp &warp,
                                          const ParameterPlace &place,
                                          unsigned lane) {
  const Frame &frame = warp.currentFrame();
  uint64_t value = 0;
  if (place.slot == noSlot &&
      !warp.growLocalMemory(frame.localBase + frame.localSize))
    return 0;
  std::memcpy(&value, find(warp, frame, place, lane),
              std::min<size_t>(place.sizeInBytes, sizeof(value)));
  return value;
}

void mlir::tk::emulator::writeResult(Warp &warp, const ParameterPlace &place,
                                     unsigned lane, uint64_t value) {
  const Frame &frame = warp.currentFrame();
  if (place.slot == noSlot &&
      !warp.growLocalMemory(frame.localBase + frame.localSize))
    return;
  std::memcpy(find(warp, frame, place, lane), &value,
              std::min<size_t>(place.sizeInBytes, sizeof(value)));
}
