//===- WarpgroupMultiplyTest.cpp - when results of wgmma appear -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A warpgroup multiplies ones by ones: every element of the result is K = 16
// more than it was.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "llvm/ADT/bit.h"

using namespace mlir::tk;

namespace {

constexpr unsigned numThreads = 128;

/// Runs `code` with ones of bf16 in all of shared memory; it finds descriptors
/// in %desc, and its results are %f0 of each lane. `rules` are those broken;
/// without it, mistakes with registers are not reported.
std::vector<float> multiplyOnes(const std::string &code,
                                std::vector<std::string> *rules = nullptr,
                                bool hasChecks = true) {
  std::string body = R"(
.shared .align 1024 .b8 tile[4096]; .local .align 8 .b8 spill[8];
.reg .pred %p; .reg .b16 %h<2>; .reg .b32 %r<9>; .reg .b64 %desc, %l<4>; .reg .f32 %f<12>;
mov.u32 %r0, %tid.x;
mov.u32 %r1, tile;
mad.lo.u32 %r2, %r0, 32, %r1;
mov.u32 %r3, 0;
fill:
st.shared.b32 [%r2], 0x3F803F80;
add.u32 %r2, %r2, 4;
add.u32 %r3, %r3, 1;
setp.lt.u32 %p, %r3, 8;
@%p bra fill;
fence.proxy.async;
bar.sync 0;
shr.u32 %r1, %r1, 4;
cvt.u64.u32 %l0, %r1;
or.b64 %desc, %l0, 0x0000001000080000;
mov.b32 %f0, 0f3F800000; mov.b32 %f1, %f0; mov.b32 %f2, %f0; mov.b32 %f3, %f0;
mov.b32 %f4, 0f40000000;
)" + code + R"(
ld.param.u64 %l1, [out];
mad.wide.u32 %l1, %r0, 4, %l1;
st.global.f32 [%l1], %f0;
ret;
)";
  PtxRun run(makeKernel(".param .u64 out", body));
  EXPECT_EQ(run.error, "");
  run.launch.block = {numThreads, 1, 1};
  uint64_t out = run.buffer(std::vector<float>(numThreads));
  run.launch.addArgument(out);
  if (rules) {
    *rules = run.brokenRules();
  } else {
    for (const char *rule : {"wgmma-fence", "wgmma-in-flight", "async-at-exit"})
      run.options.checks.disabledRules.insert(rule);
    run.options.checks.isOn = hasChecks;
    run.runClean();
  }
  return run.read<float>(out, numThreads);
}

const std::string multiply =
    "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f0, %f1, %f2, %f3},"
    " %desc, %desc, 1, 1, 1, 0, 0;\n";
const std::string fence = "wgmma.fence.sync.aligned;\n";
const std::string commit = "wgmma.commit_group.sync.aligned;\n";
const std::string waitAll = "wgmma.wait_group.sync.aligned 0;\n";

} // namespace

TEST(WarpgroupMultiplyTest, ResultsAppearAtTheWait) {
  std::vector<std::string> rules;
  for (float value : multiplyOnes(fence + multiply + commit + waitAll, &rules))
    EXPECT_EQ(value, 17.0f);
  EXPECT_EQ(rules, std::vector<std::string>());
}

TEST(WarpgroupMultiplyTest, WithoutAWaitThereIsNaN) {
  for (float value : multiplyOnes(fence + multiply + commit))
    EXPECT_NE(value, value);
}

// Nobody keeps track of what is in flight.
TEST(WarpgroupMultiplyTest, WithoutChecksResultsAppearAtOnce) {
  for (const std::string &code :
       {fence + multiply, fence + multiply + commit + waitAll,
        fence + multiply + commit + "mov.b32 %f8, %f0;\nmov.b32 %f0, %f4;\n" +
            waitAll + "mov.b32 %f0, %f8;\n"})
    for (float value : multiplyOnes(code, nullptr, /*hasChecks=*/false))
      EXPECT_EQ(value, 17.0f);
}

// A group that was not committed is not waited for.
TEST(WarpgroupMultiplyTest, AWaitIsForCommittedGroups) {
  for (float value : multiplyOnes(fence + multiply + waitAll))
    EXPECT_NE(value, value);
}

