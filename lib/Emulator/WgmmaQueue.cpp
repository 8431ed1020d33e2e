//===- WgmmaQueue.cpp - the wgmmas of a warp that are not waited for ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "WgmmaQueue.h"
#include "Function.h"
#include "Warp.h"
#include "llvm/ADT/STLExtras.h"
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

WgmmaQueue::Pending *WgmmaQueue::lookup(const uint32_t *lanes) {
  std::optional<uint32_t> ticket = ticketOf(lanes);
  return ticket ? pending.find(*ticket)->second.get() : nullptr;
}

void WgmmaQueue::defer(const uint32_t *values, uint32_t *lanes, uint32_t shape,
                       const Place &place) {
  uint32_t ticket;
  do
    ticket = nextTicket++ % maxTickets;
  while (pending.count(ticket));
  std::unique_ptr<Pending> &owner = pending[ticket];
  if (unusedEntries.empty())
    owner = std::make_unique<Pending>();
  else
    owner = unusedEntries.pop_back_val();
  Pending &entry = *owner;
  entry.isConsumed = false;
  std::memcpy(entry.values.data(), values, sizeof(Lanes));
  entry.shape = shape;
  entry.group = openGroup;
  entry.fence = numFences;
  entry.issued = place;
  for (unsigned lane = 0; lane != numLanes; ++lane)
    lanes[lane] = ticketWord(ticket, lane);
}

const Place *WgmmaQueue::findReader(const uint32_t *lanes) const {
  auto found = fragments.find(lanes);
  bool isInFlight =
      found != fragments.end() && found->second.group >= firstPending;
  return isInFlight ? &found->second.reader : nullptr;
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

void WgmmaQueue::add(AsyncAgentPtr agent, uint64_t number) {
  operations.push_back({openGroup, number, std::move(agent)});
}

uint64_t WgmmaQueue::numWaitedFor(unsigned numPending) const {
  uint64_t first = firstPendingGroup(numPending), result = 0;
  for (const Operation &operation : operations)
    if (operation.group < first)
      result = operation.number + 1;
  return result;
}

void WgmmaQueue::wait(Warp &warp, const Instruction &instruction,
                      unsigned numPending) {
  firstPending = std::max(firstPending, firstPendingGroup(numPending));
  while (!operations.empty() && operations.front().group < firstPending) {
    if (warp.checker && operations.front().agent)
      warp.checker->wait(warp.place(instruction), *operations.front().agent);
    operations.pop_front();
  }
  if (openGroup == firstPending)
    fragments.clear();
  if (pending.empty())
    return;
  llvm::DenseSet<uint32_t> found;
  for (Slot slot : warp.currentFrame().function->wgmmaResults) {
    uint32_t *lanes = warp.lanes<uint32_t>(slot);
    std::optional<uint32_t> ticket = ticketOf(lanes);
    if (!ticket)
      continue;
    Pending &entry = *pending.find(*ticket)->second;
    if (entry.group >= firstPending)
      continue;
    std::memcpy(lanes, entry.values.data(), sizeof(Lanes));
    found.insert(*ticket);
  }
  llvm::SmallVector<uint32_t, 64> complete;
  for (auto &[ticket, entry] : pending) {
    if (entry->group >= firstPending)
      continue;
    complete.push_back(ticket);
    // Registers of a function that has returned, say.
    if (!found.contains(ticket))
      reportLost(warp, instruction, *entry);
  }
  for (uint32_t ticket : complete) {
    auto entry = pending.find(ticket);
    unusedEntries.push_back(std::move(entry->second));
    pending.erase(entry);
  }
}

//===----------------------------------------------------------------------===//
// Other instructions
//===----------------------------------------------------------------------===//

/// A value that nobody will see. Once is enough.
void WgmmaQueue::reportLost(Warp &warp, const Instruction &instruction,
                            const Pending &entry) {
  if (entry.isConsumed || !warp.checker ||
      !warp.checker->isOn(Rule::WgmmaInFlight))
    return;
  warp.checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                       "an accumulator of a wgmma is overwritten before "
                       "wait_group",
                       ReportSite{entry.issued, "wgmma in flight"});
}

void WgmmaQueue::checkSource(Warp &warp, const Instruction &instruction,
                             const uint32_t *lanes) {
  if (const Pending *entry = lookup(lanes))
    warp.checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                         "the result of a wgmma is read before wait_group",
                         ReportSite{entry->issued, "wgmma in flight"});
}

void WgmmaQueue::checkDestination(Warp &warp, const Instruction &instruction,
                                  Slot slot) {
  const uint32_t *lanes = warp.lanes<const uint32_t>(slot);
  if (const Place *reader = findReader(lanes))
    warp.checker->report(Rule::WgmmaInFlight, warp.place(instruction),
                         "a register of A is overwritten before wait_group",
                         ReportSite{*reader, "wgmma in flight"});
  Pending *entry = lookup(lanes);
  if (!entry || entry->isConsumed)
    return;
  bool isElsewhere =
      llvm::any_of(warp.currentFrame().function->wgmmaResults, [&](Slot other) {
        return other != slot &&
               lookup(warp.lanes<const uint32_t>(other)) == entry;
      });
  if (isElsewhere)
    return;
  reportLost(warp, instruction, *entry);
  entry->isConsumed = true;
}

void WgmmaQueue::use(Warp &warp, const Instruction &instruction,
                     const WgmmaUse &use) {
  if (use.isCopy && use.sources == use.destinations)
    return;
  if (warp.checker->isOn(Rule::WgmmaInFlight)) {
    if (!use.isCopy)
      for (Slot slot : use.sources)
        checkSource(warp, instruction, warp.lanes<const uint32_t>(slot));
    for (Slot slot : use.destinations)
      checkDestination(warp, instruction, slot);
  }
  bool isComputedValue =
      !use.isCopy || llvm::any_of(use.sources, [&](Slot slot) {
        return isComputed(warp.lanes<const uint32_t>(slot));
      });
  for (Slot slot : use.destinations) {
    const uint32_t *lanes = warp.lanes<const uint32_t>(slot);
    if (isComputedValue)
      computed.insert(lanes);
    else if (warp.mask == allLanes)
      computed.erase(lanes);
  }
}
