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
  uint32_t bytes : 4;
  /// 0: weak; else 1 + scope.
  uint32_t strength : 3;
  uint32_t kind : 2;
  uint32_t proxy : 2;
  /// log2 of the bytes of the whole access, of a vector's element.
  uint32_t size : 3;
  uint32_t instruction : 18;

  AccessRecord()
      : bytes(0), strength(0), kind(Read), proxy(0), size(0), instruction(0) {}

  bool isNone() const { return agent == noAgent; }
  bool isOperation() const { return agent & operationBit && !isNone(); }
  bool isWrite() const { return kind != Read; }
  bool isGeneric() const { return proxy == uint32_t(Proxy::Generic); }
  bool isStrong() const { return strength != 0; }
  Scope scope() const { return Scope(strength - 1); }
  uint32_t operationBlock() const { return agent & ~operationBit; }
  /// Races with others by the same rules.
  bool isLike(const AccessRecord &other) const {
    return strength == other.strength && proxy == other.proxy &&
           (!isStrong() || size == other.size);
  }
  /// The same instruction, executed in the same stretch of time.
  bool isSameEvent(const AccessRecord &other) const {
    return agent == other.agent && time == other.time && bytes == other.bytes &&
           strength == other.strength && kind == other.kind &&
           proxy == other.proxy && size == other.size &&
           instruction == other.instruction;
  }
};
static_assert(sizeof(AccessRecord) == 16, "memory of the checks");

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
