//===- WarpOperationsTest.cpp - what lanes and warps do together ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"
#include <numeric>

using namespace mlir::tk;

using Words = std::vector<uint32_t>;

static Words iota(uint32_t first = 0) {
  Words values(32);
  std::iota(values.begin(), values.end(), first);
  return values;
}

static Words fill(uint32_t value) { return Words(32, value); }

TEST(WarpOperationsTest, ShufflesFollowTheirModes) {
  Words down = evaluate<uint32_t>(
      "shfl.sync.down.b32 %d, %a, 4, 31, 0xffffffff;", iota(100));
  Words up =
      evaluate<uint32_t>("shfl.sync.up.b32 %d, %a, 4, 0, -1;", iota(100));
  Words butterfly =
      evaluate<uint32_t>("shfl.sync.bfly.b32 %d, %a, 1, 31, -1;", iota(100));
  // Segments of eight lanes: c = 0x1807.
  Words index =
      evaluate<uint32_t>("shfl.sync.idx.b32 %d, %a, 3, 0x1807, -1;", iota(100));
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(down[i], 100 + (i < 28 ? i + 4 : i));
    EXPECT_EQ(up[i], 100 + (i < 4 ? i : i - 4));
    EXPECT_EQ(butterfly[i], 100 + (i ^ 1));
    EXPECT_EQ(index[i], 100 + (i / 8 * 8 + 3));
  }
}

TEST(WarpOperationsTest, ShufflesTellWhetherTheSourceIsInRange) {
  Words inRange = evaluate<uint32_t>(
      "shfl.sync.down.b32 %r0|%p0, %a, 8, 31, -1;\nselp.u32 %d, 1, 0, %p0;",
      iota());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(inRange[i], i < 24 ? 1u : 0u);
}

TEST(WarpOperationsTest, VotesCountTheMembersOnly) {
  // Lanes below 8 have their own mask.
  std::string masks = "setp.lt.u32 %p0, %a, 8;\n"
                      "selp.b32 %r0, 0xff, 0xffffff00, %p0;\n"
                      "setp.gt.u32 %p1, %a, 3;\n";
  Words ballot =
      evaluate<uint32_t>(masks + "vote.sync.ballot.b32 %d, %p1, %r0;", iota());
  Words all = evaluate<uint32_t>(
      masks + "vote.sync.all.pred %p2, %p1, %r0;\nselp.u32 %d, 1, 0, %p2;",
      iota());
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(ballot[i], i < 8 ? 0xF0u : 0xFFFFFF00u);
    EXPECT_EQ(all[i], i < 8 ? 0u : 1u);
  }
}

TEST(WarpOperationsTest, VotesOfAllKinds) {
  auto vote = [](const char *mode, const char *condition) {
    return evaluate<uint32_t>(std::string("setp.") + condition +
                                  ".u32 %p0, %a, 16;\nvote.sync." + mode +
                                  ".pred %p1, %p0, -1;\n"
                                  "vote.sync." +
                                  mode +
                                  ".pred %p2, !%p0, -1;\n"
                                  "selp.u32 %d, 1, 0, %p1;\n"
                                  "selp.u32 %r0, 2, 0, %p2;\n"
                                  "add.u32 %d, %d, %r0;",
                              iota());
  };
  EXPECT_EQ(vote("all", "lt"), fill(0));
  EXPECT_EQ(vote("any", "lt"), fill(3));
  EXPECT_EQ(vote("uni", "lt"), fill(0));
  EXPECT_EQ(vote("all", "ne"), fill(0));
  EXPECT_EQ(vote("uni", "ge"), fill(0));
  EXPECT_EQ(evaluate<uint32_t>("setp.lt.u32 %p0, %a, 32;\n"
                               "vote.sync.uni.pred %p1, %p0, -1;\n"
                               "selp.u32 %d, 1, 0, %p1;",
                               iota()),
            fill(1));
}

TEST(WarpOperationsTest, LaneMasks) {
  Words values = evaluate<uint32_t>(
      "mov.u32 %r0, %lanemask_eq; mov.u32 %r1, %lanemask_le;\n"
      "mov.u32 %r2, %lanemask_lt; mov.u32 %r3, %lanemask_ge;\n"
      "mov.u32 %r4, %lanemask_gt; mov.u32 %r5, %laneid;\n"
      "shl.b32 %r6, 1, %r5; setp.eq.u32 %p0, %r6, %r0;\n"
      "or.b32 %r7, %r2, %r0; setp.eq.and.u32 %p0, %r7, %r1, %p0;\n"
      "or.b32 %r7, %r4, %r0; setp.eq.and.u32 %p0, %r7, %r3, %p0;\n"
      "or.b32 %r7, %r2, %r3; setp.eq.and.u32 %p0, %r7, -1, %p0;\n"
      "and.b32 %r7, %r2, %r3; setp.eq.and.u32 %p0, %r7, 0, %p0;\n"
      "selp.u32 %d, 1, 0, %p0;");
  EXPECT_EQ(values, fill(1));
}

