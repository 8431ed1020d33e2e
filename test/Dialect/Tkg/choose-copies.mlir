// RUN: tk-opt %s --tkg-choose-copies | FileCheck %s
// RUN: tk-opt %s --tkg-choose-copies=variants=false | FileCheck %s --check-prefix=NONE

// NONE-NOT: __vector
// NONE-NOT: tkg.copy_async

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#fma = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2>
!view = !tk.view<?x?xbf16>

// Rows of 64 bf16 are 128 bytes: chunks of 16 bytes are permuted by the row
// number, which is free of conflicts for cp.async and ldmatrix.
// CHECK-DAG: #[[$SWIZZLED:.*]] = #tkg.shared<shape = {{.}}[64], [64]], offset = {{.}}[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// The variant states its facts twice: for the compiler and for the host.
// Copies of a and b are one group; b is stored as [N, K] and read transposed.
// CHECK-LABEL: tk.kernel @matmul__vector
// CHECK-SAME:    tkg.facts = {base_alignment = 16 : i64, extent_divisibility = [1, 8], inner_stride_one, small_offsets, stride_divisibility = 8 : i64}
// CHECK-SAME:    tkg.kernel = "matmul"
// CHECK-SAME:    tkg.preconditions = ["a.address % 16 == 0", "a.stride1 == 1", "a.stride0 % 8 == 0", "K % 8 == 0", "a.span < 2147483648", "b.address % 16 == 0"
// CHECK-SAME:    tkg.variant = "vector"
// CHECK:         scf.for
// CHECK-NEXT:      %[[A:.*]] = tkg.alloc : !tkg.memdesc<64x64xbf16, #[[$SWIZZLED]]>
// CHECK-NEXT:      %[[TA:.*]] = tkg.copy_async %{{.*}} into %[[A]]
// CHECK-NEXT:      %[[B:.*]] = tkg.alloc : !tkg.memdesc<64x64xbf16, #[[$SWIZZLED]]>
// CHECK-NEXT:      %[[TB:.*]] = tkg.copy_async %{{.*}} into %[[B]]
// CHECK-NEXT:      %[[GROUP:.*]] = tkg.async_commit %[[TA]], %[[TB]]
// CHECK-NEXT:      %[[DONE:.*]] = tkg.async_wait %[[GROUP]]
// CHECK-NEXT:      %[[LHS:.*]] = tkg.local_load %[[A]] after %[[DONE]]
// CHECK-NEXT:      %[[BT:.*]] = tkg.memdesc_trans %[[B]] [1, 0]
// CHECK-NEXT:      %[[RHS:.*]] = tkg.local_load %[[BT]] after %[[DONE]]
// CHECK-NEXT:      tkg.dot %[[LHS]], %[[RHS]]

