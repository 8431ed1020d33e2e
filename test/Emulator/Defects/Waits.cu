//===- Waits.cu - planted deadlocks, livelocks, wrong counts and masks ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

// Two warps wait at different barriers.
BODY barriersCross(uint32_t *out, uint32_t *in) {
  if (threadIdx.x < 32 || isFixed)
    DO("bar.sync 1, 64"); // expected: deadlock
  else
    DO("bar.sync 2, 64"); // expected: deadlock
  out[threadIdx.x] = in[threadIdx.x];
}
// run: block 64
DEFECT(barriersCross)

BODY nobodyArrives(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  if (threadIdx.x == 0)
    MBARRIER_INIT(full, 2);
  __syncthreads();
  MBARRIER_ARRIVE(full);
  if (isFixed)
    MBARRIER_ARRIVE(full);
  MBARRIER_WAIT(full, 0); // expected: deadlock
  out[threadIdx.x] = in[threadIdx.x];
}
// run: block 1
DEFECT(nobodyArrives)

// A flag that nobody sets.
BODY spinsForEver(uint32_t *out, uint32_t *in) {
  if (isFixed)
    asm volatile("st.relaxed.gpu.global.u32 [%0], 1;" ::"l"(in + 512)
                 : "memory");
  asm volatile("{ .reg .pred p; .reg .u32 v;\n"
               "again: ld.relaxed.gpu.global.u32 v, [%0];\n"
               "setp.ne.u32 p, v, 1;\n"
               "@p bra again; }" ::"l"(in + 512)
               : "memory"); // expected: livelock @-1
  out[0] = in[0];
}
// run: block 1
DEFECT(spinsForEver)

BODY barrierCountsDiffer(uint32_t *out, uint32_t *in) {
  if (threadIdx.x < 32 || isFixed)
    DO("bar.sync 1, 64");
  else
    DO("bar.sync 1, 96"); // expected: barrier-count
  out[threadIdx.x] = in[threadIdx.x];
}
// run: block 64
DEFECT(barrierCountsDiffer)

// Lanes that the mask does not name.
BODY shuffleOutsideItsMask(uint32_t *out, uint32_t *in) {
  uint32_t value;
  asm volatile("shfl.sync.bfly.b32 %0, %1, 1, 31, %2;"
               : "=r"(value)
               : "r"(in[threadIdx.x]), "r"(isFixed ? 0xffffffff : 0x0000ffff)
               : "memory"); // expected: collective-mask @-1
  out[threadIdx.x] = value;
}
DEFECT(shuffleOutsideItsMask)

// ldmatrix is for the whole warp.
BODY ldmatrixOfHalfAWarp(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[32];
  uint32_t at = sharedAddress(tile), value = 0;
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]);
  __syncwarp();
  if (isFixed || threadIdx.x < 16)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];"
                 : "=r"(value)
                 : "r"(at + 16 * (threadIdx.x % 8))
                 : "memory"); // expected: divergent-collective @-1
  out[threadIdx.x] = value;
}
DEFECT(ldmatrixOfHalfAWarp)

// Registers are given away with .dec and taken with .inc.
BODY registersTakenByDec(uint32_t *out, uint32_t *in) {
  // 256 threads of 64 registers: one warpgroup gives 24 each away, the other
  // takes as many.
  if (threadIdx.x < 128)
    DO("setmaxnreg.dec.sync.aligned.u32 40");
  else if (isFixed)
    DO("setmaxnreg.inc.sync.aligned.u32 88");
  else
    DO("setmaxnreg.dec.sync.aligned.u32 88"); // expected: register-pool
  out[threadIdx.x] = in[threadIdx.x];
}
// run: block 256
DEFECT_WITH(__maxnreg__(64), registersTakenByDec)
