//===- AsyncCopies.cu - planted defects of copies and proxies -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

//===----------------------------------------------------------------------===//
// cp.async
//===----------------------------------------------------------------------===//

BODY copyWithoutWait(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[128];
  uint32_t at = sharedAddress(tile) + 16 * threadIdx.x, value;
  CP_ASYNC(at, in + 4 * threadIdx.x); // expected: shared-race
  if (isFixed)
    DO("cp.async.wait_all");
  LD_SHARED(value, at); // expected: shared-race
  out[threadIdx.x] = value;
  DO("cp.async.wait_all");
}
DEFECT(copyWithoutWait)

// Of two groups the later may still be on its way.
BODY waitsForTooFewGroups(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[256];
  uint32_t at = sharedAddress(tile) + 16 * threadIdx.x, value;
  CP_ASYNC(at, in + 4 * threadIdx.x);
  DO("cp.async.commit_group");
  CP_ASYNC(at + 512, in + 128 + 4 * threadIdx.x); // expected: shared-race
  DO("cp.async.commit_group");
  if (isFixed)
    DO("cp.async.wait_group 0");
  else
    DO("cp.async.wait_group 1");
  LD_SHARED(value, at);
  out[threadIdx.x] = value;
  LD_SHARED(value, at + 512); // expected: shared-race
  out[32 + threadIdx.x] = value;
  DO("cp.async.wait_all");
}
DEFECT(waitsForTooFewGroups)

// A thread waits for its own copies, not for those of others.
BODY waitWithoutBarrier(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[128];
  uint32_t at = sharedAddress(tile), value;
  CP_ASYNC(at + 16 * threadIdx.x, in + 4 * threadIdx.x); // expected: shared-race
  DO("cp.async.wait_all");
  if (isFixed)
    __syncwarp();
  LD_SHARED(value, at + 16 * (31 - threadIdx.x)); // expected: shared-race
  out[threadIdx.x] = value;
}
DEFECT(waitWithoutBarrier)

// The next stage is loaded over one that others still read.
BODY copyOverARead(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[256];
  uint32_t at = sharedAddress(tile), i = threadIdx.x, value;
  for (uint32_t round = 0; round != 2; ++round) {
    CP_ASYNC(at + 16 * i, in + 4 * i + 256 * round); // expected: shared-race
    DO("cp.async.wait_all");
    __syncthreads();
    LD_SHARED(value, at + 16 * (i ^ 32)); // expected: shared-race
    out[i + 64 * round] = value;
    if (isFixed)
      __syncthreads();
  }
}
// run: block 64
DEFECT(copyOverARead)

BODY copyAtExit(uint32_t *out, uint32_t *in) {
  __shared__ alignas(16) uint32_t tile[128];
  CP_ASYNC(sharedAddress(tile) + 16 * threadIdx.x,
           in + 4 * threadIdx.x); // expected: async-at-exit @-1
  if (isFixed)
    DO("cp.async.wait_all");
}
DEFECT(copyAtExit)

//===----------------------------------------------------------------------===//
// Bulk loads
//===----------------------------------------------------------------------===//

BODY bulkLoadWithoutWait(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[128];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.proxy.async.shared::cta");
    MBARRIER_EXPECT(full, 512);
    BULK_LOAD(at, in, 512, full); // expected: shared-race
  }
  __syncthreads();
  if (isFixed)
    MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x); // expected: shared-race
  out[threadIdx.x] = value;
  MBARRIER_WAIT(full, 0);
}
// run: block 64
DEFECT(bulkLoadWithoutWait)

// Two loads into one buffer.
BODY bulkLoadsOverlap(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[128];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 512);
    BULK_LOAD(at, in, 256, full); // expected: shared-race
    uint32_t second = at + (isFixed ? 256 : 240);
    BULK_LOAD(second, in + 64, 256, full); // expected: shared-race
  }
  __syncthreads();
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[threadIdx.x] = value;
}
DEFECT(bulkLoadsOverlap)

// The second load does not wait until all have read the first.
// also: deadlock
BODY bulkLoadOverARead(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
  }
  __syncthreads();
  for (uint32_t round = 0; round != 2; ++round) {
    if (threadIdx.x == 0) {
      MBARRIER_EXPECT(full, 256);
      BULK_LOAD(at, in + 64 * round, 256, full); // expected: shared-race
    }
    MBARRIER_WAIT(full, round);
    LD_SHARED(value, at + 4 * threadIdx.x); // expected: shared-race
    out[threadIdx.x + 64 * round] = value;
    DO("fence.proxy.async.shared::cta");
    if (isFixed)
      __syncthreads();
  }
}
// run: block 64
DEFECT(bulkLoadOverARead)

