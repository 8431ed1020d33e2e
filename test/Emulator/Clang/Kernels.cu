//===- Kernels.cu - one kernel of each family, as clang compiles it --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// clang spells in PTX what nvcc spells otherwise: registers are typed by width,
// accesses are `.b32`, blocks are labels `$L__BB0_2`, halves go through `.b16`,
// and its builtins name instructions that nvcc has no function for. Results are
// checked in unittests/Emulator/CorpusClangTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

static __device__ unsigned globalIndex() { return blockIdx.x * blockDim.x + threadIdx.x; }

extern "C" __global__ void vectorScale(float4 *y, const float4 *x, float a, int n) {
  for (int i = globalIndex(); i < n; i += gridDim.x * blockDim.x) {
    float4 v = x[i], w = y[i];
    y[i] = make_float4(a * v.x + w.x, a * v.y + w.y, a * v.z + w.z, a * v.w + w.w);
  }
}

// One block a row: maximum, sum of powers of 2, quotient.
extern "C" __global__ void rowSoftmax(float *y, const float *x, int n) {
  __shared__ float partial[8];
  const float *row = x + blockIdx.x * n;
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  float largest = -__builtin_inff();
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    largest = __builtin_fmaxf(largest, row[i]);
  for (int mask = 16; mask; mask /= 2)
    largest = __builtin_fmaxf(largest, __shfl_xor_sync(~0u, largest, mask));
  if (lane == 0)
    partial[warp] = largest;
  __syncthreads();
  for (int i = 0; i < blockDim.x / 32; ++i)
    largest = __builtin_fmaxf(largest, partial[i]);
  __syncthreads();
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    sum += __nvvm_ex2_approx_ftz_f(row[i] - largest);
  for (int mask = 16; mask; mask /= 2)
    sum += __shfl_xor_sync(~0u, sum, mask);
  if (lane == 0)
    partial[warp] = sum;
  __syncthreads();
  sum = 0;
  for (int i = 0; i < blockDim.x / 32; ++i)
    sum += partial[i];
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    y[blockIdx.x * n + i] = __nvvm_ex2_approx_ftz_f(row[i] - largest) / sum;
}

// C = A B of whole tiles of 16 x 16, one block a tile.
extern "C" __global__ void tiledProduct(float *c, const float *a, const float *b, int n) {
  __shared__ float tileA[16][17], tileB[16][17];
  int i = blockIdx.y * 16 + threadIdx.y, j = blockIdx.x * 16 + threadIdx.x;
  float sum = 0;
  for (int k = 0; k < n; k += 16) {
    tileA[threadIdx.y][threadIdx.x] = a[i * n + k + threadIdx.x];
    tileB[threadIdx.y][threadIdx.x] = b[(k + threadIdx.y) * n + j];
    __syncthreads();
    for (int q = 0; q < 16; ++q)
      sum += tileA[threadIdx.y][q] * tileB[q][threadIdx.x];
    __syncthreads();
  }
  c[i * n + j] = sum;
}

extern "C" __global__ void histogram(uint32_t *bins, const uint8_t *x, int n) {
  __shared__ uint32_t counts[64];
  if (threadIdx.x < 64)
    counts[threadIdx.x] = 0;
  __syncthreads();
  for (int i = globalIndex(); i < n; i += gridDim.x * blockDim.x)
    __nvvm_atom_cta_add_gen_i((int *)&counts[x[i] % 64], 1);
  __syncthreads();
  if (threadIdx.x < 64)
    __atomic_fetch_add(&bins[threadIdx.x], counts[threadIdx.x], __ATOMIC_RELAXED);
}

// Sums up to each lane, how many lanes are odd, which hold the same.
extern "C" __global__ void warpExchange(uint32_t *out, const uint32_t *x) {
  unsigned i = globalIndex(), lane = threadIdx.x % 32;
  uint32_t value = x[i], sum = value;
  for (int step = 1; step < 32; step *= 2) {
    uint32_t other = __shfl_up_sync(~0u, sum, step);
    if (lane >= step)
      sum += other;
  }
  out[4 * i] = sum;
  out[4 * i + 1] = __nvvm_vote_ballot_sync(~0u, value % 2);
  out[4 * i + 2] = __nvvm_match_any_sync_i32(~0u, value % 4);
  out[4 * i + 3] = __nvvm_redux_sync_umax(value, ~0u);
}

static __device__ int twice(int x) { return 2 * x; }
static __device__ __attribute__((noinline)) int collatz(int x, int depth) {
  return x == 1 || depth == 0 ? depth : collatz(x % 2 ? 3 * x + 1 : x / 2, depth - 1);
}
static __device__ int negate(int x) { return -x; }