TEST(WarpOperationsTest, MatchFindsEqualValues) {
  std::string modulo = "and.b32 %r0, %a, 3;\n";
  Words any =
      evaluate<uint32_t>(modulo + "match.any.sync.b32 %d, %r0, -1;", iota());
  Words all = evaluate<uint32_t>("match.all.sync.b32 %d|%p0, %a, -1;", fill(5));
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(any[i], 0x11111111u << (i & 3));
    EXPECT_EQ(all[i], 0xFFFFFFFFu);
  }
  EXPECT_EQ(evaluate<uint32_t>("match.all.sync.b32 %d|%p0, %a, -1;", iota()),
            fill(0));
}

TEST(WarpOperationsTest, ReductionsAndElection) {
  EXPECT_EQ(evaluate<uint32_t>("redux.sync.add.u32 %d, %a, -1;", iota()),
            fill(496));
  EXPECT_EQ(
      evaluate<uint32_t>("redux.sync.min.s32 %d, %a, -1;", iota(0xFFFFFFF0)),
      fill(0xFFFFFFF0));
  EXPECT_EQ(evaluate<uint32_t>("redux.sync.xor.b32 %d, %a, -1;", iota()),
            fill(0));
  EXPECT_EQ(
      evaluate<uint32_t>("elect.sync _|%p0, -1;\nselp.u32 %d, 1, 0, %p0;"), [] {
        Words first = fill(0);
        first[0] = 1;
        return first;
      }());
}

/// The two sides of a branch each have the instruction: the lanes meet.
TEST(WarpOperationsTest, LanesMeetAtDifferentPlaces) {
  Words sums = evaluate<uint32_t>("setp.lt.u32 %p0, %a, 16;\n"
                                  "@%p0 bra LOW;\n"
                                  "add.u32 %r0, %a, 1000;\n"
                                  "shfl.sync.bfly.b32 %d, %r0, 16, 31, -1;\n"
                                  "bra END;\n"
                                  "LOW:\n"
                                  "shfl.sync.bfly.b32 %d, %a, 16, 31, -1;\n"
                                  "END:\n",
                                  iota());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(sums[i], i < 16 ? 1000 + i + 16 : i - 16);
}

TEST(WarpOperationsTest, ActiveMaskShowsTheBranch) {
  Words active = evaluate<uint32_t>("mov.u32 %d, 0;\n"
                                    "setp.lt.u32 %p0, %a, 5;\n"
                                    "@%p0 activemask.b32 %d;\n",
                                    iota());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(active[i], i < 5 ? 0x1Fu : 0u);
}

/// A lock within a warp: the lane that holds it must get its turn.
TEST(WarpOperationsTest, SpinningLanesDoNotStarveTheHolder) {
  PtxRun run(
      makeKernel(".param .u64 lock, .param .u64 count",
                 ".reg .b64 %l<3>; .reg .b32 %r<5>; .reg .pred %p0;\n"
                 "ld.param.u64 %l0, [lock];\nld.param.u64 %l1, [count];\n"
                 "SPIN:\n"
                 "atom.acquire.gpu.global.cas.b32 %r0, [%l0], 0, 1;\n"
                 "setp.ne.u32 %p0, %r0, 0;\n"
                 "@%p0 bra SPIN;\n"
                 "ld.relaxed.gpu.global.u32 %r1, [%l1];\n"
                 "add.u32 %r1, %r1, 1;\n"
                 "st.relaxed.gpu.global.u32 [%l1], %r1;\n"
                 "atom.release.gpu.global.exch.b32 %r0, [%l0], 0;\n"
                 "ret;"));
  uint64_t lock = run.buffer(Words{0}), count = run.buffer(Words{0});
  run.launch.block = {64, 1, 1};
  run.launch.grid = {3, 1, 1};
  run.launch.addArgument(lock);
  run.launch.addArgument(count);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(count, 1), Words{192});
}

