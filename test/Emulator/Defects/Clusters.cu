//===- Clusters.cu - planted defects of clusters --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

#define MAPA(result, address, rank)                                            \
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;"                          \
               : "=r"(result)                                                  \
               : "r"(address), "r"(rank))
#define LD_CLUSTER(value, address)                                             \
  asm volatile("ld.shared::cluster.u32 %0, [%1];"                              \
               : "=r"(value)                                                   \
               : "r"(address)                                                  \
               : "memory")
#define ST_CLUSTER(address, value)                                             \
  asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(address), "r"(value)   \
               : "memory")
#define CLUSTER_SYNC                                                           \
  asm volatile("barrier.cluster.arrive.aligned;\n"                             \
               "barrier.cluster.wait.aligned;" ::                              \
                   : "memory")

// The other block may be gone, and its memory with it.
BODY exitsBeforeItsMemoryIsRead(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t at = sharedAddress(&word), other, value;
  ST_SHARED(at, in[blockIdx.x]);
  CLUSTER_SYNC;
  MAPA(other, at, blockIdx.x ^ 1);
  LD_CLUSTER(value, other); // expected: cluster-exit
  out[blockIdx.x] = value;
  if (isFixed)
    CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(exitsBeforeItsMemoryIsRead)

BODY remoteWriteWithoutBarrier(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t at = sharedAddress(&word), other, value;
  ST_SHARED(at, 0);
  CLUSTER_SYNC;
  MAPA(other, at, blockIdx.x ^ 1);
  ST_CLUSTER(other, in[blockIdx.x]); // expected: shared-race
  if (isFixed)
    CLUSTER_SYNC;
  LD_SHARED(value, at); // expected: shared-race
  out[blockIdx.x] = value;
  CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(remoteWriteWithoutBarrier)

// An arrival of block scope does not reach the other block.
BODY remoteArrivalOfBlockScope(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(&word), full = sharedAddress(&barrier), value;
  uint32_t otherWord, otherBarrier;
  MBARRIER_INIT(full, 1);
  CLUSTER_SYNC;
  MAPA(otherWord, at, blockIdx.x ^ 1);
  MAPA(otherBarrier, full, blockIdx.x ^ 1);
  ST_CLUSTER(otherWord, in[blockIdx.x]); // expected: shared-race
  asm volatile(
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(
          otherBarrier)
      : "memory");
  if (isFixed)
    asm volatile("{ .reg .pred done;\n"
                 "again: mbarrier.try_wait.parity.acquire.cluster.shared::cta"
                 ".b64 done, [%0], 0;\n"
                 "@!done bra again; }" ::"r"(full)
                 : "memory");
  else
    MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at); // expected: shared-race
  out[blockIdx.x] = value;
  CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(remoteArrivalOfBlockScope)

// A relaxed arrival publishes what its thread fenced before it, and no more.
#define CLUSTER_SYNC_RELAXED                                                   \
  asm volatile("barrier.cluster.arrive.relaxed.aligned;\n"                     \
               "barrier.cluster.wait.aligned;" ::                              \
                   : "memory")

BODY initBehindRelaxedBarrier(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier), other;
  MBARRIER_INIT(full, 1); // expected: mbarrier-init-fence
  if (isFixed)
    DO("fence.acq_rel.cluster");
  CLUSTER_SYNC_RELAXED;
  MAPA(other, full, blockIdx.x ^ 1);
  asm volatile(
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(
          other)
      : "memory"); // expected: mbarrier-init-fence @-1
  MBARRIER_WAIT(full, 0);
  CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(initBehindRelaxedBarrier)

// The same with the fence that is meant for inits.
BODY initFencedForMbarriers(uint32_t *out, uint32_t *in) {
  __shared__ alignas(8) uint64_t barrier;
  uint32_t full = sharedAddress(&barrier), other;
  MBARRIER_INIT(full, 1); // expected: mbarrier-init-fence
  if (isFixed)
    DO("fence.mbarrier_init.release.cluster");
  CLUSTER_SYNC_RELAXED;
  MAPA(other, full, blockIdx.x ^ 1);
  asm volatile(
      "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(
          other)
      : "memory"); // expected: mbarrier-init-fence @-1
  MBARRIER_WAIT(full, 0);
  CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(initFencedForMbarriers)

// The fence for inits is for nothing else.
BODY dataBehindRelaxedBarrier(uint32_t *out, uint32_t *in) {
  __shared__ uint32_t word;
  uint32_t at = sharedAddress(&word), other, value;
  ST_SHARED(at, in[blockIdx.x]); // expected: shared-race
  if (isFixed)
    DO("fence.acq_rel.cluster");
  else
    DO("fence.mbarrier_init.release.cluster");
  CLUSTER_SYNC_RELAXED;
  MAPA(other, at, blockIdx.x ^ 1);
  LD_CLUSTER(value, other); // expected: shared-race
  out[blockIdx.x] = value;
  CLUSTER_SYNC;
}
// run: grid 2 block 1 cluster 2
DEFECT(dataBehindRelaxedBarrier)
