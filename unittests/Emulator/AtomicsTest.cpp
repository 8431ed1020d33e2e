//===- AtomicsTest.cpp ----------------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"

using namespace mlir::tk;

/// All 32 lanes do `instruction` on [%l0], which begins as `initial`; %t is the
/// lane. Returns the value after it.
template <typename T>
static T reduce(const std::string &instruction, T initial) {
  PtxRun run(makeKernel(".param .u64 place",
                        ".reg .b64 %l0; .reg .b32 %t, %o, %r<4>;\n"
                        ".reg .f32 %f<4>; .reg .b64 %d<4>; .reg .b16 %h<4>;\n"
                        ".reg .b128 %q<2>;\n"
                        "ld.param.u64 %l0, [place];\nmov.u32 %t, %laneid;\n" +
                            instruction + "\nret;"));
  uint64_t place = run.buffer(std::vector<T>{initial});
  run.launch.addArgument(place);
  run.runClean();
  return run.read<T>(place, 1).at(0);
}

TEST(AtomicsTest, IntegerOperations) {
  EXPECT_EQ(reduce<uint32_t>("red.global.add.u32 [%l0], %t;", 4), 500u);
  EXPECT_EQ(reduce<uint32_t>("atom.global.max.u32 %o, [%l0], %t;", 7), 31u);
  EXPECT_EQ(reduce<int32_t>("atom.global.min.s32 %o, [%l0], %t;", -7), -7);
  EXPECT_EQ(reduce<uint32_t>("atom.global.inc.u32 %o, [%l0], 9;", 0), 2u);
  EXPECT_EQ(reduce<uint32_t>("atom.global.dec.u32 %o, [%l0], 9;", 0), 8u);
  EXPECT_EQ(reduce<uint32_t>("red.global.or.b32 [%l0], %t;", 0x100), 0x11Fu);
  EXPECT_EQ(reduce<uint32_t>("red.global.xor.b32 [%l0], 3;", 1), 1u);
  EXPECT_EQ(reduce<uint64_t>("cvt.u64.u32 %d0, %t;\n"
                             "red.global.add.u64 [%l0], %d0;",
                             uint64_t(1) << 40),
            (uint64_t(1) << 40) + 496);
}

TEST(AtomicsTest, CompareAndSwapTakesTheFirst) {
  EXPECT_EQ(reduce<uint32_t>("add.u32 %r0, %t, 100;\n"
                             "atom.global.cas.b32 %o, [%l0], 5, %r0;",
                             5),
            100u);
  EXPECT_EQ(reduce<uint16_t>("cvt.u16.u32 %h0, %t;\nadd.u16 %h1, %h0, 1;\n"
                             "atom.global.cas.b16 %h2, [%l0], %h0, %h1;",
                             0),
            32u);
}

TEST(AtomicsTest, FloatsRoundEachTime) {
  EXPECT_EQ(reduce<float>("red.global.add.f32 [%l0], 0f3F800000;", 0.5f),
            32.5f);
  // 2^24 + 1 rounds back, 32 times.
  EXPECT_EQ(reduce<float>("red.global.add.f32 [%l0], 0f3F800000;", 16777216.f),
            16777216.f);
  EXPECT_EQ(reduce<double>("red.global.add.f64 [%l0], 0d3FF0000000000000;",
                           16777216.),
            16777248.);
  // Two halves: 1.0 and -2.0 each time.
  EXPECT_EQ(reduce<uint32_t>("mov.b32 %r0, 0xC0003C00;\n"
                             "red.global.add.noftz.f16x2 [%l0], %r0;",
                             0),
            0xD4005000u);
}

TEST(AtomicsTest, SubnormalSumsDependOnTheSpace) {
  // Half the smallest normal number, twice: flushed on global memory.
  EXPECT_EQ(reduce<uint32_t>("red.global.add.f32 [%l0], 0f00400000;", 0), 0u);
}

TEST(AtomicsTest, VectorsAreElementsOfTheirOwn) {
  PtxRun run(makeKernel(".param .u64 place",
                        ".reg .b64 %l0; .reg .f32 %f<2>;\n"
                        "ld.param.u64 %l0, [place];\n"
                        "mov.f32 %f0, 0f3F800000;\nmov.f32 %f1, 0f40000000;\n"
                        "red.global.add.v2.f32 [%l0], {%f0, %f1};\nret;"));
  uint64_t place = run.buffer(std::vector<float>{0, 1});
  run.launch.addArgument(place);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<float>(place, 2), (std::vector<float>{32, 65}));
}

// 8.2.3: the halves of a packed type are accesses of their own, which race with
// atomics of the whole word.
TEST(AtomicsTest, PackedTypesAreTwoAccesses) {
  for (bool isPacked : {false, true}) {
    PtxRun run(makeKernel(".param .u64 place",
                          std::string(".reg .b64 %l; .reg .b32 %r, %t;\n"
                                      ".reg .pred %p;\n"
                                      "ld.param.u64 %l, [place];\n"
                                      "mov.u32 %t, %tid.x; mov.u32 %r, 0;\n"
                                      "setp.lt.u32 %p, %t, 32;\n"
                                      "@%p red.global.add.u32 [%l], 1;\n"
                                      "@!%p red.global.add.") +
                              (isPacked ? "noftz.f16x2" : "u32") +
                              " [%l], %r;\nret;"));
    run.launch.block = {64, 1, 1};
    run.launch.addArgument(run.buffer(std::vector<uint32_t>{0}));
    EXPECT_EQ(run.brokenRules(),
              isPacked ? std::vector<std::string>{"global-race:12"}
                       : std::vector<std::string>());
  }
}

TEST(AtomicsTest, LocalMemoryHasNone) {
  PtxRun run(makeKernel("", ".local .align 4 .b8 place[4];\n"
                            ".reg .b64 %l; .reg .b32 %r;\n"
                            "mov.u64 %l, place; cvta.local.u64 %l, %l;\n"
                            "st.u32 [%l], 0; ld.u32 %r, [%l];\n"
                            "atom.add.u32 %r, [%l], 1;\nret;"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"wrong-space:10"});
}

TEST(AtomicsTest, WrongFormsAreErrors) {
  EXPECT_NE(refusal("red.global.exch.b32 [%l0], %r0;").find("'red' has no"),
            std::string::npos);
  EXPECT_NE(refusal("atom.global.add.f16 %h0, [%l0], %h1;").find("'.noftz'"),
            std::string::npos);
  EXPECT_NE(
      refusal("atom.global.inc.u64 %l1, [%l0], %l2;").find("does not fit"),
      std::string::npos);
  EXPECT_NE(refusal("atom.global.add.wide.u32 %r0, [%l0], %r1;")
                .find("expects a type"),
            std::string::npos);
}
