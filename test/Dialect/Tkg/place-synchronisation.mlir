// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-place-synchronisation))' | FileCheck %s

#small = #tkg.shared<shape = [[8], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
#one = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [0, 2]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#other = #tkg.layout<shape = [[64], [4]], register = [[0, 1], [32, 0]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[0, 2]]>
#kept = #tkg.layout<shape = [[64]], register = [[32]], lane = [[1], [2], [4], [8], [16]], warp = [[0]]>
#rows = #tkg.layout<shape = [[64], [32]], register = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[32, 0]]>
#columns = #tkg.layout<shape = [[64], [32]], register = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]],
    lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]], warp = [[32, 0]]>
#copies = #tkg.layout<shape = [[32], [4]], register = [[0, 1], [0, 2]],
    lane = [[1, 0], [2, 0], [4, 0], [8, 0], [16, 0]], warp = [[0, 0]]>
!tile = !tkg.memdesc<8x4xf32, #small>
!ring = !tkg.memdesc<3 x [8x4xf32], #small>
!view = !tk.view<?x?xf32>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

//===----------------------------------------------------------------------===//
// Shared memory
//===----------------------------------------------------------------------===//

// Write, then read: one barrier. Reading twice needs none.
// CHECK-LABEL: tk.kernel @read_after_write
// CHECK:         tkg.local_store
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
// CHECK-NEXT:    tkg.local_load
// CHECK-NEXT:    tk.return
tk.kernel @read_after_write(%t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  %a = tkg.alloc {offset = 0 : i64} : !tile
  tkg.local_store %t, %a : tensor<8x4xf32>, !tile
  %u = tkg.local_load %a : !tile -> tensor<8x4xf32>
  %v = tkg.local_load %a : !tile -> tensor<8x4xf32>
  tk.return
}

// Two buffers in one place conflict, two in different places do not.
// CHECK-LABEL: tk.kernel @reused_place
// CHECK:         tkg.local_load
// CHECK-NEXT:    tkg.local_store {{.*}}
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_store
// CHECK-NEXT:    tk.return
tk.kernel @reused_place(%t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  %a = tkg.alloc {offset = 0 : i64} : !tile
  %b = tkg.alloc {offset = 128 : i64} : !tile
  %c = tkg.alloc {offset = 0 : i64} : !tile
  %u = tkg.local_load %a : !tile -> tensor<8x4xf32>
  tkg.local_store %t, %b : tensor<8x4xf32>, !tile
  tkg.local_store %t, %c : tensor<8x4xf32>, !tile
  tk.return
}

// The read of one iteration comes before the write of the next.
// CHECK-LABEL: tk.kernel @loop_carried
// CHECK:         scf.for
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tkg.local_store
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tkg.local_load
// CHECK-NEXT:    }
tk.kernel @loop_carried(%t: tensor<8x4xf32>, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  scf.for %i = %c0 to %n step %c1 {
    tkg.local_store %t, %a : tensor<8x4xf32>, !tile
    %u = tkg.local_load %a : !tile -> tensor<8x4xf32>
  }
  tk.return
}

// A write in one arm only: the read after the branch must be safe on that path.
// CHECK-LABEL: tk.kernel @one_arm
// CHECK:         scf.if
// CHECK-NEXT:      tkg.local_store
// CHECK-NEXT:    }
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
tk.kernel @one_arm(%t: tensor<8x4xf32>, %c: i1) attributes {tkg.warps = 2 : i32} {
  %a = tkg.alloc {offset = 0 : i64} : !tile
  scf.if %c {
    tkg.local_store %t, %a : tensor<8x4xf32>, !tile
  }
  %u = tkg.local_load %a : !tile -> tensor<8x4xf32>
  tk.return
}

// Different constant slots of a ring; the same slot again.
// CHECK-LABEL: tk.kernel @slots
// CHECK:         tkg.local_store
// CHECK-NEXT:    tkg.local_load
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
tk.kernel @slots(%t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %ring = tkg.alloc {offset = 0 : i64} : !ring
  %s0 = tkg.slot %ring[%c0] : !ring
  %s1 = tkg.slot %ring[%c1] : !ring
  tkg.local_store %t, %s0 : tensor<8x4xf32>, !tile
  %u = tkg.local_load %s1 : !tile -> tensor<8x4xf32>
  %v = tkg.local_load %s0 : !tile -> tensor<8x4xf32>
  tk.return
}

