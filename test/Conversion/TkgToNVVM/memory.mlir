// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

// Four neighbours in a thread, 32 threads, then the upper half.
#vector = #tkg.layout<shape = [[256]], register = [[1], [2], [128]], lane = [[4], [8], [16], [32], [64]]>
// One element in four threads each.
#copies = #tkg.layout<shape = [[8]], lane = [[1], [2], [4], [0], [0]]>
#rows = #tkg.layout<shape = [[4], [64]], register = [[0, 32], [1, 0], [2, 0]], lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Aligned neighbours move as 16 bytes. The test of the bound is one comparison
// of the thread's coordinate; for the upper half the bound moves, not the
// coordinate.
// CHECK-LABEL: llvm.func @aligned
// CHECK-SAME:    (%[[X:.*]]: !llvm.ptr<1>, %[[N:.*]]: i64, %[[Y:.*]]: !llvm.ptr<1>)
// CHECK:         %[[TID:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK:         %[[C:.*]] = llvm.shl %{{.*}}, %{{.*}} : i32
// CHECK:         %[[REST:.*]] = llvm.sub %[[N]], %[[START:.*]] : i64
// CHECK:         llvm.intr.smin(%[[REST]], %{{.*}})
// CHECK:         llvm.intr.smax
// CHECK:         %[[HIGH:.*]] = llvm.trunc
// CHECK:         %[[IN:.*]] = llvm.icmp "slt" %[[C]], %[[HIGH]]
// CHECK:         llvm.inline_asm has_side_effects "@$5 ld.global.nc.v4.b32 {$0, $1, $2, $3}, [$4];", "=r,=r,=r,=r,l,b,0,1,2,3" %{{.*}}, %[[IN]],
// CHECK:         %[[UPPER:.*]] = llvm.sub %[[HIGH]], %{{.*}} : i32
// CHECK:         llvm.icmp "slt" %[[C]], %[[UPPER]]
// CHECK:         ld.global.nc.v4.b32
// CHECK:         "@$1 st.global.v4.b32 [$0], {$2, $3, $4, $5};", "l,b,r,r,r,r"
// CHECK:         st.global.v4.b32
// CHECK-NOT:     st.global
// CHECK:         llvm.return
tk.kernel @aligned(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, extent_divisibility = [4]}},
    %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, extent_divisibility = [4]}})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c256 = arith.constant 256 : index
  %p = tk.program_id 0
  %s = arith.muli %p, %c256 : index
  %t = tk.load_view %x[%s +: 256] : !tk.view<?xf32> -> tensor<256xf32, #vector>
  tk.store_view %t, %y[%s +: 256] : tensor<256xf32, #vector>, !tk.view<?xf32>
  tk.return
}

