//===- Passes.td - from the tile language to a machine ----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_CONVERSION_TKTOTKG_PASSES
#define TK_CONVERSION_TKTOTKG_PASSES

include "mlir/Pass/PassBase.td"

def ConvertTkToTkgPass : Pass<"convert-tk-to-tkg", "::mlir::ModuleOp"> {
  let summary = "name the machine that kernels are compiled for";
  let description = [{
    Records the target on the module (`tkg.target`, `tkg.threads_per_warp`) and
    the size of a block on every kernel (`tkg.warps`), and turns `tk.dot` into
    `tkg.dot`. All other ops keep their meaning and stay.

    The number of warps is that of the kernel's `warps`, else the option, else a
    choice by the largest tiles: about 16 elements a thread, 32 of 16 bits where a
    loop reduces them to scalars, or 128 elements of the result of a dot.

    Before: kernels of `tk`, one instance each. After: `tkg` without layouts.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"sm_90a\"",
           "Exact name of the chip">,
    Option<"warps", "warps", "unsigned", /*default=*/"0",
           "Warps of a block for kernels that do not say; 0 chooses">];
  let statistics = [
    Statistic<"numDots", "num-dots", "Number of tk.dot converted">];
  let dependentDialects = ["::mlir::tkg::TkgDialect"];
}

#endif // TK_CONVERSION_TKTOTKG_PASSES
