//===- MatrixInstructionsTest.cpp - ldmatrix, stmatrix, mma, wmma ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatorTesting.h"
#include "llvm/ADT/bit.h"
#include <numeric>

using namespace mlir::tk;

namespace {

/// 0, 1, ..., 31.
std::vector<uint32_t> laneNumbers() {
  std::vector<uint32_t> lanes(32);
  std::iota(lanes.begin(), lanes.end(), 0);
  return lanes;
}

/// Lane i writes i + 256 j to byte column j of row i of a tile of 32 rows of 16
/// bytes; `code` goes on with its address in %r1, %r0 being the tile.
std::string fillTile(const std::string &code) {
  std::string text = ".shared .align 16 .b8 tile[512];\n"
                     "mov.u32 %r0, tile;\nmad.lo.u32 %r1, %lane, 16, %r0;\n";
  for (unsigned j = 0; j < 8; ++j)
    text += "add.u32 %r2, %a, " + std::to_string(256 * j) +
            ";\ncvt.u16.u32 %h0, %r2;\nst.shared.b16 [%r1+" +
            std::to_string(2 * j) + "], %h0;\n";
  return text + "bar.warp.sync 0xFFFFFFFF;\n" + code;
}

uint32_t element(unsigned row, unsigned column) { return row + 256 * column; }

} // namespace

TEST(MatrixInstructionsTest, LdmatrixGivesLanesTwoNeighbours) {
  std::vector<uint32_t> result = evaluate<uint32_t>(
      fillTile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r3, %r4, %r5, %d},"
               " [%r1];"),
      laneNumbers());
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = 24 + lane / 4, column = lane % 4 * 2;
    EXPECT_EQ(result[lane], element(row, column) | element(row, column + 1)
                                                       << 16);
  }
}

TEST(MatrixInstructionsTest, LdmatrixTransposes) {
  std::vector<uint32_t> result = evaluate<uint32_t>(
      fillTile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r3, %d},"
               " [%r1];"),
      laneNumbers());
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = 8 + lane % 4 * 2, column = lane / 4;
    EXPECT_EQ(result[lane], element(row, column) | element(row + 1, column)
                                                       << 16);
  }
}

TEST(MatrixInstructionsTest, StmatrixUndoesLdmatrix) {
  std::vector<uint32_t> result = evaluate<uint32_t>(
      fillTile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%r3}, [%r1];\n"
               "bar.warp.sync 0xFFFFFFFF;\n"
               "stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%r1], {%r3};\n"
               "bar.warp.sync 0xFFFFFFFF;\n"
               "ld.shared.b32 %d, [%r1+4];"),
      laneNumbers());
  for (unsigned lane = 0; lane < 32; ++lane)
    EXPECT_EQ(result[lane], element(lane, 2) | element(lane, 3) << 16);
}

TEST(MatrixInstructionsTest, MovmatrixTwiceIsNothing) {
  std::vector<uint32_t> inputs = laneNumbers();
  for (uint32_t &input : inputs)
    input = input * 0x01030507u;
  EXPECT_EQ(evaluate<uint32_t>("movmatrix.sync.aligned.m8n8.trans.b16 %r0, %a;"
                               "\nmovmatrix.sync.aligned.m8n8.trans.b16 %d, "
                               "%r0;",
                               inputs),
            inputs);
  std::vector<uint32_t> once = evaluate<uint32_t>(
      "movmatrix.sync.aligned.m8n8.trans.b16 %d, %a;", inputs);
  // Element (0, 1) is the upper half of lane 0; (1, 0) the lower of lane 4.
  EXPECT_EQ(once[0] >> 16, inputs[4] & 0xFFFF);
  EXPECT_EQ(once[4] & 0xFFFF, inputs[0] >> 16);
}

TEST(MatrixInstructionsTest, AMatrixRowMustLieAtAMultipleOf16) {
  PtxRun run(makeKernel("", ".shared .align 16 .b8 tile[1024]; .reg .b32 %r<4>;"
                            "\nmov.u32 %r0, tile;\nadd.u32 %r0, %r0, 8;\n"
                            "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r1}, "
                            "[%r0];\nret;"));
  std::vector<std::string> rules = run.brokenRules();
  ASSERT_FALSE(rules.empty());
  EXPECT_EQ(rules[0].substr(0, 10), "misaligned");
}

TEST(MatrixInstructionsTest, AllLanesMustTakePart) {
  PtxRun run(makeKernel("", ".reg .b32 %r<4>; .reg .pred %p;\n"
                            "mov.u32 %r0, %tid.x;\nsetp.lt.u32 %p, %r0, 16;\n"
                            "@%p movmatrix.sync.aligned.m8n8.trans.b16 %r1, "
                            "%r0;\nret;"));
  std::vector<std::string> rules = run.brokenRules();
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].substr(0, 20), "divergent-collective");
}

