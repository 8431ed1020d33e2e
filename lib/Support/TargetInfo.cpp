//===- TargetInfo.cpp - what each supported chip can do -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/TargetInfo.h"
#include "tk/Support/Suggest.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include <tuple>

using namespace llvm;
using namespace mlir::tk;

//===----------------------------------------------------------------------===//
// Matrix instructions
//===----------------------------------------------------------------------===//

// PTX ISA, "Warp-level matrix instructions": mma.sync by the first chip that
// has each shape.
#define TK_MMA_SM80                                                            \
  {MatrixUnit::MmaSync, MatrixType::F16, 16, 8, 8, true},                      \
      {MatrixUnit::MmaSync, MatrixType::F16, 16, 8, 16, true},                 \
      {MatrixUnit::MmaSync, MatrixType::BF16, 16, 8, 8},                       \
      {MatrixUnit::MmaSync, MatrixType::BF16, 16, 8, 16},                      \
      {MatrixUnit::MmaSync, MatrixType::TF32, 16, 8, 4},                       \
      {MatrixUnit::MmaSync, MatrixType::TF32, 16, 8, 8},                       \
      {MatrixUnit::MmaSync, MatrixType::F64, 8, 8, 4},                         \
      {MatrixUnit::MmaSync, MatrixType::I8, 16, 8, 16},                        \
      {MatrixUnit::MmaSync, MatrixType::I8, 16, 8, 32}
#define TK_MMA_SM89 {MatrixUnit::MmaSync, MatrixType::F8, 16, 8, 32}
#define TK_MMA_SM90                                                            \
  {MatrixUnit::MmaSync, MatrixType::F64, 16, 8, 4},                            \
      {MatrixUnit::MmaSync, MatrixType::F64, 16, 8, 8},                        \
      {MatrixUnit::MmaSync, MatrixType::F64, 16, 8, 16}

static constexpr MatrixInstruction kMatrixSm80[] = {TK_MMA_SM80};
static constexpr MatrixInstruction kMatrixSm89[] = {TK_MMA_SM80, TK_MMA_SM89};
static constexpr MatrixInstruction kMatrixSm100[] = {TK_MMA_SM80, TK_MMA_SM89,
                                                     TK_MMA_SM90};
// PTX ISA, "Asynchronous warpgroup level matrix instructions".
static constexpr MatrixInstruction kMatrixSm90a[] = {
    TK_MMA_SM80,
    TK_MMA_SM89,
    TK_MMA_SM90,
    {MatrixUnit::Wgmma, MatrixType::F16, 64, 8, 16, true, 256},
    {MatrixUnit::Wgmma, MatrixType::BF16, 64, 8, 16, false, 256},
    {MatrixUnit::Wgmma, MatrixType::TF32, 64, 8, 8, false, 256},
    {MatrixUnit::Wgmma, MatrixType::I8, 64, 8, 32, false, 256},
    {MatrixUnit::Wgmma, MatrixType::F8, 64, 8, 32, true, 256},
};

// CDNA 2, 3 and 4 ISA documents, "Matrix fused-multiply-add".
#define TK_MFMA_CDNA                                                           \
  {MatrixUnit::Mfma, MatrixType::F16, 32, 32, 8},                              \
      {MatrixUnit::Mfma, MatrixType::F16, 16, 16, 16},                         \
      {MatrixUnit::Mfma, MatrixType::BF16, 32, 32, 8},                         \
      {MatrixUnit::Mfma, MatrixType::BF16, 16, 16, 16},                        \
      {MatrixUnit::Mfma, MatrixType::F32, 32, 32, 2},                          \
      {MatrixUnit::Mfma, MatrixType::F32, 16, 16, 4},                          \
      {MatrixUnit::Mfma, MatrixType::F64, 16, 16, 4}
#define TK_MFMA_CDNA3                                                          \
  {MatrixUnit::Mfma, MatrixType::I8, 32, 32, 16},                              \
      {MatrixUnit::Mfma, MatrixType::I8, 16, 16, 32},                          \
      {MatrixUnit::Mfma, MatrixType::F8, 32, 32, 16},                          \
      {MatrixUnit::Mfma, MatrixType::F8, 16, 16, 32}
