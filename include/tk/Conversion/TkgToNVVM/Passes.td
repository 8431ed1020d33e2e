//===- Passes.td - from kernels to the NVVM dialect -------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTONVVM_PASSES
#define TK_CONVERSION_TKGTONVVM_PASSES

include "mlir/Pass/PassBase.td"

def ConvertTkgToNVVMPass : Pass<"convert-tkg-to-nvvm", "::mlir::ModuleOp"> {
  let summary = "lower kernels to what one thread of an NVIDIA GPU does";
  let description = [{
    Every kernel becomes a function of LLVM and NVVM ops. A tile becomes the
    values that one thread holds, in the order of the registers of its layout; a
    view its base, extents and strides. The parameters of the function are listed
    in `tkg.abi` (see `tk/Conversion/TkgToLLVM/KernelInterface.h`).

    Before: `tkg` with a layout on every tile, offsets for all shared memory and
    barriers placed; `tkg.target` names the chip. After: only `llvm` and `nvvm`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::NVVM::NVVMDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

#endif // TK_CONVERSION_TKGTONVVM_PASSES
