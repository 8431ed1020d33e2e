//===- LaneProgram.cpp - a chain of elementwise loops over short blocks ---===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "LaneProgram.h"

using namespace mlir;
using namespace mlir::tk;

/// RunMemory for the registers that a program keeps to itself, one block each.
static char *getScratch(size_t sizeInBytes) {
  thread_local std::vector<char> scratch;
  if (scratch.size() < sizeInBytes)
    scratch.resize(sizeInBytes);
  return scratch.data();
}

void LaneProgram::run(ArrayRef<char *> bound, int64_t count,
                      OnFault onFault) const {
  size_t scratchSize = 0;
  for (const Register &reg : registers)
    scratchSize += kBlock * reg.elementSize;
  char *scratch = getScratch(scratchSize);
  SmallVector<char *, 16> pointers(bound);
  for (size_t i = 0; i < registers.size(); ++i) {
    if (!pointers[i])
      pointers[i] = scratch;
    scratch += kBlock * registers[i].elementSize;
  }

  SmallVector<char *, 8> slots;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    int64_t numLanes = std::min(kBlock, count - begin);
    for (const Step &step : steps) {
      slots.clear();
      for (unsigned reg : step.registers)
        slots.push_back(pointers[reg]);
      LoopFault fault;
      step.loop(slots.data(), numLanes, fault);
      if (fault.kind != LoopFault::None && !step.isSpeculative)
        onFault(step, fault, slots.data());
    }
    for (size_t i = 0; i < registers.size(); ++i)
      if (bound[i] && !registers[i].isUniform)
        pointers[i] += numLanes * registers[i].elementSize;
  }
}
