// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

// 6 x 4 elements: lane l < 24 holds row l / 4, rows 6 and 7 are padding.
#rows = #tkg.layout<shape = [[8], [4]], lane = [[0, 1], [0, 2], [1, 0], [2, 0], [4, 0]]>
// 4 x 6 elements: columns 6 and 7 are padding.
#columns = #tkg.layout<shape = [[4], [8]], lane = [[0, 1], [0, 2], [0, 4], [1, 0], [2, 0]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// Written where the row-major index 4 * row + column says, except padding, and
// read where 6 * row + column says; padding reads element 0.
// CHECK-LABEL: llvm.func @through_memory
// CHECK:         ld.global
// CHECK:         %[[END:.*]] = llvm.mlir.constant(6 : i32)
// CHECK-NEXT:    %[[ROW:.*]] = llvm.icmp "slt" %{{.*}}, %[[END]]
// CHECK:         %[[FOUR:.*]] = llvm.mlir.constant(4 : i32)
// CHECK-NEXT:    llvm.mul %{{.*}}, %[[FOUR]]
// CHECK:         "@$1 st.shared.b32 [$0], $2;", "r,b,r" %{{.*}}, %[[ROW]], %{{.*}}
// CHECK-NEXT:    nvvm.barrier
// CHECK:         %[[SIX:.*]] = llvm.mlir.constant(6 : i32)
// CHECK-NEXT:    %[[IN:.*]] = llvm.icmp "slt" %{{.*}}, %[[SIX]]
// CHECK:         llvm.mul
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
// CHECK-NEXT:    %[[PLACE:.*]] = llvm.select %[[IN]], %{{.*}}, %[[ZERO]]
// CHECK-NEXT:    %[[POINTER:.*]] = llvm.getelementptr %{{.*}}[%[[PLACE]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
// CHECK-NEXT:    llvm.load %[[POINTER]]
// CHECK-NOT:     nvvm.barrier
// CHECK:         llvm.return
tk.kernel @through_memory(%x: !tk.view<?x?xf32>, %y: !tk.view<?x?xf32>) attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 6, %c0 +: 4] : !tk.view<?x?xf32> -> tensor<6x4xf32, #rows>
  %u = tk.reshape %t {tkg.scratch_offset = 0 : i64, tkg.through_memory} : tensor<6x4xf32, #rows> -> tensor<4x6xf32, #columns>
  tk.store_view %u, %y[%c0 +: 4, %c0 +: 6] : tensor<4x6xf32, #columns>, !tk.view<?x?xf32>
  tk.return
}

}
