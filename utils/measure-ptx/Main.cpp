//===- Main.cpp - runs PTX cases on a GPU and keeps what it wrote ---------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//   measure-ptx run OUT      runs all cases on the GPU; writes OUT/*.pack
//   measure-ptx list OUT     writes the PTX of each case to OUT, for ptxas
//
// Needs the driver's libcuda.so.1 and nothing else. utils/measure-ptx.sh builds
// it; the target compare-measured compares the emulator with a pack.
//
//===----------------------------------------------------------------------===//

#include "Cases.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <functional>

using namespace measure;

namespace {

/// The few functions of the driver API that a launch needs.
struct Driver {
  int (*init)(unsigned);
  int (*getDevice)(int *, int);
  int (*retainContext)(void **, int);
  int (*setContext)(void *);
  int (*allocate)(uint64_t *, size_t);
  int (*release)(uint64_t);
  int (*copyToDevice)(uint64_t, const void *, size_t);
  int (*copyToHost)(void *, uint64_t, size_t);
  int (*fill)(uint64_t, unsigned char, size_t);
  int (*loadModule)(void **, const void *, unsigned, int *, void **);
  int (*unloadModule)(void *);
  int (*getFunction)(void **, void *, const char *);
  int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned,
                unsigned, unsigned, void *, void **, void **);
  int (*synchronize)();
};

template <typename Function>
void find(void *library, const char *name, Function &function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (!function) {
    fprintf(stderr, "measure-ptx: the driver has no %s\n", name);
    exit(1);
  }
}

void check(int code, const char *what) {
  if (!code)
    return;
  fprintf(stderr, "measure-ptx: %s failed with %d\n", what, code);
  exit(1);
}

Driver openDriver() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
  if (!library) {
    fprintf(stderr, "measure-ptx: %s\n", dlerror());
    exit(1);
  }
  Driver driver;
  find(library, "cuInit", driver.init);
  find(library, "cuDeviceGet", driver.getDevice);
  find(library, "cuDevicePrimaryCtxRetain", driver.retainContext);
  find(library, "cuCtxSetCurrent", driver.setContext);
  find(library, "cuMemAlloc_v2", driver.allocate);
  find(library, "cuMemFree_v2", driver.release);
  find(library, "cuMemcpyHtoD_v2", driver.copyToDevice);
  find(library, "cuMemcpyDtoH_v2", driver.copyToHost);
  find(library, "cuMemsetD8_v2", driver.fill);
  find(library, "cuModuleLoadDataEx", driver.loadModule);
  find(library, "cuModuleUnload", driver.unloadModule);
  find(library, "cuModuleGetFunction", driver.getFunction);
  find(library, "cuLaunchKernel", driver.launch);
  find(library, "cuCtxSynchronize", driver.synchronize);
  check(driver.init(0), "cuInit");
  int device;
  void *context;
  check(driver.getDevice(&device, 0), "cuDeviceGet");
  check(driver.retainContext(&context, device), "cuDevicePrimaryCtxRetain");
  check(driver.setContext(context), "cuCtxSetCurrent");
  return driver;
}

void run(const Driver &driver, const Pack &pack, Case &test) {
  static char log[4096];
  // CU_JIT_ERROR_LOG_BUFFER and its size, CU_JIT_OPTIMIZATION_LEVEL.
  int options[] = {5, 6, 7};
  void *values[] = {
      log, reinterpret_cast<void *>(sizeof(log)),
      reinterpret_cast<void *>(uintptr_t(pack.optimizationLevel))};
  log[0] = 0;
  void *module, *function;
  if (driver.loadModule(&module, test.ptx.c_str(), 3, options, values)) {
    fprintf(stderr, "%s: not loaded\n%s\n", test.name.c_str(), log);
    return;
  }
  check(driver.getFunction(&function, module, "case"), "cuModuleGetFunction");
  const Words &input = pack.inputs[test.input];
  size_t numOutputs = size_t(test.grid) * test.block * test.outputWords;
  uint64_t in, out;
  check(driver.allocate(&in, input.size() * 4), "cuMemAlloc");
  check(driver.allocate(&out, numOutputs * 4), "cuMemAlloc");
  check(driver.copyToDevice(in, input.data(), input.size() * 4), "cuMemcpy");
  check(driver.fill(out, 0xCD, numOutputs * 4), "cuMemset");
  void *parameters[] = {&in, &out};
  int code = driver.launch(function, test.grid, 1, 1, test.block, 1, 1, 0,
                           nullptr, parameters, nullptr);
  if (!code)
    code = driver.synchronize();
  check(code, test.name.c_str());
  test.output.resize(numOutputs);
  check(driver.copyToHost(test.output.data(), out, numOutputs * 4), "cuMemcpy");
  driver.release(in);
  driver.release(out);
  driver.unloadModule(module);
}

void list(const std::string &folder, const std::string &group,
          const Pack &pack) {
  for (const Case &test : pack.cases) {
    std::string path = folder + "/" + group + "-" + test.name + ".ptx";
    FILE *file = fopen(path.c_str(), "w");
    if (!file)
      exit(1);
    fputs(test.ptx.c_str(), file);
    fclose(file);
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: measure-ptx run|list FOLDER [GROUP...]\n");
    return 2;
  }
  struct Group {
    std::string name;
    std::function<Pack()> build;
  };
  std::vector<Group> groups = {{"matrix", buildMatrixCases},
                               {"warpgroup", buildWarpgroupCases},
                               {"arithmetic", buildArithmeticCases},
                               {"boundary", buildBoundaryCases},
                               {"approximation", buildApproximationCases}};
  for (unsigned i = 0; i < numRandomGroups; ++i)
    groups.push_back(
        {"random-" + std::to_string(i), [i] { return buildRandomCases(i); }});
  bool isRun = !strcmp(argv[1], "run");
  Driver driver;
  if (isRun)
    driver = openDriver();
  for (const Group &group : groups) {
    bool isAsked = argc == 3;
    for (int i = 3; i < argc; ++i)
      isAsked |= group.name == argv[i];
    if (!isAsked)
      continue;
    Pack pack = group.build();
    if (!isRun) {
      list(argv[2], group.name, pack);
      continue;
    }
    size_t numRun = 0;
    for (Case &test : pack.cases) {
      run(driver, pack, test);
      numRun += !test.output.empty();
    }
    writePack(std::string(argv[2]) + "/" + group.name + ".pack", pack);
    printf("%s: %zu of %zu cases ran\n", group.name.c_str(), numRun,
           pack.cases.size());
  }
  return 0;
}
