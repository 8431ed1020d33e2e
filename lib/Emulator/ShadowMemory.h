//===- ShadowMemory.h - who accessed which bytes last ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A cell for each 32-bit word holds the last write and the reads since, each
// with the bytes of the word that it is about; and atomics that nothing orders.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_SHADOWMEMORY_H
#define TK_LIB_EMULATOR_SHADOWMEMORY_H

#include "Checker.h"
#include "llvm/ADT/SmallVector.h"
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
  static constexpr uint32_t maxInstruction = (1u << 18) - 1;

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
    return agent == other.agent && time == other.time && info == other.info;
  }

private:
  static constexpr uint32_t bytesMask = 15;
  /// 0: weak; else 1 + scope.
  static constexpr uint32_t strengthShift = 4, strengthMask = 7u << 4;
  static constexpr uint32_t kindShift = 7, kindMask = 3u << 7;
  static constexpr uint32_t proxyShift = 9, proxyMask = 3u << 9;
  static constexpr uint32_t sizeShift = 11, sizeMask = 7u << 11;
  static constexpr uint32_t instructionShift = 14;
  uint32_t info = 0;
};
static_assert(sizeof(AccessRecord) == 16, "memory of the checks");
static_assert(uint32_t(Proxy::Generic) == 0, "isGeneric");

/// The records of one word, in no order: two in place, more in a list.
struct ShadowCell {
  std::array<AccessRecord, 2> records;
  /// Null or owned by the page.
  llvm::SmallVectorImpl<AccessRecord> *more = nullptr;
};

/// The cells of a KiB.
struct ShadowPage {
  static constexpr uint64_t numWords = 256;
  static constexpr uint64_t sizeInBytes = 4 * numWords;

  std::array<ShadowCell, numWords> cells;
  std::mutex mutex;

  void add(ShadowCell &cell, const AccessRecord &record);

private:
  using List = llvm::SmallVector<AccessRecord, 4>;
  std::vector<std::unique_ptr<List>> lists;
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

private:
  uint64_t address;
  uint64_t sizeInBytes;
  uint8_t *writtenBytes;
  std::vector<std::atomic<ShadowPage *>> pages;
};

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_SHADOWMEMORY_H
