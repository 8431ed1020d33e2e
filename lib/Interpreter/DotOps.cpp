//===- DotOps.cpp - the instruction of tk.dot -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands are converted to the type of the computation: f32 or f64, where the
// products of narrower floats are exact, or the accumulator's integer. Then
//   acc[m, n] = (acc[m, n] + a[m, 0] * b[0, n]) + a[m, 1] * b[1, n] + ...
// with one rounding for each product and sum, in the order of k: the same bits
// on every host. Blocks of accumulators stay in registers over all of k.

#include "Builder.h"
#include <cstring>

#pragma STDC FP_CONTRACT OFF

using namespace mlir;
using namespace mlir::tk;

// Compiled for several instruction sets; the host's best one runs.
#if defined(__x86_64__) && defined(__linux__)
#define TK_MULTIVERSION                                                        \
  __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define TK_MULTIVERSION
#endif

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

/// Accumulates rows x columns of the result in registers.
template <typename T, int kRows, int kColumns>
[[gnu::always_inline]] static inline void
multiplyBlock(int64_t K, const T *__restrict a, int64_t strideOfA,
              const T *__restrict b, int64_t strideOfB, T *__restrict c,
              int64_t strideOfC) {
  T sum[kRows][kColumns];
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < kColumns; ++n)
      sum[m][n] = c[m * strideOfC + n];
  for (int64_t k = 0; k < K; ++k)
    for (int m = 0; m < kRows; ++m) {
      T factor = a[m * strideOfA + k];
      for (int n = 0; n < kColumns; ++n)
        sum[m][n] += factor * b[k * strideOfB + n];
    }
  for (int m = 0; m < kRows; ++m)
    for (int n = 0; n < kColumns; ++n)
      c[m * strideOfC + n] = sum[m][n];
}

/// a: [M, K], b: [K, N], c: [M, N], all row-major.
template <typename T>
[[gnu::always_inline]] static inline void
multiply(int64_t M, int64_t N, int64_t K, const T *a, const T *b, T *c) {
  constexpr int kRows = 4, kColumns = 128 / sizeof(T);
  int64_t wholeRows = M - M % kRows, wholeColumns = N - N % kColumns;
  for (int64_t n = 0; n < wholeColumns; n += kColumns) {
    for (int64_t m = 0; m < wholeRows; m += kRows)
      multiplyBlock<T, kRows, kColumns>(K, a + m * K, K, b + n, N,
                                        c + m * N + n, N);
    for (int64_t m = wholeRows; m < M; ++m)
      multiplyBlock<T, 1, kColumns>(K, a + m * K, K, b + n, N, c + m * N + n,
                                    N);
  }
  for (int64_t m = 0; m < M; ++m)
    for (int64_t n = wholeColumns; n < N; ++n)
      multiplyBlock<T, 1, 1>(K, a + m * K, K, b + n, N, c + m * N + n, N);
}

TK_MULTIVERSION static void multiplyF32(int64_t M, int64_t N, int64_t K,
                                        const float *a, const float *b,
                                        float *c) {
  multiply(M, N, K, a, b, c);
}
TK_MULTIVERSION static void multiplyF64(int64_t M, int64_t N, int64_t K,
                                        const double *a, const double *b,
                                        double *c) {
  multiply(M, N, K, a, b, c);
}
// Unsigned: integer accumulators wrap.
TK_MULTIVERSION static void multiplyI32(int64_t M, int64_t N, int64_t K,
                                        const uint32_t *a, const uint32_t *b,
                                        uint32_t *c) {
  multiply(M, N, K, a, b, c);
}
TK_MULTIVERSION static void multiplyI64(int64_t M, int64_t N, int64_t K,
                                        const uint64_t *a, const uint64_t *b,
                                        uint64_t *c) {
  multiply(M, N, K, a, b, c);
}

