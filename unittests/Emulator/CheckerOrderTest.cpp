//===- CheckerOrderTest.cpp - fences, atomics and scopes ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The message-passing test in all its forms: one thread writes data and then a
// flag, another sees the flag and reads the data.
//
//===----------------------------------------------------------------------===//

#include "CheckerScript.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

namespace {
/// What a thread does to write the flag, or to see it.
struct FlagAccess {
  std::optional<Order> fence;
  Scope fenceScope = Scope::Device;
  Order order = Order::Relaxed;
  Scope scope = Scope::Device;
};

constexpr uint64_t data = 0, flag = 256;

/// Two blocks of one or of two clusters, two warps each.
std::string passMessage(ScriptThread from, ScriptThread to, FlagAccess write,
                        FlagAccess read, unsigned blocksPerCluster = 1) {
  Script script({4, 2, blocksPerCluster});
  script.write(from, global(data));
  if (write.fence)
    script.fence(from, write.fenceScope, *write.fence);
  script.strong(from, AccessKind::Write, global(flag), write.order,
                write.scope);
  script.strong(to, AccessKind::Read, global(flag), read.order, read.scope);
  if (read.fence)
    script.fence(to, read.fenceScope, *read.fence);
  script.read(to, global(data));
  return script.rules();
}

const FlagAccess releases = {std::nullopt, Scope::Device, Order::Release,
                             Scope::Device};
const FlagAccess acquires = {std::nullopt, Scope::Device, Order::Acquire,
                             Scope::Device};
const FlagAccess relaxed = {};
const FlagAccess fences = {Order::AcquireRelease};
} // namespace

TEST(CheckerOrderTest, EachPatternSynchronisesWithEach) {
  const FlagAccess releasePatterns[] = {
      releases, fences, {Order::SequentiallyConsistent}, {Order::Release}};
  const FlagAccess acquirePatterns[] = {
      acquires, fences, {Order::SequentiallyConsistent}, {Order::Acquire}};
  for (const FlagAccess &release : releasePatterns)
    for (const FlagAccess &acquire : acquirePatterns)
      EXPECT_EQ(passMessage(lane(0, 0, 0), lane(0, 0, 1), release, acquire),
                "");
}

TEST(CheckerOrderTest, HalfAPatternDoesNot) {
  for (const FlagAccess &half : {relaxed, FlagAccess{Order::Acquire}})
    EXPECT_EQ(passMessage(lane(0, 0, 0), lane(0, 0, 1), half, acquires),
              "global-race");
  for (const FlagAccess &half : {relaxed, FlagAccess{Order::Release}})
    EXPECT_EQ(passMessage(lane(0, 0, 0), lane(0, 0, 1), releases, half),
              "global-race");
}

TEST(CheckerOrderTest, VolatileIsRelaxed) {
  FlagAccess plain = {std::nullopt, Scope::Device, Order::Volatile,
                      Scope::System};
  EXPECT_EQ(passMessage(lane(0, 0, 0), lane(0, 0, 1), plain, plain),
            "global-race");
  FlagAccess fenced = {Order::AcquireRelease, Scope::Device, Order::Volatile,
                       Scope::System};
  EXPECT_EQ(passMessage(lane(0, 0, 0), lane(0, 0, 1), fenced, fenced), "");
}

TEST(CheckerOrderTest, WeakAccessesDoNotSynchronise) {
  Script script({2, 1});
  script.write(lane(0, 0, 0), global(data));
  script.fence(lane(0, 0, 0));
  script.write(lane(0, 0, 0), global(flag));
  script.read(lane(0, 0, 1), global(flag));
  script.fence(lane(0, 0, 1));
  script.read(lane(0, 0, 1), global(data));
  EXPECT_EQ(script.rules(), "global-race global-race") << "flag and data";
}

