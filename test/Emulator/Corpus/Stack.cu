//===- Stack.cu - memory of a size that only the thread knows -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// alloca in a call, which frees it at its end, and inlined into a loop, where
// the compiler frees it by stacksave and stackrestore.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

// The sum of (seed * (count - 1 - i)) ^ i.
static __device__ __forceinline__ uint32_t sumBackwards(uint32_t count, uint32_t seed) {
  uint32_t *values = static_cast<uint32_t *>(__builtin_alloca(count * 4));
  for (uint32_t i = 0; i < count; ++i)
    values[i] = seed * i;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < count; ++i)
    sum += values[count - 1 - i] ^ i;
  return sum;
}

static __device__ __noinline__ uint32_t sumInCall(uint32_t count, uint32_t seed) {
  return sumBackwards(count, seed) + (count > 1 ? sumBackwards(count / 2, seed) : 0);
}

extern "C" __global__ void stackInLoop(uint32_t *out, uint32_t rounds) {
  uint32_t thread = threadIdx.x, sum = 0;
#pragma unroll 1
  for (uint32_t round = 1; round <= rounds; ++round)
    sum += sumBackwards(thread % 5 * round, thread + round);
  out[thread] = sum;
}

extern "C" __global__ void stackInCalls(uint32_t *out, uint32_t rounds) {
  uint32_t thread = threadIdx.x, sum = 0;
#pragma unroll 1
  for (uint32_t round = 1; round <= rounds; ++round)
    sum += sumInCall(thread % 7 * round, thread + round);
  out[thread] = sum;
}
