//===- Races.cu - planted races in shared and global memory ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

// No barrier between a write and a read by another warp.
// also: unwritten-shared
BODY missingBarrier(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[64];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  if (isFixed)
    __syncthreads();
  LD_SHARED(value, at + 4 * (i ^ 32)); // expected: shared-race
  out[i] = value;
}
// run: block 64
DEFECT(missingBarrier)

// The next round overwrites what others still read.
BODY missingBarrierBeforeReuse(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[64];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  for (uint32_t round = 0; round != 2; ++round) {
    ST_SHARED(at + 4 * i, in[i + 64 * round]); // expected: shared-race
    __syncthreads();
    LD_SHARED(value, at + 4 * (i ^ 32)); // expected: shared-race
    out[i + 64 * round] = value;
    if (isFixed)
      __syncthreads();
  }
}
// run: block 64
DEFECT(missingBarrierBeforeReuse)

// Lanes of one warp do not run in lock step.
BODY missingSyncwarp(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[32];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  if (isFixed)
    __syncwarp();
  LD_SHARED(value, at + 4 * (31 - i)); // expected: shared-race
  out[i] = value;
}
DEFECT(missingSyncwarp)

// The halves of the warp synchronise, each for itself.
BODY syncwarpOfTooFewLanes(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[32];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  __syncwarp(isFixed ? 0xffffffff : i < 16 ? 0x0000ffff : 0xffff0000);
  LD_SHARED(value, at + 4 * (31 - i)); // expected: shared-race
  out[i] = value;
}
DEFECT(syncwarpOfTooFewLanes)

// A shuffle exchanges values; it orders no memory.
BODY shuffleIsNoBarrier(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[32];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  uint32_t other = __shfl_xor_sync(0xffffffff, i, 1);
  if (isFixed)
    __syncwarp();
  LD_SHARED(value, at + 4 * other); // expected: shared-race
  out[i] = value;
}
DEFECT(shuffleIsNoBarrier)

// All lanes write to one place: fine if they write the same.
BODY lanesWriteOnePlace(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t at = sharedAddress(&word), value;
  uint32_t mine = isFixed ? in[7] : in[threadIdx.x];
  ST_SHARED(at, mine); // expected: shared-race
  __syncwarp();
  LD_SHARED(value, at);
  out[threadIdx.x] = value;
}
DEFECT(lanesWriteOnePlace)

// The vector of 16 bytes of one warp lies over that of the other.
BODY vectorsOverlap(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[256];
  uint32_t i = threadIdx.x, value;
  // Warp 1 begins where warp 0 ends, less half a vector.
  uint32_t at = sharedAddress(tile) + 16 * i - (isFixed ? 0 : i / 32 * 16);
  uint32_t x = in[i];
  if (i % 32 == 31 || i % 32 == 0)
    asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};" ::"r"(at), "r"(x)
                 : "memory"); // expected: shared-race @-1
  __syncthreads();
  if (i == 31) {
    LD_SHARED(value, at);
    out[i] = value;
  }
}
// run: block 64
DEFECT(vectorsOverlap)

// Two of three warps meet at a barrier; the third reads.
// also: unwritten-shared
BODY namedBarrierOfTooFewWarps(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[96];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  if (isFixed)
    DO("bar.sync 1, 96");
  else if (i < 64)
    DO("bar.sync 1, 64");
  LD_SHARED(value, at + 4 * ((i + 32) % 96)); // expected: shared-race
  out[i] = value;
}
// run: block 96
DEFECT(namedBarrierOfTooFewWarps)

// bar.arrive says that one has come; it waits for nobody.
// also: unwritten-shared
BODY arriveDoesNotWait(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t tile[64];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  ST_SHARED(at + 4 * i, in[i]); // expected: shared-race
  if (i < 32 && !isFixed)
    DO("bar.arrive 1, 64");
  else
    DO("bar.sync 1, 64");
  LD_SHARED(value, at + 4 * (i ^ 32)); // expected: shared-race
  out[i] = value;
}
// run: block 64
DEFECT(arriveDoesNotWait)

// Ordinary reads beside atomics.
BODY atomicsAndARead(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t sum;
  uint32_t at = sharedAddress(&sum), value;
  if (threadIdx.x == 0)
    ST_SHARED(at, 0);
  __syncthreads();
  asm volatile("red.relaxed.cta.shared::cta.add.u32 [%0], %1;" ::"r"(at),
               "r"(in[threadIdx.x])
               : "memory"); // expected: shared-race @-1
  if (isFixed)
    __syncthreads();
  LD_SHARED(value, at); // expected: shared-race
  out[threadIdx.x] = value;
}
// run: block 64
DEFECT(atomicsAndARead)

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

BODY blocksWriteOnePlace(uint32_t *out, uint32_t *in) {
  uint32_t *to = out + (isFixed ? blockIdx.x : 0);
  ST_GLOBAL(to, in[blockIdx.x]); // expected: global-race
}
// run: grid 2 block 1
DEFECT(blocksWriteOnePlace)

