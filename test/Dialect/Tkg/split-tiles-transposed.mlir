// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles))' | FileCheck %s
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles{max-transposed=2000}))' | FileCheck %s --check-prefix=WHOLE

!view = !tk.view<?x?xbf16>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 781 x 64 elements on 32 threads are 1562 accesses; 128 rows have 256. 6 times
// 128 rows leave 13.
// CHECK-LABEL: tk.kernel @transposed
// CHECK-SAME:    %[[I:[a-z0-9]+]]: index, %[[J:[a-z0-9]+]]: index)
// CHECK:         %[[PARTS:.*]] = arith.constant 6 : index
// CHECK:         scf.for %[[S:.*]] = %{{.*}} to %[[PARTS]]
// CHECK:           %[[C128:.*]] = arith.constant 128 : index
// CHECK:           %[[OFFSET:.*]] = arith.muli %[[S]], %[[C128]]
// CHECK:           %[[FROM:.*]] = arith.addi %[[I]], %[[OFFSET]]
// CHECK:           %[[X:.*]] = tk.load_view %{{.*}}[%[[J]] +: 64, %[[FROM]] +: 128] : {{.*}} -> tensor<64x128xbf16>
// CHECK:           %[[T:.*]] = tk.trans %[[X]] [1, 0] : tensor<64x128xbf16> -> tensor<128x64xbf16>
// CHECK:           %[[Y:.*]] = arith.negf %[[T]] : tensor<128x64xbf16>
// CHECK:           %[[TO:.*]] = arith.addi %[[I]], %[[OFFSET]]
// CHECK:           tk.store_view %[[Y]], %{{.*}}[%[[TO]] +: 128, %[[J]] +: 64]
// CHECK-NEXT:    } {tkg.rolled}
// CHECK:         %[[C768:.*]] = arith.constant 768 : index
// CHECK:         %[[FROM:.*]] = arith.addi %[[I]], %[[C768]]
// CHECK:         tk.load_view %{{.*}}[%[[J]] +: 64, %[[FROM]] +: 13] : {{.*}} -> tensor<64x13xbf16>
// CHECK:         %[[TO:.*]] = arith.addi %[[I]], %[[C768]]
// CHECK:         tk.store_view %{{.*}}[%[[TO]] +: 13, %[[J]] +: 64] : tensor<13x64xbf16>
// CHECK-NEXT:    tk.return
// WHOLE-LABEL: tk.kernel @transposed
// WHOLE-NOT:     scf.for
// WHOLE:         tk.return
tk.kernel @transposed(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index, %j: index)
    attributes {tkg.warps = 1 : i32} {
  %t = tk.load_view %x[%j +: 64, %i +: 781] : !view -> tensor<64x781xbf16>
  %u = tk.trans %t [1, 0] : tensor<64x781xbf16> -> tensor<781x64xbf16>
  %v = arith.negf %u : tensor<781x64xbf16>
  tk.store_view %v, %y[%i +: 781, %j +: 64] : tensor<781x64xbf16>, !view
  tk.return
}

// What is cut is the longer dimension: columns of y, rows of x.
// CHECK-LABEL: tk.kernel @columns
// CHECK:         scf.for
// CHECK:           tk.load_view %{{.*}}[%{{.*}} +: 128, %{{.*}} +: 64]
// CHECK:           tk.store_view %{{.*}}[%{{.*}} +: 64, %{{.*}} +: 128]
// CHECK:         tk.return
tk.kernel @columns(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index, %j: index)
    attributes {tkg.warps = 1 : i32} {
  %t = tk.load_view %x[%i +: 768, %j +: 64] : !view -> tensor<768x64xbf16>
  %u = tk.trans %t [1, 0] : tensor<768x64xbf16> -> tensor<64x768xbf16>
  tk.store_view %u, %y[%j +: 64, %i +: 768] : tensor<64x768xbf16>, !view
  tk.return
}

// 128 accesses of 16 bytes, but 256 KB, and a block has 227. Other buffers may
// want half of them: 96 rows are 96 KB.
// CHECK-LABEL: tk.kernel @wide
// CHECK:         scf.for
// CHECK:           tk.load_view %{{.*}} -> tensor<256x96xf32>
// CHECK:         } {tkg.rolled}
// CHECK:         tk.load_view %{{.*}} -> tensor<256x64xf32>
// CHECK:         tk.return
// WHOLE-LABEL: tk.kernel @wide
// WHOLE:         scf.for
tk.kernel @wide(
    %x: !tk.view<?x?xf32> {tk.access = #tk.access<read>, tk.name = "x", tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 4, extent_divisibility = [4, 4]}},
    %y: !tk.view<?x?xf32> {tk.access = #tk.access<out>, tk.name = "y", tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 4, extent_divisibility = [4, 4]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 256, %c0 +: 256] : !tk.view<?x?xf32> -> tensor<256x256xf32>
  %u = tk.trans %t [1, 0] : tensor<256x256xf32> -> tensor<256x256xf32>
  tk.store_view %u, %y[%c0 +: 256, %c0 +: 256] : tensor<256x256xf32>, !tk.view<?x?xf32>
  tk.return
}

// 64 accesses stay whole, though elementwise work of so many does not.
// CHECK-LABEL: tk.kernel @few
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @few(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index, %j: index)
    attributes {tkg.warps = 4 : i32} {
  %t = tk.load_view %x[%j +: 64, %i +: 128] : !view -> tensor<64x128xbf16>
  %u = tk.trans %t [1, 0] : tensor<64x128xbf16> -> tensor<128x64xbf16>
  tk.store_view %u, %y[%i +: 128, %j +: 64] : tensor<128x64xbf16>, !view
  tk.return
}

// Row i of y needs element i of the row and all of it.
// CHECK-LABEL: tk.kernel @row_and_column
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @row_and_column(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 1 : i32} {
  %row = tk.load_view %x[%i +: 1, %i +: 512] : !view -> tensor<1x512xbf16>
  %column = tk.trans %row [1, 0] : tensor<1x512xbf16> -> tensor<512x1xbf16>
  %rows = tk.broadcast %row : tensor<1x512xbf16> -> tensor<512x512xbf16>
  %columns = tk.broadcast %column : tensor<512x1xbf16> -> tensor<512x512xbf16>
  %sum = arith.addf %rows, %columns : tensor<512x512xbf16>
  tk.store_view %sum, %y[%i +: 512, %i +: 512] : tensor<512x512xbf16>, !view
  tk.return
}
}
