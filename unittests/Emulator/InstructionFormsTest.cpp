//===- InstructionFormsTest.cpp - which forms exist, and which do not -----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A modifier of PTX that the instruction at hand does not have is an error, as
// it is to ptxas: the emulator would otherwise run what no GPU runs.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"

using namespace mlir::tk;

static void expectTaken(llvm::ArrayRef<const char *> forms) {
  for (const char *code : forms)
    EXPECT_EQ(refusal(code), "") << code;
}

TEST(InstructionFormsTest, LoadsAndStores) {
  expectRefusals({
      {"st.global.nc.b32 [%l0], %r0;", "expects a type"},
      {"st.cv.b32 [%l0], %r0;", "expects a type"},
      {"st.L2::128B.b32 [%l0], %r0;", "expects a type"},
      {"ld.wt.b32 %r0, [%l0];", "expects a type"},
      {"ld.shared.nc.b32 %r0, [%l0];", "'.nc' needs '.global'"},
      {"ld.volatile.global.cs.b32 %r0, [%l0];", "only weak accesses"},
      {"ld.relaxed.gpu.global.nc.b32 %r0, [%l0];", "only weak accesses"},
      {"ld.volatile.local.b32 %r0, [%l0];", "'.local' memory are weak"},
      {"st.release.cta.local.b32 [%l0], %r0;", "'.local' memory are weak"},
      {"ld.acquire.gpu.const.b32 %r0, [%l0];", "'.const' memory are weak"},
      {"ld.mmio.relaxed.gpu.b32 %r0, [%l0];", "needs '.sys'"},
      {"ld.mmio.relaxed.sys.shared.b32 %r0, [%l0];", "global memory"},
      {"ld.shared.L1::evict_last.b32 %r0, [%l0];", "only global memory"},
      {"ld.volatile.global.L1::evict_last.b32 %r0, [%l0];", "no priority"},
      {"ld.global.L2::evict_last.b32 %r0, [%l0];", "expects a type"},
      {"ld.global.f16 %h0, [%l0];", "expects a type"},
      {"st.global.bf16x2 [%l0], %r0;", "expects a type"},
  });
  expectTaken({
      "ld.global.nc.L1::no_allocate.L2::128B.v4.f32 {%f0, %f1, %f2, %f3}, "
      "[%l0];",
      "ld.global.cs.nc.b32 %r0, [%l0];",
      "ld.relaxed.gpu.global.L1::evict_last.b32 %r0, [%l0];",
      "ld.volatile.global.L2::128B.b32 %r0, [%l0];",
      "ld.global.b32 %r0, [%l0].unified;",
      "st.global.L1::evict_first.L2::cache_hint.b32 [%l0], %r0, %l1;",
      "st.mmio.relaxed.sys.global.b32 [%l0], %r0;",
  });
}

TEST(InstructionFormsTest, Atomics) {
  expectRefusals({
      {"atom.local.add.u32 %r0, [%l0], %r1;", "'.local' memory has no atomics"},
      {"red.const.add.u32 [%l0], %r1;", "'.const' memory has no atomics"},
      {"red.shared.add.v2.f32 [%l0], {%f0, %f1};", "need '.global'"},
      {"atom.shared.add.L2::cache_hint.u32 %r0, [%l0], %r1, %l1;",
       "need '.global'"},
      {"red.global.add.v2.f64 [%l0], {%g0, %g1};", "does not fit"},
      {"atom.add.gpu.gpu.u32 %r0, [%l0], %r1;", "expects a type"},
      {"atom.gpu.global.u32 %r0, [%l0], %r1;", "expects an operation"},
  });
  expectTaken({"atom.add.acquire.cta.u32 %r0, [%l0], %r1;",
               "atom.global.gpu.acq_rel.cas.b32 %r0, [%l0], %r1, %r2;",
               "red.global.v2.add.f32 [%l0], {%f0, %f1};",
               "red.global.add.v2.f32 [%l0], {%f0, %f1};"});
}

TEST(InstructionFormsTest, VideoInstructions) {
  expectRefusals({
      {"vadd4.u32.u32.u32 %r0, %r1, %r2, %r3;", "other than vabsdiff2"},
      {"vabsdiff4.u32.u32.u32.sat %r0, %r1, %r2, %r3;", "'.sat'"},
      {"vabsdiff4.u32.u32.u32 %r0.b0, %r1, %r2, %r3;", "%r0.b0"},
  });
  expectTaken({"vabsdiff2.s32.u32.s32.add %r0, %r1, %r2, %r3;"});
}

