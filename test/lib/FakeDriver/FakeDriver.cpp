//===- FakeDriver.cpp - a driver for tests, without a GPU -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Has the functions of libcuda that lib/Runtime loads or, with TK_FAKE_HIP,
// those of libamdhip64. Device memory is host memory, 1 GiB of it. A launch
// takes one millisecond of a clock that only launches and copies advance.
//
// What a kernel does depends on its name:
//   add_one(x: f32 *, n)         adds 1 to each
//   fake_twice*(x, y)            y = 2 x, as f32; fake_wrong*: y = 3 x
//   fake_map(map, y)             y = the rank, the first extent, the second
//                                extent, the first stride, the box, the element
//                                strides, the swizzle and the fill of the map,
//                                and 1 if it is about y, all as i32
//   fake_cluster(y)              y = the cluster of the launch and its bytes of
//                                shared memory, as i32
//   hang, fake_hang*             never ends
//   fault, fake_fault*           reads an illegal address
//   fake_crash*                  takes the process down
//   fake_heap*                   the same, with the lock of the heap taken
//   fake_block*                  the driver does not return from the launch
//   fake_exit*                   the driver ends the process, with exit code 3
// The `fake_` ones are compiled from `k(x: tensor<f32>[N], y: out
// tensor<f32>[N])`, with these parameters: x, N, y of the vector variant; x, N,
// stride, y, stride of the general one.
//
// TK_FAKE_FAIL names a function of libcuda; it, or that of libamdhip64 which
// stands for it, fails, and with TK_FAKE_MUTE set errors of CUDA have no names.
// TK_FAKE_GPUS is the number of GPUs, one if not set; with TK_FAKE_ABORT set,
// the process ends where the driver should start.

#include "DriverFunctions.h"
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <unistd.h>

#ifdef TK_FAKE_HIP
#define NAME(cuda, hip) hip
#else
#define NAME(cuda, hip) cuda
#endif

namespace {
struct FakeState {
  size_t totalBytes = size_t(1) << 30;
  size_t usedBytes = 0;
  float clock = 0;
  bool hangs = false;
  bool faulted = false;
  unsigned lastGrid[3] = {};
  unsigned lastCluster[3] = {};
  unsigned lastSharedBytes = 0;
};

struct FakeModule {
  std::string text;
  std::set<std::string> functions; // handles point at the names
};

/// What the 128 bytes of a tensor map hold here.
struct FakeTensorMap {
  int32_t facts[10];
  uint64_t address;
};

enum Result {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NoBinaryForDevice = 209,
  InvalidPtx = 218,
  NotFound = 500,
  NotReady = 600,
  IllegalAddress = 700,
  Unknown = 999
};
} // namespace

static FakeState state;

/// A driver holds what nobody released, as after a fault or beside a kernel
/// that hangs: no leak of the program's.
static std::set<void *> &getHeld() {
  static auto *held = new std::set<void *>;
  return *held;
}

/// Whether this function is told to fail.
static bool fails(const char *function) {
  const char *name = getenv("TK_FAKE_FAIL");
  return name && strcmp(name, function) == 0;
}
#define FAIL_IF_TOLD(function)                                                 \
  do {                                                                         \
    if (fails(function))                                                       \
      return Unknown;                                                          \
  } while (false)

// Sizes of allocations stand in front of them.
static constexpr size_t kHeaderSize = 64;

static bool startsWith(const std::string &text, const char *prefix) {
  return text.rfind(prefix, 0) == 0;
}

/// y = factor * x, by the parameters of a compiled kernel.
static void scale(const std::string &name, void **params, float factor) {
  bool isVector = name.find("__vector") != std::string::npos;
  auto readInteger = [&](int i) { return *static_cast<int64_t *>(params[i]); };
  auto *x = *static_cast<float **>(params[0]);
  auto *y = *static_cast<float **>(params[isVector ? 2 : 3]);
  int64_t count = readInteger(1);
  int64_t xStride = isVector ? 1 : readInteger(2);
  int64_t yStride = isVector ? 1 : readInteger(4);
  for (int64_t i = 0; i < count; ++i)
    y[i * yStride] = factor * x[i * xStride];
}

