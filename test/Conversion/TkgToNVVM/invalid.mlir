// RUN: tk-opt %s --convert-tkg-to-nvvm --split-input-file --verify-diagnostics

// expected-error @below {{expects 'tkg.target', the name of the chip}}
module {
}

// -----

// expected-error @below {{expects the name of an NVIDIA chip in 'tkg.target', got "gfx942"}}
module attributes {tkg.target = "gfx942"} {
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// expected-error @below {{expects 'tkg.warps', the number of warps of a block}}
tk.kernel @no_warps() attributes {grid = ["1"]} {
  tk.return
}
}

// -----

#warps = #tkg.layout<shape = [[128]], lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_scratch(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #warps>
  // expected-error @below {{needs 16 bytes of shared memory, but has no 'tkg.scratch_offset'}}
  %s = tk.reduce(%t) axis 0 : (tensor<128xf32, #warps>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}
}

// -----

#shared = #tkg.shared<shape = [[8]], offset = [[1], [2], [4]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_offset() attributes {grid = ["1"], tkg.warps = 1 : i32} {
  // expected-error @below {{has no 'offset' in shared memory yet}}
  %m = tkg.alloc : !tkg.memdesc<8xf32, #shared>
  tk.return
}
}

// -----

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @no_layout(%x: !tk.view<?xf32>, %y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{expects tiles that carry a layout, got 'tensor<32xf32>'; run tkg-assign-layouts first}}
  %t = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32>
  tk.store_view %t, %y[%c0 +: 32] : tensor<32xf32>, !tk.view<?xf32>
  tk.return
}
}

// -----

#lane = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @loop_in_combiner(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>, %n: index) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32, #lane>
  %s = tk.reduce(%t) axis 0 : (tensor<32xf32, #lane>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    // expected-error @below {{is not supported in a combiner on a GPU}}
    %c = scf.for %i = %c0 to %n step %n iter_args(%r = %a) -> (f32) {
      %d = arith.addf %r, %b : f32
      scf.yield %d : f32
    }
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}
}
