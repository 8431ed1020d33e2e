// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-assign-layouts))' | FileCheck %s

// Four warps of 32 lanes. Aligned views promise 16-byte addresses and whole
// vectors; bare ones promise nothing.

// 1024 f32: vectors of 4, then lanes, then warps, then a second vector.
// CHECK-DAG: #[[$F32:.*]] = #tkg.layout<shape = {{\[\[}}1024]], register = {{\[\[}}1], [2], [512]], lane = {{\[\[}}4], [8], [16], [32], [64]], warp = {{\[\[}}128], [256]]>
// 1024 bf16: one vector of 8.
// CHECK-DAG: #[[$BF16:.*]] = #tkg.layout<shape = {{\[\[}}1024]], register = {{\[\[}}1], [2], [4]], lane = {{\[\[}}8], [16], [32], [64], [128]], warp = {{\[\[}}256], [512]]>
// 1024 of anything, element by element.
// CHECK-DAG: #[[$SINGLE:.*]] = #tkg.layout<shape = {{\[\[}}1024]], register = {{\[\[}}128], [256], [512]], lane = {{\[\[}}1], [2], [4], [8], [16]], warp = {{\[\[}}32], [64]]>
// 64 x 64 bf16: eight lanes cover a row.
// CHECK-DAG: #[[$ROW:.*]] = #tkg.layout<shape = {{\[\[}}64], [64]], register = {{\[\[}}0, 1], [0, 2], [0, 4], [16, 0], [32, 0]], lane = {{\[\[}}0, 8], [0, 16], [0, 32], [1, 0], [2, 0]], warp = {{\[\[}}4, 0], [8, 0]]>
// The same seen from the transposed tile.
// CHECK-DAG: #[[$COLUMN:.*]] = #tkg.layout<shape = {{\[\[}}64], [64]], register = {{\[\[}}1, 0], [2, 0], [4, 0], [0, 16], [0, 32]], lane = {{\[\[}}8, 0], [16, 0], [32, 0], [0, 1], [0, 2]], warp = {{\[\[}}0, 4], [0, 8]]>
// 100 elements take 128 places, one for each thread.
// CHECK-DAG: #[[$PADDED:.*]] = #tkg.layout<shape = {{\[\[}}128]], lane = {{\[\[}}1], [2], [4], [8], [16]], warp = {{\[\[}}32], [64]]>
// 8 elements repeat 16 times.
// CHECK-DAG: #[[$REPEATED:.*]] = #tkg.layout<shape = {{\[\[}}8]], lane = {{\[\[}}1], [2], [4], [0], [0]], warp = {{\[\[}}0], [0]]>
// 5120 = 2^10 * 5 and 96 = 2^5 * 3: the odd digit is the outermost register.
// CHECK-DAG: #[[$T5120:.*]] = #tkg.layout<shape = {{\[\[}}1024, 5]], register = {{\[\[}}1], [2], [4], 5 * [1024]], lane = {{\[\[}}8], [16], [32], [64], [128]], warp = {{\[\[}}256], [512]]>
// CHECK-DAG: #[[$T96:.*]] = #tkg.layout<shape = {{\[\[}}32], [32, 3]], register = {{\[\[}}0, 1], [0, 2], [0, 4], 3 * [0, 32]], lane = {{\[\[}}0, 8], [0, 16], [1, 0], [2, 0], [4, 0]], warp = {{\[\[}}8, 0], [16, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// One layout throughout, of 16-byte vectors; the mask and the scalar come along.
// CHECK-LABEL: tk.kernel @elementwise(
tk.kernel @elementwise(
    %x: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [4]}},
    %y: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [4]}},
    %a: f32) attributes {tkg.warps = 4 : i32} {
  %p = tk.program_id 0
  %c1024 = arith.constant 1024 : index
  %s = arith.muli %p, %c1024 : index
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.load_view {{.*}} -> tensor<1024xf32, #[[$F32]]>
  %0 = tk.load_view %x[%s +: 1024] : !tk.view<?xf32> -> tensor<1024xf32>
  // CHECK: tk.splat {{.*}} -> tensor<1024xf32, #[[$F32]]>
  %1 = tk.splat %a : f32 -> tensor<1024xf32>
  // CHECK: arith.mulf {{.*}} : tensor<1024xf32, #[[$F32]]>
  %2 = arith.mulf %0, %1 : tensor<1024xf32>
  // CHECK: arith.cmpf {{.*}} : tensor<1024xf32, #[[$F32]]>
  %3 = arith.cmpf ogt, %2, %0 : tensor<1024xf32>
  // CHECK: arith.select {{.*}} : tensor<1024xi1, #[[$F32]]>, tensor<1024xf32, #[[$F32]]>
  %4 = arith.select %3, %2, %0 : tensor<1024xi1>, tensor<1024xf32>
  // CHECK: tk.store_view {{.*}} : tensor<1024xf32, #[[$F32]]>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %4, %y[%s +: 1024] : tensor<1024xf32>, !tk.view<?xf32>
  tk.return
}

