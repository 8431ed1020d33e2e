//===- CheckerProxyTest.cpp - asynchronous operations and proxies ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckerScript.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// In flight
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, CpAsyncIsWaitedForByItsLane) {
  for (bool isWaited : {false, true}) {
    Script script;
    AsyncAgentPtr copy = script.issue(warp(0), AsyncKind::Copy);
    for (uint8_t i : {0, 1})
      script.copy(*copy, AccessKind::Write, shared(16 * i), 16, Proxy::Generic,
                  i);
    if (isWaited)
      script.wait(warp(0), *copy);
    script.read(lane(0), shared(0));
    EXPECT_EQ(script.rules(), isWaited ? "" : "shared-race");
    if (!isWaited)
      continue;
    // The copy of lane 1 is complete for lane 1, not yet for lane 0.
    script.read(lane(0), shared(16));
    EXPECT_EQ(script.rules(), "shared-race");
  }
}

TEST(CheckerProxyTest, AWaitAndABarrierShowACopyToAll) {
  Script script;
  AsyncAgentPtr copy = script.issue(warp(0), AsyncKind::Copy);
  script.copy(*copy, AccessKind::Write, shared(16), 16, Proxy::Generic, 1);
  script.wait(warp(0), *copy);
  script.barrier();
  script.read(lane(4, 1), shared(16));
  script.write(lane(4, 1), shared(16));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerProxyTest, ABarrierAloneDoesNot) {
  Script script;
  AsyncAgentPtr copy = script.issue(warp(0), AsyncKind::Copy);
  script.copy(*copy, AccessKind::Write, shared(16), 16, Proxy::Generic, 1);
  script.barrier();
  uint32_t line = script.read(warp(1), shared(16));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].role, "earlier write by cp.async");
  EXPECT_EQ(result.reports[0].sites[0].ptxLine, 1u) << "where it was issued";
  EXPECT_EQ(result.reports[0].sites[1].ptxLine, line);
}

TEST(CheckerProxyTest, ALaterWriteOfTheIssuerRacesWithItsCopy) {
  // Whether the emulator performs the copy at once or late.
  for (bool isLate : {false, true}) {
    Script script;
    script.write(lane(0), shared(0), 16);
    script.proxyFence(lane(0));
    AsyncAgentPtr store = script.issue(lane(0));
    if (!isLate)
      script.copy(*store, AccessKind::Read, shared(0));
    script.write(lane(0), shared(0), 16);
    if (isLate)
      script.copy(*store, AccessKind::Read, shared(0));
    EXPECT_EQ(script.rules(), "shared-race");
  }
}

TEST(CheckerProxyTest, WaitGroupReadFreesTheSourceOnly) {
  Script script;
  script.write(lane(0), shared(0), 16);
  script.proxyFence(lane(0));
  AsyncAgentPtr store = script.issue(lane(0));
  script.copy(*store, AccessKind::Read, shared(0));
  script.copy(*store, AccessKind::Write, global(0));
  script.wait(lane(0), *store, /*isReadOnly=*/true);
  script.write(lane(0), shared(0), 16);
  EXPECT_EQ(script.rules(), "");
  script.read(lane(0), global(0));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerProxyTest, TwoCopiesToOnePlace) {
  for (bool isWaited : {false, true}) {
    Script script;
    AsyncAgentPtr first = script.issue(lane(0));
    script.copy(*first, AccessKind::Write, shared(0));
    if (isWaited)
      script.wait(lane(0), *first);
    AsyncAgentPtr second = script.issue(lane(0));
    script.copy(*second, AccessKind::Write, shared(0));
    EXPECT_EQ(script.rules(), isWaited ? "" : "shared-race");
  }
}

TEST(CheckerProxyTest, BulkReductionsAreAtomic) {
  Script script({2, 1});
  for (uint32_t block : {0, 1}) {
    AsyncAgentPtr copy = script.issue(lane(0, 0, block));
    script.copy(*copy, AccessKind::Reduction, global(0), 16, Proxy::Async, 0,
                block);
  }
  EXPECT_EQ(script.rules(), "");
}

