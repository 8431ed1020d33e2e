//===- PtxDevices.cpp - the emulator and a GPU for any PTX ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Emulator/TensorMap.h"
#include "tk/Testing/PtxLaunch.h"

using namespace llvm;
using namespace mlir::tk;

PtxDevice::~PtxDevice() = default;

//===----------------------------------------------------------------------===//
// The emulator
//===----------------------------------------------------------------------===//

namespace {
class EmulatorPtxDevice : public PtxDevice {
public:
  EmulatorPtxDevice(const EmulatorOptions &options,
                    EmulatorResultHandler onResult)
      : options(options), onResult(std::move(onResult)) {}

  Expected<uint64_t> allocate(uint64_t sizeInBytes, StringRef name) override {
    return emulator.allocate(sizeInBytes, name);
  }
  Error write(uint64_t address, ArrayRef<uint8_t> bytes,
              bool isContents) override {
    return emulator.write(address, bytes, isContents);
  }
  Error read(uint64_t address, MutableArrayRef<uint8_t> bytes) override {
    return emulator.read(address, bytes);
  }
  Expected<TensorMapBytes> encode(const TensorMap &map) override {
    return encodeTensorMap(map);
  }
  Expected<bool> run(StringRef text, StringRef fileName,
                     const EmulatorLaunch &launch) override;

private:
  Emulator emulator;
  EmulatorOptions options;
  EmulatorResultHandler onResult;
};
} // namespace

Expected<bool> EmulatorPtxDevice::run(StringRef text, StringRef fileName,
                                      const EmulatorLaunch &launch) {
  Expected<EmulatorModule *> module = emulator.load(text, fileName);
  if (!module)
    return module.takeError();
  Expected<EmulatorResult> result = emulator.launch(**module, launch, options);
  if (!result)
    return result.takeError();
  outs() << result->output;
  outs().flush();
  printReports(errs(), result->reports, fileName);
  if (onResult)
    onResult(launch.entry, getPtx(**module), *result);
  return result->reports.empty();
}

std::unique_ptr<PtxDevice>
mlir::tk::createEmulatorPtxDevice(const EmulatorOptions &options,
                                  EmulatorResultHandler onResult) {
  return std::make_unique<EmulatorPtxDevice>(options, std::move(onResult));
}

//===----------------------------------------------------------------------===//
// A GPU
//===----------------------------------------------------------------------===//

namespace {
class GpuPtxDevice : public PtxDevice {
public:
  explicit GpuPtxDevice(GpuDevice &gpu) : gpu(gpu) {}

  Expected<uint64_t> allocate(uint64_t sizeInBytes, StringRef) override {
    Expected<DeviceBuffer> buffer = gpu.allocate(sizeInBytes);
    if (!buffer)
      return buffer.takeError();
    buffers.push_back(std::move(*buffer));
    return buffers.back().getAddress();
  }
  Error write(uint64_t address, ArrayRef<uint8_t> bytes, bool) override {
    return gpu.copyToDevice(address, bytes);
  }
  Error read(uint64_t address, MutableArrayRef<uint8_t> bytes) override {
    return gpu.copyToHost(bytes, address);
  }
  Expected<TensorMapBytes> encode(const TensorMap &map) override {
    // Says which rule is broken; the driver has a number for all of them.
    if (Error error = verifyTensorMap(map))
      return std::move(error);
    return gpu.encodeTensorMap(
        {static_cast<int>(map.type), map.address,
         ArrayRef(map.extents).take_front(map.rank),
         ArrayRef(map.strides).take_front(map.rank - 1),
         ArrayRef(map.box).take_front(map.rank),
         ArrayRef(map.elementStrides).take_front(map.rank),
         static_cast<int>(map.swizzle), map.fillsNaN});
  }
  Expected<bool> run(StringRef text, StringRef fileName,
                     const EmulatorLaunch &launch) override;

private:
  GpuDevice &gpu;
  std::vector<DeviceBuffer> buffers;
};
} // namespace

static std::array<int64_t, 3> widen(const PtxDimensions &dimensions) {
  return {dimensions[0], dimensions[1], dimensions[2]};
}

Expected<bool> GpuPtxDevice::run(StringRef text, StringRef,
                                 const EmulatorLaunch &launch) {
  Expected<DeviceModule> module = gpu.load(text);
  if (!module)
    return module.takeError();
  SmallVector<ArrayRef<uint8_t>> parameters(launch.arguments.begin(),
                                            launch.arguments.end());
  // A cluster that the entry requires need not be said again.
  if (Error error = gpu.launchWithBytes(
          *module, launch.entry, widen(launch.grid), widen(launch.block),
          widen(launch.cluster.value_or(PtxDimensions{1, 1, 1})),
          launch.dynamicSharedBytes, parameters))
    return std::move(error);
  if (Error error = gpu.wait())
    return std::move(error);
  return true;
}

std::unique_ptr<PtxDevice> mlir::tk::createGpuPtxDevice(GpuDevice &gpu) {
  return std::make_unique<GpuPtxDevice>(gpu);
}
