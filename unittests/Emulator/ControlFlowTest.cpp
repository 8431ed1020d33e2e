//===- ControlFlowTest.cpp - branches, calls, variables, printing ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"
#include <numeric>

using namespace mlir::tk;

using Words = std::vector<uint32_t>;

static Words iota() {
  Words values(32);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

static const char *const header =
    ".version 8.8\n.target sm_90a\n.address_size 64\n";

/// An entry that stores %v of each thread; `body` computes it from %t.
static std::string makeEntry(const std::string &body) {
  return ".visible .entry kernel(.param .u64 out)\n{\n"
         ".reg .b64 %o, %a, %l<8>; .reg .b32 %t, %v, %r<8>;\n"
         ".reg .pred %p<4>;\n"
         "mov.u32 %t, %tid.x;\n" +
         body +
         "\nld.param.u64 %o, [out];\nmad.wide.u32 %a, %t, 4, %o;\n"
         "st.global.u32 [%a], %v;\nret;\n}\n";
}

static Words runModule(const std::string &text) {
  PtxRun run(text);
  uint64_t out = run.buffer(Words(32));
  run.launch.addArgument(out);
  run.runClean();
  return run.read<uint32_t>(out, 32);
}

/// Lane i goes around i times, and all meet again behind the loop.
TEST(ControlFlowTest, LoopsDivergeAndMeetAgain) {
  Words counts = evaluate<uint32_t>("mov.u32 %r0, 0;\nmov.u32 %d, 0;\n"
                                    "LOOP:\n"
                                    "setp.ge.u32 %p0, %r0, %a;\n"
                                    "@%p0 bra END;\n"
                                    "add.u32 %r0, %r0, 1;\n"
                                    "bra LOOP;\n"
                                    "END:\n"
                                    "activemask.b32 %r1;\n"
                                    "popc.b32 %r1, %r1;\n"
                                    "mad.lo.u32 %d, %r0, 100, %r1;\n",
                                    iota());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(counts[i], i * 100 + 32);
}

TEST(ControlFlowTest, BranchesGoByIndex) {
  Words values = evaluate<uint32_t>("and.b32 %r0, %a, 3;\n"
                                    "TARGETS: .branchtargets A, B, A, C;\n"
                                    "brx.idx %r0, TARGETS;\n"
                                    "A: mov.u32 %d, 10;\nbra END;\n"
                                    "B: mov.u32 %d, 20;\nbra END;\n"
                                    "C: mov.u32 %d, 30;\n"
                                    "END:\n",
                                    iota());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], (Words{10, 20, 10, 30})[i % 4]);
}

TEST(ControlFlowTest, GuardsHoldForSomeLanes) {
  Words values = evaluate<uint32_t>("mov.u32 %d, 1;\n"
                                    "setp.lt.u32 %p0, %a, 7;\n"
                                    "@%p0 mov.u32 %d, 2;\n"
                                    "@!%p0 exit;\n",
                                    iota());
  // Lanes that exit store nothing.
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], i < 7 ? 2u : 0u);
}

static const char *const factorial =
    ".func (.param .b32 result) factorial(.param .b32 n)\n{\n"
    ".reg .b32 %r<4>; .reg .pred %p;\n"
    "ld.param.u32 %r0, [n];\nsetp.gt.u32 %p, %r0, 1;\nmov.u32 %r1, 1;\n"
    "@!%p bra END;\n"
    "sub.u32 %r2, %r0, 1;\n"
    "{ .param .b32 p; .param .b32 q;\nst.param.b32 [p], %r2;\n"
    "call.uni (q), factorial, (p);\nld.param.b32 %r3, [q]; }\n"
    "mul.lo.u32 %r1, %r0, %r3;\n"
    "END: st.param.b32 [result], %r1;\nret;\n}\n";

/// Lanes are at different depths at a time.
TEST(ControlFlowTest, FunctionsCallThemselves) {
  Words values = runModule(
      header + std::string(factorial) +
      makeEntry("and.b32 %r0, %t, 7;\n"
                "{ .param .b32 p; .param .b32 q;\nst.param.b32 [p], %r0;\n"
                "call (q), factorial, (p);\nld.param.b32 %v, [q]; }"));
  uint32_t expected[] = {1, 1, 2, 6, 24, 120, 720, 5040};
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], expected[i & 7]);
}

