//===- MbarriersTest.cpp - phases, counts and bytes of mbarriers ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PTX ISA 9.7.13.15. One thread does it all, so each step has one outcome.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

using namespace mlir::tk;

using Words = std::vector<uint32_t>;
using Rules = std::vector<std::string>;

namespace {

/// Runs `code` in one thread, with an mbarrier at `bar` for `count` arrivals.
/// Results go into %r0 to %r3; `test` writes whether the phase of parity 0 is
/// complete into a register. `rules`: those that were broken.
Words runWithBarrier(unsigned count, const std::string &code,
                     Rules *rules = nullptr) {
  PtxRun run(makeKernel(".param .u64 out", R"(
.shared .align 8 .b64 bar; .shared .align 8 .b64 other;
.reg .pred %p<4>; .reg .b32 %r<8>; .reg .b64 %l<4>, %s<4>;
mov.u32 %r0, 0; mov.u32 %r1, 0; mov.u32 %r2, 0; mov.u32 %r3, 0;
mbarrier.init.shared::cta.b64 [bar], )" + std::to_string(count) +
                                               ";\n" + code + R"(
ld.param.u64 %l0, [out];
st.global.v4.u32 [%l0], {%r0, %r1, %r2, %r3};
ret;)"));
  EXPECT_EQ(run.error, "");
  uint64_t out = run.buffer(Words(4));
  run.launch.block = {1, 1, 1};
  run.launch.addArgument(out);
  if (rules) {
    *rules = run.brokenRules();
    for (std::string &rule : *rules)
      rule = rule.substr(0, rule.find(':'));
  } else {
    run.runClean();
  }
  return run.read<uint32_t>(out, 4);
}

std::string arrive(const std::string &form = "") {
  return "mbarrier.arrive" + form + ".shared::cta.b64 _, [bar];\n";
}

std::string test(unsigned parity, unsigned reg) {
  return "mbarrier.test_wait.parity.shared::cta.b64 %p0, [bar], " +
         std::to_string(parity) + ";\nselp.u32 %r" + std::to_string(reg) +
         ", 1, 0, %p0;\n";
}

} // namespace

TEST(MbarriersTest, APhaseTakesItsArrivals) {
  EXPECT_EQ(runWithBarrier(2, test(0, 0) + arrive() + test(0, 1) + arrive() +
                                  test(0, 2) + test(1, 3)),
            (Words{0, 0, 1, 0}));
}

// The phase before the current one counts as complete.
TEST(MbarriersTest, AParityNamesThePhaseBefore) {
  EXPECT_EQ(runWithBarrier(1, test(1, 0) + test(0, 1) + arrive() + arrive() +
                                  test(1, 2) + test(0, 3)),
            (Words{1, 0, 1, 0}));
}

