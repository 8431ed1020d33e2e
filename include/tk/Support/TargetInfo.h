//===- TargetInfo.h - what each supported chip can do ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One table, looked up by exact name and queried by capability. Code that
// compares version numbers is wrong: sm_120a has TMA, but neither wgmma nor the
// shared memory of sm_90a.
//
//===----------------------------------------------------------------------===//

#ifndef TK_SUPPORT_TARGETINFO_H
#define TK_SUPPORT_TARGETINFO_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>

namespace mlir::tk {

enum class Vendor : uint8_t { NVIDIA, AMD };

/// What a chip may or may not have.
enum class Capability : uint8_t {
  /// `cp.async` from global to shared memory.
  CpAsync,
  Ldmatrix,
  Stmatrix,
  /// `mbarrier` objects with transaction counts.
  Mbarrier,
  /// Tensor maps and `cp.async.bulk`.
  Tma,
  /// `setmaxnreg`.
  SetMaxRegisters,
  /// Thread block clusters with distributed shared memory.
  Clusters,
  /// `griddepcontrol`: overlap with the kernel before.
  DependentLaunch,
  /// Scalar bf16 fma, add and mul in hardware.
  Bf16Arithmetic,
  /// Conversions between f32 and the 8-bit floats.
  F8Conversion,
  /// `atom.add` on f64, on f16 pairs and on bf16.
  AtomicAddF64,
  AtomicAddF16,
  AtomicAddBf16,
  /// `red.global.add.v4.f32` and its kin.
  VectorReduction,
  /// 128-bit `atom.cas` and `atom.exch`.
  Atomic128,
  /// `redux.sync` on 32-bit integers.
  WarpReduceInteger,
  /// `redux.sync` on f32 minimum and maximum.
  WarpReduceFloat,
  /// Direct loads from global memory to LDS.
  LoadToLds,
};

enum class MatrixUnit : uint8_t { MmaSync, Wgmma, Mfma, Wmma };

/// Element types that matrix units multiply.
enum class MatrixType : uint8_t {
  F16,
  BF16,
  TF32,
  F32,
  F64,
  I8,
  F8,
};

/// The bits that an operand of this type takes in registers and shared memory.
unsigned getBitWidth(MatrixType type);

/// One matrix instruction. Wgmma is listed with n = 8; any multiple of `n` up
/// to `maxN` is legal (for I8 see `isLegalWgmmaN`).
struct MatrixInstruction {
  MatrixUnit unit;
  MatrixType operandType;
  unsigned m, n, k;
  /// The accumulator may have the operands' own 16-bit float type as well as
  /// f32 (s32 for integers, f64 for F64).
  bool has16BitAccumulator = false;
  unsigned maxN = n;
};

/// wgmma on 8-bit integers takes n = 8, 24 and multiples of 16 only.
bool isLegalWgmmaN(MatrixType type, unsigned n);

class TargetInfo {
public:
  /// The target of this exact name, or null.
  static const TargetInfo *lookup(llvm::StringRef name);
  /// The same, or an error that lists the known names.
  static llvm::Expected<const TargetInfo *> find(llvm::StringRef name);
  /// All names, for messages.
  static llvm::ArrayRef<llvm::StringRef> getKnownTargets();

  llvm::StringRef getName() const { return name; }
  Vendor getVendor() const { return vendor; }
  bool has(Capability capability) const {
    return capabilities >> static_cast<unsigned>(capability) & 1;
  }

  /// Threads that run in lock step: 32 or 64.
  unsigned getNumLanes() const { return numLanes; }
  unsigned getMaxThreadsPerBlock() const { return 1024; }
  unsigned getMaxThreadsPerProcessor() const { return maxThreadsPerProcessor; }
  unsigned getMaxBlocksPerProcessor() const { return maxBlocksPerProcessor; }

  /// \name Shared memory (LDS), in bytes
  /// @{
  /// Without asking the driver for more.
  int64_t getDefaultSharedMemory() const;
  /// The most that one block can get.
  int64_t getMaxSharedMemory() const { return maxSharedMemory; }
  /// What all blocks of a processor share, and what the driver takes of it for
  /// each block.
  int64_t getSharedMemoryPerProcessor() const {
    return sharedMemoryPerProcessor;
  }
  int64_t getReservedSharedMemoryPerBlock() const;
  /// Banks of 4 bytes.
  unsigned getNumBanks() const { return numBanks; }
  /// @}