TEST(ControlFlowTest, CallsGoThroughPointers) {
  Words values = runModule(
      header +
      std::string(".func (.reg .b32 %o) twice(.reg .b32 %i)\n"
                  "{ add.u32 %o, %i, %i; ret; }\n"
                  ".func (.reg .b32 %o) next(.reg .b32 %i)\n"
                  "{ add.u32 %o, %i, 1; ret; }\n"
                  ".global .u64 table[2] = {twice, next};\n") +
      makeEntry("and.b32 %r0, %t, 1;\nmov.u64 %l0, table;\n"
                "mad.wide.u32 %l0, %r0, 8, %l0;\nld.global.u64 %l1, [%l0];\n"
                "P: .callprototype (.reg .b32 _) _ (.reg .b32 _);\n"
                "call (%v), %l1, (%t), P;"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], i % 2 ? i + 1 : 2 * i);
}

/// 7.1: a register, a constant or a `.param` variable for a scalar of either
/// space, and registers or variables for results.
TEST(ControlFlowTest, ArgumentsMixSpaces) {
  Words values = runModule(
      header +
      std::string(".func (.reg .b32 %o) twice(.reg .b32 %i)\n"
                  "{ add.u32 %o, %i, %i; ret; }\n"
                  ".func (.param .b32 o) next(.param .b32 i)\n"
                  "{ .reg .b32 %r; ld.param.b32 %r, [i];\n"
                  "add.u32 %r, %r, 1; st.param.b32 [o], %r; ret; }\n") +
      makeEntry(".param .b32 p, q; .reg .b32 %s<8>;\nst.param.b32 [p], %t;\n"
                "call (%s0), twice, (5);\n"
                "call (%s1), next, (%t);\n"
                "call (%s2), twice, (p);\n"
                "call (q), twice, (1 + 2);\nld.param.b32 %s3, [q];\n"
                "call (_), next, (p);\n"
                // 10 + (t + 1) + 2 t + 6
                "add.u32 %v, %s0, %s1; add.u32 %v, %v, %s2;\n"
                "add.u32 %v, %v, %s3;"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], 17 + 3 * i);
  EXPECT_NE(PtxRun(header +
                   std::string(".func f(.param .b8 a[16]) { ret; }\n") +
                   makeEntry("call f, (%t);"))
                .error.find("expects a '.param' variable"),
            std::string::npos);
}

// 11.2.2: a last parameter without a size takes what the caller gives. Here a
// number of words, which the function adds; it calls itself with fewer.
TEST(ControlFlowTest, TheLastParameterMayHaveNoSize) {
  const std::string sum =
      ".func (.param .b32 o) sum(.param .b32 n, .param .align 8 .b8 a[])\n"
      "{ .reg .b32 %n, %v, %w; .reg .b64 %a; .reg .pred %p;\n"
      ".local .b32 mine; st.local.b32 [mine], 7; ld.param.b32 %n, [n];\n"
      "mov.u64 %a, a; mov.u32 %v, 0;\n"
      "L: ld.param.b32 %w, [%a]; add.u32 %v, %v, %w; add.u64 %a, %a, 4;\n"
      "sub.u32 %n, %n, 1; setp.ne.u32 %p, %n, 0; @%p bra L;\n"
      "ld.param.b32 %n, [n]; setp.eq.u32 %p, %n, 1; @%p bra E;\n"
      "{ .param .b32 m; .param .align 8 .b8 b[4]; .param .b32 r;\n"
      "st.param.b32 [m], 1; st.param.b32 [b], 100; call (r), sum, (m, b);\n"
      "ld.param.b32 %w, [r]; add.u32 %v, %v, %w; }\n"
      "E: ld.local.b32 %w, [mine]; add.u32 %v, %v, %w;\n"
      "st.param.b32 [o], %v; ret; }\n";
  auto call = [&](const std::string &numWords) {
    return header + sum +
           makeEntry("{ .param .b32 m; .param .align 8 .b8 b[12];\n"
                     ".param .b32 r; st.param.b32 [m], " +
                     numWords +
                     ";\nst.param.b32 [b], %t; st.param.b32 [b+4], 10;\n"
                     "st.param.b32 [b+8], 20; call (r), sum, (m, b);\n"
                     "ld.param.b32 %v, [r]; }");
  };
  Words values = runModule(call("3"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], i + 30 + 7 + 100 + 7);
  // 16 bytes are there for 12, and no more.
  PtxRun tooFar(call("5"));
  tooFar.launch.addArgument(tooFar.buffer(Words(32)));
  EXPECT_EQ(tooFar.brokenRules(), std::vector<std::string>{"out-of-bounds:8"});
  EXPECT_NE(PtxRun(header +
                   std::string(".func f(.param .b8 a[], .param .b32 "
                               "b) { ret; }\n") +
                   makeEntry(""))
                .error.find("only the last parameter may have no size"),
            std::string::npos);
  EXPECT_NE(PtxRun(header +
                   std::string(".func (.param .b8 r[]) f() { ret; }\n") +
                   makeEntry(""))
                .error.find("a result has a size"),
            std::string::npos);
  EXPECT_NE(PtxRun(header + std::string(".func f(.param .b8 a[]) { ret; }\n") +
                   makeEntry("call f, (%t);"))
                .error.find("expects a '.param' variable"),
            std::string::npos);
}

