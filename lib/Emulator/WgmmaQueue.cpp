//===- WgmmaQueue.cpp - the wgmmas of a warp that are not waited for ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "WgmmaQueue.h"
#include "Function.h"
#include "LaneLoops.h"
#include "Warp.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

/// Tickets are NaNs of f32 (and of f16 in the upper half): 0xFF800001 and
/// above. 2^18 registers can be in flight; a warp has 255.
static constexpr uint32_t ticketBase = 0xFF800000;
static constexpr uint32_t maxTickets = (1u << 18) - 1;

uint32_t WgmmaQueue::ticketWord(uint32_t number, unsigned lane) {
  return ticketBase + number * numLanes + lane + 1;
}

std::optional<uint32_t> WgmmaQueue::ticketOf(const uint32_t *lanes) const {
  uint32_t word = lanes[0];
  if (word <= ticketBase || (word - ticketBase - 1) % numLanes)
    return std::nullopt;
  uint32_t number = (word - ticketBase - 1) / numLanes;
  if (!pending.count(number))
    return std::nullopt;
  for (unsigned lane = 1; lane != numLanes; ++lane)
    if (lanes[lane] != ticketWord(number, lane))
      return std::nullopt;
  return number;
}

WgmmaQueue::Lanes *WgmmaQueue::lookup(const uint32_t *lanes) {
  std::optional<uint32_t> ticket = ticketOf(lanes);
  return ticket ? &pending.find(*ticket)->second.values : nullptr;
}

void WgmmaQueue::defer(const uint32_t *values, uint32_t *lanes) {
  uint32_t ticket;
  do
    ticket = nextTicket++ % maxTickets;
  while (pending.count(ticket));
  Pending &entry = pending[ticket];
  std::memcpy(entry.values.data(), values, sizeof(Lanes));
  entry.group = openGroup;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    lanes[lane] = ticketWord(ticket, lane);
}

void WgmmaQueue::consume(const uint32_t *lanes) {
  if (std::optional<uint32_t> ticket = ticketOf(lanes))
    pending.find(*ticket)->second.isConsumed = true;
}

void WgmmaQueue::add(AsyncAgentPtr agent) {
  operations.push_back({openGroup, std::move(agent)});
}

void WgmmaQueue::wait(Warp &warp, const Instruction &instruction,
                      unsigned numPending, std::byte *registers,
                      size_t frameBytes) {
  uint64_t firstPending = openGroup > numPending ? openGroup - numPending : 0;
  while (!operations.empty() && operations.front().group < firstPending) {
    if (warp.checker && operations.front().agent)
      warp.checker->wait(warp.place(instruction), *operations.front().agent);
    operations.pop_front();
  }
  if (pending.empty())
    return;
  llvm::DenseMap<uint32_t, bool> isFound;
  // Every register lies at a multiple of 64 bytes, so a ticket begins there.
  constexpr size_t step = 64;
  for (size_t at = 0; at + sizeof(Lanes) <= frameBytes; at += step) {
    uint32_t *lanes = reinterpret_cast<uint32_t *>(registers + at);
    std::optional<uint32_t> ticket = ticketOf(lanes);
    if (!ticket)
      continue;
    Pending &entry = pending.find(*ticket)->second;
    if (entry.group >= firstPending)
      continue;
    std::memcpy(lanes, entry.values.data(), sizeof(Lanes));
    isFound[*ticket] = true;
  }
  bool isLost = false;
  llvm::SmallVector<uint32_t, 64> complete;
  for (auto &[ticket, entry] : pending) {
    if (entry.group >= firstPending)
      continue;
    complete.push_back(ticket);
    isLost |= !entry.isConsumed && !isFound.count(ticket);
  }
  for (uint32_t ticket : complete)
    pending.erase(ticket);
  if (isLost && warp.checker && warp.checker->isOn(Rule::WgmmaInFlight))
    warp.checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                         "accumulators of a wgmma were written before this "
                         "wait");
}

void WgmmaQueue::fence(const std::byte *registers,
                       const WgmmaRegisters &slots) {
  for (Slot slot : slots)
    std::memcpy(snapshot[slot].data(), registers + slot, sizeof(Lanes));
}

bool WgmmaQueue::isFenced(const std::byte *registers, Slot slot) const {
  auto found = snapshot.find(slot);
  return found != snapshot.end() &&
         !std::memcmp(found->second.data(), registers + slot, sizeof(Lanes));
}

bool WgmmaQueue::isTouchedBy(Warp &warp, const Instruction &instruction) const {
  if (pending.empty() || isCopy(instruction))
    return false;
  size_t frameBytes = warp.currentFrame().function->image.size();
  for (size_t i = 1; i < instruction.operands.size(); ++i) {
    Slot slot = instruction.operands[i];
    if (slot != noSlot && slot + sizeof(Lanes) <= frameBytes &&
        ticketOf(warp.lanes<const uint32_t>(slot)))
      return true;
  }
  return false;
}
