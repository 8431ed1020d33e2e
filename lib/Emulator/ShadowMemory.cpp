//===- ShadowMemory.cpp - who accessed which bytes last -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "ShadowMemory.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace llvm;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

void ShadowCell::add(const AccessRecord &record) {
  for (AccessRecord &slot : records)
    if (slot.isNone()) {
      slot = record;
      return;
    }
  if (!more)
    more = std::make_unique<SmallVector<AccessRecord, 4>>();
  erase_if(*more, [](const AccessRecord &old) { return old.isNone(); });
  if (more->size() == maxInList)
    more->erase(more->begin());
  more->push_back(record);
}

void ShadowCell::clear() {
  records = {};
  if (more)
    more->clear();
}

bool ShadowCell::holdsOnly(const AccessRecord &record) const {
  auto [first, second] = records;
  if (!(first == record && second.isNone()) &&
      !(second == record && first.isNone()))
    return false;
  return !more ||
         all_of(*more, [](const AccessRecord &old) { return old.isNone(); });
}

void ShadowCell::assignPart(const ShadowCell &cell, unsigned numWords,
                            unsigned first, unsigned count) {
  if (&cell != this) {
    records = cell.records;
    if (more)
      more->clear();
    if (cell.hasMore()) {
      if (!more)
        more = std::make_unique<SmallVector<AccessRecord, 4>>();
      more->append(cell.more->begin(), cell.more->end());
    }
  }
  auto narrow = [&](AccessRecord &record) {
    if (!record.isNone())
      record = record.narrowed(numWords, first, count);
  };
  for_each(records, narrow);
  for_each(inList(), narrow);
}

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

void ShadowLine::split() {
  if (!cells)
    cells = std::make_unique<std::array<ShadowCell, numWords>>();
  for (unsigned i = 0; i != numChunks; ++i)
    chunk(i).assignPart(wholeCell, numWords, wordsPerChunk * i, wordsPerChunk);
  isSplit = true;
  wholeChunks = 0xFF;
}

void ShadowLine::splitChunk(unsigned index) {
  // The first word's cell is the chunk's.
  for (unsigned i = wordsPerChunk; i-- != 0;)
    word(wordsPerChunk * index + i)
        .assignPart(chunk(index), wordsPerChunk, i, 1);
  wholeChunks &= ~(1u << index);
}

void ShadowLine::joinChunk(unsigned index, const AccessRecord &record) {
  chunk(index).clear();
  chunk(index).add(record);
  wholeChunks |= 1u << index;
}

void ShadowLine::join(const AccessRecord &record) {
  wholeCell.clear();
  wholeCell.add(record);
  isSplit = false;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

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

bool ShadowMemory::isAllWritten(uint64_t offset, uint64_t size) const {
  return !writtenBytes ||
         all_of(ArrayRef<uint8_t>(writtenBytes + offset / 8, size / 8),
                [](uint8_t bits) { return bits == 0xFF; });
}

void ShadowMemory::setAllWritten(uint64_t offset, uint64_t size) {
  if (writtenBytes)
    std::memset(writtenBytes + offset / 8, 0xFF, size / 8);
}

void ShadowMemory::setAllUnwritten(uint64_t offset, uint64_t size) {
  if (writtenBytes)
    std::memset(writtenBytes + offset / 8, 0, size / 8);
}