TEST(ControlFlowTest, FunctionsHaveOtherNames) {
  Words values = runModule(
      header +
      std::string(".func (.param .b32 o) twice(.param .b32 i);\n"
                  ".func (.param .b32 o) plus(.param .b32 i)\n"
                  "{ .reg .b32 %r; ld.param.b32 %r, [i];\n"
                  "add.u32 %r, %r, %r; st.param.b32 [o], %r; ret; }\n"
                  ".alias twice, plus;\n") +
      makeEntry("{ .param .b32 p; .param .b32 q;\nst.param.b32 [p], %t;\n"
                "call (q), twice, (p);\nld.param.b32 %v, [q]; }"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], 2 * i);
  PtxRun run(header + std::string(".func f();\n.alias f, g;\n"));
  EXPECT_NE(run.error.find("'g' is not defined"), std::string::npos)
      << run.error;
}

// `.reg .v4`: named as a whole, or by component.
TEST(ControlFlowTest, RegistersMayBeVectors) {
  Words values = runModule(
      header + makeEntry(".reg .v4 .u32 %q; .reg .v2 .b32 %d;\n"
                         ".local .align 16 .b8 depot[16];\n"
                         "mov.u32 %q.x, 1; mov.u32 %q.y, %t; mov.u32 %q.z, 3;\n"
                         "add.u32 %q.w, %q.x, %q.z;\n"
                         "st.local.v4.u32 [depot], %q;\n"
                         "ld.local.v2.b32 %d, [depot+8];\n"
                         "mad.lo.u32 %v, %q.y, %d.x, %d.y;"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], 3 * i + 4);
}

// Of clocks, what came later is not less; sleeping lets the others run.
TEST(ControlFlowTest, TimeGoesOn) {
  Words values = runModule(
      header +
      makeEntry("mov.u64 %l0, %clock64; mov.u32 %r0, %clock;\n"
                "mov.u64 %l2, %globaltimer;\n"
                "nanosleep.u32 100;\n"
                "mov.u64 %l1, %clock64; mov.u32 %r1, %clock;\n"
                "mov.u64 %l3, %globaltimer;\n"
                "setp.lt.u64 %p0, %l0, %l1; setp.lt.u32 %p1, %r0, %r1;\n"
                "setp.lt.u64 %p2, %l2, %l3;\n"
                "and.pred %p0, %p0, %p1; and.pred %p0, %p0, %p2;\n"
                "selp.u32 %v, 1, 0, %p0;"));
  EXPECT_EQ(values, Words(32, 1));
}

