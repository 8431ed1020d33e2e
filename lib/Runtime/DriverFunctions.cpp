//===- DriverFunctions.cpp - the driver API, loaded at run time -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "DriverFunctions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace llvm;
using namespace mlir::tk;

namespace {
/// Binds functions until one is missing.
class Binder {
public:
  Binder(sys::DynamicLibrary &library, Vendor vendor)
      : library(library), vendor(vendor) {}

  /// A null name means that the vendor has no such function.
  template <typename Fn>
  void bind(Fn *&function, const char *cudaName, const char *hipName) {
    const char *name = vendor == Vendor::NVIDIA ? cudaName : hipName;
    function = nullptr;
    if (!name || missing)
      return;
    function = reinterpret_cast<Fn *>(library.getAddressOfSymbol(name));
    if (!function)
      missing = name;
  }

  const char *getMissing() const { return missing; }

private:
  sys::DynamicLibrary &library;
  Vendor vendor;
  const char *missing = nullptr;
};
} // namespace

static Expected<sys::DynamicLibrary> openLibrary(Vendor vendor,
                                                 StringRef path) {
  SmallVector<std::string> candidates;
  if (!path.empty())
    candidates = {path.str()};
  else if (vendor == Vendor::NVIDIA)
    // The last one is where Windows' Linux subsystem keeps it.
    candidates = {"libcuda.so.1", "libcuda.so",
                  "/usr/lib/wsl/lib/libcuda.so.1"};
  else
    candidates = {"libamdhip64.so.6", "libamdhip64.so.7", "libamdhip64.so.5",
                  "libamdhip64.so", "/opt/rocm/lib/libamdhip64.so"};
  std::string firstError;
  for (const std::string &candidate : candidates) {
    std::string error;
    sys::DynamicLibrary library =
        sys::DynamicLibrary::getPermanentLibrary(candidate.c_str(), &error);
    if (library.isValid())
      return library;
    if (firstError.empty())
      firstError = error;
  }
  StringRef what = vendor == Vendor::NVIDIA ? "NVIDIA driver" : "HIP runtime";
  return createStringError("no " + what + " found: " + firstError);
}

Expected<DriverFunctions> DriverFunctions::load(Vendor vendor, StringRef path) {
  Expected<sys::DynamicLibrary> library = openLibrary(vendor, path);
  if (!library)
    return library.takeError();
  DriverFunctions f;
  Binder b(*library, vendor);
  b.bind(f.init, "cuInit", "hipInit");
  b.bind(f.getDriverVersion, "cuDriverGetVersion", "hipDriverGetVersion");
  b.bind(f.getDeviceCount, "cuDeviceGetCount", "hipGetDeviceCount");
  b.bind(f.getDevice, "cuDeviceGet", "hipDeviceGet");
  b.bind(f.getDeviceName, "cuDeviceGetName", "hipDeviceGetName");
  b.bind(f.getDeviceBusId, "cuDeviceGetPCIBusId", "hipDeviceGetPCIBusId");
  b.bind(f.getDeviceAttribute, "cuDeviceGetAttribute", "hipDeviceGetAttribute");
  b.bind(f.getTotalMemory, "cuDeviceTotalMem_v2", "hipDeviceTotalMem");
  b.bind(f.getMemoryInfo, "cuMemGetInfo_v2", "hipMemGetInfo");
  b.bind(f.allocate, "cuMemAlloc_v2", "hipMalloc");
  b.bind(f.release, "cuMemFree_v2", "hipFree");
  b.bind(f.copyToDevice, "cuMemcpyHtoD_v2", "hipMemcpyHtoD");
  b.bind(f.copyToHost, "cuMemcpyDtoH_v2", "hipMemcpyDtoH");
  b.bind(f.copyOnDevice, "cuMemcpyDtoDAsync_v2", "hipMemcpyDtoDAsync");
  b.bind(f.fill, "cuMemsetD8Async", "hipMemsetD8Async");
  b.bind(f.unloadModule, "cuModuleUnload", "hipModuleUnload");
  b.bind(f.getFunction, "cuModuleGetFunction", "hipModuleGetFunction");
  b.bind(f.launch, "cuLaunchKernel", "hipModuleLaunchKernel");
  b.bind(f.createEvent, "cuEventCreate", "hipEventCreateWithFlags");
  b.bind(f.recordEvent, "cuEventRecord", "hipEventRecord");
  b.bind(f.queryEvent, "cuEventQuery", "hipEventQuery");
  b.bind(f.getElapsed, "cuEventElapsedTime", "hipEventElapsedTime");
  b.bind(f.destroyEvent, "cuEventDestroy_v2", "hipEventDestroy");
  b.bind(f.loadModule, "cuModuleLoadDataEx", "hipModuleLoadDataEx");
  b.bind(f.retainContext, "cuDevicePrimaryCtxRetain", nullptr);
  b.bind(f.releaseContext, "cuDevicePrimaryCtxRelease_v2", nullptr);
  b.bind(f.setContext, "cuCtxSetCurrent", nullptr);
  b.bind(f.setFunctionAttribute, "cuFuncSetAttribute", nullptr);
  b.bind(f.getErrorNameCuda, "cuGetErrorName", nullptr);
  b.bind(f.getErrorStringCuda, "cuGetErrorString", nullptr);
  b.bind(f.setDevice, nullptr, "hipSetDevice");
  b.bind(f.getErrorNameHip, nullptr, "hipGetErrorName");
  b.bind(f.getErrorStringHip, nullptr, "hipGetErrorString");
  if (b.getMissing())
    return createStringError("the driver is too old: it has no '" +
                             Twine(b.getMissing()) + "'");
  // Since CUDA 11.8 and 12.0, and needed only for clusters and tensor maps.
  f.launchConfigured = nullptr;
  f.encodeTensorMap = nullptr;
  if (vendor == Vendor::NVIDIA) {
    f.launchConfigured = reinterpret_cast<decltype(f.launchConfigured)>(
        library->getAddressOfSymbol("cuLaunchKernelEx"));
    f.encodeTensorMap = reinterpret_cast<decltype(f.encodeTensorMap)>(
        library->getAddressOfSymbol("cuTensorMapEncodeTiled"));
  }
  f.getDeviceProperties = nullptr;
  if (vendor == Vendor::AMD)
    // The first since ROCm 6, the second before.
    for (const char *name :
         {"hipGetDevicePropertiesR0600", "hipGetDeviceProperties"})
      if (!f.getDeviceProperties)
        f.getDeviceProperties =
            reinterpret_cast<decltype(f.getDeviceProperties)>(
                library->getAddressOfSymbol(name));
  return f;
}
