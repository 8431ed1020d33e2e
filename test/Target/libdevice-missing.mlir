// RUN: not tkc %s --emit=ptx --cuda-path=%S --split-input-file 2>&1 | FileCheck %s

// The error stands at the first call. The second part declares a function of the library, but does not call it.
// CHECK: libdevice-missing.mlir:1 offset :[[#@LINE+9]]:8: error: the kernel calls '__nv_expf' of libdevice.10.bc, which was not found
// CHECK: note: looked in {{.*}}Target
// CHECK: note: pass --cuda-path or set CUDA_PATH
// CHECK-NOT: error:
// CHECK: .visible .entry plain
llvm.func @__nv_sinf(f32) -> f32
llvm.func @__nv_expf(f32) -> f32
llvm.func @exponential(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %v = llvm.load %x : !llvm.ptr<1> -> f32
  %e = llvm.call @__nv_expf(%v) : (f32) -> f32
  %f = llvm.call @__nv_sinf(%e) : (f32) -> f32
  llvm.store %f, %x : f32, !llvm.ptr<1>
  llvm.return
}
// -----
llvm.func @__nv_expf(f32) -> f32
llvm.func @plain(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}
