// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-choose-schedule))' --split-input-file | FileCheck %s

#mma = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 2>
#big = #tkg.mma<mma_sync, m = 16, n = 8, k = 16, type = bf16, warpsM = 2, warpsN = 4>
#shared_fma = #tkg.mma<fma, m = 4, n = 4, k = 1, type = bf16, warpsM = 2, warpsN = 2, a = shared, b = shared>
#shared = #tkg.shared<shape = [[64], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0]]>
#row = #tkg.shared<shape = [[256], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 8], [2, 16], [4, 32], [8, 0], [16, 0], [32, 0], [64, 0], [128, 0]]>
!view = !tk.view<?x?xbf16>
!tile = !tkg.memdesc<64x64xbf16, #shared>
#tall = #tkg.shared<shape = [[128], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [64, 0]]>
#wide = #tkg.shared<shape = [[64], [128]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [0, 64], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
!tall = !tkg.memdesc<128x64xbf16, #tall>
!wide = !tkg.memdesc<64x128xbf16, #wide>
!large = !tkg.memdesc<256x64xbf16, #row>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 64^3 products take 256 cycles: the most stages. Copies first in time, behind
// the wait; index arithmetic belongs to whoever needs it.
// CHECK-LABEL: tk.kernel @small
// CHECK:         tkg.alloc : 
// CHECK-NEXT:    arith.addi %{{.*}}, %{{.*}} : index
// CHECK-NEXT:    tkg.copy_async {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    tkg.async_commit {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    tkg.async_wait {{.*}} {tkg.order = 0 : i32, tkg.stage = 4 : i32}
// CHECK-NEXT:    tkg.local_load {{.*}} {tkg.order = 2 : i32, tkg.stage = 4 : i32}
// CHECK-NEXT:    tkg.dot {{.*}} {tkg.order = 2 : i32, tkg.stage = 4 : i32}
// CHECK:         } {tkg.num_stages = 5 : i32}
tk.kernel @small(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %m = tkg.alloc : !tile
    %j = arith.addi %k, %c64 : index
    %t = tkg.copy_async %a[%c0 +: 64, %j +: 64] into %m : !view, !tile
    %g = tkg.async_commit %t
    %w = tkg.async_wait %g
    %s = tkg.local_load %m after %w : !tile -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.return
}

// 128 x 256 x 64 products take 2048 cycles: two iterations hide 2400 cycles.
// CHECK-LABEL: tk.kernel @big
// CHECK:         tkg.num_stages = 4 : i32
tk.kernel @big(%a: !view {tk.dims = ["N", "K"], tk.name = "a"}, %b: tensor<128x64xbf16>, %n: index)
    attributes {tkg.warps = 8 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<128x256xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<128x256xf32>) {
    %m = tkg.alloc : !large
    %t = tkg.copy_async %a[%c0 +: 256, %k +: 64] into %m : !view, !large
    %g = tkg.async_commit %t
    %w = tkg.async_wait %g
    %mt = tkg.memdesc_trans %m [1, 0] : !large -> !tkg.memdesc<64x256xbf16, #tkg.shared<shape = [[64], [256]], offset = [
    [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32], [0, 64], [0, 128]]>>
    %s = tkg.local_load %mt after %w : !tkg.memdesc<64x256xbf16, #tkg.shared<shape = [[64], [256]], offset = [
    [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0], [8, 1], [16, 2], [32, 4], [0, 8], [0, 16], [0, 32], [0, 64], [0, 128]]>> -> tensor<64x256xbf16>
    %d = tkg.dot %b, %s, %acc instruction #big : tensor<128x64xbf16>, tensor<64x256xbf16> -> tensor<128x256xf32>
    scf.yield %d : tensor<128x256xf32>
  }
  tk.return
}

// A load into registers runs one iteration ahead. What has a schedule keeps it,
// and a loop without tiles to load gets none.
// CHECK-LABEL: tk.kernel @others
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    tkg.dot {{.*}} {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
// CHECK:         tk.load_view {{.*}} {tkg.stage = 3 : i32}
// CHECK-NOT:     tkg.num_stages
// CHECK:         scf.for
// CHECK-NOT:     tkg.stage
// CHECK:         tk.return
tk.kernel @others(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  %q = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] {tkg.stage = 3 : i32} : !view -> tensor<64x64xbf16>
    %d = tkg.dot %s, %b, %acc instruction #mma : tensor<64x64xbf16>, tensor<64x64xbf16> -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  scf.for %k = %c0 to %n step %c64 {
    %s = tk.load_view %a[%c0, %k] : !view -> bf16
    tk.print "s", %s : bf16
  }
  tk.return
}

