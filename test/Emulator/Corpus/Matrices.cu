//===- Matrices.cu - forms of WMMA, ldmatrix, stmatrix, movmatrix ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusMatrixFormsTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

using namespace nvcuda;

// out = x y + start. `x` is [M, K] of layout LayoutA, `y` [K, N] of LayoutB,
// `out` [M, N] of layout `order`; the leading dimensions are exact.
template <int M, int N, int K, typename T, typename Element, typename Result, typename LayoutA, typename LayoutB>
static __device__ void multiply(Result *out, const Element *x, const Element *y, Result start, wmma::layout_t order) {
  wmma::fragment<wmma::matrix_a, M, N, K, T, LayoutA> a;
  wmma::fragment<wmma::matrix_b, M, N, K, T, LayoutB> b;
  wmma::fragment<wmma::accumulator, M, N, K, Result> c;
  wmma::fill_fragment(c, start);
  constexpr bool isRowA = std::is_same<LayoutA, wmma::row_major>::value;
  constexpr bool isRowB = std::is_same<LayoutB, wmma::row_major>::value;
  wmma::load_matrix_sync(a, x, isRowA ? K : M);
  wmma::load_matrix_sync(b, y, isRowB ? N : K);
  wmma::mma_sync(c, a, b, c);
  wmma::store_matrix_sync(out, c, order == wmma::mem_row_major ? N : M, order);
}

using row = wmma::row_major;
using col = wmma::col_major;
namespace precision = wmma::precision;

extern "C" __global__ void wmmaHalfWide(float *out, const __half *x, const __half *y) {
  multiply<8, 32, 16, __half, __half, float, col, row>(out, x, y, 2.0f, wmma::mem_col_major);
}
extern "C" __global__ void wmmaHalfTall(float *out, const __half *x, const __half *y) {
  multiply<32, 8, 16, __half, __half, float, row, col>(out, x, y, 3.0f, wmma::mem_row_major);
}
extern "C" __global__ void wmmaHalfSums(__half *out, const __half *x, const __half *y) {
  multiply<16, 16, 16, __half, __half, __half, col, col>(out, x, y, __float2half(4.0f), wmma::mem_col_major);
}
extern "C" __global__ void wmmaBfloat(float *out, const __nv_bfloat16 *x, const __nv_bfloat16 *y) {
  multiply<16, 16, 16, __nv_bfloat16, __nv_bfloat16, float, row, row>(out, x, y, 5.0f, wmma::mem_row_major);
}
extern "C" __global__ void wmmaTf32(float *out, const float *x, const float *y) {
  multiply<16, 16, 8, precision::tf32, float, float, row, col>(out, x, y, 6.0f, wmma::mem_row_major);
}
extern "C" __global__ void wmmaBytes(int32_t *out, const uint8_t *x, const uint8_t *y) {
  multiply<16, 16, 16, uint8_t, uint8_t, int, row, col>(out, x, y, 7, wmma::mem_row_major);
}
extern "C" __global__ void wmmaNibbles(int32_t *out, const uint32_t *x, const uint32_t *y) {
  wmma::fragment<wmma::matrix_a, 8, 8, 32, wmma::experimental::precision::s4, row> a;
  wmma::fragment<wmma::matrix_b, 8, 8, 32, wmma::experimental::precision::s4, col> b;
  wmma::fragment<wmma::accumulator, 8, 8, 32, int> c;
  wmma::fill_fragment(c, 8);
  wmma::load_matrix_sync(a, x, 32);
  wmma::load_matrix_sync(b, y, 32);
  wmma::mma_sync(c, a, b, c);
  wmma::store_matrix_sync(out, c, 8, wmma::mem_row_major);
}
extern "C" __global__ void wmmaBits(int32_t *out, const uint32_t *x, const uint32_t *y) {
  wmma::fragment<wmma::matrix_a, 8, 8, 128, wmma::experimental::precision::b1, row> a;
  wmma::fragment<wmma::matrix_b, 8, 8, 128, wmma::experimental::precision::b1, col> b;
  wmma::fragment<wmma::accumulator, 8, 8, 128, int> c;
  wmma::fill_fragment(c, 9);
  wmma::load_matrix_sync(a, x, 128);
  wmma::load_matrix_sync(b, y, 128);
  wmma::bmma_sync(c, a, b, c, wmma::experimental::bmmaBitOpXOR);
  wmma::store_matrix_sync(out, c, 8, wmma::mem_row_major);
}

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

// Four 8x8 matrices of 16 bits in shared memory with rows 80 bytes apart; out
// holds, for each form, the registers of each lane.
#define LOAD(form, ...)                                                                                        \
  asm volatile("ldmatrix.sync.aligned.m8n8." form ".shared.b16 " __VA_ARGS__)

