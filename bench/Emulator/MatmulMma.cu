//===- MatmulMma.cu - a bf16 matrix product by mma.sync -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C = A B, row-major; all sizes multiples of the tile. A block of four warps
// makes 128x128 of C, a warp 64x64. Tiles of A and B come by cp.async, two
// ahead, into shared memory whose 16-byte columns are swizzled, so that ldmatrix
// meets every bank once.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_bf16.h>

constexpr int kRows = 128, kColumns = 128, kDepth = 32, kStages = 3;
constexpr int kThreads = 128;
constexpr uint32_t kBytesA = kRows * kDepth * 2, kBytesB = kDepth * kColumns * 2;

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

static __device__ void copy16(uint32_t to, const void *from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}

// Byte offsets of 16 bytes within a tile: rows of A are 64 bytes long, those of
// B 256.
static __device__ uint32_t placeInA(int row, int chunk) { return row * 64 + (chunk ^ (row / 2 & 3)) * 16; }
static __device__ uint32_t placeInB(int row, int chunk) { return row * 256 + (chunk ^ (row & 7)) * 16; }

static __device__ void loadA(uint32_t address, uint32_t (&f)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(f[0]), "=r"(f[1]), "=r"(f[2]), "=r"(f[3])
               : "r"(address));
}
static __device__ void loadB(uint32_t address, uint32_t (&first)[2], uint32_t (&second)[2]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(first[0]), "=r"(first[1]), "=r"(second[0]), "=r"(second[1])
               : "r"(address));
}
static __device__ void multiply(float (&c)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
               "{%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

extern "C" __global__ void __launch_bounds__(kThreads)
    matmulMma(const __nv_bfloat16 *a, const __nv_bfloat16 *b, __nv_bfloat16 *c, int n, int k) {
  __shared__ alignas(128) char tiles[kStages * (kBytesA + kBytesB)];
  uint32_t base = sharedAddress(tiles);
  int thread = threadIdx.x, warp = thread / 32, lane = thread % 32;
  a += size_t(blockIdx.y) * kRows * k;
  b += blockIdx.x * kColumns;
  auto copyTile = [&](int tile) {
    uint32_t toA = base + tile % kStages * (kBytesA + kBytesB), toB = toA + kBytesA;
    for (int i = thread; i < kRows * 4; i += kThreads)
      copy16(toA + placeInA(i / 4, i % 4), a + size_t(i / 4) * k + tile * kDepth + i % 4 * 8);
    for (int i = thread; i < kDepth * 16; i += kThreads)
      copy16(toB + placeInB(i / 16, i % 16), b + (size_t(tile) * kDepth + i / 16) * n + i % 16 * 8);
  };
  int numTiles = k / kDepth;
  for (int tile = 0; tile < kStages - 1; ++tile) {
    if (tile < numTiles)
      copyTile(tile);
    asm volatile("cp.async.commit_group;" ::: "memory");
  }
  float sums[4][8][4] = {};
  int row0 = warp / 2 * 64, column0 = warp % 2 * 64;
  for (int tile = 0; tile < numTiles; ++tile) {
    asm volatile("cp.async.wait_group %0;" ::"n"(kStages - 2) : "memory");
    __syncthreads();
    if (tile + kStages - 1 < numTiles)
      copyTile(tile + kStages - 1);
    asm volatile("cp.async.commit_group;" ::: "memory");
    uint32_t fromA = base + tile % kStages * (kBytesA + kBytesB), fromB = fromA + kBytesA;
#pragma unroll
    for (int step = 0; step < kDepth / 16; ++step) {
      uint32_t left[4][4], right[8][2];
#pragma unroll
      for (int i = 0; i < 4; ++i)
        loadA(fromA + placeInA(row0 + i * 16 + lane % 16, step * 2 + lane / 16), left[i]);
#pragma unroll
      for (int j = 0; j < 8; j += 2)
        loadB(fromB + placeInB(step * 16 + lane % 16, column0 / 8 + j + lane / 16), right[j], right[j + 1]);
#pragma unroll
      for (int i = 0; i < 4; ++i)
#pragma unroll
        for (int j = 0; j < 8; ++j)
          multiply(sums[i][j], left[i], right[j]);
    }
  }
  c += (size_t(blockIdx.y) * kRows + row0) * n + blockIdx.x * kColumns + column0;
#pragma unroll
  for (int i = 0; i < 4; ++i)
#pragma unroll
    for (int j = 0; j < 8; ++j)
#pragma unroll
      for (int half = 0; half < 2; ++half)
        *reinterpret_cast<__nv_bfloat162 *>(c + size_t(i * 16 + half * 8 + lane / 4) * n + j * 8 + lane % 4 * 2) =
            __floats2bfloat162_rn(sums[i][j][half * 2], sums[i][j][half * 2 + 1]);
}
