//===- Tensors.cu - tensor copies of every rank ----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusFormsTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

// Loads the box at (4 b, 2, 1, 1, 1) of block b, of as many coordinates as the
// tensor has, and adds it to the tensor of the other map at the same place.
#define TENSOR_COPY(rank, coordinates)                                                                                 \
  extern "C" __global__ void tensorCopy##rank(const void *mapOut, const void *mapIn, uint32_t numWords) {             \
    __shared__ alignas(128) uint32_t tile[512];                                                                        \
    __shared__ alignas(8) uint64_t barrier;                                                                            \
    uint32_t at = sharedAddress(tile), wait = sharedAddress(&barrier);                                                 \
    if (threadIdx.x == 0) {                                                                                            \
      asm volatile("prefetch.tensormap [%0];" ::"l"(mapIn));                                                           \
      asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(wait) : "memory");                                   \
      asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");                                               \
      asm volatile("cp.async.bulk.prefetch.tensor." #rank "d.L2.global.tile [%0, {" coordinates "}];" ::"l"(mapIn),    \
                   "r"(4 * blockIdx.x), "r"(2), "r"(1)                                                                 \
                   : "memory");                                                                                        \
      asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(wait), "r"(4 * numWords)            \
                   : "memory");                                                                                        \
      asm volatile("cp.async.bulk.tensor." #rank                                                                       \
                   "d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%4], [%0, {" coordinates "}], [%5];" ::\
                       "l"(mapIn),                                                                                     \
                   "r"(4 * blockIdx.x), "r"(2), "r"(1), "r"(at), "r"(wait)                                             \
                   : "memory");                                                                                        \
    }                                                                                                                  \
    __syncthreads();                                                                                                   \
    asm volatile("{ .reg .pred p;\nAGAIN: mbarrier.try_wait.parity.shared::cta.b64 p, [%0], 0;\n@!p bra AGAIN; }" ::  \
                     "r"(wait)                                                                                         \
                 : "memory");                                                                                          \
    for (int i = threadIdx.x; i < numWords; i += blockDim.x)                                                           \
      tile[i] *= 3;                                                                                                    \
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");                                                       \
    __syncthreads();                                                                                                   \
    if (threadIdx.x == 0) {                                                                                            \
      asm volatile("cp.reduce.async.bulk.tensor." #rank "d.global.shared::cta.add.tile.bulk_group [%0, {" coordinates  \
                   "}], [%4];" ::"l"(mapOut),                                                                          \
                   "r"(4 * blockIdx.x), "r"(2), "r"(1), "r"(at)                                                        \
                   : "memory");                                                                                        \
      asm volatile("cp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;" ::: "memory");                           \
    }                                                                                                                  \
  }

TENSOR_COPY(1, "%1")
TENSOR_COPY(2, "%1, %2")
TENSOR_COPY(3, "%1, %2, %3")
TENSOR_COPY(4, "%1, %2, %3, %3")
TENSOR_COPY(5, "%1, %2, %3, %3, %3")
