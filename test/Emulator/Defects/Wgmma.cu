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

// What the kernels below multiply: ones, shown to the async proxy.
#define OPERANDS(a, b)                                                         \
  __shared__ alignas(128) uint32_t operands[512 + 64];                         \
  uint32_t a = sharedAddress(operands), b = a + 2048;                          \
  for (uint32_t i = threadIdx.x; i < 512 + 64; i += 128)                       \
    ST_SHARED(a + 4 * i, 0x3c003c00);                                          \
  DO("fence.proxy.async.shared::cta");                                         \
  __syncthreads()
#define FENCE DO("wgmma.fence.sync.aligned")

// Not even the first wgmma of a kernel goes without a fence.
BODY missingFirstFence(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  if (isFixed)
    FENCE;
  WGMMA(c, a, b); // expected: wgmma-fence
  COMMIT;
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(missingFirstFence)

// Wgmmas of two shapes are not ordered on the registers that they share.
BODY otherShape(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  FENCE;
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k8.f32.tf32.tf32 {%0, %1, "
               "%2, %3}, %4, %5, 1, 1, 1;"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "l"(descriptor(a)), "l"(descriptor(b)));
  if (isFixed)
    FENCE;
  WGMMA(c, a, b); // expected: wgmma-fence
  COMMIT;
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(otherShape)

BODY resultStoredEarly(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  FENCE;
  WGMMA(c, a, b); // expected: wgmma-in-flight
  COMMIT;
  if (isFixed)
    WAIT(c);
  asm volatile(
      "st.global.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(out + 4 * threadIdx.x),
      "f"(c[0]), "f"(c[1]), "f"(c[2]),
      "f"(c[3])
      : "memory"); // expected: wgmma-in-flight @-1
  WAIT(c);
}
// run: block 128
DEFECT(resultStoredEarly)

// The latest of two groups may still be in flight.
BODY waitLeavesGroupPending(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {}, d[4] = {};
  FENCE;
  WGMMA(c, a, b);
  COMMIT;
  WGMMA(d, a, b); // expected: wgmma-in-flight
  COMMIT;
  if (isFixed)
    WAIT(d);
  else
    asm volatile("wgmma.wait_group.sync.aligned 1;" ::: "memory");
  ST_GLOBAL(out + threadIdx.x,
            __float_as_uint(d[0])); // expected: wgmma-in-flight @-1
  WAIT(c);
}
// run: block 128
DEFECT(waitLeavesGroupPending)

// A in registers, which are loaded again too early.
BODY fragmentOverwritten(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  uint32_t fragment[4] = {};
  for (int e = 0; e < 4; ++e)
    asm volatile("ld.shared.u32 %0, [%1];" : "=r"(fragment[e]) : "r"(a));
  FENCE;
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16 {%0, %1, "
               "%2, %3}, {%4, %5, %6, %7}, %8, 1, 1, 1, 0;\n"
               "wgmma.commit_group.sync.aligned;"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]),
                 "+r"(fragment[0]), "+r"(fragment[1]), "+r"(fragment[2]),
                 "+r"(fragment[3])
               : "l"(descriptor(b))
               : "memory"); // expected: wgmma-in-flight @-1
  if (isFixed)
    WAIT(c);
  asm volatile("ld.shared.u32 %0, [%1];"
               : "+r"(fragment[0])
               : "r"(a)); // expected: wgmma-in-flight
  WAIT(c);
  STORE_RESULT(c);
  out[512 + threadIdx.x] = fragment[0];
}
// run: block 128
DEFECT(fragmentOverwritten)

// Three warps of four: the instruction is one of the whole warpgroup.
BODY threeWarps(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  if (isFixed || threadIdx.x < 96) {
    FENCE; // expected: divergent-collective
    WGMMA(c, a, b);
    COMMIT;
    WAIT(c);
  }
  STORE_RESULT(c);
}
// run: block 128
DEFECT(threeWarps)

BODY warpsDiffer(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  uint32_t other = isFixed ? b : b - threadIdx.x / 64 * 128;
  FENCE;
  WGMMA(c, a, other); // expected: divergent-collective
  COMMIT;
  WAIT(c);
  STORE_RESULT(c);
}
// run: block 128
DEFECT(warpsDiffer)

// The last warp waits for what the others do after the wgmma, which they cannot
// finish without it.
BODY warpComesLate(uint32_t *out, uint32_t *in) {
  OPERANDS(a, b);
  float c[4] = {};
  if (!isFixed && threadIdx.x >= 96)
    DO("bar.sync 1, 128"); // expected: deadlock
  FENCE;
  WGMMA(c, a, b);
  COMMIT;
  WAIT(c); // expected: deadlock
  if (isFixed || threadIdx.x < 96)
    DO("bar.sync 1, 128");
  STORE_RESULT(c);
}
// run: block 128
DEFECT(warpComesLate)