/// Frees what the heap takes for free already: it aborts with its lock taken.
static void breakHeap() {
  // A compiler that knew these would drop what nobody reads.
  void *(*volatile allocate)(size_t) = malloc;
  void (*volatile release)(void *) = free;
  // Two neighbours: a size stands in front of each, with a bit that says
  // whether what is before is used.
  constexpr size_t kSize = 4000, kWords = kSize / sizeof(size_t) + 2;
  auto *words = static_cast<size_t *>(allocate(kSize));
  auto *next = static_cast<size_t *>(allocate(kSize));
  for (int i = 0; next != words + kWords; ++i) {
    // A heap of another kind.
    if (i == 1000)
      abort();
    words = next;
    next = static_cast<size_t *>(allocate(kSize));
  }
  constexpr size_t kPreviousIsUsed = 1;
  next[-1] &= ~kPreviousIsUsed;
  release(words);
}

static void runKernel(const std::string &name, void **params) {
  state.clock += 1;
  state.hangs |= name == "hang" || startsWith(name, "fake_hang");
  state.faulted |= name == "fault" || startsWith(name, "fake_fault");
  if (startsWith(name, "fake_crash"))
    abort();
  if (startsWith(name, "fake_heap"))
    breakHeap();
  if (startsWith(name, "fake_block"))
    pause();
  if (startsWith(name, "fake_exit"))
    _exit(3);
  if (startsWith(name, "fake_twice"))
    scale(name, params, 2);
  if (startsWith(name, "fake_wrong"))
    scale(name, params, 3);
  if (name == "fake_map") {
    auto *map = static_cast<FakeTensorMap *>(params[0]);
    auto *y = *static_cast<int32_t **>(params[1]);
    memcpy(y, map->facts, sizeof(map->facts));
    y[10] = map->address == reinterpret_cast<uint64_t>(y);
  }
  if (name == "fake_cluster") {
    auto *y = *static_cast<int32_t **>(params[0]);
    memcpy(y, state.lastCluster, sizeof(state.lastCluster));
    y[3] = state.lastSharedBytes;
  }
  if (name == "add_one") {
    auto *x = *static_cast<float **>(params[0]);
    int64_t n = *static_cast<int64_t *>(params[1]);
    for (int64_t i = 0; i < n; ++i)
      x[i] += 1;
  }
}

#ifdef TK_FAKE_HIP
/// TK_FAKE_CHIP, or an MI300.
static const char *getChip() {
  const char *chip = getenv("TK_FAKE_CHIP");
  return chip ? chip : "gfx942:sramecc+:xnack-";
}
/// Whether an hsaco was compiled for it, by the flags in its header.
static bool isForChip(const char *image) {
  if (memcmp(image,
             "\x7f"
             "ELF",
             4) != 0)
    return true;
  constexpr int kFlagsOffset = 48;
  struct {
    const char *name;
    unsigned char machine;
  } chips[] = {
      {"gfx90a", 0x3f}, {"gfx942", 0x4c}, {"gfx950", 0x4f}, {"gfx1100", 0x41}};
  for (auto &chip : chips)
    if (startsWith(getChip(), chip.name))
      return static_cast<unsigned char>(image[kFlagsOffset]) == chip.machine;
  return false;
}
#else
static bool isForChip(const char *) { return true; }
#endif

