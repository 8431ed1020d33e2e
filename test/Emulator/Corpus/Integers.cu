//===- Integers.cu - integer arithmetic and bits --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>

#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)

extern "C" __global__ void wideProducts(int64_t *low, int64_t *high, const int64_t *x, const int64_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  low[i] = x[i] * y[i];
  high[i] = __mul64hi(x[i], y[i]);
}

extern "C" __global__ void divisions(int32_t *quotient, int32_t *remainder, uint64_t *wide, const int32_t *x,
                                     const int32_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  quotient[i] = x[i] / y[i];
  remainder[i] = x[i] % y[i];
  wide[i] = (uint64_t(uint32_t(x[i])) << 20) / (uint32_t(y[i]) | 1u);
}

// One word an operation: 12 words an element.
extern "C" __global__ void bitTricks(uint32_t *out, const uint32_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  uint32_t v = x[i], *o = out + 12 * i;
  o[0] = __popc(v);
  o[1] = __clz(v);
  o[2] = __brev(v);
  o[3] = __ffs(v);
  o[4] = __funnelshift_l(v, ~v, v & 63);
  o[5] = __funnelshift_rc(v, ~v, v & 63);
  o[6] = __byte_perm(v, ~v, 0x5140);
  asm("bfe.u32 %0, %1, 5, 9;" : "=r"(o[7]) : "r"(v));
  asm("bfe.s32 %0, %1, 20, 12;" : "=r"(o[8]) : "r"(v));
  asm("bfi.b32 %0, %1, %2, 7, 13;" : "=r"(o[9]) : "r"(v), "r"(0xdeadbeefu));
  asm("lop3.b32 %0, %1, %2, %3, 0x96;" : "=r"(o[10]) : "r"(v), "r"(v >> 3), "r"(0x0f0f0f0fu));
  asm("bfind.u32 %0, %1;" : "=r"(o[11]) : "r"(v));
}

extern "C" __global__ void dotProducts(int32_t *signedOut, uint32_t *unsignedOut, const int32_t *x, const int32_t *y,
                                       int n) {
  int i = INDEX;
  if (i >= n)
    return;
  signedOut[i] = __dp4a(x[i], y[i], 1000);
  unsignedOut[i] = __dp2a_lo(uint32_t(x[i]), uint32_t(y[i]), 7u);
}

// Differences of bytes and of halves, and their sums: 5 words an element.
extern "C" __global__ void differences(uint32_t *out, const uint32_t *x, const uint32_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  uint32_t *o = out + 5 * i;
  o[0] = __vabsdiffu4(x[i], y[i]);
  o[1] = __vsadu4(x[i], y[i]);
  o[2] = __vsadu2(x[i], y[i]);
  asm("vabsdiff4.s32.s32.s32.add %0, %1, %2, %3;" : "=r"(o[3]) : "r"(x[i]), "r"(y[i]), "r"(100));
  asm("vabsdiff2.u32.s32.s32 %0, %1, %2, %3;" : "=r"(o[4]) : "r"(x[i]), "r"(y[i]), "r"(0));
}

// (a, b) + (c, d) as 128-bit numbers by carries.
extern "C" __global__ void addWithCarry(uint64_t *low, uint64_t *high, const uint64_t *a, const uint64_t *b, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  asm("{ add.cc.u64 %0, %2, %3; addc.u64 %1, %4, %5; }"
      : "=l"(low[i]), "=l"(high[i])
      : "l"(a[i]), "l"(b[i]), "l"(b[i]), "l"(a[i] >> 1));
}

// Saturation, minimum of three, absolute difference: 5 words an element.
extern "C" __global__ void clamps(int32_t *out, const int32_t *x, const int32_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  int32_t *o = out + 5 * i;
  asm("add.sat.s32 %0, %1, %2;" : "=r"(o[0]) : "r"(x[i]), "r"(y[i]));
  asm("sub.sat.s32 %0, %1, %2;" : "=r"(o[1]) : "r"(x[i]), "r"(y[i]));
  o[2] = min(max(x[i], -100), 100);
  o[3] = __sad(x[i], y[i], 5);
  o[4] = __vimax_s32_relu(x[i], y[i]);
}

// 128-bit products, which the compiler builds from 32-bit parts.
extern "C" __global__ void product128(uint64_t *low, uint64_t *high, const uint64_t *x, const uint64_t *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  unsigned __int128 p = (unsigned __int128)x[i] * y[i];
  low[i] = uint64_t(p);
  high[i] = uint64_t(p >> 64);
}
