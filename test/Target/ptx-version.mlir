// RUN: tkc %s --target=sm_90a --emit=ptx --split-input-file | FileCheck %s --check-prefixes=CHECK,SM90
// RUN: tkc %s --target=sm_100a --emit=ptx --split-input-file | FileCheck %s --check-prefixes=CHECK,SM100

// What every kernel of the target may use.
// SM90: .version 8.4
// SM90: .target sm_90a
// SM100: .version 8.6
// SM100: .target sm_100a
// CHECK: .entry plain
llvm.func @plain(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  llvm.return
}

// -----

// 256-bit accesses came with PTX 8.8.
// SM90: .version 8.8
// SM100: .version 8.8
// CHECK: .entry wide
// CHECK: ld.global.v8.b32
llvm.func @wide(%x: !llvm.ptr<1>) attributes {nvvm.kernel} {
  %v = llvm.inline_asm has_side_effects "ld.global.v8.b32 {$0,$1,$2,$3,$4,$5,$6,$7}, [$8];", "=r,=r,=r,=r,=r,=r,=r,=r,l" %x : (!llvm.ptr<1>) -> !llvm.struct<(i32, i32, i32, i32, i32, i32, i32, i32)>
  llvm.return
}

// -----

// A TMA load into the block's own shared memory came with PTX 8.6.
// SM90: .version 8.6
// SM100: .version 8.6
// CHECK: .entry tensor
// CHECK: cp.async.bulk.tensor.2d.shared::cta.global
llvm.func @tensor(%d: !llvm.ptr, %to: !llvm.ptr<3>, %bar: !llvm.ptr<3>, %x: i32) attributes {nvvm.kernel} {
  nvvm.cp.async.bulk.tensor.shared.cluster.global %to, %d, %bar, box[%x, %x] {isCTAOnly = true} : !llvm.ptr<3>, !llvm.ptr
  llvm.return
}
