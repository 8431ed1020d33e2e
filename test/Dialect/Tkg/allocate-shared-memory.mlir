// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-allocate-shared-memory))' --split-input-file | FileCheck %s

#shared = #tkg.shared<shape = [[64], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
#small = #tkg.shared<shape = [[8], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#warp0 = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [0, 2]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#warp1 = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [32, 0]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[0, 2]]>
#rows = #tkg.layout<shape = [[64], [64]], register = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#columns = #tkg.layout<shape = [[64], [64]], register = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]],
    lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]], warp = [[0, 32]]>
#perm = #tkg.layout<shape = [[64], [4]], register = [[0, 2], [0, 1]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// 64 x 64 f32 are 16384 bytes. The first two live together, the third when
// the first is dead: the largest free hole from below is that of the first.
// CHECK-LABEL: tk.kernel @reuse
// CHECK-SAME:    tkg.shared_bytes = 32768 : i64
// CHECK:         tkg.alloc {offset = 0 : i64}
// CHECK:         tkg.alloc {offset = 16384 : i64}
// CHECK:         tkg.alloc {offset = 0 : i64}
tk.kernel @reuse(%x: tensor<64x64xf32>) attributes {tkg.warps = 2 : i32} {
  %a = tkg.alloc : !tkg.memdesc<64x64xf32, #shared>
  %b = tkg.alloc : !tkg.memdesc<64x64xf32, #shared>
  %t = tkg.local_load %a : !tkg.memdesc<64x64xf32, #shared> -> tensor<64x64xf32>
  %c = tkg.alloc : !tkg.memdesc<64x64xf32, #shared>
  tkg.local_store %t, %b : tensor<64x64xf32>, !tkg.memdesc<64x64xf32, #shared>
  tkg.local_store %t, %c : tensor<64x64xf32>, !tkg.memdesc<64x64xf32, #shared>
  tk.return
}

// Used in a loop, allocated before it: alive through all iterations, so the
// buffer of the loop body may not share its place, although it comes later in
// the text. Small buffers start at multiples of 128.
// CHECK-LABEL: tk.kernel @alive_through_loop
// CHECK-SAME:    tkg.shared_bytes = 384 : i64
// CHECK:         tkg.alloc {offset = 256 : i64} : !tkg.memdesc<8x4xf32
// CHECK:         tkg.alloc {offset = 0 : i64} : !tkg.memdesc<2 x [8x4xf32]
tk.kernel @alive_through_loop(%n: index, %i: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tkg.alloc : !tkg.memdesc<8x4xf32, #small>
  scf.for %k = %c0 to %n step %c1 {
    %t = tkg.local_load %a : !tkg.memdesc<8x4xf32, #small> -> tensor<8x4xf32>
    %ring = tkg.alloc : !tkg.memdesc<2 x [8x4xf32], #small>
    %slot = tkg.slot %ring[%i] : !tkg.memdesc<2 x [8x4xf32], #small>
    tkg.local_store %t, %slot : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #small>
  }
  tk.return
}

// The arms of a branch never run both.
// CHECK-LABEL: tk.kernel @arms
// CHECK-SAME:    tkg.shared_bytes = 128 : i64
// CHECK:         tkg.alloc {offset = 0 : i64}
// CHECK:         tkg.alloc {offset = 0 : i64}
tk.kernel @arms(%c: i1, %t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  scf.if %c {
    %a = tkg.alloc : !tkg.memdesc<8x4xf32, #small>
    tkg.local_store %t, %a : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #small>
  } else {
    %b = tkg.alloc : !tkg.memdesc<8x4xf32, #small>
    tkg.local_store %t, %b : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #small>
  }
  tk.return
}

