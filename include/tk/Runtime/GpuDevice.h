//===- GpuDevice.h - a GPU through its driver -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_RUNTIME_GPUDEVICE_H
#define TK_RUNTIME_GPUDEVICE_H

#include "tk/Runtime/HostTensor.h"
#include "tk/Runtime/LaunchPlan.h"
#include "tk/Support/TargetInfo.h"
#include <chrono>
#include <memory>
#include <string>

namespace mlir::tk {

struct DriverFunctions;

/// What the driver says about a GPU.
struct DeviceFacts {
  std::string name;
  /// "sm_90", "gfx942"; empty if unknown.
  std::string chip;
  /// The target to compile for: "sm_90a"; empty if none of ours fits.
  std::string target;
  int64_t numProcessors = 0;
  int64_t totalBytes = 0;
  int64_t l2Bytes = 0;
  /// 12.4 is 12040.
  int64_t driverVersion = 0;
  /// "0000:3b:00.0"; empty if unknown.
  std::string busId;
};

/// What cuTensorMapEncodeTiled is told, in its numbers: a tensor in global
/// memory, the first dimension the fastest.
struct TensorMapFacts {
  int elementType = 0;
  uint64_t address = 0;
  llvm::ArrayRef<uint64_t> extents;
  /// In bytes, of dimensions 1 and up.
  llvm::ArrayRef<uint64_t> strides;
  llvm::ArrayRef<uint32_t> box;
  llvm::ArrayRef<uint32_t> elementStrides;
  int swizzle = 0;
  bool fillsNaN = false;
};

class GpuDevice;

/// Memory on a device, freed at the end of its life, which must lie within the
/// life of the device.
class DeviceBuffer {
public:
  DeviceBuffer() = default;
  DeviceBuffer(DeviceBuffer &&other) { *this = std::move(other); }
  DeviceBuffer &operator=(DeviceBuffer &&other);
  ~DeviceBuffer();

  uint64_t getAddress() const { return address; }
  int64_t getSizeInBytes() const { return sizeInBytes; }

private:
  friend class GpuDevice;
  GpuDevice *device = nullptr;
  uint64_t address = 0;
  int64_t sizeInBytes = 0;
};

/// A moment in the work of a device.
class DeviceEvent {
public:
  DeviceEvent() = default;
  DeviceEvent(DeviceEvent &&other) { *this = std::move(other); }
  DeviceEvent &operator=(DeviceEvent &&other);
  ~DeviceEvent();

private:
  friend class GpuDevice;
  GpuDevice *device = nullptr;
  void *handle = nullptr;
};

/// The device functions of one binary. Unloaded at the end of its life.
class DeviceModule {
public:
  DeviceModule() = default;
  DeviceModule(DeviceModule &&other) { *this = std::move(other); }
  DeviceModule &operator=(DeviceModule &&other);
  ~DeviceModule();

private:
  friend class GpuDevice;
  GpuDevice *device = nullptr;
  void *handle = nullptr;
};

/// One GPU with its default queue, in which all work happens in order. To be
/// used from one thread.
///
/// Errors say what happened in words: no driver, no device, too little memory
/// with the numbers, an illegal address, a kernel that does not end.
class GpuDevice {
public:
  /// Opens GPU number `index`. `libraryPath` replaces the usual driver.
  static llvm::Expected<std::unique_ptr<GpuDevice>>
  create(Vendor vendor, int index = 0, llvm::StringRef libraryPath = "");
  ~GpuDevice();

  const DeviceFacts &getFacts() const { return facts; }

  /// False after a hang or a fault of a kernel: only a new process helps.
  bool isUsable() const { return !isBroken; }

  /// A launch that takes longer is an error; the device then is unusable.
  void setTimeout(std::chrono::milliseconds newTimeout) {
    timeout = newTimeout;
  }

  /// An error if the device has less memory than that in all.
  llvm::Error checkMemory(double sizeInBytes);
  llvm::Expected<DeviceBuffer> allocate(int64_t sizeInBytes);
  llvm::Error copyToDevice(uint64_t address, llvm::ArrayRef<uint8_t> bytes);
  llvm::Error copyToHost(llvm::MutableArrayRef<uint8_t> bytes,
                         uint64_t address);
  /// Queued, like a launch.
  llvm::Error copyOnDevice(uint64_t to, uint64_t from, int64_t sizeInBytes);
  llvm::Error fill(uint64_t address, uint8_t value, int64_t sizeInBytes);

