// RUN: tk-opt %s --pass-pipeline='builtin.module(tk.kernel(tkg-expand-pipelines,canonicalize,cse))' | FileCheck %s

#shared = #tkg.shared<shape = [[8], [4]], offset = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
!view = !tk.view<?x?xf32>
!tile = !tkg.memdesc<8x4xf32, #shared>

// Three stages of copies: two groups before the loop, then one an iteration,
// two iterations ahead. The loop ends where the view does, so copies past the
// end find everything outside: their flags are gone, and nothing else is added.
// The slots are counted, not divided for.
// CHECK-LABEL: tk.kernel @copies
// CHECK-DAG:     %[[C0:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG:     %[[C4:.*]] = arith.constant 4 : index
// CHECK-DAG:     %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG:     %[[I0:.*]] = arith.constant 0 : i32
// CHECK-DAG:     %[[I1:.*]] = arith.constant 1 : i32
// CHECK-DAG:     %[[I2:.*]] = arith.constant 2 : i32
// CHECK-DAG:     %[[I3:.*]] = arith.constant 3 : i32
// CHECK:         %[[N:.*]] = tk.dim
// CHECK:         %[[RING:.*]] = tkg.alloc : !tkg.memdesc<3 x [8x4xf32], #shared>
// CHECK-NEXT:    %[[S0:.*]] = tkg.slot %[[RING]][%[[C0]]]
// CHECK-NEXT:    %[[T0:.*]] = tkg.copy_async %{{.*}}[%[[C0]] +: 8, %[[C0]] +: 4] into %[[S0]] {inbounds = array<i1: true, false>}
// CHECK-NEXT:    %[[G0:.*]] = tkg.async_commit %[[T0]]
// CHECK-NEXT:    %[[S1:.*]] = tkg.slot %[[RING]][%[[C1]]]
// CHECK-NEXT:    %[[T1:.*]] = tkg.copy_async %{{.*}}[%[[C0]] +: 8, %[[C4]] +: 4] into %[[S1]]
// CHECK-NEXT:    %[[G1:.*]] = tkg.async_commit %[[T1]]
// CHECK-NEXT:    scf.for %[[K:.*]] = %[[C0]] to %[[N]] step %[[C4]] iter_args(%[[YOUNG:.*]] = %[[G1]], %[[OLD:.*]] = %[[G0]], %[[IN:.*]] = %[[I2]], %[[OUT:.*]] = %[[I0]])
// CHECK-NEXT:      %[[W:.*]] = tkg.async_wait %[[OLD]]
// CHECK-NEXT:      %[[AHEAD:.*]] = arith.addi %[[K]], %[[C8]]
// CHECK-NEXT:      %[[INDEX:.*]] = arith.index_cast %[[IN]]
// CHECK-NEXT:      %[[SLOT:.*]] = tkg.slot %[[RING]][%[[INDEX]]]
// CHECK-NEXT:      %[[T:.*]] = tkg.copy_async %{{.*}}[%[[C0]] +: 8, %[[AHEAD]] +: 4] into %[[SLOT]] {inbounds = array<i1: true, false>}
// CHECK-NEXT:      %[[G:.*]] = tkg.async_commit %[[T]]
// CHECK-NEXT:      %[[INDEX2:.*]] = arith.index_cast %[[OUT]]
// CHECK-NEXT:      %[[SLOT2:.*]] = tkg.slot %[[RING]][%[[INDEX2]]]
// CHECK-NEXT:      %[[TILE:.*]] = tkg.local_load %[[SLOT2]] after %[[W]]
// CHECK-NEXT:      tk.print "tile", %[[TILE]], %[[K]]
// CHECK-NEXT:      %[[NEXT:.*]] = arith.addi %[[IN]], %[[I1]]
// CHECK-NEXT:      %[[WRAPS:.*]] = arith.cmpi eq, %[[NEXT]], %[[I3]]
// CHECK-NEXT:      %[[IN2:.*]] = arith.select %[[WRAPS]], %[[I0]], %[[NEXT]]
// CHECK:           scf.yield %[[G]], %[[YOUNG]], %[[IN2]]
// CHECK-NOT:     tkg.stage
tk.kernel @copies(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tk.dim %x, 1 : !view
  scf.for %k = %c0 to %n step %c4 {
    %m = tkg.alloc : !tile
    %t = tkg.copy_async %x[%c0 +: 8, %k +: 4] into %m {inbounds = array<i1: true, true>, tkg.stage = 0 : i32, tkg.order = 1 : i32} : !view, !tile
    %g = tkg.async_commit %t {tkg.stage = 0 : i32, tkg.order = 1 : i32}
    %w = tkg.async_wait %g {tkg.stage = 2 : i32, tkg.order = 0 : i32}
    %v = tkg.local_load %m after %w {tkg.stage = 2 : i32, tkg.order = 2 : i32} : !tile -> tensor<8x4xf32>
    tk.print "tile", %v, %k : tensor<8x4xf32>, index {tkg.stage = 2 : i32, tkg.order = 2 : i32}
  } {tkg.num_stages = 3 : i32}
  tk.return
}