TEST(ControlFlowTest, WhatIsNotSupportedSaysWhy) {
  auto refuses = [](const std::string &code, const std::string &message) {
    std::string error = refusal(code);
    EXPECT_NE(error.find(message), std::string::npos) << error;
    EXPECT_EQ(error.find("test.ptx:7:"), 0u) << error;
  };
  refuses("tcgen05.fence::before_thread_sync;",
          "'tcgen05' is not supported: it needs sm_100");
  refuses("tex.1d.v4.f32.s32 {%f0, %f1, %f2, %f3}, [%l0, {%r0}];",
          "textures and surfaces");
  refuses("vadd.u32.u32.u32 %r0, %r1, %r2;", "video instructions");
  refuses("multimem.red.global.add.u32 [%l0], %r0;", "several GPUs");
  refuses("frobnicate.u32 %r0, %r1;", "unknown instruction 'frobnicate'");
}

// Each instruction has a first target.
TEST(ControlFlowTest, TargetsHaveTheirInstructions) {
  auto message = [](const std::string &code, const std::string &target) {
    return PtxRun(makeKernel("",
                             ".reg .pred %p; .reg .b32 %r<4>; .reg .b64 "
                             "%l<4>;\n" +
                                 code + "\nret;",
                             target))
        .error;
  };
  for (const char *code :
       {"elect.sync %r0|%p, -1;", "barrier.cluster.arrive;",
        "mapa.u64 %l0, %l1, %r0;", "fence.proxy.async;",
        "fence.mbarrier_init.release.cluster;", "cp.async.bulk.commit_group;",
        "griddepcontrol.wait;", "mbarrier.try_wait.b64 %p, [%l0], %l1;",
        "stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r0], {%r1};"}) {
    EXPECT_NE(message(code, "sm_80").find("needs the target sm_90, got sm_80"),
              std::string::npos)
        << code;
    EXPECT_EQ(message(code, "sm_90"), "") << code;
  }
  for (const char *code :
       {"setmaxnreg.inc.sync.aligned.u32 40;", "wgmma.fence.sync.aligned;",
        "tensormap.replace.tile.rank.global.b1024.b32 [%l0], 1;"}) {
    EXPECT_NE(message(code, "sm_90").find("needs the target sm_90a, got sm_90"),
              std::string::npos)
        << code;
    EXPECT_EQ(message(code, "sm_90a"), "") << code;
  }
}

TEST(ControlFlowTest, EndlessRecursionIsReported) {
  PtxRun run(header +
             std::string(".func f()\n{\n"
                         ".local .b8 a[4096]; .reg .b32 %r;\n"
                         "st.local.u32 [a], 1;\ncall f;\nret;\n}\n"
                         ".visible .entry kernel()\n{ call f; ret; }\n"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"call-depth:8"});
}

TEST(ControlFlowTest, VariablesHaveTheirValues) {
  Words values = runModule(
      header +
      std::string(".const .align 4 .b32 c[4] = {10, 20, 30, 40};\n"
                  ".global .align 4 .u32 g = 7;\n"
                  ".global .u64 pointer = generic(g);\n") +
      makeEntry(".local .align 8 .b8 depot[64];\n"
                "and.b32 %r0, %t, 3;\nmov.u64 %l0, c;\n"
                "mad.wide.u32 %l0, %r0, 4, %l0;\nld.const.u32 %r1, [%l0];\n"
                "ld.global.u64 %l1, [pointer];\nld.u32 %r2, [%l1];\n"
                // Each thread has its own local memory, by its generic
                // address too.
                "st.local.u32 [depot+4], %t;\n"
                "mov.u64 %l2, depot;\ncvta.local.u64 %l2, %l2;\n"
                "ld.u32 %r3, [%l2+4];\n"
                "add.u32 %v, %r1, %r2;\nadd.u32 %v, %v, %r3;"));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(values[i], 10 * (i % 4 + 1) + 7 + i);
}

TEST(ControlFlowTest, SpacesAreToldByAddress) {
  Words values = runModule(
      header +
      makeEntry(".shared .b32 s; .local .b32 l;\n"
                "ld.param.u64 %l0, [out];\nmov.u64 %l1, s;\nmov.u64 %l2, l;\n"
                "cvta.shared.u64 %l1, %l1;\ncvta.local.u64 %l2, %l2;\n"
                "isspacep.global %p0, %l0;\nisspacep.shared %p1, %l1;\n"
                "isspacep.local %p2, %l2;\nisspacep.shared %p3, %l2;\n"
                "selp.u32 %v, 1, 0, %p0;\nselp.u32 %r0, 10, 0, %p1;\n"
                "selp.u32 %r1, 100, 0, %p2;\nselp.u32 %r2, 1000, 0, %p3;\n"
                "add.u32 %v, %v, %r0;\nadd.u32 %v, %v, %r1;\n"
                "add.u32 %v, %v, %r2;"));
  EXPECT_EQ(values, Words(32, 111));
}

