//===- CheckerTest.cpp - accesses, barriers and lanes ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CheckerScript.h"
#include "gtest/gtest.h"

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Races and barriers
//===----------------------------------------------------------------------===//

TEST(CheckerTest, AReadByAnotherWarpNeedsABarrier) {
  Script broken;
  broken.write(warp(0), shared(64), 4, 4);
  broken.read(warp(1), shared(64), 4, 4);
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed;
  fixed.write(warp(0), shared(64), 4, 4);
  fixed.barrier();
  fixed.read(warp(1), shared(64), 4, 4);
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, AReportNamesBothAccesses) {
  Script script;
  uint32_t write = script.write(lane(3, 0), shared(68));
  uint32_t read = script.read(lane(5, 1), shared(68));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  const EmulatorReport &report = result.reports[0];
  EXPECT_EQ(report.rule, "shared-race");
  EXPECT_EQ(report.detail, "4 bytes at 0x44 of the shared memory of block 0");
  ASSERT_EQ(report.sites.size(), 2u);
  EXPECT_EQ(report.sites[0].role, "earlier write");
  EXPECT_EQ(report.sites[0].ptxLine, write);
  EXPECT_EQ(report.sites[0].warp, 0u);
  EXPECT_EQ(report.sites[0].lanes, 1u << 3);
  EXPECT_EQ(report.sites[1].role, "read");
  EXPECT_EQ(report.sites[1].ptxLine, read);
  EXPECT_EQ(report.sites[1].warp, 1u);
  EXPECT_EQ(report.sites[1].lanes, 1u << 5);
  EXPECT_EQ(report.count, 1u);
}

TEST(CheckerTest, TheSameInstructionsAreCounted) {
  Script script;
  // 32 lanes write a word each, and so does another warp: one report.
  script.write(warp(0), shared(0), 4, 4);
  script.write(warp(1), shared(0), 4, 4);
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].count, 32u);
  EXPECT_EQ(result.reports[0].sites[1].lanes, 1u) << "the lowest is shown";
}

TEST(CheckerTest, AWriteAfterAReadNeedsABarrier) {
  Script broken;
  broken.read(warp(0), shared(0));
  broken.write(lane(0, 1), shared(0));
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed;
  fixed.read(warp(0), shared(0));
  fixed.barrier();
  fixed.write(lane(0, 1), shared(0));
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, EveryReaderIsRemembered) {
  // Only warp 1 of three readers has not met the writer.
  Script script({1, 4});
  script.read(warp(0), shared(0));
  script.read(warp(1), shared(0));
  script.read(warp(2), shared(0));
  script.barrier({warp(0), warp(2), warp(3)}, Scope::Block, Order::Release);
  script.write(lane(0, 3), shared(0));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].warp, 1u);
}

TEST(CheckerTest, ReadersDoNotRace) {
  Script script;
  script.read(warp(0), shared(0));
  script.read(warp(1), shared(0));
  script.read(warp(0), global(0));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerTest, BlocksHaveSharedMemoryOfTheirOwn) {
  Script script({2, 1});
  script.write(lane(0, 0, 0), shared(0));
  script.write(lane(0, 0, 1), shared(0));
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerTest, BlocksRaceInGlobalMemory) {
  Script script({2, 1});
  script.write(lane(0, 0, 0), global(128));
  script.write(lane(0, 0, 1), global(128));
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].rule, "global-race");
  EXPECT_EQ(result.reports[0].detail,
            "4 bytes at 0x700000080 of global memory");
  EXPECT_EQ(result.reports[0].sites[1].block[0], 1u);
}

TEST(CheckerTest, ABarrierOrdersOneGenerationOnly) {
  // What comes after the barrier is not known by it.
  Script script;
  script.barrier();
  script.write(lane(0, 0), shared(0));
  script.read(lane(0, 1), shared(0));
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerTest, OrderIsTransitive) {
  // 0 -> 1 by one barrier, 1 -> 2 by another; 0 and 2 never met.
  Script script({1, 3});
  script.write(lane(0, 0), shared(0));
  script.barrier({warp(0), warp(1)}, Scope::Block, Order::Release);
  script.barrier({warp(1), warp(2)}, Scope::Block, Order::Release);
  script.read(warp(2), shared(0));
  EXPECT_EQ(script.rules(), "");
}

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

