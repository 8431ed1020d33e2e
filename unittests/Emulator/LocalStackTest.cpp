//===- LocalStackTest.cpp - alloca, stacksave, stackrestore ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"

using namespace mlir::tk;

namespace {

/// Runs `code` with the lane in %r0, and gives %r1 of each lane. Functions come
/// before the kernel.
struct StackRun : PtxRun {
  explicit StackRun(const std::string &code, const std::string &functions = "")
      : PtxRun(".version 8.8\n.target sm_90a\n.address_size 64\n" + functions +
               ".visible .entry kernel(.param .u64 out)\n{\n"
               ".reg .pred %p; .reg .b32 %r<8>; .reg .b64 %l<8>;\n"
               "mov.u32 %r0, %tid.x;\nmov.u32 %r1, 0;\n" +
               code +
               "\nld.param.u64 %l7, [out];\n"
               "mad.wide.u32 %l7, %r0, 4, %l7;\n"
               "st.global.u32 [%l7], %r1;\nret;\n}\n") {
    out = buffer(std::vector<uint32_t>(32));
    launch.addArgument(out);
  }

  std::vector<uint32_t> results() {
    runClean();
    return read<uint32_t>(out, 32);
  }

  /// The rule that was broken, and what the report says of it.
  std::string mistake() {
    if (!run() || result.reports.empty())
      return error;
    return result.reports[0].rule + ": " + result.reports[0].detail;
  }

  uint64_t out = 0;
};

} // namespace

// Lane i allocates 4 i + 4 bytes, and writes its number to the last word.
TEST(LocalStackTest, LanesAllocateAsTheyLike) {
  StackRun run(R"(
mad.lo.u32 %r2, %r0, 4, 4;
cvt.u64.u32 %l0, %r2;
alloca.u64 %l1, %l0, 16;
alloca.u64 %l2, 4;
add.u64 %l3, %l1, %l0;
st.local.u32 [%l3+-4], %r0;
st.local.u32 [%l2], 77;
cvta.local.u64 %l4, %l3;
ld.u32 %r1, [%l4+-4];
or.b64 %l5, %l1, 0;
and.b64 %l5, %l5, 15;
and.b64 %l6, %l2, 7;
add.u64 %l5, %l5, %l6;
cvt.u32.u64 %r3, %l5;
mad.lo.u32 %r1, %r3, 1000, %r1;)");
  std::vector<uint32_t> results = run.results();
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(results[lane], lane);
}

// Even lanes access a variable of the kernel, odd ones what alloca gave.
TEST(LocalStackTest, OneAccessMayMeetBothKinds) {
  StackRun run(R"(
.local .align 4 .b8 fixed[4];
alloca.u32 %r2, 4;
mov.u32 %r3, fixed;
and.b32 %r4, %r0, 1;
setp.ne.u32 %p, %r4, 0;
@%p mov.u32 %r3, %r2;
add.u32 %r5, %r0, 5;
st.local.u32 [%r3], %r5;
ld.local.u32 %r1, [%r3];)");
  std::vector<uint32_t> results = run.results();
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(results[lane], lane + 5);
}

// More than a thread has, were it not freed each time.
TEST(LocalStackTest, RestoringFrees) {
  StackRun run(R"(
again:
stacksave.u64 %l0;
alloca.u64 %l1, 400000;
st.local.u32 [%l1+399996], %r1;
ld.local.u32 %r1, [%l1+399996];
stackrestore.u64 %l0;
add.u32 %r1, %r1, 1;
setp.lt.u32 %p, %r1, 3;
@%p bra again;)");
  EXPECT_EQ(run.results(), std::vector<uint32_t>(32, 3));
}

TEST(LocalStackTest, ReturningFrees) {
  StackRun run("again:\ncall (%r1), large, (%r1);\n"
               "setp.lt.u32 %p, %r1, 3;\n@%p bra again;",
               ".func (.reg .b32 %result) large(.reg .b32 %x)\n{\n"
               ".reg .b64 %a;\nalloca.u64 %a, 400000;\n"
               "st.local.u32 [%a+399996], %x;\n"
               "ld.local.u32 %result, [%a+399996];\n"
               "add.u32 %result, %result, 1;\nret;\n}\n");
  EXPECT_EQ(run.results(), std::vector<uint32_t>(32, 3));
}

TEST(LocalStackTest, TheCallerKeepsItsOwn) {
  StackRun run("alloca.u64 %l0, 8;\nst.local.u32 [%l0], 5;\n"
               "call large, ();\nld.local.u32 %r1, [%l0];",
               ".func large()\n{\n.reg .b64 %a;\nalloca.u64 %a, 8;\n"
               "st.local.u32 [%a], 9;\nret;\n}\n");
  EXPECT_EQ(run.results(), std::vector<uint32_t>(32, 5));
}

TEST(LocalStackTest, AccessesOfOtherMemoryAreMistakes) {
  EXPECT_EQ(
      StackRun("alloca.u64 %l0, 8;\nld.local.u32 %r1, [%l0+8];").mistake(),
      "out-of-bounds: the local address 0x1000008 is outside of what "
      "alloca gave the thread, from 0x1000000 to 0x1000008");
  EXPECT_EQ(StackRun("stacksave.u64 %l1;\nalloca.u64 %l0, 8;\n"
                     "stackrestore.u64 %l1;\nld.local.u32 %r1, [%l0];")
                .mistake(),
            "out-of-bounds: the local address 0x1000000 is outside of what "
            "alloca gave the thread, from 0x1000000 to 0x1000000");
}

TEST(LocalStackTest, TooMuchIsAMistake) {
  EXPECT_EQ(StackRun("alloca.u64 %l0, 8;\nalloca.u64 %l0, 524288;").mistake(),
            "call-depth: alloca of 524288 bytes after 8: a thread has 524288");
  EXPECT_EQ(StackRun("alloca.u64 %l0, -1;").mistake(),
            "call-depth: alloca of 18446744073709551615 bytes after 0: a "
            "thread has 524288");
}

TEST(LocalStackTest, RestoringWhatWasNotSavedIsAMistake) {
  EXPECT_EQ(
      StackRun("alloca.u64 %l0, 8;\nstackrestore.u64 16777232;").mistake(),
      "out-of-bounds: stackrestore to 0x1000010, but the stack of this "
      "call is from 0x1000000 to 0x1000008");
  EXPECT_EQ(StackRun("stacksave.u64 %l0;\nalloca.u64 %l1, 8;\n"
                     "call free, (%l0);",
                     ".func free(.reg .b64 %a)\n{\nstackrestore.u64 %a;\n"
                     "ret;\n}\n")
                .mistake(),
            "out-of-bounds: stackrestore to 0x1000000, but the stack of this "
            "call is from 0x1000008 to 0x1000008");
}

TEST(LocalStackTest, FormsThatAreMissing) {
  EXPECT_NE(refusal("alloca.b64 %l0, 8;")
                .find("expects one of the types .u32, .u64, got '.b64'"),
            std::string::npos);
  for (const char *alignment : {"3", "0", "16777216"})
    EXPECT_NE(refusal(std::string("alloca.u64 %l0, 8, ") + alignment + ";")
                  .find(std::string("expects an alignment of a power of two up "
                                    "to 8388608, got ") +
                        alignment),
              std::string::npos);
  EXPECT_NE(refusal("stacksave.u64 %l0, %l1;").find("expects 1 operand, got 2"),
            std::string::npos);
}