//===----------------------------------------------------------------------===//
// Mbarriers
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, CompleteTxOrdersWithoutAFence) {
  for (bool isWaited : {false, true}) {
    Script script;
    SyncObjectPtr phase = script.checker->createSyncObject();
    AsyncAgentPtr load = script.issue(lane(0));
    script.copy(*load, AccessKind::Write, shared(0));
    script.checker->complete(*load, *phase);
    if (isWaited)
      script.acquire(warp(1), *phase);
    script.read(warp(1), shared(0));
    EXPECT_EQ(script.rules(), isWaited ? "" : "shared-race");
  }
}

TEST(CheckerProxyTest, ACompletionSaysNothingOfItsIssuer) {
  // complete_tx publishes the copy, not what its thread wrote before.
  Script script;
  SyncObjectPtr phase = script.checker->createSyncObject();
  script.write(lane(0), shared(64));
  AsyncAgentPtr load = script.issue(lane(0));
  script.copy(*load, AccessKind::Write, shared(0));
  script.checker->complete(*load, *phase);
  script.acquire(warp(1), *phase);
  script.read(warp(1), shared(64));
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerProxyTest, ALaterPhaseKnowsTheEarlierOnes) {
  Script script;
  SyncObjectPtr current = script.checker->createSyncObject();
  SyncObjectPtr last = script.checker->createSyncObject();
  for (uint64_t address : {0, 16}) {
    AsyncAgentPtr load = script.issue(lane(0));
    script.copy(*load, AccessKind::Write, shared(address));
    script.checker->complete(*load, *current);
    script.checker->clear(*last);
    script.checker->join(*last, *current);
    script.checker->clear(*current);
  }
  script.acquire(warp(1), *last);
  script.read(warp(1), shared(0));
  script.read(warp(1), shared(16));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerProxyTest, ARingOfBuffers) {
  // One warp copies, another reads; full and empty mbarriers.
  for (bool waitsForEmpty : {false, true}) {
    Script script;
    SyncObjectPtr full = script.checker->createSyncObject();
    SyncObjectPtr empty = script.checker->createSyncObject();
    for (int round = 0; round != 3; ++round) {
      if (round && waitsForEmpty)
        script.acquire(lane(0, 0), *empty);
      AsyncAgentPtr load = script.issue(lane(0, 0));
      script.copy(*load, AccessKind::Write, shared(0));
      script.checker->clear(*full);
      script.checker->complete(*load, *full);
      script.acquire(warp(1), *full);
      script.read(warp(1), shared(0));
      script.checker->clear(*empty);
      script.release(warp(1), *empty);
    }
    if (waitsForEmpty)
      EXPECT_EQ(script.rules(), "");
    else
      EXPECT_NE(script.rules(), "");
  }
}

TEST(CheckerProxyTest, CpAsyncArrivesForItsLanes) {
  // cp.async.mbarrier.arrive by the lower half of the warp.
  Script script;
  SyncObjectPtr phase = script.checker->createSyncObject();
  AsyncAgentPtr copy = script.issue(warp(0), AsyncKind::Copy);
  for (uint8_t i : {0, 31})
    script.copy(*copy, AccessKind::Write, shared(16 * i), 16, Proxy::Generic,
                i);
  script.checker->complete(*copy, *phase, 0xffff);
  script.acquire(warp(1), *phase);
  script.read(warp(1), shared(0));
  EXPECT_EQ(script.rules(), "");
  script.read(warp(1), shared(16 * 31));
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerProxyTest, AnMbarrierIsUsedAfterItsInit) {
  for (bool isSynchronised : {false, true}) {
    Script script;
    script.mbarrier(lane(0, 0), MbarrierUse::Initialize);
    if (isSynchronised)
      script.barrier();
    for (uint16_t index : {0, 1})
      script.mbarrier(warp(index), MbarrierUse::Use);
    EXPECT_EQ(script.rules(), isSynchronised ? "" : "shared-race shared-race");
  }
}

TEST(CheckerProxyTest, AnMbarrierIsInvalidatedAfterItsUse) {
  for (bool isSynchronised : {false, true}) {
    Script script;
    script.mbarrier(lane(0, 0), MbarrierUse::Initialize);
    script.barrier();
    script.mbarrier(warp(1), MbarrierUse::Use);
    if (isSynchronised)
      script.barrier();
    script.mbarrier(lane(0, 0), MbarrierUse::Invalidate);
    EXPECT_EQ(script.rules(), isSynchronised ? "" : "shared-race");
  }
}