TEST(CheckerTest, BytesOfAWordAreApart) {
  Script script;
  script.write(lane(0, 0), shared(0), 1);
  script.write(lane(0, 1), shared(1), 1);
  script.write(lane(1, 1), shared(2), 2);
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerTest, AWideAccessMeetsEachByte) {
  Script script;
  uint32_t byte = script.write(lane(0, 0), shared(13), 1);
  uint32_t wide = script.write(lane(0, 1), shared(0), 16);
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].sites[0].ptxLine, byte);
  EXPECT_EQ(result.reports[0].sites[1].ptxLine, wide);
  EXPECT_EQ(result.reports[0].detail,
            "1 bytes at 0xc of the shared memory of block 0");
}

TEST(CheckerTest, UnalignedRowsOfBytes) {
  // 6 bytes from 3: parts of three words.
  Script script;
  AsyncAgentPtr copy = script.issue(lane(0, 0));
  script.copy(*copy, AccessKind::Write, shared(3), 6);
  script.read(lane(0, 1), shared(2), 1);
  script.read(lane(0, 1), shared(9), 1);
  EXPECT_EQ(script.rules(), "");
  script.read(lane(0, 1), shared(8), 1);
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerTest, AWordOfFourWritersIsOverwrittenAsOne) {
  Script script;
  script.write({0, 0, 0xf}, shared(0), 1, 1);
  script.barrier();
  script.write(lane(7, 1), shared(0), 4);
  script.read(lane(7, 1), shared(0), 4);
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerTest, AccessesOfTwoPages) {
  Script script;
  script.write(lane(0, 0), shared(1020), 8);
  script.read(lane(0, 1), shared(1024), 4);
  EXPECT_EQ(script.rules(), "shared-race");
}

//===----------------------------------------------------------------------===//
// Lanes of a warp
//===----------------------------------------------------------------------===//

TEST(CheckerTest, LanesOfAWarpAreNotOrdered) {
  Script broken;
  broken.write(lane(0), shared(0));
  broken.read(lane(1), shared(0));
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed;
  fixed.write(lane(0), shared(0));
  fixed.syncWarp(warp(0));
  fixed.read(lane(1), shared(0));
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, ALaneIsOrderedWithItself) {
  Script script;
  script.write(warp(0), shared(0), 4, 4);
  script.read(warp(0), shared(0), 4, 4);
  script.write(warp(0), shared(0), 4, 4);
  EXPECT_EQ(script.rules(), "");
}

TEST(CheckerTest, SyncWarpOrdersTheLanesOfItsMask) {
  Script script;
  script.write(lane(0), shared(0));
  script.syncWarp({0, 0, 0xffff});
  script.read(lane(15), shared(0));
  EXPECT_EQ(script.rules(), "");
  script.read(lane(16), shared(0));
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerTest, WhatOneLaneAcquiresTheOthersDoNotKnow) {
  Script broken;
  SyncObjectPtr object = broken.checker->createSyncObject();
  broken.write(lane(0, 1), shared(0));
  broken.release(lane(0, 1), *object);
  broken.acquire(lane(0, 0), *object);
  broken.read(lane(0, 0), shared(0));
  EXPECT_EQ(broken.rules(), "");
  broken.read(lane(1, 0), shared(0));
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed;
  SyncObjectPtr other = fixed.checker->createSyncObject();
  fixed.write(lane(0, 1), shared(0));
  fixed.release(lane(0, 1), *other);
  fixed.acquire(lane(0, 0), *other);
  fixed.syncWarp(warp(0));
  fixed.read(lane(1, 0), shared(0));
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, ALanePublishesItsOwnAccesses) {
  // Lane 0 arrives for its warp without a __syncwarp before.
  Script broken;
  SyncObjectPtr object = broken.checker->createSyncObject();
  broken.write(warp(0), shared(0), 4, 4);
  broken.release(lane(0, 0), *object);
  broken.acquire(warp(1), *object);
  broken.read(lane(0, 1), shared(0));
  EXPECT_EQ(broken.rules(), "");
  broken.read(lane(0, 1), shared(4));
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed;
  SyncObjectPtr other = fixed.checker->createSyncObject();
  fixed.write(warp(0), shared(0), 4, 4);
  fixed.syncWarp(warp(0));
  fixed.release(lane(0, 0), *other);
  fixed.acquire(warp(1), *other);
  fixed.read(lane(0, 1), shared(4));
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, LanesThatDifferInManyWays) {
  // Each lane publishes at a time of its own: 32 times for one warp.
  Script script;
  SyncObjectPtr object = script.checker->createSyncObject();
  for (unsigned i = 0; i != numLanes; ++i) {
    script.write(lane(i), shared(4 * i));
    if (i != 17)
      script.release(lane(i), *object);
  }
  script.acquire(warp(1), *object);
  for (unsigned i = 0; i != numLanes; ++i)
    if (i != 17)
      script.read(lane(i, 1), shared(4 * i));
  EXPECT_EQ(script.rules(), "");
  script.read(lane(0, 1), shared(4 * 17));
  EXPECT_EQ(script.rules(), "shared-race");
}