// A conversion between warps takes its tile as scratch, 64 * 4 * 2 bytes; one
// between registers takes nothing. Small scratch has places of its own.
// CHECK-LABEL: tk.kernel @scratch
// CHECK-SAME:    tkg.shared_bytes = 1024 : i64
// CHECK:         tkg.convert_layout {{.*}} {tkg.scratch_offset = 0 : i64}
// CHECK:         tkg.convert_layout {{.*}} {tkg.scratch_offset = 512 : i64}
// CHECK:         tkg.convert_layout
// CHECK-NOT:     tkg.scratch_offset
// CHECK:         tk.return
tk.kernel @scratch(%x: !tk.view<?x?xbf16> {tk.dims = ["M", "N"], tk.name = "x"})
    attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 64, %c0 +: 4] : !tk.view<?x?xbf16> -> tensor<64x4xbf16, #warp0>
  %u = tkg.convert_layout %t : tensor<64x4xbf16, #warp0> -> tensor<64x4xbf16, #warp1>
  %v = tkg.convert_layout %u : tensor<64x4xbf16, #warp1> -> tensor<64x4xbf16, #warp0>
  %w = tkg.convert_layout %v : tensor<64x4xbf16, #warp0> -> tensor<64x4xbf16, #perm>
  tk.store_view %w, %x[%c0 +: 64, %c0 +: 4] : tensor<64x4xbf16, #perm>, !tk.view<?x?xbf16>
  tk.return
}

// Partial sums of two warps along a row of 4 columns: 64 rows * 2 warps * 4
// bytes. Along columns that one warp holds nothing is needed.
// CHECK-LABEL: tk.kernel @reduction
// CHECK-SAME:    tkg.shared_bytes = 512 : i64
// CHECK:         tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 0 : i64}
// CHECK:         tk.reduce(%{{.*}}) axis 1 :
tk.kernel @reduction(%x: !tk.view<?x?xf32> {tk.dims = ["M", "N"], tk.name = "x"})
    attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 64, %c0 +: 4] : !tk.view<?x?xf32> -> tensor<64x4xf32, #warp1>
  %u = tk.load_view %x[%c0 +: 64, %c0 +: 4] : !tk.view<?x?xf32> -> tensor<64x4xf32, #warp0>
  %r = tk.reduce(%t) axis 1 : (tensor<64x4xf32, #warp1>) -> tensor<64xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tk.yield %s : f32
  }
  %q = tk.reduce(%u) axis 1 : (tensor<64x4xf32, #warp0>) -> tensor<64xf32> {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    tk.yield %s : f32
  }
  tk.return
}