TEST(WarpgroupMultiplyTest, AccumulatorsInFlightAreAdded) {
  for (float value : multiplyOnes(fence + multiply + multiply + commit +
                                  multiply + commit + waitAll))
    EXPECT_EQ(value, 49.0f);
}

// The latest group may be pending.
TEST(WarpgroupMultiplyTest, AWaitMayLeaveGroupsPending) {
  std::string other = multiply;
  size_t at = other.find("{%f0, %f1, %f2, %f3}");
  other.replace(at, 20, "{%f4, %f5, %f6, %f7}");
  std::string code = fence + multiply + commit + other + commit;
  for (float value : multiplyOnes(code + "wgmma.wait_group.sync.aligned 1;\n"))
    EXPECT_EQ(value, 17.0f);
  for (float value : multiplyOnes(code + "wgmma.wait_group.sync.aligned 1;\n"
                                         "mov.b32 %f0, %f4;\n"))
    EXPECT_NE(value, value);
}

// ptxas sees a copy of a register in flight as another name of it.
TEST(WarpgroupMultiplyTest, CopiesOfRegistersInFlightGetTheResult) {
  for (float value : multiplyOnes(fence + multiply + commit +
                                  "mov.b32 %f8, %f0;\nmov.b32 %f0, 0f00000000;"
                                  "\n" +
                                  waitAll + "mov.b32 %f0, %f8;\n"))
    EXPECT_EQ(value, 17.0f);
}

TEST(WarpgroupMultiplyTest, WithoutScaleDTheAccumulatorDoesNotCount) {
  std::string code = multiply;
  code.replace(code.find("%desc, 1, 1"), 11, "%desc, 0, 1");
  for (float value : multiplyOnes(fence + code + commit + waitAll))
    EXPECT_EQ(value, 16.0f);
}

TEST(WarpgroupMultiplyTest, AMissingFenceIsReported) {
  std::vector<std::string> rules;
  multiplyOnes(multiply + commit + waitAll, &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 11), "wgmma-fence");
  multiplyOnes(fence + "add.f32 %f1, %f1, %f4;\n" + multiply + commit + waitAll,
               &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 11), "wgmma-fence");
}

// nvcc puts copies and constants between the fence and the wgmma.
TEST(WarpgroupMultiplyTest, CopiesOfWhatWasFencedNeedNoFence) {
  std::vector<std::string> rules;
  multiplyOnes("add.f32 %f8, %f4, %f4;\n" + fence +
                   "mov.b32 %f1, %f8;\nmov.b32 %f2, 0f00000000;\n" + multiply +
                   commit + waitAll,
               &rules);
  EXPECT_EQ(rules, std::vector<std::string>());
  multiplyOnes(fence + "add.f32 %f8, %f4, %f4;\nmov.b32 %f1, %f8;\n" +
                   multiply + commit + waitAll,
               &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 11), "wgmma-fence");
}

TEST(WarpgroupMultiplyTest, OverwritingAccumulatorsInFlightIsReported) {
  std::vector<std::string> rules;
  multiplyOnes(fence + multiply + commit + "mov.b32 %f0, 0f00000000;\n" +
                   waitAll,
               &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 15), "wgmma-in-flight");
}

// Whatever reads them: as a value, an element of a vector, an address, ...
TEST(WarpgroupMultiplyTest, ReadingAccumulatorsInFlightIsReported) {
  for (const char *code :
       {"add.f32 %f8, %f0, %f0;", "setp.gt.f32 %p, %f0, %f4;",
        "st.local.f32 [spill], %f0;", "st.local.v2.f32 [spill], {%f4, %f0};",
        "cvt.rn.f16.f32 %h0, %f0;", "mov.b64 %l3, {%f4, %f0};",
        "selp.f32 %f8, %f0, %f4, 1;", "shfl.sync.idx.b32 %r4, %f0, 0, 31, -1;",
        "mov.b32 %r4, %f0;\nadd.u32 %r4, %r4, 1;",
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f8, %f9, %f10, "
        "%f11}, {%r4, %r5, %r6, %r7}, {%r4, %r5}, {%f4, %f5, %f6, %f0};",
        "ex2.approx.f32 %f8, %f0;"}) {
    std::vector<std::string> rules;
    multiplyOnes(fence + multiply + commit + code + "\n" + waitAll, &rules);
    ASSERT_EQ(rules.size(), 1u) << code;
    EXPECT_EQ(rules[0].substr(0, 15), "wgmma-in-flight") << code;
    multiplyOnes(fence + multiply + commit + waitAll + code + "\n", &rules);
    EXPECT_EQ(rules, std::vector<std::string>()) << code;
  }
}

