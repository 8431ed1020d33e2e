// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-assign-layouts))' | FileCheck %s

// One warp and small instructions, so that the layouts can be read off the PTX
// ISA: m16n8k16, "Matrix Fragments for mma.m16n8k16 with floating point type".

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 1, warpsN = 1>
#mma2x2 = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#fma = #tkg.mma<fma, m = 2, n = 4, k = 1, type = f32, warpsM = 1, warpsN = 1>
#swapped = #tkg.mma<mma_sync, m = 8, n = 16, k = 16, type = bf16, warpsM = 1, warpsN = 1, swap = true>
#sharedA = #tkg.shared<shape = [[16], [16]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [1, 0], [2, 0], [4, 0], [8, 0]]>
#sharedB = #tkg.shared<shape = [[16], [8]], offset = [[0, 1], [0, 2], [0, 4], [1, 0], [2, 0], [4, 0], [8, 0]]>

// The accumulator: c0 c1 in a row, c2 c3 eight rows below.
// CHECK-DAG: #[[$ACC:.*]] = #tkg.layout<shape = {{\[\[}}16], [8]], register = {{\[\[}}0, 1], [8, 0]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
// CHECK-DAG: #[[$A:.*]] = #tkg.layout<shape = {{\[\[}}16], [16]], register = {{\[\[}}0, 1], [8, 0], [0, 8]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
// CHECK-DAG: #[[$B:.*]] = #tkg.layout<shape = {{\[\[}}16], [8]], register = {{\[\[}}1, 0], [8, 0]], lane = {{\[\[}}2, 0], [4, 0], [0, 1], [0, 2], [0, 4]]>
// The same instruction transposed: 8 rows, 16 columns.
// CHECK-DAG: #[[$SWACC:.*]] = #tkg.layout<shape = {{\[\[}}8], [16]], register = {{\[\[}}1, 0], [0, 8]], lane = {{\[\[}}2, 0], [4, 0], [0, 1], [0, 2], [0, 4]]>
// CHECK-DAG: #[[$SWLHS:.*]] = #tkg.layout<shape = {{\[\[}}8], [16]], register = {{\[\[}}0, 1], [0, 8]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
// CHECK-DAG: #[[$SWRHS:.*]] = #tkg.layout<shape = {{\[\[}}16], [16]], register = {{\[\[}}1, 0], [0, 8], [8, 0]], lane = {{\[\[}}2, 0], [4, 0], [0, 1], [0, 2], [0, 4]]>
// 128 x 128, four warps: a lane stores 8 columns at once.
// CHECK-DAG: #[[$STORE:.*]] = #tkg.layout<shape = {{\[\[}}128], [128]], register = {{\[\[}}0, 1], [0, 2], [0, 4], [8, 0], [16, 0], [32, 0], [64, 0]], lane = {{\[\[}}0, 8], [0, 16], [0, 32], [0, 64], [1, 0]], warp = {{\[\[}}2, 0], [4, 0]]>
// CHECK-DAG: #[[$ACC4:.*]] = #tkg.layout<shape = {{\[\[}}128], [128]], register = {{\[\[}}0, 1], [8, 0], [0, 8], [0, 16], [0, 32], [32, 0], [64, 0]], lane = {{\[\[}}0, 2], [0, 4], [1, 0], [2, 0], [4, 0]], warp = {{\[\[}}16, 0], [0, 64]]>
// Multiply-adds: 2 x 4 results a thread, 8 lanes along a row of 32.
// CHECK-DAG: #[[$FMA:.*]] = #tkg.layout<shape = {{\[\[}}8], [32]], register = {{\[\[}}0, 1], [0, 2], [1, 0]], lane = {{\[\[}}0, 4], [0, 8], [0, 16], [2, 0], [4, 0]]>
// All of K in each thread; copies along the other dimension.
// CHECK-DAG: #[[$FMAA:.*]] = #tkg.layout<shape = {{\[\[}}8], [2]], register = {{\[\[}}0, 1], [1, 0]], lane = {{\[\[}}0, 0], [0, 0], [0, 0], [2, 0], [4, 0]]>
// CHECK-DAG: #[[$FMAB:.*]] = #tkg.layout<shape = {{\[\[}}2], [32]], register = {{\[\[}}0, 1], [0, 2], [1, 0]], lane = {{\[\[}}0, 4], [0, 8], [0, 16], [0, 0], [0, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Operands come from shared memory in the layout of the instruction, and the
// loop carries the accumulator in its own.
// CHECK-LABEL: tk.kernel @loop(
tk.kernel @loop(%n: index) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tkg.alloc : !tkg.memdesc<16x16xbf16, #sharedA>
  %b = tkg.alloc : !tkg.memdesc<16x8xbf16, #sharedB>
  // CHECK: arith.constant dense<0.000000e+00> : tensor<16x8xf32, #[[$ACC]]>
  %zero = arith.constant dense<0.0> : tensor<16x8xf32>
  // CHECK-NOT: tkg.convert_layout
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (tensor<16x8xf32>) {
    // CHECK: tkg.local_load {{.*}} -> tensor<16x16xbf16, #[[$A]]>
    %x = tkg.local_load %a : !tkg.memdesc<16x16xbf16, #sharedA> -> tensor<16x16xbf16>
    // CHECK: tkg.local_load {{.*}} -> tensor<16x8xbf16, #[[$B]]>
    %y = tkg.local_load %b : !tkg.memdesc<16x8xbf16, #sharedB> -> tensor<16x8xbf16>
    // CHECK: tkg.dot {{.*}} -> tensor<16x8xf32, #[[$ACC]]>
    %d = tkg.dot %x, %y, %acc instruction #mma : tensor<16x16xbf16>, tensor<16x8xbf16> -> tensor<16x8xf32>
    // CHECK: scf.yield {{.*}} : tensor<16x8xf32, #[[$ACC]]>
    scf.yield %d : tensor<16x8xf32>
  }
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.print "result", %r : tensor<16x8xf32>
  tk.return
}

