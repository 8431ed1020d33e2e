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

#include "mlir/Support/LLVM.h"
#include "tk/Support/TargetInfo.h"
#include "tk/Target/ResourceUsage.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace mlir::tk {

/// What one kernel of some PTX takes, by a run of the assembler; failure if it
/// cannot be assembled, which has been reported then.
using MeasureKernelFn = llvm::function_ref<FailureOr<ResourceUsage>(
    llvm::StringRef ptx, llvm::StringRef kernel)>;

/// A kernel that was asked to leave room for fewer blocks than the assembler
/// had made room for.
struct SpillRelief {
  std::string kernel;
  int64_t numBlocksBefore;
  int64_t numBlocks;
};

/// Asks for fewer blocks a multiprocessor, by `.minnctapersm`, where one of
/// `kernels` spilled though it could have more registers: for as many as it
/// takes without spilling, or for one. If any was asked, `ptx` is to be
/// assembled again. Kernels whose number of threads is open, or that limit
/// registers themselves, are left alone.
FailureOr<llvm::SmallVector<SpillRelief>>
relieveSpills(std::string &ptx, llvm::ArrayRef<ResourceUsage> kernels,
              const TargetInfo &target, MeasureKernelFn measure);

/// `ptx` with the bodies of all kernels but one empty, which takes the
/// assembler about as long as if they were not there. Their names remain, since
/// others may use them.
std::string emptyOtherKernels(llvm::StringRef ptx, llvm::StringRef kernel);

} // namespace mlir::tk

#endif // TK_LIB_TARGET_SPILLRELIEF_H
