//===- TkDialect.td - the tk dialect ----------------------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef TK_DIALECT_TK_IR_TKDIALECT
#define TK_DIALECT_TK_IR_TKDIALECT

include "mlir/IR/DialectBase.td"

def Tk_Dialect : Dialect {
  let name = "tk";
  let cppNamespace = "::mlir::tk";
  let summary = "the tile language as written: programs, tiles and views";
  let description = [{
    A `tk.kernel` is run by a grid of *programs*. A program computes on *tiles*:
    ranked tensors of static shape. Memory is reached through *views*
    (`!tk.view`), which know their bounds, and through pointers (`!tk.ptr`).

    Nothing here knows of threads, layouts or targets. Elementwise arithmetic is
    written in `arith` and `math`, control flow in `scf`; this dialect holds what
    is left: memory, shapes, dot, reductions, atomics and the kernel itself.

    Integers are signless, as in `arith`: the operation, not the type, says
    whether a value is signed.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"
  ];
  let hasConstantMaterializer = 1;
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

#endif // TK_DIALECT_TK_IR_TKDIALECT
