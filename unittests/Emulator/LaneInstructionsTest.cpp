//===- LaneInstructionsTest.cpp - mistakes and carries, lane by lane ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"

using namespace mlir::tk;

TEST(LaneInstructionsTest, EveryMistakeHasItsMessage) {
  expectRefusals({
      {"add.u8 %r0, %r1, %r2;", "expects one of the types"},
      {"add.u32 %r0, %r1;", "expects 3 operands, got 2"},
      {"add.u32.foo %r0, %r1, %r2;", "unknown modifier '.foo' of 'add'"},
      {"mul.lo.s32.foo %r0, %r1, %r2;", "unknown modifier '.foo' of 'mul'"},
      {"add.rn.f32.foo %f0, %f1, %f2;", "unknown modifier '.foo' of 'add'"},
      {"add.foo %r0, %r1, %r2;", "expects one of the types"},
      {"add.sat.u32 %r0, %r1, %r2;", "expects one of the types .s32"},
      {"mul.u32 %r0, %r1, %r2;", "expects '.lo', '.hi' or '.wide'"},
      {"mul.wide.u64 %l0, %l1, %l2;", "is not a type of this instruction"},
      {"madc.wide.u32 %l0, %r1, %r2, %l1;", "'.wide' has no carry"},
      {"mad24.hi.sat.u32 %r0, %r1, %r2, %r3;", "'.sat' needs the type .s32"},
      {"bmsk.b32 %r0, %r1, %r2;", "expects '.clamp' or '.wrap'"},
      {"dp2a.u32.u32 %r0, %r1, %r2, %r3;", "expects '.lo' or '.hi'"},
      {"shf.l.b32 %r0, %r1, %r2, %r3;", "then '.clamp' or '.wrap'"},
      {"lop3.b32 %r0, %r1, %r2, %r3, 256;", "from 0 to 255, got 256"},
      {"lop3.or.b32 %r0, %r1, %r2, %r3, 1, %p0;", "expects a result 'd|p'"},
      {"mov.b32 %r0, {%h0, %h1, %h2};", "does not divide .b32"},
      {"slct.ftz.u32.s32 %r0, %r1, %r2, %r3;", "'.ftz' needs"},
      {"setp.foo.u32 %p0, %r1, %r2;", "is not a comparison operator"},
      {"setp.num.u32 %p0, %r1, %r2;", "compares floats"},
      {"setp.lt.ftz.f64 %p0, %g1, %g2;", "'.ftz' does not fit .f64"},
      {"fma.f32 %f0, %f1, %f2, %f3;", "expects '.rn', '.rz', '.rm' or '.rp'"},
      {"add.rz.f16 %h0, %h1, %h2;", "rounds with '.rn' alone"},
      {"add.ftz.f64 %g0, %g1, %g2;", "'.ftz' does not fit .f64"},
      {"add.sat.f64 %g0, %g1, %g2;", "'.sat' does not fit .f64"},
      {"fma.rn.relu.f32 %f0, %f1, %f2, %f3;", "'.relu' does not fit .f32"},
      {"min.xorsign.f32 %f0, %f1, %f2;", "expects '.abs' after '.xorsign'"},
      {"min.NaN.f64 %g0, %g1, %g2;", ".f64 takes no modifiers"},
      {"abs.ftz.f64 %g0, %g1;", "'.ftz' does not fit .f64"},
      {"testp.large.f32 %p0, %f1;", "is not a property"},
      {"sin.f32 %f0, %f1;", "expects '.approx'"},
      {"tanh.approx.ftz.f32 %f0, %f1;", "takes no '.ftz'"},
      {"ex2.approx.bf16 %h0, %h1;", "needs '.ftz'"},
      {"rcp.approx.f64 %g0, %g1;", "needs '.ftz'"},
      {"cvt.s32.f32 %r0, %f1;", "expects '.rni', '.rzi', '.rmi' or '.rpi'"},
      {"cvt.f16.f32 %h0, %f1;", "expects a rounding"},
      {"cvt.rn.f64.f32 %g0, %f1;", "nothing is rounded"},
      {"cvt.rni.f32.s32 %f0, %r1;", "does not fit here"},
      {"cvt.rna.f16.f32 %h0, %f1;", "'.rna' needs"},
      {"cvt.ftz.f64.f16 %g0, %h1;", "'.ftz' needs a type .f32"},
      {"cvt.rn.relu.f32.f64 %f0, %g1;", "fit only"},
      {"cvt.rm.f16x2.f32 %r0, %f1, %f2;", "expects the rounding"},
      {"cvt.rn.e4m3x2.f32 %h0, %f1, %f2;", "expects '.satfinite'"},
      {"cvt.pack.u16.s32 %r0, %r1, %r2;", "expects '.sat'"},
      {"cvt.pack.sat.u8.s32 %r0, %r1, %r2;", "expects '.b32' at the end"},
      {"cvt.pack.sat.u16.s32.b32 %r0, %r1, %r2, %r3;", "a narrower type"},
  });
}

// Carries are a register of the thread that add.cc sets and addc reads.
TEST(LaneInstructionsTest, CarriesGoFromInstructionToInstruction) {
  std::vector<uint32_t> a(32, 0xFFFFFFFF), b(32);
  for (unsigned lane = 0; lane < 32; ++lane)
    b[lane] = lane % 2;
  std::vector<uint32_t> sums = evaluate<uint32_t>(
      "add.cc.u32 %r0, %a, %b;\naddc.cc.u32 %r1, %a, 0;\naddc.u32 %d, 5, 0;", a,
      b);
  std::vector<uint32_t> differences =
      evaluate<uint32_t>("sub.cc.u32 %r0, 0, %b;\nsubc.u32 %d, 7, 0;", a, b);
  for (unsigned lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(sums[lane], 5 + lane % 2);
    EXPECT_EQ(differences[lane], 7 - lane % 2);
  }
}
