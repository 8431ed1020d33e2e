//===- Checker.h - what the execution tells the checks --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The execution calls these functions; it holds no knowledge of races, and the
// checks hold none of instructions. A run without checks has a null Checker.
//
// Order is kept as happens-before by vector clocks. An *agent* is a set of
// lanes of one warp, or an asynchronous operation. What an agent knows (which
// accesses of others lie before it) grows only by `acquire`, `join` and
// `synchronizeLanes`, and is published only by `release`.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_CHECKER_H
#define TK_LIB_EMULATOR_CHECKER_H

#include "Instruction.h"
#include "tk/Emulator/Ptx.h"
#include "tk/Emulator/Report.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include <memory>

namespace mlir::tk::emulator {

/// Where an instruction is executed.
struct Place {
  /// Linear index of the block in the grid; warp in the block.
  uint32_t block = 0;
  uint16_t warp = 0;
  LaneMask lanes = 0;
  /// Index into PtxModule::instructions.
  uint32_t instruction = 0;
};

/// One of the accesses or states of a report.
struct ReportSite {
  Place place;
  std::string role;
};

/// 8.4 and 8.5: strength and scope of an access. Volatile is relaxed with
/// system scope.
enum class Order : uint8_t {
  Weak,
  Volatile,
  Relaxed,
  Acquire,
  Release,
  AcquireRelease,
  /// Of fences alone.
  SequentiallyConsistent
};
enum class Scope : uint8_t { Block, Cluster, Device, System };
/// 8.6: the generic proxy (ordinary accesses), the async proxy (bulk copies,
/// wgmma), the proxy of tensor maps.
enum class Proxy : uint8_t { Generic, Async, TensorMap, Constant };
enum class AccessKind : uint8_t { Read, Write, Atomic, Reduction };

/// Where things happen: shared memory of a block, global memory, ...
struct MemoryPlace {
  PtxSpace space = PtxSpace::Global;
  /// Of shared memory: linear index of the block that owns it.
  uint32_t block = 0;
};

/// An access of some lanes by one instruction.
struct Access {
  MemoryPlace memory;
  AccessKind kind = AccessKind::Read;
  Order order = Order::Weak;
  Scope scope = Scope::System;
  Proxy proxy = Proxy::Generic;
  /// Per lane; only those of Place::lanes mean something. Shared memory:
  /// offset in the block's window.
  const uint64_t *addresses = nullptr;
  uint32_t bytesPerLane = 0;
  /// For the measurements: if lanes access less. Per lane, 0 to bytesPerLane.
  const uint32_t *laneBytes = nullptr;
  /// Of one element of a vector access, which is as many accesses (8.2.2);
  /// 0: bytesPerLane.
  uint32_t elementBytes = 0;
  /// Of a write: whether two lanes write the same bytes. Asked only about lanes
  /// that write to one place; null: they do not.
  llvm::function_ref<bool(unsigned, unsigned)> haveSameValue = nullptr;
  /// A write of 128-byte lines after which they count as unwritten.
  bool isDiscard = false;
};

/// An access of an asynchronous operation: a row of consecutive bytes. The
/// tensor map that a copy reads is an access too, with Proxy::TensorMap.
/// cp.async (not bulk) belongs to the generic proxy.
struct AsyncAccess {
  MemoryPlace memory;
  AccessKind kind = AccessKind::Read;
  Proxy proxy = Proxy::Async;
  uint64_t address = 0;
  uint64_t sizeInBytes = 0;
  /// The lane that it is made for, of those that issued the operation.
  uint8_t lane = 0;
};

/// Asynchronous operations differ in what a report says of them.
/// `Copy` is cp.async; `Store` is st.async and red.async. Both belong to the
/// generic proxy.
enum class AsyncKind : uint8_t { Copy, Store, BulkCopy, TensorCopy, Wgmma };

/// What an instruction does with an mbarrier object.
enum class MbarrierUse : uint8_t { Initialize, Use, Invalidate };

/// Something that agents synchronise through: a barrier's generation, a phase
/// of an mbarrier, a group of copies, an atomic location. Owned by whoever
/// models that thing; copying copies the knowledge.
class SyncObject;
/// An asynchronous operation from issue to completion.
class AsyncAgent;

struct SyncObjectDeleter {
  void operator()(SyncObject *object) const;
};
struct AsyncAgentDeleter {
  void operator()(AsyncAgent *agent) const;
};
using SyncObjectPtr = std::unique_ptr<SyncObject, SyncObjectDeleter>;
using AsyncAgentPtr = std::unique_ptr<AsyncAgent, AsyncAgentDeleter>;

/// The rules; one planted defect in test/Emulator for each. The name is what a
/// report and `--no-check=` say.
enum class Rule : uint8_t {
#define TK_EMULATOR_RULE(Id, Name, Explanation) Id,
#include "Rules.def"
};
llvm::StringRef getName(Rule rule);
llvm::StringRef getExplanation(Rule rule);

/// All state of the checks of one run. Thread safety: calls for different
/// blocks may come from different host threads; calls for one block do not
/// overlap.
class Checker {
public:
  virtual ~Checker();