static void multiplyAs(int64_t M, int64_t N, int64_t K, const float *a,
                       const float *b, float *c) {
  multiplyF32(M, N, K, a, b, c);
}
static void multiplyAs(int64_t M, int64_t N, int64_t K, const double *a,
                       const double *b, double *c) {
  multiplyF64(M, N, K, a, b, c);
}
static void multiplyAs(int64_t M, int64_t N, int64_t K, const uint32_t *a,
                       const uint32_t *b, uint32_t *c) {
  multiplyI32(M, N, K, a, b, c);
}
static void multiplyAs(int64_t M, int64_t N, int64_t K, const uint64_t *a,
                       const uint64_t *b, uint64_t *c) {
  multiplyI64(M, N, K, a, b, c);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Rounds to 10 mantissa bits, ties away from zero, as cvt.rna.tf32.f32 does.
static float roundToTF32(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  bool isFinite = (bits & 0x7f800000u) != 0x7f800000u;
  return isFinite ? llvm::bit_cast<float>((bits + 0x1000u) & ~0x1fffu) : value;
}

/// Converts `count` elements to the type of the computation.
template <typename T>
static void convert(ElementKind kind, bool isUnsigned, const char *from, T *to,
                    int64_t count) {
  dispatchNumber(kind, [&](auto zero) {
    using S = decltype(zero);
    const S *source = reinterpret_cast<const S *>(from);
    if constexpr (isFloatType<S> && std::is_floating_point_v<T>) {
      for (int64_t i = 0; i < count; ++i)
        to[i] = static_cast<T>(widen(source[i]));
    } else if constexpr (!isFloatType<S> && !std::is_floating_point_v<T>) {
      using Unsigned = std::make_unsigned_t<S>;
      if (isUnsigned)
        for (int64_t i = 0; i < count; ++i)
          to[i] = static_cast<T>(static_cast<Unsigned>(source[i]));
      else
        for (int64_t i = 0; i < count; ++i)
          to[i] = static_cast<T>(source[i]);
    }
  });
}

/// RunMemory of the thread that runs the instruction.
template <typename T> static T *getScratch(unsigned which, int64_t count) {
  thread_local std::vector<T> buffers[5];
  std::vector<T> &buffer = buffers[which];
  if (static_cast<int64_t>(buffer.size()) < count)
    buffer.resize(count);
  return buffer.data();
}

//===----------------------------------------------------------------------===//
// The instruction
//===----------------------------------------------------------------------===//

namespace {
/// Slots: result, lhs, rhs, accumulator.
class DotInstruction : public TileInstruction {
public:
  DotInstruction(Operation *op, ArrayRef<size_t> slots, unsigned numResults,
                 const DotTraits &traits)
      : TileInstruction(op, slots, numResults),
        operandKind(*getElementKind(traits.lhs)),
        resultKind(*getElementKind(traits.result)), precision(traits.precision),
        lhsUnsigned(traits.lhsUnsigned), rhsUnsigned(traits.rhsUnsigned) {
    ArrayRef<int64_t> lhs = traits.lhs.getShape();
    for (int64_t extent : lhs.drop_back(2))
      numBatches *= extent;
    M = lhs[lhs.size() - 2];
    K = lhs.back();
    N = traits.result.getShape().back();
  }

  void execute(ProgramInstance &instance) const override {
    switch (resultKind) {
    case ElementKind::F64:
      return executeAs<double>(instance);
    case ElementKind::F16:
    case ElementKind::BF16:
    case ElementKind::F32:
      return executeAs<float>(instance);
    case ElementKind::I64:
      return executeAs<uint64_t>(instance);
    default:
      return executeAs<uint32_t>(instance);
    }
  }

private:
  template <typename T> void executeAs(ProgramInstance &instance) const {
    const char *lhs = instance.frame + slots[1];
    const char *rhs = instance.frame + slots[2];
    char *result = instance.frame + slots[0];
    int64_t resultSize = getFrameSize(resultKind);
    std::memcpy(result, instance.frame + slots[3],
                numBatches * M * N * resultSize);
    int64_t size = getFrameSize(operandKind);
    for (int64_t i = 0; i < numBatches; ++i) {
      T *a = getScratch<T>(0, M * K), *b = getScratch<T>(1, K * N);
      convert(operandKind, lhsUnsigned, lhs + i * M * K * size, a, M * K);
      convert(operandKind, rhsUnsigned, rhs + i * K * N * size, b, K * N);
      multiplyInto(a, b, result + i * M * N * resultSize);
    }
  }

  /// Accumulators narrower than the computation are rounded once at the end.
  template <typename T>
  void multiplyInto(const T *a, const T *b, char *result) const {
    if (sizeof(T) == static_cast<size_t>(getFrameSize(resultKind)))
      return multiplyPrecisely(a, b, reinterpret_cast<T *>(result));
    T *c = getScratch<T>(4, M * N);
    convert(resultKind, false, result, c, M * N);
    multiplyPrecisely(a, b, c);
    dispatchNumber(resultKind, [&](auto zero) {
      using R = decltype(zero);
      R *narrow = reinterpret_cast<R *>(result);
      for (int64_t i = 0; i < M * N; ++i) {
        if constexpr (isFloatType<R> && std::is_floating_point_v<T>)
          narrow[i] = roundTo<R>(c[i]);
        else if constexpr (!isFloatType<R> && !std::is_floating_point_v<T>)
          narrow[i] = static_cast<R>(c[i]);
      }
    });
  }

  template <typename T>
  void multiplyPrecisely(const T *a, const T *b, T *c) const {
    if constexpr (std::is_same_v<T, float>) {
      if (precision != Precision::IEEE)
        return multiplyTF32(a, b, c);
    }
    multiplyAs(M, N, K, a, b, c);
  }

  /// a * b with a = high + low, each part in tf32. The products with a low part
  /// come first, being small; low * low is dropped.
  void multiplyTF32(const float *a, const float *b, float *c) const {
    float *high[] = {getScratch<float>(2, M * K), getScratch<float>(3, K * N)};
    std::vector<float> low[2];
    const float *operands[] = {a, b};
    int64_t counts[] = {M * K, K * N};
    for (int side : {0, 1}) {
      low[side].resize(counts[side]);
      for (int64_t i = 0; i < counts[side]; ++i) {
        high[side][i] = roundToTF32(operands[side][i]);
        // An infinity has no low part; its difference would be NaN.
        float rest = operands[side][i] - high[side][i];
        low[side][i] = std::isfinite(high[side][i]) ? roundToTF32(rest) : 0.0f;
      }
    }
    if (precision == Precision::TF32x3) {
      multiplyF32(M, N, K, low[0].data(), high[1], c);
      multiplyF32(M, N, K, high[0], low[1].data(), c);
    }
    multiplyF32(M, N, K, high[0], high[1], c);
  }

  ElementKind operandKind, resultKind;
  Precision precision;
  bool lhsUnsigned, rhsUnsigned;
  int64_t numBatches = 1, M, N, K;
};
} // namespace

void ProgramBuilder::emitDot(Operation *op, ArrayRef<size_t> slots,
                             const DotTraits &traits) {
  emit<DotInstruction>(op, slots, 1, traits);
}

LogicalResult mlir::tk::buildDot(ProgramBuilder &builder, DotOp op) {
  builder.emitDot(op, builder.getSlots(op),
                  {op.getPrecision(), op.getLhsUnsigned(), op.getRhsUnsigned(),
                   cast<RankedTensorType>(op.getLhs().getType()),
                   cast<RankedTensorType>(op.getRhs().getType()),
                   cast<RankedTensorType>(op.getType())});
  return success();
}
