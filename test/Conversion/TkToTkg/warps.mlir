// RUN: tk-opt %s --convert-tk-to-tkg=target=sm_90a | FileCheck %s

// CHECK-LABEL: tk.kernel @scalars(
// CHECK-SAME:    tkg.warps = 1 : i32
tk.kernel @scalars(%x: !tk.view<?xf32>, %i: index) {
  %0 = tk.load_view %x[%i] : !tk.view<?xf32> -> f32
  tk.store_view %0, %x[%i] : f32, !tk.view<?xf32>
  tk.return
}

// 200 elements: one warp holds 128 of them with 4 a thread, two suffice.
// CHECK-LABEL: tk.kernel @small_tile(
// CHECK-SAME:    tkg.warps = 2 : i32
tk.kernel @small_tile(%x: !tk.view<?xf32>, %i: index) {
  %0 = tk.load_view %x[%i +: 200] : !tk.view<?xf32> -> tensor<200xf32>
  tk.store_view %0, %x[%i +: 200] : tensor<200xf32>, !tk.view<?xf32>
  tk.return
}

// 512 bytes are 16 for each lane of one warp, 512 f16 those of two.
// CHECK-LABEL: tk.kernel @bytes(
// CHECK-SAME:    tkg.warps = 1 : i32
// CHECK-LABEL: tk.kernel @halves(
// CHECK-SAME:    tkg.warps = 2 : i32
tk.kernel @bytes(%x: !tk.view<?xi8>, %i: index) {
  %0 = tk.load_view %x[%i +: 512] : !tk.view<?xi8> -> tensor<512xi8>
  tk.store_view %0, %x[%i +: 512] : tensor<512xi8>, !tk.view<?xi8>
  tk.return
}
tk.kernel @halves(%x: !tk.view<?xf16>, %i: index) {
  %0 = tk.load_view %x[%i +: 512] : !tk.view<?xf16> -> tensor<512xf16>
  tk.store_view %0, %x[%i +: 512] : tensor<512xf16>, !tk.view<?xf16>
  tk.return
}

// CHECK-LABEL: tk.kernel @usual_tile(
// CHECK-SAME:    tkg.warps = 4 : i32
tk.kernel @usual_tile(%x: !tk.view<?xf32>, %i: index) {
  %0 = tk.load_view %x[%i +: 1024] : !tk.view<?xf32> -> tensor<1024xf32>
  tk.store_view %0, %x[%i +: 1024] : tensor<1024xf32>, !tk.view<?xf32>
  tk.return
}

// 5120 / (32 * 16) = 10, of which 8 is the power of two below.
// CHECK-LABEL: tk.kernel @row_of_5120(
// CHECK-SAME:    tkg.warps = 8 : i32
tk.kernel @row_of_5120(%x: !tk.view<?xbf16>, %i: index) {
  %0 = tk.load_view %x[%i +: 5120] : !tk.view<?xbf16> -> tensor<5120xbf16>
  tk.store_view %0, %x[%i +: 5120] : tensor<5120xbf16>, !tk.view<?xbf16>
  tk.return
}

// CHECK-LABEL: tk.kernel @row_of_65536(
// CHECK-SAME:    tkg.warps = 16 : i32
tk.kernel @row_of_65536(%x: !tk.view<?xbf16>, %i: index) {
  %0 = tk.load_view %x[%i +: 65536] : !tk.view<?xbf16> -> tensor<65536xbf16>
  tk.store_view %0, %x[%i +: 65536] : tensor<65536xbf16>, !tk.view<?xbf16>
  tk.return
}

// A loop that makes a scalar of each tile has 32 elements of 16 bits for each
// thread: 2048 / (32 * 32). Those of 32 bits stay at 16, and so do reductions to
// a tile and those that no loop repeats.
// CHECK-LABEL: tk.kernel @reduced_in_loop(
// CHECK-SAME:    tkg.warps = 2 : i32
// CHECK-LABEL: tk.kernel @wide_reduced_in_loop(
// CHECK-SAME:    tkg.warps = 4 : i32
// CHECK-LABEL: tk.kernel @rows_reduced_in_loop(
// CHECK-SAME:    tkg.warps = 4 : i32
// CHECK-LABEL: tk.kernel @reduced_once(
// CHECK-SAME:    tkg.warps = 4 : i32
tk.kernel @reduced_in_loop(%x: !tk.view<?xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2048 = arith.constant 2048 : index
  scf.for %k = %c0 to %n step %c2048 {
    %t = tk.load_view %x[%k +: 2048] : !tk.view<?xbf16> -> tensor<2048xbf16>
    %s = tk.reduce(%t) axis 0 : (tensor<2048xbf16>) -> bf16 {
    ^bb0(%a: bf16, %b: bf16):
      %c = arith.addf %a, %b : bf16
      tk.yield %c : bf16
    }
    tk.print "s", %s : bf16
  }
  tk.return
}
tk.kernel @wide_reduced_in_loop(%x: !tk.view<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c2048 = arith.constant 2048 : index
  scf.for %k = %c0 to %n step %c2048 {
    %t = tk.load_view %x[%k +: 2048] : !tk.view<?xf32> -> tensor<2048xf32>
    %s = tk.reduce(%t) axis 0 : (tensor<2048xf32>) -> f32 {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      tk.yield %c : f32
    }
    tk.print "s", %s : f32
  }
  tk.return
}
tk.kernel @rows_reduced_in_loop(%x: !tk.view<?x?xbf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1024 = arith.constant 1024 : index
  scf.for %k = %c0 to %n step %c1024 {
    %t = tk.load_view %x[%c0 +: 2, %k +: 1024] : !tk.view<?x?xbf16> -> tensor<2x1024xbf16>
    %s = tk.reduce(%t) axis 1 : (tensor<2x1024xbf16>) -> tensor<2xbf16> {
    ^bb0(%a: bf16, %b: bf16):
      %c = arith.addf %a, %b : bf16
      tk.yield %c : bf16
    }
    tk.print "s", %s : tensor<2xbf16>
  }
  tk.return
}
tk.kernel @reduced_once(%x: !tk.view<?xbf16>, %k: index) {
  %t = tk.load_view %x[%k +: 2048] : !tk.view<?xbf16> -> tensor<2048xbf16>
  %s = tk.reduce(%t) axis 0 : (tensor<2048xbf16>) -> bf16 {
  ^bb0(%a: bf16, %b: bf16):
    %c = arith.addf %a, %b : bf16
    tk.yield %c : bf16
  }
  tk.print "s", %s : bf16
  tk.return
}

