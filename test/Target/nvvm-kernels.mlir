// RUN: tkc %s --target=sm_80 --emit=ptx | FileCheck %s
// RUN: tkc %s --target=sm_80 --emit=ptx -o %t1.ptx
// RUN: tkc %s --target=sm_80 --emit=ptx -o %t2.ptx
// RUN: cmp %t1.ptx %t2.ptx

// Several kernels of one module share a PTX file and its version.
// CHECK: .version 7.4
// CHECK: .target sm_80

// CHECK-LABEL: .visible .entry scale(
// CHECK-NEXT: .param .u64 .ptr .global .align 16 scale_param_0
// Multiplications and additions stay apart: nothing was said about contraction.
// CHECK: .maxntid 128
// CHECK: mul.rn.f32
// CHECK: add.rn.f32
llvm.func @scale(%x: !llvm.ptr<1> {llvm.align = 16 : i64}, %a: f32)
    attributes {nvvm.kernel, nvvm.maxntid = array<i32: 128>} {
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %p = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
  %v = llvm.load %p : !llvm.ptr<1> -> f32
  %m = llvm.fmul %v, %a : f32
  %s = llvm.fadd %m, %v : f32
  llvm.store %s, %p : f32, !llvm.ptr<1>
  llvm.return
}

// Shared pointers take 32 bits.
// CHECK-LABEL: .visible .entry swap(
// CHECK: st.shared.b32 [%r{{[0-9]+}}]
// CHECK: bar.sync 0
llvm.mlir.global external @buffer() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
llvm.func @swap(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %c31 = llvm.mlir.constant(31 : i32) : i32
  %tid = nvvm.read.ptx.sreg.tid.x : i32
  %other = llvm.xor %tid, %c31 : i32
  %base = llvm.mlir.addressof @buffer : !llvm.ptr<3>
  %from = llvm.getelementptr %base[%tid] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
  %to = llvm.getelementptr %base[%other] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
  %p = llvm.getelementptr %x[%tid] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
  %v = llvm.load %p : !llvm.ptr<1> -> f32
  llvm.store %v, %from : f32, !llvm.ptr<3>
  nvvm.barrier0
  %w = llvm.load %to : !llvm.ptr<3> -> f32
  llvm.store %w, %p : f32, !llvm.ptr<1>
  llvm.return
}
