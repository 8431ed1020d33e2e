//===- Shuffle.h - moves values of any type between lanes -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_CONVERSION_TKGTOLLVM_SHUFFLE_H
#define TK_LIB_CONVERSION_TKGTOLLVM_SHUFFLE_H

#include "tk/Conversion/TkgToLLVM/TargetCodegen.h"

namespace mlir::tkg {

/// The `value` of the lane whose number differs in the bits `laneMask`.
Value shuffleXor(Emitter &e, const TargetCodegen &target, Value value,
                 unsigned laneMask);

/// The `value` of lane `lane`.
Value shuffleIndex(Emitter &e, const TargetCodegen &target, Value value,
                   Value lane);

} // namespace mlir::tkg

#endif // TK_LIB_CONVERSION_TKGTOLLVM_SHUFFLE_H
