//===- RegisterCapacity.h - tiles that no block can hold ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_REGISTERCAPACITY_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_REGISTERCAPACITY_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"

namespace mlir::tk {
class TargetInfo;
} // namespace mlir::tk

namespace mlir::tkg {

/// Nothing if the registers of a processor can hold `tile`; else an error at
/// `op` that calls it `name`. It would live in local memory, its code would
/// have a part for each of hundreds of elements of a thread, and the assembler
/// would need minutes.
std::optional<InFlightDiagnostic>
refuseIfTooLarge(Operation *op, StringRef name, RankedTensorType tile,
                 const tk::TargetInfo &target);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_REGISTERCAPACITY_H
