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
