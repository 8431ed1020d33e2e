//===- Hopper.cu - wgmma, bulk copies and clusters of sm_90a ---------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cooperative_groups.h>
#include <cstdint>
#include <cuda_bf16.h>

namespace cg = cooperative_groups;

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

static __device__ void initBarrier(uint64_t *barrier, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(sharedAddress(barrier)), "r"(count) : "memory");
}
static __device__ void fenceBarrierInit() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }
static __device__ void fenceAsync() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }
static __device__ void expectBytes(uint64_t *barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(sharedAddress(barrier)), "r"(bytes)
               : "memory");
}
static __device__ void wait(uint64_t *barrier, uint32_t parity) {
  asm volatile("{ .reg .pred done;\n"
               "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra again; }" ::"r"(sharedAddress(barrier)), "r"(parity) : "memory");
}
static __device__ void load2D(void *to, const void *map, uint64_t *barrier, int column, int row) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                   sharedAddress(to)),
               "l"(map), "r"(sharedAddress(barrier)), "r"(column), "r"(row)
               : "memory");
}

// Descriptor of an operand in shared memory; swizzle: 0 none, 1 128 B, 2 64 B,
// 3 32 B. Offsets in bytes.
static __device__ uint64_t descriptor(const void *p, uint32_t leading, uint32_t stride, uint64_t swizzle) {
  return (sharedAddress(p) >> 4 & 0x3fff) | uint64_t(leading >> 4) << 16 | uint64_t(stride >> 4) << 32 | swizzle << 62;
}

// x is 64x16, y is 8x16 (n, k), bf16, row-major; stored as 8x8 core matrices
// without swizzle.
extern "C" __global__ void wgmmaPlain(float *out, const __nv_bfloat16 *x, const __nv_bfloat16 *y) {
  __shared__ alignas(128) __nv_bfloat16 a[64 * 16], b[8 * 16];
  for (int i = threadIdx.x; i < 64 * 16; i += 128) {
    int row = i / 16, k = i % 16;
    a[(row / 8 * 2 + k / 8) * 64 + row % 8 * 8 + k % 8] = x[i];
  }
  for (int i = threadIdx.x; i < 8 * 16; i += 128) {
    int row = i / 16, k = i % 16;
    b[k / 8 * 64 + row * 8 + k % 8] = y[i];
  }
  fenceAsync();
  __syncthreads();
  float c[4] = {};
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0, %1, %2, %3}, %4, %5, 0, 1, 1, 0, 0;"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "l"(descriptor(a, 128, 256, 0)), "l"(descriptor(b, 128, 256, 0)));
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0, %1, %2, %3}, %4, %5, 1, -1, 1, 0, 0;"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "l"(descriptor(a, 128, 256, 0)), "l"(descriptor(b, 128, 256, 0)));
  asm volatile("wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%0, %1, %2, %3}, %4, %5, 1, 1, 1, 0, 0;"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "l"(descriptor(a, 128, 256, 0)), "l"(descriptor(b, 128, 256, 0)));
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])::"memory");
  int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
  for (int e = 0; e < 4; ++e)
    out[(row + e / 2 * 8) * 8 + column + e % 2] = c[e];
}

// A 64x64 tile of x (m, k) and of y, both loaded by the tensor copy engine with
// a swizzle of 128 bytes; y is (n, k), or (k, n) when `isTransposed`.
template <bool isTransposed>
static __device__ void wgmmaSwizzled(float *out, const void *mapX, const void *mapY) {
  __shared__ alignas(1024) __nv_bfloat16 a[64 * 64], b[64 * 64];
  __shared__ alignas(8) uint64_t barrier;
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    fenceAsync();
    expectBytes(&barrier, 2 * 64 * 64 * 2);
    load2D(a, mapX, &barrier, 0, 0);
    load2D(b, mapY, &barrier, 0, 0);
  }
  __syncthreads();
  wait(&barrier, 0);
  float c[32] = {};
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  for (int k = 0; k < 4; ++k) {
    uint64_t da = descriptor(a + 16 * k, 16, 1024, 1);
    uint64_t db = isTransposed ? descriptor(b + 16 * 64 * k, 16, 1024, 1) : descriptor(b + 16 * k, 16, 1024, 1);
#define C4(i) "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3])
    asm volatile("{ wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
                 "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
                 "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
                 "%32, %33, 1, 1, 1, 0, %34; }"
                 : C4(0), C4(4), C4(8), C4(12), C4(16), C4(20), C4(24), C4(28)
                 : "l"(da), "l"(db), "n"(isTransposed));
  }
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;"
               : C4(0), C4(4), C4(8), C4(12), C4(16), C4(20), C4(24), C4(28)::"memory");
  int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, column = threadIdx.x % 4 * 2;
  for (int e = 0; e < 32; ++e)
    out[(row + e % 4 / 2 * 8) * 64 + e / 4 * 8 + column + e % 2] = c[e];
}