// The only reduction of a loop takes two slots in turn. Where another one meets
// the block in between, each has one.
// CHECK-LABEL: tk.kernel @reduction_in_loop
// CHECK-SAME:    tkg.shared_bytes = 2048 : i64
// CHECK:         scf.for
// CHECK:           tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 0 : i64, tkg.scratch_slots = 2 : i32}
// CHECK:         scf.for
// CHECK:           tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 1024 : i64} :
// CHECK:           tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 1536 : i64} :
tk.kernel @reduction_in_loop(%x: !tk.view<?x?xf32> {tk.dims = ["M", "N"], tk.name = "x"}, %n: index)
    attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  scf.for %k = %c0 to %n step %c4 {
    %t = tk.load_view %x[%c0 +: 64, %k +: 4] : !tk.view<?x?xf32> -> tensor<64x4xf32, #warp1>
    %r = tk.reduce(%t) axis 1 : (tensor<64x4xf32, #warp1>) -> tensor<64xf32> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
  }
  scf.for %k = %c0 to %n step %c4 {
    %t = tk.load_view %x[%c0 +: 64, %k +: 4] : !tk.view<?x?xf32> -> tensor<64x4xf32, #warp1>
    %r = tk.reduce(%t) axis 1 : (tensor<64x4xf32, #warp1>) -> tensor<64xf32> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
    %q = tk.reduce(%t) axis 1 : (tensor<64x4xf32, #warp1>) -> tensor<64xf32> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
  }
  tk.return
}

// Conversions of 64 * 64 * 4 bytes have a place each in a loop, where a barrier
// between them would come every iteration; outside they share one.
// CHECK-LABEL: tk.kernel @conversions_in_loop
// CHECK-SAME:    tkg.shared_bytes = 32768 : i64
// CHECK:         tkg.convert_layout {{.*}} {tkg.scratch_offset = 0 : i64}
// CHECK:         tkg.convert_layout {{.*}} {tkg.scratch_offset = 0 : i64}
// CHECK:         scf.for
// CHECK-NEXT:      tkg.convert_layout {{.*}} {tkg.scratch_offset = 0 : i64}
// CHECK-NEXT:      tkg.convert_layout {{.*}} {tkg.scratch_offset = 16384 : i64}
tk.kernel @conversions_in_loop(%n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant dense<0.0> : tensor<64x64xf32, #rows>
  %a = tkg.convert_layout %t : tensor<64x64xf32, #rows> -> tensor<64x64xf32, #columns>
  %b = tkg.convert_layout %a : tensor<64x64xf32, #columns> -> tensor<64x64xf32, #rows>
  scf.for %i = %c0 to %n step %c1 {
    %u = tkg.convert_layout %b : tensor<64x64xf32, #rows> -> tensor<64x64xf32, #columns>
    %v = tkg.convert_layout %u : tensor<64x64xf32, #columns> -> tensor<64x64xf32, #rows>
    tk.print "v", %v : tensor<64x64xf32, #rows>
  }
  tk.return
}

// 64 * 3 elements of two bytes, padding left out; a reshape that renames
// registers takes nothing.
// CHECK-LABEL: tk.kernel @reshapes
// CHECK-SAME:    tkg.shared_bytes = 384 : i64
// CHECK:         tk.reshape {{.*}} {tkg.scratch_offset = 0 : i64, tkg.through_memory}
// CHECK-NEXT:    tk.reshape %{{[a-z0-9]*}} :
tk.kernel @reshapes(%t: tensor<64x3xf16>) attributes {tkg.warps = 2 : i32} {
  %u = tk.reshape %t {tkg.through_memory} : tensor<64x3xf16> -> tensor<3x64xf16>
  %v = tk.reshape %u : tensor<3x64xf16> -> tensor<192xf16>
  tk.return
}

}

// -----

#shared = #tkg.shared<shape = [[64], [64]], offset = [
    [0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [0, 32], [1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]]>
#small = #tkg.shared<shape = [[8], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#warp1 = #tkg.layout<shape = [[64], [4]], register = [[0, 1]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0], [32, 0]], warp = [[0, 2]]>

module attributes {tkg.target = "gfx90a", tkg.threads_per_warp = 64 : i32} {

// 3 * 16384 and 124 * 128 bytes leave 512 of the 64 KB of a block: enough for
// the reduction, but not for a second slot.
// CHECK-LABEL: tk.kernel @no_room_for_slots
// CHECK-SAME:    tkg.shared_bytes = 65536 : i64
// CHECK:         tk.reduce(%{{.*}}) axis 1 {tkg.scratch_offset = 65024 : i64} :
tk.kernel @no_room_for_slots(%x: !tk.view<?x?xf32> {tk.dims = ["M", "N"], tk.name = "x"}, %n: index, %t: tensor<64x64xf32>, %u: tensor<8x4xf32>)
    attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %a = tkg.alloc : !tkg.memdesc<3 x [64x64xf32], #shared>
  %b = tkg.alloc : !tkg.memdesc<124 x [8x4xf32], #small>
  scf.for %k = %c0 to %n step %c4 {
    %v = tk.load_view %x[%c0 +: 64, %k +: 4] : !tk.view<?x?xf32> -> tensor<64x4xf32, #warp1>
    %r = tk.reduce(%v) axis 1 : (tensor<64x4xf32, #warp1>) -> tensor<64xf32> {
    ^bb0(%e: f32, %f: f32):
      %s = arith.addf %e, %f : f32
      tk.yield %s : f32
    }
  }
  %p = tkg.slot %a[%n] : !tkg.memdesc<3 x [64x64xf32], #shared>
  tkg.local_store %t, %p : tensor<64x64xf32>, !tkg.memdesc<64x64xf32, #shared>
  %q = tkg.slot %b[%n] : !tkg.memdesc<124 x [8x4xf32], #small>
  tkg.local_store %u, %q : tensor<8x4xf32>, !tkg.memdesc<8x4xf32, #small>
  tk.return
}
}