TEST(CheckerTest, LanesThatWriteOneValueToOnePlace) {
  auto same = [](unsigned, unsigned) { return true; };
  auto different = [](unsigned, unsigned) { return false; };
  Script equal;
  equal.access(warp(0), AccessKind::Write, shared(0), 4, 0, Order::Weak,
               Scope::System, same);
  EXPECT_EQ(equal.rules(), "");

  Script unequal;
  unequal.access(warp(0), AccessKind::Write, shared(0), 4, 0, Order::Weak,
                 Scope::System, different);
  EXPECT_EQ(unequal.rules(), "shared-race");

  // Of two warps it is a race, whatever the value.
  Script warps;
  for (uint16_t i : {0, 1})
    warps.access(warp(i), AccessKind::Write, shared(0), 4, 0, Order::Weak,
                 Scope::System, same);
  EXPECT_EQ(warps.rules(), "shared-race");
}

TEST(CheckerTest, OneInstructionTwiceIsNotOneWrite) {
  // Lane 0 and then, in the next iteration, lane 1 write the same place.
  Script script;
  auto same = [](unsigned, unsigned) { return true; };
  script.access(lane(0), AccessKind::Write, shared(0), 4, 0, Order::Weak,
                Scope::System, same);
  --script.next;
  script.access(lane(1), AccessKind::Write, shared(0), 4, 0, Order::Weak,
                Scope::System, same);
  EXPECT_EQ(script.rules(), "shared-race");
}

//===----------------------------------------------------------------------===//
// Unwritten memory
//===----------------------------------------------------------------------===//

TEST(CheckerTest, SharedMemoryBeginsUnwritten) {
  Script script({1, 1, 1, /*checksUnwritten=*/true});
  script.write(lane(0), shared(0), 2);
  script.read(lane(0), shared(0), 2);
  EXPECT_EQ(script.rules(), "");
  uint32_t line = script.read(lane(0), shared(0), 4);
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].rule, "unwritten-shared");
  EXPECT_EQ(result.reports[0].sites[0].ptxLine, line);
}

TEST(CheckerTest, GlobalMemoryIsWrittenByTheHostOrAKernel) {
  Script script({1, 1, 1, /*checksUnwritten=*/true});
  script.read(lane(0), global(0));
  EXPECT_EQ(script.rules(), "");
  script.write(lane(0), global(globalSize / 2), 8);
  script.read(lane(0), global(globalSize / 2), 8);
  EXPECT_EQ(script.rules(), "");
  EXPECT_EQ(script.writtenBytes[0], 0xff) << "the next launch knows it";
  EXPECT_EQ(script.writtenBytes[1], 0);
  script.access(lane(0), AccessKind::Atomic, global(globalSize / 2 + 8), 4, 0,
                Order::Relaxed, Scope::Device);
  EXPECT_EQ(script.rules(), "unwritten-global");
}

