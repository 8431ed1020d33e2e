//===- Defects.h - what the planted defects share -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each defect is a function with a switch. DEFECT(name) makes two kernels of
// it: `name_broken`, which must be reported as the comments say, and
// `name_fixed`, which must be clean. unittests/Emulator/DefectsTest.cpp runs
// them; `in` has 1024 words that the host wrote (word i is i), `out` as many
// that it did not.
//
//   // run: grid 2 block 64        before DEFECT: how it is launched
//   // expected: shared-race       the rule, and this is one of its lines
//   // expected: shared-race @-1   the line above
//   // also: deadlock              before BODY: what may come along
//
// Accesses are macros of inline assembly: the compiler must not move what it
// takes for undefined, and a report names the line that uses them. (A statement
// of several lines has the line of its last operand.) With `map 1` a tensor map
// of the first 128 words of `in` lies at word 768 of it.
//
//===----------------------------------------------------------------------===//

#pragma once

#include <cstdint>

#define DEFECT_WITH(attributes, name)                                          \
  extern "C" __global__ void attributes name##_broken(uint32_t *out,           \
                                                      uint32_t *in) {          \
    name<false>(out, in);                                                      \
  }                                                                            \
  extern "C" __global__ void attributes name##_fixed(uint32_t *out,            \
                                                     uint32_t *in) {           \
    name<true>(out, in);                                                       \
  }
#define DEFECT(name) DEFECT_WITH(, name)

#define BODY template <bool isFixed> static __device__ __forceinline__ void

static __device__ __forceinline__ uint32_t sharedAddress(const void *p) {
  return uint32_t(__cvta_generic_to_shared(p));
}

// Shared memory by 32-bit address, global memory by pointer.
#define ST_SHARED(address, value)                                              \
  asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(value) : "memory")
#define LD_SHARED(value, address)                                              \
  asm volatile("ld.shared.u32 %0, [%1];"                                       \
               : "=r"(value)                                                   \
               : "r"(address)                                                  \
               : "memory")
#define ST_GLOBAL(pointer, value)                                              \
  asm volatile("st.global.u32 [%0], %1;" ::"l"(pointer), "r"(value) : "memory")
#define LD_GLOBAL(value, pointer)                                              \
  asm volatile("ld.global.u32 %0, [%1];"                                       \
               : "=r"(value)                                                   \
               : "l"(pointer)                                                  \
               : "memory")
#define DO(text) asm volatile(text ";" ::: "memory")

// mbarriers and bulk copies.
#define MBARRIER_INIT(address, count)                                          \
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(address),       \
               "r"(count)                                                      \
               : "memory")
#define MBARRIER_ARRIVE(address)                                               \
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(address)       \
               : "memory")
#define MBARRIER_EXPECT(address, bytes)                                        \
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"( \
                   address),                                                   \
               "r"(bytes)                                                      \
               : "memory")
#define MBARRIER_WAIT(address, parity)                                         \
  asm volatile("{ .reg .pred done;\n"                                          \
               "again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], "  \
               "%1;\n"                                                         \
               "@!done bra again; }" ::"r"(address),                           \
               "r"(parity)                                                     \
               : "memory")
#define BULK_LOAD(to, from, bytes, barrier)                                    \
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"  \
               "bytes [%0], [%1], %2, [%3];" ::"r"(to),                        \
               "l"(from), "r"(bytes), "r"(barrier)                             \
               : "memory")
#define BULK_STORE(to, from, bytes)                                            \
  asm volatile("cp.async.bulk.global.shared::cta.bulk_group [%0], [%1], %2;"   \
                   ::"l"(to),                                                  \
               "r"(from), "r"(bytes)                                           \
               : "memory")
#define CP_ASYNC(to, from)                                                     \
  asm volatile("cp.async.ca.shared.global [%0], [%1], 16;" ::"r"(to),          \
               "l"(from)                                                       \
               : "memory")
