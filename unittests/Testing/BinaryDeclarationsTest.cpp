//===- BinaryDeclarationsTest.cpp - manifests as .tk text -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Testing/BinaryDeclarations.h"
#include "tk/Interpreter/Interpreter.h"
#include "tk/Testing/TestDevice.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

static HostExpr parse(StringRef text) {
  return cantFail(HostExpr::parse(text));
}

static ManifestParam makeTensor(StringRef name, ParamAccess access,
                                std::vector<HostExpr> dims) {
  ManifestParam param;
  param.name = name.str();
  param.isTensor = true;
  param.dtype = DType::BF16;
  param.access = access;
  param.dims = std::move(dims);
  return param;
}

static Manifest makeManifest() {
  ManifestKernel kernel;
  kernel.name = "part";
  kernel.instance = "part<bf16, BLOCK = 64>";
  ManifestParam alpha;
  alpha.name = "alpha";
  kernel.params = {makeTensor("x", ParamAccess::Read, {parse("M"), parse("N")}),
                   alpha,
                   makeTensor("y", ParamAccess::Mut, {parse("cdiv(M, 64)")})};
  kernel.params[2].aliases = {"x"};
  kernel.grid = {parse("cdiv(M, 64)"), parse("N")};
  kernel.requirements = {parse("N > 0")};
  ManifestKernel other = kernel;
  other.instance = "part<f32>";
  ManifestSequence sequence;
  sequence.name = sequence.instance = "whole";
  sequence.params = {makeTensor("x", ParamAccess::Read, {parse("L")})};
  sequence.temps = {makeTensor("t", ParamAccess::Temp, {parse("L / 2")})};
  sequence.temps[0].isZeroed = true;
  ManifestStep step;
  step.kernel = kernel.instance;
  step.arguments = {
      {"x", {parse("1"), parse("L")}, {parse("L"), parse("1")}, {}},
      {"", {}, {}, parse("0.5")},
      {"t", {}, {}, {}}};
  sequence.steps = {step};
  Manifest manifest;
  manifest.kernels = {kernel, other};
  manifest.sequences = {sequence};
  return manifest;
}

TEST(BinaryDeclarationsTest, TheTextSaysWhatTheManifestSays) {
  EXPECT_EQ(BinaryDeclarations(makeManifest()).getText(),
            R"(tk 1;
kernel part_bf16_BLOCK_64(x: tensor<bf16>[M, N], alpha: f32, y: mut tensor<bf16>[cdiv(M, 64)]) grid(cdiv(M, 64), N) alias(x, y) require(N > 0) { }
kernel part_f32(x: tensor<bf16>[M, N], alpha: f32, y: mut tensor<bf16>[cdiv(M, 64)]) grid(cdiv(M, 64), N) alias(x, y) require(N > 0) { }
sequence whole(x: tensor<bf16>[L]) {
    temp t: tensor<bf16>[L / 2] = 0;
    part_bf16_BLOCK_64(tensor(x, [1, L], [L, 1]), 0.5, t);
}
)");
}

TEST(BinaryDeclarationsTest, LaunchesNameInstances) {
  BinaryDeclarations declarations(makeManifest());
  auto translate = [&](StringRef launch) {
    Expected<std::string> text = declarations.translateLaunch(launch);
    return text ? *text : toString(text.takeError());
  };
  EXPECT_EQ(translate("part< bf16,BLOCK=64 > (x = randn[f(1)])"),
            "part_bf16_BLOCK_64(x = randn[f(1)])");
  EXPECT_EQ(translate("whole(x = zeros[4])"), "whole(x = zeros[4])");
  // What the compiler chose by default need not be said.
  EXPECT_EQ(translate("part<bf16>(x = zeros[4])"),
            "part_bf16_BLOCK_64(x = zeros[4])");
  EXPECT_EQ(translate("part<bf16, 64>(x = zeros[4])"),
            "part_bf16_BLOCK_64(x = zeros[4])");
  EXPECT_EQ(translate("part<BLOCK = 64>(x = zeros[4])"),
            "part_bf16_BLOCK_64(x = zeros[4])");
  for (StringRef wrong :
       {"part<bf16, 65>(x)", "part<64>(x)", "par<bf16>(x)",
        "part<bf16, 64, 1>(x)", "part<bf16(x)", "part<64, bf16>(x)"})
    EXPECT_TRUE(
        StringRef(translate(wrong)).starts_with("the binary has no kernel"))
        << wrong.str();
  EXPECT_EQ(translate("part(x = zeros[4])"),
            "the binary has several instances of 'part', among them "
            "'part<bf16, BLOCK = 64>' and 'part<f32>'; name one");
  EXPECT_EQ(translate("part<f16>(x = zeros[4])"),
            "the binary has no kernel 'part<f16>', only part<bf16, BLOCK = "
            "64>, part<f32>, whole");
  EXPECT_EQ(declarations.getInstances().lookup("part_f32"), "part<f32>");
}

TEST(TestDeviceTest, NotEveryDeviceRunsBinaries) {
  EXPECT_EQ(toString(createInterpreterDevice(RunOptions())->addBinary("", {})),
            "the device 'interp' runs no binaries");
}
