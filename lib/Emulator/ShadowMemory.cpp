//===- ShadowMemory.cpp - who accessed which bytes last -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ShadowMemory.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk::emulator;

/// Of the accesses of one word that nothing orders, so many are remembered.
/// (All blocks of a grid may have read it.)
static constexpr size_t kMaxRecords = 64;

void ShadowPage::add(ShadowCell &cell, const AccessRecord &record) {
  for (AccessRecord &slot : cell.records)
    if (slot.isNone()) {
      slot = record;
      return;
    }
  if (!cell.more) {
    lists.push_back(std::make_unique<List>());
    cell.more = lists.back().get();
  }
  erase_if(*cell.more, [](const AccessRecord &old) { return old.isNone(); });
  if (cell.more->size() == kMaxRecords)
    cell.more->erase(cell.more->begin());
  cell.more->push_back(record);
}

ShadowMemory::ShadowMemory(uint64_t address, uint64_t sizeInBytes,
                           uint8_t *writtenBytes)
    : address(address), sizeInBytes(sizeInBytes), writtenBytes(writtenBytes),
      pages(divideCeil(sizeInBytes, ShadowPage::sizeInBytes)) {
  assert(address % 8 == 0 && "bits of written bytes lie in whole bytes");
}

ShadowMemory::~ShadowMemory() {
  for (std::atomic<ShadowPage *> &page : pages)
    delete page.load();
}

ShadowPage &ShadowMemory::page(uint64_t offset) {
  std::atomic<ShadowPage *> &slot = pages[offset / ShadowPage::sizeInBytes];
  if (ShadowPage *page = slot.load(std::memory_order_acquire))
    return *page;
  auto fresh = std::make_unique<ShadowPage>();
  ShadowPage *expected = nullptr;
  if (slot.compare_exchange_strong(expected, fresh.get(),
                                   std::memory_order_acq_rel))
    return *fresh.release();
  return *expected;
}
