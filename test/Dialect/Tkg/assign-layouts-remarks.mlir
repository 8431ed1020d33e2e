// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-assign-layouts))' --remarks-filter=layout --remark-format=emitRemark --verify-diagnostics

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 9 of 128 threads would be enough.
tk.kernel @few_elements(%x: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // expected-remark @below {{threads hold 128 elements of a tile of 9, padded to 16}}
  %0 = tk.load_view %x[%c0 +: 9] : !tk.view<?xf32> -> tensor<9xf32>
  tk.store_view %0, %x[%c0 +: 9] : tensor<9xf32>, !tk.view<?xf32>
  tk.return
}

// 781 of 896 is less than a quarter more.
tk.kernel @padded_a_little(%x: !tk.view<?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 781] : !tk.view<?xf32> -> tensor<781xf32>
  tk.store_view %0, %x[%c0 +: 781] : tensor<781xf32>, !tk.view<?xf32>
  tk.return
}

// Transposed in every iteration.
tk.kernel @conversion_in_loop(
    %x: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [8, 8]}},
    %y: !tk.view<?x?xbf16> {tkg.facts = {base_alignment = 16, inner_stride_one, stride_divisibility = 8, extent_divisibility = [8, 8]}},
    %n: index) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %i = %c0 to %n step %c64 {
    %0 = tk.load_view %x[%i +: 64, %c0 +: 64] : !tk.view<?x?xbf16> -> tensor<64x64xbf16>
    // expected-remark @below {{each iteration moves a tile of tensor<64x64xbf16> between threads}}
    %1 = tk.trans %0 [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
    tk.store_view %1, %y[%c0 +: 64, %i +: 64] : tensor<64x64xbf16>, !tk.view<?x?xbf16>
  }
  tk.return
}

tk.kernel @reshape(%x: !tk.view<?x?xf32>) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 12, %c0 +: 8] : !tk.view<?x?xf32> -> tensor<12x8xf32>
  // expected-remark @below {{reshape moves its tile through shared memory: tensor<12x8xf32> and tensor<8x12xf32> have no list of digits in common}}
  %1 = tk.reshape %0 : tensor<12x8xf32> -> tensor<8x12xf32>
  tk.store_view %1, %x[%c0 +: 8, %c0 +: 12] : tensor<8x12xf32>, !tk.view<?x?xf32>
  tk.return
}

// Of 176 columns, the reshape leaves 11 the lowest digit, and a store wants 16.
tk.kernel @other_digits(%x: !tk.view<?x?x?xf32>, %y: !tk.view<?x?xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 16, %c0 +: 16, %c0 +: 11] : !tk.view<?x?x?xf32> -> tensor<16x16x11xf32>
  // expected-remark @below {{tensor<16x176xf32> moves through shared memory element by element: the digits [[16], [11, 16]] of its layout and [[16], [16, 11]] of the one that is needed cannot be made equal}}
  %1 = tk.reshape %0 : tensor<16x16x11xf32> -> tensor<16x176xf32>
  tk.store_view %1, %y[%c0 +: 16, %c0 +: 176] : tensor<16x176xf32>, !tk.view<?x?xf32>
  tk.return
}

// A kernel for arguments that nobody promised is not remarked.
tk.kernel @fallback(%x: !tk.view<?x?x?xf32>, %y: !tk.view<?x?xf32>) attributes {tkg.warps = 4 : i32, tkg.fallback} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 16, %c0 +: 16, %c0 +: 11] : !tk.view<?x?x?xf32> -> tensor<16x16x11xf32>
  %1 = tk.reshape %0 : tensor<16x16x11xf32> -> tensor<16x176xf32>
  tk.store_view %1, %y[%c0 +: 16, %c0 +: 176] : tensor<16x176xf32>, !tk.view<?x?xf32>
  tk.return
}

}
