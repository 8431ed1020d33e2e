//===- LaunchPlanTest.cpp - tests of launch plans -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/LaunchPlan.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

static HostExpr parse(StringRef text) {
  return cantFail(HostExpr::parse(text));
}

static ManifestParam makeTensor(StringRef name, DType dtype,
                                ArrayRef<StringRef> dims,
                                ParamAccess access = ParamAccess::Read) {
  ManifestParam param;
  param.name = name.str();
  param.isTensor = true;
  param.dtype = dtype;
  param.access = access;
  for (StringRef dim : dims)
    param.dims.push_back(parse(dim));
  return param;
}

static ManifestParam makeScalar(StringRef name, DType dtype) {
  ManifestParam param;
  param.name = name.str();
  param.dtype = dtype;
  return param;
}

/// scale(x: tensor<f32>[M, N], a: f16, n: i8, y: out tensor<f32>[M, N / 2])
static ManifestKernel makeKernel() {
  ManifestKernel kernel;
  kernel.name = kernel.instance = "scale";
  kernel.params = {
      makeTensor("x", DType::F32, {"M", "N"}), makeScalar("a", DType::F16),
      makeScalar("n", DType::I8),
      makeTensor("y", DType::F32, {"M", "N / 2"}, ParamAccess::Out)};
  kernel.grid = {parse("M"), parse("cdiv(N, 128)")};
  kernel.requirements = {parse("N <= 1000")};
  kernel.workspace.bytes = parse("4 * M + x.bytes");
  ManifestVariant vector;
  vector.name = "vector";
  vector.preconditions = {parse("x.address % 16 == 0"),
                          parse("x.stride1 == 1 && x.stride0 % 4 == 0"),
                          parse("x.span < 2147483648")};
  vector.abi = {{AbiSlot::Kind::Address, 0},   {AbiSlot::Kind::Dim, 0, 1},
                {AbiSlot::Kind::Stride, 0, 0}, {AbiSlot::Kind::Scalar, 1},
                {AbiSlot::Kind::Scalar, 2},    {AbiSlot::Kind::Workspace}};
  ManifestVariant general = vector;
  general.name = "general";
  general.preconditions.clear();
  kernel.variants = {vector, general};
  return kernel;
}

static SmallVector<LaunchArgument> makeArguments(int64_t m = 3,
                                                 int64_t n = 200) {
  return {LaunchArgument::tensor(0x10000, DType::F32, {m, n}, {n, 1}),
          LaunchArgument::scalar(HostValue::floating(1.5)),
          LaunchArgument::scalar(HostValue::integer(-2)),
          LaunchArgument::tensor(0x90000, DType::F32, {m, n / 2}, {n / 2, 1})};
}

static std::string getError(const ManifestKernel &kernel,
                            ArrayRef<LaunchArgument> arguments,
                            std::optional<StringRef> variant = std::nullopt) {
  Expected<LaunchPlan> plan = planLaunch(kernel, arguments, 132, variant);
  return plan ? "" : toString(plan.takeError());
}

TEST(LaunchPlanTest, FirstVariantThatFitsIsTaken) {
  ManifestKernel kernel = makeKernel();
  SmallVector<LaunchArgument> arguments = makeArguments();
  EXPECT_EQ(planLaunch(kernel, arguments, 132)->variant->name, "vector");
  arguments[0].address += 4;
  EXPECT_EQ(planLaunch(kernel, arguments, 132)->variant->name, "general");
  arguments = makeArguments();
  arguments[0].strides = {201, 1};
  EXPECT_EQ(planLaunch(kernel, arguments, 132)->variant->name, "general");
  // So large that it would reach y from below.
  arguments[0].address = 0x1000000;
  arguments[0].strides = {int64_t(1) << 31, 1};
  EXPECT_EQ(planLaunch(kernel, arguments, 132)->variant->name, "general");
  EXPECT_EQ(planLaunch(kernel, makeArguments(), 132, "general")->variant->name,
            "general");
  EXPECT_EQ(getError(kernel, arguments, StringRef("vector")),
            "variant 'vector' of 'scale' needs x.span < 2147483648");
  EXPECT_EQ(getError(kernel, arguments, StringRef("tma")),
            "variant 'tma' of 'scale' does not exist");
}

TEST(LaunchPlanTest, CellsFollowTheAbi) {
  ManifestKernel kernel = makeKernel();
  Expected<LaunchPlan> plan = planLaunch(kernel, makeArguments(), 132);
  ASSERT_TRUE(bool(plan));
  plan->setWorkspace(0xabc00);
  // f16 1.5 is 0x3e00; an i8 takes the lowest byte.
  EXPECT_EQ(ArrayRef(plan->cells),
            ArrayRef<uint64_t>({0x10000, 200, 200, 0x3e00, 0xfe, 0xabc00}));
  EXPECT_EQ(plan->grid, (std::array<int64_t, 3>{3, 2, 1}));
  EXPECT_EQ(plan->workspaceBytes, 4 * 3 + 3 * 200 * 4);
  EXPECT_FALSE(plan->isEmpty);
}

