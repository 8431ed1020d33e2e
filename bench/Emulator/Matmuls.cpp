//===- Matmuls.cpp - matrix products by PTX of several compilers ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C = A B for 512x512 matrices of bf16 that hold small integers: every sum is
// exact in f32, so the result is known bit for bit whatever the order.
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"
#include "tk/Emulator/TensorMap.h"
#include "tk/Runtime/LaunchPlan.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;
using namespace mlir::tk;

static constexpr int64_t kSize = 512;

namespace {
using Matrix = std::vector<uint16_t>;

/// The operands in the memory of an emulator.
struct Operands {
  Matrix a, b;
  uint64_t addressA = 0, addressB = 0, addressC = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Operands and the reference
//===----------------------------------------------------------------------===//

/// To nearest even; no NaNs here.
static uint16_t toBF16(float value) {
  uint32_t bits = bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static float fromBF16(uint16_t bits) {
  return bit_cast<float>(uint32_t(bits) << 16);
}

/// Integers from -4 to 4 that repeat with no period of the tiles.
static Matrix makeMatrix(uint32_t seed) {
  Matrix matrix(kSize * kSize);
  uint32_t state = seed;
  for (uint16_t &element : matrix) {
    state = state * 1664525 + 1013904223;
    element = toBF16(static_cast<float>(state >> 16) / 65536 * 9 - 4.5f);
    element = toBF16(static_cast<float>(static_cast<int>(fromBF16(element))));
  }
  return matrix;
}

static Matrix multiplyOnHost(const Matrix &a, const Matrix &b) {
  std::vector<float> rowsOfB(b.size());
  for (size_t i = 0; i < b.size(); ++i)
    rowsOfB[i] = fromBF16(b[i]);
  Matrix result(kSize * kSize);
  std::vector<float> sums(kSize);
  for (int64_t m = 0; m < kSize; ++m) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (int64_t k = 0; k < kSize; ++k) {
      float factor = fromBF16(a[m * kSize + k]);
      const float *row = rowsOfB.data() + k * kSize;
      for (int64_t n = 0; n < kSize; ++n)
        sums[n] += factor * row[n];
    }
    for (int64_t n = 0; n < kSize; ++n)
      result[m * kSize + n] = toBF16(sums[n]);
  }
  return result;
}

static ArrayRef<uint8_t> bytesOf(const Matrix &matrix) {
  return {reinterpret_cast<const uint8_t *>(matrix.data()),
          matrix.size() * sizeof(uint16_t)};
}

static Expected<Operands> allocateOperands(Emulator &emulator) {
  Operands operands;
  operands.a = makeMatrix(1);
  operands.b = makeMatrix(2);
  operands.addressA = emulator.allocate(bytesOf(operands.a).size(), "a");
  operands.addressB = emulator.allocate(bytesOf(operands.b).size(), "b");
  operands.addressC = emulator.allocate(bytesOf(operands.a).size(), "c");
  if (Error error = emulator.write(operands.addressA, bytesOf(operands.a)))
    return std::move(error);
  if (Error error = emulator.write(operands.addressB, bytesOf(operands.b)))
    return std::move(error);
  return operands;
}

static Error checkResult(Emulator &emulator, const Operands &operands) {
  static const Matrix expected = multiplyOnHost(operands.a, operands.b);
  Matrix found(kSize * kSize);
  if (Error error = emulator.read(operands.addressC,
                                  {reinterpret_cast<uint8_t *>(found.data()),
                                   found.size() * sizeof(uint16_t)}))
    return error;
  for (int64_t i = 0; i < kSize * kSize; ++i)
    if (found[i] != expected[i])
      return createStringError("c[%d, %d] is %g, expected %g", int(i / kSize),
                               int(i % kSize), double(fromBF16(found[i])),
                               double(fromBF16(expected[i])));
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// Boxes of 64 columns, as wide as the swizzle of 128 bytes.
static Expected<TensorMapBytes> makeMap(uint64_t address, uint32_t boxRows) {
  TensorMap map;
  map.type = TensorMapType::BF16;
  map.rank = 2;
  map.address = address;
  map.extents = {kSize, kSize, 1, 1, 1};
  map.strides = {kSize * 2, 0, 0, 0};
  map.box = {64, boxRows, 1, 1, 1};
  map.swizzle = TensorMapSwizzle::Bytes128;
  return encodeTensorMap(map);
}

/// bench/Emulator/MatmulMma.cu.
static Expected<EmulatorLaunch> planMma(Emulator &, const EmulatorModule &,
                                        const Operands &operands) {
  EmulatorLaunch launch;
  launch.entry = "matmulMma";
  launch.grid = {kSize / 128, kSize / 128, 1};
  launch.block = {128, 1, 1};
  launch.addArgument(operands.addressA);
  launch.addArgument(operands.addressB);
  launch.addArgument(operands.addressC);
  launch.addArgument(uint32_t(kSize));
  launch.addArgument(uint32_t(kSize));
  return launch;
}

/// bench/Emulator/MatmulWgmma.cu.
static Expected<EmulatorLaunch> planWgmma(Emulator &, const EmulatorModule &,
                                          const Operands &operands) {
  EmulatorLaunch launch;
  launch.entry = "matmulWgmma";
  launch.grid = {kSize / 256, kSize / 128, 1};
  launch.block = {384, 1, 1};
  launch.dynamicSharedBytes = 4 * (128 + 256) * 64 * 2 + 1024;
  Expected<TensorMapBytes> a = makeMap(operands.addressA, 128);
  if (!a)
    return a.takeError();
  Expected<TensorMapBytes> b = makeMap(operands.addressB, 64);
  if (!b)
    return b.takeError();
  launch.addArgument(*a);
  launch.addArgument(*b);
  launch.addArgument(operands.addressC);
  launch.addArgument(uint32_t(kSize));
  launch.addArgument(uint32_t(kSize));
  return launch;
}

/// test/Emulator/Triton/kernels.py: 64x64 tiles.
static Expected<EmulatorLaunch>
planTritonMma(Emulator &, const EmulatorModule &, const Operands &operands) {
  EmulatorLaunch launch;
  launch.entry = "matmul";
  launch.grid = {kSize / 64, kSize / 64, 1};
  launch.block = {128, 1, 1};
  launch.dynamicSharedBytes = 8192;
  launch.addArgument(operands.addressA);
  launch.addArgument(operands.addressB);
  launch.addArgument(operands.addressC);
  for (unsigned i = 0; i < 3; ++i)
    launch.addArgument(uint32_t(kSize));
  // Scratch memory that it does not use.
  for (unsigned i = 0; i < 2; ++i)
    launch.addArgument(uint64_t(0));
  return launch;
}

/// The same with tensor maps and wgmma: 64x128 tiles.
static Expected<EmulatorLaunch>
planTritonWgmma(Emulator &, const EmulatorModule &, const Operands &operands) {
  EmulatorLaunch launch;
  launch.entry = "matmul_descriptors";
  launch.grid = {kSize / 64, kSize / 128, 1};
  launch.block = {128, 1, 1};
  launch.dynamicSharedBytes = 73752;
  for (uint64_t address :
       {operands.addressA, operands.addressB, operands.addressC}) {
    Expected<TensorMapBytes> map = makeMap(address, 64);
    if (!map)
      return map.takeError();
    launch.addArgument(*map);
    launch.addArgument(uint32_t(kSize));
    launch.addArgument(uint32_t(kSize));
    launch.addArgument(uint64_t(kSize));
    launch.addArgument(uint64_t(1));
  }
  launch.addArgument(uint32_t(kSize));
  for (unsigned i = 0; i < 2; ++i)
    launch.addArgument(uint64_t(0));
  return launch;
}

/// kernels/matmul.tk: the manifest in the PTX says how it is launched.
static Expected<EmulatorLaunch> planTk(Emulator &emulator,
                                       const EmulatorModule &module,
                                       const Operands &operands) {
  std::optional<uint64_t> address =
      emulator.lookupVariable(module, "__tk_manifest");
  const auto &variables = getPtx(module).variables;
  auto variable = find_if(variables, [](const PtxVariable &candidate) {
    return candidate.name == "__tk_manifest";
  });
  if (!address || variable == variables.end())
    return createStringError("the PTX has no manifest");
  std::string text(variable->sizeInBytes, '\0');
  if (Error error = emulator.read(
          *address, {reinterpret_cast<uint8_t *>(text.data()), text.size()}))
    return std::move(error);
  Expected<Manifest> manifest = Manifest::fromJSON(StringRef(text).rtrim('\0'));
  if (!manifest)
    return manifest.takeError();
  SmallVector<LaunchArgument> arguments;
  for (uint64_t buffer :
       {operands.addressA, operands.addressB, operands.addressC})
    arguments.push_back(LaunchArgument::tensor(
        buffer, DType::BF16, {kSize, kSize}, {kSize, int64_t(1)}));
  Expected<LaunchPlan> plan =
      planLaunch(manifest->kernels.front(), arguments, /*numSms=*/132);
  if (!plan)
    return plan.takeError();
  EmulatorLaunch launch;
  launch.entry = plan->variant->symbol;
  for (unsigned axis = 0; axis < 3; ++axis) {
    launch.grid[axis] = static_cast<uint32_t>(plan->grid[axis]);
    launch.block[axis] = plan->variant->blockSize[axis];
  }
  launch.dynamicSharedBytes = plan->variant->dynamicSharedBytes;
  for (uint64_t cell : plan->cells)
    launch.addArgument(cell);
  return launch;
}

//===----------------------------------------------------------------------===//
// The list
//===----------------------------------------------------------------------===//

using Planner = Expected<EmulatorLaunch> (*)(Emulator &, const EmulatorModule &,
                                             const Operands &);

static Expected<BenchmarkRun> runMatmul(StringRef path, Planner plan,
                                        const EmulatorOptions &options) {
  auto text = MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!text)
    return createStringError(text.getError(), path);
  Emulator emulator;
  Expected<EmulatorModule *> module = emulator.load((*text)->getBuffer(), path);
  if (!module)
    return module.takeError();
  Expected<Operands> operands = allocateOperands(emulator);
  if (!operands)
    return operands.takeError();
  Expected<EmulatorLaunch> launch = plan(emulator, **module, *operands);
  if (!launch)
    return launch.takeError();
  Expected<BenchmarkRun> run = timeLaunch(emulator, **module, *launch, options);
  if (!run)
    return run.takeError();
  if (Error error = checkResult(emulator, *operands))
    return std::move(error);
  return run;
}

std::vector<EmulatorBenchmark> mlir::tk::getMatmulBenchmarks() {
  auto make = [](StringRef name, StringRef description, double goalInSeconds,
                 const char *path, Planner plan) {
    EmulatorBenchmark benchmark;
    benchmark.name = name;
    benchmark.description = description;
    benchmark.goalInSeconds = goalInSeconds;
    benchmark.run = [path, plan](const EmulatorOptions &options) {
      return runMatmul(path, plan, options);
    };
    return benchmark;
  };
  constexpr double goalOfMma = 10, goalOfWgmma = 2;
  EmulatorBenchmark tritonWgmma =
      make("wgmma-triton", "512^3 bf16, wgmma and TMA, of Triton", goalOfWgmma,
           TK_CORPUS_SOURCES "/Triton/matmul_descriptors.sm_90.ptx",
           planTritonWgmma);
  // No fence between the init of its mbarriers and the copies.
  tritonWgmma.brokenRule = "mbarrier-init-fence";
  return {make("mma-nvcc", "512^3 bf16, mma.sync and cp.async, of nvcc",
               goalOfMma, TK_BENCH_SOURCES "/MatmulMma.ptx", planMma),
          make("mma-tk", "512^3 bf16, mma.sync and cp.async, of tkc", goalOfMma,
               TK_BENCH_BINARIES "/matmul.sm_80.ptx", planTk),
          make("mma-triton", "512^3 bf16, mma.sync, of Triton", goalOfMma,
               TK_CORPUS_SOURCES "/Triton/matmul.sm_80.ptx", planTritonMma),
          make("wgmma-nvcc", "512^3 bf16, wgmma and TMA, of nvcc", goalOfWgmma,
               TK_BENCH_SOURCES "/MatmulWgmma.ptx", planWgmma),
          tritonWgmma};
}