// 96 * 176 = 2^9 * 33: more than 4 warps would leave less than 4 f16 side by side
// to a thread.
// CHECK-LABEL: tk.kernel @few_bits(
// CHECK-SAME:    tkg.warps = 4 : i32
tk.kernel @few_bits(%x: !tk.view<?x?xf16>, %i: index) {
  %0 = tk.load_view %x[%i +: 96, %i +: 176] : !tk.view<?x?xf16> -> tensor<96x176xf16>
  tk.store_view %0, %x[%i +: 96, %i +: 176] : tensor<96x176xf16>, !tk.view<?x?xf16>
  tk.return
}

// The result of a dot decides, not the operands: 128 * 256 / (32 * 144) = 7.1.
// CHECK-LABEL: tk.kernel @dot(
// CHECK-SAME:    tkg.warps = 8 : i32
tk.kernel @dot(%x: !tk.view<?x?xbf16>, %y: !tk.view<?x?xf32>, %i: index) {
  %a = tk.load_view %x[%i +: 128, %i +: 64] : !tk.view<?x?xbf16> -> tensor<128x64xbf16>
  %b = tk.load_view %x[%i +: 64, %i +: 256] : !tk.view<?x?xbf16> -> tensor<64x256xbf16>
  %c = arith.constant dense<0.0> : tensor<128x256xf32>
  // CHECK: %[[D:.*]] = tkg.dot %{{.*}}, %{{.*}}, %{{.*}} {tk.segment = "full"} : tensor<128x64xbf16>, tensor<64x256xbf16> -> tensor<128x256xf32>
  %d = tk.dot %a, %b, %c {tk.segment = "full"} : tensor<128x64xbf16>, tensor<64x256xbf16> -> tensor<128x256xf32>
  // CHECK: tk.store_view %[[D]]
  tk.store_view %d, %y[%i +: 128, %i +: 256] : tensor<128x256xf32>, !tk.view<?x?xf32>
  tk.return
}

// 128 * 192 / 32 = 768 results for a lane: six warps would do, eight is the next
// power of two. 96 * 176 / 32 = 528 are 132 for each of four warps, which fit.
// CHECK-LABEL: tk.kernel @odd_dots(
// CHECK-SAME:    tkg.warps = 8 : i32
// CHECK-LABEL: tk.kernel @odd_dots_of_four(
// CHECK-SAME:    tkg.warps = 4 : i32
tk.kernel @odd_dots(%a: tensor<128x64xbf16>, %b: tensor<64x192xbf16>, %c: tensor<128x192xf32>) {
  %d = tk.dot %a, %b, %c : tensor<128x64xbf16>, tensor<64x192xbf16> -> tensor<128x192xf32>
  tk.return
}
tk.kernel @odd_dots_of_four(%a: tensor<96x64xbf16>, %b: tensor<64x176xbf16>, %c: tensor<96x176xf32>) {
  %d = tk.dot %a, %b, %c : tensor<96x64xbf16>, tensor<64x176xbf16> -> tensor<96x176xf32>
  tk.return
}

// 128 * 128 / 32 = 512 results are 128 for each of four warps, too many beside
// operands of f32.
// CHECK-LABEL: tk.kernel @wide_operands(
// CHECK-SAME:    tkg.warps = 8 : i32
tk.kernel @wide_operands(%a: tensor<128x32xf32>, %b: tensor<32x128xf32>, %c: tensor<128x128xf32>) {
  %d = tk.dot %a, %b, %c precision tf32 : tensor<128x32xf32>, tensor<32x128xf32> -> tensor<128x128xf32>
  tk.return
}

// Precision and signedness come along.
// CHECK-LABEL: tk.kernel @dot_attributes(
tk.kernel @dot_attributes(%x: !tk.view<?x?xf32>, %y: !tk.view<?x?xi8>, %i: index) {
  %a = tk.load_view %x[%i +: 32, %i +: 32] : !tk.view<?x?xf32> -> tensor<32x32xf32>
  // CHECK: tkg.dot {{.*}} precision tf32x3 :
  %d = tk.dot %a, %a, %a precision tf32x3 : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32>
  %b = tk.load_view %y[%i +: 32, %i +: 32] : !tk.view<?x?xi8> -> tensor<32x32xi8>
  %c = arith.constant dense<0> : tensor<32x32xi32>
  // CHECK: tkg.dot {{.*}} {lhs_unsigned} :
  %e = tk.dot %b, %b, %c {lhs_unsigned} : tensor<32x32xi8>, tensor<32x32xi8> -> tensor<32x32xi32>
  tk.store_view %d, %x[%i +: 32, %i +: 32] : tensor<32x32xf32>, !tk.view<?x?xf32>
  tk.print "sum", %e : tensor<32x32xi32>
  tk.return
}