// As cuda::pipeline does: a lane speaks for its warp.
TEST(CheckerProxyTest, OneLaneOfAWarpMayTellOfAnMbarriersEnd) {
  for (bool isWritten : {false, true}) {
    Script script;
    script.mbarrier(lane(0, 0), MbarrierUse::Initialize);
    script.barrier();
    script.mbarrier(warp(1), MbarrierUse::Use);
    script.write(lane(5, 1), shared(256));
    script.strong(lane(3, 1), AccessKind::Atomic, shared(64), Order::Release);
    script.strong(lane(0, 0), AccessKind::Atomic, shared(64), Order::Acquire);
    script.mbarrier(lane(0, 0), MbarrierUse::Invalidate);
    // Of mbarriers alone.
    if (isWritten)
      script.write(lane(0, 0), shared(256));
    EXPECT_EQ(script.rules(), isWritten ? "shared-race" : "");
  }
}

TEST(CheckerProxyTest, AnMbarrierIsNoData) {
  for (bool isInvalidated : {false, true})
    for (AccessKind kind : {AccessKind::Read, AccessKind::Write}) {
      Script script;
      script.mbarrier(lane(0), MbarrierUse::Initialize);
      if (isInvalidated)
        script.mbarrier(lane(0), MbarrierUse::Invalidate);
      script.access(lane(0), kind, shared(132));
      EXPECT_EQ(script.rules(), isInvalidated ? "" : "mbarrier-invalid");
    }
}

TEST(CheckerProxyTest, ACopyNeedsAFenceAfterTheInit) {
  enum Fence { None, MbarrierInit, ProxyAsync, OfAnotherLane };
  for (Fence fence : {None, MbarrierInit, ProxyAsync, OfAnotherLane})
    for (bool isSameLane : {true, false}) {
      Script script;
      MemoryPlace memory = {PtxSpace::Shared, 0};
      script.mbarrier(lane(0, 0), MbarrierUse::Initialize);
      if (fence == MbarrierInit)
        script.checker->mbarrierInitFence(script.place(lane(0, 0)));
      if (fence == ProxyAsync)
        script.proxyFence(lane(0, 0));
      if (fence == OfAnotherLane)
        script.proxyFence(lane(1, 0));
      ScriptThread issuer = isSameLane ? lane(0, 0) : lane(0, 1);
      if (!isSameLane)
        script.barrier();
      AsyncAgentPtr load = script.issue(issuer);
      script.checker->mbarrier(*load, memory, 128);
      bool isFine = fence == MbarrierInit || fence == ProxyAsync;
      EXPECT_EQ(script.rules(), isFine ? "" : "mbarrier-init-fence")
          << fence << isSameLane;
    }
}

TEST(CheckerProxyTest, ARemoteArrivalNeedsTheInit) {
  // Block 1 arrives at an mbarrier of block 0.
  enum Way { Nothing, Relaxed, RelaxedFenced, Full };
  for (Way way : {Nothing, Relaxed, RelaxedFenced, Full}) {
    Script script({2, 1, 2});
    script.mbarrier(lane(0, 0, 0), MbarrierUse::Initialize);
    if (way == RelaxedFenced)
      script.checker->mbarrierInitFence(script.place(lane(0, 0, 0)));
    if (way != Nothing)
      script.clusterBarrier(way == Full ? Order::Release : Order::Relaxed);
    script.mbarrier(lane(0, 0, 1), MbarrierUse::Use);
    bool isFine = way == RelaxedFenced || way == Full;
    EXPECT_EQ(script.rules(), isFine ? "" : "mbarrier-init-fence") << way;
  }
}

