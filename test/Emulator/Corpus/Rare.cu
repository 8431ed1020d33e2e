//===- Rare.cu - instructions that compilers seldom emit -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusFormsTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

#define ASM1(text, d, a) asm volatile(text " %0, %1;" : "=r"(d) : "r"(a))
#define ASM2(text, d, a, b) asm volatile(text " %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b))
#define ASM3(text, d, a, b, c) asm volatile(text " %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c))

extern "C" __global__ void rareIntegers(uint32_t *out, const uint32_t *x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  uint32_t a = x[i], b = i % 40, c = i % 23 + 1, d[12];
  ASM2("bmsk.clamp.b32", d[0], b, c);
  ASM2("szext.wrap.s32", d[1], a, c);
  asm volatile("fns.b32 %0, %1, %2, %3;" : "=r"(d[2]) : "r"(a), "r"(0), "r"(c % 5 + 1));
  ASM2("mul24.lo.s32", d[3], a, b);
  ASM3("mad24.hi.u32", d[4], a, a, b);
  ASM3("slct.u32.s32", d[5], a, b, a);
  ASM1("cnot.b32", d[6], a & 3);
  ASM2("set.lt.u32.s32", d[7], a, b << 24);
  asm volatile("{ .reg .pred p; testp.subnormal.f32 p, %1; selp.u32 %0, 1, 0, p; }" : "=r"(d[8]) : "f"(__uint_as_float(a)));
  asm volatile("copysign.f32 %0, %1, %2;" : "=r"(d[9]) : "f"(__uint_as_float(a)), "f"(1.5f));
  asm volatile("{ .reg .b64 w; mad.wide.u32 w, %1, %2, 5; mov.b64 {_, %0}, w; }" : "=r"(d[10]) : "r"(a), "r"(a));
  asm volatile("{ .reg .pred p, q; setp.gt.and.u32 p|q, %1, %2, 1; selp.u32 %0, 1, 0, q; }" : "=r"(d[11]) : "r"(a), "r"(b << 20));
  for (int k = 0; k < 12; ++k)
    out[12 * i + k] = d[k];
}

// Hints change nothing; `discard` gives up contents that nobody reads.
extern "C" __global__ void rareHints(uint32_t *out, const uint32_t *x, uint32_t *unused) {
  int i = threadIdx.x;
  uint64_t policy;
  uint32_t value, first, warps;
  asm volatile("prefetch.global.L2 [%0];" ::"l"(x + i));
  asm volatile("prefetchu.L1 [%0];" ::"l"(x));
  asm volatile("applypriority.global.L2::evict_normal [%0], 128;" ::"l"((uint64_t)x & ~127ull));
  if (i == 0)
    asm volatile("discard.global.L2 [%0], 128;" ::"l"(unused) : "memory");
  asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 0.5;" : "=l"(policy));
  asm volatile("ld.global.L2::cache_hint.u32 %0, [%1], %2;" : "=r"(value) : "l"(x + i), "l"(policy));
  asm volatile("ldu.global.u32 %0, [%1];" : "=r"(first) : "l"(x));
  asm volatile("pmevent 3;");
  asm volatile("mov.u32 %0, %%nwarpid;" : "=r"(warps));
  out[i] = value + first + (warps == 0);
}

// Half of the lanes leave by `exit`; the others see who is left. No lane traps.
extern "C" __global__ void rareControl(uint32_t *out) {
  int lane = threadIdx.x % 32;
  uint32_t active;
  asm volatile("{ .reg .pred p; setp.ge.u32 p, %0, 64; @p trap; @p brkpt; }" ::"r"(lane));
  if (lane % 2)
    asm volatile("exit;");
  __syncwarp(0x55555555);
  asm volatile("activemask.b32 %0;" : "=r"(active));
  out[threadIdx.x / 2] = active;
}

// The rank of the block that owns an address, and stores that tell an mbarrier
// of another block that they have arrived.
extern "C" __global__ __cluster_dims__(2, 1, 1) void rareClusters(uint32_t *out) {
  __shared__ alignas(8) uint64_t barrier;
  __shared__ uint32_t inbox[32];
  uint32_t here = uint32_t(__cvta_generic_to_shared(&barrier)), rank, other, owner, remoteBox, remoteBarrier;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  other = rank ^ 1;
  if (threadIdx.x == 0) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(here) : "memory");
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], 128;" ::"r"(here) : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(remoteBox) : "r"(uint32_t(__cvta_generic_to_shared(&inbox[threadIdx.x]))), "r"(other));
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(remoteBarrier) : "r"(here), "r"(other));
  asm volatile("getctarank.shared::cluster.u32 %0, %1;" : "=r"(owner) : "r"(remoteBox));
  asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%0], %1, [%2];" ::"r"(remoteBox),
               "r"(100 * rank + threadIdx.x), "r"(remoteBarrier)
               : "memory");
  if (threadIdx.x == 0)
    asm volatile("{ .reg .b64 t; mbarrier.arrive.shared::cta.b64 t, [%0]; }" ::"r"(here) : "memory");
  asm volatile("{ .reg .pred p;\nAGAIN: mbarrier.test_wait.parity.shared::cta.b64 p, [%0], 0;\n@!p bra AGAIN; }" ::"r"(here)
               : "memory");
  out[64 * blockIdx.x + 2 * threadIdx.x] = inbox[threadIdx.x];
  out[64 * blockIdx.x + 2 * threadIdx.x + 1] = owner;
  asm volatile("barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;" ::: "memory");
}

// Blocks hand a sum on: even ones by fences and relaxed accesses, odd ones by
// a release and an acquire.
extern "C" __global__ void rareFences(uint32_t *sums, uint32_t *flags) {
  uint32_t block = blockIdx.x, ready = 0, sum = 0;
  if (threadIdx.x != 0)
    return;
  while (block > 0 && !ready) {
    if (block % 2) {
      asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(ready) : "l"(flags + block) : "memory");
      asm volatile("fence.acq_rel.gpu;" ::: "memory");
    } else {
      asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(ready) : "l"(flags + block) : "memory");
    }
  }
  if (block > 0)
    sum = sums[block - 1];
  sums[block] = sum + 10 * block + 1;
  if (block + 1 == gridDim.x)
    return;
  if (block % 2) {
    asm volatile("st.release.gpu.global.u32 [%0], 1;" ::"l"(flags + block + 1) : "memory");
  } else {
    asm volatile("fence.sc.gpu;" ::: "memory");
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(flags + block + 1) : "memory");
  }
}