/// The scopes of release and acquire must hold each other's threads.
TEST(CheckerOrderTest, ScopesMustReach) {
  const ScriptThread sameBlock[] = {lane(0, 0, 0), lane(0, 1, 0)};
  const ScriptThread sameCluster[] = {lane(0, 0, 0), lane(0, 0, 1)};
  const ScriptThread otherCluster[] = {lane(0, 0, 0), lane(0, 0, 2)};
  struct Case {
    const ScriptThread *threads;
    Scope needed;
  };
  for (Case test :
       {Case{sameBlock, Scope::Block}, Case{sameCluster, Scope::Cluster},
        Case{otherCluster, Scope::Device}})
    for (Scope write :
         {Scope::Block, Scope::Cluster, Scope::Device, Scope::System})
      for (Scope read :
           {Scope::Block, Scope::Cluster, Scope::Device, Scope::System}) {
        bool reaches = write >= test.needed && read >= test.needed;
        FlagAccess release = {std::nullopt, Scope::Device, Order::Release,
                              write};
        FlagAccess acquire = {std::nullopt, Scope::Device, Order::Acquire,
                              read};
        std::string rules =
            passMessage(test.threads[0], test.threads[1], release, acquire, 2);
        // Where they do not reach, the flag itself races too.
        EXPECT_EQ(rules, reaches ? "" : "global-race global-race")
            << int(test.needed) << int(write) << int(read);
        // Fences have scopes of their own.
        FlagAccess releaseFence = {Order::AcquireRelease, write};
        FlagAccess acquireFence = {Order::AcquireRelease, read};
        rules = passMessage(test.threads[0], test.threads[1], releaseFence,
                            acquireFence, 2);
        EXPECT_EQ(rules, reaches ? "" : "global-race");
      }
}

TEST(CheckerOrderTest, ANarrowFenceAfterAWideOneAddsToIt) {
  // The flag publishes to the device what lies before the wide fence only.
  Script script({2, 1});
  script.write(lane(0, 0, 0), global(0));
  script.fence(lane(0, 0, 0), Scope::Device);
  script.write(lane(0, 0, 0), global(4));
  script.fence(lane(0, 0, 0), Scope::Block);
  script.strong(lane(0, 0, 0), AccessKind::Write, global(flag), Order::Relaxed);
  script.strong(lane(0, 0, 1), AccessKind::Read, global(flag), Order::Acquire);
  script.read(lane(0, 0, 1), global(0));
  EXPECT_EQ(script.rules(), "");
  script.read(lane(0, 0, 1), global(4));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AFenceOfOneLaneIsNotOneOfAnother) {
  Script script({2, 1});
  script.write(lane(1, 0, 0), global(data));
  script.fence(lane(0, 0, 0));
  script.strong(lane(1, 0, 0), AccessKind::Write, global(flag), Order::Relaxed);
  script.strong(lane(0, 0, 1), AccessKind::Read, global(flag), Order::Acquire);
  script.read(lane(0, 0, 1), global(data));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AccessesAfterTheFenceAreNotPublished) {
  Script script({2, 1});
  script.fence(lane(0, 0, 0));
  script.write(lane(0, 0, 0), global(data));
  script.strong(lane(0, 0, 0), AccessKind::Write, global(flag), Order::Relaxed);
  script.strong(lane(0, 0, 1), AccessKind::Read, global(flag), Order::Acquire);
  script.read(lane(0, 0, 1), global(data));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AnAtomicPassesOnWhatItReads) {
  // 0 releases, 1 adds without order, 2 acquires: 2 knows 0, not 1.
  Script script({3, 1});
  script.write(lane(0, 0, 0), global(0));
  script.strong(lane(0, 0, 0), AccessKind::Atomic, global(flag),
                Order::Release);
  script.write(lane(0, 0, 1), global(4));
  script.strong(lane(0, 0, 1), AccessKind::Reduction, global(flag),
                Order::Relaxed);
  script.strong(lane(0, 0, 2), AccessKind::Atomic, global(flag),
                Order::Acquire);
  script.read(lane(0, 0, 2), global(0));
  EXPECT_EQ(script.rules(), "");
  script.read(lane(0, 0, 2), global(4));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AStoreEndsTheChain) {
  Script script({3, 1});
  script.write(lane(0, 0, 0), global(data));
  script.strong(lane(0, 0, 0), AccessKind::Write, global(flag), Order::Release);
  script.strong(lane(0, 0, 1), AccessKind::Write, global(flag), Order::Relaxed);
  script.strong(lane(0, 0, 2), AccessKind::Read, global(flag), Order::Acquire);
  script.read(lane(0, 0, 2), global(data));
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, ATicketLock) {
  // Ordinary accesses under a lock taken by atom.acquire, left by
  // atom.release.
  Script script({4, 1});
  for (uint32_t block = 0; block != 4; ++block) {
    ScriptThread thread = lane(0, 0, block);
    script.strong(thread, AccessKind::Atomic, global(flag), Order::Acquire);
    script.read(thread, global(data));
    script.write(thread, global(data));
    script.strong(thread, AccessKind::Atomic, global(flag), Order::Release);
  }
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerOrderTest, AGridBarrier) {
  // bar.sync; thread 0: fence, atomic, spin, fence; bar.sync.
  Script script({4, 2});
  for (uint32_t block = 0; block != 4; ++block) {
    script.write(lane(5, 1, block), global(4 * block));
    script.barrier(block);
    script.fence(lane(0, 0, block));
    script.strong(lane(0, 0, block), AccessKind::Atomic, global(flag),
                  Order::Relaxed);
  }
  for (uint32_t block = 0; block != 4; ++block) {
    script.strong(lane(0, 0, block), AccessKind::Read, global(flag),
                  Order::Volatile);
    script.fence(lane(0, 0, block));
    script.barrier(block);
    script.read(lane(7, 1, block), global(4 * (3 - block)));
  }
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerOrderTest, MoreOriginsThanAreKeptApart) {
  Script script({16, 1});
  for (uint32_t block = 0; block != 15; ++block) {
    script.write(lane(0, 0, block), global(4 * block));
    script.strong(lane(0, 0, block), AccessKind::Atomic, global(flag),
                  Order::Release);
  }
  script.strong(lane(0, 0, 15), AccessKind::Read, global(flag), Order::Acquire);
  for (uint32_t block = 0; block != 15; ++block)
    script.read(lane(0, 0, 15), global(4 * block));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerOrderTest, AtomicsDoNotRaceWithEachOther) {
  Script script({2, 2});
  for (uint32_t block : {0, 1})
    for (uint16_t index : {0, 1})
      script.access(warp(index, block), AccessKind::Reduction, global(0), 4, 0,
                    Order::Relaxed, Scope::Device);
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerOrderTest, AtomicsOfTooNarrowAScopeDo) {
  Script script({2, 1});
  script.strong(lane(0, 0, 0), AccessKind::Atomic, global(0), Order::Relaxed,
                Scope::Block);
  script.strong(lane(0, 0, 1), AccessKind::Atomic, global(0), Order::Relaxed,
                Scope::Device);
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AtomicsOfDifferentSizesDo) {
  Script script({2, 1});
  script.access(lane(0, 0, 0), AccessKind::Atomic, global(0), 4, 0,
                Order::Relaxed, Scope::Device);
  script.access(lane(0, 0, 1), AccessKind::Atomic, global(0), 8, 0,
                Order::Relaxed, Scope::Device);
  EXPECT_EQ(script.rules(), "global-race");
}

