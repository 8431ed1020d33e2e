//===- MatrixUnit.cpp - one matrix multiplication of a warp ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "MatrixUnit.h"
#include "Conversions.h"
#include "Instruction.h"
#include "MatrixFragments.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace mlir::tk;
using namespace mlir::tk::emulator;

unsigned MatrixOperation::elementBits(PtxType type) const {
  return type == PtxType::TF32 ? 32 : getBitWidth(type);
}

unsigned MatrixOperation::numRegistersA() const {
  if (isQuadPairs())
    return 2;
  unsigned width = kind == ElementKind::Double ? 64 : 32;
  return m * k * elementBits(typeA) / (numLanes * width);
}

unsigned MatrixOperation::numRegistersB() const {
  if (isQuadPairs())
    return 2;
  unsigned width = kind == ElementKind::Double ? 64 : 32;
  return n * k * elementBits(typeB) / (numLanes * width);
}

unsigned MatrixOperation::numRegistersC() const {
  if (isQuadPairs())
    return typeC == PtxType::F16 ? 4 : 8;
  unsigned elements = m * n / numLanes;
  return typeC == PtxType::F16 ? elements / 2 : elements;
}

std::optional<ElementKind> emulator::kindOf(PtxType type) {
  switch (type) {
  case PtxType::F16:
  case PtxType::BF16:
  case PtxType::TF32:
  case PtxType::E4M3:
  case PtxType::E5M2:
    return ElementKind::Float;
  case PtxType::F64:
    return ElementKind::Double;
  case PtxType::S8:
  case PtxType::U8:
  case PtxType::S4:
  case PtxType::U4:
    return ElementKind::Integer;
  case PtxType::B1:
    return ElementKind::Bit;
  default:
    return std::nullopt;
  }
}

void emulator::splitMatrix(PtxType type, unsigned rows, unsigned columns,
                           llvm::ArrayRef<uint32_t> elements, bool isNegated,
                           SplitMatrix &result) {
  // The unit does not look at what lies below the 10 bits of tf32.
  unsigned shift = type == PtxType::TF32 ? 13 : 0;
  result.assign(rows, columns, formatOf(type), elements, shift, isNegated);
}

int32_t emulator::integerElement(PtxType type, uint32_t bits) {
  switch (type) {
  case PtxType::S8:
    return static_cast<int8_t>(bits);
  case PtxType::U8:
    return static_cast<uint8_t>(bits);
  case PtxType::S4:
    return static_cast<int32_t>(bits << 28) >> 28;
  case PtxType::B1: // A word of them.
    return static_cast<int32_t>(bits);
  default:
    return bits & 15;
  }
}