// Scratch is written, met over, and read by its op. The next op in the same
// place must wait for the readers; one elsewhere need not.
// CHECK-LABEL: tk.kernel @scratch
// CHECK:         tkg.convert_layout
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.convert_layout
// CHECK-NEXT:    tkg.convert_layout
tk.kernel @scratch(%t: tensor<64x4xf32>) attributes {tkg.warps = 2 : i32} {
  %c = arith.constant dense<0.0> : tensor<64x4xf32, #one>
  %u = tkg.convert_layout %c {tkg.scratch_offset = 0 : i64} : tensor<64x4xf32, #one> -> tensor<64x4xf32, #other>
  %v = tkg.convert_layout %u {tkg.scratch_offset = 512 : i64} : tensor<64x4xf32, #other> -> tensor<64x4xf32, #one>
  %w = tkg.convert_layout %v {tkg.scratch_offset = 2048 : i64} : tensor<64x4xf32, #one> -> tensor<64x4xf32, #other>
  tk.return
}

// An op that waits for the threads of each warp alone is no barrier for others.
// CHECK-LABEL: tk.kernel @scratch_of_warps
// CHECK:         tkg.local_store
// CHECK-NEXT:    tkg.convert_layout
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
// CHECK-NEXT:    tkg.convert_layout {{.*}} {tkg.scratch_offset = 0 : i64}
// CHECK-NEXT:    tk.print
tk.kernel @scratch_of_warps(%t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  %c = arith.constant dense<0.0> : tensor<64x32xf32, #rows>
  %a = tkg.alloc {offset = 8192 : i64} : !tile
  tkg.local_store %t, %a : tensor<8x4xf32>, !tile
  %u = tkg.convert_layout %c {tkg.scratch_offset = 0 : i64} : tensor<64x32xf32, #rows> -> tensor<64x32xf32, #columns>
  %v = tkg.local_load %a : !tile -> tensor<8x4xf32>
  %w = tkg.convert_layout %u {tkg.scratch_offset = 0 : i64} : tensor<64x32xf32, #columns> -> tensor<64x32xf32, #rows>
  tk.print "w", %w, %v : tensor<64x32xf32, #rows>, tensor<8x4xf32>
  tk.return
}

// A reduction is a barrier for others, so the next iteration writes its scratch
// only when all have met again, if it has two slots; with one it must wait.
// CHECK-LABEL: tk.kernel @slots_in_turn
// CHECK:         scf.for
// CHECK-NEXT:      tk.reduce
// CHECK-NOT:       tkg.barrier
// CHECK:         scf.for
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tk.reduce
// CHECK-NOT:       tkg.barrier
// CHECK:         tk.return
tk.kernel @slots_in_turn(%n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = arith.constant dense<1.0> : tensor<64x4xf32, #other>
  scf.for %i = %c0 to %n step %c1 {
    %r = tk.reduce(%t) axis 1 {tkg.scratch_offset = 0 : i64, tkg.scratch_slots = 2 : i32} : (tensor<64x4xf32, #other>) -> tensor<64xf32, #kept> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
  }
  scf.for %i = %c0 to %n step %c1 {
    %r = tk.reduce(%t) axis 1 {tkg.scratch_offset = 1024 : i64} : (tensor<64x4xf32, #other>) -> tensor<64xf32, #kept> {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      tk.yield %s : f32
    }
  }
  tk.return
}

// What was written before a loop and is read in it needs one barrier, not one
// an iteration.
// CHECK-LABEL: tk.kernel @in_front_of_loop
// CHECK:         tkg.local_store
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      scf.for
// CHECK-NEXT:        tkg.local_load
// CHECK-NOT:     tkg.barrier
// CHECK:         tk.return
tk.kernel @in_front_of_loop(%t: tensor<8x4xf32>, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  tkg.local_store %t, %a : tensor<8x4xf32>, !tile
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %u = tkg.local_load %a : !tile -> tensor<8x4xf32>
    }
  }
  tk.return
}

//===----------------------------------------------------------------------===//
// Asynchronous copies
//===----------------------------------------------------------------------===//