// CHECK-LABEL: tk.kernel @matmul(
// CHECK-NOT:     tkg.facts
// CHECK-SAME:    tkg.kernel = "matmul"
// CHECK-SAME:    tkg.variant = "general"
// CHECK-NOT:     tkg.copy_async
// CHECK:         tkg.dot
tk.kernel @matmul(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: !view {tk.dims = ["N", "K"], tk.name = "b"},
                  %n: index) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %t = tk.load_view %b[%c64 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %u = tk.trans %t [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
    %d = tkg.dot %s, %u, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.print "r", %r : tensor<64x64xf32>
  tk.return
}

// A load that two dots and elementwise work share is copied once and read three
// times. The second copy is needed after the first dot: it has its own group.
// CHECK-LABEL: tk.kernel @shared_operand__vector
// CHECK:         %[[A:.*]] = tkg.alloc
// CHECK:         tkg.copy_async
// CHECK-NEXT:    tkg.async_commit
// CHECK-NEXT:    tkg.async_wait
// CHECK-NEXT:    %[[L:.*]] = tkg.local_load %[[A]]
// CHECK-NEXT:    %[[AT:.*]] = tkg.memdesc_trans %[[A]] [1, 0]
// CHECK-NEXT:    %[[R:.*]] = tkg.local_load %[[AT]]
// CHECK-NEXT:    %[[E:.*]] = tkg.local_load %[[A]]
// CHECK-NEXT:    tkg.dot %[[L]], %[[R]]
// CHECK-NEXT:    arith.addf %[[E]], %[[E]]
// CHECK-NEXT:    tkg.alloc
// CHECK-NEXT:    tkg.copy_async
// CHECK-NEXT:    tkg.async_commit
tk.kernel @shared_operand(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 64] : !view -> tensor<64x64xbf16>
  %t = tk.trans %s [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
  %d = tkg.dot %s, %t, %zero instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %e = arith.addf %s, %s : tensor<64x64xbf16>
  %u = tk.load_view %a[%c0 +: 64, %c64 +: 64] : !view -> tensor<64x64xbf16>
  %f = tkg.dot %e, %u, %d instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  tk.print "f", %f : tensor<64x64xf32>
  tk.return
}

// Work on the elements, a cast and a transposition stand between the copy and the
// dot; what also leads to a dot on multiply-adds alone stays a load.
// CHECK-LABEL: tk.kernel @worked_on__vector
// CHECK:         %[[A:.*]] = tkg.alloc : !tkg.memdesc<64x64xf16
// CHECK-NEXT:    tkg.copy_async {{.*}} into %[[A]]
// CHECK:         %[[L:.*]] = tkg.local_load %[[A]]
// CHECK-NEXT:    %[[E:.*]] = arith.mulf %[[L]], %[[L]]
// CHECK-NEXT:    %[[C:.*]] = tk.cast %[[E]] : tensor<64x64xf16> -> tensor<64x64xbf16>
// CHECK-NEXT:    %[[T:.*]] = tk.trans %[[C]] [1, 0]
// CHECK-NEXT:    tkg.dot %{{.*}}, %[[T]]
// CHECK-NOT:     tkg.copy_async
// CHECK:         tk.return
tk.kernel @worked_on(%a: !tk.view<?x?xf16> {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>,
                     %x: !tk.view<?x?xf32> {tk.dims = ["M", "K"], tk.name = "x"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 64] : !tk.view<?x?xf16> -> tensor<64x64xf16>
  %e = arith.mulf %s, %s : tensor<64x64xf16>
  %c = tk.cast %e : tensor<64x64xf16> -> tensor<64x64xbf16>
  %t = tk.trans %c [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
  %d = tkg.dot %b, %t, %zero instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %y = tk.load_view %x[%c0 +: 64, %c0 +: 64] : !tk.view<?x?xf32> -> tensor<64x64xf32>
  %z = arith.addf %y, %y : tensor<64x64xf32>
  %f = tkg.dot %z, %z, %d instruction #fma : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  tk.print "f", %f : tensor<64x64xf32>
  tk.return
}

// 96 = 32 * 3 columns: three panels of 64 bytes, whose chunks are permuted by
// half the row number.
// CHECK-LABEL: tk.kernel @odd__vector
// CHECK:         tkg.alloc : !tkg.memdesc<64x96xbf16, #[[ODD:.*]]>
tk.kernel @odd(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<96x64xbf16>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 96] : !view -> tensor<64x96xbf16>
  %d = tkg.dot %s, %b, %zero instruction #mma : tensor<64x96xbf16>, tensor<96x64xbf16> -> tensor<64x64xf32>
  tk.print "d", %d : tensor<64x64xf32>
  tk.return
}

// Batches: the swizzle is in the last two dimensions.
// CHECK-LABEL: tk.kernel @batched__vector
// CHECK:         tkg.copy_async {{.*}} : !tk.view<?x?x?xbf16>, !tkg.memdesc<2x64x64xbf16
// CHECK:         tkg.local_load {{.*}} -> tensor<2x64x64xbf16>
tk.kernel @batched(%a: !tk.view<?x?x?xbf16> {tk.dims = ["B", "M", "K"], tk.name = "a"},
                   %b: tensor<2x64x64xbf16>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<2x64x64xf32>
  %s = tk.load_view %a[%c0 +: 2, %c0 +: 64, %c0 +: 64] : !tk.view<?x?x?xbf16> -> tensor<2x64x64xbf16>
  %d = tkg.dot %s, %b, %zero instruction #mma : tensor<2x64x64xbf16>, tensor<2x64x64xbf16> -> tensor<2x64x64xf32>
  tk.print "d", %d : tensor<2x64x64xf32>
  tk.return
}

// The second part of each row begins where the f32 extent R says: it is a
// multiple of 16 bytes of bf16, so that vectors of the part are aligned. M, which
// leads nowhere, is one of 16 bytes of f32.
// CHECK-LABEL: tk.kernel @parts__vector
// CHECK-SAME:    tkg.preconditions = [{{.*}}"R % 8 == 0"{{.*}}"M % 4 == 0"
tk.kernel @parts(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %c: !tk.view<?x?xf32> {tk.dims = ["M", "R"], tk.name = "c"},
                 %d: !tk.view<?xf32> {tk.dims = ["M"], tk.name = "d"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %r = tk.dim %c, 1 : !tk.view<?x?xf32>
  %m = tk.dim %d, 0 : !tk.view<?xf32>
  %part = tk.subview %a kinds [1, 2] offsets [%r] lengths [%m] : !view -> !view
  %t = tk.load_view %part[%c0 +: 64, %c0 +: 64] : !view -> tensor<64x64xbf16>
  %u = tk.load_view %c[%c0 +: 64, %c0 +: 64] : !tk.view<?x?xf32> -> tensor<64x64xf32>
  %v = tk.load_view %d[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32>
  tk.print "t", %t, %u, %v : tensor<64x64xbf16>, tensor<64x64xf32>, tensor<64xf32>
  tk.return
}

// Scalars along the last dimension profit from nothing.
// CHECK-LABEL: tk.kernel @column(
// CHECK-SAME:    tkg.variant = "general"
// CHECK-NOT:   @column__vector
tk.kernel @column(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %s = tk.load_view %a[%c0 +: 64, %c0] : !view -> tensor<64xbf16>
  tk.print "s", %s : tensor<64xbf16>
  tk.return
}

}