// Without promises each lane takes the element beside that of its neighbour.
// CHECK-LABEL: tk.kernel @unaligned(
tk.kernel @unaligned(%x: !tk.view<?xf32>, %y: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view {{.*}} -> tensor<1024xf32, #[[$SINGLE]]>
  %0 = tk.load_view %x[%c0 +: 1024] : !tk.view<?xf32> -> tensor<1024xf32>
  // CHECK: tk.store_view {{.*}} : tensor<1024xf32, #[[$SINGLE]]>
  tk.store_view %0, %y[%c0 +: 1024] : tensor<1024xf32>, !tk.view<?xf32>
  tk.return
}

// A row that is read, reduced twice and written: no conversion. What is known
// once per row is a scalar.
// CHECK-LABEL: tk.kernel @softmax_row(
tk.kernel @softmax_row(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %y: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}})
    attributes {tkg.warps = 4 : i32} {
  %i = tk.program_id 0
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.load_view {{.*}} -> tensor<1024xbf16, #[[$BF16]]>
  %0 = tk.load_view %x[%i, %c0 +: 1024] : !tk.view<?x?xbf16> -> tensor<1024xbf16>
  %1 = tk.cast %0 : tensor<1024xbf16> -> tensor<1024xf32>
  // CHECK: tk.reduce({{.*}}) axis 0 : (tensor<1024xf32, #[[$BF16]]>) -> f32
  %2 = tk.reduce(%1) axis 0 : (tensor<1024xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %m = arith.maximumf %a, %b : f32
    tk.yield %m : f32
  }
  %3 = tk.splat %2 : f32 -> tensor<1024xf32>
  %4 = arith.subf %1, %3 : tensor<1024xf32>
  %5 = math.exp %4 : tensor<1024xf32>
  %6 = tk.reduce(%5) axis 0 : (tensor<1024xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %m = arith.addf %a, %b : f32
    tk.yield %m : f32
  }
  %7 = tk.splat %6 : f32 -> tensor<1024xf32>
  %8 = arith.divf %5, %7 : tensor<1024xf32>
  %9 = tk.cast %8 : tensor<1024xf32> -> tensor<1024xbf16>
  // CHECK: tk.store_view {{.*}} : tensor<1024xbf16, #[[$BF16]]>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %9, %y[%i, %c0 +: 1024] : tensor<1024xbf16>, !tk.view<?x?xbf16>
  tk.return
}