TEST(WarpOperationsTest, BarriersOrderWarps) {
  // Each warp reads what the next wrote.
  std::string body =
      ".shared .align 4 .b8 data[512];\n"
      ".reg .b32 %t, %v, %r<4>; .reg .b64 %a, %o;\n"
      "mov.u32 %t, %tid.x;\n"
      "shl.b32 %r0, %t, 2;\nmov.u32 %r1, data;\nadd.u32 %r0, %r0, %r1;\n"
      "st.shared.u32 [%r0], %t;\n"
      "BARRIER"
      "add.u32 %r2, %t, 32;\nand.b32 %r2, %r2, 127;\n"
      "shl.b32 %r2, %r2, 2;\nadd.u32 %r2, %r2, %r1;\n"
      "ld.shared.u32 %v, [%r2];\n"
      "ld.param.u64 %o, [out];\nmad.wide.u32 %a, %t, 4, %o;\n"
      "st.global.u32 [%a], %v;\nret;";
  auto make = [&](const std::string &barrier) {
    std::string text = body;
    text.replace(text.find("BARRIER"), 7, barrier);
    return makeKernel(".param .u64 out", text);
  };
  for (const char *barrier : {"bar.sync 0;\n", "barrier.sync 3, 128;\n",
                              "barrier.cta.sync.aligned 1;\n"}) {
    PtxRun run(make(barrier));
    uint64_t out = run.buffer(Words(128));
    run.launch.block = {128, 1, 1};
    run.launch.addArgument(out);
    ASSERT_TRUE(run.runClean()) << barrier;
    Words values = run.read<uint32_t>(out, 128);
    for (uint32_t i = 0; i < 128; ++i)
      EXPECT_EQ(values[i], (i + 32) % 128);
  }
  PtxRun without(make(""));
  without.launch.block = {128, 1, 1};
  without.launch.addArgument(without.buffer(Words(128)));
  EXPECT_FALSE(without.brokenRules().empty());
}

TEST(WarpOperationsTest, BarrierReductionsSeeAllThreads) {
  PtxRun run(
      makeKernel(".param .u64 out",
                 ".reg .b32 %t, %n; .reg .b64 %a, %o; .reg .pred %p<3>;\n"
                 "mov.u32 %t, %tid.x;\nsetp.lt.u32 %p0, %t, 70;\n"
                 "barrier.cta.red.popc.aligned.u32 %n, 0, %p0;\n"
                 "bar.red.and.pred %p1, 0, !%p0;\n"
                 "@%p1 add.u32 %n, %n, 1000;\n"
                 "bar.red.or.pred %p1, 0, %p0;\n"
                 "@%p1 add.u32 %n, %n, 2000;\n"
                 "ld.param.u64 %o, [out];\n"
                 "mad.wide.u32 %a, %t, 4, %o;\n"
                 "st.global.u32 [%a], %n;\nret;"));
  uint64_t out = run.buffer(Words(96));
  run.launch.block = {96, 1, 1};
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 96), Words(96, 2070));
}

TEST(WarpOperationsTest, BarrierReductionsNeedAllThreads) {
  PtxRun run(makeKernel("", ".reg .b32 %t; .reg .pred %p<2>;\n"
                            "mov.u32 %t, %tid.x; setp.lt.u32 %p0, %t, 32;\n"
                            "@!%p0 bra B;\n"
                            "bar.red.or.pred %p1, 1, 64, %p0; ret;\n"
                            "B: bar.sync 1, 64; ret;"));
  run.launch.block = {64, 1, 1};
  EXPECT_EQ(run.brokenRules(),
            std::vector<std::string>{"divergent-collective:10"});
}

TEST(WarpOperationsTest, WarpsThatDoNotComeDeadlock) {
  PtxRun run(makeKernel("", ".reg .b32 %t; .reg .pred %p0;\n"
                            "mov.u32 %t, %tid.x;\nsetp.lt.u32 %p0, %t, 32;\n"
                            "@%p0 bra END;\n"
                            "bar.sync 1, 64;\n"
                            "END: ret;"));
  run.launch.block = {64, 1, 1};
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"deadlock:10"});
}

TEST(WarpOperationsTest, BarrierCountsMustFit) {
  PtxRun run(makeKernel("", "bar.sync 1, 48;\nret;"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"barrier-count:6"});
}

TEST(WarpOperationsTest, MasksMustNameTheirLanes) {
  PtxRun run(makeKernel("", "bar.warp.sync 1;\nret;"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"collective-mask:6"});
}