// The epilogue works in the accumulator's layout and moves elements once, when
// they are small.
// CHECK-LABEL: tk.kernel @epilogue(
tk.kernel @epilogue(
    %c: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [1, 8]}},
    %bias: !tk.view<?xf32> {tkg.facts = {base_alignment = 16, inner_stride_one, extent_divisibility = [4]}})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %x = arith.constant dense<1.0> : tensor<128x16xbf16>
  %y = arith.constant dense<1.0> : tensor<16x128xbf16>
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  // CHECK: tkg.dot {{.*}} -> tensor<128x128xf32, #[[$ACC4]]>
  %d = tkg.dot %x, %y, %zero instruction #mma2x2 : tensor<128x16xbf16>, tensor<16x128xbf16> -> tensor<128x128xf32>
  // CHECK-NOT: tkg.convert_layout {{.*}}128x128
  %v = tk.load_view %bias[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32>
  %e = tk.expand_dims %v axis 0 : tensor<128xf32> -> tensor<1x128xf32>
  // CHECK: tk.broadcast {{.*}} -> tensor<128x128xf32, #[[$ACC4]]>
  %w = tk.broadcast %e : tensor<1x128xf32> -> tensor<128x128xf32>
  %s = arith.addf %d, %w : tensor<128x128xf32>
  // CHECK: %[[T:.*]] = tk.cast {{.*}} -> tensor<128x128xbf16, #[[$ACC4]]>
  %t = tk.cast %s : tensor<128x128xf32> -> tensor<128x128xbf16>
  // CHECK: %[[U:.*]] = tkg.convert_layout %[[T]] : tensor<128x128xbf16, #[[$ACC4]]> -> tensor<128x128xbf16, #[[$STORE]]>
  // CHECK: tk.store_view %[[U]]
  tk.store_view %t, %c[%c0 +: 128, %c0 +: 128] : tensor<128x128xbf16>, !tk.view<?x?xbf16>
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.return
  tk.return
}

