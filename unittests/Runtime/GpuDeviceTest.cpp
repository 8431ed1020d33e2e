//===- GpuDeviceTest.cpp - tests of devices, on a driver without a GPU ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/GpuDevice.h"
#include "tk/Runtime/ArithmeticSpeed.h"
#include "tk/Runtime/Benchmark.h"
#include "tk/Runtime/Generators.h"
#include "llvm/Support/DynamicLibrary.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace mlir::tk;

static std::unique_ptr<GpuDevice> openFake() {
  return cantFail(GpuDevice::create(Vendor::NVIDIA, 0, TK_FAKE_DRIVER));
}

template <typename T> static std::string getError(Expected<T> value) {
  return value ? "" : toString(value.takeError());
}
static std::string getError(Error error) {
  return error ? toString(std::move(error)) : "";
}

static const std::array<int64_t, 3> kOne = {1, 1, 1};

TEST(GpuDeviceTest, MissingDriversAreErrors) {
  EXPECT_EQ(getError(GpuDevice::create(Vendor::NVIDIA, 0, "/nonexistent.so"))
                .find("no NVIDIA driver found: "),
            0u);
  EXPECT_EQ(getError(GpuDevice::create(Vendor::AMD, 0, "/nonexistent.so"))
                .find("no HIP runtime found: "),
            0u);
  // A library that is no HIP runtime.
  EXPECT_EQ(getError(GpuDevice::create(Vendor::AMD, 0, TK_FAKE_DRIVER)),
            "the driver is too old: it has no 'hipInit'");
  EXPECT_EQ(getError(GpuDevice::create(Vendor::NVIDIA, 3, TK_FAKE_DRIVER)),
            "there is no GPU number 3: the driver lists 1");
}

TEST(GpuDeviceTest, FactsAreRead) {
  std::unique_ptr<GpuDevice> device = openFake();
  EXPECT_EQ(device->getFacts().name, "Fake GPU");
  EXPECT_EQ(device->getFacts().target, "sm_90a");
  EXPECT_EQ(device->getFacts().numProcessors, 132);
  EXPECT_EQ(device->getFacts().driverVersion, 13000);
}

TEST(GpuDeviceTest, TensorsTravelWithTheirStrides) {
  std::unique_ptr<GpuDevice> device = openFake();
  HostTensor tensor = cantFail(HostTensor::create(DType::F32, {3, 4}, {-8, 2}));
  generate(tensor, Generator::randn(), 1, 0);
  DeviceTensor remote = cantFail(DeviceTensor::upload(*device, tensor));
  HostTensor back = tensor.clone();
  back.poison();
  cantFail(remote.download(*device, back));
  EXPECT_EQ(back.getMemory(), tensor.getMemory());
  LaunchArgument argument = remote.getArgument();
  EXPECT_EQ(argument.shape, (SmallVector<int64_t, 4>{3, 4}));
  EXPECT_EQ(*reinterpret_cast<float *>(argument.address), tensor.getDouble(0));
}

TEST(GpuDeviceTest, KernelsRunWithTheirParameters) {
  std::unique_ptr<GpuDevice> device = openFake();
  HostTensor tensor = cantFail(HostTensor::create(DType::F32, {5}));
  DeviceTensor remote = cantFail(DeviceTensor::upload(*device, tensor));
  DeviceModule module = cantFail(device->load("add_one"));
  cantFail(device->launch(module, "add_one", {2, 3, 4}, kOne, kOne, 100000,
                          {remote.getArgument().address, 5}));
  cantFail(device->wait());
  cantFail(remote.download(*device, tensor));
  EXPECT_EQ(tensor.getDouble(4), 1.0);

  cantFail(device->launch(module, "add_one", {6, 1, 1}, kOne, {2, 1, 1}, 0,
                          {remote.getArgument().address, 5}));
  unsigned grid[3], cluster[3];
  auto getLaunch = reinterpret_cast<void (*)(unsigned *, unsigned *)>(
      sys::DynamicLibrary::getPermanentLibrary(TK_FAKE_DRIVER)
          .getAddressOfSymbol("fakeGetLaunch"));
  getLaunch(grid, cluster);
  EXPECT_EQ(grid[0], 6u);
  EXPECT_EQ(cluster[0], 2u);
}

