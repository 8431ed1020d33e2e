//===- FakeDriver.cpp - a CUDA driver for tests, without a GPU ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has the functions of libcuda that lib/Runtime loads. Device memory is host
// memory; a kernel is known by its name: "add_one" adds 1 to each of n floats,
// "hang" never ends, "fault" reads an illegal address. A launch takes one
// millisecond of a clock that only launches advance.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {
struct FakeState {
  size_t totalBytes = size_t(1) << 30;
  size_t usedBytes = 0;
  float clock = 0;
  bool hangs = false;
  bool faulted = false;
  unsigned lastGrid[3] = {};
  unsigned lastCluster[3] = {};
};
} // namespace

static FakeState state;

// Sizes of allocations stand in front of them.
static constexpr size_t kHeaderSize = 64;

extern "C" {

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int *version) { return *version = 13000, 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGet(int *device, int index) { return *device = index, 0; }
int cuDeviceGetName(char *name, int size, int) {
  return strncpy(name, "Fake GPU", size), 0;
}
int cuDeviceGetPCIBusId(char *id, int, int) { return *id = 0, 0; }

int cuDeviceGetAttribute(int *value, int attribute, int) {
  switch (attribute) {
  case 16:
    return *value = 132, 0;
  case 38:
    return *value = 1 << 20, 0;
  case 75:
    return *value = 9, 0;
  case 76:
    return *value = 0, 0;
  }
  return 1;
}

int cuDeviceTotalMem_v2(size_t *bytes, int) {
  return *bytes = state.totalBytes, 0;
}
int cuMemGetInfo_v2(size_t *freeBytes, size_t *totalBytes) {
  *freeBytes = state.totalBytes - state.usedBytes;
  return *totalBytes = state.totalBytes, 0;
}

int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  if (bytes > state.totalBytes - state.usedBytes)
    return 2;
  auto *memory = static_cast<char *>(calloc(bytes + kHeaderSize, 1));
  memcpy(memory, &bytes, sizeof(bytes));
  state.usedBytes += bytes;
  return *address = reinterpret_cast<uint64_t>(memory + kHeaderSize), 0;
}

int cuMemFree_v2(uint64_t address) {
  char *memory = reinterpret_cast<char *>(address) - kHeaderSize;
  size_t bytes;
  memcpy(&bytes, memory, sizeof(bytes));
  state.usedBytes -= bytes;
  free(memory);
  return 0;
}

int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  return memcpy(reinterpret_cast<void *>(to), from, bytes), 0;
}
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  return memcpy(to, reinterpret_cast<void *>(from), bytes), 0;
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *) {
  state.clock += 1;
  return memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
                bytes),
         0;
}
int cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes,
                    void *) {
  return memset(reinterpret_cast<void *>(address), value, bytes), 0;
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned numOptions,
                       int *options, void **values) {
  std::string text = static_cast<const char *>(image);
  if (text == "other gpu")
    return 209;
  if (text == "bad ptx") {
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == 5)
        strcpy(static_cast<char *>(values[i]), "line 1; error: bad ptx");
    return 218;
  }
  return *module = new std::string(text), 0;
}
int cuModuleUnload(void *module) {
  return delete static_cast<std::string *>(module), 0;
}

int cuModuleGetFunction(void **function, void *module, const char *name) {
  // A module is the list of its kernels.
  if (static_cast<std::string *>(module)->find(name) == std::string::npos)
    return 500;
  static std::string names[] = {"add_one", "hang", "fault"};
  for (std::string &known : names)
    if (known == name)
      return *function = &known, 0;
  return 500;
}

int cuFuncSetAttribute(void *, int, int value) {
  return value > 232448 ? 1 : 0;
}

int cuLaunchKernel(void *function, unsigned gridX, unsigned gridY,
                   unsigned gridZ, unsigned, unsigned, unsigned, unsigned,
                   void *, void **params, void **) {
  state.lastGrid[0] = gridX, state.lastGrid[1] = gridY;
  state.lastGrid[2] = gridZ;
  state.clock += 1;
  const std::string &name = *static_cast<std::string *>(function);
  state.hangs |= name == "hang";
  state.faulted |= name == "fault";
  if (name == "add_one") {
    auto *x = *static_cast<float **>(params[0]);
    int64_t n = *static_cast<int64_t *>(params[1]);
    for (int64_t i = 0; i < n; ++i)
      x[i] += 1;
  }
  return 0;
}

struct FakeConfig {
  unsigned grid[3], block[3], sharedBytes;
  void *stream;
  struct {
    int id;
    char padding[4];
    unsigned cluster[16];
  } *attributes;
  unsigned numAttributes;
};

int cuLaunchKernelEx(const FakeConfig *config, void *function, void **params,
                     void **extra) {
  if (config->numAttributes != 1 || config->attributes->id != 4)
    return 1;
  memcpy(state.lastCluster, config->attributes->cluster, 12);
  return cuLaunchKernel(function, config->grid[0], config->grid[1],
                        config->grid[2], 1, 1, 1, 0, nullptr, params, extra);
}

int cuEventCreate(void **event, unsigned) { return *event = new float, 0; }
int cuEventRecord(void *event, void *) {
  return *static_cast<float *>(event) = state.clock, 0;
}
int cuEventQuery(void *) { return state.faulted ? 700 : state.hangs ? 600 : 0; }
int cuEventElapsedTime(float *time, void *from, void *to) {
  *time = *static_cast<float *>(to) - *static_cast<float *>(from);
  return 0;
}
int cuEventDestroy_v2(void *event) {
  return delete static_cast<float *>(event), 0;
}

int cuDevicePrimaryCtxRetain(void **context, int) {
  return state = FakeState(), *context = &state, 0;
}
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxSetCurrent(void *) { return 0; }
int cuGetErrorName(int, const char **name) {
  return *name = "CUDA_ERROR_FAKE", 0;
}
int cuGetErrorString(int, const char **text) { return *text = "fake", 0; }

/// For tests: the state of the last launch.
void fakeGetLaunch(unsigned *grid, unsigned *cluster) {
  memcpy(grid, state.lastGrid, 12);
  memcpy(cluster, state.lastCluster, 12);
}
}