  /// \name Registers of 32 bits
  /// @{
  unsigned getMaxRegistersPerThread() const { return maxRegistersPerThread; }
  unsigned getRegistersPerProcessor() const { return registersPerProcessor; }
  /// @}

  /// Widest access of one thread to global or shared memory, in bits.
  unsigned getMaxVectorBits() const { return 128; }

  llvm::ArrayRef<MatrixInstruction> getMatrixInstructions() const {
    return matrixInstructions;
  }
  /// The instruction of `unit` for operands of `type` with the largest k, then
  /// the largest m * n; null if there is none.
  const MatrixInstruction *findMatrixInstruction(MatrixUnit unit,
                                                 MatrixType type) const;
  bool hasMatrixUnit(MatrixUnit unit) const;

  /// \name For LLVM
  /// @{
  llvm::StringRef getTriple() const;
  /// "sm_90a", "gfx942".
  llvm::StringRef getChip() const { return name; }
  /// "+ptx80", "+wavefrontsize32"; the lowest PTX version that has every
  /// instruction we emit, so that older drivers can load it.
  llvm::StringRef getFeatures() const { return features; }
  /// 80 for PTX 8.0; 0 on AMD.
  unsigned getPtxVersion() const { return ptxVersion; }
  /// @}

private:
  friend struct TargetTable;

  llvm::StringRef name;
  Vendor vendor;
  unsigned ptxVersion;
  llvm::StringRef features;
  unsigned numLanes;
  unsigned numBanks;
  int64_t maxSharedMemory;
  int64_t sharedMemoryPerProcessor;
  unsigned maxRegistersPerThread;
  unsigned registersPerProcessor;
  unsigned maxThreadsPerProcessor;
  unsigned maxBlocksPerProcessor;
  uint32_t capabilities;
  llvm::ArrayRef<MatrixInstruction> matrixInstructions;
};

/// The limits of tensor maps (CUDA driver API, cuTensorMapEncodeTiled; PTX
/// ISA, "Tensors"), the same on every chip that has them.
struct TmaFacts {
  static constexpr unsigned kMaxRank = 5;
  /// Elements of a box along each dimension.
  static constexpr unsigned kMaxBoxExtent = 256;
  /// The inner extent of a box in bytes is a multiple of this.
  static constexpr unsigned kInnerBoxAlignmentInBytes = 16;
  /// Strides of all but the innermost dimension, which has stride 1.
  static constexpr unsigned kStrideAlignmentInBytes = 16;
  static constexpr int64_t kMaxStrideInBytes = int64_t(1) << 40;
  static constexpr unsigned kGlobalAlignmentInBytes = 16;
  /// Extents of the tensor; coordinates are 32-bit signed.
  static constexpr int64_t kMaxExtent = int64_t(1) << 32;
  /// Address of a box in shared memory.
  static constexpr unsigned kSharedAlignmentInBytes = 128;
  static constexpr unsigned kDescriptorSizeInBytes = 128;
  static constexpr unsigned kDescriptorAlignmentInBytes = 64;
  /// `mbarrier` counts at most this many pending bytes.
  static constexpr int64_t kMaxTransactionBytes = (int64_t(1) << 20) - 1;

  /// A swizzled box is at most as wide as its swizzle.
  static constexpr bool isLegalInnerBox(unsigned sizeInBytes,
                                        unsigned swizzleInBytes) {
    return sizeInBytes % kInnerBoxAlignmentInBytes == 0 &&
           (swizzleInBytes == 0 || sizeInBytes <= swizzleInBytes);
  }
  /// The pattern of a swizzle repeats after eight rows; wgmma wants its start
  /// at a whole repetition.
  static constexpr unsigned getSwizzleAtomInBytes(unsigned swizzleInBytes) {
    return swizzleInBytes == 0 ? kSharedAlignmentInBytes : 8 * swizzleInBytes;
  }
};

} // namespace mlir::tk

#endif // TK_SUPPORT_TARGETINFO_H