// What a loop carries has the layout of what the loop reads.
// CHECK-LABEL: tk.kernel @softmax_looped(
tk.kernel @softmax_looped(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %y: !tk.view<?xf32>, %n: index) attributes {tkg.warps = 4 : i32} {
  %i = tk.program_id 0
  %c0 = arith.constant 0 : index
  %c1024 = arith.constant 1024 : index
  // CHECK: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<1024xf32, #[[$BF16]]>
  %zero = arith.constant dense<0.0> : tensor<1024xf32>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[ZERO]]) -> (tensor<1024xf32, #[[$BF16]]>)
  %r = scf.for %k = %c0 to %n step %c1024 iter_args(%acc = %zero) -> (tensor<1024xf32>) {
    %0 = tk.load_view %x[%i, %k +: 1024] : !tk.view<?x?xbf16> -> tensor<1024xbf16>
    %1 = tk.cast %0 : tensor<1024xbf16> -> tensor<1024xf32>
    %2 = arith.addf %acc, %1 : tensor<1024xf32>
    // CHECK: scf.yield %{{.*}} : tensor<1024xf32, #[[$BF16]]>
    scf.yield %2 : tensor<1024xf32>
  }
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.reduce
  %s = tk.reduce(%r) axis 0 : (tensor<1024xf32>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %m = arith.addf %a, %b : f32
    tk.yield %m : f32
  }
  tk.store_view %s, %y[%i] : f32, !tk.view<?xf32>
  tk.return
}

// Tuples: the indices of an argmax take the layout of the values.
// CHECK-LABEL: tk.kernel @argmax(
tk.kernel @argmax(
    %x: !tk.view<?x?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 4, extent_divisibility = [1, 4]}},
    %y: !tk.view<?xi32>) attributes {tkg.warps = 4 : i32} {
  %i = tk.program_id 0
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%i, %c0 +: 1024] : !tk.view<?x?xf32> -> tensor<1024xf32>
  // CHECK: tk.arange : tensor<1024xi32, #[[$F32]]>
  %1 = tk.arange : tensor<1024xi32>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.reduce({{.*}}) axis 0 : (tensor<1024xf32, #[[$F32]]>, tensor<1024xi32, #[[$F32]]>) -> (f32, i32)
  %2:2 = tk.reduce(%0, %1) axis 0 : (tensor<1024xf32>, tensor<1024xi32>) -> (f32, i32) {
  ^bb0(%a: f32, %ai: i32, %b: f32, %bi: i32):
    %g = arith.cmpf ogt, %b, %a : f32
    %v = arith.select %g, %b, %a : f32
    %w = arith.select %g, %bi, %ai : i32
    tk.yield %v, %w : f32, i32
  }
  tk.store_view %2#1, %y[%i] : i32, !tk.view<?xi32>
  tk.return
}

// A transpose moves elements once, so that reads and writes both are 16 bytes.
// CHECK-LABEL: tk.kernel @transpose(
tk.kernel @transpose(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [8, 8]}},
    %y: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [8, 8]}})
    attributes {tkg.warps = 4 : i32} {
  %p = tk.program_id 0
  %q = tk.program_id 1
  %c64 = arith.constant 64 : index
  %i = arith.muli %p, %c64 : index
  %j = arith.muli %q, %c64 : index
  // CHECK: %[[T:.*]] = tk.load_view {{.*}} -> tensor<64x64xbf16, #[[$ROW]]>
  %0 = tk.load_view %x[%i +: 64, %j +: 64] : !tk.view<?x?xbf16> -> tensor<64x64xbf16>
  // CHECK: %[[U:.*]] = tk.trans %[[T]] [1, 0] : tensor<64x64xbf16, #[[$ROW]]> -> tensor<64x64xbf16, #[[$COLUMN]]>
  %1 = tk.trans %0 [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
  // CHECK: %[[V:.*]] = tkg.convert_layout %[[U]] : tensor<64x64xbf16, #[[$COLUMN]]> -> tensor<64x64xbf16, #[[$ROW]]>
  // CHECK-NEXT: tk.store_view %[[V]]
  tk.store_view %1, %y[%j +: 64, %i +: 64] : tensor<64x64xbf16>, !tk.view<?x?xbf16>
  tk.return
}

// Sums along columns: reads stay coalesced along the rows that are kept.
// CHECK-LABEL: tk.kernel @column_sums(
tk.kernel @column_sums(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %y: !tk.view<?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [8]}}, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %p = tk.program_id 0
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %j = arith.muli %p, %c64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xbf16>
  // CHECK: scf.for {{.*}} -> (tensor<64x64xbf16, #[[$ROW]]>)
  // CHECK-NOT: tkg.convert_layout
  // CHECK: scf.yield
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xbf16>) {
    %0 = tk.load_view %x[%k +: 64, %j +: 64] : !tk.view<?x?xbf16> -> tensor<64x64xbf16>
    %1 = arith.addf %acc, %0 : tensor<64x64xbf16>
    scf.yield %1 : tensor<64x64xbf16>
  }
  %s = tk.reduce(%r) axis 0 : (tensor<64x64xbf16>) -> tensor<64xbf16> {
  ^bb0(%a: bf16, %b: bf16):
    %m = arith.addf %a, %b : bf16
    tk.yield %m : bf16
  }
  tk.store_view %s, %y[%j +: 64] : tensor<64xbf16>, !tk.view<?xbf16>
  tk.return
}