static constexpr MatrixInstruction kMatrixGfx90a[] = {
    TK_MFMA_CDNA,
    {MatrixUnit::Mfma, MatrixType::I8, 32, 32, 8},
    {MatrixUnit::Mfma, MatrixType::I8, 16, 16, 16},
};
static constexpr MatrixInstruction kMatrixGfx942[] = {
    TK_MFMA_CDNA,
    TK_MFMA_CDNA3,
    {MatrixUnit::Mfma, MatrixType::TF32, 32, 32, 4},
    {MatrixUnit::Mfma, MatrixType::TF32, 16, 16, 8},
};
static constexpr MatrixInstruction kMatrixGfx950[] = {
    TK_MFMA_CDNA,
    TK_MFMA_CDNA3,
    {MatrixUnit::Mfma, MatrixType::F16, 32, 32, 16},
    {MatrixUnit::Mfma, MatrixType::F16, 16, 16, 32},
    {MatrixUnit::Mfma, MatrixType::BF16, 32, 32, 16},
    {MatrixUnit::Mfma, MatrixType::BF16, 16, 16, 32},
    {MatrixUnit::Mfma, MatrixType::I8, 32, 32, 32},
    {MatrixUnit::Mfma, MatrixType::I8, 16, 16, 64},
    {MatrixUnit::Mfma, MatrixType::F8, 32, 32, 64},
    {MatrixUnit::Mfma, MatrixType::F8, 16, 16, 128},
};
// RDNA 3 ISA document, "Wave matrix multiply accumulate".
static constexpr MatrixInstruction kMatrixGfx1100[] = {
    {MatrixUnit::Wmma, MatrixType::F16, 16, 16, 16, true},
    {MatrixUnit::Wmma, MatrixType::BF16, 16, 16, 16, true},
    {MatrixUnit::Wmma, MatrixType::I8, 16, 16, 16},
};

unsigned mlir::tk::getBitWidth(MatrixType type) {
  switch (type) {
  case MatrixType::I8:
  case MatrixType::F8:
    return 8;
  case MatrixType::F16:
  case MatrixType::BF16:
    return 16;
  case MatrixType::TF32:
  case MatrixType::F32:
    return 32;
  case MatrixType::F64:
    return 64;
  }
  llvm_unreachable("all matrix types are listed");
}

bool mlir::tk::isLegalWgmmaN(MatrixType type, unsigned n) {
  if (n == 0 || n % 8 != 0 || n > 256)
    return false;
  return type != MatrixType::I8 || n == 8 || n == 24 || n % 16 == 0;
}

//===----------------------------------------------------------------------===//
// Targets
//===----------------------------------------------------------------------===//

static constexpr uint32_t maskOf(std::initializer_list<Capability> list) {
  uint32_t mask = 0;
  for (Capability capability : list)
    mask |= uint32_t(1) << static_cast<unsigned>(capability);
  return mask;
}

static constexpr uint32_t kSm80 =
    maskOf({Capability::CpAsync, Capability::Ldmatrix,
            Capability::Bf16Arithmetic, Capability::AtomicAddF64,
            Capability::AtomicAddF16, Capability::WarpReduceInteger});
static constexpr uint32_t kSm89 = kSm80 | maskOf({Capability::F8Conversion});
static constexpr uint32_t kSm90 =
    kSm89 | maskOf({Capability::Stmatrix, Capability::Mbarrier, Capability::Tma,
                    Capability::Clusters, Capability::DependentLaunch,
                    Capability::AtomicAddBf16, Capability::VectorReduction,
                    Capability::Atomic128, Capability::SetMaxRegisters});
static constexpr uint32_t kSm100 =
    kSm90 | maskOf({Capability::WarpReduceFloat});

static constexpr uint32_t kGfx90a =
    maskOf({Capability::AtomicAddF64, Capability::AtomicAddF16});
static constexpr uint32_t kGfx942 =
    kGfx90a | maskOf({Capability::AtomicAddBf16, Capability::F8Conversion,
                      Capability::LoadToLds});
static constexpr uint32_t kGfx950 =
    kGfx942 | maskOf({Capability::Bf16Arithmetic});
static constexpr uint32_t kGfx1100 = 0;

static constexpr int64_t kKiB = 1024;