// The result of one dot is the left operand of the next: for 16-bit types the
// registers are the same.
// CHECK-LABEL: tk.kernel @chained(
tk.kernel @chained() attributes {tkg.warps = 1 : i32} {
  %x = arith.constant dense<1.0> : tensor<16x16xbf16>
  %y = arith.constant dense<1.0> : tensor<16x16xbf16>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32>
  %d = tkg.dot %x, %y, %zero instruction #mma : tensor<16x16xbf16>, tensor<16x16xbf16> -> tensor<16x16xf32>
  // CHECK: %[[M:.*]] = tk.reduce({{.*}}) axis 1
  %m = tk.reduce(%d) axis 1 : (tensor<16x16xf32>) -> tensor<16xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.maximumf %a, %b : f32
    tk.yield %s : f32
  }
  // CHECK-NOT: tkg.convert_layout
  // CHECK: tk.expand_dims %[[M]]
  %e = tk.expand_dims %m axis 1 : tensor<16xf32> -> tensor<16x1xf32>
  // CHECK-NEXT: tk.broadcast
  %b = tk.broadcast %e : tensor<16x1xf32> -> tensor<16x16xf32>
  // CHECK-NEXT: arith.subf
  %p = arith.subf %d, %b : tensor<16x16xf32>
  // CHECK-NEXT: %[[P:.*]] = tk.cast
  %q = tk.cast %p : tensor<16x16xf32> -> tensor<16x16xbf16>
  // CHECK-NEXT: tkg.dot %[[P]], {{.*}} : tensor<16x16xbf16, #[[$A]]>
  %f = tkg.dot %q, %y, %zero instruction #mma : tensor<16x16xbf16>, tensor<16x16xbf16> -> tensor<16x16xf32>
  tk.print "result", %f : tensor<16x16xf32>
  tk.return
}

// With `swap`, A is the right operand and B the left one.
// CHECK-LABEL: tk.kernel @swapped(
tk.kernel @swapped() attributes {tkg.warps = 1 : i32} {
  %x = arith.constant dense<1.0> : tensor<8x16xbf16>
  %y = arith.constant dense<2.0> : tensor<16x16xbf16>
  %zero = arith.constant dense<0.0> : tensor<8x16xf32>
  // CHECK: tkg.dot {{.*}} : tensor<8x16xbf16, #[[$SWLHS]]>, tensor<16x16xbf16, #[[$SWRHS]]> -> tensor<8x16xf32, #[[$SWACC]]>
  %d = tkg.dot %x, %y, %zero instruction #swapped : tensor<8x16xbf16>, tensor<16x16xbf16> -> tensor<8x16xf32>
  tk.print "result", %d : tensor<8x16xf32>
  tk.return
}

// CHECK-LABEL: tk.kernel @multiply_adds(
tk.kernel @multiply_adds() attributes {tkg.warps = 1 : i32} {
  // CHECK-DAG: tensor<8x2xf32, #[[$FMAA]]>
  %x = arith.constant dense<1.0> : tensor<8x2xf32>
  // CHECK-DAG: tensor<2x32xf32, #[[$FMAB]]>
  %y = arith.constant dense<2.0> : tensor<2x32xf32>
  %zero = arith.constant dense<0.0> : tensor<8x32xf32>
  // CHECK: tkg.dot {{.*}} : tensor<8x2xf32, #[[$FMAA]]>, tensor<2x32xf32, #[[$FMAB]]> -> tensor<8x32xf32, #[[$FMA]]>
  %d = tkg.dot %x, %y, %zero instruction #fma : tensor<8x2xf32>, tensor<2x32xf32> -> tensor<8x32xf32>
  tk.print "result", %d : tensor<8x32xf32>
  tk.return
}

}