TEST(ControlFlowTest, VectorsAndWiderRegisters) {
  PtxRun run(
      makeKernel(".param .u64 p",
                 ".reg .b64 %a, %w; .reg .b32 %r<4>; .reg .b16 %h;\n"
                 "ld.param.u64 %a, [p];\n"
                 "ld.global.v4.u32 {%r0, %r1, _, %r3}, [%a];\n"
                 "st.global.v2.b32 [%a+16], {%r3, %r0};\n"
                 "ld.global.s8 %w, [%a+24];\nst.global.u64 [%a+32], %w;\n"
                 "ld.global.u8 %h, [%a+24];\nst.global.u8 [%a+40], %h;\nret;"));
  run.launch.block = {1, 1, 1};
  uint64_t p = run.buffer(Words{1, 2, 3, 4, 0, 0, 0xFE, 0, 0, 0, 0, 0});
  run.launch.addArgument(p);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(p, 11),
            (Words{1, 2, 3, 4, 4, 1, 0xFE, 0, 0xFFFFFFFE, 0xFFFFFFFF, 0xFE}));
}

TEST(ControlFlowTest, DynamicSharedMemoryFollowsTheStatic) {
  std::string text =
      header +
      std::string(".extern .shared .align 16 .b8 dynamic[];\n"
                  ".shared .align 4 .b8 fixed[20];\n") +
      makeEntry("st.shared.u32 [fixed], 5;\nmov.u32 %r0, dynamic;\n"
                "mov.u32 %r1, fixed;\nsub.u32 %v, %r0, %r1;\n"
                "mad.lo.u32 %r2, %t, 4, %r0;\nst.shared.u32 [%r2], %t;\n"
                "mov.u32 %r3, %dynamic_smem_size;\nadd.u32 %v, %v, %r3;");
  PtxRun run(text);
  uint64_t out = run.buffer(Words(32));
  run.launch.addArgument(out);
  run.launch.dynamicSharedBytes = 128;
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 32), Words(32, 32 + 128));
  run.launch.dynamicSharedBytes = 124;
  EXPECT_EQ(run.brokenRules().size(), 1u);
  EXPECT_EQ(run.result.reports.at(0).rule, "shared-size");
}

/// What `numThreads` threads print: `depot` writes the arguments of vprintf.
static std::string printed(const std::string &format, const std::string &depot,
                           unsigned numThreads) {
  PtxRun run(header +
             std::string(".extern .func (.param .b32 r) vprintf(.param .b64 a, "
                         ".param .b64 b);\n"
                         ".global .b8 format[] = \"") +
             format +
             "\";\n"
             ".global .b8 word[] = \"word\";\n"
             ".visible .entry kernel()\n{\n"
             ".local .align 8 .b8 depot[32]; .reg .b64 %l; .reg .b32 %r;\n" +
             depot +
             "mov.u64 %l, depot;\ncvta.local.u64 %l, %l;\n"
             "{ .param .b64 a; .param .b64 b; .param .b32 c;\n"
             "st.param.b64 [b], %l;\n"
             "mov.u64 %l, format;\nst.param.b64 [a], %l;\n"
             "call (c), vprintf, (a, b); }\nret;\n}\n");
  run.launch.block = {numThreads, 1, 1};
  EXPECT_TRUE(run.runClean());
  return run.result.output;
}

TEST(ControlFlowTest, PrintfWritesTheOutput) {
  EXPECT_EQ(
      printed("t %d %5.2f %s %llx%%\\n",
              "mov.u32 %r, %tid.x;\nst.local.u32 [depot], %r;\n"
              "st.local.b64 [depot+8], 0d3FF8000000000000;\n"
              "mov.u64 %l, word;\nst.local.u64 [depot+16], %l;\n"
              "mov.u64 %l, 0x123456789ab;\nst.local.u64 [depot+24], %l;\n",
              2),
      "t 0  1.50 word 123456789ab%\n"
      "t 1  1.50 word 123456789ab%\n");
}

