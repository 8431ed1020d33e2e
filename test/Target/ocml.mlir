// REQUIRES: ocml
// RUN: tkc %s --target=gfx942 -o %t.gfx942 && llvm-readelf --symbols %t.gfx942 | FileCheck %s
// RUN: tkc %s --target=gfx1100 -o %t.gfx1100 && llvm-readelf --symbols %t.gfx1100 | FileCheck %s
// RUN: tkc %s --target=gfx1100 --emit=llvmir | FileCheck %s --check-prefix=IR
// RUN: not tkc %s --target=gfx942 --rocm-path=%S -o %t.none 2>&1 | FileCheck %s --check-prefix=MISSING

// Everything called is inside, and the control constants are folded away.
// CHECK-NOT: UND __o
// CHECK: FUNC {{.*}} tanh
// IR-NOT: @__oclc
// IR: define {{.*}}amdgpu_kernel void @tanh

// MISSING: ocml.mlir:[[#@LINE+5]]:8: error: the kernel calls '__ocml_tanh_f32' of ocml.bc, which was not found
// MISSING: note: pass --rocm-path or set ROCM_PATH
llvm.func @__ocml_tanh_f32(f32) -> f32
llvm.func @tanh(%x: !llvm.ptr<1>) attributes {rocdl.kernel} {
  %v = llvm.load %x : !llvm.ptr<1> -> f32
  %t = llvm.call @__ocml_tanh_f32(%v) : (f32) -> f32
  llvm.store %t, %x : f32, !llvm.ptr<1>
  llvm.return
}
