//===- Passes.td - from kernels to the ROCDL dialect ------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKGTOROCDL_PASSES
#define TK_CONVERSION_TKGTOROCDL_PASSES

include "mlir/Pass/PassBase.td"

def ConvertTkgToROCDLPass : Pass<"convert-tkg-to-rocdl", "::mlir::ModuleOp"> {
  let summary = "lower kernels to what one thread of an AMD GPU does";
  let description = [{
    As `convert-tkg-to-nvvm`, with the same patterns, for wavefronts of 64 or 32
    lanes. There are no asynchronous copies: they go through registers. A dot is
    done by multiply-adds. Prints are dropped with a warning, an assertion that
    fails ends the kernel without a message.

    Before: `tkg` with a layout on every tile, offsets for all shared memory and
    barriers placed; `tkg.target` names the chip. After: only `llvm` and `rocdl`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect",
                           "::mlir::ROCDL::ROCDLDialect",
                           "::mlir::cf::ControlFlowDialect"];
}

#endif // TK_CONVERSION_TKGTOROCDL_PASSES
