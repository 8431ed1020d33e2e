// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-matrix-instruction))' --split-input-file --remarks-filter=matrix --remark-format=emitRemark --verify-diagnostics

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @missed(%a: tensor<64x64xf32>, %b: tensor<17x32xf16>, %c: tensor<32x64xf16>, %d: tensor<17x64xf32>)
    attributes {tkg.warps = 4 : i32} {
  // expected-remark @below {{no matrix instruction of sm_90a multiplies f32 into f32 with precision ieee; tf32 and tf32x3 have one}}
  %0 = tkg.dot %a, %a, %a : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  // 17 rows take 32 of an instruction of 16 rows, but 24 of its transpose.
  // expected-remark @below {{dot of 17x64x32 is padded to whole instructions of 8x16x16: 29% of the products are not needed}}
  %1 = tkg.dot %b, %c, %d : tensor<17x32xf16>, tensor<32x64xf16> -> tensor<17x64xf32>
  tk.return
}
}

// -----

// expected-error @below {{expects a target and a number of warps, which convert-tk-to-tkg sets}}
tk.kernel @too_early(%a: tensor<64x64xf16>, %c: tensor<64x64xf32>) {
  %0 = tkg.dot %a, %a, %c : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  tk.return
}
