// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s
// RUN: tkc %s --emit=ptx -o - | FileCheck %s --check-prefix=PTX

#row = #tkg.layout<shape = [[32]], lane = [[1], [2], [4], [8], [16]]>
#slice = #tkg.shared<shape = [[2], [32]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 0]]>
#stacked = #tkg.shared<shape = [[8], [32]], offset = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16], [1, 0], [2, 0], [4, 0]]>
#rows = #tkg.layout<shape = [[2], [32]], register = [[1, 0]], lane = [[0, 1], [0, 2], [0, 4], [0, 8], [0, 16]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// A loop that was made to keep code short stays a loop in LLVM and in ptxas.
// CHECK: #[[UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK: #[[$ANNOTATION:.*]] = #llvm.loop_annotation<unroll = #[[UNROLL]]>
// CHECK-LABEL: llvm.func @rolled
// CHECK:         llvm.cond_br %{{.*}}, ^bb2, ^bb3
// CHECK:         llvm.br ^bb1(%{{.*}} : i64) {loop_annotation = #[[$ANNOTATION]]}
// PTX-LABEL: .entry rolled(
// PTX:         .pragma "nounroll";
// PTX:         st.global
// PTX-NOT:     st.global
// PTX:         ret;
tk.kernel @rolled(%y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y"}, %a: f32 {tk.dtype = "f32", tk.name = "a"})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %s = tk.splat %a : f32 -> tensor<32xf32, #row>
  scf.for %i = %c0 to %c4 step %c1 {
    %j = arith.muli %i, %c32 : index
    tk.store_view %s, %y[%j +: 32] : tensor<32xf32, #row>, !tk.view<?xf32>
  } {tkg.rolled}
  tk.return
}

// Slices are the same memory: slot i is 256 bytes times i further.
// CHECK-LABEL: llvm.func @slices
// CHECK:         %[[BASE:.*]] = llvm.mlir.addressof @__tk_shared
// CHECK:         %[[SIZE:.*]] = llvm.mlir.constant(256 : i32)
// CHECK:         %[[OFFSET:.*]] = llvm.mul %{{.*}}, %[[SIZE]] : i32
// CHECK:         llvm.getelementptr %{{.*}}[%[[OFFSET]]] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
tk.kernel @slices(%y: !tk.view<?x?xf32> {tk.access = #tk.access<out>, tk.dims = ["M", "N"], tk.dtype = "f32", tk.name = "y"}, %i: i64 {tk.dtype = "i64", tk.name = "i"})
    attributes {grid = ["1"], tkg.warps = 1 : i32} {
  %c0 = arith.constant 0 : index
  %n = arith.index_cast %i : i64 to index
  %m = tkg.alloc {offset = 0 : i64} : !tkg.memdesc<8x32xf32, #stacked>
  %r = tkg.memdesc_slices %m : !tkg.memdesc<8x32xf32, #stacked> -> !tkg.memdesc<4 x [2x32xf32], #slice>
  %s = tkg.slot %r[%n] : !tkg.memdesc<4 x [2x32xf32], #slice>
  %t = tkg.local_load %s : !tkg.memdesc<2x32xf32, #slice> -> tensor<2x32xf32, #rows>
  tk.store_view %t, %y[%c0 +: 2, %c0 +: 32] : tensor<2x32xf32, #rows>, !tk.view<?x?xf32>
  tk.return
}
}