//===----------------------------------------------------------------------===//
// Proxies
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, AWriterFencesBeforeTheHandOver) {
  enum Order { NoFence, BeforeBarrier, AfterBarrier };
  for (Order order : {NoFence, BeforeBarrier, AfterBarrier})
    for (AccessKind kind : {AccessKind::Read, AccessKind::Write}) {
      Script script;
      script.write(lane(3, 1), shared(0), 16);
      if (order == BeforeBarrier)
        script.proxyFence(warp(1));
      script.barrier();
      if (order == AfterBarrier)
        script.proxyFence(warp(1));
      AsyncAgentPtr store = script.issue(lane(0, 0));
      script.copy(*store, kind, shared(0));
      EXPECT_EQ(script.rules(),
                order == BeforeBarrier ? "" : "missing-proxy-fence");
    }
}

TEST(CheckerProxyTest, TheFenceOfTheIssuerIsNotTheWriters) {
  Script script;
  script.write(lane(3, 1), shared(0), 16);
  script.barrier();
  script.proxyFence(warp(0));
  AsyncAgentPtr store = script.issue(lane(0, 0));
  script.copy(*store, AccessKind::Read, shared(0));
  EXPECT_EQ(script.rules(), "missing-proxy-fence");
}

TEST(CheckerProxyTest, ALaneFencesItsOwnWrites) {
  for (unsigned writer : {0u, 1u}) {
    Script script;
    script.write(lane(writer), shared(0), 16);
    script.proxyFence(lane(0));
    script.syncWarp(warp(0));
    AsyncAgentPtr store = script.issue(lane(0));
    script.copy(*store, AccessKind::Read, shared(0));
    EXPECT_EQ(script.rules(), writer == 0 ? "" : "missing-proxy-fence");
  }
}

TEST(CheckerProxyTest, AFenceIsOfASpace) {
  for (PtxSpace space : {PtxSpace::Shared, PtxSpace::SharedCluster,
                         PtxSpace::Global, PtxSpace::Generic})
    for (bool isGlobal : {false, true}) {
      Script script;
      ScriptAddress address = isGlobal ? global(0) : shared(0);
      script.write(lane(0), address, 16);
      script.proxyFence(lane(0), space);
      AsyncAgentPtr store = script.issue(lane(0));
      script.copy(*store, AccessKind::Read, address);
      bool isFine =
          space == PtxSpace::Generic || (space == PtxSpace::Global) == isGlobal;
      EXPECT_EQ(script.rules(), isFine ? "" : "missing-proxy-fence");
    }
}

TEST(CheckerProxyTest, AWriteAfterTheFenceIsNotFenced) {
  Script script;
  script.write(lane(0), shared(0), 16);
  script.proxyFence(lane(0));
  script.write(lane(0), shared(0), 4);
  AsyncAgentPtr store = script.issue(lane(0));
  script.copy(*store, AccessKind::Read, shared(0));
  EXPECT_EQ(script.rules(), "missing-proxy-fence");
}

TEST(CheckerProxyTest, CopiesNeedNoFenceAmongThemselves) {
  Script script;
  SyncObjectPtr phase = script.checker->createSyncObject();
  AsyncAgentPtr load = script.issue(lane(0));
  script.copy(*load, AccessKind::Write, shared(0));
  script.checker->complete(*load, *phase);
  script.acquire(warp(1), *phase);
  AsyncAgentPtr multiply = script.issue(warp(1), AsyncKind::Wgmma);
  script.copy(*multiply, AccessKind::Read, shared(0));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerProxyTest, CpAsyncIsOfTheGenericProxy) {
  // Loaded by cp.async, read by wgmma: wait, fence, barrier.
  enum Order { NoFence, FenceBeforeWait, WaitBeforeFence };
  for (Order order : {NoFence, FenceBeforeWait, WaitBeforeFence}) {
    Script script;
    AsyncAgentPtr load = script.issue(warp(0), AsyncKind::Copy);
    script.copy(*load, AccessKind::Write, shared(0), 16, Proxy::Generic, 0);
    if (order == FenceBeforeWait)
      script.proxyFence(warp(0));
    script.wait(warp(0), *load);
    if (order == WaitBeforeFence)
      script.proxyFence(warp(0));
    script.barrier();
    AsyncAgentPtr multiply = script.issue(warp(1), AsyncKind::Wgmma);
    script.copy(*multiply, AccessKind::Read, shared(0));
    EXPECT_EQ(script.rules(),
              order == WaitBeforeFence ? "" : "missing-proxy-fence");
  }
}

