// RUN: tk-opt %s --tkg-choose-copies --split-input-file --remarks-filter=copy --remark-format=emitRemark --verify-diagnostics

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
!view = !tk.view<?x?xbf16>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @missed(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>,
                  %rows: tensor<64xindex>, %i: index) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1.0 : bf16
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  // expected-remark @below {{operand of a dot is loaded through registers: asynchronous copies pad with 0 only}}
  %s = tk.load_view %a[%c0 +: 64, %c0 +: 64] pad %one : bf16 : !view -> tensor<64x64xbf16>
  // expected-remark @below {{operand of a dot is loaded through registers: its places are gathered}}
  %t = tk.load_view %a[gather %rows, %c0 +: 64] : !view (tensor<64xindex>) -> tensor<64x64xbf16>
  // expected-remark @below {{operand of a dot is loaded through registers: only 2 bytes in a row are known to be aligned, a copy needs 4}}
  %u = tk.load_view %a[%c0 +: 64, %i +: 64] : !view -> tensor<64x64xbf16>
  %d = tkg.dot %s, %b, %zero instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %e = tkg.dot %t, %b, %d instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  %f = tkg.dot %u, %b, %e instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
  tk.print "f", %f : tensor<64x64xf32>
  tk.return
}
}

// -----

// expected-error @below {{expects a target, which convert-tk-to-tkg sets}}
module {
}