// The readers say that the buffer is free, but fence nothing.
BODY readBeforeBulkLoad(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
  }
  __syncthreads();
  for (uint32_t round = 0; round != 2; ++round) {
    if (threadIdx.x == 0) {
      MBARRIER_EXPECT(full, 256);
      BULK_LOAD(at, in + 64 * round, 256, full); // expected: war-proxy
    }
    MBARRIER_WAIT(full, round);
    LD_SHARED(value, at + 4 * threadIdx.x); // expected: war-proxy
    out[threadIdx.x + 64 * round] = value;
    if (isFixed)
      DO("fence.proxy.async.shared::cta");
    __syncthreads();
  }
}
// run: block 64
DEFECT(readBeforeBulkLoad)

// Zeros are written before the load.
BODY writeBeforeBulkLoad(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  ST_SHARED(at + 4 * threadIdx.x, 0); // expected: missing-proxy-fence
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
  }
  if (isFixed)
    DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    MBARRIER_EXPECT(full, 128);
    BULK_LOAD(at, in, 128, full); // expected: missing-proxy-fence
  }
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[threadIdx.x] = value;
}
// run: block 64
DEFECT(writeBeforeBulkLoad)

// What a kernel wrote to global memory and then loads in bulk.
BODY bulkLoadOfOwnWrites(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  ST_GLOBAL(out + threadIdx.x, in[threadIdx.x]); // expected: missing-proxy-fence
  if (isFixed)
    DO("fence.proxy.async.global");
  else
    DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 256);
    BULK_LOAD(at, out, 256, full); // expected: missing-proxy-fence
  }
  __syncthreads();
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[64 + threadIdx.x] = value;
}
// run: block 64
DEFECT(bulkLoadOfOwnWrites)

BODY bulkLoadAtExit(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier);
  if (threadIdx.x == 0) {
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 256);
    BULK_LOAD(sharedAddress(tile), in, 256, full); // expected: async-at-exit
    if (isFixed)
      MBARRIER_WAIT(full, 0);
  }
}
DEFECT(bulkLoadAtExit)

//===----------------------------------------------------------------------===//
// Bulk stores
//===----------------------------------------------------------------------===//

BODY bulkStoreWithoutFence(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile);
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]); // expected: missing-proxy-fence
  if (isFixed)
    DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    BULK_STORE(out, at, 256); // expected: missing-proxy-fence
    DO("cp.async.bulk.commit_group");
    DO("cp.async.bulk.wait_group.read 0");
  }
}
// run: block 64
DEFECT(bulkStoreWithoutFence)

// Only the thread that copies fences, after the barrier.
BODY issuerFencesForOthers(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile);
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]); // expected: missing-proxy-fence
  if (isFixed)
    DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    if (!isFixed)
      DO("fence.proxy.async.shared::cta");
    BULK_STORE(out, at, 256); // expected: missing-proxy-fence
    DO("cp.async.bulk.commit_group");
    DO("cp.async.bulk.wait_group 0");
  }
}
// run: block 64
DEFECT(issuerFencesForOthers)

// Fenced, but not handed over.
BODY bulkStoreWithoutBarrier(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile);
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]); // expected: shared-race
  DO("fence.proxy.async.shared::cta");
  if (isFixed)
    __syncthreads();
  if (threadIdx.x == 63) {
    BULK_STORE(out, at, 256); // expected: shared-race
    DO("cp.async.bulk.commit_group");
    DO("cp.async.bulk.wait_group 0");
  }
}
// run: block 64
DEFECT(bulkStoreWithoutBarrier)

// The buffer is filled again while the store may still read it.
BODY bulkStoreSourceReused(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile);
  for (uint32_t round = 0; round != 2; ++round) {
    ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x + 64 * round]); // expected: shared-race
    DO("fence.proxy.async.shared::cta");
    __syncthreads();
    if (threadIdx.x == 0) {
      BULK_STORE(out + 64 * round, at, 256); // expected: shared-race
      DO("cp.async.bulk.commit_group");
      if (isFixed || round == 1)
        DO("cp.async.bulk.wait_group.read 0");
    }
    __syncthreads();
  }
}
// run: block 64
DEFECT(bulkStoreSourceReused)

// wait_group.read waits until the source was read, no more.
BODY bulkStoreIsNotWritten(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile), value;
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]);
  DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    BULK_STORE(out, at, 256); // expected: global-race
    DO("cp.async.bulk.commit_group");
    if (isFixed)
      DO("cp.async.bulk.wait_group 0");
    else
      DO("cp.async.bulk.wait_group.read 0");
  }
  __syncthreads();
  LD_GLOBAL(value, out + threadIdx.x); // expected: global-race
  out[64 + threadIdx.x] = value;
}
// run: block 64
DEFECT(bulkStoreIsNotWritten)

BODY bulkStoreAtExit(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[64];
  uint32_t at = sharedAddress(tile);
  ST_SHARED(at + 4 * threadIdx.x, in[threadIdx.x]);
  DO("fence.proxy.async.shared::cta");
  __syncthreads();
  if (threadIdx.x == 0) {
    BULK_STORE(out, at, 256); // expected: async-at-exit
    DO("cp.async.bulk.commit_group");
    if (isFixed)
      DO("cp.async.bulk.wait_group.read 0");
  }
}
// run: block 64
DEFECT(bulkStoreAtExit)
