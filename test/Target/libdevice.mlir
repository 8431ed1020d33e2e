// REQUIRES: libdevice
// RUN: tkc %s --emit=ptx | FileCheck %s

// Functions of libdevice are inlined, and denormals are kept.
// CHECK-NOT: __nv_
// CHECK: .entry exponential
// CHECK: fma.rn.f32
// CHECK-NOT: fma.rn.ftz
// CHECK: ret;
llvm.func @__nv_expf(f32) -> f32
llvm.func @exponential(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %v = llvm.load %x : !llvm.ptr<1> -> f32
  %e = llvm.call @__nv_expf(%v) : (f32) -> f32
  llvm.store %e, %x : f32, !llvm.ptr<1>
  llvm.return
}
