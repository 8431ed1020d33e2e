//===- Floats.cu - floating-point arithmetic and conversions --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Results are checked in unittests/Emulator/CorpusTest.cpp.
//
//===----------------------------------------------------------------------===//

#include <cstdint>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)

// x + y, x * y, fma, x / y, sqrt(|x|) and 1 / y in the four roundings: 24
// numbers an element, near, zero, up, down.
extern "C" __global__ void roundings(float *out, const float *x, const float *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float a = x[i], b = y[i], *o = out + 24 * i;
#define ROUNDINGS(k, f, ...) o[k] = f##_rn(__VA_ARGS__), o[k + 1] = f##_rz(__VA_ARGS__), o[k + 2] = f##_ru(__VA_ARGS__), o[k + 3] = f##_rd(__VA_ARGS__)
  ROUNDINGS(0, __fadd, a, b);
  ROUNDINGS(4, __fmul, a, b);
  ROUNDINGS(8, __fmaf, a, b, a);
  ROUNDINGS(12, __fdiv, a, b);
  ROUNDINGS(16, __fsqrt, fabsf(a));
  ROUNDINGS(20, __frcp, b);
}

extern "C" __global__ void doubleRoundings(double *out, const double *x, const double *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  double a = x[i], b = y[i], *o = out + 16 * i;
  ROUNDINGS(0, __dadd, a, b);
  ROUNDINGS(4, __dmul, a, b);
  ROUNDINGS(8, __fma, a, b, a);
  ROUNDINGS(12, __ddiv, a, b);
}

// Two halves a word.
extern "C" __global__ void halfPairs(__half2 *out, const __half2 *x, const __half2 *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  __half2 *o = out + 6 * i;
  o[0] = __hadd2_rn(x[i], y[i]);
  o[1] = __hmul2_rn(x[i], y[i]);
  o[2] = __hfma2(x[i], y[i], x[i]);
  o[3] = __hfma2_relu(x[i], y[i], y[i]);
  o[4] = __hmin2(x[i], y[i]);
  o[5] = __hmax2_nan(x[i], y[i]);
}

extern "C" __global__ void bfloatPairs(__nv_bfloat162 *out, const __nv_bfloat162 *x, const __nv_bfloat162 *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  __nv_bfloat162 *o = out + 4 * i;
  o[0] = __hadd2_rn(x[i], y[i]);
  o[1] = __hmul2_rn(x[i], y[i]);
  o[2] = __hfma2(x[i], y[i], x[i]);
  o[3] = __hmax2(x[i], y[i]);
}

// float to each integer by each rounding: 8 numbers an element.
extern "C" __global__ void floatToInteger(int64_t *out, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  int64_t *o = out + 8 * i;
  o[0] = __float2int_rn(x[i]);
  o[1] = __float2int_rz(x[i]);
  o[2] = __float2int_ru(x[i]);
  o[3] = __float2int_rd(x[i]);
  o[4] = __float2uint_rz(x[i]);
  o[5] = __float2ll_rn(x[i]);
  o[6] = int64_t(__float2ull_rz(x[i]));
  o[7] = int8_t(__float2int_rz(x[i]));
}

extern "C" __global__ void integerToFloat(float *out, const int64_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float *o = out + 6 * i;
  o[0] = __ll2float_rn(x[i]);
  o[1] = __ll2float_rz(x[i]);
  o[2] = __ll2float_ru(x[i]);
  o[3] = __ll2float_rd(x[i]);
  o[4] = __int2float_rn(int32_t(x[i]));
  o[5] = __uint2float_rz(uint32_t(x[i]));
}

extern "C" __global__ void narrowConversions(uint16_t *halves, uint16_t *bfloats, uint32_t *tf32, uint8_t *e4m3,
                                             uint8_t *e5m2, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  halves[i] = __half_as_ushort(__float2half_rn(x[i]));
  bfloats[i] = __bfloat16_as_ushort(__float2bfloat16_rn(x[i]));
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(tf32[i]) : "f"(x[i]));
  e4m3[i] = __nv_cvt_float_to_fp8(x[i], __NV_SATFINITE, __NV_E4M3);
  e5m2[i] = __nv_cvt_float_to_fp8(x[i], __NV_SATFINITE, __NV_E5M2);
}

