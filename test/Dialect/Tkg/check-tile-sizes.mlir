// RUN: tk-opt %s --tkg-check-tile-sizes --split-input-file | FileCheck %s
// RUN: not tk-opt %s --tkg-check-tile-sizes=max-work=1 --split-input-file 2>&1 | FileCheck %s --check-prefix=STRICT

// Several times the registers of a thread are slow, but compile.
#large = #tkg.layout<shape = [[65536]],
    register = [[128], [256], [512], [1024], [2048], [4096], [8192], [16384], [32768]],
    lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// CHECK-LABEL: tk.kernel @large
// STRICT: error: tile of 65536 'f32' takes 512 registers
tk.kernel @large(%x: !tk.view<?xf32> {tk.access = #tk.access<mut>, tk.name = "x"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 65536] : !tk.view<?xf32> -> tensor<65536xf32, #large>
  %u = math.exp %t : tensor<65536xf32, #large>
  tk.store_view %u, %x[%c0 +: 65536] : tensor<65536xf32, #large>, !tk.view<?xf32>
  tk.return
}
}

// -----

// What registers hold is right, however long the work on it.
#small = #tkg.layout<shape = [[16384]],
    register = [[128], [256], [512], [1024], [2048], [4096], [8192]],
    lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {
// CHECK-LABEL: tk.kernel @small
// STRICT-NOT: error:
// STRICT: tk.kernel @small
tk.kernel @small(%x: !tk.view<?xf32> {tk.access = #tk.access<mut>, tk.name = "x"}) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 16384] : !tk.view<?xf32> -> tensor<16384xf32, #small>
  %u = math.exp %t : tensor<16384xf32, #small>
  tk.store_view %u, %x[%c0 +: 16384] : tensor<16384xf32, #small>, !tk.view<?xf32>
  tk.return
}
}
