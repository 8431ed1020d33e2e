//===- WarpgroupUnit.cpp - one wgmma of a warp ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "WarpgroupUnit.h"
#include "Conversions.h"
#include "Instruction.h"
#include "MatrixFragments.h"
#include "llvm/ADT/bit.h"
#include <cstring>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

//===----------------------------------------------------------------------===//
// Descriptors
//===----------------------------------------------------------------------===//

static constexpr uint32_t addressMask = MatrixDescriptor::addressableBytes - 1;

MatrixDescriptor::MatrixDescriptor(uint64_t bits)
    : start((bits & 0x3FFF) << 4), leadingOffset((bits >> 16 & 0x3FFF) << 4),
      strideOffset((bits >> 32 & 0x3FFF) << 4), baseOffset(bits >> 49 & 7) {
  static constexpr unsigned widths[] = {0, 128, 64, 32};
  swizzle = widths[bits >> 62];
  constexpr uint64_t reserved = uint64_t(0x3FF) << 52 | uint64_t(7) << 46 |
                                uint64_t(3) << 30 | uint64_t(3) << 14;
  isValid = (bits & reserved) == 0;
}

/// 16-byte columns of a row of `swizzle` bytes are permuted by the number of
/// the row's 128 bytes: bits 4 to 6 of the address are xored with bits 7 to 9
/// (as many as the width needs).
uint32_t MatrixDescriptor::swizzled(uint32_t address) const {
  address &= addressMask;
  if (!swizzle)
    return address;
  uint32_t pattern = (address >> 7) - baseOffset;
  return address ^ (pattern & (swizzle / 16 - 1)) << 4;
}

uint32_t MatrixDescriptor::addressKMajor(unsigned index, unsigned chunk) const {
  uint32_t groups = index / 8 * strideOffset;
  if (!swizzle)
    return (start + groups + index % 8 * 16 + chunk * leadingOffset) &
           addressMask;
  return swizzled(start + groups + index % 8 * swizzle + chunk * 16);
}

