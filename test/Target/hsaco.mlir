// RUN: tkc %s --target=gfx90a -o %t.gfx90a && llvm-readelf --notes %t.gfx90a | FileCheck %s --check-prefixes=CHECK,WAVE64
// RUN: tkc %s --target=gfx942 -o %t.gfx942 && llvm-readelf --notes %t.gfx942 | FileCheck %s --check-prefixes=CHECK,WAVE64
// RUN: tkc %s --target=gfx950 -o %t.gfx950 && llvm-readelf --notes %t.gfx950 | FileCheck %s --check-prefixes=CHECK,WAVE64
// RUN: tkc %s --target=gfx1100 -o %t.gfx1100 && llvm-readelf --notes %t.gfx1100 | FileCheck %s --check-prefixes=CHECK,WAVE32
// RUN: tkc %s --target=gfx942 -o %t.again && cmp %t.gfx942 %t.again
// RUN: llvm-objdump -d %t.gfx1100 | FileCheck %s --check-prefix=ASM

// Nobody reads the hidden arguments, so there are none.
// CHECK-NOT: hidden_
// CHECK: .kernarg_segment_size: 12
// CHECK: .max_flat_workgroup_size: 256
// CHECK: .name: scale
// CHECK: .uniform_work_group_size: 1
// WAVE64: .wavefront_size: 64
// WAVE32: .wavefront_size: 32
// Code object version 5.
// CHECK: amdhsa.version:
// CHECK-NEXT: - 1
// CHECK-NEXT: - 2

// ASM-LABEL: <scale>:
// ASM: global_load_b32
// ASM: v_mul_f32
// ASM: v_add_f32
// ASM: global_store_b32
// ASM: s_endpgm
llvm.func @scale(%x: !llvm.ptr<1>, %a: f32) attributes {rocdl.kernel, rocdl.flat_work_group_size = "1,256"} {
  %i = rocdl.workitem.id.x : i32
  %p = llvm.getelementptr %x[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
  %v = llvm.load %p : !llvm.ptr<1> -> f32
  %m = llvm.fmul %v, %a : f32
  %s = llvm.fadd %m, %v : f32
  llvm.store %s, %p : f32, !llvm.ptr<1>
  llvm.return
}
