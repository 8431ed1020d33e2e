// RUN: tk-opt %s --tkg-choose-copies | FileCheck %s

#tf32 = #tkg.mma<mma_sync, m = 16, n = 8, k = 8, type = tf32, warpsM = 2, warpsN = 2>
!view = !tk.view<?x?xf32>

// Lanes read a word each of four rows and eight columns, so that the 16-byte
// chunks of swizzled panels would meet in the banks. The layout is computed
// instead: rows 0 to 3 permute chunks of 32 bytes, and the copies still move 16
// bytes and fill whole rows of 128.
// CHECK-DAG: #[[$COMPUTED:.*]] = #tkg.shared<shape = {{.}}[32], [64]], offset = {{.}}[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 8], [2, 16], [0, 32], [4, 0], [8, 0], [16, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// CHECK-LABEL: tk.kernel @words_across_rows__vector
// CHECK:         tkg.alloc : !tkg.memdesc<32x64xf32, #[[$COMPUTED]]>
tk.kernel @words_across_rows(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: !view {tk.dims = ["K", "N"], tk.name = "b"})
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 32] : !view -> tensor<64x32xf32>
  %t = tk.load_view %b[%c0 +: 32, %c0 +: 64] : !view -> tensor<32x64xf32>
  %d = tkg.dot %s, %t, %zero instruction #tf32 precision tf32 : tensor<64x32xf32>, tensor<32x64xf32> -> tensor<64x64xf32>
  tk.print "d", %d : tensor<64x64xf32>
  tk.return
}

}
