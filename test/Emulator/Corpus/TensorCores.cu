//===- TensorCores.cu - matrices of a warp ---------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

using namespace nvcuda;

// 16x16x16 through the WMMA interface: out = x y + out, all row-major.
extern "C" __global__ void wmmaHalf(float *out, const __half *x, const __half *y, int depth) {
  wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> a;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::row_major> b;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> c;
  wmma::load_matrix_sync(c, out, 16, wmma::mem_row_major);
  for (int k = 0; k < depth; k += 16) {
    wmma::load_matrix_sync(a, x + k, depth);
    wmma::load_matrix_sync(b, y + 16 * k, 16);
    wmma::mma_sync(c, a, b, c);
  }
  wmma::store_matrix_sync(out, c, 16, wmma::mem_row_major);
}

extern "C" __global__ void wmmaInteger(int32_t *out, const int8_t *x, const int8_t *y) {
  wmma::fragment<wmma::matrix_a, 32, 8, 16, int8_t, wmma::row_major> a;
  wmma::fragment<wmma::matrix_b, 32, 8, 16, int8_t, wmma::col_major> b;
  wmma::fragment<wmma::accumulator, 32, 8, 16, int32_t> c;
  wmma::fill_fragment(c, 5);
  wmma::load_matrix_sync(a, x, 16);
  wmma::load_matrix_sync(b, y, 16);
  wmma::mma_sync(c, a, b, c);
  wmma::store_matrix_sync(out, c, 8, wmma::mem_row_major);
}

extern "C" __global__ void wmmaDouble(double *out, const double *x, const double *y) {
  wmma::fragment<wmma::matrix_a, 8, 8, 4, double, wmma::row_major> a;
  wmma::fragment<wmma::matrix_b, 8, 8, 4, double, wmma::col_major> b;
  wmma::fragment<wmma::accumulator, 8, 8, 4, double> c;
  wmma::fill_fragment(c, 0.5);
  wmma::load_matrix_sync(a, x, 4);
  wmma::load_matrix_sync(b, y, 4);
  wmma::mma_sync(c, a, b, c);
  wmma::store_matrix_sync(out, c, 8, wmma::mem_row_major);
}

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

// One m16n8k16 of bf16 with operands through ldmatrix: x is 16x16, y is 16x8
// (k, n), both row-major, so y needs .trans.
extern "C" __global__ void mmaBfloat(float *out, const __nv_bfloat16 *x, const __nv_bfloat16 *y) {
  __shared__ alignas(16) __nv_bfloat16 a[16][16], b[16][8];
  int lane = threadIdx.x;
  for (int i = lane; i < 256; i += 32)
    a[i / 16][i % 16] = x[i];
  for (int i = lane; i < 128; i += 32)
    b[i / 8][i % 8] = y[i];
  __syncthreads();
  uint32_t ra[4], rb[2];
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(ra[0]), "=r"(ra[1]), "=r"(ra[2]), "=r"(ra[3])
               : "r"(sharedAddress(&a[lane % 16][lane / 16 * 8])));
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
               : "=r"(rb[0]), "=r"(rb[1])
               : "r"(sharedAddress(&b[lane % 16][0])));
  float c[4] = {1, 2, 3, 4};
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
  int row = lane / 4, column = lane % 4 * 2;
  out[row * 8 + column] = c[0];
  out[row * 8 + column + 1] = c[1];
  out[(row + 8) * 8 + column] = c[2];
  out[(row + 8) * 8 + column + 1] = c[3];
}

// The accumulator in f16.
extern "C" __global__ void mmaHalfAccumulator(uint32_t *out, const uint32_t *a, const uint32_t *b, const uint32_t *c) {
  int lane = threadIdx.x;
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f16.f16.f16.f16 {%0, %1}, {%2, %3}, {%4}, {%5, %6};"
               : "=r"(out[2 * lane]), "=r"(out[2 * lane + 1])
               : "r"(a[2 * lane]), "r"(a[2 * lane + 1]), "r"(b[lane]), "r"(c[2 * lane]), "r"(c[2 * lane + 1]));
}

// x is 16x8, y is 8x8 (k, n); elements of tf32 are floats.
extern "C" __global__ void mmaTf32(float *out, const float *x, const float *y) {
  int lane = threadIdx.x, row = lane / 4, column = lane % 4;
  uint32_t a[4], b[2];
  for (int k = 0; k < 4; ++k)
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(a[k]) : "f"(x[(row + k % 2 * 8) * 8 + column + k / 2 * 4]));
  for (int k = 0; k < 2; ++k)
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(b[k]) : "f"(y[(column + 4 * k) * 8 + row]));
  float c[4] = {};
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  for (int k = 0; k < 4; ++k)
    out[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = c[k];
}