TEST(MbarriersTest, AnArrivalMayCountForMany) {
  EXPECT_EQ(
      runWithBarrier(
          5, "mbarrier.arrive.release.cta.shared::cta.b64 _, [bar], 4;\n" +
                 test(0, 0) + arrive() + test(0, 1)),
      (Words{0, 1, 0, 0}));
  Rules rules;
  runWithBarrier(2, "mbarrier.arrive.shared::cta.b64 _, [bar], 3;\n", &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-count"});
}

TEST(MbarriersTest, StatesAreOfOnePhase) {
  EXPECT_EQ(
      runWithBarrier(
          2, "mbarrier.arrive.shared::cta.b64 %s0, [bar];\n"
             "mbarrier.test_wait.shared::cta.b64 %p0, [bar], %s0;\n"
             "selp.u32 %r0, 1, 0, %p0;\n"
             "mbarrier.arrive.shared::cta.b64 %s1, [bar];\n"
             "mbarrier.test_wait.acquire.cta.shared::cta.b64 %p1, [bar], %s0;\n"
             "selp.u32 %r1, 1, 0, %p1;\n"),
      (Words{0, 1, 0, 0}));
  // Two phases later nobody knows any more.
  Rules rules;
  runWithBarrier(1,
                 "mbarrier.arrive.shared::cta.b64 %s0, [bar];\n" + arrive() +
                     "mbarrier.test_wait.shared::cta.b64 %p0, [bar], %s0;\n",
                 &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-parity"});
}

TEST(MbarriersTest, StatesHoldThePendingCount) {
  EXPECT_EQ(
      runWithBarrier(
          5, "mbarrier.arrive.noComplete.shared::cta.b64 %s0, [bar], 2;\n"
             "mbarrier.arrive.noComplete.release.cta.shared::cta.b64 %s1, "
             "[bar], 2;\n"
             "mbarrier.pending_count.b64 %r0, %s0;\n"
             "mbarrier.pending_count.b64 %r1, %s1;\n" +
                 arrive() + test(0, 2)),
      (Words{5, 3, 1, 0}));
}

TEST(MbarriersTest, NoCompleteMustNotComplete) {
  Rules rules;
  runWithBarrier(2, "mbarrier.arrive.noComplete.shared::cta.b64 _, [bar], 2;\n",
                 &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-count"});
}

// A thread that drops out is not waited for in later phases.
TEST(MbarriersTest, DroppedArrivalsCountOnce) {
  EXPECT_EQ(
      runWithBarrier(2, "mbarrier.arrive_drop.shared::cta.b64 _, [bar];\n" +
                            test(0, 0) + arrive() + test(0, 1) + arrive() +
                            test(1, 2)),
      (Words{0, 1, 1, 0}));
  EXPECT_EQ(
      runWithBarrier(
          3, "mbarrier.arrive_drop.noComplete.shared::cta.b64 %s0, [bar], "
             "2;\n" +
                 arrive() + test(0, 0) + arrive() + test(1, 1)),
      (Words{1, 1, 0, 0}));
}

TEST(MbarriersTest, PhasesWaitForBytes) {
  EXPECT_EQ(
      runWithBarrier(
          1,
          "mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 32;\n" +
              test(0, 0) +
              "mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [bar], 16;\n" +
              test(0, 1) + "mbarrier.complete_tx.shared::cta.b64 [bar], 16;\n" +
              test(0, 2)),
      (Words{0, 0, 1, 0}));
  // Bytes may come before they are expected.
  EXPECT_EQ(
      runWithBarrier(
          1, "mbarrier.complete_tx.shared::cta.b64 [bar], 16;\n"
             "mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [bar], 16;\n" +
                 test(0, 0) + arrive() + test(0, 1)),
      (Words{0, 1, 0, 0}));
  Rules rules;
  runWithBarrier(1,
                 "mbarrier.complete_tx.shared::cta.b64 [bar], 16;\n" + arrive(),
                 &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-count"});
}

// try_wait gives up after a time, with or without one given.
TEST(MbarriersTest, TryWaitsEnd) {
  EXPECT_EQ(
      runWithBarrier(
          1, "mbarrier.try_wait.parity.shared::cta.b64 %p0, [bar], 0;\n"
             "selp.u32 %r0, 1, 0, %p0;\n"
             "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 %p1, [bar], "
             "0, 1000;\n"
             "selp.u32 %r1, 1, 0, %p1;\n"
             "mbarrier.arrive.shared::cta.b64 %s0, [bar];\n"
             "mov.u32 %r4, 20;\n"
             "mbarrier.try_wait.shared::cta.b64 %p2, [bar], %s0, %r4;\n"
             "selp.u32 %r2, 1, 0, %p2;\n"),
      (Words{0, 0, 1, 0}));
}

TEST(MbarriersTest, GenericAddressesLeadToThemToo) {
  EXPECT_EQ(runWithBarrier(1, "mov.u64 %l1, bar;\ncvta.shared.u64 %l1, %l1;\n"
                              "mbarrier.arrive.b64 _, [%l1];\n"
                              "mbarrier.test_wait.parity.b64 %p0, [%l1], 0;\n"
                              "selp.u32 %r0, 1, 0, %p0;\n"),
            (Words{1, 0, 0, 0}));
}

TEST(MbarriersTest, InvalidatedMemoryIsMemory) {
  EXPECT_EQ(runWithBarrier(1, "mbarrier.inval.shared::cta.b64 [bar];\n"
                              "st.shared.u32 [bar], 9;\n"
                              "ld.shared.u32 %r0, [bar];\n"
                              "mbarrier.init.shared::cta.b64 [bar], 1;\n" +
                                  arrive() + test(0, 1)),
            (Words{9, 1, 0, 0}));
  Rules rules;
  runWithBarrier(1, "mbarrier.inval.shared::cta.b64 [bar];\n" + arrive(),
                 &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-invalid"});
  runWithBarrier(1, "mbarrier.init.shared::cta.b64 [bar], 1;\n", &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-invalid"});
  runWithBarrier(1, "mbarrier.arrive.shared::cta.b64 _, [other];\n", &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-invalid"});
}

TEST(MbarriersTest, CountsAndParitiesHaveBounds) {
  Rules rules;
  runWithBarrier(1, "mbarrier.init.shared::cta.b64 [other], 0;\n", &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-count"});
  runWithBarrier(1, test(2, 0), &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-parity"});
  runWithBarrier(1, "mbarrier.expect_tx.shared::cta.b64 [bar], 1048576;\n",
                 &rules);
  EXPECT_EQ(rules, Rules{"mbarrier-count"});
}

// An arrival of the other block: with one more count, and with bytes.
TEST(MbarriersTest, ArrivalsOfOtherBlocks) {
  PtxRun run(makeKernel(".param .u64 out", R"(
.shared .align 8 .b64 bar; .reg .pred %p; .reg .b32 %r<8>; .reg .b64 %l<2>;
mbarrier.init.shared::cta.b64 [bar], 3;
fence.mbarrier_init.release.cluster;
barrier.cluster.arrive.relaxed; barrier.cluster.wait;
mov.u32 %r0, bar; mov.u32 %r1, %cluster_ctarank; xor.b32 %r2, %r1, 1;
mapa.shared::cluster.u32 %r3, %r0, %r2;
mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%r3], 2;
mbarrier.arrive.expect_tx.release.cluster.shared::cluster.b64 _, [%r3], 8;
mbarrier.complete_tx.relaxed.cluster.shared::cluster.b64 [%r3], 8;
wait:
mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p, [bar], 0;
@!%p bra wait;
barrier.cluster.arrive; barrier.cluster.wait;
ld.param.u64 %l0, [out]; mad.wide.u32 %l0, %r1, 4, %l0;
st.global.u32 [%l0], %r2;
ret;)"));
  ASSERT_EQ(run.error, "");
  uint64_t out = run.buffer(Words(2));
  run.launch.grid = {2, 1, 1};
  run.launch.block = {1, 1, 1};
  run.launch.cluster = PtxDimensions{2, 1, 1};
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 2), (Words{1, 0}));
}

TEST(MbarriersTest, WrongFormsAreRefused) {
  auto isRefused = [](const std::string &code, const char *part) {
    return refusal("mbarrier." + code).find(part) != std::string::npos;
  };
  EXPECT_TRUE(isRefused("arrive.shared::cluster.b64 %l0, [%r0];", "'_'"));
  EXPECT_TRUE(isRefused("arrive.acquire.cta.b64 _, [%l0];", "release"));
  EXPECT_TRUE(isRefused("arrive.release.gpu.b64 _, [%l0];", "scope"));
  EXPECT_TRUE(isRefused("test_wait.b64 %p0, [%l0];", "operands"));
  EXPECT_TRUE(isRefused("arrive.expect_tx.b64 _, [%l0];", "operands"));
  EXPECT_TRUE(isRefused("init.global.b64 [%l0], 1;", "shared memory"));
  EXPECT_TRUE(isRefused("wait.b64 [%l0];", "not an operation"));
  EXPECT_TRUE(isRefused("pending_count.b64 %r0;", "expects 2 operands"));
}

// A report of a deadlock says what is missing.
TEST(MbarriersTest, AWaitForeverSaysForWhat) {
  auto roleOf = [](const std::string &body, unsigned numThreads,
                   std::string &rule) {
    PtxRun run(makeKernel("", ".shared .align 8 .b8 bar[8]; .reg .b32 %r<4>; "
                              ".reg .pred %p; .reg .b64 %l;\n" +
                                  body));
    run.launch.block = {numThreads, 1, 1};
    if (!run.run() || run.result.reports.empty())
      return std::string();
    rule = run.result.reports[0].rule;
    return run.result.reports[0].sites.at(0).role;
  };
  std::string rule;
  std::string init = "mov.u32 %r0, bar; mbarrier.init.shared.b64 [%r0], 3;\n"
                     "mbarrier.arrive.shared.b64 _, [%r0];\n";
  std::string wait = "W: mbarrier.try_wait.parity.shared.b64 %p, [%r0], 0;\n"
                     "@!%p bra W;";
  EXPECT_EQ(roleOf(init +
                       "mbarrier.expect_tx.relaxed.cta.shared.b64 [%r0], "
                       "64;\n" +
                       wait,
                   1, rule),
            "waits for the mbarrier at 0x400: phase 0 lacks 2 of 3 arrivals "
            "and 64 bytes");
  EXPECT_EQ(rule, "deadlock");
  EXPECT_EQ(roleOf(init +
                       "mbarrier.complete_tx.relaxed.cta.shared.b64 [%r0], "
                       "16;\n" +
                       wait,
                   1, rule),
            "waits for the mbarrier at 0x400: phase 0 lacks 2 of 3 arrivals, "
            "and 16 bytes arrived that nobody expects");
  std::string full = "mov.u32 %r0, bar; mbarrier.init.shared.b64 [%r0], 1;\n"
                     "mbarrier.arrive.expect_tx.shared.b64 _, [%r0], 64;\n";
  EXPECT_EQ(roleOf(full + wait, 1, rule),
            "waits for the mbarrier at 0x400: phase 0 has all arrivals, but "
            "lacks 64 bytes");
  EXPECT_EQ(roleOf("bar.sync 1, 64;", 32, rule),
            "waits for barrier 1: 32 of 64 threads have arrived");
  EXPECT_EQ(rule, "deadlock");
  // 512 threads have 128 registers each, and nobody gives any away.
  EXPECT_EQ(roleOf("setmaxnreg.inc.sync.aligned.u32 240;", 512, rule),
            "waits for 112 registers a thread, 0 are free for all");
  EXPECT_EQ(rule, "register-pool");
}