extern "C" __global__ void matrixLoads(uint32_t *out, const uint16_t *x) {
  __shared__ alignas(16) uint16_t tile[32][40];
  int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32)
    tile[i / 8][i % 8] = x[i];
  __syncwarp();
  uint32_t at = sharedAddress(&tile[lane][0]), r[14];
  LOAD("x1", "{%0}, [%1];" : "=r"(r[0]) : "r"(at));
  LOAD("x1.trans", "{%0}, [%1];" : "=r"(r[1]) : "r"(at));
  LOAD("x2", "{%0, %1}, [%2];" : "=r"(r[2]), "=r"(r[3]) : "r"(at));
  LOAD("x2.trans", "{%0, %1}, [%2];" : "=r"(r[4]), "=r"(r[5]) : "r"(at));
  LOAD("x4", "{%0, %1, %2, %3}, [%4];" : "=r"(r[6]), "=r"(r[7]), "=r"(r[8]), "=r"(r[9]) : "r"(at));
  LOAD("x4.trans", "{%0, %1, %2, %3}, [%4];" : "=r"(r[10]), "=r"(r[11]), "=r"(r[12]), "=r"(r[13]) : "r"(at));
  for (int k = 0; k < 14; ++k)
    out[32 * k + lane] = r[k];
}

#define STORE(form, ...) asm volatile("stmatrix.sync.aligned.m8n8." form ".shared.b16 " __VA_ARGS__ : "memory")

// The other way: each form writes its own tiles, which are copied out whole.
extern "C" __global__ void matrixStores(uint16_t *out, const uint32_t *x) {
  __shared__ alignas(16) uint16_t tile[14][8][8];
  int lane = threadIdx.x, matrix = lane / 8, line = lane % 8;
  uint32_t r[4], moved;
  for (int k = 0; k < 4; ++k)
    r[k] = x[32 * k + lane];
  STORE("x1", "[%0], {%1};" ::"r"(sharedAddress(tile[0][line])), "r"(r[0]));
  STORE("x1.trans", "[%0], {%1};" ::"r"(sharedAddress(tile[1][line])), "r"(r[1]));
  STORE("x2", "[%0], {%1, %2};" ::"r"(sharedAddress(tile[2 + matrix % 2][line])), "r"(r[0]), "r"(r[1]));
  STORE("x2.trans", "[%0], {%1, %2};" ::"r"(sharedAddress(tile[4 + matrix % 2][line])), "r"(r[2]), "r"(r[3]));
  STORE("x4", "[%0], {%1, %2, %3, %4};" ::"r"(sharedAddress(tile[6 + matrix][line])), "r"(r[0]), "r"(r[1]), "r"(r[2]),
        "r"(r[3]));
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(moved) : "r"(r[3]));
  STORE("x4.trans", "[%0], {%1, %2, %3, %4};" ::"r"(sharedAddress(tile[10 + matrix][line])), "r"(r[0]), "r"(r[1]),
        "r"(r[2]), "r"(moved));
  __syncwarp();
  for (int i = lane; i < 14 * 64; i += 32)
    out[i] = (&tile[0][0][0])[i];
}

static __device__ uint64_t descriptor(const void *p, uint32_t leading, uint32_t stride) {
  return (sharedAddress(p) >> 4 & 0x3fff) | uint64_t(leading >> 4) << 16 | uint64_t(stride >> 4) << 32;
}

// x yT of 64 and of 8 rows of 32 bytes, each time as elements of another type;
// `out` holds the four results of each thread (two words of pairs of f16).
#define WGMMA_TYPES(name, word, constraint, instruction, count, registers, tail)                                       \
  extern "C" __global__ void name(word *out, const uint8_t *x, const uint8_t *y) {                                     \
    __shared__ alignas(128) uint8_t a[64 * 32], b[8 * 32];                                                             \
    for (int i = threadIdx.x; i < 64 * 32; i += 128)                                                                   \
      a[(i / 256 * 2 + i % 32 / 16) * 128 + i / 32 % 8 * 16 + i % 16] = x[i];                                          \
    for (int i = threadIdx.x; i < 8 * 32; i += 128)                                                                    \
      b[i % 32 / 16 * 128 + i / 32 * 16 + i % 16] = y[i];                                                              \
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");                                                       \
    __syncthreads();                                                                                                   \
    word c[4] = {};                                                                                                    \
    asm volatile("wgmma.fence.sync.aligned;\nwgmma.mma_async.sync.aligned." instruction " {" registers               \
                 "}, %4, %5, 0" tail ";\nwgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;"           \
                 : "+" constraint(c[0]), "+" constraint(c[1]), "+" constraint(c[2]), "+" constraint(c[3])              \
                 : "l"(descriptor(a, 128, 256)), "l"(descriptor(b, 128, 256))                                          \
                 : "memory");                                                                                          \
    for (int e = 0; e < count; ++e)                                                                                    \
      out[count * threadIdx.x + e] = c[e];                                                                             \
  }

WGMMA_TYPES(wgmmaTf32, float, "f", "m64n8k8.f32.tf32.tf32", 4, "%0, %1, %2, %3", ", 1, 1")
WGMMA_TYPES(wgmmaSignedBytes, uint32_t, "r", "m64n8k32.s32.s8.u8", 4, "%0, %1, %2, %3", "")
WGMMA_TYPES(wgmmaUnsignedBytes, uint32_t, "r", "m64n8k32.s32.u8.u8", 4, "%0, %1, %2, %3", "")
WGMMA_TYPES(wgmmaBits, uint32_t, "r", "m64n8k256.s32.b1.b1.and.popc", 4, "%0, %1, %2, %3", "")
WGMMA_TYPES(wgmmaHalfSums, uint32_t, "r", "m64n8k16.f16.f16.f16", 2, "%0, %1", ", 1, 1, 0, 0")
WGMMA_TYPES(wgmmaFp8, float, "f", "m64n8k32.f32.e5m2.e4m3", 4, "%0, %1, %2, %3", ", 1, 1")
