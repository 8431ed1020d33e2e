//===- Warps.cu - instructions of a whole warp -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

// Four kinds of shuffle: 4 words a lane.
extern "C" __global__ void shuffles(int32_t *out, const int32_t *x) {
  int i = threadIdx.x;
  int32_t v = x[i];
  out[4 * i] = __shfl_sync(~0u, v, (i * 7) & 31);
  out[4 * i + 1] = __shfl_up_sync(~0u, v, 3, 16);
  out[4 * i + 2] = __shfl_down_sync(~0u, v, 5, 8);
  out[4 * i + 3] = __shfl_xor_sync(~0u, v, 21);
}

extern "C" __global__ void warpReduction(float *out, const float *x) {
  float v = x[blockIdx.x * 32 + threadIdx.x];
  for (int d = 16; d; d /= 2)
    v += __shfl_xor_sync(~0u, v, d);
  if (threadIdx.x == 0)
    out[blockIdx.x] = v;
}

extern "C" __global__ void prefixSum(int32_t *out, const int32_t *x) {
  int lane = threadIdx.x;
  int32_t v = x[blockIdx.x * 32 + lane];
  for (int d = 1; d < 32; d *= 2) {
    int32_t below = __shfl_up_sync(~0u, v, d);
    if (lane >= d)
      v += below;
  }
  out[blockIdx.x * 32 + lane] = v;
}

// ballot, any, all, active lanes: 5 words a lane.
extern "C" __global__ void votes(uint32_t *out, const int32_t *x) {
  int i = threadIdx.x, lane = i % 32;
  uint32_t *o = out + 5 * i;
  o[0] = __ballot_sync(~0u, x[i] > 0);
  o[1] = __any_sync(~0u, x[i] == 77);
  o[2] = __all_sync(~0u, x[i] < 1000);
  if (lane & 1)
    o[3] = __ballot_sync(0xaaaaaaaau, x[i] & 2);
  else
    o[3] = __ballot_sync(0x55555555u, x[i] & 4);
  __syncwarp();
  o[4] = __uni_sync(~0u, i / 32);
}

extern "C" __global__ void matches(uint32_t *out, const int32_t *x) {
  int i = threadIdx.x, same;
  out[3 * i] = __match_any_sync(~0u, x[i]);
  out[3 * i + 1] = __match_all_sync(~0u, x[i], &same);
  out[3 * i + 2] = same;
}

extern "C" __global__ void warpRedux(uint32_t *out, const int32_t *x) {
  int i = threadIdx.x;
  uint32_t *o = out + 6 * i;
  o[0] = __reduce_add_sync(~0u, x[i]);
  o[1] = __reduce_min_sync(~0u, x[i]);
  o[2] = __reduce_max_sync(~0u, uint32_t(x[i]));
  o[3] = __reduce_and_sync(~0u, uint32_t(x[i]));
  o[4] = __reduce_or_sync(~0u, uint32_t(x[i]));
  o[5] = __reduce_xor_sync(~0u, uint32_t(x[i]));
}

// One lane is elected, in each half by itself.
extern "C" __global__ void election(uint32_t *out) {
  int i = threadIdx.x;
  uint32_t elected, lane, member = i < 16 ? 0x0000ffffu : 0xffff0000u;
  if (i < 16)
    asm volatile("{ .reg .pred p; elect.sync %0|p, %2; selp.u32 %1, 1, 0, p; }" : "=r"(lane), "=r"(elected) : "r"(member));
  else
    asm volatile("{ .reg .pred p; elect.sync %0|p, %2; selp.u32 %1, 1, 0, p; }" : "=r"(lane), "=r"(elected) : "r"(member));
  out[2 * i] = elected;
  out[2 * i + 1] = lane;
}

// Lanes of one warp hand a value around through shared memory; one spins for
// the other, which needs independent scheduling of threads.
extern "C" __global__ void spinWithinWarp(int32_t *out) {
  __shared__ volatile int turn;
  if (threadIdx.x == 0)
    turn = 0;
  __syncwarp();
  bool done = false;
  while (!done) {
    if (turn == int(threadIdx.x)) {
      out[threadIdx.x] = 100 + threadIdx.x;
      __threadfence_block();
      turn = threadIdx.x + 1;
      done = true;
    }
  }
}
