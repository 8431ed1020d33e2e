// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-schedule))' --split-input-file | FileCheck %s

!view = !tk.view<?x?xbf16>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Along a row, without exchange between threads, iterations stay in order.
// CHECK-LABEL: tk.kernel @sum_of_row
// CHECK-NOT:     tkg.stage
// CHECK-NOT:     tkg.num_stages
// CHECK:         tk.return
tk.kernel @sum_of_row(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %sum, %t : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  } {tk.segment = "full"}
  tk.return
}

// The program may want it otherwise, for a loop or for all.
// CHECK-LABEL: tk.kernel @asked
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
// CHECK:         tkg.num_stages = 3 : i32
// CHECK-LABEL: tk.kernel @all_asked
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
// CHECK:         tkg.num_stages = 2 : i32
tk.kernel @asked(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %sum, %t : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  } {tkg.num_stages = 3 : i32}
  tk.return
}
tk.kernel @all_asked(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {stages = 2 : i64, tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %sum, %t : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  }
  tk.return
}

// Down the columns there are few programs, and each has to do more itself.
// CHECK-LABEL: tk.kernel @sum_of_columns
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @sum_of_columns(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %j: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64x64xbf16>) {
    %t = tk.load_view %x[%k +: 64, %j +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64x64xbf16>
    %s = arith.addf %sum, %t : tensor<64x64xbf16>
    scf.yield %s : tensor<64x64xbf16>
  }
  tk.return
}

// Threads that meet in every iteration wait for each other then, not for memory.
// CHECK-LABEL: tk.kernel @reduced
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @reduced(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : bf16
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (bf16) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = tk.reduce(%t) axis 0 : (tensor<64xbf16>) -> bf16 {
    ^bb0(%a: bf16, %b: bf16):
      %c = arith.addf %a, %b : bf16
      tk.yield %c : bf16
    }
    %next = arith.addf %sum, %s : bf16
    scf.yield %next : bf16
  }
  tk.return
}

// A number that each iteration reads anew is no tile of a row.
// CHECK-LABEL: tk.kernel @number
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @number(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %f: !tk.view<bf16> {tk.dims = [], tk.name = "f"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %g = tk.load_view %f[] {inbounds = array<i1>} : !tk.view<bf16> -> bf16
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %h = tk.splat %g : bf16 -> tensor<64xbf16>
    %p = arith.mulf %t, %h : tensor<64xbf16>
    %s = arith.addf %sum, %p : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  }
  tk.return
}

// Predicates keep the assembler from unrolling: one dimension is tested.
// CHECK-LABEL: tk.kernel @tested
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @tested(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: false, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %sum, %t : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  }
  tk.return
}

// A store stays where it is, but loads pass it if what they read is not written:
// x of the first kernel, but not that of the second, which may be y.
// CHECK-LABEL: tk.kernel @scaled
// CHECK-NOT:     tkg.stage
// CHECK-LABEL: tk.kernel @in_place
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @scaled(%x: !view {tk.access = #tk.access<read>, tk.dims = ["M", "N"], tk.name = "x"},
                  %y: !view {tk.access = #tk.access<out>, tk.dims = ["M", "N"], tk.name = "y"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %t, %t : tensor<64xbf16>
    tk.store_view %s, %y[%i, %k +: 64] : tensor<64xbf16>, !view
  }
  tk.return
}
tk.kernel @in_place(%y: !view {tk.access = #tk.access<mut>, tk.dims = ["M", "N"], tk.name = "y"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    %t = tk.load_view %y[%i, %k +: 64] {inbounds = array<i1: true, true>} : !view -> tensor<64xbf16>
    %s = arith.addf %t, %t : tensor<64xbf16>
    tk.store_view %s, %y[%i, %k +: 64] : tensor<64xbf16>, !view
  }
  tk.return
}
}

// -----

// Nothing is known of how LLVM orders loads for AMD.
module attributes {tkg.target = "gfx942", tkg.threads_per_warp = 64 : i32} {
// CHECK-LABEL: tk.kernel @amd
// CHECK:         tk.load_view {{.*}} tkg.stage = 0 : i32
tk.kernel @amd(%x: !tk.view<?x?xbf16> {tk.dims = ["M", "N"], tk.name = "x"}, %i: index, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64xbf16>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%sum = %zero) -> (tensor<64xbf16>) {
    %t = tk.load_view %x[%i, %k +: 64] {inbounds = array<i1: true, true>} : !tk.view<?x?xbf16> -> tensor<64xbf16>
    %s = arith.addf %sum, %t : tensor<64xbf16>
    scf.yield %s : tensor<64xbf16>
  }
  tk.return
}
}