TEST(ControlFlowTest, PrintfBoundsTheWidthThatAnArgumentGives) {
  EXPECT_EQ(
      printed("%*d",
              "st.local.u32 [depot], 2000000000;\nst.local.u32 [depot+4], 7;\n",
              1),
      std::string(9998, ' ') + "7");
}

TEST(ControlFlowTest, TrapEndsTheRun) {
  PtxRun run(makeKernel("", "trap;\nret;"));
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"trap:6"});
}

TEST(ControlFlowTest, EndlessLoopsMeetTheLimit) {
  PtxRun run(makeKernel("", "L: bra L;"));
  run.options.stepLimit = 10000;
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"livelock:6"});
}

TEST(ControlFlowTest, EndlessLoopsMeetTheDeadline) {
  PtxRun run(makeKernel("", "L: bra L;"));
  run.options.timeLimitInSeconds = 0.05;
  EXPECT_EQ(run.brokenRules(), std::vector<std::string>{"time-limit:6"});
}

TEST(ControlFlowTest, TheFirstVariableThatIsMissingIsNamed) {
  std::string text = header;
  for (char name = 'h'; name >= 'a'; --name)
    text += std::string(".extern .global .b32 ") + name + ";\n";
  Emulator emulator;
  llvm::Expected<EmulatorModule *> module = emulator.load(text, "test.ptx");
  ASSERT_FALSE(bool(module));
  EXPECT_EQ(llvm::toString(module.takeError()).find("test.ptx:4:"), 0u);
}

TEST(ControlFlowTest, DecodingErrorsNameTheLine) {
  auto contains = [](const std::string &code, const std::string &message) {
    std::string error = refusal(code);
    return error.find("test.ptx:7:") == 0 &&
           error.find(message) != std::string::npos;
  };
  EXPECT_TRUE(contains("ld.global.foo.u32 %r0, [%l0];", "expects a type"));
  EXPECT_TRUE(contains("bra NOWHERE;", "unknown label 'NOWHERE'"));
  EXPECT_TRUE(contains("ld.global.u32 %x, [%l0];", "unknown name '%x'"));
  EXPECT_TRUE(contains("ld.global.u32 %h0, [%l0];", "'%h0' has 16 bits"));
  EXPECT_TRUE(contains("call nothing;", "unknown function 'nothing'"));
  EXPECT_TRUE(contains("bar.sync.foo 0;", "unknown modifier '.foo'"));
  EXPECT_TRUE(contains("ld.global.v4.b32 {%r0, %r1}, [%l2];",
                       "expects a vector of 4 registers, got 2"));
  EXPECT_TRUE(contains("ld.global.v4.b64 {%l0, %l1, %l2, %l3}, [%l2];",
                       "an access has at most 16 bytes, got 32"));
}

TEST(ControlFlowTest, ModulesThatNoGpuHasRoomForAreErrors) {
  auto message = [](llvm::StringRef version, llvm::StringRef text) {
    Emulator emulator;
    std::string module =
        (".version " + version + "\n.target sm_80\n.address_size 64\n" + text)
            .str();
    auto loaded = emulator.load(module, "a.ptx");
    if (loaded)
      return std::string();
    std::string error = llvm::toString(loaded.takeError());
    return llvm::StringRef(error).split('\n').first.str();
  };
  EXPECT_EQ(message("8.1", ".entry k(.param .b8 p[32764]) { ret; }"), "");
  EXPECT_EQ(message("8.1", ".entry k(.param .b8 p[2], .param .align 4 .b8 "
                           "q[32764]) { ret; }"),
            "a.ptx:4:8: error: the parameters of 'k' take 32768 bytes, and an "
            "entry has 32764");
  EXPECT_EQ(message("8.0", ".entry k(.param .b8 p[4352]) { ret; }"), "");
  EXPECT_EQ(message("8.0", ".entry k(.param .b8 p[4353]) { ret; }"),
            "a.ptx:4:8: error: the parameters of 'k' take 4353 bytes, and an "
            "entry has 4352");
  EXPECT_EQ(message("8.0", ".const .b8 a[1]; .const .align 16 .b8 b[65520];"),
            "");
  EXPECT_EQ(message("8.0", ".const .b8 a[17]; .const .align 16 .b8 b[65520];"),
            "a.ptx:4:40: error: the module needs more than 65536 bytes of "
            "constant memory");
  EXPECT_EQ(message("8.0", ".const .b8 a[65536]; .entry k() { .const .b8 b; "
                           "ret; }"),
            "a.ptx:4:46: error: the module needs more than 65536 bytes of "
            "constant memory");
}

