//===- KernelVariants.h - kernels for arguments of which more is known ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_LIB_DIALECT_TKG_TRANSFORMS_KERNELVARIANTS_H
#define TK_LIB_DIALECT_TKG_TRANSFORMS_KERNELVARIANTS_H

#include "tk/Dialect/Tk/IR/Tk.h"

namespace mlir::tkg {

/// Marks `kernel` as the variant `general`. Where 16-byte accesses are possible
/// under conditions that the host can check, adds in front of it the variant
/// `vector`, which states them, and returns it; null otherwise.
tk::KernelOp addVectorVariant(tk::KernelOp kernel);

} // namespace mlir::tkg

#endif // TK_LIB_DIALECT_TKG_TRANSFORMS_KERNELVARIANTS_H