extern "C" __global__ void wgmmaKMajor(float *out, const void *mapX, const void *mapY) {
  wgmmaSwizzled<false>(out, mapX, mapY);
}
extern "C" __global__ void wgmmaMnMajor(float *out, const void *mapX, const void *mapY) {
  wgmmaSwizzled<true>(out, mapX, mapY);
}

// A from registers: x is 64x32 of e4m3, y is 16x32 (n, k), core matrices of
// 8x16 bytes.
extern "C" __global__ void wgmmaFromRegisters(float *out, const uint32_t *x, const uint8_t *y) {
  __shared__ alignas(128) uint8_t b[16 * 32];
  for (int i = threadIdx.x; i < 16 * 32; i += 128) {
    int row = i / 32, k = i % 32;
    b[(row / 8 * 2 + k / 16) * 128 + row % 8 * 16 + k % 16] = y[i];
  }
  fenceAsync();
  __syncthreads();
  int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, word = threadIdx.x % 4;
  uint32_t a[4];
  for (int k = 0; k < 4; ++k)
    a[k] = x[(row + k % 2 * 8) * 8 + word + k / 2 * 4];
  float c[8] = {};
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  asm volatile("wgmma.mma_async.sync.aligned.m64n16k32.f32.e4m3.e4m3 {%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, "
               "%11}, %12, 1, 1, 1;"
               : C4(0), C4(4)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(descriptor(b, 128, 256, 0)));
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
  asm volatile("wgmma.wait_group.sync.aligned 0;" : C4(0), C4(4)::"memory");
  for (int e = 0; e < 8; ++e)
    out[(row + e % 4 / 2 * 8) * 16 + e / 4 * 8 + word * 2 + e % 2] = c[e];
}

// Consecutive bytes in, then out again: reversed by the threads in between.
extern "C" __global__ void bulkCopy(uint32_t *out, const uint32_t *x) {
  __shared__ alignas(128) uint32_t in[256], reversed[256];
  __shared__ alignas(8) uint64_t barrier;
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    fenceAsync();
    expectBytes(&barrier, 1024);
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], 1024, [%2];" ::"r"(
                     sharedAddress(in)),
                 "l"(x + 256 * blockIdx.x), "r"(sharedAddress(&barrier))
                 : "memory");
  }
  __syncthreads();
  wait(&barrier, 0);
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    reversed[255 - i] = in[i];
  fenceAsync();
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], 1024;" ::"l"(out + 256 * blockIdx.x),
                 "r"(sharedAddress(reversed))
                 : "memory");
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
    asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}

// Sums of blocks are added in global memory by the copy engine.
extern "C" __global__ void bulkReduction(uint32_t *out) {
  __shared__ alignas(128) uint32_t values[64];
  values[threadIdx.x] = (blockIdx.x + 1) * threadIdx.x;
  fenceAsync();
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("cp.reduce.async.bulk.global.shared::cta.bulk_group.add.u32 [%0], [%1], 256;" ::"l"(out),
                 "r"(sharedAddress(values))
                 : "memory");
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
    asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
  }
}

// Tiles of a matrix whose extents are no multiples: beyond them the load fills
// zeros and the store leaves out. Adds 1 to each element on the way.
extern "C" __global__ void tensorCopy(const void *mapOut, const void *mapIn) {
  __shared__ alignas(1024) float tile[16][32];
  __shared__ alignas(8) uint64_t barrier;
  int column = 32 * blockIdx.x, row = 16 * blockIdx.y;
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    fenceAsync();
    expectBytes(&barrier, sizeof(tile));
    load2D(tile, mapIn, &barrier, column, row);
  }
  __syncthreads();
  wait(&barrier, 0);
  for (int i = threadIdx.x; i < 512; i += blockDim.x)
    (&tile[0][0])[i] += 1;
  fenceAsync();
  __syncthreads();
  if (threadIdx.x == 0) {
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.tile.bulk_group [%0, {%2, %3}], [%1];" ::"l"(mapOut),
                 "r"(sharedAddress(tile)), "r"(column), "r"(row)
                 : "memory");
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
    asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
  }
}