TEST(InstructionFormsTest, Mbarriers) {
  expectRefusals({
      {"mbarrier.expect_tx.release.cta.b64 [%l0], 16;", "'.relaxed'"},
      {"mbarrier.arrive.release.b64 _, [%l0];", "stand together"},
      {"mbarrier.arrive.noComplete.release.cluster.b64 %l1, [%l0], 1;",
       "is '.cta'"},
      {"mbarrier.try_wait.cluster.b64 %p0, [%l0], %l1;", "stand together"},
      {"mbarrier.test_wait.shared::cluster.b64 %p0, [%l0], %l1;",
       "an mbarrier of the block"},
      {"mbarrier.init.shared::cluster.b64 [%l0], 1;",
       "an mbarrier of the block"},
  });
  expectTaken({"mbarrier.expect_tx.relaxed.cluster.shared::cluster.b64 [%l0], "
               "16;"});
}

TEST(InstructionFormsTest, Fences) {
  expectRefusals({
      {"fence.proxy.async.local;", "does not access '.local'"},
      {"fence.acquire.sync_restrict::shared::cta.cluster;",
       "expects '.release.sync_restrict::shared::cta'"},
      {"fence.release.sync_restrict::shared::cta.gpu;", "is '.cluster'"},
      {"fence.proxy.async::generic.release.cluster;", "sync_restrict"},
      {"fence.proxy.tensormap::generic.acquire.gpu [%l0], 64;", "128 bytes"},
      {"fence.proxy.tensormap::generic.release.gpu [%l0], 128;",
       "expects 0 operands, got 2"},
      {"fence.proxy.async.shared;", "'.shared::cta' or '.shared::cluster'"},
      {"fence.proxy.async [%l0];", "expects 0 operands, got 1"},
      {"fence.acq_rel.gpu %r0;", "expects 0 operands, got 1"},
      {"fence.mbarrier_init.release.cluster 1;", "expects 0 operands"},
      {"membar.gl %r0;", "expects 0 operands"},
      {"fence.acq_rel.gl;", "expects a scope"},
      {"membar.gpu;", "expects '.cta', '.gl' or '.sys'"},
  });
  expectTaken({
      "fence.proxy.async::generic.acquire.sync_restrict::shared::cluster."
      "cluster;",
      "fence.proxy.async::generic.release.sync_restrict::shared::cta.cluster;",
      "fence.release.sync_restrict::shared::cta.cluster;",
  });
}

TEST(InstructionFormsTest, Comparisons) {
  expectRefusals({
      {"setp.lo.s32 %p0, %r0, %r1;", "compares unsigned numbers"},
      {"setp.lt.b32 %p0, %r0, %r1;", "'.eq' and '.ne' alone"},
      {"setp.eq.f16 %p0|%p1, %h0, %h1;", "sets one predicate"},
      {"set.eq.u16.u32 %h0, %r0, %r1;", "no result .u16 of comparing .u32"},
      {"set.eq.f16x2.s32 %r0, %r1, %r2;", "no result .f16x2"},
      {"set.lt.u16.f32 %h0, %f0, %f1;", "no result .u16"},
      {"set.lt.f32.f16 %f0, %h0, %h1;", "no result .f32"},
      {"set.lt.f16.bf16 %h0, %h0, %h1;", "no result .f16"},
      {"set.lt.bf16.f16x2 %h0, %r0, %r1;", "no result .bf16"},
  });
  expectTaken(
      {"setp.lo.u32 %p0, %r0, %r1;", "setp.ne.b64 %p0, %l0, %l1;",
       "set.eq.u16.f16 %h0, %h1, %h2;", "set.eq.bf16.f16 %h0, %h1, %h2;",
       "set.eq.f16.f64 %h0, %g1, %g2;", "set.eq.f32.s64 %f0, %l1, %l2;",
       "set.eq.s32.bf16x2 %r0, %r1, %r2;", "setp.eq.f16x2 %p0|%p1, %r0, %r1;"});
}

TEST(InstructionFormsTest, Fragments) {
  expectRefusals({
      {"wmma.load.a.sync.aligned.row.m8n8k4.local.f64 {%g0}, [%l0], %r0;",
       "'.global' or '.shared'"},
      {"wmma.load.c.sync.aligned.row.m8n8k4.global.f32 {%f0, %f1}, [%l0];",
       "does not fit the shape"},
      {"wmma.mma.sync.aligned.row.col.m8n8k4.f32.f64.f64.f32 {%f0, %f1}, "
       "{%g0}, {%g1}, {%f2, %f3};",
       "accumulators' types do not fit .f64"},
      {"wmma.mma.sync.aligned.row.row.m8n8k32.s32.s4.s4.s32 {%r0, %r1}, {%r2}, "
       "{%r3}, {%r4, %r5};",
       "needs '.row.col'"},
  });
}