// The bias of a row is read where the rows are: no conversion. The expanded
// tile has the rows' columns in its lanes.
// CHECK-LABEL: tk.kernel @row_bias(
tk.kernel @row_bias(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %b: !tk.view<?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.load_view {{.*}} -> tensor<64x64xbf16, #[[$ROW]]>
  %0 = tk.load_view %x[%c0 +: 64, %c0 +: 64] : !tk.view<?x?xbf16> -> tensor<64x64xbf16>
  %1 = tk.load_view %b[%c0 +: 64] : !tk.view<?xbf16> -> tensor<64xbf16>
  %2 = tk.expand_dims %1 axis 0 : tensor<64xbf16> -> tensor<1x64xbf16>
  // CHECK: tk.broadcast {{.*}} -> tensor<64x64xbf16, #[[$ROW]]>
  %3 = tk.broadcast %2 : tensor<1x64xbf16> -> tensor<64x64xbf16>
  %4 = arith.addf %0, %3 : tensor<64x64xbf16>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %4, %x[%c0 +: 64, %c0 +: 64] : tensor<64x64xbf16>, !tk.view<?x?xbf16>
  tk.return
}

// The mean of each row goes back to where the row is.
// CHECK-LABEL: tk.kernel @center_rows(
tk.kernel @center_rows(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.load_view {{.*}} -> tensor<64x64xbf16, #[[$ROW]]>
  %0 = tk.load_view %x[%c0 +: 64, %c0 +: 64] : !tk.view<?x?xbf16> -> tensor<64x64xbf16>
  %1 = tk.reduce(%0) axis 1 : (tensor<64x64xbf16>) -> tensor<64xbf16> {
  ^bb0(%a: bf16, %b: bf16):
    %m = arith.addf %a, %b : bf16
    tk.yield %m : bf16
  }
  %2 = tk.expand_dims %1 axis 1 : tensor<64xbf16> -> tensor<64x1xbf16>
  %3 = tk.broadcast %2 : tensor<64x1xbf16> -> tensor<64x64xbf16>
  %4 = arith.subf %0, %3 : tensor<64x64xbf16>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %4, %x[%c0 +: 64, %c0 +: 64] : tensor<64x64xbf16>, !tk.view<?x?xbf16>
  tk.return
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

// CHECK-LABEL: tk.kernel @tile_of_100(
tk.kernel @tile_of_100(%x: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view {{.*}} -> tensor<100xf32, #[[$PADDED]]>
  %0 = tk.load_view %x[%c0 +: 100] : !tk.view<?xf32> -> tensor<100xf32>
  tk.store_view %0, %x[%c0 +: 100] : tensor<100xf32>, !tk.view<?xf32>
  tk.return
}

// CHECK-LABEL: tk.kernel @tile_of_8(
tk.kernel @tile_of_8(%x: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view {{.*}} -> tensor<8xf32, #[[$REPEATED]]>
  %0 = tk.load_view %x[%c0 +: 8] : !tk.view<?xf32> -> tensor<8xf32>
  tk.store_view %0, %x[%c0 +: 8] : tensor<8xf32>, !tk.view<?xf32>
  tk.return
}

// CHECK-LABEL: tk.kernel @tile_of_5120(
tk.kernel @tile_of_5120(
    %x: !tk.view<?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view {{.*}} -> tensor<5120xbf16, #[[$T5120]]>
  %0 = tk.load_view %x[%c0 +: 5120] : !tk.view<?xbf16> -> tensor<5120xbf16>
  tk.store_view %0, %x[%c0 +: 5120] : tensor<5120xbf16>, !tk.view<?xbf16>
  tk.return
}

// CHECK-LABEL: tk.kernel @tile_of_32x96(
tk.kernel @tile_of_32x96(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view {{.*}} -> tensor<32x96xbf16, #[[$T96]]>
  %0 = tk.load_view %x[%c0 +: 32, %c0 +: 96] : !tk.view<?x?xbf16> -> tensor<32x96xbf16>
  tk.store_view %0, %x[%c0 +: 32, %c0 +: 96] : tensor<32x96xbf16>, !tk.view<?x?xbf16>
  tk.return
}

// A reshape keeps every element with its thread.
// CHECK-LABEL: tk.kernel @reshape(
tk.kernel @reshape(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %y: !tk.view<?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [8]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK: tk.load_view
  %0 = tk.load_view %x[%c0 +: 16, %c0 +: 64] : !tk.view<?x?xbf16> -> tensor<16x64xbf16>
  // CHECK-NEXT: tk.reshape {{.*}} -> tensor<1024xbf16, #[[$BF16]]>
  %1 = tk.reshape %0 : tensor<16x64xbf16> -> tensor<1024xbf16>
  // CHECK-NEXT: tk.store_view
  tk.store_view %1, %y[%c0 +: 1024] : tensor<1024xbf16>, !tk.view<?xbf16>
  tk.return
}

//===----------------------------------------------------------------------===//
// Pointers, gathers, atomics, branches
//===----------------------------------------------------------------------===//

// Pointers, offsets and masks lie where the elements do.
// CHECK-LABEL: tk.kernel @pointers(
tk.kernel @pointers(
    %x: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [4]}})
    attributes {tkg.warps = 4 : i32} {
  %p = tk.program_id 0
  %c1024 = arith.constant 1024 : index
  %s = arith.muli %p, %c1024 : index
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.addresses {{.*}} -> tensor<1024x!tk.ptr<f32>, #[[$F32]]>
  %a = tk.addresses %x[%s +: 1024] : !tk.view<?xf32> -> tensor<1024x!tk.ptr<f32>>
  // CHECK: tk.inside {{.*}} -> tensor<1024xi1, #[[$F32]]>
  %m = tk.inside %x[%s +: 1024] : !tk.view<?xf32> -> tensor<1024xi1>
  // CHECK: tk.load {{.*}} -> tensor<1024xf32, #[[$F32]]>
  %0 = tk.load %a mask %m : tensor<1024xi1> : tensor<1024x!tk.ptr<f32>> -> tensor<1024xf32>
  // CHECK: tk.store
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store %0, %a mask %m : tensor<1024xi1> : tensor<1024xf32>, tensor<1024x!tk.ptr<f32>>
  tk.return
}

