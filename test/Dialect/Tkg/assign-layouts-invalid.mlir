// RUN: tk-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(tk.kernel(tkg-assign-layouts))'

// expected-error @below {{expects 'tkg.warps' and 'tkg.threads_per_warp'; run convert-tk-to-tkg first}}
tk.kernel @no_threads() {
  tk.return
}

// -----

#row = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
module attributes {tkg.threads_per_warp = 32 : i32} {
tk.kernel @assigned_already(%x: !tk.view<?xf32>) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{expects tiles without a layout, got 'tensor<32xf32,}}
  %0 = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32, #row>
  tk.return
}
}

// -----

module attributes {tkg.threads_per_warp = 32 : i32} {
tk.kernel @dot_without_instruction(%x: !tk.view<?x?xf32>) attributes {tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %0 = tk.load_view %x[%c0 +: 32, %c0 +: 32] : !tk.view<?x?xf32> -> tensor<32x32xf32>
  // expected-error @below {{has no instruction whose layouts are known; run tkg-choose-matrix-instruction first}}
  %1 = tkg.dot %0, %0, %0 : tensor<32x32xf32>, tensor<32x32xf32> -> tensor<32x32xf32>
  tk.return
}
}