// Any loop: a load ahead into registers, in a loop that ends elsewhere. Past the
// end the load starts behind the last element. The accumulator and the result
// of the loop keep their meaning for any number of iterations, 0 among them.
// CHECK-LABEL: tk.kernel @registers
// CHECK-SAME:    %[[X:[^ ]*]]: !tk.view<?x?xf32>
// CHECK:         %[[ZERO:.*]] = arith.constant dense<0.0
// CHECK:         %[[FIRST:.*]] = arith.cmpi sgt, %[[N:.*]], %{{.*}} : index
// CHECK-NEXT:    %[[EXTENT:.*]] = tk.dim %[[X]], 0
// CHECK-NEXT:    %[[START:.*]] = arith.select %[[FIRST]], %{{.*}}, %[[EXTENT]]
// CHECK-NEXT:    %[[LOADED:.*]] = tk.load_view %[[X]][%[[START]] +: 8
// CHECK-NEXT:    %[[LOOP:.*]]:2 = scf.for %{{.*}} iter_args(%[[ACC:.*]] = %[[ZERO]], %[[TILE:.*]] = %[[LOADED]])
// CHECK:           %[[EXISTS:.*]] = arith.cmpi slt
// CHECK:           %[[NEXT:.*]] = tk.load_view
// CHECK-NEXT:      %[[SUM:.*]] = arith.addf %[[ACC]], %[[TILE]]
// CHECK-NEXT:      scf.yield %[[SUM]], %[[NEXT]]
// CHECK:         tk.print "sum", %[[LOOP]]#0
tk.kernel @registers(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant dense<0.0> : tensor<8x4xf32>
  %r = scf.for %k = %c0 to %n step %c8 iter_args(%acc = %zero) -> (tensor<8x4xf32>) {
    %v = tk.load_view %x[%k +: 8, %c0 +: 4] {inbounds = array<i1: true, true>, tkg.stage = 0 : i32} : !view -> tensor<8x4xf32>
    %s = arith.addf %acc, %v {tkg.stage = 1 : i32} : tensor<8x4xf32>
    scf.yield %s : tensor<8x4xf32>
  }
  tk.print "sum", %r : tensor<8x4xf32>
  tk.return
}