extern "C" {

int NAME(cuInit, hipInit)(unsigned) {
  FAIL_IF_TOLD("cuInit");
  if (getenv("TK_FAKE_ABORT"))
    abort();
  return Success;
}
int NAME(cuDriverGetVersion, hipDriverGetVersion)(int *version) {
  return *version = 13000, Success;
}
int NAME(cuDeviceGetCount, hipGetDeviceCount)(int *count) {
  const char *text = getenv("TK_FAKE_GPUS");
  return *count = text ? atoi(text) : 1, Success;
}
int NAME(cuDeviceGet, hipDeviceGet)(int *device, int index) {
  FAIL_IF_TOLD("cuDeviceGet");
  return *device = index, Success;
}
int NAME(cuDeviceGetName, hipDeviceGetName)(char *name, int size, int) {
  return strncpy(name, "Fake GPU", size), Success;
}
int NAME(cuDeviceGetPCIBusId, hipDeviceGetPCIBusId)(char *id, int, int) {
  return *id = 0, Success;
}

int NAME(cuDeviceGetAttribute, hipDeviceGetAttribute)(int *value, int attribute,
                                                      int) {
  FAIL_IF_TOLD("cuDeviceGetAttribute");
  switch (attribute) {
  case NAME(16, 63): // multiprocessors
    return *value = 132, Success;
  case NAME(38, 19): // bytes of L2
    return *value = 1 << 20, Success;
  case NAME(75, 23): // compute capability
    return *value = 9, Success;
  case NAME(76, 61):
    return *value = 0, Success;
  }
  return InvalidValue;
}

int NAME(cuDeviceTotalMem_v2, hipDeviceTotalMem)(size_t *bytes, int) {
  return *bytes = state.totalBytes, Success;
}
int NAME(cuMemGetInfo_v2, hipMemGetInfo)(size_t *freeBytes,
                                         size_t *totalBytes) {
  *freeBytes = state.totalBytes - state.usedBytes;
  return *totalBytes = state.totalBytes, Success;
}

int NAME(cuMemAlloc_v2, hipMalloc)(uint64_t *address, size_t bytes) {
  FAIL_IF_TOLD("cuMemAlloc");
  if (bytes > state.totalBytes - state.usedBytes)
    return OutOfMemory;
  // Aligned as a driver's, so that vector variants may run.
  void *memory = nullptr;
  if (posix_memalign(&memory, 256, bytes + 256) != 0)
    return OutOfMemory;
  getHeld().insert(memory);
  auto *user = static_cast<char *>(memory) + 256;
  memcpy(user - kHeaderSize, &bytes, sizeof(bytes));
  memcpy(user - kHeaderSize + sizeof(bytes), &memory, sizeof(memory));
  state.usedBytes += bytes;
  return *address = reinterpret_cast<uint64_t>(user), Success;
}

int NAME(cuMemFree_v2, hipFree)(uint64_t address) {
  char *header = reinterpret_cast<char *>(address) - kHeaderSize;
  size_t bytes;
  void *memory;
  memcpy(&bytes, header, sizeof(bytes));
  memcpy(&memory, header + sizeof(bytes), sizeof(memory));
  state.usedBytes -= bytes;
  getHeld().erase(memory);
  free(memory);
  return Success;
}

int NAME(cuMemcpyHtoD_v2, hipMemcpyHtoD)(uint64_t to, const void *from,
                                         size_t bytes) {
  FAIL_IF_TOLD("cuMemcpyHtoD");
  return memcpy(reinterpret_cast<void *>(to), from, bytes), Success;
}
int NAME(cuMemcpyDtoH_v2, hipMemcpyDtoH)(void *to, uint64_t from,
                                         size_t bytes) {
  FAIL_IF_TOLD("cuMemcpyDtoH");
  return memcpy(to, reinterpret_cast<void *>(from), bytes), Success;
}
int NAME(cuMemcpyDtoDAsync_v2, hipMemcpyDtoDAsync)(uint64_t to, uint64_t from,
                                                   size_t bytes, void *) {
  FAIL_IF_TOLD("cuMemcpyDtoDAsync");
  state.clock += 1;
  memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from), bytes);
  return Success;
}
int NAME(cuMemsetD8Async, hipMemsetD8Async)(uint64_t address,
                                            unsigned char value, size_t bytes,
                                            void *) {
  FAIL_IF_TOLD("cuMemsetD8Async");
  return memset(reinterpret_cast<void *>(address), value, bytes), Success;
}

int NAME(cuModuleLoadDataEx, hipModuleLoadDataEx)(void **module,
                                                  const void *image,
                                                  unsigned numOptions,
                                                  int *options, void **values) {
  std::string text = static_cast<const char *>(image);
  if (text == "other gpu" || !isForChip(static_cast<const char *>(image)))
    return NoBinaryForDevice;
  if (text == "bad ptx") {
    for (unsigned i = 0; i < numOptions; ++i)
      if (options[i] == 5)
        strcpy(static_cast<char *>(values[i]), "line 1; error: bad ptx");
    return InvalidPtx;
  }
  *module = new FakeModule{text, {}};
  return getHeld().insert(*module), Success;
}
int NAME(cuModuleUnload, hipModuleUnload)(void *module) {
  getHeld().erase(module);
  return delete static_cast<FakeModule *>(module), Success;
}

int NAME(cuModuleGetFunction, hipModuleGetFunction)(void **function,
                                                    void *module,
                                                    const char *name) {
  FAIL_IF_TOLD("cuModuleGetFunction");
  // A text is the list of its kernels; of a binary, names are not looked at.
  auto &[text, functions] = *static_cast<FakeModule *>(module);
  bool isElf = startsWith(text, "\x7f"
                                "ELF");
  if (!isElf && text.find(name) == std::string::npos)
    return NotFound;
  auto it = functions.insert(name).first;
  return *function = const_cast<std::string *>(&*it), Success;
}

