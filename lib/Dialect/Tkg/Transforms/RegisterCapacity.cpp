//===- RegisterCapacity.cpp - tiles that no block can hold ----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "RegisterCapacity.h"
#include "mlir/IR/Operation.h"
#include "tk/Analysis/SharedMemory.h"
#include "tk/Support/TargetInfo.h"

using namespace mlir;

constexpr int64_t kRegisterBytes = 4;

std::optional<InFlightDiagnostic>
mlir::tkg::refuseIfTooLarge(Operation *op, StringRef name,
                            RankedTensorType tile,
                            const tk::TargetInfo &target) {
  // While they are worked on, narrow elements take a register each.
  int64_t elementSize =
      std::max(kRegisterBytes, getElementSizeInBytes(tile.getElementType()));
  int64_t needed = tile.getNumElements() * elementSize;
  int64_t available =
      int64_t(target.getRegistersPerProcessor()) * kRegisterBytes;
  if (needed <= available)
    return std::nullopt;
  InFlightDiagnostic error = op->emitError(name) << " of ";
  llvm::interleave(tile.getShape(), error, "x");
  error << " " << tile.getElementType() << " takes " << needed
        << " bytes of registers, but a block has at most " << available
        << " on " << target.getName();
  return error;
}