// A of ones times B of ones is K, in every type.
TEST(MatrixInstructionsTest, WmmaMultipliesWhatItLoads) {
  struct Case {
    const char *shape, *typeA, *typeC;
    unsigned numA, numB, numC;
    uint32_t ones;
    uint32_t expected;
    const char *stride;
  };
  const uint32_t sixteen = llvm::bit_cast<uint32_t>(16.0f);
  const Case cases[] = {
      {"m16n16k16", "f16", "f32", 8, 8, 8, 0x3C003C00, sixteen, "16"},
      {"m32n8k16", "bf16", "f32", 8, 2, 8, 0x3F803F80, sixteen, "16"},
      {"m8n32k16", "bf16", "f32", 2, 8, 8, 0x3F803F80, sixteen, "16"},
      {"m16n16k8", "tf32", "f32", 4, 4, 8, 0x3F800000,
       llvm::bit_cast<uint32_t>(8.0f), "8"},
      {"m16n16k16", "s8", "s32", 2, 2, 8, 0x01010101, 16, "16"},
      {"m8n8k32", "u4", "s32", 1, 1, 2, 0x11111111, 32, "32"},
  };
  for (const Case &test : cases) {
    auto registers = [](const char *name, unsigned count) {
      std::string text = "{";
      for (unsigned i = 0; i < count; ++i)
        text += (i ? ", %" : "%") + (name + std::to_string(i));
      return text + "}";
    };
    bool isHalf = std::string(test.typeA) == "f16";
    std::string types = isHalf
                            ? ".f32.f32"
                            : std::string(".") + test.typeC + "." + test.typeA +
                                  "." + test.typeA + "." + test.typeC;
    std::string typeC = std::string(".reg .") + test.typeC;
    std::string zero = std::string(test.typeC) == "f32" ? "0f00000000" : "0";
    std::string code = ".reg .b32 %x<8>, %y<8>; " + typeC + " %z<8>;\n";
    for (unsigned i = 0; i < test.numC; ++i)
      code += "mov.b32 %z" + std::to_string(i) + ", " + zero + ";\n";
    auto load = [&](const char *part, const char *layout, const char *name,
                    unsigned count) {
      code += std::string("wmma.load.") + part + ".sync.aligned." + layout +
              "." + test.shape + ".global." + test.typeA + " " +
              registers(name, count) + ", [%l0], " + test.stride + ";\n";
    };
    load("a", "row", "x", test.numA);
    load("b", "col", "y", test.numB);
    code += std::string("wmma.mma.sync.aligned.row.col.") + test.shape + types +
            " " + registers("z", test.numC) + ", " + registers("x", test.numA) +
            ", " + registers("y", test.numB) + ", " +
            registers("z", test.numC) + ";\n";
    PtxRun run(makeKernel(
        ".param .u64 in, .param .u64 out",
        ".reg .b64 %l<2>;\nld.param.u64 %l0, [in];\n"
        "ld.param.u64 %l1, [out];\n" +
            code + "wmma.store.d.sync.aligned.row." + test.shape + ".global." +
            test.typeC + " [%l1], " + registers("z", test.numC) + ";\nret;"));
    ASSERT_EQ(run.error, "");
    unsigned numResults = 32 * test.numC;
    run.launch.addArgument(run.buffer(std::vector<uint32_t>(512, test.ones)));
    uint64_t out = run.buffer(std::vector<uint32_t>(numResults));
    run.launch.addArgument(out);
    EXPECT_TRUE(run.runClean());
    EXPECT_EQ(run.read<uint32_t>(out, numResults),
              std::vector<uint32_t>(numResults, test.expected))
        << test.shape << " " << test.typeA;
  }
}

TEST(MatrixInstructionsTest, WrongFormsAreRefused) {
  auto contains = [](const std::string &code, const std::string &part) {
    EXPECT_NE(refusal(code).find(part), std::string::npos) << code << "\n"
                                                           << refusal(code);
  };
  contains("mma.sync.aligned.m16n8k16.row.col.f32.f16.bf16.f32 {%f0, %f1, %f2,"
           " %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, %f2, %f3};",
           "do not go together");
  contains("mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f16 {%f0, %f1, %f2, "
           "%f3, %f4, %f5, %f6, %f7}, {%r0, %r1}, {%r2, %r3}, {%r4, %r5, %r6, "
           "%r7};",
           "C of .f16 with D of .f32 is not supported");
  contains("mma.sync.aligned.m16n8k16.row.row.f32.f16.f16.f32 {%f0, %f1, %f2,"
           " %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, %f2, %f3};",
           "needs '.row.col'");
  contains("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2,"
           " %f3}, {%r0, %r1, %r2}, {%r4, %r5}, {%f0, %f1, %f2, %f3};",
           "vector of 4 registers, got 3");
  contains("mma.sp.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0}, {%r0},"
           " {%r1}, {%f0}, %r2, 0;",
           "sparse mma is not supported");
  contains("mma.sync.aligned.m16n8k12.row.col.f32.f16.f16.f32 {%f0}, {%r0},"
           " {%r1}, {%f0};",
           "no such shape");
  contains("ldmatrix.sync.aligned.m8n8.x3.shared.b16 {%r0}, [%r1];",
           "'.x1', '.x2' or '.x4'");
  contains("ldmatrix.sync.aligned.m16n16.x1.trans.shared.b8 {%r0}, [%r1];",
           "expects the shape '.m8n8'");
  contains("ldmatrix.sync.aligned.m8n8.x1.global.b16 {%r0}, [%l1];",
           "expects shared memory");
  contains("wmma.load.a.sync.aligned.row.m16n16k16.global.f64 {%r0}, [%l1];",
           "does not fit the shape");
}
