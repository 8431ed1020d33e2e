//===- ShadowMemory.h - who accessed which bytes last ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Records of the last writes and of the reads since, each with the lanes that
// did it. A cell holds those of a 32-bit word; but neighbours are mostly
// accessed together, so a line of 128 bytes has one cell as long as all its
// words have the same records, and one for each 16 bytes below that.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_SHADOWMEMORY_H
#define TK_LIB_EMULATOR_SHADOWMEMORY_H

#include "Checker.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/bit.h"
#include <atomic>
#include <cassert>
#include <mutex>

namespace mlir::tk::emulator {

/// One access of one word. An atomic is a write.
struct AccessRecord {
  static constexpr uint32_t noAgent = ~uint32_t(0);
  static constexpr uint32_t operationBit = uint32_t(1) << 31;
  enum Kind : uint32_t { Read, Write, Atomic, MbarrierInit };
  /// Larger numbers of instructions become this one.
  static constexpr uint32_t maxInstruction = (1u << 17) - 1;

  /// A warp; or operationBit | block, and `time` is the number of the operation
  /// of that block.
  uint32_t agent = noAgent;
  uint32_t time = 0;
  LaneMask lanes = 0;

  bool isNone() const { return agent == noAgent; }
  bool isOperation() const { return agent & operationBit && !isNone(); }
  uint32_t operationBlock() const { return agent & ~operationBit; }

  /// Bytes of the word.
  uint32_t bytes() const { return info & bytesMask; }
  void setBytes(uint32_t bytes) { info = (info & ~bytesMask) | bytes; }

  bool isStrong() const { return info & strengthMask; }
  Scope scope() const { return Scope((info >> strengthShift & 7) - 1); }
  void setStrong(Scope scope) {
    info |= (1 + uint32_t(scope)) << strengthShift;
  }

  Kind kind() const { return Kind(info >> kindShift & 3); }
  void setKind(Kind kind) { info = (info & ~kindMask) | kind << kindShift; }
  bool isWrite() const { return info & kindMask; }

  Proxy proxy() const { return Proxy(info >> proxyShift & 3); }
  void setProxy(Proxy proxy) { info |= uint32_t(proxy) << proxyShift; }
  bool isGeneric() const { return !(info & proxyMask); }

  /// Of the whole access, or of an element of a vector; at most 16.
  void setSize(uint32_t log2OfBytes) { info |= log2OfBytes << sizeShift; }
  bool isSameSize(const AccessRecord &other) const {
    return !((info ^ other.info) & sizeMask);
  }

  /// In a cell of several words: the lanes accessed equal parts of them, in
  /// order; otherwise, and in the cell of one word, each all of them.
  bool isSpread() const { return info & spreadMask; }
  void setSpread(bool isSpread) {
    info = (info & ~spreadMask) | (isSpread ? spreadMask : 0);
  }
  /// Of a record in a cell of `numWords` words, what is about the `count` words
  /// from `first`.
  AccessRecord narrowed(unsigned numWords, unsigned first,
                        unsigned count) const {
    AccessRecord part = *this;
    if (!isSpread())
      return part;
    unsigned numLanesOfAll = llvm::popcount(lanes);
    unsigned begin = first * numLanesOfAll / numWords;
    unsigned numLanesOfPart = std::max(1u, count * numLanesOfAll / numWords);
    part.lanes = (allLanes >> (numLanes - numLanesOfPart))
                 << (llvm::countr_zero(lanes) + begin);
    part.setSpread(numLanesOfPart > 1);
    return part;
  }

  uint32_t instruction() const { return info >> instructionShift; }
  void setInstruction(uint32_t instruction) {
    info = (info & ~(~0u << instructionShift)) |
           std::min(instruction, maxInstruction) << instructionShift;
  }

  /// Races with others by the same rules.
  bool isLike(const AccessRecord &other) const {
    return !((info ^ other.info) & (strengthMask | proxyMask)) &&
           (!isStrong() || isSameSize(other));
  }
  /// The same instruction, executed in the same stretch of time.
  bool isSameEvent(const AccessRecord &other) const {
    return agent == other.agent && time == other.time &&
           !((info ^ other.info) & ~spreadMask);
  }
  /// Besides, the same lanes are about the same words.
  bool hasSameLanes(const AccessRecord &other) const {
    return lanes == other.lanes && !((info ^ other.info) & spreadMask);
  }
  bool operator==(const AccessRecord &other) const {
    return agent == other.agent && time == other.time && lanes == other.lanes &&
           info == other.info;
  }

private:
  static constexpr uint32_t bytesMask = 15;
  /// 0: weak; else 1 + scope.
  static constexpr uint32_t strengthShift = 4, strengthMask = 7u << 4;
  static constexpr uint32_t kindShift = 7, kindMask = 3u << 7;
  static constexpr uint32_t proxyShift = 9, proxyMask = 3u << 9;
  static constexpr uint32_t sizeShift = 11, sizeMask = 7u << 11;
  static constexpr uint32_t spreadMask = 1u << 14;
  static constexpr uint32_t instructionShift = 15;
  uint32_t info = 0;
};
static_assert(sizeof(AccessRecord) == 16, "memory of the checks");
static_assert(uint32_t(Proxy::Generic) == 0, "isGeneric");

/// The records of one word, or of words that have the same ones, in no order:
/// two in place, more in a list.
class ShadowCell {
public:
  /// Of accesses that nothing orders, so many are remembered. (All blocks of a
  /// grid may have read a word.)
  static constexpr size_t maxInList = 64;

