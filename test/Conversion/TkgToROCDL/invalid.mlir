// RUN: tk-opt %s --convert-tkg-to-rocdl --split-input-file --verify-diagnostics

// expected-error @below {{expects the name of an AMD chip in 'tkg.target', got "sm_80"}}
module attributes {tkg.target = "sm_80"} {
}

// -----

module attributes {tkg.target = "gfx1100", tkg.threads_per_warp = 32 : i32} {
tk.kernel @print(%s: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  // expected-warning @below {{prints nothing on this target}}
  tk.print "s", %s : f32
  tk.return
}
}