// The rows that a gather takes lie with the rows of the tile.
// CHECK-LABEL: tk.kernel @gather_rows(
tk.kernel @gather_rows(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %rows: !tk.view<?xi32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  %0 = tk.load_view %rows[%c0 +: 64] : !tk.view<?xi32> -> tensor<64xi32>
  // CHECK: tk.load_view {{.*}}[gather %{{.*}}, {{.*}} -> tensor<64x64xbf16, #[[$ROW]]>
  %1 = tk.load_view %x[gather %0, %c0 +: 64] : !tk.view<?x?xbf16> (tensor<64xi32>) -> tensor<64x64xbf16>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %1, %x[%c0 +: 64, %c0 +: 64] : tensor<64x64xbf16>, !tk.view<?x?xbf16>
  tk.return
}

// CHECK-LABEL: tk.kernel @atomics(
tk.kernel @atomics(%x: !tk.view<?xf32>, %y: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  %0 = tk.load_view %x[%c0 +: 1024] : !tk.view<?xf32> -> tensor<1024xf32>
  %a = tk.addresses %y[%c0 +: 1024] : !tk.view<?xf32> -> tensor<1024x!tk.ptr<f32>>
  // CHECK: tk.atomic_rmw fadd {{.*}} : tensor<1024x!tk.ptr<f32>, #[[$SINGLE]]>, tensor<1024xf32, #[[$SINGLE]]>
  %1 = tk.atomic_rmw fadd relaxed gpu %a, %0 : tensor<1024x!tk.ptr<f32>>, tensor<1024xf32>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.return
}