// Message passing between blocks; each way to get it wrong. The flag is
// in[512], which the host set to 512.
#define ST_FLAG(kind, value)                                                   \
  asm volatile("st." kind ".global.u32 [%0], %1;" ::"l"(in + 512), "r"(value)  \
               : "memory")
#define AWAIT_FLAG(kind)                                                       \
  asm volatile("{ .reg .pred p; .reg .u32 v;\n"                                \
               "again: ld." kind ".global.u32 v, [%0];\n"                      \
               "setp.ne.u32 p, v, 1;\n"                                        \
               "@p bra again; }" ::"l"(in + 512)                               \
               : "memory")

BODY flagWithoutFence(uint32_t *out, uint32_t *in) {
  uint32_t value;
  if (blockIdx.x == 0) {
    ST_GLOBAL(out, 42); // expected: global-race
    if (isFixed)
      __threadfence();
    ST_FLAG("relaxed.gpu", 1);
  } else {
    AWAIT_FLAG("relaxed.gpu");
    __threadfence();
    LD_GLOBAL(value, out); // expected: global-race
    out[1] = value;
  }
}
// run: grid 2 block 1
DEFECT(flagWithoutFence)

BODY readerWithoutFence(uint32_t *out, uint32_t *in) {
  uint32_t value;
  if (blockIdx.x == 0) {
    ST_GLOBAL(out, 42); // expected: global-race
    ST_FLAG("release.gpu", 1);
  } else {
    AWAIT_FLAG("relaxed.gpu");
    if (isFixed)
      __threadfence();
    LD_GLOBAL(value, out); // expected: global-race
    out[1] = value;
  }
}
// run: grid 2 block 1
DEFECT(readerWithoutFence)

// The fence reaches the threads of the block only.
BODY fenceOfBlockScope(uint32_t *out, uint32_t *in) {
  uint32_t value;
  if (blockIdx.x == 0) {
    ST_GLOBAL(out, 42); // expected: global-race
    if (isFixed)
      DO("fence.acq_rel.gpu");
    else
      DO("fence.acq_rel.cta");
    ST_FLAG("relaxed.gpu", 1);
  } else {
    AWAIT_FLAG("acquire.gpu");
    LD_GLOBAL(value, out); // expected: global-race
    out[1] = value;
  }
}
// run: grid 2 block 1
DEFECT(fenceOfBlockScope)

// An ordinary store is no flag.
BODY weakFlag(uint32_t *out, uint32_t *in) {
  uint32_t value;
  if (blockIdx.x == 0) {
    ST_GLOBAL(out, 42); // expected: global-race
    __threadfence();
    if (isFixed)
      ST_FLAG("relaxed.gpu", 1);
    else
      ST_GLOBAL(in + 512, 1); // expected: global-race
  } else {
    AWAIT_FLAG("acquire.gpu"); // expected: global-race
    LD_GLOBAL(value, out);     // expected: global-race
    out[1] = value;
  }
}
// run: grid 2 block 1
DEFECT(weakFlag)

// Thread 0 fences; the other threads of its block wrote too.
BODY lastBlockSums(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t isLast;
  uint32_t i = threadIdx.x, value;
  ST_GLOBAL(out + 32 * blockIdx.x + i, in[i]); // expected: global-race
  if (isFixed)
    __syncthreads();
  if (i == 0) {
    __threadfence();
    uint32_t before;
    asm volatile("atom.relaxed.gpu.global.add.u32 %0, [%1], 1;"
                 : "=r"(before)
                 : "l"(in + 512)
                 : "memory");
    isLast = before == 512 + 1;
    __threadfence();
  }
  __syncthreads();
  if (!isLast)
    return;
  LD_GLOBAL(value, out + 32 * (1 - blockIdx.x) + i); // expected: global-race
  out[64 + i] = value;
}
// run: grid 2 block 32
DEFECT(lastBlockSums)

BODY atomicsOfBlockScope(uint32_t *out, uint32_t *in) {
  if (isFixed)
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(in)
                 : "memory");
  else
    asm volatile("red.relaxed.cta.global.add.u32 [%0], 1;" ::"l"(in)
                 : "memory"); // expected: global-race @-1
}
// run: grid 2 block 1
DEFECT(atomicsOfBlockScope)

BODY atomicAndStore(uint32_t *out, uint32_t *in) {
  if (blockIdx.x == 0 || isFixed)
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(in)
                 : "memory"); // expected: global-race @-1
  else
    ST_GLOBAL(in, 7); // expected: global-race
}
// run: grid 2 block 1
DEFECT(atomicAndStore)

BODY atomicsOfTwoSizes(uint32_t *out, uint32_t *in) {
  if (blockIdx.x == 0 || isFixed)
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(in)
                 : "memory"); // expected: global-race @-1
  else
    asm volatile("red.relaxed.gpu.global.add.u64 [%0], 1;" ::"l"(in)
                 : "memory"); // expected: global-race @-1
}
// run: grid 2 block 1
DEFECT(atomicsOfTwoSizes)
