//===- ControlFlow.cu - branches, calls and local memory -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)

// Steps of the Collatz sequence: every lane leaves the loop at its own time.
extern "C" __global__ void collatz(uint32_t *steps, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  uint64_t v = i + 1;
  uint32_t count = 0;
  while (v != 1) {
    v = v % 2 ? 3 * v + 1 : v / 2;
    ++count;
  }
  steps[i] = count;
}

extern "C" __global__ void greatestCommonDivisor(uint32_t *out, const uint32_t *x, const uint32_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  uint32_t a = x[i], b = y[i];
  while (b) {
    uint32_t t = a % b;
    a = b;
    b = t;
  }
  out[i] = a;
}

// A dense switch: brx.idx.
extern "C" __global__ void switchTable(int32_t *out, const int32_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  int32_t v = x[i], r;
  switch (v & 15) {
  case 0: r = v * 3; break;
  case 1: r = v ^ 0x55; break;
  case 2: r = v - 1000; break;
  case 3: r = v / 7; break;
  case 4: r = ~v; break;
  case 5: r = v << 3; break;
  case 6: r = v >> 2; break;
  case 7: r = v % 11; break;
  case 8: r = __popc(v); break;
  case 9: r = v * v; break;
  case 10: r = -v; break;
  default: r = 42;
  }
  out[i] = r;
}

__device__ __noinline__ uint32_t ackermann(uint32_t m, uint32_t n) {
  if (m == 0)
    return n + 1;
  if (n == 0)
    return ackermann(m - 1, 1);
  return ackermann(m - 1, ackermann(m, n - 1));
}

// Each lane recurses to its own depth.
extern "C" __global__ void recursion(uint32_t *out) {
  int i = threadIdx.x;
  out[i] = ackermann(i % 3, i % 5);
}

struct Pair {
  int64_t sum;
  int32_t product[3];
};

__device__ __noinline__ Pair combine(Pair a, Pair b) {
  Pair r;
  r.sum = a.sum + b.sum;
  for (int k = 0; k < 3; ++k)
    r.product[k] = a.product[k] * b.product[2 - k];
  return r;
}

// Structures by value as arguments of the kernel and of a function.
extern "C" __global__ void structures(Pair *out, Pair x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  Pair y = {i, {i, i + 1, i + 2}};
  out[i] = combine(x, y);
}

typedef int32_t (*Function)(int32_t);
__device__ __noinline__ int32_t twice(int32_t v) { return 2 * v; }
__device__ __noinline__ int32_t square(int32_t v) { return v * v; }
__device__ __noinline__ int32_t negate(int32_t v) { return -v; }
__device__ Function functions[3] = {twice, square, negate};

// Calls through pointers that differ within a warp.
extern "C" __global__ void functionPointers(int32_t *out, const int32_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  out[i] = functions[i % 3](x[i]);
}

// An array that is indexed by a run-time value lies in local memory.
extern "C" __global__ void localArray(int32_t *out, const int32_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  int32_t a[32];
  for (int k = 0; k < 32; ++k)
    a[k] = x[i] + k * k;
  int sum = 0;
  for (int k = 0; k < 16; ++k)
    sum += a[(x[i] + 5 * k) & 31];
  out[i] = sum;
}

__constant__ int32_t table[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};

extern "C" __global__ void constantTable(int32_t *out, const int32_t *x, int n) {
  int i = INDEX;
  if (i < n)
    out[i] = table[x[i] & 15] + table[i & 15];
}

// All three axes of grid and block.
extern "C" __global__ void threeAxes(uint32_t *out) {
  uint32_t block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  uint32_t thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] =
      blockIdx.x | blockIdx.y << 4 | blockIdx.z << 8 | threadIdx.x << 12 | threadIdx.y << 20 | threadIdx.z << 28;
}

// Part of each warp exits; the rest goes on through a block barrier.
extern "C" __global__ void earlyExit(uint32_t *out) {
  __shared__ uint32_t shared[128];
  shared[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if (threadIdx.x % 4 == 3) {
    out[threadIdx.x] = 7;
    return;
  }
  out[threadIdx.x] = shared[(threadIdx.x + 1) % 128];
}
