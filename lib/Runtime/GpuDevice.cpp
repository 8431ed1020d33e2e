//===- GpuDevice.cpp - a GPU through its driver ---------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Runtime/GpuDevice.h"
#include "DriverFunctions.h"
#include "tk/Support/BinaryFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <thread>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Numbers of the two drivers
//===----------------------------------------------------------------------===//

namespace {
/// Attributes of devices (CUdevice_attribute, hipDeviceAttribute_t).
struct AttributeNumbers {
  int numProcessors;
  int l2Bytes;
  int majorVersion;
  int minorVersion;
};

/// What results of calls mean (CUresult, hipError_t).
struct ResultNumbers {
  int outOfMemory;
  int noDevice;
  int notReady;
  int notFound;
  int illegalAddress;
  int noBinaryForDevice;
};
} // namespace

static constexpr AttributeNumbers kCudaAttributes = {16, 38, 75, 76};
static constexpr AttributeNumbers kHipAttributes = {63, 19, 23, 61};
static constexpr ResultNumbers kCudaResults = {2, 100, 600, 500, 700, 209};
static constexpr ResultNumbers kHipResults = {2, 100, 600, 500, 700, 209};

static const AttributeNumbers &getAttributes(Vendor vendor) {
  return vendor == Vendor::NVIDIA ? kCudaAttributes : kHipAttributes;
}

static const ResultNumbers &getResults(Vendor vendor) {
  return vendor == Vendor::NVIDIA ? kCudaResults : kHipResults;
}

/// After a fault of a kernel only a new process helps. 701 is a launch that
/// asked for too much; 703 to 708 are about peers and contexts.
static bool isFault(int code) {
  return code == 702 || (code >= 709 && code <= 719);
}

