// REQUIRES: libdevice
// RUN: not tkc %s --emit=ptx 2>&1 | FileCheck %s

// CHECK: libdevice-unknown-function.mlir:[[#@LINE+4]]:8: error: '{{.*}}libdevice.10.bc' has no function '__nv_nonsense'
llvm.func @__nv_nonsense(f32) -> f32
llvm.func @k(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %v = llvm.load %x : !llvm.ptr<1> -> f32
  %e = llvm.call @__nv_nonsense(%v) : (f32) -> f32
  llvm.store %e, %x : f32, !llvm.ptr<1>
  llvm.return
}
