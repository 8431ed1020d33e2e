// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#own = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
#copies = #tkg.layout<shape = [[8]], lane = [[1], [2], [4], [0], [0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Every thread its own element, where the mask says so; else the result is 0.
// CHECK-LABEL: llvm.func @masked
// CHECK:         llvm.cond_br %{{.*}}, ^[[DO:.*]], ^[[REST:.*]](%{{.*}} : f32)
// CHECK:       ^[[DO]]:
// CHECK:         %[[OLD:.*]] = llvm.atomicrmw fadd %{{.*}}, %{{.*}} syncscope("device") monotonic : !llvm.ptr<1>, f32
// CHECK:         llvm.br ^[[REST]](%[[OLD]] : f32)
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @masked(%x: !tk.view<?xf32>, %m: !tk.view<?xi1>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %p = tk.addresses %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32x!tk.ptr<f32>, #own>
  %v = tk.load_view %x[%c0 +: 32] : !tk.view<?xf32> -> tensor<32xf32, #own>
  %b = tk.load_view %m[%c0 +: 32] : !tk.view<?xi1> -> tensor<32xi1, #own>
  %o = tk.atomic_rmw fadd relaxed gpu %p, %v mask %b : tensor<32xi1, #own> : tensor<32x!tk.ptr<f32>, #own>, tensor<32xf32, #own>
  tk.store_view %o, %x[%c0 +: 32] : tensor<32xf32, #own>, !tk.view<?xf32>
  tk.return
}

// One of four copies adds; the others read what it got from shared memory.
// CHECK-LABEL: llvm.func @copies
// CHECK-COUNT-1: llvm.atomicrmw add %{{.*}} syncscope("block") acq_rel
// CHECK-NOT:     llvm.atomicrmw
// CHECK:         "@$1 st.shared.b32
// CHECK:         nvvm.barrier
// CHECK:         llvm.load %{{.*}} : !llvm.ptr<3> -> i32
tk.kernel @copies(%x: !tk.view<?xi32>, %v: i32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %p = tk.addresses %x[%c0 +: 8] : !tk.view<?xi32> -> tensor<8x!tk.ptr<i32>, #copies>
  %t = tk.splat %v : i32 -> tensor<8xi32, #copies>
  %o = tk.atomic_rmw add acq_rel block %p, %t {tkg.scratch_offset = 0 : i64} : tensor<8x!tk.ptr<i32>, #copies>, tensor<8xi32, #copies>
  tk.store_view %o, %x[%c0 +: 8] : tensor<8xi32, #copies>, !tk.view<?xi32>
  tk.return
}

// Floats are compared by their bits.
// CHECK-LABEL: llvm.func @cas
// CHECK:         llvm.cmpxchg %{{.*}}, %{{.*}}, %{{.*}} acq_rel acquire : !llvm.ptr<1>, i32
tk.kernel @cas(%p: !tk.ptr<f32>, %a: f32, %b: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %o = tk.atomic_cas acq_rel system %p, %a, %b : !tk.ptr<f32>, f32
  tk.return
}

// CHECK-LABEL: llvm.func @load_and_store
// CHECK:         llvm.load %{{.*}} atomic syncscope("device") acquire {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK:         llvm.store %{{.*}} atomic syncscope("device") release {alignment = 4 : i64} : i32, !llvm.ptr<1>
tk.kernel @load_and_store(%p: !tk.ptr<i32>, %q: !tk.ptr<i32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %v = tk.atomic_load acquire gpu %p {tkg.scratch_offset = 0 : i64} : !tk.ptr<i32> -> i32
  tk.atomic_store release gpu %v, %q : i32, !tk.ptr<i32>
  tk.return
}
}
