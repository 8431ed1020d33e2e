// RUN: tk-opt %s --tk-drop-global-call-sites --mlir-print-debuginfo --mlir-print-local-scope | FileCheck %s
// RUN: tkc %s --emit=llvmir -o - | FileCheck %s --check-prefix=IR

// What is in a function keeps its callers; a global has none, however deep the call was.
// CHECK: llvm.mlir.global internal constant @text("abc") {addr_space = 1 : i32} loc("f.tk":1:2)
// CHECK: llvm.mlir.constant(3 : i32) : i32 loc("f.tk":5:6)
// CHECK: llvm.return loc(callsite("f.tk":1:2 at "g.tk":3:4))

// The pass that makes scopes looked for the function around a global with a caller, and fell over.
// IR: @text = internal addrspace(1) constant [3 x i8] c"abc"
// IR: !DILocation(line: 1, column: 2
llvm.mlir.global internal constant @text("abc") {addr_space = 1 : i32} loc(callsite(callsite("f.tk":1:2 at "g.tk":3:4) at "h.tk":5:6))
llvm.mlir.global internal @number() {addr_space = 1 : i32} : i32 {
  %0 = llvm.mlir.constant(3 : i32) : i32 loc(callsite("f.tk":5:6 at "g.tk":3:4))
  llvm.return %0 : i32
}
llvm.func @k(%p: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %0 = llvm.mlir.addressof @text : !llvm.ptr<1>
  %1 = llvm.mlir.addressof @number : !llvm.ptr<1>
  %2 = llvm.getelementptr %p[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, !llvm.ptr<1>
  llvm.store %0, %p : !llvm.ptr<1>, !llvm.ptr<1>
  llvm.store %1, %2 : !llvm.ptr<1>, !llvm.ptr<1>
  llvm.return loc(callsite("f.tk":1:2 at "g.tk":3:4))
} loc("g.tk":1:1)