TEST(CheckerProxyTest, CpAsyncThroughAnMbarrierIsFencedByItsReader) {
  for (bool isFenced : {false, true}) {
    Script script;
    SyncObjectPtr phase = script.checker->createSyncObject();
    AsyncAgentPtr load = script.issue(warp(0), AsyncKind::Copy);
    script.copy(*load, AccessKind::Write, shared(0), 16, Proxy::Generic, 0);
    script.checker->complete(*load, *phase);
    script.acquire(warp(1), *phase);
    if (isFenced)
      script.proxyFence(warp(1));
    AsyncAgentPtr multiply = script.issue(warp(1), AsyncKind::Wgmma);
    script.copy(*multiply, AccessKind::Read, shared(0));
    EXPECT_EQ(script.rules(), isFenced ? "" : "missing-proxy-fence");
  }
}

TEST(CheckerProxyTest, ACopyOverWhatWasRead) {
  // Rule (c): the reader fences before it says that the buffer is empty.
  for (bool isOn : {false, true})
    for (bool isFenced : {false, true}) {
      Script script({1, 2, 1, false, isOn});
      SyncObjectPtr empty = script.checker->createSyncObject();
      script.read(warp(1), shared(0), 4, 4);
      if (isFenced)
        script.proxyFence(warp(1));
      script.release(warp(1), *empty);
      script.acquire(lane(0, 0), *empty);
      AsyncAgentPtr load = script.issue(lane(0, 0));
      script.copy(*load, AccessKind::Write, shared(0), 128);
      EXPECT_EQ(script.rules(), isOn && !isFenced ? "war-proxy" : "");
    }
}

//===----------------------------------------------------------------------===//
// Wgmma
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, OperandsOfAWgmmaInFlight) {
  for (bool isWaited : {false, true}) {
    Script script({1, 8});
    std::vector<AsyncAgentPtr> parts;
    for (uint16_t index = 0; index != 4; ++index) {
      parts.push_back(script.issue(warp(index), AsyncKind::Wgmma));
      script.copy(*parts.back(), AccessKind::Read, shared(0), 64);
    }
    // Any warp of the warpgroup that has waited for its part knows that all of
    // it is done.
    if (isWaited)
      script.wait(warp(2), *parts[2]);
    script.write(lane(0, 2), shared(0));
    EXPECT_EQ(script.rules(),
              isWaited ? ""
                       : "wgmma-in-flight wgmma-in-flight wgmma-in-flight "
                         "wgmma-in-flight");
  }
}

TEST(CheckerProxyTest, AWgmmaIsOfOneWarpgroup) {
  // Both warpgroups read; only the first has waited.
  Script script({1, 8});
  AsyncAgentPtr first = script.issue(warp(0), AsyncKind::Wgmma);
  script.copy(*first, AccessKind::Read, shared(0), 64);
  AsyncAgentPtr second = script.issue(warp(4), AsyncKind::Wgmma);
  script.copy(*second, AccessKind::Read, shared(0), 64);
  script.wait(warp(0), *first);
  script.write(lane(0, 0), shared(0));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].warp, 4u);
}

//===----------------------------------------------------------------------===//
// Tensor maps
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, ATensorMapIsReleasedAndAcquired) {
  for (bool isReleased : {false, true})
    for (bool isAcquired : {false, true})
      for (bool isSameThread : {false, true}) {
        Script script;
        ScriptThread writer = lane(0, 0);
        ScriptThread user = isSameThread ? writer : lane(0, 1);
        script.write(writer, global(0), 64);
        if (isReleased)
          script.checker->tensorMapRelease(script.place(writer), Scope::Device);
        script.barrier();
        std::array<uint64_t, numLanes> addresses;
        addresses.fill(globalBase);
        if (isAcquired)
          script.checker->tensorMapAcquire(script.place(user), Scope::Device,
                                           addresses.data(), 128);
        AsyncAgentPtr load = script.issue(user, AsyncKind::TensorCopy);
        script.copy(*load, AccessKind::Read, global(0), 128, Proxy::TensorMap);
        EXPECT_EQ(script.rules(),
                  isReleased && isAcquired ? "" : "tensormap-fence")
            << isReleased << isAcquired << isSameThread;
      }
}

