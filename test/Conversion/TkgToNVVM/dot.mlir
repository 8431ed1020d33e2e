// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#acc = #tkg.layout<shape = [[16], [8]], register = [[0, 1], [8, 0]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
#a16 = #tkg.layout<shape = [[16], [32]], register = [[0, 1], [8, 0], [0, 8], [0, 16]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [4, 0]]>
#b16 = #tkg.layout<shape = [[32], [8]], register = [[1, 0], [8, 0], [16, 0]], lane = [[2, 0], [4, 0], [0, 1], [0, 2], [0, 4]]>
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 1, warpsN = 1>

#a32 = #tkg.layout<shape = [[16], [8]], register = [[8, 0], [0, 4]], lane = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#b32 = #tkg.layout<shape = [[8], [8]], register = [[4, 0]], lane = [[1, 0], [2, 0], [0, 1], [0, 2], [0, 4]]>
#tf32 = #tkg.mma<mma_sync, m = 16, n = 8, k = 8, type = tf32, warpsM = 1, warpsN = 1>

#a64 = #tkg.layout<shape = [[16], [4]], register = [[8, 0]], lane = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#b64 = #tkg.layout<shape = [[4], [8]], lane = [[1, 0], [2, 0], [0, 1], [0, 2], [0, 4]]>
#f64 = #tkg.mma<mma_sync, m = 16, n = 8, k = 4, type = f64, warpsM = 1, warpsN = 1>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// K = 32 is two instructions, the second on top of the first.
// CHECK-LABEL: llvm.func @bf16
// CHECK:         %[[FIRST:.*]] = nvvm.mma.sync A[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] B[%{{.*}}, %{{.*}}] C[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}]
// CHECK-SAME:    shape = #nvvm.shape<m = 16, n = 8, k = 16>
// CHECK:         %[[C0:.*]] = llvm.extractvalue %[[FIRST]][0]
// CHECK:         %[[C3:.*]] = llvm.extractvalue %[[FIRST]][3]
// CHECK:         nvvm.mma.sync {{.*}} C[%[[C0]], %{{.*}}, %{{.*}}, %[[C3]]]
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
tk.kernel @bf16(%x: !tk.view<?x?xbf16>, %y: !tk.view<?x?xbf16>, %z: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf32, #acc>
  %a = tk.load_view %x[%c0 +: 16, %c0 +: 32] : !tk.view<?x?xbf16> -> tensor<16x32xbf16, #a16>
  %b = tk.load_view %y[%c0 +: 32, %c0 +: 8] : !tk.view<?x?xbf16> -> tensor<32x8xbf16, #b16>
  %d = tkg.dot %a, %b, %zero instruction #mma : tensor<16x32xbf16, #a16>, tensor<32x8xbf16, #b16> -> tensor<16x8xf32, #acc>
  tk.store_view %d, %z[%c0 +: 16, %c0 +: 8] : tensor<16x8xf32, #acc>, !tk.view<?x?xf32>
  tk.return
}

// Each operand is rounded once: four of A, two of B.
// CHECK-LABEL: llvm.func @tf32
// CHECK-COUNT-6: nvvm.convert.float.to.tf32
// CHECK-NOT:     nvvm.convert.float.to.tf32
// CHECK:         nvvm.mma.sync {{.*}} multiplicandAPtxType = #nvvm.mma_type<tf32>
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
tk.kernel @tf32(%x: !tk.view<?x?xf32>, %y: !tk.view<?x?xf32>, %z: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf32, #acc>
  %a = tk.load_view %x[%c0 +: 16, %c0 +: 8] : !tk.view<?x?xf32> -> tensor<16x8xf32, #a32>
  %b = tk.load_view %y[%c0 +: 8, %c0 +: 8] : !tk.view<?x?xf32> -> tensor<8x8xf32, #b32>
  %d = tkg.dot %a, %b, %zero instruction #tf32 precision tf32 : tensor<16x8xf32, #a32>, tensor<8x8xf32, #b32> -> tensor<16x8xf32, #acc>
  tk.store_view %d, %z[%c0 +: 16, %c0 +: 8] : tensor<16x8xf32, #acc>, !tk.view<?x?xf32>
  tk.return
}

