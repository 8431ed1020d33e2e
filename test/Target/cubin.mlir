// REQUIRES: ptxas
// RUN: tkc %s --target=sm_80 -o %t1.cubin
// RUN: tkc %s --target=sm_80 --use-ptxas -o %t2.cubin
// RUN: cmp %t1.cubin %t2.cubin
// RUN: llvm-readelf --symbols %t1.cubin | FileCheck %s

// CHECK-DAG: FUNC GLOBAL {{.*}} first
// CHECK-DAG: FUNC GLOBAL {{.*}} second
llvm.func @first(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %c = llvm.mlir.constant(1 : i32) : i32
  llvm.store %c, %x : i32, !llvm.ptr<1>
  llvm.return
}
llvm.func @second(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}