TEST(ControlFlowTest, LaunchesThatDoNotFitAreErrors) {
  PtxRun run(makeKernel(".param .u32 x", "ret;"));
  auto message = [&] {
    llvm::Expected<EmulatorResult> ran =
        run.emulator.launch(*run.module, run.launch, run.options);
    return ran ? std::string() : llvm::toString(ran.takeError());
  };
  EXPECT_EQ(message(), "'kernel' has 1 parameters, got 0 arguments");
  run.launch.addArgument(uint64_t(1));
  EXPECT_EQ(message(), "parameter 'x' has 4 bytes, got 8");
  run.launch.arguments.clear();
  run.launch.addArgument(uint32_t(1));
  run.launch.block = {1024, 2, 1};
  EXPECT_EQ(message(), "a block has at most 1024 threads, got 2048");
  run.launch.block = {32, 1, 1};
  run.launch.cluster = PtxDimensions{2, 1, 1};
  EXPECT_EQ(message(),
            "a grid of (1, 1, 1) blocks is not a multiple of a cluster "
            "of (2, 1, 1)");
  run.launch.entry = "other";
  EXPECT_EQ(message(), "'test.ptx' has no entry 'other'");
  run.options.checks.disabledRules.insert("shared-rice");
  EXPECT_EQ(message(), "no rule is called 'shared-rice'");
}

TEST(ControlFlowTest, ModulesBelongToTheirEmulator) {
  Emulator owner, other;
  EmulatorModule *module = llvm::cantFail(
      owner.load(".version 8.0\n.target sm_80\n.address_size 64\n"
                 ".global .u32 x = 7;\n.entry k() { ret; }",
                 "a.ptx"));
  std::optional<uint64_t> x = owner.lookupVariable(*module, "x");
  ASSERT_TRUE(x.has_value());
  EXPECT_FALSE(other.lookupVariable(*module, "x").has_value());
  EmulatorLaunch launch;
  launch.entry = "k";
  EXPECT_TRUE(bool(owner.launch(*module, launch)));
  EXPECT_EQ(llvm::toString(other.launch(*module, launch).takeError()),
            "'a.ptx' was loaded by another emulator");
  // A variable lives as long as its module; memory is freed once.
  EXPECT_EQ(llvm::toString(owner.free(*x)),
            "no allocation begins at address " + std::to_string(*x));
  uint64_t buffer = owner.allocate(16);
  EXPECT_EQ(llvm::toString(owner.free(buffer + 8)),
            "no allocation begins at address " + std::to_string(buffer + 8));
  EXPECT_FALSE(bool(owner.free(buffer)));
  EXPECT_EQ(llvm::toString(owner.free(buffer)),
            "no allocation begins at address " + std::to_string(buffer));
}

/// Any seed gives the same result of a correct kernel, and the same seed the
/// same steps.
TEST(ControlFlowTest, SeedsChangeTheOrderOnly) {
  for (uint64_t seed : {0, 1, 2, 99}) {
    PtxRun run(makeKernel(".param .u64 out",
                          ".reg .b64 %o; .reg .b32 %r;\n"
                          "ld.param.u64 %o, [out];\n"
                          "atom.global.add.u32 %r, [%o], 1;\nret;"));
    run.options.seed = seed;
    run.launch.grid = {5, 1, 1};
    run.launch.block = {96, 1, 1};
    uint64_t out = run.buffer(Words{0});
    run.launch.addArgument(out);
    ASSERT_TRUE(run.runClean());
    EXPECT_EQ(run.read<uint32_t>(out, 1), Words{480});
  }
}