uint32_t MatrixDescriptor::addressMNMajor(unsigned chunk, unsigned k) const {
  if (!swizzle)
    return (start + chunk * strideOffset + k % 8 * 16 + k / 8 * leadingOffset) &
           addressMask;
  unsigned perRow = swizzle / 16;
  return swizzled(start + chunk / perRow * leadingOffset + chunk % perRow * 16 +
                  k % 8 * swizzle + k / 8 * strideOffset);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

namespace {
/// Rows [first, first + count) of A, or columns of B.
struct OperandPart {
  bool isTransposed;
  unsigned first, count;
  unsigned k;
  /// In the matrix, of neighbours along M or N, and along K.
  unsigned strideMN, strideK;
};
} // namespace

template <typename Element>
static bool readOperand(const MatrixDescriptor &descriptor,
                        const OperandPart &part, FindChunk find,
                        uint32_t *elements) {
  constexpr unsigned perChunk = 16 / sizeof(Element);
  Element chunk[perChunk];
  // Chunks lie along K, or along the other dimension.
  unsigned numMN = part.isTransposed ? part.count / perChunk : part.count;
  unsigned numK = part.isTransposed ? part.k : part.k / perChunk;
  unsigned chunkStride = part.isTransposed ? part.strideMN : part.strideK;
  for (unsigned mn = 0; mn != numMN; ++mn)
    for (unsigned k = 0; k != numK; ++k) {
      uint32_t address =
          part.isTransposed
              ? descriptor.addressMNMajor(part.first / perChunk + mn, k)
              : descriptor.addressKMajor(part.first + mn, k);
      const std::byte *found = find(address);
      if (!found)
        return false;
      std::memcpy(chunk, found, sizeof(chunk));
      uint32_t *to = elements;
      if (part.isTransposed)
        to += mn * perChunk * part.strideMN + k * part.strideK;
      else
        to += mn * part.strideMN + k * perChunk * part.strideK;
      for (unsigned i = 0; i != perChunk; ++i)
        to[i * chunkStride] = chunk[i];
    }
  return true;
}

static bool readOperand(const MatrixDescriptor &descriptor,
                        const OperandPart &part, unsigned elementBits,
                        FindChunk find, uint32_t *elements) {
  switch (elementBits) {
  case 8:
    return readOperand<uint8_t>(descriptor, part, find, elements);
  case 16:
    return readOperand<uint16_t>(descriptor, part, find, elements);
  default:
    return readOperand<uint32_t>(descriptor, part, find, elements);
  }
}

static void resize(RawMatrix &matrix, unsigned rows, unsigned columns) {
  matrix.rows = rows;
  matrix.columns = columns;
  matrix.elements.resize_for_overwrite(rows * columns);
}

bool emulator::readOperandA(const WarpgroupOperation &operation,
                            const MatrixDescriptor &descriptor,
                            unsigned firstRow, FindChunk find,
                            RawMatrix &matrix) {
  resize(matrix, 16, operation.k);
  OperandPart part = {
      operation.isTransposedA, firstRow, 16, operation.k, operation.k, 1};
  return readOperand(descriptor, part, operation.elementBits(operation.typeA),
                     find, matrix.elements.data());
}

bool emulator::readOperandB(const WarpgroupOperation &operation,
                            const MatrixDescriptor &descriptor, FindChunk find,
                            RawMatrix &matrix) {
  resize(matrix, operation.k, operation.n);
  OperandPart part = {
      operation.isTransposedB, 0, operation.n, operation.k, 1, operation.n};
  return readOperand(descriptor, part, operation.elementBits(operation.typeB),
                     find, matrix.elements.data());
}

void emulator::readOperandA(const WarpgroupOperation &operation,
                            const uint32_t *const *registers,
                            RawMatrix &matrix) {
  resize(matrix, 16, operation.k);
  unsigned bits = operation.elementBits(operation.typeA), per = 32 / bits;
  uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;
  for (unsigned r = 0; r != 4; ++r)
    for (unsigned lane = 0; lane != numLanes; ++lane)
      for (unsigned i = 0; i != per; ++i) {
        ElementPlace place = placeOfA(lane, r, i, per, 16);
        matrix.elements[place.row * operation.k + place.column] =
            registers[r][lane] >> (i * bits) & mask;
      }
}

//===----------------------------------------------------------------------===//
// Multiplication
//===----------------------------------------------------------------------===//

static void multiplyIntegers(const WarpgroupOperation &operation,
                             const RawMatrix &a, const RawMatrix &b,
                             uint32_t *sums) {
  bool isBit = operation.typeA == PtxType::B1;
  llvm::SmallVector<int32_t, 0> left, right;
  for (uint32_t bits : a.elements)
    left.push_back(integerElement(operation.typeA, bits));
  for (uint32_t bits : b.elements)
    right.push_back(integerElement(operation.typeB, bits));
  llvm::SmallVector<int32_t, 0> row(operation.n);
  for (unsigned m = 0; m != 16; ++m) {
    std::fill(row.begin(), row.end(), 0);
    for (unsigned k = 0; k != operation.k; ++k) {
      int32_t factor = left[m * operation.k + k];
      const int32_t *line = right.data() + k * operation.n;
      for (unsigned n = 0; n != operation.n; ++n)
        row[n] += isBit ? llvm::popcount(uint32_t(factor & line[n]))
                        : factor * line[n];
    }
    for (unsigned n = 0; n != operation.n; ++n) {
      uint32_t &sum = sums[m * operation.n + n];
      sum = finishInteger(int64_t(static_cast<int32_t>(sum)) + row[n],
                          operation.isSatfinite);
    }
  }
}

/// sums[row * n + column], from the accumulators: 32-bit registers, or two in
/// one.
static void gatherSums(bool isHalf, unsigned n,
                       const uint32_t *const *registers, uint32_t *sums) {
  if (isHalf)
    visitC(n, [&](unsigned row, unsigned column, unsigned lane, unsigned i) {
      sums[row * n + column] = registers[i / 2][lane] >> (i % 2 * 16) & 0xFFFF;
    });
  else
    visitC(n, [&](unsigned row, unsigned column, unsigned lane, unsigned i) {
      sums[row * n + column] = registers[i][lane];
    });
}

static void scatterSums(bool isHalf, unsigned n, const uint32_t *sums,
                        uint32_t *const *registers) {
  if (isHalf)
    visitC(n, [&](unsigned row, unsigned column, unsigned lane, unsigned i) {
      const uint32_t *pair = &sums[row * n + column];
      if (i % 2 == 0)
        registers[i / 2][lane] = pair[0] | pair[1] << 16;
    });
  else
    visitC(n, [&](unsigned row, unsigned column, unsigned lane, unsigned i) {
      registers[i][lane] = sums[row * n + column];
    });
}

void emulator::multiply(const WarpgroupOperation &operation, const RawMatrix &a,
                        const RawMatrix &b, bool addsAccumulator,
                        uint32_t *const *accumulators) {
  bool isHalf = operation.typeD == PtxType::F16;
  llvm::SmallVector<uint32_t, 0> storage(16 * operation.n);
  uint32_t *sums = storage.data();
  if (addsAccumulator)
    gatherSums(isHalf, operation.n, accumulators, sums);
  if (operation.isInteger()) {
    multiplyIntegers(operation, a, b, sums);
  } else {
    SplitMatrix splitA, splitB;
    splitMatrix(operation.typeA, a.rows, a.columns, a.elements,
                operation.isNegatedA, splitA);
    splitMatrix(operation.typeB, b.rows, b.columns, b.elements,
                operation.isNegatedB, splitB);
    multiplyAdd(operation.rule, splitA, splitB, sums, sums);
  }
  scatterSums(isHalf, operation.n, sums, accumulators);
}
