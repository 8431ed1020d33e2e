//===- TensorMaps.cu - planted defects of tensor maps ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"

#define TENSOR_LOAD(to, map, x, barrier)                                       \
  asm volatile("cp.async.bulk.tensor.1d.shared::cluster.global.tile."          \
               "mbarrier::complete_tx::bytes [%0], [%1, {%2}], [%3];" ::"r"(   \
                   to),                                                        \
               "l"(map), "r"(x), "r"(barrier)                                  \
               : "memory")

// A map that the kernel wrote itself.
BODY tensorMapWithoutFence(uint32_t *out, uint32_t *in) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  uint32_t at = sharedAddress(tile), full = sharedAddress(&barrier), value;
  ST_GLOBAL(out + threadIdx.x, in[768 + threadIdx.x]); // expected: tensormap-fence
  if (isFixed)
    DO("fence.proxy.tensormap::generic.release.gpu");
  __syncwarp();
  if (threadIdx.x == 0) {
    if (isFixed)
      asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(
                       out)
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
