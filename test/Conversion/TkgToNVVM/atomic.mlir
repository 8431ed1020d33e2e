// RUN: tk-opt %s --convert-tkg-to-nvvm --split-input-file | FileCheck %s

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

// NaN wins in no instruction, so the maximum is found by a loop whose first read
// is atomic. What is there already is not written again.
// CHECK-LABEL: llvm.func @maximum
// CHECK:         %[[FIRST:.*]] = llvm.load %{{.*}} atomic syncscope("device") monotonic {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK-NEXT:    llvm.br ^[[LOOP:bb[0-9]*]](%[[FIRST]] : i32)
// CHECK-NEXT:  ^[[LOOP]](%[[OLD:.*]]: i32):
// CHECK-NEXT:    %[[FLOAT:.*]] = llvm.bitcast %[[OLD]] : i32 to f32
// CHECK-NEXT:    %[[MAX:.*]] = llvm.intr.maximum(%[[FLOAT]], %{{.*}})
// CHECK-NEXT:    %[[BITS:.*]] = llvm.bitcast %[[MAX]] : f32 to i32
// CHECK-NEXT:    %[[SAME:.*]] = llvm.icmp "eq" %[[BITS]], %[[OLD]]
// CHECK-NEXT:    llvm.cond_br %[[SAME]], ^[[AFTER:bb[0-9]*]](%[[OLD]] : i32), ^[[SWAP:bb[0-9]*]]
// CHECK-NEXT:  ^[[SWAP]]:
// CHECK-NEXT:    %[[PAIR:.*]] = llvm.cmpxchg %{{.*}}, %[[OLD]], %[[BITS]] syncscope("device") monotonic monotonic
// CHECK-NEXT:    %[[FOUND:.*]] = llvm.extractvalue %[[PAIR]][0]
// CHECK-NEXT:    %[[DONE:.*]] = llvm.icmp "eq" %[[FOUND]], %[[OLD]]
// CHECK-NEXT:    llvm.cond_br %[[DONE]], ^[[AFTER]](%[[FOUND]] : i32), ^[[LOOP]](%[[FOUND]] : i32)
tk.kernel @maximum(%p: !tk.ptr<f32>, %v: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %o = tk.atomic_rmw fmax relaxed gpu %p, %v : !tk.ptr<f32>, f32
  tk.return
}

// A release must be written, whatever is there.
// CHECK-LABEL: llvm.func @released_minimum
// CHECK:         llvm.load %{{.*}} atomic syncscope("device") monotonic {alignment = 2 : i64} : !llvm.ptr<1> -> i16
// CHECK:         llvm.intr.minimum
// CHECK-NEXT:    llvm.bitcast
// CHECK-NEXT:    llvm.br
// CHECK:         llvm.inline_asm has_side_effects {{.*}}"atom.release.gpu.global.cas.b16 $0, [$1], $2, $3;", "=h,l,h,h"
tk.kernel @released_minimum(%p: !tk.ptr<f16>, %v: f16) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %o = tk.atomic_rmw fmin release gpu %p, %v : !tk.ptr<f16>, f16
  tk.return
}
}

// -----

// This chip adds f16, but not bf16. Every sum is written.
module attributes {tkg.target = "sm_80", tkg.threads_per_warp = 32 : i32} {
// CHECK-LABEL: llvm.func @sums
// CHECK:         llvm.atomicrmw fadd %{{.*}} : !llvm.ptr<1>, f16
// CHECK:         llvm.load %{{.*}} atomic
// CHECK:         llvm.fadd %{{.*}} : bf16
// CHECK-NEXT:    llvm.bitcast
// CHECK-NEXT:    llvm.br
// CHECK:         "atom.relaxed.gpu.global.cas.b16 $0, [$1], $2, $3;"
tk.kernel @sums(%p: !tk.ptr<f16>, %v: f16, %q: !tk.ptr<bf16>, %w: bf16) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %o = tk.atomic_rmw fadd relaxed gpu %p, %v : !tk.ptr<f16>, f16
  %u = tk.atomic_rmw fadd relaxed gpu %q, %w : !tk.ptr<bf16>, bf16
  tk.return
}
}