TEST(CheckerProxyTest, AnAcquireIsOfOneTensorMap) {
  Script script;
  script.write(lane(0, 0), global(0), 64);
  script.write(lane(0, 0), global(128), 64);
  script.checker->tensorMapRelease(script.place(lane(0, 0)), Scope::Device);
  script.barrier();
  std::array<uint64_t, numLanes> addresses;
  addresses.fill(globalBase);
  script.checker->tensorMapAcquire(script.place(lane(0, 1)), Scope::Device,
                                   addresses.data(), 128);
  AsyncAgentPtr load = script.issue(lane(0, 1), AsyncKind::TensorCopy);
  script.copy(*load, AccessKind::Read, global(128), 128, Proxy::TensorMap);
  EXPECT_EQ(script.rules(), "tensormap-fence");
}

TEST(CheckerProxyTest, ATensorMapOfTheHostNeedsNoFence) {
  Script script;
  AsyncAgentPtr load = script.issue(lane(0), AsyncKind::TensorCopy);
  script.copy(*load, AccessKind::Read, global(0), 128, Proxy::TensorMap);
  EXPECT_EQ(script.rules(), "");
}

//===----------------------------------------------------------------------===//
// The end of a block
//===----------------------------------------------------------------------===//

TEST(CheckerProxyTest, CopiesAreWaitedForBeforeTheEnd) {
  enum Way { NoWait, Group, GroupRead, Phase, PhaseUnseen };
  for (Way way : {NoWait, Group, GroupRead, Phase, PhaseUnseen})
    for (AccessKind kind : {AccessKind::Read, AccessKind::Write}) {
      Script script;
      SyncObjectPtr phase = script.checker->createSyncObject();
      AsyncAgentPtr copy = script.issue(lane(0));
      script.copy(*copy, kind, shared(0));
      if (way == Group || way == GroupRead)
        script.wait(lane(0), *copy, way == GroupRead);
      if (way == Phase || way == PhaseUnseen)
        script.checker->complete(*copy, *phase);
      if (way == Phase)
        script.acquire(lane(9, 1), *phase);
      script.checker->endBlock(0);
      bool isFine = way == Group || way == Phase ||
                    (way == GroupRead && kind == AccessKind::Read);
      EXPECT_EQ(script.rules(), isFine ? "" : "async-at-exit") << way;
    }
}

TEST(CheckerProxyTest, EachLaneWaitsForItsCopyBeforeTheEnd) {
  Script script;
  uint32_t line = script.next;
  AsyncAgentPtr copy = script.issue(warp(0), AsyncKind::Copy);
  for (uint8_t i = 0; i != numLanes; ++i)
    script.copy(*copy, AccessKind::Write, shared(16 * i), 16, Proxy::Generic,
                i);
  script.wait({0, 0, 0xffff}, *copy);
  script.checker->endBlock(0);
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].rule, "async-at-exit");
  EXPECT_EQ(result.reports[0].sites[0].ptxLine, line);
}

TEST(CheckerProxyTest, AWriteToGlobalMemoryOutlivesTheBlock) {
  Script script;
  AsyncAgentPtr copy = script.issue(lane(0));
  script.copy(*copy, AccessKind::Write, global(0));
  script.checker->endBlock(0);
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerProxyTest, AMulticastIsWaitedForWhereItLands) {
  // Block 0 copies into block 1, which waits with block scope.
  for (bool isWaited : {false, true}) {
    Script script({2, 1, 2});
    SyncObjectPtr phase = script.checker->createSyncObject();
    AsyncAgentPtr copy = script.issue(lane(0, 0, 0), AsyncKind::TensorCopy);
    script.copy(*copy, AccessKind::Write, sharedOf(1, 0));
    script.checker->complete(*copy, *phase);
    if (isWaited) {
      script.acquire(lane(0, 0, 1), *phase);
      script.read(lane(0, 0, 1), shared(0));
    }
    script.checker->endBlock(0);
    script.checker->endBlock(1);
    EXPECT_EQ(script.rules(), isWaited ? "" : "async-at-exit cluster-exit");
  }
}