  // Blocks and lanes.
  virtual void beginBlock(uint32_t block, uint32_t cluster, unsigned numWarps,
                          uint64_t sharedBytes) = 0;
  virtual void endBlock(uint32_t block) = 0;
  /// Allocations of global memory, before the run. `writtenBytes` has a bit for
  /// each byte that somebody wrote, and outlives the run: what a kernel wrote
  /// is written for the next one too. Null: all is written.
  virtual void addAllocation(uint64_t address, uint64_t size,
                             uint8_t *writtenBytes) = 0;

  // Accesses. Called before the access is performed.
  virtual void access(const Place &place, const Access &access) = 0;
  virtual void access(const AsyncAgent &agent, const AsyncAccess &access) = 0;
  /// Instructions on an mbarrier (instead of `access`; the order that its
  /// phases make is told by `release` and `acquire`).
  virtual void mbarrier(const Place &place, const MemoryPlace &memory,
                        uint64_t address, MbarrierUse use) = 0;
  /// An asynchronous operation will do complete_tx on the mbarrier.
  virtual void mbarrier(const AsyncAgent &agent, const MemoryPlace &memory,
                        uint64_t address) = 0;

  // Happens-before.
  virtual SyncObjectPtr createSyncObject() = 0;
  /// The lanes publish to `object` all that they know and did. An arrival that
  /// is relaxed publishes what lies before their fences.
  virtual void release(const Place &place, SyncObject &object,
                       Order order = Order::Release,
                       Scope scope = Scope::Cluster) = 0;
  /// The lanes learn what `object` holds. After a wait that is relaxed they
  /// learn it at their next fence.
  virtual void acquire(const Place &place, const SyncObject &object,
                       Order order = Order::Acquire,
                       Scope scope = Scope::Cluster) = 0;
  /// `from` adds to `into`; `clear` forgets (a new phase).
  virtual void join(SyncObject &into, const SyncObject &from) = 0;
  virtual void clear(SyncObject &object) = 0;
  /// `bar.warp.sync`: the lanes of the place learn from each other.
  virtual void synchronizeLanes(const Place &place) = 0;
  /// `fence.*` and `membar`, 9.7.13.4. Relaxed and volatile accesses before and
  /// after it synchronise by it.
  virtual void fence(const Place &place, Order order, Scope scope) = 0;
  /// `fence.proxy.async` (of Shared, SharedCluster, Global, or Generic: all),
  /// by the writer.
  virtual void proxyFence(const Place &place, PtxSpace space) = 0;
  /// `fence.mbarrier_init.release.cluster`.
  virtual void mbarrierInitFence(const Place &place) = 0;
  /// `fence.proxy.tensormap::generic.release`, and the release of
  /// tensormap.cp_fenceproxy.
  virtual void tensorMapRelease(const Place &place, Scope scope) = 0;
  /// `fence.proxy.tensormap::generic.acquire [address], size`; an address per
  /// lane.
  virtual void tensorMapAcquire(const Place &place, Scope scope,
                                const uint64_t *addresses, uint64_t size) = 0;

  // Asynchronous operations. Each lane that issues has a part of its own: it
  // knows what the lane knows at issue.
  virtual AsyncAgentPtr issue(const Place &place, AsyncKind kind) = 0;
  /// The parts of the lanes publish their accesses to `object`: complete_tx, or
  /// the arrival of cp.async.mbarrier.arrive. A multicast copy is one operation
  /// for each block it writes to.
  virtual void complete(const AsyncAgent &agent, SyncObject &object,
                        LaneMask lanes = allLanes) = 0;
  /// `wait_group` of the lanes of the place returned: the parts that these
  /// lanes issued are complete for them. `isReadOnly`: wait_group.read, only
  /// their reads are.
  virtual void wait(const Place &place, const AsyncAgent &agent,
                    bool isReadOnly = false) = 0;

  /// A broken rule that the execution itself saw (deadlock, wrong count,
  /// misalignment, ...). `detail` names the state involved; `earlier` may say
  /// what else had a part in it.
  virtual void report(Rule rule, const Place &place, const llvm::Twine &detail,
                      llvm::ArrayRef<ReportSite> earlier = {}) = 0;
  /// Whether the rule is checked; otherwise the execution need not look.
  virtual bool isOn(Rule rule) const = 0;

  /// At the end of the run: adds the reports and measurements, in an order that
  /// does not depend on host threads.
  virtual void finish(EmulatorResult &result) = 0;
};

/// The checks of one launch. `blocksPerCluster` blocks with consecutive indices
/// are a cluster.
struct CheckerSetup {
  const PtxModule &module;
  const EmulatorChecks &checks;
  PtxDimensions grid = {1, 1, 1};
  PtxDimensions block = {1, 1, 1};
  unsigned blocksPerCluster = 1;
  /// The first bytes of shared memory, which the device reserves for itself.
  /// They count as written from the start.
  uint64_t reservedSharedBytes = 0;
};
std::unique_ptr<Checker> createChecker(const CheckerSetup &setup);

/// A report of a mistake that the execution saw, with or without a Checker.
EmulatorReport makeReport(const CheckerSetup &setup, Rule rule,
                          const Place &place, const llvm::Twine &detail);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_CHECKER_H
