// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#row = #tkg.layout<shape = [[32], [32]], register = [[0, 1], [0, 2], [0, 4], [8, 0], [16, 0]], lane = [[0, 8], [0, 16], [1, 0], [2, 0], [4, 0]]>
// Chunks of 8 elements, permuted by the row.
#shared = #tkg.shared<shape = [[32], [32]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 0], [2, 8], [4, 16], [8, 0], [16, 0]]>
#a = #tkg.layout<shape = [[32], [32]], register = [[0, 1], [8, 0], [0, 8], [0, 16], [16, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
#b = #tkg.layout<shape = [[32], [32]], register = [[1, 0], [8, 0], [16, 0], [0, 8], [0, 16]], lane = [[2, 0], [4, 0], [0, 1], [0, 2], [0, 4]]>
#line = #tkg.shared<shape = [[32]], offset = [[1], [2], [4], [8], [16]]>
#pair = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]], warp = [[0]]>
#twice = #tkg.layout<shape = [[128]], register = [[1], [2]], lane = [[4], [8], [16], [32], [64]], warp = [[0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// CHECK: llvm.mlir.global external @__tk_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

// Rows go in by 16 bytes and come out by ldmatrix; a column-wise fragment by
// ldmatrix.trans.
// CHECK-LABEL: llvm.func @matrices
// CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// CHECK-NOT:     llvm.store
// CHECK:         nvvm.barrier
// CHECK-COUNT-4: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32
// CHECK-COUNT-4: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<col>, num = 4 : i32
// CHECK-NOT:     nvvm.ldmatrix
// CHECK:         llvm.return
tk.kernel @matrices(
    %x: !tk.view<?x?xbf16> {tk.access = #tk.access<mut>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "x"})
    attributes {grid = ["1"], tkg.warps = 1 : i32, tkg.shared_bytes = 2048 : i64} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 32, %c0 +: 32] : !tk.view<?x?xbf16> -> tensor<32x32xbf16, #row>
  %m = tkg.alloc init(%t : tensor<32x32xbf16, #row>) {offset = 0 : i64} : !tkg.memdesc<32x32xbf16, #shared>
  tkg.barrier
  %a = tkg.local_load %m : !tkg.memdesc<32x32xbf16, #shared> -> tensor<32x32xbf16, #a>
  %b = tkg.local_load %m : !tkg.memdesc<32x32xbf16, #shared> -> tensor<32x32xbf16, #b>
  tk.store_view %a, %x[%c0 +: 32, %c0 +: 32] : tensor<32x32xbf16, #a>, !tk.view<?x?xbf16>
  tk.store_view %b, %x[%c0 +: 32, %c0 +: 32] : tensor<32x32xbf16, #b>, !tk.view<?x?xbf16>
  tk.return
}

// A copy of 16 bytes that reads nothing where the element is outside; a slot is
// the ring plus its number times 2048 bytes.
// CHECK-LABEL: llvm.func @copies
// CHECK:         %[[SIZE:.*]] = llvm.mlir.constant(2048 : i32)
// CHECK:         %[[OFFSET:.*]] = llvm.mul %{{.*}}, %[[SIZE]] : i32
// CHECK:         llvm.getelementptr %{{.*}}[%[[OFFSET]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
// CHECK:         %[[READ:.*]] = llvm.select %{{.*}}, %{{.*}}, %{{.*}} : i1, i32
// CHECK-NEXT:    nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %[[READ]]
// CHECK-COUNT-3: nvvm.cp.async.shared.global
// CHECK-NOT:     nvvm.cp.async.shared.global
// CHECK:         nvvm.cp.async.commit.group
// CHECK:         nvvm.cp.async.wait.group 1
tk.kernel @copies(
    %x: !tk.view<?x?xbf16> {tk.access = #tk.access<read>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %y: !tk.view<?x?xbf16> {tk.access = #tk.access<out>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "y"}, %i: index)
    attributes {grid = ["1"], tkg.warps = 1 : i32, tkg.shared_bytes = 4096 : i64} {
  %c0 = arith.constant 0 : index
  %ring = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<2 x [32x32xbf16], #shared>
  %slot = tkg.slot %ring[%i] : !tkg.memdesc<2 x [32x32xbf16], #shared>
  %t = tkg.copy_async %x[%c0 +: 32, %c0 +: 32] into %slot : !tk.view<?x?xbf16>, !tkg.memdesc<32x32xbf16, #shared>
  %g = tkg.async_commit %t
  %w = tkg.async_wait %g {pending = 1 : i32}
  tkg.barrier
  %a = tkg.local_load %slot after %w : !tkg.memdesc<32x32xbf16, #shared> -> tensor<32x32xbf16, #a>
  tk.store_view %a, %y[%c0 +: 32, %c0 +: 32] : tensor<32x32xbf16, #a>, !tk.view<?x?xbf16>
  tk.return
}

// Where nothing is aligned the copy goes through registers.
// CHECK-LABEL: llvm.func @unaligned_copy
// CHECK-NOT:     nvvm.cp.async.shared.global
// CHECK:         ld.global.nc.b16
// CHECK:         llvm.store %{{.*}} : i16, !llvm.ptr<3>
tk.kernel @unaligned_copy(
    %x: !tk.view<?x?xbf16> {tk.access = #tk.access<read>, tk.dims = ["M", "N"], tk.dtype = "bf16", tk.name = "x"})
    attributes {grid = ["1"], tkg.warps = 1 : i32, tkg.shared_bytes = 2048 : i64} {
  %c0 = arith.constant 0 : index
  %m = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<32x32xbf16, #shared>
  %t = tkg.copy_async %x[%c0 +: 32, %c0 +: 32] into %m : !tk.view<?x?xbf16>, !tkg.memdesc<32x32xbf16, #shared>
  tk.return
}

// 32 elements are copied by the first of two warps. What both hold later is
// stored by the first, too.
// CHECK-LABEL: llvm.func @copied_once
// CHECK:         %[[FIVE:.*]] = llvm.mlir.constant(5 : i32)
// CHECK-NEXT:    %[[WARP:.*]] = llvm.lshr %{{.*}}, %[[FIVE]]
// CHECK:         %[[COPY:.*]] = llvm.and %[[WARP]], %{{.*}}
// CHECK-NEXT:    %[[IS_FIRST:.*]] = llvm.icmp "eq" %[[COPY]], %{{.*}} : i32
// CHECK:         llvm.cond_br %[[IS_FIRST]], ^[[COPIES:.*]], ^[[REST:.*]]
// CHECK-NEXT:  ^[[COPIES]]:
// CHECK-COUNT-1: nvvm.cp.async.shared.global
// CHECK-NOT:     nvvm.cp.async.shared.global
// CHECK:         llvm.br ^[[REST]]
// CHECK-NEXT:  ^[[REST]]:
// CHECK-NEXT:    nvvm.cp.async.commit.group
// CHECK:         nvvm.barrier
// CHECK-NOT:     llvm.cond_br
// CHECK:         llvm.load
// CHECK:         llvm.cond_br %{{.*}}, ^[[STORE:.*]], ^[[END:.*]]
// CHECK-NEXT:  ^[[STORE]]:
// CHECK-COUNT-1: llvm.store
// CHECK-NOT:     llvm.store
// CHECK:         llvm.br ^[[END]]
tk.kernel @copied_once(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, extent_divisibility = [4]}})
    attributes {grid = ["1"], tkg.warps = 2 : i32, tkg.shared_bytes = 128 : i64} {
  %c0 = arith.constant 0 : index
  %m = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<32xf32, #line>
  %t = tkg.copy_async %x[%c0 +: 32] into %m : !tk.view<?xf32>, !tkg.memdesc<32xf32, #line>
  %g = tkg.async_commit %t
  %w = tkg.async_wait %g {pending = 0 : i32}
  tkg.barrier
  %a = tkg.local_load %m after %w : !tkg.memdesc<32xf32, #line> -> tensor<32xf32, #pair>
  tkg.barrier
  tkg.local_store %a, %m : tensor<32xf32, #pair>, !tkg.memdesc<32xf32, #line>
  tk.return
}

// The source of a gather, held by two warps.
// CHECK-LABEL: llvm.func @gathered
// CHECK:         %[[FIVE:.*]] = llvm.mlir.constant(5 : i32)
// CHECK-NEXT:    %[[WARP:.*]] = llvm.lshr %{{.*}}, %[[FIVE]]
// CHECK:         %[[COPY:.*]] = llvm.and %[[WARP]], %{{.*}}
// CHECK-NEXT:    %[[IS_FIRST:.*]] = llvm.icmp "eq" %[[COPY]], %{{.*}} : i32
// CHECK-COUNT-4: llvm.inline_asm has_side_effects "@$1 st.shared.b32 [$0], $2;", "r,b,r" %{{.*}}, %[[IS_FIRST]], %{{.*}}
// CHECK-NEXT:    nvvm.barrier
// No index reads from behind the source.
// CHECK:         %[[LAST:.*]] = llvm.mlir.constant(127 : i32)
// CHECK-NEXT:    %[[PLACE:.*]] = llvm.intr.umin(%{{.*}}, %[[LAST]])
// CHECK:         %[[POINTER:.*]] = llvm.getelementptr %{{.*}}[%[[PLACE]]]
// CHECK:         llvm.load %[[POINTER]] {{.*}} !llvm.ptr<3>
tk.kernel @gathered(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 2 : i32, tkg.shared_bytes = 512 : i64} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #twice>
  %i = tk.arange : tensor<128xindex, #twice>
  %g = tk.gather %t[%i] axis 0 {tkg.scratch_offset = 0 : i64} : tensor<128xf32, #twice>, tensor<128xindex, #twice> -> tensor<128xf32, #twice>
  tk.store_view %g, %x[%c0 +: 128] : tensor<128xf32, #twice>, !tk.view<?xf32>
  tk.return
}
}
