//===- DriverFunctions.h - the driver API, loaded at run time -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// CUDA's driver API and HIP have the same functions with the same parameters
// under other names, apart from the few in the last groups. Nothing of either
// is needed to build: handles are opaque pointers, device addresses are 64-bit
// integers and results are enumerations of which 0 means success.

#ifndef TK_LIB_RUNTIME_DRIVERFUNCTIONS_H
#define TK_LIB_RUNTIME_DRIVERFUNCTIONS_H

#include "tk/Support/TargetInfo.h"
#include "llvm/Support/Error.h"
#include <cstddef>

namespace mlir::tk {

/// CUlaunchAttribute: the cluster is the only one that we set.
struct CudaLaunchAttribute {
  int id;
  char padding[4];
  union {
    unsigned clusterDim[3];
    char size[64];
  } value;
};

/// CUlaunchConfig.
struct CudaLaunchConfig {
  unsigned grid[3];
  unsigned block[3];
  unsigned sharedBytes;
  void *stream;
  CudaLaunchAttribute *attributes;
  unsigned numAttributes;
};

struct DriverFunctions {
  /// Opens the library, `path` or the usual one, and finds every function.
  static llvm::Expected<DriverFunctions> load(Vendor vendor,
                                              llvm::StringRef path);

  int (*init)(unsigned flags);
  int (*getDriverVersion)(int *version);
  int (*getDeviceCount)(int *count);
  int (*getDevice)(int *device, int index);
  int (*getDeviceName)(char *name, int size, int device);
  int (*getDeviceBusId)(char *id, int size, int device);
  int (*getDeviceAttribute)(int *value, int attribute, int device);
  int (*getTotalMemory)(size_t *bytes, int device);
  int (*getMemoryInfo)(size_t *freeBytes, size_t *totalBytes);
  int (*allocate)(uint64_t *address, size_t bytes);
  int (*release)(uint64_t address);
  int (*copyToDevice)(uint64_t to, const void *from, size_t bytes);
  int (*copyToHost)(void *to, uint64_t from, size_t bytes);
  int (*copyOnDevice)(uint64_t to, uint64_t from, size_t bytes, void *stream);
  int (*fill)(uint64_t address, unsigned char value, size_t bytes,
              void *stream);
  int (*unloadModule)(void *module);
  int (*getFunction)(void **function, void *module, const char *name);
  int (*launch)(void *function, unsigned gridX, unsigned gridY, unsigned gridZ,
                unsigned blockX, unsigned blockY, unsigned blockZ,
                unsigned sharedBytes, void *stream, void **params,
                void **extra);
  int (*createEvent)(void **event, unsigned flags);
  int (*recordEvent)(void *event, void *stream);
  int (*queryEvent)(void *event);
  int (*getElapsed)(float *milliseconds, void *from, void *to);
  int (*destroyEvent)(void *event);
  int (*loadModule)(void **module, const void *image, unsigned numOptions,
                    int *options, void **optionValues);

  // CUDA only.
  int (*retainContext)(void **context, int device);
  int (*releaseContext)(int device);
  int (*setContext)(void *context);
  int (*setFunctionAttribute)(void *function, int attribute, int value);
  int (*launchConfigured)(const CudaLaunchConfig *config, void *function,
                          void **params, void **extra);
  int (*encodeTensorMap)(void *map, int elementType, uint32_t rank,
                         uint64_t address, const uint64_t *extents,
                         const uint64_t *strides, const uint32_t *box,
                         const uint32_t *elementStrides, int interleave,
                         int swizzle, int l2Promotion, int fill);
  int (*getErrorNameCuda)(int code, const char **name);
  int (*getErrorStringCuda)(int code, const char **text);

  // HIP only.
  int (*setDevice)(int device);
  /// Fills a hipDeviceProp_t, whose layout depends on the version; may be null.
  int (*getDeviceProperties)(void *properties, int device);
  const char *(*getErrorNameHip)(int code);
  const char *(*getErrorStringHip)(int code);
};

} // namespace mlir::tk

#endif // TK_LIB_RUNTIME_DRIVERFUNCTIONS_H