TEST(CheckerOrderTest, AtomicsRaceWithOrdinaryAccesses) {
  Script script({2, 1});
  script.write(lane(0, 0, 0), global(0));
  script.strong(lane(0, 0, 0), AccessKind::Atomic, global(0), Order::Relaxed);
  // Of another block that has not seen the initial write.
  script.strong(lane(0, 0, 1), AccessKind::Atomic, global(0), Order::Relaxed);
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].role, "earlier write");
}

TEST(CheckerOrderTest, AllOfSeveralAtomicsAreRemembered) {
  // Warp 2 has met warp 1, the last to add, but not warp 0.
  Script script({1, 3});
  script.strong(lane(0, 0), AccessKind::Reduction, shared(0), Order::Relaxed);
  script.strong(lane(0, 1), AccessKind::Reduction, shared(0), Order::Relaxed);
  script.barrier({warp(1), warp(2)}, Scope::Block, Order::Release);
  script.read(lane(0, 2), shared(0));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].warp, 0u);
}

TEST(CheckerOrderTest, AnOrdinaryWriteEndsWhatALocationSynchronised) {
  Script script({2, 1});
  script.write(lane(0, 0, 0), global(data));
  script.strong(lane(0, 0, 0), AccessKind::Write, global(flag), Order::Release);
  script.write(lane(0, 0, 0), global(flag));
  script.strong(lane(0, 0, 1), AccessKind::Read, global(flag), Order::Acquire);
  script.read(lane(0, 0, 1), global(data));
  EXPECT_EQ(script.rules(), "global-race global-race");
}

TEST(CheckerOrderTest, AWaitThatIsRelaxedNeedsAFence) {
  for (bool isFenced : {false, true}) {
    Script script;
    SyncObjectPtr object = script.checker->createSyncObject();
    script.write(lane(0, 0), shared(0));
    script.release(lane(0, 0), *object);
    script.checker->acquire(script.place(lane(0, 1)), *object, Order::Relaxed,
                            Scope::Block);
    if (isFenced)
      script.fence(lane(0, 1), Scope::Block, Order::Acquire);
    script.read(lane(0, 1), shared(0));
    EXPECT_EQ(script.rules(), isFenced ? "" : "shared-race");
  }
}