// A loop without dots loads one iteration ahead, also where it stores in place:
// the next tile is another one. The ragged end of a split loop has one
// iteration.
// CHECK-LABEL: tk.kernel @stream
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    arith.addf {{.*}} {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK-NEXT:    tk.store_view {{.*}} {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
// CHECK:         scf.for
// CHECK-NOT:     tkg.stage
// CHECK:         tk.return
tk.kernel @stream(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %b: tensor<64x64xbf16>, %n: index, %k: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %full = arith.muli %k, %c64 : index
  scf.for %i = %c0 to %full step %c64 {
    %s = tk.load_view %a[%c0 +: 64, %i +: 64] : !view -> tensor<64x64xbf16>
    %t = arith.addf %s, %b : tensor<64x64xbf16>
    tk.store_view %t, %a[%c0 +: 64, %i +: 64] : tensor<64x64xbf16>, !view
  } {tk.segment = "full"}
  scf.for %i = %full to %n step %c64 {
    %s = tk.load_view %a[%c0 +: 64, %i +: 64] : !view -> tensor<64x64xbf16>
    %t = arith.addf %s, %b : tensor<64x64xbf16>
    tk.store_view %t, %a[%c0 +: 64, %i +: 64] : tensor<64x64xbf16>, !view
  } {tk.segment = "tail"}
  tk.return
}

// A loop without copies that asks for four stages loads three iterations ahead.
// CHECK-LABEL: tk.kernel @far_ahead
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    tk.print {{.*}} {tkg.order = 2 : i32, tkg.stage = 3 : i32}
// CHECK:         tkg.num_stages = 4 : i32
tk.kernel @far_ahead(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %n: index) attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    tk.print "s", %s : tensor<64x64xbf16>
  } {tkg.num_stages = 4 : i32}
  tk.return
}

// A reduction to a scalar is work, though no tile comes of it.
// CHECK-LABEL: tk.kernel @reduced
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK-NEXT:    tk.reduce{{.*}} {tkg.order = 2 : i32, tkg.stage = 1 : i32}
tk.kernel @reduced(%a: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "a"}, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.for %i = %c0 to %n step %c64 iter_args(%sum = %zero) -> (f32) {
    %t = tk.load_view %a[%i +: 64] : !tk.view<?xf32> -> tensor<64xf32>
    %s = tk.reduce(%t) axis 0 : (tensor<64xf32>) -> f32 {
    ^bb0(%x: f32, %y: f32):
      %z = arith.addf %x, %y : f32
      tk.yield %z : f32
    }
    %next = arith.addf %sum, %s : f32
    scf.yield %next : f32
  }
  tk.print "r", %r : f32
  tk.return
}

// 128 x 128 f32 that a loop of four warps passes on leave 144 - 128 registers:
// 8 for a tile and 8 for the next one, but not 16 and 16.
// CHECK-LABEL: tk.kernel @registers
// CHECK:         tkg.num_stages = 2 : i32
// CHECK:         scf.for
// CHECK-NOT:     tkg.stage
// CHECK:         tk.return
tk.kernel @registers(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<128x128xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<128x128xf32>) {
    %s = tk.load_view %a[%c0 +: 32, %k +: 64] : !view -> tensor<32x64xbf16>
    tk.print "s", %s : tensor<32x64xbf16>
    scf.yield %acc : tensor<128x128xf32>
  }
  %q = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<128x128xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    tk.print "s", %s : tensor<64x64xbf16>
    scf.yield %acc : tensor<128x128xf32>
  }
  tk.return
}

