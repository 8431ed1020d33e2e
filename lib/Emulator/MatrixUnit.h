//===- MatrixUnit.h - one matrix multiplication of a warp -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_EMULATOR_MATRIXUNIT_H
#define TK_LIB_EMULATOR_MATRIXUNIT_H

#include "TensorCore.h"
#include "tk/Emulator/Ptx.h"

namespace mlir::tk::emulator {

/// What elements of A and B are.
enum class ElementKind : uint8_t { Float, Double, Integer, Bit };

/// None of what no matrix holds.
std::optional<ElementKind> kindOf(PtxType type);

/// Takes the elements of a matrix apart, row by row; tf32 as f32.
void splitMatrix(PtxType type, unsigned rows, unsigned columns,
                 llvm::ArrayRef<uint32_t> elements, bool isNegated,
                 SplitMatrix &result);

/// D = A B + C for fragments in registers: `mma.sync`.
struct MatrixOperation {
  unsigned m = 16, n = 8, k = 16;
  PtxType typeA = PtxType::F16;
  PtxType typeB = PtxType::F16;
  PtxType typeC = PtxType::F32;
  ElementKind kind = ElementKind::Float;
  bool isRowMajorA = true;
  bool isRowMajorB = false;
  bool isSatfinite = false;
  /// `.xor.popc` or `.and.popc`.
  bool isXor = true;
  SumRule rule = {16, 25, SumRounding::Single};

  bool isQuadPairs() const { return m == 8 && k == 4 && typeA == PtxType::F16; }
  unsigned elementBits(PtxType type) const;
  unsigned numRegistersA() const;
  unsigned numRegistersB() const;
  /// Of 64 bits for f64, else 32.
  unsigned numRegistersC() const;
};

/// The fragments: for each register its 32 lanes.
struct MatrixRegisters {
  const void *a[16];
  const void *b[8];
  const void *c[8];
  void *d[8];
};

void multiply(const MatrixOperation &operation,
              const MatrixRegisters &registers);

/// The signed or unsigned value of an integer element in the lowest bits.
int32_t integerElement(PtxType type, uint32_t bits);

/// c plus a sum of products; clamped if saturating, else modulo 2^32.
inline uint32_t finishInteger(int64_t sum, bool isSatfinite) {
  if (isSatfinite)
    sum = sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum;
  return static_cast<uint32_t>(sum);
}

} // namespace mlir::tk::emulator

#endif // TK_LIB_EMULATOR_MATRIXUNIT_H