// The copies of other threads are there after a wait and a barrier. One group
// is committed after the first, none after the second.
// CHECK-LABEL: tk.kernel @wait_counts
// CHECK:         tkg.async_wait %{{.*}} {pending = 1 : i32}
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
// CHECK-NEXT:    tkg.async_wait %{{.*}} {pending = 0 : i32}
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_load
tk.kernel @wait_counts(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  %b = tkg.alloc {offset = 128 : i64} : !tile
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %a : !view, !tile
  %g0 = tkg.async_commit %t0
  %t1 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %b : !view, !tile
  %g1 = tkg.async_commit %t1
  %w0 = tkg.async_wait %g0
  %u = tkg.local_load %a after %w0 : !tile -> tensor<8x4xf32>
  %w1 = tkg.async_wait %g1
  %v = tkg.local_load %b after %w1 : !tile -> tensor<8x4xf32>
  tk.return
}

// What is still on its way into one buffer must arrive before another buffer in
// the same place is filled, by a copy or by a store.
// CHECK-LABEL: tk.kernel @copy_over_copy
// CHECK:         tkg.async_commit
// CHECK-NEXT:    tkg.async_wait {pending = 0 : i32}
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.copy_async
tk.kernel @copy_over_copy(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  %b = tkg.alloc {offset = 64 : i64} : !tile
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %a : !view, !tile
  %g0 = tkg.async_commit %t0
  %t1 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %b : !view, !tile
  %g1 = tkg.async_commit %t1
  %w1 = tkg.async_wait %g1
  %v = tkg.local_load %b after %w1 : !tile -> tensor<8x4xf32>
  tk.return
}

// Before the loop two more groups are under way than within it: what a wait
// leaves in flight suits every iteration.
// CHECK-LABEL: tk.kernel @younger_later
// CHECK:         scf.for
// CHECK-NEXT:      tkg.async_wait %{{.*}} {pending = 0 : i32}
// CHECK:           tkg.local_load
tk.kernel @younger_later(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  %b = tkg.alloc {offset = 128 : i64} : !tile
  %c = tkg.alloc {offset = 256 : i64} : !tile
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %a : !view, !tile
  %g0 = tkg.async_commit %t0
  %t1 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %b : !view, !tile
  %g1 = tkg.async_commit %t1
  %t2 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %c : !view, !tile
  %g2 = tkg.async_commit %t2
  %r = scf.for %i = %c0 to %n step %c4 iter_args(%g = %g0) -> (!tkg.token) {
    %w = tkg.async_wait %g
    %u = tkg.local_load %a after %w : !tile -> tensor<8x4xf32>
    %t3 = tkg.copy_async %x[%c0 +: 8, %i +: 4] into %a : !view, !tile
    %g3 = tkg.async_commit %t3
    scf.yield %g3 : !tkg.token
  }
  tk.return
}

// A pipelined loop, three slots: two groups are in flight at the wait, the one
// waited for and one more. A single barrier an iteration is for both the copies
// of other threads and the slot that was read last. The kernel does not end
// before the last copies.
// CHECK-LABEL: tk.kernel @pipelined
// CHECK:         tkg.copy_async
// CHECK-NOT:     tkg.barrier
// CHECK:         scf.for
// CHECK-NEXT:      tkg.async_wait %{{.*}} {pending = 1 : i32}
// CHECK-NEXT:      tkg.slot
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tkg.copy_async
// CHECK-NEXT:      tkg.async_commit
// CHECK-NEXT:      tkg.slot
// CHECK-NEXT:      tkg.local_load
// CHECK-NOT:       tkg.barrier
// CHECK:         }
// CHECK-NEXT:    tkg.async_wait {pending = 0 : i32}
// CHECK-NEXT:    tk.return
tk.kernel @pipelined(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %ring = tkg.alloc {offset = 0 : i64} : !ring
  %s0 = tkg.slot %ring[%c0] : !ring
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %s0 : !view, !tile
  %g0 = tkg.async_commit %t0
  %s1 = tkg.slot %ring[%c1] : !ring
  %t1 = tkg.copy_async %x[%c0 +: 8, %c4 +: 4] into %s1 : !view, !tile
  %g1 = tkg.async_commit %t1
  %r:4 = scf.for %i = %c8 to %n step %c4
      iter_args(%in = %c2, %out = %c0, %h0 = %g0, %h1 = %g1)
      -> (index, index, !tkg.token, !tkg.token) {
    %w = tkg.async_wait %h0
    %sin = tkg.slot %ring[%in] : !ring
    %t2 = tkg.copy_async %x[%c0 +: 8, %i +: 4] into %sin : !view, !tile
    %g2 = tkg.async_commit %t2
    %sout = tkg.slot %ring[%out] : !ring
    %u = tkg.local_load %sout after %w : !tile -> tensor<8x4xf32>
    %in1 = arith.addi %in, %c1 : index
    %inlast = arith.cmpi eq, %in1, %c3 : index
    %innext = arith.select %inlast, %c0, %in1 : index
    %out1 = arith.addi %out, %c1 : index
    %outlast = arith.cmpi eq, %out1, %c3 : index
    %outnext = arith.select %outlast, %c0, %out1 : index
    scf.yield %innext, %outnext, %h1, %g2 : index, index, !tkg.token, !tkg.token
  }
  tk.return
}