// The bytes of a tile as the copy engine lays them down, for each swizzle;
// what it leaves out is 0xee.
extern "C" __global__ void swizzledTile(uint8_t *out, const void *map, uint32_t bytes) {
  __shared__ alignas(1024) uint8_t tile[2048];
  __shared__ alignas(8) uint64_t barrier;
  for (int i = threadIdx.x; i < 2048; i += blockDim.x)
    tile[i] = 0xee;
  fenceAsync();
  __syncthreads();
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    fenceAsync();
    expectBytes(&barrier, bytes);
    load2D(tile, map, &barrier, -8, 2);
  }
  __syncthreads();
  wait(&barrier, 0);
  for (int i = threadIdx.x; i < 2048; i += blockDim.x)
    out[i] = tile[i];
}

// Each block of the cluster loads a part and gives it to all.
extern "C" __global__ __cluster_dims__(4, 1, 1) void multicast(uint32_t *out, const void *map) {
  __shared__ alignas(1024) uint32_t tile[4][8][16];
  __shared__ alignas(8) uint64_t barrier;
  cg::cluster_group cluster = cg::this_cluster();
  uint32_t rank = cluster.block_rank();
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    fenceAsync();
    expectBytes(&barrier, sizeof(tile));
  }
  cluster.sync();
  if (threadIdx.x == 0)
    asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster "
                 "[%0], [%1, {%3, %4}], [%2], %5;" ::"r"(sharedAddress(tile[rank])),
                 "l"(map), "r"(sharedAddress(&barrier)), "r"(0), "r"(8 * rank), "h"(uint16_t(0xf))
                 : "memory");
  wait(&barrier, 0);
  for (int i = threadIdx.x; i < 512; i += blockDim.x)
    out[rank * 512 + i] = (&tile[0][0][0])[i];
  cluster.sync();
}

// Sums over the blocks of a cluster: loads, atomics and arrivals in the shared
// memory of other blocks.
extern "C" __global__ __cluster_dims__(4, 1, 1) void distributedShared(int32_t *out, const int32_t *x) {
  __shared__ int32_t mine[32];
  __shared__ int32_t total;
  cg::cluster_group cluster = cg::this_cluster();
  uint32_t rank = cluster.block_rank();
  mine[threadIdx.x] = x[blockIdx.x * 32 + threadIdx.x];
  if (threadIdx.x == 0)
    total = 0;
  cluster.sync();
  int32_t *next = cluster.map_shared_rank(mine, (rank + 1) % 4);
  int32_t *sum = cluster.map_shared_rank(&total, 0);
  out[blockIdx.x * 32 + threadIdx.x] = next[31 - threadIdx.x];
  atomicAdd(sum, mine[threadIdx.x]);
  cluster.sync();
  if (rank == 0 && threadIdx.x == 0)
    out[gridDim.x * 32 + blockIdx.x / 4] = total;
}

// Arrivals at an mbarrier of block 0 of the cluster by threads of all blocks.
extern "C" __global__ __cluster_dims__(2, 1, 1) void remoteArrivals(int32_t *out) {
  __shared__ alignas(8) uint64_t barrier;
  __shared__ int32_t box[64];
  cg::cluster_group cluster = cg::this_cluster();
  uint32_t rank = cluster.block_rank(), b = sharedAddress(&barrier), remote, slot;
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 64);
    fenceBarrierInit();
  }
  cluster.sync();
  asm volatile("mapa.shared::cluster.u32 %0, %1, 0;" : "=r"(remote) : "r"(b));
  asm volatile("mapa.shared::cluster.u32 %0, %1, 0;" : "=r"(slot) : "r"(sharedAddress(&box[rank * 32 + threadIdx.x])));
  asm volatile("st.shared::cluster.u32 [%0], %1;" ::"r"(slot), "r"(rank * 1000 + threadIdx.x) : "memory");
  asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(remote) : "memory");
  if (rank == 0) {
    asm volatile("{ .reg .pred done;\n"
                 "again: mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%0], 0;\n"
                 "@!done bra again; }" ::"r"(b) : "memory");
    out[threadIdx.x] = box[threadIdx.x] + box[63 - threadIdx.x];
  }
  cluster.sync();
}

