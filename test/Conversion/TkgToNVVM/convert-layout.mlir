// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#low = #tkg.layout<shape = [[128]], register = [[1], [2]], lane = [[4], [8], [16], [32], [64]]>
#swapped = #tkg.layout<shape = [[128]], register = [[2], [1]], lane = [[4], [8], [16], [32], [64]]>
#high = #tkg.layout<shape = [[128]], register = [[32], [64]], lane = [[1], [2], [4], [8], [16]]>
#warps = #tkg.layout<shape = [[256]], register = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[64], [128]]>
#turned = #tkg.layout<shape = [[256]], register = [[128]], lane = [[4], [8], [16], [32], [64]], warp = [[1], [2]]>
#two_warps = #tkg.layout<shape = [[128]], register = [[1]], lane = [[2], [4], [8], [16], [32]], warp = [[64], [0]]>
#two_turned = #tkg.layout<shape = [[128]], register = [[64]], lane = [[2], [4], [8], [16], [32]], warp = [[1], [0]]>
#three_high = #tkg.layout<shape = [[32, 3]], register = [[0], 3 * [32]], lane = [[1], [2], [4], [8], [0]], warp = [[16]]>
#three_low = #tkg.layout<shape = [[16, 3, 2]], register = [[48], 3 * [16]], lane = [[1], [2], [4], [8], [0]], warp = [[0]]>
#four_three = #tkg.layout<shape = [[4, 3]], register = [[1], [2], 3 * [4]], lane = [[0], [0], [0], [0], [0]]>
#thirty_two = #tkg.layout<shape = [[32]], register = [[8], [16]], lane = [[1], [2], [4], [0], [0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Registers 1 and 2 change places; nothing is emitted.
// CHECK-LABEL: llvm.func @rename
// CHECK-COUNT-4: ld.global
// CHECK-NOT:     nvvm.shfl
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @rename(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #low>
  %u = tkg.convert_layout %t : tensor<128xf32, #low> -> tensor<128xf32, #swapped>
  tk.store_view %u, %x[%c0 +: 128] : tensor<128xf32, #swapped>, !tk.view<?xf32>
  tk.return
}

// Inside a warp nobody waits for other warps.
// CHECK-LABEL: llvm.func @warp
// CHECK:         nvvm.shfl.sync
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @warp(%x: !tk.view<?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #low>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<128xf32, #low> -> tensor<128xf32, #high>
  tk.store_view %u, %x[%c0 +: 128] : tensor<128xf32, #high>, !tk.view<?xf32>
  tk.return
}

// Between warps: all store, all wait once, all load. (Narrower elements could
// be loaded by ldmatrix.)
// CHECK-LABEL: llvm.func @block
// CHECK:         llvm.store %{{.*}} !llvm.ptr<3>
// CHECK:         nvvm.barrier
// CHECK:         llvm.load %{{.*}} !llvm.ptr<3>
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @block(%x: !tk.view<?xf64>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 256] : !tk.view<?xf64> -> tensor<256xf64, #warps>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<256xf64, #warps> -> tensor<256xf64, #turned>
  tk.store_view %u, %x[%c0 +: 256] : tensor<256xf64, #turned>, !tk.view<?xf64>
  tk.return
}

// Two copies of a tile: in warps 0 and 1 and in warps 2 and 3. The first two
// store, under one branch; all wait and load.
// CHECK-LABEL: llvm.func @copies_in_warps
// CHECK:         %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK:         %[[FIVE:.*]] = llvm.mlir.constant(5 : i32)
// CHECK-NEXT:    %[[WARP:.*]] = llvm.lshr %[[THREAD]], %[[FIVE]]
// CHECK:         %[[TWO:.*]] = llvm.mlir.constant(2 : i32)
// CHECK-NEXT:    %[[COPY:.*]] = llvm.and %[[WARP]], %[[TWO]]
// CHECK-NEXT:    %[[IS_FIRST:.*]] = llvm.icmp "eq" %[[COPY]], %{{.*}} : i32
// CHECK:         llvm.cond_br %[[IS_FIRST]], ^[[STORE:.*]], ^[[REST:.*]]
// CHECK-NEXT:  ^[[STORE]]:
// CHECK-COUNT-2: llvm.store %{{.*}} !llvm.ptr<3>
// CHECK-NOT:     llvm.store
// CHECK:         llvm.br ^[[REST]]
// CHECK-NEXT:  ^[[REST]]:
// CHECK-NEXT:    nvvm.barrier
// CHECK-COUNT-2: llvm.load %{{.*}} !llvm.ptr<3>
// CHECK:         llvm.return
tk.kernel @copies_in_warps(%x: !tk.view<?xf64>) attributes {grid = ["1"], tkg.warps = 4 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf64> -> tensor<128xf64, #two_warps>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<128xf64, #two_warps> -> tensor<128xf64, #two_turned>
  tk.store_view %u, %x[%c0 +: 128] : tensor<128xf64, #two_turned>, !tk.view<?xf64>
  tk.return
}

