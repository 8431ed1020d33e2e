// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-matrix-instruction))' --split-input-file --verify-diagnostics

tk.kernel @no_target(%a: tensor<16x16xf16>, %c: tensor<16x16xf32>) {
  %d = tkg.dot %a, %a, %c : tensor<16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
  tk.return
}
// expected-error @-4 {{expects a target and a number of warps, which convert-tk-to-tkg sets}}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// expected-error @below {{expects a target and a number of warps, which convert-tk-to-tkg sets}}
tk.kernel @no_warps(%a: tensor<16x16xf16>, %c: tensor<16x16xf32>) {
  %d = tkg.dot %a, %a, %c : tensor<16x16xf16>, tensor<16x16xf16> -> tensor<16x16xf32>
  tk.return
}
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// 65536 registers of 4 bytes hold 256 x 256 elements of f32, but no row more.
tk.kernel @fits(%a: tensor<256x16xf16>, %b: tensor<16x256xf16>, %c: tensor<256x256xf32>)
    attributes {tkg.warps = 8 : i32} {
  %d = tkg.dot %a, %b, %c : tensor<256x16xf16>, tensor<16x256xf16> -> tensor<256x256xf32>
  tk.return
}
tk.kernel @too_large(%a: tensor<257x16xf16>, %b: tensor<16x256xf16>, %c: tensor<257x256xf32>)
    attributes {tkg.warps = 8 : i32} {
  // expected-error @below {{result of 257x256 'f32' takes 263168 bytes of registers, but a block has at most 262144 on sm_90a}}
  %d = tkg.dot %a, %b, %c : tensor<257x16xf16>, tensor<16x256xf16> -> tensor<257x256xf32>
  tk.return
}
}
