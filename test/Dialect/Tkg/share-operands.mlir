// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-share-operands))' | FileCheck %s

#fma = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2>
#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 8, type = f32, warpsM = 2, warpsN = 2>
!a = tensor<64x32xf32>
!b = tensor<32x64xf32>
!c = tensor<64x64xf32>

// CHECK-DAG: #[[$SHARED:.*]] = #tkg.mma<fma, m = 4, n = 4, k = 1, type = f32, warpsM = 2, warpsN = 2, a = shared, b = shared>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Where the dot is; but what a loop does not change is written once.
// CHECK-LABEL: tk.kernel @loop
// CHECK-SAME:    %[[A:[a-z0-9]*]]: tensor<64x32xf32>
// CHECK:         %[[MA:.*]] = tkg.alloc init(%[[A]] : tensor<64x32xf32>)
// CHECK:         scf.for
// CHECK:           %[[B:.*]] = tk.load_view
// CHECK-NEXT:      %[[MB:.*]] = tkg.alloc init(%[[B]] : tensor<32x64xf32>)
// CHECK-NEXT:      tkg.dot %[[MA]], %[[MB]], %{{.*}} instruction #[[$SHARED]] : !tkg.memdesc<64x32xf32, #{{.*}}>, !tkg.memdesc<32x64xf32, #{{.*}}> -> tensor<64x64xf32>
tk.kernel @loop(%a: !a, %x: !tk.view<?x?xf32>, %c: !c, %n: index) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %r = scf.for %k = %c0 to %n step %c32 iter_args(%acc = %c) -> (!c) {
    %b = tk.load_view %x[%k +: 32, %c0 +: 64] : !tk.view<?x?xf32> -> !b
    %d = tkg.dot %a, %b, %acc instruction #fma : !a, !b -> !c
    scf.yield %d : !c
  }
  tk.return
}

// Two dots of one operand read it in one place.
// CHECK-LABEL: tk.kernel @twice
// CHECK-COUNT-2: tkg.alloc
// CHECK-NOT:     tkg.alloc
// CHECK:         tk.return
tk.kernel @twice(%a: !a, %b: !b, %c: !c) attributes {tkg.warps = 4 : i32} {
  %d = tkg.dot %a, %b, %c instruction #fma : !a, !b -> !c
  %e = tkg.dot %a, %b, %d instruction #fma : !a, !b -> !c
  tk.return
}

// Matrix units have fragments of their own; 48 rows might be divided otherwise.
// CHECK-LABEL: tk.kernel @stays
// CHECK-NOT:     tkg.alloc
// CHECK:         tk.return
tk.kernel @stays(%a: !a, %b: !b, %c: !c, %u: tensor<48x32xf32>, %v: tensor<48x64xf32>) attributes {tkg.warps = 4 : i32} {
  %d = tkg.dot %a, %b, %c instruction #mma precision tf32 : !a, !b -> !c
  %e = tkg.dot %u, %b, %v instruction #fma : tensor<48x32xf32>, !b -> tensor<48x64xf32>
  tk.return
}

// What is loaded for the dot alone is divided as its load says, by 3 * 2^k.
// CHECK-LABEL: tk.kernel @odd
// CHECK:         %[[U:.*]] = tk.load_view
// CHECK:         %[[T:.*]] = tk.trans
// CHECK-DAG:     tkg.alloc init(%[[U]] : tensor<48x32xf32>)
// CHECK-DAG:     tkg.alloc init(%[[T]] : tensor<32x64xf32>)
// CHECK:         tkg.dot {{.*}} -> tensor<48x64xf32>
tk.kernel @odd(%x: !tk.view<?x?xf32>, %c: tensor<48x64xf32>) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %u = tk.load_view %x[%c0 +: 48, %c0 +: 32] : !tk.view<?x?xf32> -> tensor<48x32xf32>
  %v = tk.load_view %x[%c0 +: 64, %c0 +: 32] : !tk.view<?x?xf32> -> tensor<64x32xf32>
  %t = tk.trans %v [1, 0] : tensor<64x32xf32> -> tensor<32x64xf32>
  %d = tkg.dot %u, %t, %c instruction #fma : tensor<48x32xf32>, tensor<32x64xf32> -> tensor<48x64xf32>
  tk.return
}

// 128 KB of the 227 that a block has would leave little for others.
// CHECK-LABEL: tk.kernel @large
// CHECK-NOT:     tkg.alloc
// CHECK:         tk.return
tk.kernel @large(%a: tensor<64x256xf32>, %b: tensor<256x64xf32>, %c: !c) attributes {tkg.warps = 4 : i32} {
  %d = tkg.dot %a, %b, %c instruction #fma : tensor<64x256xf32>, tensor<256x64xf32> -> !c
  tk.return
}
}