// A loop that ends where the view does needs no other start: past the end the
// load is outside. Dimensions of one name have one extent.
// CHECK-LABEL: tk.kernel @named_alike
// CHECK:         tk.load_view
// CHECK-NOT:     arith.select
// CHECK:         tk.return
tk.kernel @named_alike(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %y: !tk.view<?xf32> {tk.dims = ["M"], tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = tk.dim %y, 0 : !tk.view<?xf32>
  scf.for %k = %c0 to %n step %c8 {
    %v = tk.load_view %x[%k +: 8, %c0 +: 4] {tkg.stage = 0 : i32} : !view -> tensor<8x4xf32>
    tk.print "v", %v : tensor<8x4xf32> {tkg.stage = 1 : i32}
  }
  tk.return
}

// With another name it may be longer, and what is read ahead be inside.
// CHECK-LABEL: tk.kernel @named_otherwise
// CHECK-SAME:    %[[X:[^ ]*]]: !tk.view<?x?xf32>
// CHECK:         %[[EXTENT:.*]] = tk.dim %[[X]], 0
// CHECK-NEXT:    %[[START:.*]] = arith.select %{{.*}}, %{{.*}}, %[[EXTENT]]
// CHECK-NEXT:    tk.load_view %[[X]][%[[START]] +: 8
tk.kernel @named_otherwise(%x: !view {tk.dims = ["L", "N"], tk.name = "x"}, %y: !tk.view<?xf32> {tk.dims = ["M"], tk.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %n = tk.dim %y, 0 : !tk.view<?xf32>
  scf.for %k = %c0 to %n step %c8 {
    %v = tk.load_view %x[%k +: 8, %c0 +: 4] {tkg.stage = 0 : i32} : !view -> tensor<8x4xf32>
    tk.print "v", %v : tensor<8x4xf32> {tkg.stage = 1 : i32}
  }
  tk.return
}

// What an iteration passes on may be needed early: a position that moves by
// what was loaded. Pointer loads are masked where the iteration does not exist;
// other effects are guarded by a branch.
// What is printed keeps its order, as the later stage comes first.
// CHECK-LABEL: tk.kernel @chain
// CHECK:         %[[EXISTS:.*]] = arith.cmpi sgt
// CHECK-NEXT:    %[[STEP0:.*]] = tk.load %{{.*}} mask %[[EXISTS]] : i1
// CHECK-NEXT:    scf.if %[[EXISTS]] {
// CHECK-NEXT:      tk.print "early"
// CHECK-NEXT:    }
// CHECK-NEXT:    %[[P0:.*]] = tk.ptr_add %{{.*}}, %[[STEP0]]
// CHECK-NEXT:    scf.for %{{.*}} iter_args(%[[STEP:.*]] = %[[STEP0]], %[[P:.*]] = %[[P0]])
// CHECK:           tk.print "late", %[[STEP]]
// CHECK:           %[[NEXT:.*]] = tk.load %[[P]] mask
// CHECK:           scf.if
// CHECK-NEXT:        tk.print "early"
tk.kernel @chain(%p: !tk.ptr<i64>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %q = scf.for %k = %c0 to %n step %c1 iter_args(%at = %p) -> (!tk.ptr<i64>) {
    %step = tk.load %at {tkg.stage = 0 : i32, tkg.order = 1 : i32} : !tk.ptr<i64> -> i64
    tk.print "early" {tkg.stage = 0 : i32, tkg.order = 1 : i32}
    %next = tk.ptr_add %at, %step : !tk.ptr<i64>, i64
    tk.print "late", %step : i64 {tkg.stage = 1 : i32}
    scf.yield %next : !tk.ptr<i64>
  }
  tk.return
}

// The next iteration may load what this one stores if the store comes first in
// each step.
// CHECK-LABEL: tk.kernel @ordered_memory
// CHECK:         scf.for
// CHECK:           tk.store_view
// CHECK:           tk.load_view
tk.kernel @ordered_memory(%x: !tk.view<?xf32> {tk.dims = ["N"], tk.name = "x"}, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %n step %c1 {
    %v = tk.load_view %x[%k +: 8] {tkg.stage = 0 : i32, tkg.order = 1 : i32} : !tk.view<?xf32> -> tensor<8xf32>
    tk.store_view %v, %x[%k +: 8] {tkg.stage = 1 : i32, tkg.order = 0 : i32} : tensor<8xf32>, !tk.view<?xf32>
  }
  tk.return
}

// A tile from registers is written into its slot by the stage that has it.
// CHECK-LABEL: tk.kernel @stored
// CHECK:         %[[RING:.*]] = tkg.alloc : !tkg.memdesc<2 x [8x4xf32], #shared>
// CHECK:         tk.load_view
// CHECK:         tkg.local_store
// CHECK:         scf.for
// CHECK:           tk.load_view
// CHECK:           tkg.local_store
// CHECK:           tkg.local_load
tk.kernel @stored(%x: !view {tk.dims = ["M", "N"], tk.name = "x"}, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    %v = tk.load_view %x[%k +: 8, %c0 +: 4] {tkg.stage = 0 : i32} : !view -> tensor<8x4xf32>
    %m = tkg.alloc init(%v : tensor<8x4xf32>) {tkg.stage = 0 : i32} : !tile
    %u = tkg.local_load %m {tkg.stage = 1 : i32} : !tile -> tensor<8x4xf32>
    tk.print "u", %u : tensor<8x4xf32> {tkg.stage = 1 : i32}
  }
  tk.return
}

// One stage is no pipeline; the attributes go all the same.
// CHECK-LABEL: tk.kernel @one_stage
// CHECK-NOT:     tkg.stage
// CHECK-NOT:     tkg.num_stages
// CHECK:         tk.return
tk.kernel @one_stage(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %n step %c1 {
    tk.print "k", %k : index {tkg.stage = 0 : i32}
  } {tkg.num_stages = 1 : i32}
  tk.return
}

// What has no stage is computed for each stage that needs it: for the load of
// the next iteration, and for the print of this one.
// CHECK-LABEL: tk.kernel @index_arithmetic(
// CHECK-DAG:     %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG:     %[[C16:.*]] = arith.constant 16 : index
// CHECK:         tk.load_view
// CHECK:         scf.for %[[K:.*]] = {{.*}} iter_args(%[[V:.*]] = %{{.*}}) -> (tensor<8xf32>)
// CHECK-NEXT:      %[[NEXT:.*]] = arith.addi %[[K]], %[[C8]]
// CHECK-NEXT:      %[[START:.*]] = arith.addi %[[K]], %[[C16]]
// CHECK:           %[[PLACE:.*]] = arith.select %{{.*}}, %[[START]],
// CHECK-NEXT:      %[[LOADED:.*]] = tk.load_view %{{.*}}[%[[PLACE]] +: 8]
// CHECK:           tk.print "v", %[[V]]
// CHECK-NEXT:      tk.print "s", %[[NEXT]]
// CHECK-NEXT:      scf.yield %[[LOADED]]
tk.kernel @index_arithmetic(%x: !tk.view<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 {
    %s = arith.addi %k, %c8 : index
    %v = tk.load_view %x[%s +: 8] {tkg.stage = 0 : i32} : !tk.view<?xf32> -> tensor<8xf32>
    tk.print "v", %v : tensor<8xf32> {tkg.stage = 1 : i32}
    tk.print "s", %s : index {tkg.stage = 1 : i32}
  }
  tk.return
}

// A sum without a stage is made from what the stage before it loaded.
// CHECK-LABEL: tk.kernel @carried(
// CHECK:         %[[FIRST:.*]] = tk.load_view
// CHECK:         scf.for {{.*}} iter_args(%[[SUM:.*]] = %{{.*}}, %[[LOADED:.*]] = %[[FIRST]]) -> (index, index)
// CHECK:           %[[NEXT:.*]] = tk.load_view
// CHECK-NEXT:      tk.print "s", %[[SUM]]
// CHECK-NEXT:      %[[ADDED:.*]] = arith.addi %[[SUM]], %[[LOADED]]
// CHECK-NEXT:      scf.yield %[[ADDED]], %[[NEXT]]
tk.kernel @carried(%y: !tk.view<?xindex>, %n: index) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  scf.for %k = %c0 to %n step %c8 iter_args(%s = %c0) -> (index) {
    %d = tk.load_view %y[%k] {tkg.stage = 1 : i32} : !tk.view<?xindex> -> index
    tk.print "s", %s : index {tkg.stage = 2 : i32}
    %t = arith.addi %s, %d : index
    scf.yield %t : index
  }
  tk.return
}