TEST(GpuDeviceTest, MemoryIsFreedAtTheEndOfItsLife) {
  std::unique_ptr<GpuDevice> device = openFake();
  for (int i = 0; i < 2; ++i) {
    DeviceBuffer all = cantFail(device->allocate(int64_t(1) << 30));
    EXPECT_NE(all.getAddress(), 0u);
  }
}

TEST(GpuDeviceTest, TooLittleMemoryIsSaidWithNumbers) {
  std::unique_ptr<GpuDevice> device = openFake();
  DeviceBuffer some = cantFail(device->allocate(1 << 29));
  EXPECT_EQ(getError(device->allocate(int64_t(1) << 30)),
            "too little device memory: needs 1.07 GB, but 536.87 MB of 1.07 GB "
            "are free");
  EXPECT_EQ(cantFail(device->allocate(0)).getAddress(), 0u);
}

TEST(GpuDeviceTest, BadBinariesAreErrors) {
  std::unique_ptr<GpuDevice> device = openFake();
  EXPECT_EQ(getError(device->load("other gpu")),
            "the binary is not for this GPU (Fake GPU)");
  EXPECT_EQ(getError(device->load("bad ptx")),
            "cannot load the binary: fake (CUDA_ERROR_FAKE 218)\nline 1; "
            "error: bad ptx");
  DeviceModule module = cantFail(device->load("add_one"));
  EXPECT_EQ(getError(device->launch(module, "hang", kOne, kOne, kOne, 0, {})),
            "the binary has no kernel 'hang'");
  EXPECT_EQ(
      getError(device->launch(module, "add_one", kOne, kOne, kOne, 300000, {})),
      "cannot get 300000 bytes of shared memory for 'add_one': fake "
      "(CUDA_ERROR_FAKE 1)");
}

namespace {
/// As long as it lives, a function of the fake driver fails.
class FakeFailure {
public:
  explicit FakeFailure(const char *function) {
    setenv("TK_FAKE_FAIL", function, /*overwrite=*/1);
  }
  ~FakeFailure() { unsetenv("TK_FAKE_FAIL"); }
};
} // namespace

TEST(GpuDeviceTest, DriversThatDoNotStart) {
  auto open = [](Vendor vendor) {
    return getError(GpuDevice::create(vendor, 0,
                                      vendor == Vendor::AMD ? TK_FAKE_HIP_DRIVER
                                                            : TK_FAKE_DRIVER));
  };
  for (auto [function, message] :
       {std::pair("cuInit", "cannot start the driver: fake "),
        std::pair("cuDeviceGet", "cannot open the GPU: fake "),
        std::pair("cuCtxSetCurrent", "cannot open the GPU: fake "),
        std::pair("cuDeviceGetAttribute", "cannot query the GPU: fake ")}) {
    FakeFailure failure(function);
    EXPECT_EQ(open(Vendor::NVIDIA),
              message + std::string("(CUDA_ERROR_FAKE 999)"));
    EXPECT_EQ(open(Vendor::AMD), message + std::string("(hipErrorFake 999)"));
  }
  {
    FakeFailure failure("cuDevicePrimaryCtxRetain");
    EXPECT_EQ(open(Vendor::NVIDIA),
              "cannot open the GPU: fake (CUDA_ERROR_FAKE 999)");
  }
  {
    // What even the driver has no words for.
    FakeFailure failure("cuInit");
    setenv("TK_FAKE_MUTE", "1", /*overwrite=*/1);
    EXPECT_EQ(open(Vendor::NVIDIA),
              "cannot start the driver: unknown error (code 999)");
    unsetenv("TK_FAKE_MUTE");
  }
  setenv("TK_FAKE_GPUS", "0", /*overwrite=*/1);
  EXPECT_EQ(open(Vendor::NVIDIA), "no GPU found: the driver lists none");
  unsetenv("TK_FAKE_GPUS");
}

