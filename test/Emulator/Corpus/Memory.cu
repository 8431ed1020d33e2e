//===- Memory.cu - widths, hints and order of accesses ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)

extern "C" __global__ void vectorCopy(int4 *out, const int4 *x, int n) {
  for (int i = INDEX; i < n; i += gridDim.x * blockDim.x) {
    int4 v = __ldg(x + i);
    out[i] = make_int4(v.w, v.z, v.y, v.x);
  }
}

extern "C" __global__ void cacheHints(float *out, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float sum = __ldcg(x + i) + __ldca(x + i) + __ldcs(x + i) + __ldlu(x + i) + __ldcv(x + i);
  float v;
  asm("ld.global.nc.L1::no_allocate.L2::128B.f32 %0, [%1];" : "=f"(v) : "l"(x + i));
  __stcg(out + 4 * i, sum);
  __stcs(out + 4 * i + 1, v);
  __stwt(out + 4 * i + 2, -v);
  asm volatile("{ .reg .b64 policy; createpolicy.fractional.L2::evict_first.b64 policy, 1.0;\n"
               "st.global.L2::cache_hint.f32 [%0], %1, policy; }" ::"l"(out + 4 * i + 3), "f"(2 * v) : "memory");
}

// Bytes and words of 16 bits, signed and not.
extern "C" __global__ void narrowAccesses(int64_t *out, const int8_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  out[4 * i] = x[i];
  out[4 * i + 1] = uint8_t(x[i]);
  out[4 * i + 2] = ((const int16_t *)x)[i / 2];
  out[4 * i + 3] = ((const uint16_t *)x)[i / 2];
}

extern "C" __global__ void histogram(uint32_t *bins, const uint8_t *x, int n) {
  __shared__ uint32_t local[256];
  for (int b = threadIdx.x; b < 256; b += blockDim.x)
    local[b] = 0;
  __syncthreads();
  for (int i = INDEX; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[x[i]], 1);
  __syncthreads();
  for (int b = threadIdx.x; b < 256; b += blockDim.x)
    if (local[b])
      atomicAdd(&bins[b], local[b]);
}

// Every kind of atomic on words that all threads share: 10 words.
extern "C" __global__ void atomicKinds(uint32_t *words, uint64_t *wide, int n) {
  uint32_t i = INDEX;
  if (i >= n)
    return;
  atomicAdd(words, i);
  atomicSub(words + 1, i);
  atomicMin((int *)words + 2, -int(i));
  atomicMax(words + 3, i);
  atomicAnd(words + 4, ~(1u << (i & 31)));
  atomicOr(words + 5, 1u << (i & 31));
  atomicXor(words + 6, i);
  atomicInc(words + 7, 99);
  atomicDec(words + 8, 49);
  atomicAdd((float *)words + 9, 0.5f);
  atomicAdd((unsigned long long *)wide, (unsigned long long)i << 30);
  atomicMax((long long *)wide + 1, (long long)i);
  atomicAdd((double *)wide + 2, 0.25);
}

// A maximum of floats by compare-and-swap.
extern "C" __global__ void compareAndSwap(uint32_t *best, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  uint32_t old = *(volatile uint32_t *)best;
  while (__uint_as_float(old) < x[i]) {
    uint32_t seen = atomicCAS(best, old, __float_as_uint(x[i]));
    if (seen == old)
      break;
    old = seen;
  }
}

// The last block to finish adds up what all blocks left: order by fences.
extern "C" __global__ void lastBlock(int64_t *out, int64_t *partial, uint32_t *ticket, const int32_t *x, int n) {
  __shared__ bool isLast;
  __shared__ int64_t sums[64];
  int64_t sum = 0;
  for (int i = INDEX; i < n; i += gridDim.x * blockDim.x)
    sum += x[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    sum = 0;
    for (int k = 0; k < blockDim.x; ++k)
      sum += sums[k];
    partial[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicAdd(ticket, 1) == gridDim.x - 1;
    __threadfence();
  }
  __syncthreads();
  if (isLast && threadIdx.x == 0) {
    sum = 0;
    for (int b = 0; b < gridDim.x; ++b)
      sum += partial[b];
    *out = sum;
  }
}

// Blocks take turns: each spins until the one before has released it.
extern "C" __global__ void chainOfBlocks(uint32_t *log, uint32_t *turn) {
  if (threadIdx.x == 0) {
    uint32_t seen;
    do
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(seen) : "l"(turn) : "memory");
    while (seen != blockIdx.x);
    log[blockIdx.x] = blockIdx.x == 0 ? 1 : 3 * log[blockIdx.x - 1] + blockIdx.x;
    asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(turn), "r"(blockIdx.x + 1) : "memory");
  }
}

// A lock in global memory around an ordinary counter.
extern "C" __global__ void lockedCounter(uint32_t *lock, uint32_t *counter) {
  if (threadIdx.x == 0) {
    while (atomicCAS(lock, 0, 1) != 0)
      ;
    __threadfence();
    *counter += blockIdx.x + 1;
    __threadfence();
    atomicExch(lock, 0);
  }
}

// Packed sums of halves and vectors of floats (sm_90).
extern "C" __global__ void packedReductions(uint32_t *halves, float *floats) {
  asm volatile("red.global.add.noftz.f16x2 [%0], %1;" ::"l"(halves), "r"(0x3c004000u) : "memory");
  asm volatile("red.global.add.noftz.bf16x2 [%0], %1;" ::"l"(halves + 1), "r"(0x3f803f80u) : "memory");
  asm volatile("red.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(floats), "f"(1.0f), "f"(2.0f), "f"(3.0f), "f"(0.5f)
               : "memory");
}

// Text from the device.
extern "C" __global__ void greet(int n);
#include <cstdio>
extern "C" __global__ void greet(int n) {
  if (threadIdx.x < n)
    printf("lane %d of %u says %.2f and %s\n", threadIdx.x, blockDim.x, threadIdx.x * 0.25, "hello");
}
