//===- TensorMaps.cu - planted defects of tensor maps ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

#define TENSOR_LOAD(to, map, x, barrier)                                       \
  asm volatile(                                                                \
      "cp.async.bulk.tensor.1d.shared::cluster.global.tile."                   \
      "mbarrier::complete_tx::bytes [%0], [%1, {%2}], [%3];" ::"r"(to),        \
      "l"(map), "r"(x), "r"(barrier)                                           \
      : "memory")

// A map that the kernel wrote itself.
BODY tensorMapWithoutFence(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  ST_GLOBAL(out + threadIdx.x,
            in[768 + threadIdx.x]); // expected: tensormap-fence @-1
  if (isFixed)
    DO("fence.proxy.tensormap::generic.release.gpu");
  __syncwarp();
  if (threadIdx.x == 0) {
    if (isFixed)
      asm volatile(
          "fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(out)
          : "memory");
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 128);
    TENSOR_LOAD(at, out, 32, full); // expected: tensormap-fence
  }
  __syncwarp();
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[64 + threadIdx.x] = value;
}
// run: block 32 map 1
DEFECT(tensorMapWithoutFence)

BODY notATensorMap(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier);
  MBARRIER_INIT(full, 1);
  DO("fence.mbarrier_init.release.cluster");
  MBARRIER_EXPECT(full, 128);
  TENSOR_LOAD(at, in + (isFixed ? 768 : 0), 32, full); // expected: tensor-map
  MBARRIER_WAIT(full, 0);
}
// run: block 1 map 1
DEFECT(notATensorMap)

// A map that is copied to where the copy engine finds it; then the engine is
// told.
BODY changedMapWithoutAcquire(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t map[32];
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  uint32_t words = sharedAddress(map);
  ST_SHARED(words + 4 * threadIdx.x, in[768 + threadIdx.x]);
  __syncwarp();
  if (threadIdx.x == 0)
    asm volatile("tensormap.replace.tile.global_address.shared::cta.b1024.b64 "
                 "[%0], %1;" ::"r"(words),
                 "l"(in + 128)
                 : "memory");
  __syncwarp();
  asm volatile(
      "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release."
      "gpu.sync.aligned [%0], [%1], 128;" ::"l"(out),
      "r"(words)
      : "memory"); // expected: tensormap-fence @-1
  __syncwarp();
  if (threadIdx.x == 0) {
    if (isFixed)
      asm volatile(
          "fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(out)
          : "memory");
    MBARRIER_INIT(full, 1);
    DO("fence.mbarrier_init.release.cluster");
    MBARRIER_EXPECT(full, 128);
    TENSOR_LOAD(at, out, 0, full); // expected: tensormap-fence
  }
  __syncwarp();
  MBARRIER_WAIT(full, 0);
  LD_SHARED(value, at + 4 * threadIdx.x);
  out[64 + threadIdx.x] = value;
}
// run: block 32 map 1
DEFECT(changedMapWithoutAcquire)

// The map is changed in place while a copy may still read it.
BODY mapChangedInUse(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier);
  MBARRIER_INIT(full, 1);
  DO("fence.mbarrier_init.release.cluster");
  MBARRIER_EXPECT(full, 128);
  TENSOR_LOAD(at, in + 768, 32, full); // expected: global-race
  if (isFixed)
    MBARRIER_WAIT(full, 0);
  asm volatile("tensormap.replace.tile.global_address.global.b1024.b64 [%0], "
               "%1;" ::"l"(in + 768),
               "l"(in + 128)
               : "memory"); // expected: global-race @-1
  MBARRIER_WAIT(full, 0);
}
// run: block 1 map 1
DEFECT(mapChangedInUse)

// What the copy engine reads is a map only when all fields fit together.
BODY unfinishedMap(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier);
  asm volatile("tensormap.replace.tile.box_dim.global.b1024.b32 [%0], 0, "
               "%1;" ::"l"(in + 768),
               "r"(isFixed ? 32 : 33)
               : "memory");
  DO("fence.proxy.tensormap::generic.release.gpu");
  asm volatile(
      "fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(in + 768)
      : "memory");
  MBARRIER_INIT(full, 1);
  DO("fence.mbarrier_init.release.cluster");
  MBARRIER_EXPECT(full, 128);
  TENSOR_LOAD(at, in + 768, 32, full); // expected: tensor-map
  MBARRIER_WAIT(full, 0);
}
// run: block 1 map 1
DEFECT(unfinishedMap)
