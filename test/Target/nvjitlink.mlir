// REQUIRES: nvjitlink
// RUN: tkc %s --target=sm_80 --use-nvjitlink -o %t.cubin
// RUN: llvm-readelf --symbols %t.cubin | FileCheck %s

// CHECK: FUNC GLOBAL {{.*}} only
llvm.func @only(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}
