// RUN: tk-opt %s --convert-tkg-to-rocdl | FileCheck %s

#wave64 = #tkg.layout<shape = [[128]], lane = [[1], [2], [4], [8], [16], [32]], warp = [[64]]>

module attributes {tkg.target = "gfx942", tkg.threads_per_warp = 64 : i32} {

// A wavefront has 64 lanes; a guarded access is a branch.
// CHECK-LABEL: llvm.func @copy
// CHECK-SAME:    rocdl.flat_work_group_size = "128,128", rocdl.kernel
// CHECK:         %[[TID:.*]] = rocdl.workitem.id.x
// CHECK:         %[[MASK:.*]] = llvm.mlir.constant(63 : i32)
// CHECK:         llvm.and %[[TID]], %[[MASK]]
// CHECK:         llvm.cond_br %{{.*}}, ^[[READ:.*]], ^[[AFTER:.*]](%{{.*}} : i32)
// CHECK:       ^[[READ]]:
// CHECK:         %[[V:.*]] = llvm.load %{{.*}} invariant {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK:         llvm.br ^[[AFTER]](%[[V]] : i32)
tk.kernel @copy(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x"},
    %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y"})
    attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #wave64>
  tk.store_view %t, %y[%c0 +: 128] : tensor<128xf32, #wave64>, !tk.view<?xf32>
  tk.return
}

// Variables of a thread live in address space 5.
// CHECK-LABEL: llvm.func @slots_in_turn
// CHECK:         llvm.alloca %{{.*}} x i32 : (i32) -> !llvm.ptr<5>
tk.kernel @slots_in_turn(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #wave64>
  %s = tk.reduce(%t) axis 0 {tkg.scratch_offset = 0 : i64, tkg.scratch_slots = 2 : i32} : (tensor<128xf32, #wave64>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}

// Five exchanges inside 32 lanes, one across; then two wavefronts through LDS.
// CHECK-LABEL: llvm.func @reduce
// CHECK-COUNT-5: rocdl.ds_swizzle
// CHECK:         rocdl.ds_bpermute
// CHECK:         rocdl.barrier
// CHECK:         llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
tk.kernel @reduce(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #wave64>
  %s = tk.reduce(%t) axis 0 {tkg.scratch_offset = 0 : i64} : (tensor<128xf32, #wave64>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  %e = math.exp %s : f32
  tk.store %e, %y : f32, !tk.ptr<f32>
  tk.return
}
// CHECK: llvm.call @__ocml_exp_f32

// The GPU is called an agent.
// CHECK-LABEL: llvm.func @atomic
// CHECK:         llvm.atomicrmw fadd %{{.*}} syncscope("agent") monotonic
tk.kernel @atomic(%p: !tk.ptr<f32>, %v: f32) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %o = tk.atomic_rmw fadd relaxed gpu %p, %v : !tk.ptr<f32>, f32
  tk.return
}
// Where an approximation will do, the back end has an instruction or two.
// CHECK-LABEL: llvm.func @approximations
// CHECK:         llvm.fdiv {{.*}}#llvm.fastmath<afn>
// CHECK:         llvm.intr.log2({{.*}}#llvm.fastmath<afn>
// CHECK:         llvm.intr.sqrt({{.*}}#llvm.fastmath<afn>
// CHECK:         llvm.call_intrinsic "llvm.amdgcn.rsq"
// CHECK:         llvm.intr.sin({{.*}}#llvm.fastmath<afn>
// CHECK:         llvm.intr.cos({{.*}}#llvm.fastmath<afn>
// CHECK:         %[[POWER:.*]] = llvm.intr.exp2
// CHECK:         %[[SUM:.*]] = llvm.fadd %[[POWER]]
// CHECK:         %[[SHARE:.*]] = llvm.fdiv %{{.*}}, %[[SUM]] {{.*}}#llvm.fastmath<afn>
// CHECK:         llvm.fsub %{{.*}}, %[[SHARE]]
tk.kernel @approximations(%p: !tk.ptr<f32>, %a: f32, %b: f32) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %0 = arith.divf %a, %b fastmath<afn> : f32
  %1 = math.log2 %0 fastmath<afn> : f32
  %2 = math.sqrt %1 fastmath<afn> : f32
  %3 = math.rsqrt %2 fastmath<afn> : f32
  %4 = math.sin %3 fastmath<afn> : f32
  %5 = math.cos %4 fastmath<afn> : f32
  %6 = math.tanh %5 fastmath<afn> : f32
  tk.store %6, %p : f32, !tk.ptr<f32>
  tk.return
}
}