// Nothing is known of this tensor: one element at a time, from any stride.
// CHECK-LABEL: llvm.func @unaligned
// CHECK-COUNT-8: ld.global.b32
// CHECK-NOT:     ld.global
// CHECK:         llvm.return
tk.kernel @unaligned(
    %x: !tk.view<?xf32> {tk.access = #tk.access<mut>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 256] : !tk.view<?xf32> -> tensor<256xf32, #vector>
  tk.store_view %t, %x[%c0 +: 256] : tensor<256xf32, #vector>, !tk.view<?xf32>
  tk.return
}

// A promise to stay inside leaves no test; the load is one that LLVM knows.
// CHECK-LABEL: llvm.func @inbounds
// CHECK-NOT:     llvm.icmp
// CHECK:         llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK:         llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
tk.kernel @inbounds(
    %x: !tk.view<?xf32> {tk.access = #tk.access<mut>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one}})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 256] {inbounds = array<i1: true>} : !tk.view<?xf32> -> tensor<256xf32, #vector>
  tk.store_view %t, %x[%c0 +: 256] {inbounds = array<i1: true>} : tensor<256xf32, #vector>, !tk.view<?xf32>
  tk.return
}

// A start that may be negative is tested at both ends.
// CHECK-LABEL: llvm.func @negative_start
// CHECK:         llvm.icmp "slt"
// CHECK:         llvm.icmp "sge"
tk.kernel @negative_start(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
    %y: !tk.ptr<f32>, %s: index)
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %t = tk.load_view %x[%s +: 8] : !tk.view<?xf32> -> tensor<8xf32, #copies>
  %c0 = arith.constant 0 : index
  %g = tk.addresses %x[%c0 +: 8] : !tk.view<?xf32> -> tensor<8x!tk.ptr<f32>, #copies>
  tk.store %t, %g : tensor<8xf32, #copies>, tensor<8x!tk.ptr<f32>, #copies>
  tk.return
}

// Of four copies one is stored: that of lanes 0 to 7.
// CHECK-LABEL: llvm.func @copies
// CHECK:         %[[MASK:.*]] = llvm.mlir.constant(24 : i32)
// CHECK:         %[[BITS:.*]] = llvm.and %{{.*}}, %[[MASK]]
// CHECK:         %[[FIRST:.*]] = llvm.icmp "eq" %[[BITS]], %{{.*}}
// CHECK:         st.global.b32 [$0], $2;", "l,b,r" %{{.*}}, %[[FIRST]],
tk.kernel @copies(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %cst = arith.constant dense<1.0> : tensor<8xf32, #copies>
  tk.store_view %cst, %x[%c0 +: 8] {inbounds = array<i1: true>} : tensor<8xf32, #copies>, !tk.view<?xf32>
  tk.return
}

// Rows lie a run-time stride apart; along a row, registers are constants.
// CHECK-LABEL: llvm.func @rows
// CHECK-SAME:    (%[[X:[^:]*]]: !llvm.ptr<1>, %[[S:[^:]*]]: i64)
// CHECK:         %[[TWO:.*]] = llvm.mlir.constant(2 : i64)
// CHECK:         %[[OFFSET:.*]] = llvm.mul %[[TWO]], %[[S]]
// CHECK:         %[[ROW:.*]] = llvm.getelementptr %{{.*}}[%[[OFFSET]]]
// CHECK:         llvm.getelementptr %[[ROW]][32] : (!llvm.ptr<1>) -> !llvm.ptr<1>, f32
tk.kernel @rows(
    %x: !tk.view<?x?xf32> {tk.access = #tk.access<mut>, tk.dims = ["M", "N"], tk.dtype = "f32", tk.name = "x", tkg.facts = {inner_stride_one}})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 4, %c0 +: 64] {inbounds = array<i1: true, true>} : !tk.view<?x?xf32> -> tensor<4x64xf32, #rows>
  tk.store_view %t, %x[%c0 +: 4, %c0 +: 64] {inbounds = array<i1: true, true>} : tensor<4x64xf32, #rows>, !tk.view<?x?xf32>
  tk.return
}

// A scalar is stored by thread 0.
// CHECK-LABEL: llvm.func @scalar
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
// CHECK:         %[[IS0:.*]] = llvm.icmp "eq" %{{.*}}, %[[ZERO]]
// CHECK:         "@$1 st.global.b64 [$0], $2;", "l,b,l" %{{.*}}, %[[IS0]],
tk.kernel @scalar(%x: !tk.ptr<i64>, %v: i64) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  tk.store %v, %x : i64, !tk.ptr<i64>
  tk.return
}

// A bool takes a byte.
// CHECK-LABEL: llvm.func @bools
// CHECK:         "@$2 ld.global.b8 $0, [$1];", "=h,l,b,0"
// CHECK:         llvm.trunc %{{.*}} : i16 to i8
// CHECK:         llvm.icmp "ne" %{{.*}} : i8
// CHECK:         llvm.zext %{{.*}} : i1 to i8
// CHECK:         st.global.b8
tk.kernel @bools(%x: !tk.view<?xi1>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 8] : !tk.view<?xi1> -> tensor<8xi1, #copies>
  tk.store_view %t, %x[%c0 +: 8] : tensor<8xi1, #copies>, !tk.view<?xi1>
  tk.return
}

// Gathers read where the index tile says; each index is tested.
// CHECK-LABEL: llvm.func @gather
// CHECK:         ld.global.b32
// CHECK:         %[[I:.*]] = llvm.sext %{{.*}} : i32 to i64
// CHECK:         llvm.mul %[[I]], %{{.*}} : i64
// CHECK:         llvm.icmp "ult" %[[I]], %{{.*}} : i64
tk.kernel @gather(%x: !tk.view<?xf32>, %i: !tk.view<?xi32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %i[%c0 +: 8] : !tk.view<?xi32> -> tensor<8xi32, #copies>
  %g = tk.load_view %x[gather %t] : !tk.view<?xf32> (tensor<8xi32, #copies>) -> tensor<8xf32, #copies>
  tk.store_view %g, %x[%c0 +: 8] : tensor<8xf32, #copies>, !tk.view<?xf32>
  tk.return
}
}