TEST(InstructionFormsTest, Conversions) {
  expectRefusals({
      {"cvt.sat.u32.u16 %r0, %h0;", "'.sat' does not fit '.u32' and '.u16'"},
      {"cvt.sat.s32.s32 %r0, %r1;", "'.sat' does not fit"},
      {"cvt.sat.s64.u32 %l0, %r1;", "'.sat' does not fit"},
      {"cvt.sat.f32.bf16 %f0, %h0;", "'.sat' does not fit"},
      {"cvt.rn.sat.tf32.f32 %r0, %f0;", "'.sat' does not fit"},
      {"cvt.rzi.s8.bf16 %h0, %h1;", "integers of 8 bits"},
      {"cvt.rn.bf16.u8 %h0, %h1;", "integers of 8 bits"},
      {"cvt.rm.relu.f16.f32 %h0, %f0;", "need '.rn' or '.rz'"},
      {"cvt.rp.satfinite.bf16.f32 %h0, %f0;", "need '.rn' or '.rz'"},
      {"cvt.rm.tf32.f32 %r0, %f0;", "'.rn', '.rz' or '.rna'"},
      {"cvt.rn.ftz.tf32.f32 %r0, %f0;", "no '.ftz'"},
      {"cvt.rna.relu.tf32.f32 %r0, %f0;", "no '.relu'"},
      {"cvt.rz.satfinite.tf32.f32 %r0, %f0;", "needs '.rna'"},
      {"cvt.rn.satfinite.f16x2.e4m3x2 %r0, %h0;", "needs sm_100"},
      {"cvt.f64.f32 %g0, %g1;", "'%g1' has 64 bits"},
      {"cvt.f64.bf16 %g0, %r0;", "'%r0' has 32 bits"},
  });
  expectTaken({
      "cvt.sat.u32.s8 %r0, %h0;",
      "cvt.sat.s32.u32 %r0, %r1;",
      "cvt.sat.u16.u32 %h0, %r1;",
      "cvt.sat.s8.u8 %h0, %h1;",
      "cvt.rzi.sat.u32.f32 %r0, %f0;",
      "cvt.rn.sat.f16.s32 %h0, %r0;",
      "cvt.rz.relu.bf16.f32 %h0, %f0;",
      "cvt.rna.satfinite.tf32.f32 %r0, %f0;",
      "cvt.rn.relu.tf32.f32 %r0, %f0;",
      "cvt.u32.u16 %r0, %l0;",
  });
}

TEST(InstructionFormsTest, Floats) {
  expectRefusals({
      {"div.rn.sat.f32 %f0, %f1, %f2;", "got '.sat'"},
      {"fma.rn.sat.relu.f16 %h0, %h1, %h2, %h3;", "got '.relu'"},
  });
  expectTaken({"fma.rn.relu.f16 %h0, %h1, %h2, %h3;",
               "fma.rn.sat.f16 %h0, %h1, %h2, %h3;"});
}

TEST(InstructionFormsTest, Copies) {
  expectTaken(
      {"cp.async.ca.shared.global.L2::cache_hint.L2::128B [%r0], [%l0], "
       "4, %l1;",
       "cp.async.cg.shared.global.L2::128B.L2::cache_hint [%r0], [%l0], "
       "16, %l1;"});
}

TEST(InstructionFormsTest, BulkCopies) {
  const std::string toBlock =
      "cp.reduce.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::"
      "bytes.";
  const std::string toGlobal =
      "cp.reduce.async.bulk.global.shared::cta.bulk_group.";
  for (const char *type : {"add.f32", "min.u64", "and.b64", "and.u32",
                           "add.s64", "L2::cache_hint.add.u32"})
    EXPECT_NE(refusal(toBlock + type + " [%r0], [%r1], 16, [%r2];"), "")
        << type;
  for (const char *type : {"add.u32", "add.u64", "max.s32", "xor.b32"})
    EXPECT_EQ(refusal(toBlock + type + " [%r0], [%r1], 16, [%r2];"), "");
  for (const char *type : {"and.s32", "or.u64", "add.s64", "inc.s32"})
    EXPECT_NE(refusal(toGlobal + type + " [%l0], [%r1], 16;"), "") << type;
  for (const char *type : {"and.b64", "max.s64", "add.noftz.f16", "add.f64"})
    EXPECT_EQ(refusal(toGlobal + type + " [%l0], [%r1], 16;"), "");
  expectRefusals({
      {"cp.async.bulk.shared::cta.global.mbarrier::complete_tx::bytes."
       "multicast::cluster [%r0], [%l0], 16, [%r1], %h0;",
       "multicast"},
      {"cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes."
       "L2::cache_hint [%r0], [%r3], 16, [%r1], %l0;",
       "cache_hint"},
      {"cp.async.bulk.tensor.1d.shared::cta.global.mbarrier::complete_tx::"
       "bytes.multicast::cluster [%r0], [%l0, {%r2}], [%r1], %h0;",
       "multicast"},
  });
}

