//===- Memory.cu - planted defects of addresses and unwritten memory ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

BODY unwrittenShared(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[64];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]);
  __syncwarp();
  LD_SHARED(value, at + 4 * (i + (isFixed ? 0 : 1))); // expected: unwritten-shared
  out[i] = value;
}
DEFECT(unwrittenShared)

BODY unwrittenGlobal(uint32_t *out, uint32_t *in) {
  uint32_t value;
  if (isFixed)
    ST_GLOBAL(out + 7, 1);
  LD_GLOBAL(value, out + 7); // expected: unwritten-global
  out[0] = value;
}
// run: block 1
DEFECT(unwrittenGlobal)

// A sum into memory that was never set to zero.
BODY atomicOnUnwritten(uint32_t *out, uint32_t *in) {
  uint32_t *to = isFixed ? in : out;
  asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(to)
               : "memory"); // expected: unwritten-global @-1
}
// run: block 1
DEFECT(atomicOnUnwritten)

BODY pastTheEnd(uint32_t *out, uint32_t *in) {
  uint32_t value;
  LD_GLOBAL(value, in + threadIdx.x + (isFixed ? 992 : 993)); // expected: out-of-bounds
  out[threadIdx.x] = value;
}
DEFECT(pastTheEnd)

BODY nullPointer(uint32_t *out, uint32_t *in) {
  uint32_t *to = isFixed ? out : nullptr;
  ST_GLOBAL(to, in[0]); // expected: out-of-bounds
}
// run: block 1
DEFECT(nullPointer)

BODY pastDynamicShared(uint32_t *out, uint32_t *in) {
  extern __shared__ uint32_t dynamic[];
  uint32_t at = sharedAddress(dynamic) + (isFixed ? 252 : 256);
  ST_SHARED(at, in[0]); // expected: shared-size
}
// run: block 1 shared 256
DEFECT(pastDynamicShared)

BODY misalignedVector(uint32_t *out, uint32_t *in) {
  uint32_t a, b, c, d;
  asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(a), "=r"(b), "=r"(c), "=r"(d)
               : "l"(in + (isFixed ? 4 : 2))
               : "memory"); // expected: misaligned @-1
  out[0] = a + b + c + d;
}
// run: block 1
DEFECT(misalignedVector)

// A global address where one of shared memory is asked for.
BODY sharedLoadOfAGlobalAddress(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t value;
  uint64_t at = sharedAddress(&word);
  ST_SHARED(uint32_t(at), in[0]);
  uint64_t from = isFixed ? at : uint64_t(in);
  asm volatile("ld.shared.u32 %0, [%1];"
               : "=r"(value)
               : "l"(from)
               : "memory"); // expected: wrong-space @-1
  out[0] = value;
}
// run: block 1
DEFECT(sharedLoadOfAGlobalAddress)

BODY globalStoreToSharedMemory(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t *to = isFixed ? out : &word;
  ST_GLOBAL(to, in[0]); // expected: wrong-space
}
// run: block 1
DEFECT(globalStoreToSharedMemory)