// With other digits: the general route. Lanes 16 to 31 and register 1 hold
// copies.
// CHECK-LABEL: llvm.func @copies_in_lanes
// CHECK:         %[[LANE:.*]] = llvm.and %{{.*}}, %{{.*}} : i32
// CHECK:         %[[SIXTEEN:.*]] = llvm.mlir.constant(16 : i32)
// CHECK-NEXT:    %[[COPY:.*]] = llvm.and %[[LANE]], %[[SIXTEEN]]
// CHECK-NEXT:    %[[IS_FIRST:.*]] = llvm.icmp "eq" %[[COPY]], %{{.*}} : i32
// CHECK:         llvm.cond_br %[[IS_FIRST]], ^[[STORE:.*]], ^[[REST:.*]]
// CHECK-NEXT:  ^[[STORE]]:
// CHECK-COUNT-3: llvm.store %{{.*}} !llvm.ptr<3>
// CHECK-NOT:     llvm.store
// CHECK:         llvm.br ^[[REST]]
// CHECK-NEXT:  ^[[REST]]:
// CHECK-NEXT:    nvvm.barrier
// CHECK:         llvm.return
tk.kernel @copies_in_lanes(%x: !tk.view<?xf64>) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 96] : !tk.view<?xf64> -> tensor<96xf64, #three_high>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<96xf64, #three_high> -> tensor<96xf64, #three_low>
  tk.store_view %u, %x[%c0 +: 96] : tensor<96xf64, #three_low>, !tk.view<?xf64>
  tk.return
}
// The source has no place for padding of the destination. Lane l holds element
// l % 8 in register 0 and l % 8 + 8, which is an element in four lanes of eight,
// in register 1; what registers 2 and 3 hold is padding in every lane.
// CHECK-LABEL: llvm.func @padded
// CHECK:         nvvm.barrier
// CHECK:         llvm.load %{{.*}} !llvm.ptr<3>
// CHECK:         %[[EIGHT:.*]] = llvm.mlir.constant(8 : i32)
// CHECK-NEXT:    %[[INDEX:.*]] = llvm.add %{{.*}}, %[[EIGHT]]
// CHECK-NEXT:    %[[TWELVE:.*]] = llvm.mlir.constant(12 : i32)
// CHECK-NEXT:    %[[IS_ELEMENT:.*]] = llvm.icmp "slt" %[[INDEX]], %[[TWELVE]]
// CHECK:         %[[PLACE:.*]] = llvm.select %[[IS_ELEMENT]], %{{.*}}, %{{.*}} : i1, i32
// CHECK-NEXT:    %[[POINTER:.*]] = llvm.getelementptr %{{.*}}[%[[PLACE]]]
// CHECK-NEXT:    %[[LOADED:.*]] = llvm.load %[[POINTER]] {{.*}} !llvm.ptr<3>
// CHECK-NEXT:    %[[ELEMENT:.*]] = llvm.bitcast %[[LOADED]]
// CHECK-NEXT:    llvm.select %[[IS_ELEMENT]], %[[ELEMENT]], %{{.*}} : i1, f64
// CHECK-NOT:     llvm.load %{{.*}} !llvm.ptr<3>
// CHECK:         llvm.return
tk.kernel @padded(%x: !tk.view<?xf64>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 12] : !tk.view<?xf64> -> tensor<12xf64, #four_three>
  %u = tkg.convert_layout %t {tkg.scratch_offset = 0 : i64} : tensor<12xf64, #four_three> -> tensor<12xf64, #thirty_two>
  tk.store_view %u, %x[%c0 +: 12] : tensor<12xf64, #thirty_two>, !tk.view<?xf64>
  tk.return
}
}
