//===- Calls.cu - planted traps, failed assertions and wrong calls --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Defects.h"
#include <cassert>

BODY trapsItself(uint32_t *out, uint32_t *in) {
  if (in[3] != (isFixed ? 3 : 4))
    DO("trap"); // expected: trap
  out[0] = in[0];
}
// run: block 1
DEFECT(trapsItself)

BODY assertionFails(uint32_t *out, uint32_t *in) {
  assert(in[3] == (isFixed ? 3 : 4)); // expected: assertion
  out[0] = in[0];
}
// run: block 1
DEFECT(assertionFails)

// in[1023] is larger than any stack.
static __device__ __noinline__ uint32_t descend(uint32_t *out, uint32_t depth) {
  if (!depth)
    return 0;
  out[depth % 7] = depth;
  return depth + descend(out, depth - 1) * 3;
}
BODY recursesTooDeeply(uint32_t *out, uint32_t *in) {
  // expected: call-depth @-3
  out[8] = descend(out, isFixed ? in[5] : in[1023]);
}
// run: block 1
DEFECT(recursesTooDeeply)

static __device__ __noinline__ uint32_t callee(uint32_t x) { return x + 1; }
BODY callsNoFunction(uint32_t *out, uint32_t *in) {
  using Function = uint32_t (*)(uint32_t);
  uint64_t address = uint64_t(static_cast<Function>(callee));
  if (!isFixed)
    address += in[8];
  asm volatile("" : "+l"(address));
  out[0] = reinterpret_cast<Function>(address)(in[0]); // expected: bad-call
}
// run: block 1
DEFECT(callsNoFunction)