int NAME(cuLaunchKernel, hipModuleLaunchKernel)(void *function, unsigned gridX,
                                                unsigned gridY, unsigned gridZ,
                                                unsigned, unsigned, unsigned,
                                                unsigned sharedBytes, void *,
                                                void **params, void **) {
  FAIL_IF_TOLD("cuLaunchKernel");
  state.lastSharedBytes = sharedBytes;
  state.lastGrid[0] = gridX, state.lastGrid[1] = gridY;
  state.lastGrid[2] = gridZ;
  // Whatever goes wrong, only waiting tells.
  runKernel(*static_cast<const std::string *>(function), params);
  return Success;
}

int NAME(cuEventCreate, hipEventCreateWithFlags)(void **event, unsigned) {
  FAIL_IF_TOLD("cuEventCreate");
  *event = new float;
  return getHeld().insert(*event), Success;
}
int NAME(cuEventRecord, hipEventRecord)(void *event, void *) {
  FAIL_IF_TOLD("cuEventRecord");
  return *static_cast<float *>(event) = state.clock, Success;
}
int NAME(cuEventQuery, hipEventQuery)(void *) {
  return state.faulted ? IllegalAddress : state.hangs ? NotReady : Success;
}
int NAME(cuEventElapsedTime, hipEventElapsedTime)(float *time, void *from,
                                                  void *to) {
  FAIL_IF_TOLD("cuEventElapsedTime");
  *time = *static_cast<float *>(to) - *static_cast<float *>(from);
  return Success;
}
int NAME(cuEventDestroy_v2, hipEventDestroy)(void *event) {
  getHeld().erase(event);
  return delete static_cast<float *>(event), Success;
}

#ifdef TK_FAKE_HIP

int hipGetDevicePropertiesR0600(void *properties, int) {
  constexpr int kArchNameOffset = 1160;
  strcpy(static_cast<char *>(properties), "Fake GPU");
  strcpy(static_cast<char *>(properties) + kArchNameOffset, getChip());
  return Success;
}
int hipSetDevice(int) {
  FAIL_IF_TOLD("cuCtxSetCurrent");
  return state = FakeState(), Success;
}
const char *hipGetErrorName(int) { return "hipErrorFake"; }
const char *hipGetErrorString(int) { return "fake"; }

#else

int cuLaunchKernelEx(const mlir::tk::CudaLaunchConfig *config, void *function,
                     void **params, void **extra) {
  if (config->numAttributes != 1 || config->attributes->id != 4)
    return InvalidValue;
  memcpy(state.lastCluster, config->attributes->value.clusterDim, 12);
  return cuLaunchKernel(function, config->grid[0], config->grid[1],
                        config->grid[2], 1, 1, 1, config->sharedBytes, nullptr,
                        params, extra);
}
int cuTensorMapEncodeTiled(void *map, int, uint32_t rank, uint64_t address,
                           const uint64_t *extents, const uint64_t *strides,
                           const uint32_t *box, const uint32_t *elementStrides,
                           int interleave, int swizzle, int, int fill) {
  if (rank != 2 || interleave != 0)
    return InvalidValue;
  *static_cast<FakeTensorMap *>(map) = {{2, int(extents[0]), int(extents[1]),
                                         int(strides[0]), int(box[0]),
                                         int(box[1]), int(elementStrides[0]),
                                         int(elementStrides[1]), swizzle, fill},
                                        address};
  return Success;
}

int cuFuncSetAttribute(void *, int, int value) {
  return value > 232448 ? InvalidValue : Success;
}
int cuDevicePrimaryCtxRetain(void **context, int) {
  FAIL_IF_TOLD("cuDevicePrimaryCtxRetain");
  return state = FakeState(), *context = &state, Success;
}
int cuDevicePrimaryCtxRelease_v2(int) { return Success; }
int cuCtxSetCurrent(void *) {
  FAIL_IF_TOLD("cuCtxSetCurrent");
  return Success;
}
int cuGetErrorName(int, const char **name) {
  return *name = getenv("TK_FAKE_MUTE") ? nullptr : "CUDA_ERROR_FAKE", Success;
}
int cuGetErrorString(int, const char **text) {
  return *text = getenv("TK_FAKE_MUTE") ? nullptr : "fake", Success;
}

#endif

/// For tests: the state of the last launch.
void fakeGetLaunch(unsigned *grid, unsigned *cluster) {
  memcpy(grid, state.lastGrid, 12);
  memcpy(cluster, state.lastCluster, 12);
}
}