// One warpgroup gives registers away, the other takes them; named barriers
// order the two.
extern "C" __global__ __launch_bounds__(256, 1) void registerPool(int32_t *out) {
  __shared__ int32_t box[128];
  if (threadIdx.x < 128) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    box[threadIdx.x] = 3 * threadIdx.x;
    asm volatile("bar.arrive 1, 256;" ::: "memory");
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    asm volatile("bar.sync 1, 256;" ::: "memory");
    out[threadIdx.x - 128] = box[255 - threadIdx.x];
  }
}

// Clocks go forward; a dependent launch that nobody started waits for nothing.
extern "C" __global__ void clocks(uint32_t *out) {
  uint64_t t0, t1;
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t0));
  long long c0 = clock64();
  __nanosleep(100);
  long long c1 = clock64();
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t1));
  asm volatile("griddepcontrol.launch_dependents;");
  out[threadIdx.x] = (c1 > c0) + 2 * (t1 >= t0);
}

//===----------------------------------------------------------------------===//
// Tensor maps that a kernel makes
//===----------------------------------------------------------------------===//

#define REPLACE(field, type, constraint, map, value)                                                                   \
  asm volatile("tensormap.replace.tile." field ".shared::cta.b1024." type " [%0], %1;" ::"r"(map), constraint(value)  \
               : "memory")
#define REPLACE_OF(field, ordinal, type, constraint, map, value)                                                       \
  asm volatile("tensormap.replace.tile." field ".shared::cta.b1024." type " [%0], " #ordinal ", %1;" ::"r"(map),      \
               constraint(value)                                                                                       \
               : "memory")

// Publishes the map in shared memory at `to`; the whole warp does.
static __device__ void publishMap(void *to, const void *map) {
  __syncwarp();
  asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned [%0], [%1], 128;"
                   ::"l"(to), "r"(sharedAddress(map)) : "memory");
  asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(to) : "memory");
}

// Loads a box of 8x4 words at (column, row).
static __device__ void loadBox(uint32_t *out, void *map, int column, int row) {
  __shared__ alignas(128) uint32_t tile[32];
  __shared__ alignas(8) uint64_t barrier;
  if (threadIdx.x == 0) {
    initBarrier(&barrier, 1);
    fenceBarrierInit();
    expectBytes(&barrier, 128);
    load2D(tile, map, &barrier, column, row);
  }
  __syncwarp();
  wait(&barrier, 0);
  out[threadIdx.x] = tile[threadIdx.x];
}

// A map of 16x8 words, from nothing.
extern "C" __global__ void tensorMapFromZeros(uint32_t *out, void *map, uint32_t *in) {
  __shared__ alignas(128) uint32_t words[32];
  uint32_t at = sharedAddress(words);
  words[threadIdx.x] = 0;
  __syncwarp();
  if (threadIdx.x == 0) {
    REPLACE("global_address", "b64", "l", at, in);
    REPLACE("rank", "b32", "r", at, 1);
    REPLACE_OF("box_dim", 0, "b32", "r", at, 8);
    REPLACE_OF("box_dim", 1, "b32", "r", at, 4);
    REPLACE_OF("global_dim", 0, "b32", "r", at, 16);
    REPLACE_OF("global_dim", 1, "b32", "r", at, 8);
    REPLACE_OF("global_stride", 0, "b64", "l", at, uint64_t(64));
    REPLACE_OF("element_stride", 0, "b32", "r", at, 1);
    REPLACE_OF("element_stride", 1, "b32", "r", at, 1);
    REPLACE("elemtype", "b32", "n", at, 2);
    REPLACE("interleave_layout", "b32", "n", at, 0);
    REPLACE("swizzle_mode", "b32", "n", at, 0);
    REPLACE("fill_mode", "b32", "n", at, 0);
  }
  publishMap(map, words);
  loadBox(out, map, 12, 2);
}

// The host's map, with another address and fewer rows.
extern "C" __global__ void tensorMapOfOtherTensor(uint32_t *out, void *map, const uint32_t *hostMap, uint32_t *in) {
  __shared__ alignas(128) uint32_t words[32];
  uint32_t at = sharedAddress(words);
  words[threadIdx.x] = hostMap[threadIdx.x];
  __syncwarp();
  if (threadIdx.x == 0) {
    REPLACE("global_address", "b64", "l", at, in);
    REPLACE_OF("global_dim", 1, "b32", "r", at, 3);
  }
  publishMap(map, words);
  loadBox(out, map, 4, 1);
}
