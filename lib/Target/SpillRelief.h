//===- SpillRelief.h - more registers for kernels that spill --------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ptxas takes no more registers than let some number of blocks, of its own
// choice, run on a multiprocessor at a time, and sooner spills than leaves that
// number. Where the hardware would give a thread more registers, it is asked
// for fewer blocks.
//
//===----------------------------------------------------------------------===//

#ifndef TK_LIB_TARGET_SPILLRELIEF_H
#define TK_LIB_TARGET_SPILLRELIEF_H

#include "tk/Support/TargetInfo.h"
#include "tk/Target/ResourceUsage.h"
#include "llvm/ADT/ArrayRef.h"

namespace mlir::tk {

/// Asks for fewer blocks a multiprocessor, by `.minnctapersm`, where one of
/// `kernels` spilled though it could have more registers. Returns whether any
/// did; then `ptx` is worth another run of the assembler. Kernels whose number
/// of threads is open, or that limit registers themselves, are left alone.
bool relieveSpills(std::string &ptx, llvm::ArrayRef<ResourceUsage> kernels,
                   const TargetInfo &target);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_SPILLRELIEF_H
