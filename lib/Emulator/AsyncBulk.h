//===- AsyncBulk.h - what bulk copies and tensor copies share -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_ASYNCBULK_H
#define TK_LIB_EMULATOR_ASYNCBULK_H

#include "Counters.h"
#include "Decoder.h"
#include "Memory.h"
#include "Operands.h"
#include "ThreadBlock.h"
#include "Warp.h"
#include "llvm/ADT/Twine.h"

namespace mlir::tk::emulator {

/// Some bytes of the shared memory of a block of the cluster.
struct SharedRegion {
  ThreadBlock *owner = nullptr;
  /// In the owner's window.
  uint64_t offset = 0;
  std::byte *bytes = nullptr;

  MemoryPlace place() const { return {PtxSpace::Shared, owner->index}; }
};

/// The instruction as one lane executes it: resolves its addresses, and reports
/// what is wrong with them.
class LaneExecution {
public:
  LaneExecution(Warp &warp, const Instruction &instruction, unsigned lane)
      : warp(warp), instruction(instruction), lane(lane) {}

  /// Null region / pointer: reported, the run stops. `address` is one of
  /// shared::cluster, or generic with `isGeneric`.
  SharedRegion findShared(uint64_t address, uint64_t size, uint64_t alignment,
                          llvm::StringRef what, bool isGeneric = false);
  /// The same offset in another block of the cluster.
  SharedRegion inBlock(const SharedRegion &region, uint64_t rank,
                       uint64_t size);
  std::byte *findGlobal(uint64_t address, uint64_t size, uint64_t alignment,
                        llvm::StringRef what, bool isWrite);
  Mbarrier *findBarrier(const SharedRegion &region);
  /// 128 bytes at a generic address: global, constant or parameter memory.
  const std::byte *findTensorMap(uint64_t address);

  /// Reports; returns false.
  bool fail(Rule rule, const llvm::Twine &detail);

  Place place() const { return warp.place(instruction, LaneMask(1) << lane); }
  /// Null unless the run is measured.
  Counters *counters() const;
  /// Null without checks.
  AsyncAgentPtr issue(AsyncKind kind) const;
  /// `isCounted`: it goes into the measurements too. What is read for several
  /// blocks is read once, and the lanes of cp.async are counted together.
  void access(const AsyncAgentPtr &agent, const MemoryPlace &memory,
              AccessKind kind, uint64_t address, uint64_t size,
              Proxy proxy = Proxy::Async, bool isCounted = true) const;
  /// complete_tx of an operation that moved `size` bytes.
  void complete(const AsyncAgentPtr &agent, const SharedRegion &barrierRegion,
                Mbarrier &barrier, uint64_t size) const;

  Warp &warp;
  const Instruction &instruction;
  unsigned lane;
};

/// Operations of cp.reduce.async.bulk and red.async.
enum class BulkReduction : uint8_t { Add, Min, Max, Inc, Dec, And, Or, Xor };
std::optional<BulkReduction> parseBulkReduction(llvm::StringRef name);
/// One element: `to` becomes `to` op `from`. The type is one that
/// `isReducible` admits.
bool isReducible(BulkReduction operation, PtxType type);
void reduceElement(BulkReduction operation, PtxType type, std::byte *to,
                   const std::byte *from);

/// The constant of wait_group, into `immediate`.
llvm::Error decodeNumPendingGroups(DecodeContext &context,
                                   const PtxInstruction &instruction,
                                   Instruction &result);
/// Of `cp.async.bulk` and `cp.reduce.async.bulk`: what follows `bulk`.
llvm::Error decodeBulk(DecodeContext &context,
                       const PtxInstruction &instruction, Modifiers &modifiers,
                       bool isReduction, Instruction &result);
/// The same after `tensor`.
llvm::Error decodeTensorCopy(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, bool isReduction,
                             bool isPrefetch, Instruction &result);
/// `st.async` and `red.async`, after `async`.
llvm::Error decodeStoreAsync(DecodeContext &context,
                             const PtxInstruction &instruction,
                             Modifiers &modifiers, bool isReduction,
                             Instruction &result);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_ASYNCBULK_H
