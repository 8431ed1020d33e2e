// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-split-tiles))' --split-input-file --verify-diagnostics

// expected-error @below {{expects a target and warps, which convert-tk-to-tkg sets}}
tk.kernel @no_target() attributes {tkg.warps = 4 : i32} {
  tk.return
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// expected-error @below {{expects a target and warps, which convert-tk-to-tkg sets}}
tk.kernel @no_warps() {
  tk.return
}
}

// -----

// What a loop carries has no slices. Elements of one byte take a register, too.
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @carried(%s: tensor<256x256xi8>, %r: tensor<256x257xi8>, %x: !tk.view<?x?xi8> {tk.access = #tk.access<out>, tk.name = "x"})
    attributes {tkg.warps = 8 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.trans %s [1, 0] : tensor<256x256xi8> -> tensor<256x256xi8>
  tk.store_view %t, %x[%c0 +: 256, %c0 +: 256] : tensor<256x256xi8>, !tk.view<?x?xi8>
  // expected-error @below {{transpose of 257x256 'i8' takes 263168 bytes of registers, but a block has at most 262144 on sm_90a}}
  // expected-note @below {{a tile that one store alone wants, through work on elements of loads, is transposed in slices}}
  %u = tk.trans %r [1, 0] : tensor<256x257xi8> -> tensor<257x256xi8>
  tk.store_view %u, %x[%c0 +: 257, %c0 +: 256] : tensor<257x256xi8>, !tk.view<?x?xi8>
  tk.return
}
}

// -----

// 64 bits are two registers.
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @wide(%s: tensor<256x192xf64>, %x: !tk.view<?x?xf64> {tk.access = #tk.access<out>, tk.name = "x"})
    attributes {tkg.warps = 8 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{transpose of 192x256 'f64' takes 393216 bytes of registers, but a block has at most 262144 on sm_90a}}
  // expected-note @below {{in slices}}
  %t = tk.trans %s [1, 0] : tensor<256x192xf64> -> tensor<192x256xf64>
  tk.store_view %t, %x[%c0 +: 192, %c0 +: 256] : tensor<192x256xf64>, !tk.view<?x?xf64>
  tk.return
}
}
