// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#lanes = #tkg.layout<shape = [[4], [16]], register = [[0, 1], [0, 2]], lane = [[0, 4], [0, 8], [1, 0], [2, 0], [0, 0]]>
#few = #tkg.layout<shape = [[4], [8]], register = [[0, 1]], lane = [[0, 2], [0, 4], [1, 0], [2, 0], [0, 0]]>
#slice = #tkg.layout<shape = [[4]], lane = [[0], [0], [1], [2], [0]]>
#warps = #tkg.layout<shape = [[128]], lane = [[1], [2], [4], [8], [16]], warp = [[32], [64]]>
#columns = #tkg.layout<shape = [[4], [32]], lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]], warp = [[1, 0], [2, 0]]>
#row = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]], warp = [[0], [0]]>
#padded = #tkg.layout<shape = [[64]], register = [[32]], lane = [[1], [2], [4], [8], [16]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Registers in a tree, then the two lane digits that walk along the row. Lanes
// that hold copies exchange nothing.
// CHECK-LABEL: llvm.func @lanes
// CHECK:         %[[A:.*]] = llvm.fadd
// CHECK-NEXT:    %[[B:.*]] = llvm.fadd
// CHECK-NEXT:    %[[C:.*]] = llvm.fadd %[[A]], %[[B]]
// CHECK:         %[[ONE:.*]] = llvm.mlir.constant(1 : i32)
// CHECK:         nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %[[ONE]]
// CHECK:         %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
// CHECK:         nvvm.shfl.sync bfly %{{.*}}, %{{.*}}, %[[TWO]]
// CHECK-NOT:     nvvm.shfl
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @lanes(%x: !tk.view<?x?xf32>, %y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 4, %c0 +: 16] : !tk.view<?x?xf32> -> tensor<4x16xf32, #lanes>
  %s = tk.reduce(%t) axis 1 : (tensor<4x16xf32, #lanes>) -> tensor<4xf32, #slice> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store_view %s, %y[%c0 +: 4] : tensor<4xf32, #slice>, !tk.view<?xf32>
  tk.return
}

// Four warps meet in shared memory: lane 0 of each writes, all read 16 bytes.
// CHECK-LABEL: llvm.func @warps
// CHECK-COUNT-5: nvvm.shfl.sync
// CHECK:         "@$1 st.shared.b32 [$0], $2;"
// CHECK:         nvvm.barrier
// CHECK:         llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-COUNT-3: llvm.intr.maximum
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @warps(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #warps>
  %s = tk.reduce(%t) axis 0 {tkg.scratch_offset = 64 : i64} : (tensor<128xf32, #warps>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.maximumf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}

// Each lane has a column, each warp a part of all: warp w writes at lane + 32 w, and
// the parts of a column are read from there, so that no two lanes meet in a bank.
// CHECK-LABEL: llvm.func @columns
// CHECK:         %[[NUM:.*]] = llvm.mlir.constant(32 : i32)
// CHECK-NEXT:    llvm.mul %{{.*}}, %[[NUM]] : i32
// CHECK:         ld.global.b32
// CHECK-NEXT:    %[[INDEX:.*]] = llvm.add %[[LANE:.*]], %{{.*}} : i32
// CHECK-NEXT:    %[[TO:.*]] = llvm.getelementptr %{{.*}}[%[[INDEX]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
// CHECK-NEXT:    llvm.store %{{.*}}, %[[TO]]
// CHECK-NEXT:    nvvm.barrier
// CHECK-NEXT:    %[[FROM:.*]] = llvm.getelementptr %{{.*}}[%[[LANE]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
// CHECK-NEXT:    llvm.load %[[FROM]] {alignment = 4 : i64} : !llvm.ptr<3> -> f32
// CHECK-NEXT:    llvm.getelementptr %[[FROM]][32] : (!llvm.ptr<3>) -> !llvm.ptr<3>, f32
// CHECK:         llvm.getelementptr %[[FROM]][64]
// CHECK:         llvm.getelementptr %[[FROM]][96]
tk.kernel @columns(%x: !tk.view<?x?xf32>, %y: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 4, %c0 +: 32] : !tk.view<?x?xf32> -> tensor<4x32xf32, #columns>
  %s = tk.reduce(%t) axis 0 {tkg.scratch_offset = 0 : i64} : (tensor<4x32xf32, #columns>) -> tensor<32xf32, #row> {
  ^bb0(%a: f32, %b: f32):
    %c = arith.addf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store_view %s, %y[%c0 +: 32] : tensor<32xf32, #row>, !tk.view<?xf32>
  tk.return
}

// Two slots of 16 bytes in turn: a count that starts at 0 and goes 16, 0, 16.
// CHECK-LABEL: llvm.func @slots_in_turn
// CHECK:         %[[COUNT:.*]] = llvm.alloca %{{.*}} x i32 : (i32) -> !llvm.ptr
// CHECK-NEXT:    %[[START:.*]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT:    llvm.store %[[START]], %[[COUNT]]
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i32) : i32{{[[:space:]]+}}%[[SLOT:.*]] = llvm.load %[[COUNT]]
// CHECK-NEXT:    %[[SIZE:.*]] = llvm.mlir.constant(16 : i32)
// CHECK-NEXT:    %[[NEXT:.*]] = llvm.add %[[SLOT]], %[[SIZE]]
// CHECK-NEXT:    %[[END:.*]] = llvm.mlir.constant(32 : i32)
// CHECK-NEXT:    %[[LAST:.*]] = llvm.icmp "eq" %[[NEXT]], %[[END]]
// CHECK-NEXT:    %[[TURN:.*]] = llvm.select %[[LAST]], %[[ZERO]], %[[NEXT]]
// CHECK-NEXT:    llvm.store %[[TURN]], %[[COUNT]]
// CHECK-NEXT:    %[[SCRATCH:.*]] = llvm.getelementptr %{{.*}}[%[[SLOT]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
// CHECK:         nvvm.barrier
// CHECK:         llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
tk.kernel @slots_in_turn(%x: !tk.view<?xf32>, %y: !tk.ptr<f32>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #warps>
  %s = tk.reduce(%t) axis 0 {tkg.scratch_offset = 64 : i64, tkg.scratch_slots = 2 : i32} : (tensor<128xf32, #warps>) -> f32 {
  ^bb0(%a: f32, %b: f32):
    %c = arith.maximumf %a, %b : f32
    tk.yield %c : f32
  }
  tk.store %s, %y : f32, !tk.ptr<f32>
  tk.return
}

// Elements 50 to 63 are padding: register 1 of lanes 18 to 31. They count as
// the identity.
// CHECK-LABEL: llvm.func @padding
// CHECK:         %[[END:.*]] = llvm.mlir.constant(50 : i32)
// CHECK:         %[[IN:.*]] = llvm.icmp "slt" %{{.*}}, %[[END]]
// CHECK:         %[[LOWEST:.*]] = llvm.mlir.constant(-2147483648 : i32)
// CHECK:         llvm.select %[[IN]], %{{.*}}, %[[LOWEST]]
// CHECK-NEXT:    llvm.intr.smax
tk.kernel @padding(%x: !tk.view<?xi32>, %y: !tk.ptr<i32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 50] : !tk.view<?xi32> -> tensor<50xi32, #padded>
  %s = tk.reduce(%t) axis 0 : (tensor<50xi32, #padded>) -> i32 {
  ^bb0(%a: i32, %b: i32):
    %c = arith.maxsi %a, %b : i32
    tk.yield %c : i32
  }
  tk.store %s, %y : i32, !tk.ptr<i32>
  tk.return
}

