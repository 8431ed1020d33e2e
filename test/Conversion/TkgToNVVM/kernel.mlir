// RUN: tk-opt %s --convert-tkg-to-nvvm | FileCheck %s

#row = #tkg.layout<shape = [[128]], register = [[64]], lane = [[1], [2], [4], [8], [16]], warp = [[32]]>

module attributes {tkg.target = "sm_90a", tkg.threads_per_warp = 32 : i32} {

// The parameters that the body uses, in order: a dimension of one name is
// passed once, an inner stride of 1 not at all.
// CHECK-LABEL: llvm.func @parameters
// CHECK-SAME:    (%[[X:.*]]: !llvm.ptr<1>, %[[N:.*]]: i64, %[[Y:.*]]: !llvm.ptr<1>, %[[S:.*]]: i64, %[[A:.*]]: f32)
// CHECK-SAME:    nvvm.kernel, nvvm.reqntid = array<i32: 64, 1, 1>
// CHECK-SAME:    tkg.abi = [{arg = 0 : i64, kind = "pointer"},
// CHECK-SAME:               {arg = 0 : i64, dim = 0 : i64, kind = "dim"},
// CHECK-SAME:               {arg = 1 : i64, kind = "pointer"},
// CHECK-SAME:               {arg = 1 : i64, dim = 0 : i64, kind = "stride"},
// CHECK-SAME:               {arg = 2 : i64, kind = "scalar"}]
tk.kernel @parameters(
    %x: !tk.view<?xf32> {tk.access = #tk.access<read>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "x", tkg.facts = {inner_stride_one}},
    %y: !tk.view<?xf32> {tk.access = #tk.access<out>, tk.dims = ["N"], tk.dtype = "f32", tk.name = "y"},
    %a: f32 {tk.dtype = "f32", tk.name = "a"},
    %unused: i32 {tk.dtype = "i32", tk.name = "b"})
    attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #row>
  %s = tk.splat %a : f32 -> tensor<128xf32, #row>
  %u = arith.mulf %t, %s : tensor<128xf32, #row>
  tk.store_view %u, %y[%c0 +: 128] : tensor<128xf32, #row>, !tk.view<?xf32>
  tk.return
}

// A grid of one axis is what the hardware counts.
// CHECK-LABEL: llvm.func @one_axis
// CHECK:         %[[ID:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK-NEXT:    %[[P:.*]] = llvm.zext %[[ID]] : i32 to i64
// CHECK-NEXT:    %[[COUNT:.*]] = nvvm.read.ptx.sreg.nctaid.x
// CHECK-NEXT:    %[[C:.*]] = llvm.zext %[[COUNT]] : i32 to i64
// CHECK-NEXT:    llvm.add %[[P]], %[[C]]
tk.kernel @one_axis(%x: !tk.ptr<i64>) attributes {grid = ["4"], tkg.warps = 1 : i32} {
  %p = tk.program_id 0
  %n = tk.num_programs 0
  %s = arith.addi %p, %n : index
  %v = arith.index_cast %s : index to i64
  tk.store %v, %x : i64, !tk.ptr<i64>
  tk.return
}

// Several axes are one axis of their product: program 1 = block / extent 0.
// CHECK-LABEL: llvm.func @two_axes
// CHECK-SAME:    (%[[X:.*]]: !llvm.ptr<1>, %[[G0:.*]]: i32)
// CHECK-SAME:    {axis = 0 : i64, kind = "grid"}]
// CHECK:         %[[ID:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK-NEXT:    %[[Q:.*]] = llvm.udiv %[[ID]], %[[G0]]
// CHECK-NEXT:    llvm.zext %[[Q]] : i32 to i64
tk.kernel @two_axes(%x: !tk.ptr<i64>) attributes {grid = ["4", "70000"], tkg.warps = 1 : i32} {
  %p = tk.program_id 1
  %v = arith.index_cast %p : index to i64
  tk.store %v, %x : i64, !tk.ptr<i64>
  tk.return
}

// A loop carries a tile as its registers.
// CHECK-LABEL: llvm.func @loop
// CHECK:         llvm.br ^[[HEAD:.*]](%{{.*}}, %{{.*}}, %{{.*}} : i64, f32, f32)
// CHECK:       ^[[HEAD]](%[[I:.*]]: i64, %[[R0:.*]]: f32, %[[R1:.*]]: f32):
// CHECK:         llvm.cond_br
// CHECK:         llvm.fadd %[[R0]], %[[R0]]
// CHECK:         llvm.fadd %[[R1]], %[[R1]]
tk.kernel @loop(%x: !tk.view<?xf32>, %n: index) attributes {grid = ["1"], tkg.warps = 2 : i32} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = tk.load_view %x[%c0 +: 128] : !tk.view<?xf32> -> tensor<128xf32, #row>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %t) -> tensor<128xf32, #row> {
    %b = arith.addf %a, %a : tensor<128xf32, #row>
    scf.yield %b : tensor<128xf32, #row>
  }
  tk.store_view %r, %x[%c0 +: 128] : tensor<128xf32, #row>, !tk.view<?xf32>
  tk.return
}
}