// A 32-bit address of shared memory is a register like any other.
TEST(WarpgroupMultiplyTest, AResultInFlightIsNoAddress) {
  std::vector<std::string> rules;
  multiplyOnes(fence + multiply + commit +
                   "mov.b32 %r4, %f0;\nld.shared.b32 %r5, [%r4];\n" + waitAll,
               &rules);
  ASSERT_FALSE(rules.empty());
  EXPECT_EQ(rules[0].substr(0, 15), "wgmma-in-flight");
}

TEST(WarpgroupMultiplyTest, AResultInFlightIsNoOperandOfAnother) {
  std::vector<std::string> rules;
  multiplyOnes(
      fence + multiply + commit +
          "mov.b32 %r4, %f0;\n"
          "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f4, "
          "%f5, %f6, %f7}, {%r4, %r4, %r4, %r4}, %desc, 1, 1, 1, 0;\n" +
          commit + waitAll,
      &rules);
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 15), "wgmma-in-flight");
}

TEST(WarpgroupMultiplyTest, AWarpgroupHasFourWarps) {
  std::vector<std::string> rules;
  for (const char *code : {"@%p bra skip;\n", "@%p exit;\n"}) {
    multiplyOnes("setp.ge.u32 %p, %r0, 96;\n" + std::string(code) + fence +
                     multiply + commit + waitAll + "skip:\n",
                 &rules);
    ASSERT_EQ(rules.size(), 1u) << code;
    EXPECT_EQ(rules[0].substr(0, 20), "divergent-collective") << code;
  }
  PtxRun run(makeKernel("", "wgmma.fence.sync.aligned;\nret;"));
  EXPECT_EQ(run.brokenRules(),
            std::vector<std::string>{"divergent-collective:6"});
}

TEST(WarpgroupMultiplyTest, WrongFormsAreRefused) {
  auto refuse = [](const std::string &shape, const std::string &tail) {
    return refusal("wgmma.mma_async.sync.aligned." + shape +
                   " {%f0, %f1, %f2, %f3}, %l0, %l1, %p0" + tail + ";");
  };
  EXPECT_NE(refuse("m64n8k8.f32.bf16.bf16", ", 1, 1, 0, 0").find("types"),
            std::string::npos);
  EXPECT_NE(refuse("m64n8k16.f32.bf16.bf16", ", 2, 1, 0, 0").find("scale-a"),
            std::string::npos);
  EXPECT_NE(refuse("m64n8k16.f32.bf16.bf16", ", 1, 1").find("operands"),
            std::string::npos);
  EXPECT_NE(refuse("m64n12k16.f32.bf16.bf16", ", 1, 1, 0, 0").find("shape"),
            std::string::npos);
  EXPECT_EQ(refuse("m64n8k16.f32.bf16.bf16", ", 1, -1, 0, 1"), "");
  auto refuseBits = [](const std::string &shape, const std::string &tail) {
    return refusal("wgmma.mma_async.sync.aligned." + shape + tail +
                   " {%r0, %r1, %r2, %r3}, %l0, %l1, %p0;");
  };
  EXPECT_NE(refuseBits("m64n8k256.s32.b1.b1", ".xor.popc").find(".and.popc"),
            std::string::npos);
  EXPECT_NE(refuseBits("m64n8k128.s32.b1.b1", ".and.popc").find("types"),
            std::string::npos);
  EXPECT_EQ(refuseBits("m64n8k256.s32.b1.b1", ".and.popc"), "");
}