TEST(GpuDeviceTest, WhatFailsIsNamed) {
  std::unique_ptr<GpuDevice> device = openFake();
  DeviceModule module = cantFail(device->load("add_one"));
  HostTensor tensor = cantFail(HostTensor::create(DType::F32, {5}));
  DeviceTensor remote = cantFail(DeviceTensor::upload(*device, tensor));
  DeviceTensor other = cantFail(DeviceTensor::upload(*device, tensor));
  DeviceEvent event = cantFail(device->createEvent());
  auto failWith = [&](const char *function, function_ref<std::string()> act) {
    FakeFailure failure(function);
    std::string error = act();
    StringRef text = error;
    EXPECT_TRUE(text.consume_back(": fake (CUDA_ERROR_FAKE 999)")) << error;
    return text.str();
  };
  EXPECT_EQ(
      failWith("cuMemAlloc", [&] { return getError(device->allocate(16)); }),
      "cannot allocate device memory");
  EXPECT_EQ(
      failWith("cuMemcpyHtoD",
               [&] { return getError(DeviceTensor::upload(*device, tensor)); }),
      "cannot copy to the device");
  EXPECT_EQ(
      failWith("cuMemcpyDtoH",
               [&] { return getError(remote.download(*device, tensor)); }),
      "cannot copy from the device");
  EXPECT_EQ(failWith("cuMemcpyDtoDAsync",
                     [&] { return getError(remote.copyFrom(*device, other)); }),
            "cannot copy on the device");
  EXPECT_EQ(failWith("cuMemsetD8Async",
                     [&] { return getError(remote.zero(*device)); }),
            "cannot fill device memory");
  auto launch = [&] {
    return getError(device->launch(module, "add_one", kOne, kOne, kOne, 0,
                                   {remote.getArgument().address, 5}));
  };
  EXPECT_EQ(failWith("cuModuleGetFunction", launch),
            "cannot find the kernel 'add_one'");
  EXPECT_EQ(failWith("cuLaunchKernel", launch), "cannot launch 'add_one'");
  EXPECT_EQ(failWith("cuEventCreate", [&] { return getError(device->wait()); }),
            "cannot create an event");
  EXPECT_EQ(failWith("cuEventRecord", [&] { return getError(device->wait()); }),
            "cannot record an event");
  EXPECT_EQ(
      failWith("cuEventElapsedTime",
               [&] { return getError(device->getMilliseconds(event, event)); }),
      "cannot read the time");
}

TEST(GpuDeviceTest, WhatHipLacksIsNamed) {
  std::unique_ptr<GpuDevice> device =
      cantFail(GpuDevice::create(Vendor::AMD, 0, TK_FAKE_HIP_DRIVER));
  DeviceModule module = cantFail(device->load("add_one"));
  EXPECT_EQ(
      getError(device->launch(module, "add_one", kOne, kOne, {2, 1, 1}, 0, {})),
      "the driver is too old to launch clusters");
  EXPECT_EQ(getError(device->encodeTensorMap({})),
            "the driver knows no tensor maps");
  EXPECT_EQ(getError(measureArithmeticSpeed(*device, ArithmeticUnit::F16,
                                            BenchMode::Burst)),
            "the speed of matrix units is measured by PTX, which this GPU does "
            "not run");
}

TEST(GpuDeviceTest, HangingKernelsEnd) {
  std::unique_ptr<GpuDevice> device = openFake();
  device->setTimeout(std::chrono::milliseconds(100));
  DeviceModule module = cantFail(device->load("hang"));
  cantFail(device->launch(module, "hang", kOne, kOne, kOne, 0, {}));
  EXPECT_EQ(getError(device->wait()), "the kernel did not end within 0.1 s");
}

TEST(GpuDeviceTest, FaultsAreNamed) {
  std::unique_ptr<GpuDevice> device = openFake();
  DeviceModule module = cantFail(device->load("fault"));
  cantFail(device->launch(module, "fault", kOne, kOne, kOne, 0, {}));
  EXPECT_EQ(getError(device->wait()),
            "the kernel failed: the kernel accessed an illegal address");
}

