//===- Mbarriers.cu - planted defects of mbarriers ------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

// The copy engine may see the memory as it was before the init.
BODY initWithoutFence(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1); // expected: mbarrier-init-fence
    if (isFixed)
      DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 256);
    BULK_LOAD(at, in, 256, full); // expected: mbarrier-init-fence
  }
  __syncthreads();
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[threadIdx.x] = value;
}
// run: block 64
DEFECT(initWithoutFence)

// Another warp arrives at what may not be an mbarrier yet.
BODY initWithoutBarrier(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  if (threadIdx.x == 0)
    MBARRIER_INIT(full, 64); // expected: shared-race
  if (isFixed)
    __syncthreads();
  MBARRIER_ARRIVE(full); // expected: shared-race
  MBARRIER_WAIT(full, 0);
  out[threadIdx.x] = in[threadIdx.x];
}
// run: block 64
DEFECT(initWithoutBarrier)

// A lane waits without having seen that the phase's data is for it.
// also: unwritten-shared
BODY waitForTheWrongPhase(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0)
    MBARRIER_INIT(full, 32);
  __syncthreads();
  if (threadIdx.x < 32) {
    ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]); // expected: shared-race
    MBARRIER_ARRIVE(full);
  } else {
    // Parity 1 is that of the phase before the first: the wait is over at once.
    MBARRIER_WAIT(full, isFixed ? 0 : 1);
    LD_SHARED(value, at + 4 * (threadIdx.x - 32)); // expected: shared-race
    out[threadIdx.x] = value;
  }
}
// run: block 64
DEFECT(waitForTheWrongPhase)

BODY tooManyArrivals(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  MBARRIER_INIT(full, 2);
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0], %1;" ::"r"(full),
               "r"(isFixed ? 2 : 3)
               : "memory"); // expected: mbarrier-count @-1
  out[0] = in[0];
}
// run: block 1
DEFECT(tooManyArrivals)

// The phase expects twice the bytes that come.
BODY tooManyBytesExpected(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  MBARRIER_INIT(full, 1);
  DO("fence.mbarrier_init.release.cluster");
  MBARRIER_EXPECT(full, isFixed ? 128 : 256);
  BULK_LOAD(at, in, 128, full);
  MBARRIER_WAIT(full, 0); // expected: deadlock
  LD_SHARED(value, at);
  out[0] = value;
}
// run: block 1
DEFECT(tooManyBytesExpected)

// A wait with the token of a phase that is long over.
BODY staleToken(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier), done;
  uint64_t token;
  MBARRIER_INIT(full, 1);
  asm volatile("mbarrier.arrive.shared::cta.b64 %0, [%1];"
               : "=l"(token)
               : "r"(full)
               : "memory");
  if (!isFixed) {
    MBARRIER_ARRIVE(full);
    MBARRIER_ARRIVE(full);
  }
  asm volatile("{ .reg .pred p;\n"
               "mbarrier.test_wait.shared::cta.b64 p, [%1], %2;\n"
               "selp.u32 %0, 1, 0, p; }"
               : "=r"(done)
               : "r"(full), "l"(token)
               : "memory"); // expected: mbarrier-parity @-1
  out[0] = done;
}
// run: block 1
DEFECT(staleToken)

BODY arriveWithoutInit(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  if (isFixed)
    MBARRIER_INIT(full, 1);
  else
    asm volatile("st.shared.u64 [%0], %1;" ::"r"(full), "l"(uint64_t(1))
                 : "memory");
  MBARRIER_ARRIVE(full); // expected: mbarrier-invalid
  out[0] = in[0];
}
// run: block 1
DEFECT(arriveWithoutInit)

BODY ordinaryAccessOfAnMbarrier(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier[2];
  uint32_t full = sharedAddress(barrier), value;
  ST_SHARED(full + 8, in[0]);
  MBARRIER_INIT(full, 1);
  LD_SHARED(value, full + (isFixed ? 8 : 0)); // expected: mbarrier-invalid
  out[0] = value;
}
// run: block 1
DEFECT(ordinaryAccessOfAnMbarrier)

BODY arriveAfterInvalidation(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  MBARRIER_INIT(full, 1);
  if (!isFixed)
    asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(full) : "memory");
  MBARRIER_ARRIVE(full); // expected: mbarrier-invalid
  out[0] = in[0];
}
// run: block 1
DEFECT(arriveAfterInvalidation)