TEST(LaunchPlanTest, EmptyGridsAreFine) {
  ManifestKernel kernel = makeKernel();
  Expected<LaunchPlan> plan = planLaunch(kernel, makeArguments(0, 200), 132);
  ASSERT_TRUE(bool(plan)) << toString(plan.takeError());
  EXPECT_TRUE(plan->isEmpty);
}

TEST(LaunchPlanTest, LargeGridsAreErrorsUnlessLinear) {
  ManifestKernel kernel = makeKernel();
  kernel.grid = {parse("M"), parse("100000")};
  EXPECT_EQ(getError(kernel, makeArguments()),
            "the grid needs 100000 programs along axis 1, but the device has "
            "at most 65535");
  for (ManifestVariant &variant : kernel.variants) {
    variant.hasLinearGrid = true;
    variant.abi = {{AbiSlot::Kind::GridExtent, 0, 1}};
  }
  // The kernel still learns the extents of its axes.
  EXPECT_EQ(planLaunch(kernel, makeArguments(), 132)->cells[0], 100000u);
  EXPECT_EQ(planLaunch(kernel, makeArguments(), 132)->grid,
            (std::array<int64_t, 3>{300000, 1, 1}));
  kernel.grid = {parse("4611686018427387904"), parse("8")};
  EXPECT_NE(getError(kernel, makeArguments()), "");
}

TEST(LaunchPlanTest, WrongArgumentsAreNamed) {
  ManifestKernel kernel = makeKernel();
  SmallVector<LaunchArgument> arguments = makeArguments();
  EXPECT_EQ(getError(kernel, ArrayRef(arguments).drop_back()),
            "'scale' expects 4 arguments, got 3");
  arguments[0].dtype = DType::F16;
  EXPECT_EQ(getError(kernel, arguments),
            "argument 'x': expects elements of f32, got f16");
  arguments = makeArguments();
  arguments[0].shape = {600};
  EXPECT_EQ(getError(kernel, arguments),
            "argument 'x': expects 2 dimensions, got shape [600]");
  arguments = makeArguments();
  arguments[3].shape[0] = 4;
  EXPECT_EQ(getError(kernel, arguments),
            "argument 'y': dimension 0 is 4, but 'M' is 3 in 'x'");
  arguments = makeArguments();
  arguments[3].shape[1] = 99;
  EXPECT_EQ(getError(kernel, arguments),
            "argument 'y': dimension 1 is 99, but 'N / 2' is 100");
  arguments = makeArguments();
  arguments[2].value = HostValue::integer(128);
  EXPECT_EQ(getError(kernel, arguments), "argument 'n': expects a value of i8");
  arguments = makeArguments();
  arguments[2] = arguments[0];
  EXPECT_EQ(getError(kernel, arguments),
            "argument 'n': expects a scalar, got a tensor");
  arguments = makeArguments();
  arguments[0].shape = {3, -1};
  EXPECT_EQ(getError(kernel, arguments), "argument 'x': has the shape [3, -1]");
  arguments = makeArguments();
  arguments[0].strides = {int64_t(1) << 61, 1};
  EXPECT_EQ(getError(kernel, arguments), "argument 'x': its size overflows");
  arguments = makeArguments();
  arguments[3].address = 0;
  EXPECT_EQ(getError(kernel, arguments), "argument 'y': is null");
  EXPECT_EQ(getError(kernel, makeArguments(3, 1024)),
            "'scale' requires N <= 1000, got N = 1024");
  // Every name once, those that end in another name too.
  kernel.params[2].name = "XN";
  kernel.requirements = {parse("XN + N + N < 9")};
  arguments = makeArguments(3, 100);
  arguments[2].value = HostValue::integer(100);
  EXPECT_EQ(getError(kernel, arguments),
            "'scale' requires XN + N + N < 9, got XN = 100, N = 100");
}

TEST(LaunchPlanTest, WrittenMemoryOverlapsNothingElse) {
  ManifestKernel kernel = makeKernel();
  SmallVector<LaunchArgument> arguments = makeArguments();
  // The last row of x ends where y begins: no overlap yet.
  arguments[3].address = arguments[0].address + 3 * 200 * 4;
  EXPECT_EQ(getError(kernel, arguments), "");
  arguments[3].address -= 4;
  EXPECT_EQ(getError(kernel, arguments),
            "the memory of arguments 'x' and 'y' overlaps, and one of them is "
            "written");
  kernel.params[3].aliases = {"x"};
  EXPECT_EQ(getError(kernel, arguments), "");
  // Negative strides reach below the address.
  kernel = makeKernel();
  arguments = makeArguments();
  arguments[0].address = arguments[3].address + 3 * 100 * 4;
  EXPECT_EQ(getError(kernel, arguments), "");
  arguments[0].strides = {200, -1};
  EXPECT_NE(getError(kernel, arguments), "");
}
