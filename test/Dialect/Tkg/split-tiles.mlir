// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles))' | FileCheck %s
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles{max-accesses=1000 max-products=10000 max-stores=1000}))' | FileCheck %s --check-prefix=WHOLE
// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles{max-accesses=0}))' | FileCheck %s --check-prefix=ZERO
// WHOLE-NOT: tkg.rolled

#fma = #tkg.mma<fma, m = 4, n = 4, k = 1, type = bf16, warpsM = 2, warpsN = 2>
#rows = #tkg.mma<fma, m = 4, n = 2, k = 1, type = bf16, warpsM = 4, warpsN = 1>
#odd = #tkg.mma<fma, m = 1, n = 2, k = 1, type = bf16, warpsM = 8, warpsN = 1>
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
!view = !tk.view<?x?xbf16>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 128 x 64 elements on 128 threads are 64 accesses of one element each; halves
// have 32. What has one row is the same for all slices.
// CHECK-LABEL: tk.kernel @chain
// CHECK:         %[[BIAS:.*]] = tk.load_view %{{.*}}[%{{.*}} +: 1, %{{.*}} +: 64]
// CHECK-NEXT:    %[[C0:.*]] = arith.constant 0 : index
// CHECK-NEXT:    %[[C2:.*]] = arith.constant 2 : index
// CHECK-NEXT:    %[[C1:.*]] = arith.constant 1 : index
// CHECK-NEXT:    scf.for %[[S:.*]] = %[[C0]] to %[[C2]] step %[[C1]] {
// CHECK:           %[[C64:.*]] = arith.constant 64 : index
// CHECK:           %[[OFFSET:.*]] = arith.muli %[[S]], %[[C64]]
// CHECK:           %[[FROM:.*]] = arith.addi %[[I:.*]], %[[OFFSET]]
// CHECK:           %[[X:.*]] = tk.load_view %{{.*}}[%[[FROM]] +: 64, %[[J:.*]] +: 64] : {{.*}} -> tensor<64x64xbf16>
// CHECK:           %[[B:.*]] = tk.broadcast %[[BIAS]] : tensor<1x64xbf16> -> tensor<64x64xbf16>
// CHECK:           %[[SUM:.*]] = arith.addf %[[X]], %[[B]] : tensor<64x64xbf16>
// CHECK:           %[[TWO:.*]] = arith.constant dense<2.000000e+00> : tensor<64x64xbf16>
// CHECK:           %[[Y:.*]] = arith.mulf %[[SUM]], %[[TWO]]
// CHECK:           %[[TO:.*]] = arith.addi %[[I]], %[[OFFSET]]
// CHECK:           tk.store_view %[[Y]], %{{.*}}[%[[TO]] +: 64, %[[J]] +: 64] : tensor<64x64xbf16>
// CHECK-NEXT:    } {tkg.rolled}
// CHECK-NEXT:    tk.return
tk.kernel @chain(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %b: !view {tk.access = #tk.access<read>, tk.name = "b"},
                 %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index, %j: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %two = arith.constant dense<2.0> : tensor<128x64xbf16>
  %t = tk.load_view %x[%i +: 128, %j +: 64] : !view -> tensor<128x64xbf16>
  %bias = tk.load_view %b[%c0 +: 1, %j +: 64] : !view -> tensor<1x64xbf16>
  %w = tk.broadcast %bias : tensor<1x64xbf16> -> tensor<128x64xbf16>
  %s = arith.addf %t, %w : tensor<128x64xbf16>
  %u = arith.mulf %s, %two : tensor<128x64xbf16>
  tk.store_view %u, %y[%i +: 128, %j +: 64] : tensor<128x64xbf16>, !view
  tk.return
}

// A prime extent has no equal parts: 2053 accesses of 512 threads are cut into
// parts of 31, as 32 of 2053 are 16378 elements, and one for what remains.
// CHECK-LABEL: tk.kernel @prime
// CHECK:         %[[C66:.*]] = arith.constant 66 : index
// CHECK:         scf.for %[[S:.*]] = %{{.*}} to %[[C66]] step
// CHECK:           %[[PART:.*]] = arith.constant 15872 : index
// CHECK:           arith.muli %[[S]], %[[PART]]
// CHECK:           tk.store_view %{{.*}} : tensor<15872xi8>
// CHECK-NEXT:    } {tkg.rolled}
// CHECK-NEXT:    %[[DONE:.*]] = arith.constant 1047552 : index
// CHECK:         arith.addi %{{.*}}, %[[DONE]]
// CHECK:         tk.load_view %{{.*}} -> tensor<3227xi8>
// CHECK:         tk.store_view %{{.*}} : tensor<3227xi8>
// CHECK-NEXT:    tk.return
tk.kernel @prime(%x: !tk.view<?xi8> {tk.access = #tk.access<read>, tk.name = "x"},
                 %y: !tk.view<?xi8> {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 16 : i32} {
  %t = tk.load_view %x[%i +: 1050779] : !tk.view<?xi8> -> tensor<1050779xi8>
  tk.store_view %t, %y[%i +: 1050779] : tensor<1050779xi8>, !tk.view<?xi8>
  tk.return
}

// Four times the accesses that are allowed are not worth a rest: 127 stay whole.
// CHECK-LABEL: tk.kernel @short_prime
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @short_prime(%x: !tk.view<?xi8> {tk.access = #tk.access<read>, tk.name = "x"},
                       %y: !tk.view<?xi8> {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 16 : i32} {
  %t = tk.load_view %x[%i +: 64997] : !tk.view<?xi8> -> tensor<64997xi8>
  tk.store_view %t, %y[%i +: 64997] : tensor<64997xi8>, !tk.view<?xi8>
  tk.return
}

// Half as many accesses stay whole.
// CHECK-LABEL: tk.kernel @few
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @few(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 4 : i32} {
  %t = tk.load_view %x[%i +: 64, %i +: 64] : !view -> tensor<64x64xbf16>
  tk.store_view %t, %y[%i +: 64, %i +: 64] : tensor<64x64xbf16>, !view
  tk.return
}

// A tile with fewer elements than there are threads has no parts, whatever the
// limit.
// CHECK-LABEL: tk.kernel @tiny
// CHECK-NOT:     scf.for
// CHECK:         tk.return
// ZERO-LABEL: tk.kernel @tiny
// ZERO-NOT:     scf.for
// ZERO:         tk.return
tk.kernel @tiny(%x: !tk.view<?xi8> {tk.access = #tk.access<read>, tk.name = "x"},
                %y: !tk.view<?xi8> {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 16 : i32} {
  %t = tk.load_view %x[%i +: 7] : !tk.view<?xi8> -> tensor<7xi8>
  tk.store_view %t, %y[%i +: 7] : tensor<7xi8>, !tk.view<?xi8>
  tk.return
}

// Eight elements at once: 8 accesses.
// CHECK-LABEL: tk.kernel @aligned
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @aligned(
    %x: !view {tk.access = #tk.access<read>, tk.name = "x", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %y: !view {tk.access = #tk.access<out>, tk.name = "y", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128, %c0 +: 64] : !view -> tensor<128x64xbf16>
  tk.store_view %t, %y[%c0 +: 128, %c0 +: 64] : tensor<128x64xbf16>, !view
  tk.return
}

// A slice might read what an earlier one wrote; its tile is wanted elsewhere;
// memory is written in between.
// CHECK-LABEL: tk.kernel @in_place
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @in_place(%x: !view {tk.access = #tk.access<mut>, tk.name = "x"}, %i: index, %j: index) attributes {tkg.warps = 4 : i32} {
  %t = tk.load_view %x[%i +: 128, %i +: 64] : !view -> tensor<128x64xbf16>
  tk.store_view %t, %x[%j +: 128, %i +: 64] : tensor<128x64xbf16>, !view
  tk.return
}
// CHECK-LABEL: tk.kernel @used_twice
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @used_twice(%x: !view {tk.access = #tk.access<read>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"},
                      %z: !view {tk.access = #tk.access<out>, tk.name = "z"}, %i: index) attributes {tkg.warps = 4 : i32} {
  %t = tk.load_view %x[%i +: 128, %i +: 64] : !view -> tensor<128x64xbf16>
  tk.store_view %t, %y[%i +: 128, %i +: 64] : tensor<128x64xbf16>, !view
  tk.store_view %t, %z[%i +: 128, %i +: 64] : tensor<128x64xbf16>, !view
  tk.return
}
// CHECK-LABEL: tk.kernel @written_between
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @written_between(%x: !view {tk.access = #tk.access<mut>, tk.name = "x"}, %y: !view {tk.access = #tk.access<out>, tk.name = "y"},
                           %i: index, %s: bf16) attributes {tkg.warps = 4 : i32} {
  %t = tk.load_view %x[%i +: 128, %i +: 64] : !view -> tensor<128x64xbf16>
  tk.store_view %s, %x[%i, %i] : bf16, !view
  tk.store_view %t, %y[%i +: 128, %i +: 64] : tensor<128x64xbf16>, !view
  tk.return
}

// 64 + 64 accesses: slices of 16 along K have 32. The sums keep their order.
// CHECK-LABEL: tk.kernel @dot
// CHECK:         %[[R:.*]] = scf.for %[[S:.*]] = %{{.*}} to %[[C4:.*]] step %{{.*}} iter_args(%[[ACC:.*]] = %[[INIT:.*]]) -> (tensor<128x128xf32>) {
// CHECK:           %[[C16:.*]] = arith.constant 16 : index
// CHECK:           %[[OFFSET:.*]] = arith.muli %[[S]], %[[C16]]
// CHECK:           %[[KA:.*]] = arith.addi %[[K:.*]], %[[OFFSET]]
// CHECK:           %[[A:.*]] = tk.load_view %{{.*}}[%[[I:.*]] +: 128, %[[KA]] +: 16] : {{.*}} -> tensor<128x16xbf16>
// CHECK:           %[[KB:.*]] = arith.addi %[[K]], %[[OFFSET]]
// CHECK:           %[[B:.*]] = tk.load_view %{{.*}}[%[[KB]] +: 16, %[[I]] +: 128] : {{.*}} -> tensor<16x128xbf16>
// CHECK:           %[[D:.*]] = tkg.dot %[[A]], %[[B]], %[[ACC]]
// CHECK:           scf.yield %[[D]]
// CHECK:         } {tkg.rolled}
tk.kernel @dot(%a: !view {tk.access = #tk.access<read>, tk.name = "a"}, %b: !view {tk.access = #tk.access<read>, tk.name = "b"},
               %c: tensor<128x128xf32>, %i: index, %k: index) attributes {tkg.warps = 4 : i32} {
  %s = tk.load_view %a[%i +: 128, %k +: 64] : !view -> tensor<128x64xbf16>
  %t = tk.load_view %b[%k +: 64, %i +: 128] : !view -> tensor<64x128xbf16>
  %d = tkg.dot %s, %t, %c instruction #mma : tensor<128x64xbf16>, tensor<64x128xbf16> -> tensor<128x128xf32>
  tk.return
}

// Even the smallest slices, the 16 of the instruction, take 8 + 32 accesses: they
// are next best.
// CHECK-LABEL: tk.kernel @wide_dot
// CHECK:         %[[C4:.*]] = arith.constant 4 : index
// CHECK:         scf.for %{{.*}} = %{{.*}} to %[[C4]] step
// CHECK:           tkg.dot {{.*}} : tensor<64x16xbf16>, tensor<16x256xbf16> -> tensor<64x256xf32>
tk.kernel @wide_dot(%a: !view {tk.access = #tk.access<read>, tk.name = "a"}, %b: !view {tk.access = #tk.access<read>, tk.name = "b"},
                    %c: tensor<64x256xf32>, %i: index, %k: index) attributes {tkg.warps = 4 : i32} {
  %s = tk.load_view %a[%i +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
  %t = tk.load_view %b[%k +: 64, %i +: 256] : !view -> tensor<64x256xbf16>
  %d = tkg.dot %s, %t, %c instruction #mma : tensor<64x64xbf16>, tensor<64x256xbf16> -> tensor<64x256xf32>
  tk.return
}

// The operands would be loaded twice.
// CHECK-LABEL: tk.kernel @dot_twice
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @dot_twice(%a: !view {tk.access = #tk.access<read>, tk.name = "a"}, %b: !view {tk.access = #tk.access<read>, tk.name = "b"},
                     %c: tensor<128x128xf32>, %i: index, %k: index) attributes {tkg.warps = 4 : i32} {
  %s = tk.load_view %a[%i +: 128, %k +: 64] : !view -> tensor<128x64xbf16>
  %t = tk.load_view %b[%k +: 64, %i +: 128] : !view -> tensor<64x128xbf16>
  %d = tkg.dot %s, %t, %c instruction #mma : tensor<128x64xbf16>, tensor<64x128xbf16> -> tensor<128x128xf32>
  %u = tkg.dot %s, %t, %d instruction #mma : tensor<128x64xbf16>, tensor<64x128xbf16> -> tensor<128x128xf32>
  tk.return
}

// Without a matrix unit, 128 products for each of K are the code: slices of 8.
// CHECK-LABEL: tk.kernel @products
// CHECK:         scf.for
// CHECK:           tk.load_view {{.*}} -> tensor<128x8xbf16>
// CHECK:           tk.load_view {{.*}} -> tensor<8x128xbf16>
// CHECK:           tkg.dot
// CHECK:         } {tkg.rolled}
tk.kernel @products(
    %a: !view {tk.access = #tk.access<read>, tk.name = "a", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %b: !view {tk.access = #tk.access<read>, tk.name = "b", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %c: tensor<128x128xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %s = tk.load_view %a[%c0 +: 128, %c0 +: 32] : !view -> tensor<128x32xbf16>
  %t = tk.load_view %b[%c0 +: 32, %c0 +: 128] : !view -> tensor<32x128xbf16>
  %d = tkg.dot %s, %t, %c instruction #fma : tensor<128x32xbf16>, tensor<32x128xbf16> -> tensor<128x128xf32>
  tk.return
}

// The same through a transpose: the slice of K is cut from its other dimension.
// With 40 products for each of K, 25 of K would be allowed; 16 divide 176.
// CHECK-LABEL: tk.kernel @transposed_products
// CHECK:         scf.for
// CHECK:           tk.load_view {{.*}} -> tensor<64x16xbf16>
// CHECK:           %[[W:.*]] = tk.load_view {{.*}} -> tensor<80x16xbf16>
// CHECK:           %[[T:.*]] = tk.trans %[[W]] [1, 0] : tensor<80x16xbf16> -> tensor<16x80xbf16>
// CHECK:           tkg.dot
// CHECK:         } {tkg.rolled}
tk.kernel @transposed_products(
    %a: !view {tk.access = #tk.access<read>, tk.name = "a", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %b: !view {tk.access = #tk.access<read>, tk.name = "b", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %c: tensor<64x80xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 176] : !view -> tensor<64x176xbf16>
  %w = tk.load_view %b[%c0 +: 80, %c0 +: 176] : !view -> tensor<80x176xbf16>
  %t = tk.trans %w [1, 0] : tensor<80x176xbf16> -> tensor<176x80xbf16>
  %d = tkg.dot %s, %t, %c instruction #rows : tensor<64x176xbf16>, tensor<176x80xbf16> -> tensor<64x80xf32>
  tk.return
}

// 66 products for each of K; 16 of K are the fewest with an element of the 176
// columns for each of 256 threads. 1056 products are more than allowed, but less
// than all.
// CHECK-LABEL: tk.kernel @smallest_slices
// CHECK:         scf.for
// CHECK:           tk.load_view {{.*}} -> tensor<96x16xbf16>
// CHECK:           tk.load_view {{.*}} -> tensor<16x176xbf16>
// CHECK:           tkg.dot
// CHECK:         } {tkg.rolled}
tk.kernel @smallest_slices(
    %a: !view {tk.access = #tk.access<read>, tk.name = "a", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %b: !view {tk.access = #tk.access<read>, tk.name = "b", tkg.facts = {base_alignment = 16 : i64, inner_stride_one, stride_divisibility = 8 : i64, extent_divisibility = [1, 8]}},
    %c: tensor<96x176xf32>) attributes {tkg.warps = 8 : i32} {
  %c0 = arith.constant 0 : index
  %s = tk.load_view %a[%c0 +: 96, %c0 +: 32] : !view -> tensor<96x32xbf16>
  %t = tk.load_view %b[%c0 +: 32, %c0 +: 176] : !view -> tensor<32x176xbf16>
  %d = tkg.dot %s, %t, %c instruction #odd : tensor<96x32xbf16>, tensor<32x176xbf16> -> tensor<96x176xf32>
  tk.return
}

// 128 accesses of what no slice can be made of: through shared memory, 16 in
// each round.
// CHECK-LABEL: tk.kernel @store
// CHECK:         %[[M:.*]] = tkg.alloc init(%{{.*}} : tensor<128x128xbf16>) : !tkg.memdesc<128x128xbf16, #[[STACKED:.*]]>
// CHECK-NEXT:    %[[RING:.*]] = tkg.memdesc_slices %[[M]] : {{.*}} -> !tkg.memdesc<8 x [16x128xbf16], #[[SLICE:.*]]>
// CHECK:         scf.for %[[S:.*]] =
// CHECK:           %[[SLOT:.*]] = tkg.slot %[[RING]][%[[S]]]
// CHECK-NEXT:      %[[T:.*]] = tkg.local_load %[[SLOT]] : {{.*}} -> tensor<16x128xbf16>
// CHECK:           tk.store_view %[[T]], %{{.*}}[%{{.*}} +: 16, %{{.*}} +: 128] : tensor<16x128xbf16>
// CHECK:         } {tkg.rolled}
tk.kernel @store(%t: tensor<128x128xbf16>, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 4 : i32} {
  tk.store_view %t, %y[%i +: 128, %i +: 128] : tensor<128x128xbf16>, !view
  tk.return
}

// Slices of other extents need not lie in one piece.
// CHECK-LABEL: tk.kernel @store_odd
// CHECK-NOT:     scf.for
// CHECK:         tk.return
tk.kernel @store_odd(%t: tensor<96x128xbf16>, %y: !view {tk.access = #tk.access<out>, tk.name = "y"}, %i: index)
    attributes {tkg.warps = 4 : i32} {
  tk.store_view %t, %y[%i +: 96, %i +: 128] : tensor<96x128xbf16>, !view
  tk.return
}
}