/// "1.5 GB", "300 bytes".
static std::string formatBytes(uint64_t bytes) {
  if (bytes >= 1000000000)
    return formatv("{0:F2} GB", bytes / 1e9).str();
  if (bytes >= 1000000)
    return formatv("{0:F2} MB", bytes / 1e6).str();
  return std::to_string(bytes) + " bytes";
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

GpuDevice::GpuDevice() = default;

GpuDevice::~GpuDevice() {
  if (driver && context && driver->releaseContext && !isBroken)
    driver->releaseContext(deviceHandle);
}

Expected<std::unique_ptr<GpuDevice>> GpuDevice::create(Vendor vendor, int index,
                                                       StringRef libraryPath) {
  std::unique_ptr<GpuDevice> device(new GpuDevice());
  if (Error error = device->open(vendor, index, libraryPath))
    return std::move(error);
  return std::move(device);
}

Error GpuDevice::open(Vendor newVendor, int index, StringRef libraryPath) {
  vendor = newVendor;
  Expected<DriverFunctions> functions =
      DriverFunctions::load(vendor, libraryPath);
  if (!functions)
    return functions.takeError();
  driver = std::make_unique<DriverFunctions>(*functions);
  int count = 0;
  int code = driver->init(0);
  if (code == 0)
    code = driver->getDeviceCount(&count);
  if (code == getResults(vendor).noDevice || (code == 0 && count == 0))
    return createStringError("no GPU found: the driver lists none");
  if (Error error = check(code, "cannot start the driver"))
    return error;
  if (index < 0 || index >= count)
    return createStringError("there is no GPU number " + Twine(index) +
                             ": the driver lists " + Twine(count));
  if (Error error =
          check(driver->getDevice(&deviceHandle, index), "cannot open the GPU"))
    return error;
  if (vendor == Vendor::NVIDIA) {
    if (Error error = check(driver->retainContext(&context, deviceHandle),
                            "cannot open the GPU"))
      return error;
    code = driver->setContext(context);
  } else {
    code = driver->setDevice(deviceHandle);
  }
  if (Error error = check(code, "cannot open the GPU"))
    return error;
  return readFacts(index);
}

Expected<int64_t> GpuDevice::getAttribute(int attribute) {
  int value = 0;
  if (Error error =
          check(driver->getDeviceAttribute(&value, attribute, deviceHandle),
                "cannot query the GPU"))
    return std::move(error);
  return value;
}

/// The best of our targets whose binaries run on a chip of this version: the
/// same chip with its own features ("sm_90a"), or an older one of the same
/// major version.
static std::string chooseTarget(int64_t major, int64_t minor) {
  std::string best;
  int64_t bestMinor = -1;
  for (StringRef name : TargetInfo::getKnownTargets()) {
    StringRef number = name;
    int64_t version;
    if (!number.consume_front("sm_"))
      continue;
    bool isExact = number.consume_back("a");
    if (number.getAsInteger(10, version) || version / 10 != major)
      continue;
    bool runs = isExact ? version % 10 == minor : version % 10 <= minor;
    if (runs && version % 10 > bestMinor) {
      best = name.str();
      bestMinor = version % 10;
    }
  }
  return best;
}

Error GpuDevice::readFacts(int index) {
  const AttributeNumbers &numbers = getAttributes(vendor);
  char text[256] = {};
  if (driver->getDeviceName(text, sizeof(text) - 1, deviceHandle) == 0)
    facts.name = text;
  char busId[64] = {};
  if (driver->getDeviceBusId(busId, sizeof(busId) - 1, deviceHandle) == 0)
    facts.busId = busId;
  int version = 0;
  if (driver->getDriverVersion(&version) == 0)
    facts.driverVersion = version;
  size_t totalBytes = 0;
  if (driver->getTotalMemory(&totalBytes, deviceHandle) == 0)
    facts.totalBytes = totalBytes;
  std::pair<int, int64_t *> wanted[] = {
      {numbers.numProcessors, &facts.numProcessors},
      {numbers.l2Bytes, &facts.l2Bytes}};
  for (auto [attribute, value] : wanted) {
    Expected<int64_t> answer = getAttribute(attribute);
    if (!answer)
      return answer.takeError();
    *value = *answer;
  }
  if (vendor == Vendor::NVIDIA)
    return readCudaChip();
  readHipChip();
  return Error::success();
}

Error GpuDevice::readCudaChip() {
  const AttributeNumbers &numbers = getAttributes(vendor);
  Expected<int64_t> major = getAttribute(numbers.majorVersion);
  if (!major)
    return major.takeError();
  Expected<int64_t> minor = getAttribute(numbers.minorVersion);
  if (!minor)
    return minor.takeError();
  facts.chip = ("sm_" + Twine(*major) + Twine(*minor)).str();
  facts.target = chooseTarget(*major, *minor);
  return Error::success();
}

/// hipDeviceProp_t::gcnArchName, "gfx942:sramecc+:xnack-", without the
/// features. The structure has had several layouts, and HIP's headers are not
/// needed to build; but only this member is a text that begins with "gfx",
/// apart from the name of the device, which comes first and has 256 bytes.
static std::string findArchitecture(StringRef properties) {
  constexpr size_t kNameSize = 256;
  size_t at = properties.find("gfx", kNameSize);
  if (at == StringRef::npos)
    return "";
  return properties.substr(at).take_while(isAlnum).str();
}

void GpuDevice::readHipChip() {
  // Several times the size of any layout.
  std::string properties(1 << 14, '\0');
  if (!driver->getDeviceProperties ||
      driver->getDeviceProperties(properties.data(), deviceHandle) != 0)
    return;
  facts.chip = findArchitecture(properties);
  if (TargetInfo::lookup(facts.chip))
    facts.target = facts.chip;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

Error GpuDevice::check(int code, const Twine &action) {
  if (code == 0)
    return Error::success();
  const ResultNumbers &results = getResults(vendor);
  if (code == results.illegalAddress) {
    isBroken = true;
    return createStringError(action +
                             ": the kernel accessed an illegal address");
  }
  isBroken |= isFault(code);
  const char *name = nullptr, *text = nullptr;
  if (vendor == Vendor::NVIDIA) {
    driver->getErrorNameCuda(code, &name);
    driver->getErrorStringCuda(code, &text);
  } else {
    name = driver->getErrorNameHip(code);
    text = driver->getErrorStringHip(code);
  }
  return createStringError(action + ": " + (text ? text : "unknown error") +
                           " (" + (name ? name : "code") + " " + Twine(code) +
                           ")");
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

DeviceBuffer &DeviceBuffer::operator=(DeviceBuffer &&other) {
  std::swap(device, other.device);
  std::swap(address, other.address);
  std::swap(sizeInBytes, other.sizeInBytes);
  return *this;
}

DeviceBuffer::~DeviceBuffer() {
  if (device && !device->isBroken)
    device->driver->release(address);
}

Error GpuDevice::reportTooLittleMemory(int64_t sizeInBytes) {
  size_t freeBytes = 0, totalBytes = 0;
  driver->getMemoryInfo(&freeBytes, &totalBytes);
  return createStringError(
      "too little device memory: needs " + formatBytes(sizeInBytes) + ", but " +
      formatBytes(freeBytes) + " of " + formatBytes(totalBytes) + " are free");
}

Error GpuDevice::checkMemory(double sizeInBytes) {
  size_t freeBytes = 0, totalBytes = 0;
  driver->getMemoryInfo(&freeBytes, &totalBytes);
  // What was allocated before may be free by then, but never more than all.
  if (sizeInBytes <= static_cast<double>(totalBytes))
    return Error::success();
  return reportTooLittleMemory(
      static_cast<int64_t>(std::min(sizeInBytes, 0x1p62)));
}

Expected<DeviceBuffer> GpuDevice::allocate(int64_t sizeInBytes) {
  DeviceBuffer buffer;
  if (sizeInBytes == 0)
    return std::move(buffer);
  int code = driver->allocate(&buffer.address, sizeInBytes);
  if (code == getResults(vendor).outOfMemory)
    return reportTooLittleMemory(sizeInBytes);
  if (Error error = check(code, "cannot allocate device memory"))
    return std::move(error);
  buffer.device = this;
  buffer.sizeInBytes = sizeInBytes;
  return std::move(buffer);
}

Error GpuDevice::copyToDevice(uint64_t address, ArrayRef<uint8_t> bytes) {
  if (bytes.empty())
    return Error::success();
  return check(driver->copyToDevice(address, bytes.data(), bytes.size()),
               "cannot copy to the device");
}

Error GpuDevice::copyToHost(MutableArrayRef<uint8_t> bytes, uint64_t address) {
  if (bytes.empty())
    return Error::success();
  return check(driver->copyToHost(bytes.data(), address, bytes.size()),
               "cannot copy from the device");
}

Error GpuDevice::copyOnDevice(uint64_t to, uint64_t from, int64_t sizeInBytes) {
  if (sizeInBytes == 0)
    return Error::success();
  return check(driver->copyOnDevice(to, from, sizeInBytes, nullptr),
               "cannot copy on the device");
}

Error GpuDevice::fill(uint64_t address, uint8_t value, int64_t sizeInBytes) {
  if (sizeInBytes == 0)
    return Error::success();
  return check(driver->fill(address, value, sizeInBytes, nullptr),
               "cannot fill device memory");
}

Expected<DeviceTensor> DeviceTensor::upload(GpuDevice &device,
                                            const HostTensor &tensor) {
  DeviceTensor result;
  result.dtype = tensor.getDType();
  result.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  result.strides.assign(tensor.getStrides().begin(), tensor.getStrides().end());
  result.originInBytes = tensor.getOriginInBytes();
  Expected<DeviceBuffer> buffer = device.allocate(tensor.getMemory().size());
  if (!buffer)
    return buffer.takeError();
  result.buffer = std::move(*buffer);
  if (Error error = result.update(device, tensor))
    return std::move(error);
  return std::move(result);
}

Error DeviceTensor::update(GpuDevice &device, const HostTensor &tensor) {
  return device.copyToDevice(buffer.getAddress(), tensor.getMemory());
}

Error DeviceTensor::copyFrom(GpuDevice &device, const DeviceTensor &other) {
  return device.copyOnDevice(buffer.getAddress(), other.buffer.getAddress(),
                             buffer.getSizeInBytes());
}

Error DeviceTensor::zero(GpuDevice &device) {
  return device.fill(buffer.getAddress(), 0, buffer.getSizeInBytes());
}

Error DeviceTensor::download(GpuDevice &device, HostTensor &tensor) const {
  return device.copyToHost(tensor.getMemory(), buffer.getAddress());
}

//===----------------------------------------------------------------------===//
// Modules and launches
//===----------------------------------------------------------------------===//

DeviceModule &DeviceModule::operator=(DeviceModule &&other) {
  std::swap(device, other.device);
  std::swap(handle, other.handle);
  return *this;
}

DeviceModule::~DeviceModule() {
  if (device && !device->isBroken)
    device->driver->unloadModule(handle);
}

Expected<DeviceModule> GpuDevice::load(StringRef binary) {
  // PTX is read up to its zero.
  std::string image = binary.str();
  // CU_JIT_ERROR_LOG_BUFFER and its size: says why the driver rejects PTX.
  std::string log(8192, '\0');
  int options[] = {5, 6};
  void *values[] = {log.data(), reinterpret_cast<void *>(
                                    static_cast<uintptr_t>(log.size() - 1))};
  bool isCuda = vendor == Vendor::NVIDIA;
  DeviceModule module;
  int code = driver->loadModule(&module.handle, image.c_str(), isCuda ? 2 : 0,
                                options, values);
  if (code == getResults(vendor).noBinaryForDevice)
    return createStringError("the binary is not for this GPU (" + facts.name +
                             ")");
  if (Error error = check(code, "cannot load the binary")) {
    StringRef details = StringRef(log.c_str()).trim();
    if (details.empty())
      return std::move(error);
    return createStringError(toString(std::move(error)) + "\n" + details);
  }
  module.device = this;
  return std::move(module);
}

Expected<void *> GpuDevice::getFunction(const DeviceModule &module,
                                        StringRef symbol,
                                        int64_t dynamicSharedBytes) {
  void *function = nullptr;
  int code =
      driver->getFunction(&function, module.handle, symbol.str().c_str());
  if (code == getResults(vendor).notFound)
    return createStringError("the binary has no kernel '" + symbol + "'");
  if (Error error = check(code, "cannot find the kernel '" + symbol + "'"))
    return std::move(error);
  // More than this must be asked for (CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_
  // SIZE_BYTES).
  constexpr int64_t kDefaultSharedBytes = 48 * 1024;
  constexpr int kMaxDynamicShared = 8;
  if (vendor == Vendor::NVIDIA && dynamicSharedBytes > kDefaultSharedBytes)
    if (Error error = check(
            driver->setFunctionAttribute(function, kMaxDynamicShared,
                                         static_cast<int>(dynamicSharedBytes)),
            "cannot get " + Twine(dynamicSharedBytes) +
                " bytes of shared memory for '" + symbol + "'"))
      return std::move(error);
  return function;
}

Error GpuDevice::launch(const DeviceModule &module, const LaunchPlan &plan) {
  if (plan.isEmpty)
    return Error::success();
  const ManifestVariant &variant = *plan.variant;
  return launch(module, variant.symbol, plan.grid, variant.blockSize,
                variant.clusterSize, variant.dynamicSharedBytes, plan.cells);
}

Error GpuDevice::launch(const DeviceModule &module, StringRef symbol,
                        const std::array<int64_t, 3> &grid,
                        const std::array<int64_t, 3> &block,
                        const std::array<int64_t, 3> &cluster,
                        int64_t dynamicSharedBytes, ArrayRef<uint64_t> cells) {
  SmallVector<ArrayRef<uint8_t>> parameters;
  for (const uint64_t &cell : cells)
    parameters.emplace_back(reinterpret_cast<const uint8_t *>(&cell),
                            sizeof(cell));
  return launchWithBytes(module, symbol, grid, block, cluster,
                         dynamicSharedBytes, parameters);
}

Error GpuDevice::launchWithBytes(const DeviceModule &module, StringRef symbol,
                                 const std::array<int64_t, 3> &grid,
                                 const std::array<int64_t, 3> &block,
                                 const std::array<int64_t, 3> &cluster,
                                 int64_t dynamicSharedBytes,
                                 ArrayRef<ArrayRef<uint8_t>> parameters) {
  Expected<void *> function = getFunction(module, symbol, dynamicSharedBytes);
  if (!function)
    return function.takeError();
  // The driver only reads them.
  SmallVector<void *> params;
  for (ArrayRef<uint8_t> parameter : parameters)
    params.push_back(const_cast<uint8_t *>(parameter.data()));
  auto sharedBytes = static_cast<unsigned>(dynamicSharedBytes);
  int code;
  if (cluster == std::array<int64_t, 3>{1, 1, 1}) {
    code =
        driver->launch(*function, grid[0], grid[1], grid[2], block[0], block[1],
                       block[2], sharedBytes, nullptr, params.data(), nullptr);
  } else {
    if (!driver->launchConfigured)
      return createStringError("the driver is too old to launch clusters");
    CudaLaunchAttribute attribute = {};
    constexpr int kClusterDimension = 4;
    attribute.id = kClusterDimension;
    CudaLaunchConfig config = {};
    for (int axis = 0; axis < 3; ++axis) {
      attribute.value.clusterDim[axis] = cluster[axis];
      config.grid[axis] = grid[axis];
      config.block[axis] = block[axis];
    }
    config.sharedBytes = sharedBytes;
    config.attributes = &attribute;
    config.numAttributes = 1;
    code = driver->launchConfigured(&config, *function, params.data(), nullptr);
  }
  return check(code, "cannot launch '" + symbol + "'");
}

Expected<std::array<uint8_t, 128>>
GpuDevice::encodeTensorMap(const TensorMapFacts &map) {
  if (!driver->encodeTensorMap)
    return createStringError("the driver knows no tensor maps");
  // The driver wants the map itself at a multiple of 64 bytes.
  alignas(64) std::array<uint8_t, 128> bytes = {};
  constexpr int kNoInterleave = 0, kNoPromotion = 0;
  int code = driver->encodeTensorMap(
      bytes.data(), map.elementType, map.extents.size(), map.address,
      map.extents.data(), map.strides.data(), map.box.data(),
      map.elementStrides.data(), kNoInterleave, map.swizzle, kNoPromotion,
      map.fillsNaN);
  if (Error error = check(code, "cannot make a tensor map"))
    return std::move(error);
  return bytes;
}

//===----------------------------------------------------------------------===//
// Waiting and events
//===----------------------------------------------------------------------===//

DeviceEvent &DeviceEvent::operator=(DeviceEvent &&other) {
  std::swap(device, other.device);
  std::swap(handle, other.handle);
  return *this;
}

DeviceEvent::~DeviceEvent() {
  if (device && !device->isBroken)
    device->driver->destroyEvent(handle);
}

Expected<DeviceEvent> GpuDevice::createEvent() {
  DeviceEvent event;
  if (Error error = check(driver->createEvent(&event.handle, 0),
                          "cannot create an event"))
    return std::move(error);
  event.device = this;
  return std::move(event);
}

Error GpuDevice::record(const DeviceEvent &event) {
  return check(driver->recordEvent(event.handle, nullptr),
               "cannot record an event");
}

Expected<double> GpuDevice::getMilliseconds(const DeviceEvent &from,
                                            const DeviceEvent &to) {
  float milliseconds = 0;
  if (Error error =
          check(driver->getElapsed(&milliseconds, from.handle, to.handle),
                "cannot read the time"))
    return std::move(error);
  return milliseconds;
}

Error GpuDevice::wait() {
  Expected<DeviceEvent> event = createEvent();
  if (!event)
    return event.takeError();
  if (Error error = record(*event))
    return error;
  auto start = std::chrono::steady_clock::now();
  auto pause = std::chrono::microseconds(1);
  while (true) {
    int code = driver->queryEvent(event->handle);
    if (code != getResults(vendor).notReady)
      return check(code, "the kernel failed");
    if (std::chrono::steady_clock::now() - start > timeout) {
      isBroken = true;
      return createStringError(
          "the kernel did not end within " +
          formatv("{0:F1}", std::chrono::duration<double>(timeout).count()) +
          " s");
    }
    // Short work is seen at once; long work does not cost a core.
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
  }
}