// What rounding leaves is rounded again, and takes two more products. Infinity
// leaves nothing.
// CHECK-LABEL: llvm.func @tf32x3
// CHECK:         %[[BIG:.*]] = nvvm.convert.float.to.tf32 %[[X:.*]] {rnd
// CHECK:         %[[FLOAT:.*]] = llvm.bitcast %[[BIG]] : i32 to f32
// CHECK:         %[[REST:.*]] = llvm.fsub %[[X]], %[[FLOAT]]
// CHECK:         %[[SIZE:.*]] = llvm.intr.fabs(%[[FLOAT]])
// CHECK:         %[[FINITE:.*]] = llvm.fcmp "one" %[[SIZE]], %{{.*}} : f32
// CHECK:         %[[LEFT:.*]] = llvm.select %[[FINITE]], %[[REST]], %{{.*}} : i1, f32
// CHECK:         nvvm.convert.float.to.tf32 %[[LEFT]]
// CHECK-COUNT-3: nvvm.mma.sync
// CHECK-NOT:     nvvm.mma.sync
// CHECK:         llvm.return
tk.kernel @tf32x3(%x: !tk.view<?x?xf32>, %y: !tk.view<?x?xf32>, %z: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf32, #acc>
  %a = tk.load_view %x[%c0 +: 16, %c0 +: 8] : !tk.view<?x?xf32> -> tensor<16x8xf32, #a32>
  %b = tk.load_view %y[%c0 +: 8, %c0 +: 8] : !tk.view<?x?xf32> -> tensor<8x8xf32, #b32>
  %d = tkg.dot %a, %b, %zero instruction #tf32 precision tf32x3 : tensor<16x8xf32, #a32>, tensor<8x8xf32, #b32> -> tensor<16x8xf32, #acc>
  tk.store_view %d, %z[%c0 +: 16, %c0 +: 8] : tensor<16x8xf32, #acc>, !tk.view<?x?xf32>
  tk.return
}

// A fragment of one register is a vector all the same.
// CHECK-LABEL: llvm.func @f64
// CHECK:         "mma.sync.aligned.m16n8k4.row.col.f64.f64.f64.f64 {$0, $1, $2, $3}, {$4, $5}, {$6}, {$0, $1, $2, $3};"
tk.kernel @f64(%x: !tk.view<?x?xf64>, %y: !tk.view<?x?xf64>, %z: !tk.view<?x?xf64>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf64, #acc>
  %a = tk.load_view %x[%c0 +: 16, %c0 +: 4] : !tk.view<?x?xf64> -> tensor<16x4xf64, #a64>
  %b = tk.load_view %y[%c0 +: 4, %c0 +: 8] : !tk.view<?x?xf64> -> tensor<4x8xf64, #b64>
  %d = tkg.dot %a, %b, %zero instruction #f64 : tensor<16x4xf64, #a64>, tensor<4x8xf64, #b64> -> tensor<16x8xf64, #acc>
  tk.store_view %d, %z[%c0 +: 16, %c0 +: 8] : tensor<16x8xf64, #acc>, !tk.view<?x?xf64>
  tk.return
}

// K = 20 ends inside the second instruction: columns past it count as zeros,
// those of its upper half (24 and more) in every thread.
// CHECK-LABEL: llvm.func @ragged_k
// CHECK:         nvvm.mma.sync
// CHECK:         %[[END:.*]] = llvm.mlir.constant(20 : i32)
// CHECK:         %[[IN:.*]] = llvm.icmp "slt" %{{.*}}, %[[END]]
// CHECK:         llvm.select %[[IN]], %{{.*}} : i1, bf16
// CHECK:         nvvm.mma.sync
tk.kernel @ragged_k(%x: !tk.view<?x?xbf16>, %y: !tk.view<?x?xbf16>, %z: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<16x8xf32, #acc>
  %a = tk.load_view %x[%c0 +: 16, %c0 +: 20] : !tk.view<?x?xbf16> -> tensor<16x20xbf16, #a16>
  %b = tk.load_view %y[%c0 +: 20, %c0 +: 8] : !tk.view<?x?xbf16> -> tensor<20x8xbf16, #b16>
  %d = tkg.dot %a, %b, %zero instruction #mma : tensor<16x20xbf16, #a16>, tensor<20x8xbf16, #b16> -> tensor<16x8xf32, #acc>
  tk.store_view %d, %z[%c0 +: 16, %c0 +: 8] : tensor<16x8xf32, #acc>, !tk.view<?x?xf32>
  tk.return
}
}