/// The bits of an element, of a register of 32 bits.
static uint32_t elementOf(const void *lanes, unsigned lane, unsigned index,
                          unsigned bits) {
  uint32_t word = static_cast<const uint32_t *>(lanes)[lane];
  if (bits == 32)
    return word;
  return word >> (index * bits) & ((1u << bits) - 1);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

/// Element `index` of C in the fragments of a lane.
static uint32_t readC(const MatrixOperation &operation,
                      const MatrixRegisters &registers, unsigned lane,
                      unsigned index) {
  if (operation.typeC == PtxType::F16)
    return elementOf(registers.c[index / 2], lane, index % 2, 16);
  return static_cast<const uint32_t *>(registers.c[index])[lane];
}

static void writeD(const MatrixOperation &operation,
                   const MatrixRegisters &registers, unsigned lane,
                   unsigned index, uint32_t value) {
  if (operation.typeC == PtxType::F16) {
    static_cast<uint16_t *>(registers.d[index / 2])[2 * lane + index % 2] =
        static_cast<uint16_t>(value);
    return;
  }
  static_cast<uint32_t *>(registers.d[index])[lane] = value;
}

/// Where a product stands in the order of summation.
static unsigned orderAlongK(const MatrixOperation &operation, unsigned k) {
  if (!operation.rule.isEmulatedEight)
    return k;
  unsigned inPair = k / 4 * 2 + k % 2;
  return k % 4 < 2 ? inPair : inPair + operation.k / 2;
}

/// The elements of A and of B, row by row, from registers of elements of
/// `bits`.
template <unsigned bits>
static void gatherFactors(const MatrixOperation &operation,
                          const MatrixRegisters &registers, uint32_t *a,
                          uint32_t *b) {
  constexpr unsigned per = 32 / bits;
  auto element = [](const void *lanes, unsigned lane, unsigned index) {
    return elementOf(lanes, lane, index, bits);
  };
  for (unsigned r = 0, end = operation.numRegistersA(); r != end; ++r)
    for (unsigned lane = 0; lane != numLanes; ++lane)
      for (unsigned i = 0; i != per; ++i) {
        ElementPlace place = placeOfA(lane, r, i, per, operation.m);
        a[place.row * operation.k + orderAlongK(operation, place.column)] =
            element(registers.a[r], lane, i);
      }
  for (unsigned r = 0, end = operation.numRegistersB(); r != end; ++r)
    for (unsigned lane = 0; lane != numLanes; ++lane)
      for (unsigned i = 0; i != per; ++i) {
        ElementPlace place = placeOfB(lane, r, i, per);
        b[orderAlongK(operation, place.row) * operation.n + place.column] =
            element(registers.b[r], lane, i);
      }
}

/// c + sum, in the format of the result and to nearest even.
static uint32_t addRounded(FloatFormat format, uint32_t c, uint32_t sum) {
  Unpacked total = add(unpack(format, c, false), unpack(format, sum, false),
                       Rounding::NearestEven);
  return static_cast<uint32_t>(round(format, total, {}));
}

/// The rule isEmulatedEight: products are summed from zero, in two blocks.
static void addAtEnd(const MatrixOperation &operation, const SplitMatrix &a,
                     const SplitMatrix &b, uint32_t *sums) {
  uint32_t products[16 * 8] = {};
  SumRule rule = operation.rule;
  rule.blockLength = operation.k / 2;
  multiplyAdd(rule, a, b, products, products);
  FloatFormat format = operation.typeC == PtxType::F16 ? formatF16 : formatF32;
  for (unsigned i = 0, end = operation.m * operation.n; i != end; ++i)
    sums[i] = addRounded(format, sums[i], products[i]);
}

static void multiplyFloats(const MatrixOperation &operation,
                           const MatrixRegisters &registers) {
  // The largest is m16n8k32.
  uint32_t bitsA[16 * 32], bitsB[32 * 8], sums[16 * 8];
  unsigned elementBits = operation.elementBits(operation.typeA);
  if (elementBits == 8)
    gatherFactors<8>(operation, registers, bitsA, bitsB);
  else if (elementBits == 16)
    gatherFactors<16>(operation, registers, bitsA, bitsB);
  else
    gatherFactors<32>(operation, registers, bitsA, bitsB);
  SplitMatrix a, b;
  splitMatrix(operation.typeA, operation.m, operation.k,
              llvm::ArrayRef(bitsA, operation.m * operation.k), false, a);
  splitMatrix(operation.typeB, operation.k, operation.n,
              llvm::ArrayRef(bitsB, operation.k * operation.n), false, b);
  unsigned numC = operation.m * operation.n / numLanes;
  for (unsigned i = 0; i != numC; ++i)
    for (unsigned lane = 0; lane != numLanes; ++lane) {
      ElementPlace place = placeOfC(lane, i);
      sums[place.row * operation.n + place.column] =
          readC(operation, registers, lane, i);
    }
  if (operation.rule.isEmulatedEight)
    addAtEnd(operation, a, b, sums);
  else
    multiplyAdd(operation.rule, a, b, sums, sums);
  for (unsigned i = 0; i != numC; ++i)
    for (unsigned lane = 0; lane != numLanes; ++lane) {
      ElementPlace place = placeOfC(lane, i);
      writeD(operation, registers, lane, i,
             sums[place.row * operation.n + place.column]);
    }
}

/// m8n8k4: each quad pair multiplies for itself. Since sm_80 the instruction is
/// a chain of fused multiply-adds of f32 along K, to which c is added.
static void multiplyQuadPairs(const MatrixOperation &operation,
                              const MatrixRegisters &registers) {
  bool isHalf = operation.typeC == PtxType::F16;
  for (unsigned pair = 0; pair != 4; ++pair) {
    float a[8][4], b[4][8];
    auto half = [](const void *lanes, unsigned lane, unsigned index) {
      uint64_t bits = convert({PtxType::F32, PtxType::F16},
                              elementOf(lanes, lane, index, 16));
      return llvm::bit_cast<float>(static_cast<uint32_t>(bits));
    };
    for (unsigned lane = 0; lane != numLanes; ++lane)
      for (unsigned i = 0; quadPairOf(lane) == pair && i != 4; ++i) {
        ElementPlace place = placeOfQuadA(lane, i, operation.isRowMajorA);
        a[place.row][place.column] = half(registers.a[i / 2], lane, i % 2);
        place = placeOfQuadB(lane, i, operation.isRowMajorB);
        b[place.row][place.column] = half(registers.b[i / 2], lane, i % 2);
      }
    for (unsigned lane = 0; lane != numLanes; ++lane)
      for (unsigned i = 0; quadPairOf(lane) == pair && i != 8; ++i) {
        ElementPlace place = placeOfQuadC(lane, i, isHalf);
        uint32_t c = readC(operation, registers, lane, i);
        // The chain begins with a product; with c of f32, with a sum with +0.
        float sum = a[place.row][0] * b[0][place.column] + (isHalf ? -0.0f : 0);
        for (unsigned k = 1; k != 4; ++k)
          sum = std::fma(a[place.row][k], b[k][place.column], sum);
        Conversion widen{PtxType::F32, operation.typeC};
        float total =
            llvm::bit_cast<float>(static_cast<uint32_t>(convert(widen, c))) +
            sum;
        Conversion narrow{operation.typeC, PtxType::F32};
        writeD(operation, registers, lane, i,
               static_cast<uint32_t>(
                   convert(narrow, llvm::bit_cast<uint32_t>(total))));
      }
  }
}

//===----------------------------------------------------------------------===//
// Doubles, integers and bits
//===----------------------------------------------------------------------===//

/// Of NaNs, that of b is kept, else that of c, else that of a.
static double multiplyAddDouble(double a, double b, double c) {
  if (b != b)
    return b + b;
  return c != c ? c + c : std::fma(a, b, c);
}

/// A chain of fused multiply-adds along K.
static void multiplyDoubles(const MatrixOperation &operation,
                            const MatrixRegisters &registers) {
  double a[16][16], b[16][8], c[16][8];
  auto at = [](const void *lanes, unsigned lane) {
    return static_cast<const double *>(lanes)[lane];
  };
  unsigned numC = operation.numRegistersC();
  for (unsigned lane = 0; lane != numLanes; ++lane) {
    for (unsigned r = 0, end = operation.numRegistersA(); r != end; ++r) {
      ElementPlace place = placeOfA(lane, r, 0, 1, operation.m);
      a[place.row][place.column] = at(registers.a[r], lane);
    }
    for (unsigned r = 0, end = operation.numRegistersB(); r != end; ++r) {
      ElementPlace place = placeOfB(lane, r, 0, 1);
      b[place.row][place.column] = at(registers.b[r], lane);
    }
    for (unsigned r = 0; r != numC; ++r) {
      ElementPlace place = placeOfC(lane, r);
      c[place.row][place.column] = at(registers.c[r], lane);
    }
  }
  for (unsigned m = 0; m != operation.m; ++m)
    for (unsigned n = 0; n != operation.n; ++n)
      for (unsigned k = 0; k != operation.k; ++k)
        c[m][n] = multiplyAddDouble(a[m][k], b[k][n], c[m][n]);
  for (unsigned lane = 0; lane != numLanes; ++lane)
    for (unsigned r = 0; r != numC; ++r) {
      ElementPlace place = placeOfC(lane, r);
      static_cast<double *>(registers.d[r])[lane] = c[place.row][place.column];
    }
}

static void multiplyIntegers(const MatrixOperation &operation,
                             const MatrixRegisters &registers) {
  // b1 elements take part as words of 32.
  bool isBit = operation.kind == ElementKind::Bit;
  unsigned bits = isBit ? 32 : operation.elementBits(operation.typeA);
  unsigned per = 32 / bits, length = isBit ? operation.k / 32 : operation.k;
  int32_t a[16][64], b[64][8];
  int64_t c[16][8];
  auto element = [&](const void *lanes, unsigned lane, unsigned index,
                     PtxType type) {
    uint32_t word = static_cast<const uint32_t *>(lanes)[lane];
    return isBit ? static_cast<int32_t>(word)
                 : integerElement(type, word >> (index * bits));
  };
  unsigned numC = operation.numRegistersC();
  for (unsigned lane = 0; lane != numLanes; ++lane) {
    for (unsigned r = 0, end = operation.numRegistersA(); r != end; ++r)
      for (unsigned i = 0; i != per; ++i) {
        ElementPlace place = placeOfA(lane, r, i, per, operation.m);
        a[place.row][place.column] =
            element(registers.a[r], lane, i, operation.typeA);
      }
    for (unsigned r = 0, end = operation.numRegistersB(); r != end; ++r)
      for (unsigned i = 0; i != per; ++i) {
        ElementPlace place = placeOfB(lane, r, i, per);
        b[place.row][place.column] =
            element(registers.b[r], lane, i, operation.typeB);
      }
    for (unsigned r = 0; r != numC; ++r) {
      ElementPlace place = placeOfC(lane, r);
      c[place.row][place.column] =
          static_cast<const int32_t *>(registers.c[r])[lane];
    }
  }
  for (unsigned m = 0; m != operation.m; ++m)
    for (unsigned n = 0; n != operation.n; ++n)
      for (unsigned k = 0; k != length; ++k) {
        uint32_t both = operation.isXor ? uint32_t(a[m][k] ^ b[k][n])
                                        : uint32_t(a[m][k] & b[k][n]);
        c[m][n] +=
            isBit ? __builtin_popcount(both) : int64_t(a[m][k]) * b[k][n];
      }
  for (unsigned lane = 0; lane != numLanes; ++lane)
    for (unsigned r = 0; r != numC; ++r) {
      ElementPlace place = placeOfC(lane, r);
      static_cast<uint32_t *>(registers.d[r])[lane] =
          finishInteger(c[place.row][place.column], operation.isSatfinite);
    }
}

void emulator::multiply(const MatrixOperation &operation,
                        const MatrixRegisters &registers) {
  switch (operation.kind) {
  case ElementKind::Float:
    if (operation.isQuadPairs())
      return multiplyQuadPairs(operation, registers);
    return multiplyFloats(operation, registers);
  case ElementKind::Double:
    return multiplyDoubles(operation, registers);
  case ElementKind::Integer:
  case ElementKind::Bit:
    return multiplyIntegers(operation, registers);
  }
}
