//===- KernelInterface.h - the parameters of a lowered kernel -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOLLVM_KERNELINTERFACE_H
#define TK_CONVERSION_TKGTOLLVM_KERNELINTERFACE_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::tkg {

/// On the function of a kernel: an array with one dictionary for each
/// parameter, in order.
///
///   {kind = "pointer", arg = 0}           base of tensor argument 0
///   {kind = "dim", arg = 0, dim = 1}      an extent of it, i64
///   {kind = "stride", arg = 0, dim = 0}   a stride of it in elements, i64
///   {kind = "scalar", arg = 3}            argument 3 as declared
///   {kind = "grid", axis = 1}             extent of a grid axis, i32
///
/// `arg` counts the arguments of the kernel. A kernel whose grid has several
/// axes is launched with one axis of their product. Dynamic shared memory has
/// `tkg.shared_bytes`.
constexpr StringLiteral kAbiAttr = "tkg.abi";

/// Removes the parameters that the body does not use from the function and from
/// `tkg.abi`.
void dropUnusedParameters(LLVM::LLVMFuncOp function);

} // namespace mlir::tkg

#endif // TK_CONVERSION_TKGTOLLVM_KERNELINTERFACE_H