// A switch, a call by pointer, recursion, a local array with a computed index.
extern "C" __global__ void controlFlow(int *out, int n) {
  int i = globalIndex(), history[8];
  if (i >= n)
    return;
  int (*function)(int) = i % 3 ? twice : negate;
  for (int k = 0; k < 8; ++k)
    history[k] = function(i + k);
  int value = history[(i * 5) % 8];
  switch (i % 7) {
  case 0: value += 100; break;
  case 1: value -= 3; break;
  case 2: value *= 7; break;
  case 3: value ^= 0x55; break;
  case 5: value = value / 3; break;
  case 6: value = value % 5; break;
  default: break;
  }
  out[i] = value + collatz(i + 1, 30);
}

typedef _Float16 Half2 __attribute__((ext_vector_type(2)));

// Halves, pairs of halves, bfloat16, products of 128 bits, bits.
extern "C" __global__ void numbers(uint64_t *out, const uint64_t *x, int n) {
  int i = globalIndex();
  if (i >= n)
    return;
  uint64_t v = x[i];
  _Float16 h = (_Float16)(float)(int)(v & 0xff), g = (_Float16)0.5f;
  Half2 pair = {h, g};
  pair = pair * pair + Half2{g, h};
  __bf16 b = (__bf16)(float)(v >> 8 & 0x7f);
  unsigned __int128 wide = (unsigned __int128)v * (v ^ 0x123456789abcdefull);
  out[6 * i] = (uint64_t)(float)pair.x << 32 | (uint64_t)(float)(pair.y * (_Float16)4.0f);
  out[6 * i + 1] = (uint64_t)(float)(b * b);
  out[6 * i + 2] = (uint64_t)(wide >> 64);
  out[6 * i + 3] = __builtin_popcountll(v) << 16 | (v ? __builtin_clzll(v) : 64) << 8 | __builtin_ctzll(v | 1ull << 63);
  out[6 * i + 4] = __builtin_bitreverse64(v) ^ __builtin_rotateleft64(v, 13);
  out[6 * i + 5] = (uint64_t)((int64_t)v / 1000003) + v % 977 + (uint64_t)((double)(v >> 11) * 0.25);
}

// 16 x 16 x 16 of halves by the builtins of WMMA.
extern "C" __global__ void wmmaBuiltins(float *out, const int *a, const int *b) {
  int fragmentA[8], fragmentB[8];
  float c[8];
  __hmma_m16n16k16_ld_a(fragmentA, a, 16, 0);
  __hmma_m16n16k16_ld_b(fragmentB, b, 16, 1);
  __hmma_m16n16k16_ld_c_f32(c, out, 16, 0);
  __hmma_m16n16k16_mma_f32f32(c, fragmentA, fragmentB, c, 1, 0);
  __hmma_m16n16k16_st_c_f32(out, c, 16, 0);
}

// Tiles of 128 numbers in a ring of two, copied by cp.async; sums of each lane.
extern "C" __global__ void asyncRing(float *out, const float *x, int numTiles) {
  __shared__ alignas(16) float ring[2][128];
  int lane = threadIdx.x;
  auto load = [&](int tile) {
    __nvvm_cp_async_cg_shared_global_16((__attribute__((address_space(3))) void *)&ring[tile % 2][4 * lane],
                                        (const __attribute__((address_space(1))) void *)&x[128 * tile + 4 * lane]);
    __nvvm_cp_async_commit_group();
  };
  float sum = 0;
  if (numTiles > 0)
    load(0);
  for (int tile = 0; tile < numTiles; ++tile) {
    if (tile + 1 < numTiles) {
      load(tile + 1);
      __nvvm_cp_async_wait_group(1);
    } else {
      __nvvm_cp_async_wait_group(0);
    }
    __nvvm_bar_sync(0);
    for (int k = 0; k < 4; ++k)
      sum += ring[tile % 2][(lane + 32 * k + tile) % 128];
    __nvvm_bar_sync(0);
  }
  out[lane] = sum;
}

// A token passed on through an mbarrier, and the rank of the block in its
// cluster, of one block: clang has no attribute for more.
extern "C" __global__ void clusterBarrier(uint32_t *out) {
  __shared__ uint64_t barrier;
  __shared__ uint32_t value;
  if (threadIdx.x == 0)
    __nvvm_mbarrier_init_shared((__attribute__((address_space(3))) long *)&barrier, blockDim.x);
  __syncthreads();
  if (threadIdx.x == 5)
    value = 1000 + __nvvm_read_ptx_sreg_cluster_ctarank();
  long token = __nvvm_mbarrier_arrive_shared((__attribute__((address_space(3))) long *)&barrier);
  while (!__nvvm_mbarrier_test_wait_shared((__attribute__((address_space(3))) long *)&barrier, token))
    ;
  out[globalIndex()] = value + __nvvm_read_ptx_sreg_cluster_nctarank();
  __nvvm_barrier_cluster_arrive();
  __nvvm_barrier_cluster_wait();
}
