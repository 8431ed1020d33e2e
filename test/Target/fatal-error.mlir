// RUN: not tkc %s --emit=ptx 2>&1 | FileCheck %s

// LLVM's back end would end the process here: NVPTX has no instruction and no
// library for exp. It must become an error that names the function.
// CHECK: fatal-error.mlir:1:1: error: cannot generate code:
// CHECK-NOT: Stack dump
llvm.func @k(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %v = llvm.load %x : !llvm.ptr<1> -> f32
  %m = llvm.intr.exp(%v) : (f32) -> f32
  llvm.store %m, %x : f32, !llvm.ptr<1>
  llvm.return
}
