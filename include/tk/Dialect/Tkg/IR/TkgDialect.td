//===- TkgDialect.td - the tkg dialect --------------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TKG_IR_TKGDIALECT
#define TK_DIALECT_TKG_IR_TKGDIALECT

include "mlir/IR/DialectBase.td"

def Tkg_Dialect : Dialect {
  let name = "tkg";
  let cppNamespace = "::mlir::tkg";
  let summary = "the tile language on a machine: layouts, shared memory, waits";
  let description = [{
    `tkg` adds to `tk` what is a machine's choice, and repeats no op whose meaning
    stays: at this level a kernel is still a `tk.kernel`, control flow is `scf`,
    elementwise work is `arith`, `math` and `tk.cast`, and views are read by
    `tk.load_view`. After `tkg-assign-layouts` every tile type carries a
    `#tkg.layout` as its encoding.

    Attributes that passes leave behind:

    | on | attribute | meaning |
    |---|---|---|
    | module | `tkg.target : string` | exact target, `"sm_90a"` |
    | module | `tkg.threads_per_warp : i32` | lanes of a warp |
    | `tk.kernel` | `tkg.warps : i32` | warps of a block |
    | `tk.kernel` | `tkg.shared_bytes : i64` | shared memory of a block |
    | `tk.kernel` | `tkg.variant : string` | `"vector"` or `"general"` |
    | `tk.kernel` | `tkg.kernel : string` | the kernel that this is a variant of |
    | `tk.kernel` | `tkg.fallback` | has a faster variant: what it misses is not news |
    | `tk.kernel` | `tkg.preconditions : array` | what a launch must check first |
    | argument | `tkg.facts : dictionary` | see `TensorFacts` |
    | op in a loop | `tkg.stage`, `tkg.order : i32` | its place in the schedule |
    | `scf.for` | `tkg.num_stages : i32` | how many iterations overlap |
    | `scf.for` | `tkg.rolled` | was made to keep code short: not to be unrolled |
    | op | `tkg.scratch_offset : i64` | its scratch in shared memory, in bytes |
    | `tk.reduce` | `tkg.scratch_slots : i32` | slots of its scratch, taken in turn |
    | `tk.reshape` | `tkg.through_memory` | its layouts do not depend on each other |
  }];
  let dependentDialects = ["::mlir::tk::TkDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasConstantMaterializer = 1;
}

#endif // TK_DIALECT_TKG_IR_TKGDIALECT
