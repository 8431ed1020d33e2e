//===- MatmulWgmma.cu - a bf16 matrix product by wgmma --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C = A B, row-major; all sizes multiples of the tile. Of a block of three
// warpgroups the last fills a ring of four stages by tensor copies; the other
// two multiply, 64x256 of C each. The maps have boxes of 64 columns with a
// swizzle of 128 bytes: 128 rows of A, 64 rows of B.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_bf16.h>

constexpr int kRows = 128, kColumns = 256, kDepth = 64, kStages = 4;
constexpr uint32_t kBytesA = kRows * kDepth * 2, kBytesB = kDepth * kColumns * 2;
// 64 columns of B.
constexpr uint32_t kPanelBytes = kDepth * 128;

struct alignas(64) TensorMap {
  uint8_t bytes[128];
};

static __device__ uint32_t sharedAddress(const void *p) { return uint32_t(__cvta_generic_to_shared(p)); }

static __device__ void initBarrier(uint32_t barrier, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(count) : "memory");
}
static __device__ void arrive(uint32_t barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory");
}
static __device__ void expectBytes(uint32_t barrier, uint32_t bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}
static __device__ void wait(uint32_t barrier, uint32_t parity) {
  asm volatile("{ .reg .pred done;\n"
               "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@!done bra again; }" ::"r"(barrier),
               "r"(parity)
               : "memory");
}
static __device__ void copyBox(uint32_t to, const TensorMap &map, uint32_t barrier, int column, int row) {
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_tx::bytes "
               "[%0], [%1, {%3, %4}], [%2];" ::"r"(to),
               "l"(&map), "r"(barrier), "r"(column), "r"(row)
               : "memory");
}

// Of a matrix with a swizzle of 128 bytes. `leading`: from one panel of 64
// columns to the next, if the columns are those of the result.
static __device__ uint64_t descriptor(uint32_t address, uint32_t leading) {
  return (address >> 4 & 0x3fff) | uint64_t(leading >> 4) << 16 | uint64_t(1024 >> 4) << 32 | uint64_t(1) << 62;
}

#define R8(i)                                                                                                          \
  "+f"(c[i]), "+f"(c[i + 1]), "+f"(c[i + 2]), "+f"(c[i + 3]), "+f"(c[i + 4]), "+f"(c[i + 5]), "+f"(c[i + 6]),        \
      "+f"(c[i + 7])
#define R32(i) R8(i), R8(i + 8), R8(i + 16), R8(i + 24)
#define R128 R32(0), R32(32), R32(64), R32(96)

static __device__ void multiply(float (&c)[128], uint64_t a, uint64_t b, int isAdded) {
  asm volatile(
      "{ .reg .pred p; setp.ne.b32 p, %130, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {"
      "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "
      "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "
      "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, "
      "%68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, "
      "%90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, "
      "%110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
      "%128, %129, p, 1, 1, 0, 1; }"
      : R128
      : "l"(a), "l"(b), "r"(isAdded));
}

static __device__ void produce(const TensorMap &a, const TensorMap &b, uint32_t tiles, uint32_t full, uint32_t empty,
                               int k) {
  for (int i = 0; i < k / kDepth; ++i) {
    int stage = i % kStages;
    uint32_t to = tiles + stage * (kBytesA + kBytesB), barrier = full + 8 * stage;
    wait(empty + 8 * stage, (i / kStages & 1) ^ 1);
    expectBytes(barrier, kBytesA + kBytesB);
    copyBox(to, a, barrier, i * kDepth, blockIdx.y * kRows);
    for (int panel = 0; panel < kColumns / 64; ++panel)
      copyBox(to + kBytesA + panel * kPanelBytes, b, barrier, blockIdx.x * kColumns + panel * 64, i * kDepth);
  }
}

extern "C" __global__ void __launch_bounds__(384, 1)
    matmulWgmma(const __grid_constant__ TensorMap a, const __grid_constant__ TensorMap b, __nv_bfloat16 *c, int n,
                int k) {
  extern __shared__ __align__(1024) char tiles[];
  __shared__ alignas(8) uint64_t barriers[2 * kStages];
  uint32_t full = sharedAddress(barriers), empty = full + 8 * kStages, base = sharedAddress(tiles);
  base = (base + 1023) / 1024 * 1024;
  int group = threadIdx.x / 128;
  if (threadIdx.x == 0) {
    for (int stage = 0; stage < kStages; ++stage) {
      initBarrier(full + 8 * stage, 1);
      initBarrier(empty + 8 * stage, 2);
    }
    asm volatile("fence.mbarrier_init.release.cluster;\nfence.proxy.async.shared::cta;" ::: "memory");
  }
  __syncthreads();
  if (group == 2) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x == 256)
      produce(a, b, base, full, empty, k);
    return;
  }
  asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
  float sums[128];
  for (int i = 0; i < k / kDepth; ++i) {
    int stage = i % kStages;
    uint32_t fromA = base + stage * (kBytesA + kBytesB) + group * (kBytesA / 2);
    uint32_t fromB = base + stage * (kBytesA + kBytesB) + kBytesA;
    wait(full + 8 * stage, i / kStages & 1);
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#pragma unroll
    for (int step = 0; step < kDepth / 16; ++step)
      multiply(sums, descriptor(fromA + step * 32, 16), descriptor(fromB + step * 16 * 128, kPanelBytes),
               i + step != 0);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    // The tile before this one is free once its group is done.
#define c sums
    asm volatile("wgmma.wait_group.sync.aligned 1;" : R128::"memory");
#undef c
    if (i > 0 && threadIdx.x % 128 == 0)
      arrive(empty + 8 * ((i - 1) % kStages));
  }
#define c sums
  asm volatile("wgmma.wait_group.sync.aligned 0;" : R128::"memory");
#undef c
  int lane = threadIdx.x % 32;
  int row = blockIdx.y * kRows + threadIdx.x / 32 * 16 + lane / 4;
  c += size_t(row) * n + blockIdx.x * kColumns + lane % 4 * 2;
#pragma unroll
  for (int j = 0; j < 32; ++j)
#pragma unroll
    for (int half = 0; half < 2; ++half)
      *reinterpret_cast<__nv_bfloat162 *>(c + size_t(half) * 8 * n + j * 8) =
          __floats2bfloat162_rn(sums[j * 4 + half * 2], sums[j * 4 + half * 2 + 1]);
}
