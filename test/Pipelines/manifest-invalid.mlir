// RUN: tk-opt %s --tk-collect-manifest --tk-complete-manifest --split-input-file --verify-diagnostics

module attributes {tkg.threads_per_warp = 32 : i32} {
  // expected-error @below {{expects 'tkg.warps', the number of warps of a block}}
  tk.kernel @no_warps() {
    tk.return
  }
}

// -----

module attributes {tkg.threads_per_warp = 32 : i32} {
  // expected-error @below {{expects 'tk.dtype' on argument 0}}
  tk.kernel @no_dtype(%n: index {tk.name = "n"}) attributes {tkg.warps = 1 : i32} {
    tk.return
  }
}

// -----

module attributes {tkg.threads_per_warp = 32 : i32} {
  // expected-error @below {{has the element type 'f17' on argument 0, which the host does not know}}
  tk.kernel @strange_dtype(%n: f32 {tk.name = "n", tk.dtype = "f17"}) attributes {tkg.warps = 1 : i32} {
    tk.return
  }
}

// -----

// expected-error @below {{has no function 'k' for its manifest}}
module attributes {tkg.target = "sm_80", tkg.threads_per_warp = 32 : i32} {
  tk.kernel @k() attributes {tkg.warps = 1 : i32} {
    tk.return
  }
}

// -----

// expected-error @below {{has a tk.manifest: the manifest has schema version 99, but this program knows 1}}
module attributes {tk.manifest = "{\"schema\": 99}"} {
}