// A pair has no identity: padding is told by a flag that goes along.
// CHECK-LABEL: llvm.func @pairs
// CHECK:         %[[END:.*]] = llvm.mlir.constant(50 : i32)
// CHECK:         %[[IN:.*]] = llvm.icmp "slt" %{{.*}}, %[[END]]
// CHECK:         %[[GT:.*]] = llvm.fcmp "ogt"
// CHECK:         %[[V:.*]] = llvm.select %[[GT]]
// CHECK:         %[[I:.*]] = llvm.select %[[GT]]
// CHECK:         llvm.select %[[IN]], %[[V]], %{{.*}} : i1, f32
// CHECK:         llvm.select %[[IN]], %[[I]], %{{.*}} : i1, i32
tk.kernel @pairs(%x: !tk.view<?xf32>, %y: !tk.ptr<i32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 50] : !tk.view<?xf32> -> tensor<50xf32, #padded>
  %n = tk.arange : tensor<50xi32, #padded>
  %s:2 = tk.reduce(%t, %n) axis 0 : (tensor<50xf32, #padded>, tensor<50xi32, #padded>) -> (f32, i32) {
  ^bb0(%a: f32, %i: i32, %b: f32, %j: i32):
    %c = arith.cmpf ogt, %b, %a : f32
    %v = arith.select %c, %b, %a : f32
    %k = arith.select %c, %j, %i : i32
    tk.yield %v, %k : f32, i32
  }
  tk.store %s#1, %y : i32, !tk.ptr<i32>
  tk.return
}

// A condition in the combiner is a branch: only one side may be defined.
// CHECK-LABEL: llvm.func @condition
// CHECK:         %[[POSITIVE:.*]] = llvm.icmp "sgt"
// CHECK-NEXT:    llvm.cond_br %[[POSITIVE]], ^[[THEN:bb[0-9]*]], ^[[ELSE:bb[0-9]*]]
// CHECK-NEXT:  ^[[THEN]]:
// CHECK:         llvm.sdiv
// CHECK:         llvm.br ^[[AFTER:bb[0-9]*]](%{{.*}} : i32)
// CHECK-NEXT:  ^[[ELSE]]:
// CHECK-NEXT:    llvm.br ^[[AFTER]](%{{.*}} : i32)
// CHECK-NEXT:  ^[[AFTER]](%[[VALUE:.*]]: i32):
// CHECK:         nvvm.shfl.sync bfly %{{.*}}, %[[VALUE]]
tk.kernel @condition(%x: !tk.view<?x?xi32>, %y: !tk.view<?xi32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0 : i32
  %t = tk.load_view %x[%c0 +: 4, %c0 +: 8] : !tk.view<?x?xi32> -> tensor<4x8xi32, #few>
  %s = tk.reduce(%t) axis 1 : (tensor<4x8xi32, #few>) -> tensor<4xi32, #slice> {
  ^bb0(%a: i32, %b: i32):
    %p = arith.cmpi sgt, %b, %zero : i32
    %r = scf.if %p -> (i32) {
      %q = arith.divsi %a, %b : i32
      scf.yield %q : i32
    } else {
      scf.yield %a : i32
    }
    tk.yield %r : i32
  }
  tk.store_view %s, %y[%c0 +: 4] : tensor<4xi32, #slice>, !tk.view<?xi32>
  tk.return
}
}