// Without copies in front of the loop, only the back edge shows that the slot
// was read: the barrier that it needs makes the one in front of the read
// needless.
// CHECK-LABEL: tk.kernel @no_prologue
// CHECK:         scf.for
// CHECK-NEXT:      tkg.async_wait
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tkg.copy_async
// CHECK-NEXT:      tkg.async_commit
// CHECK-NEXT:      tkg.local_load
// CHECK-NOT:       tkg.barrier
// CHECK:         tk.return
tk.kernel @no_prologue(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %ring = tkg.alloc {offset = 0 : i64} : !ring
  %s0 = tkg.slot %ring[%c0] : !ring
  %s1 = tkg.slot %ring[%c1] : !ring
  %other = tkg.alloc {offset = 4096 : i64} : !tile
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %other : !view, !tile
  %g0 = tkg.async_commit %t0
  %r:3 = scf.for %i = %c0 to %n step %c4 iter_args(%in = %s0, %out = %s1, %h = %g0) -> (!tile, !tile, !tkg.token) {
    %w = tkg.async_wait %h
    %t = tkg.copy_async %x[%c0 +: 8, %i +: 4] into %in : !view, !tile
    %g = tkg.async_commit %t
    %u = tkg.local_load %out after %w : !tile -> tensor<8x4xf32>
    scf.yield %out, %in, %g : !tile, !tile, !tkg.token
  }
  tk.return
}

// Copies may still be in flight after the loop: whoever gets the place next
// waits for them.
// CHECK-LABEL: tk.kernel @in_flight
// CHECK:         tkg.copy_async
// CHECK:         tkg.async_commit
// CHECK-NEXT:    %{{.*}} = tkg.async_wait {pending = 0 : i32}
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tkg.local_store
tk.kernel @in_flight(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %t: tensor<8x4xf32>) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %a = tkg.alloc {offset = 0 : i64} : !tile
  %b = tkg.alloc {offset = 0 : i64} : !tile
  %t0 = tkg.copy_async %x[%c0 +: 8, %c0 +: 4] into %a : !view, !tile
  %g0 = tkg.async_commit %t0
  tkg.local_store %t, %b : tensor<8x4xf32>, !tile
  tk.return
}

//===----------------------------------------------------------------------===//
// Global memory
//===----------------------------------------------------------------------===//