TEST(CheckerTest, CopiesReadAndWrite) {
  Script script({1, 1, 1, /*checksUnwritten=*/true});
  AsyncAgentPtr load = script.issue(lane(0));
  script.copy(*load, AccessKind::Read, global(0), 32);
  script.copy(*load, AccessKind::Write, shared(0), 32);
  script.wait(lane(0), *load);
  script.read(lane(0), shared(28));
  EXPECT_EQ(script.rules(), "");
  AsyncAgentPtr store = script.issue(lane(0));
  script.copy(*store, AccessKind::Read, shared(16), 32);
  EXPECT_EQ(script.rules(), "unwritten-shared");
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

TEST(CheckerTest, RulesAreSwitchedOffByName) {
  Script script;
  script.checks.disabledRules.insert("shared-race");
  script.checker = createChecker(script.setup);
  script.checker->beginBlock(0, 0, 2, sharedSize);
  script.write(lane(0, 0), shared(0));
  script.write(lane(0, 1), shared(0));
  EXPECT_EQ(script.rules(), "");
  EXPECT_FALSE(script.checker->isOn(Rule::SharedRace));
  EXPECT_TRUE(script.checker->isOn(Rule::GlobalRace));
}

TEST(CheckerTest, RulesHaveDistinctNames) {
  llvm::StringSet<> names;
  for (llvm::StringRef name : getEmulatorRules())
    EXPECT_TRUE(names.insert(name).second) << name.str();
  EXPECT_EQ(getEmulatorRules().size(), names.size());
  EXPECT_EQ(getName(Rule::SharedRace), "shared-race");
}

TEST(CheckerTest, TheExecutionReportsToo) {
  Script script;
  Place place = script.place(lane(4, 1));
  script.checker->report(Rule::Misaligned, place, "0x3 for 4 bytes");
  script.checker->report(Rule::Misaligned, place, "0x5 for 4 bytes");
  const EmulatorResult &result = script.finish();
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].rule, "misaligned");
  EXPECT_EQ(result.reports[0].detail, "0x3 for 4 bytes");
  EXPECT_EQ(result.reports[0].count, 2u);
}

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

TEST(CheckerTest, ABlockMustNotEndBeforeItsMemoryIsRead) {
  // Block 1 reads the memory of block 0, which ends.
  Script broken({2, 1, 2});
  broken.read(lane(0, 0, 1), sharedOf(0, 0));
  broken.checker->endBlock(0);
  EXPECT_EQ(broken.rules(), "cluster-exit");

  Script fixed({2, 1, 2});
  fixed.read(lane(0, 0, 1), sharedOf(0, 0));
  fixed.clusterBarrier();
  fixed.checker->endBlock(0);
  EXPECT_EQ(fixed.rules(), "");
}

TEST(CheckerTest, TheMemoryOfABlockThatEndedIsGone) {
  Script script({2, 1, 2});
  script.clusterBarrier();
  script.checker->endBlock(0);
  script.write(lane(0, 0, 1), sharedOf(0, 0));
  EXPECT_EQ(script.rules(), "cluster-exit");
}

TEST(CheckerTest, AClusterIsWhatTheExecutionSays) {
  // Two clusters of two blocks, above each other in a grid of 2x2: blocks 0 and
  // 2 are one, 1 and 3 the other.
  for (uint32_t other : {1, 2}) {
    Script script({4, 1, 2});
    script.checker = createChecker(script.setup);
    script.checker->addAllocation(globalBase, globalSize, nullptr);
    for (uint32_t block = 0; block != 4; ++block)
      script.checker->beginBlock(block, block % 2, 1, sharedSize);
    for (uint32_t block : {uint32_t(0), other})
      script.strong(lane(0, 0, block), AccessKind::Atomic, global(0),
                    Order::Relaxed, Scope::Cluster);
    EXPECT_EQ(script.rules(), other == 2 ? "" : "global-race");
  }
}

TEST(CheckerTest, AClusterBarrierOrdersBlocks) {
  Script broken({2, 1, 2});
  broken.write(lane(0, 0, 0), sharedOf(1, 0));
  broken.read(lane(0, 0, 1), sharedOf(1, 0));
  EXPECT_EQ(broken.rules(), "shared-race");

  Script fixed({2, 1, 2});
  fixed.write(lane(0, 0, 0), sharedOf(1, 0));
  fixed.clusterBarrier();
  fixed.read(lane(0, 0, 1), sharedOf(1, 0));
  EXPECT_EQ(fixed.rules(), "");

  // barrier.cluster.arrive.relaxed orders nothing without a fence.
  Script relaxed({2, 1, 2});
  relaxed.write(lane(0, 0, 0), sharedOf(1, 0));
  relaxed.clusterBarrier(Order::Relaxed);
  relaxed.read(lane(0, 0, 1), sharedOf(1, 0));
  EXPECT_EQ(relaxed.rules(), "shared-race");

  Script fenced({2, 1, 2});
  fenced.write(lane(0, 0, 0), sharedOf(1, 0));
  fenced.fence(lane(0, 0, 0), Scope::Cluster);
  fenced.clusterBarrier(Order::Relaxed);
  fenced.read(lane(0, 0, 1), sharedOf(1, 0));
  EXPECT_EQ(fenced.rules(), "");
}