TEST(GpuDeviceTest, HipHasTheSameFunctions) {
  std::unique_ptr<GpuDevice> device =
      cantFail(GpuDevice::create(Vendor::AMD, 0, TK_FAKE_HIP_DRIVER));
  EXPECT_EQ(device->getFacts().name, "Fake GPU");
  EXPECT_EQ(device->getFacts().numProcessors, 132);
  EXPECT_EQ(device->getFacts().l2Bytes, 1 << 20);
  HostTensor tensor = cantFail(HostTensor::create(DType::F32, {5}));
  DeviceTensor remote = cantFail(DeviceTensor::upload(*device, tensor));
  DeviceModule module = cantFail(device->load("add_one hang"));
  cantFail(device->launch(module, "add_one", kOne, kOne, kOne, 0,
                          {remote.getArgument().address, 5}));
  cantFail(device->wait());
  cantFail(remote.download(*device, tensor));
  EXPECT_EQ(tensor.getDouble(4), 1.0);
  EXPECT_EQ(getError(device->allocate(int64_t(2) << 30)),
            "too little device memory: needs 2.15 GB, but 1.07 GB of 1.07 GB "
            "are free");
  device->setTimeout(std::chrono::milliseconds(100));
  cantFail(device->launch(module, "hang", kOne, kOne, kOne, 0, {}));
  EXPECT_EQ(getError(device->wait()), "the kernel did not end within 0.1 s");
}

TEST(BenchmarkTest, WhatPreparesIsNotTimed) {
  std::unique_ptr<GpuDevice> device = openFake();
  DeviceModule module = cantFail(device->load("add_one"));
  HostTensor tensor = cantFail(HostTensor::create(DType::F32, {5}));
  DeviceTensor original = cantFail(DeviceTensor::upload(*device, tensor));
  DeviceTensor remote = cantFail(DeviceTensor::upload(*device, tensor));
  // A copy of the fake takes a millisecond, too.
  Measurement result = cantFail(measure(
      *device, {},
      [&](int64_t) {
        return device->launch(module, "add_one", kOne, kOne, kOne, 0,
                              {remote.getArgument().address, 5});
      },
      [&](int64_t) { return remote.copyFrom(*device, original); }));
  EXPECT_EQ(result.median, 1.0);
  cantFail(remote.download(*device, tensor));
  EXPECT_EQ(tensor.getDouble(0), 1.0);
  cantFail(remote.zero(*device));
  cantFail(remote.download(*device, tensor));
  EXPECT_EQ(tensor.getDouble(0), 0.0);
}

TEST(BenchmarkTest, QuantilesAreInterpolated) {
  Measurement result = summarize({5, 1, 4, 2, 3, 6});
  EXPECT_EQ(result.minimum, 1);
  EXPECT_EQ(result.median, 3.5);
  EXPECT_EQ(result.lowQuantile, 2);
  EXPECT_EQ(result.highQuantile, 5);
  EXPECT_EQ(summarize({7}).median, 7);
  EXPECT_EQ(summarize({}).median, 0);
}

TEST(BenchmarkTest, OnlyTheLaunchIsTimed) {
  std::unique_ptr<GpuDevice> device = openFake();
  DeviceModule module = cantFail(device->load("add_one"));
  for (BenchMode mode :
       {BenchMode::Burst, BenchMode::Bench, BenchMode::Steady}) {
    BenchOptions options;
    options.mode = mode;
    int64_t count = 0;
    Measurement result =
        cantFail(measure(*device, options, [&](int64_t iteration) {
          EXPECT_EQ(iteration, count);
          ++count;
          return device->launch(module, "add_one", kOne, kOne, kOne, 0, {0, 0});
        }));
    // A launch of the fake takes a millisecond, and nothing else does.
    EXPECT_EQ(result.median, 1.0) << stringifyBenchMode(mode).str();
    EXPECT_EQ(result.lowQuantile, result.highQuantile);
    EXPECT_GT(count, static_cast<int64_t>(result.times.size()));
    EXPECT_EQ(parseBenchMode(stringifyBenchMode(mode)), mode);
  }
  EXPECT_EQ(parseBenchMode("fast"), std::nullopt);
}

TEST(BenchmarkTest, FailuresEndTheMeasurement) {
  std::unique_ptr<GpuDevice> device = openFake();
  Expected<Measurement> result =
      measure(*device, {}, [](int64_t) { return createStringError("no"); });
  EXPECT_EQ(getError(std::move(result)), "no");
}

TEST(BenchmarkTest, CopySpeedCountsBothDirections) {
  std::unique_ptr<GpuDevice> device = openFake();
  // 256 MiB there and back in a millisecond.
  EXPECT_DOUBLE_EQ(cantFail(measureCopySpeed(*device)), 2 * 268435456 / 1e-3);
}