  /// Loads a cubin, hsaco or PTX.
  llvm::Expected<DeviceModule> load(llvm::StringRef binary);

  /// Queues a launch. Errors of the kernel itself show at wait().
  llvm::Error launch(const DeviceModule &module, const LaunchPlan &plan);
  /// The same without a plan.
  llvm::Error launch(const DeviceModule &module, llvm::StringRef symbol,
                     const std::array<int64_t, 3> &grid,
                     const std::array<int64_t, 3> &block,
                     const std::array<int64_t, 3> &cluster,
                     int64_t dynamicSharedBytes,
                     llvm::ArrayRef<uint64_t> cells);
  /// The same with the bytes of each parameter: for structures.
  llvm::Error launchWithBytes(
      const DeviceModule &module, llvm::StringRef symbol,
      const std::array<int64_t, 3> &grid, const std::array<int64_t, 3> &block,
      const std::array<int64_t, 3> &cluster, int64_t dynamicSharedBytes,
      llvm::ArrayRef<llvm::ArrayRef<uint8_t>> parameters);

  /// The 128 bytes by which kernels know a tensor; NVIDIA since sm_90 only.
  llvm::Expected<std::array<uint8_t, 128>>
  encodeTensorMap(const TensorMapFacts &map);

  /// Waits for all queued work, at most for the timeout.
  llvm::Error wait();

  llvm::Expected<DeviceEvent> createEvent();
  llvm::Error record(const DeviceEvent &event);
  /// Of two events that have happened.
  llvm::Expected<double> getMilliseconds(const DeviceEvent &from,
                                         const DeviceEvent &to);

private:
  friend class DeviceBuffer;
  friend class DeviceEvent;
  friend class DeviceModule;

  GpuDevice();
  llvm::Error open(Vendor newVendor, int index, llvm::StringRef libraryPath);
  llvm::Error readFacts(int index);
  llvm::Expected<int64_t> getAttribute(int attribute);
  llvm::Error readCudaChip();
  void readHipChip();
  llvm::Error check(int code, const llvm::Twine &action);
  llvm::Error reportTooLittleMemory(int64_t sizeInBytes);
  llvm::Expected<void *> getFunction(const DeviceModule &module,
                                     llvm::StringRef symbol,
                                     int64_t dynamicSharedBytes);

  Vendor vendor = Vendor::NVIDIA;
  std::unique_ptr<DriverFunctions> driver;
  DeviceFacts facts;
  int deviceHandle = 0;
  void *context = nullptr;
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  /// After a hang or a fault every further call would fail or block.
  bool isBroken = false;
};

/// A tensor in device memory: the memory of a host tensor with all its gaps, so
/// that strides mean the same on both sides.
class DeviceTensor {
public:
  /// Allocates and copies.
  static llvm::Expected<DeviceTensor> upload(GpuDevice &device,
                                             const HostTensor &tensor);

  /// Copies the memory of `tensor` again.
  llvm::Error update(GpuDevice &device, const HostTensor &tensor);
  /// Copies back into a tensor of the same shape and strides.
  llvm::Error download(GpuDevice &device, HostTensor &tensor) const;

  /// Queues a copy from a tensor of the same shape and strides.
  llvm::Error copyFrom(GpuDevice &device, const DeviceTensor &other);
  /// Queues setting all memory to 0.
  llvm::Error zero(GpuDevice &device);

  int64_t getSizeInBytes() const { return buffer.getSizeInBytes(); }
  LaunchArgument getArgument() const {
    return LaunchArgument::tensor(buffer.getAddress() + originInBytes, dtype,
                                  shape, strides);
  }

private:
  DeviceBuffer buffer;
  DType dtype = DType::F32;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::SmallVector<int64_t, 4> strides;
  int64_t originInBytes = 0;
};

} // namespace mlir::tk

#endif // TK_RUNTIME_GPUDEVICE_H