// Both arms of a branch, and both regions of a while loop, agree.
// CHECK-LABEL: tk.kernel @branches(
tk.kernel @branches(
    %x: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [4]}}, %c: i1)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // CHECK-NOT: tkg.convert_layout
  %0 = tk.load_view %x[%c0 +: 1024] : !tk.view<?xf32> -> tensor<1024xf32>
  // CHECK: scf.if {{.*}} -> (tensor<1024xf32, #[[$F32]]>)
  %1 = scf.if %c -> (tensor<1024xf32>) {
    %2 = arith.negf %0 : tensor<1024xf32>
    scf.yield %2 : tensor<1024xf32>
  } else {
    scf.yield %0 : tensor<1024xf32>
  }
  // CHECK: scf.while (%{{.*}} = %{{.*}}) : (tensor<1024xf32, #[[$F32]]>) -> tensor<1024xf32, #[[$F32]]>
  %3 = scf.while (%t = %1) : (tensor<1024xf32>) -> tensor<1024xf32> {
    scf.condition(%c) %t : tensor<1024xf32>
  } do {
  ^bb0(%t: tensor<1024xf32>):
    %4 = arith.addf %t, %t : tensor<1024xf32>
    scf.yield %4 : tensor<1024xf32>
  }
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.store_view %3, %x[%c0 +: 1024] : tensor<1024xf32>, !tk.view<?xf32>
  tk.return
}

// Rows of 4 and rows of 6 cut the 24 elements at places that no list of digits
// has in common: the load and the store have layouts of their own, the reshape
// moves the elements. One that only splits a dimension does not.
// CHECK-LABEL: tk.kernel @reshapes(
// CHECK-NOT:     tkg.convert_layout
// CHECK:         %[[T:.*]] = tk.load_view {{.*}} -> tensor<6x4xf32, #[[$FROM:.*]]>
// CHECK-NEXT:    %[[U:.*]] = tk.reshape %[[T]] {tkg.through_memory} : tensor<6x4xf32, #[[$FROM]]> -> tensor<4x6xf32, #[[$TO:.*]]>
// CHECK-NEXT:    tk.store_view %[[U]], {{.*}} : tensor<4x6xf32, #[[$TO]]>
// CHECK:         tk.reshape %{{[a-z0-9]*}} : tensor<64xf32
// CHECK-NOT:     tkg.convert_layout
// CHECK:         tk.return
tk.kernel @reshapes(%x: !tk.view<?x?xf32>, %y: !tk.view<?xf32>) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 6, %c0 +: 4] : !tk.view<?x?xf32> -> tensor<6x4xf32>
  %1 = tk.reshape %0 : tensor<6x4xf32> -> tensor<4x6xf32>
  tk.store_view %1, %x[%c0 +: 4, %c0 +: 6] : tensor<4x6xf32>, !tk.view<?x?xf32>
  %2 = tk.load_view %y[%c0 +: 64] : !tk.view<?xf32> -> tensor<64xf32>
  %3 = tk.reshape %2 : tensor<64xf32> -> tensor<4x16xf32>
  tk.store_view %3, %x[%c0 +: 4, %c0 +: 16] : tensor<4x16xf32>, !tk.view<?x?xf32>
  tk.return
}

}