// A streaming loop over two arguments, and one in place, have no barrier.
// CHECK-LABEL: tk.kernel @streaming
// CHECK-NOT:     tkg.barrier
// CHECK:         tk.return
tk.kernel @streaming(%x: !view {tk.dims = ["M", "N"], tk.name = "x"},
                     %y: !view {tk.dims = ["M", "N"], tk.name = "y"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %n step %c4 {
    %t = tk.load_view %x[%c0 +: 64, %i +: 4] : !view -> tensor<64x4xf32, #one>
    tk.store_view %t, %y[%c0 +: 64, %i +: 4] : tensor<64x4xf32, #one>, !view
    %u = tk.load_view %y[%c0 +: 64, %i +: 4] : !view -> tensor<64x4xf32, #one>
    tk.store_view %u, %y[%c0 +: 64, %i +: 4] : tensor<64x4xf32, #one>, !view
  }
  tk.return
}

// What another thread stored: other layout, other place, replicas, an alias.
// CHECK-LABEL: tk.kernel @through_memory
// CHECK:         tk.store_view
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view {{.*}}#layout1>
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.store_view
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view %[[Z:.*]][
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.store_view
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view
// CHECK-NEXT:    tk.return
tk.kernel @through_memory(%y: !view {tk.dims = ["M", "N"], tk.name = "y", tk.alias = ["z"]},
                          %z: !view {tk.dims = ["M", "N"], tk.name = "z"}, %i: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %cst = arith.constant dense<0.0> : tensor<64x4xf32, #one>
  %few = arith.constant dense<0.0> : tensor<32x4xf32, #copies>
  tk.store_view %cst, %y[%c0 +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  %t = tk.load_view %y[%c0 +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #other>
  tk.store_view %cst, %y[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  %u = tk.load_view %z[%i +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
  tk.store_view %few, %y[%c0 +: 32, %c0 +: 4] : tensor<32x4xf32, #copies>, !view
  %w = tk.load_view %y[%c0 +: 32, %c0 +: 4] : !view -> tensor<32x4xf32, #copies>
  tk.return
}

// Two halves of a dimension: what is read of one and written to the other, by
// whichever threads, is apart, now and in any other iteration.
// CHECK-LABEL: tk.kernel @halves
// CHECK-NOT:     tkg.barrier
// CHECK:         tk.return
tk.kernel @halves(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %half: index, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %low = tk.subview %x kinds [1, 2] offsets [%c0] lengths [%half] : !view -> !view
  %high = tk.subview %x kinds [1, 2] offsets [%half] lengths [%half] : !view -> !view
  scf.for %i = %c0 to %n step %c64 {
    %t = tk.load_view %low[%i +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
    tk.store_view %t, %high[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
    %u = tk.load_view %low[%i +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #other>
  }
  tk.return
}

// Rows of a view that differ by a number, and a row of unknown distance.
// CHECK-LABEL: tk.kernel @rows
// CHECK:         tk.store_view
// CHECK-NEXT:    tk.load_view
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view
// CHECK-NEXT:    tk.return
tk.kernel @rows(%x: !tk.view<?x?x?xf32> {tk.dims = ["C", "M", "N"], tk.name = "x"}, %i: index, %j: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %next = arith.addi %i, %c1 : index
  %cst = arith.constant dense<0.0> : tensor<64x4xf32, #one>
  tk.store_view %cst, %x[%next, %c0 +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !tk.view<?x?x?xf32>
  %t = tk.load_view %x[%i, %c0 +: 64, %c0 +: 4] : !tk.view<?x?x?xf32> -> tensor<64x4xf32, #other>
  %u = tk.load_view %x[%j, %c0 +: 64, %c0 +: 4] : !tk.view<?x?x?xf32> -> tensor<64x4xf32, #other>
  tk.return
}

// Tiles of one layout that begin at multiples of their extent form one grid, so
// that each element has its thread: across iterations, across loops, and for
// loads that run ahead, which begin behind the end where nothing is left.
// CHECK-LABEL: tk.kernel @one_grid
// CHECK-NOT:     tkg.barrier
// CHECK:         tk.return
tk.kernel @one_grid(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %k: index, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %full = arith.muli %k, %c64 : index
  %m = tk.dim %x, 0 : !view
  %first = tk.load_view %x[%c0 +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
  %r = scf.for %i = %c0 to %full step %c64 iter_args(%t = %first) -> (tensor<64x4xf32, #one>) {
    %ahead = arith.addi %i, %c64 : index
    %exists = arith.cmpi slt, %ahead, %full : index
    %start = arith.select %exists, %ahead, %m : index
    %next = tk.load_view %x[%start +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
    tk.store_view %t, %x[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
    scf.yield %next : tensor<64x4xf32, #one>
  }
  scf.for %i = %full to %n step %c64 {
    %t = tk.load_view %x[%i +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
    tk.store_view %t, %x[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  }
  tk.return
}

// Another grid: the second loop begins anywhere, or steps by half a tile. The
// first iteration alone meets what the first loop stored.
// CHECK-LABEL: tk.kernel @other_grid
// CHECK:         scf.for
// CHECK-NEXT:      tk.store_view
// CHECK-NEXT:    }
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      tk.load_view
// CHECK-NEXT:    }
// CHECK-NEXT:    scf.for
// CHECK-NEXT:      tkg.barrier
// CHECK-NEXT:      tk.store_view
// CHECK-NEXT:    }
tk.kernel @other_grid(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %k: index, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c32 = arith.constant 32 : index
  %c64 = arith.constant 64 : index
  %cst = arith.constant dense<0.0> : tensor<64x4xf32, #one>
  scf.for %i = %c0 to %k step %c64 {
    tk.store_view %cst, %x[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  }
  scf.for %i = %k to %n step %c64 {
    %t = tk.load_view %x[%i +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
  }
  scf.for %i = %c0 to %n step %c32 {
    tk.store_view %cst, %x[%i +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  }
  tk.return
}

// Scalars and replicas are stored by one thread, in order; but all threads read.
// CHECK-LABEL: tk.kernel @one_thread
// CHECK:         scf.for
// CHECK-NEXT:      tk.store_view
// CHECK-NEXT:      tk.store_view
// CHECK-NEXT:    }
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view
// CHECK-NEXT:    tk.load_view
tk.kernel @one_thread(%x: !view {tk.dims = ["M", "N"], tk.name = "x"},
                      %y: !tk.view<?xf32> {tk.dims = ["M"], tk.name = "y"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %few = arith.constant dense<0.0> : tensor<32x4xf32, #copies>
  %zero = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c1 {
    tk.store_view %few, %x[%c0 +: 32, %c0 +: 4] : tensor<32x4xf32, #copies>, !view
    tk.store_view %zero, %y[%i] : f32, !tk.view<?xf32>
  }
  %t = tk.load_view %x[%c0 +: 32, %c0 +: 4] : !view -> tensor<32x4xf32, #copies>
  %v = tk.load_view %y[%c0] : !tk.view<?xf32> -> f32
  tk.return
}

// Relaxed additions whose results nobody reads may come in any order; a release
// waits for all threads, and what follows an acquire waits for it.
// CHECK-LABEL: tk.kernel @atomics
// CHECK:         scf.for
// CHECK-NEXT:      tk.atomic_rmw
// CHECK-NEXT:    }
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.atomic_store release
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.atomic_load acquire
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.load_view
tk.kernel @atomics(%p: !tk.ptr<f32> {tk.name = "p"}, %q: !tk.ptr<i32> {tk.name = "q"},
                   %x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %flag = arith.constant 1 : i32
  scf.for %i = %c0 to %n step %c1 {
    %old = tk.atomic_rmw fadd relaxed gpu %p, %one : !tk.ptr<f32>, f32
  }
  tk.atomic_store release gpu %flag, %q : i32, !tk.ptr<i32>
  %f = tk.atomic_load acquire gpu %q : !tk.ptr<i32> -> i32
  %t = tk.load_view %x[%c0 +: 64, %c0 +: 4] : !view -> tensor<64x4xf32, #one>
  tk.return
}

// What all threads stored must be there before one of them releases it; a
// relaxed store makes no such promise.
// CHECK-LABEL: tk.kernel @release
// CHECK:         tk.store_view
// CHECK-NEXT:    tkg.barrier
// CHECK-NEXT:    tk.atomic_store release
tk.kernel @release(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %f: !tk.view<?xi32> {tk.name = "f"},
                   %t: tensor<64x4xf32, #one>) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %flag = arith.constant 1 : i32
  %p = tk.addresses %f[%c0] : !tk.view<?xi32> -> !tk.ptr<i32>
  tk.store_view %t, %x[%c0 +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  tk.atomic_store release gpu %flag, %p : i32, !tk.ptr<i32>
  tk.return
}
// CHECK-LABEL: tk.kernel @relaxed
// CHECK:         tk.store_view
// CHECK-NEXT:    tk.atomic_store relaxed
tk.kernel @relaxed(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %f: !tk.view<?xi32> {tk.name = "f"},
                   %t: tensor<64x4xf32, #one>) attributes {tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %flag = arith.constant 1 : i32
  %p = tk.addresses %f[%c0] : !tk.view<?xi32> -> !tk.ptr<i32>
  tk.store_view %t, %x[%c0 +: 64, %c0 +: 4] : tensor<64x4xf32, #one>, !view
  tk.atomic_store relaxed gpu %flag, %p : i32, !tk.ptr<i32>
  tk.return
}

}