namespace mlir::tk {
/// CUDA C++ Programming Guide, "Technical specifications per compute
/// capability"; AMD: LLVM's "User Guide for AMDGPU Backend" and ISA documents.
struct TargetTable {
  static ArrayRef<TargetInfo> get() {
    static const TargetInfo targets[] = {
        getNvidia("sm_80", 74, "+ptx74", 163 * kKiB, 164 * kKiB, 2048, 32,
                  kSm80, kMatrixSm80),
        getNvidia("sm_86", 74, "+ptx74", 99 * kKiB, 100 * kKiB, 1536, 16, kSm80,
                  kMatrixSm80),
        getNvidia("sm_89", 84, "+ptx84", 99 * kKiB, 100 * kKiB, 1536, 24, kSm89,
                  kMatrixSm89),
        getNvidia("sm_90a", 84, "+ptx84", 227 * kKiB, 228 * kKiB, 2048, 32,
                  kSm90, kMatrixSm90a),
        getNvidia("sm_100a", 86, "+ptx86", 227 * kKiB, 228 * kKiB, 2048, 32,
                  kSm100, kMatrixSm100),
        getNvidia("sm_120a", 87, "+ptx87", 99 * kKiB, 100 * kKiB, 1536, 24,
                  kSm90, kMatrixSm100),
        getAmd("gfx90a", "", 64, 32, 64 * kKiB, 512, 131072, kGfx90a,
               kMatrixGfx90a),
        getAmd("gfx942", "", 64, 32, 64 * kKiB, 512, 131072, kGfx942,
               kMatrixGfx942),
        getAmd("gfx950", "", 64, 64, 160 * kKiB, 512, 131072, kGfx950,
               kMatrixGfx950),
        getAmd("gfx1100", "+wavefrontsize32", 32, 32, 64 * kKiB, 256, 98304,
               kGfx1100, kMatrixGfx1100),
    };
    return targets;
  }

private:
  static TargetInfo
  getNvidia(StringRef name, unsigned ptxVersion, StringRef features,
            int64_t maxSharedMemory, int64_t sharedMemoryPerProcessor,
            unsigned maxThreadsPerProcessor, unsigned maxBlocksPerProcessor,
            uint32_t capabilities, ArrayRef<MatrixInstruction> instructions) {
    TargetInfo info;
    info.name = name;
    info.vendor = Vendor::NVIDIA;
    info.ptxVersion = ptxVersion;
    info.features = features;
    info.numLanes = 32;
    info.numBanks = 32;
    info.maxSharedMemory = maxSharedMemory;
    info.sharedMemoryPerProcessor = sharedMemoryPerProcessor;
    info.maxRegistersPerThread = 255;
    info.registersPerProcessor = 65536;
    info.maxThreadsPerProcessor = maxThreadsPerProcessor;
    info.maxBlocksPerProcessor = maxBlocksPerProcessor;
    info.capabilities = capabilities;
    info.matrixInstructions = instructions;
    return info;
  }

  /// The registers of a lane count ordinary and accumulation registers.
  static TargetInfo
  getAmd(StringRef name, StringRef features, unsigned numLanes,
         unsigned numBanks, int64_t maxSharedMemory,
         unsigned maxRegistersPerThread, unsigned registersPerProcessor,
         uint32_t capabilities, ArrayRef<MatrixInstruction> instructions) {
    TargetInfo info;
    info.name = name;
    info.vendor = Vendor::AMD;
    info.ptxVersion = 0;
    info.features = features;
    info.numLanes = numLanes;
    info.numBanks = numBanks;
    info.maxSharedMemory = maxSharedMemory;
    info.sharedMemoryPerProcessor = maxSharedMemory;
    info.maxRegistersPerThread = maxRegistersPerThread;
    info.registersPerProcessor = registersPerProcessor;
    info.maxThreadsPerProcessor = 2048;
    info.maxBlocksPerProcessor = 32;
    info.capabilities = capabilities;
    info.matrixInstructions = instructions;
    return info;
  }
};
} // namespace mlir::tk

const TargetInfo *TargetInfo::lookup(StringRef name) {
  ArrayRef<TargetInfo> targets = TargetTable::get();
  const TargetInfo *target = find_if(
      targets, [&](const TargetInfo &info) { return info.getName() == name; });
  return target == targets.end() ? nullptr : target;
}

Expected<const TargetInfo *> TargetInfo::find(StringRef name) {
  if (const TargetInfo *target = lookup(name))
    return target;
  ArrayRef<StringRef> known = getKnownTargets();
  std::optional<StringRef> closest = findClosest(name, known);
  return createStringError(
      "unknown target '" + name + "', expects one of " + join(known, ", ") +
      (closest ? "; did you mean '" + *closest + "'?" : ""));
}

ArrayRef<StringRef> TargetInfo::getKnownTargets() {
  static const SmallVector<StringRef> names =
      to_vector(map_range(TargetTable::get(), [](const TargetInfo &info) {
        return info.getName();
      }));
  return names;
}

int64_t TargetInfo::getDefaultSharedMemory() const {
  return vendor == Vendor::NVIDIA ? 48 * kKiB : maxSharedMemory;
}

int64_t TargetInfo::getReservedSharedMemoryPerBlock() const {
  return vendor == Vendor::NVIDIA ? kKiB : 0;
}

const MatrixInstruction *
TargetInfo::findMatrixInstruction(MatrixUnit unit, MatrixType type) const {
  const MatrixInstruction *best = nullptr;
  for (const MatrixInstruction &candidate : matrixInstructions) {
    if (candidate.unit != unit || candidate.operandType != type)
      continue;
    auto rank = [](const MatrixInstruction &instruction) {
      return std::tuple(instruction.k, instruction.m * instruction.n);
    };
    if (!best || rank(candidate) > rank(*best))
      best = &candidate;
  }
  return best;
}

bool TargetInfo::hasMatrixUnit(MatrixUnit unit) const {
  return any_of(matrixInstructions, [&](const MatrixInstruction &instruction) {
    return instruction.unit == unit;
  });
}

StringRef TargetInfo::getTriple() const {
  return vendor == Vendor::NVIDIA ? "nvptx64-nvidia-cuda" : "amdgcn-amd-amdhsa";
}
