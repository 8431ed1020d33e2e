//===- WarpgroupUnit.h - one wgmma of a warp ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A warp of a warpgroup computes 16 of the 64 rows.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_EMULATOR_WARPGROUPUNIT_H
#define TK_LIB_EMULATOR_WARPGROUPUNIT_H

#include "MatrixUnit.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::tk::emulator {

/// A matrix descriptor, 9.7.15.5.1.
struct MatrixDescriptor {
  explicit MatrixDescriptor(uint64_t bits);

  /// Addresses are of 18 bits.
  static constexpr uint32_t addressableBytes = 1u << 18;

  /// In bytes; all in the 18 bits that a descriptor can name.
  uint32_t start, leadingOffset, strideOffset;
  unsigned baseOffset;
  /// Width of the swizzled rows in bytes: 0 (none), 32, 64, 128.
  unsigned swizzle;
  /// Reserved bits that are set make a descriptor that means something else.
  bool isValid;

  /// The address of the 16 bytes at 16-byte column `chunk` (along K) of row
  /// `index` of a K-major matrix.
  uint32_t addressKMajor(unsigned index, unsigned chunk) const;
  /// Of a matrix whose other dimension is contiguous: the 16 bytes at column
  /// `chunk` along M or N, of row `k`.
  uint32_t addressMNMajor(unsigned chunk, unsigned k) const;

private:
  uint32_t swizzled(uint32_t address) const;
};

struct WarpgroupOperation {
  unsigned n = 8, k = 16;
  PtxType typeA = PtxType::F16, typeB = PtxType::F16, typeD = PtxType::F32;
  bool isTransposedA = false, isTransposedB = false;
  bool isNegatedA = false, isNegatedB = false;
  bool isSatfinite = false;
  SumRule rule = {16, 25, SumRounding::Single};

  bool isInteger() const { return typeD == PtxType::S32; }
  /// Single bits take part as words of 32.
  unsigned elementBits(PtxType type) const {
    bool isWord = type == PtxType::TF32 || type == PtxType::B1;
    return isWord ? 32 : getBitWidth(type);
  }
  /// 32-bit registers of the accumulator in a lane.
  unsigned numRegistersD() const {
    return typeD == PtxType::F16 ? n / 4 : n / 2;
  }
};

/// The elements of an operand as they lie in memory, without their sign
/// changes: [rows, columns].
struct RawMatrix {
  unsigned rows = 0, columns = 0;
  llvm::SmallVector<uint32_t, 0> elements;
};

/// 16 bytes of shared memory; null if there are none.
using FindChunk = llvm::function_ref<const std::byte *(uint32_t address)>;

/// Rows `firstRow` to `firstRow` + 15 of A [16, K]; all of B [K, N]. False if
/// memory is missing.
bool readOperandA(const WarpgroupOperation &operation,
                  const MatrixDescriptor &descriptor, unsigned firstRow,
                  FindChunk find, RawMatrix &matrix);
bool readOperandB(const WarpgroupOperation &operation,
                  const MatrixDescriptor &descriptor, FindChunk find,
                  RawMatrix &matrix);
/// A in four registers.
void readOperandA(const WarpgroupOperation &operation,
                  const uint32_t *const *registers, RawMatrix &matrix);

/// accumulators = a b + accumulators (or + 0): the fragments of one warp, 32
/// lanes for each register.
void multiply(const WarpgroupOperation &operation, const RawMatrix &a,
              const RawMatrix &b, bool addsAccumulator,
              uint32_t *const *accumulators);

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_WARPGROUPUNIT_H