TEST(InstructionFormsTest, TensorMaps) {
  expectRefusals({
      {"tensormap.replace.tile.elemtype.global.b1024.b32 [%l0], %r0;",
       "'.elemtype' is a constant"},
      {"tensormap.replace.tile.fill_mode.b1024.b32 [%l0], %r0;",
       "'.fill_mode' is a constant"},
      {"tensormap.replace.tile.rank.shared.b1024.b32 [%r1], %r0;",
       "'.global' or '.shared::cta'"},
      {"tensormap.replace.tile.swizzle_atomicity.b1024.b32 [%l0], 0;",
       "sm_100"},
  });
  expectTaken({"tensormap.replace.tile.elemtype.global.b1024.b32 [%l0], 2;",
               "tensormap.replace.tile.rank.shared::cta.b1024.b32 [%r1], %r0;",
               "tensormap.replace.tile.box_dim.b1024.b32 [%l0], 1, %r0;"});
}

// 9.4: the declared types of registers.
TEST(InstructionFormsTest, TypesOfRegisters) {
  expectRefusals({
      {"add.s32 %f0, %f1, %f2;", "'%f0' is '.f32', the instruction writes "
                                 "'.s32'"},
      {"{ .reg .u32 %u; add.f32 %f0, %f1, %u; }",
       "'%u' is '.u32', the instruction reads '.f32'"},
      {"ld.global.u32 %f0, [%l0];", "'%f0' is '.f32'"},
      {"ld.global.b32 %g0, [%l0];", "'%g0' has 64 bits"},
  });
  expectTaken({"{ .reg .u32 %u; add.s32 %u, %r0, %u; }",
               "add.f32 %r0, %f0, %r1;", "mov.b32 %r0, %f0;",
               "ld.global.b32 %f0, [%l0];", "ld.global.u8 %l1, [%l0];"});
}

TEST(InstructionFormsTest, Others) {
  expectRefusals({
      {"bar.sync.aligned 0;", "unknown modifier '.aligned'"},
      {"isspacep.param::func %p0, %l0;", "expects a state space"},
      {"cvta.to.param::func.u64 %l0, %l1;", "expects a state space"},
      {"ldu.shared.b32 %r0, [%r1];", "'ldu' reads '.global'"},
      {"mov.f16 %h0, %h1;", "expects one of the types"},
      {"mov.u32 %r0, 1.0;", "expects an integer"},
      {"createpolicy.fractional.L2::evict_last.L2::evict_last.b64 %l0, "
       "0f3F800000;",
       "expects '.b64'"},
  });
  expectTaken({"barrier.sync.aligned 0;", "isspacep.param %p0, %l0;",
               "ldu.global.b32 %r0, [%l0];",
               "createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 "
               "%l0, 0f3F800000;"});
}

// 6.4.2: `a[2]` is an element, and to mov its address.
TEST(InstructionFormsTest, ElementsOfArrays) {
  PtxRun run(".version 8.8\n.target sm_90a\n.address_size 64\n"
             ".global .u32 words[4] = {10, 11, 12, 13};\n"
             ".global .v2 .u32 pairs[2] = {{1, 2}, {3, 4}};\n"
             ".visible .entry kernel(.param .u64 out)\n{\n"
             ".shared .b16 tile[8];\n"
             ".reg .b32 %r<4>; .reg .b64 %l<4>; .reg .b16 %h;\n"
             "ld.param.u64 %l0, [out];\n"
             "ld.global.u32 %r0, words[1 + 1];\n"
             "mov.u64 %l1, words[3]; ld.global.u32 %r1, [%l1];\n"
             "ld.global.u32 %r2, pairs[1];\n"
             "st.shared.b16 tile[1], 77; ld.shared.b16 %h, [tile + 2];\n"
             "cvt.u32.u16 %r3, %h;\n"
             "st.global.v4.u32 [%l0], {%r0, %r1, %r2, %r3};\nret;\n}\n");
  uint64_t out = run.buffer(std::vector<uint32_t>(4));
  run.launch.block = {1, 1, 1};
  run.launch.addArgument(out);
  ASSERT_TRUE(run.runClean());
  EXPECT_EQ(run.read<uint32_t>(out, 4), (std::vector<uint32_t>{12, 13, 3, 77}));
  EXPECT_NE(refusal("ld.global.u32 %r0, nothing[1];").find("is not a variable"),
            std::string::npos);
}