// What is written to shared memory for a dot is written one iteration ahead, to
// the slot that the dot does not read, and with it the work on what was loaded
// another one ahead. Asked for two stages, the dot waits for it.
// CHECK-LABEL: tk.kernel @shared_operand
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK:         tk.trans {{.*}} {tkg.order = 0 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.alloc init({{.*}}) {tkg.order = 0 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.dot {{.*}} {tkg.order = 2 : i32, tkg.stage = 2 : i32}
// CHECK:         tkg.num_stages = 3 : i32
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK:         tkg.alloc init({{.*}}) {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.dot {{.*}} {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
tk.kernel @shared_operand(%a: !view {tk.dims = ["N", "K"], tk.name = "a"}, %m: !tile, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %t = tk.trans %s [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
    %u = tkg.alloc init(%t : tensor<64x64xbf16>) : !tile
    %d = tkg.dot %m, %u, %acc instruction #shared_fma : !tile, !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  %q = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %t = tk.trans %s [1, 0] : tensor<64x64xbf16> -> tensor<64x64xbf16>
    %u = tkg.alloc init(%t : tensor<64x64xbf16>) : !tile
    %d = tkg.dot %m, %u, %acc instruction #shared_fma : !tile, !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tkg.num_stages = 2 : i32}
  tk.return
}

// The parts of a tile are too few to write them ahead.
// CHECK-LABEL: tk.kernel @rolled_operand
// CHECK:         tkg.alloc init({{.*}}) {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
tk.kernel @rolled_operand(%a: !view {tk.dims = ["N", "K"], tk.name = "a"}, %m: !tile)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %c256 = arith.constant 256 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %c256 step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %u = tkg.alloc init(%s : tensor<64x64xbf16>) : !tile
    %d = tkg.dot %m, %u, %acc instruction #shared_fma : !tile, !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  } {tkg.rolled}
  tk.return
}

// Two slots of 16 KB would leave room for seven blocks: the operand is written
// where it is read.
// CHECK-LABEL: tk.kernel @large_operand
// CHECK:         tkg.alloc init({{.*}}) {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
tk.kernel @large_operand(%a: !view {tk.dims = ["K", "N"], tk.name = "a"}, %m: !wide, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c128 = arith.constant 128 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c128 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%k +: 128, %c0 +: 64] : !view -> tensor<128x64xbf16>
    %u = tkg.alloc init(%s : tensor<128x64xbf16>) : !tall
    %d = tkg.dot %m, %u, %acc instruction #shared_fma : !wide, !tall -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.return
}

// An operand that needs the accumulator cannot be written ahead.
// CHECK-LABEL: tk.kernel @operand_of_result
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK:         tkg.alloc init({{.*}}) {tkg.order = 2 : i32, tkg.stage = 1 : i32}
// CHECK:         tkg.num_stages = 2 : i32
tk.kernel @operand_of_result(%a: !view {tk.dims = ["N", "K"], tk.name = "a"}, %m: !tile, %n: index)
    attributes {tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant dense<0.0> : tensor<64x64xf32>
  %r = scf.for %k = %c0 to %n step %c64 iter_args(%acc = %zero) -> (tensor<64x64xf32>) {
    %s = tk.load_view %a[%c0 +: 64, %k +: 64] : !view -> tensor<64x64xbf16>
    %c = tk.cast %acc : tensor<64x64xf32> -> tensor<64x64xbf16>
    %t = arith.mulf %s, %c : tensor<64x64xbf16>
    %u = tkg.alloc init(%t : tensor<64x64xbf16>) : !tile
    %d = tkg.dot %m, %u, %acc instruction #shared_fma : !tile, !tile -> tensor<64x64xf32>
    scf.yield %d : tensor<64x64xf32>
  }
  tk.return
}

// Without a dot, loads ahead leave room for a second block: 16 warps have 36
// registers for them, two tiles of 16, not of 24. A loop that stays behind is
// remarked.
// CHECK-LABEL: tk.kernel @two_blocks
// CHECK:         tk.load_view {{.*}} {tkg.order = 1 : i32, tkg.stage = 0 : i32}
// CHECK:         tkg.num_stages = 2 : i32
// CHECK:         scf.for
// CHECK-NOT:     tkg.stage
// CHECK:         tk.return
tk.kernel @two_blocks(%a: !view {tk.dims = ["M", "K"], tk.name = "a"}, %n: index)
    attributes {tkg.warps = 16 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %n step %c64 {
    %s = tk.load_view %a[%c0 +: 256, %k +: 64] : !view -> tensor<256x64xbf16>
    tk.print "s", %s : tensor<256x64xbf16>
  }
  scf.for %k = %c0 to %n step %c64 {
    %s = tk.load_view %a[%c0 +: 384, %k +: 64] : !view -> tensor<384x64xbf16>
    tk.print "s", %s : tensor<384x64xbf16>
  }
  tk.return
}
}