extern "C" __global__ void wideConversions(float *fromHalf, float *fromBfloat, float *fromE4M3, float *fromE5M2,
                                           const uint16_t *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  fromHalf[i] = __half2float(__ushort_as_half(x[i]));
  fromBfloat[i] = __bfloat162float(__ushort_as_bfloat16(x[i]));
  fromE4M3[i] = __half2float(__half(__nv_cvt_fp8_to_halfraw(uint8_t(x[i]), __NV_E4M3)));
  fromE5M2[i] = __half2float(__half(__nv_cvt_fp8_to_halfraw(uint8_t(x[i]), __NV_E5M2)));
}

// Subnormal results become zero with the sign kept.
extern "C" __global__ void flushToZero(float *out, const float *x, const float *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  asm("mul.ftz.f32 %0, %1, %2;" : "=f"(out[2 * i]) : "f"(x[i]), "f"(y[i]));
  asm("add.ftz.sat.f32 %0, %1, %2;" : "=f"(out[2 * i + 1]) : "f"(x[i]), "f"(y[i]));
}

// The approximations of the special function unit, 8 numbers an element.
extern "C" __global__ void approximations(float *out, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float v = x[i], *o = out + 8 * i;
  asm("ex2.approx.f32 %0, %1;" : "=f"(o[0]) : "f"(v));
  asm("lg2.approx.f32 %0, %1;" : "=f"(o[1]) : "f"(fabsf(v)));
  asm("rcp.approx.f32 %0, %1;" : "=f"(o[2]) : "f"(v));
  asm("rsqrt.approx.f32 %0, %1;" : "=f"(o[3]) : "f"(fabsf(v)));
  asm("sin.approx.f32 %0, %1;" : "=f"(o[4]) : "f"(v));
  asm("cos.approx.f32 %0, %1;" : "=f"(o[5]) : "f"(v));
  asm("tanh.approx.f32 %0, %1;" : "=f"(o[6]) : "f"(v));
  asm("sqrt.approx.f32 %0, %1;" : "=f"(o[7]) : "f"(fabsf(v)));
}

// The functions of the CUDA math library: whole programs of arithmetic, with a
// slow path in local memory for large arguments of sin.
extern "C" __global__ void mathLibrary(float *out, const float *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float v = x[i], *o = out + 8 * i;
  o[0] = expf(v);
  o[1] = logf(fabsf(v));
  o[2] = sinf(v);
  o[3] = cosf(v * 1e6f);
  o[4] = tanhf(v);
  o[5] = erff(v);
  o[6] = powf(fabsf(v), 1.7f);
  o[7] = cbrtf(v);
}

extern "C" __global__ void doubleMathLibrary(double *out, const double *x, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  out[4 * i] = exp(x[i]);
  out[4 * i + 1] = log(fabs(x[i]));
  out[4 * i + 2] = sin(x[i]);
  out[4 * i + 3] = sqrt(fabs(x[i]));
}

// Comparisons with NaN, minimum, maximum, class of a number: bits of a word.
extern "C" __global__ void comparisons(uint32_t *out, const float *x, const float *y, int n) {
  int i = INDEX;
  if (i >= n)
    return;
  float a = x[i], b = y[i];
  uint32_t bits = 0;
  bits |= (a < b) << 0 | (a <= b) << 1 | (a == b) << 2 | (a != b) << 3 | (a > b) << 4 | (a >= b) << 5;
  bits |= (!(a < b)) << 6 | isnan(a) << 7 | isinf(b) << 8 | isfinite(a) << 9 | (signbit(b) != 0) << 10;
  bits |= (fminf(a, b) == a) << 11 | (fmaxf(a, b) == a) << 12;
  out[i] = bits;
}
