//===- RaceCheckerWords.cpp - what an access finds and leaves -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules are those of a word and a record: checkCell. Lines and chunks of
// several words have one cell while their words are alike; checkAlike does what
// checkCell would do for each word, but only where that is the same for all of
// them and no rule is broken. Otherwise the words get cells of their own. So
// the reports do not depend on who shares a cell.
//
//===----------------------------------------------------------------------===//

#include "RaceChecker.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace mlir::tk;
using namespace mlir::tk::emulator;

LaneMask LaneRange::lanesOf(uint64_t begin, uint64_t size) const {
  if (!bytesPerLane)
    return lanes;
  unsigned first = (begin - address) / bytesPerLane;
  unsigned last = (begin + size - 1 - address) / bytesPerLane;
  return (allLanes >> (numLanes - 1 - (last - first)))
         << (countr_zero(lanes) + first);
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// Of accesses that are weak and no operations on mbarriers or tensor maps, so
/// that the records of shared cells are such ones too.
bool RaceChecker::mayShareCells(const Request &request) {
  return !request.record.isStrong() && !request.isMbarrier &&
         request.record.proxy() != Proxy::TensorMap;
}

void RaceChecker::checkRange(const Request &request, PageCursor &cursor,
                             Accessor &by, const LaneRange &range) {
  ShadowMemory &shadow = cursor.shadow;
  uint64_t end = std::min(range.address + range.sizeInBytes, shadow.end());
  bool mayShare = mayShareCells(request);
  for (uint64_t at = range.address; at < end;) {
    uint64_t offset = at - shadow.begin();
    auto isWithin = [&](uint64_t size) {
      return mayShare && offset % size == 0 && end - at >= size;
    };
    uint64_t size = isWithin(ShadowLine::sizeInBytes) ? ShadowLine::sizeInBytes
                    : isWithin(ShadowLine::bytesPerChunk)
                        ? ShadowLine::bytesPerChunk
                        : std::min(alignDown(at, 4) + 4, end) - at;
    AccessRecord fresh = request.record;
    fresh.lanes = by.lanes = range.lanesOf(at, size);
    fresh.setSpread(range.bytesPerLane && size > 4 && !by.singleLane());
    ShadowLine &line = cursor.at(offset).lineOf(offset);
    if (size <= 4) {
      fresh.setBytes(((1u << size) - 1) << at % 4);
      checkWord(request, by, shadow, line, fresh, at);
    } else {
      fresh.setBytes(15);
      checkWritten(request, shadow, fresh, at, size);
      if (size == ShadowLine::sizeInBytes)
        checkLine(request, by, line, fresh, at);
      else
        checkChunk(request, by, line,
                   offset % ShadowLine::sizeInBytes / ShadowLine::bytesPerChunk,
                   fresh, at);
    }
    at += size;
  }
}

/// Of whole words: whether they were written, as far as `fresh` asks; they are
/// if it writes them.
void RaceChecker::checkWritten(const Request &request, ShadowMemory &shadow,
                               const AccessRecord &fresh, uint64_t address,
                               uint64_t sizeInBytes) {
  uint64_t offset = address - shadow.begin();
  unsigned numWords = sizeInBytes / 4;
  if (request.readsValue &&
      LLVM_UNLIKELY(!shadow.isAllWritten(offset, sizeInBytes)))
    for (unsigned word = 0; word != numWords; ++word)
      if (shadow.written(offset + 4 * word) != 15)
        reportUnwritten(request, fresh.narrowed(numWords, word, 1),
                        address + 4 * word, 4);
  if (fresh.isWrite())
    shadow.setAllWritten(offset, sizeInBytes);
}

//===----------------------------------------------------------------------===//
// Lines and chunks
//===----------------------------------------------------------------------===//

/// After a weak write to all bytes of a word nothing else is remembered.
static bool replacesAll(const AccessRecord &fresh) {
  return fresh.isWrite() && !fresh.isStrong();
}

void RaceChecker::checkLine(const Request &request, Accessor &by,
                            ShadowLine &line, const AccessRecord &fresh,
                            uint64_t address) {
  if (line.isWhole()) {
    if (checkAlike(request, by, line.whole(), ShadowLine::numWords, fresh))
      return;
    line.split();
  }
  bool isAlike = replacesAll(fresh);
  for (unsigned i = 0; i != ShadowLine::numChunks; ++i) {
    AccessRecord part =
        fresh.narrowed(ShadowLine::numWords, i * ShadowLine::wordsPerChunk,
                       ShadowLine::wordsPerChunk);
    by.lanes = part.lanes;
    checkChunk(request, by, line, i, part,
               address + i * ShadowLine::bytesPerChunk);
    isAlike = isAlike && line.isChunkWhole(i) && line.chunk(i).holdsOnly(part);
  }
  if (isAlike)
    line.join(fresh);
}

void RaceChecker::checkChunk(const Request &request, Accessor &by,
                             ShadowLine &line, unsigned chunk,
                             const AccessRecord &fresh, uint64_t address) {
  if (line.isWhole())
    line.split();
  if (line.isChunkWhole(chunk)) {
    if (checkAlike(request, by, line.chunk(chunk), ShadowLine::wordsPerChunk,
                   fresh))
      return;
    line.splitChunk(chunk);
  }
  bool isAlike = replacesAll(fresh);
  for (unsigned i = 0; i != ShadowLine::wordsPerChunk; ++i) {
    AccessRecord part = fresh.narrowed(ShadowLine::wordsPerChunk, i, 1);
    ShadowCell &cell = line.word(chunk * ShadowLine::wordsPerChunk + i);
    by.lanes = part.lanes;
    checkCell(request, by, cell, part, address + 4 * i);
    isAlike = isAlike && cell.holdsOnly(part);
  }
  if (isAlike)
    line.joinChunk(chunk, fresh);
}

/// Whether `fresh` does nothing new: the same lanes did the same before, and
/// nothing came between, for an ordinary write would have taken the record.
static bool isRepeated(const ShadowCell &cell, const AccessRecord &fresh) {
  if (cell.hasMore())
    return false;
  auto &[first, second] = cell.records;
  auto isSame = [&](const AccessRecord &record, const AccessRecord &other) {
    return record.isSameEvent(fresh) &&
           (record.hasSameLanes(fresh) ||
            (!record.isSpread() && !(fresh.lanes & ~record.lanes))) &&
           (other.isNone() || (!fresh.isWrite() && !other.isStrong()));
  };
  return isSame(first, second) || isSame(second, first);
}

/// False if words may differ in what becomes of their records, or if a rule may
/// be broken; then nothing was done.
bool RaceChecker::checkAlike(const Request &request, const Accessor &by,
                             ShadowCell &cell, unsigned numWords,
                             const AccessRecord &fresh) {
  if (isRepeated(cell, fresh))
    return true;
  MutableArrayRef<AccessRecord> inPlace = cell.records, inList = cell.inList();
  std::array<Fate, 2 + ShadowCell::maxInList> fates;
  Fate *next = fates.data();
  for (MutableArrayRef<AccessRecord> records : {inPlace, inList})
    for (AccessRecord &record : records) {
      std::optional<Fate> fate =
          record.isNone() ? Fate::Superseded
                          : findFate(request, by, numWords, record, fresh);
      if (!fate)
        return false;
      *next++ = *fate;
    }
  AccessRecord *free = nullptr;
  bool isPlaced = false;
  next = fates.data();
  for (MutableArrayRef<AccessRecord> records : {inPlace, inList})
    for (AccessRecord &record : records) {
      Fate fate = *next++;
      if (fate == Fate::Joined) {
        record.lanes |= fresh.lanes;
        isPlaced = true;
      } else if (fate == Fate::Superseded) {
        record = AccessRecord();
        free = &record;
      }
    }
  if (!isPlaced)
    place(cell, free, fresh);
  return true;
}

/// The record of an access goes to a free place, if there is one.
void RaceChecker::place(ShadowCell &cell, AccessRecord *free,
                        const AccessRecord &fresh) {
  bool isAlone = replacesAll(fresh) && fresh.bytes() == 15;
  if (isAlone)
    cell.clear();
  if (free && !isAlone)
    *free = fresh;
  else
    cell.add(fresh);
}

/// What becomes of a record of all words; none if that differs among them, or
/// if it may be in conflict with the access.
std::optional<RaceChecker::Fate>
RaceChecker::findFate(const Request &request, const Accessor &by,
                      unsigned numWords, const AccessRecord &record,
                      const AccessRecord &fresh) {
  if (record.isWrite() || fresh.isWrite()) {
    if (!isOrderedEverywhere(record, fresh, by))
      return std::nullopt;
    FencedSpace space = isShared(request.memory) ? FencedShared : FencedGlobal;
    if (record.isGeneric() && !fresh.isGeneric() &&
        !isFenced(record, by, space))
      return std::nullopt;
  }
  if (record.isSameEvent(fresh)) {
    if (record.hasSameLanes(fresh) || (!record.isSpread() && !fresh.isSpread()))
      return Fate::Joined;
    return std::nullopt;
  }
  if (fresh.isWrite())
    return Fate::Superseded;
  if (record.isWrite() || !record.isLike(fresh))
    return Fate::Kept;
  return findFateOfRead(by, numWords, record, fresh);
}

/// The same of a read that a read follows: see isSuperseded.
std::optional<RaceChecker::Fate>
RaceChecker::findFateOfRead(const Accessor &by, unsigned numWords,
                            const AccessRecord &record,
                            const AccessRecord &fresh) {
  if (record.agent == fresh.agent && !record.isOperation()) {
    if (record.hasSameLanes(fresh) ||
        (!fresh.isSpread() && !(record.lanes & ~fresh.lanes)))
      return Fate::Superseded;
    if ((record.isSpread() || fresh.isSpread()) && (record.lanes & fresh.lanes))
      return std::nullopt;
  }
  if ((keepsUnfencedReads && record.isGeneric()) || blockOf(record) != by.block)
    return Fate::Kept;
  if (isOrderedEverywhere(record, fresh, by))
    return Fate::Superseded;
  if (record.isSpread() || fresh.isSpread())
    return std::nullopt;
  return Fate::Kept;
}

/// Whether the record lies before the access in every word. False says nothing
/// if one of them is spread over lanes.
bool RaceChecker::isOrderedEverywhere(const AccessRecord &record,
                                      const AccessRecord &fresh,
                                      const Accessor &by) {
  // Program order of each lane.
  if (record.isSpread() && record.agent == fresh.agent &&
      record.hasSameLanes(fresh))
    return true;
  return isOrdered(record, by);
}

//===----------------------------------------------------------------------===//
// Words
//===----------------------------------------------------------------------===//

void RaceChecker::checkWord(const Request &request, const Accessor &by,
                            ShadowMemory &shadow, ShadowLine &line,
                            const AccessRecord &fresh, uint64_t address) {
  uint64_t offset = alignDown(address, 4) - shadow.begin();
  if (request.readsValue &&
      LLVM_UNLIKELY(fresh.bytes() & ~shadow.written(offset)))
    reportUnwritten(request, fresh, address, llvm::popcount(fresh.bytes()));
  if (fresh.isWrite())
    shadow.setWritten(offset, fresh.bytes());
  unsigned word = offset % ShadowLine::sizeInBytes / 4;
  unsigned chunk = word / ShadowLine::wordsPerChunk;
  if (line.isWhole())
    line.split();
  if (line.isChunkWhole(chunk))
    line.splitChunk(chunk);
  checkCell(request, by, line.word(word), fresh, address);
}

/// Checks an access against the records of a word, and records it.
void RaceChecker::checkCell(const Request &request, const Accessor &by,
                            ShadowCell &cell, const AccessRecord &fresh,
                            uint64_t address) {
  if (isRepeated(cell, fresh))
    return;
  AccessRecord *free = nullptr;
  bool isPlaced = false;
  auto visit = [&](AccessRecord &record) {
    if (record.isNone()) {
      free = &record;
      return;
    }
    if (!(record.bytes() & fresh.bytes()))
      return;
    if (record.isWrite() || fresh.isWrite())
      if (auto rule = findConflict(request, record, fresh, by, address))
        reportConflict(*rule, request, record, fresh, address);
    if (record.isSameEvent(fresh)) {
      record.lanes |= fresh.lanes;
      isPlaced = true;
      return;
    }
    if (!isSuperseded(record, fresh, by))
      return;
    record.setBytes(record.bytes() & ~fresh.bytes());
    if (!record.bytes()) {
      record = AccessRecord();
      free = &record;
    }
  };
  for (AccessRecord &record : cell.records)
    visit(record);
  for (AccessRecord &record : cell.inList())
    visit(record);
  if (!isPlaced)
    place(cell, free, fresh);
}

/// Whether all that could race with the bytes of `record` that `fresh` covers
/// races with `fresh` from now on.
bool RaceChecker::isSuperseded(const AccessRecord &record,
                               const AccessRecord &fresh, const Accessor &by) {
  if (fresh.isWrite() && !fresh.isStrong())
    return true;
  if (!record.isLike(fresh) || record.isWrite() != fresh.isWrite())
    return false;
  // A record of reads of fewer bytes than it says would cost another record.
  if (!fresh.isWrite() && (record.bytes() & ~fresh.bytes()))
    return false;
  // What one lane did before is fenced whenever this is.
  if (record.agent == fresh.agent && !record.isOperation() &&
      !(record.lanes & ~fresh.lanes))
    return true;
  if (!fresh.isWrite() && keepsUnfencedReads && record.isGeneric())
    return false;
  // Not worth the search among the accesses of a whole grid.
  return blockOf(record) == by.block && isOrdered(record, by);
}
