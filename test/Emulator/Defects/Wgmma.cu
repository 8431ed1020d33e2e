//===- Wgmma.cu - planted defects of wgmma --------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

// A is 64x16, B 16x8, both of f16 in core matrices of 128 bytes.
static __device__ __forceinline__ uint64_t descriptor(uint32_t at) {
  return (at >> 4 & 0x3fff) | uint64_t(128 >> 4) << 16 |
         uint64_t(256 >> 4) << 32;
}

#define WGMMA(c, a, b)                                                         \
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%0, %1, "   \
               "%2, %3}, %4, %5, 1, 1, 1, 0, 0;"                               \
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                \
               : "l"(descriptor(a)), "l"(descriptor(b)))
#define COMMIT DO("wgmma.commit_group.sync.aligned")
#define WAIT(c)                                                                \
  asm volatile("wgmma.wait_group.sync.aligned 0;"                              \
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])::"memory")

#define STORE_RESULT(c)                                                        \
  for (int e = 0; e < 4; ++e)                                                  \
  ST_GLOBAL(out + 4 * threadIdx.x + e, __float_as_uint(c[e]))

// The accumulators are set before, and nothing says so.
BODY missingFence(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t operands[512 + 64];
  uint32_t a = sharedAddress(operands), b = a + 2048;
  for (uint32_t i = threadIdx.x; i < 512 + 64; i += 128)
    ST_SHARED(a + 4 * i, 0x3c003c00);
  DO("fence.proxy.async.shared::cta");
  __syncthreads();
  float c[4] = {};
  for (int e = 0; e < 4; ++e)
    asm volatile("mov.b32 %0, %1;" : "=f"(c[e]) : "r"(in[e]));
  if (isFixed)
    DO("wgmma.fence.sync.aligned");
  WGMMA(c, a, b); // expected: wgmma-fence
  COMMIT;
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(missingFence)

BODY operandOverwritten(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t operands[512 + 64];
  uint32_t a = sharedAddress(operands), b = a + 2048;
  for (uint32_t i = threadIdx.x; i < 512 + 64; i += 128)
    ST_SHARED(a + 4 * i, 0x3c003c00);
  DO("fence.proxy.async.shared::cta");
  __syncthreads();
  float c[4] = {};
  DO("wgmma.fence.sync.aligned");
  WGMMA(c, a, b); // expected: wgmma-in-flight
  COMMIT;
  if (isFixed)
    WAIT(c);
  __syncthreads();
  ST_SHARED(a + 4 * threadIdx.x, 0); // expected: wgmma-in-flight
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(operandOverwritten)

BODY operandsNotFenced(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t operands[512 + 64];
  uint32_t a = sharedAddress(operands), b = a + 2048;
  for (uint32_t i = threadIdx.x; i < 512 + 64; i += 128)
    ST_SHARED(a + 4 * i, 0x3c003c00); // expected: missing-proxy-fence
  if (isFixed)
    DO("fence.proxy.async.shared::cta");
  __syncthreads();
  float c[4] = {};
  DO("wgmma.fence.sync.aligned");
  WGMMA(c, a, b); // expected: missing-proxy-fence
  COMMIT;
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(operandsNotFenced)
