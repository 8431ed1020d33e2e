//===- MachineDefinitions.cpp - "warps" and "stages" ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tk/Support/MachineDefinitions.h"
#include "tk/Support/TargetInfo.h"
#include <algorithm>

using namespace llvm;
using namespace mlir::tk;

static constexpr StringLiteral kWarps = "warps";
static constexpr StringLiteral kStages = "stages";

bool mlir::tk::isMachineDefinition(StringRef name) {
  return name == kWarps || name == kStages;
}

/// The most warps that a block has on any target.
static int64_t getMaxNumWarps() {
  int64_t most = 0;
  for (StringRef name : TargetInfo::getKnownTargets()) {
    const TargetInfo *info = TargetInfo::lookup(name);
    most = std::max<int64_t>(most, info->getMaxThreadsPerBlock() /
                                       info->getNumLanes());
  }
  return most;
}

bool mlir::tk::isMachineValue(StringRef name, int64_t value) {
  // Of stages, a loop gets as many as there is room for.
  return value >= 1 && (name != kWarps || value <= getMaxNumWarps());
}

std::string mlir::tk::describeMachineValues(StringRef name) {
  std::string values = "a number of " + name.str() + " from 1 ";
  return values +
         (name == kWarps ? "to " + std::to_string(getMaxNumWarps()) : "on");
}
