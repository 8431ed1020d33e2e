// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-matrix-instruction))' --split-input-file | FileCheck %s

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 8 warps over 128 x 256: 2 x 4 gives each 64 x 64, which reads least.
// CHECK-DAG: #[[BF16:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 4>
// CHECK-DAG: #[[TF32:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 8, type = tf32, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[F64:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = f64, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[I8:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 32, type = i8, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[FMA:.*]] = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[K8:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 8, type = f16, warpsM = 2, warpsN = 2>
// CHECK-DAG: #[[SWAP:.*]] = #tkg.mma<mma_sync, m = 8, n = 16, k = 16, type = f16, warpsM = 1, warpsN = 4, swap = true>
// CHECK-DAG: #[[ROWS:.*]] = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = f16, warpsM = 4, warpsN = 1>

// CHECK: @eight_warps
// CHECK: tkg.dot {{.*}} instruction #[[BF16]]
tk.kernel @eight_warps(%a: tensor<128x64xbf16>, %b: tensor<64x256xbf16>, %c: tensor<128x256xf32>)
    attributes {tkg.warps = 8 : i32} {
  %d = tkg.dot %a, %b, %c : tensor<128x64xbf16>, tensor<64x256xbf16> -> tensor<128x256xf32>
  tk.return
}

// f32 is IEEE unless the dot allows tf32, in one product or in three.
// CHECK: @types
// CHECK: tkg.dot {{.*}} instruction #[[TF32]] precision tf32 :
// CHECK: tkg.dot {{.*}} instruction #[[TF32]] precision tf32x3 :
// CHECK: tkg.dot {{.*}} instruction #[[FMA]]
// CHECK: tkg.dot {{.*}} instruction #[[F64]]
// CHECK: tkg.dot {{.*}} instruction #[[I8]]
tk.kernel @types(%a: tensor<64x64xf32>, %b: tensor<64x64xf64>, %c: tensor<64x64xi8>, %d: tensor<64x64xi32>)
    attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %a, %a precision tf32 : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %4 = tkg.dot %a, %a, %a precision tf32x3 : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %1 = tkg.dot %a, %a, %a : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  %2 = tkg.dot %b, %b, %b : tensor<64x64xf64>, tensor<64x64xf64> -> tensor<64x64xf64>
  %3 = tkg.dot %c, %c, %d : tensor<64x64xi8>, tensor<64x64xi8> -> tensor<64x64xi32>
  tk.return
}

// Eight products need no instruction of sixteen; eight rows fill the columns of
// the transposed instruction.
// CHECK: @small
// CHECK: tkg.dot {{.*}} instruction #[[K8]]
// CHECK: tkg.dot {{.*}} instruction #[[SWAP]]
tk.kernel @small(%a: tensor<64x8xf16>, %b: tensor<8x64xf16>, %c: tensor<64x64xf32>,
                 %d: tensor<8x64xf16>, %e: tensor<64x64xf16>, %f: tensor<8x64xf32>)
    attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %b, %c : tensor<64x8xf16>, tensor<8x64xf16> -> tensor<64x64xf32>
  %1 = tkg.dot %d, %e, %f : tensor<8x64xf16>, tensor<64x64xf16> -> tensor<8x64xf32>
  tk.return
}

// Rows that are reduced stay in one warp, also behind elementwise work.
// CHECK: @rows
// CHECK: tkg.dot {{.*}} instruction #[[ROWS]]
tk.kernel @rows(%a: tensor<64x64xf16>, %c: tensor<64x64xf32>) attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %a, %c : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  %1 = arith.addf %0, %0 : tensor<64x64xf32>
  %2 = tk.reduce(%1) axis 1 : (tensor<64x64xf32>) -> tensor<64xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.maximumf %x, %y : f32
    tk.yield %z : f32
  }
  tk.return
}

// An instruction that is there stays, even a bad one.
// CHECK: @given
// CHECK: tkg.dot {{.*}} instruction #[[FMA]]
tk.kernel @given(%a: tensor<64x64xf16>, %c: tensor<64x64xf32>) attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %a, %c instruction <fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2>
      : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  tk.return
}

}

// -----

// A chip without mma.sync multiplies and adds. Its warps have 64 lanes.
// CHECK-DAG: #[[ODD:.*]] = #tkg.mma<fma, m = 1, n = 2, k = 1, type = f16, warpsM = 4, warpsN = 1>
// CHECK-DAG: #[[FMA:.*]] = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f16, warpsM = 2, warpsN = 2>
// CHECK: tkg.dot {{.*}} instruction #[[FMA]]
module attributes {tkg.target = "gfx942", tkg.threads_per_warp = 64 : i32} {
tk.kernel @amd(%a: tensor<64x64xf16>, %c: tensor<64x64xf32>) attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %a, %c : tensor<64x64xf16>, tensor<64x64xf16> -> tensor<64x64xf32>
  tk.return
}

// 256 threads divide 2^5 of the 96 rows and 2^4 of the 176 columns, so that two
// elements of the result are left to lie together.
// CHECK: @odd
// CHECK: tkg.dot {{.*}} instruction #[[ODD]]
tk.kernel @odd(%a: tensor<96x32xf16>, %b: tensor<32x176xf16>, %c: tensor<96x176xf32>) attributes {tkg.warps = 4 : i32} {
  %0 = tkg.dot %a, %b, %c : tensor<96x32xf16>, tensor<32x176xf16> -> tensor<96x176xf32>
  tk.return
}
}