  void add(const AccessRecord &record);
  void clear();
  /// It holds this record and no other.
  bool holdsOnly(const AccessRecord &record) const;
  /// Becomes what the cell of `numWords` words says of `count` of them.
  void assignPart(const ShadowCell &cell, unsigned numWords, unsigned first,
                  unsigned count);
  bool hasMore() const { return more && !more->empty(); }
  llvm::MutableArrayRef<AccessRecord> inList() {
    return more ? llvm::MutableArrayRef<AccessRecord>(*more)
                : llvm::MutableArrayRef<AccessRecord>();
  }

  std::array<AccessRecord, 2> records;

private:
  /// Kept when it is empty.
  std::unique_ptr<llvm::SmallVector<AccessRecord, 4>> more;
};

/// The cells of 128 bytes.
class ShadowLine {
public:
  static constexpr unsigned numWords = 32;
  static constexpr unsigned sizeInBytes = 4 * numWords;
  static constexpr unsigned wordsPerChunk = 4;
  static constexpr unsigned bytesPerChunk = 4 * wordsPerChunk;
  static constexpr unsigned numChunks = numWords / wordsPerChunk;

  /// All words have the records of one cell.
  bool isWhole() const { return !isSplit; }
  ShadowCell &whole() { return wholeCell; }
  void split();
  /// The words of a chunk have the records of one cell. Of lines that are
  /// split.
  bool isChunkWhole(unsigned chunk) const { return wholeChunks >> chunk & 1; }
  /// Of a whole chunk, or of its first word.
  ShadowCell &chunk(unsigned chunk) { return (*cells)[wordsPerChunk * chunk]; }
  void splitChunk(unsigned chunk);
  ShadowCell &word(unsigned word) { return (*cells)[word]; }
  /// After a write of all of the words that made their records alike: they
  /// share a cell again.
  void joinChunk(unsigned chunk, const AccessRecord &record);
  void join(const AccessRecord &record);

private:
  ShadowCell wholeCell;
  /// By word; null if the line was never split.
  std::unique_ptr<std::array<ShadowCell, numWords>> cells;
  bool isSplit = false;
  uint8_t wholeChunks = 0;
};

/// The lines of a KiB.
struct ShadowPage {
  static constexpr uint64_t numLines = 8;
  static constexpr uint64_t sizeInBytes = numLines * ShadowLine::sizeInBytes;

  ShadowLine &lineOf(uint64_t offset) {
    return lines[offset % sizeInBytes / ShadowLine::sizeInBytes];
  }
  std::array<ShadowLine, numLines> lines;
  std::mutex mutex;
};

/// Of the shared memory of a block or of one allocation of global memory.
class ShadowMemory {
public:
  /// One bit a byte in `writtenBytes`, or null if all is written.
  ShadowMemory(uint64_t address, uint64_t sizeInBytes, uint8_t *writtenBytes);
  ~ShadowMemory();
  ShadowMemory(const ShadowMemory &) = delete;

  bool contains(uint64_t at) const { return at - address < sizeInBytes; }
  uint64_t begin() const { return address; }
  uint64_t end() const { return address + sizeInBytes; }
  /// Created when it is first asked for; threads may ask at once.
  ShadowPage &page(uint64_t offset);

  /// The written bytes of the word at `offset`, 4 bits. With the page locked.
  uint8_t written(uint64_t offset) const {
    return !writtenBytes ? 15 : (writtenBytes[offset / 8] >> (offset & 4)) & 15;
  }
  void setWritten(uint64_t offset, uint8_t bytes) {
    if (writtenBytes)
      writtenBytes[offset / 8] |= bytes << (offset & 4);
  }
  /// The same of multiples of 16 bytes.
  bool isAllWritten(uint64_t offset, uint64_t size) const;
  void setAllWritten(uint64_t offset, uint64_t size);
  void setAllUnwritten(uint64_t offset, uint64_t size);

private:
  uint64_t address;
  uint64_t sizeInBytes;
  uint8_t *writtenBytes;
  std::vector<std::atomic<ShadowPage *>> pages;
};

/// The page that is looked at; locked if other host threads may.
class PageCursor {
public:
  PageCursor(ShadowMemory &shadow, bool isLocked)
      : shadow(shadow), isLocked(isLocked) {}

  ShadowPage &at(uint64_t offset) {
    if (offset - begin < ShadowPage::sizeInBytes && page)
      return *page;
    if (lock.owns_lock())
      lock.unlock();
    page = &shadow.page(offset);
    begin = offset / ShadowPage::sizeInBytes * ShadowPage::sizeInBytes;
    if (isLocked)
      lock = std::unique_lock<std::mutex>(page->mutex);
    return *page;
  }
  ShadowMemory &shadow;

private:
  bool isLocked;
  ShadowPage *page = nullptr;
  uint64_t begin = 0;
  std::unique_lock<std::mutex> lock;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_SHADOWMEMORY_H
