//===- Blocks.cu - shared memory and barriers ------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_pipeline.h>

extern "C" __global__ void blockReduction(float *out, const float *x, int n) {
  extern __shared__ float partial[];
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += x[i];
  partial[threadIdx.x] = sum;
  __syncthreads();
  for (int d = blockDim.x / 2; d; d /= 2) {
    if (threadIdx.x < d)
      partial[threadIdx.x] += partial[threadIdx.x + d];
    __syncthreads();
  }
  if (threadIdx.x == 0)
    out[blockIdx.x] = partial[0];
}

// 32x32 tiles with a padded row.
extern "C" __global__ void transpose(float *out, const float *x, int rows, int columns) {
  __shared__ float tile[32][33];
  int column = blockIdx.x * 32 + threadIdx.x;
  for (int r = threadIdx.y; r < 32; r += blockDim.y) {
    int row = blockIdx.y * 32 + r;
    if (row < rows && column < columns)
      tile[r][threadIdx.x] = x[row * columns + column];
  }
  __syncthreads();
  int row = blockIdx.y * 32 + threadIdx.x;
  for (int r = threadIdx.y; r < 32; r += blockDim.y) {
    int c = blockIdx.x * 32 + r;
    if (row < rows && c < columns)
      out[c * rows + row] = tile[threadIdx.x][r];
  }
}

extern "C" __global__ void barrierReductions(int32_t *out, const int32_t *x) {
  int i = threadIdx.x;
  out[3 * i] = __syncthreads_count(x[i] > 0);
  out[3 * i + 1] = __syncthreads_and(x[i] > -1000);
  out[3 * i + 2] = __syncthreads_or(x[i] == 12345);
}

// Two producer warps and two consumer warps with named barriers: bar.arrive
// and bar.sync with a count.
extern "C" __global__ void namedBarriers(int32_t *out, int rounds) {
  __shared__ int32_t box[64];
  bool isProducer = threadIdx.x < 64;
  int i = threadIdx.x % 64;
  for (int r = 0; r < rounds; ++r) {
    if (isProducer) {
      if (r > 0)
        asm volatile("bar.sync 2, 128;" ::: "memory");
      box[i] = 1000 * r + i;
      asm volatile("bar.arrive 1, 128;" ::: "memory");
    } else {
      asm volatile("bar.sync 1, 128;" ::: "memory");
      out[r * 64 + i] = box[63 - i];
      if (r + 1 < rounds)
        asm volatile("bar.arrive 2, 128;" ::: "memory");
    }
  }
}

// cp.async in groups, two stages deep.
extern "C" __global__ void asyncCopies(float *out, const float *x, int numTiles) {
  __shared__ alignas(16) float stage[2][256];
  int i = threadIdx.x;
  float sum = 0;
  __pipeline_memcpy_async(&stage[0][4 * i], &x[4 * i], 16);
  __pipeline_commit();
  for (int t = 0; t < numTiles; ++t) {
    if (t + 1 < numTiles)
      __pipeline_memcpy_async(&stage[(t + 1) % 2][4 * i], &x[256 * (t + 1) + 4 * i], 16);
    __pipeline_commit();
    __pipeline_wait_prior(1);
    __syncthreads();
    sum += stage[t % 2][(4 * i + 5) % 256];
    __syncthreads();
  }
  out[i] = sum;
}

// Bytes beyond the source are zero.
extern "C" __global__ void asyncCopyFill(uint8_t *out, const uint8_t *x, const int32_t *sizes) {
  __shared__ alignas(16) uint8_t buffer[32 * 16];
  int i = threadIdx.x;
  uint32_t to = uint32_t(__cvta_generic_to_shared(buffer + 16 * i));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(x + 16 * i), "r"(sizes[i]) : "memory");
  asm volatile("cp.async.wait_all;" ::: "memory");
  for (int k = 0; k < 16; ++k)
    out[16 * i + k] = buffer[16 * i + k];
}

// An mbarrier that counts threads; each waits for its phase by parity.
extern "C" __global__ void mbarrierPhases(int32_t *out, int rounds) {
  __shared__ alignas(8) uint64_t barrier;
  __shared__ int32_t box[128];
  uint32_t b = uint32_t(__cvta_generic_to_shared(&barrier));
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 128;" ::"r"(b) : "memory");
  __syncthreads();
  int sum = 0;
  for (int r = 0; r < 2 * rounds; ++r) {
    if (r % 2 == 0)
      box[threadIdx.x] = r + threadIdx.x;
    else
      sum += box[127 - threadIdx.x];
    asm volatile("{ .reg .pred done;\n"
                 "mbarrier.arrive.shared::cta.b64 _, [%0];\n"
                 "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
                 "@!done bra again; }" ::"r"(b), "r"(r & 1) : "memory");
  }
  out[threadIdx.x] = sum;
}

// The copy itself arrives at the mbarrier.
extern "C" __global__ void mbarrierOfCopies(float *out, const float *x) {
  __shared__ alignas(8) uint64_t barrier;
  __shared__ alignas(16) float buffer[128];
  uint32_t b = uint32_t(__cvta_generic_to_shared(&barrier));
  uint32_t to = uint32_t(__cvta_generic_to_shared(buffer + 4 * threadIdx.x));
  if (threadIdx.x == 0)
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 32;" ::"r"(b) : "memory");
  __syncthreads();
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to), "l"(x + 4 * threadIdx.x) : "memory");
  asm volatile("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(b) : "memory");
  asm volatile("{ .reg .pred done;\n"
               "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], 0;\n"
               "@!done bra again; }" ::"r"(b) : "memory");
  for (int k = 0; k < 4; ++k)
    out[32 * k + threadIdx.x] = buffer[127 - (32 * k + threadIdx.x)];
}

// Addresses of all spaces through one generic pointer.
extern "C" __global__ void genericPointers(int32_t *out, int32_t *x) {
  __shared__ int32_t shared[32];
  int32_t local[4] = {int32_t(threadIdx.x), 20, 30, 40};
  shared[threadIdx.x] = 1000 + threadIdx.x;
  __syncwarp();
  int32_t *pointers[3] = {x + threadIdx.x, shared + (threadIdx.x ^ 1), local + (threadIdx.x & 3)};
  int32_t *p = pointers[threadIdx.x % 3];
  out[2 * threadIdx.x] = *p;
  out[2 * threadIdx.x + 1] = __isGlobal(p) | __isShared(p) << 1 | __isLocal(p) << 2;
}