// x is 16x32 (m, k), y is 8x32 (n, k), of bytes.
extern "C" __global__ void mmaBytes(int32_t *out, float *outFp8, const uint32_t *x, const uint32_t *y) {
  int lane = threadIdx.x, row = lane / 4, column = lane % 4;
  uint32_t a[4], b[2];
  for (int k = 0; k < 4; ++k)
    a[k] = x[(row + k % 2 * 8) * 8 + column + k / 2 * 4];
  for (int k = 0; k < 2; ++k)
    b[k] = y[row * 8 + column + 4 * k];
  int32_t c[4] = {};
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.u8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  float f[4] = {};
  asm volatile("mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e5m2.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(f[0]), "+f"(f[1]), "+f"(f[2]), "+f"(f[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  for (int k = 0; k < 4; ++k) {
    out[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = c[k];
    outFp8[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = f[k];
  }
}

// 16x64 by 64x8 of 4-bit integers, and the same words as single bits.
extern "C" __global__ void mmaNarrowIntegers(int32_t *out, int32_t *outBits, const uint32_t *x, const uint32_t *y) {
  int lane = threadIdx.x, row = lane / 4, column = lane % 4;
  uint32_t a[4], b[2];
  for (int k = 0; k < 4; ++k)
    a[k] = x[(row + k % 2 * 8) * 8 + column + k / 2 * 4];
  for (int k = 0; k < 2; ++k)
    b[k] = y[row * 8 + column + 4 * k];
  int32_t c[4] = {}, p[4] = {};
  asm volatile("mma.sync.aligned.m16n8k64.row.col.s32.s4.s4.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  asm volatile("mma.sync.aligned.m16n8k256.row.col.s32.b1.b1.s32.and.popc {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
               "{%8, %9}, {%0, %1, %2, %3};"
               : "+r"(p[0]), "+r"(p[1]), "+r"(p[2]), "+r"(p[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  for (int k = 0; k < 4; ++k) {
    out[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = c[k];
    outBits[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = p[k];
  }
}

// 16x16 by 16x8 of doubles in one instruction (sm_90).
extern "C" __global__ void mmaDouble(double *out, const double *x, const double *y) {
  int lane = threadIdx.x, row = lane / 4, column = lane % 4;
  double a[8], b[4], c[4] = {1, 1, 1, 1};
  for (int k = 0; k < 8; ++k)
    a[k] = x[(row + k % 2 * 8) * 16 + column + k / 2 * 4];
  for (int k = 0; k < 4; ++k)
    b[k] = y[(column + 4 * k) * 8 + row];
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f64.f64.f64.f64 {%0, %1, %2, %3}, {%4, %5, %6, %7, %8, %9, %10, "
               "%11}, {%12, %13, %14, %15}, {%0, %1, %2, %3};"
               : "+d"(c[0]), "+d"(c[1]), "+d"(c[2]), "+d"(c[3])
               : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(a[4]), "d"(a[5]), "d"(a[6]), "d"(a[7]), "d"(b[0]),
                 "d"(b[1]), "d"(b[2]), "d"(b[3]));
  for (int k = 0; k < 4; ++k)
    out[(row + k / 2 * 8) * 8 + column * 2 + k % 2] = c[k];
}

// An 8x8 matrix is transposed in registers, then stored by stmatrix, plain and
// transposed.
extern "C" __global__ void matrixMoves(uint16_t *out, const uint32_t *x) {
  __shared__ alignas(16) uint16_t tile[3][8][8];
  int lane = threadIdx.x;
  uint32_t v = x[lane], moved;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(moved) : "r"(v));
  asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};" ::"r"(
                   sharedAddress(&tile[lane / 8 % 2][lane % 8][0])),
               "r"(v), "r"(moved)
               : "memory");
  asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};" ::"r"(sharedAddress(&tile[2][lane % 8][0])),
               "r"(v)
               : "memory");
  __syncwarp();
  for (int i = lane; i < 192; i += 32)
    out[i] = (&tile[0][0][0])[i];
}

// A tiled product of bf16 matrices through mma.sync, for any sizes: rows of x
// and columns of y that do not exist are zero.
extern "C" __global__ void tiledProduct(float *out, const __nv_bfloat16 *x, const __nv_bfloat16 *y, int m, int n,
                                        int k) {
  __shared__ alignas(16) __nv_bfloat16 a[32][40], b[32][40];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, rowOfBlock = blockIdx.y * 32, columnOfBlock = blockIdx.x * 32;
  float c[2][4] = {};
  for (int k0 = 0; k0 < k; k0 += 32) {
    for (int i = threadIdx.x; i < 1024; i += blockDim.x) {
      int r = i / 32, s = i % 32;
      bool inX = rowOfBlock + r < m && k0 + s < k, inY = k0 + r < k && columnOfBlock + s < n;
      a[r][s] = inX ? x[(rowOfBlock + r) * k + k0 + s] : __nv_bfloat16(0.0f);
      b[r][s] = inY ? y[(k0 + r) * n + columnOfBlock + s] : __nv_bfloat16(0.0f);
    }
    __syncthreads();
    for (int kk = 0; kk < 32; kk += 16) {
      uint32_t ra[4];
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                   : "=r"(ra[0]), "=r"(ra[1]), "=r"(ra[2]), "=r"(ra[3])
                   : "r"(sharedAddress(&a[warp / 2 * 16 + lane % 16][kk + lane / 16 * 8])));
      for (int h = 0; h < 2; ++h) {
        uint32_t rb[2];
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                     : "=r"(rb[0]), "=r"(rb[1])
                     : "r"(sharedAddress(&b[kk + lane % 16][warp % 2 * 16 + h * 8])));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, "
                     "%9}, {%0, %1, %2, %3};"
                     : "+f"(c[h][0]), "+f"(c[h][1]), "+f"(c[h][2]), "+f"(c[h][3])
                     : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]), "r"(rb[1]));
      }
    }
    __syncthreads();
  }
  for (int h = 0; h < 2; ++h)
    for (int e = 0; e < 4; ++e) {
      int row = rowOfBlock + warp / 2 * 16 + lane / 4 + e / 2 * 8;
      int column = columnOfBlock + warp % 2 * 16 + h * 8 + lane % 4 * 2 + e % 2;
      if (row < m && column < n)
        out[row * n + column] = c[h][e];
    }
}
