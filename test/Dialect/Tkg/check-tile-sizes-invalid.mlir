// RUN: tk-opt %s --tkg-check-tile-sizes --split-input-file --verify-diagnostics

// 2048 elements of a thread, each a load of three instructions and a sum of two.
#huge = #tkg.layout<shape = [[262144]],
    register = [[128], [256], [512], [1024], [2048], [4096], [8192], [16384], [32768], [65536], [131072]],
    lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
tk.kernel @sum(%x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.name = "x"},
               %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.name = "y"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{tile of 262144 'f32' takes 2048 registers of each of 128 threads, but a thread has at most 255 on sm_90a}}
  // expected-note @below {{loop over parts of the tile, or choose a smaller one: all registers of a block are 262144 bytes}}
  // expected-note @below {{here tiles take 2048 registers, and a thread has about 10240 instructions: to assemble them would take minutes}}
  %t = tk.load_view %x[%c0 +: 262144] : !tk.view<?xf32> -> tensor<262144xf32, #huge>
  %s = tk.reduce(%t) axis 0 : (tensor<262144xf32, #huge>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store_view %s, %y[%c0] : f32, !tk.view<?xf32>
  tk.return
}
}

// -----

// An element of one byte takes a register as well; AMD has twice as many.
#huge = #tkg.layout<shape = [[524288]],
    register = [[256], [512], [1024], [2048], [4096], [8192], [16384], [32768], [65536], [131072], [262144]],
    lane = [[1], [2], [4], [8], [16], [32]], warp = [[64], [128]]>

module attributes {tkg.target = "gfx942", tkg.threads_per_warp = 64 : i32} {
tk.kernel @bytes(%x: !tk.view<?xi8> {tk.access = #tk.access<mut>, tk.name = "x"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  // expected-error @below {{tile of 524288 'i8' takes 2048 registers of each of 256 threads, but a thread has at most 512 on gfx942}}
  // expected-note @below {{all registers of a block are 524288 bytes}}
  // expected-note @below {{a thread has about 12288 instructions}}
  %t = tk.load_view %x[%c0 +: 524288] : !tk.view<?xi8> -> tensor<524288xi8, #huge>
  tk.store_view %t, %x[%c0 +: 524288] : tensor<524288xi8, #huge>, !tk.view<?xi8>
  tk.return
}
}

// -----

// expected-error @below {{expects a target and warps, which convert-tk-to-tkg sets}}
tk.kernel @no_target() attributes {tkg.warps = 4 : i32} {
  tk.return
}
